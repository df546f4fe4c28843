/* G10: what is wrong with the records the domain publishes. Without a snapshot nothing is wrong and nothing is sure. */
#include "report/assess/work.h"

#include <stdio.h>
#include <stdlib.h>

#define RSA_LEAST 1024
#define RSA_GOOD 2048
#define LOOKUPS_MOST 10 /* RFC 7208 4.6.4 */
#define LOOKUPS_NEAR 9
#define TEXT_MOST 512

struct findings {
	struct work *w;
	enum target target;
	struct span *errors, *warnings;
	size_t errors_n, warnings_n;
};

static void find(struct findings *f, bool error, struct span text)
{
	if (error)
		f->errors[f->errors_n++] = text;
	else
		f->warnings[f->warnings_n++] = text;
}

static void find_about_key(struct findings *f, bool error, struct span selector, const char *what)
{
	char text[TEXT_MOST];
	int n = snprintf(text, sizeof text, "s=%.*s %s", (int)(selector.n < 256 ? selector.n : 256), selector.p, what);

	find(f, error, arena_copy(f->w->arena, (struct span){ text, n > 0 ? (size_t)n : 0 }));
}

static void check_dmarc(struct findings *f, const struct published *p)
{
	if (p->dmarc_records == 0 && !p->covered_by.n)
		find(f, true, SPAN("DMARC: no record"));
	else if (p->dmarc_records > 1)
		find(f, true, SPAN("DMARC: more than one record"));
	else if (p->dmarc_invalid)
		find(f, true, SPAN("DMARC: invalid record"));
	if (p->rua_refused)
		find(f, false, SPAN("DMARC: rua without the consent record of its domain"));
}

static void check_spf(struct findings *f, const struct published *p)
{
	if (p->spf_records == 0)
		find(f, true, SPAN("SPF: no record"));
	else if (p->spf_records > 1)
		find(f, true, SPAN("SPF: more than one record"));
	else if (p->spf_lookups > LOOKUPS_MOST)
		find(f, true, SPAN("SPF: more than 10 look-ups"));
	else if (p->spf_permerror)
		find(f, true, SPAN("SPF: permanent error"));
	else if (p->spf_lookups >= LOOKUPS_NEAR)
		find(f, false, SPAN("SPF: 9 or 10 look-ups"));
}

/* A key is in use when it was seen in the last week, valid or broken at home. */
static bool key_in_use(const struct work *w, const struct published_key *key)
{
	for (size_t i = 0; i < w->keys_n; i++)
		if (span_is_nocase(w->keys[i].selector, key->selector) &&
			span_is_nocase(w->keys[i].domain, key->domain) && w->keys[i].home != NO_INDEX &&
			w->keys[i].week_valid + w->keys[i].week_broken > 0)
			return true;
	return false;
}

static void check_key(struct findings *f, const struct published_key *key)
{
	if (!key_in_use(f->w, key))
		return;
	if (key->missing)
		find_about_key(f, true, key->selector, "missing");
	else if (key->revoked)
		find_about_key(f, true, key->selector, "revoked");
	else if (key->bits && key->bits < RSA_LEAST)
		find_about_key(f, true, key->selector, "shorter than 1024-bit");
	else if (key->bits && key->bits < RSA_GOOD)
		find_about_key(f, false, key->selector, "1024-bit");
	/* RFC 6376 3.6.1: verifiers may treat mail signed by a testing key as unsigned. */
	if (key->testing && !key->missing && !key->revoked)
		find_about_key(f, f->target == TARGET_REJECT, key->selector, "in test mode (t=y)");
}

static int text_order(const void *a, const void *b)
{
	return span_compare(*(const struct span *)a, *(const struct span *)b);
}

bool work_records(struct work *w, enum target target, struct measures *m)
{
	const struct published *p = &w->rows->published;
	size_t most = 8 + 2 * p->keys_n;
	struct findings f = { .w = w, .target = target };

	m->records_unchecked = !p->checked;
	if (!p->checked)
		return true;
	f.errors = arena_take(w->arena, most * sizeof *f.errors);
	f.warnings = arena_take(w->arena, most * sizeof *f.warnings);
	if (!f.errors || !f.warnings)
		return false;
	check_dmarc(&f, p);
	check_spf(&f, p);
	for (size_t i = 0; i < p->keys_n; i++)
		check_key(&f, &p->keys[i]);
	qsort(f.errors, f.errors_n, sizeof *f.errors, text_order);
	qsort(f.warnings, f.warnings_n, sizeof *f.warnings, text_order);
	m->record_errors = f.errors;
	m->record_errors_n = f.errors_n;
	m->record_warnings = f.warnings;
	m->record_warnings_n = f.warnings_n;
	return !w->arena->failed;
}
