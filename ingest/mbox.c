#include "ingest/mbox.h"

#include "base/fromline.h"
#include "base/inflate.h"
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

bool mbox_begins(struct span head)
{
	return from_line_separates(head, head.n < MBOX_LOOK);
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
	return from_line_separates(mbox_ahead(mbox), mbox->eof);
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
		if (mbox->at == mbox->end || (mbox->line_start && from_line_separates(mbox_ahead(mbox), mbox->eof)))
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
