#include "parse/dns/policyrecord.h"
#include "parse/dkim/taglist.h"

bool domainkeys_text_intended(struct span text)
{
	struct taglist list;

	taglist_parse(text, false, &list);
	return taglist_value(&list, "o").p != NULL;
}

bool adsp_text_intended(struct span text)
{
	struct taglist list;

	taglist_parse(text, false, &list);
	return list.n && span_is_nocase(list.tags[0].name, SPAN("dkim"));
}

void domainkeys_parse(struct span text, struct domainkeys_record *record)
{
	struct taglist list;

	*record = (struct domainkeys_record){ .policy = DOMAINKEYS_SIGNS_SOME, .o = SPAN_ABSENT };
	if (fws_trim(text).n == 0)
		return;
	if (!taglist_parse(text, false, &list)) {
		record->policy = DOMAINKEYS_SYNTAX;
		return;
	}
	record->o = taglist_value(&list, "o");
	record->report_address = taglist_value(&list, "r");
	record->note = taglist_value(&list, "n");
	record->testing = span_is(taglist_value(&list, "t"), SPAN("y"));
	if (record->o.p && span_is(record->o, SPAN("-")))
		record->policy = DOMAINKEYS_SIGNS_ALL;
	else if (record->o.p && !span_is(record->o, SPAN("~")))
		record->policy = DOMAINKEYS_UNKNOWN;
}

/* RFC 5617 4.2.1: "dkim" are the first octets, no white space before them; literals compare without case (RFC
 * 5234 2.3). */
enum adsp_practice adsp_parse(struct span text)
{
	struct taglist list;
	struct span value;

	if (!text.p)
		return ADSP_NONE;
	if (text.n < 4 || memcmp(text.p, "dkim", 4) != 0 || !taglist_parse(text, false, &list) ||
		!span_is(list.tags[0].name, SPAN("dkim")))
		return ADSP_INVALID;
	value = list.tags[0].value;
	if (span_is_nocase(value, SPAN("all")))
		return ADSP_ALL;
	return span_is_nocase(value, SPAN("discardable")) ? ADSP_DISCARDABLE : ADSP_UNKNOWN;
}
