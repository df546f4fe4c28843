#include "report/signature_text.h"
#include "base/moment.h"
#include "report/verdict_words.h"

#include <inttypes.h>

#define LINE_OCTETS ((size_t)64 * 1024)
#define INDENT 4
#define COLUMN 14
#define KEY_ADVISED 2048 /* RFC 8301 3.2 */
#define KEY_LEAST 1024

struct signature_page {
	FILE *out;
	const struct style *style;
	const struct verification *verification;
	const struct dkim_verdict *v;
	struct buf line;
};

/* Prints what was put into the line, and empties it. */
static void say(struct signature_page *page, const char *text)
{
	struct style_label label = { text, INK_QUIET, INDENT, COLUMN };

	style_labelled(page->out, page->style, label, buf_span(&page->line));
	buf_clear(&page->line);
}

static void say_text(struct signature_page *page, const char *label, const char *text)
{
	buf_put_text(&page->line, text);
	say(page, label);
}

static void put_foreign(struct signature_page *page, struct span text, const char *otherwise)
{
	style_brief(&page->line, page->style, text.n ? text : span_of(otherwise));
}

static void headline(struct signature_page *page)
{
	const struct dkim_verdict *v = page->v;
	enum dkim_state state = dkim_reason_rows[v->reason].state;
	struct style_label label = { "fails", INK_BAD, 2, COLUMN };

	if (verdict_passes(v))
		label = (struct style_label){ "passes", INK_GOOD, 2, COLUMN };
	else if (state == DKIM_TEMPFAIL)
		label = (struct style_label){ "undecided", INK_WARN, 2, COLUMN };
	buf_put_text(&page->line, "signed by ");
	put_foreign(page, v->d, "nobody that can be read");
	buf_put_text(&page->line, ", selector ");
	put_foreign(page, v->s, "none");
	style_labelled(page->out, page->style, label, buf_span(&page->line));
	buf_clear(&page->line);
}

static void alignment(struct signature_page *page)
{
	const struct dkim_verdict *v = page->v;

	say_text(page, "From",
		v->strict == DKIM_ALIGNED_YES ? "aligned: the signer is the domain in From"
		: v->relaxed == DKIM_ALIGNED_YES
			? "aligned: the signer and the domain in From belong together (not enough under "
			  "adkim=s)"
		: v->relaxed == DKIM_ALIGNED_NO
			? "not aligned: the signer is another domain, so it does not count for DMARC"
		: v->domain.n ? "cannot be compared: From has not exactly one domain"
			      : "cannot be compared: the signer's domain cannot be used");
}

static void why(struct signature_page *page)
{
	const struct dkim_verdict *v = page->v;
	const struct dkim_reason_row *row = &dkim_reason_rows[v->reason];

	if (verdict_passes(v))
		return;
	buf_put_text(&page->line, verdict_why(v));
	if (v->detail.n) {
		buf_put_text(&page->line, ": ");
		put_foreign(page, span_trim(v->detail), "");
	}
	buf_printf(&page->line, " (%s, %s)", dkim_result_word(row->result), row->word);
	say(page, "why");
}

static const char *fact_text(enum dkim_fact fact)
{
	static const char *const texts[DKIM_FACT_COUNT] = { "cannot be compared", "as signed", "changed",
		"signed with another key or b= damaged" };

	return texts[fact];
}

static void hashes(struct signature_page *page)
{
	const struct dkim_verdict *v = page->v;

	if (verdict_passes(v) || (v->header_hash == DKIM_UNKNOWN && v->body_hash == DKIM_UNKNOWN))
		return;
	buf_printf(&page->line, "header %s, body %s", fact_text(v->header_hash), fact_text(v->body_hash));
	say(page, "received");
}

static void put_day(struct signature_page *page, const char *before, int64_t moment)
{
	char day[MOMENT_TEXT];

	if (moment != MOMENT_NONE && moment != INT64_MAX && *moment_format_day(moment, day))
		buf_printf(&page->line, "%s%s", before, day);
}

static void method(struct signature_page *page)
{
	const struct dkim_verdict *v = page->v;

	put_foreign(page, v->a, "no algorithm");
	buf_put_text(&page->line, ", ");
	put_foreign(page, v->c, "simple/simple");
	put_day(page, ", signed ", v->t);
	put_day(page, ", expires ", v->x);
	if (v->t_in_future)
		buf_put_text(&page->line, "; the date lies in the future: check the clock of the signing server");
	say(page, "method");
}

static bool is_ed25519(const struct dkim_verdict *v)
{
	return span_starts_nocase(v->a, SPAN("ed25519"));
}

