#!/usr/bin/env python3
"""Every allocation of ours, every read, write, fsync and step of SQLite fails in turn, in the process that writes and in those
that read; then disks that are full, databases that cannot be written, are locked, damaged, cut short or newer, and clocks that
jump. One line, the right exit code, and what is stored is whole: the next run makes it the same as if nothing had happened. TAP.

FAULTS=all: every single call (check-long); else a selection."""
import fcntl
import hashlib
import json
import os
import shutil

import sqlite3
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # the source folder may be read-only
SOURCE = os.path.abspath(os.environ.get("srcdir", "."))
sys.path.insert(0, os.path.join(SOURCE, "tests", "lib"))
from faulty import *  # noqa: E402,F403 the tests' own words
from gate import *  # noqa: E402,F403
from mailserver import check, plan, skip  # noqa: E402

DEMO = os.path.join(SOURCE, "samples", "demo")
ZONE = os.path.join(SOURCE, "samples", "zone.txt")


def inputs():
    """Few mails of every sort: a report, one twice, a failure report, a letter, a broken one."""
    folder = tempfile.mkdtemp(prefix="faults.")
    for name in ("bigmail-shop-1111.eml", "bigmail-shop-1111-again.eml", "bigmail-shop-1112.eml", "failure-list.eml",
                 "out-of-office.eml", "yonder-shop-1113-cut.eml", "outpost-shop-1112.eml"):
        shutil.copy(os.path.join(DEMO, name), folder)
    return folder


class Moves(Work):
    """A Maildir whose mails are moved once they are stored, and only then."""

    def __init__(self, name, folder):
        self.mails = folder
        super().__init__(name, lambda gate: ["--offline", "--quiet", "ingest"])

    def reset(self):
        super().reset()
        box = self.gate.path("box")
        self.gate.settings({"box": dict(url="maildir:" + box, after="move:Done", not_reports="move:Done", broken="move:Done")})
        shutil.rmtree(box, ignore_errors=True)
        for name in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(box, name))
        for name in os.listdir(self.mails):
            shutil.copy(os.path.join(self.mails, name), os.path.join(box, "new", name))

    def dump(self):
        """Without the memory of files, which knows them by their times."""
        return "".join(line for line in super().dump().splitlines(True) if not line.startswith("file|"))

    def whole(self):
        """What was moved and is not stored would be lost."""
        done = self.gate.path("box", ".Done", "new")
        moved = {hashlib.sha256(octets(os.path.join(done, name))).digest() for name in os.listdir(done)} if os.path.isdir(done) else set()
        return super().whole() and (not moved or moved <= {row[0] for row in self.gate.sql("SELECT sha256 FROM mail")})


# What prints a part only, or by other settings than those it was given, says so.
PRINTERS = (["digest", "--print", "--attach"], ["html", "harborlight.example"], ["summary", "--counts", "harborlight.example"],
            ["check", "--json"], ["dns", "harborlight.example", "--csv"], ["lint", "--dns-file", ZONE, "--csv"])


def every_call():
    folder = inputs()
    zone = ["--dns-file", ZONE]
    try:
        ingest = Work("ingest", lambda gate: zone + ["ingest", "--quiet", folder])
        full = ingest.gate.path("full.db")
        assert ingest.gate.run("backup", full).code == 0
        walk(ingest, ("parent", "child"))
        moves = Moves("ingest and move", folder)
        walk(moves, ("parent",), ("write", "step"))
        walk(moves, ("parent",), ("fsync",), 40)
        walk(Work("ingest again", lambda gate: zone + ["ingest", "--quiet", folder], full), ("parent",))
        walk(Work("expire", lambda gate: ["--now", "2026-12-01T00:00:00Z", "expire", "--quiet", "--older-than", "1d"], full), ("parent",))
        walk(Work("reprocess", lambda gate: zone + ["reprocess", "--quiet"], full), ("parent",))
        for arguments in PRINTERS:
            work = Work(" ".join(arguments), lambda gate: arguments, full)
            work.gate.settings({}, "[digest]\nfrom = us@example.org\n")
            work.out = work.run().stdout
            walk(work, ("parent",), ("memory", "read"))
    finally:
        shutil.rmtree(folder)


# ---- troubles of files, disks and clocks


