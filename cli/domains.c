#include "cli/domains.h"

#define HISTORY_DAYS 400
#define ROOM_FIRST 64

struct asking {
	struct domain_list *list;
	struct span *names;
	size_t room;
};

static bool take(void *arg, const struct domain_row *row)
{
	struct asking *asking = arg;
	struct domain_list *list = asking->list;

	if (list->n == asking->room) {
		size_t room = asking->room ? 2 * asking->room : ROOM_FIRST;
		struct span *names = arena_take(&list->arena, room * sizeof *names);

		if (!names)
			return false;
		if (list->n)
			memcpy(names, asking->names, list->n * sizeof *names);
		asking->names = names;
		asking->room = room;
		list->names = names;
	}
	asking->names[list->n++] = arena_copy(&list->arena, row->domain);
	return !list->arena.failed;
}

bool domains_ask(const struct cli *cli, struct store *store, struct domain_list *list, struct fault *fault)
{
	int64_t today = moment_day(cli->now);
	struct window window = { today - HISTORY_DAYS, today };
	struct asking asking = { .list = list };

	if (store && !store_ask_domains(store, &window, take, &asking, fault))
		return list->arena.failed ? fault_set(fault, FAULT_LATER, "out of memory") : false;
	return true;
}

void domains_release(struct domain_list *list)
{
	arena_release(&list->arena);
	*list = DOMAIN_LIST;
}
