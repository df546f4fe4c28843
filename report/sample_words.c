#include "report/sample_words.h"
#include "report/verdict_words.h"

enum sample_verdict sample_verdict(const struct sample_row *row)
{
	struct span result = row->result;

	if (!row->has_sample || !result.n)
		return SAMPLE_NONE;
	if (row->aligned)
		return SAMPLE_ALIGNED;
	if (row->undone)
		return SAMPLE_CHANGED;
	if (span_is(result, SPAN("none")))
		return SAMPLE_UNSIGNED;
	if (span_is(result, SPAN("temperror")) || span_is(result, SPAN("neutral")))
		return SAMPLE_UNDECIDED;
	return span_is(result, SPAN("pass")) && !row->sentence.n ? SAMPLE_UNALIGNED : SAMPLE_BROKEN;
}

enum sample_verdict sample_verdict_of(const struct verification *verification)
{
	const struct dkim_verdict *foremost;

	if (!verification)
		return SAMPLE_NONE;
	switch (verdicts_answer(verification->verdicts)) {
	case VERDICT_ALIGNED:
		return SAMPLE_ALIGNED;
	case VERDICT_UNDECIDED:
		return SAMPLE_UNDECIDED;
	default:
		break;
	}
	foremost = verdict_foremost(verification->verdicts);
	if (!foremost)
		return SAMPLE_UNSIGNED;
	if (!verdict_is_aligned(foremost))
		return SAMPLE_UNALIGNED;
	return foremost->diagnosis && foremost->diagnosis->undone ? SAMPLE_CHANGED : SAMPLE_BROKEN;
}

const char *sample_verdict_word(enum sample_verdict verdict)
{
	static const char *const words[SAMPLE_VERDICT_COUNT] = { "none", "passes", "changed", "broken", "not-aligned",
		"unsigned", "undecided" };

	return words[verdict];
}

enum identity_rule identity_rule_of_word(struct span word)
{
	for (int rule = 0; rule < IDENTITY_COUNT; rule++)
		if (span_is(word, span_of(identity_rule_word((enum identity_rule)rule))))
			return (enum identity_rule)rule;
	return IDENTITY_UNKNOWN;
}

void identity_put(struct buf *out, struct span list, enum identity_rule rule)
{
	bool none = span_is(list, SPAN("none"));

	if (rule == IDENTITY_RFC7489)
		buf_put_text(out, none ? "none aligned" : "aligned: ");
	else if (rule == IDENTITY_RFC9991)
		buf_put_text(out, none ? "none failed" : "failed: ");
	else
		none = false;
	if (!none)
		buf_put_span(out, list);
	if (rule != IDENTITY_RFC7489 && rule != IDENTITY_RFC9991)
		buf_put_byte(out, '?');
}

struct span sentence_brief(struct span sentence)
{
	static const char *const beginnings[] = { "valid once ", "cannot be decided: ", "the " };
	static const char *const ends[] = { " is removed", " are removed" };

	for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
		struct span beginning = span_of(beginnings[i]);

		if (span_starts_nocase(sentence, beginning)) {
			sentence.p += beginning.n;
			sentence.n -= beginning.n;
		}
	}
	for (size_t i = 0; i + 1 < sentence.n; i++)
		if (sentence.p[i] == ':' && sentence.p[i + 1] == ' ')
			sentence.n = i;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (span_ends_nocase(sentence, span_of(ends[i])))
			sentence.n -= strlen(ends[i]);
	return sentence;
}

struct span sample_source(const struct sample_row *row, char text[ADDRESS_TEXT])
{
	return row->has_address ? span_of(address_format(&row->address, text)) : row->source;
}
