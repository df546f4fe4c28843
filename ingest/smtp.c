#include "ingest/smtp.h"

#include "base/base64.h"
#include "base/escape.h"
#include "ingest/sasl.h"
#include "ingest/secretfile.h"

#include <errno.h>
#include <mailutils/errno.h>
#include <mailutils/smtp.h>
#include <mailutils/stream.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#define LINE_OCTETS 8192    /* RFC 5321 4.5.3.1.5: 512; some say more */
#define HELO "[127.0.0.1]" /* an address literal says nothing about this machine, and is refused by nobody */

struct smtp {
	const struct mailbox *server;
	struct carrier *carrier; /* owned */
	mu_smtp_t engine;	 /* owned */
};

static bool smtp_broken(const struct smtp *smtp)
{
	return carrier_fault(smtp->carrier)->kind != FAULT_NONE;
}

static bool smtp_lost(struct smtp *smtp, const char *doing, struct fault *fault)
{
	carrier_fail(smtp->carrier, FAULT_LATER, "%s: the server's answer cannot be understood", doing);
	*fault = *carrier_fault(smtp->carrier);
	return false;
}

/* The code of the last answer, 0 when there was none; its text, fit to be shown. */
static unsigned smtp_said(struct smtp *smtp, char reason[SUBMIT_REASON + 1])
{
	struct buf shown = BUF(8192);
	const char *text = NULL;
	char code[4] = "";

	if (mu_smtp_replcode(smtp->engine, code) != 0 || mu_smtp_sget_reply(smtp->engine, &text) != 0 || !text)
		text = "";
	/* The engine takes the first three octets for the code, whatever they are. */
	if (strspn(code, "0123456789") != 3)
		code[0] = '\0';
	escape_terminal(&shown, (struct span){ text, strnlen(text, SUBMIT_REASON) });
	snprintf(reason, SUBMIT_REASON + 1, "%s%s%s", code, code[0] ? " " : "", buf_text(&shown));
	utf8_end(reason);
	buf_release(&shown);
	return (unsigned)strtoul(code, NULL, 10);
}

/* A first digit of 4 passes by itself (RFC 5321 4.2.1). */
static bool smtp_refused(struct smtp *smtp, const char *doing, struct fault *fault)
{
	char reason[SUBMIT_REASON + 1];
	unsigned code = smtp_said(smtp, reason);

	return fault_set(fault, code / 100 == 4 ? FAULT_LATER : FAULT_SETUP, "%s:%u: %s: the server refuses: %s",
		smtp->server->host, smtp->server->port, doing, reason);
}

/* Of a call of the engine: 0, a refusal, or the end of everything. */
static bool smtp_did(struct smtp *smtp, int status, const char *doing, struct fault *fault)
{
	if (smtp_broken(smtp) || (status != 0 && status != MU_ERR_REPLY))
		return smtp_lost(smtp, doing, fault);
	return status == 0 || smtp_refused(smtp, doing, fault);
}

/* One command of our own; the answer must have this code. */
static bool smtp_command(
	struct smtp *smtp, const char *words[], int n, unsigned code, const char *doing, struct fault *fault)
{
	char reason[SUBMIT_REASON + 1];
	int status = mu_smtp_cmd(smtp->engine, n, (char **)(uintptr_t)words);

	if (!smtp_did(smtp, status, doing, fault))
		return false;
	return smtp_said(smtp, reason) == code || smtp_refused(smtp, doing, fault);
}

/* ---- greeting, TLS ---- */

static bool smtp_hello(struct smtp *smtp, struct fault *fault)
{
	return smtp_did(smtp, mu_smtp_ehlo(smtp->engine), "EHLO", fault);
}

static bool smtp_greet(struct smtp *smtp, struct fault *fault)
{
	const char *words[] = { "STARTTLS" };

	if (!smtp_did(smtp, mu_smtp_open(smtp->engine), "greeting", fault) || !smtp_hello(smtp, fault))
		return false;
	if (carrier_private(smtp->carrier))
		return true;
	if (mu_smtp_capa_test(smtp->engine, "STARTTLS", NULL) != 0)
		return fault_set(fault, FAULT_SETUP,
			"%s:%u: the server does not offer STARTTLS; nothing is sent without TLS", smtp->server->host,
			smtp->server->port);
	if (!smtp_command(smtp, words, 1, 220, "STARTTLS", fault))
		return false;
	/* What was offered in clear is forgotten with the second EHLO (RFC 3207 4.2). */
	return (carrier_start_tls(smtp->carrier) || smtp_lost(smtp, "STARTTLS", fault)) && smtp_hello(smtp, fault);
}

/* ---- login ---- */

