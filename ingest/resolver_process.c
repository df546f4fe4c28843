#include "ingest/resolver_process.h"

#include "base/child.h"
#include "base/sandbox.h"
#include "ingest/dnspacket.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unbound-event.h>
#include <unbound.h>
#include <unistd.h>

#define DEBIAN_ANCHOR "/usr/share/dns/root.key" /* package dns-root-data */
#define ANCHOR_OCTETS 65536
#define ANCHOR_LINE 4096
#define CLASS_IN 1
#define TYPE_DNSKEY 48
#define RCODE_NXDOMAIN 3
#define SEC_BOGUS 1
#define SEC_SECURE 2
#define SILENT_NAMES 1024
#define MEMORY_OCTETS ((uint64_t)256 * 1000 * 1000) /* beyond what the process is born with */

/* The key signing keys of the root since 2017 and 2024 (data.iana.org/root-anchors). */
static const char known_roots[] =
	". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n"
	". IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16\n";

/* libunbound's view of RESOLVER_TTL_MAX and its kin. Its own local zones would answer for private addresses, which the
 * name server of the house may know; key tags told to the root (RFC 8145) would be a word too many. */
static const struct {
	const char *name, *value;
} settings[] = {
	{ "cache-max-ttl:", "86400" },
	{ "cache-max-negative-ttl:", "300" },
	{ "msg-cache-size:", "4m" },
	{ "rrset-cache-size:", "8m" },
	{ "key-cache-size:", "1m" },
	{ "neg-cache-size:", "1m" },
	{ "outgoing-range:", "192" },
	{ "outgoing-num-tcp:", "10" },
	{ "num-queries-per-thread:", "128" },
	{ "do-not-query-localhost:", "no" },
	{ "unblock-lan-zones:", "yes" },
	{ "trust-anchor-signaling:", "no" },
	{ "use-syslog:", "no" },
};

struct pending {
	uint64_t serial;	    /* 0: free */
	struct dns_answer question; /* name (in `text`) and type */
	bool waiting;		    /* for the probe */
	struct event *timer;
	char text[DNS_NAME_MAX + 1];
};

/* One to a process: what libunbound hands back with an answer is the serial of the question alone, because the question
 * may be over by then. */
static struct {
	struct resolver_options options;
	struct timeval limit; /* of one question */
	struct event_base *base;
	struct event *socket;
	struct ub_ctx *validating, *plain;
	char probe[DNS_NAME_MAX + 1]; /* owner of the trust anchor */
	enum resolver_validation validation;
	bool probing, offline;
	uint32_t asked;
	struct pending pending[RESOLVER_OUTSTANDING];
	/* Domains that were silent in a row, and names that were silent at all, oldest overwritten. */
	char silence[RESOLVER_SILENCE_MOST][DNS_NAME_MAX + 1];
	unsigned in_a_row;
	char silent[SILENT_NAMES][DNS_NAME_MAX + 1];
	size_t silents;
	struct arena arena;
	struct buf frame;
} self;

/* ------------------------------------------------------------------ answering */

static void reply(uint64_t serial, const struct dns_answer *answer)
{
	struct dnsframe_head head;

	memset(&head, 0, sizeof head);
	head.serial = serial;
	head.asked = self.asked;
	head.validation = (uint8_t)self.validation;
	head.offline = self.offline;
	buf_clear(&self.frame);
	if (!dnsframe_put(&self.frame, &head, answer) ||
		send(CHILD_SOCKET, self.frame.p, self.frame.n, MSG_NOSIGNAL) < 0)
		event_base_loopbreak(self.base);
	arena_clear(&self.arena);
}

static void reply_status(uint64_t serial, const struct dns_answer *question, enum dns_status status)
{
	struct dns_answer answer = { .name = question->name, .type = question->type, .status = status };

	answer.security = DNS_UNVALIDATED;
	reply(serial, &answer);
}

static void pending_close(struct pending *pending)
{
	evtimer_del(pending->timer);
	pending->serial = 0;
}

static void pending_end(struct pending *pending, enum dns_status status)
{
	reply_status(pending->serial, &pending->question, status);
	pending_close(pending);
}

/* ------------------------------------------------------------------ silence */

/* What stands behind `_domainkey.`: selectors of one domain are silent together. */
static const char *domain_of(const char *name)
{
	static const char mark[] = "._domainkey.";
	const char *at = strstr(name, mark);

	return at ? at + sizeof mark - 1 : name;
}

