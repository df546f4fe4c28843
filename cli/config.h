/* config: the settings of dmarcgate.conf. One table of rows is read by the loader, by `dmarcgate config` and by the
 * test that holds the manual page against it. Only cli/ sees this; rooms are given what they need as arguments. */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include "base/fault.h"
#include "cli/digest_settings.h"
#include "cli/mailboxes.h"
#include "parse/limits.h"
#include "report/assess/options.h"
#include "store/store.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What a verdict rests on besides the facts, and how strict it is. */
struct readiness_settings {
	uint64_t profile; /* enum profile of report/assess/options.h */
	uint64_t target;  /* enum target */
	uint64_t window;  /* days */
	uint64_t trust;   /* 0 auto, 1 strict: what is not authenticated never counts */
	uint64_t legacy_pct;
	char *own_nets, *tenants, *known_reporters; /* owned; lists separated by commas; "" for none */
	struct assess_limits limits;
};

struct config {
	char *file;    /* owned; what was read, NULL when no file was found */
	char *db;      /* owned */
	char *data;    /* owned; the folder of senders.tsv and reporters.tsv: $DMARCGATE_DATA, or as installed */
	uint64_t jobs; /* 0: one per processor */
	uint64_t color; /* enum color_mode of report/style.h */
	struct limits limits;
	uint64_t store_wait;        /* seconds */
	struct store_limits store_limits;
	uint64_t retention_reports; /* seconds */
	char *resolver;             /* owned; as resolver_server_parse leaves it */
	char *trust_anchor;         /* owned; `system` or the path of a file; see config_anchor */
	char *authserv_id;          /* owned; of one's own border, separated by commas; "" for none */
	char *domains;              /* owned; one's own, separated by commas; "" for none */
	char *selectors;            /* owned; of one's own keys, as SELECTOR@DOMAIN separated by commas; "" for none */
	uint64_t granularity;       /* of keys (g=): 0 reported, 1 enforced */
	uint64_t retention_samples; /* seconds */
	struct readiness_settings readiness;
	struct digest_settings digest;
	char *network_map, *country_map, *base_map; /* owned; of names; "" for none */
	char *marks; /* owned; "": beside the configuration file */
	uint64_t enrich_addresses, enrich_seconds; /* looked up in one run */
	uint64_t enrich_after;                     /* of a poll of the mailboxes */
	struct override *overrides; /* owned; in the order of the file */
	size_t overrides_n;
	struct mailbox_settings *mailboxes; /* owned; in the order of the file */
	size_t mailboxes_n;
};

enum config_type {
	CONFIG_PATH,   /* char *; an absolute path, `~/` stands for $HOME */
	CONFIG_FILE,   /* char *; the same, or nothing */
	CONFIG_SERVER, /* char *; `system` or ADDRESS[@PORT] (ingest/resolver.h) */
	CONFIG_ANCHOR, /* char *; `system` or a path */
	CONFIG_DOMAINS, /* char *; domain names separated by commas */
	CONFIG_PART,   /* char *; as mailbox_part_check or digest_part_check wants it */
	CONFIG_PARTS,  /* char *; the same, several separated by commas */
	CONFIG_SECRET, /* char *; never printed */
	CONFIG_NETS,    /* char *; addresses and ADDRESS/BITS separated by commas */
	CONFIG_SELECTORS, /* char *; SELECTOR@DOMAIN separated by commas */
	CONFIG_TENANTS, /* char *; PROVIDER:LABEL separated by commas; the last of the texts */
	CONFIG_WORD,   /* uint64_t; the place of the word in `unit`, where words are separated by `|` */
	CONFIG_NUMBER, /* uint64_t */
	CONFIG_SIZE,   /* uint64_t; may be written with k, M or G: thousands, decimal */
	CONFIG_SPAN,   /* uint64_t seconds; written as moment_parse_span reads them */
	CONFIG_LIMIT,  /* double; a share, which may be written as 0.2%, or a number: see report/assess/options.h */
	CONFIG_TYPES
};

struct config_setting {
	const char *section, *name;
	enum config_type type;
	const char *unit;
	uint64_t initial; /* the default; of a path, server or list, see its sentence; of a limit in millionths */
	uint64_t least, most;
	size_t offset; /* in struct config; of section `mailbox`, in struct mailbox_settings */
	const char *sentence;
};

extern const struct config_setting config_settings[]; /* in the order of printing; ends with name == NULL */
bool config_is_text(const struct config_setting *setting); /* a path, server or list: char * */

/* The file of the trust anchor for the resolver; NULL: the system's. */
const char *config_anchor(const struct config *config);

/* Fills *config with the defaults, then with one file, then with $DMARCGATE_DB. The file is `named` (option -c), else
 * $DMARCGATE_CONF, else $XDG_CONFIG_HOME/dmarcgate/dmarcgate.conf (or below ~/.config), else SYSCONFDIR/dmarcgate.conf.
 * A file that was named must exist; one that was only looked for need not. Every fault is a FAULT_SETUP that names
 * file, line, setting and rule. Release with config_release, after a failure too. */
bool config_load(const char *named, struct config *config, struct fault *fault);
void config_release(struct config *config);

/* One setting from text, as from a command line: the same rules and words as in the file. */
bool config_set(struct config *config, const char *section, const char *name, const char *value, struct fault *fault);

/* The effective configuration as a file that config_load reads, each setting below its sentence; what differs from the
 * default carries a remark. Passwords are not shown. */
bool config_print(const struct config *config, FILE *out, struct fault *fault); /* false: out of memory */

/* The value or default of one row as config_print shows it: `50M`, `400d`, `auto`. Returns `text`. */
#define CONFIG_TEXT 64
const char *config_format(const struct config_setting *setting, uint64_t value, char text[CONFIG_TEXT]);

#endif
