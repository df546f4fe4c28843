#include "parse/aggregate_private.h"
#include "base/shortage.h"
#include "parse/aggregate_record.h"
#include "parse/charset.h"
#include "parse/dns/orgdomain.h"
#include "parse/markup.h"
#include "parse/recover.h"

#include <inttypes.h>
#include <libxml/parser.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define CHUNK 32768
#define FRAMES 8          /* known elements nest no deeper; below an unknown one only depth is counted */
#define UNKNOWN_NAMES 32  /* different unknown elements recorded of one document */
#define LEVELS_MOST 64    /* what the ceiling `elements` can be set to */
#define MEMORIES 64       /* of names that were looked up: a power of two, more than a report has of them */
#define NAMES_KEPT 256    /* more than honest reports use: what is in libxml2's dictionary never leaves it */

struct frame {
	const struct element_row *row;      /* of this element; NULL for the document */
	const struct element_row *children; /* its first child's row */
	uint64_t seen;                      /* children met, a bit a row, for what must not repeat */
};

/* What a name was found to be below an element. libxml2 keeps each name once, so its address is enough to know it. */
struct remembered {
	const xmlChar *name;
	const struct element_row *children, *row;
	bool differs; /* from the row's name, in case */
};

struct aggregate {
	struct reading *r;
	xmlParserCtxtPtr context;
	xmlSAXHandler sax;
	const struct element_row *children[ELEMENT_TEXT + 1];
	struct frame frames[FRAMES];
	unsigned depth;      /* frames in use; frames[0] is the document */
	unsigned skipping;   /* levels inside an element that is not ours */
	struct remembered names[MEMORIES]; /* of the context's dictionary */
	const xmlChar *uri;  /* the last one that was asked for ... */
	bool uri_is_ours;    /* ... of this document */
	char root_uri[256];  /* the root's namespace counts as DMARC's, whatever it is */
	struct buf text;
	struct arena head;   /* strings of the report's head */
	struct report report;
	struct span numbers[NUMBERS]; /* begin and end live in `head` */
	struct span errors[64];
	struct record_builder record;
	char unknown[UNKNOWN_NAMES][48];
	unsigned unknown_n;
	bool recover;        /* the second pass */
	bool likely;         /* `<feedback` stands near the beginning */
	bool foreign;        /* the root is not <feedback> */
	bool rooted;         /* the root is, whatever became of it */
	bool left_out;       /* an element beside the records, in our namespace, is not known, or a record of any stands elsewhere */
	bool refused;        /* a rule was broken that no second pass mends */
	char reason_where[128], reason[256]; /* why the document cannot be used: recorded once its facts are taken back */
	struct markup markup; /* what was fed, seen as pieces */
	unsigned scopes[LEVELS_MOST + 2], scope; /* namespaces that an open element brought; all in force */
};

