#include "ingest/server.h"

#include <stdlib.h>
#include <unistd.h>

void server_mail_release(struct server_mail *mail)
{
	if (mail->fd >= 0)
		close(mail->fd);
	free(mail->uidl);
	*mail = (struct server_mail){ .fd = -1 };
}

void server_list_release(struct server_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		server_mail_release(&list->mails[i]);
	free(list->mails);
	*list = (struct server_list){ NULL, 0 };
}
