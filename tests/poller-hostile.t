#!/usr/bin/env python3
"""Servers that hang, drop, lie, inject and drip: each ends in a right result or in clear lines, within its deadline, and no
password leaves without TLS."""
import concurrent.futures
import os
import re
import shutil
import ssl
import sys
import tempfile
import warnings

sys.dont_write_bytecode = True  # the source folder may be read-only
sys.path.insert(0, os.path.join(os.environ.get("srcdir", "."), "tests", "lib"))
from fakeserver import *  # noqa: E402,F403
from mailserver import *  # noqa: E402,F403

DEADLINE = 5
PATIENT = 40  # where a right result is wanted, which a busy machine needs longer for
GRACE = 10  # seconds beyond the deadline: the start and end of processes on a busy machine


def hang(c, command):
    c.hang()


def drop(c, command):
    c.drop()


def say(text):
    """Text with TAG for the command's."""
    def function(c, command):
        data = text if isinstance(text, bytes) else text.encode()
        return c.send(data.replace(b"TAG", command.split(b" ")[0]))
    return function


def echo(answer):
    """A refusal with the command in it, or with what follows it where the command is only an invitation."""
    def function(c, command):
        said = command if len(command.split(b" ")) != 3 else c.send("+ \r\n") and c.line()
        return c.send(answer.replace(b"TAG", command.split(b" ")[0]), b"who says ", said, b"?\r\n")
    return function


def then_honest(text):
    def function(c, command):
        c.send(text)
        return None
    return function


def once(function):
    """Only on the first connection."""
    def first(c, command):
        return function(c, command) if c.server.connections == 1 else None
    return first


def once_asked(function):
    """Only the first time."""
    asked = []

    def first(c, command):
        asked.append(command)
        return function(c, command) if len(asked) == 1 else None
    return first


class Case:
    def __init__(self, name, kind, twist, good=False, said=None, tls=True, certificate="good", told=None, mails=None,
                 settings=None, expect=None, context=None, rest=None, then=None,
                 secret=SECRET):
        self.__dict__.update(locals())

    def run(self, certificates):
        context = self.context(certificates) if self.context else certificates.context(self.certificate)
        server = self.kind(context, self.tls, self.twist, self.mails)
        url = "%s%s://reports@localhost:%d" % (server.scheme, "s" if self.tls else "", server.port)
        settings = dict({"timeout": 1, "deadline": PATIENT if self.good else DEADLINE, "ca": certificates.ca}, **(self.settings or {}))
        self.within = max(settings["deadline"], DEADLINE) + GRACE
        try:
            self.polled = Polled(url, self.secret, 60, **settings)
        finally:
            server.close()
        self.server = server
        self.sent = server.mails
        return self

    def verdict(self):
        polled, server = self.polled, self.server
        wrong = []
        if server.leaked():
            wrong.append("the password went out in clear")
        if self.told is not None and server.told() != self.told:
            wrong.append("the password was told" if server.told() else "nobody logged in")
        if any(form.decode() in polled.text for form in FORMS) or (self.secret != SECRET and self.secret[-8:] in polled.text):
            wrong.append("the password is shown")
        if polled.code != 0 or "died" in polled.text or "unasked" in polled.text:
            wrong.append("crashed")
        if polled.seconds > self.within:
            wrong.append("took %.1f s" % polled.seconds)
        if self.good:
            expected = self.expect(self.sent) if self.expect else self.sent
            if not polled.good or sorted(m[2] for m in polled.mails) != sums(expected):
                wrong.append("not the right result")
        elif not polled.faults:
            wrong.append("no word about it")
        if self.rest is not None and sorted(m[2] for m in polled.mails) != sums(self.rest):
            wrong.append("not the other mails")
        if self.then and not self.then(server):
            wrong.append("not what is to be done: %s" % vars(server))
        if self.said and self.said not in polled.text:
            wrong.append("does not say: " + self.said)
        if any(len(line) > 600 or not line.isprintable() for line in polled.lines):
            wrong.append("not one clear line")
        return wrong


