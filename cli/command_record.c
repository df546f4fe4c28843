#include "cli/asking.h"
#include "cli/cli.h"
#include "cli/recordwizard.h"
#include "parse/dns/discovery.h"
#include "parse/dns/lint.h"
#include "parse/dns/orgdomain.h"
#include "parse/dns/recordwriter.h"
#include "report/lint.h"
#include "report/record.h"

#include <unistd.h>

#define RECORD_ARENA ((size_t)32 * 1024 * 1024)
#define RECORD_OCTETS ((size_t)65535)
#define TTL_MOST 604800

/* As of lint: exit codes by the worst finding. */
static const int codes[SEVERITY_COUNT] = { [SEVERITY_NOTE] = EXIT_DONE, [SEVERITY_WARNING] = 1, [SEVERITY_ERROR] = 2 };

struct writing {
	struct cli *cli;
	struct asking *asking; /* NULL: nobody is asked */
	bool by_hand;	       /* a person at a terminal named nothing: the wizard asks */
	struct arena arena;
	struct findings findings;
	struct dmarc_record before; /* of RECORD_ONE */
	struct dmarc_choice choice;
	struct record_page page;
};

/* ------------------------------------------------------------------ what is published */

/* Without a record of its own a name is covered by the one above it, which the new record ends. */
static bool above_read(struct writing *w, struct fault *fault)
{
	struct dmarc_policy policy = { 0 };

	for (int i = DMARC_GENERATIONS; i-- > 0 && w->page.above_policy < DMARC_REQUEST_QUARANTINE;) {
		if (!dmarc_policy_discover(asking_dns(w->asking), w->page.domain, (enum dmarc_generation)i, &w->arena, &policy))
			return fault_set(fault, FAULT_LATER, "out of memory");
		if (policy.outcome != DMARC_FOUND)
			continue;
		w->page.above = policy.source->target;
		w->page.above_policy = policy.request;
	}
	return true;
}

static bool published_read(struct writing *w, struct fault *fault)
{
	struct dns_answer answer;
	size_t n = 0;

	w->page.name = dns_name_under(&w->arena, SPAN("_dmarc"), w->page.domain);
	if (!w->page.name.p)
		return fault_set(fault, FAULT_SETUP, "%.200s: is too long for a DMARC record", w->page.domain.p);
	if (!w->asking)
		return true;
	answer = dns_ask(asking_dns(w->asking), w->page.name, DNS_TYPE_TXT, &w->arena);
	w->page.published = answer.status == DNS_OK || dns_is_empty(&answer) ? RECORD_NONE : RECORD_UNKNOWN;
	for (size_t i = 0; i < answer.n; i++) {
		if (!dmarc_text_counts(answer.data[i].text)) {
			w->page.meant |= dmarc_text_intended(answer.data[i].text);
			continue;
		}
		w->page.before = answer.data[i].text;
		w->page.published = n++ ? RECORD_SEVERAL : RECORD_ONE;
	}
	if (w->page.published == RECORD_ONE && !dmarc_record_parse(w->page.before, &w->arena, &w->before))
		return fault_set(fault, FAULT_LATER, "out of memory");
	return w->page.published != RECORD_NONE || above_read(w, fault);
}

/* ------------------------------------------------------------------ choices */

static bool request_read(const char *option, const char *word, enum dmarc_request *request, struct fault *fault)
{
	*request = DMARC_REQUEST_ABSENT;
	if (!*word)
		return true;
	for (*request = DMARC_REQUEST_NONE; *request < DMARC_REQUEST_INVALID; ++*request)
		if (strcmp(word, dmarc_request_word(*request)) == 0)
			return true;
	return fault_set(fault, FAULT_SETUP, "--%s %.40s: write none, quarantine, reject%s", option, word,
		strcmp(option, "policy") == 0 ? " or next" : "");
}

