#include "cli/readiness.h"
#include "cli/domains.h"
#include "cli/file.h"
#include "cli/marks.h"
#include "cli/overrides.h"
#include "cli/snapshot.h"
#include "ingest/netnames.h"
#include "parse/dns/orgdomain.h"
#include "parse/dns/zonefile.h"
#include "report/assess/senders.h"

#define HISTORY_DAYS 400 /* as far back as a verdict looks */
#define AHEAD_DAYS 8     /* the longest report's range */
#define TABLE_OCTETS ((size_t)4 * 1024 * 1024)
#define TABLES_OCTETS ((size_t)256 * 1024 * 1024)
#define ROWS_OCTETS ((size_t)4 * 1024 * 1024 * 1024) /* about 40 million records of one domain */

/* ---- the tables of data/ */

static bool table_load(struct readiness *r, const char *name, struct span *text, struct fault *fault)
{
	struct buf octets = BUF(TABLE_OCTETS);
	char path[4400];
	bool ok;

	snprintf(path, sizeof path, "%s/%s", r->cli->config.data, name);
	ok = file_read(path, &octets, fault);
	*text = arena_copy(&r->tables, octets.n ? buf_span(&octets) : SPAN(""));
	buf_release(&octets);
	return ok && (text->p || fault_set(fault, FAULT_LATER, "out of memory"));
}

/* What the reader of a table found wrong, with the file's name. */
static bool table_refused(const struct readiness *r, const char *name, const struct fault *inner, struct fault *fault)
{
	return fault_set(fault, FAULT_SETUP, "%.200s/%s: %.200s", r->cli->config.data, name, inner->text);
}

static bool tables_load(struct readiness *r, struct fault *fault)
{
	static const char senders[] = "senders.tsv", reporters[] = "reporters.tsv";
	struct fault inner = { 0 };
	struct span text;

	if (!table_load(r, senders, &text, fault))
		return false;
	if (!senders_read(text, &r->tables, &r->common.senders, &r->common.senders_n, &inner))
		return table_refused(r, senders, &inner, fault);
	if (!table_load(r, reporters, &text, fault))
		return false;
	if (!reporters_read(text, &r->tables, &r->common.reporters, &r->common.reporters_n, &inner))
		return table_refused(r, reporters, &inner, fault);
	return true;
}

/* The files of names that the user configured. */
static bool maps_load(struct readiness *r, struct fault *fault)
{
	const char *path = r->cli->config.base_map;
	struct buf text = BUF(BASEMAP_OCTETS);
	struct fault inner = { 0 };
	struct span copy;
	bool ok = true;

	if (*path) {
		ok = file_read(path, &text, fault);
		copy = arena_copy(&r->tables, buf_span(&text));
		buf_release(&text);
		if (ok && !basemap_read(copy, &r->tables, &r->basemap, &inner))
			ok = fault_set(fault, inner.kind, "%.300s:%s", path, inner.text);
	}
	if (ok && *r->cli->config.network_map)
		ok = (r->netnames = netnames_open(r->cli->config.network_map, fault)) != NULL;
	return ok;
}

/* Where addresses are, which nothing is judged by: looked up only for who asks, and missed by nobody else. */
static bool countries_load(struct readiness *r, struct fault *fault)
{
	const struct config *config = &r->cli->config;
	const char *path = *config->country_map ? config->country_map : config->network_map;

	if (!r->cli->options.country)
		return true;
	if (*path)
		return (r->countries = netnames_open(path, fault)) != NULL;
	cli_say(r->cli, "no country is shown: mmdb in section [names] of the configuration names no database of networks");
	return true;
}

bool readiness_open(struct readiness *r, const struct cli *cli, struct store *store, struct fault *fault)
{
	*r = (struct readiness){ .cli = cli, .store = store, .tables = ARENA(TABLES_OCTETS), .arena = ARENA(ROWS_OCTETS) };
	if (tables_load(r, fault) && maps_load(r, fault) && countries_load(r, fault) &&
		marks_load(cli, &r->tables, &r->statements, &r->statements_n, fault))
		return true;
	readiness_close(r);
	return false;
}

void readiness_close(struct readiness *r)
{
	netnames_close(r->netnames);
	netnames_close(r->countries);
	zonefile_free(r->zone);
	arena_release(&r->tables);
	arena_release(&r->arena);
}

/* ---- the settings */

bool readiness_target(const struct cli *cli, enum target *target, struct fault *fault)
{
	const char *word = cli->options.target;

	*target = TARGET_AUTO;
	for (int i = 0; word && i < TARGET_COUNT; i++)
		if (strcmp(word, target_word((enum target)i)) == 0) {
			*target = (enum target)i;
			return true;
		}
	return !word || fault_set(fault, FAULT_SETUP, "--target %.40s: is none of auto, quarantine, reject", word);
}