static void put_origin(struct signature_page *page, const struct key_source *key)
{
	if (key->origin == KEY_ARCHIVED) {
		put_day(page, "; key as of ", key->seen);
		buf_put_text(&page->line, ", no longer published or not to be reached now");
	}
	if (key->origin == KEY_REPORTED)
		buf_put_text(&page->line, "; the failure report shows one, which nobody proves");
	if (key->secure)
		buf_put_text(&page->line, "; validated by DNSSEC");
}

static void key_lines(struct signature_page *page)
{
	const struct dkim_verdict *v = page->v;
	const struct key_source *key = verdict_key(page->verification, v);

	if (v->key_bits || (key && key->origin != KEY_UNKNOWN)) {
		if (v->key_bits)
			buf_printf(&page->line, "%" PRIu32 " bit", v->key_bits);
		else
			buf_put_text(&page->line, "none that can be used");
		if (v->key_bits && v->key_bits < KEY_ADVISED && !is_ed25519(v))
			buf_printf(&page->line,
				", %s: publish one of %d bit under a new selector, sign with it, and remove the old "
				"one a week later",
				v->key_bits < KEY_LEAST ? "too short" : "short", KEY_ADVISED);
		if (key)
			put_origin(page, key);
		say(page, "key");
	}
	if (v->testing)
		say_text(page, "test mode",
			"t=y in the key record: receivers may treat the mail as unsigned; remove it once all mail "
			"passes");
	if (v->key_records > 1) {
		buf_printf(&page->line, "%zu records stand under the selector's name: leave one", v->key_records);
		say(page, "beware");
	}
}

static void weaknesses(struct signature_page *page)
{
	const struct dkim_verdict *v = page->v;

	if (v->unsigned_octets) {
		buf_printf(&page->line,
			"the last %" PRIu64 " octets of the body are not signed: sign without l=, which lets "
			"anybody add text",
			v->unsigned_octets);
		say(page, "beware");
	}
	if (v->subject_unsigned)
		say_text(page, "beware", "the subject is not signed: have the server sign Subject too");
	if (v->extra_instances.n) {
		buf_put_text(&page->line, "fields that stand there more often than they are signed: ");
		put_foreign(page, v->extra_instances, "");
		say(page, "beware");
	}
	if (v->has_historic) {
		const struct dkim_reason_row *row = &dkim_reason_rows[v->historic];

		buf_printf(&page->line, "%s%s%s by the rules before 2018 (RFC 4871, RFC 6376)",
			dkim_result_word(row->result), *row->text ? ", " : "", row->text);
		say(page, "historic");
	}
}

static void put_step(struct signature_page *page, size_t number, const struct dkim_step *step)
{
	struct buf *line = &page->line;

	buf_printf(line, "%zu. ", number);
	style_brief(line, page->style, step->where);
	buf_printf(line, ": %s", dkim_edit_rows[step->edit].text);
	if (step->octets)
		buf_printf(line, ", %s", counted_text(step->octets, "octet", "octets").p);
	if (step->found.n) {
		buf_put_text(line, step->octets > step->found.n ? ", from `" : ", `");
		style_brief(line, page->style, step->found);
		buf_put_text(line, step->octets > step->found.n ? "` on" : "`");
	}
	if (step->before.n) {
		buf_put_text(line, ", was `");
		style_brief(line, page->style, step->before);
		buf_put_text(line, "`");
	}
}

static bool is_of_body(const struct dkim_step *step)
{
	return span_starts_nocase(step->where, SPAN("body"));
}

/* Header steps come first; the hash of a half fits after the last of its steps. */
static void steps(struct signature_page *page, const struct dkim_diagnosis *d)
{
	for (size_t i = 0; i < d->steps_n; i++) {
		bool body = is_of_body(&d->steps[i]);
		bool last = i + 1 == d->steps_n || is_of_body(&d->steps[i + 1]) != body;

		put_step(page, i + 1, &d->steps[i]);
		if (last && (body ? d->body_undone : d->header_undone))
			buf_printf(&page->line, "; the %s hash fits now", body ? "body" : "header");
		say(page, i ? "" : "undone");
	}
	if (d->exhausted)
		say_text(page, "", "more changes were possible than were tried");
}

static void diagnosis(struct signature_page *page)
{
	const struct dkim_diagnosis *d = page->v->diagnosis;

	if (!d || !d->sentence.n)
		return;
	style_text(&page->line, page->style, d->sentence);
	say(page, "found");
	steps(page, d);
}

void signature_text(FILE *out, const struct style *style, const struct verification *verification,
	const struct dkim_verdict *verdict)
{
	struct signature_page page = {
		.out = out, .style = style, .verification = verification, .v = verdict, .line = BUF(LINE_OCTETS)
	};

	headline(&page);
	alignment(&page);
	why(&page);
	hashes(&page);
	method(&page);
	key_lines(&page);
	weaknesses(&page);
	diagnosis(&page);
	buf_release(&page.line);
}