static bool letter_read(const char *option, const char *word, const char *letters, char *letter, struct fault *fault)
{
	*letter = word[0];
	if (word[0] && !word[1] && strchr(letters, word[0]))
		return true;
	return fault_set(fault, FAULT_SETUP, "--%s %.40s: is none of the letters %s", option, word, letters);
}

static bool fo_read(const char *word, unsigned *fo, struct fault *fault)
{
	static const char letters[] = "01ds";

	*fo = 0;
	for (const char *c = word; *c; c += 1 + (c[1] == ':')) {
		const char *at = strchr(letters, *c);

		if (!at || (c[1] && c[1] != ':') || (c[1] == ':' && !c[2]))
			return fault_set(fault, FAULT_SETUP, "--fo %.40s: 0, 1, d, s, or several with colons", word);
		*fo |= 1u << (at - letters);
	}
	return true;
}

/* A record that is changed keeps what is not named anew. */
static void choice_from_before(struct writing *w)
{
	const struct dmarc_record *before = &w->before;

	w->choice = (struct dmarc_choice){ .p = DMARC_REQUEST_NONE };
	if (w->page.published != RECORD_ONE)
		return;
	if (before->p != DMARC_REQUEST_ABSENT && before->p != DMARC_REQUEST_INVALID)
		w->choice.p = before->p;
	w->choice.sp = before->sp == DMARC_REQUEST_INVALID ? DMARC_REQUEST_ABSENT : before->sp;
	w->choice.np = before->np == DMARC_REQUEST_INVALID ? DMARC_REQUEST_ABSENT : before->np;
	/* pct=0 by itself spares older receivers only; as a trial it spares all: the milder reading. */
	w->choice.trial = (before->test || before->pct == 0) && w->choice.p != DMARC_REQUEST_NONE;
	w->page.pct_left_out = before->pct > 0 && before->pct < 100 && w->choice.p != DMARC_REQUEST_NONE ? before->pct : 0;
	w->choice.strict_dkim = before->strict_dkim;
	w->choice.strict_spf = before->strict_spf;
	w->choice.psd = before->psd;
}

/* The stages, each with its trial first (t=y for newer receivers, pct=0 for older ones). */
static bool policy_next(struct writing *w, struct fault *fault)
{
	struct dmarc_choice *choice = &w->choice;

	if (w->page.published == RECORD_UNASKED || w->page.published == RECORD_UNKNOWN)
		return fault_set(fault, FAULT_LATER, "record: what is next depends on what is published, which is not known");
	if (w->page.published != RECORD_ONE) {
		choice->p = DMARC_REQUEST_NONE;
	} else if (choice->trial) {
		choice->trial = false;
	} else if (choice->p != DMARC_REQUEST_REJECT) {
		choice->p = choice->p == DMARC_REQUEST_NONE ? DMARC_REQUEST_QUARANTINE : DMARC_REQUEST_REJECT;
		choice->trial = true;
	}
	return true;
}

static bool policy_choose(struct writing *w, struct fault *fault)
{
	const struct options *options = &w->cli->options;
	const char *word = options->record.policy;

	if (!word) {
		w->choice.trial |= options->record.trial;
		return true;
	}
	if (strcmp(word, "next") == 0)
		return policy_next(w, fault);
	w->choice.trial = options->record.trial;
	return request_read("policy", word, &w->choice.p, fault) &&
	       (w->choice.p != DMARC_REQUEST_ABSENT || fault_set(fault, FAULT_SETUP, "--policy: none, quarantine, reject or next"));
}

