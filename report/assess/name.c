/* What a source is called. First hit wins; a host name that does not resolve back never matches anything, because
 * whoever owns an address writes its PTR. */
#include "report/assess/work.h"

#include <stdlib.h>

#define PREFIX_V4 24
#define PREFIX_V4_TEXT "/24"
#define PREFIX_V6 48
#define PREFIX_V6_TEXT "/48"

_Static_assert(sizeof PREFIX_V4_TEXT == sizeof PREFIX_V6_TEXT, "either is put behind an address");

const char *name_method_word(enum name_method method)
{
	static const char *const words[METHOD_COUNT] = { "map", "table", "host", "bounce", "signature", "network",
		"prefix", "own", "scatter" };

	return method < METHOD_COUNT ? words[method] : "";
}

/* A name that only repeats the address (at least three of its numbers), or says dial-up in a label. */
static bool host_is_dial_up(struct span host, const struct address *address)
{
	static const char *const words[] = { "dyn", "dynamic", "dsl", "adsl", "pool", "cust", "dialup", "ppp" };
	unsigned numbers[8] = { 0 }, n = 0, found = 0;
	bool in = false;

	for (size_t i = 0; i < host.n && n < 8; i++) {
		bool digit = host.p[i] >= '0' && host.p[i] <= '9';

		if (digit && !in)
			numbers[n] = 0;
		if (digit && numbers[n] < 1000)
			numbers[n] = numbers[n] * 10 + (unsigned)(host.p[i] - '0');
		n += in && !digit;
		in = digit;
	}
	n += in && n < 8;
	for (int octet = 12; octet < 16 && address_is_v4(address); octet++)
		for (unsigned i = 0; i < n; i++)
			if (numbers[i] == address->octets[octet]) {
				found++;
				break;
			}
	if (found >= 3 && n >= 3)
		return true;
	for (size_t start = 0, i = 0; i <= host.n; i++) {
		if (i < host.n && ((host.p[i] | 32) >= 'a' && (host.p[i] | 32) <= 'z'))
			continue;
		for (size_t k = 0; k < sizeof words / sizeof *words; k++)
			if (span_is_nocase((struct span){ host.p + start, i - start }, span_of(words[k])))
				return true;
		start = i + 1;
	}
	return false;
}

const struct sender_row *sender_by_host(const struct rows *rows, struct span host)
{
	const struct sender_row *best = NULL;
	size_t longest = 0;

	for (size_t i = 0; i < rows->senders_n; i++) {
		const struct sender_row *s = &rows->senders[i];

		for (size_t k = 0; k < s->hosts_n; k++) {
			if (s->hosts[k].n > longest && domain_within(host, s->hosts[k])) {
				best = s;
				longest = s->hosts[k].n;
			}
		}
	}
	return best;
}

/* Hosts named so run lists, whoever owns them; that alone never reaches high confidence. */
static bool host_runs_lists(struct span host)
{
	static const char *const words[] = { "list", "lists", "mailman", "listserv", "sympa", "majordomo" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		size_t at = strlen(words[i]);

		if (!span_starts_nocase(host, span_of(words[i])))
			continue;
		while (at < host.n && host.p[at] >= '0' && host.p[at] <= '9')
			at++;
		if (at < host.n && host.p[at] == '.')
			return true;
	}
	return false;
}

static struct span prefix_text(struct work *w, const struct observed_source *source)
{
	char text[ADDRESS_TEXT + sizeof PREFIX_V6_TEXT];
	struct address base = source->address;
	unsigned bits;

	if (!source->has_address)
		return source->text.n ? source->text : SPAN("unknown");
	bits = address_is_v4(&base) ? 96 + PREFIX_V4 : PREFIX_V6;
	memset(base.octets + bits / 8, 0, sizeof base.octets - bits / 8);
	address_format(&base, text);
	memcpy(text + strlen(text), bits > 96 ? PREFIX_V4_TEXT : PREFIX_V6_TEXT, sizeof PREFIX_V6_TEXT);
	return arena_copy(w->arena, span_of(text));
}

static struct span address_text(struct work *w, const struct observed_source *source)
{
	char text[ADDRESS_TEXT];

	if (!source->has_address)
		return source->text.n ? source->text : SPAN("unknown");
	return arena_copy(w->arena, span_of(address_format(&source->address, text)));
}

/* What most of a source's messages say besides its host name. */
struct gist {
	uint32_t auth_bounce, auth_signer; /* index of an auth that names it, or NO_INDEX */
};

struct tally {
	uint32_t source, auth;
	uint64_t messages;
};

static int tally_order(const void *a, const void *b)
{
	const struct tally *x = a, *y = b;

	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	if (x->messages != y->messages)
		return x->messages > y->messages ? -1 : 1;
	return x->auth < y->auth ? -1 : x->auth > y->auth;
}

static bool names_bounce(const struct auth_state *auth)
{
	return auth->spf_passed && !auth->bounce_ours;
}

