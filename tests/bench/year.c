/* year DATABASE RECORDS LAST-DAY [DAYS]: a database as an ingest leaves it, filled through the store's own code and without
 * the kept originals, for the measurements of questions. 500 domains, their sizes falling by rank; 80 % of the reports have
 * at most five records, one in two hundred has 100 to 20,000; the days are as busy as each other. LAST-DAY counts from
 * 1970-01-01, DAYS is 365. The same arguments make the same rows; a database that is there gets them on top. */
#include "base/arena.h"
#include "store/store.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define DOMAINS 500
#define LARGEST 125 /* domains with reports of 100 records and more */
#define SENDERS 60
#define SENDERS_OF_THREE 400 /* of each of the three largest domains */
#define SENDERS_ALL (3 * SENDERS_OF_THREE + (DOMAINS - 3) * SENDERS)
#define SMALL_REPORTERS 60
#define WAIT_SECONDS 60 /* for another writer */

struct reporter {
	const char *org_name, *email, *signer, *extra;
	unsigned share, share_of_long; /* per cent */
};
static const struct reporter reporters[] = {
	{ "google.com", "noreply-dmarc-support@google.com", "google.com", "https://support.google.com/a/answer/2466580", 34, 45 },
	{ "Outlook.com", "dmarcreport@microsoft.com", "microsoft.com", NULL, 14, 15 },
	{ "Enterprise Outlook", "dmarcreport@microsoft.com", "microsoft.com", NULL, 14, 15 },
	{ "Yahoo", "dmarchelp@yahooinc.com", "yahooinc.com", NULL, 10, 20 },
	{ "Mail.Ru", "dmarc_support@corp.mail.ru", "mail.ru", "http://help.mail.ru/mail-help", 4, 5 },
	{ "comcast.net", "dmarc_reporting@comcast.net", "comcast.net", NULL, 4, 0 },
	{ "FastMail Pty Ltd", "reports@fastmaildmarc.com", "fastmaildmarc.com", "https://fastmail.com/", 4, 0 },
	{ "GMX", "noreply-dmarc@sicher.gmx.net", "gmx.net", "https://postmaster.gmx.net/en/case?c=r2002", 7, 0 },
	{ NULL, NULL, NULL, NULL, 9, 0 }, /* one of SMALL_REPORTERS */
};

static const char *const services[] = { "sendgrid.net", "amazonses.com", "mailgun.org", "mcsv.net", "mandrillapp.com",
	"hubspotemail.net", "salesforce.com", "zendesk.com", "google.com", "onmicrosoft.com" };
static const char *const selectors[] = { "s1", "s2", "k1", "google", "selector1", "selector2", "20230601", "mte1", "x7lqk3",
	"dkim" };
static const char *const words[] = { "acme", "blue", "cedar", "delta", "ember", "fjord", "grove", "harbor", "indigo", "jasper",
	"kestrel", "lumen", "maple", "nimbus", "orchid", "pine", "quartz", "river", "sable", "tundra", "umber", "violet",
	"willow", "xenon", "yarrow" };
static const char *const policies[] = { "none", "none", "quarantine", "reject", "reject" };
#define COUNT(array) (sizeof(array) / sizeof *(array))

struct sender {
	struct address address;
	const char *service, *selector;
	const char *prefix; /* of its bounce domain */
};

struct making {
	struct store *store;
	struct arena arena; /* of the mail in hand */
	uint64_t dice;
	struct sender senders[SENDERS_ALL];
	double ranks[DOMAINS]; /* running sums of 1/rank^0.8 */
	uint64_t mails;
};

static uint64_t roll(struct making *m, uint64_t sides)
{
	uint64_t x = m->dice += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return (x ^ x >> 31) % sides;
}
#define ONE_OF(m, array) ((array)[roll(m, COUNT(array))])

static double chance(struct making *m)
{
	return (double)roll(m, UINT64_C(1) << 53) / (double)(UINT64_C(1) << 53);
}

__attribute__((format(printf, 2, 3))) static struct span text_make(struct making *m, const char *format, ...)
{
	char text[200];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return arena_copy(&m->arena, span_of(text));
}

static struct address address_make(struct making *m)
{
	static const uint8_t four[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff }, six[] = { 0x20, 0x01, 0x0d, 0xb8 };
	struct address address = { { 0 } };
	uint64_t any = roll(m, UINT64_MAX);

	if (roll(m, 5)) {
		memcpy(address.octets, four, sizeof four);
		memcpy(address.octets + sizeof four, &any, 4);
	} else {
		memcpy(address.octets, six, sizeof six);
		memcpy(address.octets + 8, &any, sizeof any);
	}
	return address;
}

