#include "ingest/source.h"

#include "base/inflate.h"
#include "ingest/folder.h"
#include "ingest/mbox.h"
#include "ingest/refuse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct source {
	char *path;             /* what was named */
	uint64_t max_octets;
	bool begun;
	bool maildir;           /* nothing else, and without its subfolders */
	struct folder *folder;  /* owned; being walked */
	struct mbox *mbox;      /* owned; being split */
	uint64_t mbox_octets;   /* its size as a file */
	uint64_t done, total;
	source_known *known; /* NULL: nobody is asked */
	void *known_arg;
	struct mail asked; /* the last one that was asked about and not known; its name is not its own */
};

struct source *source_open(const char *path, uint64_t max_octets)
{
	struct source *source = calloc(1, sizeof *source);

	if (!source)
		return NULL;
	source->max_octets = max_octets;
	source->path = strdup(path);
	if (!source->path) {
		free(source);
		return NULL;
	}
	return source;
}

struct source *source_open_maildir(const char *path, uint64_t max_octets)
{
	struct source *source = source_open(path, max_octets);

	if (source)
		source->maildir = true;
	return source;
}

void source_pass_known(struct source *source, source_known *known, void *arg)
{
	source->known = known;
	source->known_arg = arg;
}

static bool source_asks(void *arg, const char *name, const struct stat *st)
{
	struct source *source = arg;

	source->asked = (struct mail){ .name = (char *)(uintptr_t)name, .fd = -1, .length = (uint64_t)st->st_size,
		.modified = stat_modified(st), .inode = st->st_ino };
	return source->known(source->known_arg, &source->asked);
}

/* Whether it is still the file that was asked about. */
static bool source_asked(const struct source *source, const struct mail *mail)
{
	return source->asked.inode == mail->inode && source->asked.modified == mail->modified &&
	       source->asked.length == mail->length;
}

static void source_leave_mbox(struct source *source)
{
	mbox_free(source->mbox);
	source->mbox = NULL;
	source->done += source->mbox_octets;
}

void source_close(struct source *source)
{
	if (!source)
		return;
	source_leave_mbox(source);
	folder_close(source->folder);
	free(source->path);
	free(source);
}

void source_progress(const struct source *source, uint64_t *done, uint64_t *total)
{
	*done = source->done + (source->mbox ? mbox_position(source->mbox) : 0);
	*total = source->total;
	if (source->folder)
		folder_progress(source->folder, done, total);
}

