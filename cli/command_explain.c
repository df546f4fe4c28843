#include "cli/cli.h"
#include "report/samples.h"

static bool page_print(const struct cli *cli, const struct sample_page *page)
{
	return cli->options.format == FORMAT_JSON ? sample_page_json(stdout, page)
						  : sample_page_text(stdout, &cli->out, page);
}

static int sample_explain(struct cli *cli, struct store *store, const char *id)
{
	struct sample_page page = SAMPLE_PAGE(cli->options.show_addresses);
	struct fault fault = { 0 };
	bool asked = store_ask_sample(store, id, sample_page_row, sample_page_fact, &page, &fault);
	int code = EXIT_LATER;

	if (!asked && fault.kind != FAULT_NONE)
		code = cli_fail(cli, &fault);
	else if (asked && page.row && page.failure && page_print(cli, &page))
		code = EXIT_DONE;
	sample_page_release(&page);
	return code;
}

int command_explain(struct cli *cli)
{
	const char *id = cli->options.args_n == 1 ? cli->options.args[0] : "";
	struct store *store;
	int code;

	if (!span_starts_nocase(span_of(id), SPAN("sample:"))) {
		cli_say(cli, "explain: name one sample, as dmarcgate samples lists it: sample:3f9c21");
		return EXIT_USAGE;
	}
	store = cli_store(cli, STORE_READ, &code);
	if (code != EXIT_DONE)
		return code;
	if (!store) {
		cli_say(cli, "explain: nothing is stored yet");
		return EXIT_SOME_BROKEN;
	}
	code = sample_explain(cli, store, id);
	store_close(store);
	return code;
}
