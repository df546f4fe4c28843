#include "tests/store_facts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

void text_print(FILE *out, const char *name, struct span text)
{
	fprintf(out, " %s=", name);
	if (!text.p) {
		fputc('-', out);
		return;
	}
	fputc('"', out);
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c < ' ' || c > '~' || c == '"' || c == '\\')
			fprintf(out, "\\x%02x", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

static void octets_print(FILE *out, const char *name, const uint8_t *octets, size_t n)
{
	fprintf(out, " %s=", name);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%02x", octets[i]);
}

#define TEXT(noun, member) text_print(out, #member, (noun)->member)
#define NUMBER(noun, member) fprintf(out, " " #member "=%" PRIu64, (uint64_t)(noun)->member)

static void report_print(FILE *out, const struct report *r)
{
	fputs("report", out);
	TEXT(r, org_name), TEXT(r, org_email), TEXT(r, org_extra_contact_info), TEXT(r, report_id), TEXT(r, generator);
	NUMBER(r, begin), NUMBER(r, end);
	for (size_t i = 0; i < r->errors_n; i++)
		text_print(out, "error", r->errors[i]);
	TEXT(r, version), TEXT(r, namespace), TEXT(r, domain), TEXT(r, p), TEXT(r, sp), TEXT(r, np), TEXT(r, adkim);
	TEXT(r, aspf), TEXT(r, pct), TEXT(r, fo), TEXT(r, testing), TEXT(r, discovery_method);
	NUMBER(r, records), NUMBER(r, messages), NUMBER(r, uncounted), NUMBER(r, recovered);
	octets_print(out, "content", r->content, sizeof r->content);
	fputc('\n', out);
}

static void results_print(FILE *out, const char *name, const struct auth_result *results, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		fprintf(out, " %s:", name);
		TEXT(&results[i], domain), TEXT(&results[i], key), TEXT(&results[i], result);
		TEXT(&results[i], human_result), NUMBER(&results[i], means);
	}
}

static void record_print(FILE *out, const struct record *r)
{
	fputs("record", out);
	TEXT(r, source_ip), NUMBER(r, has_address);
	if (r->has_address)
		octets_print(out, "address", r->address.octets, sizeof r->address.octets);
	NUMBER(r, count), TEXT(r, disposition), TEXT(r, dkim), TEXT(r, spf);
	NUMBER(r, disposed), NUMBER(r, dkim_pass), NUMBER(r, spf_pass);
	for (size_t i = 0; i < r->reasons_n; i++) {
		fputs(" reason:", out);
		TEXT(&r->reasons[i], type), TEXT(&r->reasons[i], comment);
	}
	TEXT(r, header_from), TEXT(r, envelope_from), TEXT(r, envelope_to);
	results_print(out, "dkim", r->dkim_results, r->dkim_n);
	results_print(out, "spf", r->spf_results, r->spf_n);
	NUMBER(r, aligned);
	fputc('\n', out);
}

static void failure_print(FILE *out, const struct failure *f)
{
	fputs("failure", out);
	for (size_t i = 0; i < f->fields_n; i++) {
		fputs(" field:", out);
		TEXT(&f->fields[i], name), TEXT(&f->fields[i], value);
	}
	TEXT(f, feedback_type), TEXT(f, source_ip), TEXT(f, arrival_date), TEXT(f, reported_domain),
		TEXT(f, auth_failure);
	TEXT(f, delivery_result), TEXT(f, identity_alignment), NUMBER(f, has_address);
	if (f->has_address)
		octets_print(out, "address", f->address.octets, sizeof f->address.octets);
	NUMBER(f, arrived), NUMBER(f, incidents), NUMBER(f, plain_text), NUMBER(f, dmarc), NUMBER(f, identity_rule);
	NUMBER(f, has_sample), NUMBER(f, headers_only), NUMBER(f, sample_octets);
	NUMBER(f, sample_relayed), NUMBER(f, sample_starts);
	octets_print(out, "sample_sha256", f->sample_sha256, sizeof f->sample_sha256);
	TEXT(f, sample_subject), TEXT(f, sample_from), TEXT(f, sample_hops);
	fputc('\n', out);
}

#define MOMENT(noun, member) fprintf(out, " " #member "=%" PRId64, (noun)->member)

