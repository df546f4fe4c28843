#include "parse/dkim/search.h"
#include "base/digest.h"
#include "base/shortage.h"
#include "parse/dkim/words.h"

#include <ctype.h>
#include <stdlib.h>

#define SEARCH_ARENA ((size_t)96 << 20)

static const struct dkim_bounds bounds_default = {
	.candidates = 200000, .hashed = 64000000, .verifications = 2000, .signatures = 3, .message = 16000000
};

static struct dkim_bounds bounds_of(const struct dkim_bounds *given)
{
	struct dkim_bounds bounds = given ? *given : bounds_default;

	bounds.candidates = bounds.candidates ? bounds.candidates : bounds_default.candidates;
	bounds.hashed = bounds.hashed ? bounds.hashed : bounds_default.hashed;
	bounds.verifications = bounds.verifications ? bounds.verifications : bounds_default.verifications;
	bounds.signatures = bounds.signatures ? bounds.signatures : bounds_default.signatures;
	bounds.message = bounds.message ? bounds.message : bounds_default.message;
	return bounds;
}

struct case_of { /* one failing signature */
	struct search *search;
	struct dkim_verdicts *verdicts;
	struct dkim_verdict *verdict;
	struct dkim_diagnosis *diagnosis;
	struct header_search header;
	struct body_outcome body;
};

/* Only a changed message can be changed back; other reasons stay whatever the octets are. */
static bool reason_is_content(const struct dkim_verdict *verdict)
{
	enum dkim_reason reason = verdict->has_historic ? verdict->historic : verdict->reason;

	return reason == DKIM_REASON_BODY_HASH_MISMATCH || reason == DKIM_REASON_SIGNATURE_MISMATCH ||
		reason == DKIM_REASON_BODY_TOO_SHORT;
}

/* ---- the report's own canonical copies ---- */

static enum dkim_fact reported_body(struct search *search, struct span canonical)
{
	const struct signature *signature = search->signature;
	uint64_t n = signature->has_length && signature->length < canonical.n ? signature->length : canonical.n;
	uint8_t digest[HASH_OCTETS_MAX];

	if (!canonical.p || !signature->body_known)
		return DKIM_UNKNOWN;
	hash_begin(search->running, signature->hash);
	hash_add(search->running, canonical.p, n);
	hash_end(search->running, digest);
	return memcmp(digest, signature->bh.p, signature->bh.n) == 0 ? DKIM_MATCH : DKIM_MISMATCH;
}

static enum dkim_fact reported_header(struct search *search, struct span canonical)
{
	const struct signature *signature = search->signature;
	uint8_t digest[HASH_OCTETS_MAX];
	enum dkim_fact fact = DKIM_UNKNOWN;

	if (!canonical.p || !signature->header_known || !search->judged->key || !search->judged->key->key)
		return DKIM_UNKNOWN;
	/* The last field is hashed without its CRLF (RFC 6376 3.7); reporters may have added one. */
	for (int pass = 0; pass < 2 && fact != DKIM_MATCH; pass++) {
		if (pass && !span_ends_nocase(canonical, SPAN("\r\n")))
			break;
		canonical.n -= pass ? 2 : 0;
		hash_begin(search->running, signature->hash);
		hash_add(search->running, canonical.p, canonical.n);
		hash_end(search->running, digest);
		fact = public_key_check(search->judged->key->key, signature->hash, digest, signature->b, NULL, NULL);
	}
	return fact;
}

/* ---- the message as signed ---- */

static void line_put(struct digest *digest, uint64_t *octets, struct span raw)
{
	digest_add(digest, raw.p, raw.n);
	digest_add(digest, "\r\n", 2);
	*octets += raw.n + 2;
}

/* What the found edits do to this field: its text, absent when it goes. Inserted ones are put out first. */
static struct span field_after(const struct case_of *c, size_t index, struct digest *digest, uint64_t *octets)
{
	const struct header *header = &c->search->dkim->header;
	struct span raw = index < header->n ? header->fields[index].raw : SPAN_ABSENT;

