/* ingest for people: a line per broken input, one closing line, a progress bar. */
#include "report/ingested.h"

#include <inttypes.h>
#include <stdlib.h>

#define BAR_COLUMNS 30
#define LINE_OCTETS ((size_t)64 * 1024)

struct ingested_text {
	FILE *out, *err; /* out may be NULL */
	struct style style, err_style;
	struct buf line;
	bool by_mailbox; /* there was a line for each */
};

static bool broken_text(void *self, struct span name, struct span reason)
{
	struct ingested_text *text = self;
	struct buf *line = &text->line;

	fprintf(text->err, "%sbroken%s ", style_ink(&text->err_style, INK_BAD), style_off(&text->err_style, INK_BAD));
	style_print(text->err, &text->err_style, name); /* whole: a name that was cut cannot be opened */
	buf_put_text(line, name.n ? ": " : "");
	style_brief(line, &text->err_style, reason.n ? reason : SPAN("no reason given"));
	fprintf(text->err, "%s\n", buf_text(line));
	buf_clear(line);
	return !ferror(text->err);
}

/* Tenths of a second up to a minute and a half, whole seconds from there: nobody reads more. */
static void seconds_print(FILE *out, uint64_t milliseconds)
{
	uint64_t tenths = (milliseconds + 50) / 100;

	if (milliseconds < 90000)
		fprintf(out, "%" PRIu64 ".%" PRIu64 " s", tenths / 10, tenths % 10);
	else
		fprintf(out, "%s s", count_text((milliseconds + 500) / 1000).p);
}

static void counts_print(const struct ingested_text *text, const struct ingested *totals)
{
	FILE *out = text->out;
	enum ink ink = totals->broken ? INK_BAD : INK_PLAIN;

	fprintf(out, "%s seen, ", count_text(totals->seen).p);
	fprintf(out, "%s new, ", count_text(totals->added).p);
	fprintf(out, "%s, ", counted_text(totals->duplicate, "duplicate", "duplicates").p);
	if (totals->tls_report)
		fprintf(out, "%s, ", counted_text(totals->tls_report, "TLS report", "TLS reports").p);
	fprintf(out, "%s, ", counted_text(totals->not_a_report, "not a report", "not reports").p);
	fprintf(out, "%s%s broken%s", style_ink(&text->style, ink), count_text(totals->broken).p,
		style_off(&text->style, ink));
	if (totals->conflicts)
		fprintf(out, ", %s", counted_text(totals->conflicts, "conflict", "conflicts").p);
}

static bool totals_print(const struct ingested_text *text, const struct ingested *totals)
{
	FILE *out = text->out;

	counts_print(text, totals);
	fputs(", ", out);
	seconds_print(out, totals->milliseconds);
	putc('\n', out);
	return !ferror(out) && fflush(out) == 0;
}

static bool mailbox_text(void *self, const struct ingested_mailbox *mailbox)
{
	struct ingested_text *text = self;
	FILE *out = text->out;

	text->by_mailbox = true;
	if (!out)
		return true;
	fprintf(out, "%s%s%s: ", style_ink(&text->style, INK_STRONG), mailbox->name, style_off(&text->style, INK_STRONG));
	if (mailbox->fault)
		fprintf(out, "%sfailed%s, ", style_ink(&text->style, INK_BAD), style_off(&text->style, INK_BAD));
	counts_print(text, mailbox->totals);
	if (mailbox->settled)
		fprintf(out, ", %s settled", count_text(mailbox->settled).p);
	if (mailbox->marked)
		fprintf(out, ", %s of them only marked as deleted", count_text(mailbox->marked).p);
	if (mailbox->unsettled)
		fprintf(out, ", %s to be settled by the next run", count_text(mailbox->unsettled).p);
	if (mailbox->left)
		fprintf(out, ", %s left", count_text(mailbox->left).p);
	putc('\n', out);
	return !ferror(out);
}

static bool close_text(void *self, const struct ingested *totals)
{
	struct ingested_text *text = self;
	bool done = !text->out || !totals || text->by_mailbox || totals_print(text, totals);

	buf_release(&text->line);
	free(text);
	return done;
}

bool ingested_text_open(struct ingested_writer *writer, FILE *out, const struct style *style, FILE *err,
	const struct style *err_style)
{
	struct ingested_text *text = calloc(1, sizeof *text);

	if (!text)
		return false;
	text->out = out;
	text->style = *style;
	text->err = err;
	text->err_style = *err_style;
	text->line = BUF(LINE_OCTETS);
	*writer = (struct ingested_writer){ .self = text, .mailbox = mailbox_text, .broken = broken_text, .close = close_text };
	return true;
}

/* Whole percents, rounded down: 100 % means that nothing is left. */
void progress_print(FILE *out, const struct style *style, uint64_t done, uint64_t total, uint64_t seen)
{
	uint64_t permille = total ? (uint64_t)((unsigned __int128)(done < total ? done : total) * 1000 / total) : 0;

	fputc('\r', out);
	if (total) {
		for (unsigned i = 0; i < BAR_COLUMNS; i++)
			fputs(style_symbol(style, i < permille * BAR_COLUMNS / 1000 ? SYMBOL_FULL : SYMBOL_EMPTY), out);
		fprintf(out, " %3u %%  ", (unsigned)(permille / 10));
	}
	fprintf(out, "%s seen\033[K", count_text(seen).p);
	fflush(out);
}

void progress_clear(FILE *out)
{
	fputs("\r\033[K", out);
	fflush(out);
}
