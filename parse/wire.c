#include "parse/wire_p.h"

#include "base/escape.h"

#define ALIGNED_BITS 16u
#define RESULT_LEAST 5 /* octets that one element of an array takes at least */
#define REASON_LEAST 2
#define FIELD_LEAST 2
#define TEXT_LEAST 1

bool frame_close(struct buf *out, size_t start)
{
	size_t length = out->n - start - FRAME_HEAD;

	if (out->failed || length > FRAME_MAX) {
		out->n = start;
		out->failed = false;
		if (out->p)
			out->p[start] = '\0';
		return false;
	}
	for (unsigned i = 0; i < 4; i++)
		out->p[start + i] = (char)(uint8_t)(length >> 8 * i);
	out->p[out->n] = '\0';
	return true;
}

bool wire_get_frame(const char *octets, struct frame *frame)
{
	struct get in = { (const uint8_t *)octets, FRAME_HEAD, false };

	frame->length = get_u32(&in);
	frame->kind = get_below(&in, FRAME_COUNT);
	return !in.failed && frame->length <= FRAME_MAX;
}

/* Nearly all text is ASCII: eight octets at a time, and only the rest of what is not goes the long way. */
static inline bool text_valid(struct span text)
{
	while (text.n >= 8) {
		uint64_t eight;

		memcpy(&eight, text.p, 8);
		if (eight & UINT64_C(0x8080808080808080))
			return utf8_valid(text);
		text.p += 8;
		text.n -= 8;
	}
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] >= 0x80)
			return utf8_valid(text);
	return true;
}

struct span get_text(struct get *in)
{
	struct span text = get_span(in);

	if (!text_valid(text))
		in->failed = true;
	return text;
}

struct span wire_text(const char *text)
{
	struct span rest = span_of(text);
	uint32_t code;
	size_t n;

	while ((n = utf8_next(rest, &code)) > 0)
		rest = (struct span){ rest.p + n, rest.n - n };
	return (struct span){ text, (size_t)(rest.p - text) };
}

static void put_address(struct buf *out, bool has, const struct address *address)
{
	put_u8(out, has);
	if (has)
		put_octets(out, address->octets, sizeof address->octets);
}

static bool get_address(struct get *in, struct address *address)
{
	bool has = get_bool(in);
	const uint8_t *octets = has ? get_octets(in, sizeof address->octets) : NULL;

	*address = (struct address){ 0 };
	if (octets)
		memcpy(address->octets, octets, sizeof address->octets);
	return has;
}

/* ------------------------------------------------------------------ a report's records and its head */

bool wire_put_report_open(struct buf *out)
{
	return frame_close(out, frame_begin(out, FRAME_REPORT_OPEN));
}

static void put_results(struct buf *out, const struct auth_result *results, size_t n)
{
	put_count(out, n);
	for (size_t i = 0; i < n; i++) {
		put_span(out, results[i].domain);
		put_span(out, results[i].key);
		put_span(out, results[i].result);
		put_span(out, results[i].human_result);
		put_u8(out, results[i].means);
	}
}

static struct auth_result *get_results(struct get *in, struct arena *arena, size_t *n)
{
	struct auth_result *results;

	*n = get_count(in, RESULT_LEAST);
	results = get_array(in, arena, *n, sizeof *results);
	for (size_t i = 0; results && i < *n; i++) {
		results[i].domain = get_text(in);
		results[i].key = get_text(in);
		results[i].result = get_text(in);
		results[i].human_result = get_text(in);
		results[i].means = get_below(in, RESULT_COUNT);
	}
	return results;
}

bool wire_put_record(struct buf *out, const struct record *record)
{
	size_t start = frame_begin(out, FRAME_RECORD);

	put_span(out, record->source_ip);
	put_address(out, record->has_address, &record->address);
	put_u64(out, record->count);
	put_span(out, record->disposition);
	put_span(out, record->dkim);
	put_span(out, record->spf);
	put_u8(out, record->disposed);
	put_u8(out, record->dkim_pass);
	put_u8(out, record->spf_pass);
	put_u8(out, record->aligned);
	put_count(out, record->reasons_n);
	for (size_t i = 0; i < record->reasons_n; i++) {
		put_span(out, record->reasons[i].type);
		put_span(out, record->reasons[i].comment);
	}
	put_span(out, record->header_from);
	put_span(out, record->envelope_from);
	put_span(out, record->envelope_to);
	put_results(out, record->dkim_results, record->dkim_n);
	put_results(out, record->spf_results, record->spf_n);
	return frame_close(out, start);
}

