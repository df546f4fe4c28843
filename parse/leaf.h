/* leaf: one file, however it came: recognised by content, unpacked, read. Private to parse/. */
#ifndef PARSE_LEAF_H
#define PARSE_LEAF_H

#include "parse/reading.h"

enum leaf_end {
	LEAF_NOTHING, /* no report, and nothing that looks like one */
	LEAF_REPORT,  /* at least one aggregate or TLS report */
	LEAF_BROKEN,  /* meant to be one */
};

/* Is this the beginning of something other than text that may hold a report: a container, a document, or one of them in base64
 * that nobody declared? */
bool leaf_recognise(struct span front);

/* Does a file of this name claim to be a report? RFC 9990 3.5.1: `receiver!policy-domain!begin!end`; "Now!!.pdf" does not. */
bool leaf_name_means_report(struct span name);

/* Something that can be read from its beginning as often as needed. */
struct leaf_source {
	struct stream *(*open)(struct leaf_source *source); /* NULL when empty */
	void (*close)(struct leaf_source *source);
};

/* Reads a leaf and keeps its octets when it held a report; a broken one is kept only when it is `bare`, no part of a mail,
 * because of a mail with a broken part everything is kept. `meant` tells that the mail around says it carries a report, so
 * that a container without one is a broken report and not somebody's holiday pictures. */
enum leaf_end leaf_read(struct reading *r, struct leaf_source *source, bool meant, bool bare);

/* Unpacks a file that is nothing but one mail, compressed as mail stores do it (Dovecot's mail_compress; gzip, bzip2, xz, zstd),
 * into `mail`. False: it is something else, is damaged, or is longer than `mail` may be. */
bool leaf_unpack_mail(const struct reading *r, struct span packed, struct buf *mail);

#endif
