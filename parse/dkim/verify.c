#include "parse/dkim/inner.h"
#include "base/shortage.h"

#include <stdlib.h>

#define HEADER_ROOM 4096 /* above the limit of the header block: the line that passes it */

struct dkim *dkim_new(const struct dkim_options *options)
{
	struct dkim *dkim = shortage_noted(calloc(1, sizeof *dkim));
	bool good;

	if (!dkim)
		return NULL;
	if (options)
		dkim->options = *options;
	if (dkim->options.signatures == 0 || dkim->options.signatures > DKIM_SIGNATURES_MAX)
		dkim->options.signatures = DKIM_SIGNATURES_MAX;
	if (dkim->options.names == 0)
		dkim->options.names = DKIM_NAMES_MAX;
	if (dkim->options.names > DKIM_SIGNATURES_MAX)
		dkim->options.names = DKIM_SIGNATURES_MAX;
	if (dkim->options.header == 0)
		dkim->options.header = DKIM_HEADER_MAX;
	dkim->block = dkim->scratch = BUF(dkim->options.header + HEADER_ROOM);
	/* h= may name a field once only, so the input is never longer than the block and the signature again. */
	dkim->input = BUF(2 * (dkim->options.header + HEADER_ROOM));
	dkim->arena = ARENA(MESSAGE_ARENA);
	good = bodyhash_init(&dkim->bodyhash);
	dkim->hash = hash_new();
	dkim->keys = keycache_new();
	if (good && dkim->hash && dkim->keys) {
		dkim_begin(dkim);
		return dkim;
	}
	dkim_free(dkim);
	return NULL;
}

void dkim_free(struct dkim *dkim)
{
	if (!dkim)
		return;
	bodyhash_release(&dkim->bodyhash);
	hash_free(dkim->hash);
	keycache_free(dkim->keys);
	buf_release(&dkim->block);
	buf_release(&dkim->input);
	buf_release(&dkim->scratch);
	arena_release(&dkim->arena);
	free(dkim);
}

void dkim_begin(struct dkim *dkim)
{
	arena_clear(&dkim->arena);
	buf_clear(&dkim->block);
	bodyhash_reset(&dkim->bodyhash);
	keycache_begin(dkim->keys);
	memset(dkim->asked, 0, sizeof dkim->asked);
	dkim->lines = (struct canon_lines){ 0 };
	dkim->header = (struct header){ 0 };
	dkim->phase = PHASE_HEADER;
	dkim->failed = dkim->header_too_long = false;
	dkim->line_start = 0;
	dkim->body_octets = 0;
	dkim->signatures_n = dkim->names_n = 0;
	dkim->signatures_total = 0;
}

/* Only a usable signature earns a question; each name is asked once. */
static void name_add(struct dkim *dkim, size_t index)
{
	const struct signature *signature = &dkim->signatures[index];
	size_t i = 0;

	dkim->name_of[index] = DKIM_NO_NAME;
	if (!signature->name.p || !signature->header_known)
		return;
	while (i < dkim->names_n && !span_is(dkim->names[i], signature->name))
		i++;
	if (i == dkim->names_n && i == dkim->options.names) {
		dkim->name_of[index] = DKIM_NAME_LEFT_OUT;
		return;
	}
	if (i == dkim->names_n)
		dkim->names[dkim->names_n++] = signature->name;
	dkim->name_of[index] = i;
}

static bool signatures_read(struct dkim *dkim)
{
	size_t first, n = header_group(&dkim->header, SPAN("dkim-signature"), &first);

	dkim->signatures_total = n;
	n = n < dkim->options.signatures ? n : dkim->options.signatures;
	dkim->signatures = arena_take(&dkim->arena, n * sizeof *dkim->signatures);
	dkim->judged = arena_take(&dkim->arena, n * sizeof *dkim->judged);
	if (!dkim->signatures || !dkim->judged)
		return false;
	for (size_t i = 0; i < n; i++) {
		struct signature *signature = &dkim->signatures[i];

		if (!signature_parse(&dkim->header, dkim->header.sorted[first + i], &dkim->arena, signature))
			return false;
		dkim->signatures_n++;
		name_add(dkim, i);
		if (signature->body_known)
			bodyhash_want(&dkim->bodyhash, signature->body_canon, signature->hash,
				signature->has_length ? signature->length : BODYHASH_WHOLE);
	}
	return true;
}

