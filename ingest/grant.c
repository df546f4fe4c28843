#include "ingest/grant.h"

#include "base/escape.h"
#include "ingest/secretfile.h"
#include "ingest/tokenfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#define INTERVAL 5 /* seconds, where the server names none (RFC 8628 section 3.2) */
#define INTERVAL_MOST 300
#define SLOWER 5	  /* ... more after slow_down (section 3.5) */
#define CODE_SECONDS 1800 /* at most */
#define DEVICE_GRANT "urn:ietf:params:oauth:grant-type:device_code"
#define REASON_SHOWN 250

static int64_t now_seconds(void)
{
	return (int64_t)time(NULL);
}

static bool same(const char *a, const char *b)
{
	return span_is(span_of(a), span_of(b));
}

/* ---- what is wrong ---- */

static const struct error {
	const char *code;
	enum fault_kind kind;
	bool again; /* a person must log in */
	const char *words;
} errors[] = {
	{ "invalid_grant", FAULT_SETUP, true, "the refresh token is valid no more" },
	{ "interaction_required", FAULT_SETUP, true, "a person must sign in" },
	{ "consent_required", FAULT_SETUP, true, "a person must consent" },
	{ "invalid_client", FAULT_SETUP, false, "client_id or client secret is not accepted" },
	{ "unauthorized_client", FAULT_SETUP, false, "this client may not ask that way" },
	{ "unsupported_grant_type", FAULT_SETUP, false, "the server does not know this grant" },
	{ "invalid_scope", FAULT_SETUP, false, "the scope is not accepted" },
	{ "access_denied", FAULT_SETUP, false, "access was denied" },
	{ "authorization_declined", FAULT_SETUP, false, "access was denied" }, /* Microsoft */
	{ "expired_token", FAULT_SETUP, false, "the code was not entered in time" },
	{ "temporarily_unavailable", FAULT_LATER, false, "the server is busy" },
	{ "server_error", FAULT_LATER, false, "the server has a fault" },
	{ NULL, FAULT_SETUP, false, "the server refuses" },
};

/* What a person does about a token that is no good, or not there. */
static bool login_needed(const struct grant *grant, struct fault *fault, const char *why)
{
	if (grant->oauth->device_endpoint)
		return fault_set(fault, FAULT_SETUP, "%s; next: dmarcgate login %.60s", why, grant->oauth->name);
	return fault_set(fault, FAULT_SETUP, "%s; put a refresh token into %.200s", why, grant->oauth->token_file);
}

/* A line for people. Descriptions have several lines at Microsoft, of which the first says it; one that repeats what
 * was sent is not shown. */
static bool answer_error(
	const struct grant *grant, const struct tokenanswer *answer, const char *secret, struct fault *fault)
{
	struct span text = span_of(answer->error_description);
	struct buf code = BUF(1024), reason = BUF(8 * REASON_SHOWN);
	const struct error *row = errors;
	char why[sizeof fault->text];

	while (row->code && !same(row->code, answer->error))
		row++;
	if (text.p)
		text.n = strcspn(text.p, "\r\n");
	if (text.n > REASON_SHOWN)
		text.n = REASON_SHOWN;
	escape_terminal(&code, span_of(answer->error));
	escape_terminal(&reason, text);
	snprintf(why, sizeof why, "%s: %.60s%s%.250s", row->words, buf_text(&code), reason.n ? ": " : "",
		buf_text(&reason));
	if (row->again && grant->oauth->grant == OAUTH_REFRESH)
		login_needed(grant, fault, why);
	else
		fault_set(fault, row->kind, "%s", why);
	fault_conceal(fault, span_of(secret));
	fault_conceal(fault, buf_span(&grant->client_secret));
	buf_release(&code);
	buf_release(&reason);
	return false;
}

/* ---- asking ---- */

static void form_begin(const struct grant *grant, struct buf *form)
{
	*form = BUF(TOKENSERVER_FORM);
	buf_reserve(form, TOKENSERVER_FORM - 64);
	form_put(form, "client_id", grant->oauth->client_id);
	if (grant->client_secret.n)
		form_put(form, "client_secret", buf_text(&grant->client_secret));
}

/* What was asked for is there, and is a token of the kind that mail servers take (RFC 6749 section 7.1). */
static bool answer_grants(const struct tokenanswer *answer, struct fault *fault)
{
	if (!answer->access_token)
		return fault_set(fault, FAULT_SETUP, "the answer has no access_token");
	if (answer->token_type && strcasecmp(answer->token_type, "Bearer") != 0)
		return fault_set(fault, FAULT_SETUP, "the answer has a token that is not of type Bearer");
	return true;
}

