#include "parse/container.h"
#include "base/shortage.h"
#include "parse/winmail.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <zlib.h>

#define CHUNK ((size_t)64 * 1024)
/* Below this a ratio says nothing: a short, repetitive report may well shrink a thousandfold. */
#define RATIO_FROM UINT64_C(10000000)

static bool front_has(struct span front, size_t at, const char *magic, size_t n)
{
	return front.n >= at + n && memcmp(front.p + at, magic, n) == 0;
}

/* RFC 1950: deflate with a window of at most 32 kB, header divisible by 31, no preset dictionary. Texts can begin so too,
 * `(See` or `HKT` for one: they are no deflate data, and that shows within a few octets; more are not looked at, for the checksum behind them is no
 * matter of what it is, and many small parts could ask for much. */
static bool front_is_zlib(struct span front)
{
	unsigned char out[512];
	z_stream z = { 0 };
	int state;

	if (front.n < 3 || (front.p[0] & 0x8f) != 0x08 || (front.p[1] & 0x20) ||
		(((unsigned char)front.p[0] << 8) + (unsigned char)front.p[1]) % 31 != 0)
		return false;
	if (inflateInit(&z) != Z_OK) {
		shortage_note("out of memory");
		return false;
	}
	z.next_in = (unsigned char *)(uintptr_t)front.p;
	z.avail_in = (unsigned)front.n;
	z.next_out = out;
	z.avail_out = sizeof out;
	state = inflate(&z, Z_NO_FLUSH);
	inflateEnd(&z);
	return state == Z_OK || state == Z_BUF_ERROR || state == Z_STREAM_END;
}

enum container_kind container_recognise(struct span front, const char **name)
{
	static const struct {
		const char *magic;
		size_t at, n;
		enum container_kind kind;
		const char *name;
	} magics[] = {
		{ "\x1f\x8b\x08", 0, 3, CONTAINER_DEFLATED, "gzip" },
		{ "PK\3\4", 0, 4, CONTAINER_ARCHIVE, "zip" },
		{ "PK\5\6", 0, 4, CONTAINER_ARCHIVE, "zip" },
		{ "PK00PK\3\4", 0, 8, CONTAINER_ARCHIVE, "zip" },
		{ "ustar", 257, 5, CONTAINER_ARCHIVE, "tar" },
		{ "\xfd\x37zXZ", 0, 6, CONTAINER_ARCHIVE, "xz" },
		{ "1AY&SY", 4, 6, CONTAINER_ARCHIVE, "bzip2" }, /* behind `BZh` and a digit, which words may begin with */
		{ "\x28\xb5\x2f\xfd", 0, 4, CONTAINER_ARCHIVE, "zstd" },
		{ WINMAIL_MAGIC, 0, 4, CONTAINER_WINMAIL, "winmail.dat" },
	};

	for (size_t i = 0; i < sizeof magics / sizeof *magics; i++) {
		if (front_has(front, magics[i].at, magics[i].magic, magics[i].n)) {
			*name = magics[i].name;
			return magics[i].kind;
		}
	}
	if (front_is_zlib(front)) {
		*name = "zlib";
		return CONTAINER_DEFLATED;
	}
	return CONTAINER_NONE;
}

bool container_has_entries(const char *name)
{
	return strcmp(name, "zip") == 0 || strcmp(name, "tar") == 0;
}

/* Counts what was unpacked and says which ceiling, if any, it passed. */
static const char *budget_spend(struct container_budget *budget, uint64_t packed, uint64_t *unpacked, uint64_t n)
{
	*unpacked += n;
	budget->inflated += n;
	if (budget->inflated > budget->limits->inflated)
		return "unpacks to more than the ceiling `inflated` allows";
	if (*unpacked > RATIO_FROM && *unpacked / budget->limits->ratio > packed)
		return "unpacks to more times its size than the ceiling `ratio` allows";
	return NULL;
}

struct inflating {
	struct stream stream;
	struct stream *from;
	struct container_budget *budget;
	z_stream z;
	bool ended;
	uint64_t packed, unpacked, trailing;
	unsigned char in[1 + CHUNK]; /* last: what stands before it begins as zero */
};

static bool inflating_fill(struct inflating *i)
{
	ssize_t got = i->from->read(i->from, i->in + 1, CHUNK);

	if (got < 0)
		i->stream.fault = i->from->fault;
	if (got <= 0)
		return false;
	i->packed += (uint64_t)got;
	i->z.next_in = i->in + 1;
	i->z.avail_in = (unsigned)got;
	return true;
}

/* The two octets that tell what follows a member may be cut apart by the end of a chunk; the octet in front of `in` is kept
 * free for that. */
