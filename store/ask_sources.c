/* Who sent mail with a domain's name. Records are walked by the ranges of the window's reports and grouped here, in
 * memory for each distinct source: three times as fast as SQL's GROUP BY, and an index by source or sums per source
 * would cost an ingest more than all these questions together. */
#include "base/scatter.h"
#include "store/store_private.h"

#include <stdio.h>
#include <stdlib.h>

/* A set may name any number of passing domains; RFC 9990 has receivers list at most 100, the aligned ones first. */
#define PASSING_MAX 100

struct source_entry {
	struct source_row row;
	struct span key; /* 16 octets of an address, or the text */
	uint64_t best_dkim, best_spf, best_selector;
};

struct sources {
	struct source_entry *entries; /* owned */
	size_t n, room;
	uint32_t *slots; /* owned; entry + 1; open addressing by key */
	size_t slots_n;
};

/* Messages per (source, kind of value, value): who reported it, with which results, which domain passed. */
enum tally_kind { TALLY_REPORTER, TALLY_AUTH, TALLY_DKIM, TALLY_SPF, TALLY_SELECTOR };
struct tally {
	uint64_t value, more; /* more: the selector's domain */
	uint64_t messages;
	uint32_t source;
	uint32_t kind_and_one; /* 0: an empty slot */
};

struct tallies {
	struct tally *slots; /* owned; open addressing */
	size_t n, room;
};

/* What is kept grows with what reports name, which is up to whoever sends them: sources and tallies have a ceiling each.
 * Past that of the sources, or of who reported which, it is begun anew with addresses taken together by network. Which
 * results were had beyond that of the tallies is not noted: they only choose a name to show. */
struct asking {
	struct store *store;
	struct sources sources;
	struct tallies reporters, results, passed; /* each with a ceiling of its own */
	unsigned grain; /* in grains */
	bool too_many;
};
#define TALLIES_OF_SOURCE 8 /* on average */

/* --- sources --- */

static uint32_t *source_slot(const struct sources *sources, struct span key, bool has_address)
{
	size_t at = octets_scatter(key.p, key.n) & (sources->slots_n - 1);

	while (sources->slots[at]) {
		const struct source_entry *entry = &sources->entries[sources->slots[at] - 1];

		if (entry->row.has_address == has_address && span_is(entry->key, key))
			break;
		at = (at + 1) & (sources->slots_n - 1);
	}
	return &sources->slots[at];
}

static bool sources_grow(struct store *s, struct sources *sources)
{
	size_t room = sources->room ? 2 * sources->room : 256;
	struct source_entry *entries;
	uint32_t *slots;

	if (sources->n < sources->room)
		return true;
	if (room > UINT32_MAX / 4)
		return store_fail_memory(s);
	entries = realloc(sources->entries, room * sizeof *entries);
	if (entries)
		sources->entries = entries;
	slots = entries ? calloc(2 * room, sizeof *slots) : NULL;
	if (!slots)
		return store_fail_memory(s);
	free(sources->slots);
	sources->slots = slots;
	sources->slots_n = 2 * room;
	sources->room = room;
	for (size_t i = 0; i < sources->n; i++) {
		const struct source_entry *entry = &entries[i];

		*source_slot(sources, entry->key, entry->row.has_address) = (uint32_t)i + 1;
	}
	return true;
}

