/* store-learn DATABASE TIME ZONEFILE: what the zone file says is remembered as if the DNS had said it at that time. */
#include "base/buf.h"
#include "base/moment.h"
#include "parse/dns/zonefile.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>

static bool rows_learn(struct store *store, struct zonefile *zone, int64_t seen, struct fault *fault)
{
	for (size_t i = 0; i < zonefile_rows(zone); i++) {
		struct arena arena = ARENA((size_t)16 * 1024 * 1024);
		struct dns_answer row = zonefile_row(zone, i);
		struct dns_answer answer = dns_ask((struct dns){ zonefile_ask, zone }, row.owner, row.type, &arena);
		bool good = store_learn_dns(store, &answer, seen, fault);

		arena_release(&arena);
		if (!good)
			return false;
	}
	return store_commit(store, fault);
}

int main(int argc, char **argv)
{
	struct fault fault = { 0 };
	struct buf text = BUF(ZONEFILE_OCTETS);
	struct zonefile *zone = NULL;
	struct store *store = NULL;
	char part[4096];
	int64_t seen;
	size_t n;
	FILE *in;
	bool good;

	if (argc != 4 || !moment_parse(span_of(argv[2]), &seen) || !(in = fopen(argv[3], "r"))) {
		fputs("usage: store-learn DATABASE TIME ZONEFILE\n", stderr);
		return 64;
	}
	while ((n = fread(part, 1, sizeof part, in)) > 0)
		buf_put(&text, part, n);
	fclose(in);
	zone = zonefile_read(buf_span(&text), &fault);
	store = zone ? store_open(argv[1], STORE_WRITE, 10, &fault) : NULL;
	good = store && rows_learn(store, zone, seen, &fault);
	if (!good)
		fprintf(stderr, "store-learn: %s\n", fault.text);
	store_close(store);
	zonefile_free(zone);
	buf_release(&text);
	return good ? 0 : 1;
}
