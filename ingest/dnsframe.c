#include "ingest/dnsframe.h"

#define NAME_TEXT_MAX 1020 /* 255 octets, each as \DDD */

/* The fixed part of an answer, behind the head. Each record follows as its length in 32 bits and its octets. */
struct fixed {
	uint32_t ttl;
	uint16_t records, owner;
	uint8_t status, security, aliases;
};

/* May be shown and compared without a further look. */
static bool name_fits(struct span name)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] > '~')
			return false;
	return name.n <= NAME_TEXT_MAX;
}

/* ------------------------------------------------------------------ writing */

static bool put_text(struct buf *out, const struct dns_data *data)
{
	size_t begin = 0;

	for (size_t i = 0; i < data->strings; i++) {
		size_t n = data->string_end[i] - begin;

		buf_put_byte(out, (unsigned char)n);
		buf_put(out, data->text.p + begin, n);
		begin = data->string_end[i];
	}
	return !out->failed;
}

static bool put_data(struct buf *out, enum dns_type type, const struct dns_data *data)
{
	size_t start = out->n;
	uint32_t n = 0;

	buf_put(out, &n, sizeof n);
	switch (type) {
	case DNS_TYPE_TXT:
	case DNS_TYPE_SPF:
		put_text(out, data);
		break;
	case DNS_TYPE_A:
	case DNS_TYPE_AAAA:
		buf_put(out, &data->address, sizeof data->address);
		break;
	case DNS_TYPE_MX:
		buf_put(out, &data->preference, sizeof data->preference);
		buf_put_span(out, data->name);
		break;
	case DNS_TYPE_CNAME:
	case DNS_TYPE_NS:
	case DNS_TYPE_PTR:
	case DNS_TYPE_SOA:
		buf_put_span(out, data->name);
		break;
	}
	if (out->failed)
		return false;
	n = (uint32_t)(out->n - start - sizeof n);
	memcpy(out->p + start, &n, sizeof n);
	return true;
}

static size_t data_octets(const struct dns_data *data)
{
	return sizeof(uint32_t) + data->text.n + data->strings + data->name.n + sizeof data->address;
}

static bool names_fit(const struct dns_answer *answer)
{
	for (size_t i = 0; i < answer->n; i++)
		if (!name_fits(answer->data[i].name))
			return false;
	return name_fits(answer->owner);
}

bool dnsframe_put(struct buf *out, const struct dnsframe_head *head, const struct dns_answer *answer)
{
	static const struct dns_answer unfit = { .status = DNS_SERVFAIL };
	struct fixed fixed;
	size_t octets, n = 0;

	if (!names_fit(answer))
		answer = &unfit;
	octets = sizeof *head + sizeof fixed + answer->owner.n;
	for (; n < answer->n && n < DNS_DATA_MAX && octets + data_octets(&answer->data[n]) <= DNSFRAME_MAX; n++)
		octets += data_octets(&answer->data[n]);
	memset(&fixed, 0, sizeof fixed); /* the octets between the fields too */
	fixed.ttl = answer->ttl;
	fixed.records = (uint16_t)n;
	fixed.owner = (uint16_t)answer->owner.n;
	fixed.status = (uint8_t)answer->status;
	fixed.security = (uint8_t)answer->security;
	fixed.aliases = (uint8_t)answer->aliases;
	buf_put(out, head, sizeof *head);
	buf_put(out, &fixed, sizeof fixed);
	buf_put_span(out, answer->owner);
	for (size_t i = 0; i < n; i++)
		put_data(out, answer->type, &answer->data[i]);
	return !out->failed;
}

/* ------------------------------------------------------------------ reading */

static bool take(struct span *from, void *octets, size_t n)
{
	if (n > from->n)
		return false;
	memcpy(octets, from->p, n);
	from->p += n;
	from->n -= n;
	return true;
}

static bool get_name(struct span from, struct arena *arena, struct span *name)
{
	if (!name_fits(from))
		return false;
	*name = arena_copy(arena, from);
	return name->p != NULL;
}

static bool get_text(struct span from, struct arena *arena, struct dns_data *data)
{
	size_t *ends, n = 0, strings = 0;
	char *text;

	for (size_t at = 0; at < from.n; at += (uint8_t)from.p[at] + 1u, strings++)
		if ((uint8_t)from.p[at] >= from.n - at)
			return false;
	ends = arena_take(arena, strings * sizeof *ends);
	text = arena_take(arena, from.n + 1);
	if (!ends || !text)
		return false;
	for (size_t at = 0; at < from.n; at += (uint8_t)from.p[at] + 1u) {
		memcpy(text + n, from.p + at + 1, (uint8_t)from.p[at]);
		n += (uint8_t)from.p[at];
		ends[data->strings++] = n;
	}
	data->string_end = ends;
	data->text = (struct span){ text, n };
	return n <= DNS_TEXT_MAX;
}

static bool get_data(struct span from, enum dns_type type, struct arena *arena, struct dns_data *data)
{
	switch (type) {
	case DNS_TYPE_TXT:
	case DNS_TYPE_SPF:
		return get_text(from, arena, data);
	case DNS_TYPE_A:
	case DNS_TYPE_AAAA:
		return take(&from, &data->address, sizeof data->address) && from.n == 0;
	case DNS_TYPE_MX:
		return take(&from, &data->preference, sizeof data->preference) && get_name(from, arena, &data->name);
	case DNS_TYPE_CNAME:
	case DNS_TYPE_NS:
	case DNS_TYPE_PTR:
	case DNS_TYPE_SOA:
		return get_name(from, arena, &data->name);
	}
	return false;
}

static bool get_records(struct span from, size_t n, struct arena *arena, struct dns_answer *answer)
{
	struct dns_data *data = arena_take(arena, n * sizeof *data);

	if (!data)
		return false;
	for (size_t i = 0; i < n; i++) {
		uint32_t octets;

		if (!take(&from, &octets, sizeof octets) || octets > from.n ||
			!get_data((struct span){ from.p, octets }, answer->type, arena, &data[i]))
			return false;
		from.p += octets;
		from.n -= octets;
	}
	answer->data = data;
	answer->n = n;
	return from.n == 0;
}

bool dnsframe_get(struct span frame, struct span name, enum dns_type type, struct arena *arena,
	struct dnsframe_head *head, struct dns_answer *answer)
{
	struct fixed fixed;

	*answer = (struct dns_answer){ .name = name, .type = type, .status = DNS_SERVFAIL };
	if (!take(&frame, head, sizeof *head) || !take(&frame, &fixed, sizeof fixed))
		return false;
	if (fixed.status >= DNS_STATUS_COUNT || fixed.security >= DNS_SECURITY_COUNT || fixed.records > DNS_DATA_MAX ||
		fixed.aliases > DNS_ALIASES + 1 || (fixed.status == DNS_OK) != (fixed.records != 0))
		return false;
	answer->status = fixed.status;
	answer->security = fixed.security;
	answer->aliases = fixed.aliases;
	answer->ttl = fixed.ttl;
	if (fixed.owner > frame.n || !get_name((struct span){ frame.p, fixed.owner }, arena, &answer->owner))
		return false;
	frame.p += fixed.owner;
	frame.n -= fixed.owner;
	return get_records(frame, fixed.records, arena, answer);
}
