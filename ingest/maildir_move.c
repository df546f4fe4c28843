/* Moving a mail within a Maildir. Not by libmailutils, which renames every file of a Maildir that it opens for writing.
 */
#include "ingest/maildir.h"

#include "ingest/refuse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

/* Whoever reads the Maildir is to read what is moved within it, too, although our umask lets nobody in. What root makes belongs
 * to the owner. Where the group cannot be the same, it is no other one that may look. */
static void owner_follow(int folder, const struct stat *maildir)
{
	uid_t owner = geteuid() == 0 ? maildir->st_uid : (uid_t)-1;
	struct stat now;

	if (fstat(folder, &now) == 0 && (now.st_gid != maildir->st_gid || geteuid() == 0) &&
		fchown(folder, owner, maildir->st_gid) != 0)
		fchmod(folder, maildir->st_mode & 0707);
}

/* Made when it is not there. -1: errno. */
static int folder_open(int at, const char *name, const struct stat *maildir)
{
	mode_t mask = umask(0777 & ~maildir->st_mode);
	bool made = mkdirat(at, name, 0777) == 0;
	int folder;

	umask(mask);
	if (!made && errno != EEXIST)
		return -1;
	folder = openat(at, name, FOLDER | O_NOFOLLOW);
	if (folder >= 0 && made)
		owner_follow(folder, maildir);
	return folder;
}

static bool part_make(int folder, const char *name, const struct stat *maildir)
{
	int part = folder_open(folder, name, maildir);

	if (part >= 0)
		close(part);
	return part >= 0;
}

/* Its cur or new, as `side` says; -1: errno. */
static int folder_make(int maildir, const char *name, const char *side)
{
	int folder, mark, fd = -1;
	bool old = faccessat(maildir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	struct stat like;

	if (fstat(maildir, &like) != 0)
		return -1;
	folder = folder_open(maildir, name, &like);
	if (folder < 0)
		return -1;
	if (part_make(folder, "tmp", &like) && part_make(folder, "new", &like) && part_make(folder, "cur", &like)) {
		mark = old ? -1 : openat(folder, "maildirfolder", O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (mark >= 0)
			close(mark);
		if (old || (fsync(folder) == 0 && fsync(maildir) == 0))
			fd = openat(folder, side, FOLDER | O_NOFOLLOW);
	}
	close(folder);
	return fd;
}

/* 1: moved. 0: there is no such mail here. -1: errno. */
static int mail_move(int from, const char *name, int to)
{
	struct stat here, there;

	if (renameat2(from, name, to, name, RENAME_NOREPLACE) == 0)
		return fsync(to) == 0 && fsync(from) == 0 ? 1 : -1;
	if (errno == ENOENT)
		return 0;
	if (errno != EEXIST)
		return -1;
	if (fstatat(from, name, &here, AT_SYMLINK_NOFOLLOW) != 0 || fstatat(to, name, &there, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? 0 : -1;
	if (here.st_ino == there.st_ino && here.st_dev == there.st_dev) /* two names of one file */
		return unlinkat(from, name, 0) == 0 && fsync(from) == 0 ? 1 : -1;
	errno = EEXIST;
	return -1;
}

/* The name as it is now; most mails in new, and those that nobody has marked, carry no flags. */
static char *name_now(int from, const char *base)
{
	return faccessat(from, base, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ? strdup(base) : maildir_find(from, base);
}

/* As mail_move, from one side (cur or new) of the mail's folder. Flags may have changed; then once more. */
static int side_move(int maildir, const char *target, int folder, const char *side, const char *base)
{
	int from = openat(folder, side, FOLDER | O_NOFOLLOW), to = -1;
	int moved = 0;

	if (from < 0)
		return errno == ENOENT ? 0 : -1;
	for (unsigned tries = 0; tries < 3 && moved == 0; tries++) {
		char *now = name_now(from, base);

		if (!now)
			break;
		if (to < 0)
			to = folder_make(maildir, target, side);
		moved = to < 0 ? -1 : mail_move(from, now, to);
		free(now);
	}
	int error = errno;

	if (to >= 0)
		close(to);
	close(from);
	errno = error;
	return moved;
}

/* MAILDIR[/.FOLDER]/{cur,new}/BASE: the folder that holds cur and new, opened; base points into name. -1: not of that
 * form. */
static int mail_folder(const char *maildir, const char *name, const char **base)
{
	size_t n = strlen(maildir);
	const char *slash = strrchr(name, '/');
	char *path;
	int fd;

	while (n > 1 && maildir[n - 1] == '/')
		n--;
	if (strncmp(name, maildir, n) != 0 || name[n] != '/' || !slash || slash - name < 4 || slash[1] == 0 ||
		slash[1] == '.' || (strncmp(slash - 4, "/cur", 4) != 0 && strncmp(slash - 4, "/new", 4) != 0)) {
		errno = EINVAL;
		return -1;
	}
	path = strndup(name, (size_t)(slash - 4 - name));
	fd = path ? open(path, FOLDER) : -1;
	free(path);
	*base = slash + 1;
	return fd;
}

bool maildir_move(const char *maildir, const char *name, const char *folder, struct fault *fault)
{
	const char *base = NULL, *target;
	char *path = maildir_path(maildir, folder, fault);
	int root = open(maildir, FOLDER);
	int from = root < 0 ? -1 : mail_folder(maildir, name, &base);
	int moved = -1;

	target = path ? strrchr(path, '/') + 1 : NULL;
	if (root < 0) {
		refuse(fault, FAULT_SETUP, maildir, "%s", strerror(errno));
	} else if (!path || strcmp(path, maildir) == 0) {
		moved = path ? refuse(fault, FAULT_SETUP, folder, "mails are moved to another folder") : -1;
	} else if (from < 0 && errno == EINVAL) {
		refuse(fault, FAULT_SETUP, name, "not a mail of the Maildir that it is to be moved in");
	} else if (from < 0) {
		moved = errno == ENOENT ? 0 : refuse(fault, FAULT_LATER, name, "%s", strerror(errno));
	} else {
		moved = side_move(root, target, from, "new", base);
		if (moved == 0)
			moved = side_move(root, target, from, "cur", base);
		if (moved < 0 && errno == EEXIST)
			refuse(fault, FAULT_INPUT, name, "cannot be moved to %s: a mail of that name is there already", target);
		else if (moved < 0)
			refuse(fault, FAULT_LATER, name, "cannot be moved to %s: %s", target, strerror(errno));
	}
	if (from >= 0)
		close(from);
	if (root >= 0)
		close(root);
	free(path);
	return moved >= 0;
}
