#include "parse/dns/spfrecord.h"

#include "parse/dns/domainname.h"

enum spf_argument {
	ARGUMENT_NONE,
	ARGUMENT_DOMAIN,
	ARGUMENT_DOMAIN_OPTIONAL,
	ARGUMENT_DOMAIN_CIDR,
	ARGUMENT_IP4,
	ARGUMENT_IP6
};

static const struct {
	const char *word;
	enum spf_kind kind;
	enum spf_argument argument;
	bool looks_up;
} mechanisms[] = {
	{ "all", SPF_ALL, ARGUMENT_NONE, false },
	{ "include", SPF_INCLUDE, ARGUMENT_DOMAIN, true },
	{ "a", SPF_A, ARGUMENT_DOMAIN_CIDR, true },
	{ "mx", SPF_MX, ARGUMENT_DOMAIN_CIDR, true },
	{ "ptr", SPF_PTR, ARGUMENT_DOMAIN_OPTIONAL, true },
	{ "ip4", SPF_IP4, ARGUMENT_IP4, false },
	{ "ip6", SPF_IP6, ARGUMENT_IP6, false },
	{ "exists", SPF_EXISTS, ARGUMENT_DOMAIN, true },
};

bool spf_word_is_mechanism(struct span word)
{
	for (size_t i = 0; i < sizeof(mechanisms) / sizeof(*mechanisms); i++)
		if (span_is_nocase(word, span_of(mechanisms[i].word)))
			return true;
	return false;
}

struct reader {
	struct arena *arena;
	struct spf_record *record;
	bool failed;
};

static bool is_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool spf_text_counts(struct span text)
{
	return span_starts_nocase(text, SPAN("v=spf1")) && (text.n == 6 || text.p[6] == ' ');
}

bool spf_text_intended(struct span text)
{
	static const char *const starts[] = { "spf1 ", "spf2.0/", "v=spf", "v:spf", "=spf1" };

	while (text.n &&
		(text.p[0] == ' ' || text.p[0] == '\t' || text.p[0] == '"' || (unsigned char)text.p[0] > 127)) {
		text.p++;
		text.n--;
	}
	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		if (span_starts_nocase(text, span_of(starts[i])))
			return true;
	if (text.n == 0 || (text.p[0] | 0x20) != 'v')
		return false;
	for (text.p++, text.n--; text.n && (text.p[0] == ' ' || text.p[0] == '='); text.p++, text.n--)
		;
	return span_starts_nocase(text, SPAN("spf"));
}

/* A syntax error; returns false so that it can end a reader. */
static bool broken(struct reader *r, enum finding_code code, struct span place, const char *word)
{
	struct flaw flaw = {
		.code = code, .at = (size_t)(place.p - r->record->text.p), .n = place.n, .word = span_of(word)
	};

	r->record->valid = false;
	if (!flaw_add(r->arena, &r->record->flaws, flaw))
		r->failed = true;
	return false;
}

/* `%{ir2.-}` at the start of `text` (RFC 7208 7.1): its length, or 0. A number of parts to keep is not 0 (7.3). */
static size_t macro_length(struct span text, bool in_exp)
{
	size_t n = 3, zeros = 0;

	if (text.n >= 2 && strchr("%_-", text.p[1]) && text.p[1])
		return 2;
	if (text.n < 4 || text.p[1] != '{' || !text.p[2] ||
		!strchr(in_exp ? "slodiphvcrt" : "slodiphv", text.p[2] | 0x20))
		return 0;
	for (; n < text.n && is_digit(text.p[n]); n++)
		zeros += zeros == n - 3 && text.p[n] == '0';
	if (zeros && zeros == n - 3)
		return 0;
	if (n < text.n && (text.p[n] | 0x20) == 'r')
		n++;
	while (n < text.n && text.p[n] && strchr(".-+,/_=", text.p[n]))
		n++;
	return n < text.n && text.p[n] == '}' ? n + 1 : 0;
}

/* macro-string: sets `macros` when a part depends on the message, `ends_in_macro` for the end of a domain-spec. */
static bool macro_string(struct reader *r, struct span text, bool in_exp, bool *macros, bool *ends_in_macro)
{
	*macros = *ends_in_macro = false;
	for (size_t i = 0, step; i < text.n; i += step) {
		unsigned char c = (unsigned char)text.p[i];

		step = 1;
		*ends_in_macro = false;
		if (c == '%') {
			struct span rest = { text.p + i, text.n - i };

			step = macro_length(rest, in_exp);
			if (step == 0)
				return broken(r, FINDING_SPF_MACRO, rest, NULL);
			*ends_in_macro = true;
			*macros = true;
		} else if (c > 126) {
			return broken(r, FINDING_SPF_IDN, text, NULL);
		} else if (c <= ' ') {
			return broken(r, FINDING_TEXT_OCTET, (struct span){ text.p + i, 1 }, NULL);
		}
	}
	return true;
}

