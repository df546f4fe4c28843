#include "report/lint_spf.h"

#include <stdio.h>
#include <stdlib.h>

const char *spf_node_word(enum spf_node_state state)
{
	static const char *const words[] = {
		[SPF_NODE_READ] = "read",
		[SPF_NODE_NONE] = "none",
		[SPF_NODE_TWO] = "two",
		[SPF_NODE_BROKEN] = "broken",
		[SPF_NODE_UNREACHABLE] = "unreachable",
		[SPF_NODE_LOOP] = "loop",
		[SPF_NODE_MACRO] = "macro",
		[SPF_NODE_CUT] = "cut",
	};

	return (unsigned)state <= SPF_NODE_CUT ? words[state] : "?";
}

const char *spf_node_phrase(const struct spf_node *node)
{
	static const char *const phrases[] = {
		[SPF_NODE_READ] = "",
		[SPF_NODE_NONE] = "no SPF record there",
		[SPF_NODE_TWO] = "several SPF records there",
		[SPF_NODE_BROKEN] = "cannot be understood",
		[SPF_NODE_UNREACHABLE] = "not known: no answer",
		[SPF_NODE_LOOP] = "leads in a circle",
		[SPF_NODE_MACRO] = "depends on the message",
		[SPF_NODE_CUT] = "not read: too much",
	};

	return (unsigned)node->state <= SPF_NODE_CUT ? phrases[node->state] : "";
}

/* ------------------------------------------------------------------ services */

static bool is_within(struct span name, struct span top)
{
	return span_is_nocase(name, top) || (name.n > top.n && name.p[name.n - top.n - 1] == '.' && span_ends_nocase(name, top));
}

/* The row with the longest include that `domain` is or lies below. */
static const struct sender_row *sender_of(const struct lint_page *page, struct span domain)
{
	const struct sender_row *found = NULL;
	size_t longest = 0;

	for (size_t i = 0; i < page->senders_n; i++)
		for (size_t k = 0; k < page->senders[i].includes_n; k++) {
			struct span include = page->senders[i].includes[k];

			if (include.n > longest && is_within(domain, include)) {
				longest = include.n;
				found = &page->senders[i];
			}
		}
	return found;
}

bool spf_senders_take(const struct lint_page *page, struct arena *arena, const struct sender_row ***senders, size_t *n)
{
	const struct spf_tree *tree = &page->seen->spf;

	*n = 0;
	*senders = arena_take(arena, (tree->n + 1) * sizeof **senders);
	for (size_t i = 1; *senders && i < tree->n; i++) {
		const struct sender_row *row =
			tree->nodes[i].state == SPF_NODE_READ ? sender_of(page, tree->nodes[i].domain) : NULL;
		bool again = false;

		for (size_t k = 0; k < *n && !again; k++)
			again = (*senders)[k] == row;
		if (row && !again)
			(*senders)[(*n)++] = row;
	}
	return *senders != NULL;
}

/* ------------------------------------------------------------------ networks */

static unsigned network_bits(const struct spf_network *network)
{
	return network->six ? network->prefix : network->prefix + 96u;
}

/* Of a range that lets pass; what stands behind the network's part is cleared. */
static struct spf_network network_of(const struct spf_range *range)
{
	struct spf_network network = { range->address, range->prefix, range->six };

