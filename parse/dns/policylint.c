/* Historic policies about signatures, explained. Neither has an effect on DKIM or DMARC, so nothing here is an error, and
 * the advice is always the same: DMARC has taken their place. */
#include "parse/dns/lint.h"

#include "parse/dkim/keycheck.h"
#include "parse/dns/policyrecord.h"

static void at(struct findings *findings, enum finding_code code, struct span name, struct span text, struct span place,
	const char *word)
{
	struct span args[] = { span_of(word) };
	struct finding_place where = { .name = name, .record = text };

	if (place.p && place.p >= text.p && place.p <= text.p + text.n) {
		where.at = (size_t)(place.p - text.p);
		where.n = place.n;
	}
	finding_add(findings, code, where, args, 1);
}

/* `name=value` as it stands in the text. */
static struct span tag_span(const struct taglist *list, const char *name)
{
	const struct tag *tag = taglist_find(list, name);

	if (!tag)
		return SPAN_ABSENT;
	return (struct span){ tag->name.p, (size_t)(tag->value.p + tag->value.n - tag->name.p) };
}

/* Has it any of the tags of RFC 4870 3.6, or nothing at all, which means the defaults? */
static bool is_policy(struct span text, const struct taglist *list)
{
	static const char *const names[] = { "o", "t", "r", "n" };

	if (keycheck_counts(text) || keycheck_intended(text))
		return false;
	for (size_t i = 0; i < list->n; i++)
		for (size_t k = 0; k < sizeof(names) / sizeof(*names); k++)
			if (span_is_nocase(list->tags[i].name, span_of(names[k])))
				return true;
	return fws_trim(text).n == 0;
}

static void extras_judge(struct span name, struct span text, const struct taglist *list, struct findings *findings)
{
	static const struct {
		const char *name;
		enum finding_code code;
	} tags[] = { { "r", FINDING_POLICY_REPORT }, { "n", FINDING_POLICY_NOTE }, { "t", FINDING_POLICY_TESTING } };

	for (size_t i = 0; i < list->n; i++) {
		const struct tag *tag = &list->tags[i];
		size_t k = 0;

		while (k < sizeof(tags) / sizeof(*tags) && !span_is(tag->name, span_of(tags[k].name)))
			k++;
		if (k == sizeof(tags) / sizeof(*tags)) {
			if (!span_is(tag->name, SPAN("o")))
				at(findings, FINDING_POLICY_TAG_UNKNOWN, name, text, tag->name, NULL);
		} else if (tags[k].code != FINDING_POLICY_TESTING || span_is(tag->value, SPAN("y")))
			at(findings, tags[k].code, name, text, tag_span(list, tags[k].name), NULL);
	}
}

bool lint_policy(struct span name, struct span text, struct findings *findings)
{
	static const enum finding_code codes[DOMAINKEYS_POLICY_COUNT] = {
		[DOMAINKEYS_SIGNS_SOME] = FINDING_POLICY_SOME,
		[DOMAINKEYS_SIGNS_ALL] = FINDING_POLICY_ALL,
		[DOMAINKEYS_UNKNOWN] = FINDING_POLICY_O,
		[DOMAINKEYS_SYNTAX] = FINDING_POLICY_UNREADABLE,
	};
	struct domainkeys_record record;
	struct taglist list;

	taglist_parse(text, false, &list);
	domainkeys_parse(text, &record);
	if (!is_policy(text, &list))
		at(findings, FINDING_POLICY_NOT, name, text, SPAN_ABSENT, NULL);
	else if (record.policy == DOMAINKEYS_SYNTAX)
		at(findings, codes[record.policy], name, text, list.where, list.fault);
	else {
		at(findings, codes[record.policy], name, text, tag_span(&list, "o"), NULL);
		extras_judge(name, text, &list, findings);
	}
	return !findings->arena->failed;
}

bool lint_adsp(struct span name, struct span text, struct findings *findings)
{
	enum adsp_practice practice = adsp_parse(text);
	enum finding_code code = FINDING_ADSP_UNREADABLE;
	struct taglist list;

	taglist_parse(text, false, &list);
	if (practice == ADSP_ALL)
		code = FINDING_ADSP_ALL;
	else if (practice == ADSP_DISCARDABLE)
		code = FINDING_ADSP_DISCARDABLE;
	else if (practice == ADSP_UNKNOWN)
		code = span_is_nocase(list.tags[0].value, SPAN("unknown")) ? FINDING_ADSP_UNKNOWN : FINDING_ADSP_VALUE;
	at(findings, code, name, text, code == FINDING_ADSP_UNREADABLE ? SPAN_ABSENT : tag_span(&list, "dkim"), NULL);
	return !findings->arena->failed;
}
