#include "ingest/imap_private.h"

#include "base/escape.h"
#include "base/shortage.h"
#include "ingest/foldername.h"
#include "ingest/sasl.h"
#include "ingest/secretfile.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

/* ---- one command ---- */

bool imap_broken(const struct imap *imap)
{
	return carrier_fault(imap->carrier)->kind != FAULT_NONE;
}

bool imap_lost(struct imap *imap, const char *doing, struct fault *fault)
{
	const struct fault *said = carrier_fault(imap->carrier);

	carrier_fail(imap->carrier, FAULT_LATER, "%s: the server's answer cannot be understood", doing);
	if (imap->goodbye[0] && said->kind == FAULT_LATER) /* tells more than that the connection is closed */
		return fault_set(fault, FAULT_LATER, "%s:%u: %s: the server says goodbye: %s", imap->mailbox->host,
			imap->mailbox->port, doing, imap->goodbye);
	if (fault)
		*fault = *said;
	return false;
}

/* A refusal that passes by itself: RFC 5530, RFC 9051's LIMIT, and what Gmail and Exchange say when they are asked too much. */
static bool imap_passing(const struct imap *imap)
{
	static const char *const codes[] = { "UNAVAILABLE", "INUSE", "SERVERBUG", "LIMIT", "THROTTLED" };
	static const char *const texts[] = { "Too many simultaneous connections", "bandwidth limits", "Request is throttled",
		"authenticated but not connected", "Server Unavailable" };
	struct span line = literals_line(imap->literals);

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (imap_answered(imap, codes[i]))
			return true;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (span_find_nocase(line, span_of(texts[i])) >= 0)
			return true;
	return false;
}

/* Dovecot ends a refusal with the time it took, `(0.002 + 0.000 secs).`: without it the same one has the same words. */
static struct span words_untimed(struct span words)
{
	struct span text = span_trim(words), end = SPAN(" secs)");
	size_t n;

	if (text.n && text.p[text.n - 1] == '.')
		text.n--;
	if (!span_ends_nocase(text, end))
		return words;
	n = text.n - end.n;
	while (n && strchr("0123456789.+ ", text.p[n - 1]))
		n--;
	return n && text.p[n - 1] == '(' ? span_trim((struct span){ text.p, n - 1 }) : words;
}

/* The engine's copy of what the server said, fit to be shown. */
static bool imap_refused(struct imap *imap, const struct imap_request *request, struct fault *fault)
{
	enum fault_kind kind = imap_passing(imap) ? FAULT_LATER : request->refusal ? request->refusal : FAULT_SETUP;
	struct buf shown = BUF(4096);
	const char *text = NULL;

	if (mu_imap_strerror(imap->engine, &text) != 0 || !text)
		text = "no reason given";
	escape_terminal(&shown, words_untimed((struct span){ text, strnlen(text, 300) }));
	fault_set(fault, kind, "%s:%u: %s: the server refuses: %s", imap->mailbox->host, imap->mailbox->port, request->doing,
		buf_text(&shown));
	buf_release(&shown);
	return false;
}

bool imap_say(struct imap *imap, const struct imap_request *request, struct fault *fault)
{
	const char *argv[] = { request->verb };
	/* The library's own commands fill a static structure; one on the stack belongs to nobody else. */
	struct imap_command command = {
		.session_state = MU_IMAP_SESSION_NONAUTH,
		.rx_state = MU_IMAP_CLIENT_NOOP_RX,
		.argc = 1,
		.argv = argv,
		.extra = request->rest,
		.tagged_handler = request->tagged,
		.untagged_handler = request->untagged,
		.untagged_handler_data = request->arg,
	};
	int status;

	imap->engine->response = MU_IMAP_OK; /* a BAD of the past must not speak for a reply that cannot be read */
	status = imap_broken(imap) ? ECONNRESET : mu_imap_gencom(imap->engine, &command);
	if (status == 0 && !imap_broken(imap))
		return true;
	if ((status == MU_ERR_FAILURE || (status == MU_ERR_BADREPLY && imap->engine->response == MU_IMAP_BAD)) &&
		!imap_broken(imap))
		return imap_refused(imap, request, fault);
	return imap_lost(imap, request->doing, fault);
}

