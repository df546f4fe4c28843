/* Canonical forms (RFC 6376 3.4) over octets in network form: lines end in CRLF, a bare CR is an octet like others. */
#ifndef PARSE_DKIM_CANON_H
#define PARSE_DKIM_CANON_H

#include "base/buf.h"

enum dkim_canon { CANON_SIMPLE, CANON_RELAXED, CANON_COUNT };

/* Appends one field (`raw`: name, colon, value, no final CRLF) in canonical form, without the CRLF that ends it. */
bool canon_header(struct buf *out, enum dkim_canon canon, struct span raw);

typedef void canon_taker(void *arg, const char *octets, size_t n);

/* Lines are short: they are handed on many together. */
struct canon_out {
	canon_taker *take;
	void *arg;
	size_t n;
	char out[2048];
};

/* A body in pieces of any size. The state is plain data, so it may be copied and continued from the copy. */
struct canon_body {
	enum dkim_canon canon;
	uint64_t crlfs; /* line ends not yet handed on: they vanish when the body ends here */
	bool cr;        /* a CR was seen, its LF not yet */
	bool space;     /* relaxed: white space not yet handed on */
	bool some;      /* something was handed on */
	struct canon_out out;
};

void canon_body_begin(struct canon_body *body, enum dkim_canon canon, canon_taker *take, void *arg);
void canon_body_add(struct canon_body *body, const char *octets, size_t n);
void canon_body_end(struct canon_body *body);

/* Line ends as the wire has them: a bare LF becomes CRLF, a bare CR stays. Pieces of any size. */
struct canon_lines {
	bool cr; /* the last octet was a CR */
};
void canon_lines_add(struct canon_lines *lines, const char *octets, size_t n, canon_taker *take, void *arg);

#endif
