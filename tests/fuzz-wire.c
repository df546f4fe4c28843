/* What a worker may send, and what a worker may be sent. The first octet chooses how the rest is cut into pieces. */
#include "parse/border.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	uint64_t octets;
	unsigned facts;
};

static void touch(struct seen *seen, struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		seen->octets += (unsigned char)s.p[i];
}

static bool take(void *arg, const struct fact *fact)
{
	struct seen *seen = arg;

	seen->facts++;
	switch (fact->kind) {
	case FACT_RECORD:
		touch(seen, fact->record.header_from);
		for (size_t i = 0; i < fact->record.dkim_n; i++)
			touch(seen, fact->record.dkim_results[i].human_result);
		for (size_t i = 0; i < fact->record.reasons_n; i++)
			touch(seen, fact->record.reasons[i].comment);
		break;
	case FACT_REPORT:
		touch(seen, fact->report.discovery_method);
		for (size_t i = 0; i < fact->report.errors_n; i++)
			touch(seen, fact->report.errors[i]);
		break;
	case FACT_FAILURE:
		for (size_t i = 0; i < fact->failure.fields_n; i++)
			touch(seen, fact->failure.fields[i].value);
		break;
	case FACT_OCTETS:
		touch(seen, fact->octets.data);
		break;
	default:
		break;
	}
	return seen->facts < 10000;
}

static void fuzz_supervisor(struct span data, size_t piece)
{
	struct feedback *fb = feedback_new(1 << 24);
	struct span left = { data.p, 0 };
	struct fault fault;

	while (data.n && !feedback_ended(fb)) {
		size_t n = data.n < piece ? data.n : piece;

		left.n += n;
		data.n -= n;
		if (!feedback_accept(fb, &left, &fault))
			break;
	}
	for (unsigned which = 0; feedback_ended(fb) && which <= REPLAY_ALL; which++)
		feedback_replay(fb, which, take, &(struct seen){ 0 }, &fault);
	feedback_free(fb);
}

static void fuzz_worker(struct span data)
{
	struct parse_range *ranges = calloc(PARSE_RANGES, sizeof *ranges);
	struct parse_input input;
	struct span span;
	bool known;

	wire_get_mail(data, ranges, &input);
	wire_get_answer(data, &known, &span);
	wire_get_refused(data, &span);
	question_allowed(data);
	free(ranges);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = { (const char *)data + 1, size - 1 };

	if (size == 0)
		return 0;
	fuzz_supervisor(rest, data[0] ? data[0] : SIZE_MAX);
	fuzz_worker(rest);
	return 0;
}
