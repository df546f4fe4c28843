#include "report/outgoing.h"

#include "base/base64.h"
#include "base/digest.h"
#include "base/moment.h"

#include <stdio.h>

#define LINE_BEST 78	/* RFC 5322 2.1.1 */
#define BASE64_LINE 57	/* octets that make 76 characters */
#define ADDRESS_MOST 254 /* RFC 5321 4.5.3.1.3, without the angle brackets */
#define LOCAL_MOST 64
#define PAGE_NAME 300	 /* of a page's file */
#define PART_OCTETS 600 /* at most, of what is around a part */

struct writing {
	struct buf *out;
	const char *line_end;
	bool unsafe;
};

static bool is_atext(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

static bool is_domain_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

/* Runs of good characters with single dots between them. */
static bool is_dotted(struct span text, bool (*good)(char c))
{
	if (!text.n || text.p[0] == '.' || text.p[text.n - 1] == '.')
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '.' ? text.p[i - 1] == '.' : !good(text.p[i]))
			return false;
	return true;
}

bool outgoing_address_is_fine(struct span address)
{
	const char *at = address.n ? memchr(address.p, '@', address.n) : NULL;
	struct span local, domain;

	if (!at || address.n > ADDRESS_MOST)
		return false;
	local = (struct span){ address.p, (size_t)(at - address.p) };
	domain = (struct span){ at + 1, address.n - local.n - 1 };
	/* A local part that begins so would be an option where somebody's sendmail reads it. */
	return local.n <= LOCAL_MOST && local.p[0] != '-' && is_dotted(local, is_atext) &&
	       is_dotted(domain, is_domain_char) && domain.p[0] != '-';
}

static bool is_printable(struct span text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < ' ' || text.p[i] > '~')
			return false;
	return true;
}

/* A field, folded at blanks where a line would become too long; blanks are kept, so that unfolding gives it back. */
static void field(struct writing *w, const char *name, struct span value)
{
	size_t column = strlen(name) + 1;

	w->unsafe |= !is_printable(value);
	buf_printf(w->out, "%s:", name);
	while (value.n) {
		const char *blank = value.n > 1 ? memchr(value.p + 1, ' ', value.n - 1) : NULL;
		size_t n = blank ? (size_t)(blank - value.p) : value.n;

		if (column + 1 + n > LINE_BEST && column > strlen(name) + 1) {
			buf_put_text(w->out, w->line_end);
			column = 0;
		}
		if (value.p[0] != ' ')
			buf_put_byte(w->out, ' ');
		buf_put(w->out, value.p, n);
		column += n + 1;
		value.p += n;
		value.n -= n;
	}
	buf_put_text(w->out, w->line_end);
}

static void field_text(struct writing *w, const char *name, const char *value)
{
	field(w, name, span_of(value));
}

/* A display name stands in quotation marks (RFC 5322 3.4); what would need quoting within them is refused. */
static void field_from(struct writing *w, const struct outgoing *o)
{
	struct buf value = BUF(4096);

	w->unsafe |= !outgoing_address_is_fine(o->from);
	for (size_t i = 0; i < o->name.n; i++)
		w->unsafe |= o->name.p[i] == '"' || o->name.p[i] == '\\';
	if (o->name.n) {
		buf_put_byte(&value, '"');
		buf_put_span(&value, o->name);
		buf_put_text(&value, "\" <");
	}
	buf_put_span(&value, o->from);
	buf_put_text(&value, o->name.n ? ">" : "");
	w->unsafe |= value.failed;
	field(w, "From", buf_span(&value));
	buf_release(&value);
}

static void field_to(struct writing *w, const struct outgoing *o)
{
	struct buf value = BUF(256 * 1024);

	for (size_t i = 0; i < o->to_n; i++) {
		w->unsafe |= !outgoing_address_is_fine(o->to[i]);
		buf_put_text(&value, i ? ", " : "");
		buf_put_span(&value, o->to[i]);
	}
	w->unsafe |= value.failed || !o->to_n;
	field(w, "To", buf_span(&value));
	buf_release(&value);
}

/* RFC 5322 3.3, in UTC. */
static void field_date(struct writing *w, int64_t date)
{
	int64_t year, day = moment_day(date), second = date - day * DAY_SECONDS;
	unsigned month, of_month;
	char text[64];

	moment_to_civil(date, &year, &month, &of_month);
	snprintf(text, sizeof text, "%s, %02u %s %04d %02d:%02d:%02d +0000", moment_weekday_name(day), of_month,
		moment_month_name(month), (int)year, (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60));
	field_text(w, "Date", text);
}

static void base64(struct writing *w, struct span octets)
{
	for (size_t at = 0; at < octets.n; at += BASE64_LINE) {
		size_t left = octets.n - at;

		base64_put(w->out, (struct span){ octets.p + at, left < BASE64_LINE ? left : BASE64_LINE });
		buf_put_text(w->out, w->line_end);
	}
}

