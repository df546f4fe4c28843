#include "report/assess/work.h"

#include <stdlib.h>

bool domain_within(struct span name, struct span domain)
{
	if (domain.n == 0 || name.n < domain.n || !span_ends_nocase(name, domain))
		return false;
	return name.n == domain.n || name.p[name.n - domain.n - 1] == '.';
}

static bool same_org(const struct domain_name *a, const struct domain_name *b)
{
	return a->org.n && span_is_nocase(a->org, b->org);
}

/* RFC 7489 3.1, RFC 9989 4.4: strict wants the same name, relaxed the same organisational domain. */
static void align(const struct domain_name *name, const struct domain_name *from, bool aligned[2])
{
	aligned[0] |= same_org(name, from) || (name->name.n && span_is_nocase(name->name, from->name));
	aligned[1] |= name->name.n && span_is_nocase(name->name, from->name);
}

/* Mailbox providers sign with a key of the customer's tenant while DKIM for the domain is not switched on. `derived`:
 * the label is made from the verified domain, so it cannot be another's. */
static const struct tenant_row {
	const char *suffix, *provider;
	bool derived;
} tenant_rows[] = {
	{ "gappssmtp.com", "google", true },
	{ "onmicrosoft.com", "microsoft365", false },
};

static bool label_is_domain(struct span label, struct span domain)
{
	if (label.n != domain.n)
		return false;
	for (size_t i = 0; i < label.n; i++)
		if (label.p[i] != (domain.p[i] == '.' ? '-' : domain.p[i]))
			return false;
	return true;
}

static enum tenant tenant_of(const struct assess_options *options, struct span signer)
{
	for (size_t i = 0; i < sizeof tenant_rows / sizeof *tenant_rows; i++) {
		const struct tenant_row *row = &tenant_rows[i];
		struct span provider = span_of(row->provider);
		const char *dot = memchr(signer.p, '.', signer.n);
		struct span label = { signer.p, dot ? (size_t)(dot - signer.p) : signer.n };
		bool told = false;

		if (signer.n <= strlen(row->suffix) || !domain_within(signer, span_of(row->suffix)))
			continue;
		if (row->derived && label_is_domain(label, options->domain.name))
			return TENANT_OWN;
		for (size_t k = 0; k < options->tenants.n; k++) {
			struct span t = options->tenants.words[k];

			if (t.n <= provider.n || !span_starts_nocase(t, provider) || t.p[provider.n] != ':')
				continue;
			told = true;
			if (span_is_nocase((struct span){ t.p + provider.n + 1, t.n - provider.n - 1 }, label))
				return TENANT_OWN;
		}
		return told || row->derived ? TENANT_OTHER : TENANT_UNKNOWN;
	}
	return TENANT_UNKNOWN;
}

static void read_signatures(struct work *w, const struct observed_auth *auth, struct auth_state *state)
{
	for (size_t i = 0; i < auth->dkim_n; i++) {
		const struct signature_row *fact = &auth->dkim[i];
		bool passed = fact->result == RESULT_PASS, own = same_org(&fact->domain, &auth->header_from);

		if (own)
			state->own_signature = true;
		if (passed)
			align(&fact->domain, &auth->header_from, state->dkim_aligned);
		if (!passed || own || !fact->domain.name.n)
			continue;
		if (!state->foreign_signature)
			state->signer = fact->domain;
		state->foreign_signature = true;
		if (state->tenant != TENANT_OWN) {
			enum tenant tenant = tenant_of(w->options, fact->domain.name);

			state->tenant = tenant == TENANT_UNKNOWN ? state->tenant : tenant;
		}
	}
}

static void read_spf(const struct observed_auth *auth, struct auth_state *state)
{
	for (size_t i = 0; i < auth->spf_n; i++) {
		const struct spf_row *fact = &auth->spf[i];

		/* RFC 7489 3.1.2: the HELO identity is used only for the null reverse-path. */
		if (fact->helo && !auth->null_sender)
			continue;
		state->bounce_ours |= same_org(&fact->domain, &auth->header_from);
		if (fact->result != RESULT_PASS || !fact->domain.name.n)
			continue;
		align(&fact->domain, &auth->header_from, state->spf_aligned);
		if (!state->spf_passed)
			state->bounce = fact->domain;
		state->spf_passed = true;
	}
}

