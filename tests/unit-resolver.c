/* The resolver without a real name server: hostile packets and frames, servers that are silent or die, the lock. What a
 * real server says is in tests/resolver.t. */
#include "base/sandbox.h"
#include "ingest/dnsframe.h"
#include "ingest/dnspacket.h"
#include "ingest/resolver.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static struct arena arena = { .max = RESOLVER_ANSWER_OCTETS };

/* ------------------------------------------------------------------ settings */

static void test_server(void **state)
{
	static const struct {
		const char *text, *server; /* NULL: refused */
	} rows[] = {
		{ "system", "system" },
		{ "192.0.2.1", "192.0.2.1" },
		{ "192.0.2.1@5353", "192.0.2.1@5353" },
		{ "2001:DB8::0:1@53", "2001:db8::1@53" },
		{ "[2001:db8::1]", "2001:db8::1" },
		{ "", NULL },
		{ "ns.example", NULL },
		{ "192.0.2.1@", NULL },
		{ "192.0.2.1@0", NULL },
		{ "192.0.2.1@65536", NULL },
		{ "192.0.2.1@53@53", NULL },
		{ "192.0.2.1:53", NULL },
		{ "system@53", NULL },
	};
	char server[RESOLVER_SERVER_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool fits = resolver_server_parse(span_of(rows[i].text), server);

		assert_int_equal(fits, rows[i].server != NULL);
		if (fits)
			assert_string_equal(server, rows[i].server);
	}
}

/* ------------------------------------------------------------------ packets */

/* clang-format off */

/* An answer of `n` records to a question for n.example TXT; the parts are octets as C writes them. */
#define HEAD(code, n, authority) "\x12\x34\x81" code "\0\1\0" n "\0" authority "\0\0"
#define ASKED "\1n\7example\0\0\x10\0\1"
#define TYPE_AT 24 /* its low octet */
#define AT_ASKED "\xc0\x0c"
#define AT_EXAMPLE "\xc0\x0e"
#define TXT "\0\x10\0\1"
#define CNAME "\0\5\0\1"
#define SOA "\0\6\0\1"
#define TTL "\0\0\1\0"
#define OCTETS(literal) ((struct span){ "" literal, sizeof(literal) - 1 })

static struct dns_answer read_packet(struct span packet, enum dns_type type)
{
	struct dns_answer answer;
	char *exact = malloc(packet.n ? packet.n : 1); /* a sanitizer sees one octet too far */

	arena_clear(&arena);
	memcpy(exact, packet.p, packet.n);
	dnspacket_read((struct span){ exact, packet.n }, SPAN("n.example"), type, &arena, &answer);
	free(exact);
	return answer;
}

static void assert_text(struct span text, const char *want)
{
	assert_int_equal(text.n, strlen(want));
	assert_memory_equal(text.p, want, text.n);
}

