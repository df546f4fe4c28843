#include "cli/poll.h"
#include "base/newfile.h"
#include "cli/box.h"
#include "cli/cli.h"
#include "cli/signals.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define FOLDERS_MOST 4096 /* of one mailbox, those of earlier runs included: more than a poller may name */
#define SEEN_MOST 4000000

/* ---- one mailbox ---- */

/* Faults of servers name their mailbox already. */
static struct fault box_name_fault(const struct box *box, const struct fault *fault)
{
	const char *name = box->mailbox->name;
	size_t n = strlen(name);
	bool named = strncmp(fault->text, name, n) == 0 && (fault->text[n] == ':' || fault->text[n] == '#');
	struct fault said;

	fault_set(&said, fault->kind, "%s%s%.450s", named ? "" : name, named ? "" : ": ", fault->text);
	return said;
}

static void box_keep_fault(struct box *box, const struct fault *said)
{
	if (!box->failed)
		box->fault = *said;
	box->failed = true;
}

void box_failed(struct box *box, const struct fault *fault)
{
	struct fault said = box_name_fault(box, fault);

	cli_say(box->polling->cli, "%s", said.text);
	box_keep_fault(box, &said);
	box->lost = true;
}

void box_folder_failed(struct box *box, const struct fault *fault)
{
	struct fault said = box_name_fault(box, fault);

	if (!box->polling->plan.stay || box_is_news(box, said.text))
		cli_say(box->polling->cli, "%s", said.text);
	box_keep_fault(box, &said);
}

bool box_only_looks(const struct box *box)
{
	return box->polling->plan.look || box->polling->plan.dry;
}

static const struct mail_fate *fate_of(const struct box *box, enum place_state state)
{
	return state == PLACE_BROKEN	   ? &box->mailbox->broken
	       : state == PLACE_NOT_REPORT ? &box->mailbox->not_reports
					   : &box->mailbox->after;
}

/* Another life of the folder, or a look further back: everything in it is new. */
static void folder_enter(struct box *box, struct box_folder *folder, uint64_t uidvalidity)
{
	const struct mailbox *mailbox = box->mailbox;
	int64_t since = mailbox->since ? box->polling->cli->now - mailbox->since * DAY_SECONDS : MOMENT_NONE;
	bool further = folder->state.since != MOMENT_NONE &&
		       (since == MOMENT_NONE || moment_day(since) < moment_day(folder->state.since));

	if (folder->state.uidvalidity != uidvalidity || further)
		folder->state.highest = 0;
	folder->reborn |= folder->state.uidvalidity != uidvalidity;
	folder->state.uidvalidity = uidvalidity;
	folder->state.since = since;
	folder->looked = true;
}

/* As it was remembered last, or an empty one. */
static struct box_folder *folder_find(struct box *box, const char *name)
{
	struct box_folder *folder, **more;

	for (size_t i = 0; i < box->folders_n; i++)
		if (strcmp(box->folders[i]->name, name) == 0)
			return box->folders[i];
	if (box->folders_n == FOLDERS_MOST)
		return NULL;
	more = reallocarray(box->folders, box->folders_n + 1, sizeof *more);
	if (more)
		box->folders = more;
	folder = more ? calloc(1, sizeof *folder) : NULL;
	if (folder && !(folder->name = strdup(name))) {
		free(folder);
		return NULL;
	}
	if (folder)
		box->folders[box->folders_n++] = folder;
	return folder;
}

struct box_folder *box_folder(struct box *box, const char *name, uint64_t uidvalidity)
{
	struct box_folder *folder = folder_find(box, name);
	struct store *store = box->polling->store;

	if (!folder)
		return NULL;
	if (!folder->looked) {
		folder->state = (struct folder_state){ .since = MOMENT_NONE };
		if (store && !store_folder_get(store, box->key, name, &folder->state, &box->polling->fault))
			return NULL;
	}
	if (!folder->looked || folder->state.uidvalidity != uidvalidity)
		folder_enter(box, folder, uidvalidity);
	return folder;
}

static bool seen_add(struct box *box, const char *name)
{
	if (box->seen_n == SEEN_MOST)
		return false;
	if (box->seen_n == box->seen_room) {
		size_t room = box->seen_room ? 2 * box->seen_room : 64;
		char **more = reallocarray(box->seen, room, sizeof *more);

		if (!more)
			return false;
		box->seen = more;
		box->seen_room = room;
	}
	box->seen[box->seen_n] = strdup(name);
	return box->seen[box->seen_n++] != NULL;
}

