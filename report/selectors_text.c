/* selectors for people: a table, and below it what there is to do. */
#include "report/selectors.h"
#include "report/table.h"

#define LINE_OCTETS ((size_t)64 * 1024)
#define ROWS_AT_ONCE 500
#define ADVICE_COLUMN 4

/* The domain is the first column, so that it can be left out where it is always the same. */
static const struct table_column columns[] = {
	{ "domain", .flexible = true, .least = 16 },
	{ "selector", .flexible = true },
	{ "home", .flexible = true, .least = 12 },
	{ "valid", .right = true },
	{ "broken", .right = true },
	{ "last used" },
	{ "key" },
};
#define COLUMNS (sizeof columns / sizeof *columns)

/* $: the day it was last used. */
static const struct {
	enum ink ink;
	const char *sentence;
} advice[SELECTOR_FLAG_COUNT] = {
	[SELECTOR_MISSING] = { INK_BAD, "there is no key of this name in the DNS: mail signed with it fails. Publish the record, "
					"or stop signing with it." },
	[SELECTOR_REVOKED] = { INK_BAD, "the key is withdrawn (p= is empty), but something signs with it: that mail fails." },
	[SELECTOR_BROKEN] = { INK_BAD, "no receiver can use what is published. `dmarcgate lint` says why." },
	[SELECTOR_FAILING] = { INK_WARN, "no signature with it was ever valid. Perhaps the server signs with another key than the "
					 "one published: compare them with `dmarcgate lint --expect-key`." },
	[SELECTOR_TESTING] = { INK_WARN, "the key is marked as on trial (t=y). Take that out when the trial is over." },
	[SELECTOR_WEAK] = { INK_WARN, "the key has fewer than 2048 bits. Make a new one under a new name." },
	[SELECTOR_UNUSED] = { INK_WARN, "still published, but not used since $. If nothing signs with it any more, withdraw it: "
					"publish the record with an empty p=." },
	[SELECTOR_SHARED] = { INK_PLAIN, "several senders sign with this key; each should have its own." },
	[SELECTOR_STRANGE] = { INK_PLAIN, "seen in failing mail only, and not published. If one of your senders uses it, its key is "
					  "missing; else somebody who forges your name has made it up." },
	[SELECTOR_UNSEEN] = { INK_PLAIN, "published, but no mail signed with it has been seen yet." },
	[SELECTOR_UNLOOKED] = { INK_PLAIN, "nobody has looked its key up yet: `dmarcgate lint` does." },
};

static const char *key_text(const struct selector_line *line, char text[64])
{
	switch (line->key) {
	case SELECTOR_KEY_PUBLISHED:
		snprintf(text, 64, "%s %u%s", line->key_type, line->key_bits, line->key_testing ? ", trial" : "");
		return text;
	case SELECTOR_KEY_NONE:
		return "not published";
	case SELECTOR_KEY_REVOKED:
		return "withdrawn";
	case SELECTOR_KEY_BROKEN:
		return "unusable";
	case SELECTOR_KEY_UNKNOWN:
		break;
	}
	return "not looked up";
}

static int64_t last_used(const struct selector_line *line)
{
	return line->last_day > line->checked_day ? line->last_day : line->checked_day;
}

static const char *day_said(int64_t day, char text[MOMENT_TEXT])
{
	return day == MOMENT_NONE ? "never" : moment_format_day(day * DAY_SECONDS, text);
}

static void row_say(struct table *table, const struct style *style, const struct selector_line *line, bool with_domain)
{
	bool bad = line->flags & (1u << SELECTOR_MISSING | 1u << SELECTOR_REVOKED | 1u << SELECTOR_BROKEN);
	bool poor = line->flags & (1u << SELECTOR_TESTING | 1u << SELECTOR_WEAK | 1u << SELECTOR_UNUSED);
	char day[MOMENT_TEXT], key[64];

	table_row(table);
	if (with_domain)
		table_cell(table, INK_PLAIN, line->domain);
	table_cell(table, INK_PLAIN, line->selector);
	if (line->home_own)
		table_cell_text(table, INK_PLAIN, "own servers");
	else if (line->home.n)
		table_cell(table, INK_PLAIN, line->home);
	else
		table_cell_text(table, INK_QUIET, style_symbol(style, SYMBOL_DASH));
	table_cell_count(table, INK_PLAIN, line->valid);
	table_cell_count(table, line->broken ? INK_WARN : INK_PLAIN, line->broken);
	table_cell_text(table, INK_PLAIN, day_said(last_used(line), day));
	table_cell_text(table, bad ? INK_BAD : poor ? INK_WARN : INK_PLAIN, key_text(line, key));
}

static void advice_say(FILE *out, const struct style *style, const struct selector_line *line)
{
	struct buf text = BUF(LINE_OCTETS);
	char day[MOMENT_TEXT];

	for (enum selector_flag flag = 0; flag < SELECTOR_FLAG_COUNT; flag++) {
		if (!(line->flags & 1u << flag))
			continue;
		buf_clear(&text);
		buf_put_text(&text, style_ink(style, advice[flag].ink));
		style_brief(&text, style, line->selector);
		buf_put_byte(&text, '@');
		style_brief(&text, style, line->domain);
		buf_put_text(&text, style_off(style, advice[flag].ink));
		buf_put_text(&text, ": ");
		for (const char *c = advice[flag].sentence; *c; c++)
			if (*c == '$')
				buf_put_text(&text, day_said(last_used(line), day));
			else
				buf_put_byte(&text, (unsigned char)*c);
		style_labelled(out, style, (struct style_label){ "-", INK_PLAIN, 2, ADVICE_COLUMN }, buf_span(&text));
	}
	buf_release(&text);
}

static bool table_say(FILE *out, const struct style *style, const struct selectors_page *page)
{
	bool with_domain = false, good;
	struct table *table;

	for (size_t i = 0; i < page->n; i++)
		with_domain |= !span_is(page->lines[i].domain, page->domain);
	table = with_domain ? table_new(out, style, columns, COLUMNS) : table_new(out, style, columns + 1, COLUMNS - 1);
	good = table != NULL;
	for (size_t i = 0; good && i < page->n; i++) {
		row_say(table, style, &page->lines[i], with_domain);
		if (table_rows(table) == ROWS_AT_ONCE)
			good = table_print(table);
	}
	good = good && table_print(table);
	table_free(table);
	return good;
}

bool selectors_text(FILE *out, const struct style *style, const struct selectors_page *page)
{
	unsigned flags = 0;

	if (!page->n) {
		fputs("No selector of ", out);
		style_print(out, style, page->domain);
		fputs(" is known: no report names one, and none is listed in the configuration.\n", out);
		return !ferror(out) && fflush(out) == 0;
	}
	fputs("Keys that sign for ", out);
	style_print(out, style, page->domain);
	fprintf(out, ", messages of %s\n\n", period_text(style, page->first_day, page->last_day).p);
	if (!table_say(out, style, page))
		return false;
	for (size_t i = 0; i < page->n; i++)
		flags |= page->lines[i].flags;
	if (flags)
		fputc('\n', out);
	for (size_t i = 0; i < page->n; i++)
		advice_say(out, style, &page->lines[i]);
	return !ferror(out) && fflush(out) == 0;
}
