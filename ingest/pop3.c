#include "ingest/pop3.h"

#include "base/escape.h"
#include "base/shortage.h"
#include "ingest/hold.h"
#include "ingest/sasl.h"
#include "ingest/secretfile.h"

#include <errno.h>
#include <mailutils/errno.h>
#include <mailutils/pop3.h>
#include <mailutils/stream.h>
#include <mailutils/sys/pop3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LINE_OCTETS 8192 /* RFC 2449: 512; some say more in errors */

#define AROUND 8	 /* octets at least around a mail: +OK, its line end, the dot and its */

/* What the sizes of a LIST are worth. RFC 1939 wants them exact; some servers count otherwise, some guess. */
enum sizes { SIZES_UNKNOWN, SIZES_EXACT, SIZES_LOOSE };

struct pop3 {
	const struct mailbox *mailbox;
	struct carrier *carrier; /* owned */
	mu_pop3_t engine;	 /* owned */
	enum sizes sizes;
	struct server_mail small[2]; /* the smallest that LIST knows: number and size */
};

bool pop3_broken(const struct pop3 *pop3)
{
	return carrier_fault(pop3->carrier)->kind != FAULT_NONE;
}

static bool pop3_lost(struct pop3 *pop3, const char *doing, struct fault *fault)
{
	carrier_fail(pop3->carrier, FAULT_LATER, "%s: the server's answer cannot be understood", doing);
	if (fault)
		*fault = *carrier_fault(pop3->carrier);
	return false;
}

/* What the server said after -ERR, or in a challenge. */
static bool pop3_refused(struct pop3 *pop3, enum fault_kind kind, const char *doing, struct fault *fault)
{
	const char *line = mu_pop3_strresp(pop3->engine);
	struct buf reason = BUF(2048), shown = BUF(8192);

	if (line && line[0] == '+' && line[1] == ' ')
		sasl_reason(&reason, span_of(line));
	else if (line)
		buf_put(&reason, line, strnlen(line, 300));
	escape_terminal(&shown, buf_span(&reason));
	if (span_find_nocase(buf_span(&reason), SPAN("[SYS/TEMP]")) >= 0 || /* RFC 3206 */
		span_find_nocase(buf_span(&reason), SPAN("[LOGIN-DELAY]")) >= 0 || /* RFC 2449 */
		span_find_nocase(buf_span(&reason), SPAN("[IN-USE]")) >= 0)
		kind = FAULT_LATER;
	fault_set(fault, kind, "%s:%u: %s: the server refuses: %.300s", pop3->mailbox->host, pop3->mailbox->port, doing,
		shown.n ? buf_text(&shown) : "no reason given");
	buf_release(&reason);
	buf_release(&shown);
	return false;
}

/* The answer to what was written just now. */
static bool pop3_answer(struct pop3 *pop3, enum fault_kind kind, const char *doing, struct fault *fault)
{
	int status;

	MU_POP3_FCLR(pop3->engine, MU_POP3_ACK);
	status = mu_pop3_response(pop3->engine, NULL);
	if (pop3_broken(pop3) || (status != 0 && status != MU_ERR_REPLY))
		return pop3_lost(pop3, doing, fault);
	return status == 0 || pop3_refused(pop3, kind, doing, fault);
}

/* ---- login ---- */

/* AUTH with a challenge in between, as RFC 5034 wants it for what does not fit into 255 octets. */
static bool pop3_login_token(struct pop3 *pop3, struct span secret, struct fault *fault)
{
	const struct mailbox *mailbox = pop3->mailbox;
	struct sasl sasl = { mailbox->login, mailbox->user, mailbox->host, mailbox->port };
	struct buf answer = BUF(SASL_OCTETS);
	const char *line;
	bool good = sasl_initial(&answer, &sasl, secret);

	if (!good) {
		fault_set(fault, FAULT_SETUP, "user or token hold octets that the server cannot be told");
	} else if (mu_pop3_writeline(pop3->engine, "AUTH %s\r\n", sasl_mechanism(pop3->mailbox->login)) != 0 ||
		   mu_pop3_getline(pop3->engine) != 0) {
		good = pop3_lost(pop3, "logging in", fault);
	} else if (pop3->engine->rdbuf[0] != '+' || strncmp(pop3->engine->rdbuf, "+OK", 3) == 0) {
		good = fault_set(fault, FAULT_SETUP, "%s:%u: the server does not take %s", pop3->mailbox->host,
			pop3->mailbox->port, sasl_mechanism(pop3->mailbox->login));
	} else if (mu_pop3_sendline(pop3->engine, buf_text(&answer)) != 0 ||
		   mu_pop3_sendline(pop3->engine, "\r\n") != 0) {
		good = pop3_lost(pop3, "logging in", fault);
	} else {
		good = pop3_answer(pop3, FAULT_SETUP, "login", fault);
		line = pop3->engine->ackbuf;
		if (!good && carrier_fault(pop3->carrier)->kind == FAULT_LATER && line && line[0] == '+')
			pop3_refused(pop3, FAULT_SETUP, "login", fault);
	}
	if (!good)
		fault_conceal(fault, buf_span(&answer));
	secret_wipe(&answer);
	return good;
}