static enum document_end aggregate_broken(struct aggregate *a, const char *where, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static enum document_end aggregate_broken(struct aggregate *a, const char *where, const char *format, ...)
{
	va_list args;

	if (a->reason[0])
		return DOCUMENT_BROKEN;
	snprintf(a->reason_where, sizeof a->reason_where, "%s", where);
	va_start(args, format);
	vsnprintf(a->reason, sizeof a->reason, format, args);
	va_end(args);
	return DOCUMENT_BROKEN;
}

static void aggregate_refuse(struct aggregate *a, const char *where, const char *rule)
{
	aggregate_broken(a, where, "%s", rule);
	a->refused = true;
	xmlStopParser(a->context);
}

static bool aggregate_stopped(const struct aggregate *a)
{
	return a->foreign || a->refused || a->r->full;
}

/* `record 3/row/count`, for problems; the document's own place stands before it. */
static const char *aggregate_where(const struct aggregate *a, struct span last, char *text, size_t room)
{
	size_t n = 0;

	text[0] = '\0';
	for (unsigned i = 2; i < a->depth; i++) {
		const char *name = a->frames[i].row->name;

		if (a->frames[i].row->element == ELEMENT_RECORD)
			n += (size_t)snprintf(text + n, room - n, "record %llu/", (unsigned long long)a->report.records + 1);
		else
			n += (size_t)snprintf(text + n, room - n, "%s/", name);
		if (n >= room)
			return text;
	}
	snprintf(text + n, room - n, "%.*s", (int)(last.n < 64 ? last.n : 64), last.p);
	return text;
}

/* An element that the table does not know, its content passed over, or knows in other letters: recorded once per name. */
static void aggregate_say_name(struct aggregate *a, struct span name, const char *read_as)
{
	char where[128];

	for (unsigned i = 0; i < a->unknown_n; i++)
		if (span_is(span_of(a->unknown[i]), (struct span){ name.p, name.n < 47 ? name.n : 47 }))
			return;
	if (a->unknown_n == UNKNOWN_NAMES)
		return;
	snprintf(a->unknown[a->unknown_n++], sizeof a->unknown[0], "%.*s", (int)(name.n < 47 ? name.n : 47), name.p);
	aggregate_where(a, name, where, sizeof where);
	if (read_as)
		reading_problem(a->r, where, "read as %s", read_as);
	else
		reading_problem(a->r, where, "unknown element, left out");
}

static bool namespace_is_ours(struct aggregate *a, const xmlChar *uri)
{
	struct span text = span_of((const char *)uri);

	if (!uri || uri == a->uri)
		return !uri || a->uri_is_ours;
	a->uri = uri;
	a->uri_is_ours = text.n == 0 || namespace_is_dmarc(text) || span_is(text, span_of(a->root_uri));
	return a->uri_is_ours;
}

static const struct remembered *child_find(struct aggregate *a, const struct element_row *children, const xmlChar *name)
{
	size_t place = ((uintptr_t)name >> 3 ^ (uintptr_t)children >> 5) % MEMORIES;
	struct remembered *known = &a->names[place];

	if (known->name != name || known->children != children) {
		const struct element_row *row = element_find(children, span_of((const char *)name));

		*known = (struct remembered){ name, children, row, row && strcmp(row->name, (const char *)name) != 0 };
	}
	return known;
}

static void root_begin(struct aggregate *a, struct span name, struct span uri)
{
	if (!span_is_nocase(name, SPAN("feedback"))) {
		a->foreign = true;
		xmlStopParser(a->context);
		return;
	}
	a->rooted = true;
	snprintf(a->root_uri, sizeof a->root_uri, "%.*s", (int)(uri.n < 255 ? uri.n : 255), uri.p ? uri.p : "");
	a->report.namespace = uri.n ? arena_copy(&a->head, uri) : SPAN_ABSENT;
}

static void group_begin(struct aggregate *a, const struct element_row *row)
{
	switch (row->element) {
	case ELEMENT_RECORD:
		record_begin(&a->record);
		break;
	case ELEMENT_REASON:
		if (!record_add_reason(&a->record, a->r->limits->results))
			aggregate_refuse(a, "record", "more reasons than the ceiling `results` allows");
		break;
	case ELEMENT_DKIM:
	case ELEMENT_SPF:
		if (!record_add_result(&a->record, row->element == ELEMENT_SPF, a->r->limits->results))
			aggregate_refuse(a, "record", "more results than the ceiling `results` allows");
		break;
	default:
		break;
	}
}

/* True when the element is to be passed over: it stands here for a second time and the first one counts (QUIRKS S8). */
static bool frame_repeats(struct aggregate *a, struct frame *frame, const struct element_row *row)
{
	uint64_t bit = UINT64_C(1) << (row - frame->children);
	char where[128];

	if (row->repeats || !(frame->seen & bit)) {
		frame->seen |= bit;
		return false;
	}
	reading_problem(a->r, aggregate_where(a, span_of(row->name), where, sizeof where), "stands twice, the first one counts");
	return true;
}

static void element_begin(struct aggregate *a, const xmlChar *name, const xmlChar *uri)
{
	struct frame *frame = &a->frames[a->depth - 1];
	const struct remembered *known;
	const struct element_row *row;
	char where[128];

	known = namespace_is_ours(a, uri) ? child_find(a, frame->children, name) : NULL;
	row = known ? known->row : NULL;
	if (!row || row->element == ELEMENT_EXTENSION || frame_repeats(a, frame, row)) {
		a->skipping = 1;
		a->left_out |= !row && ((known && a->depth == 2) || xmlStrcasecmp(name, BAD_CAST "record") == 0);
		if (!row && known)
			aggregate_say_name(a, span_of((const char *)name), NULL);
		return;
	}
	if (known->differs)
		aggregate_say_name(a, span_of((const char *)name), row->name);
	if (row->alias)
		reading_problem(a->r, aggregate_where(a, span_of((const char *)name), where, sizeof where), "read as %s", row->alias);
	a->frames[a->depth++] = (struct frame){ row, a->children[row->element], 0 };
	buf_clear(&a->text);
	if (row->element != ELEMENT_TEXT)
		group_begin(a, row);
}

/* Every name without a prefix is looked up among all namespaces in force: their number is a factor of the time. */
static bool scope_enter(struct aggregate *a, int namespaces_n)
{
	unsigned level = a->depth + a->skipping;

	a->scopes[level < LEVELS_MOST + 1 ? level : LEVELS_MOST + 1] = (unsigned)namespaces_n;
	a->scope += (unsigned)namespaces_n;
	return a->scope <= a->r->limits->attributes;
}

static void scope_leave(struct aggregate *a)
{
	a->scope -= a->scopes[a->depth + a->skipping - 1];
}

static void on_start(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int namespaces_n,
	const xmlChar **namespaces, int attributes_n, int defaulted_n, const xmlChar **attributes)
{
	struct aggregate *a = context;

	(void)prefix, (void)namespaces, (void)defaulted_n, (void)attributes;
	if (!aggregate_stopped(a) && a->depth == 1 && !a->skipping)
		root_begin(a, span_of((const char *)name), span_of((const char *)uri));
	if (aggregate_stopped(a))
		return;
	if ((uint64_t)attributes_n + (uint64_t)namespaces_n > a->r->limits->attributes)
		aggregate_refuse(a, (const char *)name, "more attributes than the ceiling `attributes` allows");
	else if (a->depth + a->skipping > a->r->limits->elements)
		aggregate_refuse(a, (const char *)name, "nested deeper than the ceiling `elements` allows");
	else if (!scope_enter(a, namespaces_n))
		aggregate_refuse(a, (const char *)name, "more namespaces in force than the ceiling `attributes` allows");
	else if (a->skipping)
		a->skipping++;
	else
		element_begin(a, name, uri);
}

static struct span fold_value(char *p, size_t n, enum fold fold)
{
	struct span value = span_trim((struct span){ p, n });

	if (fold == FOLD_WORD || fold == FOLD_DOMAIN)
		for (char *c = p; c < p + n; c++)
			*c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 'a' - 'A') : *c;
	if (fold == FOLD_DOMAIN && value.n > 1 && value.p[value.n - 1] == '.')
		value.n--;
	return value;
}

