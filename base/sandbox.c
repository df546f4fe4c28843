#include "base/sandbox.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#ifdef WITH_SANDBOX

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* ------------------------------------------------------------------ seccomp: what each role may call */

#define OWN_PID UINT64_MAX /* stands in an argument for the locked process itself */

struct allowance {
	int call;
	unsigned n; /* arguments that are looked at; all must hold */
	struct scmp_arg_cmp args[2];
};

/* clang-format off */
#define CALL(name) { SCMP_SYS(name), 0, { { 0 } } }
#define CALL_IF(name, ...) { SCMP_SYS(name), 1, { { __VA_ARGS__ } } }
/* clang-format on */
#define NAMESPACES                                                                                              \
	((uint64_t)CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | \
		CLONE_NEWNET)

/* Pure computation. Memory is never executable and never shared; the limit on processor time is moved from mail to
 * mail, which a process without capabilities cannot do past its hard limit. abort() needs tgkill on itself. fstat is
 * newfstatat with AT_EMPTY_PATH in today's libc; what it may say of a path is all that is left of the file system. */
static const struct allowance compute[] = {
	CALL(read),
	CALL(readv),
	CALL(pread64),
	CALL(preadv),
	CALL(lseek),
	CALL(fstat),
	CALL(close),
	CALL(write),
	CALL(writev),
	CALL(recvfrom),
	CALL(recvmsg),
	CALL(sendto),
	CALL(sendmsg),
	CALL_IF(newfstatat, 3, SCMP_CMP_EQ, AT_EMPTY_PATH, 0),
	{ SCMP_SYS(mmap), 2, { { 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0 }, { 3, SCMP_CMP_MASKED_EQ, MAP_SHARED, 0 } } },
	CALL_IF(mprotect, 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
	CALL(munmap),
	CALL(mremap),
	CALL(madvise),
	CALL(brk),
	CALL(futex),
	CALL(membarrier),
	CALL(clock_gettime),
	CALL(clock_getres),
	CALL(gettimeofday),
	CALL(time),
	CALL(getrandom),
	CALL(getrusage),
	{ SCMP_SYS(prlimit64), 2, { { 0, SCMP_CMP_EQ, 0, 0 }, { 1, SCMP_CMP_EQ, RLIMIT_CPU, 0 } } },
	CALL(rt_sigaction),
	CALL(rt_sigprocmask),
	CALL(rt_sigreturn),
	CALL(sigaltstack),
	CALL(restart_syscall),
	CALL(getpid),
	CALL(gettid),
	CALL_IF(tgkill, 0, SCMP_CMP_EQ, OWN_PID, 0),
	CALL(exit),
	CALL(exit_group),
#ifdef WITH_SANITIZERS
	CALL(sched_yield),
	CALL(nanosleep),
	CALL(clock_nanosleep),
	CALL(getuid),
	CALL(uname),
	CALL(set_robust_list),
#endif
	{ .n = 0, .call = -1 },
};

/* Forking, watching and ending workers, and what these need to lock themselves: a filter is inherited. */
static const struct allowance raise_workers[] = {
	CALL_IF(clone, 0, SCMP_CMP_MASKED_EQ, NAMESPACES, 0),
	CALL(fork),
	CALL(vfork),
	CALL(set_robust_list),
	CALL(rseq),
	CALL(wait4),
	CALL(waitid),
	CALL_IF(kill, 1, SCMP_CMP_EQ, SIGKILL, 0),
	CALL(getppid),
	CALL_IF(socketpair, 0, SCMP_CMP_EQ, AF_UNIX, 0),
	CALL(poll),
	CALL(ppoll),
	CALL(dup2),
	CALL(dup3),
	CALL(fcntl),
	CALL(close_range),
	CALL(prctl),
	CALL(seccomp),
	CALL(capset),
	CALL_IF(prlimit64, 0, SCMP_CMP_EQ, 0, 0),
	CALL(landlock_create_ruleset),
	CALL(landlock_restrict_self),
	CALL_IF(tgkill, 2, SCMP_CMP_EQ, SIGABRT, 0), /* a worker's filter narrows these to itself */
	CALL_IF(tgkill, 2, SCMP_CMP_EQ, SIGTRAP, 0),
	{ .n = 0, .call = -1 },
};

/* Sockets of the Internet, UDP and TCP, which call out; an event loop. libunbound binds a random port to each question. */
#define SOCKET_TYPES (SOCK_STREAM | SOCK_DGRAM | SOCK_RAW | SOCK_RDM | SOCK_SEQPACKET)
#define SOCKET_OF(family, type)                                                                                        \
	{ SCMP_SYS(socket), 2, { { 0, SCMP_CMP_EQ, family, 0 }, { 1, SCMP_CMP_MASKED_EQ, SOCKET_TYPES, type } } }
static const struct allowance ask_names[] = {
	SOCKET_OF(AF_INET, SOCK_DGRAM), SOCKET_OF(AF_INET, SOCK_STREAM), SOCKET_OF(AF_INET6, SOCK_DGRAM),
	SOCKET_OF(AF_INET6, SOCK_STREAM), CALL(bind), CALL(connect), CALL(shutdown), CALL(getsockname), CALL(getpeername),
	CALL(setsockopt), CALL(getsockopt), CALL_IF(ioctl, 1, SCMP_CMP_EQ, FIONBIO, 0), CALL(fcntl),
	CALL(epoll_ctl), CALL(epoll_wait), CALL(epoll_pwait), CALL(poll), CALL(ppoll),
	{ .n = 0, .call = -1 },
};

/* Talking to a mail server: names are looked up with modules that the C library loads, octets lie in memory files. */
static const struct allowance connect_out[] = {
	CALL_IF(socket, 0, SCMP_CMP_EQ, AF_INET, 0), CALL_IF(socket, 0, SCMP_CMP_EQ, AF_INET6, 0),
	CALL_IF(socket, 0, SCMP_CMP_EQ, AF_NETLINK, 0), CALL_IF(socket, 0, SCMP_CMP_EQ, AF_UNIX, 0), CALL(connect), CALL(bind),
	CALL(getsockname), CALL(getpeername), CALL(getsockopt), CALL(setsockopt), CALL(sendmmsg), CALL(poll), CALL(ppoll),
	CALL(openat), CALL(newfstatat), CALL(statx), CALL(access), CALL(faccessat2), CALL(readlink), CALL(getdents64),
	CALL(fcntl), CALL(ioctl), CALL(memfd_create), CALL(mmap), CALL(mprotect), CALL(uname), CALL(sysinfo), CALL(getuid),
	CALL(geteuid), CALL(getgid), CALL(getegid), CALL(nanosleep), CALL(clock_nanosleep),
	{ .n = 0, .call = -1 },
};

/* A file that is replaced as a whole. Which files, Landlock says. */
static const struct allowance replace_files[] = {
	CALL(fsync), CALL(flock), CALL(rename), CALL(renameat), CALL(renameat2), CALL(unlink), CALL(unlinkat),
	{ .n = 0, .call = -1 },
};

/* What it takes to find a server's address and to verify its certificate. */
static const char *const server_lookup[] = { "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf",
	"/etc/gai.conf", "/etc/services", "/etc/protocols", "/etc/ld.so.cache", "/run/systemd/resolve", "/run/resolvconf",
	"/etc/ssl", "/usr/share/ca-certificates", "/usr/local/share/ca-certificates", "/lib", "/lib64", "/usr/lib", "/usr/lib64",
	NULL };

/* ------------------------------------------------------------------ the roles */

#define LANDLOCK_BIND_TCP 1
#define LANDLOCK_CONNECT_TCP 2

/* Who sends descriptors needs more than it ever opens: all that are on their way between any processes of this user count
 * against the limit of each sender (ETOOMANYREFS). */
#define SENDERS_FILES 1024

struct role {
	const struct allowance *allowances[4]; /* ends with NULL */
	rlim_t files, processes, file_size;
	uint64_t network; /* what Landlock takes away */
	const char *const *readable; /* what it leaves: files and folders, those that exist; ends with NULL */
	bool writes;		     /* in the folder that the caller chooses */
};

static const struct role roles[SANDBOX_ROLES] = {
	[SANDBOX_NURSERY] = { { compute, raise_workers }, SENDERS_FILES, RLIM_INFINITY, 0, LANDLOCK_BIND_TCP | LANDLOCK_CONNECT_TCP },
	[SANDBOX_WORKER] = { { compute }, 8, 0, 0, LANDLOCK_BIND_TCP | LANDLOCK_CONNECT_TCP },
	[SANDBOX_RESOLVER] = { { compute, ask_names }, 256, 0, 0, LANDLOCK_BIND_TCP },
	[SANDBOX_POLLER] = { { compute, connect_out }, SENDERS_FILES, 0, RLIM_INFINITY, LANDLOCK_BIND_TCP, server_lookup },
	[SANDBOX_TOKEN] = { { compute, connect_out, replace_files }, 64, 0, 1 << 20, LANDLOCK_BIND_TCP, server_lookup, true },
};

static bool allow(scmp_filter_ctx filter, const struct allowance *list)
{
	for (; list->call != -1; list++) {
		struct scmp_arg_cmp args[2] = { list->args[0], list->args[1] };

		if (list->n && args[0].datum_a == OWN_PID)
			args[0].datum_a = (scmp_datum_t)getpid();
		if (seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, list->call, list->n, args) != 0)
			return false;
	}
	return true;
}

