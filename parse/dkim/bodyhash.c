#include "parse/dkim/bodyhash.h"

#include <stdlib.h>

bool bodyhash_init(struct bodyhash *bodyhash)
{
	memset(bodyhash, 0, sizeof *bodyhash);
	bodyhash->spare = hash_new();
	for (int canon = 0; canon < CANON_COUNT; canon++)
		for (int kind = 0; kind < HASH_COUNT; kind++)
			if (!(bodyhash->runs[canon][kind].hash = hash_new()))
				return false;
	return bodyhash->spare;
}

void bodyhash_release(struct bodyhash *bodyhash)
{
	hash_free(bodyhash->spare);
	for (int canon = 0; canon < CANON_COUNT; canon++)
		for (int kind = 0; kind < HASH_COUNT; kind++)
			hash_free(bodyhash->runs[canon][kind].hash);
	memset(bodyhash, 0, sizeof *bodyhash);
}

void bodyhash_reset(struct bodyhash *bodyhash)
{
	bodyhash->n = 0;
	for (int canon = 0; canon < CANON_COUNT; canon++) {
		bodyhash->wanted[canon] = false;
		bodyhash->octets[canon] = 0;
		for (int kind = 0; kind < HASH_COUNT; kind++)
			bodyhash->runs[canon][kind].wanted = false;
	}
}

const uint8_t *bodyhash_find(
	const struct bodyhash *bodyhash, enum dkim_canon canon, enum hash_kind kind, uint64_t length)
{
	for (size_t i = 0; i < bodyhash->n; i++) {
		const struct bodyhash_want *want = &bodyhash->wants[i];

		if (want->canon == canon && want->kind == kind && want->length == length)
			return want->digest;
	}
	return NULL;
}

bool bodyhash_want(struct bodyhash *bodyhash, enum dkim_canon canon, enum hash_kind kind, uint64_t length)
{
	if (bodyhash_find(bodyhash, canon, kind, length))
		return true;
	if (bodyhash->n == BODYHASH_WANTS_MAX)
		return false;
	bodyhash->wants[bodyhash->n++] = (struct bodyhash_want){ .canon = canon, .kind = kind, .length = length };
	return true;
}

static int want_compare(const void *a, const void *b)
{
	const struct bodyhash_want *x = a, *y = b;

	if (x->canon != y->canon)
		return x->canon < y->canon ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return (x->length > y->length) - (x->length < y->length);
}

static void run_finish(struct bodyhash *bodyhash, struct bodyhash_run *run)
{
	hash_copy(bodyhash->spare, run->hash);
	hash_end(bodyhash->spare, bodyhash->wants[run->next++].digest);
}

/* `at`: canonical octets before these. */
static void run_add(struct bodyhash *bodyhash, struct bodyhash_run *run, uint64_t at, const char *octets, size_t n)
{
	while (run->next < run->end && bodyhash->wants[run->next].length - at <= n) {
		size_t part = (size_t)(bodyhash->wants[run->next].length - at);

		hash_add(run->hash, octets, part);
		octets += part;
		n -= part;
		at += part;
		run_finish(bodyhash, run);
	}
	if (run->next < run->end)
		hash_add(run->hash, octets, n);
}

static void stream_take(struct bodyhash *bodyhash, enum dkim_canon canon, const char *octets, size_t n)
{
	for (int kind = 0; kind < HASH_COUNT; kind++)
		if (bodyhash->runs[canon][kind].wanted)
			run_add(bodyhash, &bodyhash->runs[canon][kind], bodyhash->octets[canon], octets, n);
	bodyhash->octets[canon] += n;
}

static void simple_take(void *arg, const char *octets, size_t n)
{
	stream_take(arg, CANON_SIMPLE, octets, n);
}

static void relaxed_take(void *arg, const char *octets, size_t n)
{
	stream_take(arg, CANON_RELAXED, octets, n);
}

void bodyhash_begin(struct bodyhash *bodyhash)
{
	qsort(bodyhash->wants, bodyhash->n, sizeof bodyhash->wants[0], want_compare);
	for (size_t i = 0; i < bodyhash->n; i++) {
		const struct bodyhash_want *want = &bodyhash->wants[i];
		struct bodyhash_run *run = &bodyhash->runs[want->canon][want->kind];

		if (!run->wanted) {
			*run = (struct bodyhash_run){ .hash = run->hash, .wanted = true, .first = i, .next = i };
			hash_begin(run->hash, want->kind);
		}
		run->end = i + 1;
		bodyhash->wanted[want->canon] = true;
	}
	canon_body_begin(&bodyhash->streams[CANON_SIMPLE], CANON_SIMPLE, simple_take, bodyhash);
	canon_body_begin(&bodyhash->streams[CANON_RELAXED], CANON_RELAXED, relaxed_take, bodyhash);
}

void bodyhash_add(struct bodyhash *bodyhash, const char *octets, size_t n)
{
	for (int canon = 0; canon < CANON_COUNT; canon++)
		if (bodyhash->wanted[canon])
			canon_body_add(&bodyhash->streams[canon], octets, n);
}

void bodyhash_end(struct bodyhash *bodyhash)
{
	for (int canon = 0; canon < CANON_COUNT; canon++) {
		if (!bodyhash->wanted[canon])
			continue;
		canon_body_end(&bodyhash->streams[canon]);
		for (int kind = 0; kind < HASH_COUNT; kind++) {
			struct bodyhash_run *run = &bodyhash->runs[canon][kind];

			while (run->wanted && run->next < run->end)
				run_finish(bodyhash, run);
		}
	}
}
