/* A later look at signatures whose keys could not be had. */
#include "store/store_private.h"

#include <stdlib.h>

#define MAILS_MOST 10000 /* of one question */

struct mails {
	int64_t *ids; /* owned */
	size_t n;
};

/* Ids first, so that no statement is open while the taker writes. */
static bool unsettled_find(struct store *s, int64_t since, struct mails *mails)
{
	sqlite3_stmt *st = sql_open(s, SQL_UNSETTLED);
	int row = 0;

	mails->ids = calloc(MAILS_MOST, sizeof *mails->ids);
	if (!mails->ids)
		return store_fail_memory(s);
	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, since);
	while (mails->n < MAILS_MOST && (row = sql_row(s, st)) == 1)
		mails->ids[mails->n++] = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return row >= 0;
}

bool store_ask_unsettled(struct store *s, int64_t since, kept_taker *take, void *arg, struct fault *fault)
{
	struct mails mails = { 0 };
	int result = unsettled_find(s, since, &mails) ? 1 : -1;

	for (size_t i = 0; result == 1 && i < mails.n; i++)
		result = kept_hand_out(s, mails.ids[i], take, arg);
	free(mails.ids);
	return store_tell(s, result >= 0, fault);
}

bool store_forget_waiting(struct store *s, int64_t before, struct fault *fault)
{
	return store_tell(s, store_write_begin(s) && sql_do_id(s, SQL_KEPT_WAITED_TOO_LONG, before), fault);
}

static bool verification_replace(struct store *s, int64_t mail, unsigned number, const struct verification *v)
{
	struct proof proof;
	bool kept;

	if (!verification_put(s, mail, number, v, &kept))
		return false;
	if (kept)
		return true;
	if (number)
		return sql_do_id(s, SQL_FAILURES_PASSED, mail);
	proof_of(s, v, &proof);
	return trust_settle(s, mail, &proof) && rollup_settle(s);
}

bool store_verify_again(
	struct store *s, int64_t mail_id, unsigned number, const struct verification *v, struct fault *fault)
{
	struct taking *t = &s->taking;

	if (t->open || (v->of == VERIFIED_MAIL) != (number == 0))
		return fault_set(fault, FAULT_BROKEN, "%s: a verification out of place", s->path);
	s->failed = false;
	if (t->marked && !sql_do(s, SQL_MARK_RELEASE))
		return store_tell(s, false, fault);
	t->marked = false;
	t->forgotten = 0;
	if (mark_set(s) && verification_replace(s, mail_id, number, v) && sql_do(s, SQL_MARK_RELEASE)) {
		t->marked = false;
		return true;
	}
	mark_undo(s);
	return store_tell(s, false, fault);
}
