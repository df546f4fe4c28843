/* What an IMAP or POP3 server may say, through the poller's sessions and the engines of libmailutils. The first two
 * octets choose mailbox and login; the rest is what the server says, whatever it is asked:
 *
 *   1   the tag of the last command         3   silence, until somebody is tired of it
 *   2   the end of what can be read now     4   the same, and the supervisor calls
 *
 * Connection, TLS and clock are played here (--wrap), so nothing waits. What the client says meanwhile is watched:
 * nothing before TLS but the wish for it, no line that a server has slipped in. */
#include "base/escape.h"
#include "base/moment.h"
#include "ingest/imap.h"
#include "ingest/pop3.h"

#include <errno.h>
#include <mailutils/stdstream.h>
#include <mailutils/stream.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);

/* What libmailutils forgets of answers that are malformed: an item of a FETCH that it gives up half-way. The process
 * that uses it lives for one mailbox, below a ceiling of memory, so that is where it ends. */
const char *__lsan_default_suppressions(void)
{
	return "leak:_mu_imap_parse_fetch_response\n";
}

#define MAIL_MOST 2000
#define SECRET "secret-of-ours"

static struct {
	struct span rest;
	bool pop3, tls, silent, called, invited;
	int64_t later; /* nanoseconds by which the clock is ahead */
	size_t tag_n;
	char tag[32];
	struct buf said; /* a line of ours that has no end yet */
} server;

/* ---- what the client says ---- */

static bool all_of(struct span text, const char *set)
{
	for (size_t i = 0; i < text.n; i++)
		if (!text.p[i] || !strchr(set, text.p[i]))
			return false;
	return true;
}

#define DIGITS "0123456789"
#define BASE64 DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/="

static bool begins_with_one(struct span line, const char *const *words)
{
	for (; *words; words++) {
		size_t n = strlen(*words);

		if (span_starts_nocase(line, span_of(*words)) && (line.n == n || line.p[n] == ' '))
			return true;
	}
	return false;
}

static void line_check(struct span line)
{
	static const char *const imap[] = { "STARTTLS", "CAPABILITY", "AUTHENTICATE", "LOGIN", "NAMESPACE", "LIST",
		"SELECT", "EXAMINE", "UID SEARCH", "UID FETCH", "UID STORE", "UID COPY", "UID MOVE", "UID EXPUNGE",
		"CREATE", "NOOP", "IDLE", "LOGOUT", NULL };
	static const char *const pop3[] = { "STLS", "USER", "PASS", "AUTH", "UIDL", "LIST", "RETR", "DELE", "QUIT",
		NULL };
	static const char *const clear[] = { "STARTTLS", "STLS", NULL };
	const char *blank = memchr(line.p, ' ', line.n);
	struct span verb = line;

	for (size_t i = 0; i < line.n; i++)
		if ((unsigned char)line.p[i] < ' ' || (unsigned char)line.p[i] > 126)
			abort();
	if (!server.pop3 && blank && all_of((struct span){ line.p, (size_t)(blank - line.p) }, DIGITS)) {
		verb = (struct span){ blank + 1, line.n - (size_t)(blank + 1 - line.p) };
		server.tag_n = (size_t)(blank - line.p) < sizeof server.tag ? (size_t)(blank - line.p) : 0;
		memcpy(server.tag, line.p, server.tag_n);
	}
	if (!server.tls && !begins_with_one(verb, clear))
		abort();
	if (!begins_with_one(verb, server.pop3 ? pop3 : imap) && !span_is(verb, SPAN("DONE")) &&
		!(server.invited && all_of(verb, BASE64)))
		abort();
	server.invited = span_starts_nocase(verb, SPAN("AUTH"));
}

static void client_says(const char *octets, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_put_byte(&server.said, (unsigned char)octets[i]);
		if (octets[i] != '\n')
			continue;
		if (server.said.n < 2 || server.said.p[server.said.n - 2] != '\r')
			abort();
		line_check((struct span){ server.said.p, server.said.n - 2 });
		buf_clear(&server.said);
	}
}

/* ---- what the server says: octets, 0 at the end, -1 when there is nothing now ---- */

static ssize_t server_says(char *octets, size_t room)
{
	size_t n = 0;

	if (server.silent)
		return -1;
	while (server.rest.n && n + server.tag_n + 1 < room) {
		char octet = *server.rest.p++;

		server.rest.n--;
		if (octet == 2 && n)
			return (ssize_t)n;
		if (octet == 3 || octet == 4) {
			server.silent = true;
			server.called = octet == 4;
			return n ? (ssize_t)n : -1;
		}
		if (octet == 1) {
			memcpy(octets + n, server.tag, server.tag_n);
			n += server.tag_n;
		} else if (octet != 2) {
			octets[n++] = octet;
		}
	}
	return (ssize_t)n;
}

