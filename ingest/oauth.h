/* oauth: how an access token for one mailbox is got (noun; plain data): which server gives it, who we are there, what
 * is asked for and where it is kept. Never a secret itself: files say where these lie.
 *
 * RFC 6749 (grants: refresh token, section 6; client credentials, section 4.4), RFC 8628 (device flow). */
#ifndef INGEST_OAUTH_H
#define INGEST_OAUTH_H

#include "base/fault.h"
#include "ingest/mailbox.h"

#define OAUTH_TEXT 2048	 /* octets of any one setting */
#define OAUTH_TOKEN 8000 /* octets of a token; those of Microsoft have about 2,500 */

enum oauth_grant {
	OAUTH_REFRESH, /* with the refresh token that a login has left in the token file */
	OAUTH_CLIENT,  /* client credentials: the program itself is let in, no person is asked */
};

struct oauth {
	char *name; /* owned; of the mailbox, for what is said about it */
	enum oauth_grant grant;
	char *token_endpoint;	  /* owned; https:// */
	char *device_endpoint;	  /* owned; https://; NULL: this server has no device flow */
	char *client_id;	  /* owned */
	char *client_secret_file; /* owned; a path; NULL: a public client */
	char *scope;		  /* owned; words between blanks; NULL: what the server thinks fit */
	char *token_file;	  /* owned; a path */
	char *tls_ca;		  /* owned; a file of PEM certificates in place of the system's, or NULL */
};

/* What a provider is known for, where nothing else is set yet: endpoints, and the scope that opens mailboxes of this
 * kind. `tenant` NULL: whoever signs in. FAULT_SETUP: no such provider, or it cannot be done that way there. */
bool oauth_provider(
	struct oauth *oauth, const char *provider, const char *tenant, enum mailbox_kind kind, struct fault *fault);

/* Is it complete, and fit to be sent? FAULT_SETUP names the setting. */
bool oauth_check(const struct oauth *oauth, struct fault *fault);
void oauth_release(struct oauth *oauth);

/* May these octets be a token? Visible ASCII, RFC 6749 appendix A. */
bool oauth_token_good(struct span token);

#endif
