/* The search for what was changed: what header and body search share. Internal to the diagnosis. */
#ifndef PARSE_DKIM_SEARCH_H
#define PARSE_DKIM_SEARCH_H

#include "parse/dkim/diagnose.h"
#include "parse/dkim/inner.h"
#include "parse/dkim/mailbox.h"

#define SEARCH_STEPS_MAX 8

struct search {
	struct dkim *dkim;
	const struct signature *signature;
	const struct judged *judged;
	const struct dkim_hints *hints;
	struct dkim_bounds bounds;
	struct arena *arena; /* candidates; bounded, cleared between signatures */
	struct span body;    /* of the message, network form */
	struct hash *running, *spare;
	uint64_t candidates, hashed, verifications;
	uint64_t candidates_end, hashed_end; /* where the current half of the search must stop */
	bool exhausted;
};

/* Books one guess of so many octets; false when the bound is reached. */
bool search_spend(struct search *search, uint64_t octets);

/* One thing done to the fields of the message, for rebuilding it. */
enum field_change_kind { FIELD_REPLACE, FIELD_DELETE, FIELD_INSERT };
struct field_change {
	enum field_change_kind kind;
	size_t field;    /* FIELD_INSERT: before this field; header.n: at the end */
	struct span raw; /* without final CRLF */
};

struct slot_change {
	size_t slot;       /* in signature->names; names_n is the signature's own field */
	struct span canon; /* with CRLF where it is due; empty: the slot gives nothing */
};

/* One guess about the header. */
struct header_edit {
	size_t group;  /* edits of one group exclude each other: the first slot they touch by name */
	unsigned rank; /* 0: common enough to be tried together with others; 1: with rank 0; 2: alone */
	struct slot_change *slots;
	size_t slots_n;
	struct field_change *changes;
	size_t changes_n;
	struct dkim_step step;
};

#define EDITS_MAX 10000

struct header_search {
	struct search *search;
	struct span *base; /* canonical text by slot, the signature's own last */
	size_t slots;      /* names_n + 1 */
	struct header_edit *edits;
	size_t edits_n;
	struct span *over; /* by slot: scratch of a trial */
	size_t *pool;      /* scratch: edits that may be combined */
	/* the outcome */
	bool found;
	const struct header_edit *hits[SEARCH_STEPS_MAX];
	size_t hits_n;
};

/* Generators use these. A guess that changes nothing under the canonical form is dropped. */
void edit_value(struct header_search *h, size_t slot, unsigned rank, enum dkim_edit edit, struct span raw,
	struct span found, struct span before, uint64_t octets);
void edit_structure(struct header_search *h, unsigned rank, enum dkim_edit edit, const struct field_change *changes,
	size_t n, struct span name, struct span found, struct span before, uint64_t octets);

const struct header_field *slot_field(const struct header_search *h, size_t slot); /* the slot must have one */
/* "Name: " as the field has it, then the value given. */
struct span field_with(const struct header_search *h, const struct header_field *field, struct span value);

void edits_subject(struct header_search *h, size_t slot);
void edits_words(struct header_search *h, size_t slot);
void edits_addresses(struct header_search *h, size_t slot);
void edits_parameters(struct header_search *h, size_t slot);
void edits_encoding(struct header_search *h, size_t slot);
void edits_date(struct header_search *h, size_t slot);
void edits_copied(struct header_search *h);
void edits_folding(struct header_search *h, size_t slot);
void edits_structural(struct header_search *h);
void edits_own(struct header_search *h);

bool header_search_run(struct search *search, struct header_search *h); /* false: memory is short */

/* The body search's outcome. */
struct body_outcome {
	bool found;
	struct span body; /* as signed, network form */
	struct dkim_step steps[SEARCH_STEPS_MAX];
	size_t steps_n;
	const char *cte; /* transfer encoding that the whole body has now; NULL: unchanged */
};
bool body_search_run(struct search *search, struct body_outcome *outcome);

/* Texts put together in the arena. */
struct piece {
	size_t at, n; /* octets of the base that are replaced */
	struct span text;
};
struct span text_splice(struct arena *arena, struct span base, const struct piece *pieces, size_t n);
struct span text_join(struct arena *arena, const struct span *parts, size_t n);
#define TEXT_JOIN(arena, ...)                                  \
	text_join(arena, (const struct span[]){ __VA_ARGS__ }, \
		sizeof((const struct span[]){ __VA_ARGS__ }) / sizeof(struct span))

/* RFC 2047. Decoded to UTF-8; absent when there is no encoded word or one cannot be decoded. */
struct span encodedword_decode(struct arena *arena, struct span text);
#define ENCODEDWORD_FORMS 36
/* The text, which holds octets above 127, written with encoded words in form 0 .. ENCODEDWORD_FORMS - 1. */
struct span encodedword_encode(struct arena *arena, struct span text, unsigned form);

/* Transfer encodings of whole texts (RFC 2045 6.7, 6.8); decoding is lenient as decoders are, encoding gives lines of
 * `width`, quoted-printable with `words` broken behind a space where there is one. Absent when the text is not in that
 * encoding. */
struct span mime_qp_decode(struct arena *arena, struct span text);
struct span mime_base64_decode(struct arena *arena, struct span text);
struct span mime_base64_encode(struct arena *arena, struct span octets, size_t width);
struct span mime_qp_encode(struct arena *arena, struct span text, size_t width, bool words);

/* A parameter's value of a Content-Type (quotes removed), or absent. */
struct span mime_parameter(struct span value, const char *name);

#endif