bool imap_answered(const struct imap *imap, const char *code)
{
	struct span line = literals_line(imap->literals);
	char wanted[64];
	int n = snprintf(wanted, sizeof wanted, "[%s", code);
	long at = span_find_nocase(line, (struct span){ wanted, (size_t)n });

	return at >= 0 && (size_t)(at + n) < line.n && strchr("] ", line.p[at + n]);
}

bool imap_set(struct buf *out, const uint64_t *uids, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t last = i;

		while (last + 1 < n && uids[last + 1] == uids[last] + 1)
			last++;
		buf_printf(out, "%s%llu", i ? "," : "", (unsigned long long)uids[i]);
		if (last > i)
			buf_printf(out, ":%llu", (unsigned long long)uids[last]);
		i = last + 1;
	}
	return !out->failed;
}

struct span imap_word(struct span *line, struct buf *scratch)
{
	size_t at = 0;
	bool quoted = line->n && line->p[0] == '"';

	buf_clear(scratch);
	if (quoted)
		for (at = 1; at < line->n && line->p[at] != '"'; at++) {
			if (line->p[at] == '\\' && at + 1 < line->n)
				at++;
			buf_put_byte(scratch, (unsigned char)line->p[at]);
		}
	else
		while (at < line->n && line->p[at] != ' ' && line->p[at] != '(' && line->p[at] != ')')
			buf_put_byte(scratch, (unsigned char)line->p[at++]);
	at += quoted && at < line->n;
	at += at < line->n && line->p[at] == ' ';
	*line = (struct span){ line->p + at, line->n - at };
	return !quoted && span_is_nocase(buf_span(scratch), SPAN("NIL")) ? SPAN_ABSENT : buf_span(scratch);
}

/* ---- what the server says by itself ---- */

void imap_goodbye(struct imap *imap, struct span text)
{
	struct buf shown = BUF(4096);

	text = span_trim(text);
	escape_terminal(&shown, (struct span){ text.p, text.n < 150 ? text.n : 150 });
	snprintf(imap->goodbye, sizeof imap->goodbye, "%s", buf_text(&shown));
	buf_release(&shown);
}

static void on_goodbye(void *arg, int code, size_t n, void *text)
{
	(void)code;
	(void)n;
	imap_goodbye(arg, span_of(text));
}

/* The engine does not parse response codes with arguments; the line is still there. */
static void on_ok(void *arg, int code, size_t n, void *text)
{
	struct imap *imap = arg;
	struct span line = literals_line(imap->literals);
	long at = span_find_nocase(line, SPAN("[UIDVALIDITY "));
	unsigned long long number;
	struct span rest;

	(void)code;
	(void)n;
	(void)text;
	if (at < 0)
		return;
	rest = (struct span){ line.p + at + 13, line.n - (size_t)at - 13 };
	const char *end = memchr(rest.p, ']', rest.n);

	if (end && span_number((struct span){ rest.p, (size_t)(end - rest.p) }, UINT32_MAX, &number))
		imap->folder.uidvalidity = number;
}

static const struct capability {
	const char *word;
	unsigned ability;
} capabilities[] = {
	{ "SASL-IR", IMAP_SASL_IR }, { "MOVE", IMAP_MOVE }, { "UIDPLUS", IMAP_UIDPLUS },
	{ "NAMESPACE", IMAP_NAMESPACE }, { "IDLE", IMAP_IDLE }, { "LOGINDISABLED", IMAP_NO_LOGIN }, { "AUTH=PLAIN", IMAP_PLAIN },
	{ "IMAP4rev2",
		IMAP_REV2 | IMAP_MOVE | IMAP_UIDPLUS | IMAP_NAMESPACE | IMAP_SASL_IR | IMAP_IDLE }, /* RFC 9051 appendix E */
};

