#include "ingest/mbox.h"

#include "base/inflate.h"
#include "base/moment.h"
#include "ingest/folder.h"
#include "ingest/hold.h"
#include "ingest/refuse.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WINDOW ((size_t)128 * 1024)

struct mbox {
	int fd;               /* owned */
	struct inflate *gzip; /* owned; NULL when not compressed */
	char *name;           /* owned */
	struct stat st;
	uint64_t max;
	uint64_t number;   /* of the last mail, from 1 */
	uint64_t position; /* octets of the stream that came into the window */
	bool eof;          /* nothing more comes */
	int error;         /* errno of what ended the stream too early; 0: nothing */
	bool ended;

	/* while copying one mail */
	bool line_start;
	bool body;         /* the header's end was seen */
	struct span blank; /* an empty line not yet written: the one that the mbox puts behind a mail is none of its own */
	struct hold hold;

	size_t at, end; /* of the window */
	char window[WINDOW];
};

/* The first line without its end; absent when there is no end within MBOX_LINE. */
static struct span first_line(struct span text, bool all)
{
	size_t n = text.n < MBOX_LINE ? text.n : MBOX_LINE;
	const char *end = n ? memchr(text.p, '\n', n) : NULL;

	if (!end && (!all || text.n > n))
		return SPAN_ABSENT;
	return (struct span){ text.p, end ? (size_t)(end - text.p) : n };
}

static struct span next_word(struct span *text)
{
	struct span word;

	while (text->n && (*text->p == ' ' || *text->p == '\t'))
		text->p++, text->n--;
	word = (struct span){ text->p, 0 };
	while (text->n && *text->p != ' ' && *text->p != '\t')
		text->p++, text->n--, word.n++;
	return word;
}

static bool is_one_of(struct span word, const char *names)
{
	for (; *names; names += 3)
		if (span_is_nocase(word, (struct span){ names, 3 }))
			return true;
	return false;
}

static bool is_clock(struct span word)
{
	return word.n >= 4 && word.n <= 8 && word.p[0] >= '0' && word.p[0] <= '9' && memchr(word.p, ':', word.n);
}

/* asctime, `Thu Jan  1 00:00:00 2026`, with a zone before or behind the year; or an RFC 5322 date. */
static bool is_from_date(struct span text)
{
	unsigned long long number;
	int64_t moment;
	struct span rest = text, word = next_word(&rest);

	if (word.n == 4 && word.p[3] == ',')
		return moment_parse_mail(span_trim(text), &moment);
	if (!is_one_of(word, "MonTueWedThuFriSatSun") ||
		!is_one_of(next_word(&rest), "JanFebMarAprMayJunJulAugSepOctNovDec") ||
		!span_number(next_word(&rest), 31, &number) || !is_clock(next_word(&rest)))
		return false;
	for (int i = 0; i < 3; i++) {
		word = next_word(&rest);
		if (word.n == 4 && span_number(word, 9999, &number))
			return true;
	}
	return false;
}

/* `From ADDRESS DATE`; the address may be empty, `-`, or quoted with blanks in it. */
static bool is_from_line(struct span line)
{
	struct span rest = { line.p + 5, line.n - 5 };
	struct span without = rest;
	const char *quote;

	if (is_from_date(rest))
		return true;
	if (without.n && *without.p == '"' && (quote = memchr(without.p + 1, '"', without.n - 1))) {
		without.n -= (size_t)(quote - without.p);
		without.p = quote;
	}
	next_word(&without);
	return is_from_date(without);
}

static bool is_field_or_empty(struct span text, bool all)
{
	struct span line = first_line(text, all);
	size_t n = text.n < MBOX_LINE ? text.n : MBOX_LINE;
	size_t i = 0;

	if (line.p && span_trim(line).n == 0)
		return true;
	while (i < n && text.p[i] > ' ' && text.p[i] < 0x7f && text.p[i] != ':')
		i++;
	if (i == 0)
		return false;
	while (i < n && (text.p[i] == ' ' || text.p[i] == '\t'))
		i++;
	return i < n && text.p[i] == ':';
}

