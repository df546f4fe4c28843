/* The selectors of a domain: who signs with which key, and how the keys stand. What each row means is decided by
 * selector_judge; the looks only show it. */
#ifndef REPORT_SELECTORS_H
#define REPORT_SELECTORS_H

#include "base/moment.h"
#include "report/style.h"

#define SELECTOR_UNUSED_DAYS 90 /* as long as monthly and quarterly mail takes to show itself */

/* What is worth saying of a row, the most urgent first. */
enum selector_flag {
	SELECTOR_MISSING,  /* in use, or listed by the operator, and not published */
	SELECTOR_REVOKED,  /* in use, and withdrawn */
	SELECTOR_BROKEN,   /* published, and no receiver can use it */
	SELECTOR_FAILING,  /* published, and no signature with it was ever valid */
	SELECTOR_TESTING,  /* t=y */
	SELECTOR_WEAK,     /* RSA below 2048 bits */
	SELECTOR_UNUSED,   /* published, and not used for SELECTOR_UNUSED_DAYS */
	SELECTOR_SHARED,   /* used from several homes */
	SELECTOR_STRANGE,  /* in failing mail only, and not published: a forger's invention, or a key never published */
	SELECTOR_UNSEEN,   /* listed and published, never seen in use */
	SELECTOR_UNLOOKED, /* nobody has looked its key up yet */
	SELECTOR_FLAG_COUNT
};
const char *selector_flag_word(enum selector_flag flag); /* missing, revoked, ... */

enum selector_key { SELECTOR_KEY_UNKNOWN, SELECTOR_KEY_NONE, SELECTOR_KEY_REVOKED, SELECTOR_KEY_BROKEN, SELECTOR_KEY_PUBLISHED };
const char *selector_key_word(enum selector_key key); /* unknown, none, revoked, broken, published */

struct selector_line {
	struct span selector, domain; /* domain: d= */
	bool listed;		      /* by the operator */
	/* In aggregate reports: messages of the verdict's window. Where the verdict counts the key, broken ones are those at
	 * its home, because forwarders break signatures too; else all that failed. Days ever seen valid; MOMENT_NONE:
	 * never. */
	struct span home; /* the service or source that signs with it; absent: not known */
	bool home_own;	  /* your own servers */
	bool shared;
	uint64_t valid, broken;
	int64_t first_day, last_day;
	/* signatures checked here, of report mails and failure samples */
	uint64_t checked_valid, checked_broken;
	int64_t checked_day; /* of the last valid one; MOMENT_NONE */
	/* what is published, as last seen */
	enum selector_key key;
	const char *key_type; /* RSA, Ed25519, "" */
	uint32_t key_bits;
	bool key_testing;
	int64_t key_seen; /* MOMENT_NONE: never */

	unsigned flags; /* bits of 1 << enum selector_flag */
};

void selector_judge(struct selector_line *line, int64_t today);

struct selectors_page {
	struct span domain;
	int64_t first_day, last_day; /* of valid and broken */
	const struct selector_line *lines;
	size_t n;
};

bool selectors_text(FILE *out, const struct style *style, const struct selectors_page *page);
bool selectors_json(FILE *out, const struct selectors_page *page); /* `dmarcgate-selectors/1` */
bool selectors_csv(FILE *out, const struct selectors_page *page);

#endif
