#include "report/doctor.h"

const char *const doctor_words[DOCTOR_STATES] = { "good", "look", "bad" };

static const enum ink inks[DOCTOR_STATES] = { INK_GOOD, INK_WARN, INK_BAD };

bool doctor_text(
	FILE *out, const struct style *style, const struct doctor_check *checks, size_t n, enum doctor_state least)
{
	for (size_t i = 0; i < n; i++) {
		const struct doctor_check *check = &checks[i];
		enum ink ink = inks[check->state];

		if (check->state < least)
			continue;
		fprintf(out, "%s%-4s%s  %-11s  ", style_ink(style, ink), doctor_words[check->state],
			style_off(style, ink), check->name);
		if (*check->subject) {
			style_print(out, style, span_of(check->subject));
			fputs(": ", out);
		}
		style_print(out, style, span_of(check->text));
		fputc('\n', out);
	}
	return !ferror(out);
}
