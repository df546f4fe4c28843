#include "ingest/maildir.h"

#include "base/buf.h"
#include "ingest/foldername.h"
#include "ingest/refuse.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool has_folder(int folder, const char *name)
{
	struct stat st;

	return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

bool maildir_is(int folder)
{
	return has_folder(folder, "cur") && has_folder(folder, "new");
}

int maildir_rank(const char *name)
{
	return strcmp(name, "new") == 0 ? 0 : strcmp(name, "cur") == 0 ? 1 : 2;
}

size_t maildir_unique(const char *name)
{
	const char *info = strrchr(name, ':');

	if (info && (info[1] == '1' || info[1] == '2') && info[2] == ',')
		return (size_t)(info - name);
	return strlen(name);
}

char *maildir_find(int folder, const char *name)
{
	size_t n = maildir_unique(name);
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	char *now = NULL;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	while (!now && (entry = readdir(dir)))
		if (maildir_unique(entry->d_name) == n && memcmp(entry->d_name, name, n) == 0)
			now = strdup(entry->d_name);
	closedir(dir);
	return now;
}

/* ---- folders ---- */

static bool is_inbox(struct span folder)
{
	return span_is_nocase(folder, SPAN("INBOX"));
}

/* `Done/2026` on disk: `.Done.2026`. */
static bool folder_on_disk(struct buf *out, struct span folder)
{
	struct buf wire = BUF(255);
	bool good = folder.n && foldername_encode(&wire, folder);

	buf_put_byte(out, '.');
	for (size_t i = 0; good && i < wire.n; i++) {
		char c = wire.p[i] == '/' ? '.' : wire.p[i];

		good = !(c == '.' && out->p[out->n - 1] == '.'); /* an empty level, or `..` */
		buf_put_byte(out, (unsigned char)c);
	}
	buf_release(&wire);
	return good && !out->failed && out->p[out->n - 1] != '.';
}

char *maildir_path(const char *maildir, const char *folder, struct fault *fault)
{
	struct buf name = BUF(255);
	char *path = NULL;
	bool good = true;

	if (is_inbox(span_of(folder)))
		path = strdup(maildir);
	else if (!folder_on_disk(&name, span_of(folder)))
		good = refuse(fault, FAULT_SETUP, folder, "no name that a folder of a Maildir can have") == 0;
	else if (asprintf(&path, "%s/%s", maildir, buf_text(&name)) < 0)
		path = NULL;
	if (good && !path)
		fault_set(fault, FAULT_LATER, "out of memory");
	buf_release(&name);
	return path;
}

/* Goes back to the last wildcard that can take one more character. */
static bool pattern_matches(const char *pattern, const char *name)
{
	const char *any = NULL, *any_at = NULL, *level = NULL, *level_at = NULL;

	for (;;) {
		if (*pattern == '*') {
			any = ++pattern;
			any_at = name;
			level = NULL;
		} else if (*pattern == '%') {
			level = ++pattern;
			level_at = name;
		} else if (*name && *pattern == *name) {
			pattern++;
			name++;
		} else if (!*name && !*pattern) {
			return true;
		} else if (level && *level_at && *level_at != '/') {
			name = ++level_at;
			pattern = level;
		} else if (any && *any_at) {
			name = ++any_at;
			pattern = any;
			level = NULL;
		} else {
			return false;
		}
	}
}

struct names {
	char **names;
	size_t n, room;
};

static bool names_add(struct names *names, const char *name)
{
	if (names->n == names->room) {
		char **more = reallocarray(names->names, names->room ? 2 * names->room : 16, sizeof *more);

		if (!more)
			return false;
		names->names = more;
		names->room = names->room ? 2 * names->room : 16;
	}
	names->names[names->n] = strdup(name);
	return names->names[names->n++] != NULL;
}

/* `.Done.2026` as people call it, when it matches one of the patterns. */
static bool folder_consider(const char *entry, char *const *patterns, size_t n, struct names *names)
{
	struct buf name = BUF(1024);
	bool good = true, matches = false;

	if (entry[0] == '.' && entry[1] && entry[1] != '.' && foldername_decode(&name, span_of(entry + 1))) {
		for (size_t i = 0; i < name.n; i++)
			if (name.p[i] == '.')
				name.p[i] = '/';
		for (size_t i = 0; i < n && !matches; i++)
			matches = strpbrk(patterns[i], "*%") && pattern_matches(patterns[i], buf_text(&name));
		good = !matches || names_add(names, buf_text(&name));
	}
	buf_release(&name);
	return good;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void names_sort(struct names *names)
{
	size_t kept = 0;

	if (names->n)
		qsort(names->names, names->n, sizeof *names->names, by_name);
	for (size_t i = 0; i < names->n; i++)
		if (kept && strcmp(names->names[kept - 1], names->names[i]) == 0)
			free(names->names[i]);
		else
			names->names[kept++] = names->names[i];
	names->n = kept;
}

bool maildir_folders(const char *maildir, char *const *patterns, size_t n, char ***list, size_t *found,
	struct fault *fault)
{
	struct names names = { 0 };
	struct dirent *entry;
	DIR *dir = opendir(maildir);
	bool good = true;

	if (!dir)
		return refuse(fault, FAULT_SETUP, maildir, "%s", strerror(errno)) == 0;
	for (size_t i = 0; i < n && good; i++) {
		bool plain = !strpbrk(patterns[i], "*%");

		if (plain || pattern_matches(patterns[i], "INBOX"))
			good = names_add(&names, plain && !is_inbox(span_of(patterns[i])) ? patterns[i] : "INBOX");
	}
	while (good && (entry = readdir(dir)))
		good = folder_consider(entry->d_name, patterns, n, &names);
	closedir(dir);
	names_sort(&names);
	*list = names.names;
	*found = names.n;
	if (good)
		return true;
	while (names.n)
		free(names.names[--names.n]);
	free(names.names);
	return fault_set(fault, FAULT_LATER, "out of memory");
}
