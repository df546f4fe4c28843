/* Waiting for mail: IDLE (RFC 2177, RFC 9051 6.3.13), else NOOP now and then. The engine knows no IDLE: between DONE
 * and the tagged answer to the last command before, responses are read past it. */
#include "ingest/imap_private.h"

#include "base/escape.h"
#include "base/steady.h"


#define UNASKED_OCTETS (UINT64_C(16) << 20) /* of one watch: the flags of 300,000 mails */
#define BURST 1000			    /* milliseconds: mails rarely come alone */

struct waiting {
	struct imap *imap;
	int other;
	int64_t end;	 /* as steady_ms */
	uint64_t octets; /* received before it began */
	bool news, called;
};

static void wait_news(struct waiting *waiting)
{
	int64_t soon = steady_ms() + BURST;

	if (!waiting->news && waiting->end > soon)
		waiting->end = soon;
	waiting->news = true;
}

/* ---- what the server says ---- */

enum said { SAID_NOTHING, SAID_ASIDE, SAID_GO_ON, SAID_DONE, SAID_REFUSED };

/* `* 23 EXISTS`, and what else may be said at any time (RFC 9051 7). */
static enum said said_aside(struct waiting *waiting, struct span line)
{
	struct imap *imap = waiting->imap;
	size_t n = 2;

	while (n < line.n && line.p[n] >= '0' && line.p[n] <= '9')
		n++;
	if (n > 2 && span_is_nocase((struct span){ line.p + n, line.n - n }, SPAN(" EXISTS")))
		wait_news(waiting);
	if (!span_starts_nocase(line, SPAN("* BYE")))
		return SAID_ASIDE;
	carrier_fail(imap->carrier, FAULT_LATER, "the server says goodbye");
	imap_goodbye(imap, (struct span){ line.p + 5, line.n - 5 });
	return SAID_NOTHING;
}

static enum said wait_read(struct waiting *waiting)
{
	struct imap *imap = waiting->imap;
	struct span line, tag = span_of(imap->engine->tag_str);

	if (literals_next(imap->literals, imap->carrier) != 0)
		return SAID_NOTHING;
	if (carrier_octets(imap->carrier) - waiting->octets > UNASKED_OCTETS) {
		carrier_fail(imap->carrier, FAULT_LATER, "the server sends more than %llu octets that nobody asked for",
			(unsigned long long)UNASKED_OCTETS);
		return SAID_NOTHING;
	}
	line = literals_line(imap->literals);
	if (span_starts_nocase(line, SPAN("+")))
		return SAID_GO_ON;
	if (span_starts_nocase(line, SPAN("*")))
		return said_aside(waiting, line);
	if (span_starts_nocase(line, tag) && line.n > tag.n && line.p[tag.n] == ' ')
		return span_starts_nocase((struct span){ line.p + tag.n, line.n - tag.n }, SPAN(" OK")) ? SAID_DONE
													: SAID_REFUSED;
	carrier_fail(imap->carrier, FAULT_LATER, "the server answers what was not asked");
	return SAID_NOTHING;
}

/* What is said up to `until`; `*over`: a tagged answer was among it. False: the session is lost. */
static bool wait_listen(struct waiting *waiting, int64_t until, bool *over)
{
	struct imap *imap = waiting->imap;
	enum said said = SAID_ASIDE;

	*over = false;
	while (!*over && !waiting->called) {
		int64_t left = (until < waiting->end ? until : waiting->end) - steady_ms();

		if (left <= 0)
			break;
		switch (carrier_listen(imap->carrier, waiting->other, left)) {
		case CARRIER_BROKEN:
			return false;
		case CARRIER_QUIET:
			break;
		case CARRIER_CALLED:
			waiting->called = true;
			break;
		case CARRIER_SPOKE:
			carrier_set_deadline(imap->carrier, imap->mailbox->timeout);
			said = wait_read(waiting);
			if (said == SAID_NOTHING)
				return false;
			*over = said == SAID_DONE || said == SAID_REFUSED;
		}
	}
	return true;
}

/* ---- the two ways of waiting ---- */

