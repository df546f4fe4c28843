#include "cli/kept.h"
#include "parse/feedback.h"

bool kept_input(const struct kept_mail *kept, unsigned flags, struct parse_range *ranges, struct parse_input *input)
{
	static const enum range_kind kinds[OCTETS_KIND_COUNT] = { [OCTETS_HEADER] = RANGE_HEADER,
		[OCTETS_ATTACHMENT] = RANGE_ATTACHMENT,
		[OCTETS_MESSAGE] = RANGE_INPUT,
		[OCTETS_WAITING] = RANGE_INPUT,
		[OCTETS_SAMPLE] = RANGE_KIND_COUNT };
	bool whole = false;
	size_t n = 0;

	for (size_t i = 0; i < kept->n; i++)
		whole |= kinds[kept->parts[i].kind] == RANGE_INPUT;
	for (size_t i = 0; i < kept->n && n < PARSE_RANGES; i++) {
		enum range_kind kind = kinds[kept->parts[i].kind];

		/* The whole mail holds everything else that was kept of it. */
		if (kind != RANGE_KIND_COUNT && (!whole || kind == RANGE_INPUT))
			ranges[n++] = (struct parse_range){ kind, kept->parts[i].offset, kept->parts[i].length };
	}
	*input = (struct parse_input){ kept->fd, ranges, n, flags, 0 };
	return n > 0;
}