static void read_reasons(const struct observed_auth *auth, struct auth_state *state)
{
	static const char *const list_words[] = { "mailing_list", "trusted_forwarder", "forwarded" };

	for (size_t i = 0; i < auth->reasons_n; i++) {
		for (size_t k = 0; k < sizeof list_words / sizeof *list_words; k++)
			state->list_reason |= span_is_nocase(auth->reasons[i].type, span_of(list_words[k]));
		state->arc_reason |= span_is_nocase(auth->reasons[i].type, SPAN("local_policy")) &&
				     span_find_nocase(auth->reasons[i].comment, SPAN("arc=pass")) >= 0;
	}
}

/* A name is mostly interned: the same octets then. */
static int compare_names(struct span a, struct span b)
{
	return a.p == b.p && a.n == b.n ? 0 : span_compare(a, b);
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_dkim(const struct signature_row *a, const struct signature_row *b)
{
	int order = compare_names(a->domain.name, b->domain.name);

	order = order ? order : compare_names(a->selector, b->selector);
	return order ? order : compare_numbers(a->result, b->result);
}

static int compare_spf(const struct spf_row *a, const struct spf_row *b)
{
	int order = compare_names(a->domain.name, b->domain.name);

	order = order ? order : compare_numbers(a->helo, b->helo);
	return order ? order : compare_numbers(a->result, b->result);
}

static int compare_reasons(const struct override_reason *a, const struct override_reason *b)
{
	int order = span_compare(a->type, b->type);

	return order ? order : span_compare(a->comment, b->comment);
}

static unsigned auth_flags(const struct observed_auth *a)
{
	return (unsigned)a->null_sender | (unsigned)a->evaluated << 1 | (unsigned)a->dkim_aligned << 2 |
	       (unsigned)a->spf_aligned << 3 | (unsigned)a->disposition << 4;
}

/* Total over contents: signatures and reasons in the order they were reported. */
static int auth_compare(const struct observed_auth *a, const struct observed_auth *b)
{
	int order = compare_names(a->header_from.name, b->header_from.name);

	order = order ? order : compare_names(a->envelope_from.name, b->envelope_from.name);
	order = order ? order : compare_numbers(auth_flags(a), auth_flags(b));
	order = order ? order : compare_numbers(a->dkim_n, b->dkim_n);
	for (size_t i = 0; !order && a->dkim != b->dkim && i < a->dkim_n; i++)
		order = compare_dkim(&a->dkim[i], &b->dkim[i]);
	order = order ? order : compare_numbers(a->spf_n, b->spf_n);
	for (size_t i = 0; !order && a->spf != b->spf && i < a->spf_n; i++)
		order = compare_spf(&a->spf[i], &b->spf[i]);
	order = order ? order : compare_numbers(a->reasons_n, b->reasons_n);
	for (size_t i = 0; !order && i < a->reasons_n; i++)
		order = compare_reasons(&a->reasons[i], &b->reasons[i]);
	return order;
}

static int auth_index_order(const void *a, const void *b, void *auths)
{
	const struct observed_auth *rows = auths;

	return auth_compare(&rows[*(const uint32_t *)a], &rows[*(const uint32_t *)b]);
}

static int author_order(const void *a, const void *b)
{
	return span_compare(((const struct author *)a)->name.name, ((const struct author *)b)->name.name);
}

static int key_order(const void *a, const void *b)
{
	const struct key_use *x = a, *y = b;
	int order = span_compare(x->domain, y->domain);

	return order ? order : span_compare(x->selector, y->selector);
}

static bool rank_auths(struct work *w)
{
	size_t n = w->rows->auths_n;
	uint32_t *order = arena_take(w->scratch, n * sizeof *order), rank = 0;

	if (!order)
		return false;
	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	qsort_r(order, n, sizeof *order, auth_index_order, (void *)w->rows->auths);
	for (size_t i = 0; i < n; i++) {
		if (i && auth_compare(&w->rows->auths[order[i - 1]], &w->rows->auths[order[i]]) != 0)
			rank++;
		w->auths[order[i]].rank = rank;
	}
	return true;
}

uint32_t author_find(const struct work *w, struct span name)
{
	struct author wanted = { .name.name = name };
	struct author *found = bsearch(&wanted, w->authors, w->authors_n, sizeof wanted, author_order);

	return found ? (uint32_t)(found - w->authors) : NO_INDEX;
}

static void author_from_snapshot(struct work *w, struct author *author)
{
	const struct published *p = &w->rows->published;

	for (size_t i = 0; p->checked && i < p->names_n; i++) {
		if (!span_is_nocase(p->names[i].name, author->name.name))
			continue;
		author->exists = p->names[i].exists == NAME_EXISTS;
		author->nonexistent = p->names[i].exists == NAME_NXDOMAIN;
		author->own_record = p->names[i].own_record;
	}
}

static bool collect_authors(struct work *w)
{
	size_t n = 0;

	w->authors = arena_take(w->arena, w->rows->auths_n * sizeof *w->authors);
	if (!w->authors)
		return false;
	for (size_t i = 0; i < w->rows->auths_n; i++)
		if (w->auths[i].inside)
			w->authors[n++] = (struct author){ .name = w->rows->auths[i].header_from };
	qsort(w->authors, n, sizeof *w->authors, author_order);
	for (size_t i = 0; i < n; i++)
		if (w->authors_n == 0 || author_order(&w->authors[w->authors_n - 1], &w->authors[i]) != 0)
			w->authors[w->authors_n++] = w->authors[i];
	for (size_t i = 0; i < w->authors_n; i++)
		author_from_snapshot(w, &w->authors[i]);
	for (size_t i = 0; i < w->rows->auths_n; i++)
		w->auths[i].from = w->auths[i].inside ? author_find(w, w->rows->auths[i].header_from.name) : NO_INDEX;
	return true;
}

static uint32_t key_find(const struct work *w, const struct signature_row *fact)
{
	struct key_use wanted = { .domain = fact->domain.name, .selector = fact->selector };
	struct key_use *found = bsearch(&wanted, w->keys, w->keys_n, sizeof wanted, key_order);

	return found ? (uint32_t)(found - w->keys) : NO_INDEX;
}

static bool collect_keys(struct work *w)
{
	size_t n = 0, most = 0;

	for (size_t i = 0; i < w->rows->auths_n; i++)
		most += w->rows->auths[i].dkim_n;
	w->keys = arena_take(w->arena, most * sizeof *w->keys);
	if (!w->keys)
		return false;
	for (size_t i = 0; i < w->rows->auths_n; i++) {
		const struct observed_auth *auth = &w->rows->auths[i];

		for (size_t k = 0; w->auths[i].inside && k < auth->dkim_n; k++)
			if (auth->dkim[k].selector.n && same_org(&auth->dkim[k].domain, &auth->header_from))
				w->keys[n++] = (struct key_use){ .domain = auth->dkim[k].domain.name,
					.selector = auth->dkim[k].selector,
					.home = NO_INDEX,
					.home_before = NO_INDEX,
					.first_day = MOMENT_NONE,
					.last_day = MOMENT_NONE };
	}
	qsort(w->keys, n, sizeof *w->keys, key_order);
	for (size_t i = 0; i < n; i++)
		if (w->keys_n == 0 || key_order(&w->keys[w->keys_n - 1], &w->keys[i]) != 0)
			w->keys[w->keys_n++] = w->keys[i];
	for (size_t i = 0; i < w->rows->auths_n; i++) {
		const struct observed_auth *auth = &w->rows->auths[i];
		struct auth_state *state = &w->auths[i];

		state->valid_key = state->broken_key = NO_INDEX;
		for (size_t k = 0; state->inside && k < auth->dkim_n; k++) {
			uint32_t *slot = auth->dkim[k].result == RESULT_PASS ? &state->valid_key : &state->broken_key;

			if (*slot == NO_INDEX && same_org(&auth->dkim[k].domain, &auth->header_from))
				*slot = key_find(w, &auth->dkim[k]);
		}
	}
	return true;
}

/* A word given under one mode as it would be under another: a mode made stricter needs our own judgement of the identifiers, and a
 * signature the reporter left out then counts as missing. */
bool mode_change(bool word, const bool aligned[2], bool before, bool after)
{
	if (before == after)
		return word;
	return after ? word && aligned[1] : word || aligned[0];
}

static struct judgement judge(
	const struct observed_auth *auth, const struct auth_state *state, unsigned strictness, unsigned now)
{
	bool dkim = state->dkim_aligned[strictness & STRICT_DKIM ? 1 : 0];
	bool spf = state->spf_aligned[strictness & STRICT_SPF ? 1 : 0];
	struct judgement j = { .dkim = dkim, .spf = spf };

	if (auth->evaluated) {
		j.dkim = auth->dkim_aligned;
		j.spf = auth->spf_aligned;
		j.disagrees = (j.dkim || j.spf) != (dkim || spf);
	}
	j.dkim = mode_change(j.dkim, state->dkim_aligned, strictness & STRICT_DKIM, now & STRICT_DKIM);
	j.spf = mode_change(j.spf, state->spf_aligned, strictness & STRICT_SPF, now & STRICT_SPF);
	if (j.spf)
		j.kind = KIND_DIRECT;
	else if (j.dkim)
		j.kind = KIND_SIGNED;
	else if (state->own_signature)
		j.kind = KIND_BROKEN;
	else if (state->foreign_signature || state->spf_passed)
		j.kind = KIND_THIRD;
	else
		j.kind = KIND_BARE;
	return j;
}

static unsigned strictness_of(const struct policy *policy)
{
	return (policy->adkim_strict ? STRICT_DKIM : 0) | (policy->aspf_strict ? STRICT_SPF : 0);
}

unsigned modes_now(const struct work *w, unsigned reported)
{
	const struct published *p = &w->rows->published;

	return p->checked && p->dmarc_records == 1 && !p->dmarc_invalid ? strictness_of(&p->policy) : reported;
}

/* Rows are judged again and again: by what they say, not one by one. What counts is what the record asks that is published now. */
static bool judge_all(struct work *w)
{
	size_t n = w->rows->auths_n;

	w->judgements = arena_take(w->arena, n * STRICT_COUNT * sizeof *w->judgements);
	w->strictness = arena_take(w->arena, w->rows->reports_n);
	if (!w->judgements || !w->strictness)
		return false;
	for (size_t i = 0; i < n; i++)
		for (unsigned k = 0; k < STRICT_COUNT; k++)
			w->judgements[i * STRICT_COUNT + k] = judge(&w->rows->auths[i], &w->auths[i], k, modes_now(w, k));
	for (size_t i = 0; i < w->rows->reports_n; i++)
		w->strictness[i] = (uint8_t)strictness_of(&w->rows->reports[i].policy);
	return true;
}

bool work_auths(struct work *w)
{
	size_t n = w->rows->auths_n;

	w->auths = arena_take(w->arena, n * sizeof *w->auths);
	if (!w->auths)
		return false;
	for (size_t i = 0; i < n; i++) {
		w->auths[i].inside = domain_within(w->rows->auths[i].header_from.name, w->options->domain.name);
		read_signatures(w, &w->rows->auths[i], &w->auths[i]);
		read_spf(&w->rows->auths[i], &w->auths[i]);
		read_reasons(&w->rows->auths[i], &w->auths[i]);
	}
	return rank_auths(w) && collect_authors(w) && collect_keys(w) && judge_all(w);
}
