#include "ingest/tokenanswer.h"

#include "base/shortage.h"
#include "ingest/oauth.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define YEAR 31536000

enum member_kind {
	MEMBER_SECRET, /* visible ASCII, sent back as it came */
	MEMBER_WORDS,  /* for people */
	MEMBER_SECONDS,
};

#define AT(member) offsetof(struct tokenanswer, member)
static const struct member {
	const char *name;
	enum member_kind kind;
	size_t most; /* octets */
	size_t offset;
} members[] = {
	{ "access_token", MEMBER_SECRET, OAUTH_TOKEN, AT(access_token) },
	{ "refresh_token", MEMBER_SECRET, OAUTH_TOKEN, AT(refresh_token) },
	{ "device_code", MEMBER_SECRET, OAUTH_TOKEN, AT(device_code) },
	{ "token_type", MEMBER_WORDS, 64, AT(token_type) },
	{ "user_code", MEMBER_WORDS, 128, AT(user_code) },
	{ "verification_uri", MEMBER_WORDS, OAUTH_TEXT, AT(verification_uri) },
	{ "verification_url", MEMBER_WORDS, OAUTH_TEXT, AT(verification_uri) }, /* drafts of RFC 8628; Google */
	{ "verification_uri_complete", MEMBER_WORDS, OAUTH_TEXT, AT(verification_uri_complete) },
	{ "error", MEMBER_WORDS, 128, AT(error) },
	{ "error_description", MEMBER_WORDS, TOKENANSWER_OCTETS, AT(error_description) },
	{ "expires_in", MEMBER_SECONDS, 0, AT(expires_in) },
	{ "interval", MEMBER_SECONDS, 0, AT(interval) },
};

static bool text_take(const struct member *member, const json_t *value, char **place)
{
	struct span text = { json_string_value(value), json_string_length(value) };

	if (!json_is_string(value) || text.n > member->most)
		return false;
	if (member->kind == MEMBER_SECRET && !oauth_token_good(text))
		return false;
	if (*place)
		return true;
	*place = shortage_noted(strndup(text.p, text.n));
	return *place != NULL;
}

/* Some servers write numbers as texts; what lasts longer than a year is asked for again within one. */
static bool seconds_take(const json_t *value, uint64_t *place)
{
	unsigned long long number = 0;

	if (json_is_integer(value) && json_integer_value(value) >= 0)
		number = (unsigned long long)json_integer_value(value);
	else if (!json_is_string(value) || !span_number(span_of(json_string_value(value)), UINT64_MAX, &number))
		return false;
	*place = number < YEAR ? number : YEAR;
	return true;
}

bool tokenanswer_read(struct tokenanswer *answer, struct span json, struct fault *fault)
{
	json_t *object = json_loadb(json.p, json.n, JSON_REJECT_DUPLICATES, NULL);
	bool good = json_is_object(object);

	*answer = (struct tokenanswer){ 0 };
	if (!good)
		fault_set(fault, FAULT_SETUP, "the answer is no JSON object");
	for (size_t i = 0; good && i < sizeof members / sizeof *members; i++) {
		const struct member *member = &members[i];
		const json_t *value = json_object_get(object, member->name);
		void *place = (char *)answer + member->offset;

		if (!value || json_is_null(value))
			continue;
		good = member->kind == MEMBER_SECONDS ? seconds_take(value, place) : text_take(member, value, place);
		if (!good)
			fault_set(fault, FAULT_SETUP, "the answer's %s is not what it ought to be", member->name);
	}
	json_decref(object);
	return good;
}

static void secret_free(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

void tokenanswer_release(struct tokenanswer *answer)
{
	secret_free(answer->access_token);
	secret_free(answer->refresh_token);
	secret_free(answer->device_code);
	free(answer->token_type);
	free(answer->user_code);
	free(answer->verification_uri);
	free(answer->verification_uri_complete);
	free(answer->error);
	free(answer->error_description);
	*answer = (struct tokenanswer){ 0 };
}

void tokenanswer_refusal(struct buf *out, struct span text)
{
	json_t *object = text.n <= TOKENANSWER_OCTETS ? json_loadb(text.p, text.n, 0, NULL) : NULL;
	const char *status = json_string_value(json_object_get(object, "status"));
	const char *scope = json_string_value(json_object_get(object, "scope"));

	if (status) {
		buf_printf(out, "the access token is not accepted: %s", status);
		if (scope && *scope)
			buf_printf(out, "; it wants the scope %s", scope);
	} else {
		buf_put_span(out, text);
	}
	json_decref(object);
}
