#include "cli/recordwizard.h"
#include "parse/dns/orgdomain.h"

#include <stdlib.h>
#include <string.h>

#define TRIES 3
#define LINE_OCTETS 1000

/* One line without the white space around it; an empty one is the proposal. False: the input ended. */
static bool answer_read(FILE *in, FILE *out, const char *question, const char *proposal, char answer[LINE_OCTETS])
{
	size_t n;

	fprintf(out, "%s", question);
	if (*proposal)
		fprintf(out, " [%s]", proposal);
	fputs(": ", out);
	fflush(out);
	if (!fgets(answer, LINE_OCTETS, in))
		return false;
	n = strcspn(answer, "\r\n");
	while (n && answer[n - 1] == ' ')
		n--;
	answer[n] = '\0';
	n = strspn(answer, " \t");
	memmove(answer, answer + n, strlen(answer + n) + 1);
	if (!*answer)
		snprintf(answer, LINE_OCTETS, "%s", proposal);
	return true;
}

typedef bool answer_judge(const char *answer);

static bool is_domain(const char *answer)
{
	char text[DOMAINNAME_TEXT];

	return domain_alabels(span_of(answer), text) != 0 && strchr(text, '.');
}

static bool is_policy(const char *answer)
{
	return strcmp(answer, "none") == 0 || strcmp(answer, "quarantine") == 0 || strcmp(answer, "reject") == 0;
}

static bool is_yes_or_no(const char *answer)
{
	return strcmp(answer, "yes") == 0 || strcmp(answer, "no") == 0;
}

/* Addresses separated by commas or blanks; `none` for none. */
static bool are_addresses(const char *answer)
{
	const char *at = strchr(answer, '@');

	return strcmp(answer, "none") == 0 || (at && at != answer && at[1]);
}

static const char *ask(FILE *in, FILE *out, struct arena *arena, const char *question, const char *proposal,
	answer_judge *fits, const char *hint)
{
	char answer[LINE_OCTETS];

	for (int i = 0; i < TRIES && answer_read(in, out, question, proposal, answer); i++) {
		if (fits(answer))
			return arena_copy(arena, span_of(answer)).p;
		fprintf(out, "  %s\n", hint);
	}
	return NULL;
}

bool wizard_domain(FILE *in, FILE *out, struct arena *arena, struct span *domain)
{
	*domain = span_of(ask(in, out, arena, "The domain", "", is_domain, "a domain name, such as example.org"));
	return domain->p != NULL;
}

/* The list as options; an empty one leaves the tag out. */
static void addresses_take(struct arena *arena, const char *answer, const char *list[OPTION_ADDRESSES], size_t *n)
{
	struct span rest = span_of(answer);

	*n = 0;
	if (strcmp(answer, "none") == 0)
		list[(*n)++] = "";
	while (rest.n && *n < OPTION_ADDRESSES && strcmp(answer, "none") != 0) {
		size_t length = strcspn(rest.p, ", ");

		if (length)
			list[(*n)++] = arena_copy(arena, (struct span){ rest.p, length }).p;
		length += length < rest.n;
		rest.p += length;
		rest.n -= length;
	}
}

/* What is published, for the question's proposal. */
static const char *addresses_text(struct arena *arena, const struct dmarc_uris *uris, const char *otherwise)
{
	struct buf text = BUF(LINE_OCTETS - 1);
	const char *copy;

	for (size_t i = 0; i < uris->n; i++)
		if (uris->rows[i].valid && uris->rows[i].address.n) {
			buf_put_text(&text, text.n ? "," : "");
			buf_put_span(&text, uris->rows[i].address);
		}
	copy = text.n && !text.failed ? arena_copy(arena, buf_span(&text)).p : otherwise;
	buf_release(&text);
	return copy ? copy : otherwise;
}

bool wizard_record(FILE *in, FILE *out, struct arena *arena, struct span domain, const struct dmarc_record *published,
	struct options *options)
{
	static const struct dmarc_record nothing = { 0 };
	const struct dmarc_record *before = published ? published : &nothing;
	const char *policy = dmarc_request_word(before->p), *trial, *rua, *ruf;
	char proposal[DOMAINNAME_TEXT + 32];

	fputs("An empty answer takes what stands in brackets.\n\n", out);
	options->record.policy = ask(in, out, arena,
		"What receivers shall do with mail that fails: none (only watch), quarantine (spam), reject",
		is_policy(policy) ? policy : "none", is_policy, "none, quarantine or reject");
	if (!options->record.policy)
		return false;
	if (strcmp(options->record.policy, "none") != 0) {
		trial = ask(in, out, arena, "On trial first: announced, and one step less applied", "yes", is_yes_or_no,
			"yes or no");
		if (!trial)
			return false;
		options->record.trial = strcmp(trial, "yes") == 0;
	}
	snprintf(proposal, sizeof proposal, "dmarc-reports@%.*s", (int)domain.n, domain.p);
	rua = ask(in, out, arena, "Where daily reports shall go", addresses_text(arena, &before->rua, proposal),
		are_addresses, "mail addresses separated by commas, or none");
	ruf = rua ? ask(in, out, arena, "Where copies of failing messages shall go, or none",
			    addresses_text(arena, &before->ruf, "none"), are_addresses,
			    "mail addresses separated by commas, or none")
		  : NULL;
	if (!ruf)
		return false;
	addresses_take(arena, rua, options->record.rua, &options->record.rua_n);
	addresses_take(arena, ruf, options->record.ruf, &options->record.ruf_n);
	fputc('\n', out);
	return !arena->failed;
}
