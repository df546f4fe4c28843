#include "parse/dns/discovery.h"

#include "parse/dns/orgdomain.h"

/* Where the walk stands: a node and the next of its terms; the redirect comes after all of them. */
struct frame {
	size_t node, next;
};

struct walk {
	struct dns dns;
	struct arena *arena;
	struct spf_tree *tree;
	struct frame stack[SPF_NODES_MAX];
	size_t depth;
	size_t ranges_room;
	bool failed;
};

const char *spf_result_word(enum spf_result result)
{
	static const char *const words[] = {
		[SPF_NONE] = "none",
		[SPF_OK] = "ok",
		[SPF_PERMERROR] = "permerror",
		[SPF_TEMPERROR] = "temperror",
	};

	return (unsigned)result <= SPF_TEMPERROR ? words[result] : "?";
}

static bool walk_ask(struct walk *walk, struct span name, enum dns_type type, struct dns_answer *answer)
{
	if (walk->tree->queries == SPF_QUERIES_MAX) {
		walk->tree->cut = true;
		*answer = (struct dns_answer){ .name = name, .type = type, .status = DNS_UNASKED };
		return false;
	}
	walk->tree->queries++;
	*answer = dns_ask(walk->dns, name, type, walk->arena);
	return true;
}

static void range_add(struct walk *walk, struct spf_range range)
{
	struct spf_tree *tree = walk->tree;

	if (tree->ranges_n == SPF_RANGES_MAX) {
		tree->cut = true;
		return;
	}
	if (tree->ranges_n == walk->ranges_room) {
		size_t room = walk->ranges_room ? walk->ranges_room * 2 : 32;
		struct spf_range *ranges = arena_take(walk->arena, room * sizeof(*ranges));

		if (!ranges) {
			walk->failed = true;
			return;
		}
		if (tree->ranges_n)
			memcpy(ranges, tree->ranges, tree->ranges_n * sizeof(*ranges));
		tree->ranges = ranges;
		walk->ranges_room = room;
	}
	tree->ranges[tree->ranges_n++] = range;
}

static struct span term_target(const struct spf_node *node, const struct spf_term *term)
{
	return term->domain.p ? domainname_bare(term->domain) : node->domain;
}

/* The addresses of one host. Returns false when it has none, seen from both families. */
static bool host_ranges(struct walk *walk, struct spf_range range, const struct spf_term *term, struct span host)
{
	static const enum dns_type types[] = { DNS_TYPE_A, DNS_TYPE_AAAA };
	bool empty = true;

	for (size_t i = 0; i < 2; i++) {
		struct dns_answer answer;

		walk_ask(walk, host, types[i], &answer);
		empty &= dns_is_empty(&answer);
		range.six = types[i] == DNS_TYPE_AAAA;
		range.prefix = range.six ? term->prefix6 : term->prefix4;
		range.unknown = answer.status != DNS_OK && !dns_is_empty(&answer);
		if (range.unknown)
			range_add(walk, range);
		for (size_t j = 0; j < answer.n; j++) {
			range.address = answer.data[j].address;
			range_add(walk, range);
		}
	}
	return !empty;
}

static void term_mx(struct walk *walk, struct spf_range range, struct spf_node *node, const struct spf_term *term)
{
	struct dns_answer answer;

	walk_ask(walk, term_target(node, term), DNS_TYPE_MX, &answer);
	node->mx_hosts[range.term] = (unsigned)answer.n;
	walk->tree->voids += dns_is_empty(&answer);
	if (answer.status != DNS_OK && !dns_is_empty(&answer)) {
		range.unknown = true;
		range_add(walk, range);
	}
	for (size_t i = 0; i < answer.n && i < SPF_MX_MAX; i++)
		if (answer.data[i].name.n)
			host_ranges(walk, range, term, answer.data[i].name);
}

static void term_exists(
	struct walk *walk, struct spf_range range, const struct spf_node *node, const struct spf_term *term)
{
	struct dns_answer answer;

	walk_ask(walk, term_target(node, term), DNS_TYPE_A, &answer);
	walk->tree->voids += dns_is_empty(&answer);
	range.everyone = answer.status == DNS_OK;
	range.unknown = !range.everyone && !dns_is_empty(&answer);
	if (range.everyone || range.unknown)
		range_add(walk, range);
}

