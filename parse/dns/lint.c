#include "parse/dns/lint.h"

#include "parse/dkim/keycheck.h"
#include "parse/dns/discovery.h"
#include "parse/dns/orgdomain.h"
#include "parse/dns/pasted.h"
#include "parse/dns/policyrecord.h"
#include "parse/dns/recordwriter.h"

#define DNS_PACKET_TEXT 450 /* RFC 7208 3.4: all texts of a name together */
#define DEEP_LABELS 8 /* RFC 9989 4.10: above it the walk leaves names out */

/* --- what every kind shares --- */

static void flaw_report(struct finding_place record, const struct flaw *flaw, struct findings *findings)
{
	struct span args[3] = { flaw->word, SPAN_ABSENT, SPAN_ABSENT };
	enum dmarc_tag tag = dmarc_tag_of(flaw->word);

	if (flaw->code == FINDING_DMARC_VALUE) {
		args[1] = span_of(dmarc_tag_values(tag));
		args[2] = span_of(dmarc_tag_fallback(tag));
	} else if (flaw->code == FINDING_TEXT_MANY) {
		args[0] = record.record.n && spf_text_counts(record.record) ? SPAN("1000") : SPAN("200");
	}
	record.at = flaw->at;
	record.n = flaw->n;
	finding_add(findings, flaw->code, record, args, 3);
}

void lint_flaws(struct finding_place record, const struct flaws *flaws, struct findings *findings)
{
	for (size_t i = 0; i < flaws->n; i++)
		flaw_report(record, &flaws->rows[i], findings);
}

void lint_fix(struct findings *findings, size_t first, struct span fix, bool (*mends)(enum finding_code code))
{
	struct span copy = SPAN_ABSENT;

	for (size_t i = first; i < findings->n; i++) {
		struct finding *finding = &findings->rows[i];

		if (!mends(finding->code) || span_is(finding->record, fix))
			continue;
		if (!copy.p)
			copy = arena_copy(findings->arena, fix);
		finding->fix = copy;
	}
}

bool lint_zone_lines(struct findings *findings)
{
	struct buf line = BUF((size_t)8 * DNS_TEXT_MAX);

	for (size_t i = 0; i < findings->n; i++) {
		struct finding *finding = &findings->rows[i];
		struct span name = finding->fix_name.n ? finding->fix_name : finding->name;

		buf_clear(&line);
		if (!finding->fix.p)
			continue;
		if (name.n ? recordwriter_zone_line(name, RECORDWRITER_TTL, finding->fix, &line) :
			     recordwriter_strings(finding->fix, &line))
			finding->fix_zone = arena_copy(findings->arena, span_trim(buf_span(&line)));
	}
	buf_release(&line);
	return !findings->arena->failed;
}

struct span lint_number(struct findings *findings, size_t number)
{
	struct buf words = BUF(24);
	struct span copy;

	buf_printf(&words, "%zu", number);
	copy = arena_copy(findings->arena, buf_span(&words));
	buf_release(&words);
	return copy;
}

void lint_unreachable(struct findings *findings, enum finding_code code, const struct dns_answer *answer)
{
	struct span args[] = { span_of(dns_status_phrase(answer->status)), answer->name };

	if (answer->status == DNS_BOGUS)
		finding_add(findings, FINDING_DMARC_BOGUS, (struct finding_place){ .name = answer->name }, &args[1], 1);
	else
		finding_add(findings, code, (struct finding_place){ .name = answer->name }, args, 2);
}

/* Two terms that were meant to stand apart: a string that begins like a term behind one without a blank at its end. */
static bool border_joins_terms(struct span text, size_t border)
{
	struct span after = { text.p + border, text.n - border };
	size_t n = 0;

	if (border == 0 || after.n == 0 || text.p[border - 1] == ' ')
		return false;
	if (memchr("+-?~", after.p[0], 4)) {
		after.p++;
		after.n--;
	}
	while (n < after.n && !memchr(":=/ ", after.p[n], 4))
		n++;
	if (span_is_nocase((struct span){ after.p, n }, SPAN("all")))
		return n == after.n || after.p[n] == ' ';
	return n > 1 && n < after.n && after.p[n] != ' ' && spf_word_is_mechanism((struct span){ after.p, n });
}