/* Lines of text end in CRLF within the encoding too (RFC 2046 4.1.1). */
static void base64_lines(struct writing *w, struct span text)
{
	struct buf lines = BUF(text.n * 2 + 1);

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\n')
			buf_put_byte(&lines, '\r');
		buf_put_byte(&lines, (unsigned char)text.p[i]);
	}
	base64(w, buf_span(&lines));
	w->unsafe |= lines.failed;
	buf_release(&lines);
}

static void part(struct writing *w, const char *edge, const char *type, const char *disposition, struct span text)
{
	buf_printf(w->out, "--%s%s", edge, w->line_end);
	field_text(w, "Content-Type", type);
	if (disposition)
		field_text(w, "Content-Disposition", disposition);
	field_text(w, "Content-Transfer-Encoding", "base64");
	buf_put_text(w->out, w->line_end);
	base64_lines(w, text);
}

/* Of what the parts hold: base64 has no hyphen, so that it cannot stand in them. */
static bool edge_of(const struct outgoing *o, char edge[DIGEST_HEX + 2])
{
	uint8_t hash[DIGEST_OCTETS];
	struct digest *d = digest_new();

	if (!d)
		return false;
	digest_add_field(d, o->message_id);
	digest_add_field(d, o->text);
	digest_add_field(d, o->html);
	for (size_t i = 0; i < o->pages_n; i++)
		digest_add_field(d, o->pages[i].octets);
	digest_finish(d, hash);
	digest_free(d);
	memcpy(edge, "--", 2);
	digest_hex(hash, edge + 2);
	edge[2 + 32] = '\0';
	return true;
}

static void page(struct writing *w, const char *edge, const struct outgoing_page *page)
{
	char disposition[PAGE_NAME + 64];

	w->unsafe |= !page->name.n || page->name.n > PAGE_NAME || page->name.p[0] == '.';
	for (size_t i = 0; i < page->name.n; i++)
		w->unsafe |= page->name.p[i] != '.' && page->name.p[i] != '_' && !is_domain_char(page->name.p[i]);
	if (w->unsafe)
		return;
	snprintf(disposition, sizeof disposition, "attachment; filename=%.*s", (int)page->name.n, page->name.p);
	part(w, edge, "text/html; charset=utf-8", disposition, page->octets);
}

size_t outgoing_page_octets(struct span page)
{
	size_t octets = page.n;

	for (size_t i = 0; i < page.n; i++)
		octets += page.p[i] == '\n';
	return PART_OCTETS + (octets / BASE64_LINE + 1) * (BASE64_LINE / 3 * 4 + 2);
}

/* Two ways to say the same; around them, with pages, the mixture of all (RFC 2046 5.1.3, 5.1.4). */
static void parts(struct writing *w, const struct outgoing *o, const char *edge)
{
	char type[DIGEST_HEX + 64], outer[DIGEST_HEX + 4];

	snprintf(outer, sizeof outer, "==%s", edge);
	if (o->pages_n) {
		snprintf(type, sizeof type, "multipart/mixed; boundary=\"%s\"", outer);
		field_text(w, "Content-Type", type);
		buf_put_text(w->out, w->line_end);
		buf_printf(w->out, "--%s%s", outer, w->line_end);
	}
	snprintf(type, sizeof type, "multipart/alternative; boundary=\"%s\"", edge);
	field_text(w, "Content-Type", type);
	buf_put_text(w->out, w->line_end);
	part(w, edge, "text/plain; charset=utf-8", NULL, o->text);
	part(w, edge, "text/html; charset=utf-8", NULL, o->html);
	buf_printf(w->out, "--%s--%s", edge, w->line_end);
	if (!o->pages_n)
		return;
	for (size_t i = 0; i < o->pages_n; i++)
		page(w, outer, &o->pages[i]);
	buf_printf(w->out, "--%s--%s", outer, w->line_end);
}

bool outgoing_write(struct buf *out, const struct outgoing *o, const char *line_end)
{
	struct writing w = { out, line_end, false };
	char edge[DIGEST_HEX + 2];

	if (!edge_of(o, edge))
		return false;
	field_from(&w, o);
	field_to(&w, o);
	field(&w, "Subject", o->subject);
	field_date(&w, o->date);
	field(&w, "Message-ID", o->message_id);
	if (o->in_reply_to.n) {
		field(&w, "In-Reply-To", o->in_reply_to);
		field(&w, "References", o->in_reply_to);
	}
	field_text(&w, "Auto-Submitted", "auto-generated"); /* RFC 3834 5 */
	if (o->verdict.n)
		field(&w, "X-DMARC-Verdict", o->verdict);
	field_text(&w, "MIME-Version", "1.0");
	parts(&w, o, edge);
	return !w.unsafe && !out->failed;
}