	for (size_t e = 0; e < c->header.hits_n; e++)
		for (size_t i = 0; i < c->header.hits[e]->changes_n; i++) {
			const struct field_change *change = &c->header.hits[e]->changes[i];

			if (change->field != index)
				continue;
			if (change->kind == FIELD_INSERT)
				line_put(digest, octets, change->raw);
			else
				raw = change->kind == FIELD_REPLACE ? change->raw : SPAN_ABSENT;
		}
	return raw;
}

/* The transfer encoding field tells how the body is written. Where nobody signed it the likely word is put in. */
static struct span cte_after(struct case_of *c, size_t index, struct span raw)
{
	const struct header_field *field = &c->search->dkim->header.fields[index];
	const struct signature *signature = c->search->signature;

	if (!c->body.cte || !raw.p || !span_is_nocase(field->name, SPAN("content-transfer-encoding")))
		return raw;
	for (size_t i = 0; i < signature->names_n; i++)
		if (signature->slots[i] == index)
			return raw;
	return field_with(&c->header, field, span_of(c->body.cte));
}

static void reconstruct(struct case_of *c)
{
	const struct header *header = &c->search->dkim->header;
	struct span body = c->body.found ? c->body.body : c->search->body;
	struct digest *digest = digest_new();
	uint64_t octets = 0;

	for (size_t i = 0; digest && i <= header->n; i++) {
		struct span raw = field_after(c, i, digest, &octets);

		if (i < header->n)
			raw = cte_after(c, i, raw);
		if (raw.p)
			line_put(digest, &octets, raw);
	}
	if (digest) {
		digest_add(digest, "\r\n", 2);
		digest_add(digest, body.p, body.n);
		digest_finish(digest, c->diagnosis->reconstruction_sha256);
		c->diagnosis->reconstruction_octets = octets + 2 + body.n;
		c->diagnosis->has_reconstruction = true;
	}
	digest_free(digest);
}

/* ---- words ---- */

static struct span say(struct case_of *c, const char *before, struct span value, const char *after)
{
	struct arena *arena = &c->verdicts->arena;

	return TEXT_JOIN(arena, span_of(before), words_shorten(arena, value), span_of(after));
}

static struct span octets_say(struct case_of *c, const struct dkim_step *step, const char *before, const char *inside)
{
	bool whole = span_is(step->where, SPAN("body"));

	return words_printf(&c->verdicts->arena, "%s%llu octets%s", whole ? before : "",
		(unsigned long long)step->octets, whole ? "" : inside);
}