static bool sayable(struct span text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f)
			return false;
	return text.n > 0 && text.n < MAILBOX_TEXT;
}

static bool pop3_login(struct pop3 *pop3, struct span secret, struct fault *fault)
{
	char doing[MAILBOX_TEXT + 32];

	if (!carrier_private(pop3->carrier))
		return fault_set(fault, FAULT_BROKEN, "a login without TLS");
	if (pop3->mailbox->login != LOGIN_PASSWORD)
		return pop3_login_token(pop3, secret, fault);
	if (!sayable(span_of(pop3->mailbox->user)) || !sayable(secret))
		return fault_set(fault, FAULT_SETUP, "%s:%u: user or password hold controls, or nothing",
			pop3->mailbox->host, pop3->mailbox->port);
	snprintf(doing, sizeof doing, "login of %.200s", pop3->mailbox->user);
	if (mu_pop3_writeline(pop3->engine, "USER %s\r\n", pop3->mailbox->user) != 0)
		return pop3_lost(pop3, doing, fault);
	if (!pop3_answer(pop3, FAULT_SETUP, doing, fault))
		return false;
	if (mu_pop3_writeline(pop3->engine, "PASS %.*s\r\n", (int)secret.n, secret.p) != 0)
		return pop3_lost(pop3, doing, fault);
	return pop3_answer(pop3, FAULT_SETUP, doing, fault);
}

/* ---- birth and end ---- */

static void pop3_free(struct pop3 *pop3)
{
	if (pop3->engine)
		mu_pop3_destroy(&pop3->engine);
	carrier_close(pop3->carrier);
	free(pop3);
}

bool pop3_close(struct pop3 *pop3, bool polite, struct fault *fault)
{
	bool good = true;

	if (!pop3)
		return true;
	if (polite && (good = !pop3_broken(pop3) || pop3_lost(pop3, "ending", fault)))
		good = mu_pop3_writeline(pop3->engine, "QUIT\r\n") == 0
			       ? pop3_answer(pop3, FAULT_LATER, "ending", fault)
			       : pop3_lost(pop3, "ending", fault);
	pop3_free(pop3);
	return good;
}

static bool pop3_greet(struct pop3 *pop3, struct fault *fault)
{
	if (!pop3_answer(pop3, FAULT_LATER, "greeting", fault))
		return false;
	if (carrier_private(pop3->carrier))
		return true;
	if (mu_pop3_writeline(pop3->engine, "STLS\r\n") != 0)
		return pop3_lost(pop3, "STLS", fault);
	if (!pop3_answer(pop3, FAULT_SETUP, "STLS", fault)) {
		if (!pop3_broken(pop3))
			fault_set(fault, FAULT_SETUP,
				"%s:%u: the server does not offer STLS; nothing is sent without TLS",
				pop3->mailbox->host, pop3->mailbox->port);
		return false;
	}
	return carrier_start_tls(pop3->carrier) || pop3_lost(pop3, "STLS", fault);
}

struct pop3 *pop3_open(
	const struct mailbox *mailbox, const struct trust *trust, struct span secret, struct fault *fault)
{
	struct pop3 *pop3 = calloc(1, sizeof *pop3);

	if (!pop3 || !(pop3->carrier = carrier_open(mailbox, trust, fault))) {
		if (!pop3)
			fault_set(fault, FAULT_LATER, "out of memory");
		free(pop3);
		return NULL;
	}
	pop3->mailbox = mailbox;
	carrier_set_line_max(pop3->carrier, LINE_OCTETS);
	if (mu_pop3_create(&pop3->engine) != 0 ||
		mu_pop3_set_carrier(pop3->engine, carrier_stream(pop3->carrier)) != 0) {
		fault_set(fault, FAULT_LATER, "out of memory");
		pop3_free(pop3);
		return NULL;
	}
	if (pop3_greet(pop3, fault) && pop3_login(pop3, secret, fault))
		return pop3;
	pop3_free(pop3);
	return NULL;
}

/* ---- mails ---- */

