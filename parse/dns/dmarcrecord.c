#include "parse/dns/dmarcrecord.h"

#include "base/escape.h"
#include "parse/dkim/encoding.h"
#include "parse/dns/orgdomain.h"

struct tag_row {
	const char *word;
	const char *values;   /* said when a value is not one of them */
	const char *fallback; /* what receivers go on with */
};

static const struct tag_row tags[DMARC_TAG_COUNT] = {
	[DMARC_V] = { "v", "DMARC1", "" },
	[DMARC_P] = { "p", "none, quarantine or reject", "none" },
	[DMARC_SP] = { "sp", "none, quarantine or reject", "none" },
	[DMARC_NP] = { "np", "none, quarantine or reject", "none" },
	[DMARC_ADKIM] = { "adkim", "r or s", "r" },
	[DMARC_ASPF] = { "aspf", "r or s", "r" },
	[DMARC_FO] = { "fo", "0, 1, d or s, with colons between", "0" },
	[DMARC_RUA] = { "rua", "a list of addresses", "" },
	[DMARC_RUF] = { "ruf", "a list of addresses", "" },
	[DMARC_PCT] = { "pct", "a number from 0 to 100", "100" },
	[DMARC_RF] = { "rf", "afrf", "afrf" },
	[DMARC_RI] = { "ri", "a number of seconds", "86400" },
	[DMARC_T] = { "t", "y or n", "n" },
	[DMARC_PSD] = { "psd", "y, n or u", "u" },
};

static const char *const requests[] = {
	[DMARC_REQUEST_ABSENT] = "",
	[DMARC_REQUEST_NONE] = "none",
	[DMARC_REQUEST_QUARANTINE] = "quarantine",
	[DMARC_REQUEST_REJECT] = "reject",
	[DMARC_REQUEST_INVALID] = "?",
};

const char *dmarc_tag_word(enum dmarc_tag tag)
{
	return (unsigned)tag < DMARC_TAG_COUNT ? tags[tag].word : "?";
}

const char *dmarc_tag_values(enum dmarc_tag tag)
{
	return (unsigned)tag < DMARC_TAG_COUNT ? tags[tag].values : "";
}

const char *dmarc_tag_fallback(enum dmarc_tag tag)
{
	return (unsigned)tag < DMARC_TAG_COUNT ? tags[tag].fallback : "";
}

const char *dmarc_request_word(enum dmarc_request request)
{
	return (unsigned)request <= DMARC_REQUEST_INVALID ? requests[request] : "?";
}

enum dmarc_request dmarc_request_weaker(enum dmarc_request request)
{
	return request == DMARC_REQUEST_REJECT ? DMARC_REQUEST_QUARANTINE : DMARC_REQUEST_NONE;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct span trim_blanks(struct span text)
{
	while (text.n && is_blank(text.p[0])) {
		text.p++;
		text.n--;
	}
	while (text.n && is_blank(text.p[text.n - 1]))
		text.n--;
	return text;
}

static struct span cut(struct span text, char separator, struct span *rest)
{
	const char *end = text.n ? memchr(text.p, separator, text.n) : NULL;
	struct span head = { text.p, end ? (size_t)(end - text.p) : text.n };