static bool was_silent(const char *name)
{
	size_t n = self.silents < SILENT_NAMES ? self.silents : SILENT_NAMES;

	for (size_t i = 0; i < n; i++)
		if (strcmp(self.silent[i], name) == 0)
			return true;
	return false;
}

static void silence_note(const char *name)
{
	unsigned most = self.options.silence ? self.options.silence : RESOLVER_SILENCE;
	const char *domain = domain_of(name);

	most = most < RESOLVER_SILENCE_MOST ? most : RESOLVER_SILENCE_MOST;
	snprintf(self.silent[self.silents++ % SILENT_NAMES], sizeof self.silent[0], "%s", name);
	for (unsigned i = 0; i < self.in_a_row; i++)
		if (strcmp(self.silence[i], domain) == 0)
			return;
	if (self.in_a_row < most)
		snprintf(self.silence[self.in_a_row++], sizeof self.silence[0], "%s", domain);
	self.offline |= self.in_a_row == most;
}

static void timed_out(evutil_socket_t fd, short what, void *arg)
{
	struct pending *pending = arg;

	(void)fd;
	(void)what;
	silence_note(pending->text);
	pending_end(pending, DNS_TIMEOUT);
}

/* ------------------------------------------------------------------ looking up */

static struct pending *pending_find(uintptr_t serial)
{
	for (size_t i = 0; i < RESOLVER_OUTSTANDING; i++)
		if ((uintptr_t)self.pending[i].serial == serial)
			return &self.pending[i];
	return NULL;
}

static void looked_up(void *arg, int rcode, void *packet, int n, int sec, char *why, int limited)
{
	struct pending *pending = pending_find((uintptr_t)arg);
	struct dns_answer answer;

	(void)why;
	(void)limited;
	if (rcode == 0 || rcode == RCODE_NXDOMAIN || pending)
		self.in_a_row = 0;
	if (!pending)
		return;
	if (sec == SEC_BOGUS) {
		pending_end(pending, DNS_BOGUS);
		return;
	}
	/* With a code there is no packet to look at, only what the last answer left in the buffer; NXDOMAIN has none. */
	if (rcode != 0 || !packet || n <= 0) {
		pending_end(pending, rcode == RCODE_NXDOMAIN ? DNS_NXDOMAIN : DNS_SERVFAIL);
		return;
	}
	dnspacket_read((struct span){ packet, (size_t)n }, pending->question.name, pending->question.type, &self.arena,
		&answer);
	if (answer.ttl > RESOLVER_TTL_MAX)
		answer.ttl = RESOLVER_TTL_MAX;
	if (answer.n == 0 && answer.ttl > RESOLVER_NEGATIVE_TTL_MAX)
		answer.ttl = RESOLVER_NEGATIVE_TTL_MAX;
	if (self.validation != RESOLVER_VALIDATING || answer.status == DNS_SERVFAIL)
		answer.security = DNS_UNVALIDATED;
	else
		answer.security = sec == SEC_SECURE ? DNS_SECURE : DNS_UNSIGNED;
	reply(pending->serial, &answer);
	pending_close(pending);
}

/* libunbound may call back before it returns; `pending` is not touched after that. */
static void look_up(struct pending *pending)
{
	struct ub_ctx *context = self.validation == RESOLVER_VALIDATING ? self.validating : self.plain;
	uint64_t serial = pending->serial;

	pending->waiting = false;
	if (ub_resolve_event(context, pending->text, (int)pending->question.type, CLASS_IN, (void *)(uintptr_t)serial,
		    looked_up, NULL) != 0 &&
		pending->serial == serial)
		pending_end(pending, DNS_SERVFAIL);
}

static void probed(void *arg, int rcode, void *packet, int n, int sec, char *why, int limited)
{
	(void)arg;
	(void)rcode;
	(void)packet;
	(void)n;
	(void)why;
	(void)limited;
	self.probing = false;
	self.validation = sec == SEC_SECURE ? RESOLVER_VALIDATING : RESOLVER_UNVALIDATED;
	for (size_t i = 0; i < RESOLVER_OUTSTANDING; i++)
		if (self.pending[i].serial && self.pending[i].waiting)
			look_up(&self.pending[i]);
}

static void probe(void)
{
	if (self.probing)
		return;
	self.probing = true;
	if (ub_resolve_event(self.validating, self.probe, TYPE_DNSKEY, CLASS_IN, NULL, probed, NULL) != 0)
		probed(NULL, 0, NULL, 0, 0, NULL, 0);
}

