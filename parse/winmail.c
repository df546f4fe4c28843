#include "parse/winmail.h"

#include <stdint.h>

#define HEAD ((size_t)9) /* level, identity, length */
#define CHECKSUM ((size_t)2)

enum { LEVEL_ATTACHMENT = 2 };
enum { ATTACH_DATA = 0x800f, ATTACH_TITLE = 0x8010, ATTACH_RENDER = 0x9002, ATTACH_PROPERTIES = 0x9005 };

struct attribute {
	unsigned level, identity;
	struct span value;
};

static uint32_t number_at(const char *p, unsigned octets)
{
	uint32_t number = 0;

	while (octets--)
		number = number << 8 | (unsigned char)p[octets];
	return number;
}

struct span winmail_attributes(struct span octets)
{
	size_t n = octets.n < 6 ? octets.n : 6;

	return (struct span){ octets.p + n, octets.n - n };
}

static bool attribute_take(struct span *rest, struct attribute *attribute)
{
	size_t length;

	if (rest->n < HEAD + CHECKSUM)
		return false;
	length = number_at(rest->p + 5, 4);
	if (length > rest->n - HEAD - CHECKSUM)
		return false;
	*attribute = (struct attribute){ number_at(rest->p, 1), number_at(rest->p + 1, 2), { rest->p + HEAD, length } };
	*rest = (struct span){ rest->p + HEAD + length + CHECKSUM, rest->n - HEAD - length - CHECKSUM };
	return true;
}

/* A mail that was attached stands among the properties, as a list of its own. */
static struct span list_within(struct span properties)
{
	const char *at = memmem(properties.p, properties.n, WINMAIL_MAGIC, 4);

	return at ? (struct span){ at, (size_t)(properties.p + properties.n - at) } : SPAN_ABSENT;
}

bool winmail_next(struct span *rest, struct span *name, struct span *file, const char **fault)
{
	struct attribute attribute;

	*name = SPAN("attachment");
	while (rest->n) {
		if (!attribute_take(rest, &attribute)) {
			*fault = "winmail.dat is damaged or cut short";
			return false;
		}
		if (attribute.level != LEVEL_ATTACHMENT)
			continue;
		*file = SPAN_ABSENT;
		if (attribute.identity == ATTACH_TITLE)
			*name = (struct span){ attribute.value.p, strnlen(attribute.value.p, attribute.value.n) };
		else if (attribute.identity == ATTACH_RENDER)
			*name = SPAN("attachment");
		else if (attribute.identity == ATTACH_DATA)
			*file = attribute.value;
		else if (attribute.identity == ATTACH_PROPERTIES)
			*file = list_within(attribute.value);
		if (file->n)
			return true;
	}
	return false;
}
