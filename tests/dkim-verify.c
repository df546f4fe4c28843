/* Verifies one message with stored keys and prints the verdict as JSON:
 *   dkim-verify verify [--json] [--explain] [--keys FILE] [--at SECONDS] MESSAGE
 * DKIM_PIECES=N feeds it in pieces of N octets; DKIM_REPEAT=N verifies it N times, for measuring. */
#include "base/moment.h"
#include "parse/dkim/diagnose.h"
#include "parse/dns/orgdomain.h"
#include "report/verdict_json.h"
#include "tests/dkim-keys.h"

#include <stdlib.h>

#define FILE_MAX ((size_t)100 << 20)

struct arguments {
	const char *keys, *message;
	int64_t at;
	bool explain;
};

static bool arguments_read(int argc, char **argv, struct arguments *arguments)
{
	arguments->at = MOMENT_NONE;
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			continue;
		if (strcmp(argv[i], "--explain") == 0)
			arguments->explain = true;
		else if (strcmp(argv[i], "--keys") == 0 && i + 1 < argc)
			arguments->keys = argv[++i];
		else if (strcmp(argv[i], "--at") == 0 && i + 1 < argc)
			arguments->at = strtoll(argv[++i], NULL, 10);
		else
			arguments->message = argv[i];
	}
	return argc > 2 && strcmp(argv[1], "verify") == 0 && arguments->message;
}

static size_t number_of(const char *name, size_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 10) : otherwise;
}

static bool verify(struct dkim *dkim, struct span message, struct stored_keys *keys, const struct arguments *arguments,
	struct dkim_verdicts *verdicts)
{
	size_t step = number_of("DKIM_PIECES", message.n);

	dkim_begin(dkim);
	for (size_t at = 0; at < message.n; at += step)
		dkim_feed(dkim, message.p + at, step < message.n - at ? step : message.n - at);
	dkim_end(dkim);
	dkim_ask(dkim, stored_keys_ask, keys);
	return dkim_verdicts(dkim, arguments->at, verdicts);
}

int main(int argc, char **argv)
{
	static const struct dkim_options options = { .names = DKIM_SIGNATURES_MAX, .aligned = domain_aligned };
	struct arguments arguments = { 0 };
	struct buf message = BUF(FILE_MAX), keys = BUF(FILE_MAX);
	struct stored_keys stored;
	struct dkim_verdicts verdicts = { 0 };
	struct dkim *dkim = NULL;
	struct verification verification;
	struct json json;
	int code = 2;

	if (!arguments_read(argc, argv, &arguments) || !file_read(arguments.message, &message) ||
		(arguments.keys && !file_read(arguments.keys, &keys)))
		goto out;
	stored.text = buf_span(&keys);
	dkim = dkim_new(&options);
	for (size_t i = number_of("DKIM_REPEAT", 1); dkim && i; i--) {
		dkim_verdicts_release(&verdicts);
		if (!verify(dkim, buf_span(&message), &stored, &arguments, &verdicts))
			goto out;
	}
	if (arguments.explain && !dkim_diagnose(dkim, buf_span(&message), NULL, NULL, &verdicts))
		goto out;
	json_begin(&json, stdout);
	verification = (struct verification){ .at = arguments.at, .verdicts = &verdicts };
	verdict_json(&json, span_of(arguments.message), &verification);
	json_newline(&json);
	if (json_done(&json))
		code = verdicts.result == DKIM_PASS ? 0 : 1;
out:
	dkim_verdicts_release(&verdicts);
	dkim_free(dkim);
	buf_release(&message);
	buf_release(&keys);
	return code;
}
