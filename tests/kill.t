#!/usr/bin/env python3
"""kill -9 in the middle of every kind of work: at a write, an fsync or a step of SQLite that chance chooses. The database is
whole, the next run makes it the same as if nothing had happened, a mail is settled once, a digest is sent at most once. TAP.

KILLS: how often (make check: 72; check-long: 500). SEED chooses other places."""
import email
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys

sys.dont_write_bytecode = True  # the source folder may be read-only
SOURCE = os.path.abspath(os.environ.get("srcdir", "."))
sys.path.insert(0, os.path.join(SOURCE, "tests", "lib"))
from faulty import *  # noqa: E402,F403 the tests' own words
from gate import *  # noqa: E402,F403
from mailserver import check, plan, skip_all  # noqa: E402

KILLS = int(os.environ.get("KILLS", "72"))
SEED = int(os.environ.get("SEED", "1"))
DEMO = os.path.join(SOURCE, "samples", "demo")
ZONE = os.path.join(SOURCE, "samples", "zone.txt")
KINDS = ("write", "fsync", "step")
TRIES = 4


class Kill(Work):
    """A work that is killed; what it leaves must please `sound`, and the next run must lead to the same content."""

    def __init__(self, name, arguments, before=None):
        super().__init__(name, arguments, before)
        self.counts = {}

    def sound(self):
        return None

    def strike(self, kind, number):
        self.reset()
        ran = self.run(LD_PRELOAD=LIBRARY, FAULT="%s:%d" % (kind, number), FAULT_IN="parent", FAULT_END="9")
        if ran.returncode in (0, self.code):
            return False, None
        if ran.returncode != -signal.SIGKILL:
            return False, "was not killed: %d %s" % (ran.returncode, ran.stderr[-300:])
        if not self.whole():
            return True, "the database is damaged"
        wrong = self.sound()
        if wrong:
            return True, wrong
        ran = self.run()
        if ran.returncode not in (0, self.code):
            return True, "the next run ends with %d: %s" % (ran.returncode, ran.stderr[-300:])
        if not self.whole() or self.dump() != self.content:
            return True, "the next run does not lead to the same: %s" % difference(self.content, self.dump())
        return True, self.sound()

    def strike_somewhere(self, chance, counts):
        """How many steps a run takes depends on what is ready when: one that is over before its step comes is no strike, and
        another step is chosen."""
        for _ in range(TRIES):
            kind = chance.choice([kind for kind in KINDS if counts[kind]])
            number = chance.randint(1, counts[kind])
            hit, what = self.strike(kind, number)
            if hit or what:
                break
        return hit, "%s %d of %d: %s" % (kind, number, counts[kind], what) if what else None


class Settle(Kill):
    """A Maildir whose mails move when they are stored."""

    def reset(self):
        super().reset()
        shutil.rmtree(self.gate.path("box"), ignore_errors=True)
        for folder in ("new", "cur", "tmp"):
            os.makedirs(self.gate.path("box", folder))
        for name in os.listdir(DEMO):
            shutil.copy(os.path.join(DEMO, name), self.gate.path("box", "new", name.replace(".eml", ".host")))
        self.gate.settings({"box": {"url": "maildir:" + self.gate.path("box"), "after": "move:Done", "not_reports": "move:Other",
                                    "broken": "move:Broken"}})

    def places(self):
        found = []
        for folder, _, names in os.walk(self.gate.path("box")):
            place = os.path.relpath(folder, self.gate.path("box")).replace("/cur", "").replace("/new", "")
            for name in names:
                if place != "tmp" and name.endswith(("maildirfolder",)):
                    continue
                with open(os.path.join(folder, name)) as text:
                    found.append((email.message_from_file(text)["Message-ID"] or "", place))
        return sorted(found)

    def sound(self):
        ids = [one[0] for one in self.places()]
        want = len(os.listdir(DEMO))
        return None if len(ids) == want else "%d mails, not %d" % (len(ids), want)

    def dump(self):
        """Without the keys of files, which are others each time they are laid out."""
        lines = [line for line in super().dump().splitlines() if not line.startswith("file|")]
        return "\n".join(lines + [str(place) for place in self.places()])


class Digest(Kill):
    """A mail through a command that counts what it takes."""

    def reset(self):
        super().reset()
        shutil.rmtree(self.gate.path("sent"), ignore_errors=True)
        os.mkdir(self.gate.path("sent"))
        script = self.gate.path("sendmail")
        with open(script, "w") as out:
            out.write("#!/bin/sh\ncat > %s/$$\n" % self.gate.path("sent"))
        os.chmod(script, 0o755)
        self.gate.settings({}, "[digest]\nto = boss@harborlight.example\nsendmail = %s -t\n" % script)

    def sound(self):
        sent = len(os.listdir(self.gate.path("sent")))
        return None if sent <= 1 else "the digest was sent %d times" % sent

    def dump(self):
        return ""

    def strike(self, kind, number):
        """The next run either sends it, or says that it may have been sent."""
        self.code = 1
        struck, wrong = super().strike(kind, number)
        ran = self.run()
        if not wrong and not os.listdir(self.gate.path("sent")) and ran.returncode == 0:
            wrong = "nothing was sent, and nobody was told"
        return struck, wrong or self.sound()


