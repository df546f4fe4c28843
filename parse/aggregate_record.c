#include "parse/aggregate_record.h"
#include "base/moment.h"
#include "base/shortage.h"
#include "parse/dns/orgdomain.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define YEAR_2100 UINT64_C(4102444800)
#define DAY_AND_SLACK (26 * INT64_C(3600)) /* a daily report with drift (QUIRKS V9) */

void record_reset(struct record_builder *b, size_t max_text)
{
	b->arena.max = max_text;
	record_begin(b);
}

void record_release(struct record_builder *b)
{
	free(b->results[0]);
	free(b->results[1]);
	free(b->reasons);
	arena_release(&b->arena);
}

void record_begin(struct record_builder *b)
{
	b->record = (struct record){ 0 };
	b->count = SPAN_ABSENT;
	b->results_n[0] = b->results_n[1] = b->reasons_n = 0;
	arena_clear(&b->arena);
}

/* Room for one more item of `size` octets in a list that grows by doubling. */
static bool list_grow(void **list, size_t n, size_t *room, size_t size, uint64_t most)
{
	size_t more = *room ? 2 * *room : 8;
	void *grown;

	if (n >= most)
		return false;
	if (n < *room)
		return true;
	grown = realloc(*list, more * size);
	if (!grown)
		return shortage_noted(grown) != NULL;
	*list = grown;
	*room = more;
	return true;
}

bool record_add_result(struct record_builder *b, bool spf, uint64_t most)
{
	void *list = b->results[spf];
	bool grown = list_grow(&list, b->results_n[spf], &b->results_room[spf], sizeof(struct auth_result), most);

	b->results[spf] = list;
	if (!grown)
		return false;
	b->results[spf][b->results_n[spf]++] = (struct auth_result){ 0 };
	b->last_is_spf = spf;
	return true;
}

bool record_add_reason(struct record_builder *b, uint64_t most)
{
	void *list = b->reasons;
	bool grown = list_grow(&list, b->reasons_n, &b->reasons_room, sizeof(struct override_reason), most);

	b->reasons = list;
	if (!grown)
		return false;
	b->reasons[b->reasons_n++] = (struct override_reason){ 0 };
	return true;
}

struct auth_result *record_last_result(struct record_builder *b)
{
	return &b->results[b->last_is_spf][b->results_n[b->last_is_spf] - 1];
}

struct override_reason *record_last_reason(struct record_builder *b)
{
	return &b->reasons[b->reasons_n - 1];
}

void record_close_result(struct record_builder *b)
{
	struct auth_result *result = record_last_result(b);

	if (!result->domain.p && !result->result.p)
		b->results_n[b->last_is_spf]--;
	result->means = result_of(result->result);
}

/* A list in header_from (QUIRKS V11): the first name stands for the group. */
static struct span first_domain(struct span text)
{
	const char *comma = memchr(text.p ? text.p : "", ',', text.n);

	return comma ? span_trim((struct span){ text.p, (size_t)(comma - text.p) }) : text;
}

/* HELO never aligns, but for a null reverse-path it is the MAIL FROM identity (RFC 7208 2.4; aggregate-report.md 4.1). */
static bool spf_is_mailfrom(const struct record *record, const struct auth_result *spf)
{
	if (!span_is(spf->key, SPAN("helo")))
		return true;
	return record->envelope_from.n == 0 && record->spf_n == 1;
}

