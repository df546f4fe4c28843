#include "tests/readiness-worlds.h"

#include <stdio.h>
#include <stdlib.h>

#define OWN "example.com"

/* ---- a line of traffic on every day of a span */

struct flow {
	const char *address, *host, *from, *spf, *spf_result, *dkim;
	uint64_t n;
	const char *reason;
	int64_t first, last; /* days back from today; first > last */
	unsigned every;	     /* days; 0 is 1 */
	bool weekdays, plain;
};

static void flow_add(struct world *world, const struct flow *f)
{
	static const char *const reporters[] = { "google.com", "microsoft.com", "yahoo.com" };

	for (int64_t back = f->first; back >= f->last; back -= f->every ? f->every : 1) {
		int64_t day = WORLD_TODAY - back;
		bool weekend = (day + 3) % 7 >= 5;

		for (size_t r = 0; r < sizeof reporters / sizeof *reporters && !(f->weekdays && weekend); r++)
			world_add(world, &(struct line){ .day = day,
						 .reporter = reporters[r],
						 .address = f->address,
						 .host = f->host,
						 .from = f->from ? f->from : OWN,
						 .spf = f->spf,
						 .spf_result = f->spf_result ? f->spf_result : "pass",
						 .dkim = f->dkim,
						 .n = f->n,
						 .reason = f->reason,
						 .plain = f->plain });
	}
}

static void begin(struct world *world, enum request p)
{
	static const struct attest_row attests[] = { { SPAN("quarterly"), WORLD_TODAY - 10 },
		{ SPAN("lists"), WORLD_TODAY - 10 } };

	world_begin(world, OWN, WORLD_TODAY);
	world->policy.p = p;
	world->rows.attests = attests;
	world->rows.attests_n = 2;
	world->rows.published = (struct published){ .checked = true,
		.dmarc_records = 1,
		.policy = world->policy,
		.spf_records = 1,
		.spf_lookups = 3,
		.rua = SPAN("mailto:dmarc@" OWN),
		.spf_all = '~' };
}

#define MAIL_HOST .address = "198.51.100.25", .host = "mail." OWN, .spf = OWN
#define SIGNED(s) .dkim = OWN "/" s "/pass"
#define BROKEN(s) .dkim = OWN "/" s "/fail"
#define LONG .first = 100, .last = 1

void world_ready(struct world *world)
{
	begin(world, REQUEST_QUARANTINE);
	flow_add(world, &(struct flow){ MAIL_HOST, SIGNED("mail"), .n = 40, LONG });
	flow_add(world, &(struct flow){ .address = "192.0.2.80",
				.host = "smtp.groups.io",
				.spf = "groups.io",
				BROKEN("mail"),
				.reason = "mailing_list",
				.n = 1,
				LONG });
}

void world_in_force(struct world *world)
{
	begin(world, REQUEST_REJECT);
	world->rows.published.policy.np = REQUEST_REJECT;
	flow_add(world, &(struct flow){ MAIL_HOST, SIGNED("mail"), .n = 40, LONG });
}

void world_thin(struct world *world)
{
	begin(world, REQUEST_NONE);
	flow_add(world, &(struct flow){ MAIL_HOST, SIGNED("mail"), .n = 4, .first = 183, .last = 1, .every = 14 });
}

void world_silent(struct world *world)
{
	begin(world, REQUEST_NONE);
}

static void begin_forged(struct world *world, int days)
{
	begin(world, REQUEST_NONE);
	world->rows.published.spf_only_all = true;
	world->rows.published.spf_all = '-';
	flow_add(world, &(struct flow){ .address = "203.0.113.9",
				.host = "-",
				.spf = "spam.example",
				.n = 3,
				.first = days,
				.last = 1 });
}

void world_parked(struct world *world)
{
	begin_forged(world, 190);
}

void world_unparked(struct world *world)
{
	begin_forged(world, 100);
}