class Migration(Kill):
    """From the first schema, with content, to the last."""

    def whole(self):
        kept = self.gate.db + "-schema1"
        if os.path.exists(kept):
            database = sqlite3.connect(kept)
            good = database.execute("PRAGMA integrity_check").fetchall() == [("ok",)] and \
                database.execute("PRAGMA user_version").fetchone()[0] == 1
            database.close()
            if not good:
                return False
        version = self.gate.sql("PRAGMA user_version")[0][0]
        return super().whole() and (version == 1 or os.path.exists(kept))


class Enrich(Kill):
    def dump(self):
        return super().dump() + str(self.gate.sql("SELECT * FROM host ORDER BY address"))


class Backup(Kill):
    def reset(self):
        super().reset()
        self.remove()

    def remove(self):
        if os.path.exists(self.gate.path("copy")):
            os.remove(self.gate.path("copy"))

    def sound(self):
        """What has the name is whole; it is made again afterwards."""
        if os.path.exists(self.gate.path("copy")):
            database = sqlite3.connect("file:%s?mode=ro&immutable=1" % self.gate.path("copy"), uri=True)
            good = database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            mails = database.execute("SELECT count(*) FROM mail").fetchone()[0]
            database.close()
            self.remove()
            if not good or mails != self.gate.sql("SELECT count(*) FROM mail")[0][0]:
                return "the copy is not whole"
        return None


def number(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7f) << shift
        shift, at = shift + 7, at + 1
        if data[at - 1] < 0x80:
            return value, at


def unpacked(first, n, data):
    """The records of one row of the table of today, as rows of the first schema's."""
    shapes, (count, at) = [], number(data, 0)
    for _ in range(count):
        shape = []
        for _ in range(7):
            value, at = number(data, at)
            shape.append(value)
        shapes.append(shape[:2] + [value or None for value in shape[2:]])
    for i in range(n):
        shape, at = number(data, at)
        messages, at = number(data, at)
        kind, at = number(data, at)
        octets = {0: 0, 1: 4, 2: 16}.get(kind, kind - 3)
        source, at = data[at:at + octets], at + octets
        source = None if kind == 0 else bytes(10) + b"\xff\xff" + source if kind == 1 else source if kind == 2 else source.decode()
        yield [first + i, source, messages] + shapes[shape]


def first_schema(full, path):
    """The content of today's tables, as far as the first schema had them."""
    database = sqlite3.connect(path)
    with open(os.path.join(SOURCE, "tests", "schema", "1.sql")) as text:
        database.executescript(text.read())
    database.execute("PRAGMA application_id=%d" % 0x444d4154)
    database.execute("PRAGMA user_version=1")
    database.execute("ATTACH ? AS now", (full,))
    for (table,) in database.execute("SELECT name FROM main.sqlite_schema WHERE type='table' AND name NOT LIKE 'sqlite_%'").fetchall():
        if table == "record":
            for row in database.execute("SELECT id, n, data FROM now.records").fetchall():
                database.executemany("INSERT INTO record VALUES(?,?,?,?,?,?,?,?,?,?)", unpacked(*row))
            continue
        columns = ",".join(row[1] for row in database.execute("PRAGMA main.table_info(%s)" % table))
        database.execute("INSERT INTO main.%s(%s) SELECT %s FROM now.%s" % (table, columns, columns, table))
    database.commit()
    database.close()


def works():
    zone = ["--dns-file", ZONE]
    ingest = Kill("ingest", lambda gate: zone + ["ingest", "--quiet", DEMO])
    full = Gate()
    assert ingest.gate.run("backup", full.path("full")).code == 0
    first_schema(full.path("full"), full.path("first"))
    full = full.path("full")
    return [ingest,
            Settle("settle", lambda gate: zone + ["ingest", "--quiet"]),
            Enrich("enrich", lambda gate: ["enrich", "--quiet"] + zone, full),
            Digest("digest", lambda gate: ["digest", "--quiet", "harborlight.example"], full),
            Kill("expire", lambda gate: ["--now", "2026-12-01T00:00:00Z", "expire", "--quiet", "--older-than", "13d"], full),
            Migration("migration", lambda gate: zone + ["ingest", "--quiet", DEMO], full.replace("full", "first")),
            Kill("reprocess", lambda gate: zone + ["reprocess", "--quiet"], full),
            Backup("backup", lambda gate: ["backup", gate.path("copy")], full)]


def main():
    if SANITIZED:
        skip_all("a build with sanitizers has an allocator of its own")
    chance = random.Random(SEED)
    all_works = works()
    for i, work in enumerate(all_works):
        wrong, struck = [], 0
        counts = {kind: work.calls(kind, "parent") for kind in KINDS}
        rounds = KILLS // len(all_works) + (i < KILLS % len(all_works))
        for _ in range(rounds):
            hit, what = work.strike_somewhere(chance, counts)
            struck += hit
            if what:
                wrong.append(what)
        check(not wrong and struck == rounds, "%s: killed %d times, among %s" % (
            work.name, rounds, ", ".join("%d %ss" % (counts[kind], kind) for kind in KINDS)), "\n".join(wrong[:8]))
    plan()


main()
