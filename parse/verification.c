#include "parse/verification.h"
#include "parse/authresults.h"
#include "parse/border.h"
#include "parse/dkim/diagnose.h"
#include "parse/dkim/dkim.h"
#include "parse/dkim/words.h"
#include "parse/dns/orgdomain.h"
#include "parse/failurereport.h"
#include "parse/keyanswer.h"
#include "parse/keymemory.h"
#include "parse/transfer.h"

#define MESSAGE_MAX ((size_t)16 * 1024 * 1024) /* larger ones are verified, but not diagnosed */
#define KEYS_MAX DKIM_SIGNATURES_MAX

struct verifying {
	struct reading *r;
	struct dkim *dkim;
	struct key_source keys[KEYS_MAX];
	size_t keys_n;
	struct authresults border;
	const struct failure *failure; /* for DKIM-Selector-DNS */
	struct span reported;	       /* the record in it, where it is another one than is known; absent */
	size_t reported_at;	       /* the name that it is of */
};

static struct dkim *verifier(struct reading *r)
{
	bool enforce = r->asked->flags & PARSE_GRANULARITY;
	struct dkim_options options = { .names = DKIM_SIGNATURES_MAX,
		.header = r->limits->header,
		.enforce_granularity = enforce,
		.aligned = domain_aligned };

	if (!r->parser->dkim[enforce])
		r->parser->dkim[enforce] = dkim_new(&options);
	if (!r->parser->dkim[enforce]) {
		r->full = true;
		fault_set(&r->fault, FAULT_LATER, "out of memory");
	}
	return r->parser->dkim[enforce];
}

/* The content of quoted-strings (RFC 5322 3.2.4) one after another, as a record of several strings is shown, without the comments
 * around them; the text itself when it is not quoted. */
static struct span unquote(struct reading *r, struct span text)
{
	struct span copy = arena_copy(&r->parser->arena, text);
	bool quoted = false, some = false;
	char *p = (char *)copy.p;
	unsigned depth = 0;
	size_t n = 0;

	for (size_t i = 0; i < copy.n; i++) {
		char c = p[i];

		if (c == '\\' && i + 1 < copy.n)
			c = p[++i];
		else if (c == '"' && !depth) {
			quoted = !quoted;
			some = true;
			continue;
		} else if (!quoted && (c == '(' || (c == ')' && depth))) {
			depth += c == '(' ? 1 : -1u;
			continue;
		}
		if (quoted)
			p[n++] = c;
	}
	return some ? (struct span){ p, n } : text;
}

/* `selector._domainkey.domain` as the report names it; absent when it names none. */
static struct span reported_name(struct reading *r, const struct failure *failure)
{
	struct span selector = failurereport_plain(r, failurereport_value(failure, "dkim-selector"));
	struct span domain = domainname_undress(failurereport_plain(r, failurereport_value(failure, "dkim-domain")));

	if (!selector.n || !domain.n)
		return SPAN_ABSENT;
	domain.n -= domain.n > 1 && domain.p[domain.n - 1] == '.';
	return words_printf(&r->parser->arena, "%.*s._domainkey.%.*s", (int)(selector.n < 256 ? selector.n : 256), selector.p,
		(int)(domain.n < 256 ? domain.n : 256), domain.p);
}

static bool answer_is_reported(const struct key_answer *key, struct span reported)
{
	for (size_t i = 0; i < key->answer.n; i++)
		if (span_is(key->answer.records[i], reported))
			return true;
	return false;
}

/* The report's own copy of the key (failure-report.md 6): compared with what is known, and kept where it is another one. */
static void reported_key_find(struct verifying *v, size_t at, struct span name, struct key_answer *key)
{
	struct reading *r = v->r;
	struct span text = v->failure ? failurereport_value(v->failure, "dkim-selector-dns") : SPAN_ABSENT;

	if (!text.n || !span_is_nocase(name, reported_name(r, v->failure)))
		return;
	text = unquote(r, text);
	if (key->answer.kind == DKIM_ANSWER_RECORDS && answer_is_reported(key, text))
		return;
	if (key->answer.kind == DKIM_ANSWER_RECORDS)
		reading_problem(r, "DKIM-Selector-DNS", "the reporter saw another key record than the one known here");
	else
		key->origin = KEY_REPORTED;
	v->reported = text;
	v->reported_at = at;
}

