#include "cli/keys.h"
#include "cli/cli.h"
#include "cli/file.h"
#include "ingest/resolver.h"
#include "parse/dns/zonefile.h"
#include "parse/keyanswer.h"

#include <stdlib.h>

#define RECORDS_MOST 16  /* of one name that are archived and answered */
#define LEARNT_MOST 4096 /* answers between two calls of keys_learn */

struct asked {
	bool used;
	uint64_t id; /* of the crew's question */
	char name[DNS_NAME_MAX + 1];
};

/* What the DNS said, until it is archived. */
struct learnt {
	struct span name;
	struct span records[RECORDS_MOST];
	size_t n; /* 0: there is none */
	uint32_t ttl;
	bool secure;
};

struct keys {
	struct zonefile *zone;     /* owned; a file in the place of archive and DNS */
	struct resolver *resolver; /* owned; NULL: offline */
	struct store *store;
	struct crew *crew;
	int64_t now;
	struct asked asked[RESOLVER_OUTSTANDING];
	struct arena texts; /* of `learnt` */
	struct learnt *learnt;
	size_t learnt_n;
};

struct keys *keys_start(const struct cli *cli, struct fault *fault)
{
	struct keys *keys = calloc(1, sizeof *keys);
	bool good = keys != NULL;

	if (!keys) {
		fault_set(fault, FAULT_LATER, "out of memory");
		return NULL;
	}
	keys->now = cli->now;
	keys->texts = ARENA((size_t)64 * 1024 * 1024);
	keys->learnt = calloc(LEARNT_MOST, sizeof *keys->learnt);
	if (!keys->learnt) {
		good = fault_set(fault, FAULT_LATER, "out of memory");
	} else if (cli->options.keys || cli->options.dns_file) {
		keys->zone = zone_read(cli->options.keys ? cli->options.keys : cli->options.dns_file,
			cli->options.keys != NULL, fault);
		good = keys->zone != NULL;
	} else if (!cli->options.offline) {
		keys->resolver = resolver_start(
			&(struct resolver_options){ .server = cli->config.resolver,
				.anchor = config_anchor(&cli->config),
				.unlocked = cli->options.no_sandbox },
			fault);
		good = keys->resolver != NULL;
	}
	if (good)
		return keys;
	keys_free(keys);
	return NULL;
}

void keys_free(struct keys *keys)
{
	if (!keys)
		return;
	resolver_stop(keys->resolver);
	zonefile_free(keys->zone);
	arena_release(&keys->texts);
	free(keys->learnt);
	free(keys);
}

void keys_use(struct keys *keys, struct store *store)
{
	if (keys)
		keys->store = store;
}

static void key_answer(struct keys *keys, uint64_t id, const struct key_answer *answer)
{
	struct buf octets = BUF((size_t)64 * 1024);
	bool good = keyanswer_put(&octets, answer);

	crew_answer(keys->crew, id, good, buf_span(&octets));
	buf_release(&octets);
}

/* What the archive knows of a name: its newest word, and the records of the newest batch that has any. */
struct archived {
	struct arena arena;
	bool some, none;       /* the newest word: anything at all; `there is none` */
	int64_t newest, fresh_until;
	struct span records[RECORDS_MOST];
	size_t n;
	int64_t seen; /* of the records */
	bool secure;
};

/* Rows come with the newest first; what was seen at one moment belongs together. */
static bool archived_take(void *arg, const struct archived_key *key)
{
	struct archived *a = arg;

	if (!a->some) {
		a->some = true;
		a->none = !key->record.p;
		a->newest = key->last_seen;
		a->fresh_until = key->fresh_until;
	}
	if (!key->record.p)
		return true;
	if (a->n && key->last_seen != a->seen)
		return false;
	a->seen = key->last_seen;
	a->secure = key->secure;
	if (a->n < RECORDS_MOST)
		a->records[a->n++] = arena_copy(&a->arena, key->record);
	return true;
}

