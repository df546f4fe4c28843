/* Guesses about unstructured fields: a tag in front of the subject, words added at its end, encoded words. */
#include "parse/dkim/encoding.h"
#include "parse/dkim/search.h"

#define CUTS_MAX 40

static struct span part(struct span text, size_t from, size_t to)
{
	return (struct span){ text.p + from, to - from };
}

static void value_add(struct header_search *h, size_t slot, unsigned rank, enum dkim_edit edit, struct span value,
	struct span found, struct span before, uint64_t octets)
{
	edit_value(h, slot, rank, edit, field_with(h, slot_field(h, slot), value), found, before, octets);
}

/* The same words written as encoded words in every usual form. */
static void encoded_add(struct header_search *h, size_t slot, unsigned rank, enum dkim_edit edit, struct span plain,
	struct span found, uint64_t octets)
{
	for (unsigned form = 0; span_has_8bit(plain) && form < ENCODEDWORD_FORMS; form++)
		value_add(h, slot, rank, edit, encodedword_encode(h->search->arena, plain, form), found, SPAN_ABSENT,
			octets);
}

void edits_words(struct header_search *h, size_t slot)
{
	struct span value = fws_trim(slot_field(h, slot)->value);
	struct span plain = encodedword_decode(h->search->arena, value);

	if (plain.p) {
		value_add(h, slot, 0, DKIM_EDIT_HEADER_ENCODED, plain, SPAN_ABSENT, SPAN_ABSENT, 0);
		encoded_add(h, slot, 1, DKIM_EDIT_HEADER_REENCODED, plain, SPAN_ABSENT, 0);
	} else {
		encoded_add(h, slot, 1, DKIM_EDIT_HEADER_DECODED, value, SPAN_ABSENT, 0);
	}
}

/* A tag ends in a bracket, a colon or a star; the first words are suspicious too. */
static unsigned prefix_rank(struct span prefix, size_t words)
{
	char last = prefix.n ? prefix.p[prefix.n - 1] : ' ';

	return words <= 2 || memchr("]:)}*#|>-!", last, 10) ? 0 : 1;
}

struct cutting {
	struct header_search *h;
	size_t slot;
	struct span text;
	bool decoded; /* `text` is what encoded words said */
};

/* A longer subject was folded elsewhere: what is left on one line, then with one fold at each space. */
static void refolded_add(struct cutting *c, enum dkim_edit edit, struct span left, struct span found)
{
	struct piece pieces[CUTS_MAX];
	size_t n = 0;

	for (size_t at = 0; at < left.n && n < CUTS_MAX; at++) {
		size_t length = fws_length(left, at);

		if (length)
			pieces[n++] = (struct piece){ at, length, SPAN(" ") };
		at += length;
	}
	for (size_t i = 0; n && i <= n; i++)
		for (int tab = 0; tab < 2; tab++) {
			if (i < n)
				pieces[i].text = tab ? SPAN("\r\n\t") : SPAN("\r\n ");
			value_add(c->h, c->slot, 1, edit, text_splice(c->h->search->arena, left, pieces, n), found,
				SPAN_ABSENT, found.n);
			if (i < n)
				pieces[i].text = SPAN(" ");
		}
}

static void cut_add(struct cutting *c, unsigned rank, enum dkim_edit edit, struct span left, struct span found)
{
	uint64_t octets = found.n;

	if (left.n == 0)
		return;
	value_add(c->h, c->slot, rank, edit, left, found, SPAN_ABSENT, octets);
	if (c->decoded && rank == 0)
		encoded_add(c->h, c->slot, 1, edit, left, found, octets);
	if (c->h->search->signature->header_canon == CANON_SIMPLE && rank == 0)
		refolded_add(c, edit, left, found);
}

static void prefixes_cut(struct cutting *c)
{
	size_t words = 0;

	for (size_t at = 1; at < c->text.n && words < CUTS_MAX; at++) {
		size_t space = fws_length(c->text, at), start = at + space;
		struct span prefix = fws_trim(part(c->text, 0, at));
		bool bracket = at > 1 && c->text.p[at - 1] == ']';

		if ((!space && !bracket) || start >= c->text.n)
			continue;
		words++;
		cut_add(c, prefix_rank(prefix, words), DKIM_EDIT_SUBJECT_PREFIX, part(c->text, start, c->text.n),
			part(c->text, 0, start));
		at = space ? start - 1 : at;
	}
}

