/* In the place of the real parser: a mail is a list of commands, one to a line, and most of them misbehave. Linked only
 * into test programs; the worker, the nursery and the locks around it are the real ones. */

#include "parse/border.h"
#include "tests/facts.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOCKET 3 /* a worker's */
#define INPUT_MAX 65536

struct parser {
	struct limits limits;
	unsigned mails;
};

bool parse_warm(void)
{
	return true;
}

struct parser *parser_new(const struct limits *limits)
{
	struct parser *parser = calloc(1, sizeof *parser);

	if (parser)
		parser->limits = *limits;
	return parser;
}

void parser_free(struct parser *parser)
{
	free(parser);
}

/* ------------------------------------------------------------------ what a locked worker must not be able to do */

static long try_open(void)
{
	return open("/etc/passwd", O_RDONLY);
}

static long try_create(void)
{
	return open("/tmp/stub-parser", O_CREAT | O_WRONLY, 0600);
}

static long try_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static long try_unix_socket(void)
{
	return socket(AF_UNIX, SOCK_DGRAM, 0);
}

static long try_socketpair(void)
{
	int sockets[2];

	return socketpair(AF_UNIX, SOCK_STREAM, 0, sockets);
}

static long try_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid < 0 ? pid : waitpid(pid, NULL, 0);
}

static long try_exec(void)
{
	return execl("/bin/true", "true", (char *)NULL);
}

