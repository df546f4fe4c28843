#!/usr/bin/env python3
"""The poller stays connected: IDLE, NOOP where there is none, several folders; and servers that misbehave meanwhile."""
import concurrent.futures
import os
import re
import shutil
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # the source folder may be read-only
sys.path.insert(0, os.path.join(os.environ.get("srcdir", "."), "tests", "lib"))
from fakeserver import *  # noqa: E402,F403
from mailserver import *  # noqa: E402,F403

WANTED = [word for word in sys.argv[1:] if not word.startswith("-")]
SOON = 20  # seconds on a busy machine; a mail is seen after one, because of others that may follow


class Watched(Running):
    def __init__(self, url, secret=PASSWORD, **settings):
        super().__init__(poll_command(url, secret, dict({"rounds": 2, "watch": 60}, **settings)))

    def mails(self):
        return [line.split(" ", 1)[1].rsplit(" ", 2)[2] for line in self.said if line.startswith("mail ")]


def idle(dovecot, ca):
    first, more = [mail(i) for i in range(3)], [mail(i) for i in range(3, 8)]
    dovecot.deliver(first)
    watched = Watched(dovecot.url("imaps"), ca=ca, after="move:Done", rounds=3)
    check(watched.await_line("watching") and len(watched.mails()) == 3, "a first round, then it waits", watched.text)
    time.sleep(0.5)
    begun = time.time()
    dovecot.deliver(more)
    check(watched.await_line("settled", 2, SOON), "mails that come are told at once: %.1f s" % (time.time() - begun), watched.text)
    check(watched.await_line("watching", 2) and sorted(watched.mails()) == sums(map(crlf, first + more)) and
          sum(line == "news" for line in watched.said) == 1, "those that come together in one round", watched.text)
    dovecot.deliver([mail(9)])
    check(watched.end() == 0 and "closed good" in watched.said and dovecot.state() == {} and len(dovecot.state("Done")) == 9,
          "again and again, and all are moved", watched.text)


def unremembered(dovecot, ca):
    """Between the search of a round and IDLE a mail may come, of which the server does not speak again."""
    dovecot.empty()
    dovecot.deliver([mail(i) for i in range(4)])
    polled = Polled(dovecot.url("imaps"), ca=ca, after="delete", max_messages=3, rounds=3, watch=2)
    check(polled.good and len(polled.mails) == 4 and dovecot.state() == {}, "what max_messages left comes with the next round",
          polled.text)


def several(dovecot, ca):
    dovecot.empty()
    dovecot.deliver([mail(1)])
    dovecot.deliver([mail(2)], ".Lists")
    watched = Watched(dovecot.url("imaps"), ca=ca, folders="Lists, INBOX", after="delete", rounds=3, watch=5)
    watched.await_line("watching")
    dovecot.deliver([mail(3)])           # is seen when the time is over
    time.sleep(0.2)
    dovecot.deliver([mail(4)], ".Lists")  # is watched
    check(watched.end() == 0 and watched.mails() == [sums([crlf(mail(i))])[0] for i in (1, 2, 4, 3)] and
          [line.split()[1] for line in watched.said if line.startswith("folder")] == ["INBOX", "Lists", "Lists", "INBOX", "Lists"],
          "IDLE sees the first folder of the setting, the others are looked into when the time is over", watched.text)


def never_silent(dovecot, ca):
    """Mail comes into the watched folder more often than the time is long; the others are looked into all the same."""
    dovecot.empty()
    dovecot.deliver([mail(1)])
    watched = Watched(dovecot.url("imaps"), ca=ca, folders="INBOX, Lists", after="delete", rounds=6, watch=5)
    watched.await_line("watching")
    other = sums([crlf(mail(2))])[0]
    dovecot.deliver([mail(2)], ".Lists")
    for i in range(3, 8):
        dovecot.deliver([mail(i)])
        if not watched.await_line("watching", i - 1) or other in watched.mails():
            break
        time.sleep(1.5)
    check(other in watched.mails(), "a busy folder does not keep the others from being looked into", watched.text)
    watched.process.kill()
    watched.end()


def leaving(dovecot, ca):
    dovecot.empty()
    dovecot.deliver([mail(1)])
    polled = Polled(dovecot.url("imaps"), ca=ca, rounds=2, leave=1000, keepalive=60)
    check(polled.good and polled.seconds < SOON, "IDLE is left when there is something else to do", polled.text)