static bool tags_choose(struct writing *w, struct fault *fault)
{
	const struct options *options = &w->cli->options;
	char letter;

	if (options->record.sp && !request_read("sp", options->record.sp, &w->choice.sp, fault))
		return false;
	if (options->record.np && !request_read("np", options->record.np, &w->choice.np, fault))
		return false;
	if (options->record.adkim) {
		if (!letter_read("adkim", options->record.adkim, "rs", &letter, fault))
			return false;
		w->choice.strict_dkim = letter == 's';
	}
	if (options->record.aspf) {
		if (!letter_read("aspf", options->record.aspf, "rs", &letter, fault))
			return false;
		w->choice.strict_spf = letter == 's';
	}
	return !options->record.psd || letter_read("psd", options->record.psd, "ynu", &w->choice.psd, fault);
}

/* Addresses named, else those published. An empty one names none: it takes the tag out. */
static bool addresses_choose(struct writing *w, const char *const *given, size_t given_n,
	const struct dmarc_uris *before, const struct span **list, size_t *n)
{
	struct span *rows = arena_take(&w->arena, (given_n + before->n + 1) * sizeof *rows);

	*list = rows;
	*n = 0;
	for (size_t i = 0; rows && i < given_n; i++)
		if (*given[i])
			rows[(*n)++] = span_of(given[i]);
	for (size_t i = 0; rows && given_n == 0 && i < before->n; i++)
		if (before->rows[i].valid && before->rows[i].address.n)
			rows[(*n)++] = before->rows[i].address;
	return rows != NULL;
}

static bool reports_choose(struct writing *w, struct fault *fault)
{
	const struct options *options = &w->cli->options;
	struct dmarc_choice *choice = &w->choice;
	char address[DNS_NAME_MAX + 32];

	if (!addresses_choose(w, options->record.rua, options->record.rua_n, &w->before.rua, &choice->rua, &choice->rua_n) ||
		!addresses_choose(w, options->record.ruf, options->record.ruf_n, &w->before.ruf, &choice->ruf, &choice->ruf_n))
		return fault_set(fault, FAULT_LATER, "out of memory");
	if (choice->rua_n == 0 && options->record.rua_n == 0 && w->page.domain.p) {
		struct span *made_up = arena_take(&w->arena, sizeof *made_up);

		snprintf(address, sizeof address, "dmarc-reports@%s", w->page.domain.p);
		if (!made_up)
			return fault_set(fault, FAULT_LATER, "out of memory");
		*made_up = arena_copy(&w->arena, span_of(address));
		choice->rua = made_up;
		choice->rua_n = 1;
		w->page.made_up = true;
	}
	if (options->record.fo)
		return fo_read(options->record.fo, &choice->fo, fault);
	if (choice->ruf_n)
		choice->fo = dmarc_term_given(&w->before, DMARC_FO) ? w->before.fo : DMARC_FO_ANY;
	if ((choice->fo & DMARC_FO_ALL) && (choice->fo & DMARC_FO_ANY))
		choice->fo &= ~(unsigned)DMARC_FO_ALL;
	return true;
}

static bool ttl_choose(struct writing *w, struct fault *fault)
{
	const char *word = w->cli->options.record.ttl;
	unsigned long long ttl = RECORDWRITER_TTL;

	if (word && !span_number(span_of(word), TTL_MOST, &ttl))
		return fault_set(fault, FAULT_SETUP, "--ttl %.40s: is no number of seconds up to %d", word, TTL_MOST);
	w->page.ttl = (uint32_t)ttl;
	return true;
}

/* ------------------------------------------------------------------ the record */

static struct span zone_line(struct writing *w, struct span name, struct span text)
{
	struct buf line = BUF((size_t)8 * 65536);
	struct span copy = SPAN_ABSENT;

	if (recordwriter_zone_line(name, w->page.ttl, text, &line))
		copy = arena_copy(&w->arena, span_trim(buf_span(&line)));
	buf_release(&line);
	return copy;
}

