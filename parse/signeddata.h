/* signeddata: the mail inside an S/MIME mail that is signed and cannot be read without unpacking it (RFC 8551 3.5.2,
 * application/pkcs7-mime). Who signed it is not asked: DKIM tells who sent a report. Private to parse/. */
#ifndef PARSE_SIGNEDDATA_H
#define PARSE_SIGNEDDATA_H

#include "base/buf.h"

/* CMS signed data (RFC 5652 5)? A signature that stands beside what it signs is that, too: then nothing is in it. */
bool signeddata_recognise(struct span front);

/* Appends what was signed. False when nothing is in it, or it is damaged. */
bool signeddata_open(struct span octets, struct buf *content);

#endif