static void header_end(struct dkim *dkim)
{
	dkim->phase = PHASE_BODY;
	if (dkim->header_too_long)
		return;
	if (dkim->block.failed || !header_split(buf_span(&dkim->block), &dkim->arena, &dkim->header) ||
		!signatures_read(dkim))
		dkim->failed = true;
	bodyhash_begin(&dkim->bodyhash);
}

/* Takes header octets up to and with the empty line; returns how many. */
static size_t header_take(struct dkim *dkim, const char *octets, size_t n)
{
	size_t at = 0;

	while (at < n) {
		const char *lf = memchr(octets + at, '\n', n - at);
		size_t part = lf ? (size_t)(lf - octets) + 1 - at : n - at;

		if (dkim->block.n + part > dkim->options.header)
			dkim->header_too_long = true;
		if (dkim->header_too_long) {
			dkim->phase = PHASE_BODY;
			return n;
		}
		buf_put(&dkim->block, octets + at, part);
		at += part;
		if (lf && dkim->block.n - dkim->line_start == 2) {
			header_end(dkim);
			return at;
		}
		if (lf)
			dkim->line_start = dkim->block.n;
	}
	return n;
}

static void network_take(void *arg, const char *octets, size_t n)
{
	struct dkim *dkim = arg;

	if (dkim->phase == PHASE_HEADER) {
		size_t taken = header_take(dkim, octets, n);

		octets += taken;
		n -= taken;
	}
	if (n == 0 || dkim->phase != PHASE_BODY)
		return;
	dkim->body_octets += n;
	if (!dkim->header_too_long && !dkim->failed)
		bodyhash_add(&dkim->bodyhash, octets, n);
}

bool dkim_feed(struct dkim *dkim, const void *octets, size_t n)
{
	canon_lines_add(&dkim->lines, octets, n, network_take, dkim);
	return !dkim->failed;
}

bool dkim_end(struct dkim *dkim)
{
	if (dkim->phase == PHASE_HEADER)
		header_end(dkim);
	if (dkim->phase == PHASE_BODY && !dkim->header_too_long && !dkim->failed)
		bodyhash_end(&dkim->bodyhash);
	dkim->phase = PHASE_ENDED;
	return !dkim->failed;
}

size_t dkim_names(struct dkim *dkim, const struct span **names)
{
	*names = dkim->names;
	return dkim->names_n;
}

void dkim_answer(struct dkim *dkim, size_t name, const struct dkim_answer *answer)
{
	struct asked *asked;

	if (name >= dkim->names_n)
		return;
	asked = &dkim->asked[name];
	*asked = (struct asked){ .answered = true, .kind = answer->kind };
	if (answer->kind != DKIM_ANSWER_RECORDS)
		return;
	for (size_t i = 0; i < answer->n && asked->n < DKIM_RECORDS_MAX; i++) {
		struct cached_key *key;

		if (answer->records[i].n > DKIM_RECORD_OCTETS)
			continue;
		key = keycache_get(dkim->keys, answer->records[i]);
		if (key)
			asked->keys[asked->n++] = key;
		else
			dkim->failed = true;
	}
	if (asked->n == 0)
		asked->kind = DKIM_ANSWER_NODATA;
}

void dkim_ask(struct dkim *dkim, dkim_asker *ask, void *arg)
{
	for (size_t i = 0; i < dkim->names_n; i++) {
		struct dkim_answer answer = { .kind = DKIM_ANSWER_TEMPFAIL };

		if (dkim->asked[i].answered)
			continue;
		ask(arg, dkim->names[i], &answer);
		dkim_answer(dkim, i, &answer);
	}
}
