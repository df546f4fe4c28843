#include "parse/dns/recordwriter.h"

#include "base/dnsanswer.h"
#include "parse/dns/orgdomain.h"

static bool request_put(struct buf *out, const char *tag, enum dmarc_request request)
{
	return request == DMARC_REQUEST_ABSENT || buf_printf(out, "; %s=%s", tag, dmarc_request_word(request));
}

/* Octets of an address that would end it, or the record, too early are written as %HH (RFC 9989 4.8, RFC 6068 2). */
static bool address_put(struct buf *out, struct span address, struct fault *fault)
{
	struct span given = address;
	char host[DOMAINNAME_TEXT];
	size_t at;

	if (span_starts_nocase(address, SPAN("mailto:")))
		address = (struct span){ address.p + 7, address.n - 7 };
	for (at = address.n; at && address.p[at - 1] != '@'; at--)
		;
	if (at < 2 || domain_alabels((struct span){ address.p + at, address.n - at }, host) == 0 || !strchr(host, '.'))
		return fault_set(fault, FAULT_SETUP, "`%.*s` is not a mail address",
			(int)(given.n < 200 ? given.n : 200), given.p);
	buf_put_text(out, "mailto:");
	for (size_t i = 0; i < at; i++) {
		unsigned char c = (unsigned char)address.p[i];

		if (c <= ' ' || c > 126)
			return fault_set(
				fault, FAULT_SETUP, "an address of a record has plain letters only and no blanks");
		if (strchr("!,;\"<>\\^`{|}#?", c))
			buf_printf(out, "%%%02X", c);
		else
			buf_put_byte(out, c);
	}
	return buf_put_text(out, host);
}

static bool addresses_put(struct buf *out, const char *tag, const struct span *addresses, size_t n, struct fault *fault)
{
	for (size_t i = 0; i < n; i++) {
		buf_printf(out, i ? "," : "; %s=", tag);
		if (!address_put(out, addresses[i], fault))
			return false;
	}
	return true;
}

static void fo_put(struct buf *out, unsigned fo)
{
	buf_put_text(out, "; fo=");
	for (unsigned i = 0, some = 0; i < 4; i++)
		if (fo & 1u << i)
			buf_printf(out, some++ ? ":%c" : "%c", "01ds"[i]);
}

static bool choice_sound(const struct dmarc_choice *choice, struct fault *fault)
{
	if (choice->p == DMARC_REQUEST_ABSENT || choice->p >= DMARC_REQUEST_INVALID ||
		choice->sp >= DMARC_REQUEST_INVALID || choice->np >= DMARC_REQUEST_INVALID)
		return fault_set(fault, FAULT_SETUP, "a policy is none, quarantine or reject");
	if (choice->trial && choice->p == DMARC_REQUEST_NONE)
		return fault_set(fault, FAULT_SETUP, "there is nothing to try out with the policy none");
	if (choice->fo && !choice->ruf_n)
		return fault_set(fault, FAULT_SETUP, "fo= has no effect without an address for ruf=");
	if ((choice->fo & DMARC_FO_ALL) && (choice->fo & DMARC_FO_ANY))
		return fault_set(fault, FAULT_SETUP, "fo= may have 0 or 1, not both");
	return true;
}

static bool record_sound(struct span text, struct fault *fault)
{
	struct arena arena = ARENA((size_t)1024 * 1024);
	struct dmarc_record record;
	bool sound = dmarc_record_parse(text, &arena, &record) && record.is_dmarc;

	for (size_t i = 0; sound && i < record.flaws.n; i++)
		sound = finding_severity(record.flaws.rows[i].code) < SEVERITY_WARNING;
	arena_release(&arena);
	return sound || fault_set(fault, FAULT_BROKEN, "the record written would not be read as meant");
}

bool recordwriter_dmarc(const struct dmarc_choice *choice, struct buf *out, struct fault *fault)
{
	size_t start = out->n;

	if (!choice_sound(choice, fault))
		return false;
	buf_printf(out, "v=DMARC1; p=%s", dmarc_request_word(choice->p));
	request_put(out, "sp", choice->sp);
	request_put(out, "np", choice->np);
	if (choice->trial)
		buf_put_text(out, "; t=y; pct=0");
	if (!addresses_put(out, "rua", choice->rua, choice->rua_n, fault) ||
		!addresses_put(out, "ruf", choice->ruf, choice->ruf_n, fault))
		return false;
	if (choice->fo)
		fo_put(out, choice->fo);
	if (choice->strict_dkim)
		buf_put_text(out, "; adkim=s");
	if (choice->strict_spf)
		buf_put_text(out, "; aspf=s");
	if (choice->psd == 'y' || choice->psd == 'n')
		buf_printf(out, "; psd=%c", choice->psd);
	if (out->failed)
		return fault_set(fault, FAULT_SETUP, "the record becomes too long");
	return record_sound((struct span){ out->p + start, out->n - start }, fault);
}

bool recordwriter_strings(struct span text, struct buf *out)
{
	buf_put_byte(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (i && i % DNS_STRING_MAX == 0)
			buf_put_text(out, "\" \"");
		if (c < ' ' || c > 126)
			buf_printf(out, "\\%03u", c);
		else
			buf_printf(out, c == '"' || c == '\\' ? "\\%c" : "%c", c);
	}
	return buf_put_byte(out, '"');
}

bool recordwriter_zone_line(struct span name, uint32_t ttl, struct span text, struct buf *out)
{
	char asked[DOMAINNAME_TEXT];

	if (domain_alabels(name, asked) == 0)
		return false;
	buf_printf(out, "%s. %u IN TXT ", asked, ttl);
	recordwriter_strings(text, out);
	return buf_put_byte(out, '\n');
}
