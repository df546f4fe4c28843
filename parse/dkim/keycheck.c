#include "parse/dkim/keycheck.h"
#include "parse/dkim/encoding.h"

#define UNKNOWN_TAGS_NOTED 8 /* so that a flood of them leaves room for what matters */
#define OCTETS_NOTED 4
#define ADVISED_BITS 2048
#define LARGE_BITS 4096
#define KEY_TEXT_LEAST 40 /* base64 digits that make a p= look like a key */

static void note(struct key_check *check, enum key_problem problem, struct span where)
{
	if (check->notes_n < KEY_NOTES_MAX)
		check->notes[check->notes_n++] = (struct key_note){ problem, where };
}

static bool noted(const struct key_check *check, enum key_problem problem)
{
	for (size_t i = 0; i < check->notes_n; i++)
		if (check->notes[i].problem == problem)
			return true;
	return false;
}

const char *key_type_word(enum key_type type)
{
	static const char *const words[] = { [KEY_RSA] = "RSA", [KEY_ED25519] = "Ed25519", [KEY_OTHER] = "unknown" };

	return words[type];
}

/* `name=value` of a tag as it stands in the text. */
static struct span tag_span(const struct key_check *check, const char *name)
{
	const struct tag *tag = taglist_find(&check->record.tags, name);

	if (!tag)
		return SPAN_ABSENT;
	return (struct span){ tag->name.p, (size_t)(tag->value.p + tag->value.n - tag->name.p) };
}

/* --- recognising --- */

