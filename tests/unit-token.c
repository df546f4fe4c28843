/* Settings of OAuth, their way to dmarcgate-token, and the supervisor's side against one that has been taken over. */
#include "ingest/secretfile.h"
#include "ingest/tokenframe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct oauth oauth_of(const char *client)
{
	struct oauth oauth = { .name = strdup("box"),
		.token_endpoint = strdup("https://example.org/token"),
		.device_endpoint = strdup("https://example.org/device"),
		.client_id = strdup(client),
		.token_file = strdup("/nowhere/token") };

	assert_true(oauth_check(&oauth, NULL));
	return oauth;
}

static void taken_over(void **state)
{
	static const struct {
		const char *client, *said; /* NULL: a token */
	} rows[] = {
		{ "honest", NULL },
		{ "long", "box: no token: dmarcgate-token breaks the protocol" },
		{ "empty", "box: no token: dmarcgate-token breaks the protocol" },
		{ "lines", "box: no token: dmarcgate-token breaks the protocol" },
		{ "code", "box: no token: dmarcgate-token breaks the protocol" },
		{ "descriptor", "box: no token: dmarcgate-token breaks the protocol" },
		{ "fault", "box: a line\\x0Aand \\x1B[31manother" },
		{ "crash", "box: no token: dmarcgate-token died" },
		{ "silent", "box: no token: dmarcgate-token died" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct oauth oauth = oauth_of(rows[i].client);
		struct buf token = BUF(2 * OAUTH_TOKEN);
		struct fault fault = { FAULT_NONE };
		bool good = token_get("tests/stub-token", &oauth, &token, &fault);

		assert_string_equal(good ? "" : fault.text, rows[i].said ? rows[i].said : "");
		assert_string_equal(buf_text(&token), good ? "abc" : "");
		secret_wipe(&token);
		oauth_release(&oauth);
	}
}

static void show(void *arg, const struct token_code *code)
{
	*(struct token_code *)arg = *code;
}

static void taken_over_login(void **state)
{
	static struct token_code code;
	static const struct {
		const char *client, *said;
	} rows[] = {
		{ "code", "" },
		{ "no code", "box: no token: dmarcgate-token breaks the protocol" },
		{ "for ever", "box: no token: dmarcgate-token breaks the protocol" },
		{ "honest", "box: no token: dmarcgate-token breaks the protocol" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct oauth oauth = oauth_of(rows[i].client);
		struct fault fault = { FAULT_NONE };
		bool good = token_login("tests/stub-token", &oauth, show, &code, &fault);

		assert_string_equal(good ? "" : fault.text, rows[i].said);
		oauth_release(&oauth);
	}
	assert_string_equal(code.word, "W\\x1B[2J");
	assert_string_equal(code.page, "https://example.org/\\xFF");
	assert_string_equal(code.whole_page, "");
}

static struct frame whole, part;

static void handed_over(void **state)
{
	struct oauth oauth = oauth_of("a client"), copy;

	(void)state;
	frame_begin(&whole, TOKEN_GET);
	tokenframe_put_oauth(&whole, &oauth);
	part = whole;
	assert_true(tokenframe_get_oauth(&part, &copy));
	assert_string_equal(copy.client_id, "a client");
	assert_null(copy.scope);
	oauth_release(&copy);
	for (size_t n = 0; n < whole.n; n++) { /* every cut is noticed */
		part = whole;
		part.n = n;
		assert_false(tokenframe_get_oauth(&part, &copy));
		oauth_release(&copy);
	}
	oauth_release(&oauth);
}

static void providers(void **state)
{
	struct oauth oauth = { 0 };
	struct fault fault;

	(void)state;
	assert_true(oauth_provider(&oauth, "microsoft", NULL, MAILBOX_IMAP, &fault));
	assert_string_equal(oauth.token_endpoint, "https://login.microsoftonline.com/common/oauth2/v2.0/token");
	assert_string_equal(oauth.device_endpoint, "https://login.microsoftonline.com/common/oauth2/v2.0/devicecode");
	assert_string_equal(oauth.scope, "https://outlook.office.com/IMAP.AccessAsUser.All offline_access");
	oauth_release(&oauth);
	oauth.scope = strdup("mine");
	assert_true(oauth_provider(&oauth, "microsoft", "contoso.example", MAILBOX_POP3, &fault));
	assert_string_equal(
		oauth.token_endpoint, "https://login.microsoftonline.com/contoso.example/oauth2/v2.0/token");
	assert_string_equal(oauth.scope, "mine");
	oauth_release(&oauth);
	oauth.grant = OAUTH_CLIENT;
	assert_true(oauth_provider(&oauth, "microsoft", "contoso.example", MAILBOX_POP3, &fault));
	assert_string_equal(oauth.scope, "https://outlook.office365.com/.default");
	oauth_release(&oauth);
}

static void concealed(void **state)
{
	struct fault fault;

	(void)state;
	fault_set(&fault, FAULT_SETUP, "we do not know hunter2-hunter2-hunter2");
	fault_conceal(&fault, SPAN("another secret"));
	fault_conceal(&fault, SPAN("hunter2")); /* a word */
	fault_conceal(&fault, SPAN_ABSENT);
	assert_non_null(strstr(fault.text, "we do not know"));
	fault_conceal(&fault, SPAN("hunter2-hunter2-hunter2-and-what-was-cut"));
	assert_null(strstr(fault.text, "hunter2"));
	assert_int_equal(fault.kind, FAULT_SETUP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(taken_over),
		cmocka_unit_test(taken_over_login),
		cmocka_unit_test(handed_over),
		cmocka_unit_test(providers),
		cmocka_unit_test(concealed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
