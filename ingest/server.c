#include "ingest/server.h"

#include <stdlib.h>
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
