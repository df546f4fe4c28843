#include "report/changes.h"
#include "report/member_json.h"
#include "report/readiness_words.h"

#include "report/assess/policy.h"

#include <stdlib.h>

#define SUBJECT_OCTETS 1000
#define LINE_OCTETS ((size_t)64 * 1024)

/* ---- what is kept */

struct keeping {
	struct arena *arena;
	struct stored_item *items;
	size_t n;
};

static void keep(struct keeping *k, enum stored_item_kind kind, const char *word, struct span subject, const char *state)
{
	struct buf text = BUF(SUBJECT_OCTETS);

	buf_put_text(&text, word);
	if (subject.n) {
		buf_put_byte(&text, ' ');
		buf_put(&text, subject.p, subject.n < SUBJECT_OCTETS / 2 ? subject.n : SUBJECT_OCTETS / 2);
	}
	k->items[k->n++] = (struct stored_item){ kind, arena_copy(k->arena, buf_span(&text)),
		arena_copy(k->arena, span_of(state)) };
	buf_release(&text);
}

static void keep_settings(struct keeping *k, const struct assessment *a)
{
	struct buf policy = BUF(LINE_OCTETS);
	char digest[DIGEST_HEX], window[16];

	if (a->verdict->seen_any && policy_text(&policy, &a->verdict->seen, NULL))
		keep(k, ITEM_SETTING, "policy", SPAN_ABSENT, buf_text(&policy));
	buf_release(&policy);
	keep(k, ITEM_SETTING, "profile", SPAN_ABSENT, profile_word(a->options->profile));
	snprintf(window, sizeof window, "%u days", a->verdict->window);
	keep(k, ITEM_SETTING, "window", SPAN_ABSENT, window);
	digest_hex(a->verdict->limits_digest, digest);
	digest[12] = '\0';
	keep(k, ITEM_SETTING, "limits", SPAN_ABSENT, digest);
}

static int item_order(const void *a, const void *b)
{
	const struct stored_item *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return span_compare(x->subject, y->subject);
}

static void keep_decision(struct keeping *k, const struct decision *d)
{
	char id[8];

	for (size_t i = 0; i < d->gates_n; i++) {
		const struct gate *gate = &d->gates[i];

		snprintf(id, sizeof id, "G%u", gate->number);
		if (gate->state == GATE_FAILS || gate->state == GATE_NO_DATA)
			keep(k, ITEM_GATE, id, gate->subject, gate_state_word(gate->state));
	}
	for (size_t i = 0; i < d->exceptions_n; i++)
		keep(k, ITEM_EXCEPTION, exception_word(d->exceptions[i].kind), d->exceptions[i].subject, "");
}

bool verdict_store(const struct assessment *a, enum target asked, struct arena *arena, struct stored_verdict *stored)
{
	const struct verdict *v = a->verdict;
	const struct measures *m = &v->measures;
	size_t most = 4 + v->decision.gates_n + v->decision.exceptions_n + v->steps_n + v->alerts_n;
	struct keeping k = { .arena = arena, .items = arena_take(arena, most * sizeof *k.items) };
	size_t n = 0;

	if (!k.items)
		return false;
	keep_settings(&k, a);
	keep_decision(&k, &v->decision);
	for (size_t i = 0; i < v->steps_n; i++)
		if (!v->steps[i].later)
			keep(&k, ITEM_STEP, step_kind_word(v->steps[i].kind), v->steps[i].subject, "");
	for (size_t i = 0; i < v->alerts_n; i++)
		keep(&k, ITEM_ALERT, alert_kind_word(v->alerts[i].kind), v->alerts[i].subject, level_word(v->alerts[i].level));
	qsort(k.items, k.n, sizeof *k.items, item_order);
	for (size_t i = 0; i < k.n; i++)
		if (i == 0 || item_order(&k.items[n - 1], &k.items[i]) != 0)
			k.items[n++] = k.items[i];
	*stored = (struct stored_verdict){ .domain = v->domain, .asked = (int)asked, .day = a->options->today,
		.target = (int)v->target, .word = (int)v->decision.word, .own = m->own, .own_fails = m->own_fails,
		.forwarded = m->forwarded, .forwarded_fails = m->forwarded_fails, .undecided = m->undecided,
		.forged = m->forged, .own_upper = m->own_upper, .items = k.items, .items_n = n };
	return !arena->failed;
}

