#include "cli/snapshot.h"
#include "cli/published.h"
#include "parse/dns/keylint.h"
#include "parse/dns/orgdomain.h"
#include "parse/dns/zonefile.h"

#include <stdlib.h>

/* Reports may name any key and any subdomain. Of no honest domain more are known. */
#define KEYS_MOST 500
#define NAMES_MOST 500
#define ASKED_MOST 20000 /* until so many are found */

struct reading {
	struct dns dns;
	struct store_dns from; /* unused with a zone file, which is of today */
	int64_t oldest; /* what was seen before says nothing */
	int64_t today;
	struct arena *arena;
};

/* The last sight of a name and type; DNS_UNASKED when there is none or it is too old. */
static struct dns_answer seen_of(struct reading *r, struct span name, enum dns_type type)
{
	struct dns_answer answer;

	r->from.answers = 0;
	answer = dns_ask(r->dns, name, type, r->arena);
	if (r->from.answers && r->from.oldest < r->oldest)
		answer.status = DNS_UNASKED;
	return answer;
}

/* ---- records */

static bool records_read(struct reading *r, struct span domain, struct published *published)
{
	struct findings findings = { .arena = r->arena };
	struct lint_domain *seen = arena_take(r->arena, sizeof *seen);

	if (!seen || !lint_domain(r->dns, domain, &findings, seen))
		return false;
	if (!published_fill(seen, r->arena, published))
		return false;
	if (r->from.answers && r->from.oldest < r->oldest)
		*published = (struct published){ .checked = false };
	return true;
}

/* ---- keys that signed validly */

static int key_order(const void *a, const void *b)
{
	const struct published_key *x = a, *y = b;
	int order = span_compare(x->domain, y->domain);

	return order ? order : span_compare(x->selector, y->selector);
}

/* Equal neighbours become one. */
static size_t unique(void *items, size_t n, size_t size, int (*order)(const void *, const void *))
{
	char *all = items;
	size_t kept = 0;

	qsort(items, n, size, order);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || order(all + (kept - 1) * size, all + i * size) != 0)
			memmove(all + kept++ * size, all + i * size, size);
	return kept;
}

static bool key_read(struct reading *r, struct published_key *key)
{
	struct span name = key_name(key->selector, key->domain, r->arena);
	struct dns_answer answer;
	struct key_seen seen;

	if (!name.p)
		return false;
	answer = seen_of(r, name, DNS_TYPE_TXT);
	seen = key_seen_in(&answer, r->arena);
	key->missing = seen.state == KEY_STATE_NONE || (seen.state == KEY_STATE_BROKEN && !seen.bits);
	key->revoked = seen.state == KEY_STATE_REVOKED;
	key->testing = seen.testing;
	key->seen = r->from.answers ? moment_day(r->from.oldest) : r->today;
	key->bits = strcmp(seen.type, "RSA") == 0 ? seen.bits : 0;
	return seen.state != KEY_STATE_UNKNOWN;
}

struct candidate {
	struct published_key key;
	bool valid;	   /* receivers found a signature with it valid */
	uint64_t vouched; /* records of authenticated reports that name it */
};

static int candidate_order(const void *a, const void *b)
{
	return key_order(&((const struct candidate *)a)->key, &((const struct candidate *)b)->key);
}

static int candidate_rank(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->valid != y->valid)
		return x->valid ? -1 : 1;
	if (x->vouched != y->vouched)
		return x->vouched > y->vouched ? -1 : 1;
	return candidate_order(a, b);
}

/* Of each of the auths: its records in authenticated reports. */
static uint64_t *vouched_count(struct arena *arena, const struct observed *observed)
{
	uint64_t *counts = arena_take(arena, observed->auths_n * sizeof *counts);

	for (size_t i = 0; counts && i < observed->traffic_n; i++) {
		const struct observed_traffic *row = &observed->traffic[i];
		enum carriage carriage = observed->reports[row->report].carriage;

		counts[row->auth] += carriage >= CARRIAGE_BORDER_SPF && carriage <= CARRIAGE_SIGNED;
	}
	return counts;
}

/* Each key that signed for the domain once. */
static size_t candidates_collect(
	const struct domain_name *domain, const struct observed *observed, const uint64_t *vouched, struct candidate *all)
{
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < observed->auths_n; i++) {
		const struct observed_auth *a = &observed->auths[i];

		for (size_t k = 0; k < a->dkim_n; k++)
			if (a->dkim[k].selector.n && domain->org.n && span_is(a->dkim[k].domain.org, domain->org))
				all[n++] = (struct candidate){ .key = { .domain = a->dkim[k].domain.name, .selector = a->dkim[k].selector },
					.valid = a->dkim[k].result == RESULT_PASS,
					.vouched = vouched[i] };
	}
	qsort(all, n, sizeof *all, candidate_order);
	for (size_t i = 0; i < n; i++) {
		if (kept && candidate_order(&all[kept - 1], &all[i]) == 0) {
			all[kept - 1].valid |= all[i].valid;
			all[kept - 1].vouched += all[i].vouched;
		} else {
			all[kept++] = all[i];
		}
	}
	return kept;
}

