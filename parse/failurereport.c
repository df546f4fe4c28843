#include "parse/failurereport.h"
#include "parse/authresults.h"
#include "parse/dns/orgdomain.h"

#include <stdio.h>

static const struct {
	const char *text; /* in the notice, at the beginning of a line */
	const char *name; /* the ARF field that it stands for */
} notice_fields[] = {
	{ "Sender Domain:", "reported-domain" },
	{ "Sender IP Address:", "source-ip" },
	{ "Received Date:", "arrival-date" },
	{ "SPF Alignment:", "spf-alignment" },
	{ "DKIM Alignment:", "dkim-alignment" },
	{ "DMARC Results:", "dmarc-results" },
};

bool failurereport_recognise(struct span front)
{
	static const struct span name = { "Feedback-Type:", 14 };

	for (size_t at = 0; at + name.n <= front.n;) {
		struct span line = { front.p + at, front.n - at };
		char *end = memchr(line.p, '\n', line.n);

		if (span_starts_nocase(line, name))
			return true;
		if (!end)
			return false;
		at += (size_t)(end - line.p) + 1;
	}
	return false;
}

/* Takes one line (CRLF, LF or CR) off the front of *text. */
static struct span take_line(struct span *text)
{
	struct span line = { text->p, 0 };

	while (line.n < text->n && line.p[line.n] != '\n' && line.p[line.n] != '\r')
		line.n++;
	text->p += line.n;
	text->n -= line.n;
	if (text->n > 1 && text->p[0] == '\r' && text->p[1] == '\n') {
		text->p++;
		text->n--;
	}
	if (text->n) {
		text->p++;
		text->n--;
	}
	return line;
}

static bool line_is_fold(struct span line)
{
	return line.n && (line.p[0] == ' ' || line.p[0] == '\t');
}

/* The name before the colon (RFC 5322 2.2), or absent. */
static struct span field_name(struct span line)
{
	size_t n = 0;

	while (n < line.n && line.p[n] > ' ' && line.p[n] < 127 && line.p[n] != ':')
		n++;
	if (n == 0 || n > 128)
		return SPAN_ABSENT;
	for (size_t at = n; at < line.n; at++) {
		if (line.p[at] == ':')
			return (struct span){ line.p, n };
		if (line.p[at] != ' ' && line.p[at] != '\t')
			break;
	}
	return SPAN_ABSENT;
}

static struct span lower_copy(struct reading *r, struct span text)
{
	struct span copy = arena_copy(&r->parser->arena, text);
	char *p = (char *)copy.p;

	for (size_t i = 0; i < copy.n; i++)
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] = (char)(p[i] + 'a' - 'A');
	return copy;
}

static void field_add(struct reading *r, struct failure *failure, struct span name, struct span value)
{
	if (failure->fields_n == r->limits->fields) {
		reading_problem(r, "", "more fields than the ceiling `fields` allows; the rest is left out");
		failure->fields_n++;
	}
	if (failure->fields_n > r->limits->fields)
		return;
	failure->fields[failure->fields_n].name = lower_copy(r, name);
	failure->fields[failure->fields_n++].value = reading_utf8(r, span_trim(value));
}

static bool fields_begin(struct reading *r, struct failure *failure)
{
	*failure = (struct failure){ .arrived = MOMENT_NONE, .incidents = 1 };
	failure->fields = arena_take(&r->parser->arena, (r->limits->fields + 1) * sizeof *failure->fields);
	return failure->fields != NULL;
}

bool failurereport_fields(struct reading *r, struct span text, struct failure *failure)
{
	struct buf *value = &r->parser->scratch;

	if (!fields_begin(r, failure))
		return false;
	value->max = r->limits->header; /* whoever used it before may have wanted less */
	while (text.n) {
		struct span line = take_line(&text);
		struct span name = field_name(line);
		size_t colon;

		if (!name.p)
			continue;
		colon = (size_t)((const char *)memchr(line.p, ':', line.n) - line.p) + 1;
		buf_clear(value);
		buf_put(value, line.p + colon, line.n - colon);
		while (line_is_fold(text)) {
			struct span more = span_trim(take_line(&text));

			buf_put_byte(value, ' ');
			buf_put_span(value, more);
		}
		field_add(r, failure, name, buf_span(value));
	}
	if (failure->fields_n > r->limits->fields)
		failure->fields_n = r->limits->fields;
	return failure->fields_n > 0;
}