/* Of a domain that came as an address, or with brackets or quotes around it, the domain. */
static struct span domain_alone(struct aggregate *a, const struct element_row *row, struct span value)
{
	struct span domain = domainname_undress(value);
	char where[128];

	if (domain.n == value.n)
		return value;
	reading_problem(a->r, aggregate_where(a, span_of(row->name), where, sizeof where),
		memchr(value.p, '@', value.n) ? "is an address; read as its domain `%.*s`" : "is more than a domain; read as `%.*s`",
		(int)(domain.n < 100 ? domain.n : 100), domain.p);
	return domain;
}

/* Reports use A-labels (RFC 8616 6): in U-labels a domain would be another one to all that asks by name. */
static struct span domain_alabelled(struct aggregate *a, const struct element_row *row, struct span value,
	char text[DOMAINNAME_TEXT])
{
	char where[128];
	size_t n = domainname_is_ascii(value) ? 0 : domain_alabels(value, text);

	if (n == 0)
		return value;
	reading_problem(a->r, aggregate_where(a, span_of(row->name), where, sizeof where), "is not in A-labels; read as `%s`", text);
	return (struct span){ text, n };
}

static void value_error(struct aggregate *a, struct span value)
{
	if (value.n && a->report.errors_n < sizeof a->errors / sizeof *a->errors)
		a->errors[a->report.errors_n++] = arena_copy(&a->head, value);
}