static bool consent_add(struct writing *w, struct record_consent *rows, const struct dmarc_uri *uri, bool failure)
{
	struct dmarc_consent consent = { .state = DMARC_CONSENT_UNKNOWN };
	struct record_consent *row = &rows[w->page.consents_n];

	if (!uri->host.n || domain_aligned(w->page.domain, uri->host, false))
		return true;
	for (size_t i = 0; i < w->page.consents_n; i++)
		if (span_is_nocase(rows[i].host, uri->host))
			return true;
	*row = (struct record_consent){ .host = uri->host };
	row->name = dmarc_consent_name(&w->arena, w->page.domain, uri->host);
	if (w->asking && !dmarc_consent_check(asking_dns(w->asking), w->page.domain, uri->host, failure, &w->arena, &consent))
		return false;
	row->state = row->name.p ? consent.state : DMARC_CONSENT_LONG;
	if (row->name.p)
		row->zone = zone_line(w, row->name, SPAN(RECORDWRITER_CONSENT));
	w->page.consents_n++;
	return true;
}

/* The record just written, read as others will read it. */
static bool record_judge(struct writing *w, struct fault *fault)
{
	struct record_consent *rows;
	struct dmarc_record record;
	bool good = dmarc_record_parse(w->page.record, &w->arena, &record) &&
		    lint_dmarc(w->page.name, w->page.record, &w->findings);

	rows = arena_take(&w->arena, (record.rua.n + record.ruf.n + 1) * sizeof *rows);
	w->page.consents = rows;
	for (size_t i = 0; good && rows && w->page.domain.p && i < record.rua.n; i++)
		good = consent_add(w, rows, &record.rua.rows[i], false);
	for (size_t i = 0; good && rows && w->page.domain.p && i < record.ruf.n; i++)
		good = consent_add(w, rows, &record.ruf.rows[i], true);
	if (w->page.name.p)
		w->page.zone = zone_line(w, w->page.name, w->page.record);
	return (good && !w->arena.failed) || fault_set(fault, FAULT_LATER, "out of memory");
}

static bool record_write(struct writing *w, struct fault *fault)
{
	struct buf text = BUF(RECORD_OCTETS);
	bool good = recordwriter_dmarc(&w->choice, &text, fault);

	if (good)
		w->page.record = arena_copy(&w->arena, buf_span(&text));
	buf_release(&text);
	w->page.policy = w->choice.p;
	w->page.trial = w->choice.trial;
	w->page.findings = &w->findings;
	return good && record_judge(w, fault);
}

static int record_run(struct writing *w)
{
	struct cli *cli = w->cli;
	struct fault fault = { 0 };
	bool good;

	if (w->page.domain.p && !published_read(w, &fault))
		return cli_fail(cli, &fault);
	if (w->by_hand && !wizard_record(stdin, stdout, &w->arena, w->page.domain,
				   w->page.published == RECORD_ONE ? &w->before : NULL, &cli->options)) {
		cli_say(cli, "record: no answer; nothing was written");
		return EXIT_USAGE;
	}
	choice_from_before(w);
	good = policy_choose(w, &fault) && tags_choose(w, &fault) && reports_choose(w, &fault) && ttl_choose(w, &fault) &&
	       record_write(w, &fault);
	if (!good && fault.kind == FAULT_SETUP) {
		cli_say(cli, "record: %s", fault.text);
		return EXIT_USAGE;
	}
	if (!good)
		return cli_fail(cli, &fault);
	good = cli->options.format == FORMAT_JSON ? record_json(stdout, &w->page)
						  : record_text(stdout, &cli->out, &w->page);
	return good ? EXIT_DONE : cli_unwritten(cli);
}

/* ------------------------------------------------------------------ a text that was given */

static bool input_read(struct buf *text, struct fault *fault)
{
	char part[4096];
	size_t n;

	while ((n = fread(part, 1, sizeof part, stdin)) > 0)
		buf_put(text, part, n);
	if (ferror(stdin))
		return fault_set(fault, FAULT_SETUP, "standard input cannot be read");
	return !text->failed || fault_set(fault, FAULT_SETUP, "standard input: more than %zu octets", text->max);
}

