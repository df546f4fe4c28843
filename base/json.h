/* A streaming JSON writer (RFC 8259): commas, quoting and escaping are its business, structure is the caller's.
 * Writes into a FILE; one sticky failure flag, asked once at the end by json_done. Output is one line without spaces. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"

#include <stdio.h>

#define JSON_DEPTH 32

struct json {
	FILE *out;
	unsigned depth;
	bool some[JSON_DEPTH]; /* does this level hold something already? */
	bool after_name;
	bool failed;
	struct buf scratch;
};

void json_begin(struct json *j, FILE *out);
bool json_done(struct json *j); /* flushes; false when anything could not be written; frees the scratch */

void json_object(struct json *j);
void json_array(struct json *j);
void json_close(struct json *j, char bracket); /* '}' or ']' */
void json_name(struct json *j, const char *name);
void json_name_span(struct json *j, struct span name);
void json_text(struct json *j, struct span text); /* absent: null */
void json_number(struct json *j, int64_t number);
void json_count(struct json *j, uint64_t number);
void json_share(struct json *j, double number); /* as decimal_format: 0.0221 */
void json_bool(struct json *j, bool yes);
void json_null(struct json *j);
void json_newline(struct json *j); /* after a complete top-level value: JSON lines */

#endif
