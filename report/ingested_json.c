/* ingest --format json: one document, `dmarcgate-ingest/1` of dmarcgate-json(5). */
#include "base/json.h"
#include "report/ingested.h"

#include <stdlib.h>

static bool broken_json(void *self, struct span name, struct span reason)
{
	struct json *j = self;

	json_object(j);
	json_name(j, "file");
	json_text(j, name);
	json_name(j, "reason");
	json_text(j, reason);
	json_close(j, '}');
	return !j->failed && !ferror(j->out);
}

static bool close_json(void *self, const struct ingested *totals)
{
	struct json *j = self;
	const struct {
		const char *name;
		uint64_t n;
	} counts[] = {
		{ "seen", totals->seen },
		{ "new", totals->added },
		{ "duplicate", totals->duplicate },
		{ "tls_report", totals->tls_report },
		{ "not_a_report", totals->not_a_report },
		{ "broken", totals->broken },
		{ "conflicts", totals->conflicts },
		{ "reports", totals->reports },
		{ "failures", totals->failures },
		{ "records", totals->records },
		{ "milliseconds", totals->milliseconds },
	};
	bool done;

	json_close(j, ']');
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		json_name(j, counts[i].name);
		json_count(j, counts[i].n);
	}
	json_close(j, '}');
	json_newline(j);
	done = json_done(j) && fflush(j->out) == 0;
	free(j);
	return done;
}

bool ingested_json_open(struct ingested_writer *writer, FILE *out)
{
	struct json *j = calloc(1, sizeof *j);

	if (!j)
		return false;
	json_begin(j, out);
	json_object(j);
	json_name(j, "schema");
	json_text(j, SPAN("dmarcgate-ingest/1"));
	json_name(j, "broken_inputs");
	json_array(j);
	*writer = (struct ingested_writer){ .self = j, .broken = broken_json, .close = close_json };
	return true;
}
