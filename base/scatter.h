/* scatter: hashes for tables with open addressing. Strangers choose what is hashed: every bit of a word reaches every
 * bit of the hash, and where hashes begin is drawn anew in each process, so that nobody can write a report whose
 * sources all fall into one place. Nothing that is said may depend on the order of such a table. */
#ifndef BASE_SCATTER_H
#define BASE_SCATTER_H

#include <stdint.h>

uint64_t scatter_begin(void);

static inline uint64_t scatter(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	hash = (hash ^ hash >> 32) * UINT64_C(0xff51afd7ed558ccd);
	return hash ^ hash >> 29;
}

#endif
