#include "base/json.h"
#include "report/mailboxes.h"

static void mailbox_put(struct json *j, const struct ingested_mailbox *mailbox)
{
	const struct {
		const char *name;
		uint64_t n;
	} counts[] = {
		{ "folders", mailbox->folders },
		{ "present", mailbox->present },
		{ "new", mailbox->newer },
		{ "octets", mailbox->newer_octets },
		{ "left", mailbox->left },
		{ "unsettled", mailbox->unsettled },
	};

	json_object(j);
	json_name(j, "mailbox");
	json_text(j, span_of(mailbox->name));
	json_name(j, "url");
	json_text(j, span_of(mailbox->url));
	json_name(j, "fault");
	json_text(j, mailbox->fault ? span_of(mailbox->fault) : SPAN_ABSENT);
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		json_name(j, counts[i].name);
		json_count(j, counts[i].n);
	}
	json_close(j, '}');
}

bool mailboxes_json(FILE *out, const struct ingested_mailbox *mailboxes, size_t n)
{
	struct json j;

	json_begin(&j, out);
	json_object(&j);
	json_name(&j, "schema");
	json_text(&j, SPAN("dmarcgate-mailboxes/1"));
	json_name(&j, "mailboxes");
	json_array(&j);
	for (size_t i = 0; i < n; i++)
		mailbox_put(&j, &mailboxes[i]);
	json_close(&j, ']');
	json_close(&j, '}');
	json_newline(&j);
	return json_done(&j);
}
