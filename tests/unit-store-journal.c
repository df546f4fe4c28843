/* store: what is remembered of mailboxes. */
#include "store/journal.h"
#include "store/store_private.h"
#include "tests/store_fixture.h"

#define BOX "imap:reports@mail.example.org:993"

static struct folder_state folder(struct fixture *b, const char *name)
{
	struct folder_state state;
	struct fault fault = { 0 };

	if (!store_folder_get(b->store, BOX, name, &state, &fault))
		fail_msg("%s", fault.text);
	return state;
}

static int64_t folder_put(struct fixture *b, const char *name, uint64_t uidvalidity, uint64_t highest)
{
	struct folder_state state = { .uidvalidity = uidvalidity, .highest = highest, .since = MOMENT_NONE };
	struct fault fault = { 0 };

	if (!store_folder_put(b->store, BOX, name, &state, &fault))
		fail_msg("%s", fault.text);
	return state.id;
}

static void place(struct fixture *b, int64_t id, uint64_t uid, const char *name, enum place_state state)
{
	struct fault fault = { 0 };

	if (!store_place_put(b->store, id, &(struct stored_place){ uid, name, state }, &fault))
		fail_msg("%s", fault.text);
}

/* -1: it has no place. */
static int state_of(struct fixture *b, int64_t id, uint64_t uid, const char *name)
{
	struct stored_place one = { .uid = uid, .name = name };
	int got = store_place_get(b->store, id, &one, NULL);

	assert_true(got >= 0);
	return got ? (int)one.state : -1;
}

struct telling {
	char text[2048];
	size_t most; /* rows; 0: all */
	size_t rows;
};

static bool place_print(void *arg, const struct place_row *row)
{
	struct telling *t = arg;
	size_t n = strlen(t->text);

	snprintf(t->text + n, sizeof t->text - n, "%s/%d %d%s=%d\n", row->folder, (int)row->uidvalidity,
		(int)row->place.uid, row->place.name, row->place.state);
	return ++t->rows != t->most;
}

static void places_are(struct fixture *b, const char *mailbox, size_t most, const char *wanted)
{
	struct telling t = { .most = most };

	assert_true(store_ask_places(b->store, mailbox, place_print, &t, NULL));
	assert_string_equal(t.text, wanted);
}

static void test_folders(void **state)
{
	struct fixture *b = *state;
	int64_t id;

	assert_int_equal(folder(b, "INBOX").id, 0);
	assert_int_equal(folder(b, "INBOX").since, MOMENT_NONE);
	id = folder_put(b, "INBOX", 7, 100);
	assert_true(id > 0);
	assert_int_not_equal(folder_put(b, "Größe & Maß", 7, 1), id);
	assert_int_equal(folder_put(b, "INBOX", 7, UINT32_MAX), id);
	assert_int_equal(folder(b, "INBOX").id, id);
	assert_int_equal(folder(b, "INBOX").highest, UINT32_MAX);
	assert_int_equal(folder(b, "Größe & Maß").highest, 1);
	assert_int_equal(folder(b, "inbox").id, 0);
}

/* Its mails have other numbers in another life; within one, nothing is forgotten by the way. */
static void test_another_life(void **state)
{
	struct fixture *b = *state;
	int64_t id = folder_put(b, "INBOX", 7, 100), other = folder_put(b, "Other", 7, 100);

	place(b, id, 5, "", PLACE_REPORT);
	place(b, id, 6, "", PLACE_LEFT);
	place(b, other, 5, "", PLACE_BROKEN);
	folder_put(b, "INBOX", 7, 0);
	places_are(b, BOX, 0, "INBOX/7 5=2\nINBOX/7 6=1\nOther/7 5=4\n");
	folder_put(b, "INBOX", 8, 3);
	places_are(b, BOX, 0, "Other/7 5=4\n");
	assert_int_equal(folder(b, "INBOX").highest, 3);
}