/* Stores a text element's value. Empty is absent, but for the null reverse-path. */
static void value_store(struct aggregate *a, const struct element_row *row, struct span value)
{
	bool in_record = row->holder == HOLDER_RECORD || row->holder == HOLDER_REASON || row->holder == HOLDER_RESULT;
	struct arena *arena = in_record ? &a->record.arena : &a->head;
	struct span *target = NULL;
	char alabels[DOMAINNAME_TEXT];

	if (row->fold == FOLD_DOMAIN && !row->mailbox)
		value = domain_alabelled(a, row, domain_alone(a, row, value), alabels);
	switch (row->holder) {
	case HOLDER_REPORT:
		target = (struct span *)((char *)&a->report + row->offset);
		break;
	case HOLDER_RECORD:
		target = (struct span *)((char *)&a->record.record + row->offset);
		break;
	case HOLDER_REASON:
		target = (struct span *)((char *)record_last_reason(&a->record) + row->offset);
		break;
	case HOLDER_RESULT:
		target = (struct span *)((char *)record_last_result(&a->record) + row->offset);
		break;
	case HOLDER_NUMBER:
		target = row->offset == NUMBER_COUNT ? &a->record.count : &a->numbers[row->offset];
		arena = row->offset == NUMBER_COUNT ? &a->record.arena : &a->head;
		break;
	case HOLDER_ERRORS:
		value_error(a, value);
		return;
	case HOLDER_NONE:
		return;
	}
	if (value.n || target == &a->record.record.envelope_from)
		*target = arena_copy(arena, value);
	if (arena->failed)
		aggregate_refuse(a, row->name, "more text than one record or head may hold");
}

/* A reason given as bare text (`<reason>sampled_out</reason>`, QUIRKS V6) is its type. */
static void reason_end(struct aggregate *a)
{
	struct override_reason *reason = record_last_reason(&a->record);
	struct span text = a->text.n ? fold_value(a->text.p, a->text.n, FOLD_WORD) : SPAN_ABSENT;

	if (!reason->type.p && !reason->comment.p && text.n)
		reason->type = arena_copy(&a->record.arena, text);
}

static void record_finish(struct aggregate *a)
{
	uint64_t number = a->report.records + 1;
	char where[64];

	if (++a->r->sums.records > a->r->limits->records) {
		snprintf(where, sizeof where, "record %" PRIu64, number);
		aggregate_refuse(a, where, "more records than the ceiling `records` allows");
		return;
	}
	a->report.uncounted += !record_end(&a->record, a->r, number);
	a->report.records = number;
	if (__builtin_add_overflow(a->report.messages, a->record.record.count, &a->report.messages))
		a->report.messages = UINT64_MAX;
	record_digest(&a->record.record, a->r->parser->digest);
	reading_put(a->r, feedback_put_record(a->r->feedback, &a->record.record));
}

/* What said nothing does not count as the first of two: empty is absent (QUIRKS S3, S8). */
static void frame_forget(struct frame *parent, const struct frame *child, struct span text)
{
	bool empty = child->row->element == ELEMENT_TEXT ? span_trim(text).n == 0 : child->seen == 0;

	if (empty && parent->row)
		parent->seen &= ~(UINT64_C(1) << (child->row - parent->children));
}

