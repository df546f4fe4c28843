#include "ingest/carrier.h"

#include "base/escape.h"
#include "base/steady.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <mailutils/stream.h>
#include <mailutils/sys/stream.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RAW_OCTETS 16384 /* a TLS record; the engines read lines one octet at a time */
#define SECOND 1000

struct carrier {
	struct _mu_stream stream; /* first: the library's functions are given the carrier as this */
	const struct mailbox *mailbox;
	const struct trust *trust;
	int fd;
	SSL *tls; /* owned; NULL while in clear */
	bool private;
	int64_t deadline; /* as steady_ms */
	uint32_t seconds; /* that were given until then */
	struct fault fault;
	struct sieve sieve;
	size_t line_max, line; /* octets of the line being read */
	uint64_t octets;
	size_t at, n; /* what is left in raw */
	char raw[RAW_OCTETS];
};

bool carrier_fail(struct carrier *carrier, enum fault_kind kind, const char *format, ...)
{
	struct buf shown = BUF(2048);
	char reason[400];
	va_list args;

	if (carrier->fault.kind != FAULT_NONE)
		return false;
	va_start(args, format);
	vsnprintf(reason, sizeof reason, format, args);
	va_end(args);
	escape_terminal(&shown, span_of(reason));
	fault_set(&carrier->fault, kind, "%s:%u: %s", carrier->mailbox->host, carrier->mailbox->port, buf_text(&shown));
	buf_release(&shown);
	return false;
}

const struct fault *carrier_fault(const struct carrier *carrier)
{
	return &carrier->fault;
}

static bool fail_errno(struct carrier *carrier, const char *doing, int error)
{
	if (error == ETIMEDOUT && steady_ms() >= carrier->deadline)
		return carrier_fail(carrier, FAULT_LATER, "%s: not done within the deadline of %u s", doing,
			carrier->seconds);
	if (error == ETIMEDOUT)
		return carrier_fail(carrier, FAULT_LATER, "%s: no answer for %u s", doing, carrier->mailbox->timeout);
	if (error == ECONNRESET)
		return carrier_fail(carrier, FAULT_LATER, "%s: the server closed the connection", doing);
	return carrier_fail(carrier, FAULT_LATER, "%s: %s", doing, strerror(error));
}

/* 0 when ready, else an errno. */
static int carrier_wait(const struct carrier *carrier, int fd, short events)
{
	int64_t end = steady_ms() + (int64_t)carrier->mailbox->timeout * SECOND;

	if (end > carrier->deadline)
		end = carrier->deadline;
	for (;;) {
		struct pollfd watched = { .fd = fd, .events = events };
		int64_t left = end - steady_ms();
		int ready;

		if (left <= 0)
			return ETIMEDOUT;
		ready = poll(&watched, 1, left > INT32_MAX ? INT32_MAX : (int)left);
		if (ready > 0)
			return 0;
		if (ready < 0 && errno != EINTR)
			return errno;
	}
}

/* ---- TLS ---- */

struct trust {
	SSL_CTX *context;
};

static const char *tls_reason(void)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;

	return reason ? reason : "no reason given";
}

struct trust *trust_open(const struct mailbox *mailbox, struct fault *fault)
{
	struct trust *trust = calloc(1, sizeof *trust);
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	if (!trust || !context) {
		fault_set(fault, FAULT_LATER, "out of memory");
		goto out;
	}
	ERR_clear_error();
	if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1) {
		fault_set(fault, FAULT_SETUP, "OpenSSL here knows no TLS 1.2");
		goto out;
	}
	if (mailbox->tls_ca ? SSL_CTX_load_verify_locations(context, mailbox->tls_ca, NULL) != 1
			    : SSL_CTX_set_default_verify_paths(context) != 1) {
		fault_set(fault, FAULT_SETUP, "%s: no certificates can be read from it (%s)",
			mailbox->tls_ca ? mailbox->tls_ca : "the system's authorities", tls_reason());
		goto out;
	}
	SSL_CTX_set_verify(context, mailbox->pinned ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	trust->context = context;
	return trust;
out:
	SSL_CTX_free(context);
	free(trust);
	return NULL;
}

/* EAGAIN: when the socket is ready for `events`; else an errno. */
static int tls_wants(struct carrier *carrier, int result, short *events)
{
	int error = errno;

	switch (SSL_get_error(carrier->tls, result)) {
	case SSL_ERROR_WANT_READ:
		*events = POLLIN;
		return EAGAIN;
	case SSL_ERROR_WANT_WRITE:
		*events = POLLOUT;
		return EAGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return ECONNRESET;
	case SSL_ERROR_SYSCALL:
		return error ? error : ECONNRESET;
	default:
		return ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING ? ECONNRESET : EPROTO;
	}
}

