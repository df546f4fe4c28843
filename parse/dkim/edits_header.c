/* Guesses that fit any field: folding and spacing, instances added, lost or in another order, the signature's own
 * field. */
#include "parse/dkim/mimeparts.h"
#include "parse/dkim/search.h"

#define FOLDS_MAX 60
#define FIELD_OCTETS_MAX 4000 /* longer fields are not refolded */

struct folding {
	struct header_search *h;
	size_t slot;
	const struct header_field *field;
	size_t at[FOLDS_MAX], length[FOLDS_MAX]; /* white space between colon and value and inside it */
	size_t n;
};

static const char *const breaks[] = { " ", "\r\n ", "\r\n\t", "\t", "\r\n        ", "\r\n  ", "\r\n    ", "  " };
#define BREAKS (sizeof breaks / sizeof breaks[0])

static void spaces_find(struct folding *f)
{
	struct span raw = f->field->raw, value = fws_trim(f->field->value);
	size_t end = (size_t)(value.p - raw.p) + value.n;

	for (size_t at = (size_t)(f->field->value.p - raw.p); at < end && f->n < FOLDS_MAX; at++) {
		size_t length = fws_length(raw, at);

		if (!length)
			continue;
		f->at[f->n] = at;
		f->length[f->n++] = length;
		at += length - 1;
	}
}

static bool has_fold(struct span text)
{
	return text.n && memchr(text.p, '\n', text.n);
}

/* Only where a fold comes or goes were lines broken otherwise; the rest is spacing. */
static void pieces_add(struct folding *f, unsigned rank, const struct piece *pieces, size_t n)
{
	enum dkim_edit edit = DKIM_EDIT_HEADER_SPACING;

	for (size_t i = 0; i < n; i++) {
		struct span now = { f->field->raw.p + pieces[i].at, pieces[i].n };

		if (!span_is(now, pieces[i].text) && (has_fold(now) || has_fold(pieces[i].text)))
			edit = DKIM_EDIT_HEADER_REFOLDED;
	}
	edit_value(f->h, f->slot, rank, edit, text_splice(f->h->search->arena, f->field->raw, pieces, n), SPAN_ABSENT,
		SPAN_ABSENT, 0);
}

/* Every space that is a fold becomes the same break; the rest stays. Then lines filled up to a width. */
static void folds_all(struct folding *f)
{
	static const size_t widths[] = { 78, 76, 72, 80, 64, 998 };

	for (size_t b = 0; b <= BREAKS; b++) {
		struct piece pieces[FOLDS_MAX];
		size_t n = 0;

		for (size_t i = 0; i < f->n; i++)
			if (has_fold((struct span){ f->field->raw.p + f->at[i], f->length[i] }))
				pieces[n++] = (struct piece){ f->at[i], f->length[i],
					b < BREAKS ? span_of(breaks[b]) : SPAN("") };
		if (n)
			pieces_add(f, 1, pieces, n);
	}
	for (size_t w = 0; w < sizeof widths / sizeof widths[0]; w++)
		for (size_t b = 1; b < BREAKS; b++) {
			struct piece pieces[FOLDS_MAX];
			size_t column = f->n ? f->at[0] : 0;

			for (size_t i = 0; i < f->n; i++) {
				size_t start = f->at[i] + f->length[i];
				size_t next = i + 1 < f->n ? f->at[i + 1] : f->field->raw.n;
				bool fits = column + 1 + (next - start) <= widths[w];

				pieces[i] = (struct piece){ f->at[i], f->length[i], span_of(breaks[fits ? 0 : b]) };
				column = (fits ? column : 0) + 1 + (next - start);
			}
			if (f->n)
				pieces_add(f, 2, pieces, f->n);
		}
}

