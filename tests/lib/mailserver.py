"""What the poller's tests stand on: certificates, a Dovecot on loopback, mails, and TAP."""
import base64
import ctypes
import grp
import hashlib
import hmac
import imaplib
import json
import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

LIBC, PR_SET_PDEATHSIG = ctypes.CDLL(None), 1
USER, PASSWORD = "reports@example.org", 'p {5}"w\\ü%'
POLL = os.path.abspath("tests/poll")
POLLER = os.path.abspath("dmarcgate-poller")

_count = 0


def plan():
    print("1..%d" % _count)


def check(good, what, detail=None):
    global _count
    _count += 1
    print("%sok %d - %s" % ("" if good else "not ", _count, what))
    if not good and detail is not None:
        for line in str(detail).splitlines()[:60]:
            print("#   " + line)
    sys.stdout.flush()
    return good


def skip(what, why):
    global _count
    _count += 1
    print("ok %d - %s # SKIP %s" % (_count, what, why))


def skip_all(why):
    print("1..0 # SKIP " + why)
    sys.exit(0)


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Certificates:
    """An authority of our own and what it signs: for localhost, for another host, and one of last year."""

    def __init__(self, folder):
        self.folder = folder
        self.ca = self.path("ca.pem")
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Test authority", "-days", "30",
            "-keyout", self.path("ca.key"), "-out", self.ca)
        self.issue("good", "DNS:localhost,IP:127.0.0.1")
        self.issue("other", "DNS:elsewhere.example")
        self.issue("expired", "DNS:localhost,IP:127.0.0.1", ["-not_before", "20200101000000Z", "-not_after", "20210101000000Z"])

    def path(self, name):
        return os.path.join(self.folder, name)

    def issue(self, name, names, dates=None):
        """`openssl x509` knows no dates in the past before 3.4; `openssl ca` does."""
        run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=" + name, "-keyout", self.path(name + ".key"),
            "-out", self.path(name + ".csr"))
        with open(self.path("ca.cnf"), "w") as conf:
            conf.write("[ca]\ndefault_ca=d\n[d]\ndatabase=%s\nnew_certs_dir=%s\nserial=%s\ndefault_md=sha256\npolicy=p\n"
                       "unique_subject=no\n[p]\ncommonName=supplied\n[e]\nsubjectAltName=%s\n" %
                       (self.path("index"), self.folder, self.path("serial"), names))
        if not os.path.exists(self.path("serial")):
            open(self.path("index"), "w").close()
            with open(self.path("serial"), "w") as serial:
                serial.write("1000\n")
        span = ["-startdate", dates[1], "-enddate", dates[3]] if dates else ["-days", "30"]
        run("openssl", "ca", "-batch", "-config", self.path("ca.cnf"), "-extensions", "e", "-cert", self.ca, "-keyfile",
            self.path("ca.key"), "-in", self.path(name + ".csr"), "-out", self.path(name + ".pem"), "-notext", *span)

    def fingerprint(self, name):
        with open(self.path(name + ".pem")) as pem:
            return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem.read())).hexdigest()

    def context(self, name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path(name + ".pem"), self.path(name + ".key"))
        return context