/* toplabel of RFC 7208 7.1: letters, digits and hyphens, not digits only, no hyphen at either end. */
static bool is_toplabel(struct span label)
{
	bool digits = true;

	for (size_t i = 0; i < label.n; i++) {
		if (!is_letter(label.p[i]) && !is_digit(label.p[i]) && label.p[i] != '-')
			return false;
		digits &= is_digit(label.p[i]);
	}
	return label.n && !digits && label.p[0] != '-' && label.p[label.n - 1] != '-';
}

static bool domain_spec(struct reader *r, struct spf_term *term, struct span text)
{
	bool ends_in_macro;

	term->domain = text;
	if (text.n == 0)
		return broken(r, FINDING_SPF_DOMAIN, term->text, NULL);
	if (!macro_string(r, text, term->kind == SPF_EXP, &term->macros, &ends_in_macro))
		return false;
	if (ends_in_macro)
		return true;
	if (domainname_labels(text) < 2 || !is_toplabel(domainname_last(text, 1)))
		return broken(r, FINDING_SPF_DOMAIN, term->text, NULL);
	return term->macros || (domainname_usable(text) && domainname_labels_fit(text)) ||
		broken(r, FINDING_SPF_DOMAIN, term->text, NULL);
}

/* Where the digits at the end of `text` begin. */
static size_t digits_start(struct span text)
{
	size_t n = text.n;

	while (n && is_digit(text.p[n - 1]))
		n--;
	return n;
}

static bool prefix_read(struct reader *r, struct span digits, unsigned max, uint8_t *prefix)
{
	unsigned long long number;

	if (digits.n == 0 || (digits.n > 1 && digits.p[0] == '0') || !span_number(digits, max, &number))
		return broken(r, FINDING_SPF_PREFIX, (struct span){ digits.p - 1, digits.n + 1 }, NULL);
	*prefix = (uint8_t)number;
	return true;
}

/* dual-cidr-length at the end of an `a` or `mx` argument; cut off. */
static bool dual_cidr(struct reader *r, struct spf_term *term, struct span *text)
{
	size_t start = digits_start(*text);

	if (start >= 2 && text->p[start - 1] == '/' && text->p[start - 2] == '/') {
		if (!prefix_read(r, (struct span){ text->p + start, text->n - start }, 128, &term->prefix6))
			return false;
		text->n = start - 2;
		start = digits_start(*text);
	}
	if (start >= 1 && text->p[start - 1] == '/') {
		if (!prefix_read(r, (struct span){ text->p + start, text->n - start }, 32, &term->prefix4))
			return false;
		text->n = start - 1;
	}
	return true;
}

/* A slash that is left over outside a macro was meant as the size of a network. */
static bool no_slash(struct reader *r, struct span text)
{
	bool in_macro = false;

	for (size_t i = 0; i < text.n; i++) {
		in_macro = text.p[i] == '{' || (in_macro && text.p[i] != '}');
		if (text.p[i] == '/' && !in_macro)
			return broken(r, FINDING_SPF_PREFIX, (struct span){ text.p + i, text.n - i }, NULL);
	}
	return true;
}

static bool network(struct reader *r, struct spf_term *term, struct span text, bool six)
{
	const char *slash = text.n ? memchr(text.p, '/', text.n) : NULL;
	struct span address = { text.p, slash ? (size_t)(slash - text.p) : text.n };
	bool plain = address.n && (is_digit(address.p[0]) || address.p[0] == ':' || is_letter(address.p[0]));

	if (!plain || !address_parse(address, &term->address) || (memchr(address.p, ':', address.n) != NULL) != six)
		return broken(r, FINDING_SPF_ADDRESS, address.n ? address : term->text, six ? "IPv6" : "IPv4");
	if (!slash)
		return true;
	return prefix_read(r, (struct span){ slash + 1, text.n - address.n - 1 }, six ? 128 : 32,
		six ? &term->prefix6 : &term->prefix4);
}

/* `argument` begins with the `:` or `/` behind the name, or is empty. */
static bool argument_read(struct reader *r, struct spf_term *term, enum spf_argument wanted, struct span argument)
{
	bool colon = argument.n && argument.p[0] == ':';
	struct span value = colon ? (struct span){ argument.p + 1, argument.n - 1 } : argument;

	switch (wanted) {
	case ARGUMENT_NONE:
		return argument.n == 0 || broken(r, FINDING_SPF_TERM, term->text, NULL);
	case ARGUMENT_IP4:
	case ARGUMENT_IP6:
		if (!colon)
			return broken(r, FINDING_SPF_ADDRESS, term->text, wanted == ARGUMENT_IP6 ? "IPv6" : "IPv4");
		return network(r, term, value, wanted == ARGUMENT_IP6);
	case ARGUMENT_DOMAIN_CIDR:
		if (!dual_cidr(r, term, &value) || !no_slash(r, value))
			return false;
		break;
	case ARGUMENT_DOMAIN_OPTIONAL:
	case ARGUMENT_DOMAIN:
		if (argument.n && !colon)
			return broken(r, FINDING_SPF_TERM, term->text, NULL);
		break;
	}
	if (!colon && wanted != ARGUMENT_DOMAIN)
		return true;
	return domain_spec(r, term, value);
}