/* RFC 5322 3.6, RFC 2045 3: of these a mail has one, and a second one was added. */
static bool field_stands_once(struct span name)
{
	static const char *const names[] = { "from", "sender", "reply-to", "to", "cc", "bcc", "message-id", "in-reply-to",
		"references", "subject", "date", "mime-version", "content-type", "content-transfer-encoding" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (span_is_nocase(name, span_of(names[i])))
			return true;
	return false;
}

/* With h= naming no more instances than are left, another order of all of them would have done the same. */
static bool field_may_have_moved(const struct case_of *c, struct span name)
{
	const struct signature *signature = c->search->signature;
	const struct header *header = &c->search->dkim->header;
	size_t first, left = header_group(header, name, &first), named = 0;

	if (field_stands_once(name))
		return false;
	left -= span_is_nocase(header->fields[signature->field].name, name);
	for (size_t i = 0; i < c->diagnosis->steps_n; i++)
		left -= c->diagnosis->steps[i].edit == DKIM_EDIT_HEADER_ADDED &&
			span_is_nocase(c->diagnosis->steps[i].where, name);
	for (size_t i = 0; i < signature->names_n; i++)
		named += span_is_nocase(signature->names[i], name);
	return named <= left;
}

/* What a step takes out, as a noun; absent when it takes nothing out. */
static struct span removed_say(struct case_of *c, const struct dkim_step *step, bool *plural)
{
	*plural = false;
	switch (step->edit) {
	case DKIM_EDIT_SUBJECT_PREFIX:
		return say(c, "the subject tag `", step->found, "`");
	case DKIM_EDIT_SUBJECT_SUFFIX:
		*plural = true;
		return say(c, "the words `", step->found, "` at the end of the subject");
	case DKIM_EDIT_HEADER_ADDED:
		return say(c, field_may_have_moved(c, step->where) ? "an added or moved " : "an added ", step->where,
			" field");
	case DKIM_EDIT_FOOTER:
		*plural = true;
		return octets_say(c, step, "the last ", " near the end of a part");
	case DKIM_EDIT_BANNER:
		*plural = true;
		return octets_say(c, step, "the first ", " near the beginning of a part");
	case DKIM_EDIT_PART_ADDED:
		return octets_say(c, step, "an added MIME part of ", "");
	case DKIM_EDIT_TEXT_INSERTED:
		return octets_say(c, step, "an insertion of ", "");
	default:
		return SPAN_ABSENT;
	}
}

/* What else a step undoes, as a clause. */
static struct span restored_say(struct case_of *c, const struct dkim_step *step)
{
	switch (step->edit) {
	case DKIM_EDIT_HEADER_REMOVED:
		return say(c, "the lost ", step->where, " field is put back");
	case DKIM_EDIT_HEADER_ORDER:
		return say(c, "the ", step->where, " fields are put back in order");
	case DKIM_EDIT_FROM_REWRITTEN:
		return say(c, "From is put back to `", step->before, "`");
	case DKIM_EDIT_CTE_CHANGED:
		return say(c, "the transfer encoding is called ", step->before, " again");
	case DKIM_EDIT_REDACTED:
		return say(c, "the blackened address in ", step->where, " is filled in");
	default:
		if (span_starts_nocase(step->where, SPAN("body")) || step->edit == DKIM_EDIT_SIGNATURE_REFOLDED ||
			step->edit == DKIM_EDIT_WRAPPED)
			return span_of(dkim_edit_rows[step->edit].text);
		return TEXT_JOIN(
			&c->verdicts->arena, say(c, "in ", step->where, " "), span_of(dkim_edit_rows[step->edit].text));
	}
}

enum editor { EDITOR_NONE, EDITOR_ENCODER, EDITOR_STORE, EDITOR_FILTER, EDITOR_LIST, EDITOR_REPORTER, EDITOR_FORGER };

/* Words that gateways and filters put before a subject, in brackets or not; lists put their name in brackets. */
static enum editor tag_editor(struct span tag)
{
	static const char *const filters[] = { "ext]", "extern", "spam", "suspect", "suspicious", "caution", "warning",
		"virus", "phish", "junk" };
	static const char *const people[] = { "re:", "aw:", "sv:", "fw:", "fwd:", "wg:", "tr:", "rv:" };

	for (size_t i = 0; i < sizeof people / sizeof people[0]; i++)
		if (span_starts_nocase(tag, span_of(people[i])))
			return EDITOR_NONE;
	for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++) {
		long at = span_find_nocase(tag, span_of(filters[i]));

		if (at == 0 || (at > 0 && !isalpha((unsigned char)tag.p[at - 1])))
			return EDITOR_FILTER;
	}
	return tag.n && tag.p[0] == '[' ? EDITOR_LIST : EDITOR_FILTER;
}

