/* summary --format csv: one table for domains, sources and reporters, told apart by its first column. */
#include "report/csv.h"
#include "report/summary.h"

#include <stdlib.h>

#define ROW_OCTETS ((size_t)8 * 1024 * 1024)

struct summary_csv {
	struct csv_list list;
	struct summary_head head;
	struct buf domain;
	bool found;
};

/* What a row of any kind has; what it has not stays empty. */
struct summary_cells {
	const char *kind;
	struct span name;
	const struct counts *counts; /* NULL: only `messages` is known */
	uint64_t messages, days, reports, reporters, failures, problems;
	bool has_days, has_reports, has_reporters, has_failures, has_problems;
	int64_t begin, end; /* MOMENT_NONE where unknown */
	struct span p, sp, np, pct, dkim_domain, dkim_selector, spf_domain;
};

static const char *const columns[] = { "row", "domain", "name", "messages", "dkim_aligned", "spf_aligned", "both",
	"neither", "spared", "disposition_none", "disposition_quarantine", "disposition_reject", "disposition_other",
	"days_covered", "reports", "reporters", "failures", "problems", "begin_date", "end_date", "p", "sp", "np",
	"pct", "dkim_domain", "dkim_selector", "spf_domain" };

static void count_or_empty(struct csv *csv, bool known, uint64_t n)
{
	if (known)
		csv_count(csv, n);
	else
		csv_empty(csv);
}

static bool cells_write(struct summary_csv *summary, const struct summary_cells *cells)
{
	static const struct counts unknown;
	const struct counts *c = cells->counts ? cells->counts : &unknown;
	const uint64_t numbers[] = { c->dkim, c->spf, c->both, counts_neither(c), c->spared, c->none, c->quarantine,
		c->reject, c->other };
	const struct span texts[] = { cells->p, cells->sp, cells->np, cells->pct, cells->dkim_domain,
		cells->dkim_selector, cells->spf_domain };
	struct csv *csv = &summary->list.csv;

	csv_text(csv, span_of(cells->kind));
	csv_text(csv, buf_span(&summary->domain));
	csv_text(csv, cells->name);
	csv_count(csv, cells->counts ? c->messages : cells->messages);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		count_or_empty(csv, cells->counts != NULL, numbers[i]);
	count_or_empty(csv, cells->has_days, cells->days);
	count_or_empty(csv, cells->has_reports, cells->reports);
	count_or_empty(csv, cells->has_reporters, cells->reporters);
	count_or_empty(csv, cells->has_failures, cells->failures);
	count_or_empty(csv, cells->has_problems, cells->problems);
	csv_date(csv, cells->begin);
	csv_date(csv, cells->end);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		csv_text(csv, texts[i]);
	return csv_list_write(&summary->list);
}

static bool summary_domain(void *self, const struct domain_row *row)
{
	struct summary_csv *summary = self;
	const struct summary_cells cells = {
		.kind = "domain",
		.counts = &row->counts,
		.has_days = true,
		.days = row->days,
		.has_reports = true,
		.reports = row->reports,
		.has_reporters = true,
		.reporters = row->reporters,
		.has_failures = true,
		.failures = row->failures,
		.begin = row->begin,
		.end = row->end,
		.p = row->p,
		.sp = row->sp,
		.np = row->np,
		.pct = row->pct,
	};

	if (!summary_wants(&summary->head, row->domain) || (summary->head.domain && summary->found))
		return true;
	summary->found = true;
	buf_clear(&summary->domain);
	buf_put_span(&summary->domain, row->domain);
	return cells_write(summary, &cells);
}

/* Sources are known by day: from the first second of the first to the last second of the last. */
static bool summary_source(void *self, const struct source_row *row)
{
	struct summary_csv *summary = self;
	const struct summary_cells cells = {
		.kind = "source",
		.name = row->source,
		.counts = &row->counts,
		.has_reporters = true,
		.reporters = row->reporters,
		.begin = row->first_day * DAY_SECONDS,
		.end = row->last_day * DAY_SECONDS + DAY_SECONDS - 1,
		.dkim_domain = row->dkim_domain,
		.dkim_selector = row->dkim_selector,
		.spf_domain = row->spf_domain,
	};

	if (!summary->found || !summary->head.domain)
		return true;
	return cells_write(summary, &cells);
}

static bool summary_reporter(void *self, const struct reporter_row *row)
{
	struct summary_csv *summary = self;
	const struct summary_cells cells = {
		.kind = "reporter",
		.name = row->org_name,
		.messages = row->messages,
		.has_days = true,
		.days = row->days,
		.has_reports = true,
		.reports = row->reports,
		.has_problems = true,
		.problems = row->problems,
		.begin = row->begin,
		.end = row->end,
	};

	if (!summary->found || !summary->head.domain)
		return true;
	return cells_write(summary, &cells);
}

static bool summary_found(const void *self)
{
	const struct summary_csv *summary = self;

	return summary->found;
}

static bool summary_csv_close(void *self)
{
	struct summary_csv *summary = self;
	bool done = csv_list_end(&summary->list);

	buf_release(&summary->domain);
	free(summary);
	return done;
}

bool summary_csv_open(struct summary_writer *writer, FILE *out, const struct summary_head *head)
{
	struct summary_csv *summary = calloc(1, sizeof *summary);

	if (!summary)
		return false;
	summary->head = *head;
	summary->domain = BUF(ROW_OCTETS);
	csv_list_begin(&summary->list, out, ROW_OCTETS, columns, sizeof columns / sizeof *columns);
	*writer = (struct summary_writer){
		.self = summary,
		.domain = summary_domain,
		.source = summary_source,
		.reporter = summary_reporter,
		.found = summary_found,
		.close = summary_csv_close,
	};
	return true;
}
