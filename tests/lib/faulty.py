"""One piece of work done over and over from the same state, while one call in it fails or a process dies (tests/fault.c)."""
import difflib
import os
import shutil
import sqlite3
import subprocess
import sys

from gate import NOW, PROGRAM, Gate
from mailserver import check

LIBRARY = os.path.abspath("tests/fault.so")
MOST = 10**9 if os.environ.get("FAULTS") == "all" else 9  # calls of one kind that are made to fail
KINDS = ("memory", "read", "write", "fsync", "step")
with open("config.h") as text:
    SANITIZED = "define WITH_SANITIZERS" in text.read()


class Work:
    """What is done, from a state that is the same each time, and how to look at what it left."""

    path = PROGRAM

    def __init__(self, name, arguments, before=None):
        self.name, self.arguments = name, arguments
        self.gate = Gate()
        self.start = before
        self.reset()
        ran = self.run()
        self.code, self.content, self.err, self.out = ran.returncode, self.dump(), ran.stderr, ran.stdout

    def reset(self):
        for end in ("", "-wal", "-shm", "-lock", ".copy", ".copy.partial"):
            if os.path.exists(self.gate.db + end):
                os.remove(self.gate.db + end)
        if self.start:
            shutil.copy(self.start, self.gate.db)

    def run(self, **environment):
        command = [self.path, "-c", self.gate.conf, "--db", self.gate.db, "--now", NOW, "--jobs", "1"] + self.arguments(self.gate)
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120,
                              env=dict(os.environ, LC_ALL="C.UTF-8", **environment))

    def dump(self):
        return self.gate.dump() if os.path.exists(self.gate.db) else ""

    def whole(self):
        if not os.path.exists(self.gate.db) or os.path.getsize(self.gate.db) == 0:
            return True
        database = sqlite3.connect(self.gate.db)
        try:
            return (database.execute("PRAGMA integrity_check").fetchall() == [("ok",)] and
                    database.execute("PRAGMA foreign_key_check").fetchall() == [])
        finally:
            database.close()

    def calls(self, kind, where):
        self.reset()
        path = self.gate.path("count")
        with open(path, "wb") as out:
            out.write(bytes(8))
        self.run(LD_PRELOAD=LIBRARY, FAULT=kind + ":0", FAULT_IN=where, FAULT_COUNT=path)
        with open(path, "rb") as octets:
            return int.from_bytes(octets.read(), sys.byteorder)


def difference(wanted, got):
    lines = list(difflib.unified_diff(wanted.splitlines(), got.splitlines(), lineterm="", n=0))
    return "\n".join(line[:160] for line in lines[2:7])


def numbers(count, most):
    """The first ones, the last, and others evenly between them."""
    if count <= most:
        return list(range(1, count + 1))
    return sorted({1, 2, 3, count} | {1 + i * (count - 1) // (most - 4) for i in range(most - 4)})


def last(count, most):
    return list(range(max(1, count - most + 1), count + 1))


def fail(work, kind, where, number):
    """What is wrong with how one fault was met; None: nothing."""
    work.reset()
    try:
        ran = work.run(LD_PRELOAD=LIBRARY, FAULT="%s:%d" % (kind, number), FAULT_IN=where)
    except subprocess.TimeoutExpired:
        return "it hangs"
    said = ran.stderr.decode(errors="replace")
    if ran.returncode not in (work.code, 1, 75, 78):
        return "ended with %d: %s" % (ran.returncode, said[-400:])
    if ran.returncode in (75, 78) and not said:
        return "ended with %d and said nothing" % ran.returncode
    if not work.whole():
        return "the database is not whole: %s" % said[-400:]
    if ran.returncode == work.code and ran.stderr == work.err and work.dump() != work.content:
        return "something is missing, and nothing was said: " + difference(work.content, work.dump())
    if ran.returncode == work.code and ran.stderr == work.err and ran.stdout != work.out:
        return "something else is printed, and nothing is said: " + difference(work.out.decode(), ran.stdout.decode())
    again = work.run()
    if again.returncode not in (0, work.code) or work.dump() != work.content:
        return "the next run does not mend it: %d %s; first %d %s\n%s" % (
            again.returncode, again.stderr[-300:], ran.returncode, said[-300:], difference(work.content, work.dump()))
    return None


def walk(work, wheres, kinds=KINDS, most=MOST, choose=numbers):
    for where in wheres:
        for kind in kinds:
            count = work.calls(kind, where)
            wrong = []
            for number in choose(count, most):
                what = fail(work, kind, where, number)
                if what:
                    wrong.append("%s %d: %s" % (kind, number, what))
            if count:
                check(not wrong, "%s: %s in the %s, %d of %d calls" % (work.name, kind, where, len(choose(count, most)), count),
                      "\n".join(wrong[:12]))