/* The entry of a record's source, whichever way it was written. */
static bool source_find(struct asking *a, const struct packed_record *record, uint32_t *source)
{
	struct sources *sources = &a->sources;
	struct span key = record->source;
	struct address address;
	bool has_address = packed_address(record, &address);
	struct source_entry *entry;
	uint32_t *slot;

	if (has_address) {
		address = network_of(&address, a->grain);
		key = (struct span){ (const char *)address.octets, sizeof address.octets };
	} else if (a->grain) {
		key = SPAN("");
	}
	if (!sources_grow(a->store, sources))
		return false;
	slot = source_slot(sources, key, has_address);
	if (!*slot) {
		a->too_many = sources->n >= a->store->sources_most && a->grain + 1 < GRAINS;
		if (a->too_many)
			return false;
		entry = &sources->entries[sources->n++];
		*slot = (uint32_t)sources->n;
		*entry = (struct source_entry){ .key = arena_copy(&a->store->arena, key),
			.row.has_address = has_address };
		if (has_address)
			memcpy(entry->row.address.octets, key.p, sizeof entry->row.address.octets);
	}
	*source = *slot - 1;
	return true;
}

/* --- tallies --- */

static struct tally *tally_slot(const struct tallies *tallies, const struct tally *wanted)
{
	size_t at = scatter(scatter(scatter(scatter_begin() ^ wanted->source, wanted->kind_and_one), wanted->value),
			    wanted->more) &
		    (tallies->room - 1);

	for (;; at = (at + 1) & (tallies->room - 1)) {
		struct tally *slot = &tallies->slots[at];

		if (!slot->kind_and_one ||
			(slot->source == wanted->source && slot->kind_and_one == wanted->kind_and_one &&
				slot->value == wanted->value && slot->more == wanted->more))
			return slot;
	}
}

static bool tallies_grow(struct store *s, struct tallies *tallies)
{
	if (2 * tallies->n >= tallies->room) {
		struct tallies bigger = { .n = tallies->n, .room = tallies->room ? 2 * tallies->room : 1024 };

		bigger.slots = calloc(bigger.room, sizeof *bigger.slots);
		if (!bigger.slots)
			return store_fail_memory(s);
		for (size_t i = 0; i < tallies->room; i++)
			if (tallies->slots[i].kind_and_one)
				*tally_slot(&bigger, &tallies->slots[i]) = tallies->slots[i];
		free(tallies->slots);
		*tallies = bigger;
	}
	return true;
}

/* Is there room for another one? Else it is passed over. */
static bool tally_fits(struct asking *a, const struct tallies *tallies, const struct tally *tally)
{
	if (tallies->n < TALLIES_OF_SOURCE * a->store->sources_most)
		return true;
	a->too_many |= tally->kind_and_one == TALLY_REPORTER + 1 && a->grain + 1 < GRAINS;
	return false;
}

static bool tally_add(struct asking *a, struct tallies *tallies, const struct tally *tally)
{
	struct tally *slot;

	if (!tallies_grow(a->store, tallies))
		return false;
	slot = tally_slot(tallies, tally);
	if (slot->kind_and_one) {
		slot->messages = add_up(slot->messages, tally->messages);
		return true;
	}
	if (!tally_fits(a, tallies, tally))
		return !a->too_many;
	*slot = *tally;
	tallies->n++;
	return true;
}

static struct tally tally_of(uint32_t source, enum tally_kind kind, uint64_t value, uint64_t messages)
{
	return (struct tally){ .source = source, .kind_and_one = kind + 1, .value = value, .messages = messages };
}

static int tally_order(const void *a, const void *b)
{
	const struct tally *x = a, *y = b;

	if (x->kind_and_one != y->kind_and_one)
		return x->kind_and_one < y->kind_and_one ? -1 : 1;
	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	return (x->source > y->source) - (x->source < y->source);
}

/* Moves the tallies to the front, sorted by kind and value, so that what a value means is looked up once. They can no
 * longer be added to. */
static void tallies_sort(struct tallies *tallies)
{
	size_t n = 0;

	for (size_t i = 0; i < tallies->room; i++)
		if (tallies->slots[i].kind_and_one)
			tallies->slots[n++] = tallies->slots[i];
	if (n)
		qsort(tallies->slots, n, sizeof *tallies->slots, tally_order);
}

/* --- walking the records --- */