def imap_stages():
    for tls, stages in ((True, "handshake greeting capability authenticate namespace select search sizes bodies"),
                        (False, "greeting starttls handshake capability")):
        for stage in stages.split():
            before = stage in ("handshake", "greeting", "starttls", "capability")
            for name, function in (("hang", hang), ("drop", drop), ("garbage", say(b"\x80\xff\0(((]]] {\r\n\x1b[31m\r\n" * 3)),
                                   ("BYE", say("* BYE \x1b[1mgo away\r\n"))):
                if stage == "handshake" and name == "BYE":
                    continue
                yield Case("IMAP%s: %s at %s" % ("S" if tls else "", name, stage), Imap, {stage: function}, tls=tls,
                           told=False if before else None, good=stage == "sizes")  # which are not needed


def literal(text, rest=b"abc)\r\nTAG OK done\r\n"):
    return {"bodies": say(b"* 1 FETCH (UID 1 BODY[] " + text + b"\r\n" + rest)}


def lies():
    for text in (b"{18446744073709551615}", b"{-1}", b"{99999999999999999999999}", b"{1073741824}", b"{0x10}", b"{ 5}", b"{5+}"):
        yield Case("a literal of length " + text.decode(), Imap, literal(text))
    yield Case("a literal that is too long", Imap, literal(b"{100000}"), said="reading: no")
    yield Case("a literal that is too short", Imap, literal(b"{1}"))
    yield Case("a quoted word that looks like a literal", Imap, literal(b'"{18446744073709551615}"'))
    yield Case("two literals in one FETCH", Imap, literal(b"{3}", b"abc BODY[] {3}\r\nabc)\r\nTAG OK done\r\n"))
    yield Case("a literal where none belongs", Imap, {"search": say("* SEARCH {5000}\r\n" + "1" * 5000 + "\r\nTAG OK\r\n")})
    for text in (b"*", b"* ", b'* "x"', b"* (", b"x", b"", b"  ", b"+", b"+OK", b"{5}", b"* 1 FETCH", b"* 1 FETCH ()", b"* 1 FETCH (BODY[]"):
        yield Case("no more of a response than %r" % text.decode(), Imap, {"search": say(text + b"\r\n")})
    yield Case("a backslash before nothing", Imap, {"search": say(b"* SEARCH\\ (1)\r\nTAG OK done\r\n")}, said="a backslash")
    yield Case("100,000 brackets", Imap, {"search": say(b"* SEARCH " + b"(" * 100000 + b"\r\nTAG OK done\r\n")})
    yield Case("an endless line", Imap, {"search": flood(b"1 " * 32768)}, said="a line of more than 16777216 octets")
    yield Case("endless answers", Imap, {"search": flood(b"* 1 EXISTS\r\n" * 500)}, said="deadline", settings={"timeout": 4})
    yield Case("no UIDVALIDITY", Imap, {"select": say("* 4 EXISTS\r\nTAG OK done\r\n")}, said="UIDVALIDITY")
    yield Case("UIDs that are none", Imap, {"search": say("* SEARCH 1 -2 99999999999\r\nTAG OK done\r\n")})
    yield Case("four thousand million mails", Imap, {"sizes": say("* 1 FETCH (UID 1 RFC822.SIZE 18446744073709551615)\r\n"
               "TAG OK done\r\n")}, said="left where it is")
    yield Case("mails announced and not sent", Imap, {"bodies": say("TAG OK done\r\n")}, said="announced, but not sent")
    yield Case("answers in lower case", Imap, {"bodies": say("* 1 fetch (uid 1 body[] {3}\r\nabc)\r\nTAG OK done\r\n")})
    yield Case("another length each time", Imap, {"sizes": lambda c, command: [c.send("* %d FETCH (UID %d RFC822.SIZE 7)\r\n" %
               (uid, uid)) for uid in range(1, 5)] and c.send(command.split()[0], " OK done\r\n"),
               "bodies": changing()}, said="announced, but not sent")
    yield Case("a folder called {5}", Imap, {"list": say('* LIST () "/" "{5}"\r\nTAG OK done\r\n')}, settings={"folders": "*"})
    yield Case("a login that is refused", Imap, {"authenticate": say("TAG NO [AUTHENTICATIONFAILED] \x1b[31mno\r\n")},
               said="closed setup")
    for answer in ("NO [LIMIT] Too many", "NO [ALERT] Too many simultaneous connections. (Failure)", "NO [UNAVAILABLE] Not now",
                   "BAD Request is throttled. Suggested Backoff Time: 92415 milliseconds"):
        yield Case("a login that is refused for now: " + answer, Imap, {"authenticate": say("TAG %s\r\n" % answer)}, said="closed later")
    yield Case("a server without a way to log in", Imap, {"capability": say("* CAPABILITY IMAP4rev1 LOGINDISABLED\r\nTAG OK\r\n")},
               said="neither PLAIN nor LOGIN", told=False)