/* Per source rank: the most frequent outcome that passed a foreign SPF or DKIM domain. */
static struct gist *collect_gists(struct work *w)
{
	struct gist *gists = arena_take(w->scratch, w->rows->sources_n * sizeof *gists);
	size_t n = 0, room = 0;
	struct tally *tallies = array_grow(w->scratch, NULL, 0, &room, sizeof *tallies);
	struct map *map = map_new(w->scratch, w->rows->sources_n);
	uint32_t *example = arena_take(w->scratch, w->rows->auths_n * sizeof *example);
	bool *tells = arena_take(w->scratch, w->rows->auths_n * sizeof *tells);

	if (!gists || !tallies || !map || !example || !tells)
		return NULL;
	for (uint32_t i = 0; i < w->rows->auths_n; i++) {
		example[w->auths[i].rank] = i;
		tells[i] = names_bounce(&w->auths[i]) || w->auths[i].foreign_signature;
	}
	for (size_t i = 0; i < w->rows->sources_n; i++)
		gists[i] = (struct gist){ NO_INDEX, NO_INDEX };
	for (uint32_t i = 0; i < w->rows->traffic_n; i++) {
		const struct observed_traffic *row = &w->rows->traffic[i];
		uint32_t source = w->source_rank[row->source], auth = w->auths[row->auth].rank;
		uint32_t *slot;

		if (!tells[row->auth] || !row_counts(w, i))
			continue;
		slot = map_at(map, (uint64_t)source << 32 | auth);
		if (!slot)
			return NULL;
		if (*slot == NO_INDEX) {
			tallies = array_grow(w->scratch, tallies, n, &room, sizeof *tallies);
			if (!tallies)
				return NULL;
			tallies[n] = (struct tally){ source, auth, 0 };
			*slot = (uint32_t)n++;
		}
		tallies[*slot].messages = add_up(tallies[*slot].messages, row->count);
	}
	qsort(tallies, n, sizeof *tallies, tally_order);
	for (size_t i = 0; i < n; i++) {
		struct gist *gist = &gists[tallies[i].source];
		uint32_t auth = example[tallies[i].auth];

		if (gist->auth_bounce == NO_INDEX && names_bounce(&w->auths[auth]))
			gist->auth_bounce = auth;
		if (gist->auth_signer == NO_INDEX && w->auths[auth].foreign_signature)
			gist->auth_signer = auth;
	}
	return gists;
}

static struct span org_or_name(const struct domain_name *d)
{
	return d->org.n ? d->org : d->name;
}

static bool host_is_own(const struct work *w, const struct observed_source *s)
{
	if (s->host_state == HOST_CONFIRMED && domain_within(s->host.name, w->options->domain.name))
		return true;
	return s->has_address && in_own_net(w, &s->address);
}

static struct named_source name_by_traffic(struct work *w, const struct observed_source *s, const struct gist *gist)
{
	struct named_source n = { .method = METHOD_PREFIX };

	if (gist->auth_bounce != NO_INDEX) {
		n.method = METHOD_BOUNCE;
		n.id = org_or_name(&w->auths[gist->auth_bounce].bounce);
	} else if (gist->auth_signer != NO_INDEX) {
		n.method = METHOD_SIGNATURE;
		n.id = org_or_name(&w->auths[gist->auth_signer].signer);
	} else if (s->as_org.n) {
		n.method = METHOD_NETWORK;
		n.id = s->as_org;
	} else {
		n.id = prefix_text(w, s);
	}
	n.name = n.id;
	return n;
}

static struct named_source name_source(struct work *w, uint32_t i, const struct gist *gist)
{
	const struct observed_source *s = &w->rows->sources[i];
	bool confirmed = s->host_state == HOST_CONFIRMED && s->host.name.n;
	const struct sender_row *row = confirmed ? sender_by_host(w->rows, s->host.name) : NULL;
	struct span bounce = gist->auth_bounce == NO_INDEX ? SPAN_ABSENT : w->auths[gist->auth_bounce].bounce.name;
	struct span signer = gist->auth_signer == NO_INDEX ? SPAN_ABSENT : w->auths[gist->auth_signer].signer.name;
	const struct mark_row *mark = mark_naming(w, s, bounce, signer);
	struct named_source n = { 0 };

