/* The public half of a key that the user keeps in a PEM file: a public key, or the private one that a server signs with.
 * The private half is never copied out of libcrypto, shown, or named in a fault. */
#ifndef PARSE_DKIM_KEYFILE_H
#define PARSE_DKIM_KEYFILE_H

#include "base/arena.h"
#include "base/fault.h"
#include "parse/dkim/keymaterial.h"

bool keyfile_is_pem(struct span text);

/* Into *material, its numbers in the arena. False: FAULT_INPUT (no key that DKIM could use, or locked with a password),
 * FAULT_LATER (memory). */
bool keyfile_read_pem(struct span text, struct arena *arena, struct key_material *material, struct fault *fault);

#endif
