/* Folders, and the mails in them. */
#include "ingest/imap_private.h"

#include "base/moment.h"
#include "base/shortage.h"
#include "ingest/foldername.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

/* ---- which folders ---- */

struct names {
	char **names;
	size_t n;
	bool failed;
};

static void names_add(struct names *found, struct span name)
{
	char **more;

	if (found->n >= SERVER_FOLDERS)
		return;
	more = realloc(found->names, (found->n + 1) * sizeof *more);
	if (more)
		found->names = more;
	if (more && (more[found->n] = shortage_noted(strndup(name.p, name.n))))
		found->n++;
	else
		found->failed = true;
}

static struct span response_of(struct imap *imap, const char *head)
{
	struct span line = literals_line(imap->literals);
	struct span start = span_of(head);

	return span_starts_nocase(line, start) ? (struct span){ line.p + start.n, line.n - start.n } : SPAN_ABSENT;
}

/* * LIST (\HasNoChildren) "/" "Reports/2026" */
static void on_list(mu_imap_t engine, mu_list_t response, void *arg)
{
	void **both = arg;
	struct imap *imap = both[0];
	struct names *found = both[1];
	struct span line = response_of(imap, "* LIST (");
	struct buf word = BUF(LITERAL_SHORT * 2), name = BUF(LITERAL_SHORT * 2);
	const char *end = line.n ? memchr(line.p, ')', line.n) : NULL;
	struct span flags, rest;

	(void)engine;
	(void)response;
	if (end && end + 2 < line.p + line.n) {
		flags = (struct span){ line.p, (size_t)(end - line.p) };
		rest = (struct span){ end + 2, line.n - flags.n - 2 };
		imap_word(&rest, &word);
		struct span wire = imap_word(&rest, &word);

		if (span_find_nocase(flags, SPAN("\\Noselect")) < 0 &&
			span_find_nocase(flags, SPAN("\\NonExistent")) < 0 && wire.n && foldername_decode(&name, wire))
			names_add(found, buf_span(&name));
	}
	buf_release(&word);
	buf_release(&name);
}