/* Who usually makes such a change. A guess, and worded as one by the text that uses it. */
static enum editor step_editor(const struct dkim_step *step)
{
	switch (step->edit) {
	case DKIM_EDIT_SUBJECT_PREFIX:
		return tag_editor(step->found);
	case DKIM_EDIT_FROM_REWRITTEN:
	case DKIM_EDIT_FOOTER:
	case DKIM_EDIT_PART_ADDED:
	case DKIM_EDIT_WRAPPED:
		return EDITOR_LIST;
	case DKIM_EDIT_BANNER:
	case DKIM_EDIT_URL_REWRITTEN:
	case DKIM_EDIT_TEXT_INSERTED:
		return EDITOR_FILTER;
	case DKIM_EDIT_FROM_ESCAPED:
	case DKIM_EDIT_DOT_STUFFED:
	case DKIM_EDIT_DOT_UNSTUFFED:
	case DKIM_EDIT_LINES_DOUBLED:
		return EDITOR_STORE;
	case DKIM_EDIT_REDACTED:
	case DKIM_EDIT_DEFANGED:
		return EDITOR_REPORTER;
	case DKIM_EDIT_HEADER_ADDED:
		return span_is_nocase(step->where, SPAN("from")) ? EDITOR_FORGER : EDITOR_NONE;
	case DKIM_EDIT_TO_QP:
	case DKIM_EDIT_TO_BASE64:
	case DKIM_EDIT_QP_DECODED:
	case DKIM_EDIT_BASE64_DECODED:
	case DKIM_EDIT_BASE64_REWRAPPED:
	case DKIM_EDIT_CHARSET:
	case DKIM_EDIT_HEADER_ENCODED:
	case DKIM_EDIT_HEADER_DECODED:
	case DKIM_EDIT_HEADER_REENCODED:
		return EDITOR_ENCODER;
	default:
		return EDITOR_NONE;
	}
}

static const char *editor_say(const struct case_of *c)
{
	static const char *const texts[] = {
		[EDITOR_NONE] = "",
		[EDITOR_ENCODER] = ": typical of a relay that re-encodes mail",
		[EDITOR_STORE] = ": typical of a mail store or export",
		[EDITOR_FILTER] = ": typical of a mail filter or gateway",
		[EDITOR_LIST] = ": typical of a mailing list",
		[EDITOR_REPORTER] = ": the sample was redacted",
		[EDITOR_FORGER] = ": a second From was put beside the signed one",
	};
	enum editor editor = EDITOR_NONE;

	for (size_t i = 0; i < c->diagnosis->steps_n; i++) {
		enum editor each = step_editor(&c->diagnosis->steps[i]);

		editor = each > editor ? each : editor;
	}
	/* A footer or banner without any trace of a list may be a filter's as well. */
	if (editor == EDITOR_LIST && !header_count(&c->search->dkim->header, "list-id") &&
		!header_count(&c->search->dkim->header, "list-post") && c->diagnosis->steps_n == 1 &&
		c->diagnosis->steps[0].edit == DKIM_EDIT_FOOTER)
		return ": typical of a mailing list or a mail filter";
	return texts[editor];
}

static struct span list_say(struct case_of *c, struct span list, struct span item, bool last)
{
	struct span glue = list.n == 0 ? SPAN("") : last ? SPAN(" and ") : SPAN(", ");

	return TEXT_JOIN(&c->verdicts->arena, list, glue, item);
}

/* "the subject tag `[list] ` and the last 312 octets are removed and quoted-printable is decoded" */
static struct span steps_say(struct case_of *c)
{
	const struct dkim_diagnosis *d = c->diagnosis;
	struct span list = SPAN(""), nouns[2 * SEARCH_STEPS_MAX];
	bool plural = false, are = false;
	size_t n = 0;

	for (size_t i = 0; i < d->steps_n; i++) {
		struct span noun = removed_say(c, &d->steps[i], &plural);

		if (noun.p)
			nouns[n++] = noun;
		are = are || (noun.p && plural) || n > 1;
	}
	for (size_t i = 0; i < n; i++)
		list = list_say(c, list, nouns[i], i + 1 == n);
	if (n)
		list = TEXT_JOIN(&c->verdicts->arena, list, are ? SPAN(" are removed") : SPAN(" is removed"));
	n = 0;
	for (size_t i = 0; i < d->steps_n; i++) {
		struct span clause = removed_say(c, &d->steps[i], &plural).p ? SPAN("") : restored_say(c, &d->steps[i]);
		bool known = clause.n == 0;

		for (size_t k = 0; k < n; k++)
			known = known || span_is(nouns[k], clause);
		if (known)
			continue;
		nouns[n++] = clause;
		list = list_say(c, list, clause, true);
	}
	return list;
}

static bool body_is_missing(const struct case_of *c)
{
	return fws_trim(c->search->body).n == 0;
}

