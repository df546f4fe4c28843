/* Polls one mailbox as the supervisor does and says what came, one line each, for tests/poller.t and tests/hostile.t:
 *
 *   poll PROGRAM URL NAME=VALUE...
 *
 * secret, ca, pin, login, folders, after, timeout, deadline, max_octets, max_messages, since: settings of the mailbox.
 * save=FOLDER: the octets of each mail, in the order they come. first=UID. unwanted=UID. settle=N: after every N mails,
 * and at the end (default: at the end; 0: never). kill=N: the poller gets SIGKILL after N mails.
 * journal=FOLDER:UIDVALIDITY:UID: settled before anything is fetched. lock=1: how the process is locked.
 * rounds=N: watches between them, each time for watch=SECONDS at most; with after=keep only higher
 * UIDs are asked for then.
 * leave=MILLISECONDS: no longer than that, then settles and ends. keepalive=SECONDS. */
#include "base/digest.h"
#include "base/span.h"
#include "ingest/poller.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static const char *setting(char **argv, const char *name)
{
	size_t n = strlen(name);

	for (; *argv; argv++)
		if (strncmp(*argv, name, n) == 0 && (*argv)[n] == '=')
			return *argv + n + 1;
	return NULL;
}

static uint64_t number(char **argv, const char *name, uint64_t initial)
{
	const char *text = setting(argv, name);

	return text ? strtoull(text, NULL, 10) : initial;
}

static const char *const kinds[] = { "none", "input", "later", "setup", "broken" };

static void complain(const char *what, const struct fault *fault)
{
	printf("%s %s %s\n", what, kinds[fault->kind], fault->text);
}

static bool configure(struct mailbox *mailbox, char **argv, struct fault *fault)
{
	const char *text;

	if (!mailbox_init(mailbox, "box") || !mailbox_parse_url(mailbox, span_of(argv[0]), fault))
		return false;
	if ((text = setting(argv, "folders")) && !mailbox_parse_folders(mailbox, span_of(text), fault))
		return false;
	if ((text = setting(argv, "after")) && !fate_parse(&mailbox->after, span_of(text), fault))
		return false;
	if ((text = setting(argv, "pin")) && !mailbox_parse_fingerprint(mailbox, span_of(text), fault))
		return false;
	if ((text = setting(argv, "ca")))
		mailbox->tls_ca = strdup(text);
	if ((text = setting(argv, "login")))
		mailbox->login = strcmp(text, "xoauth2") == 0 ? LOGIN_XOAUTH2 : LOGIN_OAUTHBEARER;
	mailbox->timeout = (uint32_t)number(argv, "timeout", 20);
	mailbox->deadline = (uint32_t)number(argv, "deadline", 60);
	mailbox->max_octets = number(argv, "max_octets", mailbox->max_octets);
	mailbox->max_messages = number(argv, "max_messages", 0);
	mailbox->keepalive = (uint32_t)number(argv, "keepalive", mailbox->keepalive);
	mailbox->since = (int64_t)number(argv, "since", 0);
	return mailbox_check(mailbox, fault);
}

struct memory {
	uint64_t first, unwanted;
};

static uint64_t first(void *arg, const char *folder, uint64_t uidvalidity)
{
	printf("folder %s %" PRIu64 "\n", folder, uidvalidity);
	return ((struct memory *)arg)->first;
}

static enum poller_wish wish(void *arg, const struct mail_place *place, uint64_t octets)
{
	(void)octets;
	return place->uid == 0 || place->uid != ((struct memory *)arg)->unwanted ? WISH_NEW : WISH_NONE;
}

static void take(const struct polled *polled, const char *folder, unsigned n)
{
	struct digest *digest = digest_new();
	uint8_t sum[DIGEST_OCTETS];
	char hex[DIGEST_HEX], path[4096], octets[65536];
	int copy = -1;
	ssize_t got;

	if (folder) {
		snprintf(path, sizeof path, "%s/%u", folder, n);
		copy = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	}
	for (off_t at = 0; (got = pread(polled->mail.fd, octets, sizeof octets, at)) > 0; at += got) {
		digest_add(digest, octets, (size_t)got);
		if (copy >= 0 && write(copy, octets, (size_t)got) != got)
			abort();
	}
	digest_finish(digest, sum);
	digest_hex(sum, hex);
	digest_free(digest);
	if (copy >= 0)
		close(copy);
	printf("mail %s %" PRIu64 " %s\n", polled->mail.name, polled->mail.length, hex);
}

#define PLACES 20000
static struct mail_place places[PLACES];

static bool settle(struct poller *poller, const struct mailbox *mailbox, size_t *from, size_t n)
{
	struct fault fault = { FAULT_NONE };
	size_t done;
	bool good = poller_settle(poller, &mailbox->after, places + *from, n - *from, &done, &fault);

	printf("settled %zu of %zu\n", done, n - *from);
	*from += done;
	if (!good)
		complain("unsettled", &fault);
	return good;
}

