/* asking: the DNS as commands see it: a file in its place (--dns-file), else the resolver process, else, with --offline, the
 * last snapshot, and without one nobody: every answer is DNS_UNASKED. Bounded: each domain has an allowance of questions
 * and of time, beside the resolver's own for one question and for the run (ingest/resolver.h). What the resolver said can
 * be remembered. */
#ifndef CLI_ASKING_H
#define CLI_ASKING_H

#include "base/dnsanswer.h"
#include "base/fault.h"

#define ASKING_QUESTIONS 2000 /* of one domain; an honest one needs some fifty */
#define ASKING_SECONDS 60     /* for one domain */

struct asking;
struct cli;
struct store;

/* To be called before the database is opened. NULL: fault. */
struct asking *asking_start(const struct cli *cli, struct fault *fault);
void asking_free(struct asking *asking); /* NULL is fine */

/* With --offline the store answers from now on; it stays the caller's. */
void asking_use(struct asking *asking, struct store *store);

/* Stores what the resolver said, where there is a database and nobody else is writing; a person is told only with -v why
 * not. To be called when no store is open for writing. */
void asking_remember(struct asking *asking, const struct cli *cli);

/* Begins a domain, with the whole allowance. What is asked beyond it is DNS_UNASKED. */
struct dns asking_dns(struct asking *asking);

/* Did any question of this run get an answer, be it that there is nothing? True as long as none was put. */
bool asking_heard(const struct asking *asking);

/* What a person should know: `DNS: offline`, `offline: as seen from 3 to 20 Nov 2026`. "" when there is nothing to say. */
#define ASKING_TEXT 200
const char *asking_describe(const struct asking *asking, char text[ASKING_TEXT]);

#endif
