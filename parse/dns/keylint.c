#include "parse/dns/keylint.h"

#include "parse/dkim/keycheck.h"
#include "parse/dkim/keyfile.h"
#include "parse/dns/pasted.h"

/* --- one text --- */

static const struct {
	enum finding_code code;
	bool mends; /* writing the record anew cures it; the others need a decision of the owner, or another key */
} problems[KEY_PROBLEM_COUNT] = {
	[KEY_PROBLEM_QUOTE] = { FINDING_TEXT_QUOTE, true },
	[KEY_PROBLEM_OCTET] = { FINDING_TEXT_OCTET, true },
	[KEY_PROBLEM_EMPTY] = { FINDING_KEY_EMPTY, true },
	[KEY_PROBLEM_TERM] = { FINDING_KEY_TERM, true },
	[KEY_PROBLEM_TWICE] = { FINDING_KEY_TWICE, true },
	[KEY_PROBLEM_MANY] = { FINDING_TEXT_MANY, true },
	[KEY_PROBLEM_SEMICOLON] = { FINDING_KEY_SEMICOLON, true },
	[KEY_PROBLEM_VERSION] = { FINDING_KEY_VERSION_WRONG, true },
	[KEY_PROBLEM_VERSION_LATE] = { FINDING_KEY_VERSION_LATE, true },
	[KEY_PROBLEM_NO_KEY] = { FINDING_KEY_P_MISSING, false },
	[KEY_PROBLEM_BASE64] = { FINDING_KEY_BASE64, true },
	[KEY_PROBLEM_CUT] = { FINDING_KEY_CUT, false },
	[KEY_PROBLEM_PRIVATE] = { FINDING_KEY_PRIVATE, false },
	[KEY_PROBLEM_MATERIAL] = { FINDING_KEY_UNUSABLE, false },
	[KEY_PROBLEM_WRAPPED] = { FINDING_KEY_WRAPPED, true },
	[KEY_PROBLEM_TYPE_DIFFERS] = { FINDING_KEY_TYPE_DIFFERS, true },
	[KEY_PROBLEM_TYPE] = { FINDING_KEY_TYPE_UNKNOWN, true },
	[KEY_PROBLEM_SHORT] = { FINDING_KEY_SHORT, false },
	[KEY_PROBLEM_HASHES] = { FINDING_KEY_HASHES, true },
	[KEY_PROBLEM_SERVICE] = { FINDING_KEY_SERVICE, false },
	[KEY_PROBLEM_SERVICE_OTHER] = { FINDING_KEY_SERVICE_OTHER, false },
	[KEY_PROBLEM_REVOKED] = { FINDING_KEY_REVOKED, false },
	[KEY_PROBLEM_WEAK] = { FINDING_KEY_WEAK, false },
	[KEY_PROBLEM_LARGE] = { FINDING_KEY_LARGE, false },
	[KEY_PROBLEM_ED25519] = { FINDING_KEY_ED25519, false },
	[KEY_PROBLEM_EXPONENT] = { FINDING_KEY_EXPONENT, false },
	[KEY_PROBLEM_BARE] = { FINDING_KEY_BARE, true },
	[KEY_PROBLEM_TRAILING] = { FINDING_KEY_TRAILING, true },
	[KEY_PROBLEM_PADDING] = { FINDING_KEY_PADDING, true },
	[KEY_PROBLEM_BLANKS] = { FINDING_KEY_BLANKS, true },
	[KEY_PROBLEM_NO_VERSION] = { FINDING_KEY_VERSION_MISSING, true },
	[KEY_PROBLEM_NO_TYPE] = { FINDING_KEY_TYPE_MISSING, false },
	[KEY_PROBLEM_TESTING] = { FINDING_KEY_TESTING, false },
	[KEY_PROBLEM_STRICT] = { FINDING_KEY_STRICT, false },
	[KEY_PROBLEM_FLAG] = { FINDING_KEY_FLAG, true },
	[KEY_PROBLEM_SHA1] = { FINDING_KEY_SHA1, true },
	[KEY_PROBLEM_GRANULARITY] = { FINDING_KEY_GRANULARITY, true },
	[KEY_PROBLEM_UNKNOWN_TAG] = { FINDING_KEY_TAG_UNKNOWN, true },
};