static bool seccomp_lock(const struct role *role)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	bool good = filter != NULL;

	for (unsigned i = 0; good && role->allowances[i]; i++)
		good = allow(filter, role->allowances[i]);
	good = good && seccomp_load(filter) == 0;
	seccomp_release(filter);
	return good;
}

/* ------------------------------------------------------------------ Landlock: everything handled, next to nothing allowed */

#ifndef LANDLOCK_CREATE_RULESET_VERSION
#define LANDLOCK_CREATE_RULESET_VERSION 1u
#endif

/* The kernel's structure as of ABI 6; an older kernel takes the longer one where the rest is zero. */
struct ruleset {
	uint64_t file_system, network, scope;
};

/* By ABI; what is not listed as handled would stay allowed, so each version's bits are all of them. */
static const struct ruleset rulesets[] = {
	{ 0, 0, 0 }, { 0x1fff, 0, 0 }, { 0x3fff, 0, 0 }, /* refer */
	{ 0x7fff, 0, 0 },				 /* truncate */
	{ 0x7fff, 3, 0 },				 /* bind and connect TCP */
	{ 0xffff, 3, 0 },				 /* ioctl on devices */
	{ 0xffff, 3, 3 },				 /* abstract sockets and signals to the outside */
};

#define LANDLOCK_PATH_BENEATH 1
#define LANDLOCK_READ_FILE (UINT64_C(1) << 2)
#define LANDLOCK_READ_FOLDER (UINT64_C(1) << 3)
#define LANDLOCK_REPLACE_FILE ((UINT64_C(1) << 1) | (UINT64_C(1) << 5) | (UINT64_C(1) << 8)) /* write, remove, make */

