#include "ingest/oauth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MICROSOFT "https://login.microsoftonline.com/%s/oauth2/v2.0/"
#define OUTLOOK "https://outlook.office.com/"

/* `%s` is the tenant. Microsoft wants one that is named where no person signs in. Google's device flow gives no access
 * to mail, and its service accounts sign assertions. */
static const struct provider {
	const char *name;
	const char *tenant; /* for a person; NULL: there are no tenants */
	const char *token_endpoint, *device_endpoint;
	const char *imap_scope, *pop3_scope;
	const char *client_scope; /* NULL: no client credentials */
} providers[] = {
	{ "microsoft", "common", MICROSOFT "token", MICROSOFT "devicecode",
		OUTLOOK "IMAP.AccessAsUser.All offline_access", OUTLOOK "POP.AccessAsUser.All offline_access",
		"https://outlook.office365.com/.default" },
	{ "google", NULL, "https://oauth2.googleapis.com/token", NULL, "https://mail.google.com/",
		"https://mail.google.com/", NULL },
};

static bool tenant_good(const char *tenant)
{
	size_t n = strlen(tenant);

	return n > 0 && n < 256 &&
	       strspn(tenant, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") == n;
}

static bool text_fill(char **place, const char *pattern, const char *tenant, struct fault *fault)
{
	const char *hole = pattern ? strstr(pattern, "%s") : NULL;
	int n = 0;

	if (*place || !pattern)
		return true;
	if (hole)
		n = asprintf(place, "%.*s%s%s", (int)(hole - pattern), pattern, tenant, hole + 2);
	else
		*place = strdup(pattern);
	if (n >= 0 && *place)
		return true;
	*place = NULL;
	return fault_set(fault, FAULT_LATER, "out of memory");
}

bool oauth_provider(
	struct oauth *oauth, const char *provider, const char *tenant, enum mailbox_kind kind, struct fault *fault)
{
	const struct provider *row = providers;
	const struct provider *end = providers + sizeof providers / sizeof *providers;
	const char *scope;

	while (row < end && strcmp(row->name, provider) != 0)
		row++;
	if (row == end)
		return fault_set(fault, FAULT_SETUP, "provider: one of microsoft, google");
	if (tenant && (!row->tenant || !tenant_good(tenant)))
		return fault_set(fault, FAULT_SETUP, "tenant: %s",
			row->tenant ? "a name or a number with dashes, as the provider shows it"
				    : "this provider has none");
	if (oauth->grant == OAUTH_CLIENT && !row->client_scope)
		return fault_set(fault, FAULT_SETUP, "grant: %s gives no mail to a client without a person", row->name);
	if (oauth->grant == OAUTH_CLIENT && row->tenant && !tenant)
		return fault_set(fault, FAULT_SETUP, "tenant: without a person who signs in it must be named");
	scope = oauth->grant == OAUTH_CLIENT ? row->client_scope
		: kind == MAILBOX_POP3	     ? row->pop3_scope
					     : row->imap_scope;
	tenant = tenant ? tenant : row->tenant;
	return text_fill(&oauth->token_endpoint, row->token_endpoint, tenant, fault) &&
	       text_fill(&oauth->device_endpoint, row->device_endpoint, tenant, fault) &&
	       text_fill(&oauth->scope, scope, tenant, fault);
}

/* Visible ASCII, blanks too where they separate. */
static bool visible(const char *text, char least)
{
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++)
		if (text[i] < least || text[i] > '~')
			return false;
	return n > 0 && n < OAUTH_TEXT;
}

/* https://HOST[:PORT]/...: nobody's name before the host, no fragment (RFC 6749 section 3.2). */
static bool endpoint_good(const char *url)
{
	const char *host = url + 8;
	size_t n;

	if (!visible(url, '!') || strncmp(url, "https://", 8) != 0 || strchr(url, '#') || strchr(url, '\\'))
		return false;
	n = strcspn(host, "/?");
	return n > 0 && host[0] != ':' && !memchr(host, '@', n);
}

bool oauth_check(const struct oauth *oauth, struct fault *fault)
{
	if (!oauth->token_endpoint || !endpoint_good(oauth->token_endpoint))
		return fault_set(fault, FAULT_SETUP, "token_endpoint: %s",
			oauth->token_endpoint ? "a URL that begins with https://"
					      : "not set, and no provider that has one");
	if (oauth->device_endpoint && !endpoint_good(oauth->device_endpoint))
		return fault_set(fault, FAULT_SETUP, "device_endpoint: a URL that begins with https://");
	if (!oauth->client_id || !visible(oauth->client_id, ' '))
		return fault_set(fault, FAULT_SETUP, "client_id: %s",
			oauth->client_id ? "visible ASCII only"
					 : "not set; the provider gives it to a registered program");
	if (oauth->scope && !visible(oauth->scope, ' '))
		return fault_set(fault, FAULT_SETUP, "scope: words of visible ASCII between blanks");
	if (oauth->grant == OAUTH_CLIENT && !oauth->client_secret_file)
		return fault_set(fault, FAULT_SETUP, "client_secret_file: grant = client_credentials needs it");
	if (!oauth->token_file || oauth->token_file[0] != '/' || strlen(oauth->token_file) >= OAUTH_TEXT)
		return fault_set(fault, FAULT_SETUP, "token_file: an absolute path");
	return true;
}

void oauth_release(struct oauth *oauth)
{
	free(oauth->name);
	free(oauth->token_endpoint);
	free(oauth->device_endpoint);
	free(oauth->client_id);
	free(oauth->client_secret_file);
	free(oauth->scope);
	free(oauth->token_file);
	free(oauth->tls_ca);
	*oauth = (struct oauth){ 0 };
}

bool oauth_token_good(struct span token)
{
	for (size_t i = 0; i < token.n; i++)
		if (token.p[i] < '!' || token.p[i] > '~')
			return false;
	return token.n > 0 && token.n <= OAUTH_TOKEN;
}
