/* Tag lists (RFC 6376 3.2, with erratum 5070): `v=1; a=rsa-sha256; ...`. Spans point into the parsed text.
 * A list is void as a whole when it holds a tag twice, an empty tag-spec, a spec without "=", or an octet that no value
 * may hold. One thing is softer than the grammar: white space after the last ";". */
#ifndef PARSE_DKIM_TAGLIST_H
#define PARSE_DKIM_TAGLIST_H

#include "base/span.h"

#define TAGLIST_MAX 100      /* tags; more make the list void */
#define TAGLIST_FAULTS_MAX 8 /* that are told apart; one is enough to make it void */

struct tag {
	struct span name;
	struct span value; /* without the white space around it; never absent, may be empty */
	struct span raw;   /* everything between "=" and ";" or the end */
};

enum tag_fault { TAG_EMPTY, TAG_NO_EQUALS, TAG_BAD_NAME, TAG_TWICE, TAG_BAD_OCTET, TAG_TOO_MANY, TAG_FAULT_COUNT };

struct taglist {
	struct tag tags[TAGLIST_MAX];
	size_t n;
	const char *fault; /* NULL, or what is wrong first, in a few words */
	struct span where; /* the tag name, value or piece of text that is wrong */
	struct {
		enum tag_fault what;
		struct span where;
	} faults[TAGLIST_FAULTS_MAX]; /* in the order of the text */
	size_t faults_n;
};

/* False when the list is void; its tags, the first of each name, are still there for showing. `utf8`: octets above 127
 * may stand in values when they are valid UTF-8 (RFC 8616). */
bool taglist_parse(struct span text, bool utf8, struct taglist *list);

const struct tag *taglist_find(const struct taglist *list, const char *name); /* NULL when there is none */
struct span taglist_value(const struct taglist *list, const char *name);      /* absent when there is none */

/* Lists inside values (`h=`, `q=`, `s=`, `t=`): the next member without the white space around it; false at the end.
 * *rest starts as the value. An empty value has one empty member. */
bool taglist_member(struct span *rest, char separator, struct span *member);
bool taglist_has_member(struct span value, const char *member);

/* White space as the grammar means it: space, tab and the CRLF of a fold. */
size_t fws_length(struct span text, size_t at);
struct span fws_trim(struct span text);
bool fws_inside(struct span text);

#endif