static void test_places(void **state)
{
	struct fixture *b = *state;
	int64_t id = folder_put(b, "INBOX", 7, 100);
	uint64_t uid;

	assert_int_equal(state_of(b, id, 5, ""), -1);
	assert_true(store_place_first(b->store, id, &uid, NULL));
	assert_true(uid == UINT64_MAX);
	place(b, id, 9, "", PLACE_REPORT);
	place(b, id, 30, "", PLACE_LEFT);
	place(b, id, 20, "", PLACE_LEFT);
	place(b, id, 0, "/mail/new/1.host", PLACE_NOT_REPORT);
	assert_true(store_place_first(b->store, id, &uid, NULL));
	assert_int_equal(uid, 20);
	place(b, id, 20, "", PLACE_BROKEN);
	assert_true(store_place_first(b->store, id, &uid, NULL));
	assert_int_equal(uid, 30);
	assert_int_equal(state_of(b, id, 20, ""), PLACE_BROKEN);
	places_are(b, BOX, 0, "INBOX/7 0/mail/new/1.host=3\nINBOX/7 9=2\nINBOX/7 20=4\nINBOX/7 30=1\n");
	places_are(b, BOX, 2, "INBOX/7 0/mail/new/1.host=3\nINBOX/7 9=2\n");
	places_are(b, "imap:somebody@else:993", 0, "");
	assert_true(store_place_drop(b->store, id, 9, "", NULL));
	assert_true(store_place_drop(b->store, id, 9, "", NULL)); /* gone already */
	assert_int_equal(state_of(b, id, 9, ""), -1);
}

/* UIDLs of a POP3 server. */
static void test_gone(void **state)
{
	static const char *const listed[] = { "a", "c", "x", "y" };
	struct fixture *b = *state;
	int64_t id = folder_put(b, "", 0, 0);

	place(b, id, 0, "a", PLACE_KNOWN);
	place(b, id, 0, "b", PLACE_KNOWN);
	place(b, id, 0, "c", PLACE_LEFT);
	place(b, id, 0, "d", PLACE_LEFT);
	place(b, id, 0, "e", PLACE_REPORT); /* to be deleted: whether it is there is asked then */
	place(b, id, 0, "z", PLACE_KNOWN);
	assert_true(store_places_gone(b->store, id, (char *const *)(uintptr_t)listed, 4, NULL));
	assert_int_equal(state_of(b, id, 0, "a"), PLACE_KNOWN);
	assert_int_equal(state_of(b, id, 0, "b"), -1);
	assert_int_equal(state_of(b, id, 0, "c"), PLACE_LEFT);
	assert_int_equal(state_of(b, id, 0, "d"), -1);
	assert_int_equal(state_of(b, id, 0, "e"), PLACE_REPORT);
	assert_int_equal(state_of(b, id, 0, "z"), -1);
	assert_true(store_places_gone(b->store, id, NULL, 0, NULL));
	places_are(b, BOX, 0, "/0 0e=2\n");
}

/* A mail and its place are there together or not at all, and a mail that is aborted takes neither with it. */
static void test_together(void **state)
{
	struct fixture *b = *state;
	struct record record = { .count = 1, .header_from = SPAN("example.org") };
	struct made_report made = { .records = &record,
		.head = { .domain = SPAN("example.org"), .records = 1, .messages = 1 } };
	int64_t id;

	put(b, 1, &made);
	id = folder_put(b, "INBOX", 7, 1);
	place(b, id, 1, "", PLACE_REPORT);
	begin(b, 2);
	store_mail_abort(b->store);
	assert_int_equal(state_of(b, id, 1, ""), PLACE_REPORT);
	store_close(b->store); /* without a commit */
	b->store = store_open(b->path, STORE_WRITE, 0, NULL);
	assert_non_null(b->store);
	assert_int_equal(folder(b, "INBOX").id, 0);
	assert_false(store_knows_mail(b->store, mail_make("mail", 1).sha256));
	put(b, 1, &made);
	place(b, folder_put(b, "INBOX", 7, 1), 1, "", PLACE_REPORT);
	commit(b);
	store_close(b->store);
	b->store = store_open(b->path, STORE_READ, 0, NULL);
	assert_non_null(b->store);
	places_are(b, BOX, 0, "INBOX/7 1=2\n");
	assert_false(store_place_drop(b->store, 1, 1, "", NULL)); /* opened for reading */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_folders, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_another_life, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_places, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_gone, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_together, fixture_open, fixture_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
