#include "cli/asking.h"
#include "cli/lintkeys.h"
#include "cli/readiness.h"
#include "cli/window.h"
#include "parse/dns/lint.h"
#include "parse/dns/orgdomain.h"
#include "report/lint.h"

#define DOMAINS_MOST 100 /* of one run, when none is named */
#define NAMES_OCTETS ((size_t)1024 * 1024)

/* Exit codes by the worst finding; a fault of the program or its surroundings is never below 64. */
static const int codes[SEVERITY_COUNT] = {
	[SEVERITY_NOTE] = EXIT_DONE,
	[SEVERITY_WARNING] = 1,
	[SEVERITY_ERROR] = 2,
};

struct linting {
	const struct cli *cli;
	struct asking *asking;
	struct store *store; /* NULL: nothing is stored */
	struct readiness tables; /* the known services; none when they cannot be read */
	struct window window;
	struct lint_writer writer;
	struct arena names;
	const struct expected_key *expected; /* --expect-key; NULL: not given */
	struct span *domains;
	size_t domains_n, left_out;
	int code;
};

/* ------------------------------------------------------------------ which domains */

static bool domain_add(struct linting *l, struct span name)
{
	if (l->domains_n == DOMAINS_MOST) {
		l->left_out++;
		return true;
	}
	for (size_t i = 0; i < l->domains_n; i++)
		if (span_is_nocase(l->domains[i], name))
			return true;
	l->domains[l->domains_n] = arena_copy(&l->names, name);
	return l->domains[l->domains_n++].p != NULL;
}

static bool domain_take(void *arg, const struct domain_row *row)
{
	char text[DOMAINNAME_TEXT];

	return domain_alabels(row->domain, text) == 0 || domain_add(arg, row->domain);
}

static bool domains_of_list(struct linting *l, const char *list)
{
	struct span rest = span_of(list), name;

	while (span_take(&rest, ',', &name))
		if (name.n && !domain_add(l, name))
			return false;
	return true;
}

/* Those named; else one's own, as configured; else those of the reports. */
static bool domains_find(struct linting *l, struct fault *fault)
{
	static const struct window always = { -1000000, 1000000 };
	const struct options *options = &l->cli->options;
	size_t room = options->args_n > DOMAINS_MOST ? (size_t)options->args_n : DOMAINS_MOST;
	bool good = true;

	l->domains = arena_take(&l->names, room * sizeof *l->domains);
	if (!l->domains)
		return fault_set(fault, FAULT_LATER, "out of memory");
	for (int i = 0; i < options->args_n; i++)
		l->domains[l->domains_n++] = span_of(options->args[i]);
	if (l->domains_n == 0)
		good = domains_of_list(l, l->cli->config.domains);
	if (good && l->domains_n == 0 && l->store)
		good = store_ask_domains(l->store, &always, domain_take, l, fault);
	return good && (!l->names.failed || fault_set(fault, FAULT_LATER, "out of memory"));
}

/* ------------------------------------------------------------------ observed mail */

struct passes {
	struct arena *arena;
	struct spf_source *rows;
	size_t n, left_out;
};

static bool pass_take(void *arg, const struct spf_pass_row *row)
{
	struct passes *passes = arg;

	if (row->network || passes->n == SPF_SOURCES_MAX) /* which part of a record let a whole network pass is unknown */
		passes->left_out++;
	else
		passes->rows[passes->n++] = (struct spf_source){ row->address, row->messages };
	return true;
}

/* Reports are filed under the domain whose record applied. */
static struct span policy_domain(const struct lint_domain *seen)
{
	const struct dmarc_look *source = seen->policy[DMARC_RFC9989].source;

	return source ? source->target : seen->domain;
}

/* False: memory is short, or the database says no. Without a tree there is nothing to compare. */
static bool uses_find(const struct linting *l, const struct lint_domain *seen, struct arena *arena,
	struct spf_uses *uses, struct fault *fault)
{
	struct passes passes = { .arena = arena };
	struct span policy = arena_copy(arena, policy_domain(seen));

	passes.rows = arena_take(arena, SPF_SOURCES_MAX * sizeof *passes.rows);
	if (!passes.rows || !policy.p)
		return fault_set(fault, FAULT_LATER, "out of memory");
	if (!store_ask_spf_passes(l->store, policy.p, seen->domain, &l->window, pass_take, &passes, fault))
		return false;
	if (!spf_uses_count(&seen->spf, passes.rows, passes.n, arena, uses))
		return fault_set(fault, FAULT_LATER, "out of memory");
	uses->left_out += passes.left_out;
	return true;
}

/* ------------------------------------------------------------------ one domain */

