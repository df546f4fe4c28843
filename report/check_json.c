/* check --format json: `dmarcgate-verdict/1` of dmarcgate-json(5). Shares have four decimals. */
#include "base/json.h"
#include "report/assess/policy.h"
#include "report/check.h"

#define RECORD_OCTETS ((size_t)64 * 1024)

static void text_member(struct json *j, const char *name, struct span text)
{
	json_name(j, name);
	json_text(j, text.n ? text : SPAN_ABSENT);
}

static void word_member(struct json *j, const char *name, const char *word)
{
	text_member(j, name, span_of(word));
}

static void count_member(struct json *j, const char *name, uint64_t n)
{
	json_name(j, name);
	json_count(j, n);
}

static void share_member(struct json *j, const char *name, double share)
{
	json_name(j, name);
	json_share(j, share);
}

static void bool_member(struct json *j, const char *name, bool yes)
{
	json_name(j, name);
	json_bool(j, yes);
}

static void day_member(struct json *j, const char *name, int64_t day)
{
	char text[MOMENT_TEXT];

	text_member(j, name, day == MOMENT_NONE ? SPAN_ABSENT : span_of(moment_format_day(day * DAY_SECONDS, text)));
}

static void object_begin(struct json *j, const char *name)
{
	json_name(j, name);
	json_object(j);
}

static void array_begin(struct json *j, const char *name)
{
	json_name(j, name);
	json_array(j);
}

/* ---- what is asked, and of what */

static void window_members(struct json *j, const struct verdict *v)
{
	object_begin(j, "window");
	day_member(j, "first_day", v->first_day);
	day_member(j, "last_day", v->last_day);
	count_member(j, "days", v->window);
	count_member(j, "days_covered", v->days_covered);
	count_member(j, "history_days", (uint64_t)v->measures.history);
	json_close(j, '}');
}

static void policy_members(struct json *j, const struct verdict *v)
{
	const struct policy *p = &v->seen;

	object_begin(j, "policy");
	word_member(j, "stage", stage_word(v->next.stage));
	if (v->seen_any) {
		object_begin(j, "seen");
		word_member(j, "p", request_word(p->p));
		word_member(j, "sp", request_word(p->sp));
		word_member(j, "np", request_word(p->np));
		bool_member(j, "testing", p->testing);
		count_member(j, "pct", p->pct);
		word_member(j, "adkim", p->adkim_strict ? "s" : "r");
		word_member(j, "aspf", p->aspf_strict ? "s" : "r");
		json_close(j, '}');
	} else {
		text_member(j, "seen", SPAN_ABSENT);
	}
	day_member(j, "since_day", v->seen_since);
	word_member(j, "effective", request_word(v->effective));
	json_close(j, '}');
}

static void measures_members(struct json *j, const struct measures *m)
{
	object_begin(j, "measures");
	object_begin(j, "own");
	count_member(j, "messages", m->own);
	count_member(j, "fail", m->own_fails);
	share_member(j, "loss", m->own_loss);
	share_member(j, "loss_upper95", m->own_upper);
	count_member(j, "evidence", m->own_evidence);
	share_member(j, "dkim_share", m->dkim_share);
	json_close(j, '}');
	object_begin(j, "forwarded");
	count_member(j, "messages", m->forwarded);
	count_member(j, "fail", m->forwarded_fails);
	share_member(j, "loss", m->forward_loss);
	count_member(j, "marked_by_receivers", m->spared);
	json_close(j, '}');
	object_begin(j, "undecided");
	count_member(j, "messages", m->undecided);
	share_member(j, "share", m->undecided_share);
	count_member(j, "sources", m->undecided_n);
	json_close(j, '}');
	object_begin(j, "forged");
	count_member(j, "messages", m->forged);
	json_close(j, '}');
	share_member(j, "worst_case_loss", m->worst_loss);
	count_member(j, "surprise_days", (uint64_t)m->quiet_days);
	json_close(j, '}');
}

/* ---- how the verdict was reached */

static void gate_object(struct json *j, const struct gate *g)
{
	char id[8];

	snprintf(id, sizeof id, "G%u", g->number);
	json_object(j);
	word_member(j, "id", id);
	word_member(j, "name", gate_names[g->number]);
	word_member(j, "state", gate_state_word(g->state));
	text_member(j, "subject", g->subject);
	object_begin(j, "values");
	for (size_t i = 0; i < g->values_n; i++) {
		object_begin(j, g->values[i].name);
		share_member(j, "value", g->values[i].value);
		share_member(j, g->values[i].at_least ? "least" : "most", g->values[i].limit);
		json_close(j, '}');
	}
	json_close(j, '}');
	json_close(j, '}');
}

