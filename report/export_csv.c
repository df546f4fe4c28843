/* export --csv: a row per record or per failure report. The columns are a table; their order is a contract with
 * users' scripts. */
#include "base/moment.h"
#include "report/csv.h"
#include "report/export.h"
#include "report/facts.h"

#include <stdlib.h>

#define CSV_ROW_OCTETS ((size_t)1024 * 1024 * 1024)

struct export_csv {
	FILE *out;
	enum export_rows rows;
	struct csv csv;
	struct buf row;
	struct buf list;   /* a cell that joins several values */
	struct buf report; /* the cells every record of the open report begins with */
	struct report modes;
	bool open;
};

typedef void report_column(struct export_csv *export, const struct report *report);
typedef void record_column(struct export_csv *export, const struct record *record);
typedef void failure_column(struct export_csv *export, const struct failure *failure);

/* Lists are joined by commas; what is absent keeps its place, so that the nth domain goes with the nth selector. */
static void list_add(struct export_csv *export, size_t at, struct span text)
{
	if (at)
		buf_put_byte(&export->list, ',');
	buf_put_span(&export->list, text);
}

static void list_cell(struct export_csv *export)
{
	if (export->list.failed)
		export->row.failed = true;
	csv_text(&export->csv, buf_span(&export->list));
	buf_clear(&export->list);
}

/* --- columns of a report --- */

#define REPORT_TEXT(member)                                                                 \
	static void report_##member(struct export_csv *export, const struct report *report) \
	{                                                                                   \
		csv_text(&export->csv, report->member);                                     \
	}
REPORT_TEXT(org_name)
REPORT_TEXT(org_email)
REPORT_TEXT(org_extra_contact_info)
REPORT_TEXT(report_id)
REPORT_TEXT(domain)
REPORT_TEXT(adkim)
REPORT_TEXT(aspf)
REPORT_TEXT(p)
REPORT_TEXT(sp)
REPORT_TEXT(np)
REPORT_TEXT(pct)
REPORT_TEXT(fo)
REPORT_TEXT(testing)
REPORT_TEXT(discovery_method)

static void report_version(struct export_csv *export, const struct report *report)
{
	csv_text(&export->csv, report_schema(report));
}

static void report_begin_date(struct export_csv *export, const struct report *report)
{
	csv_date(&export->csv, report->begin);
}

static void report_end_date(struct export_csv *export, const struct report *report)
{
	csv_date(&export->csv, report->end);
}

/* parsedmarc says here whether it split a long report into days: we never do. */
static void report_not_split(struct export_csv *export, const struct report *report)
{
	(void)report;
	csv_bool(&export->csv, false);
}

static void report_errors(struct export_csv *export, const struct report *report)
{
	for (size_t i = 0; i < report->errors_n; i++)
		list_add(export, i, report->errors[i]);
	list_cell(export);
}

static const struct {
	const char *name;
	report_column *put;
} report_columns[] = {
	{ "xml_schema", report_version },
	{ "org_name", report_org_name },
	{ "org_email", report_org_email },
	{ "org_extra_contact_info", report_org_extra_contact_info },
	{ "report_id", report_report_id },
	{ "begin_date", report_begin_date },
	{ "end_date", report_end_date },
	{ "normalized_timespan", report_not_split },
	{ "errors", report_errors },
	{ "domain", report_domain },
	{ "adkim", report_adkim },
	{ "aspf", report_aspf },
	{ "p", report_p },
	{ "sp", report_sp },
	{ "np", report_np },
	{ "pct", report_pct },
	{ "fo", report_fo },
	{ "testing", report_testing },
	{ "discovery_method", report_discovery_method },
};

/* --- columns of a record --- */

static void record_address(struct export_csv *export, const struct record *record)
{
	char text[ADDRESS_TEXT];

	csv_text(&export->csv, record_source(record, text));
}

static void record_unknown(struct export_csv *export, const struct record *record)
{
	(void)record;
	csv_empty(&export->csv);
}

static void record_count(struct export_csv *export, const struct record *record)
{
	csv_count(&export->csv, record->count);
}

static void record_spf(struct export_csv *export, const struct record *record)
{
	csv_bool(&export->csv, record_spf_aligned(record, &export->modes));
}

static void record_dkim(struct export_csv *export, const struct record *record)
{
	csv_bool(&export->csv, record_dkim_aligned(record, &export->modes));
}

static void record_dmarc(struct export_csv *export, const struct record *record)
{
	csv_bool(&export->csv,
		record_dkim_aligned(record, &export->modes) || record_spf_aligned(record, &export->modes));
}

