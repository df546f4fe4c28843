#include "parse/dkim/taglist.h"
#include "base/escape.h"

static bool octet_is_wsp(char c)
{
	return c == ' ' || c == '\t';
}

size_t fws_length(struct span text, size_t at)
{
	size_t start = at;

	for (;;) {
		if (at < text.n && octet_is_wsp(text.p[at]))
			at++;
		else if (at + 1 < text.n && text.p[at] == '\r' && text.p[at + 1] == '\n')
			at += 2;
		else
			return at - start;
	}
}

struct span fws_trim(struct span text)
{
	size_t skip = fws_length(text, 0);

	if (!text.p)
		return text;
	text.p += skip;
	text.n -= skip;
	for (;;) {
		if (text.n && octet_is_wsp(text.p[text.n - 1]))
			text.n--;
		else if (text.n > 1 && text.p[text.n - 1] == '\n' && text.p[text.n - 2] == '\r')
			text.n -= 2;
		else
			return text;
	}
}

bool fws_inside(struct span text)
{
	for (size_t i = 0; i < text.n; i++)
		if (fws_length(text, i))
			return true;
	return false;
}

/* The first fault names the list's; reading goes on, because what a void list says is still worth showing. */
static void list_fault(struct taglist *list, enum tag_fault what, struct span where)
{
	static const char *const words[TAG_FAULT_COUNT] = {
		[TAG_EMPTY] = "empty tag-spec",
		[TAG_NO_EQUALS] = "tag without \"=\"",
		[TAG_BAD_NAME] = "bad tag name",
		[TAG_TWICE] = "duplicate tag",
		[TAG_BAD_OCTET] = "bad octet in the value of",
		[TAG_TOO_MANY] = "too many tags",
	};

	if (!list->fault) {
		list->fault = words[what];
		list->where = where;
	}
	if (list->faults_n == TAGLIST_FAULTS_MAX)
		return;
	list->faults[list->faults_n].what = what;
	list->faults[list->faults_n++].where = where;
}

static bool octet_is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool name_is_legal(struct span name)
{
	if (name.n == 0 || !octet_is_alpha(name.p[0]))
		return false;
	for (size_t i = 1; i < name.n; i++)
		if (!octet_is_alpha(name.p[i]) && !(name.p[i] >= '0' && name.p[i] <= '9') && name.p[i] != '_')
			return false;
	return true;
}

static bool value_is_legal(struct span value, bool utf8)
{
	size_t at = 0, step;
	uint32_t code;

	while (at < value.n) {
		unsigned char c = (unsigned char)value.p[at];

		if (c > 0x20 && c < 0x7f)
			step = 1;
		else if (c < 0x80)
			step = fws_length(value, at);
		else
			step = utf8 ? utf8_next((struct span){ value.p + at, value.n - at }, &code) : 0;
		if (step == 0)
			return false;
		at += step;
	}
	return true;
}

static void spec_parse(struct span spec, bool utf8, struct taglist *list)
{
	const char *equal = spec.n ? memchr(spec.p, '=', spec.n) : NULL;
	struct tag tag;

	if (fws_trim(spec).n == 0) {
		list_fault(list, TAG_EMPTY, spec);
		return;
	}
	if (!equal) {
		list_fault(list, TAG_NO_EQUALS, fws_trim(spec));
		return;
	}
	tag.name = fws_trim((struct span){ spec.p, (size_t)(equal - spec.p) });
	tag.raw = (struct span){ equal + 1, spec.n - (size_t)(equal - spec.p) - 1 };
	tag.value = fws_trim(tag.raw);
	if (!name_is_legal(tag.name)) {
		list_fault(list, TAG_BAD_NAME, tag.name);
		return;
	}
	for (size_t i = 0; i < list->n; i++)
		if (span_is(list->tags[i].name, tag.name)) {
			list_fault(list, TAG_TWICE, tag.name);
			return;
		}
	if (!value_is_legal(tag.value, utf8))
		list_fault(list, TAG_BAD_OCTET, tag.name);
	list->tags[list->n++] = tag;
}

bool taglist_parse(struct span text, bool utf8, struct taglist *list)
{
	size_t at = 0;

	list->n = list->faults_n = 0;
	list->fault = NULL;
	list->where = SPAN_ABSENT;
	do {
		const char *end = at < text.n ? memchr(text.p + at, ';', text.n - at) : NULL;
		size_t length = end ? (size_t)(end - text.p) - at : text.n - at;

		spec_parse((struct span){ text.p + at, length }, utf8, list);
		at += length + 1;
	} while (at < text.n && fws_length(text, at) < text.n - at && list->n < TAGLIST_MAX);
	if (at < text.n && list->n == TAGLIST_MAX && fws_length(text, at) < text.n - at)
		list_fault(list, TAG_TOO_MANY, SPAN_ABSENT);
	return !list->fault;
}

const struct tag *taglist_find(const struct taglist *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (span_is(list->tags[i].name, span_of(name)))
			return &list->tags[i];
	return NULL;
}

struct span taglist_value(const struct taglist *list, const char *name)
{
	const struct tag *tag = taglist_find(list, name);

	return tag ? tag->value : SPAN_ABSENT;
}

bool taglist_member(struct span *rest, char separator, struct span *member)
{
	const char *end;

	if (!rest->p)
		return false;
	end = rest->n ? memchr(rest->p, separator, rest->n) : NULL;
	*member = *rest;
	if (end) {
		member->n = (size_t)(end - rest->p);
		*rest = (struct span){ end + 1, rest->n - member->n - 1 };
	} else {
		*rest = SPAN_ABSENT;
	}
	*member = fws_trim(*member);
	return true;
}

bool taglist_has_member(struct span value, const char *member)
{
	struct span each;

	while (taglist_member(&value, ':', &each))
		if (span_is(each, span_of(member)))
			return true;
	return false;
}
