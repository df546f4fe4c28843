/* Sums of numbers that strangers write: they stop at the largest number, and do not begin anew at 0. */
#ifndef BASE_SUM_H
#define BASE_SUM_H

#include <stdint.h>

static inline uint64_t add_up(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

#endif
