/* Asks the resolver and prints what it says, for tests/resolver.t.
 *
 *   resolve [-s SERVER] [-a ANCHOR] [-f ZONEFILE] [-t MILLISECONDS] [-n QUESTIONS] [-o] [-u] [-p] NAME TYPE ...
 *
 * -o offline, -u not locked, -p all questions at once instead of one after the other. One line per question:
 * `NAME TYPE status security aliases owner`, below it the records; at last the state. */
#include "base/escape.h"
#include "ingest/resolver.h"
#include "parse/dns/zonefile.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TEXT_SHOWN 60

static void show_data(enum dns_type type, const struct dns_data *data)
{
	struct buf text = BUF(100000);
	char address[ADDRESS_TEXT];

	switch (type) {
	case DNS_TYPE_A:
	case DNS_TYPE_AAAA:
		printf("\t%s\n", address_format(&data->address, address));
		break;
	case DNS_TYPE_MX:
		printf("\t%u %.*s\n", data->preference, (int)data->name.n, data->name.p);
		break;
	case DNS_TYPE_TXT:
	case DNS_TYPE_SPF:
		escape_terminal(
			&text, (struct span){ data->text.p, data->text.n < TEXT_SHOWN ? data->text.n : TEXT_SHOWN });
		printf("\t%zu octets, %zu strings: %s\n", data->text.n, data->strings, buf_text(&text));
		break;
	default:
		printf("\t%.*s\n", (int)data->name.n, data->name.p);
	}
	buf_release(&text);
}

static void show(const struct dns_answer *answer)
{
	printf("%.*s %s %s %s %u %.*s\n", (int)answer->name.n, answer->name.p, dns_type_word(answer->type),
		dns_status_word(answer->status), dns_security_word(answer->security), answer->aliases,
		(int)answer->owner.n, answer->owner.n ? answer->owner.p : "");
	for (size_t i = 0; i < answer->n; i++)
		show_data(answer->type, &answer->data[i]);
}

static void ask_each(struct resolver *resolver, char **words, int n)
{
	struct dns dns = resolver_dns(resolver);
	struct arena arena = ARENA(RESOLVER_ANSWER_OCTETS);

	for (int i = 0; i + 1 < n; i += 2) {
		enum dns_type type = DNS_TYPE_TXT;
		struct dns_answer answer;

		dns_type_of(span_of(words[i + 1]), &type);
		answer = dns_ask(dns, span_of(words[i]), type, &arena);
		show(&answer);
		arena_clear(&arena);
	}
	arena_release(&arena);
}

/* Shown in the order of the questions, whatever the order of the answers. */
static void ask_together(struct resolver *resolver, char **words, int n)
{
	struct dns_answer answers[RESOLVER_OUTSTANDING], answer;
	struct arena arena = ARENA(16 * RESOLVER_ANSWER_OCTETS);
	uint64_t token;

	for (int i = 0; i + 1 < n; i += 2) {
		enum dns_type type = DNS_TYPE_TXT;

		dns_type_of(span_of(words[i + 1]), &type);
		if (!resolver_ask(resolver, (uint64_t)i / 2, span_of(words[i]), type))
			exit(2);
	}
	while (resolver_outstanding(resolver)) {
		struct pollfd ready = { resolver_descriptor(resolver), POLLIN, 0 };

		if (poll(&ready, 1, 20000) != 1)
			exit(3);
		while (resolver_next(resolver, &token, &arena, &answer))
			answers[token] = answer;
	}
	for (int i = 0; i + 1 < n; i += 2)
		show(&answers[i / 2]);
	arena_release(&arena);
}

static struct zonefile *zone_load(const char *path)
{
	static char text[1 << 20];
	FILE *file = fopen(path, "r");
	size_t n = file ? fread(text, 1, sizeof text, file) : 0;

	if (file)
		fclose(file);
	return zonefile_read((struct span){ text, n }, NULL);
}

int main(int argc, char **argv)
{
	struct resolver_options options = { 0 };
	struct zonefile *zone = NULL;
	struct resolver *resolver;
	struct fault fault = { 0 };
	char text[RESOLVER_TEXT];
	bool together = false;
	int option;

	while ((option = getopt(argc, argv, "s:a:f:t:n:oup")) != -1) {
		switch (option) {
		case 's':
			options.server = optarg;
			break;
		case 'a':
			options.anchor = optarg;
			break;
		case 'f':
			zone = zone_load(optarg);
			options.file = (struct dns){ zonefile_ask, zone };
			break;
		case 't':
			options.milliseconds = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'n':
			options.questions = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'o':
			options.offline = true;
			break;
		case 'u':
			options.unlocked = true;
			break;
		case 'p':
			together = true;
			break;
		default:
			return 64;
		}
	}
	resolver = resolver_start(&options, &fault);
	if (!resolver) {
		printf("fault %d: %s\n", (int)fault.kind, fault.text);
		zonefile_free(zone);
		return 1;
	}
	(together ? ask_together : ask_each)(resolver, argv + optind, argc - optind);
	printf("%s; %" PRIu32 " asked\n", resolver_describe(resolver, text), resolver_state(resolver).asked);
	resolver_stop(resolver);
	zonefile_free(zone);
	return 0;
}