	*rest = end ? (struct span){ end + 1, text.n - head.n - 1 } : SPAN_ABSENT;
	return head;
}

enum dmarc_tag dmarc_tag_of(struct span name)
{
	for (enum dmarc_tag tag = 0; tag < DMARC_TAG_COUNT; tag++)
		if (span_is_nocase(name, span_of(tags[tag].word)))
			return tag;
	return DMARC_TAG_COUNT;
}

/* Does `text` begin with the name of a known tag and an equals sign? */
static bool starts_with_tag(struct span text)
{
	size_t n = 0;

	while (n < text.n && ((text.p[n] | 0x20) >= 'a' && (text.p[n] | 0x20) <= 'z'))
		n++;
	if (n == 0 || dmarc_tag_of((struct span){ text.p, n }) == DMARC_TAG_COUNT)
		return false;
	while (n < text.n && is_blank(text.p[n]))
		n++;
	return n < text.n && text.p[n] == '=';
}

bool dmarc_border_joins_tags(struct span text, size_t border)
{
	const char *semicolon = border ? memrchr(text.p, ';', border) : NULL;
	struct span before = { semicolon ? semicolon + 1 : text.p, 0 };

	before.n = (size_t)(text.p + border - before.p);
	return before.n && !is_blank(text.p[border - 1]) && memchr(before.p, '=', before.n) &&
	       starts_with_tag((struct span){ text.p + border, text.n - border });
}

/* The part of a value that is a tag of its own behind a forgotten semicolon; absent when there is none. */
static struct span hidden_tag(struct span value)
{
	for (size_t i = 1; i < value.n; i++) {
		struct span rest = { value.p + i, value.n - i };

		if (is_blank(value.p[i - 1]) && starts_with_tag(rest))
			return rest;
	}
	return SPAN_ABSENT;
}

static struct dmarc_term term_read(struct span text)
{
	struct dmarc_term term = { .tag = DMARC_TAG_COUNT };
	struct span rest;

	term.name = trim_blanks(cut(text, '=', &rest));
	term.value = rest.p ? trim_blanks(rest) : SPAN_ABSENT;
	if (rest.p)
		term.tag = dmarc_tag_of(term.name);
	return term;
}

bool dmarc_text_counts(struct span text)
{
	struct span rest;
	struct dmarc_term term = term_read(cut(text, ';', &rest));

	return text.n && !is_blank(text.p[0]) && term.tag == DMARC_V && span_is(term.value, SPAN("DMARC1"));
}

bool dmarc_text_intended(struct span text)
{
	if (span_starts_nocase(trim_blanks(text), SPAN("v=spf")))
		return false;
	for (struct span rest = text; rest.p;) {
		struct dmarc_term term = term_read(cut(rest, ';', &rest));
		struct span name = term.name;

		while (name.n && (name.p[0] == '"' || (unsigned char)name.p[0] > 127)) {
			name.p++;
			name.n--;
		}
		if (span_is_nocase(name, SPAN("v")) && span_starts_nocase(term.value, SPAN("DMARC")))
			return true;
		if (term.tag == DMARC_P)
			for (size_t i = DMARC_REQUEST_NONE; i <= DMARC_REQUEST_REJECT; i++)
				if (span_starts_nocase(term.value, span_of(requests[i])))
					return true;
	}
	return false;
}

/* --- reading values --- */

struct reader {
	struct arena *arena;
	struct dmarc_record *record;
	bool failed;
};

static void flaw_at(struct reader *r, enum finding_code code, struct span place, const char *word)
{
	struct flaw flaw = {
		.code = code, .at = (size_t)(place.p - r->record->text.p), .n = place.n, .word = span_of(word)
	};

	if (!flaw_add(r->arena, &r->record->flaws, flaw))
		r->failed = true;
}

static bool request_read(struct span value, enum dmarc_request *request)
{
	for (size_t i = DMARC_REQUEST_NONE; i <= DMARC_REQUEST_REJECT; i++)
		if (span_is_nocase(value, span_of(requests[i]))) {
			*request = (enum dmarc_request)i;
			return true;
		}
	*request = DMARC_REQUEST_INVALID;
	return false;
}

/* One letter of `letters`, without case. */
static bool letter_read(struct span value, const char *letters, char *letter)
{
	char c = value.n == 1 ? (char)(value.p[0] | 0x20) : '\0';

	if (c == '\0' || !strchr(letters, c))
		return false;
	*letter = c;
	return true;
}

static bool flag_read(struct span value, const char *letters, bool *second)
{
	char letter;

	if (!letter_read(value, letters, &letter))
		return false;
	*second = letter == letters[1];
	return true;
}

static bool fo_read(struct span value, unsigned *fo)
{
	unsigned bits = 0;

	for (struct span rest = value; rest.p;) {
		struct span option = trim_blanks(cut(rest, ':', &rest));
		static const char letters[] = "01ds";
		const char *letter = option.n == 1 ? strchr(letters, option.p[0] | 0x20) : NULL;

		if (option.n == 1 && (option.p[0] == '0' || option.p[0] == '1'))
			letter = strchr(letters, option.p[0]);
		if (!letter || !*letter)
			return false;
		bits |= 1u << (letter - letters);
	}
	*fo = bits;
	return true;
}

static bool number_read(struct span value, unsigned long long max, unsigned long long *number)
{
	return value.n <= 10 && span_number(value, max, number);
}

/* `!10m` at the end (RFC 7489 6.4); what stands before it remains. */
static struct span size_limit_cut(struct span uri)
{
	size_t n = uri.n;

