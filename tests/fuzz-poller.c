/* What an IMAP or POP3 server may say, through the poller's sessions and the engines of libmailutils. The first two
 * octets choose mailbox and login; the rest is what the server says (fuzz_server.h), which repeats the tag of the last
 * command. What the client says meanwhile is watched: nothing before TLS but the wish for it, no line that a server has
 * slipped in. */
#include "base/escape.h"
#include "base/moment.h"
#include "ingest/imap.h"
#include "ingest/pop3.h"
#include "tests/fuzz_server.h"

#include <mailutils/stdstream.h>
#include <mailutils/stream.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
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

static bool pop3, invited;

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
	static const char *const pop[] = { "STLS", "USER", "PASS", "AUTH", "UIDL", "LIST", "RETR", "DELE", "QUIT",
		NULL };
	static const char *const clear[] = { "STARTTLS", "STLS", NULL };
	const char *blank = memchr(line.p, ' ', line.n);
	struct span verb = line;

	for (size_t i = 0; i < line.n; i++)
		if ((unsigned char)line.p[i] < ' ' || (unsigned char)line.p[i] > 126)
			abort();
	if (!pop3 && blank && all_of((struct span){ line.p, (size_t)(blank - line.p) }, DIGITS)) {
		verb = (struct span){ blank + 1, line.n - (size_t)(blank + 1 - line.p) };
		fuzz_server_repeats((struct span){ line.p, (size_t)(blank - line.p) });
	}
	if (!fuzz_server.tls && !begins_with_one(verb, clear))
		abort();
	if (!begins_with_one(verb, pop3 ? pop : imap) && !span_is(verb, SPAN("DONE")) &&
		!(invited && all_of(verb, BASE64)))
		abort();
	invited = span_starts_nocase(verb, SPAN("AUTH"));
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
	struct imap_blind blind = { 0, 0 };
	struct fault fault = { FAULT_NONE };
	uint64_t uids[SERVER_BATCH], left = 0;
	size_t n;

	if (!fault_check(imap_select(imap, name, writable, &found, &fault), &fault) ||
		!fault_check(imap_list(imap, 2, writable ? MOMENT_NONE : 1700000000, &blind, &list, &fault), &fault))
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
	if (!fuzz_server.tls)
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
	struct pop3 *session = pop3_open(mailbox, trust, SPAN(SECRET), &fault);
	struct server_list list = { NULL, 0 };

	if (!fault_check(session != NULL, &fault))
		return;
	if (fault_check(pop3_list(session, &list, &fault), &fault)) {
		list_check(&list, 1);
		for (size_t i = 0; i < list.n && i < 8 && !pop3_broken(session); i++) {
			if (fault_check(pop3_fetch(session, &list.mails[i], MAIL_MOST, &fault), &fault))
				mail_check(&list.mails[i]);
			if (how & 1 && !pop3_broken(session))
				fault_check(pop3_delete(session, list.mails[i].uid, &fault), &fault);
		}
	}
	server_list_release(&list);
	fault_check(pop3_close(session, how & 4, &fault), &fault);
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
	pop3 = mailbox.kind == MAILBOX_POP3;
	invited = false;
	fuzz_server_begin((struct span){ (const char *)data + 2, size - 2 }, false, line_check);
	if (pop3)
		play_pop3(&mailbox, trust, data[1]);
	else
		play_imap(&mailbox, trust, data[1]);
	fuzz_server_end();
	return 0;
}
