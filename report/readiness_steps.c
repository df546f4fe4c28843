/* What to do: each kind of step in words. */
#include "report/readiness_words.h"

#define RUNS_SHOWN 3
#define RUN_DAYS 4     /* of one run, around its main day */
#define BURST_DAYS 3   /* a sender seen on fewer has no rhythm yet */
#define STOPPED_DAYS 7 /* without mail: no rate any more */
#define SERIES_DAYS 35 /* how far back a sender's `since` can reach */

static const struct sender *sender_of(const struct assessment *a, const struct step *step)
{
	return step->sender == NO_INDEX ? NULL : &a->verdict->senders[step->sender];
}

static const struct path *path_of(const struct assessment *a, const struct step *step)
{
	return &a->verdict->paths[a->verdict->senders[step->sender].worst];
}

static const struct named_source *source_of(const struct assessment *a, const struct step *step)
{
	return &a->verdict->sources[a->verdict->senders[step->sender].source];
}

static void say_name(const struct pen *pen, const struct assessment *a, const struct step *step)
{
	words_subject(pen, a, step->subject, step->sender);
}

static unsigned days_left(const struct step *step)
{
	return step->limit > step->value ? (unsigned)(step->limit - step->value) : 0;
}

/* ---- the title: what to do, in one line */

static const struct {
	const char *before, *after;
} titles[STEP_KIND_COUNT] = {
	[STEP_ENABLE_DKIM] = { "Switch on DKIM for your domain at ", "" },
	[STEP_ENABLE_DKIM_UNSIGNED] = { "Switch on DKIM for your domain at ", "" },
	[STEP_DEFAULT_KEY] = { "Switch on DKIM for your domain at ", "" },
	[STEP_SEPARATE] = { "Move ", " to a subdomain of its own, or send through your own relay" },
	[STEP_SIGN_HOST] = { "Sign the mail of ", "" },
	[STEP_ADD_DKIM] = { "Sign the mail of ", " too" },
	[STEP_REPAIR_KEY] = { "Publish the key of ", "" },
	[STEP_REPAIR_SIGNATURE] = { "Repair the signatures of ", "" },
	[STEP_DECIDE] = { "Say whose mail comes from ", "" },
	[STEP_SUBDOMAIN] = { "Repair the mail of ", ", or give it a record of its own" },
	[STEP_FIX_RECORD] = { "Mend the published records (", ")" },
};

/* To a sender that signs as you already, though not always, nobody should speak as if it never did. */
static bool is_partly_signed(const struct assessment *a, const struct step *step)
{
	return (step->kind == STEP_ENABLE_DKIM || step->kind == STEP_ENABLE_DKIM_UNSIGNED ||
		       step->kind == STEP_DEFAULT_KEY || step->kind == STEP_SIGN_HOST) &&
	       sender_of(a, step)->dkim_ok;
}

/* The day on which its last bad mail is older than the window. */
static int64_t day_over(const struct assessment *a, const struct step *step)
{
	return step->until + a->verdict->window + 1;
}

void words_step_title(const struct pen *pen, const struct assessment *a, const struct step *step)
{
	if (step_is_mended(step)) {
		pen_say(pen, "Wait: ");
		say_name(pen, a, step);
		pen_say(pen, " seems repaired");
		return;
	}
	switch (step->kind) {
	case STEP_WAIT_STAGE:
		pen_say(pen, a->verdict->effective >= REQUEST_QUARANTINE ? "Stay at p=quarantine for %u more %s"
									 : "Go to p=quarantine and stay there for %u %s",
			days_left(step), plural(days_left(step), "day", "days"));
		break;
	case STEP_WAIT_QUIET:
		pen_say(pen, "Wait %u more %s for further surprises", days_left(step),
			plural(days_left(step), "day", "days"));
		break;
	case STEP_FORWARDING:
		pen_say(pen, "Ask lists and forwarders to rewrite From, or tell your users");
		break;
	case STEP_ACCEPTED:
		pen_say(pen, "Repair some of the senders whose loss you accepted");
		break;
	case STEP_GATHER:
		words_gather(pen, a);
		break;
	case STEP_ALERT:
		pen_say(pen, "See to the critical alert below");
		break;
	default:
		pen_say(pen, "%s", titles[step->kind].before);
		say_name(pen, a, step);
		pen_say(pen, "%s", titles[step->kind].after);
		if (is_partly_signed(a, step))
			pen_say(pen, ", for all of its mail");
	}
}

