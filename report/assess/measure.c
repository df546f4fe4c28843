/* The measures of the window, with any set of senders left out. Forged mail is in no denominator. */
#include "report/assess/gate.h"
#include "report/assess/work.h"

#define WEEKDAYS 5
#define LEARNING_DAYS 7 /* days with reports before which nothing was known, so that nothing is a surprise */

static bool left_out(const struct path *path, const bool *without)
{
	return without && path->sender != NO_INDEX && without[path->sender];
}

/* One stranger among reporters may supply only a part of the evidence. */
static bool cap_strangers(struct work *w, const bool *without, struct measures *m)
{
	uint64_t *by_reporter = arena_take(w->arena, w->reporters_n * sizeof *by_reporter);
	uint64_t most = (uint64_t)(w->options->limits.stranger_share * (double)m->own_evidence), over = 0;

	if (!by_reporter)
		return false;
	for (size_t i = 0; i < w->strangers_n; i++) {
		const struct path *path = &w->paths[w->strangers[i].path];

		if (path->fate == FATE_OWN && !left_out(path, without))
			by_reporter[w->strangers[i].reporter] += w->strangers[i].evidence;
	}
	for (size_t i = 0; i < w->reporters_n; i++)
		over += by_reporter[i] > most ? by_reporter[i] - most : 0;
	m->own_evidence -= over < m->own_evidence ? over : m->own_evidence;
	return true;
}

/* A path as it counts, small enough to be gone through for every step. */
struct share_of_path {
	uint64_t messages, fails, dkim_ok, evidence, spared;
	uint32_t sender;
	enum fate fate;
};

static void sum_share(const struct share_of_path *s, struct measures *m)
{
	switch (s->fate) {
	case FATE_OWN:
		m->own = add_up(m->own, s->messages);
		m->own_fails = add_up(m->own_fails, s->fails);
		m->own_dkim = add_up(m->own_dkim, s->dkim_ok);
		m->own_evidence = add_up(m->own_evidence, s->evidence);
		break;
	case FATE_FORWARDED:
		m->forwarded = add_up(m->forwarded, s->messages);
		m->forwarded_fails = add_up(m->forwarded_fails, s->fails);
		m->spared = add_up(m->spared, s->spared);
		break;
	case FATE_UNDECIDED:
		m->undecided = add_up(m->undecided, s->messages);
		break;
	default:
		m->forged = add_up(m->forged, s->messages);
	}
}

/* What no sender changes is summed once; the rest stays apart. */
static bool share_paths(struct work *w)
{
	w->shares = arena_take(w->arena, w->paths_n * sizeof *w->shares);
	w->shared = arena_take(w->arena, sizeof *w->shared);
	w->shares_n = 0;
	for (size_t i = 0; w->shares && w->shared && i < w->paths_n; i++) {
		const struct path *path = &w->paths[i];
		struct share_of_path share = { path->messages, path_kind_fails(path->kind) ? path->messages : 0, path->dkim_ok,
			path->evidence, path->spared, path->sender, path->fate };

		if (path->sender == NO_INDEX)
			sum_share(&share, w->shared);
		else if (path->messages)
			w->shares[w->shares_n++] = share;
	}
	return w->shares && w->shared;
}

static void sum_paths(const struct work *w, const bool *without, struct measures *m)
{
	const struct measures *shared = w->shared;

	m->own = shared->own;
	m->own_fails = shared->own_fails;
	m->own_dkim = shared->own_dkim;
	m->own_evidence = shared->own_evidence;
	m->forwarded = shared->forwarded;
	m->forwarded_fails = shared->forwarded_fails;
	m->spared = shared->spared;
	m->undecided = shared->undecided;
	m->forged = shared->forged;
	for (size_t i = 0; i < w->shares_n; i++)
		if (!without || !without[w->shares[i].sender])
			sum_share(&w->shares[i], m);
}

static bool list_senders(struct work *w, const bool *without, struct measures *m)
{
	struct sender_measure *own = arena_take(w->arena, w->senders_n * sizeof *own);
	struct undecided_measure *undecided = arena_take(w->arena, w->senders_n * sizeof *undecided);

	if (!own || !undecided)
		return false;
	for (size_t i = 0; i < w->senders_n; i++) {
		const struct sender *s = &w->senders[i];

		if (!s->messages || (without && without[i]))
			continue;
		if (s->fate == FATE_OWN)
			own[m->senders_n++] = (struct sender_measure){ s->subject, s->messages, s->fails, s->dkim_ok,
				s->accepted, s->critical, s->fails && !s->corroborated };
		else if (w->sources[s->source].method != METHOD_SCATTER)
			undecided[m->undecided_n++] =
				(struct undecided_measure){ s->subject, s->messages, s->reviewed, !s->corroborated };
	}
	m->senders = own;
	m->undecided_sources = undecided;
	return true;
}