static long try_ptrace(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static long try_kill(void)
{
	return kill(1, 0);
}

static long try_signal_another(void)
{
	return syscall(SYS_tgkill, 0x3ffffff0, 0x3ffffff0, SIGABRT); /* nobody, should it get through */
}

static long try_executable(void)
{
	return (long)(intptr_t)mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static long try_make_executable(void)
{
	static char page[8192] __attribute__((aligned(4096)));

	return mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static long try_shared(void)
{
	return (long)(intptr_t)mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static long try_more_files(void)
{
	struct rlimit more = { 1000, 1000 };

	return setrlimit(RLIMIT_NOFILE, &more);
}

static long try_more_seconds(void)
{
	struct rlimit more = { RLIM_INFINITY, RLIM_INFINITY };

	return setrlimit(RLIMIT_CPU, &more);
}

static long try_memfd(void)
{
	return memfd_create("x", 0);
}

static long try_dumpable(void)
{
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static long try_unlink(void)
{
	return unlink("/tmp/nothing-there");
}

static long try_openat2(void)
{
	long how[3] = { 0 };

	return syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", how, sizeof how);
}

static long try_io_uring(void)
{
	char parameters[120] = { 0 };

	return syscall(SYS_io_uring_setup, 1, parameters);
}

static long try_another_memory(void)
{
	char octet;
	struct iovec here = { &octet, 1 }, there = { &octet, 1 };

	return syscall(SYS_process_vm_readv, getppid(), &here, 1UL, &there, 1UL, 0UL);
}

static long try_pidfd(void)
{
	return syscall(SYS_pidfd_open, getppid(), 0);
}

static long try_clone3(void)
{
	return syscall(SYS_clone3, NULL, (size_t)0);
}

static long try_keyring(void)
{
	return syscall(SYS_keyctl, 0, -3, 1);
}

static long try_programs(void)
{
	return syscall(SYS_bpf, 0, NULL, 0);
}

static long try_mount(void)
{
	return syscall(SYS_mount, "none", "/tmp", "tmpfs", 0UL, NULL);
}

static long try_send_by_mail(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket" };

	return connect(SOCKET, (struct sockaddr *)&at, sizeof at);
}

static const struct {
	const char *name;
	long (*act)(void);
	bool harmless; /* for a process that is not locked */
} trials[] = {
	{ "open", try_open, true },
	{ "create", try_create },
	{ "socket", try_socket, true },
	{ "unix socket", try_unix_socket, true },
	{ "socketpair", try_socketpair },
	{ "fork", try_fork, true },
	{ "exec", try_exec },
	{ "ptrace", try_ptrace },
	{ "kill", try_kill },
	{ "signal another", try_signal_another },
	{ "executable memory", try_executable, true },
	{ "make executable", try_make_executable },
	{ "shared memory", try_shared, true },
	{ "more files", try_more_files },
	{ "more seconds", try_more_seconds },
	{ "memfd", try_memfd, true },
	{ "dumpable", try_dumpable },
	{ "unlink", try_unlink },
	{ "openat2", try_openat2, true },
	{ "io_uring", try_io_uring, true },
	{ "memory of another", try_another_memory, true },
	{ "pidfd", try_pidfd, true },
	{ "clone3", try_clone3 },
	{ "keyring", try_keyring, true },
	{ "programs for the kernel", try_programs },
	{ "mount", try_mount },
	{ "connect elsewhere", try_send_by_mail },
};

static void put_text(struct feedback *fb, const char *where, const char *what)
{
	struct problem problem = { span_of(where), span_of(what) };

	feedback_put_problem(fb, &problem);
}

/* Each attempt becomes a problem: what was tried, and what came of it. */
static void try_all(struct feedback *fb, bool harmless)
{
	for (size_t i = 0; i < sizeof trials / sizeof *trials; i++) {
		if (harmless && !trials[i].harmless)
			continue;
		errno = 0;
		if (trials[i].act() != -1)
			put_text(fb, trials[i].name, "done");
		else
			put_text(fb, trials[i].name, errno == EPERM ? "not permitted" : strerror(errno));
	}
}

/* ------------------------------------------------------------------ misbehaviour */

static void say(const char *octets, size_t n)
{
	while (n) {
		ssize_t sent = send(SOCKET, octets, n, MSG_NOSIGNAL);

		if (sent <= 0)
			_exit(1);
		octets += sent;
		n -= (size_t)sent;
	}
}

/* One frame past every check of this side. */
static void say_frame(unsigned kind, struct span payload)
{
	char head[FRAME_HEAD] = { (char)(payload.n & 0xff), (char)(payload.n >> 8 & 0xff),
		(char)(payload.n >> 16 & 0xff), (char)(payload.n >> 24 & 0xff), (char)kind };

	say(head, sizeof head);
	say(payload.p, payload.n);
}

static _Noreturn void do_crash(void)
{
	volatile int *volatile nowhere = NULL;

	*nowhere = 1;
	_exit(0);
}

static _Noreturn void do_loop(void)
{
	for (volatile unsigned long i = 0;; i++)
		;
}

/* Blocks without using the processor. */
static _Noreturn void do_hang(void)
{
	char octet;

	for (;;)
		recv(SOCKET, &octet, 1, 0);
}

static void eat_memory(void)
{
	char *volatile p; /* else a compiler may think the memory away */

	while ((p = malloc(1000000)) != NULL)
		memset(p, 1, 1000000);
}

static _Noreturn void do_flood(struct feedback *fb)
{
	struct buf wire = BUF(100000);
	struct problem problem = { SPAN("flood"), SPAN("more") };

	(void)fb;
	while (wire.n < 60000)
		wire_put_problem(&wire, &problem);
	for (;;)
		say(wire.p, wire.n);
}

static void ask(struct feedback *fb, const char *name)
{
	struct buf answer = BUF(ANSWER_MAX);

	if (feedback_ask(fb, span_of(name), &answer))
		put_text(fb, name, answer.n ? buf_text(&answer) : "(empty)");
	else
		put_text(fb, name, "unknown");
	buf_release(&answer);
}

static void put_wrong_sums(struct feedback *fb)
{
	struct report report = facts_report(5, 5);

	feedback_put_report_open(fb);
	feedback_put_report(fb, &report);
}

/* ------------------------------------------------------------------ the commands */

/* Commands that end the mail: false from parse_mail, or never to return. */
static bool obey_last(const char *line, int input, struct feedback *fb, struct fault *fault)
{
	if (strcmp(line, "scribble") == 0 && write(input, "x", 1) == 1)
		put_text(fb, "input", "written");
	if (strcmp(line, "crash") == 0)
		do_crash();
	if (strcmp(line, "abort") == 0)
		abort();
	if (strcmp(line, "loop") == 0)
		do_loop();
	if (strcmp(line, "hang") == 0)
		do_hang();
	if (strcmp(line, "exit") == 0)
		_exit(3);
	if (strcmp(line, "flood") == 0)
		do_flood(fb);
	if (strcmp(line, "hang up") == 0) {
		close(SOCKET);
		do_loop();
	}
	if (strcmp(line, "eat and abort") == 0) {
		eat_memory();
		abort();
	}
	if (strcmp(line, "eat and trap") == 0) {
		eat_memory();
		raise(SIGTRAP);
	}
	if (strcmp(line, "eat") == 0)
		eat_memory();
	if (strncmp(line, "refuse ", 7) == 0)
		return fault_set(fault, FAULT_INPUT, "%s", line + 7);
	return fault_set(fault, FAULT_INPUT, "out of memory");
}

static bool is_last(const char *line)
{
	static const char *const last[] = { "crash", "abort", "loop", "hang", "exit", "flood", "hang up",
		"eat and abort", "eat and trap", "eat", "scribble" };

	for (size_t i = 0; i < sizeof last / sizeof *last; i++)
		if (strcmp(line, last[i]) == 0)
			return true;
	return strncmp(line, "refuse ", 7) == 0;
}

static void obey_frame(const char *line)
{
	static char large[100];
	struct wire_rewind far = { .at = 1 << 20 };
	struct buf wire = BUF(1000);

	if (strcmp(line, "overlong frame") == 0)
		say("\xff\xff\xff\x7f\x01", 5);
	if (strcmp(line, "unknown frame") == 0)
		say_frame(99, SPAN("x"));
	if (strcmp(line, "mail frame") == 0)
		say_frame(FRAME_MAIL, SPAN("x"));
	if (strcmp(line, "record outside") == 0)
		say_frame(FRAME_RECORD, SPAN("x"));
	if (strcmp(line, "malformed") == 0)
		say_frame(FRAME_PROBLEM, (struct span){ large, sizeof large });
	if (strcmp(line, "rewind nowhere") == 0 && wire_put_rewind(&wire, &far))
		say(wire.p, wire.n);
	if (strncmp(line, "raw question ", 13) == 0)
		say_frame(FRAME_QUESTION, span_of(line + 13));
	buf_release(&wire);
}

static void obey(const char *line, struct parser *parser, struct feedback *fb, bool *ended)
{
	static const struct mail_head head = { .date = INT64_MIN };

	if (strncmp(line, "records ", 8) == 0) {
		facts_put_mail(fb, (unsigned)strtoul(line + 8, NULL, 10));
		*ended = true;
	} else if (strcmp(line, "end") == 0 || strcmp(line, "after end") == 0) {
		feedback_put_end(fb, OUTCOME_NOT_A_REPORT, &head);
		*ended = true;
		if (strcmp(line, "after end") == 0)
			say_frame(FRAME_PROBLEM, SPAN("\1a\1b"));
	} else if (strcmp(line, "no end") == 0) {
		*ended = true;
	} else if (strcmp(line, "try") == 0 || strcmp(line, "try harmless") == 0) {
		try_all(fb, strcmp(line, "try") != 0);
	} else if (strcmp(line, "not utf-8") == 0) {
		put_text(fb, "text", "\xff\xfe");
	} else if (strcmp(line, "wrong sums") == 0) {
		put_wrong_sums(fb);
	} else if (strcmp(line, "ask by pid") == 0) {
		char name[64];

		snprintf(name, sizeof name, "p%d._domainkey.x", (int)getpid());
		ask(fb, name);
	} else if (strncmp(line, "ask ", 4) == 0) {
		ask(fb, line + 4);
	} else if (strcmp(line, "exit if used") == 0) {
		if (parser->mails > 1)
			_exit(3);
	} else if (strcmp(line, "count mails") == 0) {
		char text[24];

		snprintf(text, sizeof text, "%u", parser->mails);
		put_text(fb, "mails", text);
	} else if (strncmp(line, "say ", 4) == 0) {
		put_text(fb, "said", line + 4);
	} else {
		obey_frame(line);
	}
}

static size_t input_read(const struct parse_input *input, char *text)
{
	size_t n = 0;

	for (size_t i = 0; i < input->n; i++) {
		size_t length = (size_t)input->ranges[i].length;

		if (n + length < INPUT_MAX &&
			pread(input->fd, text + n, length, (off_t)input->ranges[i].offset) == (ssize_t)length)
			n += length;
	}
	text[n] = '\0';
	return n;
}

bool parse_mail(struct parser *parser, const struct parse_input *input, struct feedback *fb, struct fault *fault)
{
	static char text[INPUT_MAX];
	char *rest = text, *line;
	bool ended = false;

	parser->mails++;
	if (input_read(input, text) == 0)
		return fault_set(fault, FAULT_INPUT, "nothing could be read");
	while ((line = strsep(&rest, "\n")) != NULL) {
		if (is_last(line))
			return obey_last(line, input->fd, fb, fault);
		obey(line, parser, fb, &ended);
	}
	if (!ended)
		feedback_put_end(fb, OUTCOME_NOT_A_REPORT, NULL);
	return !feedback_fault(fb, fault);
}
