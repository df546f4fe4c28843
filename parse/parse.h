/* parse: looks inside bytes that a stranger wrote. Pure: a mail in, feedback out; no files, no network, no clock.
 *
 *   parse_mail(parser, input, feedback)
 *
 * fills a feedback handle (parse/spool.h) with everything the mail said. It never fails for what the bytes are; false
 * means that memory or the feedback's own bound ran out, and the mail must be refused with `fault`. */
#ifndef PARSE_PARSE_H
#define PARSE_PARSE_H

#include "base/fault.h"
#include "parse/limits.h"

#include <stddef.h>
#include <stdint.h>

struct parser;   /* warm libraries, buffers kept from mail to mail */
struct feedback; /* parse/spool.h */

/* Where the octets are; read with pread only, so the descriptor's own offset is untouched. Usually one range, the mail or
 * file as it came. What the store kept of a mail has several: its header block, then each attachment. */
enum range_kind {
	RANGE_INPUT,
	RANGE_HEADER,
	RANGE_ATTACHMENT,
	RANGE_MESSAGE, /* any mail, whose signatures are to be verified; nothing is looked for in it */
	RANGE_KIND_COUNT
};
struct parse_range {
	enum range_kind kind;
	uint64_t offset, length;
};
#define PARSE_RANGES 1024
struct parse_input {
	int fd;
	const struct parse_range *ranges;
	size_t n; /* 1..PARSE_RANGES */

	unsigned flags; /* PARSE_* */
	int64_t at;     /* PARSE_AT: the clock that x= and t= of RANGE_MESSAGE are judged by; else the mail's own dates */
};
enum {
	PARSE_VERIFY = 1 << 0,      /* check the DKIM signatures of report mails and samples; keys are asked for (parse/spool.h) */
	PARSE_EXPLAIN = 1 << 1,     /* RANGE_MESSAGE: say which change broke a signature (samples: always) */
	PARSE_GRANULARITY = 1 << 2, /* g= of a key decides (RFC 4871), not only `historic` */
	PARSE_ALL_NAMES = 1 << 3,   /* answers cost nothing: ask for the keys of every signature */
	PARSE_AT = 1 << 4,
	PARSE_WAIT = 1 << 5, /* with PARSE_VERIFY: somebody asks later for keys that cannot be had now (OCTETS_WAITING) */
	PARSE_FLAGS = 63,
};

struct parser *parser_new(const struct limits *limits); /* the limits are copied; NULL when memory is short */
void parser_free(struct parser *parser);
bool parse_mail(struct parser *parser, const struct parse_input *input, struct feedback *feedback, struct fault *fault);

/* Opens what a locked process can no longer load: libxml2's and GLib's converters, GMime, libcrypto's SHA-256, the public
 * suffix list. Called once, before anything is locked. False, and errno: the reader (parse/reader.h) cannot be loaded. */
bool parse_warm(void);

/* `libxml2 2.9.14, libarchive 3.6.2, ...`: what strangers' bytes meet, as this was built with. Returns `text`. */
const char *parse_libraries(char *text, size_t room);

#endif