bool stored_verdict_equal(const struct stored_verdict *a, const struct stored_verdict *b)
{
	bool same = a->day == b->day && a->asked == b->asked && a->target == b->target && a->word == b->word &&
		    a->own == b->own && a->own_fails == b->own_fails && a->forwarded == b->forwarded &&
		    a->forwarded_fails == b->forwarded_fails && a->undecided == b->undecided && a->forged == b->forged &&
		    a->items_n == b->items_n && span_is(a->domain, b->domain);

	for (size_t i = 0; same && i < a->items_n; i++)
		same = item_order(&a->items[i], &b->items[i]) == 0 && span_is(a->items[i].state, b->items[i].state);
	return same;
}

/* ---- what changed */

bool changes_find(const struct stored_verdict *before, const struct stored_verdict *now, struct arena *arena,
	struct changes *changes)
{
	struct change *rows = arena_take(arena, (before->items_n + now->items_n) * sizeof *rows);
	size_t i = 0, k = 0;

	*changes = (struct changes){ .before = before, .now = now, .rows = rows };
	while (rows && (i < before->items_n || k < now->items_n)) {
		const struct stored_item *x = i < before->items_n ? &before->items[i] : NULL;
		const struct stored_item *y = k < now->items_n ? &now->items[k] : NULL;
		int order = !x ? 1 : !y ? -1 : item_order(x, y);
		const struct stored_item *item = order <= 0 ? x : y;

		i += order <= 0;
		k += order >= 0;
		if (order == 0 && span_is(x->state, y->state))
			continue;
		rows[changes->n++] = (struct change){ item->kind, item->subject, order <= 0 ? x->state : SPAN_ABSENT,
			order >= 0 ? y->state : SPAN_ABSENT };
	}
	return rows;
}

static const char *kind_word(enum stored_item_kind kind)
{
	static const char *const words[ITEM_KIND_COUNT] = { "setting", "gate", "exception", "step", "alert" };

	return words[kind];
}

static bool verdict_changed(const struct changes *c)
{
	return c->before->word != c->now->word || c->before->target != c->now->target;
}

/* `2.2 %`, as it is shown: what looks the same has not changed. */
static struct short_text loss_text(const struct stored_verdict *v)
{
	return percent_text(v->own_fails, v->own ? v->own : 1);
}

/* What stands in the database as words for programs, as a person reads it. */
struct phrase {
	const char *word, *text;
};

static const struct phrase setting_phrases[] = { { "policy", "policy that receivers saw" },
	{ "profile", "kind of domain" }, { "window", "days looked at" }, { NULL, NULL } };

static const struct phrase step_phrases[] = { { "enable-dkim", "let it sign with your domain" },
	{ "enable-dkim-unsigned", "let it sign with your domain" }, { "separate", "move it to a subdomain" },
	{ "sign-host", "sign its mail" }, { "add-dkim", "sign the rest of its mail" },
	{ "repair-key", "publish its key again" }, { "repair-signature", "repair its signature" },
	{ "default-key", "let it sign with your domain" }, { "decide", "decide whose mail it is" },
	{ "wait-stage", "wait at the stage before" }, { "wait-quiet", "wait for days without a surprise" },
	{ "fix-record", "mend a record" }, { "subdomain", "care for a subdomain" },
	{ "forwarding", "care for forwarded mail" }, { "accepted", "renew or end an accepted loss" },
	{ "gather", "gather more data" }, { "alert", "see to an alert" }, { NULL, NULL } };

