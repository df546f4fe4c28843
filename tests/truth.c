#include "tests/truth.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/* splitmix64, whose states only count: neighbouring seeds must lie far from each other. */
struct chance chance_of(uint64_t seed)
{
	return (struct chance){ mix(mix(seed) + 1) };
}

static uint64_t next(struct chance *chance)
{
	return mix(chance->state += UINT64_C(0x9e3779b97f4a7c15));
}

double chance_unit(struct chance *chance)
{
	return (double)(next(chance) >> 11) * 0x1p-53;
}

unsigned chance_below(struct chance *chance, unsigned n)
{
	return (unsigned)(next(chance) % n);
}

bool chance_holds(struct chance *chance, double share)
{
	return chance_unit(chance) < share;
}

double chance_between(struct chance *chance, double low, double high)
{
	return low * pow(high / low, chance_unit(chance));
}

/* Of very many a day, the sum of smaller numbers with the same law. */
static uint64_t poisson(struct chance *chance, double mean)
{
	uint64_t n = 0;

	for (; mean > 30; mean -= 30)
		n += poisson(chance, 30);
	for (double p = chance_unit(chance), least = exp(-mean); p > least; p *= chance_unit(chance))
		n++;
	return n;
}

static bool sends_on(const struct actor *a, int64_t day)
{
	if (day < a->first || day > a->last || (a->weekdays && (day + 3) % 7 >= 5))
		return false;
	return !a->every || (day - a->first) % a->every == 0;
}

static double bad_on(const struct actor *a, int64_t day)
{
	return day >= a->bad_since ? a->bad_share : 0;
}

struct actor *truth_add(struct truth *truth, struct actor actor)
{
	struct actor *a = &truth->actors[truth->actors_n++];

	if (truth->actors_n > ACTORS_MOST)
		abort();
	*a = actor;
	a->last = a->last ? a->last : INT64_MAX;
	a->first = a->first ? a->first : truth->first;
	a->addresses = a->addresses ? a->addresses : 1;
	a->from = a->from ? a->from : TRUTH_OWN;
	return a;
}

static bool in_org(const char *name)
{
	size_t n = strlen(name), own = strlen(TRUTH_OWN);

	return n >= own && strcmp(name + n - own, TRUTH_OWN) == 0 && (n == own || name[n - own - 1] == '.');
}

static bool is_aligned(const char *name, const char *from, bool strict)
{
	return strict ? strcmp(name, from) == 0 : in_org(name);
}

/* RFC 9989 4.4, read once more. */
bool look_passes(const struct look *look, const char *from, const struct policy *policy)
{
	char parts[256], *rest = NULL;

	if (look->spf && (!look->spf_result || strcmp(look->spf_result, "pass") == 0) && is_aligned(look->spf, from, policy->aspf_strict))
		return true;
	snprintf(parts, sizeof parts, "%s", look->dkim ? look->dkim : "");
	for (char *one = strtok_r(parts, ",", &rest); one; one = strtok_r(NULL, ",", &rest)) {
		char *slash = strchr(one, '/'), *result = strrchr(one, '/');

		*slash = '\0';
		if (strcmp(result + 1, "pass") == 0 && is_aligned(one, from, policy->adkim_strict))
			return true;
	}
	return false;
}

static double rate_of(const struct actor *a, int64_t day)
{
	if (a->whose != WHOSE_OWN || day < a->first || day > a->last)
		return 0;
	return a->rate * (a->weekdays ? 5.0 / 7 : 1) / (a->every ? a->every : 1);
}

/* sp=none spares what comes from below the domain. */
double actor_loss(const struct truth *truth, const struct actor *a, int64_t day)
{
	double bad = bad_on(a, day);

	if (truth->policy.sp == REQUEST_NONE && strcmp(a->from, TRUTH_OWN) != 0)
		return 0;
	return rate_of(a, day) * ((look_passes(&a->good, a->from, &truth->policy) ? 0 : 1 - bad) +
					 (look_passes(&a->bad, a->from, &truth->policy) ? 0 : bad));
}

double truth_loss(const struct truth *truth, int64_t today)
{
	double own = 0, lost = 0;

	for (size_t i = 0; i < truth->actors_n; i++) {
		own += rate_of(&truth->actors[i], today);
		lost += actor_loss(truth, &truth->actors[i], today);
	}
	return own > 0 ? lost / own : 0;
}

static void report(const struct actor *a, const struct receiver *r, int64_t day, struct chance *chance, struct world *world)
{
	double mean = a->rate * r->share, bad = bad_on(a, day);
	int64_t begin = r->span ? day - day % r->span : day;
	const char *star = strchr(a->address, '*');
	char address[64];

	snprintf(address, sizeof address, "%s", a->address);
	for (unsigned i = 0; i < a->addresses; i++) {
		for (int side = 0; side < 2; side++) {
			const struct look *look = side ? &a->bad : &a->good;
			uint64_t n = poisson(chance, mean / a->addresses * (side ? bad : 1 - bad));

			if (!n)
				continue;
			if (star)
				snprintf(address, sizeof address, "%.*s%u%s", (int)(star - a->address), a->address, i + 1, star + 1);
			world_add(world, &(struct line){ .day = begin, .reporter = r->name, .address = address, .host = a->host,
						 .from = a->from, .spf = look->spf,
						 .spf_result = look->spf_result ? look->spf_result : "pass", .dkim = look->dkim,
						 .n = n, .reason = a->reason, .days = r->span, .says = r->says,
						 .carriage = r->carriage, .plain = r->plain });
		}
	}
}

static bool reports_on(const struct receiver *r, int64_t day, int64_t today)
{
	int64_t end = r->span ? day - day % r->span + r->span : day + 1;

	return (!r->first || day >= r->first) && (!r->last || day <= r->last) && end <= today;
}

static bool sees(const struct receiver *r, const struct actor *a)
{
	return !a->seen_by || strcmp(a->seen_by, r->name) == 0;
}

void truth_world(const struct truth *truth, int64_t today, struct world *world)
{
	world_begin(world, TRUTH_OWN, today);
	for (int64_t day = truth->first; day < today; day++) {
		struct chance chance = chance_of(truth->seed * 100003 + (uint64_t)day);

		world->policy = truth->policy;
		if (day < truth->enforced)
			world->policy.p = REQUEST_NONE;
		if (day < truth->modes_since)
			world->policy.adkim_strict = world->policy.aspf_strict = false;
		for (size_t r = 0; r < truth->receivers_n; r++) {
			const struct receiver *receiver = &truth->receivers[r];
			bool heard = chance_holds(&chance, receiver->days) && reports_on(receiver, day, today);

			for (size_t i = 0; i < truth->actors_n; i++)
				if (heard && sends_on(&truth->actors[i], day) && sees(receiver, &truth->actors[i]))
					report(&truth->actors[i], receiver, day, &chance, world);
		}
	}
	world->rows.published = (struct published){ .checked = true, .dmarc_records = 1, .policy = truth->policy,
		.spf_records = 1, .spf_lookups = 3, .rua = SPAN("mailto:dmarc@" TRUTH_OWN), .spf_all = '~' };
}