static bool is_response(struct span *line, const char *name)
{
	char wanted[64];
	int n = snprintf(wanted, sizeof wanted, "* %s", name);
	struct span head = { wanted, (size_t)n };

	if (!span_starts_nocase(*line, head) || (line->n > head.n && line->p[head.n] != ' '))
		return false;
	n += line->n > head.n;
	*line = (struct span){ line->p + n, line->n - (size_t)n };
	return true;
}

static void on_capability(mu_imap_t engine, mu_list_t response, void *arg)
{
	struct imap *imap = arg;
	struct span line = literals_line(imap->literals);
	struct buf word = BUF(256);

	(void)engine;
	(void)response;
	for (bool ours = is_response(&line, "CAPABILITY"); ours && line.n;) {
		struct span one = imap_word(&line, &word);

		if (one.n == 0)
			break;
		for (size_t i = 0; i < sizeof capabilities / sizeof *capabilities; i++)
			if (span_is_nocase(one, span_of(capabilities[i].word)))
				imap->abilities |= capabilities[i].ability;
	}
	buf_release(&word);
}

static bool imap_ask_abilities(struct imap *imap, struct fault *fault)
{
	imap->abilities = 0;
	return imap_say(imap,
		&(struct imap_request){ .verb = "CAPABILITY",
			.doing = "asking for its abilities",
			.untagged = on_capability,
			.arg = imap },
		fault);
}

/* ---- login ---- */

static void now_authenticated(mu_imap_t engine)
{
	if (engine->response == MU_IMAP_OK)
		engine->session_state = MU_IMAP_SESSION_AUTH;
}

/* Without SASL-IR (RFC 4959) the server says `+` before it is told. The engine is left waiting for the tagged answer.
 */
static bool imap_invite(struct imap *imap, const char *mechanism, struct span answer, struct fault *fault)
{
	char **words;
	size_t n = 0;

	if (_mu_imap_tag_next(imap->engine) != 0 ||
		mu_imapio_printf(imap->engine->io, "%s AUTHENTICATE %s\r\n", imap->engine->tag_str, mechanism) != 0 ||
		mu_imapio_getline(imap->engine->io) != 0)
		return imap_lost(imap, "logging in", fault);
	if (mu_imapio_get_words(imap->engine->io, &n, &words) != 0 || n == 0 || strcmp(words[0], "+") != 0)
		return fault_set(fault, FAULT_SETUP, "%s:%u: logging in: the server does not take %s",
			imap->mailbox->host, imap->mailbox->port, mechanism);
	mu_imapio_send(imap->engine->io, answer.p, answer.n);
	mu_imapio_send(imap->engine->io, "\r\n", 2);
	MU_IMAP_FCLR(imap->engine, MU_IMAP_RESP);
	imap->engine->client_state = MU_IMAP_CLIENT_NOOP_RX;
	return true;
}

/* A refused token comes with a reason in a challenge (RFC 7628 3.2.3), a password's in the tagged answer. */
static bool login_refused(struct imap *imap, struct fault *fault)
{
	struct buf reason = BUF(2048), shown = BUF(8192);
	struct span line = literals_line(imap->literals);
	enum fault_kind kind = imap_passing(imap) ? FAULT_LATER : FAULT_SETUP;
	const char *text = NULL;

	if (line.n && line.p[0] == '+')
		sasl_reason(&reason, line);
	else if (mu_imap_strerror(imap->engine, &text) == 0 && text)
		buf_put(&reason, text, strnlen(text, 300));
	escape_terminal(&shown, buf_span(&reason));
	fault_set(fault, kind, "%s:%u: login of %s is refused: %.300s", imap->mailbox->host, imap->mailbox->port,
		imap->mailbox->user, shown.n ? buf_text(&shown) : "no reason given");
	buf_release(&reason);
	buf_release(&shown);
	return false;
}

