/* Guesses about MIME fields and the date: parameters, transfer encoding, time zone. */
#include "base/moment.h"
#include "parse/dkim/mimeparts.h"
#include "parse/dkim/search.h"

#include <stdio.h>
#include <stdlib.h>

#define PARAMETERS_MAX 12

struct parameter {
	struct span whole;       /* from behind the ";" */
	struct span name, value; /* value with its quotes */
};

struct parameters {
	struct header_search *h;
	size_t slot;
	const struct header_field *field;
	struct span type; /* "text/plain" */
	struct parameter list[PARAMETERS_MAX];
	size_t n;
};

static bool is_quoted(struct span text)
{
	return text.n >= 2 && text.p[0] == '"' && text.p[text.n - 1] == '"';
}

/* Semicolons inside quotes are not separators. */
static void parameters_read(struct parameters *p)
{
	struct span value = p->field->value;
	size_t start = 0;
	bool quoted = false, type = true;

	for (size_t i = 0; i <= value.n; i++) {
		struct span item = { value.p + start, i - start };
		const char *equal;

		if (i < value.n && value.p[i] == '"')
			quoted = !quoted;
		if (i < value.n && (quoted || value.p[i] != ';'))
			continue;
		start = i + 1;
		equal = item.n ? memchr(item.p, '=', item.n) : NULL;
		if (type)
			p->type = fws_trim(item);
		else if (equal && p->n < PARAMETERS_MAX)
			p->list[p->n++] = (struct parameter){ fws_trim(item),
				fws_trim((struct span){ item.p, (size_t)(equal - item.p) }),
				fws_trim((struct span){ equal + 1, item.n - (size_t)(equal - item.p) - 1 }) };
		type = false;
	}
}

static struct span cased(struct arena *arena, struct span text, bool upper)
{
	char *out = arena_take(arena, text.n + 1);

	for (size_t i = 0; out && i < text.n; i++) {
		bool letter = upper ? text.p[i] >= 'a' && text.p[i] <= 'z' : text.p[i] >= 'A' && text.p[i] <= 'Z';

		out[i] = letter ? (char)(text.p[i] ^ 0x20) : text.p[i];
	}
	return out ? (struct span){ out, text.n } : SPAN_ABSENT;
}

static struct span quotes_toggled(struct arena *arena, struct span value)
{
	if (is_quoted(value))
		return (struct span){ value.p + 1, value.n - 2 };
	return TEXT_JOIN(arena, SPAN("\""), value, SPAN("\""));
}

static struct piece piece_at(const struct parameters *p, struct span old, struct span text)
{
	return (struct piece){ (size_t)(old.p - p->field->raw.p), old.n, text };
}

static void pieces_add(struct parameters *p, unsigned rank, enum dkim_edit edit, const struct piece *pieces, size_t n,
	struct span found)
{
	edit_value(p->h, p->slot, rank, edit, text_splice(p->h->search->arena, p->field->raw, pieces, n), found,
		SPAN_ABSENT, 0);
}

static void one_add(struct parameters *p, unsigned rank, enum dkim_edit edit, struct span old, struct span text)
{
	struct piece piece = piece_at(p, old, text);

	pieces_add(p, rank, edit, &piece, 1, old);
}

/* Charset names that mail programs put for one another. */
static void charsets_add(struct parameters *p, const struct parameter *parameter)
{
	static const char *const names[] = { "utf-8", "UTF-8", "us-ascii", "US-ASCII", "iso-8859-1", "ISO-8859-1",
		"windows-1252", "Windows-1252" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct span name = span_of(names[i]), value = parameter->value;
		bool same = span_is_nocase(value, name) ||
			(value.n > 1 && span_is_nocase((struct span){ value.p + 1, value.n - 2 }, name));

		one_add(p, 1, same ? DKIM_EDIT_PARAMETER_CASE : DKIM_EDIT_CHARSET, value, name);
		one_add(p, 1, same ? DKIM_EDIT_PARAMETER_QUOTES : DKIM_EDIT_CHARSET, value,
			TEXT_JOIN(p->h->search->arena, SPAN("\""), name, SPAN("\"")));
	}
}

static void parameter_add(struct parameters *p, const struct parameter *parameter)
{
	struct arena *arena = p->h->search->arena;
	struct span value = parameter->value, toggled = quotes_toggled(arena, value);

	one_add(p, 0, DKIM_EDIT_PARAMETER_QUOTES, value, toggled);
	for (int upper = 0; upper < 2; upper++) {
		one_add(p, 0, DKIM_EDIT_PARAMETER_CASE, value, cased(arena, value, upper));
		one_add(p, 1, DKIM_EDIT_PARAMETER_CASE, value, cased(arena, toggled, upper));
		one_add(p, 1, DKIM_EDIT_PARAMETER_CASE, parameter->name, cased(arena, parameter->name, upper));
	}
	if (span_is_nocase(parameter->name, SPAN("charset")))
		charsets_add(p, parameter);
}

/* The field written anew: all parameters quoted, none, or as they are; every usual separator; one of them left out. */
static void rewritten_add(struct parameters *p, size_t without, unsigned quotes, const char *separator)
{
	struct arena *arena = p->h->search->arena;
	struct span parts[4 * PARAMETERS_MAX + 1];
	size_t n = 0;

	parts[n++] = p->type;
	for (size_t i = 0; i < p->n; i++) {
		struct span value = p->list[i].value;

		if (i == without)
			continue;
		if (quotes && is_quoted(value) != (quotes == 1))
			value = quotes_toggled(arena, value);
		parts[n++] = span_of(separator);
		parts[n++] = p->list[i].name;
		parts[n++] = SPAN("=");
		parts[n++] = value;
	}
	edit_value(p->h, p->slot, without < p->n ? 1 : 2,
		without < p->n ? DKIM_EDIT_HEADER_REPLACED : DKIM_EDIT_PARAMETER_QUOTES,
		field_with(p->h, p->field, text_join(arena, parts, n)), SPAN_ABSENT, SPAN_ABSENT, 0);
}