static void test_packet(void **state)
{
	struct dns_answer answer;

	(void)state;
	answer = read_packet(OCTETS(HEAD("\x80", "\2", "\0") ASKED
			AT_ASKED TXT TTL "\0\7" "\2bb\0\2cc" /* an empty string in the middle */
			"\1N\7EXAMPLE\0" TXT "\0\0\0\x7" "\0\3" "\2aa"), DNS_TYPE_TXT);
	assert_int_equal(answer.status, DNS_OK);
	assert_int_equal(answer.n, 2);
	assert_int_equal(answer.ttl, 7);
	assert_text(answer.owner, "n.example");
	assert_text(answer.data[0].text, "aa");
	assert_text(answer.data[1].text, "bbcc");
	assert_int_equal(answer.data[1].strings, 3);
	assert_int_equal(answer.data[1].string_end[0], 2);
	assert_int_equal(answer.data[1].string_end[1], 2);

	/* The alias behind its target; class CH and another owner in between. */
	answer = read_packet(OCTETS(HEAD("\x80", "\4", "\0") ASKED
			"\1t" AT_EXAMPLE TXT TTL "\0\2" "\1x"
			"\1t" AT_EXAMPLE "\0\x10\0\3" TTL "\0\2" "\1y"
			"\1o" AT_EXAMPLE TXT TTL "\0\2" "\1z"
			AT_ASKED CNAME TTL "\0\4" "\1T" AT_EXAMPLE), DNS_TYPE_TXT);
	assert_int_equal(answer.status, DNS_OK);
	assert_int_equal(answer.n, 1);
	assert_int_equal(answer.aliases, 1);
	assert_text(answer.owner, "t.example");
	assert_text(answer.data[0].text, "x");

	/* RFC 2308: the smaller of the TTL of the SOA and its MINIMUM. */
	answer = read_packet(OCTETS(HEAD("\x83", "\0", "\1") ASKED
			AT_EXAMPLE SOA TTL "\0\x16" "\0\0" "\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\x63"), DNS_TYPE_TXT);
	assert_int_equal(answer.status, DNS_NXDOMAIN);
	assert_int_equal(answer.ttl, 99);
	answer = read_packet(OCTETS(HEAD("\x80", "\0", "\0") ASKED), DNS_TYPE_TXT);
	assert_int_equal(answer.status, DNS_NODATA);

	answer = read_packet(OCTETS(HEAD("\x80", "\1", "\0") "\1n\7example\0\0\x1c\0\1"
			AT_ASKED "\0\x1c\0\1" TTL "\0\x10" "\0\0\0\0\0\0\0\0\0\0\xff\xff\1\2\3\4"), DNS_TYPE_AAAA);
	assert_int_equal(answer.status, DNS_OK);
}

static void test_packet_refused(void **state)
{
	static const struct span packets[] = {
		OCTETS(""),
		OCTETS(HEAD("\x82", "\0", "\0") ASKED),                                        /* SERVFAIL */
		OCTETS(HEAD("\x85", "\0", "\0") ASKED),                                        /* REFUSED */
		OCTETS(HEAD("\x80", "\0", "\0") "\1m\7example\0" TXT),                         /* another name */
		OCTETS(HEAD("\x80", "\0", "\0") "\1n\7example\0" CNAME),                       /* another type */
		OCTETS(HEAD("\x80", "\0", "\0") "\1n\7example\0" "\0\x10\0\3"),              /* another class */
		OCTETS(HEAD("\x80", "\1", "\0") ASKED AT_ASKED TXT TTL "\0\2" "\2x"),          /* string longer than its record */
		OCTETS(HEAD("\x80", "\1", "\0") ASKED AT_ASKED TXT TTL "\0\4" "\1x"),          /* record longer than the packet */
		OCTETS(HEAD("\x80", "\1", "\0") ASKED "\xc0\x1b" TXT TTL "\0\2" "\1x"),        /* pointer to itself */
		OCTETS(HEAD("\x80", "\1", "\0") ASKED "\xc0\x20" TXT TTL "\0\2" "\1x"),        /* pointer ahead */
		OCTETS(HEAD("\x80", "\1", "\0") ASKED "\1a\xc0\x1b" TXT TTL "\0\2" "\1x"),     /* a ring by way of a label */
		OCTETS(HEAD("\x80", "\1", "\0") ASKED "\x41z\0" TXT TTL "\0\2" "\1x"),         /* label type 01 (RFC 6891 5) */
		OCTETS(HEAD("\x80", "\1", "\0") ASKED AT_ASKED CNAME TTL "\0\5" "\1t" AT_EXAMPLE "x"),
		OCTETS(HEAD("\x80", "\1", "\0") ASKED AT_ASKED CNAME TTL "\0\2" AT_ASKED),     /* an alias of itself */
		OCTETS(HEAD("\x80", "\2", "\0") ASKED AT_ASKED TXT TTL "\0\2" "\1x"),          /* fewer records than announced */
	};

	(void)state;
	for (size_t i = 0; i < sizeof packets / sizeof *packets; i++)
		assert_int_equal(read_packet(packets[i], DNS_TYPE_TXT).status, DNS_SERVFAIL);
}

