/* Why a source counts as what it does: said the same by `explain` and on the page. */
#ifndef REPORT_EXPLAIN_WORDS_H
#define REPORT_EXPLAIN_WORDS_H

#include "report/assess/detail.h"
#include "report/readiness_words.h"

/* `yours, third-party signature`; for a path that passes, how. */
void words_path(const struct pen *pen, const struct assessment *a, const struct path *path);
/* What proves it, for a path that passes; `medium confidence: own 95, forwarder 0, forged 5` for one that fails. */
void words_proof(const struct pen *pen, const struct assessment *a, const struct path *path);
/* What would make it surer; empty where nothing is needed. */
void words_surer(const struct pen *pen, const struct assessment *a, const struct path *path);

const char *words_side(enum side side);			       /* own, forwarder, forged */
const char *words_method(enum name_method method);	       /* how the name was found */
const char *words_seen(const struct seen_result *result);      /* `SPF`, `DKIM` */
const char *words_alignment(const struct seen_result *result); /* `aligned`, `not aligned`, empty */
void words_delivered(const struct pen *pen, const struct detail *detail);
void words_trust(const struct pen *pen, const struct assessment *a, uint32_t reporter); /* `authenticated, known` */
const char *words_trust_level(enum trust trust);

/* What a gate asks and why (1..12). */
const char *words_gate_why(unsigned number);

/* Does the item speak of a failing path with messages in the window? */
bool words_has_item(const struct path *path, enum evidence_id id);

/* The paths of one source and author domain that have messages in the window: indexes into verdict.paths, most failing
 * first. An absent author domain stands for all. */
#define PATHS_SHOWN 12
size_t paths_of(const struct detailer *d, const struct verdict *v, uint32_t source, struct span header_from,
	uint32_t paths[PATHS_SHOWN]);

/* The step about a sender, or NULL. */
const struct step *step_of(const struct verdict *v, uint32_t sender);

#endif
