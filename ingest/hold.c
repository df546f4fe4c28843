#include "ingest/hold.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

void hold_drop(struct hold *hold)
{
	if (hold->fd >= 0)
		close(hold->fd);
	hold->fd = -1;
	hold->gathered = 0;
}

static void hold_fail(struct hold *hold)
{
	hold->error = errno ? errno : EIO;
	hold_drop(hold);
}

void hold_begin(struct hold *hold, uint64_t max)
{
	hold->fd = memfd_create("mail", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	hold->error = 0;
	hold->over = false;
	hold->on_disk = false;
	hold->n = 0;
	hold->max = max;
	hold->gathered = 0;
	if (hold->fd < 0)
		hold_fail(hold);
}

static int temporary_file(void)
{
	const char *folder = secure_getenv("TMPDIR");
	char *path;
	int fd;

	if (!folder || folder[0] != '/')
		folder = "/tmp";
	fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	if (asprintf(&path, "%s/dmarcgate.XXXXXX", folder) < 0)
		return -1;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	free(path);
	return fd;
}

static void hold_move_to_disk(struct hold *hold)
{
	off_t at = 0;
	off_t end = lseek(hold->fd, 0, SEEK_CUR);
	int fd = temporary_file();

	if (fd < 0) {
		hold_fail(hold);
		return;
	}
	while (at < end) {
		ssize_t n = sendfile(fd, hold->fd, &at, (size_t)(end - at));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			hold_fail(hold);
			close(fd);
			return;
		}
	}
	close(hold->fd);
	hold->fd = fd;
	hold->on_disk = true;
}

static void hold_write(struct hold *hold, const char *octets, size_t n)
{
	while (n && !hold->error) {
		ssize_t written = write(hold->fd, octets, n);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0) {
			hold_fail(hold);
			return;
		}
		octets += written;
		n -= (size_t)written;
	}
}

static void hold_flush(struct hold *hold)
{
	if (!hold->on_disk && !hold->memory_only && hold->n > HOLD_MEMORY)
		hold_move_to_disk(hold);
	hold_write(hold, hold->buffer, hold->gathered);
	hold->gathered = 0;
}

void hold_put(struct hold *hold, const char *octets, size_t n)
{
	if (n == 0 || hold->over || hold->error)
		return;
	if (n > hold->max - hold->n) {
		hold->over = true;
		hold_drop(hold);
		return;
	}
	hold->n += n;
	if (n > sizeof hold->buffer - hold->gathered)
		hold_flush(hold);
	if (n > sizeof hold->buffer) {
		hold_write(hold, octets, n);
	} else if (!hold->error) {
		memcpy(hold->buffer + hold->gathered, octets, n);
		hold->gathered += n;
	}
}

/* A memfd is sealed; a file cannot be, but a descriptor that may only read is as good, since the file has no name. */
static bool hold_protect(struct hold *hold)
{
	char self[64];
	int fd;

	if (!hold->on_disk)
		return fcntl(hold->fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0;
	snprintf(self, sizeof self, "/proc/self/fd/%d", hold->fd);
	fd = open(self, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	close(hold->fd);
	hold->fd = fd;
	return true;
}

int hold_end(struct hold *hold)
{
	int fd;

	if (hold->over || hold->error)
		return -1;
	hold_flush(hold);
	if (!hold->error && !hold_protect(hold))
		hold_fail(hold);
	fd = hold->fd;
	hold->fd = -1;
	return fd;
}
