#include "ingest/dnspacket.h"

#include <stdlib.h>

#define HEADER 12
#define WIRE_NAME_MAX 255 /* RFC 1035 2.3.4 */
#define LABEL_MAX 63
#define POINTER 0xc0
#define RECORD_LEAST 11 /* root owner, type, class, TTL, length */
#define CLASS_IN 1
#define RCODE_NXDOMAIN 3
#define TTL_MAX INT32_MAX /* RFC 2181 8: larger ones count as 0 */

struct packet {
	const uint8_t *p;
	size_t n;
};

/* As on the wire: length, octets, ..., 0; lower-case, without pointers. */
struct wirename {
	uint8_t octets[WIRE_NAME_MAX];
	size_t n;
};

struct resource {
	struct wirename owner;
	unsigned type, class;
	uint32_t ttl;
	size_t at, n; /* RDATA */
};

/* ------------------------------------------------------------------ names */

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

static bool is_plain(uint8_t c)
{
	return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '/';
}

static bool wirename_is(const struct wirename *a, const struct wirename *b)
{
	return a->n == b->n && memcmp(a->octets, b->octets, a->n) == 0;
}

static bool wirename_of(struct span name, struct wirename *wire)
{
	size_t label = 0; /* where its length stands */

	if (name.n && name.p[name.n - 1] == '.')
		name.n--;
	if (name.n == 0 || name.n > DNS_NAME_MAX)
		return false;
	wire->n = 1;
	for (size_t i = 0; i <= name.n; i++) {
		uint8_t c = i < name.n ? (uint8_t)name.p[i] : '.';

		if (c != '.') {
			if (!is_plain(c))
				return false;
			wire->octets[wire->n++] = lower(c);
			continue;
		}
		if (wire->n - label - 1 == 0 || wire->n - label - 1 > LABEL_MAX)
			return false;
		wire->octets[label] = (uint8_t)(wire->n - label - 1);
		label = wire->n++;
	}
	wire->octets[label] = 0;
	return true;
}

bool dnspacket_name_fits(struct span name)
{
	struct wirename wire;

	return wirename_of(name, &wire);
}

/* Every pointer must lead before the place where the run of labels it ends began, so the walk ends (RFC 1035 4.1.4: "a
 * prior occurrence"). */
static bool wirename_read(struct packet packet, size_t *at, struct wirename *wire)
{
	size_t from = *at, begin = *at;
	bool jumped = false;

	wire->n = 0;
	while (from < packet.n) {
		size_t length = packet.p[from];

		if (length >= POINTER) {
			size_t to;

			if (from + 2 > packet.n)
				return false;
			to = (length & ~(size_t)POINTER) << 8 | packet.p[from + 1];
			if (to >= begin)
				return false;
			if (!jumped)
				*at = from + 2;
			jumped = true;
			begin = from = to;
			continue;
		}
		if (length > LABEL_MAX || length >= packet.n - from || wire->n + length + 1 > WIRE_NAME_MAX)
			return false;
		wire->octets[wire->n++] = (uint8_t)length;
		for (size_t i = 1; i <= length; i++)
			wire->octets[wire->n++] = lower(packet.p[from + i]);
		from += length + 1;
		if (length == 0) {
			if (!jumped)
				*at = from;
			return true;
		}
	}
	return false;
}

static struct span wirename_text(const struct wirename *wire, struct arena *arena)
{
	char text[4 * WIRE_NAME_MAX];
	size_t n = 0;

	for (size_t at = 0; wire->octets[at]; at += wire->octets[at] + 1u) {
		if (at)
			text[n++] = '.';
		for (size_t i = 1; i <= wire->octets[at]; i++) {
			uint8_t c = wire->octets[at + i];

			if (is_plain(c)) {
				text[n++] = (char)c;
				continue;
			}
			text[n++] = '\\';
			text[n++] = (char)('0' + c / 100);
			text[n++] = (char)('0' + c / 10 % 10);
			text[n++] = (char)('0' + c % 10);
		}
	}
	return arena_copy(arena, (struct span){ text, n });
}

/* ------------------------------------------------------------------ records */

static unsigned u16_at(struct packet packet, size_t at)
{
	return (unsigned)packet.p[at] << 8 | packet.p[at + 1];
}

static uint32_t u32_at(struct packet packet, size_t at)
{
	return (uint32_t)u16_at(packet, at) << 16 | u16_at(packet, at + 2);
}