typedef bool border_judge(struct span text, size_t border);

/* The record with `between` at every border where two parts run together. */
static struct span borders_mend(const struct dns_data *data, border_judge *joins, const char *between, struct arena *arena)
{
	struct buf text = BUF((size_t)2 * DNS_TEXT_MAX);
	struct span copy;

	for (size_t i = 0, start = 0; i < data->strings; start = data->string_end[i++]) {
		if (i && joins(data->text, start))
			buf_put_text(&text, between);
		buf_put(&text, data->text.p + start, data->string_end[i] - start);
	}
	copy = arena_copy(arena, buf_span(&text));
	buf_release(&text);
	return copy;
}

/* What was corrected without the borders has lost what stands behind them. */
static void dmarc_borders_correct(const struct dns_data *data, struct findings *findings)
{
	struct span mended = borders_mend(data, dmarc_border_joins_tags, "; ", findings->arena), copy = SPAN_ABSENT;
	struct buf fix = BUF((size_t)65536);

	if (mended.p && dmarc_record_correct(mended, &fix))
		copy = arena_copy(findings->arena, buf_span(&fix));
	for (size_t i = 0; copy.p && i < findings->n; i++) {
		struct finding *finding = &findings->rows[i];

		if (finding->record.p == data->text.p && (finding->fix.p || finding->code == FINDING_DMARC_BORDER))
			finding->fix = copy;
	}
	buf_release(&fix);
}

bool lint_strings(struct span name, const struct dns_data *data, struct findings *findings)
{
	struct finding_place place = { .name = name, .record = data->text };
	struct span number = lint_number(findings, data->strings);
	bool spf = spf_text_counts(data->text), dmarc = !spf && dmarc_text_intended(data->text), joined = false;
	border_judge *joins = dmarc ? dmarc_border_joins_tags : border_joins_terms;
	struct finding *finding;

	for (size_t i = 0, start = 0; i < data->strings; start = data->string_end[i++]) {
		size_t n = data->string_end[i] - start;
		struct span length;

		place.at = start;
		place.n = n;
		if (n > DNS_STRING_MAX) {
			length = lint_number(findings, n);
			finding_add(findings, FINDING_TEXT_STRING_LONG, place, &length, 1);
		}
		if (i && (spf || dmarc) && joins(data->text, start)) {
			place.at = start - (start < 8 ? start : 8);
			place.n = start - place.at + (n < 8 ? n : 8);
			finding = finding_add(findings, spf ? FINDING_SPF_BORDER : FINDING_DMARC_BORDER, place, NULL, 0);
			if (finding && spf)
				finding->fix = borders_mend(data, border_joins_terms, " ", findings->arena);
			joined |= dmarc;
		}
	}
	if (joined)
		dmarc_borders_correct(data, findings);
	place.at = place.n = 0;
	if (data->strings > 1)
		finding_add(findings, FINDING_TEXT_STRINGS, place, &number, 1);
	return !findings->arena->failed;
}

/* --- a pasted text --- */

static const struct {
	const char *word, *phrase;
} kinds[LINT_KIND_COUNT] = {
	[LINT_UNKNOWN] = { "unknown", "a text that is no record known here" },
	[LINT_DMARC] = { "dmarc", "DMARC record" },
	[LINT_SPF] = { "spf", "SPF record" },
	[LINT_KEY] = { "key", "DKIM key record" },
	[LINT_POLICY] = { "policy", "DomainKeys policy record" },
	[LINT_ADSP] = { "adsp", "ADSP record" },
};

const char *lint_kind_word(enum lint_kind kind)
{
	return (unsigned)kind < LINT_KIND_COUNT ? kinds[kind].word : "?";
}

const char *lint_kind_phrase(enum lint_kind kind)
{
	return (unsigned)kind < LINT_KIND_COUNT ? kinds[kind].phrase : "?";
}

static bool named_dmarc(struct span name)
{
	return span_starts_nocase(name, SPAN("_dmarc."));
}

static bool named_adsp(struct span name)
{
	return span_starts_nocase(name, SPAN("_adsp._domainkey."));
}

static bool named_policy(struct span name)
{
	return span_starts_nocase(name, SPAN("_domainkey."));
}

