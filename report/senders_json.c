/* senders --format json: one document, `dmarcgate-senders/1` (dmarcgate-json(5)). */
#include "report/member_json.h"
#include "report/senders.h"

#include <stdlib.h>

#define TEXT_OCTETS ((size_t)4 * 1024 * 1024)

struct senders_json {
	struct json json;
	struct senders_view view;
	struct buf text;
};

static void counts_members(struct json *j, const char *name, const struct span_counts *c)
{
	member_object(j, name);
	member_count(j, "messages", c->messages);
	member_count(j, "dkim_ok", c->messages - c->not_signed);
	member_count(j, "spf_ok", c->messages - c->not_spf);
	member_count(j, "fail", c->fails);
	json_close(j, '}');
}

static void class_members(struct json *j, const struct listed_sender *row)
{
	const struct classification *class = &row->path->class;

	member_word(j, "class", fate_word(row->fate));
	member_word(j, "subclass", subclass_word(row->subclass));
	member_word(j, "confidence", confidence_word(class->confidence));
	member_object(j, "points");
	member_count(j, "own", class->points[SIDE_OWN]);
	member_count(j, "forwarder", class->points[SIDE_FORWARD]);
	member_count(j, "forged", class->points[SIDE_FORGED]);
	json_close(j, '}');
	member_array(j, "evidence");
	for (size_t i = 0; i < class->items_n; i++)
		json_text(j, span_of(evidence_items[class->items[i]].id));
	json_close(j, ']');
}

static void seen_members(struct json *j, const struct verdict *v, const struct listed_sender *row)
{
	counts_members(j, "window", &row->window);
	counts_members(j, "week", &row->week);
	counts_members(j, "week_before", &row->last);
	member_array(j, "weeks");
	for (unsigned i = 0; i < v->weeks_n; i++)
		json_count(j, row->weeks[i]);
	json_close(j, ']');
	member_count(j, "addresses", row->addresses);
	member_count(j, "reporters", row->reporters);
	member_day(j, "first_day", row->first_day);
	member_day(j, "last_day", row->last_day);
}

static void text_member(struct senders_json *senders, const char *name)
{
	member_text(&senders->json, name, senders->text.n ? buf_span(&senders->text) : SPAN_ABSENT);
	buf_clear(&senders->text);
}

static void countries_members(struct json *j, const struct assessment *a, const struct listed_sender *row)
{
	struct listed_country countries[COUNTRIES_MOST];
	size_t n = listed_countries(a, row, countries);

	member_array(j, "countries");
	for (size_t i = 0; i < n; i++)
		json_text(j, span_of(countries[i].country));
	json_close(j, ']');
}

static void row_json(struct senders_json *senders, const struct assessment *a, const struct listed_sender *row)
{
	const struct verdict *v = a->verdict;
	const struct named_source *source = &v->sources[row->source];
	const struct step *step = listed_step(v, row);
	struct json *j = &senders->json;

	json_object(j);
	member_text(j, "header_from", row->header_from);
	member_text(j, "source_id", source->id);
	member_text(j, "source_name", source->name);
	member_word(j, "name_method", name_method_word(source->method));
	member_word(j, "kind", sender_kind_word(source->kind));
	class_members(j, row);
	seen_members(j, v, row);
	listed_selectors(&senders->text, v, row);
	text_member(senders, "selectors");
	member_text(j, "selector_home", listed_home(v, row));
	member_day(j, "next_day", row->sender ? row->sender->next_day : MOMENT_NONE);
	member_bool(j, "regressed", row->sender && row->sender->regressed);
	member_bool(j, "rose", row->path->rose);
	listed_marks(&senders->text, row);
	text_member(senders, "mark");
	member_text(j, "mark_as", row->sender ? row->sender->mark : source->id);
	member_word(j, "step", step ? step_kind_word(step->kind) : NULL);
	if (senders->view.country)
		countries_members(j, a, row);
	json_close(j, '}');
}

static bool senders_domain(void *self, const struct assessment *assessment)
{
	struct senders_json *senders = self;
	const struct verdict *v = assessment->verdict;
	struct json *j = &senders->json;
	struct sender_list list;

	if (!sender_list_make(v, &senders->view, &list))
		return false;
	json_object(j);
	member_text(j, "domain", v->domain);
	member_day(j, "first_day", v->first_day);
	member_day(j, "last_day", v->last_day);
	counts_members(j, "week", &list.week);
	counts_members(j, "week_before", &list.last);
	member_array(j, "senders");
	for (size_t i = 0; i < list.n; i++)
		row_json(senders, assessment, &list.rows[i]);
	json_close(j, ']');
	json_close(j, '}');
	sender_list_release(&list);
	return !j->failed && !senders->text.failed && !ferror(j->out);
}

static bool senders_close(void *self)
{
	struct senders_json *senders = self;
	struct json *j = &senders->json;
	bool done;

	json_close(j, ']');
	json_close(j, '}');
	json_newline(j);
	done = json_done(j) && !senders->text.failed;
	buf_release(&senders->text);
	free(senders);
	return done;
}

bool senders_json_open(struct senders_writer *writer, FILE *out, const struct senders_view *view)
{
	struct senders_json *senders = calloc(1, sizeof *senders);

	if (!senders)
		return false;
	senders->view = *view;
	senders->text = BUF(TEXT_OCTETS);
	json_begin(&senders->json, out);
	json_object(&senders->json);
	member_word(&senders->json, "schema", "dmarcgate-senders/1");
	member_array(&senders->json, "domains");
	*writer = (struct senders_writer){ senders, senders_domain, senders_close };
	return true;
}
