#include "parse/dns/domainname.h"

#include <stdint.h>

struct span domainname_undress(struct span text)
{
	static const char around[] = "<>\"'; \t";
	struct span domain = text;
	const char *at;

	if (text.n && (memchr(text.p, ',', text.n) || memchr(text.p, '\0', text.n)))
		return text;
	while (domain.n && strchr(around, domain.p[domain.n - 1]))
		domain.n--;
	at = domain.n ? memrchr(domain.p, '@', domain.n) : NULL;
	if (at)
		domain = (struct span){ at + 1, (size_t)(domain.p + domain.n - at) - 1 };
	while (domain.n && strchr(around, domain.p[0]))
		domain = (struct span){ domain.p + 1, domain.n - 1 };
	return domain.n ? domain : text;
}

struct span domainname_bare(struct span name)
{
	if (name.n && name.p[name.n - 1] == '.')
		name.n--;
	return name;
}

/* Asked for every identifier of every record, so octets are classed by table. */
enum octet_class { OCTET_OTHER, OCTET_DIGIT, OCTET_DOT, OCTET_FORBIDDEN };

static const uint8_t octet_classes[256] = {
	[0 ... ' '] = OCTET_FORBIDDEN,
	[0x7f] = OCTET_FORBIDDEN,
	['['] = OCTET_FORBIDDEN,
	[']'] = OCTET_FORBIDDEN,
	[':'] = OCTET_FORBIDDEN,
	['@'] = OCTET_FORBIDDEN,
	['/'] = OCTET_FORBIDDEN,
	['\\'] = OCTET_FORBIDDEN,
	['.'] = OCTET_DOT,
	['0' ... '9'] = OCTET_DIGIT,
};

bool domainname_usable(struct span name)
{
	bool digits = true;
	size_t label = 0;

	name = domainname_bare(name);
	if (name.n == 0 || name.n > DOMAINNAME_MAX)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		uint8_t class = octet_classes[(unsigned char)name.p[i]];

		if (class == OCTET_FORBIDDEN || (class == OCTET_DOT && label == 0))
			return false;
		digits = class == OCTET_DOT || (digits && class == OCTET_DIGIT);
		label = class == OCTET_DOT ? 0 : label + 1;
	}
	return label && !digits;
}

bool domainname_labels_fit(struct span name)
{
	size_t label = 0;

	for (size_t i = 0; i < name.n; i++) {
		label = name.p[i] == '.' ? 0 : label + 1;
		if (label > DOMAINNAME_LABEL_MAX)
			return false;
	}
	return true;
}

static bool octet_is_host(char c)
{
	return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

bool domainname_is_host(struct span name)
{
	name = domainname_bare(name);
	if (!domainname_usable(name) || !domainname_labels_fit(name))
		return false;
	for (size_t i = 0; i < name.n; i++) {
		bool first = i == 0 || name.p[i - 1] == '.', last = i + 1 == name.n || name.p[i + 1] == '.';

		if (!octet_is_host(name.p[i]) || (name.p[i] == '-' && (first || last)))
			return false;
	}
	return true;
}

bool domainname_is_ascii(struct span name)
{
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] > 127)
			return false;
	return true;
}

size_t domainname_labels(struct span name)
{
	size_t labels;

	name = domainname_bare(name);
	labels = name.n != 0;
	for (size_t i = 0; i < name.n; i++)
		labels += name.p[i] == '.';
	return labels;
}

struct span domainname_last(struct span name, size_t n)
{
	size_t start;

	name = domainname_bare(name);
	if (name.n == 0)
		return name;
	for (start = name.n; start && n; start--)
		if (name.p[start - 1] == '.' && --n == 0)
			break;
	return (struct span){ name.p + start, name.n - start };
}

struct span domainname_parent(struct span name)
{
	const char *dot;

	name = domainname_bare(name);
	if (name.n == 0)
		return name;
	dot = memchr(name.p, '.', name.n);
	if (!dot)
		return (struct span){ name.p + name.n, 0 };
	return (struct span){ dot + 1, name.n - (size_t)(dot + 1 - name.p) };
}

bool domainname_is_under(struct span name, struct span top)
{
	name = domainname_bare(name);
	top = domainname_bare(top);
	if (top.n == 0 || !span_ends_nocase(name, top))
		return false;
	return name.n == top.n || name.p[name.n - top.n - 1] == '.';
}