static void on_end(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct aggregate *a = context;
	const struct element_row *row;

	(void)name, (void)prefix, (void)uri;
	if (aggregate_stopped(a))
		return;
	scope_leave(a);
	if (a->skipping) {
		a->skipping--;
		return;
	}
	row = a->frames[--a->depth].row;
	frame_forget(&a->frames[a->depth - 1], &a->frames[a->depth], buf_span(&a->text));
	if (row->element == ELEMENT_TEXT)
		value_store(a, row, fold_value(a->text.p ? a->text.p : (char[1]){ 0 }, a->text.n, row->fold));
	else if (row->element == ELEMENT_REASON)
		reason_end(a);
	else if (row->element == ELEMENT_DKIM || row->element == ELEMENT_SPF)
		record_close_result(&a->record);
	else if (row->element == ELEMENT_RECORD)
		record_finish(a);
	buf_clear(&a->text);
}

/* Called in as many pieces as libxml2 likes: always append (QUIRKS X11). */
static void on_text(void *context, const xmlChar *text, int n)
{
	struct aggregate *a = context;
	const struct element_row *row;

	if (aggregate_stopped(a) || a->skipping || a->depth < 2)
		return;
	row = a->frames[a->depth - 1].row;
	if (row->element != ELEMENT_TEXT && row->element != ELEMENT_REASON)
		return;
	if (!buf_put(&a->text, text, (size_t)n))
		aggregate_refuse(a, row->name, "value is longer than the ceiling `text` allows");
}

/* HTML bodies have one too: only what looks like a report is refused for it, the rest is simply something else. */
static void on_doctype(void *context, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
	struct aggregate *a = context;

	(void)name, (void)external, (void)system;
	if (a->likely) {
		aggregate_refuse(a, "", "DOCTYPE is refused");
	} else {
		a->foreign = true;
		xmlStopParser(a->context);
	}
}

static void on_error(void *context, xmlErrorPtr error)
{
	(void)context, (void)error; /* the context keeps its last error; libxml2's own way would print it */
}

static void context_free(struct aggregate *a)
{
	if (a->context && a->context->myDoc)
		xmlFreeDoc(a->context->myDoc);
	xmlFreeParserCtxt(a->context);
	a->context = NULL;
}

/* A new one for the first document, and behind one that filled the dictionary with names of its own: when that is full
 * every later document would fail. */
static bool context_renew(struct aggregate *a)
{
	if (a->context && xmlDictSize(a->context->dict) <= NAMES_KEPT)
		return true;
	context_free(a);
	memset(a->names, 0, sizeof a->names);
	a->context = xmlCreatePushParserCtxt(&a->sax, a, NULL, 0, NULL);
	return a->context != NULL;
}

struct aggregate *aggregate_new(void)
{
	struct aggregate *a = shortage_noted(calloc(1, sizeof *a));

	if (!a)
		return NULL;
	a->sax = (xmlSAXHandler){ .initialized = XML_SAX2_MAGIC,
		.startElementNs = on_start,
		.endElementNs = on_end,
		.characters = on_text,
		.cdataBlock = on_text,
		.internalSubset = on_doctype,
		.serror = on_error };
	if (!context_renew(a)) {
		free(a);
		return NULL;
	}
	for (int i = 0; i < ELEMENT_TEXT; i++)
		a->children[i] = element_children((enum element)i);
	return a;
}

void aggregate_free(struct aggregate *a)
{
	if (!a)
		return;
	context_free(a);
	record_release(&a->record);
	arena_release(&a->head);
	buf_release(&a->text);
	free(a);
}

static void aggregate_reset(struct aggregate *a, struct reading *r)
{
	a->r = r;
	a->depth = 1;
	a->frames[0] = (struct frame){ NULL, a->children[ELEMENT_DOCUMENT], 0 };
	a->skipping = a->unknown_n = 0;
	a->foreign = a->rooted = a->refused = a->left_out = false;
	a->reason[0] = '\0';
	a->scope = 0;
	a->uri = NULL;
	a->text.max = r->limits->text;
	buf_clear(&a->text);
	a->head.max = 8 * r->limits->text;
	arena_clear(&a->head);
	a->report = (struct report){ .begin = MOMENT_NONE, .end = MOMENT_NONE, .errors = a->errors };
	memset(a->numbers, 0, sizeof a->numbers);
	record_reset(&a->record, 8 * r->limits->text);
	digest_reset(r->parser->digest);
}

