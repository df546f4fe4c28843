/* Everything of parse/dns that reads strangers' text: a zone file, pasted texts, and a domain made of them. */
#include "parse/dns/lint.h"
#include "parse/dns/orgdomain.h"
#include "parse/dns/zonefile.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

static void lint_once(struct span text, struct dns dns)
{
	struct arena arena = ARENA(LINT_ARENA);
	struct findings findings = { .arena = &arena };
	struct lint_domain seen;
	enum lint_kind kind;

	lint_text(text, &findings, &kind);
	lint_dmarc(SPAN_ABSENT, text, &findings);
	lint_spf(SPAN_ABSENT, text, &findings);
	lint_key(SPAN_ABSENT, text, &findings);
	lint_policy(SPAN_ABSENT, text, &findings);
	lint_adsp(SPAN_ABSENT, text, &findings);
	if (dns.ask)
		lint_domain(dns, SPAN("a.example.com"), &findings, &seen);
	arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	struct span text = { (const char *)octets, n };
	struct zonefile *zone = zonefile_read(text, NULL);
	struct zonefile *keys = zonefile_read_keys(text, NULL);

	if (n == 0)
		text.p = "";
	orgdomain_of(text);
	domain_aligned(text, SPAN("example.com"), false);
	lint_once(text, (struct dns){ zone ? zonefile_ask : NULL, zone });
	lint_once(text, (struct dns){ keys ? zonefile_ask : NULL, keys });
	zonefile_free(zone);
	zonefile_free(keys);
	return 0;
}