/* Cut short it is never an answer; changed in one octet it may be another, and is read without harm. */
static void test_packet_cut_and_changed(void **state)
{
	static const char packet[] = HEAD("\x80", "\3", "\1") ASKED
		AT_ASKED CNAME TTL "\0\4" "\1t" AT_EXAMPLE
		"\1t" AT_EXAMPLE TXT TTL "\0\4" "\3v=D"
		"\1t" AT_EXAMPLE TXT TTL "\0\6" "\2aa\2bb"
		AT_EXAMPLE SOA TTL "\0\x16" "\0\0" "\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\x63";
	size_t answers = sizeof packet - 1 - 34; /* without the SOA, which is not needed */
	static const enum dns_type types[] = { DNS_TYPE_TXT, DNS_TYPE_CNAME, DNS_TYPE_MX, DNS_TYPE_SOA, DNS_TYPE_A };
	char changed[sizeof packet - 1];

	(void)state;
	for (size_t n = 0; n < sizeof packet; n++)
		assert_int_equal(read_packet((struct span){ packet, n }, DNS_TYPE_TXT).status,
			n < answers ? DNS_SERVFAIL : DNS_OK);
	for (size_t i = 0; i < sizeof changed; i++)
		for (unsigned octet = 0; octet < 256; octet++)
			for (size_t type = 0; type < sizeof types / sizeof *types; type++) {
				memcpy(changed, packet, sizeof changed);
				changed[TYPE_AT] = (char)types[type];
				changed[i] = (char)octet;
				read_packet((struct span){ changed, sizeof changed }, types[type]);
			}
}

/* clang-format on */

/* n.example -> a -> b -> ...: `aliases` of them, then a text. */
static struct dns_answer read_chain(unsigned aliases)
{
	static char packet[2048];
	size_t n = sizeof HEAD("\x80", "\0", "\0") ASKED - 1;

	memcpy(packet, HEAD("\x80", "\0", "\0") ASKED, n);
	packet[7] = (char)(aliases + 1);
	for (unsigned i = 0; i <= aliases; i++) {
		char from = i ? (char)('a' + i) : 'n', to = (char)('b' + i);

		n += (size_t)snprintf(packet + n, 3, "\1%c", from);
		memcpy(packet + n, AT_EXAMPLE, 2);
		memcpy(packet + n + 2, i < aliases ? CNAME : TXT, 4);
		memcpy(packet + n + 6, TTL "\0\4", 6);
		n += 12;
		memcpy(packet + n, i < aliases ? (char[]){ 1, to, '\xc0', '\x0e' } : "\3end", 4);
		n += 4;
	}
	return read_packet((struct span){ packet, n }, DNS_TYPE_TXT);
}

static void test_aliases(void **state)
{
	(void)state;
	assert_int_equal(read_chain(0).status, DNS_OK);
	assert_int_equal(read_chain(DNS_ALIASES).status, DNS_OK);
	assert_int_equal(read_chain(DNS_ALIASES).aliases, DNS_ALIASES);
	assert_int_equal(read_chain(DNS_ALIASES + 1).status, DNS_SERVFAIL);
}

static void test_names(void **state)
{
	static const char *const fits[] = { "a", "a.example.", "_dmarc.A-b.example", "1/2.2.0.192.in-addr.arpa" };
	static const char *const unfit[] = { "", ".", "a..b", ".a", "a b", "a\\.b", "a@b", "caf\xc3\xa9.example", "a*",
		"a234567890123456789012345678901234567890123456789012345678901234.example" };
	char longest[300];

	(void)state;
	for (size_t i = 0; i < sizeof fits / sizeof *fits; i++)
		assert_true(dnspacket_name_fits(span_of(fits[i])));
	for (size_t i = 0; i < sizeof unfit / sizeof *unfit; i++)
		assert_false(dnspacket_name_fits(span_of(unfit[i])));
	for (size_t i = 0; i < sizeof longest; i++)
		longest[i] = i % 2 ? '.' : 'a';
	assert_true(dnspacket_name_fits((struct span){ longest, 253 }));
	assert_false(dnspacket_name_fits((struct span){ longest, 255 }));
}

