/* Over the whole collection, where it is at hand: the verdicts do not depend on how a message is cut into pieces. */
#include "base/moment.h"
#include "report/verdict_json.h"
#include "tests/dkim-keys.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define AT INT64_C(1790003600)

enum cut { CUT_NONE, CUT_OCTETS, CUT_AT_CR, CUT_THREE, CUT_COUNT };

static size_t piece_length(struct span rest, enum cut cut)
{
	const char *cr;

	switch (cut) {
	case CUT_OCTETS:
		return 1;
	case CUT_THREE:
		return rest.n < 3 ? rest.n : 3;
	case CUT_AT_CR:
		cr = memchr(rest.p, '\r', rest.n);
		return cr ? (size_t)(cr - rest.p) + 1 : rest.n;
	default:
		return rest.n;
	}
}

/* The verdicts as JSON, to be freed. */
static char *judge(struct dkim *dkim, struct span message, struct stored_keys *keys, enum cut cut)
{
	struct dkim_verdicts verdicts = { 0 };
	struct json json;
	char *text = NULL;
	struct verification verification = { .at = AT, .verdicts = &verdicts };
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	assert_non_null(out);
	dkim_begin(dkim);
	for (struct span rest = message; rest.n;) {
		size_t part = piece_length(rest, cut);

		assert_true(dkim_feed(dkim, rest.p, part));
		rest = (struct span){ rest.p + part, rest.n - part };
	}
	assert_true(dkim_end(dkim));
	dkim_ask(dkim, stored_keys_ask, keys);
	assert_true(dkim_verdicts(dkim, AT, &verdicts));
	json_begin(&json, out);
	verdict_json(&json, SPAN_ABSENT, &verification);
	assert_true(json_done(&json));
	fclose(out);
	dkim_verdicts_release(&verdicts);
	return text;
}

static void case_check(struct dkim *dkim, const char *folder)
{
	struct buf message = BUF((size_t)64 << 20), keys = BUF((size_t)1 << 20);
	struct stored_keys stored;
	char path[8192], *whole;

	snprintf(path, sizeof path, "%s/message.eml", folder);
	assert_true(file_read(path, &message));
	snprintf(path, sizeof path, "%s/keys.txt", folder);
	assert_true(file_read(path, &keys));
	stored.text = buf_span(&keys);
	whole = judge(dkim, buf_span(&message), &stored, CUT_NONE);
	for (enum cut cut = CUT_OCTETS; cut < CUT_COUNT; cut++) {
		char *cut_up = judge(dkim, buf_span(&message), &stored, cut);

		if (strcmp(whole, cut_up) != 0)
			fail_msg("%s: cut %d gives %s instead of %s", folder, cut, cut_up, whole);
		free(cut_up);
	}
	free(whole);
	buf_release(&message);
	buf_release(&keys);
}

static void pieces_make_no_difference(void **state)
{
	const char *shared = getenv("DMARCGATE_SHARED");
	struct dkim *dkim = dkim_new(NULL);
	char path[2048], folder[4096];
	struct dirent *entry;
	unsigned cases = 0;
	DIR *directory;

	(void)state;
	snprintf(path, sizeof path, "%s/dkim/cases", shared ? shared : "../shared");
	directory = opendir(path);
	if (!directory) {
		dkim_free(dkim);
		skip();
	}
	while ((entry = readdir(directory))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(folder, sizeof folder, "%s/%s", path, entry->d_name);
		case_check(dkim, folder);
		cases++;
	}
	closedir(directory);
	dkim_free(dkim);
	assert_true(cases > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_make_no_difference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
