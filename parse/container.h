/* container: gzip, zlib, zip, tar, xz, bzip2, zstd - recognised by content, unpacked as a stream. Private to parse/.
 * gzip and zlib are unpacked with zlib itself, because libarchive's gzip reader does not check the trailer's CRC. */
#ifndef PARSE_CONTAINER_H
#define PARSE_CONTAINER_H

#include "parse/limits.h"
#include "parse/stream.h"

enum container_kind {
	CONTAINER_NONE,
	CONTAINER_DEFLATED, /* gzip (RFC 1952) or zlib (RFC 1950): one member stream */
	CONTAINER_WINMAIL,  /* winmail.dat (parse/winmail.h) */
	CONTAINER_ARCHIVE,  /* what libarchive reads; a compressed single file is an archive of one entry */
};

/* Decides by magic octets; `name` is what a person calls it. */
enum container_kind container_recognise(struct span front, const char **name);
bool container_has_entries(const char *name); /* of a CONTAINER_ARCHIVE: files with names, not one compressed file */

/* What one mail may still unpack; shared by all containers of the mail. */
struct container_budget {
	const struct limits *limits;
	uint64_t inflated; /* octets so far */
	uint64_t entries;
};

/* gzip or zlib. Several gzip members are joined; octets behind the last member that are no member are left out, and
 * `trailing` counts them. The CRC and length of every member are checked before the end is reported. */
struct inflating;
struct inflating *inflating_new(struct stream *from, struct container_budget *budget);
void inflating_free(struct inflating *i);
struct stream *inflating_stream(struct inflating *i);
uint64_t inflating_trailing(const struct inflating *i);

/* An archive; entries that are no regular files, are empty or belong to __MACOSX/ are passed over.
 * unpacking_next: 1 an entry is open, 0 no more, -1 fault (unpacking_fault says; `fatal` tells whether to go on). */
struct unpacking;
struct unpacking *unpacking_new(struct stream *from, struct container_budget *budget);
void unpacking_free(struct unpacking *u);
int unpacking_next(struct unpacking *u, bool *fatal);
struct stream *unpacking_stream(struct unpacking *u);
struct span unpacking_name(const struct unpacking *u); /* of the open entry; for problems only, never a path */
const char *unpacking_fault(const struct unpacking *u);

#endif
