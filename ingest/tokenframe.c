#include "ingest/tokenframe.h"

#include "base/escape.h"

#include <stdio.h>
#include <stdlib.h>

static const size_t texts[] = { offsetof(struct oauth, name), offsetof(struct oauth, token_endpoint),
	offsetof(struct oauth, device_endpoint), offsetof(struct oauth, client_id),
	offsetof(struct oauth, client_secret_file), offsetof(struct oauth, scope), offsetof(struct oauth, token_file),
	offsetof(struct oauth, tls_ca) };

static char **text_at(const struct oauth *oauth, size_t i)
{
	return (char **)((uintptr_t)oauth + texts[i]);
}

void tokenframe_put_oauth(struct frame *frame, const struct oauth *oauth)
{
	frame_put_number(frame, oauth->grant);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		frame_put_text(frame, span_of(*text_at(oauth, i)));
}

bool tokenframe_get_oauth(struct frame *frame, struct oauth *oauth)
{
	*oauth = (struct oauth){ .grant = (enum oauth_grant)frame_number(frame, OAUTH_CLIENT) };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct span text = frame_text(frame, OAUTH_TEXT);

		*text_at(oauth, i) = text.p ? strndup(text.p, text.n) : NULL;
		frame->failed |= text.p && !*text_at(oauth, i);
	}
	return frame_done(frame) && oauth->name && oauth_check(oauth, NULL);
}

void tokenframe_put_code(struct frame *frame, const struct token_code *code)
{
	frame_put_text(frame, span_of(code->word));
	frame_put_text(frame, span_of(code->page));
	frame_put_text(frame, span_of(code->whole_page));
	frame_put_number(frame, code->seconds);
}

/* Escaping makes no longer what was escaped before, but what began at a server is not believed to have been. */
static void text_get(struct frame *frame, char *place, size_t room)
{
	struct buf shown = BUF(room - 1);

	escape_terminal(&shown, frame_text(frame, room - 1));
	frame->failed |= shown.failed;
	snprintf(place, room, "%s", buf_text(&shown));
	buf_release(&shown);
}

bool tokenframe_get_code(struct frame *frame, struct token_code *code)
{
	text_get(frame, code->word, sizeof code->word);
	text_get(frame, code->page, sizeof code->page);
	text_get(frame, code->whole_page, sizeof code->whole_page);
	code->seconds = frame_number(frame, 86400);
	return frame_done(frame) && code->word[0] && code->page[0];
}
