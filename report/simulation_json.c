/* simulate --json: one document, `dmarcgate-simulation/1` (dmarcgate-json(5)). */
#include "report/member_json.h"
#include "report/simulation.h"

static void fates_json(struct json *j, const char *name, const uint64_t counts[FATE_COUNT])
{
	member_object(j, name);
	for (int fate = 0; fate < FATE_COUNT; fate++)
		member_count(j, fate_word((enum fate)fate), counts[fate]);
	json_close(j, '}');
}

static void counts_json(struct json *j, const char *name, const struct fate_counts *c)
{
	member_object(j, name);
	fates_json(j, "delivered", c->delivered);
	fates_json(j, "spam", c->spam);
	fates_json(j, "refused", c->refused);
	json_close(j, '}');
}

bool simulation_json(FILE *out, const struct simulated *s)
{
	struct json j;

	json_begin(&j, out);
	json_object(&j);
	member_word(&j, "schema", "dmarcgate-simulation/1");
	member_text(&j, "domain", s->domain);
	member_text(&j, "record", s->record);
	member_day(&j, "first_day", s->first_day);
	member_day(&j, "last_day", s->last_day);
	member_array(&j, "fixed");
	for (size_t i = 0; s->fixed && i < s->fixed->n; i++)
		json_text(&j, s->fixed->words[i]);
	json_close(&j, ']');
	counts_json(&j, "rfc9989", &s->result.now);
	counts_json(&j, "rfc7489", &s->result.old);
	counts_json(&j, "relaxed", &s->relaxed.now);
	counts_json(&j, "present", &s->now.now);
	json_close(&j, '}');
	json_newline(&j);
	return json_done(&j);
}
