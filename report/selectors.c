#include "report/selectors.h"

#define ADVISED_BITS 2048 /* RFC 8301 3.2 */

const char *selector_flag_word(enum selector_flag flag)
{
	static const char *const words[SELECTOR_FLAG_COUNT] = {
		[SELECTOR_MISSING] = "missing",
		[SELECTOR_REVOKED] = "revoked",
		[SELECTOR_BROKEN] = "broken",
		[SELECTOR_FAILING] = "failing",
		[SELECTOR_TESTING] = "testing",
		[SELECTOR_WEAK] = "weak",
		[SELECTOR_UNUSED] = "unused",
		[SELECTOR_SHARED] = "shared",
		[SELECTOR_STRANGE] = "strange",
		[SELECTOR_UNSEEN] = "unseen",
		[SELECTOR_UNLOOKED] = "unlooked",
	};

	return (unsigned)flag < SELECTOR_FLAG_COUNT ? words[flag] : "?";
}

const char *selector_key_word(enum selector_key key)
{
	static const char *const words[] = { "unknown", "none", "revoked", "broken", "published" };

	return (unsigned)key <= SELECTOR_KEY_PUBLISHED ? words[key] : "?";
}

static void raise_flag(struct selector_line *line, enum selector_flag flag, bool up)
{
	if (up)
		line->flags |= 1u << flag;
}

static void published_judge(struct selector_line *line, bool used, bool ever)
{
	raise_flag(line, SELECTOR_FAILING, !ever && line->broken + line->checked_broken > 0);
	raise_flag(line, SELECTOR_UNUSED, ever && !used);
	raise_flag(line, SELECTOR_TESTING, line->key_testing && (used || !ever));
	raise_flag(line, SELECTOR_WEAK, line->key_bits > 256 && line->key_bits < ADVISED_BITS && (used || !ever));
	raise_flag(line, SELECTOR_UNSEEN, !ever && line->broken + line->checked_broken == 0);
}

/* A key that ever made a valid signature is real; failing signatures alone may be anybody's invention. */
void selector_judge(struct selector_line *line, int64_t today)
{
	int64_t last = line->last_day > line->checked_day ? line->last_day : line->checked_day;
	bool ever = last != MOMENT_NONE, used = ever && last >= today - SELECTOR_UNUSED_DAYS;
	bool real = used || line->listed || line->home_own || line->home.n;

	line->flags = 0;
	switch (line->key) {
	case SELECTOR_KEY_UNKNOWN:
		raise_flag(line, SELECTOR_UNLOOKED, true);
		break;
	case SELECTOR_KEY_NONE:
		raise_flag(line, SELECTOR_MISSING, real && (used || line->listed || line->broken));
		raise_flag(line, SELECTOR_STRANGE, !real && !ever);
		break;
	case SELECTOR_KEY_REVOKED:
		raise_flag(line, SELECTOR_REVOKED, used);
		break;
	case SELECTOR_KEY_BROKEN:
		raise_flag(line, SELECTOR_BROKEN, used || line->listed || line->broken);
		break;
	case SELECTOR_KEY_PUBLISHED:
		published_judge(line, used, ever);
		break;
	}
	raise_flag(line, SELECTOR_SHARED, line->shared && used);
}
