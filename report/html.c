#include "report/html.h"

#include "base/base64.h"
#include "base/digest.h"
#include "base/moment.h"

#include <stdarg.h>
#include <stdlib.h>

#define AXIS_LABELS 7 /* days named below a chart, at most */
#define TICKS 4	      /* lines across it, about */
#define CHART_HEAD 24 /* room for notes */
#define CHART_FOOT 22 /* room for days */

const struct style html_style = { .utf8 = true, .width = STYLE_WIDTH_MOST };

/* One column of text up to 66 rem; cards on paper colour; six colours for six kinds of mail, each doubled by a word. */
static const char style_sheet[] =
	":root{color-scheme:light dark;--paper:#f7f6f2;--card:#fff;--ink:#20262b;--soft:#59636b;--rule:#d9d6cd;"
	"--own:#2f74a3;--fwd:#9fc5de;--ownf:#b93224;--fwdf:#d08a12;--dec:#7a55a6;--forg:#a9aaa6;--good:#24704a;"
	"--warn:#8a5a00}"
	"@media(prefers-color-scheme:dark){:root{--paper:#14171a;--card:#1c2125;--ink:#e7e5e0;--soft:#a0a9b0;"
	"--rule:#353c42;--own:#5da3cf;--fwd:#35607c;--ownf:#f0705e;--fwdf:#dda83f;--dec:#b094d8;--forg:#6d7274;"
	"--good:#6abf8d;--warn:#e0ad4b}}"
	"*{box-sizing:border-box}"
	"html{-webkit-text-size-adjust:100%;text-size-adjust:100%}"
	"body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.5 "
	"system-ui,sans-serif;overflow-wrap:anywhere}"
	"main{max-width:66rem;margin:0 auto;padding:1.5rem 1.25rem 4rem}"
	"header{display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;align-items:baseline;justify-content:space-between;"
	"color:var(--soft)}"
	"h1{font-size:1.45rem;line-height:1.3;margin:0;color:var(--ink)}"
	"h2{font-size:1.2rem;line-height:1.3;margin:2.75rem 0 .25rem}"
	"h3{font-size:1rem;margin:1.1rem 0 .25rem}"
	"p{margin:.4rem 0;max-width:46rem}"
	"a{color:inherit}"
	"small,.soft{color:var(--soft);font-size:.875rem}"
	".lead{color:var(--soft);margin:0 0 .8rem}"
	".lost{color:var(--ownf)}.good{color:var(--good)}.mut{color:var(--soft)}"
	".gone{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}"
	"code,pre{font:.9rem/1.5 ui-monospace,monospace}"
	"pre{background:var(--card);border:1px solid var(--rule);border-radius:.4rem;padding:.7rem .9rem;margin:.5rem "
	"0;"
	"white-space:pre-wrap}"
	".card{background:var(--card);border:1px solid var(--rule);border-radius:.4rem;padding:.9rem 1.15rem}"
	".verdict{margin:1rem 0 0;border-left:.5rem solid var(--soft)}"
	".verdict.v2{border-left-color:var(--ownf)}.verdict.v3{border-left-color:var(--fwdf)}"
	".verdict.v0,.verdict.v1{border-left-color:var(--good)}"
	".verdict strong{display:block;font-size:1.6rem;line-height:1.25}.verdict p:first-child{max-width:none}"
	".nums{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.75rem;margin:.75rem 0 0;"
	"padding:0;list-style:none}"
	".nums b{display:block;font-size:1.5rem;line-height:1.3;font-variant-numeric:tabular-nums}"
	".nums span{color:var(--soft);font-size:.875rem}"
	"nav{margin:1rem 0 0;font-size:.875rem;color:var(--soft)}nav a{margin-right:.9rem;white-space:nowrap}"
	"ol.do{list-style:none;margin:.75rem 0;padding:0}"
	"ol.do>li{position:relative;padding-left:3.4rem;margin:0 0 .6rem}"
	".rank{position:absolute;left:1rem;top:.9rem;min-width:1.7rem;height:1.7rem;padding:0 "
	".3rem;border-radius:.85rem;"
	"background:var(--ink);color:var(--card);text-align:center;font-size:.9rem;line-height:1.7rem;font-weight:600}"
	"ol.do .figure{color:var(--soft);font-size:.9rem}"
	"ol.do p{margin:.15rem 0}"
	"ul.plain{margin:.4rem 0;padding:0 0 0 1.1rem}"
	"details,.senders>div{background:var(--card);border:1px solid var(--rule);border-radius:.4rem;padding:.6rem 1rem;margin:0 0 "
	".6rem}"
	"summary{cursor:pointer;font-weight:600}"
	"details details{border-style:dashed}"
	/* A shadow at the edge behind which there is more; it scrolls out of sight with the last column. */
	".frame{overflow-x:auto;border:1px solid var(--rule);border-radius:.4rem;background:"
	"linear-gradient(to left,var(--card) 40%,transparent) right/2.5rem 100% no-repeat local,"
	"linear-gradient(to left,var(--rule),transparent) right/.8rem 100% no-repeat scroll,var(--card)}"
	"summary+.frame{margin-top:.5rem}.frame+details{margin-top:.6rem}"
	"table{border-collapse:collapse;width:100%;font-size:.94rem}"
	"caption{text-align:left;color:var(--soft);font-size:.875rem;padding:.4rem .6rem 0}"
	"th,td{text-align:left;vertical-align:top;padding:.45rem .6rem;border-bottom:1px solid var(--rule);"
	"overflow-wrap:normal}"
	"thead th{color:var(--soft);font-size:.8rem;vertical-align:bottom}"
	/* What a line is about stays whole up to a bound, so that no domain is cut while its table has room to scroll. */
	"tbody th{font-weight:600;min-width:11rem;max-width:16rem;overflow-wrap:break-word}"
	"td.any{min-width:11rem;overflow-wrap:anywhere}"
	"tbody tr:last-child>*{border-bottom:0}"
	".n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
	".nw{white-space:nowrap}"
	".tag{display:inline-block;font-size:.8rem;font-weight:600;line-height:1.4;padding:.05rem "
	".55rem;border-radius:.8rem;"
	"border:1px solid;white-space:nowrap;color:var(--soft)}"
	".tag.bad{color:var(--ownf)}.tag.warn{color:var(--warn)}.tag.dec{color:var(--dec)}.tag.ok{color:var(--good)}"
	".senders>details,.senders>div{padding:0}"
	".senders .row,.heads{display:grid;gap:0 .75rem;align-items:center;padding:.5rem .9rem .5rem .6rem;"
	"grid-template-columns:1rem minmax(9rem,3fr) 4.5rem 5rem minmax(7rem,1fr) minmax(7rem,1fr) 4.5rem "
	"minmax(7rem,1.3fr)}"
	".heads>:first-child{grid-column:2}.heads{color:var(--soft);font-size:.8rem;font-weight:600;align-items:end}"
	".senders .row{list-style:none;font-weight:400}"
	".senders summary::-webkit-details-marker{display:none}"
	".senders .row::before{content:'\\203a';color:var(--soft);font-weight:600}"
	".senders>details[open]>.row::before{content:'\\2304'}"
	".senders .tag{white-space:normal}"
	".senders .name b,.senders .name small{display:block}"
	".senders .inside{padding:.1rem 1rem .9rem;border-top:1px solid var(--rule)}"
	".pts{border-collapse:collapse;width:auto}.pts td{border:0;padding:.1rem .75rem .1rem 0}"
	"svg{display:block;overflow:visible}"
	"svg text{font-size:12px;fill:var(--soft)}"
	".chart{padding:0 .25rem 0 3rem}"
	".grid{stroke:var(--rule)}.rule{stroke:var(--ink);stroke-dasharray:3 3}"
	".e{text-anchor:end}.m{text-anchor:middle}text.note{fill:var(--ink)}"
	".own{fill:var(--own)}.fwd{fill:var(--fwd)}.ownf{fill:var(--ownf)}.fwdf{fill:var(--fwdf)}.dec{fill:var(--dec)}"
	".forg{fill:var(--forg)}.back{fill:var(--rule)}.grey{fill:var(--soft)}"
	".legend{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;margin:.4rem 0 .6rem;padding:0;list-style:none;"
	"color:var(--soft);font-size:.875rem}"
	".legend svg,.bar svg,.strip svg{display:inline-block;vertical-align:middle}"
	".legend svg{margin-right:.35rem}.bar{white-space:nowrap;font-variant-numeric:tabular-nums;font-size:.9rem}"
	".bar svg{margin-right:.45rem}"
	"@media(max-width:52rem){.heads{display:none}"
	".senders .row{grid-template-columns:1rem 1fr;gap:.1rem .6rem}"
	".senders .row::before{grid-row:1}"
	".senders .row>*{grid-column:2}"
	".senders .row>.weeks{display:none}"
	".senders .word{position:static;width:auto;height:auto;clip-path:none;color:var(--soft);font-size:.875rem}"
	".senders .row>.n{text-align:left}}"
	"@media(max-width:30rem){main{padding:1rem .85rem 3rem}ol.do>li{padding-left:3rem}.rank{left:.7rem}"
	".verdict strong{font-size:1.35rem}.chart{padding-left:2.6rem}th,td{padding:.4rem .55rem}"
	"tbody th{max-width:11rem}}"
	"@media "
	"print{:root{--paper:#fff}body{font-size:10pt}nav,.chart+details,.figure a{display:none}h2{break-after:avoid}.frame{overflow:visible}"
	"details:not([open]),ol.do>li,tr{break-inside:avoid}a{text-decoration:none}"
	"tbody th,td.any{min-width:7rem;overflow-wrap:anywhere}}";