def without_idle(certificates):
    dovecot = Dovecot(certificates, "imap_capability = IMAP4rev1 SASL-IR UIDPLUS MOVE AUTH=PLAIN\n")
    try:
        dovecot.deliver([mail(0)])
        watched = Watched(dovecot.url("imaps"), ca=certificates.ca, after="delete", keepalive=1)
        watched.await_line("watching")
        dovecot.deliver([mail(1)])
        check(watched.end() == 0 and watched.mails() == [sums([crlf(mail(i))])[0] for i in (0, 1)] and "news" in watched.said,
              "no IDLE: NOOP tells", watched.text)
    finally:
        dovecot.close()


def flat(dovecot, ca):
    """Memory and descriptors after five rounds and after thirty."""
    dovecot.empty()
    watched = Watched(dovecot.url("imaps"), ca=ca, after="delete", keepalive=60, rounds=31, watch=1)
    pids, seen = None, []
    for rounds in (5, 30):
        watched.await_line("watching", rounds, 100)
        pids = [int(pid) for pid in open("/proc/%d/task/%d/children" % (watched.process.pid, watched.process.pid)).read().split()]
        status = open("/proc/%d/statm" % pids[0]).read().split()
        seen.append((int(status[1]) * 4, len(os.listdir("/proc/%d/fd" % pids[0])), len(os.listdir("/proc/%d/fd" % watched.process.pid))))
    check(watched.end() == 0 and seen[0][1:] == seen[1][1:] and (seen[1][0] - seen[0][0] < 256 or sanitized()),
          "memory and descriptors stay as they are: %s" % seen, watched.text)


# ---- servers by the book, and others ----

TIMEOUT, DEADLINE, WATCH = 1, 5, 3


def after_plus(text):
    """What is sent in IDLE; then the server waits for DONE."""
    def function(c, command):
        c.send("+ idling\r\n", text)
        if c.line() == b"DONE":
            c.send(command.split()[0], b" OK done\r\n")
        return True
    return function


def in_idle(function):
    def idling(c, command):
        c.send("+ idling\r\n")
        return function(c, command)
    return idling


def answer(text):
    return lambda c, command: c.send(command.split()[0], text)


def hang(c, command):
    c.hang()


def drop(c, command):
    c.drop()


def second(function):
    asked = []

    def counted(c, command):
        asked.append(command)
        return function(c, command) if len(asked) == 2 else None
    return counted


def more_mail(n, validity=None):
    """As the book says; but meanwhile mails come, or the folder is another."""
    def function(c, command):
        c.server.mails += [crlf(mail(len(c.server.mails) + i)) for i in range(n)]
        c.server.validity = validity or c.server.validity
        c.send("* %d EXISTS\r\n" % len(c.server.mails))
    return function


def flooding(data):
    return in_idle(flood(data))


class Case:
    def __init__(self, name, twist, said=None, good=False, rounds=2, mails=4, abilities=" IDLE", settings=None):
        self.__dict__.update(locals())

    def run(self, certificates):
        server = Imap(certificates.context("good"), True, self.twist)
        server.more_abilities = self.abilities
        settings = dict({"timeout": TIMEOUT, "deadline": DEADLINE, "watch": WATCH, "rounds": self.rounds, "ca": certificates.ca,
                         "keepalive": 60}, **(self.settings or {}))
        try:
            self.polled = Polled("imaps://reports@localhost:%d" % server.port, SECRET, 60, **settings)
        finally:
            server.close()
        self.heard = b"".join(server.private)
        return self

    def verdict(self):
        polled, wrong = self.polled, []
        if polled.code != 0 or "died" in polled.text or "unasked," in polled.text:
            wrong.append("crashed")
        if polled.seconds > DEADLINE * 2 + WATCH * self.rounds:
            wrong.append("took %.1f s" % polled.seconds)
        lost = [line for line in polled.lines if line.startswith("lost later box: localhost:")]
        if self.good and (not polled.good or len(polled.mails) != self.mails):
            wrong.append("not the right result")
        if not self.good and (len(lost) != 1 or len(lost[0]) > 400 or not lost[0].isprintable()):
            wrong.append("not one clear line")
        if self.said and not re.search(self.said, polled.text + self.heard.decode(errors="replace")):
            wrong.append("does not say: " + self.said)
        return wrong


