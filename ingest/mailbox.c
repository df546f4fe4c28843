#include "ingest/mailbox.h"

#include "base/buf.h"
#include "base/escape.h"
#include "ingest/place.h"

#include <stdlib.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static bool text_set(char **place, struct span text, struct fault *fault)
{
	char *copy = strndup(text.p, text.n);

	if (!copy)
		return fault_set(fault, FAULT_LATER, "out of memory");
	free(*place);
	*place = copy;
	return true;
}

bool mailbox_init(struct mailbox *mailbox, const char *name)
{
	*mailbox = (struct mailbox){
		.timeout = MAILBOX_TIMEOUT,
		.deadline = MAILBOX_DEADLINE,
		.interval = MAILBOX_INTERVAL,
		.keepalive = MAILBOX_KEEPALIVE,
		.max_octets = 50000000,
	};
	mailbox->name = strdup(name);
	if (mailbox->name && mailbox_parse_folders(mailbox, SPAN("INBOX"), NULL))
		return true;
	mailbox_release(mailbox);
	return false;
}

void fate_release(struct mail_fate *fate)
{
	free(fate->name);
	*fate = (struct mail_fate){ FATE_KEEP, NULL };
}

static void folders_release(struct mailbox *mailbox)
{
	for (size_t i = 0; i < mailbox->n_folders; i++)
		free(mailbox->folders[i]);
	free(mailbox->folders);
	mailbox->folders = NULL;
	mailbox->n_folders = 0;
}

void mailbox_release(struct mailbox *mailbox)
{
	free(mailbox->name);
	free(mailbox->host);
	free(mailbox->user);
	free(mailbox->path);
	if (mailbox->secret)
		explicit_bzero(mailbox->secret, strlen(mailbox->secret));
	free(mailbox->secret);
	free(mailbox->tls_ca);
	folders_release(mailbox);
	fate_release(&mailbox->after);
	fate_release(&mailbox->not_reports);
	fate_release(&mailbox->broken);
	*mailbox = (struct mailbox){ 0 };
}

void mail_place_release(struct mail_place *place)
{
	free(place->folder);
	*place = (struct mail_place){ 0 };
}

/* ---- the URL ---- */

static const struct scheme {
	struct span prefix;
	enum mailbox_kind kind;
	bool tls;
	uint16_t port; /* 0: what follows is a path */
} schemes[] = {
	{ { "imap://", 7 }, MAILBOX_IMAP, false, 143 },
	{ { "imaps://", 8 }, MAILBOX_IMAP, true, 993 },
	{ { "pop://", 6 }, MAILBOX_POP3, false, 110 },
	{ { "pops://", 7 }, MAILBOX_POP3, true, 995 },
	{ { "maildir:", 8 }, MAILBOX_MAILDIR, false, 0 },
	{ { "mbox:", 5 }, MAILBOX_MBOX, false, 0 },
	{ { "folder:", 7 }, MAILBOX_FILES, false, 0 },
};

static struct span before(struct span text, char mark, struct span *rest)
{
	const char *at = text.n ? memchr(text.p, mark, text.n) : NULL;

