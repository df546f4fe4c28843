/* Who sends in the name of a domain, and who of them is not signed: the work list of `dmarcgate senders`, drawn from
 * verdicts. The same calls for every format:
 *
 *   senders_..._open -> domain(self, assessment) per domain -> close(self)
 *
 * False once the output can no longer be right; `close` frees in any case. */
#ifndef REPORT_SENDERS_H
#define REPORT_SENDERS_H

#include "report/readiness.h"
#include "report/style.h"

#include <stdio.h>

/* What is listed. Without a class: your own senders, and those that nobody has decided about. */
struct senders_view {
	bool week;		    /* figures of the last seven days, not of the whole window */
	bool not_signed, undecided; /* only with messages that you have not signed; only undecided */
	bool new;		    /* only first seen in the last seven days */
	bool country;		    /* with the countries of its addresses */
	bool every;		    /* forwarded and forged ones as well */
	bool has_class;
	enum fate class; /* when there is one */
};

struct senders_writer {
	void *self;
	bool (*domain)(void *self, const struct assessment *assessment);
	bool (*close)(void *self);
};

bool senders_text_open(
	struct senders_writer *writer, FILE *out, const struct style *style, const struct senders_view *view);
/* One document, `dmarcgate-senders/1`. */
bool senders_json_open(struct senders_writer *writer, FILE *out, const struct senders_view *view);
bool senders_csv_open(struct senders_writer *writer, FILE *out, const struct senders_view *view);

/* One row: the paths of one source and author domain that share a fate. */
struct listed_sender {
	uint32_t source;
	struct span header_from;
	enum fate fate;
	enum subclass subclass;
	const struct sender *sender; /* NULL: forwarded or forged */
	const struct path *path;     /* the one that explains it: failing with most messages, else passing */
	struct span_counts window, week, last;
	uint64_t weeks[WEEKS_MOST];
	unsigned weeks_seen;
	uint64_t addresses, reporters;
	int64_t first_day, last_day;
};

struct sender_list { /* unsigned messages of the week, undecided, messages of the window, source id, author domain */
	struct listed_sender *rows; /* owned */
	size_t n;
	struct span_counts week, last; /* of all own and undecided senders, listed or not */
	uint64_t unsigned_senders;     /* of them, with unsigned messages in the week */
};

/* False when memory is short. */
bool sender_list_make(const struct verdict *verdict, const struct senders_view *view, struct sender_list *list);
void sender_list_release(struct sender_list *list);

/* Selectors of its paths, most used first of each, in a text owned by `out`; the home of the first; the operator's
 * words; the step about it, NULL when there is none. */
void listed_selectors(struct buf *out, const struct verdict *verdict, const struct listed_sender *row);
struct span listed_home(const struct verdict *verdict, const struct listed_sender *row); /* absent: none */
void listed_marks(struct buf *out, const struct listed_sender *row);

/* Where the mail of the window came from: countries, those with most messages first; how many. */
struct listed_country {
	char country[3];
	uint64_t messages; /* of reports that touch the window, whole: good for the order */
};
#define COUNTRIES_MOST (26 * 26)
size_t listed_countries(
	const struct assessment *a, const struct listed_sender *row, struct listed_country countries[COUNTRIES_MOST]);
const struct step *listed_step(const struct verdict *verdict, const struct listed_sender *row);

#endif
