/* Local sources: files, folders, mboxes, Maildirs and pipes, each made in a folder of its own. */
#include "base/digest.h"
#include "ingest/mbox.h"
#include "ingest/source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

#define MAX ((uint64_t)1 << 20)
#define FROM "From a@b.example Thu Jan  1 00:00:00 2026\n"

/* Everything a source said, as text: `NAME length [bare]|octets` for mails, `! fault text` for faults. */
#define SAID 80
struct said {
	size_t n;
	char *name[SAID];
	char *octets[SAID]; /* NULL for a fault */
	size_t length[SAID];
	bool bare[SAID];
	enum fault_kind kind[SAID];
};

static char folder[64];
static char srcdir[PATH_MAX]; /* absolute: the tests change the working directory */

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/unit-source.XXXXXX");
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int remove_folder(void **state)
{
	(void)state;
	if (chdir("/") != 0)
		return -1;
	return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void write_octets(const char *path, const char *octets, size_t n)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(octets, 1, n, file), n);
	assert_int_equal(fclose(file), 0);
}

static void write_text(const char *path, const char *text)
{
	write_octets(path, text, strlen(text));
}

static void take_mail(struct said *said, struct mail *mail)
{
	size_t n = said->n++;
	char *octets = malloc(mail->length + 1);

	assert_true(n < SAID);
	assert_non_null(octets);
	assert_int_equal(pread(mail->fd, octets, mail->length, (off_t)mail->offset), mail->length);
	octets[mail->length] = '\0';
	assert_true(mail_hash(mail));
	said->octets[n] = octets;
	said->length[n] = mail->length;
	said->bare[n] = mail->bare;
	said->name[n] = strdup(mail->name);
	mail_release(mail);
}

static struct said *listen_to(struct source *source)
{
	struct said *said = calloc(1, sizeof *said);
	struct fault fault;
	struct mail mail;
	int got;

	assert_non_null(said);
	assert_non_null(source);
	while ((got = source_next(source, &mail, &fault)) != 0) {
		if (got == 1) {
			take_mail(said, &mail);
			continue;
		}
		assert_int_equal(got, -1);
		assert_true(said->n < SAID);
		assert_null(strchr(fault.text, '\n'));
		said->kind[said->n] = fault.kind;
		said->name[said->n++] = strdup(fault.text);
	}
	assert_int_equal(source_next(source, &mail, &fault), 0);
	source_close(source);
	return said;
}

static struct said *read_all(const char *path, uint64_t max)
{
	return listen_to(source_open(path, max));
}

static void said_free(struct said *said)
{
	for (size_t i = 0; i < said->n; i++) {
		free(said->name[i]);
		free(said->octets[i]);
	}
	free(said);
}

static void check_mail(const struct said *said, size_t i, const char *name, const char *octets)
{
	assert_true(i < said->n);
	assert_string_equal(said->name[i], name);
	assert_non_null(said->octets[i]);
	assert_int_equal(said->length[i], strlen(octets));
	assert_string_equal(said->octets[i], octets);
}

static void check_fault(const struct said *said, size_t i, enum fault_kind kind, const char *text)
{
	assert_true(i < said->n);
	assert_null(said->octets[i]);
	assert_int_equal(said->kind[i], kind);
	assert_string_equal(said->name[i], text);
}