/* ---- in place of the system and of OpenSSL ---- */

int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t n);
int __wrap_poll(struct pollfd *watched, nfds_t n, int milliseconds);
ssize_t __wrap_recv(int fd, void *octets, size_t n, int flags);
ssize_t __wrap_send(int fd, const void *octets, size_t n, int flags);
int __wrap_SSL_connect(SSL *tls);
int __wrap_SSL_get_error(const SSL *tls, int result);
int __wrap_SSL_read(SSL *tls, void *octets, int n);
int __wrap_SSL_shutdown(SSL *tls);
int __wrap_SSL_write(SSL *tls, const void *octets, int n);

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	int result = __real_clock_gettime(clock, now);

	if (clock == CLOCK_MONOTONIC) {
		now->tv_sec += server.later / 1000000000;
		now->tv_nsec += server.later % 1000000000;
		now->tv_sec += now->tv_nsec / 1000000000;
		now->tv_nsec %= 1000000000;
	}
	return result;
}

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t n)
{
	(void)fd, (void)address, (void)n;
	return 0;
}

/* Silence is over when it was waited for. */
int __wrap_poll(struct pollfd *watched, nfds_t n, int milliseconds)
{
	bool called = server.called && n > 1;

	server.called = false;
	for (nfds_t i = 0; i < n; i++)
		watched[i].revents = 0;
	if (called)
		watched[1].revents = POLLIN;
	if (called || !server.silent) {
		watched[0].revents = called ? 0 : watched[0].events;
		server.silent &= called;
		return 1;
	}
	server.silent = false;
	server.later += (int64_t)milliseconds * 1000000 + 1000000;
	return 0;
}

ssize_t __wrap_recv(int fd, void *octets, size_t n, int flags)
{
	ssize_t got = server_says(octets, n);

	(void)fd, (void)flags;
	errno = got < 0 ? EAGAIN : 0;
	return got;
}

ssize_t __wrap_send(int fd, const void *octets, size_t n, int flags)
{
	(void)fd, (void)flags;
	if (server.tls)
		abort();
	client_says(octets, n);
	return (ssize_t)n;
}

int __wrap_SSL_connect(SSL *tls)
{
	(void)tls;
	server.tls = true;
	return 1;
}

int __wrap_SSL_get_error(const SSL *tls, int result)
{
	(void)tls;
	return result == 0 ? SSL_ERROR_ZERO_RETURN : SSL_ERROR_WANT_READ;
}

int __wrap_SSL_read(SSL *tls, void *octets, int n)
{
	(void)tls;
	return (int)server_says(octets, (size_t)n);
}

int __wrap_SSL_shutdown(SSL *tls)
{
	(void)tls;
	return 1;
}

int __wrap_SSL_write(SSL *tls, const void *octets, int n)
{
	(void)tls;
	client_says(octets, (size_t)n);
	return n;
}

/* ---- what must hold ---- */

static bool fault_check(bool good, const struct fault *fault)
{
	struct span text = span_of(fault->text);

	if (good)
		return true;
	if (fault->kind == FAULT_NONE || !utf8_valid(text))
		abort();
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < ' ' || text.p[i] == 127)
			abort();
	return false;
}

static void list_check(const struct server_list *list, uint64_t first)
{
	for (size_t i = 0; i < list->n; i++) {
		if (list->mails[i].uid < first || list->mails[i].uid > UINT32_MAX || list->mails[i].fd >= 0 ||
			(i && list->mails[i - 1].uid >= list->mails[i].uid))
			abort();
		for (const char *p = list->mails[i].uidl; p && *p; p++)
			if (*p < 0x21 || *p > 0x7e || p - list->mails[i].uidl >= PLACE_UIDL)
				abort();
	}
}

static void mail_check(const struct server_mail *mail)
{
	struct stat st;

	if (mail->came != (mail->fd >= 0))
		abort();
	if (mail->came &&
		(mail->length > MAIL_MOST || fstat(mail->fd, &st) != 0 || (uint64_t)st.st_size != mail->length))
		abort();
}

/* ---- a session ---- */

static void imap_folder(struct imap *imap, const struct mailbox *mailbox, const char *name, bool writable)
{
	struct server_folder found;
	struct server_list list = { NULL, 0 };
	struct fault fault = { FAULT_NONE };
	uint64_t uids[SERVER_BATCH], left = 0;
	size_t n;

	if (!fault_check(imap_select(imap, name, writable, &found, &fault), &fault) ||
		!fault_check(imap_list(imap, 2, writable ? MOMENT_NONE : 1700000000, &list, &fault), &fault))
		return;
	list_check(&list, 2);
	n = list.n < 8 ? list.n : 8;
	if (n && fault_check(imap_fetch(imap, list.mails, n, MAIL_MOST, &fault), &fault))
		for (size_t i = 0; i < n; i++)
			mail_check(&list.mails[i]);
	for (size_t i = 0; i < n; i++)
		uids[i] = list.mails[i].uid;
	if (n && writable && !imap_broken(imap))
		fault_check(imap_settle(imap, &mailbox->after, uids, n, &left, &fault), &fault);
	if (left > n)
		abort();
	server_list_release(&list);
}