/* `NUMBER REST` of a listing. */
static bool listing_line(char *line, uint64_t *number, struct span *rest)
{
	struct span text = span_trim(span_of(line));
	const char *blank = text.n ? memchr(text.p, ' ', text.n) : NULL;
	unsigned long long n;

	if (!blank || !span_number((struct span){ text.p, (size_t)(blank - text.p) }, UINT32_MAX, &n) || n == 0)
		return false;
	*number = n;
	*rest = span_trim((struct span){ blank, text.n - (size_t)(blank - text.p) });
	return rest->n > 0;
}

typedef bool listing_take(struct server_list *list, uint64_t number, struct span rest);

static bool take_uidl(struct server_list *list, uint64_t number, struct span rest)
{
	struct server_mail *more;

	if (rest.n > PLACE_UIDL || list->n == SERVER_MAILS || (list->n && list->mails[list->n - 1].uid >= number))
		return false;
	for (size_t i = 0; i < rest.n; i++)
		if (rest.p[i] < 0x21 || rest.p[i] > 0x7e)
			return false;
	if ((list->n & (list->n - 1)) == 0) { /* room is the next power of two */
		more = realloc(list->mails, (list->n ? list->n * 2 : 1) * sizeof *more);
		if (!more)
			return false;
		list->mails = more;
	}
	list->mails[list->n] =
		(struct server_mail){ .uid = number, .unsized = true, .fd = -1, .uidl = shortage_noted(strndup(rest.p, rest.n)) };
	return list->mails[list->n++].uidl != NULL;
}

/* A size without a UIDL is of no use, and one that is no number is not known. */
static bool take_size(struct server_list *list, uint64_t number, struct span rest)
{
	const char *blank = memchr(rest.p, ' ', rest.n);
	unsigned long long octets;
	size_t low = 0, high = list->n;

	if (blank)
		rest.n = (size_t)(blank - rest.p);
	if (!span_number(rest, INT64_MAX, &octets))
		return true;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (list->mails[middle].uid < number)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < list->n && list->mails[low].uid == number) {
		list->mails[low].octets = octets;
		list->mails[low].unsized = false;
	}
	return true;
}

static bool pop3_listing(
	struct pop3 *pop3, const char *verb, listing_take *take, struct server_list *list, struct fault *fault)
{
	mu_stream_t lines = NULL;
	char *line = NULL;
	size_t room = 0, n = 0;
	bool good = true;
	struct span rest;
	uint64_t number;

	if (mu_pop3_writeline(pop3->engine, "%s\r\n", verb) != 0)
		return pop3_lost(pop3, verb, fault);
	if (!pop3_answer(pop3, FAULT_SETUP, verb, fault))
		return false;
	if (mu_pop3_stream_create(pop3->engine, &lines) != 0)
		return pop3_lost(pop3, verb, fault);
	/* The library's iterators over listings leak and free twice. */
	while (good && mu_stream_getline(lines, &line, &room, &n) == 0 && n > 0)
		good = listing_line(line, &number, &rest) && take(list, number, rest);
	free(line);
	mu_stream_destroy(&lines);
	return (good && !pop3_broken(pop3)) || pop3_lost(pop3, verb, fault);
}

static void small_find(struct pop3 *pop3, const struct server_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct server_mail mail = { .uid = list->mails[i].uid, .octets = list->mails[i].octets };

		if (list->mails[i].unsized)
			continue;
		if (pop3->small[0].uid == 0 || mail.octets < pop3->small[0].octets) {
			pop3->small[1] = pop3->small[0];
			pop3->small[0] = mail;
		} else if (pop3->small[1].uid == 0 || mail.octets < pop3->small[1].octets) {
			pop3->small[1] = mail;
		}
	}
}

bool pop3_list(struct pop3 *pop3, struct server_list *list, struct fault *fault)
{
	struct fault why = { FAULT_NONE };

	*list = (struct server_list){ NULL, 0 };
	if (!pop3_listing(pop3, "UIDL", take_uidl, list, &why)) {
		if (pop3_broken(pop3))
			*fault = why;
		else
			fault_set(fault, why.kind, "%.300s%s", why.text,
				why.kind == FAULT_LATER ? "" : "; without UIDL new mails cannot be told");
	} else if (pop3_listing(pop3, "LIST", take_size, list, fault)) {
		small_find(pop3, list);
		return true;
	}
	server_list_release(list);
	return false;
}