	if (!at) {
		*rest = SPAN_ABSENT;
		return text;
	}
	*rest = (struct span){ at + 1, text.n - (size_t)(at + 1 - text.p) };
	return (struct span){ text.p, (size_t)(at - text.p) };
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* %XX undone; what comes out must be text that may stand in a command: UTF-8 without controls. */
static bool url_text(char **place, struct span text, const char *what, struct fault *fault)
{
	struct buf plain = BUF(MAILBOX_TEXT);
	bool good = true;

	for (size_t i = 0; good && i < text.n; i++) {
		if (text.p[i] != '%') {
			good = buf_put_byte(&plain, (unsigned char)text.p[i]);
			continue;
		}
		int high = i + 2 < text.n ? hex_digit(text.p[i + 1]) : -1;
		int low = i + 2 < text.n ? hex_digit(text.p[i + 2]) : -1;

		good = high >= 0 && low >= 0 && buf_put_byte(&plain, (unsigned char)(high * 16 + low));
		i += 2;
	}
	for (size_t i = 0; good && i < plain.n; i++)
		good = (unsigned char)plain.p[i] >= ' ' && plain.p[i] != 0x7f;
	good = good && utf8_valid(buf_span(&plain));
	good = good ? text_set(place, buf_span(&plain), fault)
		    : fault_set(fault, FAULT_SETUP, "the %s in the URL is not readable text", what);
	buf_release(&plain);
	return good;
}

/* HOST, HOST:PORT, [ADDRESS]:PORT */
static bool url_host(struct mailbox *mailbox, struct span text, struct fault *fault)
{
	struct span host, port, rest;
	unsigned long long number;

	if (text.n && text.p[0] == '[') {
		host = before((struct span){ text.p + 1, text.n - 1 }, ']', &rest);
		if (!rest.p || (rest.n && rest.p[0] != ':'))
			return fault_set(fault, FAULT_SETUP, "the URL's address lacks its `]`");
		port = rest.n ? (struct span){ rest.p + 1, rest.n - 1 } : SPAN_ABSENT;
	} else {
		host = before(text, ':', &port);
	}
	if (host.n == 0 || host.n > 255)
		return fault_set(fault, FAULT_SETUP, "the URL names no host");
	for (size_t i = 0; i < host.n; i++)
		if ((unsigned char)host.p[i] <= ' ' || (unsigned char)host.p[i] >= 0x7f || strchr("/@%\"\\", host.p[i]))
			return fault_set(fault, FAULT_SETUP, "the URL's host holds an octet that no host name has");
	if (port.p) {
		if (!span_number(port, 65535, &number) || number == 0)
			return fault_set(fault, FAULT_SETUP, "the URL's port is a number from 1 to 65535");
		mailbox->port = (uint16_t)number;
	}
	return text_set(&mailbox->host, host, fault);
}

static bool url_server(struct mailbox *mailbox, struct span text, struct fault *fault)
{
	struct span folder, host, user = SPAN_ABSENT, rest;
	struct span authority = before(text, '/', &folder);
	const char *at = authority.n ? memrchr(authority.p, '@', authority.n) : NULL;
	char *name = NULL;
	bool good;

	host = authority;
	if (at) {
		user = (struct span){ authority.p, (size_t)(at - authority.p) };
		host = (struct span){ at + 1, authority.n - user.n - 1 };
	}
	if (at && before(user, ':', &rest).n != user.n)
		return fault_set(fault, FAULT_SETUP, "a password does not belong into the URL; use password_file");
	if (at && before(user, ';', &rest).n != user.n)
		return fault_set(fault, FAULT_SETUP, "`;auth=` is not known in the URL; use auth");
	if ((at && !url_text(&mailbox->user, user, "user", fault)) || !url_host(mailbox, host, fault))
		return false;
	if (folder.n == 0)
		return true;
	if (mailbox->kind != MAILBOX_IMAP)
		return fault_set(fault, FAULT_SETUP, "%s has no folders", mailbox->kind == MAILBOX_POP3 ? "POP3" : "SMTP");
	if (!url_text(&name, folder, "folder", fault))
		return false;
	folders_release(mailbox);
	mailbox->folders = calloc(1, sizeof *mailbox->folders);
	good = mailbox->folders != NULL;
	if (good) {
		mailbox->folders[0] = name;
		mailbox->n_folders = 1;
		return true;
	}
	free(name);
	return fault_set(fault, FAULT_LATER, "out of memory");
}

bool mailbox_parse_url(struct mailbox *mailbox, struct span url, struct fault *fault)
{
	url = span_trim(url);
	for (size_t i = 0; i < LENGTH(schemes); i++) {
		const struct scheme *scheme = &schemes[i];

		if (!span_starts_nocase(url, scheme->prefix))
			continue;
		struct span rest = { url.p + scheme->prefix.n, url.n - scheme->prefix.n };

		mailbox->kind = scheme->kind;
		mailbox->tls = scheme->tls;
		mailbox->port = scheme->port;
		if (scheme->port)
			return url_server(mailbox, rest, fault);
		if (rest.n == 0 || rest.p[0] != '/' || memchr(rest.p, 0, rest.n))
			return fault_set(fault, FAULT_SETUP, "a Maildir, mbox or folder is named by an absolute path");
		return text_set(&mailbox->path, rest, fault);
	}
	return fault_set(
		fault, FAULT_SETUP, "the URL begins with imap://, imaps://, pop://, pops://, maildir:, mbox: or folder:");
}

bool mailbox_parse_submission(struct mailbox *mailbox, struct span url, struct fault *fault)
{
	struct span clear = SPAN("smtp://"), tls = SPAN("smtps://");

	url = span_trim(url);
	mailbox->kind = MAILBOX_SMTP;
	mailbox->tls = span_starts_nocase(url, tls);
	mailbox->port = mailbox->tls ? 465 : 587;
	if (!mailbox->tls && !span_starts_nocase(url, clear))
		return fault_set(fault, FAULT_SETUP, "the URL begins with smtp:// or smtps://");
	url.p += mailbox->tls ? tls.n : clear.n;
	url.n -= mailbox->tls ? tls.n : clear.n;
	return url_server(mailbox, url, fault);
}

/* ---- fates, folders, fingerprint ---- */

static const struct fate_word {
	struct span word;
	enum fate_kind kind;
	bool named;
} fate_words[] = {
	{ { "keep", 4 }, FATE_KEEP, false },
	{ { "flag:", 5 }, FATE_FLAG, true },
	{ { "seen", 4 }, FATE_SEEN, false },
	{ { "move:", 5 }, FATE_MOVE, true },
	{ { "delete", 6 }, FATE_DELETE, false },
};

/* RFC 9051: a flag-keyword is an atom. */
static bool keyword_good(struct span name)
{
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] <= ' ' || (unsigned char)name.p[i] >= 0x7f ||
			strchr("(){%*\"\\]", name.p[i]))
			return false;
	return true;
}