/* One line of a text that was wrapped. */
static struct span line_joined(struct reading *r, struct span text)
{
	struct span copy = arena_copy(&r->parser->arena, span_trim(text));
	char *p = (char *)copy.p;
	size_t n = 0;

	for (size_t i = 0; i < copy.n; i++) {
		if (!strchr("\r\n\t ", p[i]) || !p[i])
			p[n++] = p[i];
		else if (p[n - 1] != ' ')
			p[n++] = ' ';
	}
	copy.n = n;
	return copy;
}

/* Takes what stands before the first empty line off the front of *text. */
static struct span take_paragraph(struct span *text)
{
	long lf = span_find_nocase(*text, SPAN("\n\n")), crlf = span_find_nocase(*text, SPAN("\n\r\n"));
	size_t n = lf < 0 && crlf < 0                ? text->n :
		   crlf >= 0 && (lf < 0 || crlf < lf) ? (size_t)crlf + 3 :
							 (size_t)lf + 2;
	struct span paragraph = { text->p, n };

	*text = (struct span){ text->p + n, text->n - n };
	return span_trim(paragraph);
}

/* Behind a label, up to the next one; absent when there is no such label, or nothing behind it. */
static struct span notice_value(struct span line, const char *label)
{
	long at = span_find_nocase(line, span_of(label));
	struct span value;

	if (at < 0)
		return SPAN_ABSENT;
	value = (struct span){ line.p + at + strlen(label), line.n - (size_t)at - strlen(label) };
	for (size_t i = 0; i < sizeof notice_fields / sizeof *notice_fields; i++) {
		long next = span_find_nocase(value, span_of(notice_fields[i].text));

		if (next >= 0)
			value.n = (size_t)next;
	}
	value = span_trim(value);
	return value.n ? value : SPAN_ABSENT;
}

static unsigned notice_fields_add(struct reading *r, struct span line, unsigned found, struct failure *failure)
{
	for (size_t i = 0; i < sizeof notice_fields / sizeof *notice_fields; i++) {
		struct span value = found & 1u << i ? SPAN_ABSENT : notice_value(line, notice_fields[i].text);

		if (!value.p)
			continue;
		found |= 1u << i;
		field_add(r, failure, span_of(notice_fields[i].name), value);
	}
	return found;
}

/* Who passes notices on wraps them at will, so a paragraph is one line here. One that is quoted is somebody's answer to it. */
bool failurereport_notice(struct reading *r, struct span text, struct failure *failure)
{
	unsigned found = 0;
	bool said = false;

	if (span_find_nocase(text, SPAN("Sender")) < 0 || span_find_nocase(text, SPAN("Address:")) < 0 || !fields_begin(r, failure))
		return false;
	while (text.n) {
		struct span line = line_joined(r, take_paragraph(&text));

		if (line.n == 0 || line.p[0] == '>')
			continue;
		said |= span_find_nocase(line, SPAN("failed the published")) >= 0;
		found = notice_fields_add(r, line, found, failure);
	}
	failure->plain_text = true;
	failure->dmarc = true;
	return (found & 3) == 3 && (said || found & ~7u);
}

/* Up to the end of a sentence: a point with nothing or a blank behind it. */
static struct span sentence_rest(struct span text)
{
	size_t n = 0;

	text = take_paragraph(&text);
	while (n < text.n && !(text.p[n] == '.' && (n + 1 == text.n || strchr(" \t\r\n", text.p[n + 1]))))
		n++;
	return (struct span){ text.p, n };
}

