/* Private to report/assess: what the stages of one assessment hand to each other. Everything lies in one arena; a stage
 * that finds the arena failed returns false, and the assessment ends. */
#ifndef REPORT_ASSESS_WORK_H
#define REPORT_ASSESS_WORK_H

#include "base/arena.h"
#include "base/sum.h"
#include "report/assess/verdict.h"

#define HISTORY_DAYS 400 /* older rows are not looked at */
#define WINDOW_MOST 180
#define WEEK 7

enum row_state { ROW_OK, ROW_OUTSIDE, ROW_SUSPICIOUS };

/* The subject of a mark, read once. */
struct marked {
	bool is_network;
	struct network network;
};

/* What one record shape means, whatever report it stands in. */
struct auth_state {
	uint32_t rank;			       /* equal contents, equal rank; in the order of their contents */
	uint32_t from;			       /* work.froms */
	bool inside;			       /* header_from is the policy domain or below it */
	bool own_signature, foreign_signature; /* names the organisational domain; a foreign one passed */
	bool spf_passed;		       /* for some mail from domain */
	bool dkim_aligned[2], spf_aligned[2];  /* our own judgement: relaxed, strict */
	uint32_t valid_key, broken_key;	       /* work.keys, or NO_INDEX */
	struct domain_name bounce, signer;     /* what passed SPF; the first foreign domain that passed DKIM */
	bool bounce_ours;		       /* the checked SPF domain is ours, whatever its result */
	bool list_reason, arc_reason;
	enum tenant tenant;
};

/* A row's outcome: the receiver's word where there is one (RFC 9990 allows signatures to be left out of the report). */
struct judgement {
	enum path_kind kind;
	bool dkim, spf;
	bool disagrees; /* the receiver's word and its own auth_results differ */
};

struct author { /* a distinct header_from inside the policy domain, by name */
	struct domain_name name;
	bool exists, nonexistent, own_record; /* from the snapshot */
};

struct key_use { /* a distinct signing key of the organisational domain, by domain and selector */
	struct span domain, selector;
	uint32_t home, home_before; /* home group, or NO_INDEX; as of a week before the last day */
	bool home_direct;	    /* its home was found by mail that also passes SPF */
	unsigned homes;		    /* groups that use it directly */
	uint64_t valid, broken, week_valid, week_broken;
	int64_t first_day, last_day;
};
#define HOME_OWN_NETWORK (NO_INDEX - 1) /* the home group of all hosts of your own network */

/* What a stranger among reporters adds to a path's evidence: capped later as a share of all of it. */
struct stranger_evidence {
	uint32_t path, reporter;
	uint64_t evidence;
};

/* The days of a row's report, counted from history_base and cut to the history. */
struct row_days {
	int16_t first, last;
};

struct work {
	const struct rows *rows;
	const struct assess_options *options;
	struct arena *arena;
	struct arena *scratch; /* for what a stage needs beside its results; empty when a stage begins */
	struct verdict *v;
	bool any;	 /* a counted report */
	bool with_leads; /* count leads too: what would change if they were true */

	struct network *own_nets; /* of options.own_nets */
	size_t own_nets_n;
	struct marked *marked; /* rows.marks */

	struct auth_state *auths;
	struct judgement *judgements; /* of each of auths under each strictness */
	uint8_t *strictness;	      /* reports: STRICT_ bits */
	struct author *authors;
	size_t authors_n;
	struct key_use *keys;
	size_t keys_n;

	uint32_t *source_rank; /* rows.sources: equal addresses, equal rank */
	uint32_t *named;       /* rows.sources: index into named_sources */
	bool *direct;	       /* rows.sources: has counted direct rows */
	bool *dial_up;	       /* rows.sources: no PTR, or a name that only repeats the address */
	struct named_source *sources;
	size_t sources_n;

	struct judged_report *reports;
	struct reporter *reporters;
	size_t reporters_n;
	uint32_t *receiver; /* reporters: the first of the same name; one whose first reports came as files has two identities */
	uint8_t *row_states;
	uint32_t *by_report;		 /* rows, by report, source rank, auth rank */
	uint32_t *report_starts;	 /* reports_n + 1 positions in by_report */
	uint64_t *report_keys;		 /* of by_report: source rank and auth rank; until reports are judged */
	int64_t history_first, last_day; /* of counted reports; MOMENT_NONE when there are none */

