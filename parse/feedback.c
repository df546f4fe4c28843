#include "parse/feedback.h"
#include "base/moment.h"

static const char *const outcome_words[OUTCOME_COUNT] = {
	[OUTCOME_NOT_A_REPORT] = "not-a-report",
	[OUTCOME_REPORT] = "report",
	[OUTCOME_TLS_REPORT] = "tls-report",
	[OUTCOME_BROKEN] = "broken",
};

static const char *const disposition_words[DISPOSITION_COUNT] = {
	[DISPOSITION_ABSENT] = "",
	[DISPOSITION_NONE] = "none",
	[DISPOSITION_PASS] = "pass",
	[DISPOSITION_QUARANTINE] = "quarantine",
	[DISPOSITION_REJECT] = "reject",
	[DISPOSITION_OTHER] = "other",
};

static const char *const result_words[RESULT_COUNT] = {
	[RESULT_ABSENT] = "",
	[RESULT_PASS] = "pass",
	[RESULT_FAIL] = "fail",
	[RESULT_SOFTFAIL] = "softfail",
	[RESULT_NEUTRAL] = "neutral",
	[RESULT_NONE] = "none",
	[RESULT_POLICY] = "policy",
	[RESULT_TEMPERROR] = "temperror",
	[RESULT_PERMERROR] = "permerror",
	[RESULT_OTHER] = "other",
};

/* Words that are not in any RFC but on the wire (QUIRKS V1, V2; RFC 7489 appendix C names unknown and error). */
static const struct {
	const char *word;
	enum result means;
} result_aliases[] = {
	{ "hardfail", RESULT_FAIL },
	{ "unknown", RESULT_TEMPERROR },
	{ "error", RESULT_PERMERROR },
	{ "invalid", RESULT_PERMERROR },
};

static const char *const identity_rule_words[IDENTITY_COUNT] = {
	[IDENTITY_UNKNOWN] = "unknown",
	[IDENTITY_RFC7489] = "rfc7489",
	[IDENTITY_RFC9991] = "rfc9991",
	[IDENTITY_AMBIGUOUS] = "ambiguous",
};

const char *key_origin_word(enum key_origin origin)
{
	static const char *const words[KEY_ORIGIN_COUNT] = { "unknown", "published", "archived", "given", "reported" };

	return words[origin];
}

const char *outcome_word(enum outcome outcome)
{
	return outcome_words[outcome];
}

const char *disposition_word(enum disposition disposition)
{
	return disposition_words[disposition];
}

const char *result_word(enum result result)
{
	return result_words[result];
}

const char *identity_rule_word(enum identity_rule rule)
{
	return identity_rule_words[rule];
}

enum disposition disposition_of(struct span word)
{
	if (word.n == 0)
		return DISPOSITION_ABSENT;
	for (int i = DISPOSITION_NONE; i < DISPOSITION_OTHER; i++)
		if (span_is_nocase(word, span_of(disposition_words[i])))
			return (enum disposition)i;
	return DISPOSITION_OTHER;
}

enum result result_of(struct span word)
{
	if (word.n == 0)
		return RESULT_ABSENT;
	for (int i = RESULT_PASS; i < RESULT_OTHER; i++)
		if (span_is_nocase(word, span_of(result_words[i])))
			return (enum result)i;
	for (size_t i = 0; i < sizeof result_aliases / sizeof *result_aliases; i++)
		if (span_is_nocase(word, span_of(result_aliases[i].word)))
			return result_aliases[i].means;
	return RESULT_OTHER;
}

static bool mode_is_strict(struct span mode)
{
	return span_is_nocase(mode, SPAN("s")) || span_is_nocase(mode, SPAN("strict"));
}

bool record_dkim_aligned(const struct record *record, const struct report *report)
{
	return record->aligned & (mode_is_strict(report->adkim) ? ALIGNED_DKIM_STRICT : ALIGNED_DKIM_RELAXED);
}

#define RANGE_DAYS_MOST 8

bool range_is_possible(int64_t begin, int64_t end)
{
	return begin != MOMENT_NONE && end != MOMENT_NONE && begin >= 0 && begin < end && end <= INT64_MAX / 2 &&
	       end - begin <= RANGE_DAYS_MOST * DAY_SECONDS;
}

bool record_spf_aligned(const struct record *record, const struct report *report)
{
	return record->aligned & (mode_is_strict(report->aspf) ? ALIGNED_SPF_STRICT : ALIGNED_SPF_RELAXED);
}
