/* What the mail of the last days would have met under a record: `dmarcgate simulate`. False when the output could not be
 * written. */
#ifndef REPORT_SIMULATION_H
#define REPORT_SIMULATION_H

#include "report/readiness.h"
#include "report/style.h"

#include <stdio.h>

struct simulated {
	struct span record;	     /* as asked for */
	struct span domain;
	int64_t first_day, last_day; /* of the days that are simulated */
	struct simulation result;
	struct simulation relaxed;   /* the same with relaxed alignment; result itself when nothing was strict */
	struct simulation now;	     /* the record that receivers see today */
	const struct words *fixed;   /* subjects of senders taken as repaired */
	const struct words *asked;   /* the same senders, as they were asked for */
};

bool simulation_text(FILE *out, const struct style *style, const struct simulated *simulated);
bool simulation_json(FILE *out, const struct simulated *simulated); /* `dmarcgate-simulation/1` */
bool simulation_csv(FILE *out, const struct simulated *simulated);

#endif