/* ---- the same as a row of a list: name, figure */

void words_step_name(const struct pen *pen, const struct assessment *a, const struct step *step)
{
	switch (step->kind) {
	case STEP_WAIT_STAGE:
		pen_say(pen, "%u days at p=quarantine", (unsigned)step->limit);
		break;
	case STEP_WAIT_QUIET:
		pen_say(pen, "%u days without a surprise", (unsigned)step->limit);
		break;
	case STEP_FORWARDING:
		pen_say(pen, "forwarded mail");
		break;
	case STEP_ACCEPTED:
		pen_say(pen, "accepted loss");
		break;
	case STEP_GATHER:
		pen_say(pen, "more data");
		break;
	case STEP_ALERT:
		pen_say(pen, "critical alert");
		break;
	default:
		say_name(pen, a, step);
	}
}

/* Messages of a periodic sender's last run; the window may hold two. */
static uint64_t run_messages(const struct assessment *a, const struct sender *s)
{
	const struct path *path = &a->verdict->paths[s->path];
	uint64_t n = 0;

	for (size_t i = 0; i < path->days_n; i++)
		if (path->days[i].day >= s->dates[0] - RUN_DAYS && path->days[i].day <= s->dates[0] + RUN_DAYS)
			n += path->days[i].messages;
	return n;
}

static void say_runs(const struct pen *pen, const struct assessment *a, const struct sender *s)
{
	pen_say(pen, "%s on %s", count_text(run_messages(a, s)).p, day_text(s->dates[0]).p);
	for (size_t i = 1; i < s->dates_n && i < RUNS_SHOWN; i++)
		pen_say(pen, "%s%s", i == 1 ? ", as on " : " and ", day_text(s->dates[i]).p);
}

static void say_rhythm(const struct pen *pen, const struct assessment *a, const struct step *step)
{
	const struct sender *s = sender_of(a, step);
	const struct path *path = path_of(a, step);
	const struct features *f = &path->features;

	if ((s->monthly || s->quarterly) && s->dates_n) {
		say_runs(pen, a, s);
	} else if (s->last_day - s->first_day < BURST_DAYS) {
		pen_say(pen, "%s on %s", count_text(s->messages).p, weekday_text(s->first_day).p);
		if (s->last_day > s->first_day)
			pen_say(pen, " and after");
	} else {
		pen_say(pen, "%s a week", count_text(step->per_week).p);
		if (step->guess == GUESS_DEVICE)
			pen_say(pen, ", office hours");
		else if (f->weeks && f->weeks_seen == f->weeks)
			pen_say(pen, ", every week");
	}
	if (s->addresses == 1)
		pen_say(pen, ", one address");
	if (path->kind == KIND_BROKEN) {
		pen_say(pen, ", broken signature");
	} else if (path->signer.n) {
		pen_say(pen, ", signed as ");
		pen_host(pen, path->signer);
	} else {
		pen_say(pen, ", unsigned");
	}
}

/* "24 a week" would be an invention where 120 come once a month. */
static void say_share_failing(const struct pen *pen, const struct assessment *a, const struct step *step)
{
	const struct sender *s = sender_of(a, step);
	uint64_t n = step->fails ? step->fails : s->messages - s->dkim_ok;

	if (step->fails && step->fails < step->messages && s->fails_since != MOMENT_NONE) {
		pen_say(pen, "%s of ", count_text(n).p);
		pen_say(pen, "%s fail, most since %s", count_text(step->messages).p, weekday_text(s->fails_since).p);
		return;
	}
	if ((s->monthly || s->quarterly) && s->dates_n && (!step->fails || step->fails >= step->messages)) {
		say_runs(pen, a, s);
		pen_say(pen, step->fails ? "" : ",");
	} else if (s->last_day <= a->verdict->last_day - STOPPED_DAYS) {
		pen_say(pen, "%s, the last on ", count_text(n).p);
		pen_say(pen, "%s%s", weekday_text(s->last_day).p, step->fails ? "" : ",");
	} else {
		pen_say(pen, "%s a week", count_text(step->per_week).p);
	}
	if (step->fails >= step->messages)
		pen_say(pen, ", all fail");
	else if (step->fails)
		pen_say(pen, " fail, %s of it", percent_text(step->fails, step->messages).p);
	else
		pen_say(pen, " unsigned");
}

