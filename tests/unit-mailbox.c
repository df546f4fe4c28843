/* What a mailbox is called, what becomes of its mails, and how supervisor and poller hand such things over. */
#include "ingest/foldername.h"
#include "ingest/frame.h"
#include "ingest/mailbox.h"
#include "ingest/polling.h"
#include "ingest/sasl.h"
#include "ingest/secretfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void urls(void **state)
{
	static const struct {
		const char *url;
		enum mailbox_kind kind;
		bool tls;
		const char *host;
		unsigned port;
		const char *user, *folder, *path;
	} good[] = {
		{ "imap://mail.example.org", MAILBOX_IMAP, false, "mail.example.org", 143, NULL, "INBOX", NULL },
		{ " IMAPS://a%40example.org@mail.example.org/ ", MAILBOX_IMAP, true, "mail.example.org", 993,
			"a@example.org", "INBOX", NULL },
		{ "imaps://me@x@h.example", MAILBOX_IMAP, true, "h.example", 993, "me@x", "INBOX", NULL },
		{ "imaps://me@h.example:1993/Reports/Gr%C3%B6%C3%9Fe", MAILBOX_IMAP, true, "h.example", 1993, "me",
			"Reports/Gr\xc3\xb6\xc3\x9f"
			"e",
			NULL },
		{ "pop://[2001:db8::1]:1110", MAILBOX_POP3, false, "2001:db8::1", 1110, NULL, "INBOX", NULL },
		{ "pops://u@[::1]", MAILBOX_POP3, true, "::1", 995, "u", "INBOX", NULL },
		{ "maildir:/var/mail/reports", MAILBOX_MAILDIR, false, NULL, 0, NULL, "INBOX", "/var/mail/reports" },
		{ "mbox:/var/mail/reports", MAILBOX_MBOX, false, NULL, 0, NULL, "INBOX", "/var/mail/reports" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct mailbox box;
		struct fault fault = { FAULT_NONE };

		assert_true(mailbox_init(&box, "box"));
		if (!mailbox_parse_url(&box, span_of(good[i].url), &fault))
			fail_msg("%s: %s", good[i].url, fault.text);
		assert_int_equal(box.kind, good[i].kind);
		assert_int_equal(box.tls, good[i].tls);
		assert_int_equal(box.port, good[i].port);
		assert_true(span_is(span_of(box.host), span_of(good[i].host)));
		assert_true(span_is(span_of(box.user), span_of(good[i].user)));
		assert_true(span_is(span_of(box.path), span_of(good[i].path)));
		assert_int_equal(box.n_folders, 1);
		assert_string_equal(box.folders[0], good[i].folder);
		mailbox_release(&box);
	}
}

static void urls_refused(void **state)
{
	static const struct {
		const char *url, *why;
	} bad[] = {
		{ "http://example.org", "begins with" },
		{ "imap:example.org", "begins with" },
		{ "imaps://", "names no host" },
		{ "imaps://user@", "names no host" },
		{ "imaps://user:secret@example.org", "password does not belong" },
		{ "imaps://user;auth=*@example.org", "is not known" },
		{ "imaps://h:0", "from 1 to 65535" },
		{ "imaps://h:65536", "from 1 to 65535" },
		{ "imaps://h:", "from 1 to 65535" },
		{ "imaps://[::1", "lacks its" },
		{ "imaps://[::1]x", "lacks its" },
		{ "imaps://a b", "octet that no host name has" },
		{ "imaps://h\xc3\xb6st", "octet that no host name has" },
		{ "imaps://%0d%0a@h", "not readable text" },
		{ "imaps://%4@h", "not readable text" },
		{ "imaps://h/%ff", "not readable text" },
		{ "imaps://h/%00", "not readable text" },
		{ "pop://h/INBOX", "no folders" },
		{ "maildir:relative", "absolute path" },
		{ "mbox:", "absolute path" },
		{ "", "begins with" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct mailbox box;
		struct fault fault = { FAULT_NONE };

		assert_true(mailbox_init(&box, "box"));
		if (mailbox_parse_url(&box, span_of(bad[i].url), &fault) || fault.kind != FAULT_SETUP ||
			!strstr(fault.text, bad[i].why))
			fail_msg("%s: %s", bad[i].url, fault.text);
		assert_null(strstr(fault.text, "secret"));
		mailbox_release(&box);
	}
}

static void fates(void **state)
{
	static const struct {
		const char *text;
		int kind; /* -1: refused */
		const char *name;
	} rows[] = {
		{ "keep", FATE_KEEP, NULL },
		{ " seen ", FATE_SEEN, NULL },
		{ "delete", FATE_DELETE, NULL },
		{ "flag:$dmarcgate", FATE_FLAG, "$dmarcgate" },
		{ "move:Done/2026 \xc3\xbc", FATE_MOVE, "Done/2026 \xc3\xbc" },
		{ "flag:", -1, NULL },
		{ "flag:two words", -1, NULL },
		{ "flag:\\Seen", -1, NULL },
		{ "flag:a)", -1, NULL },
		{ "flag:\xc3\xbc", -1, NULL },
		{ "move:", -1, NULL },
		{ "move:a\nb", -1, NULL },
		{ "move:\xff", -1, NULL },
		{ "keeper", -1, NULL },
		{ "deletes", -1, NULL },
		{ "", -1, NULL },
		{ "Keep", -1, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct mail_fate fate = { FATE_KEEP, NULL };
		struct fault fault = { FAULT_NONE };

		if (fate_parse(&fate, span_of(rows[i].text), &fault) != (rows[i].kind >= 0))
			fail_msg("%s: %s", rows[i].text, fault.text);
		if (rows[i].kind >= 0) {
			assert_int_equal(fate.kind, rows[i].kind);
			assert_true(span_is(span_of(fate.name), span_of(rows[i].name)));
		}
		fate_release(&fate);
	}
}

static void lists(void **state)
{
	struct mailbox box;
	struct fault fault;
	char colons[] =
		"00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f:10:11:12:13:14:15:16:17:18:19:1a:1b:1c:1d:1E:1F";

	(void)state;
	assert_true(mailbox_init(&box, "box"));
	assert_true(mailbox_parse_folders(&box, SPAN(" INBOX ,Reports/* , a b"), &fault));
	assert_int_equal(box.n_folders, 3);
	assert_string_equal(box.folders[1], "Reports/*");
	assert_string_equal(box.folders[2], "a b");
	assert_false(mailbox_parse_folders(&box, SPAN("a,,b"), &fault));
	assert_false(mailbox_parse_folders(&box, SPAN(""), &fault));
	assert_int_equal(box.n_folders, 3);
	assert_true(mailbox_parse_fingerprint(&box, span_of(colons), &fault));
	assert_int_equal(box.tls_fingerprint[31], 31);
	assert_false(mailbox_parse_fingerprint(&box, SPAN("00"), &fault));
	colons[0] = 'g';
	assert_false(mailbox_parse_fingerprint(&box, span_of(colons), &fault));
	assert_false(mailbox_check(&box, &fault)); /* no host */
	assert_true(mailbox_parse_url(&box, SPAN("pops://u@h"), &fault) && mailbox_check(&box, &fault));
	assert_true(fate_parse(&box.broken, SPAN("move:Broken"), &fault));
	assert_false(mailbox_check(&box, &fault));
	assert_non_null(strstr(fault.text, "broken: POP3"));
	mailbox_release(&box);
}

static void folder_names(void **state)
{
	static const struct {
		const char *name, *wire;
	} rows[] = {
		{ "INBOX", "\"INBOX\"" },
		{ "A&B", "\"A&-B\"" },
		{ "~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",
			"\"~peter/mail/&U,BTFw-/&ZeVnLIqe-\"" },
		{ "Gr\xc3\xb6\xc3\x9f"
		  "e",
			"\"Gr&APYA3w-e\"" },
		{ "\xf0\x9f\x93\xa7", "\"&2D3c5w-\"" },
		{ "a\"b\\c", "\"a\\\"b\\\\c\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf wire = BUF(1024), back = BUF(1024);

		assert_true(foldername_quote(&wire, span_of(rows[i].name)));
		assert_string_equal(buf_text(&wire), rows[i].wire);
		if (!strchr(rows[i].name, '"')) {
			assert_true(foldername_decode(&back, (struct span){ wire.p + 1, wire.n - 2 }));
			assert_string_equal(buf_text(&back), rows[i].name);
		}
		buf_release(&wire);
		buf_release(&back);
	}
}

static void folder_names_broken(void **state)
{
	static const char *const kept[] = { "a&b", "a&U", "&!-", "&2D0-", "&AAA", "\xc3\xbc" };
	struct buf out = BUF(1024);

	(void)state;
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
		buf_clear(&out);
		assert_true(foldername_decode(&out, span_of(kept[i])));
		assert_string_equal(buf_text(&out), kept[i]);
	}
	buf_clear(&out);
	assert_false(foldername_decode(&out, SPAN("a\xff")));
	assert_false(foldername_quote(&out, SPAN("a\r\nb")));
	assert_false(foldername_quote(&out, SPAN("a\xff")));
	buf_release(&out);
}

static void mechanisms(void **state)
{
	struct sasl sasl = { LOGIN_PASSWORD, "tim", "example.org", 143 };
	struct buf out = BUF(SASL_OCTETS);

	(void)state;
	assert_true(sasl_initial(&out, &sasl, SPAN("tanstaaftanstaaf"))); /* RFC 4616 section 4 */
	assert_string_equal(buf_text(&out), "AHRpbQB0YW5zdGFhZnRhbnN0YWFm");
	secret_wipe(&out);
	sasl = (struct sasl){ LOGIN_OAUTHBEARER, "user@example.com", "server.example.com", 143 };
	assert_true(sasl_initial(
		&out, &sasl, SPAN("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="))); /* RFC 7628 section 4.1 */
	assert_string_equal(buf_text(&out),
		"bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcmVyI"
		"HZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB");
	secret_wipe(&out);
	sasl.user = "a,b=c";
	assert_true(sasl_initial(&out, &sasl, SPAN("T")));
	assert_string_equal(
		buf_text(&out), "bixhPWE9MkNiPTNEYywBaG9zdD1zZXJ2ZXIuZXhhbXBsZS5jb20BcG9ydD0xNDMBYXV0aD1CZWFyZXIgVAEB");
	secret_wipe(&out);
	assert_false(sasl_initial(&out, &sasl, SPAN("T\001x")));
	secret_wipe(&out);
	assert_false(sasl_initial(&out, &sasl, SPAN("")));
	secret_wipe(&out);
	sasl = (struct sasl){ LOGIN_XOAUTH2, "someuser@example.com", "h", 587 };
	assert_true(sasl_initial(
		&out, &sasl, SPAN("ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg"))); /* Google's example */
	assert_string_equal(buf_text(&out),
		"dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQm"
		"hkSFJoZG1semRHRXVZMjl0Q2cBAQ==");
	secret_wipe(&out);
}

static void refusals(void **state)
{
	static const struct {
		const char *challenge, *reason;
	} rows[] = {
		{ "+ eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIiwic2NvcGUiOiJleGFtcGxlX3Njb3BlIn0=",
			"the access token is not accepted: invalid_token; it wants the scope example_scope" },
		{ "334 eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIn0K", "the access token is not accepted: 400" },
		{ "eyJzdGF0dXMiOjd9", "{\"status\":7}" },
		{ "+ bm8gSlNPTg==", "no JSON" },
		{ "+ W1tbW1s=", "[[[[[" },
		{ "+ not base64!", "" },
		{ "+", "" },
		{ "", "" },
	};
	struct buf reason = BUF(1024);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		buf_clear(&reason);
		sasl_reason(&reason, span_of(rows[i].challenge));
		assert_string_equal(buf_text(&reason), rows[i].reason);
	}
	buf_release(&reason);
}

static struct frame one, other;

static void handed_over(void **state)
{
	struct mailbox box, copy;
	struct fault fault;

	(void)state;
	assert_true(mailbox_init(&box, "box") && mailbox_parse_url(&box, SPAN("imaps://u@h/F"), &fault));
	assert_true(fate_parse(&box.after, SPAN("move:X"), &fault));
	box.since = 30;
	frame_begin(&one, POLLING_OPEN);
	polling_put_mailbox(&one, &box);
	assert_true(polling_get_mailbox(&one, &copy));
	assert_true(frame_done(&one));
	assert_string_equal(copy.folders[0], "F");
	assert_string_equal(copy.after.name, "X");
	assert_int_equal(copy.since, 30);
	assert_int_equal(copy.port, 993);
	mailbox_release(&copy);
	for (size_t n = 0; n < one.n; n++) { /* every cut is noticed */
		other = one;
		other.n = n;
		other.at = 0;
		assert_false(polling_get_mailbox(&other, &copy));
		mailbox_release(&copy);
	}
	mailbox_release(&box);
}

static void frames_distrusted(void **state)
{
	int pair[2], fds[2];
	struct mail_place place;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	frame_begin(&one, 7);
	frame_put_number(&one, 5);
	frame_put_text(&one, SPAN("a\0b"));
	one.fd = pair[0];
	assert_true(frame_send(pair[0], &one));
	assert_int_equal(frame_receive(pair[1], &other, 1000), 1);
	assert_int_equal(other.type, 7);
	assert_true(other.fd >= 0);
	close(frame_take_fd(&other));
	assert_int_equal(frame_number(&other, 4), 0); /* more than is allowed */
	assert_false(frame_done(&other));
	other.failed = false;
	assert_null(frame_text(&other, 100).p); /* an NUL inside */
	assert_true(other.failed);
	assert_int_equal(frame_receive(pair[1], &other, 10), -1);
	for (unsigned i = 0; i < 2; i++) {
		fds[i] = dup(pair[0]);
		assert_true(fds[i] >= 0);
	}
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof fds)];
	} control = { { 0 } };
	struct iovec part = { fds, 8 };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room
	};

	control.header =
		(struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof fds) };
	memcpy(CMSG_DATA(&control.header), fds, sizeof fds);
	assert_int_equal(sendmsg(pair[0], &message, 0), 8);
	assert_int_equal(frame_receive(pair[1], &other, 1000), -1); /* two descriptors */
	assert_int_equal(other.fd, -1);
	assert_int_equal(send(pair[0], "ab", 2, 0), 2);
	assert_int_equal(frame_receive(pair[1], &other, 1000), -1); /* no type */
	frame_begin(&one, POLLING_MAIL);
	frame_put_text(&one, SPAN("INBOX"));
	frame_put_number(&one, 1);
	frame_put_number(&one, 0);
	frame_put_text(&one, SPAN("")); /* neither UID nor UIDL */
	assert_false(polling_get_place(&one, &place));
	close(fds[0]);
	close(fds[1]);
	close(pair[0]);
	assert_int_equal(frame_receive(pair[1], &other, 1000), 0);
	close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls),
		cmocka_unit_test(urls_refused),
		cmocka_unit_test(fates),
		cmocka_unit_test(lists),
		cmocka_unit_test(folder_names),
		cmocka_unit_test(folder_names_broken),
		cmocka_unit_test(mechanisms),
		cmocka_unit_test(refusals),
		cmocka_unit_test(handed_over),
		cmocka_unit_test(frames_distrusted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
