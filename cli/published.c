#include "cli/published.h"

static enum request request_of(enum dmarc_request request)
{
	switch (request) {
	case DMARC_REQUEST_NONE:
		return REQUEST_NONE;
	case DMARC_REQUEST_QUARANTINE:
		return REQUEST_QUARANTINE;
	case DMARC_REQUEST_REJECT:
		return REQUEST_REJECT;
	case DMARC_REQUEST_ABSENT:
	case DMARC_REQUEST_INVALID:
		break;
	}
	return REQUEST_ABSENT;
}

static bool came(const struct dns_answer *answer)
{
	return answer->status == DNS_OK || dns_is_empty(answer);
}

static struct span value_of(const struct dmarc_record *record, enum dmarc_tag tag)
{
	const struct dmarc_term *term = dmarc_term_given(record, tag);

	return term && term->valid ? term->value : SPAN_ABSENT;
}

static struct span covering(const struct dmarc_policy *policy, const struct dmarc_look *own)
{
	return policy->outcome == DMARC_FOUND && policy->source != own ? policy->source->target : SPAN_ABSENT;
}

/* What is carried into the next record is carried without its slips: it is there to be pasted. */
static bool fill_reports(const struct dmarc_look *look, struct arena *arena, struct published *published)
{
	struct buf text = BUF((size_t)65536);
	struct dmarc_record mended;
	bool good;

	good = dmarc_record_correct(look->data->text, &text) &&
	       dmarc_record_parse(arena_copy(arena, buf_span(&text)), arena, &mended);
	buf_release(&text);
	if (!good || arena->failed)
		return false;
	published->rua = value_of(&mended, DMARC_RUA);
	published->ruf = value_of(&mended, DMARC_RUF);
	published->fo = value_of(&mended, DMARC_FO);
	published->psd = value_of(&mended, DMARC_PSD);
	return true;
}

static bool fill_dmarc(const struct dmarc_look *look, struct arena *arena, struct published *published)
{
	const struct dmarc_record *record = &look->record;
	struct dmarc_reading reading;

	published->dmarc_records = (unsigned)look->counting;
	published->policy.pct = 100;
	if (!look->data)
		return true;
	reading = dmarc_record_reading(record, DMARC_RFC9989);
	published->dmarc_invalid = reading.use == DMARC_USE_DEAD || reading.use == DMARC_USE_INVISIBLE;
	published->policy = (struct policy){
		.p = request_of(reading.domain),
		.testing = record->test,
		.pct = record->pct,
		.adkim_strict = record->strict_dkim,
		.aspf_strict = record->strict_spf,
	};
	/* A record with one policy that cannot be read acts as p=none for everything (RFC 9989 4.10.1). */
	if (reading.use == DMARC_USE_FULL) {
		published->policy.sp = request_of(record->sp);
		published->policy.np = request_of(record->np);
	}
	return fill_reports(look, arena, published);
}

/* The record whose `all` counts: the last of the redirects; NULL where one of them leads nowhere. */
static const struct spf_node *last_of(const struct spf_tree *tree)
{
	size_t at = 0;

	for (size_t i = 1; i < tree->n; i++)
		if (tree->nodes[i].redirect && tree->nodes[i].parent == at)
			at = i;
	return tree->nodes[at].state == SPF_NODE_READ ? &tree->nodes[at] : NULL;
}

static bool names_somebody(const struct spf_node *node)
{
	return node->state != SPF_NODE_MACRO && node->state != SPF_NODE_NONE;
}

static bool fill_reaches(const struct spf_tree *tree, struct arena *arena, struct published *published)
{
	struct span *reaches = arena_take(arena, (tree->n ? tree->n : 1) * sizeof *reaches);
	size_t n = 0;

	if (!reaches)
		return false;
	for (size_t i = 1; i < tree->n; i++) {
		bool again = false;

		for (size_t k = 0; k < n && !again; k++)
			again = span_is_nocase(reaches[k], tree->nodes[i].domain);
		if (!again && names_somebody(&tree->nodes[i]))
			reaches[n++] = tree->nodes[i].domain;
	}
	published->spf_reaches = reaches;
	published->spf_reaches_n = n;
	return true;
}

bool published_fill(const struct lint_domain *seen, struct arena *arena, struct published *published)
{
	const struct dmarc_look *own = &seen->policy[DMARC_RFC9989].walk.looks[0];
	const struct spf_tree *spf = &seen->spf;
	const struct spf_node *last;

	*published = (struct published){ 0 };
	if (spf->n == 0 || !came(&own->answer) || !came(&spf->nodes[0].answer))
		return true;
	published->checked = true;
	if (!fill_dmarc(own, arena, published))
		return false;
	if (!own->counting)
		published->covered_by = covering(&seen->policy[DMARC_RFC9989], own);
	published->rua_refused = seen->rua_refused;
	published->spf_records = (unsigned)spf->nodes[0].counting;
	published->spf_permerror = spf->result == SPF_PERMERROR;
	published->spf_lookups = spf->lookups;
	last = last_of(spf);
	if (last && last->record.all != SPF_NO_TERM)
		published->spf_all = last->record.terms[last->record.all].qualifier;
	published->spf_only_all = seen->denies_all;
	published->null_mx = seen->null_mx;
	return fill_reaches(spf, arena, published);
}
