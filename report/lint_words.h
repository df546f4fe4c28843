/* lint_words: what receivers make of a domain's DMARC record, in sentences, for every format. */
#ifndef REPORT_LINT_WORDS_H
#define REPORT_LINT_WORDS_H

#include "base/buf.h"
#include "parse/dns/lintdomain.h"

/* `use the record of example.com: mail from news.example.com that fails is to be refused (p=reject).` Names are as in
 * the DNS: escape where shown. */
bool dmarc_policy_sentence(const struct dmarc_policy *policy, struct buf *out);

/* `one record`, `nothing`, `2 records, so none counts`, `no answer`. */
bool dmarc_look_phrase(const struct dmarc_look *look, struct buf *out);

const char *dmarc_generation_word(enum dmarc_generation generation); /* rfc7489, rfc9989 */

/* What a record without `all` and each `all` say of all other senders. */
const char *spf_others_phrase(char qualifier);

#endif
