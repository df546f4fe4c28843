#include "parse/dns/discovery.h"

#include "parse/dns/orgdomain.h"

const char *dmarc_outcome_word(enum dmarc_outcome outcome)
{
	static const char *const words[] = {
		[DMARC_ABSENT] = "absent",
		[DMARC_FOUND] = "found",
		[DMARC_DEAD] = "dead",
		[DMARC_UNKNOWN] = "unknown",
	};

	return (unsigned)outcome <= DMARC_UNKNOWN ? words[outcome] : "?";
}

/* Lower-case A-labels in the arena: names are asked for and compared in this form. Absent: no domain name. */
static struct span name_normal(struct arena *arena, struct span name)
{
	char text[DOMAINNAME_TEXT];
	size_t n = domain_alabels(name, text);

	return n ? arena_copy(arena, (struct span){ text, n }) : SPAN_ABSENT;
}

/* RFC 9989 4.10: texts that are no DMARC records are dropped, and of several records all are. */
static bool look_take(struct dns dns, struct span target, struct arena *arena, struct dmarc_look *look)
{
	struct span name = dns_name_under(arena, SPAN("_dmarc"), target);

	*look = (struct dmarc_look){ .target = target };
	if (arena->failed)
		return false;
	/* A name too long to be asked for cannot exist. */
	look->answer = name.p ? dns_ask(dns, name, DNS_TYPE_TXT, arena)
			      : (struct dns_answer){ .name = target, .type = DNS_TYPE_TXT, .status = DNS_NXDOMAIN };
	for (size_t i = 0; i < look->answer.n; i++)
		if (dmarc_text_counts(look->answer.data[i].text)) {
			look->data = &look->answer.data[i];
			look->counting++;
		}
	if (look->counting != 1)
		look->data = NULL;
	return !look->data || dmarc_record_parse(look->data->text, arena, &look->record);
}

static bool look_unknown(const struct dmarc_look *look)
{
	return look->answer.status != DNS_OK && !dns_is_empty(&look->answer);
}

static bool walk_look(struct dns dns, struct span target, struct arena *arena, struct dmarc_walk *walk)
{
	struct dmarc_look *look = &walk->looks[walk->n];

	if (!look_take(dns, target, arena, look))
		return false;
	walk->n++;
	walk->unknown |= look_unknown(look);
	return true;
}

/* RFC 9989 4.10.2, longest name first. */
static struct span walk_org(const struct dmarc_walk *walk, struct span start)
{
	struct span org = start;

	for (size_t i = 0; i < walk->n; i++) {
		const struct dmarc_look *look = &walk->looks[i];

		if (!look->data)
			continue;
		if (look->record.psd == 'n')
			return look->target;
		if (look->record.psd == 'y' && i > 0)
			return domainname_last(start, domainname_labels(look->target) + 1);
		org = look->target;
	}
	return org;
}

bool dmarc_walk_take(struct dns dns, struct span start, struct arena *arena, struct dmarc_walk *walk)
{
	size_t labels;

	*walk = (struct dmarc_walk){ 0 };
	start = name_normal(arena, start);
	if (!start.p)
		return false;
	labels = domainname_labels(start);
	for (struct span target = start; target.n && walk->n < DMARC_WALK_MAX;) {
		const struct dmarc_look *look = &walk->looks[walk->n];

		if (!walk_look(dns, target, arena, walk))
			return false;
		if (look->data && look->record.psd != 'u')
			break;
		target = walk->n == 1 && labels > DMARC_WALK_MAX ? domainname_last(start, DMARC_WALK_MAX - 1)
								 : domainname_parent(target);
	}
	walk->org = walk_org(walk, start);
	return true;
}

/* RFC 7489 6.6.3 with errata 5495 and 7835. */
static bool suffix_looks(struct dns dns, struct span author, struct arena *arena, struct dmarc_policy *policy)
{
	struct dmarc_walk *walk = &policy->walk;

	*walk = (struct dmarc_walk){ .org = orgdomain_of(author) };
	if (!walk_look(dns, author, arena, walk))
		return false;
	if (walk->looks[0].counting || walk->unknown || walk->org.n == author.n)
		return true;
	return walk_look(dns, walk->org, arena, walk);
}

/* Of a walk: the organisational domain's record, else that of the public suffix above it (RFC 9989 4.10.1). */
static const struct dmarc_look *walk_source(const struct dmarc_walk *walk)
{
	const struct dmarc_look *suffix = NULL;

	for (size_t i = 1; i < walk->n; i++) {
		const struct dmarc_look *look = &walk->looks[i];

		if (look->data && span_is_nocase(look->target, walk->org))
			return look;
		if (look->data && look->record.psd == 'y')
			suffix = look;
	}
	return suffix;
}

