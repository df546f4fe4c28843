/* feedback: what one mail turned out to say, as a stream of small facts (noun; plain data).
 *
 * All spans are borrowed: they live until the taker of the fact returns. An absent element has p == NULL; `empty` is
 * treated as absent (QUIRKS S3) except for envelope_from, where a present empty element is the null reverse-path.
 * Text is valid UTF-8, trimmed; words of enumerations are lower-cased, domains lower-cased without their trailing dot.
 *
 * Order in which a taker sees the facts of one mail:
 *   FACT_BEGIN  ( FACT_REPORT FACT_RECORD* FACT_REPORT_END | FACT_FAILURE | FACT_VERIFICATION | FACT_OCTETS
 *               | FACT_PROBLEM )*  FACT_END
 *
 * The verification of a failure report's sample follows its FACT_FAILURE; that of the mail itself comes at the end. */
#ifndef PARSE_FEEDBACK_H
#define PARSE_FEEDBACK_H

#include "base/address.h"
#include "base/digest.h"
#include "base/span.h"
#include "parse/dkim/verdict.h"

#include <stdint.h>

/* What became of one input. The names printed are in outcome_word(). */
enum outcome {
	OUTCOME_NOT_A_REPORT, /* readable, but no DMARC or TLS report */
	OUTCOME_REPORT,       /* at least one aggregate or failure report */
	OUTCOME_TLS_REPORT,   /* SMTP TLS report (RFC 8460): recognised and kept */
	OUTCOME_BROKEN,       /* meant to be a report, cannot be read */
	OUTCOME_COUNT
};

/* RFC 7489 appendix C, RFC 9990 appendix A; the last row stands for every word that is none of them. */
enum disposition {
	DISPOSITION_ABSENT,
	DISPOSITION_NONE,
	DISPOSITION_PASS, /* RFC 9990; delivered, like none */
	DISPOSITION_QUARANTINE,
	DISPOSITION_REJECT,
	DISPOSITION_OTHER,
	DISPOSITION_COUNT
};

/* Raw DKIM and SPF results (RFC 8601 words). Only RESULT_PASS passes; aliases seen in the wild map to what they mean:
 * hardfail to fail, unknown to temperror, error and invalid to permerror. The word as sent is kept beside it. */
enum result {
	RESULT_ABSENT,
	RESULT_PASS,
	RESULT_FAIL,
	RESULT_SOFTFAIL,
	RESULT_NEUTRAL,
	RESULT_NONE,
	RESULT_POLICY,
	RESULT_TEMPERROR,
	RESULT_PERMERROR,
	RESULT_OTHER,
	RESULT_COUNT
};

struct auth_result {
	struct span domain;       /* d= or the checked SPF domain */
	struct span key;          /* DKIM: selector; SPF: scope */
	struct span result;       /* the word as sent, lower case */
	struct span human_result; /* free text */
	enum result means;
};

struct override_reason {
	struct span type; /* as sent, lower case; absent when empty */
	struct span comment;
};

/* Identifier alignment recomputed from identifiers and auth_results (RFC 7489 3.1, RFC 9989 4.4), for both modes,
 * because the published mode may be known only at the end of the report. */
enum {
	ALIGNED_DKIM_RELAXED = 1 << 0,
	ALIGNED_DKIM_STRICT = 1 << 1,
	ALIGNED_SPF_RELAXED = 1 << 2,
	ALIGNED_SPF_STRICT = 1 << 3,
};

struct record {
	struct span source_ip; /* as sent, trimmed; absent when empty */
	struct address address;
	bool has_address; /* source_ip was one valid address */
	uint64_t count;   /* messages */

	/* policy_evaluated: the receiver's own DMARC verdict, words as sent */
	struct span disposition, dkim, spf;
	enum disposition disposed;
	bool dkim_pass, spf_pass; /* exactly `pass` and nothing else (QUIRKS V3) */
	struct override_reason *reasons;
	size_t reasons_n;

