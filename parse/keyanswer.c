#include "parse/keyanswer.h"
#include "parse/wire_p.h"

#define RECORDS_MOST 64

bool keyanswer_put(struct buf *out, const struct key_answer *answer)
{
	put_u8(out, answer->answer.kind);
	put_u8(out, answer->origin);
	put_i64(out, answer->seen);
	put_u8(out, answer->secure);
	put_count(out, answer->answer.n < RECORDS_MOST ? answer->answer.n : RECORDS_MOST);
	for (size_t i = 0; i < answer->answer.n && i < RECORDS_MOST; i++)
		put_span(out, answer->answer.records[i]);
	return !out->failed;
}

bool keyanswer_get(struct span octets, struct arena *arena, struct key_answer *answer)
{
	struct get in = GET(octets);
	struct span *records;

	*answer = (struct key_answer){ .answer.kind = get_below(&in, DKIM_ANSWER_TEMPFAIL + 1) };
	answer->origin = get_below(&in, KEY_ORIGIN_COUNT);
	answer->seen = get_i64(&in);
	answer->secure = get_bool(&in);
	answer->answer.n = get_count(&in, 1);
	records = get_array(&in, arena, answer->answer.n, sizeof *records);
	for (size_t i = 0; records && i < answer->answer.n; i++)
		records[i] = get_span(&in);
	answer->answer.records = records;
	return get_done(&in);
}