/* In base64, as a Content-Security-Policy wants it. */
static void put_hash(struct html *html)
{
	uint8_t octets[DIGEST_OCTETS];
	struct digest *digest = digest_new();

	if (!digest) {
		html->out->failed = true;
		return;
	}
	digest_add(digest, style_sheet, sizeof style_sheet - 1);
	digest_finish(digest, octets);
	digest_free(digest);
	base64_put(html->out, (struct span){ (const char *)octets, sizeof octets });
}

bool html_begin(struct html *html, struct span title)
{
	html_raw(html, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		       "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; base-uri 'none'; "
		       "form-action 'none'; style-src 'sha256-");
	put_hash(html);
	html_raw(html, "'\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		       "<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"robots\" "
		       "content=\"noindex\">\n<title>");
	pen_host(&html->pen, title);
	pen_say(&html->pen, " ");
	pen_dash(&html->pen);
	pen_say(&html->pen, " DMARC readiness");
	html_raw(html, "</title>\n<style>");
	html_raw(html, style_sheet);
	html_raw(html, "</style>\n</head>\n<body>\n<main>\n");
	return !html->out->failed;
}

void html_end(struct html *html)
{
	html_raw(html, "</main>\n</body>\n</html>\n");
}

void html_raw(struct html *html, const char *markup)
{
	buf_put_text(html->out, markup);
}