/* Waits for what OpenSSL needs; 0 to go on, else an errno. */
static int tls_again(struct carrier *carrier, int result)
{
	short events;
	int error = tls_wants(carrier, result, &events);

	return error == EAGAIN ? carrier_wait(carrier, carrier->fd, events) : error;
}

static bool is_address(const char *host)
{
	struct in6_addr address;

	return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
}

static bool tls_expect(struct carrier *carrier)
{
	const char *host = carrier->mailbox->host;

	if (is_address(host))
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(carrier->tls), host) == 1;
	return SSL_set_tlsext_host_name(carrier->tls, host) == 1 && SSL_set1_host(carrier->tls, host) == 1;
}

static bool tls_pinned(struct carrier *carrier)
{
	uint8_t octets[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	X509 *certificate = SSL_get1_peer_certificate(carrier->tls);
	bool same = certificate && X509_digest(certificate, EVP_sha256(), octets, &n) == 1 && n == DIGEST_OCTETS &&
		    memcmp(octets, carrier->mailbox->tls_fingerprint, DIGEST_OCTETS) == 0;
	char text[DIGEST_HEX];

	X509_free(certificate);
	if (same)
		return true;
	if (n != DIGEST_OCTETS)
		return carrier_fail(carrier, FAULT_SETUP, "the server shows no certificate");
	digest_hex(octets, text);
	return carrier_fail(
		carrier, FAULT_SETUP, "the certificate is not the one of tls_fingerprint; its SHA-256 is %s", text);
}

static bool tls_handshake(struct carrier *carrier)
{
	int result, error = 0;
	long verdict;

	ERR_clear_error();
	carrier->tls = SSL_new(carrier->trust->context);
	if (!carrier->tls || SSL_set_fd(carrier->tls, carrier->fd) != 1 || !tls_expect(carrier))
		return carrier_fail(carrier, FAULT_LATER, "TLS cannot be set up: %s", tls_reason());
	while (error == 0 && (errno = 0, result = SSL_connect(carrier->tls)) != 1)
		error = tls_again(carrier, result);
	verdict = SSL_get_verify_result(carrier->tls);
	if (!carrier->mailbox->pinned && verdict != X509_V_OK)
		return carrier_fail(
			carrier, FAULT_SETUP, "the certificate is refused: %s", X509_verify_cert_error_string(verdict));
	if (error == EPROTO)
		return carrier_fail(carrier, FAULT_LATER, "TLS handshake: %s", tls_reason());
	if (error)
		return fail_errno(carrier, "TLS handshake", error);
	carrier->private = !carrier->mailbox->pinned || tls_pinned(carrier);
	return carrier->private;
}

bool carrier_private(const struct carrier *carrier)
{
	return carrier->private && carrier->fault.kind == FAULT_NONE;
}

bool carrier_start_tls(struct carrier *carrier)
{
	if (carrier->at < carrier->n || carrier->stream.pos < carrier->stream.level)
		return carrier_fail(
			carrier, FAULT_SETUP, "octets in clear follow the answer to STARTTLS: somebody injects them");
	return carrier->fault.kind == FAULT_NONE && tls_handshake(carrier);
}

/* ---- connecting ---- */

static int connect_to(struct carrier *carrier, const struct addrinfo *address)
{
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, address->ai_protocol);
	int error = 0, one = 1;
	socklen_t n = sizeof error;

	if (fd < 0)
		return errno;
	if (connect(fd, address->ai_addr, address->ai_addrlen) != 0) {
		error = errno == EINPROGRESS ? carrier_wait(carrier, fd, POLLOUT) : errno;
		if (error == 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0)
			error = errno;
	}
	if (error) {
		close(fd);
		return error;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
	carrier->fd = fd;
	return 0;
}

static bool carrier_connect(struct carrier *carrier)
{
	struct addrinfo wanted = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct addrinfo *all = NULL;
	char port[8];
	int error;

	snprintf(port, sizeof port, "%u", carrier->mailbox->port);
	error = getaddrinfo(carrier->mailbox->host, port, &wanted, &all);
	if (error)
		return carrier_fail(carrier, FAULT_LATER, "its address cannot be found: %s",
			error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error));
	error = EHOSTUNREACH;
	for (const struct addrinfo *one = all; one && carrier->fd < 0; one = one->ai_next)
		error = connect_to(carrier, one);
	freeaddrinfo(all);
	return carrier->fd >= 0 || fail_errno(carrier, "connecting", error);
}

