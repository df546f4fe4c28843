#include "ingest/resolver.h"

#include "base/child.h"
#include "ingest/resolver_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT_MAX 65535
#define GREETING_MILLISECONDS 10000
#define OVERDUE_MILLISECONDS 2000 /* beyond its own limit, for the process to say that nothing came */

struct question {
	uint64_t serial; /* 0: free */
	uint64_t token;
	enum dns_type type;
	uint16_t n;
	char name[DNS_NAME_MAX + 1];
};

struct resolver {
	int socket;
	int orphans; /* an eventfd, which takes the socket's place once the process is gone */
	pid_t pid;   /* 0: none */
	int overdue; /* milliseconds */
	char server[RESOLVER_SERVER_TEXT];
	bool from_file;
	unsigned silence; /* see struct resolver_options */
	struct resolver_state state;
	uint64_t serial;
	size_t n;
	struct question questions[RESOLVER_OUTSTANDING];
	char frame[DNSFRAME_MAX];
};

/* ------------------------------------------------------------------ settings */

bool resolver_server_parse(struct span text, char server[RESOLVER_SERVER_TEXT])
{
	const char *at = text.n ? memchr(text.p, '@', text.n) : NULL;
	struct span host = { text.p, at ? (size_t)(at - text.p) : text.n };
	unsigned long long port = 0;
	char address_text[ADDRESS_TEXT];
	struct address address;

	if (span_is(text, SPAN(RESOLVER_SYSTEM))) {
		memcpy(server, RESOLVER_SYSTEM, sizeof RESOLVER_SYSTEM);
		return true;
	}
	if (!address_parse(host, &address))
		return false;
	if (at && (!span_number((struct span){ at + 1, text.n - host.n - 1 }, PORT_MAX, &port) || port == 0))
		return false;
	address_format(&address, address_text);
	if (port)
		snprintf(server, RESOLVER_SERVER_TEXT, "%s@%u", address_text, (unsigned)(uint16_t)port);
	else
		snprintf(server, RESOLVER_SERVER_TEXT, "%s", address_text);
	return true;
}

/* ------------------------------------------------------------------ birth and death */

/* Readable while questions wait, as the caller polls it. */
static void orphans_show(const struct resolver *resolver)
{
	uint64_t count = 1;
	ssize_t done = resolver->n ? write(resolver->orphans, &count, sizeof count)
				   : read(resolver->orphans, &count, sizeof count);

	(void)done; /* it is what it should be already */
}

/* A socket whose other end is closed would be readable for ever, and the caller's loop never rest. */
static void resolver_give_up(struct resolver *resolver)
{
	if (resolver->state.gone)
		return;
	resolver->state.gone = true;
	child_kill(resolver->pid);
	resolver->pid = 0;
	dup3(resolver->orphans, resolver->socket, O_CLOEXEC);
	orphans_show(resolver);
}

static bool greeting_read(struct resolver *resolver, struct fault *fault)
{
	struct pollfd ready = { resolver->socket, POLLIN, 0 };
	struct resolver_greeting greeting;

	while (poll(&ready, 1, GREETING_MILLISECONDS) < 0 && errno == EINTR)
		;
	if (recv(resolver->socket, &greeting, sizeof greeting, MSG_DONTWAIT) != (ssize_t)sizeof greeting)
		return fault_set(fault, FAULT_LATER, "the resolver process did not start");
	if (greeting.fault.kind != FAULT_NONE) {
		greeting.fault.text[sizeof greeting.fault.text - 1] = '\0';
		return fault_set(fault, greeting.fault.kind == FAULT_SETUP ? FAULT_SETUP : FAULT_LATER, "%s",
			greeting.fault.text);
	}
	resolver->state.protections = greeting.protections;
	return true;
}