void html_rawf(struct html *html, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	buf_put_text(html->out, text);
}

void html_section(struct html *html, const char *id, const char *name, const char *lead)
{
	html_rawf(html, "<section aria-labelledby=\"h-%s\" id=\"%s\">\n<h2 id=\"h-%s\">", id, id, id);
	pen_say(&html->pen, "%s", name);
	html_raw(html, "</h2>\n");
	if (lead) {
		html_raw(html, "<p class=\"lead\">");
		pen_say(&html->pen, "%s", lead);
		html_raw(html, "</p>\n");
	}
}

void html_section_end(struct html *html)
{
	html_raw(html, "</section>\n");
}

void html_table(struct html *html, const char *caption, const char *const *headings, size_t n)
{
	html_raw(html, "<div class=\"frame\" role=\"group\" tabindex=\"0\" aria-label=\"");
	pen_say(&html->pen, "%s", caption);
	html_raw(html, "\"><table><thead><tr>");
	for (size_t i = 0; i < n; i++) {
		bool right = headings[i][0] == '>';

		html_raw(html, right ? "<th scope=\"col\" class=\"n\">" : "<th scope=\"col\">");
		pen_say(&html->pen, "%s", headings[i] + right);
		html_raw(html, "</th>");
	}
	html_raw(html, "</tr></thead><tbody>\n");
}

void html_table_end(struct html *html)
{
	html_raw(html, "</tbody></table></div>\n");
}

void html_cell_open(struct html *html, bool right)
{
	html_raw(html, right ? "<td class=\"n\">" : "<td>");
}

void html_cell_close(struct html *html)
{
	html_raw(html, "</td>");
}

