/* kept: what the store keeps of a mail, as the parser wants it. */
#ifndef CLI_KEPT_H
#define CLI_KEPT_H

#include "parse/parse.h"
#include "store/answer.h"

/* `ranges` has room for PARSE_RANGES and belongs to `input` from now on. False when nothing of the mail can be read again. */
bool kept_input(const struct kept_mail *kept, unsigned flags, struct parse_range *ranges, struct parse_input *input);

#endif
