/* mark, accept, critical, attest: adds a line to the file of marks. */
#include "cli/domains.h"
#include "cli/marks.h"
#include "cli/readiness.h"
#include "parse/dns/orgdomain.h"

#include <stdlib.h>

#define LOOKED_AT 50 /* domains */

static bool refuse(struct fault *fault, const char *text)
{
	return fault_set(fault, FAULT_SETUP, "%s", text);
}

/* Who speaks, if it can be written as one word. */
static struct span speaker(void)
{
	const char *name = getenv("LOGNAME");

	if (!name || !*name)
		name = getenv("USER");
	for (const char *c = name; c && *c; c++)
		if (!((*c | 32) >= 'a' && (*c | 32) <= 'z') && !(*c >= '0' && *c <= '9') && !strchr("-_.@", *c))
			return SPAN_ABSENT;
	return name && *name ? span_of(name) : SPAN_ABSENT;
}

static bool options_take(const struct cli *cli, char domain[DOMAINNAME_TEXT], struct statement *s, struct fault *fault)
{
	const struct options *options = &cli->options;
	int64_t moment;

	s->mark.day = moment_day(cli->now);
	s->mark.expires = MOMENT_NONE;
	s->mark.who = speaker();
	s->mark.why = options->why ? span_trim(span_of(options->why)) : SPAN_ABSENT;
	if (options->domain) {
		if (domain_alabels(span_of(options->domain), domain) == 0)
			return fault_set(fault, FAULT_SETUP, "--domain %.200s: no domain name", options->domain);
		s->domain = span_of(domain);
	}
	if (options->until) {
		if (!moment_parse(span_of(options->until), &moment) || moment_day(moment) <= s->mark.day)
			return fault_set(fault, FAULT_SETUP, "--until %.40s: no day to come; write 2027-01-31", options->until);
		s->mark.expires = moment_day(moment);
	}
	return true;
}

/* What the words of each command come to. */
static bool mark_words(const struct options *o, struct statement *s, struct fault *fault)
{
	s->mark.kind = o->args_n == 2 ? mark_kind_of(span_of(o->args[1])) : MARK_NONE;
	s->mark.subject = o->args_n ? span_of(o->args[0]) : SPAN_ABSENT;
	if (s->mark.kind == MARK_OWN || s->mark.kind == MARK_FORWARDER || s->mark.kind == MARK_NOT_OURS ||
		s->mark.kind == MARK_REVIEWED)
		return true;
	return refuse(fault, "name a source, and one of own, forwarder, notours, reviewed");
}

static bool source_words(const struct options *o, enum mark_kind kind, struct statement *s, struct fault *fault)
{
	s->mark.kind = kind;
	if (kind == MARK_ACCEPT && s->mark.expires == MOMENT_NONE)
		s->mark.expires = s->mark.day + ACCEPT_DAYS;
	s->mark.subject = o->args_n ? span_of(o->args[0]) : SPAN_ABSENT;
	return o->args_n == 1 || refuse(fault, "name one source");
}

static bool attest_words(const struct options *o, struct statement *s, struct fault *fault)
{
	s->kind = STATEMENT_ATTEST;
	s->attest = (struct attest_row){ o->args_n ? span_of(o->args[0]) : SPAN_ABSENT, s->mark.day };
	return (o->args_n == 1 && (strcmp(o->args[0], "quarterly") == 0 || strcmp(o->args[0], "lists") == 0)) ||
	       refuse(fault, "name one of quarterly, lists");
}

/* A typing error would be believed for ever. Ends the command unless EXIT_DONE. */
static int subject_check(const struct cli *cli, const char *command, const struct statement *s)
{
	struct fault fault = { 0 };
	struct readiness r;
	bool possible;

	if (s->kind == STATEMENT_ATTEST)
		return EXIT_DONE;
	if (!readiness_open(&r, cli, NULL, &fault))
		return cli_fail(cli, &fault);
	marks_select(r.statements, r.statements_n, SPAN_ABSENT, s->mark.day, 0, &r.tables, &r.common);
	possible = mark_subject_is_possible(s->mark.subject, &r.common);
	readiness_close(&r);
	if (possible)
		return EXIT_DONE;
	cli_say(cli, "%s: %.200s: no address, network, host name, d=DOMAIN, bounce=DOMAIN or sender of the tables", command,
		s->mark.subject.n ? s->mark.subject.p : "");
	return EXIT_USAGE;
}

