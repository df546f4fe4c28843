/* The border: whatever a worker does costs one mail and says why, and what it can do is little. */

#include "base/sandbox.h"
#include "parse/border.h"
#include "parse/crew.h"
#include "tests/facts.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define TEXT_MAX ((size_t)64 * 1024 * 1024)

static struct nursery *nursery;

static struct limits test_limits(void)
{
	struct limits limits;

	limits_default(&limits);
	limits.seconds = 2;
	limits.memory = 64000000;
	limits.feedback = 50000000;
	return limits;
}

static int mail_of(const char *text, struct parse_range *range)
{
	int fd = memfd_create("mail", MFD_CLOEXEC);

	assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	*range = (struct parse_range){ RANGE_INPUT, 0, strlen(text) };
	return fd;
}

static void give(struct crew *crew, uint64_t ticket, const char *text)
{
	struct parse_range range;
	struct parse_input input = { mail_of(text, &range), &range, 1 };
	struct fault fault;

	if (!crew_give(crew, ticket, &input, &fault))
		fail_msg("%s", fault.text);
	close(input.fd);
}

static struct crew *crew_of(struct limits limits, unsigned jobs, bool here)
{
	struct fault fault;
	struct crew *crew = crew_start(here ? NULL : nursery, &limits, jobs, &fault);

	assert_non_null(crew);
	return crew;
}

static struct buf answer_of(struct crew *crew, uint64_t *ticket)
{
	struct crew_done done;
	struct fault fault;
	struct buf out = BUF(TEXT_MAX);

	if (!crew_wait(crew, &done, &fault))
		fail_msg("crew_wait: %s", fault.text);
	if (!done.feedback)
		fail_msg("no feedback: %s", done.fault.text);
	if (!feedback_replay(done.feedback, REPLAY_ALL, facts_write, &out, &fault))
		fail_msg("replay: %s", fault.text);
	feedback_free(done.feedback);
	if (ticket)
		*ticket = done.ticket;
	return out;
}