static void decision_members(struct json *j, const struct decision *d)
{
	array_begin(j, "gates");
	for (size_t i = 0; i < d->gates_n; i++)
		gate_object(j, &d->gates[i]);
	json_close(j, ']');
	array_begin(j, "exceptions");
	for (size_t i = 0; i < d->exceptions_n; i++) {
		json_object(j);
		word_member(j, "kind", exception_word(d->exceptions[i].kind));
		text_member(j, "subject", d->exceptions[i].subject);
		json_close(j, '}');
	}
	json_close(j, ']');
}

/* ---- steps */

static void class_members(struct json *j, const struct verdict *v, const struct sender *s)
{
	static const char *const sides[SIDE_COUNT] = { "own", "forwarded", "forged" };
	const struct path *path = &v->paths[s->path];

	word_member(j, "class", subclass_word(s->subclass));
	if (!path_kind_fails(path->kind)) {
		text_member(j, "evidence", SPAN_ABSENT);
		return;
	}
	object_begin(j, "evidence");
	word_member(j, "confidence", confidence_word(path->class.confidence));
	for (int i = 0; i < SIDE_COUNT; i++)
		count_member(j, sides[i], path->class.points[i]);
	array_begin(j, "items");
	for (size_t i = 0; i < path->class.items_n; i++)
		json_text(j, span_of(evidence_items[path->class.items[i]].id));
	json_close(j, ']');
	json_close(j, '}');
}

static void sender_members(struct json *j, const struct verdict *v, const struct sender *s)
{
	const struct named_source *source = &v->sources[s->source];
	const struct path *path = &v->paths[s->path];

	object_begin(j, "sender");
	text_member(j, "name", source->name);
	word_member(j, "named_by", name_method_word(source->method));
	text_member(j, "header_from", s->header_from);
	text_member(j, "mark", s->mark);
	class_members(j, v, s);
	count_member(j, "messages", s->messages);
	count_member(j, "fail", s->fails);
	count_member(j, "dkim_ok", s->dkim_ok);
	count_member(j, "spf_ok", s->spf_ok);
	count_member(j, "forwarded_fail", s->forwarded_fails);
	count_member(j, "addresses", s->addresses);
	count_member(j, "reporters", s->reporters);
	day_member(j, "first_day", s->first_day);
	day_member(j, "last_day", s->last_day);
	text_member(j, "selector", path->key);
	word_member(j, "periodic", s->monthly ? "month" : s->quarterly ? "quarter" : NULL);
	day_member(j, "next_day", s->next_day);
	text_member(j, "where", source->row ? source->row->where : SPAN_ABSENT);
	json_close(j, '}');
}

static void step_object(struct json *j, const struct verdict *v, const struct step *s)
{
	json_object(j);
	count_member(j, "rank", s->rank);
	array_begin(j, "gates");
	for (unsigned n = 1; n <= GATES; n++) {
		char id[8];

		if (!(s->gates & 1u << n))
			continue;
		snprintf(id, sizeof id, "G%u", n);
		json_text(j, span_of(id));
	}
	json_close(j, ']');
	word_member(j, "kind", step_kind_word(s->kind));
	text_member(j, "subject", s->subject);
	count_member(j, "messages", s->messages);
	count_member(j, "fail", s->fails);
	count_member(j, "per_week", s->per_week);
	share_member(j, "loss_now", s->loss_now);
	share_member(j, "loss_after", s->loss_after);
	word_member(j, "verdict_after", verdict_word(s->after));
	word_member(j, "guess", guess_word(s->guess));
	day_member(j, "since_day", s->since);
	share_member(j, "value", s->value);
	share_member(j, "limit", s->limit);
	count_member(j, "needed", s->needed);
	if (s->sender != NO_INDEX)
		sender_members(j, v, &v->senders[s->sender]);
	else
		text_member(j, "sender", SPAN_ABSENT);
	json_close(j, '}');
}

static void steps_members(struct json *j, const struct verdict *v)
{
	array_begin(j, "blockers");
	for (size_t i = 0; i < v->steps_n; i++)
		if (!v->steps[i].later)
			step_object(j, v, &v->steps[i]);
	json_close(j, ']');
	array_begin(j, "later");
	for (size_t i = 0; i < v->steps_n; i++)
		if (v->steps[i].later)
			step_object(j, v, &v->steps[i]);
	json_close(j, ']');
	json_name(j, "turns_at");
	if (v->turns_at)
		json_count(j, v->turns_at);
	else
		json_null(j);
}

/* ---- alerts, what if */

