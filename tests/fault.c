/* For LD_PRELOAD: makes one call fail, the N-th of its kind, and counts them. Built for tests alone.
 *
 *   FAULT=KIND:N    memory, read and recv, write and send, fsync, or step (of SQLite); N from 1; 0: only count
 *   FAULT_IN=parent|child    the process that was started, or all that it forks, which are counted together
 *   FAULT_END=9     that signal instead: SIGKILL for a process that dies there, SIGTRAP for a debugger
 *   FAULT_PROGRAM=NAME    in dmarcgate-poller or dmarcgate-token, instead of dmarcgate
 *   FAULT_COUNT=FILE    of eight octets: the number of calls, as the machine writes it
 *
 * Of memory and steps only what our own program asks for counts, by the address it returns to: GLib and others abort by
 * themselves, and SQLite walks over its own schema with steps. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t each);
void *__libc_realloc(void *p, size_t n);
int sqlite3_step(void *statement);

enum kind { KIND_NONE, KIND_MEMORY, KIND_READ, KIND_WRITE, KIND_FSYNC, KIND_STEP };
static const char *const words[] = { "", "memory", "read", "write", "fsync", "step" };
#define SQLITE_IOERR 10

static enum kind kind;
static unsigned long wanted;
static bool in_child;
static int end;
static pid_t parent;
static atomic_ulong *count; /* shared with those that are forked */
static struct code {
	uintptr_t begin, end;
} program, reader; /* the reader is loaded when it is needed */
static int (*real_step)(void *statement);

static void code_find(const struct dl_phdr_info *info, struct code *code)
{
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];

		if (part->p_type != PT_LOAD || !(part->p_flags & PF_X))
			continue;
		code->begin = info->dlpi_addr + part->p_vaddr;
		code->end = code->begin + part->p_memsz;
	}
}

static int program_find(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	(void)arg;
	code_find(info, &program);
	return 1; /* it comes first */
}

static int reader_find(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	(void)arg;
	if (strstr(info->dlpi_name, "dmarcgate-reader"))
		code_find(info, &reader);
	return 0;
}

void *dlopen(const char *name, int mode)
{
	void *(*real)(const char *name, int mode);
	void *library;

	*(void **)&real = dlsym(RTLD_NEXT, "dlopen");
	library = real(name, mode);
	dl_iterate_phdr(reader_find, NULL);
	return library;
}

static __attribute__((constructor)) void fault_arm(void)
{
	const char *what = getenv("FAULT"), *where = getenv("FAULT_IN"), *program = getenv("FAULT_PROGRAM"), *counted;
	const char *colon = what ? strchr(what, ':') : NULL;
	enum kind chosen = KIND_NONE;
	int fd;

	if (!colon || strcmp(program_invocation_short_name, program ? program : "dmarcgate") != 0)
		return;
	for (size_t i = 1; i < sizeof words / sizeof *words; i++)
		if (strlen(words[i]) == (size_t)(colon - what) && strncmp(words[i], what, strlen(words[i])) == 0)
			chosen = (enum kind)i;
	wanted = strtoul(colon + 1, NULL, 10);
	in_child = where && strcmp(where, "child") == 0;
	counted = getenv("FAULT_COUNT");
	fd = counted ? open(counted, O_RDWR) : -1;
	end = getenv("FAULT_END") ? atoi(getenv("FAULT_END")) : 0;
	parent = getpid();
	dl_iterate_phdr(program_find, NULL);
	*(void **)&real_step = dlsym(RTLD_NEXT, "sqlite3_step");
	count = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);
	if (fd >= 0)
		close(fd);
	if (count != MAP_FAILED)
		kind = chosen;
}

static bool fails(enum kind called)
{
	if (called != kind || (getpid() != parent) != in_child)
		return false;
	if (atomic_fetch_add(count, 1) + 1 != wanted)
		return false;
	if (end)
		syscall(SYS_kill, getpid(), end);
	return true;
}

static bool code_has(const struct code *code, const void *address)
{
	return (uintptr_t)address >= code->begin && (uintptr_t)address < code->end;
}

#define OURS() (code_has(&program, __builtin_return_address(0)) || code_has(&reader, __builtin_return_address(0)))
#define NO_MEMORY() (kind == KIND_MEMORY && OURS() && fails(KIND_MEMORY) ? (errno = ENOMEM, true) : false)