/* One mail through one worker: what came out must hold `wanted`. */
static void assert_says(struct crew *crew, const char *mail, const char *wanted)
{
	struct buf out;

	give(crew, 1, mail);
	out = answer_of(crew, NULL);
	if (!strstr(buf_text(&out), wanted))
		fail_msg("`%.40s`: wanted `%s`, got `%.300s`", mail, wanted, buf_text(&out));
	buf_release(&out);
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

/* ------------------------------------------------------------------ here or there, the same facts */

static void test_same_facts(void **state)
{
	static const char *const mails[] = { "records 1", "records 5000", "records 0", "end", "refuse it is not a mail",
		"wrong sums", "not utf-8", "no end", "say x\nask s._domainkey.example.org\nend", "ask example.org" };
	struct crew *here = crew_of(test_limits(), 1, true), *there = crew_of(test_limits(), 2, false);

	(void)state;
	for (size_t i = 0; i < sizeof mails / sizeof *mails; i++) {
		struct buf one, two;

		give(here, i, mails[i]);
		give(there, i, mails[i]);
		one = answer_of(here, NULL);
		two = answer_of(there, NULL);
		assert_string_equal(buf_text(&one), buf_text(&two));
		buf_release(&one);
		buf_release(&two);
	}
	crew_free(here);
	crew_free(there);
}

/* What the store kept of a mail comes back in ranges. */
static void test_ranges(void **state)
{
	struct parse_range whole,
		ranges[] = { { RANGE_HEADER, 4, 4 }, { RANGE_ATTACHMENT, 12, 4 }, { RANGE_ATTACHMENT, 0, 3 } };
	struct parse_input input = { mail_of("end____say ____ b\n", &whole), ranges, 3 };
	struct crew *crew = crew_of(test_limits(), 1, false);
	struct fault fault;
	struct buf out;

	(void)state;
	ranges[0].offset = 7;
	ranges[1] = (struct parse_range){ RANGE_ATTACHMENT, 16, 2 };
	assert_true(crew_give(crew, 1, &input, &fault));
	close(input.fd);
	out = answer_of(crew, NULL);
	assert_non_null(strstr(buf_text(&out), "[4:said][1:b]"));
	buf_release(&out);
	crew_free(crew);
}

static bool count_records(void *arg, const struct fact *fact)
{
	*(uint64_t *)arg += fact->kind == FACT_RECORD;
	return true;
}

/* Some 300 MB of facts, through a worker that has 64 MB, to a supervisor that must not need more. */
static void test_large_mail(void **state)
{
	struct limits limits = test_limits();
	struct crew_done done;
	struct rusage usage;
	struct crew *crew;
	struct fault fault;
	uint64_t records = 0;

	(void)state;
	limits.feedback = 1000000000;
	limits.seconds = 60;
	crew = crew_of(limits, 1, false);
	give(crew, 1, "records 1000000");
	assert_true(crew_wait(crew, &done, &fault) && done.feedback);
	assert_true(feedback_replay(done.feedback, REPLAY_ALL, count_records, &records, &fault));
	assert_int_equal(records, 1000000);
	feedback_free(done.feedback);
	crew_free(crew);
	getrusage(RUSAGE_SELF, &usage);
	print_message("%ld kB resident at most\n", usage.ru_maxrss);
#ifndef WITH_SANITIZERS
	assert_true(usage.ru_maxrss < 64 * 1024);
#endif
}

/* ------------------------------------------------------------------ misbehaviour costs one mail and says why */

static void test_misbehaviour(void **state)
{
	static const struct {
		const char *mail, *says;
	} rows[] = {
#ifdef WITH_SANITIZERS
		{ "crash", "parser died: exit 1" },
#else
		{ "crash", "parser died: signal 11 (Segmentation fault)" },
		{ "abort", "parser died: signal 6 (Aborted)" },
#ifdef WITH_SANDBOX
		{ "scribble", "parser died: signal 25 (File size limit exceeded)" },
		{ "eat", "out of memory" },
		{ "eat and abort", "parser died: out of memory ceiling" },
		{ "eat and trap", "parser died: out of memory ceiling" },
#endif
#endif
		{ "exit", "parser died: exit 3" },
		{ "say x\nexit", "parser died: exit 3" },
		{ "overlong frame", "parser spoke nonsense: a frame of unknown kind or more than" },
		{ "unknown frame", "parser spoke nonsense: a frame of unknown kind or more than" },
		{ "mail frame", "parser spoke nonsense: a frame out of order" },
		{ "record outside", "parser spoke nonsense: fact 1 out of order" },
		{ "malformed\nend", "parser spoke nonsense: feedback: a malformed problem" },
		{ "rewind nowhere", "parser spoke nonsense: a rewind that leads nowhere" },
		{ "flood", "more than 50000000 octets of feedback" },
		{ "records 500000", "more than 50000000 octets of feedback" },
		{ "wrong sums\nend", "parser spoke nonsense: feedback: a head whose sums" },
		{ "raw question example.org\nhang", "parser asked for what it may not" },
		{ "raw question _domainkey.example.org\nhang", "parser asked for what it may not" },
		{ "refuse no such thing", "no such thing" },
	};
	struct crew *crew = crew_of(test_limits(), 1, false);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_says(crew, rows[i].mail, rows[i].says);
		assert_says(crew, "records 1", "record 3");
	}
	crew_free(crew);
}

/* Words after the end may be heard with it, between two mails, or at the start of the next, whose facts they then join:
 * a worker is believed about the mail it has. None of this may stop the crew or lose a mail. */
static void test_words_between_mails(void **state)
{
	struct crew *crew = crew_of(test_limits(), 1, false);

	(void)state;
	for (unsigned i = 0; i < 50; i++) {
		struct buf out;

		give(crew, i, "after end");
		out = answer_of(crew, NULL);
		buf_release(&out);
		assert_says(crew, "say good\nend", "good");
	}
	crew_free(crew);
}

static void test_time(void **state)
{
	static const char *const mails[] = { "loop", "hang", "hang up" };
	struct limits limits = test_limits();
	struct crew *crew;

	(void)state;
	limits.seconds = 1;
	crew = crew_of(limits, 3, false);
	for (unsigned i = 0; i < 3; i++)
		give(crew, i, mails[i]);
	for (unsigned i = 0; i < 3; i++) {
		uint64_t ticket;
		struct buf out = answer_of(crew, &ticket);
		const char *wanted = ticket == 2 ? "parser died: signal 9 (Killed)" : "parser took longer than";

		if (!strstr(buf_text(&out), wanted))
			fail_msg("%s: %s", mails[ticket], buf_text(&out));
		buf_release(&out);
	}
	crew_free(crew);
}

