#include "cli/readiness.h"
#include "parse/dns/dmarcrecord.h"
#include "report/simulation.h"

#define DAYS_MOST 180 /* the widest window there is */
#define SIMULATION_OCTETS ((size_t)4 * 1024 * 1024 * 1024)

static const enum request requests[] = {
	[DMARC_REQUEST_ABSENT] = REQUEST_ABSENT,
	[DMARC_REQUEST_NONE] = REQUEST_NONE,
	[DMARC_REQUEST_QUARANTINE] = REQUEST_QUARANTINE,
	[DMARC_REQUEST_REJECT] = REQUEST_REJECT,
	[DMARC_REQUEST_INVALID] = REQUEST_ABSENT,
};

/* A record that receivers would read in another way than it was meant is refused: the figures would mislead. */
static bool record_read(struct span text, struct arena *arena, struct policy *policy, struct fault *fault)
{
	struct dmarc_record record;

	if (!dmarc_record_parse(text, arena, &record))
		return fault_set(fault, FAULT_LATER, "out of memory");
	if (!record.is_dmarc)
		return fault_set(fault, FAULT_INPUT, "a record begins with v=DMARC1, as in 'v=DMARC1; p=reject'");
	for (size_t i = 0; i < record.terms_n; i++) {
		const struct dmarc_term *term = &record.terms[i];
		int n = (int)(term->value.n < 60 ? term->value.n : 60);

		if (term->tag == DMARC_TAG_COUNT || term->valid)
			continue;
		return fault_set(fault, FAULT_INPUT, "%s=%.*s: it must be %s, and stand there once",
			dmarc_tag_word(term->tag), n, term->value.p ? term->value.p : "", dmarc_tag_values(term->tag));
	}
	if (record.p == DMARC_REQUEST_ABSENT)
		return fault_set(fault, FAULT_INPUT, "the record has no p=");
	*policy = (struct policy){ .p = requests[record.p],
		.sp = requests[record.sp],
		.np = requests[record.np],
		.testing = record.test,
		.pct = record.pct,
		.adkim_strict = record.strict_dkim,
		.aspf_strict = record.strict_spf };
	return true;
}

static bool sender_is(const struct verdict *v, const struct sender *s, struct span word)
{
	const struct named_source *source = &v->sources[s->source];

	return span_is_nocase(s->subject, word) || span_is_nocase(s->mark, word) || span_is_nocase(source->name, word) ||
	       span_is_nocase(v->paths[s->path].host, word);
}

/* Every word stands for all senders that are called so; their subjects go into `fixed`, the words into `asked`. No word
 * between two commas is no sender, not all that have no name. */
static bool fixed_read(const char *list, const struct verdict *v, struct arena *arena, struct words *fixed,
	struct words *asked, struct fault *fault)
{
	struct span rest = span_of(list), word, *subjects = arena_take(arena, (v->senders_n + 1) * sizeof *subjects);
	struct span *words = arena_take(arena, (rest.n / 2 + 1) * sizeof *words);
	bool *taken = arena_take(arena, v->senders_n + 1);

	*fixed = (struct words){ subjects, 0 };
	*asked = (struct words){ words, 0 };
	if (!subjects || !words || !taken)
		return fault_set(fault, FAULT_LATER, "out of memory");
	while (span_take(&rest, ',', &word)) {
		bool found = false, again = false;

		for (size_t i = 0; i < asked->n; i++)
			again |= span_is_nocase(word, words[i]);
		for (size_t i = 0; word.n && i < v->senders_n; i++) {
			if (!sender_is(v, &v->senders[i], word))
				continue;
			found = true;
			if (!taken[i])
				subjects[fixed->n++] = v->senders[i].subject;
			taken[i] = true;
		}
		if (found && !again)
			words[asked->n++] = word;
		else if (word.n && !found)
			return fault_set(fault, FAULT_INPUT,
				"--fixed %.*s: no such sender; dmarcgate senders lists them",
				(int)(word.n < 200 ? word.n : 200), word.p);
	}
	return true;
}

