/* Addresses without the person: `j***@example.com`. What the program shows of samples is a copy made here, masked
 * unless the user asks for the addresses. */
#ifndef REPORT_MASK_H
#define REPORT_MASK_H

#include "base/arena.h"
#include "parse/feedback.h"
#include "store/answer.h"

struct mask {
	struct arena arena; /* where the copies live */
	bool show;	    /* addresses whole */
};
#define MASK(show_addresses) ((struct mask){ ARENA((size_t)64 * 1024 * 1024), (show_addresses) })

/* A copy in which every local part keeps its first character, also those behind `%40`. Absent stays absent, and is what
 * comes when the arena is full: its `failed` tells. */
struct span mask_text(struct mask *mask, struct span text);

/* Copies with all their texts. In a failure, fields that name a person without a domain, or hold parts of the message
 * in base64, are blackened whole. NULL when the arena is full. */
struct sample_row *mask_row(struct mask *mask, const struct sample_row *row);
struct failure *mask_failure(struct mask *mask, const struct failure *failure);
struct verification *mask_verification(struct mask *mask, const struct verification *verification);

#endif
