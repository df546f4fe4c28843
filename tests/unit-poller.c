/* The supervisor's side against a poller that has been taken over, and the lock that is to prevent it. */
#include "base/sandbox.h"
#include "ingest/poller.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct poller *begin(const char *mode, struct fault *fault)
{
	struct poller *poller = poller_start("tests/stub-poller", fault);
	struct mailbox box;

	assert_non_null(poller);
	assert_true(mailbox_init(&box, "box") && mailbox_parse_url(&box, SPAN("imaps://h"), fault));
	box.user = strdup(mode);
	assert_non_null(box.user);
	if (!poller_open(poller, &box, SPAN("secret"), 0, NULL, fault)) {
		poller_stop(poller);
		poller = NULL;
	}
	mailbox_release(&box);
	return poller;
}

static void honest(void **state)
{
	struct fault fault = { FAULT_NONE };
	struct poller *poller = begin("honest", &fault);
	struct polled polled;
	size_t done;

	(void)state;
	assert_non_null(poller);
	assert_int_equal(poller_next(poller, &polled, &fault), 1);
	assert_string_equal(polled.mail.name, "box:INBOX#7");
	assert_int_equal(polled.mail.length, 3);
	assert_true(poller_settle(poller, &(struct mail_fate){ FATE_SEEN, NULL }, &polled.place, 1, &done, &fault));
	assert_int_equal(done, 1);
	polled_release(&polled);
	poller_stop(poller);
}

/* In steps: nothing waits, and what the login came to is told by the first question. */
static void in_steps(void **state)
{
	struct fault fault = { FAULT_NONE };
	struct poller *poller = poller_start("tests/stub-poller", &fault);
	struct polled polled;
	struct mailbox box;

	(void)state;
	assert_non_null(poller);
	assert_true(mailbox_init(&box, "box") && mailbox_parse_url(&box, SPAN("imaps://honest@h"), &fault));
	assert_true(poller_begin(poller, &box, SPAN("secret"), 0, NULL, &fault));
	while (!poller_ready(poller)) {
		struct pollfd ready = { poller_descriptor(poller), POLLIN, 0 };

		assert_int_equal(poll(&ready, 1, 10000), 1);
	}
	assert_int_equal(poller_next(poller, &polled, &fault), 1);
	assert_string_equal(polled.mail.name, "box:INBOX#7");
	polled_release(&polled);
	poller_stop(poller);

	poller = poller_start("/bin/false", &fault);
	assert_non_null(poller);
	if (poller_begin(poller, &box, SPAN("secret"), 0, NULL, &fault)) {
		while (!poller_ready(poller))
			poll(NULL, 0, 10);
		assert_int_equal(poller_next(poller, &polled, &fault), -1);
		assert_int_equal(poller_next(poller, &polled, &fault), 0);
	}
	assert_non_null(strstr(fault.text, "box: the poller ended unasked, with status 1"));
	poller_stop(poller);
	mailbox_release(&box);
}

