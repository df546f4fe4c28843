"""One piece of work done over and over from the same state, while one call in it fails or a process dies (tests/fault.c)."""
import difflib
import os
import shutil
import sqlite3
import subprocess

from gate import NOW, PROGRAM, Gate

LIBRARY = os.path.abspath("tests/fault.so")
with open("config.h") as text:
    SANITIZED = "define WITH_SANITIZERS" in text.read()


class Work:
    """What is done, from a state that is the same each time, and how to look at what it left."""

    def __init__(self, name, arguments, before=None):
        self.name, self.arguments = name, arguments
        self.gate = Gate()
        self.start = before
        self.reset()
        ran = self.run()
        self.code, self.content, self.err = ran.returncode, self.dump(), ran.stderr

    def reset(self):
        for end in ("", "-wal", "-shm", "-lock", ".copy", ".copy.partial"):
            if os.path.exists(self.gate.db + end):
                os.remove(self.gate.db + end)
        if self.start:
            shutil.copy(self.start, self.gate.db)

    def run(self, **environment):
        command = [PROGRAM, "-c", self.gate.conf, "--db", self.gate.db, "--now", NOW, "--jobs", "1"] + self.arguments(self.gate)
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
        self.run(LD_PRELOAD=LIBRARY, FAULT=kind + ":0", FAULT_IN=where, FAULT_COUNT=path)
        with open(path) as text:
            return int(text.read())


def difference(wanted, got):
    lines = list(difflib.unified_diff(wanted.splitlines(), got.splitlines(), lineterm="", n=0))
    return "\n".join(line[:160] for line in lines[2:7])


def numbers(count, most):
    """The first ones, the last, and others evenly between them."""
    if count <= most:
        return list(range(1, count + 1))
    return sorted({1, 2, 3, count} | {1 + i * (count - 1) // (most - 4) for i in range(most - 4)})