/* A list or filter that wrapped the message moved its fields into the first part. */
static void wrapped_add(struct header_search *h, size_t slot, const char *name)
{
	struct mime_parts parts;

	mimeparts_find(&h->search->dkim->header, h->search->body, &parts);
	for (size_t i = 0; i < parts.n && i < 4; i++) {
		struct span value = mimeparts_field(h->search->body, &parts.part[i], name);

		if (value.n)
			edit_value(h, slot, 0, DKIM_EDIT_WRAPPED, field_with(h, slot_field(h, slot), value),
				SPAN_ABSENT, value, 0);
	}
}

void edits_parameters(struct header_search *h, size_t slot)
{
	static const char *const separators[] = { "; ", ";", ";\r\n ", ";\r\n\t", ";\r\n  ", ";\r\n        " };
	struct parameters p = { .h = h, .slot = slot, .field = slot_field(h, slot) };

	parameters_read(&p);
	for (size_t i = 0; i < p.n; i++)
		parameter_add(&p, &p.list[i]);
	wrapped_add(h, slot, "content-type");
	one_add(&p, 1, DKIM_EDIT_PARAMETER_CASE, p.type, cased(h->search->arena, p.type, false));
	one_add(&p, 1, DKIM_EDIT_PARAMETER_CASE, p.type, cased(h->search->arena, p.type, true));
	for (size_t s = 0; s < sizeof separators / sizeof separators[0]; s++)
		for (unsigned quotes = 0; quotes < 3; quotes++)
			rewritten_add(&p, p.n, quotes, separators[s]);
	for (size_t i = 0; i < p.n; i++)
		rewritten_add(&p, i, 0, separators[0]);
}

void edits_encoding(struct header_search *h, size_t slot)
{
	static const char *const names[] = { "7bit", "8bit", "quoted-printable", "base64", "binary", "7BIT", "8BIT",
		"Quoted-Printable", "QUOTED-PRINTABLE", "BASE64", "Base64", "7Bit", "8Bit" };
	const struct header_field *field = slot_field(h, slot);

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		edit_value(h, slot, i < 4 ? 0 : 1, DKIM_EDIT_CTE_CHANGED, field_with(h, field, span_of(names[i])),
			fws_trim(field->value), span_of(names[i]), 0);
	wrapped_add(h, slot, "content-transfer-encoding");
}

/* ---- the date ---- */

struct date_form {
	bool weekday, pad, seconds;
};

static void date_add(struct header_search *h, size_t slot, int64_t moment, int minutes, const char *zone,
	const struct date_form *form)
{
	int64_t local = moment + (int64_t)minutes * 60, day = moment_day(local), clock = local - day * DAY_SECONDS;
	char text[96], hours[24];
	unsigned month, of_month;
	int64_t year;
	int n;

	moment_to_civil(local, &year, &month, &of_month);
	snprintf(hours, sizeof hours, form->seconds ? "%02d:%02d:%02d" : "%02d:%02d", (int)(clock / 3600),
		(int)(clock / 60 % 60), (int)(clock % 60));
	n = snprintf(text, sizeof text, form->pad ? "%s%s%02u %s %lld %s %s" : "%s%s%u %s %lld %s %s",
		form->weekday ? moment_weekday_name(day) : "", form->weekday ? ", " : "", of_month, moment_month_name(month),
		(long long)year, hours, zone);
	if (n > 0 && (size_t)n < sizeof text)
		edit_value(h, slot, 1, DKIM_EDIT_DATE_ZONE,
			field_with(
				h, slot_field(h, slot), arena_copy(h->search->arena, (struct span){ text, (size_t)n })),
			fws_trim(slot_field(h, slot)->value), SPAN_ABSENT, 0);
}

#define YEAR_SECONDS (INT64_C(366) * DAY_SECONDS)

/* The moment is kept, its writing changed: zone names and offsets, a comment, the weekday, a leading zero. */
void edits_date(struct header_search *h, size_t slot)
{
	static const char *const zulu[] = { "+0000", "-0000", "GMT", "UT", "UTC", "Z", "+0000 (UTC)", "+0000 (GMT)",
		"+00:00" };
	int64_t moment;
	char zone[24];

	if (!moment_parse_mail(fws_trim(slot_field(h, slot)->value), &moment) || moment < -2000 * YEAR_SECONDS ||
		moment > 8000 * YEAR_SECONDS)
		return;
	for (unsigned bits = 0; bits < 8; bits++) {
		struct date_form form = { !(bits & 1), !(bits & 2), !(bits & 4) };

		for (size_t z = 0; z < sizeof zulu / sizeof zulu[0]; z++)
			date_add(h, slot, moment, 0, zulu[z], &form);
		for (int minutes = -12 * 60; minutes <= 14 * 60; minutes += 30) {
			snprintf(zone, sizeof zone, "%c%02d%02d", minutes < 0 ? '-' : '+', abs(minutes) / 60,
				abs(minutes) % 60);
			date_add(h, slot, moment, minutes, zone, &form);
		}
	}
}