void html_cell_count(struct html *html, uint64_t n)
{
	html_rawf(html, "<td class=\"n\">%s</td>", count_text(n).p);
}

void html_bar(struct html *html, double share, const char *class)
{
	double width = share > 1 ? 1 : share;

	if (share < 0) {
		html_raw(html, "<span class=\"soft\">\xe2\x80\x93</span>");
		return;
	}
	html_rawf(html,
		"<span class=\"bar\"><svg width=\"56\" height=\"10\" aria-hidden=\"true\">"
		"<rect class=\"back\" width=\"56\" height=\"10\" rx=\"2\"/>"
		"<rect class=\"%s\" width=\"%.1f\" height=\"10\" rx=\"2\"/></svg>",
		class, width * 56);
	html_rawf(html, "%s</span>", ratio_text(share).p);
}

void html_spark(struct html *html, const uint64_t *values, size_t n)
{
	double most = 1, width = 76, step = n ? width / (double)n : width;

	for (size_t i = 0; i < n; i++)
		most = (double)values[i] > most ? (double)values[i] : most;
	html_rawf(html, "<svg width=\"%.0f\" height=\"20\" aria-hidden=\"true\">", width);
	for (size_t i = 0; i < n; i++) {
		double height = 20 * (double)values[i] / most;

		height = height < 1 ? 1 : height;
		html_rawf(html, "<rect class=\"grey\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>",
			(double)i * step, 20 - height, step > 3 ? step - 2 : step * 0.8, height);
	}
	html_raw(html, "</svg>");
}

void html_strip(struct html *html, const unsigned char *days, size_t n, const char *label)
{
	static const char *const classes[] = { "back", "own", "ownf" };
	double step = n ? 210.0 / (double)n : 210;

	html_raw(html, "<span class=\"strip\"><svg width=\"210\" height=\"14\" role=\"img\" aria-label=\"");
	pen_say(&html->pen, "%s", label);
	html_raw(html, "\">");
	for (size_t i = 0; i < n; i++)
		html_rawf(html, "<rect class=\"%s\" x=\"%.1f\" width=\"%.2f\" height=\"14\"/>",
			classes[days[i] < 3 ? days[i] : 2], (double)i * step, step > 3 ? step - 1 : step * 0.8);
	html_raw(html, "</svg></span>");
}

/* ---- charts */

static uint64_t column_sum(const struct html_chart *chart, size_t day)
{
	uint64_t sum = 0;

	for (size_t k = 0; k < chart->layers_n; k++)
		sum += chart->values[day * chart->layers_n + k];
	return sum;
}

/* 1, 2 or 5 times a power of ten, so that about TICKS lines fill the chart. */
static uint64_t tick_of(uint64_t most)
{
	uint64_t power = 1;

	while (power <= UINT64_MAX / 10 && power * 10 * TICKS <= most)
		power *= 10;
	if (power * 2 * TICKS > most)
		return power;
	return power * 5 * TICKS > most ? power * 2 : power * 5;
}

struct scale {
	uint64_t most;
	double top, bottom; /* y of the largest value, and of zero */
};

static double scale_height(const struct scale *scale, uint64_t n)
{
	return (scale->bottom - scale->top) * (double)n / (double)scale->most;
}

static void put_grid(struct html *html, const struct scale *scale)
{
	uint64_t tick = tick_of(scale->most);

	for (uint64_t n = 0; n <= scale->most; n += tick) {
		double y = scale->bottom - scale_height(scale, n);

		html_rawf(html,
			"<line class=\"grid\" x1=\"0\" x2=\"100%%\" y1=\"%.1f\" y2=\"%.1f\"/>"
			"<text class=\"e\" x=\"-6\" y=\"%.1f\">%s</text>",
			y, y, y + 4, count_text(n).p);
	}
}

