/* token: gets access tokens for mailboxes, in a process of its own, dmarcgate-token: it talks to the OAuth server,
 * reads and writes the token file and reads the client's secret, and may touch nothing else. So the secrets that last
 * stay out of the process that talks to mail servers, which is given an access token for an hour; and only this one
 * carries libcurl. What it says is checked again here. */
#ifndef INGEST_TOKEN_H
#define INGEST_TOKEN_H

#include "base/buf.h"
#include "base/fault.h"
#include "ingest/oauth.h"

/* An access token that lasts some minutes at least: the kept one, else a new one. Behind what `token` holds, whose
 * maximum leaves room for OAUTH_TOKEN octets; wipe it with secret_wipe. `program` NULL: as with poller_start. */
bool token_get(const char *program, const struct oauth *oauth, struct buf *token, struct fault *fault);

/* What a person has to enter, and where (RFC 8628 section 3.3). Escaped already. */
struct token_code {
	char word[256];
	char page[4096];
	char whole_page[4096]; /* with the word in it; empty when the server has none */
	uint64_t seconds;      /* until it is worth nothing any more */
};

/* The device flow, until the person has done it: then the tokens are in the token file. */
bool token_login(const char *program, const struct oauth *oauth, void (*show)(void *arg, const struct token_code *code),
	void *arg, struct fault *fault);

#endif
