#include "report/facts.h"

static struct span mode_kept(struct span mode)
{
	return span_is_nocase(mode, SPAN("s")) ? SPAN("s") : SPAN_ABSENT;
}

struct report report_modes(const struct report *report)
{
	return (struct report){ .adkim = mode_kept(report->adkim), .aspf = mode_kept(report->aspf) };
}

unsigned record_disagrees(const struct record *record, const struct report *modes)
{
	unsigned disagrees = 0;

	if (record->dkim.n && record_dkim_aligned(record, modes) != record->dkim_pass)
		disagrees |= DISAGREES_DKIM;
	if (record->spf.n && record_spf_aligned(record, modes) != record->spf_pass)
		disagrees |= DISAGREES_SPF;
	return disagrees;
}

struct span record_source(const struct record *record, char text[ADDRESS_TEXT])
{
	return record->has_address ? span_of(address_format(&record->address, text)) : record->source_ip;
}

struct span failure_source(const struct failure *failure, char text[ADDRESS_TEXT])
{
	return failure->has_address ? span_of(address_format(&failure->address, text)) : failure->source_ip;
}

struct span report_schema(const struct report *report)
{
	return report->version.n ? report->version : SPAN("draft");
}
