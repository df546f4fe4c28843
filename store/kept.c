/* What is kept of a mail: octets in rows of at most OCTETS_CHUNK, packed where that helps. */

#include "store/store_private.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define KEPT_BITS 20 /* rows of one mail */
#define KEPT_PARTS 100000
/* Packing a mail's header takes a quarter of the time of all that is done with the mail, and saves a kilobyte. */
#define PACKED_LEAST ((size_t)8 * 1024)

_Static_assert(OCTETS_MESSAGE == 2 && OCTETS_SAMPLE == 3 && OCTETS_WAITING == 4, "numbers written in statements");

int64_t kept_first_id(int64_t mail)
{
	return mail << KEPT_BITS;
}

int64_t kept_last_id(int64_t mail)
{
	return ((mail + 1) << KEPT_BITS) - 1;
}

/* Packing what is packed costs as much time as all else that is done with a mail, and saves nothing. */
static bool looks_packed(struct span data)
{
	static const struct span starts[] = {
		{ "\x1f\x8b", 2 },             /* gzip */
		{ "PK\x03\x04", 4 },           /* zip */
		{ "\375" "7zXZ", 5 },          /* xz */
		{ "BZh", 3 },                  /* bzip2 */
		{ "\x28\xb5\x2f\xfd", 4 },     /* zstd */
		{ "7z\xbc\xaf", 4 },           /* 7-zip */
		{ "\x78\x01", 2 }, { "\x78\x5e", 2 }, { "\x78\x9c", 2 }, { "\x78\xda", 2 }, /* zlib */
	};

	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
		if (data.n >= starts[i].n && memcmp(data.p, starts[i].p, starts[i].n) == 0)
			return true;
	return false;
}

bool kept_take(struct store *s, const struct octets *octets)
{
	struct taking *t = &s->taking;
	struct span data = octets->data;
	sqlite3_stmt *st;
	bool packed;

	if (t->has_kept)
		return true;
	if (data.n > OCTETS_CHUNK || octets->kind >= OCTETS_KIND_COUNT)
		return fault_set(&s->fault, FAULT_BROKEN, "%s: kept octets of %zu in one piece", s->path, data.n);
	if (t->kept_next > kept_last_id(t->mail))
		return fault_set(&s->fault, FAULT_INPUT, "%s: too many pieces to keep of one mail", s->path);
	if (!(st = sql_open(s, SQL_KEPT_ADD)))
		return false;
	if (octets->chunk == 0)
		t->packed_already = data.n < PACKED_LEAST || looks_packed(data);
	buf_clear(&s->text);
	packed = !t->packed_already && deflate_pack(s->deflate, data, &s->text);
	s->pending_octets += data.n;
	sqlite3_bind_int64(st, 1, t->kept_next++);
	sqlite3_bind_int(st, 2, (int)octets->kind);
	sqlite3_bind_int64(st, 3, octets->part);
	sqlite3_bind_int64(st, 4, octets->chunk);
	sqlite3_bind_int(st, 5, packed);
	bind_count(st, 6, data.n);
	bind_blob(st, 7, packed ? buf_span(&s->text) : (struct span){ data.p ? data.p : "", data.n });
	return sql_run(s, st);
}

/* No name anywhere; beside the database, where there is room, or in memory where that is not allowed. */
static bool scratch_open(struct store *s, int *fd)
{
	char *copy = strdup(s->path);

	*fd = copy ? open(dirname(copy), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600) : -1;
	free(copy);
	if (*fd < 0)
		*fd = memfd_create("kept", MFD_CLOEXEC);
	return *fd >= 0 || fault_set(&s->fault, FAULT_LATER, "%s: temporary file: %s", s->path, strerror(errno));
}

static bool write_all(struct store *s, int fd, struct span data)
{
	while (data.n) {
		ssize_t n = write(fd, data.p, data.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fault_set(
				&s->fault, FAULT_LATER, "%s: what is kept of a mail: %s", s->path, strerror(errno));
		data.p += n;
		data.n -= (size_t)n;
	}
	return true;
}

static bool kept_inflate(struct store *s, int64_t id, int fd, uint64_t *octets)
{
	sqlite3_stmt *st = sql_open(s, SQL_KEPT_GET);
	struct span data;
	size_t n;
	bool ok;

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, id);
	if (sql_row(s, st) != 1)
		return store_fail(s, SQLITE_CORRUPT, "kept octets are missing");
	n = (size_t)sqlite3_column_int64(st, 1);
	data = column_text(st, 2);
	ok = n <= OCTETS_CHUNK;
	if (ok && sqlite3_column_int(st, 0)) {
		buf_clear(&s->text);
		ok = deflate_unpack(s->deflate, data, n, &s->text);
		data = buf_span(&s->text);
	}
	if (!ok || data.n != n)
		store_fail(s, SQLITE_CORRUPT, "kept octets are damaged");
	ok = ok && data.n == n && write_all(s, fd, data);
	*octets += n;
	sqlite3_reset(st);
	return ok;
}

/* Adds an octet run to the parts. A file that somebody wrote into may say any kind. */
static struct kept_part *part_add(struct store *s, struct kept_part **parts, size_t *n, int64_t kind, uint64_t offset)
{
	struct kept_part *grown = NULL;