static bool mechanism_read(struct reader *r, struct spf_term *term, struct span name, struct span argument)
{
	for (size_t i = 0; i < sizeof(mechanisms) / sizeof(*mechanisms); i++) {
		if (!span_is_nocase(name, span_of(mechanisms[i].word)))
			continue;
		term->kind = mechanisms[i].kind;
		term->looks_up = mechanisms[i].looks_up;
		return argument_read(r, term, mechanisms[i].argument, argument);
	}
	return broken(r, FINDING_SPF_TERM, term->text, NULL);
}

static bool modifier_read(struct reader *r, struct spf_term *term, struct span name, struct span value)
{
	bool macros, ends_in_macro;
	static const struct span once[] = { { "redirect", 8 }, { "exp", 3 } };

	for (size_t i = 0; i < 2; i++) {
		if (!span_is_nocase(name, once[i]))
			continue;
		term->kind = i ? SPF_EXP : SPF_REDIRECT;
		term->looks_up = i == 0;
		for (size_t j = 0; j < r->record->n; j++)
			if (r->record->terms[j].kind == term->kind)
				return broken(r, FINDING_SPF_TWICE, term->text, NULL);
		return domain_spec(r, term, value);
	}
	term->kind = SPF_MODIFIER;
	for (size_t i = 0; i < name.n; i++)
		if (!is_letter(name.p[i]) && (i == 0 || (!is_digit(name.p[i]) && !memchr("-_.", name.p[i], 3))))
			return broken(r, FINDING_SPF_TERM, term->text, NULL);
	return macro_string(r, value, true, &macros, &ends_in_macro);
}

static bool term_read(struct reader *r, struct spf_term *term, struct span text)
{
	struct span rest = text;
	size_t n = 0;

	*term = (struct spf_term){ .kind = SPF_BROKEN, .qualifier = '+', .text = text, .prefix4 = 32, .prefix6 = 128 };
	if (memchr("+-?~", text.p[0], 4)) {
		term->qualifier = text.p[0];
		rest.p++;
		rest.n--;
	}
	while (n < rest.n && !memchr(":/=", rest.p[n], 3))
		n++;
	if (n < rest.n && rest.p[n] == '=') {
		if (rest.n < text.n || n == 0)
			return broken(r, FINDING_SPF_TERM, text, NULL);
		return modifier_read(
			r, term, (struct span){ rest.p, n }, (struct span){ rest.p + n + 1, rest.n - n - 1 });
	}
	return mechanism_read(r, term, (struct span){ rest.p, n }, (struct span){ rest.p + n, rest.n - n });
}

static struct span word_next(struct span *rest)
{
	struct span word;

	while (rest->n && rest->p[0] == ' ') {
		rest->p++;
		rest->n--;
	}
	word = (struct span){ rest->p, 0 };
	while (word.n < rest->n && word.p[word.n] != ' ')
		word.n++;
	rest->p += word.n;
	rest->n -= word.n;
	return word;
}

static void terms_read(struct reader *r, struct span rest)
{
	struct spf_record *record = r->record;

	for (struct span word = word_next(&rest); word.n; word = word_next(&rest)) {
		struct spf_term *term = &record->terms[record->n];

		if (record->n == SPF_TERMS_MAX) {
			broken(r, FINDING_TEXT_MANY, word, NULL);
			return;
		}
		if (!term_read(r, term, word))
			term->kind = SPF_BROKEN;
		if (term->kind == SPF_ALL && record->all == SPF_NO_TERM)
			record->all = record->n;
		if (term->kind == SPF_REDIRECT)
			record->redirect = record->n;
		record->n++;
	}
	if (record->all != SPF_NO_TERM)
		record->redirect = SPF_NO_TERM;
}

bool spf_record_parse(struct span text, struct arena *arena, struct spf_record *record)
{
	struct reader r = { .arena = arena, .record = record };
	struct span rest = text;
	size_t room = 1;

	*record = (struct spf_record){
		.text = text.p ? text : SPAN(""),
		.valid = true,
		.all = SPF_NO_TERM,
		.redirect = SPF_NO_TERM,
	};
	for (size_t i = 0; i < text.n; i++)
		room += text.p[i] == ' ';
	room = room < SPF_TERMS_MAX + 1 ? room : SPF_TERMS_MAX + 1;
	record->terms = arena_take(arena, room * sizeof(*record->terms));
	if (!record->terms)
		return false;
	if (spf_text_counts(text))
		rest = (struct span){ text.p + 6, text.n - 6 };
	else
		broken(&r, FINDING_SPF_VERSION, (struct span){ record->text.p, text.n < 8 ? text.n : 8 }, NULL);
	if (spf_text_counts(text))
		terms_read(&r, rest);
	return !r.failed;
}