static void play_imap(const struct mailbox *mailbox, const struct trust *trust, unsigned how)
{
	struct fault fault = { FAULT_NONE };
	struct imap *imap = imap_open(mailbox, trust, SPAN(SECRET), &fault);
	struct imap_watch watch = { .folder = "INBOX",
		.writable = how & 1,
		.uidvalidity = 7,
		.first = 9,
		.since = MOMENT_NONE,
		.other = -1,
		.seconds = 1000 };
	enum imap_woken woken;
	char **names = NULL;
	size_t n = 0;

	if (!fault_check(imap != NULL, &fault))
		return;
	if (!server.tls)
		abort();
	if (fault_check(imap_folders(imap, &names, &n, &fault), &fault))
		for (size_t i = 0; i < n; i++) {
			if (!utf8_valid(span_of(names[i])) || (i && strcmp(names[i - 1], names[i]) >= 0))
				abort();
			if (i < 3 && !imap_broken(imap))
				imap_folder(imap, mailbox, names[i], how & 1);
		}
	if (how & 2 && !imap_broken(imap) && fault_check(imap_watch(imap, &watch, &woken, &fault), &fault) &&
		!imap_broken(imap))
		imap_folder(imap, mailbox, "INBOX", how & 1);
	while (n)
		free(names[--n]);
	free(names);
	imap_close(imap, how & 4);
}

static void play_pop3(const struct mailbox *mailbox, const struct trust *trust, unsigned how)
{
	struct fault fault = { FAULT_NONE };
	struct pop3 *pop3 = pop3_open(mailbox, trust, SPAN(SECRET), &fault);
	struct server_list list = { NULL, 0 };

	if (!fault_check(pop3 != NULL, &fault))
		return;
	if (fault_check(pop3_list(pop3, &list, &fault), &fault)) {
		list_check(&list, 1);
		for (size_t i = 0; i < list.n && i < 8 && !pop3_broken(pop3); i++) {
			if (fault_check(pop3_fetch(pop3, &list.mails[i], MAIL_MOST, &fault), &fault))
				mail_check(&list.mails[i]);
			if (how & 1 && !pop3_broken(pop3))
				fault_check(pop3_delete(pop3, list.mails[i].uid, &fault), &fault);
		}
	}
	server_list_release(&list);
	fault_check(pop3_close(pop3, how & 4, &fault), &fault);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct trust *trust;
	static char host[] = "127.0.0.1", user[] = "user@example.org", name[] = "box";
	static char inbox[] = "INBOX", pattern[] = "Reports/*", done[] = "Done/\xc3\xbc", keyword[] = "$Done";
	struct mailbox mailbox = { .name = name,
		.host = host,
		.port = 993,
		.user = user,
		.timeout = 60,
		.deadline = 600,
		.keepalive = 180,
		.max_octets = MAIL_MOST };
	struct fault fault = { FAULT_NONE };
	char *folders[] = { inbox, pattern };

	if (size < 2)
		return 0;
	if (!trust) {
		mu_stdstream_setup(MU_STDSTREAM_RESET_NONE);
		mu_stream_unref(mu_strerr);
		trust = mu_nullstream_create(&mu_strerr, MU_STREAM_WRITE) == 0 ? trust_open(&mailbox, &fault) : NULL;
		if (!trust)
			abort();
	}
	mailbox.kind = data[0] & 1 ? MAILBOX_POP3 : MAILBOX_IMAP;
	mailbox.tls = data[0] & 2;
	mailbox.login = (enum mailbox_login)((data[0] >> 2) % 3);
	mailbox.folders = folders;
	mailbox.n_folders = data[0] & 16 ? 2 : 1;
	mailbox.after = (struct mail_fate){ (enum fate_kind)((data[0] >> 5) % 5), NULL };
	if (mailbox.after.kind == FATE_FLAG || mailbox.after.kind == FATE_MOVE)
		mailbox.after.name = mailbox.after.kind == FATE_MOVE ? done : keyword;
	server.rest = (struct span){ (const char *)data + 2, size - 2 };
	server.pop3 = mailbox.kind == MAILBOX_POP3;
	server.tls = server.silent = server.called = server.invited = false;
	server.later = 0;
	server.tag_n = 0;
	server.said = BUF(1 << 20);
	if (server.pop3)
		play_pop3(&mailbox, trust, data[1]);
	else
		play_imap(&mailbox, trust, data[1]);
	buf_release(&server.said);
	return 0;
}