static bool named_key(struct span name)
{
	return span_find_nocase(name, SPAN("._domainkey.")) > 0;
}

static bool judge_text(struct span name, struct span text, struct findings *findings, enum lint_kind *kind)
{
	/* A record that begins as it should is of that kind whatever else it contains; then what it was meant to be;
	 * what its name says comes last, because most texts come without one. */
	static const struct {
		enum lint_kind kind;
		bool (*recognise)(struct span text), (*named)(struct span name);
		bool (*judge)(struct span name, struct span text, struct findings *findings);
	} ways[] = {
		{ LINT_DMARC, dmarc_text_counts, NULL, lint_dmarc },
		{ LINT_SPF, spf_text_counts, NULL, lint_spf },
		{ LINT_KEY, keycheck_counts, NULL, lint_key },
		{ LINT_ADSP, adsp_text_intended, NULL, lint_adsp },
		{ LINT_SPF, spf_text_intended, NULL, lint_spf },
		{ LINT_DMARC, dmarc_text_intended, NULL, lint_dmarc },
		{ LINT_KEY, keycheck_intended, NULL, lint_key },
		{ LINT_POLICY, domainkeys_text_intended, NULL, lint_policy },
		{ LINT_DMARC, NULL, named_dmarc, lint_dmarc },
		{ LINT_ADSP, NULL, named_adsp, lint_adsp },
		{ LINT_POLICY, NULL, named_policy, lint_policy },
		{ LINT_KEY, NULL, named_key, lint_key },
	};
	struct finding_place place = { .name = name, .record = text };

	for (size_t i = 0; text.n && i < sizeof(ways) / sizeof(*ways); i++)
		if (ways[i].recognise ? ways[i].recognise(text) : name.p && ways[i].named(name)) {
			*kind = ways[i].kind;
			return ways[i].judge(name, text, findings);
		}
	finding_add(findings, text.n ? FINDING_TEXT_UNKNOWN : FINDING_TEXT_EMPTY, place, NULL, 0);
	return !findings->arena->failed;
}

static bool zone_texts(const struct zonefile *zone, struct findings *findings, enum lint_kind *kind)
{
	bool good = true;

	for (size_t i = 0; good && i < zonefile_rows(zone); i++) {
		struct dns_answer row = zonefile_row(zone, i);
		struct dns_data data;
		size_t *ends;

		if (row.n == 0 || row.type != DNS_TYPE_TXT)
			continue;
		data = row.data[0];
		ends = arena_take(findings->arena, data.strings * sizeof(*ends));
		data.text = arena_copy(findings->arena, data.text);
		if (!ends || !data.text.p)
			return false;
		memcpy(ends, data.string_end, data.strings * sizeof(*ends));
		data.string_end = ends;
		row.owner = row.owner.n > 1 ? arena_copy(findings->arena, row.owner) : SPAN_ABSENT;
		good = judge_text(row.owner, data.text, findings, kind) && lint_strings(row.owner, &data, findings);
	}
	return good;
}

/* A record that was given as one text and needs several strings. It is divided as it stands, unless there is a better one
 * to paste. */
static bool split_note(struct span text, enum lint_kind kind, struct findings *findings)
{
	struct span args[] = { lint_number(findings, text.n),
		lint_number(findings, (text.n + DNS_STRING_MAX - 1) / DNS_STRING_MAX) };

	struct finding *finding = NULL;
	bool corrected = false;

	for (size_t i = 0; i < findings->n; i++)
		corrected |= findings->rows[i].fix.p != NULL;
	if (kind != LINT_UNKNOWN && text.n > DNS_STRING_MAX)
		finding = finding_add(findings, FINDING_TEXT_SPLIT, (struct finding_place){ .record = text }, args, 2);
	if (finding && !corrected)
		finding->fix = text;
	return !findings->arena->failed;
}

