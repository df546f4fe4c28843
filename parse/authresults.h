/* Authentication-Results (RFC 8601 2.2): what one's own border found when a report mail came in. Pure calculation;
 * lenient where fields are seen to be (no authserv-id at all, comments anywhere), and whatever cannot be read says
 * nothing: a pass is only what reads `pass`. Private to parse/. */
#ifndef PARSE_AUTHRESULTS_H
#define PARSE_AUTHRESULTS_H

#include "base/arena.h"
#include "parse/feedback.h"

/* Reads the value of one field, folds and all. `from_domain` is the author's domain that the identities are compared
 * with, relaxed. The texts of the result are in `value` or in the arena. */
struct authresults authresults_read(struct span value, struct span from_domain, struct arena *arena);

/* What one such field says of a method (`dmarc`, `dkim`, `spf`), whoever wrote it: passed when one result is `pass`. A field
 * without authserv-id is read too. */
enum authsaid { AUTHSAID_NOTHING, AUTHSAID_OTHER, AUTHSAID_PASS };
enum authsaid authresults_said(struct span value, struct span method, struct arena *arena);

#endif
