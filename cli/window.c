#include "cli/window.h"

#define DAYS_DEFAULT 30

bool window_read(const struct cli *cli, struct window *window, struct fault *fault)
{
	const struct options *options = &cli->options;
	unsigned long long days = DAYS_DEFAULT;
	int64_t moment;

	if (options->days && (options->since || options->until))
		return fault_set(fault, FAULT_SETUP, "say --days, or --since and --until");
	if (options->days && (!span_number(span_of(options->days), 100000, &days) || days == 0))
		return fault_set(fault, FAULT_SETUP, "--days %.40s: is no number of days", options->days);
	window->last_day = moment_day(cli->now);
	if (options->until) {
		if (!moment_parse(span_of(options->until), &moment))
			return fault_set(
				fault, FAULT_SETUP, "--until %.40s: is no time; write 2026-01-31", options->until);
		window->last_day = moment_day(moment);
	}
	window->first_day = window->last_day - (int64_t)days + 1;
	if (options->since) {
		if (!moment_parse(span_of(options->since), &moment))
			return fault_set(
				fault, FAULT_SETUP, "--since %.40s: is no time; write 2026-01-31", options->since);
		window->first_day = moment_day(moment);
	}
	if (window->first_day > window->last_day)
		return fault_set(fault, FAULT_SETUP, "the days end before they begin");
	return true;
}
