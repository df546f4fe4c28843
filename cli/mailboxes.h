/* mailboxes: the sections `[mailbox NAME]` of dmarcgate.conf. Each is filled in as text, row by row of config_settings,
 * and then becomes a mailbox as ingest/mailbox.h knows it. */
#ifndef CLI_MAILBOXES_H
#define CLI_MAILBOXES_H

#include "ingest/mailbox.h"
#include "ingest/oauth.h"

#define MAILBOX_SECTION "mailbox"
#define MAILBOXES_MOST 64 /* of one configuration */
#define MAILBOX_NAME 41	  /* octets; a heading has 49 */

/* Texts are owned and never NULL; "" is what was not set. */
struct mailbox_settings {
	char *url, *user;
	char *password_file, *password_command, *password_credential, *password_env, *password;
	uint64_t login; /* enum mailbox_login */
	char *token_command;
	char *provider, *tenant, *client_id, *client_secret_file;
	uint64_t grant; /* enum oauth_grant */
	char *token_endpoint, *device_endpoint, *scope, *token_file;
	char *folders;
	char *after, *not_reports, *broken;
	uint64_t since; /* seconds; 0: all */
	uint64_t max_messages;
	uint64_t timeout, deadline, interval, keepalive; /* seconds */
	char *tls_ca, *tls_fingerprint;

	struct mailbox mailbox; /* what they come to */
	struct oauth oauth;	/* with secret_source SECRET_OAUTH */
};

/* The defaults. False: memory is short. The number rows are config_load's business. */
bool mailbox_settings_init(struct mailbox_settings *settings, struct span name, struct fault *fault);
void mailbox_settings_release(struct mailbox_settings *settings);

/* May a section be called so? It names files and labels: letters, digits and `-_.@+`, beginning with one of the first
 * two. */
bool mailbox_name_check(struct span name, struct fault *fault);

/* Is this a good value of the setting? What is no part of the table there is. */
bool mailbox_part_check(const char *setting, const char *value, struct fault *fault);

/* Fills in `mailbox`; do the settings fit together? The fault does not name the section. */
bool mailbox_settings_finish(struct mailbox_settings *settings, uint64_t max_octets, struct fault *fault);

/* The same for a server that takes mails of ours: url is that of mailbox_parse_submission, and there is a password exactly
 * when it names a user. */
bool mailbox_settings_submit(struct mailbox_settings *settings, uint32_t deadline, struct fault *fault);

/* The one with this name; NULL: none. */
struct config;
const struct mailbox_settings *mailbox_settings_find(const struct config *config, const char *name);

#endif