/* Nothing is broken where only the strict mode does not take a valid signature for one's own. */
static bool is_misaligned(const struct assessment *a, const struct step *step)
{
	const struct path *path = path_of(a, step);

	return path->misaligned * 2 > path->broken;
}

static bool is_disputed(const struct assessment *a, const struct step *step)
{
	const struct path *path = path_of(a, step);

	return path->disputed * 2 > path->broken;
}

static void say_break(const struct pen *pen, const struct assessment *a, const struct step *step)
{
	const struct sender *s = sender_of(a, step);

	pen_say(pen, s->key.n ? "key " : "signature");
	pen_host(pen, s->key);
	if (is_misaligned(a, step)) {
		pen_say(pen, " is valid, but not that of ");
		pen_host(pen, s->header_from);
		pen_say(pen, " itself, as adkim=s wants");
		return;
	}
	if (step->kind == STEP_REPAIR_KEY) {
		pen_say(pen, " is not published");
	} else if (is_disputed(a, step)) {
		pen_say(pen, " is valid, yet the receiver failed the mail");
		return;
	} else {
		pen_say(pen, " broken");
	}
	if (step->since == MOMENT_NONE || step->since <= a->verdict->last_day - SERIES_DAYS + 1)
		return;
	pen_say(pen, step->kind == STEP_REPAIR_KEY ? ", broken since %s" : " since %s", weekday_text(step->since).p);
	if (s->before.messages > s->before.not_signed)
		pen_say(pen, "; was %s signed",
			percent_text(s->before.messages - s->before.not_signed, s->before.messages).p);
}

static const struct subdomain *subdomain_of(const struct verdict *v, struct span name)
{
	for (size_t i = 0; i < v->subdomains_n; i++)
		if (span_is(v->subdomains[i].name, name))
			return &v->subdomains[i];
	return NULL;
}

static void say_plain_figure(const struct pen *pen, const struct assessment *a, const struct step *step)
{
	const struct verdict *v = a->verdict;
	const struct subdomain *sub = subdomain_of(v, step->subject);

	switch (step->kind) {
	case STEP_WAIT_STAGE:
	case STEP_WAIT_QUIET:
		pen_say(pen, "%u so far", (unsigned)step->value);
		break;
	case STEP_FORWARDING:
		pen_say(pen, "%s of ", count_text(v->measures.forwarded_fails).p);
		pen_say(pen, "%s fail", count_text(v->measures.forwarded).p);
		break;
	case STEP_SUBDOMAIN:
		if (sub) {
			pen_say(pen, "%s of ", count_text(sub->own_fails).p);
			pen_say(pen, "%s of its own fail", count_text(sub->own).p);
		}
		break;
	case STEP_ACCEPTED:
		pen_say(pen, "%s of your own mail, allowed: ", ratio_text(step->value).p);
		pen_say(pen, "%s", ratio_text(step->limit).p);
		break;
	case STEP_GATHER:
		if (v->history_first == MOMENT_NONE)
			pen_say(pen, "no report that counts yet");
		else
			words_lacking(pen, a);
		break;
	case STEP_ALERT:
		pen_say(pen, "see what changed this week");
		break;
	default:
		break;
	}
}

