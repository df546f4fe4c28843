/* refuse: one line that names an input and why it cannot be used. */
#ifndef INGEST_REFUSE_H
#define INGEST_REFUSE_H

#include "base/fault.h"

/* Writes `NAME: reason` into `fault`. The name is made printable; of a very long one only the end is shown, so that the
 * reason always fits. Returns -1. */
int refuse(struct fault *fault, enum fault_kind kind, const char *name, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
