#!/usr/bin/env python3
"""The process that gets access tokens: every allocation of ours, every read, write and fsync of its fails in turn, while it asks
an OAuth server. It says one line, without a secret, and what it keeps is whole; the next run gets its token. TAP.

FAULTS=all: every single call (check-long); else a selection."""
import os
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # the source folder may be read-only
sys.path.insert(0, os.path.join(os.environ.get("srcdir", "."), "tests", "lib"))
from faulty import LIBRARY, MOST, SANITIZED, numbers  # noqa: E402
from mailserver import check, plan, skip_all  # noqa: E402
from tokenworld import *  # noqa: E402,F403 the tests' own words

ALL = MOST > 9
EVERY = "client_id = %s\nscope = %s\naccess_token = still-good\nexpires = %d\n"


class Asking:
    """One way to a token, from the same state each time."""

    def __init__(self, world, name, doing="get", kept=None, **settings):
        self.world, self.name, self.doing, self.before, self.settings = world, name, doing, kept, settings
        self.secrets = [CLIENT_SECRET, "refresh-of-the-first-day"]

    def run(self, **environment):
        """It is started with an environment of its own, so somebody takes its place who puts it there."""
        with open(self.world.giver, "w") as out:
            out.write("#!/bin/sh\n%s\nexec %s\n" % ("\n".join("export %s=%s" % row for row in environment.items()), GIVER))
        os.chmod(self.world.giver, 0o755)
        try:
            return self.world.ask(self.doing, limit=60, **self.settings)
        except subprocess.TimeoutExpired:
            return "it hangs"

    def reset(self, kind):
        """A server that takes a refresh token once only, where what can fail is to keep the next one; an answer that does not
        arrive, or for which there is no memory, is lost with the token in it."""
        self.world.reset(self.before)
        self.world.server.rotate = self.doing == "login" or kind in ("write", "fsync")
        if self.before is None:
            os.mkdir(self.world.state, 0o700)

    def calls(self, kind):
        self.reset(kind)
        path = os.path.join(self.world.folder, "count")
        with open(path, "wb") as out:
            out.write(bytes(8))
        said = self.run(LD_PRELOAD=LIBRARY, FAULT=kind + ":0", FAULT_PROGRAM="dmarcgate-token", FAULT_COUNT=path)
        with open(path, "rb") as octets:
            return int.from_bytes(octets.read(), sys.byteorder), self.good(said)

    def good(self, said):
        last = said.splitlines()[-1] if said else ""
        return last == "stored" if self.doing == "login" else last.startswith("token ")

    def kept(self):
        """A file that is being made is empty: nobody has written a token into it."""
        return self.world.kept() or None

    def fail(self, kind, number):
        """What is wrong with how one fault was met; None: nothing."""
        world = self.world
        self.reset(kind)
        before = self.kept()
        said = self.run(LD_PRELOAD=LIBRARY, FAULT="%s:%d" % (kind, number), FAULT_PROGRAM="dmarcgate-token")
        lines = [line for line in said.splitlines() if not line.startswith("code ")]
        given = [secret for secret in self.secrets + [world.server.refresh, world.server.device_code] if secret] + (
            [] if self.good(said) else world.given)
        if len(lines) != 1 or not (self.good(said) or lines[0].startswith(("fault later box: ", "fault setup box: "))):
            return "says %s" % said[-400:]
        if any(secret in said for secret in given):
            return "says a secret: %s" % said[-400:]
        if kind == "memory" and not self.good(said) and "out of memory" not in said and "died" not in said:
            return "does not say that memory was short: %s" % said[-400:]
        if not self.good(said) and kind == "memory" and not said.startswith(("fault later", "code ")):
            return "takes a shortage for something that lasts: %s" % said[-400:]
        now = self.kept()
        if now is not None and now != before and now.get("access_token") != world.given[-1]:
            return "keeps what nobody gave: %s" % now
        if os.path.exists(world.file) and not world.private():
            return "leaves something: %s" % os.listdir(world.state)
        again = self.run()
        if not self.good(again):
            return "the next run gets no token: first %s then %s" % (said[-300:], again[-300:])
        return None

    def walk(self):
        for kind in ("memory", "read", "write", "fsync"):
            count, good = self.calls(kind)
            chosen = numbers(count, MOST if ALL else 4 if self.doing == "login" else 7)  # a login waits a second
            wrong = ["%s %d: %s" % (kind, number, what) for number, what in
                     ((number, self.fail(kind, number)) for number in chosen) if what]
            if count or not good:
                check(good and not wrong, "%s: %s, %d of %d calls" % (self.name, kind, len(chosen), count), "\n".join(wrong[:12]))


def main():
    if SANITIZED:
        skip_all("a build with sanitizers has an allocator of its own")
    if not shutil.which("openssl"):
        skip_all("no openssl to make a server's certificate")
    folder = tempfile.mkdtemp(prefix="tokenfaults.")
    os.chmod(folder, 0o755)
    try:
        world = World(folder)
        world.giver = os.path.join(folder, "dmarcgate-token")
        still = FIRST + "endpoint = %s\n" % world.server.url() + EVERY % (CLIENT, SCOPE, time.time() + 3000)
        Asking(world, "refresh", kept=FIRST).walk()
        Asking(world, "a token that lasts", kept=still).walk()
        Asking(world, "client credentials", grant="client", client_secret_file=world.secret_file).walk()
        Asking(world, "login", "login", kept=FIRST).walk()
        world.server.close()
    finally:
        shutil.rmtree(folder)
    plan()


main()
