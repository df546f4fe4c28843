/* What tests of published records stand on: an arena, findings and a zone, new for each test. `setup` and `teardown` are cmocka's. */
#ifndef TESTS_ZONE_FIXTURE_H
#define TESTS_ZONE_FIXTURE_H

#include "base/arena.h"
#include "parse/dns/lint.h"
#include "parse/dns/zonefile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct arena arena;
static struct findings findings;
static struct zonefile *zone;

static int setup(void **state)
{
	(void)state;
	arena = ARENA(LINT_ARENA);
	findings = (struct findings){ .arena = &arena };
	zone = NULL;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	zonefile_free(zone);
	arena_release(&arena);
	return 0;
}

static inline void findings_clear(void)
{
	arena_clear(&arena);
	findings = (struct findings){ .arena = &arena };
}

static void zone_set(const char *text)
{
	struct fault fault = { 0 };

	zonefile_free(zone);
	zone = zonefile_read(span_of(text), &fault);
	if (!zone)
		fail_msg("%s", fault.text);
}

#endif