	uint32_t *path_from; /* paths: index into authors */
	uint32_t *path_of;   /* rows.traffic: index into paths, or NO_INDEX */
	struct path *paths;
	size_t paths_n, plain_paths_n; /* with scatter, which comes last; without */
	uint32_t *by_path;	       /* counted rows only, by path, reporter, source rank */
	size_t by_path_n;
	uint64_t *path_keys;	    /* of by_path: source rank and reporter, so that nobody looks for them row by row */
	struct row_days *path_days; /* of by_path */
	uint32_t *path_starts;
	uint32_t *by_window; /* those of by_path whose reports have days in the window */
	size_t by_window_n;
	struct stranger_evidence *strangers;
	size_t strangers_n, strangers_room;
	bool *near_direct;    /* source ranks: beside a direct address of yours */
	bool *covered;	      /* HISTORY_DAYS from history_base: days with a counted report */
	int64_t history_base; /* last_day - HISTORY_DAYS + 1 */

	int64_t first_day; /* of the window */
	unsigned window;

	struct sender *senders;
	size_t senders_n;
};

/* rank.c */
typedef uint64_t row_key(const struct work *w, uint32_t row);
/* Sorts each run of `rows`, from starts[i] up to starts[i + 1], by `key`, keeping the order of equals. `keys`: of all rows,
 * in their new order. */
bool order_runs(const struct work *w, uint32_t *rows, const uint32_t *starts, size_t runs, row_key *key, uint64_t *keys);
/* Sorts indexes by `compare` (as qsort_r wants it), equals in the order they had. `key` says most of the order as one number,
 * never more than `compare` would: what has the smaller key is smaller. compare NULL: the key says all. */
typedef uint64_t index_key(const void *of, uint32_t index);
typedef int index_compare(const void *a, const void *b, void *of);
bool order_indexes(struct arena *scratch, uint32_t *order, size_t n, index_key *key, index_compare *compare, const void *of);
uint64_t text_key(struct span text); /* its first octets, in their order */
/* A key's upper and lower half; both in the order of their numbers. */
static inline uint64_t key_halves(uint64_t upper, uint64_t lower)
{
	return upper < UINT32_MAX ? upper << 32 | (lower < UINT32_MAX ? lower : UINT32_MAX) : UINT64_MAX;
}
struct map; /* 64-bit keys to indexes; only looked up, never walked, so that its own order shows nowhere */
struct map *map_new(struct arena *arena, size_t expected);
uint32_t *map_at(struct map *map, uint64_t key); /* the value's place, NO_INDEX when new; NULL when memory is short */
/* Room for one item more: `items` (n of them, room for *room) or a copy twice as large; NULL when memory is short. */
void *array_grow(struct arena *arena, void *items, size_t n, size_t *room, size_t size);

/* outcome.c */
bool work_auths(struct work *w);
uint32_t author_find(const struct work *w, struct span name); /* NO_INDEX when there is none */
bool domain_within(struct span name, struct span domain);     /* equal or below */
enum { STRICT_DKIM = 1, STRICT_SPF = 2, STRICT_COUNT = 4 }; /* adkim=s, aspf=s */
/* The modes under which rows are judged that came with these: those of the published record, where it was looked at. */
unsigned modes_now(const struct work *w, unsigned reported);
bool mode_change(bool word, const bool aligned[2], bool before, bool after);
static inline struct judgement row_judge(const struct work *w, const struct observed_traffic *row)
{
	return w->judgements[(size_t)row->auth * STRICT_COUNT + w->strictness[row->report]];
}

/* trust.c, repeat.c */
bool work_reports(struct work *w);
void work_distrust(struct work *w, const bool *reporters); /* takes their standing, and what they said for leads */
void work_ends(struct work *w); /* history_first and last_day, of what counts */
bool work_repeats(struct work *w);
bool reporter_is_known(const struct work *w, struct span domain);
static inline bool row_counts(const struct work *w, uint32_t row)
{
	enum report_use use = w->reports[w->rows->traffic[row].report].use;
	bool lead = use == USE_LEAD_TRUST || use == USE_LEAD_STANDING;

	if (w->row_states[row] == ROW_OUTSIDE)
		return false;
	return (use == USE_COUNTED && w->row_states[row] == ROW_OK) || (w->with_leads && (lead || use == USE_COUNTED));
}
/* Messages of a row on a day, or within days: a report over several days is spread evenly, the rest on the first ones.
 */
