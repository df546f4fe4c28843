#include "parse/dns/orgdomain.h"

#include "base/buf.h"
#include "base/escape.h"

#include <libpsl.h>
#include <stdint.h>
#include <stdlib.h>

/* Three names per record are asked on the hot path and most of them were just asked: a direct-mapped table of
 * answers. */
#define CACHE_SLOTS 1024 /* a power of two */

struct answer {
	uint8_t name_n; /* 0: empty slot; DOMAINNAME_MAX fits */
	uint8_t start; /* where the organisational domain begins */
	bool suffix;
	char name[DOMAINNAME_MAX];
};

static const psl_ctx_t *list;
static struct answer cache[CACHE_SLOTS];

void orgdomain_warm(void)
{
	if (!list)
		list = psl_latest(NULL);
	if (!list)
		list = psl_builtin();
}

static char octet_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static struct answer *cache_slot(struct span name)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < name.n; i++)
		hash = (hash ^ (unsigned char)octet_lower(name.p[i])) * 16777619u;
	return &cache[(hash ^ hash >> 16) & (CACHE_SLOTS - 1)];
}

/* libpsl compares octets, so it is asked in lower case; the answer is carried back as a number of labels, because
 * lower case of a U-label may have another length. */
static void answer_find(struct answer *answer, struct span name)
{
	char asked[DOMAINNAME_TEXT];
	const char *registrable;
	struct span org = name;

	answer->name_n = (uint8_t)name.n;
	memcpy(answer->name, name.p, name.n);
	answer->start = 0;
	answer->suffix = false;
	orgdomain_warm();
	if (!list || domain_alabels(name, asked) == 0)
		return;
	registrable = psl_registrable_domain(list, asked);
	answer->suffix = !registrable;
	if (registrable)
		org = domainname_last(name, domainname_labels(span_of(registrable)));
	answer->start = (uint8_t)(org.p - name.p);
}

static const struct answer *answer_of(struct span name)
{
	struct answer *answer = cache_slot(name);

	if (!span_is_nocase((struct span){ answer->name, answer->name_n }, name))
		answer_find(answer, name);
	return answer;
}

/* Of a usable name without trailing dot. */
static struct span org_of(struct span name)
{
	size_t start = answer_of(name)->start;

	return (struct span){ name.p + start, name.n - start };
}

struct span orgdomain_of(struct span domain)
{
	return domainname_usable(domain) ? org_of(domainname_bare(domain)) : domain;
}

bool orgdomain_is_suffix(struct span domain)
{
	return domainname_usable(domain) && answer_of(domainname_bare(domain))->suffix;
}

bool domain_aligned(struct span a, struct span b, bool strict)
{
	char a_text[DOMAINNAME_TEXT], b_text[DOMAINNAME_TEXT];

	if (!domainname_usable(a) || !domainname_usable(b))
		return false;
	a = domainname_bare(a);
	b = domainname_bare(b);
	if (span_is_nocase(a, b))
		return true;
	if (!domainname_is_ascii(a) || !domainname_is_ascii(b)) {
		a = (struct span){ a_text, domain_alabels(a, a_text) };
		b = (struct span){ b_text, domain_alabels(b, b_text) };
		if (a.n == 0 || b.n == 0)
			return false;
	}
	if (!strict) {
		a = org_of(a);
		b = org_of(b);
	}
	return span_is_nocase(a, b);
}

/* RFC 3492 6.1 and 6.3, with the parameters of section 5. */
static uint32_t punycode_adapt(uint32_t delta, uint32_t points, bool first)
{
	uint32_t k = 0;

	delta = first ? delta / 700 : delta / 2;
	delta += delta / points;
	for (; delta > 35 * 26 / 2; k += 36)
		delta /= 35;
	return k + 36 * delta / (delta + 38);
}

static void punycode_number(struct buf *out, uint32_t number, uint32_t bias)
{
	for (uint32_t k = 36;; k += 36) {
		uint32_t t = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
		uint32_t digit = number < t ? number : t + (number - t) % (36 - t);

		buf_put_byte(out, (unsigned char)(digit < 26 ? 'a' + digit : '0' + digit - 26));
		if (number < t)
			return;
		number = (number - t) / (36 - t);
	}
}

/* A label has at most DOMAINNAME_MAX code points below 0x110000: delta stays below 2^29, so nothing can overflow. */
static void punycode_label(struct buf *out, const uint32_t *code, uint32_t n)
{
	uint32_t next = 128, delta = 0, bias = 72, done = 0, basic;

	for (uint32_t i = 0; i < n; i++)
		if (code[i] < 128) {
			buf_put_byte(out, (unsigned char)code[i]);
			done++;
		}
	basic = done;
	if (basic)
		buf_put_byte(out, '-');
	while (done < n) {
		uint32_t lowest = UINT32_MAX;

		for (uint32_t i = 0; i < n; i++)
			if (code[i] >= next && code[i] < lowest)
				lowest = code[i];
		delta += (lowest - next) * (done + 1);
		next = lowest;
		for (uint32_t i = 0; i < n; i++) {
			delta += code[i] < next;
			if (code[i] != next)
				continue;
			punycode_number(out, delta, bias);
			bias = punycode_adapt(delta, done + 1, done == basic);
			delta = 0;
			done++;
		}
		delta++;
		next++;
	}
}

static bool label_put(struct buf *out, struct span label)
{
	uint32_t code[DOMAINNAME_MAX];
	uint32_t n = 0;

	if (domainname_is_ascii(label))
		return buf_put_span(out, label);
	for (size_t at = 0, step; at < label.n; at += step) {
		step = utf8_next((struct span){ label.p + at, label.n - at }, &code[n]);
		if (step == 0 || ++n == DOMAINNAME_MAX)
			return false;
	}
	buf_put_text(out, "xn--");
	punycode_label(out, code, n);
	return !out->failed;
}

static bool labels_put(struct buf *out, struct span name)
{
	for (struct span rest = name; rest.n; rest = domainname_parent(rest)) {
		struct span after = domainname_parent(rest);
		size_t length = after.n ? rest.n - after.n - 1 : rest.n;

		if (!label_put(out, (struct span){ rest.p, length }) || (after.n && !buf_put_byte(out, '.')))
			return false;
	}
	return true;
}

size_t domain_alabels(struct span domain, char text[DOMAINNAME_TEXT])
{
	struct buf out = BUF(DOMAINNAME_TEXT);
	char *lower = NULL;
	size_t n = 0;

	if (!domainname_usable(domain))
		return 0;
	domain = domainname_bare(domain);
	for (size_t i = 0; i < domain.n; i++)
		text[i] = octet_lower(domain.p[i]);
	text[domain.n] = '\0';
	if (domainname_is_ascii(domain))
		return domain.n;
	if (!utf8_valid(domain) || psl_str_to_utf8lower(text, "utf-8", NULL, &lower) != PSL_SUCCESS)
		goto out;
	if (domainname_usable(span_of(lower)) && labels_put(&out, domainname_bare(span_of(lower))) &&
		out.n <= DOMAINNAME_MAX) {
		n = out.n;
		memcpy(text, out.p, n);
	}
out:
	text[n] = '\0';
	psl_free_string(lower);
	buf_release(&out);
	return n;
}
