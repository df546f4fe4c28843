#!/usr/bin/env python3
"""Access tokens: got from an OAuth server, and taken by a real Dovecot, by IMAP and POP3."""
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True  # the source folder may be read-only
sys.path.insert(0, os.path.join(os.environ.get("srcdir", "."), "tests", "lib"))
from mailserver import *  # noqa: E402,F403 the tests' own words
from tokenworld import *  # noqa: E402,F403


def refresh(world):
    server = world.server
    world.reset(FIRST)
    said = world.ask()
    asked = server.asked[0].form if server.asked else {}
    check(said == "token %s\n" % world.given[-1], "a refresh token gives an access token", said)
    check(asked == {"client_id": CLIENT, "grant_type": "refresh_token", "refresh_token": "refresh-of-the-first-day",
                    "scope": SCOPE}, "what was asked", asked)
    kept = world.kept()
    check(kept["refresh_token"] == server.refresh and kept["access_token"] == world.given[-1] and kept["client_id"] == CLIENT and
          abs(int(kept["expires"]) - time.time() - 3600) < 60, "both are kept, the new refresh token too", kept)
    check(world.private(), "in a file of 0600, nothing beside it")
    again = world.ask()
    check(again == said and len(server.asked) == 1, "a token that lasts is not asked for again", again)
    world.expire(200)
    said = world.ask()
    check(said == "token %s\n" % world.given[-1] and len(server.asked) == 2 and world.private() and
          world.kept()["access_token"] == world.given[-1], "one that is about to expire is replaced, and the file", said)
    server.rotate = False
    before = world.kept()["refresh_token"]
    world.expire()
    said = world.ask()
    check(said == "token %s\n" % world.given[-1] and world.kept()["refresh_token"] == before,
          "a server that gives no new refresh token means the old one to stay", said)
    said = world.ask(scope="mail else")
    check(len(server.asked) == 4 and server.asked[-1].form.get("scope") == "mail else", "another scope, another token", said)
    server.seconds = None
    server.more = {"expires_in": "1800"}
    world.expire()
    world.ask()
    check(abs(int(world.kept()["expires"]) - time.time() - 1800) < 60, "seconds as a text", world.kept())


def refused(world):
    server = world.server
    world.reset()
    said = world.ask()
    check(said.startswith("fault setup box: there is no refresh token yet; next: dmarcgate login box") and not server.asked and
          world.kept() is None, "no token file: a login is needed", said)
    world.reset("refresh_token = another-one-of-long-ago\n")
    said = world.ask()
    check("fault setup box: the refresh token is valid no more: invalid_grant: AADSTS70000: The refresh token has expired.; "
          "next: dmarcgate login box\n" == said, "a refresh token that is worth nothing any more", said)
    check(world.kept() == {"refresh_token": "another-one-of-long-ago"}, "the file stays as it was", world.kept())
    world.reset(FIRST)
    os.chmod(world.file, 0o640)
    if os.getuid() == 0:
        os.chown(world.file, 65534, -1)
    said = world.ask()
    check("can be read by others (mode 0640)" in said and not server.asked, "a token file that others can read is refused", said)
    world.reset(FIRST)
    said = world.ask(client_id="somebody else")
    check("client_id or client secret is not accepted: invalid_client" in said, "a client that is not known", said)
    for line in ("endpoint = https://elsewhere.example/token\n", "client_id = somebody else\n"):
        world.reset(FIRST + line)
        said = world.ask()
        check("of another token_endpoint or client_id" in said and not server.asked,
              "a refresh token does not go to whom it is not from: " + line.split()[0], said)
    for text in ("nonsense\n", "refresh_token = a b\n", FIRST + FIRST, "expires = soon\n", "\0\n", "access_token =\n"):
        world.reset(FIRST + "# a remark\n\n" + text if text != FIRST + FIRST else text)
        said = world.ask()
        check("not what a token file holds" in said and not server.asked, "a token file with %r" % text[:20], said)
    world.reset(FIRST)
    os.remove(world.file)
    os.mkdir(world.file)
    check("is not a file" in world.ask(), "a token file that is a folder")
    world.reset()
    said = world.ask(token_file="/proc/nowhere/box.token")
    check("fault setup" in said and "/proc/nowhere" in said, "a folder that cannot be made", said)