/* Silence of any kind is a temporary failure: the verdict may be asked for again. */
static struct key_answer key_ask(struct verifying *v, struct span name)
{
	struct parser *parser = v->r->parser;
	struct span known = keymemory_find(parser->keys, name);
	struct buf answer = BUF(ANSWER_MAX);
	struct key_answer key;

	if (!known.p && feedback_ask(v->r->feedback, name, &answer))
		known = buf_span(&answer);
	if (!known.p || !keyanswer_get(arena_copy(&parser->arena, known), &parser->arena, &key))
		key = (struct key_answer){ .answer.kind = DKIM_ANSWER_TEMPFAIL, .seen = MOMENT_NONE };
	else if (answer.p && key.answer.kind != DKIM_ANSWER_TEMPFAIL)
		keymemory_keep(parser->keys, name, known);
	buf_release(&answer);
	return key;
}

static void keys_ask(struct verifying *v)
{
	const struct span *names;
	size_t n = dkim_names(v->dkim, &names);
	size_t most = v->r->asked->flags & PARSE_ALL_NAMES ? KEYS_MAX : DKIM_NAMES_MAX;

	for (size_t i = 0; i < n && i < most; i++) {
		struct key_answer key = key_ask(v, names[i]);

		dkim_answer(v->dkim, i, &key.answer);
		reported_key_find(v, i, names[i], &key);
		v->keys[v->keys_n++] = (struct key_source){ arena_copy(&v->r->parser->arena, names[i]), key.origin, key.seen,
			key.secure };
	}
}

/* Tags are octets that a stranger wrote: a fact's text is UTF-8. */
static void verdicts_utf8(struct reading *r, struct dkim_verdicts *verdicts)
{
	for (size_t i = 0; i < verdicts->n; i++) {
		struct dkim_verdict *v = &verdicts->signatures[i];
		struct span *texts[] = { &v->d, &v->s, &v->i, &v->a, &v->c, &v->l, &v->domain, &v->name, &v->detail, &v->g,
			&v->extra_instances };

		for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
			*texts[k] = reading_utf8(r, *texts[k]);
		for (size_t k = 0; v->diagnosis && k < v->diagnosis->steps_n; k++) {
			v->diagnosis->steps[k].where = reading_utf8(r, v->diagnosis->steps[k].where);
			v->diagnosis->steps[k].found = reading_utf8(r, v->diagnosis->steps[k].found);
			v->diagnosis->steps[k].before = reading_utf8(r, v->diagnosis->steps[k].before);
		}
		if (v->diagnosis)
			v->diagnosis->sentence = reading_utf8(r, v->diagnosis->sentence);
	}
	for (size_t i = 0; i < verdicts->domainkeys_n; i++) {
		struct dkim_domainkey *key = &verdicts->domainkeys[i];
		struct span *texts[] = { &key->a, &key->c, &key->d, &key->s, &key->q, &key->h };

		for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
			*texts[k] = reading_utf8(r, *texts[k]);
	}
	verdicts->from_domain = reading_utf8(r, verdicts->from_domain);
}

/* Is the body hash a fact although the sample seems to have no body? Where none was signed (l=0), where one follows all the same,
 * and where the sample claims to be whole and the signed body was empty. */
static bool body_is_known(const struct dkim_verdict *v, const struct sample_hints *known)
{
	return v->body_hash == DKIM_MATCH && (known->whole || v->body_length || span_is(v->l, SPAN("0")));
}

static bool reason_is_of_body(enum dkim_reason reason)
{
	return reason == DKIM_REASON_OK || reason == DKIM_REASON_BODY_HASH_MISMATCH || reason == DKIM_REASON_BODY_TOO_SHORT ||
	       reason == DKIM_REASON_SIGNATURE_MISMATCH;
}

