#include "ingest/polling.h"

#include "base/escape.h"

#include <stdlib.h>

/* ---- a mailbox: fields in a fixed order, both ways ---- */

static void put_text(struct frame *frame, const char *text)
{
	frame_put_text(frame, span_of(text));
}

static void get_text(struct frame *frame, char **place, size_t most)
{
	struct span text = frame_text(frame, most);

	*place = text.p ? strndup(text.p, text.n) : NULL;
	frame->failed |= text.p && !*place;
}

void polling_put_fate(struct frame *frame, const struct mail_fate *fate)
{
	frame_put_number(frame, fate->kind);
	put_text(frame, fate->name);
}

bool polling_get_fate(struct frame *frame, struct mail_fate *fate)
{
	fate->kind = (enum fate_kind)frame_number(frame, FATE_DELETE);
	get_text(frame, &fate->name, MAILBOX_TEXT);
	if ((fate->kind == FATE_FLAG || fate->kind == FATE_MOVE) && !fate->name)
		frame->failed = true;
	return !frame->failed;
}

void polling_put_mailbox(struct frame *frame, const struct mailbox *mailbox)
{
	put_text(frame, mailbox->name);
	frame_put_number(frame, mailbox->kind);
	frame_put_number(frame, mailbox->tls);
	put_text(frame, mailbox->host);
	frame_put_number(frame, mailbox->port);
	put_text(frame, mailbox->user);
	frame_put_number(frame, mailbox->login);
	frame_put_number(frame, mailbox->n_folders);
	for (size_t i = 0; i < mailbox->n_folders; i++)
		put_text(frame, mailbox->folders[i]);
	polling_put_fate(frame, &mailbox->after);
	polling_put_fate(frame, &mailbox->not_reports);
	polling_put_fate(frame, &mailbox->broken);
	frame_put_number(frame, (uint64_t)mailbox->since);
	frame_put_number(frame, mailbox->max_messages);
	frame_put_number(frame, mailbox->max_octets);
	frame_put_number(frame, mailbox->timeout);
	frame_put_number(frame, mailbox->deadline);
	frame_put_number(frame, mailbox->keepalive);
	put_text(frame, mailbox->tls_ca);
	frame_put_number(frame, mailbox->pinned);
	for (size_t i = 0; i < sizeof mailbox->tls_fingerprint; i++)
		frame_put_number(frame, mailbox->tls_fingerprint[i]);
}

bool polling_get_mailbox(struct frame *frame, struct mailbox *mailbox)
{
	*mailbox = (struct mailbox){ 0 };
	get_text(frame, &mailbox->name, MAILBOX_TEXT);
	mailbox->kind = (enum mailbox_kind)frame_number(frame, MAILBOX_SMTP);
	mailbox->tls = frame_number(frame, 1) != 0;
	get_text(frame, &mailbox->host, MAILBOX_TEXT);
	mailbox->port = (uint16_t)frame_number(frame, UINT16_MAX);
	get_text(frame, &mailbox->user, MAILBOX_TEXT);
	mailbox->login = (enum mailbox_login)frame_number(frame, LOGIN_OAUTHBEARER);
	size_t n = (size_t)frame_number(frame, MAILBOX_FOLDERS);

	mailbox->folders = calloc(n + 1, sizeof *mailbox->folders);
	frame->failed |= !mailbox->folders;
	for (; mailbox->folders && mailbox->n_folders < n && !frame->failed; mailbox->n_folders++)
		get_text(frame, &mailbox->folders[mailbox->n_folders], MAILBOX_TEXT);
	polling_get_fate(frame, &mailbox->after);
	polling_get_fate(frame, &mailbox->not_reports);
	polling_get_fate(frame, &mailbox->broken);
	mailbox->since = (int64_t)frame_number(frame, INT64_MAX);
	mailbox->max_messages = frame_number(frame, UINT64_MAX);
	mailbox->max_octets = frame_number(frame, INT64_MAX);
	mailbox->timeout = (uint32_t)frame_number(frame, UINT32_MAX);
	mailbox->deadline = (uint32_t)frame_number(frame, UINT32_MAX);
	mailbox->keepalive = (uint32_t)frame_number(frame, MAILBOX_KEEPALIVE_MOST);
	get_text(frame, &mailbox->tls_ca, 4096);
	mailbox->pinned = frame_number(frame, 1) != 0;
	for (size_t i = 0; i < sizeof mailbox->tls_fingerprint; i++)
		mailbox->tls_fingerprint[i] = (uint8_t)frame_number(frame, 255);
	frame->failed |= !mailbox->name;
	return !frame->failed && mailbox_check(mailbox, NULL);
}

/* ---- places and faults: what comes from the poller began at a server ---- */

void polling_put_place(struct frame *frame, const struct mail_place *place)
{
	put_text(frame, place->folder);
	frame_put_number(frame, place->uidvalidity);
	frame_put_number(frame, place->uid);
	put_text(frame, place->uidl);
}

bool polling_get_place(struct frame *frame, struct mail_place *place)
{
	struct span folder = frame_text(frame, POLLING_FOLDER);
	struct span uidl;

	*place = (struct mail_place){ .uidvalidity = frame_number(frame, UINT32_MAX),
		.uid = frame_number(frame, UINT32_MAX) };
	uidl = frame_text(frame, PLACE_UIDL);
	for (size_t i = 0; i < uidl.n; i++)
		frame->failed |= uidl.p[i] < 0x21 || uidl.p[i] > 0x7e;
	frame->failed |= !folder.p || !uidl.p || !utf8_valid(folder) || (place->uid == 0 && uidl.n == 0);
	if (frame->failed)
		return false;
	memcpy(place->uidl, uidl.p, uidl.n);
	place->folder = strndup(folder.p, folder.n);
	frame->failed |= !place->folder;
	return !frame->failed;
}

void polling_put_fault(struct frame *frame, const struct fault *fault)
{
	frame_put_number(frame, fault->kind);
	put_text(frame, fault->text);
}

void polling_get_fault(struct frame *frame, struct fault *fault)
{
	enum fault_kind kind = (enum fault_kind)frame_number(frame, FAULT_BROKEN);
	struct span text = frame_text(frame, sizeof fault->text);
	struct buf shown = BUF(8 * sizeof fault->text);

	escape_terminal(&shown, text);
	if (frame->failed || kind == FAULT_NONE)
		fault_set(fault, FAULT_BROKEN, "the poller says something that is no fault");
	else
		fault_set(fault, kind, "%s", buf_text(&shown));
	buf_release(&shown);
}
