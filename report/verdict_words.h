/* What a verdict means in plain words, and in few: for every format that shows one. */
#ifndef REPORT_VERDICT_WORDS_H
#define REPORT_VERDICT_WORDS_H

#include "parse/feedback.h"

/* What DMARC makes of all signatures of a message. Undecided: an aligned one could not be judged for now. */
enum verdict_answer { VERDICT_ALIGNED, VERDICT_NONE, VERDICT_UNDECIDED, VERDICT_ANSWER_COUNT };
enum verdict_answer verdicts_answer(const struct dkim_verdicts *verdicts);
const char *verdict_answer_text(enum verdict_answer answer); /* `aligned signature passes`, ... */

bool verdict_passes(const struct dkim_verdict *verdict);
bool verdict_is_aligned(const struct dkim_verdict *verdict); /* relaxed or strict */

/* Why the signature does not pass, for somebody who knows no RFC; "" when it does. */
const char *verdict_why(const struct dkim_verdict *verdict);

/* The signature that says most about the message: an aligned one that passes, an aligned one that was explained, an
 * aligned one, one that passes, the first. NULL when there is none. */
const struct dkim_verdict *verdict_foremost(const struct dkim_verdicts *verdicts);

/* Where the key of a verdict came from; NULL when nobody was asked. */
const struct key_source *verdict_key(const struct verification *verification, const struct dkim_verdict *verdict);

#endif