static void say_mended(const struct pen *pen, const struct assessment *a, const struct step *step)
{
	const struct sender *s = sender_of(a, step);
	const struct subdomain *sub = s ? NULL : subdomain_of(a->verdict, step->subject);
	uint64_t fails = s ? s->fails : sub ? sub->own_fails : 0, messages = s ? s->messages : sub ? sub->own : 0;

	pen_say(pen, "%s of ", count_text(s && !fails ? s->messages - s->dkim_ok : fails).p);
	pen_say(pen, "%s %s, the last on ", count_text(messages).p, fails ? "failed" : "had no valid signature of yours");
	pen_say(pen, "%s", weekday_text(step->until).p);
}

void words_step_figure(const struct pen *pen, const struct assessment *a, const struct step *step)
{
	if (step_is_mended(step)) {
		say_mended(pen, a, step);
		return;
	}
	switch (step->kind) {
	case STEP_DECIDE:
		say_rhythm(pen, a, step);
		break;
	case STEP_REPAIR_KEY:
	case STEP_REPAIR_SIGNATURE:
		say_break(pen, a, step);
		break;
	case STEP_ADD_DKIM:
		say_share_failing(pen, a, step);
		pen_say(pen, "; SPF alone breaks on forwarding");
		break;
	default:
		if (step->sender == NO_INDEX)
			say_plain_figure(pen, a, step);
		else
			say_share_failing(pen, a, step);
	}
}

void words_step_figure_behind(
	const struct pen *pen, const char *before, const struct assessment *a, const struct step *step)
{
	size_t without = pen->out->n, with;

	buf_put_text(pen->out, before);
	with = pen->out->n;
	words_step_figure(pen, a, step);
	if (pen->out->n == with)
		pen->out->n = without;
}

void words_step_effect(const struct pen *pen, const struct step *step)
{
	if (step->loss_now <= step->loss_after)
		return;
	pen_say(pen, "own loss %s ", ratio_text(step->loss_now).p);
	pen_symbol(pen, SYMBOL_ARROW);
	pen_say(pen, " %s", ratio_text(step->loss_after).p);
}

/* ---- why */

static void say_stranger(const struct pen *pen, const struct path *path)
{
	if (path->signer.n && span_is_nocase(path->signer, path->bounce)) {
		pen_say(pen, "Signs and bounces as ");
		pen_host(pen, path->signer);
		pen_say(pen, ", never as you.");
	} else if (path->signer.n) {
		pen_say(pen, "Signs as ");
		pen_host(pen, path->signer);
		pen_say(pen, ", never as you.");
	} else if (path->bounce.n) {
		pen_say(pen, "Bounces as ");
		pen_host(pen, path->bounce);
		pen_say(pen, " and signs nothing.");
	}
}

static bool has_item(const struct path *path, enum evidence_id id)
{
	for (size_t i = 0; i < path->class.items_n; i++)
		if (path->class.items[i] == id)
			return true;
	return false;
}

static void say_guess(const struct pen *pen, const struct assessment *a, const struct step *step)
{
	static const char *const guesses[GUESS_COUNT] = { "Whose mail is it?", "Payroll?", "Web shop or contact form?",
		"Scanner or printer?", "A mailing list?", "A forwarder?", "Probably forged." };
	const struct sender *s = sender_of(a, step);

	pen_say(pen, "%s", guesses[step->guess]);
	if (path_of(a, step)->rose)
		pen_say(pen, " This week far more came this way than in the four before: somebody else's, or a system of yours?");
	if (s->next_day != MOMENT_NONE)
		pen_say(pen, " Next run expected about %s.", day_text(s->next_day).p);
}