/* What an edited header never does to an RSA signature; of the header itself nothing can be said then. */
static struct span undecodable_say(struct case_of *c)
{
	static const char *const key = "wrong or rotated key, or a damaged b=: no edit of the header does that; ";
	const struct dkim_diagnosis *d = c->diagnosis;
	struct arena *arena = &c->verdicts->arena;

	if (!d->body_undone)
		return TEXT_JOIN(arena, span_of(key),
			body_is_missing(c) ? SPAN("the sample holds headers only") :
					     SPAN("the body does not fit the signature either"));
	if (d->steps_n)
		return TEXT_JOIN(arena, span_of(key), SPAN("the body fits the signature once "), steps_say(c));
	return TEXT_JOIN(arena, span_of(key), SPAN("the body fits the signature"));
}

static struct span failure_say(struct case_of *c)
{
	const struct dkim_diagnosis *d = c->diagnosis;
	struct arena *arena = &c->verdicts->arena;
	/* An Ed25519 signature does not tell what it was made of: any of the three gives the same failure. */
	bool rsa = public_key_is_rsa(c->search->judged->key->key);

	if (c->verdict->header_hash == DKIM_UNDECODABLE)
		return undecodable_say(c);
	if (!d->body_undone && body_is_missing(c))
		return d->header_undone ?
			SPAN("cannot be decided: the sample holds headers only; its header is proven original") :
			rsa ? SPAN("cannot be decided: the sample holds headers only, and its header was changed") :
			      SPAN("cannot be decided: the sample holds headers only, and its header or b= was changed, "
				   "or the key is another");
	if (d->header_undone && d->steps_n)
		return TEXT_JOIN(arena, SPAN("header proven original once "), steps_say(c),
			SPAN(", body changed or withheld in a way that was not found"));
	if (d->header_undone)
		return c->verdict->reason == DKIM_REASON_BODY_TOO_SHORT ?
			SPAN("header proven original, body cut short or withheld") :
			SPAN("header proven original, body changed or withheld");
	if (d->body_undone && d->steps_n)
		return TEXT_JOIN(arena, SPAN("body proven original once "), steps_say(c),
			rsa ? SPAN(", header changed in a way that was not found") :
			      SPAN(", header or b= changed in a way that was not found, or the key is another"));
	if (d->body_undone)
		return rsa ? SPAN("body, key and b= are right: a signed header field was changed in a way that was not "
				  "found") :
			     SPAN("body proven original: a signed header field or b= was changed, or the key is another");
	return rsa ? SPAN("header and body were both changed in ways that were not found: the message was composed anew, "
			  "or edited more") :
		     SPAN("body changed in a way that was not found, and header or b= as well, or the key is another");
}

static struct span undone_say(struct case_of *c)
{
	struct arena *arena = &c->verdicts->arena;
	enum dkim_reason reason = c->verdict->reason;
	struct span text = TEXT_JOIN(arena, SPAN("valid once "), steps_say(c), span_of(editor_say(c)));

	if (reason == DKIM_REASON_HISTORIC_ALGORITHM || reason == DKIM_REASON_KEY_TOO_SHORT)
		text = TEXT_JOIN(arena, SPAN("by historic rules "), text);
	return text;
}

/* Failures that no edit explains. */
static struct span reason_say(const struct dkim_verdict *verdict)
{
	bool original = verdict->body_hash == DKIM_MATCH && verdict->header_hash == DKIM_MATCH;

	if (verdict->reason == DKIM_REASON_EXPIRED && original)
		return SPAN("unchanged since it was signed, but the signature had expired");
	if (verdict->reason == DKIM_REASON_DNS_ERROR)
		return SPAN("cannot be decided: the key could not be looked up");
	if (verdict->reason == DKIM_REASON_REVOKED_KEY)
		return verdict->body_hash == DKIM_MATCH ? SPAN("the key was revoked; the body fits the signature") :
							  SPAN("the key was revoked");
	if (verdict->reason == DKIM_REASON_NO_KEY)
		return verdict->body_hash == DKIM_MATCH ?
			SPAN("the key is no longer or was never published; the body fits the signature") :
			SPAN("the key is no longer or was never published");
	if (verdict->reason == DKIM_REASON_LIMIT)
		return SPAN("not evaluated: beyond a limit");
	if (original)
		return SPAN("unchanged since it was signed; refused for another reason");
	return SPAN_ABSENT;
}

