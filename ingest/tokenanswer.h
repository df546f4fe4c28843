/* tokenanswer: what an OAuth server answers, JSON read into plain data (RFC 6749 section 5, RFC 8628 section 3.2), and
 * the reason in a mail server's refusal of a token (RFC 7628 section 3.2.2). The server is the one that was verified,
 * and is distrusted all the same: sizes, kinds and octets are checked; what is not known is ignored.
 *
 * It stands here and not in parse/ for the reason that a DNS packet does: it is the protocol of a process that talks to
 * the network. */
#ifndef INGEST_TOKENANSWER_H
#define INGEST_TOKENANSWER_H

#include "base/buf.h"
#include "base/fault.h"

#define TOKENANSWER_OCTETS 65536 /* of a whole answer */

struct tokenanswer { /* texts are owned, NULL where the answer has none */
	char *access_token, *refresh_token, *device_code;
	char *token_type;
	char *user_code, *verification_uri, *verification_uri_complete;
	char *error, *error_description; /* may hold anything: escape */
	uint64_t expires_in, interval;	 /* seconds; 0 where the answer has none */
};

/* False: not a JSON object, or a member of the wrong kind; the fault's text does not repeat it. Release in either case.
 */
bool tokenanswer_read(struct tokenanswer *answer, struct span json, struct fault *fault);
void tokenanswer_release(struct tokenanswer *answer); /* overwrites the secrets */

/* Why a mail server refuses a token, as words of its own: `invalid_token; scope https://mail.google.com/`; the text as
 * it stands where it is no such JSON. Not escaped. */
void tokenanswer_refusal(struct buf *out, struct span text);

#endif
