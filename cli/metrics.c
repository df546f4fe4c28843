#include "cli/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool metrics_file(const char *path, const struct ingested *totals, const struct ingested_mailbox *mailboxes, size_t n,
	int64_t now, struct fault *fault)
{
	char *beside;
	FILE *out;
	int fd;
	bool good;

	if (asprintf(&beside, "%s.XXXXXX", path) < 0)
		return fault_set(fault, FAULT_LATER, "out of memory");
	fd = mkostemp(beside, O_CLOEXEC);
	out = fd < 0 ? NULL : fdopen(fd, "w");
	good = out && metrics_write(out, totals, mailboxes, n, now) && fchmod(fd, 0644) == 0 && fflush(out) == 0 &&
	       fsync(fd) == 0 && rename(beside, path) == 0;
	if (!good) {
		fault_set(fault, fd < 0 ? FAULT_SETUP : FAULT_LATER, "--metrics %.300s: %s", path, strerror(errno));
		if (fd >= 0)
			unlink(beside);
	}
	if (out)
		fclose(out);
	else if (fd >= 0)
		close(fd);
	free(beside);
	return good;
}
