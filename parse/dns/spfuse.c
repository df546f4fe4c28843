#include "parse/dns/spfuse.h"

#include "base/sum.h"

static void use_add(struct spf_use *use, const struct spf_source *source)
{
	use->messages = add_up(use->messages, source->messages);
	use->sources++;
}

bool spf_term_allows(const struct spf_term *term)
{
	return term->kind != SPF_ALL && term->kind != SPF_PTR && term->kind != SPF_EXP && term->kind < SPF_MODIFIER &&
	       !term->macros && (term->kind == SPF_REDIRECT || term->qualifier == '+');
}

/* The term that fitted, and every include and redirect that led to it. */
static void path_add(const struct spf_tree *tree, struct spf_uses *uses, const struct spf_range *range,
	const struct spf_source *source)
{
	size_t node = range->node, term = range->term;

	for (;;) {
		use_add(&uses->terms[node][term], source);
		if (node == 0)
			return;
		term = tree->nodes[node].term;
		node = tree->nodes[node].parent;
	}
}

static void source_add(const struct spf_tree *tree, struct spf_uses *uses, const struct spf_source *source)
{
	struct spf_match match = spf_tree_match(tree, &source->address);

	use_add(&uses->all, source);
	if (match.range && match.qualifier == '+') {
		use_add(&uses->allowed, source);
		path_add(tree, uses, match.range, source);
	} else if (match.unknown) {
		use_add(&uses->unclear, source);
	} else {
		uses->stranger[uses->strangers.sources] = source;
		use_add(&uses->strangers, source);
	}
}

bool spf_uses_count(const struct spf_tree *tree, const struct spf_source *sources, size_t n, struct arena *arena,
	struct spf_uses *uses)
{
	*uses = (struct spf_uses){ .left_out = n > SPF_SOURCES_MAX ? n - SPF_SOURCES_MAX : 0 };
	n -= uses->left_out;
	uses->terms = arena_take(arena, (tree->n + 1) * sizeof *uses->terms);
	uses->stranger = arena_take(arena, (n + 1) * sizeof *uses->stranger);
	for (size_t i = 0; i < tree->n && uses->terms; i++)
		if (tree->nodes[i].record.n)
			uses->terms[i] = arena_take(arena, tree->nodes[i].record.n * sizeof **uses->terms);
	if (arena->failed)
		return false;
	for (size_t i = 0; i < n; i++)
		source_add(tree, uses, &sources[i]);
	return true;
}
