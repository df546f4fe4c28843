#include "cli/cli.h"
#include "cli/inlet.h"
#include "ingest/source.h"

#include <stdlib.h>

struct files {
	const struct cli *cli;
	struct source *source;
	int arg; /* the next one */
	source_known *known;
	void *known_arg;
};

static enum inlet_state files_next(void *self, struct intake_item *item)
{
	struct files *files = self;
	const struct options *options = &files->cli->options;

	for (;;) {
		int got;

		if (!files->source) {
			if (files->arg == options->args_n)
				return INLET_END;
			files->source = source_open(options->args[files->arg++], files->cli->config.limits.inflated);
			if (!files->source) {
				fault_set(&item->fault, FAULT_LATER, "out of memory");
				return INLET_MAIL;
			}
			if (files->known)
				source_pass_known(files->source, files->known, files->known_arg);
		}
		got = source_next(files->source, &item->mail, &item->fault);
		if (got)
			return INLET_MAIL;
		source_close(files->source);
		files->source = NULL;
	}
}

static void files_progress(void *self, uint64_t *done, uint64_t *total)
{
	const struct files *files = self;

	*done = *total = 0;
	if (files->source)
		source_progress(files->source, done, total);
}

struct inlet inlet_files(const struct cli *cli, source_known *known, void *arg)
{
	struct files *files = calloc(1, sizeof *files);

	if (files)
		*files = (struct files){ .cli = cli, .known = known, .known_arg = arg };
	return (struct inlet){ .self = files, .next = files_next, .progress = files_progress };
}

void inlet_files_close(struct inlet *inlet)
{
	struct files *files = inlet->self;

	if (files)
		source_close(files->source);
	free(files);
	inlet->self = NULL;
}
