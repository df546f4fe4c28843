#include "parse/dns/zonefile.h"

#include "base/buf.h"
#include "parse/dns/orgdomain.h"

#include <stdlib.h>

#define DEFAULT_TTL 3600
#define TYPE_ANY 0 /* a row that answers for every type, or that only makes its name exist */

struct row {
	struct span owner; /* lower case, A-labels where possible, without trailing dot */
	enum dns_type type;
	enum dns_status status;
	enum dns_security security;
	uint32_t ttl;
	size_t order; /* as read */
	struct dns_data data;
};

struct zonefile {
	struct arena arena;
	struct row *rows; /* owned; sorted by the owner read from the right, then as read */
	size_t n, room;
};

/* Names compare from their last octet on: what lies below a name then follows it closely. */
static int compare_reversed(struct span a, struct span b)
{
	for (size_t i = 1; i <= a.n && i <= b.n; i++) {
		unsigned char x = (unsigned char)a.p[a.n - i], y = (unsigned char)b.p[b.n - i];

		if (x != y)
			return x < y ? -1 : 1;
	}
	return a.n < b.n ? -1 : a.n > b.n;
}

static int compare_rows(const void *left, const void *right)
{
	const struct row *a = left, *b = right;
	int order = compare_reversed(a->owner, b->owner);

	return order ? order : a->order < b->order ? -1 : a->order > b->order;
}

static struct span name_normal(struct arena *arena, struct span name)
{
	char text[DOMAINNAME_TEXT];
	size_t n = domain_alabels(name, text);

	return arena_copy(arena, n ? (struct span){ text, n } : domainname_bare(name));
}

static bool row_add(struct zonefile *zone, struct row row, struct fault *fault)
{
	if (zone->n == ZONEFILE_ROWS)
		return fault_set(fault, FAULT_SETUP, "more than %zu records", ZONEFILE_ROWS);
	if (zone->n == zone->room) {
		size_t room = zone->room ? zone->room * 2 : 64;
		struct row *rows = realloc(zone->rows, room * sizeof(*rows));

		if (!rows)
			return fault_set(fault, FAULT_LATER, "memory is short");
		zone->rows = rows;
		zone->room = room;
	}
	row.owner = name_normal(&zone->arena, row.owner);
	row.order = zone->n;
	zone->rows[zone->n++] = row;
	return !zone->arena.failed || fault_set(fault, FAULT_LATER, "memory is short");
}