/* Every kind but include and redirect. */
static void term_ranges(struct walk *walk, size_t index, size_t at)
{
	struct spf_node *node = &walk->tree->nodes[index];
	const struct spf_term *term = &node->record.terms[at];
	struct spf_range range = { .node = index, .term = at };

	if (term->macros || term->kind == SPF_PTR) {
		range.unknown = true;
		if (term->looks_up)
			range_add(walk, range);
		return;
	}
	switch (term->kind) {
	case SPF_ALL:
		range.everyone = true;
		range_add(walk, range);
		break;
	case SPF_IP4:
	case SPF_IP6:
		range.six = term->kind == SPF_IP6;
		range.address = term->address;
		range.prefix = range.six ? term->prefix6 : term->prefix4;
		range_add(walk, range);
		break;
	case SPF_A:
		walk->tree->voids += !host_ranges(walk, range, term, term_target(node, term));
		break;
	case SPF_MX:
		term_mx(walk, range, node, term);
		break;
	case SPF_EXISTS:
		term_exists(walk, range, node, term);
		break;
	default:
		break;
	}
}

static bool is_ancestor(const struct walk *walk, struct span domain)
{
	for (size_t i = 0; i < walk->depth; i++)
		if (span_is_nocase(walk->tree->nodes[walk->stack[i].node].domain, domain))
			return true;
	return false;
}

/* Asks for the record of a node and reads it. */
static void node_read(struct walk *walk, struct spf_node *node)
{
	node->state = SPF_NODE_CUT;
	if (!walk_ask(walk, node->domain, DNS_TYPE_TXT, &node->answer))
		return;
	for (size_t i = 0; i < node->answer.n; i++)
		if (spf_text_counts(node->answer.data[i].text)) {
			node->data = &node->answer.data[i];
			node->counting++;
		}
	if (node->answer.status != DNS_OK && !dns_is_empty(&node->answer))
		node->state = SPF_NODE_UNREACHABLE;
	else if (node->counting != 1)
		node->state = node->counting ? SPF_NODE_TWO : SPF_NODE_NONE;
	if (node->counting != 1)
		return;
	if (!spf_record_parse(node->data->text, walk->arena, &node->record)) {
		walk->failed = true;
		return;
	}
	node->state = node->record.valid ? SPF_NODE_READ : SPF_NODE_BROKEN;
	node->cost = arena_take(walk->arena, 2 * node->record.n * sizeof(*node->cost));
	walk->failed |= !node->cost;
	node->mx_hosts = node->cost + node->record.n;
}

/* Begins a node; what can be read is put on the stack. */
static void node_open(struct walk *walk, struct spf_node start)
{
	struct spf_tree *tree = walk->tree;
	struct spf_node *node;

	if (tree->n == SPF_NODES_MAX) {
		tree->cut = true;
		return;
	}
	node = &tree->nodes[tree->n];
	*node = start;
	if (node->state != SPF_NODE_MACRO && is_ancestor(walk, node->domain))
		node->state = SPF_NODE_LOOP;
	if (node->state == SPF_NODE_READ)
		node_read(walk, node);
	tree->voids += walk->depth && node->state == SPF_NODE_NONE && dns_is_empty(&node->answer);
	node->ranges_end = tree->ranges_n;
	if (node->state == SPF_NODE_READ && !walk->failed)
		walk->stack[walk->depth++] = (struct frame){ .node = tree->n };
	else if (node->state == SPF_NODE_UNREACHABLE || node->state == SPF_NODE_MACRO || node->state == SPF_NODE_CUT) {
		range_add(walk, (struct spf_range){ .node = node->parent, .term = node->term, .unknown = true });
		node->ranges_end = tree->ranges_n;
	}
	tree->n++;
}

static void node_close(struct walk *walk)
{
	struct spf_tree *tree = walk->tree;
	size_t index = walk->stack[--walk->depth].node;
	struct spf_node *node = &tree->nodes[index];

	node->ranges_end = tree->ranges_n;
	if (index == 0)
		return;
	tree->nodes[node->parent].cost[node->term] += node->lookups;
	tree->nodes[node->parent].lookups += node->lookups;
}

static void term_step(struct walk *walk, size_t index, size_t at)
{
	struct spf_node *node = &walk->tree->nodes[index];
	const struct spf_term *term = &node->record.terms[at];

	if (term->looks_up) {
		node->cost[at]++;
		node->lookups++;
		walk->tree->lookups++;
	}
	if (term->kind == SPF_INCLUDE || term->kind == SPF_REDIRECT)
		node_open(walk, (struct spf_node){
					.state = term->macros ? SPF_NODE_MACRO : SPF_NODE_READ,
					.domain = term_target(node, term),
					.parent = index,
					.term = at,
					.redirect = term->kind == SPF_REDIRECT,
				});
	else
		term_ranges(walk, index, at);
}