static bool rewriting_mends(enum finding_code code)
{
	for (size_t i = 0; i < KEY_PROBLEM_COUNT; i++)
		if (problems[i].code == code)
			return problems[i].mends;
	return false;
}

static bool trial_ends(enum finding_code code)
{
	return code == FINDING_KEY_TESTING;
}

static const char *form_word(const struct key_material *material)
{
	return keymaterial_is_rsa(material) ? "RSA" : keymaterial_is_ed25519(material) ? "Ed25519" : "";
}

static void note_report(struct span name, struct span text, const struct key_check *check, const struct key_note *note,
	struct findings *findings)
{
	struct finding_place place = { .name = name, .record = text };
	struct span args[2] = { SPAN_ABSENT, SPAN_ABSENT };

	if (note->where.p && note->where.p >= text.p && note->where.p <= text.p + text.n) {
		place.at = (size_t)(note->where.p - text.p);
		place.n = note->where.n;
	}
	if (note->problem == KEY_PROBLEM_MANY) {
		args[0] = lint_number(findings, TAGLIST_MAX);
	} else if (note->problem == KEY_PROBLEM_MATERIAL) {
		args[0] = span_of(key_type_word(check->record.type));
		args[1] = span_of(check->material.fault);
	} else if (note->problem == KEY_PROBLEM_TYPE_DIFFERS) {
		args[0] = span_of(key_type_word(check->record.type));
		args[1] = span_of(form_word(&check->material));
	} else {
		args[0] = lint_number(findings, check->material.bits);
	}
	finding_add(findings, problems[note->problem].code, place, args, 2);
}

bool lint_key(struct span name, struct span text, struct findings *findings)
{
	size_t first = findings->n;
	struct key_check check;
	struct buf fix = BUF((size_t)65536);

	if (!keycheck_counts(text) && !keycheck_intended(text)) {
		finding_add(findings, FINDING_KEY_NOT, (struct finding_place){ .name = name, .record = text }, NULL, 0);
		return !findings->arena->failed;
	}
	keycheck_read(text, findings->arena, &check);
	for (size_t i = 0; i < check.notes_n; i++)
		note_report(name, text, &check, &check.notes[i], findings);
	if (keycheck_correct(text, false, findings->arena, &fix))
		lint_fix(findings, first, buf_span(&fix), rewriting_mends);
	buf_clear(&fix);
	if (check.record.testing && keycheck_correct(text, true, findings->arena, &fix))
		lint_fix(findings, first, buf_span(&fix), trial_ends);
	buf_release(&fix);
	return !findings->arena->failed;
}

/* --- a name --- */

struct span key_name(struct span selector, struct span domain, struct arena *arena)
{
	struct buf labels = BUF(DNS_NAME_MAX);
	struct span name = SPAN_ABSENT;

	buf_put_span(&labels, selector);
	buf_put_text(&labels, "._domainkey");
	if (selector.n && !labels.failed)
		name = dns_name_under(arena, buf_span(&labels), domain);
	buf_release(&labels);
	return name;
}

static bool text_is_key(struct span text)
{
	return keycheck_counts(text) || keycheck_intended(text);
}

static enum key_state record_state(const struct key_record *record, struct arena *arena)
{
	struct span detail;

	if (record->fault)
		return KEY_STATE_BROKEN;
	if (record->revoked)
		return KEY_STATE_REVOKED;
	if (keyrecord_serves(record, record->type, false, false, arena, &detail) != DKIM_REASON_OK ||
		(record->type == KEY_RSA && record->bits < KEYRECORD_RSA_BITS_MIN))
		return KEY_STATE_BROKEN;
	return KEY_STATE_PUBLISHED;
}

struct key_seen key_seen_in(const struct dns_answer *answer, struct arena *arena)
{
	struct key_seen seen = { .state = KEY_STATE_UNKNOWN, .type = "" };

	if (answer->status == DNS_OK || dns_is_empty(answer))
		seen.state = KEY_STATE_NONE;
	for (size_t i = 0; i < answer->n; i++) {
		struct key_record record;
		enum key_state state;

		if (!text_is_key(answer->data[i].text))
			continue;
		keyrecord_parse(answer->data[i].text, arena, &record);
		state = record_state(&record, arena);
		seen.records++;
		if (state <= seen.state)
			continue;
		seen.state = state;
		seen.bits = record.bits;
		seen.type = record.bits ? key_type_word(record.type) : "";
		seen.testing = record.testing;
	}
	return seen;
}