static bool folder_good(struct span name)
{
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] < ' ' || name.p[i] == 0x7f)
			return false;
	return name.n > 0 && name.n < MAILBOX_TEXT && utf8_valid(name);
}

bool fate_parse(struct mail_fate *fate, struct span text, struct fault *fault)
{
	text = span_trim(text);
	for (size_t i = 0; i < LENGTH(fate_words); i++) {
		const struct fate_word *row = &fate_words[i];
		struct span name = { text.p + row->word.n, text.n - row->word.n };

		if (text.n < row->word.n || memcmp(text.p, row->word.p, row->word.n) != 0 || (!row->named && name.n))
			continue;
		if (row->named && !folder_good(name))
			return fault_set(fault, FAULT_SETUP, "nothing readable follows `%s`", row->word.p);
		if (row->kind == FATE_FLAG && !keyword_good(name))
			return fault_set(fault, FAULT_SETUP,
				"a keyword has no blanks, brackets, quotes, `%%`, `*` or 8-bit letters");
		fate_release(fate);
		fate->kind = row->kind;
		return !row->named || text_set(&fate->name, name, fault);
	}
	return fault_set(fault, FAULT_SETUP, "one of keep, seen, delete, flag:KEYWORD, move:FOLDER");
}

bool mailbox_parse_folders(struct mailbox *mailbox, struct span text, struct fault *fault)
{
	char *names[MAILBOX_FOLDERS];
	size_t n = 0;
	bool good = true;

	for (struct span rest; good && text.p; text = rest) {
		struct span name = span_trim(before(text, ',', &rest));

		if (!folder_good(name))
			good = fault_set(fault, FAULT_SETUP, "a folder's name is readable text between commas");
		else if (n == MAILBOX_FOLDERS)
			good = fault_set(fault, FAULT_SETUP,
				"more than %d folders; a pattern such as Reports/* names many", MAILBOX_FOLDERS);
		else if (!(names[n] = strndup(name.p, name.n)))
			good = fault_set(fault, FAULT_LATER, "out of memory");
		else
			n++;
	}
	char **copy = good ? calloc(n ? n : 1, sizeof *copy) : NULL;

	if (copy) {
		memcpy(copy, names, n * sizeof *copy);
		folders_release(mailbox);
		mailbox->folders = copy;
		mailbox->n_folders = n;
		return true;
	}
	while (n)
		free(names[--n]);
	return good ? fault_set(fault, FAULT_LATER, "out of memory") : false;
}

