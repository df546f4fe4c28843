/* lint --json: one document, `dmarcgate-lint/1` (dmarcgate-json(5)). */
#include "report/lint_json.h"
#include "base/moment.h"
#include "report/lint_spf.h"
#include "report/lint_words.h"

#include <stdlib.h>

#define PAGE_ARENA ((size_t)64 * 1024 * 1024)
#define NETWORKS_MOST 1000
#define SENTENCE_MOST ((size_t)4096)

static void text_member(struct json *j, const char *name, struct span text)
{
	json_name(j, name);
	json_text(j, text);
}

static void word_member(struct json *j, const char *name, const char *word)
{
	text_member(j, name, span_of(word));
}

static void count_member(struct json *j, const char *name, uint64_t n)
{
	json_name(j, name);
	json_count(j, n);
}

static void bool_member(struct json *j, const char *name, bool yes)
{
	json_name(j, name);
	json_bool(j, yes);
}

/* ------------------------------------------------------------------ findings */

static void finding_object(struct json *j, const struct finding *finding)
{
	json_object(j);
	word_member(j, "code", finding_word(finding->code));
	word_member(j, "severity", severity_word(finding->severity));
	text_member(j, "name", finding->name.n ? finding->name : SPAN_ABSENT);
	text_member(j, "record", finding->record);
	count_member(j, "at", finding->at);
	count_member(j, "length", finding->n);
	text_member(j, "what", finding->what);
	text_member(j, "why", finding->why);
	text_member(j, "fix_name",
		!finding->fix.p        ? SPAN_ABSENT
		: finding->fix_name.n ? finding->fix_name
		: finding->name.n     ? finding->name
				      : SPAN_ABSENT);
	text_member(j, "fix", finding->fix);
	text_member(j, "fix_zone", finding->fix_zone);
	json_close(j, '}');
}

void findings_json(struct json *j, const struct findings *findings)
{
	word_member(j, "worst", findings->n + findings->left_out ? severity_word(findings_worst(findings)) : NULL);
	count_member(j, "errors", findings->count[SEVERITY_ERROR]);
	count_member(j, "warnings", findings->count[SEVERITY_WARNING]);
	count_member(j, "notes", findings->count[SEVERITY_NOTE]);
	json_name(j, "findings");
	json_array(j);
	for (size_t i = 0; i < findings->n; i++)
		finding_object(j, &findings->rows[i]);
	json_close(j, ']');
	count_member(j, "left_out", findings->left_out);
}

/* ------------------------------------------------------------------ DMARC */

static void look_object(struct json *j, const struct dmarc_look *look)
{
	json_object(j);
	text_member(j, "name", look->answer.name);
	word_member(j, "status", dns_status_word(look->answer.status));
	word_member(j, "security", dns_security_word(look->answer.security));
	count_member(j, "records", look->counting);
	text_member(j, "record", look->data ? look->data->text : SPAN_ABSENT);
	json_close(j, '}');
}

static void policy_object(struct json *j, const struct dmarc_policy *policy)
{
	struct buf sentence = BUF(SENTENCE_MOST);
	bool some = policy->source != NULL;

	json_name(j, dmarc_generation_word(policy->generation));
	json_object(j);
	word_member(j, "outcome", dmarc_outcome_word(policy->outcome));
	text_member(j, "organizational_domain", policy->org);
	text_member(j, "record_of", some ? policy->source->target : SPAN_ABSENT);
	word_member(j, "by", some ? dmarc_tag_word(policy->by) : NULL);
	word_member(j, "request", some ? dmarc_request_word(policy->request) : NULL);
	word_member(j, "effective", some ? dmarc_request_word(policy->effective) : NULL);
	dmarc_policy_sentence(policy, &sentence);
	text_member(j, "sentence", buf_span(&sentence));
	json_name(j, "looks");
	json_array(j);
	for (size_t i = 0; i < policy->walk.n; i++)
		look_object(j, &policy->walk.looks[i]);
	json_close(j, ']');
	json_close(j, '}');
	buf_release(&sentence);
}

/* ------------------------------------------------------------------ SPF */

static void allowance_members(struct json *j, const struct spf_allowance *allows)
{
	count_member(j, "ipv4_addresses", allows->v4);
	count_member(j, "ipv6_networks", allows->v6_n);
	bool_member(j, "everyone", allows->everyone);
	bool_member(j, "unknown", allows->unknown);
}

static void line_object(struct json *j, const struct spf_tree *tree, const struct spf_line *line)
{
	json_object(j);
	count_member(j, "depth", line->depth);
	text_member(j, "record_of", tree->nodes[line->node].domain);
	text_member(j, "term", line->what->text);
	count_member(j, "lookups", line->cost);
	text_member(j, "target", line->target ? line->target->domain : SPAN_ABSENT);
	word_member(j, "state", line->target ? spf_node_word(line->target->state) : NULL);
	text_member(j, "sender", line->sender ? line->sender->id : SPAN_ABSENT);
	allowance_members(j, &line->allows);
	json_name(j, "messages");
	if (line->use)
		json_count(j, line->use->messages);
	else
		json_null(j);
	bool_member(j, "unused", line->unused);
	json_close(j, '}');
}

static void networks_member(struct json *j, const struct spf_network *networks, size_t n)
{
	char text[SPF_NETWORK_TEXT];

	json_name(j, "networks");
	json_array(j);
	for (size_t i = 0; i < n && i < NETWORKS_MOST; i++)
		json_text(j, span_of(spf_network_format(&networks[i], text)));
	json_close(j, ']');
	count_member(j, "networks_left_out", n > NETWORKS_MOST ? n - NETWORKS_MOST : 0);
}

