/* doctor: is everything as it should be? Looks, and changes nothing. */
#include "base/sandbox.h"
#include "cli/cli.h"
#include "cli/poll.h"
#include "ingest/secretfile.h"
#include "report/doctor.h"
#include "report/style.h"
#include "store/care.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define CHECKS_MOST (32 + 8 * MAILBOXES_MOST)
#define POLLED_SECONDS (26 * 3600) /* reports come once a day; a mailbox that was not seen for longer hides some */
#define ROOM_LEAST UINT64_C(1000000000)

struct doctor {
	const struct cli *cli;
	struct doctor_check checks[CHECKS_MOST];
	size_t n;
	size_t files; /* looked at, and good */
};

static __attribute__((format(printf, 5, 6))) void doctor_say(
	struct doctor *d, const char *name, const char *subject, enum doctor_state state, const char *format, ...)
{
	struct doctor_check *check = &d->checks[d->n];
	va_list args;

	if (d->n == CHECKS_MOST)
		return;
	d->n++;
	*check = (struct doctor_check){ .name = name, .state = state };
	snprintf(check->subject, sizeof check->subject, "%s", subject ? subject : "");
	va_start(args, format);
	vsnprintf(check->text, sizeof check->text, format, args);
	va_end(args);
}

static const char *octets_text(uint64_t octets, char text[32])
{
	static const char units[] = "kMGT";
	double value = (double)octets / 1000;
	size_t unit = 0;

	while (value >= 1000 && unit + 2 < sizeof units) {
		value /= 1000;
		unit++;
	}
	snprintf(text, 32, "%.1f %cB", value, units[unit]);
	return text;
}

/* ---- the database ---- */

static void health_say(struct doctor *d, const struct health *health)
{
	char size[32], unused[32], log[32];

	doctor_say(d, "database", NULL, DOCTOR_GOOD,
		"%s: schema %" PRId64 ", %s, of which %s unused; %s, %s", d->cli->config.db, health->schema,
		octets_text(health->octets, size), octets_text(health->free_octets, unused),
		counted_text(health->mails, "mail", "mails").p, counted_text(health->reports, "report", "reports").p);
	if (!health->whole)
		doctor_say(d, "integrity", NULL, DOCTOR_GOOD, "not looked at (--quick)");
	else if (*health->damage)
		doctor_say(d, "integrity", NULL, DOCTOR_BAD, "damaged: %s; bring a backup back", health->damage);
	else
		doctor_say(d, "integrity", NULL, DOCTOR_GOOD, "every page and index is as it should be");
	if (health->whole && !*health->damage)
		doctor_say(d, "orphans", NULL,
			health->orphans ? DOCTOR_BAD
			: health->sums	? DOCTOR_LOOK
					: DOCTOR_GOOD,
			"%s to nothing%s%s; %s not those of their reports",
			counted_text(health->orphans, "row that belongs", "rows that belong").p,
			health->orphans ? ", such as " : "", health->orphan,
			counted_text(health->sums, "day whose sums are", "days whose sums are").p);
	doctor_say(d, "journal", NULL, DOCTOR_GOOD, "%s",
		health->written	     ? "a process is writing just now"
		: health->log_octets ? octets_text(health->log_octets, log)
				     : "nothing left over");
	if (!health->written && health->log_octets)
		snprintf(d->checks[d->n - 1].text, sizeof d->checks->text,
			"%s in %s-wal, which the next run that writes takes over", octets_text(health->log_octets, log),
			d->cli->config.db);
	doctor_say(d, "unsettled", NULL, health->unsettled ? DOCTOR_LOOK : DOCTOR_GOOD,
		"%s for the mailbox to be told",
		counted_text(health->unsettled, "mail is stored and waits", "mails are stored and wait").p);
}

/* `unused`: what there is in the file. */
static void room_check(struct doctor *d, uint64_t unused)
{
	struct statvfs fs;
	char room[32];
	uint64_t octets, least = d->cli->config.store_limits.free_octets;

	if (statvfs(d->cli->config.db, &fs) != 0)
		return;
	octets = (uint64_t)fs.f_bavail * fs.f_frsize;
	doctor_say(d, "room", NULL,
		octets + unused < least ? DOCTOR_BAD
		: octets < ROOM_LEAST	? DOCTOR_LOOK
					: DOCTOR_GOOD,
		"%s left on the disk of %s%s", octets_text(octets, room), d->cli->config.db,
		octets + unused < least ? ", less than [store] min_free: nothing is stored" : "");
}

static void quota_check(struct doctor *d, const struct health *health)
{
	uint64_t most = d->cli->config.store_limits.most_octets, used = health->octets - health->free_octets;
	char text[32];

	if (most)
		doctor_say(d, "quota", NULL,
			used >= most - most / 20  ? DOCTOR_BAD
			: used >= most - most / 5 ? DOCTOR_LOOK
						  : DOCTOR_GOOD,
			"%.0f %% of [store] max_size, %s", 100.0 * (double)used / (double)most,
			octets_text(most, text));
}

static struct store *database_check(struct doctor *d)
{
	const struct config *config = &d->cli->config;
	struct fault fault = { 0 };
	struct health health = { 0 };
	struct store *store;

