/* What re-verification says of one message (noun; plain data, no libraries needed).
 *
 * Three vocabularies for one outcome stand in one table, DKIM_REASONS: the reason class, the RFC 8601 result word and
 * the RFC 6376 3.9 state with its explanation. The two cryptographic facts (body hash, header hash) are kept apart from
 * the verdict.
 *
 * All spans live in the arena of struct dkim_verdicts, until dkim_verdicts_release. Values of tags are as read, white
 * space removed: a stranger wrote them, so escape them for where they are shown. */
#ifndef PARSE_DKIM_VERDICT_H
#define PARSE_DKIM_VERDICT_H

#include "base/arena.h"
#include "base/digest.h"

#include <stdint.h>

/* RFC 8601 2.7.1, best first after `none`: the message's result is the best of its signatures. */
enum dkim_result {
	DKIM_NONE,
	DKIM_PASS,
	DKIM_FAIL,
	DKIM_POLICY,
	DKIM_TEMPERROR,
	DKIM_PERMERROR,
	DKIM_NEUTRAL,
	DKIM_RESULT_COUNT
};

enum dkim_state { DKIM_SUCCESS, DKIM_PERMFAIL, DKIM_TEMPFAIL, DKIM_STATE_COUNT };

/* X(name, word, result, state, explanation of RFC 6376 6.1) */
#define DKIM_REASONS(X)                                                                                     \
	X(OK, "ok", PASS, SUCCESS, "")                                                                      \
	X(BODY_HASH_MISMATCH, "body-hash-mismatch", FAIL, PERMFAIL, "body hash did not verify")             \
	X(SIGNATURE_MISMATCH, "signature-mismatch", FAIL, PERMFAIL, "signature did not verify")             \
	X(NO_KEY, "no-key", PERMERROR, PERMFAIL, "no key for signature")                                    \
	X(REVOKED_KEY, "revoked-key", PERMERROR, PERMFAIL, "key revoked")                                   \
	X(KEY_SYNTAX, "key-syntax", PERMERROR, PERMFAIL, "key syntax error")                                \
	X(SIG_SYNTAX, "sig-syntax", PERMERROR, PERMFAIL, "signature syntax error")                          \
	X(SIG_VERSION, "sig-version", PERMERROR, PERMFAIL, "incompatible version")                          \
	X(EXPIRED, "expired", PERMERROR, PERMFAIL, "signature expired")                                     \
	X(FROM_NOT_SIGNED, "from-not-signed", PERMERROR, PERMFAIL, "From field not signed")                 \
	X(DOMAIN_MISMATCH, "domain-mismatch", PERMERROR, PERMFAIL, "domain mismatch")                       \
	X(STRICT_IDENTITY, "strict-identity", PERMERROR, PERMFAIL, "inapplicable key")                      \
	X(UNSUPPORTED_ALGORITHM, "unsupported-algorithm", PERMERROR, PERMFAIL, "unsupported algorithm")     \
	X(UNSUPPORTED_CANON, "unsupported-canonicalization", PERMERROR, PERMFAIL, "signature syntax error") \
	X(QUERY_METHOD, "query-method", PERMERROR, PERMFAIL, "signature syntax error")                      \
	X(HASH_NOT_ALLOWED, "hash-not-allowed", PERMERROR, PERMFAIL, "inappropriate hash algorithm")        \
	X(SERVICE_NOT_ALLOWED, "service-not-allowed", PERMERROR, PERMFAIL, "inapplicable key")              \
	X(UNSUPPORTED_KEY_TYPE, "unsupported-key-type", PERMERROR, PERMFAIL, "inappropriate key algorithm") \
	X(KEY_TYPE_MISMATCH, "key-type-mismatch", PERMERROR, PERMFAIL, "inappropriate key algorithm")       \
	X(KEY_TOO_SHORT, "key-too-short", POLICY, PERMFAIL, "inapplicable key")                             \
	X(HISTORIC_ALGORITHM, "historic-algorithm", POLICY, PERMFAIL, "inappropriate hash algorithm")       \
	X(BODY_TOO_SHORT, "body-too-short", PERMERROR, PERMFAIL, "signature syntax error")                  \
	X(DNS_ERROR, "dns-error", TEMPERROR, TEMPFAIL, "key unavailable")                                   \
	X(GRANULARITY, "granularity", PERMERROR, PERMFAIL, "inapplicable key")                              \
	X(HEADERS_ONLY, "headers-only", NEUTRAL, TEMPFAIL, "the body is not at hand") \
	X(LIMIT, "limit", NEUTRAL, TEMPFAIL, "not evaluated: beyond a limit")

enum dkim_reason {
#define X(name, word, result, state, text) DKIM_REASON_##name,
	DKIM_REASONS(X)
#undef X
		DKIM_REASON_COUNT
};