/* In the domain that was named, else in any; a verdict on more than a few is more than a slip of the hand is worth. */
static bool subject_occurs(struct readiness *r, const struct statement *s)
{
	struct domain_list domains = DOMAIN_LIST;
	struct span *named = s->domain.n ? &(struct span){ s->domain.p, s->domain.n } : NULL;
	struct fault fault = { 0 };
	bool found = !named && (!domains_ask(r->cli, r->store, &domains, &fault) || domains.n > LOOKED_AT);
	size_t n = named ? 1 : domains.n;

	for (size_t i = 0; !found && i < n; i++)
		found = !readiness_assess(r, named ? *named : domains.names[i], TARGET_AUTO, &fault) ||
			mark_subject_occurs(s->mark.subject, &r->rows, &r->verdict);
	domains_release(&domains);
	return found;
}

/* A mark may come before the mail, so one that matches nothing is kept; a typing error would wait for ever. */
static void subject_look(struct cli *cli, const char *command, const struct statement *s)
{
	struct fault fault = { 0 };
	struct readiness r;
	struct store *store;
	int code;

	if (s->kind == STATEMENT_ATTEST || cli->options.quiet || !(store = cli_store(cli, STORE_READ, &code)))
		return;
	if (readiness_open(&r, cli, store, &fault)) {
		if (!subject_occurs(&r, s))
			cli_say(cli, "%s: %.*s: no mail in the database comes from there%s%.*s; the mark is kept for mail to come",
				command, (int)s->mark.subject.n, s->mark.subject.p, s->domain.n ? " for " : "",
				(int)s->domain.n, s->domain.n ? s->domain.p : "");
		readiness_close(&r);
	}
	store_close(store);
}

static int statement_add(struct cli *cli, const char *command, const struct statement *s)
{
	struct buf line = BUF(2 * MARKS_LINE);
	struct fault fault = { 0 };
	char path[MARKS_PATH];
	int code = EXIT_DONE;

	if (!mark_write(&line, s, &fault)) {
		cli_say(cli, "%s: %s", command, fault.text);
		code = EXIT_USAGE;
	} else if (!marks_append(cli, marks_path(cli, path), buf_span(&line), &fault)) {
		code = cli_fail(cli, &fault);
	} else if (!cli->options.quiet) {
		printf("%s: ", path);
		style_print(stdout, &cli->out, (struct span){ line.p, line.n - 1 });
		putchar('\n');
	}
	buf_release(&line);
	return code;
}

static int statement_run(struct cli *cli, const char *command, enum mark_kind kind)
{
	struct statement statement = { .kind = STATEMENT_MARK };
	const struct options *o = &cli->options;
	char domain[DOMAINNAME_TEXT];
	struct fault fault = { 0 };
	bool ok = options_take(cli, domain, &statement, &fault);
	int code;

	if (ok && kind == MARK_OWN)
		ok = mark_words(o, &statement, &fault);
	else if (ok && kind != MARK_NONE)
		ok = source_words(o, kind, &statement, &fault);
	else if (ok)
		ok = attest_words(o, &statement, &fault);
	if (!ok) {
		cli_say(cli, "%s: %s", command, fault.text);
		return EXIT_USAGE;
	}
	code = subject_check(cli, command, &statement);
	if (code == EXIT_DONE)
		code = statement_add(cli, command, &statement);
	if (code == EXIT_DONE)
		subject_look(cli, command, &statement);
	return code;
}

int command_mark(struct cli *cli)
{
	return statement_run(cli, "mark", MARK_OWN);
}

int command_accept(struct cli *cli)
{
	return statement_run(cli, "accept", MARK_ACCEPT);
}

int command_critical(struct cli *cli)
{
	return statement_run(cli, "critical", MARK_CRITICAL);
}

int command_attest(struct cli *cli)
{
	return statement_run(cli, "attest", MARK_NONE);
}
