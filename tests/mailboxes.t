#!/usr/bin/env python3
"""Mailboxes from end to end: a real Dovecot on loopback, Maildirs, an mbox; what is stored and what becomes of the mails."""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # the source folder may be read-only
sys.path.insert(0, os.path.join(os.environ.get("srcdir", "."), "tests", "lib"))
from cutter import Cutter  # noqa: E402
from fakeserver import Gone, Imap, Pop  # noqa: E402
from gate import *  # noqa: E402,F403 the tests' own words
from mailserver import *  # noqa: E402,F403


def states(dovecot, *folders):
    return [len(dovecot.state(folder) or []) for folder in folders]


def places(gate):
    return gate.sql("SELECT f.name, p.uid, p.name, p.state FROM place p JOIN mailfolder f ON f.id=p.folder ORDER BY 1,2,3")


def whole_way(dovecot):
    """Fetched, stored, moved; the second run finds nothing."""
    gate = Gate()
    dovecot.empty()
    dovecot.deliver([report_mail(i) for i in range(30)] + [letter(1), broken_mail(99), report_mail(3)])
    gate.settings({"box": server_rows(dovecot, after="move:Done", not_reports="flag:$odd", broken="move:Bad/Größe")})
    ran = gate.ingest()
    box = ran.box("box")
    check(ran.code == 1 and box and box["new"] == 30 and box["not_a_report"] == 1 and box["broken"] == 1 and
          box["duplicate"] == 1 and box["settled"] == 33, "30 reports, one of them twice, a letter, a broken one", ran)
    check(states(dovecot, "Done", "Bad/Gr&APYA3w-e", "INBOX") == [31, 1, 1] and list(dovecot.state().values()) == [["$odd"]],
          "each goes where it belongs", dovecot.state())
    check(places(gate) == [], "nothing is left to be settled", places(gate))
    before = gate.dump()
    ran = gate.ingest()
    check(ran.code == 0 and ran.box("box")["seen"] == 0 and gate.dump() == before, "a second run has nothing to do", ran)
    dovecot.deliver([report_mail(100)])
    ran = gate.run("--offline", "ingest")
    check(ran.code == 0 and ran.out == "" and ran.err == "", "nothing is said where nobody looks", ran)
    check(states(dovecot, "Done") == [32], "the new mail was fetched and moved", dovecot.state("Done"))
    dovecot.deliver([report_mail(101)])
    ran = gate.run("--offline", "ingest", "-v")
    check("box: 1 seen, 1 new" in ran.out and "1 settled" in ran.out, "-v: a line for the mailbox", ran)
    return before


def same_by_pop3(dovecot, mails):
    exports = []
    for scheme in ("imaps", "imap", "pops", "pop"):
        gate = Gate()
        dovecot.empty()
        dovecot.deliver(mails)
        gate.settings({"box": server_rows(dovecot, scheme, after="delete")})
        ran = gate.ingest()
        check(ran.code == 0 and ran.box("box")["new"] == len(mails) and dovecot.state() == {} and places(gate) == [],
              scheme + ": stored and deleted", ran)
        exports.append(gate.exported())
    check(len(set(exports)) == 1 and len(exports[0].splitlines()) == 3 * len(mails) + 1, "the same content by each of them",
          [len(text) for text in exports])


def pop3_keeps(dovecot, mails):
    gate = Gate()
    dovecot.empty()
    dovecot.deliver(mails)
    gate.settings({"box": server_rows(dovecot, "pops")})
    ran = gate.ingest()
    known = len(places(gate))
    again = gate.ingest()
    check(ran.box("box")["new"] == len(mails) and known == len(mails) and again.code == 0 and again.box("box")["seen"] == 0,
          "POP3: what stays is known by its UIDL", str(ran) + str(again))
    gate.settings({"box": server_rows(dovecot, "pops", after="delete")})
    dovecot.deliver([report_mail(500)])
    ran = gate.ingest()
    check(ran.box("box")["new"] == 1 and len(dovecot.state()) == len(mails), "only what is new is fetched and deleted", ran)
    client = dovecot.login()
    client.select("INBOX")
    client.store("1:*", "+FLAGS", "(\\Deleted)")
    client.expunge()
    client.logout()
    ran = gate.ingest()
    check(ran.code == 0 and places(gate) == [], "what is gone from the server is forgotten", str(ran) + str(places(gate)))


def others_go_on(dovecot):
    gate = Gate()
    dovecot.empty()
    dovecot.deliver([report_mail(1)])
    good = server_rows(dovecot)
    wrong = dict(good, password_command="/bin/echo wrong")
    del wrong["password_env"]
    away = dict(good, url="imaps://u@localhost:%d" % free_port())
    gate.settings({"wrong": wrong, "away": away, "good": good})
    ran = gate.ingest()
    check(ran.code == 1 and ran.box("good")["new"] == 1 and "refused" in ran.box("wrong")["fault"] and
          "localhost" in ran.box("away")["fault"] and len(ran.err.splitlines()) == 2,
          "a wrong password and a server that is away do not stop the third mailbox", ran)
    gate.settings({"wrong": wrong, "away": away})
    check(gate.ingest().code == 78, "nothing worked, and a person must act: 78")
    gate.settings({"away": away})
    check(gate.ingest().code == 75, "nothing worked, and may work later: 75")
    dovecot.deliver([report_mail(2)])
    gate.settings({"box": dict(good, folders="INBOX, Gone")})
    ran = gate.ingest()
    check(ran.code == 1 and ran.box("box")["new"] == 1 and "Gone" in ran.box("box")["fault"] and len(ran.err.splitlines()) == 1,
          "one of its folders is missing, the others are read: 1", ran)
    gate.settings({"box": dict(good, folders="Gone")})
    check(gate.ingest().code == 78, "there is no other: 78")