bool lint_text(struct span text, struct findings *findings, enum lint_kind *kind)
{
	struct fault fault = { .kind = FAULT_NONE };
	struct pasted pasted;
	bool good;

	*kind = LINT_UNKNOWN;
	if (!pasted_read(text, &pasted, &fault)) {
		struct span why = arena_copy(findings->arena, span_of(fault.text));

		finding_add(findings, FINDING_TEXT_ZONE, (struct finding_place){ .record = text }, &why, 1);
		return !findings->arena->failed;
	}
	if (pasted.zone)
		good = zone_texts(pasted.zone, findings, kind);
	else
		good = judge_text(SPAN_ABSENT, pasted.bare, findings, kind) &&
			split_note(pasted.bare, *kind, findings);
	zonefile_free(pasted.zone);
	return good;
}

/* --- a domain: DMARC --- */

/* The texts at the domain's own _dmarc name. */
static bool own_dmarc(const struct dmarc_look *look, struct findings *findings)
{
	const struct dns_answer *answer = &look->answer;
	struct span count = lint_number(findings, look->counting), owner = answer->owner;

	if (answer->status != DNS_OK && !dns_is_empty(answer))
		lint_unreachable(findings, FINDING_DMARC_UNREACHABLE, answer);
	if (look->counting > 1)
		for (size_t i = 0, seen = 0; i < answer->n; i++)
			if (dmarc_text_counts(answer->data[i].text) && seen++)
				finding_add(findings, FINDING_DMARC_TWO,
					(struct finding_place){ .name = answer->name, .record = answer->data[i].text },
					&count, 1);
	if (answer->aliases && (answer->n || dns_is_empty(answer)))
		finding_add(findings, answer->n ? FINDING_DMARC_ALIAS : FINDING_DMARC_ALIAS_IDLE,
			(struct finding_place){ .name = answer->name }, &owner, 1);
	for (size_t i = 0; i < answer->n; i++) {
		const struct dns_data *data = &answer->data[i];
		struct finding_place place = { .name = answer->name, .record = data->text };

		if (!dmarc_text_counts(data->text) && !dmarc_text_intended(data->text))
			finding_add(findings, FINDING_DMARC_OTHER_TEXT, place, NULL, 0);
		else if (!lint_dmarc(answer->name, data->text, findings) || !lint_strings(answer->name, data, findings))
			return false;
	}
	return !findings->arena->failed;
}

/* Something that was meant to be a DMARC record stands there; what is wrong with it has been said. */
static bool was_meant(const struct dns_answer *answer)
{
	for (size_t i = 0; i < answer->n; i++)
		if (dmarc_text_intended(answer->data[i].text))
			return true;
	return false;
}

/* Where the domain's record stands, or would. */
static struct finding_place place_of(const struct lint_domain *seen)
{
	return (struct finding_place){ .name = seen->policy[DMARC_RFC9989].walk.looks[0].answer.name };
}

/* A record to start with: it changes nothing for the domain's mail. */
static void none_report(const struct lint_domain *seen, struct findings *findings)
{
	struct finding *finding;
	struct buf text = BUF(512);

	finding = finding_add(findings, FINDING_DMARC_NONE, place_of(seen), &seen->domain, 1);
	buf_printf(&text, "v=DMARC1; p=none; rua=mailto:dmarc-reports@%.*s", (int)seen->domain.n, seen->domain.p);
	if (finding)
		finding->fix = arena_copy(findings->arena, buf_span(&text));
	buf_release(&text);
}

/* What a generation of receivers does for mail from the domain, in words. */
static struct span policy_words(const struct dmarc_policy *policy, struct findings *findings)
{
	struct buf words = BUF(512);
	struct span copy;

	if (policy->outcome == DMARC_FOUND)
		buf_printf(&words, "%s (record of %.*s)", dmarc_request_word(policy->request),
			(int)policy->source->target.n, policy->source->target.p);
	else
		buf_put_text(&words, "no policy applies");
	copy = arena_copy(findings->arena, buf_span(&words));
	buf_release(&words);
	return copy;
}

static void difference_report(const struct lint_domain *seen, struct findings *findings)
{
	const struct dmarc_policy *older = &seen->policy[DMARC_RFC7489], *newer = &seen->policy[DMARC_RFC9989];
	struct span args[3] = { seen->domain };
	bool older_applies = older->outcome == DMARC_FOUND, newer_applies = newer->outcome == DMARC_FOUND;

	if (older->outcome == DMARC_UNKNOWN || newer->outcome == DMARC_UNKNOWN)
		return;
	if (older_applies == newer_applies && (!older_applies || older->request == newer->request))
		return;
	args[1] = policy_words(older, findings);
	args[2] = policy_words(newer, findings);
	finding_add(findings, FINDING_DMARC_RECEIVERS_DIFFER, place_of(seen), args, 3);
}

