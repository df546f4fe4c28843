/* Gets a token as the supervisor does, for tests/oauth.t:
 *
 *   token PROGRAM get|login NAME=VALUE...
 *
 * provider, tenant, grant=client, token_endpoint, device_endpoint, client_id, client_secret_file, scope, token_file,
 * ca. */
#include "ingest/secretfile.h"
#include "ingest/token.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *setting(char **argv, const char *name)
{
	size_t n = strlen(name);

	for (; *argv; argv++)
		if (strncmp(*argv, name, n) == 0 && (*argv)[n] == '=')
			return *argv + n + 1;
	return NULL;
}

static char *copy(char **argv, const char *name)
{
	const char *text = setting(argv, name);

	return text ? strdup(text) : NULL;
}

static void show(void *arg, const struct token_code *code)
{
	(void)arg;
	printf("code %s at %s or %s for %" PRIu64 "\n", code->word, code->page, code->whole_page, code->seconds);
}

int main(int argc, char **argv)
{
	static const char *const kinds[] = { "none", "input", "later", "setup", "broken" };
	struct fault fault = { FAULT_NONE };
	struct buf token = BUF(2 * OAUTH_TOKEN);
	struct oauth oauth = { 0 };
	bool good = argc > 3;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!good)
		return 64;
	oauth = (struct oauth){ .name = strdup("box"),
		.grant = setting(argv, "grant") ? OAUTH_CLIENT : OAUTH_REFRESH,
		.token_endpoint = copy(argv, "token_endpoint"),
		.device_endpoint = copy(argv, "device_endpoint"),
		.client_id = copy(argv, "client_id"),
		.client_secret_file = copy(argv, "client_secret_file"),
		.scope = copy(argv, "scope"),
		.token_file = copy(argv, "token_file"),
		.tls_ca = copy(argv, "ca") };
	if (setting(argv, "provider"))
		good = oauth_provider(&oauth, setting(argv, "provider"), setting(argv, "tenant"), MAILBOX_IMAP, &fault);
	good = good && oauth_check(&oauth, &fault);
	if (good && strcmp(argv[2], "get") == 0) {
		good = token_get(argv[1], &oauth, &token, &fault);
		if (good)
			printf("token %s\n", buf_text(&token));
	} else if (good) {
		good = token_login(argv[1], &oauth, show, NULL, &fault);
		if (good)
			printf("stored\n");
	}
	if (!good)
		printf("fault %s %s\n", kinds[fault.kind], fault.text);
	secret_wipe(&token);
	oauth_release(&oauth);
	return 0;
}
