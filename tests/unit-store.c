/* store: what goes in comes out; which report counts; sums; taking away. */
#include "tests/store_fixture.h"

#include <stdlib.h>
#include <unistd.h>

/* --- nothing is lost --- */

static bool fact_to_text(void *out, const struct fact *fact)
{
	fact_print(out, fact);
	return true;
}

static void test_round_trip(void **state)
{
	struct fixture *b = *state;
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
		struct verification *seen = i % 4 ? verification_make(&b->arena, &b->dice, VERIFIED_SAMPLE) : NULL;

		made->arrived = 1500000000 + (int64_t)i;
		begin(b, 1000 + i);
		assert_true(take_failure(b->store, made));
		assert_true(!seen || take_verification(b->store, seen));
		assert_int_equal(finish(b).failures, 1);
		fact_print(in, &(struct fact){ .kind = FACT_FAILURE, .failure = *made });
		if (seen)
			fact_print(in, &(struct fact){ .kind = FACT_VERIFICATION, .verification = *seen });
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
	struct fixture *b = *state;
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
	struct fixture *b = *state;
	struct store_totals totals;
	const char *text;

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
	assert_true(store_ask_totals(b->store, &totals, NULL));
	assert_int_equal(totals.mails, 3);
	assert_int_equal(totals.broken, 1);
	assert_int_equal(totals.reports, 3);
}

/* --- the same mail, the same report --- */

static void test_known(void **state)
{
	struct fixture *b = *state;
	struct mail mail = mail_make("box/1", 5), moved = mail_make("box/2", 5), other = mail_make("box/1", 6);
	struct made_report *made = report_make(&b->arena, &b->dice, 1);
	struct store_result result;
	const char *once, *twice;

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
	for (int i = 0; i < 4; i++) {
		struct mail changed = mail;

		changed.modified += i == 0;
		changed.offset += i == 1;
		changed.length += i == 2;
		changed.inode += i == 3;
		assert_false(store_knows_file(b->store, &changed));
	}
	mail.modified = 0; /* standard input has the same name each time */
	assert_true(store_remember_file(b->store, &mail, NULL));
	assert_false(store_knows_file(b->store, &mail));
	once = dump(b);
	result = put(b, 5, made);
	assert_true(result.known);
	assert_int_equal(result.reports, 0);
	twice = dump(b);
	assert_string_equal(once, twice);
}

static void test_duplicates(void **state)
{
	struct fixture *b = *state;
	struct made_report *made = report_make(&b->arena, &b->dice, 3), shifted = *made, elsewhere = *made;
	struct store_totals totals;
	bool empty;

	assert_true(store_ask_empty(b->store, &empty, NULL) && empty);
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
	assert_true(store_ask_empty(b->store, &empty, NULL) && !empty);
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

static bool row_keep(void *arg, const struct domain_row *row)
{
	*(struct domain_row *)arg = *row;
	return true;
}

/* Every order of five mails: two deliveries of A (one only recovered), B with as many messages, C with fewer messages,
 * and D with more messages but only recovered. Whatever comes first, the same content counts and all else is the same.
 */
static void test_conflict_orders(void **state)
{
	struct fixture *b = *state;
	struct made_report *a = report_make(&b->arena, &b->dice, 11), parts[5];
	const char *first = NULL;
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
		int order[5] = { 0, 1, 2, 3, 4 }, left = n, conflicts = 0;
		struct counting c = { 0 };
		const char *text;

		for (int i = 5; i > 1; i--) {
			int with = left % i, kept = order[i - 1];

			left /= i;
			order[i - 1] = order[with];
			order[with] = kept;
		}
		fixture_anew(b);
		for (int i = 0; i < 5; i++)
			conflicts += (int)put(b, (uint64_t)order[i], &parts[order[i]]).conflicts;
		assert_int_equal(conflicts, 3);
		text = dump(b);
		assert_true(store_ask_domains(b->store, &ALWAYS, domain_count, &c, NULL));
		assert_int_equal(c.counts.messages, 50);
		assert_int_equal(c.counts.dkim, 50);
		assert_int_equal(c.reports, 1);
		if (first)
			assert_string_equal(first, text);
		else
			first = text;
		orders++;
	}
	assert_int_equal(orders, 120);
}

