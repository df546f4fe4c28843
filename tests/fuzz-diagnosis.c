/* Any octets as a message with any octets as key records (parted by a line "KEYS"), diagnosed within small bounds. What
 * is called undone must have both halves undone. */
#include "base/moment.h"
#include "parse/dkim/diagnose.h"
#include "tests/dkim-keys.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct dkim_bounds bounds = { .candidates = 600, .hashed = 1000000, .verifications = 20 };
	static struct dkim *dkim;
	struct span message = { (const char *)data, n };
	const char *mark = n ? memmem(data, n, "\nKEYS\n", 6) : NULL;
	struct stored_keys keys = { .text = SPAN("") };
	struct dkim_verdicts verdicts = { 0 };

	if (!dkim)
		dkim = dkim_new(&(struct dkim_options){ .names = DKIM_SIGNATURES_MAX });
	if (mark) {
		message.n = (size_t)(mark - message.p);
		keys.text = (struct span){ mark + 6, n - message.n - 6 };
	}
	dkim_begin(dkim);
	dkim_feed(dkim, message.p, message.n);
	dkim_end(dkim);
	dkim_ask(dkim, stored_keys_ask, &keys);
	if (!dkim_verdicts(dkim, MOMENT_NONE, &verdicts) || !dkim_diagnose(dkim, message, NULL, &bounds, &verdicts))
		abort();
	for (size_t i = 0; i < verdicts.n; i++) {
		const struct dkim_diagnosis *d = verdicts.signatures[i].diagnosis;

		if (d && d->undone && !(d->header_undone && d->body_undone && d->steps_n))
			abort();
	}
	dkim_verdicts_release(&verdicts);
	return 0;
}
