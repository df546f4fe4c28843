#!/usr/bin/env python3
"""Random walks: the same mails in any order and portions, their keys known in time or later, killed, read again, copied,
expired, by two writers at once. In the end `doctor` is content, and every question has the answer of a database that got all
of them at once. TAP.

WALKS: how many (make check: 10; check-long: 400). SEED chooses other ones."""
import base64
import gzip
import hashlib
import io
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile

sys.dont_write_bytecode = True  # the source folder may be read-only
SOURCE = os.path.abspath(os.environ.get("srcdir", "."))
sys.path.insert(0, os.path.join(SOURCE, "tests", "lib"))
import difflib
from gate import DUMP, PROGRAM, Gate  # noqa: E402
from mailserver import check, plan  # noqa: E402

LONG = os.environ.get("LONG") == "1"
WALKS = int(os.environ.get("WALKS", "400" if LONG else "10"))
WALKS_OF_A_WORLD = 5
SEED = int(os.environ.get("SEED", "1"))
NOW = 1795262400  # 2026-11-21T12:00:00Z
DAY = 86400
UNREADABLE = ("broken", "cut", "empty", "no-range")
EARLY = ("failure", "letter", "broken", "no-range", "tls", "cut")
KEEP = 30  # days; what is older expires
DOMAINS = ("example.org", "shop.example.net", "example.com")


def difference(wanted, got):
    lines = difflib.unified_diff(wanted.splitlines(), got.splitlines(), lineterm="", n=0)
    return "\n".join(line[:300] for line in list(lines)[2:12])


# ---- signatures

def is_prime(n):
    """Miller and Rabin's test, with the first primes for witnesses."""
    d, s = n - 1, 0
    while d % 2 == 0:
        d, s = d // 2, s + 1
    for a in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37):
        x = pow(a, d, n)
        if x not in (1, n - 1) and not any((x := pow(x, 2, n)) == n - 1 for _ in range(s - 1)):
            return False
    return True


def der(tag, octets):
    n = len(octets)
    return bytes([tag]) + (bytes([n]) if n < 128 else bytes([0x81, n]) if n < 256 else bytes([0x82, n >> 8, n & 255])) + octets