static void inflating_look_ahead(struct inflating *i)
{
	while (i->z.avail_in < 2) {
		bool one = i->z.avail_in == 1;
		unsigned char kept = one ? *i->z.next_in : 0;

		if (!inflating_fill(i))
			return;
		if (one) {
			i->z.next_in = i->in;
			i->z.avail_in++;
			i->in[0] = kept;
		}
	}
}

/* Behind a member: another member, or octets that some reporters append (QUIRKS C1). */
static bool inflating_next_member(struct inflating *i)
{
	inflating_look_ahead(i);
	if (i->z.avail_in >= 2 && i->z.next_in[0] == 0x1f && i->z.next_in[1] == 0x8b)
		return inflateReset(&i->z) == Z_OK;
	do
		i->trailing += i->z.avail_in;
	while (inflating_fill(i));
	i->z.avail_in = 0;
	return false;
}

static ssize_t inflating_fault(struct inflating *i, const char *fault)
{
	i->stream.fault = fault;
	i->ended = true;
	return -1;
}

static ssize_t inflating_read(struct stream *s, void *buffer, size_t room)
{
	struct inflating *i = (struct inflating *)s;
	const char *over;
	size_t n;

	if (i->ended)
		return s->fault ? -1 : 0;
	i->z.next_out = buffer;
	i->z.avail_out = (unsigned)(room < CHUNK ? room : CHUNK);
	room = i->z.avail_out;
	while (i->z.avail_out == room) {
		int state;

		if (i->z.avail_in == 0 && !inflating_fill(i))
			return inflating_fault(i, s->fault ? s->fault : "compressed data is cut short");
		state = inflate(&i->z, Z_NO_FLUSH);
		if (state == Z_STREAM_END) {
			if (!inflating_next_member(i)) {
				i->ended = true;
				break;
			}
		} else if (state != Z_OK && state != Z_BUF_ERROR) {
			return inflating_fault(i, i->z.msg && strstr(i->z.msg, "check") ?
							"compressed data does not match its checksum" :
							"compressed data is damaged");
		}
	}
	if (s->fault)
		return -1;
	n = room - i->z.avail_out;
	over = budget_spend(i->budget, i->packed, &i->unpacked, n);
	return over ? inflating_fault(i, over) : (ssize_t)n;
}

struct inflating *inflating_new(struct stream *from, struct container_budget *budget)
{
	struct inflating *i = shortage_noted(malloc(sizeof *i));

	if (!i)
		return NULL;
	memset(i, 0, offsetof(struct inflating, in));
	i->stream.read = inflating_read;
	i->from = from;
	i->budget = budget;
	if (inflateInit2(&i->z, 15 + 32) != Z_OK) {
		free(i);
		return NULL;
	}
	return i;
}

void inflating_free(struct inflating *i)
{
	if (!i)
		return;
	inflateEnd(&i->z);
	free(i);
}

struct stream *inflating_stream(struct inflating *i)
{
	return &i->stream;
}

uint64_t inflating_trailing(const struct inflating *i)
{
	return i->trailing;
}

struct unpacking {
	struct stream stream;
	struct stream *from;
	struct container_budget *budget;
	struct archive *archive;
	struct archive_entry *entry;
	uint64_t packed, unpacked;
	bool is_zip, directory_seen, first;
	unsigned char tail[3]; /* the last octets of the chunk before, for a signature cut in two */
	const char *fault;
	unsigned char in[CHUNK]; /* last: what stands before it begins as zero */
};

/* A zip that lost its central directory was cut: its last entries may be missing (QUIRKS C7). libarchive reads on without
 * it, so the end-of-central-directory signature is looked for as the octets go by. */
static void unpacking_watch(struct unpacking *u, size_t n)
{
	size_t front = n < 3 ? n : 3;
	unsigned char joint[6];

	if (u->directory_seen)
		return;
	memcpy(joint, u->tail, 3);
	memcpy(joint + 3, u->in, front);
	if (memmem(u->in, n, "PK\5\6", 4) || memmem(joint, 3 + front, "PK\5\6", 4))
		u->directory_seen = true;
	memcpy(u->tail, n < 3 ? joint + front : u->in + n - 3, 3);
}

/* libarchive stops where the directory begins; its end may be in a chunk that nobody has asked for. */
static bool unpacking_has_directory(struct unpacking *u)
{
	ssize_t got;

	while (!u->directory_seen && (got = u->from->read(u->from, u->in, sizeof u->in)) > 0)
		unpacking_watch(u, (size_t)got);
	return u->directory_seen;
}