/* ------------------------------------------------------------------ frames */

static const struct dnsframe_head some_head = { .serial = 7, .asked = 3, .validation = RESOLVER_VALIDATING };

static void test_frame(void **state)
{
	static const size_t ends[] = { 2, 2, 5 };
	struct dns_data data[] = {
		{ .text = SPAN("abcde"), .string_end = ends, .strings = 3 },
		{ .text = SPAN("") },
	};
	struct dns_answer sent = { .name = SPAN("n.example"),
		.owner = SPAN("t.example"),
		.type = DNS_TYPE_TXT,
		.security = DNS_SECURE,
		.aliases = 1,
		.ttl = 300,
		.data = data,
		.n = 2 };
	struct buf frame = BUF(2 * DNSFRAME_MAX);
	struct dnsframe_head head;
	struct dns_answer got;

	(void)state;
	assert_true(dnsframe_put(&frame, &some_head, &sent));
	arena_clear(&arena);
	assert_true(dnsframe_get(buf_span(&frame), sent.name, sent.type, &arena, &head, &got));
	assert_memory_equal(&head, &some_head, sizeof head);
	assert_text(got.owner, "t.example");
	assert_int_equal(got.status, DNS_OK);
	assert_int_equal(got.security, DNS_SECURE);
	assert_int_equal(got.aliases, 1);
	assert_int_equal(got.ttl, 300);
	assert_int_equal(got.n, 2);
	assert_text(got.data[0].text, "abcde");
	assert_int_equal(got.data[0].strings, 3);
	assert_int_equal(got.data[0].string_end[1], 2);
	assert_int_equal(got.data[1].strings, 0);
	for (size_t n = 0; n < frame.n; n++)
		assert_false(dnsframe_get((struct span){ frame.p, n }, sent.name, sent.type, &arena, &head, &got));
	for (size_t i = 0; i < frame.n; i++)
		for (unsigned octet = 0; octet < 256; octet++) {
			char was = frame.p[i];

			frame.p[i] = (char)octet;
			arena_clear(&arena);
			if (dnsframe_get(buf_span(&frame), sent.name, sent.type, &arena, &head, &got)) {
				assert_true(got.status < DNS_STATUS_COUNT && got.security < DNS_SECURITY_COUNT);
				assert_true((got.status == DNS_OK) == (got.n != 0));
			}
			frame.p[i] = was;
		}
	buf_release(&frame);
}

static void test_frame_names(void **state)
{
	struct dns_data data = { .name = SPAN("a\033b.example") };
	struct dns_answer sent = { .type = DNS_TYPE_PTR, .data = &data, .n = 1 }, got;
	struct buf frame = BUF(2 * DNSFRAME_MAX);
	struct dnsframe_head head;

	(void)state;
	arena_clear(&arena);
	assert_true(dnsframe_put(&frame, &some_head, &sent));
	assert_true(dnsframe_get(buf_span(&frame), SPAN("n"), sent.type, &arena, &head, &got));
	assert_int_equal(got.status, DNS_SERVFAIL);
	buf_clear(&frame);
	data.name = SPAN("a-b.example");
	assert_true(dnsframe_put(&frame, &some_head, &sent));
	assert_true(dnsframe_get(buf_span(&frame), SPAN("n"), sent.type, &arena, &head, &got));
	assert_text(got.data[0].name, "a-b.example");
	frame.p[frame.n - 9] = '\n';
	assert_false(dnsframe_get(buf_span(&frame), SPAN("n"), sent.type, &arena, &head, &got));
	buf_release(&frame);
}

/* ------------------------------------------------------------------ the process */