static bool quotable(struct span text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < ' ' || (unsigned char)text.p[i] >= 0x7f)
			return false;
	return true;
}

static void put_quoted(struct buf *out, struct span text)
{
	buf_put_byte(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"' || text.p[i] == '\\')
			buf_put_byte(out, '\\');
		buf_put_byte(out, (unsigned char)text.p[i]);
	}
	buf_put_byte(out, '"');
}

/* The command that logs in, its secret in `rest`: AUTHENTICATE, or LOGIN for a server that has nothing better. */
static const char *login_command(const struct imap *imap, struct span secret, struct buf *rest, struct fault *fault)
{
	const struct mailbox *mailbox = imap->mailbox;
	struct sasl sasl = { mailbox->login, mailbox->user, mailbox->host, mailbox->port };
	bool plain = mailbox->login == LOGIN_PASSWORD;
	struct span user = span_of(mailbox->user);
	bool good;

	if (!plain || imap->abilities & IMAP_PLAIN) {
		good = sasl_initial(rest, &sasl, secret);
		if (good)
			return "AUTHENTICATE";
	} else if (imap->abilities & IMAP_NO_LOGIN) {
		fault_set(fault, FAULT_SETUP, "%s:%u: the server takes neither PLAIN nor LOGIN", imap->mailbox->host,
			imap->mailbox->port);
		return NULL;
	} else if (quotable(user) && quotable(secret) && buf_reserve(rest, 2 * (user.n + secret.n) + 8)) {
		put_quoted(rest, user);
		buf_put_byte(rest, ' ');
		put_quoted(rest, secret);
		return "LOGIN";
	}
	fault_set(fault, FAULT_SETUP, "%s:%u: user or secret hold octets that this server cannot be told",
		imap->mailbox->host, imap->mailbox->port);
	return NULL;
}

static bool imap_login(struct imap *imap, struct span secret, struct fault *fault)
{
	struct buf rest = BUF(SASL_OCTETS), full = BUF(SASL_OCTETS + 64);
	const char *mechanism = sasl_mechanism(imap->mailbox->login);
	const char *verb;
	bool good = false;

	if (!carrier_private(imap->carrier))
		return fault_set(fault, FAULT_BROKEN, "a login without TLS");
	verb = login_command(imap, secret, &rest, fault);
	if (!verb)
		goto out;
	struct imap_request request = {
		.verb = verb, .rest = buf_text(&rest), .doing = "logging in", .tagged = now_authenticated
	};

	if (strcmp(verb, "AUTHENTICATE") == 0 && !(imap->abilities & IMAP_SASL_IR)) {
		if (!imap_invite(imap, mechanism, buf_span(&rest), fault))
			goto out;
	} else if (strcmp(verb, "AUTHENTICATE") == 0 && buf_reserve(&full, rest.n + 32)) {
		buf_printf(&full, "%s ", mechanism);
		buf_put_span(&full, buf_span(&rest));
		request.rest = buf_text(&full);
	}
	good = imap_say(imap, &request, fault);
	if (!good && carrier_fault(imap->carrier)->kind == FAULT_LATER &&
		!span_starts_nocase(literals_line(imap->literals), SPAN("+")))
		goto out; /* not refused: lost */
	if (!good)
		login_refused(imap, fault);
out:
	/* Base64 of user and secret; what stands in a LOGIN begins with the user, whom a fault may name. */
	if (!good && verb && strcmp(verb, "AUTHENTICATE") == 0)
		fault_conceal(fault, buf_span(&rest));
	secret_wipe(&rest);
	secret_wipe(&full);
	return good;
}

/* ---- namespaces ---- */

