#include "parse/dkim/search.h"
#include "parse/dkim/words.h"

#include <stdlib.h>

#define CHECKPOINTS_MAX 64
#define TOGETHER_MAX 4 /* edits of different fields tried at once */

bool search_spend(struct search *search, uint64_t octets)
{
	if (search->candidates >= search->candidates_end || search->hashed + octets > search->hashed_end) {
		search->exhausted = true;
		return false;
	}
	search->candidates++;
	search->hashed += octets;
	return true;
}

const struct header_field *slot_field(const struct header_search *h, size_t slot)
{
	const struct signature *signature = h->search->signature;

	return &h->search->dkim->header.fields[slot < signature->names_n ? signature->slots[slot] : signature->field];
}

struct span field_with(const struct header_search *h, const struct header_field *field, struct span value)
{
	size_t lead = fws_length(field->value, 0);
	size_t head = (size_t)(field->value.p - field->raw.p) + (lead == field->value.n && lead > 1 ? 1 : lead);

	return TEXT_JOIN(h->search->arena, (struct span){ field->raw.p, head }, value);
}

/* The first slot with this name stands for all of them. */
static size_t group_of(const struct header_search *h, struct span name)
{
	const struct signature *signature = h->search->signature;
	size_t i = 0;

	while (i < signature->names_n && !span_is_nocase(signature->names[i], name))
		i++;
	return i;
}

static struct span canon_line(struct header_search *h, struct span raw)
{
	struct search *search = h->search;
	struct buf *scratch = &search->dkim->scratch;

	buf_clear(scratch);
	if (!canon_header(scratch, search->signature->header_canon, raw) || !buf_put(scratch, "\r\n", 2))
		return SPAN_ABSENT;
	return arena_copy(search->arena, buf_span(scratch));
}

static struct header_edit *edit_new(
	struct header_search *h, unsigned rank, size_t slots, const struct field_change *changes, size_t n)
{
	struct arena *arena = h->search->arena;
	struct header_edit *edit;

	if (h->edits_n == EDITS_MAX)
		return NULL;
	edit = &h->edits[h->edits_n];
	*edit = (struct header_edit){ .rank = rank };
	edit->slots = arena_take(arena, slots * sizeof *edit->slots);
	edit->changes = arena_take(arena, n * sizeof *edit->changes);
	if (!edit->slots || !edit->changes)
		return NULL;
	memcpy(edit->changes, changes, n * sizeof *changes);
	edit->changes_n = n;
	return edit;
}

void edit_value(struct header_search *h, size_t slot, unsigned rank, enum dkim_edit kind, struct span raw,
	struct span found, struct span before, uint64_t octets)
{
	const struct header_field *field = slot_field(h, slot);
	struct field_change change = { FIELD_REPLACE, h->search->signature->slots[slot], raw };
	struct span canon = raw.p ? canon_line(h, raw) : SPAN_ABSENT;
	struct header_edit *edit;

	if (!canon.p || span_is(canon, h->base[slot]))
		return;
	edit = edit_new(h, rank, 1, &change, 1);
	if (!edit)
		return;
	edit->group = group_of(h, field->name);
	edit->slots[edit->slots_n++] = (struct slot_change){ slot, canon };
	edit->step = (struct dkim_step){ kind, field->name, found, before, octets };
	h->edits_n++;
}

/* The instances of one name as they stand after the changes, top first. */
static size_t instances_after(const struct header_search *h, const struct field_change *changes, size_t n,
	struct span name, struct span *instances, size_t max)
{
	const struct header *header = &h->search->dkim->header;
	size_t count = 0;

	for (size_t f = 0; f <= header->n; f++) {
		bool mine = f < header->n && f != h->search->signature->field &&
			span_is_nocase(header->fields[f].name, name);
		struct span raw = mine ? header->fields[f].raw : SPAN_ABSENT;

		for (size_t i = 0; i < n; i++) {
			if (changes[i].field != f)
				continue;
			if (changes[i].kind == FIELD_INSERT && count < max)
				instances[count++] = changes[i].raw;
			else if (mine)
				raw = changes[i].kind == FIELD_REPLACE ? changes[i].raw : SPAN_ABSENT;
		}
		if (raw.p && count < max)
			instances[count++] = raw;
	}
	return count;
}

#define INSTANCES_MAX 200

