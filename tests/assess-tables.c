/* Reads the tables as the program does: assess-tables SENDERS REPORTERS. Prints `id host` for every host suffix, or
 * what is wrong. */
#include "report/assess/senders.h"

#include <stdio.h>
#include <stdlib.h>

static struct span file_text(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = malloc(1 << 20);
	size_t n = file && text ? fread(text, 1, 1 << 20, file) : 0;

	if (file)
		fclose(file);
	return (struct span){ text, n };
}

int main(int argc, char **argv)
{
	struct arena arena = ARENA(1 << 22);
	const struct known_reporter *reporters;
	const struct sender_row *senders;
	struct fault fault = { 0 };
	struct span texts[2];
	size_t senders_n, reporters_n;
	bool ok;

	if (argc != 3)
		return 64;
	texts[0] = file_text(argv[1]);
	texts[1] = file_text(argv[2]);
	ok = senders_read(texts[0], &arena, &senders, &senders_n, &fault) &&
	     reporters_read(texts[1], &arena, &reporters, &reporters_n, &fault);
	if (!ok)
		printf("%s\n", fault.text);
	for (size_t i = 0; ok && i < senders_n; i++)
		for (size_t k = 0; k < senders[i].hosts_n; k++)
			printf("%.*s %.*s\n", (int)senders[i].id.n, senders[i].id.p, (int)senders[i].hosts[k].n,
				senders[i].hosts[k].p);
	free((void *)texts[0].p);
	free((void *)texts[1].p);
	arena_release(&arena);
	return !ok;
}