/* ------------------------------------------------------------------ questions */

static void question_open(uint64_t serial, const struct dns_answer *question)
{
	struct pending *pending = pending_find(0);

	if (!pending || self.asked == self.options.questions) {
		reply_status(serial, question, DNS_UNASKED);
		return;
	}
	self.asked++;
	pending->serial = serial;
	pending->question = *question;
	memcpy(pending->text, question->name.p, question->name.n);
	pending->text[question->name.n] = '\0';
	pending->question.name.p = pending->text;
	pending->waiting = self.validation == RESOLVER_UNPROBED;
	evtimer_add(pending->timer, &self.limit);
	if (pending->waiting)
		probe();
	else
		look_up(pending);
}

/* Lower-case and without a trailing dot, so that one name has one spelling. False: no name. */
static bool name_take(const struct dnsframe_question *frame, char name[DNS_NAME_MAX + 1], size_t *n)
{
	*n = frame->n;
	if (*n > DNS_NAME_MAX || !dnspacket_name_fits((struct span){ frame->name, *n }))
		return false;
	if (frame->name[*n - 1] == '.')
		--*n;
	for (size_t i = 0; i < *n; i++) {
		char c = frame->name[i];

		name[i] = c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
	}
	name[*n] = '\0';
	return true;
}

static void question_take(const struct dnsframe_question *frame)
{
	char name[DNS_NAME_MAX + 1] = "";
	struct dns_answer question = { .name = { name, 0 }, .type = frame->type };
	struct dns_answer answer;

	if (!name_take(frame, name, &question.name.n) || *dns_type_word(question.type) == '?') {
		reply_status(frame->serial, &question, DNS_SERVFAIL);
	} else if (self.options.file.ask) {
		answer = dns_ask(self.options.file, question.name, question.type, &self.arena);
		reply(frame->serial, &answer);
	} else if (self.offline) {
		reply_status(frame->serial, &question, DNS_UNASKED);
	} else if (was_silent(name)) {
		reply_status(frame->serial, &question, DNS_TIMEOUT);
	} else {
		question_open(frame->serial, &question);
	}
}

