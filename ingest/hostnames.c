#include "ingest/hostnames.h"

#include "base/steady.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

/* One address on its way: first its PTR records, then each of their names. */
struct looking {
	bool busy;
	struct address address;
	char names[HOSTNAMES_EACH][DNS_NAME_MAX + 1]; /* sorted */
	size_t n, at;
	bool doubt; /* the DNS was silent on one of the names */
};

struct hostnames {
	struct resolver *resolver;
	struct looking lookings[HOSTNAMES_AT_ONCE];
	size_t busy;
	struct arena arena;
	hostname_taker *take;
	void *arg;
	bool stopped;
};

const char *reverse_name(const struct address *address, char name[REVERSE_NAME])
{
	const uint8_t *o = address->octets;
	char *at = name;

	if (address_is_v4(address)) {
		snprintf(name, REVERSE_NAME, "%u.%u.%u.%u.in-addr.arpa", o[15], o[14], o[13], o[12]);
		return name;
	}
	for (int i = 15; i >= 0; i--)
		at += snprintf(at, REVERSE_NAME - (size_t)(at - name), "%x.%x.", o[i] & 15, o[i] >> 4);
	snprintf(at, REVERSE_NAME - (size_t)(at - name), "ip6.arpa");
	return name;
}

static void looking_end(struct hostnames *h, struct looking *l, enum hostname_state state, const char *name)
{
	l->busy = false;
	h->busy--;
	if (!h->stopped && !h->take(h->arg, &l->address, state, span_of(name)))
		h->stopped = true;
}

static void ask(struct hostnames *h, const struct looking *l, const char *name, enum dns_type type)
{
	/* There is room: fewer are on their way than may be outstanding. */
	resolver_ask(h->resolver, (uint64_t)(l - h->lookings), span_of(name), type);
}

static void ask_name(struct hostnames *h, struct looking *l)
{
	if (l->at < l->n)
		ask(h, l, l->names[l->at], address_is_v4(&l->address) ? DNS_TYPE_A : DNS_TYPE_AAAA);
	else if (l->doubt)
		looking_end(h, l, HOSTNAME_SILENT, NULL);
	else
		looking_end(h, l, HOSTNAME_UNCONFIRMED, l->names[0]);
}

static int name_order(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Letters, digits, hyphens, underscores and dots: a name that can be asked for, and shown. */
static bool name_take(struct looking *l, struct span name)
{
	char *out = l->names[l->n];

	if (l->n == HOSTNAMES_EACH || !name.n || name.n > DNS_NAME_MAX || !memchr(name.p, '.', name.n))
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c | 32);
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '_' && c != '.')
			return false;
		out[i] = c;
	}
	out[name.n] = '\0';
	l->n++;
	return true;
}

static bool is_silent(const struct dns_answer *answer)
{
	return answer->status != DNS_OK && !dns_is_empty(answer);
}

static void pointer_came(struct hostnames *h, struct looking *l, const struct dns_answer *answer)
{
	if (is_silent(answer)) {
		looking_end(h, l, HOSTNAME_SILENT, NULL);
		return;
	}
	for (size_t i = 0; i < answer->n; i++)
		name_take(l, answer->data[i].name);
	if (l->n == 0) {
		looking_end(h, l, HOSTNAME_NONE, NULL);
		return;
	}
	qsort(l->names, l->n, sizeof *l->names, name_order);
	ask_name(h, l);
}

static void address_came(struct hostnames *h, struct looking *l, const struct dns_answer *answer)
{
	l->doubt |= is_silent(answer);
	for (size_t i = 0; i < answer->n; i++)
		if (memcmp(&answer->data[i].address, &l->address, sizeof l->address) == 0) {
			looking_end(h, l, HOSTNAME_CONFIRMED, l->names[l->at]);
			return;
		}
	l->at++;
	ask_name(h, l);
}

static void answers_take(struct hostnames *h)
{
	struct dns_answer answer;
	uint64_t token;

	while (resolver_next(h->resolver, &token, &h->arena, &answer)) {
		struct looking *l = token < HOSTNAMES_AT_ONCE ? &h->lookings[token] : NULL;

		if (l && l->busy && answer.type == DNS_TYPE_PTR)
			pointer_came(h, l, &answer);
		else if (l && l->busy)
			address_came(h, l, &answer);
		arena_clear(&h->arena);
	}
}

static void looking_begin(struct hostnames *h, const struct address *address)
{
	struct looking *l = h->lookings;
	char name[REVERSE_NAME];

	while (l->busy)
		l++;
	*l = (struct looking){ .busy = true, .address = *address };
	h->busy++;
	ask(h, l, reverse_name(address, name), DNS_TYPE_PTR);
}

void hostnames_look(struct resolver *resolver, const struct address *addresses, size_t n, unsigned seconds,
	hostname_taker *take, void *arg)
{
	struct hostnames h = { .resolver = resolver, .arena = ARENA(RESOLVER_ANSWER_OCTETS), .take = take, .arg = arg };
	struct pollfd ready = { .fd = resolver_descriptor(resolver), .events = POLLIN };
	int64_t until = steady_ms() + (int64_t)seconds * 1000, left;
	size_t next = 0;

	while (!h.stopped && (next < n || h.busy) && (left = until - steady_ms()) > 0) {
		while (next < n && h.busy < HOSTNAMES_AT_ONCE && !resolver_state(resolver).offline)
			looking_begin(&h, &addresses[next++]);
		if (!h.busy)
			break;
		answers_take(&h);
		if (h.busy && resolver_outstanding(resolver))
			poll(&ready, 1, left < 1000 ? (int)left : 1000);
	}
	arena_release(&h.arena);
}
