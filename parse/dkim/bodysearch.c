#include "parse/dkim/bodysearch.h"
#include "base/shortage.h"
#include "parse/dkim/words.h"

#include <stdlib.h>

#define BANNER_LINES_MAX 200
#define ENDS_MAX 40
#define FOOTER_LINES_MAX 20000              /* from the end */
#define LIKELY_OCTETS 20000                 /* longer bodies are searched where it is likely first */
#define FEW_OCTETS ((size_t)1 << 18)        /* of longer ones there are only so few guesses that the likely ones need more */
#define LIKELY_LINES 60
#define LIKELY_MAX 8
#define NEAR_SHARE 8                        /* of a body stand behind what is near its end, or less */
#define EDITED_OCTETS_MAX ((size_t)2 << 20) /* longer bodies are scanned, not edited */

static bool outcome_set(struct body_search *b, const struct body_text *text, struct span raw,
	const struct dkim_step *step, const char *cte)
{
	struct body_outcome *outcome = b->outcome;

	outcome->found = true;
	outcome->body = raw;
	memcpy(outcome->steps, text->steps, text->steps_n * sizeof *text->steps);
	outcome->steps_n = text->steps_n;
	outcome->cte = cte ? cte : text->cte;
	if (step)
		outcome->steps[outcome->steps_n++] = *step;
	return true;
}

void body_text_add(
	struct body_search *b, const struct body_text *parent, struct span raw, struct dkim_step step, const char *cte)
{
	struct body_text *text = &b->texts[b->texts_n];

	if (!raw.p || b->texts_n == TEXTS_MAX || parent->steps_n >= TEXT_STEPS_ADDED || span_is(raw, parent->raw))
		return;
	*text = *parent;
	text->raw = raw;
	text->steps[text->steps_n++] = step;
	text->cte = cte ? cte : parent->cte;
	b->texts_n++;
}

struct dkim_step body_step_removed(enum dkim_edit edit, struct span where, struct span octets)
{
	return (struct dkim_step){ .edit = edit,
		.where = where,
		.found = fws_trim((struct span){ octets.p, octets.n < 80 ? octets.n : 80 }),
		.octets = octets.n };
}

enum mime_cte body_text_cte(const struct body_text *text, const struct mime_part *part)
{
	return part->whole && text->cte ? mimeparts_cte(span_of(text->cte)) : part->cte;
}

/* ---- one guess, whole or from where it differs ---- */

static void guess_take(void *arg, const char *octets, size_t n)
{
	struct body_guess *guess = arg;
	size_t part = n < guess->left ? n : (size_t)guess->left;

	hash_add(guess->hash, octets, part);
	guess->left -= part;
	guess->octets += n;
}

static bool digest_fits(const struct search *search, const uint8_t *digest)
{
	return memcmp(digest, search->signature->bh.p, search->signature->bh.n) == 0;
}

static uint64_t wanted_length(const struct search *search)
{
	return search->signature->has_length ? search->signature->length : BODYHASH_WHOLE;
}

void body_guess_begin(struct body_search *b, struct body_guess *guess)
{
	struct search *search = b->search;

	guess->hash = search->running;
	guess->left = wanted_length(search);
	guess->octets = 0;
	hash_begin(guess->hash, search->signature->hash);
	canon_body_begin(&guess->canon, search->signature->body_canon, guess_take, guess);
}

bool body_guess_add(struct body_search *b, struct body_guess *guess, struct span raw)
{
	if (!search_spend(b->search, raw.n))
		return false;
	canon_body_add(&guess->canon, raw.p, raw.n);
	return true;
}

static bool guess_ends(struct search *search, struct body_guess *guess)
{
	uint8_t digest[HASH_OCTETS_MAX];

	canon_body_end(&guess->canon);
	hash_end(guess->hash, digest);
	return digest_fits(search, digest) &&
	       (!search->signature->has_length || guess->octets >= search->signature->length);
}