	if (n && strchr("kmgtKMGT", uri.p[n - 1]) && uri.p[n - 1])
		n--;
	if (n == 0 || uri.p[n - 1] < '0' || uri.p[n - 1] > '9')
		return uri;
	while (n && uri.p[n - 1] >= '0' && uri.p[n - 1] <= '9')
		n--;
	return n && uri.p[n - 1] == '!' ? (struct span){ uri.p, n - 1 } : uri;
}

static bool uri_octets(struct span text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c <= ' ' || c > 126 || strchr("\"<>\\^`{|}", c))
			return false;
	}
	return true;
}

/* What a mailto URI may have before its `@` (RFC 6068 2): a dot-atom, or quotation marks written with %. Its rarer octets
 * are let through unencoded, as everybody does. */
static bool local_part_valid(struct span local)
{
	for (size_t i = 0; i < local.n; i++) {
		bool first = i == 0, last = i + 1 == local.n;

		if (memchr("@()[]:,", local.p[i], 7) || (local.p[i] == '.' && (first || last || local.p[i + 1] == '.')))
			return false;
		if (local.p[i] == '%' &&
			(i + 2 >= local.n || hex_value(local.p[i + 1]) < 0 || hex_value(local.p[i + 2]) < 0))
			return false;
	}
	return local.n > 0;
}

static bool has_scheme(struct span text)
{
	size_t n = 0;

	while (n < text.n && (((text.p[n] | 0x20) >= 'a' && (text.p[n] | 0x20) <= 'z') ||
				     (n && strchr("0123456789+-.", text.p[n]) && text.p[n])))
		n++;
	return n && n < text.n && text.p[n] == ':';
}

/* local-part@domain without ?headers. The host is what follows the last @, up to a `!` that is no size limit. */
static bool address_read(struct span text, struct dmarc_uri *uri)
{
	struct span rest, address = cut(text, '?', &rest);
	size_t at = address.n;
	const char *mark;

	while (at && address.p[at - 1] != '@')
		at--;
	if (at < 2 || address.p[0] == '/')
		return false;
	mark = memchr(address.p + at, '!', address.n - at);
	if (mark)
		address.n = (size_t)(mark - address.p);
	uri->host = (struct span){ address.p + at, address.n - at };
	uri->address = address;
	if (domainname_usable(uri->host) && domainname_labels(uri->host) > 1)
		return true;
	uri->host = uri->address = SPAN_ABSENT;
	return false;
}

/* Octets no record may have. */
static void octets_judge(struct reader *r, struct span text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		size_t start = i;
		bool quote;

		if (c == '"') {
			flaw_at(r, FINDING_TEXT_QUOTE, (struct span){ text.p + i, 1 }, NULL);
			continue;
		}
		if ((c >= ' ' && c <= 126) || c == '\t')
			continue;
		while (i + 1 < text.n && ((unsigned char)text.p[i + 1] > 126 || (unsigned char)text.p[i + 1] < ' '))
			i++;
		/* U+2018 .. U+201F: what word processors make of " and ' */
		quote = i - start >= 2 && memcmp(text.p + start, "\xe2\x80", 2) == 0 &&
			((unsigned char)text.p[start + 2] & 0xf8) == 0x98;
		flaw_at(r, quote ? FINDING_TEXT_QUOTE : FINDING_TEXT_OCTET,
			(struct span){ text.p + start, i - start + 1 }, NULL);
	}
}

