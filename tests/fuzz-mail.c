/* A whole mail or file through parse_mail, with ceilings so low that each of them is met; then its facts, all of them.
 * Seeds are files as they are. One that ends in the octet 1 is read as what the store kept of a mail. */
#include "parse/border.h"
#include "parse/parse.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
void __lsan_disable(void); /* <sanitizer/lsan_interface.h>, which gcc hides among its own */
void __lsan_enable(void);

static const struct {
	const char *name;
	uint64_t value;
} lowered[] = {
	{ "inflated", 1000000 },
	{ "entries", 16 },
	{ "parts", 100 },
	{ "header", 16384 },
	{ "records", 100 },
	{ "results", 8 },
	{ "text", 1024 },
	{ "elements", 16 },
	{ "attributes", 8 },
	{ "fields", 32 },
	{ "problems", 32 },
	{ "feedback", 4000000 },
};

static int memory = -1;
static struct parser *parser;

static void begin(void)
{
	struct limits limits;

	limits_default(&limits);
	for (size_t i = 0; i < sizeof lowered / sizeof *lowered; i++)
		*limits_member(&limits, lowered[i].name) = lowered[i].value;
	__lsan_disable(); /* GMime forgets 16 octets, once, when message/rfc822 is registered anew */
	parse_warm();
	__lsan_enable();
	parser = parser_new(&limits);
	memory = memfd_create("fuzz-mail", 0);
	if (!parser || memory < 0)
		abort();
}

static bool take(void *arg, const struct fact *fact)
{
	(void)fact;
	++*(unsigned *)arg;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct parse_range ranges[2];
	struct parse_input input = { .ranges = ranges, .n = 1 };
	struct feedback *feedback;
	struct fault fault = { 0 };
	unsigned facts = 0;

	if (!parser)
		begin();
	input.fd = memory;
	if (ftruncate(memory, 0) < 0 || pwrite(memory, data, size, 0) != (ssize_t)size)
		abort();
	ranges[0] = (struct parse_range){ RANGE_INPUT, 0, size };
	if (size > 2 && data[size - 1] == 1) {
		uint64_t cut = size * data[size - 2] / 256;

		ranges[0] = (struct parse_range){ RANGE_HEADER, 0, cut };
		ranges[1] = (struct parse_range){ RANGE_ATTACHMENT, cut, size - cut };
		input.n = 2;
	}
	feedback = feedback_new(UINT64_C(16) << 20);
	if (!feedback)
		abort();
	/* Only octets came in, and no more than a spool may hold: nothing may be refused but for the ceiling `feedback`, and what
	 * was not refused has an end and can be replayed. */
	if (parse_mail(parser, &input, feedback, &fault) &&
		(!feedback_ended(feedback) || !feedback_replay(feedback, REPLAY_ALL, take, &facts, &fault) || facts < 2))
		abort();
	feedback_free(feedback);
	return 0;
}
