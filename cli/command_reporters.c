#include "cli/domains.h"
#include "cli/readiness.h"
#include "report/reporters.h"

struct reporting {
	struct cli *cli;
	struct readiness *readiness;
	struct reporters_writer writer; /* unused for a letter */
	struct span letter;		/* to whom; absent: the list */
	bool found;
};

static bool reporters_open(const struct cli *cli, struct reporters_writer *writer)
{
	switch (cli->options.format) {
	case FORMAT_JSON:
		return reporters_json_open(writer, stdout);
	case FORMAT_CSV:
		return reporters_csv_open(writer, stdout);
	case FORMAT_TEXT:
		break;
	}
	return reporters_text_open(writer, stdout, &cli->out);
}

static bool problems_find(struct readiness *r, struct problem_list *problems, struct fault *fault)
{
	const struct verdict *v = &r->verdict;
	struct window window = { v->first_day, v->last_day };

	if (!r->store || v->history_first == MOMENT_NONE)
		return true;
	if (!store_ask_problems(r->store, v->domain.p, &window, problem_list_take, problems, fault))
		return false;
	return !problems->arena.failed || fault_set(fault, FAULT_LATER, "out of memory");
}

/* False without a fault: the output failed. */
static bool reporting_domain(struct reporting *reporting, struct span domain, struct fault *fault)
{
	struct readiness *r = reporting->readiness;
	struct problem_list problems = PROBLEM_LIST;
	bool good = readiness_assess(r, domain, TARGET_AUTO, fault) && problems_find(r, &problems, fault);
	struct assessment assessment = { &r->rows, &r->options, &r->verdict };

	if (good && reporting->letter.p)
		good = reporter_letter(stdout, &assessment, &problems, reporting->letter, &reporting->found);
	else if (good)
		good = reporting->writer.domain(reporting->writer.self, &assessment, &problems);
	problem_list_release(&problems);
	return good;
}

static int reporting_run(struct reporting *reporting)
{
	struct cli *cli = reporting->cli;
	bool letter = reporting->letter.p != NULL, good = true, closed = true;
	struct domain_list domains = DOMAIN_LIST;
	struct fault fault = { 0 };

	if (!domains_choose(cli, reporting->readiness->store, cli->options.args, cli->options.args_n > 0, &domains, &fault))
		return cli_fail(cli, &fault);
	if (!letter && !reporters_open(cli, &reporting->writer)) {
		domains_release(&domains);
		return cli_unwritten(cli);
	}
	for (size_t i = 0; good && i < domains.n; i++)
		good = reporting_domain(reporting, domains.names[i], &fault);
	if (!letter)
		closed = reporting->writer.close(reporting->writer.self);
	domains_say_none(cli, &domains);
	domains_release(&domains);
	if (fault.kind != FAULT_NONE)
		return cli_refuse(cli, &fault);
	if (!good || !closed)
		return cli_unwritten(cli);
	if (letter && !reporting->found) {
		cli_say(cli, "reporters: nobody called %s reports about %s", cli->options.args[1], cli->options.args[0]);
		return EXIT_SOME_BROKEN;
	}
	return EXIT_DONE;
}

int command_reporters(struct cli *cli)
{
	struct readiness readiness;
	struct reporting reporting = { .cli = cli, .readiness = &readiness };
	struct fault fault = { 0 };
	struct store *store;
	int code;

	if (cli->options.args_n > 2) {
		cli_say(cli, "reporters: a domain, and one who reports about it");
		return EXIT_USAGE;
	}
	if (cli->options.args_n == 2 && cli->options.format != FORMAT_TEXT) {
		cli_say(cli, "reporters: a letter is text; without a reporter there are other forms");
		return EXIT_USAGE;
	}
	if (cli->options.args_n == 2)
		reporting.letter = span_of(cli->options.args[1]);
	store = cli_store(cli, STORE_READ, &code);
	if (code != EXIT_DONE)
		return code;
	if (readiness_open(&readiness, cli, store, &fault)) {
		code = reporting_run(&reporting);
		readiness_close(&readiness);
	} else {
		code = cli_fail(cli, &fault);
	}
	store_close(store);
	return code;
}
