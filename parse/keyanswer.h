/* keyanswer: what the supervisor knows of a key's name, as octets for the question of parse/spool.h. Written by the
 * supervisor, read and distrusted by a worker. */
#ifndef PARSE_KEYANSWER_H
#define PARSE_KEYANSWER_H

#include "base/buf.h"
#include "parse/dkim/dkim.h"
#include "parse/feedback.h"

struct key_answer {
	struct dkim_answer answer;
	enum key_origin origin;
	int64_t seen;
	bool secure;
};

/* False: longer than an answer may be. */
bool keyanswer_put(struct buf *out, const struct key_answer *answer);

/* Records point into `octets`; their list lies in the arena. False: malformed, to be taken as TEMPFAIL. */
bool keyanswer_get(struct span octets, struct arena *arena, struct key_answer *answer);

#endif
