/* Questions and answers between the supervisor and the resolver process, one to a packet of their socket. Neither side
 * believes the other: every number, size and text is checked when it is read. */
#ifndef INGEST_DNSFRAME_H
#define INGEST_DNSFRAME_H

#include "base/buf.h"
#include "base/dnsanswer.h"

/* Below what Linux lets through a socket at once (net.core.wmem_default, 208 kB), above the largest DNS message. */
#define DNSFRAME_MAX ((size_t)128 * 1024)

/* Travels as it stands: both ends are this program. */
struct dnsframe_question {
	uint64_t serial;
	uint16_t type, n;
	char name[DNS_NAME_MAX + 1];
};

/* Before every answer. `validation` and `offline` are what has been found out by now. */
struct dnsframe_head {
	uint64_t serial;
	uint32_t asked; /* questions that went to the DNS */
	uint8_t validation, offline;
};

/* Records that pass DNSFRAME_MAX are left out; an answer with a name that is not made of printable ASCII, or is too
 * long for one, goes as DNS_SERVFAIL. False: memory is short. */
bool dnsframe_put(struct buf *out, const struct dnsframe_head *head, const struct dns_answer *answer);

/* Everything but `name` and `type` comes from the frame; data lies in the arena. False: not well-formed, or memory is
 * short (then arena->failed). */
bool dnsframe_get(struct span frame, struct span name, enum dns_type type, struct arena *arena,
	struct dnsframe_head *head, struct dns_answer *answer);

#endif