static void test_file(void **state)
{
	struct source *source;
	struct said *said;
	struct mail mail;
	struct stat st;
	uint64_t done, total;

	(void)state;
	write_text("report.xml", "<feedback/>");
	said = read_all("report.xml", MAX);
	assert_int_equal(said->n, 1);
	check_mail(said, 0, "report.xml", "<feedback/>");
	assert_true(said->bare[0]);
	said_free(said);

	source = source_open("report.xml", MAX);
	assert_int_equal(source_next(source, &mail, NULL), 1);
	assert_int_equal(stat("report.xml", &st), 0);
	assert_int_equal(mail.inode, st.st_ino);
	assert_true(mail.modified == (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec);
	source_progress(source, &done, &total);
	assert_int_equal(done, 11);
	assert_int_equal(total, 11);
	mail_release(&mail);
	assert_int_equal(mail.fd, -1);
	mail_release(&mail);
	source_close(source);
	source_close(NULL);
}

static void test_hash(void **state)
{
	char hex[DIGEST_HEX];
	struct mail mail;
	struct source *source;

	(void)state;
	write_text("abc", "abc");
	source = source_open("abc", MAX);
	assert_int_equal(source_next(source, &mail, NULL), 1);
	assert_true(mail_hash(&mail));
	digest_hex(mail.sha256, hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	write_text("abc", "abcd");
	assert_false(mail_hash(&mail));
	write_text("abc", "ab");
	assert_false(mail_hash(&mail));
	mail_release(&mail);
	source_close(source);
}

static void test_setup_faults(void **state)
{
	struct said *said;

	(void)state;
	said = read_all("absent", MAX);
	assert_int_equal(said->n, 1);
	check_fault(said, 0, FAULT_SETUP, "absent: No such file or directory");
	said_free(said);

	write_text("secret", "x");
	assert_int_equal(chmod("secret", 0), 0);
	if (geteuid() == 0) {
		print_message("# unreadable files: skipped, root may read everything\n");
		return;
	}
	said = read_all("secret", MAX);
	check_fault(said, 0, FAULT_SETUP, "secret: Permission denied");
	said_free(said);
	said = read_all(".", MAX);
	check_fault(said, 0, FAULT_INPUT, "./secret: Permission denied");
	said_free(said);
}

static void test_folder_order(void **state)
{
	static const char *const expected[] = { "f/B", "f/a", "f/b/1", "f/b/deep/x", "f/b.txt", "f/empty", "f/\xff" };
	struct said *said;

	(void)state;
	mkdir("f", 0700);
	mkdir("f/b", 0700);
	mkdir("f/b/deep", 0700);
	mkdir("f/c", 0700);
	mkdir("f/.git", 0700);
	write_text("f/.git/x", "hidden");
	write_text("f/.hidden", "hidden");
	write_text("f/a", "a");
	write_text("f/B", "B");
	write_text("f/b/1", "1");
	write_text("f/b/deep/x", "x");
	write_text("f/b.txt", "t");
	write_text("f/empty", "");
	write_text("f/\xff", "y");
	for (int slash = 0; slash < 2; slash++) {
		said = read_all(slash ? "f//" : "f", MAX);
		assert_int_equal(said->n, 7);
		for (size_t i = 0; i < 7; i++)
			assert_string_equal(said->name[i], expected[i]);
		assert_int_equal(said->length[5], 0);
		said_free(said);
	}
}

static void test_folder_links(void **state)
{
	struct said *said;

	(void)state;
	mkdir("f", 0700);
	mkdir("other", 0700);
	write_text("other/x", "not followed");
	write_text("f/file", "text");
	assert_int_equal(symlink("file", "f/link"), 0);
	assert_int_equal(symlink("../other", "f/linked-folder"), 0);
	assert_int_equal(symlink(".", "f/loop"), 0);
	assert_int_equal(symlink("self", "f/self"), 0);
	assert_int_equal(symlink("nowhere", "f/dangling"), 0);
	assert_int_equal(symlink("f", "named"), 0);
	said = read_all("named", MAX);
	assert_int_equal(said->n, 4);
	check_fault(said, 0, FAULT_INPUT, "named/dangling: vanished while the folder was read, or a link to nowhere");
	check_mail(said, 1, "named/file", "text");
	check_mail(said, 2, "named/link", "text");
	check_fault(said, 3, FAULT_INPUT, "named/self: Too many levels of symbolic links");
	said_free(said);
}

static void test_folder_depth(void **state)
{
	struct said *said;
	int i;

	(void)state;
	for (i = 0; i < 70; i++) {
		assert_int_equal(mkdir("d", 0700), 0);
		assert_int_equal(chdir("d"), 0);
		write_text("x", "x");
	}
	assert_int_equal(chdir(folder), 0);
	said = read_all("d", MAX);
	assert_int_equal(said->n, 65); /* one file in each of 64 folders */
	assert_int_equal(said->kind[0], FAULT_INPUT);
	assert_non_null(strstr(said->name[0], "not entered: more than 64 folders deep"));
	for (i = 1; i < 65; i++)
		assert_non_null(said->octets[i]);
	said_free(said);
}

static void test_folder_names(void **state)
{
	struct said *said;
	char name[256];

	(void)state;
	mkdir("f", 0700);
	write_text("f/a\nb", "newline");
	write_text("f/\x80\x1b[31m", "x");
	memset(name, 'n', 255);
	name[255] = '\0';
	assert_int_equal(chdir("f"), 0);
	write_text(name, "long");
	assert_int_equal(chdir(".."), 0);
	said = read_all("f", 6);
	assert_int_equal(said->n, 3);
	check_fault(said, 0, FAULT_INPUT, "f/a\\x0Ab: larger than 6 octets");
	assert_int_equal(strlen(said->name[1]), 257);
	check_mail(said, 2, "f/\x80\x1b[31m", "x");
	said_free(said);
	write_text("f/\x80\x1b[31m", "too long");
	said = read_all("f", 6);
	check_fault(said, 2, FAULT_INPUT, "f/\\x80\\x1B[31m: larger than 6 octets");
	said_free(said);
}

static void test_special_files(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "f/socket" };
	int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct said *said;
	pid_t child;
	int status;

	(void)state;
	mkdir("f", 0700);
	assert_int_equal(bind(server, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(mkfifo("f/fifo", 0600), 0);
	write_text("f/file", "text");
	said = read_all("f", MAX);
	assert_int_equal(said->n, 3);
	check_fault(said, 0, FAULT_INPUT, "f/fifo: neither file nor folder; name it to have it read");
	check_mail(said, 1, "f/file", "text");
	assert_int_equal(said->kind[2], FAULT_INPUT);
	said_free(said);

	said = read_all("f/socket", MAX);
	assert_int_equal(said->n, 1);
	check_fault(said, 0, FAULT_SETUP, "f/socket: neither file, folder nor pipe");
	said_free(said);
	close(server);

	child = fork();
	if (child == 0) {
		int fd = open("f/fifo", O_WRONLY);

		_exit(fd >= 0 && write(fd, "through a pipe", 14) == 14 ? 0 : 1);
	}
	said = read_all("f/fifo", MAX);
	assert_int_equal(said->n, 1);
	check_mail(said, 0, "f/fifo", "through a pipe");
	said_free(said);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);

	said = read_all("/dev/zero", MAX);
	assert_int_equal(said->n, 1);
	check_fault(said, 0, FAULT_INPUT, "/dev/zero: larger than 1048576 octets");
	said_free(said);
}

static void test_too_large(void **state)
{
	struct said *said;

	(void)state;
	mkdir("f", 0700);
	write_text("f/a", "12345");
	write_text("f/b", "123456");
	write_text("f/c", "1234");
	assert_int_equal(truncate("f/c", (off_t)1 << 40), 0); /* a hole: takes no room */
	said = read_all("f", 5);
	assert_int_equal(said->n, 3);
	check_mail(said, 0, "f/a", "12345");
	check_fault(said, 1, FAULT_INPUT, "f/b: larger than 5 octets");
	check_fault(said, 2, FAULT_INPUT, "f/c: larger than 5 octets");
	said_free(said);
}

static void test_vanished(void **state)
{
	struct source *source;
	struct fault fault;
	struct mail mail;

	(void)state;
	mkdir("f", 0700);
	write_text("f/a", "a");
	write_text("f/b", "b");
	write_text("f/c", "c");
	source = source_open("f", MAX);
	assert_int_equal(source_next(source, &mail, &fault), 1);
	mail_release(&mail);
	assert_int_equal(unlink("f/b"), 0);
	assert_int_equal(source_next(source, &mail, &fault), -1);
	assert_string_equal(fault.text, "f/b: vanished while the folder was read, or a link to nowhere");
	assert_int_equal(source_next(source, &mail, &fault), 1);
	assert_string_equal(mail.name, "f/c");
	mail_release(&mail);
	assert_int_equal(source_next(source, &mail, &fault), 0);
	source_close(source);
}

/* What is in an mbox, and the mails that must come out; a single one keeps the file's name. */
static const struct {
	const char *what, *mbox, *mails[4];
} mboxes[] = {
	{ "two mails", FROM "A: 1\n\none\n\n" FROM "A: 2\n\ntwo\n\n", { "A: 1\n\none\n", "A: 2\n\ntwo\n" } },
	{ "no final newline", FROM "A: 1\n\none\n\n" FROM "A: 2\n\ntwo", { "A: 1\n\none\n", "A: 2\n\ntwo" } },
	{ "no empty line between", FROM "A: 1\n\none\n" FROM "A: 2\n\ntwo\n", { "A: 1\n\none\n", "A: 2\n\ntwo\n" } },
	{ "empty lines of the mail stay", FROM "A: 1\n\n\none\n\n\n\n" FROM "A: 2\n\n",
		{ "A: 1\n\n\none\n\n\n", "A: 2\n\n" } },
	{ "one mail", FROM "A: 1\n\none\n\n", { "A: 1\n\none\n" } },
	{ "one mail without body", FROM "A: 1\n", { "A: 1\n" } },
	{ "one mail without anything", FROM, { "" } },
	{ "CRLF", "From a@b.example Thu Jan  1 00:00:00 2026\r\nA: 1\r\n\r\none\r\n\r\n"
		"From - Thu Jan  1 00:00:00 2026\r\nA: 2\r\n\r\n>From two\r\n",
		{ "A: 1\r\n\r\none\r\n", "A: 2\r\n\r\nFrom two\r\n" } },
	{ "quoting", FROM "A: 1\n\n>From x\n>>From y\n> From z\n >From w\n>Fromage\nx >From v\n\n" FROM "A: 2\n\n",
		{ "A: 1\n\nFrom x\n>From y\n> From z\n >From w\n>Fromage\nx >From v\n", "A: 2\n\n" } },
	{ "From in a body", FROM "A: 1\n\nX\nFrom tomorrow on\n\nFrom a@b Thu is no date\n\n" FROM "A: 2\n\n",
		{ "A: 1\n\nX\nFrom tomorrow on\n\nFrom a@b Thu is no date\n", "A: 2\n\n" } },
	{ "a From_ line quoted as text", FROM "A: 1\n\nlook:\n\n" FROM "this is no field\n",
		{ "A: 1\n\nlook:\n\n" FROM "this is no field\n" } },
	{ "a length that lies", FROM "Content-Length: 9999\n\none\n\n" FROM "A: 2\n\n",
		{ "Content-Length: 9999\n\none\n", "A: 2\n\n" } },
	{ "forms of the From_ line", "From  Thu Jan  1 00:00:00 2026\nA: 1\n\n"
		"From \"a b\"@c.example Thu Jan 01 00:00 CET 2026\nA: 2\n\n"
		"From a@b.example Thu, 1 Jan 2026 00:00:00 +0100\nA: 3\n\n"
		"From MAILER-DAEMON Thu Jan  1 00:00:00 2026 +0000\nA: 4\n\n",
		{ "A: 1\n\n", "A: 2\n\n", "A: 3\n\n", "A: 4\n\n" } },
	{ "not an mbox", "From now on\nA: 1\n\n", { "From now on\nA: 1\n\n" } },
	{ "not an mbox either", "From a@b.example Thu Jan  1 00:00:00 2026", { "" } },
	{ "a field called From", "From: a@b.example\n\nx\n", { "From: a@b.example\n\nx\n" } },
	{ "empty", "", { "" } },
};

static void check_mails(const struct said *said, const char *name, size_t row)
{
	size_t n = 0;

	while (n < 4 && mboxes[row].mails[n])
		n++;
	if (said->n != n)
		fail_msg("%s: %zu mails, not %zu", mboxes[row].what, said->n, n);
	for (size_t i = 0; i < n; i++) {
		char full[64];

		snprintf(full, sizeof full, n > 1 ? "%s#%zu" : "%s", name, i + 1);
		if (strcmp(said->octets[i], mboxes[row].mails[i]) != 0)
			fail_msg("%s: mail %zu is <%s>", mboxes[row].what, i + 1, said->octets[i]);
		check_mail(said, i, full, mboxes[row].mails[i]);
		assert_int_equal(said->bare[i], n == 1);
	}
}

static void test_mbox(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof mboxes / sizeof *mboxes; i++) {
		struct said *said;
		gzFile gz = gzopen("m.gz", "w");

		write_text("m", mboxes[i].mbox);
		said = read_all("m", MAX);
		check_mails(said, "m", i);
		said_free(said);

		gzputs(gz, mboxes[i].mbox);
		assert_int_equal(gzclose(gz), Z_OK);
		if (!mbox_begins(span_of(mboxes[i].mbox)))
			continue; /* a gzip file that holds no mbox is left as it is */
		said = read_all("m.gz", MAX);
		check_mails(said, "m.gz", i);
		said_free(said);
	}
}

static void test_mbox_too_large(void **state)
{
	struct said *said;
	char large[2000];

	(void)state;
	memset(large, 'x', sizeof large - 1);
	large[sizeof large - 1] = '\0';
	FILE *file = fopen("m", "w");
	fprintf(file, FROM "A: 1\n\none\n\n" FROM "A: 2\n\n%s\n\n" FROM "A: 3\n\nthree\n\n", large);
	fclose(file);
	said = read_all("m", 1000);
	assert_int_equal(said->n, 3);
	check_mail(said, 0, "m#1", "A: 1\n\none\n");
	check_fault(said, 1, FAULT_INPUT, "m#2: larger than 1000 octets");
	check_mail(said, 2, "m#3", "A: 3\n\nthree\n");
	said_free(said);
}

static void test_mbox_gzip_cut(void **state)
{
	gzFile gz = gzopen("m.gz", "w0");
	struct said *said;
	struct stat st;

	(void)state;
	gzputs(gz, FROM "A: 1\n\none\n\n" FROM "A: 2\n\ntwo\n\n");
	assert_int_equal(gzclose(gz), Z_OK);
	assert_int_equal(stat("m.gz", &st), 0);
	assert_int_equal(truncate("m.gz", st.st_size - 12), 0);
	said = read_all("m.gz", MAX);
	assert_int_equal(said->n, 2);
	check_mail(said, 0, "m.gz#1", "A: 1\n\none\n");
	check_fault(said, 1, FAULT_INPUT, "m.gz#2: cannot be read to its end: the gzip data is damaged or ends too early");
	said_free(said);
}

static void test_mbox_changed(void **state)
{
	struct source *source;
	struct fault fault;
	struct mail mail;
	FILE *file;

	(void)state;
	write_text("m", FROM "A: 1\n\none\n\n" FROM "A: 2\n\ntwo\n\n");
	source = source_open("m", MAX);
	assert_int_equal(source_next(source, &mail, &fault), 1);
	mail_release(&mail);
	file = fopen("m", "a");
	fputs("half", file);
	fclose(file);
	assert_int_equal(source_next(source, &mail, &fault), -1);
	assert_string_equal(fault.text, "m#2: changed while it was read; try again");
	assert_int_equal(source_next(source, &mail, &fault), 0);
	source_close(source);
}

/* A mail must not be able to change once it was hashed, nor to see its neighbours. */
static void test_mbox_sealed(void **state)
{
	struct source *source;
	struct mail mail;

	(void)state;
	write_text("m", FROM "A: 1\n\none\n\n" FROM "A: 2\n\ntwo\n\n");
	source = source_open("m", MAX);
	assert_int_equal(source_next(source, &mail, NULL), 1);
	assert_int_equal(pwrite(mail.fd, "x", 1, 0), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(lseek(mail.fd, 0, SEEK_END), 10);
	mail_release(&mail);
	source_close(source);
}

static uint64_t memory_peak(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (uint64_t)usage.ru_maxrss;
}

/* 100 MB in 2,000 mails, one of them a single line of 40 MB, which goes to a temporary file. */
static void test_mbox_streams(void **state)
{
	static char block[4096];
	uint64_t before, done, total;
	struct source *source;
	struct fault fault;
	struct mail mail;
	FILE *file = fopen("big", "w");
	unsigned mails = 0;
	int got;

	(void)state;
	for (size_t i = 0; i < sizeof block; i++)
		block[i] = i % 77 == 76 ? '\n' : 'x';
	for (int i = 0; i < 2000; i++) {
		fprintf(file, FROM "A: %d\n\n", i);
		for (int k = 0; k < 8; k++)
			fwrite(block, 1, sizeof block, file);
		if (i == 1000)
			for (int k = 0; k < 40 * 256; k++)
				fwrite(memset(block, 'y', sizeof block), 1, sizeof block, file);
		fputs("\n\n", file);
	}
	fclose(file);
	before = memory_peak();
	source = source_open("big", 41943040 + 40000);
	while ((got = source_next(source, &mail, &fault)) == 1) {
		mails++;
		assert_true(mail.length > (mails == 1001 ? 41943040 : 8 * 4096));
		if (mails == 1001)
			assert_int_equal(pwrite(mail.fd, "x", 1, 0), -1);
		mail_release(&mail);
	}
	assert_int_equal(got, 0);
	assert_int_equal(mails, 2000);
	source_progress(source, &done, &total);
	assert_int_equal(done, total);
	assert_true(total > 100000000);
	source_close(source);
#ifndef __SANITIZE_ADDRESS__ /* which keeps freed memory */
	assert_true(memory_peak() < before + 16384);
#else
	(void)before;
#endif
}

static void to_stdin(const char *text)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], text, strlen(text)), strlen(text));
	close(ends[1]);
	assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	close(ends[0]);
}