static bool is_base64_digit(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

static bool looks_like_key(struct span value)
{
	size_t n = 0;

	if (value.n >= 5 && memcmp(value.p, "-----", 5) == 0)
		return true;
	for (size_t i = 0; i < value.n && (is_base64_digit(value.p[i]) || fws_length(value, i)); i++)
		n += is_base64_digit(value.p[i]);
	return n >= KEY_TEXT_LEAST;
}

bool keycheck_counts(struct span text)
{
	struct taglist list;

	taglist_parse(text, false, &list);
	return list.n && span_is(list.tags[0].name, SPAN("v")) && span_is(list.tags[0].value, SPAN("DKIM1"));
}

bool keycheck_intended(struct span text)
{
	bool typed = false, keyed = false, empty = false, foreign = false;
	struct taglist list;

	while (text.n && (text.p[0] == '"' || (unsigned char)text.p[0] > 127)) {
		text.p++;
		text.n--;
	}
	taglist_parse(text, false, &list);
	for (size_t i = 0; i < list.n; i++) {
		struct span name = list.tags[i].name, value = list.tags[i].value;

		if (span_is_nocase(name, SPAN("v")) && span_starts_nocase(value, SPAN("DKIM")))
			return true;
		typed |= span_is_nocase(name, SPAN("k")) &&
			(span_starts_nocase(value, SPAN("rsa")) || span_starts_nocase(value, SPAN("ed25519")));
		keyed |= span_is_nocase(name, SPAN("p")) && looks_like_key(value);
		empty |= span_is_nocase(name, SPAN("p")) && value.n == 0;
		foreign |= name.n > 1;
	}
	return typed || keyed || (empty && !foreign);
}

/* --- what is wrong with the text --- */

static bool octet_is_foreign(char c)
{
	return (unsigned char)c > 126 || ((unsigned char)c < ' ' && c != '\t');
}

static void octets_note(struct key_check *check, struct span text)
{
	for (size_t i = 0; i < text.n && check->notes_n < OCTETS_NOTED; i++) {
		size_t start = i;

		if (text.p[i] == '"')
			note(check, KEY_PROBLEM_QUOTE, (struct span){ text.p + i, 1 });
		if (!octet_is_foreign(text.p[i]))
			continue;
		while (i + 1 < text.n && octet_is_foreign(text.p[i + 1]))
			i++;
		note(check, KEY_PROBLEM_OCTET, (struct span){ text.p + start, i - start + 1 });
	}
}

static void faults_note(struct key_check *check)
{
	static const enum key_problem problems[TAG_FAULT_COUNT] = {
		[TAG_EMPTY] = KEY_PROBLEM_EMPTY,
		[TAG_NO_EQUALS] = KEY_PROBLEM_TERM,
		[TAG_BAD_NAME] = KEY_PROBLEM_TERM,
		[TAG_TWICE] = KEY_PROBLEM_TWICE,
		[TAG_TOO_MANY] = KEY_PROBLEM_MANY,
	};
	const struct taglist *tags = &check->record.tags;

	for (size_t i = 0; i < tags->faults_n; i++)
		if (tags->faults[i].what != TAG_BAD_OCTET)
			note(check, problems[tags->faults[i].what], tags->faults[i].where);
}

/* A tag of one letter behind white space within the value of another: `k=rsa p=MIGf...`. Not within n=, where people
 * write what they like. */
static bool semicolon_missing(struct span value, size_t from, size_t *at)
{
	for (size_t i = from + 1; i + 2 < value.n; i++)
		if (memchr("vhknpstg", value.p[i], 8) && value.p[i + 1] == '=' && value.p[i + 2] != '=' &&
			memchr(" \t", value.p[i - 1], 2)) {
			*at = i;
			return true;
		}
	return false;
}

static void semicolons_note(struct key_check *check)
{
	const struct taglist *tags = &check->record.tags;

	for (size_t i = 0; i < tags->n; i++) {
		struct span value = tags->tags[i].value;
		size_t at, end;

		if (span_is(tags->tags[i].name, SPAN("n")) || !semicolon_missing(value, 0, &at))
			continue;
		for (end = at; end < value.n && !memchr(" \t", value.p[end], 2); end++)
			;
		note(check, KEY_PROBLEM_SEMICOLON, (struct span){ value.p + at, end - at });
	}
}

static void version_note(struct key_check *check)
{
	const struct key_record *record = &check->record;

	if (!record->v.p)
		note(check, KEY_PROBLEM_NO_VERSION, SPAN_ABSENT);
	else if (!span_is(record->v, SPAN("DKIM1")))
		note(check, KEY_PROBLEM_VERSION, tag_span(check, "v"));
	else if (!span_is(record->tags.tags[0].name, SPAN("v")))
		note(check, KEY_PROBLEM_VERSION_LATE, tag_span(check, "v"));
}

/* --- what is wrong with the key --- */

/* The first run of octets that base64 does not know; behind a "=" nothing but "=" may follow. */
static struct span base64_stranger(struct span value)
{
	bool padded = false;

	for (size_t i = 0; i < value.n; i++) {
		size_t start = i;

		if (fws_length(value, i) || value.p[i] == '\n')
			continue;
		padded |= value.p[i] == '=';
		if (value.p[i] == '=' || (is_base64_digit(value.p[i]) && !padded))
			continue;
		if (value.n - i > 5 && memcmp(value.p + i, "-----", 5) == 0) {
			long end = span_find_nocase((struct span){ value.p + i + 5, value.n - i - 5 }, SPAN("-----"));

			return (struct span){ value.p + i, end < 0 ? 5 : (size_t)end + 10 };
		}
		while (i < value.n && !is_base64_digit(value.p[i]) && value.p[i] != '=' && !fws_length(value, i))
			i++;
		return (struct span){ value.p + start, i > start ? i - start : 1 };
	}
	return SPAN_ABSENT;
}

static size_t digits_count(struct span value)
{
	size_t n = 0;

	for (size_t i = 0; i < value.n; i++)
		n += fws_length(value, i) == 0 && value.p[i] != '\n';
	return n;
}

static void rsa_note(struct key_check *check)
{
	const struct key_material *material = &check->material;
	struct span p = check->record.p;

	if (material->bits < KEYRECORD_RSA_BITS_MIN)
		note(check, KEY_PROBLEM_SHORT, p);
	else if (material->bits < ADVISED_BITS)
		note(check, KEY_PROBLEM_WEAK, p);
	else if (material->bits > LARGE_BITS)
		note(check, KEY_PROBLEM_LARGE, p);
	if (!span_is(material->exponent, SPAN("\x01\x00\x01")))
		note(check, KEY_PROBLEM_EXPONENT, p);
	if (material->form == KEY_FORM_RSA_BARE)
		note(check, KEY_PROBLEM_BARE, p);
	if (material->trailing)
		note(check, KEY_PROBLEM_TRAILING, p);
	if (!check->record.k.p && check->record.type == KEY_RSA)
		note(check, KEY_PROBLEM_NO_TYPE, SPAN_ABSENT);
}

static void material_note(struct key_check *check)
{
	const struct key_record *record = &check->record;
	const struct key_material *material = &check->material;
	bool rsa = keymaterial_is_rsa(material), ed25519 = keymaterial_is_ed25519(material);

	if (material->form == KEY_FORM_PRIVATE)
		note(check, KEY_PROBLEM_PRIVATE, record->p);
	else if (material->form == KEY_FORM_CUT)
		note(check, KEY_PROBLEM_CUT, record->p);
	else if (!rsa && !ed25519 && record->type != KEY_OTHER)
		note(check, KEY_PROBLEM_MATERIAL, record->p);
	else if (record->type != KEY_OTHER && rsa != (record->type == KEY_RSA))
		note(check, KEY_PROBLEM_TYPE_DIFFERS, record->k.p ? tag_span(check, "k") : record->p);
	else if (material->form == KEY_FORM_ED25519_WRAPPED)
		note(check, KEY_PROBLEM_WRAPPED, record->p);
	if (rsa)
		rsa_note(check);
	else if (ed25519)
		note(check, KEY_PROBLEM_ED25519, record->p);
}

/* No base64 text has this many digits: what can be read of it tells whether it was a key once. */
static void length_note(struct key_check *check, struct arena *arena)
{
	struct span digits = span_compact(check->record.p, arena), octets;

	octets = base64_decode((struct span){ digits.p, digits.n - digits.n % 4 }, arena);
	if (octets.p)
		check->material = keymaterial_of(octets);
	if (check->material.form == KEY_FORM_CUT) {
		note(check, KEY_PROBLEM_CUT, check->record.p);
		return;
	}
	check->material = (struct key_material){ .form = KEY_FORM_UNKNOWN, .fault = "it is no whole base64 text" };
	note(check, KEY_PROBLEM_MATERIAL, check->record.p);
}

static void key_note(struct key_check *check, struct arena *arena)
{
	const struct key_record *record = &check->record;
	struct span stranger;

	if (!record->p.p) {
		note(check, KEY_PROBLEM_NO_KEY, SPAN_ABSENT);
		return;
	}
	if (record->type == KEY_OTHER)
		note(check, KEY_PROBLEM_TYPE, tag_span(check, "k"));
	if (record->revoked) {
		note(check, KEY_PROBLEM_REVOKED, tag_span(check, "p"));
		return;
	}
	stranger = base64_stranger(record->p);
	if (stranger.p) {
		if (!noted(check, KEY_PROBLEM_QUOTE) && !noted(check, KEY_PROBLEM_OCTET))
			note(check, KEY_PROBLEM_BASE64, stranger);
		return;
	}
	if (!record->key.p) {
		length_note(check, arena);
		return;
	}
	check->material = keymaterial_of(record->key);
	material_note(check);
	if (digits_count(record->p) % 4)
		note(check, KEY_PROBLEM_PADDING, record->p);
	for (size_t i = 0; i < record->p.n; i++)
		if (fws_length(record->p, i)) {
			note(check, KEY_PROBLEM_BLANKS, (struct span){ record->p.p + i, fws_length(record->p, i) });
			break;
		}
}

/* --- what its rules say --- */

static void rules_note(struct key_check *check)
{
	const struct key_record *record = &check->record;
	struct span rest = record->t, flag;

	if (record->h.p && !taglist_has_member(record->h, "sha256"))
		note(check, KEY_PROBLEM_HASHES, tag_span(check, "h"));
	else if (record->h.p && taglist_has_member(record->h, "sha1"))
		note(check, KEY_PROBLEM_SHA1, tag_span(check, "h"));
	if (record->s.p && !taglist_has_member(record->s, "*") && !taglist_has_member(record->s, "email"))
		note(check,
			taglist_has_member(record->s, "tlsrpt") ? KEY_PROBLEM_SERVICE_OTHER : KEY_PROBLEM_SERVICE,
			tag_span(check, "s"));
	if (record->testing)
		note(check, KEY_PROBLEM_TESTING, tag_span(check, "t"));
	if (record->strict)
		note(check, KEY_PROBLEM_STRICT, tag_span(check, "t"));
	while (taglist_member(&rest, ':', &flag))
		if (!span_is(flag, SPAN("y")) && !span_is(flag, SPAN("s")) && !noted(check, KEY_PROBLEM_FLAG))
			note(check, KEY_PROBLEM_FLAG, tag_span(check, "t"));
	if (record->g.p)
		note(check, KEY_PROBLEM_GRANULARITY, tag_span(check, "g"));
}

static void unknown_note(struct key_check *check)
{
	const struct taglist *tags = &check->record.tags;

	for (size_t i = 0, n = 0; i < tags->n && n < UNKNOWN_TAGS_NOTED; i++)
		if (tags->tags[i].name.n != 1 || !memchr("vhknpstg", tags->tags[i].name.p[0], 8)) {
			note(check, KEY_PROBLEM_UNKNOWN_TAG, tags->tags[i].name);
			n++;
		}
}

void keycheck_read(struct span text, struct arena *arena, struct key_check *check)
{
	memset(check, 0, sizeof(*check));
	if (!text.p)
		text.p = "";
	keyrecord_parse_on(text, arena, &check->record);
	octets_note(check, text);
	faults_note(check);
	semicolons_note(check);
	/* What was meant is read from the corrected record; the values here are not what they seem. */
	if (noted(check, KEY_PROBLEM_SEMICOLON))
		return;
	version_note(check);
	key_note(check, arena);
	rules_note(check);
	unknown_note(check);
}

/* --- what was meant --- */

/* Without quotation marks and without octets that no record may have; white space of every kind becomes a blank. */
static struct span text_clean(struct span text, struct arena *arena)
{
	char *out = arena_take(arena, text.n + 1);
	size_t n = 0;

	for (size_t i = 0; out && i < text.n; i++)
		if (memchr("\t\r\n", text.p[i], 3))
			out[n++] = ' ';
		else if (!octet_is_foreign(text.p[i]) && text.p[i] != '"')
			out[n++] = text.p[i];
	return (struct span){ out, n };
}

static void value_divide(struct buf *out, struct span value)
{
	size_t from = 0, at;

	while (semicolon_missing(value, from, &at)) {
		buf_put(out, value.p + from, at - from);
		buf_put_byte(out, ';');
		from = at;
	}
	buf_put(out, value.p + from, value.n - from);
}

/* The record's tags with a semicolon before each of them. */
static bool tags_divide(struct span text, struct arena *arena, struct taglist *list)
{
	struct buf divided = BUF(2 * text.n + 64);
	struct span copy;

	taglist_parse(text, false, list);
	for (size_t i = 0; i < list->n; i++) {
		buf_put_span(&divided, list->tags[i].name);
		buf_put_byte(&divided, '=');
		if (span_is(list->tags[i].name, SPAN("n")))
			buf_put_span(&divided, list->tags[i].value);
		else
			value_divide(&divided, list->tags[i].value);
		buf_put_byte(&divided, ';');
	}
	copy = arena_copy(arena, buf_span(&divided));
	buf_release(&divided);
	if (copy.p)
		taglist_parse(copy, false, list);
	return copy.p != NULL;
}

/* The value of a tag, however its name is written. */
static struct span value_meant(const struct taglist *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (span_is_nocase(list->tags[i].name, span_of(name)))
			return list->tags[i].value;
	return SPAN_ABSENT;
}

/* p= without the lines that frame a key in a file. */
static struct span key_bare(struct span value, struct arena *arena)
{
	struct buf bare = BUF(value.n + 1);
	struct span copy;

	while (value.n) {
		long start = span_find_nocase(value, SPAN("-----")), end;
		size_t n = start < 0 ? value.n : (size_t)start;

		buf_put(&bare, value.p, n);
		value = (struct span){ value.p + n, value.n - n };
		if (start < 0)
			break;
		end = span_find_nocase((struct span){ value.p + 5, value.n - 5 }, SPAN("-----"));
		n = end < 0 ? 5 : (size_t)end + 10;
		value = (struct span){ value.p + n, value.n - n };
	}
	copy = span_compact(buf_span(&bare), arena);
	buf_release(&bare);
	return copy;
}

static void list_put(struct buf *out, const char *name, struct span value, const char *without)
{
	struct span member;
	unsigned n = 0;

	while (taglist_member(&value, ':', &member)) {
		if (member.n == 0 || span_is(member, span_of(without)))
			continue;
		if (n++)
			buf_put_byte(out, ':');
		else
			buf_printf(out, "; %s=", name);
		buf_put_span(out, member);
	}
}

static void rules_put(struct buf *out, const struct taglist *list, bool trial_over)
{
	struct span h = value_meant(list, "h"), note = value_meant(list, "n"), s = value_meant(list, "s"),
		t = value_meant(list, "t");
	bool testing = taglist_has_member(t, "y") && !trial_over, strict = taglist_has_member(t, "s");

	if (h.p && taglist_has_member(h, "sha256"))
		list_put(out, "h", h, "sha1");
	if (note.n) {
		buf_put_text(out, "; n=");
		buf_put_span(out, note);
	}
	list_put(out, "s", s, "");
	if (testing || strict)
		buf_printf(out, "; t=%s", testing && strict ? "y:s" : testing ? "y" : "s");
}

bool keycheck_correct(struct span text, bool trial_over, struct arena *arena, struct buf *out)
{
	struct key_material material = { .form = KEY_FORM_UNKNOWN };
	struct span clean = text_clean(text, arena), k, p;
	struct taglist list;

	if (!clean.p || !tags_divide(clean, arena, &list))
		return false;
	k = value_meant(&list, "k");
	p = key_bare(value_meant(&list, "p"), arena);
	if (!value_meant(&list, "p").p || !p.p)
		return false;
	if (p.n) {
		struct span octets = base64_decode(p, arena);

		if (octets.p)
			material = keymaterial_of(octets);
		if (!keymaterial_is_rsa(&material) && !keymaterial_is_ed25519(&material))
			return false;
	}
	buf_put_text(out, "v=DKIM1");
	if (keymaterial_is_ed25519(&material))
		buf_put_text(out, "; k=ed25519");
	else if (k.p && p.n)
		buf_put_text(out, "; k=rsa");
	rules_put(out, &list, trial_over);
	buf_put_text(out, "; p=");
	if (p.n)
		keymaterial_put(out, &material);
	return !out->failed;
}