static void diagnosis_print(FILE *out, const struct dkim_diagnosis *d)
{
	fputs(" diagnosis:", out);
	NUMBER(d, undone), NUMBER(d, header_undone), NUMBER(d, body_undone), NUMBER(d, exhausted);
	NUMBER(d, added_octets), TEXT(d, sentence), NUMBER(d, has_reconstruction);
	octets_print(out, "reconstruction", d->reconstruction_sha256, sizeof d->reconstruction_sha256);
	NUMBER(d, reconstruction_octets), NUMBER(d, candidates), NUMBER(d, hashed);
	NUMBER(d, reported_header), NUMBER(d, reported_body);
	for (size_t i = 0; i < d->steps_n; i++) {
		fputs(" step:", out);
		NUMBER(&d->steps[i], edit), TEXT(&d->steps[i], where), TEXT(&d->steps[i], found);
		TEXT(&d->steps[i], before), NUMBER(&d->steps[i], octets);
	}
}

static void verdict_print(FILE *out, const struct dkim_verdict *v)
{
	fputs(" signature:", out);
	NUMBER(v, position), TEXT(v, d), TEXT(v, s), TEXT(v, i), TEXT(v, a), TEXT(v, c), TEXT(v, l);
	MOMENT(v, t), MOMENT(v, x), TEXT(v, domain), TEXT(v, name), NUMBER(v, reason), TEXT(v, detail);
	NUMBER(v, has_historic), NUMBER(v, historic), NUMBER(v, body_hash), NUMBER(v, header_hash);
	NUMBER(v, key_bits), NUMBER(v, key_bare), NUMBER(v, key_records), NUMBER(v, testing), TEXT(v, g);
	NUMBER(v, has_body_length), NUMBER(v, body_length), NUMBER(v, unsigned_octets), NUMBER(v, t_in_future);
	NUMBER(v, subject_unsigned), TEXT(v, extra_instances), NUMBER(v, strict), NUMBER(v, relaxed);
	if (v->diagnosis)
		diagnosis_print(out, v->diagnosis);
}

static void verification_print(FILE *out, const struct verification *v)
{
	const struct dkim_verdicts *all = v->verdicts;

	fputs("verification", out);
	NUMBER(v, of), MOMENT(v, at);
	for (size_t i = 0; i < v->keys_n; i++) {
		fputs(" key:", out);
		TEXT(&v->keys[i], name), NUMBER(&v->keys[i], origin), MOMENT(&v->keys[i], seen);
		NUMBER(&v->keys[i], secure);
	}
	text_print(out, "border", v->border.authserv_id);
	fprintf(out, " %d %d %d", v->border.dkim, v->border.spf, v->border.refused);
	NUMBER(all, result), NUMBER(all, total), TEXT(all, from_domain), NUMBER(all, from_fields);
	NUMBER(all, from_domains), NUMBER(all, header_too_long);
	for (size_t i = 0; i < all->n; i++)
		verdict_print(out, &all->signatures[i]);
	for (size_t i = 0; i < all->domainkeys_n; i++) {
		fputs(" domainkey:", out);
		TEXT(&all->domainkeys[i], a), TEXT(&all->domainkeys[i], c), TEXT(&all->domainkeys[i], d);
		TEXT(&all->domainkeys[i], s), TEXT(&all->domainkeys[i], q), TEXT(&all->domainkeys[i], h);
	}
	fputc('\n', out);
}

void fact_print(FILE *out, const struct fact *fact)
{
	if (fact->kind == FACT_REPORT)
		report_print(out, &fact->report);
	else if (fact->kind == FACT_RECORD)
		record_print(out, &fact->record);
	else if (fact->kind == FACT_REPORT_END)
		fputs("end\n", out);
	else if (fact->kind == FACT_FAILURE)
		failure_print(out, &fact->failure);
	else if (fact->kind == FACT_VERIFICATION)
		verification_print(out, &fact->verification);
}

/* --- made-up facts --- */

uint64_t dice_roll(struct dice *dice, uint64_t sides)
{
	uint64_t x = dice->state += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return (x ^ x >> 31) % sides;
}

struct span make_text(struct arena *arena, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return arena_copy(arena, span_of(text));
}

/* Sometimes absent, sometimes empty, sometimes odd. */
static struct span any_text(struct arena *arena, struct dice *dice, const char *stem)
{
	static char long_text[3000];

	switch (dice_roll(dice, 12)) {
	case 0:
		return SPAN_ABSENT;
	case 1:
		return SPAN("");
	case 2:
		return SPAN("b\xc3\xbc"
			    "cher \xe2\x82\xac \"quoted\" \\ \x01");
	case 3:
		memset(long_text, 'x', sizeof long_text);
		return (struct span){ long_text, 1 + dice_roll(dice, sizeof long_text) };
	default:
		return make_text(arena, "%s%d", stem, (int)dice_roll(dice, 40));
	}
}

