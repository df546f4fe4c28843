/* dns --json: one document, `dmarcgate-dns/1` of dmarcgate-json(5). */
#include "base/json.h"
#include "base/moment.h"
#include "report/snapshots.h"

#include <stdlib.h>

struct snapshots_json {
	struct json json;
	struct buf name;
	enum dns_type type;
	bool some;
};

static void text_member(struct json *j, const char *name, struct span text)
{
	json_name(j, name);
	json_text(j, text);
}

static void date_member(struct json *j, const char *name, int64_t moment)
{
	char text[MOMENT_TEXT] = "";

	moment_format(moment, text);
	text_member(j, name, span_of(text));
}

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
	text_member(j, "name", answer->name);
	text_member(j, "type", span_of(dns_type_word(answer->type)));
	json_name(j, "states");
	json_array(j);
}

/* Texts with the lengths of their strings, because another cut is another state. */
static void record_json(struct json *j, enum dns_type type, const struct dns_data *data)
{
	struct buf text = BUF((size_t)DNS_TEXT_MAX + 1024);

	dns_data_put(&text, type, data);
	json_object(j);
	text_member(j, "record", buf_span(&text));
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
	date_member(j, "first_seen", row->first_seen);
	date_member(j, "last_seen", row->last_seen);
	text_member(j, "status", span_of(dns_status_word(answer->status)));
	text_member(j, "security", span_of(dns_security_word(answer->security)));
	json_name(j, "ttl");
	json_count(j, answer->ttl);
	text_member(j, "alias_of", answer->aliases ? answer->owner : SPAN_ABSENT);
	json_name(j, "records");
	json_array(j);
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
	done = json_done(j) && fflush(j->out) == 0;
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
	text_member(&list->json, "schema", SPAN("dmarcgate-dns/1"));
	text_member(&list->json, "domain", about->domain);
	json_name(&list->json, "history");
	json_bool(&list->json, about->history);
	json_name(&list->json, "names");
	json_array(&list->json);
	*writer = (struct snapshots_writer){ .self = list, .take = snapshots_json_take, .close = snapshots_json_close };
	return true;
}
