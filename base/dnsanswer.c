#include "base/dnsanswer.h"

static const struct {
	const char *word;
	enum dns_type type;
} types[] = {
	{ "A", DNS_TYPE_A },
	{ "NS", DNS_TYPE_NS },
	{ "CNAME", DNS_TYPE_CNAME },
	{ "SOA", DNS_TYPE_SOA },
	{ "PTR", DNS_TYPE_PTR },
	{ "MX", DNS_TYPE_MX },
	{ "TXT", DNS_TYPE_TXT },
	{ "AAAA", DNS_TYPE_AAAA },
	{ "SPF", DNS_TYPE_SPF },
};

const char *dns_status_word(enum dns_status status)
{
	static const char *const words[DNS_STATUS_COUNT] = {
		[DNS_OK] = "ok",
		[DNS_NXDOMAIN] = "nxdomain",
		[DNS_NODATA] = "nodata",
		[DNS_SERVFAIL] = "servfail",
		[DNS_TIMEOUT] = "timeout",
		[DNS_BOGUS] = "bogus",
		[DNS_UNASKED] = "unasked",
	};

	return (unsigned)status < DNS_STATUS_COUNT ? words[status] : "?";
}

const char *dns_security_word(enum dns_security security)
{
	static const char *const words[DNS_SECURITY_COUNT] = {
		[DNS_UNSIGNED] = "unsigned",
		[DNS_SECURE] = "secure",
		[DNS_UNVALIDATED] = "unvalidated",
	};

	return (unsigned)security < DNS_SECURITY_COUNT ? words[security] : "?";
}

const char *dns_type_word(enum dns_type type)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (types[i].type == type)
			return types[i].word;
	return "?";
}

const char *dns_status_phrase(enum dns_status status)
{
	static const char *const phrases[DNS_STATUS_COUNT] = {
		[DNS_OK] = "there is an answer",
		[DNS_NXDOMAIN] = "the name does not exist",
		[DNS_NODATA] = "the name has no such record",
		[DNS_SERVFAIL] = "its name servers give no usable answer",
		[DNS_TIMEOUT] = "no answer in time",
		[DNS_BOGUS] = "the answer fails its DNSSEC check",
		[DNS_UNASKED] = "it was not asked",
	};

	return (unsigned)status < DNS_STATUS_COUNT ? phrases[status] : "?";
}

bool dns_type_of(struct span word, enum dns_type *type)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (span_is_nocase(word, span_of(types[i].word))) {
			*type = types[i].type;
			return true;
		}
	return false;
}

struct span dns_name_under(struct arena *arena, struct span labels, struct span domain)
{
	size_t n = labels.n;
	char *text;

	if (domain.n && domain.p[domain.n - 1] == '.')
		domain.n--;
	if (domain.n == 0 || n > DNS_NAME_MAX || n + 1 + domain.n > DNS_NAME_MAX)
		return SPAN_ABSENT;
	text = arena_take(arena, n + 1 + domain.n + 1);
	if (!text)
		return SPAN_ABSENT;
	memcpy(text, labels.p, n);
	text[n] = '.';
	memcpy(text + n + 1, domain.p, domain.n);
	return (struct span){ text, n + 1 + domain.n };
}
