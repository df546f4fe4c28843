/* mail: the octets of one input and where they came from (noun; plain data). */
#ifndef INGEST_MAIL_H
#define INGEST_MAIL_H

#include "base/digest.h"
#include "base/moment.h"

#include <stdint.h>

/* Was it asked whether a mail of this name, size, time and inode was stored before? */
enum mail_standing { MAIL_UNASKED, MAIL_NEW, MAIL_REMEMBERED };

struct mail {
	char *name;       /* owned; what a person calls it: `path`, `mbox#17`, `-`; unique within a run */
	int fd;           /* owned; readable at any offset (regular file or memfd); -1: not opened, since it is remembered */
	enum mail_standing standing;
	uint64_t offset;  /* where the mail begins in fd */
	uint64_t length;  /* octets */
	int64_t modified; /* of the file in nanoseconds; 0 where there is none */
	uint64_t inode;
	bool bare;        /* one file that a person named or that lay in a folder, not an item of a mailbox */
	uint8_t sha256[DIGEST_OCTETS]; /* over its octets; set by mail_hash */
};

void mail_release(struct mail *mail); /* closes and frees; leaves an empty mail (fd -1) */

#endif