static struct span word_of(struct dice *dice, const char *const *words, size_t n)
{
	uint64_t at = dice_roll(dice, n + 1);

	return at == n ? SPAN_ABSENT : span_of(words[at]);
}
#define WORD(dice, words) word_of(dice, words, sizeof(words) / sizeof *(words))

static struct auth_result *results_make(struct arena *arena, struct dice *dice, size_t *n)
{
	static const char *const words[] = { "pass", "fail", "softfail", "neutral", "none", "hardfail", "", "odd" };
	struct auth_result *results;

	*n = dice_roll(dice, 4);
	results = *n ? arena_take(arena, *n * sizeof *results) : NULL;
	for (size_t i = 0; i < *n; i++) {
		results[i].domain = any_text(arena, dice, "signer.example");
		results[i].key = any_text(arena, dice, "selector");
		results[i].result = WORD(dice, words);
		results[i].human_result = dice_roll(dice, 4) ? SPAN_ABSENT : any_text(arena, dice, "bad key ");
		results[i].means = result_of(results[i].result);
	}
	return results;
}

static struct span source_make(struct arena *arena, struct dice *dice)
{
	int n = (int)dice_roll(dice, 30);

	switch (dice_roll(dice, 10)) {
	case 0:
		return make_text(arena, "2001:db8::%x", n + 1);
	case 1:
		return make_text(arena, "2001:DB8:0:0:0:0:0:%X", n + 1);
	case 2:
		return make_text(arena, "::ffff:192.0.2.%d", n);
	case 3:
		return SPAN("X.X.X.X");
	case 4:
		return SPAN_ABSENT;
	default:
		return make_text(arena, "192.0.2.%d", n);
	}
}

static uint64_t count_make(struct dice *dice)
{
	switch (dice_roll(dice, 40)) {
	case 0:
		return 0;
	case 1:
		return UINT64_MAX;
	case 2:
		return (uint64_t)INT64_MAX + dice_roll(dice, 3);
	default:
		return 1 + dice_roll(dice, 1000);
	}
}

static void record_make(struct arena *arena, struct dice *dice, struct record *r)
{
	static const char *const dispositions[] = { "none", "pass", "quarantine", "reject", "odd", "" };
	static const char *const evaluated[] = { "pass", "fail", "none", "" };
	static const char *const reasons[] = { "forwarded", "sampled_out", "local_policy", "odd", "", "other" };

	*r = (struct record){ .source_ip = source_make(arena, dice), .count = count_make(dice) };
	r->has_address = r->source_ip.p && address_parse(r->source_ip, &r->address);
	r->disposition = WORD(dice, dispositions);
	r->disposed = disposition_of(r->disposition);
	r->dkim = WORD(dice, evaluated);
	r->spf = WORD(dice, evaluated);
	r->dkim_pass = span_is(r->dkim, SPAN("pass"));
	r->spf_pass = span_is(r->spf, SPAN("pass"));
	r->reasons_n = dice_roll(dice, 4) ? 0 : 1 + dice_roll(dice, 3);
	r->reasons = r->reasons_n ? arena_take(arena, r->reasons_n * sizeof *r->reasons) : NULL;
	for (size_t i = 0; i < r->reasons_n; i++) {
		r->reasons[i].type = WORD(dice, reasons);
		r->reasons[i].comment = any_text(arena, dice, "arc=");
	}
	r->header_from = any_text(arena, dice, "from.example");
	r->envelope_from = any_text(arena, dice, "bounce.example");
	r->envelope_to = any_text(arena, dice, "to.example");
	r->dkim_results = results_make(arena, dice, &r->dkim_n);
	r->spf_results = results_make(arena, dice, &r->spf_n);
	r->aligned = (unsigned)dice_roll(dice, 16);
}

