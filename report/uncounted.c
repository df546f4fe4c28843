/* Which reports verdicts leave out. */
#include "report/uncounted.h"

#include "report/readiness_words.h"

#include <stdlib.h>

#define ROOM_FIRST 256
#define LINE_OCTETS ((size_t)64 * 1024)

struct uncounted {
	int64_t id;
	enum report_use use;
};

static int by_id(const void *a, const void *b)
{
	const struct uncounted *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static bool put(struct uncounted_list *list, int64_t id, enum report_use use)
{
	if (list->n == list->room) {
		size_t room = list->room ? 2 * list->room : ROOM_FIRST;
		struct uncounted *rows = reallocarray(list->rows, room, sizeof *rows);

		if (!rows)
			return false;
		list->rows = rows;
		list->room = room;
	}
	list->rows[list->n++] = (struct uncounted){ id, use };
	return true;
}

bool uncounted_add(struct uncounted_list *list, const struct assessment *a)
{
	const struct verdict *v = a->verdict;

	for (size_t i = 0; i < v->reports_n; i++)
		if (v->reports[i].use != USE_COUNTED && verdict_holds_report(v, &v->reports[i]) &&
			!put(list, a->rows->reports[i].id, v->reports[i].use))
			return false;
	return true;
}

void uncounted_sort(struct uncounted_list *list)
{
	if (list->n)
		qsort(list->rows, list->n, sizeof *list->rows, by_id);
}

bool uncounted_find(const struct uncounted_list *list, int64_t id, enum report_use *use)
{
	struct uncounted wanted = { .id = id };
	const struct uncounted *found = list->n ? bsearch(&wanted, list->rows, list->n, sizeof wanted, by_id) : NULL;

	if (found)
		*use = found->use;
	return found;
}

void uncounted_release(struct uncounted_list *list)
{
	free(list->rows);
	*list = UNCOUNTED_LIST;
}

bool uncounted_heading(FILE *out, const struct style *style, const struct assessment *a)
{
	const struct verdict *v = a->verdict;
	struct buf line = BUF(LINE_OCTETS);
	struct pen pen = { &line, style, PEN_TERMINAL };
	bool written;

	pen_begin(&pen, INK_STRONG);
	pen_host(&pen, v->domain);
	pen_end(&pen, INK_STRONG);
	pen_say(&pen, ", %s: ", period_text(style, v->first_day, v->last_day).p);
	if (v->counted)
		pen_say(&pen, "%s", counted_text(v->counted, "report counts", "reports count").p);
	else
		pen_say(&pen, "no report counts");
	if (!words_not_counted(&pen, a, ". Not counted: "))
		pen_say(&pen, ", and none is left out.");
	style_paragraph(out, style, 0, buf_span(&line));
	written = !line.failed && !ferror(out);
	buf_release(&line);
	return written;
}
