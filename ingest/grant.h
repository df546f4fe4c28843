/* grant: gets access tokens from an OAuth server and keeps them in the token file. */
#ifndef INGEST_GRANT_H
#define INGEST_GRANT_H

#include "base/buf.h"
#include "ingest/oauth.h"
#include "ingest/tokenserver.h"

#define GRANT_MARGIN 300 /* seconds; a token that lasts no longer is replaced before it is used */

struct grant {
	const struct oauth *oauth;  /* borrowed */
	struct tokenserver *server; /* borrowed */
	struct buf client_secret;   /* empty: a public client */
};

/* A token that lasts: the kept one, or a new one, which is kept. `access` is its maximum large; wipe it. */
bool grant_access(struct grant *grant, struct buf *access, struct fault *fault);

/* The device flow: asks for a code, has it shown, and waits until a person has entered it. The tokens are kept. `show`
 * false, or `wait` (which sleeps) false: nobody is there any more. */
struct grant_person {
	bool (*show)(void *arg, const struct tokenanswer *code);
	bool (*wait)(void *arg, unsigned seconds);
	void *arg;
};
bool grant_login(struct grant *grant, const struct grant_person *person, struct fault *fault);

#endif