/* A list separated by commas as words; empty ones are left out. */
static struct words words_of(struct arena *arena, const char *list)
{
	struct span rest = span_of(list), *words;
	size_t most = 1, n = 0;

	for (size_t i = 0; i < rest.n; i++)
		most += rest.p[i] == ',';
	words = arena_take(arena, most * sizeof *words);
	while (words && span_take(&rest, ',', &words[n]))
		n += words[n].n > 0;
	return (struct words){ words, n };
}

static void options_fill(struct readiness *r, enum target target)
{
	const struct readiness_settings settings = readiness_settings_of(&r->cli->config, r->options.domain.name);

	r->options.today = moment_day(r->cli->now);
	r->options.target = target == TARGET_AUTO ? (enum target)settings.target : target;
	r->options.profile = (enum profile)settings.profile;
	r->options.window = (unsigned)settings.window;
	r->options.trust_strict = settings.trust;
	r->options.legacy_pct = settings.legacy_pct;
	r->options.limits = settings.limits;
	r->options.own_nets = words_of(&r->arena, settings.own_nets);
	r->options.tenants = words_of(&r->arena, settings.tenants);
	r->options.known_reporters = words_of(&r->arena, settings.known_reporters);
}

/* ---- a domain */

/* What the user's files say of sources that the DNS does not name well enough. */
static bool names_add(struct readiness *r, const struct observed *observed)
{
	struct observed_source *named;

	if ((r->netnames || r->countries) && observed->sources_n) {
		named = arena_take(&r->arena, observed->sources_n * sizeof *named);
		if (!named)
			return false;
		memcpy(named, observed->sources, observed->sources_n * sizeof *named);
		for (size_t i = 0; i < observed->sources_n; i++) {
			if (r->netnames && named[i].has_address && named[i].host_state != HOST_CONFIRMED)
				named[i].as_org = netnames_find(r->netnames, &named[i].address, &r->arena);
			if (r->countries && named[i].has_address) {
				netnames_country(r->countries, &named[i].address, named[i].country);
				r->located += named[i].country[0] != '\0';
				r->unlocated += named[i].country[0] == '\0';
			}
		}
		r->rows.sources = named;
	}
	return r->basemap.n == 0 || basemap_add(&r->basemap, &r->arena, &r->rows);
}

/* What the domain publishes: as a file says that the user named, else as it was last seen. */
static bool published_add(struct readiness *r, const struct observed *observed, struct fault *fault)
{
	const char *path = r->cli->options.dns_file;

	if (path && !r->zone && !(r->zone = zone_read(path, false, fault)))
		return false;
	return snapshot_read(r->store, r->zone, &r->options.domain, observed, r->cli->now, &r->arena, &r->rows.published,
		fault);
}

/* Rows and options. */
static bool readiness_gather(struct readiness *r, struct span domain, enum target target, struct fault *fault)
{
	struct observed observed = { .reports = NULL };
	char name[DOMAINNAME_TEXT];
	struct window window;

	arena_clear(&r->arena);
	r->rows = r->common;
	r->options = (struct assess_options)OPTIONS_DEFAULT;
	if (domain_alabels(domain, name) == 0)
		return fault_set(fault, FAULT_INPUT, "%.*s: no domain name", (int)(domain.n < 300 ? domain.n : 300),
			domain.p ? domain.p : "");
	r->options.domain.name = arena_copy(&r->arena, span_of(name));
	if (!orgdomain_is_suffix(r->options.domain.name))
		r->options.domain.org = orgdomain_of(r->options.domain.name);
	options_fill(r, target);
	window = (struct window){ r->options.today - HISTORY_DAYS - AHEAD_DAYS, r->options.today + AHEAD_DAYS };
	if (r->store && !store_ask_observed(r->store, name, &window, &r->arena, &observed, fault))
		return false;
	if (!observed.reports_n)
		domains_say_meant(r->cli, r->store, r->options.domain.name);
	rows_observe(&r->rows, &observed);
	if (!names_add(r, &observed))
		return fault_set(fault, FAULT_LATER, "%s: out of memory", name);
	if (!marks_select(r->statements, r->statements_n, r->options.domain.name, r->options.today, r->options.window,
		    &r->arena, &r->rows))
		return fault_set(fault, FAULT_LATER, "%s: out of memory", name);
	if (!published_add(r, &observed, fault))
		return false;
	return !r->arena.failed || fault_set(fault, FAULT_LATER, "%s: out of memory", name);
}

bool readiness_assess(struct readiness *r, struct span domain, enum target target, struct fault *fault)
{
	if (!readiness_gather(r, domain, target, fault))
		return false;
	return assess(&r->rows, &r->options, &r->arena, &r->verdict) ||
	       fault_set(fault, r->arena.failed ? FAULT_LATER : FAULT_BROKEN, "%.253s: %s", r->options.domain.name.p,
		       r->arena.failed ? "out of memory" : "the rows of the database point outside themselves");
}
