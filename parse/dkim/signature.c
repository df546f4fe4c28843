#include "parse/dkim/signature.h"
#include "base/moment.h"
#include "parse/dkim/encoding.h"
#include "parse/dkim/words.h"
#include "parse/dns/orgdomain.h"

void ruling_fault(struct ruling *ruling, enum dkim_reason reason, bool forgiven, struct span detail)
{
	if (ruling->strict == DKIM_REASON_OK) {
		ruling->strict = reason;
		ruling->detail = detail;
	}
	if (!forgiven)
		ruling_historic(ruling, reason);
}

void ruling_historic(struct ruling *ruling, enum dkim_reason reason)
{
	if (ruling->historic == DKIM_REASON_OK)
		ruling->historic = reason;
}

struct reading {
	struct arena *arena;
	struct signature *signature;
};

static void fault(struct reading *r, enum dkim_reason reason, const char *text, struct span value)
{
	ruling_fault(&r->signature->ruling, reason, false, words_join(r->arena, text, value));
}

static void fault_syntax(struct reading *r, const char *text, struct span value)
{
	fault(r, DKIM_REASON_SIG_SYNTAX, text, value);
}

static struct span value_of(const struct reading *r, const char *name)
{
	return taglist_value(&r->signature->tags, name);
}

/* RFC 6376 3.5 v=: exactly "1"; "0.5" is the last draft's. */
static void version_check(struct reading *r)
{
	struct span v = value_of(r, "v");
	bool forgiven = !v.p || span_is(v, SPAN("0.5"));

	if (!v.p)
		ruling_fault(&r->signature->ruling, DKIM_REASON_SIG_SYNTAX, forgiven, SPAN("missing v="));
	else if (!span_is(v, SPAN("1")))
		ruling_fault(&r->signature->ruling, DKIM_REASON_SIG_VERSION, forgiven, words_join(r->arena, "v=", v));
}

static void required_check(struct reading *r)
{
	static const char *const names[] = { "a", "b", "bh", "d", "h", "s" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct span value = value_of(r, names[i]);

		if (!value.p)
			fault_syntax(r, "missing tag", span_of(names[i]));
		else if (value.n == 0)
			fault_syntax(r, "empty tag", span_of(names[i]));
	}
}

static bool octet_is_label(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
		(unsigned char)c >= 0x80;
}

size_t domain_labels(struct span text)
{
	size_t labels = 1, length = 0;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '.' ? length == 0 || text.p[i - 1] == '-' : !octet_is_label(c) || (c == '-' && length == 0))
			return 0;
		labels += c == '.';
		length = c == '.' ? 0 : length + 1;
	}
	return length && text.p[text.n - 1] != '-' ? labels : 0;
}

static struct span alabels(struct reading *r, struct span domain)
{
	char text[DOMAINNAME_TEXT];
	size_t n = domain_alabels(domain, text);

	return n ? arena_copy(r->arena, (struct span){ text, n }) : SPAN_ABSENT;
}

static void domain_read(struct reading *r)
{
	struct span d = value_of(r, "d");

	if (d.n == 0)
		return;
	if (fws_inside(d))
		fault_syntax(r, "white space inside d=", d);
	else if (domain_labels(d) < 2)
		fault_syntax(r, "d= is not a domain:", d);
	else if (!(r->signature->domain = alabels(r, d)).p)
		fault_syntax(r, "d= is not a domain:", d);
}

static void selector_read(struct reading *r)
{
	struct span s = value_of(r, "s");
	struct signature *signature = r->signature;
	char text[2 * DOMAINNAME_TEXT];
	struct span name;

	if (s.n == 0)
		return;
	if (fws_inside(s) || domain_labels(s) == 0) {
		fault_syntax(r, "s= is not a selector:", s);
		return;
	}
	if (!signature->domain.p || s.n + sizeof "._domainkey." - 1 + signature->domain.n > DOMAINNAME_MAX)
		return;
	memcpy(text, s.p, s.n);
	name = (struct span){ text, s.n };
	memcpy(text + name.n, "._domainkey.", sizeof "._domainkey." - 1);
	name.n += sizeof "._domainkey." - 1;
	memcpy(text + name.n, signature->domain.p, signature->domain.n);
	name.n += signature->domain.n;
	name = alabels(r, name);
	if (name.p && domainname_labels_fit(name))
		signature->name = name;
}

static bool digits_only(struct span text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
	return text.n > 0;
}

static struct span zeros_skip(struct span digits)
{
	while (digits.n > 1 && digits.p[0] == '0') {
		digits.p++;
		digits.n--;
	}
	return digits;
}

/* t= and x=: more than twelve digits stand for "never" (RFC 6376 3.5). */
static int64_t moment_read(struct reading *r, const char *tag)
{
	struct span text = value_of(r, tag), digits = zeros_skip(text);
	unsigned long long number;

	if (!text.p)
		return MOMENT_NONE;
	if (!digits_only(text)) {
		fault_syntax(r, "not a number:", (struct span){ tag, 1 });
		return MOMENT_NONE;
	}
	if (digits.n > SIGNATURE_NUMBER_DIGITS || !span_number(digits, INT64_MAX, &number))
		return INT64_MAX;
	return (int64_t)number;
}