def changing():
    sent = []

    def function(c, command):
        for uid in range(1, 5):
            sent.append(uid)
            data = b"x" * (100 + len(sent))
            c.send("* %d FETCH (UID %d BODY[] {%d}\r\n" % (uid, uid, len(data)), data, ")\r\n")
        return c.send(command.split()[0], " OK done\r\n")
    return function


EVIL = (b"Subject: evil\r\n\r\n)\r\nTAG OK done\r\n000004 OK done\r\n5 OK done\r\n* 9 FETCH (UID 9 BODY[] {5}\r\nhello)\r\n"
        b"* BYE\r\n{18446744073709551615}\r\n")


def right():
    chatter = "* 3 EXPUNGE\r\n* 2 FETCH (FLAGS (\\Seen))\r\n* FLAGS (\\Deleted)\r\n* 9 EXISTS\r\n* OK [ALERT] {9}\r\n* SEARCH\r\n"
    for stage in ("select", "search", "sizes", "bodies"):
        yield Case("EXPUNGE, FLAGS and EXISTS unasked at " + stage, Imap, {stage: then_honest(chatter)}, good=True)
    yield Case("backslashes in texts for people", Imap, {"search": then_honest("* OK [X \\ ] D:\\ (\\\\ [\\\r\n")}, good=True)
    yield Case("protocol text in a mail", Imap, {}, good=True, mails=[EVIL, b"", b"a\0b\r\n", b"\r\n.\r\n", crlf(mail(7))])
    yield Case("protocol text in a mail, POP3", Pop, {}, good=True, mails=[EVIL, b".\r\n..\r\n", crlf(mail(7))],
               expect=lambda mails: [data.replace(b"\r\n", b"\n") for data in mails])
    yield Case("a mail nobody asked for", Imap, {"bodies": then_honest("* 8 FETCH (UID 8 BODY[] {3}\r\nabc)\r\n")}, good=True)
    yield Case("sizes that are estimates", Imap, {"sizes": lambda c, command: [c.send("* %d FETCH (UID %d RFC822.SIZE 7)\r\n" %
               (uid, uid)) for uid in range(1, 5)] and c.send(command.split()[0], " OK done\r\n")}, good=True)
    yield Case("UIDs in disorder, and twice", Imap, {"search": say("* SEARCH 3 1 4\r\n* SEARCH 3 2\r\nTAG OK done\r\n")}, good=True,
               then=lambda server: re.findall(rb"UID FETCH (\S+)", b"".join(server.private)) == [b"1:4"] * 2)
    for code in ("TRYCREATE", "NONEXISTENT"):
        yield Case("a folder that is not there, and then is: " + code, Imap, {"uid move": once_asked(say("TAG NO [%s] no\r\n" % code)),
                   "create": say("TAG NO [ALREADYEXISTS] somebody was quicker\r\n")}, good=True, settings={"after": "move:Done"},
                   then=lambda server: server.gone == {1, 2, 3, 4})
    yield Case("a folder that is not there, and cannot be made", Imap, {"uid move": say("TAG NO [TRYCREATE] no\r\n"),
               "create": say("TAG NO [NOPERM] no\r\n")}, settings={"after": "move:Done"}, said="making the folder: the server refuses: ")
    for said, shown in (("no (0.001 + 0.000 secs).", "no"), ("no (0.002 + 0.000 + 0.001 secs)", "no"), ("no (2 secs)", "no"),
                        ("no (at most 3 secs).", "no (at most 3 secs)."), ("3 secs)", "3 secs)"), ("(1 secs)", "")):
        yield Case("how long a refusal took: " + said, Imap, {"uid move": say("TAG NO [TRYCREATE] no\r\n"),
                   "create": say("TAG NO %s\r\n" % said)}, settings={"after": "move:Done"},
                   said="making the folder: the server refuses: %s\n" % shown)
    yield Case("a folder's name as literal", Imap, {"list": say('* LIST () "/" {7}\r\nReports\r\nTAG OK done\r\n')}, good=True,
               settings={"folders": "Rep*"}, said="folder Reports")
    yield Case("a folder that is none", Imap, {"list": say('* LIST (\\Noselect \\HasChildren) "/" Reports\r\n* LIST (\\HasNoChildren) "/" '
               'Reports/2026\r\n* LIST (\\HasChildren \\NonExistent) "/" Republic\r\nTAG OK done\r\n')}, good=True, settings={"folders": "Rep*"},
               then=lambda server: [line for line in b"".join(server.private).split(b"\r\n") if b"EXAMINE" in line][0].endswith(b"Reports/2026\"") and
               b"".join(server.private).count(b"EXAMINE") == 1)
    yield Case("mails that another client removes", Imap, {"sizes": lambda c, command: c.server.gone.add(2)}, good=True,
               expect=lambda mails: mails[:1] + mails[2:])
    yield Case("a connection that is cut among the mails, once", Imap, {"bodies": once(cut_after(2))}, good=True,
               mails=[crlf(mail(i)) for i in range(100)], settings={"after": "move:Done", "settle": 10})
    yield Case("a connection that is cut in a mail, once", Imap, {"bodies": once(cut_in)}, good=True)
    yield Case("one that is always cut", Imap, {"bodies": cut_in}, said="closed the connection", settings={"deadline": 12})


