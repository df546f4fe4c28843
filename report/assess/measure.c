/* The measures of the window, with any set of senders left out. Forged mail is in no denominator. */
#include "report/assess/gate.h"
#include "report/assess/work.h"

#define WEEKDAYS 5
#define LEARNING_DAYS 7 /* days with reports before which nothing was known, so that nothing is a surprise */

/* One stranger among reporters may supply only a part of the evidence, by what all others supply: of a part of the whole, most
 * could be its own. Where there are no others, it outweighs nobody, and that part of what it says remains. */
static void cap_strangers(const struct work *w, const uint64_t *by_reporter, struct measures *m)
{
	double part = w->options->limits.stranger_share;
	uint64_t all = m->own_evidence, over = 0;

	for (size_t i = 0; part < 1 && i < w->reporters_n; i++) {
		uint64_t others = all - by_reporter[i];
		uint64_t most = (uint64_t)(others ? part / (1 - part) * (double)others : part * (double)all);

		over += by_reporter[i] > most ? by_reporter[i] - most : 0;
	}
	m->own_evidence -= over;
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

/* Mail that the policy does not reach is in no share: what fails there is not lost, and what passes there must not outweigh what is
 * lost elsewhere. */
static struct share_of_path share_of(const struct work *w, size_t i)
{
	const struct path *path = &w->paths[i];
	struct share_of_path share = { path->messages, path_kind_fails(path->kind) ? path->messages : 0, path->dkim_ok,
		path->evidence, path->spared, path->sender, path->fate };

	if (author_loses_nothing(w, w->path_from[i]))
		share.messages = share.fails = share.dkim_ok = share.evidence = share.spared = 0;
	return share;
}

static bool is_listed(const struct work *w, const struct sender *s)
{
	return s->messages && (s->fate == FATE_OWN || w->sources[s->source].method != METHOD_SCATTER);
}

static struct sender_measure own_measure(const struct sender *s)
{
	return (struct sender_measure){ s->subject, s->messages, s->spared ? 0 : s->fails,
		s->spared ? s->messages : s->dkim_ok, s->accepted, s->critical, s->fails && !s->corroborated };
}

static struct undecided_measure undecided_measure(const struct sender *s)
{
	return (struct undecided_measure){ s->subject, s->messages, s->reviewed, !s->corroborated || s->spared };
}

static bool list_senders(struct work *w, struct measures *m)
{
	struct undecided_measure *undecided;
	struct sender_measure *own;
	size_t own_n = 0;

	for (size_t i = 0; i < w->senders_n; i++)
		own_n += w->senders[i].fate == FATE_OWN;
	own = arena_take(w->arena, own_n * sizeof *own);
	undecided = arena_take(w->arena, (w->senders_n - own_n) * sizeof *undecided);
	if (!own || !undecided)
		return false;
	for (size_t i = 0; i < w->senders_n; i++) {
		const struct sender *s = &w->senders[i];

		if (is_listed(w, s) && s->fate == FATE_OWN)
			own[m->senders_n++] = own_measure(s);
		else if (is_listed(w, s))
			undecided[m->undecided_n++] = undecided_measure(s);
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

/* Witnesses saw mail that is not forged: whoever forges chooses what he sends, and where to. */
static bool measure_reporters(struct work *w, struct measures *m)
{
	bool *seen = arena_take(w->scratch, w->reporters_n * sizeof *seen);
	bool *witness = arena_take(w->scratch, w->reporters_n * sizeof *witness);
	uint64_t all = 0, trusted = 0;

	if (!seen || !witness)
		return false;
	for (size_t i = 0; i < w->by_window_n; i++) {
		const struct observed_traffic *row = &w->rows->traffic[w->by_window[i]];
		const struct judged_report *r = &w->reports[row->report];
		uint64_t n = row_within(w, row, w->first_day, w->last_day);

		if (!n)
			continue;
		m->reporters += !seen[w->receiver[r->reporter]];
		seen[w->receiver[r->reporter]] = true;
		if (w->paths[path_of_row(w, w->by_window[i])].fate == FATE_FORGED)
			continue;
		m->witnesses += !witness[w->receiver[r->reporter]];
		witness[w->receiver[r->reporter]] = true;
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

/* No message of it is in the window, so no gate asks. Whoever sends at known times comes back, and so may what was yours within
 * the last quarter. */
static bool may_return(const struct work *w, const struct sender *s)
{
	bool periodic = s->dates_n && !s->missed && w->paths[s->path].class.class != CLASS_FORGED;
	bool lately = s->fate == FATE_OWN && s->last_day != MOMENT_NONE &&
		      (double)(w->last_day - s->last_day) < w->options->limits.history_sure;

	return !s->messages && !s->accepted && !s->reviewed && !s->spared &&
	       w->sources[s->source].method != METHOD_SCATTER && (periodic || lately);
}

struct last_mail {
	uint64_t all, fails;
};

/* What a sender's paths carried in the last five weeks that it sent. */
static struct last_mail *last_mails(const struct work *w)
{
	struct last_mail *mails = arena_take(w->scratch, w->senders_n * sizeof *mails);

	for (size_t i = 0; mails && i < w->paths_n; i++) {
		const struct path *path = &w->paths[i];
		const struct sender *s = path->sender == NO_INDEX ? NULL : &w->senders[path->sender];

		for (size_t k = s && !s->messages ? path->days_n : 0; k-- > 0 && path->days[k].day > s->last_day - WINDOW_STANDARD;) {
			struct last_mail *mail = &mails[path->sender];

			mail->all = add_up(mail->all, path->days[k].messages);
			mail->fails = add_up(mail->fails, path_kind_fails(path->kind) ? path->days[k].messages : 0);
		}
	}
	return mails;
}

static bool measure_silent(struct work *w, struct measures *m)
{
	double most = limits_of(&w->options->limits, w->v->target)->sender_loss;
	struct span *silent = arena_take(w->arena, w->senders_n * sizeof *silent);
	const struct last_mail *mails = last_mails(w);

	for (uint32_t i = 0; silent && mails && i < w->senders_n; i++)
		if (may_return(w, &w->senders[i]) && (double)mails[i].all >= w->options->limits.sender_messages &&
			(double)mails[i].fails > most * (double)mails[i].all)
			silent[m->silent_n++] = w->senders[i].subject;
	m->silent = silent;
	return silent && mails;
}

/* Own mail from people's homes cannot be told from it: by their days, it may be. Whoever forges may keep them too. */
static void measure_scattered(const struct work *w, struct measures *m)
{
	for (size_t i = 0; i < w->paths_n; i++) {
		const struct path *path = &w->paths[i];

		if (!path->features.scatter || path->fate != FATE_FORGED || path->class.confidence == CONFIDENCE_OPERATOR ||
			!features_keep_workweek(&path->features))
			continue;
		m->scattered = add_up(m->scattered, path->messages);
		m->scattered_addresses = add_up(m->scattered_addresses, path->addresses);
	}
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

static bool sum_whole(struct work *w, struct measures *m)
{
	uint64_t *by_reporter = arena_take(w->scratch, w->reporters_n * sizeof *by_reporter);

	if (!by_reporter)
		return false;
	for (size_t i = 0; i < w->paths_n; i++) {
		struct share_of_path share = share_of(w, i);

		sum_share(&share, m);
	}
	for (size_t i = 0; i < w->strangers_n; i++)
		if (w->paths[w->strangers[i].path].fate == FATE_OWN)
			by_reporter[w->strangers[i].reporter] += w->strangers[i].evidence;
	cap_strangers(w, by_reporter, m);
	return true;
}

bool work_measures(struct work *w, struct measures *m)
{
	*m = (struct measures){ .transactional = w->options->profile == PROFILE_TRANSACTIONAL };
	measure_time(w, m);
	if (!measure_reporters(w, m))
		return false;
	m->quarterly_unattested = m->history && (double)m->history < w->options->limits.history_sure &&
				  !attested(w, SPAN("quarterly"));
	m->lists_unattested = w->options->profile == PROFILE_PEOPLE && !attested(w, SPAN("lists"));
	if (!measure_sent(w, m) || !measure_silent(w, m) || !sum_whole(w, m) || !list_senders(w, m))
		return false;
	measure_scattered(w, m);
	measures_share(m);
	return true;
}

/* ---- with some senders mended: what the others add is summed once, and of them those are listed that may decide */

struct mending {
	const uint32_t *senders; /* that may be mended */
	size_t senders_n;
	struct share_of_path *shares; /* their paths */
	size_t shares_n, shares_room;
	struct measures others;
	struct sender_measure *own; /* the others, then room for `senders` */
	struct undecided_measure *undecided;
	size_t own_n, undecided_n;
};

static bool mend_paths(struct work *w, struct mending *l, const bool *apart)
{
	for (size_t i = 0; i < w->paths_n; i++) {
		struct share_of_path share = share_of(w, i);

		if (share.sender == NO_INDEX || !apart[share.sender]) {
			sum_share(&share, &l->others);
			continue;
		}
		l->shares = array_grow(w->arena, l->shares, l->shares_n, &l->shares_room, sizeof *l->shares);
		if (!l->shares)
			return false;
		l->shares[l->shares_n++] = share;
	}
	return true;
}

/* Gates pass over senders with few messages and doubtful sources; of the former they only note that there are some, so
 * that one stands for all. */
static bool may_decide(const struct work *w, const struct sender *s, bool *thin)
{
	const struct assess_limits *limits = &w->options->limits;
	bool first = !*thin;

	if (s->fate != FATE_OWN)
		return s->corroborated && (double)s->messages >= limits->undecided_source;
	if (s->accepted || (double)s->messages >= limits->sender_messages)
		return true;
	*thin = true;
	return first;
}

static bool mend_lists(struct work *w, struct mending *l, const bool *apart)
{
	bool thin = false;

	l->own = arena_take(w->arena, (w->v->measures.senders_n + l->senders_n) * sizeof *l->own);
	l->undecided = arena_take(w->arena, (w->v->measures.undecided_n + l->senders_n) * sizeof *l->undecided);
	if (!l->own || !l->undecided)
		return false;
	for (size_t i = 0; i < w->senders_n; i++) {
		const struct sender *s = &w->senders[i];

		if (apart[i] || !is_listed(w, s) || !may_decide(w, s, &thin))
			continue;
		if (s->fate == FATE_OWN)
			l->own[l->own_n++] = own_measure(s);
		else
			l->undecided[l->undecided_n++] = undecided_measure(s);
	}
	return true;
}

struct mending *work_mending(struct work *w, const uint32_t *senders, size_t n)
{
	struct mending *l = arena_take(w->arena, sizeof *l);
	bool *apart = arena_take(w->scratch, w->senders_n * sizeof *apart);

	if (!l || !apart)
		return NULL;
	l->senders = senders;
	l->senders_n = n;
	for (size_t i = 0; i < n; i++)
		apart[senders[i]] = true;
	return mend_paths(w, l, apart) && mend_lists(w, l, apart) ? l : NULL;
}

/* What was yours is still sent, and passes, signed. */
static void sum_mended(struct share_of_path share, struct measures *m)
{
	if (share.fate != FATE_OWN)
		return;
	share.fails = 0;
	share.dkim_ok = share.messages;
	sum_share(&share, m);
}

static struct sender_measure mended_measure(const struct sender *s)
{
	struct sender_measure measure = own_measure(s);

	measure.fails = 0;
	measure.dkim_ok = measure.messages;
	measure.doubtful = false;
	return measure;
}

void work_measures_mended(const struct work *w, const struct mending *l, const bool *mended, struct measures *m)
{
	size_t own_n = l->own_n, undecided_n = l->undecided_n;

	*m = w->v->measures;
	m->own = l->others.own;
	m->own_fails = l->others.own_fails;
	m->own_dkim = l->others.own_dkim;
	m->undecided = l->others.undecided;
	for (size_t i = 0; i < l->shares_n; i++) {
		if (mended[l->shares[i].sender])
			sum_mended(l->shares[i], m);
		else
			sum_share(&l->shares[i], m);
	}
	m->own_evidence = w->v->measures.own_evidence;
	for (size_t i = 0; i < l->senders_n; i++) {
		const struct sender *s = &w->senders[l->senders[i]];

		if (!is_listed(w, s))
			continue;
		if (s->fate == FATE_OWN)
			l->own[own_n++] = mended[l->senders[i]] ? mended_measure(s) : own_measure(s);
		else if (!mended[l->senders[i]])
			l->undecided[undecided_n++] = undecided_measure(s);
	}
	m->senders = l->own;
	m->senders_n = own_n;
	m->undecided_sources = l->undecided;
	m->undecided_n = undecided_n;
	measures_share(m);
}
