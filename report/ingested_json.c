/* ingest --format json: one document, `dmarcgate-ingest/1` of dmarcgate-json(5). */
#include "report/member_json.h"
#include "report/ingested.h"

#include <stdlib.h>

struct ingested_json {
	struct json json;
	bool by_mailbox; /* the list of mailboxes is begun */
};

static bool broken_json(void *self, struct span name, struct span reason)
{
	struct json *j = &((struct ingested_json *)self)->json;

	json_object(j);
	member_text(j, "file", name);
	member_text(j, "reason", reason);
	json_close(j, '}');
	return !j->failed && !ferror(j->out);
}

struct count {
	const char *name;
	uint64_t n;
};

static void counts_json(struct json *j, const struct count *counts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		member_count(j, counts[i].name, counts[i].n);
}

static void totals_json(struct json *j, const struct ingested *totals)
{
	const struct count counts[] = {
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
	};

	counts_json(j, counts, sizeof counts / sizeof *counts);
}

static bool mailbox_json(void *self, const struct ingested_mailbox *mailbox)
{
	struct ingested_json *ingested = self;
	struct json *j = &ingested->json;
	const struct count counts[] = {
		{ "folders", mailbox->folders },
		{ "present", mailbox->present },
		{ "octets", mailbox->octets },
		{ "left", mailbox->left },
		{ "settled", mailbox->settled },
		{ "unsettled", mailbox->unsettled },
		{ "marked", mailbox->marked },
		{ "reconnects", mailbox->reconnects },
	};

	if (!ingested->by_mailbox) {
		json_close(j, ']');
		member_array(j, "mailboxes");
	}
	ingested->by_mailbox = true;
	json_object(j);
	member_text(j, "mailbox", span_of(mailbox->name));
	member_text(j, "fault", mailbox->fault ? span_of(mailbox->fault) : SPAN_ABSENT);
	counts_json(j, counts, sizeof counts / sizeof *counts);
	totals_json(j, mailbox->totals);
	json_close(j, '}');
	return !j->failed && !ferror(j->out);
}

static bool close_json(void *self, const struct ingested *totals)
{
	struct ingested_json *ingested = self;
	struct json *j = &ingested->json;
	bool done;

	json_close(j, ']');
	totals_json(j, totals);
	member_count(j, "milliseconds", totals->milliseconds);
	json_close(j, '}');
	json_newline(j);
	done = json_done(j);
	free(ingested);
	return done;
}

bool ingested_json_open(struct ingested_writer *writer, FILE *out)
{
	struct ingested_json *ingested = calloc(1, sizeof *ingested);
	struct json *j;

	if (!ingested)
		return false;
	j = &ingested->json;
	json_begin(j, out);
	json_object(j);
	member_text(j, "schema", SPAN("dmarcgate-ingest/1"));
	member_array(j, "broken_inputs");
	*writer = (struct ingested_writer){
		.self = ingested, .mailbox = mailbox_json, .broken = broken_json, .close = close_json
	};
	return true;
}
