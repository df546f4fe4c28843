#include "parse/dns/finding.h"

#include "base/buf.h"

#include <stdlib.h>

#define PLACE_SHOWN 80     /* octets of a place quoted within a sentence */
#define SENTENCE_MAX 2000  /* octets of one filled sentence */

struct finding_row {
	const char *word;
	enum severity severity;
	const char *what; /* $0 the place's text, $1 .. $3 arguments */
	const char *why;
};

/* Written to be read aloud to somebody who owns a domain and has never seen an RFC. */
static const struct finding_row rows[FINDING_COUNT] = {
	/* any record */
	[FINDING_TEXT_UNKNOWN] = { "text-unknown", SEVERITY_ERROR,
		"This text is none of the records that receivers look for.",
		"A DMARC record begins with v=DMARC1, an SPF record with v=spf1 and the record of a key with v=DKIM1. "
		"Receivers ignore any other text in their place." },
	[FINDING_TEXT_EMPTY] = { "text-empty", SEVERITY_ERROR,
		"The text is empty.",
		"An empty record says nothing; receivers act as if it were not there." },
	[FINDING_TEXT_OCTET] = { "text-octet", SEVERITY_ERROR,
		"There is a character here that a record may not contain.",
		"Records are made of plain letters, digits and signs. Invisible or foreign characters usually come "
		"from copying out of a document or web page; type this part again by hand." },
	[FINDING_TEXT_QUOTE] = { "text-quote", SEVERITY_ERROR,
		"There is a quotation mark inside the record.",
		"Quotation marks belong around the text in a zone file, not into it. Many control panels add them by "
		"themselves, so enter the text without any." },
	[FINDING_TEXT_LONG] = { "text-long", SEVERITY_WARNING,
		"The record has $1 characters.",
		"Long records may be cut or lost on the way, because many answers of this size do not fit into one "
		"DNS packet. Leave out what is not needed." },
	[FINDING_TEXT_STRING_LONG] = { "text-string-long", SEVERITY_ERROR,
		"One string of the record has $1 characters; 255 is the most.",
		"The DNS stores text in strings of at most 255 characters. Split it into several strings in quotation "
		"marks; they are put together again without anything between them." },
	[FINDING_TEXT_STRINGS] = { "text-strings", SEVERITY_NOTE,
		"The record is published in $1 strings.",
		"That is allowed. Receivers join the strings with nothing between them, so a blank needed at a border "
		"must be inside one of the strings." },
	[FINDING_TEXT_SPLIT] = { "text-split", SEVERITY_NOTE,
		"The record has $1 characters; one string of the DNS holds 255.",
		"In a zone file it needs $2 strings in quotation marks, one behind the other; many control panels "
		"divide it by themselves. Receivers join them with nothing between." },
	[FINDING_TEXT_ZONE] = { "text-zone", SEVERITY_ERROR,
		"This could not be read as a line of a zone file: $1.",
		"Give either the bare text of the record, or a whole line with its text in quotation marks." },
	[FINDING_TEXT_MANY] = { "text-many", SEVERITY_ERROR,
		"The record has more parts than anybody will read.",
		"Only the first $1 parts were looked at. Receivers have such limits too, and give up on records like "
		"this. Make it shorter." },

	/* the text of a DMARC record */
	[FINDING_DMARC_VERSION_MISSING] = { "dmarc-version-missing", SEVERITY_ERROR,
		"The record does not begin with v=DMARC1.",
		"Receivers recognise a DMARC record by these characters at its very beginning. Without them they act "
		"as if you had published nothing." },
	[FINDING_DMARC_VERSION_LATE] = { "dmarc-version-late", SEVERITY_ERROR,
		"`$0` is not at the beginning of the record.",
		"Receivers look for v=DMARC1 at the very beginning and ignore the record when something else stands "
		"there." },
	[FINDING_DMARC_VERSION_WRONG] = { "dmarc-version-wrong", SEVERITY_ERROR,
		"`$0` is not v=DMARC1.",
		"It must be written exactly so, with DMARC in capital letters. Receivers ignore a record with any "
		"other spelling." },
	[FINDING_DMARC_BLANK_FIRST] = { "dmarc-blank-first", SEVERITY_ERROR,
		"The record begins with a blank.",
		"Receivers look for v=DMARC1 as the very first characters, and many ignore the record when a blank "
		"stands before it." },
	[FINDING_DMARC_SEMICOLON] = { "dmarc-semicolon", SEVERITY_ERROR,
		"There is no semicolon before `$0`.",
		"Without a semicolon this part is read as the end of the one before it, and both are lost. Put one "
		"between them." },
	[FINDING_DMARC_TERM] = { "dmarc-term", SEVERITY_WARNING,
		"`$0` is not of the form name=value.",
		"Receivers skip what they cannot read, so this part has no effect. Write it as name=value, or leave "
		"it out." },
	[FINDING_DMARC_TAG_UNKNOWN] = { "dmarc-tag-unknown", SEVERITY_NOTE,
		"DMARC knows no `$0`.",
		"Receivers skip names they do not know. Check it for a slip of the pen; otherwise leave it out." },
	[FINDING_DMARC_TAG_TWICE] = { "dmarc-tag-twice", SEVERITY_WARNING,
		"`$0` is given more than once.",
		"No rule says which of them counts: one receiver takes the first, another the last, a third ignores "
		"the record." },
	[FINDING_DMARC_TAG_RETIRED] = { "dmarc-tag-retired", SEVERITY_NOTE,
		"`$0` has been retired.",
		"Newer receivers skip it and older ones rarely obeyed it. Leave it out." },
	[FINDING_DMARC_VALUE] = { "dmarc-value", SEVERITY_WARNING,
		"`$0` is no value that $1 may have; it may be $2.",
		"Receivers skip it and go on as if $1=$3 were published. Write a value it may have, or leave it out." },
	[FINDING_DMARC_P_MISSING] = { "dmarc-p-missing", SEVERITY_WARNING,
		"The record does not say what to do with failing mail (p= is missing).",
		"Newer receivers read this as p=none because you ask for reports; older ones may ignore the record. "
		"Say it: p=none for watching, later p=quarantine or p=reject." },
	[FINDING_DMARC_P_MISSING_DEAD] = { "dmarc-p-missing-dead", SEVERITY_ERROR,
		"The record neither has a readable policy (p=) nor an address for reports (rua=).",
		"Receivers ignore such a record entirely: your domain is treated as if it had no DMARC. Write p=none "
		"for a start, and rua=mailto: with an address of yours." },
	[FINDING_DMARC_P_VALUE] = { "dmarc-p-value", SEVERITY_ERROR,
		"`$0` is no policy: $1 may be none, quarantine or reject.",
		"A policy that cannot be read turns the whole record into p=none, or into nothing when it asks for no "
		"reports either. Write one of the three words." },
	[FINDING_DMARC_P_LATE] = { "dmarc-p-late", SEVERITY_WARNING,
		"`$0` does not follow v=DMARC1 directly.",
		"Receivers that keep to the older rules want the policy in second place and may ignore the record "
		"otherwise. Move it there." },
	[FINDING_DMARC_POLICY_NONE] = { "dmarc-policy-none", SEVERITY_NOTE,
		"The policy is none: you are watching only.",
		"This is the right start. Anybody can still send mail in your name until the policy is quarantine or "
		"reject." },
	[FINDING_DMARC_SP_WEAKER] = { "dmarc-sp-weaker", SEVERITY_WARNING,
		"Subdomains are protected less ($0) than the domain itself (p=$1).",
		"Whoever wants to send in your name can simply put any word before your domain. Leave sp= out unless "
		"a subdomain still has mail that is not ready." },
	[FINDING_DMARC_NP_WEAKER] = { "dmarc-np-weaker", SEVERITY_WARNING,
		"Subdomains that do not exist are protected less ($0) than those that do ($1).",
		"Nothing honest is sent from a name that does not exist, so there is no reason to spare it. Leave np= "
		"out, or use np=reject." },
	[FINDING_DMARC_TRIAL] = { "dmarc-trial", SEVERITY_NOTE,
		"This is a trial: t=y together with pct=0.",
		"Newer receivers obey t=y and older ones pct=0: all of them apply the next weaker policy for now. "
		"Take both out when the trial is over." },
	[FINDING_DMARC_TEST] = { "dmarc-test", SEVERITY_WARNING,
		"Test mode is on (t=y), but only newer receivers understand it.",
		"Newer receivers apply the next weaker policy; older ones skip t=y and apply p=$1 in full. For a "
		"trial that all of them understand add pct=0; after the trial take t=y out." },
	[FINDING_DMARC_TEST_IDLE] = { "dmarc-test-idle", SEVERITY_NOTE,
		"Test mode (t=y) has no effect on p=none.",
		"There is no weaker policy than none. Leave t=y out." },
	[FINDING_DMARC_PCT] = { "dmarc-pct", SEVERITY_NOTE,
		"`$0` has been retired and says nothing beyond the policy.",
		"Newer receivers skip it. Leave it out." },
	[FINDING_DMARC_PCT_PART] = { "dmarc-pct-part", SEVERITY_WARNING,
		"`$0` asks for the policy on a part of the failing mail only.",
		"It has been retired: newer receivers skip it and apply the policy to all failing mail, older ones to "
		"a share that few of them ever counted correctly. For a trial use t=y; pct=0, otherwise leave it "
		"out." },
	[FINDING_DMARC_STRICT] = { "dmarc-strict", SEVERITY_NOTE,
		"`$0` asks for exactly the same domain name.",
		"Mail that $1 with the name of a subdomain, or of the main domain, does not count as yours. That "
		"gains little and breaks services that use a name below yours." },
	[FINDING_DMARC_RUA_MISSING] = { "dmarc-rua-missing", SEVERITY_WARNING,
		"The record asks for no reports (rua= is missing).",
		"Without reports you cannot see who sends in your name nor whether your own mail passes. Add "
		"rua=mailto: and an address that is read by a program." },
	[FINDING_DMARC_URI] = { "dmarc-uri", SEVERITY_ERROR,
		"`$0` is not an address that reports can be sent to.",
		"Receivers skip it, so these reports never arrive. Write mailto: and an e-mail address." },
	[FINDING_DMARC_URI_SCHEME_MISSING] = { "dmarc-uri-scheme-missing", SEVERITY_ERROR,
		"There is no mailto: before `$0`.",
		"An address without mailto: cannot be used, so these reports never arrive. Write mailto: in front of "
		"it." },
	[FINDING_DMARC_URI_SCHEME] = { "dmarc-uri-scheme", SEVERITY_WARNING,
		"`$0` is not a mail address.",
		"Reports are sent by mail; hardly any receiver delivers them in another way. Use mailto: and an "
		"e-mail address." },
	[FINDING_DMARC_URI_SEPARATOR] = { "dmarc-uri-separator", SEVERITY_ERROR,
		"`$0` must be separated from the address before it by a comma.",
		"Several addresses stand in one list with commas between them. Otherwise this one, and perhaps the "
		"one before, gets no reports." },
	[FINDING_DMARC_URI_ESCAPE] = { "dmarc-uri-escape", SEVERITY_ERROR,
		"`$0` contains an exclamation mark that is not a size limit.",
		"In this place ! has a meaning of its own; as a part of an address it must be written %21." },
	[FINDING_DMARC_URI_SIZE] = { "dmarc-uri-size", SEVERITY_NOTE,
		"`$0` limits the size of reports, which has been retired.",
		"Newer receivers ignore the limit, older ones send you nothing when a report is larger. Leave it "
		"out." },
	[FINDING_DMARC_URI_IDN] = { "dmarc-uri-idn", SEVERITY_WARNING,
		"The domain of `$0` has letters outside the plain alphabet.",
		"Records need such names in their xn-- form; otherwise many receivers cannot send there." },
	[FINDING_DMARC_URI_DOT] = { "dmarc-uri-dot", SEVERITY_WARNING,
		"The address in `$0` ends in a dot.",
		"Names in a zone file end so, mail addresses do not: many mail servers refuse such an address, and its "
		"reports are lost. Take the dot out." },
	[FINDING_DMARC_URI_MANY] = { "dmarc-uri-many", SEVERITY_NOTE,
		"Reports are asked for at $1 addresses.",
		"Receivers need to serve only the first two; those behind them may get nothing. Put those that matter "
		"first." },
	[FINDING_DMARC_URI_COMMA] = { "dmarc-uri-comma", SEVERITY_WARNING,
		"There is a comma too many in `$0`.",
		"Commas stand between addresses only. Receivers that keep to the letter of the rules may skip the whole "
		"list, and send no reports. Take it out." },
	[FINDING_DMARC_BORDER] = { "dmarc-border", SEVERITY_ERROR,
		"Two parts run together where one string ends and the next begins.",
		"Receivers join the strings of a record with nothing between them, so both parts are lost. Put a semicolon "
		"between them." },
	[FINDING_DMARC_RUF_PRIVACY] = { "dmarc-ruf-privacy", SEVERITY_NOTE,
		"Copies of single failing messages are asked for (ruf=).",
		"They may contain personal data of people who wrote or received the mail: decide who may read them "
		"and for how long they are kept. Few receivers send any." },
	[FINDING_DMARC_FO_IDLE] = { "dmarc-fo-idle", SEVERITY_WARNING,
		"`$0` has no effect without ruf=.",
		"It says when a copy of a failing message is wanted, but there is no address to send it to. Add ruf= "
		"or leave fo= out." },
	[FINDING_DMARC_FO_BOTH] = { "dmarc-fo-both", SEVERITY_WARNING,
		"`$0` has both 0 and 1, which contradict each other.",
		"0 asks for a copy when every check failed, 1 when any check failed. Use fo=1 to see more." },
	[FINDING_DMARC_PSD] = { "dmarc-psd", SEVERITY_WARNING,
		"`$0` says that others register their domains below yours.",
		"This is meant for registries only. With it your own subdomains are treated as if they belonged to "
		"strangers. Leave it out." },

	/* what stands in the DNS around a DMARC record */
	[FINDING_DMARC_NONE] = { "dmarc-none", SEVERITY_ERROR,
		"There is no DMARC record for $1.",
		"Anybody can send mail in your name, and nobody tells you. Start with a record that only asks for "
		"reports; it changes nothing for your mail." },
	[FINDING_DMARC_INHERITED] = { "dmarc-inherited", SEVERITY_NOTE,
		"$1 has no DMARC record of its own; that of $2 applies, with the policy $3 for it.",
		"This is the usual case for a subdomain. It needs a record of its own only if it shall be treated "
		"differently." },
	[FINDING_DOMAIN_NONE] = { "domain-none", SEVERITY_WARNING,
		"$1 does not exist in the DNS.",
		"Check its spelling. A name that does not exist sends no honest mail; what receivers do with mail that "
		"claims to come from it is said by the domain above it." },
	[FINDING_DMARC_TWO] = { "dmarc-two", SEVERITY_ERROR,
		"There are $1 DMARC records at this name.",
		"With more than one, receivers ignore all of them. Keep one and delete the others." },
	[FINDING_DMARC_APEX] = { "dmarc-apex", SEVERITY_ERROR,
		"This DMARC record stands at $1 itself.",
		"Receivers look only at _dmarc.$1, so nobody ever sees it here. Move it there." },
	[FINDING_DMARC_MISPLACED] = { "dmarc-misplaced", SEVERITY_ERROR,
		"This DMARC record stands at a name where nobody looks.",
		"Receivers look only at _dmarc.$1. Move it there: many control panels add the domain by themselves, and "
		"then want nothing but _dmarc as its name, with the underscore." },
	[FINDING_DMARC_OTHER_TEXT] = { "dmarc-other-text", SEVERITY_NOTE,
		"Another text stands at the name of the DMARC record.",
		"Receivers skip texts here that do not begin with v=DMARC1. If it has no purpose, delete it." },
	[FINDING_DMARC_UNREACHABLE] = { "dmarc-unreachable", SEVERITY_WARNING,
		"The DMARC record at $2 could not be read: $1.",
		"Whether there is a record is not known at this moment. If it happens again, your name servers need "
		"attention: receivers have the same trouble." },
	[FINDING_DMARC_BOGUS] = { "dmarc-bogus", SEVERITY_ERROR,
		"The answer for $1 fails its DNSSEC check.",
		"The signatures of your zone do not fit. Receivers that check them cannot read any of your records. "
		"Renew the signatures, or correct the DS record at your registrar." },
	[FINDING_DMARC_ALIAS] = { "dmarc-alias", SEVERITY_NOTE,
		"The record is kept at $1, through an alias.",
		"Whoever controls that name decides on your policy. That is in order if you chose it." },
	[FINDING_DMARC_ALIAS_IDLE] = { "dmarc-alias-idle", SEVERITY_ERROR,
		"An alias leads to $1, and no record stands there.",
		"For receivers that is as if you had published nothing. Whoever runs that name has to publish the record "
		"there; or take the alias away first and publish a record of your own, because beside an alias nothing "
		"else can stand." },
	[FINDING_DMARC_RECEIVERS_DIFFER] = { "dmarc-receivers-differ", SEVERITY_WARNING,
		"Receivers do not agree on $1: by the older rules $2, by the newer ones $3.",
		"The two generations of receivers search for records in different ways. A record at _dmarc.$1 itself, "
		"saying what you want, makes them agree." },
	[FINDING_DMARC_SUFFIX_RECORD] = { "dmarc-suffix-record", SEVERITY_WARNING,
		"$1, under which anybody may register a domain, has a DMARC record like that of an ordinary domain.",
		"Newer receivers may take all domains below it for one owner, so that strangers pass for you. Add "
		"psd=n to your own record." },
	[FINDING_DMARC_DEEP] = { "dmarc-deep", SEVERITY_WARNING,
		"$1 has $2 parts; above eight, receivers skip some names between.",
		"A record somewhere in the middle may never be found. Give this name a record of its own." },
	[FINDING_CONSENT_MISSING] = { "consent-missing", SEVERITY_WARNING,
		"$1 has not agreed to receive reports about $2.",
		"Reports to an address outside your own domain are sent only if the other domain says so with a small "
		"record. Without it receivers send nothing there. The owner of $1 has to publish it." },
	[FINDING_CONSENT_UNKNOWN] = { "consent-unknown", SEVERITY_WARNING,
		"Whether $1 agrees to receive reports about $2 could not be read: $3.",
		"It is not known at this moment. If it happens again, tell the owner of $1: receivers have the same "
		"trouble." },
	[FINDING_CONSENT_LONG] = { "consent-long", SEVERITY_WARNING,
		"$1 can never agree to receive reports about $2: the name needed is too long.",
		"Receivers send nothing there. Use an address in your own domain and forward from it." },
	[FINDING_CONSENT_OVERRIDE] = { "consent-override", SEVERITY_NOTE,
		"$1 wants reports about $2 at another address: $3.",
		"The receiving domain may choose the address within its own host; receivers use that one." },
	[FINDING_CONSENT_FOREIGN] = { "consent-foreign", SEVERITY_WARNING,
		"$1 wants reports about $2 at an address of another host: $3.",
		"That is not allowed, and receivers then send to neither address. The owner of $1 has to correct it." },

	/* the text of an SPF record */
	[FINDING_SPF_VERSION] = { "spf-version", SEVERITY_ERROR,
		"The record does not begin with v=spf1 and a blank.",
		"Receivers recognise an SPF record by exactly these characters. Written otherwise it does not exist "
		"for them." },
	[FINDING_SPF_VERSION_CASE] = { "spf-version-case", SEVERITY_WARNING,
		"`$0` is not written v=spf1 in small letters.",
		"Some receivers look for exactly these characters and find no record otherwise." },
	[FINDING_SPF_TERM] = { "spf-term", SEVERITY_ERROR,
		"SPF knows no `$0`.",
		"One word that cannot be read makes the whole record invalid: then no mail of yours passes SPF. Check "
		"its spelling, or take it out." },
	[FINDING_SPF_ADDRESS] = { "spf-address", SEVERITY_ERROR,
		"`$0` is not an $1 address.",
		"One address that cannot be read makes the whole record invalid: then no mail of yours passes SPF. "
		"Correct it, or take it out." },
	[FINDING_SPF_PREFIX] = { "spf-prefix", SEVERITY_ERROR,
		"`$0` is not a possible size of a network.",
		"The number behind the slash goes to 32 for IPv4 and to 128 for IPv6. A wrong one makes the whole "
		"record invalid: then no mail of yours passes SPF. Correct it." },
	[FINDING_SPF_DOMAIN] = { "spf-domain", SEVERITY_ERROR,
		"`$0` needs a domain name, and this is none.",
		"One name that cannot be read makes the whole record invalid: then no mail of yours passes SPF. "
		"Correct it, or take it out." },
	[FINDING_SPF_IDN] = { "spf-idn", SEVERITY_ERROR,
		"`$0` has letters outside the plain alphabet.",
		"SPF needs such names in their xn-- form; otherwise the whole record is invalid." },
	[FINDING_SPF_MACRO] = { "spf-macro", SEVERITY_ERROR,
		"`$0` is not a complete macro.",
		"A percent sign begins a placeholder such as %{d}. One that cannot be read makes the whole record "
		"invalid: then no mail of yours passes SPF. Correct it, or take it out." },
	[FINDING_SPF_MACRO_SENDER] = { "spf-macro-sender", SEVERITY_WARNING,
		"`$0` asks a question of its own for every sender or greeting.",
		"Such answers cannot be kept by anybody, make mail slower and tell outsiders who writes to whom. If a "
		"service asked you for it, ask whether it has another way." },
	[FINDING_SPF_MACRO_UNREAD] = { "spf-macro-unread", SEVERITY_NOTE,
		"What `$0` allows depends on the single message.",
		"It can be checked only while a message arrives, so neither its addresses nor what it includes is "
		"counted here." },
	[FINDING_SPF_TWICE] = { "spf-twice", SEVERITY_ERROR,
		"`$0` is the second of its kind.",
		"redirect= and exp= may stand in a record once each. Twice makes the whole record invalid: then no "
		"mail of yours passes SPF. Keep one." },
	[FINDING_SPF_ALL_PASS] = { "spf-all-pass", SEVERITY_ERROR,
		"`$0` allows the whole internet to send as you.",
		"Every mail from anywhere passes SPF with your domain, and with that DMARC too. Write ~all or -all." },
	[FINDING_SPF_RANGE_ALL] = { "spf-range-all", SEVERITY_ERROR,
		"`$0` covers the whole internet.",
		"Every mail from anywhere passes SPF with your domain, and with that DMARC too. List only addresses "
		"that are yours." },
	[FINDING_SPF_RANGE_HUGE] = { "spf-range-huge", SEVERITY_WARNING,
		"`$0` allows a very large network ($1 addresses).",
		"Everybody in it can send mail that passes for yours. Hardly any sender needs so much. List only the "
		"part that is yours." },
	[FINDING_SPF_HOST_BITS] = { "spf-host-bits", SEVERITY_NOTE,
		"`$0` means the network $1.",
		"What stands behind the network's own part of the address has no effect. Check that this is the "
		"network you mean." },
	[FINDING_SPF_DUPLICATE] = { "spf-duplicate", SEVERITY_NOTE,
		"`$0` says what `$1` has said already.",
		"The second one has no effect beyond making the record longer. Leave it out." },
	[FINDING_SPF_PTR] = { "spf-ptr", SEVERITY_WARNING,
		"`$0` looks names up from addresses, which has been discouraged since 2014.",
		"It is slow and unreliable, and some receivers skip it. List your addresses or hosts instead." },
	[FINDING_SPF_ALL_MISSING] = { "spf-all-missing", SEVERITY_WARNING,
		"The record does not say what to do with all other senders.",
		"Without ~all or -all at the end, mail from everywhere else gets the answer \"nothing is known\"." },
	[FINDING_SPF_ALL_NEUTRAL] = { "spf-all-neutral", SEVERITY_WARNING,
		"`$0` says that nothing is known about all other senders.",
		"That is the same as saying nothing at all. Write ~all while you are finding your senders, or -all "
		"when the list is complete." },
	[FINDING_SPF_ALL_SOFT] = { "spf-all-soft", SEVERITY_NOTE,
		"`$0`: other senders are probably not yours.",
		"This is a good choice together with DMARC: only a pass counts there, and mail that is signed still "
		"gets its chance." },
	[FINDING_SPF_ALL_HARD] = { "spf-all-hard", SEVERITY_NOTE,
		"`$0`: other senders are not yours.",
		"Some receivers refuse such mail at once, before they look at its signature, and never report it. "
		"Forwarded mail of yours can be lost that way; ~all avoids it." },
	[FINDING_SPF_AFTER_ALL] = { "spf-after-all", SEVERITY_WARNING,
		"`$0` stands behind all and is never looked at.",
		"all fits every sender, so reading stops there. Move it before all, or leave it out." },
	[FINDING_SPF_REDIRECT_IDLE] = { "spf-redirect-idle", SEVERITY_WARNING,
		"`$0` has no effect because the record has all.",
		"redirect= is used only when nothing else fits, and all always fits. Leave one of them out." },
	[FINDING_SPF_MODIFIER] = { "spf-modifier", SEVERITY_NOTE,
		"SPF knows no `$0`.",
		"Receivers skip it. Check it for a slip of the pen; otherwise leave it out." },
	[FINDING_SPF_EQUALS] = { "spf-equals", SEVERITY_ERROR,
		"`$0` needs a colon instead of the equals sign.",
		"Written so, receivers skip it without a word, and the senders it stands for are not allowed." },
	[FINDING_SPF_REPORTING] = { "spf-reporting", SEVERITY_NOTE,
		"`$0` asks for reports on single SPF failures.",
		"Hardly any receiver sends them; DMARC reports (rua=, ruf=) have taken their place." },
	[FINDING_SPF_LARGE] = { "spf-large", SEVERITY_WARNING,
		"All texts at this name together have $1 characters.",
		"An answer of more than about 450 characters may not fit into one DNS packet, and some receivers then "
		"find no SPF record. Delete texts that are no longer needed." },
	[FINDING_SPF_BORDER] = { "spf-border", SEVERITY_WARNING,
		"Two strings of the record run together here: `$0`.",
		"Strings are joined with nothing between them. Put a blank at the end of the first string, inside its "
		"quotation marks." },

	/* the SPF record with everything it includes */
	[FINDING_SPF_NONE] = { "spf-none", SEVERITY_WARNING,
		"There is no SPF record for $1.",
		"SPF tells receivers which computers send for you. Without it, only a signature can prove that mail "
		"is yours; a domain that sends no mail at all should publish v=spf1 -all." },
	[FINDING_SPF_TWO] = { "spf-two", SEVERITY_ERROR,
		"There are $1 SPF records at this name.",
		"With more than one, none of them counts, and no mail of yours passes SPF. Put everything into one "
		"record." },
	[FINDING_SPF_TYPE99] = { "spf-type99", SEVERITY_WARNING,
		"The SPF record stands in the DNS type SPF, which nobody reads any more.",
		"Publish the same text as type TXT." },
	[FINDING_SPF_UNREACHABLE] = { "spf-unreachable", SEVERITY_WARNING,
		"The SPF record at $2 could not be read: $1.",
		"Whether there is a record is not known at this moment. If it happens again, your name servers need "
		"attention." },
	[FINDING_SPF_LOOKUPS] = { "spf-lookups", SEVERITY_ERROR,
		"The record needs $1 look-ups; 10 are allowed.",
		"Receivers stop at ten and treat the record as invalid, so that mail of yours fails although its "
		"sender is listed. Take out services you no longer use; the costliest part here is $2 with $3." },
	[FINDING_SPF_LOOKUPS_NEAR] = { "spf-lookups-near", SEVERITY_WARNING,
		"The record needs $1 look-ups; 10 are allowed.",
		"It still works. But as soon as one of the services you include grows by a little, your mail may fail "
		"SPF. The costliest part here is $2 with $3." },
	[FINDING_SPF_VOIDS] = { "spf-voids", SEVERITY_WARNING,
		"$1 of its look-ups find nothing; 2 are allowed.",
		"Receivers may treat the record as invalid when it asks for names that do not exist. Take out hosts "
		"and services that are gone." },
	[FINDING_SPF_TARGET_NONE] = { "spf-target-none", SEVERITY_ERROR,
		"$1 has no SPF record, but `$0` refers to it.",
		"Such a reference makes the whole record invalid: then no mail of yours passes SPF. Take it out or "
		"correct the name." },
	[FINDING_SPF_TARGET_TWO] = { "spf-target-two", SEVERITY_ERROR,
		"$1 has more than one SPF record, and `$0` refers to it.",
		"That makes your record invalid too: then no mail of yours passes SPF. Tell the owner of $1, or take "
		"the reference out." },
	[FINDING_SPF_TARGET_BROKEN] = { "spf-target-broken", SEVERITY_ERROR,
		"The SPF record of $1 is invalid, and `$0` refers to it.",
		"That makes your record invalid too: then no mail of yours passes SPF. Tell the owner of $1, or take "
		"the reference out. What cannot be read in it is this: $2" },
	[FINDING_SPF_TARGET_UNREACHABLE] = { "spf-target-unreachable", SEVERITY_WARNING,
		"The SPF record of $1 could not be read: $2.",
		"What it allows is not known at this moment. While it lasts, receivers cannot decide on your mail "
		"either." },
	[FINDING_SPF_TARGET_ALL] = { "spf-target-all", SEVERITY_ERROR,
		"The SPF record of $1 allows the whole internet, and `$0` refers to it.",
		"Every mail from anywhere passes SPF with your domain, and with that DMARC too. Take the reference "
		"out until the owner of $1 has corrected it." },
	[FINDING_SPF_BELOW] = { "spf-below", SEVERITY_ERROR,
		"`$0` in the record of $2, to which yours leads, points to $1, and $3.",
		"That makes your record invalid too: then no mail of yours passes SPF. Tell the owner of $2, or take the "
		"part of your own record out that leads there." },
	[FINDING_SPF_LOOP] = { "spf-loop", SEVERITY_ERROR,
		"`$0` leads in a circle: $1 is being read already.",
		"Receivers go round until they give up and treat the record as invalid. Take the reference out." },
	[FINDING_SPF_INCLUDED_TWICE] = { "spf-included-twice", SEVERITY_WARNING,
		"$1 is referred to more than once.",
		"Each reference costs its look-ups again and adds nothing. Keep one of them." },
	[FINDING_SPF_MX_MANY] = { "spf-mx-many", SEVERITY_ERROR,
		"`$0` stands for $1 mail hosts; 10 are allowed.",
		"Receivers treat the record as invalid when there are more. List the addresses instead." },
	[FINDING_SPF_BOUND] = { "spf-bound", SEVERITY_ERROR,
		"The record reaches more records than could be read here ($1).",
		"Receivers give up long before that. The counts above are the least they can be. Take references out." },

	/* the text of a DKIM key record */
	[FINDING_KEY_SEMICOLON] = { "key-semicolon", SEVERITY_ERROR,
		"There is no semicolon before `$0`.",
		"Without a semicolon this part is read as the end of the one before it, and receivers cannot use the "
		"key: mail signed with it fails." },
	[FINDING_KEY_EMPTY] = { "key-empty", SEVERITY_ERROR,
		"There is a semicolon with nothing before it.",
		"Strict receivers throw away a record with an empty part, and mail signed with this key fails there. "
		"Take the extra semicolon out." },
	[FINDING_KEY_TERM] = { "key-term", SEVERITY_ERROR,
		"`$0` is not of the form name=value.",
		"One part that cannot be read makes receivers throw the whole record away, and mail signed with this "
		"key fails." },
	[FINDING_KEY_TWICE] = { "key-twice", SEVERITY_ERROR,
		"`$0` is given more than once.",
		"Receivers throw such a record away, even when both say the same, and mail signed with this key "
		"fails. Keep one of them." },
	[FINDING_KEY_TAG_UNKNOWN] = { "key-tag-unknown", SEVERITY_NOTE,
		"Key records know no `$0`.",
		"Receivers skip names they do not know. Check it for a slip of the pen; otherwise leave it out." },
	[FINDING_KEY_VERSION_WRONG] = { "key-version-wrong", SEVERITY_ERROR,
		"`$0` is not v=DKIM1.",
		"It must be written exactly so, with DKIM in capital letters. Receivers throw away a key record with "
		"any other spelling, and mail signed with this key fails." },
	[FINDING_KEY_VERSION_LATE] = { "key-version-late", SEVERITY_ERROR,
		"`$0` is not at the beginning of the record.",
		"When v=DKIM1 is given it must come first. Otherwise receivers throw the record away, and mail signed "
		"with this key fails." },
	[FINDING_KEY_VERSION_MISSING] = { "key-version-missing", SEVERITY_NOTE,
		"The record does not begin with v=DKIM1.",
		"Receivers read it all the same. With v=DKIM1 nobody can take it for something else." },
	[FINDING_KEY_P_MISSING] = { "key-p-missing", SEVERITY_ERROR,
		"The record holds no key (p= is missing).",
		"Mail signed with this key fails everywhere. Copy the record again from the program or service that "
		"made the key." },
	[FINDING_KEY_BASE64] = { "key-base64", SEVERITY_ERROR,
		"`$0` cannot be a part of the key.",
		"A key is made of letters, digits, + and / only, with = signs at its end. As it stands, mail signed "
		"with it fails. Copy the key again, without the lines and marks that frame it." },
	[FINDING_KEY_CUT] = { "key-cut", SEVERITY_ERROR,
		"The end of the key is missing.",
		"A part of it was lost on the way into the DNS, often because a form takes only 255 characters. Mail "
		"signed with this key fails. Enter the whole key, divided into several strings if need be." },
	[FINDING_KEY_PRIVATE] = { "key-private", SEVERITY_ERROR,
		"This is the private half of the key, which must stay secret.",
		"Everybody can read it here and sign mail in your name with it. Delete the record at once, make a new "
		"pair of keys and publish the public half under a new name (selector)." },
	[FINDING_KEY_UNUSABLE] = { "key-unusable", SEVERITY_ERROR,
		"What stands behind p= is no $1 key: $2.",
		"Mail signed with this key fails. Copy the record again from the program or service that made the "
		"key." },
	[FINDING_KEY_WRAPPED] = { "key-wrapped", SEVERITY_ERROR,
		"The Ed25519 key is packed in the wrong way.",
		"Behind p= belong the 44 characters of the bare key, without the frame that some programs put around "
		"it. As it stands, mail signed with it fails." },
	[FINDING_KEY_TYPE_DIFFERS] = { "key-type-differs", SEVERITY_ERROR,
		"The record says that its key is $1, but the key is $2.",
		"Receivers go by what the record says and cannot use the key, so mail signed with it fails. Without "
		"k= a key counts as RSA." },
	[FINDING_KEY_TYPE_UNKNOWN] = { "key-type-unknown", SEVERITY_ERROR,
		"`$0` is no kind of key; it may be k=rsa or k=ed25519.",
		"Receivers skip keys of kinds they do not know, so mail signed with this one fails." },
	[FINDING_KEY_TYPE_MISSING] = { "key-type-missing", SEVERITY_NOTE,
		"The record does not say what kind of key it holds (k= is missing).",
		"Then the key counts as RSA, which it is. Nothing needs to be done." },
	[FINDING_KEY_SHORT] = { "key-short", SEVERITY_ERROR,
		"The key has only $1 bits.",
		"Keys below 1024 bits are easily broken, and receivers refuse them: mail signed with this one fails. "
		"Make a new key of 2048 bits under a new name (selector), sign with it, then withdraw this one." },
	[FINDING_KEY_WEAK] = { "key-weak", SEVERITY_WARNING,
		"The key has $1 bits; 2048 are advised.",
		"Receivers still accept it, but somebody with much money could break it and sign in your name. Make a "
		"new key of 2048 bits under a new name (selector), sign with it, and withdraw this one a week "
		"later." },
	[FINDING_KEY_LARGE] = { "key-large", SEVERITY_WARNING,
		"The key has $1 bits.",
		"Receivers need to understand keys of at most 4096 bits, and some refuse larger ones. 2048 bits are "
		"enough." },
	[FINDING_KEY_ED25519] = { "key-ed25519", SEVERITY_NOTE,
		"This is an Ed25519 key.",
		"Many receivers cannot check such signatures yet. Let every mail carry a signature with an RSA key as "
		"well." },
	[FINDING_KEY_EXPONENT] = { "key-exponent", SEVERITY_NOTE,
		"The key was made with an unusual setting (its exponent is not 65537).",
		"Some receivers may refuse it. Nothing needs to be done while mail signed with it passes; make the "
		"next key with the usual settings." },
	[FINDING_KEY_BARE] = { "key-bare", SEVERITY_WARNING,
		"The key is packed without its usual frame.",
		"One reading of the rules allows that, but many receivers cannot read it, and mail signed with this "
		"key fails there." },
	[FINDING_KEY_TRAILING] = { "key-trailing", SEVERITY_WARNING,
		"Something stands behind the end of the key.",
		"Some receivers refuse such a key, and mail signed with it fails there." },
	[FINDING_KEY_PADDING] = { "key-padding", SEVERITY_NOTE,
		"The = signs at the end of the key are missing.",
		"Most receivers read it all the same. Write them, so that all of them do." },
	[FINDING_KEY_BLANKS] = { "key-blanks", SEVERITY_NOTE,
		"There are blanks within the key.",
		"Receivers skip them, but some programs stumble over them. Leave them out." },
	[FINDING_KEY_REVOKED] = { "key-revoked", SEVERITY_NOTE,
		"The key is withdrawn (p= is empty).",
		"Signatures made with it no longer count. That is right for a key that is not used any more; if "
		"something still signs with it, that mail fails." },
	[FINDING_KEY_TESTING] = { "key-testing", SEVERITY_WARNING,
		"The key is marked as being on trial (t=y).",
		"Most receivers accept a good signature all the same, but they may treat your mail as if it were not "
		"signed, and a signature that fails must not count against you. Take t=y out when the trial is over; "
		"it must not be left on." },
	[FINDING_KEY_STRICT] = { "key-strict", SEVERITY_NOTE,
		"`$0`: the key may not sign for subdomains.",
		"A signature that names an address in a subdomain (its i=) fails with this key. If something signs "
		"for your subdomains with it, take the s out; otherwise all is well." },
	[FINDING_KEY_FLAG] = { "key-flag", SEVERITY_NOTE,
		"`$0`: flags may be y or s, with a colon between them.",
		"Receivers skip others. Check it for a slip of the pen; otherwise leave it out." },
	[FINDING_KEY_HASHES] = { "key-hashes", SEVERITY_ERROR,
		"`$0` does not allow sha256, the method that all mail is signed with today.",
		"Mail signed with this key fails. Leave h= out." },
	[FINDING_KEY_SHA1] = { "key-sha1", SEVERITY_WARNING,
		"`$0` allows the method sha1, which must not be used any more.",
		"Receivers no longer believe such signatures, and somebody could make false ones. Leave sha1 out." },
	[FINDING_KEY_SERVICE] = { "key-service", SEVERITY_ERROR,
		"`$0` does not allow mail.",
		"Receivers use a key for mail when s= is missing, or is * or names email. As it stands, mail signed "
		"with this key fails. Leave s= out." },
	[FINDING_KEY_SERVICE_OTHER] = { "key-service-other", SEVERITY_NOTE,
		"`$0`: the key is for reports on encrypted delivery (TLS reports) only.",
		"That is right for a key that signs nothing else. Ordinary mail signed with it fails." },
	[FINDING_KEY_GRANULARITY] = { "key-granularity", SEVERITY_WARNING,
		"`$0` has been retired.",
		"It bound the key to certain mail addresses. Newer receivers skip it; older ones still obey it, and "
		"an empty g= fits no address at all. Leave it out." },
	[FINDING_KEY_NOT] = { "key-not", SEVERITY_WARNING,
		"This text is no key.",
		"Receivers look for a key at this name; some are confused by other texts. If it comes from an entry "
		"for all names (*), keep the names below _domainkey out of that." },

	/* what stands in the DNS at the name of a key, and what was expected there */
	[FINDING_KEY_NONE] = { "key-none", SEVERITY_ERROR,
		"There is no key at $1.",
		"Mail signed under this name (selector) fails. Publish the record that the program or service that "
		"signs has given you, or stop signing with it." },
	[FINDING_KEY_MANY] = { "key-many", SEVERITY_ERROR,
		"There are $1 keys at this name.",
		"No rule says which of them counts: some receivers try each, others take one or none, so that mail "
		"passes or fails by chance. Keep one; a new key needs a new name (selector)." },
	[FINDING_KEY_UNREACHABLE] = { "key-unreachable", SEVERITY_WARNING,
		"The key at $2 could not be read: $1.",
		"Whether there is a key is not known at this moment. If it happens again, your name servers need "
		"attention: receivers have the same trouble." },
	[FINDING_KEY_ALIAS] = { "key-alias", SEVERITY_NOTE,
		"The key is kept at $1, through an alias.",
		"Whoever controls that name can change the key. That is usual with services that send for you." },
	[FINDING_KEY_UNUSED] = { "key-unused", SEVERITY_WARNING,
		"The key is still published, but no mail signed with it was seen since $1.",
		"An old key that is stolen can still sign in your name. If nothing signs with it any more, withdraw "
		"it: publish the record with an empty p=." },
	[FINDING_KEY_EXPECTED] = { "key-expected", SEVERITY_NOTE,
		"The key published is the one in the file: $1.",
		"Receivers can check what is signed with it." },
	[FINDING_KEY_DIFFERS] = { "key-differs", SEVERITY_ERROR,
		"The key published is not the one in the file: $1.",
		"Mail signed with the key in the file fails. Publish that key, or let the server sign with the key "
		"that is published." },
	[FINDING_KEY_UNPUBLISHED] = { "key-unpublished", SEVERITY_ERROR,
		"The key in the file is not published: $1.",
		"Mail signed with it fails until the record stands here." },
	[FINDING_KEY_WITHDRAWN] = { "key-withdrawn", SEVERITY_ERROR,
		"The key of this name is withdrawn (p= is empty), but there is one in the file.",
		"Mail signed with the key in the file fails. If that key was withdrawn for a good reason, make a new "
		"one under a new name (selector)." },

	/* historic policies about signatures: DomainKeys and ADSP */
	[FINDING_POLICY_SOME] = { "policy-some", SEVERITY_NOTE,
		"This old policy says that some of the domain's mail is signed.",
		"It belongs to DomainKeys, the forerunner of DKIM, and nobody reads it any more. DMARC has taken its "
		"place: the record can be deleted." },
	[FINDING_POLICY_ALL] = { "policy-all", SEVERITY_WARNING,
		"This old policy says that all of the domain's mail is signed.",
		"It looks like protection and is none: it belongs to DomainKeys, the forerunner of DKIM, and nobody "
		"reads it any more. DMARC has taken its place, with p=quarantine or p=reject. Delete it." },
	[FINDING_POLICY_O] = { "policy-o", SEVERITY_WARNING,
		"`$0` has no meaning: an old signing policy has o=~ (some mail is signed) or o=- (all mail is signed).",
		"Other signs were proposed for a while and never agreed on. Nobody reads this record any more; DMARC "
		"has taken its place. Delete it." },
	[FINDING_POLICY_UNREADABLE] = { "policy-unreadable", SEVERITY_WARNING,
		"This old signing policy cannot be read: $1.",
		"It belongs to DomainKeys, the forerunner of DKIM, and nobody reads it any more. DMARC has taken its "
		"place: delete it." },
	[FINDING_POLICY_TESTING] = { "policy-testing", SEVERITY_NOTE,
		"`$0`: the domain was trying out signatures when this was written.",
		"It has no effect on DKIM or DMARC. A trial of the policy is t=y in the DMARC record; that of a key "
		"is t=y in the record of the key." },
	[FINDING_POLICY_REPORT] = { "policy-report", SEVERITY_NOTE,
		"`$0` names an address for reports about failing signatures.",
		"Nobody sends them. DMARC reports have taken their place: ask for them with rua= and ruf= in the "
		"DMARC record." },
	[FINDING_POLICY_NOTE] = { "policy-note", SEVERITY_NOTE,
		"`$0` is a remark for people.",
		"Programs skip it, and everybody can read it." },
	[FINDING_POLICY_TAG_UNKNOWN] = { "policy-tag-unknown", SEVERITY_NOTE,
		"Old signing policies know no `$0`.",
		"It has no effect." },
	[FINDING_POLICY_NOT] = { "policy-not", SEVERITY_NOTE,
		"This text is no signing policy, though it stands in the place of one.",
		"It does no harm here, and nobody looks for it. If it comes from an entry for all names (*), keep the "
		"names below _domainkey out of that; a key stands one level lower, at SELECTOR._domainkey." },
	[FINDING_ADSP_UNKNOWN] = { "adsp-unknown", SEVERITY_NOTE,
		"This old policy says nothing about how mail is signed (ADSP, `$0`).",
		"ADSP was given up in 2013 and nobody reads it any more. DMARC has taken its place: the record can be "
		"deleted." },
	[FINDING_ADSP_ALL] = { "adsp-all", SEVERITY_WARNING,
		"This old policy says that all mail of the domain is signed (ADSP, `$0`).",
		"It looks like protection and is none: ADSP was given up in 2013 and nobody reads it any more. DMARC "
		"has taken its place, with p=quarantine or p=reject. Delete it." },
	[FINDING_ADSP_DISCARDABLE] = { "adsp-discardable", SEVERITY_WARNING,
		"This old policy asks to throw unsigned mail away (ADSP, `$0`).",
		"It looks like protection and is none: ADSP was given up in 2013 and nobody reads it any more. DMARC "
		"has taken its place, with p=reject. Delete it." },
	[FINDING_ADSP_VALUE] = { "adsp-value", SEVERITY_WARNING,
		"`$0` has no meaning: an old ADSP policy is dkim=unknown, dkim=all or dkim=discardable.",
		"It counts as unknown. ADSP was given up in 2013 and nobody reads it any more. DMARC has taken its "
		"place: delete it." },
	[FINDING_ADSP_UNREADABLE] = { "adsp-unreadable", SEVERITY_NOTE,
		"This text stands in the place of an old ADSP policy and is none.",
		"Such a policy begins with dkim= and nothing before it. Nobody reads it any more, since DMARC has "
		"taken its place: the record can be deleted." },

	/* the rest of what a domain publishes */
	[FINDING_MAIL_NULL_MX] = { "mail-null-mx", SEVERITY_NOTE,
		"$1 says that it receives no mail (null MX).",
		"That is right for a domain without mail. Reports, replies and bounces sent to it are lost." },
	[FINDING_MAIL_PARKED] = { "mail-parked", SEVERITY_NOTE,
		"$1 looks like a domain that sends no mail.",
		"SPF lets no host send for it. Where no DKIM key is published either, nothing can pass, and p=reject can "
		"be had at once, without a time of watching." },
	[FINDING_MTA_STS] = { "mta-sts", SEVERITY_NOTE,
		"$1 publishes MTA-STS.",
		"It asks senders to deliver to you encrypted. It has no influence on DMARC." },
	[FINDING_TLS_RPT] = { "tls-rpt", SEVERITY_NOTE,
		"$1 asks for reports on encrypted delivery (TLS reports).",
		"They tell whether mail to you arrives encrypted. They have no influence on DMARC." },
};