/* No address: because of a quotation mark, or altogether. */
static void uri_refuse(struct reader *r, struct dmarc_uri *uri)
{
	const char *quote = memchr(uri->text.p, '"', uri->text.n);

	uri->address = uri->host = SPAN_ABSENT;
	if (quote)
		flaw_at(r, FINDING_TEXT_QUOTE, (struct span){ quote, 1 }, NULL);
	else
		flaw_at(r, FINDING_DMARC_URI, uri->text, NULL);
}

/* Letters of another alphabet, or what came along when the address was copied out of a page. */
static void foreign_host_judge(struct reader *r, struct dmarc_uri *uri)
{
	char text[DOMAINNAME_TEXT];

	if (domain_alabels(uri->host, text)) {
		flaw_at(r, FINDING_DMARC_URI_IDN, uri->text, NULL);
		return;
	}
	octets_judge(r, uri->text);
	uri->address = uri->host = SPAN_ABSENT;
}

static void mailto_judge(struct reader *r, struct dmarc_uri *uri, struct span rest)
{
	struct span local;

	if (!address_read(rest, uri)) {
		uri_refuse(r, uri);
		return;
	}
	local = (struct span){ rest.p, (size_t)(uri->host.p - rest.p) - 1 };
	if (!uri_octets(local) || !local_part_valid(local)) {
		uri_refuse(r, uri);
	} else if (!domainname_is_ascii(uri->host)) {
		foreign_host_judge(r, uri);
	} else if (memchr(rest.p, '!', rest.n)) {
		flaw_at(r, FINDING_DMARC_URI_ESCAPE, uri->text, NULL);
	} else if (!domainname_is_host(uri->host)) {
		uri_refuse(r, uri);
	} else {
		uri->valid = uri_octets(rest);
		if (!uri->valid)
			uri_refuse(r, uri);
		else if (uri->host.p[uri->host.n - 1] == '.') /* RFC 5321 4.1.2: a Domain has none */
			flaw_at(r, FINDING_DMARC_URI_DOT, uri->text, NULL);
	}
}

static struct dmarc_uri uri_read(struct reader *r, struct span text)
{
	struct dmarc_uri uri = { .text = text };
	struct span bare = trim_blanks(size_limit_cut(text));
	long second = span_find_nocase((struct span){ text.p + (text.n > 1), text.n - (text.n > 1) }, SPAN("mailto:"));

	if (second == 0 && text.p[0] == '"') {
		uri_refuse(r, &uri);
		return uri;
	}
	if (second >= 0) {
		struct span late = { text.p + 1 + second, text.n - 1 - (size_t)second };

		flaw_at(r, FINDING_DMARC_URI_SEPARATOR, late, NULL);
		return uri;
	}
	if (bare.n < text.n)
		flaw_at(r, FINDING_DMARC_URI_SIZE, (struct span){ bare.p + bare.n, text.n - bare.n }, NULL);
	if (span_starts_nocase(bare, SPAN("mailto:"))) {
		mailto_judge(r, &uri, (struct span){ bare.p + 7, bare.n - 7 });
	} else if (has_scheme(bare) && uri_octets(bare)) {
		uri.valid = true;
		flaw_at(r, FINDING_DMARC_URI_SCHEME, text, NULL);
	} else if (!has_scheme(bare) && address_read(bare, &uri) && uri_octets(bare)) {
		uri.host = SPAN_ABSENT;
		flaw_at(r, FINDING_DMARC_URI_SCHEME_MISSING, text, NULL);
	} else {
		uri_refuse(r, &uri);
	}
	return uri;
}