static void suffixes_cut(struct cutting *c)
{
	size_t words = 0;

	for (size_t at = c->text.n; at-- > 1 && words < CUTS_MAX;) {
		struct span left = fws_trim(part(c->text, 0, at)), suffix = part(c->text, left.n, c->text.n);
		struct span shown = fws_trim(suffix);

		if (!fws_length(c->text, at) || fws_length(c->text, at - 1) || left.n == 0)
			continue;
		words++;
		cut_add(c, shown.n && memchr("([{*-", shown.p[0], 5) ? 0 : 1, DKIM_EDIT_SUBJECT_SUFFIX, left, suffix);
	}
}

/* "Re: [list] words": the tag stands inside. */
static void brackets_cut(struct cutting *c)
{
	size_t groups = 0;

	for (size_t at = 1; at < c->text.n && groups < CUTS_MAX; at++) {
		const char *end = c->text.p[at] == '[' ? memchr(c->text.p + at, ']', c->text.n - at) : NULL;
		struct piece piece;

		if (!end)
			continue;
		groups++;
		piece = (struct piece){ at, (size_t)(end - c->text.p) + 1 - at, SPAN("") };
		piece.n += fws_length(c->text, at + piece.n);
		if (at + piece.n == c->text.n)
			continue;
		cut_add(c, 0, DKIM_EDIT_SUBJECT_PREFIX, text_splice(c->h->search->arena, c->text, &piece, 1),
			part(c->text, at, at + piece.n));
	}
}

void edits_subject(struct header_search *h, size_t slot)
{
	struct span value = fws_trim(slot_field(h, slot)->value);
	struct cutting c = { h, slot, value, false };

	for (int pass = 0; pass < 2; pass++) {
		prefixes_cut(&c);
		brackets_cut(&c);
		suffixes_cut(&c);
		c.text = encodedword_decode(h->search->arena, value);
		c.decoded = true;
		if (!c.text.p)
			return;
	}
}

/* z= (RFC 6376 3.5): fields as they were, "name:value" in dkim-quoted-printable, separated by "|". */
static struct span copied_raw(struct header_search *h, struct span entry, struct span *name)
{
	struct arena *arena = h->search->arena;
	const char *colon = entry.n ? memchr(entry.p, ':', entry.n) : NULL;
	struct span value;
	char *out;
	size_t n = 0;

	if (!colon)
		return SPAN_ABSENT;
	*name = fws_trim((struct span){ entry.p, (size_t)(colon - entry.p) });
	value = (struct span){ colon + 1, entry.n - (size_t)(colon - entry.p) - 1 };
	out = arena_take(arena, value.n + 1);
	for (size_t i = 0; out && i < value.n; i++) {
		int high = i + 2 < value.n ? hex_value(value.p[i + 1]) : -1;
		int low = i + 2 < value.n ? hex_value(value.p[i + 2]) : -1;

		if (fws_length(value, i) || value.p[i] == '\n')
			continue;
		if (value.p[i] == '=' && high >= 0 && low >= 0) {
			out[n++] = (char)(high << 4 | low);
			i += 2;
		} else {
			out[n++] = value.p[i];
		}
	}
	return out ? (struct span){ out, n } : SPAN_ABSENT;
}

/* The copy stands for the value without the white space that followed the colon, or with it: signers differ. */
static void copied_add(struct header_search *h, size_t slot, struct span value)
{
	const struct header_field *field = slot_field(h, slot);
	struct span now = fws_trim(field->value), was = fws_trim(value);
	enum dkim_edit edit = DKIM_EDIT_HEADER_REPLACED;
	struct span found = now, before = was;
	uint64_t octets = 0;

	if (span_is_nocase(field->name, SPAN("subject")) && was.n && now.n > was.n) {
		octets = now.n - was.n;
		if (span_ends_nocase(now, was)) {
			edit = DKIM_EDIT_SUBJECT_PREFIX;
			found = part(now, 0, now.n - was.n);
		} else if (span_starts_nocase(now, was)) {
			edit = DKIM_EDIT_SUBJECT_SUFFIX;
			found = part(now, was.n, now.n);
		}
		before = edit == DKIM_EDIT_HEADER_REPLACED ? was : SPAN_ABSENT;
	}
	edit_value(h, slot, 0, edit, field_with(h, field, was), found, before, octets);
	edit_value(h, slot, 0, edit, TEXT_JOIN(h->search->arena, field->name, SPAN(":"), value), found, before, octets);
}

void edits_copied(struct header_search *h)
{
	const struct signature *signature = h->search->signature;
	struct span rest = signature->z, entry, name = SPAN("");

	while (taglist_member(&rest, '|', &entry)) {
		struct span value = copied_raw(h, entry, &name);

		for (size_t slot = 0; value.p && slot < signature->names_n; slot++)
			if (signature->slots[slot] != HEADER_NO_FIELD && span_is_nocase(signature->names[slot], name))
				copied_add(h, slot, value);
	}
}
