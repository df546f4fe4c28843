#include "parse/authresults.h"
#include "parse/dns/orgdomain.h"

#include <string.h>

#define VALUE_OCTETS ((size_t)16 * 1024) /* a longer field is nobody's border */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The end of what begins at `i`: a comment with all comments in it, a quoted-string, a quoted pair, or one octet
 * (RFC 5322 3.2). */
static size_t piece_end(struct span text, size_t i)
{
	size_t depth = 0;
	bool quoted = false;

	if (text.p[i] != '\\' && text.p[i] != '"' && text.p[i] != '(')
		return i + 1;
	do {
		char c = text.p[i];

		if (c == '\\' && i + 1 < text.n)
			i++;
		else if (c == '"' && !depth)
			quoted = !quoted;
		else if (c == '(' && !quoted)
			depth++;
		else if (c == ')' && depth)
			depth--;
		i++;
	} while (i < text.n && (depth || quoted));
	return i;
}

/* Cuts the part before the next semicolon off the front of *rest. */
static bool part_next(struct span *rest, struct span *part)
{
	size_t n = 0;

	if (!rest->n)
		return false;
	while (n < rest->n && rest->p[n] != ';')
		n = piece_end(*rest, n);
	*part = (struct span){ rest->p, n };
	n += n < rest->n;
	*rest = (struct span){ rest->p + n, rest->n - n };
	return true;
}

/* A part with a blank for each comment and each end of line. */
static struct span part_plain(struct span part, struct arena *arena)
{
	char *plain = arena_take(arena, part.n + 1);
	size_t n = 0;

	if (!plain)
		return SPAN_ABSENT;
	for (size_t i = 0, end; i < part.n; i = end) {
		end = piece_end(part, i);
		if (part.p[i] == '(' || is_blank(part.p[i])) {
			plain[n++] = ' ';
		} else if (end == i + 1) {
			plain[n++] = part.p[i];
		} else {
			memcpy(plain + n, part.p + i, end - i);
			n += end - i;
		}
	}
	return (struct span){ plain, n };
}

/* A word up to a blank or, where `stop` is one, an equals sign; a quoted-string without its quotes. */
static struct span word_take(struct span *rest, char stop)
{
	struct span word;
	size_t n = 0;

	*rest = span_trim(*rest);
	while (n < rest->n && !is_blank(rest->p[n]) && (!stop || rest->p[n] != stop))
		n = piece_end(*rest, n);
	word = (struct span){ rest->p, n };
	*rest = span_trim((struct span){ rest->p + n, rest->n - n });
	if (word.n >= 2 && word.p[0] == '"' && word.p[word.n - 1] == '"')
		word = (struct span){ word.p + 1, word.n - 2 };
	return word;
}

/* The next `name = value`; a word without a value has an absent one. */
static bool pair_take(struct span *rest, struct span *name, struct span *value)
{
	*name = word_take(rest, '=');
	*value = SPAN_ABSENT;
	if (rest->n && rest->p[0] == '=') {
		*rest = (struct span){ rest->p + 1, rest->n - 1 };
		*value = word_take(rest, '\0');
	}
	return name->n || value->p;
}

/* `example.org` of `example.org`, `@example.org` and `somebody@example.org` */
static struct span identity_domain(struct span identity)
{
	const char *at = identity.n ? memrchr(identity.p, '@', identity.n) : NULL;

	return at ? (struct span){ at + 1, (size_t)(identity.p + identity.n - at) - 1 } : identity;
}

static bool asks_for_more_than_none(struct span policy)
{
	return span_starts_nocase(policy, SPAN("quarantine")) || span_starts_nocase(policy, SPAN("reject"));
}

/* The published policy as many servers add it in a comment: `dmarc=fail (p=reject sp=none dis=none)`. */
static bool comment_enforces(struct span part)
{
	static const struct span names[] = { SPAN("p="), SPAN("policy=") };

	for (size_t i = 0, end; i < part.n; i = end) {
		end = piece_end(part, i);
		for (size_t at = i + 1; part.p[i] == '(' && at < end; at++)
			for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
				struct span here = { part.p + at, end - at };

				if ((is_blank(here.p[-1]) || here.p[-1] == '(' || here.p[-1] == ';') &&
					span_starts_nocase(here, names[k]) &&
					asks_for_more_than_none(
						(struct span){ here.p + names[k].n, here.n - names[k].n }))
					return true;
			}
	}
	return false;
}

