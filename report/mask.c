#include "report/mask.h"
#include "base/escape.h"

#define HIDDEN "***"
#define MASK_OCTETS ((size_t)16 * 1024 * 1024)

static bool in_local_part(unsigned char c)
{
	return c > ' ' && c != 127 && !memchr("<>()[]{},;:\\\"`|", c, 15);
}

/* Where the quoted local part begins that ends before `end`; `end` when it is not one. */
static size_t quote_begin(struct span text, size_t end)
{
	size_t i = end;

	if (!i || text.p[i - 1] != '"')
		return end;
	for (i--; i && text.p[i - 1] != '"';)
		i--;
	return i ? i - 1 : end;
}

/* Where the local part begins whose at sign stands at `at`; white space and comments may lie between (RFC 5322 4.4).
 * One in a URL begins behind what separates its pieces. */
static size_t local_begin(struct span text, size_t at)
{
	const bool url = text.p[at] == '%';
	size_t i = at, quote;

	while (i && (text.p[i - 1] == ' ' || text.p[i - 1] == '\t'))
		i--;
	quote = quote_begin(text, i);
	if (quote < i)
		return quote;
	if (i && !in_local_part((unsigned char)text.p[i - 1]))
		while (i && !memchr(" \t<>,;:", text.p[i - 1], 7))
			i--;
	while (i && in_local_part((unsigned char)text.p[i - 1])) {
		if (url && memchr("/?&=#", text.p[i - 1], 5))
			break;
		if (i > 1 && text.p[i - 1] == '/' && text.p[i - 2] == '/')
			break;
		i--;
	}
	return i;
}

/* Length of the next at sign, also as URLs and VERP write it; 0 when `text` begins with none. */
static size_t at_sign(struct span text)
{
	if (text.n && text.p[0] == '@')
		return 1;
	return span_starts_nocase(text, SPAN("%40")) ? 3 : 0;
}

static void put_local(struct buf *out, struct span local)
{
	uint32_t code;
	size_t quote = local.n && local.p[0] == '"', n;

	local.p += quote;
	local.n -= quote;
	n = utf8_next(local, &code);
	if (local.n > 1)
		buf_put(out, local.p, n ? n : 1);
	buf_put_text(out, HIDDEN);
}

static void text_put(struct buf *out, struct span text)
{
	size_t from = 0; /* what stands before is written */

	for (size_t i = 0; i < text.n; i++) {
		size_t sign = at_sign((struct span){ text.p + i, text.n - i }), begin;

		if (!sign)
			continue;
		begin = local_begin(text, i);
		if (begin < from)
			begin = from;
		buf_put(out, text.p + from, begin - from);
		if (begin < i)
			put_local(out, (struct span){ text.p + begin, i - begin });
		buf_put(out, text.p + i, sign);
		i += sign - 1;
		from = i + 1;
	}
	buf_put(out, text.p + from, text.n - from);
}

struct span mask_text(struct mask *mask, struct span text)
{
	struct buf out = BUF(MASK_OCTETS);
	struct span masked;

	if (!text.p || mask->show || (!memchr(text.p, '@', text.n) && span_find_nocase(text, SPAN("%40")) < 0))
		return arena_copy(&mask->arena, text);
	text_put(&out, text);
	mask->arena.failed = mask->arena.failed || out.failed;
	masked = out.failed ? SPAN_ABSENT : arena_copy(&mask->arena, buf_span(&out));
	buf_release(&out);
	return masked;
}

struct sample_row *mask_row(struct mask *mask, const struct sample_row *row)
{
	struct sample_row copy = *row, *masked = arena_take(&mask->arena, sizeof *masked);
	struct span *texts[] = { &copy.id, &copy.mail, &copy.reporter, &copy.signer, &copy.domain, &copy.from, &copy.subject,
		&copy.source, &copy.auth_failure, &copy.identity_alignment, &copy.delivery_result, &copy.identity_rule,
		&copy.result, &copy.sentence };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		*texts[i] = mask_text(mask, *texts[i]);
	if (!masked || mask->arena.failed)
		return NULL;
	*masked = copy;
	return masked;
}

/* Fields whose value is a person's address even without a domain, and those that hold the message itself. */
static struct span mask_field(struct mask *mask, const struct field *field)
{
	static const char *const persons[] = { "original-rcpt-to", "original-mail-from", "removal-recipient", "to",
		"cc", "bcc", "delivered-to", "x-original-to", "envelope-to" };
	static const char *const messages[] = { "dkim-canonicalized-header", "dkim-canonicalized-body" };