/* `received from IP 192.0.2.1 on Sat, 07 Nov 2026 10:00:00 +0000.`, or `from IP address`, folded anywhere. */
static bool prose_read(struct reading *r, struct span text, struct failure *failure)
{
	long from = span_find_nocase(text, SPAN("from IP"));
	struct span rest, ip, date = SPAN_ABSENT;
	struct address address;
	size_t n = 0;

	if (from < 0)
		return false;
	rest = span_trim((struct span){ text.p + from + 7, text.n - (size_t)from - 7 });
	if (span_starts_nocase(rest, SPAN("address")))
		rest = span_trim((struct span){ rest.p + 7, rest.n - 7 });
	while (n < rest.n && !strchr(" \t\r\n,", rest.p[n]))
		n++;
	ip = (struct span){ rest.p, n };
	rest = span_trim((struct span){ rest.p + n, rest.n - n });
	if (!address_parse(ip, &address))
		return false;
	field_add(r, failure, SPAN("source-ip"), ip);
	if (span_starts_nocase(rest, SPAN("on")))
		date = line_joined(r, sentence_rest((struct span){ rest.p + 2, rest.n - 2 }));
	if (date.n)
		field_add(r, failure, SPAN("arrival-date"), date);
	return true;
}

/* The third is LinkedIn's, of whose words a complaint about spam has all but the last. */
static const struct {
	struct span words, beside;
} prose_said[] = {
	{ SPAN("authentication failure report"), SPAN("") },
	{ SPAN("authentication-failure report"), SPAN("") },
	{ SPAN("email abuse report"), SPAN("dmarc policy") },
};

bool failurereport_prose(struct reading *r, struct span text, struct failure *failure)
{
	for (size_t i = 0; i < sizeof prose_said / sizeof *prose_said; i++) {
		long at = span_find_nocase(text, prose_said[i].words);

		if (at < 0 || span_find_nocase(text, prose_said[i].beside) < 0 || !fields_begin(r, failure))
			continue;
		failure->plain_text = true;
		failure->dmarc = true;
		return prose_read(r, (struct span){ text.p + at, text.n - (size_t)at }, failure);
	}
	return false;
}

struct span failurereport_value(const struct failure *failure, const char *name)
{
	for (size_t i = 0; i < failure->fields_n; i++)
		if (span_is(failure->fields[i].name, span_of(name)))
			return failure->fields[i].value;
	return SPAN_ABSENT;
}

static size_t field_count(const struct failure *failure, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < failure->fields_n; i++)
		n += span_is(failure->fields[i].name, span_of(name));
	return n;
}

/* Without comments (RFC 5322 3.2.2), which nest, and trimmed; absent when nothing is left. */
struct span failurereport_plain(struct reading *r, struct span value)
{
	struct span copy = arena_copy(&r->parser->arena, value);
	char *p = (char *)copy.p;
	unsigned depth = 0;
	size_t n = 0;

	for (size_t i = 0; i < copy.n; i++) {
		if (p[i] == '(')
			depth++;
		else if (p[i] == ')' && depth)
			depth--;
		else if (!depth)
			p[n++] = p[i];
	}
	copy = span_trim((struct span){ p, n });
	return copy.n ? copy : SPAN_ABSENT;
}

static struct span word_of(struct reading *r, const struct failure *failure, const char *name)
{
	return lower_copy(r, failurereport_plain(r, failurereport_value(failure, name)));
}

/* The first name of a list, without what stands around it and the root's dot, in A-labels (RFC 8616 6); as it stands when nothing
 * is left. */
static struct span domain_of(struct reading *r, const struct failure *failure, const char *name)
{
	struct span value = word_of(r, failure, name), rest = value, domain;
	char text[DOMAINNAME_TEXT];
	size_t n;

	if (!span_take(&rest, ',', &domain))
		return value;
	domain = domainname_undress(domain);
	if (domain.n > 1 && domain.p[domain.n - 1] == '.')
		domain.n--;
	n = domainname_is_ascii(domain) ? 0 : domain_alabels(domain, text);
	if (n)
		domain = arena_copy(&r->parser->arena, (struct span){ text, n });
	return domain.n ? domain : value;
}

/* Of `148.163.85.135 (host.name)`, `[192.0.2.1]`, `IPv6: 2001:db8::1` (QUIRKS F6) the first token, without the tag that
 * stands apart. */
