/* Writes records: a DMARC record from choices, a record as a line for a zone file, the consent of a foreign
 * destination. What it writes it has read again: a record with a fault is never handed out. */
#ifndef PARSE_DNS_RECORDWRITER_H
#define PARSE_DNS_RECORDWRITER_H

#include "base/buf.h"
#include "base/fault.h"
#include "parse/dns/dmarcrecord.h"

#define RECORDWRITER_TTL 3600 /* seconds, while records are being changed (RFC 9989 leaves it open) */
#define RECORDWRITER_CONSENT "v=DMARC1"

struct dmarc_choice {
	enum dmarc_request p, sp, np; /* ABSENT leaves a tag out; p must be given */
	bool trial;                   /* t=y with pct=0: the next weaker policy, for both generations of receivers */
	bool strict_dkim, strict_spf;
	unsigned fo;             /* DMARC_FO_ bits; 0 leaves it out */
	const struct span *rua;  /* mail addresses with or without mailto: */
	size_t rua_n;
	const struct span *ruf;
	size_t ruf_n;
	char psd; /* 'n', 'y', or 'u' (also NUL) to leave it out */
};

/* Appends the record. False: a choice that cannot be published; fault (FAULT_SETUP) says which. */
bool recordwriter_dmarc(const struct dmarc_choice *choice, struct buf *out, struct fault *fault);

/* Appends the text as strings of at most 255 octets in quotation marks, one behind the other. False: `out` is full. */
bool recordwriter_strings(struct span text, struct buf *out);

/* Appends `name. ttl IN TXT "..." "..."` and a newline, cut into strings of at most 255 octets. False: `out` is full,
 * or `name` is no domain name. */
bool recordwriter_zone_line(struct span name, uint32_t ttl, struct span text, struct buf *out);

#endif
