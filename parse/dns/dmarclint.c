#include "parse/dns/lint.h"

#include "parse/dns/orgdomain.h"

#define RECORD_OCTETS 450 /* beyond it an answer may not fit into 512 octets with its names (RFC 7208 3.4 for SPF) */

struct judge {
	const struct dmarc_record *record;
	struct span name;
	struct findings *findings;
};

/* A finding at the term of a tag, with up to two arguments. */
static void at_tag(struct judge *j, enum finding_code code, enum dmarc_tag tag, const char *one, const char *two)
{
	const struct dmarc_term *term = dmarc_term_given(j->record, tag);
	struct span place = term ? dmarc_term_span(term) : (struct span){ j->record->text.p, 0 };
	struct span args[] = { span_of(one), span_of(two) };

	finding_add(j->findings, code,
		(struct finding_place){ j->name, j->record->text, (size_t)(place.p - j->record->text.p), place.n },
		args, 2);
}

static bool given(const struct judge *j, enum dmarc_tag tag)
{
	return dmarc_term_given(j->record, tag) != NULL;
}

static bool readable(enum dmarc_request request)
{
	return request != DMARC_REQUEST_ABSENT && request != DMARC_REQUEST_INVALID;
}

static void policy_judge(struct judge *j)
{
	const struct dmarc_record *record = j->record;
	struct dmarc_reading reading = dmarc_record_reading(record, DMARC_RFC9989);
	const char *below = readable(record->sp) ? dmarc_request_word(record->sp) : dmarc_request_word(record->p);

	if (reading.use == DMARC_USE_DEAD)
		at_tag(j, FINDING_DMARC_P_MISSING_DEAD, DMARC_P, NULL, NULL);
	else if (record->p == DMARC_REQUEST_ABSENT)
		at_tag(j, FINDING_DMARC_P_MISSING, DMARC_P, NULL, NULL);
	if (record->p == DMARC_REQUEST_NONE)
		at_tag(j, FINDING_DMARC_POLICY_NONE, DMARC_P, NULL, NULL);
	if (!readable(record->p))
		return;
	if (readable(record->sp) && record->sp < record->p)
		at_tag(j, FINDING_DMARC_SP_WEAKER, DMARC_SP, dmarc_request_word(record->p), NULL);
	if (readable(record->np) && record->np < reading.subdomain)
		at_tag(j, FINDING_DMARC_NP_WEAKER, DMARC_NP, below, NULL);
}

/* t=y with pct=0 is the trial this program recommends, and never more than a note. */
static void trial_judge(struct judge *j)
{
	const struct dmarc_record *record = j->record;
	bool idle =
		record->p <= DMARC_REQUEST_NONE && record->sp <= DMARC_REQUEST_NONE && record->np <= DMARC_REQUEST_NONE;
	bool trial = record->test && record->pct == 0 && !idle;

	if (trial)
		at_tag(j, FINDING_DMARC_TRIAL, DMARC_T, NULL, NULL);
	else if (record->test)
		at_tag(j, idle ? FINDING_DMARC_TEST_IDLE : FINDING_DMARC_TEST, DMARC_T, dmarc_request_word(record->p),
			NULL);
	if (trial || !given(j, DMARC_PCT) || !dmarc_term_given(record, DMARC_PCT)->valid)
		return;
	at_tag(j, record->pct == 100 || idle ? FINDING_DMARC_PCT : FINDING_DMARC_PCT_PART, DMARC_PCT, NULL, NULL);
}

