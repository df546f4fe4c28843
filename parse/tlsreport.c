#include "parse/tlsreport.h"

#include <jansson.h>

#define TLSREPORT_OCTETS ((size_t)16 * 1024 * 1024)

/* RFC 8460 4.4 wants all of these; what real reports always have is the policies and one word about whose they are. */
static bool json_is_tlsreport(const json_t *root)
{
	return json_is_array(json_object_get(root, "policies")) &&
	       (json_object_get(root, "organization-name") || json_object_get(root, "report-id") ||
		       json_object_get(root, "date-range"));
}

bool tlsreport_read(struct reading *r, struct stream *s)
{
	struct buf text = BUF(TLSREPORT_OCTETS);
	json_error_t error;
	json_t *root = NULL;
	bool is_report = false;
	size_t bom = 0;

	if (!stream_slurp(s, &text)) {
		if (text.failed)
			reading_broken(r, "", "a JSON document of more than 16 MB");
		goto out;
	}
	if (text.n > 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0)
		bom = 3;
	root = json_loadb(text.p + bom, text.n - bom, 0, &error);
	is_report = json_is_tlsreport(root);
	if (is_report)
		r->sums.tls_reports++;
	else if (!root && memmem(text.p, text.n, "\"policies\"", 10))
		reading_broken(r, "", "TLS report is not valid JSON: line %d: %s", error.line, error.text);
out:
	json_decref(root);
	buf_release(&text);
	return is_report;
}
