/* Any octets as JSON, where strangers' JSON is read: an SMTP TLS report, what an OAuth server answers, and a mail
 * server's reason for refusing a token. */
#include "base/escape.h"
#include "ingest/tokenanswer.h"
#include "parse/tlsreport.h"
#include "tests/fuzz_reading.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int read_tlsreport(struct reading *r, struct leaf_source *source)
{
	struct stream *s = source->open(source);
	bool is_report = s && tlsreport_read(r, s);

	if (is_report != (r->sums.tls_reports == 1) || (is_report && r->sums.broken))
		abort();
	return is_report;
}

static void check_text(const char *text)
{
	if (text && !utf8_valid(span_of(text)))
		abort();
}

static void read_tokenanswer(struct span octets)
{
	struct buf refusal = BUF(4 * TOKENANSWER_OCTETS);
	struct tokenanswer answer;
	struct fault fault = { FAULT_NONE };
	bool good = tokenanswer_read(&answer, octets, &fault);

	if (!good && fault.kind == FAULT_NONE)
		abort();
	if (good && octets.n > TOKENANSWER_OCTETS)
		abort();
	check_text(answer.access_token);
	check_text(answer.user_code);
	check_text(answer.error_description);
	tokenanswer_release(&answer);
	tokenanswer_refusal(&refusal, octets);
	buf_release(&refusal);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span octets = { (const char *)data, n };
	struct fuzz_said whole, pieces;

	fuzz_read(read_tlsreport, octets, SIZE_MAX, &whole);
	fuzz_read(read_tlsreport, octets, fuzz_piece(octets), &pieces);
	if (!fuzz_said_same(&whole, &pieces))
		abort();
	fuzz_said_release(&whole);
	fuzz_said_release(&pieces);
	read_tokenanswer(n ? octets : SPAN(""));
	return 0;
}
