#include "report/explain_words.h"

#include <stdlib.h>

#define STRONG_ITEM 50

void words_path(const struct pen *pen, const struct assessment *a, const struct path *path)
{
	(void)a;
	if (path->subclass != SUB_OWN) {
		pen_say(pen, "%s", words_subclass(path->subclass));
		return;
	}
	pen_say(pen, path->kind == KIND_DIRECT ? "yours, by SPF" : "yours, signed by you");
	if (path->kind == KIND_DIRECT && path->dkim_ok)
		pen_say(pen, path->dkim_ok == path->messages ? " and signature" : " and partly signed");
}

const char *words_side(enum side side)
{
	static const char *const words[SIDE_COUNT] = { "own", "forwarder", "forged" };

	return words[side];
}

static void say_key_home(const struct pen *pen, const struct assessment *a, const struct path *path)
{
	pen_say(pen, "It carries your valid signature");
	if (path->key.n) {
		pen_say(pen, ", key ");
		pen_host(pen, path->key);
	}
	if (path->relayed && path->origin != NO_INDEX) {
		pen_say(pen, ", which is at home at ");
		pen_host(pen, a->verdict->sources[path->origin].name);
		pen_say(pen, ": somebody passed on what began there");
	} else if (path->relayed) {
		pen_say(pen, ", which is at home elsewhere: somebody passed it on");
	}
	pen_say(pen, ".");
}

void words_proof(const struct pen *pen, const struct assessment *a, const struct path *path)
{
	const struct classification *c = &path->class;

	if (path->kind == KIND_DIRECT) {
		pen_say(pen, "Its host may send for you: SPF passes and is aligned.");
	} else if (path->kind == KIND_SIGNED) {
		say_key_home(pen, a, path);
	} else if (c->confidence == CONFIDENCE_OPERATOR) {
		pen_say(pen, "You said so.");
	} else {
		pen_say(pen, "%s confidence: own %u, forwarder %u, forged %u.",
			c->confidence == CONFIDENCE_HIGH     ? "High"
			: c->confidence == CONFIDENCE_MEDIUM ? "Medium"
							     : "Low",
			c->points[SIDE_OWN], c->points[SIDE_FORWARD], c->points[SIDE_FORGED]);
	}
	if (path->rose)
		pen_say(pen, " Undecided all the same: this week far more came this way than in the four weeks before. It may be forged, or "
			     "a system of yours that sends through it.");
}

void words_surer(const struct pen *pen, const struct assessment *a, const struct path *path)
{
	const struct classification *c = &path->class;
	struct span subject = path->sender != NO_INDEX ? a->verdict->senders[path->sender].mark
						       : a->verdict->sources[path->source].id;
	struct buf command = BUF(PEN_SAY);
	char address[ADDRESS_TEXT];
	bool strong = false;

	if (!path_kind_fails(path->kind) || c->confidence >= CONFIDENCE_HIGH)
		return;
	for (size_t i = 0; i < c->items_n; i++)
		for (int side = 0; side < SIDE_COUNT; side++)
			strong |= evidence_items[c->items[i]].points[side] >= STRONG_ITEM;
	if (!strong)
		pen_say(pen, "High confidence needs one item of %d or more. ", STRONG_ITEM);
	pen_say(pen, "Settle it: ");
	buf_put_text(&command, "dmarcgate mark ");
	buf_put_span(&command, words_argument(subject, &path->address, address));
	buf_put_text(&command, " own | forwarder | notours");
	pen_code(pen, buf_span(&command));
	buf_release(&command);
}

const char *words_method(enum name_method method)
{
	static const char *const words[METHOD_COUNT] = {
		[METHOD_MAP] = "the name you gave it",
		[METHOD_TABLE] = "a known service, by its confirmed host name",
		[METHOD_HOST] = "its confirmed host name",
		[METHOD_BOUNCE] = "its bounce domain, which passes SPF",
		[METHOD_SIGNATURE] = "its own signature",
		[METHOD_NETWORK] = "the owner of its network",
		[METHOD_PREFIX] = "its address",
		[METHOD_OWN] = "a host of your own",
		[METHOD_SCATTER] = "many addresses with few messages each",
	};

	return method < METHOD_COUNT ? words[method] : "";
}

const char *words_seen(const struct seen_result *result)
{
	return result->what == SEEN_SPF ? "SPF" : "DKIM";
}