def secrets(dovecot):
    dovecot.empty()
    dovecot.deliver([report_mail(1)])
    gate = Gate()
    base = server_rows(dovecot)
    del base["password_env"]
    with open(gate.path("secret"), "w") as out:
        out.write(PASSWORD + "\nsecond line\n")
    os.chmod(gate.path("secret"), 0o600)
    os.environ["CREDENTIALS_DIRECTORY"] = gate.folder
    for name, row, text in (("a file", "password_file", gate.path("secret")),
                            ("the service manager", "password_credential", "secret"),
                            ("a command", "password_command", "/bin/cat " + gate.path("secret")),
                            ("a command with quotes", "password_command",
                             "/bin/sh -c 'exec cat \"$1\"' \"a b\" %s" % gate.path("secret")),
                            ("the file itself", "password", PASSWORD)):
        gate.settings({"box": dict(base, **{row: text})})
        ran = gate.ingest()
        check(ran.code == 0 and ran.box("box")["fault"] is None, "the password from " + name, ran)
    gate.settings({"box": dict(base, password=PASSWORD)}, mode=0o644)
    ran = gate.ingest()
    check(ran.code == 78 and "chmod 600" in ran.err and len(ran.err.splitlines()) == 1 and PASSWORD not in ran.err,
          "a password in a file that others can read", ran)
    for what, row, text in (
            ("box: password_file: /none: No such file", "password_file", "/none"),
            ("box: password_command: ends with status 3: no, not today", "password_command",
             "/bin/sh -c 'echo first >&2; echo no, not today >&2; exit 3'"),
            ("box: password_command: ends with status 127: No such file", "password_command", "/none"),
            ("box: password_command: is empty", "password_command", "/bin/true"),
            ("box: password_command: says more than 8192 octets", "password_command", "/usr/bin/yes"),
            ("box: password_credential: %s/none: No such file" % gate.folder, "password_credential", "none"),
            ("box: password_env: the environment has no NO_SUCH", "password_env", "NO_SUCH")):
        gate.settings({"box": dict(base, **{row: text})})
        ran = gate.ingest()
        check(ran.code == 78 and what in ran.err and len(ran.err.splitlines()) == 1, what, ran)
    del os.environ["CREDENTIALS_DIRECTORY"]
    gate.settings({"box": dict(base, password_credential="secret")})
    ran = gate.ingest()
    check(ran.code == 78 and "box: password_credential: there are no credentials (LoadCredential= of the service)" in ran.err,
          "no service manager", ran)
    os.chmod(gate.path("secret"), 0o640)
    gate.settings({"box": dict(base, password_file=gate.path("secret"))})
    ran = gate.ingest()
    check(os.getuid() == 0 or (ran.code == 78 and "mode 0640" in ran.err), "a password file that others can read", ran)


