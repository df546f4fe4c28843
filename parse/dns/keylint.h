/* Keys as the DNS publishes them: the findings of a name, its state in short, and whether it is the key that signs.
 * lint_key (lint.h) judges one text. Pure calculation on answers; the rules of lint.h about memory hold here too. */
#ifndef PARSE_DNS_KEYLINT_H
#define PARSE_DNS_KEYLINT_H

#include "base/fault.h"
#include "parse/dns/lint.h"

enum key_state {
	KEY_STATE_UNKNOWN, /* no answer */
	KEY_STATE_NONE,    /* no record, or none that was meant to be a key */
	KEY_STATE_REVOKED,
	KEY_STATE_BROKEN, /* no receiver can use it */
	KEY_STATE_PUBLISHED,
	KEY_STATE_COUNT
};

/* What there is at the name of a key: of several records the best, as a verifier that tries each would find it. */
struct key_seen {
	enum key_state state;
	const char *type; /* RSA, Ed25519; "" when there is no usable key */
	uint32_t bits;    /* 0 when there is no usable key */
	bool testing;     /* t=y */
	size_t records;   /* that were meant to be keys */
};
struct key_seen key_seen_in(const struct dns_answer *answer, struct arena *arena);

/* `selector._domainkey.domain` in the arena; absent when it is no possible name. */
struct span key_name(struct span selector, struct span domain, struct arena *arena);

/* Asks for the key and judges everything at its name. `seen` may be NULL. */
bool lint_key_name(struct dns dns, struct span name, struct findings *findings, struct key_seen *seen);

/* A key that is published and was used for the last time on this day, long ago. */
bool lint_key_unused(struct span name, struct span day, struct findings *findings);

/* The key that a server signs with, from a file: PEM (public or private), the text of a record, or a line of a zone
 * file. */
struct expected_key {
	struct span name;   /* the full name of a zone line; absent: the file does not say */
	struct span record; /* as it should be published; there is nothing private in it */
	const void *material;
};
/* False: fault (FAULT_INPUT, FAULT_LATER) says what is wrong with the file without showing any of it. Data in the
 * arena. */
bool expected_key_read(struct span file, struct arena *arena, struct expected_key *expected, struct fault *fault);

/* Is it published at one of the names? The file's own name, where it has one, goes before them. At least one finding:
 * key-expected, or what is there instead. */
bool lint_expected_key(struct dns dns, const struct expected_key *expected, const struct span *names, size_t n,
	struct findings *findings);

#endif
