/* secretfile: files that hold secrets. One that others can read is refused: what lies there is a secret no more, and
 * whoever wrote it would not learn of it otherwise. */
#ifndef INGEST_SECRETFILE_H
#define INGEST_SECRETFILE_H

#include "base/buf.h"
#include "base/fault.h"

/* May nobody but its owner read this file? Of one that belongs to root, a service's own group may. */
bool secretfile_check(int fd, struct fault *fault);

/* The octets of the file at `path` behind those of `secret`, no more than its maximum. Every fault is a FAULT_SETUP and
 * names the file. Wipe `secret` in either case. */
bool secretfile_read(const char *path, struct buf *secret, struct fault *fault);

void secret_wipe(struct buf *secret); /* overwrites and frees */

#endif
