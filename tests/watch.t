#!/usr/bin/env python3
"""`ingest --watch` with a real Dovecot: mail is stored when it comes; connections are lost and made again; signals."""
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True  # the source folder may be read-only
sys.path.insert(0, os.path.join(os.environ.get("srcdir", "."), "tests", "lib"))
from gate import *  # noqa: E402,F403 the tests' own words
from mailserver import *  # noqa: E402,F403

CONNECTED = "dmarcgate: box: connected, waiting for mail"
SECONDS = 60  # until something has happened on a busy machine


class Watch:
    """A configuration, and a program that watches."""

    def __init__(self, mailboxes, other="", options=(), dns=("--offline",), now=NOW, **environment):
        self.gate = Gate()
        self.gate.now = now
        self.gate.settings(mailboxes, other)
        self.heard = None
        self.process = self.gate.go(*dns, "ingest", "--watch", *options, **environment)
        self.pid = self.process.process.pid

    def line(self, start, times=1, seconds=SECONDS):
        return self.process.await_line(start, times, seconds)

    def has(self, words):
        return any(words in line for line in self.process.said)

    def reports(self):
        return self.gate.sql("SELECT count(*) FROM report")[0][0]

    def until(self, true, seconds=SECONDS):
        end = time.time() + seconds
        while time.time() < end:
            try:
                if true():
                    return True
            except Exception:  # the database is not there yet, or being made
                pass
            time.sleep(0.05)
        return False

    def children(self):
        return [int(pid) for pid in open("/proc/%d/task/%d/children" % (self.pid, self.pid)).read().split()]

    def open_files(self):
        """What the program holds; a descriptor that is closed while we look is not held."""
        names = []
        for name in os.listdir("/proc/%d/fd" % self.pid):
            try:
                names.append(os.readlink("/proc/%d/fd/%s" % (self.pid, name)))
            except FileNotFoundError:
                pass
        return names

    def end(self, number=signal.SIGTERM):
        if self.process.process.poll() is None:
            os.kill(self.pid, number)
        code = self.process.end()
        shutil.rmtree(self.gate.folder, ignore_errors=True)
        return code

    @property
    def text(self):
        return self.process.text


def metrics(path):
    try:
        with open(path) as text:
            return text.read()
    except OSError:
        return ""


def comes(dovecot):
    """Mail that comes while it waits; others write meanwhile."""
    dovecot.empty()
    dovecot.deliver([report_mail(0)])
    watch = Watch({"box": server_rows(dovecot, after="move:Done", not_reports="flag:$odd")})
    check(watch.line(CONNECTED) and watch.reports() == 1, "what is there already is stored first", watch.text)
    begun = time.time()
    dovecot.deliver([report_mail(i) for i in range(1, 4)] + [letter(1)])
    check(watch.line("box: 4 seen, 3 new, 0 duplicates, 1 not a report, 0 broken, 4 settled") and watch.reports() == 4 and
          len(dovecot.state("Done")) == 4 and list(dovecot.state().values()) == [["$odd"]],
          "what comes is stored and settled: after %.1f s" % (time.time() - begun), watch.text)
    time.sleep(0.5)
    check(not any(watch.gate.db in name for name in watch.open_files()), "it holds no database while it waits", watch.open_files())
    with open(watch.gate.path("file.eml"), "wb") as out:
        out.write(report_mail(50))
    ran = watch.gate.ingest(watch.gate.path("file.eml"))
    check(ran.code == 0 and watch.reports() == 5, "another process stores a file meanwhile", ran)
    ran = watch.gate.run("summary", "example.org", "--days", "3650")
    check(ran.code == 0 and "example.org" in ran.out, "another process sums up meanwhile", ran)
    ran = watch.gate.ingest()
    check(ran.code == 0 and ran.box("box")["seen"] == 0, "another process asks the same mailbox meanwhile", ran)
    for i in range(3):
        dovecot.deliver([report_mail(60 + i)])
        if not watch.until(lambda: watch.reports() == 6 + i):
            break
    check(watch.reports() == 8 and len(watch.process.said) < 12, "again and again", watch.text)
    check(watch.end() == 0 and watch.process.said[-1] == "dmarcgate: ended" and dovecot.state("Done") is not None and
          len(dovecot.state("Done")) == 7, "SIGTERM ends it", watch.text)