/* Answers from the archive: `fresh` only what is within its TTL, else whatever was seen last. */
static bool archive_answers(struct keys *keys, uint64_t id, struct span name, bool fresh)
{
	struct archived a = { .arena = ARENA((size_t)1024 * 1024) };
	struct key_answer answer = { .origin = fresh ? KEY_PUBLISHED : KEY_ARCHIVED };
	bool answers;

	answers = keys->store && store_ask_keys(keys->store, name, archived_take, &a, NULL) &&
		  (fresh ? a.some && a.newest <= keys->now && keys->now <= a.fresh_until : a.n > 0);
	if (answers && fresh && a.none) {
		answer.answer.kind = DKIM_ANSWER_NXDOMAIN;
		answer.seen = a.newest;
		key_answer(keys, id, &answer);
	} else if (answers) {
		answer.answer = (struct dkim_answer){ DKIM_ANSWER_RECORDS, a.records, a.n };
		answer.seen = a.seen;
		answer.secure = a.secure;
		key_answer(keys, id, &answer);
	}
	arena_release(&a.arena);
	return answers;
}

static enum dkim_answer_kind kind_of(enum dns_status status)
{
	switch (status) {
	case DNS_OK:
		return DKIM_ANSWER_RECORDS;
	case DNS_NXDOMAIN:
		return DKIM_ANSWER_NXDOMAIN;
	case DNS_NODATA:
		return DKIM_ANSWER_NODATA;
	default:
		return DKIM_ANSWER_TEMPFAIL;
	}
}

static void key_learn(struct keys *keys, struct span name, const struct dns_answer *dns)
{
	struct learnt *learnt = &keys->learnt[keys->learnt_n];

	if (keys->learnt_n == LEARNT_MOST)
		return;
	*learnt = (struct learnt){ .name = arena_copy(&keys->texts, name), .ttl = dns->ttl,
		.secure = dns->security == DNS_SECURE };
	for (size_t i = 0; i < dns->n && learnt->n < RECORDS_MOST; i++)
		learnt->records[learnt->n++] = arena_copy(&keys->texts, dns->data[i].text);
	keys->learnt_n += !keys->texts.failed;
}

/* A definite answer counts and is learnt; where the DNS has none or is silent, an older key may still tell what was. */
static void dns_answers(struct keys *keys, uint64_t id, struct span name, const struct dns_answer *dns)
{
	struct key_answer answer = { .answer.kind = kind_of(dns->status), .seen = keys->zone ? MOMENT_NONE : keys->now,
		.origin = keys->zone ? KEY_GIVEN : KEY_PUBLISHED, .secure = dns->security == DNS_SECURE };
	struct span records[RECORDS_MOST];

	if (!keys->zone && answer.answer.kind != DKIM_ANSWER_TEMPFAIL)
		key_learn(keys, name, dns);
	if (answer.answer.kind != DKIM_ANSWER_RECORDS && archive_answers(keys, id, name, false))
		return;
	if (answer.answer.kind == DKIM_ANSWER_TEMPFAIL)
		answer.origin = KEY_UNKNOWN;
	for (size_t i = 0; i < dns->n && i < RECORDS_MOST; i++)
		records[answer.answer.n++] = dns->data[i].text;
	answer.answer.records = records;
	key_answer(keys, id, &answer);
}

static void nobody_answers(struct keys *keys, uint64_t id, struct span name)
{
	struct dns_answer silence = { .name = name, .status = DNS_UNASKED };

	dns_answers(keys, id, name, &silence);
}

