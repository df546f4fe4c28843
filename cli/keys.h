/* keys: answers the one question of the workers, `TXT of this key?`, in this order: a file that the user named, the archive
 * while a record is within its TTL, the DNS, an older archived record when the DNS has none or is silent. What was learnt is
 * archived by keys_learn, within the writer's transaction. */
#ifndef CLI_KEYS_H
#define CLI_KEYS_H

#include "base/dnsanswer.h"
#include "base/fault.h"
#include "parse/crew.h"

#include <stdint.h>

struct cli;
struct keys;
struct store;

/* Reads --keys or --dns-file, or starts the resolver process (not with --offline). To be called before the database is
 * opened. NULL: fault. */
struct keys *keys_start(const struct cli *cli, struct fault *fault);
void keys_free(struct keys *keys); /* NULL is fine */

/* From now on the archive answers too; NULL: no longer. */
void keys_use(struct keys *keys, struct store *store);

/* Lets the crew's workers ask. NULL keys: nobody answers. */
void keys_attach(struct keys *keys, struct crew *crew);

/* Writes what the DNS said since the last call into the archive. */
bool keys_learn(struct keys *keys, struct fault *fault);

/* May new keys be had: from the DNS, or from a named file? */
bool keys_can_ask(const struct keys *keys);

/* The live DNS for other questions; false: there is none, or a file stands in its place. Only while no worker reads. */
bool keys_dns(const struct keys *keys, struct dns *dns);

/* Asks for one name now and learns the answer; only while no worker reads. */
void keys_fetch(struct keys *keys, struct span name);

/* What a person should know: `offline: three look-ups in a row found nobody`. "" when there is nothing to say. */
#define KEYS_TEXT 200
const char *keys_describe(const struct keys *keys, char text[KEYS_TEXT]);

#endif
