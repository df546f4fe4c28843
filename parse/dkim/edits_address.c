/* Guesses about address fields: quotes, spacing, encoded names, a From rewritten by a list, addresses blackened in a
 * sample. */
#include "parse/dkim/encoding.h"
#include "parse/dkim/search.h"

#define BOXES_MAX 24

struct boxes {
	struct header_search *h;
	size_t slot;
	const struct header_field *field;
	struct mailbox box[BOXES_MAX];
	size_t n;
};

static size_t offset_of(const struct boxes *b, struct span text)
{
	return (size_t)(text.p - b->field->raw.p);
}

static bool is_quoted(struct span text)
{
	return text.n >= 2 && text.p[0] == '"' && text.p[text.n - 1] == '"';
}

static struct span unquoted(struct arena *arena, struct span text)
{
	char *out;
	size_t n = 0;

	if (!is_quoted(text))
		return text;
	out = arena_take(arena, text.n);
	for (size_t i = 1; out && i + 1 < text.n; i++) {
		if (text.p[i] == '\\' && i + 2 < text.n)
			i++;
		out[n++] = text.p[i];
	}
	return out ? (struct span){ out, n } : SPAN_ABSENT;
}

static struct span quoted(struct arena *arena, struct span text)
{
	return TEXT_JOIN(arena, SPAN("\""), text, SPAN("\""));
}

/* A display name in another dress; absent where the dress does not fit. Styles: 0 quotes toggled, 1 encoded words
 * decoded and bare, 2 the same quoted, 3.. encoded in one of the forms. */
#define DRESSES (3 + ENCODEDWORD_FORMS)
static struct span display_dress(struct arena *arena, struct span display, unsigned style)
{
	struct span bare = unquoted(arena, display), plain = encodedword_decode(arena, bare);

	if (display.n == 0 || !bare.p)
		return SPAN_ABSENT;
	if (style == 0)
		return is_quoted(display) ? bare : quoted(arena, display);
	if (style < 3 && !plain.p)
		return SPAN_ABSENT;
	if (style < 3)
		return style == 1 ? plain : quoted(arena, plain);
	plain = plain.p ? plain : bare;
	return span_has_8bit(plain) ? encodedword_encode(arena, plain, style - 3) : SPAN_ABSENT;
}

static enum dkim_edit dress_edit(struct span display, unsigned style)
{
	if (style == 0)
		return DKIM_EDIT_QUOTES_CHANGED;
	if (style < 3)
		return DKIM_EDIT_HEADER_ENCODED;
	return span_has_8bit(display) ? DKIM_EDIT_HEADER_DECODED : DKIM_EDIT_HEADER_REENCODED;
}

/* All display names in the same dress, then each alone. */
static void dresses_add(struct boxes *b)
{
	struct arena *arena = b->h->search->arena;

	for (unsigned style = 0; style < DRESSES; style++) {
		struct piece pieces[BOXES_MAX];
		struct span shown = SPAN("");
		size_t n = 0;

		for (size_t i = 0; i < b->n; i++) {
			struct span display = b->box[i].display, text = display_dress(arena, display, style);

			if (!text.p)
				continue;
			shown = display;
			pieces[n++] = (struct piece){ offset_of(b, display), display.n, text };
		}
		if (n)
			edit_value(b->h, b->slot, style ? 1 : 0, dress_edit(shown, style),
				text_splice(arena, b->field->raw, pieces, n), n == 1 ? shown : SPAN_ABSENT, SPAN_ABSENT,
				0);
		for (size_t i = 0; n > 1 && i < n; i++)
			edit_value(b->h, b->slot, 2, dress_edit(shown, style),
				text_splice(arena, b->field->raw, &pieces[i], 1), SPAN_ABSENT, SPAN_ABSENT, 0);
	}
}

