#include "tests/dkim-keys.h"

#include <stdio.h>

bool file_read(const char *path, struct buf *out)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
	char piece[65536];
	size_t n;

	if (!file)
		return false;
	while ((n = fread(piece, 1, sizeof piece, file)) > 0)
		buf_put(out, piece, n);
	if (file != stdin)
		fclose(file);
	return !out->failed;
}

static bool value_is_answer(struct span value, struct dkim_answer *answer)
{
	if (span_is(value, SPAN("NXDOMAIN")))
		answer->kind = DKIM_ANSWER_NXDOMAIN;
	else if (span_is(value, SPAN("NODATA")))
		answer->kind = DKIM_ANSWER_NODATA;
	else if (span_is(value, SPAN("TEMPFAIL")))
		answer->kind = DKIM_ANSWER_TEMPFAIL;
	else
		return false;
	return true;
}

void stored_keys_ask(void *arg, struct span name, struct dkim_answer *answer)
{
	struct stored_keys *keys = arg;
	struct span rest = keys->text;

	*answer = (struct dkim_answer){ .kind = DKIM_ANSWER_NXDOMAIN, .records = keys->records };
	while (rest.n) {
		const char *lf = memchr(rest.p, '\n', rest.n);
		size_t n = lf ? (size_t)(lf - rest.p) : rest.n;
		struct span line = { rest.p, n };

		rest = (struct span){ rest.p + n + (lf != NULL), rest.n - n - (lf != NULL) };
		if (line.n <= name.n || line.p[name.n] != ' ' || !span_is((struct span){ line.p, name.n }, name))
			continue;
		line = (struct span){ line.p + name.n + 1, line.n - name.n - 1 };
		if (value_is_answer(line, answer) || answer->n == DKIM_RECORDS_MAX)
			return;
		answer->kind = DKIM_ANSWER_RECORDS;
		keys->records[answer->n++] = line;
	}
}