/* A server that refuses IDLE, or ends it by itself, is not asked for it again in this session. */
static bool wait_idle(struct waiting *waiting, int64_t until)
{
	struct imap *imap = waiting->imap;
	enum said said = SAID_ASIDE;
	bool over;

	carrier_set_deadline(imap->carrier, imap->mailbox->timeout);
	if (_mu_imap_tag_next(imap->engine) != 0 ||
		mu_imapio_printf(imap->engine->io, "%s IDLE\r\n", imap->engine->tag_str) != 0)
		return false;
	while (said == SAID_ASIDE)
		said = wait_read(waiting);
	if (said == SAID_DONE || said == SAID_REFUSED)
		imap->abilities &= ~(unsigned)IMAP_IDLE;
	if (said != SAID_GO_ON)
		return said != SAID_NOTHING;
	if (!wait_listen(waiting, until, &over))
		return false;
	if (over) {
		imap->abilities &= ~(unsigned)IMAP_IDLE;
		return true;
	}
	carrier_set_deadline(imap->carrier, imap->mailbox->timeout);
	if (mu_imapio_send(imap->engine->io, "DONE\r\n", 6) != 0)
		return false;
	do
		said = wait_read(waiting);
	while (said == SAID_ASIDE || said == SAID_GO_ON);
	return said != SAID_NOTHING;
}

static bool wait_noop(struct waiting *waiting, int64_t until)
{
	struct imap *imap = waiting->imap;
	bool over;

	if (!wait_listen(waiting, until, &over))
		return false;
	if (over)
		return carrier_fail(imap->carrier, FAULT_LATER, "the server answers what was not asked");
	if (waiting->called || waiting->news || steady_ms() >= waiting->end)
		return true;
	carrier_set_deadline(imap->carrier, imap->mailbox->timeout);
	imap->engine->mbox_stat.message_count = 0;
	if (!imap_say(imap, &(struct imap_request){ .verb = "NOOP", .doing = "NOOP" }, NULL) && imap_broken(imap))
		return false;
	if (imap->engine->mbox_stat.message_count)
		wait_news(waiting);
	return true;
}

/* Is there a mail already, or did one come while that was found out? */
static bool watch_look(struct imap *imap, const struct imap_watch *watch, bool *news, struct fault *fault)
{
	struct server_folder found;
	struct server_list list = { NULL, 0 };
	struct imap_blind all = { 1, UINT32_MAX }; /* sizes do not matter here */
	bool good;

	*news = false;
	imap_deselect(imap);
	if (!imap_select(imap, watch->folder, watch->writable, &found, fault))
		return watch->uidvalidity == 0 && !imap_broken(imap); /* the last round has said why */
	if (watch->uidvalidity == 0)
		return true;
	imap->engine->mbox_stat.message_count = 0;
	good = watch->first > UINT32_MAX || imap_list(imap, watch->first, watch->since, &all, &list, fault);
	*news = found.uidvalidity != watch->uidvalidity || list.n || imap->engine->mbox_stat.message_count;
	server_list_release(&list);
	return good;
}

bool imap_watch(struct imap *imap, const struct imap_watch *watch, enum imap_woken *woken, struct fault *fault)
{
	struct waiting waiting = { .imap = imap, .other = watch->other };
	bool good = true, news;

	*woken = IMAP_NEWS;
	imap_set_deadline(imap, imap->mailbox->deadline);
	if (!watch_look(imap, watch, &news, fault))
		return false;
	waiting.end = steady_ms() + (int64_t)watch->seconds * 1000;
	waiting.octets = carrier_octets(imap->carrier);
	if (news)
		wait_news(&waiting);
	while (good && !waiting.called && steady_ms() < waiting.end) {
		int64_t until = steady_ms() + (int64_t)imap->mailbox->keepalive * 1000;

		good = imap->abilities & IMAP_IDLE ? wait_idle(&waiting, until) : wait_noop(&waiting, until);
	}
	if (!good)
		return imap_lost(imap, "waiting for mail", fault);
	imap_set_deadline(imap, imap->mailbox->deadline);
	*woken = waiting.called ? IMAP_CALLED : waiting.news ? IMAP_NEWS : IMAP_QUIET;
	return true;
}
