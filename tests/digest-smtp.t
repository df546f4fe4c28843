#!/usr/bin/env python3
"""The weekly mail through a real SMTP server on loopback (aiosmtpd): TLS, login, recipients, and every way to go wrong."""
import asyncio
import base64
import email
import email.policy
import logging
import os
import ssl
import subprocess
import sys
import tempfile
import threading
import warnings

sys.dont_write_bytecode = True  # the source folder may be read-only
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
SRC = os.path.abspath(os.environ.get("srcdir", "."))
sys.path.insert(0, os.path.join(SRC, "tests", "lib"))
try:
    from aiosmtpd.smtp import SMTP, AuthResult
except ImportError:
    # Debian's own python3 has what apt installed.
    if sys.executable != "/usr/bin/python3" and os.path.exists("/usr/bin/python3"):
        os.execv("/usr/bin/python3", ["/usr/bin/python3"] + sys.argv)
    print("1..0 # SKIP no aiosmtpd")
    sys.exit(0)
from mailserver import Certificates, check, plan  # noqa: E402

PROGRAM = os.environ.get("DMARCGATE", os.path.abspath("dmarcgate"))
USER, PASSWORD = "weekly@example.org", 'p {5}"w\\ü%'
FROM = "dmarc@harborlight.example"


class Handler:
    """Takes mails, refuses nobody@, and does what the names of other recipients ask for."""

    def __init__(self):
        self.mails = []

    async def auth_XOAUTH2(self, server, args):
        user, token = base64.b64decode(args[1]).split(b"\1")[:2]
        if (user, token) == (b"user=" + USER.encode(), b"auth=Bearer good-token"):
            return AuthResult(success=True, auth_data=("XOAUTH2", USER.encode()))
        said = await server.challenge_auth('{"status":"401","error_description":"token \x1b[31mhas expired"}')
        return AuthResult(success=False, handled=False, message=None if said == b"" else "501 that is no empty answer")

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.1.1 no such person \x1b[31m" + "x" * 50
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        names = {address.split("@")[0] for address in envelope.rcpt_tos}
        if "later" in names:
            return "451 4.3.0 try again later"
        if "never" in names:
            return "554 5.7.1 looks like spam"
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.content, session.auth_data))
        if "lost" in names:
            server.transport.abort()
        if "slow" in names:
            await asyncio.sleep(30)
        return "250 2.0.0 taken"


class Server:
    """Each port a way to speak: smtps, smtp with STARTTLS, smtp without."""

    def __init__(self, certificates):
        self.handler = Handler()
        self.loop = asyncio.new_event_loop()
        self.ports = {}
        for name in ("good", "other", "expired"):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificates.path(name + ".pem"), certificates.path(name + ".key"))
            self.listen("smtps-" + name, context, {"auth_require_tls": False, "auth_required": name == "good"})
            if name == "good":
                self.listen("smtp", None, {"tls_context": context, "require_starttls": True, "auth_required": True})
                self.listen("login", context, {"auth_require_tls": False, "auth_exclude_mechanism": ["PLAIN"]})
                self.listen("open", context, {})
        self.listen("clear", None, {"auth_require_tls": False})
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def listen(self, name, context, options):
        def factory():
            return SMTP(self.handler, hostname="localhost", authenticator=self.authenticate, **options)
        server = self.loop.run_until_complete(
            self.loop.create_server(factory, "127.0.0.1", 0, ssl=context if name != "smtp" else None))
        self.ports[name] = server.sockets[0].getsockname()[1]

    def authenticate(self, server, session, envelope, mechanism, data):
        good = data.login == USER.encode() and data.password == PASSWORD.encode()
        return AuthResult(success=good, handled=False, auth_data=(mechanism, data.login))


