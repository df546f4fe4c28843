#include "report/assess/policy.h"

#include <stdio.h>

enum request request_lower(enum request request)
{
	return request == REQUEST_REJECT ? REQUEST_QUARANTINE : REQUEST_NONE;
}

static enum request first_of(enum request a, enum request b, enum request c)
{
	if (a != REQUEST_ABSENT)
		return a;
	if (b != REQUEST_ABSENT)
		return b;
	return c == REQUEST_ABSENT ? REQUEST_NONE : c;
}

static void treat(struct treatment *treatment, enum request request, unsigned part)
{
	if (request == REQUEST_REJECT)
		treatment->reject += part;
	else if (request == REQUEST_QUARANTINE)
		treatment->quarantine += part;
	else
		treatment->none += part;
}

struct treatment policy_treat(const struct policy *policy, enum policy_place place, bool rfc7489)
{
	struct treatment treatment = { 0 };
	enum request request;
	unsigned part;

	switch (place) {
	case PLACE_DOMAIN:
		request = first_of(policy->p, REQUEST_ABSENT, REQUEST_ABSENT);
		break;
	case PLACE_SUBDOMAIN:
		request = first_of(policy->sp, policy->p, REQUEST_ABSENT);
		break;
	default:
		request = first_of(rfc7489 ? REQUEST_ABSENT : policy->np, policy->sp, policy->p);
	}
	if (rfc7489)
		part = policy->pct < 100 ? policy->pct : 100;
	else
		part = policy->testing ? 0 : 100;
	treat(&treatment, request, part);
	treat(&treatment, request_lower(request), 100 - part);
	return treatment;
}

enum request policy_effective(const struct policy *policy)
{
	enum request p = first_of(policy->p, REQUEST_ABSENT, REQUEST_ABSENT);

	return policy->testing || policy->pct < 100 ? request_lower(p) : p;
}

static bool tag(struct buf *out, const char *name, struct span value)
{
	if (value.n == 0)
		return true;
	return buf_put_text(out, "; ") && buf_put_text(out, name) && buf_put_text(out, "=") && buf_put_span(out, value);
}

bool policy_text(struct buf *out, const struct policy *policy, const struct published *rest)
{
	char pct[16] = "";

	if (policy->pct < 100)
		snprintf(pct, sizeof pct, "%u", policy->pct);
	return buf_put_text(out, "v=DMARC1") &&
	       tag(out, "p", span_of(request_word(policy->p == REQUEST_ABSENT ? REQUEST_NONE : policy->p))) &&
	       tag(out, "sp", span_of(request_word(policy->sp))) &&
	       tag(out, "t", span_of(policy->testing ? "y" : "")) && tag(out, "pct", span_of(pct)) &&
	       tag(out, "np", span_of(request_word(policy->np))) &&
	       tag(out, "adkim", span_of(policy->adkim_strict ? "s" : "")) &&
	       tag(out, "aspf", span_of(policy->aspf_strict ? "s" : "")) &&
	       (!rest || (tag(out, "rua", rest->rua) && tag(out, "ruf", rest->ruf) && tag(out, "fo", rest->fo) &&
				 tag(out, "psd", rest->psd)));
}
