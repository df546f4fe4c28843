#include "ingest/secretfile.h"

#include "ingest/refuse.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static bool secret_kept(const char *path, const struct stat *st, struct fault *fault)
{
	mode_t others = st->st_uid == 0 ? S_IRWXO : S_IRWXG | S_IRWXO;

	if (!S_ISREG(st->st_mode))
		return refuse(fault, FAULT_SETUP, path, "not a file") == 0;
	if (st->st_mode & others)
		return refuse(fault, FAULT_SETUP, path,
			       "others can read it (mode %04o); chmod 600 and change the secret",
			       (unsigned)st->st_mode & 07777) == 0;
	return true;
}

bool secretfile_read(const char *path, struct buf *secret, struct fault *fault)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	ssize_t got = 1;
	bool good;

	if (fd < 0)
		return refuse(fault, FAULT_SETUP, path, "%s", strerror(errno)) == 0;
	good = fstat(fd, &st) == 0 && secret_kept(path, &st, fault);
	/* At once, and one octet more to see that it ends: a buffer that grows leaves pieces behind. */
	if (good && ((uint64_t)st.st_size > secret->max - secret->n || !buf_reserve(secret, (size_t)st.st_size + 1)))
		good = refuse(fault, FAULT_SETUP, path, "too long for a secret") == 0;
	for (size_t left = good ? (size_t)st.st_size : 0; good && left && got > 0; left -= (size_t)got) {
		got = read(fd, secret->p + secret->n, left);
		if (got < 0)
			good = refuse(fault, FAULT_SETUP, path, "%s", strerror(errno)) == 0;
		else
			secret->n += (size_t)got;
	}
	if (secret->p)
		secret->p[secret->n] = 0;
	close(fd);
	return good;
}

void secret_wipe(struct buf *secret)
{
	if (secret->p)
		explicit_bzero(secret->p, secret->room);
	buf_release(secret);
}