class Run:
    def __init__(self, folder, *arguments, environment=None):
        done = subprocess.run([PROGRAM, "-c", os.path.join(folder, "conf"), "--db", os.path.join(folder, "db"), "--now",
                               "2026-11-21T12:00:00Z"] + list(arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=dict(os.environ, LC_ALL="C.UTF-8", **(environment or {})), timeout=120)
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")
        self.text = "exit %d\n%s\n%s" % (self.code, self.out.decode("utf-8", "replace"), self.err)


class Bench:
    def __init__(self):
        self.folder = tempfile.mkdtemp()
        os.chmod(self.folder, 0o700)
        self.certificates = Certificates(self.folder)
        self.server = Server(self.certificates)
        with open(self.path("password"), "w") as file:
            file.write(PASSWORD + "\n")
        os.chmod(self.path("password"), 0o600)
        self.configure("smtps-good")
        Run(self.folder, "--dns-file", os.path.join(SRC, "samples/zone.txt"), "--quiet", "ingest",
            os.path.join(SRC, "samples/demo"))

    def path(self, name):
        return os.path.join(self.folder, name)

    def configure(self, port, user=USER + "@", scheme=None, extra="", ca=True, password=True):
        scheme = scheme or ("smtp" if port in ("smtp", "clear") else "smtps")
        with open(self.path("conf"), "w") as conf:
            conf.write("[digest]\nto = boss@harborlight.example\nfrom = %s\nserver = %s://%slocalhost:%d\n%s\n" %
                       (FROM, scheme, user.replace("@", "%40", 1), self.server.ports[port], extra))
            if ca:
                conf.write("tls_ca = %s\n" % self.certificates.ca)
            if user and password:
                conf.write("password_file = %s\n" % self.path("password"))

    def digest(self, *arguments):
        return Run(self.folder, "digest", *arguments)

    def taken(self):
        mails, self.server.handler.mails = self.server.handler.mails, []
        return mails


def is_whole(bench, content):
    """What arrived is what --print shows, with the line ends of SMTP."""
    shown = bench.digest("--print", "--to", "boss@harborlight.example", "harborlight.example").out
    return content == shown.replace(b"\n", b"\r\n")


def ways(bench):
    run = bench.digest("harborlight.example")
    mails = bench.taken()
    check(run.code == 0 and len(mails) == 1, "smtps: sent", run.text)
    if mails:
        sender, to, content, auth = mails[0]
        check(sender == FROM and to == ["boss@harborlight.example"], "sender and recipient of the envelope", mails[0][:2])
        check(is_whole(bench, content), "every octet arrives", content[:500])
        check(auth == ("PLAIN", USER.encode()), "logged in", auth)
    check(bench.digest("harborlight.example").code == 0 and not bench.taken(), "a second run sends nothing")
    for port, mechanism in (("smtp", "PLAIN"), ("login", "LOGIN")):
        bench.configure(port)
        run = bench.digest("harborlight.example", "--again")
        mails = bench.taken()
        check(run.code == 0 and len(mails) == 1 and mails[0][3] == (mechanism, USER.encode()), port + ": sent", run.text)
    for token, right in (("good-token", True), ("old-token", False)):
        bench.configure("smtps-good", password=False, extra="login = xoauth2\npassword_command = /bin/echo " + token)
        run = bench.digest("harborlight.example", "--again")
        mails = bench.taken()
        if right:
            check(run.code == 0 and len(mails) == 1 and mails[0][3][0] == "XOAUTH2", "an access token: sent", run.text)
        else:
            check(run.code == 78 and not mails and "has expired" in run.err and "\x1b" not in run.err and
                  token not in run.err, "one that is refused: the server's reason", run.text)
    bench.configure("open", user="")
    run = bench.digest("harborlight.example", "--again")
    check(run.code == 0 and len(bench.taken()) == 1, "without a user nobody logs in", run.text)
    bench.configure("smtps-other", ca=False, user="", extra="tls_fingerprint = " + bench.certificates.fingerprint("other"))
    run = bench.digest("harborlight.example", "--again")
    check(run.code == 0 and len(bench.taken()) == 1, "a pinned certificate needs no authority", run.text)
    bench.configure("smtps-good")


def recipients(bench):
    to = ["u%d@harborlight.example" % i for i in range(40)]
    run = bench.digest("--to", ",".join(to), "harborlight.example")
    mails = bench.taken()
    check(run.code == 0 and len(mails) == 1 and sorted(mails[0][1]) == sorted(to), "all forty recipients", run.text)
    message = email.message_from_bytes(mails[0][2], policy=email.policy.default) if mails else None
    check(message and sorted(a.addr_spec for a in message["To"].addresses) == sorted(to), "all of them in To")
    run = bench.digest("--to", "a@harborlight.example,nobody@harborlight.example", "harborlight.example")
    mails = bench.taken()
    check(run.code == 1 and len(mails) == 1 and mails[0][1] == ["a@harborlight.example"] and
          "nobody@harborlight.example: refused by localhost: 550" in run.err and "\x1b" not in run.err,
          "one is refused: the other gets it, and it is said", run.text)
    run = bench.digest("--to", "nobody@harborlight.example", "harborlight.example")
    check(run.code == 78 and not bench.taken(), "all are refused: not sent", run.text)
    run = bench.digest("--to", ",".join("u%d@harborlight.example" % i for i in range(101)), "harborlight.example")
    check(run.code == 64 and "at most 100" in run.err, "not more than a server takes", run.text)


def refusals(bench):
    run = bench.digest("--to", "later@harborlight.example", "harborlight.example")
    check(run.code == 75 and "451" in run.err and not bench.taken(), "later: exit 75", run.text)
    run = bench.digest("--to", "never@harborlight.example", "harborlight.example")
    check(run.code == 78 and "554" in run.err and not bench.taken(), "never: exit 78", run.text)
    run = bench.digest("--to", "later@harborlight.example", "harborlight.example")
    check(run.code == 75 and "451" in run.err, "what was not sent is tried again", run.text)
    run = bench.digest("--to", "lost@harborlight.example", "harborlight.example")
    check(run.code == 1 and "nobody knows" in run.err and len(bench.taken()) == 1, "no answer behind the mail: unknown", run.text)
    run = bench.digest("--to", "lost@harborlight.example", "harborlight.example")
    check(run.code == 1 and "was being sent" in run.err and not bench.taken(), "... and not sent twice", run.text)
    run = bench.digest("--to", "lost@harborlight.example", "--again", "harborlight.example")
    check(len(bench.taken()) == 1, "... unless one says so", run.text)


def trust(bench):
    again = ("harborlight.example", "--again")
    for port, what in (("smtps-other", "another host's certificate"), ("smtps-expired", "a certificate of last year")):
        bench.configure(port, user="")
        run = bench.digest(*again)
        check(run.code == 78 and "certificate is refused" in run.err and not bench.taken(), what + " is refused", run.text)
    bench.configure("smtps-good", ca=False)
    run = bench.digest(*again)
    check(run.code == 78 and not bench.taken(), "an unknown authority is refused", run.text)
    bench.configure("clear")
    run = bench.digest(*again)
    check(run.code == 78 and "does not offer STARTTLS" in run.err and not bench.taken(), "nothing in clear", run.text)
    bench.configure("smtps-good", user="other@example.org@")
    run = bench.digest(*again)
    check(run.code == 78 and "login of other@example.org" in run.err and "refuses: 535" in run.err and not bench.taken(),
          "a wrong login is told", run.text)
    check(PASSWORD not in run.err and base64.b64encode(PASSWORD.encode()).decode() not in run.err, "... without the password")
    bench.configure("smtps-good", password=False)
    run = bench.digest(*again)
    check(run.code == 78 and "none of password_file" in run.err, "a user needs a password", run.text)
    bench.server.ports["closed"] = 1
    bench.configure("closed")
    run = bench.digest(*again)
    check(run.code == 75 and not bench.taken(), "a server that is away: exit 75", run.text)
    check(bench.digest("harborlight.example").code == 75, "... and the mail is still to be sent")


def main():
    bench = Bench()
    ways(bench)
    recipients(bench)
    refusals(bench)
    trust(bench)
    plan()


main()
