/* Reads a gzip file (RFC 1952) as a stream: concatenated members one behind the other, octets behind the last member
 * ignored, CRC and length of every member checked. Memory is constant; deflate itself cannot give more than 1032 octets
 * for one, so the file's size bounds the work. */
#ifndef BASE_INFLATE_H
#define BASE_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct inflate;

bool inflate_begins(const void *octets, size_t n); /* do they look like the begin of a gzip file? */

struct inflate *inflate_new(int fd); /* borrows the descriptor, reads from where it stands; NULL when memory is short */
void inflate_free(struct inflate *gzip);

/* Octets put into `out`, 0 at the end, -1 when reading failed (errno) or the data is damaged or cut (errno EBADMSG). */
ssize_t inflate_read(struct inflate *gzip, void *out, size_t room);

uint64_t inflate_position(const struct inflate *gzip); /* compressed octets read so far */

#endif
