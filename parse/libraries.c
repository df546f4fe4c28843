#include "parse/parse.h"

#include <archive.h>
#include <gmime/gmime.h>
#include <jansson.h>
#include <libxml/xmlversion.h>
#include <stdio.h>
#include <zlib.h>

const char *parse_libraries(char *text, size_t room)
{
	snprintf(text, room, "libxml2 %s, %s, GMime %u.%u.%u, zlib %s, Jansson %s", LIBXML_DOTTED_VERSION,
		archive_version_string(), gmime_major_version, gmime_minor_version, gmime_micro_version, zlibVersion(),
		JANSSON_VERSION);
	return text;
}
