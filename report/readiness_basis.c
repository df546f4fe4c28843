/* What a verdict rests on: days, reports, what did not count, what cannot be told. */
#include "report/readiness_words.h"

#define BASIS_REPORTERS 2
#define BASIS_SHARE 0.1 /* a receiver with less is not named */

const char *words_report_use(enum report_use use)
{
	static const char *const words[USE_COUNT] = {
		[USE_LEAD_TRUST] = "nothing proves who sent it",
		[USE_LEAD_STANDING] = "its sender is not known, and has not reported on 4 days over 14, or contradicts others",
		[USE_REPEAT] = "it is the same report again",
		[USE_CONFLICT] = "another report of the same identity does",
		[USE_RESENT] = "an earlier report tells of the same days",
		[USE_IMPOSSIBLE] = "its dates or its domains cannot be",
		[USE_REFUSED] = "your own border found it forged",
		[USE_OTHER_DOMAIN] = "it is about another domain",
	};

	return use < USE_COUNT && words[use] ? words[use] : "";
}

/* Behind a number of them: `repeated`. */
static const char *words_report_uses(enum report_use use)
{
	static const char *const words[USE_COUNT] = {
		[USE_LEAD_TRUST] = "not authenticated",
		[USE_LEAD_STANDING] = "from unknown receivers",
		[USE_REPEAT] = "repeated",
		[USE_CONFLICT] = "in conflict with another",
		[USE_RESENT] = "sent again",
		[USE_IMPOSSIBLE] = "with impossible dates or domains",
		[USE_REFUSED] = "refused by your own border",
		[USE_OTHER_DOMAIN] = "about other domains",
	};

	return use < USE_COUNT && words[use] ? words[use] : "";
}

bool words_not_counted(const struct pen *pen, const struct assessment *a, const char *before)
{
	const struct verdict *v = a->verdict;
	const char *between = before;

	for (int use = USE_COUNTED + 1; use < USE_COUNT; use++) {
		if (!v->not_counted[use])
			continue;
		pen_say(pen, "%s%s %s", between, count_text(v->not_counted[use]).p, words_report_uses((enum report_use)use));
		between = ", ";
	}
	if (v->outside) {
		pen_say(pen, "%s%s about other domains", between, counted_text(v->outside, "row", "rows").p);
		between = ", ";
	}
	if (v->suspicious) {
		pen_say(pen, "%s%s beyond all history", between, counted_text(v->suspicious, "row", "rows").p);
		between = ", ";
	}
	if (between == before)
		return false;
	pen_say(pen, ".");
	return true;
}

void words_loosened(const struct pen *pen, const struct verdict *v)
{
	for (size_t i = 0; i < v->loosened_n; i++) {
		const struct loosened *l = &v->loosened[i];

		pen_say(pen, "%s%s = %g (%g)", i ? ", " : "Limits looser than the default: ", l->name, l->value,
			l->standard);
	}
	if (v->loosened_n)
		pen_say(pen, ".");
}

static void say_unchecked(const struct pen *pen, const struct assessment *a)
{
	if (a->rows->network_v4)
		pen_say(pen, " Too many addresses to tell apart: those of a network (/%u, of IPv6 /%u) are taken together, and what fails "
			     "there counts as undecided.",
			a->rows->network_v4, a->rows->network_v6);
	else if (hosts_are_unknown(a->rows))
		pen_say(pen, " Hosts have no names yet: dmarcgate enrich looks them up.");
	if (!a->rows->published.checked)
		pen_say(pen, " The published records were not looked at.");
}

static void say_large_row(const struct pen *pen, const struct assessment *a)
{
	const struct verdict *v = a->verdict;
	const struct observed_traffic *row;
	const struct observed_source *source;
	char text[ADDRESS_TEXT];

	if (!v->large.messages)
		return;
	row = &a->rows->traffic[v->large.row];
	source = &a->rows->sources[row->source];
	pen_say(pen, " One row of a report is %s of your own mail: ",
		ratio_text((double)v->large.messages / (double)v->measures.own).p);
	pen_say(pen, "%s from ", counted_text(v->large.messages, "message", "messages").p);
	pen_host(pen, source->has_address ? span_of(address_format(&source->address, text)) : source->text);
	pen_say(pen, " on %s, by ", weekday_text(v->reports[row->report].first_day).p);
	pen_host(pen, v->reporters[v->reports[row->report].reporter].name);
	pen_say(pen, ".");
}

void words_scattered(const struct pen *pen, const struct verdict *v)
{
	pen_say(pen, "%s from ", counted_text(v->measures.scattered, "message", "messages").p);
	pen_say(pen, "%s, a few from each, count as forged, but come on working days only, as mail of people who send from "
		     "home past your servers would: if they do, mark their networks as own",
		counted_text(v->measures.scattered_addresses, "address", "addresses").p);
}

/* Where it is an exception, it has been said. */
static void say_scattered(const struct pen *pen, const struct verdict *v)
{
	for (size_t i = 0; i < v->decision.exceptions_n; i++)
		if (v->decision.exceptions[i].kind == EXCEPT_SCATTERED)
			return;
	if (!v->measures.scattered)
		return;
	pen_say(pen, " ");
	words_scattered(pen, v);
	pen_say(pen, ".");
}

void words_basis(const struct pen *pen, const struct assessment *a)
{
	const struct verdict *v = a->verdict;
	uint64_t all = 0;

	for (size_t i = 0; i < v->reporters_n; i++)
		all += v->reporters[i].messages;
	pen_say(pen, "%u of %u days; ", v->days_covered, v->window);
	pen_say(pen, "%s from ", counted_text(v->counted, "report", "reports").p);
	pen_say(pen, "%s", counted_text(v->measures.reporters, "receiver", "receivers").p);
	if (v->counted)
		pen_say(pen, ", %.0f %% authenticated", 100 * (double)v->counted_signed / (double)v->counted);
	for (size_t i = 0; i < v->reporters_n && i < BASIS_REPORTERS; i++) {
		double share = all ? (double)v->reporters[i].messages / (double)all : 0;

		if (share < BASIS_SHARE)
			break;
		pen_say(pen, i ? ", " : "; ");
		pen_host(pen, v->reporters[i].name);
		pen_say(pen, " %.0f %%", 100 * share);
	}
	pen_say(pen, ".");
	words_not_counted(pen, a, " Not counted: ");
	say_unchecked(pen, a);
	say_large_row(pen, a);
	say_scattered(pen, v);
	if (v->blind.spf_fail_all)
		pen_say(pen, " SPF ends in -all: mail that receivers refuse for that at once is in no report.");
	if (v->loosened_n)
		pen_say(pen, " ");
	words_loosened(pen, v);
}