	struct span header_from, envelope_from, envelope_to;
	struct auth_result *dkim_results;
	size_t dkim_n;
	struct auth_result *spf_results;
	size_t spf_n;
	unsigned aligned; /* ALIGNED_* bits */
};

/* The head of an aggregate report: metadata, published policy, sums. */
struct report {
	struct span org_name, org_email, org_extra_contact_info, report_id, generator;
	int64_t begin, end; /* epoch seconds; MOMENT_NONE when unusable */
	struct span *errors;
	size_t errors_n;
	struct span version;   /* the element's text; absent when missing */
	struct span namespace; /* of the root element; absent when none */

	struct span domain, p, sp, np, adkim, aspf, pct, fo, testing, discovery_method;

	uint64_t records;                /* in this report */
	uint64_t messages;               /* saturating sum of their counts */
	uint64_t uncounted;              /* records whose count was unusable: kept, with 0 messages */
	bool recovered;                  /* its elements had to be mended to be read: never above the lowest trust */
	uint8_t content[DIGEST_OCTETS];  /* hash over the canonical content: equal = the same report again */
};

struct field {
	struct span name;  /* lower case */
	struct span value; /* unfolded, trimmed */
};

/* How Identity-Alignment is to be read: RFC 7489 lists what was aligned, RFC 9991 what failed (failure-report.md 2.1). */
enum identity_rule { IDENTITY_UNKNOWN, IDENTITY_RFC7489, IDENTITY_RFC9991, IDENTITY_AMBIGUOUS, IDENTITY_COUNT };

struct failure {
	struct field *fields; /* every field in the order sent, repeated names repeated */
	size_t fields_n;
	struct span feedback_type, source_ip, arrival_date, reported_domain, auth_failure, delivery_result,
		identity_alignment; /* first value of the field, comments stripped, words lower-cased; where a report
				     * about DMARC names no domain or the reporter's own, that of its sample's From */
	struct address address;
	bool has_address;
	int64_t arrived;  /* Arrival-Date, else Received-Date, else the mail's Date; MOMENT_NONE */
	uint64_t incidents; /* RFC 5965: messages this report stands for; 1 when absent */
	bool plain_text;  /* a notice without an ARF part (QUIRKS F3): fields were read from its text */
	bool dmarc;       /* an authentication failure report; abuse and other feedback is kept but never counted */
	bool passed;      /* fo=1: its sender says that the mail passed DMARC, which is no failure; from the store also when
			   * it says nothing and an aligned signature of the sample holds */
	bool failed;      /* it says that the mail did not */
	enum identity_rule identity_rule;

	bool has_sample;
	bool headers_only;
	uint64_t sample_octets;
	uint8_t sample_sha256[DIGEST_OCTETS]; /* over the octets as received */
	struct span sample_subject, sample_from; /* decoded header text */
	bool sample_relayed; /* carries fields of mailing lists or forwarders: List-, ARC-, Resent-, X-Forwarded- */
	bool sample_starts;  /* its earliest Received field says that it came from source_ip */
	/* Hosts that its Received fields say had it before source_ip, nearest first, as far as anybody may stand for them:
	 * `192.0.2.1!` from the field right below that of source_ip, `192.0.2.2;0,2` in fields that h= of the
	 * DKIM-Signature fields 0 and 2 cover, whether or not they verify. Absent when there is none. */
	struct span sample_hops;
};

/* Octets that are kept: in chunks of at most OCTETS_CHUNK, `part` counts the kept things of a mail from 0. */
enum octets_kind {
	OCTETS_HEADER,     /* the mail's raw header block */
	OCTETS_ATTACHMENT, /* what held the reports, transfer encoding undone, still compressed if it came so */
	OCTETS_MESSAGE,    /* the whole mail, kept for failure reports */
	OCTETS_SAMPLE,     /* a failure report's sample, exact */
	OCTETS_WAITING,    /* the whole mail, kept until the keys of its signatures can be had */
	OCTETS_KIND_COUNT
};
#define OCTETS_CHUNK ((size_t)256 * 1024)

struct octets {
	enum octets_kind kind;
	unsigned part;
	unsigned chunk; /* 0, 1, 2 ... within the part */
	struct span data;
};

