/* The server of fuzz_server.h, and what stands in place of the system and of OpenSSL. */
#include "tests/fuzz_server.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

struct fuzz_server fuzz_server;

void fuzz_server_begin(struct span script, bool tls, void (*line)(struct span line))
{
	fuzz_server = (struct fuzz_server){ .rest = script, .tls = tls, .line = line, .said = BUF(1 << 20) };
}

void fuzz_server_end(void)
{
	buf_release(&fuzz_server.said);
}

void fuzz_server_repeats(struct span text)
{
	fuzz_server.tag_n = text.n < sizeof fuzz_server.tag ? text.n : 0;
	memcpy(fuzz_server.tag, text.p, fuzz_server.tag_n);
}

static void client_says(const char *octets, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_put_byte(&fuzz_server.said, (unsigned char)octets[i]);
		if (octets[i] != '\n')
			continue;
		if (fuzz_server.said.n < 2 || fuzz_server.said.p[fuzz_server.said.n - 2] != '\r')
			abort();
		fuzz_server.line((struct span){ fuzz_server.said.p, fuzz_server.said.n - 2 });
		buf_clear(&fuzz_server.said);
	}
}

/* ---- what the server says: octets, 0 at the end, -1 when there is nothing now ---- */

static ssize_t server_says(char *octets, size_t room)
{
	size_t n = 0;

	if (fuzz_server.silent)
		return -1;
	while (fuzz_server.rest.n && n + fuzz_server.tag_n + 1 < room) {
		char octet = *fuzz_server.rest.p++;

		fuzz_server.rest.n--;
		if (octet == 2 && n)
			return (ssize_t)n;
		if (octet == 3 || octet == 4) {
			fuzz_server.silent = true;
			fuzz_server.called = octet == 4;
			return n ? (ssize_t)n : -1;
		}
		if (octet == 1) {
			memcpy(octets + n, fuzz_server.tag, fuzz_server.tag_n);
			n += fuzz_server.tag_n;
		} else if (octet != 2) {
			octets[n++] = octet;
		}
	}
	return (ssize_t)n;
}

/* ---- in place of the system and of OpenSSL ---- */

int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t n);
int __wrap_poll(struct pollfd *watched, nfds_t n, int milliseconds);
ssize_t __wrap_recv(int fd, void *octets, size_t n, int flags);
ssize_t __wrap_send(int fd, const void *octets, size_t n, int flags);
int __wrap_SSL_connect(SSL *tls);
int __wrap_SSL_get_error(const SSL *tls, int result);
int __wrap_SSL_read(SSL *tls, void *octets, int n);
int __wrap_SSL_shutdown(SSL *tls);
int __wrap_SSL_write(SSL *tls, const void *octets, int n);

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	int result = __real_clock_gettime(clock, now);

	if (clock == CLOCK_MONOTONIC) {
		now->tv_sec += fuzz_server.later / 1000000000;
		now->tv_nsec += fuzz_server.later % 1000000000;
		now->tv_sec += now->tv_nsec / 1000000000;
		now->tv_nsec %= 1000000000;
	}
	return result;
}

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t n)
{
	(void)fd, (void)address, (void)n;
	return 0;
}

/* Silence is over when it was waited for. */
int __wrap_poll(struct pollfd *watched, nfds_t n, int milliseconds)
{
	bool called = fuzz_server.called && n > 1;

	fuzz_server.called = false;
	for (nfds_t i = 0; i < n; i++)
		watched[i].revents = 0;
	if (called)
		watched[1].revents = POLLIN;
	if (called || !fuzz_server.silent) {
		watched[0].revents = called ? 0 : watched[0].events;
		fuzz_server.silent &= called;
		return 1;
	}
	fuzz_server.silent = false;
	fuzz_server.later += (int64_t)milliseconds * 1000000 + 1000000;
	return 0;
}

ssize_t __wrap_recv(int fd, void *octets, size_t n, int flags)
{
	ssize_t got = server_says(octets, n);

	(void)fd, (void)flags;
	errno = got < 0 ? EAGAIN : 0;
	return got;
}

ssize_t __wrap_send(int fd, const void *octets, size_t n, int flags)
{
	(void)fd, (void)flags;
	if (fuzz_server.tls)
		abort();
	client_says(octets, n);
	return (ssize_t)n;
}

int __wrap_SSL_connect(SSL *tls)
{
	(void)tls;
	fuzz_server.tls = true;
	return 1;
}

int __wrap_SSL_get_error(const SSL *tls, int result)
{
	(void)tls;
	return result == 0 ? SSL_ERROR_ZERO_RETURN : SSL_ERROR_WANT_READ;
}

int __wrap_SSL_read(SSL *tls, void *octets, int n)
{
	(void)tls;
	return (int)server_says(octets, (size_t)n);
}

int __wrap_SSL_shutdown(SSL *tls)
{
	(void)tls;
	return 1;
}

int __wrap_SSL_write(SSL *tls, const void *octets, int n)
{
	(void)tls;
	client_says(octets, (size_t)n);
	return n;
}
