#include "base/newfile.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Only ever of what was just made: a name that was there may be a link to anything. */
static void owner_follow(int fd, const char *path)
{
	char copy[PATH_MAX];
	struct stat folder;

	if (geteuid() == 0 && snprintf(copy, sizeof copy, "%s", path) < (int)sizeof copy && stat(dirname(copy), &folder) == 0 &&
		folder.st_uid != 0)
		(void)!fchown(fd, folder.st_uid, folder.st_gid); /* there are file systems without owners */
}

int newfile_make(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0)
		owner_follow(fd, path);
	return fd;
}

int newfile_open(const char *path)
{
	int fd = newfile_make(path);

	return fd >= 0 || errno != EEXIST ? fd : open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
}