static void test_poisoned_mail(void **state)
{
	struct crew *crew = crew_of(test_limits(), 2, false);
	unsigned given = 0, good = 0, bad = 0;

	(void)state;
	while (given < 1000 || crew_busy(crew)) {
		struct buf out;

		while (given < 1000 && crew_idle(crew)) {
			give(crew, given, given == 500 ? "crash" : "records 2");
			given++;
		}
		out = answer_of(crew, NULL);
		good += strstr(buf_text(&out), "record 3") != NULL;
		bad += strstr(buf_text(&out), "parser died") != NULL;
		buf_release(&out);
	}
	assert_int_equal(good, 999);
	assert_int_equal(bad, 1);
	crew_free(crew);
}

struct original {
	struct buf octets;
	unsigned chunks, others; /* others: facts of another kind */
};

static bool original_take(void *arg, const struct fact *fact)
{
	struct original *original = arg;

	if (fact->kind != FACT_OCTETS)
		return original->others++, true;
	assert_int_equal(fact->octets.kind, OCTETS_MESSAGE);
	assert_int_equal(fact->octets.part, 0);
	assert_int_equal(fact->octets.chunk, original->chunks++);
	return buf_put_span(&original->octets, fact->octets.data);
}

/* A mail that its readers died of is kept for a later one, as far as mails may go. */
static void test_original_kept(void **state)
{
	static const char fate[] = "crash";
	static const size_t lengths[] = { 20, OCTETS_CHUNK - 1, OCTETS_CHUNK, 3 * OCTETS_CHUNK + 7 };

	(void)state;
	for (size_t i = 0; i < 2 * sizeof lengths / sizeof *lengths; i++) {
		struct limits limits = test_limits();
		size_t length = lengths[i / 2];
		bool fits = i % 2 == 0;
		struct original original = { .octets = BUF(TEXT_MAX) };
		char *mail = malloc(length + 1);
		struct crew_done done;
		struct crew *crew;
		struct fault fault;

		limits.mail = fits ? length : length - 1;
		crew = crew_of(limits, 1, false);
		memset(mail, '\n', length);
		mail[length] = '\0';
		memcpy(mail, fate, strlen(fate));
		give(crew, 1, mail);
		assert_true(crew_wait(crew, &done, &fault) && done.feedback && done.refused);
		assert_true(feedback_replay(done.feedback, REPLAY_ALL, original_take, &original, &fault));
		assert_int_equal(original.others, 3); /* begin, problem, end */
		assert_int_equal(original.octets.n, fits ? length : 0);
		assert_memory_equal(buf_text(&original.octets), mail, original.octets.n);
		feedback_free(done.feedback);
		buf_release(&original.octets);
		free(mail);
		crew_free(crew);
	}
}

/* What cannot be kept costs the mail its original, and nobody else anything: facts have a ceiling too. */
static void test_original_too_long(void **state)
{
	struct limits limits = test_limits();
	char mail[4096] = "crash";
	struct crew *crew;

	(void)state;
	limits.feedback = 1000;
	memset(mail + 5, '\n', sizeof mail - 6);
	crew = crew_of(limits, 1, false);
	assert_says(crew, mail, "parser died");
	assert_says(crew, "say well\nend", "well");
	crew_free(crew);
}

/* Each reader ends by what it read before: whoever is read once more has a fresh one, and nothing beside it. */
static void test_used_worker(void **state)
{
	struct crew *crew = crew_of(test_limits(), 2, false);
	unsigned given = 0, good = 0;

	(void)state;
	while (given < 200 || crew_busy(crew)) {
		struct buf out;

		while (given < 200 && crew_idle(crew))
			give(crew, given++, "exit if used\nsay well\nend");
		out = answer_of(crew, NULL);
		good += strstr(buf_text(&out), "well") != NULL;
		buf_release(&out);
	}
	assert_int_equal(good, 200);
	crew_free(crew);
}

/* Mails that kill their workers, one after the other, cost none that waits beside them. */
static void test_waiting_beside_poison(void **state)
{
	struct crew *crew = crew_of(test_limits(), 1, false);
	unsigned given = 0;
	bool well = false;

	(void)state;
	give(crew, given++, "abort");
	give(crew, given++, "say well\nend");
	while (crew_busy(crew)) {
		struct buf out = answer_of(crew, NULL);

		well |= strstr(buf_text(&out), "well") != NULL;
		buf_release(&out);
		if (given < 12)
			give(crew, given++, "abort");
	}
	assert_true(well);
	crew_free(crew);
}