static void test_stdin(void **state)
{
	int saved = dup(STDIN_FILENO);
	struct said *said;

	(void)state;
	to_stdin("<feedback/>");
	said = read_all("-", MAX);
	assert_int_equal(said->n, 1);
	check_mail(said, 0, "-", "<feedback/>");
	said_free(said);

	to_stdin(FROM "A: 1\n\none\n\n" FROM "A: 2\n\ntwo\n\n");
	said = read_all("-", MAX);
	assert_int_equal(said->n, 2);
	check_mail(said, 0, "-#1", "A: 1\n\none\n");
	check_mail(said, 1, "-#2", "A: 2\n\ntwo\n");
	said_free(said);

	to_stdin("");
	said = read_all("-", MAX);
	assert_int_equal(said->n, 1);
	check_mail(said, 0, "-", "");
	said_free(said);

	to_stdin("much");
	said = read_all("-", 3);
	assert_int_equal(said->n, 1);
	check_fault(said, 0, FAULT_INPUT, "-: larger than 3 octets");
	said_free(said);
	dup2(saved, STDIN_FILENO);
	close(saved);
}

static void make_maildir(const char *path)
{
	static const char *const names[] = { "", "cur", "new", "tmp" };
	char full[128];

	for (size_t i = 0; i < 4; i++) {
		snprintf(full, sizeof full, "%s/%s", path, names[i]);
		assert_int_equal(mkdir(full, 0700), 0);
	}
}

