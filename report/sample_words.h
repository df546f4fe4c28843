/* What every format says of a failure sample. */
#ifndef REPORT_SAMPLE_WORDS_H
#define REPORT_SAMPLE_WORDS_H

#include "base/buf.h"
#include "parse/feedback.h"
#include "store/answer.h"

enum sample_verdict {
	SAMPLE_NONE,	  /* no sample, or not checked */
	SAMPLE_ALIGNED,	  /* an aligned signature passes */
	SAMPLE_CHANGED,	  /* one would pass but for a change that was found */
	SAMPLE_BROKEN,	  /* one was there and does not pass */
	SAMPLE_UNALIGNED, /* only other domains signed */
	SAMPLE_UNSIGNED,
	SAMPLE_UNDECIDED,
	SAMPLE_VERDICT_COUNT
};
enum sample_verdict sample_verdict(const struct sample_row *row);
/* The same from the signatures themselves; NULL: not checked. */
enum sample_verdict sample_verdict_of(const struct verification *verification);
const char *sample_verdict_word(
	enum sample_verdict verdict); /* none, passes, changed, broken, not-aligned, unsigned, undecided */

/* What Identity-Alignment says: RFC 7489 lists what was aligned, RFC 9991 what failed, and where neither reading is
 * certain the list gets a question mark. `failed: spf, dkim`, `none aligned`, `dkim?` */
enum identity_rule identity_rule_of_word(struct span word);
void identity_put(struct buf *out, struct span list, enum identity_rule rule);

/* The diagnosis in few words: the sentence without what all of them begin with, and without what follows from it. */
struct span sentence_brief(struct span sentence);

/* The address in its canonical form, or what was sent instead. */
struct span sample_source(const struct sample_row *row, char text[ADDRESS_TEXT]);

#endif
