#include "cli/kept.h"
#include "parse/feedback.h"

bool kept_input(const struct kept_mail *kept, unsigned flags, struct parse_range *ranges, struct parse_input *input)
{
	bool whole = false;
	size_t n = 0;

	for (size_t i = 0; i < kept->n; i++)
		whole |= kept->parts[i].kind == OCTETS_MESSAGE;
	for (size_t i = 0; i < kept->n && n < PARSE_RANGES; i++) {
		static const enum range_kind kinds[OCTETS_KIND_COUNT] = { [OCTETS_HEADER] = RANGE_HEADER,
			[OCTETS_ATTACHMENT] = RANGE_ATTACHMENT,
			[OCTETS_MESSAGE] = RANGE_INPUT,
			[OCTETS_SAMPLE] = RANGE_KIND_COUNT };

		/* The whole mail holds everything else that was kept of it. */
		if (kinds[kept->parts[i].kind] != RANGE_KIND_COUNT && (!whole || kept->parts[i].kind == OCTETS_MESSAGE))
			ranges[n++] = (struct parse_range){ kinds[kept->parts[i].kind], kept->parts[i].offset,
				kept->parts[i].length };
	}
	*input = (struct parse_input){ kept->fd, ranges, n, flags, 0 };
	return n > 0;
}