def local_kinds(_):
    gate = Gate()
    maildir = gate.path("Maildir")
    for name in ("cur", "new", "tmp", ".Lists.Größe".encode("ascii", "ignore").decode(), ".Other"):
        for sub in ([""] if name[0] != "." else ["cur", "new", "tmp"]):
            os.makedirs(os.path.join(maildir, name, sub), exist_ok=True)

    def put(name, data):
        with open(os.path.join(maildir, name), "wb") as out:
            out.write(data)

    put("new/1.M1.host", report_mail(1))
    put("cur/2.M2.host:2,RS", report_mail(2))
    put("cur/3.M3.host:2,S", letter(3))
    put(".Other/cur/4.M4.host:2,S", report_mail(4))
    names = sorted(os.listdir(maildir + "/cur") + os.listdir(maildir + "/new"))
    with open(gate.path("mbox"), "wb") as out:
        for i in (10, 11):
            out.write(b"From a@example.org Thu Nov 19 10:00:00 2026\n" + report_mail(i) + b"\n")
    os.makedirs(gate.path("files/deep"))
    with open(gate.path("files/deep/report.xml"), "wb") as out:
        out.write(report_xml(20))
    with open(gate.path("mbox"), "rb") as data:
        mbox = data.read()
    rows = {"maildir": {"url": "maildir:" + maildir}, "mbox": {"url": "mbox:" + gate.path("mbox")},
            "files": {"url": "folder:" + gate.path("files")}}
    gate.settings(rows)
    ran = gate.ingest()
    check(ran.code == 0 and ran.box("maildir")["new"] == 2 and ran.box("mbox")["new"] == 2 and ran.box("files")["new"] == 1,
          "a Maildir, an mbox and a folder of files", ran)
    check(sorted(os.listdir(maildir + "/cur") + os.listdir(maildir + "/new")) == names, "no name in the Maildir has changed")
    with open(gate.path("mbox"), "rb") as data:
        check(data.read() == mbox, "the mbox is as it was")
    ran = gate.ingest()
    check(ran.code == 0 and ran.box("maildir")["seen"] == 0 and ran.box("files")["seen"] == 0, "a second run knows the files",
          ran)
    rows["maildir"].update(after="move:Done/2026", not_reports="move:Other", folders="INBOX, *")
    put("new/5.M5.host", report_mail(5))
    put("new/6.M6.host", letter(6))
    put("cur/7.M7.host:2,F", report_mail(1))
    gate.settings(rows)
    ran = gate.ingest()
    check(ran.code == 0 and ran.box("maildir")["settled"] == 3 and os.listdir(maildir + "/.Done.2026/new") == ["5.M5.host"] and
          os.listdir(maildir + "/.Done.2026/cur") == ["7.M7.host:2,F"] and os.listdir(maildir + "/.Other/new") == ["6.M6.host"],
          "moved within the Maildir, names and flags kept; folders that are moved to are not read", ran)
    rows["maildir"]["url"] = "maildir:" + gate.path("files")
    gate.settings(rows)
    ran = gate.ingest()
    check(ran.code == 1 and "not a Maildir" in ran.err, "what is no Maildir is named", ran)
    gate.settings({"maildir": rows["maildir"]})
    check(gate.ingest().code == 78, "and nothing else worked: 78")
    for i in range(30, 35):
        put("new/%d.host" % i, report_mail(i))
    os.utime(os.path.join(maildir, "new/30.host"), (1700000000, 1700000000))
    gate.settings({"maildir": {"url": "maildir:" + maildir, "since": "30d", "max_messages": "2"}})
    seen = [gate.ingest().box("maildir")["new"] for _ in range(3)]
    gate.settings({"maildir": {"url": "maildir:" + maildir, "since": "3000d"}})
    seen.append(gate.ingest().box("maildir")["new"])
    check(seen == [2, 2, 0, 1], "max_messages and since of a Maildir", seen)
    rows["maildir"].update(url="maildir:" + maildir, folders="INBOX, Gone")
    put("new/8.M8.host", report_mail(8))
    gate.settings({"maildir": rows["maildir"]})
    ran = gate.ingest()
    check(ran.code == 1 and ran.box("maildir")["new"] == 1 and ran.box("maildir")["folders"] == 1 and "/.Gone: " in ran.err,
          "a Maildir without one of the folders: 1", ran)


def same_name(_):
    """A Maildir whose mails go where some have the same names: nothing is lost, and the others are moved."""
    gate = Gate()
    maildir = gate.path("Maildir")
    for name in ("cur", "new", "tmp", ".Done/cur", ".Done/new", ".Done/tmp"):
        os.makedirs(os.path.join(maildir, name))

    def put(name, data):
        with open(os.path.join(maildir, name), "wb") as out:
            out.write(data)

    def holds(name, data):
        try:
            with open(os.path.join(maildir, name), "rb") as mail:
                return mail.read() == data
        except OSError:
            return False

    for i in range(8):
        put("new/%d.host" % i, report_mail(i))
    for i in (2, 5):
        put(".Done/new/%d.host" % i, letter(i))
    gate.settings({"box": {"url": "maildir:" + maildir, "after": "move:Done"}})
    for new in (8, 0):
        ran = gate.ingest()
        check(ran.code == 1 and ran.box("box")["new"] == new and ran.box("box")["unsettled"] == 2 and len(ran.err.splitlines()) == 1 and
              "/new/2.host: cannot be moved to .Done: a mail of that name is there already (and 1 more)" in ran.err and
              sorted(os.listdir(maildir + "/new")) == ["2.host", "5.host"] and len(os.listdir(maildir + "/.Done/new")) == 8,
              "two names that are taken: one line, and the others are moved" if new else "... the next run says so again", ran)
    check(all(holds("new/%d.host" % i, report_mail(i)) and holds(".Done/new/%d.host" % i, letter(i)) for i in (2, 5)), "... and all mails are there")
    for i in (2, 5):
        os.rename(maildir + "/.Done/new/%d.host" % i, maildir + "/.Done/new/%d.letter" % i)
    ran = gate.ingest()
    check(ran.code == 0 and ran.err == "" and os.listdir(maildir + "/new") == [] and places(gate) == [] and
          len(os.listdir(maildir + "/.Done/new")) == 10, "... until the names are free", ran)


