/* carrier: one connection to a mail server, and the stream that libmailutils' protocol engines speak on. The library's
 * own streams verify no certificate, send a password in clear where STARTTLS is refused and wait for ever; this one
 * does none of that.
 *
 * All addresses of the host are tried. TLS 1.2 or later by OpenSSL, with SNI; the certificate must lead to the system's
 * authorities or to those of `tls_ca` and carry the host's name or address, or be exactly the pinned one. Every
 * operation ends after `timeout` seconds without an octet, everything together after `deadline` seconds. The end of the
 * stream is an error (ECONNRESET): no protocol spoken here ends that way, and the engines would take it for the end of
 * a mail.
 *
 * A carrier that failed stays failed; carrier_fault says why in one line that begins with host and port. */
#ifndef INGEST_CARRIER_H
#define INGEST_CARRIER_H

#include "base/buf.h"
#include "base/fault.h"
#include "ingest/mailbox.h"

struct carrier;
struct trust; /* the authorities that are believed */

/* Reads `tls_ca` now, so that the file need not be readable later; the system's are looked up when needed. It lasts
 * as long as the process, which asks one server. */
struct trust *trust_open(const struct mailbox *mailbox, struct fault *fault);

/* Connects, and with mailbox->tls speaks TLS before anything else. `mailbox` and `trust` are borrowed. */
struct carrier *carrier_open(const struct mailbox *mailbox, const struct trust *trust, struct fault *fault);
void carrier_close(struct carrier *carrier);

/* The upgrade after STARTTLS or STLS. Octets that came in clear behind the server's answer are an attack: refused. */
bool carrier_start_tls(struct carrier *carrier);

/* Is it encrypted and the server the right one? Nothing secret may be written before. */
bool carrier_private(const struct carrier *carrier);

/* Everything from now on together may take `seconds`, in place of the mailbox's deadline. */
void carrier_set_deadline(struct carrier *carrier, uint32_t seconds);

/* Waits, at most `milliseconds`, until there is something to read from the server or from `other`; reads no more of it
 * than a TLS record, and nothing from `other`. What the server said first counts. */
enum carrier_heard {
	CARRIER_BROKEN = -1,
	CARRIER_QUIET, /* the time is over */
	CARRIER_SPOKE, /* the server: carrier_read will not wait for the first octet */
	CARRIER_CALLED /* `other` */
};
enum carrier_heard carrier_listen(struct carrier *carrier, int other, int64_t milliseconds);

/* FAULT_NONE while all is well. carrier_fail sets it, unless one is set already, and returns false. */
const struct fault *carrier_fault(const struct carrier *carrier);
bool carrier_fail(struct carrier *carrier, enum fault_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* What the engine sees in place of the connection: `read` fetches from the connection with carrier_read and
 * carrier_read_line, and returns 0 or an errno. */
struct sieve {
	int (*read)(void *arg, struct carrier *carrier, char *octets, size_t room, size_t *n);
	void *arg;
};
void carrier_set_sieve(struct carrier *carrier, struct sieve sieve);
int carrier_read(struct carrier *carrier, char *octets, size_t room, size_t *n); /* some octets; 0 or errno */
int carrier_read_line(
	struct carrier *carrier, struct buf *line); /* appends one with its LF; EMSGSIZE past its maximum */

/* Lines past this many octets are refused where no sieve looks at them; 0: any. */
void carrier_set_line_max(struct carrier *carrier, size_t octets);

uint64_t carrier_octets(const struct carrier *carrier); /* received so far */

struct _mu_stream *carrier_stream(struct carrier *carrier); /* borrowed */

#endif
