#include "ingest/folder.h"

#include "base/buf.h"
#include "ingest/maildir.h"
#include "ingest/refuse.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum kind {
	KIND_PLAIN,
	KIND_MAILDIR, /* holds folders only; its files are an index, a lock, ... */
	KIND_ITEMS,   /* a Maildir's cur or new: every file is a mail */
};

/* A folder we are in. */
struct level {
	int fd;
	char *path;
	enum kind kind;
	struct buf names;  /* of each: a DT_ constant in an octet, the name, its NUL */
	size_t *order;     /* where the names begin, sorted */
	size_t n, i;
};

struct folder {
	char *path; /* the named folder; NULL once it was entered */
	bool alone; /* a Maildir, and nothing below it */
	uint64_t listed, visited;
	folder_known *known; /* NULL: nobody is asked */
	void *known_arg;
	size_t depth;
	struct level levels[FOLDER_DEPTH];
};

struct folder *folder_open(const char *path)
{
	struct folder *folder = calloc(1, sizeof *folder);
	size_t n = strlen(path);

	if (!folder)
		return NULL;
	while (n > 1 && path[n - 1] == '/')
		n--;
	folder->path = strndup(path, n);
	if (!folder->path) {
		free(folder);
		return NULL;
	}
	return folder;
}

struct folder *folder_open_maildir(const char *path)
{
	struct folder *folder = folder_open(path);

	if (folder)
		folder->alone = true;
	return folder;
}

static void level_release(struct level *level)
{
	close(level->fd);
	free(level->path);
	free(level->order);
	buf_release(&level->names);
}

void folder_close(struct folder *folder)
{
	if (!folder)
		return;
	while (folder->depth)
		level_release(&folder->levels[--folder->depth]);
	free(folder->path);
	free(folder);
}

void folder_pass_known(struct folder *folder, folder_known *known, void *arg)
{
	folder->known = known;
	folder->known_arg = arg;
}

void folder_progress(const struct folder *folder, uint64_t *visited, uint64_t *listed)
{
	*visited = folder->visited;
	*listed = folder->listed;
}

static bool level_wants(const struct level *level, const char *name)
{
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	if (level->kind == KIND_MAILDIR)
		return strcmp(name, "tmp") != 0;
	return name[0] != '.';
}

static int level_compare(const void *a, const void *b, void *arg)
{
	const struct level *level = arg;
	const char *left = level->names.p + *(const size_t *)a;
	const char *right = level->names.p + *(const size_t *)b;
	int rank = level->kind == KIND_MAILDIR ? maildir_rank(left) - maildir_rank(right) : 0;

	return rank ? rank : strcmp(left, right);
}

static bool level_sort(struct level *level)
{
	size_t at = 0;

	level->order = calloc(level->n + 1, sizeof *level->order);
	if (!level->order)
		return false;
	for (size_t i = 0; i < level->n; i++) {
		level->order[i] = at + 1;
		at += strlen(level->names.p + at + 1) + 2;
	}
	qsort_r(level->order, level->n, sizeof *level->order, level_compare, level);
	return true;
}

/* Reads and sorts the names. Sets errno when it fails. */
static bool level_list(struct level *level)
{
	int fd = fcntl(level->fd, F_DUPFD_CLOEXEC, 0);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int error;

	if (!dir) {
		error = errno;
		if (fd >= 0)
			close(fd);
		errno = error;
		return false;
	}
	while (errno = 0, (entry = readdir(dir))) {
		if (!level_wants(level, entry->d_name))
			continue;
		if (!buf_put(&level->names, &entry->d_type, 1) ||
			!buf_put(&level->names, entry->d_name, strlen(entry->d_name) + 1))
			break;
		level->n++;
	}
	error = level->names.failed ? ENOMEM : errno;
	closedir(dir);
	if (!error && !level_sort(level))
		error = ENOMEM;
	errno = error;
	return !error;
}

/* Goes into a folder. Both arguments belong to the folder from now on. */
static bool folder_enter(struct folder *folder, int fd, char *path, enum kind kind)
{
	struct level *level = &folder->levels[folder->depth];
	int error;

	*level = (struct level){ .fd = fd, .path = path, .kind = kind, .names = BUF(FOLDER_NAMES) };
	if (level_list(level)) {
		folder->depth++;
		folder->listed += level->n;
		return true;
	}
	error = errno;
	level_release(level);
	errno = error;
	return false;
}

static char *join(const char *path, const char *name, size_t n)
{
	size_t length = strlen(path);
	char *joined;

	if (asprintf(&joined, "%s%s%.*s", path, length && path[length - 1] == '/' ? "" : "/", (int)n, name) < 0)
		return NULL;
	return joined;
}

/* The kind of a subfolder, or -1 when it is not for us: below `cur`, or hidden and no Maildir++ folder. */
static int subfolder_kind(const struct level *level, int fd, const char *name)
{
	bool maildir = maildir_is(fd);

	if (level->kind == KIND_MAILDIR && maildir_rank(name) < 2)
		return KIND_ITEMS;
	if (level->kind == KIND_ITEMS || (name[0] == '.' && !maildir))
		return -1;
	return maildir ? KIND_MAILDIR : KIND_PLAIN;
}

