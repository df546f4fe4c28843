#include "report/assess/rows.h"

const char *request_word(enum request request)
{
	static const char *const words[REQUEST_COUNT] = { "", "none", "quarantine", "reject" };

	return request < REQUEST_COUNT ? words[request] : "";
}

const char *mark_kind_word(enum mark_kind kind)
{
	static const char *const words[MARK_KIND_COUNT] = { "", "own", "forwarder", "notours", "accept", "critical",
		"reviewed", "home", "name" };

	return kind < MARK_KIND_COUNT ? words[kind] : "";
}

const char *sender_kind_word(enum sender_kind kind)
{
	static const char *const words[SENDER_KIND_COUNT] = { "", "sender", "mailbox", "forwarder", "list", "gateway" };

	return kind < SENDER_KIND_COUNT ? words[kind] : "";
}

const struct published_key *published_key_of(const struct published *p, struct span domain, struct span selector)
{
	for (size_t i = 0; p->checked && i < p->keys_n; i++)
		if (span_is_nocase(p->keys[i].selector, selector) && span_is_nocase(p->keys[i].domain, domain))
			return &p->keys[i];
	return NULL;
}