static bool record_count(void *arg, const struct walked_report *report, const struct record_shape *shape,
	const struct packed_record *record)
{
	struct asking *a = arg;
	int64_t day = report->day;
	uint64_t messages = record->messages;
	struct source_row *row;
	struct tally tally;
	uint32_t source;

	if (!source_find(a, record, &source))
		return false;
	row = &a->sources.entries[source].row;
	if (row->first_day == 0 && row->last_day == 0 && !row->reporters)
		row->first_day = row->last_day = day;
	row->reporters = 1; /* counted at the end; here: seen before */
	if (day < row->first_day)
		row->first_day = day;
	if (day > row->last_day)
		row->last_day = day;
	counts_add_record(&row->counts, messages, (unsigned)shape->flags);
	tally = tally_of(source, TALLY_REPORTER, (uint64_t)report->reporter, messages);
	if (!tally_add(a, &a->reporters, &tally))
		return false;
	tally = tally_of(source, TALLY_AUTH, (uint64_t)shape->auth, messages);
	return shape->auth == 0 || tally_add(a, &a->results, &tally);
}

/* --- what passed --- */

struct passing {
	uint64_t domain, key;
};

/* The distinct passing (domain, selector) of the next run of results. */
static size_t passing_read(struct list_reader *reader, struct passing passing[PASSING_MAX])
{
	uint64_t left = list_take_number(reader);
	size_t n = 0;

	for (; left && !reader->failed; left--) {
		struct passing one = { .domain = list_take_number(reader), .key = list_take_number(reader) };
		bool again = false;

		list_take_number(reader); /* the word as sent */
		list_take_number(reader); /* human_result */
		if (list_take_number(reader) != RESULT_PASS || !one.domain || n == PASSING_MAX)
			continue;
		for (size_t i = 0; i < n && !again; i++)
			again = passing[i].domain == one.domain && passing[i].key == one.key;
		if (!again)
			passing[n++] = one;
	}
	return n;
}

static bool passing_add(
	struct asking *a, const struct tally *from, const struct passing *passing, size_t n, enum tally_kind kind)
{
	for (size_t i = 0; i < n; i++) {
		struct tally tally = tally_of(from->source, kind, passing[i].domain, from->messages);
		bool again = false;

		for (size_t k = 0; k < i && !again; k++)
			again = passing[k].domain == passing[i].domain;
		if (!again && !tally_add(a, &a->passed, &tally))
			return false;
		tally = tally_of(from->source, TALLY_SELECTOR, passing[i].key, from->messages);
		tally.more = passing[i].domain;
		if (kind == TALLY_DKIM && passing[i].key && !tally_add(a, &a->passed, &tally))
			return false;
	}
	return true;
}

static bool auth_spread(struct asking *a, const struct tally *from, size_t n)
{
	struct passing dkim[PASSING_MAX], spf[PASSING_MAX];
	struct arena arena = ARENA((size_t)64 << 20);
	struct list_reader reader;
	size_t dkim_n = 0, spf_n = 0;
	bool ok = list_get(a->store, SQL_AUTH_GET, (int64_t)from->value, &arena, &reader);

	if (ok) {
		dkim_n = passing_read(&reader, dkim);
		spf_n = passing_read(&reader, spf);
		if (reader.failed)
			ok = store_fail(a->store, SQLITE_CORRUPT, "a set of results is damaged");
	}
	arena_release(&arena);
	for (size_t i = 0; ok && i < n; i++)
		ok = passing_add(a, &from[i], dkim, dkim_n, TALLY_DKIM) &&
		     passing_add(a, &from[i], spf, spf_n, TALLY_SPF);
	return ok;
}

static void reporters_count(struct asking *a)
{
	for (size_t i = 0; i < a->sources.n; i++)
		a->sources.entries[i].row.reporters = 0;
	for (size_t i = 0; i < a->reporters.room; i++)
		if (a->reporters.slots[i].kind_and_one)
			a->sources.entries[a->reporters.slots[i].source].row.reporters++;
}