static void world_make(struct making *m)
{
	double sum = 0;

	for (size_t i = 0; i < SENDERS_ALL; i++) {
		static const char *const prefixes[] = { "", "", "", "mail.", "bounce." };

		m->senders[i] = (struct sender){ address_make(m), ONE_OF(m, services), ONE_OF(m, selectors), ONE_OF(m, prefixes) };
	}
	for (size_t i = 0; i < DOMAINS; i++)
		m->ranks[i] = sum += pow((double)(i + 1), -0.8);
}

static const struct sender *sender_of(struct making *m, unsigned domain)
{
	unsigned n = domain < 3 ? SENDERS_OF_THREE : SENDERS;
	unsigned first = domain < 3 ? domain * SENDERS_OF_THREE : 3 * SENDERS_OF_THREE + (domain - 3) * SENDERS;
	double u = chance(m);

	return &m->senders[first + (unsigned)(u * u * n)];
}

static struct span domain_name_of(struct making *m, unsigned domain)
{
	return text_make(m, "%s-%u.example", words[domain % COUNT(words)], domain + 1);
}

/* --- records: 70 % legitimate, 12 % forwarded, the rest forged --- */

static struct auth_result result_make(struct span domain, struct span key, const char *word)
{
	struct auth_result result = { .domain = domain, .key = key, .result = span_of(word), .human_result = SPAN_ABSENT };

	result.means = result_of(result.result);
	return result;
}

static void legitimate_make(struct making *m, struct record *r, unsigned domain)
{
	const struct sender *sender = sender_of(m, domain);
	struct span own = domain_name_of(m, domain);
	bool aligned = roll(m, 5) > 0;

	r->address = sender->address;
	r->dkim = SPAN("pass");
	r->spf = aligned ? SPAN("pass") : SPAN("fail");
	r->disposition = SPAN("none");
	r->envelope_from = aligned ? text_make(m, "%s%s", sender->prefix, own.p) : text_make(m, "em123.%s", sender->service);
	r->dkim_results[r->dkim_n++] = result_make(own, span_of(sender->selector), "pass");
	if (roll(m, 100) < 45)
		r->dkim_results[r->dkim_n++] = result_make(span_of(sender->service), SPAN("s1"), "pass");
	r->spf_results[r->spf_n++] = result_make(r->envelope_from, SPAN_ABSENT, "pass");
	r->aligned = ALIGNED_DKIM_RELAXED | ALIGNED_DKIM_STRICT | (aligned ? ALIGNED_SPF_RELAXED : 0);
}

static void forwarded_make(struct making *m, struct record *r, unsigned domain)
{
	static const char *const spf[] = { "pass", "softfail", "none" };
	static struct override_reason reasons[] = {
		{ SPAN("forwarded"), SPAN("looks forwarded, downgrade to none") },
		{ SPAN("local_policy"), SPAN("arc=pass") },
		{ SPAN("mailing_list"), { NULL, 0 } },
		{ SPAN("trusted_forwarder"), { NULL, 0 } },
	};
	bool valid = roll(m, 5) < 3;

	r->address = address_make(m);
	r->dkim = valid ? SPAN("pass") : SPAN("fail");
	r->spf = SPAN("fail");
	r->disposition = SPAN("none");
	r->envelope_from = text_make(m, "srs.%s.example", ONE_OF(m, words));
	r->dkim_results[r->dkim_n++] =
		result_make(domain_name_of(m, domain), span_of(sender_of(m, domain)->selector), valid ? "pass" : "fail");
	r->spf_results[r->spf_n++] = result_make(r->envelope_from, SPAN_ABSENT, ONE_OF(m, spf));
	r->aligned = valid ? ALIGNED_DKIM_RELAXED | ALIGNED_DKIM_STRICT : 0;
	if (roll(m, 2)) {
		r->reasons = &reasons[roll(m, COUNT(reasons))];
		r->reasons_n = 1;
	}
}

static void forged_make(struct making *m, struct record *r, unsigned domain)
{
	static const char *const dkim[] = { "fail", "permerror", "temperror" };
	static const char *const spf[] = { "fail", "softfail", "softfail", "none", "neutral", "permerror" };

	r->address = address_make(m);
	r->dkim = r->spf = SPAN("fail");
	r->disposition = span_of(policies[domain % COUNT(policies)]);
	r->envelope_from = roll(m, 10) < 7 ? domain_name_of(m, domain) :
					     text_make(m, "%s%d.example", ONE_OF(m, words), (int)roll(m, 1000));
	if (roll(m, 5) == 0)
		r->dkim_results[r->dkim_n++] = result_make(r->envelope_from, SPAN("default"), ONE_OF(m, dkim));
	r->spf_results[r->spf_n++] = result_make(r->envelope_from, SPAN_ABSENT, ONE_OF(m, spf));
}