/* The file, pipe or folder that was named. */
static int source_begin(struct source *source, struct found *found, struct fault *fault)
{
	bool standard_input = strcmp(source->path, "-") == 0;
	struct stat st;
	int fd;

	source->begun = true;
	if (standard_input ? fstat(STDIN_FILENO, &st) != 0 : stat(source->path, &st) != 0)
		return refuse(fault, FAULT_SETUP, source->path, "%s", strerror(errno));
	if (S_ISDIR(st.st_mode) && !standard_input) {
		source->folder = source->maildir ? folder_open_maildir(source->path) : folder_open(source->path);
		if (source->folder && source->known)
			folder_pass_known(source->folder, source_asks, source);
		return source->folder ? 0 : refuse(fault, FAULT_LATER, source->path, "memory is short");
	}
	if (source->maildir)
		return refuse(fault, FAULT_SETUP, source->path, "not a Maildir, which is a folder");
	if (!standard_input && !S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode))
		return refuse(fault, FAULT_SETUP, source->path, "neither file, folder nor pipe");
	fd = standard_input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) :
			      open(source->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) != 0) {
		refuse(fault, FAULT_SETUP, source->path, "%s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	if (standard_input)
		st.st_mode = S_IFIFO; /* read from where it stands, even when it is a file */
	source->total = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	*found = (struct found){ .name = strdup(source->path), .fd = fd, .st = st };
	if (found->name)
		return 1;
	close(fd);
	return refuse(fault, FAULT_LATER, source->path, "memory is short");
}

static int source_find(struct source *source, struct found *found, struct fault *fault)
{
	int got = source->begun ? 0 : source_begin(source, found, fault);

	return got || !source->folder ? got : folder_next(source->folder, found, fault);
}

/* What a pipe holds, as a file: 1. Or it is an mbox, which can be split as it comes: 0. */
static int source_gather(struct source *source, struct found *found, struct fault *fault)
{
	struct mbox *mbox = mbox_new(found->fd, false, found->name, &found->st, source->max_octets);
	struct mail mail;
	int got;

	found->fd = -1;
	if (!mbox)
		return refuse(fault, FAULT_LATER, found->name, "memory is short");
	if (mbox_is(mbox)) {
		source->mbox = mbox;
		source->mbox_octets = 0;
		return 0;
	}
	got = mbox_whole(mbox, &mail, fault);
	if (got == 1) {
		source->done += mail.length;
		found->fd = mail.fd;
		found->st.st_size = (off_t)mail.length;
		mail.fd = -1;
		mail_release(&mail);
	}
	mbox_free(mbox);
	return got;
}

static bool gzip_holds_mbox(int fd)
{
	struct inflate *gzip = inflate_new(fd);
	char head[MBOX_LOOK];
	size_t n = 0;
	ssize_t more = gzip ? 1 : 0;

	while (n < sizeof head && more > 0) {
		more = inflate_read(gzip, head + n, sizeof head - n);
		if (more > 0)
			n += (size_t)more;
	}
	inflate_free(gzip);
	return mbox_begins((struct span){ head, n });
}

/* Takes the descriptor when the file is an mbox. */
static int source_take_mbox(struct source *source, struct found *found, struct fault *fault)
{
	char head[MBOX_LOOK];
	ssize_t n = pread(found->fd, head, sizeof head, 0);
	bool gzipped = n > 0 && inflate_begins(head, (size_t)n);

	if (n < 0)
		return refuse(fault, FAULT_INPUT, found->name, "%s", strerror(errno));
	if (gzipped ? !gzip_holds_mbox(found->fd) : !mbox_begins((struct span){ head, (size_t)n }))
		return 0;
	if (lseek(found->fd, 0, SEEK_SET) < 0)
		return refuse(fault, FAULT_INPUT, found->name, "%s", strerror(errno));
	source->mbox = mbox_new(found->fd, gzipped, found->name, &found->st, source->max_octets);
	source->mbox_octets = (uint64_t)found->st.st_size;
	found->fd = -1;
	return source->mbox ? 1 : refuse(fault, FAULT_LATER, found->name, "memory is short");
}

/* 1: *mail is the file. 0: the file is an mbox, now to be split. Leaves in `found` what it does not hand on. */
static int source_take(struct source *source, struct found *found, struct mail *mail, struct fault *fault)
{
	bool regular = S_ISREG(found->st.st_mode);
	int got = 0;

	if (!regular) {
		got = source_gather(source, found, fault);
		if (got != 1)
			return got;
	}
	if (!found->item) {
		got = source_take_mbox(source, found, fault);
		if (got)
			return got == 1 ? 0 : -1;
	}
	if (regular)
		source->done += (uint64_t)found->st.st_size;
	if ((uint64_t)found->st.st_size > source->max_octets)
		return refuse(fault, FAULT_INPUT, found->name, "larger than %llu octets",
			(unsigned long long)source->max_octets);
	*mail = (struct mail){ .name = found->name, .fd = found->fd, .length = (uint64_t)found->st.st_size };
	mail->bare = !found->item;
	if (regular) {
		mail->modified = stat_modified(&found->st);
		mail->inode = found->st.st_ino;
	}
	if (found->item && source->known && source_asked(source, mail))
		mail->standing = found->fd < 0 ? MAIL_REMEMBERED : MAIL_NEW;
	*found = (struct found){ .fd = -1 };
	return 1;
}

int source_next(struct source *source, struct mail *mail, struct fault *fault)
{
	int got = 0;

	*mail = (struct mail){ .fd = -1 };
	while (got == 0) {
		struct found found;

		if (source->mbox) {
			got = mbox_next(source->mbox, mail, fault);
			if (got == 0)
				source_leave_mbox(source);
			continue;
		}
		got = source_find(source, &found, fault);
		if (got != 1)
			return got;
		got = source_take(source, &found, mail, fault);
		free(found.name);
		if (found.fd >= 0)
			close(found.fd);
	}
	return got;
}
