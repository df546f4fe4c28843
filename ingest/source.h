/* source: yields mails from what the user named: a file, a folder (recursive), an mbox (also gzipped), a Maildir, a pipe
 * or `-` (stdin). Kind is decided by content, never by name. Nothing is changed, renamed or marked.
 *
 *   source_open -> source_next ... -> source_close
 *
 * Order is the same everywhere: folders in byte order of their names; a Maildir's new before its cur, its subfolders last.
 * Symbolic links to files are followed, to folders not. Hidden files are skipped below a named folder.
 *
 * Names: the path of a file; PATH#17 for the 17th mail of an mbox, but PATH for the only one; the path without its flags
 * (`:2,S`) for a mail of a Maildir. Mails of an mbox are unescaped (mboxrd) and come without their From_ line. */
#ifndef INGEST_SOURCE_H
#define INGEST_SOURCE_H

#include "base/fault.h"
#include "ingest/mail.h"

#include <sys/types.h>

struct source;

/* Never fails for a path that cannot be read: the first source_next says so. NULL when memory is short. */
struct source *source_open(const char *path, uint64_t max_octets);
struct source *source_open_maildir(const char *path, uint64_t max_octets); /* only its own mails, no subfolder's */
void source_close(struct source *source); /* NULL is fine */

/* A Maildir's mails are asked about before they are opened: name, offset, length, modified and inode are set. What is known comes
 * with fd -1 and MAIL_REMEMBERED, what is not with MAIL_NEW. */
typedef bool source_known(void *arg, const struct mail *mail);
void source_pass_known(struct source *source, source_known *known, void *arg);

/* 1: *mail is filled and belongs to the caller. 0: no more. -1: `fault` says what is wrong with one input, whose name is
 * in fault->text; the next call goes on behind it. FAULT_INPUT for what cannot be read or is too large; FAULT_SETUP for a
 * named path that does not exist or may not be read. */
int source_next(struct source *source, struct mail *mail, struct fault *fault);

/* How far the source has come, and of how much (0 when unknown), in names of folders or else in octets: for a progress bar. */
void source_progress(const struct source *source, uint64_t *done, uint64_t *total);

/* Fills mail->sha256 by reading its octets once. False when they cannot be read (changed while we read). */
bool mail_hash(struct mail *mail);

#endif
