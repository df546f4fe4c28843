/* samples for people: two lines each, the reporter's word and ours. */
#include "report/sample_words.h"
#include "report/samples.h"

#include <stdlib.h>

#define LINE_OCTETS ((size_t)64 * 1024)
#define COLUMN 10

struct samples_text {
	FILE *out;
	struct style style;
	struct buf line;
	struct mask mask;
	uint64_t rows;
};

static void put(struct samples_text *list, struct span text)
{
	if (!text.n)
		return;
	if (list->line.n)
		buf_printf(&list->line, " %s ", style_symbol(&list->style, SYMBOL_DOT));
	style_brief(&list->line, &list->style, text);
}

static void say(struct samples_text *list, const char *label)
{
	style_labelled(
		list->out, &list->style, (struct style_label){ label, INK_PLAIN, 2, COLUMN }, buf_span(&list->line));
	buf_clear(&list->line);
}

/* `failed: spf, dkim`; `bodyhash` */
static void put_claim(struct samples_text *list, const struct sample_row *row)
{
	struct buf claim = BUF(LINE_OCTETS);

	if (!row->identity_alignment.n || !span_is(row->auth_failure, SPAN("dmarc")))
		put(list, row->auth_failure);
	if (row->identity_alignment.n)
		identity_put(&claim, row->identity_alignment, identity_rule_of_word(row->identity_rule));
	put(list, buf_span(&claim));
	buf_release(&claim);
}

/* `changed: subject tag `[list] ` and the last 312 octets` */
static void put_verdict(struct samples_text *list, const struct sample_row *row)
{
	enum sample_verdict verdict = sample_verdict(row);
	struct buf text = BUF(LINE_OCTETS);

	buf_put_text(&text, verdict != SAMPLE_NONE ? sample_verdict_word(verdict)
			    : row->has_sample	   ? "not checked"
						   : "no sample");
	if (row->sentence.n && verdict != SAMPLE_ALIGNED) {
		buf_put_text(&text, ": ");
		buf_put_span(&text, sentence_brief(row->sentence));
	}
	put(list, buf_span(&text));
	buf_release(&text);
}

static void put_id(struct samples_text *list, const struct sample_row *row)
{
	struct buf text = BUF(LINE_OCTETS);

	buf_put_text(&text, "sample:");
	buf_put_span(&text, row->id);
	put(list, buf_span(&text));
	buf_release(&text);
}

static bool samples_text_take(void *self, const struct sample_row *row)
{
	struct samples_text *list = self;
	const struct sample_row *masked = mask_row(&list->mask, row);
	char address[ADDRESS_TEXT];
	struct span source;

	if (!masked)
		return false;
	source = sample_source(masked, address);
	put(list, source.n ? source : SPAN("no address"));
	put(list, masked->domain.n ? masked->domain : SPAN("no domain"));
	put_claim(list, masked);
	say(list, day_text(masked->day).p);
	put_verdict(list, masked);
	if (masked->dmarc_passed)
		put(list, SPAN("passed DMARC, not counted"));
	else if (!masked->dmarc)
		put(list, SPAN("no authentication failure, not counted"));
	put_id(list, masked);
	say(list, "");
	arena_clear(&list->mask.arena);
	list->rows++;
	return !ferror(list->out);
}

static bool samples_text_close(void *self)
{
	struct samples_text *list = self;
	bool done;

	if (list->rows)
		fprintf(list->out, "\n%s.  dmarcgate explain sample:... tells all about one.\n",
			counted_text(list->rows, "failure report", "failure reports").p);
	else
		fputs("No failure report within these days.\n", list->out);
	done = !ferror(list->out) && fflush(list->out) == 0;
	buf_release(&list->line);
	arena_release(&list->mask.arena);
	free(list);
	return done;
}

bool samples_text_open(struct samples_writer *writer, FILE *out, const struct style *style, bool show_addresses)
{
	struct samples_text *list = calloc(1, sizeof *list);

	if (!list)
		return false;
	list->out = out;
	list->style = *style;
	list->line = BUF(LINE_OCTETS);
	list->mask = MASK(show_addresses);
	*writer = (struct samples_writer){ .self = list, .take = samples_text_take, .close = samples_text_close };
	return true;
}
