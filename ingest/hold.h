/* hold: gathers octets whose number is not known beforehand into a descriptor that is readable at any offset and that
 * nobody can change any more: a sealed memfd, or above HOLD_MEMORY an unlinked temporary file, open for reading only. */
#ifndef INGEST_HOLD_H
#define INGEST_HOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOLD_MEMORY (UINT64_C(32) << 20)

struct hold {
	int fd;         /* -1 when nothing is held */
	int error;      /* errno of what went wrong; 0: nothing */
	bool over;      /* more than `max` octets came; they are not kept */
	bool on_disk;
	bool memory_only; /* for who may not write files; survives hold_begin */
	uint64_t n;     /* octets that came */
	uint64_t max;
	size_t gathered;
	char buffer[65536];
};

void hold_begin(struct hold *hold, uint64_t max); /* of an ended or zeroed hold with fd -1 */
void hold_put(struct hold *hold, const char *octets, size_t n);
int hold_end(struct hold *hold); /* the descriptor, which is then the caller's; -1 when `over` or `error` is set */
void hold_drop(struct hold *hold);

#endif
