/* Evidence: what speaks for a failing path being yours, a forwarder's, or forged; and the class that follows.
 *
 * Points are judgement, so they stand in one table and are shown with every class. Passing mail is proof and needs
 * none. */
#ifndef REPORT_ASSESS_EVIDENCE_H
#define REPORT_ASSESS_EVIDENCE_H

#include "report/assess/rows.h"

#define EVIDENCE_LIST(X)                                                                                          \
	X(E01)                                                                                                    \
	X(E02) X(E03) X(E10) X(E11) X(E12) X(E20) X(E21) X(E22) X(E23) X(E24) X(E30) X(E31) X(E32) X(E33) X(E34)  \
		X(E35) X(E40) X(E41) X(E42) X(E43) X(E45) X(E50) X(E51) X(E52) X(E53) X(E60) X(E61) X(E62) X(E63) \
			X(E64) X(E65) X(E70) X(E71) X(E72) X(E73) X(E74)

enum evidence_id {
#define X(id) id,
	EVIDENCE_LIST(X)
#undef X
		EVIDENCE_COUNT
};

enum side { SIDE_OWN, SIDE_FORWARD, SIDE_FORGED, SIDE_COUNT };

struct evidence_item {
	const char *id;
	unsigned char points[SIDE_COUNT];
	const char *why; /* one clause, no final dot */
};
extern const struct evidence_item evidence_items[EVIDENCE_COUNT];
bool evidence_find(struct span id, enum evidence_id *found);

/* The kind of a row or path (first that holds): DIRECT and SIGNED pass DMARC, the others fail. */
enum path_kind { KIND_DIRECT, KIND_SIGNED, KIND_BROKEN, KIND_THIRD, KIND_BARE, KIND_COUNT };
const char *path_kind_word(enum path_kind kind); /* direct, signed, broken, third, bare */
static inline bool path_kind_fails(enum path_kind kind)
{
	return kind >= KIND_BROKEN;
}

enum tenant { TENANT_UNKNOWN, TENANT_OWN, TENANT_OTHER };
enum home { HOME_NONE, HOME_HERE, HOME_ELSEWHERE }; /* where the key of a broken signature is at home */

/* What is known of one failing path. Shares are 0..1. */
struct features {
	enum path_kind kind;
	enum mark_kind mark; /* OWN, FORWARDER, NOT_OURS or NONE */
	uint64_t messages;
	enum sender_kind table;
	enum tenant tenant;
	enum home home;
	bool ptr_own, has_direct, shared, near_direct;
	bool relays_signed; /* the source also has signed rows whose home is elsewhere */
	bool customer, spf_reaches;
	double list_share, arc_share; /* of its messages, with such override reasons */
	bool bounce_is_host, own_unsigned, bounce_unrelated;
	unsigned weeks, weeks_seen;
	double weekday_share;
	uint64_t addresses;
	bool monthly, burst, scatter, ptr_bad, phantom;
	unsigned samples; /* SAMPLE_* */
};

enum path_class { CLASS_UNKNOWN, CLASS_OWN, CLASS_FORWARD, CLASS_FORGED, CLASS_COUNT };
enum confidence { CONFIDENCE_LOW, CONFIDENCE_MEDIUM, CONFIDENCE_HIGH, CONFIDENCE_OPERATOR, CONFIDENCE_COUNT };
const char *confidence_word(enum confidence confidence); /* low, medium, high, operator */

struct classification {
	enum path_class class;
	enum confidence confidence;
	unsigned points[SIDE_COUNT], items_n;
	unsigned char items[EVIDENCE_COUNT]; /* enum evidence_id; there are as many of these as paths */
};
bool features_keep_workweek(const struct features *features); /* regular, and Monday to Friday only: E51 */
struct classification evidence_weigh(const struct features *features);

/* Low confidence of whatever class is for a person to decide. */
static inline bool classification_undecided(const struct classification *c)
{
	return c->class == CLASS_UNKNOWN || c->confidence == CONFIDENCE_LOW;
}

#endif