static void moments_read(struct reading *r)
{
	struct signature *signature = r->signature;

	signature->t = moment_read(r, "t");
	signature->x = moment_read(r, "x");
	if (signature->t != MOMENT_NONE && signature->x != MOMENT_NONE && signature->x != INT64_MAX &&
		signature->x <= signature->t)
		fault_syntax(r, "x= is not after t=", SPAN_ABSENT);
}

static bool length_read(struct reading *r)
{
	struct signature *signature = r->signature;
	struct span text = value_of(r, "l");
	unsigned long long number;

	if (!text.p)
		return true;
	if (!digits_only(text) || text.n > SIGNATURE_LENGTH_DIGITS) {
		fault_syntax(r, "not a number: l", SPAN_ABSENT);
		return false;
	}
	signature->has_length = true;
	if (!span_number(zeros_skip(text), UINT64_MAX - 1, &number))
		number = UINT64_MAX - 1;
	signature->length = number;
	return true;
}

/* RFC 6376 3.5 h=: names of header fields, printable ASCII; white space around the colons. */
static bool names_read(struct reading *r)
{
	struct signature *signature = r->signature;
	struct span h = value_of(r, "h"), rest = h, name;
	size_t n = 1;
	bool good = true;

	if (h.n == 0)
		return false;
	for (size_t i = 0; i < h.n; i++)
		n += h.p[i] == ':';
	if (n > SIGNATURE_NAMES_MAX) {
		fault_syntax(r, "more names in h= than 5000", SPAN_ABSENT);
		return false;
	}
	signature->names = arena_take(r->arena, n * sizeof *signature->names);
	while (signature->names && taglist_member(&rest, ':', &name)) {
		bool legal = name.n > 0;

		for (size_t i = 0; i < name.n; i++)
			legal = legal && name.p[i] > ' ' && name.p[i] < 0x7f;
		if (!legal)
			fault_syntax(r, "not a field name in h=:", name);
		good = good && legal;
		signature->names[signature->names_n++] = name;
	}
	return good && signature->names;
}

static void blobs_read(struct reading *r)
{
	struct signature *signature = r->signature;
	const struct tag *b = taglist_find(&signature->tags, "b");
	struct span bh = value_of(r, "bh");

	if (b && b->value.n) {
		signature->b = base64_decode(b->value, r->arena);
		signature->b_raw = b->raw;
		if (!signature->b.p)
			fault_syntax(r, "b= is not base64", SPAN_ABSENT);
	}
	if (bh.n) {
		signature->bh = base64_decode(bh, r->arena);
		if (!signature->bh.p)
			fault_syntax(r, "bh= is not base64", SPAN_ABSENT);
	}
}

/* i= (RFC 6376 3.5): [ Local-part ] "@" domain, dkim-quoted-printable; missing means "@" and d=. Compared as A-labels,
 * whole labels only. */
static void identity_read(struct reading *r)
{
	struct signature *signature = r->signature;
	struct span text = value_of(r, "i"), plain, domain;
	const char *at;

	signature->local_part = SPAN("");
	if (!text.p)
		return;
	plain = dkim_qp_decode(text, r->arena);
	at = plain.n ? memrchr(plain.p, '@', plain.n) : NULL;
	if (!at) {
		fault_syntax(r, "i= has no @:", text);
		return;
	}
	signature->local_part = (struct span){ plain.p, (size_t)(at - plain.p) };
	domain = (struct span){ at + 1, plain.n - signature->local_part.n - 1 };
	if (domain_labels(domain) == 0 || !(domain = alabels(r, domain)).p)
		fault_syntax(r, "i= has no domain:", text);
	signature->subdomain = domain.p && signature->domain.p && !span_is(domain, signature->domain);
	if (signature->subdomain && !domainname_is_under(domain, signature->domain))
		fault(r, DKIM_REASON_DOMAIN_MISMATCH, "i= is outside d=:", text);
}

/* q= (RFC 6376 3.5): unknown methods are skipped; "dns" was the drafts' name. */
static void query_check(struct reading *r)
{
	struct span q = value_of(r, "q");

	if (q.p && !taglist_has_member(q, "dns/txt"))
		ruling_fault(&r->signature->ruling, DKIM_REASON_QUERY_METHOD, taglist_has_member(q, "dns"),
			words_join(r->arena, "q=", q));
}

static void from_check(struct reading *r)
{
	const struct signature *signature = r->signature;

	for (size_t i = 0; i < signature->names_n; i++)
		if (span_is_nocase(signature->names[i], SPAN("from")))
			return;
	if (signature->names_n)
		fault(r, DKIM_REASON_FROM_NOT_SIGNED, "h= has no From", SPAN_ABSENT);
}

