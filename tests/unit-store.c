/* store: what goes in comes out; which report counts; sums; taking away. */
#include "tests/store_facts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>
#include <sqlite3.h>

#define ALWAYS ((struct window){ -1000000, 1000000 })
#define ARRIVED 1610000000

struct bench {
	char folder[64], path[128];
	struct store *store;
	struct arena arena;
	struct dice dice;
};

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof *b);
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

static void again(struct bench *b)
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
}

static int teardown(void **state)
{
	struct bench *b = *state;

	again(b);
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

static void begin(struct bench *b, uint64_t seed)
{
	char name[40];
	struct mail mail;

	snprintf(name, sizeof name, "mail-%d", (int)seed);
	mail = mail_make(name, seed);
	assert_true(store_mail_begin(b->store, &mail, ARRIVED, NULL));
	take_begin(b->store, OUTCOME_REPORT);
}

static struct store_result finish(struct bench *b)
{
	struct store_result result;
	struct fault fault = { 0 };

	if (!store_mail_end(b->store, &result, &fault))
		fail_msg("%s", fault.text);
	return result;
}

static struct store_result put(struct bench *b, uint64_t seed, const struct made_report *report)
{
	begin(b, seed);
	if (!take_report(b->store, report))
		fail_msg("%s", store_fault(b->store)->text);
	return finish(b);
}

static void commit(struct bench *b)
{
	struct fault fault = { 0 };

	if (!store_commit(b->store, &fault))
		fail_msg("%s", fault.text);
}

static char *dump(struct bench *b)
{
	char *text;

	commit(b);
	text = store_dump_text(b->path);
	assert_non_null(text);
	return text;
}

/* --- nothing is lost --- */

static bool fact_to_text(void *out, const struct fact *fact)
{
	fact_print(out, fact);
	return true;
}

static void test_round_trip(void **state)
{
	struct bench *b = *state;
	char *fed = NULL, *told = NULL;
	size_t fed_n, told_n;
	FILE *in = open_memstream(&fed, &fed_n), *out = open_memstream(&told, &told_n);

	for (uint64_t i = 0; i < 300; i++) {
		struct made_report *made = report_make(&b->arena, &b->dice, i);
		struct fact fact = { .kind = FACT_REPORT };

		made->head.begin = 1500000000 + (int64_t)i * 10; /* told in this order */
		if (i % 50 == 49)
			made->head.end = MOMENT_NONE;
		made->head.recovered = i % 7 == 3;
		put(b, i, made);
		fact.report = made->head;
		fact_print(in, &fact);
		for (size_t k = 0; k < made->head.records; k++)
			fact_print(in, &(struct fact){ .kind = FACT_RECORD, .record = made->records[k] });
		fact_print(in, &(struct fact){ .kind = FACT_REPORT_END });
		if (i == 150)
			commit(b);
	}
	for (uint64_t i = 0; i < 100; i++) {
		struct failure *made = failure_make(&b->arena, &b->dice);

		made->arrived = 1500000000 + (int64_t)i;
		begin(b, 1000 + i);
		assert_true(take_failure(b->store, made));
		assert_int_equal(finish(b).failures, 1);
		fact_print(in, &(struct fact){ .kind = FACT_FAILURE, .failure = *made });
	}
	commit(b);
	fclose(in);
	assert_true(store_ask_facts(b->store, NULL, fact_to_text, out, NULL));
	fclose(out);
	assert_true(fed_n > 100000);
	assert_string_equal(fed, told);
	free(fed);
	free(told);
}

struct kept_check {
	struct span header, attachment, message;
	int seen;
};

static void range_equals(int fd, const struct kept_part *part, enum octets_kind kind, struct span wanted)
{
	char *octets = malloc(wanted.n + 1);

	assert_int_equal(part->kind, kind);
	assert_int_equal(part->length, wanted.n);
	assert_int_equal(pread(fd, octets, wanted.n, (off_t)part->offset), (ssize_t)wanted.n);
	assert_memory_equal(octets, wanted.p, wanted.n);
	free(octets);
}

static bool kept_look(void *arg, const struct kept_mail *mail)
{
	struct kept_check *check = arg;

	check->seen++;
	assert_int_equal(mail->n, 4);
	assert_true(span_is(mail->name, SPAN("mail-7")));
	assert_int_equal(mail->arrived, ARRIVED);
	range_equals(mail->fd, &mail->parts[0], OCTETS_HEADER, check->header);
	range_equals(mail->fd, &mail->parts[1], OCTETS_ATTACHMENT, check->attachment);
	range_equals(mail->fd, &mail->parts[2], OCTETS_MESSAGE, check->message);
	range_equals(mail->fd, &mail->parts[3], OCTETS_ATTACHMENT, SPAN(""));
	return true;
}

static void test_kept(void **state)
{
	struct bench *b = *state;
	size_t n = 700000;
	char *noise = malloc(n), *text = malloc(n);
	struct kept_check check = { { text, 3000 }, { noise, n }, { text, n }, 0 };

	for (size_t i = 0; i < n; i++) {
		noise[i] = (char)dice_roll(&b->dice, 256);
		text[i] = "Received: from mx.example by mail.example; "[i % 43];
	}
	memcpy(noise, "\x1f\x8b", 2);
	begin(b, 7);
	assert_true(take_octets(b->store, OCTETS_HEADER, 0, check.header));
	assert_true(take_octets(b->store, OCTETS_ATTACHMENT, 1, check.attachment));
	assert_true(take_octets(b->store, OCTETS_MESSAGE, 2, check.message));
	assert_true(take_octets(b->store, OCTETS_SAMPLE, 3, SPAN("a sample")));
	assert_true(take_octets(b->store, OCTETS_ATTACHMENT, 4, SPAN("")));
	finish(b);
	put(b, 8, report_make(&b->arena, &b->dice, 1)); /* keeps nothing */
	assert_true(store_ask_kept(b->store, kept_look, &check, NULL));
	commit(b);
	assert_true(store_ask_kept(b->store, kept_look, &check, NULL));
	assert_int_equal(check.seen, 2);
	free(noise);
	free(text);
}

static void test_problems(void **state)
{
	struct bench *b = *state;
	struct store_totals totals;
	char *text;

	begin(b, 1);
	take_problem(b->store, "a.xml", "odd");
	take_report(b->store, report_make(&b->arena, &b->dice, 1));
	take_problem(b->store, "a.xml", "odder");
	finish(b);
	begin(b, 2);
	take_report(b->store, report_make(&b->arena, &b->dice, 2));
	take_problem(b->store, "somewhere", "whose is it");
	take_report(b->store, report_make(&b->arena, &b->dice, 3));
	finish(b);
	struct mail mail = mail_make("bad.zip", 3);
	assert_true(store_mail_begin(b->store, &mail, ARRIVED, NULL));
	take_begin(b->store, OUTCOME_BROKEN);
	take_problem(b->store, "bad.zip", "the archive ends early");
	take_problem(b->store, "bad.zip", "and more");
	assert_int_equal(finish(b).outcome, OUTCOME_BROKEN);
	text = dump(b);
	assert_non_null(strstr(text, "problems=2"));
	assert_null(strstr(text, "problems=1"));
	assert_non_null(strstr(text, "stored broken mail=\"bad.zip\" org_name=- domain=- report_id=- "
				     "reason=\"the archive ends early\""));
	free(text);
	assert_true(store_ask_totals(b->store, &totals, NULL));
	assert_int_equal(totals.mails, 3);
	assert_int_equal(totals.broken, 1);
	assert_int_equal(totals.reports, 3);
}

/* --- the same mail, the same report --- */

static void test_known(void **state)
{
	struct bench *b = *state;
	struct mail mail = mail_make("box/1", 5), moved = mail_make("box/2", 5), other = mail_make("box/1", 6);
	struct made_report *made = report_make(&b->arena, &b->dice, 1);
	struct store_result result;
	char *once, *twice;

	assert_false(store_knows_mail(b->store, mail.sha256));
	assert_false(store_knows_file(b->store, &mail));
	result = put(b, 5, made);
	assert_int_equal(result.reports, 1);
	assert_false(result.known);
	assert_true(store_knows_mail(b->store, mail.sha256));
	assert_true(store_remember_file(b->store, &mail, NULL));
	assert_true(store_remember_file(b->store, &mail, NULL));
	assert_true(store_knows_file(b->store, &mail));
	assert_false(store_knows_file(b->store, &moved));
	assert_false(store_knows_file(b->store, &other));
	mail.modified++;
	assert_false(store_knows_file(b->store, &mail));
	once = dump(b);
	result = put(b, 5, made);
	assert_true(result.known);
	assert_int_equal(result.reports, 0);
	twice = dump(b);
	assert_string_equal(once, twice);
	free(once);
	free(twice);
}

static void test_duplicates(void **state)
{
	struct bench *b = *state;
	struct made_report *made = report_make(&b->arena, &b->dice, 3), shifted = *made, elsewhere = *made;
	struct store_totals totals;

	made->head.org_name = SPAN("Google Inc.");
	shifted = elsewhere = *made;
	shifted.head.end += 1;
	elsewhere.head.org_name = SPAN("Another");
	assert_int_equal(put(b, 1, made).duplicates, 0);
	made->head.org_name = SPAN("GOOGLE inc.");
	assert_int_equal(put(b, 2, made).duplicates, 1);
	assert_int_equal(put(b, 3, &shifted).duplicates, 0);
	assert_int_equal(put(b, 4, &elsewhere).duplicates, 0);
	commit(b);
	assert_true(store_ask_totals(b->store, &totals, NULL));
	assert_int_equal(totals.reports, 4);
	assert_int_equal(totals.records, 3 * made->head.records);
}

struct counting {
	struct counts counts;
	uint64_t reports, rows;
};

static bool domain_count(void *arg, const struct domain_row *row)
{
	struct counting *c = arg;

	c->counts = row->counts;
	c->reports += row->reports;
	c->rows++;
	return true;
}

/* Every order of five mails: two deliveries of A (one only recovered), B with as many messages, C with fewer messages,
 * and D with more messages but only recovered. Whatever comes first, the same content counts and all else is the same. */
static void test_conflict_orders(void **state)
{
	struct bench *b = *state;
	struct made_report *a = report_make(&b->arena, &b->dice, 11), parts[5];
	char *first = NULL;
	int orders = 0;

	for (int i = 0; i < 5; i++) {
		parts[i] = *a;
		parts[i].records = arena_take(&b->arena, sizeof(struct record));
		parts[i].records[0] = (struct record){ .count = i == 3 ? 7 : i == 4 ? 90 : 50, .dkim_pass = i < 2 };
		parts[i].head.records = 1;
		parts[i].head.messages = parts[i].records[0].count;
		memset(parts[i].head.content, i < 2 ? 0x55 : 0x60 + i, DIGEST_OCTETS);
		parts[i].head.recovered = i == 1 || i == 4;
	}
	for (int n = 0; n < 120; n++) {
		int order[5] = { 0, 1, 2, 3, 4 }, left = n;
		struct counting c = { 0 };
		char *text;

		for (int i = 5; i > 1; i--) {
			int with = left % i, kept = order[i - 1];

			left /= i;
			order[i - 1] = order[with];
			order[with] = kept;
		}
		again(b);
		for (int i = 0; i < 5; i++)
			put(b, (uint64_t)order[i], &parts[order[i]]);
		text = dump(b);
		assert_true(store_ask_domains(b->store, &ALWAYS, domain_count, &c, NULL));
		assert_int_equal(c.counts.messages, 50);
		assert_int_equal(c.counts.dkim, 50);
		assert_int_equal(c.reports, 1);
		if (first)
			assert_string_equal(first, text);
		else
			first = strdup(text);
		free(text);
		orders++;
	}
	assert_int_equal(orders, 120);
	free(first);
}

static void test_abort(void **state)
{
	struct bench *b = *state;
	struct made_report *one = report_make(&b->arena, &b->dice, 1), *two = report_make(&b->arena, &b->dice, 2);
	char *before, *after;

	put(b, 1, one);
	before = dump(b);
	begin(b, 2);
	assert_true(take_report(b->store, two));
	assert_true(take_octets(b->store, OCTETS_HEADER, 0, SPAN("From: x")));
	assert_true(take_failure(b->store, failure_make(&b->arena, &b->dice)));
	store_mail_abort(b->store);
	after = dump(b);
	assert_string_equal(before, after);
	free(after);
	put(b, 2, two); /* with texts whose ids were taken back */
	begin(b, 3);
	assert_true(store_take(b->store, &(struct fact){ .kind = FACT_REPORT, .report = two->head }));
	store_close(b->store); /* in the middle of a mail */
	b->store = store_open(b->path, STORE_WRITE, 0, NULL);
	after = dump(b);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static void test_lies(void **state)
{
	struct bench *b = *state;
	struct made_report *made = report_make(&b->arena, &b->dice, 5);
	struct store_result result;
	struct fault fault = { 0 };

	made->head.messages++;
	begin(b, 1);
	assert_false(take_report(b->store, made));
	assert_int_equal(store_fault(b->store)->kind, FAULT_BROKEN);
	assert_false(store_mail_end(b->store, &result, &fault));
	assert_int_equal(fault.kind, FAULT_BROKEN);
	made->head.messages--;
	made->head.records++;
	begin(b, 1);
	assert_true(store_take(b->store, &(struct fact){ .kind = FACT_REPORT, .report = made->head }));
	assert_false(store_take(b->store, &(struct fact){ .kind = FACT_REPORT_END }));
	store_mail_abort(b->store);
	begin(b, 1);
	assert_false(store_take(b->store, &(struct fact){ .kind = FACT_RECORD }));
	store_mail_abort(b->store);
	assert_false(store_take(b->store, &(struct fact){ .kind = FACT_FAILURE }));
	assert_false(store_mail_end(b->store, &result, &fault));
}

/* --- sums against a model that knows nothing of the store's ways --- */

struct delivery {
	const struct made_report *report;
	uint64_t mail; /* seed */
	uint8_t sha256[DIGEST_OCTETS];
	bool there;
};

#define DELIVERIES 400

static bool identity_same(const struct report *a, const struct report *b)
{
	return span_is_nocase(a->org_name, b->org_name) && span_is(a->domain, b->domain) &&
		span_is(a->report_id, b->report_id) && a->begin == b->begin && a->end == b->end;
}

static bool model_beats(const struct report *a, const struct report *b)
{
	if (a->recovered != b->recovered)
		return b->recovered;
	if (a->messages != b->messages)
		return a->messages > b->messages;
	return memcmp(a->content, b->content, DIGEST_OCTETS) < 0;
}

static bool model_counts(const struct delivery *all, size_t n, size_t at)
{
	for (size_t i = 0; i < n; i++) {
		const struct report *mine = &all[at].report->head, *other = &all[i].report->head;

		if (i == at || !all[i].there || !identity_same(mine, other))
			continue;
		if (model_beats(other, mine))
			return false;
		if (!model_beats(mine, other) && i < at)
			return false; /* the same again: count one of them */
	}
	return true;
}

static uint64_t stop_sum(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

static struct counts model_sum(const struct delivery *all, size_t n, struct span domain, const struct window *window,
	uint64_t *reports)
{
	uint64_t sum[9] = { 0 }, more[9];
	struct counts result;

	*reports = 0;
	for (size_t i = 0; i < n; i++) {
		const struct report *head = &all[i].report->head;
		int64_t day = moment_day((head->begin + head->end) / 2);

		if (!all[i].there || !span_is(head->domain, domain) || day < window->first_day || day > window->last_day ||
			!model_counts(all, n, i))
			continue;
		memcpy(more, &all[i].report->counts, sizeof more);
		for (int k = 0; k < 9; k++)
			sum[k] = stop_sum(sum[k], more[k]);
		++*reports;
	}
	memcpy(&result, sum, sizeof result);
	return result;
}

struct comparing {
	const struct delivery *all;
	size_t n, rows;
	struct window window;
	uint64_t messages;
	struct span domain;
};

static bool domain_compare(void *arg, const struct domain_row *row)
{
	struct comparing *c = arg;
	uint64_t reports;
	struct counts wanted = model_sum(c->all, c->n, row->domain, &c->window, &reports);

	assert_memory_equal(&wanted, &row->counts, sizeof wanted);
	assert_int_equal(reports, row->reports);
	assert_true(c->rows == 0 || c->messages >= row->counts.messages);
	c->messages = row->counts.messages;
	c->rows++;
	return true;
}

static void model_compare(struct bench *b, const struct delivery *all, size_t n)
{
	struct comparing c = { .all = all, .n = n, .window = ALWAYS };
	size_t domains = 0;

	if (dice_roll(&b->dice, 2)) {
		c.window.first_day = moment_day(1600000000) + (int64_t)dice_roll(&b->dice, 20);
		c.window.last_day = c.window.first_day + (int64_t)dice_roll(&b->dice, 10);
	}
	assert_true(store_ask_domains(b->store, &c.window, domain_compare, &c, NULL));
	for (int d = 0; d < 5; d++) {
		char name[20];
		uint64_t reports;

		snprintf(name, sizeof name, "example%d.org", d);
		model_sum(all, n, span_of(name), &c.window, &reports);
		domains += reports > 0;
	}
	assert_int_equal(domains, c.rows);
}

struct forgetting {
	struct bench *bench;
	const uint8_t *sha256;
	int64_t mail_id;
};

static bool mail_find(void *arg, const struct stored_report *row)
{
	struct forgetting *f = arg;
	char name[40];

	snprintf(name, sizeof name, "mail-%d", (int)f->mail_id);
	if (!span_is(row->mail, span_of(name)))
		return true;
	f->mail_id = row->mail_id;
	f->sha256 = NULL;
	return false;
}

static void delivery_put(struct bench *b, struct delivery *d)
{
	put(b, d->mail, d->report);
	d->there = true;
}

static void delivery_forget(struct bench *b, struct delivery *d)
{
	struct forgetting f = { b, d->sha256, (int64_t)d->mail };

	assert_true(store_ask_reports(b->store, NULL, mail_find, &f, NULL));
	assert_null(f.sha256);
	assert_true(store_mail_forget(b->store, f.mail_id, NULL));
	d->there = false;
}

static void test_sums_random(void **state)
{
	struct bench *b = *state;
	static struct delivery all[DELIVERIES];
	const struct made_report *made[DELIVERIES];

	/* some identities again with other content, some with the same, some recovered */
	for (size_t i = 0; i < DELIVERIES; i++) {
		struct made_report *one = report_make(&b->arena, &b->dice, i);

		if (i && dice_roll(&b->dice, 2)) {
			const struct made_report *other = made[dice_roll(&b->dice, i)];
			struct made_report fresh = *one;
			bool same = dice_roll(&b->dice, 2);

			*one = *other;
			if (!same) {
				one->records = fresh.records;
				one->counts = fresh.counts;
				one->head.records = fresh.head.records;
				one->head.messages = fresh.head.messages;
				memcpy(one->head.content, fresh.head.content, DIGEST_OCTETS);
			}
		}
		one->head.recovered = !dice_roll(&b->dice, 4);
		made[i] = one;
		all[i] = (struct delivery){ .report = one, .mail = i };
	}
	for (int step = 0; step < 1500; step++) {
		struct delivery *d = &all[dice_roll(&b->dice, DELIVERIES)];

		if (!d->there) {
			delivery_put(b, d);
		} else if (dice_roll(&b->dice, 3) == 0) {
			delivery_forget(b, d);
			if (dice_roll(&b->dice, 2))
				delivery_put(b, d);
		} else if (dice_roll(&b->dice, 10) == 0) {
			commit(b);
		}
		if (step % 25 == 0)
			model_compare(b, all, DELIVERIES);
	}
	model_compare(b, all, DELIVERIES);
	/* the way there leaves no trace */
	for (size_t i = 0; i < DELIVERIES; i++)
		if (!all[i].there)
			delivery_put(b, &all[i]);
	char *long_way = dump(b);
	again(b);
	for (size_t i = DELIVERIES; i-- > 0;)
		delivery_put(b, &all[i]);
	char *short_way = dump(b);
	assert_string_equal(long_way, short_way);
	free(long_way);
	free(short_way);
}

static void test_forget_and_abort(void **state)
{
	struct bench *b = *state;
	struct delivery d = { .report = report_make(&b->arena, &b->dice, 5), .mail = 9 };
	char *before, *after;

	begin(b, 9);
	take_octets(b->store, OCTETS_HEADER, 0, SPAN("From: somebody"));
	take_report(b->store, d.report);
	finish(b);
	before = dump(b);
	delivery_forget(b, &d);
	begin(b, 9);
	assert_true(take_report(b->store, d.report));
	store_mail_abort(b->store); /* undoes both */
	after = dump(b);
	assert_string_equal(before, after);
	free(after);
	delivery_forget(b, &d);
	begin(b, 9);
	take_octets(b->store, OCTETS_HEADER, 0, SPAN("From: somebody"));
	take_report(b->store, d.report);
	finish(b);
	after = dump(b);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

/* --- questions --- */

struct reading {
	char text[4096];
	size_t rows;
};

static bool source_read(void *arg, const struct source_row *row)
{
	struct reading *r = arg;
	char line[300];

	snprintf(line, sizeof line, "%.*s %d/%d %d-%d r%d %.*s %.*s %.*s\n", (int)row->source.n, row->source.p ? row->source.p : "",
		(int)counts_neither(&row->counts), (int)row->counts.messages, (int)row->first_day, (int)row->last_day,
		(int)row->reporters, (int)row->dkim_domain.n, row->dkim_domain.p ? row->dkim_domain.p : "",
		(int)row->dkim_selector.n, row->dkim_selector.p ? row->dkim_selector.p : "", (int)row->spf_domain.n,
		row->spf_domain.p ? row->spf_domain.p : "");
	strcat(r->text, line);
	r->rows++;
	return true;
}

static bool reporter_read(void *arg, const struct reporter_row *row)
{
	struct reading *r = arg;
	char line[300];

	snprintf(line, sizeof line, "%.*s %d reports %d messages %d days %d problems\n", (int)row->org_name.n, row->org_name.p,
		(int)row->reports, (int)row->messages, (int)row->days, (int)row->problems);
	strcat(r->text, line);
	r->rows++;
	return true;
}

static bool domain_read(void *arg, const struct domain_row *row)
{
	struct reading *r = arg;
	char line[300];

	snprintf(line, sizeof line, "%.*s %d messages %d reports %d reporters %d failures %d days p=%.*s\n", (int)row->domain.n,
		row->domain.p, (int)row->counts.messages, (int)row->reports, (int)row->reporters, (int)row->failures,
		(int)row->days, (int)row->p.n, row->p.p ? row->p.p : "");
	strcat(r->text, line);
	r->rows++;
	return true;
}

static struct record plain_record(const char *source, uint64_t count, bool dkim, struct auth_result *results, size_t n)
{
	struct record r = { .source_ip = span_of(source), .count = count, .dkim_pass = dkim, .dkim_results = results,
		.dkim_n = n };

	r.has_address = address_parse(r.source_ip, &r.address);
	return r;
}

static void plain_report(struct bench *b, uint64_t seed, const char *org, const char *domain, int64_t day, const char *p,
	struct record *records, size_t n)
{
	struct made_report made = { .records = records };

	made.head.org_name = span_of(org);
	made.head.domain = span_of(domain);
	made.head.p = span_of(p);
	made.head.report_id = make_text(&b->arena, "%d", (int)seed);
	made.head.begin = day * DAY_SECONDS;
	made.head.end = day * DAY_SECONDS + DAY_SECONDS - 1;
	made.head.records = n;
	for (size_t i = 0; i < n; i++)
		made.head.messages += records[i].count;
	made.head.content[0] = (uint8_t)seed;
	begin(b, seed);
	assert_true(take_report(b->store, &made));
	take_problem(b->store, "x", "y");
	finish(b);
}

static void test_questions(void **state)
{
	struct bench *b = *state;
	struct auth_result ours = { SPAN("example.org"), SPAN("s1"), SPAN("pass"), SPAN_ABSENT, RESULT_PASS };
	struct auth_result theirs[2] = { { SPAN("esp.example"), SPAN("k2"), SPAN("pass"), SPAN_ABSENT, RESULT_PASS },
		{ SPAN("esp.example"), SPAN("k1"), SPAN("pass"), SPAN_ABSENT, RESULT_PASS } };
	struct record one[] = { plain_record("192.0.2.1", 10, true, &ours, 1), plain_record("2001:DB8::1", 5, false, NULL, 0) };
	struct record two[] = { plain_record("192.0.2.1", 30, true, theirs, 2), plain_record("2001:db8::1", 6, false, NULL, 0),
		plain_record("garbage", 6, false, NULL, 0) };
	struct record three[] = { plain_record("192.0.2.9", 1000, false, NULL, 0) };
	struct failure failure = { .reported_domain = SPAN("only.example"), .dmarc = true, .arrived = 100 * DAY_SECONDS,
		.incidents = 1 };
	struct window window = { 99, 102 };
	struct reading r = { 0 };

	plain_report(b, 1, "Google", "example.org", 100, "none", one, 2);
	plain_report(b, 2, "GOOGLE", "example.org", 101, "reject", two, 3);
	plain_report(b, 3, "GMX", "example.org", 100, "quarantine", two, 3);
	plain_report(b, 4, "GMX", "other.example", 102, "none", three, 1);
	plain_report(b, 5, "GMX", "example.org", 200, "none", three, 1);
	begin(b, 6);
	take_failure(b->store, &failure);
	finish(b);
	assert_true(store_ask_sources(b->store, "Example.ORG", &window, source_read, &r, NULL));
	assert_string_equal(r.text, "2001:db8::1 17/17 100-101 r2   \n"
				    "garbage 12/12 100-101 r2   \n"
				    "192.0.2.1 0/70 100-101 r2 esp.example k1 \n");
	r = (struct reading){ 0 };
	assert_true(store_ask_sources(b->store, "unknown.example", &window, source_read, &r, NULL));
	assert_int_equal(r.rows, 0);
	assert_true(store_ask_reporters(b->store, "example.org", &window, reporter_read, &r, NULL));
	assert_string_equal(r.text, "GOOGLE 2 reports 57 messages 2 days 2 problems\n"
				    "GMX 1 reports 42 messages 1 days 1 problems\n");
	r = (struct reading){ 0 };
	assert_true(store_ask_domains(b->store, &window, domain_read, &r, NULL));
	assert_string_equal(r.text, "other.example 1000 messages 1 reports 1 reporters 0 failures 1 days p=none\n"
				    "example.org 99 messages 3 reports 2 reporters 0 failures 2 days p=reject\n"
				    "only.example 0 messages 0 reports 0 reporters 1 failures 0 days p=\n");
}

static bool id_read(void *arg, const struct stored_report *row)
{
	struct reading *r = arg;
	char line[100];

	snprintf(line, sizeof line, "%.*s%s ", (int)row->mail.n, row->mail.p, row->broken ? "!" : "");
	strcat(r->text, line);
	return true;
}

static void filter_gives(struct bench *b, struct condition condition, const char *wanted)
{
	struct report_filter filter = { &condition, 1 };
	struct reading r = { 0 };
	struct fault fault = { 0 };

	if (!store_ask_reports(b->store, &filter, id_read, &r, &fault))
		fail_msg("%s", fault.text);
	assert_string_equal(r.text, wanted);
}

static void test_filters(void **state)
{
	struct bench *b = *state;
	struct record records[] = { plain_record("192.0.2.1", 10, true, NULL, 0) };
	struct mail broken = mail_make("bad", 9);

	plain_report(b, 3, "Google", "example.org", 100, "none", records, 1);
	plain_report(b, 2, "GMX", "other.example", 101, "none", records, 1);
	plain_report(b, 1, "Yahoo", "example.org", 102, "none", records, 1);
	assert_true(store_mail_begin(b->store, &broken, 101 * DAY_SECONDS, NULL));
	take_begin(b->store, OUTCOME_BROKEN);
	finish(b);
	struct made_report made = { .records = records };
	made.head = (struct report){ .org_name = SPAN("GMX"), .domain = SPAN("other.example"), .report_id = SPAN("2"),
		.begin = 101 * DAY_SECONDS, .end = 102 * DAY_SECONDS - 1, .records = 1, .messages = 10 };
	made.head.content[0] = 3; /* beaten by content 2 */
	put(b, 5, &made);
	made.head.content[0] = 2;
	put(b, 6, &made);
	assert_true(store_commit(b->store, NULL));

	filter_gives(b, (struct condition){ .what = CONDITION_DOMAIN, .text = "EXAMPLE.org" }, "mail-3 mail-1 ");
	filter_gives(b, (struct condition){ .what = CONDITION_DOMAIN, .text = "example.org", .not = true },
		"mail-6 mail-2 mail-5 bad! ");
	filter_gives(b, (struct condition){ .what = CONDITION_REPORTER, .text = "OO" }, "mail-3 mail-1 ");
	filter_gives(b, (struct condition){ .what = CONDITION_REPORTER, .text = "G", .not = true }, "mail-1 ");
	filter_gives(b, (struct condition){ .what = CONDITION_SINCE, .moment = 102 * DAY_SECONDS }, "mail-1 ");
	filter_gives(b, (struct condition){ .what = CONDITION_UNTIL, .moment = 101 * DAY_SECONDS }, "mail-3 ");
	filter_gives(b, (struct condition){ .what = CONDITION_BROKEN }, "bad! ");
	filter_gives(b, (struct condition){ .what = CONDITION_BROKEN, .not = true }, "mail-3 mail-6 mail-2 mail-5 mail-1 ");
	filter_gives(b, (struct condition){ .what = CONDITION_CONFLICT }, "mail-5 ");
	filter_gives(b, (struct condition){ .what = CONDITION_DUPLICATE }, "mail-2 ");
	filter_gives(b, (struct condition){ .what = CONDITION_DUPLICATE, .not = true },
		"mail-3 mail-6 mail-5 mail-1 bad! ");
}

/* --- expiry --- */

static void test_expire(void **state)
{
	struct bench *b = *state;
	size_t n = 45000;
	struct record *records = arena_take(&b->arena, n * sizeof *records);
	struct record few[] = { plain_record("192.0.2.1", 10, true, NULL, 0) };
	struct expired expired;
	struct store_totals totals;
	struct failure failure = { .incidents = 1 };
	struct mail broken = mail_make("bad", 9), big = mail_make("", 1);
	char *younger, *left;

	/* what shall be left, by itself; the expired mails leave their hash */
	plain_report(b, 50, "GMX", "example.org", 300, "none", few, 1);
	younger = dump(b);
	again(b);

	for (size_t i = 0; i < n; i++)
		records[i] = plain_record("192.0.2.1", 1, true, NULL, 0);
	plain_report(b, 1, "Google", "example.org", 100, "none", records, n);
	plain_report(b, 2, "Google", "example.org", 101, "none", few, 1);
	plain_report(b, 3, "Google", "other.example", 101, "none", few, 1);
	plain_report(b, 50, "GMX", "example.org", 300, "none", few, 1);
	begin(b, 4); /* one report too young for its mail to go */
	take_octets(b->store, OCTETS_HEADER, 0, SPAN("From: x"));
	for (int i = 0; i < 2; i++) {
		struct made_report made = { .records = few };

		made.head = (struct report){ .org_name = SPAN("Two"), .domain = SPAN("two.example"), .report_id = SPAN("1"),
			.begin = (100 + 500 * i) * DAY_SECONDS, .records = 1, .messages = 10 };
		made.head.end = made.head.begin + 1;
		assert_true(take_report(b->store, &made));
	}
	finish(b);
	assert_true(store_mail_begin(b->store, &broken, 100 * DAY_SECONDS, NULL));
	take_begin(b->store, OUTCOME_BROKEN);
	take_problem(b->store, "bad", "bad");
	finish(b);
	struct mail old = mail_make("failure", 10);
	assert_true(store_mail_begin(b->store, &old, 100 * DAY_SECONDS, NULL));
	take_begin(b->store, OUTCOME_REPORT);
	take_failure(b->store, &failure);
	take_octets(b->store, OCTETS_MESSAGE, 0, SPAN("From: x\n\n"));
	finish(b);
	commit(b);

	assert_true(store_expire(b->store, 200 * DAY_SECONDS, &expired, NULL));
	assert_int_equal(expired.reports, 4);
	assert_int_equal(expired.records, n + 3);
	assert_int_equal(expired.failures, 1);
	assert_int_equal(expired.mails, 5);
	assert_true(store_ask_totals(b->store, &totals, NULL));
	assert_int_equal(totals.mails, 2);
	assert_int_equal(totals.reports, 2);
	assert_int_equal(totals.records, 2);
	assert_true(store_knows_mail(b->store, big.sha256)); /* not to be counted again */
	assert_true(put(b, 1, report_make(&b->arena, &b->dice, 1)).known);
	assert_true(store_expire(b->store, 700 * DAY_SECONDS, &expired, NULL));
	assert_int_equal(expired.reports, 2);
	assert_int_equal(expired.mails, 2);
	left = dump(b);
	assert_null(strstr(left, "stored"));
	assert_null(strstr(left, "rollup"));
	assert_null(strstr(left, "kept"));
	assert_non_null(strstr(left, "records|0|"));
	free(left);
	free(younger);
}

/* An expiry that was cut short: a report without a place and with only some of its records. */
static void test_expire_resumes(void **state)
{
	struct bench *b = *state;
	struct record few[] = { plain_record("192.0.2.1", 10, true, NULL, 0), plain_record("192.0.2.2", 10, true, NULL, 0) };
	struct expired expired;
	struct counting c = { 0 };
	sqlite3 *db;

	plain_report(b, 1, "Google", "example.org", 100, "none", few, 2);
	plain_report(b, 2, "Google", "example.org", 300, "none", few, 2);
	commit(b);
	assert_int_equal(sqlite3_open(b->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "UPDATE report SET state=3, records=1 WHERE id=1; DELETE FROM record WHERE id=2;"
					  "DELETE FROM rollup WHERE day=100",
				NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	filter_gives(b, (struct condition){ .what = CONDITION_BROKEN, .not = true }, "mail-2 ");
	assert_true(store_expire(b->store, 200 * DAY_SECONDS, &expired, NULL));
	assert_int_equal(expired.reports, 1);
	assert_int_equal(expired.records, 1);
	assert_true(store_ask_domains(b->store, &ALWAYS, domain_count, &c, NULL));
	assert_int_equal(c.reports, 1);
	char *text = dump(b);
	assert_non_null(strstr(text, "records|2|2"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_round_trip, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(test_problems, setup, teardown),
		cmocka_unit_test_setup_teardown(test_known, setup, teardown),
		cmocka_unit_test_setup_teardown(test_duplicates, setup, teardown),
		cmocka_unit_test_setup_teardown(test_conflict_orders, setup, teardown),
		cmocka_unit_test_setup_teardown(test_abort, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lies, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sums_random, setup, teardown),
		cmocka_unit_test_setup_teardown(test_forget_and_abort, setup, teardown),
		cmocka_unit_test_setup_teardown(test_questions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_filters, setup, teardown),
		cmocka_unit_test_setup_teardown(test_expire, setup, teardown),
		cmocka_unit_test_setup_teardown(test_expire_resumes, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
