#include "cli/lintkeys.h"
#include "cli/cli.h"
#include "cli/file.h"
#include "cli/selectors.h"

#define FILE_OCTETS ((size_t)64 * 1024)

bool lintkeys_expect(const char *path, struct arena *arena, struct expected_key *expected, struct fault *fault)
{
	struct buf text = BUF(4 * FILE_OCTETS);
	struct fault inner = { 0 };
	bool good;

	buf_reserve(&text, 3 * FILE_OCTETS); /* a buffer that grows would leave a copy behind */
	good = file_read(path, &text, fault);
	if (good && !expected_key_read(buf_span(&text), arena, expected, &inner))
		good = fault_set(fault, inner.kind == FAULT_INPUT ? FAULT_SETUP : inner.kind, "%.300s: %.150s", path, inner.text);
	if (text.p)
		explicit_bzero(text.p, text.room);
	buf_release(&text);
	return good;
}

struct judging {
	struct dns dns;
	struct findings *findings;
	struct span *names; /* of all keys asked for */
	size_t n;
	size_t left_out; /* in use or named, and beyond LINTKEYS_MOST */
	int64_t today;
};

/* Published and long out of use: the day it was last used. */
static bool old_key_judge(struct judging *j, struct span name, int64_t last)
{
	struct dns_answer answer = dns_ask(j->dns, name, DNS_TYPE_TXT, j->findings->arena);
	char day[MOMENT_TEXT];

	if (key_seen_in(&answer, j->findings->arena).state != KEY_STATE_PUBLISHED)
		return true;
	moment_format_day(last * DAY_SECONDS, day);
	return lint_key_unused(name, span_of(day), j->findings);
}

/* A key that nobody listed and that never made a valid signature may be a forger's invention. */
static bool line_judge(struct judging *j, const struct selector_line *line)
{
	int64_t last = line->last_day > line->checked_day ? line->last_day : line->checked_day;
	struct span name = key_name(line->selector, line->domain, j->findings->arena);

	if (!name.p || (!line->listed && last == MOMENT_NONE))
		return !j->findings->arena->failed;
	if (j->n == LINTKEYS_MOST) {
		j->left_out++;
		return true;
	}
	j->names[j->n++] = name;
	if (!line->listed && last < j->today - SELECTOR_UNUSED_DAYS)
		return old_key_judge(j, name, last);
	return lint_key_name(j->dns, name, j->findings, NULL);
}

static bool lines_judge(struct judging *j, const struct selectors *selectors)
{
	bool good = true;

	for (int rank = 0; rank < SELECTOR_RANKS; rank++)
		for (size_t i = 0; good && i < selectors->n; i++)
			if (selector_rank(&selectors->lines[i]) == (enum selector_rank)rank)
				good = line_judge(j, &selectors->lines[i]);
	j->left_out += selectors->left_out;
	return good;
}

/* A key that the user named, unless it was met already. */
static bool named_judge(struct judging *j, struct span name)
{
	for (size_t i = 0; i < j->n; i++)
		if (span_is_nocase(j->names[i], name))
			return true;
	j->names[j->n++] = name;
	return lint_key_name(j->dns, name, j->findings, NULL);
}

static bool list_judge(struct judging *j, struct span list, struct span domain)
{
	struct span selector;
	bool good = true;

	for (size_t n = 0; good && span_take(&list, ',', &selector); n++) {
		struct span name = key_name(selector, domain, j->findings->arena);

		if (n >= LINTKEYS_MOST)
			j->left_out++;
		else
			good = !name.p || named_judge(j, name);
	}
	return good;
}

/* Signing programs write their zone line without the domain: `mail._domainkey IN TXT ...`. */
static bool expected_judge(struct judging *j, const struct expected_key *expected, struct span domain)
{
	struct expected_key key = *expected;

	if (key.name.p && span_ends_nocase(key.name, SPAN("._domainkey")))
		key.name = dns_name_under(j->findings->arena, key.name, domain);
	if (key.name.p && !named_judge(j, key.name))
		return false;
	return lint_expected_key(j->dns, &key, j->names, j->n, j->findings);
}

bool lintkeys_judge(const struct cli *cli, struct store *store, struct dns dns, struct span domain,
	const struct expected_key *expected, struct findings *findings, struct fault *fault)
{
	struct judging j = { .dns = dns, .findings = findings, .today = moment_day(cli->now) };
	const char *named = cli->options.selector;
	struct selectors selectors;
	bool good;

	if (!selectors_gather(cli, store, domain, NULL, findings->arena, &selectors, fault))
		return false;
	selectors_look(store, &selectors);
	j.names = arena_take(findings->arena, (2 * LINTKEYS_MOST + 1) * sizeof *j.names);
	good = j.names && lines_judge(&j, &selectors) && (!named || list_judge(&j, span_of(named), domain)) &&
	       (!expected || expected_judge(&j, expected, domain));
	if (good && j.left_out && !cli->options.quiet)
		cli_say(cli, "%.253s: %zu more keys are known, and were not looked at", domain.p, j.left_out);
	return good || fault_set(fault, FAULT_LATER, "%.253s: needs more memory than is allowed", domain.p);
}
