/* A child does not outlive its parent, at whichever of its instructions the parent is killed. */
#include "base/child.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static _Noreturn void parent_live(void)
{
	if (ptrace(PTRACE_TRACEME, 0, 0, 0) != 0)
		_exit(77);
	raise(SIGSTOP);
	if (child_fork() == 0)
		for (;;)
			pause();
	for (;;)
		pause();
}

/* The parent's child, held before its first instruction; 0 where nothing may be traced. */
static pid_t child_hold(pid_t parent)
{
	unsigned long child = 0;
	int status;

	assert_int_equal(waitpid(parent, &status, 0), parent);
	if (!WIFSTOPPED(status))
		return 0;
	assert_int_equal(ptrace(PTRACE_SETOPTIONS, parent, 0, PTRACE_O_TRACEFORK | PTRACE_O_TRACECLONE), 0);
	assert_int_equal(ptrace(PTRACE_CONT, parent, 0, 0), 0);
	assert_int_equal(waitpid(parent, &status, 0), parent);
	assert_true(WIFSTOPPED(status) && status >> 16 != 0);
	assert_int_equal(ptrace(PTRACE_GETEVENTMSG, parent, 0, &child), 0);
	assert_int_equal(waitpid((pid_t)child, &status, __WALL), (pid_t)child);
	assert_true(WIFSTOPPED(status));
	return (pid_t)child;
}

static void test_parent_killed_first(void **state)
{
	pid_t parent = fork(), child;
	int status;

	(void)state;
	if (parent == 0)
		parent_live();
	assert_true(parent > 0);
	child = child_hold(parent);
	if (child == 0)
		skip();
	assert_int_equal(kill(parent, SIGKILL), 0);
	assert_int_equal(waitpid(parent, &status, 0), parent);
	assert_true(WIFSIGNALED(status));
	alarm(20); /* a child that lives on is waited for in vain */
	assert_int_equal(ptrace(PTRACE_CONT, child, 0, 0), 0);
	assert_int_equal(waitpid(child, &status, __WALL), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
	alarm(0);
}

/* What is asked for holds across the call: killed later, the parent takes the child along. */
static void test_parent_killed_later(void **state)
{
	int words[2];
	pid_t parent;
	char word;

	(void)state;
	assert_int_equal(pipe(words), 0);
	parent = fork();
	if (parent == 0) {
		if (child_fork() == 0) {
			(void)!write(words[1], "x", 1);
			for (;;)
				pause();
		}
		for (;;)
			pause();
	}
	assert_true(parent > 0);
	close(words[1]);
	assert_int_equal(read(words[0], &word, 1), 1);
	assert_int_equal(kill(parent, SIGKILL), 0);
	assert_int_equal(waitpid(parent, NULL, 0), parent);
	alarm(20);
	assert_int_equal(read(words[0], &word, 1), 0);
	alarm(0);
	close(words[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parent_killed_first),
		cmocka_unit_test(test_parent_killed_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