/* `counted`: as LIST counts, line ends being two. */
static bool pop3_gather(struct pop3 *pop3, mu_stream_t stream, struct hold *hold, uint64_t *counted, struct fault *fault)
{
	char octets[16384];
	size_t n = 1;

	carrier_set_line_max(pop3->carrier, 0);
	while (n && !hold->over && mu_stream_read(stream, octets, sizeof octets, &n) == 0) {
		hold_put(hold, octets, n);
		*counted += n;
		for (size_t i = 0; i < n; i++)
			*counted += octets[i] == '\n';
	}
	carrier_set_line_max(pop3->carrier, LINE_OCTETS);
	if (hold->over)
		carrier_fail(pop3->carrier, FAULT_LATER,
			"the server sends more than the %llu octets that a mail may have",
			(unsigned long long)hold->max);
	return (n == 0 && !pop3_broken(pop3)) || pop3_lost(pop3, "fetching a mail", fault);
}

struct arrival {
	uint64_t octets; /* of the mail, as LIST counts */
	uint64_t most;	 /* of what came altogether: it cannot have been more */
};

static bool mail_retrieve(struct pop3 *pop3, struct server_mail *mail, uint64_t max, struct arrival *arrival, struct fault *fault)
{
	uint64_t before = carrier_octets(pop3->carrier);
	mu_stream_t stream = NULL;
	struct hold *hold = calloc(1, sizeof *hold);
	int status;
	bool good;

	if (!hold)
		return fault_set(fault, FAULT_LATER, "out of memory");
	hold->fd = -1;
	hold->memory_only = true;
	MU_POP3_FCLR(pop3->engine, MU_POP3_ACK);
	pop3->engine->state = MU_POP3_NO_STATE;
	status = mu_pop3_retr(pop3->engine, (unsigned)mail->uid, &stream);
	if (status == MU_ERR_REPLY && !pop3_broken(pop3)) {
		free(hold);
		return pop3_refused(pop3, FAULT_LATER, "fetching a mail", fault);
	}
	hold_begin(hold, max);
	good = status == 0 ? pop3_gather(pop3, stream, hold, &arrival->octets, fault) : pop3_lost(pop3, "fetching a mail", fault);
	mu_stream_destroy(&stream);
	if (good) {
		mail->fd = hold_end(hold);
		mail->length = hold->n;
		mail->came = mail->fd >= 0;
		if (!mail->came)
			good = fault_set(fault, FAULT_LATER, "a mail cannot be kept: %s", strerror(hold->error));
	} else {
		hold_drop(hold);
	}
	free(hold);
	arrival->most = carrier_octets(pop3->carrier) - before;
	return good;
}

static void mail_drop(struct server_mail *mail)
{
	if (mail->fd >= 0)
		close(mail->fd);
	mail->fd = -1;
	mail->came = false;
}

/* Another mail tells what the sizes are worth. */
static bool sizes_try(struct pop3 *pop3, uint64_t but, uint64_t max, struct fault *fault)
{
	struct server_mail other = pop3->small[pop3->small[0].uid == but];
	struct arrival arrival = { 0 };

	other.fd = -1;
	if (other.uid == 0 || other.octets > max)
		return true;
	if (mail_retrieve(pop3, &other, max, &arrival, fault))
		pop3->sizes = arrival.octets == other.octets ? SIZES_EXACT : SIZES_LOOSE;
	mail_drop(&other);
	return !pop3_broken(pop3);
}

/* A server that fails in the middle of a mail (Dovecot, with a damaged file) ends it there as if it were whole; what is missing
 * would be deleted unseen. Who tells exact sizes otherwise has not sent all of a mail that comes shorter. */
bool pop3_fetch(struct pop3 *pop3, struct server_mail *mail, uint64_t max, struct fault *fault)
{
	struct arrival arrival = { 0 };

	if (!mail_retrieve(pop3, mail, max, &arrival, fault))
		return false;
	if (pop3->sizes == SIZES_UNKNOWN && arrival.octets == mail->octets)
		pop3->sizes = SIZES_EXACT;
	if (mail->unsized || arrival.most >= mail->octets + AROUND)
		return true;
	if (pop3->sizes == SIZES_UNKNOWN && !sizes_try(pop3, mail->uid, max, fault)) {
		mail_drop(mail);
		return false;
	}
	if (pop3->sizes != SIZES_EXACT)
		return true;
	mail_drop(mail);
	return fault_set(fault, FAULT_INPUT, "%s:%u: only %llu of its %llu octets come", pop3->mailbox->host, pop3->mailbox->port,
		(unsigned long long)arrival.octets, (unsigned long long)mail->octets);
}

bool pop3_delete(struct pop3 *pop3, uint64_t number, struct fault *fault)
{
	if (mu_pop3_writeline(pop3->engine, "DELE %llu\r\n", (unsigned long long)number) != 0)
		return pop3_lost(pop3, "deleting a mail", fault);
	return pop3_answer(pop3, FAULT_LATER, "deleting a mail", fault);
}
