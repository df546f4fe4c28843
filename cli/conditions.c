#include "cli/conditions.h"

static const struct {
	const char *name;
	enum condition_kind what;
	bool text, moment;
} words[] = {
	{ "domain", CONDITION_DOMAIN, .text = true },
	{ "reporter", CONDITION_REPORTER, .text = true },
	{ "since", CONDITION_SINCE, .moment = true },
	{ "until", CONDITION_UNTIL, .moment = true },
	{ "broken", CONDITION_BROKEN },
	{ "duplicate", CONDITION_DUPLICATE },
	{ "conflict", CONDITION_CONFLICT },
};

static bool condition_read(const char *arg, struct condition *condition, struct fault *fault)
{
	const char *word = arg[0] == '!' ? arg + 1 : arg, *equals = strchr(word, '=');
	struct span name = { word, equals ? (size_t)(equals - word) : strlen(word) };

	*condition = (struct condition){ .not = arg[0] == '!', .text = equals ? equals + 1 : NULL };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (!span_is(name, span_of(words[i].name)))
			continue;
		condition->what = words[i].what;
		if ((words[i].text || words[i].moment) && (!equals || !equals[1]))
			return fault_set(fault, FAULT_SETUP, "%.60s: write %s=%s", arg, words[i].name, words[i].text ? "TEXT" : "TIME");
		if (!words[i].text && !words[i].moment && equals)
			return fault_set(fault, FAULT_SETUP, "%.60s: takes no value", arg);
		if (words[i].moment && !moment_parse(span_of(equals + 1), &condition->moment))
			return fault_set(fault, FAULT_SETUP, "%.60s: is no time; write 2026-01-31", arg);
		return true;
	}
	return fault_set(fault, FAULT_SETUP,
		"%.60s: no such condition; there are domain= reporter= since= until= broken duplicate conflict", arg);
}

bool conditions_read(char **args, int n, struct condition conditions[CONDITIONS_MOST], struct report_filter *filter,
	struct fault *fault)
{
	if (n > CONDITIONS_MOST)
		return fault_set(fault, FAULT_SETUP, "more than %d conditions", CONDITIONS_MOST);
	for (int i = 0; i < n; i++)
		if (!condition_read(args[i], &conditions[i], fault))
			return false;
	*filter = (struct report_filter){ conditions, (size_t)n };
	return true;
}