/* Somebody who ends workers in the middle of their mails. */
struct killer {
	struct crew *crew;
	int signal;
	unsigned kills; /* left */
};

static void killer_ask(void *arg, uint64_t id, struct span name)
{
	struct killer *killer = arg;

	if (killer->kills == 0) {
		crew_answer(killer->crew, id, true, SPAN("spared"));
		return;
	}
	killer->kills--;
	assert_int_equal(kill((pid_t)strtol(name.p + 1, NULL, 10), killer->signal), 0);
}

/* Killed once from outside costs nothing; twice is the mail's own fault, as far as anyone can tell. */
static void test_killed_from_outside(void **state)
{
	static const int signals[] = { SIGKILL, SIGABRT, SIGUSR1, SIGALRM };

	(void)state;
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
		struct killer killer = { .signal = signals[i], .kills = 1 };
		struct crew *crew = killer.crew = crew_of(test_limits(), 1, false);
		struct buf out;
		uint64_t ticket;

		crew_set_answerer(crew, killer_ask, &killer);
		give(crew, 1, "ask by pid\nend");
		give(crew, 2, "say next\nend");
		for (unsigned mails = 0; mails < 2; mails++) {
			out = answer_of(crew, &ticket);
			if (!strstr(buf_text(&out), ticket == 1 ? "spared" : "next"))
				fail_msg("signal %d: %s", signals[i], buf_text(&out));
			buf_release(&out);
		}
		assert_int_equal(killer.kills, 0);
		killer.kills = 2;
		assert_says(crew, "ask by pid\nend", "parser died");
		assert_says(crew, "ask by pid\nend", "spared");
		crew_free(crew);
	}
}

/* A reason that was cut in the middle of a character is still text. */
static void test_cut_reason(void **state)
{
	(void)state;
	for (unsigned way = 0; way < 4; way++) {
		struct crew *crew = crew_of(test_limits(), 1, way & 1);
		struct buf mail = BUF(1000);

		buf_put_text(&mail, way & 2 ? "refuse x" : "refuse xy");
		while (mail.n < 700)
			buf_put_text(&mail, "\xc3\xa9");
		assert_says(crew, buf_text(&mail), way & 2 ? "[511:x\xc3\xa9" : "[510:xy\xc3\xa9");
		buf_release(&mail);
		crew_free(crew);
	}
}

/* ------------------------------------------------------------------ the locks */

#ifdef WITH_SANDBOX
static void test_locked(void **state)
{
	struct crew *crew = crew_of(test_limits(), 1, false);
	struct buf out;
	unsigned denied = 0;

	(void)state;
	if (!(sandbox_probe() & SANDBOX_SECCOMP))
		skip();
	give(crew, 1, "try\nend");
	out = answer_of(crew, NULL);
	for (const char *p = buf_text(&out); (p = strstr(p, "13:not permitted")) != NULL; p++)
		denied++;
	if (denied != 27)
		fail_msg("%u denied: %s", denied, buf_text(&out));
	buf_release(&out);
	crew_free(crew);
}

/* Trials that do no harm, where nothing is locked: they succeed, so the test above can fail. */
static void test_unlocked(void **state)
{
	static const char *const possible[] = { "open", "socket", "fork", "memfd", "executable memory",
		"shared memory" };
	struct crew *crew = crew_of(test_limits(), 1, true);
	struct buf out;

	(void)state;
	give(crew, 1, "try harmless\nend");
	out = answer_of(crew, NULL);
	for (size_t i = 0; i < sizeof possible / sizeof *possible; i++) {
		char wanted[64];

		snprintf(wanted, sizeof wanted, "[%zu:%s][4:done]", strlen(possible[i]), possible[i]);
		assert_non_null(strstr(buf_text(&out), wanted));
	}
	buf_release(&out);
	crew_free(crew);
}