def client_credentials(world):
    server = world.server
    world.reset()
    said = world.ask(grant="client", client_secret_file=world.secret_file)
    asked = server.asked[0].form if server.asked else {}
    check(said == "token %s\n" % world.given[-1] and asked == {"client_id": CLIENT, "client_secret": CLIENT_SECRET, "scope": SCOPE,
                                                               "grant_type": "client_credentials"}, "client credentials", said)
    check(world.private() and "refresh_token" not in world.kept(), "the token is kept", world.kept())
    check(world.ask(grant="client", client_secret_file=world.secret_file) == said and len(server.asked) == 1,
          "until it expires")
    said = world.ask(grant="client", client_secret_file=world.secret_file, client_id="b")
    check("invalid_client" in said, "a token of another client is not used", said)
    world.reset()
    said = world.ask(grant="client")
    check("client_secret_file: grant = client_credentials needs it" in said, "without a secret", said)
    loose = os.path.join(world.folder, "loose.secret")
    world.write(loose, CLIENT_SECRET, 0o644)
    said = world.ask(grant="client", client_secret_file=loose)
    check("can be read by others (mode 0644)" in said and CLIENT_SECRET not in said and not server.asked,
          "a secret that others can read", said)
    for text, why in (("", "one line of visible ASCII"), ("two\nlines", "one line of visible ASCII"), ("x" * 9000, "too long")):
        world.write(loose, text)
        said = world.ask(grant="client", client_secret_file=loose)
        check(why in said and not server.asked, "a secret of %d octets: %s" % (len(text), why), said)
    said = world.ask(grant="client", client_secret_file=loose + ".none")
    check("No such file" in said, "a secret that is not there", said)


def login(world):
    server = world.server
    world.reset()
    server.pending = ["authorization_pending", "slow_down", "authorization_pending"]
    server.more = {"verification_uri_complete": "https://example.org/device?code=WDJB-MJHT"}
    said = world.ask("login")
    check(said == "code WDJB-MJHT at https://example.org/device or https://example.org/device?code=WDJB-MJHT for 600\nstored\n",
          "the device flow", said)
    gaps = [round(b.time - a.time, 1) for a, b in zip(server.asked, server.asked[1:])]
    check(len(gaps) == 4 and all(0.9 < gap < 2.5 for gap in gaps[:2]) and all(5.9 < gap < 8 for gap in gaps[2:]),
          "asks as often as it may, and more slowly after slow_down", gaps)
    asked = [one.form for one in server.asked]
    check(asked[0] == {"client_id": CLIENT, "scope": SCOPE} and asked[1] ==
          {"client_id": CLIENT, "grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": server.device_code},
          "what was asked", asked[:2])
    check(world.private() and world.kept()["refresh_token"] == server.refresh, "the tokens are kept", world.kept())
    check(world.ask() == "token %s\n" % world.given[-1], "and used")
    for pending, more, words in (
            (["authorization_pending", "access_denied"], {}, "fault setup box: access was denied: access_denied"),
            (["authorization_declined"], {}, "fault setup box: access was denied: authorization_declined"),
            (["expired_token"], {}, "fault setup box: the code was not entered in time: expired_token"),
            (["authorization_pending"] * 9, {"expires_in": 2}, "fault setup box: the code was not entered in time"),
            ([], {"device_code": None}, "fault setup box: the answer lacks device_code"),
            ([], {"verification_uri": "http://example.org/"}, "fault setup box: the answer's verification_uri"),
            ([], {"verification_uri": None, "verification_url": "https://example.org/old"}, "stored"),
            ([], {"user_code": "\x1b[2J\u202e"}, "code \\x1B[2J\\u{202E} at"),
            ([], {"user_code": "x" * 200}, "fault setup box: localhost: HTTP 200: the answer's user_code is not what"),
            ([], {"refresh_token": None}, "fault setup box: the server gives no refresh token; does the scope lack offline_access?"),
            ([], {"error": "invalid_scope"}, "fault setup box: the scope is not accepted: invalid_scope")):
        world.reset()
        server.pending, server.more = pending, more
        said = world.ask("login")
        check(words in said and (world.kept() is None) != ("stored" in said), "device flow: " + words[-40:], said)
    world.reset(FIRST)
    server.pending = ["access_denied"]
    world.ask("login")
    check(world.kept() == {"refresh_token": "refresh-of-the-first-day"}, "a login that fails leaves the tokens alone", world.kept())
    world.reset()
    check("device_endpoint: not set" in world.ask("login", device_endpoint=None), "a server without device flow")
    for path in ("away", "drop"):  # asked again, more slowly, until the code is worth nothing any more
        world.reset()
        server.more = {"expires_in": 3}
        said = world.ask("login", token_endpoint=server.url(path))
        check("fault later box: localhost" in said and len(server.asked) == 2, "a server that is away meanwhile: " + path, said)


