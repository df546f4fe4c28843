#include "cli/marks.h"
#include "cli/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARKS_NAME "dmarcgate.marks"
#define MARKS_ARENA ((size_t)64 * 1024 * 1024)

const char *marks_path(const struct cli *cli, char path[MARKS_PATH])
{
	const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME"), *slash;

	if (*cli->config.marks) {
		snprintf(path, MARKS_PATH, "%s", cli->config.marks);
	} else if (cli->config.file && (slash = strrchr(cli->config.file, '/'))) {
		snprintf(path, MARKS_PATH, "%.*s/" MARKS_NAME, (int)(slash - cli->config.file), cli->config.file);
	} else if (cli->config.file) {
		snprintf(path, MARKS_PATH, MARKS_NAME);
	} else if (geteuid() == 0 || (!(base && base[0] == '/') && !(home && home[0] == '/'))) {
		snprintf(path, MARKS_PATH, SYSCONFDIR "/" MARKS_NAME);
	} else {
		snprintf(path, MARKS_PATH, "%s%s/dmarcgate/" MARKS_NAME, base && base[0] == '/' ? base : home,
			base && base[0] == '/' ? "" : "/.config");
	}
	return path;
}

bool marks_load(const struct cli *cli, struct arena *arena, const struct statement **statements, size_t *n,
	struct fault *fault)
{
	struct buf text = BUF(MARKS_OCTETS);
	struct fault inner = { 0 };
	char path[MARKS_PATH];
	struct span copy;
	bool ok;

	*statements = NULL;
	*n = 0;
	if (access(marks_path(cli, path), F_OK) < 0 && (errno == ENOENT || errno == ENOTDIR))
		return true;
	ok = file_read(path, &text, fault);
	copy = arena_copy(arena, buf_span(&text));
	buf_release(&text);
	if (!ok)
		return false;
	if (marks_read(copy, arena, statements, n, &inner))
		return true;
	return fault_set(fault, inner.kind, "%.300s:%s", path, inner.text);
}

/* The folder of a person's configuration may not be there yet; any other must. */
static void folder_make(const char *path)
{
	char copy[MARKS_PATH], *slash;

	snprintf(copy, sizeof copy, "%s", path);
	slash = strrchr(copy, '/');
	if (!slash || slash == copy)
		return;
	*slash = '\0';
	if (mkdir(copy, 0700) < 0 && errno == ENOENT && (slash = strrchr(copy, '/')) && slash != copy) {
		*slash = '\0';
		mkdir(copy, 0700);
		*slash = '/';
		mkdir(copy, 0700);
	}
}

/* The end of what was there: a last line without its line feed gets one. */
static bool lines_write(int fd, struct span lines, struct fault *fault, const char *path)
{
	struct buf all = BUF(MARKS_OCTETS);
	struct stat before;
	char last = '\n';
	ssize_t written;
	bool ok;

	if (fstat(fd, &before) < 0 || (before.st_size && pread(fd, &last, 1, before.st_size - 1) != 1))
		return fault_set(fault, FAULT_SETUP, "%.300s: %s", path, strerror(errno));
	if (last != '\n')
		buf_put_byte(&all, '\n');
	buf_put_span(&all, lines);
	errno = ENOMEM;
	written = all.failed ? -1 : write(fd, all.p, all.n);
	if (written >= 0 && written < (ssize_t)all.n)
		errno = ENOSPC; /* a file takes less than it was given only where there is no room */
	ok = written == (ssize_t)all.n && fsync(fd) == 0;
	if (!ok) {
		fault_set(fault, FAULT_LATER, "%.300s: %s", path, strerror(errno));
		if (written > 0 && ftruncate(fd, before.st_size) < 0)
			fault_set(fault, FAULT_SETUP, "%.300s: half a line was written: %s", path, strerror(errno));
	}
	buf_release(&all);
	return ok;
}

/* A new one can be read by whoever can read the configuration: root marks what a service without rights judges by. */
static int file_open(const char *path, const char *config)
{
	int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	struct stat like;

	if (fd < 0 && errno == EEXIST)
		return open(path, O_RDWR | O_APPEND | O_CLOEXEC);
	if (fd >= 0 && config && stat(config, &like) == 0 && fchown(fd, (uid_t)-1, like.st_gid) == 0)
		fchmod(fd, 0600 | (like.st_mode & 0044));
	return fd;
}

/* What was added beyond the ceilings would make all of the file unreadable, and every verdict wait for somebody. */
static bool is_read_with(const char *path, struct span lines, struct fault *fault)
{
	struct buf text = BUF(MARKS_OCTETS - lines.n - 1);
	struct arena arena = ARENA(MARKS_ARENA);
	const struct statement *statements;
	struct fault inner = { 0 };
	size_t n;
	bool ok;

	if (!file_read(path, &text, &inner)) {
		if (text.failed)
			fault_set(fault, FAULT_SETUP, "%.300s: full: at most %zu octets are read; remove what no longer holds",
				path, MARKS_OCTETS);
		else
			*fault = inner;
		buf_release(&text);
		return false;
	}
	text.max = MARKS_OCTETS;
	if (text.n && text.p[text.n - 1] != '\n')
		buf_put_byte(&text, '\n');
	buf_put_span(&text, lines);
	ok = !text.failed && marks_read(buf_span(&text), &arena, &statements, &n, &inner);
	if (!ok)
		fault_set(fault, inner.kind ? inner.kind : FAULT_LATER, "%.300s:%s", path,
			inner.kind ? inner.text : " out of memory");
	arena_release(&arena);
	buf_release(&text);
	return ok;
}

bool marks_append(const struct cli *cli, const char *path, struct span lines, struct fault *fault)
{
	int fd;
	bool ok;

	folder_make(path);
	fd = file_open(path, cli->config.file);
	if (fd < 0)
		return fault_set(fault, FAULT_SETUP, "%.300s: %s", path, strerror(errno));
	ok = (flock(fd, LOCK_EX) == 0 || fault_set(fault, FAULT_LATER, "%.300s: %s", path, strerror(errno))) &&
	     is_read_with(path, lines, fault) && lines_write(fd, lines, fault, path);
	close(fd);
	return ok;
}