/* ---- octets ---- */

/* Takes what is there. 0, EAGAIN (when the socket is ready for `events`) or another errno. */
static int carrier_take(struct carrier *carrier, short *events)
{
	ssize_t got;
	int error = 0;

	*events = POLLIN;
	errno = 0;
	if (carrier->tls) {
		ERR_clear_error();
		got = SSL_read(carrier->tls, carrier->raw, sizeof carrier->raw);
		if (got <= 0)
			error = tls_wants(carrier, (int)got, events);
	} else {
		got = recv(carrier->fd, carrier->raw, sizeof carrier->raw, 0);
		if (got <= 0)
			error = got == 0 ? ECONNRESET : errno == EINTR ? EAGAIN : errno;
	}
	carrier->at = 0;
	carrier->n = error ? 0 : (size_t)got;
	carrier->octets += carrier->n;
	return error;
}

static int fail_reading(struct carrier *carrier, int error)
{
	if (error == EPROTO && carrier->tls)
		carrier_fail(carrier, FAULT_LATER, "reading: TLS is broken: %s", tls_reason());
	else if (error)
		fail_errno(carrier, "reading", error);
	return error;
}

static int carrier_fill(struct carrier *carrier)
{
	int error = EAGAIN;
	short events;

	while (error == EAGAIN) {
		/* A server that sends an octet now and then is never late; only the deadline ends it. */
		error = steady_ms() >= carrier->deadline ? ETIMEDOUT : carrier_take(carrier, &events);
		if (error == EAGAIN && (error = carrier_wait(carrier, carrier->fd, events)) == 0)
			error = EAGAIN;
	}
	return fail_reading(carrier, error);
}

enum carrier_heard carrier_listen(struct carrier *carrier, int other, int64_t milliseconds)
{
	int64_t end = steady_ms() + milliseconds, left;
	int error = 0, ready = 0;
	struct pollfd watched[] = { { .fd = carrier->fd }, { .fd = other, .events = POLLIN } };

	for (;;) {
		if (carrier->fault.kind != FAULT_NONE)
			return CARRIER_BROKEN;
		if (carrier->at == carrier->n)
			error = carrier_take(carrier, &watched[0].events);
		if (error == 0)
			return CARRIER_SPOKE;
		if (error != EAGAIN) {
			fail_reading(carrier, error);
			return CARRIER_BROKEN;
		}
		if (ready > 0 && watched[1].revents)
			return CARRIER_CALLED;
		left = end - steady_ms();
		if (left <= 0)
			return CARRIER_QUIET;
		ready = poll(watched, 2, left > INT32_MAX ? INT32_MAX : (int)left);
		if (ready < 0 && errno != EINTR) {
			fail_errno(carrier, "waiting", errno);
			return CARRIER_BROKEN;
		}
	}
}

int carrier_read(struct carrier *carrier, char *octets, size_t room, size_t *n)
{
	int error = 0;

	*n = 0;
	if (carrier->fault.kind != FAULT_NONE)
		return ECONNRESET;
	if (carrier->at == carrier->n)
		error = carrier_fill(carrier);
	if (error)
		return error;
	*n = carrier->n - carrier->at < room ? carrier->n - carrier->at : room;
	memcpy(octets, carrier->raw + carrier->at, *n);
	carrier->at += *n;
	return 0;
}

int carrier_read_line(struct carrier *carrier, struct buf *line)
{
	int error = carrier->fault.kind != FAULT_NONE ? ECONNRESET : 0;

	while (error == 0) {
		if (carrier->at == carrier->n && (error = carrier_fill(carrier)) != 0)
			break;
		const char *from = carrier->raw + carrier->at;
		const char *end = memchr(from, '\n', carrier->n - carrier->at);
		size_t n = end ? (size_t)(end + 1 - from) : carrier->n - carrier->at;

		carrier->at += n;
		if (!buf_put(line, from, n))
			error = EMSGSIZE;
		else if (end)
			break;
	}
	if (error == EMSGSIZE)
		carrier_fail(carrier, FAULT_LATER, "a line of more than %zu octets", line->max);
	return error;
}

/* Without a sieve: how long is the line getting? */
static int line_check(struct carrier *carrier, const char *octets, size_t n)
{
	for (size_t i = 0; carrier->line_max && i < n; i++) {
		carrier->line = octets[i] == '\n' ? 0 : carrier->line + 1;
		if (carrier->line > carrier->line_max) {
			carrier_fail(carrier, FAULT_LATER, "a line of more than %zu octets", carrier->line_max);
			return EMSGSIZE;
		}
	}
	return 0;
}