static void uris_read(struct reader *r, struct span value, struct dmarc_uris *uris)
{
	size_t room = 1;
	bool idle = false;

	for (size_t i = 0; i < value.n; i++)
		room += value.p[i] == ',';
	room = room < DMARC_URIS_MAX ? room : DMARC_URIS_MAX;
	uris->rows = arena_take(r->arena, room * sizeof(*uris->rows));
	if (!uris->rows) {
		r->failed = true;
		return;
	}
	for (struct span rest = value; rest.p && uris->n < room;) {
		struct span text = trim_blanks(cut(rest, ',', &rest));

		if (text.n)
			uris->rows[uris->n++] = uri_read(r, text);
		else
			idle = true;
	}
	if (uris->n == 0)
		flaw_at(r, FINDING_DMARC_URI, value, NULL);
	else if (idle)
		flaw_at(r, FINDING_DMARC_URI_COMMA, value, NULL);
}

/* Stores what the tag says. False: the value is none that it may have. */
static bool value_read(struct reader *r, const struct dmarc_term *term)
{
	struct dmarc_record *record = r->record;
	unsigned long long number = 0;
	bool valid = true;

	switch (term->tag) {
	case DMARC_P:
		return request_read(term->value, &record->p);
	case DMARC_SP:
		return request_read(term->value, &record->sp);
	case DMARC_NP:
		return request_read(term->value, &record->np);
	case DMARC_ADKIM:
		return flag_read(term->value, "rs", &record->strict_dkim);
	case DMARC_ASPF:
		return flag_read(term->value, "rs", &record->strict_spf);
	case DMARC_T:
		return flag_read(term->value, "ny", &record->test);
	case DMARC_PSD:
		return letter_read(term->value, "ynu", &record->psd);
	case DMARC_FO:
		return fo_read(term->value, &record->fo);
	case DMARC_PCT:
		valid = number_read(term->value, 100, &number);
		record->pct = valid ? (unsigned)number : record->pct;
		return valid;
	case DMARC_RI:
		valid = number_read(term->value, UINT32_MAX, &number);
		record->ri = valid ? (uint32_t)number : record->ri;
		return valid;
	case DMARC_RUA:
		uris_read(r, term->value, &record->rua);
		return true;
	case DMARC_RUF:
		uris_read(r, term->value, &record->ruf);
		return true;
	default:
		return true;
	}
}

/* --- reading terms --- */

const struct dmarc_term *dmarc_term_given(const struct dmarc_record *record, enum dmarc_tag tag)
{
	for (size_t i = 0; i < record->terms_n; i++)
		if (record->terms[i].tag == tag)
			return &record->terms[i];
	return NULL;
}

struct span dmarc_term_span(const struct dmarc_term *term)
{
	struct span last = term->value.p ? term->value : term->name;

	return (struct span){ term->name.p, (size_t)(last.p + last.n - term->name.p) };
}

static void value_judge(struct reader *r, struct dmarc_term *term)
{
	static const char *const fallback_words[] = { "p", "sp", "np" };
	struct span hidden = hidden_tag(term->value);
	bool list = term->tag == DMARC_RUA || term->tag == DMARC_RUF;

	if (hidden.p && term->tag != DMARC_V)
		flaw_at(r, FINDING_DMARC_SEMICOLON, hidden, NULL);
	if (hidden.p && list)
		term->value = trim_blanks((struct span){ term->value.p, (size_t)(hidden.p - term->value.p) });
	term->valid = value_read(r, term) && !(hidden.p && list);
	if (term->valid || hidden.p)
		return;
	if (term->tag == DMARC_P || term->tag == DMARC_SP || term->tag == DMARC_NP)
		flaw_at(r, FINDING_DMARC_P_VALUE, term->value, fallback_words[term->tag - DMARC_P]);
	else
		flaw_at(r, FINDING_DMARC_VALUE, term->value.n ? term->value : term->name, tags[term->tag].word);
}

