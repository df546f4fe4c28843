/* The spool: what is put comes back, head first; taken-back facts leave no trace; lies are found. */
#include "parse/border.h"
#include "tests/facts.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define PLENTY ((uint64_t)4000000000)
#define TEXT_MAX ((size_t)64 * 1024 * 1024)

static struct buf written(struct feedback *fb, unsigned which)
{
	struct buf out = BUF(TEXT_MAX);
	struct fault fault;

	if (!feedback_replay(fb, which, facts_write, &out, &fault))
		fail_msg("replay: %s", fault.text);
	return out;
}

static void assert_broken(struct feedback *fb)
{
	struct buf out = BUF(TEXT_MAX);
	struct fault fault;

	assert_false(feedback_replay(fb, REPLAY_ALL, facts_write, &out, &fault));
	assert_int_equal(fault.kind, FAULT_BROKEN);
	buf_release(&out);
}

static void assert_same(struct feedback *a, struct feedback *b, unsigned which)
{
	struct buf one = written(a, which), two = written(b, which);

	assert_string_equal(buf_text(&one), buf_text(&two));
	buf_release(&one);
	buf_release(&two);
}

/* ------------------------------------------------------------------ what is put comes back */

static bool note_kind(void *arg, const struct fact *fact)
{
	return buf_put(arg, &"BRrEFVOPX"[fact->kind], 1);
}

static void assert_kinds(struct feedback *fb, unsigned which, const char *kinds)
{
	struct buf out = BUF(1024);
	struct fault fault;

	assert_true(feedback_replay(fb, which, note_kind, &out, &fault));
	assert_string_equal(buf_text(&out), kinds);
	buf_release(&out);
}

static void test_head_comes_first(void **state)
{
	struct feedback *fb = feedback_new(PLENTY);

	(void)state;
	assert_true(facts_put_mail(fb, 2));
	for (unsigned twice = 0; twice < 2; twice++) {
		assert_kinds(fb, REPLAY_ALL, "BRrrEPFVOX");
		assert_kinds(fb, REPLAY_REPORTS, "BRrrEX");
		assert_kinds(fb, REPLAY_FAILURES | REPLAY_OCTETS, "BFOX");
		assert_kinds(fb, REPLAY_VERIFICATIONS, "BVX");
		assert_kinds(fb, REPLAY_PROBLEMS, "BPX");
		assert_kinds(fb, 0, "BX");
	}
	feedback_free(fb);
}

/* Every member survives: the facts as put, written down without any wire, are what a replay writes. */
static void test_members_survive(void **state)
{
	struct feedback *fb = feedback_new(PLENTY);
	struct record record = facts_record(1);
	struct report report = facts_report(1, 1);
	struct failure failure = facts_failure();
	struct octets octets = facts_octets(0, 0, SPAN("raw\0\xff octets"));
	struct fact facts[] = {
		{ .kind = FACT_BEGIN, .begin = { OUTCOME_REPORT, facts_head(), 1, 1, 1 } },
		{ .kind = FACT_REPORT, .report = report },
		{ .kind = FACT_RECORD, .record = record },
		{ .kind = FACT_REPORT_END },
		{ .kind = FACT_PROBLEM,
			.problem = { SPAN("report.xml: record 3"), SPAN("count `x` is not a number") } },
		{ .kind = FACT_FAILURE, .failure = failure },
		{ .kind = FACT_VERIFICATION, .verification = facts_verification() },
		{ .kind = FACT_OCTETS, .octets = octets },
		{ .kind = FACT_END },
	};
	struct buf expected = BUF(TEXT_MAX), out;

	(void)state;
	for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
		facts_write(&expected, &facts[i]);
	assert_true(facts_put_mail(fb, 1));
	out = written(fb, REPLAY_ALL);
	assert_string_equal(buf_text(&expected), buf_text(&out));
	buf_release(&expected);
	buf_release(&out);
	feedback_free(fb);
}