bool wire_get_record(struct span payload, struct arena *arena, struct record *record)
{
	struct get in = GET(payload);

	record->source_ip = get_text(&in);
	record->has_address = get_address(&in, &record->address);
	record->count = get_u64(&in);
	record->disposition = get_text(&in);
	record->dkim = get_text(&in);
	record->spf = get_text(&in);
	record->disposed = get_below(&in, DISPOSITION_COUNT);
	record->dkim_pass = get_bool(&in);
	record->spf_pass = get_bool(&in);
	record->aligned = get_below(&in, ALIGNED_BITS);
	record->reasons_n = get_count(&in, REASON_LEAST);
	record->reasons = get_array(&in, arena, record->reasons_n, sizeof *record->reasons);
	for (size_t i = 0; record->reasons && i < record->reasons_n; i++) {
		record->reasons[i].type = get_text(&in);
		record->reasons[i].comment = get_text(&in);
	}
	record->header_from = get_text(&in);
	record->envelope_from = get_text(&in);
	record->envelope_to = get_text(&in);
	record->dkim_results = get_results(&in, arena, &record->dkim_n);
	record->spf_results = get_results(&in, arena, &record->spf_n);
	return get_done(&in);
}

/* The plain texts of a head in the order they are sent: one list, two readers. */
#define REPORT_TEXTS(X)                                                                                               \
	X(org_name)                                                                                                   \
	X(org_email) X(org_extra_contact_info) X(report_id) X(generator) X(version) X(namespace) X(domain) X(p) X(sp) \
		X(np) X(adkim) X(aspf) X(pct) X(fo) X(testing) X(discovery_method)

bool wire_put_report(struct buf *out, const struct report *report)
{
	size_t start = frame_begin(out, FRAME_REPORT);

#define X(member) put_span(out, report->member);
	REPORT_TEXTS(X)
#undef X
	put_i64(out, report->begin);
	put_i64(out, report->end);
	put_count(out, report->errors_n);
	for (size_t i = 0; i < report->errors_n; i++)
		put_span(out, report->errors[i]);
	put_u64(out, report->records);
	put_u64(out, report->messages);
	put_u64(out, report->uncounted);
	put_u8(out, report->recovered);
	put_octets(out, report->content, sizeof report->content);
	return frame_close(out, start);
}

bool wire_get_report(struct span payload, struct arena *arena, struct report *report)
{
	struct get in = GET(payload);
	const uint8_t *content;

#define X(member) report->member = get_text(&in);
	REPORT_TEXTS(X)
#undef X
	report->begin = get_i64(&in);
	report->end = get_i64(&in);
	report->errors_n = get_count(&in, TEXT_LEAST);
	report->errors = get_array(&in, arena, report->errors_n, sizeof *report->errors);
	for (size_t i = 0; report->errors && i < report->errors_n; i++)
		report->errors[i] = get_text(&in);
	report->records = get_u64(&in);
	report->messages = get_u64(&in);
	report->uncounted = get_u64(&in);
	report->recovered = get_bool(&in);
	content = get_octets(&in, sizeof report->content);
	if (content)
		memcpy(report->content, content, sizeof report->content);
	return get_done(&in);
}

/* ------------------------------------------------------------------ a failure report */

#define FAILURE_TEXTS(X)                                                                                         \
	X(feedback_type)                                                                                         \
	X(source_ip) X(arrival_date) X(reported_domain) X(auth_failure) X(delivery_result) X(identity_alignment) \
		X(sample_subject) X(sample_from) X(sample_hops)

#define FAILURE_BOOLS(X) X(plain_text) X(dmarc) X(passed) X(failed) X(has_sample) X(headers_only) X(sample_relayed) X(sample_starts)