def limits(dovecot):
    """Too large, too old, too many."""
    gate = Gate()
    dovecot.empty()
    dovecot.deliver([report_mail(1), mail(2, size=3 << 20), report_mail(3)])
    rows = {"box": server_rows(dovecot, after="move:Done")}
    gate.settings(rows, "[limits]\nmail = 1M\n")
    ran = gate.ingest()
    check(ran.code == 1 and ran.box("box")["left"] == 1 and ran.json["broken_inputs"][0]["reason"].startswith("box:INBOX#2: 3320498 octets, more than 1000000") and
          list(dovecot.state()) == [2] and len(dovecot.state("Done")) == 2, "a mail that is too large stays and is named", ran)
    ran = gate.ingest()
    check(ran.code == 0 and ran.box("box")["left"] == 1 and ran.box("box")["seen"] == 0, "once", ran)
    dovecot.deliver([report_mail(4)])
    ran = gate.ingest()
    check(ran.code == 0 and ran.box("box")["new"] == 1 and ran.box("box")["left"] == 1, "those behind it are fetched", ran)
    gate.settings(rows, "[limits]\nmail = 5M\n")
    ran = gate.ingest()
    check(ran.code == 0 and ran.box("box")["not_a_report"] == 1 and ran.box("box")["left"] == 0 and places(gate) == [],
          "a higher limit fetches it", ran)
    gate.settings(rows, "[limits]\nmail = 1M\n")
    dovecot.deliver([mail(5, size=3 << 20)])
    gate.ingest()
    gate.settings(rows, "[limits]\nmail = 5M\n")
    ran = gate.ingest()
    check(ran.code == 0 and ran.box("box")["not_a_report"] == 1 and places(gate) == [], "also the last one of the folder", ran)
    gate.settings(rows, "[limits]\nmail = 1M\n")
    dovecot.deliver([mail(6, size=3 << 20)])
    gate.ingest()
    dovecot.empty()
    ran = gate.ingest()
    check(ran.code == 0 and places(gate) == [], "one that is gone is forgotten", str(ran) + str(places(gate)))

    gate = Gate()
    dovecot.empty()
    dovecot.deliver([report_mail(i) for i in range(10)])
    gate.settings({"box": server_rows(dovecot, max_messages="4")})
    seen = [gate.ingest().box("box")["new"] for _ in range(4)]
    check(seen == [4, 4, 2, 0], "max_messages: the rest comes with the next run", seen)

    gate = Gate()
    gate.settings({"box": server_rows(dovecot, since="30d")})  # the mails came in 2023
    ran = gate.ingest()
    check(ran.code == 0 and ran.box("box")["seen"] == 0, "since: too old", ran)
    dovecot.deliver([report_mail(20)])
    os.utime(dovecot.written[report_mail(20)], (1795000000, 1795000000))
    ran = gate.ingest()
    check(ran.code == 0 and ran.box("box")["new"] == 1, "since: a newer one comes", ran)
    gate.settings({"box": server_rows(dovecot)})
    ran = gate.ingest()
    check(ran.code == 0 and ran.box("box")["new"] == 10 and ran.box("box")["duplicate"] == 1,
          "who looks further back meets the others", ran)


def nothing_changes(dovecot):
    gate = Gate()
    dovecot.empty()
    dovecot.deliver([report_mail(1), letter(2), broken_mail(3)])
    gate.settings({"box": server_rows(dovecot, after="move:Done", not_reports="delete"), "off": server_rows(
        dovecot, "pops", password_env="NO_SUCH")})
    before = dovecot.state()
    ran = gate.run("mailboxes")
    row = next((line.split() for line in ran.out.splitlines() if line.split()[:1] == ["box"]), [])
    check(ran.code == 1 and row[2:5] == ["1", "3", "3"] and row[-1] == "good" and "failed" in ran.out and
          "off: password_env" in ran.err, "mailboxes: each is tried, one line says what is wrong", ran)
    ran = gate.run("mailboxes", "--json", "box")
    check(ran.code == 0 and [box["new"] for box in ran.json["mailboxes"]] == [3] and
          ran.json["schema"] == "dmarcgate-mailboxes/1", "mailboxes --json, one by name", ran)
    check(gate.run("mailboxes", "nobody").code == 64, "mailboxes: an unknown name")
    check(not os.path.exists(gate.db) and dovecot.state() == before, "nothing was changed, no database made")
    gate.settings({"box": server_rows(dovecot, after="move:Done", not_reports="delete")})
    ran = gate.run("--offline", "ingest", "--dry-run")
    check(ran.code == 1 and ran.out.splitlines()[:3] == [
        "box:INBOX#1: report; moves to Done", "box:INBOX#2: not-a-report; is deleted",
        "box:INBOX#3: broken; stays where it is"], "--dry-run says what would be done", ran)
    check(not os.path.exists(gate.db) and dovecot.state() == before, "and does nothing of it")
    gate.ingest()
    ran = gate.run("mailboxes", "--json")
    check(ran.json["mailboxes"][0]["new"] == 0 and ran.json["mailboxes"][0]["present"] == 1, "afterwards nothing is new", ran)
    dovecot.deliver([report_mail(1)])
    before, content = dovecot.state(), gate.dump()
    ran = gate.run("--offline", "ingest", "--dry-run")
    check(ran.code == 0 and "box:INBOX#4: stored already; moves to Done\n" in ran.out and dovecot.state() == before and
          gate.dump() == content, "--dry-run with a database", ran)


def figures(dovecot):
    gate = Gate()
    dovecot.empty()
    dovecot.deliver([report_mail(1), report_mail(2), letter(3)])
    gate.settings({"good": server_rows(dovecot, after="seen"), "bad": server_rows(dovecot, password_env="NO_SUCH")})
    with open(gate.path("out.prom"), "w") as out:
        out.write("old\n")
    ran = gate.run("--offline", "ingest", "--quiet", "--metrics", gate.path("out.prom"))
    with open(gate.path("out.prom")) as text:
        figures = dict(line.rsplit(" ", 1) for line in text if not line.startswith("#"))
    check(ran.code == 1 and figures['dmarcgate_mailbox_up{mailbox="good"}'] == "1\n" and
          figures['dmarcgate_mailbox_up{mailbox="bad"}'] == "0\n" and
          figures['dmarcgate_mailbox_mails{mailbox="good",outcome="new"}'] == "2\n" and
          figures['dmarcgate_mailbox_settled{mailbox="good"}'] == "2\n", "--metrics", figures)
    check(sorted(name for name in os.listdir(gate.folder) if "prom" in name) == ["out.prom"] and
          os.stat(gate.path("out.prom")).st_mode & 0o777 == 0o644, "the file is whole, and readable")
    ran = gate.run("--offline", "ingest", "--metrics", "/nowhere/x")
    check(ran.code != 0 and "--metrics /nowhere/x: No such file" in ran.err, "a place where no file can be made", ran)