static void senders_member(struct json *j, const struct sender_row **senders, size_t n)
{
	json_name(j, "senders");
	json_array(j);
	for (size_t i = 0; i < n; i++) {
		json_object(j);
		text_member(j, "id", senders[i]->id);
		text_member(j, "name", senders[i]->name);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void observed_member(struct json *j, const struct lint_page *page)
{
	const struct spf_uses *uses = page->uses;
	char day[MOMENT_TEXT];

	json_name(j, "observed");
	if (!uses) {
		json_null(j);
		return;
	}
	json_object(j);
	word_member(j, "first_day", moment_format_day(page->first_day * DAY_SECONDS, day));
	word_member(j, "last_day", moment_format_day(page->last_day * DAY_SECONDS, day));
	count_member(j, "messages", uses->all.messages);
	count_member(j, "sources", uses->all.sources);
	count_member(j, "allowed", uses->allowed.messages);
	count_member(j, "unclear", uses->unclear.messages);
	count_member(j, "not_allowed", uses->strangers.messages);
	json_name(j, "not_allowed_sources");
	json_array(j);
	for (size_t i = 0; i < uses->strangers.sources && i < NETWORKS_MOST; i++) {
		char address[ADDRESS_TEXT];

		json_object(j);
		word_member(j, "ip_address", address_format(&uses->stranger[i]->address, address));
		count_member(j, "messages", uses->stranger[i]->messages);
		json_close(j, '}');
	}
	json_close(j, ']');
	count_member(j, "left_out", uses->left_out);
	json_close(j, '}');
}

static bool spf_object(struct json *j, const struct lint_page *page)
{
	const struct spf_tree *tree = &page->seen->spf;
	struct arena arena = ARENA(PAGE_ARENA);
	const struct sender_row **senders;
	struct spf_network *networks;
	struct spf_lines lines;
	size_t networks_n, senders_n;
	bool good = spf_lines_take(page, &arena, &lines) &&
		    spf_networks_take(tree, &arena, &networks, &networks_n) &&
		    spf_senders_take(page, &arena, &senders, &senders_n);

	json_name(j, "spf");
	json_object(j);
	word_member(j, "result", spf_result_word(tree->result));
	count_member(j, "records", tree->n ? tree->nodes[0].counting : 0);
	word_member(j, "status", tree->n ? dns_status_word(tree->nodes[0].answer.status) : NULL);
	text_member(j, "record", tree->n && tree->nodes[0].counting == 1 ? tree->nodes[0].data->text : SPAN_ABSENT);
	count_member(j, "lookups", tree->lookups);
	count_member(j, "void_lookups", tree->voids);
	bool_member(j, "cut", tree->cut);
	json_name(j, "terms");
	json_array(j);
	for (size_t i = 0; good && i < lines.n; i++)
		line_object(j, tree, &lines.rows[i]);
	json_close(j, ']');
	if (good) {
		count_member(j, "terms_left_out", lines.left_out);
		networks_member(j, networks, networks_n);
		senders_member(j, senders, senders_n);
		observed_member(j, page);
	}
	json_close(j, '}');
	arena_release(&arena);
	return good;
}

/* ------------------------------------------------------------------ the document */

static bool seen_members(struct json *j, const struct lint_page *page)
{
	const struct lint_domain *seen = page->seen;
	bool good;

	json_name(j, "dmarc");
	json_object(j);
	for (enum dmarc_generation i = 0; i < DMARC_GENERATIONS; i++)
		policy_object(j, &seen->policy[i]);
	json_close(j, '}');
	good = spf_object(j, page);
	json_name(j, "mail");
	json_object(j);
	bool_member(j, "known", seen->mail_known);
	bool_member(j, "receives", seen->receives);
	bool_member(j, "null_mx", seen->null_mx);
	bool_member(j, "denies_all", seen->denies_all);
	bool_member(j, "mta_sts", seen->mta_sts);
	bool_member(j, "tls_rpt", seen->tls_rpt);
	json_close(j, '}');
	return good;
}

static bool page_take(void *self, const struct lint_page *page)
{
	struct json *j = self;
	bool good;

	json_object(j);
	text_member(j, "domain", page->subject);
	findings_json(j, page->findings);
	good = seen_members(j, page);
	json_close(j, '}');
	return good && !j->failed;
}

static bool json_end(void *self)
{
	struct json *j = self;
	bool good;

	json_close(j, ']');
	json_close(j, '}');
	json_newline(j);
	good = json_done(j);
	free(j);
	return good;
}

bool lint_json_open(struct lint_writer *writer, FILE *out)
{
	struct json *j = malloc(sizeof *j);

	if (!j)
		return false;
	json_begin(j, out);
	json_object(j);
	word_member(j, "schema", "dmarcgate-lint/1");
	json_name(j, "domains");
	json_array(j);
	*writer = (struct lint_writer){ j, page_take, json_end };
	return true;
}

bool lint_text_json(FILE *out, const struct lint_page *page)
{
	struct json j;

	json_begin(&j, out);
	json_object(&j);
	word_member(&j, "schema", "dmarcgate-lint-text/1");
	text_member(&j, "kind", page->subject);
	findings_json(&j, page->findings);
	json_close(&j, '}');
	json_newline(&j);
	return json_done(&j);
}