bool body_guess_fits(struct body_search *b, const struct body_guess *guess, const struct span *rest, size_t n)
{
	struct search *search = b->search;
	struct body_guess copy = *guess;
	uint64_t octets = copy.canon.out.n;

	for (size_t i = 0; i < n; i++)
		octets += rest[i].n;
	if (b->outcome->found || !search_spend(search, octets))
		return false;
	copy.hash = search->spare;
	copy.canon.out.arg = &copy;
	hash_begin(copy.hash, search->signature->hash);
	hash_copy(copy.hash, guess->hash);
	for (size_t i = 0; i < n; i++)
		canon_body_add(&copy.canon, rest[i].p, rest[i].n);
	return guess_ends(search, &copy);
}

bool body_found(
	struct body_search *b, const struct body_text *parent, struct span raw, struct dkim_step step, const char *cte)
{
	if (raw.p)
		return outcome_set(b, parent, raw, &step, cte);
	b->memory_short = true;
	return true;
}

bool body_try(
	struct body_search *b, const struct body_text *parent, struct span raw, struct dkim_step step, const char *cte)
{
	struct body_guess guess;

	if (b->outcome->found || !raw.p)
		return b->outcome->found;
	body_guess_begin(b, &guess);
	if (!body_guess_add(b, &guess, raw) || !guess_ends(b->search, &guess))
		return false;
	return body_found(b, parent, arena_copy(b->search->arena, raw), step, cte);
}

/* ---- runs of lines taken out ---- */

struct scan {
	struct body_search *b;
	const struct body_text *text;
	size_t *raw_at, *canon_at; /* by line, and one past the last */
	bool *mark;                /* a boundary line */
	size_t lines;
	char *canon;                       /* all lines in canonical form, none left out */
	size_t full;                       /* lines up to the last that is not empty */
	size_t ends[ENDS_MAX], ends_n;     /* lines before which something may have been put */
	size_t starts[ENDS_MAX], starts_n; /* lines at which a banner may begin */
};

static bool line_is_empty(const struct scan *s, size_t line)
{
	return s->canon_at[line + 1] - s->canon_at[line] == 2;
}

/* RFC 6376 3.4.4 for one line without its CRLF. */
static size_t line_relax(char *out, const char *p, const char *end)
{
	char *start = out;
	bool space = false;

	for (; p < end; p++) {
		if (*p == ' ' || *p == '\t') {
			space = true;
			continue;
		}
		if (space)
			*out++ = ' ';
		space = false;
		*out++ = *p;
	}
	return (size_t)(out - start);
}

static bool lines_cut(struct scan *s)
{
	struct arena *arena = s->b->search->arena;
	struct span raw = s->text->raw;
	bool relaxed = s->b->search->signature->body_canon == CANON_RELAXED;
	size_t room = 2, n = 0;

	for (size_t i = 0; i < raw.n; i++)
		room += raw.p[i] == '\n';
	s->raw_at = arena_take(arena, (room + 1) * sizeof *s->raw_at);
	s->canon_at = arena_take(arena, (room + 1) * sizeof *s->canon_at);
	s->mark = arena_take(arena, room);
	s->canon = arena_take(arena, raw.n + 2);
	if (!s->raw_at || !s->canon_at || !s->mark || !s->canon)
		return false;
	for (size_t at = 0; at < raw.n; s->lines++) {
		const char *lf = memchr(raw.p + at, '\n', raw.n - at), *end = lf ? lf : raw.p + raw.n;
		const char *text = raw.p + at;

		s->raw_at[s->lines] = at;
		s->canon_at[s->lines] = n;
		at = lf ? (size_t)(lf - raw.p) + 1 : raw.n;
		if (lf && end > text && end[-1] == '\r')
			end--;
		if (relaxed) {
			n += line_relax(s->canon + n, text, end);
		} else {
			memcpy(s->canon + n, text, (size_t)(end - text));
			n += (size_t)(end - text);
		}
		memcpy(s->canon + n, "\r\n", 2);
		n += 2;
		s->canon_at[s->lines + 1] = n;
		if (!line_is_empty(s, s->lines))
			s->full = s->lines + 1;
	}
	s->raw_at[s->lines] = raw.n;
	return true;
}