/* The record to start with is no advice beside one that needs only be moved. */
static void none_withdraw(struct findings *findings)
{
	for (size_t i = 0; i < findings->n; i++)
		if (findings->rows[i].code == FINDING_DMARC_NONE)
			findings->rows[i].fix = SPAN_ABSENT;
}

/* The record of a domain that has none may stand where a control panel put it. */
static void misplaced_report(struct dns dns, const struct lint_domain *seen, struct findings *findings)
{
	struct span whole = dns_name_under(findings->arena, SPAN("_dmarc"), seen->domain),
		    names[] = { dns_name_under(findings->arena, whole, seen->domain),
			    dns_name_under(findings->arena, SPAN("dmarc"), seen->domain) };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct dns_answer answer = { 0 };
		struct buf fix = BUF((size_t)65536);

		if (names[i].p)
			answer = dns_ask(dns, names[i], DNS_TYPE_TXT, findings->arena);
		for (size_t k = 0; k < answer.n; k++) {
			struct finding *finding;

			buf_clear(&fix);
			if (!dmarc_text_counts(answer.data[k].text) || !dmarc_record_correct(answer.data[k].text, &fix))
				continue;
			finding = finding_add(findings, FINDING_DMARC_MISPLACED,
				(struct finding_place){ .name = names[i], .record = answer.data[k].text }, &seen->domain, 1);
			if (finding) {
				finding->fix_name = whole;
				finding->fix = arena_copy(findings->arena, buf_span(&fix));
				none_withdraw(findings);
			}
		}
		buf_release(&fix);
	}
}

static void inheritance_report(struct dns dns, const struct lint_domain *seen, struct findings *findings)
{
	const struct dmarc_policy *newer = &seen->policy[DMARC_RFC9989], *older = &seen->policy[DMARC_RFC7489];
	const struct dmarc_policy *policy = newer->source ? newer : older;
	bool unknown = newer->outcome == DMARC_UNKNOWN || older->outcome == DMARC_UNKNOWN;
	struct span args[3] = { seen->domain };

	if (policy->source) {
		args[1] = policy->source->target;
		args[2] = span_of(dmarc_request_word(policy->request));
		finding_add(findings, FINDING_DMARC_INHERITED,
			(struct finding_place){
				.name = policy->source->answer.name, .record = policy->source->data->text },
			args, 3);
	} else if (!unknown && newer->walk.looks[0].counting == 0 && !was_meant(&newer->walk.looks[0].answer)) {
		none_report(seen, findings);
		misplaced_report(dns, seen, findings);
	}
	for (size_t i = 1; i < newer->walk.n; i++)
		if (!policy->source && newer->walk.looks[i].answer.status != DNS_OK &&
			!dns_is_empty(&newer->walk.looks[i].answer))
			lint_unreachable(findings, FINDING_DMARC_UNREACHABLE, &newer->walk.looks[i].answer);
	args[1] = lint_number(findings, domainname_labels(seen->domain));
	if (domainname_labels(seen->domain) > DEEP_LABELS)
		finding_add(findings, FINDING_DMARC_DEEP, place_of(seen), args, 2);
}

/* A public suffix with a record that does not say psd=y captures everybody below it (RFC 9989 11.8). */
static void suffix_report(const struct lint_domain *seen, struct findings *findings)
{
	const struct dmarc_walk *walk = &seen->policy[DMARC_RFC9989].walk;

	for (size_t i = 1; i < walk->n; i++) {
		const struct dmarc_look *look = &walk->looks[i];

		if (look->data && look->record.psd == 'u' && orgdomain_is_suffix(look->target))
			finding_add(findings, FINDING_DMARC_SUFFIX_RECORD,
				(struct finding_place){ .name = look->answer.name, .record = look->data->text },
				&look->target, 1);
	}
}

