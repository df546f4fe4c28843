/* file: a file that the user named, or that belongs to the program, read whole. */
#ifndef CLI_FILE_H
#define CLI_FILE_H

#include "base/buf.h"
#include "base/fault.h"

struct zonefile;

/* Appends the file to `text`, whose maximum is the most it may have. FAULT_SETUP names the file. */
bool file_read(const char *path, struct buf *text, struct fault *fault);

/* A file in the place of the DNS; `keys`: in the form of --keys (parse/dns/zonefile.h). NULL: fault names the file. */
struct zonefile *zone_read(const char *path, bool keys, struct fault *fault);

#endif
