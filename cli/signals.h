/* signals: SIGTERM and SIGINT (end, after the mail in hand) and SIGHUP (read the configuration again) as something that
 * can be waited for together with everything else. A second SIGTERM or SIGINT ends the program at once. */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include "base/fault.h"

struct signals {
	int fd; /* readable when signals_read has something */
	bool end, reload;
};

/* From now on these signals no longer interrupt. */
bool signals_open(struct signals *signals, struct fault *fault);

/* What has come so far. Returns `signals`. */
const struct signals *signals_read(struct signals *signals);

/* The signals stay blocked: what comes from now on waits for whoever opens them next, in this process. */
void signals_close(struct signals *signals);

#endif
