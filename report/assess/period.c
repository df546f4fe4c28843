/* Senders that come back: monthly, quarterly, and when they are due. */
#include "report/assess/work.h"

#define RUN_GAP 4	   /* days without mail that still belong to one run */
#define SAME_DAY 4	   /* how far a monthly run may be from the day of the month */
#define BETWEEN_SHARE 0.05 /* of all messages, between the runs */
#define RUNS_MOST 512
#define TRIES 3 /* the last runs may be strays */
#define MONTH_RUN (2 * SAME_DAY + 1) /* days that a run may take: who sends for weeks on end is no monthly sender */
#define QUARTER_RUN 30
#define QUARTER_LEAST 80
#define QUARTER_MOST 100
#define DATES_LEAST 3
#define RUN_MESSAGES 3
#define DATES_MOST 4

struct run {
	int64_t day; /* with most messages, the first of them */
	uint64_t messages, most;
	int64_t first, last; /* newest and oldest */
};

/* Runs of days, newest first; 0 when there are too many for anything periodic. */
static size_t runs_of(const struct day_count *days, size_t n, struct run *runs)
{
	size_t count = 0;

	for (size_t i = n; i-- > 0;) {
		struct run *run = count ? &runs[count - 1] : NULL;

		if (!run || run->last - days[i].day > RUN_GAP) {
			if (count == RUNS_MOST)
				return 0;
			run = &runs[count++];
			*run = (struct run){ .day = days[i].day, .first = days[i].day };
		}
		run->last = days[i].day;
		run->messages = add_up(run->messages, days[i].messages);
		if (days[i].messages >= run->most) {
			run->most = days[i].messages;
			run->day = days[i].day;
		}
	}
	return count;
}

/* The same day of the month, `back` months before; the 31st falls on the last day of a shorter month. */
static int64_t months_before(int64_t day, unsigned back)
{
	int64_t year, first, next;
	unsigned month, of_month, length;

	moment_to_civil(day * DAY_SECONDS, &year, &month, &of_month);
	year -= (back + 12 - month) / 12;
	month = (month + 11 - back % 12) % 12 + 1;
	first = moment_day(moment_from_civil(year, month, 1));
	next = moment_day(moment_from_civil(month == 12 ? year + 1 : year, month % 12 + 1, 1));
	length = (unsigned)(next - first);
	return first + (of_month < length ? of_month : length) - 1;
}

static bool quiet_between(const struct run *runs, const size_t *chosen, size_t n, int64_t longest)
{
	uint64_t all = 0, kept = 0;

	for (size_t i = chosen[0]; i <= chosen[n - 1]; i++)
		all = add_up(all, runs[i].messages);
	for (size_t i = 0; i < n; i++)
		if (runs[chosen[i]].first - runs[chosen[i]].last < longest)
			kept = add_up(kept, runs[chosen[i]].messages);
	return (double)(all - kept) <= BETWEEN_SHARE * (double)all;
}

static size_t take_dates(const struct run *runs, const size_t *chosen, size_t n, int64_t longest, int64_t dates[DATES_MOST])
{
	if (n < DATES_LEAST || !quiet_between(runs, chosen, n, longest))
		return 0;
	for (size_t i = 0; i < n; i++)
		dates[i] = runs[chosen[i]].day;
	return n;
}

size_t monthly_dates(const struct day_count *days, size_t n, int64_t dates[DATES_MOST])
{
	struct run runs[RUNS_MOST];
	size_t count = runs_of(days, n, runs);

	for (size_t start = 0; start < TRIES && start + DATES_LEAST <= count; start++) {
		size_t chosen[DATES_MOST] = { start }, found = 1;

		for (size_t i = start + 1; i < count && found < DATES_MOST; i++) {
			int64_t off = runs[i].day - months_before(runs[start].day, (unsigned)found);

			if (off >= -SAME_DAY && off <= SAME_DAY)
				chosen[found++] = i;
			else if (off < -SAME_DAY)
				break;
		}
		if (take_dates(runs, chosen, found, MONTH_RUN, dates))
			return found;
	}
	return 0;
}

static size_t quarterly_dates(const struct day_count *days, size_t n, int64_t dates[DATES_MOST])
{
	struct run runs[RUNS_MOST];
	size_t count = runs_of(days, n, runs);

	for (size_t start = 0; start < TRIES && start + DATES_LEAST <= count; start++) {
		size_t chosen[DATES_MOST] = { start }, found = 1;

		for (size_t i = start + 1; i < count && found < DATES_MOST; i++) {
			int64_t gap = runs[chosen[found - 1]].day - runs[i].day;

			if (gap >= QUARTER_LEAST && gap <= QUARTER_MOST)
				chosen[found++] = i;
			else if (gap > QUARTER_MOST)
				break;
		}
		if (take_dates(runs, chosen, found, QUARTER_RUN, dates))
			return found;
	}
	return 0;
}

/* The median step; of an even number the smaller. */
static int64_t median_step(const int64_t *dates, size_t n)
{
	int64_t steps[DATES_MOST] = { 0 };

	for (size_t i = 0; i + 1 < n; i++) {
		int64_t step = dates[i] - dates[i + 1];
		size_t at = i;

		for (; at > 0 && steps[at - 1] > step; at--)
			steps[at] = steps[at - 1];
		steps[at] = step;
	}
	return steps[(n - 2) / 2];
}

/* A monthly sender is due on its usual day, the median of those it had: a run before a weekend says little. */
static int64_t month_after(const int64_t *dates, size_t n)
{
	unsigned days[DATES_MOST] = { 0 }, month, day, next_month;
	int64_t year, next;

	for (size_t i = 0; i < n; i++) {
		size_t at = i;

		moment_to_civil(dates[i] * DAY_SECONDS, &year, &month, &day);
		for (; at > 0 && days[at - 1] > day; at--)
			days[at] = days[at - 1];
		days[at] = day;
	}
	moment_to_civil(dates[0] * DAY_SECONDS, &year, &month, &day);
	next = moment_day(moment_from_civil(month == 12 ? year + 1 : year, month % 12 + 1, 1)) + days[n / 2] - 1;
	moment_to_civil(next * DAY_SECONDS, &year, &next_month, &day);
	return next_month == month % 12 + 1 ? next : next - (int64_t)day;
}

/* Stray mail falls on like days of three months by chance; what nobody calls his own is expected only where each run is
 * more than that. */
static bool is_expected(const struct sender *s, const struct path *path)
{
	uint64_t messages = 0;

	if (s->fate == FATE_OWN)
		return true;
	for (size_t i = 0; i < path->days_n; i++)
		messages = add_up(messages, path->days[i].messages);
	return messages >= (uint64_t)RUN_MESSAGES * s->dates_n;
}

void sender_period(struct work *w, struct sender *s)
{
	const struct path *path = &w->paths[s->path];
	int64_t step;

	s->next_day = MOMENT_NONE;
	s->dates_n = monthly_dates(path->days, path->days_n, s->dates);
	s->monthly = s->dates_n > 0;
	if (!s->monthly)
		s->dates_n = quarterly_dates(path->days, path->days_n, s->dates);
	s->quarterly = !s->monthly && s->dates_n > 0;
	if (s->dates_n && !is_expected(s, path)) {
		s->monthly = s->quarterly = false;
		s->dates_n = 0;
	}
	if (!s->dates_n)
		return;
	step = median_step(s->dates, s->dates_n);
	s->next_day = s->monthly ? month_after(s->dates, s->dates_n) : s->dates[0] + step;
	s->missed = w->last_day > s->next_day + step / 3;
	s->given_up = w->last_day > s->next_day + step + step / 3;
}
