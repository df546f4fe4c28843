#include "ingest/tokenfile.h"

#include "base/shortage.h"
#include "ingest/oauth.h"
#include "ingest/refuse.h"
#include "ingest/secretfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_OCTETS 32768

#define AT(member) offsetof(struct token, member)
static const struct line {
	const char *name;
	size_t offset; /* of a text */
	bool secret;
} lines[] = {
	{ "endpoint", AT(endpoint), false },
	{ "client_id", AT(client_id), false },
	{ "scope", AT(scope), false },
	{ "refresh_token", AT(refresh), true },
	{ "access_token", AT(access), true },
};
#define LINES (sizeof lines / sizeof *lines)

static char **text_at(const struct token *token, const struct line *line)
{
	return (char **)((uintptr_t)token + line->offset);
}

void token_release(struct token *token)
{
	for (size_t i = 0; i < LINES; i++) {
		char *text = *text_at(token, &lines[i]);

		if (text && lines[i].secret)
			explicit_bzero(text, strlen(text));
		free(text);
	}
	*token = (struct token){ 0 };
}

/* ---- reading ---- */

static bool line_take(struct token *token, struct span name, struct span value)
{
	unsigned long long number;

	for (size_t i = 0; i < LINES; i++) {
		char **text = text_at(token, &lines[i]);

		if (!span_is(name, span_of(lines[i].name)))
			continue;
		if (*text || value.n == 0 || (lines[i].secret && !oauth_token_good(value)))
			return false;
		*text = shortage_noted(strndup(value.p, value.n));
		return *text != NULL;
	}
	if (!span_is(name, SPAN("expires")) || !span_number(value, INT64_MAX, &number))
		return false;
	token->expires = (int64_t)number;
	return true;
}

static bool text_take(struct token *token, struct span text, unsigned *number)
{
	for (*number = 1; text.n; ++*number) {
		const char *end = memchr(text.p, '\n', text.n);
		struct span line = { text.p, end ? (size_t)(end - text.p) : text.n };
		const char *sign;

		text = (struct span){ text.p + line.n + (end != NULL), text.n - line.n - (end != NULL) };
		line = span_trim(line);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		sign = memchr(line.p, '=', line.n);
		if (!sign || memchr(line.p, 0, line.n) ||
			!line_take(token, span_trim((struct span){ line.p, (size_t)(sign - line.p) }),
				span_trim((struct span){ sign + 1, line.n - (size_t)(sign + 1 - line.p) })))
			return false;
	}
	return true;
}

bool tokenfile_read(const char *path, struct token *token, struct fault *fault)
{
	struct buf text = BUF(FILE_OCTETS);
	unsigned number;
	bool good;

	*token = (struct token){ 0 };
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return true;
	good = secretfile_read(path, &text, fault);
	if (good && !text_take(token, buf_span(&text), &number))
		good = refuse(fault, FAULT_SETUP, path, "line %u: not what a token file holds", number) == 0;
	secret_wipe(&text);
	return good;
}

/* ---- writing ---- */

/* The folder above, in `room`. */
static bool folder_of(const char *path, char *room, size_t n, struct fault *fault)
{
	const char *slash = strrchr(path, '/');

	if (!slash || (size_t)(slash - path) + 2 > n)
		return refuse(fault, FAULT_SETUP, path, "no path of a file") == 0;
	snprintf(room, n, "%.*s", slash == path ? 1 : (int)(slash - path), path);
	return true;
}

bool tokenfile_folder(const char *path, struct fault *fault)
{
	char folder[OAUTH_TEXT];
	bool good = folder_of(path, folder, sizeof folder, fault);

	for (char *end = folder; good && end;) {
		end = strchr(end + 1, '/');
		if (end)
			*end = '\0';
		good = mkdir(folder, 0700) == 0 || errno == EEXIST ||
		       refuse(fault, FAULT_SETUP, folder, "%s", strerror(errno)) == 0;
		if (end)
			*end = '/';
	}
	return good;
}

int tokenfile_lock(const char *path, struct fault *fault)
{
	char folder[OAUTH_TEXT];
	struct stat held, named;
	int fd;

	if (!folder_of(path, folder, sizeof folder, fault))
		return -1;
	if (access(folder, W_OK) != 0)
		return refuse(fault, FAULT_SETUP, folder, "%s", strerror(errno));
	for (;;) {
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
		if (fd < 0 || flock(fd, LOCK_EX) != 0)
			break;
		/* Whoever held it before has put another file in its place. */
		if (fstat(fd, &held) == 0 && stat(path, &named) == 0 && held.st_ino == named.st_ino &&
			held.st_dev == named.st_dev)
			return fd;
		close(fd);
	}
	refuse(fault, FAULT_SETUP, path, "%s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

void tokenfile_unlock(const char *path, int lock)
{
	struct stat st;

	if (fstat(lock, &st) == 0 && st.st_nlink && st.st_size == 0)
		unlink(path);
	close(lock);
}

static void token_print(const struct token *token, struct buf *text)
{
	buf_put_text(text, "# Tokens of dmarcgate. Whoever can read this file can read the mailbox.\n");
	for (size_t i = 0; i < LINES; i++)
		if (*text_at(token, &lines[i]))
			buf_printf(text, "%s = %s\n", lines[i].name, *text_at(token, &lines[i]));
	if (token->access)
		buf_printf(text, "expires = %" PRId64 "\n", token->expires);
}

static bool file_fill(int fd, struct span text)
{
	for (size_t at = 0; at < text.n;) {
		ssize_t put = write(fd, text.p + at, text.n - at);

		if (put < 0)
			return false;
		at += (size_t)put;
	}
	return fsync(fd) == 0;
}

static void folder_sync(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
}

/* Beside the file, under the name `fresh`; nothing of it is left when it fails. */
static bool fresh_write(const char *path, const char *fresh, const struct token *token, struct fault *fault)
{
	struct buf text = BUF(FILE_OCTETS);
	bool good;
	int fd;

	unlink(fresh); /* of a run that was killed: the lock is ours */
	buf_reserve(&text, FILE_OCTETS - 64);
	token_print(token, &text);
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	good = fd >= 0 && !text.failed && file_fill(fd, buf_span(&text));
	if (fd >= 0)
		good = close(fd) == 0 && good;
	if (!good) {
		refuse(fault, FAULT_LATER, path, "cannot be written: %s", strerror(errno));
		unlink(fresh);
	}
	secret_wipe(&text);
	return good;
}

bool tokenfile_try(const char *path, const struct token *token, struct fault *fault)
{
	char fresh[OAUTH_TEXT + 8];
	bool good;

	snprintf(fresh, sizeof fresh, "%s.new", path);
	good = fresh_write(path, fresh, token, fault);
	unlink(fresh);
	return good;
}

bool tokenfile_write(const char *path, const struct token *token, struct fault *fault)
{
	char folder[OAUTH_TEXT], fresh[OAUTH_TEXT + 8];

	if (!folder_of(path, folder, sizeof folder, fault))
		return false;
	snprintf(fresh, sizeof fresh, "%s.new", path);
	if (!fresh_write(path, fresh, token, fault))
		return false;
	if (rename(fresh, path) == 0) {
		folder_sync(folder);
		return true;
	}
	refuse(fault, FAULT_LATER, path, "cannot be written: %s", strerror(errno));
	unlink(fresh);
	return false;
}
