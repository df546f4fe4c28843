#include "ingest/maildir.h"

#include <dirent.h>
#include <fcntl.h>
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
