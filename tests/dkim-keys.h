/* Stored keys for tests: a file with one TXT record a line, "owner name, one space, value"; the values NXDOMAIN, NODATA
 * and TEMPFAIL stand for that answer; a name that is not listed is NXDOMAIN. */
#ifndef TESTS_DKIM_KEYS_H
#define TESTS_DKIM_KEYS_H

#include "base/buf.h"
#include "parse/dkim/dkim.h"

bool file_read(const char *path, struct buf *out);

struct stored_keys {
	struct span text; /* of the file */
	struct span records[DKIM_RECORDS_MAX];
};

dkim_asker stored_keys_ask; /* arg: struct stored_keys */

#endif