/* Asked before the octets are fed, so that libxml2 never holds a piece that is too long. What seems one in the strict pass
 * may be markup that never ends: the second pass reads it as text and decides. */
static bool chunk_is_sane(struct aggregate *a, struct span chunk)
{
	markup_add(&a->markup, chunk);
	if (a->markup.longest > a->r->limits->text && !a->recover && a->markup.width == MARKUP_NARROW)
		a->context->wellFormed = 0;
	else if (a->markup.longest > a->r->limits->text)
		aggregate_refuse(a, a->depth > 1 ? a->frames[a->depth - 1].row->name : "",
			"a tag, comment or run of text is longer than the ceiling `text` allows");
	else if (a->markup.width == MARKUP_UNREADABLE)
		aggregate_refuse(a, "", "XML in an encoding that is not read");
	else if ((uint64_t)xmlDictSize(a->context->dict) > a->r->limits->names)
		aggregate_refuse(a, "", "more different names than the ceiling `names` allows");
	return !a->refused && a->context->wellFormed;
}

/* How much of the front is white space or a UTF-8 BOM: both stand before many prologs (QUIRKS X3, X4). */
static size_t front_skip(struct span front, bool *bom_seen)
{
	size_t at = 0;

	for (;;) {
		if (at < front.n && front.p[at] && strchr(" \t\r\n", front.p[at])) {
			at++;
		} else if (!*bom_seen && front.n - at >= 3 && memcmp(front.p + at, "\xef\xbb\xbf", 3) == 0) {
			*bom_seen = true;
			at += 3;
		} else {
			return at;
		}
	}
}

/* The first chunk that holds something; *start is where it begins. */
static ssize_t read_first(struct aggregate *a, struct stream *s, char *chunk, size_t *start)
{
	bool bom_seen = false, blank_seen = false;

	for (;;) {
		ssize_t got = s->read(s, chunk, CHUNK);

		if (got <= 0)
			return got;
		*start = front_skip((struct span){ chunk, (size_t)got }, &bom_seen);
		blank_seen |= *start > (bom_seen ? 3 : 0);
		if (*start == (size_t)got)
			continue;
		if (blank_seen && span_starts_nocase((struct span){ chunk + *start, (size_t)got - *start }, SPAN("<?xml")))
			reading_problem(a->r, "", "white space before the XML declaration was left out");
		return got;
	}
}

/* Zero octets in front that are padding (QUIRKS X9), and not the first character in UTF-32. */
static bool front_is_padded(struct span front)
{
	return front.n >= 7 && memcmp(front.p, "\0\0", 2) == 0 && memcmp(front.p, "\0\0\xfe\xff", 4) != 0 &&
	       memcmp(front.p, "\0\0\0<\0\0\0", 7) != 0;
}

/* Feeds the stream to libxml2. Returns the stream's fault, NULL when it came to its end or the parser stopped. The first
 * four octets go in by the reset, where libxml2 recognises UTF-16. */
