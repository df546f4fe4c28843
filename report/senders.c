#include "report/senders.h"
#include "base/sum.h"

#include <stdlib.h>

#define WEEK 7

static void counts_add(struct span_counts *sum, const struct span_counts *c)
{
	sum->messages = add_up(sum->messages, c->messages);
	sum->fails = add_up(sum->fails, c->fails);
	sum->not_signed = add_up(sum->not_signed, c->not_signed);
	sum->not_spf = add_up(sum->not_spf, c->not_spf);
}

static bool belongs(const struct path *path)
{
	return path->pooled == NO_INDEX && path->messages;
}

/* A failing path tells more than a passing one, a large one more than a small one. */
static bool tells_more(const struct path *a, const struct path *b)
{
	if (!b || path_kind_fails(a->kind) != path_kind_fails(b->kind))
		return !b || path_kind_fails(a->kind);
	return a->messages > b->messages;
}

static void row_of_sender(const struct verdict *v, uint32_t at, struct listed_sender *row)
{
	const struct sender *s = &v->senders[at];

	*row = (struct listed_sender){ .source = s->source,
		.header_from = s->header_from,
		.fate = s->fate,
		.subclass = s->subclass,
		.sender = s,
		.path = &v->paths[s->path],
		.window = { s->messages, s->fails, s->messages - s->dkim_ok, s->messages - s->spf_ok },
		.week = s->week,
		.last = s->last,
		.addresses = s->addresses,
		.reporters = s->reporters,
		.first_day = s->first_day,
		.last_day = s->last_day };
	memcpy(row->weeks, s->weeks, v->weeks_n * sizeof *row->weeks);
}

/* The path that explains each sender: one walk over all of them, since there may be as many senders as paths. */
static void rows_choose_paths(const struct verdict *v, struct listed_sender *rows)
{
	for (size_t i = 0; i < v->paths_n; i++) {
		const struct path *path = &v->paths[i];

		if (path->sender != NO_INDEX && belongs(path) && tells_more(path, rows[path->sender].path))
			rows[path->sender].path = path;
	}
}

/* All of a failing path fails; a passing one that is not yours is signed by you, and was relayed. */
static struct span_counts path_counts(const struct path *path, uint64_t messages)
{
	bool fails = path_kind_fails(path->kind);

	return (struct span_counts){ messages, fails ? messages : 0, fails ? messages : 0,
		path->spf_ok ? 0 : messages };
}

static void row_take_path(const struct verdict *v, struct listed_sender *row, const struct path *path)
{
	struct span_counts window = path_counts(path, path->messages);
	unsigned n = v->weeks_n;

	counts_add(&row->window, &window);
	for (unsigned i = 0; i < n && i < WEEKS_MOST; i++) {
		struct span_counts week = path_counts(path, path->weeks[i]);

		row->weeks[i] = add_up(row->weeks[i], path->weeks[i]);
		if (i + 1 == n)
			counts_add(&row->week, &week);
		else if (i + 2 == n)
			counts_add(&row->last, &week);
	}
	row->addresses = path->addresses > row->addresses ? path->addresses : row->addresses;
	row->reporters = path->reporters > row->reporters ? path->reporters : row->reporters;
	if (path->first_day < row->first_day)
		row->first_day = path->first_day;
	if (path->last_day > row->last_day)
		row->last_day = path->last_day;
	if (tells_more(path, row->path)) {
		row->path = path;
		row->subclass = path->subclass;
	}
}