uint64_t row_on(const struct work *w, const struct observed_traffic *row, int64_t day);
uint64_t row_within(const struct work *w, const struct observed_traffic *row, int64_t first, int64_t last);
/* May the k-th of by_path have messages on these days? Nothing is taken from `first`, which is MOMENT_NONE for a sender
 * without a day. */
static inline bool path_row_within(const struct work *w, size_t k, int64_t first, int64_t last)
{
	return w->history_base + w->path_days[k].last >= first && w->history_base + w->path_days[k].first <= last;
}

/* name.c */
bool work_names(struct work *w);
const struct sender_row *sender_by_host(const struct rows *rows, struct span host);

/* home.c, path.c, window.c, feature.c */
bool work_homes(struct work *w);
uint32_t home_group(const struct work *w, uint32_t named);
bool work_paths(struct work *w);
bool work_surroundings(struct work *w); /* near_direct, covered */
bool work_window(struct work *w);  /* sums of the window */
bool work_classes(struct work *w); /* scatter, features, classes, fates */
static inline uint32_t path_of_row(const struct work *w, uint32_t row)
{
	uint32_t path = w->path_of[row];

	return path != NO_INDEX && w->paths[path].pooled != NO_INDEX ? w->paths[path].pooled : path;
}
static inline bool day_is_covered(const struct work *w, int64_t day)
{
	return day >= w->history_base && day <= w->last_day && w->covered[day - w->history_base];
}

/* mark.c */
bool work_marks(struct work *w);
bool in_own_net(const struct work *w, const struct address *address);
struct marks {
	enum mark_kind class; /* MARK_OWN, MARK_FORWARDER, MARK_NOT_OURS or MARK_NONE */
	bool accept, critical, reviewed;
};
struct marks path_marks(const struct work *w, const struct path *path);
/* The narrowest word about an address or a host, where it says what the mail of this source is; NULL: none. */
const struct mark_row *mark_of_address(const struct work *w, const struct observed_source *source);
const struct mark_row *mark_for_key(const struct work *w, struct span selector);
const struct mark_row *mark_naming(
	const struct work *w, const struct observed_source *source, struct span bounce, struct span signer);

/* sender.c, measure.c, and what follows from them */
bool work_senders(struct work *w);
bool work_measures(struct work *w, struct measures *m);
/* The same with some of these senders mended, good for the word of a verdict: own ones pass and are signed, undecided ones
 * are not yours; its lists name no sender that decides nothing. NULL: no memory. */
struct mending;
struct mending *work_mending(struct work *w, const uint32_t *senders, size_t n);
void work_measures_mended(const struct work *w, const struct mending *mending, const bool *mended, struct measures *m);
bool work_records(struct work *w, enum target target, struct measures *m); /* p=reject bears less */
bool work_policy_seen(struct work *w);
struct policy policy_now(const struct work *w);
/* What fails there is not this policy's to lose: sp or np spares the author domain, or it has a record of its own. */
bool author_loses_nothing(const struct work *w, uint32_t from);
bool work_subdomains(struct work *w, struct measures *m);
bool work_alerts(struct work *w);
bool work_keys(struct work *w);
bool work_steps(struct work *w);
bool work_simulations(struct work *w);
bool work_next(struct work *w);
bool work_days(struct work *w);
void work_reporter_sums(struct work *w);
bool work_reporters_sort(struct work *w);
void work_alert_leads(struct work *w);
int64_t quiet_days(const struct work *w, bool *never);
bool domain_is_parked(const struct work *w);
bool domain_ought_to_be_parked(const struct work *w); /* so it is said; or SPF says so, and it was until a week ago */
void sender_period(struct work *w, struct sender *sender);
/* Is the last of these days a monthly one: two earlier months within four days of it, at most 5 % in between? */
size_t monthly_dates(const struct day_count *days, size_t n, int64_t dates[4]);
struct simulation simulate(const struct work *w, const struct policy *policy, const bool *without);

#endif