/* `whole` is the term as it stands, `index` counts terms that are not empty. */
static void term_judge(struct reader *r, struct dmarc_term *term, struct span whole)
{
	const struct dmarc_term *before = dmarc_term_given(r->record, term->tag);

	if (!term->value.p) {
		if (span_starts_nocase(whole, SPAN("mailto:")))
			flaw_at(r, FINDING_DMARC_URI_SEPARATOR, whole, NULL);
		else
			flaw_at(r, FINDING_DMARC_TERM, whole, NULL);
		return;
	}
	if (term->tag != DMARC_RUA && term->tag != DMARC_RUF) /* those of an address are judged with it */
		octets_judge(r, whole);
	if (term->tag == DMARC_TAG_COUNT) {
		flaw_at(r, FINDING_DMARC_TAG_UNKNOWN, term->name.n ? term->name : whole, NULL);
		return;
	}
	if (before) {
		flaw_at(r, FINDING_DMARC_TAG_TWICE, whole, NULL);
		return;
	}
	value_judge(r, term);
	if (term->tag == DMARC_RF || term->tag == DMARC_RI)
		flaw_at(r, FINDING_DMARC_TAG_RETIRED, whole, NULL);
}

static void version_judge(struct reader *r)
{
	const struct dmarc_record *record = r->record;
	const struct dmarc_term *first = record->terms_n ? &record->terms[0] : NULL;
	const struct dmarc_term *version = dmarc_term_given(record, DMARC_V);
	struct span hidden = version ? hidden_tag(version->value) : SPAN_ABSENT;
	struct span place;

	if (record->is_dmarc)
		return;
	if (!version) {
		flaw_at(r, FINDING_DMARC_VERSION_MISSING, (struct span){ record->text.p, 0 }, NULL);
		return;
	}
	place = dmarc_term_span(version);
	if (hidden.p) {
		flaw_at(r, FINDING_DMARC_SEMICOLON, hidden, NULL);
		place.n = (size_t)(trim_blanks((struct span){ place.p, (size_t)(hidden.p - place.p) }).n);
		version = NULL;
	}
	if (first->tag != DMARC_V || memchr(record->text.p, ';', (size_t)(place.p - record->text.p)))
		flaw_at(r, FINDING_DMARC_VERSION_LATE, place, NULL);
	else if (version && !span_is(version->value, SPAN("DMARC1")))
		flaw_at(r, FINDING_DMARC_VERSION_WRONG, place, NULL);
	if (record->text.n && is_blank(record->text.p[0]))
		flaw_at(r, FINDING_DMARC_BLANK_FIRST, (struct span){ record->text.p, 1 }, NULL);
}

static void flaws_sort(struct flaws *flaws)
{
	for (size_t i = 1; i < flaws->n; i++)
		for (size_t j = i; j && flaws->rows[j].at < flaws->rows[j - 1].at; j--) {
			struct flaw swap = flaws->rows[j];

			flaws->rows[j] = flaws->rows[j - 1];
			flaws->rows[j - 1] = swap;
		}
}

/* A record within quotation marks counts for nobody; what it was meant to say is read all the same. */
static struct span unquoted(struct reader *r, struct span text)
{
	if (text.n == 0 || text.p[0] != '"')
		return text;
	flaw_at(r, FINDING_TEXT_QUOTE, (struct span){ text.p, 1 }, NULL);
	text.p++;
	text.n--;
	if (text.n && text.p[text.n - 1] == '"') {
		flaw_at(r, FINDING_TEXT_QUOTE, (struct span){ text.p + text.n - 1, 1 }, NULL);
		text.n--;
	}
	return text;
}

static void terms_read(struct reader *r)
{
	struct dmarc_record *record = r->record;

	for (struct span rest = unquoted(r, record->text); rest.p;) {
		struct span whole = trim_blanks(cut(rest, ';', &rest));
		struct dmarc_term *term = &record->terms[record->terms_n];

		if (whole.n == 0)
			continue;
		if (record->terms_n == DMARC_TERMS_MAX) {
			flaw_at(r, FINDING_TEXT_MANY, whole, NULL);
			return;
		}
		*term = term_read(whole);
		term_judge(r, term, whole);
		record->terms_n++;
		if (term->tag == DMARC_P && record->terms_n != 2 && record->is_dmarc &&
			dmarc_term_given(record, DMARC_P) == term)
			flaw_at(r, FINDING_DMARC_P_LATE, whole, NULL);
	}
}

