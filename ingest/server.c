#include "ingest/server.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void server_list_release(struct server_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		if (list->mails[i].fd >= 0)
			close(list->mails[i].fd);
		free(list->mails[i].uidl);
	}
	free(list->mails);
	*list = (struct server_list){ NULL, 0 };
}

static int by_uidl(const void *a, const void *b)
{
	const struct server_mail *const *x = a, *const *y = b;
	int order = strcmp((*x)->uidl, (*y)->uidl);

	return order ? order : (*x)->uid < (*y)->uid ? -1 : (*x)->uid > (*y)->uid;
}

/* The caller frees. NULL: no memory. */
static struct server_mail **mails_sorted(const struct server_list *list)
{
	struct server_mail **sorted = calloc(list->n + 1, sizeof *sorted);

	for (size_t i = 0; sorted && i < list->n; i++)
		sorted[i] = &list->mails[i];
	if (sorted && list->n)
		qsort(sorted, list->n, sizeof *sorted, by_uidl);
	return sorted;
}

static size_t run_of(struct server_mail *const *sorted, size_t n, const char *uidl)
{
	size_t run = 0;

	while (run < n && strcmp(sorted[run]->uidl, uidl) == 0)
		run++;
	return run;
}

bool server_list_renumber(struct server_list *list, const struct server_list *now)
{
	struct server_mail **known = mails_sorted(list), **found = mails_sorted(now);
	bool good = known && found;

	for (size_t i = 0, j = 0; good && i < list->n;) {
		size_t same = run_of(known + i, list->n - i, known[i]->uidl), there;

		while (j < now->n && strcmp(found[j]->uidl, known[i]->uidl) < 0)
			j++;
		there = run_of(found + j, now->n - j, known[i]->uidl);
		for (size_t k = 0; k < same; k++) /* what was gone once does not come back */
			known[i + k]->uid = there == same && known[i]->uid ? found[j + k]->uid : 0;
		i += same;
	}
	free(known);
	free(found);
	return good;
}

struct server_mail *server_list_meant(struct server_list *list, struct span uidl)
{
	struct server_mail *last = NULL;
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++) {
		struct server_mail *mail = &list->mails[i];

		if (!span_is(span_of(mail->uidl), uidl))
			continue;
		if (mail->given && !mail->told && mail->uid)
			return mail;
		last = mail;
		n++;
	}
	return n == 1 && !last->told && last->uid ? last : NULL;
}

bool server_list_told(const struct server_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->mails[i].told)
			return true;
	return false;
}

bool server_list_again_last(struct server_list *list, bool **wanted, uint64_t turn, size_t *again)
{
	struct server_mail *mails = calloc(list->n + 1, sizeof *mails);
	bool *sorted = calloc(list->n + 1, sizeof *sorted);
	size_t n = 0;

	if (!mails || !sorted) {
		free(mails);
		free(sorted);
		return false;
	}
	for (size_t i = 0; i < list->n; i++)
		n += list->mails[i].again;
	*again = list->n - n;
	for (size_t i = 0, others = 0, met = 0; i < list->n; i++) {
		size_t to = list->mails[i].again ? *again + (met++ + turn) % n : others++;

		mails[to] = list->mails[i];
		sorted[to] = (*wanted)[i];
	}
	free(list->mails);
	free(*wanted);
	list->mails = mails;
	*wanted = sorted;
	return true;
}