static bool simulated_print(const struct cli *cli, const struct simulated *simulated)
{
	switch (cli->options.format) {
	case FORMAT_JSON:
		return simulation_json(stdout, simulated);
	case FORMAT_CSV:
		return simulation_csv(stdout, simulated);
	case FORMAT_TEXT:
		break;
	}
	return simulation_text(stdout, &cli->out, simulated);
}

static bool simulated_run(const struct readiness *r, const struct policy *policy, unsigned days, struct arena *arena,
	struct simulated *s)
{
	const struct policy *seen = r->rows.published.checked ? &r->rows.published.policy : &r->verdict.seen;
	struct policy relaxed = *policy;

	relaxed.adkim_strict = relaxed.aspf_strict = false;
	return assess_simulate(&r->rows, &r->options, policy, days, s->fixed, arena, &s->result) &&
	       assess_simulate(&r->rows, &r->options, &relaxed, days, s->fixed, arena, &s->relaxed) &&
	       assess_simulate(&r->rows, &r->options, seen, days, s->fixed, arena, &s->now);
}

/* False without a fault: the output failed. */
static bool simulate_domain(
	const struct cli *cli, struct readiness *r, const struct policy *policy, unsigned days, struct fault *fault)
{
	const struct verdict *v = &r->verdict;
	struct arena arena = ARENA(SIMULATION_OCTETS);
	struct words fixed = { 0 }, asked = { 0 };
	struct simulated simulated = { .record = span_of(cli->options.args[1]), .fixed = &fixed, .asked = &asked };
	bool good = readiness_assess(r, span_of(cli->options.args[0]), TARGET_AUTO, fault);

	if (good && v->history_first == MOMENT_NONE)
		good = fault_set(fault, FAULT_INPUT, "simulate: no report that counts about %.253s has come yet",
			v->domain.p);
	good = good && fixed_read(cli->options.fixed, v, &arena, &fixed, &asked, fault);
	if (good && !simulated_run(r, policy, days, &arena, &simulated))
		good = fault_set(fault, FAULT_LATER, "out of memory");
	simulated.domain = v->domain;
	simulated.last_day = v->last_day;
	simulated.first_day = days ? v->last_day - (int64_t)days + 1 : v->first_day;
	good = good && simulated_print(cli, &simulated);
	arena_release(&arena);
	return good;
}

static int simulate_run(struct cli *cli, struct store *store, const struct policy *policy, unsigned days)
{
	struct readiness readiness;
	struct fault fault = { 0 };
	bool good;

	if (!readiness_open(&readiness, cli, store, &fault))
		return cli_fail(cli, &fault);
	good = simulate_domain(cli, &readiness, policy, days, &fault);
	readiness_close(&readiness);
	return good ? EXIT_DONE : fault.kind == FAULT_NONE ? cli_unwritten(cli) : cli_fail(cli, &fault);
}

int command_simulate(struct cli *cli)
{
	struct arena arena = ARENA((size_t)1024 * 1024);
	unsigned long long days = 0;
	struct policy policy = { 0 };
	struct fault fault = { 0 };
	struct store *store;
	int code;

	if (cli->options.args_n != 2) {
		cli_say(cli, "simulate: a domain and a record, as in: simulate example.org 'v=DMARC1; p=reject'");
		return EXIT_USAGE;
	}
	if (cli->options.days && (!span_number(span_of(cli->options.days), DAYS_MOST, &days) || !days)) {
		cli_say(cli, "--days %.40s: is no number of days from 1 to %d", cli->options.days, DAYS_MOST);
		return EXIT_USAGE;
	}
	if (!record_read(span_of(cli->options.args[1]), &arena, &policy, &fault)) {
		cli_say(cli, "simulate: %s", fault.text);
		arena_release(&arena);
		return fault.kind == FAULT_INPUT ? EXIT_USAGE : EXIT_LATER;
	}
	arena_release(&arena);
	store = cli_store(cli, STORE_READ, &code);
	if (code != EXIT_DONE)
		return code;
	code = simulate_run(cli, store, &policy, (unsigned)days);
	store_close(store);
	return code;
}