/* ---- the run ---- */

static struct dkim_step step_kept(struct case_of *c, const struct dkim_step *step)
{
	struct arena *arena = &c->verdicts->arena;

	return (struct dkim_step){ step->edit, arena_copy(arena, step->where), words_shorten(arena, step->found),
		words_shorten(arena, step->before), step->octets };
}

static bool steps_keep(struct case_of *c)
{
	struct dkim_diagnosis *d = c->diagnosis;

	d->steps = arena_take(&c->verdicts->arena, 2 * SEARCH_STEPS_MAX * sizeof *d->steps);
	if (!d->steps)
		return false;
	for (size_t i = 0; i < c->header.hits_n; i++)
		d->steps[d->steps_n++] = step_kept(c, &c->header.hits[i]->step);
	for (size_t i = 0; c->body.found && i < c->body.steps_n; i++)
		d->steps[d->steps_n++] = step_kept(c, &c->body.steps[i]);
	for (size_t i = 0; i < d->steps_n; i++)
		d->added_octets += d->steps[i].octets;
	return true;
}

/* Each half gets its share of the bounds, and the second what the first left over; all of it where the header is as signed. */
static bool body_half(struct case_of *c)
{
	struct search *search = c->search;
	unsigned share = c->verdict->header_hash == DKIM_MATCH ? 1 : 2;
	enum dkim_fact fact = c->verdict->body_hash;

	if (fact == DKIM_MATCH && c->verdict->reason != DKIM_REASON_BODY_TOO_SHORT) {
		c->diagnosis->body_undone = true;
		return true;
	}
	search->candidates_end = search->bounds.candidates / share;
	search->hashed_end = search->bounds.hashed / share;
	if (fact == DKIM_MISMATCH && search->body.n && !body_search_run(search, &c->body))
		return false;
	c->diagnosis->exhausted = search->exhausted && !c->body.found;
	if (!c->body.found && c->diagnosis->reported_body == DKIM_MATCH) {
		c->body = (struct body_outcome){ .found = true, .body = search->hints->canonical_body, .steps_n = 1 };
		c->body.steps[0] = (struct dkim_step){ .edit = DKIM_EDIT_REPORTED_BODY, .where = SPAN("body") };
	}
	c->diagnosis->body_undone = c->body.found;
	return true;
}

static bool header_half(struct case_of *c)
{
	static const struct header_edit reported = { .step = { .edit = DKIM_EDIT_REPORTED_HEADER,
							     .where = SPAN("header") } };
	struct search *search = c->search;
	const struct judged *judged = search->judged;

	c->header.search = search;
	c->diagnosis->header_undone = c->verdict->header_hash == DKIM_MATCH;
	if (c->verdict->header_hash != DKIM_MISMATCH)
		return true;
	search->exhausted = false;
	search->candidates_end = search->bounds.candidates;
	search->hashed_end = search->bounds.hashed;
	if ((judged->has_signed || !public_key_is_rsa(judged->key->key)) && !header_search_run(search, &c->header))
		return false;
	c->diagnosis->exhausted = c->diagnosis->exhausted || (search->exhausted && !c->header.found);
	if (!c->header.found && c->diagnosis->reported_header == DKIM_MATCH) {
		c->header.found = true;
		c->header.hits[c->header.hits_n++] = &reported;
	}
	c->diagnosis->header_undone = c->header.found;
	return true;
}