static int text_check(struct cli *cli, struct span text)
{
	struct arena arena = ARENA(LINT_ARENA);
	struct findings findings = { .arena = &arena };
	struct lint_page page = { .findings = &findings };
	enum lint_kind kind;
	bool good = lint_text(text, &findings, &kind) && lint_zone_lines(&findings);
	int code = EXIT_LATER;

	page.subject = span_of(cli->options.format == FORMAT_JSON ? lint_kind_word(kind) : lint_kind_phrase(kind));
	if (!good)
		cli_say(cli, "record: out of memory");
	else if (cli->options.format == FORMAT_JSON ? lint_text_json(stdout, &page)
						    : lint_text_print(stdout, &cli->out, &page))
		code = codes[findings_worst(&findings)];
	else
		code = cli_unwritten(cli);
	arena_release(&arena);
	return code;
}

static int record_check(struct cli *cli)
{
	struct buf text = BUF((size_t)1024 * 1024);
	struct fault fault = { 0 };
	bool good = true;
	int code;

	if (strcmp(cli->options.record.check, "-") == 0)
		good = input_read(&text, &fault);
	else
		good = buf_put_text(&text, cli->options.record.check) ||
		       fault_set(&fault, FAULT_SETUP, "--check: more than %zu octets", text.max);
	code = good ? text_check(cli, span_trim(buf_span(&text))) : cli_fail(cli, &fault);
	buf_release(&text);
	return code;
}

/* ------------------------------------------------------------------ the command */

static bool is_asked_by_hand(const struct cli *cli)
{
	const struct options *options = &cli->options;

	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && options->format == FORMAT_TEXT && !options->record.policy &&
	       !options->record.trial && options->record.rua_n + options->record.ruf_n == 0;
}

/* In A-labels, as it is published. */
static bool domain_choose(struct writing *w, struct fault *fault)
{
	const struct options *options = &w->cli->options;
	struct span given = options->args_n ? span_of(options->args[0]) : SPAN_ABSENT;
	char text[DOMAINNAME_TEXT];

	if (!given.p && w->by_hand && !wizard_domain(stdin, stdout, &w->arena, &given))
		return fault_set(fault, FAULT_SETUP, "no answer; nothing was written");
	if (!given.p)
		return options->record.rua_n || options->record.policy ||
		       fault_set(fault, FAULT_SETUP, "name the domain, or say what the record is for: --policy, --rua");
	if (domain_alabels(given, text) == 0)
		return fault_set(fault, FAULT_SETUP, "%.200s: is no domain name", given.p);
	w->page.domain = arena_copy(&w->arena, span_of(text));
	return w->page.domain.p || fault_set(fault, FAULT_LATER, "out of memory");
}

static bool usage_read(struct writing *w, struct fault *fault)
{
	const struct options *options = &w->cli->options;

	if (options->args_n > 1)
		return fault_set(fault, FAULT_SETUP, "one domain at a time");
	if (options->format == FORMAT_CSV)
		return fault_set(fault, FAULT_SETUP, "there is text and JSON");
	return domain_choose(w, fault);
}

int command_record(struct cli *cli)
{
	struct writing w = { .cli = cli, .arena = ARENA(RECORD_ARENA), .by_hand = is_asked_by_hand(cli) };
	struct fault fault = { 0 };
	int code = EXIT_USAGE;

	if (cli->options.record.check)
		return record_check(cli);
	w.findings.arena = &w.arena;
	orgdomain_warm();
	if (!usage_read(&w, &fault)) {
		cli_say(cli, "record: %s", fault.text);
	} else if (w.page.domain.p && !cli->options.offline) {
		w.asking = asking_start(cli, &fault);
		code = w.asking ? record_run(&w) : cli_fail(cli, &fault);
	} else {
		code = record_run(&w);
	}
	asking_free(w.asking);
	arena_release(&w.arena);
	return code;
}
