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

static bool find(struct netnames *names, const struct address *address, MMDB_entry_s *entry)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} at = { .any.sa_family = address_is_v4(address) ? AF_INET : AF_INET6 };
	MMDB_lookup_result_s found;
	int status;

	if (address_is_v4(address))
		memcpy(&at.v4.sin_addr, address->octets + 12, 4);
	else
		memcpy(&at.v6.sin6_addr, address->octets, 16);
	found = MMDB_lookup_sockaddr(&names->file, &at.any, &status);
	*entry = found.entry;
	return status == MMDB_SUCCESS && found.found_entry;
}

/* The text at the end of `path`, in the file's memory; absent when there is none. */
static struct span text_at(MMDB_entry_s *entry, const char *const *path)
{
	MMDB_entry_data_s value;

	if (MMDB_aget_value(entry, &value, path) != MMDB_SUCCESS || !value.has_data ||
		value.type != MMDB_DATA_TYPE_UTF8_STRING || !value.data_size)
		return SPAN_ABSENT;
	return (struct span){ value.utf8_string, value.data_size };
}

struct span netnames_find(struct netnames *names, const struct address *address, struct arena *arena)
{
	/* as IPinfo, and as MaxMind and DB-IP call it */
	static const char *const fields[][2] = { { "as_name" }, { "autonomous_system_organization" } };
	MMDB_entry_s entry;

	if (!find(names, address, &entry))
		return SPAN_ABSENT;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		struct span name = text_at(&entry, fields[i]);

		if (name.n)
			return arena_copy(arena, (struct span){ name.p, name.n < NAME_OCTETS ? name.n : NAME_OCTETS });
	}
	return SPAN_ABSENT;
}

static bool is_country(struct span text)
{
	return text.n == 2 && text.p[0] >= 'A' && text.p[0] <= 'Z' && text.p[1] >= 'A' && text.p[1] <= 'Z';
}

void netnames_country(struct netnames *names, const struct address *address, char country[3])
{
	/* as IPinfo calls it now and called it before, and as MaxMind and DB-IP do */
	static const char *const fields[][3] = { { "country_code" }, { "country" }, { "country", "iso_code" } };
	MMDB_entry_s entry;

	memset(country, 0, 3);
	if (!find(names, address, &entry))
		return;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		struct span text = text_at(&entry, fields[i]);

		if (is_country(text)) {
			memcpy(country, text.p, 2);
			return;
		}
	}
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

void netnames_country(struct netnames *names, const struct address *address, char country[3])
{
	(void)names;
	(void)address;
	memset(country, 0, 3);
}

#endif