def cases():
    yield Case("nothing comes", {}, good=True)
    yield Case("an honest IDLE", {"idle": more_mail(2)}, good=True, mails=6)
    yield Case("IDLE is renewed", {}, r"DONE\r\n\S+ IDLE", good=True, settings={"keepalive": 1, "watch": 3})
    yield Case("NOOP is said", {}, "NOOP", good=True, abilities="", settings={"keepalive": 1})
    yield Case("NOOP tells", {"noop": more_mail(1)}, good=True, mails=5, abilities="", settings={"keepalive": 1})
    yield Case("IDLE is refused", {"idle": answer(b" NO not today\r\n")}, "NOOP", good=True, settings={"keepalive": 1})
    yield Case("IDLE is unknown", {"idle": answer(b" BAD what\r\n")}, "NOOP", good=True, settings={"keepalive": 1})
    yield Case("IDLE ends by itself", {"idle": in_idle(answer(b" OK enough\r\n"))}, "NOOP", good=True, settings={"keepalive": 1})
    yield Case("chatter", {"idle": after_plus("* OK Still here\r\n* 2 FETCH (FLAGS (\\Seen))\r\n* 1 RECENT\r\n* 9 EXPUNGE\r\n"
               "* FLAGS (\\Deleted)\r\n* CAPABILITY IMAP4rev1\r\n")}, good=True)
    yield Case("EXISTS and nothing new", {"idle": after_plus("* 4 EXISTS\r\n" * 100)}, good=True, rounds=3)
    yield Case("another UIDVALIDITY", {"idle": more_mail(0, 78)}, good=True, mails=8, settings={"after": "seen"})
    yield Case("a mail that comes before IDLE", {"select": second(more_mail(1))}, good=True, mails=5)
    for name, function in (("hang", hang), ("drop", drop), ("garbage", lambda c, command: c.send(b"\x80\xff\0(((]]] {\r\n\x1b[31m\r\n" * 3))):
        yield Case(name + " at IDLE", {"idle": function})
        yield Case(name + " at the search before", {"search": second(function)})
        yield Case(name + " at NOOP", {"noop": function}, abilities="", settings={"keepalive": 1})
    yield Case("drop in IDLE", {"idle": in_idle(drop)}, "closed the connection")
    yield Case("hang at DONE", {"idle": in_idle(hang)}, "of 1 s|for 1 s")
    yield Case("BYE", {"idle": after_plus("* BYE \x1b[1mmaintenance\r\n")}, r"goodbye: \\x1B\[1mmaintenance")
    yield Case("BYE without IDLE", {"noop": answer(b"")}, abilities="", settings={"keepalive": 1})
    for name, text in (("NUL", b"* 5 EXI\0STS\r\n"), ("no response", b"hello\r\n"), ("a foreign tag", b"A99 OK done\r\n"),
                       ("a literal", b"* 1 FETCH (BODY[] {18446744073709551615}\r\n"), ("a long name", b"* LIST () {5000}\r\n"),
                       ("brackets", b"* X " + b"(" * 5000 + b"\r\n"), ("a literal without an end", b"* 1 FETCH (BODY[] {5}\r\nab")):
        yield Case(name + " in IDLE", {"idle": after_plus(text)})
    yield Case("a flood of EXISTS", {"idle": flooding(b"* 1 EXISTS\r\n" * 500)})
    yield Case("a flood of FETCH", {"idle": flooding(b"* 1 FETCH (FLAGS (\\Seen))\r\n" * 500)}, "that nobody asked for",
               settings={"watch": 20})
    yield Case("a flood before IDLE", {"idle": flood(b"* 1 EXISTS\r\n" * 500)})
    yield Case("an endless line", {"idle": flooding(b"* OK " + b"x" * 65536)})
    yield Case("one octet a second", {"idle": in_idle(drip(b"* OK slowly\r\n", 0.9))}, "deadline")


def hostile(certificates):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for case in pool.map(lambda case: case.run(certificates), [case for case in cases()
                                                                   if all(word in case.name for word in WANTED)]):
            wrong = case.verdict()
            check(not wrong, case.name, ", ".join(wrong) + "\n" + case.polled.text)
            if "-v" in sys.argv:
                print("#   %.1f s: %s" % (case.polled.seconds, " / ".join(case.polled.faults)))


def sanitized():
    with open("Makefile") as text:
        return "-fsanitize=address" in text.read()


def main():
    folder = tempfile.mkdtemp(prefix="watch.")
    os.chmod(folder, 0o755)
    try:
        certificates = Certificates(folder)
        hostile(certificates)
        if not shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin"):
            print("# no dovecot: the other half is left out")
        elif not WANTED:
            dovecot = Dovecot(certificates)
            try:
                for part in (idle, unremembered, several, never_silent, leaving, flat):
                    part(dovecot, certificates.ca)
            finally:
                dovecot.close()
            without_idle(certificates)
    finally:
        shutil.rmtree(folder)
    plan()


main()
