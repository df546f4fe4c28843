/* Transfer encodings of a mail part as pulled streams (RFC 2045 6). Private to parse/.
 * base64 is ours: what reporters send has blanks inside, lines of any length and no padding (QUIRKS M7), and the padding
 * must not be lost, because the last octets of a gzip member are its checksum. Others are GMime's. */
#ifndef PARSE_TRANSFER_H
#define PARSE_TRANSFER_H

#include "parse/stream.h"

#include <gmime/gmime.h>

/* A stream over a GMime stream, read from where it stands. */
struct gmime_stream {
	struct stream stream;
	GMimeStream *from; /* owned reference */
};

struct base64_stream {
	struct stream stream;
	struct stream *from;
	uint32_t bits;
	unsigned sextets; /* in `bits`, 0..3 */
	size_t at, n;
	bool begun, plain, ended;
	unsigned char in[8192];
};

/* What says it is base64 and begins as a container or with `<` is passed on as it is: no base64 begins so. */

bool base64_digit(char c);
void base64_stream_init(struct base64_stream *b, struct stream *from);

struct part_stream {
	struct gmime_stream raw;
	struct base64_stream base64;
	struct stream *decoded; /* one of the two */
};

/* The decoded content of a leaf part, from its beginning; may be opened again and again. */
bool part_open(struct part_stream *p, GMimePart *part);
void part_close(struct part_stream *p);

/* A parser's view of a GMime stream that lies over octets already in memory or a descriptor. */
GMimeStream *part_content(GMimePart *part); /* a new reference to the undecoded content, rewound; NULL when empty */
bool part_is_encoded(GMimePart *part);      /* base64, quoted-printable or uuencode */

#endif
