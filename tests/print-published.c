/* Cases of print-report: what names publish, and the selectors of a domain. */
#include "report/selectors.h"
#include "report/snapshots.h"
#include "tests/print-report.h"

#define DAY (int64_t)86400
#define SEEN(first, last) .first_seen = 20750 * DAY + (first) * DAY, .last_seen = 20750 * DAY + (last) * DAY

/* ---- snapshots ---- */

static const size_t whole_ends[] = { 17 }, cut_ends[] = { 10, 17 }, hostile_ends[] = { sizeof(HOSTILE) - 1 };
static const struct dns_data one_text[] = { { .text = SPAN("v=DMARC1; p=none;"), .string_end = whole_ends, .strings = 1 } };
static const struct dns_data cut_text[] = { { .text = SPAN("v=DMARC1; p=none;"), .string_end = cut_ends, .strings = 2 } };
static const struct dns_data two_texts[] = {
	{ .text = SPAN(HOSTILE), .string_end = hostile_ends, .strings = 1 },
	{ .text = SPAN("") },
};
static const struct dns_data mails[] = { { .preference = 10, .name = SPAN("mx.example.org") }, { .name = SPAN("") } };
static struct dns_data hosts[25];

#define ANSWER(name_, type_, status_) .answer.name = SPAN(name_), .answer.type = DNS_TYPE_##type_, .answer.status = DNS_##status_
static struct snapshot_row states[] = {
	{ ANSWER("example.org", A, OK), .answer.data = hosts, .answer.n = 25, SEEN(0, 0) },
	{ ANSWER("example.org", MX, OK), .answer.data = mails, .answer.n = 2, .answer.ttl = 300, SEEN(0, 20) },
	{ ANSWER("example.org", TXT, OK), .answer.data = two_texts, .answer.n = 2, SEEN(0, 20) },
	{ ANSWER("_dmarc.example.org", TXT, NXDOMAIN), SEEN(0, 5) },
	{ ANSWER("_dmarc.example.org", TXT, OK), .answer.data = one_text, .answer.n = 1, .answer.security = DNS_SECURE, SEEN(6, 9) },
	{ ANSWER("_dmarc.example.org", TXT, OK), .answer.data = cut_text, .answer.n = 1, .answer.aliases = 1,
		.answer.owner = SPAN("_dmarc.host.example"), SEEN(10, 20) },
	{ ANSWER("s1._domainkey.example.org", TXT, NODATA), .answer.aliases = 2, .answer.owner = SPAN(HOSTILE), SEEN(20, 20) },
};

static void list(struct snapshots_writer writer, size_t n)
{
	for (size_t i = 0; i < COUNT(hosts); i++)
		hosts[i].address = (struct address){ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, (uint8_t)(i + 1) } };
	for (size_t i = 0; i < n; i++)
		need(writer.take(writer.self, &states[i]));
	need(writer.close(writer.self));
}

static void snapshots_print(const struct style *style, bool history, size_t n)
{
	struct snapshots_about about = { SPAN("example.org"), history };
	struct snapshots_writer writer;

	need(style ? snapshots_text_open(&writer, stdout, style, &about) : snapshots_json_open(&writer, stdout, &about));
	list(writer, n);
}

void print_snapshots_text(void)
{
	snapshots_print(&plain, true, COUNT(states));
}

void print_snapshots_color(void)
{
	snapshots_print(&color, false, 2);
}

void print_snapshots_none(void)
{
	snapshots_print(&ascii, true, 0);
}

void print_snapshots_json(void)
{
	snapshots_print(NULL, true, COUNT(states));
}

void print_snapshots_csv(void)
{
	struct snapshots_writer writer;

	need(snapshots_csv_open(&writer, stdout));
	list(writer, COUNT(states));
}

/* ---- selectors ---- */

#define TODAY 20778
#define LINE(selector_, domain_) .selector = SPAN(selector_), .domain = SPAN(domain_)
#define USED(first, last) .first_day = (first), .last_day = (last)
#define KEY(bits) .key = SELECTOR_KEY_PUBLISHED, .key_type = "RSA", .key_bits = (bits)

static struct selector_line lines[] = {
	{ LINE("broken", "example.org"), USED(20600, 20777), .valid = 3, .key = SELECTOR_KEY_BROKEN },
	{ LINE("failing", "example.org"), .broken = 12, KEY(2048) },
	{ LINE("gone", "example.org"), USED(20600, 20777), .home = SPAN("Mailer"), .valid = 90, .broken = 1, .key = SELECTOR_KEY_NONE },
	{ LINE("listed", "example.org"), .listed = true, KEY(4096) },
	{ LINE("made-up", "example.org"), .broken = 2, .key = SELECTOR_KEY_NONE },
	{ LINE("never", "example.org"), .listed = true, .key = SELECTOR_KEY_UNKNOWN },
	{ LINE("old", "example.org"), USED(20500, 20600), KEY(1024) },
	{ LINE("rev", "example.org"), USED(20600, 20777), .valid = 5, .key = SELECTOR_KEY_REVOKED },
	{ LINE("s1", "example.org"), USED(20600, 20777), .home_own = true, .shared = true, .valid = 1234567, .broken = 5,
		.checked_valid = 4, .checked_broken = 1, .checked_day = 20778, KEY(2048) },
	{ LINE("withdrawn", "example.org"), .key = SELECTOR_KEY_REVOKED },
	{ LINE(HOSTILE, "mail.example.org"), USED(20600, 20777), .home = SPAN(FORMULA), .valid = 1, KEY(2048), .key_testing = true },
	{ LINE("ed", "news.example.org"), .checked_valid = 1, .checked_day = 20770, .key = SELECTOR_KEY_PUBLISHED,
		.key_type = "Ed25519", .key_bits = 256 },
};

static struct selectors_page page_make(size_t first, size_t n)
{
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct selector_line *line = &lines[i];

		line->first_day = line->first_day ? line->first_day : MOMENT_NONE;
		line->last_day = line->last_day ? line->last_day : MOMENT_NONE;
		line->checked_day = line->checked_day ? line->checked_day : MOMENT_NONE;
		line->key_type = line->key_type ? line->key_type : "";
		line->key_seen = line->key == SELECTOR_KEY_UNKNOWN ? MOMENT_NONE : 20777 * DAY;
		selector_judge(line, TODAY);
	}
	return (struct selectors_page){ SPAN("example.org"), TODAY - 34, TODAY, lines + first, n };
}

void print_selectors_text(void)
{
	struct selectors_page page = page_make(0, COUNT(lines));

	need(selectors_text(stdout, &plain, &page));
}

void print_selectors_color(void)
{
	struct selectors_page page = page_make(0, 10);

	need(selectors_text(stdout, &color, &page));
}

void print_selectors_none(void)
{
	struct selectors_page page = page_make(0, 0);

	need(selectors_text(stdout, &ascii, &page));
}

void print_selectors_json(void)
{
	struct selectors_page page = page_make(0, COUNT(lines));

	need(selectors_json(stdout, &page));
}

void print_selectors_csv(void)
{
	struct selectors_page page = page_make(0, COUNT(lines));

	need(selectors_csv(stdout, &page));
}