/* RFC 9989 3.2.13: only NXDOMAIN for the name itself means that it does not exist. */
static bool request_inherit(struct dns dns, struct arena *arena, struct dmarc_policy *policy)
{
	const struct dmarc_reading *reading = &policy->reading;
	struct dns_answer answer;

	policy->by = DMARC_SP;
	policy->request = reading->subdomain;
	if (policy->generation == DMARC_RFC7489 || reading->use != DMARC_USE_FULL)
		return true;
	answer = dns_ask(dns, policy->author, DNS_TYPE_A, arena);
	if (answer.status == DNS_NXDOMAIN) {
		policy->by = DMARC_NP;
		policy->request = reading->nonexistent;
	} else if (answer.status != DNS_OK && answer.status != DNS_NODATA &&
		   reading->nonexistent != reading->subdomain) {
		policy->outcome = DMARC_UNKNOWN;
	}
	return !arena->failed;
}

bool dmarc_policy_discover(struct dns dns, struct span author, enum dmarc_generation generation, struct arena *arena,
	struct dmarc_policy *policy)
{
	struct dmarc_walk *walk = &policy->walk;
	bool looked;

	*policy = (struct dmarc_policy){ .generation = generation, .author = name_normal(arena, author) };
	if (!policy->author.p)
		return false;
	author = policy->author;
	looked = generation == DMARC_RFC9989 ? dmarc_walk_take(dns, author, arena, walk)
					     : suffix_looks(dns, author, arena, policy);
	if (!looked)
		return false;
	policy->org = walk->org;
	policy->by = DMARC_P;
	policy->source = walk->looks[0].data ? &walk->looks[0] : NULL;
	if (!policy->source && !walk->unknown) {
		if (generation == DMARC_RFC9989)
			policy->source = walk_source(walk);
		else if (walk->n == 2 && walk->looks[1].data)
			policy->source = &walk->looks[1];
	}
	if (!policy->source) {
		policy->outcome = walk->unknown ? DMARC_UNKNOWN : DMARC_ABSENT;
		return true;
	}
	policy->reading = dmarc_record_reading(&policy->source->record, generation);
	policy->outcome = policy->reading.use == DMARC_USE_DEAD ? DMARC_DEAD : DMARC_FOUND;
	policy->request = policy->reading.domain;
	if (policy->source != &walk->looks[0] && !request_inherit(dns, arena, policy))
		return false;
	policy->effective = dmarc_reading_effective(&policy->reading, policy->request);
	return true;
}

/* --- external destinations --- */

struct span dmarc_consent_name(struct arena *arena, struct span policy_domain, struct span host)
{
	struct span label = SPAN("_report._dmarc"), labels;

	labels = dns_name_under(arena, domainname_bare(policy_domain), label);
	return labels.p ? dns_name_under(arena, labels, host) : SPAN_ABSENT;
}

/* What the answering records say; one that names an address replaces the one asked for. */
static bool consent_read(const struct dns_answer *answer, struct span host, bool failure, struct arena *arena,
	struct dmarc_consent *consent)
{
	consent->state = DMARC_CONSENT_MISSING;
	for (size_t i = 0; i < answer->n; i++) {
		struct dmarc_record record;
		const struct dmarc_uris *uris = failure ? &record.ruf : &record.rua;

		if (!dmarc_text_counts(answer->data[i].text))
			continue;
		if (!dmarc_record_parse(answer->data[i].text, arena, &record))
			return false;
		if (consent->state == DMARC_CONSENT_MISSING)
			consent->state = DMARC_CONSENT_GIVEN;
		for (size_t j = 0; j < uris->n; j++) {
			const struct dmarc_uri *uri = &uris->rows[j];

			if (!uri->valid || consent->state == DMARC_CONSENT_FOREIGN)
				continue;
			consent->address = uri->address.p ? uri->address : uri->text;
			consent->state = span_is_nocase(domainname_bare(uri->host), domainname_bare(host))
						 ? DMARC_CONSENT_OVERRIDE
						 : DMARC_CONSENT_FOREIGN;
		}
	}
	return true;
}

bool dmarc_consent_check(struct dns dns, struct span policy_domain, struct span host, bool failure, struct arena *arena,
	struct dmarc_consent *consent)
{
	*consent = (struct dmarc_consent){ .state = DMARC_CONSENT_NOT_NEEDED };
	if (domain_aligned(policy_domain, host, false))
		return true;
	consent->name = dmarc_consent_name(arena, policy_domain, host);
	if (arena->failed)
		return false;
	if (!consent->name.p) {
		consent->state = DMARC_CONSENT_LONG;
		return true;
	}
	consent->answer = dns_ask(dns, consent->name, DNS_TYPE_TXT, arena);
	if (consent->answer.status == DNS_OK)
		return consent_read(&consent->answer, host, failure, arena, consent);
	consent->state = dns_is_empty(&consent->answer) ? DMARC_CONSENT_MISSING : DMARC_CONSENT_UNKNOWN;
	return true;
}