/* Every lie ends the process, is one clear line, and no mail with it is believed. */
static void taken_over(void **state)
{
	static const struct {
		const char *mode, *said;
	} rows[] = {
		{ "unsealed", "breaks the protocol" },
		{ "short", "breaks the protocol" },
		{ "huge", "breaks the protocol" },
		{ "nothing", "breaks the protocol" },
		{ "device", "breaks the protocol" },
		{ "no uid", "breaks the protocol" },
		{ "bad folder", "breaks the protocol" },
		{ "listed", "breaks the protocol" },
		{ "no type", "breaks the protocol" },
		{ "no fault", "no fault" },
		{ "fault", "a line\\x0Aand \\x1B[31manother" },
		{ "crash", "the poller died: Aborted" },
		{ "leave", "ended unasked, with status 3" },
		{ "deaf", "died: Killed" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct fault fault = { FAULT_NONE };
		struct poller *poller = begin(rows[i].mode, &fault);
		struct poller_counts counts;
		struct polled polled;
		size_t done;

		assert_non_null(poller);
		if (poller_next(poller, &polled, &fault) != -1 || !strstr(fault.text, rows[i].said))
			fail_msg("%s: %s", rows[i].mode, fault.text);
		polled_release(&polled);
		assert_int_equal(poller_next(poller, &polled, &fault), 0);
		if (strstr(rows[i].said, "fault") || strstr(rows[i].said, "line")) {
			poller_stop(poller); /* the session ended, not the process */
			continue;
		}
		assert_false(poller_settle(poller, &(struct mail_fate){ FATE_SEEN, NULL }, &polled.place, 1, &done, &fault));
		assert_int_equal(done, 0);
		assert_false(poller_close(poller, &counts, &fault));
		assert_int_equal(counts.mails, 0);
		poller_stop(poller);
	}
}

static void too_many(void **state)
{
	struct fault fault = { FAULT_NONE };
	struct poller *poller = begin("too many", &fault);
	struct polled polled;
	unsigned n = 0;
	int got;

	(void)state;
	assert_non_null(poller);
	for (; n < 200 && (got = poller_next(poller, &polled, &fault)) == 1; n++)
		polled_release(&polled);
	poller_stop(poller); /* whatever it sends, only what was asked for is kept */
	assert_true(n == 200 || got == -1);
	assert_null(begin("silent", &fault));
	assert_non_null(strstr(fault.text, "breaks the protocol"));
	assert_null(poller_start("tests/no-such-program", &fault));
	assert_int_equal(fault.kind, FAULT_SETUP);
}

static int news_of(struct poller *poller, struct fault *fault)
{
	struct pollfd ready = { .fd = poller_descriptor(poller), .events = POLLIN };

	assert_int_equal(poll(&ready, 1, 10000), 1);
	return poller_news(poller, fault);
}

/* Rounds; and what watching came to crosses with what the supervisor says in the meantime. */
static void watching(void **state)
{
	struct fault fault = { FAULT_NONE };
	struct poller *poller = begin("watch", &fault);
	struct mail_place place = { .folder = (char *)(uintptr_t) "INBOX", .uidvalidity = 1, .uid = 1 };
	struct polled polled;
	size_t done;

	(void)state;
	assert_non_null(poller);
	assert_false(poller_watch(poller, 1, &fault)); /* there may be mails yet */
	assert_int_equal(poller_next(poller, &polled, &fault), 0);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(poller_watch(poller, 1, &fault));
		assert_int_equal(news_of(poller, &fault), 1);
		assert_int_equal(poller_next(poller, &polled, &fault), 0);
	}
	assert_true(poller_watch(poller, 1, &fault));
	assert_true(poller_settle(poller, &(struct mail_fate){ FATE_SEEN, NULL }, &place, 1, &done, &fault));
	assert_true(poller_watch(poller, 1, &fault));
	assert_int_equal(poller_next(poller, &polled, &fault), 0);
	assert_true(poller_watch(poller, 1, &fault));
	assert_true(poller_close(poller, NULL, &fault));
	poller_stop(poller);
}

static void watching_taken_over(void **state)
{
	static const struct {
		const char *mode, *said;
	} rows[] = {
		{ "watch mail", "breaks the protocol" },
		{ "watch descriptor", "breaks the protocol" },
		{ "watch octets", "breaks the protocol" },
		{ "watch leave", "ended unasked, with status 3" },
		{ "watch fault", "box: lost" },
	};
	struct fault fault = { FAULT_NONE };
	struct poller *poller;
	struct polled polled;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		poller = begin(rows[i].mode, &fault);
		assert_int_equal(poller_next(poller, &polled, &fault), 0);
		assert_true(poller_watch(poller, 1, &fault));
		if (news_of(poller, &fault) != -1 || !strstr(fault.text, rows[i].said))
			fail_msg("%s: %s", rows[i].mode, fault.text);
		assert_int_equal(poller_news(poller, &fault), -1);
		assert_false(poller_close(poller, NULL, &fault));
		poller_stop(poller);
	}
	poller = begin("watch silent", &fault);
	assert_int_equal(poller_next(poller, &polled, &fault), 0);
	assert_true(poller_watch(poller, 1, &fault));
	assert_int_equal(poller_news(poller, &fault), 0);
	poller_stop(poller);
}

/* In the locked child: 0, or the number of the line that was allowed and should not be, or the other way round. */
static int try_everything(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(1)
	};
	char name[] = "/tmp/unit-poller.XXXXXX";
	unsigned active = sandbox_lock(SANDBOX_POLLER, &(struct sandbox_ceilings){ 0 });
	char *const argv[] = { (char *)(uintptr_t) "true", NULL };
	int fd;

	if (active != SANDBOX_ALL)
		return 77;
	if (open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0)
		return 1;
	if (open("config.h", O_RDONLY | O_CLOEXEC) >= 0)
		return 2;
	if (open("/etc/hosts", O_WRONLY | O_CLOEXEC) >= 0)
		return 3;
	if (open("/etc/hosts", O_RDONLY | O_CLOEXEC) < 0)
		return 4;
	if (mkstemp(name) >= 0)
		return 5;
	if (fork() >= 0)
		return 6;
	if (execv("/bin/true", argv) == 0 || errno != EPERM)
		return 7;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || (connect(fd, (struct sockaddr *)&address, sizeof address) != 0 && errno != ECONNREFUSED))
		return 8;
	if (listen(fd, 1) == 0)
		return 9;
	if (socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0) >= 0)
		return 10;
	if (kill(getppid(), 0) == 0)
		return 11;
	return 0;
}

static void locked(void **state)
{
	int status = 0;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(try_everything());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(honest),
		cmocka_unit_test(in_steps),
		cmocka_unit_test(taken_over),
		cmocka_unit_test(too_many),
		cmocka_unit_test(watching),
		cmocka_unit_test(watching_taken_over),
		cmocka_unit_test(locked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
