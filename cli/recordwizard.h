/* recordwizard: the few questions a first record needs, asked on a terminal. The answers become options. */
#ifndef CLI_RECORDWIZARD_H
#define CLI_RECORDWIZARD_H

#include "base/arena.h"
#include "cli/options.h"
#include "parse/dns/dmarcrecord.h"

#include <stdio.h>

/* Answers are copied into the arena. False: the input ended, or was no answer three times. */
bool wizard_domain(FILE *in, FILE *out, struct arena *arena, struct span *domain);

/* `published` is the record that is to be changed, NULL when there is none; `domain` its domain. */
bool wizard_record(FILE *in, FILE *out, struct arena *arena, struct span domain, const struct dmarc_record *published,
	struct options *options);

#endif