/* Runs of one set of results, over all sources that had it. */
static bool results_spread(struct asking *a)
{
	const struct tally *tally = a->results.slots;
	size_t run;

	for (size_t i = 0; i < a->results.n; i += run) {
		for (run = 1; i + run < a->results.n && tally[i + run].value == tally[i].value; run++)
			;
		if (!auth_spread(a, &tally[i], run))
			return false;
	}
	return true;
}

/* The more messages the better; among equals the smaller name. */
static bool best_take(struct asking *a, const struct tally *tally, uint64_t *best, struct span *name)
{
	bool failed = false;
	struct span text;

	if (name->p && tally->messages < *best)
		return true;
	text = text_of(a->store, (int64_t)tally->value, &a->store->arena, &failed);
	if (!name->p || tally->messages > *best || span_compare(text, *name) < 0) {
		*best = tally->messages;
		*name = text;
	}
	return !failed;
}

static bool passed_choose(struct asking *a)
{
	bool ok = true;

	for (size_t i = 0; ok && i < a->passed.n; i++) {
		const struct tally *tally = &a->passed.slots[i];
		struct source_entry *entry = &a->sources.entries[tally->source];

		if (tally->kind_and_one == TALLY_DKIM + 1)
			ok = best_take(a, tally, &entry->best_dkim, &entry->row.dkim_domain);
		else if (tally->kind_and_one == TALLY_SPF + 1)
			ok = best_take(a, tally, &entry->best_spf, &entry->row.spf_domain);
	}
	for (size_t i = 0; ok && i < a->passed.n; i++) {
		const struct tally *tally = &a->passed.slots[i];
		struct source_entry *entry = &a->sources.entries[tally->source];
		bool failed = false;

		if (tally->kind_and_one != TALLY_SELECTOR + 1)
			continue;
		if (span_is(text_of(a->store, (int64_t)tally->more, &a->store->arena, &failed), entry->row.dkim_domain))
			ok = best_take(a, tally, &entry->best_selector, &entry->row.dkim_selector);
		ok = ok && !failed;
	}
	return ok;
}

/* --- the question --- */

static int source_order(const void *a, const void *b)
{
	const struct source_row *x = &((const struct source_entry *)a)->row,
				*y = &((const struct source_entry *)b)->row;
	uint64_t x_neither = counts_neither(&x->counts), y_neither = counts_neither(&y->counts);

	if (x_neither != y_neither)
		return x_neither > y_neither ? -1 : 1;
	if (x->counts.messages != y->counts.messages)
		return x->counts.messages > y->counts.messages ? -1 : 1;
	if (x->has_address != y->has_address)
		return x->has_address ? -1 : 1;
	return span_compare(((const struct source_entry *)a)->key, ((const struct source_entry *)b)->key);
}

static bool sources_gather(struct asking *a, int64_t domain, const struct window *window)
{
	if (!records_walk(a->store, domain, window, record_count, a))
		return false;
	reporters_count(a);
	tallies_sort(&a->results);
	if (!results_spread(a))
		return false;
	tallies_sort(&a->passed);
	return passed_choose(a) && (!a->store->arena.failed || store_fail_memory(a->store));
}

static unsigned network_bits(const struct address *address, unsigned grain)
{
	return address_is_v4(address) ? grains[grain].v4 : grains[grain].v6;
}

static void sources_hand_out(const struct sources *sources, unsigned grain, source_taker *take, void *arg)
{
	char text[ADDRESS_TEXT + 8];

	if (sources->n)
		qsort(sources->entries, sources->n, sizeof *sources->entries, source_order);
	for (size_t i = 0; i < sources->n; i++) {
		struct source_entry *entry = &sources->entries[i];

		entry->row.source =
			entry->row.has_address ? span_of(address_format(&entry->row.address, text)) : entry->key;
		if (entry->row.has_address && grain) {
			entry->row.network = network_bits(&entry->row.address, grain);
			snprintf(text + entry->row.source.n, sizeof text - entry->row.source.n, "/%u", entry->row.network);
			entry->row.source = span_of(text);
		}
		if (!take(arg, &entry->row))
			break;
	}
}