def demo_gate():
    gate = Gate()
    gate.settings({}, "[store]\nwait = 0\nmin_free = 0\n")
    return gate


def ingest_demo(gate, *more):
    return gate.run(*more, "--dns-file", ZONE, "ingest", "--quiet", DEMO)


def one_line(ran, code, words=""):
    return ran.code == code and len(ran.err.splitlines()) == 1 and words in ran.err and ran.out == ""


def octets(path):
    with open(path, "rb") as file:
        return file.read()


READERS = (("summary",), ("reports",), ("export", "--csv"), ("samples",), ("summary", "harborlight.example"), ("check", "harborlight.example"))
WRITERS = (("--offline", "ingest", "--quiet", DEMO), ("expire",), ("--offline", "reprocess"))


def unusable(what, make, code=78, readers=READERS, writers=WRITERS, words=""):
    """Each command says so in one line, and the file stays as it was."""
    gate = demo_gate()
    make(gate)
    before = octets(gate.db) if os.path.isfile(gate.db) else None
    bad = []
    for arguments in readers + writers:
        ran = gate.run(*arguments)
        if not one_line(ran, code, words):
            bad.append("%s: %s" % (arguments, ran))
    after = octets(gate.db) if os.path.isfile(gate.db) else None
    check(not bad and before == after, what + ": one line, exit code %d, nothing is changed" % code, "\n".join(bad))


def write_file(text):
    def make(gate):
        with open(gate.db, "wb") as out:
            out.write(text)
    return make


def with_schema(version):
    def make(gate):
        ingest_demo(gate)
        database = sqlite3.connect(gate.db)
        database.execute("PRAGMA user_version=%d" % version)
        database.close()
    return make


def foreign(gate):
    database = sqlite3.connect(gate.db)
    database.execute("CREATE TABLE theirs(x)")
    database.close()


