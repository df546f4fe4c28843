/* charset: which character sets header text may be in. One list, opened before anything is locked, and never another one:
 * a locked process cannot load converters, and what it shows must not differ from what an unlocked one shows. */
#ifndef PARSE_CHARSET_H
#define PARSE_CHARSET_H

#include "base/span.h"

/* Opens every converter of the list and keeps it open. */
void charset_warm(void);

/* May this raw header value (RFC 2047 words, RFC 2231 parameters) be decoded? Only when every charset it names is listed. */
bool charset_allows(struct span raw);

/* What an XML declaration may name, UTF-8 apart; ends with NULL. libxml2 asks iconv for any other, which finds one or not
 * depending on who asks; some of them, UTF-7 and ISO-2022-JP for two, hide `<` and `>` from whoever counts octets. */
extern const char *const document_charsets[];

/* Does this XML declaration (from `<?xml` on) name UTF-8, one of the above, or nothing? False too when its end is missing. */
bool charset_declared(struct span front);

#endif
