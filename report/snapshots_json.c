/* dns --json: one document, `dmarcgate-dns/1` of dmarcgate-json(5). */
#include "report/member_json.h"
#include "base/moment.h"
#include "report/snapshots.h"

#include <stdlib.h>

struct snapshots_json {
	struct json json;
	struct buf name;
	enum dns_type type;
	bool some;
};

static void name_open(struct snapshots_json *list, const struct dns_answer *answer)
{
	struct json *j = &list->json;

	if (list->some && list->type == answer->type && span_is(buf_span(&list->name), answer->name))
		return;
	if (list->some) {
		json_close(j, ']');
		json_close(j, '}');
	}
	list->some = true;
	buf_clear(&list->name);
	buf_put_span(&list->name, answer->name);
	list->type = answer->type;
	json_object(j);
	member_text(j, "name", answer->name);
	member_text(j, "type", span_of(dns_type_word(answer->type)));
	member_array(j, "states");
}

/* Texts with the lengths of their strings, because another cut is another state. */
static void record_json(struct json *j, enum dns_type type, const struct dns_data *data)
{
	struct buf text = BUF((size_t)DNS_TEXT_MAX + 1024);

	dns_data_put(&text, type, data);
	json_object(j);
	member_text(j, "record", buf_span(&text));
	json_name(j, "strings");
	if (data->strings) {
		json_array(j);
		for (size_t i = 0, start = 0; i < data->strings; start = data->string_end[i++])
			json_count(j, data->string_end[i] - start);
		json_close(j, ']');
	} else {
		json_null(j);
	}
	json_close(j, '}');
	buf_release(&text);
}

static bool snapshots_json_take(void *self, const struct snapshot_row *row)
{
	struct snapshots_json *list = self;
	const struct dns_answer *answer = &row->answer;
	struct json *j = &list->json;

	name_open(list, answer);
	json_object(j);
	member_moment(j, "first_seen", row->first_seen);
	member_moment(j, "last_seen", row->last_seen);
	member_text(j, "status", span_of(dns_status_word(answer->status)));
	member_text(j, "security", span_of(dns_security_word(answer->security)));
	member_count(j, "ttl", answer->ttl);
	member_text(j, "alias_of", answer->aliases ? answer->owner : SPAN_ABSENT);
	member_array(j, "records");
	for (size_t i = 0; i < answer->n; i++)
		record_json(j, answer->type, &answer->data[i]);
	json_close(j, ']');
	json_close(j, '}');
	return !j->failed && !ferror(j->out);
}

static bool snapshots_json_close(void *self)
{
	struct snapshots_json *list = self;
	struct json *j = &list->json;
	bool done;

	if (list->some) {
		json_close(j, ']');
		json_close(j, '}');
	}
	json_close(j, ']');
	json_close(j, '}');
	json_newline(j);
	done = json_done(j);
	buf_release(&list->name);
	free(list);
	return done;
}

bool snapshots_json_open(struct snapshots_writer *writer, FILE *out, const struct snapshots_about *about)
{
	struct snapshots_json *list = calloc(1, sizeof *list);

	if (!list)
		return false;
	list->name = BUF(4096);
	json_begin(&list->json, out);
	json_object(&list->json);
	member_text(&list->json, "schema", SPAN("dmarcgate-dns/1"));
	member_text(&list->json, "domain", about->domain);
	member_bool(&list->json, "history", about->history);
	member_array(&list->json, "names");
	*writer = (struct snapshots_writer){ .self = list, .take = snapshots_json_take, .close = snapshots_json_close };
	return true;
}
