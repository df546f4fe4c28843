#include "ingest/mail.h"

#include "ingest/folder.h"
#include "ingest/source.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void mail_release(struct mail *mail)
{
	free(mail->name);
	if (mail->fd >= 0)
		close(mail->fd);
	*mail = (struct mail){ .fd = -1 };
}

static bool mail_digest(const struct mail *mail, struct digest *digest)
{
	char octets[65536];
	uint64_t done = 0;

	while (done < mail->length) {
		uint64_t left = mail->length - done;
		size_t wanted = left < sizeof octets ? (size_t)left : sizeof octets;
		ssize_t n = pread(mail->fd, octets, wanted, (off_t)(mail->offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		digest_add(digest, octets, (size_t)n);
		done += (uint64_t)n;
	}
	return true;
}

/* A bare file is the whole file: one that somebody still writes to has another end or time than when it was opened. */
static bool mail_is_whole(const struct mail *mail, const struct stat *before, const struct stat *after)
{
	uint64_t end = mail->offset + mail->length;

	return (mail->bare ? (uint64_t)after->st_size == end : (uint64_t)after->st_size >= end) &&
		before->st_size == after->st_size && stat_modified(before) == stat_modified(after);
}

bool mail_hash(struct mail *mail)
{
	struct digest *digest = digest_new();
	struct stat before, after;
	bool ok;

	ok = digest && fstat(mail->fd, &before) == 0 && mail_digest(mail, digest) && fstat(mail->fd, &after) == 0 &&
		mail_is_whole(mail, &before, &after);
	if (ok)
		digest_finish(digest, mail->sha256);
	digest_free(digest);
	return ok;
}