def hostile(world):
    server = world.server
    rows = (("huge", "setup|later", "more than 65536 octets"), ("endless", "setup|later", "more than 65536 octets"),
            ("headers", "later", "octets of header"), ("garbage", "setup", "no JSON object"), ("deep", "setup", "no JSON object"),
            ("array", "setup", "no JSON object"), ("twice", "setup", "no JSON object"), ("kind", "setup", "access_token is not what"),
            ("lines", "setup", "access_token is not what"), ("none", "setup", "has no access_token"), ("mac", "setup", "type Bearer"),
            ("html", "setup", "not application/json"), ("portal", "setup", "HTTP 404"), ("away", "later", "HTTP 503"),
            ("redirect", "setup", "HTTP 307: it sends us elsewhere"), ("drop", "later", "localhost: "),
            ("echo", "setup", "repeats a secret"), ("tell", "setup", "the server refuses: odd\\x1B[2J: \\x1B]0;owned\\x07\\u{202E}long"))
    for path, kind, words in rows:
        world.reset(FIRST)
        said = world.ask(token_endpoint=server.url(path))
        check(said.count("\n") == 1 and said.split()[1] in kind.split("|") and words in said and len(server.asked) == 1 and
              world.kept() == {"refresh_token": "refresh-of-the-first-day"} and "first-day" not in said, "hostile: " + path,
              said[:800])
    world.reset()
    said = world.ask(grant="client", client_secret_file=world.secret_file, token_endpoint=server.url("echo"))
    check("repeats a secret" in said and CLIENT_SECRET[:8] not in said, "a client secret that is quoted is not shown", said)
    world.reset()
    said = world.ask("login", token_endpoint=server.url("echo"))
    check("repeats a secret" in said and "device-" not in said, "nor a device code", said)
    world.reset("%sendpoint = %s\nclient_id = %s\nscope = %s\naccess_token = still-good\nexpires = %d\n" %
                (FIRST, server.url("away"), CLIENT, SCOPE, time.time() + 100))
    said = world.ask(token_endpoint=server.url("away"))
    check(said == "token still-good\n", "while the server is away the old token serves to its end", said)


def slow_begin(world):
    """Half a minute, while the others run: on a server and with files of its own."""
    world.patient = TokenServer(world.certificates, world.give)
    world.slow = []
    for path in ("hang", "drip"):
        state = os.path.join(world.folder, path)
        os.mkdir(state, 0o700)
        world.write(os.path.join(state, "token"), FIRST)
        settings = {"token_endpoint": world.patient.url(path), "token_file": os.path.join(state, "token")}
        world.slow.append((path, subprocess.Popen(world.command("get", settings), stdout=subprocess.PIPE)))


def slow(world):
    begun = time.time()
    for path, process in world.slow:
        said = process.communicate(timeout=100)[0].decode()
        check("fault later box: localhost: " in said and "timed out" in said, "a server that does this has half a minute: " + path, said)
    check(time.time() - begun < 40, "and no more")
    world.patient.close()


def trust(world):
    server = world.server
    world.reset(FIRST)
    said = world.ask(ca=None)
    check("fault setup box: localhost: " in said and "certificate" in said and not server.asked,
          "an unknown authority: nothing is asked", said)
    for certificate, words in (("other", "certificate subject name"), ("expired", "expired")):
        other = TokenServer(world.certificates, world.give, certificate)
        said = world.ask(token_endpoint=other.url())
        check("fault setup" in said and words in said and not other.asked, "certificate: " + certificate, said)
        other.close()
    said = world.ask(token_endpoint=server.url(host="127.0.0.1"))
    check("token access-" in said, "an address in the certificate is as good as a name", said)
    said = world.ask(ca=world.file)
    check("fault setup" in said, "a file of authorities that holds none", said)
    said = world.ask(ca="/nowhere")
    check("/nowhere: No such file" in said, "one that is not there", said)
    for url, words in ((server.url().replace("https", "http"), "token_endpoint: a URL"), ("https://u:p@h/", "token_endpoint: a URL"),
                       ("https:///x", "token_endpoint: a URL"), ("https://h/ x", "token_endpoint: a URL"),
                       ("file:///etc/passwd", "token_endpoint: a URL"), ("https://no.such.host.invalid/", "address cannot be found"),
                       ("https://localhost:%d/" % free_port(), "fault later")):
        world.reset(FIRST)
        said = world.ask(token_endpoint=url)
        check(words in said, "endpoint: " + url[:24], said)


