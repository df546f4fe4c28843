"""What the tests of access tokens stand on: an OAuth server, a folder for what is kept, and tests/token to ask for a token."""
import os
import secrets
import shutil
import stat
import subprocess
import time

from mailserver import Certificates
from tokenserver import *  # noqa: F403 the tests' own words

TOKEN = os.path.abspath("tests/token")
GIVER = os.path.abspath("dmarcgate-token")
FIRST = "refresh_token = refresh-of-the-first-day\n"


class World:
    def __init__(self, folder):
        self.folder, self.giver = folder, GIVER
        self.certificates = Certificates(folder)
        self.ca = self.certificates.ca
        self.state = os.path.join(folder, "state")
        self.file = os.path.join(self.state, "box.token")
        self.secret_file = os.path.join(folder, "client.secret")
        self.write(self.secret_file, CLIENT_SECRET + "\n")
        self.given = []
        self.server = TokenServer(self.certificates, self.give)

    def give(self):
        self.given.append("access-%d-" % len(self.given) + secrets.token_urlsafe(900))
        return self.given[-1]

    def write(self, path, text, mode=0o600):
        with open(path, "w") as out:
            out.write(text)
        os.chmod(path, mode)

    def reset(self, kept=None):
        shutil.rmtree(self.state, ignore_errors=True)
        self.server.asked.clear()
        self.server.pending.clear()
        self.server.more = {}
        self.server.rotate, self.server.seconds, self.server.interval = True, 3600, 1
        self.server.refresh = "refresh-of-the-first-day"
        if kept is not None:
            os.mkdir(self.state, 0o700)
            self.write(self.file, kept)

    def command(self, doing, settings):
        known = {"client_id": CLIENT, "token_endpoint": self.server.url(), "token_file": self.file, "ca": self.ca,
                 "scope": SCOPE, "device_endpoint": self.server.url("device"), **settings}
        return [TOKEN, self.giver, doing] + ["%s=%s" % pair for pair in known.items() if pair[1] is not None]

    def ask(self, doing="get", limit=120, **settings):
        return subprocess.run(self.command(doing, settings), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=limit).stdout.decode(errors="replace")

    def kept(self):
        try:
            with open(self.file) as text:
                return dict(line.rstrip("\n").split(" = ", 1) for line in text if not line.startswith("#"))
        except FileNotFoundError:
            return None

    def expire(self, seconds=-10):
        with open(self.file) as text:
            lines = ["expires = %d\n" % (time.time() + seconds) if line.startswith("expires") else line for line in text]
        self.write(self.file, "".join(lines))

    def private(self):
        return stat.S_IMODE(os.stat(self.file).st_mode) == 0o600 and \
            [name for name in os.listdir(self.state) if "token" in name] == [os.path.basename(self.file)]