static void begin_breaking(struct world *world, enum request policy)
{
	begin(world, policy);
	flow_add(world, &(struct flow){ MAIL_HOST, SIGNED("mail"), .n = 40, LONG });
	flow_add(world, &(struct flow){ .address = "198.51.100.40",
				.host = "shop." OWN,
				.spf = "other.example",
				SIGNED("shop"),
				.n = 20,
				.first = 100,
				.last = 6 });
	flow_add(world, &(struct flow){ .address = "198.51.100.40",
				.host = "shop." OWN,
				.spf = "other.example",
				BROKEN("shop"),
				.n = 20,
				.first = 5,
				.last = 1 });
}

void world_breaking(struct world *world)
{
	begin_breaking(world, REQUEST_REJECT);
}

void world_loose(struct world *world)
{
	begin_breaking(world, REQUEST_NONE);
	world->options.limits.quarantine.own_loss = 0.2;
}

static const struct span zendesk_hosts[] = { SPAN("zdsys.com") }, separate_hosts[] = { SPAN("cannot.example") };
static const struct span list_hosts[] = { SPAN("groups.io") };
static const struct sender_row more_senders[] = {
	{ .id = SPAN("zendesk"),
		.name = SPAN("Zendesk"),
		.kind = SENDER_SENDER,
		.hosts = zendesk_hosts,
		.hosts_n = 1,
		.own_dkim = CAN_YES,
		.where = SPAN("Admin center > Channels > Email > Digital signatures (DKIM)") },
	{ .id = SPAN("cannot"),
		.name = SPAN("Cannot Sign"),
		.kind = SENDER_SENDER,
		.hosts = separate_hosts,
		.hosts_n = 1,
		.own_dkim = CAN_NO },
	{ .id = SPAN("groupsio"), .name = SPAN("groups.io"), .kind = SENDER_LIST, .hosts = list_hosts, .hosts_n = 1 },
};

static void manifold_own(struct world *world)
{
	flow_add(world, &(struct flow){ MAIL_HOST, SIGNED("mail"), .n = 200, .first = 60, .last = 1 });
	flow_add(world, &(struct flow){ .address = "203.0.113.20",
				.host = "out1.zdsys.com",
				.spf = "zendesk.com",
				.dkim = "zendesk.com/z1/pass",
				.n = 9,
				.first = 60,
				.last = 1 });
	flow_add(
		world, &(struct flow){
			       .address = "203.0.113.30", .host = "a.cannot.example", .n = 5, .first = 60, .last = 1 });
	flow_add(world,
		&(struct flow){ .address = "198.51.100.26", .host = "printer." OWN, .n = 3, .first = 60, .last = 1 });
	flow_add(world,
		&(struct flow){
			.address = "198.51.100.27", .host = "crm." OWN, .spf = OWN, .n = 30, .first = 60, .last = 1 });
	flow_add(world, &(struct flow){ .address = "198.51.100.28",
				.host = "gone." OWN,
				.spf = "x.example",
				BROKEN("lost"),
				.n = 4,
				.first = 60,
				.last = 1 });
	flow_add(world, &(struct flow){ .address = "198.51.100.29",
				.host = "news." OWN,
				.from = "news." OWN,
				.n = 6,
				.first = 40,
				.last = 1 });
	flow_add(
		world, &(struct flow){ MAIL_HOST, .from = "tiny." OWN, SIGNED("mail"), .n = 1, .first = 3, .last = 2 });
}

static void manifold_others(struct world *world)
{
	flow_add(world, &(struct flow){ .address = "192.0.2.80",
				.host = "smtp.groups.io",
				.spf = "groups.io",
				BROKEN("mail"),
				.reason = "mailing_list",
				.n = 12,
				.first = 60,
				.last = 1 });
	flow_add(world, &(struct flow){ .address = "192.0.2.90",
				.host = "web9.hoster.example",
				.spf = "web9.hoster.example",
				.n = 2,
				.first = 60,
				.last = 1 });
	flow_add(world, &(struct flow){ .address = "192.0.2.91",
				.host = "branch.isp.example",
				.n = 2,
				.first = 60,
				.last = 1,
				.weekdays = true });
	flow_add(world, &(struct flow){ .address = "203.0.113.66",
				.host = "-",
				.spf = "spam.example",
				.n = 300,
				.first = 4,
				.last = 3 });
}

