/* check --format json: `dmarcgate-verdict/1` of dmarcgate-json(5). Shares have four decimals. */
#include "base/sum.h"
#include "report/member_json.h"
#include "report/assess/policy.h"
#include "report/check.h"
#include "report/readiness_json.h"

#define RECORD_OCTETS ((size_t)64 * 1024)

/* ---- what is asked, and of what */

static void window_members(struct json *j, const struct verdict *v)
{
	member_object(j, "window");
	member_day(j, "first_day", v->first_day);
	member_day(j, "last_day", v->last_day);
	member_count(j, "days", v->window);
	member_count(j, "days_covered", v->days_covered);
	member_count(j, "history_days", (uint64_t)v->measures.history);
	json_close(j, '}');
}

static void policy_members(struct json *j, const struct verdict *v)
{
	member_object(j, "policy");
	member_word(j, "stage", stage_word(v->next.stage));
	json_name(j, "seen");
	policy_json(j, v->seen_any ? &v->seen : NULL);
	member_day(j, "since_day", v->seen_since);
	member_word(j, "effective", request_word(v->effective));
	json_close(j, '}');
}

static void measures_members(struct json *j, const struct measures *m)
{
	member_object(j, "measures");
	member_object(j, "own");
	member_count(j, "messages", m->own);
	member_count(j, "fail", m->own_fails);
	member_share(j, "loss", m->own_loss);
	member_share(j, "loss_upper95", m->own_upper);
	member_count(j, "evidence", m->own_evidence);
	member_share(j, "dkim_share", m->dkim_share);
	json_close(j, '}');
	member_object(j, "forwarded");
	member_count(j, "messages", m->forwarded);
	member_count(j, "fail", m->forwarded_fails);
	member_share(j, "loss", m->forward_loss);
	member_count(j, "marked_by_receivers", m->spared);
	json_close(j, '}');
	member_object(j, "undecided");
	member_count(j, "messages", m->undecided);
	member_share(j, "share", m->undecided_share);
	member_count(j, "sources", m->undecided_n);
	json_close(j, '}');
	member_object(j, "forged");
	member_count(j, "messages", m->forged);
	json_close(j, '}');
	member_share(j, "worst_case_loss", m->worst_loss);
	member_count(j, "surprise_days", (uint64_t)m->quiet_days);
	json_close(j, '}');
}

/* ---- how the verdict was reached */

static void decision_members(struct json *j, const struct decision *d)
{
	member_array(j, "gates");
	for (size_t i = 0; i < d->gates_n; i++)
		gate_json(j, &d->gates[i]);
	json_close(j, ']');
	member_array(j, "exceptions");
	for (size_t i = 0; i < d->exceptions_n; i++) {
		json_object(j);
		member_word(j, "kind", exception_word(d->exceptions[i].kind));
		member_filled(j, "subject", d->exceptions[i].subject);
		json_close(j, '}');
	}
	json_close(j, ']');
}

/* ---- steps */

static void class_members(struct json *j, const struct verdict *v, const struct sender *s)
{
	static const char *const sides[SIDE_COUNT] = { "own", "forwarded", "forged" };
	const struct path *path = &v->paths[s->worst];

	member_word(j, "class", subclass_word(s->subclass));
	if (!path_kind_fails(path->kind)) {
		member_filled(j, "evidence", SPAN_ABSENT);
		return;
	}
	member_object(j, "evidence");
	member_word(j, "confidence", confidence_word(path->class.confidence));
	for (int i = 0; i < SIDE_COUNT; i++)
		member_count(j, sides[i], path->class.points[i]);
	member_array(j, "items");
	for (size_t i = 0; i < path->class.items_n; i++)
		json_text(j, span_of(evidence_items[path->class.items[i]].id));
	json_close(j, ']');
	json_close(j, '}');
}