static bool signature_diagnose(struct case_of *c)
{
	struct dkim_diagnosis *d = c->diagnosis;
	const struct dkim_hints *hints = c->search->hints;
	bool reported;

	if (hints && hints->canonical_body.p)
		d->reported_body = reported_body(c->search, hints->canonical_body);
	if (hints && hints->canonical_header.p)
		d->reported_header = reported_header(c->search, hints->canonical_header);
	if (!body_half(c) || !header_half(c) || !steps_keep(c))
		return false;
	d->undone = d->header_undone && d->body_undone && d->steps_n;
	d->candidates = c->search->candidates;
	d->hashed = c->search->hashed;
	reported = c->header.hits_n && c->header.hits[0]->step.edit == DKIM_EDIT_REPORTED_HEADER;
	if (d->undone && !reported)
		reconstruct(c);
	d->sentence = d->undone ? undone_say(c) : failure_say(c);
	return d->sentence.p;
}

static void message_take(void *arg, const char *octets, size_t n)
{
	buf_put(arg, octets, n);
}

/* The body in network form: what follows the header block that dkim_feed kept. */
static bool body_take(struct dkim *dkim, struct span message, struct buf *whole, struct span *body)
{
	struct canon_lines lines = { 0 };

	canon_lines_add(&lines, message.p, message.n, message_take, whole);
	if (whole->failed)
		return false;
	*body = SPAN("");
	if (whole->n > dkim->block.n)
		*body = (struct span){ whole->p + dkim->block.n, whole->n - dkim->block.n };
	return true;
}

static bool verdict_diagnose(struct search *search, struct dkim_verdicts *verdicts, size_t index)
{
	struct dkim *dkim = search->dkim;
	struct dkim_verdict *verdict = &verdicts->signatures[index];
	struct case_of *c = shortage_noted(calloc(1, sizeof *c));
	bool good = false;

	if (!c)
		return false;
	arena_clear(search->arena);
	search->signature = &dkim->signatures[index];
	search->judged = &dkim->judged[index];
	search->candidates = search->hashed = search->verifications = 0;
	search->exhausted = false;
	*c = (struct case_of){ .search = search, .verdicts = verdicts, .verdict = verdict };
	c->diagnosis = arena_take(&verdicts->arena, sizeof *c->diagnosis);
	if (c->diagnosis && signature_diagnose(c)) {
		verdict->diagnosis = c->diagnosis;
		good = true;
	}
	free(c);
	return good;
}

static bool reason_diagnose(struct dkim_verdicts *verdicts, struct dkim_verdict *verdict)
{
	struct span sentence = reason_say(verdict);

	if (!sentence.p)
		return true;
	verdict->diagnosis = arena_take(&verdicts->arena, sizeof *verdict->diagnosis);
	if (!verdict->diagnosis)
		return false;
	verdict->diagnosis->sentence = sentence;
	verdict->diagnosis->header_undone = verdict->header_hash == DKIM_MATCH;
	verdict->diagnosis->body_undone = verdict->body_hash == DKIM_MATCH;
	return true;
}

bool dkim_diagnose(struct dkim *dkim, struct span message, const struct dkim_hints *hints,
	const struct dkim_bounds *bounds, struct dkim_verdicts *verdicts)
{
	struct arena arena = ARENA(SEARCH_ARENA);
	struct search search = { .dkim = dkim, .hints = hints, .bounds = bounds_of(bounds), .arena = &arena };
	struct buf whole = BUF(2 * search.bounds.message + 2);
	size_t looked_at = 0;
	bool good = false;

	if (message.n > search.bounds.message || dkim->phase != PHASE_ENDED)
		return true;
	search.running = hash_new();
	search.spare = hash_new();
	if (!search.running || !search.spare || !body_take(dkim, message, &whole, &search.body))
		goto out;
	good = true;
	for (size_t i = 0; good && i < verdicts->n; i++) {
		struct dkim_verdict *verdict = &verdicts->signatures[i];

		if (verdict->reason == DKIM_REASON_OK)
			continue;
		if (!reason_is_content(verdict) || !dkim->judged[i].key || !dkim->judged[i].key->key)
			good = reason_diagnose(verdicts, verdict);
		else if (looked_at++ < search.bounds.signatures)
			good = verdict_diagnose(&search, verdicts, i);
	}
out:
	hash_free(search.running);
	hash_free(search.spare);
	buf_release(&whole);
	arena_release(&arena);
	return good;
}
