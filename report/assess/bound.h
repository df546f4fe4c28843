/* Bounds of shares: how large a share may be in truth, given what was seen.
 *
 * Only the five IEEE operations, so every machine gives the same octets: no logarithm, no exponential, no gamma
 * function. One-sided 95 % throughout: only underestimating a loss does harm. */
#ifndef REPORT_ASSESS_BOUND_H
#define REPORT_ASSESS_BOUND_H

#include <stdbool.h>
#include <stdint.h>

struct interval {
	double low, high;
};

/* Wilson score interval, z = 1.6448536269514722. n = 0 gives 0..1. */
struct interval bound_wilson(uint64_t x, uint64_t n);

/* Largest share that still gives x or fewer of n with probability 5 %: exact (Clopper-Pearson) up to x = 200, Wilson
 * above. */
double bound_upper(uint64_t x, uint64_t n);

/* Unseen senders a week after so many quiet weeks: -ln 0.05 / weeks; 1 when there is none. */
double bound_rate(double weeks);

/* Smallest n with bound_upper(x, n) <= limit; 0 when no n below 2^40 does. */
uint64_t bound_needed(uint64_t x, double limit);

/* Did a share rise? x1 of n1 now against x0 of n0 before: at least 10 each, 10 hits, 2 points up, intervals apart. */
bool bound_rose(uint64_t x1, uint64_t n1, uint64_t x0, uint64_t n0);

#endif
