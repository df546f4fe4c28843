/* maildir: what sets a Maildir (with Maildir++ subfolders) apart from other folders. */
#ifndef INGEST_MAILDIR_H
#define INGEST_MAILDIR_H

#include "base/fault.h"

#include <stdbool.h>
#include <stddef.h>

bool maildir_is(int folder); /* does it hold the folders cur and new? */

/* Order of a Maildir's folders: a mail moves from new to cur, never back, so new is read first and none is missed. */
int maildir_rank(const char *name);

/* Length of a mail's name without its flags (`:2,RS`), which change while the mail stays the same. */
size_t maildir_unique(const char *name);

/* The mail that was `name` in the folder cur and has other flags now. The caller frees the new name; NULL: it is gone. */
char *maildir_find(int folder, const char *name);

/* Where a folder of a Maildir lies (Maildir++): `INBOX` is the Maildir itself, `Done/2026` its `.Done.2026`. The caller
 * frees the path; NULL: fault. */
char *maildir_path(const char *maildir, const char *folder, struct fault *fault);

/* The folders that match one of the names or patterns (`*`, and `%` that stops at `/`), sorted, each once, in UTF-8 with
 * `/`. A plain name is taken whether it is there or not. The names are the caller's. */
bool maildir_folders(const char *maildir, char *const *patterns, size_t n, char ***names, size_t *found,
	struct fault *fault);

/* Moves a mail, called as source.h calls it, to another folder of its Maildir, which is made when missing (Maildir++: the
 * folder `Done/2026` is `.Done.2026`). File and flags keep their names, new stays new; whoever has marked or moved it from
 * new to cur meanwhile does no harm. On return both folders are on disk: a crash leaves the mail in one of them. A mail
 * that is gone is fine. False: fault; FAULT_INPUT: another mail has that name there already, and both stay. */
bool maildir_move(const char *maildir, const char *name, const char *folder, struct fault *fault);

#endif