void *malloc(size_t n)
{
	return NO_MEMORY() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t each)
{
	return NO_MEMORY() ? NULL : __libc_calloc(n, each);
}

void *realloc(void *p, size_t n)
{
	return NO_MEMORY() ? NULL : __libc_realloc(p, n);
}

void *reallocarray(void *p, size_t n, size_t each)
{
	size_t all;

	if (NO_MEMORY() || __builtin_mul_overflow(n, each, &all))
		return NULL;
	return __libc_realloc(p, all);
}

char *strdup(const char *text)
{
	size_t n = strlen(text) + 1;
	char *copy = NO_MEMORY() ? NULL : __libc_malloc(n);

	return copy ? memcpy(copy, text, n) : NULL;
}

char *strndup(const char *text, size_t most)
{
	size_t n = strnlen(text, most);
	char *copy = NO_MEMORY() ? NULL : __libc_malloc(n + 1);

	if (copy) {
		memcpy(copy, text, n);
		copy[n] = '\0';
	}
	return copy;
}

static int text_make(char **text, const char *format, va_list args)
{
	char *out = NULL;
	size_t n;
	FILE *stream = open_memstream(&out, &n);
	int written = stream ? vfprintf(stream, format, args) : -1;

	if (stream)
		fclose(stream);
	*text = out;
	return written;
}

int asprintf(char **text, const char *format, ...)
{
	va_list args;
	int n = -1;

	va_start(args, format);
	if (!NO_MEMORY())
		n = text_make(text, format, args);
	va_end(args);
	return n;
}

int __asprintf_chk(char **text, int flag, const char *format, ...)
{
	va_list args;
	int n = -1;

	(void)flag;
	va_start(args, format);
	if (!NO_MEMORY())
		n = text_make(text, format, args);
	va_end(args);
	return n;
}

ssize_t read(int fd, void *octets, size_t n)
{
	if (fails(KIND_READ)) {
		errno = EIO;
		return -1;
	}
	return syscall(SYS_read, fd, octets, n);
}

ssize_t pread(int fd, void *octets, size_t n, off_t at)
{
	return pread64(fd, octets, n, at);
}

ssize_t recv(int fd, void *octets, size_t n, int flags)
{
	if (fails(KIND_READ)) {
		errno = ECONNRESET;
		return -1;
	}
	return syscall(SYS_recvfrom, fd, octets, n, flags, NULL, NULL);
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	if (fails(KIND_READ)) {
		errno = ECONNRESET;
		return -1;
	}
	return syscall(SYS_recvmsg, fd, message, flags);
}

ssize_t pread64(int fd, void *octets, size_t n, off64_t at)
{
	if (fails(KIND_READ)) {
		errno = EIO;
		return -1;
	}
	return syscall(SYS_pread64, fd, octets, n, at);
}

ssize_t write(int fd, const void *octets, size_t n)
{
	if (fails(KIND_WRITE)) {
		errno = ENOSPC;
		return -1;
	}
	return syscall(SYS_write, fd, octets, n);
}

ssize_t pwrite(int fd, const void *octets, size_t n, off_t at)
{
	return pwrite64(fd, octets, n, at);
}

ssize_t send(int fd, const void *octets, size_t n, int flags)
{
	if (fails(KIND_WRITE)) {
		errno = EPIPE;
		return -1;
	}
	return syscall(SYS_sendto, fd, octets, n, flags, NULL, 0);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	if (fails(KIND_WRITE)) {
		errno = EPIPE;
		return -1;
	}
	return syscall(SYS_sendmsg, fd, message, flags);
}

ssize_t pwrite64(int fd, const void *octets, size_t n, off64_t at)
{
	if (fails(KIND_WRITE)) {
		errno = ENOSPC;
		return -1;
	}
	return syscall(SYS_pwrite64, fd, octets, n, at);
}

int fsync(int fd)
{
	if (fails(KIND_FSYNC)) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	if (fails(KIND_FSYNC)) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

int sqlite3_step(void *statement)
{
	return OURS() && fails(KIND_STEP) ? SQLITE_IOERR : real_step(statement);
}
