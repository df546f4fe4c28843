#!/usr/bin/env python3
"""Mailboxes from end to end: a real Dovecot on loopback, Maildirs, an mbox; what is stored and what becomes of the mails."""
import os
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True  # the source folder may be read-only
sys.path.insert(0, os.path.join(os.environ.get("srcdir", "."), "tests", "lib"))
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


def main():
    local_kinds(None)
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
            others_go_on(dovecot)
            secrets(dovecot)
        finally:
            if "--log" in sys.argv:
                print(dovecot.log())
            dovecot.close()
    finally:
        shutil.rmtree(folder)
    plan()


main()