static void journal(struct poller *poller, const struct mailbox *mailbox, const char *text)
{
	struct mail_place place = { 0 };
	struct fault fault = { FAULT_NONE };
	size_t done;

	if (!text)
		return;
	if (sscanf(text, "%m[^:]:%" SCNu64 ":%" SCNu64, &place.folder, &place.uidvalidity, &place.uid) != 3)
		abort();
	if (poller_settle(poller, &mailbox->after, &place, 1, &done, &fault))
		printf("journal settled %zu\n", done);
	else
		complain("journal", &fault);
	mail_place_release(&place);
}

static void poll_all(struct poller *poller, const struct mailbox *mailbox, struct memory *memory, char **argv)
{
	struct fault fault = { FAULT_NONE };
	struct polled polled;
	uint64_t every = number(argv, "settle", PLACES), deadly = number(argv, "kill", 0);
	size_t n = 0, settled = 0;
	int got;

	while ((got = poller_next(poller, &polled, &fault)) != 0) {
		if (got < 0) {
			complain("fault", &fault);
		} else {
			take(&polled, setting(argv, "save"), (unsigned)n);
			places[n++] = polled.place;
			polled.place.folder = NULL;
			if (setting(argv, "rounds") && mailbox->after.kind == FATE_KEEP)
				memory->first = polled.place.uid + 1;
		}
		polled_release(&polled);
		if (deadly && n == deadly && got > 0)
			kill(poller_pid(poller), SIGKILL);
		if (every && n - settled >= every && !settle(poller, mailbox, &settled, n))
			break;
		if (n == PLACES)
			abort();
	}
	if (every && settled < n)
		settle(poller, mailbox, &settled, n);
	for (size_t i = 0; i < n; i++)
		mail_place_release(&places[i]);
}

/* Waits between two rounds. False: that was the last one. */
static bool watch(struct poller *poller, char **argv)
{
	struct pollfd ready = { .fd = poller_descriptor(poller), .events = POLLIN };
	struct fault fault = { FAULT_NONE };
	int leave = (int)number(argv, "leave", 0), news = 0;

	if (!poller_watch(poller, (uint32_t)number(argv, "watch", 60), &fault)) {
		complain("unwatched", &fault);
		return false;
	}
	printf("watching\n");
	while (news == 0) {
		if (poll(&ready, 1, leave ? leave : -1) == 0)
			return false;
		news = poller_news(poller, &fault);
	}
	if (news < 0)
		complain("lost", &fault);
	else
		printf("news\n");
	return news > 0;
}

static void show_lock(const struct poller *poller)
{
	char path[64], line[256];
	FILE *status;

	snprintf(path, sizeof path, "/proc/%d/status", (int)poller_pid(poller));
	status = fopen(path, "re");
	while (status && fgets(line, sizeof line, status))
		if (strncmp(line, "NoNewPrivs:", 11) == 0 || strncmp(line, "Seccomp:", 8) == 0 ||
			strncmp(line, "CapEff:", 7) == 0)
			printf("lock %s", line);
	if (status)
		fclose(status);
}

int main(int argc, char **argv)
{
	struct mailbox mailbox = { 0 };
	struct fault fault = { FAULT_NONE };
	struct poller_counts counts = { 0 };
	struct poller *poller = argc > 2 ? poller_start(argv[1], &fault) : NULL;
	const char *secret = argc > 2 ? setting(argv + 3, "secret") : NULL;
	struct memory memory = { argc > 2 ? number(argv + 3, "first", 1) : 1,
		argc > 2 ? number(argv + 3, "unwanted", 0) : 0 };
	struct poller_memory remembered = { &memory, first, wish };
	struct rusage usage;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!poller || !configure(&mailbox, argv + 2, &fault) ||
		!poller_open(poller, &mailbox, span_of(secret ? secret : ""), time(NULL), &remembered, &fault)) {
		complain("closed", &fault);
	} else {
		if (setting(argv + 3, "lock"))
			show_lock(poller);
		journal(poller, &mailbox, setting(argv + 3, "journal"));
		poll_all(poller, &mailbox, &memory, argv + 3);
		for (uint64_t rounds = number(argv + 3, "rounds", 1); rounds > 1 && watch(poller, argv + 3); rounds--)
			poll_all(poller, &mailbox, &memory, argv + 3);
		if (poller_close(poller, &counts, &fault))
			printf("closed good\n");
		else
			complain("closed", &fault);
		printf("counts folders=%" PRIu64 " present=%" PRIu64 " mails=%" PRIu64 " octets=%" PRIu64
		       " refused=%" PRIu64 " settled=%" PRIu64 " left=%" PRIu64 " reconnects=%" PRIu64 "\n",
			counts.folders, counts.present, counts.mails, counts.octets, counts.refused, counts.settled,
			counts.left, counts.reconnects);
	}
	poller_stop(poller);
	mailbox_release(&mailbox);
	getrusage(RUSAGE_CHILDREN, &usage);
	printf("resident %ld\n", usage.ru_maxrss);
	return 0;
}
