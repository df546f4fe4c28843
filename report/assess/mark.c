/* The words of people: their marks are final. */
#include "report/assess/marks.h"
#include "report/assess/work.h"

#define SUBJECT_MOST 100000 /* octets of a subject, and more */

static bool mark_holds(const struct work *w, const struct mark_row *mark)
{
	return mark->subject.n && mark->day <= w->options->today &&
	       (mark->expires == MOMENT_NONE || w->options->today < mark->expires);
}

static bool is_word(struct span subject, const char *prefix, struct span value)
{
	struct span p = span_of(prefix);

	return value.n && span_starts_nocase(subject, p) &&
	       domain_within(value, (struct span){ subject.p + p.n, subject.n - p.n });
}

bool work_marks(struct work *w)
{
	size_t nets = w->options->own_nets.n, marks = w->rows->marks_n;

	w->own_nets = arena_take(w->arena, nets * sizeof *w->own_nets);
	w->marked = arena_take(w->arena, marks * sizeof *w->marked);
	if (!w->own_nets || !w->marked)
		return false;
	for (size_t i = 0; i < nets; i++)
		w->own_nets_n += network_parse(w->options->own_nets.words[i], &w->own_nets[w->own_nets_n]);
	for (size_t i = 0; i < marks; i++)
		w->marked[i].is_network = network_parse(w->rows->marks[i].subject, &w->marked[i].network);
	return true;
}

bool in_own_net(const struct work *w, const struct address *address)
{
	for (size_t i = 0; i < w->own_nets_n; i++)
		if (network_holds(&w->own_nets[i], address))
			return true;
	return false;
}

static bool names_address(
	const struct work *w, const struct mark_row *mark, const struct address *address, struct span host)
{
	const struct marked *marked = &w->marked[mark - w->rows->marks];

	return marked->is_network ? network_holds(&marked->network, address) : host.n && domain_within(host, mark->subject);
}

/* The later day wins; on one day the order of the word list. */
static bool is_later(const struct mark_row *mark, const struct mark_row *than)
{
	int order;

	if (!than || mark->day != than->day)
		return !than || mark->day > than->day;
	if (mark->kind != than->kind)
		return mark->kind > than->kind;
	order = span_compare(mark->subject, than->subject);
	return order ? order > 0 : span_compare(mark->value, than->value) > 0;
}

/* By a name that a person reads, or the word of a signer or bounce domain. */
static bool names_path(struct span subject, const struct named_source *source, const struct path *path)
{
	return span_is_nocase(subject, source->id) || span_is_nocase(subject, source->name) ||
	       is_word(subject, "d=", path->signer) || is_word(subject, "bounce=", path->bounce);
}

bool mark_subject_occurs(struct span subject, const struct rows *rows, const struct verdict *v)
{
	struct network network;
	bool is_network = network_parse(subject, &network);

	for (size_t i = 0; i < v->paths_n; i++)
		if (names_path(subject, &v->sources[v->paths[i].source], &v->paths[i]))
			return true;
	for (size_t i = 0; i < rows->sources_n; i++) {
		const struct observed_source *source = &rows->sources[i];

		if (is_network ? source->has_address && network_holds(&network, &source->address)
			       : source->host_state == HOST_CONFIRMED && domain_within(source->host.name, subject))
			return true;
	}
	return false;
}

static bool mark_is_about(const struct work *w, const struct mark_row *mark, const struct path *path)
{
	const struct named_source *source = &w->sources[path->source];

	if (names_path(mark->subject, source, path))
		return true;
	return source->method != METHOD_SCATTER && path->days_n &&
	       names_address(w, mark, &path->address, path->host_confirmed ? path->host : SPAN_ABSENT);
}

struct marks path_marks(const struct work *w, const struct path *path)
{
	const struct mark_row *class = NULL;
	struct marks marks = { .class = MARK_NONE };

	for (size_t i = 0; i < w->rows->marks_n; i++) {
		const struct mark_row *mark = &w->rows->marks[i];

		if (!mark_holds(w, mark) || !mark_is_about(w, mark, path))
			continue;
		marks.accept |= mark->kind == MARK_ACCEPT;
		marks.critical |= mark->kind == MARK_CRITICAL;
		marks.reviewed |= mark->kind == MARK_REVIEWED;
		if ((mark->kind == MARK_OWN || mark->kind == MARK_FORWARDER || mark->kind == MARK_NOT_OURS) &&
			is_later(mark, class))
			class = mark;
	}
	if (class)
		marks.class = class->kind;
	return marks;
}

static bool says_class(enum mark_kind kind)
{
	return kind == MARK_OWN || kind == MARK_FORWARDER || kind == MARK_NOT_OURS || kind == MARK_ACCEPT ||
	       kind == MARK_CRITICAL || kind == MARK_REVIEWED;
}

/* Addresses before host names, long prefixes before short ones, long names before short ones. */
static size_t narrowness(const struct work *w, const struct mark_row *mark)
{
	const struct marked *marked = &w->marked[mark - w->rows->marks];

	return marked->is_network ? SUBJECT_MOST + marked->network.bits : mark->subject.n;
}

const struct mark_row *mark_of_address(const struct work *w, const struct observed_source *source)
{
	struct span host = source->host_state == HOST_CONFIRMED ? source->host.name : SPAN_ABSENT;
	const struct mark_row *best = NULL;

	for (size_t i = 0; source->has_address && i < w->rows->marks_n; i++) {
		const struct mark_row *mark = &w->rows->marks[i];

		if (says_class(mark->kind) && mark_holds(w, mark) && names_address(w, mark, &source->address, host) &&
			(!best || narrowness(w, mark) > narrowness(w, best)))
			best = mark;
	}
	return best;
}

const struct mark_row *mark_for_key(const struct work *w, struct span selector)
{
	const struct mark_row *best = NULL;

	for (size_t i = 0; i < w->rows->marks_n; i++) {
		const struct mark_row *mark = &w->rows->marks[i];

		if (mark->kind == MARK_HOME && mark_holds(w, mark) && span_is_nocase(mark->subject, selector) &&
			is_later(mark, best))
			best = mark;
	}
	return best;
}

const struct mark_row *mark_naming(
	const struct work *w, const struct observed_source *source, struct span bounce, struct span signer)
{
	struct span host = source->host_state == HOST_CONFIRMED ? source->host.name : SPAN_ABSENT;
	const struct mark_row *best = NULL;

	for (size_t i = 0; i < w->rows->marks_n; i++) {
		const struct mark_row *mark = &w->rows->marks[i];

		if (mark->kind != MARK_NAME || !mark->value.n || !mark_holds(w, mark))
			continue;
		if (((source->has_address && names_address(w, mark, &source->address, host)) ||
			    is_word(mark->subject, "d=", signer) || is_word(mark->subject, "bounce=", bounce)) &&
			is_later(mark, best))
			best = mark;
	}
	return best;
}
