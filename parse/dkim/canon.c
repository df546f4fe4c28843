#include "parse/dkim/canon.h"

static bool octet_is_wsp(char c)
{
	return c == ' ' || c == '\t';
}

/* RFC 6376 3.4.2: unfold, one SP for every run of white space, none at either end. */
static char *value_relax(char *out, const char *p, const char *end)
{
	bool space = false, some = false;

	for (; p < end; p++) {
		if (octet_is_wsp(*p)) {
			space = true;
		} else if (*p == '\r' && p + 1 < end && p[1] == '\n') {
			p++;
		} else {
			if (space && some)
				*out++ = ' ';
			*out++ = *p;
			some = true;
			space = false;
		}
	}
	return out;
}

bool canon_header(struct buf *out, enum dkim_canon canon, struct span raw)
{
	const char *colon = raw.n ? memchr(raw.p, ':', raw.n) : NULL;
	const char *end = colon;
	char *p;

	if (canon == CANON_SIMPLE || !colon)
		return buf_put_span(out, raw);
	if (!buf_reserve(out, raw.n + 1))
		return false;
	while (end > raw.p && octet_is_wsp(end[-1]))
		end--;
	p = out->p + out->n;
	for (const char *q = raw.p; q < end; q++)
		*p++ = *q >= 'A' && *q <= 'Z' ? (char)(*q | 0x20) : *q;
	*p++ = ':';
	p = value_relax(p, colon + 1, raw.p + raw.n);
	out->n = (size_t)(p - out->p);
	*p = '\0';
	return true;
}

void canon_body_begin(struct canon_body *body, enum dkim_canon canon, canon_taker *take, void *arg)
{
	body->canon = canon;
	body->take = take;
	body->arg = arg;
	body->crlfs = 0;
	body->cr = body->space = body->some = false;
	body->n = 0;
}

void canon_body_flush(struct canon_body *body)
{
	if (body->n)
		body->take(body->arg, body->out, body->n);
	body->n = 0;
}

static void body_put(struct canon_body *body, char c)
{
	if (body->n == sizeof body->out)
		canon_body_flush(body);
	body->out[body->n++] = c;
}

static void body_put_crlfs(struct canon_body *body)
{
	for (; body->crlfs; body->crlfs--) {
		body_put(body, '\r');
		body_put(body, '\n');
	}
}

/* What had to wait is certain once an octet follows that is neither white space (relaxed) nor a line end. */
static void body_release(struct canon_body *body)
{
	if (body->crlfs)
		body_put_crlfs(body);
	if (body->space)
		body_put(body, ' ');
	body->space = false;
	body->some = true;
}

static void body_put_run(struct canon_body *body, const char *p, size_t n)
{
	if (n > sizeof body->out - body->n)
		canon_body_flush(body);
	if (n > sizeof body->out) {
		body->take(body->arg, p, n);
		return;
	}
	memcpy(body->out + body->n, p, n);
	body->n += n;
}

/* Where octets end that a relaxed body keeps as they are. */
static const char *run_end(const char *p, const char *end)
{
	while (p < end && ((unsigned char)*p > ' ' || (!octet_is_wsp(*p) && *p != '\r')))
		p++;
	return p;
}

static void body_add_relaxed(struct canon_body *body, const char *p, const char *end)
{
	for (; p < end; p++) {
		if (body->cr) {
			body->cr = false;
			if (*p == '\n') {
				body->space = false;
				body->crlfs++;
				continue;
			}
			body_release(body);
			body_put(body, '\r');
		}
		if (octet_is_wsp(*p)) {
			body->space = true;
		} else if (*p == '\r') {
			body->cr = true;
		} else {
			const char *run = p;

			if (body->space || body->crlfs || !body->some)
				body_release(body);
			p = run_end(run, end) - 1;
			body_put_run(body, run, (size_t)(p + 1 - run));
		}
	}
}

static void body_add_simple(struct canon_body *body, const char *p, const char *end)
{
	const char *last = end;
	uint64_t crlfs = 0;

	while (p < end && (body->cr ? *p == '\n' : *p == '\r')) {
		body->crlfs += body->cr;
		body->cr = !body->cr;
		p++;
	}
	if (p == end)
		return;
	body_release(body);
	if (body->cr)
		body_put(body, '\r');
	body->cr = false;
	if (last[-1] == '\r') {
		body->cr = true;
		last--;
	}
	while (last - p >= 2 && last[-1] == '\n' && last[-2] == '\r') {
		crlfs++;
		last -= 2;
	}
	body_put_run(body, p, (size_t)(last - p));
	body->crlfs = crlfs;
}

void canon_body_add(struct canon_body *body, const char *octets, size_t n)
{
	if (body->canon == CANON_RELAXED)
		body_add_relaxed(body, octets, octets + n);
	else
		body_add_simple(body, octets, octets + n);
}

/* Both forms end in one CRLF; only a relaxed body without any octet has none (RFC 6376 3.4.3, 3.4.4). */
void canon_body_end(struct canon_body *body)
{
	if (body->cr) {
		body_release(body);
		body_put(body, '\r');
	}
	if (body->some || body->canon == CANON_SIMPLE) {
		body_put(body, '\r');
		body_put(body, '\n');
	}
	canon_body_flush(body);
}

/* Lines are short: they are handed on many together. */
struct lines_out {
	canon_taker *take;
	void *arg;
	size_t n;
	char out[4096];
};

static void lines_flush(struct lines_out *lines)
{
	if (lines->n)
		lines->take(lines->arg, lines->out, lines->n);
	lines->n = 0;
}

static void lines_put(struct lines_out *lines, const char *p, size_t n)
{
	if (n > sizeof lines->out - lines->n)
		lines_flush(lines);
	if (n > sizeof lines->out) {
		lines->take(lines->arg, p, n);
		return;
	}
	memcpy(lines->out + lines->n, p, n);
	lines->n += n;
}

void canon_lines_add(struct canon_lines *lines, const char *octets, size_t n, canon_taker *take, void *arg)
{
	const char *p = octets, *end = octets + n, *start = octets;
	struct lines_out out;

	out.take = take;
	out.arg = arg;
	out.n = 0;
	while (p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
		bool cr = p > octets ? p[-1] == '\r' : lines->cr;

		if (!cr) {
			lines_put(&out, start, (size_t)(p - start));
			lines_put(&out, "\r", 1);
			start = p;
		}
		p++;
	}
	if (end > start)
		lines_put(&out, start, (size_t)(end - start));
	lines_flush(&out);
	if (n)
		lines->cr = end[-1] == '\r';
}
