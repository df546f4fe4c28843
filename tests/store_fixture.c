#include "tests/store_fixture.h"

#include <stdlib.h>
#include <unistd.h>

int fixture_open(void **state)
{
	struct fixture *b = calloc(1, sizeof *b);
	struct fault fault = { 0 };

	strcpy(b->folder, "store-test-XXXXXX");
	if (!mkdtemp(b->folder))
		return -1;
	snprintf(b->path, sizeof b->path, "%s/db", b->folder);
	b->arena = ARENA((size_t)1 << 30);
	b->dice.state = 42;
	b->store = store_open(b->path, STORE_WRITE, 0, &fault);
	if (!b->store)
		fprintf(stderr, "%s\n", fault.text);
	*state = b;
	return b->store ? 0 : -1;
}

void fixture_anew(struct fixture *b)
{
	static const char *const ends[] = { "", "-wal", "-shm", "-lock" };
	char path[160];

	store_close(b->store);
	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof path, "%s%s", b->path, ends[i]);
		unlink(path);
	}
	b->store = store_open(b->path, STORE_WRITE, 0, NULL);
	assert_non_null(b->store);
	assert_true(!b->believed || store_believe(b->store, b->believed, NULL));
}

int fixture_close(void **state)
{
	struct fixture *b = *state;

	fixture_anew(b);
	store_close(b->store);
	b->store = NULL;
	char command[100];
	snprintf(command, sizeof command, "rm -rf %s", b->folder);
	if (system(command))
		return -1;
	arena_release(&b->arena);
	free(b);
	return 0;
}

void begin(struct fixture *b, uint64_t seed)
{
	char name[40];
	struct mail mail;

	snprintf(name, sizeof name, "mail-%d", (int)seed);
	mail = mail_make(name, seed);
	assert_true(store_mail_begin(b->store, &mail, ARRIVED, NULL));
	take_begin(b->store, OUTCOME_REPORT);
}

struct store_result finish(struct fixture *b)
{
	struct store_result result;
	struct fault fault = { 0 };

	if (!store_mail_end(b->store, &result, &fault))
		fail_msg("%s", fault.text);
	return result;
}

struct store_result put(struct fixture *b, uint64_t seed, const struct made_report *report)
{
	begin(b, seed);
	if (!take_report(b->store, report))
		fail_msg("%s", store_fault(b->store)->text);
	return finish(b);
}

void commit(struct fixture *b)
{
	struct fault fault = { 0 };

	if (!store_commit(b->store, &fault))
		fail_msg("%s", fault.text);
}

const char *dump(struct fixture *b)
{
	char *text;
	struct span copy;

	commit(b);
	text = store_dump_text(b->path);
	assert_non_null(text);
	copy = arena_copy(&b->arena, span_of(text));
	free(text);
	assert_non_null(copy.p);
	return copy.p;
}