def at_the_same_time(dovecot):
    """Servers that hang do not hold up those that work."""
    gate = Gate()
    dovecot.empty()
    dovecot.deliver([report_mail(i) for i in range(50)])
    silent = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
    boxes = {"h%d" % i: dict(server_rows(dovecot, timeout="6"), url="imaps://u@localhost:%d" % each.getsockname()[1])
             for i, each in enumerate(silent)}
    boxes["good"] = server_rows(dovecot, after="move:Done")
    gate.settings(boxes)
    ran = gate.ingest("--parallel", "4")
    check(ran.code == 1 and ran.box("good")["new"] == 50 and ran.seconds < 16 and
          all(ran.box("h%d" % i)["fault"] for i in range(3)), "three silent servers, at the same time: %.1f s" % ran.seconds, ran)
    check(gate.run("mailboxes", "--parallel", "4").seconds < 16, "mailboxes --parallel")
    check(gate.ingest("--parallel", "17").code == 64, "--parallel has its limit")
    for each in silent:
        each.close()

    gate = Gate()
    dovecot.empty()
    names = ["a", "b", "c", "d"]
    for name in names:
        dovecot.deliver([report_mail(i) for i in range(100)], "." + name)
    gate.settings({name: server_rows(dovecot, folders=name, after="delete") for name in names})
    ran = gate.ingest("--parallel", "3")
    check(ran.code == 0 and ran.json["new"] == 100 and ran.json["duplicate"] == 300 and
          states(dovecot, *names) == [0, 0, 0, 0], "four mailboxes with the same reports, three at a time", ran)


def another_life(dovecot):
    """Another UIDVALIDITY: everything is looked at again, nothing counts twice."""
    gate = Gate()
    dovecot.empty()
    dovecot.deliver([report_mail(i) for i in range(20)])
    gate.settings({"box": server_rows(dovecot, after="flag:$done")})
    gate.ingest()
    content = gate.dump()
    dovecot.reborn()
    ran = gate.ingest()
    check(ran.code == 0 and ran.box("box")["duplicate"] == 20 and gate.dump() == content and
          set(map(tuple, dovecot.state().values())) == {("$done",)}, "another UIDVALIDITY", str(ran) + str(dovecot.state()))
    check(gate.sql("SELECT count(*), max(highest) FROM mailfolder") == [(1, 20)], "is remembered")


def finished_later(dovecot):
    """What could not be settled is settled by the next run, without being fetched again."""
    gate = Gate()
    dovecot.empty()
    dovecot.deliver([mail(50, size=3 << 20)] + [report_mail(i) for i in range(5)])
    with open(dovecot.path("mail", ".Done"), "w"):
        pass  # no folder can be made there
    gate.settings({"box": server_rows(dovecot, after="move:Done")}, "[limits]\nmail = 1M\n")
    ran = gate.ingest()
    check(ran.code in (75, 78) and ran.box("box")["new"] == 5 and ran.box("box")["unsettled"] == 5 and len(places(gate)) == 6 and
          len(ran.err.splitlines()) == 1, "a folder that cannot be made is one line; the reports are stored", ran)
    os.unlink(dovecot.path("mail", ".Done"))
    dovecot.deliver([report_mail(7)])
    ran = gate.ingest()
    check(ran.code == 0 and ran.box("box")["seen"] == 1 and ran.box("box")["settled"] == 6 and list(dovecot.state()) == [1] and
          states(dovecot, "Done") == [6] and len(places(gate)) == 1, "the next run moves them all, but for one that is too large", ran)


    gate = Gate()
    dovecot.empty()
    dovecot.deliver([report_mail(i) for i in range(5)])
    with open(dovecot.path("mail", ".Done"), "w"):
        pass
    gate.settings({"box": server_rows(dovecot, after="move:Done")})
    gate.ingest()
    os.unlink(dovecot.path("mail", ".Done"))
    dovecot.empty()
    dovecot.deliver([report_mail(i) for i in range(3, 13)])
    dovecot.reborn()
    ran = gate.ingest()
    check(ran.code == 0 and ran.box("box")["new"] == 8 and ran.box("box")["duplicate"] == 2 and dovecot.state() == {} and
          states(dovecot, "Done") == [10] and places(gate) == [], "the folder begins another life meanwhile: other mails with the numbers of "
          "those that wait are fetched", ran)


def folder_gone(dovecot):
    """Mails wait to be moved, and their folder is deleted: those of the other folders do not wait for it."""
    gate = Gate()
    dovecot.empty()
    client = dovecot.login()
    client.create("Old")
    client.logout()
    dovecot.deliver([report_mail(i) for i in range(3)], ".Old")
    dovecot.deliver([report_mail(i) for i in range(3, 8)])
    with open(dovecot.path("mail", ".Done"), "w"):
        pass  # no folder can be made there
    gate.settings({"box": server_rows(dovecot, folders="INBOX, Old", after="move:Done")})
    gate.ingest()
    waited = len(places(gate))
    os.unlink(dovecot.path("mail", ".Done"))
    client = dovecot.login()
    client.delete("Old")
    client.logout()
    gate.settings({"box": server_rows(dovecot, folders="INBOX", after="move:Done")})
    ran = gate.ingest()
    check(waited == 8 and ran.code == 0 and ran.box("box")["settled"] == 5 and places(gate) == [] and states(dovecot, "Done") == [5],
          "a folder that is deleted while its mails wait to be moved", str(ran) + str(places(gate)))


