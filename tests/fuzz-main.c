/* What libFuzzer is elsewhere: gives every named file to the fuzzer it is linked with. So what was found once is looked
 * at by `make check` with any compiler (tests/fuzz.t). */
#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		FILE *file = fopen(argv[i], "rb");
		struct buf octets = BUF(SIZE_MAX / 2);
		char piece[65536];
		uint8_t *exact;
		size_t n;

		if (!file) {
			perror(argv[i]);
			return 1;
		}
		while ((n = fread(piece, 1, sizeof piece, file)) > 0)
			buf_put(&octets, piece, n);
		fclose(file);
		exact = malloc(octets.n ? octets.n : 1); /* no octet behind the last one, for who looks there */
		if (!exact || octets.failed)
			return 1;
		if (octets.n)
			memcpy(exact, octets.p, octets.n);
		fprintf(stderr, "%s\n", argv[i]);
		LLVMFuzzerTestOneInput(exact, octets.n);
		free(exact);
		buf_release(&octets);
	}
	return 0;
}
