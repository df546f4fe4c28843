/* Inside of the feedback handle, for the two who share it: spool.c fills, replay.c reads. */
#ifndef PARSE_SPOOL_P_H
#define PARSE_SPOOL_P_H

#include "parse/border.h"

enum count { COUNT_REPORTS, COUNT_FAILURES, COUNT_PROBLEMS, COUNTS };

/* Where the stream stands; the same rules for who puts, who accepts and who replays. */
struct order {
	bool open; /* inside a report */
	bool ended;
};

struct feedback {
	struct buf tail; /* whole frames that are not yet in the file or on the socket */
	uint64_t before; /* octets in front of the tail */
	int file;	 /* owned; -1 while memory is enough */
	int socket;	 /* borrowed; -1: this is a spool */
	uint64_t max;
	uint64_t said; /* octets of every fact ever put or accepted, those taken back too */
	struct order order;
	uint64_t counts[COUNTS];
	uint64_t *heads; /* owned; where the head of each report is */
	size_t heads_n, heads_room;
	uint64_t end;	 /* where FRAME_END is */
	struct buf late; /* problems put inside an open report */
	uint64_t late_n;
	struct fault fault; /* kind != FAULT_NONE: failed */
	feedback_asker *asker;
	void *asker_arg;
	uint64_t questions, questions_most;
};

uint64_t feedback_length(const struct feedback *fb);

/* Moves on by one frame; false: it may not come here. */
bool order_next(struct order *order, enum frame_kind kind);

#endif
