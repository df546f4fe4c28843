/* The text format of Prometheus, version 0.0.4: the samples of one metric stand together. */
#include "report/mailboxes.h"

#include <inttypes.h>

static void metric_begin(FILE *out, const char *name, const char *help)
{
	fprintf(out, "# HELP dmarcgate_%s %s\n# TYPE dmarcgate_%s gauge\n", name, help, name);
}

/* A name from the configuration holds neither quotation marks nor backslashes. */
static void sample_put(FILE *out, const char *name, const struct ingested_mailbox *mailbox, const char *outcome,
	uint64_t n)
{
	fprintf(out, "dmarcgate_%s{mailbox=\"%s\"%s%s%s} %" PRIu64 "\n", name, mailbox->name,
		outcome ? ",outcome=\"" : "", outcome ? outcome : "", outcome ? "\"" : "", n);
}

static void outcomes_put(FILE *out, const struct ingested_mailbox *mailbox)
{
	const struct ingested *totals = mailbox->totals;
	const struct {
		const char *word;
		uint64_t n;
	} outcomes[] = {
		{ "new", totals->added },
		{ "duplicate", totals->duplicate },
		{ "tls_report", totals->tls_report },
		{ "not_a_report", totals->not_a_report },
		{ "broken", totals->broken },
	};

	for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++)
		sample_put(out, "mailbox_mails", mailbox, outcomes[i].word, outcomes[i].n);
}

static const struct metric {
	const char *name, *help;
	size_t offset; /* of a count in struct ingested_mailbox */
} metrics[] = {
	{ "mailbox_present", "Mails in the folders of the mailbox.", offsetof(struct ingested_mailbox, present) },
	{ "mailbox_octets", "Octets fetched by the last run.", offsetof(struct ingested_mailbox, octets) },
	{ "mailbox_left", "Mails left where they are: too large, or not sent.", offsetof(struct ingested_mailbox, left) },
	{ "mailbox_settled", "Mails moved, marked or deleted by the last run.",
		offsetof(struct ingested_mailbox, settled) },
	{ "mailbox_unsettled", "Stored mails that the next run has to settle.",
		offsetof(struct ingested_mailbox, unsettled) },
	{ "mailbox_reconnects", "Lost connections that the last run made again.",
		offsetof(struct ingested_mailbox, reconnects) },
};

static void total_put(FILE *out, const char *name, const char *help, uint64_t n)
{
	metric_begin(out, name, help);
	fprintf(out, "dmarcgate_%s %" PRIu64 "\n", name, n);
}

bool metrics_write(FILE *out, const struct ingested *totals, const struct ingested_mailbox *mailboxes, size_t n,
	int64_t now)
{
	metric_begin(out, "ingest_timestamp_seconds", "When the last run ended.");
	fprintf(out, "dmarcgate_ingest_timestamp_seconds %" PRId64 "\n", now);
	metric_begin(out, "ingest_duration_seconds", "How long the last run took.");
	fprintf(out, "dmarcgate_ingest_duration_seconds %" PRIu64 ".%03" PRIu64 "\n", totals->milliseconds / 1000,
		totals->milliseconds % 1000);
	total_put(out, "ingest_reports", "New aggregate reports stored by the last run.", totals->reports);
	total_put(out, "ingest_failures", "New failure reports stored by the last run.", totals->failures);
	total_put(out, "ingest_broken", "Inputs that the last run could not read.", totals->broken);
	if (n == 0)
		return !ferror(out);
	metric_begin(out, "mailbox_up", "Whether the last run could poll the mailbox.");
	for (size_t i = 0; i < n; i++)
		sample_put(out, "mailbox_up", &mailboxes[i], NULL, mailboxes[i].fault == NULL);
	metric_begin(out, "mailbox_mails", "Mails that the last run fetched.");
	for (size_t i = 0; i < n; i++)
		outcomes_put(out, &mailboxes[i]);
	for (size_t k = 0; k < sizeof metrics / sizeof *metrics; k++) {
		metric_begin(out, metrics[k].name, metrics[k].help);
		for (size_t i = 0; i < n; i++)
			sample_put(out, metrics[k].name, &mailboxes[i], NULL,
				*(const uint64_t *)((const char *)&mailboxes[i] + metrics[k].offset));
	}
	return !ferror(out);
}