static void readable(evutil_socket_t fd, short what, void *arg)
{
	struct dnsframe_question frame;
	ssize_t n = recv(fd, &frame, sizeof frame, MSG_DONTWAIT);

	(void)what;
	(void)arg;
	if (n == (ssize_t)sizeof frame && frame.serial)
		question_take(&frame);
	else if (n >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
		event_base_loopbreak(self.base);
}

/* ------------------------------------------------------------------ birth: all that needs files */

static bool anchor_add(char *line, struct fault *fault)
{
	size_t owner = strcspn(line, " \t");
	int wrong;

	line[strcspn(line, ";#\r\n")] = '\0';
	if (line[strspn(line, " \t")] == '\0')
		return true;
	if (owner > DNS_NAME_MAX)
		return fault_set(fault, FAULT_SETUP, "trust anchor: the owner is no name");
	if (!self.probe[0])
		memcpy(self.probe, line, owner);
	wrong = ub_ctx_add_ta(self.validating, line);
	return wrong == 0 || fault_set(fault, FAULT_SETUP, "trust anchor: %s", ub_strerror(wrong));
}

/* The file that was named, or Debian's, or what is known here. */
static FILE *anchors_open(const char *named, struct fault *fault)
{
	FILE *file = fopen(named ? named : DEBIAN_ANCHOR, "re");

	if (!file && named)
		fault_set(fault, FAULT_SETUP, "trust anchor %s: %s", named, strerror(errno));
	else if (!file)
		file = fmemopen((void *)(uintptr_t)known_roots, sizeof known_roots - 1, "r");
	if (!file && !named)
		fault_set(fault, FAULT_LATER, "memory is short");
	return file;
}

static bool anchors_load(struct fault *fault)
{
	FILE *file = anchors_open(self.options.anchor, fault);
	char line[ANCHOR_LINE];
	size_t octets = 0;
	bool good = file != NULL;

	while (good && fgets(line, sizeof line, file)) {
		octets += strlen(line);
		good = octets <= ANCHOR_OCTETS && (strchr(line, '\n') || feof(file));
		if (!good)
			fault_set(fault, FAULT_SETUP, "trust anchor: more octets than any has");
		good = good && anchor_add(line, fault);
	}
	if (good && !self.probe[0])
		good = fault_set(fault, FAULT_SETUP, "trust anchor: the file holds none");
	if (file)
		fclose(file);
	return good;
}

/* resolv.conf(5): without the file, the name server of this machine. */
static int servers_set(struct ub_ctx *context)
{
	int wrong;

	if (strcmp(self.options.server, RESOLVER_SYSTEM) != 0)
		return ub_ctx_set_fwd(context, self.options.server);
	wrong = ub_ctx_resolvconf(context, NULL);
	return wrong == UB_READFILE ? ub_ctx_set_fwd(context, "127.0.0.1") : wrong;
}

/* In the form that works on the caller's event loop: no thread, no second process (ub_ctx_async would start one). */
static struct ub_ctx *context_new(const char *modules, struct fault *fault)
{
	struct ub_ctx *context = ub_ctx_create_event(self.base);
	int wrong = context ? ub_ctx_set_option(context, "module-config:", modules) : UB_NOMEM;

	for (size_t i = 0; wrong == 0 && i < sizeof settings / sizeof *settings; i++)
		wrong = ub_ctx_set_option(context, settings[i].name, settings[i].value);
	if (wrong == 0)
		wrong = servers_set(context);
	if (wrong == 0)
		return context;
	fault_set(fault, FAULT_SETUP, "resolver %s: %s", self.options.server, ub_strerror(wrong));
	ub_ctx_delete(context);
	return NULL;
}

/* Settings take effect with the first use, which is made before the process is locked: removing what is not there. */
static bool context_settle(struct ub_ctx *context, struct fault *fault)
{
	int wrong = ub_ctx_data_remove(context, "nothing.invalid.");

	return wrong == 0 || fault_set(fault, FAULT_SETUP, "resolver %s, or its trust anchor: %s", self.options.server,
				     ub_strerror(wrong));
}

static bool network_ready(struct fault *fault)
{
	self.plain = context_new("iterator", fault);
	self.validating = self.plain ? context_new("validator iterator", fault) : NULL;
	return self.validating && anchors_load(fault) && context_settle(self.plain, fault) &&
	       context_settle(self.validating, fault);
}

static bool loop_ready(struct fault *fault)
{
	bool good;

	self.base = event_base_new();
	self.socket = self.base ? event_new(self.base, CHILD_SOCKET, EV_READ | EV_PERSIST, readable, NULL) : NULL;
	good = self.socket && event_add(self.socket, NULL) == 0;
	for (size_t i = 0; good && i < RESOLVER_OUTSTANDING; i++) {
		self.pending[i].timer = evtimer_new(self.base, timed_out, &self.pending[i]);
		good = self.pending[i].timer != NULL;
	}
	return good || fault_set(fault, FAULT_LATER, "memory or descriptors are short");
}

static void all_free(void)
{
	ub_ctx_delete(self.validating);
	ub_ctx_delete(self.plain);
	for (size_t i = 0; i < RESOLVER_OUTSTANDING; i++)
		if (self.pending[i].timer)
			event_free(self.pending[i].timer);
	if (self.socket)
		event_free(self.socket);
	if (self.base)
		event_base_free(self.base);
	arena_release(&self.arena);
	buf_release(&self.frame);
}

static uint64_t born_octets(void)
{
	char text[64] = "";
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;

	if (fd >= 0)
		close(fd);
	return n > 0 ? strtoull(text, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

void resolver_process_run(const struct resolver_options *options)
{
	struct resolver_greeting greeting;
	bool ready;

	memset(&greeting, 0, sizeof greeting);
	self.options = *options;
	self.limit = (struct timeval){ options->milliseconds / 1000, options->milliseconds % 1000 * 1000 };
	self.offline = options->offline;
	self.arena = ARENA(RESOLVER_ANSWER_OCTETS);
	self.frame = BUF(2 * DNSFRAME_MAX);
	ready = loop_ready(&greeting.fault) &&
		(options->offline || options->file.ask || network_ready(&greeting.fault));
	if (ready && !options->unlocked) {
		uint64_t born = born_octets();

		greeting.protections = sandbox_lock(
			SANDBOX_RESOLVER, &(struct sandbox_ceilings){ .memory = born ? born + MEMORY_OCTETS : 0 });
	}
	if (send(CHILD_SOCKET, &greeting, sizeof greeting, MSG_NOSIGNAL) == (ssize_t)sizeof greeting && ready)
		event_base_dispatch(self.base);
	all_free();
}
