#include "cli/digest_settings.h"

#include "cli/helper.h"
#include "ingest/submit.h"
#include "report/outgoing.h"

#include <string.h>

#define SUBMISSION_DEADLINE 300 /* seconds; a server may think for ten minutes, a timer's run should not */

static bool addresses_check(struct span list, size_t most, struct fault *fault)
{
	struct span one;
	size_t n = 0;

	while (span_take(&list, ',', &one)) {
		if (!outgoing_address_is_fine(one))
			return fault_set(fault, FAULT_SETUP, "%.*s is no plain address, such as postmaster@example.org",
				(int)(one.n < 100 ? one.n : 100), one.p ? one.p : "");
		if (++n > most)
			return fault_set(fault, FAULT_SETUP, "at most %zu", most);
	}
	return true;
}

static bool command_check(struct span text, struct fault *fault)
{
	struct command_words words;

	if (!command_split(text, &words, fault))
		return false;
	command_words_release(&words);
	return true;
}

static bool server_check(struct span url, struct fault *fault)
{
	struct mailbox scratch;
	bool good;

	if (!mailbox_init(&scratch, ""))
		return fault_set(fault, FAULT_LATER, "out of memory");
	good = mailbox_parse_submission(&scratch, url, fault);
	mailbox_release(&scratch);
	return good;
}

bool digest_part_check(const char *setting, const char *value, struct fault *fault)
{
	struct span text = span_of(value);

	if (*value == '\0')
		return true;
	if (strcmp(setting, "to") == 0)
		return addresses_check(text, SUBMIT_RECIPIENTS, fault);
	if (strcmp(setting, "from") == 0)
		return addresses_check(text, 1, fault);
	if (strcmp(setting, "sendmail") == 0)
		return command_check(text, fault);
	if (strcmp(setting, "server") == 0)
		return server_check(text, fault);
	return mailbox_part_check(setting, value, fault);
}

bool digest_settings_finish(struct digest_settings *settings, struct fault *fault)
{
	if (*settings->server.url && *settings->sendmail)
		return fault_set(fault, FAULT_SETUP, "both sendmail and server are set; one of them takes the mail");
	return !*settings->server.url || mailbox_settings_submit(&settings->server, SUBMISSION_DEADLINE, fault);
}
