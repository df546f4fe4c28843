#include "store/answer.h"

static const char *const report_state_words[REPORT_STATE_COUNT] = {
	[REPORT_COUNTS] = "counts",
	[REPORT_DUPLICATE] = "duplicate",
	[REPORT_CONFLICT] = "conflict",
};

const char *report_state_word(enum report_state state)
{
	return report_state_words[state];
}