/* The value on one line but for one break, or two. */
static void folds_few(struct folding *f)
{
	struct piece pieces[FOLDS_MAX];

	for (size_t i = 0; i < f->n; i++)
		pieces[i] = (struct piece){ f->at[i], f->length[i], SPAN(" ") };
	for (size_t i = 0; i < f->n; i++) {
		for (size_t b = 1; b < BREAKS; b++) {
			pieces[i].text = span_of(breaks[b]);
			pieces_add(f, 1, pieces, f->n);
			for (size_t k = i + 1; b < 3 && f->n <= 20 && k < f->n; k++) {
				pieces[k].text = span_of(breaks[b]);
				pieces_add(f, 2, pieces, f->n);
				pieces[k].text = SPAN(" ");
			}
		}
		pieces[i].text = SPAN(" ");
	}
}

/* One space changed, the others as they stand: another break, or nothing (a fold put where no space was). */
static void folds_single(struct folding *f)
{
	for (size_t i = 0; i < f->n; i++)
		for (size_t b = 0; b <= BREAKS; b++) {
			struct piece piece = { f->at[i], f->length[i], b < BREAKS ? span_of(breaks[b]) : SPAN("") };

			pieces_add(f, 1, &piece, 1);
		}
}

static char octet_cased(char c, bool upper)
{
	bool letter = upper ? c >= 'a' && c <= 'z' : c >= 'A' && c <= 'Z';

	return letter ? (char)(c ^ 0x20) : c;
}

/* form 0 lower, 1 upper, 2 "Each-Word" */
static struct span name_cased(struct arena *arena, struct span name, unsigned form)
{
	char *out = arena_take(arena, name.n + 1);

	for (size_t i = 0; out && i < name.n; i++)
		out[i] = octet_cased(name.p[i], form == 1 || (form == 2 && (i == 0 || name.p[i - 1] == '-')));
	return out ? (struct span){ out, name.n } : SPAN_ABSENT;
}

/* For "simple" alone: the name's case (h= often spells it as it was) and what stands between name and value. */
static void names_add(struct folding *f)
{
	static const char *const colons[] = { ": ", ":", " : ", ":  ", ":\t", ":\r\n ", ":\r\n\t", " :" };
	static const char *const registered[] = { "Message-ID", "MIME-Version", "Content-ID", "List-ID" };
	struct arena *arena = f->h->search->arena;
	struct span name = f->field->name, forms[6] = { name, f->h->search->signature->names[f->slot] };
	struct span value = fws_trim(f->field->value);
	size_t n = 2;

	for (unsigned form = 0; form < 3; form++)
		forms[n++] = name_cased(arena, name, form);
	for (size_t i = 0; i < sizeof registered / sizeof registered[0]; i++)
		if (span_is_nocase(name, span_of(registered[i])))
			forms[n++] = span_of(registered[i]);
	for (size_t c = 0; c < sizeof colons / sizeof colons[0]; c++)
		for (size_t i = 0; i < n; i++) {
			struct span head = TEXT_JOIN(arena, forms[i], span_of(colons[c]));

			edit_value(f->h, f->slot, 1, DKIM_EDIT_HEADER_SPACING, TEXT_JOIN(arena, head, value),
				SPAN_ABSENT, SPAN_ABSENT, 0);
			if (c == 0)
				edit_value(f->h, f->slot, 2, DKIM_EDIT_HEADER_SPACING,
					TEXT_JOIN(arena, head, value, SPAN(" ")), SPAN_ABSENT, SPAN_ABSENT, 0);
		}
}

void edits_folding(struct header_search *h, size_t slot)
{
	struct folding f = { .h = h, .slot = slot, .field = slot_field(h, slot) };

	if (f.field->raw.n > FIELD_OCTETS_MAX)
		return;
	spaces_find(&f);
	folds_single(&f);
	if (h->search->signature->header_canon == CANON_RELAXED)
		return;
	folds_all(&f);
	folds_few(&f);
	names_add(&f);
}

/* ---- instances ---- */

#define DELETED_MAX 12
#define PERMUTED_MAX 4

