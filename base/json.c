#include "base/json.h"
#include "base/decimal.h"
#include "base/escape.h"

#include <inttypes.h>

/* A hostile value is at most a few hundred kB; one that does not fit fails the output instead of growing without end. */
#define JSON_VALUE_OCTETS ((size_t)8 * 1024 * 1024)

void json_begin(struct json *j, FILE *out)
{
	*j = (struct json){ .out = out, .scratch = BUF(JSON_VALUE_OCTETS) };
}

bool json_done(struct json *j)
{
	buf_release(&j->scratch);
	return !j->failed && fflush(j->out) == 0 && !ferror(j->out);
}

static void json_comma(struct json *j)
{
	if (j->after_name) {
		j->after_name = false;
		return;
	}
	if (j->some[j->depth])
		putc_unlocked(',', j->out);
	j->some[j->depth] = true;
}

static void json_open(struct json *j, char bracket)
{
	json_comma(j);
	putc_unlocked(bracket, j->out);
	if (j->depth + 1 >= JSON_DEPTH) {
		j->failed = true;
		return;
	}
	j->some[++j->depth] = false;
}

void json_object(struct json *j)
{
	json_open(j, '{');
}

void json_array(struct json *j)
{
	json_open(j, '[');
}

void json_close(struct json *j, char bracket)
{
	putc_unlocked(bracket, j->out);
	if (j->depth)
		j->depth--;
	else
		j->failed = true;
}

static void json_string(struct json *j, struct span text)
{
	buf_clear(&j->scratch);
	if (!escape_json(&j->scratch, text))
		j->failed = true;
	putc_unlocked('"', j->out);
	fwrite(buf_text(&j->scratch), 1, j->scratch.n, j->out);
	putc_unlocked('"', j->out);
}

void json_name_span(struct json *j, struct span name)
{
	json_comma(j);
	json_string(j, name);
	putc_unlocked(':', j->out);
	j->after_name = true;
}

void json_name(struct json *j, const char *name)
{
	json_name_span(j, span_of(name));
}

void json_text(struct json *j, struct span text)
{
	if (!text.p) {
		json_null(j);
		return;
	}
	json_comma(j);
	json_string(j, text);
}

void json_number(struct json *j, int64_t number)
{
	json_comma(j);
	fprintf(j->out, "%" PRId64, number);
}

void json_count(struct json *j, uint64_t number)
{
	json_comma(j);
	fprintf(j->out, "%" PRIu64, number);
}

void json_share(struct json *j, double number)
{
	char text[DECIMAL_TEXT];

	json_comma(j);
	fputs(decimal_format(number, text), j->out);
}

void json_bool(struct json *j, bool yes)
{
	json_comma(j);
	fputs(yes ? "true" : "false", j->out);
}

void json_null(struct json *j)
{
	json_comma(j);
	fputs("null", j->out);
}

void json_newline(struct json *j)
{
	putc_unlocked('\n', j->out);
	j->some[0] = false;
}