bool dmarc_record_parse(struct span text, struct arena *arena, struct dmarc_record *record)
{
	struct reader r = { .arena = arena, .record = record };
	size_t room = 1;

	*record = (struct dmarc_record){
		.text = text.p ? text : SPAN(""),
		.is_dmarc = dmarc_text_counts(text),
		.fo = DMARC_FO_ALL,
		.pct = 100,
		.ri = 86400,
		.psd = 'u',
	};
	for (size_t i = 0; i < text.n; i++)
		room += text.p[i] == ';';
	room = room < DMARC_TERMS_MAX + 1 ? room : DMARC_TERMS_MAX + 1;
	record->terms = arena_take(arena, room * sizeof(*record->terms));
	if (!record->terms)
		return false;
	terms_read(&r);
	version_judge(&r);
	flaws_sort(&record->flaws);
	return !r.failed;
}

/* --- what receivers make of it --- */

static bool reports_wanted(const struct dmarc_record *record)
{
	for (size_t i = 0; i < record->rua.n; i++)
		if (record->rua.rows[i].valid)
			return true;
	return false;
}

static bool request_given(enum dmarc_request request)
{
	return request != DMARC_REQUEST_ABSENT && request != DMARC_REQUEST_INVALID;
}

struct dmarc_reading dmarc_record_reading(const struct dmarc_record *record, enum dmarc_generation generation)
{
	bool newer = generation == DMARC_RFC9989;
	struct dmarc_reading reading = {
		.use = DMARC_USE_FULL,
		.domain = DMARC_REQUEST_NONE,
		.subdomain = DMARC_REQUEST_NONE,
		.nonexistent = DMARC_REQUEST_NONE,
		.pct = newer ? 100 : record->pct,
	};

	if (!record->is_dmarc) {
		reading.use = DMARC_USE_INVISIBLE;
		return reading;
	}
	if (!request_given(record->p) || record->sp == DMARC_REQUEST_INVALID ||
		(newer && record->np == DMARC_REQUEST_INVALID)) {
		reading.use = reports_wanted(record) ? DMARC_USE_NONE : DMARC_USE_DEAD;
		return reading;
	}
	reading.domain = record->p;
	reading.subdomain = request_given(record->sp) ? record->sp : record->p;
	reading.nonexistent = newer && request_given(record->np) ? record->np : reading.subdomain;
	reading.lowered = newer && record->test;
	return reading;
}

enum dmarc_request dmarc_reading_effective(const struct dmarc_reading *reading, enum dmarc_request request)
{
	return reading->lowered || reading->pct < 100 ? dmarc_request_weaker(request) : request;
}

/* --- writing what was meant --- */

static bool run_has(struct span run, char octet)
{
	return run.n && memchr(run.p, octet, run.n) != NULL;
}

/* The octets of a blank at the front, or of the one that pages and documents put in its place (U+00A0). */
static size_t blank_octets(struct span text)
{
	if (text.n && is_blank(text.p[0]))
		return 1;
	return text.n > 1 && memcmp(text.p, "\xc2\xa0", 2) == 0 ? 2 : 0;
}

/* The text with separators where they belong, without quotes and control octets. */
static void text_repair(struct span text, struct buf *out)
{
	for (size_t i = 0; i < text.n;) {
		struct span rest = { text.p + i, text.n - i }, run = { rest.p, 0 };
		char last = out->n ? out->p[out->n - 1] : ';';
		uint32_t code;
		size_t step;

		while ((step = blank_octets((struct span){ rest.p + run.n, rest.n - run.n })) ||
			(run.n < rest.n && rest.p[run.n] == ';'))
			run.n += step ? step : 1;
		rest.p += run.n;
		rest.n -= run.n;
		i += run.n;
		if (run.n && span_starts_nocase(rest, SPAN("mailto:")) && !strchr("=,;", last))
			buf_put_byte(out, ',');
		else if (run_has(run, ';') || (run.n && last != '=' && starts_with_tag(rest)))
			buf_put_byte(out, ';');
		else if (run.n && !strchr("=,;", last))
			buf_put_byte(out, ' ');
		if (run.n || rest.n == 0)
			continue;
		step = utf8_next(rest, &code);
		if (step && code >= ' ' && code != '"' && code != 0x7f && (code & ~7u) != 0x2018 &&
			!code_is_unsafe(code))
			buf_put(out, rest.p, step);
		i += step ? step : 1;
	}
}