def lost(dovecot):
    """The connection is cut; the server goes away and comes back."""
    dovecot.empty()
    proxy = Proxy(dovecot.ports["imaps"])
    rows = server_rows(dovecot, after="move:Done")
    rows["url"] = "imaps://%s@localhost:%d" % (USER.replace("@", "%40"), proxy.port)
    figures = tempfile.mktemp(prefix="metrics.")
    watch = Watch({"box": rows}, options=("--metrics", figures))
    check(watch.line(CONNECTED) and watch.until(lambda: 'mailbox_up{mailbox="box"} 1' in metrics(figures)), "connected", watch.text)
    proxy.cut()
    check(watch.until(lambda: 'mailbox_up{mailbox="box"} 0' in metrics(figures)), "a monitoring system sees what is lost",
          metrics(figures))
    check(watch.line(CONNECTED, 2) and watch.has("dmarcgate: box: localhost:") and watch.has("the server closed the connection") and
          watch.has("dmarcgate: box: next attempt in ") and proxy.made >= 2, "a cut connection is made again", watch.text)
    dovecot.deliver([report_mail(1)])
    check(watch.until(lambda: watch.reports() == 1 and len(dovecot.state("Done")) == 1), "and mail comes through it", watch.text)
    check(watch.until(lambda: all(line in metrics(figures) for line in (
          'mailbox_up{mailbox="box"} 1', "ingest_reports 1", 'mailbox_settled{mailbox="box"} 1', 'mailbox_reconnects{mailbox="box"} 1'))),
          "... and that it is back", metrics(figures))
    dovecot.stop()

    def attempts():
        return [int(line.split()[-2]) for line in watch.process.said if "next attempt in" in line]
    check(watch.until(lambda: attempts()[-1] > 3), "a server that is away is tried again, later and later", watch.text)
    dovecot.start()
    dovecot.deliver([report_mail(2)])
    check(watch.line(CONNECTED, 3) and watch.until(lambda: watch.reports() == 2), "until it is back", watch.text)
    check(attempts()[0] <= 3 and watch.end(signal.SIGINT) == 0, "... at once at first: %s" % attempts(), watch.text)
    os.unlink(figures)
    proxy.close()


def cut_between(dovecot):
    """Cut again and again while it fetches and moves: everything is stored once and moved once."""
    dovecot.empty()
    dovecot.deliver([report_mail(i) for i in range(150)])
    proxy = Proxy(dovecot.ports["imaps"])
    rows = server_rows(dovecot, after="move:Done")
    rows["url"] = "imaps://%s@localhost:%d" % (USER.replace("@", "%40"), proxy.port)
    watch = Watch({"box": rows})
    for i in range(6):
        time.sleep(0.15 + 0.07 * i)
        proxy.cut()
    good = watch.until(lambda: watch.reports() == 150 and len(dovecot.state("Done")) == 150, 60)
    check(good and watch.until(lambda: watch.gate.sql("SELECT count(*) FROM place") == [(0,)]) and dovecot.state() == {} and
          watch.end() == 0,
          "a connection that is cut among the mails", watch.text)
    proxy.close()


def signals(dovecot):
    dovecot.empty()
    folder = tempfile.mkdtemp(prefix="notify.")
    address = os.path.join(folder, "socket")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind("\0" + address)
    listener.settimeout(SECONDS)

    def told(wanted):
        heard = []
        try:
            while wanted not in heard:
                heard += listener.recv(4096).decode().split("\n")
        except socket.timeout:
            pass
        return wanted in heard
    rows = server_rows(dovecot, after="move:Done")
    watch = Watch({"box": rows}, NOTIFY_SOCKET="@" + address)
    check(told("READY=1") and watch.line(CONNECTED) and told("STATUS=1 of 1 mailboxes are well; 0 mails so far"),
          "the service manager is told that it is ready", watch.text)
    before = sorted(watch.children())
    with open(watch.gate.conf) as text:
        good = text.read()
    for what, text in (("wrong", good + "nonsense = 1\n"), ("without a mailbox", "db = %s\n" % watch.gate.db)):
        with open(watch.gate.conf, "w") as out:
            out.write(text)
        os.kill(watch.pid, signal.SIGHUP)
        check(told("RELOADING=1") and told("READY=1") and watch.until(lambda: watch.process.said[-1] ==
              "dmarcgate: the old configuration stays in force") and watch.gate.conf in watch.process.said[-2],
              "SIGHUP with a configuration that is " + what, watch.text)
    dovecot.deliver([report_mail(1)])
    check(watch.until(lambda: len(dovecot.state("Done")) == 1), "... and mail is stored as before", watch.text)
    check(sorted(watch.children()) == before, "... by the same processes", (before, watch.children()))
    watch.gate.settings({"box": dict(rows, after="move:Elsewhere")})
    os.kill(watch.pid, signal.SIGHUP)
    check(told("RELOADING=1") and told("READY=1") and watch.line(CONNECTED, 2), "SIGHUP with a good one", watch.text)
    dovecot.deliver([report_mail(2)])
    check(watch.until(lambda: len(dovecot.state("Elsewhere") or []) == 1) and watch.process.process.poll() is None,
          "... which holds, in the same process", watch.text)
    os.kill(watch.pid, signal.SIGHUP)
    os.kill(watch.pid, signal.SIGHUP)
    watch.line(CONNECTED, 3)
    os.kill(watch.pid, signal.SIGTERM)
    check(told("STOPPING=1") and watch.process.end() == 0, "and the end", watch.text)
    watch.end()
    listener.close()
    shutil.rmtree(folder)