static bool answer_judge(const struct dns_answer *answer, struct findings *findings)
{
	struct finding_place place = { .name = answer->name };
	struct span count, owner = answer->owner;
	size_t keys = 0;

	for (size_t i = 0; i < answer->n; i++) {
		keys += text_is_key(answer->data[i].text);
		if (!lint_key(answer->name, answer->data[i].text, findings) ||
			!lint_strings(answer->name, &answer->data[i], findings))
			return false;
	}
	count = lint_number(findings, keys);
	if (answer->status != DNS_OK && !dns_is_empty(answer))
		lint_unreachable(findings, FINDING_KEY_UNREACHABLE, answer);
	else if (keys == 0)
		finding_add(findings, FINDING_KEY_NONE, place, &answer->name, 1);
	else if (keys > 1)
		finding_add(findings, FINDING_KEY_MANY, place, &count, 1);
	if (answer->n && answer->aliases)
		finding_add(findings, FINDING_KEY_ALIAS, place, &owner, 1);
	return !findings->arena->failed;
}

bool lint_key_name(struct dns dns, struct span name, struct findings *findings, struct key_seen *seen)
{
	struct dns_answer answer = dns_ask(dns, name, DNS_TYPE_TXT, findings->arena);

	if (seen)
		*seen = key_seen_in(&answer, findings->arena);
	return answer_judge(&answer, findings);
}

bool lint_key_unused(struct span name, struct span day, struct findings *findings)
{
	struct finding *finding = finding_add(findings, FINDING_KEY_UNUSED, (struct finding_place){ .name = name }, &day, 1);

	if (finding)
		finding->fix = SPAN("v=DKIM1; p=");
	return !findings->arena->failed;
}

/* --- the key that is expected --- */

static bool material_of_text(struct span text, struct arena *arena, struct key_material *material)
{
	struct key_check check;
	struct buf corrected = BUF(DNS_TEXT_MAX);
	struct span copy = SPAN_ABSENT;

	if (keycheck_correct(text, true, arena, &corrected))
		copy = arena_copy(arena, buf_span(&corrected));
	buf_release(&corrected);
	keycheck_read(copy, arena, &check);
	*material = check.material;
	return keymaterial_is_rsa(material) || keymaterial_is_ed25519(material);
}

/* The first record in the file that is a key. */
static bool record_read(struct span file, struct arena *arena, struct expected_key *expected,
	struct key_material *material, struct fault *fault)
{
	struct pasted pasted;
	bool found = false;

	if (!pasted_read(span_trim(file), &pasted, NULL))
		return fault_set(fault, FAULT_INPUT, "it is neither a key nor the record of one");
	if (!pasted.zone)
		found = material_of_text(pasted.bare, arena, material);
	for (size_t i = 0; pasted.zone && !found && i < zonefile_rows(pasted.zone); i++) {
		struct dns_answer row = zonefile_row(pasted.zone, i);

		if (row.n == 0 || row.type != DNS_TYPE_TXT)
			continue;
		found = material_of_text(row.data[0].text, arena, material);
		if (found && row.owner.n > 1)
			expected->name = arena_copy(arena, row.owner);
	}
	zonefile_free(pasted.zone);
	return found || fault_set(fault, FAULT_INPUT, "it is neither a key nor the record of one");
}

bool expected_key_read(struct span file, struct arena *arena, struct expected_key *expected, struct fault *fault)
{
	struct key_material *material = arena_take(arena, sizeof(*material));
	struct buf record = BUF(DNS_TEXT_MAX);
	bool good;

	*expected = (struct expected_key){ .name = SPAN_ABSENT, .material = material };
	if (!material)
		return fault_set(fault, FAULT_LATER, "no memory");
	good = keyfile_is_pem(file) && !text_is_key(file) ?
		keyfile_read_pem(file, arena, material, fault) :
		record_read(file, arena, expected, material, fault);
	if (good) {
		buf_printf(&record, "v=DKIM1; k=%s; p=", keymaterial_is_rsa(material) ? "rsa" : "ed25519");
		keymaterial_put(&record, material);
		expected->record = arena_copy(arena, buf_span(&record));
	}
	buf_release(&record);
	return good && (!arena->failed || fault_set(fault, FAULT_LATER, "no memory"));
}

