#include "ingest/netnames.h"

#if HAVE_MAXMINDDB

#include <arpa/inet.h>
#include <maxminddb.h>
#include <stdlib.h>

#define NAME_OCTETS 200

struct netnames {
	MMDB_s file;
};

struct netnames *netnames_open(const char *path, struct fault *fault)
{
	struct netnames *names = calloc(1, sizeof *names);
	int status = names ? MMDB_open(path, MMDB_MODE_MMAP, &names->file) : MMDB_OUT_OF_MEMORY_ERROR;

	if (status == MMDB_SUCCESS)
		return names;
	free(names);
	fault_set(fault, FAULT_SETUP, "%.300s: %.150s", path, MMDB_strerror(status));
	return NULL;
}

void netnames_close(struct netnames *names)
{
	if (!names)
		return;
	MMDB_close(&names->file);
	free(names);
}

struct span netnames_find(struct netnames *names, const struct address *address, struct arena *arena)
{
	/* as IPinfo, and as MaxMind and DB-IP call it */
	static const char *const fields[] = { "as_name", "autonomous_system_organization" };
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} at = { .any.sa_family = address_is_v4(address) ? AF_INET : AF_INET6 };
	MMDB_lookup_result_s found;
	MMDB_entry_data_s value;
	int status;

	if (address_is_v4(address))
		memcpy(&at.v4.sin_addr, address->octets + 12, 4);
	else
		memcpy(&at.v6.sin6_addr, address->octets, 16);
	found = MMDB_lookup_sockaddr(&names->file, &at.any, &status);
	for (size_t i = 0; status == MMDB_SUCCESS && found.found_entry && i < sizeof fields / sizeof *fields; i++)
		if (MMDB_get_value(&found.entry, &value, fields[i], NULL) == MMDB_SUCCESS && value.has_data &&
			value.type == MMDB_DATA_TYPE_UTF8_STRING && value.data_size)
			return arena_copy(arena, (struct span){ value.utf8_string,
						   value.data_size < NAME_OCTETS ? value.data_size : NAME_OCTETS });
	return SPAN_ABSENT;
}

#else

struct netnames *netnames_open(const char *path, struct fault *fault)
{
	fault_set(fault, FAULT_SETUP, "%.300s: this program was built without libmaxminddb", path);
	return NULL;
}

void netnames_close(struct netnames *names)
{
	(void)names;
}

struct span netnames_find(struct netnames *names, const struct address *address, struct arena *arena)
{
	(void)names;
	(void)address;
	(void)arena;
	return SPAN_ABSENT;
}

#endif
