/* Reads vectors (JSON: upper95, wilson, rate_upper, regression, classify, verdict, policy) and compares what the
 * program says with what they expect: bounds to 1e-6, everything else exactly. Exit 0 when all agree. */
#include "report/assess/bound.h"
#include "report/assess/evidence.h"
#include "report/assess/gate.h"
#include "report/assess/policy.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define CLOSE 1e-6

static unsigned checked, failed;

static void expect(bool holds, const char *what, size_t index, const json_t *vector)
{
	char *text;

	checked++;
	if (holds)
		return;
	failed++;
	text = failed <= 20 ? json_dumps(vector, JSON_COMPACT) : NULL;
	if (text)
		printf("# %s %zu differs: %s\n", what, index, text);
	free(text);
}

static uint64_t count_of(const json_t *object, const char *key, uint64_t absent)
{
	const json_t *value = json_object_get(object, key);

	return json_is_integer(value) ? (uint64_t)json_integer_value(value) : absent;
}

static double real_of(const json_t *object, const char *key, double absent)
{
	const json_t *value = json_object_get(object, key);

	return json_is_number(value) ? json_number_value(value) : absent;
}

static bool truth_of(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static bool is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static void check_upper(const json_t *v, size_t i)
{
	double upper = bound_upper(count_of(v, "x", 0), count_of(v, "n", 0));

	expect(fabs(upper - real_of(v, "upper", -1)) < CLOSE, "upper95", i, v);
}

static void check_wilson(const json_t *v, size_t i)
{
	struct interval interval = bound_wilson(count_of(v, "x", 0), count_of(v, "n", 0));

	expect(fabs(interval.low - real_of(v, "lo", -1)) < CLOSE && fabs(interval.high - real_of(v, "hi", -1)) < CLOSE,
		"wilson", i, v);
}

static void check_rate(const json_t *v, size_t i)
{
	expect(fabs(bound_rate(real_of(v, "weeks", 0)) - real_of(v, "per_week", -1)) < CLOSE, "rate_upper", i, v);
}

static void check_regression(const json_t *v, size_t i)
{
	bool rose = bound_rose(count_of(v, "x1", 0), count_of(v, "n1", 0), count_of(v, "x0", 0), count_of(v, "n0", 0));

	expect(rose == truth_of(v, "alert"), "regression", i, v);
}

static int word_of(const char *word, const char *const *words, int n)
{
	for (int i = 0; i < n; i++)
		if (is(word, words[i]))
			return i;
	return 0;
}

static struct features features_of(const json_t *p)
{
	static const char *const kinds[] = { "direct", "signed", "broken", "third", "bare" };
	static const char *const tables[] = { "", "sender", "mailbox", "forwarder", "list", "gateway" };
	static const char *const marks[] = { "", "own", "forwarder", "notours" };
	static const char *const tenants[] = { "", "own", "other" };
	static const struct {
		const char *key;
		unsigned bit;
	} samples[] = { { "s_undo", SAMPLE_UNDONE }, { "s_own_hop", SAMPLE_OWN_HOP }, { "s_list", SAMPLE_LIST },
		{ "s_foreign", SAMPLE_STARTS_HERE }, { "s_header_ok", SAMPLE_HEADER_VALID } };
	const char *home = json_string_value(json_object_get(p, "selector_home"));
	struct features f = {
		.kind = (enum path_kind)word_of(text_of(p, "kind"), kinds, 5),
		.mark = (enum mark_kind)word_of(text_of(p, "mark"), marks, 4),
		.messages = count_of(p, "n", 0),
		.table = (enum sender_kind)word_of(text_of(p, "table"), tables, 6),
		.tenant = (enum tenant)word_of(text_of(p, "tenant"), tenants, 3),
		.home = !home			      ? HOME_NONE
			: is(home, text_of(p, "org")) ? HOME_HERE
						      : HOME_ELSEWHERE,
		.ptr_own = truth_of(p, "ptr_own"),
		.has_direct = truth_of(p, "ip_has_direct"),
		.shared = truth_of(p, "shared_ip"),
		.near_direct = truth_of(p, "near_direct"),
		.customer = truth_of(p, "customer"),
		.spf_reaches = truth_of(p, "spf_includes"),
		.list_share = real_of(p, "ovr_list", 0),
		.arc_share = real_of(p, "ovr_arc", 0),
		.bounce_is_host = truth_of(p, "bounce_is_host"),
		.own_unsigned = truth_of(p, "own_unsigned"),
		.bounce_unrelated = truth_of(p, "bounce_unrelated"),
		.weeks = (unsigned)count_of(p, "weeks", 5),
		.weeks_seen = (unsigned)count_of(p, "weeks_seen", 0),
		.weekday_share = real_of(p, "weekday_share", 0),
		.addresses = count_of(p, "ips", 1),
		.monthly = truth_of(p, "monthly"),
		.burst = truth_of(p, "burst"),
		.scatter = truth_of(p, "scatter"),
		.ptr_bad = truth_of(p, "ptr_bad"),
		.phantom = truth_of(p, "phantom_sub"),
	};

	f.relays_signed = truth_of(p, f.kind == KIND_BROKEN ? "signed_sibling" : "signed_sibling_foreign_home");
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
		if (truth_of(p, samples[i].key))
			f.samples |= samples[i].bit;
	return f;
}

static void check_classify(const json_t *v, size_t i)
{
	static const char *const classes[] = { "unknown", "own", "fwd", "spoof" };
	const json_t *evidence = json_object_get(v, "evidence");
	struct features f = features_of(json_object_get(v, "path"));
	struct classification c = evidence_weigh(&f);
	bool same = is(text_of(v, "cls"), classes[c.class]) &&
		    is(text_of(v, "confidence"), confidence_word(c.confidence)) &&
		    c.points[SIDE_OWN] == count_of(v, "own", 999) &&
		    c.points[SIDE_FORWARD] == count_of(v, "fwd", 999) &&
		    c.points[SIDE_FORGED] == count_of(v, "spoof", 999) && c.items_n == json_array_size(evidence);

	for (size_t k = 0; same && k < c.items_n; k++)
		same = is(evidence_items[c.items[k]].id, json_string_value(json_array_get(evidence, k)));
	expect(same, "classify", i, v);
}

static const struct span *spans_of(const json_t *array, size_t *n, struct arena *arena)
{
	struct span *spans = arena_take(arena, (json_array_size(array) + 1) * sizeof *spans);

	*n = json_array_size(array);
	for (size_t i = 0; i < *n; i++)
		spans[i] = span_of(json_string_value(json_array_get(array, i)));
	return spans;
}

static struct measures measures_of(const json_t *m, struct arena *arena)
{
	const json_t *senders = json_object_get(m, "streams"), *undecided = json_object_get(m, "unknown_streams");
	const json_t *edge = json_object_get(m, "month_edge"), *critical = json_object_get(m, "critical_alerts");
	struct sender_measure *s = arena_take(arena, (json_array_size(senders) + 1) * sizeof *s);
	struct undecided_measure *u = arena_take(arena, (json_array_size(undecided) + 1) * sizeof *u);
	struct measures r = {
		.parked = truth_of(m, "parked"),
		.window = (unsigned)count_of(m, "window", 35),
		.history = (int64_t)count_of(m, "history", 0),
		.days = (int64_t)count_of(m, "days", 0),
		.age = (int64_t)count_of(m, "age", 0),
		.month_edge = !edge || json_is_true(edge),
		.reporters = count_of(m, "reporters", 0),
		.witnesses = count_of(m, "reporters", 0),
		.own = count_of(m, "own", 0),
		.own_evidence = count_of(m, "own_ev", 0),
		.own_fails = count_of(m, "own_fail", 0),
		.own_dkim = count_of(m, "own_dkim", 0),
		.forwarded = count_of(m, "fwd", 0),
		.forwarded_fails = count_of(m, "fwd_fail", 0),
		.undecided = count_of(m, "unknown", 0),
		.stage_days = (int64_t)count_of(m, "stage_days", 0),
		.quiet_days = (int64_t)count_of(m, "quiet_days", 0),
		.critical_alert = critical && !json_is_false(critical),
		.transactional = truth_of(m, "transactional"),
		.trusted_share = real_of(m, "trusted_share", 1),
		.senders = s,
		.undecided_sources = u,
		.senders_n = json_array_size(senders),
		.undecided_n = json_array_size(undecided),
	};

	for (size_t i = 0; i < r.senders_n; i++) {
		const json_t *v = json_array_get(senders, i);

		s[i] = (struct sender_measure){ span_of(text_of(v, "name")), count_of(v, "n", 0),
			count_of(v, "fail", 0), count_of(v, "dkim", 0), truth_of(v, "accepted"),
			truth_of(v, "critical"), false };
	}
	for (size_t i = 0; i < r.undecided_n; i++) {
		const json_t *v = json_array_get(undecided, i);

		u[i] = (struct undecided_measure){ span_of(text_of(v, "name")), count_of(v, "n", 0),
			truth_of(v, "reviewed"), false };
	}
	r.record_errors = spans_of(json_object_get(m, "dns_block"), &r.record_errors_n, arena);
	r.record_warnings = spans_of(json_object_get(m, "dns_warn"), &r.record_warnings_n, arena);
	r.subdomains_failing = spans_of(json_object_get(m, "sub_bad"), &r.subdomains_failing_n, arena);
	return r;
}

/* The gates that decide, as the vectors write them: `G6`, `G4:zendesk`; none when ready. */
static bool gates_are(const struct decision *d, const json_t *expected)
{
	enum gate_state wanted = d->word == VERDICT_NOT_READY ? GATE_FAILS : GATE_NO_DATA;
	char text[256];
	size_t n = 0;

	for (size_t i = 0; i < d->gates_n; i++) {
		const struct gate *g = &d->gates[i];

		if (g->state != wanted)
			continue;
		snprintf(text, sizeof text, "G%u%s%.*s", g->number, g->subject.n ? ":" : "", (int)g->subject.n,
			g->subject.p ? g->subject.p : "");
		if (n >= json_array_size(expected) || !is(text, json_string_value(json_array_get(expected, n))))
			return false;
		n++;
	}
	return n == json_array_size(expected);
}

static bool exceptions_are(const struct decision *d, const json_t *expected)
{
	char text[256];

	if (d->exceptions_n != json_array_size(expected))
		return false;
	for (size_t i = 0; i < d->exceptions_n; i++) {
		const struct exception *e = &d->exceptions[i];

		snprintf(text, sizeof text, "%s%s%.*s", exception_word(e->kind), e->subject.n ? ":" : "",
			(int)e->subject.n, e->subject.p ? e->subject.p : "");
		if (!is(text, json_string_value(json_array_get(expected, i))))
			return false;
	}
	return true;
}

static void check_verdict(const json_t *v, size_t i)
{
	struct arena arena = ARENA(1 << 20);
	struct assess_limits limits = LIMITS_DEFAULT;
	struct measures m = measures_of(json_object_get(v, "measures"), &arena);
	enum target target = is(text_of(v, "target"), "reject") ? TARGET_REJECT : TARGET_QUARANTINE;
	struct decision d = gate_decide(&m, &limits, target, &arena);

	expect(is(text_of(v, "verdict"), verdict_word(d.word)) &&
			verdict_exit(d.word) == (int)count_of(v, "exit", 99) &&
			gates_are(&d, json_object_get(v, "gates")) &&
			exceptions_are(&d, json_object_get(v, "exceptions")),
		"verdict", i, v);
	arena_release(&arena);
}

static enum request request_of(const json_t *object, const char *key)
{
	static const char *const words[] = { "", "none", "quarantine", "reject" };

	return (enum request)word_of(text_of(object, key), words, 4);
}

static void check_policy(const json_t *v, size_t i)
{
	const json_t *record = json_object_get(v, "record"), *result = json_object_get(v, "result");
	struct policy policy = { request_of(record, "p"), request_of(record, "sp"), request_of(record, "np"),
		is(text_of(record, "t"), "y"), (unsigned)count_of(record, "pct", 100), false, false };
	enum policy_place place = is(text_of(v, "header_from"), "d.example") ? PLACE_DOMAIN
				  : truth_of(v, "exists")		     ? PLACE_SUBDOMAIN
									     : PLACE_NONEXISTENT;
	struct treatment t = policy_treat(&policy, place, truth_of(v, "rfc7489_receiver")), sum = { 0 };

	for (size_t k = 0; k < json_array_size(result); k++) {
		const json_t *pair = json_array_get(result, k);
		const char *word = json_string_value(json_array_get(pair, 0));
		unsigned part = (unsigned)lround(json_number_value(json_array_get(pair, 1)) * 100);

		*(is(word, "none") ? &sum.none : is(word, "quarantine") ? &sum.quarantine : &sum.reject) += part;
	}
	expect(sum.none == t.none && sum.quarantine == t.quarantine && sum.reject == t.reject, "policy", i, v);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*check)(const json_t *vector, size_t index);
	} kinds[] = { { "upper95", check_upper }, { "wilson", check_wilson }, { "rate_upper", check_rate },
		{ "regression", check_regression }, { "classify", check_classify }, { "verdict", check_verdict },
		{ "policy", check_policy } };
	json_error_t error;
	json_t *all = argc == 2 ? json_load_file(argv[1], 0, &error) : NULL;

	if (!all) {
		fprintf(stderr, "usage: assess-vectors FILE (%s)\n", argc == 2 ? error.text : "one file");
		return 64;
	}
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		const json_t *vectors = json_object_get(all, kinds[k].name);
		unsigned failed_before = failed;

		for (size_t i = 0; i < json_array_size(vectors); i++)
			kinds[k].check(json_array_get(vectors, i), i);
		printf("# %-10s %zu vectors, %u differ\n", kinds[k].name, json_array_size(vectors),
			failed - failed_before);
	}
	json_decref(all);
	return failed || !checked;
}