def cut_at(uid):
    """The server goes away when it comes to this mail."""
    def function(c, command):
        for one in c.server.uids(command.split()[3]):
            if one == uid:
                raise Gone
            c.server.body(c, one)
        return c.send(command.split()[0], " OK done\r\n")
    return function


def lower_sizes(c, command):
    for uid in c.server.uids(command.split()[3]):
        c.send("* %d FETCH (UID %d RFC822.SIZE 900)\r\n" % (uid, uid))
    return c.send(command.split()[0], " OK done\r\n")


def refusing(*uids, answer="TAG NO [SERVERBUG] Internal error\r\n"):
    """Where one of these is among those that are asked for; what comes before it is sent."""
    def function(c, command):
        for one in c.server.uids(command.split()[3]):
            if one in uids:
                return c.send(answer.replace("TAG", command.split()[0].decode()))
            c.server.body(c, one)
        return c.send(command.split()[0], " OK done\r\n")
    return function


def in_folder(name, function):
    """Only in the folder that was selected by this name."""
    def inside(c, command):
        selected = [line for line in b"".join(c.server.private).split(b"\r\n") if b"EXAMINE" in line][-1]
        return function(c, command) if b'"%s"' % name in selected else None
    return inside


def refused():
    mails = [crlf(mail(i)) for i in range(40)]
    others = dict(good=False, mails=mails, rest=mails[:16] + mails[17:])
    for answer in ("TAG NO [SERVERBUG] Internal error\r\n", "TAG NO Cannot be read\r\n", "TAG BAD Command Error. 12\r\n"):
        yield Case("a mail that the server refuses: " + answer.strip(), Imap, {"bodies": refusing(17, answer=answer)},
                   said="fault input box:INBOX#17: not sent; left for the next run: localhost:", **others)
    yield Case("three of them", Imap, {"bodies": refusing(1, 2, 40)}, mails=mails, rest=mails[2:39], said="box:INBOX#40: not sent")
    yield Case("a server that refuses all mails", Imap, {"bodies": refusing(*range(1, 41))}, mails=mails, rest=[],
               said="fault later box: INBOX: the server does not send the mails that it announces",
               then=lambda server: b"".join(server.private).count(b"BODY.PEEK") < 30)
    yield Case("a folder that cannot be searched, and another one", Imap, {"search": in_folder(b"INBOX", say("TAG NO Internal error\r\n"))},
               settings={"folders": "INBOX, Other"}, mails=mails[:4], rest=mails[:4], said="fault later box: localhost:")
    yield Case("a folder of which no mail is sent, and another one", Imap, {"bodies": in_folder(b"INBOX", refusing(*range(1, 41)))},
               settings={"folders": "INBOX, Other"}, mails=mails, rest=mails, said="fault later box: INBOX: the server does not send")


