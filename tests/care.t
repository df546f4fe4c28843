#!/usr/bin/env python3
"""Care for the data: copies of the database in use, what the doctor finds, a newer schema, secrets that stay secret. TAP."""
import os
import re
import resource
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True  # the source folder may be read-only
SOURCE = os.path.abspath(os.environ.get("srcdir", "."))
sys.path.insert(0, os.path.join(SOURCE, "tests", "lib"))
from gate import *  # noqa: E402,F403 the tests' own words
from mailserver import check, plan, skip  # noqa: E402

SECRET = "hunter2-is-no-good-word-61"
with open("config.h") as text:
    SANITIZED = "define WITH_SANITIZERS" in text.read()


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def lines(text):
    return len(text.splitlines())


def filled(mailboxes=None):
    """A gate whose Maildir was read."""
    gate = Gate()
    os.makedirs(gate.path("box", "new"))
    os.makedirs(gate.path("box", "cur"))
    for number in range(20):
        with open(gate.path("box", "new", "%d.mail" % number), "wb") as out:
            out.write(report_mail(number))
    gate.settings(mailboxes or {"box": {"url": "maildir:" + gate.path("box")}})
    ran = gate.ingest()
    check(ran.code == 0, "an ingest of a Maildir", ran)
    return gate


def states(ran):
    return {one["check"]: one["state"] for one in ran.json["checks"]} if ran.json else {}


def owners():
    """What root's commands make beside a service's database is the service's, or it would be locked out."""
    if os.getuid() != 0:
        return skip("files that root makes in somebody else's folder", "not root")
    theirs = (65534, 65534)
    gate = filled()
    own = {os.stat(gate.path(name)).st_uid for name in os.listdir(gate.folder)}
    gate = Gate()
    os.chown(gate.folder, *theirs)
    os.makedirs(gate.path("box", "new"))
    os.makedirs(gate.path("box", "cur"))
    gate.settings({"box": {"url": "maildir:" + gate.path("box")}})
    ran = gate.ingest()
    made = {name: (os.stat(gate.path(name)).st_uid, os.stat(gate.path(name)).st_gid) for name in os.listdir(gate.folder)
            if name.startswith("dmarcgate.db")}
    check(ran.code == 0 and own == {0} and len(made) >= 3 and set(made.values()) == {theirs},
          "files that root makes in somebody else's folder", (ran, own, made))
    for name in made:
        os.unlink(gate.path(name))
    os.symlink(gate.path("elsewhere"), gate.path("dmarcgate.db-poll"))
    ran = gate.ingest()
    check(ran.code == 78 and not os.path.exists(gate.path("elsewhere")), "... but through no link of his", ran)


def backups(gate):
    copy = gate.path("copy.db")
    ran = gate.run("backup", copy)
    check(ran.code == 0 and ran.out == ran.err == "" and mode(copy) == 0o600, "a backup, which only its owner can read", ran)
    other = Gate()
    os.rename(copy, other.db)
    check(other.dump() == gate.dump() and not os.path.exists(copy + ".partial"), "it has the same content, and nothing else is left")
    with open(copy, "w") as out:
        out.write("precious")
    ran = gate.run("backup", copy)
    check(ran.code == 78 and lines(ran.err) == 1 and open(copy).read() == "precious", "a file that exists is not overwritten", ran)
    os.remove(copy)
    with open(copy + ".partial", "w") as out:
        out.write("what a killed run left, longer than it has any right to be")
    busy = sqlite3.connect(gate.db, isolation_level=None)
    busy.execute("BEGIN IMMEDIATE")
    busy.execute("CREATE TABLE half(x)")
    ran = gate.run("backup", copy, limit=20)
    busy.execute("ROLLBACK")
    check(ran.code == 0, "a writer in the middle of its work is no hindrance, nor is what a killed run left", ran)
    os.rename(copy, other.db)
    check(other.dump() == gate.dump(), "the copy has nothing of what was not committed")
    ran = gate.run("backup", gate.path("nowhere", "copy.db"))
    check(ran.code == 78 and lines(ran.err) == 1, "no such folder", ran)
    ran = gate.run("backup")
    check(ran.code == 64, "a backup wants a name", ran)
    ran = gate.run("--db", os.path.dirname(gate.db), "backup", copy)
    check(ran.code == 78 and "not a file" in ran.err and not os.path.exists(copy), "a folder is no database", ran)
    empty = gate.path("empty.db")
    open(empty, "w").close()
    ran = gate.run("--db", empty, "summary")
    check(ran.code == 78 and "empty; the next ingest makes a database of it" in ran.err, "nor is an empty file yet", ran)
    ran = gate.run("--db", empty, "backup", copy)
    check(ran.code == 78 and "empty; there is nothing to copy yet" in ran.err and not os.path.exists(copy), "which is not copied", ran)
    busy.close()