class Signer:
    """RSA (RFC 8017 8.2) with a key that is the same in every run: it protects nothing."""

    def __init__(self, bits=1024):
        chance = random.Random(6376)
        primes = []
        while len(primes) < 2:
            p = chance.getrandbits(bits // 2) | 3 << (bits // 2 - 2) | 1
            if p % 65537 != 1 and is_prime(p):
                primes.append(p)
        p, q = primes
        self.n, self.d, self.octets = p * q, pow(65537, -1, (p - 1) * (q - 1)), bits // 8
        key = der(0x30, b"".join(der(2, b"\0" + i.to_bytes(n, "big")) for i, n in ((self.n, self.octets), (65537, 3))))
        oid = bytes.fromhex("300d06092a864886f70d0101010500")
        self.record = "v=DKIM1; k=rsa; p=" + base64.b64encode(der(0x30, oid + der(3, b"\0" + key))).decode()

    def field(self, fields, body, domain):
        """A DKIM-Signature over the fields, relaxed/relaxed (RFC 6376 3.4, 3.7)."""
        def relaxed(name, value):
            return name.lower() + ":" + re.sub(r"[ \t]+", " ", value).strip() + "\r\n"

        lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\n")]
        while lines and not lines[-1]:
            lines.pop()
        bh = base64.b64encode(hashlib.sha256(b"".join(line + b"\r\n" for line in lines)).digest()).decode()
        tags = "v=1; a=rsa-sha256; c=relaxed/relaxed; d=%s; s=s1; h=%s; bh=%s; b=" % (
            domain, ":".join(name for name, _ in fields), bh)
        data = "".join(relaxed(*field) for field in fields) + relaxed("DKIM-Signature", tags)[:-2]
        digest = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(data.encode()).digest()
        block = b"\0\1" + b"\xff" * (self.octets - len(digest) - 3) + b"\0" + digest
        b = pow(int.from_bytes(block, "big"), self.d, self.n).to_bytes(self.octets, "big")
        return "DKIM-Signature: " + tags + base64.b64encode(b).decode() + "\n"


# ---- the world: some dozens of inputs

REPORTERS = ("big.example", "small.example", "late.example", "slow.example", "other.example")
LATE = ("late.example", "slow.example")  # whose keys cannot be had at first
IN_TIME = tuple(org for org in REPORTERS if org not in LATE)


class Report:
    def __init__(self, org, number, age, domain, rows, **more):
        self.org, self.domain, self.rows = org, domain, rows
        self.id = "%s-%d" % (org, number)
        self.begin = NOW // DAY * DAY - age * DAY
        self.end = self.begin + DAY - 1
        self.email = "dmarc@" + org
        self.head = ""
        self.__dict__.update(more)

    def but(self, **more):
        other = Report.__new__(Report)
        other.__dict__.update(self.__dict__)
        other.__dict__.update(more)
        return other

    def xml(self):
        span = "<date_range>%s%s</date_range>" % (
            "" if self.begin is None else "<begin>%d</begin>" % self.begin, "" if self.end is None else "<end>%d</end>" % self.end)
        rows = "".join(
            "<record><row><source_ip>%s</source_ip><count>%d</count><policy_evaluated><disposition>none</disposition><dkim>%s</dkim>"
            "<spf>%s</spf></policy_evaluated></row><identifiers><header_from>%s</header_from></identifiers><auth_results><dkim><domain>"
            "%s</domain><selector>s1</selector><result>%s</result></dkim><spf><domain>%s</domain><result>%s</result></spf>"
            "</auth_results></record>\n" % (source, count, dkim, spf, self.domain, self.domain, dkim, self.domain, spf)
            for source, count, dkim, spf in self.rows)
        return ("<?xml version=\"1.0\"?>\n<feedback>%s<report_metadata><org_name>%s</org_name><email>%s</email><report_id>%s</report_id>%s"
                "</report_metadata><policy_published><domain>%s</domain><adkim>r</adkim><aspf>r</aspf><p>none</p></policy_published>\n"
                "%s</feedback>\n" % (self.head, self.org, self.email, self.id, span, self.domain, rows)).encode()


def gz(octets):
    return gzip.compress(octets, mtime=0)


def zipped(*reports):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for i, octets in enumerate(reports):
            archive.writestr(zipfile.ZipInfo("%d.xml" % i, (2026, 11, 1, 0, 0, 0)), octets)
    return out.getvalue()


class World:
    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.signer = Signer()
        self.inputs = {}  # name: octets
        self.aliases = {}  # name: the name of the same octets
        for i in range(7):
            self.reported(i)
        self.mixed()
        self.failures()
        self.odd()
        # Inputs that cannot be read are listed by the name that they were first met under.
        sound = sorted(name for name in self.inputs if not any(word in name for word in UNREADABLE))
        for i, name in enumerate(self.chance.sample(sound, 4)):
            self.inputs["again-%d-%s" % (i, name)] = self.inputs[name]
            self.aliases["again-%d-%s" % (i, name)] = name

    def add(self, name, octets):
        self.inputs["%02d-%s" % (len(self.inputs), name)] = octets

    def rows(self, n=None):
        c = self.chance
        return [("192.0.2.%d" % c.randint(1, 12), c.choice((1, 2, 3, 50, 400)), c.choice(("pass", "pass", "fail")), c.choice(("pass", "fail")))
                for _ in range(n or c.randint(1, 4))]

    def mail(self, parts, sender, submitter=None, signed=None, edit=None, border=None, tag=""):
        """Parts: (type, octets). Signed by a domain; edit: what happens to fields and body on the way."""
        number = self.chance.randrange(10**9)
        body = b"".join(b"--b\nContent-Type: %s\nContent-Transfer-Encoding: base64\n\n%s" % (kind.encode(), base64.encodebytes(octets))
                        if not kind.startswith(("message", "text/rfc822")) else
                        b"--b\nContent-Type: %s\n\n%s\n" % (kind.encode(), octets) for kind, octets in parts) + b"--b--\n"
        date = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(NOW - self.chance.randint(1, 40) * DAY))
        fields = [("From", "<dmarc@%s>" % sender), ("To", "dmarc@example.org"), ("Date", date),
                  ("Subject", "Report Domain: example.org Submitter: %s Report-ID: <%d>%s" % (submitter or sender, number, tag)),
                  ("Message-ID", "<%d@%s>" % (number, sender)), ("MIME-Version", "1.0"),
                  ("Content-Type", "multipart/mixed; boundary=\"b\"")]
        signature = self.signer.field(fields, body, signed) if signed else ""
        if edit == "subject":
            fields[3] = ("Subject", "[list] " + fields[3][1])
        if edit == "body":
            body = body.replace(b"--b--\n", b"--b\nContent-Type: text/plain\n\nnot the signer's\n--b--\n")
        head = "Received: from %s by mx.example.org; %s\n" % (sender, date)
        if border:
            head = "Authentication-Results: mx.example.org; %s\n" % border + head
        return (head + signature + "".join("%s: %s\n" % field for field in fields) + "\n").encode() + body

    def carry(self, name, report, **more):
        """The report by one mail."""
        kind = self.chance.choice(("gzip", "zip", "xml"))
        octets = report.xml()
        part = {"gzip": ("application/gzip", gz(octets)), "zip": ("application/zip", zipped(octets)), "xml": ("text/xml", octets)}[kind]
        more.setdefault("sender", report.org.lower())
        self.add(name + ".eml", self.mail([part], **more))

    def reported(self, i):
        """One identity, told by several."""
        c = self.chance
        org = REPORTERS[i % len(REPORTERS)]
        true = Report(org, i, c.choice((3, 5, 9, 20, 45, 60)), c.choice(DOMAINS), self.rows())
        larger = true.but(rows=true.rows + self.rows(2))
        shifted = true.but(begin=true.begin + 3600, end=true.end + 3600)
        ways = [
            lambda: self.carry("signed", true, signed=org),
            lambda: self.carry("signed-again", true, signed=org),
            lambda: self.carry("unsigned", true),
            lambda: self.carry("stranger", true, sender="stranger.example", submitter=org, signed="stranger.example"),
            lambda: self.carry("repaired", true, signed=org, edit="subject"),
            lambda: self.carry("appended", larger, signed=org, edit="body"),
            lambda: self.carry("refused", larger, border="dmarc=fail (p=reject) header.from=%s" % org),
            lambda: self.carry("spf", larger, border="spf=pass smtp.mailfrom=bounce@%s" % org),
            lambda: self.carry("border", true.but(rows=self.rows()), border="dkim=pass header.d=%s" % org),
            lambda: self.carry("other-signed", larger, signed=org),
            lambda: self.carry("other-unsigned", larger),
            lambda: self.carry("third", true.but(rows=true.rows[:-1] + self.rows(1)), sender="stranger.example", signed="stranger.example"),
            lambda: self.carry("shifted", shifted, signed=org),
            lambda: self.carry("capitals", true.but(org=org.upper()), signed=org),
            lambda: self.carry("elsewhere", true.but(domain=c.choice(DOMAINS)), signed=org),
            lambda: self.add("file.xml", true.xml()),
            lambda: self.add("file.xml.gz", gz(true.xml())),
            lambda: self.add("file-other.xml.gz", gz(larger.xml())),
            lambda: self.add("cut.xml", larger.xml()[:-40]),
            lambda: self.add("cut.xml.gz", gz(larger.xml())[:-12]),
            lambda: self.add("cut-early.xml", larger.xml()[:len(larger.xml()) * 2 // 3]),
        ]
        for way in c.sample(ways, 6):
            way()
        self.reports = getattr(self, "reports", []) + [true, larger]

    def mixed(self):
        """Several reports in one mail."""
        c = self.chance
        for i in range(6):
            some = [r.xml() for r in c.sample(self.reports, c.randint(2, 4))]
            if i == 1:
                some.append(some[0])
            sender = c.choice(IN_TIME)  # what expired in part is not kept, and cannot wait for a key
            parts = [("application/zip", zipped(*some))] if i % 2 else [("application/gzip", gz(octets)) for octets in some]
            self.add("several.eml", self.mail(parts, sender, signed=c.choice((None, sender))))
        some = [r.but(id=r.id + "-late", begin=self.reports[0].begin, end=self.reports[0].end).xml() for r in self.reports[:3]]
        self.add("several-late.eml", self.mail([("application/zip", zipped(*some))], "late.example", signed="late.example"))
        self.add("several-late-again.eml", self.mail([("application/zip", zipped(*some[:2]))], "stranger.example"))
        old, new = (Report("big.example", 900 + age, age, "example.org", self.rows()) for age in (55, 4))
        self.add("old-and-new.eml", self.mail([("application/zip", zipped(old.xml(), new.xml()))], "big.example", signed="big.example"))
        self.carry("old", old, signed="big.example")
        self.carry("new", new)

    def sample(self, signed):
        fields = [("From", "Shop <shop@example.org>"), ("To", "someone@example.net"), ("Subject", "Order %d" % self.chance.randrange(9)),
                  ("Date", "Fri, 13 Nov 2026 09:59:58 +0000")]
        body = b"Thank you for your order.\n"
        return ((self.signer.field(fields, body, signed) if signed else "") + "".join("%s: %s\n" % field for field in fields) + "\n").encode() + body

    def failures(self):
        c = self.chance
        for i in range(5):
            feedback = (b"Feedback-Type: auth-failure\nVersion: 1\nUser-Agent: x/1\nAuth-Failure: dmarc\nSource-IP: 198.51.100.%d\n"
                        b"Reported-Domain: %s\n%s" % (c.randint(1, 9), c.choice(DOMAINS).encode(),
                                                      b"Arrival-Date: Fri, 13 Nov 2026 10:00:00 +0000\n" if i % 2 else b""))
            signers = (None, "big.example") if i == 3 else (None, "big.example", "late.example")
            parts = [("message/feedback-report", feedback), ("message/rfc822", self.sample(c.choice(signers)))]
            if i == 3:
                parts.append(("application/gzip", gz(c.choice(self.reports).xml())))
            if i == 4:
                parts += [("message/feedback-report", feedback), ("message/rfc822", self.sample("slow.example"))]
            self.add("failure.eml", self.mail(parts, c.choice(IN_TIME), signed=c.choice(signers)))

    def odd(self):
        c = self.chance
        true = self.reports[0]
        dated = [("no-end", true.but(id="n1", end=None)), ("no-range", true.but(id="n2", begin=None, end=None)),
                 ("backwards", true.but(id="n3", begin=true.end, end=true.begin)), ("long", true.but(id="n4", begin=true.begin - 9 * DAY)),
                 ("huge", true.but(id="n5", rows=[("192.0.2.1", 2**63, "pass", "pass"), ("192.0.2.2", 2**63, "fail", "fail")])),
                 ("empty", true.but(id="n6", rows=[]))]
        for name, report in c.sample(dated, 4):
            self.carry(name, report, signed=report.org)
            self.carry(name + "-other", report.but(rows=self.rows()), signed=c.choice((None, report.org)))
            self.add(name + ".xml", report.xml())
        self.add("letter.eml", b"From: a@example.org\nTo: b@example.org\nSubject: Hello\n\nno report\n")
        self.add("broken.eml", self.mail([("application/gzip", gz(true.xml())[:30])], "big.example"))
        self.add("tls.json", b"{\"organization-name\":\"big.example\",\"date-range\":{\"start-datetime\":\"2026-11-01T00:00:00Z\","
                             b"\"end-datetime\":\"2026-11-01T23:59:59Z\"},\"contact-info\":\"a@big.example\",\"report-id\":\"1\",\"policies\":[]}")

    def lay(self, folder):
        os.mkdir(folder)
        for name, octets in self.inputs.items():
            with open(os.path.join(folder, name), "wb") as out:
                out.write(octets)
        for name, late in (("keys", False), ("keys-early", True)):
            with open(os.path.join(folder, "..", name), "w") as out:
                for domain in REPORTERS + ("stranger.example",):
                    out.write("s1._domainkey.%s %s\n" % (domain, "TEMPFAIL" if late and domain in LATE else self.signer.record))


# ---- the walk

QUESTIONS = (["reports", "--json"], ["export", "--json"], ["export", "--json", "days"], ["export", "--json", "rows"],
             ["summary", "--days", "90", "--json"], ["summary", "--all"], ["senders", "--json"], ["samples", "--json", "--days", "90"],
             ["check", "--json"] + list(DOMAINS)) + tuple(["reporters", domain, "--json"] for domain in DOMAINS)


def arrives_early(name):
    """So early that it expires, if what decides is its arrival."""
    return any(word in name for word in EARLY) and int(re.search("([0-9]+)-[a-z]", name).group(1)) % 2 == 0


class Walk(Gate):
    def __init__(self, world, chance):
        super().__init__()
        self.world, self.chance, self.story = world, chance, []
        self.settings({}, "[trust]\nauthserv_id = mx.example.org\n")
        self.blind = self.path("blind.conf")  # does not believe its border
        with open(self.blind, "w") as out:
            out.write("db = %s\n" % self.db)
        world.lay(self.path("in"))

    def start(self, *arguments, conf=None, now=None):
        early = any(name.startswith("in/") and arrives_early(name) for name in arguments)
        command = [PROGRAM, "-c", conf or self.conf, "--now", str(now or NOW - early * 40 * DAY)] + list(arguments)
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.folder,
                                env=dict(os.environ, LC_ALL="C.UTF-8", DMARCGATE_DATA=os.path.join(SOURCE, "data")))

    def end(self, process, codes, arguments):
        out, err = process.communicate(timeout=120)
        if process.returncode not in codes:
            raise AssertionError("%s ends with %d: %s" % (" ".join(arguments)[:200], process.returncode, err.decode()[-300:]))
        return out.decode()

    def do(self, *arguments, codes=(0,), **more):
        self.story.append(" ".join(arguments))
        return self.end(self.start(*arguments, **more), codes, arguments)

    def ingest_words(self, names, keys="keys", how=()):
        return ["--keys", keys, "ingest", "--quiet", *how, *[os.path.join("in", name) for name in names]]

    def how(self):
        return self.chance.choice(([], ["--jobs", "1"], ["--jobs", "3"], ["--no-sandbox"]))

    def keys(self):
        return self.chance.choice(("keys", "keys-early"))

    def ingest(self, names, keys=None):
        for early in (True, False):
            some = [name for name in names if arrives_early(name) == early]
            if some:
                self.do(*self.ingest_words(some, keys or self.keys(), self.how()), codes=(0, 1), conf=self.conf_of_the_day())

    def conf_of_the_day(self):
        return self.blind if self.blinded and self.chance.random() < 0.5 else self.conf

    def there(self):
        """Whoever is killed in his first ingest may leave a file that is no database yet."""
        return os.path.exists(self.db) and self.sql("PRAGMA user_version") != [(0,)]

    def killed(self, words):
        process = self.start(*words, conf=self.conf_of_the_day())
        time.sleep(self.chance.uniform(0, 0.08))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        self.story.append("KILLED " + " ".join(words))

    def beside(self, first, second):
        """Two writers at once."""
        self.story += ["BESIDE " + " ".join(words) for words in (first, second)]
        both = [(self.start(*words, conf=self.conf_of_the_day()), words) for words in (first, second)]
        for process, words in both:
            self.end(process, (0, 1), words)

    def copied(self):
        self.do("backup", "copy")
        for end in ("-wal", "-shm"):
            if os.path.exists(self.db + end):
                os.remove(self.db + end)
        os.rename(self.path("copy"), self.db)

    def step(self, names):
        c = self.chance
        reprocess = ["--keys", self.keys(), "reprocess", "--quiet"]
        expire = ["expire", "--quiet", "--older-than", "%dd" % KEEP]
        early = c.random() < 0.3
        some = [name for name in names if arrives_early(name) == early] 
        others = [name for name in sorted(self.world.inputs) if arrives_early(name) == early]
        words = self.ingest_words(some, self.keys(), self.how())
        what = c.choice(("ingest",) * 5 + ("kill", "reprocess", "kill-reprocess", "backup", "two", "two-reprocess") +
                        ("expire", "kill-expire", "two-expire") * self.expires)
        if not some:
            self.ingest(names)
        elif what == "kill":
            self.killed(words)
        elif what == "kill-reprocess" and self.there():
            self.killed(reprocess)
        elif what == "reprocess" and self.there():
            self.do(*reprocess, conf=self.conf_of_the_day())
        elif what == "backup" and self.there():
            self.copied()
        elif what == "expire" and self.there():
            self.do(*expire)
        elif what == "kill-expire" and self.there():
            self.killed(expire)
        elif what == "two":
            self.beside(words, self.ingest_words(c.sample(some, len(some) // 2 + 1) + c.sample(others, 3), self.keys(), self.how()))
        elif what == "two-reprocess" and self.there():
            self.beside(words, reprocess)
        elif what == "two-expire" and self.there():
            self.beside(words, expire)
        else:
            self.ingest(names)

    def walk(self):
        c = self.chance
        self.expires = c.random() < 0.5
        self.blinded = not self.expires and c.random() < 0.5  # what expired in part is not judged anew
        names = sorted(self.world.inputs)
        c.shuffle(names)
        while names:
            n = c.randint(1, len(names)) if c.random() < 0.3 else c.randint(1, 12)
            self.step(names[:n])
            names = names[c.randint(n // 2, n):]
        names = sorted(self.world.inputs)
        c.shuffle(names)
        self.blinded, blinded = False, self.blinded
        self.ingest(names, "keys")
        if blinded or c.random() < 0.2:
            self.do("--keys", "keys", "reprocess", "--quiet")
        if self.expires:
            self.do("expire", "--quiet", "--older-than", "%dd" % KEEP)
            if c.random() < 0.3:
                self.ingest(names, "keys")
            if c.random() < 0.3:
                self.do("--keys", "keys", "reprocess", "--quiet")

    def at_once(self, expires):
        self.blinded = False
        self.ingest(sorted(self.world.inputs), "keys")
        if expires:
            self.do("expire", "--quiet", "--older-than", "%dd" % KEEP)
        return self.answers()

    def answers(self):
        """What must not depend on the way."""
        found = {"dump": self.dump_named()}
        for words in QUESTIONS:
            found[" ".join(words)] = self.named(self.end(self.start(*words), (0, 1, 2, 3), words))
        self.end(self.start("doctor", "--json"), (0, 1), ["doctor"])
        return found

    def named(self, text):
        """A mail that lies there twice has the name under which it was met first."""
        for name, other in self.world.aliases.items():
            text = text.replace(name, other)
        return re.sub(r'"id":[0-9]+,', "", text)

    def dump_named(self):
        text = self.named(subprocess.run([DUMP, self.db], stdout=subprocess.PIPE, check=True).stdout.decode())
        text = "\n".join(line for line in text.splitlines() if not line.startswith("file|"))
        return "\n".join(sorted(re.sub(r"^(problem\|[^|]*\|[^|]*\|[^|]*\|)[^|]*", r"\1", line) for line in text.splitlines()))


def walk(number, references):
    chosen = number // WALKS_OF_A_WORLD
    w = Walk(World(chosen * 1000 + SEED), random.Random("%d %d" % (SEED, number)))
    try:
        w.walk()
        found = w.answers()
        if (chosen, w.expires) not in references:
            references[chosen, w.expires] = Walk(w.world, random.Random(0)).at_once(w.expires)
        wrong = None
    except (AssertionError, subprocess.SubprocessError) as fault:
        return w, str(fault)
    for question, wanted in references[chosen, w.expires].items():
        if not wrong and found[question] != wanted:
            wrong = "%s: %s" % (question, difference(*(text.replace("},{", "},\n{") for text in (wanted, found[question]))))
    return w, wrong


class Plot(World):
    """No chance in it: two mails, of which one waits for its key and one is half old."""

    def __init__(self):
        self.chance, self.signer, self.inputs, self.aliases = random.Random(1), Signer(), {}, {}
        rows = [("192.0.2.1", 7, "pass", "pass")]
        self.carry("waits", Report("late.example", 1, 3, "example.org", rows), signed="late.example")
        both = [Report("big.example", 1 + age, age, "example.org", rows).xml() for age in (55, 4)]
        self.add("half-old.eml", self.mail([("application/zip", zipped(*both))], "big.example", signed="big.example"))
        self.add("letter.eml", b"From: a@example.org\nTo: b@example.org\nSubject: Hello\n\nno report\n")


def plot():
    """What the walks found first, by itself."""
    w = Walk(Plot(), random.Random(1))
    w.blinded = False
    waits, old, letter = w.world.inputs
    trusts = "SELECT r.trust FROM report r JOIN mail m ON m.id=r.mail WHERE m.name='%s'" % waits
    kept = "SELECT count(*) FROM kept k JOIN mail m ON m.id=k.id>>20 WHERE k.kind=4 AND m.name='%s'" % waits
    w.do(*w.ingest_words([waits, old], "keys-early"))
    check(w.sql(trusts) == [(1,)] and w.sql(kept) == [(1,)], "a report mail whose key cannot be had is kept whole")
    w.do(*w.ingest_words([letter], "keys-early"))
    check(w.sql(trusts) == [(1,)] and w.sql(kept) == [(1,)], "... as long as the key is away")
    copy = w.path("week.db")
    shutil.copy(w.db, copy)
    w.do(*w.ingest_words([old], "keys"))
    check(w.sql(trusts) == [(3,)] and w.sql(kept) == [(0,)], "once the key is there, the mail is proven and no longer kept whole")
    os.rename(copy, w.db)
    w.end(w.start(*w.ingest_words([old], "keys"), now=NOW + 8 * DAY), (0,), ["ingest"])
    check(w.sql(trusts) == [(1,)] and w.sql(kept) == [(0,)], "after a week nobody waits any more")
    w.do("expire", "--quiet", "--older-than", "%dd" % KEEP)
    before = w.do("export", "--csv")
    w.do("--keys", "keys", "reprocess", "--quiet")
    check(sum("big.example" in line for line in before.splitlines()) == 1 and w.do("export", "--csv") == before,
          "what expired does not come back when the rest of its mail is read again")


def main():
    plot()
    references = {}
    for number in range(WALKS):
        w, wrong = walk(number, references)
        check(not wrong, "walk %d" % (number + 1), "%s\n%s" % (wrong, "\n".join(line[:300] for line in w.story)))
        shutil.rmtree(w.folder, ignore_errors=True)
    plan()


main()