/* Without the body its hash says nothing; the header's does: bh= stands in a signed field (failure-report.md 6). */
static void verdict_without_body(struct reading *r, struct dkim_verdict *v)
{
	bool header_good = v->header_hash == DKIM_MATCH || (v->diagnosis && v->diagnosis->header_undone);

	v->body_hash = DKIM_UNKNOWN;
	v->has_body_length = false;
	v->body_length = v->unsigned_octets = 0;
	if (!reason_is_of_body(v->reason))
		return;
	if (v->reason != DKIM_REASON_SIGNATURE_MISMATCH)
		v->detail = SPAN_ABSENT; /* of the body */
	v->reason = header_good ? DKIM_REASON_HEADERS_ONLY : DKIM_REASON_SIGNATURE_MISMATCH;
	v->has_historic = false;
	if (!v->diagnosis)
		v->diagnosis = arena_take(&r->parser->arena, sizeof *v->diagnosis);
	if (!v->diagnosis || !header_good)
		return;
	v->diagnosis->undone = v->diagnosis->body_undone = false;
	v->diagnosis->sentence = v->header_hash == DKIM_MATCH ?
					 SPAN("cannot be decided: the sample holds headers only; the header is "
					      "proven original") :
					 SPAN("cannot be decided: the sample holds headers only; the header is original "
					      "once its changes are undone");
}

static void verdicts_without_body(struct reading *r, const struct sample_hints *known, struct dkim_verdicts *verdicts)
{
	verdicts->result = DKIM_NONE;
	for (size_t i = 0; i < verdicts->n; i++) {
		enum dkim_result result;

		if (!body_is_known(&verdicts->signatures[i], known))
			verdict_without_body(r, &verdicts->signatures[i]);
		result = dkim_reason_rows[verdicts->signatures[i].reason].result;
		if (verdicts->result == DKIM_NONE || result < verdicts->result)
			verdicts->result = result;
	}
}

static struct dkim_bounds sample_bounds(const struct limits *limits)
{
	return (struct dkim_bounds){ .candidates = limits->guesses,
		.hashed = limits->hashed,
		.verifications = limits->guesses / 100 + 1,
		.signatures = limits->diagnosed };
}

/* A report mail broken by the owner's own gateway: tag and banner are found within a few thousand guesses. */
static struct dkim_bounds mail_bounds(const struct limits *limits)
{
	return (struct dkim_bounds){ .candidates = limits->guesses / 10 + 1,
		.hashed = limits->hashed / 8 + 1,
		.verifications = limits->guesses / 1000 + 1,
		.signatures = limits->diagnosed };
}

static void verification_put(struct verifying *v, enum verified of, int64_t at, struct dkim_verdicts *verdicts)
{
	struct verification verification = { of, at, verdicts, v->keys, v->keys_n, v->border };

	verdicts_utf8(v->r, verdicts);
	reading_put(v->r, feedback_put_verification(v->r->feedback, &verification));
}

/* Feeds a stream; what fits into MESSAGE_MAX stays in `message`, for the clock and the diagnosis. */
static bool feed_stream(struct verifying *v, struct stream *s, struct buf *message)
{
	char chunk[32768];
	ssize_t got;

	dkim_begin(v->dkim);
	while ((got = s->read(s, chunk, sizeof chunk)) > 0) {
		if (!dkim_feed(v->dkim, chunk, (size_t)got))
			return false;
		buf_put(message, chunk, (size_t)got);
	}
	return got == 0 && dkim_end(v->dkim);
}

static struct span first_field(struct span message, const char *name)
{
	struct span wanted = span_of(name);

	while (message.n) {
		char *end = memchr(message.p, '\n', message.n);
		struct span line = { message.p, end ? (size_t)(end - message.p) : message.n };

		if (span_trim(line).n == 0)
			break;
		if (line.n > wanted.n && line.p[wanted.n] == ':' && span_starts_nocase(line, wanted))
			return (struct span){ line.p + wanted.n + 1, message.n - wanted.n - 1 };
		message.p += line.n + (end != NULL);
		message.n -= line.n + (end != NULL);
	}
	return SPAN_ABSENT;
}

/* The value of a field with its folds. */
static struct span field_unfolded(struct span value)
{
	size_t n = 0;

	while (n < value.n) {
		char *end = memchr(value.p + n, '\n', value.n - n);

		n = end ? (size_t)(end - value.p) : value.n;
		if (n + 1 >= value.n || (value.p[n + 1] != ' ' && value.p[n + 1] != '\t'))
			break;
		n++;
	}
	return (struct span){ value.p, n };
}

