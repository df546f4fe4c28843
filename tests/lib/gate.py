"""The whole program on mailboxes: report mails, a configuration, a run, and what the database holds after it."""
import atexit
import gzip
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time

from mailserver import PASSWORD, USER, Running

PROGRAM = os.path.abspath("dmarcgate")
DUMP = os.path.abspath("tests/store-dump")
NOW = "2026-11-21T12:00:00Z"


def report_xml(number, records=3):
    day = 1790000000 + 86400 * (number % 30)
    rows = "".join(
        "<record><row><source_ip>192.0.2.%d</source_ip><count>%d</count><policy_evaluated><disposition>none</disposition>"
        "<dkim>pass</dkim><spf>fail</spf></policy_evaluated></row><identifiers><header_from>example.org</header_from>"
        "</identifiers><auth_results><dkim><domain>example.org</domain><selector>s1</selector><result>pass</result></dkim>"
        "<spf><domain>bounce.example.net</domain><result>pass</result></spf></auth_results></record>" %
        ((number + i) % 254 + 1, i + 1) for i in range(records))
    return ("<?xml version=\"1.0\"?><feedback><report_metadata><org_name>reporter%d.example</org_name><email>a@reporter%d.example"
            "</email><report_id>r%d</report_id><date_range><begin>%d</begin><end>%d</end></date_range></report_metadata>"
            "<policy_published><domain>example.org</domain><adkim>r</adkim><aspf>r</aspf><p>none</p></policy_published>%s"
            "</feedback>" % (number % 40, number % 40, number, day, day + 86399, rows)).encode()


def report_mail(number, subject=None, records=3):
    """LF line ends, as it lies in a Maildir."""
    import base64
    body = base64.encodebytes(gzip.compress(report_xml(number, records), mtime=0)).decode()
    return ("From: a@reporter%d.example\nTo: reports@example.org\nSubject: %s\nMessage-ID: <%d@reporter.example>\n"
            "MIME-Version: 1.0\nContent-Type: application/gzip\nContent-Transfer-Encoding: base64\n"
            "Content-Disposition: attachment; filename=\"reporter!example.org!%d.xml.gz\"\n\n%s" %
            (number % 40, subject or "Report Domain: example.org Report-ID: r%d" % number, number, number, body)).encode()


def broken_mail(number):
    return report_mail(number)[:-60] + b"\n"


def letter(number, subject=None):
    return ("From: b@example.org\nTo: reports@example.org\nSubject: %s\nMessage-ID: <l%d@example.org>\n\nDear friends,\n"
            "this is letter %d and no report.\n" % (subject or "Hello %d" % number, number, number)).encode()


class Gate:
    """A folder with a configuration and a database."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="gate.")
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        self.conf = os.path.join(self.folder, "dmarcgate.conf")
        self.db = os.path.join(self.folder, "dmarcgate.db")
        self.now = NOW  # None: the clock says it
        self.settings({})

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def settings(self, mailboxes, other="", mode=0o600):
        with open(self.conf, "w") as out:
            out.write("db = %s\n%s\n" % (self.db, other))
            for name, rows in mailboxes.items():
                out.write("[mailbox %s]\n" % name)
                for row, value in rows.items():
                    out.write("%s = %s\n" % (row, value))
        os.chmod(self.conf, mode)

    def command(self, *arguments):
        return [PROGRAM, "-c", self.conf] + (["--now", self.now] if self.now else []) + list(arguments)

    def start(self, *arguments, **more):
        environment = dict(os.environ, LC_ALL="C.UTF-8", MAILBOX_PASSWORD=PASSWORD)
        return subprocess.Popen(self.command(*arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, env=environment, **more)

    def go(self, *arguments, **more):
        """In the background; its lines can be waited for."""
        environment = dict(os.environ, LC_ALL="C.UTF-8", MAILBOX_PASSWORD=PASSWORD, **more)
        return Running(self.command(*arguments), stdin=subprocess.DEVNULL, env=environment)

    def run(self, *arguments, limit=300):
        begun = time.time()
        process = self.start(*arguments)
        try:
            out, err = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            err += b"\ntest: killed, it took too long"
        return Ran(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"), time.time() - begun)

    def ingest(self, *arguments, limit=300):
        return self.run("--offline", "ingest", "--json", *arguments, limit=limit)

    def dump(self):
        """All content but how mails were met."""
        return subprocess.run([DUMP, self.db], stdout=subprocess.PIPE, check=True).stdout.decode()

    def sql(self, text):
        import sqlite3
        connection = sqlite3.connect(self.db)
        try:
            return connection.execute(text).fetchall()
        finally:
            connection.close()

    def exported(self):
        return self.run("export", "--csv").out


class Ran:
    def __init__(self, code, out, err, seconds):
        self.code, self.out, self.err, self.seconds = code, out, err, seconds
        try:
            self.json = json.loads(out)
        except ValueError:
            self.json = None

    def box(self, name):
        return next((box for box in (self.json or {}).get("mailboxes", []) if box["mailbox"] == name), None)

    def __str__(self):
        return "exit %d after %.1f s\n%s\n%s" % (self.code, self.seconds, self.out[-3000:], self.err[-3000:])


def server_rows(dovecot, scheme="imaps", **more):
    rows = {"url": dovecot.url(scheme), "password_env": "MAILBOX_PASSWORD", "tls_ca": dovecot.certificates.ca}
    rows.update(more)
    return rows


def family(pid):
    """Its processes, with itself, as (pid, name)."""
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid)) as text:
            children = [int(word) for word in text.read().split()]
        with open("/proc/%d/comm" % pid) as text:
            name = text.read().strip()
    except OSError:
        return []
    return [(pid, name)] + [one for child in children for one in family(child)]


def resident(pid):
    try:
        with open("/proc/%d/status" % pid) as text:
            return next((int(line.split()[1]) for line in text if line.startswith("VmHWM")), 0)
    except OSError:
        return 0


def watched(gate, *arguments):
    """A run, and the most that its poller ever held in kB."""
    process = gate.start(*arguments)
    most = [0]

    def watch():
        while process.poll() is None:
            for pid, name in family(process.pid):
                if name.startswith("dmarcgate-polle"):
                    most[0] = max(most[0], resident(pid))
            time.sleep(0.02)
    watcher = threading.Thread(target=watch)
    watcher.start()
    begun = time.time()
    out, err = process.communicate(timeout=300)
    watcher.join()
    return Ran(process.returncode, out.decode(), err.decode(), time.time() - begun), most[0]