void edit_structure(struct header_search *h, unsigned rank, enum dkim_edit kind, const struct field_change *changes,
	size_t n, struct span name, struct span found, struct span before, uint64_t octets)
{
	const struct signature *signature = h->search->signature;
	struct span instances[INSTANCES_MAX];
	size_t left = instances_after(h, changes, n, name, instances, INSTANCES_MAX);
	size_t named = 0;
	struct header_edit *edit;

	for (size_t i = 0; i < signature->names_n; i++)
		named += span_is_nocase(signature->names[i], name);
	edit = edit_new(h, rank, named, changes, n);
	for (size_t i = 0; edit && i < signature->names_n; i++) {
		struct span canon = SPAN("");

		if (!span_is_nocase(signature->names[i], name))
			continue;
		if (left)
			canon = canon_line(h, instances[--left]);
		if (canon.p && !span_is(canon, h->base[i]))
			edit->slots[edit->slots_n++] = (struct slot_change){ i, canon };
	}
	if (!edit || edit->slots_n == 0)
		return;
	edit->group = group_of(h, name);
	edit->step = (struct dkim_step){ kind, name, found, before, octets };
	h->edits_n++;
}

struct trial {
	struct header_search *h;
	struct hash *checkpoints[CHECKPOINTS_MAX]; /* the state before each of the first slots */
	size_t checkpoints_n;
	uint64_t after[CHECKPOINTS_MAX + 1]; /* octets from there to the end, unchanged */
	struct span *over;                   /* by slot: what the edits put there; absent: unchanged */
	const size_t *pool;                  /* edits that may be combined */
	size_t pool_n;
};

static bool digest_fits(struct search *search, const uint8_t *digest)
{
	const struct judged *judged = search->judged;
	const struct signature *signature = search->signature;

	if (judged->has_signed)
		return memcmp(digest, judged->signed_digest, hash_octets(signature->hash)) == 0;
	if (search->verifications >= search->bounds.verifications) {
		search->exhausted = true;
		return false;
	}
	search->verifications++;
	return public_key_check(judged->key->key, signature->hash, digest, signature->b, NULL, NULL) == DKIM_MATCH;
}

static bool trial_run(struct trial *trial, const struct header_edit *const *edits, size_t n)
{
	struct header_search *h = trial->h;
	struct search *search = h->search;
	uint8_t digest[HASH_OCTETS_MAX];
	size_t first = trial->checkpoints_n - 1;
	uint64_t octets;

	for (size_t e = 0; e < n; e++)
		for (size_t i = 0; i < edits[e]->slots_n; i++) {
			const struct slot_change *change = &edits[e]->slots[i];

			trial->over[change->slot] = change->canon;
			first = change->slot < first ? change->slot : first;
		}
	octets = trial->after[first];
	hash_copy(search->running, trial->checkpoints[first]);
	for (size_t slot = first; slot < h->slots; slot++) {
		struct span text = trial->over[slot].p ? trial->over[slot] : h->base[slot];

		hash_add(search->running, text.p, text.n);
	}
	for (size_t e = 0; e < n; e++)
		for (size_t i = 0; i < edits[e]->slots_n; i++)
			trial->over[edits[e]->slots[i].slot] = SPAN_ABSENT;
	hash_end(search->running, digest);
	if (!search_spend(search, octets) || !digest_fits(search, digest))
		return false;
	h->found = true;
	h->hits_n = n;
	memcpy(h->hits, edits, n * sizeof *edits);
	return true;
}

/* All sets of `size` edits of different groups whose ranks sum up to exactly `rank`. True: found, or the bound is
 * reached. */
static bool sets_try(struct trial *trial, size_t size, unsigned rank)
{
	const struct header_edit *set[TOGETHER_MAX];
	size_t at[TOGETHER_MAX] = { 0 }, depth = 0;

	for (;;) {
		const struct header_edit *edit;
		unsigned sum = 0;
		bool fits = true;

		if (at[depth] == trial->pool_n) {
			if (depth == 0)
				return false;
			at[--depth]++;
			continue;
		}
		edit = &trial->h->edits[trial->pool[at[depth]]];
		for (size_t i = 0; i < depth; i++) {
			fits = fits && set[i]->group != edit->group;
			sum += set[i]->rank;
		}
		set[depth] = edit;
		if (!fits || sum + edit->rank > rank || (depth + 1 == size && sum + edit->rank != rank)) {
			at[depth]++;
		} else if (depth + 1 < size) {
			at[depth + 1] = at[depth] + 1;
			depth++;
		} else {
			if (trial_run(trial, set, size) || trial->h->search->exhausted)
				return true;
			at[depth]++;
		}
	}
}