static unsigned record_align(const struct record *record)
{
	struct span from = first_domain(record->header_from);
	unsigned bits = 0;

	if (from.n == 0)
		return 0;
	for (size_t i = 0; i < record->dkim_n; i++) {
		const struct auth_result *dkim = &record->dkim_results[i];

		if (dkim->means != RESULT_PASS || dkim->domain.n == 0)
			continue;
		if (domain_aligned(dkim->domain, from, true))
			bits |= ALIGNED_DKIM_STRICT | ALIGNED_DKIM_RELAXED;
		else
			bits |= domain_aligned(dkim->domain, from, false) ? ALIGNED_DKIM_RELAXED : 0;
	}
	for (size_t i = 0; i < record->spf_n; i++) {
		const struct auth_result *spf = &record->spf_results[i];

		if (spf->means != RESULT_PASS || spf->domain.n == 0 || !spf_is_mailfrom(record, spf))
			continue;
		if (domain_aligned(spf->domain, from, true))
			bits |= ALIGNED_SPF_STRICT | ALIGNED_SPF_RELAXED;
		else
			bits |= domain_aligned(spf->domain, from, false) ? ALIGNED_SPF_RELAXED : 0;
	}
	return bits;
}

/* A whole number of messages; `1.0` is one, `-1` and `1.5` are not (QUIRKS V7). */
static bool count_parse(struct span text, uint64_t *count)
{
	uint64_t number;
	bool whole;

	if (!reading_number(text, UINT64_MAX, &number, &whole) || !whole)
		return false;
	*count = number;
	return true;
}

static void record_say(struct reading *r, uint64_t number, const char *element, struct span value, const char *rule)
{
	char place[128];

	snprintf(place, sizeof place, "record %" PRIu64 "/%s", number, element);
	if (value.p)
		reading_problem(r, place, "`%.*s` %s", (int)(value.n < 100 ? value.n : 100), value.p, rule);
	else
		reading_problem(r, place, "%s", rule);
}

/* Words that stand nowhere in the RFCs are kept and never read as a pass; that they are there is said (aggregate-report.md 2).
 * What is empty is absent. */
static bool word_is_strange(struct span word, const char *const *known, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (span_is(word, span_of(known[i])))
			return false;
	return word.n > 0;
}

/* Without a verdict of the receiver nothing passed (QUIRKS V3); that none was sent explains what is counted as failed. */
static void record_gaps(const struct record *record, struct reading *r, uint64_t number)
{
	if (!record->disposition.n && !record->dkim.n && !record->spf.n) {
		record_say(r, number, "row/policy_evaluated", SPAN_ABSENT, "missing, taken as fail");
		return;
	}
	if (!record->disposition.n)
		record_say(r, number, "row/policy_evaluated/disposition", SPAN_ABSENT, "missing");
	if (!record->dkim.n)
		record_say(r, number, "row/policy_evaluated/dkim", SPAN_ABSENT, "missing, taken as fail");
	if (!record->spf.n)
		record_say(r, number, "row/policy_evaluated/spf", SPAN_ABSENT, "missing, taken as fail");
}

static void record_words(const struct record *record, struct reading *r, uint64_t number)
{
	static const char *const verdicts[] = { "pass", "fail" }, *const scopes[] = { "mfrom", "helo" },
				 *const types[] = { "forwarded", "local_policy", "mailing_list", "other", "sampled_out",
					 "trusted_forwarder", "policy_test_mode" };

	if (record->disposed == DISPOSITION_OTHER)
		record_say(r, number, "row/policy_evaluated/disposition", record->disposition, "is no disposition");
	if (word_is_strange(record->dkim, verdicts, 2))
		record_say(r, number, "row/policy_evaluated/dkim", record->dkim, "is neither pass nor fail, taken as fail");
	if (word_is_strange(record->spf, verdicts, 2))
		record_say(r, number, "row/policy_evaluated/spf", record->spf, "is neither pass nor fail, taken as fail");
	for (size_t i = 0; i < record->reasons_n; i++)
		if (word_is_strange(record->reasons[i].type, types, sizeof types / sizeof *types))
			record_say(r, number, "row/policy_evaluated/reason/type", record->reasons[i].type, "is no reason");
	for (size_t i = 0; i < record->dkim_n; i++)
		if (record->dkim_results[i].means == RESULT_OTHER)
			record_say(r, number, "auth_results/dkim/result", record->dkim_results[i].result, "is no result, taken as no pass");
	for (size_t i = 0; i < record->spf_n; i++) {
		if (record->spf_results[i].means == RESULT_OTHER)
			record_say(r, number, "auth_results/spf/result", record->spf_results[i].result, "is no result, taken as no pass");
		if (word_is_strange(record->spf_results[i].key, scopes, 2))
			record_say(r, number, "auth_results/spf/scope", record->spf_results[i].key, "is no scope, taken as mfrom");
	}
}