def in_the_middle(dovecot):
    """SIGTERM while mails are fetched, stored and moved."""
    n = 1500
    for pause in (0.05, 0.3, 0.8):
        dovecot.empty()
        dovecot.deliver([report_mail(i) for i in range(n)])
        watch = Watch({"box": server_rows(dovecot, after="move:Done")})
        watch.until(lambda: watch.reports() > 0)
        time.sleep(pause)
        gate, watch.gate = watch.gate, Gate()
        begun = time.time()
        code = watch.end()
        took = time.time() - begun
        reports = gate.sql("SELECT count(*) FROM report")[0][0]
        done, left = len(dovecot.state("Done") or []), len(dovecot.state())
        check(code == 0 and took < SECONDS and reports == done and done + left == n and
              gate.sql("SELECT count(*) FROM place") == [(0,)],
              "SIGTERM after %d of %d: what is stored is settled, the rest stays" % (reports, n), (code, took, done, left, watch.text))
    gate.settings({"box": server_rows(dovecot, after="move:Done")})
    ran = gate.ingest()
    check(ran.code == 0 and gate.sql("SELECT count(*) FROM report") == [(n,)] and len(dovecot.state("Done")) == n,
          "the next run does the rest", ran)


def others(dovecot):
    """What cannot be watched is looked into every interval; one that fails does not stop the others."""
    dovecot.empty()
    gate_folder = tempfile.mkdtemp(prefix="maildir.")
    for name in ("cur", "new", "tmp"):
        os.makedirs(os.path.join(gate_folder, name))
    pop = server_rows(dovecot, "pops", after="delete", interval="1s")
    wrong = dict(server_rows(dovecot), password_command="/bin/echo wrong")
    del wrong["password_env"]
    watch = Watch({"wrong": wrong, "pop": pop, "here": {"url": "maildir:" + gate_folder, "interval": "1s"}})
    watch.line("dmarcgate: wrong: next attempt in", 2)
    dovecot.deliver([report_mail(1)])
    with open(os.path.join(gate_folder, "new", "1.host"), "wb") as out:
        out.write(report_mail(2))
    check(watch.until(lambda: watch.reports() == 2 and dovecot.state() == {}), "POP3 and a Maildir, every second", watch.text)
    times = [int(line.split()[-2]) for line in watch.process.said if line.startswith("dmarcgate: wrong: next")]
    check(times[0] <= 3 and times[1] > 400, "who refuses the password is not asked often: %s" % times, watch.text)

    def at_rest(seconds):
        """The least of some time: while it rests, no database is open and nobody reads."""
        seen = []
        end = time.time() + seconds
        while time.time() < end:
            status = open("/proc/%d/status" % watch.pid).read()
            seen.append((len(watch.open_files()), len(watch.children()), int(status.split("VmRSS:")[1].split()[0])))
            time.sleep(0.02)
        return [min(values) for values in zip(*seen)]
    time.sleep(4)
    first = at_rest(3)
    time.sleep(8)
    last = at_rest(3)
    check(last[:2] == first[:2] and (last[2] - first[2] < 2048 or sanitized()),
          "memory, descriptors and processes stay as they are: %s, %s" % (first, last), watch.text)
    check(watch.end() == 0, "and the end", watch.text)
    shutil.rmtree(gate_folder)