/* The list written with another separator; the brackets of a lone address. */
static void spacing_add(struct boxes *b)
{
	static const char *const separators[] = { ", ", ",", ",\r\n ", ",\r\n\t", ",\r\n    ", ",\r\n        ", " , ",
		",  " };
	struct arena *arena = b->h->search->arena;

	for (size_t s = 0; b->n > 1 && s < sizeof separators / sizeof separators[0]; s++) {
		struct span parts[2 * BOXES_MAX];
		size_t n = 0;

		for (size_t i = 0; i < b->n; i++) {
			if (i)
				parts[n++] = span_of(separators[s]);
			parts[n++] = b->box[i].whole;
		}
		edit_value(b->h, b->slot, 1, DKIM_EDIT_ADDRESS_SPACING,
			field_with(b->h, b->field, text_join(arena, parts, n)), SPAN_ABSENT, SPAN_ABSENT, 0);
	}
	for (size_t i = 0; i < b->n; i++) {
		struct span whole = b->box[i].whole, other;
		struct piece piece = { offset_of(b, whole), whole.n, SPAN("") };

		if (!b->box[i].local.p || b->box[i].display.n)
			continue;
		other = whole.p[0] == '<' ? span_trim((struct span){ whole.p + 1, whole.n - 2 }) :
					    TEXT_JOIN(arena, SPAN("<"), whole, SPAN(">"));
		piece.text = other;
		edit_value(b->h, b->slot, 1, DKIM_EDIT_ADDRESS_SPACING, text_splice(arena, b->field->raw, &piece, 1),
			SPAN_ABSENT, SPAN_ABSENT, 0);
	}
}

/* A display name without what a list adds: "Name via List", "'Name' via List", "Name (via List)", "Name - List". */
static struct span via_cut(struct arena *arena, struct span display)
{
	static const char *const marks[] = { " via ", " (via ", " - " };
	struct span bare = unquoted(arena, display);

	for (size_t i = 0; bare.p && i < sizeof marks / sizeof marks[0]; i++) {
		long at = span_find_nocase(bare, span_of(marks[i]));

		if (at <= 0)
			continue;
		bare.n = (size_t)at;
		if (bare.n > 2 && bare.p[0] == '\'' && bare.p[bare.n - 1] == '\'')
			bare = (struct span){ bare.p + 1, bare.n - 2 };
		return bare;
	}
	return SPAN_ABSENT;
}

struct rewriting {
	struct boxes *boxes;
	struct field_change changes[2];
	size_t changes_n;
};

/* The From that `value` would make, with the field it was kept in removed when nobody signed that field. */
static void from_add(struct rewriting *r, struct span value, struct span before)
{
	struct boxes *b = r->boxes;
	size_t count = b->h->edits_n;
	struct header_edit *edit;
	struct span raw = field_with(b->h, b->field, value);

	edit_value(b->h, b->slot, 0, DKIM_EDIT_FROM_REWRITTEN, raw, fws_trim(b->field->value), before, 0);
	if (b->h->edits_n == count || r->changes_n < 2)
		return;
	edit = &b->h->edits[count];
	r->changes[0] = edit->changes[0];
	edit->changes = arena_take(b->h->search->arena, sizeof r->changes);
	edit->changes_n = edit->changes ? 2 : 0;
	if (edit->changes)
		memcpy(edit->changes, r->changes, sizeof r->changes);
}

/* An address with every display name that may have stood before it, in every usual form. */
static void address_add(struct rewriting *r, struct span address, struct span display)
{
	struct boxes *b = r->boxes;
	struct arena *arena = b->h->search->arena;
	struct span angle = TEXT_JOIN(arena, SPAN("<"), address, SPAN(">"));
	struct span names[3] = { display, b->n ? via_cut(arena, b->box[0].display) : SPAN_ABSENT,
		b->n ? b->box[0].display : SPAN_ABSENT };

	for (size_t i = 0; i < 3; i++) {
		struct span bare = unquoted(arena, names[i]);

		if (!names[i].p || names[i].n == 0 || !bare.p)
			continue;
		from_add(r, TEXT_JOIN(arena, SPAN("\""), bare, SPAN("\" "), angle), address);
		from_add(r, TEXT_JOIN(arena, bare, SPAN(" "), angle), address);
	}
	from_add(r, address, address);
	from_add(r, angle, address);
}

static bool is_signed(const struct header_search *h, struct span name)
{
	for (size_t i = 0; i < h->search->signature->names_n; i++)
		if (span_is_nocase(h->search->signature->names[i], name))
			return true;
	return false;
}

