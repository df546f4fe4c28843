#include "parse/dkim/mailbox.h"

/* Walks over text so that quotes, comments, angle brackets and domain literals are not mistaken for structure. */
struct walk {
	bool quoted, escaped;
	unsigned comments;
	bool angle, literal;
};

/* True when `c` is plain text at the outermost level, where it may be a separator. */
static bool walk_step(struct walk *walk, char c)
{
	if (walk->escaped) {
		walk->escaped = false;
	} else if ((walk->quoted || walk->comments) && c == '\\') {
		walk->escaped = true;
	} else if (walk->quoted) {
		walk->quoted = c != '"';
	} else if (c == '(') {
		walk->comments++;
	} else if (walk->comments) {
		walk->comments -= c == ')';
	} else if (c == '"') {
		walk->quoted = true;
	} else if (c == '[' || c == ']') {
		walk->literal = c == '[';
	} else if (c == '<' || c == '>') {
		walk->angle = c == '<';
		return true;
	} else {
		return !walk->angle && !walk->literal;
	}
	return false;
}

/* Comments at either end of an address, one within another too, are not part of it. */
static struct span comments_trim(struct span text)
{
	struct walk walk = { 0 };
	size_t from = text.n, until = 0;

	for (size_t i = 0; i < text.n; i++) {
		bool comment = walk.comments;

		walk_step(&walk, text.p[i]);
		if (comment || walk.comments || memchr(" \t\r\n", text.p[i], 4))
			continue;
		from = until ? from : i;
		until = i + 1;
	}
	return until ? (struct span){ text.p + from, until - from } : (struct span){ text.p, 0 };
}

/* "@relay.example,@other.example:joe@example.org" (RFC 5322 4.4, obs-route) */
static struct span route_skip(struct span address)
{
	const char *colon = address.n && address.p[0] == '@' ? memchr(address.p, ':', address.n) : NULL;
	size_t skip = colon ? (size_t)(colon - address.p) + 1 : 0;

	return (struct span){ address.p + skip, address.n - skip };
}

static bool has_plain_at(struct span local)
{
	struct walk walk = { 0 };

	for (size_t i = 0; i < local.n; i++)
		if (walk_step(&walk, local.p[i]) && local.p[i] == '@')
			return true;
	return false;
}

static bool mailbox_read(struct span item, struct mailbox *mailbox)
{
	struct walk walk = { 0 };
	size_t open = item.n, close = item.n, opens = 0;
	struct span address;
	const char *at;

	item = span_trim(item);
	*mailbox = (struct mailbox){ .whole = item, .display = { item.p, 0 } };
	for (size_t i = 0; i < item.n; i++) {
		if (!walk_step(&walk, item.p[i]))
			continue;
		if (item.p[i] == '<') {
			open = i;
			opens++;
		}
		if (item.p[i] == '>')
			close = i;
	}
	address = comments_trim(item);
	if (open < item.n && close > open) {
		mailbox->display = span_trim((struct span){ item.p, open });
		address = comments_trim((struct span){ item.p + open + 1, close - open - 1 });
	}
	address = route_skip(address);
	at = address.n ? memrchr(address.p, '@', address.n) : NULL;
	if (at) {
		mailbox->local = span_trim((struct span){ address.p, (size_t)(at - address.p) });
		mailbox->domain = span_trim((struct span){ at + 1, address.n - (size_t)(at - address.p) - 1 });
	}
	mailbox->ambiguous = opens > 1 || has_plain_at(mailbox->local);
	return item.n > 0;
}

size_t mailbox_list(struct span value, struct mailbox *mailboxes, size_t max)
{
	struct walk walk = { 0 };
	size_t n = 0, start = 0;

	for (size_t i = 0; i <= value.n && n < max; i++) {
		bool outer = i == value.n || walk_step(&walk, value.p[i]);

		if (i < value.n && (!outer || !memchr(",;:", value.p[i], 3)))
			continue;
		/* What stands before a colon is the name of a group. */
		if ((i == value.n || value.p[i] != ':') && i > start)
			n += mailbox_read((struct span){ value.p + start, i - start }, &mailboxes[n]);
		start = i + 1;
	}
	return n;
}
