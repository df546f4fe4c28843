#include "parse/dkim/verdict.h"

const struct dkim_reason_row dkim_reason_rows[DKIM_REASON_COUNT] = {
#define X(name, word, result, state, text) { word, DKIM_##result, DKIM_##state, text },
	DKIM_REASONS(X)
#undef X
};

const struct dkim_edit_row dkim_edit_rows[DKIM_EDIT_COUNT] = {
#define X(name, word, text) { word, text },
	DKIM_EDITS(X)
#undef X
};

const char *dkim_result_word(enum dkim_result result)
{
	static const char *const words[DKIM_RESULT_COUNT] = { "none", "pass", "fail", "policy", "temperror",
		"permerror", "neutral" };

	return words[result];
}

const char *dkim_state_word(enum dkim_state state)
{
	static const char *const words[DKIM_STATE_COUNT] = { "SUCCESS", "PERMFAIL", "TEMPFAIL" };

	return words[state];
}

const char *dkim_fact_word(enum dkim_fact fact)
{
	static const char *const words[DKIM_FACT_COUNT] = { NULL, "match", "mismatch", "undecodable" };

	return words[fact];
}

void dkim_verdicts_release(struct dkim_verdicts *verdicts)
{
	arena_release(&verdicts->arena);
	*verdicts = (struct dkim_verdicts){ 0 };
}