static const struct phrase alert_phrases[] = { { "parked-sends", "a domain that ought to send nothing sends" },
	{ "dkim-lost", "signed less than before" }, { "spf-lost", "SPF passes less than before" },
	{ "fail-rise", "fails more than before" }, { "new-unsigned", "new and not signed by you" },
	{ "missed", "expected, and not seen" }, { "key-missing", "a key in use is gone from the DNS" },
	{ "key-weak", "a key is too short" }, { "key-testing", "a key is in test mode" },
	{ "key-home-moved", "a key is used from another place" },
	{ "sees-other-policy", "a receiver sees another policy" }, { "key-new", "a new key" },
	{ "key-gone", "a key is no longer used" }, { "gone", "sends hardly anything any more" },
	{ "forged-burst", "a burst of forged mail" }, { "policy-changed", "the policy changed" },
	{ "reporter-gone", "a receiver reports no longer" },
	{ "unverified-lead", "reports that do not count would change the verdict" }, { NULL, NULL } };

static const struct phrase exception_phrases[] = { { "dns", "DNS records" }, { "accepted", "accepted loss" },
	{ "thin", "too few messages to judge" }, { "undecided", "still undecided, though reviewed" }, { NULL, NULL } };

/* An item's sentence begins so when it is new, is over, is another one than before. */
static const struct {
	const char *added, *removed, *changed;
	const struct phrase *phrases; /* NULL: gates, which have their own */
} kinds[ITEM_KIND_COUNT] = {
	[ITEM_SETTING] = { "", "no longer known: ", "", setting_phrases },
	[ITEM_GATE] = { "not met: ", "now met: ", "not met: ", NULL },
	[ITEM_EXCEPTION] = { "exception: ", "no longer an exception: ", "exception: ", exception_phrases },
	[ITEM_STEP] = { "to do: ", "no longer to do: ", "to do: ", step_phrases },
	[ITEM_ALERT] = { "alert: ", "alert over: ", "alert: ", alert_phrases },
};

/* Kept is what identifies a sender; the page, the list and `explain` call it by its name. */
static void name_put(struct buf *line, const struct style *style, const struct assessment *a, struct span subject)
{
	const struct pen pen = { line, style, PEN_TERMINAL };
	const struct verdict *v = a->verdict;
	uint32_t sender = verdict_sender(v, subject);

	for (uint32_t i = 0; sender == NO_INDEX && i < v->paths_n; i++)
		if (span_is(v->sources[v->paths[i].source].id, subject)) {
			words_source(&pen, a, i);
			return;
		}
	words_subject(&pen, a, subject, sender);
}

/* `word subject`; a word that is not in the table, as of a later version, is shown as it is stored. */
static void subject_put(struct buf *line, const struct style *style, const struct assessment *a, const struct change *change)
{
	const struct phrase *phrase = kinds[change->kind].phrases;
	struct span rest = change->subject, word;
	unsigned long long number = 0;

	span_take(&rest, ' ', &word);
	if (!phrase && word.n > 1 && word.p[0] == 'G' && span_number((struct span){ word.p + 1, word.n - 1 }, GATES, &number)) {
		buf_printf(line, "%s (G%llu)", words_gate((unsigned)number), number);
	} else {
		while (phrase && phrase->word && !span_is(word, span_of(phrase->word)))
			phrase++;
		if (!phrase || !phrase->word) {
			style_brief(line, style, change->subject);
			return;
		}
		buf_put_text(line, phrase->text);
	}
	if (rest.n) {
		buf_put_text(line, ", ");
		name_put(line, style, a, rest);
	}
}

/* Of a gate, what is new or other is whether it can be told at all; a step has no state. */
static struct span state_shown(const struct change *change, struct span state)
{
	if (change->kind == ITEM_GATE)
		return span_is(state, span_of(gate_state_word(GATE_NO_DATA))) ? SPAN("not enough data") : SPAN("fails");
	return state;
}