def sizes_but(uid, answer):
    def function(c, command):
        for one in c.server.uids(command.split()[3]):
            if one == uid and answer is None:
                raise Gone
            c.send(answer if one == uid else "* %d FETCH (UID %d RFC822.SIZE %d)\r\n" % (one, one, len(c.server.mails[one - 1])))
        return c.send(command.split()[0], " OK done\r\n")
    return function


def unsized():
    """Unknown is not gone."""
    mails = [crlf(mail(i)) for i in range(40)]
    for name, answer in (("no word", ""), ("its UID", "* 17 FETCH (UID 17)\r\n"), ("its flags", "* 17 FETCH (UID 17 FLAGS (\\Seen))\r\n"),
                         ("NIL", "* 17 FETCH (UID 17 RFC822.SIZE NIL)\r\n"), ("the end", None)):
        yield Case("of the size of a mail the server says: " + name, Imap, {"sizes": sizes_but(17, answer)}, good=True, mails=mails)
    yield Case("sizes that the server refuses", Imap, {"sizes": say("TAG NO Internal error\r\n")}, good=True, mails=mails)
    yield Case("a size that is not said, of a mail that is larger than is allowed", Imap, {"sizes": sizes_but(17, "")},
               mails=mails[:16] + [crlf(mail(16, size=3000))] + mails[17:], rest=mails[:16] + mails[17:], settings={"max_octets": 2000},
               said="box:INBOX#17: the connection is lost whenever it is fetched")
    yield Case("a mail that neither its size nor itself is sent of", Imap, {"sizes": sizes_but(17, None), "bodies": cut_at(17)},
               said="fault input box:INBOX#17: the connection is lost whenever", mails=mails, rest=mails[:16] + mails[17:])
    yield Case("three of them among 1200", Imap, {"sizes": lambda c, command: c.drop() if {17, 700, 1100} & set(c.server.uids(command.split()[3]))
               else None}, good=True, mails=[crlf(mail(i)) for i in range(1200)], settings={"max_octets": 2000})
    yield Case("POP3: sizes that are none", Pop, {"list": lambda c, command: c.send("+OK\r\n1 many\r\n3 7\r\n.\r\n")}, good=True,
               expect=lambda mails: [data.replace(b"\r\n", b"\n") for data in mails])


def unsendable():
    mails = [crlf(mail(i)) for i in range(40)]
    mails[16] = crlf(mail(16, size=3000))
    others = dict(good=False, mails=mails, rest=mails[:16] + mails[17:], settings={"deadline": 12})
    yield Case("a mail that the server breaks off at, and 23 behind it", Imap, {"bodies": cut_at(17)},
               said="fault input box:INBOX#17: the connection is lost whenever it is fetched; left for the next run: localhost:", **others)
    yield Case("one that is larger than it was said to be, and than is allowed", Imap, {"sizes": lower_sizes},
               said="fault input box:INBOX#17: the connection is lost whenever it is fetched", **dict(others, settings={"deadline": 12, "max_octets": 2000}))


