/* What a name server may send, and what the resolver process may send: the first octet chooses the type that was asked
 * for, and which of the two. What is read from a packet must survive the way through the socket. */
#include "ingest/dnsframe.h"
#include "ingest/dnspacket.h"
#include "ingest/resolver.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void through_the_socket(const struct dns_answer *answer, struct arena *arena)
{
	struct dnsframe_head head = { .serial = 1 }, head_read;
	struct buf frame = BUF(2 * DNSFRAME_MAX);
	struct dns_answer read;

	if (!dnsframe_put(&frame, &head, answer) ||
		!dnsframe_get(buf_span(&frame), answer->name, answer->type, arena, &head_read, &read) ||
		read.status != answer->status || read.n > answer->n || !span_is(read.owner, answer->owner))
		abort();
	for (size_t i = 0; i < read.n; i++)
		if (!span_is(read.data[i].text, answer->data[i].text) ||
			!span_is(read.data[i].name, answer->data[i].name))
			abort();
	buf_release(&frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum dns_type types[] = { DNS_TYPE_TXT, DNS_TYPE_A, DNS_TYPE_AAAA, DNS_TYPE_MX, DNS_TYPE_PTR,
		DNS_TYPE_SOA, DNS_TYPE_CNAME, DNS_TYPE_NS };
	struct arena arena = ARENA(2 * RESOLVER_ANSWER_OCTETS);
	struct dnsframe_head head;
	struct dns_answer answer;
	struct span rest;

	if (size == 0)
		return 0;
	rest = (struct span){ (const char *)data + 1, size - 1 };
	if (data[0] & 0x80) {
		dnsframe_get(rest, SPAN("n.example"), types[data[0] % 8], &arena, &head, &answer);
	} else {
		dnspacket_read(rest, SPAN("n.example"), types[data[0] % 8], &arena, &answer);
		through_the_socket(&answer, &arena);
	}
	arena_release(&arena);
	return 0;
}