static void put_column(struct html *html, const struct html_chart *chart, size_t day, const struct scale *scale)
{
	double step = 100.0 / (double)chart->days_n, y = scale->bottom;

	for (size_t k = 0; k < chart->layers_n; k++) {
		uint64_t n = chart->values[day * chart->layers_n + k];
		double height = scale_height(scale, n);

		if (!n)
			continue;
		height = height < 0.7 ? 0.7 : height;
		y -= height;
		html_rawf(html, "<rect class=\"%s\" x=\"%.2f%%\" y=\"%.1f\" width=\"%.2f%%\" height=\"%.1f\"><title>",
			chart->layers[k].class, ((double)day + 0.08) * step, y, step * 0.84, height);
		pen_say(&html->pen, "%s: %s %s", weekday_text(chart->first_day + (int64_t)day).p, count_text(n).p,
			chart->layers[k].name);
		html_raw(html, "</title></rect>");
	}
}

static void put_days(struct html *html, const struct html_chart *chart)
{
	size_t every = 7;

	while (chart->days_n / every > AXIS_LABELS)
		every += 7;
	for (size_t day = 0; day < chart->days_n; day += every)
		html_rawf(html, "<text x=\"%.2f%%\" y=\"%u\">%s</text>", 100.0 * (double)day / (double)chart->days_n,
			chart->height - 6, day_text(chart->first_day + (int64_t)day).p);
}

static void put_notes(struct html *html, const struct html_chart *chart, const struct scale *scale)
{
	for (size_t i = 0; i < chart->notes_n; i++) {
		double x = 100.0 * (double)chart->notes[i].column / (double)chart->days_n;

		html_rawf(html, "<line class=\"rule\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"14\" y2=\"%.1f\"/>", x, x,
			scale->bottom);
		html_rawf(html, "<text class=\"note%s\" x=\"%.2f%%\" y=\"11\">", x > 50 ? " e" : "", x);
		pen_say(&html->pen, "%s", chart->notes[i].text);
		html_raw(html, "</text>");
	}
}

static void put_legend(struct html *html, const struct html_chart *chart)
{
	html_raw(html, "<ul class=\"legend\">");
	for (size_t k = 0; k < chart->layers_n; k++) {
		html_rawf(html,
			"<li><svg width=\"12\" height=\"12\" aria-hidden=\"true\"><rect class=\"%s\" width=\"12\" "
			"height=\"12\" rx=\"2\"/></svg>",
			chart->layers[k].class);
		pen_say(&html->pen, "%s", chart->layers[k].name);
		html_raw(html, "</li>");
	}
	html_raw(html, "</ul>\n");
}

/* The same as numbers, for those who do not see the columns. */
static void put_numbers(struct html *html, const struct html_chart *chart)
{
	html_raw(html,
		"<details><summary>The same in numbers</summary><div class=\"frame\" role=\"group\" tabindex=\"0\" "
		"aria-label=\"");
	pen_say(&html->pen, "%s", chart->label);
	html_raw(html, "\"><table><thead><tr><th scope=\"col\">Day</th>");
	for (size_t k = 0; k < chart->layers_n; k++) {
		html_raw(html, "<th scope=\"col\" class=\"n\">");
		pen_say(&html->pen, "%s", chart->layers[k].name);
		html_raw(html, "</th>");
	}
	html_raw(html, "</tr></thead><tbody>\n");
	for (size_t day = 0; day < chart->days_n; day++) {
		html_rawf(html, "<tr><td class=\"nw\">%s</td>", weekday_text(chart->first_day + (int64_t)day).p);
		for (size_t k = 0; k < chart->layers_n; k++)
			html_cell_count(html, chart->values[day * chart->layers_n + k]);
		html_raw(html, "</tr>\n");
	}
	html_raw(html, "</tbody></table></div></details>\n");
}

void html_chart(struct html *html, const struct html_chart *chart)
{
	struct scale scale = { 1, CHART_HEAD, chart->height - CHART_FOOT };

	for (size_t day = 0; day < chart->days_n; day++)
		scale.most = column_sum(chart, day) > scale.most ? column_sum(chart, day) : scale.most;
	put_legend(html, chart);
	html_rawf(html, "<div class=\"chart\"><svg width=\"100%%\" height=\"%u\" role=\"img\" aria-label=\"",
		chart->height);
	pen_say(&html->pen, "%s", chart->label);
	html_raw(html, "\">\n");
	put_grid(html, &scale);
	for (size_t day = 0; day < chart->days_n; day++)
		put_column(html, chart, day, &scale);
	put_days(html, chart);
	put_notes(html, chart, &scale);
	html_raw(html, "</svg></div>\n");
	put_numbers(html, chart);
}