const char *finding_word(enum finding_code code)
{
	return (unsigned)code < FINDING_COUNT ? rows[code].word : "?";
}

enum severity finding_severity(enum finding_code code)
{
	return (unsigned)code < FINDING_COUNT ? rows[code].severity : SEVERITY_ERROR;
}

const char *severity_word(enum severity severity)
{
	static const char *const words[SEVERITY_COUNT] = {
		[SEVERITY_NOTE] = "note",
		[SEVERITY_WARNING] = "warning",
		[SEVERITY_ERROR] = "error",
	};

	return (unsigned)severity < SEVERITY_COUNT ? words[severity] : "?";
}

enum severity findings_worst(const struct findings *findings)
{
	enum severity worst = SEVERITY_ERROR;

	while (worst > SEVERITY_NOTE && findings->count[worst] == 0)
		worst--;
	return worst;
}

/* Doubles at every power of two: n itself says how much room there is. False: memory is short. */
static bool rows_grow(struct arena *arena, void **table, size_t n, size_t size)
{
	void *larger;

	if (n & (n - 1))
		return true;
	larger = arena_take(arena, (n ? 2 * n : 1) * size);
	if (!larger)
		return false;
	if (n)
		memcpy(larger, *table, n * size);
	*table = larger;
	return true;
}

