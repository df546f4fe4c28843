/* reader: the part of this room that meets strangers' bytes (parse/parse.h), as a library of its own, so that only who reads loads
 * libxml2, libarchive, GMime and the thirty libraries that these bring. Programs that are linked with libparse.a need none of
 * this; dmarcgate itself forwards the calls of parse.h to what it loads (cli/reader.c). */
#ifndef PARSE_READER_H
#define PARSE_READER_H

#include "parse/parse.h"

#define READER_FILE "dmarcgate-reader.so"
#define READER_VERSION PACKAGE_VERSION
#define READER_SYMBOL "dmarcgate_reader" /* a const struct reader */

/* Both sides are of one version, or what goes through these calls would be read as something else. */
struct reader {
	const char *version; /* READER_VERSION, as the library was built with it */
	bool (*warm)(void);
	struct parser *(*parser_new)(const struct limits *limits);
	void (*parser_free)(struct parser *parser);
	bool (*mail)(struct parser *parser, const struct parse_input *input, struct feedback *feedback, struct fault *fault);
};
extern const struct reader dmarcgate_reader;

#endif