static bool landlock_allow(int rules, const char *path, uint64_t more)
{
	struct {
		uint64_t allowed;
		int32_t fd;
	} __attribute__((packed)) rule = { LANDLOCK_READ_FILE | more, open(path, O_PATH | O_CLOEXEC) };
	struct stat st;
	bool good;

	if (rule.fd < 0)
		return true;
	if (fstat(rule.fd, &st) == 0 && S_ISDIR(st.st_mode))
		rule.allowed |= LANDLOCK_READ_FOLDER;
	good = syscall(SYS_landlock_add_rule, rules, LANDLOCK_PATH_BENEATH, &rule, 0u) == 0;
	close(rule.fd);
	return good;
}

static bool landlock_lock(const struct role *role, const char *folder)
{
	const long newest = sizeof rulesets / sizeof *rulesets - 1;
	struct ruleset ruleset;
	long abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_CREATE_RULESET_VERSION);
	long fd;
	bool good;

	if (abi < 1)
		return false;
	ruleset = rulesets[abi < newest ? abi : newest];
	ruleset.network &= role->network;
	fd = syscall(SYS_landlock_create_ruleset, &ruleset, sizeof ruleset, 0u);
	if (fd < 0)
		return false;
	good = true;
	for (const char *const *path = role->readable; good && path && *path; path++)
		good = landlock_allow((int)fd, *path, 0);
	if (good && role->writes && folder)
		good = landlock_allow((int)fd, folder, LANDLOCK_REPLACE_FILE);
	good = good && syscall(SYS_landlock_restrict_self, (int)fd, 0u) == 0;
	close((int)fd);
	return good;
}