struct dkim_reason_row {
	const char *word;
	enum dkim_result result;
	enum dkim_state state;
	const char *text;
};
extern const struct dkim_reason_row dkim_reason_rows[DKIM_REASON_COUNT];

const char *dkim_result_word(enum dkim_result result); /* none pass fail policy temperror permerror neutral */
const char *dkim_state_word(enum dkim_state state);    /* SUCCESS PERMFAIL TEMPFAIL */

/* A cryptographic fact. Undecodable (RSA only): the signature opened with this key holds no PKCS#1 v1.5 block with a
 * DigestInfo of the right hash, which means a wrong key or a damaged b=, never an edited header. */
enum dkim_fact { DKIM_UNKNOWN, DKIM_MATCH, DKIM_MISMATCH, DKIM_UNDECODABLE, DKIM_FACT_COUNT };
const char *dkim_fact_word(enum dkim_fact fact); /* NULL for unknown */

enum dkim_aligned { DKIM_ALIGNED_UNKNOWN, DKIM_ALIGNED_NO, DKIM_ALIGNED_YES };

/* One change that was found and undone. X(name, word, sentence part); words as in the machine form. */
#define DKIM_EDITS(X)                                                                                       \
	X(SUBJECT_PREFIX, "subject-prefix", "the subject tag is removed")                                   \
	X(SUBJECT_SUFFIX, "subject-suffix", "the end of the subject is removed")                            \
	X(HEADER_REFOLDED, "header-refolded", "the line breaks are put back")                               \
	X(HEADER_SPACING, "header-name-case-or-spacing", "name case and spacing are put back")              \
	X(HEADER_ENCODED, "header-rfc2047-encoded", "encoded words are decoded again")                      \
	X(HEADER_DECODED, "header-rfc2047-decoded", "the text is encoded again")                            \
	X(HEADER_REENCODED, "header-rfc2047-reencoded", "encoded words are written the other way")          \
	X(HEADER_ADDED, "header-added", "an added field is removed")                                        \
	X(HEADER_REMOVED, "header-removed", "a lost field is put back")                                     \
	X(HEADER_ORDER, "header-order-changed", "the fields are put back in order")                         \
	X(HEADER_REPLACED, "header-replaced", "the copy in z= is put back")                                 \
	X(FROM_REWRITTEN, "from-rewritten", "the address is put back")                                      \
	X(QUOTES_CHANGED, "display-name-quotes-changed", "the quotes of the display name are put back")     \
	X(ADDRESS_SPACING, "address-list-respaced", "the spacing of the address list is put back")          \
	X(REDACTED, "redacted-local-part", "the blackened address is filled in")                            \
	X(PARAMETER_CASE, "parameter-case-changed", "the case of a parameter is put back")                  \
	X(PARAMETER_QUOTES, "parameter-quotes-changed", "the quotes of a parameter are put back")           \
	X(CTE_CHANGED, "cte-changed", "the transfer encoding is named as before")                           \
	X(DATE_ZONE, "date-zone-reformatted", "the date is written as before")                              \
	X(SIGNATURE_REFOLDED, "signature-header-refolded", "white space in the signature field is removed") \
	X(FOOTER, "footer-appended", "the footer is removed")                                               \
	X(BANNER, "banner-prepended", "the banner is removed")                                              \
	X(TEXT_INSERTED, "text-inserted", "inserted lines are removed")                                     \
	X(PART_ADDED, "mime-part-added", "an added part is removed")                                        \
	X(WRAPPED, "mime-wrapped", "the message is taken out of an added multipart")                        \
	X(TO_QP, "8bit-to-quoted-printable", "quoted-printable is decoded")                                 \
	X(TO_BASE64, "8bit-to-base64", "base64 is decoded")                                                 \
	X(QP_DECODED, "quoted-printable-to-8bit", "the text is encoded as quoted-printable again")          \
	X(BASE64_DECODED, "base64-to-8bit", "the text is encoded as base64 again")                          \
	X(REWRAPPED, "body-rewrapped", "lines are broken as before")                                        \
	X(BASE64_REWRAPPED, "base64-rewrapped", "base64 is wrapped as before")                              \
	X(LINES_DOUBLED, "line-ends-doubled", "doubled line ends are made single")                          \
	X(FROM_ESCAPED, "mbox-from-escaped", "\">From \" is read as \"From \"")                             \
	X(DOT_STUFFED, "dot-stuffed", "doubled dots at line starts are made single")                        \
	X(DOT_UNSTUFFED, "dot-lost", "lost dots at line starts are put back")                               \
	X(LEADING_LOST, "leading-blank-lines-lost", "blank lines at the start are put back")                \
	X(LEADING_ADDED, "leading-blank-lines-added", "blank lines at the start are removed")               \
	X(URL_REWRITTEN, "url-rewritten", "rewritten links are put back")                                   \
	X(TRAILING_SPACE, "trailing-whitespace-stripped", "white space at line ends is put back")           \
	X(BODY_SPACE, "body-whitespace-changed", "tabs and spaces are put back")                            \
	X(PREAMBLE_LOST, "preamble-lost", "the text before the first part is put back")                     \
	X(REPORTED_BODY, "body-from-report", "the body is taken from the report's own copy")                \
	X(REPORTED_HEADER, "header-from-report", "the header is taken from the report's own copy")          \
	X(CHARSET, "charset-renamed", "the charset is named as before")                                     \
	X(DEFANGED, "url-defanged", "links made harmless are put back")

