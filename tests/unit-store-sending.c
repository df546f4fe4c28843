/* The rows of mails sent, and of alerts told. */
#include "base/buf.h"
#include "tests/store_fixture.h"

#include <stdio.h>

struct reading {
	char text[300];
	unsigned n;
};

static void read_row(void *arg, const struct sending *d)
{
	struct reading *r = arg;

	r->n++;
	snprintf(r->text, sizeof r->text, "%.*s to %.*s of %.*s day %lld begun %lld done %lld state %.*s",
		(int)d->message_id.n, d->message_id.p, (int)d->recipients.n, d->recipients.p, (int)d->thread.n,
		d->thread.p, (long long)d->day, (long long)d->begun,
		(long long)(d->done == MOMENT_NONE ? -1 : d->done), (int)d->state.n, d->state.p);
}

static struct sending week(const char *id, int64_t day, const char *state)
{
	return (struct sending){ .message_id = span_of(id),
		.recipients = SPAN("a@x.example b@x.example"),
		.thread = SPAN("week x.example"),
		.day = day,
		.begun = day * DAY_SECONDS,
		.state = span_of(state) };
}

static void finds(struct fixture *b, const char *id, const char *wanted)
{
	struct reading r = { .n = 0 };

	assert_true(store_ask_sending(
		b->store, span_of(id), SPAN("a@x.example b@x.example"), read_row, &r, NULL));
	assert_string_equal(r.text, wanted);
}

static void test_rows(void **state)
{
	struct fixture *b = *state;
	struct sending one = week("<1@x>", 100, "1"), two = week("<2@x>", 107, "2"), three = week("<3@x>", 114, "3");
	struct reading r = { .n = 0 };

	finds(b, "<1@x>", "");
	assert_true(store_sending_begin(b->store, &one, NULL) && store_commit(b->store, NULL));
	finds(b, "<1@x>",
		"<1@x> to a@x.example b@x.example of week x.example day 100 begun 8640000 done -1 state 1");
	/* What nobody knows to have arrived is no week before. */
	assert_true(store_ask_sending_before(b->store, one.thread, one.recipients, 107, read_row, &r, NULL));
	assert_int_equal(r.n, 0);
	assert_true(store_sending_end(b->store, &one, 8640005, NULL));
	assert_true(store_sending_begin(b->store, &two, NULL) && store_sending_end(b->store, &two, 9000000, NULL));
	assert_true(store_sending_begin(b->store, &three, NULL) && store_commit(b->store, NULL));
	assert_true(store_ask_sending_before(b->store, one.thread, one.recipients, 114, read_row, &r, NULL));
	assert_string_equal(r.text,
		"<2@x> to a@x.example b@x.example of week x.example day 107 begun 9244800 done 9000000 state 2");
	r = (struct reading){ .n = 0 };
	assert_true(store_ask_sending_before(b->store, one.thread, SPAN("c@x.example"), 114, read_row, &r, NULL));
	assert_true(store_ask_sending_before(b->store, SPAN("week y"), one.recipients, 114, read_row, &r, NULL));
	assert_int_equal(r.n, 0);
	assert_true(store_sending_drop(b->store, &three, NULL));
	finds(b, "<3@x>", "");
}

static bool told(struct fixture *b, const char *domain, const char *alert)
{
	bool yes;

	assert_true(store_ask_told(b->store, span_of(domain), span_of(alert), 1000, &yes, NULL));
	return yes;
}

static void test_told(void **state)
{
	struct fixture *b = *state;
	struct sending one = week("<1@x>", 100, "1"), two = week("<2@x>", 107, "2");
	struct span x = SPAN("x.example"), lost = SPAN("dkim-lost\tmail\tk1"), gone = SPAN("gone\tmail\t");

	assert_true(store_sending_begin(b->store, &one, NULL));
	assert_true(store_told(b->store, x, lost, 0, 1000, &one, NULL));
	assert_true(store_sending_begin(b->store, &two, NULL));
	assert_true(store_told(b->store, x, lost, 1000, 2000, &two, NULL) && store_told(b->store, x, gone, 1000, 2000, &two, NULL));
	commit(b);
	assert_true(told(b, "x.example", lost.p) && told(b, "x.example", gone.p));
	assert_false(told(b, "y.example", lost.p));
	/* A mail that did not leave told nothing; what an earlier one told stays told. */
	assert_true(store_sending_drop(b->store, &two, NULL));
	assert_true(told(b, "x.example", lost.p));
	assert_false(told(b, "x.example", gone.p));
	assert_true(store_told_still(b->store, x, lost, 5000, NULL));
	assert_true(store_told_still(b->store, x, gone, 5000, NULL));
	assert_true(store_told_forget(b->store, 4999, NULL));
	assert_true(told(b, "x.example", lost.p));
	assert_false(told(b, "x.example", gone.p));
	assert_true(store_told_forget(b->store, 5001, NULL));
	assert_false(told(b, "x.example", lost.p));
}

static void read_told(void *arg, struct span alert, int64_t last_open)
{
	struct buf *read = arg;

	buf_printf(read, "%.*s %lld;", (int)alert.n, alert.p, (long long)last_open);
}

static void closes(struct fixture *b, int64_t from, int64_t to, const char *expected)
{
	struct buf read = BUF(1024);

	assert_true(store_ask_told_between(b->store, SPAN("x.example"), from, to, read_told, &read, NULL));
	assert_string_equal(buf_text(&read), expected);
	buf_release(&read);
}

/* One that was last open before `since` is closed: untold, still there to be told as closed, told anew by whom it is told. */
static void test_closed(void **state)
{
	struct fixture *b = *state;
	struct sending one = week("<1@x>", 100, "1"), two = week("<2@x>", 107, "2");
	struct span x = SPAN("x.example"), lost = SPAN("dkim-lost\tmail\tk1"), missed = SPAN("missed\tmail\t");

	assert_true(store_sending_begin(b->store, &one, NULL) && store_told(b->store, x, missed, 0, 999, &one, NULL));
	assert_true(store_told(b->store, x, lost, 0, 500, &one, NULL) && store_told(b->store, SPAN("y.example"), lost, 0, 999, &one, NULL));
	commit(b);
	assert_false(told(b, "x.example", missed.p));
	closes(b, 500, 1000, "dkim-lost\tmail\tk1 500;missed\tmail\t 999;");
	closes(b, 501, 999, "");
	/* Silence keeps open what was open, and nothing else. */
	assert_true(store_told_keep(b->store, x, 900, 1500, NULL));
	assert_true(told(b, "x.example", missed.p));
	closes(b, 0, 5000, "dkim-lost\tmail\tk1 500;missed\tmail\t 1500;");
	/* It opens again in a mail that does not leave. */
	assert_true(store_sending_begin(b->store, &two, NULL) && store_told(b->store, x, lost, 1000, 2000, &two, NULL));
	assert_true(told(b, "x.example", lost.p));
	assert_true(store_sending_drop(b->store, &two, NULL));
	assert_false(told(b, "x.example", lost.p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rows, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_told, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_closed, fixture_open, fixture_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