/* Every kind of step and alert there is room for. */
void world_manifold(struct world *world)
{
	static const struct published_key keys[] = { { SPAN(OWN), SPAN("lost"), .revoked = true },
		{ SPAN(OWN), SPAN("mail"), .bits = 1024 } };

	begin(world, REQUEST_NONE);
	world->rows.attests_n = 0;
	world->rows.senders = more_senders;
	world->rows.senders_n = sizeof more_senders / sizeof *more_senders;
	world->rows.published.keys = keys;
	world->rows.published.keys_n = 2;
	world->rows.published.spf_lookups = 11;
	world->rows.published.rua_refused = true;
	world->options.limits.quarantine.own_upper = 0.05;
	manifold_own(world);
	manifold_others(world);
	world_mark(world, MARK_CRITICAL, "zendesk");
}

/* ---- everything that can change in a week */

static void changing_keys(struct world *world)
{
	flow_add(world, &(struct flow){ MAIL_HOST, SIGNED("weak"), .n = 5, LONG });
	flow_add(world, &(struct flow){ MAIL_HOST, SIGNED("trial"), .n = 5, LONG });
	flow_add(world, &(struct flow){ MAIL_HOST, SIGNED("new"), .n = 5, .first = 4, .last = 1 });
	flow_add(world, &(struct flow){ MAIL_HOST, SIGNED("old"), .n = 5, .first = 100, .last = 12 });
	flow_add(world, &(struct flow){ .address = "203.0.113.20",
				.host = "out1.zdsys.com",
				SIGNED("moving"),
				.n = 2,
				.first = 100,
				.last = 21 });
	flow_add(world, &(struct flow){ .address = "203.0.113.40",
				.host = "out1.mcsv.net",
				SIGNED("moving"),
				.n = 20,
				.first = 20,
				.last = 1 });
}

static void changing_senders(struct world *world)
{
	flow_add(world, &(struct flow){ MAIL_HOST, SIGNED("mail"), .n = 60, LONG });
	flow_add(world, &(struct flow){ .address = "198.51.100.31",
				.host = "crm." OWN,
				.spf = OWN,
				SIGNED("crm"),
				.n = 30,
				.first = 100,
				.last = 6 });
	flow_add(world, &(struct flow){ .address = "198.51.100.31",
				.host = "crm." OWN,
				.spf = OWN,
				.spf_result = "softfail",
				SIGNED("crm"),
				.n = 30,
				.first = 5,
				.last = 1 });
	flow_add(world, &(struct flow){ .address = "198.51.100.32",
				.host = "shop." OWN,
				.spf = OWN,
				SIGNED("shop"),
				.n = 12,
				.first = 100,
				.last = 8 });
	flow_add(world, &(struct flow){ .address = "198.51.100.33",
				.host = "payroll." OWN,
				.spf = OWN,
				.n = 40,
				.first = 135,
				.last = 45,
				.every = 30 });
	flow_add(world, &(struct flow){ .address = "203.0.113.66",
				.host = "-",
				.spf = "spam.example",
				.n = 100,
				.first = 3,
				.last = 3 });
	flow_add(world, &(struct flow){ .address = "203.0.113.67",
				.host = "-",
				.spf = "spam.example",
				.n = 100,
				.first = 3,
				.last = 3 });
}

