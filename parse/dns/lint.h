/* Judges what a domain publishes: texts and DNS answers in, findings out. Pure calculation, bounded.
 *
 * The arena of the findings keeps everything a finding or a `lint_domain` refers to; texts given in must outlive it.
 * All functions return false only when memory is short (arena->failed) or a name is no domain name. */
#ifndef PARSE_DNS_LINT_H
#define PARSE_DNS_LINT_H

#include "parse/dns/lintdomain.h"

#define LINT_ARENA ((size_t)192 * 1024 * 1024) /* ceiling for one domain */

enum lint_kind { LINT_UNKNOWN, LINT_DMARC, LINT_SPF, LINT_KEY, LINT_POLICY, LINT_ADSP, LINT_KIND_COUNT };
const char *lint_kind_word(enum lint_kind kind);   /* unknown, dmarc, spf, key, policy, adsp */
const char *lint_kind_phrase(enum lint_kind kind); /* `DMARC record` */

/* A text as a person pastes it, recognised by its content: the bare record, its strings in quotation marks, or a
 * whole line of a zone file. */
bool lint_text(struct span text, struct findings *findings, enum lint_kind *kind);

/* One record known to be of a kind. `name` may be absent. */
bool lint_dmarc(struct span name, struct span text, struct findings *findings);
bool lint_spf(struct span name, struct span text, struct findings *findings);
bool lint_key(struct span name, struct span text, struct findings *findings);    /* DKIM; see keylint.h too */
bool lint_policy(struct span name, struct span text, struct findings *findings); /* DomainKeys */
bool lint_adsp(struct span name, struct span text, struct findings *findings);

/* How a record is cut into strings. */
bool lint_strings(struct span name, const struct dns_data *data, struct findings *findings);

/* The domain's records and all that hangs on them. `seen` must not be moved afterwards. */
bool lint_domain(struct dns dns, struct span domain, struct findings *findings, struct lint_domain *seen);

/* The findings of a tree that was read already; part of lint_domain. */
bool lint_spf_tree(const struct spf_tree *tree, struct findings *findings);

/* Puts the line for a zone file beside every correction whose place is known; once, at the end. */
bool lint_zone_lines(struct findings *findings);

/* Adds the flaws of a record as findings; what lint_dmarc and lint_spf share. */
void lint_flaws(struct finding_place record, const struct flaws *flaws, struct findings *findings);

/* A number for a sentence. */
struct span lint_number(struct findings *findings, size_t number);

/* An answer that did not come; `code` has the arguments reason and name. */
void lint_unreachable(struct findings *findings, enum finding_code code, const struct dns_answer *answer);

/* Puts `fix` on the findings from `first` on that `mends` says it cures; nothing when it equals the record. */
void lint_fix(struct findings *findings, size_t first, struct span fix, bool (*mends)(enum finding_code code));

#endif
