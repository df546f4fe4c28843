#include "report/member_json.h"
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
	member_text(j, "mailbox", span_of(mailbox->name));
	member_text(j, "url", span_of(mailbox->url));
	member_text(j, "fault", mailbox->fault ? span_of(mailbox->fault) : SPAN_ABSENT);
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		member_count(j, counts[i].name, counts[i].n);
	json_close(j, '}');
}

bool mailboxes_json(FILE *out, const struct ingested_mailbox *mailboxes, size_t n)
{
	struct json j;

	json_begin(&j, out);
	json_object(&j);
	member_text(&j, "schema", SPAN("dmarcgate-mailboxes/1"));
	member_array(&j, "mailboxes");
	for (size_t i = 0; i < n; i++)
		mailbox_put(&j, &mailboxes[i]);
	json_close(&j, ']');
	json_close(&j, '}');
	json_newline(&j);
	return json_done(&j);
}