static void consent_report(const struct dmarc_look *look, struct span uri, struct span host,
	const struct dmarc_consent *consent, struct findings *findings)
{
	static const enum finding_code codes[] = {
		[DMARC_CONSENT_OVERRIDE] = FINDING_CONSENT_OVERRIDE,
		[DMARC_CONSENT_FOREIGN] = FINDING_CONSENT_FOREIGN,
		[DMARC_CONSENT_MISSING] = FINDING_CONSENT_MISSING,
		[DMARC_CONSENT_LONG] = FINDING_CONSENT_LONG,
		[DMARC_CONSENT_UNKNOWN] = FINDING_CONSENT_UNKNOWN,
	};
	struct span text = look->data->text, args[] = { host, look->target, consent->address };
	struct finding *finding;

	if (consent->state == DMARC_CONSENT_NOT_NEEDED || consent->state == DMARC_CONSENT_GIVEN)
		return;
	if (consent->state == DMARC_CONSENT_UNKNOWN)
		args[2] = span_of(dns_status_phrase(consent->answer.status));
	finding = finding_add(findings, codes[consent->state],
		(struct finding_place){ look->answer.name, text, (size_t)(uri.p - text.p), uri.n }, args, 3);
	if (finding && (consent->state == DMARC_CONSENT_MISSING || consent->state == DMARC_CONSENT_FOREIGN)) {
		finding->fix_name = consent->name;
		finding->fix = SPAN("v=DMARC1");
	}
}

static bool consent_refuses(const struct dmarc_consent *consent)
{
	return consent->state == DMARC_CONSENT_MISSING || consent->state == DMARC_CONSENT_FOREIGN ||
	       consent->state == DMARC_CONSENT_LONG;
}

static bool consents(struct dns dns, const struct dmarc_look *look, bool failure, struct lint_domain *seen,
	struct findings *findings)
{
	const struct dmarc_uris *uris = failure ? &look->record.ruf : &look->record.rua;

	for (size_t i = 0; i < uris->n; i++) {
		const struct dmarc_uri *uri = &uris->rows[i];
		struct dmarc_consent consent;

		if (!uri->valid || !uri->host.p)
			continue;
		if (!dmarc_consent_check(dns, look->target, uri->host, failure, findings->arena, &consent))
			return false;
		seen->rua_refused |= !failure && consent_refuses(&consent);
		consent_report(look, uri->text, uri->host, &consent, findings);
	}
	return true;
}

static bool domain_dmarc(struct dns dns, struct lint_domain *seen, struct findings *findings)
{
	const struct dmarc_look *own;

	for (enum dmarc_generation i = 0; i < DMARC_GENERATIONS; i++)
		if (!dmarc_policy_discover(dns, seen->domain, i, findings->arena, &seen->policy[i]))
			return false;
	own = &seen->policy[DMARC_RFC9989].walk.looks[0];
	if (!own_dmarc(own, findings))
		return false;
	if (!own->data)
		inheritance_report(dns, seen, findings);
	else if (!consents(dns, own, false, seen, findings) || !consents(dns, own, true, seen, findings))
		return false;
	difference_report(seen, findings);
	if (!own->data || own->record.psd != 'n')
		suffix_report(seen, findings);
	return !findings->arena->failed;
}

/* --- a domain: SPF, and the texts at its apex --- */

static void apex_dmarc(const struct lint_domain *seen, const struct dns_answer *apex, struct findings *findings)
{
	for (size_t i = 0; i < apex->n; i++) {
		struct span text = apex->data[i].text;
		struct buf fix = BUF((size_t)65536);
		struct finding *finding;

		if (!spf_text_counts(text) && (dmarc_text_counts(text) || dmarc_text_intended(text)) &&
			span_find_nocase((struct span){ text.p, text.n < 64 ? text.n : 64 }, SPAN("DMARC")) >= 0) {
			finding = finding_add(findings, FINDING_DMARC_APEX,
				(struct finding_place){ .name = apex->name, .record = text }, &seen->domain, 1);
			if (finding && dmarc_record_correct(text, &fix)) {
				finding->fix_name = dns_name_under(findings->arena, SPAN("_dmarc"), seen->domain);
				finding->fix = arena_copy(findings->arena, buf_span(&fix));
				none_withdraw(findings);
			}
		}
		buf_release(&fix);
	}
}