	for (size_t i = 0; !mask->show && i < sizeof messages / sizeof *messages; i++)
		if (span_is(field->name, span_of(messages[i])))
			return SPAN(HIDDEN);
	for (size_t i = 0; !mask->show && i < sizeof persons / sizeof *persons; i++)
		if (span_is(field->name, span_of(persons[i])) && field->value.n &&
			!memchr(field->value.p, '@', field->value.n) && !span_is(field->value, SPAN("<>")))
			return SPAN(HIDDEN);
	return mask_text(mask, field->value);
}

struct failure *mask_failure(struct mask *mask, const struct failure *failure)
{
	struct failure copy = *failure, *masked = arena_take(&mask->arena, sizeof *masked);
	struct span *texts[] = { &copy.feedback_type, &copy.source_ip, &copy.arrival_date, &copy.reported_domain,
		&copy.auth_failure, &copy.delivery_result, &copy.identity_alignment, &copy.sample_subject, &copy.sample_from };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		*texts[i] = mask_text(mask, *texts[i]);
	copy.fields = arena_take(&mask->arena, failure->fields_n * sizeof *masked->fields);
	for (size_t i = 0; copy.fields && i < failure->fields_n; i++)
		copy.fields[i] = (struct field){ mask_text(mask, failure->fields[i].name),
			mask_field(mask, &failure->fields[i]) };
	if (!masked || mask->arena.failed)
		return NULL;
	*masked = copy;
	return masked;
}

static struct dkim_diagnosis *mask_diagnosis(struct mask *mask, const struct dkim_diagnosis *diagnosis)
{
	struct dkim_diagnosis *masked = arena_take(&mask->arena, sizeof *masked);

	if (!masked)
		return NULL;
	*masked = *diagnosis;
	masked->sentence = mask_text(mask, diagnosis->sentence);
	masked->steps = arena_take(&mask->arena, diagnosis->steps_n * sizeof *masked->steps);
	for (size_t i = 0; masked->steps && i < masked->steps_n; i++) {
		const struct dkim_step *step = &diagnosis->steps[i];
		bool person = !mask->show && step->edit == DKIM_EDIT_REDACTED && step->before.n;

		masked->steps[i] =
			(struct dkim_step){ step->edit, mask_text(mask, step->where), mask_text(mask, step->found),
				person ? SPAN(HIDDEN) : mask_text(mask, step->before), step->octets };
	}
	return masked;
}

static void mask_verdict(struct mask *mask, struct dkim_verdict *v)
{
	struct span *texts[] = { &v->d, &v->s, &v->i, &v->a, &v->c, &v->l, &v->domain, &v->name, &v->detail, &v->g,
		&v->extra_instances };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		*texts[i] = mask_text(mask, *texts[i]);
	if (v->diagnosis)
		v->diagnosis = mask_diagnosis(mask, v->diagnosis);
}

static struct dkim_verdicts *mask_verdicts(struct mask *mask, const struct dkim_verdicts *verdicts)
{
	struct dkim_verdicts *all = arena_take(&mask->arena, sizeof *all);

	if (!all)
		return NULL;
	*all = *verdicts;
	all->from_domain = mask_text(mask, all->from_domain);
	all->signatures = arena_take(&mask->arena, all->n * sizeof *all->signatures);
	for (size_t i = 0; all->signatures && i < all->n; i++) {
		all->signatures[i] = verdicts->signatures[i];
		mask_verdict(mask, &all->signatures[i]);
	}
	all->domainkeys = arena_take(&mask->arena, all->domainkeys_n * sizeof *all->domainkeys);
	for (size_t i = 0; all->domainkeys && i < all->domainkeys_n; i++) {
		struct dkim_domainkey *key = &all->domainkeys[i];
		struct span *texts[] = { &key->a, &key->c, &key->d, &key->s, &key->q, &key->h };

		*key = verdicts->domainkeys[i];
		for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
			*texts[k] = mask_text(mask, *texts[k]);
	}
	return all;
}

struct verification *mask_verification(struct mask *mask, const struct verification *verification)
{
	struct verification *masked = arena_take(&mask->arena, sizeof *masked);

	if (!masked)
		return NULL;
	*masked = *verification;
	masked->verdicts = mask_verdicts(mask, verification->verdicts);
	masked->keys = arena_take(&mask->arena, verification->keys_n * sizeof *masked->keys);
	for (size_t i = 0; masked->keys && i < verification->keys_n; i++) {
		masked->keys[i] = verification->keys[i];
		masked->keys[i].name = mask_text(mask, verification->keys[i].name);
	}
	return mask->arena.failed ? NULL : masked;
}