def mail(number, size=600, subject=None, body=None):
    """Octets of a mail with LF line ends, as they lie in a Maildir."""
    text = body or "Number %d: %s\n" % (number, hashlib.sha256(b"%d" % number).hexdigest())
    head = "From: a@example.org\nTo: reports@example.org\nSubject: %s\nMessage-ID: <%d@example.org>\n\n" % (
        subject if subject is not None else "Report %d" % number, number)
    data = (head + text).encode()
    line = b".dots and lines %d\n" % number
    return data + line * max(0, (size - len(data)) // len(line) + 1)


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except ConnectionRefusedError:
        return False
    except OSError:
        return True


class Dovecot:
    def __init__(self, certificates, settings="", separator="/", prefix=""):
        program = shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin")
        if not program:
            raise FileNotFoundError("dovecot")
        self.folder = tempfile.mkdtemp(prefix="dovecot.")
        os.chmod(self.folder, 0o755)
        self.delivered, self.written = 0, {}
        self.user = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        self.certificates = certificates
        self.write("users", "%s:{PLAIN}%s\n" % (USER, PASSWORD))
        self.tokens()
        self.program = program
        for attempt in range(5):
            self.ports = {name: free_port() for name in ("imap", "imaps", "pop", "pops")}
            self.write("dovecot.conf", self.configuration(settings, separator, prefix))
            try:
                self.start()
                return
            except RuntimeError:  # somebody else took a port that was free a moment ago
                if attempt == 4:
                    raise
                self.stop()

    def start(self):
        """It ends with whoever runs the test, however that ends."""
        self.process = subprocess.Popen(
            [self.program, "-F", "-c", self.path("dovecot.conf")], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, preexec_fn=lambda: LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM))
        self.wait()

    def stop(self):
        """Gone is when nobody listens any more: its children may outlive it for a while, and hang up on nobody."""
        self.process.terminate()
        self.process.wait()
        for port in self.ports.values():
            for _ in range(600):
                if not listens(port):
                    break
                time.sleep(0.05)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, text):
        with open(self.path(name), "w") as out:
            out.write(text)
        os.chmod(self.path(name), 0o644)

    def tokens(self):
        self.key = b"a key of the tests, of 32 octets"
        os.makedirs(self.path("keys", "default", "HS256"))
        self.write("keys/default/HS256/default", base64.b64encode(self.key).decode())
        self.write("oauth2.conf", "introspection_mode = local\nlocal_validation_key_dict = fs:posix:prefix=%s/\n"
                   "username_attribute = sub\n" % self.path("keys"))

    def token(self, user=USER, seconds=300, key=None, padding=""):
        def part(thing):
            return base64.urlsafe_b64encode(thing if isinstance(thing, bytes) else json.dumps(thing).encode()).rstrip(b"=")
        now = int(time.time())
        text = part({"typ": "JWT", "alg": "HS256"}) + b"." + part(
            {"sub": user, "iat": now - 600, "nbf": now - 600, "exp": now + seconds, "padding": padding})
        return (text + b"." + part(hmac.new(key or self.key, text, hashlib.sha256).digest())).decode()

    def configuration(self, settings, separator, prefix):
        own = self.user.pw_name
        lines = ["protocols = imap pop3", "listen = 127.0.0.1", "base_dir = " + self.path("run"),
                 "state_dir = " + self.path("state"), "log_path = " + self.path("log"), "ssl = required",
                 "ssl_cert = <" + self.certificates.path("good.pem"), "ssl_key = <" + self.certificates.path("good.key"),
                 "auth_mechanisms = plain login xoauth2 oauthbearer", "mail_location = maildir:" + self.path("mail"),
                 "first_valid_uid = 1", "mail_max_userip_connections = 100", "pop3_uidl_format = %08Xu%08Xv",
                 "mailbox_idle_check_interval = 1s",  # where no inotify is to be had any more, it is looked for by that
                 "passdb { driver = oauth2\n mechanisms = xoauth2 oauthbearer\n args = %s\n}" % self.path("oauth2.conf"),
                 "passdb { driver = passwd-file\n mechanisms = plain login\n args = %s\n}" % self.path("users"),
                 "userdb { driver = static\n args = uid=%d gid=%d home=%s\n}" %
                 (self.user.pw_uid, self.user.pw_gid, self.path("home")),
                 "namespace inbox { inbox = yes\n separator = %s\n prefix = %s\n}" % (separator, prefix)]
        for protocol, clear, tls in (("imap", "imap", "imaps"), ("pop3", "pop", "pops")):
            lines.append("service %s-login { inet_listener %s { port = %d\n}\n inet_listener %ss { port = %d\n ssl = yes\n}\n}" %
                         (protocol, protocol, self.ports[clear], protocol, self.ports[tls]))
        if os.getuid() != 0:
            lines += ["default_internal_user = " + own, "default_login_user = " + own,
                      "default_internal_group = " + grp.getgrgid(self.user.pw_gid).gr_name,
                      "service imap-login { chroot =\n}", "service pop3-login { chroot =\n}", "service anvil { chroot =\n}"]
        return "\n".join(lines + [settings]).replace("{ ", "{\n ") + "\n"

    def wait(self):
        for _ in range(400):
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.ports["imaps"]), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("dovecot does not start: " + self.log())

    def log(self):
        try:
            with open(self.path("log")) as text:
                return text.read()
        except OSError:
            return "no log"

    def deliver(self, mails, folder=""):
        """Straight into the Maildir, as an MDA does; what was delivered before is linked, which is much quicker."""
        where = self.path("mail", folder)
        for name in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(where, name), exist_ok=True)
            self.own(os.path.join(where, name))
        for each in {self.path("mail"), where}:
            self.own(each)
        for data in mails:
            self.delivered += 1
            if data not in self.written:
                self.written[data] = self.path("%d.mail" % self.delivered)
                with open(self.written[data], "wb") as out:
                    out.write(data)
                os.utime(self.written[data], (1700000000, 1700000000))
                self.own(self.written[data])
            os.link(self.written[data], os.path.join(where, "new", "%d.%06d.test" % (1700000000, self.delivered)))

    def own(self, path):
        if os.getuid() == 0:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)

    def empty(self):
        """Of everything, INBOX's UIDs too."""
        shutil.rmtree(self.path("mail"), ignore_errors=True)
        os.mkdir(self.path("mail"))
        self.own(self.path("mail"))

    def reborn(self):
        """Everything that Dovecot knows of its folders but the mails: all get another UIDVALIDITY."""
        for where, _, names in os.walk(self.path("mail")):
            for name in names:
                if name.startswith("dovecot") and name != "dovecot-keywords":
                    os.unlink(os.path.join(where, name))
        time.sleep(1.1)  # it is made of the time

    def login(self):
        context = ssl.create_default_context(cafile=self.certificates.ca)
        client = imaplib.IMAP4_SSL("localhost", self.ports["imaps"], ssl_context=context)
        client.authenticate("PLAIN", lambda _: b"\0" + USER.encode() + b"\0" + PASSWORD.encode())
        return client

    def state(self, folder="INBOX"):
        """UIDs and flags of a folder, None when there is none."""
        client = self.login()
        try:
            if client.select('"%s"' % folder, readonly=True)[0] != "OK":
                return None
            found = {}
            for line in client.uid("FETCH", "1:*", "(FLAGS)")[1]:
                if line:
                    text = line.decode()
                    found[int(text.split("UID ")[1].split()[0].rstrip(")"))] = \
                        sorted(set(text.split("FLAGS (")[1].split(")")[0].split()) - {"\\Recent"})
            return found
        finally:
            client.logout()

    def url(self, scheme, host="localhost", folder=""):
        return "%s://%s@%s:%d%s" % (scheme, USER.replace("@", "%40"), host, self.ports[scheme], folder)

    def close(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Proxy:
    """In between, on a port of its own, so that connections can be cut."""

    def __init__(self, port):
        self.target, self.pairs, self.made = port, [], 0
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(16)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                one = self.listener.accept()[0]
            except OSError:
                return
            try:
                other = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                one.close()
                continue
            self.made += 1
            self.pairs.append((one, other))
            for source, sink in ((one, other), (other, one)):
                threading.Thread(target=self.carry, args=(source, sink), daemon=True).start()

    def carry(self, source, sink):
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    break
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        for pair in self.pairs:
            for end in pair:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        self.pairs = []

    def close(self):
        self.listener.close()
        self.cut()


class Running:
    """A program that goes on while the test does something; its lines as they come, with the time."""

    def __init__(self, command, **more):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)
        self.said, self.heard = [], threading.Condition()
        self.listener = threading.Thread(target=self.listen, daemon=True)
        self.listener.start()

    def listen(self):
        for line in self.process.stdout:
            with self.heard:
                self.said.append(line.decode(errors="replace").rstrip("\n"))
                self.heard.notify_all()

    def await_line(self, start, times=1, seconds=10):
        """Until so many lines began so; False when they do not come in time."""
        with self.heard:
            return self.heard.wait_for(lambda: sum(line.startswith(start) for line in self.said) >= times, seconds)

    def end(self, seconds=60):
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.listener.join(5)
        self.process.stdout.close()
        return code

    @property
    def text(self):
        return "\n".join(self.said)