/* The paths of a verdict are sorted by author domain and source: those of one row are neighbours, fates mixed. */
static void rows_of_others(const struct verdict *v, struct sender_list *list)
{
	size_t first = list->n;

	for (size_t i = 0; i < v->paths_n; i++) {
		const struct path *path = &v->paths[i];
		struct listed_sender *row = NULL;

		if (path->sender != NO_INDEX || !belongs(path) || path->fate == FATE_OWN ||
			path->fate == FATE_UNDECIDED)
			continue;
		for (size_t k = list->n; k > first; k--) {
			struct listed_sender *other = &list->rows[k - 1];

			if (other->source != path->source || !span_is(other->header_from, path->header_from))
				break;
			if (other->fate == path->fate)
				row = other;
		}
		if (!row) {
			row = &list->rows[list->n++];
			*row = (struct listed_sender){ .source = path->source,
				.header_from = path->header_from,
				.fate = path->fate,
				.first_day = path->first_day,
				.last_day = path->last_day };
		}
		row_take_path(v, row, path);
	}
}

static bool wanted(const struct verdict *v, const struct senders_view *view, const struct listed_sender *row)
{
	const struct span_counts *counts = view->week ? &row->week : &row->window;

	if (view->has_class ? row->fate != view->class : !view->every && !row->sender)
		return false;
	if (!row->window.messages && !(row->sender && row->sender->next_day != MOMENT_NONE))
		return false;
	if (view->undecided && row->fate != FATE_UNDECIDED)
		return false;
	if (view->not_signed && !counts->not_signed)
		return false;
	return !view->new || row->first_day > v->last_day - WEEK;
}

static int row_order(const void *a, const void *b, void *verdict)
{
	const struct listed_sender *x = a, *y = b;
	const struct verdict *v = verdict;
	uint64_t x_unsigned = x->sender ? x->week.not_signed : 0, y_unsigned = y->sender ? y->week.not_signed : 0;
	bool x_open = x->fate == FATE_UNDECIDED, y_open = y->fate == FATE_UNDECIDED;
	int order;

	if (x_unsigned != y_unsigned)
		return x_unsigned > y_unsigned ? -1 : 1;
	if (x_open != y_open)
		return x_open ? -1 : 1;
	if (x->fate != y->fate)
		return x->fate < y->fate ? -1 : 1;
	if (x->window.messages != y->window.messages)
		return x->window.messages > y->window.messages ? -1 : 1;
	order = span_compare(v->sources[x->source].id, v->sources[y->source].id);
	return order ? order : span_compare(x->header_from, y->header_from);
}

bool sender_list_make(const struct verdict *v, const struct senders_view *view, struct sender_list *list)
{
	size_t kept = 0;

	*list = (struct sender_list){ .rows = calloc(v->senders_n + v->paths_n + 1, sizeof *list->rows) };
	if (!list->rows)
		return false;
	for (uint32_t i = 0; i < v->senders_n; i++) {
		row_of_sender(v, i, &list->rows[list->n++]);
		counts_add(&list->week, &v->senders[i].week);
		counts_add(&list->last, &v->senders[i].last);
		list->unsigned_senders += v->senders[i].week.not_signed > 0;
	}
	rows_choose_paths(v, list->rows);
	rows_of_others(v, list);
	for (size_t i = 0; i < list->n; i++) {
		struct listed_sender *row = &list->rows[i];

		for (unsigned k = 0; k < v->weeks_n && k < WEEKS_MOST; k++)
			row->weeks_seen += row->weeks[k] > 0;
		if (wanted(v, view, row))
			list->rows[kept++] = *row;
	}
	list->n = kept;
	qsort_r(list->rows, list->n, sizeof *list->rows, row_order, (void *)v);
	return true;
}

void sender_list_release(struct sender_list *list)
{
	free(list->rows);
	*list = (struct sender_list){ 0 };
}

/* Of the paths of one source and author domain, is this one of the row's? */
static bool is_of(const struct verdict *v, const struct listed_sender *row, const struct path *path)
{
	if (row->sender)
		return path->sender != NO_INDEX && &v->senders[path->sender] == row->sender;
	return path->fate == row->fate;
}

static bool lies_with(const struct listed_sender *row, const struct path *path)
{
	return path->source == row->source && span_is(path->header_from, row->header_from);
}

