/* What may be shown where: nothing from outside reaches a terminal unescaped. */
#ifndef BASE_ESCAPE_H
#define BASE_ESCAPE_H

#include "base/buf.h"

/* Length in octets of the valid UTF-8 sequence at the start of `text` (1..4), or 0 when it is not valid
 * (overlong forms, surrogates and values past U+10FFFF are not valid); *code gets the code point. */
size_t utf8_next(struct span text, uint32_t *code);
bool utf8_valid(struct span text);
void utf8_end(char *text); /* one that was cut to its room, or to a part of that, does not end within a character */
void utf8_put(struct buf *out, uint32_t code); /* code <= U+10FFFF */
uint32_t windows_1252_code(unsigned char octet); /* its five holes become U+FFFD */

/* Controls (C0, DEL, C1), bidirectional and other invisible format characters, line separators: never shown raw. */
bool code_is_unsafe(uint32_t code);

/* For terminals and messages: unsafe characters and invalid octets as \xHH or \u{HEX}; a backslash stays. */
bool escape_terminal(struct buf *out, struct span text);

/* The inside of a JSON string (RFC 8259); invalid octets become U+FFFD, unsafe characters \uXXXX. */
bool escape_json(struct buf *out, struct span text);

#endif