/* `all`: nothing follows `text`. */
static bool is_separator(struct span text, bool all)
{
	static const char from[] = "From ";
	struct span line, rest;

	if (text.n < sizeof from - 1 || memcmp(text.p, from, sizeof from - 1) != 0)
		return false;
	line = first_line(text, all);
	if (!line.p || !is_from_line(span_trim(line)))
		return false;
	rest = (struct span){ line.p + line.n, text.n - line.n };
	if (rest.n)
		rest.p++, rest.n--;
	return is_field_or_empty(rest, all);
}

bool mbox_begins(struct span head)
{
	return is_separator(head, head.n < MBOX_LOOK);
}

struct mbox *mbox_new(int fd, bool gzipped, const char *name, const struct stat *st, uint64_t max_octets)
{
	struct mbox *mbox = calloc(1, sizeof *mbox);

	if (!mbox) {
		close(fd);
		return NULL;
	}
	mbox->fd = fd;
	mbox->hold.fd = -1;
	mbox->st = *st;
	mbox->max = max_octets;
	mbox->name = strdup(name);
	mbox->gzip = gzipped ? inflate_new(fd) : NULL;
	if (!mbox->name || (gzipped && !mbox->gzip)) {
		mbox_free(mbox);
		return NULL;
	}
	return mbox;
}

void mbox_free(struct mbox *mbox)
{
	if (!mbox)
		return;
	hold_drop(&mbox->hold);
	inflate_free(mbox->gzip);
	close(mbox->fd);
	free(mbox->name);
	free(mbox);
}

uint64_t mbox_position(const struct mbox *mbox)
{
	return mbox->gzip ? inflate_position(mbox->gzip) : mbox->position;
}

/* At least MBOX_LOOK octets in the window, unless the stream ends before. */
static void mbox_fill(struct mbox *mbox)
{
	if (mbox->end - mbox->at >= MBOX_LOOK)
		return;
	memmove(mbox->window, mbox->window + mbox->at, mbox->end - mbox->at);
	mbox->end -= mbox->at;
	mbox->at = 0;
	while (!mbox->eof && mbox->end < MBOX_LOOK) {
		char *into = mbox->window + mbox->end;
		size_t room = sizeof mbox->window - mbox->end;
		ssize_t n = mbox->gzip ? inflate_read(mbox->gzip, into, room) : read(mbox->fd, into, room);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			mbox->error = errno;
		if (n <= 0)
			mbox->eof = true;
		else
			mbox->end += (size_t)n, mbox->position += (uint64_t)n;
	}
}

static struct span mbox_ahead(const struct mbox *mbox)
{
	return (struct span){ mbox->window + mbox->at, mbox->end - mbox->at };
}

bool mbox_is(struct mbox *mbox)
{
	mbox_fill(mbox);
	return is_separator(mbox_ahead(mbox), mbox->eof);
}

/* `>From `, `>>From ` ...: one `>` was put there by whoever wrote the mbox. */
static bool is_quoted_from(struct span line)
{
	size_t i = 0;

	while (i < line.n && line.p[i] == '>')
		i++;
	return i && line.n - i >= 5 && memcmp(line.p + i, "From ", 5) == 0;
}

/* Copies what the window holds of the line at `at`. */
static void mbox_copy_line(struct mbox *mbox)
{
	static const struct span empty_lines[] = { { "\n", 1 }, { "\r\n", 2 } };
	struct span line = mbox_ahead(mbox);
	const char *end = memchr(line.p, '\n', line.n);

	if (end)
		line.n = (size_t)(end - line.p) + 1;
	mbox->at += line.n;
	if (mbox->line_start) {
		hold_put(&mbox->hold, mbox->blank.p, mbox->blank.n);
		mbox->blank = SPAN_ABSENT;
		for (size_t i = 0; i < 2; i++)
			if (mbox->body && span_is(line, empty_lines[i]))
				mbox->blank = empty_lines[i];
		if (line.p[0] == '\n' || (line.n == 2 && line.p[0] == '\r'))
			mbox->body = true;
		if (is_quoted_from(line))
			line.p++, line.n--;
	}
	mbox->line_start = end != NULL;
	if (!mbox->blank.n)
		hold_put(&mbox->hold, line.p, line.n);
}

