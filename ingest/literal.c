#include "ingest/literal.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct literals {
	struct buf response; /* one response as the engine sees it */
	size_t at;	     /* octets of it that the engine has */
	uint64_t max;
	bool kept; /* a literal waits for literals_take */
	int fd;	   /* of it */
	struct hold hold;
};

static bool broken(struct carrier *carrier, const char *what)
{
	return carrier_fail(carrier, FAULT_LATER, "the server's answer is broken: %s", what);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Tagged or untagged status, and continuation: the rest is text for people in which braces mean nothing. The words are
 * those that the engine knows, as it compares them; what only resembles them is held to the stricter rules. */
static bool is_status(struct span line)
{
	static const char *const words[] = { " OK ", " NO ", " BAD ", " BYE ", " PREAUTH " };
	size_t tag = 0;

	if (line.n >= 2 && line.p[0] == '+' && line.p[1] == ' ')
		return true;
	if (line.n && line.p[0] == '*')
		tag = 1;
	else
		while (tag < line.n && (is_digit(line.p[tag]) || (line.p[tag] >= 'A' && line.p[tag] <= 'Z')))
			tag++;
	for (size_t i = 0; tag && i < sizeof words / sizeof *words; i++) {
		struct span word = span_of(words[i]);

		if (line.n - tag >= word.n && memcmp(line.p + tag, word.p, word.n) == 0)
			return true;
	}
	return false;
}

static bool is_fetch(struct span line)
{
	size_t n = 2;

	if (line.n < 2 || line.p[0] != '*' || line.p[1] != ' ')
		return false;
	while (n < line.n && is_digit(line.p[n]))
		n++;
	return n > 2 && line.n - n >= 7 && memcmp(line.p + n, " FETCH ", 7) == 0;
}

/* Does the line end in {N}? Cuts it off. */
static bool literal_announced(struct buf *response, size_t from, struct carrier *carrier, uint64_t *n, bool *announced)
{
	size_t at = response->n;
	unsigned long long number;

	*announced = response->n > from && response->p[response->n - 1] == '}';
	if (!*announced)
		return true;
	while (at > from && response->p[at - 1] != '{')
		at--;
	if (at == from || !span_number((struct span){ response->p + at, response->n - 1 - at }, UINT64_MAX, &number))
		return broken(carrier, "a literal whose length is no number");
	*n = number;
	response->n = at - 1;
	return true;
}

/* Octets of a mail, as they are. */
static int literal_hold(struct literals *literals, struct carrier *carrier, uint64_t n)
{
	char octets[8192];
	int error = 0;

	if (n > literals->max) {
		carrier_fail(carrier, FAULT_LATER,
			"the server sends a literal of %llu octets where %llu were asked for at most",
			(unsigned long long)n, (unsigned long long)literals->max);
		return EPROTO;
	}
	if (literals->kept) {
		broken(carrier, "two literals in one FETCH");
		return EPROTO;
	}
	literals->kept = true;
	literals->hold.memory_only = true;
	hold_begin(&literals->hold, n);
	while (error == 0 && n) {
		size_t got = 0;

		error = carrier_read(carrier, octets, n < sizeof octets ? (size_t)n : sizeof octets, &got);
		hold_put(&literals->hold, octets, got);
		n -= got;
	}
	literals->fd = error ? -1 : hold_end(&literals->hold);
	if (error)
		hold_drop(&literals->hold);
	buf_put_text(&literals->response, LITERAL_WORD);
	return error;
}

/* A short text, which becomes a quoted string (RFC 9051 4.3). */
static int literal_quote(struct literals *literals, struct carrier *carrier, uint64_t n)
{
	char octets[LITERAL_SHORT];
	int error = 0;

	if (n > sizeof octets) {
		carrier_fail(carrier, FAULT_LATER, "the server sends a literal of %llu octets where none was asked for",
			(unsigned long long)n);
		return EPROTO;
	}
	for (size_t at = 0, got = 0; error == 0 && at < n; at += got)
		error = carrier_read(carrier, octets + at, (size_t)n - at, &got);
	if (error)
		return error;
	buf_put_byte(&literals->response, '"');
	for (size_t i = 0; i < n; i++) {
		if (octets[i] == 0 || octets[i] == '\r' || octets[i] == '\n') {
			broken(carrier, "a name with a line end in it");
			return EPROTO;
		}
		if (octets[i] == '"' || octets[i] == '\\')
			buf_put_byte(&literals->response, '\\');
		buf_put_byte(&literals->response, (unsigned char)octets[i]);
	}
	buf_put_byte(&literals->response, '"');
	return 0;
}

static bool is_word(char c)
{
	return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* `*` or a tag, one blank, a word: RFC 9051 section 9. The engine looks at the second word without asking for one. */
static bool has_form(struct span line)
{
	size_t n = line.n && line.p[0] == '*';

	while (n < line.n && line.p[0] != '*' && is_word(line.p[n]))
		n++;
	return n && n + 1 < line.n && line.p[n] == ' ' && is_word(line.p[n + 1]);
}

/* Where an odd number of backslashes stands before white space the engine reads past its copy of the word. IMAP has that
 * only in texts for people, where a slash will do. */
static bool backslashes_good(struct buf *response, bool is_text)
{
	size_t run = 0;

	for (size_t i = 0; i <= response->n; i++) {
		char c = i < response->n ? response->p[i] : ' ';

		if (c == '\\') {
			run++;
			continue;
		}
		if (run % 2 && (c == ' ' || c == '\t')) {
			if (!is_text)
				return false;
			response->p[i - 1] = '/';
		}
		run = 0;
	}
	return true;
}

/* What the engine must not see: an NUL, many brackets (it recurses), an end that it takes for a literal. */
static bool response_good(struct buf *response, struct carrier *carrier)
{
	struct span text = buf_span(response);
	bool goes_on = text.n && text.p[0] == '+' && (text.n == 1 || text.p[1] == ' '); /* else a tag to the engine */
	size_t brackets = 0;

	if (memchr(text.p, 0, text.n))
		return broken(carrier, "an NUL outside of a literal");
	if (!backslashes_good(response, goes_on || is_status(text)))
		return broken(carrier, "a backslash before nothing");
	if (goes_on)
		return true;
	if (!has_form(text))
		return broken(carrier, "no response of IMAP");
	if (is_status(text))
		return true;
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '(' && ++brackets > LITERAL_BRACKETS)
			return broken(carrier, "brackets in brackets in brackets");
	while (text.n && (text.p[text.n - 1] == '"' || text.p[text.n - 1] == ' ' || text.p[text.n - 1] == '\t'))
		text.n--;
	return text.n == 0 || text.p[text.n - 1] != '}' || broken(carrier, "a brace at the end of a line");
}

/* One response, with its literals taken out. */
static int response_read(struct literals *literals, struct carrier *carrier)
{
	struct buf *response = &literals->response;
	bool announced = true;
	bool first = true;

	buf_clear(response);
	literals->at = 0;
	while (announced) {
		size_t from = response->n;
		uint64_t n = 0;
		int error = carrier_read_line(carrier, response);

		if (error)
			return error;
		while (response->n > from &&
			(response->p[response->n - 1] == '\n' || response->p[response->n - 1] == '\r'))
			response->n--;
		if (first && is_status(buf_span(response)))
			break;
		first = false;
		if (!literal_announced(response, from, carrier, &n, &announced))
			return EPROTO;
		if (announced)
			error = is_fetch(buf_span(response)) ? literal_hold(literals, carrier, n)
							     : literal_quote(literals, carrier, n);
		if (error)
			return error;
	}
	if (!response_good(response, carrier))
		return EPROTO;
	return buf_put(response, "\r\n", 2) ? 0 : ENOMEM;
}

int literals_next(struct literals *literals, struct carrier *carrier)
{
	int error = carrier_fault(carrier)->kind == FAULT_NONE ? response_read(literals, carrier) : ECONNRESET;

	literals->at = literals->response.n;
	return error;
}

static int literals_read(void *arg, struct carrier *carrier, char *octets, size_t room, size_t *n)
{
	struct literals *literals = arg;
	int error = 0;

	*n = 0;
	if (carrier_fault(carrier)->kind != FAULT_NONE)
		return ECONNRESET;
	if (literals->at == literals->response.n)
		error = response_read(literals, carrier);
	if (error) {
		literals->at = literals->response.n = 0;
		return error;
	}
	*n = literals->response.n - literals->at < room ? literals->response.n - literals->at : room;
	memcpy(octets, literals->response.p + literals->at, *n);
	literals->at += *n;
	return 0;
}

struct literals *literals_new(struct carrier *carrier)
{
	struct literals *literals = calloc(1, sizeof *literals);

	if (!literals)
		return NULL;
	literals->response = BUF(LITERAL_LINE);
	literals->fd = literals->hold.fd = -1;
	carrier_set_sieve(carrier, (struct sieve){ literals_read, literals });
	return literals;
}

void literals_free(struct literals *literals)
{
	int error;
	uint64_t n;
	int fd;

	if (!literals)
		return;
	fd = literals_take(literals, &n, &error);
	if (fd >= 0)
		close(fd);
	buf_release(&literals->response);
	free(literals);
}

void literals_expect(struct literals *literals, uint64_t max)
{
	literals->max = max;
}

int literals_take(struct literals *literals, uint64_t *n, int *error)
{
	int fd = literals->fd;

	*n = literals->kept ? literals->hold.n : 0;
	*error = literals->kept && fd < 0 ? (literals->hold.error ? literals->hold.error : EIO) : 0;
	literals->kept = false;
	literals->fd = -1;
	return fd;
}

struct span literals_line(const struct literals *literals)
{
	struct span line = buf_span(&literals->response);
	const char *end = memchr(line.p, '\r', line.n);

	return end ? (struct span){ line.p, (size_t)(end - line.p) } : line;
}