/* Fields that lists and gateways add of their own. */
static bool is_often_added(struct span name)
{
	static const char *const names[] = { "reply-to", "sender", "list-id", "list-post", "list-help",
		"list-subscribe", "list-unsubscribe", "list-unsubscribe-post", "list-archive", "list-owner",
		"precedence", "errors-to", "from", "subject", "to", "cc", "date", "resent-from", "resent-date",
		"in-reply-to", "references", "auto-submitted", "organization", "content-language", "importance",
		"x-priority" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (span_is_nocase(name, span_of(names[i])))
			return true;
	return false;
}

static void deletions_add(struct header_search *h, struct span name)
{
	const struct header *header = &h->search->dkim->header;
	size_t first, n = header_group(header, name, &first);

	for (size_t i = 0; i < n && i < DELETED_MAX; i++) {
		size_t index = header->sorted[first + i];
		struct field_change change = { FIELD_DELETE, index, SPAN_ABSENT };
		struct span value = fws_trim(header->fields[index].value);

		if (index != h->search->signature->field)
			edit_structure(h, is_often_added(name) ? 0 : 1, DKIM_EDIT_HEADER_ADDED, &change, 1, name, value,
				SPAN_ABSENT, header->fields[index].raw.n + 2);
	}
}

static void order_add(struct header_search *h, struct span name, const size_t *fields, const size_t *order, size_t n)
{
	const struct header *header = &h->search->dkim->header;
	struct field_change changes[DELETED_MAX];

	for (size_t i = 0; i < n; i++)
		changes[i] = (struct field_change){ FIELD_REPLACE, fields[i], header->fields[fields[order[i]]].raw };
	edit_structure(h, 1, DKIM_EDIT_HEADER_ORDER, changes, n, name, SPAN_ABSENT, SPAN_ABSENT, 0);
}

/* All orders of a few instances; of more, the reverse and every swap of neighbours. */
static void orders_add(struct header_search *h, struct span name)
{
	const struct header *header = &h->search->dkim->header;
	size_t first, n = header_group(header, name, &first), order[DELETED_MAX], count[DELETED_MAX] = { 0 };

	if (n < 2 || n > DELETED_MAX)
		return;
	for (size_t i = 0; i < n; i++)
		order[i] = n - 1 - i;
	order_add(h, name, header->sorted + first, order, n);
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	for (size_t i = 0; n > PERMUTED_MAX && i + 1 < n; i++) {
		order[i] = i + 1;
		order[i + 1] = i;
		order_add(h, name, header->sorted + first, order, n);
		order[i] = i;
		order[i + 1] = i + 1;
	}
	/* Heap's algorithm, without recursion. */
	for (size_t i = 1; n <= PERMUTED_MAX && i < n;) {
		size_t other = i % 2 ? count[i] : 0, held = order[i];

		if (count[i] == i) {
			count[i++] = 0;
			continue;
		}
		order[i] = order[other];
		order[other] = held;
		order_add(h, name, header->sorted + first, order, n);
		count[i]++;
		i = 1;
	}
}

/* What a lost field is likely to have said. */
static const struct {
	const char *name, *value;
} usual[] = {
	{ "MIME-Version", "1.0" },
	{ "Mime-Version", "1.0" },
	{ "Content-Transfer-Encoding", "7bit" },
	{ "Content-Transfer-Encoding", "8bit" },
	{ "Content-Transfer-Encoding", "quoted-printable" },
	{ "Content-Transfer-Encoding", "base64" },
	{ "Content-Type", "text/plain" },
	{ "Content-Type", "text/plain; charset=us-ascii" },
	{ "Content-Type", "text/plain; charset=utf-8" },
	{ "Content-Type", "text/plain; charset=UTF-8" },
	{ "Content-Type", "text/plain; charset=\"us-ascii\"" },
	{ "Content-Type", "text/plain; charset=\"utf-8\"" },
	{ "Content-Type", "text/plain; charset=\"UTF-8\"" },
	{ "Content-Type", "text/html; charset=utf-8" },
	{ "Content-Type", "text/html; charset=UTF-8" },
	{ "Content-Type", "text/html; charset=\"utf-8\"" },
	{ "Content-Type", "text/html; charset=\"UTF-8\"" },
	{ "Content-Disposition", "inline" },
	{ "Content-Language", "en-US" },
	{ "Content-Language", "en" },
	{ "Precedence", "bulk" },
	{ "Precedence", "list" },
	{ "Auto-Submitted", "auto-generated" },
	{ "List-Unsubscribe-Post", "List-Unsubscribe=One-Click" },
	{ "Importance", "normal" },
	{ "X-Priority", "3" },
};

/* What the message itself still says elsewhere. */
static const struct {
	const char *name, *source;
} copies[] = {
	{ "Reply-To", "from" },
	{ "Sender", "from" },
	{ "Reply-To", "x-original-reply-to" },
	{ "Subject", "x-original-subject" },
	{ "Subject", "thread-topic" },
	{ "To", "x-original-to" },
	{ "To", "delivered-to" },
	{ "To", "envelope-to" },
	{ "Cc", "x-original-cc" },
	{ "Message-ID", "x-original-message-id" },
	{ "Message-ID", "x-message-id" },
	{ "Date", "x-original-date" },
	{ "Content-Type", "x-original-content-type" },
};

static void lost_add(struct header_search *h, struct span name, struct span value, unsigned rank, enum dkim_edit edit)
{
	const struct header *header = &h->search->dkim->header;
	struct field_change change = { FIELD_INSERT, 0, TEXT_JOIN(h->search->arena, name, SPAN(": "), value) };

	/* MIME fields stand together, MIME-Version first; others go to the end. */
	while (change.field < header->n &&
		!(span_is_nocase(name, SPAN("mime-version")) &&
			span_starts_nocase(header->fields[change.field].name, SPAN("content-"))))
		change.field++;
	edit_structure(h, rank, edit, &change, 1, name, SPAN_ABSENT, value, 0);
}

#define USUAL_FIRST 6 /* rows lost so often that they are tried together with other edits */

static void losses_add(struct header_search *h, struct span name)
{
	const struct header *header = &h->search->dkim->header;
	struct mime_parts parts;
	char text[40];
	size_t first;

	for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
		if (span_is_nocase(name, span_of(usual[i].name))) {
			struct span value = span_of(usual[i].value);

			lost_add(h, span_of(usual[i].name), value, i < USUAL_FIRST ? 0 : 1, DKIM_EDIT_HEADER_REMOVED);
			lost_add(h, name, value, 1, DKIM_EDIT_HEADER_REMOVED);
		}
	for (size_t i = 0; i < sizeof copies / sizeof copies[0]; i++)
		if (span_is_nocase(name, span_of(copies[i].name)) &&
			header_group(header, span_of(copies[i].source), &first))
			lost_add(h, name, fws_trim(header->fields[header->sorted[first]].value), 1,
				DKIM_EDIT_HEADER_REMOVED);
	/* A message that was wrapped left its MIME fields in the head of the first part. */
	if (name.n >= sizeof text || !span_starts_nocase(name, SPAN("content-")))
		return;
	memcpy(text, name.p, name.n);
	text[name.n] = '\0';
	mimeparts_find(header, h->search->body, &parts);
	for (size_t i = 0; i < parts.n && i < 4; i++) {
		struct span value = mimeparts_field(h->search->body, &parts.part[i], text);

		if (value.n)
			lost_add(h, name, value, 0, DKIM_EDIT_WRAPPED);
	}
}

#define NAMES_EDITED_MAX 300

void edits_structural(struct header_search *h)
{
	const struct signature *signature = h->search->signature;

	for (size_t slot = 0; slot < signature->names_n && slot < NAMES_EDITED_MAX; slot++) {
		struct span name = signature->names[slot];
		size_t earlier = 0;

		for (size_t i = 0; i < slot; i++)
			earlier += span_is_nocase(signature->names[i], name);
		if (earlier == 0) {
			deletions_add(h, name);
			orders_add(h, name);
		}
		if (signature->slots[slot] == HEADER_NO_FIELD && earlier == 0)
			losses_add(h, name);
	}
}

/* ---- the signature's own field ---- */

#define OWN_PIECES_MAX (TAGLIST_MAX * 8)

struct own {
	struct header_search *h;
	struct piece pieces[OWN_PIECES_MAX]; /* white space that may have come in */
	size_t n;
};

static void own_add(struct own *own, const struct piece *pieces, size_t n)
{
	struct header_search *h = own->h;
	const struct signature *signature = h->search->signature;
	struct span raw = h->search->dkim->header.fields[signature->field].raw;
	size_t blank = (size_t)(signature->b_raw.p - raw.p), k = 0;
	struct piece *with = arena_take(h->search->arena, (n + 1) * sizeof *with);
	struct header_edit *edit;
	struct buf *scratch = &h->search->dkim->scratch;
	struct span text, canon;

	if (!with || h->edits_n == EDITS_MAX)
		return;
	for (size_t i = 0; i <= n; i++) {
		if (i == k && (i == n || pieces[i].at > blank))
			with[k++] = (struct piece){ blank, signature->b_raw.n, SPAN("") };
		if (i < n)
			with[k++] = pieces[i];
	}
	text = text_splice(h->search->arena, raw, with, k);
	buf_clear(scratch);
	if (!text.p || !canon_header(scratch, signature->header_canon, text))
		return;
	canon = arena_copy(h->search->arena, buf_span(scratch));
	if (!canon.p || span_is(canon, h->base[signature->names_n]))
		return;
	edit = &h->edits[h->edits_n];
	*edit = (struct header_edit){ .group = signature->names_n, .rank = 1, .slots_n = 1, .changes_n = 1 };
	edit->slots = arena_take(h->search->arena, sizeof *edit->slots);
	edit->changes = arena_take(h->search->arena, sizeof *edit->changes);
	if (!edit->slots || !edit->changes)
		return;
	edit->slots[0] = (struct slot_change){ signature->names_n, canon };
	edit->changes[0] =
		(struct field_change){ FIELD_REPLACE, signature->field, text_splice(h->search->arena, raw, pieces, n) };
	edit->step = (struct dkim_step){ .edit = DKIM_EDIT_SIGNATURE_REFOLDED, .where = SPAN("DKIM-Signature") };
	h->edits_n++;
}

/* White space inside every value but that of b=. */
static void own_spaces(struct own *own)
{
	const struct signature *signature = own->h->search->signature;
	struct span raw = own->h->search->dkim->header.fields[signature->field].raw;

	for (size_t t = 0; t < signature->tags.n; t++) {
		const struct tag *tag = &signature->tags.tags[t];

		if (tag->raw.p == signature->b_raw.p)
			continue;
		for (size_t i = 0; i < tag->value.n && own->n < OWN_PIECES_MAX; i++) {
			size_t length = fws_length(tag->value, i);

			if (!length)
				continue;
			own->pieces[own->n++] = (struct piece){ (size_t)(tag->value.p - raw.p) + i, length, SPAN("") };
			i += length - 1;
		}
	}
}

/* Every fold of the field with another indent. */
static void own_folds(struct own *own)
{
	const struct signature *signature = own->h->search->signature;
	struct span raw = own->h->search->dkim->header.fields[signature->field].raw;
	size_t blank = (size_t)(signature->b_raw.p - raw.p);

	for (size_t b = 0; b < BREAKS; b++) {
		struct piece pieces[FOLDS_MAX];
		size_t n = 0;

		for (size_t at = 0; at < raw.n && n < FOLDS_MAX;) {
			size_t length = at == blank ? signature->b_raw.n : fws_length(raw, at);

			if (at != blank && length && memchr(raw.p + at, '\n', length))
				pieces[n++] = (struct piece){ at, length, span_of(breaks[b]) };
			at += length ? length : 1;
		}
		if (n)
			own_add(own, pieces, n);
	}
}

void edits_own(struct header_search *h)
{
	struct own own = { .h = h };

	if (h->search->dkim->header.fields[h->search->signature->field].raw.n > 4 * FIELD_OCTETS_MAX)
		return;
	own_spaces(&own);
	if (own.n > 1)
		own_add(&own, own.pieces, own.n);
	for (size_t i = 0; i < own.n && i < FOLDS_MAX; i++)
		own_add(&own, &own.pieces[i], 1);
	if (h->search->signature->header_canon == CANON_SIMPLE)
		own_folds(&own);
}