/* Where a key came from that a signature was checked with. */
enum key_origin {
	KEY_UNKNOWN,  /* nobody answered, or there is none */
	KEY_PUBLISHED, /* the DNS, now or within the record's TTL */
	KEY_ARCHIVED, /* once seen in the DNS, which has none now or is silent: `seen` says when last */
	KEY_GIVEN,    /* a file that the user named */
	KEY_REPORTED, /* nobody known here has one; the failure report shows one (DKIM-Selector-DNS), which decides nothing */
	KEY_ORIGIN_COUNT
};

struct key_source {
	struct span name; /* `selector._domainkey.domain` */
	enum key_origin origin;
	int64_t seen; /* MOMENT_NONE when it makes no sense */
	bool secure;  /* DNSSEC */
};

/* What the topmost Authentication-Results field of a mail says (RFC 8601). Proof for who wrote its authserv-id, and for him
 * only: anybody can write such a field. */
struct authresults {
	struct span authserv_id; /* absent: no such field, or an unreadable one */
	bool dkim;               /* a signature passed whose domain is aligned with From */
	bool spf;                /* so did SPF */
	bool refused;            /* DMARC failed, and the policy it names is not `none` */
};

/* DKIM signatures checked again: of the mail that brought a report, of a failure report's sample, or of a mail that the
 * user asked about. */
enum verified { VERIFIED_MAIL, VERIFIED_SAMPLE, VERIFIED_COUNT };
struct verification {
	enum verified of;
	int64_t at; /* the clock for x= and t=; MOMENT_NONE: unknown, x= was not judged */
	const struct dkim_verdicts *verdicts; /* of the fields in it, `arena` is not for the taker */
	struct key_source *keys;
	size_t keys_n;
	struct authresults border; /* of the mail that brought a report */
};
const char *key_origin_word(enum key_origin origin); /* unknown, published, archived, given, reported */

/* Something that deviates and did not stop us, or the reason why a part was refused. */
struct problem {
	struct span where; /* `report.xml: record 3/row/count`: attachment, element or field */
	struct span what;  /* one sentence: the value and the rule */
};

/* What the mail around the report said of itself; absent for bare files. */
struct mail_head {
	struct span from, subject, message_id; /* decoded, one line each */
	int64_t date;                          /* MOMENT_NONE when missing or unreadable */
};

enum fact_kind {
	FACT_BEGIN,
	FACT_REPORT,
	FACT_RECORD,
	FACT_REPORT_END,
	FACT_FAILURE,
	FACT_VERIFICATION,
	FACT_OCTETS,
	FACT_PROBLEM,
	FACT_END,
	FACT_COUNT
};

struct fact {
	enum fact_kind kind;
	union {
		struct {
			enum outcome outcome;
			struct mail_head head;
			uint64_t reports, failures, problems;
		} begin;
		struct report report;
		struct record record;
		struct failure failure;
		struct verification verification;
		struct octets octets;
		struct problem problem;
	};
};

/* Takes one fact; false stops the stream (the taker keeps its own fault). */
typedef bool fact_taker(void *arg, const struct fact *fact);

const char *outcome_word(enum outcome outcome);             /* not-a-report, report, tls-report, broken */
const char *disposition_word(enum disposition disposition); /* none, pass, quarantine, reject, other; "" for absent */
const char *result_word(enum result result);
const char *identity_rule_word(enum identity_rule rule); /* unknown, rfc7489, rfc9991, ambiguous */
enum disposition disposition_of(struct span word);
enum result result_of(struct span word);

/* The alignment that counts under the published modes (absent mode: relaxed). */
bool record_dkim_aligned(const struct record *record, const struct report *report);
bool record_spf_aligned(const struct record *record, const struct report *report);

/* Can anybody have seen mail from `begin` to `end`? Not when one is missing, nor backwards, nor over more than 8 days in
 * what is meant to be a daily report. Such a report is kept and shown, and believed least of all. */
bool range_is_possible(int64_t begin, int64_t end);

#endif
