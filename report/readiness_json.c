#include "report/readiness_json.h"

#include "report/member_json.h"

void gate_json(struct json *j, const struct gate *gate)
{
	char id[8];

	snprintf(id, sizeof id, "G%u", gate->number);
	json_object(j);
	member_word(j, "id", id);
	member_word(j, "name", gate_names[gate->number]);
	member_word(j, "state", gate_state_word(gate->state));
	member_filled(j, "subject", gate->subject);
	member_object(j, "values");
	for (size_t i = 0; i < gate->values_n; i++) {
		member_object(j, gate->values[i].name);
		member_share(j, "value", gate->values[i].value);
		member_share(j, gate->values[i].at_least ? "least" : "most", gate->values[i].limit);
		json_close(j, '}');
	}
	json_close(j, '}');
	json_close(j, '}');
}

void policy_json(struct json *j, const struct policy *policy)
{
	if (!policy) {
		json_null(j);
		return;
	}
	json_object(j);
	member_word(j, "p", request_word(policy->p));
	member_word(j, "sp", request_word(policy->sp));
	member_word(j, "np", request_word(policy->np));
	member_bool(j, "testing", policy->testing);
	member_count(j, "pct", policy->pct);
	member_word(j, "adkim", policy->adkim_strict ? "s" : "r");
	member_word(j, "aspf", policy->aspf_strict ? "s" : "r");
	json_close(j, '}');
}