static bool text_put(char **place, const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	if (*place)
		explicit_bzero(*place, strlen(*place));
	free(*place);
	*place = copy;
	return !text || copy;
}

/* The answer becomes the token that is kept. A server that sends no new refresh token means the old one to stay. */
static bool token_take(
	const struct grant *grant, const struct tokenanswer *answer, struct token *token, struct fault *fault)
{
	const struct oauth *oauth = grant->oauth;
	bool good = text_put(&token->endpoint, oauth->token_endpoint) &&
		    text_put(&token->client_id, oauth->client_id) && text_put(&token->scope, oauth->scope) &&
		    text_put(&token->access, answer->access_token) &&
		    (!answer->refresh_token || text_put(&token->refresh, answer->refresh_token));

	token->expires = answer->expires_in ? now_seconds() + (int64_t)answer->expires_in : 0;
	if (!good)
		return fault_set(fault, FAULT_LATER, "out of memory");
	/* Of a server that takes a refresh token once only, nobody has another: not given up at the first fault of a disk. */
	return tokenfile_write(oauth->token_file, token, fault) || tokenfile_write(oauth->token_file, token, fault);
}

static bool token_ask(struct grant *grant, struct token *token, struct fault *fault)
{
	bool refresh = grant->oauth->grant == OAUTH_REFRESH;
	struct tokenanswer answer = { 0 };
	struct buf form;
	bool good;

	/* What could not be kept is not asked for: this takes about as much room as the answer will. */
	if (refresh && !tokenfile_try(grant->oauth->token_file, token, fault))
		return false;
	form_begin(grant, &form);
	form_put(&form, "grant_type", refresh ? "refresh_token" : "client_credentials");
	form_put(&form, "refresh_token", refresh ? token->refresh : NULL);
	form_put(&form, "scope", grant->oauth->scope);
	good = tokenserver_ask(grant->server, grant->oauth->token_endpoint, &form, &answer, fault);
	if (good && answer.error)
		good = answer_error(grant, &answer, refresh ? token->refresh : NULL, fault);
	good = good && answer_grants(&answer, fault) && token_take(grant, &answer, token, fault);
	tokenanswer_release(&answer);
	secret_wipe(&form);
	return good;
}

/* ---- a token that lasts ---- */

static bool token_read(const struct grant *grant, struct token *token, struct fault *fault)
{
	const struct oauth *oauth = grant->oauth;

	if (!tokenfile_read(oauth->token_file, token, fault))
		return false;
	/* A refresh token goes to the server that gave it, whatever the settings say today. */
	if ((token->endpoint && !same(token->endpoint, oauth->token_endpoint)) ||
		(token->client_id && !same(token->client_id, oauth->client_id))) {
		if (oauth->grant == OAUTH_REFRESH)
			return login_needed(grant, fault, "what is kept is of another token_endpoint or client_id");
		token_release(token);
	}
	return true;
}

static bool token_lasts(const struct grant *grant, const struct token *token, int64_t margin)
{
	return token->access && token->endpoint && same(token->scope, grant->oauth->scope) &&
	       token->expires > now_seconds() + margin;
}

/* Nobody else refreshes meanwhile: some servers take a refresh token once only. */
static bool token_renew(struct grant *grant, struct token *token, struct fault *fault)
{
	const char *path = grant->oauth->token_file;
	int lock = tokenfile_lock(path, fault);
	bool good = lock >= 0;

	token_release(token);
	good = good && token_read(grant, token, fault);
	if (good && !token_lasts(grant, token, GRANT_MARGIN)) {
		if (grant->oauth->grant == OAUTH_REFRESH && !token->refresh)
			good = login_needed(grant, fault, "there is no refresh token yet");
		else
			good = token_ask(grant, token, fault);
		/* What is left of the old one is better than nothing while the server is away. */
		if (!good && fault->kind == FAULT_LATER)
			good = token_lasts(grant, token, 0);
	}
	if (lock >= 0)
		tokenfile_unlock(path, lock);
	return good;
}

bool grant_access(struct grant *grant, struct buf *access, struct fault *fault)
{
	struct token token;
	bool good = token_read(grant, &token, fault);

	if (good && !token_lasts(grant, &token, GRANT_MARGIN))
		good = token_renew(grant, &token, fault);
	if (good && (!buf_reserve(access, OAUTH_TOKEN) || !buf_put_text(access, token.access)))
		good = fault_set(fault, FAULT_LATER, "out of memory");
	token_release(&token);
	return good;
}

/* ---- the device flow ---- */

