/* Files that only their owner can read, 0600. What root makes in a folder of somebody else is his, as what SQLite makes
 * beside his database is: a service whose folder it is could not open what a command of root's left there. */
#ifndef BASE_NEWFILE_H
#define BASE_NEWFILE_H

/* A descriptor for reading and writing, or -1 with errno. */
int newfile_make(const char *path); /* EEXIST: it is there, or a symbolic link is */
int newfile_open(const char *path); /* the one that is there, if there is one; through no symbolic link */

#endif
