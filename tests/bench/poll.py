#!/usr/bin/env python3
"""Mails a second from a Dovecot on loopback into the database, settled: `poll.py ROUNDS` prints one line of JSON a protocol.
Goal: at least 500 on two cores, and less than 20 MB resident in the poller."""
import json
import os
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.environ.get("srcdir", "."), "tests", "lib"))
from gate import *  # noqa: E402,F403 the tests' own words
from mailserver import *  # noqa: E402,F403

MAILS, RECORDS = 2000, 20


def measure(dovecot, scheme, mails):
    gate = Gate()
    dovecot.empty()
    dovecot.deliver(mails)
    dovecot.state()  # Dovecot has found the mails, as it would have done one by one
    gate.settings({"box": server_rows(dovecot, scheme, after="delete" if scheme == "pops" else "move:Done")})
    ran, kilobytes = watched(gate, "--offline", "ingest", "--json")
    box = ran.box("box")
    if ran.code or box["new"] != len(mails) or box["settled"] != len(mails):
        sys.exit("bench: not all mails came: %s" % ran)
    shutil.rmtree(gate.folder)
    return len(mails) / ran.seconds, kilobytes


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    folder = tempfile.mkdtemp(prefix="bench.")
    os.chmod(folder, 0o755)
    dovecot = Dovecot(Certificates(folder))
    try:
        mails = [report_mail(i, records=RECORDS) for i in range(MAILS)]
        for scheme in ("imaps", "pops"):
            figures = sorted(measure(dovecot, scheme, mails) for _ in range(rounds))
            print(json.dumps({"bench": "poll", "kind": scheme, "mails": MAILS, "octets": sum(map(len, mails)),
                              "mails_per_second": round(figures[len(figures) // 2][0]),
                              "poller_kilobytes": max(figure[1] for figure in figures), "cores": os.cpu_count()}))
    finally:
        dovecot.close()
        shutil.rmtree(folder)


main()
