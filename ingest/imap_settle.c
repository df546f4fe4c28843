/* What becomes of mails on their server. */
#include "ingest/imap_private.h"

#include "ingest/foldername.h"

#include <stdlib.h>

static bool folder_create(struct imap *imap, const char *quoted, struct fault *fault)
{
	struct imap_request request = { .verb = "CREATE", .rest = quoted, .doing = "making the folder" };

	/* RFC 5530; somebody else was quicker. */
	return imap_say(imap, &request, fault) || (!imap_broken(imap) && imap_answered(imap, "ALREADYEXISTS"));
}

static bool say_set(struct imap *imap, const char *verb, const struct buf *set, const char *what, const char *doing,
	struct fault *fault)
{
	struct buf rest = BUF(IMAP_COMMAND);
	bool good;

	buf_printf(&rest, "%s%s%s", buf_text(set), what ? " " : "", what ? what : "");
	good = imap_say(imap, &(struct imap_request){ .verb = verb, .rest = buf_text(&rest), .doing = doing }, fault);
	buf_release(&rest);
	return good;
}

static bool settle_mark(struct imap *imap, const struct buf *set, struct fault *fault)
{
	return say_set(imap, "UID STORE", set, "+FLAGS.SILENT (\\Deleted)", "deleting mails", fault);
}

/* Only these UIDs are expunged (RFC 4315); a plain EXPUNGE would take other people's mails with them. */
static bool settle_expunge(struct imap *imap, const struct buf *set, size_t n, uint64_t *left, struct fault *fault)
{
	if (imap->abilities & IMAP_UIDPLUS)
		return say_set(imap, "UID EXPUNGE", set, NULL, "deleting mails", fault);
	*left += n;
	return true;
}

static bool folder_say_set(struct imap *imap, const char *verb, const struct buf *set, const char *folder, struct fault *fault)
{
	if (say_set(imap, verb, set, folder, "moving mails", fault))
		return true;
	return !imap_broken(imap) && (imap_answered(imap, "TRYCREATE") || imap_answered(imap, "NONEXISTENT")) &&
	       folder_create(imap, folder, fault) && say_set(imap, verb, set, folder, "moving mails", fault);
}

/* What an earlier session copied and marked, and was cut off before it could tell us, is not copied again. One that was lost
 * between copy and mark leaves a second copy: nothing here says which mails of the other folder are the same. Only what is
 * copied is marked, so that no answer of the server can make us delete what it did not copy. */
static bool settle_copy(struct imap *imap, const char *folder, const uint64_t *uids, size_t n, struct fault *fault)
{
	struct buf set = BUF(IMAP_COMMAND / 2);
	bool good = imap_set_undeleted(imap, uids, n, &set, fault) &&
		    (set.n == 0 || (folder_say_set(imap, "UID COPY", &set, folder, fault) && settle_mark(imap, &set, fault)));

	buf_release(&set);
	return good;
}

static bool settle_move(struct imap *imap, const char *folder, const uint64_t *uids, size_t n, const struct buf *set,
	uint64_t *left, struct fault *fault)
{
	struct buf quoted = BUF(IMAP_COMMAND / 4);
	char *name = imap_folder_name(imap, folder);
	bool good;

	good = name && foldername_quote(&quoted, span_of(name));
	free(name);
	if (!good)
		fault_set(fault, FAULT_SETUP, "%s: no name that a folder can have", folder);
	else if (imap->abilities & IMAP_MOVE)
		good = folder_say_set(imap, "UID MOVE", set, buf_text(&quoted), fault);
	else
		good = settle_copy(imap, buf_text(&quoted), uids, n, fault) && settle_expunge(imap, set, n, left, fault);
	buf_release(&quoted);
	return good;
}

bool imap_settle(
	struct imap *imap, const struct mail_fate *fate, const uint64_t *uids, size_t n, uint64_t *left, struct fault *fault)
{
	struct buf set = BUF(IMAP_COMMAND / 2);
	char flags[MAILBOX_TEXT + 32];
	bool good = imap_set(&set, uids, n) || fault_set(fault, FAULT_LATER, "out of memory");

	switch (good ? fate->kind : FATE_KEEP) { /* of a set with a hole in it some would be deleted that were not copied */
	case FATE_KEEP:
		break;
	case FATE_FLAG:
	case FATE_SEEN:
		snprintf(flags, sizeof flags, "+FLAGS.SILENT (%s)", fate->kind == FATE_SEEN ? "\\Seen" : fate->name);
		good = say_set(imap, "UID STORE", &set, flags, "marking mails", fault);
		break;
	case FATE_MOVE:
		good = settle_move(imap, fate->name, uids, n, &set, left, fault);
		break;
	case FATE_DELETE:
		good = settle_mark(imap, &set, fault) && settle_expunge(imap, &set, n, left, fault);
		break;
	}
	buf_release(&set);
	return good;
}