static uint64_t tree_sum;

static int add_to_sum(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)type;
	(void)ftw;
	for (; *path; path++)
		tree_sum = tree_sum * 1099511628211u + (unsigned char)*path;
	tree_sum = tree_sum * 31 + (uint64_t)st->st_mtim.tv_nsec + (uint64_t)st->st_mtim.tv_sec + (uint64_t)st->st_size;
	return 0;
}

static uint64_t tree(const char *path)
{
	tree_sum = 0;
	assert_int_equal(nftw(path, add_to_sum, 16, FTW_PHYS), 0);
	return tree_sum;
}

static void test_maildir(void **state)
{
	struct said *said;
	uint64_t before;

	(void)state;
	make_maildir("M");
	make_maildir("M/.Archive");
	make_maildir("M/.Archive.2025");
	mkdir("M/.nothing", 0700);
	write_text("M/.nothing/x", "no Maildir");
	write_text("M/dovecot-uidlist", "index");
	write_text("M/.subscriptions", "index");
	write_text("M/new/2.host", "new");
	write_text("M/cur/1.host:2,S", FROM "A: 1\n\none\n\n" FROM "A: 2\n\ntwo\n");
	write_text("M/cur/1.host,S=3:2,", "cur");
	write_text("M/cur/.keep", "hidden");
	write_text("M/tmp/3.host", "not yet delivered");
	write_text("M/.Archive/cur/4.host:2,RS", "archived");
	before = tree("M");
	said = read_all("M", MAX);
	assert_int_equal(said->n, 4);
	check_mail(said, 0, "M/new/2.host", "new");
	check_mail(said, 1, "M/cur/1.host,S=3", "cur");
	check_mail(said, 2, "M/cur/1.host", FROM "A: 1\n\none\n\n" FROM "A: 2\n\ntwo\n");
	check_mail(said, 3, "M/.Archive/cur/4.host", "archived");
	assert_false(said->bare[0] || said->bare[1] || said->bare[2] || said->bare[3]);
	said_free(said);
	assert_true(tree("M") == before);

	mkdir("f", 0700);
	assert_int_equal(rename("M", "f/M"), 0);
	said = read_all("f", MAX);
	assert_int_equal(said->n, 4);
	check_mail(said, 0, "f/M/new/2.host", "new");
	said_free(said);
}