static uint64_t messages_make(struct making *m)
{
	double u = chance(m);

	if (roll(m, 100) < 55)
		return 1;
	return roll(m, 100) < 97 ? 2 + (uint64_t)fmin(pow(1 - u, -1 / 1.1), 2000000) : 500 + roll(m, 59500);
}

static void record_make(struct making *m, struct record *r, unsigned domain)
{
	static const char *const below[] = { "news", "mail", "shop" };
	char source[ADDRESS_TEXT];
	uint64_t kind = roll(m, 100);

	*r = (struct record){ .has_address = true, .count = messages_make(m), .envelope_to = SPAN_ABSENT };
	r->dkim_results = arena_take(&m->arena, 2 * sizeof *r->dkim_results);
	r->spf_results = arena_take(&m->arena, sizeof *r->spf_results);
	r->header_from = domain_name_of(m, domain);
	if (roll(m, 10) == 0)
		r->header_from = text_make(m, "%s.%s", ONE_OF(m, below), r->header_from.p);
	if (kind < 70)
		legitimate_make(m, r, domain);
	else if (kind < 82)
		forwarded_make(m, r, domain);
	else
		forged_make(m, r, domain);
	r->disposed = disposition_of(r->disposition);
	r->dkim_pass = span_is(r->dkim, SPAN("pass"));
	r->spf_pass = span_is(r->spf, SPAN("pass"));
	r->source_ip = text_make(m, "%s", address_format(&r->address, source));
}

/* --- reports, each in a mail that its reporter signed --- */

static size_t size_make(struct making *m)
{
	static const unsigned small[] = { 46, 22, 14, 10, 8 };
	uint64_t kind = roll(m, 1000), left;
	double u = chance(m);
	size_t n = 1;

	if (kind < 800) {
		for (left = roll(m, 100); left >= small[n - 1]; n++)
			left -= small[n - 1];
		return n;
	}
	if (kind < 950)
		return (size_t)lround(6 * pow(25 / 6.0, u));
	if (kind < 995)
		return (size_t)lround(25 * pow(4, u));
	return (size_t)fmin(100 * pow(1 - u, -1 / 0.62), 20000);
}

static unsigned domain_pick(struct making *m, unsigned most)
{
	double u = chance(m) * m->ranks[most - 1];
	unsigned domain = 0;

	while (domain + 1 < most && m->ranks[domain] < u)
		domain++;
	return domain;
}

static struct reporter reporter_pick(struct making *m, bool long_report)
{
	uint64_t u = roll(m, 100);
	size_t i = 0;
	unsigned small = (unsigned)roll(m, SMALL_REPORTERS);

	while (i + 1 < COUNT(reporters) && u >= (long_report ? reporters[i].share_of_long : reporters[i].share)) {
		u -= long_report ? reporters[i].share_of_long : reporters[i].share;
		i++;
	}
	if (reporters[i].org_name)
		return reporters[i];
	return (struct reporter){ .org_name = text_make(m, "mx%u.%s.example", small, words[small % COUNT(words)]).p,
		.email = text_make(m, "postmaster@mx%u.%s.example", small, words[small % COUNT(words)]).p,
		.signer = text_make(m, "%s.example", words[small % COUNT(words)]).p };
}

static struct report report_make(struct making *m, const struct reporter *by, unsigned domain, int64_t day)
{
	struct span policy = span_of(policies[domain % COUNT(policies)]);
	struct report report = { .org_name = span_of(by->org_name),
		.org_email = span_of(by->email),
		.org_extra_contact_info = by->extra ? span_of(by->extra) : SPAN_ABSENT,
		.report_id = text_make(m, "%016llx%08x", (unsigned long long)roll(m, UINT64_MAX), (unsigned)m->mails),
		.begin = day * DAY_SECONDS,
		.end = (day + 1) * DAY_SECONDS - 1,
		.domain = domain_name_of(m, domain),
		.p = policy,
		.sp = policy,
		.adkim = SPAN("r"),
		.aspf = SPAN("r"),
		.pct = SPAN("100") };
	struct digest *digest = digest_new();

	digest_add_number(digest, roll(m, UINT64_MAX));
	digest_finish(digest, report.content);
	digest_free(digest);
	return report;
}

static bool verification_take(struct making *m, const struct reporter *by, int64_t arrived)
{
	struct dkim_verdict signature = { .d = span_of(by->signer),
		.s = SPAN("s2025"),
		.a = SPAN("rsa-sha256"),
		.c = SPAN("relaxed/relaxed"),
		.t = arrived,
		.x = MOMENT_NONE,
		.domain = span_of(by->signer),
		.name = text_make(m, "s2025._domainkey.%s", by->signer),
		.reason = DKIM_REASON_OK,
		.body_hash = DKIM_MATCH,
		.header_hash = DKIM_MATCH,
		.key_bits = 2048,
		.key_records = 1,
		.strict = DKIM_ALIGNED_YES,
		.relaxed = DKIM_ALIGNED_YES };
	struct dkim_verdicts verdicts = { .result = DKIM_PASS,
		.signatures = &signature,
		.n = 1,
		.total = 1,
		.from_domain = span_of(by->signer),
		.from_fields = 1,
		.from_domains = 1 };
	struct key_source key = { signature.name, KEY_PUBLISHED, arrived, false };
	struct fact fact = { .kind = FACT_VERIFICATION };

	fact.verification =
		(struct verification){ .of = VERIFIED_MAIL, .at = arrived, .verdicts = &verdicts, .keys = &key, .keys_n = 1 };
	return store_take(m->store, &fact);
}

