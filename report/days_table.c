/* export days: mail a day, by what it counts as. */
#include "report/tables.h"

#include "report/csv.h"
#include "report/member_json.h"

#include "base/moment.h"

#define ROW_OCTETS ((size_t)64 * 1024)

#define FIGURES 7
static const char *const names[FIGURES] = { "own_pass", "own_fail", "fwd_pass", "fwd_fail", "undecided", "forged",
	"reporters" };

static void figures_of(const struct day_totals *day, uint64_t figures[FIGURES])
{
	const uint64_t all[FIGURES] = { day->pass[FATE_OWN], day->fail[FATE_OWN], day->pass[FATE_FORWARDED],
		day->fail[FATE_FORWARDED], day->pass[FATE_UNDECIDED] + day->fail[FATE_UNDECIDED],
		day->pass[FATE_FORGED] + day->fail[FATE_FORGED], day->reporters };

	memcpy(figures, all, sizeof all);
}

bool days_csv_head(FILE *out)
{
	struct buf row = BUF(ROW_OCTETS);
	struct csv csv;
	bool ok;

	csv_begin(&csv, &row);
	csv_names(&csv, (const char *const[]){ "domain", "day" }, 2);
	csv_names(&csv, names, FIGURES);
	ok = csv_row_write(&csv, out);
	csv_release(&csv);
	buf_release(&row);
	return ok;
}

bool days_csv(FILE *out, const struct assessment *a)
{
	const struct verdict *v = a->verdict;
	struct buf row = BUF(ROW_OCTETS);
	uint64_t figures[FIGURES];
	char day[MOMENT_TEXT];
	struct csv csv;
	bool ok = true;

	csv_begin(&csv, &row);
	for (size_t i = 0; ok && i < v->days_n; i++) {
		csv_text(&csv, v->domain);
		csv_text(&csv, span_of(moment_format_day(v->days[i].day * DAY_SECONDS, day)));
		figures_of(&v->days[i], figures);
		for (size_t k = 0; k < FIGURES; k++)
			csv_count(&csv, figures[k]);
		ok = csv_row_write(&csv, out);
	}
	csv_release(&csv);
	buf_release(&row);
	return ok;
}

bool days_json(FILE *out, const struct assessment *a)
{
	const struct verdict *v = a->verdict;
	uint64_t figures[FIGURES];
	struct json j;

	json_begin(&j, out);
	json_object(&j);
	member_word(&j, "schema", "dmarcgate-days/1");
	member_text(&j, "domain", v->domain);
	member_array(&j, "days");
	for (size_t i = 0; i < v->days_n; i++) {
		json_object(&j);
		member_day(&j, "day", v->days[i].day);
		figures_of(&v->days[i], figures);
		for (size_t k = 0; k < FIGURES; k++)
			member_count(&j, names[k], figures[k]);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	json_close(&j, '}');
	json_newline(&j);
	return json_done(&j);
}