/* 0, or -1 when the subfolder cannot be read. */
static int folder_descend(struct folder *folder, const char *name, struct fault *fault)
{
	struct level *level = &folder->levels[folder->depth - 1];
	char *path = join(level->path, name, strlen(name));
	int fd = path ? openat(level->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
	int kind = fd < 0 ? -1 : subfolder_kind(level, fd, name);
	int got = 0;

	if (!path) {
		got = refuse(fault, FAULT_LATER, name, "memory is short");
	} else if (fd < 0) {
		got = refuse(fault, FAULT_INPUT, path, "this folder cannot be opened: %s", strerror(errno));
	} else if (kind >= 0 && folder->depth == FOLDER_DEPTH) {
		got = refuse(fault, FAULT_INPUT, path, "not entered: more than %d folders deep", FOLDER_DEPTH);
	} else if (kind >= 0) {
		if (folder_enter(folder, fd, path, (enum kind)kind))
			return 0;
		return refuse(fault, FAULT_INPUT, name, "this folder cannot be listed: %s", strerror(errno));
	}
	if (fd >= 0)
		close(fd);
	free(path);
	return got;
}

/* Opens a regular file, which may have got another name or become something else since it was listed: O_NONBLOCK, lest
 * opening a FIFO waits for ever. -1 and errno when it cannot; ENOMSG: not a regular file. */
static int file_open(const struct level *level, const char *name, struct stat *st)
{
	int fd = openat(level->fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int error;

	if (fd < 0 && errno == ENOENT && level->kind == KIND_ITEMS) {
		char *now = maildir_find(level->fd, name);

		errno = ENOENT;
		if (now)
			fd = openat(level->fd, now, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		error = errno;
		free(now);
		errno = error;
	}
	if (fd < 0)
		return -1;
	error = fstat(fd, st) != 0 ? errno : !S_ISREG(st->st_mode) ? ENOMSG : 0;
	if (!error)
		return fd;
	close(fd);
	errno = error;
	return -1;
}

static const char *file_error(int error)
{
	return error == ENOENT ? "vanished while the folder was read, or a link to nowhere" :
		error == ENOMSG ? "neither file nor folder; name it to have it read" : strerror(error);
}

static int folder_file(const struct folder *folder, const char *name, struct found *found, struct fault *fault)
{
	const struct level *level = &folder->levels[folder->depth - 1];
	bool item = level->kind == KIND_ITEMS;
	char *path = join(level->path, name, item ? maildir_unique(name) : strlen(name));
	struct stat st;
	int fd;

	if (!path)
		return refuse(fault, FAULT_LATER, name, "memory is short");
	if (item && folder->known && fstatat(level->fd, name, &st, 0) == 0 && S_ISREG(st.st_mode) &&
		folder->known(folder->known_arg, path, &st)) {
		*found = (struct found){ .name = path, .fd = -1, .st = st, .item = true };
		return 1;
	}
	fd = file_open(level, name, &st);
	if (fd < 0) {
		refuse(fault, FAULT_INPUT, path, "%s", file_error(errno));
		free(path);
		return -1;
	}
	*found = (struct found){ .name = path, .fd = fd, .st = st, .item = item };
	return 1;
}

/* What the listing said, where the file system tells: what has become something else since is noticed when it is opened.
 * 0: it is gone. */
static mode_t entry_kind(const struct level *level, const char *name)
{
	struct stat st;

	if (name[-1] == DT_REG || name[-1] == DT_DIR)
		return name[-1] == DT_REG ? S_IFREG : S_IFDIR;
	return fstatat(level->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_mode & S_IFMT : 0;
}

/* 1, 0 (nothing for us, or we are in a subfolder now) or -1. */
static int folder_visit(struct folder *folder, const char *name, struct found *found, struct fault *fault)
{
	const struct level *level = &folder->levels[folder->depth - 1];
	mode_t kind = entry_kind(level, name);
	struct stat st;

	folder->visited++;
	if (folder->alone && folder->depth == 1 && maildir_rank(name) > 1)
		return 0;
	if (kind == S_IFDIR)
		return folder_descend(folder, name, fault);
	if (level->kind == KIND_MAILDIR)
		return 0;
	if (kind == S_IFLNK && fstatat(level->fd, name, &st, 0) == 0 && S_ISDIR(st.st_mode))
		return 0;
	if (kind && kind != S_IFLNK && kind != S_IFREG) {
		char *path = join(level->path, name, strlen(name));

		refuse(fault, FAULT_INPUT, path ? path : name, "%s", file_error(ENOMSG));
		free(path);
		return -1;
	}
	return folder_file(folder, name, found, fault);
}

static int folder_begin(struct folder *folder, struct fault *fault)
{
	char *path = folder->path;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char *copy = strdup(path);
	int got = 0;

	folder->path = NULL;
	if (fd < 0 || !copy) {
		got = refuse(fault, FAULT_SETUP, path, "this folder cannot be opened: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		free(copy);
	} else if (folder->alone && !maildir_is(fd)) {
		got = refuse(fault, FAULT_SETUP, path, "not a Maildir: it lacks the folders cur and new");
		close(fd);
		free(copy);
	} else if (!folder_enter(folder, fd, copy, maildir_is(fd) ? KIND_MAILDIR : KIND_PLAIN)) {
		got = refuse(fault, FAULT_SETUP, path, "this folder cannot be listed: %s", strerror(errno));
	}
	free(path);
	return got;
}

int folder_next(struct folder *folder, struct found *found, struct fault *fault)
{
	int got = folder->path ? folder_begin(folder, fault) : 0;

	while (got == 0 && folder->depth) {
		struct level *level = &folder->levels[folder->depth - 1];

		if (level->i < level->n) {
			got = folder_visit(folder, level->names.p + level->order[level->i++], found, fault);
		} else {
			level_release(level);
			folder->depth--;
		}
	}
	return got;
}
