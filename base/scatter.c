#include "base/scatter.h"

#include <stdlib.h>

uint64_t scatter_begin(void)
{
	static uint64_t begin;

	while (begin == 0)
		arc4random_buf(&begin, sizeof begin);
	return begin;
}