/* Set where a tool could not live behind the lock: make check-valgrind. */
static bool is_unlocked(void)
{
	return getenv("DMARCGATE_UNLOCKED") != NULL;
}

static struct resolver *start(struct resolver_options options)
{
	struct fault fault = { 0 };
	struct resolver *resolver;

	options.unlocked = is_unlocked();
	resolver = resolver_start(&options, &fault);
	if (!resolver)
		fail_msg("%s", fault.text);
	return resolver;
}

/* Waits for one answer. */
static uint64_t next(struct resolver *resolver, struct dns_answer *answer)
{
	uint64_t token;

	while (!resolver_next(resolver, &token, &arena, answer)) {
		struct pollfd ready = { resolver_descriptor(resolver), POLLIN, 0 };

		assert_int_equal(poll(&ready, 1, 20000), 1);
	}
	return token;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A UDP socket on loopback that nobody reads from, unless the caller does. */
static int server_socket(char server[RESOLVER_SERVER_TEXT])
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof address;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&address, n) == 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &n), 0);
	snprintf(server, RESOLVER_SERVER_TEXT, "127.0.0.1@%u", ntohs(address.sin_port));
	return fd;
}

static void test_silence(void **state)
{
	char server[RESOLVER_SERVER_TEXT], name[64];
	int fd = server_socket(server);
	struct resolver *resolver = start((struct resolver_options){ .server = server, .milliseconds = 700 });
	bool seen[RESOLVER_OUTSTANDING] = { false };
	double began = now();
	struct dns_answer answer;

	(void)state;
	for (unsigned i = 0; i < RESOLVER_OUTSTANDING; i++) {
		snprintf(name, sizeof name, "s._domainkey.d%u.example", i);
		assert_true(resolver_ask(resolver, i, span_of(name), DNS_TYPE_TXT));
	}
	assert_false(resolver_ask(resolver, 99, SPAN("more.example"), DNS_TYPE_TXT));
	for (unsigned i = 0; i < RESOLVER_OUTSTANDING; i++) {
		uint64_t token;

		arena_clear(&arena);
		token = next(resolver, &answer);
		assert_true(token < RESOLVER_OUTSTANDING && !seen[token]);
		seen[token] = true;
		snprintf(name, sizeof name, "s._domainkey.d%u.example", (unsigned)token);
		assert_text(answer.name, name);
		assert_int_equal(answer.status, DNS_TIMEOUT);
	}
	assert_int_equal(resolver_outstanding(resolver), 0);
	assert_true(now() - began < 5);
	assert_true(resolver_state(resolver).offline);
	assert_true(resolver_ask(resolver, 5, SPAN("later.example"), DNS_TYPE_TXT));
	assert_int_equal(next(resolver, &answer), 5);
	assert_int_equal(answer.status, DNS_UNASKED);
	resolver_stop(resolver);
	close(fd);
}

/* Answers every question with one A record of a TTL beyond any measure, and counts them. No DNSSEC. */
static void serve(int fd, unsigned *count)
{
	/* clang-format off */
	static const char record[] = AT_ASKED "\0\1\0\1" "\0\x7f\xff\xff" "\0\4" "\xc0\0\2\1";
	/* clang-format on */
	struct sockaddr_storage from;
	uint8_t packet[1500];

	for (;;) {
		socklen_t length = sizeof from;
		ssize_t got = recvfrom(fd, packet, sizeof packet - sizeof record, 0, (struct sockaddr *)&from, &length);
		size_t n = 12;

		if (got < 17)
			continue;
		while (n < (size_t)got && packet[n])
			n += packet[n] + 1u;
		n += 5;
		memcpy(packet + 2, "\x81\x80\0\1\0\0\0\0\0\0", 10);
		if (n <= (size_t)got && packet[n - 3] == DNS_TYPE_A) {
			packet[7] = 1;
			memcpy(packet + n, record, sizeof record - 1);
			n += sizeof record - 1;
			++*count;
		}
		sendto(fd, packet, n, 0, (struct sockaddr *)&from, length);
	}
}

