#include "cli/week.h"

#include "cli/cli.h"

#define WEEK_SECONDS (7 * DAY_SECONDS)
#define WEEKS_BACK 53

bool week_find(const struct cli *cli, int64_t *now, struct fault *fault)
{
	unsigned long long wanted;

	*now = cli->now;
	if (!cli->options.week || !*cli->options.week)
		return true;
	if (!span_number(span_of(cli->options.week), 53, &wanted) || wanted == 0)
		return fault_set(fault, FAULT_INPUT, "--week %.20s: is no week from 1 to 53", cli->options.week);
	for (int back = 0; back < WEEKS_BACK; back++, *now -= WEEK_SECONDS)
		if (day_week(moment_day(*now) - 1) == wanted)
			return true;
	return fault_set(fault, FAULT_INPUT, "--week %.20s: there was none in the last year", cli->options.week);
}