static void changing_reporters(struct world *world)
{
	for (int64_t back = 100; back > 0; back--) {
		struct line line = { .day = WORLD_TODAY - back,
			.address = "198.51.100.25",
			.host = "mail." OWN,
			.from = OWN,
			.spf = OWN,
			.spf_result = "pass",
			.dkim = OWN "/mail/pass",
			.n = 60 };

		world->policy.p = REQUEST_REJECT;
		line.reporter = "gmx.net";
		world_add(world, &line);
		world->policy.p = REQUEST_NONE;
		line.reporter = "mail.ru";
		if (back > 5)
			world_add(world, &line);
		line.reporter = "stranger.example";
		world_add(world, &line);
		world->auths[world->rows.auths_n - 1].evaluated = back == 2; /* judged otherwise */
	}
}

void world_changing(struct world *world)
{
	static const struct published_key keys[] = { { SPAN(OWN), SPAN("weak"), .bits = 768 },
		{ SPAN(OWN), SPAN("trial"), .bits = 2048, .testing = true }, { SPAN(OWN), SPAN("old"), .missing = true },
		{ SPAN(OWN), SPAN("shop"), .revoked = true }, { SPAN(OWN), SPAN("mail"), .bits = 2048 } };

	begin(world, REQUEST_NONE);
	world->rows.published.keys = keys;
	world->rows.published.keys_n = sizeof keys / sizeof *keys;
	changing_keys(world);
	changing_senders(world);
	changing_reporters(world);
	world_mark(world, MARK_NOT_OURS, "203.0.113.0/24");
}

/* ---- what stands between p=quarantine and p=reject */

void world_enforced(struct world *world)
{
	static const struct published_key keys[] = { { SPAN(OWN), SPAN("lost"), .missing = true } };

	begin(world, REQUEST_QUARANTINE);
	world->rows.attests_n = 0;
	world->rows.senders = more_senders;
	world->rows.senders_n = sizeof more_senders / sizeof *more_senders;
	world->rows.published.policy.sp = REQUEST_NONE;
	world->rows.published.keys = keys;
	world->rows.published.keys_n = 1;
	world->options.limits.reject.accepted_share = 0.001;
	flow_add(world, &(struct flow){ MAIL_HOST, SIGNED("mail"), .n = 60, LONG });
	flow_add(world, &(struct flow){ MAIL_HOST, SIGNED("lost"), .n = 6, .first = 100, .last = 9 });
	flow_add(world, &(struct flow){ MAIL_HOST, .spf_result = "fail", BROKEN("lost"), .n = 6, .first = 8, .last = 1 });
	flow_add(world, &(struct flow){ .address = "192.0.2.80",
				.host = "smtp.groups.io",
				.spf = "groups.io",
				BROKEN("mail"),
				.n = 12,
				LONG });
	flow_add(world,
		&(struct flow){ .address = "198.51.100.26", .host = "printer." OWN, .spf = "isp.example", .n = 2, LONG });
	flow_add(world, &(struct flow){ .address = "198.51.100.27", .host = "scanner." OWN, .n = 4, .first = 24, .last = 1 });
	flow_add(world, &(struct flow){ .address = "203.0.113.20",
				.host = "out1.zdsys.com",
				.dkim = "example-com.zendesk.com/z1/pass",
				.n = 9,
				LONG });
	for (int i = 0; i < 3; i++)
		flow_add(world, &(struct flow){ .address = (const char *[]){ "192.0.2.91", "192.0.2.92", "192.0.2.93" }[i],
					.host = (const char *[]){ "web1.hoster.example", "web2.hoster.example", "web3.hoster.example" }[i],
					.n = 3 - (unsigned)i,
					.first = 30,
					.last = 1 });
	world_mark(world, MARK_ACCEPT, "198.51.100.26");
	world_mark(world, MARK_OWN, "hoster.example");
}

/* ---- a relay that signs, with a new selector every month */

