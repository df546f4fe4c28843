/* tokenserver: one question to an OAuth server, over HTTPS and nothing else (libcurl). The certificate must lead to the
 * system's authorities, or to those of a file, and carry the host's name. No redirection is followed, no proxy asked,
 * no more than TOKENANSWER_OCTETS are read, and everything ends after TOKENSERVER_SECONDS. */
#ifndef INGEST_TOKENSERVER_H
#define INGEST_TOKENSERVER_H

#include "base/buf.h"
#include "base/fault.h"
#include "ingest/tokenanswer.h"

#define TOKENSERVER_SECONDS 30
#define TOKENSERVER_FORM 40960 /* octets of a question */

struct tokenserver;

/* Reads `tls_ca` now, so that the file need not be readable later; NULL: the system's authorities. */
struct tokenserver *tokenserver_open(const char *tls_ca, struct fault *fault);
void tokenserver_close(struct tokenserver *server);

/* Adds `name=value` to a form (application/x-www-form-urlencoded); NULL adds nothing. */
void form_put(struct buf *form, const char *name, const char *value);

/* True: the server has answered in JSON, with what was asked for or with answer->error. False: it has not. Release the
 * answer in either case. */
bool tokenserver_ask(struct tokenserver *server, const char *endpoint, const struct buf *form,
	struct tokenanswer *answer, struct fault *fault);

#endif