static la_ssize_t unpacking_pull(struct archive *archive, void *arg, const void **buffer)
{
	struct unpacking *u = arg;
	ssize_t got = u->from->read(u->from, u->in, sizeof u->in);

	if (got < 0) {
		archive_set_error(archive, EIO, "%s", u->from->fault);
		return ARCHIVE_FATAL;
	}
	if (u->first)
		u->is_zip = got >= 2 && memcmp(u->in, "PK", 2) == 0;
	u->first = false;
	unpacking_watch(u, (size_t)got);
	u->packed += (uint64_t)got;
	*buffer = u->in;
	return got;
}

static ssize_t unpacking_read(struct stream *s, void *buffer, size_t room)
{
	struct unpacking *u = (struct unpacking *)s;
	la_ssize_t got;

	if (s->fault)
		return -1;
	got = archive_read_data(u->archive, buffer, room < CHUNK ? room : CHUNK);
	if (got < 0) {
		s->fault = "archive entry is damaged";
		return -1;
	}
	s->fault = budget_spend(u->budget, u->packed, &u->unpacked, (uint64_t)got);
	if (s->fault)
		u->fault = s->fault;
	return s->fault ? -1 : (ssize_t)got;
}

/* Only readers that need no other program and write nothing. */
static bool archive_support(struct archive *a)
{
	return archive_read_support_filter_xz(a) == ARCHIVE_OK && archive_read_support_filter_bzip2(a) == ARCHIVE_OK &&
	       archive_read_support_filter_zstd(a) == ARCHIVE_OK && archive_read_support_format_zip_streamable(a) == ARCHIVE_OK &&
	       archive_read_support_format_tar(a) == ARCHIVE_OK && archive_read_support_format_raw(a) == ARCHIVE_OK;
}

struct unpacking *unpacking_new(struct stream *from, struct container_budget *budget)
{
	struct unpacking *u = shortage_noted(malloc(sizeof *u));

	if (!u)
		return NULL;
	memset(u, 0, offsetof(struct unpacking, in));
	u->stream.read = unpacking_read;
	u->from = from;
	u->budget = budget;
	u->first = true;
	u->archive = archive_read_new();
	if (!u->archive || !archive_support(u->archive)) {
		unpacking_free(u);
		return NULL;
	}
	if (archive_read_open(u->archive, u, NULL, unpacking_pull, NULL) != ARCHIVE_OK)
		u->fault = "archive cannot be read";
	return u;
}

void unpacking_free(struct unpacking *u)
{
	if (!u)
		return;
	archive_read_free(u->archive);
	free(u);
}

static bool entry_is_wanted(struct archive_entry *entry)
{
	const char *name = archive_entry_pathname(entry);

	if (archive_entry_filetype(entry) != AE_IFREG && archive_entry_filetype(entry) != 0)
		return false;
	if (archive_entry_size_is_set(entry) && archive_entry_size(entry) == 0)
		return false;
	if (!name)
		return true;
	return strncmp(name, "__MACOSX/", 9) != 0 && !strstr(name, "/__MACOSX/") && strncmp(name, "._", 2) != 0 &&
	       !strstr(name, "/._");
}

static int unpacking_fail(struct unpacking *u, const char *fault, bool *fatal)
{
	*fatal = true;
	u->fault = fault;
	return -1;
}

int unpacking_next(struct unpacking *u, bool *fatal)
{
	*fatal = true;
	if (u->fault)
		return -1;
	for (;;) {
		int state = archive_read_next_header(u->archive, &u->entry);

		if (state == ARCHIVE_EOF)
			return u->is_zip && !unpacking_has_directory(u) ?
				       unpacking_fail(u, "zip has lost its central directory: it was cut short", fatal) :
				       0;
		if (state < ARCHIVE_WARN)
			return unpacking_fail(u, "archive is damaged", fatal);
		if (++u->budget->entries > u->budget->limits->entries)
			return unpacking_fail(u, "holds more entries than the ceiling `entries` allows", fatal);
		if (!entry_is_wanted(u->entry))
			continue;
		u->stream.fault = NULL;
		u->unpacked = 0;
		if (archive_entry_is_data_encrypted(u->entry)) {
			u->fault = NULL;
			u->stream.fault = "archive entry is encrypted";
		}
		return 1;
	}
}

struct stream *unpacking_stream(struct unpacking *u)
{
	return &u->stream;
}

struct span unpacking_name(const struct unpacking *u)
{
	const char *name = u->entry ? archive_entry_pathname(u->entry) : NULL;

	return span_of(name ? name : "entry");
}

const char *unpacking_fault(const struct unpacking *u)
{
	return u->fault;
}