def damaged(gate):
    """A copy with a page of noise in its middle."""
    other = Gate()
    assert gate.run("backup", other.db).code == 0
    with open(other.db, "r+b") as database:
        size = os.fstat(database.fileno()).st_size
        for page in range(4, size // 4096 - 1, 3):
            database.seek(4096 * page + 8)
            database.write(b"\x5a" * 2000)
    ran = other.run("doctor", "--json")
    check(ran.code == 2 and states(ran)["integrity"] == "bad" if "integrity" in states(ran) else states(ran)["database"] == "bad",
          "a damaged page is found", ran)
    ran = other.run("backup", other.path("copy.db"))
    check(ran.code == 78 and lines(ran.err) == 1 and not os.path.exists(other.path("copy.db")) and
          not os.path.exists(other.path("copy.db.partial")), "of a damaged database there is no copy", ran)


def doctored(gate, what, *statements):
    other = Gate()
    assert gate.run("backup", other.db).code == 0
    database = sqlite3.connect(other.db)
    for statement in statements:
        database.execute(statement)
    database.commit()
    database.close()
    ran = other.run("doctor", "--json")
    found = states(ran)
    return ran, found, other


def orphaned(gate):
    for what, statement in (
            ("records of no report", "DELETE FROM report WHERE id=3"),
            ("records that are missing", "DELETE FROM records WHERE id=(SELECT min(id) FROM records)"),
            ("originals of no mail", "INSERT INTO kept VALUES(999<<20,1,0,0,0,1,x'00')"),
            ("a failure of no mail", "INSERT INTO problem(mail) VALUES(12345)"),
            ("a name that is not there", "UPDATE report SET domain=99999 WHERE id=2"),
            ("words that are not there", "DELETE FROM authset WHERE id=1"),
            ("records that cannot be read", "UPDATE records SET data=x'01020304' WHERE id=(SELECT max(id) FROM records)")):
        ran, found, other = doctored(gate, what, statement)
        check(ran.code == 2 and found.get("orphans") == "bad", "the doctor finds " + what, ran)
    ran, found, other = doctored(gate, "sums", "UPDATE rollup SET reports=reports+1")
    check(ran.code == 1 and found["orphans"] == "look", "the doctor finds wrong sums", ran)
    ran, found, other = doctored(gate, "schema", "PRAGMA user_version=99")
    check(ran.code == 2 and found["database"] == "bad" and "newer" in ran.out, "the doctor names a newer schema", ran)


def doctor(gate):
    # What is absent is not missing: a reporter without a name.
    with open(gate.path("nameless.xml"), "wb") as out:
        out.write(report_xml(77, 2).replace(b"<org_name>", b"<org>").replace(b"</org_name>", b"</org>"))
    ran = gate.ingest(gate.path("nameless.xml"))
    check(ran.code == 0, "a report whose reporter has no name", ran)
    ran = gate.run("doctor", "--json")
    found = states(ran)
    bad = {name: state for name, state in found.items() if state != "good" and name not in ("protections", "room")}
    check(ran.code in (0, 1) and bad == {} and ran.json["schema"] == "dmarcgate-doctor/1" and
          {"database", "integrity", "orphans", "journal", "unsettled", "room", "files", "protections", "mailbox"} <= set(found),
          "nothing is wrong", ran)
    quiet = gate.run("doctor", "--quiet")
    check(lines(quiet.out) == list(found.values()).count("look"), "--quiet: only what is not good", quiet)
    ran = gate.run("doctor", "--quick", "--json")
    check("orphans" not in states(ran) and "not looked at" in ran.out, "--quick does not read everything", ran)
    later = gate.run("--now", "2026-11-23T12:00:00Z", "doctor", "--json")
    check(later.code == 1 and states(later)["mailbox"] == "look" and "2026-11-21" in later.out, "a mailbox that nobody polls any more", later)
    gate.now = "2026-11-01"
    ahead = gate.run("doctor", "--json")
    gate.now = NOW
    check(states(ahead)["mailbox"] == "look" and "a clock that was ahead" in ahead.out, "one that was polled in days to come", ahead)
    os.chmod(gate.db, 0o644)
    ran = gate.run("doctor", "--json")
    check(ran.code == 1 and states(ran).get("file") == "look" and gate.db in ran.out, "a database that others can read", ran)
    os.chmod(gate.db, 0o600)
    empty = Gate()
    ran = empty.run("doctor", "--json")
    check(ran.code == 1 and not os.path.exists(empty.db), "a database that is not there yet is not made", ran)
    secret = gate.path("secret")
    with open(secret, "w") as out:
        out.write(SECRET)
    os.chmod(secret, 0o644)
    empty.settings({"far": {"url": "imaps://me@localhost:9", "password_file": secret}})
    ran = empty.run("doctor", "--json")
    check(ran.code == 2 and SECRET not in ran.out, "a password that others can read", ran)
    ran = gate.run("doctor", "all")
    check(ran.code == 64, "doctor takes no argument", ran)


def left_over(gate):
    """What stays of a process that was killed: taken over by whoever comes next."""
    other = Gate()
    assert gate.run("backup", other.db).code == 0
    code = ("import os,sqlite3,signal\nd=sqlite3.connect(%r)\nd.execute('PRAGMA wal_autocheckpoint=0')\n"
            "d.execute('UPDATE mail SET octets=octets+1')\nd.commit()\nos.kill(os.getpid(),9)" % other.db)
    subprocess.run([sys.executable, "-c", code])
    ran = other.run("doctor", "--json")
    check(ran.code in (0, 1) and "-wal" in ran.out, "the doctor names what a killed run left behind", ran)


def migrated():
    """Every schema that was released: kept before it is changed."""
    last = max(int(name.split(".")[0]) for name in os.listdir(os.path.join(SOURCE, "tests", "schema")))
    for version in range(1, last):
        gate = old(version)
        kept = "%s-schema%d" % (gate.db, version)
        ran = gate.run("--offline", "ingest", os.path.join(SOURCE, "samples", "demo"))
        good = ran.code == 1 and os.path.exists(kept) and mode(kept) == 0o600
        then = sqlite3.connect(kept).execute("PRAGMA user_version").fetchone()[0] if good else None
        ran = gate.run("doctor", "--json")
        check(good and then == version and states(ran)["database"] == states(ran)["orphans"] == "good",
              "schema %d is kept, then brought to %d" % (version, last), ran)
    gate = old(last - 1)
    os.mkdir("%s-schema%d.partial" % (gate.db, last - 1))
    ran = gate.run("--offline", "ingest", os.path.join(SOURCE, "samples", "demo"))
    check(ran.code == 78 and lines(ran.err) == 1 and gate.sql("PRAGMA user_version") == [(last - 1,)],
          "what cannot be kept is not changed", ran)


def old(version):
    gate = Gate()
    database = sqlite3.connect(gate.db)
    with open(os.path.join(SOURCE, "tests", "schema", "%d.sql" % version)) as text:
        database.executescript(text.read())
    database.execute("PRAGMA application_id=%d" % 0x444d4154)
    database.execute("PRAGMA user_version=%d" % version)
    database.commit()
    database.close()
    return gate


def forgotten():
    """What expired is gone from the file, not only from the tables: SQLite overwrites what it frees (secure_delete)."""
    gate = Gate()
    gate.run("--offline", "ingest", "--quiet", os.path.join(SOURCE, "samples", "demo"))

    def holds(words):
        return [name for name in os.listdir(gate.folder) if words in open(gate.path(name), "rb").read()]
    before = holds(b"Opening hours")
    ran = gate.run("--now", "2027-06-01T00:00:00Z", "expire", "--older-than", "1d")
    kept = gate.sql("SELECT (SELECT count(*) FROM kept)+(SELECT count(*) FROM problem)+(SELECT count(*) FROM verification)")
    check(before and ran.code == 0 and kept == [(0,)] and holds(b"Opening hours") == [], "what expired is not in the file any more",
          (before, str(ran), kept, holds(b"Opening hours")))
    gate = Gate()
    gate.run("--offline", "ingest", "--quiet", os.path.join(SOURCE, "samples", "demo"))
    ran = gate.run("--now", "2027-03-01T00:00:00Z", "expire")
    check(ran.code == 0 and gate.sql("SELECT count(*) FROM report WHERE state=0") != [(0,)] and
          gate.sql("SELECT count(*) FROM kept WHERE id>>20 IN (SELECT mail FROM failure)") == [(0,)],
          "samples go after 90 days, reports stay", ran)


# ---- secrets


class Silent:
    """A server that takes connections and says nothing."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.came = threading.Event()
        self.held = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            self.held.append(self.socket.accept())
            self.came.set()


def unlimited():
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def dumps_core(start):
    """Did the process leave a core? The kernel says, wherever it goes."""
    process = start()
    os.kill(process, signal.SIGABRT)
    return os.WCOREDUMP(os.waitpid(process, 0)[1])


def plain_process():
    return subprocess.Popen(["sleep", "60"], preexec_fn=unlimited, cwd="/tmp").pid


def secrets():
    server, gate = Silent(), Gate()
    gate.settings({"far": {"url": "imaps://me@localhost:%d" % server.port, "password": SECRET, "timeout": "30"}})
    for arguments in (("config",), ("doctor",), ("--help",)):
        ran = gate.run(*arguments)
        check(SECRET not in ran.out + ran.err, "%s does not print a password" % arguments[0], ran)
    process = gate.start("--offline", "ingest", "-v", preexec_fn=unlimited, cwd=gate.folder)
    check(server.came.wait(20), "the server is reached")
    seen, found = family(process.pid), []
    for pid, name in seen:
        for what in ("cmdline", "environ"):
            try:
                with open("/proc/%d/%s" % (pid, what), "rb") as text:
                    if SECRET.encode() in text.read():
                        found.append((name, what))
            except OSError:
                pass
    check(len(seen) > 1 and found == [], "no argument and no environment of %d processes holds it" % len(seen), found)
    plain = dumps_core(plain_process)
    pollers = [pid for pid, name in seen if name.startswith("dmarcgate-polle")]
    process.send_signal(signal.SIGABRT)
    out, err = process.communicate(timeout=30)
    status = process.returncode
    cores = [name for name in os.listdir(gate.folder) if "core" in name]
    if SANITIZED:
        skip("no core is left", "a build with sanitizers")
    else:
        check(status == -signal.SIGABRT and cores == [] and pollers, "no core is left in the folder", (status, cores, seen))
    check(SECRET.encode() not in out + err, "what was said until then does not hold it", out + err)
    files = [name for name in os.listdir(gate.folder) if name != "dmarcgate.conf" and os.path.isfile(gate.path(name)) and
             SECRET.encode() in open(gate.path(name), "rb").read()]
    check(files == [], "no file holds it", files)
    if SANITIZED or not plain:
        skip("the kernel writes no core of us", "it writes none at all" if not plain else "a build with sanitizers")
        return

    def ours():
        server.came.clear()
        pid = os.fork()
        if pid == 0:
            unlimited()
            os.chdir(gate.folder)
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1)
            os.dup2(null, 2)
            os.execv(PROGRAM, gate.command("--offline", "ingest"))
        server.came.wait(20)
        return pid
    check(not dumps_core(ours), "the kernel writes no core of us, though it does of others")


def replaced():
    """A newer version takes the place of a program that runs: it finds files that are not its own."""
    gate, folder = Gate(), tempfile.mkdtemp(prefix="care.")
    program = os.path.join(folder, "dmarcgate")
    shutil.copy(PROGRAM, program)
    version = re.search(r"dmarcgate (\S+)", subprocess.run([program, "--version"], stdout=subprocess.PIPE).stdout.decode()).group(1).encode()
    with open(os.path.join(os.path.dirname(PROGRAM), "dmarcgate-reader.so"), "rb") as octets:
        other = octets.read().replace(b"\0" + version + b"\0", b"\0" + b"9" * len(version) + b"\0")
    with open(os.path.join(folder, "dmarcgate-reader.so"), "wb") as out:
        out.write(other)
    with open(os.path.join(folder, "dmarcgate-poller"), "w") as out:
        out.write("#!/bin/sh\nexec %s/dmarcgate-poller %s\n" % (os.path.dirname(PROGRAM), "9" * len(version)))
    for name in ("dmarcgate-reader.so", "dmarcgate-poller"):
        os.chmod(os.path.join(folder, name), 0o755)
    os.makedirs(gate.path("box", "new"))
    os.makedirs(gate.path("box", "cur"))
    with open(gate.path("box", "new", "1.mail"), "wb") as out:
        out.write(report_mail(1))
    for what, rows in (("reader", {"url": "maildir:" + gate.path("box"), "after": "move:Done", "broken": "move:Broken"}),
                       ("poller", {"url": "imaps://reports@localhost:1", "password": "x"})):
        gate.settings({"box": rows})
        ran = subprocess.run([program] + gate.command("--offline", "ingest", "--quiet")[1:], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        check(ran.returncode == (75 if what == "reader" else 78) and b"replaced by another version" in ran.stderr and
              os.listdir(gate.path("box", "new")) == ["1.mail"], "a %s of another version is not used" % what, (ran.returncode, ran.stderr))
    shutil.rmtree(folder)


def main():
    gate = filled()
    backups(gate)
    damaged(gate)
    doctor(gate)
    orphaned(gate)
    left_over(gate)
    migrated()
    forgotten()
    replaced()
    secrets()
    owners()
    plan()


main()
