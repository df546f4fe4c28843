/* literal: a sieve between the connection and the IMAP engine that keeps literals (RFC 9051 4.3) from the engine.
 *
 * The engine of libmailutils reads a literal into memory with whatever length the server names: 2^64-1 makes it write
 * past its buffer, an NUL cuts the text, 100 MB cost several times as much. Here the literal of a FETCH goes straight
 * into a hold, octet for octet, and the engine sees the word LITERAL_WORD in its place; a short literal elsewhere, such
 * as a folder's name, becomes a quoted string. So the engine only ever sees single lines, bounded in length and in
 * brackets; whatever it could still take for a literal is a broken reply. */
#ifndef INGEST_LITERAL_H
#define INGEST_LITERAL_H

#include "ingest/carrier.h"
#include "ingest/hold.h"

#define LITERAL_WORD "literal"
#define LITERAL_LINE ((size_t)16 << 20) /* octets of one response: two million UIDs of a SEARCH */
#define LITERAL_SHORT 4096		/* octets of a literal outside of FETCH */
#define LITERAL_BRACKETS 1000		/* of one response */

struct literals;

struct literals *literals_new(struct carrier *carrier); /* NULL: memory is short */
void literals_free(struct literals *literals);

/* Literals of FETCH responses up to `max` octets are welcome from now on (0: none is). */
void literals_expect(struct literals *literals, uint64_t max);

/* The literal of the FETCH response that the engine has just reported: its descriptor, which is the caller's, and
 * length. -1: there was none, or it could not be kept (`error` gets an errno then, else 0). */
int literals_take(struct literals *literals, uint64_t *n, int *error);

/* Reads one response past the engine, between its commands: for literals_line, and never seen by the engine. 0 or an
 * errno, and the carrier knows why. */
int literals_next(struct literals *literals, struct carrier *carrier);

/* The first line of the response being read, without its end: for response codes that the engine does not parse. */
struct span literals_line(const struct literals *literals);

#endif