void words_step_reason(const struct pen *pen, const struct assessment *a, const struct step *step)
{
	const struct sender *s = sender_of(a, step);

	if (step_is_mended(step))
		return;
	if (is_partly_signed(a, step)) {
		pen_say(pen, "%s of its ", count_text(s->messages - s->dkim_ok).p);
		pen_say(pen, "%s messages are not signed by you.", count_text(s->messages).p);
		return;
	}
	switch (step->kind) {
	case STEP_ENABLE_DKIM:
		say_stranger(pen, path_of(a, step));
		if (has_item(path_of(a, step), E31))
			pen_say(pen, " Your SPF record includes it; that does not help, the bounce domain is theirs.");
		break;
	case STEP_ENABLE_DKIM_UNSIGNED:
	case STEP_SIGN_HOST:
		pen_say(pen, "Neither signed nor allowed by SPF.");
		break;
	case STEP_SEPARATE:
		pen_say(pen, "This service cannot sign as you.");
		break;
	case STEP_DEFAULT_KEY:
		pen_say(pen, "Today it signs as ");
		pen_host(pen, path_of(a, step)->signer);
		pen_say(pen, ".");
		break;
	case STEP_ADD_DKIM:
		if (s->forwarded_fails) {
			pen_say(pen, "%s ", count_text(s->forwarded_fails).p);
			pen_say(pen, "of its messages reached receivers through a forwarder and failed already.");
		}
		break;
	case STEP_DECIDE:
		say_guess(pen, a, step);
		break;
	case STEP_FORWARDING:
		pen_say(pen, "Nothing to repair on your side: lists and gateways change or re-send your mail.");
		break;
	default:
		break;
	}
}

/* ---- how */

/* A selector that is not taken: dmarc1, dmarc2, ... */
static unsigned selector_free(const struct verdict *v)
{
	char name[16];
	unsigned number = 1;

	for (size_t i = 0; i < v->keys_n; i++) {
		snprintf(name, sizeof name, "dmarc%u", number);
		if (span_is_nocase(v->keys[i].selector, span_of(name))) {
			number++;
			i = (size_t)-1;
		}
	}
	return number;
}

static void say_sign_host(const struct pen *pen, const struct assessment *a, const struct step *step)
{
	const struct path *path = path_of(a, step);
	char address[ADDRESS_TEXT];

	pen_say(pen, "Sign there (OpenDKIM, rspamd or the mail server itself); selector dmarc%u is free, 2048 bit.",
		selector_free(a->verdict));
	if (step->kind == STEP_SIGN_HOST) {
		pen_say(pen, " Add ");
		pen_say(pen, "%s", address_format(&path->address, address));
		if (path->addresses > 1)
			pen_say(pen, " and %s more", count_text(path->addresses - 1).p);
		pen_say(pen, " to SPF as second leg.");
	}
}

static void say_menu(const struct pen *pen, const struct assessment *a, const struct step *step)
{
	const struct sender_row *row = source_of(a, step)->row;

	if (row && row->where.n) {
		pen_path(pen, row->where);
		pen_say(pen, "; publish the records it shows.");
	} else if (row || step->kind == STEP_ENABLE_DKIM) {
		pen_say(pen, "Look for DKIM or domain authentication in its settings%s; publish the records it shows.",
			row ? "" : ", or ask who runs it");
	} else {
		say_sign_host(pen, a, step);
	}
}

/* Others might do more than mark when they are copied into a shell. */
struct span words_argument(struct span text, const struct address *instead, char address[ADDRESS_TEXT])
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@:/=";

	for (size_t i = 0; i < text.n; i++)
		if (!memchr(plain, text.p[i], sizeof plain - 1))
			return span_of(address_format(instead, address));
	return text.n && text.n <= PEN_NAME_OCTETS && text.p[0] != '-' ? text : span_of(address_format(instead, address));
}

static void say_mark(const struct pen *pen, const struct assessment *a, const struct step *step)
{
	const struct sender *s = sender_of(a, step);
	bool relay = step->guess == GUESS_LIST || step->guess == GUESS_FORWARDER;
	struct buf command = BUF(PEN_SAY);
	char address[ADDRESS_TEXT];

	buf_put_text(&command, "dmarcgate mark ");
	buf_put_span(&command, words_argument(s->mark, &path_of(a, step)->address, address));
	buf_put_text(&command, relay			     ? " forwarder | own | notours"
			       : step->guess == GUESS_FORGED ? " notours | own"
							     : " own | notours");
	pen_code(pen, buf_span(&command));
	buf_release(&command);
}

void words_publish_key(const struct pen *pen, struct span selector, struct span domain)
{
	pen_say(pen, "Publish ");
	pen_host(pen, selector);
	pen_say(pen, "._domainkey.");
	pen_host(pen, domain);
	pen_say(pen, ", or sign with a key that is there.");
}

