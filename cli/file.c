#include "cli/file.h"
#include "parse/dns/zonefile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define STEP 65536

bool file_read(const char *path, struct buf *text, struct fault *fault)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = -1;

	if (fd >= 0) {
		do {
			if (!buf_reserve(text, STEP)) {
				close(fd);
				return fault_set(fault, FAULT_SETUP, "%.300s: larger than %zu octets", path, text->max);
			}
			got = read(fd, text->p + text->n, STEP);
			buf_grew(text, got > 0 ? (size_t)got : 0);
		} while (got > 0 || (got < 0 && errno == EINTR));
		close(fd);
	}
	return got == 0 || fault_set(fault, FAULT_SETUP, "%.300s: %s", path, strerror(errno));
}

struct zonefile *zone_read(const char *path, bool keys, struct fault *fault)
{
	struct buf text = BUF(ZONEFILE_OCTETS);
	struct zonefile *zone = NULL;
	char why[sizeof fault->text];

	if (file_read(path, &text, fault)) {
		zone = (keys ? zonefile_read_keys : zonefile_read)(buf_span(&text), fault);
		if (!zone) {
			snprintf(why, sizeof why, "%.200s: %.280s", path, fault->text);
			fault_set(fault, FAULT_SETUP, "%s", why);
		}
	}
	buf_release(&text);
	return zone;
}
