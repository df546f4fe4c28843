#include "parse/reader.h"

__attribute__((visibility("default"))) const struct reader dmarcgate_reader = {
	READER_VERSION, parse_warm, parser_new, parser_free, parse_mail
};
