/* What config.c (the table, its values) shares with config_file.c (the file, its place, printing), mailboxes.c and
 * overrides.c. */
#ifndef CLI_CONFIG_PRIVATE_H
#define CLI_CONFIG_PRIVATE_H

#include "cli/config.h"

#define SETTINGS_MOST 256 /* rows of config_settings */
#define SYSTEM_DB "/var/lib/dmarcgate/dmarcgate.db"
#define PATH_OCTETS 4096

/* Where a row's value lies, in a struct config or mailbox_settings; only setting_set and the defaults write through
 * these. */
uint64_t *setting_number(const void *base, const struct config_setting *setting);
char **setting_text(const void *base, const struct config_setting *setting);
uint64_t setting_value(const void *base, const struct config_setting *setting); /* as config_format wants it */
bool setting_is_of_mailbox(const struct config_setting *setting);
bool setting_is_of_digest(const struct config_setting *setting);

/* Puts a copy in the place of what was there. */
bool text_set(char **place, const char *value, struct fault *fault);

const struct config_setting *setting_find(const char *section, const char *name);

/* `where` is what a fault calls the setting: `[limits] mail`, with file and line before it where there are any. */
bool setting_set(void *base, const struct config_setting *setting, const char *value, const char *where,
	struct fault *fault);

/* It may be given again, and what is named then is added. */
bool setting_is_list(const struct config_setting *setting);
bool setting_add(void *base, const struct config_setting *setting, const char *value, const char *where,
	struct fault *fault);

/* `name = value`; a list that is longer than a line of the file may be, as several lines. No line feed behind the last. */
void setting_print(const struct config_setting *setting, const char *value, FILE *out);

/* Says what might have been meant. `heading` is what stands in the file, `section` what the rows call it; `at`: file and
 * line. */
bool setting_unknown(
	const char *at, const char *heading, const char *section, const char *name, struct fault *fault);

#endif
