/* What a server may say that is sent our mail (ingest/smtp.h), through the engine of libmailutils. The first two octets
 * choose TLS, login and recipients; the rest is what the server says (fuzz_server.h), which repeats the last line it was
 * told: a login's secret, too. Watched is what the client says: nothing before TLS but the wish for it, no line that a
 * server has slipped in, the mail whole and as it is; and that its end, the answers and what is said of them fit. */
#include "base/base64.h"
#include "base/escape.h"
#include "ingest/sasl.h"
#include "ingest/smtp.h"
#include "tests/fuzz_server.h"

#include <mailutils/stdstream.h>
#include <mailutils/stream.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);

/* What libmailutils forgets of an answer of several lines when the next one comes. The process that uses it sends one
 * mail, below a ceiling of memory, and ends. */
const char *__lsan_default_suppressions(void)
{
	return "leak:mu_smtp_response\n";
}

#define SECRET "secret-of-ours-and-longer"
#define MAIL "Subject: a\n\n.dot\n.\nQUIT\nend\n"

/* MAIL as a server sees it, and its end */
static const char *const mail_lines[] = { "Subject: a", "", "..dot", "..", "QUIT", "end", "." };
#define MAIL_LINES (sizeof mail_lines / sizeof *mail_lines)

static struct buf initial, bare; /* what a login says: user and secret, or the secret, in base64 */
static bool initial_said, bare_said; /* and nothing after the login */
static bool data_said, leaving_said;
static size_t mail_at; /* lines of the mail that have been said */

static bool is_base64(struct span text)
{
	for (size_t i = 0; i < text.n; i++)
		if (!memchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=", text.p[i], 65))
			return false;
	return true;
}

/* Whole lines, or beginnings where more belongs to them. */
static bool is_command(struct span line)
{
	static const char *const whole[] = { "STARTTLS", "QUIT", "DATA", "RSET", "AUTH LOGIN" };
	static const char *const begun[] = { "EHLO [127.0.0.1]", "HELO [127.0.0.1]", "AUTH PLAIN ", "AUTH XOAUTH2 ",
		"AUTH OAUTHBEARER ", "MAIL FROM:<us@example.org>", "RCPT TO:<" };

	for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
		if (span_is(line, span_of(whole[i])))
			return true;
	for (size_t i = 0; i < sizeof begun / sizeof *begun; i++)
		if (span_starts_nocase(line, span_of(begun[i])))
			return true;
	return false;
}

static void line_check(struct span line)
{
	bool clear = span_is(line, SPAN("STARTTLS")) || span_is(line, SPAN("QUIT")) || span_is(line, SPAN("EHLO [127.0.0.1]")) ||
		span_is(line, SPAN("HELO [127.0.0.1]"));

	for (size_t i = 0; i < line.n; i++)
		if ((unsigned char)line.p[i] < ' ' || (unsigned char)line.p[i] > 126)
			abort();
	fuzz_server_repeats(line);
	if (!fuzz_server.tls && !clear)
		abort();
	if (data_said && mail_at < MAIL_LINES && span_is(line, span_of(mail_lines[mail_at]))) {
		mail_at++;
		if (mail_at == MAIL_LINES && !leaving_said)
			abort();
		return;
	}
	if (!is_command(line) && !is_base64(line))
		abort();
	data_said |= span_is(line, SPAN("DATA"));
	if (span_starts_nocase(line, SPAN("MAIL")))
		initial_said = bare_said = false;
	initial_said |= initial.n && line.n > initial.n && memmem(line.p, line.n, initial.p, initial.n);
	bare_said |= span_is(line, buf_span(&bare));
}

static void leaving(void *arg)
{
	if (arg != &leaving_said || !data_said || mail_at == MAIL_LINES)
		abort();
	leaving_said = true;
}

/* ---- what must hold ---- */

static void shown_check(const char *text, size_t max)
{
	struct span shown = { text, strnlen(text, max + 1) };

	if (shown.n > max || !utf8_valid(shown))
		abort();
	for (size_t i = 0; i < shown.n; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 127)
			abort();
}

static void forms_make(const struct mailbox *server)
{
	struct sasl sasl = { server->login, server->user, server->host, server->port };

	initial = BUF(SASL_OCTETS);
	bare = BUF(SASL_OCTETS);
	sasl_initial(&initial, &sasl, SPAN(SECRET));
	base64_put(&bare, SPAN(SECRET));
}

static void secret_check(const struct fault *fault)
{
	if (strstr(fault->text, SECRET) || (initial_said && strstr(fault->text, buf_text(&initial))) ||
		(bare_said && strstr(fault->text, buf_text(&bare))))
		abort();
}

static int mail_file(void)
{
	int fd = memfd_create("fuzz-smtp", MFD_CLOEXEC);

	if (fd < 0 || write(fd, MAIL, sizeof MAIL - 1) != (ssize_t)sizeof MAIL - 1)
		abort();
	return fd;
}

static struct trust *ready(const struct mailbox *server)
{
	struct fault fault = { FAULT_NONE };
	struct trust *trust;

	mu_stdstream_setup(MU_STDSTREAM_RESET_NONE);
	mu_stream_unref(mu_strerr);
	trust = mu_nullstream_create(&mu_strerr, MU_STREAM_WRITE) == 0 ? trust_open(server, &fault) : NULL;
	if (!trust)
		abort();
	return trust;
}

static void play(const struct mailbox *server, const struct trust *trust, size_t recipients, int fd)
{
	const struct span to[] = { SPAN("a@example.com"), SPAN("b@example.net"), SPAN("c@example.org") };
	const struct envelope envelope = { SPAN("us@example.org"), to, recipients };
	struct submit_answer answers[3] = { { false, "" } };
	struct fault fault = { FAULT_NONE };
	size_t taken = 0;
	enum submit_end end = smtp_submit(
		server, trust, SPAN(SECRET), &envelope, fd, answers, leaving, &leaving_said, &fault);

	for (size_t i = 0; i < recipients; i++) {
		shown_check(answers[i].reason, SUBMIT_REASON);
		taken += !answers[i].refused;
	}
	if (end == SUBMIT_SENT) {
		if (taken == 0 || mail_at < MAIL_LINES || !fuzz_server.tls)
			abort();
		return;
	}
	if (fault.kind == FAULT_NONE || (end == SUBMIT_UNKNOWN && !leaving_said))
		abort();
	shown_check(fault.text, sizeof fault.text - 1);
	secret_check(&fault);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct trust *trust;
	static char host[] = "127.0.0.1", user[] = "user@example.org", nobody[] = "", name[] = "server";
	static int fd = -1;
	struct mailbox server = { .name = name,
		.kind = MAILBOX_SMTP,
		.host = host,
		.port = 587,
		.user = user,
		.timeout = 60,
		.deadline = 600,
		.keepalive = 180 };

	if (size < 2)
		return 0;
	if (!trust) {
		trust = ready(&server);
		fd = mail_file();
	}
	server.tls = data[0] & 1;
	server.user = data[0] & 2 ? user : nobody;
	server.login = (enum mailbox_login)((data[0] >> 2) % 3);
	initial_said = bare_said = data_said = leaving_said = false;
	mail_at = 0;
	forms_make(&server);
	fuzz_server_begin((struct span){ (const char *)data + 2, size - 2 }, false, line_check);
	play(&server, trust, 1 + data[1] % 3, fd);
	fuzz_server_end();
	buf_release(&initial);
	buf_release(&bare);
	return 0;
}