	if (access(config->db, F_OK) < 0 && errno == ENOENT) {
		doctor_say(
			d, "database", NULL, DOCTOR_LOOK, "%s: not there yet; the first ingest makes it", config->db);
		return NULL;
	}
	store = store_open(config->db, STORE_READ, (unsigned)config->store_wait, &fault);
	if (store && store_examine(store, !d->cli->options.quick, &health, &fault)) {
		health_say(d, &health);
		quota_check(d, &health);
	} else {
		doctor_say(d, "database", NULL, DOCTOR_BAD, "%s", fault.text);
	}
	room_check(d, health.free_octets);
	return store;
}

/* ---- files that others must not read ---- */

static void file_check(struct doctor *d, const char *path, enum doctor_state if_open)
{
	struct fault fault = { 0 };
	struct stat st;
	int fd;

	if (!path || !*path || (lstat(path, &st) < 0 && errno == ENOENT))
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		doctor_say(d, "file", path, DOCTOR_BAD, "%s", strerror(errno));
	else if (!secretfile_check(fd, &fault))
		doctor_say(d, "file", path, if_open, "%s", fault.text);
	else
		d->files++;
	if (fd >= 0)
		close(fd);
}

static void database_files_check(struct doctor *d)
{
	static const char *const ends[] = { "", "-wal", "-shm", "-lock", "-poll" };
	const char *db = d->cli->config.db;
	char pattern[4096 + 32];
	glob_t kept = { 0 };

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		snprintf(pattern, sizeof pattern, "%s%s", db, ends[i]);
		file_check(d, pattern, DOCTOR_LOOK);
	}
	snprintf(pattern, sizeof pattern, "%s" STORE_KEPT_SCHEMA "*", db);
	if (glob(pattern, 0, NULL, &kept) == 0)
		for (size_t i = 0; i < kept.gl_pathc; i++)
			file_check(d, kept.gl_pathv[i], DOCTOR_LOOK);
	globfree(&kept);
}

static void mailbox_files_check(struct doctor *d, const struct mailbox_settings *settings)
{
	const struct mailbox *mailbox = &settings->mailbox;

	if (mailbox->secret_source == SECRET_FILE)
		file_check(d, mailbox->secret, DOCTOR_BAD);
	if (mailbox->secret_source == SECRET_INLINE)
		file_check(d, d->cli->config.file, DOCTOR_BAD);
	if (mailbox->secret_source == SECRET_OAUTH) {
		file_check(d, settings->oauth.client_secret_file, DOCTOR_BAD);
		file_check(d, settings->oauth.token_file, DOCTOR_BAD);
	}
}

static void files_check(struct doctor *d)
{
	const struct config *config = &d->cli->config;
	size_t before = d->n;

	database_files_check(d);
	for (size_t i = 0; i < config->mailboxes_n; i++)
		mailbox_files_check(d, &config->mailboxes[i]);
	if (d->n == before && d->files)
		doctor_say(d, "files", NULL, DOCTOR_GOOD, "%zu, none of which others can read", d->files);
}

/* ---- protections, mailboxes ---- */

static void protections_check(struct doctor *d)
{
	unsigned active = sandbox_probe();
	char text[SANDBOX_TEXT];

	doctor_say(d, "protections", NULL, active == SANDBOX_ALL ? DOCTOR_GOOD : DOCTOR_LOOK, "%s",
		sandbox_describe(active, text));
}

static void poll_check(struct doctor *d, struct store *store, const struct mailbox_settings *settings)
{
	char *key = polling_key(&settings->mailbox), when[MOMENT_TEXT];
	struct fault fault = { 0 };
	int64_t at = MOMENT_NONE;

	if (!key || (store && !store_poll_get(store, key, &at, &fault)))
		doctor_say(d, "mailbox", settings->mailbox.name, DOCTOR_BAD, "%s", key ? fault.text : "out of memory");
	else if (at == MOMENT_NONE)
		doctor_say(d, "mailbox", settings->mailbox.name, DOCTOR_LOOK, "never polled with success");
	else
		doctor_say(d, "mailbox", settings->mailbox.name,
			d->cli->now - at > POLLED_SECONDS || at - d->cli->now > DAY_SECONDS ? DOCTOR_LOOK : DOCTOR_GOOD,
			"last polled with success %s%s", moment_format(at, when),
			at - d->cli->now > DAY_SECONDS ? ", says a clock that was ahead" : "");
	free(key);
}

static int doctor_tell(const struct doctor *d)
{
	enum doctor_state worst = DOCTOR_GOOD;
	bool printed;

	for (size_t i = 0; i < d->n; i++)
		worst = d->checks[i].state > worst ? d->checks[i].state : worst;
	if (d->cli->options.format == FORMAT_JSON)
		printed = doctor_json(stdout, d->checks, d->n);
	else
		printed = doctor_text(
			stdout, &d->cli->out, d->checks, d->n, d->cli->options.quiet ? DOCTOR_LOOK : DOCTOR_GOOD);
	return printed ? (int)worst : cli_unwritten(d->cli);
}

int command_doctor(struct cli *cli)
{
	struct doctor *d = calloc(1, sizeof *d);
	struct store *store;
	int code;

	if (cli->options.args_n || !d) {
		cli_say(cli, "doctor: %s", d ? "takes no argument" : "out of memory");
		free(d);
		return cli->options.args_n ? EXIT_USAGE : EXIT_LATER;
	}
	d->cli = cli;
	store = database_check(d);
	files_check(d);
	protections_check(d);
	for (size_t i = 0; i < cli->config.mailboxes_n; i++)
		poll_check(d, store, &cli->config.mailboxes[i]);
	store_close(store);
	code = doctor_tell(d);
	free(d);
	return code;
}
