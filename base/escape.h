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

/* Marks are written over the character before. A name needs few of them in a row in any language; a stack of them is
 * written over the lines around it, too. */
#define ACCENTS_MOST 4
bool code_is_mark(uint32_t code);
/* To be shown as it is: neither unsafe nor a mark too many. *marks counts on from one character to the next, from 0. */
bool code_is_fit(uint32_t code, unsigned *marks);

/* What stands first, a character or an invalid octet, as \xHH or \u{HEX}; its octets. */
size_t escape_spelt(struct buf *out, struct span text);
/* For terminals and messages: what is not fit, and invalid octets, spelt so; a backslash stays. */
bool escape_terminal(struct buf *out, struct span text);

/* The inside of a JSON string (RFC 8259); invalid octets become U+FFFD, what is not fit \uXXXX. */
bool escape_json(struct buf *out, struct span text);

#endif
