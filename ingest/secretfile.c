#include "ingest/secretfile.h"

#include "ingest/refuse.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

bool secretfile_check(int fd, struct fault *fault)
{
	struct stat st;
	mode_t open_to;

	if (fstat(fd, &st) != 0)
		return fault_set(fault, FAULT_SETUP, "cannot be looked at: %s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fault_set(fault, FAULT_SETUP, "is not a file");
	open_to = st.st_mode & (S_IRWXG | S_IRWXO);
	if (st.st_uid == 0 && (st.st_gid == 0 || (geteuid() != 0 && st.st_gid == getegid())))
		open_to &= ~(mode_t)S_IRGRP;
	return open_to == 0 || fault_set(fault, FAULT_SETUP, "can be read by others (mode %04o): chmod 600",
				       (unsigned)(st.st_mode & 07777));
}

bool secretfile_read(const char *path, struct buf *secret, struct fault *fault)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct fault why = { FAULT_NONE };
	struct stat st;
	ssize_t got = 1;
	bool good;

	if (fd < 0)
		return refuse(fault, FAULT_SETUP, path, "%s", strerror(errno)) == 0;
	good = secretfile_check(fd, &why) && fstat(fd, &st) == 0;
	if (!good)
		refuse(fault, FAULT_SETUP, path, "%s", why.text);
	/* At once, and one octet more to see that it ends: a buffer that grows leaves pieces behind. */
	if (good && ((uint64_t)st.st_size > secret->max - secret->n || !buf_reserve(secret, (size_t)st.st_size + 1)))
		good = refuse(fault, FAULT_SETUP, path, "too long for a secret") == 0;
	for (size_t left = good ? (size_t)st.st_size : 0; good && left && got > 0; left -= (size_t)got) {
		got = read(fd, secret->p + secret->n, left);
		if (got < 0)
			good = refuse(fault, FAULT_SETUP, path, "%s", strerror(errno)) == 0;
		else
			buf_grew(secret, (size_t)got);
	}
	close(fd);
	return good;
}

void secret_wipe(struct buf *secret)
{
	if (secret->p)
		explicit_bzero(secret->p, secret->room);
	buf_release(secret);
}