static void question_take(void *arg, uint64_t id, struct span name)
{
	struct keys *keys = arg;
	struct asked *slot = NULL;

	if (keys->zone) {
		struct arena arena = ARENA(RESOLVER_ANSWER_OCTETS);
		struct dns_answer answer = dns_ask((struct dns){ zonefile_ask, keys->zone }, name, DNS_TYPE_TXT, &arena);

		dns_answers(keys, id, name, &answer);
		arena_release(&arena);
		return;
	}
	if (archive_answers(keys, id, name, true))
		return;
	for (size_t i = 0; keys->resolver && i < RESOLVER_OUTSTANDING && !slot; i++)
		if (!keys->asked[i].used)
			slot = &keys->asked[i];
	if (!slot || name.n > DNS_NAME_MAX || !resolver_ask(keys->resolver, (uint64_t)(slot - keys->asked), name, DNS_TYPE_TXT)) {
		nobody_answers(keys, id, name);
		return;
	}
	*slot = (struct asked){ .used = true, .id = id };
	memcpy(slot->name, name.p, name.n);
}

static void resolver_ready(void *arg)
{
	struct keys *keys = arg;
	struct arena arena = ARENA(RESOLVER_ANSWER_OCTETS);
	struct dns_answer answer;
	uint64_t token;

	while (resolver_next(keys->resolver, &token, &arena, &answer)) {
		struct asked *slot = token < RESOLVER_OUTSTANDING ? &keys->asked[token] : NULL;

		if (slot && slot->used) {
			slot->used = false;
			dns_answers(keys, slot->id, span_of(slot->name), &answer);
		}
		arena_clear(&arena);
	}
	arena_release(&arena);
}

void keys_attach(struct keys *keys, struct crew *crew)
{
	if (!keys)
		return;
	keys->crew = crew;
	crew_set_answerer(crew, question_take, keys);
	if (keys->resolver)
		crew_watch(crew, resolver_descriptor(keys->resolver), resolver_ready, keys);
}

bool keys_can_ask(const struct keys *keys)
{
	return keys->zone || (keys->resolver && !resolver_state(keys->resolver).offline && !resolver_state(keys->resolver).gone);
}

bool keys_dns(const struct keys *keys, struct dns *dns)
{
	if (!keys || !keys->resolver || resolver_state(keys->resolver).offline || resolver_state(keys->resolver).gone)
		return false;
	*dns = resolver_dns(keys->resolver);
	return true;
}

void keys_fetch(struct keys *keys, struct span name)
{
	struct arena arena = ARENA(RESOLVER_ANSWER_OCTETS);
	struct dns_answer answer;

	if (keys->resolver) {
		answer = dns_ask(resolver_dns(keys->resolver), name, DNS_TYPE_TXT, &arena);
		if (kind_of(answer.status) != DKIM_ANSWER_TEMPFAIL)
			key_learn(keys, name, &answer);
	}
	arena_release(&arena);
}

bool keys_learn(struct keys *keys, struct fault *fault)
{
	bool good = true;

	for (size_t i = 0; keys && keys->store && good && i < keys->learnt_n; i++) {
		const struct learnt *learnt = &keys->learnt[i];
		uint32_t ttl = learnt->ttl < RESOLVER_TTL_MAX ? learnt->ttl : RESOLVER_TTL_MAX;
		struct archived_key key = { .name = learnt->name, .first_seen = keys->now, .last_seen = keys->now,
			.fresh_until = keys->now + (int64_t)ttl, .secure = learnt->secure };

		for (size_t k = 0; good && k < (learnt->n ? learnt->n : 1); k++) {
			key.record = learnt->n ? learnt->records[k] : SPAN_ABSENT;
			good = store_learn_key(keys->store, &key, fault);
		}
	}
	if (keys) {
		keys->learnt_n = 0;
		arena_clear(&keys->texts);
	}
	return good;
}

const char *keys_describe(const struct keys *keys, char text[KEYS_TEXT])
{
	text[0] = '\0';
	if (keys && keys->resolver && (resolver_state(keys->resolver).offline || resolver_state(keys->resolver).gone))
		snprintf(text, KEYS_TEXT, "%s", resolver_describe(keys->resolver, (char[RESOLVER_TEXT]){ 0 }));
	return text;
}