	if (mark) {
		for (size_t k = 0; !row && k < w->rows->senders_n; k++)
			if (span_is_nocase(w->rows->senders[k].id, mark->value))
				row = &w->rows->senders[k];
		n = (struct named_source){ mark->value, mark->value, METHOD_MAP, mark->named, NULL, false };
		if (row && span_is_nocase(row->id, mark->value))
			n.row = row;
		if (n.kind == SENDER_NONE && n.row)
			n.kind = n.row->kind;
	} else if (host_is_own(w, s) || (w->direct[w->source_rank[i]] && !row)) {
		n = (struct named_source){ .id = address_text(w, s), .method = METHOD_OWN, .own_network = true };
		n.name = confirmed ? s->host.name : n.id;
	} else if (row) {
		n = (struct named_source){ row->id, row->name, METHOD_TABLE, row->kind, row, false };
	} else if (confirmed && !w->dial_up[w->source_rank[i]]) {
		n = (struct named_source){ .id = org_or_name(&s->host), .method = METHOD_HOST };
		n.name = n.id;
	} else {
		n = name_by_traffic(w, s, gist);
	}
	if (n.kind == SENDER_NONE && confirmed && !n.own_network && host_runs_lists(s->host.name))
		n.kind = SENDER_LIST;
	return n;
}

static uint64_t named_key(const void *names, uint32_t index)
{
	return text_key(((const struct named_source *)names)[index].id);
}

/* By id; what same_named() tells apart comes before the rest, so that equals lie together. */
static int named_order(const void *a, const void *b, void *names)
{
	const struct named_source *all = names, *x = &all[*(const uint32_t *)a], *y = &all[*(const uint32_t *)b];
	int order = span_compare(x->id, y->id);

	if (order)
		return order;
	if (x->own_network != y->own_network)
		return x->own_network ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->method != y->method)
		return x->method < y->method ? -1 : 1;
	return span_compare(x->name, y->name);
}

/* Two hosts of one organisation, one of them a list host, stay two sources under one id only if their kinds agree. */
static bool same_named(const struct named_source *a, const struct named_source *b)
{
	return span_is(a->id, b->id) && a->kind == b->kind && a->own_network == b->own_network;
}

static void note_hosts(struct work *w)
{
	for (uint32_t i = 0; i < w->rows->traffic_n; i++) {
		const struct observed_traffic *row = &w->rows->traffic[i];

		if (row_counts(w, i) && row_judge(w, row).kind == KIND_DIRECT)
			w->direct[w->source_rank[row->source]] = true;
	}
	for (uint32_t i = 0; i < w->rows->sources_n; i++) {
		const struct observed_source *s = &w->rows->sources[i];

		w->dial_up[w->source_rank[i]] =
			s->host_state == HOST_NONE ||
			(s->host_state != HOST_UNKNOWN && s->has_address && host_is_dial_up(s->host.name, &s->address));
	}
}

/* Sources that same_named() takes for one, and the operator does not: what is said of an address or a host holds for these
 * alone, and is not spread over whoever else is with that hoster. `order` is by id. */
static bool split_marked(struct work *w, struct named_source *all, uint32_t *order)
{
	size_t n = w->rows->sources_n;
	const struct mark_row **told = arena_take(w->scratch, n * sizeof *told);
	bool split = false;

	if (!told)
		return false;
	for (size_t i = 0; i < n; i++)
		told[i] = mark_of_address(w, &w->rows->sources[order[i]]);
	for (size_t start = 0, i; start < n; start = i) {
		bool several = false;

		for (i = start + 1; i < n && same_named(&all[order[start]], &all[order[i]]); i++)
			several |= told[i] != told[start];
		for (size_t k = start; several && k < i; k++) {
			struct named_source *named = &all[order[k]];

			if (!told[k] || named->own_network)
				continue;
			named->id = told[k]->subject;
			named->name = named->row ? named->name : named->id;
			split = true;
		}
	}
	return !split || order_indexes(w->scratch, order, n, named_key, named_order, all);
}

bool work_names(struct work *w)
{
	size_t n = w->rows->sources_n;
	struct named_source *all = arena_take(w->scratch, n * sizeof *all);
	uint32_t *order = arena_take(w->scratch, n * sizeof *order);
	struct gist *gists;

	w->direct = arena_take(w->arena, n * sizeof *w->direct);
	w->dial_up = arena_take(w->arena, n * sizeof *w->dial_up);
	w->named = arena_take(w->arena, n * sizeof *w->named);
	w->sources = arena_take(w->arena, (n + 1) * sizeof *w->sources);
	if (!all || !order || !w->direct || !w->dial_up || !w->named || !w->sources)
		return false;
	note_hosts(w);
	gists = collect_gists(w);
	if (!gists)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		all[i] = name_source(w, i, &gists[w->source_rank[i]]);
		order[i] = i;
	}
	if (w->arena->failed || !order_indexes(w->scratch, order, n, named_key, named_order, all) ||
		(w->rows->marks_n && !split_marked(w, all, order)))
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct named_source *named = &all[order[i]];

		if (i == 0 || !same_named(&w->sources[w->sources_n - 1], named))
			w->sources[w->sources_n++] = *named;
		w->named[order[i]] = (uint32_t)w->sources_n - 1;
	}
	w->sources[w->sources_n] = (struct named_source){
		.id = SPAN("scatter"), .name = SPAN("many addresses"), .method = METHOD_SCATTER
	};
	return true;
}
