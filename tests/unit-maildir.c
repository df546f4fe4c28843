/* Moving mails within a Maildir: names and flags stay, folders are made, nothing is lost or overwritten. */
#include "base/buf.h"
#include "ingest/maildir.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char root[] = "/tmp/unit-maildir.XXXXXX";
static char box[64];

static const char *at(const char *name)
{
	static char paths[4][512];
	static unsigned turn;
	char *path = paths[turn++ % 4];

	snprintf(path, sizeof paths[0], "%s/%s", box, name);
	return path;
}

static void put(const char *name, const char *text)
{
	int fd = open(at(name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static bool holds(const char *name, const char *text)
{
	char found[64] = "";
	int fd = open(at(name), O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, found, sizeof found - 1);

	if (fd >= 0)
		close(fd);
	return n >= 0 && strcmp(found, text) == 0;
}

static int set_up(void **state)
{
	(void)state;
	strcpy(root + strlen(root) - 6, "XXXXXX");
	assert_non_null(mkdtemp(root));
	snprintf(box, sizeof box, "%s/box", root);
	assert_int_equal(
		mkdir(box, 0700) | mkdir(at("new"), 0700) | mkdir(at("cur"), 0700) | mkdir(at("tmp"), 0700), 0);
	return 0;
}

static int tear_down(void **state)
{
	char *const argv[] = { (char *)(uintptr_t) "rm", (char *)(uintptr_t) "-rf", root, NULL };
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(execvp(argv[0], argv));
	return 0;
}

static void moves(void **state)
{
	struct fault fault = { FAULT_NONE };

	(void)state;
	put("new/1.a", "one");
	put("cur/2.b,S=3:2,FS", "two");
	assert_true(maildir_move(box, at("new/1.a"),
		"Done/Gr\xc3\xb6\xc3\x9f"
		"e",
		&fault));
	assert_true(holds(".Done.Gr&APYA3w-e/new/1.a", "one"));
	assert_int_equal(
		access(at(".Done.Gr&APYA3w-e/maildirfolder"), F_OK) | access(at(".Done.Gr&APYA3w-e/tmp"), F_OK), 0);
	assert_int_equal(access(at("new/1.a"), F_OK), -1);
	assert_true(maildir_move(box, at("cur/2.b,S=3"),
		"Done/Gr\xc3\xb6\xc3\x9f"
		"e",
		&fault));
	assert_true(holds(".Done.Gr&APYA3w-e/cur/2.b,S=3:2,FS", "two"));
	assert_true(maildir_move(box, at(".Done.Gr&APYA3w-e/cur/2.b,S=3"), "Back", &fault)); /* from a subfolder */
	assert_true(holds(".Back/cur/2.b,S=3:2,FS", "two"));
}

/* Whatever our umask is. */
static void readable_as_before(void **state)
{
	static const char *const parts[] = { ".Done", ".Done/cur", ".Done/new", ".Done/tmp" };
	struct fault fault = { FAULT_NONE };
	mode_t mask = umask(077);
	struct stat st;

	(void)state;
	put("new/1.a", "one");
	assert_int_equal(geteuid() == 0 ? chown(box, 65534, 65533) : 0, 0);
	assert_int_equal(chmod(box, 02750), 0);
	assert_true(maildir_move(box, at("new/1.a"), "Done", &fault));
	assert_int_equal(umask(mask), 077);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		assert_int_equal(stat(at(parts[i]), &st), 0);
		assert_int_equal(st.st_mode & 0777, 0750);
		assert_true(geteuid() != 0 || (st.st_uid == 65534 && st.st_gid == 65533));
	}
}

static void meanwhile(void **state)
{
	struct fault fault = { FAULT_NONE };

	(void)state;
	put("cur/1.a:2,S", "one"); /* was new/1.a when it was read */
	assert_true(maildir_move(box, at("new/1.a"), "Done", &fault));
	assert_true(holds(".Done/cur/1.a:2,S", "one"));
	assert_true(maildir_move(box, at("new/1.a"), "Done", &fault)); /* gone is fine */
	assert_true(maildir_move(box, at(".Gone/new/1.a"), "Done", &fault));
	put("cur/1.a:2,S", "another");
	assert_false(maildir_move(box, at("cur/1.a"), "Done", &fault)); /* never over another one */
	assert_int_equal(fault.kind, FAULT_INPUT);
	assert_true(holds(".Done/cur/1.a:2,S", "one") && holds("cur/1.a:2,S", "another"));
	assert_int_equal(unlink(at("cur/1.a:2,S")) | link(at(".Done/cur/1.a:2,S"), at("cur/1.a:2,S")), 0);
	assert_true(maildir_move(box, at("cur/1.a"), "Done", &fault)); /* two names of one file */
	assert_int_equal(access(at("cur/1.a:2,S"), F_OK), -1);
	assert_true(holds(".Done/cur/1.a:2,S", "one"));
}

static void refused(void **state)
{
	static const char *const names[] = { "", "..", "../x", "/x", "x/", "a//b", ".", "a/../b", "x\n" };
	struct fault fault = { FAULT_NONE };

	(void)state;
	put("new/1.a", "one");
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (maildir_move(box, at("new/1.a"), names[i], &fault))
			fail_msg("%s", names[i]);
		assert_int_equal(fault.kind, FAULT_SETUP);
	}
	assert_false(maildir_move(box, "/etc/passwd", "Done", &fault));
	assert_false(maildir_move(box, "/none/new/1.a", "Done", &fault));
	assert_false(maildir_move(box, at("tmp/1.a"), "Done", &fault));
	assert_false(maildir_move(box, at("new/"), "Done", &fault));
	assert_false(maildir_move(at("none"), at("new/1.a"), "Done", &fault));
	assert_int_equal(symlink("/tmp", at(".Link")), 0);
	assert_false(maildir_move(box, at("new/1.a"), "Link", &fault)); /* out of the Maildir */
	assert_true(holds("new/1.a", "one"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(moves, set_up, tear_down),
		cmocka_unit_test_setup_teardown(readable_as_before, set_up, tear_down),
		cmocka_unit_test_setup_teardown(meanwhile, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refused, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
