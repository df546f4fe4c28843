/* fromline: the lines that separate the mails of an mbox (RFC 4155).
 *
 * A From_ line separates when it has the form `From ADDRESS DATE` and an empty line, a header field or the end follows it. */
#ifndef BASE_FROMLINE_H
#define BASE_FROMLINE_H

#include "base/span.h"

#define FROM_LINE 1024 /* a From_ line is not longer */
#define FROM_LINE_LOOK (2 * FROM_LINE)

/* Does `text`, where a line begins, begin with such a line? It holds FROM_LINE_LOOK octets, or `all` there are. */
bool from_line_separates(struct span text, bool all);

#endif