static bool names_look_up(struct imap *imap, const char *pattern, struct names *found, struct fault *fault)
{
	struct buf rest = BUF(IMAP_COMMAND);
	void *both[] = { imap, found };
	bool good;

	buf_put_text(&rest, "\"\" ");
	good = foldername_quote(&rest, span_of(pattern))
		       ? imap_say(imap,
				 &(struct imap_request){ .verb = "LIST",
					 .rest = buf_text(&rest),
					 .doing = "looking for folders",
					 .untagged = on_list,
					 .arg = both },
				 fault)
		       : fault_set(fault, FAULT_SETUP, "%s: no name that a folder can have", pattern);
	buf_release(&rest);
	return good;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Mails are not fetched from where they are moved to. */
static bool is_target(const struct imap *imap, const char *name)
{
	const struct mail_fate *const fates[] = { &imap->mailbox->after, &imap->mailbox->not_reports,
		&imap->mailbox->broken };
	bool same = false;

	for (size_t i = 0; i < sizeof fates / sizeof *fates; i++) {
		char *target = fates[i]->kind == FATE_MOVE ? imap_folder_name(imap, fates[i]->name) : NULL;

		same |= target && strcmp(target, name) == 0;
		free(target);
	}
	return same;
}

static void names_settle(const struct imap *imap, struct names *found)
{
	size_t kept = 0;

	if (found->n)
		qsort(found->names, found->n, sizeof *found->names, by_name);
	for (size_t i = 0; i < found->n; i++)
		if ((kept && strcmp(found->names[kept - 1], found->names[i]) == 0) || is_target(imap, found->names[i]))
			free(found->names[i]);
		else
			found->names[kept++] = found->names[i];
	found->n = kept;
}

bool imap_folders(struct imap *imap, char ***names, size_t *n, struct fault *fault)
{
	struct names found = { NULL, 0, false };
	bool good = true;

	for (size_t i = 0; good && i < imap->mailbox->n_folders; i++) {
		char *name = imap_folder_name(imap, imap->mailbox->folders[i]);

		if (!name)
			found.failed = true;
		else if (strpbrk(name, "*%"))
			good = names_look_up(imap, name, &found, fault);
		else
			names_add(&found, span_of(name));
		free(name);
	}
	if (good && found.failed)
		good = fault_set(fault, FAULT_LATER, "out of memory");
	names_settle(imap, &found);
	*names = found.names;
	*n = found.n;
	if (good)
		return true;
	while (found.n)
		free(found.names[--found.n]);
	free(found.names);
	*names = NULL;
	*n = 0;
	return false;
}

/* ---- one folder ---- */

static void now_selected(mu_imap_t engine)
{
	if (engine->response == MU_IMAP_OK)
		engine->session_state = MU_IMAP_SESSION_SELECTED;
}

bool imap_missing(struct imap *imap, const char *folder)
{
	struct names found = { NULL, 0, false };
	bool missing = !imap_broken(imap) && names_look_up(imap, folder, &found, NULL) && found.n == 0 && !found.failed;

	while (found.n)
		free(found.names[--found.n]);
	free(found.names);
	return missing;
}

void imap_deselect(struct imap *imap)
{
	free(imap->selected);
	imap->selected = NULL;
}

bool imap_select(struct imap *imap, const char *folder, bool writable, struct server_folder *found, struct fault *fault)
{
	struct buf rest = BUF(IMAP_COMMAND);
	struct imap_request request = {
		.verb = writable ? "SELECT" : "EXAMINE", .tagged = now_selected, .doing = folder
	};
	bool good;

	if (imap->selected && strcmp(imap->selected, folder) == 0 && imap->writable >= writable && !imap_broken(imap)) {
		*found = imap->folder;
		return true;
	}
	imap_deselect(imap);
	imap->folder = (struct server_folder){ 0, 0 };
	imap->engine->mbox_stat.message_count = 0;
	good = foldername_quote(&rest, span_of(folder)) ||
	       fault_set(fault, FAULT_SETUP, "no name that a folder can have");
	request.rest = buf_text(&rest);
	good = good && imap_say(imap, &request, fault);
	buf_release(&rest);
	if (!good)
		return false;
	if (writable && imap_answered(imap, "READ-ONLY"))
		return fault_set(fault, FAULT_SETUP,
			"%s:%u: %s: may only be read, so mails in it cannot be marked or moved", imap->mailbox->host,
			imap->mailbox->port, folder);
	if (imap->folder.uidvalidity == 0)
		return fault_set(fault, FAULT_SETUP,
			"%s:%u: %s: the server gives its mails no lasting numbers (UIDVALIDITY)", imap->mailbox->host,
			imap->mailbox->port, folder);
	imap->folder.mails = imap->engine->mbox_stat.message_count;
	imap->selected = shortage_noted(strdup(folder));
	imap->writable = writable;
	*found = imap->folder;
	return imap->selected || fault_set(fault, FAULT_LATER, "out of memory");
}

/* ---- UIDs and sizes ---- */

struct search {
	struct imap *imap;
	uint64_t first;
	uint64_t *uids; /* owned */
	size_t n, room;
	bool heard, failed;
};

static void search_add(struct search *search, uint64_t uid)
{
	if (search->n == search->room) {
		size_t room = search->room ? search->room * 2 : 1024;
		uint64_t *more = room <= SERVER_MAILS ? realloc(search->uids, room * sizeof *more) : NULL;

		if (!more) {
			search->failed = true;
			return;
		}
		search->uids = more;
		search->room = room;
	}
	search->uids[search->n++] = uid;
}

/* Of other untagged responses in between nothing is taken; several SEARCH lines add up. `9:*` names the last mail even
 * when its UID is below 9 (RFC 9051 6.4.4). */
static void on_search(mu_imap_t engine, mu_list_t response, void *arg)
{
	struct search *search = arg;
	struct span line = response_of(search->imap, "* SEARCH ");
	struct buf word = BUF(64);

	(void)engine;
	(void)response;
	search->heard |= span_starts_nocase(literals_line(search->imap->literals), SPAN("* SEARCH"));
	while (line.n && !search->failed && line.p[0] != '(') {
		unsigned long long uid;

		if (!span_number(imap_word(&line, &word), UINT32_MAX, &uid) || uid == 0)
			search->failed = true;
		else if (uid >= search->first)
			search_add(search, uid);
	}
	buf_release(&word);
}

static int by_uid(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* What is found comes in order, each once. */
static bool search_say(struct search *search, const char *rest, struct fault *fault)
{
	size_t kept = 0;

	if (!imap_say(search->imap,
		    &(struct imap_request){ .verb = "UID SEARCH",
			    .rest = rest,
			    .doing = "looking for mails",
			    .refusal = FAULT_LATER,
			    .untagged = on_search,
			    .arg = search },
		    fault))
		return false;
	if (search->failed)
		return imap_lost(search->imap, "looking for mails", fault);
	if (search->n)
		qsort(search->uids, search->n, sizeof *search->uids, by_uid);
	for (size_t i = 0; i < search->n; i++)
		if (kept == 0 || search->uids[kept - 1] != search->uids[i])
			search->uids[kept++] = search->uids[i];
	search->n = kept;
	return true;
}

bool imap_set_undeleted(struct imap *imap, const uint64_t *uids, size_t n, struct buf *set, struct fault *fault)
{
	struct search search = { .imap = imap };
	struct buf rest = BUF(IMAP_COMMAND);
	size_t kept = 0;
	bool good = buf_put_text(&rest, "UID ") && imap_set(&rest, uids, n) && buf_put_text(&rest, " UNDELETED");

	good = good ? search_say(&search, buf_text(&rest), fault) : fault_set(fault, FAULT_LATER, "out of memory");
	for (size_t i = 0, at = 0; good && i < search.n; i++) { /* nothing else, whatever the server names */
		while (at < n && uids[at] < search.uids[i])
			at++;
		if (at < n && uids[at] == search.uids[i])
			search.uids[kept++] = uids[at];
	}
	/* Who names none may do so by silence, and who does not answer knows nothing of them: none is taken for deleted. */
	if (good && !(search.heard ? imap_set(set, search.uids, kept) : imap_set(set, uids, n)))
		good = fault_set(fault, FAULT_LATER, "out of memory");
	buf_release(&rest);
	free(search.uids);
	return good;
}

static bool imap_search(struct search *search, int64_t since, struct fault *fault)
{
	char rest[128];
	int n = snprintf(rest, sizeof rest, "UID %llu:* UNDELETED", (unsigned long long)search->first);
	unsigned month, day;
	int64_t year;

	if (since != MOMENT_NONE) {
		moment_to_civil(since - DAY_SECONDS, &year, &month, &day); /* SINCE ignores time and zone */
		snprintf(rest + n, sizeof rest - (size_t)n, " SINCE %u-%s-%lld", day, moment_month_name(month), (long long)year);
	}
	return search_say(search, rest, fault);
}

/* What one FETCH response of the engine says of UID and size; the body is with the literals. */
struct fetched {
	bool uid_said, size_said;
	uint64_t uid, octets;
};

static int on_item(void *item, void *arg)
{
	const union mu_imap_fetch_response *response = item;
	struct fetched *fetched = arg;

	if (response->type == MU_IMAP_FETCH_UID) {
		fetched->uid_said = true;
		fetched->uid = response->uid.uid;
	} else if (response->type == MU_IMAP_FETCH_RFC822_SIZE) {
		fetched->size_said = true;
		fetched->octets = response->rfc822_size.size;
	}
	return 0;
}

static struct server_mail *mail_with(struct server_mail *mails, size_t n, uint64_t uid)
{
	size_t low = 0;

	while (low < n) {
		size_t middle = low + (n - low) / 2;

		if (mails[middle].uid == uid)
			return &mails[middle];
		if (mails[middle].uid < uid)
			low = middle + 1;
		else
			n = middle;
	}
	return NULL;
}

struct batch {
	struct imap *imap;
	struct server_mail *mails;
	size_t n;
	int error;
};

static void on_size(void *arg, int code, size_t number, void *list)
{
	struct batch *batch = arg;
	struct fetched fetched = { false };
	struct server_mail *mail;

	(void)code;
	(void)number;
	mu_list_foreach(list, on_item, &fetched);
	mail = fetched.uid_said && fetched.size_said ? mail_with(batch->mails, batch->n, fetched.uid) : NULL;
	if (mail) {
		mail->octets = fetched.octets;
		mail->came = true;
	}
}

/* `UID FETCH set what`; the engine tells of FETCH responses through one callback, asked for or not. */
static bool batch_fetch(
	struct batch *batch, const char *what, const char *doing, mu_imap_callback_t callback, struct fault *fault)
{
	struct imap *imap = batch->imap;
	struct buf rest = BUF(IMAP_COMMAND);
	uint64_t uids[SERVER_BATCH];
	bool good;

	for (size_t i = 0; i < batch->n; i++)
		uids[i] = batch->mails[i].uid;
	imap_set(&rest, uids, batch->n);
	buf_printf(&rest, " %s", what);
	mu_imap_register_callback_function(imap->engine, MU_IMAP_CB_FETCH, callback, batch);
	good = imap_say(imap,
		&(struct imap_request){ .verb = "UID FETCH", .rest = buf_text(&rest), .doing = doing, .refusal = FAULT_LATER },
		fault);
	mu_imap_register_callback_function(imap->engine, MU_IMAP_CB_FETCH, NULL, NULL);
	buf_release(&rest);
	return good;
}

/* Sizes of a batch. A server that refuses them, or loses the connection, is not able to read one of the mails: they have none. */
static bool batch_sizes(struct batch *batch, struct imap_blind *blind, struct fault *fault)
{
	uint64_t from = batch->mails[0].uid, to = batch->mails[batch->n - 1].uid;

	if ((blind->from <= to && from <= blind->to) ||
		batch_fetch(batch, "(UID RFC822.SIZE)", "asking for sizes", on_size, fault))
		return true;
	if (!imap_broken(batch->imap))
		return true;
	*blind = blind->to ? (struct imap_blind){ 1, UINT32_MAX } : (struct imap_blind){ from, to };
	return false;
}

/* Those without a size: gone meanwhile, or there, and nobody knows how large. Who does not answer knows nothing of them. */
static bool batch_unsized(struct batch *batch, struct fault *fault)
{
	struct search search = { .imap = batch->imap };
	struct buf rest = BUF(IMAP_COMMAND);
	uint64_t uids[SERVER_BATCH];
	size_t n = 0;
	bool good;

	for (size_t i = 0; i < batch->n; i++)
		if (!batch->mails[i].came)
			uids[n++] = batch->mails[i].uid;
	if (n == 0)
		return true;
	good = buf_put_text(&rest, "UID ") && imap_set(&rest, uids, n) && buf_put_text(&rest, " UNDELETED");
	good = good ? search_say(&search, buf_text(&rest), fault) : fault_set(fault, FAULT_LATER, "out of memory");
	for (size_t i = 0, at = 0; good && i < batch->n; i++) {
		struct server_mail *mail = &batch->mails[i];

		while (at < search.n && search.uids[at] < mail->uid)
			at++;
		mail->unsized = !mail->came && (!search.heard || (at < search.n && search.uids[at] == mail->uid));
	}
	buf_release(&rest);
	free(search.uids);
	return good;
}

bool imap_list(struct imap *imap, uint64_t first, int64_t since, struct imap_blind *blind, struct server_list *list,
	struct fault *fault)
{
	struct search search = { .imap = imap, .first = first };
	size_t kept = 0;
	bool good = imap_search(&search, since, fault);

	*list = (struct server_list){ NULL, 0 };
	if (good && search.n && !(list->mails = calloc(search.n, sizeof *list->mails)))
		good = fault_set(fault, FAULT_LATER, "out of memory");
	for (size_t i = 0; good && i < search.n; i++)
		list->mails[list->n++] = (struct server_mail){ .uid = search.uids[i], .fd = -1 };
	for (size_t at = 0; good && at < list->n; at += SERVER_BATCH) {
		struct batch batch = { imap, list->mails + at,
			list->n - at < SERVER_BATCH ? list->n - at : SERVER_BATCH, 0 };

		good = batch_sizes(&batch, blind, fault) && batch_unsized(&batch, fault);
	}
	for (size_t i = 0; i < list->n; i++) /* the others are gone meanwhile */
		if (list->mails[i].came || list->mails[i].unsized) {
			list->mails[kept] = list->mails[i];
			list->mails[kept++].came = false;
		}
	list->n = kept;
	free(search.uids);
	if (!good)
		server_list_release(list);
	return good;
}

/* ---- mails ---- */

static void on_body(void *arg, int code, size_t number, void *list)
{
	struct batch *batch = arg;
	struct fetched fetched = { false };
	struct server_mail *mail;
	uint64_t n;
	int error;
	int fd = literals_take(batch->imap->literals, &n, &error);

	(void)code;
	(void)number;
	mu_list_foreach(list, on_item, &fetched);
	mail = fetched.uid_said ? mail_with(batch->mails, batch->n, fetched.uid) : NULL;
	if (error)
		batch->error = error;
	if (fd >= 0 && mail && !mail->came) {
		mail->fd = fd;
		mail->length = n;
		mail->came = true;
	} else if (fd >= 0) {
		close(fd); /* of a mail that was not asked for, or once more */
	}
}

bool imap_fetch(struct imap *imap, struct server_mail *mails, size_t n, uint64_t max, struct fault *fault)
{
	struct batch batch = { imap, mails, n < SERVER_BATCH ? n : SERVER_BATCH, 0 };
	bool good;

	literals_expect(imap->literals, max);
	good = batch_fetch(&batch, "(UID BODY.PEEK[])", "fetching mails", on_body, fault);
	literals_expect(imap->literals, 0);
	if (good && batch.error)
		good = fault_set(fault, FAULT_LATER, "a mail cannot be kept: %s", strerror(batch.error));
	for (size_t i = 0; !good && i < batch.n; i++)
		if (mails[i].fd >= 0) {
			close(mails[i].fd);
			mails[i].fd = -1;
			mails[i].came = false;
		}
	return good;
}
