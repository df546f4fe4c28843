/* digest_settings: the section `[digest]` of dmarcgate.conf: who gets the weekly mail, and how it leaves. */
#ifndef CLI_DIGEST_SETTINGS_H
#define CLI_DIGEST_SETTINGS_H

#include "cli/mailboxes.h"

#define DIGEST_SECTION "digest"
#define DIGEST_SENDMAIL "/usr/sbin/sendmail -t -i" /* when neither sendmail nor server is set */

/* Texts are owned; "" is what was not set. */
struct digest_settings {
	char *to;   /* addresses, separated by commas */
	char *from; /* an address */
	char *sendmail;
	struct mailbox_settings server; /* where it is handed in; its url is "" when a command takes it */
};

/* Is this a good value of the setting? What is no part of the table there is. */
bool digest_part_check(const char *setting, const char *value, struct fault *fault);

/* Fills in server.mailbox; do the settings fit together? The fault does not name the section. */
bool digest_settings_finish(struct digest_settings *settings, struct fault *fault);

#endif
