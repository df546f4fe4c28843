/* What names publish, as it was seen, with dates: `dmarcgate dns`. The same calls for every format:
 *
 *   snapshots_..._open -> take per state (fits store_ask_dns_below) -> close
 *
 * False once the output can no longer be right; `close` frees in any case. */
#ifndef REPORT_SNAPSHOTS_H
#define REPORT_SNAPSHOTS_H

#include "report/style.h"
#include "store/answer.h"

struct snapshots_writer {
	void *self;
	snapshot_taker *take;
	bool (*close)(void *self);
};

struct snapshots_about {
	struct span domain;
	bool history; /* every state, not just the last of each name */
};

bool snapshots_text_open(
	struct snapshots_writer *writer, FILE *out, const struct style *style, const struct snapshots_about *about);
/* One document, `dmarcgate-dns/1`. */
bool snapshots_json_open(struct snapshots_writer *writer, FILE *out, const struct snapshots_about *about);
bool snapshots_csv_open(struct snapshots_writer *writer, FILE *out);

/* One record as it is written in a zone file, without quotes: `10 mail.example.org`, the text of a TXT record. Octets of
 * strangers: escape where shown. */
void dns_data_put(struct buf *out, enum dns_type type, const struct dns_data *data);

#endif