/* "user=domain@list", "user=40domain@list" and "user@domain.invalid": the address hidden in the rewritten one. */
static void hidden_add(struct rewriting *r)
{
	static const struct span ends[] = { SPAN(".dmarc.invalid"), SPAN(".invalid") };
	struct boxes *b = r->boxes;
	struct arena *arena = b->h->search->arena;
	struct span local = b->n ? b->box[0].local : SPAN_ABSENT, domain = b->n ? b->box[0].domain : SPAN_ABSENT;
	const char *equal = local.n ? memrchr(local.p, '=', local.n) : NULL;

	if (equal) {
		struct span user = { local.p, (size_t)(equal - local.p) }, host = { equal + 1, local.n - user.n - 1 };

		if (span_starts_nocase(host, SPAN("40")))
			address_add(r, TEXT_JOIN(arena, user, SPAN("@"), (struct span){ host.p + 2, host.n - 2 }), SPAN_ABSENT);
		address_add(r, TEXT_JOIN(arena, user, SPAN("@"), host), SPAN_ABSENT);
	}
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		if (span_ends_nocase(domain, ends[i]))
			address_add(r, TEXT_JOIN(arena, local, SPAN("@"), (struct span){ domain.p, domain.n - ends[i].n }), SPAN_ABSENT);
}

static void from_rewriting(struct boxes *b)
{
	static const char *const kept[] = { "reply-to", "x-original-from", "x-from", "original-from", "author",
		"sender", "x-original-sender", "x-sender", "x-mailfrom", "x-envelope-from", "return-path", "resent-from", "cc",
		"mail-followup-to" };
	const struct header *header = &b->h->search->dkim->header;
	const struct dkim_hints *hints = b->h->search->hints;
	struct rewriting r = { .boxes = b, .changes_n = 1 };
	struct arena *arena = b->h->search->arena;

	for (size_t k = 0; k < sizeof kept / sizeof kept[0]; k++) {
		size_t first, n = header_group(header, span_of(kept[k]), &first);

		for (size_t i = 0; i < n && i < 3; i++) {
			size_t index = header->sorted[first + i];
			struct mailbox boxes[4];
			size_t count = mailbox_list(header->fields[index].value, boxes, 4);

			/* Lists put Reply-To, X-Original-From and Author there themselves. */
			r.changes[1] = (struct field_change){ FIELD_DELETE, index, SPAN_ABSENT };
			r.changes_n = k < 5 && !is_signed(b->h, span_of(kept[k])) ? 2 : 1;
			from_add(&r, fws_trim(header->fields[index].value), fws_trim(header->fields[index].value));
			for (size_t m = 0; m < count; m++)
				if (boxes[m].local.p)
					address_add(&r, TEXT_JOIN(arena, boxes[m].local, SPAN("@"), boxes[m].domain),
						boxes[m].display);
		}
	}
	r.changes_n = 1;
	hidden_add(&r);
	for (size_t i = 0; hints && i < hints->addresses_n && i < 8; i++)
		address_add(&r, hints->addresses[i], SPAN_ABSENT);
}

/* ---- addresses blackened by whoever reported (RFC 6590 and cruder ways) ---- */

#define CANDIDATES_MAX 24
#define BLACK_MAX 3
#define PRODUCT_MAX 4000

struct candidates {
	struct span local[CANDIDATES_MAX];
	size_t n;
};

static void candidate_add(struct candidates *c, struct span local)
{
	for (size_t i = 0; i < c->n; i++)
		if (span_is(c->local[i], local))
			return;
	if (local.n && c->n < CANDIDATES_MAX)
		c->local[c->n++] = local;
}