bool mailbox_parse_fingerprint(struct mailbox *mailbox, struct span text, struct fault *fault)
{
	uint8_t octets[DIGEST_OCTETS];
	size_t at = 0;

	text = span_trim(text);
	for (size_t i = 0; i < DIGEST_OCTETS; i++) {
		int high = at + 1 < text.n ? hex_digit(text.p[at]) : -1;
		int low = at + 1 < text.n ? hex_digit(text.p[at + 1]) : -1;

		if (high < 0 || low < 0)
			return fault_set(fault, FAULT_SETUP,
				"a fingerprint is the SHA-256 of the certificate: 64 hexadecimal digits");
		octets[i] = (uint8_t)(high * 16 + low);
		at += 2;
		if (at < text.n && text.p[at] == ':')
			at++;
	}
	if (at != text.n)
		return fault_set(fault, FAULT_SETUP, "a fingerprint has no more than 64 hexadecimal digits");
	memcpy(mailbox->tls_fingerprint, octets, sizeof octets);
	mailbox->pinned = true;
	return true;
}

static bool fate_check(const struct mailbox *mailbox, const struct mail_fate *fate, const char *setting, struct fault *fault)
{
	if (mailbox->kind == MAILBOX_POP3 && fate->kind != FATE_KEEP && fate->kind != FATE_DELETE)
		return fault_set(fault, FAULT_SETUP, "%s: POP3 can only keep or delete", setting);
	if ((mailbox->kind == MAILBOX_MBOX || mailbox->kind == MAILBOX_FILES) && fate->kind != FATE_KEEP)
		return fault_set(fault, FAULT_SETUP, "%s: an mbox or folder is only read", setting);
	if (mailbox->kind == MAILBOX_MAILDIR && fate->kind != FATE_KEEP && fate->kind != FATE_MOVE)
		return fault_set(fault, FAULT_SETUP, "%s: a Maildir's mails can be kept or moved", setting);
	return true;
}

bool mailbox_check(const struct mailbox *mailbox, struct fault *fault)
{
	bool server = mailbox_is_remote(mailbox) || mailbox->kind == MAILBOX_SMTP;

	if (server && !mailbox->host)
		return fault_set(fault, FAULT_SETUP, "no URL says where it is");
	if (mailbox_is_remote(mailbox) && (!mailbox->user || mailbox->user[0] == 0))
		return fault_set(fault, FAULT_SETUP, "no user is named");
	if (!server && !mailbox->path)
		return fault_set(fault, FAULT_SETUP, "no path says where it is");
	if (mailbox->timeout == 0 || mailbox->deadline == 0)
		return fault_set(fault, FAULT_SETUP, "timeout and deadline are at least one second");
	return fate_check(mailbox, &mailbox->after, "after", fault) &&
	       fate_check(mailbox, &mailbox->not_reports, "not_reports", fault) &&
	       fate_check(mailbox, &mailbox->broken, "broken", fault);
}