static bool resolver_fork(struct resolver *resolver, const struct resolver_options *options, struct fault *fault)
{
	int sockets[2];

	if (resolver->orphans < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0)
		return fault_set(fault, FAULT_LATER, "cannot start the resolver: %s", strerror(errno));
	resolver->socket = sockets[0];
	resolver->pid = child_fork();
	if (resolver->pid == 0) {
		if (child_alone(sockets[1]))
			resolver_process_run(options);
		_exit(0);
	}
	close(sockets[1]);
	if (resolver->pid < 0)
		return fault_set(fault, FAULT_LATER, "cannot start the resolver: %s", strerror(errno));
	return greeting_read(resolver, fault);
}

struct resolver *resolver_start(const struct resolver_options *options, struct fault *fault)
{
	const char *server = options->server ? options->server : RESOLVER_SYSTEM;
	unsigned milliseconds = options->milliseconds ? options->milliseconds : RESOLVER_SECONDS * 1000;
	struct resolver *resolver = calloc(1, sizeof *resolver);
	struct resolver_options complete = *options;

	if (!resolver) {
		fault_set(fault, FAULT_LATER, "memory is short");
		return NULL;
	}
	resolver->socket = -1;
	resolver->orphans = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	resolver->from_file = options->file.ask != NULL;
	resolver->silence = options->silence ? options->silence : RESOLVER_SILENCE;
	resolver->state.offline = options->offline;
	resolver->overdue = (int)milliseconds + OVERDUE_MILLISECONDS;
	complete.server = resolver->server;
	complete.milliseconds = milliseconds;
	complete.questions = options->questions ? options->questions : RESOLVER_QUESTIONS;
	if (!resolver_server_parse(span_of(server), resolver->server)) {
		fault_set(fault, FAULT_SETUP, "resolver %s: neither `" RESOLVER_SYSTEM "` nor ADDRESS[@PORT]", server);
		resolver_stop(resolver);
		return NULL;
	}
	if (!resolver_fork(resolver, &complete, fault)) {
		resolver_stop(resolver);
		return NULL;
	}
	return resolver;
}

void resolver_stop(struct resolver *resolver)
{
	if (!resolver)
		return;
	if (resolver->pid > 0)
		child_end(resolver->pid, resolver->socket);
	else if (resolver->socket >= 0)
		close(resolver->socket);
	if (resolver->orphans >= 0)
		close(resolver->orphans);
	free(resolver);
}

/* ------------------------------------------------------------------ asking */

int resolver_descriptor(const struct resolver *resolver)
{
	return resolver->socket;
}

size_t resolver_outstanding(const struct resolver *resolver)
{
	return resolver->n;
}

static struct question *question_find(struct resolver *resolver, uint64_t serial)
{
	for (size_t i = 0; i < RESOLVER_OUTSTANDING; i++)
		if (resolver->questions[i].serial == serial)
			return &resolver->questions[i];
	return NULL;
}

bool resolver_ask(struct resolver *resolver, uint64_t token, struct span name, enum dns_type type)
{
	struct question *question = question_find(resolver, 0);
	struct dnsframe_question frame;

	if (!question)
		return false;
	memset(&frame, 0, sizeof frame);
	frame.serial = ++resolver->serial;
	frame.type = (uint16_t)type;
	/* One too long goes as an empty one and is answered as what it is: no name. */
	frame.n = (uint16_t)(name.n < sizeof frame.name ? name.n : 0);
	if (frame.n)
		memcpy(frame.name, name.p, frame.n);
	*question = (struct question){ frame.serial, token, type, frame.n, "" };
	memcpy(question->name, frame.name, sizeof question->name);
	resolver->n++;
	if (resolver->state.gone)
		orphans_show(resolver);
	else if (send(resolver->socket, &frame, sizeof frame, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)sizeof frame)
		resolver_give_up(resolver);
	return true;
}

/* ------------------------------------------------------------------ answers */

static void question_close(struct resolver *resolver, struct question *question, uint64_t *token)
{
	*token = question->token;
	question->serial = 0;
	resolver->n--;
}

/* Once the process is gone: the questions that wait, one at a time. */
static bool next_orphan(struct resolver *resolver, uint64_t *token, struct arena *arena, struct dns_answer *answer)
{
	for (size_t i = 0; i < RESOLVER_OUTSTANDING; i++) {
		struct question *question = &resolver->questions[i];

		if (question->serial == 0)
			continue;
		*answer = (struct dns_answer){
			.name = arena_copy(arena, (struct span){ question->name, question->n }),
			.type = question->type,
			.status = DNS_UNASKED,
		};
		question_close(resolver, question, token);
		orphans_show(resolver);
		return true;
	}
	return false;
}