def providers(world):
    def ask(doing="get", **settings):
        return world.ask(doing, **{"token_endpoint": None, "device_endpoint": None, "scope": None, **settings})

    world.reset()
    for settings, words in (
            ({"provider": "yahoo"}, "provider: one of microsoft, google"),
            ({"provider": "microsoft", "grant": "client"}, "tenant: without a person who signs in it must be named"),
            ({"provider": "microsoft", "tenant": "a/b"}, "tenant: a name"),
            ({"provider": "google", "tenant": "a"}, "tenant: this provider has none"),
            ({"provider": "google", "grant": "client"}, "grant: google gives no mail to a client"),
            ({"provider": "microsoft", "client_id": None}, "client_id: not set"),
            ({"client_id": "x"}, "token_endpoint: not set")):
        said = ask(**settings)
        check("fault setup " + words in said, "provider: " + words, said)
    check("device_endpoint: not set" in ask("login", provider="google"), "google has no device flow for mail")


def process(world):
    """What the process looks like from the outside, while it waits for the server."""
    world.reset()
    server = world.server
    server.pending = ["authorization_pending"] * 30
    asking = subprocess.Popen(world.command("login", {"client_secret_file": world.secret_file}), stdout=subprocess.PIPE)
    asking.stdout.readline()
    deadline = time.time() + 20
    while len(server.asked) < 2 and time.time() < deadline:
        time.sleep(0.1)
    with open("/proc/%d/task/%d/children" % (asking.pid, asking.pid)) as text:
        child = int(text.read().split()[0])
    seen = b""
    for pid in (asking.pid, child):
        for name in ("cmdline", "environ"):
            try:
                with open("/proc/%d/%s" % (pid, name), "rb") as text:
                    seen += text.read()
            except PermissionError:
                pass
    check(CLIENT_SECRET.encode() not in seen and server.device_code.encode() not in seen, "no secret in arguments or environment")
    with open("/proc/%d/status" % child) as text:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in text if ":\t" in line)
    owner = os.stat("/proc/%d/mem" % child).st_uid
    check(owner == 0, "it leaves no core and is not to be traced", owner)
    with open("config.h") as text:
        if "#define WITH_SANDBOX 1" in text.read():
            check(status["NoNewPrivs"] == "1" and status["Seccomp"] == "2" and int(status["CapEff"], 16) == 0, "it is locked", status)
    asking.kill()
    asking.wait()
    deadline = time.time() + 5
    while os.path.exists("/proc/%d" % child) and time.time() < deadline:
        time.sleep(0.1)
    check(not os.path.exists("/proc/%d" % child), "and ends when nobody waits any more")
    asking.stdout.close()


def together(world):
    """Two that need a new token at once ask once: some servers take a refresh token no more than once."""
    world.reset(FIRST)
    asking = [subprocess.Popen(world.command("get", {}), stdout=subprocess.PIPE) for _ in range(6)]
    said = {one.communicate(timeout=60)[0] for one in asking}
    check(len(world.server.asked) == 1 and said == {b"token %s\n" % world.given[-1].encode()}, "six at once, one question", said)
    check(world.private(), "and one file")


PROGRAM = os.environ.get("DMARCGATE_PROGRAM") or os.path.abspath("dmarcgate")