static const char *aggregate_feed(struct aggregate *a, struct stream *s)
{
	char chunk[CHUNK];
	size_t start = 0;
	ssize_t got = read_first(a, s, chunk, &start);
	struct span piece = { chunk + start, got > 0 ? (size_t)got - start : 0 };
	bool padded = front_is_padded(piece);
	int head = piece.n < 4 || padded ? 0 : 4;

	markup_begin(&a->markup, piece);
	xmlCtxtResetPush(a->context, piece.p, head, NULL, NULL);
	xmlCtxtUseOptions(a->context, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	if (padded || (span_starts_nocase(piece, SPAN("<?xml")) && !charset_declared(piece))) {
		a->context->wellFormed = 0; /* the second pass reads it as UTF-8, and says so */
		return NULL;
	}
	while (got > 0 && !aggregate_stopped(a) && chunk_is_sane(a, piece)) {
		xmlParseChunk(a->context, piece.p + head, (int)piece.n - head, 0);
		if (!a->context->wellFormed)
			return NULL;
		head = 0;
		got = s->read(s, chunk, sizeof chunk);
		piece = (struct span){ chunk, got > 0 ? (size_t)got : 0 };
	}
	if (got < 0)
		return s->fault;
	if (!aggregate_stopped(a) && a->context->wellFormed)
		xmlParseChunk(a->context, chunk, 0, 1);
	return NULL;
}

static enum document_end aggregate_malformed(struct aggregate *a, bool recover)
{
	xmlErrorPtr error = xmlCtxtGetLastError(a->context);
	const char *text = error && error->message ? error->message : "unknown error";

	if (!recover) /* the root may stand further in than its beginning was looked at */
		return a->likely || a->frames[0].seen ? DOCUMENT_AGAIN : DOCUMENT_FOREIGN;
	return aggregate_broken(a, "", "not well-formed XML, and not to be mended: line %d: %.*s", error ? error->line : 0,
		(int)strcspn(text, "\n"), text);
}

/* Everything was read; may it stand as a report? */
static enum document_end aggregate_close(struct aggregate *a)
{
	const char *reason = report_check(&a->report, a->numbers, a->r);

	if (!reason && !a->report.records && a->left_out)
		reason = "no record, and elements that are not known where records stand: cannot be told whether there was mail";
	if (reason)
		return aggregate_broken(a, "", "%s", reason);
	report_digest(&a->report, a->r->parser->digest);
	reading_put(a->r, feedback_put_report(a->r->feedback, &a->report));
	a->r->sums.reports++;
	return DOCUMENT_REPORT;
}

static void aggregate_say_mended(struct aggregate *a, unsigned mended)
{
	for (unsigned i = 0; i < MENDED_BITS; i++)
		if (mended & 1u << i)
			reading_problem(a->r, "", "not well-formed XML: %s", mended_sentence(1u << i));
	if (!mended)
		reading_problem(a->r, "", "not well-formed XML: attributes, comments or unknown elements were left out");
}

static enum document_end aggregate_judge(struct aggregate *a, const char *fault, bool recover, unsigned mended)
{
	if (a->r->full)
		return DOCUMENT_BROKEN;
	if (a->foreign && a->likely && !recover) /* something is wrapped around it: left out by the second reading */
		return DOCUMENT_AGAIN;
	if (a->foreign || (a->refused && !a->likely && !a->rooted))
		return DOCUMENT_FOREIGN;
	if (a->refused)
		return DOCUMENT_BROKEN;
	if (fault)
		return aggregate_broken(a, "", "%s", fault);
	if (!a->context->wellFormed || a->depth > 1)
		return aggregate_malformed(a, recover);
	a->report.recovered = mended & ~(unsigned)MENDED_LETTERS;
	if (recover)
		aggregate_say_mended(a, mended);
	return aggregate_close(a);
}

enum document_end aggregate_read(struct aggregate *a, struct reading *r, struct stream *s, bool likely, bool recover)
{
	struct feedback_mark mark = feedback_mark(r->feedback);
	struct recovering *mending = recover ? recovering_new(s) : NULL;
	struct reading_sums sums = r->sums;
	enum document_end end;
	const char *fault;

	if ((recover && !mending) || !context_renew(a)) {
		recovering_free(mending);
		r->full = true;
		return DOCUMENT_BROKEN;
	}
	aggregate_reset(a, r);
	a->likely = likely;
	a->recover = recover;
	reading_put(r, feedback_put_report_open(r->feedback));
	fault = aggregate_feed(a, mending ? recovering_stream(mending) : s);
	end = aggregate_judge(a, fault, recover, mending ? recovering_mended(mending) : 0);
	recovering_free(mending);
	if (end != DOCUMENT_REPORT) {
		reading_put(r, feedback_rewind(r->feedback, &mark));
		r->sums = sums;
	}
	if (end == DOCUMENT_BROKEN)
		reading_broken(r, a->reason_where, "%s", a->reason);
	return end;
}