void words_lint(const struct pen *pen, const struct assessment *a)
{
	struct buf command = BUF(PEN_SAY);

	buf_put_text(&command, "dmarcgate lint ");
	buf_put_span(&command, a->verdict->domain);
	pen_code(pen, buf_span(&command));
	buf_release(&command);
}

void words_step_action(const struct pen *pen, const struct assessment *a, const struct step *step)
{
	if (step_is_mended(step)) {
		pen_say(pen, "Only time is needed: its old mail counts until %s.", weekday_text(day_over(a, step)).p);
		return;
	}
	switch (step->kind) {
	case STEP_ENABLE_DKIM:
	case STEP_ENABLE_DKIM_UNSIGNED:
	case STEP_DEFAULT_KEY:
	case STEP_ADD_DKIM:
		say_menu(pen, a, step);
		break;
	case STEP_SIGN_HOST:
		say_sign_host(pen, a, step);
		break;
	case STEP_SEPARATE:
		pen_say(pen, "Send from a subdomain with a record of its own, or through your own relay.");
		break;
	case STEP_REPAIR_KEY:
		words_publish_key(pen, sender_of(a, step)->key, sender_of(a, step)->key_domain);
		break;
	case STEP_REPAIR_SIGNATURE:
		if (is_misaligned(a, step)) {
			pen_say(pen, "Let it sign with d=");
			pen_host(pen, sender_of(a, step)->header_from);
			pen_say(pen, ", or publish adkim=r.");
			break;
		}
		if (is_disputed(a, step)) {
			pen_say(pen, "Nothing reported says what is wrong: compare what other receivers make of it.");
			break;
		}
		pen_say(pen, "Was the key changed that day, or does something change mail after signing (footer, virus "
			     "scanner)?");
		break;
	case STEP_DECIDE:
		say_mark(pen, a, step);
		break;
	case STEP_FIX_RECORD:
		words_lint(pen, a);
		pen_say(pen, " shows what is wrong, and what to publish.");
		break;
	case STEP_SUBDOMAIN:
		pen_say(pen, "Until it passes, sp=none spares it.");
		break;
	default:
		break;
	}
}

void words_step_seen(const struct pen *pen, const struct step *step)
{
	if (step->sender != NO_INDEX && step->kind != STEP_DECIDE && !step_is_mended(step))
		pen_say(pen, "A repair shows in the reports of the day after, in all of them two days later.");
}

/* ---- senders that stand on one leg */

/* Of the mail that your signature is on, the share that came by a forwarder. */
static double forwarded_share(const struct verdict *v)
{
	uint64_t forwarded = 0;

	for (size_t i = 0; i < v->paths_n; i++)
		if (v->paths[i].fate == FATE_FORWARDED && v->paths[i].key.n)
			forwarded += v->paths[i].messages;
	return forwarded ? (double)forwarded / (double)(v->measures.own_dkim + forwarded) : 0;
}

void words_risk(const struct pen *pen, const struct assessment *a, uint32_t sender)
{
	const struct verdict *v = a->verdict;
	const struct sender *s = &v->senders[sender];

	if (s->fate != FATE_OWN || !s->messages)
		return;
	if (s->subclass == SUB_OWN_SPF_ONLY) {
		pen_say(pen, "It stands on SPF alone and fails wherever it is forwarded");
		if (s->forwarded_fails)
			pen_say(pen, ", as %s did", counted_text(s->forwarded_fails, "message", "messages").p);
		if (forwarded_share(v) > 0)
			pen_say(pen, "; of your signed mail %s is forwarded", ratio_text(forwarded_share(v)).p);
		pen_say(pen, ".");
	} else if (s->dkim_ok && !s->spf_ok) {
		pen_say(pen, "It stands on its signature alone");
		if (s->broken_weeks)
			pen_say(pen, "; in %u of the last %u weeks more than 0.5 %% of it failed",
				(unsigned)s->broken_weeks, SERIES_DAYS / 7);
		else
			pen_say(pen, ", which held whenever it sent in the last %u weeks", SERIES_DAYS / 7);
		pen_say(pen, ".");
	}
}