def poll_command(url, secret, settings):
    return [POLL, POLLER, url, "secret=" + secret] + ["%s=%s" % pair for pair in settings.items()]


class Polled:
    """What tests/poll said."""

    def __init__(self, url, secret=PASSWORD, limit=120, **settings):
        begun = time.time()
        done = subprocess.run(poll_command(url, secret, settings), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=limit)
        self.seconds = time.time() - begun
        self.text = done.stdout.decode(errors="replace")
        self.code = done.returncode
        self.lines = self.text.splitlines()
        self.mails = [line.split(" ", 1)[1].rsplit(" ", 2) for line in self.lines if line.startswith("mail ")]
        self.faults = [line for line in self.lines if line.startswith(("fault ", "closed ", "unsettled ", "journal ", "lost ",
                                                                          "unwatched ")) and
                       line != "closed good"]
        self.good = self.code == 0 and "closed good" in self.lines and not self.faults
        self.resident = int(self.lines[-1].split()[1]) if self.lines and self.lines[-1].startswith("resident") else 0

    def count(self, name):
        for line in self.lines:
            if line.startswith("counts "):
                return int(dict(pair.split("=") for pair in line.split()[1:])[name])
        return -1

    def folders(self):
        return [line.split()[1] for line in self.lines if line.startswith("folder ")]


def crlf(data):
    return data.replace(b"\n", b"\r\n")


def sums(mails):
    return sorted(hashlib.sha256(data).hexdigest() for data in mails)
