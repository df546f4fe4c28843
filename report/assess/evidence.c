#include "report/assess/evidence.h"

#define SHARE_MARKED 0.2 /* override reasons on this share of a path's messages count as evidence */
#define REGULAR_MESSAGES 10
#define REGULAR_WEEKS 3
#define WORKWEEK_SHARE 0.95
#define WORKWEEK_MESSAGES 20
#define FEW_ADDRESSES 3

#define CLASS_POINTS 40
#define CLASS_LEAD 20
#define MEDIUM_POINTS 50
#define MEDIUM_LEAD 25
#define HIGH_POINTS 70
#define HIGH_LEAD 40
#define STRONG_ITEM 50 /* high needs one strong item, not a heap of weak ones */

const struct evidence_item evidence_items[EVIDENCE_COUNT] = {
	[E01] = { "E01", { 100, 0, 0 }, "you marked this source as yours" },
	[E02] = { "E02", { 0, 100, 0 }, "you marked this source as a forwarder" },
	[E03] = { "E03", { 0, 0, 100 }, "you marked this source as not yours" },
	[E10] = { "E10", { 70, 0, 0 }, "reverse DNS is a host of your own domain, confirmed both ways" },
	[E11] = { "E11", { 60, 0, 0 }, "the same addresses also send mail that passes SPF for your domain" },
	[E12] = { "E12", { 35, 0, 0 }, "the address sits beside servers that pass SPF for you" },
	[E20] = { "E20", { 60, 0, 0 }, "the broken signature uses a key that only this sender uses for you" },
	[E21] = { "E21", { 0, 60, 0 },
		"the broken signature uses a key of another of your senders, and more here speaks for relaying" },
	[E22] = { "E22", { 15, 0, 10 }, "the signature names your domain but a key never seen valid" },
	[E23] = { "E23", { 0, 30, 0 }, "part of the mail from here still carries your valid signature" },
	[E24] = { "E24", { 0, 30, 0 },
		"the broken signature names a key of another of your senders, which anyone could copy" },
	[E30] = { "E30", { 50, 0, 0 }, "this service also sends authenticated mail for you" },
	[E31] = { "E31", { 40, 0, 0 }, "your SPF record includes this service" },
	[E32] = { "E32", { 20, 0, 5 }, "known mail service that sends for many customers" },
	[E33] = { "E33", { 0, 35, 15 }, "signed for another customer of the same mailbox provider" },
	[E34] = { "E34", { 20, 0, 0 }, "you use this mailbox provider, as millions do" },
	[E35] = { "E35", { 80, 0, 0 }, "signed with the provider's default key for your own tenant" },
	[E40] = { "E40", { 0, 40, 0 }, "known forwarder, mailing list or mail gateway" },
	[E41] = { "E41", { 0, 40, 0 }, "receivers report a mailing list or trusted forwarder" },
	[E42] = { "E42", { 0, 30, 0 }, "receivers accepted the ARC chain of an intermediary" },
	[E43] = { "E43", { 0, 10, 0 },
		"bounce domain belongs to the relaying host, and part of your mail is unsigned" },
	[E45] = { "E45", { 0, 15, 0 }, "regular volume, as relayed mail of yours would be" },
	[E50] = { "E50", { 20, 0, 0 }, "seen in most weeks" },
	[E51] = { "E51", { 10, 0, 0 }, "follows the working week" },
	[E52] = { "E52", { 25, 0, 0 }, "comes back monthly on about the same day" },
	[E53] = { "E53", { 15, 0, 0 }, "few addresses, always the same" },
	[E60] = { "E60", { 0, 0, 20 }, "appeared within two days and was never seen before" },
	[E61] = { "E61", { 0, 0, 40 }, "many unrelated addresses, a few messages each" },
	[E62] = { "E62", { 0, 0, 25 }, "no reverse DNS, or a dial-up style name" },
	[E63] = { "E63", { 0, 0, 30 }, "uses a name under your domain that you never send from" },
	[E64] = { "E64", { 0, 0, 15 }, "bounce domain unrelated to you and to the host" },
	[E65] = { "E65", { 0, 0, 20 },
		"nothing about the message is authenticated and the sending network is not a mail service" },
	[E70] = { "E70", { 0, 60, 0 }, "a sample verifies again once a list footer or subject tag is undone" },
	[E71] = { "E71", { 50, 0, 0 }, "a sample passed through your own server first" },
	[E72] = { "E72", { 0, 30, 0 }, "a sample carries list or forwarding headers" },
	[E73] = { "E73", { 0, 0, 20 }, "a sample starts at this host and carries no signature of yours" },
	[E74] = { "E74", { 0, 50, 0 },
		"a sample's header signature is valid: it began as yours and its body was changed" },
};

