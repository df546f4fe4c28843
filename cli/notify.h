/* notify: tells the service manager how we are, as sd_notify(3) does: one datagram to $NOTIFY_SOCKET. Nothing happens
 * where there is none. */
#ifndef CLI_NOTIFY_H
#define CLI_NOTIFY_H

/* Assignments, one a line: `READY=1`, `STATUS=...`. */
void notify(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* RELOADING=1, with the moment that the service manager asks for. */
void notify_reloading(void);

#endif
