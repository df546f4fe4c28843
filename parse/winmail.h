/* winmail: what Exchange and Outlook make of the attachments of a mail in rich text, winmail.dat ([MS-OXTNEF]): a list of
 * attributes, some of which are files. Private to parse/. Of a mail that was attached the file is one more such list. */
#ifndef PARSE_WINMAIL_H
#define PARSE_WINMAIL_H

#include "base/span.h"

#define WINMAIL_MAGIC "\x78\x9f\x3e\x22"

/* Takes the magic and the key off the front of what begins with WINMAIL_MAGIC. */
struct span winmail_attributes(struct span octets);

/* The next file, a piece of *rest, and what it is called; takes all up to its end off *rest. *fault is set when what is left is
 * no list of attributes. */
bool winmail_next(struct span *rest, struct span *name, struct span *file, const char **fault);

#endif
