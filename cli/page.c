#include "cli/page.h"

static bool take_sample(void *arg, const struct sample_row *row)
{
	struct page_samples *samples = arg;

	if (samples->shown.n == PAGE_SAMPLES) {
		samples->shown.more++;
		return true;
	}
	samples->rows[samples->shown.n] = mask_row(&samples->mask, row);
	return samples->rows[samples->shown.n++] != NULL;
}

bool page_samples_find(struct readiness *r, struct page_samples *samples, struct fault *fault)
{
	struct window window = { r->verdict.first_day, r->options.today };

	*samples = (struct page_samples){ .mask = MASK(r->cli->options.show_addresses) };
	samples->shown.rows = samples->rows;
	if (r->store && !store_ask_samples(r->store, r->options.domain.name.p, &window, take_sample, samples, fault))
		return false;
	return !samples->mask.arena.failed || fault_set(fault, FAULT_LATER, "out of memory");
}

void page_samples_release(struct page_samples *samples)
{
	arena_release(&samples->mask.arena);
}

bool page_make(struct readiness *r, struct buf *page, struct fault *fault)
{
	struct assessment a = { &r->rows, &r->options, &r->verdict };
	struct page_samples samples;
	bool ok = page_samples_find(r, &samples, fault);

	if (ok && !readiness_html(page, &a, &samples.shown))
		ok = fault_set(fault, FAULT_LATER, "%.253s: out of memory", r->options.domain.name.p);
	page_samples_release(&samples);
	return ok;
}

void page_folder_name(struct buf *file, struct span domain)
{
	for (size_t i = 0; i < domain.n; i++) {
		char c = domain.p[i];
		bool plain =
			(c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || (c == '.' && i > 0);

		buf_put_byte(file, plain ? (unsigned char)c : '_');
	}
}

void page_file_name(struct buf *file, struct span domain)
{
	page_folder_name(file, domain);
	buf_put_text(file, ".html");
}
