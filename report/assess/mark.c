/* The words of people: their marks are final. */
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

static bool names_address(struct span subject, const struct address *address, struct span host)
{
	return address_within(address, subject) || (host.n && domain_within(host, subject));
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

static bool mark_is_about(const struct work *w, const struct mark_row *mark, const struct path *path)
{
	const struct named_source *source = &w->sources[path->source];

	if (span_is_nocase(mark->subject, source->id) || span_is_nocase(mark->subject, source->name))
		return true;
	if (is_word(mark->subject, "d=", path->signer) || is_word(mark->subject, "bounce=", path->bounce))
		return true;
	return source->method != METHOD_SCATTER && path->addresses &&
	       names_address(mark->subject, &path->address, path->host_confirmed ? path->host : SPAN_ABSENT);
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
static unsigned narrowness(struct span subject)
{
	const char *slash = memchr(subject.p, '/', subject.n);
	struct span network = { subject.p, slash ? (size_t)(slash - subject.p) : subject.n };
	unsigned long long bits = 128;
	struct address base;

	if (!address_parse(network, &base))
		return (unsigned)subject.n;
	if (slash && !span_number((struct span){ slash + 1, subject.n - network.n - 1 }, 128, &bits))
		bits = 0;
	return SUBJECT_MOST + (unsigned)bits;
}

const struct mark_row *mark_of_address(const struct work *w, const struct observed_source *source)
{
	struct span host = source->host_state == HOST_CONFIRMED ? source->host.name : SPAN_ABSENT;
	const struct mark_row *best = NULL;

	for (size_t i = 0; source->has_address && i < w->rows->marks_n; i++) {
		const struct mark_row *mark = &w->rows->marks[i];

		if (says_class(mark->kind) && mark_holds(w, mark) && names_address(mark->subject, &source->address, host) &&
			(!best || narrowness(mark->subject) > narrowness(best->subject)))
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
		if (((source->has_address && names_address(mark->subject, &source->address, host)) ||
			    is_word(mark->subject, "d=", signer) || is_word(mark->subject, "bounce=", bounce)) &&
			is_later(mark, best))
			best = mark;
	}
	return best;
}