bool wire_put_failure(struct buf *out, const struct failure *failure)
{
	size_t start = frame_begin(out, FRAME_FAILURE);

#define X(member) put_span(out, failure->member);
	FAILURE_TEXTS(X)
#undef X
#define X(member) put_u8(out, failure->member);
	FAILURE_BOOLS(X)
#undef X
	put_address(out, failure->has_address, &failure->address);
	put_i64(out, failure->arrived);
	put_u64(out, failure->incidents);
	put_u8(out, failure->identity_rule);
	put_u64(out, failure->sample_octets);
	put_octets(out, failure->sample_sha256, sizeof failure->sample_sha256);
	put_count(out, failure->fields_n);
	for (size_t i = 0; i < failure->fields_n; i++) {
		put_span(out, failure->fields[i].name);
		put_span(out, failure->fields[i].value);
	}
	return frame_close(out, start);
}

bool wire_get_failure(struct span payload, struct arena *arena, struct failure *failure)
{
	struct get in = GET(payload);
	const uint8_t *sha256;

#define X(member) failure->member = get_text(&in);
	FAILURE_TEXTS(X)
#undef X
#define X(member) failure->member = get_bool(&in);
	FAILURE_BOOLS(X)
#undef X
	failure->has_address = get_address(&in, &failure->address);
	failure->arrived = get_i64(&in);
	failure->incidents = get_u64(&in);
	failure->identity_rule = get_below(&in, IDENTITY_COUNT);
	failure->sample_octets = get_u64(&in);
	sha256 = get_octets(&in, sizeof failure->sample_sha256);
	if (sha256)
		memcpy(failure->sample_sha256, sha256, sizeof failure->sample_sha256);
	failure->fields_n = get_count(&in, FIELD_LEAST);
	failure->fields = get_array(&in, arena, failure->fields_n, sizeof *failure->fields);
	for (size_t i = 0; failure->fields && i < failure->fields_n; i++) {
		failure->fields[i].name = get_text(&in);
		failure->fields[i].value = get_text(&in);
	}
	return get_done(&in);
}

/* ------------------------------------------------------------------ kept octets, problems, the end */

bool wire_put_octets(struct buf *out, const struct octets *octets)
{
	size_t start = frame_begin(out, FRAME_OCTETS);

	if (octets->data.n > OCTETS_CHUNK)
		out->failed = true;
	put_u8(out, octets->kind);
	put_u32(out, octets->part);
	put_u32(out, octets->chunk);
	put_span(out, octets->data);
	return frame_close(out, start);
}

bool wire_get_octets(struct span payload, struct octets *octets)
{
	struct get in = GET(payload);

	octets->kind = get_below(&in, OCTETS_KIND_COUNT);
	octets->part = get_u32(&in);
	octets->chunk = get_u32(&in);
	octets->data = get_span(&in);
	return get_done(&in) && octets->data.p && octets->data.n <= OCTETS_CHUNK;
}

bool wire_put_problem(struct buf *out, const struct problem *problem)
{
	size_t start = frame_begin(out, FRAME_PROBLEM);

	put_span(out, problem->where);
	put_span(out, problem->what);
	return frame_close(out, start);
}

bool wire_get_problem(struct span payload, struct problem *problem)
{
	struct get in = GET(payload);

	problem->where = get_text(&in);
	problem->what = get_text(&in);
	return get_done(&in);
}

bool wire_put_end(struct buf *out, const struct wire_end *end)
{
	size_t start = frame_begin(out, FRAME_END);

	put_u8(out, end->outcome);
	put_span(out, end->head.from);
	put_span(out, end->head.subject);
	put_span(out, end->head.message_id);
	put_i64(out, end->head.date);
	return frame_close(out, start);
}

bool wire_get_end(struct span payload, struct wire_end *end)
{
	struct get in = GET(payload);

	end->outcome = get_below(&in, OUTCOME_COUNT);
	end->head.from = get_text(&in);
	end->head.subject = get_text(&in);
	end->head.message_id = get_text(&in);
	end->head.date = get_i64(&in);
	return get_done(&in);
}

bool wire_put_rewind(struct buf *out, const struct wire_rewind *rewind)
{
	size_t start = frame_begin(out, FRAME_REWIND);

	put_u64(out, rewind->at);
	put_u64(out, rewind->reports);
	for (unsigned i = 0; i < 3; i++)
		put_u64(out, rewind->counts[i]);
	return frame_close(out, start);
}

bool wire_get_rewind(struct span payload, struct wire_rewind *rewind)
{
	struct get in = GET(payload);

	rewind->at = get_u64(&in);
	rewind->reports = get_u64(&in);
	for (unsigned i = 0; i < 3; i++)
		rewind->counts[i] = get_u64(&in);
	return get_done(&in);
}