static bool status_of(struct span word, enum dns_status *status)
{
	static const struct {
		const char *word;
		enum dns_status status;
	} words[] = {
		{ "NXDOMAIN", DNS_NXDOMAIN },
		{ "NODATA", DNS_NODATA },
		{ "SERVFAIL", DNS_SERVFAIL },
		{ "TEMPFAIL", DNS_SERVFAIL },
		{ "TIMEOUT", DNS_TIMEOUT },
		{ "BOGUS", DNS_BOGUS },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (span_is(word, span_of(words[i].word))) {
			*status = words[i].status;
			return true;
		}
	return false;
}

/* --- zone form: reading --- */

enum token_kind { TOKEN_WORD, TOKEN_STRING, TOKEN_LINE_END, TOKEN_END, TOKEN_BROKEN };

struct token {
	enum token_kind kind;
	struct span text; /* unescaped; in the reader's buffer until the next token */
	bool first; /* stands in the first column */
};

struct reader {
	struct span text;
	size_t at;
	unsigned long line, start; /* where it stands, and where the record began */
	bool in_parentheses;
	struct buf token, record, ends;
	struct zonefile *zone;
	struct span origin, owner;
	uint32_t ttl;
	struct fault *fault;
};

#define INCOMPLETE "a quote, parenthesis or escape is not complete"

static bool reader_fault(struct reader *r, const char *what)
{
	return fault_set(r->fault, FAULT_SETUP, "line %lu: %s", r->start, what);
}

/* One octet of a word or string, escapes undone (RFC 1035 5.1). */
static bool octet_next(struct reader *r, unsigned char *octet)
{
	const char *p = r->text.p + r->at;
	size_t left = r->text.n - r->at;
	unsigned value;

	*octet = (unsigned char)*p;
	r->at++;
	if (*octet != '\\')
		return true;
	if (left < 2 || p[1] == '\n')
		return false;
	*octet = (unsigned char)p[1];
	r->at++;
	if (*octet < '0' || *octet > '9')
		return true;
	if (left < 4 || p[2] < '0' || p[2] > '9' || p[3] < '0' || p[3] > '9')
		return false;
	value = (unsigned)(p[1] - '0') * 100 + (unsigned)(p[2] - '0') * 10 + (unsigned)(p[3] - '0');
	*octet = (unsigned char)value;
	r->at += 2;
	return value <= 255;
}

static struct token token_text(struct reader *r, bool quoted)
{
	struct token token = { .kind = quoted ? TOKEN_STRING : TOKEN_WORD };
	unsigned char octet;

	token.first = r->at == 0 || r->text.p[r->at - 1] == '\n';
	r->at += quoted;
	buf_clear(&r->token);
	while (r->at < r->text.n) {
		char c = r->text.p[r->at];

		if (quoted ? c == '"' || c == '\n' : memchr(" \t\r\n;\"()", c, 8) != NULL)
			break;
		if (!octet_next(r, &octet) || !buf_put_byte(&r->token, octet)) {
			token.kind = TOKEN_BROKEN;
			return token;
		}
	}
	if (quoted && (r->at == r->text.n || r->text.p[r->at] != '"'))
		token.kind = TOKEN_BROKEN;
	r->at += quoted && r->at < r->text.n;
	token.text = buf_span(&r->token);
	return token;
}

static struct token token_next(struct reader *r)
{
	while (r->at < r->text.n) {
		char c = r->text.p[r->at];

		if (c == ';') {
			const char *end = memchr(r->text.p + r->at, '\n', r->text.n - r->at);

			r->at = end ? (size_t)(end - r->text.p) : r->text.n;
		} else if (c == '\n') {
			r->at++;
			r->line++;
			if (!r->in_parentheses)
				return (struct token){ .kind = TOKEN_LINE_END };
		} else if (c == '(' || c == ')') {
			if (r->in_parentheses == (c == '('))
				return (struct token){ .kind = TOKEN_BROKEN };
			r->in_parentheses = c == '(';
			r->at++;
		} else if (c == ' ' || c == '\t' || c == '\r') {
			r->at++;
		} else {
			return token_text(r, c == '"');
		}
	}
	return (struct token){ .kind = r->in_parentheses ? TOKEN_BROKEN : TOKEN_END };
}

static bool token_is_text(const struct token *token)
{
	return token->kind == TOKEN_WORD || token->kind == TOKEN_STRING;
}

static struct span name_complete(struct reader *r, struct span name)
{
	struct arena *arena = &r->zone->arena;
	char *text;

	if (span_is(name, SPAN("@")))
		return r->origin;
	if (r->origin.n == 0 || (name.n && name.p[name.n - 1] == '.'))
		return arena_copy(arena, domainname_bare(name));
	text = arena_take(arena, name.n + 1 + r->origin.n);
	if (!text)
		return SPAN_ABSENT;
	memcpy(text, name.p, name.n);
	text[name.n] = '.';
	memcpy(text + name.n + 1, r->origin.p, r->origin.n);
	return (struct span){ text, name.n + 1 + r->origin.n };
}

/* `3600`, `1h30m` */
static bool ttl_of(struct span text, uint32_t *ttl)
{
	uint64_t sum = 0, number = 0;
	bool digit = false;

	for (size_t i = 0; i < text.n; i++) {
		static const char units[] = "smhdw";
		static const uint32_t seconds[] = { 1, 60, 3600, 86400, 604800 };
		char c = (char)(text.p[i] | 0x20);
		const char *unit;

		if (text.p[i] >= '0' && text.p[i] <= '9') {
			number = number * 10 + (uint64_t)(text.p[i] - '0');
			digit = true;
		} else {
			unit = digit ? strchr(units, c) : NULL;
			if (!unit || c == '\0')
				return false;
			sum += number * seconds[unit - units];
			number = 0;
			digit = false;
		}
		if (sum + number > INT32_MAX) /* RFC 2181 8 */
			return false;
	}
	*ttl = (uint32_t)(sum + number);
	return text.n != 0;
}

static bool skip_line(struct reader *r, struct token token)
{
	while (token_is_text(&token))
		token = token_next(r);
	return token.kind != TOKEN_BROKEN || reader_fault(r, INCOMPLETE);
}

static bool rdata_texts(struct reader *r, struct token token, struct row *row)
{
	struct arena *arena = &r->zone->arena;
	size_t *ends;

	buf_clear(&r->record);
	buf_clear(&r->ends);
	for (; token_is_text(&token); token = token_next(r)) {
		if (!buf_put_span(&r->record, token.text))
			return reader_fault(r, "a text of more than 65535 octets");
		buf_put(&r->ends, &r->record.n, sizeof(r->record.n));
	}
	row->data.text = arena_copy(arena, buf_span(&r->record));
	row->data.strings = r->ends.n / sizeof(*ends);
	ends = arena_take(arena, r->ends.n);
	if (!ends || r->ends.failed)
		return reader_fault(r, "memory is short");
	if (r->ends.n)
		memcpy(ends, r->ends.p, r->ends.n);
	row->data.string_end = ends;
	return skip_line(r, token);
}

static bool rdata_read(struct reader *r, struct token token, struct row *row)
{
	unsigned long long number;
	struct token after;

	switch (row->type) {
	case DNS_TYPE_TXT:
	case DNS_TYPE_SPF:
		return rdata_texts(r, token, row);
	case DNS_TYPE_A:
	case DNS_TYPE_AAAA:
		if (!token_is_text(&token) || !address_parse(token.text, &row->data.address) ||
			address_is_v4(&row->data.address) != (row->type == DNS_TYPE_A))
			return reader_fault(r, "not an address of the record's type");
		return skip_line(r, token);
	case DNS_TYPE_MX:
		if (!token_is_text(&token) || !span_number(token.text, UINT16_MAX, &number))
			return reader_fault(r, "MX needs a preference from 0 to 65535");
		row->data.preference = (uint16_t)number;
		token = token_next(r);
		break;
	case DNS_TYPE_CNAME:
	case DNS_TYPE_PTR:
	case DNS_TYPE_NS:
	case DNS_TYPE_SOA:
		break;
	default:
		return skip_line(r, token);
	}
	if (!token_is_text(&token))
		return reader_fault(r, "the record needs a name");
	row->data.name = name_normal(&r->zone->arena, name_complete(r, token.text));
	after = token_next(r);
	return skip_line(r, after);
}

/* `token` is the first word behind the owner. */
static bool record_read(struct reader *r, struct token token)
{
	struct row row = { .owner = r->owner, .ttl = r->ttl };

	for (; token.kind == TOKEN_WORD; token = token_next(r)) {
		if (span_is_nocase(token.text, SPAN("SECURE")))
			row.security = DNS_SECURE;
		else if (!span_is_nocase(token.text, SPAN("IN")) && !ttl_of(token.text, &row.ttl))
			break;
	}
	if (token.kind != TOKEN_WORD)
		return reader_fault(r, "a record needs a type");
	if (status_of(token.text, &row.status)) {
		row.type = TYPE_ANY;
		return skip_line(r, token_next(r)) && row_add(r->zone, row, r->fault);
	}
	if (!dns_type_of(token.text, &row.type))
		row.type = TYPE_ANY;
	token = token_next(r);
	if (!token_is_text(&token))
		return reader_fault(r, token.kind == TOKEN_BROKEN ? INCOMPLETE : "a record needs a type and a value");
	if (token.kind == TOKEN_WORD && status_of(token.text, &row.status))
		return skip_line(r, token_next(r)) && row_add(r->zone, row, r->fault);
	return rdata_read(r, token, &row) && row_add(r->zone, row, r->fault);
}

static bool directive_read(struct reader *r, struct token token)
{
	bool is_origin = span_is_nocase(token.text, SPAN("$ORIGIN"));

	if (!is_origin && !span_is_nocase(token.text, SPAN("$TTL")))
		return reader_fault(r, "only $ORIGIN and $TTL are known");
	token = token_next(r);
	if (!token_is_text(&token))
		return reader_fault(r, "$ORIGIN and $TTL need a value");
	if (is_origin)
		r->origin = name_complete(r, token.text);
	else if (!ttl_of(token.text, &r->ttl))
		return reader_fault(r, "$TTL is not a time");
	return skip_line(r, token_next(r));
}

static bool line_read(struct reader *r, struct token token)
{
	if (token.first && token.kind == TOKEN_WORD) {
		if (token.text.n && token.text.p[0] == '$')
			return directive_read(r, token);
		r->owner = name_complete(r, token.text);
		token = token_next(r);
	}
	if (!r->owner.p)
		return reader_fault(r, "the first record needs a name");
	return record_read(r, token);
}

static bool lines_read(struct reader *r)
{
	for (;;) {
		struct token token;

		r->start = r->line;
		token = token_next(r);
		if (token.kind == TOKEN_END)
			return true;
		if (token.kind == TOKEN_BROKEN)
			return reader_fault(r, INCOMPLETE);
		if (token.kind != TOKEN_LINE_END && !line_read(r, token))
			return false;
	}
}

static struct zonefile *zone_new(struct span text, struct fault *fault)
{
	struct zonefile *zone;

	if (text.n > ZONEFILE_OCTETS) {
		fault_set(fault, FAULT_SETUP, "more than %zu octets", ZONEFILE_OCTETS);
		return NULL;
	}
	zone = calloc(1, sizeof(*zone));
	if (zone)
		zone->arena = ARENA(8 * ZONEFILE_OCTETS);
	else
		fault_set(fault, FAULT_LATER, "memory is short");
	return zone;
}

static struct zonefile *zone_finish(struct zonefile *zone, bool read)
{
	if (!read) {
		zonefile_free(zone);
		return NULL;
	}
	if (zone->n)
		qsort(zone->rows, zone->n, sizeof(*zone->rows), compare_rows);
	return zone;
}

struct zonefile *zonefile_read(struct span text, struct fault *fault)
{
	struct reader r = {
		.text = text,
		.line = 1,
		.ttl = DEFAULT_TTL,
		.token = BUF(DNS_TEXT_MAX),
		.record = BUF(DNS_TEXT_MAX),
		.ends = BUF((DNS_TEXT_MAX + 1) * sizeof(size_t)),
		.zone = zone_new(text, fault),
		.fault = fault,
	};
	bool read = r.zone && lines_read(&r);

	buf_release(&r.token);
	buf_release(&r.record);
	buf_release(&r.ends);
	return zone_finish(r.zone, read);
}

/* --- keys form --- */

static bool key_line(struct zonefile *zone, struct span line, struct fault *fault)
{
	const char *blank = memchr(line.p, ' ', line.n);
	struct row row = { .type = DNS_TYPE_TXT, .ttl = DEFAULT_TTL };
	struct span value;
	size_t *ends;

	row.owner = (struct span){ line.p, blank ? (size_t)(blank - line.p) : line.n };
	value = blank ? (struct span){ blank + 1, line.n - row.owner.n - 1 } : SPAN("");
	if (status_of(value, &row.status)) {
		row.type = TYPE_ANY;
		return row_add(zone, row, fault);
	}
	if (value.n > DNS_TEXT_MAX)
		return fault_set(fault, FAULT_SETUP, "a text of more than 65535 octets");
	row.data.text = arena_copy(&zone->arena, value);
	row.data.strings = value.n ? (value.n + DNS_STRING_MAX - 1) / DNS_STRING_MAX : 1;
	ends = arena_take(&zone->arena, row.data.strings * sizeof(*ends));
	if (!ends)
		return fault_set(fault, FAULT_LATER, "memory is short");
	for (size_t i = 0; i < row.data.strings; i++)
		ends[i] = i + 1 < row.data.strings ? (i + 1) * DNS_STRING_MAX : value.n;
	row.data.string_end = ends;
	return row_add(zone, row, fault);
}

struct zonefile *zonefile_read_keys(struct span text, struct fault *fault)
{
	struct zonefile *zone = zone_new(text, fault);
	bool read = zone != NULL;

	while (read && text.n) {
		const char *end = memchr(text.p, '\n', text.n);
		struct span line = { text.p, end ? (size_t)(end - text.p) : text.n };

		text.p += line.n + (end != NULL);
		text.n -= line.n + (end != NULL);
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (line.n)
			read = key_line(zone, line, fault);
	}
	return zone_finish(zone, read);
}

void zonefile_free(struct zonefile *zone)
{
	if (!zone)
		return;
	arena_release(&zone->arena);
	free(zone->rows);
	free(zone);
}

/* --- answering --- */

/* The first row whose owner is not below `name` in the order of the table. */
static size_t row_lower_bound(const struct zonefile *zone, struct span name)
{
	size_t low = 0, high = zone->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_reversed(zone->rows[middle].owner, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool name_exists(const struct zonefile *zone, struct span name)
{
	char below[DOMAINNAME_TEXT];
	size_t i = row_lower_bound(zone, name);

	if (i < zone->n && span_is(zone->rows[i].owner, name))
		return true;
	below[0] = '.';
	memcpy(below + 1, name.p, name.n);
	i = row_lower_bound(zone, (struct span){ below, name.n + 1 });
	return i < zone->n && span_ends_nocase(zone->rows[i].owner, (struct span){ below, name.n + 1 });
}

/* RFC 4592: the wildcard right below the closest name that exists. False: the name does not exist. */
static bool wildcard_of(const struct zonefile *zone, struct span name, char text[DOMAINNAME_TEXT], struct span *owner)
{
	for (struct span top = domainname_parent(name); top.n; top = domainname_parent(top)) {
		if (!name_exists(zone, top))
			continue;
		*owner = (struct span){ text, top.n + 2 };
		if (owner->n > DOMAINNAME_MAX)
			return false;
		text[0] = '*';
		text[1] = '.';
		memcpy(text + 2, top.p, top.n);
		return name_exists(zone, *owner);
	}
	return false;
}

/* Gathers the rows of one owner into the answer. Returns the alias to follow, or absent. */
static struct span rows_answer(
	const struct zonefile *zone, struct span owner, struct arena *arena, struct dns_answer *answer)
{
	size_t first = row_lower_bound(zone, owner), last = first;
	struct span alias = SPAN_ABSENT;
	struct dns_data *data;

	while (last < zone->n && span_is(zone->rows[last].owner, owner))
		last++;
	answer->status = DNS_NODATA;
	answer->n = 0;
	data = arena_take(arena, (last - first) * sizeof(*data));
	if (!data) {
		answer->status = DNS_SERVFAIL;
		return alias;
	}
	answer->data = data;
	for (size_t i = first; i < last; i++) {
		const struct row *row = &zone->rows[i];

		if (row->status != DNS_OK && (row->type == TYPE_ANY || row->type == answer->type)) {
			answer->status = row->status;
			answer->n = 0;
			return SPAN_ABSENT;
		}
		if (row->type == DNS_TYPE_CNAME && answer->type != DNS_TYPE_CNAME && row->status == DNS_OK)
			alias = row->data.name;
		if (row->type != answer->type || answer->n == DNS_DATA_MAX)
			continue;
		answer->ttl = answer->n == 0 || row->ttl < answer->ttl ? row->ttl : answer->ttl;
		answer->security = row->security;
		answer->status = DNS_OK;
		data[answer->n++] = row->data;
	}
	return answer->n ? SPAN_ABSENT : alias;
}

void zonefile_ask(void *arg, struct span name, enum dns_type type, struct arena *arena, struct dns_answer *answer)
{
	const struct zonefile *zone = arg;
	char wildcard[DOMAINNAME_TEXT];
	struct span at;

	*answer = (struct dns_answer){ .name = name, .type = type, .status = DNS_SERVFAIL };
	at = name_normal(arena, name);
	for (; answer->aliases <= DNS_ALIASES; answer->aliases++) {
		struct span found = at;

		if (at.n == 0 || at.n > DOMAINNAME_MAX)
			break;
		answer->owner = at;
		if (!name_exists(zone, at) && !wildcard_of(zone, at, wildcard, &found)) {
			answer->status = DNS_NXDOMAIN;
			return;
		}
		at = rows_answer(zone, found, arena, answer);
		if (!at.p)
			return;
	}
	answer->status = DNS_SERVFAIL;
}

size_t zonefile_rows(const struct zonefile *zone)
{
	return zone->n;
}

struct dns_answer zonefile_row(const struct zonefile *zone, size_t i)
{
	const struct row *row = &zone->rows[i];

	return (struct dns_answer){
		.name = row->owner,
		.owner = row->owner,
		.type = row->type,
		.status = row->status,
		.security = row->security,
		.ttl = row->ttl,
		.data = &row->data,
		.n = row->status == DNS_OK && row->type != TYPE_ANY,
	};
}