static void sender_members(struct json *j, const struct verdict *v, const struct sender *s)
{
	const struct named_source *source = &v->sources[s->source];

	member_object(j, "sender");
	member_filled(j, "name", source->name);
	member_word(j, "named_by", name_method_word(source->method));
	member_filled(j, "header_from", s->header_from);
	member_filled(j, "mark", s->mark);
	class_members(j, v, s);
	member_count(j, "messages", s->messages);
	member_count(j, "fail", s->fails);
	member_count(j, "dkim_ok", s->dkim_ok);
	member_count(j, "spf_ok", s->spf_ok);
	member_count(j, "forwarded_fail", s->forwarded_fails);
	member_count(j, "addresses", s->addresses);
	member_count(j, "reporters", s->reporters);
	member_day(j, "first_day", s->first_day);
	member_day(j, "last_day", s->last_day);
	member_filled(j, "selector", s->key);
	member_word(j, "periodic", s->monthly ? "month" : s->quarterly ? "quarter" : NULL);
	member_day(j, "next_day", s->next_day);
	member_bool(j, "rose", v->paths[s->worst].rose);
	member_filled(j, "where", source->row ? source->row->where : SPAN_ABSENT);
	json_close(j, '}');
}

static void step_object(struct json *j, const struct verdict *v, const struct step *s)
{
	json_object(j);
	member_count(j, "rank", s->rank);
	member_array(j, "gates");
	for (unsigned n = 1; n <= GATES; n++) {
		char id[8];

		if (!(s->gates & 1u << n))
			continue;
		snprintf(id, sizeof id, "G%u", n);
		json_text(j, span_of(id));
	}
	json_close(j, ']');
	member_word(j, "kind", step_kind_word(s->kind));
	member_filled(j, "subject", s->subject);
	member_count(j, "messages", s->messages);
	member_count(j, "fail", s->fails);
	member_count(j, "per_week", s->per_week);
	member_share(j, "loss_now", s->loss_now);
	member_share(j, "loss_after", s->loss_after);
	member_word(j, "verdict_after", verdict_word(s->after));
	member_word(j, "guess", guess_word(s->guess));
	member_day(j, "since_day", s->since);
	member_share(j, "value", s->value);
	member_share(j, "limit", s->limit);
	member_count(j, "needed", s->needed);
	if (s->sender != NO_INDEX)
		sender_members(j, v, &v->senders[s->sender]);
	else
		member_filled(j, "sender", SPAN_ABSENT);
	json_close(j, '}');
}

static void steps_members(struct json *j, const struct verdict *v)
{
	member_array(j, "blockers");
	for (size_t i = 0; i < v->steps_n; i++)
		if (!v->steps[i].later)
			step_object(j, v, &v->steps[i]);
	json_close(j, ']');
	member_array(j, "later");
	for (size_t i = 0; i < v->steps_n; i++)
		if (v->steps[i].later)
			step_object(j, v, &v->steps[i]);
	json_close(j, ']');
	member_known(j, "turns_at", v->turns_at);
}

/* ---- alerts, what if */

