#include "parse/dns/domainname.h"

struct span domainname_bare(struct span name)
{
	if (name.n && name.p[name.n - 1] == '.')
		name.n--;
	return name;
}

bool domainname_usable(struct span name)
{
	bool digits = true;
	size_t label = 0;

	name = domainname_bare(name);
	if (name.n == 0 || name.n > DOMAINNAME_MAX)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (c == '.') {
			if (label == 0)
				return false;
			label = 0;
			digits = true;
			continue;
		}
		if (c <= ' ' || c == 0x7f || strchr("[]:@/\\", c))
			return false;
		digits &= c >= '0' && c <= '9';
		label++;
	}
	return label && !digits;
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