static void prefix_add(struct imap *imap, struct span wire)
{
	struct buf name = BUF(MAILBOX_TEXT);

	if (imap->n_prefixes < IMAP_PREFIXES && foldername_decode(&name, wire) &&
		(imap->prefixes[imap->n_prefixes] = shortage_noted(strdup(buf_text(&name)))))
		imap->n_prefixes++;
	buf_release(&name);
}

/* It becomes part of the names that we say: one visible character of ASCII. */
static void delimiter_take(struct imap *imap, struct span text)
{
	if (text.n == 1 && text.p[0] > ' ' && text.p[0] < 127)
		imap->delimiter = text.p[0];
}

/* * NAMESPACE (("INBOX." ".")) NIL (("shared." ".")), RFC 2342: ours come first, and its delimiter is the server's. */
static void on_namespace(mu_imap_t engine, mu_list_t response, void *arg)
{
	struct imap *imap = arg;
	struct span line = literals_line(imap->literals);
	struct buf word = BUF(MAILBOX_TEXT);
	unsigned depth = 0;

	(void)engine;
	(void)response;
	for (bool ours = is_response(&line, "NAMESPACE"); ours && line.n;) {
		if (line.p[0] != '"') {
			depth += line.p[0] == '(';
			depth -= line.p[0] == ')' && depth;
			line = (struct span){ line.p + 1, line.n - 1 };
			continue;
		}
		struct span text = imap_word(&line, &word);

		if (depth != 2)
			continue;
		prefix_add(imap, text);
		text = imap_word(&line, &word);
		if (!imap->delimiter)
			delimiter_take(imap, text);
		while (line.n && line.p[0] != ')') /* extensions */
			line = (struct span){ line.p + 1, line.n - 1 };
	}
	buf_release(&word);
}

/* * LIST (\Noselect) "/" "": how a server without NAMESPACE tells its delimiter. */
static void on_root(mu_imap_t engine, mu_list_t response, void *arg)
{
	struct imap *imap = arg;
	struct span line = literals_line(imap->literals);
	struct buf word = BUF(MAILBOX_TEXT);
	const char *end;

	(void)engine;
	(void)response;
	if (is_response(&line, "LIST") && (end = memchr(line.p, ')', line.n)) && end + 2 < line.p + line.n) {
		line = (struct span){ end + 2, line.n - (size_t)(end + 2 - line.p) };
		delimiter_take(imap, imap_word(&line, &word));
	}
	buf_release(&word);
}

static bool imap_ask_namespace(struct imap *imap, struct fault *fault)
{
	struct imap_request request = {
		.verb = "NAMESPACE", .doing = "asking for its namespaces", .untagged = on_namespace, .arg = imap
	};

	if (imap->abilities & IMAP_NAMESPACE && !imap_say(imap, &request, fault) && imap_broken(imap))
		return false;
	if (imap->delimiter)
		return true;
	request = (struct imap_request){ .verb = "LIST",
		.rest = "\"\" \"\"",
		.doing = "asking for its delimiter",
		.untagged = on_root,
		.arg = imap };
	return imap_say(imap, &request, fault) || !imap_broken(imap);
}

static char folder_byte(const struct imap *imap, char c)
{
	return c == '/' && imap->delimiter ? imap->delimiter : c;
}

/* INBOX/Done is INBOX.Done already where the server says so, and not something below it. */
static bool folder_has_prefix(const struct imap *imap, const char *name, const char *prefix)
{
	if (!*prefix)
		return false;
	for (; *prefix; prefix++, name++)
		if (folder_byte(imap, *name) != *prefix)
			return false;
	return true;
}

char *imap_folder_name(const struct imap *imap, const char *name)
{
	struct buf full = BUF(2 * MAILBOX_TEXT);
	bool prefixed = imap->n_prefixes == 0 || strcasecmp(name, "INBOX") == 0;
	char *copy;

	for (size_t i = 0; i < imap->n_prefixes; i++)
		prefixed |= folder_has_prefix(imap, name, imap->prefixes[i]);
	if (!prefixed)
		buf_put_text(&full, imap->prefixes[0]);
	for (const char *p = name; *p; p++)
		buf_put_byte(&full, (unsigned char)folder_byte(imap, *p));
	copy = full.failed ? NULL : shortage_noted(strdup(buf_text(&full)));
	buf_release(&full);
	return copy;
}

