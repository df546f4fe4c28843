#include "parse/tlsreport.h"
#include "base/escape.h"
#include "parse/widetext.h"

#include <jansson.h>

#define TLSREPORT_OCTETS ((size_t)16 * 1024 * 1024)

/* RFC 8460 4.4 wants all of these; what real reports always have is the policies and one word about whose they are, and one
 * that has nothing to tell may have no policies: then two other words say what it is. */
static bool json_is_tlsreport(const json_t *root)
{
	const json_t *range = json_object_get(root, "date-range");
	bool named = json_object_get(root, "organization-name") || json_object_get(root, "report-id");

	if (json_is_array(json_object_get(root, "policies")))
		return named || range;
	return named && json_object_get(range, "start-datetime") && json_object_get(range, "end-datetime");
}

/* The text as UTF-8, all of it; false when it cannot be had. */
static bool text_read(struct reading *r, struct stream *s, struct buf *text)
{
	struct widetext wide;
	bool read;

	widetext_init(&wide, s);
	read = stream_slurp(&wide.stream, text);
	widetext_release(&wide);
	if (!read && text->failed)
		reading_broken(r, "", "a JSON document of more than 16 MB");
	return read;
}

/* Octets that are not UTF-8 are windows-1252, as in XML (QUIRKS X5); a number may be larger than any that we count with. */
static json_t *json_read(struct reading *r, struct span text, json_error_t *error)
{
	const size_t flags = JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL | JSON_DISABLE_EOF_CHECK;
	bool mended = !utf8_valid(text);
	struct span rest = mended ? reading_utf8(r, text) : text;
	json_t *root = json_loadb(rest.p, rest.n, flags, error);

	if (!json_is_tlsreport(root))
		return root;
	rest = (struct span){ rest.p + error->position, rest.n - (size_t)error->position };
	if (mended)
		reading_problem(r, "", "octets that are not UTF-8 were read as windows-1252");
	if (span_trim(rest).n)
		reading_problem(r, "", "text behind the report was left out");
	return root;
}

bool tlsreport_read(struct reading *r, struct stream *s)
{
	struct buf buf = BUF(TLSREPORT_OCTETS);
	json_error_t error = { 0 };
	json_t *root = NULL;
	struct span text;
	bool is_report = false;

	if (!text_read(r, s, &buf))
		goto out;
	text = buf_span(&buf);
	if (span_starts_nocase(text, SPAN("\xef\xbb\xbf")))
		text = (struct span){ text.p + 3, text.n - 3 };
	root = json_read(r, text, &error);
	is_report = json_is_tlsreport(root);
	if (is_report)
		r->sums.tls_reports++;
	else if (!root && memmem(text.p, text.n, "\"policies\"", 10))
		reading_broken(r, "", "TLS report is not valid JSON: line %d: %s", error.line, error.text);
out:
	json_decref(root);
	buf_release(&buf);
	return is_report;
}
