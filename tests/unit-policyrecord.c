/* DomainKeys policy and ADSP records: rules of RFC 4870 3.6 and RFC 5617 4.2.1, then the collection's table where it is
 * at hand. */
#include "parse/dns/policyrecord.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void domainkeys_rules(void **state)
{
	struct domainkeys_record record;

	(void)state;
	domainkeys_parse(SPAN("t=y; o=-; n=notes; r=mail@a.example"), &record);
	assert_int_equal(record.policy, DOMAINKEYS_SIGNS_ALL);
	assert_true(record.testing);
	assert_true(span_is(record.report_address, SPAN("mail@a.example")));
	assert_true(span_is(record.note, SPAN("notes")));
	domainkeys_parse(SPAN_ABSENT, &record);
	assert_int_equal(record.policy, DOMAINKEYS_SIGNS_SOME);
	assert_null(record.o.p);
	domainkeys_parse(SPAN("o=!"), &record);
	assert_int_equal(record.policy, DOMAINKEYS_UNKNOWN);
	domainkeys_parse(SPAN("o=-; o=~"), &record);
	assert_int_equal(record.policy, DOMAINKEYS_SYNTAX);
	assert_false(record.testing);
}

static void adsp_rules(void **state)
{
	(void)state;
	assert_int_equal(adsp_parse(SPAN("dkim=all")), ADSP_ALL);
	assert_int_equal(adsp_parse(SPAN("dkim = DISCARDABLE; t=s")), ADSP_DISCARDABLE);
	assert_int_equal(adsp_parse(SPAN("dkim=later")), ADSP_UNKNOWN);
	assert_int_equal(adsp_parse(SPAN(" dkim=all")), ADSP_INVALID);
	assert_int_equal(adsp_parse(SPAN("t=s; dkim=all")), ADSP_INVALID);
	assert_int_equal(adsp_parse(SPAN("")), ADSP_INVALID);
	assert_int_equal(adsp_parse(SPAN_ABSENT), ADSP_NONE);
}

/* The words of CASES.tsv. */
static const char *const policies[DOMAINKEYS_POLICY_COUNT] = { "signs-some", "signs-all", "unknown", "syntax" };
static const char *const practices[ADSP_COUNT] = { "none", "unknown", "all", "discardable", "invalid" };

static void row_check(char *line)
{
	char *cell[8] = { "", "", "", "", "", "", "", "" }, got[64];
	struct domainkeys_record record;
	struct span text;
	bool unknown;

	for (int i = 0; i < 8 && line; i++)
		cell[i] = strsep(&line, "\t");
	text = strcmp(cell[1], "NXDOMAIN") == 0 ? SPAN_ABSENT : span_of(cell[1]);
	if (strcmp(cell[0], "adsp") == 0) {
		assert_string_equal(practices[adsp_parse(text)], cell[2]);
		return;
	}
	domainkeys_parse(text, &record);
	unknown = record.policy == DOMAINKEYS_UNKNOWN;
	snprintf(got, sizeof got, "%s%s%.*s%s", policies[record.policy], unknown ? "(" : "",
		unknown ? (int)record.o.n : 0, record.o.p ? record.o.p : "", unknown ? ")" : "");
	assert_string_equal(got, cell[2]);
	assert_string_equal(record.testing ? "y" : "n", cell[3]);
	assert_true(span_is(record.report_address, span_of(cell[4])));
	assert_true(span_is(record.note, span_of(cell[5])));
}

static void collected_cases(void **state)
{
	const char *shared = getenv("DMARCGATE_SHARED");
	char path[4096], line[4096];
	int rows = -1;
	FILE *file;

	(void)state;
	snprintf(path, sizeof path, "%s/dkim/policy/CASES.tsv", shared ? shared : "../shared");
	file = fopen(path, "r");
	if (!file)
		skip();
	while (fgets(line, sizeof line, file)) {
		line[strcspn(line, "\n")] = '\0';
		if (rows >= 0)
			row_check(line);
		rows++;
	}
	fclose(file);
	assert_true(rows > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(domainkeys_rules),
		cmocka_unit_test(adsp_rules),
		cmocka_unit_test(collected_cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