static size_t line_of(const struct scan *s, size_t offset)
{
	size_t low = 0, high = s->lines;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->raw_at[middle] < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void end_add(struct scan *s, size_t line)
{
	for (size_t i = 0; i < s->ends_n; i++)
		if (s->ends[i] == line)
			return;
	if (s->ends_n < ENDS_MAX)
		s->ends[s->ends_n++] = line;
}

static void start_add(struct scan *s, size_t line)
{
	if (s->starts_n < ENDS_MAX && (s->starts_n == 0 || s->starts[s->starts_n - 1] != line))
		s->starts[s->starts_n++] = line;
}

/* Footers go to the end, before a boundary, a signature separator, the end of the markup; banners to the start of the
 * body, of a part, behind the <body> tag. */
static void places_find(struct scan *s)
{
	struct span raw = s->text->raw;
	struct mime_parts parts;

	mimeparts_find(&s->b->search->dkim->header, raw, &parts);
	end_add(s, s->lines);
	start_add(s, 0);
	for (size_t i = 0; i < parts.marks_n; i++) {
		s->mark[line_of(s, parts.marks[i])] = true;
		end_add(s, line_of(s, parts.marks[i]));
	}
	for (size_t i = 0; i < parts.n; i++)
		start_add(s, line_of(s, parts.part[i].content));
	for (size_t line = 0; line < s->lines; line++) {
		struct span text =
			fws_trim((struct span){ raw.p + s->raw_at[line], s->raw_at[line + 1] - s->raw_at[line] });

		if (span_is(text, SPAN("--")) || span_starts_nocase(text, SPAN("</body")) ||
			span_starts_nocase(text, SPAN("</html")))
			end_add(s, line);
		if (span_find_nocase(text, SPAN("<body")) >= 0)
			start_add(s, line + 1);
	}
}

/* The blank line before a boundary stayed where it was: what was added stands before it. */
static void places_find_closer(struct scan *s)
{
	for (size_t line = 1; line < s->lines; line++)
		if (s->mark[line] && line_is_empty(s, line - 1))
			end_add(s, line - 1);
}

/* The smallest part that has those octets, or the body. */
static struct span part_around(const struct scan *s, size_t from, size_t to)
{
	size_t size = s->text->raw.n, number = 1;
	struct mime_parts parts;

	mimeparts_find(&s->b->search->dkim->header, s->text->raw, &parts);
	for (size_t i = 0; i < parts.n; i++) {
		const struct mime_part *part = &parts.part[i];

		if (part->content > from || part->end < to || part->end - part->content >= size)
			continue;
		size = part->end - part->content;
		number = i + 1;
	}
	return words_printf(s->b->search->arena, "body part %zu", number);
}

/* The step that taking out lines from .. to undoes. A footer or banner of "body" stands at its very end or beginning. */
static struct dkim_step removal_step(const struct scan *s, size_t from, size_t to)
{
	struct span raw = s->text->raw, shown = SPAN("");
	struct dkim_step step = {
		.edit = DKIM_EDIT_TEXT_INSERTED, .where = SPAN("body"), .octets = s->raw_at[to] - s->raw_at[from]
	};

	for (size_t line = from; line < to && shown.n == 0; line++)
		shown = fws_trim((struct span){ raw.p + s->raw_at[line], s->raw_at[line + 1] - s->raw_at[line] });
	step.found = shown.n ? shown : SPAN_ABSENT;
	if (s->mark[from] && to < s->lines && s->mark[to])
		step.edit = DKIM_EDIT_PART_ADDED;
	else if (to == s->lines)
		step.edit = DKIM_EDIT_FOOTER;
	else if (from == 0 && shown.n == 0)
		step.edit = DKIM_EDIT_LEADING_ADDED;
	else if (from == 0)
		step.edit = DKIM_EDIT_BANNER;
	if (step.edit != DKIM_EDIT_TEXT_INSERTED)
		return step;
	for (size_t i = 0; step.edit == DKIM_EDIT_TEXT_INSERTED && i < s->starts_n; i++)
		if (s->starts[i] == from)
			step.edit = DKIM_EDIT_BANNER;
	for (size_t i = 0; step.edit == DKIM_EDIT_TEXT_INSERTED && i < s->ends_n; i++)
		if (s->ends[i] == to)
			step.edit = DKIM_EDIT_FOOTER;
	if (step.edit != DKIM_EDIT_TEXT_INSERTED)
		step.where = part_around(s, s->raw_at[from], s->raw_at[to]);
	return step;
}

static bool removal_found(struct scan *s, size_t from, size_t to)
{
	struct span raw = s->text->raw, left;
	struct dkim_step step = removal_step(s, from, to);
	struct piece piece = { s->raw_at[from], s->raw_at[to] - s->raw_at[from], SPAN("") };

	left = text_splice(s->b->search->arena, raw, &piece, 1);
	if (!left.p) {
		s->b->memory_short = true;
		return true;
	}
	return outcome_set(s->b, s->text, left, from == to ? NULL : &step, NULL);
}

/* How far the running hash has come: canonical octets before `fed`; empty lines behind them wait. */
struct prefix {
	size_t fed, line;
};

static void prefix_advance(struct scan *s, struct prefix *prefix, size_t line)
{
	for (; prefix->line < line; prefix->line++) {
		if (line_is_empty(s, prefix->line))
			continue;
		hash_add(s->b->search->running, s->canon + prefix->fed, s->canon_at[prefix->line + 1] - prefix->fed);
		prefix->fed = s->canon_at[prefix->line + 1];
	}
}

/* Without lines from .. to, where `prefix` has come to `from`. True: found, or nothing more can be tried. */
static bool removal_try(struct scan *s, const struct prefix *prefix, size_t from, size_t to)
{
	struct search *search = s->b->search;
	const struct signature *signature = search->signature;
	uint8_t digest[HASH_OCTETS_MAX];
	size_t gap = s->full > to ? s->canon_at[from] - prefix->fed : 0;
	size_t tail = s->full > to ? s->canon_at[s->full] - s->canon_at[to] : 0;
	uint64_t octets = prefix->fed + gap + tail;

	/* A body that ends with l= is not cut any further; what l= leaves open cannot make a difference. */
	if (signature->has_length && (octets < signature->length || prefix->fed + gap > signature->length))
		return false;
	if (signature->has_length)
		tail = (size_t)(signature->length - prefix->fed - gap);
	if (!search_spend(search, gap + tail))
		return true;
	hash_copy(search->spare, search->running);
	hash_add(search->spare, s->canon + prefix->fed, gap);
	hash_add(search->spare, s->canon + s->canon_at[to], tail);
	if (octets == 0 && signature->body_canon == CANON_SIMPLE)
		hash_add(search->spare, "\r\n",
			signature->has_length && signature->length < 2 ? (size_t)signature->length : 2);
	hash_end(search->spare, digest);
	return digest_fits(search, digest) && removal_found(s, from, to);
}

/* For every line: everything from there to each place where something may have been put, from that number on. */
static bool footers_try(struct scan *s, size_t first)
{
	struct prefix prefix = { 0, 0 };

	hash_begin(s->b->search->running, s->b->search->signature->hash);
	hash_begin(s->b->search->spare, s->b->search->signature->hash);
	if (!search_spend(s->b->search, s->canon_at[s->lines]))
		return true;
	for (size_t from = 0; from <= s->lines; from++) {
		prefix_advance(s, &prefix, from);
		for (size_t i = first; s->lines - from <= FOOTER_LINES_MAX && i < s->ends_n; i++)
			if (s->ends[i] >= from && (s->ends[i] > from || i == 0) &&
				removal_try(s, &prefix, from, s->ends[i]))
				return true;
	}
	return false;
}

bool footer_is_likely(struct span text, size_t at)
{
	static const struct span lines[] = { SPAN("--"), SPAN("__"), SPAN("=="), SPAN("**"), SPAN("~~") };
	struct span left = span_trim((struct span){ text.p, at }), right = span_trim((struct span){ text.p + at, text.n - at });
	size_t ends = 0;

	for (const char *p = left.p + left.n; right.n && p < right.p; p++)
		ends += *p == '\n';
	if (right.n == 0 || ends > 1 || span_ends_nocase(left, SPAN("</html>")))
		return true;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		if (span_starts_nocase(right, lines[i]))
			return true;
	return false;
}

/* The lines before an end from which on all may have been put there, the nearest first: likely ones, and a whole part. */
static size_t likely_find(const struct scan *s, size_t end, size_t from[LIKELY_MAX])
{
	struct span text = { s->text->raw.p, s->raw_at[end] };
	size_t n = 0;

	for (size_t line = end; line-- > 0 && end - line <= LIKELY_LINES && n < LIKELY_MAX;) {
		if (s->mark[line] ? end < s->lines && s->mark[end] : footer_is_likely(text, s->raw_at[line]))
			from[n++] = line;
		if (s->mark[line])
			break;
	}
	return n;
}

/* Lines that are likely to have been put in. */
struct run {
	size_t from, to;
	size_t rank; /* a whole part; of what stands before an end the nearest to it */
};

static int near_order(const void *a, const void *b)
{
	const struct run *x = a, *y = b;

	return x->from != y->from ? (x->from > y->from) - (x->from < y->from) : (x->to < y->to) - (x->to > y->to);
}

static int far_order(const void *a, const void *b)
{
	const struct run *x = a, *y = b;

	return x->rank != y->rank ? (x->rank > y->rank) - (x->rank < y->rank) : (x->to < y->to) - (x->to > y->to);
}

/* Those with little behind them, by their beginnings; or the others, by how likely they are. */
static size_t likely_runs(const struct scan *s, bool near, struct run runs[ENDS_MAX * LIKELY_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < s->ends_n; i++) {
		size_t end = s->ends[i], from[LIKELY_MAX], n = likely_find(s, end, from);

		if (near != (s->canon_at[s->lines] - s->canon_at[end] <= s->canon_at[s->lines] / NEAR_SHARE))
			continue;
		for (size_t k = 0; k < n; k++)
			runs[count++] = (struct run){ from[k], end, s->mark[from[k]] ? 0 : k + 1 };
	}
	qsort(runs, count, sizeof *runs, near ? near_order : far_order);
	return count;
}

/* What stands before them is hashed once as long as they come in order. */
static bool runs_try_likely(struct scan *s, const struct run *runs, size_t n)
{
	struct prefix prefix = { 0, SIZE_MAX };

	for (size_t i = 0; i < n; i++) {
		size_t fed;

		if (runs[i].from < prefix.line) {
			prefix = (struct prefix){ 0, 0 };
			hash_begin(s->b->search->running, s->b->search->signature->hash);
		}
		fed = prefix.fed;
		prefix_advance(s, &prefix, runs[i].from);
		if (!search_spend(s->b->search, prefix.fed - fed) || removal_try(s, &prefix, runs[i].from, runs[i].to))
			return true;
	}
	return false;
}

/* Before all others, where each guess costs as much as a large attachment behind it. */
static void footers_try_likely(struct scan *s)
{
	struct run runs[ENDS_MAX * LIKELY_MAX];

	if (!runs_try_likely(s, runs, likely_runs(s, true, runs)))
		runs_try_likely(s, runs, likely_runs(s, false, runs));
}

static bool banners_try(struct scan *s)
{
	for (size_t i = 0; i < s->starts_n; i++) {
		struct prefix prefix = { 0, 0 };
		size_t from = s->starts[i];

		hash_begin(s->b->search->running, s->b->search->signature->hash);
		prefix_advance(s, &prefix, from);
		if (!search_spend(s->b->search, prefix.fed))
			return true;
		for (size_t to = from + 1; to < s->lines && to <= from + BANNER_LINES_MAX; to++)
			if (removal_try(s, &prefix, from, to))
				return true;
	}
	return false;
}

/* Any run of lines at all, where that costs little. */
static bool runs_try(struct scan *s)
{
	struct search *search = s->b->search;
	struct prefix prefix = { 0, 0 };
	uint64_t guesses = (uint64_t)s->lines * s->lines / 2, octets = s->canon_at[s->lines];

	if (guesses > (search->candidates_end - search->candidates) / 4 || octets > UINT32_MAX ||
		guesses * octets / 2 > (search->hashed_end - search->hashed) / 2)
		return false;
	hash_begin(search->running, search->signature->hash);
	for (size_t from = 0; from < s->lines; from++) {
		prefix_advance(s, &prefix, from);
		for (size_t to = from + 1; to < s->lines; to++)
			if (removal_try(s, &prefix, from, to))
				return true;
	}
	return false;
}

static void text_scan_likely(struct body_search *b, const struct body_text *text)
{
	struct arena_mark mark = arena_mark(b->search->arena);
	struct scan s = { .b = b, .text = text };

	if (lines_cut(&s)) {
		places_find(&s);
		places_find_closer(&s);
		hash_begin(b->search->spare, b->search->signature->hash);
		footers_try_likely(&s);
	}
	if (!b->outcome->found)
		arena_rewind(b->search->arena, mark);
}

static void text_scan(struct body_search *b, const struct body_text *text)
{
	struct scan s = { .b = b, .text = text };
	size_t ends_n;

	if (!lines_cut(&s))
		return;
	places_find(&s);
	ends_n = s.ends_n;
	if (footers_try(&s, 0) || banners_try(&s))
		return;
	places_find_closer(&s);
	if ((s.ends_n == ends_n || !footers_try(&s, ends_n)) && text->steps_n == 0)
		runs_try(&s);
}

static bool done(const struct body_search *b)
{
	return b->outcome->found || b->memory_short || b->search->exhausted;
}

/* Where much stands behind the lines in question one way of searching would be all that can be done: none takes more than its
 * share of what is left. */
static void search_within(struct body_search *b, const struct body_text *text,
	void (*way)(struct body_search *b, const struct body_text *text), unsigned share)
{
	struct search *search = b->search;
	uint64_t end = search->hashed_end, left = end - search->hashed;

	if (done(b))
		return;
	search->hashed_end = search->hashed + left / share;
	way(b, text);
	search->hashed_end = end;
	if (share == 1 || !search->exhausted || search->candidates >= search->candidates_end)
		return;
	b->cut_short = true;
	search->exhausted = search->arena->failed;
}

/* Cheap first: lines taken out, then other encodings. Where that is not cheap, the likely ones of both before all others, and
 * where few guesses are all that can be made, those inside parts before lines. */
static void text_search(struct body_search *b, const struct body_text *text)
{
	bool huge = text->raw.n > (b->search->hashed_end - b->search->hashed) / 8;
	bool few = text->raw.n > FEW_OCTETS;
	bool likely = text->raw.n > LIKELY_OCTETS && !huge;
	bool edited = text->raw.n <= EDITED_OCTETS_MAX;

	if (likely && few)
		search_within(b, text, edits_likely, 3);
	if (likely)
		search_within(b, text, text_scan_likely, few ? 3 : 4);
	if (likely && !few)
		search_within(b, text, edits_likely, 3);
	if (likely && edited) {
		search_within(b, text, edits_relayed, 2);
		search_within(b, text, edits_inside, 2);
		search_within(b, text, edits_recoded, 2);
	}
	search_within(b, text, text_scan, huge ? 1 : 2);
	if (!edited)
		return;
	if (!likely) {
		search_within(b, text, edits_recoded, 1);
		search_within(b, text, edits_inside, 1);
		search_within(b, text, edits_likely, 1);
		search_within(b, text, edits_relayed, 1);
	}
	search_within(b, text, edits_body, 1);
}

/* Cheap first: the body as it is with lines taken out, then edited once, then those with lines taken out, then edited
 * twice. */
bool body_search_run(struct search *search, struct body_outcome *outcome)
{
	struct body_search *b = shortage_noted(calloc(1, sizeof *b));
	bool good;

	if (!b)
		return false;
	b->search = search;
	b->outcome = outcome;
	b->texts[b->texts_n++].raw = search->body;
	for (size_t i = 0; i < b->texts_n && !done(b); i++) {
		const struct body_text *text = &b->texts[i];
		size_t first = b->texts_n;

		text_search(b, text);
		for (size_t k = first; k < b->texts_n && !done(b); k++) {
			struct body_text *child = &b->texts[k];
			struct dkim_step last = child->steps[--child->steps_n];

			body_try(b, child, child->raw, last, child->cte);
			child->steps[child->steps_n++] = last;
		}
	}
	search->exhausted = search->exhausted || search->arena->failed || (b->cut_short && !outcome->found);
	good = !b->memory_short;
	free(b);
	return good;
}