static void alerts_members(struct json *j, const struct verdict *v)
{
	array_begin(j, "alerts");
	for (size_t i = 0; i < v->alerts_n; i++) {
		const struct alert *alert = &v->alerts[i];

		json_object(j);
		word_member(j, "kind", alert_kind_word(alert->kind));
		word_member(j, "level", level_word(alert->level));
		text_member(j, "subject", alert->subject);
		text_member(j, "selector", alert->key);
		count_member(j, "messages", alert->messages);
		share_member(j, "before", alert->before);
		share_member(j, "now", alert->now);
		day_member(j, "since_day", alert->since);
		day_member(j, "until_day", alert->until);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void treatment_members(struct json *j, const char *name, const struct fate_counts *counts)
{
	object_begin(j, name);
	for (int fate = 0; fate < FATE_COUNT; fate++) {
		object_begin(j, fate_word((enum fate)fate));
		count_member(j, "delivered", counts->delivered[fate]);
		count_member(j, "spam", counts->spam[fate]);
		count_member(j, "refused", counts->refused[fate]);
		json_close(j, '}');
	}
	json_close(j, '}');
}

static bool simulations_members(struct json *j, const struct verdict *v)
{
	struct buf record = BUF(RECORD_OCTETS);
	bool ok = true;

	array_begin(j, "simulation");
	for (size_t i = 0; i < v->simulations_n; i++) {
		const struct simulation *s = &v->simulations[i];

		buf_clear(&record);
		ok = policy_text(&record, &s->policy, NULL) && ok;
		json_object(j);
		text_member(j, "record", buf_span(&record));
		count_member(j, "after_steps", s->after_steps);
		treatment_members(j, "rfc9989", &s->now);
		treatment_members(j, "rfc7489", &s->old);
		json_close(j, '}');
	}
	json_close(j, ']');
	buf_release(&record);
	return ok;
}

static void next_members(struct json *j, const struct next_record *n)
{
	object_begin(j, "next");
	word_member(j, "now", next_kind_word(n->kind));
	text_member(j, "record", n->record);
	text_member(j, "zone", n->zone);
	text_member(j, "rollback", n->rollback);
	count_member(j, "ttl", n->ttl);
	count_member(j, "hold_days", n->hold_days);
	day_member(j, "not_before_day", n->not_before);
	text_member(j, "others", n->spf);
	json_close(j, '}');
}

/* ---- what it rests on */

static void limits_members(struct json *j, const struct verdict *v)
{
	char digest[DIGEST_HEX];

	digest_hex(v->limits_digest, digest);
	word_member(j, "limits_digest", digest);
	array_begin(j, "looser_limits");
	for (size_t i = 0; i < v->loosened_n; i++) {
		json_object(j);
		word_member(j, "name", v->loosened[i].name);
		share_member(j, "value", v->loosened[i].value);
		share_member(j, "default", v->loosened[i].standard);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void basis_members(struct json *j, const struct assessment *a)
{
	const struct verdict *v = a->verdict;
	uint64_t all = 0;

	for (size_t i = 0; i < v->reporters_n; i++)
		all = all > UINT64_MAX - v->reporters[i].messages ? UINT64_MAX : all + v->reporters[i].messages;
	object_begin(j, "basis");
	count_member(j, "reports", v->counted);
	count_member(j, "reports_authenticated", v->counted_signed);
	share_member(j, "authenticated_share", v->measures.trusted_share);
	count_member(j, "reporters", v->measures.reporters);
	object_begin(j, "not_counted");
	for (int use = USE_COUNTED + 1; use < USE_COUNT; use++)
		count_member(j, report_use_word((enum report_use)use), v->not_counted[use]);
	json_close(j, '}');
	count_member(j, "rows_of_other_domains", v->outside);
	count_member(j, "rows_beyond_history", v->suspicious);
	object_begin(j, "largest_reporter");
	text_member(j, "name", v->reporters_n ? v->reporters[0].name : SPAN_ABSENT);
	share_member(j, "share", all ? (double)v->reporters[0].messages / (double)all : 0);
	json_close(j, '}');
	bool_member(j, "records_checked", a->rows->published.checked);
	share_member(j, "surprises_a_week_most", v->surprises_most);
	limits_members(j, v);
	json_close(j, '}');
}

bool check_json(FILE *out, const struct assessment *a, const struct changes *changes, int64_t now, int code)
{
	const struct verdict *v = a->verdict;
	char date[MOMENT_TEXT];
	struct json j;
	bool ok;

	json_begin(&j, out);
	json_object(&j);
	word_member(&j, "schema", "dmarcgate-verdict/1");
	text_member(&j, "domain", v->domain);
	word_member(&j, "generated_date", moment_format(now, date));
	window_members(&j, v);
	policy_members(&j, v);
	word_member(&j, "profile", profile_word(a->options->profile));
	word_member(&j, "target", target_word(v->target));
	word_member(&j, "verdict", verdict_word(v->decision.word));
	count_member(&j, "exit", (uint64_t)code);
	measures_members(&j, &v->measures);
	decision_members(&j, &v->decision);
	steps_members(&j, v);
	alerts_members(&j, v);
	json_name(&j, "changes");
	changes_json(&j, changes);
	ok = simulations_members(&j, v);
	next_members(&j, &v->next);
	basis_members(&j, a);
	json_close(&j, '}');
	json_newline(&j);
	return json_done(&j) && ok;
}