static void measure_time(const struct work *w, struct measures *m)
{
	int64_t first = w->first_day > w->history_first ? w->first_day : w->history_first;

	m->window = w->window;
	if (!w->any) {
		m->age = w->window;
		return;
	}
	m->history = w->last_day - w->history_first + 1;
	m->age = w->options->today - w->last_day;
	for (int64_t day = first; day <= w->last_day; day++) {
		int64_t year;
		unsigned month, of_month;

		moment_to_civil((day + 1) * DAY_SECONDS, &year, &month, &of_month);
		m->month_edge |= of_month == 1;
		if (day_is_covered(w, day) &&
			(w->window > WINDOW_STANDARD || ((day + 3) % WEEK + WEEK) % WEEK < WEEKDAYS))
			m->days++;
	}
}

static bool measure_reporters(struct work *w, struct measures *m)
{
	bool *seen = arena_take(w->arena, w->reporters_n * sizeof *seen);
	uint64_t all = 0, trusted = 0;

	if (!seen)
		return false;
	for (size_t i = 0; i < w->by_path_n; i++) {
		const struct observed_traffic *row = &w->rows->traffic[w->by_path[i]];
		const struct judged_report *r = &w->reports[row->report];
		uint64_t n = row_within(w, row, w->first_day, w->last_day);

		if (!n)
			continue;
		m->reporters += !seen[w->receiver[r->reporter]];
		seen[w->receiver[r->reporter]] = true;
		all = add_up(all, n);
		trusted = add_up(trusted, r->trust >= TRUST_2 ? n : 0);
	}
	m->trusted_share = all ? (double)trusted / (double)all : 1;
	return true;
}

/* The last of the days on which everything seen was new. They are counted by their reports: what turns up behind a gap
 * in the first of them need not be new at all. */
static int64_t learning_end(const struct work *w)
{
	int64_t day = w->history_first, covered = day_is_covered(w, day);

	while (covered < LEARNING_DAYS && day < w->last_day)
		covered += day_is_covered(w, ++day);
	return day;
}

/* Days since the last sender that turned up unsigned, and no more than the history can tell. */
int64_t quiet_days(const struct work *w, bool *never)
{
	int64_t known = learning_end(w), quiet = w->last_day - known;

	*never = true;
	for (size_t i = 0; i < w->senders_n; i++) {
		const struct sender *s = &w->senders[i];

		if (s->fate != FATE_OWN || !s->surprise || s->first_day == MOMENT_NONE || s->first_day <= known)
			continue;
		*never = false;
		quiet = w->last_day - s->first_day < quiet ? w->last_day - s->first_day : quiet;
	}
	return quiet > 0 ? quiet : 0;
}

static bool attested(const struct work *w, struct span what)
{
	for (size_t i = 0; i < w->rows->attests_n; i++)
		if (span_is_nocase(w->rows->attests[i].what, what) && w->rows->attests[i].day <= w->options->today)
			return true;
	return false;
}

static bool measure_sent(struct work *w, struct measures *m)
{
	struct span *hardly = arena_take(w->arena, w->rows->sent_n * sizeof *hardly);

	for (size_t i = 0; hardly && i < w->rows->sent_n; i++) {
		const struct sent_row *sent = &w->rows->sent[i];
		uint64_t reported = 0;

		for (size_t k = 0; k < w->senders_n; k++)
			if (span_is_nocase(w->senders[k].subject, sent->source) && w->senders[k].fate == FATE_OWN)
				reported = add_up(reported, w->senders[k].messages);
		if ((double)reported < w->options->limits.sent_share * (double)sent->messages)
			hardly[m->hardly_reported_n++] = sent->source;
	}
	m->hardly_reported = hardly;
	return hardly;
}

bool work_measures(struct work *w, const bool *without, struct measures *m)
{
	const struct measures *whole = &w->v->measures;

	if (without) {
		/* What senders do not change is taken from the whole. */
		*m = *whole;
		m->senders_n = m->undecided_n = 0;
	} else {
		*m = (struct measures){ .transactional = w->options->profile == PROFILE_TRANSACTIONAL };
		measure_time(w, m);
		if (!measure_reporters(w, m))
			return false;
		m->quarterly_unattested =
			(double)m->history < w->options->limits.history_sure && !attested(w, SPAN("quarterly"));
		m->lists_unattested = w->options->profile == PROFILE_PEOPLE && !attested(w, SPAN("lists"));
		if (!measure_sent(w, m) || !share_paths(w))
			return false;
	}
	sum_paths(w, without, m);
	if (!cap_strangers(w, without, m) || !list_senders(w, without, m))
		return false;
	measures_share(m);
	return true;
}