static void test_cache(void **state)
{
	unsigned *count = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char server[RESOLVER_SERVER_TEXT];
	int fd = server_socket(server);
	struct resolver *resolver;
	struct dns_answer answer;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		serve(fd, count);
	resolver = start((struct resolver_options){ .server = server });
	for (int i = 0; i < 3; i++) {
		arena_clear(&arena);
		answer = dns_ask(resolver_dns(resolver), SPAN("A.example"), DNS_TYPE_A, &arena);
		assert_int_equal(answer.status, DNS_OK);
		assert_int_equal(answer.security, DNS_UNVALIDATED);
		assert_int_equal(answer.ttl, RESOLVER_TTL_MAX);
	}
	assert_int_equal(*count, 1);
	assert_int_equal(resolver_state(resolver).validation, RESOLVER_UNVALIDATED);
	resolver_stop(resolver);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	munmap(count, sizeof *count);
	close(fd);
}

static bool is_readable(const struct resolver *resolver)
{
	struct pollfd ready = { resolver_descriptor(resolver), POLLIN, 0 };

	return poll(&ready, 1, 0) == 1;
}

/* The only child of this process. */
static pid_t only_child(void)
{
	FILE *file = fopen("/proc/thread-self/children", "r");
	long pid = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%ld", &pid) != 1)
		pid = 0;
	fclose(file);
	return (pid_t)pid;
}

static void test_death(void **state)
{
	char server[RESOLVER_SERVER_TEXT];
	int fd = server_socket(server);
	struct resolver *resolver = start((struct resolver_options){ .server = server });
	pid_t pid = only_child();
	struct dns_answer answer;
	uint64_t tokens = 0;

	(void)state;
	if (pid == 0) {
		resolver_stop(resolver);
		close(fd);
		skip();
	}
	for (uint64_t i = 1; i <= 4; i *= 2)
		assert_true(resolver_ask(resolver, i, SPAN("n.example"), DNS_TYPE_TXT));
	kill(pid, SIGKILL);
	for (int i = 0; i < 3; i++) {
		tokens += next(resolver, &answer);
		assert_int_equal(answer.status, DNS_UNASKED);
	}
	assert_int_equal(tokens, 7);
	assert_true(resolver_state(resolver).gone);
	assert_false(is_readable(resolver)); /* or the caller's loop would never rest */
	assert_true(resolver_ask(resolver, 9, SPAN("n.example"), DNS_TYPE_TXT));
	assert_true(is_readable(resolver));
	assert_int_equal(next(resolver, &answer), 9);
	assert_int_equal(dns_ask(resolver_dns(resolver), SPAN("n.example"), DNS_TYPE_A, &arena).status, DNS_UNASKED);
	resolver_stop(resolver);
	close(fd);
}

/* ------------------------------------------------------------------ a file in the place of the DNS */

#define MANY 1000

static void ask_many(void *arg, struct span name, enum dns_type type, struct arena *from, struct dns_answer *answer)
{
	static char text[255];
	static const size_t end = sizeof text;
	static struct dns_data data[MANY];

	(void)arg;
	(void)from;
	memset(text, 'x', sizeof text);
	for (size_t i = 0; i < MANY; i++)
		data[i] = (struct dns_data){ .text = { text, sizeof text }, .string_end = &end, .strings = 1 };
	*answer = (struct dns_answer){ .name = name, .owner = name, .type = type, .data = data, .n = MANY };
}

static void test_more_than_a_frame(void **state)
{
	struct resolver *resolver = start((struct resolver_options){ .file = { ask_many, NULL } });
	struct dns_answer answer;

	(void)state;
	arena_clear(&arena);
	answer = dns_ask(resolver_dns(resolver), SPAN("n.example"), DNS_TYPE_TXT, &arena);
	assert_int_equal(answer.status, DNS_OK);
	assert_in_range(answer.n, DNSFRAME_MAX / 400, MANY - 1);
	assert_int_equal(answer.data[answer.n - 1].text.n, 255);
	resolver_stop(resolver);
}

