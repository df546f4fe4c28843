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

/* ---- what comes out */

static void out_begin(struct canon_out *out, canon_taker *take, void *arg)
{
	out->take = take;
	out->arg = arg;
	out->n = 0;
}

static void out_flush(struct canon_out *out)
{
	if (out->n)
		out->take(out->arg, out->out, out->n);
	out->n = 0;
}

static void out_put(struct canon_out *out, char c)
{
	if (out->n == sizeof out->out)
		out_flush(out);
	out->out[out->n++] = c;
}

static void out_put_run(struct canon_out *out, const char *p, size_t n)
{
	if (n > sizeof out->out - out->n)
		out_flush(out);
	if (n > sizeof out->out) {
		out->take(out->arg, p, n);
		return;
	}
	memcpy(out->out + out->n, p, n);
	out->n += n;
}

/* ---- a body */

void canon_body_begin(struct canon_body *body, enum dkim_canon canon, canon_taker *take, void *arg)
{
	body->canon = canon;
	body->crlfs = 0;
	body->cr = body->space = body->some = false;
	out_begin(&body->out, take, arg);
}

static void body_put_crlfs(struct canon_body *body)
{
	for (; body->crlfs; body->crlfs--) {
		out_put(&body->out, '\r');
		out_put(&body->out, '\n');
	}
}

/* What had to wait is certain once an octet follows that is neither white space (relaxed) nor a line end. */
static void body_release(struct canon_body *body)
{
	if (body->crlfs)
		body_put_crlfs(body);
	if (body->space)
		out_put(&body->out, ' ');
	body->space = false;
	body->some = true;
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
			out_put(&body->out, '\r');
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
			out_put_run(&body->out, run, (size_t)(p + 1 - run));
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
		out_put(&body->out, '\r');
	body->cr = false;
	if (last[-1] == '\r') {
		body->cr = true;
		last--;
	}
	while (last - p >= 2 && last[-1] == '\n' && last[-2] == '\r') {
		crlfs++;
		last -= 2;
	}
	out_put_run(&body->out, p, (size_t)(last - p));
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
		out_put(&body->out, '\r');
	}
	if (body->some || body->canon == CANON_SIMPLE) {
		out_put(&body->out, '\r');
		out_put(&body->out, '\n');
	}
	out_flush(&body->out);
}

/* ---- line ends */

void canon_lines_add(struct canon_lines *lines, const char *octets, size_t n, canon_taker *take, void *arg)
{
	const char *p = octets, *end = octets + n, *start = octets;
	struct canon_out out;

	out_begin(&out, take, arg);
	while (p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
		bool cr = p > octets ? p[-1] == '\r' : lines->cr;

		if (!cr) {
			out_put_run(&out, start, (size_t)(p - start));
			out_put_run(&out, "\r", 1);
			start = p;
		}
		p++;
	}
	if (end > start)
		out_put_run(&out, start, (size_t)(end - start));
	out_flush(&out);
	if (n)
		lines->cr = end[-1] == '\r';
}
