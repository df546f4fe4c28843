#include "cli/helper.h"
#include "base/child.h"
#include "base/escape.h"
#include "base/steady.h"
#include "ingest/frame.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#define WORDS_MOST 64
#define COMMANDS_MOST 256
#define COMMAND_OCTETS 4096
#define COMPLAINT_OCTETS 200

enum helping {
	HELPER_LEARN = 1, /* a command */
	HELPER_RUN,	  /* a command, its input as descriptor or none; from then on nothing is learned any more */
	HELPER_DONE = 64, /* output */
	HELPER_FAULT,	  /* kind, text, has it ended by itself? */
};

struct helper {
	pid_t pid;
	int socket;
	struct frame frame;
};

/* ---- words ---- */

/* One word from text[*at], appended to `word`. False: a quotation mark is left open. */
static bool word_take(struct span text, size_t *at, struct buf *word)
{
	char quote = 0;

	for (; *at < text.n; ++*at) {
		char c = text.p[*at];

		if (!quote && (c == ' ' || c == '\t'))
			break;
		if (!quote && (c == '\'' || c == '"'))
			quote = c;
		else if (quote && c == quote)
			quote = 0;
		else if (c == '\\' && quote != '\'' && *at + 1 < text.n)
			buf_put_byte(word, (unsigned char)text.p[++*at]);
		else
			buf_put_byte(word, (unsigned char)c);
	}
	return quote == 0;
}

bool command_split(struct span text, struct command_words *command, struct fault *fault)
{
	struct buf word = BUF(COMMAND_OCTETS);
	size_t at = 0;
	bool good = true;

	*command = (struct command_words){ .words = calloc(WORDS_MOST + 1, sizeof *command->words) };
	if (!command->words)
		return fault_set(fault, FAULT_LATER, "out of memory");
	for (text = span_trim(text); good && at < text.n;) {
		if (text.p[at] == ' ' || text.p[at] == '\t') {
			at++;
			continue;
		}
		buf_clear(&word);
		good = word_take(text, &at, &word) || fault_set(fault, FAULT_SETUP, "a quotation mark is left open");
		if (good && word.failed) /* another one would be run */
			good = fault_set(fault, FAULT_LATER, "out of memory");
		if (good && command->n == WORDS_MOST)
			good = fault_set(fault, FAULT_SETUP, "more than %d words", WORDS_MOST);
		if (good && !(command->words[command->n++] = strdup(buf_text(&word))))
			good = fault_set(fault, FAULT_LATER, "out of memory");
	}
	if (good && (command->n == 0 || command->words[0][0] != '/'))
		good = fault_set(fault, FAULT_SETUP, "a command begins with the absolute path of a program");
	buf_release(&word);
	if (!good)
		command_words_release(command);
	return good;
}

void command_words_release(struct command_words *command)
{
	for (size_t i = 0; i < command->n; i++)
		free(command->words[i]);
	free(command->words);
	*command = (struct command_words){ 0 };
}

/* ---- in the helper: one command ---- */

struct running {
	pid_t pid;
	int said, complained; /* pipes; -1 once they are closed */
	struct buf output;
	char complaint[COMPLAINT_OCTETS + 1]; /* the last line of it */
	size_t complaint_n;
	bool over; /* more was said than is taken */
};

static void program_become(char **words, int input, int said, int complained)
{
	static const int ignored[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU };

	setpgid(0, 0);
	for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
		signal(ignored[i], SIG_DFL);
	if ((input >= 0 && dup2(input, STDIN_FILENO) < 0) || dup2(said, STDOUT_FILENO) < 0 ||
		dup2(complained, STDERR_FILENO) < 0)
		_exit(127);
	close_range(STDERR_FILENO + 1, ~0u, 0);
	execv(words[0], words);
	dprintf(STDERR_FILENO, "%s\n", strerror(errno));
	_exit(127);
}

static bool running_begin(struct running *r, char **words, int input)
{
	int said[2] = { -1, -1 }, complained[2] = { -1, -1 };
	bool good = pipe2(said, O_CLOEXEC) == 0 && pipe2(complained, O_CLOEXEC) == 0;

	r->pid = good ? child_fork() : -1;
	if (r->pid == 0)
		program_become(words, input, said[1], complained[1]);
	if (said[1] >= 0)
		close(said[1]);
	if (complained[1] >= 0)
		close(complained[1]);
	r->said = said[0];
	r->complained = complained[0];
	return r->pid > 0;
}

static void pipe_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void output_read(struct running *r)
{
	char octets[1024];
	ssize_t n = read(r->said, octets, sizeof octets);

	if (n <= 0)
		pipe_end(&r->said);
	else if (!buf_put(&r->output, octets, (size_t)n))
		r->over = true;
	explicit_bzero(octets, sizeof octets);
}