static void line_put(FILE *out, const struct style *style, const struct assessment *a, const char *sign,
	const struct change *change)
{
	struct buf line = BUF(LINE_OCTETS);
	bool digest = change->kind == ITEM_SETTING && span_is(change->subject, SPAN("limits"));

	buf_put_text(&line, !change->before.p  ? kinds[change->kind].added
			    : !change->now.p ? kinds[change->kind].removed
					     : kinds[change->kind].changed);
	if (digest) {
		buf_put_text(&line, "the verdict's limits are other ones");
	} else {
		subject_put(&line, style, a, change);
		if (change->now.n && !change->before.p) {
			buf_put_text(&line, ": ");
			style_brief(&line, style, state_shown(change, change->now));
		} else if (change->now.p && change->before.p) {
			buf_put_text(&line, ": ");
			style_brief(&line, style, state_shown(change, change->before));
			buf_printf(&line, " %s ", style_symbol(style, SYMBOL_ARROW));
			style_brief(&line, style, state_shown(change, change->now));
		}
	}
	fprintf(out, "  %s ", sign);
	style_continue(out, style, 4, 4, buf_span(&line));
	buf_release(&line);
}

bool changes_text(FILE *out, const struct style *style, const struct assessment *a, const struct changes *c)
{
	const char *arrow = style_symbol(style, SYMBOL_ARROW);

	if (!c) {
		fputs("  No earlier verdict is stored.\n", out);
		return !ferror(out);
	}
	fprintf(out, "  Since %s%s\n", day_text(c->before->day).p,
		c->n || verdict_changed(c) || strcmp(loss_text(c->before).p, loss_text(c->now).p) ? ":" : " nothing changed.");
	if (verdict_changed(c))
		fprintf(out, "    verdict: %s for %s %s %s for %s\n", words_verdict((enum verdict_word)c->before->word),
			words_target((enum target)c->before->target), arrow, words_verdict((enum verdict_word)c->now->word),
			words_target((enum target)c->now->target));
	if (strcmp(loss_text(c->before).p, loss_text(c->now).p))
		fprintf(out, "    own loss: %s %s %s\n", loss_text(c->before).p, arrow, loss_text(c->now).p);
	for (size_t i = 0; i < c->n; i++)
		line_put(out, style, a, !c->rows[i].before.p ? "+" : !c->rows[i].now.p ? "-" : " ", &c->rows[i]);
	return !ferror(out);
}

static void pair_member(struct json *j, const char *name, const char *before, const char *now)
{
	member_object(j, name);
	member_text(j, "before", span_of(before));
	member_text(j, "now", span_of(now));
	json_close(j, '}');
}

static double loss_of(const struct stored_verdict *v)
{
	return v->own ? (double)v->own_fails / (double)v->own : 0;
}

void changes_json(struct json *j, const struct changes *c)
{
	char day[MOMENT_TEXT];

	if (!c) {
		json_null(j);
		return;
	}
	json_object(j);
	member_text(j, "since_day", span_of(moment_format_day(c->before->day * DAY_SECONDS, day)));
	pair_member(j, "verdict", verdict_word((enum verdict_word)c->before->word), verdict_word((enum verdict_word)c->now->word));
	pair_member(j, "target", target_word((enum target)c->before->target), target_word((enum target)c->now->target));
	member_object(j, "own_loss");
	member_share(j, "before", loss_of(c->before));
	member_share(j, "now", loss_of(c->now));
	json_close(j, '}');
	member_array(j, "items");
	for (size_t i = 0; i < c->n; i++) {
		json_object(j);
		member_text(j, "what", span_of(kind_word(c->rows[i].kind)));
		member_text(j, "subject", c->rows[i].subject);
		member_text(j, "before", c->rows[i].before);
		member_text(j, "now", c->rows[i].now);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_close(j, '}');
}