class Deleting(Pop):
    """Numbers are those of one session, and what was deleted in it is gone when it ends with QUIT."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.quits = 0

    def talk(self, c):
        c.there = [i for i in range(len(self.mails)) if i not in self.gone]
        c.marked = set()
        super().talk(c)

    def on_uidl(self, c, words):
        return "+OK\r\n" + "".join("%d id%d\r\n" % (n + 1, i) for n, i in enumerate(c.there)) + ".\r\n"

    def on_list(self, c, words):
        return "+OK\r\n" + "".join("%d %d\r\n" % (n + 1, len(self.mails[i])) for n, i in enumerate(c.there)) + ".\r\n"

    def on_retr(self, c, words):
        return super().on_retr(c, [b"RETR", b"%d" % (self.which(c, words) + 1)])

    def on_dele(self, c, words):
        c.marked.add(self.which(c, words))
        return "+OK\r\n"

    def on_quit(self, c, words):
        self.gone |= c.marked
        self.quits += 1
        return "+OK\r\n"

    def which(self, c, words):
        return c.there[int(words[1]) - 1]


def retr(mails, function):
    """Of these mails the server does this in place of sending them."""
    return {"retr": lambda c, command: function(c, command) if c.server.which(c, command.split()) in mails else None}


def others_removed(c, command):
    """Another client removes mails while the connection is lost: all behind them have other numbers."""
    c.server.gone |= {0, 20}
    raise Gone


def unsendable_pop():
    mails = [crlf(mail(i)) for i in range(40)]
    mails[16] = crlf(mail(16, size=3000))
    plain = [data.replace(b"\r\n", b"\n") for data in mails]
    others = dict(mails=mails, rest=plain[:16] + plain[17:], settings={"deadline": 12, "after": "delete", "settle": 3},
                  then=lambda server: server.gone == set(range(40)) - {16} and server.quits == 1)
    lost = "fault input box#id16: the connection is lost whenever it is fetched; left for the next run: localhost:"
    yield Case("POP3: a mail that the server breaks off at, and 23 behind it", Deleting, retr({16}, drop), said=lost, **others)
    yield Case("POP3: one that it breaks off in", Deleting, retr({16}, lambda c, command: c.send("+OK\r\nabc\r\n") and c.drop()), said=lost, **others)
    yield Case("POP3: one that is larger than it was said to be, and than is allowed", Deleting, {
        "list": lambda c, command: c.send("+OK\r\n", "".join("%d 900\r\n" % (n + 1) for n in range(len(c.there))), ".\r\n")},
        said=lost, **dict(others, settings=dict(others["settings"], max_octets=2000)))
    yield Case("POP3: one that it refuses", Deleting, retr({16}, say("-ERR [SYS/TEMP] no\r\n")),
               said="box#id16: not sent; left for the next run: localhost:", **others)
    yield Case("POP3: the last one breaks", Deleting, retr({39}, drop), said="box#id39: the connection is lost", **dict(
        others, rest=plain[:39], then=lambda server: server.gone == set(range(39))))
    yield Case("POP3: a connection that is lost once, and mails that another client removes meanwhile", Deleting, {
        "retr": once(lambda c, command: others_removed(c, command) if c.server.which(c, command.split()) == 16 else None)}, good=True,
        expect=lambda sent: plain[:20] + plain[21:], **{name: others[name] for name in ("mails", "settings")}, then=lambda server: server.gone == set(range(40)))
    yield Case("POP3: a connection that is lost when mails are deleted", Deleting, {
        "dele": once(lambda c, command: c.drop() if c.server.which(c, command.split()) == 4 else None)}, good=True,
        expect=lambda sent: plain, **{name: others[name] for name in ("mails", "settings")}, then=lambda server: server.gone == set(range(40)))
    yield Case("POP3: every mail breaks", Deleting, {"retr": drop}, said="closed the connection", **dict(
        others, rest=[], then=lambda server: server.gone == set() and server.connections < 9))
    yield Case("POP3: nobody is let in again", Deleting, dict(retr({16}, drop), user=lambda c, command: c.send("-ERR [IN-USE] locked\r\n")
               if c.server.connections > 1 else None), said="[IN-USE]", **dict(others, rest=plain[:3], then=lambda server: server.gone == set()))
    yield Case("POP3: one that it ends in the middle", Deleting, retr({16}, lambda c, command: c.send("+OK\r\n", mails[16][:900], "\r\n.\r\n")),
               said="fault input box#id16: not sent; left for the next run: localhost:", **others)
    yield Case("POP3: the first one that it ends in the middle", Deleting, retr({0}, lambda c, command: c.send("+OK\r\n", mails[0][:300], "\r\n.\r\n")),
               said="box#id0: not sent; left", **dict(others, rest=plain[1:], then=lambda server: server.gone == set(range(1, 40))))
    yield Case("POP3: sizes that are guessed", Deleting, {"list": lambda c, command: c.send("+OK\r\n", "".join(
        "%d %d\r\n" % (n + 1, 800 + n % 7) for n in range(len(c.there))), ".\r\n")}, good=True, expect=lambda sent: plain,
        mails=mails, settings=others["settings"], then=lambda server: server.gone == set(range(40)))
    both = mails[:3] + mails[3:4]
    yield Case("POP3: two mails with the same UIDL, of which one breaks", Deleting, dict(retr({1}, drop), uidl=lambda c, command: c.send(
        "+OK\r\n", "".join("%d id%d\r\n" % (n + 1, 1 if i == 3 else i) for n, i in enumerate(c.there)), ".\r\n")),
        said="box#id1: the connection is lost", mails=both, rest=plain[:1] + plain[2:4], settings={"deadline": 12, "after": "delete"},
        then=lambda server: server.gone == {0, 2, 3})


class Copying(Imap):
    """A server without MOVE that has, for every UID, what was copied, marked and expunged."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.copied, self.marked, self.expunged = set(), set(), set()

    def on_capability(self, c, words):
        c.send("* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN UIDPLUS NAMESPACE\r\n")

    def on_uid_copy(self, c, words):
        self.copied.update(self.uids(words[3]))

    def on_uid_store(self, c, words):
        self.marked.update(self.uids(words[3]))

    def on_uid_expunge(self, c, words):
        self.expunged.update(self.marked & set(self.uids(words[3])))