static void algorithm_check(struct reading *r)
{
	static const struct {
		const char *name;
		enum hash_kind hash;
	} known[] = {
		[ALGORITHM_RSA_SHA1] = { "rsa-sha1", HASH_SHA1 },
		[ALGORITHM_RSA_SHA256] = { "rsa-sha256", HASH_SHA256 },
		[ALGORITHM_ED25519_SHA256] = { "ed25519-sha256", HASH_SHA256 },
	};
	struct signature *signature = r->signature;
	struct span a = value_of(r, "a");

	if (a.n == 0)
		return;
	for (size_t i = ALGORITHM_UNKNOWN + 1; i < sizeof known / sizeof known[0]; i++)
		if (span_is(a, span_of(known[i].name))) {
			signature->algorithm = (enum signature_algorithm)i;
			signature->hash = known[i].hash;
			return;
		}
	fault(r, DKIM_REASON_UNSUPPORTED_ALGORITHM, "a=", a);
}

static bool canon_read(struct span word, enum dkim_canon *canon)
{
	*canon = span_is(word, SPAN("relaxed")) ? CANON_RELAXED : CANON_SIMPLE;
	return *canon == CANON_RELAXED || span_is(word, SPAN("simple"));
}

/* c= (RFC 6376 3.5): one word is the header's, the body's is then simple; missing is simple/simple. */
static void canon_check(struct reading *r)
{
	struct signature *signature = r->signature;
	struct span c = value_of(r, "c"), header = c, body = SPAN("simple");
	const char *slash = c.n ? memchr(c.p, '/', c.n) : NULL;

	signature->canon_known = true;
	if (!c.p)
		return;
	if (slash) {
		header.n = (size_t)(slash - c.p);
		body = (struct span){ slash + 1, c.n - header.n - 1 };
	}
	if (canon_read(header, &signature->header_canon) && canon_read(body, &signature->body_canon))
		return;
	signature->canon_known = false;
	fault(r, DKIM_REASON_UNSUPPORTED_CANON, "c=", c);
}

static void shown_read(struct reading *r)
{
	struct signature *signature = r->signature;

	signature->d = span_compact(value_of(r, "d"), r->arena);
	signature->s = span_compact(value_of(r, "s"), r->arena);
	signature->i = dkim_qp_decode(value_of(r, "i"), r->arena);
	signature->a = span_compact(value_of(r, "a"), r->arena);
	signature->c = span_compact(value_of(r, "c"), r->arena);
	signature->l = span_compact(value_of(r, "l"), r->arena);
	signature->z = value_of(r, "z");
}

/* White space inside a word is no word (RFC 6376 3.2: significant unless the tag says otherwise). */
static void spaces_check(struct reading *r)
{
	static const char *const words[] = { "a", "c" };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (fws_inside(value_of(r, words[i])))
			fault_syntax(r, "white space inside", span_of(words[i]));
}

/* The order of the checks is the order of reasons. */
static void tags_read(struct reading *r)
{
	struct signature *signature = r->signature;
	bool length_good, names_good, hash_fits;

	version_check(r);
	required_check(r);
	spaces_check(r);
	domain_read(r);
	selector_read(r);
	moments_read(r);
	length_good = length_read(r);
	names_good = names_read(r);
	blobs_read(r);
	query_check(r);
	identity_read(r);
	from_check(r);
	algorithm_check(r);
	canon_check(r);
	hash_fits = signature->algorithm && signature->bh.n == hash_octets(signature->hash);
	if (signature->algorithm && signature->bh.p && !hash_fits)
		fault_syntax(r, "bh= has the wrong length", SPAN_ABSENT);
	signature->body_known = signature->canon_known && hash_fits && length_good;
	signature->header_known = signature->canon_known && signature->algorithm && names_good && signature->b.n;
}

bool signature_parse(const struct header *header, size_t index, struct arena *arena, struct signature *signature)
{
	struct reading r = { arena, signature };

	memset(signature, 0, sizeof *signature);
	signature->field = index;
	signature->value = header->fields[index].value;
	signature->t = signature->x = MOMENT_NONE;
	if (taglist_parse(signature->value, true, &signature->tags))
		tags_read(&r);
	else
		fault_syntax(&r, signature->tags.fault, signature->tags.where);
	shown_read(&r);
	if (signature->header_known)
		signature->slots = header_select(header, signature->names, signature->names_n, index, arena);
	return !arena->failed;
}

bool signature_put_own(
	struct buf *out, const struct signature *signature, const struct header *header, struct buf *scratch)
{
	struct span raw = header->fields[signature->field].raw;
	size_t before = (size_t)(signature->b_raw.p - raw.p);

	buf_clear(scratch);
	buf_put(scratch, raw.p, before);
	buf_put(scratch, signature->b_raw.p + signature->b_raw.n, raw.n - before - signature->b_raw.n);
	return !scratch->failed && canon_header(out, signature->header_canon, buf_span(scratch));
}