static void test_abort(void **state)
{
	struct fixture *b = *state;
	struct made_report *one = report_make(&b->arena, &b->dice, 1), *two = report_make(&b->arena, &b->dice, 2);
	const char *before, *after, *both;

	put(b, 1, one);
	put(b, 2, two);
	both = dump(b);
	fixture_anew(b);
	put(b, 1, one);
	before = dump(b);
	begin(b, 2);
	assert_true(take_report(b->store, two));
	assert_true(take_octets(b->store, OCTETS_HEADER, 0, SPAN("From: x")));
	assert_true(take_failure(b->store, failure_make(&b->arena, &b->dice)));
	store_mail_abort(b->store);
	after = dump(b);
	assert_string_equal(before, after);
	put(b, 2, two); /* with texts whose ids were taken back */
	before = dump(b);
	assert_string_equal(before, both);
	begin(b, 3);
	assert_true(store_take(b->store, &(struct fact){ .kind = FACT_REPORT, .report = two->head }));
	store_close(b->store); /* in the middle of a mail */
	b->store = store_open(b->path, STORE_WRITE, 0, NULL);
	after = dump(b);
	assert_string_equal(before, after);
}

static void test_lies(void **state)
{
	struct fixture *b = *state;
	struct made_report *made = report_make(&b->arena, &b->dice, 5);
	struct store_result result;
	struct fault fault = { 0 };
	struct mail mail;

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
	begin(b, 1); /* a record less than was said, which hold as many messages */
	made->head.messages = made->records[0].count = 1;
	made->head.records = 2;
	assert_true(store_take(b->store, &(struct fact){ .kind = FACT_REPORT, .report = made->head }));
	assert_true(store_take(b->store, &(struct fact){ .kind = FACT_RECORD, .record = made->records[0] }));
	assert_false(store_take(b->store, &(struct fact){ .kind = FACT_REPORT_END }));
	store_mail_abort(b->store);
	begin(b, 1);
	assert_true(store_take(b->store, &(struct fact){ .kind = FACT_REPORT, .report = made->head }));
	assert_false(store_take(b->store, &(struct fact){ .kind = FACT_REPORT, .report = made->head }));
	store_mail_abort(b->store);
	begin(b, 1);
	assert_false(store_take(b->store, &(struct fact){ .kind = FACT_BEGIN, .begin.outcome = OUTCOME_BROKEN }));
	store_mail_abort(b->store);
	mail = mail_make("m", 1);
	assert_true(store_mail_begin(b->store, &mail, ARRIVED, NULL));
	assert_false(store_take(b->store, &(struct fact){ .kind = FACT_REPORT, .report = made->head }));
	assert_int_equal(store_fault(b->store)->kind, FAULT_BROKEN);
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

static struct counts model_sum(
	const struct delivery *all, size_t n, struct span domain, const struct window *window, uint64_t *reports)
{
	uint64_t sum[9] = { 0 }, more[9];
	struct counts result;

	*reports = 0;
	for (size_t i = 0; i < n; i++) {
		const struct report *head = &all[i].report->head;
		int64_t day = moment_day((head->begin + head->end) / 2);

		if (!all[i].there || !span_is(head->domain, domain) || day < window->first_day ||
			day > window->last_day || !model_counts(all, n, i))
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

static void model_compare(struct fixture *b, const struct delivery *all, size_t n)
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
	struct fixture *fixture;
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

static void delivery_put(struct fixture *b, struct delivery *d)
{
	put(b, d->mail, d->report);
	d->there = true;
}

static void delivery_forget(struct fixture *b, struct delivery *d)
{
	struct forgetting f = { b, d->sha256, (int64_t)d->mail };

	assert_true(store_ask_reports(b->store, NULL, mail_find, &f, NULL));
	assert_null(f.sha256);
	assert_true(store_mail_forget(b->store, f.mail_id, NULL));
	d->there = false;
}

static void test_sums_random(void **state)
{
	struct fixture *b = *state;
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
	const char *long_way = dump(b);
	fixture_anew(b);
	for (size_t i = DELIVERIES; i-- > 0;)
		delivery_put(b, &all[i]);
	const char *short_way = dump(b);
	assert_string_equal(long_way, short_way);
}

static void forgettable_put(struct fixture *b, const struct made_report *report, const struct failure *failure)
{
	begin(b, 9);
	assert_true(take_octets(b->store, OCTETS_HEADER, 0, SPAN("From: somebody")));
	assert_true(take_report(b->store, report));
	assert_true(take_problem(b->store, "part 2", "is odd"));
	assert_true(take_failure(b->store, failure));
	finish(b);
}

static void test_forget_and_abort(void **state)
{
	struct fixture *b = *state;
	struct delivery d = { .report = report_make(&b->arena, &b->dice, 5), .mail = 9 };
	const struct failure *failure = failure_make(&b->arena, &b->dice);
	const char *before, *after;

	forgettable_put(b, d.report, failure);
	before = dump(b);
	assert_true(store_knows_mail(b->store, mail_make("", 9).sha256));
	delivery_forget(b, &d);
	assert_false(store_knows_mail(b->store, mail_make("", 9).sha256));
	begin(b, 9);
	assert_true(take_report(b->store, d.report));
	store_mail_abort(b->store); /* undoes both */
	after = dump(b);
	assert_string_equal(before, after);
	delivery_forget(b, &d);
	forgettable_put(b, d.report, failure);
	after = dump(b);
	assert_string_equal(before, after);
}

/* The day of a report that names only one end of its range is that of the other, and it hides no other report's. */
static void test_one_end(void **state)
{
	static const int64_t day = 18600;
	struct fixture *b = *state;
	struct made_report *both = report_make(&b->arena, &b->dice, 1), *none = report_make(&b->arena, &b->dice, 2), one;
	struct domain_row row;

	both->head.begin = day * DAY_SECONDS;
	both->head.end = both->head.begin + DAY_SECONDS - 1;
	none->head.domain = both->head.domain;
	none->head.begin = MOMENT_NONE;
	none->head.end = both->head.end;
	for (int first = 0; first < 2; first++) {
		fixture_anew(b);
		put(b, 1, first ? both : none);
		put(b, 2, first ? none : both);
		assert_true(store_ask_domains(b->store, &(struct window){ day, day }, row_keep, &row, NULL));
		assert_int_equal(row.reports, 2);
		assert_true(row.begin == both->head.begin && row.end == both->head.end);
	}
	one = *both;
	one.head.end = MOMENT_NONE;
	one.head.report_id = SPAN("no end");
	put(b, 3, &one);
	assert_true(store_ask_domains(b->store, &(struct window){ day, day }, row_keep, &row, NULL));
	assert_int_equal(row.reports, 3);
	one.head.begin = MOMENT_NONE; /* then it is that of the mail */
	put(b, 4, &one);
	assert_true(store_ask_domains(
		b->store, &(struct window){ moment_day(ARRIVED), moment_day(ARRIVED) }, row_keep, &row, NULL));
	assert_int_equal(row.reports, 1);
}

/* Each day's sums follow when a mail with reports of several days of one domain is forgotten. */
static void test_forget_days(void **state)
{
	struct fixture *b = *state;
	struct made_report *one = report_make(&b->arena, &b->dice, 1), *two = report_make(&b->arena, &b->dice, 2);
	struct delivery d = { .mail = 9 };
	struct counting c = { 0 };

	one->head.begin = 1600000000;
	one->head.end = one->head.begin + DAY_SECONDS;
	two->head.domain = one->head.domain;
	two->head.begin = one->head.begin + 10 * DAY_SECONDS;
	two->head.end = two->head.begin + DAY_SECONDS;
	begin(b, 9);
	take_report(b->store, one);
	take_report(b->store, two);
	finish(b);
	commit(b);
	assert_true(store_ask_domains(b->store, &ALWAYS, domain_count, &c, NULL));
	assert_int_equal(c.reports, 2);
	delivery_forget(b, &d);
	c = (struct counting){ 0 };
	assert_true(store_ask_domains(b->store, &ALWAYS, domain_count, &c, NULL));
	assert_int_equal(c.rows, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_round_trip, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_kept, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_problems, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_known, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_duplicates, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_conflict_orders, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_abort, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_lies, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_sums_random, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_forget_and_abort, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_one_end, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(test_forget_days, fixture_open, fixture_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