const char *words_alignment(const struct seen_result *result)
{
	if (result->result != RESULT_PASS)
		return "";
	return result->aligned ? "aligned" : "not aligned";
}

void words_delivered(const struct pen *pen, const struct detail *detail)
{
	const struct {
		uint64_t n;
		const char *word;
	} parts[] = { { detail->delivered, "delivered" }, { detail->spam, "to spam" }, { detail->refused, "refused" } };
	const char *before = "";

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (!parts[i].n)
			continue;
		pen_say(pen, "%s%s %s", before, count_text(parts[i].n).p, parts[i].word);
		before = ", ";
	}
	if (detail->reasons)
		pen_say(pen, "%swith a reason for an exception: %s", before, count_text(detail->reasons).p);
}

const char *words_trust_level(enum trust trust)
{
	static const char *const words[] = { "not believed", "not authenticated", "authenticated by another",
		"authenticated" };

	return trust <= TRUST_3 ? words[trust] : "";
}

void words_trust(const struct pen *pen, const struct assessment *a, uint32_t reporter)
{
	const struct verdict *v = a->verdict;
	uint64_t all = 0, good = 0;

	for (size_t i = 0; i < v->reports_n; i++) {
		const struct judged_report *r = &v->reports[i];

		if (r->reporter != reporter || r->use != USE_COUNTED || r->last_day < v->first_day)
			continue;
		all++;
		good += r->trust >= TRUST_2;
	}
	pen_say(pen, "%s, %s",
		good == all ? "authenticated"
		: good	    ? "partly authenticated"
			    : "not authenticated",
		standing_word(v->reporters[reporter].standing));
}

const char *words_gate_why(unsigned number)
{
	static const char *const words[GATES + 1] = {
		"",
		"Too few days, or too few receivers, say nothing of senders that come once a month or write to others. "
		"Days are weekdays with a counted report; where they are short the window grows to 90 and then to 180 "
		"days.",
		"Few messages make a small share uncertain. One receiver, address and day count for 200 messages at "
		"most, so that no single newsletter buys certainty.",
		"The share of your own mail that fails, as seen and at the upper end of what it may be in truth (95 %). "
		"Forwarded and forged mail is in neither number.",
		"One sender that fails is a whole system whose mail would be lost, however small it is beside the "
		"others.",
		"SPF breaks on forwarding. RFC 9989 7.4: a domain at p=reject must not rely on SPF alone.",
		"What is neither surely yours nor surely not would be lost if it is yours. dmarcgate mark settles each "
		"source.",
		"Lists and gateways change your mail, so that it fails. You cannot repair that; above the limit it is "
		"too much to lose.",
		"A month at quarantine shows what reject would do. RFC 9989 7.4 asks for it.",
		"A sender that came up unsigned a short while ago is seldom the last one. An open critical alert fails "
		"this too.",
		"What is published must be sound: one DMARC record, an SPF record without error, keys that are there "
		"and long enough.",
		"A subdomain without a record of its own inherits the policy, so it must pass by itself, or be spared "
		"by sp or np.",
		"Loss that you accepted by name; it has a budget, and acceptance expires.",
	};

	return number <= GATES ? words[number] : "";
}

bool words_has_item(const struct path *path, enum evidence_id id)
{
	if (!path->messages || path->pooled != NO_INDEX || !path_kind_fails(path->kind))
		return false;
	for (size_t i = 0; i < path->class.items_n; i++)
		if (path->class.items[i] == id)
			return true;
	return false;
}

size_t paths_of(const struct detailer *d, const struct verdict *v, uint32_t source, struct span header_from,
	uint32_t paths[PATHS_SHOWN])
{
	size_t all, n = 0;
	const uint32_t *of_source = detail_paths(d, source, &all);

	for (int fails = 1; fails >= 0; fails--)
		for (size_t i = 0; i < all && n < PATHS_SHOWN; i++) {
			const struct path *path = &v->paths[of_source[i]];

			if (path->messages && path->pooled == NO_INDEX && path_kind_fails(path->kind) == fails &&
				(!header_from.p || span_is(path->header_from, header_from)))
				paths[n++] = of_source[i];
		}
	return n;
}

const struct step *step_of(const struct verdict *v, uint32_t sender)
{
	for (size_t i = 0; i < v->steps_n; i++)
		if (v->steps[i].sender == sender)
			return &v->steps[i];
	return NULL;
}
