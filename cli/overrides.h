/* overrides: the sections `[domain NAME]` of dmarcgate.conf, in which settings of [readiness] hold for one domain. */
#ifndef CLI_OVERRIDES_H
#define CLI_OVERRIDES_H

#include "base/fault.h"
#include "base/span.h"

#include <stdio.h>

#define DOMAIN_SECTION "domain"
#define OVERRIDES_MOST 100000 /* settings in all such sections */

struct config;
struct config_setting;
struct readiness_settings;

struct override {
	char *domain; /* owned; A-labels, lower case */
	const struct config_setting *setting;
	char *value; /* owned; it was accepted */
	unsigned line;
};

/* One setting of a section, by the rules of [readiness]. `where` is what a fault calls it. */
bool override_set(struct config *config, const char *domain, const struct config_setting *setting, const char *value,
	const char *where, unsigned line, struct fault *fault);
void overrides_release(struct config *config);
void overrides_print(const struct config *config, FILE *out);

/* [readiness] as it holds for that domain; its texts stay the configuration's. */
struct readiness_settings readiness_settings_of(const struct config *config, struct span domain);

#endif
