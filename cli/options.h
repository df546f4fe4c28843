/* options: what stands on the command line, before any of it is used. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "base/fault.h"
#include "base/moment.h"

#include <stddef.h>
#include <stdint.h>

enum output_format { FORMAT_TEXT, FORMAT_JSON, FORMAT_CSV };

#define OPTION_ADDRESSES 20 /* of --rua, of --ruf */

struct options {
	const char *command; /* NULL: none given */
	char **args;         /* what is left */
	int args_n;

	const char *db, *config_file, *now, *jobs, *color;
	bool quiet, verbose, no_sandbox, help, version;
	enum output_format format;
	bool csv_raw;
	const char *days, *since, *until, *older_than;
	bool watch; /* ingest does not end */
	const char *keys, *dns_file, *at; /* where keys come from, and the clock of signatures */
	const char *metrics, *parallel;
	bool dry_run;
	bool offline, explain, show_addresses;
	struct {
		const char *check; /* the text to judge instead */
		const char *policy, *sp, *np, *fo, *adkim, *aspf, *psd, *ttl;
		const char *rua[OPTION_ADDRESSES], *ruf[OPTION_ADDRESSES];
		size_t rua_n, ruf_n;
		bool trial;
	} record; /* what a record is to say */
	bool not_signed, undecided, new; /* which senders are listed */
	bool country;                    /* show where addresses are */
	bool not_counted;                /* of reports: those that no verdict counts */
	const char *week;                /* "": the last one; NULL: not asked for */
	const char *to;                  /* of the weekly mail */
	bool print, attach, only_trouble, if_alert, again;
	const char *class, *fixed; /* of senders; those that a simulation takes as repaired */
	const char *sender;        /* whose samples are listed */
	const char *target; /* the policy that a verdict is about */
	bool fail_on_alert, diff;
	bool quick; /* of doctor: without reading everything */
	bool history; /* of dns: every state */
	const char *selector, *expect_key; /* of lint: one more key; a file with the key that signs */
	const char *why; /* of a mark */
	bool all, counts; /* every domain; figures instead of a verdict */
	const char *weeks, *output, *pages, *domain;
};

/* Options and arguments may be mixed; `--` ends the options. False: `fault` says what is wrong (EXIT_USAGE). */
bool options_read(struct options *options, int argc, char **argv, struct fault *fault);

/* A row per option, for --help. */
struct option_row {
	const char *name;     /* long name, or one letter */
	const char *argument; /* NULL: takes none; [N]: the next word where that is a number */
	size_t place;         /* in struct options: a text, or a bool where it takes none; 0: more is to be done */
	const char *commands; /* those it belongs to, separated by blanks; NULL: all */
	const char *help;
};
extern const struct option_row option_rows[]; /* ends with name == NULL */
bool option_belongs(const struct option_row *row, const char *command);

#endif