static uint64_t stop_sum(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

static void record_include(struct counts *c, const struct record *r)
{
	static const char *const sparing[] = { "forwarded", "local_policy", "other" };
	bool neither = !r->dkim_pass && !r->spf_pass, spared = false;

	for (size_t i = 0; i < r->reasons_n; i++)
		for (int k = 0; k < 3; k++)
			spared = spared || (neither && span_is(r->reasons[i].type, span_of(sparing[k])));
	c->messages = stop_sum(c->messages, r->count);
	c->dkim = stop_sum(c->dkim, r->dkim_pass ? r->count : 0);
	c->spf = stop_sum(c->spf, r->spf_pass ? r->count : 0);
	c->both = stop_sum(c->both, r->dkim_pass && r->spf_pass ? r->count : 0);
	c->spared = stop_sum(c->spared, spared ? r->count : 0);
	if (span_is(r->disposition, SPAN("none")) || span_is(r->disposition, SPAN("pass")))
		c->none = stop_sum(c->none, r->count);
	else if (span_is(r->disposition, SPAN("quarantine")))
		c->quarantine = stop_sum(c->quarantine, r->count);
	else if (span_is(r->disposition, SPAN("reject")))
		c->reject = stop_sum(c->reject, r->count);
	else
		c->other = stop_sum(c->other, r->count);
}

struct made_report *report_make(struct arena *arena, struct dice *heads, uint64_t content)
{
	static const char *const orgs[] = { "Google Inc.", "google inc.", "GMX", "Yahoo! Inc.", "B\xc3\xb6rse" };
	struct made_report *made = arena_take(arena, sizeof *made);
	struct report *h = &made->head;
	struct dice dice = { content * 7919 + 1 };
	struct digest *digest = digest_new();

	h->org_name = span_of(orgs[dice_roll(heads, 5)]);
	h->org_email = any_text(arena, heads, "mailto");
	h->org_extra_contact_info = any_text(arena, heads, "https://");
	h->report_id = make_text(arena, "id-%d", (int)dice_roll(heads, 1000000));
	h->generator = any_text(arena, heads, "gen");
	h->domain = make_text(arena, "example%d.org", (int)dice_roll(heads, 5));
	h->begin = 1600000000 + (int64_t)dice_roll(heads, 20) * DAY_SECONDS;
	h->end = h->begin + DAY_SECONDS - 1;
	h->errors_n = dice_roll(heads, 3);
	h->errors = h->errors_n ? arena_take(arena, h->errors_n * sizeof *h->errors) : NULL;
	for (size_t i = 0; i < h->errors_n; i++)
		h->errors[i] = any_text(arena, heads, "error ");
	h->version = any_text(arena, heads, "1.");
	h->namespace = any_text(arena, heads, "urn:");
	struct span *words[] = { &h->p, &h->sp, &h->np, &h->adkim, &h->aspf, &h->pct, &h->fo, &h->testing,
		&h->discovery_method };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		*words[i] = any_text(arena, heads, "none");
	h->uncounted = dice_roll(heads, 3);
	h->records = dice_roll(&dice, 8);
	made->records = h->records ? arena_take(arena, h->records * sizeof *made->records) : NULL;
	for (size_t i = 0; i < h->records; i++) {
		record_make(arena, &dice, &made->records[i]);
		record_include(&made->counts, &made->records[i]);
	}
	h->messages = made->counts.messages;
	digest_add_number(digest, content);
	digest_finish(digest, h->content);
	digest_free(digest);
	return made;
}

struct failure *failure_make(struct arena *arena, struct dice *dice)
{
	static const char *const names[] = { "feedback-type", "auth-failure", "auth-failure", "source-ip" };
	struct failure *f = arena_take(arena, sizeof *f);

	f->fields_n = dice_roll(dice, 6);
	f->fields = f->fields_n ? arena_take(arena, f->fields_n * sizeof *f->fields) : NULL;
	for (size_t i = 0; i < f->fields_n; i++)
		f->fields[i] = (struct field){ span_of(names[dice_roll(dice, 4)]), any_text(arena, dice, "value ") };
	f->feedback_type = any_text(arena, dice, "auth-failure");
	f->source_ip = source_make(arena, dice);
	f->has_address = f->source_ip.p && address_parse(f->source_ip, &f->address);
	f->arrival_date = any_text(arena, dice, "Mon, ");
	f->reported_domain = make_text(arena, "example%d.org", (int)dice_roll(dice, 5));
	f->auth_failure = any_text(arena, dice, "dmarc");
	f->delivery_result = any_text(arena, dice, "reject");
	f->identity_alignment = any_text(arena, dice, "dkim");
	f->arrived = dice_roll(dice, 3) ? 1600000000 + (int64_t)dice_roll(dice, 1000000) : MOMENT_NONE;
	f->incidents = 1 + dice_roll(dice, 3);
	f->plain_text = dice_roll(dice, 2);
	f->dmarc = dice_roll(dice, 3);
	f->passed = !dice_roll(dice, 8);
	f->failed = !f->passed && dice_roll(dice, 2);
	f->identity_rule = (enum identity_rule)dice_roll(dice, IDENTITY_COUNT);
	f->has_sample = dice_roll(dice, 2);
	f->headers_only = dice_roll(dice, 2);
	f->sample_relayed = dice_roll(dice, 2);
	f->sample_starts = dice_roll(dice, 2);
	f->sample_octets = dice_roll(dice, 100000);
	if (f->has_sample)
		memset(f->sample_sha256, (int)dice_roll(dice, 256), sizeof f->sample_sha256);
	f->sample_subject = any_text(arena, dice, "subject ");
	f->sample_from = any_text(arena, dice, "someone@");
	f->sample_hops = any_text(arena, dice, "192.0.2.1!;");
	return f;
}

static struct dkim_diagnosis *diagnosis_make(struct arena *arena, struct dice *dice)
{
	struct dkim_diagnosis *d = arena_take(arena, sizeof *d);

	d->undone = dice_roll(dice, 2);
	d->header_undone = dice_roll(dice, 2);
	d->body_undone = dice_roll(dice, 2);
	d->exhausted = dice_roll(dice, 2);
	d->steps_n = dice_roll(dice, 4);
	d->steps = d->steps_n ? arena_take(arena, d->steps_n * sizeof *d->steps) : NULL;
	for (size_t i = 0; i < d->steps_n; i++)
		d->steps[i] = (struct dkim_step){ (enum dkim_edit)dice_roll(dice, DKIM_EDIT_COUNT),
			any_text(arena, dice, "body part "), any_text(arena, dice, "[tag"), any_text(arena, dice, "it was "),
			count_make(dice) };
	d->added_octets = count_make(dice);
	d->sentence = any_text(arena, dice, "valid once ");
	d->has_reconstruction = dice_roll(dice, 2);
	memset(d->reconstruction_sha256, (int)dice_roll(dice, 256), sizeof d->reconstruction_sha256);
	d->reconstruction_octets = count_make(dice);
	d->candidates = count_make(dice);
	d->hashed = count_make(dice);
	d->reported_header = (enum dkim_fact)dice_roll(dice, DKIM_FACT_COUNT);
	d->reported_body = (enum dkim_fact)dice_roll(dice, DKIM_FACT_COUNT);
	return d;
}

static int64_t any_moment(struct dice *dice)
{
	static const int64_t odd[] = { MOMENT_NONE, INT64_MAX, -1, 0 };
	uint64_t roll = dice_roll(dice, 10);

	return roll < 4 ? odd[roll] : 1600000000 + (int64_t)dice_roll(dice, 1000000);
}

static void verdict_make(struct arena *arena, struct dice *dice, struct dkim_verdict *v)
{
	struct span *texts[] = { &v->d, &v->s, &v->i, &v->a, &v->c, &v->l, &v->domain, &v->name, &v->detail, &v->g,
		&v->extra_instances };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		*texts[i] = any_text(arena, dice, "tag");
	v->position = dice_roll(dice, 100);
	v->t = any_moment(dice);
	v->x = any_moment(dice);
	v->reason = (enum dkim_reason)dice_roll(dice, DKIM_REASON_COUNT);
	v->has_historic = dice_roll(dice, 2);
	v->historic = (enum dkim_reason)dice_roll(dice, DKIM_REASON_COUNT);
	v->body_hash = (enum dkim_fact)dice_roll(dice, DKIM_FACT_COUNT);
	v->header_hash = (enum dkim_fact)dice_roll(dice, DKIM_FACT_COUNT);
	v->key_bits = (uint32_t)count_make(dice);
	v->key_bare = dice_roll(dice, 2);
	v->key_records = dice_roll(dice, 3);
	v->testing = dice_roll(dice, 2);
	v->has_body_length = dice_roll(dice, 2);
	v->body_length = count_make(dice);
	v->unsigned_octets = count_make(dice);
	v->t_in_future = dice_roll(dice, 2);
	v->subject_unsigned = dice_roll(dice, 2);
	v->strict = (enum dkim_aligned)dice_roll(dice, 3);
	v->relaxed = (enum dkim_aligned)dice_roll(dice, 3);
	v->diagnosis = dice_roll(dice, 2) ? diagnosis_make(arena, dice) : NULL;
}

struct verification *verification_make(struct arena *arena, struct dice *dice, enum verified of)
{
	struct verification *v = arena_take(arena, sizeof *v);
	struct dkim_verdicts *all = arena_take(arena, sizeof *all);

	*v = (struct verification){ .of = of, .at = any_moment(dice), .verdicts = all, .keys_n = dice_roll(dice, 4) };
	v->border = (struct authresults){ any_text(arena, dice, "mx.example"), dice_roll(dice, 2), dice_roll(dice, 2),
		dice_roll(dice, 2) };
	v->keys = v->keys_n ? arena_take(arena, v->keys_n * sizeof *v->keys) : NULL;
	for (size_t i = 0; i < v->keys_n; i++)
		v->keys[i] = (struct key_source){ any_text(arena, dice, "s._domainkey."),
			(enum key_origin)dice_roll(dice, KEY_ORIGIN_COUNT), any_moment(dice), dice_roll(dice, 2) };
	all->result = (enum dkim_result)dice_roll(dice, DKIM_RESULT_COUNT);
	all->n = dice_roll(dice, 4);
	all->signatures = all->n ? arena_take(arena, all->n * sizeof *all->signatures) : NULL;
	for (size_t i = 0; i < all->n; i++)
		verdict_make(arena, dice, &all->signatures[i]);
	all->total = count_make(dice);
	all->domainkeys_n = dice_roll(dice, 3);
	all->domainkeys = all->domainkeys_n ? arena_take(arena, all->domainkeys_n * sizeof *all->domainkeys) : NULL;
	for (size_t i = 0; i < all->domainkeys_n; i++)
		all->domainkeys[i] = (struct dkim_domainkey){ any_text(arena, dice, "a"), any_text(arena, dice, "c"),
			any_text(arena, dice, "d"), any_text(arena, dice, "s"), any_text(arena, dice, "q"),
			any_text(arena, dice, "h") };
	all->from_domain = any_text(arena, dice, "from.example");
	all->from_fields = dice_roll(dice, 3);
	all->from_domains = dice_roll(dice, 3);
	all->header_too_long = dice_roll(dice, 2);
	return v;
}

/* --- feeding --- */

struct mail mail_make(const char *name, uint64_t seed)
{
	struct mail mail = { .name = (char *)name, .fd = -1, .length = 1000 + seed, .modified = 1, .inode = seed };
	struct digest *digest = digest_new();

	digest_add_number(digest, seed);
	digest_finish(digest, mail.sha256);
	digest_free(digest);
	return mail;
}

void take_begin(struct store *store, enum outcome outcome)
{
	struct fact fact = { .kind = FACT_BEGIN };

	fact.begin.outcome = outcome;
	fact.begin.head.from = SPAN("Reports <noreply@reporter.example>");
	fact.begin.head.subject = SPAN("Report Domain: example.org");
	fact.begin.head.date = 1600000000;
	store_take(store, &fact);
}

bool take_report(struct store *store, const struct made_report *report)
{
	struct fact fact = { .kind = FACT_REPORT, .report = report->head };
	bool ok = store_take(store, &fact);

	for (size_t i = 0; ok && i < report->head.records; i++) {
		fact = (struct fact){ .kind = FACT_RECORD, .record = report->records[i] };
		ok = store_take(store, &fact);
	}
	return ok && store_take(store, &(struct fact){ .kind = FACT_REPORT_END });
}

bool take_failure(struct store *store, const struct failure *failure)
{
	return store_take(store, &(struct fact){ .kind = FACT_FAILURE, .failure = *failure });
}

bool take_verification(struct store *store, const struct verification *verification)
{
	return store_take(store, &(struct fact){ .kind = FACT_VERIFICATION, .verification = *verification });
}

bool take_problem(struct store *store, const char *where, const char *what)
{
	return store_take(store, &(struct fact){ .kind = FACT_PROBLEM, .problem = { span_of(where), span_of(what) } });
}

bool take_octets(struct store *store, enum octets_kind kind, unsigned part, struct span data)
{
	bool ok = true;

	for (unsigned chunk = 0; ok && (data.n || chunk == 0); chunk++) {
		size_t n = data.n < OCTETS_CHUNK ? data.n : OCTETS_CHUNK;

		ok = store_take(store,
			&(struct fact){ .kind = FACT_OCTETS,
				.octets = { .kind = kind, .part = part, .chunk = chunk, .data = { data.p, n } } });
		data.p += n;
		data.n -= n;
	}
	return ok;
}
