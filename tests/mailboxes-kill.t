#!/usr/bin/env python3
"""Many mails, and whatever may happen to them: any process killed at any moment, the connection cut in the middle of a mail.
What is stored is what an undisturbed run stores, each mail has its fate once, and none is lost.

ROUNDS: how often something is killed (10; check-long: 200)."""
import os
import random
import shutil
import signal
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # the source folder may be read-only
sys.path.insert(0, os.path.join(os.environ.get("srcdir", "."), "tests", "lib"))
from cutter import Cutter  # noqa: E402
from gate import *  # noqa: E402,F403 the tests' own words
from mailserver import *  # noqa: E402,F403


def sanitized():
    with open("Makefile") as text:
        return "-fsanitize=address" in text.read()


# Sanitizers look for other faults than the clock's, and are slow.
ROUNDS = int(os.environ.get("ROUNDS", "5" if sanitized() else "10"))
MAILS = 800 if sanitized() else 2000


def message_ids(dovecot, folder):
    client = dovecot.login()
    try:
        if client.select('"%s"' % folder, readonly=True)[0] != "OK":
            return []
        lines = client.uid("FETCH", "1:*", "(BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")[1]
        return sorted(part[1].split(b"<")[1].split(b">")[0].decode() for part in lines if isinstance(part, tuple))
    finally:
        client.logout()


def lives(pid):
    try:
        with open("/proc/%d/stat" % pid) as text:
            return text.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def fates(dovecot):
    return {"box": server_rows(dovecot, after="move:Done", not_reports="move:Other", broken="move:Broken")}


def many():
    return [letter(i) if i % 50 == 7 else broken_mail(i) if i % 200 == 9 else report_mail(i) for i in range(MAILS)]


mails = many()


def undisturbed(dovecot):
    """Many mails over verified IMAPS: all are stored, all are moved."""
    gate = Gate()
    dovecot.empty()
    dovecot.deliver(mails)
    gate.settings(fates(dovecot))
    ran, kilobytes = watched(gate, "--offline", "ingest", "--json")
    box = ran.box("box")
    check(ran.code == 1 and box["seen"] == MAILS and box["settled"] == MAILS and dovecot.state() == {}, "%d mails" % MAILS, ran)
    where = {folder: message_ids(dovecot, folder) for folder in ("Done", "Other", "Broken")}
    check([len(where[folder]) for folder in where] == [MAILS - MAILS // 50 - MAILS // 200, MAILS // 50, MAILS // 200], "each is where it belongs", str(where)[:500])
    print("# %.0f mails a second, %d kB resident in the poller" % (MAILS / ran.seconds, kilobytes))
    check(0 < kilobytes < 20480 or sanitized(), "less than 20 MB resident in the poller", kilobytes)
    return gate.dump(), where, ran.seconds


def killed(dovecot, content, where, seconds):
    """One of the processes, sometime; then the next run finishes what this one could not."""
    random.seed(4)
    struck, bad = {}, 0
    for number in range(ROUNDS):
        gate = Gate()
        dovecot.empty()
        dovecot.deliver(mails)
        gate.settings(fates(dovecot))
        process = gate.start("--offline", "ingest", "--quiet")
        time.sleep(random.random() * seconds)
        alive = family(process.pid)
        name = "nobody"
        if alive:
            pid, name = random.choice(alive)
            name += " itself" if pid == process.pid else ""
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                name = "nobody"
        out, err = process.communicate(timeout=120)
        struck[name] = struck.get(name, 0) + (process.returncode not in (0, 1))
        ran = gate.ingest()
        left = alive
        for wait in range(100):  # they notice, and leave; on a busy machine not at once
            left = [one for one in left if lives(one[0])]
            if not left:
                break
            time.sleep(0.05)
        now = {folder: message_ids(dovecot, folder) for folder in where}
        good = ran.code in (0, 1) and gate.dump() == content and now == where and dovecot.state() == {} and not left
        if not good:
            bad += 1
            print("# round %d, %s: %s %s, %s, %s left over, content %s" % (
                number, name, err.decode()[-300:].strip(), str(ran)[-600:], {f: len(now[f]) for f in now}, left,
                gate.dump() == content))
        shutil.rmtree(gate.folder)
    check(bad == 0, "killed %d times: the same content, every mail settled once, none lost" % ROUNDS, bad)
    print("# ended by it: %s" % struck)


def cut(dovecot, content, where):
    gate = Gate()
    dovecot.empty()
    dovecot.deliver(mails)
    cutter = Cutter(dovecot, 700)
    rows = fates(dovecot)
    rows["box"]["url"] = "imaps://%s@localhost:%d" % (USER.replace("@", "%40"), cutter.port)
    gate.settings(rows)
    ran = gate.ingest()
    box = ran.box("box")
    now = {folder: message_ids(dovecot, folder) for folder in where}
    check(cutter.cut and ran.code == 1 and box["reconnects"] == 1 and box["seen"] == MAILS and box["duplicate"] == 0,
          "cut in the middle of the 700th mail: connected again, nothing twice", ran)
    check(gate.dump() == content and now == where and dovecot.state() == {}, "the same content, the same places",
          {f: len(now[f]) for f in now})
    cutter.close()


def main():
    if not shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin"):
        skip_all("no dovecot")
    folder = tempfile.mkdtemp(prefix="mailboxes.")
    os.chmod(folder, 0o755)
    try:
        dovecot = Dovecot(Certificates(folder))
        try:
            content, where, seconds = undisturbed(dovecot)
            cut(dovecot, content, where)
            killed(dovecot, content, where, seconds)
        finally:
            if "--log" in sys.argv:
                print(dovecot.log())
            dovecot.close()
    finally:
        shutil.rmtree(folder)
    plan()


main()
