/* lint --json: one document, `dmarcgate-lint/1` (dmarcgate-json(5)). */
#include "report/lint_json.h"
#include "report/member_json.h"
#include "base/moment.h"
#include "report/lint_spf.h"
#include "report/lint_words.h"

#include <stdlib.h>

#define PAGE_ARENA ((size_t)64 * 1024 * 1024)
#define NETWORKS_MOST 1000
#define SENTENCE_MOST ((size_t)4096)

/* ------------------------------------------------------------------ findings */

static void finding_object(struct json *j, const struct finding *finding)
{
	json_object(j);
	member_word(j, "code", finding_word(finding->code));
	member_word(j, "severity", severity_word(finding->severity));
	member_text(j, "name", finding->name.n ? finding->name : SPAN_ABSENT);
	member_text(j, "record", finding->record);
	member_count(j, "at", finding->at);
	member_count(j, "length", finding->n);
	member_text(j, "what", finding->what);
	member_text(j, "why", finding->why);
	member_text(j, "fix_name",
		!finding->fix.p        ? SPAN_ABSENT
		: finding->fix_name.n ? finding->fix_name
		: finding->name.n     ? finding->name
				      : SPAN_ABSENT);
	member_text(j, "fix", finding->fix);
	member_text(j, "fix_zone", finding->fix_zone);
	json_close(j, '}');
}

void findings_json(struct json *j, const struct findings *findings)
{
	member_word(j, "worst", findings->n + findings->left_out ? severity_word(findings_worst(findings)) : NULL);
	member_count(j, "errors", findings->count[SEVERITY_ERROR]);
	member_count(j, "warnings", findings->count[SEVERITY_WARNING]);
	member_count(j, "notes", findings->count[SEVERITY_NOTE]);
	member_array(j, "findings");
	for (size_t i = 0; i < findings->n; i++)
		finding_object(j, &findings->rows[i]);
	json_close(j, ']');
	member_count(j, "left_out", findings->left_out);
}

/* ------------------------------------------------------------------ DMARC */

static void look_object(struct json *j, const struct dmarc_look *look)
{
	json_object(j);
	member_text(j, "name", look->answer.name);
	member_word(j, "status", dns_status_word(look->answer.status));
	member_word(j, "security", dns_security_word(look->answer.security));
	member_count(j, "records", look->counting);
	member_text(j, "record", look->data ? look->data->text : SPAN_ABSENT);
	json_close(j, '}');
}

static void policy_object(struct json *j, const struct dmarc_policy *policy)
{
	struct buf sentence = BUF(SENTENCE_MOST);
	bool some = policy->source != NULL;

	member_object(j, dmarc_generation_word(policy->generation));
	member_word(j, "outcome", dmarc_outcome_word(policy->outcome));
	member_text(j, "organizational_domain", policy->org);
	member_text(j, "record_of", some ? policy->source->target : SPAN_ABSENT);
	member_word(j, "by", some ? dmarc_tag_word(policy->by) : NULL);
	member_word(j, "request", some ? dmarc_request_word(policy->request) : NULL);
	member_word(j, "effective", some ? dmarc_request_word(policy->effective) : NULL);
	dmarc_policy_sentence(policy, &sentence);
	member_text(j, "sentence", buf_span(&sentence));
	member_array(j, "looks");
	for (size_t i = 0; i < policy->walk.n; i++)
		look_object(j, &policy->walk.looks[i]);
	json_close(j, ']');
	json_close(j, '}');
	buf_release(&sentence);
}

/* ------------------------------------------------------------------ SPF */

static void allowance_members(struct json *j, const struct spf_allowance *allows)
{
	member_count(j, "ipv4_addresses", allows->v4);
	member_count(j, "ipv6_networks", allows->v6_n);
	member_bool(j, "everyone", allows->everyone);
	member_bool(j, "unknown", allows->unknown);
}

static void line_object(struct json *j, const struct spf_tree *tree, const struct spf_line *line)
{
	json_object(j);
	member_count(j, "depth", line->depth);
	member_text(j, "record_of", tree->nodes[line->node].domain);
	member_text(j, "term", line->what->text);
	member_count(j, "lookups", line->cost);
	member_text(j, "target", line->target ? line->target->domain : SPAN_ABSENT);
	member_word(j, "state", line->target ? spf_node_word(line->target->state) : NULL);
	member_text(j, "sender", line->sender ? line->sender->id : SPAN_ABSENT);
	allowance_members(j, &line->allows);
	json_name(j, "messages");
	if (line->use)
		json_count(j, line->use->messages);
	else
		json_null(j);
	member_bool(j, "unused", line->unused);
	json_close(j, '}');
}