static void complaint_read(struct running *r)
{
	char octets[1024];
	ssize_t n = read(r->complained, octets, sizeof octets);

	if (n <= 0)
		pipe_end(&r->complained);
	for (ssize_t i = 0; i < n; i++) {
		bool ended = r->complaint_n && r->complaint[r->complaint_n - 1] == '\n';

		if (ended)
			r->complaint_n = 0;
		if (r->complaint_n < COMPLAINT_OCTETS)
			r->complaint[r->complaint_n++] = octets[i];
		else if (octets[i] == '\n')
			r->complaint[COMPLAINT_OCTETS - 1] = '\n';
	}
}

/* Until both pipes are closed. What the command left running in the background dies with its group. */
static bool running_listen(struct running *r)
{
	int64_t end = steady_ms() + HELPER_SECONDS * 1000;

	while ((r->said >= 0 || r->complained >= 0) && !r->over) {
		struct pollfd pipes[] = { { r->said, POLLIN, 0 }, { r->complained, POLLIN, 0 } };
		int64_t left = end - steady_ms();

		if (left <= 0 || (poll(pipes, 2, (int)left) < 0 && errno != EINTR))
			return false;
		if (pipes[0].revents)
			output_read(r);
		if (pipes[1].revents)
			complaint_read(r);
	}
	return true;
}

static void command_run(char **words, int input, struct buf *output, bool *ended, struct fault *fault)
{
	struct running r = { .said = -1, .complained = -1, .output = BUF(HELPER_OCTETS) };
	bool in_time = false;
	int status = 0;

	*ended = true;
	if (!running_begin(&r, words, input)) {
		fault_set(fault, FAULT_LATER, "cannot be started: %s", strerror(errno));
	} else {
		in_time = running_listen(&r);
		*ended = in_time && !r.over;
		if (!*ended)
			kill(-r.pid, SIGKILL);
		while (waitpid(r.pid, &status, 0) < 0 && errno == EINTR)
			;
		kill(-r.pid, SIGKILL);
	}
	pipe_end(&r.said);
	pipe_end(&r.complained);
	struct span said = span_trim((struct span){ r.complaint, r.complaint_n });

	if (r.pid > 0 && r.over)
		fault_set(fault, FAULT_SETUP, "says more than %d octets", HELPER_OCTETS);
	else if (r.pid > 0 && !in_time)
		fault_set(fault, FAULT_LATER, "does not end within %d seconds", HELPER_SECONDS);
	else if (r.pid > 0 && status != 0)
		fault_set(fault, WIFEXITED(status) && WEXITSTATUS(status) == EX_TEMPFAIL ? FAULT_LATER : FAULT_SETUP,
			"ends with %s %d%s%.*s", WIFSIGNALED(status) ? "signal" : "status",
			WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), said.n ? ": " : "", (int)said.n,
			said.p);
	else if (r.pid > 0)
		buf_put_span(output, buf_span(&r.output));
	if (r.output.p)
		explicit_bzero(r.output.p, r.output.n);
	buf_release(&r.output);
}

/* ---- in the helper: its life ---- */

struct serving {
	struct command_words commands[COMMANDS_MOST];
	char *texts[COMMANDS_MOST];
	size_t n;
	bool sealed;
	struct frame frame;
};

static void say_fault(struct frame *frame, const struct fault *fault, bool ended)
{
	frame_begin(frame, HELPER_FAULT);
	frame_put_number(frame, fault->kind);
	frame_put_text(frame, span_of(fault->text));
	frame_put_number(frame, ended);
}

static bool command_keep(struct serving *s, struct span text, struct fault *fault)
{
	s->texts[s->n] = strndup(text.p, text.n);
	if (s->texts[s->n])
		return true;
	command_words_release(&s->commands[s->n]);
	return fault_set(fault, FAULT_LATER, "out of memory");
}

static void serve_learn(struct serving *s, struct span text)
{
	struct fault fault = { 0 };

	if (s->sealed || s->n == COMMANDS_MOST)
		fault_set(&fault, FAULT_BROKEN, "no more commands are learned");
	else if (command_split(text, &s->commands[s->n], &fault) && command_keep(s, text, &fault))
		s->n++;
	frame_begin(&s->frame, HELPER_DONE);
	if (fault.kind != FAULT_NONE)
		say_fault(&s->frame, &fault, true);
}