enum dkim_edit {
#define X(name, word, text) DKIM_EDIT_##name,
	DKIM_EDITS(X)
#undef X
		DKIM_EDIT_COUNT
};

struct dkim_edit_row {
	const char *word, *text;
};
extern const struct dkim_edit_row dkim_edit_rows[DKIM_EDIT_COUNT];

struct dkim_step {
	enum dkim_edit edit;
	struct span where; /* field name as in the message, or `body`, or `body part 2` */
	struct span
		found; /* what stands in the message: the tag, the footer's start; absent when it would say nothing */
	struct span before; /* what stood there when it was signed; absent when nothing or when it would say nothing */
	uint64_t octets;    /* how many octets of the message are too many; 0 when none are */
};

/* Why a signature fails, as far as it can be proven. Nothing here is a guess: a step is listed only when the hash
 * agrees. */
struct dkim_diagnosis {
	bool undone;             /* with `steps` undone, both hashes match */
	bool header_undone;      /* the header hash matches, as it stands or with the header's steps undone */
	bool body_undone;        /* the same of the body */
	bool exhausted;          /* a bound of the search was reached before its candidates were */
	struct dkim_step *steps; /* header first, then body */
	size_t steps_n;
	uint64_t added_octets; /* sum of the steps' octets */
	struct span sentence;  /* one sentence in plain words, values already shortened; still to be escaped */
	bool has_reconstruction;
	uint8_t reconstruction_sha256[DIGEST_OCTETS]; /* the message as signed, CRLF line ends; under relaxed the
							 likeliest form */
	uint64_t reconstruction_octets;
	uint64_t candidates, hashed;                   /* what the search cost: guesses, octets hashed */
	enum dkim_fact reported_header, reported_body; /* the report's own canonical copies against the signature */
};

struct dkim_verdict {
	size_t position; /* among all DKIM-Signature fields, top first, from 0 */
	/* tags as read, also from a void list; i= decoded; c= and i= with what a missing one means */
	struct span d, s, i, a, c, l;
	int64_t t, x;       /* MOMENT_NONE when absent; INT64_MAX for more than 12 digits */
	struct span domain; /* d= in lower-case A-labels; absent when unusable */
	struct span name;   /* where the key is asked for; absent when it is not */

	enum dkim_reason reason;
	struct span detail; /* a few words on the reason; absent when there is nothing to add */
	bool has_historic;  /* rsa-sha1, short keys, old versions allowed and g= (RFC 4871) enforced gives something
			       else: */
	enum dkim_reason historic;

	enum dkim_fact body_hash, header_hash;
	uint32_t key_bits;  /* 0 without a key */
	bool key_bare;      /* RSAPublicKey instead of SubjectPublicKeyInfo */
	size_t key_records; /* TXT records in the answer */
	bool testing;       /* t=y of the key: later decisions treat the message as unsigned */
	struct span g;      /* g= of the key */
	bool has_body_length;
	uint64_t body_length;     /* canonical octets of the body */
	uint64_t unsigned_octets; /* canonical octets behind l= */

	bool t_in_future;
	bool subject_unsigned;
	struct span
		extra_instances; /* fields with an unsigned instance beside a signed one, lower case, `from subject` */
	enum dkim_aligned strict, relaxed; /* d= against the From domain (RFC 7489 3.1.1) */
	struct dkim_diagnosis *diagnosis;  /* NULL when not asked for, or nothing to say */
};

/* DomainKey-Signature (RFC 4870, historic): recognised and shown, never judged. */
struct dkim_domainkey {
	struct span a, c, d, s, q, h; /* white space removed; absent when missing */
};

struct dkim_verdicts {
	struct arena arena;
	enum dkim_result result; /* the best of all */
	struct dkim_verdict *signatures;
	size_t n;
	uint64_t total; /* DKIM-Signature fields in the message; those beyond `n` were not evaluated */
	struct dkim_domainkey *domainkeys;
	size_t domainkeys_n;
	struct span from_domain; /* A-labels; absent when there is not exactly one */
	uint64_t from_fields;    /* From fields in the message; RFC 5322 wants one */
	uint64_t from_domains;   /* different domains in them */
	bool header_too_long;    /* the header block passed its bound: nothing was evaluated */
};

void dkim_verdicts_release(struct dkim_verdicts *verdicts);

#endif