static void networks_member(struct json *j, const struct spf_network *networks, size_t n)
{
	char text[SPF_NETWORK_TEXT];

	member_array(j, "networks");
	for (size_t i = 0; i < n && i < NETWORKS_MOST; i++)
		json_text(j, span_of(spf_network_format(&networks[i], text)));
	json_close(j, ']');
	member_count(j, "networks_left_out", n > NETWORKS_MOST ? n - NETWORKS_MOST : 0);
}

static void senders_member(struct json *j, const struct sender_row **senders, size_t n)
{
	member_array(j, "senders");
	for (size_t i = 0; i < n; i++) {
		json_object(j);
		member_text(j, "id", senders[i]->id);
		member_text(j, "name", senders[i]->name);
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
	member_word(j, "first_day", moment_format_day(page->first_day * DAY_SECONDS, day));
	member_word(j, "last_day", moment_format_day(page->last_day * DAY_SECONDS, day));
	member_count(j, "messages", uses->all.messages);
	member_count(j, "sources", uses->all.sources);
	member_count(j, "allowed", uses->allowed.messages);
	member_count(j, "unclear", uses->unclear.messages);
	member_count(j, "not_allowed", uses->strangers.messages);
	member_array(j, "not_allowed_sources");
	for (size_t i = 0; i < uses->strangers.sources && i < NETWORKS_MOST; i++) {
		char address[ADDRESS_TEXT];

		json_object(j);
		member_word(j, "ip_address", address_format(&uses->stranger[i]->address, address));
		member_count(j, "messages", uses->stranger[i]->messages);
		json_close(j, '}');
	}
	json_close(j, ']');
	member_count(j, "left_out", uses->left_out);
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

	member_object(j, "spf");
	member_word(j, "result", spf_result_word(tree->result));
	member_count(j, "records", tree->n ? tree->nodes[0].counting : 0);
	member_word(j, "status", tree->n ? dns_status_word(tree->nodes[0].answer.status) : NULL);
	member_text(j, "record", tree->n && tree->nodes[0].counting == 1 ? tree->nodes[0].data->text : SPAN_ABSENT);
	member_count(j, "lookups", tree->lookups);
	member_count(j, "void_lookups", tree->voids);
	member_bool(j, "cut", tree->cut);
	member_array(j, "terms");
	for (size_t i = 0; good && i < lines.n; i++)
		line_object(j, tree, &lines.rows[i]);
	json_close(j, ']');
	if (good) {
		member_count(j, "terms_left_out", lines.left_out);
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

	member_object(j, "dmarc");
	for (enum dmarc_generation i = 0; i < DMARC_GENERATIONS; i++)
		policy_object(j, &seen->policy[i]);
	json_close(j, '}');
	good = spf_object(j, page);
	member_object(j, "mail");
	member_bool(j, "known", seen->mail_known);
	member_bool(j, "receives", seen->receives);
	member_bool(j, "null_mx", seen->null_mx);
	member_bool(j, "denies_all", seen->denies_all);
	member_bool(j, "mta_sts", seen->mta_sts);
	member_bool(j, "tls_rpt", seen->tls_rpt);
	json_close(j, '}');
	return good;
}

static bool page_take(void *self, const struct lint_page *page)
{
	struct json *j = self;
	bool good;

	json_object(j);
	member_text(j, "domain", page->subject);
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
	member_word(j, "schema", "dmarcgate-lint/1");
	member_array(j, "domains");
	*writer = (struct lint_writer){ j, page_take, json_end };
	return true;
}

bool lint_text_json(FILE *out, const struct lint_page *page)
{
	struct json j;

	json_begin(&j, out);
	json_object(&j);
	member_word(&j, "schema", "dmarcgate-lint-text/1");
	member_text(&j, "kind", page->subject);
	findings_json(&j, page->findings);
	json_close(&j, '}');
	json_newline(&j);
	return json_done(&j);
}
