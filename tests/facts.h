/* Facts for tests: one of each kind, and a way to compare what a replay hands out. */
#ifndef TESTS_FACTS_H
#define TESTS_FACTS_H

#include "base/buf.h"
#include "parse/spool.h"

struct record facts_record(uint64_t count); /* static storage: results, reasons, addresses, non-ASCII text */
struct report facts_report(uint64_t records, uint64_t messages);
struct failure facts_failure(void);
struct verification facts_verification(void); /* no member has the value of an empty one */
struct octets facts_octets(unsigned part, unsigned chunk, struct span data);
struct mail_head facts_head(void);

/* A whole mail: a report with `records` records of count 1, a problem, a failure with its sample, its verification, octets,
 * the end. */
bool facts_put_mail(struct feedback *feedback, unsigned records);

/* A fact_taker: writes every member of every fact into the struct buf `arg`. */
bool facts_write(void *arg, const struct fact *fact);

#endif