/* One step of the walk: the next term of the topmost node, its redirect behind them, or its end. */
static void walk_step(struct walk *walk)
{
	struct frame *frame = &walk->stack[walk->depth - 1];
	const struct spf_record *record = &walk->tree->nodes[frame->node].record;
	size_t last = record->all == SPF_NO_TERM ? record->n : record->all + 1;

	while (frame->next < last && record->terms[frame->next].kind == SPF_REDIRECT)
		frame->next++;
	if (frame->next < last) {
		term_step(walk, frame->node, frame->next++);
	} else if (frame->next <= record->n && record->redirect != SPF_NO_TERM) {
		frame->next = record->n + 1;
		term_step(walk, frame->node, record->redirect);
	} else {
		node_close(walk);
	}
}

/* What a sender that fits nowhere meets: the first error counts, and an unknown answer is never a permerror. */
static enum spf_result tree_result(const struct spf_tree *tree)
{
	const struct spf_node *root = &tree->nodes[0];

	if (root->state == SPF_NODE_NONE)
		return SPF_NONE;
	for (size_t i = 0; i < tree->n; i++)
		switch (tree->nodes[i].state) {
		case SPF_NODE_NONE:
		case SPF_NODE_TWO:
		case SPF_NODE_BROKEN:
		case SPF_NODE_LOOP:
			return SPF_PERMERROR;
		case SPF_NODE_UNREACHABLE:
			return SPF_TEMPERROR;
		default:
			break;
		}
	for (size_t i = 0; i < tree->n; i++)
		for (size_t j = 0; tree->nodes[i].state == SPF_NODE_READ && j < tree->nodes[i].record.n; j++)
			if (tree->nodes[i].mx_hosts[j] > SPF_MX_MAX)
				return SPF_PERMERROR;
	if (tree->lookups > SPF_LOOKUPS_MAX || tree->voids > SPF_VOIDS_MAX)
		return SPF_PERMERROR;
	return tree->cut ? SPF_TEMPERROR : SPF_OK;
}

bool spf_tree_read(struct dns dns, struct span domain, struct arena *arena, struct spf_tree *tree)
{
	char text[DOMAINNAME_TEXT];
	size_t length = domain_alabels(domain, text);
	struct walk *walk;

	*tree = (struct spf_tree){ 0 };
	if (length == 0)
		return false;
	walk = arena_take(arena, sizeof(*walk));
	tree->nodes = arena_take(arena, SPF_NODES_MAX * sizeof(*tree->nodes));
	domain = arena_copy(arena, (struct span){ text, length });
	if (!walk || !tree->nodes || !domain.p)
		return false;
	*walk = (struct walk){ .dns = dns, .arena = arena, .tree = tree };
	node_open(walk, (struct spf_node){ .state = SPF_NODE_READ, .domain = domain });
	while (walk->depth && !walk->failed && !arena->failed)
		walk_step(walk);
	tree->result = tree_result(tree);
	return !walk->failed && !arena->failed;
}

/* --- asking the tree --- */

static bool range_fits(const struct spf_range *range, const struct address *sender)
{
	struct network network = { range->address, range->six ? range->prefix : range->prefix + 96u };

	return range->everyone || (address_is_v4(sender) != range->six && network_holds(&network, sender));
}

/* An include fits only when the record inside says pass; then its own qualifier counts. Otherwise the rest of that
 * record is passed over: *skip gets the first range behind it. */
static char range_qualifier(const struct spf_tree *tree, const struct spf_range *range, size_t *skip)
{
	size_t index = range->node;
	char qualifier = tree->nodes[index].record.terms[range->term].qualifier;

	while (index) {
		const struct spf_node *node = &tree->nodes[index];

		if (!node->redirect) {
			if (qualifier != '+') {
				*skip = node->ranges_end;
				return '\0';
			}
			qualifier = tree->nodes[node->parent].record.terms[node->term].qualifier;
		}
		index = node->parent;
	}
	return qualifier;
}

struct spf_match spf_tree_match(const struct spf_tree *tree, const struct address *sender)
{
	struct spf_match match = { .qualifier = '?', .unknown = tree->cut };

	for (size_t i = 0, next; i < tree->ranges_n; i = next) {
		const struct spf_range *range = &tree->ranges[i];

		next = i + 1;
		if (range->unknown) {
			match.unknown = true;
			continue;
		}
		if (!range_fits(range, sender))
			continue;
		match.qualifier = range_qualifier(tree, range, &next);
		if (match.qualifier) {
			match.range = range;
			return match;
		}
	}
	match.qualifier = '?';
	return match;
}

char spf_range_qualifier(const struct spf_tree *tree, const struct spf_range *range)
{
	size_t skip;

	return range->unknown ? '\0' : range_qualifier(tree, range, &skip);
}
