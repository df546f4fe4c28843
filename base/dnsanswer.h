/* What the DNS says about one name and type (noun), and how it is asked.
 *
 * Everything that needs the DNS is given a `struct dns`: the same calculation runs on a live resolver, on a file and in a
 * test. All memory of an answer comes from the arena given with the question. */
#ifndef BASE_DNSANSWER_H
#define BASE_DNSANSWER_H

#include "base/address.h"
#include "base/arena.h"

#include <stdint.h>

#define DNS_NAME_MAX 253    /* octets of a name without the trailing dot (RFC 1035 2.3.4 as text) */
#define DNS_ALIASES 11      /* CNAMEs followed from one name before it counts as a failure, as common resolvers do */
#define DNS_TEXT_MAX 65535  /* octets of one TXT record, all strings joined (RFC 1035 3.2.1: RDLENGTH) */
#define DNS_STRING_MAX 255  /* octets of one character-string (RFC 1035 3.3) */
#define DNS_DATA_MAX 1000   /* records kept of one answer */

/* Registered numbers (IANA DNS parameters). */
enum dns_type {
	DNS_TYPE_A = 1,
	DNS_TYPE_NS = 2,
	DNS_TYPE_CNAME = 5,
	DNS_TYPE_SOA = 6,
	DNS_TYPE_PTR = 12,
	DNS_TYPE_MX = 15,
	DNS_TYPE_TXT = 16,
	DNS_TYPE_AAAA = 28,
	DNS_TYPE_SPF = 99,
};

enum dns_status {
	DNS_OK,       /* at least one record */
	DNS_NXDOMAIN, /* the name does not exist, nor does anything below it (RFC 8020) */
	DNS_NODATA,   /* the name exists, without a record of this type */
	DNS_SERVFAIL, /* the servers do not answer the question; also too many aliases, or memory short here */
	DNS_TIMEOUT,  /* no answer in time */
	DNS_BOGUS,    /* DNSSEC says the answer is forged or broken */
	DNS_UNASKED,  /* not asked: the allowance of this run is used up, or it is offline without a snapshot */
	DNS_STATUS_COUNT
};

/* DNSSEC: what is known of an answer that did come (RFC 4033 5; a bogus one is a status). */
enum dns_security {
	DNS_UNSIGNED,    /* proven to be insecure, or from a file without a word about it */
	DNS_SECURE,      /* validated */
	DNS_UNVALIDATED, /* indeterminate: nobody looked, or nobody can here */
	DNS_SECURITY_COUNT
};

struct dns_data {
	struct span text;         /* TXT, SPF: the strings joined with nothing between */
	const size_t *string_end; /* TXT, SPF: where each string ends within `text` */
	size_t strings;
	struct address address; /* A, AAAA */
	uint16_t preference;    /* MX */
	struct span name;       /* MX, PTR, CNAME, NS, SOA (primary server); no trailing dot; "" is the root: null MX */
};

struct dns_answer {
	struct span name;  /* as asked */
	struct span owner; /* where the records stand, after aliases */
	enum dns_type type;
	enum dns_status status;
	enum dns_security security;
	unsigned aliases; /* CNAMEs on the way */
	uint32_t ttl;     /* seconds; the smallest of the records */
	const struct dns_data *data;
	size_t n; /* 0 unless DNS_OK */
};

/* Always fills the answer; a question that cannot be put (no domain name, memory short) is DNS_SERVFAIL, never
 * "nothing there". */
typedef void dns_asker(void *arg, struct span name, enum dns_type type, struct arena *arena, struct dns_answer *answer);

struct dns {
	dns_asker *ask;
	void *arg;
};

static inline struct dns_answer dns_ask(struct dns dns, struct span name, enum dns_type type, struct arena *arena)
{
	struct dns_answer answer;

	dns.ask(dns.arg, name, type, arena, &answer);
	return answer;
}

/* The name has been seen not to have what was asked for, as opposed to: nobody knows. */
static inline bool dns_is_empty(const struct dns_answer *answer)
{
	return answer->status == DNS_NXDOMAIN || answer->status == DNS_NODATA;
}

const char *dns_status_phrase(enum dns_status status); /* for a sentence: `no answer in time` */
const char *dns_status_word(enum dns_status status); /* ok, nxdomain, nodata, servfail, timeout, bogus, unasked */
const char *dns_security_word(enum dns_security security); /* unsigned, secure, unvalidated */
const char *dns_type_word(enum dns_type type);       /* A, TXT ...; "?" for a type not listed above */
bool dns_type_of(struct span word, enum dns_type *type);

/* `labels` + "." + `domain` as a name to ask for, in the arena; absent when it is longer than a name may be. */
struct span dns_name_under(struct arena *arena, struct span labels, struct span domain);

#endif
