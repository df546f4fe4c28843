/* simulate --csv: a row per kind of mail and generation of receivers. */
#include "report/csv.h"
#include "report/simulation.h"

#define ROW_OCTETS ((size_t)1024 * 1024)

static bool counts_csv(struct csv *csv, FILE *out, const struct simulated *s, const char *as, const struct fate_counts *c)
{
	bool done = true;

	for (int fate = 0; done && fate < FATE_COUNT; fate++) {
		csv_text(csv, s->domain);
		csv_text(csv, s->record);
		csv_text(csv, span_of(as));
		csv_text(csv, span_of(fate_word((enum fate)fate)));
		csv_count(csv, c->delivered[fate]);
		csv_count(csv, c->spam[fate]);
		csv_count(csv, c->refused[fate]);
		done = csv_row_write(csv, out);
	}
	return done;
}

bool simulation_csv(FILE *out, const struct simulated *s)
{
	static const char *const columns[] = { "domain", "record", "receivers", "class", "delivered", "spam", "refused" };
	struct buf row = BUF(ROW_OCTETS);
	struct csv csv;
	bool done;

	csv_begin(&csv, &row);
	csv_names(&csv, columns, sizeof columns / sizeof *columns);
	done = csv_row_write(&csv, out) && counts_csv(&csv, out, s, "rfc9989", &s->result.now) &&
	       counts_csv(&csv, out, s, "rfc7489", &s->result.old) &&
	       counts_csv(&csv, out, s, "relaxed", &s->relaxed.now) &&
	       counts_csv(&csv, out, s, "present", &s->now.now);
	csv_release(&csv);
	buf_release(&row);
	return done && fflush(out) == 0 && !ferror(out);
}
