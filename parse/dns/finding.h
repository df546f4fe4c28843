/* A finding (noun): something about a published record that its owner should know. Plain data in an arena.
 *
 * Every finding says what is there, where in the record (for a caret), why it matters in words for someone who has
 * read no RFC, and, where a correction can be calculated, the whole record to paste. Its code and severity come from
 * one table, finding.c; texts are never put together elsewhere. Texts carry octets of the record as published: escape
 * where shown. */
#ifndef PARSE_DNS_FINDING_H
#define PARSE_DNS_FINDING_H

#include "base/arena.h"
#include "base/span.h"

#define FINDINGS_MAX 500 /* of one run; the rest is counted */
#define FLAWS_MAX 100    /* of one record; the rest is counted */

enum severity { SEVERITY_NOTE, SEVERITY_WARNING, SEVERITY_ERROR, SEVERITY_COUNT };

/* One entry per row of the table in finding.c; finding_word() gives the stable name, such as `dmarc-p-missing`. */
enum finding_code {
	/* any record */
	FINDING_TEXT_UNKNOWN,
	FINDING_TEXT_EMPTY,
	FINDING_TEXT_OCTET,
	FINDING_TEXT_QUOTE,
	FINDING_TEXT_LONG,
	FINDING_TEXT_STRING_LONG,
	FINDING_TEXT_STRINGS,
	FINDING_TEXT_SPLIT,
	FINDING_TEXT_ZONE,
	FINDING_TEXT_MANY,

	/* the text of a DMARC record */
	FINDING_DMARC_VERSION_MISSING,
	FINDING_DMARC_VERSION_LATE,
	FINDING_DMARC_VERSION_WRONG,
	FINDING_DMARC_BLANK_FIRST,
	FINDING_DMARC_SEMICOLON,
	FINDING_DMARC_TERM,
	FINDING_DMARC_TAG_UNKNOWN,
	FINDING_DMARC_TAG_TWICE,
	FINDING_DMARC_TAG_RETIRED,
	FINDING_DMARC_VALUE,
	FINDING_DMARC_P_MISSING,
	FINDING_DMARC_P_MISSING_DEAD,
	FINDING_DMARC_P_VALUE,
	FINDING_DMARC_P_LATE,
	FINDING_DMARC_POLICY_NONE,
	FINDING_DMARC_SP_WEAKER,
	FINDING_DMARC_NP_WEAKER,
	FINDING_DMARC_TRIAL,
	FINDING_DMARC_TEST,
	FINDING_DMARC_TEST_IDLE,
	FINDING_DMARC_PCT,
	FINDING_DMARC_PCT_PART,
	FINDING_DMARC_STRICT,
	FINDING_DMARC_RUA_MISSING,
	FINDING_DMARC_URI,
	FINDING_DMARC_URI_SCHEME_MISSING,
	FINDING_DMARC_URI_SCHEME,
	FINDING_DMARC_URI_SEPARATOR,
	FINDING_DMARC_URI_ESCAPE,
	FINDING_DMARC_URI_SIZE,
	FINDING_DMARC_URI_IDN,
	FINDING_DMARC_URI_DOT,
	FINDING_DMARC_URI_MANY,
	FINDING_DMARC_URI_COMMA,
	FINDING_DMARC_BORDER,
	FINDING_DMARC_RUF_PRIVACY,
	FINDING_DMARC_FO_IDLE,
	FINDING_DMARC_FO_BOTH,
	FINDING_DMARC_PSD,