static bool checkpoints_set(struct trial *trial)
{
	struct header_search *h = trial->h;
	uint64_t octets = 0;

	for (size_t slot = 0; slot < h->slots; slot++)
		octets += h->base[slot].n;
	hash_begin(h->search->running, h->search->signature->hash);
	for (size_t slot = 0; slot < h->slots && slot < CHECKPOINTS_MAX; slot++) {
		if (!(trial->checkpoints[slot] = hash_new()))
			return false;
		trial->checkpoints_n++;
		hash_begin(trial->checkpoints[slot], h->search->signature->hash);
		hash_copy(trial->checkpoints[slot], h->search->running);
		trial->after[slot] = octets;
		hash_add(h->search->running, h->base[slot].p, h->base[slot].n);
		octets -= h->base[slot].n;
	}
	return true;
}

static bool trials_run(struct header_search *h)
{
	static const struct {
		size_t size;
		unsigned rank;
	} sets[] = { { 1, 0 }, { 1, 1 }, { 2, 0 }, { 3, 0 }, { 1, 2 }, { 2, 1 }, { 4, 0 }, { 3, 1 } };
	struct trial trial = { .h = h, .over = h->over, .pool = h->pool };
	bool good = checkpoints_set(&trial);

	if (good) {
		for (size_t i = 0; i < sizeof sets / sizeof sets[0] && !h->found && !h->search->exhausted; i++) {
			trial.pool_n = 0;
			for (size_t e = 0; e < h->edits_n; e++)
				if (h->edits[e].rank <= sets[i].rank)
					h->pool[trial.pool_n++] = e;
			sets_try(&trial, sets[i].size, sets[i].rank);
		}
	}
	for (size_t i = 0; i < trial.checkpoints_n; i++)
		hash_free(trial.checkpoints[i]);
	return good;
}

static bool base_set(struct header_search *h)
{
	struct search *search = h->search;
	const struct signature *signature = search->signature;

	h->slots = signature->names_n + 1;
	h->base = arena_take(search->arena, h->slots * sizeof *h->base);
	h->edits = arena_take(search->arena, EDITS_MAX * sizeof *h->edits);
	h->over = arena_take(search->arena, h->slots * sizeof *h->over);
	h->pool = arena_take(search->arena, EDITS_MAX * sizeof *h->pool);
	if (!h->base || !h->edits || !h->over || !h->pool)
		return false;
	for (size_t i = 0; i < signature->names_n; i++) {
		h->base[i] = SPAN("");
		if (signature->slots[i] != HEADER_NO_FIELD)
			h->base[i] = canon_line(h, slot_field(h, i)->raw);
	}
	buf_clear(&search->dkim->input);
	if (!signature_put_own(&search->dkim->input, signature, &search->dkim->header, &search->dkim->scratch))
		return false;
	h->base[signature->names_n] = arena_copy(search->arena, buf_span(&search->dkim->input));
	return true;
}

static const struct {
	const char *name;
	void (*generate)(struct header_search *h, size_t slot);
} generators[] = {
	{ "subject", edits_subject },
	{ "subject", edits_words },
	{ "comments", edits_words },
	{ "keywords", edits_words },
	{ "from", edits_addresses },
	{ "sender", edits_addresses },
	{ "reply-to", edits_addresses },
	{ "to", edits_addresses },
	{ "cc", edits_addresses },
	{ "bcc", edits_addresses },
	{ "resent-from", edits_addresses },
	{ "resent-to", edits_addresses },
	{ "date", edits_date },
	{ "content-type", edits_parameters },
	{ "content-disposition", edits_parameters },
	{ "content-transfer-encoding", edits_encoding },
};

bool header_search_run(struct search *search, struct header_search *h)
{
	const struct signature *signature = search->signature;
	bool cut_short, good;

	*h = (struct header_search){ .search = search };
	if (!base_set(h))
		return false;
	edits_copied(h);
	for (size_t slot = 0; slot < signature->names_n; slot++) {
		if (signature->slots[slot] == HEADER_NO_FIELD)
			continue;
		for (size_t g = 0; g < sizeof generators / sizeof generators[0]; g++)
			if (span_is_nocase(signature->names[slot], span_of(generators[g].name)))
				generators[g].generate(h, slot);
	}
	edits_structural(h);
	for (size_t slot = 0; slot < signature->names_n; slot++)
		if (signature->slots[slot] != HEADER_NO_FIELD)
			edits_folding(h, slot);
	edits_own(h);
	/* Guesses that found no room are left out; those so far are still good. */
	cut_short = search->arena->failed || h->edits_n == EDITS_MAX;
	search->arena->failed = false;
	good = trials_run(h);
	search->exhausted = search->exhausted || cut_short;
	return good;
}