bool evidence_find(struct span id, enum evidence_id *found)
{
	for (enum evidence_id i = 0; i < EVIDENCE_COUNT; i++) {
		if (span_is_nocase(id, span_of(evidence_items[i].id))) {
			*found = i;
			return true;
		}
	}
	return false;
}

const char *path_kind_word(enum path_kind kind)
{
	static const char *const words[KIND_COUNT] = { "direct", "signed", "broken", "third", "bare" };

	return kind < KIND_COUNT ? words[kind] : "";
}

const char *confidence_word(enum confidence confidence)
{
	static const char *const words[CONFIDENCE_COUNT] = { "low", "medium", "high", "operator" };

	return confidence < CONFIDENCE_COUNT ? words[confidence] : "";
}

static void add(struct classification *c, enum evidence_id id)
{
	c->items[c->items_n++] = (unsigned char)id;
	for (int side = 0; side < SIDE_COUNT; side++)
		c->points[side] += evidence_items[id].points[side];
}

static void add_if(struct classification *c, bool holds, enum evidence_id id)
{
	if (holds)
		add(c, id);
}

static bool relays(enum sender_kind kind)
{
	return kind == SENDER_FORWARDER || kind == SENDER_LIST || kind == SENDER_GATEWAY;
}

/* A copied selector proves nothing by itself: it counts in full only where something else speaks for relaying. */
static bool relaying_backed(const struct features *f)
{
	return f->relays_signed || relays(f->table) || f->list_share >= SHARE_MARKED || f->arc_share >= SHARE_MARKED ||
	       (f->samples & (SAMPLE_UNDONE | SAMPLE_LIST | SAMPLE_HEADER_VALID));
}

static void weigh_origin(struct classification *c, const struct features *f)
{
	add_if(c, f->ptr_own, E10);
	add_if(c, f->has_direct && !f->shared, E11);
	add_if(c, f->near_direct && !f->has_direct, E12);
	if (f->kind == KIND_BROKEN) {
		add_if(c, f->home == HOME_NONE, E22);
		add_if(c, f->home == HOME_HERE, E20);
		if (f->home == HOME_ELSEWHERE)
			add(c, relaying_backed(f) ? E21 : E24);
	}
	add_if(c, f->relays_signed && !(f->kind == KIND_BROKEN && f->home == HOME_HERE), E23);
}

static void weigh_service(struct classification *c, const struct features *f)
{
	if (f->table == SENDER_MAILBOX) {
		add_if(c, f->tenant == TENANT_OWN, E35);
		add_if(c, f->tenant == TENANT_OTHER, E33);
		add_if(c, f->customer || f->spf_reaches, E34);
	} else {
		add_if(c, f->customer, E30);
		add_if(c, f->spf_reaches, E31);
	}
	add_if(c, f->table == SENDER_SENDER, E32);
	add_if(c, relays(f->table), E40);
	add_if(c, f->list_share >= SHARE_MARKED, E41);
	add_if(c, f->arc_share >= SHARE_MARKED, E42);
	add_if(c, f->kind == KIND_THIRD && f->bounce_is_host && f->own_unsigned && f->table != SENDER_SENDER, E43);
}