/* False: not an answer to a question that waits. */
static bool frame_read(
	struct resolver *resolver, struct span frame, uint64_t *token, struct arena *arena, struct dns_answer *answer)
{
	struct dnsframe_head head;
	struct question *question;
	struct span name;

	if (frame.n < sizeof head)
		return false;
	memcpy(&head, frame.p, sizeof head);
	question = head.serial ? question_find(resolver, head.serial) : NULL;
	if (!question || head.validation >= RESOLVER_VALIDATIONS)
		return false;
	name = arena_copy(arena, (struct span){ question->name, question->n });
	if (!dnsframe_get(frame, name, question->type, arena, &head, answer)) {
		if (!arena->failed)
			return false;
		*answer = (struct dns_answer){ .name = name, .type = question->type, .status = DNS_SERVFAIL };
	}
	resolver->state.validation = head.validation;
	resolver->state.offline = head.offline != 0;
	resolver->state.asked = head.asked;
	question_close(resolver, question, token);
	return true;
}

bool resolver_next(struct resolver *resolver, uint64_t *token, struct arena *arena, struct dns_answer *answer)
{
	ssize_t n;

	if (!resolver->state.gone) {
		do
			n = recv(resolver->socket, resolver->frame, sizeof resolver->frame, MSG_DONTWAIT | MSG_TRUNC);
		while (n < 0 && errno == EINTR);
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return false;
		if (n > 0 && (size_t)n <= sizeof resolver->frame &&
			frame_read(resolver, (struct span){ resolver->frame, (size_t)n }, token, arena, answer))
			return true;
		resolver_give_up(resolver);
	}
	return next_orphan(resolver, token, arena, answer);
}

static void dns_blocking(
	void *arg, struct span name, enum dns_type type, struct arena *arena, struct dns_answer *answer)
{
	struct resolver *resolver = arg;
	uint64_t token;

	*answer = (struct dns_answer){ .name = name, .type = type, .status = DNS_SERVFAIL };
	if (resolver->n || !resolver_ask(resolver, 0, name, type))
		return;
	while (!resolver_next(resolver, &token, arena, answer)) {
		struct pollfd ready = { resolver->socket, POLLIN, 0 };
		int n = poll(&ready, 1, resolver->overdue);

		if (n == 0 || (n < 0 && errno != EINTR))
			resolver_give_up(resolver);
	}
}

struct dns resolver_dns(struct resolver *resolver)
{
	return (struct dns){ dns_blocking, resolver };
}

/* ------------------------------------------------------------------ what is known by now */

struct resolver_state resolver_state(const struct resolver *resolver)
{
	return resolver->state;
}

const char *resolver_describe(const struct resolver *resolver, char text[RESOLVER_TEXT])
{
	static const char *const validation[RESOLVER_VALIDATIONS] = {
		[RESOLVER_UNPROBED] = "not asked yet",
		[RESOLVER_VALIDATING] = "answers are validated (DNSSEC)",
		[RESOLVER_UNVALIDATED] = "answers are not validated, because the name server gave no DNSSEC proof",
	};

	if (resolver->state.gone)
		snprintf(text, RESOLVER_TEXT, "DNS: the resolver process has ended; nothing more is asked");
	else if (resolver->from_file)
		snprintf(text, RESOLVER_TEXT, "DNS from a file");
	else if (resolver->state.offline && resolver->state.asked)
		snprintf(text, RESOLVER_TEXT,
			"DNS through %s: no answer to %u questions in a row; offline for this run", resolver->server,
			resolver->silence);
	else if (resolver->state.offline)
		snprintf(text, RESOLVER_TEXT, "DNS: offline");
	else
		snprintf(text, RESOLVER_TEXT, "DNS through %s: %s", resolver->server,
			validation[resolver->state.validation]);
	return text;
}
