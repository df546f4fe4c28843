/* A poller that has been taken over: it does what the user of its mailbox is called. For tests/unit-poller.c. */
#include "ingest/polling.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct frame frame;

static void say(uint32_t type)
{
	frame.type = type;
	if (!frame_send(POLLING_SOCKET, &frame))
		_exit(1);
}

static int octets_of(const char *text, bool sealed)
{
	int fd = memfd_create("mail", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		_exit(1);
	if (sealed)
		fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	return fd;
}

static void say_mail(const char *folder, uint64_t uid, uint64_t length, int fd)
{
	struct mail_place place = { .folder = (char *)(uintptr_t)folder, .uidvalidity = 1, .uid = uid };

	frame_begin(&frame, POLLING_MAIL);
	polling_put_place(&frame, &place);
	frame_put_number(&frame, length);
	frame.fd = fd;
	say(POLLING_MAIL);
	if (fd >= 0)
		close(fd);
}

static void say_listed(uint64_t n)
{
	frame_begin(&frame, POLLING_LISTED);
	frame_put_text(&frame, SPAN("INBOX"));
	frame_put_number(&frame, 1);
	frame_put_number(&frame, n);
	for (uint64_t i = 0; i < n && i < SERVER_BATCH + 1; i++) {
		frame_put_number(&frame, i + 1);
		frame_put_number(&frame, 3);
		frame_put_text(&frame, SPAN_ABSENT);
	}
	say(POLLING_LISTED);
}

static void say_fault(uint32_t type, uint64_t kind, const char *text)
{
	frame_begin(&frame, type);
	frame_put_number(&frame, kind);
	frame_put_text(&frame, span_of(text));
	say(type);
}

static void answer(const char *mode)
{
	if (strcmp(mode, "honest") == 0)
		say_mail("INBOX", 7, 3, octets_of("abc", true));
	else if (strcmp(mode, "unsealed") == 0)
		say_mail("INBOX", 7, 3, octets_of("abc", false));
	else if (strcmp(mode, "short") == 0)
		say_mail("INBOX", 7, 4, octets_of("abc", true));
	else if (strcmp(mode, "huge") == 0)
		say_mail("INBOX", 7, UINT64_MAX, octets_of("abc", true));
	else if (strcmp(mode, "nothing") == 0)
		say_mail("INBOX", 7, 3, -1);
	else if (strcmp(mode, "device") == 0)
		say_mail("INBOX", 7, 0, open("/dev/zero", O_RDONLY | O_CLOEXEC));
	else if (strcmp(mode, "no uid") == 0)
		say_mail("INBOX", 0, 3, octets_of("abc", true));
	else if (strcmp(mode, "bad folder") == 0)
		say_mail("\xff\x1b[m", 7, 3, octets_of("abc", true));
	else if (strcmp(mode, "too many") == 0)
		for (unsigned i = 1; i < 100; i++)
			say_mail("INBOX", i, 3, octets_of("abc", true));
	else if (strcmp(mode, "listed") == 0)
		say_listed(SERVER_BATCH + 1);
	else if (strcmp(mode, "fault") == 0)
		say_fault(POLLING_FAULT, FAULT_LATER, "a line\nand \x1b[31manother");
	else if (strcmp(mode, "no fault") == 0)
		say_fault(POLLING_FAULT, FAULT_NONE, "all is well");
	else if (strcmp(mode, "no type") == 0)
		say_fault(4711, FAULT_LATER, "what");
	else if (strcmp(mode, "crash") == 0)
		raise(SIGABRT);
	else if (strcmp(mode, "leave") == 0)
		_exit(3);
	else if (strcmp(mode, "deaf") == 0)
		close(POLLING_SOCKET), pause();
	else
		_exit(4);
}

static void say_news(const char *mode)
{
	if (strcmp(mode, "watch mail") == 0) {
		say_mail("INBOX", 7, 3, octets_of("abc", true));
	} else if (strcmp(mode, "watch fault") == 0) {
		say_fault(POLLING_FAULT, FAULT_LATER, "lost");
	} else if (strcmp(mode, "watch leave") == 0) {
		_exit(3);
	} else if (strcmp(mode, "watch silent") != 0) {
		frame_begin(&frame, POLLING_NEWS);
		frame_put_number(&frame, 1);
		if (strcmp(mode, "watch octets") == 0)
			frame_put_number(&frame, 1);
		if (strcmp(mode, "watch descriptor") == 0)
			frame.fd = 0;
		say(POLLING_NEWS);
	}
}

static void say_end(uint32_t type)
{
	frame_begin(&frame, type);
	if (type == POLLING_CLOSED)
		frame_put_number(&frame, 0);
	say(type);
}

int main(void)
{
	struct mailbox mailbox;
	bool ended = false; /* what is asked for after the end has no answer */

	if (frame_receive(POLLING_SOCKET, &frame, -1) != 1 || !polling_get_mailbox(&frame, &mailbox))
		return 2;
	if (strcmp(mailbox.user, "silent") == 0)
		say_fault(POLLING_MAIL, FAULT_LATER, "not an answer to OPEN");
	frame_begin(&frame, POLLING_OPENED);
	say(POLLING_OPENED);
	while (frame_receive(POLLING_SOCKET, &frame, -1) == 1) {
		bool first = !ended;

		ended = frame.type == POLLING_NEXT && strncmp(mailbox.user, "watch", 5) == 0;
		if (ended && first)
			say_end(POLLING_END);
		else if (frame.type == POLLING_NEXT && !ended)
			answer(mailbox.user);
		else if (frame.type == POLLING_WATCH)
			say_news(mailbox.user);
		else if (frame.type == POLLING_CLOSE)
			say_end(POLLING_CLOSED);
		else if (frame.type == POLLING_SETTLE) {
			frame_begin(&frame, POLLING_SETTLED);
			frame_put_number(&frame, strcmp(mailbox.user, "honest") == 0 || mailbox.user[0] == 'w' ? 0 : UINT64_MAX);
			say(POLLING_SETTLED);
		}
	}
	mailbox_release(&mailbox);
	return 0;
}