/* ------------------------------------------------------------------ the lock */

/* What went through although it must not, as a word; or what must and did not. */
static const char *locked_attempts(void)
{
	char *const words[] = { "/bin/true", NULL };
	int fd;

	if (open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0 || opendir("/"))
		return "open";
	if (socket(AF_UNIX, SOCK_STREAM, 0) >= 0)
		return "unix";
	if (socket(AF_NETLINK, SOCK_RAW, 0) >= 0)
		return "netlink";
	if (socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) >= 0)
		return "raw";
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return "no TCP";
	if (listen(fd, 1) == 0)
		return "listen";
	if (socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0) < 0 && errno == EPERM)
		return "no UDP";
	if (fork() >= 0)
		return "fork";
	if (kill(getppid(), 0) == 0)
		return "kill";
	execv(words[0], words);
	return "";
}

static void test_lock(void **state)
{
	char said[32] = "";
	int ends[2];
	pid_t pid;

	(void)state;
	if (is_unlocked() || !(sandbox_probe() & SANDBOX_SECCOMP))
		skip();
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		const char *word;

		sandbox_lock(SANDBOX_RESOLVER, &(struct sandbox_ceilings){ 0 });
		word = locked_attempts();
		_exit(write(ends[1], word, strlen(word)) < 0);
	}
	close(ends[1]);
	assert_true(read(ends[0], said, sizeof said - 1) >= 0);
	close(ends[0]);
	waitpid(pid, NULL, 0);
	assert_string_equal(said, "");
}

/* The process itself, not only a child that plays its role. */
static void test_process_is_locked(void **state)
{
	struct resolver *resolver;
	unsigned seccomp = 0;
	char path[64], line[256];
	pid_t pid;
	FILE *file;

	(void)state;
	if (is_unlocked())
		skip();
	resolver = start((struct resolver_options){ .server = "127.0.0.1" });
	assert_int_equal(resolver_state(resolver).protections, sandbox_probe());
	pid = only_child();
	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	file = pid ? fopen(path, "r") : NULL;
	while (file && fgets(line, sizeof line, file))
		sscanf(line, "Seccomp: %u", &seccomp);
	if (file)
		fclose(file);
	if (file && resolver_state(resolver).protections & SANDBOX_SECCOMP)
		assert_int_equal(seccomp, 2);
	resolver_stop(resolver);
}

/* It has its socket and what its event loop opened, and nothing of ours. */
static void test_descriptors(void **state)
{
	int secret = open("/etc/passwd", O_RDONLY);
	struct resolver *resolver = start((struct resolver_options){ .server = "127.0.0.1" });
	char path[64], link[64], target[64];
	pid_t pid = only_child();

	(void)state;
	assert_true(secret >= 0);
	for (int fd = 0; pid && fd < 64; fd++) {
		ssize_t n;

		snprintf(link, sizeof link, "/proc/%d/fd/%d", (int)pid, fd);
		n = readlink(link, target, sizeof target - 1);
		target[n > 0 ? n : 0] = '\0';
		if (strcmp(target, "/etc/passwd") == 0)
			fail_msg("descriptor %d is %s", fd, target);
	}
	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	if (pid && access(path, R_OK | X_OK) != 0)
		print_message("%s cannot be looked into\n", path);
	resolver_stop(resolver);
	close(secret);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_server),
		cmocka_unit_test(test_packet),
		cmocka_unit_test(test_packet_refused),
		cmocka_unit_test(test_packet_cut_and_changed),
		cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_frame),
		cmocka_unit_test(test_frame_names),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_cache),
		cmocka_unit_test(test_death),
		cmocka_unit_test(test_more_than_a_frame),
		cmocka_unit_test(test_lock),
		cmocka_unit_test(test_process_is_locked),
		cmocka_unit_test(test_descriptors),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	arena_release(&arena);
	return failed;
}