/* Seen in max(3, 60 %) of the weeks, rounded up. */
static bool is_regular(const struct features *f)
{
	unsigned weeks = (f->weeks * 6 + 9) / 10;

	return f->weeks_seen >= (weeks > REGULAR_WEEKS ? weeks : REGULAR_WEEKS) && f->messages >= REGULAR_MESSAGES;
}

bool features_keep_workweek(const struct features *f)
{
	return is_regular(f) && f->weekday_share >= WORKWEEK_SHARE && f->messages >= WORKWEEK_MESSAGES;
}

/* Regular mail through a relay speaks for the relay; regular mail from a host of its own for the owner. */
static void weigh_rhythm(struct classification *c, const struct features *f)
{
	bool regular = is_regular(f);

	if (relays(f->table) || (f->kind == KIND_BROKEN && f->home == HOME_ELSEWHERE && !f->scatter)) {
		add_if(c, regular, E45);
		return;
	}
	if (f->scatter)
		return;
	add_if(c, regular, E50);
	add_if(c, features_keep_workweek(f), E51);
	add_if(c, f->monthly, E52);
	add_if(c, f->addresses <= FEW_ADDRESSES && (regular || f->monthly), E53);
}

static void weigh_forgery(struct classification *c, const struct features *f)
{
	add_if(c, f->burst && !f->monthly, E60);
	add_if(c, f->scatter, E61);
	add_if(c, f->ptr_bad, E62);
	add_if(c, f->phantom && f->kind == KIND_BARE, E63);
	add_if(c, f->bounce_unrelated, E64);
	add_if(c, f->kind == KIND_BARE && f->table == SENDER_NONE && f->ptr_bad, E65);
}

static void weigh_samples(struct classification *c, const struct features *f)
{
	add_if(c, f->samples & SAMPLE_UNDONE, E70);
	add_if(c, f->samples & SAMPLE_OWN_HOP, E71);
	add_if(c, f->samples & SAMPLE_LIST, E72);
	add_if(c, f->samples & SAMPLE_HEADER_VALID, E74);
	add_if(c, f->samples & SAMPLE_STARTS_HERE, E73);
}

static void conclude(struct classification *c)
{
	static const enum path_class classes[SIDE_COUNT] = { CLASS_OWN, CLASS_FORWARD, CLASS_FORGED };
	unsigned top = 0, second = 0, lead;
	int best = 0;
	bool strong = false;

	for (int side = 0; side < SIDE_COUNT; side++) {
		if (c->points[side] > top) {
			second = top;
			top = c->points[side];
			best = side;
		} else if (c->points[side] > second) {
			second = c->points[side];
		}
	}
	lead = top - second;
	if (top < CLASS_POINTS || lead < CLASS_LEAD)
		return;
	c->class = classes[best];
	for (size_t i = 0; i < c->items_n; i++)
		strong |= evidence_items[c->items[i]].points[best] >= STRONG_ITEM;
	if (strong && top >= HIGH_POINTS && lead >= HIGH_LEAD)
		c->confidence = CONFIDENCE_HIGH;
	else if (top >= MEDIUM_POINTS && lead >= MEDIUM_LEAD)
		c->confidence = CONFIDENCE_MEDIUM;
}

struct classification evidence_weigh(const struct features *f)
{
	static const struct {
		enum mark_kind mark;
		enum evidence_id item;
		enum path_class class;
	} words[] = { { MARK_OWN, E01, CLASS_OWN }, { MARK_FORWARDER, E02, CLASS_FORWARD },
		{ MARK_NOT_OURS, E03, CLASS_FORGED } };
	struct classification c = { .class = CLASS_UNKNOWN, .confidence = CONFIDENCE_LOW };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (f->mark == words[i].mark) {
			add(&c, words[i].item);
			c.class = words[i].class;
			c.confidence = CONFIDENCE_OPERATOR;
			return c;
		}
	}
	weigh_origin(&c, f);
	weigh_service(&c, f);
	weigh_rhythm(&c, f);
	weigh_forgery(&c, f);
	weigh_samples(&c, f);
	conclude(&c);
	return c;
}
