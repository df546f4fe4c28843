#include "report/assess/options.h"

#include <inttypes.h>
#include <stdio.h>

#define MILLIONTHS 1000000

/* What a larger value does to the verdict. */
enum direction { MORE_IS_STRICT, MORE_IS_LOOSE };

#define ROW(name, member, direction, unit) { name, offsetof(struct assess_limits, member), MORE_IS_##direction, LIMIT_MOST_OF(unit) },
#define ROWS(name, direction, q, r, unit, ...)                      \
	ROW("quarantine." #name, quarantine.name, direction, unit) \
	ROW("reject." #name, reject.name, direction, unit)
#define ROW_ALONE(name, direction, standard, unit, ...) ROW(#name, name, direction, unit)

static const struct limit_row {
	const char *name;
	size_t at;
	enum direction direction;
	double most;
} limit_rows[] = { ASSESS_LIMITS(ROWS, ROW_ALONE) };
#define LIMIT_ROWS (sizeof limit_rows / sizeof *limit_rows)

const char *target_word(enum target target)
{
	static const char *const words[TARGET_COUNT] = { "auto", "quarantine", "reject" };

	return target < TARGET_COUNT ? words[target] : "";
}

const char *profile_word(enum profile profile)
{
	static const char *const words[PROFILE_COUNT] = { "people", "transactional", "parked" };

	return profile < PROFILE_COUNT ? words[profile] : "";
}

static double limit_value(const struct assess_limits *limits, const struct limit_row *row)
{
	return *(const double *)((const char *)limits + row->at);
}

/* Digits, at most six after a point, perhaps `%`: read here because strtod() follows the locale. */
static bool decimal(struct span text, double *value)
{
	unsigned long long number = 0, scale = 1;
	bool percent, point = false;

	text = span_trim(text);
	percent = text.n && text.p[text.n - 1] == '%';
	if (percent)
		text = span_trim((struct span){ text.p, text.n - 1 });
	if (text.n == 0 || text.p[0] == '.' || text.p[text.n - 1] == '.')
		return false;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '.' && !point) {
			point = true;
			continue;
		}
		if (c < '0' || c > '9' || number > 1000000000000 || scale >= MILLIONTHS)
			return false;
		number = number * 10 + (unsigned)(c - '0');
		if (point)
			scale *= 10;
	}
	*value = (double)number / (double)(scale * (percent ? 100 : 1));
	return true;
}

bool limit_set(struct assess_limits *limits, struct span name, struct span value)
{
	double number;

	for (size_t i = 0; i < LIMIT_ROWS; i++) {
		const struct limit_row *row = &limit_rows[i];

		if (!span_is_nocase(name, span_of(row->name)))
			continue;
		if (!decimal(value, &number) || number > row->most)
			return false;
		*(double *)((char *)limits + row->at) = number;
		return true;
	}
	return false;
}

size_t limits_loosened(const struct assess_limits *limits, struct arena *arena, const struct loosened **loosened)
{
	static const struct assess_limits standard = LIMITS_DEFAULT;
	struct loosened *rows = arena_take(arena, LIMIT_ROWS * sizeof *rows);
	size_t n = 0;

	*loosened = rows;
	for (size_t i = 0; rows && i < LIMIT_ROWS; i++) {
		const struct limit_row *row = &limit_rows[i];
		double now = limit_value(limits, row), was = limit_value(&standard, row);

		if (row->direction == MORE_IS_STRICT ? now < was : now > was)
			rows[n++] = (struct loosened){ row->name, now, was };
	}
	return n;
}

bool limits_digest(const struct assess_limits *limits, uint8_t octets[DIGEST_OCTETS])
{
	struct digest *digest = digest_new();

	if (!digest)
		return false;
	for (size_t i = 0; i < LIMIT_ROWS; i++) {
		digest_add_field(digest, span_of(limit_rows[i].name));
		digest_add_number(digest, (uint64_t)(limit_value(limits, &limit_rows[i]) * MILLIONTHS + 0.5));
	}
	digest_finish(digest, octets);
	digest_free(digest);
	return true;
}