/* Somebody reads a mail while we walk: its flags change, it stays the same mail. */
static void test_maildir_flags_change(void **state)
{
	struct source *source;
	struct fault fault;
	struct mail mail;

	(void)state;
	make_maildir("M");
	write_text("M/cur/1.host:2,", "one");
	write_text("M/cur/2.host:2,", "two");
	source = source_open("M", MAX);
	assert_int_equal(source_next(source, &mail, &fault), 1);
	mail_release(&mail);
	assert_int_equal(rename("M/cur/2.host:2,", "M/cur/2.host:2,S"), 0);
	assert_int_equal(source_next(source, &mail, &fault), 1);
	assert_string_equal(mail.name, "M/cur/2.host");
	assert_int_equal(mail.length, 3);
	mail_release(&mail);
	assert_int_equal(source_next(source, &mail, &fault), 0);
	source_close(source);
}

static int compare_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Mails as sorted texts with LF line ends and none at the end, which is all that mbox and Maildir may differ in. */
static size_t collect(const char *path, char **texts, size_t max)
{
	struct source *source = source_open(path, (uint64_t)50 << 20);
	struct fault fault;
	struct mail mail;
	size_t n = 0;
	int got;

	while ((got = source_next(source, &mail, &fault)) == 1) {
		char *text = malloc(mail.length + 1);
		size_t to = 0;

		assert_true(n < max);
		assert_int_equal(pread(mail.fd, text, mail.length, 0), mail.length);
		for (size_t i = 0; i < mail.length; i++)
			if (text[i] != '\r')
				text[to++] = text[i];
		while (to && text[to - 1] == '\n')
			to--;
		text[to] = '\0';
		texts[n++] = text;
		mail_release(&mail);
	}
	assert_int_equal(got, 0);
	source_close(source);
	qsort(texts, n, sizeof *texts, compare_text);
	return n;
}