	/* what stands in the DNS around a DMARC record */
	FINDING_DMARC_NONE,
	FINDING_DMARC_INHERITED,
	FINDING_DOMAIN_NONE,
	FINDING_DMARC_TWO,
	FINDING_DMARC_APEX,
	FINDING_DMARC_MISPLACED,
	FINDING_DMARC_OTHER_TEXT,
	FINDING_DMARC_UNREACHABLE,
	FINDING_DMARC_BOGUS,
	FINDING_DMARC_ALIAS,
	FINDING_DMARC_ALIAS_IDLE,
	FINDING_DMARC_RECEIVERS_DIFFER,
	FINDING_DMARC_SUFFIX_RECORD,
	FINDING_DMARC_DEEP,
	FINDING_CONSENT_MISSING,
	FINDING_CONSENT_UNKNOWN,
	FINDING_CONSENT_LONG,
	FINDING_CONSENT_OVERRIDE,
	FINDING_CONSENT_FOREIGN,

	/* the text of an SPF record */
	FINDING_SPF_VERSION,
	FINDING_SPF_VERSION_CASE,
	FINDING_SPF_TERM,
	FINDING_SPF_ADDRESS,
	FINDING_SPF_PREFIX,
	FINDING_SPF_DOMAIN,
	FINDING_SPF_IDN,
	FINDING_SPF_MACRO,
	FINDING_SPF_MACRO_SENDER,
	FINDING_SPF_MACRO_UNREAD,
	FINDING_SPF_TWICE,
	FINDING_SPF_ALL_PASS,
	FINDING_SPF_RANGE_ALL,
	FINDING_SPF_RANGE_HUGE,
	FINDING_SPF_HOST_BITS,
	FINDING_SPF_DUPLICATE,
	FINDING_SPF_PTR,
	FINDING_SPF_ALL_MISSING,
	FINDING_SPF_ALL_NEUTRAL,
	FINDING_SPF_ALL_SOFT,
	FINDING_SPF_ALL_HARD,
	FINDING_SPF_AFTER_ALL,
	FINDING_SPF_REDIRECT_IDLE,
	FINDING_SPF_MODIFIER,
	FINDING_SPF_EQUALS,
	FINDING_SPF_REPORTING,
	FINDING_SPF_LARGE,
	FINDING_SPF_BORDER,

	/* the SPF record with everything it includes */
	FINDING_SPF_NONE,
	FINDING_SPF_TWO,
	FINDING_SPF_TYPE99,
	FINDING_SPF_UNREACHABLE,
	FINDING_SPF_LOOKUPS,
	FINDING_SPF_LOOKUPS_NEAR,
	FINDING_SPF_VOIDS,
	FINDING_SPF_TARGET_NONE,
	FINDING_SPF_TARGET_TWO,
	FINDING_SPF_TARGET_BROKEN,
	FINDING_SPF_TARGET_UNREACHABLE,
	FINDING_SPF_TARGET_ALL,
	FINDING_SPF_BELOW,
	FINDING_SPF_LOOP,
	FINDING_SPF_INCLUDED_TWICE,
	FINDING_SPF_MX_MANY,
	FINDING_SPF_BOUND,

	/* the text of a DKIM key record */
	FINDING_KEY_SEMICOLON,
	FINDING_KEY_EMPTY,
	FINDING_KEY_TERM,
	FINDING_KEY_TWICE,
	FINDING_KEY_TAG_UNKNOWN,
	FINDING_KEY_VERSION_WRONG,
	FINDING_KEY_VERSION_LATE,
	FINDING_KEY_VERSION_MISSING,
	FINDING_KEY_P_MISSING,
	FINDING_KEY_BASE64,
	FINDING_KEY_CUT,
	FINDING_KEY_PRIVATE,
	FINDING_KEY_UNUSABLE,
	FINDING_KEY_WRAPPED,
	FINDING_KEY_TYPE_DIFFERS,
	FINDING_KEY_TYPE_UNKNOWN,
	FINDING_KEY_TYPE_MISSING,
	FINDING_KEY_SHORT,
	FINDING_KEY_WEAK,
	FINDING_KEY_LARGE,
	FINDING_KEY_ED25519,
	FINDING_KEY_EXPONENT,
	FINDING_KEY_BARE,
	FINDING_KEY_TRAILING,
	FINDING_KEY_PADDING,
	FINDING_KEY_BLANKS,
	FINDING_KEY_REVOKED,
	FINDING_KEY_TESTING,
	FINDING_KEY_STRICT,
	FINDING_KEY_FLAG,
	FINDING_KEY_HASHES,
	FINDING_KEY_SHA1,
	FINDING_KEY_SERVICE,
	FINDING_KEY_SERVICE_OTHER,
	FINDING_KEY_GRANULARITY,
	FINDING_KEY_NOT,