static void test_describe(void **state)
{
	char text[SANDBOX_TEXT];

	(void)state;
	print_message("%s\n", sandbox_describe(sandbox_probe(), text));
	assert_true(sandbox_probe() & SANDBOX_CEILINGS);
	assert_true(sandbox_probe() & SANDBOX_PRIVILEGES);
	assert_string_equal(sandbox_describe(0, text), "no seccomp, no Landlock, no resource limits, privileges kept");
}
#endif

/* ------------------------------------------------------------------ retirement, descriptors */

static void test_retirement(void **state)
{
	struct limits limits = test_limits();
	struct crew *crew;

	(void)state;
	limits.retire = 3;
	crew = crew_of(limits, 1, false);
	for (unsigned i = 0; i < 10; i++) {
		char wanted[32];

		snprintf(wanted, sizeof wanted, "[5:mails][1:%u]", i % 3 + 1);
		assert_says(crew, "count mails\nend", wanted);
	}
	crew_free(crew);
}

static void test_no_descriptor_left(void **state)
{
	static const char *const mails[] = { "records 3000", "crash", "overlong frame", "refuse x", "end",
		"after end" };
	unsigned before = open_files();
	struct crew *crew = crew_of(test_limits(), 3, false);

	(void)state;
	for (unsigned i = 0; i < 60; i++) {
		struct buf out;

		give(crew, i, mails[i % 6]);
		out = answer_of(crew, NULL);
		buf_release(&out);
	}
	give(crew, 100, "hang");
	crew_free(crew);
	assert_int_equal(open_files(), before);
}

/* ------------------------------------------------------------------ the question */

struct oracle {
	struct crew *crew;
	int pipe[2];
	bool late, silent;
	uint64_t id;
	char name[256];
};

static void oracle_answer(struct oracle *o)
{
	char text[300];

	snprintf(text, sizeof text, "key of %s", o->name);
	crew_answer(o->crew, o->id + 1000, true, SPAN("of no one"));
	crew_answer(o->crew, o->id, strncmp(o->name, "none.", 5) != 0, span_of(text));
}

static void oracle_ready(void *arg)
{
	struct oracle *o = arg;
	char octet;

	assert_int_equal(read(o->pipe[0], &octet, 1), 1);
	oracle_answer(o);
}

static void oracle_ask(void *arg, uint64_t id, struct span name)
{
	struct oracle *o = arg;

	o->id = id;
	snprintf(o->name, sizeof o->name, "%.*s", (int)name.n, name.p);
	if (o->late)
		assert_int_equal(write(o->pipe[1], "x", 1), 1);
	else
		oracle_answer(o);
}

static void test_question(void **state)
{
	(void)state;
	for (unsigned way = 0; way < 4; way++) {
		struct limits limits = test_limits();
		struct oracle o = { .late = way & 1 };
		struct crew *crew;

		limits.questions = 2;
		crew = o.crew = crew_of(limits, 1, way & 2);
		assert_int_equal(pipe(o.pipe), 0);
		crew_set_answerer(crew, oracle_ask, &o);
		crew_watch(crew, o.pipe[0], oracle_ready, &o);
		assert_says(crew, "ask a._domainkey.example.org\nask none._domainkey.x\nend",
			":key of a._domainkey.example.org]");
		assert_says(crew, "ask none._domainkey.x\nend", "[7:unknown]");
		assert_says(crew, "ask example.org\nend", "[7:unknown]");
		assert_says(crew, "ask a._domainkey.x\nask b._domainkey.x\nask c._domainkey.x\nend",
			"[14:c._domainkey.x][7:unknown]");
		crew_free(crew);
		close(o.pipe[0]);
		close(o.pipe[1]);
	}
}

static void never_answer(void *arg, uint64_t id, struct span name)
{
	(void)name;
	*(uint64_t *)arg = id;
}

/* Who asks must wait; and asks no more often than is allowed, whatever its own side counts. */
static void test_question_lies(void **state)
{
	static const char ask[] = "raw question a._domainkey.x\n";
	struct limits limits = test_limits();
	char mail[sizeof ask * 3];
	uint64_t asked = 0;
	struct crew *crew;

	(void)state;
	limits.questions = 0;
	crew = crew_of(limits, 1, false);
	snprintf(mail, sizeof mail, "%shang", ask);
	assert_says(crew, mail, "parser asked for what it may not");
	crew_free(crew);
	crew = crew_of(test_limits(), 1, false);
	crew_set_answerer(crew, never_answer, &asked);
	snprintf(mail, sizeof mail, "%ssay x\nend", ask);
	assert_says(crew, mail, "parser spoke nonsense");
	snprintf(mail, sizeof mail, "%s%shang", ask, ask);
	assert_says(crew, mail, "parser spoke nonsense");
	crew_answer(crew, asked, true, SPAN("too late"));
	assert_says(crew, "say x\nend", "said");
	crew_free(crew);
}