static void test_shared_mailboxes(void **state)
{
	static char *mbox[128], *gz[128], *maildir[128];
	const char *shared = getenv("DMARCGATE_SHARED");
	char path[2 * PATH_MAX];
	size_t n, m;

	(void)state;
	snprintf(path, sizeof path, "%s%s/corpus/mailbox/assembled__shared.mbox", shared ? "" : srcdir,
		shared ? shared : "/../shared");
	if (access(path, R_OK) != 0) {
		print_message("# no shared mailboxes at %s: skipped\n", path);
		skip();
	}
	n = collect(path, mbox, 128);
	assert_int_equal(n, 54);
	strcat(path, ".gz");
	assert_int_equal(collect(path, gz, 128), n);
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(gz[i], mbox[i]);
		free(gz[i]);
	}
	strcpy(strrchr(path, '.') - strlen(".mbox"), ".Maildir");
	m = collect(path, maildir, 128);
	assert_int_equal(m, 30);
	for (size_t i = 0; i < m; i++) {
		assert_non_null(bsearch(&maildir[i], mbox, n, sizeof *mbox, compare_text));
		free(maildir[i]);
	}
	for (size_t i = 0; i < n; i++)
		free(mbox[i]);
}

/* samples/EXPECT.tsv has one row for every input of samples/, in the order of the walk but for what is no sample. */
static void test_samples(void **state)
{
	char root[PATH_MAX + 16], path[PATH_MAX + 32], row[1024];
	struct source *source;
	struct fault fault;
	struct mail mail;
	FILE *expect;

	(void)state;
	snprintf(root, sizeof root, "%s/samples", srcdir);
	snprintf(path, sizeof path, "%s/EXPECT.tsv", root);
	expect = fopen(path, "r");
	assert_non_null(expect);
	assert_non_null(fgets(row, sizeof row, expect));
	source = source_open(root, MAX);
	for (int got; (got = source_next(source, &mail, &fault)) != 0; mail_release(&mail)) {
		const char *name = mail.name + strlen(root) + 1;

		assert_int_equal(got, 1);
		assert_true(mail_hash(&mail));
		if (!strchr(name, '/'))
			continue; /* README.md and the like */
		assert_non_null(fgets(row, sizeof row, expect));
		row[strcspn(row, "\t")] = '\0';
		assert_string_equal(name, row);
	}
	assert_null(fgets(row, sizeof row, expect));
	fclose(expect);
	source_close(source);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
	const char *where = getenv("srcdir");
	const struct CMUnitTest tests[] = {
		TEST(test_file),
		TEST(test_hash),
		TEST(test_setup_faults),
		TEST(test_folder_order),
		TEST(test_folder_links),
		TEST(test_folder_depth),
		TEST(test_folder_names),
		TEST(test_special_files),
		TEST(test_too_large),
		TEST(test_vanished),
		TEST(test_mbox),
		TEST(test_mbox_too_large),
		TEST(test_mbox_gzip_cut),
		TEST(test_mbox_changed),
		TEST(test_mbox_sealed),
		TEST(test_mbox_streams),
		TEST(test_stdin),
		TEST(test_maildir),
		TEST(test_maildir_flags_change),
		cmocka_unit_test(test_shared_mailboxes),
		cmocka_unit_test(test_samples),
	};

	if (!realpath(where ? where : ".", srcdir))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
