#include "cli/cli.h"
#include "cli/intake.h"
#include "report/show.h"

struct showing {
	struct cli *cli;
	struct show_writer writer;
	bool written, some_broken;
	int code;
};

static bool outcome_take(void *arg, const struct fact *fact)
{
	struct showing *showing = arg;

	if (fact->kind == FACT_BEGIN)
		showing->some_broken |= fact->begin.outcome == OUTCOME_BROKEN;
	return true;
}

static bool show_feedback(struct showing *showing, const char *name, struct feedback *feedback)
{
	static const unsigned masks[] = { REPLAY_REPORTS, REPLAY_FAILURES, REPLAY_PROBLEMS };
	struct show_writer *writer = &showing->writer;
	struct fault fault = { 0 };

	feedback_replay(feedback, 0, outcome_take, showing, &fault);
	if (!writer->begin(writer->self, span_of(name)))
		return false;
	for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
		if (feedback_replay(feedback, masks[i], writer->take, writer->self, &fault))
			continue;
		if (fault.kind != FAULT_NONE)
			showing->code = cli_fail(showing->cli, &fault);
		return false;
	}
	return writer->end(writer->self);
}

/* An input that could not even be opened is shown like a broken one, so that there is an answer per input. */
static bool show_fault(struct showing *showing, const struct intake_item *item)
{
	struct feedback *feedback = feedback_new(UINT64_C(1) << 20);
	bool shown;

	if (item->fault.kind == FAULT_SETUP || item->fault.kind == FAULT_LATER)
		showing->code = item->fault.kind == FAULT_SETUP ? EXIT_SETUP : EXIT_LATER;
	shown = feedback && feedback_refuse(feedback, OUTCOME_BROKEN, "", item->fault.text) &&
		show_feedback(showing, item->mail.name ? item->mail.name : "", feedback);
	feedback_free(feedback);
	return shown;
}

static bool show_take(void *arg, const struct intake_item *item)
{
	struct showing *showing = arg;

	showing->written = item->feedback ? show_feedback(showing, item->mail.name, item->feedback) :
					    show_fault(showing, item);
	return showing->written && !ferror(stdout);
}

int command_show(struct cli *cli)
{
	struct showing showing = { .cli = cli, .written = true };
	struct intake_plan plan = { .ordered = true, .take = show_take, .arg = &showing };
	struct fault fault = { 0 };
	bool opened;

	if (cli->options.args_n == 0) {
		cli_say(cli, "show: name a file, a folder, or - for standard input");
		return EXIT_USAGE;
	}
	opened = cli->options.format == FORMAT_JSON ? show_json_open(&showing.writer, stdout) :
						      show_text_open(&showing.writer, stdout, &cli->out);
	if (!opened)
		return EXIT_LATER;
	if (!intake_run(cli, &plan, &fault) && fault.kind != FAULT_NONE)
		showing.code = cli_fail(cli, &fault);
	if (!showing.writer.close(showing.writer.self) && showing.code == EXIT_DONE)
		showing.code = EXIT_LATER;
	return showing.code ? showing.code : showing.some_broken ? EXIT_SOME_BROKEN : EXIT_DONE;
}