/* What tells two keys apart, in words. */
static struct span difference_words(const struct key_material *there, const struct key_material *wanted,
	struct findings *findings)
{
	struct buf words = BUF(200);
	struct span copy;

	if (!*form_word(there))
		buf_put_text(&words, "it cannot be read");
	else if (strcmp(form_word(there), form_word(wanted)) != 0)
		buf_printf(&words, "it is %s, that in the file is %s", form_word(there), form_word(wanted));
	else if (there->bits != wanted->bits)
		buf_printf(&words, "it has %u bits, that in the file has %u", there->bits, wanted->bits);
	else
		buf_printf(&words, "it is another %s key of %u bits", form_word(there), there->bits);
	copy = arena_copy(findings->arena, buf_span(&words));
	buf_release(&words);
	return copy;
}

enum match { MATCH_NOTHING, MATCH_UNKNOWN, MATCH_OTHER, MATCH_WITHDRAWN, MATCH_SAME };

struct match_seen {
	enum match match;
	struct dns_answer answer;
	struct span record;
	struct key_material material;
};

static struct match_seen name_match(struct dns dns, struct span name, const struct key_material *wanted,
	struct arena *arena)
{
	struct match_seen seen = { .answer = dns_ask(dns, name, DNS_TYPE_TXT, arena) };

	if (seen.answer.status != DNS_OK && !dns_is_empty(&seen.answer))
		seen.match = MATCH_UNKNOWN;
	for (size_t i = 0; i < seen.answer.n; i++) {
		struct span text = seen.answer.data[i].text;
		struct key_check check;
		enum match match = MATCH_OTHER;

		if (!text_is_key(text))
			continue;
		keycheck_read(text, arena, &check);
		if (check.record.revoked)
			match = MATCH_WITHDRAWN;
		else if (keymaterial_same(&check.material, wanted))
			match = MATCH_SAME;
		if (match > seen.match) {
			seen.match = match;
			seen.record = text;
			seen.material = check.material;
		}
	}
	return seen;
}

static void match_report(const struct match_seen *seen, const struct expected_key *expected, struct findings *findings)
{
	static const enum finding_code codes[] = { FINDING_KEY_UNPUBLISHED, FINDING_KEY_UNREACHABLE, FINDING_KEY_DIFFERS,
		FINDING_KEY_WITHDRAWN, FINDING_KEY_EXPECTED };
	const struct key_material *wanted = expected->material;
	struct finding_place place = { .name = seen->answer.name, .record = seen->record };
	struct span words = SPAN_ABSENT;
	struct finding *finding;

	if (seen->match == MATCH_UNKNOWN) {
		lint_unreachable(findings, FINDING_KEY_UNREACHABLE, &seen->answer);
		return;
	}
	if (seen->match == MATCH_NOTHING)
		words = SPAN("nothing stands at this name");
	else if (seen->match == MATCH_OTHER)
		words = difference_words(&seen->material, wanted, findings);
	else if (seen->match == MATCH_SAME) {
		struct buf text = BUF(100);

		buf_printf(&text, "%s, %u bits", form_word(wanted), wanted->bits);
		words = arena_copy(findings->arena, buf_span(&text));
		buf_release(&text);
	}
	finding = finding_add(findings, codes[seen->match], place, &words, 1);
	if (finding && seen->match != MATCH_SAME)
		finding->fix = expected->record;
}

bool lint_expected_key(struct dns dns, const struct expected_key *expected, const struct span *names, size_t n,
	struct findings *findings)
{
	const struct key_material *wanted = expected->material;
	struct match_seen best = { .match = MATCH_NOTHING };
	struct span words = SPAN("none of the keys known of this domain is it");
	struct finding *finding;

	if (expected->name.p) {
		names = &expected->name;
		n = 1;
	}
	for (size_t i = 0; i < n && best.match != MATCH_SAME; i++) {
		struct match_seen seen = name_match(dns, names[i], wanted, findings->arena);

		if (i == 0 || seen.match == MATCH_SAME)
			best = seen;
	}
	if (n == 1 || best.match == MATCH_SAME) {
		match_report(&best, expected, findings);
		return !findings->arena->failed;
	}
	finding = finding_add(findings, FINDING_KEY_UNPUBLISHED, (struct finding_place){ 0 }, &words, 1);
	if (finding)
		finding->fix = expected->record;
	return !findings->arena->failed;
}