/* Is the mechanism one of `AUTH PLAIN LOGIN`? */
static bool smtp_offers(struct smtp *smtp, const char *mechanism)
{
	const char *line = NULL;
	size_t n = strlen(mechanism);

	if (mu_smtp_capa_test(smtp->engine, "AUTH", &line) != 0 || !line)
		return false;
	for (const char *at = line; *at;) {
		size_t word = strcspn(at, " =\t\r\n");

		if (word == n && strncasecmp(at, mechanism, n) == 0)
			return true;
		at += word;
		at += strspn(at, " =\t\r\n");
	}
	return false;
}

static bool smtp_line(struct smtp *smtp, const char *line, unsigned code, const char *doing, struct fault *fault)
{
	char reason[SUBMIT_REASON + 1];
	int status = mu_smtp_write(smtp->engine, "%s\r\n", line);

	if (status == 0)
		status = mu_smtp_response(smtp->engine);
	if (!smtp_did(smtp, status, doing, fault))
		return false;
	return smtp_said(smtp, reason) == code || smtp_refused(smtp, doing, fault);
}

/* Two lines in base64; what servers without PLAIN understand. */
static bool smtp_login_old(struct smtp *smtp, struct span secret, const char *doing, struct fault *fault)
{
	const char *words[] = { "AUTH", "LOGIN" };
	struct buf line = BUF(SASL_OCTETS);
	bool good = buf_reserve(&line, SASL_OCTETS - 64) && smtp_command(smtp, words, 2, 334, doing, fault);

	if (good) {
		base64_put(&line, span_of(smtp->server->user));
		good = smtp_line(smtp, buf_text(&line), 334, doing, fault);
	}
	if (good) {
		buf_clear(&line);
		base64_put(&line, secret);
		good = smtp_line(smtp, buf_text(&line), 235, doing, fault);
		if (!good)
			fault_conceal(fault, buf_span(&line));
	}
	secret_wipe(&line);
	return good;
}

/* The reason for which a token is refused comes in a challenge, which wants an empty answer before the refusal
 * (RFC 7628 3.2.3). */
static bool smtp_token_refused(struct smtp *smtp, const char *doing, struct fault *fault)
{
	struct buf reason = BUF(2048), shown = BUF(8192);
	const char *challenge = NULL;
	struct fault last = { 0 };

	if (mu_smtp_sget_reply(smtp->engine, &challenge) == 0 && challenge)
		sasl_reason(&reason, span_of(challenge));
	escape_terminal(&shown, buf_span(&reason));
	fault_set(fault, FAULT_SETUP, "%s:%u: %s: the server refuses: %.300s", smtp->server->host, smtp->server->port,
		doing, shown.n ? buf_text(&shown) : "no reason given");
	smtp_line(smtp, "", 535, doing, &last);
	buf_release(&reason);
	buf_release(&shown);
	return false;
}

static bool smtp_login_as(struct smtp *smtp, struct span initial, const char *doing, struct fault *fault)
{
	const char *words[] = { "AUTH", sasl_mechanism(smtp->server->login), initial.p };
	char reason[SUBMIT_REASON + 1];

	if (!smtp_did(smtp, mu_smtp_cmd(smtp->engine, 3, (char **)(uintptr_t)words), doing, fault))
		return false;
	switch (smtp_said(smtp, reason)) {
	case 235:
		return true;
	case 334:
		return smtp->server->login == LOGIN_PASSWORD ? smtp_refused(smtp, doing, fault)
							      : smtp_token_refused(smtp, doing, fault);
	default:
		return smtp_refused(smtp, doing, fault);
	}
}

static bool smtp_login(struct smtp *smtp, struct span secret, struct fault *fault)
{
	const struct mailbox *server = smtp->server;
	struct sasl sasl = { server->login, server->user, server->host, server->port };
	struct buf initial = BUF(SASL_OCTETS);
	char doing[MAILBOX_TEXT + 32];
	bool good;

	if (!server->user || !server->user[0])
		return true;
	if (!carrier_private(smtp->carrier))
		return fault_set(fault, FAULT_BROKEN, "a login without TLS");
	snprintf(doing, sizeof doing, "login of %.200s", server->user);
	if (server->login == LOGIN_PASSWORD && !smtp_offers(smtp, "PLAIN") && smtp_offers(smtp, "LOGIN"))
		return smtp_login_old(smtp, secret, doing, fault);
	if (!smtp_offers(smtp, sasl_mechanism(server->login)))
		return fault_set(fault, FAULT_SETUP, "%s:%u: the server does not take %s", server->host, server->port,
			sasl_mechanism(server->login));
	good = sasl_initial(&initial, &sasl, secret) ||
	       fault_set(fault, FAULT_SETUP, "user or secret hold octets that the server cannot be told");
	good = good && smtp_login_as(smtp, span_of(buf_text(&initial)), doing, fault);
	if (!good)
		fault_conceal(fault, buf_span(&initial));
	secret_wipe(&initial);
	return good;
}