def lasting(dovecot):
    """A folder that is not there is not said anew with every look; its end is said, and its coming back."""
    dovecot.empty()
    clock = tempfile.mktemp(prefix="clock.")
    folder = tempfile.mkdtemp(prefix="maildir.")
    for name in ("cur", "new", "tmp"):
        os.makedirs(os.path.join(folder, name))
    preload = {} if sanitized() else {"LD_PRELOAD": os.path.abspath("tests/clock.so"), "CLOCK_FILE": clock}
    watch = Watch({"box": server_rows(dovecot, folders="INBOX, Gone", interval="1s"),
                   "here": {"url": "maildir:" + folder, "folders": "INBOX, Gone", "interval": "1s"}}, now=None, **preload)
    remote, local = "dmarcgate: box: localhost:", "dmarcgate: here: " + folder + "/.Gone: "

    def said(begin, n):
        return sum(line.startswith(begin) for line in watch.process.said) == n
    watch.line(remote)
    watch.line(local)
    time.sleep(4)
    dovecot.deliver([report_mail(1)])
    with open(os.path.join(folder, "new", "1.host"), "wb") as out:
        out.write(report_mail(2))
    check(watch.until(lambda: watch.reports() == 2) and said(remote, 1) and said(local, 1) and
          not watch.has("next attempt") and not watch.has(" 0 seen"),
          "a folder that is missing is said once, and the others are read", watch.text)
    if preload:
        with open(clock + ".new", "w") as out:
            out.write("0 86400")
        os.rename(clock + ".new", clock)
        check(watch.line(remote, 2) and watch.line(local, 2), "... and again the next day", watch.text)
    n = 2 if preload else 1
    client = dovecot.login()
    client.create("Gone")
    for name in ("cur", "new", "tmp"):
        os.makedirs(os.path.join(folder, ".Gone", name))
    check(watch.line("dmarcgate: over: box: localhost:") and watch.line("dmarcgate: over: here: "), "... and that it is over", watch.text)
    client.delete("Gone")
    client.logout()
    shutil.rmtree(os.path.join(folder, ".Gone"))
    check(watch.line(remote, n + 1) and watch.line(local, n + 1), "... and when it is missing anew", watch.text)
    check(watch.end() == 0, "and the end", watch.text)
    shutil.rmtree(folder)


def busy(dovecot):
    """Somebody else writes for long: the round waits for its turn, and the session with it."""
    dovecot.empty()
    watch = Watch({"box": server_rows(dovecot, after="move:Done")}, "[store]\nwait = 1")
    watch.line(CONNECTED)
    import fcntl
    import struct
    lock = next(name for name in (watch.gate.db + "-lock", watch.gate.db + ".lock") if os.path.exists(name))
    with open(lock, "r+b") as held:
        fcntl.fcntl(held, 37, struct.pack("hhqqi", fcntl.F_WRLCK, 0, 0, 1, 0))  # F_OFD_SETLK
        dovecot.deliver([report_mail(1)])
        check(watch.until(lambda: watch.has("waited 1 s")) and watch.until(lambda: watch.has("dmarcgate: next attempt in")),
              "another writer", watch.text)
    check(watch.until(lambda: len(dovecot.state("Done")) == 1) and not watch.has("box: next attempt"), "the mail is stored later",
          watch.text)
    check(watch.end() == 0, "and the end", watch.text)


def enriches(dovecot):
    """Names are looked up beside the watch: mail does not wait for the DNS, and the end does not either."""
    dovecot.empty()
    zone = tempfile.mktemp(prefix="zone.")
    with open(zone, "w") as out:
        out.write("30.2.0.192.in-addr.arpa. IN PTR mail.example.net.\nmail.example.net. IN A 192.0.2.30\n")
    dovecot.deliver([report_mail(29)])
    rows = server_rows(dovecot, after="move:Done")
    watch = Watch({"box": rows}, dns=("--dns-file", zone))
    check(watch.until(lambda: watch.gate.sql("SELECT name FROM host WHERE name IS NOT NULL") == [("mail.example.net",)]),
          "host names are looked up after the first round", watch.text)
    check(watch.end() == 0, "and the end", watch.text)
    os.unlink(zone)
    dovecot.empty()
    dovecot.deliver([report_mail(1)])
    watch = Watch({"box": rows}, "[names]\nafter_ingest = no", dns=("--dns-file", "/dev/null"))
    quiet = watch.line(CONNECTED) and watch.until(lambda: watch.reports() == 1)
    before = len(watch.children())
    check(quiet and watch.end() == 0, "not when it is not wanted", watch.text)
    dovecot.empty()
    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)  # takes questions and does not answer
    silent.bind(("127.0.0.1", 0))
    dovecot.deliver([report_mail(2, records=200)])
    watch = Watch({"box": rows}, "[dns]\nresolver = 127.0.0.1@%d\n[names]\ntime = 3600" % silent.getsockname()[1], dns=())
    check(watch.line(CONNECTED) and watch.until(lambda: watch.reports() == 1 and len(watch.children()) == before + 1),
          "a DNS that is silent", (watch.text, watch.children()))
    children = watch.children()
    begun = time.time()
    for i in range(3):
        dovecot.deliver([report_mail(10 + i)])
        watch.until(lambda: watch.reports() == 2 + i)
    check(watch.reports() == 4 and set(children) <= set(watch.children()), "mail does not wait for it: %.1f s" % (time.time() - begun),
          (watch.text, children, watch.children()))
    begun = time.time()
    check(watch.end() == 0 and time.time() - begun < SECONDS and not [pid for pid in children if os.path.exists("/proc/%d" % pid)],
          "and the end does not either: %.1f s" % (time.time() - begun), watch.text)
    silent.close()


