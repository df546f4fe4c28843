#!/usr/bin/env python3
"""A day's mail in a short time: it comes in portions while `ingest --watch` runs on a real Dovecot, and every connection is cut
again and again. In the end every mail is stored once and has had its fate once, and no process has grown: memory, descriptors,
the log of the database. TAP; the figures are printed.

SOAK_MAILS, SOAK_DOMAINS   how many (1200, 200; check-long: 200000, 5000, which is a large receiver's day)
SOAK_SECONDS               over which they come (8; check-long: 1500)
CUT_EVERY                  seconds between two cuts (2.5; check-long: 60)"""
import base64
import gzip
import hashlib
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from email.utils import formatdate

sys.dont_write_bytecode = True  # the source folder may be read-only
sys.path.insert(0, os.path.join(os.environ.get("srcdir", "."), "tests", "lib"))
from gate import *  # noqa: E402,F403 the tests' own words
from mailserver import *  # noqa: E402,F403

LONG = os.environ.get("LONG") == "1"


def setting(name, short, full):
    return float(os.environ.get(name, full if LONG else short))


MAILS = int(setting("SOAK_MAILS", 1200, 200000))
DOMAINS = int(setting("SOAK_DOMAINS", 200, 5000))
SECONDS = setting("SOAK_SECONDS", 8, 1500)
CUT_EVERY = setting("CUT_EVERY", 2.5, 60)
FOLDERS = {"report": "Done", "copy": "Done", "letter": "Other", "broken": "Broken"}
with open("config.h") as text:
    SANITIZED = "define WITH_SANITIZERS" in text.read()


# ---- the load: each mail follows from its number


def dice(number, sides, salt=b""):
    return int.from_bytes(hashlib.blake2b(b"%d" % number, digest_size=8, salt=salt).digest(), "big") % sides


def kind_of(number):
    """A report; the report before it once more, in another mail; a letter; a report cut short."""
    return {211: "copy", 307: "letter", 401: "broken"}.get(number % 500, "report")


def records_of(number):
    throw = dice(number, 1000)
    return 300 if throw == 0 else 20 + throw % 30 if throw < 30 else 1 + throw % 6


def reporter_of(number):
    """Three of ten are from the largest one."""
    throw = dice(number, 100, b"reporter")
    return "reporter%d.example" % (0 if throw < 30 else throw - 29)