/* Does a local part look like nobody's: one repeated character, a placeholder, a hash? */
static bool is_black(struct span local)
{
	static const char *const words[] = { "redacted", "[redacted]", "hidden", "removed", "masked", "anonymous",
		"anonymized", "anonymised", "private", "user", "recipient", "undisclosed", "unknown", "xxx", "somebody",
		"someone" };
	size_t same = 1, hash = 0;

	for (size_t i = 0; i < local.n; i++) {
		char c = local.p[i];

		same += i && c == local.p[0];
		hash += (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
		if (c == '*' || (unsigned char)c >= 0x80)
			return true;
	}
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (span_is_nocase(local, span_of(words[i])))
			return true;
	return (local.n > 1 && same == local.n) || local.n >= 24 || (local.n >= 12 && hash == local.n);
}

/* Addresses that the message itself still shows: envelope traces first, then whatever names the same domain. */
static void known_add(const struct boxes *b, struct span domain, struct candidates *c)
{
	const struct header *header = &b->h->search->dkim->header;
	const struct dkim_hints *hints = b->h->search->hints;

	for (size_t i = 0; hints && i < hints->addresses_n; i++) {
		struct mailbox box;

		if (mailbox_list(hints->addresses[i], &box, 1) && box.local.p && span_is_nocase(box.domain, domain))
			candidate_add(c, box.local);
	}
	for (size_t f = 0; f < header->n; f++) {
		struct span value = header->fields[f].value;

		for (size_t at = 0; at < value.n; at++) {
			struct span rest = { value.p + at + 1, value.n - at - 1 };
			size_t start = at;

			if (value.p[at] != '@' || !span_starts_nocase(rest, domain))
				continue;
			while (start && !memchr(" \t\r\n<>\",;:()[]", value.p[start - 1], 15))
				start--;
			if (!is_black((struct span){ value.p + start, at - start }))
				candidate_add(c, (struct span){ value.p + start, at - start });
		}
	}
}

/* "Anna B. Example": anna, example, anna.example, annaexample, aexample, a.example, annae, ... in lower case. */
static void names_add(const struct boxes *b, struct span display, struct candidates *c)
{
	struct arena *arena = b->h->search->arena;
	struct span bare = unquoted(arena, display), first = SPAN(""), last = SPAN("");
	char *lower = bare.n ? arena_take(arena, bare.n) : NULL;
	static const char *const between[] = { ".", "", "_", "-" };

	if (!lower)
		return;
	for (size_t i = 0; i < bare.n; i++)
		lower[i] = bare.p[i] >= 'A' && bare.p[i] <= 'Z' ? (char)(bare.p[i] | 0x20) : bare.p[i];
	for (size_t i = 0, start = 0; i <= bare.n; i++) {
		if (i < bare.n && lower[i] != ' ' && lower[i] != '\t' && lower[i] != ',')
			continue;
		last = i > start ? (struct span){ lower + start, i - start } : last;
		first = first.n ? first : last;
		start = i + 1;
	}
	candidate_add(c, first);
	candidate_add(c, last);
	for (size_t i = 0; first.n && last.p != first.p && i < sizeof between / sizeof between[0]; i++) {
		struct span dot = span_of(between[i]), initial = { first.p, 1 };

		candidate_add(c, TEXT_JOIN(arena, first, dot, last));
		candidate_add(c, TEXT_JOIN(arena, initial, dot, last));
		candidate_add(c, TEXT_JOIN(arena, last, dot, first));
		candidate_add(c, TEXT_JOIN(arena, first, dot, (struct span){ last.p, 1 }));
	}
}

static void redacted_add(struct boxes *b)
{
	struct candidates candidates[BLACK_MAX];
	size_t black[BLACK_MAX], n = 0, at[BLACK_MAX] = { 0 };
	struct span shown = SPAN_ABSENT;

	for (size_t i = 0; i < b->n && n < BLACK_MAX; i++) {
		if (!b->box[i].local.p || !is_black(b->box[i].local))
			continue;
		candidates[n].n = 0;
		names_add(b, b->box[i].display, &candidates[n]);
		known_add(b, b->box[i].domain, &candidates[n]);
		black[n] = i;
		n += candidates[n].n > 0;
		shown = b->box[i].local;
	}
	for (size_t tried = 0; n && tried < PRODUCT_MAX; tried++) {
		struct piece pieces[BLACK_MAX];
		size_t digit = 0;

		for (size_t i = 0; i < n; i++) {
			struct span local = b->box[black[i]].local;

			pieces[i] = (struct piece){ offset_of(b, local), local.n, candidates[i].local[at[i]] };
		}
		edit_value(b->h, b->slot, tried < 64 ? 1 : 2, DKIM_EDIT_REDACTED,
			text_splice(b->h->search->arena, b->field->raw, pieces, n), n == 1 ? shown : SPAN_ABSENT,
			SPAN_ABSENT, 0);
		while (digit < n && ++at[digit] == candidates[digit].n)
			at[digit++] = 0;
		if (digit == n)
			return;
	}
}

void edits_addresses(struct header_search *h, size_t slot)
{
	struct boxes b = { .h = h, .slot = slot, .field = slot_field(h, slot) };

	b.n = mailbox_list(b.field->value, b.box, BOXES_MAX);
	if (span_is_nocase(b.field->name, SPAN("from")))
		from_rewriting(&b);
	dresses_add(&b);
	redacted_add(&b);
	spacing_add(&b);
}