class NoNames:
    """A name server that knows that nothing is there; what it was asked, in order."""

    def __init__(self):
        self.asked = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                packet, sender = self.socket.recvfrom(65536)
            except OSError:
                return
            end, labels = 12, []
            while packet[end]:
                labels.append(packet[end + 1:end + 1 + packet[end]].decode("latin-1").lower())
                end += 1 + packet[end]
            self.asked.append(".".join(labels))
            self.socket.sendto(packet[:2] + b"\x85\x83\0\1" + b"\0" * 6 + packet[12:end + 5], sender)

    def close(self):
        self.socket.close()


def clock_set_back(dovecot):
    """It was years ahead when the watch began: what is done once an hour or a day does not wait until then."""
    if sanitized():
        return skip("a clock that is set back", "a preloaded library and the sanitizers do not agree")
    dovecot.empty()
    dovecot.deliver([report_mail(1)])
    clock, names = tempfile.mktemp(prefix="clock."), NoNames()

    def set_clock(wall, steady):
        with open(clock + ".new", "w") as out:
            out.write("%d %d" % (wall, steady))
        os.rename(clock + ".new", clock)
    set_clock(10 * 365 * 86400, 0)
    watch = Watch({"box": server_rows(dovecot, after="move:Done")}, "[dns]\nresolver = 127.0.0.1@%d\n[dkim]\ndomains = example.org\n"
                  "[names]\nafter_ingest = no" % names.port, dns=(), now=None, LD_PRELOAD=os.path.abspath("tests/clock.so"), CLOCK_FILE=clock)
    good = watch.line(CONNECTED) and watch.until(lambda: "_dmarc.example.org" in names.asked)
    check(good and watch.reports() == 1, "a clock that is years ahead", (watch.text, names.asked))
    names.asked.clear()
    set_clock(0, 3700)
    dovecot.deliver([report_mail(2)])
    check(watch.until(lambda: watch.reports() == 2 and "_dmarc.example.org" in names.asked), "is set right: an hour later records are looked at",
          (watch.text, names.asked))
    check(watch.end() == 0, "and the end", watch.text)
    names.close()
    os.unlink(clock)


def companions(dovecot):
    """What was born with the program and dies comes back with the program only: the service manager starts it anew."""
    for i, name in enumerate(("helper", "nursery")):
        dovecot.empty()
        watch = Watch({"box": server_rows(dovecot)})
        watch.line(CONNECTED)
        os.kill(watch.children()[i], signal.SIGKILL)
        dovecot.deliver([report_mail(i)])
        check(watch.line("dmarcgate: the %s process has died: ending, to be started anew" % name) and watch.end() == 75,
              "a dead %s ends it" % name, watch.text)


def refused(_):
    gate = Gate()
    ran = gate.run("ingest", "--watch")
    check(ran.code == 64 and "no mailbox is configured" in ran.err, "nothing to watch", ran)
    gate.settings({"box": {"url": "maildir:/nowhere"}})
    for words in (("--json",), ("file",)):
        ran = gate.run("ingest", "--watch", *words)
        check(ran.code == 64 and "ingest --watch" in ran.err, "not with " + words[0], ran)


def sanitized():
    with open("Makefile") as text:
        return "-fsanitize=address" in text.read()


def main():
    if not shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin"):
        skip_all("no dovecot")
    folder = tempfile.mkdtemp(prefix="watch.")
    os.chmod(folder, 0o755)
    try:
        dovecot = Dovecot(Certificates(folder))
        try:
            for part in (refused, comes, lost, cut_between, signals, in_the_middle, others, lasting, busy, enriches, clock_set_back,
                         companions):
                if len(sys.argv) < 2 or part.__name__ in sys.argv:
                    part(dovecot)
        finally:
            dovecot.close()
    finally:
        shutil.rmtree(folder)
    plan()


main()