/* ---- birth and end ---- */

static void smtp_close(struct smtp *smtp)
{
	if (smtp->engine && !smtp_broken(smtp))
		mu_smtp_quit(smtp->engine);
	if (smtp->engine)
		mu_smtp_destroy(&smtp->engine);
	carrier_close(smtp->carrier);
}

static bool smtp_open(struct smtp *smtp, const struct trust *trust, struct span secret, struct fault *fault)
{
	smtp->carrier = carrier_open(smtp->server, trust, fault);
	if (!smtp->carrier)
		return false;
	carrier_set_line_max(smtp->carrier, LINE_OCTETS);
	if (mu_smtp_create(&smtp->engine) != 0 ||
		mu_smtp_set_param(smtp->engine, MU_SMTP_PARAM_DOMAIN, HELO) != 0 ||
		mu_smtp_set_carrier(smtp->engine, carrier_stream(smtp->carrier)) != 0)
		return fault_set(fault, FAULT_LATER, "out of memory");
	return smtp_greet(smtp, fault) && smtp_login(smtp, secret, fault);
}

/* ---- the mail ---- */

static bool smtp_envelope(
	struct smtp *smtp, const struct envelope *envelope, struct submit_answer *answers, struct fault *fault)
{
	char address[256];
	size_t taken = 0;

	snprintf(address, sizeof address, "%.*s", (int)envelope->from.n, envelope->from.p);
	if (!smtp_did(smtp, mu_smtp_mail_basic(smtp->engine, address, NULL), "sender", fault))
		return false;
	for (size_t i = 0; i < envelope->to_n; i++) {
		int status;

		snprintf(address, sizeof address, "%.*s", (int)envelope->to[i].n, envelope->to[i].p);
		status = mu_smtp_rcpt_basic(smtp->engine, address, NULL);
		answers[i].refused = status != 0;
		if (smtp_broken(smtp) || (status != 0 && status != MU_ERR_REPLY))
			return smtp_lost(smtp, "recipient", fault);
		smtp_said(smtp, answers[i].reason);
		taken += status == 0;
	}
	return taken || smtp_refused(smtp, "recipients", fault);
}

/* The stream doubles dots at the beginning of a line, ends lines in CRLF, and says the end when it is closed. */
static bool smtp_octets(struct smtp *smtp, mu_stream_t stream, int fd, struct fault *fault)
{
	char octets[16384];
	off_t at = 0;
	ssize_t n;

	while ((n = pread(fd, octets, sizeof octets, at)) > 0) {
		size_t written = 0;

		if (mu_stream_write(stream, octets, (size_t)n, &written) != 0 || written != (size_t)n ||
			smtp_broken(smtp))
			return smtp_lost(smtp, "sending the mail", fault);
		at += n;
	}
	return n == 0 || fault_set(fault, FAULT_LATER, "the mail cannot be read: %s", strerror(errno));
}

static enum submit_end smtp_data(
	struct smtp *smtp, int fd, void (*leaving)(void *arg), void *arg, struct fault *fault)
{
	mu_stream_t stream = NULL;
	int status;

	if (!smtp_did(smtp, mu_smtp_data(smtp->engine, &stream), "DATA", fault))
		return SUBMIT_NOT_SENT;
	if (!smtp_octets(smtp, stream, fd, fault)) {
		/* Without its end the server has no mail; closing the stream would say it. */
		carrier_fail(smtp->carrier, FAULT_LATER, "given up");
		mu_stream_destroy(&stream);
		return SUBMIT_NOT_SENT;
	}
	leaving(arg);
	status = mu_stream_close(stream);
	mu_stream_unref(stream);
	if (status == 0)
		status = mu_smtp_dot(smtp->engine);
	if (smtp_did(smtp, status, "the mail", fault))
		return SUBMIT_SENT;
	return smtp_broken(smtp) ? SUBMIT_UNKNOWN : SUBMIT_NOT_SENT;
}

enum submit_end smtp_submit(const struct mailbox *server, const struct trust *trust, struct span secret,
	const struct envelope *envelope, int fd, struct submit_answer *answers, void (*leaving)(void *arg), void *arg,
	struct fault *fault)
{
	struct smtp smtp = { .server = server };
	enum submit_end end = SUBMIT_NOT_SENT;

	if (smtp_open(&smtp, trust, secret, fault) && smtp_envelope(&smtp, envelope, answers, fault))
		end = smtp_data(&smtp, fd, leaving, arg, fault);
	if (end != SUBMIT_SENT)
		fault_conceal(fault, secret);
	if (smtp.carrier)
		smtp_close(&smtp);
	return end;
}