/* The one mail of a file is called like the file; that it is the only one is known at its end. */
static char *mbox_mail_name(const struct mbox *mbox, bool only)
{
	char *name;

	if (only)
		return strdup(mbox->name);
	return asprintf(&name, "%s#%llu", mbox->name, (unsigned long long)mbox->number) < 0 ? NULL : name;
}

static const char *mbox_error(const struct mbox *mbox)
{
	return mbox->error == EBADMSG ? "the gzip data is damaged or ends too early" : strerror(mbox->error);
}

/* The file as it was when it was opened: one that somebody still writes to may end in half a mail. */
static bool mbox_changed(const struct mbox *mbox)
{
	struct stat now;

	return S_ISREG(mbox->st.st_mode) && (fstat(mbox->fd, &now) != 0 || now.st_size != mbox->st.st_size ||
		stat_modified(&now) != stat_modified(&mbox->st));
}

/* Why the mail just read cannot be used; false when it can. */
static bool mbox_refuses(const struct mbox *mbox, const char *name, struct fault *fault)
{
	if (mbox->ended && mbox->error)
		refuse(fault, FAULT_INPUT, name, "cannot be read to its end: %s", mbox_error(mbox));
	else if (mbox->ended && mbox_changed(mbox))
		refuse(fault, FAULT_INPUT, name, "changed while it was read; try again");
	else if (mbox->hold.over)
		refuse(fault, FAULT_INPUT, name, "larger than %llu octets", (unsigned long long)mbox->max);
	else
		return false;
	return true;
}

static int mbox_take(struct mbox *mbox, struct mail *mail, struct fault *fault)
{
	uint64_t length = mbox->hold.n;
	bool only;
	char *name;

	mbox->ended = mbox->eof && mbox->at == mbox->end;
	only = mbox->ended && mbox->number <= 1;
	name = mbox_mail_name(mbox, only);
	if (!name) {
		hold_drop(&mbox->hold);
		return refuse(fault, FAULT_LATER, mbox->name, "memory is short");
	}
	if (!mbox_refuses(mbox, name, fault)) {
		int fd = hold_end(&mbox->hold);

		if (fd >= 0) {
			*mail = (struct mail){ .name = name, .fd = fd, .length = length, .bare = only };
			if (S_ISREG(mbox->st.st_mode)) {
				mail->inode = mbox->st.st_ino;
				mail->modified = stat_modified(&mbox->st);
			}
			return 1;
		}
		refuse(fault, FAULT_LATER, name, "cannot be kept: %s", strerror(mbox->hold.error));
	}
	hold_drop(&mbox->hold);
	free(name);
	return -1;
}

int mbox_next(struct mbox *mbox, struct mail *mail, struct fault *fault)
{
	const char *end;

	if (mbox->ended)
		return 0;
	mbox_fill(mbox);
	end = memchr(mbox->window + mbox->at, '\n', mbox->end - mbox->at);
	mbox->at = end ? (size_t)(end - mbox->window) + 1 : mbox->end;
	mbox->number++;
	mbox->line_start = true;
	mbox->body = false;
	mbox->blank = SPAN_ABSENT;
	hold_begin(&mbox->hold, mbox->max);
	for (;;) {
		mbox_fill(mbox);
		if (mbox->at == mbox->end || (mbox->line_start && is_separator(mbox_ahead(mbox), mbox->eof)))
			break;
		mbox_copy_line(mbox);
	}
	return mbox_take(mbox, mail, fault);
}

int mbox_whole(struct mbox *mbox, struct mail *mail, struct fault *fault)
{
	hold_begin(&mbox->hold, mbox->max);
	for (mbox_fill(mbox); mbox->at < mbox->end && !mbox->hold.over; mbox_fill(mbox)) {
		hold_put(&mbox->hold, mbox->window + mbox->at, mbox->end - mbox->at);
		mbox->at = mbox->end;
	}
	mbox->eof = true;
	mbox->at = mbox->end;
	return mbox_take(mbox, mail, fault);
}
