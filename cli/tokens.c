#include "cli/tokens.h"
#include "cli/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Only with these is anything else of them of use. */
bool tokens_wanted(const struct mailbox_settings *settings)
{
	return *settings->provider || *settings->token_endpoint;
}

static bool text_take(char **place, const char *text)
{
	*place = *text ? strdup(text) : NULL;
	return *place || !*text;
}

/* A setting that changes nothing is a mistake that would be looked for long. */
static bool idle_check(const struct mailbox_settings *settings, struct fault *fault)
{
	const struct {
		const char *name, *text;
	} idle[] = {
		{ "tenant", settings->tenant },
		{ "client_id", settings->client_id },
		{ "client_secret_file", settings->client_secret_file },
		{ "device_endpoint", settings->device_endpoint },
		{ "scope", settings->scope },
		{ "token_file", settings->token_file },
	};

	for (size_t i = 0; i < sizeof idle / sizeof *idle; i++)
		if (*idle[i].text)
			return fault_set(fault, FAULT_SETUP, "%s: needs provider or token_endpoint", idle[i].name);
	return true;
}

bool tokens_finish(struct mailbox_settings *settings, struct fault *fault)
{
	const struct mailbox *mailbox = &settings->mailbox;
	struct oauth *oauth = &settings->oauth;
	bool placed = *settings->token_file != 0;

	if (!tokens_wanted(settings))
		return idle_check(settings, fault);
	oauth->grant = (enum oauth_grant)settings->grant;
	if (!text_take(&oauth->name, mailbox->name) || !text_take(&oauth->token_endpoint, settings->token_endpoint) ||
		!text_take(&oauth->device_endpoint, settings->device_endpoint) ||
		!text_take(&oauth->client_id, settings->client_id) ||
		!text_take(&oauth->client_secret_file, settings->client_secret_file) ||
		!text_take(&oauth->scope, settings->scope) ||
		!text_take(&oauth->token_file, placed ? settings->token_file : "/") ||
		!text_take(&oauth->tls_ca, settings->tls_ca))
		return fault_set(fault, FAULT_LATER, "out of memory");
	if (*settings->tenant && !*settings->provider)
		return fault_set(fault, FAULT_SETUP, "tenant: needs provider");
	if (*settings->provider && !oauth_provider(oauth, settings->provider,
					   *settings->tenant ? settings->tenant : NULL, mailbox->kind, fault))
		return false;
	return oauth_check(oauth, fault);
}

bool tokens_place(struct config *config, struct fault *fault)
{
	const char *slash = strrchr(config->db, '/');

	for (size_t i = 0; i < config->mailboxes_n; i++) {
		struct mailbox_settings *settings = &config->mailboxes[i];
		char *path;

		if (!tokens_wanted(settings) || *settings->token_file)
			continue;
		if (asprintf(&path, "%.*s/%s.token", slash ? (int)(slash - config->db) : 0, config->db,
			    settings->mailbox.name) < 0)
			return fault_set(fault, FAULT_LATER, "out of memory");
		free(settings->oauth.token_file);
		settings->oauth.token_file = path;
	}
	return true;
}
