#include "report/lint_words.h"

const char *dmarc_generation_word(enum dmarc_generation generation)
{
	return generation == DMARC_RFC7489 ? "rfc7489" : "rfc9989";
}

static const char *treated(enum dmarc_request request)
{
	switch (request) {
	case DMARC_REQUEST_REJECT:
		return "is to be refused";
	case DMARC_REQUEST_QUARANTINE:
		return "is to go to spam";
	default:
		return "is treated as if there were no DMARC";
	}
}

static const char *lowered_by(const struct dmarc_policy *policy)
{
	return policy->generation == DMARC_RFC9989 ? "t=y" : "pct";
}

static void put_found(const struct dmarc_policy *policy, struct buf *out)
{
	const struct dmarc_look *look = policy->source;
	bool own = look == &policy->walk.looks[0];

	if (own)
		buf_put_text(out, "use the domain's own record: mail");
	else
		buf_printf(out, "use the record of %.*s: mail from %.*s", (int)look->target.n, look->target.p,
			(int)policy->author.n, policy->author.p);
	buf_printf(out, " that fails %s", treated(policy->request));
	if (policy->reading.use != DMARC_USE_FULL)
		buf_put_text(out, ", because the policy in it cannot be read");
	else if (own)
		buf_printf(out, " (p=%s)", dmarc_request_word(policy->request));
	else
		buf_printf(out, " (%s, %s)", dmarc_request_word(policy->request),
			policy->by == DMARC_NP ? "its policy for names that do not exist" : "its policy for subdomains");
	if (policy->effective != policy->request && policy->reading.pct > 0 && policy->reading.pct < 100)
		buf_printf(out, "; pct=%u asks for that on a part of it only", policy->reading.pct);
	else if (policy->effective != policy->request)
		buf_printf(out, "; for now %s lowers that: it %s", lowered_by(policy), treated(policy->effective));
	buf_put_text(out, ".");
}

bool dmarc_policy_sentence(const struct dmarc_policy *policy, struct buf *out)
{
	switch (policy->outcome) {
	case DMARC_FOUND:
		put_found(policy, out);
		break;
	case DMARC_DEAD:
		buf_put_text(out, "find a record without a readable policy and without an address for reports, and act "
				  "as if there were none.");
		break;
	case DMARC_ABSENT:
		buf_put_text(out, "find no record that counts: nothing is done about failing mail, and nobody reports.");
		break;
	case DMARC_UNKNOWN:
		buf_put_text(out, "get no answer at the moment, so what they do cannot be told.");
		break;
	}
	return !out->failed;
}

bool dmarc_look_phrase(const struct dmarc_look *look, struct buf *out)
{
	const struct dns_answer *answer = &look->answer;

	static const char *const silence[DNS_STATUS_COUNT] = {
		[DNS_SERVFAIL] = "servers fail",
		[DNS_TIMEOUT] = "no answer",
		[DNS_BOGUS] = "DNSSEC fails",
		[DNS_UNASKED] = "not asked",
	};

	if (silence[answer->status])
		return buf_put_text(out, silence[answer->status]);
	if (look->counting > 1)
		return buf_printf(out, "%zu records, so none counts", look->counting);
	if (look->counting == 1)
		return buf_put_text(out, "a record");
	return buf_put_text(out, answer->n ? "no DMARC record" : "nothing");
}

const char *spf_others_phrase(char qualifier)
{
	switch (qualifier) {
	case '+':
		return "everybody passes";
	case '-':
		return "others: not yours";
	case '~':
		return "others: probably not yours";
	default:
		return "others: nothing is known";
	}
}
