/* tlsreport: recognises SMTP TLS reports (RFC 8460), which share the mailbox with DMARC's. Private to parse/. */
#ifndef PARSE_TLSREPORT_H
#define PARSE_TLSREPORT_H

#include "parse/reading.h"

/* Is the JSON document a TLS report? Counts it; a document that is not valid JSON but speaks its words is broken. */
bool tlsreport_read(struct reading *r, struct stream *s);

#endif