static void serve_run(struct serving *s, struct span text, int input)
{
	struct buf output = BUF(HELPER_OCTETS);
	struct fault fault = { 0 };
	bool ended = true;
	size_t i = 0;

	s->sealed = true;
	while (i < s->n && !span_is(span_of(s->texts[i]), text))
		i++;
	if (i < s->n)
		command_run(s->commands[i].words, input, &output, &ended, &fault);
	else
		fault_set(&fault, FAULT_BROKEN, "is not a command of the configuration");
	frame_begin(&s->frame, HELPER_DONE);
	frame_put_text(&s->frame, buf_span(&output));
	if (fault.kind != FAULT_NONE)
		say_fault(&s->frame, &fault, ended);
	if (output.p)
		explicit_bzero(output.p, output.n);
	buf_release(&output);
}

static void serving_free(struct serving *s)
{
	for (size_t i = 0; i < s->n; i++) {
		command_words_release(&s->commands[i]);
		free(s->texts[i]);
	}
	free(s);
}

static void helper_live(int socket)
{
	struct serving *s = calloc(1, sizeof *s);

	if (!s || !child_alone(socket))
		_exit(1);
	while (frame_receive(CHILD_SOCKET, &s->frame, -1) == 1) {
		char copy[COMMAND_OCTETS];
		uint32_t type = s->frame.type;
		int input = frame_take_fd(&s->frame);
		struct span text = frame_text(&s->frame, sizeof copy - 1);

		if (!frame_done(&s->frame) || !text.p)
			_exit(1);
		memcpy(copy, text.p, text.n);
		text.p = copy;
		if (type == HELPER_LEARN)
			serve_learn(s, text);
		else
			serve_run(s, text, input);
		if (input >= 0)
			close(input);
		if (!frame_send(CHILD_SOCKET, &s->frame))
			_exit(1);
		explicit_bzero(s->frame.octets, s->frame.n);
	}
	serving_free(s);
	_exit(0);
}

/* ---- in the supervisor ---- */

struct helper *helper_start(struct fault *fault)
{
	struct helper *helper = calloc(1, sizeof *helper);
	int pair[2];

	if (!helper || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
		fault_set(fault, FAULT_LATER, "the helper process: %s", strerror(errno));
		free(helper);
		return NULL;
	}
	helper->pid = child_fork();
	if (helper->pid == 0)
		helper_live(pair[1]);
	close(pair[1]);
	helper->socket = pair[0];
	if (helper->pid > 0)
		return helper;
	fault_set(fault, FAULT_LATER, "the helper process: %s", strerror(errno));
	close(pair[0]);
	free(helper);
	return NULL;
}

void helper_stop(struct helper *helper)
{
	if (!helper)
		return;
	child_end(helper->pid, helper->socket);
	free(helper);
}

bool helper_gone(const struct helper *helper)
{
	return child_gone(helper->socket);
}

static bool helper_ask(
	struct helper *helper, enum helping type, const char *command, int input, bool *ended, struct fault *fault)
{
	struct frame *frame = &helper->frame;
	enum fault_kind kind;
	struct buf shown = BUF(8 * sizeof fault->text);

	frame_begin(frame, type);
	frame_put_text(frame, span_of(command));
	frame->fd = input;
	*ended = false;
	if (!frame_send(helper->socket, frame) ||
		frame_receive(helper->socket, frame, (HELPER_SECONDS + 10) * 1000) != 1)
		return fault_set(fault, FAULT_LATER, "the helper process is gone");
	*ended = true;
	if (frame->type == HELPER_DONE)
		return true;
	kind = (enum fault_kind)frame_number(frame, FAULT_BROKEN);
	escape_terminal(&shown, frame_text(frame, sizeof fault->text));
	fault_set(fault, kind == FAULT_NONE ? FAULT_BROKEN : kind, "%s", buf_text(&shown));
	buf_release(&shown);
	*ended = frame_number(frame, 1) != 0;
	return false;
}

bool helper_learn(struct helper *helper, const char *command, struct fault *fault)
{
	bool ended;

	return helper_ask(helper, HELPER_LEARN, command, -1, &ended, fault);
}

bool helper_run(struct helper *helper, const char *command, struct buf *output, struct fault *fault)
{
	bool ended;

	return helper_feed(helper, command, -1, output, &ended, fault);
}

bool helper_feed(
	struct helper *helper, const char *command, int input, struct buf *output, bool *ended, struct fault *fault)
{
	struct span said;

	if (!helper_ask(helper, HELPER_RUN, command, input, ended, fault))
		return false;
	said = frame_text(&helper->frame, HELPER_OCTETS);
	buf_put_span(output, said.p ? said : SPAN(""));
	explicit_bzero(helper->frame.octets, helper->frame.n);
	return !output->failed || fault_set(fault, FAULT_LATER, "says too much");
}