bool flaw_add(struct arena *arena, struct flaws *flaws, struct flaw flaw)
{
	void *table = flaws->rows;

	if (flaws->n == FLAWS_MAX) {
		flaws->left_out++;
		return true;
	}
	if (!rows_grow(arena, &table, flaws->n, sizeof(flaw)))
		return false;
	flaws->rows = table;
	flaws->rows[flaws->n++] = flaw;
	return true;
}

/* A cut never falls inside a UTF-8 sequence. */
static void put_shortened(struct buf *out, struct span text)
{
	size_t n = text.n;

	if (n > PLACE_SHOWN)
		for (n = PLACE_SHOWN; n && ((unsigned char)text.p[n] & 0xc0) == 0x80; n--)
			;
	buf_put(out, text.p, n);
	if (n < text.n)
		buf_put_text(out, "...");
}

static struct span sentence_fill(struct arena *arena, const char *template, struct span place, const struct span *args,
	size_t n)
{
	struct buf out = BUF(SENTENCE_MAX);
	struct span sentence;

	for (const char *p = template; *p; p++) {
		if (p[0] != '$' || p[1] < '0' || p[1] > '9') {
			buf_put_byte(&out, (unsigned char)*p);
			continue;
		}
		p++;
		if (*p == '0')
			put_shortened(&out, place);
		else if ((size_t)(*p - '0') <= n)
			put_shortened(&out, args[*p - '1']);
	}
	sentence = arena_copy(arena, buf_span(&out));
	buf_release(&out);
	return sentence;
}

struct finding *finding_add(struct findings *findings, enum finding_code code, struct finding_place place,
	const struct span *args, size_t args_n)
{
	const struct finding_row *row = &rows[code];
	void *table = findings->rows;
	struct finding *finding;
	struct span shown;

	findings->count[row->severity]++;
	if (findings->n == FINDINGS_MAX) {
		findings->left_out++;
		return NULL;
	}
	if (!rows_grow(findings->arena, &table, findings->n, sizeof(*finding)))
		return NULL;
	findings->rows = table;
	finding = &findings->rows[findings->n++];
	if (place.at > place.record.n || place.n > place.record.n - place.at)
		place.at = place.n = 0;
	shown = place.record.p ? (struct span){ place.record.p + place.at, place.n } : SPAN("");
	*finding = (struct finding){
		.code = code,
		.severity = row->severity,
		.name = place.name,
		.record = place.record,
		.at = place.at,
		.n = place.n,
		.what = sentence_fill(findings->arena, row->what, shown, args, args_n),
		.why = sentence_fill(findings->arena, row->why, shown, args, args_n),
	};
	return finding;
}