def damaged_pages(whole):
    """Noise in every table and index: whoever meets it says so; and what is only read does not change."""
    gate = demo_gate()
    shutil.copy(whole.db, gate.db)
    with open(gate.db, "r+b") as file:
        for page in range(2, os.path.getsize(gate.db) // 4096):
            file.seek(4096 * page)
            file.write(b"\x5a" * 4096)
    before = octets(gate.db)
    bad = [str(ran) for ran in (gate.run(*arguments) for arguments in READERS) if not one_line(ran, 78)]
    check(not bad and octets(gate.db) == before, "damaged pages: readers say so in one line, exit code 78", "\n".join(bad))
    ran = ingest_demo(gate)
    check(ran.code == 78 and "\n" in ran.err and ran.err.splitlines()[-1].startswith("dmarcgate: " + gate.db),
          "damaged pages: an ingest ends with 78 and names the file", ran)


def cut_log(whole):
    """A log that ends anywhere, or in noise: what was committed and is readable counts, the next run brings the rest."""
    gate = demo_gate()
    reader = sqlite3.connect(gate.db)
    reader.execute("PRAGMA journal_mode=WAL")
    reader.close()
    os.remove(gate.db)
    parts = sorted(os.listdir(DEMO))[::3]
    gate.run("--dns-file", ZONE, "ingest", "--quiet", *[os.path.join(DEMO, name) for name in parts])
    reader = sqlite3.connect(gate.db, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM mail").fetchall()
    ingest_demo(gate)
    main, log = octets(gate.db), octets(gate.db + "-wal")
    reader.close()
    bad = []
    for cut in (0, 1, 31, 32, 33, 56, 4096, 4152, len(log) // 3, len(log) // 2, len(log) - 4097, len(log) - 1, -7):
        other = demo_gate()
        with open(other.db, "wb") as out:
            out.write(main)
        with open(other.db + "-wal", "wb") as out:
            out.write(log[:cut] if cut >= 0 else log[:len(log) // 2] + b"\xa5" * 9000)
        before = other.run("doctor", "--json")
        ran = ingest_demo(other)
        if '"bad"' in before.out or ran.code not in (0, 1) or other.dump() != whole.dump():
            bad.append("cut at %d: %s %s %s" % (cut, before, ran, difference(whole.dump(), other.dump())))
    check(len(log) > 20000 and not bad, "a log of %d octets, cut short in 13 places: the next run mends it" % len(log), "\n".join(bad[:3]))


def locked(whole):
    gate = demo_gate()
    shutil.copy(whole.db, gate.db)
    with open(gate.db + "-lock", "w") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX, 1, 0, 0)
        bad = [str(ran) for ran in (gate.run(*arguments) for arguments in WRITERS) if not one_line(ran, 75, "writing")]
        bad += [str(ran) for ran in (gate.run(*arguments) for arguments in READERS) if ran.code not in (0, 2, 3)]
        check(not bad, "another process writes: exit code 75 in one line, and whoever reads is not touched", "\n".join(bad))
    ran = ingest_demo(gate)
    check(ran.code in (0, 1) and gate.dump() == whole.dump(), "afterwards it is as if nothing had been", ran)


def locked_for_good(whole):
    """Somebody who is not one of us holds SQLite's own lock; only waiting helps, which takes ten seconds."""
    gate = demo_gate()
    shutil.copy(whole.db, gate.db)
    holder = sqlite3.connect(gate.db, isolation_level=None)
    holder.execute("PRAGMA locking_mode=EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    return gate, holder, [gate.start("--offline", "ingest", "--quiet", DEMO), gate.start("summary")]


def still_locked(gate, holder, processes):
    bad = []
    for process in processes:
        out, err = process.communicate(timeout=60)
        if process.returncode != 75 or len(err.splitlines()) != 1:
            bad.append("%d %s %s" % (process.returncode, out, err))
    holder.close()
    check(not bad, "SQLite's own lock is held: exit code 75 in one line", "\n".join(bad))


def clocks(whole):
    """The clock says 1970, then 2100, then the truth."""
    gate = demo_gate()
    names = [os.path.join(DEMO, name) for name in sorted(os.listdir(DEMO))]
    bad = []
    for now, part in (("2100-01-01T00:00:00Z", names[:15]), ("1970-01-02T00:00:00Z", names[15:30]), (NOW, names)):
        ran = gate.run("--now", now, "--dns-file", ZONE, "ingest", "--quiet", *part)
        if ran.code not in (0, 1):
            bad.append(str(ran))
        for arguments in READERS + (("doctor", "--json"),):
            ran = gate.run("--now", now, *arguments)
            if ran.code not in (0, 1, 2, 3) or '"bad"' in ran.out:
                bad.append(str(ran))
    ran = gate.run("--now", "1970-01-02T00:00:00Z", "expire")
    counts = "SELECT count(*), sum(messages), sum(records) FROM report WHERE state=0"
    check(not bad and ran.code == 0 and gate.sql(counts) == whole.sql(counts), "a clock that jumps loses nothing",
          "\n".join(bad) + str(ran))


# ---- disks: in a name space of our own, where one may be mounted


def filled_again(gate, folder):
    """min_free, and a file that expiry has emptied in part."""
    first, second = ((gate.path("%d.xml" % i), report_xml(i, 9000)) for i in (1, 2))
    for name, text in (first, second):
        with open(name, "wb") as out:
            out.write(text)
    before = gate.run("--offline", "ingest", first[0])
    room = os.statvfs(folder)
    gate.settings({}, "[store]\nmin_free = %d\n" % (room.f_bavail * room.f_frsize + 5000))
    full = gate.run("--offline", "ingest", second[0])
    check(before.code == 0 and full.code == 75 and "min_free" in full.err, "a disk that is nearly full", str(before) + str(full))
    expired = gate.run("--now", "2030-01-01", "expire", "--older-than", "1d")
    ran = gate.run("--offline", "ingest", second[0])
    check(expired.code == 0 and ran.code == 0 and '"room","subject":null,"state":"bad"' not in gate.run("doctor", "--json").out,
          "expire makes room on it", str(expired) + str(ran))
    gate.settings({}, "[store]\nwait = 0\nmin_free = 0\n")


def room_for(file, n):
    try:
        return file.write(bytes(n)) == n
    except OSError:
        return False


def no_room(whole, folder):
    """Not even for the index of the log, which readers keep, too."""
    gate, names = demo_gate(), [os.path.join(folder, name) for name in ("lone.db", "filler")]
    shutil.copy(whole.db, names[0])
    with open(names[1], "wb", buffering=0) as filler:
        while room_for(filler, 4096):
            pass
    bad = [str(ran) for ran in (gate.run("--db", names[0], *arguments) for arguments in READERS)
           if not one_line(ran, 75, "No space left")]
    check(not bad, "a disk without any room: whoever reads says so in one line, exit code 75", "\n".join(bad))
    for name in names:
        os.remove(name)


def disk(folder):
    """Runs in a name space of its own; writes what happened."""
    def mount(*options):
        subprocess.run(["mount", *options, folder], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        mount("-t", "tmpfs", "-o", "size=420k", "tmpfs")
    except (OSError, subprocess.CalledProcessError):
        print("no mount")
        return
    gate, whole = demo_gate(), demo_gate()
    gate.db = os.path.join(folder, "full.db")
    gate.settings({}, "[store]\nwait = 0\nmin_free = 0\n")
    ingest_demo(whole)
    ran = gate.run("--json", "--dns-file", ZONE, "ingest", DEMO)
    check(ran.code == 75 and json.loads(ran.out)["seen"] == gate.sql("SELECT count(*) FROM mail")[0][0],
          "a disk that fills up: nothing is counted that is not stored", ran)
    ran = ingest_demo(gate)
    check(ran.code == 75 and ran.err.splitlines()[-1].startswith("dmarcgate: " + gate.db), "a full disk: exit code 75, the file is named", ran)
    check(gate.run("doctor", "--json").out.find('"check":"integrity","subject":null,"state":"good"') > 0, "what was stored is whole")
    ran = gate.run("backup", os.path.join(folder, "copy.db"))
    check(one_line(ran, 75) and not os.path.exists(os.path.join(folder, "copy.db.partial")), "no room for a copy: 75, and nothing is left of it", ran)
    mount("-o", "remount,size=20m")
    ran = ingest_demo(gate)
    check(ran.code in (0, 1) and gate.dump() == whole.dump(), "with room again the rest comes", ran)
    filled_again(gate, folder)
    no_room(whole, folder)
    before = octets(gate.db)
    mount("-o", "remount,ro")
    bad = [str(ran) for ran in (gate.run(*arguments) for arguments in WRITERS) if not one_line(ran, 78)]
    bad += [str(ran) for ran in (gate.run(*arguments) for arguments in READERS)
            if ran.code not in (0, 2, 3) and not one_line(ran, 78, "be able to write")]
    check(not bad and octets(gate.db) == before, "a disk that cannot be written: exit code 78 in one line", "\n".join(bad))
    plan()


def disks():
    folder = tempfile.mkdtemp(prefix="faults.")
    command = ["unshare", "--mount"] if os.getuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    try:
        ran = subprocess.run(command + [sys.executable, os.path.abspath(__file__), "disk", folder], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)
    except OSError:
        ran = None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    said = ran.stdout.decode() if ran else ""
    if "1..9" not in said and ("no mount" in said or not said):
        skip("full disks", "a disk cannot be mounted here")
        return
    for line in said.splitlines():
        if line.startswith("ok ") or line.startswith("not ok "):
            check(line.startswith("ok "), line.split(" - ", 1)[1])
        elif line.startswith("#"):
            print(line)
    check("1..9" in said, "all of it was tried", ran.stderr.decode()[-2000:])


def troubles():
    whole = demo_gate()
    ingest_demo(whole)
    waiting = locked_for_good(whole)
    unusable("a folder", lambda gate: os.mkdir(gate.db))
    unusable("no database", write_file(b"not a database, and longer than a header of SQLite: " + b"x" * 4096))
    unusable("somebody else's database", foreign)
    unusable("a newer schema", with_schema(99), words="newer")
    unusable("an older schema", with_schema(3), writers=(), words="older")
    unusable("a log that is a folder", lambda gate: (ingest_demo(gate), os.mkdir(gate.db + "-wal")))
    damaged_pages(whole)
    cut_log(whole)
    locked(whole)
    clocks(whole)
    disks()
    still_locked(*waiting)


def main():
    if sys.argv[1:2] == ["disk"]:
        disk(sys.argv[2])
        return
    troubles()
    if SANITIZED:
        skip("every call", "a build with sanitizers has an allocator of its own")
    else:
        every_call()
    plan()


main()
