/* A pen writes sentences: our words with names, numbers and records of strangers in them. The same sentence serves the
 * terminal and HTML; each escapes in its own way, so no sentence is written twice and none forgets to escape.
 *
 * What is written collects in `out`; failure is the buffer's, sticky, asked once at the end. */
#ifndef REPORT_PEN_H
#define REPORT_PEN_H

#include "report/style.h"

enum pen_kind { PEN_TERMINAL, PEN_HTML };

struct pen {
	struct buf *out;	   /* borrowed */
	const struct style *style; /* borrowed; HTML needs only its symbols, which must be UTF-8 */
	enum pen_kind kind;
};

/* Our own words. They are ASCII; what else is needed comes from pen_symbol. At most PEN_SAY octets a call. */
#define PEN_SAY 1024
void pen_say(const struct pen *pen, const char *format, ...) __attribute__((format(printf, 2, 3)));
void pen_symbol(const struct pen *pen, enum symbol symbol);
void pen_dash(const struct pen *pen); /* between the ends of a range */

/* From outside: escaped, and cut where it is longer than anyone reads. */
void pen_name(const struct pen *pen, struct span text);
/* A domain, host or source: a name nobody reads beyond its first octets. */
#define PEN_NAME_OCTETS 120
void pen_host(const struct pen *pen, struct span text);
void pen_path(const struct pen *pen, struct span text); /* `A > B > C` of a menu, with arrows of its own */
void pen_code(const struct pen *pen, struct span text); /* a record or a command: whole, however long */

/* Emphasis; begun and ended within one sentence. */
void pen_begin(const struct pen *pen, enum ink ink);
void pen_end(const struct pen *pen, enum ink ink);
void pen_count(const struct pen *pen, enum ink ink, uint64_t n); /* 1,234 */

/* Text of an HTML page, outside and inside of double-quoted attributes, in SVG as well: markup becomes characters,
 * controls, invisible marks and invalid octets are spelt out as on a terminal. */
bool html_text(struct buf *out, struct span text);

#endif