static bool code_ask(struct grant *grant, struct tokenanswer *code, struct fault *fault)
{
	struct buf form;
	bool good;

	form_begin(grant, &form);
	form_put(&form, "scope", grant->oauth->scope);
	good = tokenserver_ask(grant->server, grant->oauth->device_endpoint, &form, code, fault);
	secret_wipe(&form);
	if (good && code->error)
		good = answer_error(grant, code, code->device_code, fault);
	if (good && (!code->device_code || !code->user_code || !code->verification_uri))
		good = fault_set(fault, FAULT_SETUP, "the answer lacks device_code, user_code or verification_uri");
	if (good && strncmp(code->verification_uri, "https://", 8) != 0)
		good = fault_set(fault, FAULT_SETUP, "the answer's verification_uri does not begin with https://");
	if (code->interval == 0)
		code->interval = INTERVAL;
	if (code->interval > INTERVAL_MOST)
		code->interval = INTERVAL_MOST;
	if (code->expires_in == 0 || code->expires_in > CODE_SECONDS)
		code->expires_in = CODE_SECONDS;
	return good;
}

enum heard { HEARD_TOKEN, HEARD_PENDING, HEARD_SLOWER, HEARD_FAULT };

/* Has the code been entered? */
static enum heard code_heard(
	struct grant *grant, const char *device_code, struct tokenanswer *answer, struct fault *fault)
{
	struct buf form;
	bool good;

	form_begin(grant, &form);
	form_put(&form, "grant_type", DEVICE_GRANT);
	form_put(&form, "device_code", device_code);
	good = tokenserver_ask(grant->server, grant->oauth->token_endpoint, &form, answer, fault);
	secret_wipe(&form);
	if (!good) /* a server that is away is asked less often (RFC 8628 section 3.5) */
		return fault->kind == FAULT_LATER ? HEARD_SLOWER : HEARD_FAULT;
	if (!answer->error)
		return answer_grants(answer, fault) ? HEARD_TOKEN : HEARD_FAULT;
	if (same(answer->error, "authorization_pending"))
		return HEARD_PENDING;
	if (same(answer->error, "slow_down"))
		return HEARD_SLOWER;
	answer_error(grant, answer, device_code, fault);
	return fault->kind == FAULT_LATER ? HEARD_SLOWER : HEARD_FAULT;
}

static bool code_wait(struct grant *grant, const struct tokenanswer *code, const struct grant_person *person,
	struct tokenanswer *answer, struct fault *fault)
{
	int64_t end = now_seconds() + (int64_t)code->expires_in;
	uint64_t interval = code->interval;
	enum heard heard = HEARD_PENDING;

	fault->kind = FAULT_NONE;
	while (heard == HEARD_PENDING || heard == HEARD_SLOWER) {
		int64_t left = end - now_seconds();

		if (left > 0 &&
			!person->wait(person->arg, (unsigned)((int64_t)interval < left ? (int64_t)interval : left)))
			return fault_set(fault, FAULT_LATER, "nobody waits any more");
		if (now_seconds() >= end && fault->kind != FAULT_NONE) /* the server was away at the end */
			return false;
		if (now_seconds() >= end)
			return fault_set(fault, FAULT_SETUP, "the code was not entered in time");
		fault->kind = FAULT_NONE;
		tokenanswer_release(answer);
		heard = code_heard(grant, code->device_code, answer, fault);
		if (heard == HEARD_SLOWER)
			interval += SLOWER;
		if (interval > INTERVAL_MOST)
			interval = INTERVAL_MOST;
	}
	return heard == HEARD_TOKEN;
}

bool grant_login(struct grant *grant, const struct grant_person *person, struct fault *fault)
{
	const char *path = grant->oauth->token_file;
	struct tokenanswer code = { 0 }, answer = { 0 };
	struct token token = { 0 };
	bool good;
	int lock;

	if (!grant->oauth->device_endpoint)
		return fault_set(
			fault, FAULT_SETUP, "device_endpoint: not set; this server is not known to have a device flow");
	lock = tokenfile_lock(path, fault); /* what could not be kept is not asked for */
	if (lock < 0)
		return false;
	tokenfile_unlock(path, lock);
	good = code_ask(grant, &code, fault);
	if (good && !person->show(person->arg, &code))
		good = fault_set(fault, FAULT_LATER, "nobody waits any more");
	good = good && code_wait(grant, &code, person, &answer, fault);
	if (good && !answer.refresh_token)
		good = fault_set(
			fault, FAULT_SETUP, "the server gives no refresh token; does the scope lack offline_access?");
	if (good && (lock = tokenfile_lock(path, fault)) >= 0) {
		good = token_take(grant, &answer, &token, fault);
		tokenfile_unlock(path, lock);
	} else {
		good = false;
	}
	token_release(&token);
	tokenanswer_release(&answer);
	tokenanswer_release(&code);
	return good;
}
