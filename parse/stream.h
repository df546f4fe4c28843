/* A pulled stream of octets: mail part, inflated member, archive entry. Private to parse/.
 * A stream is read to its end or left; whoever made it closes it. `fault` is a sentence for a problem. */
#ifndef PARSE_STREAM_H
#define PARSE_STREAM_H

#include "base/buf.h"
#include "base/span.h"

#include <stdint.h>
#include <sys/types.h>

struct stream {
	/* > 0: octets read, 0: end, -1: fault. Never fewer than 1 octet before the end. */
	ssize_t (*read)(struct stream *s, void *buffer, size_t room);
	const char *fault; /* static text, set when read gave -1 */
};

/* Looks ahead without consuming: enough to recognise what a stream holds. */
#define PEEK_OCTETS ((size_t)4096)
struct peeked {
	struct stream stream; /* reads what was peeked, then the rest */
	struct stream *from;
	size_t at, n;
	bool filled;
	char front[PEEK_OCTETS];
};

void peeked_init(struct peeked *p, struct stream *from);
struct span peeked_look(struct peeked *p); /* up to PEEK_OCTETS from where reading stands at the first call */

/* A stream over memory. */
struct span_stream {
	struct stream stream;
	struct span rest;
};
void span_stream_init(struct span_stream *s, struct span octets);

/* A stream over a range of a descriptor, read with pread. */
struct file_stream {
	struct stream stream;
	int fd;
	uint64_t at, end;
};
void file_stream_init(struct file_stream *s, int fd, uint64_t offset, uint64_t length);

/* The rest of a stream, a zero octet behind it. False on a fault, or when it is more than `into` may hold. */
bool stream_slurp(struct stream *s, struct buf *into);

/* The one or the other, for who does not care. */
struct either_stream {
	struct stream *stream;
	struct span_stream memory;
	struct file_stream file;
};

#endif
