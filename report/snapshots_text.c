/* dns for people: a name, and below it what it said from when to when. That there is nothing is part of the history
 * only. */
#include "base/moment.h"
#include "report/snapshots.h"

#include <stdlib.h>

#define LINE_OCTETS ((size_t)512 * 1024)
#define COLUMN 30
#define RECORDS_SHOWN 20 /* of one answer; the rest is counted */
#define WORD_SHOWN 60    /* octets; a longer word, which is a key, shows its beginning and its end */
#define WORD_BEGIN 30
#define WORD_END 12

struct snapshots_text {
	FILE *out;
	struct style style;
	struct buf domain, name, line;
	enum dns_type type; /* of `name` */
	bool history;
	uint64_t states, names;
};

void dns_data_put(struct buf *out, enum dns_type type, const struct dns_data *data)
{
	char text[ADDRESS_TEXT];

	if (data->text.p)
		buf_put_span(out, data->text);
	if (type == DNS_TYPE_A || type == DNS_TYPE_AAAA)
		buf_put_text(out, address_format(&data->address, text));
	if (type == DNS_TYPE_MX)
		buf_printf(out, "%u ", data->preference);
	if (data->name.p)
		buf_put_span(out, data->name.n ? data->name : SPAN("."));
}

static void name_say(struct snapshots_text *list, const struct dns_answer *answer)
{
	if (list->names && list->type == answer->type && span_is(buf_span(&list->name), answer->name))
		return;
	buf_clear(&list->name);
	buf_put_span(&list->name, answer->name);
	list->type = answer->type;
	fprintf(list->out, "%s%s", list->names++ ? "\n" : "", style_ink(&list->style, INK_STRONG));
	style_print(list->out, &list->style, answer->name);
	fprintf(list->out, " %s%s\n", dns_type_word(answer->type), style_off(&list->style, INK_STRONG));
}

static void say(struct snapshots_text *list, const char *label)
{
	style_labelled(
		list->out, &list->style, (struct style_label){ label, INK_PLAIN, 2, COLUMN }, buf_span(&list->line));
	buf_clear(&list->line);
}

static void words_shorten(struct buf *out, const struct style *style, struct span text)
{
	while (text.n) {
		const char *blank = memchr(text.p, ' ', text.n);
		size_t n = blank ? (size_t)(blank - text.p) + 1 : text.n;

		if (n > WORD_SHOWN) {
			buf_put(out, text.p, WORD_BEGIN);
			buf_put_text(out, style_symbol(style, SYMBOL_ELLIPSIS));
			buf_put(out, text.p + n - WORD_END, WORD_END);
		} else {
			buf_put(out, text.p, n);
		}
		text = (struct span){ text.p + n, text.n - n };
	}
}

static void record_put(struct snapshots_text *list, enum dns_type type, const struct dns_data *data)
{
	struct buf text = BUF(LINE_OCTETS), brief = BUF(LINE_OCTETS);

	dns_data_put(&text, type, data);
	words_shorten(&brief, &list->style, buf_span(&text));
	style_brief(&list->line, &list->style, brief.n ? buf_span(&brief) : SPAN("(an empty text)"));
	if (data->strings > 1)
		buf_printf(&list->line, " (%zu strings)", data->strings);
	buf_release(&brief);
	buf_release(&text);
}

static bool snapshots_text_take(void *self, const struct snapshot_row *row)
{
	struct snapshots_text *list = self;
	const struct dns_answer *answer = &row->answer;
	struct long_text period = period_text(&list->style, moment_day(row->first_seen), moment_day(row->last_seen));

	if (!answer->n && !list->history)
		return true;
	name_say(list, answer);
	if (answer->aliases) {
		buf_put_text(&list->line, "through an alias, at ");
		style_brief(&list->line, &list->style, answer->owner);
		say(list, period.p);
	}
	for (size_t i = 0; i < answer->n && i < RECORDS_SHOWN; i++) {
		record_put(list, answer->type, &answer->data[i]);
		say(list, i || answer->aliases ? "" : period.p);
	}
	if (answer->n > RECORDS_SHOWN) {
		buf_printf(&list->line, "and %s",
			counted_text(answer->n - RECORDS_SHOWN, "more record", "more records").p);
		say(list, "");
	}
	if (!answer->n) {
		buf_put_text(&list->line, answer->status == DNS_NXDOMAIN ? "no such name" : "no such record");
		say(list, answer->aliases ? "" : period.p);
	}
	list->states++;
	return !ferror(list->out);
}

static bool snapshots_text_close(void *self)
{
	struct snapshots_text *list = self;
	uint64_t changes = list->states - list->names;
	bool done;

	if (!list->names) {
		fputs("Nothing is known of what ", list->out);
		style_print(list->out, &list->style, buf_span(&list->domain));
		fprintf(list->out, " publishes: dmarcgate lint looks, and remembers.\n");
	} else if (list->history) {
		fprintf(list->out, "\n%s at %s.\n", counted_text(changes, "change", "changes").p,
			counted_text(list->names, "name", "names").p);
	}
	done = !ferror(list->out) && fflush(list->out) == 0;
	buf_release(&list->domain);
	buf_release(&list->name);
	buf_release(&list->line);
	free(list);
	return done;
}

bool snapshots_text_open(
	struct snapshots_writer *writer, FILE *out, const struct style *style, const struct snapshots_about *about)
{
	struct snapshots_text *list = calloc(1, sizeof *list);

	if (!list)
		return false;
	list->out = out;
	list->style = *style;
	list->history = about->history;
	list->domain = list->name = BUF(4096);
	list->line = BUF(LINE_OCTETS);
	buf_put_span(&list->domain, about->domain);
	*writer = (struct snapshots_writer){ .self = list, .take = snapshots_text_take, .close = snapshots_text_close };
	return true;
}