static bool report_take(struct making *m, const struct reporter *by, struct report *report, unsigned domain, size_t n)
{
	struct record *records = arena_take(&m->arena, n * sizeof *records);
	struct fact fact = { .kind = FACT_BEGIN };
	bool ok;

	for (size_t i = 0; i < n; i++) {
		record_make(m, &records[i], domain);
		report->messages += records[i].count;
	}
	report->records = n;
	fact.begin.outcome = OUTCOME_REPORT;
	fact.begin.reports = 1;
	fact.begin.head = (struct mail_head){ span_of(by->email),
		text_make(m, "Report domain: %s Submitter: %s Report-ID: %s", report->domain.p, by->org_name, report->report_id.p),
		text_make(m, "<%s@%s>", report->report_id.p, by->signer), report->end };
	ok = store_take(m->store, &fact);
	fact = (struct fact){ .kind = FACT_REPORT, .report = *report };
	ok = ok && store_take(m->store, &fact);
	for (size_t i = 0; ok && i < n; i++) {
		fact = (struct fact){ .kind = FACT_RECORD, .record = records[i] };
		ok = store_take(m->store, &fact);
	}
	return ok && store_take(m->store, &(struct fact){ .kind = FACT_REPORT_END });
}

static bool mail_make(struct making *m, int64_t day, size_t n, struct fault *fault)
{
	bool long_report = n >= 100;
	unsigned domain = domain_pick(m, long_report ? LARGEST : DOMAINS);
	int64_t arrived = (day + 1) * DAY_SECONDS + 3600 + (int64_t)roll(m, 36000);
	struct mail mail = { .fd = -1, .length = 4000 + 100 * n, .modified = arrived, .inode = m->mails };
	struct digest *digest = digest_new();
	struct store_result result;
	struct reporter by;
	struct report report;

	arena_clear(&m->arena);
	m->mails++;
	digest_add_number(digest, roll(m, UINT64_MAX));
	digest_finish(digest, mail.sha256);
	digest_free(digest);
	by = reporter_pick(m, long_report);
	report = report_make(m, &by, domain, day);
	mail.name = (char *)text_make(m, "Maildir/cur/%lld.M%lluP1.host:2,S", (long long)arrived, (unsigned long long)m->mails).p;
	if (!store_mail_begin(m->store, &mail, arrived, fault))
		return false;
	if (!report_take(m, &by, &report, domain, n) || !verification_take(m, &by, arrived)) {
		*fault = *store_fault(m->store);
		store_mail_abort(m->store);
		return false;
	}
	return store_mail_end(m->store, &result, fault) &&
	       (!store_commit_due(m->store, 0) || store_commit(m->store, fault));
}

static bool year_make(struct making *m, uint64_t records, int64_t last_day, int64_t days, struct fault *fault)
{
	uint64_t made = 0;

	world_make(m);
	m->dice ^= (uint64_t)last_day << 20 ^ records;
	while (made < records) {
		int64_t day = last_day - days + 1 + (int64_t)(made * (uint64_t)days / records);
		size_t n = size_make(m);

		n = n < records - made ? n : records - made;
		if (!mail_make(m, day, n, fault))
			return false;
		made += n;
	}
	return store_commit(m->store, fault);
}

int main(int argc, char **argv)
{
	struct fault fault = { 0 };
	struct making *m;
	bool ok;

	if (argc < 4) {
		fputs("usage: year DATABASE RECORDS LAST-DAY [DAYS]\n", stderr);
		return 64;
	}
	m = calloc(1, sizeof *m);
	if (!m)
		return 70;
	m->arena = ARENA((size_t)1 << 30);
	m->store = store_open(argv[1], STORE_WRITE, WAIT_SECONDS, &fault);
	ok = m->store && year_make(m, strtoull(argv[2], NULL, 10), strtoll(argv[3], NULL, 10),
				 argc > 4 ? strtoll(argv[4], NULL, 10) : 365, &fault);
	if (!ok)
		fprintf(stderr, "year: %s\n", fault.text);
	store_close(m->store);
	arena_release(&m->arena);
	free(m);
	return ok ? 0 : 70;
}
