#!/usr/bin/env python3
"""Floods: a database that is full, a disk that is nearly full, a sender who never stops. One line, an exit code, and what was
not stored is where it was. TAP."""
import glob
import os
import shutil
import sys

sys.dont_write_bytecode = True  # the source folder may be read-only
SOURCE = os.path.abspath(os.environ.get("srcdir", "."))
sys.path.insert(0, os.path.join(SOURCE, "tests", "lib"))
from gate import *  # noqa: E402,F403 the tests' own words
from mailserver import check, plan, skip  # noqa: E402

PAGE = 8192


def maildir(gate, mails, name="box"):
    for folder in ("new", "cur", "tmp"):
        os.makedirs(gate.path(name, folder), exist_ok=True)
    for i, mail in enumerate(mails):
        with open(gate.path(name, "new", "%05d.mail" % i), "wb") as out:
            out.write(mail)


def settings(gate, store, name="box"):
    gate.settings({name: {"url": "maildir:" + gate.path(name), "after": "move:Done"}},
                  "[store]\n%s" % "".join("%s = %s\n" % row for row in store.items()))


def stored(gate):
    return gate.sql("SELECT count(*) FROM mail")[0][0] if os.path.exists(gate.db) else 0


def waiting(gate, name="box"):
    return sum(len(os.listdir(gate.path(name, folder))) for folder in ("new", "cur"))


def quota(records, mails, most, what):
    """Reports of so many records against a small database."""
    contents = [report_mail(i, records=records) for i in range(mails)]
    whole, gate = Gate(), Gate()
    maildir(whole, contents)
    maildir(gate, contents)
    shutil.rmtree(gate.path("box"))
    os.rename(whole.path("box"), gate.path("box"))  # one name in both databases
    shutil.copytree(gate.path("box"), gate.path("copy"))
    settings(gate, {"max_size": most})
    ran = gate.ingest()
    size = os.path.getsize(gate.db) if os.path.exists(gate.db) else 0
    check(ran.code == 75 and len(ran.err.splitlines()) == 1 and "max_size" in ran.err, what + ": ends with 75 and one line", ran)
    check(size <= most + PAGE and 0 < stored(gate) < mails and stored(gate) + waiting(gate) == mails,
          what + ": what was not stored is in its mailbox", (size, stored(gate), waiting(gate)))
    ran = gate.run("doctor", "--json")
    check(ran.code in (0, 1, 2) and '"quota"' in ran.out and '"orphans","subject":null,"state":"good"' in ran.out,
          what + ": the database is whole, and the doctor speaks of it", ran)
    ran = gate.run("--now", "2030-01-01T00:00:00Z", "expire", "--older-than", "1d")
    check(ran.code == 0, what + ": expire makes room", ran)
    os.remove(gate.db)
    shutil.rmtree(gate.path("box"))
    os.rename(gate.path("copy"), gate.path("box"))
    settings(gate, {"max_size": most})
    gate.ingest()
    settings(gate, {"max_size": 0})
    ran = gate.ingest()
    check(ran.code == 0 and stored(gate) == mails and waiting(gate) == 0, what + ": with more room the rest comes", ran)


def nearly_full():
    gate = Gate()
    maildir(gate, [report_mail(i) for i in range(5)])
    settings(gate, {"min_free": "1000G"})
    room = os.statvfs(gate.folder)
    if room.f_bavail * room.f_frsize > 10**12:
        skip("a disk that is nearly full", "this one is too large")
        return
    ran = gate.ingest()
    check(ran.code == 75 and len(ran.err.splitlines()) == 1 and "min_free" in ran.err and stored(gate) == 0 and waiting(gate) == 5,
          "a disk that is nearly full is left alone", ran)
    ran = gate.run("doctor", "--json")
    check(ran.code == 2 and '"check":"room","subject":null,"state":"bad"' in ran.out, "the doctor says so", ran)


def flood():
    """reporter0 sends 20, two others 3 each."""
    gate = Gate()
    maildir(gate, [report_mail(40 * i) for i in range(20)] + [report_mail(40 * i + k) for i in range(3) for k in (1, 2)])
    settings(gate, {"sender_reports": 5})
    ran = gate.ingest()
    said = [line for line in ran.err.splitlines() if "sender_reports" in line]
    check(ran.code == 75 and len(said) == 1 and "reporter0.example (not authenticated)" in said[0], "who floods is named once", ran)
    check(stored(gate) == 11 and waiting(gate) == 15 and ran.json["seen"] == 11, "the others are not touched by it", (stored(gate), waiting(gate)))
    ran = gate.ingest()
    check(ran.code == 75 and stored(gate) == 11 and waiting(gate) == 15, "it is the same day still", ran)
    ran = gate.run("--now", "2026-11-22T12:00:00Z", "--offline", "ingest", "--json")
    check(ran.code == 75 and stored(gate) == 16, "the next day so many more", ran)
    settings(gate, {"sender_reports": 0})
    ran = gate.ingest()
    check(ran.code == 0 and stored(gate) == 26 and waiting(gate) == 0, "without a limit all of them", ran)


def forged():
    """Whoever writes the name of a reporter uses up nothing of what its signature stands for."""
    gate = Gate()
    signed = sorted(glob.glob(os.path.join(SOURCE, "samples", "demo", "bigmail-shop-*.eml")))[:2]
    faked = [report_mail(40 * i).replace(b"a@reporter0.example", b"dmarc@bigmail.example") for i in range(6)]
    maildir(gate, faked + [open(name, "rb").read() for name in signed])
    settings(gate, {"sender_reports": 2})
    ran = gate.run("--dns-file", os.path.join(SOURCE, "samples", "zone.txt"), "ingest", "--json")
    kept = gate.sql("SELECT count(*) FROM mail WHERE signer IS NOT NULL")[0][0]
    check(ran.code == 75 and stored(gate) == 4 and kept == 2, "a forged flood does not keep the real reports out", (ran.err, stored(gate), kept))


def main():
    quota(3, 400, 600000, "many small reports")
    quota(4000, 24, 700000, "few large reports")
    quota(12000, 6, 700000, "in the middle of a report")
    nearly_full()
    flood()
    forged()
    plan()


main()
