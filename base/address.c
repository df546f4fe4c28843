#include "base/address.h"

#include <arpa/inet.h>

static const uint8_t v4_mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

bool address_parse(struct span text, struct address *address)
{
	char copy[ADDRESS_TEXT];

	text = span_trim(text);
	if (text.n >= 2 && text.p[0] == '[' && text.p[text.n - 1] == ']')
		text = (struct span){ text.p + 1, text.n - 2 };
	if (span_starts_nocase(text, SPAN("IPv6:")))
		text = (struct span){ text.p + 5, text.n - 5 };
	if (text.n == 0 || text.n >= sizeof copy || memchr(text.p, '\0', text.n))
		return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	if (inet_pton(AF_INET, copy, address->octets + 12) == 1) {
		memcpy(address->octets, v4_mapped, sizeof v4_mapped);
		return true;
	}
	return inet_pton(AF_INET6, copy, address->octets) == 1;
}

static bool cut_from(struct span *text, const char *at)
{
	if (at)
		text->n = (size_t)(at - text->p);
	return at != NULL;
}

/* `:25` behind an IPv4 address or a bracket, `%eth0`, the length of a prefix that is one address. */
static struct span without_ornament(struct span text)
{
	const char *close = text.n && text.p[0] == '[' ? memchr(text.p, ']', text.n) : NULL;
	const char *colon = memchr(text.p, ':', text.n);

	if (close) {
		struct span port = { close + 1, text.n - (size_t)(close + 1 - text.p) };

		return port.n && port.p[0] != ':' ? text : (struct span){ text.p, (size_t)(close + 1 - text.p) };
	}
	if (span_ends_nocase(text, SPAN("/32")) && !colon)
		text.n -= 3;
	else if (span_ends_nocase(text, SPAN("/128")) && colon)
		text.n -= 4;
	else if (!cut_from(&text, memchr(text.p, '%', text.n)) && colon && colon == memrchr(text.p, ':', text.n))
		cut_from(&text, colon);
	return text;
}

/* `host.example [192.0.2.10]`, as servers write it into Received. */
static bool behind_host(struct span text, struct address *address)
{
	const char *open = memmem(text.p, text.n, " [", 2);
	const char *close = open ? memchr(open, ']', text.n - (size_t)(open - text.p)) : NULL;

	return close && !memchr(text.p, '[', (size_t)(open - text.p)) &&
	       address_parse((struct span){ open + 1, (size_t)(close - open) }, address);
}

bool address_parse_ornate(struct span text, struct address *address, bool *ornate)
{
	struct span word;

	text = span_trim(text);
	*ornate = !address_parse(text, address);
	if (!*ornate || !text.n)
		return !*ornate;
	if (text.n > 2 && text.p[0] == '"' && text.p[text.n - 1] == '"')
		text = (struct span){ text.p + 1, text.n - 2 };
	if (span_starts_nocase(text, SPAN("IPv4:")))
		text = (struct span){ text.p + 5, text.n - 5 };
	word = text;
	while (word.n && (cut_from(&word, memchr(word.p, ' ', word.n)) || cut_from(&word, memchr(word.p, '(', word.n))))
		;
	if (behind_host(text, address) && !address_parse(word, &(struct address){ 0 }))
		return true;
	text = span_trim((struct span){ text.p + word.n, text.n - word.n });
	if (text.n && text.p[0] != '(')
		return false;
	return word.n && address_parse(without_ornament(word), address);
}

bool address_is_v4(const struct address *address)
{
	return memcmp(address->octets, v4_mapped, sizeof v4_mapped) == 0;
}

static char *number_put(char *p, unsigned octet)
{
	if (octet >= 100)
		*p++ = (char)('0' + octet / 100);
	if (octet >= 10)
		*p++ = (char)('0' + octet / 10 % 10);
	*p++ = (char)('0' + octet % 10);
	return p;
}

const char *address_format(const struct address *address, char text[ADDRESS_TEXT])
{
	char *p = text;

	if (address_is_v4(address)) {
		for (int i = 12; i < 16; i++) {
			p = number_put(p, address->octets[i]);
			*p++ = '.';
		}
		p[-1] = '\0';
	} else if (!inet_ntop(AF_INET6, address->octets, text, ADDRESS_TEXT)) {
		text[0] = '\0';
	}
	return text;
}

bool network_parse(struct span text, struct network *network)
{
	const char *slash = text.n ? memchr(text.p, '/', text.n) : NULL;
	struct span base = { text.p, slash ? (size_t)(slash - text.p) : text.n };
	unsigned long long bits = 128;
	unsigned most;

	if (!address_parse(base, &network->base))
		return false;
	most = memchr(base.p, ':', base.n) ? 128 : 32;
	if (slash && !span_number((struct span){ slash + 1, text.n - base.n - 1 }, most, &bits))
		return false;
	network->bits = (unsigned)bits + (slash ? 128 - most : 0);
	return true;
}

bool network_holds(const struct network *network, const struct address *address)
{
	const uint8_t *base = network->base.octets, *octets = address->octets;
	unsigned whole = network->bits / 8, rest = network->bits % 8;

	return memcmp(base, octets, whole) == 0 && (rest == 0 || (base[whole] ^ octets[whole]) >> (8 - rest) == 0);
}
