#include "cli/overrides.h"
#include "cli/config_private.h"

#include <stdlib.h>
#include <string.h>

static struct override *override_find(const struct config *config, const char *domain, const struct config_setting *setting)
{
	for (size_t i = 0; i < config->overrides_n; i++)
		if (config->overrides[i].setting == setting && strcmp(config->overrides[i].domain, domain) == 0)
			return &config->overrides[i];
	return NULL;
}

static bool override_add(struct config *config, const char *domain, const struct override *row)
{
	struct override *grown = config->overrides;
	size_t n = config->overrides_n;
	char *copy = strdup(domain);

	if ((n & (n - 1)) == 0)
		grown = realloc(config->overrides, (n ? 2 * n : 1) * sizeof *grown);
	if (grown)
		config->overrides = grown;
	if (!grown || !copy) {
		free(copy);
		return false;
	}
	grown[n] = *row;
	grown[n].domain = copy;
	config->overrides_n++;
	return true;
}

/* A list that is given again. */
static bool override_extend(struct override *row, const char *value, const char *where, struct fault *fault)
{
	struct config tried = { .readiness.limits = LIMITS_DEFAULT };
	bool good;

	*setting_text(&tried, row->setting) = row->value;
	good = setting_add(&tried, row->setting, value, where, fault);
	row->value = *setting_text(&tried, row->setting);
	return good;
}

bool override_set(struct config *config, const char *domain, const struct config_setting *setting, const char *value,
	const char *where, unsigned line, struct fault *fault)
{
	struct override *again = override_find(config, domain, setting);
	struct override row = { .setting = setting, .line = line };
	struct config tried = { .readiness.limits = LIMITS_DEFAULT };

	if (again && setting_is_list(setting))
		return override_extend(again, value, where, fault);
	if (again)
		return fault_set(fault, FAULT_SETUP, "%s: set twice, first on line %u", where, again->line);
	if (config->overrides_n == OVERRIDES_MOST)
		return fault_set(fault, FAULT_SETUP, "%s: more than %d settings of domains", where, OVERRIDES_MOST);
	if (!setting_set(&tried, setting, value, where, fault))
		return false;
	row.value = config_is_text(setting) ? *setting_text(&tried, setting) : strdup(value);
	if (row.value && override_add(config, domain, &row))
		return true;
	free(row.value);
	return fault_set(fault, FAULT_LATER, "out of memory");
}

void overrides_release(struct config *config)
{
	for (size_t i = 0; i < config->overrides_n; i++) {
		free(config->overrides[i].domain);
		free(config->overrides[i].value);
	}
	free(config->overrides);
	config->overrides = NULL;
	config->overrides_n = 0;
}

struct readiness_settings readiness_settings_of(const struct config *config, struct span domain)
{
	struct config whole = { .readiness = config->readiness };

	for (size_t i = 0; i < config->overrides_n; i++) {
		const struct override *row = &config->overrides[i];

		if (!span_is(span_of(row->domain), domain))
			continue;
		if (config_is_text(row->setting))
			*setting_text(&whole, row->setting) = row->value;
		else
			setting_set(&whole, row->setting, row->value, "", NULL);
	}
	return whole.readiness;
}

void overrides_print(const struct config *config, FILE *out)
{
	const char *domain = "";

	for (size_t i = 0; i < config->overrides_n; i++) {
		const struct override *row = &config->overrides[i];

		if (strcmp(domain, row->domain) != 0)
			fprintf(out, "\n[" DOMAIN_SECTION " %s]\n", row->domain);
		domain = row->domain;
		setting_print(row->setting, row->value, out);
		putc('\n', out);
	}
}
