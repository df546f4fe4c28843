/* The clock that only goes forward and that nobody sets: for how long something takes or may take. It tells no date. */
#ifndef BASE_STEADY_H
#define BASE_STEADY_H

#include <stdint.h>

int64_t steady_ms(void);
int64_t steady_seconds(void); /* rounded down */

#endif
