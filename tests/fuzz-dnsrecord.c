/* Everything of parse/dns that reads strangers' text: a zone file, pasted texts, and a domain made of them; and how it is
 * shown: no octet below a blank but a line feed may come out, nor DEL. */
#include "parse/dns/lint.h"
#include "parse/dns/orgdomain.h"
#include "parse/dns/zonefile.h"
#include "report/lint.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

static void show_once(const struct lint_page *page)
{
	static const struct style style = { .width = 80, .utf8 = true };
	struct lint_writer writer;
	size_t n = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, &n);

	if (!out)
		return;
	if (!(page->seen ? lint_text_open(&writer, out, &style) && writer.page(writer.self, page) && writer.close(writer.self)
			 : lint_text_print(out, &style, page)))
		abort();
	if (page->seen && !(lint_json_open(&writer, out) && writer.page(writer.self, page) && writer.close(writer.self)))
		abort();
	if (!page->seen && !lint_text_json(out, page))
		abort();
	fclose(out);
	for (size_t i = 0; i < n; i++)
		if (((unsigned char)text[i] < ' ' && text[i] != '\n') || text[i] == 127)
			abort();
	free(text);
}

static void lint_once(struct span text, struct dns dns)
{
	struct arena arena = ARENA(LINT_ARENA);
	struct findings findings = { .arena = &arena };
	struct lint_domain seen;
	enum lint_kind kind;

	lint_text(text, &findings, &kind);
	show_once(&(struct lint_page){ .subject = SPAN("text"), .findings = &findings });
	lint_dmarc(SPAN_ABSENT, text, &findings);
	lint_spf(SPAN_ABSENT, text, &findings);
	lint_key(SPAN_ABSENT, text, &findings);
	lint_policy(SPAN_ABSENT, text, &findings);
	lint_adsp(SPAN_ABSENT, text, &findings);
	findings = (struct findings){ .arena = &arena };
	if (dns.ask && lint_domain(dns, SPAN("a.example.com"), &findings, &seen) && lint_zone_lines(&findings))
		show_once(&(struct lint_page){ .subject = seen.domain, .findings = &findings, .seen = &seen });
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
