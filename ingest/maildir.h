/* maildir: what sets a Maildir (with Maildir++ subfolders) apart from other folders. */
#ifndef INGEST_MAILDIR_H
#define INGEST_MAILDIR_H

#include <stdbool.h>
#include <stddef.h>

bool maildir_is(int folder); /* does it hold the folders cur and new? */

/* Order of a Maildir's folders: a mail moves from new to cur, never back, so new is read first and none is missed. */
int maildir_rank(const char *name);

/* Length of a mail's name without its flags (`:2,RS`), which change while the mail stays the same. */
size_t maildir_unique(const char *name);

/* The mail that was `name` in the folder cur and has other flags now. The caller frees the new name; NULL: it is gone. */
char *maildir_find(int folder, const char *name);

#endif