static bool resource_read(struct packet packet, size_t *at, struct resource *resource)
{
	if (!wirename_read(packet, at, &resource->owner) || packet.n - *at < RECORD_LEAST - 1)
		return false;
	resource->type = u16_at(packet, *at);
	resource->class = u16_at(packet, *at + 2);
	resource->ttl = u32_at(packet, *at + 4);
	if (resource->ttl > TTL_MAX)
		resource->ttl = 0;
	resource->n = u16_at(packet, *at + 8);
	resource->at = *at + 10;
	if (resource->n > packet.n - resource->at)
		return false;
	*at = resource->at + resource->n;
	return true;
}

/* A domain name at the start of what is left of the RDATA; `rest` octets must follow it. */
static bool data_name(struct packet packet, const struct resource *resource, size_t skip, size_t rest,
	struct arena *arena, struct dns_data *data)
{
	struct packet upto = { packet.p, resource->at + resource->n };
	struct wirename name;
	size_t at = resource->at + skip;

	if (resource->n < skip || !wirename_read(upto, &at, &name) || upto.n - at != rest)
		return false;
	data->name = wirename_text(&name, arena);
	return data->name.p != NULL;
}

static bool data_text(struct packet packet, const struct resource *resource, struct arena *arena, struct dns_data *data)
{
	const uint8_t *p = packet.p + resource->at;
	size_t n = 0, *ends;
	char *text;

	for (size_t at = 0; at < resource->n; at += p[at] + 1u) {
		if (p[at] >= resource->n - at)
			return false;
		data->strings++;
	}
	ends = arena_take(arena, data->strings * sizeof *ends);
	text = arena_take(arena, resource->n + 1);
	if (!ends || !text)
		return false;
	data->strings = 0;
	for (size_t at = 0; at < resource->n; at += p[at] + 1u) {
		memcpy(text + n, p + at + 1, p[at]);
		n += p[at];
		ends[data->strings++] = n;
	}
	data->text = (struct span){ text, n };
	data->string_end = ends;
	return true;
}

static bool data_address(struct packet packet, const struct resource *resource, size_t octets, struct dns_data *data)
{
	if (resource->n != octets)
		return false;
	if (octets == 4)
		data->address.octets[10] = data->address.octets[11] = 0xff;
	memcpy(data->address.octets + sizeof data->address.octets - octets, packet.p + resource->at, octets);
	return true;
}

#define SOA_NUMBERS 20 /* octets: serial, refresh, retry, expire, minimum */

static bool data_soa(struct packet packet, const struct resource *resource, struct arena *arena, struct dns_data *data)
{
	struct packet upto = { packet.p, resource->at + resource->n };
	struct wirename name;
	size_t at = resource->at;

	if (!wirename_read(upto, &at, &name))
		return false;
	data->name = wirename_text(&name, arena);
	return data->name.p && wirename_read(upto, &at, &name) && upto.n - at == SOA_NUMBERS;
}

static bool data_read(struct packet packet, const struct resource *resource, struct arena *arena, struct dns_data *data)
{
	switch ((enum dns_type)resource->type) {
	case DNS_TYPE_A:
		return data_address(packet, resource, 4, data);
	case DNS_TYPE_AAAA:
		return data_address(packet, resource, 16, data);
	case DNS_TYPE_MX:
		if (resource->n < 2)
			return false;
		data->preference = (uint16_t)u16_at(packet, resource->at);
		return data_name(packet, resource, 2, 0, arena, data);
	case DNS_TYPE_CNAME:
	case DNS_TYPE_NS:
	case DNS_TYPE_PTR:
		return data_name(packet, resource, 0, 0, arena, data);
	case DNS_TYPE_SOA:
		return data_soa(packet, resource, arena, data);
	case DNS_TYPE_TXT:
	case DNS_TYPE_SPF:
		return data_text(packet, resource, arena, data);
	}
	return false;
}

static int data_compare(const void *a, const void *b)
{
	const struct dns_data *x = a, *y = b;
	int order;

	if (x->preference != y->preference)
		return x->preference < y->preference ? -1 : 1;
	order = memcmp(&x->address, &y->address, sizeof x->address);
	if (order == 0)
		order = span_compare(x->name, y->name);
	return order ? order : span_compare(x->text, y->text);
}

/* ------------------------------------------------------------------ the message */

struct reading {
	struct packet packet;
	size_t answers;	       /* where they begin */
	unsigned n, authority; /* how many */
	struct arena *arena;
	struct dns_answer *answer;
	struct dns_data *data; /* room for DNS_DATA_MAX, or fewer where the message cannot hold as many */
};

