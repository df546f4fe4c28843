#include "cli/watch.h"
#include "base/steady.h"
#include "cli/cli.h"
#include "cli/enrich.h"
#include "cli/helper.h"
#include "cli/ingest.h"
#include "cli/metrics.h"
#include "cli/notify.h"
#include "cli/signals.h"
#include "parse/nursery.h"

#include <malloc.h>
#include <time.h>

#define LATER_SECONDS 3600 /* between two looks at what waits for others, such as keys that the DNS did not tell */

struct watching {
	struct cli *cli;
	struct polling *polling;
	struct ingested totals; /* since it began */
	struct ingested_mailbox mailboxes[MAILBOXES_MOST];
	size_t n, failed;
	struct aside aside; /* what is looked up beside the watch */
};

static bool mailbox_tell(void *arg, const struct ingested_mailbox *mailbox)
{
	struct watching *watching = arg;

	watching->mailboxes[watching->n++] = *mailbox;
	watching->failed += mailbox->fault != NULL;
	return true;
}

/* How it is, for whoever watches us: after every round, and when a mailbox is lost. */
static void watch_rested(void *arg)
{
	struct watching *watching = arg;
	const struct cli *cli = watching->cli;
	struct fault fault = { 0 };

	watching->n = watching->failed = 0;
	polling_sums(watching->polling, mailbox_tell, watching);
	notify("STATUS=%zu of %zu mailboxes are well; %llu mails so far", watching->n - watching->failed, watching->n,
		(unsigned long long)watching->totals.seen);
	if (cli->options.metrics && !metrics_file(cli->options.metrics, &watching->totals, watching->mailboxes,
					    watching->n, cli->options.now ? cli->now : (int64_t)time(NULL), &fault))
		cli_say(cli, "%s", fault.text);
}

/* What a reload would take: is it right? Nothing of it is used here: with a good one the program begins again, so that
 * its processes are born before the new configuration is in memory, as they were before the old one. */
static bool configuration_good(const struct cli *cli, struct fault *fault)
{
	struct config fresh;
	bool good = config_load(cli->options.config_file, &fresh, fault);

	if (good && fresh.mailboxes_n == 0)
		good = fault_set(
			fault, FAULT_SETUP, "%s: no mailbox is configured", fresh.file ? fresh.file : "no file");
	config_release(&fresh);
	return good;
}

/* True: the program begins again. */
static bool watch_reload(struct cli *cli)
{
	struct fault fault = { 0 };

	notify_reloading();
	cli->again = configuration_good(cli, &fault);
	if (cli->again) {
		cli_note(cli, "reloading the configuration");
		return true;
	}
	cli_say(cli, "%s", fault.text);
	cli_say(cli, "the old configuration stays in force");
	notify("READY=1");
	return false;
}

/* Born before anything else was in memory, both come back only with the whole program; without them no mail is read and no
 * command is run any more. */
static bool companions_live(const struct cli *cli, struct fault *fault)
{
	const char *dead = cli->nursery && nursery_gone(cli->nursery) ? "nursery" : helper_gone(cli->helper) ? "helper" : NULL;

	return !dead || fault_set(fault, FAULT_LATER, "the %s process has died: ending, to be started anew", dead);
}

/* A round that could not be stored is tried again, unless only a person can help. */
static int watch_rounds(struct watching *watching, struct signals *signals)
{
	struct cli *cli = watching->cli;
	struct polling *polling = watching->polling;
	struct ingest_job job = { .polling = polling, .journal = true, .totals = &watching->totals };
	int64_t later = -LATER_SECONDS, enriched = -ENRICH_SECONDS; /* as steady_seconds */
	struct fault fault = { 0 };

	for (;;) {
		uint64_t known = watching->totals.reports;
		int64_t steady;
		bool stored;
		int code;

		while (!polling_rest(polling)) {
			if (signals->end)
				return EXIT_DONE;
			if (signals->reload && watch_reload(cli))
				return EXIT_DONE;
			signals->reload = false;
		}
		if (!cli->options.now)
			cli->now = (int64_t)time(NULL);
		steady = steady_seconds();
		job.later = steady - later >= LATER_SECONDS;
		code = ingest_round(cli, &job, &stored);
		malloc_trim(0); /* the pages of the database that the round has held, and whatever else it freed */
		if (!stored && code != EXIT_LATER)
			return code;
		if (!companions_live(cli, &fault))
			return cli_fail(cli, &fault);
		polling_tried(polling, stored);
		if (job.later && stored)
			later = steady;
		enrich_look(&watching->aside, cli);
		if (watching->totals.reports > known && cli->config.enrich_after &&
			steady - enriched >= ENRICH_SECONDS) {
			enriched = steady;
			enrich_aside(&watching->aside, cli);
		}
	}
}

int watch(struct cli *cli)
{
	struct signals signals = { .fd = -1 };
	struct watching watching = { .cli = cli };
	struct polling_plan plan = {
		.parallel = 1, .stay = true, .rested = watch_rested, .arg = &watching, .signals = &signals
	};
	struct fault fault = { 0 };
	int code;

	if (cli->options.args_n || cli->options.format == FORMAT_JSON || cli->options.dry_run) {
		cli_say(cli, "ingest --watch: takes the mailboxes of the configuration, and says what happens as text");
		return EXIT_USAGE;
	}
	if (!polling_parallel(cli, &plan))
		return EXIT_USAGE;
	if (!signals_open(&signals, &fault) || !(watching.polling = ingest_polling(cli, &plan, &fault))) {
		signals_close(&signals);
		return cli_fail(cli, &fault);
	}
	cli_note(cli, "watching %zu mailbox%s", cli->config.mailboxes_n, cli->config.mailboxes_n == 1 ? "" : "es");
	notify("READY=1");
	code = watch_rounds(&watching, &signals);
	if (!cli->again)
		notify("STOPPING=1");
	enrich_end(&watching.aside);
	polling_stop(watching.polling);
	signals_close(&signals);
	if (code == EXIT_DONE && !cli->again)
		cli_note(cli, "ended");
	return code;
}