bool record_end(struct record_builder *b, struct reading *r, uint64_t number)
{
	struct record *record = &b->record;
	bool counted, ornate;

	record->dkim_results = b->results[0];
	record->dkim_n = b->results_n[0];
	record->spf_results = b->results[1];
	record->spf_n = b->results_n[1];
	record->reasons = b->reasons;
	record->reasons_n = b->reasons_n;
	counted = count_parse(b->count, &record->count);
	if (!counted)
		record_say(r, number, "row/count", b->count,
			b->count.p ? "is not a number of messages, taken as 0" : "missing, taken as 0");
	record->has_address = address_parse_ornate(record->source_ip, &record->address, &ornate);
	if (!record->has_address)
		record_say(r, number, "row/source_ip", record->source_ip,
			record->source_ip.p ? "is not an IP address" : "missing");
	else if (ornate)
		record_say(r, number, "row/source_ip", record->source_ip, "is more than an IP address, the rest was left out");
	if (!record->header_from.n)
		record_say(r, number, "identifiers/header_from", SPAN_ABSENT, "missing: cannot be told whom the mail claims to be from");
	record->disposed = disposition_of(record->disposition);
	record_gaps(record, r, number);
	record_words(record, r, number);
	record->dkim_pass = span_is(record->dkim, SPAN("pass"));
	record->spf_pass = span_is(record->spf, SPAN("pass"));
	record->aligned = record_align(record);
	return counted;
}

void record_digest(const struct record *record, struct digest *digest)
{
	digest_add_number(digest, record->has_address);
	if (record->has_address)
		digest_add(digest, record->address.octets, sizeof record->address.octets);
	else
		digest_add_field(digest, record->source_ip);
	digest_add_number(digest, record->count);
	digest_add_field(digest, record->disposition);
	digest_add_field(digest, record->dkim);
	digest_add_field(digest, record->spf);
	digest_add_field(digest, record->header_from);
	digest_add_field(digest, record->envelope_from);
	digest_add_field(digest, record->envelope_to);
	digest_add_number(digest, record->reasons_n);
	for (size_t i = 0; i < record->reasons_n; i++) {
		digest_add_field(digest, record->reasons[i].type);
		digest_add_field(digest, record->reasons[i].comment);
	}
	for (int spf = 0; spf < 2; spf++) {
		const struct auth_result *results = spf ? record->spf_results : record->dkim_results;
		size_t n = spf ? record->spf_n : record->dkim_n;

		digest_add_number(digest, n);
		for (size_t i = 0; i < n; i++) {
			digest_add_field(digest, results[i].domain);
			digest_add_field(digest, results[i].key);
			digest_add_field(digest, results[i].result);
			digest_add_field(digest, results[i].human_result);
		}
	}
}

/* Seconds, also sent as floats, milli- and microseconds (QUIRKS V8), or a date in words. False when it is no moment at
 * all, or none of this century: such a range would stand beside every window that is asked for. */
static bool date_parse(struct span text, int64_t *moment)
{
	uint64_t number;
	bool whole;

	if (moment_parse_packed(text, moment))
		return true;
	if (!reading_number(text, INT64_MAX, &number, &whole))
		return text.n > 4 && moment_parse_any(text, moment);
	while (number >= UINT64_C(1000000000000))
		number /= 1000;
	*moment = (int64_t)number;
	return number < YEAR_2100;
}

