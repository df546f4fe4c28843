/* tokenfile: where tokens outlive the process: lines `name = value` in a file that nobody else can read.
 *
 *   endpoint = https://...     which server gave them
 *   client_id = ...            to whom
 *   scope = ...                for what
 *   refresh_token = ...
 *   access_token = ...
 *   expires = 1790000000       seconds since 1970; of the access token
 *
 * All lines may be absent: one that holds a refresh token from elsewhere is enough to begin with. The file is replaced
 * as a whole, so that a crash leaves the old one or the new one. */
#ifndef INGEST_TOKENFILE_H
#define INGEST_TOKENFILE_H

#include "base/fault.h"

#include <stdint.h>

struct token { /* texts are owned, NULL where absent */
	char *endpoint, *client_id, *scope;
	char *access, *refresh;
	int64_t expires; /* of `access`; 0: unknown */
};

void token_release(struct token *token); /* overwrites the secrets */

/* A file that is missing or empty is an empty token. FAULT_SETUP: others can read it, or it holds something else. */
bool tokenfile_read(const char *path, struct token *token, struct fault *fault);

/* Makes the folders above where they are missing, for nobody else to read. */
bool tokenfile_folder(const char *path, struct fault *fault);

/* Waits until nobody else is about to replace the file, and sees that it can be replaced. A descriptor, for
 * tokenfile_unlock; -1: it cannot. */
int tokenfile_lock(const char *path, struct fault *fault);
void tokenfile_unlock(const char *path, int lock);

/* In the place of the old one, which whoever waits for the lock finds out: once, before the lock is given back. */
bool tokenfile_write(const char *path, const struct token *token, struct fault *fault);

/* Could it be written? Does so beside the file, which stays. */
bool tokenfile_try(const char *path, const struct token *token, struct fault *fault);

#endif
