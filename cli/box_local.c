/* A mailbox on this machine: a Maildir, an mbox or a folder of files. Which of its mails are known is told by the
 * store's memory of files; only mails that are to be moved are in the journal. */
#include "cli/box.h"
#include "cli/cli.h"
#include "ingest/maildir.h"
#include "ingest/source.h"

#include <stdlib.h>
#include <string.h>

/* Does a mail go there? Such a folder is not read. */
static bool is_target(const struct mailbox *mailbox, const char *folder)
{
	const struct mail_fate *const fates[] = { &mailbox->after, &mailbox->not_reports, &mailbox->broken };

	for (size_t i = 0; i < sizeof fates / sizeof *fates; i++)
		if (fates[i]->kind == FATE_MOVE && strcmp(fates[i]->name, folder) == 0)
			return true;
	return false;
}

static bool maildir_open(struct box *box, struct fault *fault)
{
	const struct mailbox *mailbox = box->mailbox;
	char **names;
	size_t n;
	bool good = true;

	if (!maildir_folders(mailbox->path, mailbox->folders, mailbox->n_folders, &names, &n, fault))
		return false;
	box->paths = calloc(n + 1, sizeof *box->paths);
	good = box->paths || fault_set(fault, FAULT_LATER, "out of memory");
	for (size_t i = 0; i < n; i++) {
		if (good && !is_target(mailbox, names[i])) {
			good = (box->paths[box->paths_n] = maildir_path(mailbox->path, names[i], fault)) != NULL;
			box->paths_n += good;
		}
		free(names[i]);
	}
	free(names);
	return good;
}

static bool local_open(struct box *box, struct fault *fault)
{
	if (box->mailbox->kind == MAILBOX_MAILDIR)
		return maildir_open(box, fault);
	box->paths = calloc(1, sizeof *box->paths);
	if (box->paths && (box->paths[0] = strdup(box->mailbox->path)))
		box->paths_n = 1;
	return box->paths_n || fault_set(fault, FAULT_LATER, "out of memory");
}

static bool source_begin(struct box *box)
{
	uint64_t most = box->polling->cli->config.limits.inflated;
	const char *path = box->paths[box->path++];

	box->source = box->mailbox->kind == MAILBOX_MAILDIR ? source_open_maildir(path, most) : source_open(path, most);
	box->entered = false;
	return box->source != NULL;
}

/* Known by name, size and time, or too old, or more than is wanted of one run. */
static bool mail_is_wanted(struct box *box, const struct mail *mail)
{
	const struct mailbox *mailbox = box->mailbox;
	int64_t since = box->polling->cli->now - mailbox->since * DAY_SECONDS;

	box->counts.present++;
	if (mailbox->since && mail->modified && mail->modified / 1000000000 < since)
		return false;
	if (box->polling->store && store_knows_file(box->polling->store, mail))
		return false;
	box->newer++;
	box->newer_octets += mail->length;
	return !box->polling->plan.look;
}

static enum inlet_state local_next(struct box *box, struct intake_item *item)
{
	struct fault fault = { 0 };
	int got;

	if (!box->journaled) {
		box->journaled = true;
		if (!box_settle(box, &box->polling->fault))
			return INLET_END;
	}
	while (box->source || box->path < box->paths_n) {
		if (box->mailbox->max_messages && box->given >= box->mailbox->max_messages)
			return INLET_END;
		if (!box->source && !source_begin(box)) {
			fault_set(&fault, FAULT_LATER, "%s: out of memory", box->mailbox->name);
			box_failed(box, &fault);
			return INLET_END;
		}
		got = source_next(box->source, &item->mail, &fault);
		if (!box->entered && (got >= 0 || fault.kind == FAULT_INPUT)) {
			box->entered = true;
			box->counts.folders++;
		}
		if (got == 1 && mail_is_wanted(box, &item->mail)) {
			box->counts.octets += item->mail.length;
			return INLET_MAIL;
		}
		mail_release(&item->mail);
		if (got < 0 && fault.kind == FAULT_INPUT) {
			item->fault = fault;
			return INLET_MAIL;
		}
		if (got < 0)
			box_folder_failed(box, &fault);
		if (got <= 0) {
			source_close(box->source);
			box->source = NULL;
		}
	}
	return INLET_END;
}

/* One line for all that cannot be moved because of a mail that has the same name there. */
static void stuck_say(struct box *box, const struct fault *first, size_t n)
{
	struct fault said = *first;

	if (n > 1)
		fault_set(&said, FAULT_INPUT, "%.440s (and %zu more)", first->text, n - 1);
	if (n)
		box_folder_failed(box, &said);
}

static bool local_settle(struct box *box, const struct mail_fate *fate, struct unsettled *const *mails, size_t n,
	size_t *done, struct fault *fault)
{
	struct fault first = { FAULT_NONE };
	size_t stuck = 0;
	bool good = true;

	for (*done = 0; good && *done < n; *done += good) {
		good = maildir_move(box->mailbox->path, mails[*done]->name, fate->name, fault);
		box->counts.settled += good;
		if (good || fault->kind != FAULT_INPUT)
			continue;
		if (stuck++ == 0)
			first = *fault;
		mails[*done]->stays = good = true;
	}
	stuck_say(box, &first, stuck);
	return good;
}

static void local_stop(struct box *box)
{
	source_close(box->source);
	box->source = NULL;
}

static bool local_close(struct box *box, struct fault *fault)
{
	(void)fault;
	local_stop(box);
	return true;
}

const struct box_kind box_local = { local_open, local_next, local_settle, local_close, local_stop };
