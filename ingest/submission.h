/* submission: the side of submit.h that lives in the process with the libraries. */
#ifndef INGEST_SUBMISSION_H
#define INGEST_SUBMISSION_H

struct frame;

/* Serves one POLLING_SUBMIT, which has come, and ends the process. `lock` is called once everything is open that needs
 * files. */
void submission_serve(struct frame *frame, void (*lock)(void)) __attribute__((noreturn));

#endif
