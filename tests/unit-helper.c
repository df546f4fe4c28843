/* The process that runs the commands of the configuration, and how a command is taken apart. */
#include "cli/helper.h"
#include "base/child.h"
#include "base/steady.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void test_words(void **state)
{
	static const struct {
		const char *text, *words; /* each in brackets */
	} right[] = {
		{ "/bin/x", "[/bin/x]" },
		{ "  /bin/x   a\tb  ", "[/bin/x][a][b]" },
		{ "/bin/x 'a b' \"c d\" e\\ f", "[/bin/x][a b][c d][e f]" },
		{ "/bin/x ''", "[/bin/x][]" },
		{ "/bin/x a'b c'd", "[/bin/x][ab cd]" },
		{ "/bin/x 'a\\b' \"a\\\"b\" \\\\ \\'", "[/bin/x][a\\b][a\"b][\\][']" },
		{ "/bin/x $HOME `id` *; a | b > c & \\", "[/bin/x][$HOME][`id`][*;][a][|][b][>][c][&][\\]" },
	};
	static const struct {
		const char *text, *fault;
	} wrong[] = {
		{ "", "absolute path" },
		{ "   ", "absolute path" },
		{ "pass show mail", "absolute path" },
		{ "./x", "absolute path" },
		{ "~/x", "absolute path" },
		{ "/bin/x 'a", "left open" },
		{ "/bin/x \"a", "left open" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
		struct command_words words;
		char text[256] = "";

		assert_true(command_split(span_of(right[i].text), &words, NULL));
		for (size_t k = 0; k < words.n; k++)
			snprintf(text + strlen(text), sizeof text - strlen(text), "[%s]", words.words[k]);
		assert_null(words.words[words.n]);
		assert_string_equal(text, right[i].words);
		command_words_release(&words);
	}
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct command_words words;
		struct fault fault = { 0 };

		assert_false(command_split(span_of(wrong[i].text), &words, &fault));
		assert_int_equal(fault.kind, FAULT_SETUP);
		assert_non_null(strstr(fault.text, wrong[i].fault));
	}
}

static void test_many_words(void **state)
{
	struct command_words words;
	struct fault fault = { 0 };
	char text[1024] = "/bin/x";

	(void)state;
	for (int i = 0; i < 63; i++)
		strcat(text, " a");
	assert_true(command_split(span_of(text), &words, NULL));
	assert_int_equal(words.n, 64);
	command_words_release(&words);
	strcat(text, " a");
	assert_false(command_split(span_of(text), &words, &fault));
	assert_non_null(strstr(fault.text, "more than 64 words"));
}

/* A word that is cut short would be another argument, or another program. */
static void test_long_word(void **state)
{
	struct command_words words;
	struct fault fault = { 0 };
	static char text[5000] = "/bin/";

	(void)state;
	memset(text + 5, 'x', sizeof text - 6);
	assert_false(command_split(span_of(text), &words, &fault));
	assert_int_equal(fault.kind, FAULT_LATER);
	assert_null(words.words);
}

/* One that goes on talking is not waited for longer than one that says nothing. */
static void test_talkative_end(void **state)
{
	int64_t begun;
	int pair[2];
	pid_t pid;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	pid = fork();
	if (pid == 0)
		for (;;) {
			send(pair[1], "x", 1, MSG_NOSIGNAL);
			usleep(100000);
		}
	assert_true(pid > 0);
	close(pair[1]);
	begun = steady_ms();
	child_end(pid, pair[0]);
	assert_in_range(steady_ms() - begun, 0, 5000);
	assert_int_equal(kill(pid, 0), -1);
}

static void said(struct helper *helper, const char *command, const char *wanted)
{
	struct buf output = BUF(HELPER_OCTETS);
	struct fault fault = { 0 };

	if (!helper_run(helper, command, &output, &fault))
		fail_msg("%s: %s", command, fault.text);
	assert_int_equal(output.n, strlen(wanted));
	assert_memory_equal(buf_text(&output), wanted, output.n);
	buf_release(&output);
}

static void refused(struct helper *helper, const char *command, enum fault_kind kind, const char *wanted)
{
	struct buf output = BUF(HELPER_OCTETS);
	struct fault fault = { 0 };

	assert_false(helper_run(helper, command, &output, &fault));
	assert_int_equal(fault.kind, kind);
	if (!strstr(fault.text, wanted))
		fail_msg("%s: `%s' lacks `%s'", command, fault.text, wanted);
	assert_int_equal(output.n, 0);
	buf_release(&output);
}

static const char *const commands[] = {
	"/bin/echo a word",
	"/bin/true",
	"/bin/sh -c 'printf \"a\\nb\\n\"; echo c >&2'",
	"/bin/sh -c 'echo one >&2; echo two >&2; exit 3'",
	"/bin/sh -c 'kill -9 $$'",
	"/bin/sh -c 'head -c 9000 /dev/zero'",
	"/bin/sh -c 'head -c 8192 /dev/zero | tr \"\\0\" x'",
	"/no/such/program",
	"/bin/sh -c 'printf \"\\033[31mred\" >&2; exit 1'",
	"/bin/sh -c 'cat; echo $FROM_THE_TEST'",
	"/bin/sh -c 'ls /proc/self/fd | wc -l'",
};

static void test_run(void **state)
{
	struct fault fault = { 0 };
	struct helper *helper;
	char full[8193] = "";

	(void)state;
	setenv("FROM_THE_TEST", "inherited", 1);
	helper = helper_start(&fault);
	assert_non_null(helper);
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		assert_true(helper_learn(helper, commands[i], &fault));
	assert_false(helper_learn(helper, "relative", &fault));
	assert_int_equal(fault.kind, FAULT_SETUP);
	said(helper, commands[0], "a word\n");
	said(helper, commands[1], "");
	said(helper, commands[2], "a\nb\n");
	refused(helper, commands[3], FAULT_SETUP, "ends with status 3: two");
	refused(helper, commands[4], FAULT_SETUP, "ends with signal 9");
	refused(helper, commands[5], FAULT_SETUP, "says more than 8192 octets");
	memset(full, 'x', 8192);
	said(helper, commands[6], full);
	refused(helper, commands[7], FAULT_SETUP, "ends with status 127: No such file");
	refused(helper, commands[8], FAULT_SETUP, "status 1: \\x1B[31mred");
	said(helper, commands[9], "inherited\n"); /* standard input is empty */
	said(helper, commands[10], "4\n");	  /* three, and the one that ls reads */
	helper_stop(helper);
}

/* Nothing but what it was told before the first one ran. */
static void test_sealed(void **state)
{
	struct fault fault = { 0 };
	struct helper *helper = helper_start(&fault);

	(void)state;
	assert_non_null(helper);
	assert_true(helper_learn(helper, commands[0], &fault));
	refused(helper, "/bin/echo another", FAULT_BROKEN, "is not a command of the configuration");
	assert_false(helper_learn(helper, "/bin/echo another", &fault));
	assert_int_equal(fault.kind, FAULT_BROKEN);
	refused(helper, "/bin/echo another", FAULT_BROKEN, "is not a command of the configuration");
	said(helper, commands[0], "a word\n");
	helper_stop(helper);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_many_words),
		cmocka_unit_test(test_long_word),
		cmocka_unit_test(test_talkative_end),
		cmocka_unit_test(test_run),
		cmocka_unit_test(test_sealed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