def record_xml(number, i, domain):
    source = dice(number * 1000 + i, 20000, b"source")
    address = "2001:db8::%x" % source if source % 5 == 0 else "198.18.%d.%d" % (source // 256 % 256, source % 256)
    passed = "pass" if source % 7 else "fail"
    return ("<record><row><source_ip>%s</source_ip><count>%d</count><policy_evaluated><disposition>none</disposition><dkim>%s</dkim>"
            "<spf>fail</spf></policy_evaluated></row><identifiers><header_from>%s</header_from></identifiers><auth_results><dkim>"
            "<domain>%s</domain><selector>s%d</selector><result>%s</result></dkim><spf><domain>b%d.example.net</domain>"
            "<result>pass</result></spf></auth_results></record>\n" %
            (address, 1 + source % 9, passed, domain, domain, source % 3, passed, source % 50))


def report_of(number, today):
    domain = "d%d.example" % (number % DOMAINS)
    begin = today - 86400 * (1 + number % 3)
    return ("<?xml version=\"1.0\"?>\n<feedback><report_metadata><org_name>%s</org_name><email>a@%s</email><report_id>%d</report_id>"
            "<date_range><begin>%d</begin><end>%d</end></date_range></report_metadata><policy_published><domain>%s</domain><adkim>r"
            "</adkim><aspf>r</aspf><p>none</p></policy_published>\n%s</feedback>\n" %
            (reporter_of(number), reporter_of(number), number, begin, begin + 86399, domain,
             "".join(record_xml(number, i, domain) for i in range(records_of(number))))).encode()


def signature(body, reporter):
    """Of a right body and with a key that nobody publishes: it is asked for."""
    digest = base64.b64encode(hashlib.sha256(body.rstrip(b"\n").replace(b"\n", b"\r\n") + b"\r\n").digest()).decode()
    return "DKIM-Signature: v=1; a=rsa-sha256; c=simple/simple; d=%s; s=soak; h=from:subject;\n\tbh=%s;\n\tb=%s\n" % (
        reporter, digest, base64.b64encode(bytes(256)).decode())


def mail_of(number, today):
    """LF line ends, as it lies in a Maildir."""
    kind = kind_of(number)
    said = number - 1 if kind == "copy" else number
    reporter = reporter_of(said)
    if kind == "letter":
        body = b"Dear friends,\nthis is letter %d and no report.\n" % number
        content = ""
    else:
        body = base64.encodebytes(gzip.compress(report_of(said, today), 6, mtime=0))
        body = body[:len(body) // 2] if kind == "broken" else body
        content = ("MIME-Version: 1.0\nContent-Type: application/gzip; name=\"report.xml.gz\"\n"
                   "Content-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=\"report.xml.gz\"\n")
    head = "Date: %s\nFrom: a@%s\nTo: reports@example.org\nSubject: Report Domain: d%d.example Report-ID: %d\n" \
        "Message-ID: <%d@soak.example>\n%s\n" % (formatdate(today), reporter, said % DOMAINS, said, number, content)
    return (signature(body, reporter) if number % 10 == 0 else "").encode() + head.encode() + body


def expected():
    kinds = [kind_of(number) for number in range(MAILS)]
    reports = [number for number in range(MAILS) if kinds[number] == "report"]
    return {"mails": MAILS, "reports": len(reports), "copies": kinds.count("copy"), "letters": kinds.count("letter"),
            "broken": kinds.count("broken"), "records": sum(map(records_of, reports)),
            "domains": len({number % DOMAINS for number in reports})}


def feed(folder, uid, gid, begun, today):
    """In a process of its own: what is due is put into the Maildir, as an MDA does."""
    done = 0
    while done < MAILS:
        due = min(MAILS, int(MAILS * (time.time() - begun) / SECONDS))
        for number in range(done, due):
            name = "%d.%07d.soak" % (today, number)
            with open(os.path.join(folder, "tmp", name), "wb") as out:
                out.write(mail_of(number, today))
                os.fchown(out.fileno(), uid, gid)
            os.rename(os.path.join(folder, "tmp", name), os.path.join(folder, "new", name))
        done = due
        time.sleep(0.5)


# ---- the world


class Nothing:
    """A name server that knows no name."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port, self.asked = self.socket.getsockname()[1], 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                question, sender = self.socket.recvfrom(4096)
            except OSError:
                return
            end = question.index(b"\0", 12) + 5
            self.asked += 1
            soa = b"\0\0\6\0\1\0\0\16\20\0\26\0\0" + b"".join(n.to_bytes(4, "big") for n in (1, 3600, 600, 86400, 3600))
            self.socket.sendto(question[:2] + b"\x81\x83\0\1\0\0\0\1\0\0" + question[12:end] + soa, sender)


class Samples:
    """Of each sort of process, now and then: how many, memory of the largest in kB, descriptors of the one with most."""

    def __init__(self, pid):
        self.pid, self.rows = pid, []

    def take(self, more):
        row = dict(more, rest=not any(link.endswith(".db") for link in open_files(self.pid)))
        for pid, name, parent in tree(self.pid):
            role = ("supervisor" if pid == self.pid else "poller" if name.startswith("dmarcgate-poll") else
                    "child" if parent == self.pid else "worker")
            memory, files = resident_now(pid), descriptors(pid)
            if memory:
                for what, value in (("kB", memory), ("descriptors", files)):
                    row[role + " " + what] = max(value, row.get(role + " " + what, 0))
                row["processes"] = row.get("processes", 0) + 1
        self.rows.append(row)


def tree(pid, parent=0):
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid)) as text:
            children = [int(word) for word in text.read().split()]
        with open("/proc/%d/comm" % pid) as text:
            name = text.read().strip()
    except OSError:
        return []
    return [(pid, name, parent)] + [one for child in children for one in tree(child, pid)]


def resident_now(pid):
    try:
        with open("/proc/%d/statm" % pid) as text:
            return int(text.read().split()[1]) * 4
    except OSError:
        return 0


def open_files(pid):
    """As far as they are not closed while we look."""
    found = []
    try:
        for name in os.listdir("/proc/%d/fd" % pid):
            found.append(os.readlink("/proc/%d/fd/%s" % (pid, name)))
    except OSError:
        pass
    return found


def descriptors(pid):
    try:
        return len(os.listdir("/proc/%d/fd" % pid))
    except OSError:
        return 0


def line_through(points):
    """Least squares: (what it begins with, what it gains from end to end)."""
    n, (xs, ys) = len(points), zip(*points)
    x, y = sum(xs) / n, sum(ys) / n
    spread = sum((each - x) ** 2 for each in xs)
    slope = sum((a - x) * (b - y) for a, b in points) / spread if spread else 0
    return y + slope * (xs[0] - x), slope * (xs[-1] - xs[0])


GROWTH = {"kB": 1024, "descriptors": 1}  # that the least of the last third at rest may be above that of the first one
CEILINGS = {"supervisor kB": 65536, "poller kB": 20480, "worker kB": 32768, "log octets": 67108864, "processes": 16,
            "files beside the database": 8, "supervisor descriptors": 128, "poller descriptors": 128}


def names_of(rows):
    return sorted({name for row in rows for name in row} - {"mails", "seconds", "rest"})


def judge(rows):
    """At rest, with no database open, each process comes down to what it was after the warm-up, the first quarter; the least
    counts, as mails that wait to be moved are held as well. In work there are pages of the database too, up to a ceiling."""
    for what in names_of(rows):
        values = [row[what] for row in rows if what in row]
        print("# %-28s median %9d, most %9d, in %d samples" % (what, statistics.median(values), max(values), len(values)))
        if what in CEILINGS and not SANITIZED:
            check(max(values) <= CEILINGS[what], "%s: never more than %d" % (what, CEILINGS[what]), max(values))
    resting = [row for row in rows[len(rows) // 4:] if row["rest"]]
    for what in names_of(resting):
        points = [(row["seconds"], row[what]) for row in resting if what in row]
        most = GROWTH.get(what.split()[-1])
        if most is None or len(points) < 10:
            continue
        begin, gain = line_through(points)
        values = [value for _, value in points]
        first, last = min(values[:len(values) // 3]), min(values[-(len(values) // 3):])
        print("# at rest: %-24s least %6d, then %6d; a line through %d samples of %.0f s: from %.0f to %.0f" %
              (what, first, last, len(points), points[-1][0] - points[0][0], begin, begin + gain))
        if LONG and not SANITIZED:
            check(last - first <= most, "%s at rest: no growth beyond %d" % (what, most), "from %d to %d" % (first, last))


def message_ids(dovecot, folder):
    found = []
    for sub in ("cur", "new"):
        place = dovecot.path("mail", folder, sub)
        for name in os.listdir(place) if os.path.isdir(place) else []:
            with open(os.path.join(place, name), "rb") as text:
                found.append(int(re.search(rb"Message-ID: <(?:l)?(\d+)@", text.read(8192)).group(1)))
    return sorted(found)


def stored(gate):
    """None: it is not there yet."""
    try:
        return gate.sql("SELECT (SELECT count(*) FROM mail), (SELECT count(*) FROM place WHERE state<>0)")[0]
    except Exception:  # being made, or written
        return None


def run(dovecot, names, rows):
    gate = Gate()
    proxy = Proxy(dovecot.ports["imaps"])
    settings = server_rows(dovecot, after="move:Done", not_reports="move:Other", broken="move:Broken", interval="30s",
                           url="imaps://%s@localhost:%d" % (USER.replace("@", "%40"), proxy.port))
    gate.settings({"box": settings}, "[dns]\nresolver = 127.0.0.1@%d\n[store]\nsender_reports = 0" % names.port)
    dovecot.empty()
    dovecot.deliver([])
    begun, today = time.time(), int(time.time()) // 86400 * 86400
    feeder = subprocess.Popen([sys.executable, os.path.abspath(__file__), "feed", dovecot.path("mail"), str(dovecot.user.pw_uid),
                               str(dovecot.user.pw_gid), str(begun), str(today)])
    environment = dict(os.environ, LC_ALL="C.UTF-8", MAILBOX_PASSWORD=PASSWORD)
    watch = Running([PROGRAM, "-c", gate.conf, "ingest", "--watch"], stdin=subprocess.DEVNULL, env=environment)
    samples, cuts, looked, came = Samples(watch.process.pid), 0, 0, None
    pause = max(0.2, SECONDS / 400)
    while time.time() - begun < 4 * SECONDS + 120 and watch.process.poll() is None:
        time.sleep(pause)
        if time.time() - begun >= CUT_EVERY * (cuts + 1):
            proxy.cut()
            cuts += 1
        came = stored(gate) or came
        samples.take({"seconds": time.time() - begun, "mails": came[0] if came else 0,
                      "log octets": size(gate.db + "-wal"), "files beside the database": len(os.listdir(gate.folder))})
        if feeder.poll() is not None and came == (MAILS, 0):
            break
    took = time.time() - begun
    good = watch.process.poll() is None
    os.kill(watch.process.pid, signal.SIGTERM) if good else None
    code = watch.end()
    feeder.kill()
    feeder.wait()
    proxy.close()
    check(good and code == 0 and feeder.returncode == 0, "it ran to the end", watch.text[-3000:])
    rows += samples.rows
    print("# %d mails for %d domains in %.0f s: %.0f a second; %d connections, %d cuts, %d questions to the DNS" %
          (MAILS, DOMAINS, took, MAILS / took, proxy.made, cuts, names.asked))
    print("# the database has %.1f MB; %d lines were said" % (size(gate.db) / 1e6, len(watch.said)))
    return gate, watch


def size(path):
    try:
        return os.path.getsize(path)
    except OSError:
        return 0


def content(gate, dovecot, watch):
    row = gate.sql("SELECT (SELECT count(*) FROM mail), (SELECT count(*) FROM report WHERE state=0), (SELECT count(*) FROM report "
                   "WHERE state=1), (SELECT sum(records) FROM report WHERE state=0), (SELECT count(*) FROM report WHERE state=2), "
                   "(SELECT count(*) FROM place), (SELECT count(DISTINCT domain) FROM report)")[0]
    want = expected()
    check(row == (want["mails"], want["reports"], want["copies"], want["records"], 0, 0, want["domains"]),
          "stored once each: %d mails, %d reports, %d records" % (want["mails"], want["reports"], want["records"]), (row, want))
    now = {folder: message_ids(dovecot, folder and "." + folder) for folder in ("", "Done", "Other", "Broken")}
    right = {folder: [n for n in range(MAILS) if FOLDERS[kind_of(n)] == folder] for folder in now}
    check(now == right, "each was moved once to where it belongs",
          "\n".join("%s: %d of %d, twice %s, missing %s" % (
              folder or "INBOX", len(now[folder]), len(right[folder]), twice(now[folder])[:20],
              sorted(set(right[folder]) - set(now[folder]))[:20]) for folder in now))
    seen = [re.search(r"box: .*?([\d,]+) seen.*?([\d,]+) duplicate", line) for line in watch.said]
    seen = [tuple(int(text.replace(",", "")) for text in found.groups()) for found in seen if found]
    print("# %d rounds that were told; %d mails seen, %d duplicates" % (len(seen), sum(one[0] for one in seen), sum(one[1] for one in seen)))
    ran = gate.run("doctor", "--json")
    check('"bad"' not in ran.out, "doctor finds nothing", ran)


def twice(numbers):
    return [a for a, b in zip(numbers, numbers[1:]) if a == b]


def main():
    if not shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin"):
        skip_all("no dovecot")
    folder = tempfile.mkdtemp(prefix="soak.")
    os.chmod(folder, 0o755)
    names, rows = Nothing(), []
    try:
        dovecot = Dovecot(Certificates(folder))
        try:
            gate, watch = run(dovecot, names, rows)
            content(gate, dovecot, watch)
            judge(rows)
            if "--lines" in sys.argv:
                print("\n".join("# " + line for line in watch.said))
            if "--rows" in sys.argv:
                print("\n".join("# %s" % row for row in rows))
        finally:
            dovecot.close()
    finally:
        shutil.rmtree(folder)
    plan()


if sys.argv[1:2] == ["feed"]:
    feed(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]), int(sys.argv[6]))
else:
    main()