bool box_seen(struct box *box, uint64_t uid, const char *name)
{
	char text[32];

	snprintf(text, sizeof text, "%llu", (unsigned long long)uid);
	return seen_add(box, uid ? text : name);
}

static bool unsettled_add(
	struct box *box, struct box_folder *folder, uint64_t uidvalidity, const struct stored_place *place)
{
	struct unsettled *one;

	if (box->unsettled_n == box->unsettled_room) {
		size_t room = box->unsettled_room ? 2 * box->unsettled_room : 64;
		struct unsettled *more = reallocarray(box->unsettled, room, sizeof *more);

		if (!more)
			return false;
		box->unsettled = more;
		box->unsettled_room = room;
	}
	one = &box->unsettled[box->unsettled_n];
	*one = (struct unsettled){ folder, uidvalidity, place->uid, strdup(place->name), place->state, false, false };
	box->unsettled_n += one->name != NULL;
	return one->name != NULL;
}

/* ---- settling ---- */

struct journal {
	struct box *box;
	bool short_of_memory;
};

static bool journal_take(void *arg, const struct place_row *row)
{
	struct journal *journal = arg;
	struct box_folder *folder;

	if (row->place.state == PLACE_LEFT)
		return true;
	folder = folder_find(journal->box, row->folder);
	journal->short_of_memory =
		!folder || !unsettled_add(journal->box, folder, row->uidvalidity, &row->place);
	if (folder && !folder->state.id)
		folder->state.id = row->folder_id;
	return !journal->short_of_memory;
}

/* What an earlier run has stored and could not settle any more. */
static bool journal_read(struct box *box, struct fault *fault)
{
	struct journal journal = { box, false };
	struct store *store = box->polling->store;

	if (!store)
		return true;
	if (!store_ask_places(store, box->key, journal_take, &journal, fault))
		return false;
	return !journal.short_of_memory || fault_set(fault, FAULT_LATER, "out of memory");
}

/* The mail has had its fate. Without UIDs one that stays must be known by its name from now on. */
static bool place_settled(struct box *box, const struct unsettled *one, struct fault *fault)
{
	struct store *store = box->polling->store;
	const struct stored_place known = { .name = one->name, .state = PLACE_KNOWN };

	if (box->mailbox->kind == MAILBOX_POP3 && fate_of(box, one->state)->kind == FATE_KEEP)
		return store_place_put(store, one->folder->state.id, &known, fault);
	return store_place_drop(store, one->folder->state.id, one->uid, one->name, fault);
}

/* The first n mails are done: their places go, unless it is only certain when the session has ended. */
static bool unsettled_done(struct box *box, struct unsettled *const *mails, size_t n, struct fault *fault)
{
	for (size_t i = 0; i < n; i++) {
		if (mails[i]->stays)
			continue;
		mails[i]->told = true;
		if (box->mailbox->kind != MAILBOX_POP3 && !place_settled(box, mails[i], fault))
			return false;
	}
	return true;
}

static void unsettled_forget(struct box *box)
{
	size_t kept = 0;

	for (size_t i = 0; i < box->unsettled_n; i++)
		if (box->unsettled[i].told && box->mailbox->kind != MAILBOX_POP3)
			free(box->unsettled[i].name);
		else
			box->unsettled[kept++] = box->unsettled[i];
	box->unsettled_n = kept;
}

/* How many of the same life of the same folder come next: their numbers mean nothing any more, and they will be met
 * again under others. */
static size_t life_length(struct unsettled *const *mails, size_t n)
{
	size_t same = 1;

	while (same < n && mails[same]->folder == mails[0]->folder && mails[same]->uidvalidity == mails[0]->uidvalidity)
		same++;
	return same;
}