static struct span first_token(struct span value)
{
	static const struct span tag = { "IPv6: ", 6 };

	size_t n = 0;

	if (span_starts_nocase(value, tag))
		value = span_trim((struct span){ value.p + tag.n, value.n - tag.n });
	while (n < value.n && !strchr(" \t,;", value.p[n]))
		n++;
	return n ? (struct span){ value.p, n } : SPAN_ABSENT;
}

/* What all Authentication-Results fields say of a method; RFC 6591 wants one method in each. */
static enum authsaid said_of(struct reading *r, const struct failure *failure, struct span method, enum authsaid wins)
{
	enum authsaid all = AUTHSAID_NOTHING;

	for (size_t i = 0; i < failure->fields_n; i++) {
		enum authsaid said;

		if (!span_is(failure->fields[i].name, SPAN("authentication-results")))
			continue;
		said = authresults_said(failure->fields[i].value, method, &r->parser->arena);
		if (said != AUTHSAID_NOTHING && all != wins)
			all = said;
	}
	return all;
}

/* One `dmarc=` that is no pass is enough to count the mail. `DMARC Results: Accept` of a notice; what failed under p=none is
 * `None, Accept`. */
static enum authsaid outcome_of(struct reading *r, const struct failure *failure)
{
	struct span said = failure->plain_text ? failurereport_value(failure, "dmarc-results") : SPAN_ABSENT;

	if (said.p)
		return span_is_nocase(said, SPAN("Accept")) ? AUTHSAID_PASS : AUTHSAID_OTHER;
	return said_of(r, failure, SPAN("dmarc"), AUTHSAID_OTHER);
}

/* Of a mail that passed, one mechanism is named: RFC 7489 names the one that passed, RFC 9991 the one that failed. */
static enum identity_rule rule_of_passed(struct reading *r, const struct failure *failure, bool names_dkim)
{
	bool dkim = said_of(r, failure, SPAN("dkim"), AUTHSAID_PASS) == AUTHSAID_PASS;
	bool spf = said_of(r, failure, SPAN("spf"), AUTHSAID_PASS) == AUTHSAID_PASS;

	if (dkim == spf)
		return IDENTITY_AMBIGUOUS;
	return dkim == names_dkim ? IDENTITY_RFC7489 : IDENTITY_RFC9991;
}

/* failure-report.md 2.1: the two RFCs mean opposite things by one list and no version tells which is followed. */
static enum identity_rule identity_rule_of(struct reading *r, const struct failure *failure, enum authsaid outcome)
{
	struct span rest = failure->identity_alignment, word;
	bool dkim = false, spf = false;

	while (span_take(&rest, ',', &word)) {
		word = span_trim(word);
		dkim |= span_is(word, SPAN("dkim"));
		spf |= span_is(word, SPAN("spf"));
		if (span_is(word, SPAN("dkim")) || span_is(word, SPAN("spf")) || span_is(failure->identity_alignment, SPAN("none")))
			continue;
		reading_problem(r, "Identity-Alignment", "`%.*s` is no mechanism", (int)(word.n < 100 ? word.n : 100), word.p);
		return IDENTITY_UNKNOWN;
	}
	if (!failure->identity_alignment.n || outcome == AUTHSAID_NOTHING)
		return IDENTITY_UNKNOWN;
	if (outcome == AUTHSAID_OTHER)
		return dkim || spf ? IDENTITY_RFC9991 : IDENTITY_RFC7489;
	if (dkim != spf)
		return rule_of_passed(r, failure, dkim);
	reading_problem(r, "Identity-Alignment", "`%.*s` fits no mail that passed DMARC",
		(int)(failure->identity_alignment.n < 100 ? failure->identity_alignment.n : 100), failure->identity_alignment.p);
	return IDENTITY_AMBIGUOUS;
}