/* Anybody can write selectors into a signature, and into a report: what was never valid, and what only reports name that
 * prove no sender, comes last. */
static bool keys_read(
	struct reading *r, const struct domain_name *domain, const struct observed *observed, struct published *published)
{
	struct published_key *read = arena_take(r->arena, KEYS_MOST * sizeof *read);
	uint64_t *vouched = vouched_count(r->arena, observed);
	struct candidate *all;
	size_t most = 0, n;

	for (size_t i = 0; i < observed->auths_n; i++)
		most += observed->auths[i].dkim_n;
	all = arena_take(r->arena, most * sizeof *all);
	if (!read || !vouched || !all)
		return false;
	published->keys = read;
	n = candidates_collect(domain, observed, vouched, all);
	qsort(all, n, sizeof *all, candidate_rank);
	for (size_t i = 0; i < n && i < ASKED_MOST && published->keys_n < KEYS_MOST; i++)
		if (key_read(r, &all[i].key))
			read[published->keys_n++] = all[i].key;
	return true;
}

/* ---- author domains below the policy domain */

static int name_order(const void *a, const void *b)
{
	return span_compare(((const struct published_name *)a)->name, ((const struct published_name *)b)->name);
}

static bool name_read(struct reading *r, struct published_name *name)
{
	static const enum dns_type types[] = { DNS_TYPE_MX, DNS_TYPE_A, DNS_TYPE_AAAA, DNS_TYPE_TXT };
	struct span place = dns_name_under(r->arena, SPAN("_dmarc"), name->name);
	struct dns_answer answer;

	for (size_t i = 0; i < sizeof types / sizeof *types && name->exists == NAME_UNKNOWN; i++) {
		answer = seen_of(r, name->name, types[i]);
		if (answer.status == DNS_NXDOMAIN)
			name->exists = NAME_NXDOMAIN;
		else if (answer.status == DNS_OK || answer.status == DNS_NODATA)
			name->exists = NAME_EXISTS;
	}
	if (!place.p)
		return false;
	answer = seen_of(r, place, DNS_TYPE_TXT);
	for (size_t i = 0; answer.status == DNS_OK && i < answer.n; i++)
		name->own_record |= dmarc_text_counts(answer.data[i].text);
	return name->exists != NAME_UNKNOWN || answer.status == DNS_OK;
}

static bool names_read(
	struct reading *r, const struct domain_name *domain, const struct observed *observed, struct published *published)
{
	struct published_name *names = arena_take(r->arena, observed->auths_n * sizeof *names);
	size_t n = 0;

	for (size_t i = 0; names && i < observed->auths_n; i++) {
		struct span from = observed->auths[i].header_from.name;

		if (from.n > domain->name.n && domainname_is_under(from, domain->name))
			names[n++] = (struct published_name){ .name = from };
	}
	n = names ? unique(names, n, sizeof *names, name_order) : 0;
	published->names = names;
	for (size_t i = 0; i < n && i < ASKED_MOST && published->names_n < NAMES_MOST; i++) {
		struct published_name name = names[i];

		if (name_read(r, &name))
			names[published->names_n++] = name;
	}
	return names;
}

bool snapshot_read(struct store *store, struct zonefile *zone, const struct domain_name *domain,
	const struct observed *observed, int64_t now, struct arena *arena, struct published *published, struct fault *fault)
{
	struct reading r = { .from = { .store = store },
		.oldest = now - SNAPSHOT_DAYS * DAY_SECONDS,
		.today = moment_day(now),
		.arena = arena };

	*published = (struct published){ .checked = false };
	if (!store && !zone)
		return true;
	r.dns = zone ? (struct dns){ zonefile_ask, zone } : (struct dns){ store_dns_ask, &r.from };
	if (!records_read(&r, domain->name, published) || arena->failed)
		return fault_set(fault, FAULT_LATER, "%.253s: out of memory", domain->name.p);
	if (published->checked &&
		(!keys_read(&r, domain, observed, published) || !names_read(&r, domain, observed, published)))
		return fault_set(fault, FAULT_LATER, "%.253s: out of memory", domain->name.p);
	return !r.from.failed || fault_set(fault, FAULT_LATER, "%.253s: its snapshots cannot be read", domain->name.p);
}
