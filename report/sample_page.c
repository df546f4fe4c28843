#include "report/samples.h"

bool sample_page_row(void *self, const struct sample_row *row)
{
	struct sample_page *page = self;

	page->row = mask_row(&page->mask, row);
	return page->row;
}

bool sample_page_fact(void *self, const struct fact *fact)
{
	struct sample_page *page = self;

	if (fact->kind == FACT_FAILURE)
		page->failure = mask_failure(&page->mask, &fact->failure);
	if (fact->kind == FACT_VERIFICATION)
		page->verification = mask_verification(&page->mask, &fact->verification);
	return !page->mask.arena.failed;
}

void sample_page_release(struct sample_page *page)
{
	arena_release(&page->mask.arena);
}