void listed_selectors(struct buf *out, const struct verdict *v, const struct listed_sender *row)
{
	struct span said[KIND_COUNT * 2];
	size_t first = (size_t)(row->path - v->paths), n = 0;

	while (first > 0 && lies_with(row, &v->paths[first - 1]))
		first--;
	for (size_t i = first; i < v->paths_n && lies_with(row, &v->paths[i]) && n < sizeof said / sizeof *said; i++) {
		const struct path *path = &v->paths[i];
		bool again = false;

		if (!path->key.n || !belongs(path) || !is_of(v, row, path))
			continue;
		for (size_t k = 0; k < n; k++)
			again |= span_is(said[k], path->key);
		if (again)
			continue;
		if (n)
			buf_put_byte(out, ' ');
		buf_put_span(out, path->key);
		said[n++] = path->key;
	}
}

static int country_order(const void *a, const void *b)
{
	const struct listed_country *x = a, *y = b;

	if (x->messages != y->messages)
		return x->messages > y->messages ? -1 : 1;
	return strcmp(x->country, y->country);
}

static void countries_add(const struct assessment *a, uint32_t path, struct listed_country *all)
{
	const struct verdict *v = a->verdict;

	for (uint32_t k = v->path_starts[path]; k < v->path_starts[path + 1]; k++) {
		const struct observed_traffic *row = &a->rows->traffic[v->path_rows[k]];
		const char *country = a->rows->sources[row->source].country;
		const struct judged_report *report = &v->reports[row->report];
		struct listed_country *place;

		if (!*country || report->last_day < v->first_day || report->first_day > v->last_day)
			continue;
		place = &all[(country[0] - 'A') * 26 + (country[1] - 'A')];
		memcpy(place->country, country, sizeof place->country);
		place->messages = add_up(place->messages, row->count);
	}
}

size_t listed_countries(
	const struct assessment *a, const struct listed_sender *row, struct listed_country countries[COUNTRIES_MOST])
{
	const struct verdict *v = a->verdict;
	size_t n = 0;

	memset(countries, 0, COUNTRIES_MOST * sizeof *countries);
	for (uint32_t i = 0; i < v->path_rows_n; i++) {
		const struct path *path = &v->paths[v->paths[i].pooled == NO_INDEX ? i : v->paths[i].pooled];

		if (lies_with(row, path) && is_of(v, row, path))
			countries_add(a, i, countries);
	}
	for (size_t i = 0; i < COUNTRIES_MOST; i++)
		if (countries[i].messages)
			countries[n++] = countries[i];
	qsort(countries, n, sizeof *countries, country_order);
	return n;
}

struct span listed_home(const struct verdict *v, const struct listed_sender *row)
{
	if (row->path->origin != NO_INDEX && row->path->origin < v->sources_n)
		return v->sources[row->path->origin].id;
	for (size_t i = 0; row->path->key.n && i < v->keys_n; i++)
		if (span_is(v->keys[i].selector, row->path->key) && v->keys[i].home != NO_INDEX)
			return v->sources[v->keys[i].home].id;
	return SPAN_ABSENT;
}

void listed_marks(struct buf *out, const struct listed_sender *row)
{
	static const enum mark_kind kinds[] = { MARK_ACCEPT, MARK_CRITICAL, MARK_REVIEWED };
	enum mark_kind mark = row->path->features.mark;
	const bool holds[] = { row->sender && row->sender->accepted, row->sender && row->sender->critical,
		row->sender && row->sender->reviewed };
	bool some = mark != MARK_NONE;

	if (some)
		buf_put_text(out, mark_kind_word(mark));
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (!holds[i])
			continue;
		buf_put_text(out, some ? " " : "");
		buf_put_text(out, mark_kind_word(kinds[i]));
		some = true;
	}
}

const struct step *listed_step(const struct verdict *v, const struct listed_sender *row)
{
	for (size_t i = 0; row->sender && i < v->steps_n; i++)
		if (v->steps[i].sender != NO_INDEX && &v->senders[v->steps[i].sender] == row->sender)
			return &v->steps[i];
	return NULL;
}