class Configured:
    """dmarcgate with a configuration of one mailbox."""

    def __init__(self, world, *lines, url="imaps://reports%40example.org@localhost", login="xoauth2"):
        self.world = world
        self.config = os.path.join(world.folder, "dmarcgate.conf")
        world.write(self.config, "\n".join(["db = %s/box.db" % world.state, "[mailbox box]", "url = " + url, "login = " + login,
                                            "tls_ca = " + world.ca, *lines]) + "\n")

    def run(self, *words, limit=120):
        self.err = os.path.join(self.world.folder, "err")
        with open(self.err, "w") as err:
            done = subprocess.run([PROGRAM, "-c", self.config, *words], stdout=subprocess.PIPE, stderr=err, timeout=limit)
        with open(self.err) as err:
            return done.returncode, done.stdout.decode(), err.read()


def command(world):
    server = world.server
    client = ("client_id = " + CLIENT, "scope = " + SCOPE, "token_endpoint = " + server.url())
    device = client + ("device_endpoint = " + server.url("device"),)
    world.reset()
    server.pending = ["authorization_pending"]
    code, out, err = Configured(world, *device).run("login", "box")
    check((code, err) == (0, "") and out == """To let dmarcgate read the mail of reports@example.org, open this page in a browser,
sign in there, and enter the code:

  page  https://example.org/device
  code  WDJB-MJHT

Waiting for it, 10 minutes at most ...
Done. The tokens are in %s. Next: dmarcgate ingest
""" % world.file, "dmarcgate login", out + err)
    check(world.private() and world.kept()["refresh_token"] == server.refresh, "the tokens lie beside the database", world.kept())
    world.reset()
    server.more = {"verification_uri_complete": "https://example.org/device?x"}
    code, out, err = Configured(world, *device).run("login", "box", "--quiet")
    check((code, out, err) == (0, "https://example.org/device WDJB-MJHT\n", ""), "--quiet: page and code", out + err)
    world.reset()
    server.pending = ["access_denied"]
    code, out, err = Configured(world, *device).run("login", "box")
    check(code == 78 and err.startswith("dmarcgate: box: access was denied: access_denied"), "denied", err)
    world.reset()
    for lines, words, code_wanted, said in (
            (device, ("login",), 64, "name one mailbox of the configuration"),
            (device, ("login", "a", "b"), 64, "name one mailbox of the configuration"),
            (device, ("login", "bix"), 78, "login: bix: no such mailbox in "),
            (client, ("login", "box"), 78, "box: device_endpoint: not set"),
            (("token_command = /bin/true",), ("login", "box"), 78, "has no provider and no token_endpoint"),
            (client + ("grant = client_credentials", "client_secret_file = " + world.secret_file), ("login", "box"), 78,
             "nobody needs to log in")):
        code, out, err = Configured(world, *lines).run(*words)
        check(code == code_wanted and said in err and not server.asked, "login: " + said, "%d %s" % (code, err))
    for lines, login, said in (
            (client, "password", "login: an access token is given with xoauth2 or oauthbearer"),
            (("token_command = /bin/true",), "password", "login: an access token is given with xoauth2 or oauthbearer"),
            (("token_command = true",), "xoauth2", "a command begins with the absolute path of a program"),
            (("token_command = /bin/true",) + client, "xoauth2", "more than one of password_file"),
            (("password = x", "scope = mail"), "xoauth2", "scope: needs provider or token_endpoint"),
            (("provider = yahoo", "client_id = x"), "xoauth2", "provider: one of microsoft, google"),
            (("provider = microsoft",), "xoauth2", "client_id: not set"),
            (("provider = microsoft", "client_id = x", "grant = client_credentials"), "xoauth2", "tenant: without a person"),
            (client + ("tenant = x",), "xoauth2", "tenant: needs provider"),
            (client + ("grant = password",), "xoauth2", "one of refresh_token|client_credentials"),
            (("client_id = x", "token_endpoint = http://example.org"), "xoauth2", "token_endpoint: a URL that begins with https://")):
        code, out, err = Configured(world, *lines, login=login).run("config")
        check(code == 78 and said in err, "config: " + said, "%d %s" % (code, err))
    code, out, err = Configured(world, "provider = microsoft", "client_id = x").run("config")
    check(code == 0 and "provider = microsoft\n" in out and "client_id = x\n" in out, "config shows what is set", out + err)