static void ttl_lower(struct dns_answer *answer, bool first, uint32_t ttl)
{
	answer->ttl = first || ttl < answer->ttl ? ttl : answer->ttl;
}

/* One pass for the records of one owner; *alias is set when a CNAME stands there instead. */
static bool owner_read(struct reading *r, const struct wirename *owner, struct wirename *alias, bool *aliased)
{
	struct resource resource;
	size_t at = r->answers;

	*aliased = false;
	for (unsigned i = 0; i < r->n; i++) {
		size_t target;

		if (!resource_read(r->packet, &at, &resource))
			return false;
		if (resource.class != CLASS_IN || !wirename_is(&resource.owner, owner))
			continue;
		if (resource.type == (unsigned)r->answer->type) {
			if (r->answer->n == DNS_DATA_MAX)
				continue;
			if (!data_read(r->packet, &resource, r->arena, &r->data[r->answer->n]))
				return false;
			ttl_lower(r->answer, r->answer->n == 0 && r->answer->aliases == 0, resource.ttl);
			r->answer->n++;
		} else if (resource.type == DNS_TYPE_CNAME && !*aliased) {
			target = resource.at;
			if (!wirename_read(r->packet, &target, alias) || target != resource.at + resource.n)
				return false;
			ttl_lower(r->answer, r->answer->aliases == 0, resource.ttl);
			*aliased = true;
		}
	}
	return true;
}

/* RFC 2308 5: the smaller of the SOA's own TTL and its MINIMUM field, which is the last. */
static void negative_ttl(struct reading *r)
{
	struct resource resource;
	size_t at = r->answers;

	for (unsigned i = 0; i < r->n; i++)
		if (!resource_read(r->packet, &at, &resource))
			return;
	for (unsigned i = 0; i < r->authority && resource_read(r->packet, &at, &resource); i++) {
		uint32_t minimum;

		if (resource.type != DNS_TYPE_SOA || resource.class != CLASS_IN || resource.n < SOA_NUMBERS)
			continue;
		minimum = u32_at(r->packet, resource.at + resource.n - 4);
		ttl_lower(r->answer, r->answer->aliases == 0, resource.ttl < minimum ? resource.ttl : minimum);
		return;
	}
	r->answer->ttl = 0;
}

static bool answers_read(struct reading *r, struct wirename owner)
{
	struct wirename alias;
	bool aliased;

	for (;;) {
		if (!owner_read(r, &owner, &alias, &aliased))
			return false;
		if (r->answer->n || !aliased)
			break;
		if (++r->answer->aliases > DNS_ALIASES)
			return false;
		owner = alias;
	}
	r->answer->owner = wirename_text(&owner, r->arena);
	if (r->answer->n)
		qsort(r->data, r->answer->n, sizeof *r->data, data_compare);
	return r->answer->owner.p != NULL;
}

static bool message_read(struct reading *r)
{
	struct packet packet = r->packet;
	struct wirename asked, question;
	size_t at = HEADER, room;
	unsigned code;

	if (packet.n < HEADER || !wirename_of(r->answer->name, &asked) || u16_at(packet, 4) != 1)
		return false;
	code = packet.p[3] & 0xf;
	if (code != 0 && code != RCODE_NXDOMAIN)
		return false;
	if (!wirename_read(packet, &at, &question) || !wirename_is(&question, &asked) || packet.n - at < 4 ||
		u16_at(packet, at) != (unsigned)r->answer->type || u16_at(packet, at + 2) != CLASS_IN)
		return false;
	r->answers = at + 4;
	r->n = u16_at(packet, 6);
	r->authority = u16_at(packet, 8);
	room = packet.n / RECORD_LEAST < DNS_DATA_MAX ? packet.n / RECORD_LEAST : DNS_DATA_MAX;
	r->data = arena_take(r->arena, room * sizeof *r->data);
	if (!r->data || !answers_read(r, asked))
		return false;
	r->answer->data = r->data;
	r->answer->status = r->answer->n ? DNS_OK : code == RCODE_NXDOMAIN ? DNS_NXDOMAIN : DNS_NODATA;
	if (r->answer->n == 0)
		negative_ttl(r);
	return true;
}

void dnspacket_read(
	struct span packet, struct span name, enum dns_type type, struct arena *arena, struct dns_answer *answer)
{
	struct reading r = { { (const uint8_t *)packet.p, packet.n }, .arena = arena, .answer = answer };

	*answer = (struct dns_answer){ .name = name, .type = type };
	if (!message_read(&r))
		*answer = (struct dns_answer){ .name = name, .type = type, .status = DNS_SERVFAIL };
}