static void record_disposition(struct export_csv *export, const struct record *record)
{
	csv_text(&export->csv, record->disposition);
}

static void record_reasons(struct export_csv *export, const struct record *record)
{
	for (size_t i = 0; i < record->reasons_n; i++)
		list_add(export, i, record->reasons[i].type);
	list_cell(export);
}

static void record_comments(struct export_csv *export, const struct record *record)
{
	for (size_t i = 0; i < record->reasons_n; i++)
		list_add(export, i, record->reasons[i].comment);
	list_cell(export);
}

static void record_envelope_from(struct export_csv *export, const struct record *record)
{
	csv_text(&export->csv, record->envelope_from);
}

static void record_header_from(struct export_csv *export, const struct record *record)
{
	csv_text(&export->csv, record->header_from);
}

static void record_envelope_to(struct export_csv *export, const struct record *record)
{
	csv_text(&export->csv, record->envelope_to);
}

#define RESULT_LIST(method, member)                                                                    \
	static void record_##method##_##member(struct export_csv *export, const struct record *record) \
	{                                                                                              \
		for (size_t i = 0; i < record->method##_n; i++)                                        \
			list_add(export, i, record->method##_results[i].member);                       \
		list_cell(export);                                                                     \
	}
RESULT_LIST(dkim, domain)
RESULT_LIST(dkim, key)
RESULT_LIST(dkim, result)
RESULT_LIST(spf, domain)
RESULT_LIST(spf, key)
RESULT_LIST(spf, result)

static const struct {
	const char *name;
	record_column *put;
} record_columns[] = {
	{ "source_ip_address", record_address },
	{ "source_country", record_unknown },
	{ "source_reverse_dns", record_unknown },
	{ "source_base_domain", record_unknown },
	{ "source_name", record_unknown },
	{ "source_type", record_unknown },
	{ "source_asn", record_unknown },
	{ "source_as_name", record_unknown },
	{ "source_as_domain", record_unknown },
	{ "count", record_count },
	{ "spf_aligned", record_spf },
	{ "dkim_aligned", record_dkim },
	{ "dmarc_aligned", record_dmarc },
	{ "disposition", record_disposition },
	{ "policy_override_reasons", record_reasons },
	{ "policy_override_comments", record_comments },
	{ "envelope_from", record_envelope_from },
	{ "header_from", record_header_from },
	{ "envelope_to", record_envelope_to },
	{ "dkim_domains", record_dkim_domain },
	{ "dkim_selectors", record_dkim_key },
	{ "dkim_results", record_dkim_result },
	{ "spf_domains", record_spf_domain },
	{ "spf_scopes", record_spf_key },
	{ "spf_results", record_spf_result },
};

/* --- columns of a failure report: most are the ARF field of the same name --- */

static void failure_unknown(struct export_csv *export, const struct failure *failure)
{
	(void)failure;
	csv_empty(&export->csv);
}

static void failure_arrival(struct export_csv *export, const struct failure *failure)
{
	csv_date(&export->csv, failure->arrived);
}

static void failure_subject(struct export_csv *export, const struct failure *failure)
{
	csv_text(&export->csv, failure->sample_subject);
}

static void failure_address(struct export_csv *export, const struct failure *failure)
{
	char text[ADDRESS_TEXT];

	csv_text(&export->csv, failure_source(failure, text));
}

static void failure_headers_only(struct export_csv *export, const struct failure *failure)
{
	if (failure->has_sample)
		csv_bool(&export->csv, failure->headers_only);
	else
		csv_empty(&export->csv);
}

#define FAILURE_TEXT(member)                                                                   \
	static void failure_##member(struct export_csv *export, const struct failure *failure) \
	{                                                                                      \
		csv_text(&export->csv, failure->member);                                       \
	}
FAILURE_TEXT(feedback_type)
FAILURE_TEXT(arrival_date)
FAILURE_TEXT(delivery_result)
FAILURE_TEXT(auth_failure)
FAILURE_TEXT(reported_domain)

static const struct {
	const char *name, *field; /* field: every value of this ARF field, joined */
	failure_column *put;
} failure_columns[] = {
	{ "feedback_type", NULL, failure_feedback_type },
	{ "user_agent", "user-agent", NULL },
	{ "version", "version", NULL },
	{ "original_envelope_id", "original-envelope-id", NULL },
	{ "original_mail_from", "original-mail-from", NULL },
	{ "original_rcpt_to", "original-rcpt-to", NULL },
	{ "arrival_date", NULL, failure_arrival_date },
	{ "arrival_date_utc", NULL, failure_arrival },
	{ "subject", NULL, failure_subject },
	{ "message_id", "message-id", NULL },
	{ "authentication_results", "authentication-results", NULL },
	{ "dkim_domain", "dkim-domain", NULL },
	{ "source_ip_address", NULL, failure_address },
	{ "source_country", NULL, failure_unknown },
	{ "source_reverse_dns", NULL, failure_unknown },
	{ "source_base_domain", NULL, failure_unknown },
	{ "source_name", NULL, failure_unknown },
	{ "source_type", NULL, failure_unknown },
	{ "source_asn", NULL, failure_unknown },
	{ "source_as_name", NULL, failure_unknown },
	{ "source_as_domain", NULL, failure_unknown },
	{ "delivery_result", NULL, failure_delivery_result },
	{ "auth_failure", NULL, failure_auth_failure },
	{ "reported_domain", NULL, failure_reported_domain },
	/* parsedmarc derives this from Identity-Alignment, whose meaning RFC 9991 turned round: not guessed here. */
	{ "authentication_mechanisms", NULL, failure_unknown },
	{ "sample_headers_only", NULL, failure_headers_only },
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

static void heading_write(struct export_csv *export)
{
	struct csv *csv = &export->csv;

	if (export->rows == EXPORT_RECORDS) {
		for (size_t i = 0; i < COUNT(report_columns); i++)
			csv_text(csv, span_of(report_columns[i].name));
		for (size_t i = 0; i < COUNT(record_columns); i++)
			csv_text(csv, span_of(record_columns[i].name));
	} else {
		for (size_t i = 0; i < COUNT(failure_columns); i++)
			csv_text(csv, span_of(failure_columns[i].name));
	}
	csv_row_write(&export->csv, export->out);
}

static void report_begin(struct export_csv *export, const struct report *report)
{
	export->open = true;
	export->modes = report_modes(report);
	buf_clear(&export->report);
	export->csv.out = &export->report;
	export->csv.some = false;
	for (size_t i = 0; i < COUNT(report_columns); i++)
		report_columns[i].put(export, report);
	export->csv.out = &export->row;
}

static void record_write(struct export_csv *export, const struct record *record)
{
	buf_put_span(&export->row, buf_span(&export->report));
	export->csv.some = true;
	for (size_t i = 0; i < COUNT(record_columns); i++)
		record_columns[i].put(export, record);
	csv_row_write(&export->csv, export->out);
}

static void failure_fields(struct export_csv *export, const struct failure *failure, struct span name)
{
	size_t found = 0;

	for (size_t i = 0; i < failure->fields_n; i++)
		if (span_is(failure->fields[i].name, name))
			list_add(export, found++, failure->fields[i].value);
	list_cell(export);
}

static void failure_write(struct export_csv *export, const struct failure *failure)
{
	for (size_t i = 0; i < COUNT(failure_columns); i++) {
		if (failure_columns[i].field)
			failure_fields(export, failure, span_of(failure_columns[i].field));
		else
			failure_columns[i].put(export, failure);
	}
	csv_row_write(&export->csv, export->out);
}

static bool export_csv_take(void *self, const struct fact *fact)
{
	struct export_csv *export = self;

	if (fact->kind == FACT_FAILURE && export->rows == EXPORT_FAILURES)
		failure_write(export, &fact->failure);
	if (export->rows == EXPORT_RECORDS) {
		if (fact->kind == FACT_REPORT)
			report_begin(export, &fact->report);
		if (fact->kind == FACT_REPORT_END)
			export->open = false;
		if (fact->kind == FACT_RECORD) {
			if (!export->open)
				return false;
			record_write(export, &fact->record);
		}
	}
	return !export->row.failed && !export->report.failed && !ferror(export->out);
}

static bool export_csv_close(void *self)
{
	struct export_csv *export = self;
	bool done = !export->row.failed && !export->report.failed && !ferror(export->out) && fflush(export->out) == 0;

	csv_release(&export->csv);
	buf_release(&export->row);
	buf_release(&export->list);
	buf_release(&export->report);
	free(export);
	return done;
}

bool export_csv_open(struct export_writer *writer, FILE *out, enum export_rows rows)
{
	struct export_csv *export = calloc(1, sizeof *export);

	if (!export)
		return false;
	export->out = out;
	export->rows = rows;
	export->row = export->list = export->report = BUF(CSV_ROW_OCTETS);
	csv_begin(&export->csv, &export->row);
	heading_write(export);
	*writer = (struct export_writer){ .self = export, .take = export_csv_take, .close = export_csv_close };
	return true;
}