	/* what stands in the DNS at the name of a key, and what was expected there */
	FINDING_KEY_NONE,
	FINDING_KEY_MANY,
	FINDING_KEY_UNREACHABLE,
	FINDING_KEY_ALIAS,
	FINDING_KEY_UNUSED,
	FINDING_KEY_EXPECTED,
	FINDING_KEY_DIFFERS,
	FINDING_KEY_UNPUBLISHED,
	FINDING_KEY_WITHDRAWN,

	/* historic policies about signatures: DomainKeys and ADSP */
	FINDING_POLICY_SOME,
	FINDING_POLICY_ALL,
	FINDING_POLICY_O,
	FINDING_POLICY_UNREADABLE,
	FINDING_POLICY_TESTING,
	FINDING_POLICY_REPORT,
	FINDING_POLICY_NOTE,
	FINDING_POLICY_TAG_UNKNOWN,
	FINDING_POLICY_NOT,
	FINDING_ADSP_UNKNOWN,
	FINDING_ADSP_ALL,
	FINDING_ADSP_DISCARDABLE,
	FINDING_ADSP_VALUE,
	FINDING_ADSP_UNREADABLE,

	/* the rest of what a domain publishes */
	FINDING_MAIL_NULL_MX,
	FINDING_MAIL_PARKED,
	FINDING_MTA_STS,
	FINDING_TLS_RPT,

	FINDING_COUNT
};

/* What a parser finds in one record: a code and a place. lint turns flaws into findings. */
struct flaw {
	enum finding_code code;
	size_t at, n; /* octets of the record's text */
	struct span word; /* what the sentence needs besides the place; a constant or a piece of the text */
};

struct flaws {
	struct flaw *rows; /* in the arena */
	size_t n;
	size_t left_out;
};

struct finding {
	enum finding_code code;
	enum severity severity;
	struct span name;   /* the DNS name of the record; absent for a text without one */
	struct span record; /* the text as published; absent where the finding is about its absence */
	size_t at, n;       /* the place in the record; n == 0: the record as a whole */
	struct span what;   /* one sentence */
	struct span why;    /* why it matters and what to do, one to three sentences */
	struct span fix_name; /* where to publish the correction; absent: at `name` */
	struct span fix;      /* the corrected record to paste, whole; absent when none can be calculated */
	struct span fix_zone; /* the same as a line of a zone file; its strings alone where the place is not known */
};

struct findings {
	struct arena *arena; /* holds rows and texts; its failure is the only failure */
	struct finding *rows;
	size_t n;
	size_t left_out;
	size_t count[SEVERITY_COUNT]; /* those left out counted too */
};

bool flaw_add(struct arena *arena, struct flaws *flaws, struct flaw flaw);

/* Adds a finding. `args` fill $1 .. $3 of the table's sentences, $0 is the place's own text (shortened); absent ones
 * are filled with nothing. Returns the row for the caller to set `fix`, NULL: left out, or memory is short. */
struct finding_place {
	struct span name, record;
	size_t at, n;
};
struct finding *finding_add(struct findings *findings, enum finding_code code, struct finding_place place,
	const struct span *args, size_t args_n);

const char *finding_word(enum finding_code code);
const char *severity_word(enum severity severity); /* note, warning, error */
enum severity finding_severity(enum finding_code code);
enum severity findings_worst(const struct findings *findings); /* SEVERITY_NOTE when there are none */

#endif