static void test_file_and_memory_agree(void **state)
{
	struct feedback *small = feedback_new(PLENTY), *large = feedback_new(PLENTY);
	struct problem problem = { SPAN("w"), SPAN("x") };
	static char chunk[OCTETS_CHUNK];
	struct octets octets = facts_octets(0, 0, (struct span){ chunk, sizeof chunk });

	(void)state;
	assert_true(feedback_put_problem(small, &problem) && feedback_put_end(small, OUTCOME_BROKEN, NULL));
	assert_true(feedback_put_problem(large, &problem));
	for (; octets.chunk < 5; octets.chunk++)
		assert_true(feedback_put_octets(large, &octets));
	assert_true(feedback_put_end(large, OUTCOME_BROKEN, NULL));
	assert_kinds(large, REPLAY_ALL, "BPOOOOOX");
	assert_same(small, large, REPLAY_PROBLEMS);
	feedback_free(small);
	feedback_free(large);
}

static void test_cleared_is_new(void **state)
{
	struct feedback *used = feedback_new(PLENTY), *fresh = feedback_new(PLENTY);

	(void)state;
	assert_true(facts_put_mail(used, 5000));
	feedback_clear(used);
	assert_true(facts_put_mail(used, 3) && facts_put_mail(fresh, 3));
	assert_same(used, fresh, REPLAY_ALL);
	assert_true(feedback_refuse(used, OUTCOME_BROKEN, "mail", "parser died"));
	assert_kinds(used, REPLAY_ALL, "BPX");
	feedback_free(used);
	feedback_free(fresh);
}

/* ------------------------------------------------------------------ ceilings and order */

static void test_ceiling(void **state)
{
	struct feedback *fb = feedback_new(1000);
	struct fault fault;

	(void)state;
	assert_false(facts_put_mail(fb, 100));
	assert_true(feedback_fault(fb, &fault));
	assert_int_equal(fault.kind, FAULT_INPUT);
	assert_false(feedback_put_end(fb, OUTCOME_REPORT, NULL));
	assert_true(feedback_refuse(fb, OUTCOME_BROKEN, "mail", fault.text));
	assert_kinds(fb, REPLAY_ALL, "BPX");
	feedback_free(fb);
}

static void test_order(void **state)
{
	struct feedback *fb = feedback_new(PLENTY);
	struct record record = facts_record(1);
	struct failure failure = facts_failure();
	struct fault fault;

	(void)state;
	assert_false(feedback_put_record(fb, &record));
	assert_true(feedback_fault(fb, &fault) && fault.kind == FAULT_BROKEN);
	feedback_clear(fb);
	assert_true(feedback_put_report_open(fb));
	assert_false(feedback_put_failure(fb, &failure));
	feedback_clear(fb);
	assert_broken(fb); /* no end */
	assert_true(feedback_put_end(fb, OUTCOME_REPORT, NULL));
	assert_broken(fb); /* a report without a report */
	feedback_free(fb);
}

static void test_false_sums(void **state)
{
	for (unsigned wrong = 0; wrong < 2; wrong++) {
		struct feedback *fb = feedback_new(PLENTY);
		struct record record = facts_record(7);
		struct report report = facts_report(1 + wrong, 7 + !wrong);

		assert_true(feedback_put_report_open(fb) && feedback_put_record(fb, &record) &&
			    feedback_put_report(fb, &report) && feedback_put_end(fb, OUTCOME_REPORT, NULL));
		assert_broken(fb);
		feedback_free(fb);
	}
	(void)state;
}

static void test_not_utf8(void **state)
{
	struct feedback *fb = feedback_new(PLENTY);
	struct problem problem = { SPAN("w"), SPAN("long enough text with \xff inside") };

	(void)state;
	assert_true(feedback_put_problem(fb, &problem) && feedback_put_end(fb, OUTCOME_BROKEN, NULL));
	assert_broken(fb);
	feedback_free(fb);
}

/* ------------------------------------------------------------------ taking back */

