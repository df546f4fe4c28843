#include "report/html.h"
#include "report/readiness_html.h"
#include "report/readiness_words.h"

static void put_line(struct html *html, const struct overview_line *line, page_file *file)
{
	static const char *const classes[VERDICT_COUNT] = { "ok", "ok", "bad", "warn" };
	struct buf name = BUF(4096);

	file(&name, line->domain);
	html_raw(html, "<tr><th scope=\"row\"><a href=\"");
	html_text(html->out, buf_span(&name));
	html_raw(html, "\">");
	pen_host(&html->pen, line->domain);
	html_rawf(html, "</a></th><td><span class=\"tag %s\">%s</span></td><td class=\"nw\">", classes[line->word],
		line->in_force ? "in force"
		: line->parked ? "Parked"
			       : words_verdict(line->word));
	if (line->has_policy)
		pen_say(&html->pen, "p=%s",
			request_word(line->policy.p == REQUEST_ABSENT ? REQUEST_NONE : line->policy.p));
	else
		pen_say(&html->pen, "not known");
	html_raw(html, "</td>");
	html_cell_count(html, line->own_a_week);
	html_cell_open(html, true);
	pen_begin(&html->pen, line->own_fails ? INK_BAD : INK_PLAIN);
	pen_say(&html->pen, "%s", line->own ? percent_text(line->own_fails, line->own).p : "-");
	pen_end(&html->pen, line->own_fails ? INK_BAD : INK_PLAIN);
	html_cell_close(html);
	html_cell_open(html, true);
	pen_say(&html->pen, "%s", line->own ? percent_text(line->own_unsigned, line->own).p : "-");
	html_cell_close(html);
	html_cell_count(html, line->fix);
	html_cell_count(html, line->decide);
	html_cell_open(html, false);
	html_spark(html, line->weeks, OVERVIEW_WEEKS);
	html_raw(html, "</td></tr>\n");
	html->out->failed |= name.failed;
	buf_release(&name);
}

bool overview_html(struct buf *out, const struct overview *overview, page_file *file)
{
	static const char *const headings[] = { "Domain", "verdict", "now", ">own a week", ">own loss", ">unsigned",
		">to fix", ">to decide", "5 weeks" };
	struct html html = HTML(out);

	html_begin(&html, SPAN("All domains"));
	html_raw(&html, "<header><h1>All domains</h1><span>worst first</span></header>\n");
	html_raw(&html, "<p class=\"lead\">Is it safe to move on? Each domain leads to its own page.</p>\n");
	html_table(&html, "All domains", headings, sizeof headings / sizeof *headings);
	for (size_t i = 0; i < overview->n; i++)
		put_line(&html, &overview->lines[i], file);
	html_table_end(&html);
	if (overview->left_out)
		html_rawf(&html, "<p class=\"soft\">Left out: %s in reports that can be no domain.</p>\n",
			counted_text(overview->left_out, "name", "names").p);
	html_end(&html);
	return !out->failed;
}