static void reports_judge(struct judge *j)
{
	const struct dmarc_record *record = j->record;
	char number[24];
	struct buf text = BUF(sizeof(number));

	if (!given(j, DMARC_RUA))
		at_tag(j, FINDING_DMARC_RUA_MISSING, DMARC_RUA, NULL, NULL);
	for (enum dmarc_tag tag = DMARC_RUA; tag <= DMARC_RUF; tag++) {
		size_t n = tag == DMARC_RUA ? record->rua.n : record->ruf.n;

		buf_clear(&text);
		if (n > 2 && buf_printf(&text, "%zu", n))
			at_tag(j, FINDING_DMARC_URI_MANY, tag, buf_text(&text), NULL);
	}
	buf_release(&text);
	if (given(j, DMARC_RUF))
		at_tag(j, FINDING_DMARC_RUF_PRIVACY, DMARC_RUF, NULL, NULL);
	else if (given(j, DMARC_FO))
		at_tag(j, FINDING_DMARC_FO_IDLE, DMARC_FO, NULL, NULL);
	if ((record->fo & DMARC_FO_ALL) && (record->fo & DMARC_FO_ANY))
		at_tag(j, FINDING_DMARC_FO_BOTH, DMARC_FO, NULL, NULL);
}

static void rest_judge(struct judge *j)
{
	const struct dmarc_record *record = j->record;
	struct span domain = domainname_parent(j->name);

	if (record->strict_dkim)
		at_tag(j, FINDING_DMARC_STRICT, DMARC_ADKIM, "is signed", NULL);
	if (record->strict_spf)
		at_tag(j, FINDING_DMARC_STRICT, DMARC_ASPF, "is sent out", NULL);
	if (record->psd == 'y' && !(j->name.p && orgdomain_is_suffix(domain)))
		at_tag(j, FINDING_DMARC_PSD, DMARC_PSD, NULL, NULL);
}

/* Does writing the record anew cure this? The others need a decision of the owner. */
static bool rewriting_mends(enum finding_code code)
{
	switch (code) {
	case FINDING_TEXT_OCTET:
	case FINDING_TEXT_QUOTE:
	case FINDING_DMARC_VERSION_MISSING:
	case FINDING_DMARC_VERSION_LATE:
	case FINDING_DMARC_VERSION_WRONG:
	case FINDING_DMARC_BLANK_FIRST:
	case FINDING_DMARC_SEMICOLON:
	case FINDING_DMARC_TERM:
	case FINDING_DMARC_TAG_UNKNOWN:
	case FINDING_DMARC_TAG_TWICE:
	case FINDING_DMARC_TAG_RETIRED:
	case FINDING_DMARC_VALUE:
	case FINDING_DMARC_P_MISSING:
	case FINDING_DMARC_P_VALUE:
	case FINDING_DMARC_P_LATE:
	case FINDING_DMARC_TEST:
	case FINDING_DMARC_TEST_IDLE:
	case FINDING_DMARC_PCT:
	case FINDING_DMARC_URI_SCHEME_MISSING:
	case FINDING_DMARC_URI_SEPARATOR:
	case FINDING_DMARC_URI_ESCAPE:
	case FINDING_DMARC_URI_SIZE:
	case FINDING_DMARC_URI_IDN:
	case FINDING_DMARC_URI_DOT:
	case FINDING_DMARC_URI_COMMA:
	case FINDING_DMARC_FO_IDLE:
	case FINDING_DMARC_FO_BOTH:
		return true;
	default:
		return false;
	}
}

bool lint_dmarc(struct span name, struct span text, struct findings *findings)
{
	struct dmarc_record record;
	struct judge j = { &record, name, findings };
	struct buf fix = BUF((size_t)65536);
	size_t first = findings->n;

	if (!dmarc_record_parse(text, findings->arena, &record))
		return false;
	lint_flaws((struct finding_place){ .name = name, .record = record.text }, &record.flaws, findings);
	if (record.is_dmarc) {
		policy_judge(&j);
		trial_judge(&j);
		reports_judge(&j);
		rest_judge(&j);
	}
	if (text.n > RECORD_OCTETS) {
		struct buf number = BUF(24);
		struct span args[1];

		buf_printf(&number, "%zu", text.n);
		args[0] = buf_span(&number);
		finding_add(findings, FINDING_TEXT_LONG, (struct finding_place){ .name = name, .record = record.text },
			args, 1);
		buf_release(&number);
	}
	if (dmarc_record_correct(text, &fix))
		lint_fix(findings, first, buf_span(&fix), rewriting_mends);
	buf_release(&fix);
	return !findings->arena->failed;
}