class Cutter:
    """Stands before a server; cuts the first connection after a megabyte, not before `when`."""

    def __init__(self, port, when):
        self.port, self.when, self.connections = port, when, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            self.connections += 1
            server = socket.create_connection(("127.0.0.1", self.port))
            threading.Thread(target=self.pump, args=(client, server, None), daemon=True).start()
            threading.Thread(target=self.pump, args=(server, client, 1000000 if self.connections == 1 else None), daemon=True).start()

    def pump(self, source, target, most):
        done = 0
        try:
            while (data := source.recv(65536)) and (most is None or done < most):
                target.sendall(data)
                done += len(data)
            if most:
                time.sleep(max(0, self.when - time.time()))
            for end in (source, target):
                end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def expires_meanwhile(world):
    """A connection that is made again when the token is over: it is the next run's business, nobody's fault."""
    dovecot = Dovecot(world.certificates)
    try:
        dovecot.deliver([mail(0), mail(1, size=4 << 20), mail(2)])
        cutter = Cutter(dovecot.ports["imaps"], time.time() + 5)
        url = dovecot.url("imaps").replace(str(dovecot.ports["imaps"]), str(cutter.listener.getsockname()[1]))
        polled = Polled(url, ca=world.ca, login="xoauth2", secret=dovecot.token(seconds=4))
        check(any(line.startswith("fault later box: localhost") and "the access token is not accepted: " in line for line in
                  polled.lines) and cutter.connections > 1, "a token that expires meanwhile: later", polled.text)
        cutter.listener.close()
    finally:
        dovecot.close()


class Watch:
    """Looks at the arguments of all processes, as anybody can, while something runs."""

    def __init__(self):
        self.seen, self.end = set(), threading.Event()
        self.thread = threading.Thread(target=self.look, daemon=True)

    def look(self):
        while not self.end.wait(0.01):
            for pid in filter(str.isdigit, os.listdir("/proc")):
                try:
                    with open("/proc/%s/cmdline" % pid, "rb") as text:
                        self.seen.add(text.read())
                except OSError:
                    pass

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.end.set()
        self.thread.join()


def everything(folder):
    """The octets of all files below, but for token files."""
    found = b""
    for where, _, names in os.walk(folder):
        for name in names:
            if not name.endswith(".token"):
                with open(os.path.join(where, name), "rb") as octets:
                    found += octets.read()
    return found


def samples(n):
    folder = os.path.join(os.environ.get("srcdir", "."), "samples", "demo")
    names = sorted(name for name in os.listdir(folder) if name.endswith(".eml"))[:n]
    return [open(os.path.join(folder, name), "rb").read() for name in names]