static void asking_release(struct asking *a)
{
	free(a->sources.entries);
	free(a->sources.slots);
	free(a->reporters.slots);
	free(a->results.slots);
	free(a->passed.slots);
}

/* As fine as it can be told apart. */
static bool sources_ask(struct asking *a, int64_t domain, const struct window *window)
{
	while (!sources_gather(a, domain, window)) {
		struct asking coarser = { .store = a->store, .grain = a->grain + 1 };

		if (!a->too_many)
			return false;
		asking_release(a);
		arena_clear(&a->store->arena);
		*a = coarser;
	}
	return true;
}

bool store_ask_sources(struct store *s, const char *domain, const struct window *window, source_taker *take, void *arg,
	struct fault *fault)
{
	struct asking a = { .store = s };
	int64_t id = 0;
	bool own, ok = ask_begin(s, &own) && domain_find(s, domain, &id);

	ok = ask_end(s, own, ok && (id == 0 || sources_ask(&a, id, window)));
	if (ok)
		sources_hand_out(&a.sources, a.grain, take, arg);
	asking_release(&a);
	return store_tell(s, ok, fault);
}

/* --- who passed SPF for one domain --- */

static int spf_pass_order(const void *a, const void *b)
{
	const struct spf_pass_row *x = a, *y = b;

	if (x->messages != y->messages)
		return x->messages > y->messages ? -1 : 1;
	return memcmp(&x->address, &y->address, sizeof x->address);
}

/* A domain may be interned in several spellings; a source then has a tally for each, and one row. */
static bool spf_passes_gather(struct asking *a, struct span domain, struct spf_pass_row *rows)
{
	bool failed = false, same = false;
	uint64_t value = 0;

	for (size_t i = 0; i < a->passed.n && !failed; i++) {
		const struct tally *tally = &a->passed.slots[i];
		struct spf_pass_row *row = &rows[tally->source];

		if (tally->kind_and_one != TALLY_SPF + 1)
			continue;
		if (tally->value != value)
			same = span_is_nocase(
				text_of(a->store, (int64_t)tally->value, &a->store->arena, &failed), domain);
		value = tally->value;
		if (same)
			row->messages = add_up(row->messages, tally->messages);
	}
	for (size_t i = 0; i < a->sources.n; i++) {
		const struct source_row *source = &a->sources.entries[i].row;

		if (!source->has_address)
			rows[i].messages = 0;
		else
			rows[i].address = source->address;
		if (source->has_address && a->grain)
			rows[i].network = network_bits(&source->address, a->grain);
	}
	return !failed;
}

bool store_ask_spf_passes(struct store *s, const char *policy, struct span domain, const struct window *window,
	spf_pass_taker *take, void *arg, struct fault *fault)
{
	struct asking a = { .store = s };
	struct spf_pass_row *rows = NULL;
	int64_t id = 0;
	bool own, ok = ask_begin(s, &own) && domain_find(s, policy, &id);

	if (ok && id) {
		ok = sources_ask(&a, id, window);
		rows = ok ? calloc(a.sources.n + 1, sizeof *rows) : NULL;
		ok = ok && (rows || store_fail_memory(s)) && spf_passes_gather(&a, domain, rows);
	}
	ok = ask_end(s, own, ok);
	if (ok && rows)
		qsort(rows, a.sources.n, sizeof *rows, spf_pass_order);
	for (size_t i = 0; ok && rows && i < a.sources.n && rows[i].messages; i++)
		if (!take(arg, &rows[i]))
			break;
	free(rows);
	asking_release(&a);
	return store_tell(s, ok, fault);
}