	for (unsigned i = network_bits(&network); i < 128; i++)
		network.address.octets[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
	return network;
}

static int network_order(const void *a, const void *b)
{
	const struct spf_network *x = a, *y = b;
	int order;

	if (x->six != y->six)
		return x->six ? 1 : -1;
	order = memcmp(&x->address, &y->address, sizeof x->address);
	return order ? order : (x->prefix > y->prefix) - (x->prefix < y->prefix);
}

static bool network_includes(const struct spf_network *outer, const struct spf_network *inner)
{
	struct network network = { outer->address, network_bits(outer) };

	return outer->six == inner->six && outer->prefix <= inner->prefix && network_holds(&network, &inner->address);
}

bool spf_networks_take(const struct spf_tree *tree, struct arena *arena, struct spf_network **networks, size_t *n)
{
	struct spf_network *all = arena_take(arena, (tree->ranges_n + 1) * sizeof *all);
	size_t count = 0;

	*n = 0;
	*networks = all;
	if (!all)
		return false;
	for (size_t i = 0; i < tree->ranges_n; i++)
		if (!tree->ranges[i].everyone && spf_range_qualifier(tree, &tree->ranges[i]) == '+')
			all[count++] = network_of(&tree->ranges[i]);
	qsort(all, count, sizeof *all, network_order);
	for (size_t i = 0; i < count; i++)
		if (*n == 0 || !network_includes(&all[*n - 1], &all[i]))
			all[(*n)++] = all[i];
	return true;
}

const char *spf_network_format(const struct spf_network *network, char text[SPF_NETWORK_TEXT])
{
	char address[ADDRESS_TEXT];

	snprintf(text, SPF_NETWORK_TEXT, "%s/%u", address_format(&network->address, address), network->prefix);
	return text;
}

/* ------------------------------------------------------------------ lines */

struct lining {
	const struct lint_page *page;
	const struct spf_tree *tree;
	struct spf_allowance **allows; /* [node][term] */
	size_t **child;		       /* [node][term]: the node referred to, 0 for none */
	struct spf_lines *lines;
};

static void allowance_add(struct spf_allowance *allows, const struct spf_range *range, char qualifier)
{
	if (range->unknown) {
		allows->unknown = true;
	} else if (qualifier == '+') {
		allows->everyone |= range->everyone;
		if (range->everyone)
			return;
		allows->v4 += range->six ? 0 : UINT64_C(1) << (32 - range->prefix);
		allows->v4_n += !range->six;
		allows->v6_n += range->six;
	}
}

/* To the range's own term, and to every reference that leads to it. */
static void range_spread(struct lining *l, const struct spf_range *range)
{
	char qualifier = spf_range_qualifier(l->tree, range);
	size_t node = range->node, term = range->term;

	for (;;) {
		allowance_add(&l->allows[node][term], range, qualifier);
		if (node == 0)
			return;
		term = l->tree->nodes[node].term;
		node = l->tree->nodes[node].parent;
	}
}

static bool lining_ready(struct lining *l, struct arena *arena)
{
	const struct spf_tree *tree = l->tree;

	l->allows = arena_take(arena, (tree->n + 1) * sizeof *l->allows);
	l->child = arena_take(arena, (tree->n + 1) * sizeof *l->child);
	for (size_t i = 0; l->allows && l->child && i < tree->n; i++) {
		size_t n = tree->nodes[i].record.n;

		l->allows[i] = arena_take(arena, (n + 1) * sizeof **l->allows);
		l->child[i] = arena_take(arena, (n + 1) * sizeof **l->child);
	}
	if (arena->failed)
		return false;
	for (size_t i = 1; i < tree->n; i++)
		l->child[tree->nodes[i].parent][tree->nodes[i].term] = i;
	for (size_t i = 0; i < tree->ranges_n; i++)
		range_spread(l, &tree->ranges[i]);
	return true;
}

static void line_add(struct lining *l, unsigned depth, size_t node, size_t term)
{
	const struct spf_node *record = &l->tree->nodes[node];
	const struct spf_uses *uses = l->page->uses;
	size_t child = l->child[node][term];
	struct spf_line line = { .depth = depth, .node = node, .term = term, .what = &record->record.terms[term] };

	if (l->lines->n == SPF_LINES_MAX) {
		l->lines->left_out++;
		return;
	}
	line.allows = l->allows[node][term];
	line.cost = record->cost ? record->cost[term] : 0;
	line.target = child ? &l->tree->nodes[child] : NULL;
	if (line.target && line.target->state != SPF_NODE_MACRO)
		line.sender = sender_of(l->page, line.target->domain);
	line.use = uses && uses->terms[node] ? &uses->terms[node][term] : NULL;
	line.unused = line.use && line.use->messages == 0 && uses->allowed.messages && spf_term_allows(line.what) &&
		      !line.allows.unknown && (line.allows.v4_n || line.allows.v6_n);
	l->lines->rows[l->lines->n++] = line;
}

/* Depth first without recursion: the way back is in the nodes. */
static void lines_walk(struct lining *l)
{
	size_t node = 0, term = 0;
	unsigned depth = 0;

	for (;;) {
		const struct spf_node *record = &l->tree->nodes[node];

		if (term < record->record.n) {
			size_t child = l->child[node][term];

			line_add(l, depth, node, term);
			if (child && l->tree->nodes[child].state == SPF_NODE_READ) {
				node = child;
				term = 0;
				depth++;
			} else {
				term++;
			}
		} else if (node == 0) {
			return;
		} else {
			term = record->term + 1;
			node = record->parent;
			depth--;
		}
	}
}

bool spf_lines_take(const struct lint_page *page, struct arena *arena, struct spf_lines *lines)
{
	struct lining l = { .page = page, .tree = &page->seen->spf, .lines = lines };

	*lines = (struct spf_lines){ .rows = arena_take(arena, SPF_LINES_MAX * sizeof *lines->rows) };
	if (!lines->rows || !lining_ready(&l, arena))
		return false;
	if (l.tree->n)
		lines_walk(&l);
	return true;
}
