#include "cli/attached.h"

#include "report/weekly.h"

#include <stdlib.h>

struct attached_page {
	struct attached_rank rank;
	struct buf page;
	size_t octets; /* encoded */
};

static int rank_order(const struct attached_rank *a, const struct attached_rank *b)
{
	return a->silent != b->silent ? (int)a->silent - (int)b->silent : overview_order(&a->line, &b->line);
}

static void page_drop(struct attached *attached)
{
	struct attached_page *last = &attached->pages[--attached->n];

	attached->cut = last->rank;
	attached->left_out++;
	attached->octets -= last->octets;
	buf_release(&last->page);
}

/* Behind those that are as bad. */
static void page_insert(struct attached *attached, const struct attached_page *page)
{
	size_t at = attached->n++;

	for (; at && rank_order(&page->rank, &attached->pages[at - 1].rank) < 0; at--)
		attached->pages[at] = attached->pages[at - 1];
	attached->pages[at] = *page;
	attached->octets += page->octets;
	while (attached->n > ATTACHED_MOST || attached->octets > ATTACHED_OCTETS)
		page_drop(attached);
}

bool attached_add(struct attached *attached, struct readiness *r, const struct overview_line *line, struct fault *fault)
{
	struct attached_page page = { .page = BUF(HTML_OCTETS) };

	page.rank = (struct attached_rank){ *line, weekly_is_silent(&r->verdict, r->options.today) };
	if (attached->left_out && rank_order(&page.rank, &attached->cut) >= 0) {
		attached->left_out++;
		return true;
	}
	if (!attached->pages)
		attached->pages = calloc(ATTACHED_MOST + 1, sizeof *attached->pages);
	if (!attached->pages)
		return fault_set(fault, FAULT_LATER, "out of memory");
	if (!page_make(r, &page.page, fault)) {
		buf_release(&page.page);
		return false;
	}
	page.octets = outgoing_page_octets(buf_span(&page.page));
	page_insert(attached, &page);
	return true;
}

const struct outgoing_page *attached_pages(const struct attached *attached, bool one, struct arena *arena)
{
	struct outgoing_page *pages = arena_take(arena, (attached->n + 1) * sizeof *pages);

	for (size_t i = 0; pages && i < attached->n; i++) {
		struct buf name = BUF(1024);

		page_file_name(&name, attached->pages[i].rank.line.domain);
		pages[i].name = one ? SPAN("report.html") : arena_copy(arena, buf_span(&name));
		pages[i].octets = buf_span(&attached->pages[i].page);
		buf_release(&name);
	}
	return arena->failed ? NULL : pages;
}

void attached_release(struct attached *attached)
{
	for (size_t i = 0; i < attached->n; i++)
		buf_release(&attached->pages[i].page);
	free(attached->pages);
	*attached = (struct attached){ 0 };
}
