/* For tests: made-up organisations, one for each thing a verdict can say. Every one is dated 2026-11-21. */
#ifndef TESTS_READINESS_WORLDS_H
#define TESTS_READINESS_WORLDS_H

#include "tests/world.h"

#define WORLD_TODAY 20778 /* 2026-11-21 */

void world_ready(struct world *world);	  /* at p=quarantine for two months, all signed, two lists */
void world_in_force(struct world *world); /* p=reject, and nothing left to do */
void world_thin(struct world *world);	  /* 14 days of 180 */
void world_silent(struct world *world);	  /* no report at all */
void world_parked(struct world *world);	  /* sends nothing, is forged */
void world_unparked(struct world *world); /* the same, not for long enough */
void world_breaking(struct world *world); /* p=reject in force, a key breaks */
void world_loose(struct world *world);	  /* the same at p=none, with a limit that lets more through than the bound on it */
void world_manifold(struct world *world); /* p=none, every kind of step and exception there is room for */
void world_changing(struct world *world); /* p=none, everything that can change in a week */
void world_enforced(struct world *world); /* p=quarantine, everything that stands between it and p=reject */
void world_doubtful(struct world *world);  /* p=none, mail that fails and may be anybody's: it cannot be judged, only be spoken of */
void world_relayed(struct world *world);	  /* p=none, a relay signs for the domain with a key a month, on trial */
void world_old(struct world *world);	  /* no report for twelve days, a record that receivers cannot read */
void world_hostile(struct world *world);  /* names that would harm a terminal, a page, a spreadsheet; some of 64 kB */
bool world_read(struct world *world, const char *path); /* lines of traffic of the reference, see assess-world.py */

#endif