/* All records in one, terms that end a record last; absent when one of them hands over to another domain. */
static struct span spf_merge(const struct dns_answer *apex, struct findings *findings)
{
	struct buf text = BUF(DNS_TEXT_MAX);
	struct span merged = SPAN_ABSENT;
	bool redirects = false;

	buf_put_text(&text, "v=spf1");
	for (size_t i = 0; i < apex->n; i++) {
		struct spf_record record;

		if (!spf_text_counts(apex->data[i].text))
			continue;
		if (!spf_record_parse(apex->data[i].text, findings->arena, &record))
			break;
		for (size_t k = 0; k < record.n; k++) {
			const struct spf_term *term = &record.terms[k];
			struct span so_far = buf_span(&text);

			redirects |= term->kind == SPF_REDIRECT || term->kind == SPF_EXP;
			if (term->kind != SPF_ALL && span_find_nocase(so_far, term->text) < 0 &&
				buf_put_byte(&text, ' '))
				buf_put_span(&text, term->text);
		}
	}
	buf_put_text(&text, " ~all");
	if (!redirects && !text.failed && text.n < 4096)
		merged = arena_copy(findings->arena, buf_span(&text));
	buf_release(&text);
	return merged;
}

static void spf_absent(
	struct dns dns, const struct lint_domain *seen, const struct dns_answer *apex, struct findings *findings)
{
	struct dns_answer old = dns_ask(dns, seen->domain, DNS_TYPE_SPF, findings->arena);
	struct finding *finding;

	for (size_t i = 0; i < apex->n; i++)
		if (spf_text_intended(apex->data[i].text))
			return;
	for (size_t i = 0; i < old.n; i++)
		if (spf_text_counts(old.data[i].text)) {
			finding = finding_add(findings, FINDING_SPF_TYPE99,
				(struct finding_place){ .name = old.name, .record = old.data[i].text }, NULL, 0);
			if (finding)
				finding->fix = old.data[i].text;
			return;
		}
	finding_add(findings, apex->status == DNS_NXDOMAIN ? FINDING_DOMAIN_NONE : FINDING_SPF_NONE,
		(struct finding_place){ .name = seen->domain }, &seen->domain, 1);
}

static bool apex_spf(
	struct dns dns, const struct lint_domain *seen, const struct dns_answer *apex, struct findings *findings)
{
	size_t counting = 0, octets = 0;
	struct span number, fix;

	for (size_t i = 0; i < apex->n; i++) {
		const struct dns_data *data = &apex->data[i];
		bool counts = spf_text_counts(data->text);

		counting += counts;
		octets += data->text.n;
		if (!counts && !spf_text_intended(data->text))
			continue;
		if (!lint_spf(apex->name, data->text, findings) || !lint_strings(apex->name, data, findings))
			return false;
	}
	if (apex->status != DNS_OK && !dns_is_empty(apex))
		lint_unreachable(findings, FINDING_SPF_UNREACHABLE, apex);
	else if (counting == 0)
		spf_absent(dns, seen, apex, findings);
	number = lint_number(findings, counting);
	fix = counting > 1 ? spf_merge(apex, findings) : SPAN_ABSENT;
	for (size_t i = 0, nth = 0; counting > 1 && i < apex->n; i++)
		if (spf_text_counts(apex->data[i].text) && nth++) {
			struct finding *finding = finding_add(findings, FINDING_SPF_TWO,
				(struct finding_place){ .name = apex->name, .record = apex->data[i].text }, &number, 1);

			if (finding)
				finding->fix = fix;
		}
	number = lint_number(findings, octets);
	if (counting && octets > DNS_PACKET_TEXT)
		finding_add(findings, FINDING_SPF_LARGE, (struct finding_place){ .name = apex->name }, &number, 1);
	return !findings->arena->failed;
}

/* `-all`, and nothing that could let anybody pass before it. */
static bool tree_denies_all(const struct spf_tree *tree)
{
	const struct spf_node *root = &tree->nodes[0];

	if (tree->n != 1 || root->state != SPF_NODE_READ || root->record.all == SPF_NO_TERM)
		return false;
	for (size_t i = 0; i < root->record.all; i++)
		if (root->record.terms[i].kind < SPF_REDIRECT)
			return false;
	return root->record.terms[root->record.all].qualifier == '-';
}