def uncopied():
    """Asked which mails are not deleted yet, a server names some only, or says nothing: what it does not copy stays."""
    def asked(answer):
        def function(c, command):
            if b":*" in command:  # of the round itself
                return None
            return c.send(answer, command.split()[0], " OK done\r\n")
        return function
    for name, answer, gone in (("some", "* SEARCH 1 3\r\n", {1, 3}), ("none", "* SEARCH\r\n", set()), ("nothing", "", {1, 2, 3, 4}),
                               ("in other words", '* ESEARCH (TAG "x") UID ALL 1:3\r\n', {1, 2, 3, 4})):
        yield Case("which are not deleted: %s" % name, Copying, {"search": asked(answer)}, good=True, settings={"after": "move:Done"},
                   then=lambda server, gone=gone: server.expunged == server.marked == server.copied == gone)


def cut_after(n):
    asked = []

    def function(c, command):
        asked.append(command)
        if len(asked) > n:
            raise Gone
        return None
    return function


def cut_in(c, command):
    c.send("* 1 FETCH (UID 1 BODY[] {%d}\r\n" % len(c.server.mails[0]), c.server.mails[0][:99])
    raise Gone


def old_tls(certificates):
    context = certificates.context("good")
    warnings.simplefilter("ignore", DeprecationWarning)
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def secrecy():
    for kind, name in ((Imap, "IMAP"), (Pop, "POP3")):
        for tls in (True, False):
            what = "%s%s: " % (name, "" if tls else " with STARTTLS")
            yield Case(what + "a certificate for another host", kind, {}, tls=tls, certificate="other", told=False,
                       said="certificate is refused: hostname mismatch")
            yield Case(what + "an expired certificate", kind, {}, tls=tls, certificate="expired", told=False,
                       said="certificate is refused: certificate has expired")
            yield Case(what + "TLS 1.1", kind, {}, tls=tls, context=old_tls, told=False, said="TLS handshake")
    yield Case("IMAP: no TLS on a port of TLS", Imap, {"handshake": lambda c, command: True}, told=False)
    yield Case("IMAP: STARTTLS refused", Imap, {"starttls": say("TAG NO not here\r\n")}, tls=False, told=False,
               said="does not offer STARTTLS")
    yield Case("IMAP: STARTTLS unknown", Imap, {"starttls": say("TAG BAD what\r\n")}, tls=False, told=False,
               said="does not offer STARTTLS")
    yield Case("IMAP: text in clear behind STARTTLS", Imap, {"starttls": say("TAG OK go\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n")},
               tls=False, told=False, said="somebody injects")
    yield Case("IMAP: logged in before TLS", Imap, {"greeting": say("* PREAUTH welcome\r\n")}, tls=False, told=False,
               said="before TLS")
    for name, abilities in (("AUTHENTICATE", "SASL-IR AUTH=PLAIN"), ("AUTHENTICATE, asked for the rest", "AUTH=PLAIN"), ("LOGIN", "")):
        yield Case("IMAP: a login said back, " + name, Imap, {"authenticate": echo(b"TAG NO "), "login": echo(b"TAG NO "),
                   "capability": say("* CAPABILITY IMAP4rev1 %s\r\nTAG OK\r\n" % abilities)}, told=True, said="an answer that repeats a secret")
    yield Case("IMAP: a login with quotes said back", Imap, {"login": echo(b"TAG NO "), "capability": say("* CAPABILITY IMAP4rev1\r\nTAG OK\r\n")},
               said="an answer that repeats a secret", secret='s3"cr\\et of the tests')
    yield Case("POP3: a login said back", Pop, {"pass": echo(b"-ERR ")}, told=True, said="an answer that repeats a secret")
    yield Case("POP3: STLS refused", Pop, {"stls": say("-ERR not here\r\n")}, tls=False, told=False, said="does not offer STLS")
    yield Case("POP3: text in clear behind STLS", Pop, {"stls": say("+OK go\r\n+OK logged in\r\n")}, tls=False, told=False,
               said="somebody injects")