def cut_at_settling(dovecot):
    gate = Gate()
    dovecot.empty()
    dovecot.deliver([report_mail(i) for i in range(20)])
    cutter = Cutter(dovecot, 0, b"UID MOVE")
    gate.settings({"box": server_rows(dovecot, after="move:Done", url="imaps://%s@localhost:%d" % (
        USER.replace("@", "%40"), cutter.port))})
    ran = gate.ingest()
    check(cutter.cut and ran.code == 0 and ran.box("box")["settled"] == 20 and ran.box("box")["reconnects"] == 1 and
          dovecot.state() == {} and states(dovecot, "Done") == [20] and places(gate) == [],
          "a connection that is cut when mails are moved is made again", ran)
    cutter.close()


def copied_before(certificates):
    """A server without MOVE has copied and marked, and we were killed before that could be written down: not copied again."""
    dovecot = Dovecot(certificates, "imap_capability = IMAP4rev1 SASL-IR AUTH=PLAIN\n")
    try:
        gate = Gate()
        dovecot.deliver([report_mail(i) for i in range(5)])
        with open(dovecot.path("mail", ".Done"), "w"):
            pass
        gate.settings({"box": server_rows(dovecot, after="move:Done")})
        gate.ingest()
        shutil.copy(gate.db, gate.path("before.db"))
        os.unlink(dovecot.path("mail", ".Done"))
        dovecot.deliver([report_mail(7)])
        ran = gate.ingest()
        check(ran.code == 0 and ran.box("box")["settled"] == ran.box("box")["marked"] == 6 and states(dovecot, "Done") == [6] and
              list(dovecot.state().values()) == [["\\Deleted"]] * 6, "without MOVE and UIDPLUS: copied and marked", ran)
        shutil.copy(gate.path("before.db"), gate.db)
        dovecot.deliver([report_mail(8)])
        ran = gate.ingest()
        check(ran.code == 0 and states(dovecot, "Done") == [7] and places(gate) == [] and
              list(dovecot.state().values()) == [["\\Deleted"]] * 7, "and not copied again by a run that does not know of it", ran)
    finally:
        dovecot.close()


def unsendable(dovecot):
    unsendable_one(dovecot, "cannot be sent", lambda c, command: c.drop())
    unsendable_one(dovecot, "is refused", lambda c, command: c.send(command.split()[0], " NO [SERVERBUG] Internal error\r\n"))


def unsendable_one(dovecot, how, instead):
    """A mail that makes its server break off, or say no, is named in every run, and the others come."""
    def bodies(c, command):
        for uid in c.server.uids(command.split()[3]):
            if uid == 17 and c.server.sick:
                return instead(c, command)
            c.server.body(c, uid)
        return c.send(command.split()[0], " OK done\r\n")
    server = Imap(dovecot.certificates.context("good"), True, {"bodies": bodies}, [report_mail(i).replace(b"\n", b"\r\n") for i in range(40)])
    gate = Gate()
    gate.settings({"box": dict(server_rows(dovecot, after="move:Done"), url="imaps://u@localhost:%d" % server.port)})
    for sick, code, new, left in ((True, 1, 39, 1), (True, 1, 0, 1), (False, 0, 1, 0)):
        server.sick = sick
        ran = gate.ingest()
        check(ran.code == code and ran.box("box")["new"] == new and ran.box("box")["left"] == left and ran.box("box")["fault"] is None and
              [broken["reason"][:13] for broken in ran.json["broken_inputs"]] == ["box:INBOX#17:"][:left], "one mail in forty %s: %s" % (how,
              "the next run" if not new else "the others come" if sick else "until it can"), ran)
    check(server.gone == set(range(1, 41)), "... and all are moved", server.gone)
    server.close()


def many_unsendable(dovecot):
    """More mails that break the connection than it is made again for: nothing waits for them, and none of them for the others."""
    sick = {3, 7, 11, 15, 19, 23}

    def bodies(c, command):
        for uid in c.server.uids(command.split()[3]):
            if uid in sick:
                raise Gone
            c.server.body(c, uid)
        return c.send(command.split()[0], " OK done\r\n")

    def retr(c, command):
        if int(command.split()[1]) in sick:
            raise Gone
    for kind, twist in ((Imap, {"bodies": bodies}), (Pop, {"retr": retr})):
        sick = {3, 7, 11, 15, 19, 23}
        server = kind(dovecot.certificates.context("good"), True, twist, [report_mail(i).replace(b"\n", b"\r\n") for i in range(24)])
        gate = Gate()
        gate.settings({"box": dict(server_rows(dovecot), url="%ss://u@localhost:%d" % (server.scheme, server.port))})
        gate.ingest()
        gate.ingest()
        server.mails += [report_mail(i).replace(b"\n", b"\r\n") for i in range(24, 30)]
        before = server.connections
        ran = gate.ingest()
        check(ran.code == 1 and ran.box("box")["new"] == 6 and ran.box("box")["left"] == 6 and ran.box("box")["fault"] is None and
              len(ran.json["broken_inputs"]) == 6 and server.connections - before <= 5,
              "%s: six mails that break the connection, and six new ones behind them" % kind.scheme, ran)
        sick = {3}
        ran = gate.ingest()
        check(ran.code == 1 and ran.box("box")["new"] == 5 and ran.box("box")["left"] == 1 and len(places(gate)) == (29 if kind is Pop else 0) + 1,
              "... five of them come when they can", str(ran) + str(places(gate)))
        server.close()