static int stream_read(struct _mu_stream *stream, char *octets, size_t room, size_t *n)
{
	struct carrier *carrier = (struct carrier *)stream;
	int error;

	if (carrier->sieve.read)
		return carrier->sieve.read(carrier->sieve.arg, carrier, octets, room, n);
	error = carrier_read(carrier, octets, room, n);
	return error ? error : line_check(carrier, octets, *n);
}

static int stream_write(struct _mu_stream *stream, const char *octets, size_t n, size_t *written)
{
	struct carrier *carrier = (struct carrier *)stream;
	size_t done = 0;
	int error = carrier->fault.kind != FAULT_NONE ? ECONNRESET : 0;

	while (error == 0 && done < n) {
		ssize_t put;

		if (steady_ms() >= carrier->deadline) {
			error = ETIMEDOUT;
		} else if (carrier->tls) {
			ERR_clear_error();
			errno = 0;
			put = SSL_write(
				carrier->tls, octets + done, n - done > INT32_MAX ? INT32_MAX : (int)(n - done));
			error = put > 0 ? 0 : tls_again(carrier, (int)put);
			done += put > 0 ? (size_t)put : 0;
		} else {
			put = send(carrier->fd, octets + done, n - done, MSG_NOSIGNAL);
			if (put < 0)
				error = errno == EAGAIN || errno == EINTR ? carrier_wait(carrier, carrier->fd, POLLOUT)
									  : errno;
			done += put > 0 ? (size_t)put : 0;
		}
	}
	if (error)
		fail_errno(carrier, "writing", error);
	*written = done;
	return error;
}

static void stream_done(struct _mu_stream *stream)
{
	struct carrier *carrier = (struct carrier *)stream;

	if (carrier->tls && carrier->private && carrier->fault.kind == FAULT_NONE)
		SSL_shutdown(carrier->tls);
	SSL_free(carrier->tls);
	if (carrier->fd >= 0)
		close(carrier->fd);
	explicit_bzero(carrier->raw, sizeof carrier->raw);
}

static int stream_close(struct _mu_stream *stream)
{
	(void)stream; /* the socket lives as long as the carrier */
	return 0;
}

static const char *stream_error(struct _mu_stream *stream, int error)
{
	const struct carrier *carrier = (const struct carrier *)stream;

	return carrier->fault.kind != FAULT_NONE ? carrier->fault.text : strerror(error);
}

/* The engines ask before they read; the answer is found out by reading. */
static int stream_wait(struct _mu_stream *stream, int *flags, struct timeval *time)
{
	(void)stream;
	(void)flags;
	(void)time;
	return 0;
}

/* ---- birth and end ---- */

struct carrier *carrier_open(const struct mailbox *mailbox, const struct trust *trust, struct fault *fault)
{
	struct carrier *carrier = (struct carrier *)_mu_stream_create(sizeof *carrier, MU_STREAM_RDWR);

	if (!carrier) {
		fault_set(fault, FAULT_LATER, "out of memory");
		return NULL;
	}
	carrier->stream.read = stream_read;
	carrier->stream.write = stream_write;
	carrier->stream.close = stream_close;
	carrier->stream.done = stream_done;
	carrier->stream.error_string = stream_error;
	carrier->stream.wait = stream_wait;
	carrier->stream.flags |= _MU_STR_OPEN;
	mu_stream_set_buffer(
		&carrier->stream, mu_buffer_line, 0); /* the engines count on lines being sent when complete */
	carrier->mailbox = mailbox;
	carrier->trust = trust;
	carrier->fd = -1;
	carrier_set_deadline(carrier, mailbox->deadline);
	if (carrier_connect(carrier) && (!mailbox->tls || tls_handshake(carrier)))
		return carrier;
	*fault = carrier->fault;
	carrier_close(carrier);
	return NULL;
}

void carrier_close(struct carrier *carrier)
{
	if (carrier)
		mu_stream_unref(&carrier->stream);
}

void carrier_set_deadline(struct carrier *carrier, uint32_t seconds)
{
	carrier->seconds = seconds;
	carrier->deadline = steady_ms() + (int64_t)seconds * SECOND;
}

void carrier_set_sieve(struct carrier *carrier, struct sieve sieve)
{
	carrier->sieve = sieve;
}

void carrier_set_line_max(struct carrier *carrier, size_t octets)
{
	carrier->line_max = octets;
	carrier->line = 0;
}

uint64_t carrier_octets(const struct carrier *carrier)
{
	return carrier->octets;
}

struct _mu_stream *carrier_stream(struct carrier *carrier)
{
	return &carrier->stream;
}