static void test_rewind(void **state)
{
	static const unsigned sizes[] = { 0, 1, 10, 3000, 20000 }; /* in the tail, across the file */

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct feedback *plain = feedback_new(PLENTY), *fb = feedback_new(PLENTY);
		struct problem problem = { SPAN("first"), SPAN("x") };
		struct record record = facts_record(1);
		struct feedback_mark mark;

		assert_true(feedback_put_problem(plain, &problem) && feedback_put_problem(fb, &problem));
		mark = feedback_mark(fb);
		assert_true(feedback_put_report_open(fb));
		for (unsigned n = 0; n < sizes[i]; n++)
			assert_true(feedback_put_record(fb, &record));
		assert_true(feedback_put_problem(fb, &problem));
		assert_true(feedback_rewind(fb, &mark));
		assert_true(facts_put_mail(plain, 2) && facts_put_mail(fb, 2));
		assert_same(plain, fb, REPLAY_ALL);
		feedback_free(plain);
		feedback_free(fb);
	}
	(void)state;
}

/* ------------------------------------------------------------------ across a socket */

/* A worker's handle writes into a socket that is read here frame by frame, in pieces of `piece` octets. */
static bool carry(void (*speak)(struct feedback *), struct feedback *to, size_t piece, struct fault *fault)
{
	struct buf got = BUF(FRAME_MAX * 3);
	int sockets[2];
	bool good = true;
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
	pid = fork();
	if (pid == 0) {
		struct feedback *fb = feedback_new_socket(sockets[1], PLENTY);

		close(sockets[0]);
		speak(fb);
		feedback_flush(fb);
		_exit(0);
	}
	close(sockets[1]);
	for (;;) {
		struct span received;
		ssize_t n;

		assert_true(buf_reserve(&got, piece));
		n = recv(sockets[0], got.p + got.n, piece, 0);
		if (n <= 0)
			break;
		got.n += (size_t)n;
		received = buf_span(&got);
		if (good)
			good = feedback_accept(to, &received, fault);
		buf_drop_front(&got, good ? got.n - received.n : got.n);
	}
	close(sockets[0]);
	buf_release(&got);
	return good;
}

static void speak_mail(struct feedback *fb)
{
	facts_put_mail(fb, 3000);
}

static void speak_rewound(struct feedback *fb)
{
	struct problem problem = { SPAN("first"), SPAN("x") };
	struct record record = facts_record(1);
	struct feedback_mark mark;

	feedback_put_problem(fb, &problem);
	mark = feedback_mark(fb);
	for (unsigned round = 0; round < 3; round++) {
		feedback_put_report_open(fb);
		for (unsigned i = 0; i < 5000 * round; i++)
			feedback_put_record(fb, &record);
		feedback_rewind(fb, &mark);
	}
	facts_put_mail(fb, 10);
}

static void test_socket_agrees(void **state)
{
	static void (*const speakers[])(struct feedback *) = { speak_mail, speak_rewound };
	static const size_t pieces[] = { 1000, 100000 };

	for (unsigned i = 0; i < 4; i++) {
		struct feedback *local = feedback_new(PLENTY), *far = feedback_new(PLENTY);
		struct fault fault;

		speakers[i / 2](local);
		if (!carry(speakers[i / 2], far, pieces[i % 2], &fault))
			fail_msg("%s", fault.text);
		assert_true(feedback_ended(far));
		assert_same(local, far, REPLAY_ALL);
		feedback_free(local);
		feedback_free(far);
	}
	(void)state;
}

/* ------------------------------------------------------------------ lies */

static bool accept_octets(struct feedback *fb, struct span octets, struct fault *fault)
{
	return feedback_accept(fb, &octets, fault);
}

static void test_lies(void **state)
{
	static const struct {
		struct span octets;
		const char *what;
	} lies[] = {
		{ SPAN("\0\0\0\0\x7f"), "a frame of unknown kind" },
		{ SPAN("\xff\xff\xff\xff\x01"), "a frame of unknown kind" },
		{ SPAN("\0\0\0\0\x01"), "fact 1 out of order" },
		{ SPAN("\0\0\0\0\0\0\0\0\0\0"), "fact 0 out of order" },
		{ SPAN("\0\0\0\0\0\0\0\0\0\x07"), "fact 7 out of order" },
		{ SPAN("\x02\0\0\0\x08xx"), "a rewind that leads nowhere" },
		{ SPAN("\x28\0\0\0\x08\xff\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
		       "\0"),
			"a rewind that leads nowhere" },
	};

	for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
		struct feedback *fb = feedback_new(PLENTY);
		struct fault fault = { 0 };

		assert_false(accept_octets(fb, lies[i].octets, &fault));
		assert_int_equal(fault.kind, FAULT_BROKEN);
		assert_non_null(strstr(fault.text, lies[i].what));
		feedback_free(fb);
	}
	(void)state;
}