static void dates_check(struct report *report, const struct span numbers[NUMBERS], struct reading *r)
{
	static const char *const names[] = { [NUMBER_BEGIN] = "report_metadata/date_range/begin",
		[NUMBER_END] = "report_metadata/date_range/end" };
	int64_t *moments[] = { [NUMBER_BEGIN] = &report->begin, [NUMBER_END] = &report->end };

	for (int i = NUMBER_BEGIN; i <= NUMBER_END; i++) {
		if (!numbers[i].p)
			reading_problem(r, names[i], "missing");
		else if (!date_parse(numbers[i], moments[i]))
			reading_problem(r, names[i], "`%.*s` is not a date",
				(int)(numbers[i].n < 100 ? numbers[i].n : 100), numbers[i].p);
	}
	if (report->begin == MOMENT_NONE || report->end == MOMENT_NONE)
		return;
	if (report->end < report->begin)
		reading_problem(r, "report_metadata/date_range", "ends before it begins");
	else if (report->end - report->begin > DAY_AND_SLACK)
		reading_problem(r, "report_metadata/date_range", "covers %" PRId64 " hours, not one day",
			(report->end - report->begin) / 3600);
}

static void policy_check(const struct report *report, struct reading *r)
{
	static const char *const requests[] = { "none", "quarantine", "reject" }, *const modes[] = { "r", "s" },
				 *const answers[] = { "y", "n" }, *const methods[] = { "psl", "treewalk" };
	const struct {
		const char *name;
		struct span value;
		const char *const *known;
		size_t n;
		const char *rule;
	} words[] = { { "policy_published/p", report->p, requests, 3, "is no policy" },
		{ "policy_published/sp", report->sp, requests, 3, "is no policy" },
		{ "policy_published/np", report->np, requests, 3, "is no policy" },
		{ "policy_published/adkim", report->adkim, modes, 2, "is no mode of alignment, taken as r" },
		{ "policy_published/aspf", report->aspf, modes, 2, "is no mode of alignment, taken as r" },
		{ "policy_published/testing", report->testing, answers, 2, "is neither y nor n" },
		{ "policy_published/discovery_method", report->discovery_method, methods, 2, "is neither psl nor treewalk" } };
	uint64_t pct;
	bool whole;

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (word_is_strange(words[i].value, words[i].known, words[i].n))
			reading_problem(r, words[i].name, "`%.*s` %s", (int)(words[i].value.n < 100 ? words[i].value.n : 100),
				words[i].value.p, words[i].rule);
	if (report->pct.n && !(reading_number(report->pct, 100, &pct, &whole) && whole))
		reading_problem(r, "policy_published/pct", "`%.*s` is no percentage",
			(int)(report->pct.n < 100 ? report->pct.n : 100), report->pct.p);
}

const char *report_check(struct report *report, const struct span numbers[NUMBERS], struct reading *r)
{
	const struct {
		const char *name;
		struct span value;
	} wanted[] = { { "report_metadata/org_name", report->org_name }, { "report_metadata/email", report->org_email },
		{ "report_metadata/report_id", report->report_id }, { "policy_published/p", report->p } };

	dates_check(report, numbers, r);
	if (report->begin == MOMENT_NONE && report->end == MOMENT_NONE)
		return "no usable date_range: cannot be told which days it covers";
	if (!report->domain.n)
		return "no policy_published/domain: cannot be told which domain it is about";
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
		if (!wanted[i].value.n)
			reading_problem(r, wanted[i].name, "missing");
	policy_check(report, r);
	if (report->records == 0)
		reading_problem(r, "record", "none: the report covers its days and counts no message");
	return NULL;
}

void report_digest(struct report *report, struct digest *digest)
{
	const struct span texts[] = { report->org_name, report->org_email, report->report_id, report->domain, report->p,
		report->sp, report->np, report->adkim, report->aspf, report->pct, report->fo, report->testing };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		digest_add_field(digest, texts[i]);
	digest_add_number(digest, (uint64_t)report->begin);
	digest_add_number(digest, (uint64_t)report->end);
	digest_add_number(digest, report->records);
	digest_finish(digest, report->content);
}
