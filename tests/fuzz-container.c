/* Any octets as an attached file: recognised, unpacked to the ceilings, read. What is found must not depend on the
 * pieces in which it came, and what an intact container unpacks to neither. */
#include "tests/fuzz_reading.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define KEPT ((size_t)2000000)

static int read_leaf(struct reading *r, struct leaf_source *source)
{
	return (int)leaf_read(r, source, true, true);
}

static bool drain(struct stream *s, struct buf *out)
{
	char octets[5000];
	ssize_t got;

	while ((got = s->read(s, octets, sizeof octets)) > 0)
		buf_put(out, octets, (size_t)got);
	return got == 0;
}

/* `names`: octets of `out` that are no content. */
static bool drain_archive(struct unpacking *u, struct buf *out, size_t *names)
{
	bool good = u && !unpacking_fault(u), fatal;
	int state = 1;

	while (good && (state = unpacking_next(u, &fatal)) == 1) {
		buf_put_span(out, unpacking_name(u));
		*names += unpacking_name(u).n;
		good = drain(unpacking_stream(u), out);
	}
	return good && state == 0;
}

/* The container alone: 1 when it is intact. */
static int read_container(struct reading *r, struct leaf_source *source, struct buf *out)
{
	struct stream *s = source->open(source);
	struct inflating *inflating = NULL;
	struct unpacking *unpacking = NULL;
	enum container_kind kind;
	struct peeked peeked;
	const char *name;
	size_t names = 0;
	bool good = false;

	if (!s)
		return 0;
	peeked_init(&peeked, s);
	kind = container_recognise(peeked_look(&peeked), &name);
	if (kind == CONTAINER_DEFLATED && (inflating = inflating_new(&peeked.stream, &r->budget)))
		good = drain(inflating_stream(inflating), out);
	if (kind == CONTAINER_ARCHIVE && (unpacking = unpacking_new(&peeked.stream, &r->budget)))
		good = drain_archive(unpacking, out, &names);
	if (good && out->n > r->budget.inflated + names)
		abort(); /* more came than was counted */
	inflating_free(inflating);
	unpacking_free(unpacking);
	return good;
}

static struct buf drained[2];

static int read_first(struct reading *r, struct leaf_source *source)
{
	return read_container(r, source, &drained[0]);
}

static int read_second(struct reading *r, struct leaf_source *source)
{
	return read_container(r, source, &drained[1]);
}

static void compare(fuzz_reader *one, fuzz_reader *other, struct span octets, int compared)
{
	struct fuzz_said whole, pieces;

	fuzz_read(one, octets, SIZE_MAX, &whole);
	fuzz_read(other, octets, fuzz_piece(octets), &pieces);
	if (whole.end != pieces.end || (whole.end == compared && !fuzz_said_same(&whole, &pieces)))
		abort();
	if (whole.end == compared && !span_is(buf_span(&drained[0]), buf_span(&drained[1])))
		abort();
	fuzz_said_release(&whole);
	fuzz_said_release(&pieces);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span octets = { (const char *)data, n };

	compare(read_leaf, read_leaf, octets, LEAF_REPORT);
	drained[0] = drained[1] = BUF(KEPT);
	compare(read_first, read_second, octets, 1);
	buf_release(&drained[0]);
	buf_release(&drained[1]);
	return 0;
}