	if (kind < 0 || kind >= OCTETS_KIND_COUNT) {
		store_fail(s, SQLITE_CORRUPT, "something is kept of a kind that there is none of");
		return NULL;
	}
	if (*n < KEPT_PARTS)
		grown = (*n & (*n - 1)) ? *parts : realloc(*parts, (*n ? 2 * *n : 1) * sizeof **parts);
	if (!grown) {
		store_fail_memory(s);
		return NULL;
	}
	*parts = grown;
	grown[*n] = (struct kept_part){ .kind = (int)kind, .offset = offset };
	return &grown[(*n)++];
}

static bool kept_collect(struct store *s, int64_t mail, int fd, struct kept_part **parts, size_t *n)
{
	sqlite3_stmt *st = sql_open(s, SQL_KEPT_LIST);
	struct kept_part *part = NULL;
	uint64_t octets = 0;
	int64_t number = -1;
	int row;

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, kept_first_id(mail));
	sqlite3_bind_int64(st, 2, kept_last_id(mail));
	sqlite3_bind_int(st, 3, OCTETS_SAMPLE);
	while ((row = sql_row(s, st)) == 1) {
		if (!part || number != sqlite3_column_int64(st, 2))
			part = part_add(s, parts, n, sqlite3_column_int64(st, 1), octets);
		number = sqlite3_column_int64(st, 2);
		if (!part || !kept_inflate(s, sqlite3_column_int64(st, 0), fd, &octets)) {
			row = -1;
			break;
		}
		part->length = octets - part->offset;
	}
	sqlite3_reset(st);
	return row == 0;
}

/* Reads one mail's row and what is kept of it, and has no statement open while it is handed out, so that the taker may
 * forget it, store it again and commit. */
int kept_hand_out(struct store *s, int64_t mail_id, kept_taker *take, void *arg)
{
	struct kept_mail mail = { .fd = -1, .mail_id = mail_id };
	struct arena arena = ARENA((size_t)1 << 20);
	struct kept_part *parts = NULL;
	struct mail_row about;
	int result = -1;

	if (!mail_get(s, mail_id, &about, &arena))
		goto out;
	mail.name = about.name;
	mail.arrived = about.arrived;
	mail.octets = about.octets;
	memcpy(mail.sha256, about.sha256, sizeof mail.sha256);
	if (!scratch_open(s, &mail.fd) || !kept_collect(s, mail_id, mail.fd, &parts, &mail.n))
		goto out;
	mail.parts = parts;
	result = mail.n == 0 || take(arg, &mail);
out:
	if (mail.fd >= 0)
		close(mail.fd);
	free(parts);
	arena_release(&arena);
	return result;
}

/* 1: *id is the next mail of which something is kept; 0: there is none; -1: s->fault. */
static int kept_next(struct store *s, int64_t *id)
{
	sqlite3_stmt *st = sql_open(s, SQL_MAIL_NEXT);
	int row;

	if (!st)
		return -1;
	sqlite3_bind_int64(st, 1, *id);
	row = sql_row(s, st);
	if (row == 1)
		*id = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return row;
}

bool store_ask_kept(struct store *s, kept_taker *take, void *arg, struct fault *fault)
{
	int64_t id = 0;
	int result;

	while ((result = kept_next(s, &id)) == 1)
		if ((result = kept_hand_out(s, id, take, arg)) != 1)
			break;
	return store_tell(s, result >= 0, fault);
}

/* --- samples --- */

static bool scratch_is(struct store *s, int fd, const uint8_t sha256[DIGEST_OCTETS])
{
	uint8_t octets[16384], found[DIGEST_OCTETS];
	off_t at = 0;
	ssize_t n;

	digest_reset(s->digest);
	while ((n = pread(fd, octets, sizeof octets, at)) > 0) {
		digest_add(s->digest, octets, (size_t)n);
		at += n;
	}
	digest_finish(s->digest, found);
	return n == 0 && memcmp(found, sha256, sizeof found) == 0;
}

/* Which kept sample belongs to which failure report is written nowhere: its hash tells. */
static bool sample_search(struct store *s, sqlite3_stmt *st, int fd, const uint8_t sha256[DIGEST_OCTETS], bool *found)
{
	int64_t part = -1;
	uint64_t octets;
	int row;

	while ((row = sql_row(s, st)) == 1) {
		if (part >= 0 && part != sqlite3_column_int64(st, 1)) {
			if ((*found = scratch_is(s, fd, sha256)))
				break;
			if (ftruncate(fd, 0) || lseek(fd, 0, SEEK_SET) < 0)
				return fault_set(&s->fault, FAULT_LATER, "%s: temporary file: %s", s->path, strerror(errno));
		}
		part = sqlite3_column_int64(st, 1);
		octets = 0;
		if (!kept_inflate(s, sqlite3_column_int64(st, 0), fd, &octets))
			return false;
	}
	if (row == 0 && part >= 0)
		*found = scratch_is(s, fd, sha256);
	return row >= 0 && (!*found || lseek(fd, 0, SEEK_SET) == 0);
}

bool kept_sample(struct store *s, int64_t mail, const uint8_t sha256[DIGEST_OCTETS], int *fd)
{
	sqlite3_stmt *st = sql_open(s, SQL_KEPT_SAMPLES);
	bool found = false, ok;

	if (!st || !scratch_open(s, fd))
		return false;
	sqlite3_bind_int64(st, 1, kept_first_id(mail));
	sqlite3_bind_int64(st, 2, kept_last_id(mail));
	ok = sample_search(s, st, *fd, sha256, &found);
	sqlite3_reset(st);
	if (!found) {
		close(*fd);
		*fd = -1;
	}
	return ok;
}