/* `dkim = pass`, `dkim/1=pass`, `dkim / 1 = pass`: the front of what one method says. Of another version nothing is known. */
static bool result_take(struct span *rest, struct span *method, struct span *result)
{
	struct span version = SPAN_ABSENT;
	const char *slash;

	*method = word_take(rest, '=');
	slash = method->n ? memchr(method->p, '/', method->n) : NULL;
	if (slash) {
		version = (struct span){ slash + 1, (size_t)(method->p + method->n - slash) - 1 };
		method->n -= version.n + 1;
	} else if (rest->n && rest->p[0] == '/') {
		version = (struct span){ rest->p, 0 };
		*rest = (struct span){ rest->p + 1, rest->n - 1 };
	}
	if (version.p && !version.n)
		version = word_take(rest, '=');
	if (!method->n || (version.p && !span_is(version, SPAN("1"))) || !rest->n || rest->p[0] != '=')
		return false;
	*rest = (struct span){ rest->p + 1, rest->n - 1 };
	*result = word_take(rest, '\0');
	return result->n > 0;
}

/* What one method says: `dkim=pass (2048-bit key) header.d=example.org`. */
static void method_read(struct span part, struct span from_domain, struct arena *arena, struct authresults *results)
{
	struct span rest = part_plain(part, arena), method, result, name, value;
	struct span signer = SPAN_ABSENT, agent = SPAN_ABSENT, sender = SPAN_ABSENT, policy = SPAN_ABSENT;

	if (!result_take(&rest, &method, &result))
		return;
	while (pair_take(&rest, &name, &value)) {
		if (span_is_nocase(name, SPAN("header.d")))
			signer = value;
		else if (span_is_nocase(name, SPAN("header.i")))
			agent = value;
		else if (span_is_nocase(name, SPAN("smtp.mailfrom")))
			sender = value;
		else if (span_is_nocase(name, SPAN("policy.dmarc")))
			policy = value;
	}
	if (span_is_nocase(method, SPAN("dkim")) && span_is_nocase(result, SPAN("pass")))
		results->dkim |= domain_aligned(identity_domain(signer.n ? signer : agent), from_domain, false);
	if (span_is_nocase(method, SPAN("spf")) && span_is_nocase(result, SPAN("pass")))
		results->spf |= domain_aligned(identity_domain(sender), from_domain, false);
	if (span_is_nocase(method, SPAN("dmarc")) && span_is_nocase(result, SPAN("fail")))
		results->refused |= asks_for_more_than_none(policy) || comment_enforces(part);
}

struct authresults authresults_read(struct span value, struct span from_domain, struct arena *arena)
{
	struct authresults results = { .authserv_id = SPAN_ABSENT };
	struct span rest = value, part, id, version;

	if (value.n > VALUE_OCTETS || !part_next(&rest, &part))
		return results;
	part = part_plain(part, arena);
	id = word_take(&part, '=');
	if (part.n && part.p[0] == '=') /* seen: no authserv-id, the first method follows at once */
		return results;
	version = word_take(&part, '\0');
	if (!id.n || part.n || (version.n && !span_is(version, SPAN("1"))))
		return results;
	results.authserv_id = id;
	while (part_next(&rest, &part))
		method_read(part, from_domain, arena, &results);
	return results;
}

/* `mx.example.org 2`: what follows has a grammar that is not known (RFC 8601 2.2). Free text behind the name is seen, too. */
static bool has_other_version(struct span value, struct arena *arena)
{
	struct span part, version;

	if (value.n > VALUE_OCTETS || !part_next(&value, &part))
		return false;
	part = part_plain(part, arena);
	word_take(&part, '=');
	version = word_take(&part, '=');
	for (size_t i = 0; i < version.n; i++)
		if (version.p[i] < '0' || version.p[i] > '9')
			return false;
	return version.n && !part.n && !span_is(version, SPAN("1"));
}

enum authsaid authresults_said(struct span value, struct span method, struct arena *arena)
{
	enum authsaid said = AUTHSAID_NOTHING;
	struct span rest = value, part;

	if (has_other_version(value, arena))
		return said;
	while (value.n <= VALUE_OCTETS && part_next(&rest, &part)) {
		struct span plain = part_plain(part, arena), name, result;

		if (!result_take(&plain, &name, &result) || !span_is_nocase(name, method))
			continue;
		if (span_is_nocase(result, SPAN("pass")))
			return AUTHSAID_PASS;
		said = AUTHSAID_OTHER;
	}
	return said;
}
