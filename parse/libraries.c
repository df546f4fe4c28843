#include "parse/parse.h"

#include <archive.h>
#include <gmime/gmime.h>
#include <jansson.h>
#include <libxml/xmlversion.h>
#include <stdio.h>
#include <zlib.h>

/* As they were when this was built: to ask them they would have to be loaded, which takes longer than all else. */
const char *parse_libraries(char *text, size_t room)
{
	snprintf(text, room, "libxml2 %s, %s, GMime %u.%u.%u, zlib %s, Jansson %s", LIBXML_DOTTED_VERSION, ARCHIVE_VERSION_STRING,
		GMIME_MAJOR_VERSION, GMIME_MINOR_VERSION, GMIME_MICRO_VERSION, ZLIB_VERSION, JANSSON_VERSION);
	return text;
}