void world_relayed(struct world *world)
{
	static const struct published_key keys[] = { { SPAN(OWN), SPAN("UE202609"), .revoked = true },
		{ SPAN(OWN), SPAN("UE202610"), .bits = 1024, .testing = true },
		{ SPAN(OWN), SPAN("UE202611"), .bits = 1024, .testing = true }, { SPAN(OWN), SPAN("aaisp"), .bits = 2048 },
		{ SPAN(OWN), SPAN("crm2"), .missing = true } };

	begin(world, REQUEST_NONE);
	world->rows.published.keys = keys;
	world->rows.published.keys_n = sizeof keys / sizeof *keys;
	flow_add(world, &(struct flow){ MAIL_HOST, SIGNED("UE202609"), .n = 40, .first = 81, .last = 52 });
	flow_add(world, &(struct flow){ MAIL_HOST, SIGNED("UE202610"), .n = 40, .first = 51, .last = 21 });
	flow_add(world, &(struct flow){ MAIL_HOST, SIGNED("UE202611"), .n = 40, .first = 20, .last = 1 });
	flow_add(world, &(struct flow){ .address = "203.0.113.50", .host = "smarthost.relay.example", .spf = "relay.example",
				SIGNED("aaisp"), .n = 20, .first = 81, .last = 1 });
	flow_add(world, &(struct flow){ .address = "198.51.100.26", .host = "printer." OWN, .spf = OWN, .n = 1, .first = 81, .last = 1 });
	flow_add(world, &(struct flow){ .address = "198.51.100.27", .host = "crm." OWN, .spf = OWN, SIGNED("crm1"), .n = 9, .first = 81, .last = 21 });
	flow_add(world, &(struct flow){ .address = "198.51.100.27", .host = "crm." OWN, .spf = OWN, BROKEN("crm2"), .n = 9, .first = 20, .last = 1 });
}

/* ---- what can only be said */

void world_doubtful(struct world *world)
{
	begin(world, REQUEST_NONE);
	flow_add(world, &(struct flow){ MAIL_HOST, SIGNED("k1"), .n = 60, .first = 300, .last = 1 });
	flow_add(world, &(struct flow){ .address = "207.211.31.9", .host = "out9.mimecast.com", .spf = "mimecast.com", .n = 3, .first = 300, .last = 1 });
	flow_add(world, &(struct flow){ .address = "192.0.2.120", .host = "out.paywise.example", .spf = "paywise.example", .n = 20,
				.first = 250, .last = 60, .every = 91 });
	for (unsigned i = 0; i < 40; i++) {
		char address[32];

		snprintf(address, sizeof address, "91.%u.7.9", 10 + i);
		flow_add(world, &(struct flow){ .address = address, .host = "-", .spf = OWN, .spf_result = "softfail", .n = 1,
					.first = 60 - i, .last = 1, .every = 40, .weekdays = true });
	}
}

/* ---- nothing new */

void world_old(struct world *world)
{
	begin(world, REQUEST_NONE);
	world->rows.published.dmarc_invalid = true;
	world->rows.network_v4 = 24;
	world->rows.network_v6 = 48;
	flow_add(world, &(struct flow){ MAIL_HOST, SIGNED("mail"), .n = 60, .first = 80, .last = 12 });
	flow_add(world, &(struct flow){ MAIL_HOST, SIGNED("mail"), .n = 3000000, .first = 14, .last = 14 });
}

/* ---- names that harm */

#define HARM                                                                                   \
	"\033]0;owned\a\033[31m<b>\"q\", it's &amp; </script></title></style><script>alert(1)" \
	"</script>\r\n\t=cmd|' /C calc'!A1 \xe2\x80\xae"                                       \
	"gnp.exe\xe2\x80\xac \xff\xfe\xc0\x80 \xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e \\x1b $(id) `id` %s%n"

static struct span harm(struct world *world, unsigned n, size_t octets)
{
	char *text = arena_take(&world->arena, octets + 1);
	size_t head;

