/* keymemory: answers about keys, kept from mail to mail: reporters sign all their mails with one key or two, and a question
 * makes a worker wait until its supervisor has time for it. Only what was a definite answer is kept; a run judges all its
 * mails at one moment, so none of them goes stale. Private to parse/. */
#ifndef PARSE_KEYMEMORY_H
#define PARSE_KEYMEMORY_H

#include "base/span.h"

struct keymemory;

struct keymemory *keymemory_new(void); /* NULL when memory is short */
void keymemory_free(struct keymemory *memory);

/* The octets of an answer (parse/keyanswer.h), valid until the next keep; absent when none is kept. */
struct span keymemory_find(const struct keymemory *memory, struct span name);
/* In the place of the one that shares its slot. Too long ones, and where memory is short, are not kept. */
void keymemory_keep(struct keymemory *memory, struct span name, struct span octets);

#endif