def unreadable(dovecot):
    """A file that the server cannot read: Dovecot hangs up when it is asked for the size."""
    gate = Gate()
    dovecot.empty()
    dovecot.deliver([report_mail(i) for i in range(20)])
    bad = dovecot.path("mail", "new", sorted(os.listdir(dovecot.path("mail", "new")))[6])
    os.unlink(bad)
    with open(bad, "wb") as out:
        out.write(report_mail(6))
    dovecot.own(bad)
    os.chmod(bad, 0)
    gate.settings({"box": server_rows(dovecot, after="move:Done")})
    ran = gate.ingest()
    check(ran.code == 1 and ran.box("box")["new"] == 19 and ran.box("box")["left"] == 1 and ran.box("box")["fault"] is None and
          ran.json["broken_inputs"][0]["reason"].startswith("box:INBOX#7: the connection is lost") and list(dovecot.state()) == [7],
          "a mail whose size Dovecot cannot tell is named, and the others come", str(ran))
    dovecot.deliver([report_mail(30)])
    ran = gate.ingest()
    check(ran.code == 1 and ran.box("box")["new"] == 1 and list(dovecot.state()) == [7], "... those behind it as well, in the next run", ran)
    os.chmod(dovecot.path("mail", "cur", os.path.basename(bad) + ":2,"), 0o644)
    ran = gate.ingest()
    check(ran.code == 0 and ran.box("box")["new"] == 1 and dovecot.state() == {}, "... and it comes when it can", ran)


def shortened(dovecot):
    """A file that has lost its end: by POP3 Dovecot sends what is left of it as if it were the mail."""
    dovecot.empty()
    dovecot.deliver([letter(i) for i in range(9)])
    gate = Gate()
    gate.settings({"box": server_rows(dovecot, "pops")})
    gate.ingest()  # Dovecot knows the sizes from now on
    path = dovecot.path("mail", "cur", sorted(os.listdir(dovecot.path("mail", "cur")))[0])
    with open(path, "rb") as whole:
        part = whole.read()[:-20]
    os.unlink(path)
    with open(path, "wb") as out:
        out.write(part)
    dovecot.own(path)
    gate = Gate()
    gate.settings({"box": server_rows(dovecot, "pops", not_reports="delete")})
    ran = gate.ingest()
    check(ran.code == 1 and ran.box("box")["not_a_report"] == 8 and ran.box("box")["left"] == 1 and len(dovecot.state()) == 1 and
          " octets come" in ran.json["broken_inputs"][0]["reason"], "POP3: a mail of which less comes than it has is not deleted", str(ran) + str(dovecot.state()))


def unsendable_by_pop3(dovecot):
    """The same by POP3, where it costs the session and with it the deletions."""
    gate = Gate()
    dovecot.empty()
    dovecot.deliver([report_mail(i) for i in range(30)])
    cutter = Cutter(dovecot, 0, b"RETR 17\r\n", "pops", always=True)
    gate.settings({"box": dict(server_rows(dovecot, "pops", after="delete"), url="pops://%s@localhost:%d" % (USER.replace("@", "%40"), cutter.port))})
    ran = gate.ingest()
    check(cutter.cut and ran.code == 1 and ran.box("box")["new"] == 29 and ran.box("box")["left"] == 1 and ran.box("box")["fault"] is None and
          list(dovecot.state()) == [17] and ": the connection is lost whenever it is fetched; left for the next run" in ran.json["broken_inputs"][0]["reason"],
          "POP3: a mail that the connection is lost with is named; the others come and are deleted", str(ran) + str(dovecot.state()))
    cutter.always = False
    ran = gate.ingest()
    check(ran.code == 0 and ran.box("box")["new"] == 1 and dovecot.state() == {} and places(gate) == [], "... and the next run fetches it, when it can", ran)
    cutter.close()


def odd_mails(dovecot):
    gate = Gate()
    dovecot.empty()
    odd = [report_mail(1, subject="("), report_mail(2, subject=")"), report_mail(3).replace(b"Subject", b"X-N: a\0b\nSubject"),
           letter(4).replace(b"friends", b"fr\0iends"), report_mail(5, subject="=?utf-8?q?=28?= {5}"),
           report_mail(6).replace(b"From: a@", b"From : a@"), b"\n\n" + report_mail(7), b"no header at all", b"x: y\n"]
    dovecot.deliver(odd)
    folder = "Größe & \"Maß\" mit Leer zeichen"
    client = dovecot.login()
    client.create('"Gr&APYA3w-e &- \\"Ma&AN8-\\" mit Leer zeichen"')
    client.logout()
    dovecot.deliver([report_mail(30)], ".Gr&APYA3w-e &- \"Ma&AN8-\" mit Leer zeichen")
    uids = dovecot.state()
    gate.settings({"box": server_rows(dovecot, folders="INBOX, Größe*")})
    ran = gate.ingest()
    again = gate.ingest()
    check(ran.code in (0, 1) and ran.box("box")["seen"] == len(odd) + 1 and ran.box("box")["new"] >= 6 and
          ran.box("box")["folders"] == 2 and again.box("box")["seen"] == 0, "odd subjects, NULs, odd headers, an odd folder", ran)
    check(dovecot.state() == uids, "no UID and no flag has changed", dovecot.state())
    gate.settings({"box": server_rows(dovecot, folders=folder, after="move:Fertig/Übung & mehr")})
    dovecot.deliver([report_mail(31)], ".Gr&APYA3w-e &- \"Ma&AN8-\" mit Leer zeichen")
    ran = gate.ingest()
    check(ran.code == 0 and states(dovecot, "Fertig/&ANw-bung &- mehr") == [1], "moved to another one", ran)


