/* tokenframe: the frames between supervisor (token.c) and dmarcgate-token. */
#ifndef INGEST_TOKENFRAME_H
#define INGEST_TOKENFRAME_H

#include "base/fault.h"
#include "ingest/frame.h"
#include "ingest/oauth.h"
#include "ingest/token.h"

enum tokenframe {
	/* to the process */
	TOKEN_GET = 1, /* oauth */
	TOKEN_LOGIN,   /* oauth */
	/* from it */
	TOKEN_IS = 64, /* the access token */
	TOKEN_CODE,    /* what a person is to enter; the end of it follows */
	TOKEN_STORED,
	TOKEN_FAULT,
};

void tokenframe_put_oauth(struct frame *frame, const struct oauth *oauth);
bool tokenframe_get_oauth(struct frame *frame, struct oauth *oauth); /* release it after a failure, too */
void tokenframe_put_code(struct frame *frame, const struct token_code *code);
bool tokenframe_get_code(struct frame *frame, struct token_code *code);

#endif
