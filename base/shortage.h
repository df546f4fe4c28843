/* What this process could not have: memory, or the rest of its input. Buffers and arenas have a flag of their own, and
 * pieces of work end early in many ways; a piece that is not asked leaves a hole in what is said, and nobody would see
 * it. So whoever calls a whole piece of work complete (a mail parsed, a mail stored, a command done) asks here. One for
 * the process, because an allocation has no other place to report to. */
#ifndef BASE_SHORTAGE_H
#define BASE_SHORTAGE_H

void shortage_forget(void);	      /* a new piece of work begins */
const char *shortage(void);	      /* the first one since then, as a sentence; NULL: there was none */
void shortage_note(const char *what); /* a constant */
void *shortage_noted(void *memory);   /* what malloc gave; notes it when that is NULL */

#endif