static void check_dates(struct reading *r, struct failure *failure, int64_t mail_date)
{
	struct span date = failure->arrival_date;

	if (!date.p)
		date = failurereport_value(failure, "received-date");
	if (date.p && !moment_parse_any(date, &failure->arrived))
		reading_problem(r, "Arrival-Date", "`%.*s` is not a date", (int)(date.n < 100 ? date.n : 100), date.p);
	if (failure->arrived == MOMENT_NONE)
		failure->arrived = mail_date;
	if (field_count(failure, "arrival-date") && field_count(failure, "received-date"))
		reading_problem(r, "Received-Date", "stands beside Arrival-Date (RFC 5965 3.2)");
}

static void check_wanted(struct reading *r, const struct failure *failure)
{
	static const char *const singles[] = { "feedback-type", "user-agent", "version", "auth-failure", "arrival-date",
		"source-ip", "delivery-result", "identity-alignment" };
	static const char *const wanted[] = { "feedback-type", "user-agent", "version", "auth-failure", "source-ip",
		"reported-domain" };
	struct span version = failurereport_plain(r, failurereport_value(failure, "version"));

	for (size_t i = 0; i < sizeof singles / sizeof *singles; i++)
		if (field_count(failure, singles[i]) > 1)
			reading_problem(r, singles[i], "stands more than once, the first one counts");
	for (size_t i = 0; failure->dmarc && !failure->plain_text && i < sizeof wanted / sizeof *wanted; i++)
		if (!field_count(failure, wanted[i]))
			reading_problem(r, wanted[i], "missing");
	if (failure->dmarc && version.p && !span_is(version, SPAN("1")))
		reading_problem(r, "version", "`%.*s` is not 1, the version that RFC 5965 describes",
			(int)(version.n < 100 ? version.n : 100), version.p);
}

/* `auth-failure`, also as `auth_failure`, `AuthFailure` or in quotes: letters decide. */
static bool is_auth_failure(struct span word)
{
	static const char name[] = "authfailure";
	size_t n = 0;

	for (size_t i = 0; i < word.n; i++) {
		if (word.p[i] < 'a' || word.p[i] > 'z')
			continue;
		if (word.p[i] != name[n])
			return false;
		n++;
	}
	return n == sizeof name - 1;
}

void failurereport_check(struct reading *r, struct failure *failure, int64_t mail_date)
{
	unsigned long long incidents;
	enum authsaid outcome;
	struct span source_ip;
	bool ornate;

	failure->feedback_type = word_of(r, failure, "feedback-type");
	failure->auth_failure = word_of(r, failure, "auth-failure");
	failure->delivery_result = word_of(r, failure, "delivery-result");
	failure->identity_alignment = word_of(r, failure, "identity-alignment");
	failure->reported_domain = domain_of(r, failure, "reported-domain");
	failure->arrival_date = failurereport_value(failure, "arrival-date");
	source_ip = failurereport_plain(r, failurereport_value(failure, "source-ip"));
	failure->source_ip = first_token(source_ip);
	failure->has_address = address_parse_ornate(failure->source_ip, &failure->address, &ornate) ||
			       address_parse_ornate(source_ip, &failure->address, &ornate); /* behind a host's name */
	if (failure->source_ip.p && !failure->has_address)
		reading_problem(r, "Source-IP", "`%.*s` is not an IP address",
			(int)(failure->source_ip.n < 100 ? failure->source_ip.n : 100), failure->source_ip.p);
	if (span_number(failurereport_plain(r, failurereport_value(failure, "incidents")), UINT32_MAX, &incidents))
		failure->incidents = incidents;
	/* RFC 6650: an authentication report should be `auth-failure`; OpenDMARC and old OpenDKIM name the mechanism. */
	if (!failure->plain_text)
		failure->dmarc = is_auth_failure(failure->feedback_type) || span_is(failure->feedback_type, SPAN("dmarc")) ||
				 (!failure->feedback_type.p && failure->auth_failure.p);
	outcome = outcome_of(r, failure);
	failure->passed = outcome == AUTHSAID_PASS;
	failure->failed = outcome == AUTHSAID_OTHER;
	failure->identity_rule = identity_rule_of(r, failure, outcome);
	check_dates(r, failure, mail_date);
	check_wanted(r, failure);
}
