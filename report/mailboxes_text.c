#include "report/mailboxes.h"
#include "report/table.h"

static const struct table_column columns[] = {
	{ "mailbox" }, { "url", .flexible = true, .least = 20 }, { "folders", .right = true }, { "mails", .right = true },
	{ "new", .right = true }, { "octets", .right = true }, { "left", .right = true }, { "unsettled", .right = true },
	{ "state" },
};

static void row_put(struct table *table, const struct ingested_mailbox *mailbox)
{
	bool failed = mailbox->fault != NULL;

	table_row(table);
	table_cell_text(table, INK_STRONG, mailbox->name);
	table_cell(table, INK_PLAIN, span_of(mailbox->url));
	table_cell_count(table, INK_PLAIN, mailbox->folders);
	table_cell_count(table, INK_PLAIN, mailbox->present);
	table_cell_count(table, INK_PLAIN, mailbox->newer);
	table_cell_count(table, INK_PLAIN, mailbox->newer_octets);
	table_cell_count(table, INK_PLAIN, mailbox->left);
	table_cell_count(table, INK_PLAIN, mailbox->unsettled);
	table_cell_text(table, failed ? INK_BAD : INK_GOOD, failed ? "failed" : "good");
}

bool mailboxes_text(FILE *out, const struct style *style, const struct ingested_mailbox *mailboxes, size_t n)
{
	struct table *table = table_new(out, style, columns, sizeof columns / sizeof *columns);
	bool done;

	if (!table)
		return false;
	for (size_t i = 0; i < n; i++)
		row_put(table, &mailboxes[i]);
	done = table_print(table);
	table_free(table);
	return done && !ferror(out);
}