def ingested(world):
    """The whole way: a login, then reports from a Dovecot that takes nothing but tokens from its own authority."""
    server, give = world.server, world.give
    dovecot = Dovecot(world.certificates)
    client = ("client_id = " + CLIENT, "scope = " + SCOPE, "token_endpoint = " + server.url(),
              "device_endpoint = " + server.url("device"), "after = seen")
    given, kept_secrets = [], []

    def token(**how):
        given.append(dovecot.token(**how))
        return given[-1]

    try:
        server.give = token
        world.reset()
        dovecot.deliver(samples(4))
        box = Configured(world, *client, url=dovecot.url("imaps"))
        ingest = ("--offline", "ingest")
        with Watch() as watch:
            code, out, err = box.run(*ingest)
            check(code == 78 and "box: there is no refresh token yet; next: dmarcgate login box" in err, "before the login", err)
            code, out, err = box.run("login", "box")
            kept_secrets.append(server.refresh)
            first = box.run(*ingest)
            check(code == 0 and first[0] == 0 and len(given) == 1, "login, then ingest: reports are stored", "%s\n%s" % first[1:])
            check(sorted(dovecot.state().values()) == [["\\Seen"]] * 4, "and marked on the server", dovecot.state())
            world.expire()
            dovecot.deliver(samples(5)[4:])
            code, out, err = box.run(*ingest)
            kept_secrets.append(server.refresh)
            check(code == 0 and len(given) == 2 and world.private() and world.kept()["access_token"] == given[-1] and
                  world.kept()["refresh_token"] == server.refresh, "an expired token is refreshed, its file replaced", "%d %d %s\n%s%s" % (code, len(given), world.kept(), out, err))
            said = out + err
            for how, scheme, login in (({"seconds": -10}, "imaps", "xoauth2"), ({"key": b"another key of 32 octets, or so"}, "pops",
                                                                               "oauthbearer")):
                server.give = lambda how=how: token(**how)
                world.expire()
                code, out, err = Configured(world, *client[:-1], url=dovecot.url(scheme), login=login).run(*ingest)
                kept_secrets.append(server.refresh)
                said += out + err
                check(code == 78 and "the access token is not accepted: " in err, "a token that is refused: the reason, %s" % scheme,
                      "%d %s" % (code, err))
            server.give = token
            world.expire()
            box = Configured(world, *client[:3], "grant = client_credentials", "client_secret_file = " + world.secret_file,
                             url=dovecot.url("pop"), login="oauthbearer")
            code, out, err = box.run(*ingest)
            check(code == 0 and server.asked[-1].form["grant_type"] == "client_credentials", "client credentials, POP3", out + err)
            script = os.path.join(world.folder, "token command")
            world.write(script, "#!/bin/sh\necho %s\n" % token(), 0o700)
            code, out, err = Configured(world, 'token_command = "%s" --now' % script, url=dovecot.url("imap")).run(*ingest)
            check(code == 0, "token_command", out + err)
            world.write(script, "#!/bin/sh\necho %s\n" % token(seconds=-10), 0o700)
            code, out, err = Configured(world, 'token_command = "%s"' % script, url=dovecot.url("imap")).run(*ingest)
            said += out + err
            check(code == 78 and "the access token is not accepted: " in err, "token_command: a token that is refused", err)
            world.write(script, "#!/bin/sh\necho no idea >&2\nexit 3\n", 0o700)
            code, out, err = Configured(world, 'token_command = "%s"' % script, url=dovecot.url("imap")).run(*ingest)
            check(code == 78 and "box: token_command: ends with status 3: no idea" in err, "token_command: one that fails", err)
        secret = [text.encode() for text in given + kept_secrets + [CLIENT_SECRET, server.device_code]]
        stored = everything(world.state)
        check(stored and not any(one in said.encode() or one in stored or any(one in line for line in watch.seen) for one in secret),
              "no token and no secret in what is printed, in the database, in anybody's arguments", said)
        check(any(b"dmarcgate-token" in line for line in watch.seen) and any(b"dmarcgate-poller" in line for line in watch.seen),
              "where these could have been seen")
    finally:
        server.give = give
        dovecot.close()


def mail_servers(world):
    dovecot = Dovecot(world.certificates)
    try:
        dovecot.deliver([mail(i) for i in range(3)])
        for how in ("xoauth2", "oauthbearer"):
            for scheme in ("imaps", "imap", "pops", "pop"):
                polled = Polled(dovecot.url(scheme), ca=world.ca, login=how, secret=dovecot.token())
                check(polled.good and len(polled.mails) == 3, "%s by %s" % (scheme, how), polled.text + dovecot.log()[-1500:])
            for scheme in ("imaps", "pops"):
                for what, token in (("expired", dovecot.token(seconds=-10)), ("wrong key", dovecot.token(key=b"another key of 32 octets, or so")),
                                    ("nonsense", "abc.def.ghi"), ("somebody else's", dovecot.token(user="other@example.org"))):
                    polled = Polled(dovecot.url(scheme), ca=world.ca, login=how, secret=token)
                    check("closed setup box: localhost" in polled.text and "the access token is not accepted: " in polled.text and
                          "{" not in polled.text and token not in polled.text, "%s by %s: %s" % (scheme, how, what), polled.text)
        long = dovecot.token(padding="x" * 3000)
        for scheme in ("imaps", "pops"):
            polled = Polled(dovecot.url(scheme), ca=world.ca, login="xoauth2", secret=long)
            check(polled.good, "%s: a token of %d octets" % (scheme, len(long)), polled.text + dovecot.log()[-1500:])
    finally:
        dovecot.close()


def main():
    if not shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin"):
        skip_all("no dovecot")
    folder = tempfile.mkdtemp(prefix="oauth.")
    os.chmod(folder, 0o755)
    wanted = sys.argv[1:]
    try:
        world = World(folder)
        for part in (slow_begin, refresh, refused, client_credentials, login, hostile, trust, providers, process, together,
                     command, mail_servers, expires_meanwhile, ingested, slow):
            if not wanted or part.__name__ in wanted:
                part(world)
        world.server.close()
    finally:
        shutil.rmtree(folder)
    plan()


main()
