/* store-dump DATABASE: prints its logical content, independent of row ids and of the order of arrival. */
#include "tests/store_facts.h"

int main(int argc, char **argv)
{
	if (argc != 2) {
		fputs("usage: store-dump DATABASE\n", stderr);
		return 64;
	}
	return store_dump(argv[1], stdout) ? 0 : 1;
}