static bool domain_spf(struct dns dns, struct lint_domain *seen, struct findings *findings)
{
	struct dns_answer apex = dns_ask(dns, seen->domain, DNS_TYPE_TXT, findings->arena);

	apex_dmarc(seen, &apex, findings);
	if (!apex_spf(dns, seen, &apex, findings) || !spf_tree_read(dns, seen->domain, findings->arena, &seen->spf))
		return false;
	seen->denies_all = tree_denies_all(&seen->spf);
	return lint_spf_tree(&seen->spf, findings);
}

/* --- a domain: historic policies about signatures --- */

static bool domain_policies(struct dns dns, const struct lint_domain *seen, struct findings *findings)
{
	static const struct {
		const char *labels;
		bool (*judge)(struct span name, struct span text, struct findings *findings);
	} policies[] = { { "_domainkey", lint_policy }, { "_adsp._domainkey", lint_adsp } };

	for (size_t i = 0; i < sizeof(policies) / sizeof(*policies); i++) {
		struct span name = dns_name_under(findings->arena, span_of(policies[i].labels), seen->domain);
		struct dns_answer answer;

		if (!name.p)
			continue;
		answer = dns_ask(dns, name, DNS_TYPE_TXT, findings->arena);
		for (size_t k = 0; k < answer.n; k++)
			if (!policies[i].judge(name, answer.data[k].text, findings))
				return false;
	}
	return !findings->arena->failed;
}

/* --- a domain: the rest --- */

static bool has_text(struct dns dns, const char *label, struct span version, struct span domain, struct arena *arena)
{
	struct span name = dns_name_under(arena, span_of(label), domain);
	struct dns_answer answer;

	if (!name.p)
		return false;
	answer = dns_ask(dns, name, DNS_TYPE_TXT, arena);
	for (size_t i = 0; i < answer.n; i++)
		if (span_starts_nocase(answer.data[i].text, version))
			return true;
	return false;
}

static void domain_mail(struct dns dns, struct lint_domain *seen, struct findings *findings)
{
	struct finding_place place = { .name = seen->domain };
	struct dns_answer mx = dns_ask(dns, seen->domain, DNS_TYPE_MX, findings->arena);

	seen->mail_known = mx.status == DNS_OK || dns_is_empty(&mx);
	seen->null_mx = mx.n == 1 && mx.data[0].name.n == 0;
	seen->receives = mx.n && !seen->null_mx;
	for (size_t i = 0; mx.status == DNS_NODATA && i < 2; i++)
		seen->receives |= dns_ask(dns, seen->domain, i ? DNS_TYPE_AAAA : DNS_TYPE_A, findings->arena).n != 0;
	seen->mta_sts = has_text(dns, "_mta-sts", SPAN("v=STSv1"), seen->domain, findings->arena);
	seen->tls_rpt = has_text(dns, "_smtp._tls", SPAN("v=TLSRPTv1"), seen->domain, findings->arena);
	if (seen->null_mx)
		finding_add(findings, FINDING_MAIL_NULL_MX, place, &seen->domain, 1);
	if (seen->denies_all)
		finding_add(findings, FINDING_MAIL_PARKED, place, &seen->domain, 1);
	if (seen->mta_sts)
		finding_add(findings, FINDING_MTA_STS, place, &seen->domain, 1);
	if (seen->tls_rpt)
		finding_add(findings, FINDING_TLS_RPT, place, &seen->domain, 1);
}

bool lint_domain(struct dns dns, struct span domain, struct findings *findings, struct lint_domain *seen)
{
	char text[DOMAINNAME_TEXT];
	size_t n = domain_alabels(domain, text);

	*seen = (struct lint_domain){ 0 };
	if (n == 0)
		return false;
	seen->domain = arena_copy(findings->arena, (struct span){ text, n });
	if (!seen->domain.p || !domain_dmarc(dns, seen, findings) || !domain_spf(dns, seen, findings))
		return false;
	if (!domain_policies(dns, seen, findings))
		return false;
	domain_mail(dns, seen, findings);
	return !findings->arena->failed;
}
