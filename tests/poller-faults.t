#!/usr/bin/env python3
"""The process that talks to a mail server: every allocation of ours, every read and write of its fails in turn, while it polls a
real Dovecot. What it got is stored, each mail has its fate once, the next run does the rest. TAP.

FAULTS=all: every single call (check-long); else a selection."""
import os
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True  # the source folder may be read-only
SOURCE = os.path.abspath(os.environ.get("srcdir", "."))
sys.path.insert(0, os.path.join(SOURCE, "tests", "lib"))
from faulty import *  # noqa: E402,F403 the tests' own words
from gate import *  # noqa: E402,F403
from mailserver import PASSWORD, Certificates, Dovecot, plan, skip_all  # noqa: E402


class Polled(Work):
    """Mails on a server, moved when they are stored; the process that talks to it is the one that fails."""

    def __init__(self, name, dovecot, folder):
        self.dovecot, self.folder, self.path = dovecot, folder, os.path.join(folder, "dmarcgate")
        os.mkdir(folder)
        os.chmod(folder, 0o755)
        shutil.copy(PROGRAM, folder)
        os.symlink(os.path.abspath("dmarcgate-reader.so"), os.path.join(folder, "dmarcgate-reader.so"))
        os.symlink(os.path.join(SOURCE, "data"), os.path.join(folder, "data"))
        self.mails = self.letters()
        super().__init__(name, lambda gate: ["--offline", "ingest", "--quiet"])

    @staticmethod
    def letters():
        return [letter(i) if i == 3 else broken_mail(i) if i == 5 else report_mail(i) for i in range(12)]

    def reset(self):
        super().reset()
        self.dovecot.empty()
        self.dovecot.deliver(self.mails)
        self.gate.settings({"box": server_rows(self.dovecot, after="move:Done", not_reports="move:Other", broken="move:Broken")})

    def run(self, **environment):
        """It is started with an environment of its own, so somebody takes its place who puts it there."""
        with open(os.path.join(self.folder, "dmarcgate-poller"), "w") as out:
            out.write("#!/bin/sh\n%s\nexec %s \"$@\"\n" % (
                "\n".join("export %s=%s" % row for row in dict(environment, FAULT_PROGRAM="dmarcgate-poller").items()), os.path.abspath("dmarcgate-poller")))
        os.chmod(os.path.join(self.folder, "dmarcgate-poller"), 0o755)
        return super().run(MAILBOX_PASSWORD=PASSWORD)

    def dump(self):
        lines = [line for line in super().dump().splitlines() if not line.startswith("file|")]
        return "\n".join(lines) + str([self.count(folder) for folder in ("INBOX", "Done", "Other", "Broken")])

    def count(self, folder):
        return len(self.dovecot.state(folder) or [])


class Copied(Polled):
    """A server without MOVE: mails are copied and deleted. One may be there twice afterwards, none may be lost."""

    @staticmethod
    def letters():
        return [report_mail(i) for i in range(3)]

    def count(self, folder):
        path = self.dovecot.path("mail", "" if folder == "INBOX" else "." + folder)
        mails = set()
        for side in ("cur", "new"):
            for name in os.listdir(os.path.join(path, side)) if os.path.isdir(os.path.join(path, side)) else []:
                with open(os.path.join(path, side, name), "rb") as mail:
                    mails.add(mail.read())
        return len(mails)


def main():
    if SANITIZED:
        skip_all("a build with sanitizers has an allocator of its own")
    if not shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin"):
        skip_all("no dovecot")
    folder = tempfile.mkdtemp(prefix="faults.")
    os.chmod(folder, 0o755)
    dovecot = None
    try:
        certificates = Certificates(folder)
        dovecot = Dovecot(certificates)
        walk(Polled("poll", dovecot, os.path.join(folder, "move")), ("parent",), ("memory", "read", "write"), MOST if MOST > 9 else 5)
        dovecot.close()
        dovecot = Dovecot(certificates, "imap_capability = IMAP4rev1 SASL-IR UIDPLUS AUTH=PLAIN\n")
        walk(Copied("poll a server without MOVE", dovecot, os.path.join(folder, "copy")), ("parent",), ("memory",), max(MOST, 16), last)
    finally:
        if dovecot:
            dovecot.close()
        shutil.rmtree(folder)
    plan()


main()