/* When the mail arrived: the date of its top Received field (behind the last semicolon), else its Date. */
static int64_t message_moment(struct span header)
{
	struct span received = field_unfolded(first_field(header, "Received")), date = first_field(header, "Date");
	const char *semicolon = received.p ? memrchr(received.p, ';', received.n) : NULL;
	int64_t moment;

	if (semicolon &&
		moment_parse_mail((struct span){ semicolon + 1, (size_t)(received.p + received.n - semicolon) - 1 }, &moment))
		return moment;
	if (date.p && moment_parse_mail(field_unfolded(date), &moment))
		return moment;
	return MOMENT_NONE;
}

static bool some_fails(const struct dkim_verdicts *verdicts)
{
	for (size_t i = 0; i < verdicts->n; i++)
		if (dkim_reason_rows[verdicts->signatures[i].reason].result == DKIM_PASS)
			return false;
	return verdicts->n > 0;
}

/* The topmost field only: what one's own border adds stands above all that came from outside. */
static struct authresults border_results(struct reading *r, struct span header, struct span from_domain)
{
	struct span value = field_unfolded(first_field(header, "Authentication-Results"));
	struct authresults results = authresults_read(value, from_domain, &r->parser->arena);

	results.authserv_id = reading_utf8(r, results.authserv_id);
	return results;
}

static bool some_waits(const struct dkim_verdicts *verdicts)
{
	for (size_t i = 0; i < verdicts->n; i++)
		if (dkim_reason_rows[verdicts->signatures[i].reason].result == DKIM_TEMPERROR)
			return true;
	return false;
}

bool verification_of_mail(struct reading *r, int fd, uint64_t offset, uint64_t length)
{
	struct verifying v = { .r = r, .dkim = verifier(r) };
	struct buf message = BUF(MESSAGE_MAX);
	struct dkim_verdicts verdicts = { 0 };
	struct dkim_bounds bounds = mail_bounds(r->limits);
	struct either_stream octets;
	bool waits = false;
	int64_t at;

	if (!v.dkim || !feed_stream(&v, reading_octets(r, &octets, fd, offset, length), &message))
		goto out;
	at = message_moment(buf_span(&message));
	keys_ask(&v);
	if (!dkim_verdicts(v.dkim, at, &verdicts))
		goto out;
	if (some_fails(&verdicts) && !message.failed)
		dkim_diagnose(v.dkim, buf_span(&message), NULL, &bounds, &verdicts);
	v.border = border_results(r, buf_span(&message), verdicts.from_domain);
	if (verdicts.n || verdicts.domainkeys_n || verdicts.from_fields || v.border.authserv_id.n)
		verification_put(&v, VERIFIED_MAIL, at, &verdicts);
	waits = some_waits(&verdicts);
	dkim_verdicts_release(&verdicts);
out:
	buf_release(&message);
	return waits;
}

void verification_of_message(struct reading *r, int fd, uint64_t offset, uint64_t length)
{
	struct verifying v = { .r = r, .dkim = verifier(r) };
	struct buf message = BUF(MESSAGE_MAX);
	struct dkim_verdicts verdicts = { 0 };
	struct dkim_bounds bounds = sample_bounds(r->limits);
	struct either_stream octets;
	int64_t at = r->asked->at;

	if (!v.dkim || !feed_stream(&v, reading_octets(r, &octets, fd, offset, length), &message))
		goto out;
	if (!(r->asked->flags & PARSE_AT))
		at = message_moment(buf_span(&message));
	keys_ask(&v);
	if (!dkim_verdicts(v.dkim, at, &verdicts))
		goto out;
	if ((r->asked->flags & PARSE_EXPLAIN) && !message.failed)
		dkim_diagnose(v.dkim, buf_span(&message), NULL, &bounds, &verdicts);
	verification_put(&v, VERIFIED_MAIL, at, &verdicts);
	dkim_verdicts_release(&verdicts);
out:
	buf_release(&message);
}

static struct span base64_field(struct reading *r, const struct failure *failure, const char *name)
{
	struct span text = failurereport_value(failure, name);
	struct base64_stream base64;
	struct span_stream octets;
	struct buf out = BUF(MESSAGE_MAX);
	struct span copy = SPAN_ABSENT;
	ssize_t got;

	if (!text.n)
		return SPAN_ABSENT;
	span_stream_init(&octets, text);
	base64_stream_init(&base64, &octets.stream);
	while (buf_reserve(&out, 8192) && (got = base64.stream.read(&base64.stream, out.p + out.n, 8192)) > 0)
		buf_grew(&out, (size_t)got);
	if (out.n)
		copy = arena_copy(&r->parser->arena, (struct span){ out.p, out.n });
	buf_release(&out);
	return copy;
}