static bool domain_lint(struct linting *l, struct span name, struct arena *arena, struct fault *fault)
{
	struct findings findings = { .arena = arena };
	struct lint_domain *seen = arena_take(arena, sizeof *seen);
	struct lint_page page = {
		.findings = &findings,
		.seen = seen,
		.first_day = l->window.first_day,
		.last_day = l->window.last_day,
	};
	struct dns dns = asking_dns(l->asking);
	struct spf_uses uses;

	if (!seen || !lint_domain(dns, name, &findings, seen))
		return fault_set(fault, FAULT_LATER, "%.200s: needs more memory than is allowed", name.p);
	if (!asking_heard(l->asking))
		return true;
	if (!lintkeys_judge(l->cli, l->store, dns, seen->domain, l->expected, &findings, fault))
		return false;
	if (!lint_zone_lines(&findings))
		return fault_set(fault, FAULT_LATER, "%.200s: needs more memory than is allowed", name.p);
	if (l->store) {
		if (!uses_find(l, seen, arena, &uses, fault))
			return false;
		page.uses = &uses;
	}
	page.subject = seen->domain;
	page.senders = l->tables.common.senders;
	page.senders_n = l->tables.common.senders_n;
	if (l->code < codes[findings_worst(&findings)])
		l->code = codes[findings_worst(&findings)];
	return l->writer.page(l->writer.self, &page) || fault_set(fault, FAULT_LATER, "cannot write");
}

static int domains_lint(struct linting *l)
{
	struct fault fault = { 0 };
	char state[ASKING_TEXT];
	bool good = true, closed;

	for (size_t i = 0; good && i < l->domains_n && asking_heard(l->asking); i++) {
		struct arena arena = ARENA(LINT_ARENA);

		good = domain_lint(l, l->domains[i], &arena, &fault);
		arena_release(&arena);
	}
	closed = l->writer.close(l->writer.self);
	if (!good)
		return cli_fail(l->cli, &fault);
	if (l->left_out && !l->cli->options.quiet)
		cli_say(l->cli, "%s reports; name those you want",
			counted_text(l->left_out, "more domain has", "more domains have").p);
	if (!asking_heard(l->asking)) {
		if (!l->cli->options.offline)
			cli_say(l->cli, "lint: the DNS did not answer");
		l->code = EXIT_LATER;
	}
	if (*asking_describe(l->asking, state))
		cli_say(l->cli, "%s", state);
	return closed ? l->code : cli_unwritten(l->cli);
}

/* ------------------------------------------------------------------ the command */

/* Without the tables everything is judged all the same. */
static void tables_open(struct linting *l)
{
	struct fault fault = { 0 };

	if (readiness_open(&l->tables, l->cli, NULL, &fault))
		return;
	l->tables = (struct readiness){ 0 };
	if (!l->cli->options.quiet)
		cli_say(l->cli, "%s: services are not named", fault.text);
}

static bool lint_open(struct linting *l)
{
	switch (l->cli->options.format) {
	case FORMAT_JSON:
		return lint_json_open(&l->writer, stdout);
	case FORMAT_CSV:
		return lint_csv_open(&l->writer, stdout);
	case FORMAT_TEXT:
		break;
	}
	return lint_text_open(&l->writer, stdout, &l->cli->out);
}

static int lint_run(struct linting *l)
{
	const struct cli *cli = l->cli;
	struct fault fault = { 0 };

	if (!domains_find(l, &fault))
		return cli_fail(cli, &fault);
	if (l->domains_n == 0) {
		cli_say(cli, "lint: name a domain, or your own in section [dkim] of the configuration");
		return EXIT_USAGE;
	}
	tables_open(l);
	return lint_open(l) ? domains_lint(l) : cli_unwritten(l->cli);
}

static bool args_read(const struct cli *cli, struct window *window, struct fault *fault)
{
	char text[DOMAINNAME_TEXT];

	for (int i = 0; i < cli->options.args_n; i++)
		if (domain_alabels(span_of(cli->options.args[i]), text) == 0)
			return fault_set(fault, FAULT_SETUP, "%.200s: is no domain name", cli->options.args[i]);
	if (cli->options.expect_key && cli->options.args_n != 1)
		return fault_set(fault, FAULT_SETUP, "--expect-key: name the one domain that the key is for");
	return window_read(cli, window, fault);
}

/* The file is read before the DNS is asked anything. */
static bool expected_read(struct linting *l, struct expected_key *expected, struct fault *fault)
{
	if (!l->cli->options.expect_key)
		return true;
	l->expected = expected;
	return lintkeys_expect(l->cli->options.expect_key, &l->names, expected, fault);
}

int command_lint(struct cli *cli)
{
	struct linting linting = { .cli = cli, .names = ARENA(NAMES_OCTETS) };
	struct expected_key expected;
	struct fault fault = { 0 };
	int code = EXIT_USAGE;

	if (!args_read(cli, &linting.window, &fault)) {
		cli_say(cli, "lint: %s", fault.text);
		return code;
	}
	orgdomain_warm();
	if (expected_read(&linting, &expected, &fault))
		linting.asking = asking_start(cli, &fault);
	if (linting.asking) {
		linting.store = cli_store(cli, STORE_READ, &code);
		asking_use(linting.asking, linting.store);
		if (code == EXIT_DONE)
			code = lint_run(&linting);
		store_close(linting.store);
		asking_remember(linting.asking, cli);
	} else {
		code = cli_fail(cli, &fault);
	}
	asking_free(linting.asking);
	readiness_close(&linting.tables);
	arena_release(&linting.names);
	return code;
}