	if (!text)
		abort();
	head = (size_t)snprintf(text, octets, "%u%s", n, HARM);
	if (head < octets)
		memset(text + head, 'x', octets - head);
	return (struct span){ text, octets };
}

#define HARM_SHORT 200
#define HARM_LONG ((size_t)65536)

void world_hostile(struct world *world)
{
	unsigned n = 0;

	world_manifold(world);
	for (size_t i = 0; i < world->rows.sources_n; i++) {
		struct domain_name *host = &world->sources[i].host;

		if (world->sources[i].host_state != HOST_CONFIRMED || world->sources[i].address.octets[12] != 192)
			continue;
		host->name = harm(world, n++, i % 2 ? HARM_LONG : HARM_SHORT);
		host->org = host->name;
	}
	for (size_t i = 0; i < world->rows.reports_n; i++)
		world->reports[i].org_name = world->reports[i].report_id = harm(world, (unsigned)(i % 3), HARM_SHORT);
	for (size_t i = 0; i < world->rows.auths_n; i++) {
		struct observed_auth *a = &world->auths[i];
		struct signature_row *dkim = (struct signature_row *)a->dkim;
		struct spf_row *spf = (struct spf_row *)a->spf;
		struct override_reason *reason = (struct override_reason *)a->reasons;

		for (size_t k = 0; k < a->dkim_n; k++) {
			if (!span_is(dkim[k].domain.org, SPAN(OWN)))
				dkim[k].domain.name = dkim[k].domain.org = harm(world, 7, HARM_SHORT);
			dkim[k].selector = harm(world, (unsigned)(dkim[k].selector.n % 5), HARM_SHORT);
		}
		for (size_t k = 0; k < a->spf_n; k++)
			if (!span_is(spf[k].domain.org, SPAN(OWN)))
				spf[k].domain.name = spf[k].domain.org = harm(world, 8, HARM_LONG);
		for (size_t k = 0; k < a->reasons_n; k++)
			reason[k].comment = harm(world, 9, HARM_LONG);
	}
	world->rows.published.rua = harm(world, 3, HARM_SHORT);
}

/* ---- the reference's organisation */

static char *field(char **rest)
{
	char *text = strsep(rest, "\t\n");

	return text && strcmp(text, "-") != 0 ? text : NULL;
}

bool world_read(struct world *world, const char *path)
{
	static const struct span reaches[] = { SPAN("_spf.google.com"), SPAN("mail.zendesk.com") };
	static const struct published_name names[] = {
		{ .name = SPAN("billing.harborlight.example"), .exists = NAME_EXISTS },
		{ .name = SPAN("news.harborlight.example"), .exists = NAME_EXISTS },
		{ .name = SPAN("tickets.harborlight.example"), .exists = NAME_EXISTS },
	};
	FILE *lines = path ? fopen(path, "r") : NULL;
	char text[1024];

	if (!lines)
		return false;
	world_begin(world, "harborlight.example", WORLD_TODAY);
	while (fgets(text, sizeof text, lines)) {
		struct line line = { 0 };
		char *rest = text, *host;

		line.day = strtoll(strsep(&rest, "\t"), NULL, 10);
		line.reporter = field(&rest);
		line.address = field(&rest);
		host = field(&rest);
		line.host = host ? host : "-";
		line.from = field(&rest);
		line.spf = field(&rest);
		line.spf_result = field(&rest);
		line.dkim = field(&rest);
		line.n = strtoull(strsep(&rest, "\t"), NULL, 10);
		line.reason = field(&rest);
		world_add(world, &line);
	}
	fclose(lines);
	world->rows.published = (struct published){ .checked = true,
		.dmarc_records = 1,
		.policy = world->policy,
		.spf_records = 1,
		.rua = SPAN("mailto:dmarc@harborlight.example"),
		.spf_reaches = reaches,
		.spf_reaches_n = 2,
		.spf_all = '~',
		.names = names,
		.names_n = sizeof names / sizeof *names };
	return true;
}