/* ------------------------------------------------------------------ privileges and resource limits */

static bool privileges_drop(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
	       syscall(SYS_capset, &head, none) == 0;
}

static bool ceiling(__rlimit_resource_t resource, rlim_t most)
{
	struct rlimit now;

	if (getrlimit(resource, &now) != 0)
		return false;
	if (most > now.rlim_max)
		most = now.rlim_max;
	return setrlimit(resource, &(struct rlimit){ most, most }) == 0;
}

static bool ceilings_lower(const struct role *role, const struct sandbox_ceilings *chosen)
{
	rlim_t seconds = chosen->seconds ? chosen->seconds : RLIM_INFINITY;
	bool good = ceiling(RLIMIT_CORE, 0) && ceiling(RLIMIT_NOFILE, role->files) &&
		    ceiling(RLIMIT_NPROC, role->processes) && ceiling(RLIMIT_CPU, seconds);

#ifndef WITH_SANITIZERS /* ASan reserves terabytes of address space and reports into a file */
	good = good && ceiling(RLIMIT_FSIZE, role->file_size) &&
	       ceiling(RLIMIT_AS, chosen->memory ? chosen->memory : RLIM_INFINITY);
#endif
	return good;
}

/* ------------------------------------------------------------------ all of them */

unsigned sandbox_lock(enum sandbox_role role, const struct sandbox_ceilings *ceilings)
{
	const struct role *row = &roles[role];
	unsigned active = 0;

	active |= ceilings_lower(row, ceilings) ? SANDBOX_CEILINGS : 0;
	active |= privileges_drop() ? SANDBOX_PRIVILEGES : 0;
	active |= landlock_lock(row, ceilings->folder) ? SANDBOX_LANDLOCK : 0;
	active |= seccomp_lock(row) ? SANDBOX_SECCOMP : 0;
	return active;
}

unsigned sandbox_probe(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit((int)sandbox_lock(SANDBOX_WORKER, &(struct sandbox_ceilings){ 0 }));
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 0;
	return pid > 0 && WIFEXITED(status) ? (unsigned)WEXITSTATUS(status) & SANDBOX_ALL : 0;
}

#else

unsigned sandbox_lock(enum sandbox_role role, const struct sandbox_ceilings *ceilings)
{
	(void)role;
	(void)ceilings;
	return 0;
}

unsigned sandbox_probe(void)
{
	return 0;
}

#endif

const char *sandbox_describe(unsigned protections, char text[SANDBOX_TEXT])
{
#define IF(bit) (protections & (bit) ? "" : "no ")
	snprintf(text, SANDBOX_TEXT, "%sseccomp, %sLandlock, %sresource limits, %s", IF(SANDBOX_SECCOMP),
		IF(SANDBOX_LANDLOCK), IF(SANDBOX_CEILINGS),
		protections & SANDBOX_PRIVILEGES ? "no privileges" : "privileges kept");
#undef IF
	return text;
}