static void alerts_members(struct json *j, const struct verdict *v)
{
	member_array(j, "alerts");
	for (size_t i = 0; i < v->alerts_n; i++) {
		const struct alert *alert = &v->alerts[i];

		json_object(j);
		member_word(j, "kind", alert_kind_word(alert->kind));
		member_word(j, "level", level_word(alert->level));
		member_filled(j, "subject", alert->subject);
		member_filled(j, "selector", alert->key);
		member_count(j, "messages", alert->messages);
		member_share(j, "before", alert->before);
		member_share(j, "now", alert->now);
		member_day(j, "since_day", alert->since);
		member_day(j, "until_day", alert->until);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void treatment_members(struct json *j, const char *name, const struct fate_counts *counts)
{
	member_object(j, name);
	for (int fate = 0; fate < FATE_COUNT; fate++) {
		member_object(j, fate_word((enum fate)fate));
		member_count(j, "delivered", counts->delivered[fate]);
		member_count(j, "spam", counts->spam[fate]);
		member_count(j, "refused", counts->refused[fate]);
		json_close(j, '}');
	}
	json_close(j, '}');
}

static bool simulations_members(struct json *j, const struct verdict *v)
{
	struct buf record = BUF(RECORD_OCTETS);
	bool ok = true;

	member_array(j, "simulation");
	for (size_t i = 0; i < v->simulations_n; i++) {
		const struct simulation *s = &v->simulations[i];

		buf_clear(&record);
		ok = policy_text(&record, &s->policy, NULL) && ok;
		json_object(j);
		member_filled(j, "record", buf_span(&record));
		member_count(j, "after_steps", s->after_steps);
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
	member_object(j, "next");
	member_word(j, "now", next_kind_word(n->kind));
	member_filled(j, "record", n->record);
	member_filled(j, "zone", n->zone);
	member_filled(j, "rollback", n->rollback);
	member_count(j, "ttl", n->ttl);
	member_count(j, "hold_days", n->hold_days);
	member_day(j, "not_before_day", n->not_before);
	member_filled(j, "others", n->spf);
	json_close(j, '}');
}

/* ---- what it rests on */

static void limits_members(struct json *j, const struct verdict *v)
{
	char digest[DIGEST_HEX];

	digest_hex(v->limits_digest, digest);
	member_word(j, "limits_digest", digest);
	member_array(j, "looser_limits");
	for (size_t i = 0; i < v->loosened_n; i++) {
		json_object(j);
		member_word(j, "name", v->loosened[i].name);
		member_share(j, "value", v->loosened[i].value);
		member_share(j, "default", v->loosened[i].standard);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void large_row_member(struct json *j, const struct assessment *a)
{
	const struct verdict *v = a->verdict;
	const struct observed_traffic *row;
	const struct observed_source *source;
	char text[ADDRESS_TEXT];

	if (!v->large.messages) {
		member_null(j, "large_row");
		return;
	}
	row = &a->rows->traffic[v->large.row];
	source = &a->rows->sources[row->source];
	member_object(j, "large_row");
	member_count(j, "messages", v->large.messages);
	member_share(j, "share", (double)v->large.messages / (double)v->measures.own);
	member_filled(j, "source_ip",
		source->has_address ? span_of(address_format(&source->address, text)) : source->text);
	member_day(j, "day", v->reports[row->report].first_day);
	member_filled(j, "reporter", v->reporters[v->reports[row->report].reporter].name);
	json_close(j, '}');
}

static void basis_members(struct json *j, const struct assessment *a)
{
	const struct verdict *v = a->verdict;
	uint64_t all = 0;

	for (size_t i = 0; i < v->reporters_n; i++)
		all = add_up(all, v->reporters[i].messages);
	member_object(j, "basis");
	member_count(j, "reports", v->counted);
	member_count(j, "reports_authenticated", v->counted_signed);
	member_share(j, "authenticated_share", v->measures.trusted_share);
	member_count(j, "reporters", v->measures.reporters);
	member_object(j, "not_counted");
	for (int use = USE_COUNTED + 1; use < USE_COUNT; use++)
		member_count(j, report_use_word((enum report_use)use), v->not_counted[use]);
	json_close(j, '}');
	member_count(j, "rows_of_other_domains", v->outside);
	member_count(j, "rows_beyond_history", v->suspicious);
	member_object(j, "largest_reporter");
	member_filled(j, "name", v->reporters_n ? v->reporters[0].name : SPAN_ABSENT);
	member_share(j, "share", all ? (double)v->reporters[0].messages / (double)all : 0);
	json_close(j, '}');
	large_row_member(j, a);
	member_object(j, "forged_on_working_days");
	member_count(j, "messages", v->measures.scattered);
	member_count(j, "addresses", v->measures.scattered_addresses);
	json_close(j, '}');
	member_bool(j, "records_checked", a->rows->published.checked);
	member_bool(j, "spf_refuses_unseen", v->blind.spf_fail_all);
	member_share(j, "surprises_a_week_most", v->surprises_most);
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
	member_word(&j, "schema", "dmarcgate-verdict/1");
	member_filled(&j, "domain", v->domain);
	member_word(&j, "generated_date", moment_format(now, date));
	window_members(&j, v);
	policy_members(&j, v);
	member_word(&j, "profile", profile_word(a->options->profile));
	member_word(&j, "target", target_word(v->target));
	member_word(&j, "verdict", verdict_word(v->decision.word));
	member_count(&j, "exit", (uint64_t)code);
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