static void put_tag(struct buf *out, enum dmarc_tag tag, const char *value)
{
	buf_printf(out, "; %s=%s", tags[tag].word, value);
}

static void put_uris(struct buf *out, enum dmarc_tag tag, const struct dmarc_uris *uris)
{
	bool some = false;

	for (size_t i = 0; i < uris->n; i++) {
		const struct dmarc_uri *uri = &uris->rows[i];
		char host[DOMAINNAME_TEXT];
		size_t at = uri->address.n;

		while (at && uri->address.p[at - 1] != '@')
			at--;
		if (uri->address.p ? !domain_alabels((struct span){ uri->address.p + at, uri->address.n - at }, host) : !uri->valid)
			continue;
		buf_printf(out, some ? "," : "; %s=", tags[tag].word);
		some = true;
		if (!uri->address.p) {
			buf_put_span(out, size_limit_cut(uri->text));
			continue;
		}
		buf_put_text(out, "mailto:");
		for (size_t j = 0; j < at; j++)
			if (uri->address.p[j] == '!')
				buf_put_text(out, "%21");
			else
				buf_put_byte(out, (unsigned char)uri->address.p[j]);
		buf_put_text(out, host);
	}
}

static void put_fo(struct buf *out, unsigned fo)
{
	const char *between = "";

	if (fo & DMARC_FO_ANY)
		fo &= ~(unsigned)DMARC_FO_ALL;
	buf_put_text(out, "; fo=");
	for (unsigned i = 0; i < 4; i++)
		if (fo & 1u << i) {
			buf_printf(out, "%s%c", between, "01ds"[i]);
			between = ":";
		}
}

static void put_record(struct buf *out, const struct dmarc_record *record)
{
	enum dmarc_request p = request_given(record->p) ? record->p : DMARC_REQUEST_NONE;
	bool trial = record->test && p != DMARC_REQUEST_NONE;

	buf_put_text(out, "v=DMARC1");
	put_tag(out, DMARC_P, requests[p]);
	if (request_given(record->sp))
		put_tag(out, DMARC_SP, requests[record->sp]);
	if (request_given(record->np))
		put_tag(out, DMARC_NP, requests[record->np]);
	if (trial)
		buf_put_text(out, "; t=y; pct=0");
	else if (record->pct < 100 && p != DMARC_REQUEST_NONE)
		buf_printf(out, "; pct=%u", record->pct);
	put_uris(out, DMARC_RUA, &record->rua);
	put_uris(out, DMARC_RUF, &record->ruf);
	if (record->ruf.n && record->fo != DMARC_FO_ALL)
		put_fo(out, record->fo);
	if (record->strict_dkim)
		put_tag(out, DMARC_ADKIM, "s");
	if (record->strict_spf)
		put_tag(out, DMARC_ASPF, "s");
	if (record->psd != 'u')
		put_tag(out, DMARC_PSD, record->psd == 'y' ? "y" : "n");
}

bool dmarc_record_correct(struct span text, struct buf *out)
{
	struct arena arena = ARENA((size_t)4 * 1024 * 1024);
	struct buf repaired = BUF((size_t)2 * 65536);
	struct dmarc_record record;
	bool good = false;

	text_repair(text, &repaired);
	if (!repaired.failed && dmarc_record_parse(buf_span(&repaired), &arena, &record)) {
		put_record(out, &record);
		good = !out->failed;
	}
	arena_release(&arena);
	buf_release(&repaired);
	return good;
}