/* All mails of one kind, which have one fate. */
static bool kind_settle(struct box *box, enum place_state state, struct unsettled **mails, struct fault *fault)
{
	const struct mail_fate *fate = fate_of(box, state);
	struct fault refused = { 0 };
	size_t n = 0, done = 0;

	for (size_t i = 0; i < box->unsettled_n; i++)
		if (box->unsettled[i].state == state && !box->unsettled[i].told && !box->unsettled[i].stays)
			mails[n++] = &box->unsettled[i];
	while (n && !box->fateless) {
		bool good = true;

		done = n;
		if (fate->kind != FATE_KEEP)
			good = box->kind->settle(box, fate, mails, n, &done, &refused);
		if (!good && refused.kind == FAULT_INPUT && done < n)
			done += life_length(mails + done, n - done);
		else if (!good)
			box->fateless = true;
		if (!unsettled_done(box, mails, done, fault))
			return false;
		mails += done;
		n -= done;
	}
	if (box->fateless)
		box_failed(box, &refused);
	return true;
}

bool box_settle(struct box *box, struct fault *fault)
{
	struct unsettled **mails;
	bool good = true;

	if (box->unsettled_n == 0 || box->fateless || box_only_looks(box))
		return true;
	mails = calloc(box->unsettled_n, sizeof *mails);
	if (!mails)
		return fault_set(fault, FAULT_LATER, "out of memory");
	for (enum place_state state = PLACE_REPORT; good && !box->fateless && state <= PLACE_BROKEN; state++)
		good = kind_settle(box, state, mails, fault);
	free(mails);
	unsettled_forget(box);
	return good;
}

/* ---- a mailbox begins and ends ---- */

char *polling_key(const struct mailbox *mailbox)
{
	static const char *const words[] = { [MAILBOX_IMAP] = "imap", [MAILBOX_POP3] = "pop3",
		[MAILBOX_MAILDIR] = "maildir", [MAILBOX_MBOX] = "mbox", [MAILBOX_FILES] = "folder" };
	char *key;
	int n = mailbox_is_remote(mailbox) ? asprintf(&key, "%s:%s@%s:%u", words[mailbox->kind], mailbox->user,
						     mailbox->host, (unsigned)mailbox->port)
					   : asprintf(&key, "%s:%s", words[mailbox->kind], mailbox->path);

	return n < 0 ? NULL : key;
}

static bool box_open(struct box *box)
{
	struct fault fault = { 0 };

	box->settled = true;
	box->stage = BOX_OPEN;
	if (journal_read(box, &fault) && box->kind->open(box, &fault))
		return true;
	box_failed(box, &fault);
	box->stage = BOX_CLOSED;
	box->kind->stop(box);
	return false;
}

