/* htmltext: the words of a page, for the notices that somebody's program made a page of on the way. Nothing is rendered and
 * nothing is fetched. Private to parse/. */
#ifndef PARSE_HTMLTEXT_H
#define PARSE_HTMLTEXT_H

#include "base/buf.h"

/* Appends the text of `html` in UTF-8: a line end for each <br>, an empty line for each block, a blank for each cell; without
 * style sheets, scripts, comments and what is quoted (<blockquote>). Ends where `out` is full. */
void htmltext_put(struct buf *out, struct span html);

#endif
