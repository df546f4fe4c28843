/* Any octets as a message with any octets as key records: the first line that is "KEYS" parts them. The verdict must
 * not depend on how the message is cut. */
#include "base/moment.h"
#include "parse/dkim/dkim.h"
#include "tests/dkim-keys.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void run(
	struct dkim *dkim, struct span message, size_t step, struct stored_keys *keys, struct dkim_verdicts *verdicts)
{
	dkim_begin(dkim);
	for (size_t at = 0; at < message.n; at += step)
		dkim_feed(dkim, message.p + at, step < message.n - at ? step : message.n - at);
	dkim_end(dkim);
	dkim_ask(dkim, stored_keys_ask, keys);
	if (!dkim_verdicts(dkim, 1790003600, verdicts))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct dkim *dkim;
	struct span all = { (const char *)data, n }, message = all;
	const char *mark = n ? memmem(data, n, "\nKEYS\n", 6) : NULL;
	struct stored_keys keys = { .text = SPAN("") };
	struct dkim_verdicts once = { 0 }, cut = { 0 };

	if (!dkim)
		dkim = dkim_new(&(struct dkim_options){ .names = DKIM_SIGNATURES_MAX });
	if (mark) {
		message.n = (size_t)(mark - all.p);
		keys.text = (struct span){ mark + 6, n - message.n - 6 };
	}
	run(dkim, message, message.n ? message.n : 1, &keys, &once);
	run(dkim, message, 1, &keys, &cut);
	if (once.n != cut.n || once.result != cut.result)
		abort();
	for (size_t i = 0; i < once.n; i++)
		if (once.signatures[i].reason != cut.signatures[i].reason ||
			once.signatures[i].body_hash != cut.signatures[i].body_hash ||
			once.signatures[i].header_hash != cut.signatures[i].header_hash)
			abort();
	dkim_verdicts_release(&once);
	dkim_verdicts_release(&cut);
	return 0;
}