/* Two workers ask at once and each gets its own answer. */
static void test_questions_in_parallel(void **state)
{
	struct oracle o = { .late = false };
	struct crew *crew = o.crew = crew_of(test_limits(), 2, false);
	unsigned given = 0;

	(void)state;
	crew_set_answerer(crew, oracle_ask, &o);
	while (given < 100 || crew_busy(crew)) {
		uint64_t ticket;
		char text[128];
		struct buf out;

		while (given < 100 && crew_idle(crew)) {
			snprintf(text, sizeof text, "ask s%u._domainkey.example.org\nend", given);
			give(crew, given++, text);
		}
		out = answer_of(crew, &ticket);
		snprintf(text, sizeof text, ":key of s%u._domainkey.example.org]", (unsigned)ticket);
		assert_non_null(strstr(buf_text(&out), text));
		buf_release(&out);
	}
	crew_free(crew);
}

/* ------------------------------------------------------------------ the nursery */

static void test_nursery_dies(void **state)
{
	struct limits limits = test_limits();
	struct crew_done done;
	struct fault fault;
	struct nursery *own = nursery_start(&fault);
	struct crew *crew = crew_start(own, &limits, 1, &fault);

	(void)state;
	assert_non_null(crew);
	assert_false(crew_wait(crew, &done, &fault)); /* nothing to wait for */
	assert_int_equal(fault.kind, FAULT_NONE);
	assert_says(crew, "say x\nend", "said");
	give(crew, 1, "hang");
	assert_int_equal(shutdown(nursery_descriptor(own), SHUT_RDWR), 0);
	assert_false(crew_wait(crew, &done, &fault));
	assert_int_equal(fault.kind, FAULT_LATER);
	crew_free(crew);
	nursery_free(own);
}

/* The nursery ends its own children and no one else's. */
static void test_nursery_kills_its_own(void **state)
{
	struct limits limits = test_limits();
	pid_t other = fork();
	uint64_t token;

	(void)state;
	if (other == 0) {
		pause();
		_exit(0);
	}
	assert_true(nursery_kill(nursery, other));
	token = nursery_spawn(nursery, &limits); /* comes after the kill */
	assert_int_not_equal(token, 0);
	for (;;) {
		struct nursery_notice notice = nursery_next(nursery);

		if (notice.event == NURSERY_SPAWNED && notice.token == token) {
			close(notice.socket);
			break;
		}
		if (notice.event == NURSERY_SPAWNED)
			close(notice.socket);
		assert_int_not_equal(notice.event, NURSERY_GONE);
	}
	assert_int_equal(waitpid(other, NULL, WNOHANG), 0);
	kill(other, SIGKILL);
	assert_int_equal(waitpid(other, NULL, 0), other);
}

static int start(void **state)
{
	struct fault fault;

	(void)state;
	nursery = nursery_start(&fault);
	return nursery ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	nursery_free(nursery);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_facts),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_large_mail),
		cmocka_unit_test(test_misbehaviour),
		cmocka_unit_test(test_words_between_mails),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_poisoned_mail),
		cmocka_unit_test(test_original_kept),
		cmocka_unit_test(test_original_too_long),
		cmocka_unit_test(test_used_worker),
		cmocka_unit_test(test_waiting_beside_poison),
		cmocka_unit_test(test_killed_from_outside),
		cmocka_unit_test(test_cut_reason),
#ifdef WITH_SANDBOX
		cmocka_unit_test(test_locked),
		cmocka_unit_test(test_unlocked),
		cmocka_unit_test(test_describe),
#endif
		cmocka_unit_test(test_retirement),
		cmocka_unit_test(test_no_descriptor_left),
		cmocka_unit_test(test_question),
		cmocka_unit_test(test_question_lies),
		cmocka_unit_test(test_questions_in_parallel),
		cmocka_unit_test(test_nursery_dies),
		cmocka_unit_test(test_nursery_kills_its_own),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