/* ---- birth and end ---- */

static void imap_free(struct imap *imap)
{
	if (imap->engine) {
		/* What mu_imap_destroy forgets. */
		free(imap->engine->mbox_name);
		imap->engine->mbox_name = NULL;
		if (imap->engine->io) {
			free(imap->engine->io->_imap_buf_base);
			imap->engine->io->_imap_buf_base = NULL;
		}
		mu_imap_destroy(&imap->engine);
	}
	carrier_close(imap->carrier);
	literals_free(imap->literals);
	for (size_t i = 0; i < imap->n_prefixes; i++)
		free(imap->prefixes[i]);
	free(imap->selected);
	free(imap);
}

void imap_close(struct imap *imap, bool polite)
{
	if (!imap)
		return;
	if (polite && !imap_broken(imap))
		imap_say(imap, &(struct imap_request){ .verb = "LOGOUT", .doing = "logging out" }, NULL);
	imap_free(imap);
}

void imap_set_deadline(struct imap *imap, uint32_t seconds)
{
	carrier_set_deadline(imap->carrier, seconds);
}

static bool imap_greet(struct imap *imap, struct fault *fault)
{
	if (mu_imap_connect(imap->engine) != 0)
		return imap_lost(imap, "greeting", fault);
	if (carrier_private(imap->carrier))
		return true;
	if (imap->engine->session_state != MU_IMAP_SESSION_NONAUTH) {
		carrier_fail(imap->carrier, FAULT_SETUP, "the server says that we are logged in before TLS: refused");
		return imap_lost(imap, "greeting", fault);
	}
	if (!imap_say(imap, &(struct imap_request){ .verb = "STARTTLS", .doing = "STARTTLS" }, fault)) {
		if (!imap_broken(imap))
			fault_set(fault, FAULT_SETUP,
				"%s:%u: the server does not offer STARTTLS; nothing is sent without TLS",
				imap->mailbox->host, imap->mailbox->port);
		return false;
	}
	if (carrier_start_tls(imap->carrier))
		return true;
	return imap_lost(imap, "STARTTLS", fault);
}

struct imap *imap_open(
	const struct mailbox *mailbox, const struct trust *trust, struct span secret, struct fault *fault)
{
	struct imap *imap = calloc(1, sizeof *imap);

	if (!imap || !(imap->carrier = carrier_open(mailbox, trust, fault))) {
		if (!imap)
			fault_set(fault, FAULT_LATER, "out of memory");
		free(imap);
		return NULL;
	}
	imap->mailbox = mailbox;
	imap->literals = literals_new(imap->carrier);
	if (!imap->literals || mu_imap_create(&imap->engine) != 0 ||
		mu_imap_set_carrier(imap->engine, carrier_stream(imap->carrier)) != 0) {
		fault_set(fault, FAULT_LATER, "out of memory");
		goto failed;
	}
	mu_imap_register_callback_function(imap->engine, MU_IMAP_CB_BYE, on_goodbye, imap);
	mu_imap_register_callback_function(imap->engine, MU_IMAP_CB_OK, on_ok, imap);
	mu_imap_register_callback_function(imap->engine, MU_IMAP_CB_UIDVALIDITY, on_ok, imap);
	if (!imap_greet(imap, fault) || !imap_ask_abilities(imap, fault))
		goto failed;
	if (imap->engine->session_state < MU_IMAP_SESSION_AUTH &&
		(!imap_login(imap, secret, fault) || !imap_ask_abilities(imap, fault)))
		goto failed;
	if (imap_ask_namespace(imap, fault))
		return imap;
failed:
	imap_free(imap);
	return NULL;
}
