/* The calls of parse/parse.h, for the program: they go to the reader, which the first of them loads. */
#include "cli/cli.h"
#include "ingest/program.h"
#include "parse/reader.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

bool reader_find(struct fault *fault)
{
	char path[PROGRAM_PATH];

	return program_find(path, READER_FILE, fault);
}

/* NULL and errno, ESTALE when the library is of another version: who runs for months may find the one of a newer program. Nobody
 * gives it back. */
static const struct reader *reader_load(void)
{
	static const struct reader *reader;
	const struct reader *found;
	char path[PROGRAM_PATH];
	struct fault fault;
	void *library;

	if (reader)
		return reader;
	if (!program_find(path, READER_FILE, &fault))
		return NULL;
	library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	found = library ? dlsym(library, READER_SYMBOL) : NULL;
	if (found && strcmp(found->version, READER_VERSION) == 0)
		reader = found;
	else
		errno = found ? ESTALE : ELIBACC;
	return reader;
}

bool parse_warm(void)
{
	const struct reader *reader = reader_load();

	return reader && reader->warm();
}

struct parser *parser_new(const struct limits *limits)
{
	const struct reader *reader = reader_load();

	return reader ? reader->parser_new(limits) : NULL;
}

void parser_free(struct parser *parser)
{
	if (parser)
		reader_load()->parser_free(parser);
}

bool parse_mail(struct parser *parser, const struct parse_input *input, struct feedback *feedback, struct fault *fault)
{
	return reader_load()->mail(parser, input, feedback, fault);
}