static int by_octets(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct left {
	struct box *box;
	struct unsettled *gone; /* owned */
	size_t n;
};

/* Mails that were left and are not listed any more. */
static bool left_take(void *arg, const struct place_row *row)
{
	struct left *left = arg;
	struct box *box = left->box;
	struct box_folder *folder = folder_find(box, row->folder);
	struct unsettled *more;
	char text[32], *key = text;

	snprintf(text, sizeof text, "%llu", (unsigned long long)row->place.uid);
	if (row->place.state != PLACE_LEFT || row->place.uid == 0 || !folder || !folder->looked ||
		(box->seen_n && bsearch(&key, box->seen, box->seen_n, sizeof key, by_octets)))
		return true;
	more = reallocarray(left->gone, left->n + 1, sizeof *more);
	if (!more)
		return false;
	left->gone = more;
	left->gone[left->n++] = (struct unsettled){ .folder = folder, .uid = row->place.uid };
	return true;
}

/* After a session that has listed everything: what is not there any more need not be remembered. */
static bool gone_forget(struct box *box, struct fault *fault)
{
	struct store *store = box->polling->store;
	struct left left = { box, NULL, 0 };
	bool good;

	if (box->seen_n)
		qsort(box->seen, box->seen_n, sizeof *box->seen, by_octets);
	if (box->mailbox->kind == MAILBOX_POP3)
		return box->folders_n == 0 || box->folders[0]->state.id == 0 ||
		       store_places_gone(store, box->folders[0]->state.id, box->seen, box->seen_n, fault);
	good = store_ask_places(store, box->key, left_take, &left, fault);
	for (size_t i = 0; good && i < left.n; i++)
		good = store_place_drop(store, left.gone[i].folder->state.id, left.gone[i].uid, "", fault);
	free(left.gone);
	return good;
}

/* The end of a session, or of its round. False: the database. */
static bool box_close(struct box *box, struct fault *fault)
{
	struct fault why = { 0 };
	bool rests = box_rest(box);
	bool closed = rests || box->kind->close(box, &why);
	bool good = true;

	box->stage = rests ? BOX_RESTING : BOX_CLOSED;
	if (!closed && !box->failed)
		box_failed(box, &why);
	if (box_only_looks(box))
		return true;
	for (size_t i = 0; closed && good && i < box->unsettled_n; i++)
		if (box->unsettled[i].told)
			good = place_settled(box, &box->unsettled[i], fault);
	/* What a signal has cut short was perhaps not listed to its end. */
	if (!good || box->failed || polling_ends(box->polling))
		return good;
	return store_poll_put(box->polling->store, box->key, box->polling->cli->now, fault) &&
	       (!mailbox_is_remote(box->mailbox) || gone_forget(box, fault));
}

void box_clear(struct box *box)
{
	for (size_t i = 0; i < box->folders_n; i++) {
		free(box->folders[i]->name);
		free(box->folders[i]);
	}
	for (size_t i = 0; i < box->unsettled_n; i++)
		free(box->unsettled[i].name);
	for (size_t i = 0; i < box->seen_n; i++)
		free(box->seen[i]);
	for (size_t i = 0; i < box->paths_n; i++)
		free(box->paths[i]);
	free(box->paths);
	free(box->seen);
	free(box->unsettled);
	free(box->folders);
	*box = (struct box){ .polling = box->polling,
		.settings = box->settings,
		.mailbox = box->mailbox,
		.kind = box->kind,
		.key = box->key,
		.stage = box->stage,
		.poller = box->poller,
		.connected = box->connected,
		.greeted = box->greeted,
		.attempts = box->attempts,
		.due = box->due,
		.again_due = box->again_due,
		.lasting = box->lasting,
		.lasting_n = box->lasting_n,
		.totals_sum = box->totals_sum,
		.counts_sum = box->counts_sum };
}

static void box_release(struct box *box)
{
	struct fault nobody_asks;

	if (box->stage == BOX_RESTING)
		box->kind->close(box, &nobody_asks);
	if (box->kind)
		box->kind->stop(box);
	box_clear(box);
	for (size_t i = 0; i < box->lasting_n; i++)
		free(box->lasting[i].text);
	free(box->lasting);
	free(box->key);
}

/* ---- all of them ---- */

/* As many at the same time as was asked for; those of this machine never wait and need no place. */
static void boxes_open(struct polling *polling)
{
	unsigned open = 0;

	for (size_t i = 0; i < polling->n; i++)
		open += polling->boxes[i].stage == BOX_OPEN || polling->boxes[i].stage == BOX_DRAINED;
	for (size_t i = 0; i < polling->n && open < polling->plan.parallel && !polling_ends(polling); i++)
		if (polling->boxes[i].stage == BOX_WAITING)
			open += box_open(&polling->boxes[i]);
}

bool polling_ends(struct polling *polling)
{
	struct signals *signals = polling->plan.signals;

	return signals && signals_read(signals)->end;
}

static enum inlet_state box_next(struct box *box, struct intake_item *item)
{
	enum inlet_state state = INLET_END;

	if (box->stage == BOX_OPEN && !polling_ends(box->polling))
		state = box->kind->next(box, item);
	if (state == INLET_MAIL) {
		box->given++;
		item->box = box;
	}
	if (state != INLET_END)
		return state;
	box->stage = BOX_DRAINED;
	if (box->taken < box->given)
		return INLET_LATER;
	if (!box->settled)
		return INLET_FLUSH;
	box_close(box, &box->polling->fault);
	return INLET_END;
}

static enum inlet_state polling_next(void *self, struct intake_item *item)
{
	struct polling *polling = self;
	bool waiting = true, later = false;

	while (waiting && polling->fault.kind == FAULT_NONE) {
		waiting = later = false;
		boxes_open(polling);
		for (size_t i = 0; i < polling->n; i++) {
			struct box *box = &polling->boxes[(polling->turn + i) % polling->n];
			enum inlet_state state;

			if (box->stage != BOX_OPEN && box->stage != BOX_DRAINED) {
				waiting |= box->stage == BOX_WAITING && !polling_ends(polling);
				continue;
			}
			state = box_next(box, item);
			later |= state == INLET_LATER;
			if (state == INLET_MAIL || state == INLET_FLUSH) {
				polling->turn = (polling->turn + i + 1) % polling->n;
				return state;
			}
		}
		waiting &= !later;
	}
	if (polling->fault.kind == FAULT_NONE)
		return later ? INLET_LATER : INLET_END;
	return INLET_FLUSH; /* which says it */
}

static void polling_progress(void *self, uint64_t *done, uint64_t *total)
{
	const struct polling *polling = self;

	*done = *total = 0;
	for (size_t i = 0; i < polling->n; i++) {
		*done += polling->boxes[i].taken;
		*total += polling->boxes[i].newer;
	}
}

static int polling_descriptor(void *self)
{
	return ((struct polling *)self)->epoll;
}

bool box_start(struct box *box, struct fault *fault)
{
	struct epoll_event event = { .events = EPOLLIN };

	if (!mailbox_is_remote(box->mailbox) || box->poller)
		return true;
	box->poller = poller_start(NULL, fault);
	if (!box->poller)
		return false;
	return epoll_ctl(box->polling->epoll, EPOLL_CTL_ADD, poller_descriptor(box->poller), &event) == 0 ||
	       fault_set(fault, FAULT_LATER, "epoll: %s", strerror(errno));
}

static bool box_begin(struct polling *polling, struct box *box, size_t which, struct fault *fault)
{
	const struct mailbox_settings *settings = &polling->cli->config.mailboxes[which];

	*box = (struct box){ .polling = polling,
		.settings = settings,
		.mailbox = &settings->mailbox,
		.kind = mailbox_is_remote(&settings->mailbox) ? &box_server : &box_local,
		.key = polling_key(&settings->mailbox) };
	polling->n++;
	if (!box->key)
		return fault_set(fault, FAULT_LATER, "out of memory");
	if (polling->plan.stay) /* polling_rest starts what is due */
		box->stage = BOX_CLOSED;
	return polling->plan.stay || box_start(box, fault);
}

/* Both see the signals, so that neither a round nor a rest has to end before they are heard. */
static bool polling_watch(struct polling *polling, struct fault *fault)
{
	struct epoll_event event = { .events = EPOLLIN };
	const struct signals *signals = polling->plan.signals;

	polling->epoll = epoll_create1(EPOLL_CLOEXEC);
	polling->rest = polling->plan.stay ? epoll_create1(EPOLL_CLOEXEC) : -1;
	if (polling->epoll >= 0 && (!polling->plan.stay || polling->rest >= 0) &&
		(!signals || (epoll_ctl(polling->epoll, EPOLL_CTL_ADD, signals->fd, &event) == 0 &&
				     epoll_ctl(polling->rest, EPOLL_CTL_ADD, signals->fd, &event) == 0)))
		return true;
	return fault_set(fault, FAULT_LATER, "epoll: %s", strerror(errno));
}

struct polling *polling_start(struct cli *cli, const struct polling_plan *plan, const size_t *chosen, size_t n,
	struct fault *fault)
{
	struct polling *polling = calloc(1, sizeof *polling);
	bool good = true;

	if (!polling) {
		fault_set(fault, FAULT_LATER, "out of memory");
		return NULL;
	}
	polling->cli = cli;
	polling->lock = -1;
	polling->plan = *plan;
	polling->inlet = (struct inlet){ polling, polling_next, polling_progress, polling_descriptor };
	polling->epoll = polling->rest = -1;
	polling->boxes = calloc(n + 1, sizeof *polling->boxes);
	if (!polling->boxes)
		good = fault_set(fault, FAULT_LATER, "out of memory");
	good = good && polling_watch(polling, fault);
	for (size_t i = 0; good && i < n; i++)
		good = box_begin(polling, &polling->boxes[i], chosen[i], fault);
	if (good)
		return polling;
	polling_stop(polling);
	return NULL;
}

void polling_use(struct polling *polling, struct store *store)
{
	polling->store = store;
}

/* Every tenth of a second, as long as others are waited for when they write. */
static bool lock_wait(const struct polling *polling)
{
	const struct timespec tenth = { .tv_nsec = 100000000 };

	for (uint64_t left = polling->cli->config.store_wait * 10;; left--) {
		if (flock(polling->lock, LOCK_EX | LOCK_NB) == 0)
			return true;
		if (left == 0)
			return false;
		nanosleep(&tenth, NULL);
	}
}

static bool lock_take(struct polling *polling, const char *path, struct fault *fault)
{
	char pid[24] = "";
	ssize_t n;

	polling->lock = newfile_open(path);
	if (polling->lock < 0)
		return fault_set(fault, FAULT_SETUP, "%.400s: %s", path, strerror(errno));
	if (!lock_wait(polling)) {
		n = pread(polling->lock, pid, sizeof pid - 1, 0);
		return fault_set(fault, FAULT_LATER, "%.400s: %s%.*s is polling the mailboxes", path,
			n > 0 ? "process " : "another process", n > 0 ? (int)strcspn(pid, "\n") : 0, pid);
	}
	snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
	return (ftruncate(polling->lock, 0) == 0 && pwrite(polling->lock, pid, strlen(pid), 0) > 0) ||
	       fault_set(fault, FAULT_LATER, "%.400s: %s", path, strerror(errno));
}

bool polling_lock(struct polling *polling, struct fault *fault)
{
	char *path;
	bool good;

	if (asprintf(&path, "%s-poll", polling->cli->config.db) < 0)
		return fault_set(fault, FAULT_LATER, "out of memory");
	good = cli_folder(path, fault) && lock_take(polling, path, fault);
	free(path);
	return good;
}

void polling_unlock(struct polling *polling)
{
	if (polling->lock >= 0)
		close(polling->lock);
	polling->lock = -1;
}

void polling_stop(struct polling *polling)
{
	if (!polling)
		return;
	polling_unlock(polling);
	for (size_t i = 0; polling->boxes && i < polling->n; i++)
		box_release(&polling->boxes[i]);
	if (polling->epoll >= 0)
		close(polling->epoll);
	if (polling->rest >= 0)
		close(polling->rest);
	free(polling->boxes);
	free(polling);
}

bool polling_parallel(const struct cli *cli, struct polling_plan *plan)
{
	const char *text = cli->options.parallel;
	unsigned long long n;

	if (!text)
		return true;
	if (!span_number(span_of(text), POLLING_PARALLEL, &n) || n == 0) {
		cli_say(cli, "--parallel %.40s: a number from 1 to %d", text, POLLING_PARALLEL);
		return false;
	}
	plan->parallel = (unsigned)n;
	return true;
}

struct inlet *polling_inlet(struct polling *polling)
{
	return &polling->inlet;
}

/* ---- what becomes of the mails ---- */

struct ingested *box_totals(const struct intake_item *item)
{
	return item->box ? &item->box->totals : NULL;
}

void polling_totals_keep(struct polling *polling)
{
	for (size_t i = 0; i < polling->n; i++)
		polling->boxes[i].totals_kept = polling->boxes[i].totals;
}

void polling_totals_take_back(struct polling *polling)
{
	for (size_t i = 0; i < polling->n; i++)
		polling->boxes[i].totals = polling->boxes[i].totals_kept;
}

/* A mail that may be met again in its place, unless it is remembered. */
static bool place_note(struct box *box, struct box_folder *folder, const struct stored_place *place, struct fault *fault)
{
	struct store *store = box->polling->store;
	bool numbered = place->uid != 0;
	bool open = place->state != PLACE_LEFT && fate_of(box, place->state)->kind != FATE_KEEP;
	struct stored_place known = *place;

	if (numbered && place->uid > folder->state.highest)
		folder->state.highest = place->uid;
	if ((!numbered || place->state == PLACE_LEFT) && !box_seen(box, place->uid, place->name))
		return fault_set(fault, FAULT_LATER, "out of memory");
	if (!store_folder_put(store, box->key, folder->name, &folder->state, fault))
		return false;
	folder->reborn = false;
	if (place->state == PLACE_LEFT || open) {
		if (open && !unsettled_add(box, folder, folder->state.uidvalidity, place))
			return fault_set(fault, FAULT_LATER, "out of memory");
		return store_place_put(store, folder->state.id, place, fault);
	}
	if (numbered)
		return store_place_drop(store, folder->state.id, place->uid, "", fault);
	known.state = PLACE_KNOWN;
	return box->mailbox->kind != MAILBOX_POP3 || store_place_put(store, folder->state.id, &known, fault);
}

bool polling_stored(
	struct polling *polling, const struct intake_item *item, enum place_state state, struct fault *fault)
{
	struct box *box = item->box;
	const struct mail_place *where = &item->place;
	struct stored_place place = { where->uid, where->uidl, state };
	bool local = !mailbox_is_remote(box->mailbox);
	struct box_folder *folder;

	box->taken++;
	box->settled = false;
	box->left += state == PLACE_LEFT;
	if (box_only_looks(box))
		return true;
	if (local && (state == PLACE_LEFT || fate_of(box, state)->kind == FATE_KEEP || !item->mail.name))
		return true;
	if (local)
		place.name = item->mail.name;
	folder = local ? box_folder(box, "", 0) : folder_find(box, where->folder);
	if (!folder) {
		*fault = polling->fault;
		return fault->kind != FAULT_NONE ? false : fault_set(fault, FAULT_LATER, "out of memory");
	}
	/* The folder began another life meanwhile; the mail will be met again in that one. */
	if (!local && folder->state.uidvalidity != where->uidvalidity)
		return true;
	return place_note(box, folder, &place, fault);
}

bool polling_settle(struct polling *polling, struct fault *fault)
{
	bool good = polling->fault.kind == FAULT_NONE;

	if (!good)
		*fault = polling->fault;
	for (size_t i = 0; good && i < polling->n; i++) {
		struct box *box = &polling->boxes[i];

		if (box->stage != BOX_OPEN && box->stage != BOX_DRAINED)
			continue;
		box->settled = true;
		good = box_settle(box, fault);
	}
	return good;
}

const char *box_plans(const struct intake_item *item, enum place_state state, char text[128])
{
	static const char *const words[] = { [FATE_KEEP] = "stays where it is", [FATE_FLAG] = "gets the keyword",
		[FATE_SEEN] = "is marked as seen", [FATE_MOVE] = "moves to", [FATE_DELETE] = "is deleted" };
	const struct mail_fate *fate = item->box ? fate_of(item->box, state) : NULL;

	if (state == PLACE_LEFT || !fate)
		snprintf(text, 128, "stays where it is");
	else
		snprintf(text, 128, "%s%s%.80s", words[fate->kind], fate->name ? " " : "", fate->name ? fate->name : "");
	return text;
}

/* ---- how it went ---- */

static uint64_t box_unsettled(const struct box *box)
{
	uint64_t n = 0;

	for (size_t i = 0; i < box->unsettled_n; i++)
		n += !box->unsettled[i].told || box->failed;
	return n;
}

static struct ingested_mailbox box_figures(const struct box *box)
{
	return (struct ingested_mailbox){ .name = box->mailbox->name,
		.url = box->settings->url,
		.totals = &box->totals,
		.folders = box->counts.folders,
		.present = box->counts.present,
		.newer = box->newer,
		.newer_octets = box->newer_octets,
		.octets = box->counts.octets,
		.left = box->left,
		.settled = box->counts.settled,
		.unsettled = box_unsettled(box),
		.marked = box->counts.left,
		.reconnects = box->counts.reconnects,
		.fault = box->failed ? box->fault.text : NULL };
}

bool polling_sums(const struct polling *polling, polling_teller *tell, void *arg)
{
	for (size_t i = 0; i < polling->n; i++) {
		const struct box *box = &polling->boxes[i];
		struct ingested_mailbox mailbox = box_figures(box);

		mailbox.totals = &box->totals_sum;
		mailbox.octets = box->counts_sum.octets;
		mailbox.settled = box->counts_sum.settled;
		mailbox.marked = box->counts_sum.left;
		mailbox.reconnects = box->counts_sum.reconnects;
		if (!tell(arg, &mailbox))
			return false;
	}
	return true;
}

bool polling_report(const struct polling *polling, polling_teller *tell, void *arg)
{
	for (size_t i = 0; i < polling->n; i++) {
		const struct box *box = &polling->boxes[i];
		const struct ingested_mailbox mailbox = box_figures(box);

		/* Who stays speaks of what came, and failures have been said. */
		if (polling->plan.stay && box->totals.seen == 0 && box->counts.settled == 0)
			continue;
		if (!tell(arg, &mailbox))
			return false;
	}
	return true;
}

struct polling_outcome polling_outcome(const struct polling *polling)
{
	struct polling_outcome outcome = { 0 };

	for (size_t i = 0; i < polling->n; i++) {
		const struct box *box = &polling->boxes[i];

		outcome.worked += !box->failed || (!box->lost && box->counts.folders);
		outcome.failed += box->failed;
		outcome.setup |= box->failed && box->fault.kind == FAULT_SETUP;
		outcome.broken |= box->failed && box->fault.kind == FAULT_BROKEN;
	}
	return outcome;
}
