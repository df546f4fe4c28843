/* frame: what supervisor and poller say to each other, one frame in one packet of a SOCK_SEQPACKET pair, at most one
 * descriptor with it. Numbers are 64 bits in the host's order: both ends are one program on one machine.
 *
 * Reading is distrustful: a field past the end, a text with a NUL or longer than asked for, or octets left over set
 * `failed`, which is asked once at the end; until then numbers read as 0 and texts as absent. */
#ifndef INGEST_FRAME_H
#define INGEST_FRAME_H

#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_OCTETS 65536

struct frame {
	uint32_t type;
	bool failed;
	int fd;	   /* that came with it: owned by the receiver until taken; to be sent: borrowed; -1: none */
	size_t n;  /* octets in use */
	size_t at; /* next to be read */
	char octets[FRAME_OCTETS];
};

void frame_begin(struct frame *frame, uint32_t type);
void frame_put_number(struct frame *frame, uint64_t number);
void frame_put_text(struct frame *frame, struct span text); /* absent stays absent */

uint64_t frame_number(struct frame *frame, uint64_t most);
struct span frame_text(struct frame *frame, size_t most); /* points into the frame; an uncounted NUL follows */
bool frame_done(struct frame *frame);			  /* everything was read and nothing failed */
int frame_take_fd(struct frame *frame);

/* False: the other side is gone, or the frame has failed (errno EMSGSIZE). */
bool frame_send(int socket, const struct frame *frame);

/* 1: a frame. 0: the other side is gone. -1: errno; ETIMEDOUT after `milliseconds` (negative: waits for ever), EPROTO
 * for something that is no frame. Descriptors that arrive are close-on-exec; more than one are closed and refused. */
int frame_receive(int socket, struct frame *frame, int milliseconds);

#endif
