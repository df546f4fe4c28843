/* A whole mail or file through parse_mail, with ceilings so low that each of them is met; then its facts, all of them,
 * twice. Seeds are files as they are. One that ends in the octet 1 is read as what the store kept of a mail. */
#include "parse/border.h"
#include "parse/parse.h"
#include "tests/facts.h"
#include "tests/fuzz_reading.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct parser *parser;

static void begin(void)
{
	struct limits limits;

	fuzz_limits(&limits);
	parse_warm();
	parser = parser_new(&limits);
	if (!parser)
		abort();
}

/* What is said of the input, every member of every fact; false: it is refused. */
static bool say(const struct parse_input *input, struct buf *said)
{
	struct feedback *feedback = feedback_new(UINT64_C(16) << 20);
	struct fault fault = { 0 };
	bool good;

	if (!feedback)
		abort();
	/* Only octets came in, and no more than a spool may hold: nothing may be refused but for the ceiling
	 * `feedback`, and what was not refused has an end and can be replayed. */
	good = parse_mail(parser, input, feedback, &fault);
	if (good && (!feedback_ended(feedback) || !feedback_replay(feedback, REPLAY_ALL, facts_write, said, &fault)))
		abort();
	feedback_free(feedback);
	return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf said = BUF(64 << 20), again = BUF(64 << 20);
	struct parse_range ranges[2];
	struct parse_input input = { .ranges = ranges, .n = 1 };

	if (!parser)
		begin();
	input.fd = fuzz_file((struct span){ (const char *)data, size });
	ranges[0] = (struct parse_range){ RANGE_INPUT, 0, size };
	if (size > 2 && data[size - 1] == 1) {
		uint64_t cut = size * data[size - 2] / 256;

		ranges[0] = (struct parse_range){ RANGE_HEADER, 0, cut };
		ranges[1] = (struct parse_range){ RANGE_ATTACHMENT, cut, size - cut };
		input.n = 2;
	}
	/* The parser remembers nothing of the mail before. */
	if (say(&input, &said) != say(&input, &again) || !span_is(buf_span(&said), buf_span(&again)))
		abort();
	buf_release(&said);
	buf_release(&again);
	return 0;
}
