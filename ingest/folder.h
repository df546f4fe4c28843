/* folder: walks a folder and what is in it, file by file, without recursion; knows Maildir. Nothing is changed. */
#ifndef INGEST_FOLDER_H
#define INGEST_FOLDER_H

#include "base/fault.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#define FOLDER_DEPTH 64               /* folders in folders */
#define FOLDER_NAMES ((size_t)1 << 30) /* octets of all names in one folder */

struct folder;

struct found {
	char *name; /* owned */
	int fd;     /* owned; -1: known, and not opened */
	struct stat st;
	bool item;  /* of a Maildir: a mail for certain */
};

struct folder *folder_open(const char *path); /* NULL when memory is short */
/* A Maildir's own mails, without those of its subfolders. */
struct folder *folder_open_maildir(const char *path);
void folder_close(struct folder *folder);

/* Asked of a Maildir's mails before they are opened. */
typedef bool folder_known(void *arg, const char *name, const struct stat *st);
void folder_pass_known(struct folder *folder, folder_known *known, void *arg);

/* As source_next: 1 and a regular file, 0, or -1 and why one entry cannot be read. */
int folder_next(struct folder *folder, struct found *found, struct fault *fault);

/* Of the names in all folders entered so far. */
void folder_progress(const struct folder *folder, uint64_t *visited, uint64_t *listed);

static inline int64_t stat_modified(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

#endif