def very_many(dovecot):
    """10,000 mails in a folder."""
    gate = Gate()
    dovecot.empty()
    mails = [report_mail(i) for i in range(100)]
    dovecot.deliver(mails * 100)
    gate.settings({"box": server_rows(dovecot, after="flag:$done")})
    ran = gate.ingest()
    box = ran.box("box")
    check(ran.code == 0 and box["new"] == 100 and box["duplicate"] == 9900 and box["settled"] == 10000,
          "10,000 mails in a folder: %.0f s" % ran.seconds, ran)
    before = dovecot.state()
    check(len(before) == 10000 and set(map(tuple, before.values())) == {("$done",)}, "each is marked")
    ran = gate.ingest()
    check(ran.code == 0 and ran.box("box")["seen"] == 0 and ran.seconds < 20, "the next run asks for none of them", ran)


def not_twice_at_once(dovecot):
    gate = Gate()
    dovecot.empty()
    dovecot.deliver([report_mail(i) for i in range(300)])
    gate.settings({"box": server_rows(dovecot, after="move:Done")}, "[store]\nwait = 60\n")
    first, second = gate.start("--offline", "ingest", "--json"), gate.start("--offline", "ingest", "--json")
    totals = [json.loads(each.communicate()[0].decode()) for each in (first, second)]
    check(sorted(each["new"] for each in totals) == [0, 300] and sum(each["duplicate"] for each in totals) == 0 and
          states(dovecot, "Done") == [300], "two runs at once: the second waits", totals)
    silent = socket.create_server(("127.0.0.1", 0))
    gate.settings({"box": dict(server_rows(dovecot, timeout="8"), url="imaps://u@localhost:%d" % silent.getsockname()[1])},
                  "[store]\nwait = 4\n")
    first = gate.start("--offline", "ingest")
    kept = silent.accept()
    second = gate.ingest()
    check(second.code == 75 and "process %d is polling the mailboxes" % first.pid in second.err, "who polls is named", second)
    ran = gate.run("expire", "--older-than", "36500d")
    check(ran.code == 0 and first.poll() is None, "who only writes is let through, while a server is silent", ran)
    first.communicate()
    kept[0].close()
    silent.close()


def on_a_terminal(dovecot):
    import pty
    try:
        main, other = pty.openpty()
    except OSError:
        skip("progress, and a line for the mailbox", "no terminals here (/dev/pts)")
        return
    gate = Gate()
    dovecot.empty()
    dovecot.deliver([report_mail(i) for i in range(400)] + [broken_mail(900)])
    gate.settings({"box": server_rows(dovecot, after="move:Done")})
    process = subprocess.Popen(gate.command("--offline", "ingest"), stdin=subprocess.DEVNULL, stdout=other, stderr=other,
                               env=dict(os.environ, MAILBOX_PASSWORD=PASSWORD, LC_ALL="C.UTF-8", TERM="dumb"))
    os.close(other)
    said = b""
    while True:
        try:
            octets = os.read(main, 65536)
        except OSError:
            break
        if not octets:
            break
        said += octets
    process.wait()
    os.close(main)
    lines = said.decode().replace("\r\n", "\n").split("\n")
    check(process.returncode == 1 and " seen\x1b[K" in lines[0] and lines[-2].endswith(
        "box: 401 seen, 400 new, 0 duplicates, 0 not reports, 1 broken, 400 settled"), "progress, and a line for the mailbox", lines)


def main():
    local_kinds(None)
    same_name(None)
    if not shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin"):
        check(True, "mailboxes on servers # SKIP no dovecot")
        plan()
        return
    folder = tempfile.mkdtemp(prefix="mailboxes.")
    os.chmod(folder, 0o755)
    mails = [report_mail(i) for i in range(40)]
    try:
        dovecot = Dovecot(Certificates(folder))
        try:
            whole_way(dovecot)
            same_by_pop3(dovecot, mails)
            pop3_keeps(dovecot, mails)
            for part in (others_go_on, secrets, limits, nothing_changes, figures, at_the_same_time, another_life,
                         finished_later, folder_gone, cut_at_settling, unsendable, many_unsendable, unreadable, shortened, unsendable_by_pop3, odd_mails, very_many, not_twice_at_once,
                         on_a_terminal):
                part(dovecot)
            copied_before(dovecot.certificates)
        finally:
            if "--log" in sys.argv:
                print(dovecot.log())
            dovecot.close()
    finally:
        shutil.rmtree(folder)
    plan()


main()