/* Every single octet of a good mail changed in turn: never a crash; sizes stay within what was sent. */
static void test_changed_octets(void **state)
{
	struct feedback *good = feedback_new(PLENTY);
	struct record record = facts_record(1);
	struct report report = facts_report(1, 1);
	struct failure failure = facts_failure();
	struct verification verification = facts_verification();
	struct wire_end end = { OUTCOME_REPORT, facts_head() };
	struct buf wire = BUF(TEXT_MAX);
	unsigned refused = 0;

	(void)state;
	assert_true(wire_put_report_open(&wire) && wire_put_record(&wire, &record) && wire_put_report(&wire, &report) &&
		    wire_put_failure(&wire, &failure) && wire_put_verification(&wire, &verification) &&
		    wire_put_end(&wire, &end));
	assert_true(accept_octets(good, buf_span(&wire), NULL) && feedback_ended(good));
	for (size_t i = 0; i < wire.n * 3; i++) {
		static const unsigned char changes[] = { 0x01, 0x80, 0xff };
		struct feedback *fb = feedback_new(PLENTY);
		struct buf out = BUF(TEXT_MAX);
		struct fault fault;

		wire.p[i / 3] = (char)(wire.p[i / 3] ^ changes[i % 3]);
		if (!accept_octets(fb, buf_span(&wire), &fault) ||
			!feedback_replay(fb, REPLAY_ALL, facts_write, &out, &fault)) {
			assert_int_equal(fault.kind, FAULT_BROKEN);
			refused++;
		}
		wire.p[i / 3] = (char)(wire.p[i / 3] ^ changes[i % 3]);
		buf_release(&out);
		feedback_free(fb);
	}
	assert_true(refused > wire.n / 2);
	buf_release(&wire);
	feedback_free(good);
}

static void test_questions(void **state)
{
	static const char *const good[] = { "s._domainkey.example.org", "a.b-c._DomainKey.x",
		"2024_x._domainkey.example" };
	static const char *const bad[] = { "", "example.org", "_domainkey.example.org", "s._domainkey", "s._domainkey.",
		"s..x._domainkey.a", "s\\046._domainkey.a", "s ._domainkey.a",
		"0123456789012345678901234567890123456789012345678901234567890123._domainkey.a" };

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(question_allowed(span_of(good[i])));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(question_allowed(span_of(bad[i])));
}

/* ------------------------------------------------------------------ size and speed */

static bool pass_over(void *arg, const struct fact *fact)
{
	*(uint64_t *)arg += fact->kind == FACT_RECORD;
	return true;
}

static void test_many_records(void **state)
{
	const unsigned records = 300000;
	struct feedback *fb = feedback_new(PLENTY);
	uint64_t seen = 0;
	clock_t start = clock();
	struct fault fault;

	(void)state;
	assert_true(facts_put_mail(fb, records));
	assert_true(feedback_replay(fb, REPLAY_ALL, pass_over, &seen, &fault));
	assert_int_equal(seen, records);
	print_message("%u records put and replayed in %.3f s\n", records, (double)(clock() - start) / CLOCKS_PER_SEC);
	feedback_free(fb);
}

static unsigned open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	while (dir && readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void test_no_file_left(void **state)
{
	unsigned before = open_files();
	struct feedback *fb = feedback_new(PLENTY);

	(void)state;
	assert_true(facts_put_mail(fb, 20000));
	assert_int_equal(open_files(), before + 1);
	feedback_free(fb);
	assert_int_equal(open_files(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_head_comes_first),
		cmocka_unit_test(test_members_survive),
		cmocka_unit_test(test_file_and_memory_agree),
		cmocka_unit_test(test_cleared_is_new),
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_false_sums),
		cmocka_unit_test(test_not_utf8),
		cmocka_unit_test(test_rewind),
		cmocka_unit_test(test_socket_agrees),
		cmocka_unit_test(test_lies),
		cmocka_unit_test(test_changed_octets),
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_many_records),
		cmocka_unit_test(test_no_file_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
