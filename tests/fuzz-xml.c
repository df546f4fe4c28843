/* Any octets as an aggregate report's XML: the strict pass and, where that refuses, the recovering one. What stands in
 * a report must not depend on the pieces in which it came. */
#include "parse/aggregate.h"
#include "tests/fuzz_reading.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static enum document_end document_read(struct reading *r, struct leaf_source *source, bool recover)
{
	struct stream *s = source->open(source);
	enum document_end end = DOCUMENT_FOREIGN;
	struct peeked peeked;

	if (!s)
		return end;
	peeked_init(&peeked, s);
	peeked_look(&peeked);
	end = aggregate_read(r->parser->aggregate, r, &peeked.stream, true, recover);
	source->close(source);
	return end;
}

static int read_xml(struct reading *r, struct leaf_source *source)
{
	enum document_end end = document_read(r, source, false);

	if (end == DOCUMENT_AGAIN && r->sums.records + r->sums.problems)
		abort(); /* something of the first pass was left */
	if (end == DOCUMENT_AGAIN)
		end = document_read(r, source, true);
	if (end == DOCUMENT_AGAIN || (end == DOCUMENT_REPORT) != (r->sums.reports == 1) ||
		(end != DOCUMENT_REPORT && r->sums.records))
		abort();
	return (int)end;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span octets = { (const char *)data, n };
	struct fuzz_said whole, pieces;

	fuzz_read(read_xml, octets, SIZE_MAX, &whole);
	fuzz_read(read_xml, octets, fuzz_piece(octets), &pieces);
	/* How libxml2 words what it refuses does depend on them. */
	if (whole.end != pieces.end || (whole.end == (int)DOCUMENT_REPORT && !fuzz_said_same(&whole, &pieces)))
		abort();
	fuzz_said_release(&whole);
	fuzz_said_release(&pieces);
	return 0;
}