/* Addresses that the report names unredacted, to fill in what the sample has blackened. */
static size_t hint_addresses(const struct failure *failure, struct span *addresses, size_t most)
{
	size_t n = 0;

	for (size_t i = 0; i < failure->fields_n && n < most; i++)
		if (span_is(failure->fields[i].name, SPAN("original-rcpt-to")) ||
			span_is(failure->fields[i].name, SPAN("original-mail-from")))
			addresses[n++] = failure->fields[i].value;
	return n;
}

static bool sample_judge(struct verifying *v, struct span sample, int64_t at, const struct sample_hints *known,
	const struct dkim_hints *hints, struct dkim_verdicts *verdicts)
{
	struct dkim_bounds bounds = sample_bounds(v->r->limits);

	if (!dkim_verdicts(v->dkim, at, verdicts))
		return false;
	dkim_diagnose(v->dkim, sample, hints, &bounds, verdicts);
	if (known->headers_only)
		verdicts_without_body(v->r, known, verdicts);
	return true;
}

/* What a signature would be by the report's own copy of the key; absent when that copy does not fit either. */
static struct span reported_key_say(const struct dkim_verdict *v)
{
	if (v->reason == DKIM_REASON_OK)
		return SPAN("valid");
	if (v->diagnosis && v->diagnosis->undone)
		return v->diagnosis->sentence;
	if (v->header_hash == DKIM_MATCH)
		return SPAN("made of the header as it stands");
	return SPAN_ABSENT;
}

/* Anybody can write a failure report, and a key into it. So that key decides nothing: a signature that no key known here proves is
 * judged as without it, and what it would be by that key is said beside. */
static void reported_key_try(struct verifying *v, struct span sample, int64_t at, const struct sample_hints *known,
	const struct dkim_hints *hints, struct dkim_verdicts *verdicts)
{
	struct dkim_answer answer = { DKIM_ANSWER_RECORDS, &v->reported, 1 };
	struct arena *arena = &v->r->parser->arena;
	struct dkim_verdicts shown = { 0 };

	dkim_answer(v->dkim, v->reported_at, &answer);
	if (sample_judge(v, sample, at, known, hints, &shown))
		for (size_t i = 0; i < verdicts->n && i < shown.n; i++) {
			struct dkim_verdict *verdict = &verdicts->signatures[i];
			struct span said = reported_key_say(&shown.signatures[i]), first;

			if (verdict->reason == DKIM_REASON_OK || !said.p ||
				!span_is(verdict->name, v->keys[v->reported_at].name))
				continue;
			if (!verdict->diagnosis)
				verdict->diagnosis = arena_take(arena, sizeof *verdict->diagnosis);
			if (!verdict->diagnosis)
				break;
			first = verdict->diagnosis->sentence;
			verdict->diagnosis->sentence = words_printf(arena, "%.*s%sby the key that the report shows, which nobody "
				"proves, the signature is %.*s", (int)first.n, first.n ? first.p : "", first.n ? "; " : "",
				(int)said.n, said.p);
		}
	dkim_verdicts_release(&shown);
}

void verification_of_sample(struct reading *r, struct span sample, const struct sample_hints *known)
{
	struct verifying v = { .r = r, .dkim = verifier(r), .failure = known->failure };
	struct span addresses[32];
	struct dkim_hints hints = { base64_field(r, known->failure, "dkim-canonicalized-header"),
		base64_field(r, known->failure, "dkim-canonicalized-body"), addresses,
		hint_addresses(known->failure, addresses, sizeof addresses / sizeof *addresses) };
	struct dkim_verdicts verdicts = { 0 };
	int64_t at = known->arrived != MOMENT_NONE ? known->arrived : message_moment(sample);

	if (!v.dkim)
		return;
	dkim_begin(v.dkim);
	if (!dkim_feed(v.dkim, sample.p, sample.n) || !dkim_end(v.dkim))
		return;
	keys_ask(&v);
	if (!sample_judge(&v, sample, at, known, &hints, &verdicts))
		return;
	if (v.reported.p)
		reported_key_try(&v, sample, at, known, &hints, &verdicts);
	verification_put(&v, VERIFIED_SAMPLE, at, &verdicts);
	dkim_verdicts_release(&verdicts);
}
