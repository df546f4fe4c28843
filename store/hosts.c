/* Host names of addresses: what the DNS said, with its date; and whose name is not known yet. */
#include "base/scatter.h"
#include "store/store_private.h"

#include <stdlib.h>

#define NAME_OCTETS 1000
#define ADDRESSES_MOST ((size_t)1 << 22) /* of one question */

bool store_learn_host(struct store *s, const struct host_row *row, struct fault *fault)
{
	sqlite3_stmt *st;

	if (row->name.n > NAME_OCTETS)
		return fault_set(fault, FAULT_INPUT, "%s: a host name of %zu octets", s->path, row->name.n);
	if (!store_write_begin(s) || !(st = sql_open(s, SQL_HOST_PUT)))
		return store_tell(s, false, fault);
	bind_blob(st, 1, (struct span){ (const char *)row->address.octets, sizeof row->address.octets });
	sqlite3_bind_int(st, 2, (int)row->state);
	bind_text(st, 3, row->name);
	sqlite3_bind_int64(st, 4, row->seen);
	return store_tell(s, sql_run(s, st), fault);
}

void host_read(sqlite3_stmt *st, struct arena *arena, struct host_row *row)
{
	int state = sqlite3_column_int(st, 0);

	row->state = state > 0 && state < HOST_STATE_COUNT ? (enum host_state)state : HOST_UNKNOWN;
	row->name = arena_copy(arena, column_text(st, 1));
	row->seen = sqlite3_column_int64(st, 2);
}

bool host_get(struct store *s, const struct address *address, struct arena *arena, struct host_row *row)
{
	sqlite3_stmt *st = sql_open(s, SQL_HOST_GET);
	int found;

	*row = (struct host_row){ .address = *address, .state = HOST_UNKNOWN, .seen = MOMENT_NONE };
	if (!st)
		return false;
	bind_blob(st, 1, (struct span){ (const char *)address->octets, sizeof address->octets });
	found = sql_row(s, st);
	if (found == 1)
		host_read(st, arena, row);
	sqlite3_reset(st);
	return found >= 0;
}

bool hosts_are_fewer(struct store *s, size_t than, bool *fewer)
{
	sqlite3_stmt *st = sql_open(s, SQL_HOSTS_UP_TO);

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, (int64_t)than);
	if (sql_row(s, st) != 1)
		return false;
	*fewer = column_count(st, 0) < than;
	sqlite3_reset(st);
	return true;
}

/* --- whose name is wanted --- */

struct wanted {
	struct address address;
	uint64_t messages; /* 0: an empty slot; else one more than there are */
};

struct wanting {
	struct store *store;
	struct wanted *slots; /* owned; open addressing */
	size_t n, room;
};

static size_t place_of(const struct wanting *w, const struct address *address)
{
	uint64_t halves[2];
	size_t at;

	memcpy(halves, address->octets, sizeof halves);
	for (at = scatter(scatter(scatter_begin(), halves[0]), halves[1]) & (w->room - 1); w->slots[at].messages;
		at = (at + 1) & (w->room - 1))
		if (memcmp(&w->slots[at].address, address, sizeof *address) == 0)
			break;
	return at;
}

static bool wanting_grow(struct wanting *w)
{
	struct wanting bigger = { .n = w->n, .room = w->room ? 2 * w->room : 1024 };

	if (2 * w->n < w->room)
		return true;
	bigger.slots = calloc(bigger.room, sizeof *bigger.slots);
	if (!bigger.slots)
		return store_fail_memory(w->store);
	for (size_t i = 0; i < w->room; i++)
		if (w->slots[i].messages)
			bigger.slots[place_of(&bigger, &w->slots[i].address)] = w->slots[i];
	free(w->slots);
	w->slots = bigger.slots;
	w->room = bigger.room;
	return true;
}

static bool source_want(void *arg, const struct walked_report *report, const struct record_shape *shape,
	const struct packed_record *record)
{
	struct wanting *w = arg;
	struct address address;
	struct wanted *slot;

	(void)report;
	(void)shape;
	if (!packed_address(record, &address))
		return true;
	if (!wanting_grow(w))
		return false;
	slot = &w->slots[place_of(w, &address)];
	if (!slot->messages && w->n == ADDRESSES_MOST)
		return true;
	if (!slot->messages) {
		*slot = (struct wanted){ address, 1 };
		w->n++;
	}
	slot->messages = add_up(slot->messages, record->messages);
	return true;
}

/* Known well enough: looked up since `since`; an address on which nobody answered, since `retry`. After the window only a
 * clock that went ahead has looked. */
static bool host_is_fresh(struct wanting *w, const struct window *window, const struct address *address, int64_t since,
	int64_t retry, bool *fresh)
{
	struct host_row row;

	arena_clear(&w->store->arena);
	if (!host_get(w->store, address, &w->store->arena, &row))
		return false;
	*fresh = row.seen >= (row.state == HOST_UNKNOWN ? retry : since) && moment_day(row.seen) <= window->last_day;
	return true;
}

static int wanted_order(const void *a, const void *b)
{
	const struct wanted *x = a, *y = b;

	if (x->messages != y->messages)
		return x->messages > y->messages ? -1 : 1;
	return memcmp(&x->address, &y->address, sizeof x->address);
}

static bool wanting_gather(struct wanting *w, const struct window *window)
{
	bool ok = true;

	for (int64_t domain = -1; ok && domain != INT64_MAX;) {
		ok = domain_next(w->store, SQL_ROLLUP_NEXT_DOMAIN, domain, &domain);
		if (ok && domain != INT64_MAX)
			ok = records_walk(w->store, domain, window, source_want, w);
	}
	for (size_t i = 0, n = 0; ok && i < w->room; i++) {
		if (w->slots[i].messages)
			w->slots[n++] = w->slots[i];
		w->n = n;
	}
	return ok;
}

bool store_ask_unnamed(struct store *s, const struct window *window, int64_t since, int64_t retry, address_taker *take,
	void *arg, struct fault *fault)
{
	struct wanting w = { .store = s };
	bool own, ok = ask_begin(s, &own) && wanting_gather(&w, window);

	if (ok && w.n)
		qsort(w.slots, w.n, sizeof *w.slots, wanted_order);
	for (size_t i = 0; ok && i < w.n; i++) {
		bool fresh;

		ok = host_is_fresh(&w, window, &w.slots[i].address, since, retry, &fresh);
		if (ok && !fresh && !take(arg, &w.slots[i].address, w.slots[i].messages - 1))
			break;
	}
	ok = ask_end(s, own, ok);
	free(w.slots);
	return store_tell(s, ok, fault);
}