def pop_stages():
    for stage in ("handshake", "greeting", "user", "pass", "uidl", "list", "retr"):
        for name, function in (("hang", hang), ("drop", drop), ("garbage", say(b"\x80\xff\0{\r\n\x1b[31m\r\n" * 3)),
                               ("-ERR", say("-ERR \x1b[1mgo away\r\n"))):
            if stage != "handshake" or name != "-ERR":
                yield Case("POP3: %s at %s" % (name, stage), Pop, {stage: function})
    yield Case("POP3: hang at the end", Pop, {"quit": hang}, said="no answer")
    yield Case("POP3: a deletion that is refused at the end", Pop, {"quit": say("-ERR some are left\r\n")},
               settings={"after": "delete"}, said="some are left")
    yield Case("POP3: too early", Pop, {"pass": say("-ERR [LOGIN-DELAY] wait\r\n")}, said="closed later")
    yield Case("POP3: no UIDL for now", Pop, {"uidl": say("-ERR [SYS/TEMP] Internal error\r\n")}, said="closed later box: localhost")
    yield Case("POP3: no UIDL", Pop, {"uidl": say("-ERR what\r\n")}, said="without UIDL new mails cannot be told")
    yield Case("POP3: a UIDL of 71 octets", Pop, {"uidl": say("+OK\r\n1 " + "x" * 71 + "\r\n.\r\n")})
    yield Case("POP3: numbers in disorder", Pop, {"uidl": say("+OK\r\n2 a\r\n1 b\r\n.\r\n")})
    yield Case("POP3: an endless line", Pop, {"user": flood(b"+OK" * 1000)}, said="a line of more than 8192 octets")
    yield Case("POP3: an endless mail", Pop, {"retr": flood(b"+OK\r\n" + b"abc\r\n" * 4000)}, settings={"max_octets": 1000000},
               said="more than the 1000000 octets")
    yield Case("POP3: a mail that is cut", Pop, {"retr": lambda c, command: c.send("+OK\r\nabc\r\n") and c.drop()},
               said="closed the connection")


def drips():
    for kind, stage, text in ((Imap, "greeting", b"* OK a slow server\r\n"), (Imap, "search", b"* SEARCH 1 2 3\r\n"),
                              (Pop, "greeting", b"+OK a slow server\r\n"), (Pop, "retr", b"+OK\r\nabc\r\ndef\r\n")):
        yield Case("%s: one octet a second at %s" % (kind.__name__, stage), kind, {stage: drip(text, 0.9)},
                   said="not done within the deadline", settings={"timeout": 3})


def main():
    folder = tempfile.mkdtemp(prefix="hostile.")
    try:
        certificates = Certificates(folder)
        cases = [case for part in (secrecy, right, refused, unsized, unsendable, unsendable_pop, uncopied, lies, imap_stages, pop_stages, drips) for case in part()
                 if len(sys.argv) < 2 or sys.argv[1] in case.name]
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            for case in pool.map(lambda case: case.run(certificates), cases):
                wrong = case.verdict()
                check(not wrong, case.name, ", ".join(wrong) + "\n" + case.polled.text)
                if "-v" in sys.argv:
                    print("#   %.1f s: %s" % (case.polled.seconds, " / ".join(case.polled.faults)))
    finally:
        shutil.rmtree(folder)
    plan()


main()
