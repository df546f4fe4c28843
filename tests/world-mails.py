"""Writes the made-up organisation of the reference directory as what a mailbox would hold: reports packed as their reporters
pack them, in mails signed with a throw-away key, and the zone file in which that key, the senders' host names and the domain's
own records are found.  The same octets every time: no clock, no chance.

Usage: world-mails.py REFERENCE-DIRECTORY OUT

OUT/zone.txt      for --dns-file
OUT/plan          lines `TIME FOLDER`, in the order in which the folders are ingested, each with --now TIME
OUT/FOLDER/...    `archive`: files that somebody had saved, before the first mail; then a folder of mails per week
"""
import base64
import gzip
import hashlib
import io
import os
import random
import sys
import zipfile
from collections import defaultdict
from datetime import datetime, timedelta, timezone
from xml.sax.saxutils import escape

sys.dont_write_bytecode = True
from world_traffic import BASE, traffic

DOMAIN = 'harborlight.example'
SELECTOR = 'r2026'
POLICY = 'v=DMARC1; p=none; rua=mailto:dmarc@harborlight.example'
WINDOW = range(BASE, BASE + 35)

# What each calls itself, and how it packs: by media type, as one part or beside a text.
REPORTERS = {
    'google.com': ('google.com', 'zip', False),
    'microsoft.com': ('Outlook.com', 'gzip', True),
    'yahoo.com': ('Yahoo', 'gzip', True),
    'comcast.net': ('comcast.net', 'gzip', True),
    'gmx.net': ('GMX', 'gzip', False),
    'mail.ru': ('Mail.Ru', 'gzip', True),
    'fastmail.com': ('Fastmail Pty Ltd', 'gzip', False),
    'zoho.com': ('zoho.com', 'zip', True),
    'seznam.cz': ('seznam.cz', 'gzip', False),
    'mimecast.com': ('Mimecast', 'zip', True),
}
MODERN = {'fastmail.com', 'mail.ru'}    # speak RFC 9990
SLEEPS_AT_WEEKENDS = 'mail.ru'  # one report for Saturday and Sunday
ARCHIVED = ('gmx.net', 'zoho.com')      # whose first reports were saved by hand ...
ARCHIVED_MOST = 10                      # ... so many of the window
RESENT = 7
STRANGERS = 2                           # unsigned mails in a known reporter's name


# --------------------------------------------------------------------------------------------------------- throw-away key


def is_prime(n, chance):
    if any(n % p == 0 for p in (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47)):
        return False
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(8):
        x = pow(chance.randrange(2, n - 1), odd, n)
        if x in (1, n - 1):
            continue
        for _ in range(twos - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


def prime(bits, chance):
    while True:
        n = chance.getrandbits(bits) | 3 << bits - 2 | 1
        if n % 65537 != 1 and is_prime(n, chance):
            return n


def der(tag, *parts):
    octets = b''.join(parts)
    n = len(octets)
    length = bytes([n]) if n < 128 else bytes([0x82]) + n.to_bytes(2, 'big') if n > 255 else bytes([0x81, n])
    return bytes([tag]) + length + octets


class Key:
    """RSA of 2048 bits, made from a fixed seed: it signs, and proves nothing to anybody but these tests."""

    def __init__(self):
        chance = random.Random(9990)
        self.p, self.q = prime(1024, chance), prime(1024, chance)
        self.n = self.p * self.q
        d = pow(65537, -1, (self.p - 1) * (self.q - 1))
        self.dp, self.dq, self.inverse = d % (self.p - 1), d % (self.q - 1), pow(self.q, -1, self.p)

    def public(self):
        number = lambda x: der(2, b'\0' + x.to_bytes(256, 'big')) if x > 65537 else der(2, x.to_bytes(3, 'big'))
        algorithm = der(0x30, bytes.fromhex('06092a864886f70d0101010500'))
        return base64.b64encode(der(0x30, algorithm, der(3, b'\0', der(0x30, number(self.n), number(65537))))).decode()

    def sign(self, octets):
        digest = bytes.fromhex('3031300d060960864801650304020105000420') + hashlib.sha256(octets).digest()
        m = int.from_bytes(b'\0\1' + b'\xff' * (253 - len(digest)) + b'\0' + digest, 'big')
        a, b = pow(m, self.dp, self.p), pow(m, self.dq, self.q)
        s = b + (a - b) * self.inverse % self.p * self.q
        return base64.b64encode(s.to_bytes(256, 'big')).decode()


# ------------------------------------------------------------------------------------------------------------- one report


def org(domain):
    return '.'.join(domain.split('.')[-2:])


def element(name, value, indent=6):
    return '%s<%s>%s</%s>\n' % (' ' * indent, name, escape(str(value)), name)


def record(cell, n, modern):
    dkim = any(r == 'pass' and org(d) == org(cell['frm']) for d, _, r in cell['dkim'])
    spf = cell['spf_r'] == 'pass' and org(cell['spf_d']) == org(cell['frm'])
    out = '  <record>\n    <row>\n' + element('source_ip', cell['ip']) + element('count', n)
    out += '      <policy_evaluated>\n' + element('disposition', 'none', 8)
    out += element('dkim', 'pass' if dkim else 'fail', 8) + element('spf', 'pass' if spf else 'fail', 8)
    if cell['ovr'] and not dkim and not spf:
        out += '        <reason>\n' + element('type', cell['ovr'], 10) + '        </reason>\n'
    out += '      </policy_evaluated>\n    </row>\n    <identifiers>\n'
    if modern:
        out += element('envelope_from', cell['spf_d'])
    out += element('header_from', cell['frm']) + '    </identifiers>\n    <auth_results>\n'
    for d, s, r in cell['dkim']:
        out += '      <dkim>\n' + element('domain', d, 8) + element('selector', s, 8) + element('result', r, 8)
        out += '      </dkim>\n'
    out += '      <spf>\n' + element('domain', cell['spf_d'], 8)
    if modern:
        out += element('scope', 'mfrom', 8)
    return out + element('result', cell['spf_r'], 8) + '      </spf>\n    </auth_results>\n  </record>\n'


class Report:
    def __init__(self, reporter, first, last, cells):
        self.reporter, self.first, self.last, self.cells = reporter, first, last, cells
        self.begin, self.end = first * 86400, (last + 1) * 86400 - 1
        self.id = '%s-%d' % (reporter.split('.')[0], self.begin)
        self.name = '%s!%s!%d!%d' % (reporter, DOMAIN, self.begin, self.end)

    def xml(self):
        modern = self.reporter in MODERN
        space = ' xmlns="urn:ietf:params:xml:ns:dmarc-2.0"' if modern else ''
        out = '<?xml version="1.0" encoding="UTF-8" ?>\n<feedback%s>\n' % space
        out += element('version', '1.0', 2) + '  <report_metadata>\n'
        out += element('org_name', REPORTERS[self.reporter][0], 4)
        out += element('email', 'dmarc-reports@' + self.reporter, 4) + element('report_id', self.id, 4)
        out += '    <date_range>\n' + element('begin', self.begin) + element('end', self.end)
        out += '    </date_range>\n  </report_metadata>\n  <policy_published>\n' + element('domain', DOMAIN, 4)
        out += element('adkim', 'r', 4) + element('aspf', 'r', 4) + element('p', 'none', 4)
        if modern:
            out += element('testing', 'n', 4) + element('discovery_method', 'psl', 4)
        else:
            out += element('pct', 100, 4)
        out += '  </policy_published>\n'
        return (out + ''.join(record(c, n, modern) for c, n in self.cells) + '</feedback>\n').encode()


def packed(report):
    """File name, media type and octets."""
    if REPORTERS[report.reporter][1] == 'gzip':
        return report.name + '.xml.gz', 'application/gzip', gzip.compress(report.xml(), 9, mtime=0)
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED) as archive:
        info = zipfile.ZipInfo(report.name + '.xml', (2026, 11, 7, 0, 0, 0))
        info.compress_type, info.create_system = zipfile.ZIP_DEFLATED, 3
        archive.writestr(info, report.xml())
    return report.name + '.zip', 'application/zip', out.getvalue()


# --------------------------------------------------------------------------------------------------------------- the mail


def lines_of(octets):
    text = base64.b64encode(octets).decode()
    return '\r\n'.join(text[i:i + 76] for i in range(0, len(text), 76)) + '\r\n'


def attachment(name, media, octets):
    return (('Content-Type', '%s; name="%s"' % (media, name)), ('Content-Transfer-Encoding', 'base64'),
            ('Content-Disposition', 'attachment; filename="%s"' % name)), lines_of(octets)


def with_text(report, fields, body):
    edge = 'part-' + hashlib.sha256(report.name.encode()).hexdigest()[:24]
    part = ''.join('%s: %s\r\n' % f for f in fields) + '\r\n' + body
    text = ('Content-Type: text/plain; charset=utf-8\r\n\r\nThis is a DMARC aggregate report for %s\r\n' % DOMAIN)
    whole = '--%s\r\n%s--%s\r\n%s--%s--\r\n' % (edge, text, edge, part, edge)
    return (('Content-Type', 'multipart/mixed; boundary="%s"' % edge),), whole


def signature(key, domain, fields, body):
    """RFC 6376, relaxed/relaxed. No field here is folded and no line ends in a blank, so both canonical forms are simple."""
    names = ('From', 'To', 'Subject', 'Date', 'Message-ID', 'MIME-Version', 'Content-Type')
    bh = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
    value = 'v=1; a=rsa-sha256; c=relaxed/relaxed; d=%s; s=%s; h=%s; bh=%s; b=' % (domain, SELECTOR, ':'.join(names), bh)
    signed = ''.join('%s:%s\r\n' % (n.lower(), dict(fields)[n]) for n in names) + 'dkim-signature:' + value
    return value + key.sign(signed.encode())


def mail(report, key, number=0):
    """`number` tells one that is sent again from the first. Without a key it is not signed."""
    reporter = report.reporter
    sent = datetime.fromtimestamp(report.end + 1 + 7200 + 60 * number, timezone.utc)
    fields, body = attachment(*packed(report))
    if REPORTERS[reporter][2]:
        fields, body = with_text(report, fields, body)
    fields = (('From', 'dmarc-reports@' + reporter), ('To', 'dmarc@' + DOMAIN),
              ('Subject', 'Report Domain: %s Submitter: %s Report-ID: <%s>' % (DOMAIN, reporter, report.id)),
              ('Date', sent.strftime('%a, %d %b %Y %H:%M:%S +0000')),
              ('Message-ID', '<%s.%d@%s>' % (report.id, number, reporter)), ('MIME-Version', '1.0')) + tuple(fields)
    head = ''.join('%s: %s\r\n' % f for f in fields)
    if key:
        head = 'DKIM-Signature: %s\r\n' % signature(key, reporter, fields, body) + head
    return (head + '\r\n' + body).encode()


# ------------------------------------------------------------------------------------------------------------- everything


def is_weekend(day):
    return (day + 3) % 7 >= 5


def reports_of(reference):
    cells = defaultdict(list)
    for day, cell in traffic(reference):
        cells[cell['rep'], day].append((cell, cell['n']))
    done = set()
    for reporter, day in sorted(cells):
        days = [day]
        if reporter == SLEEPS_AT_WEEKENDS and is_weekend(day) and is_weekend(day + 1) and (reporter, day + 1) in cells:
            days.append(day + 1)
        if (reporter, day) not in done:
            done.update((reporter, d) for d in days)
            yield Report(reporter, days[0], days[-1], [row for d in days for row in cells[reporter, d]])


def texts(value):
    return ' '.join('"%s"' % value[i:i + 250] for i in range(0, len(value), 250))


def zone(key, cells):
    rows = set()
    txt = lambda name, value: rows.add('%s. 3600 IN TXT %s' % (name, texts(value)))
    for reporter in REPORTERS:
        txt('%s._domainkey.%s' % (SELECTOR, reporter), 'v=DKIM1; k=rsa; p=' + key.public())
    for name in ('google', 'k2', 'hs1', 'mta2'):
        txt('%s._domainkey.%s' % (name, DOMAIN), 'v=DKIM1; k=rsa; p=' + key.public())
    txt('ses1._domainkey.news.' + DOMAIN, 'v=DKIM1; k=rsa; p=' + key.public())
    txt('_dmarc.' + DOMAIN, POLICY)
    txt(DOMAIN, 'v=spf1 include:_spf.google.com include:mail.zendesk.com ip4:198.51.100.16/28 ~all')
    txt('news.' + DOMAIN, 'v=spf1 include:amazonses.com ~all')
    txt('bounce.' + DOMAIN, 'v=spf1 ip4:198.51.100.16/28 ~all')
    txt('_spf.google.com', 'v=spf1 ip4:209.85.128.0/17 ~all')
    txt('mail.zendesk.com', 'v=spf1 ip4:192.161.144.0/20 ~all')
    txt('amazonses.com', 'v=spf1 ip4:54.240.0.0/18 ~all')
    for name in ('', 'news.'):
        rows.add('%s%s. 3600 IN MX 10 mx.%s.' % (name, DOMAIN, DOMAIN))
    rows.add('mx.%s. 3600 IN A 198.51.100.20' % DOMAIN)
    for name in ('billing.', 'tickets.', 'news.'):
        rows.add('%s%s. 3600 IN A 198.51.100.%d' % (name, DOMAIN, {'b': 25, 't': 31, 'n': 40}[name[0]]))
    for cell in cells:
        if cell['ptr']:
            rows.add('%s.in-addr.arpa. 3600 IN PTR %s.' % ('.'.join(reversed(cell['ip'].split('.'))), cell['ptr']))
            rows.add('%s. 3600 IN A %s' % (cell['ptr'], cell['ip']))
    return '\n'.join(sorted(rows)) + '\n'


class Mailbox:
    """Folders of what comes in a week, taken in on Saturday morning."""

    def __init__(self, out):
        self.out, self.plan = out, {'archive': '2026-10-23T12:00:00Z'}

    def week(self, report):
        saturday = report.last + 7 - (report.last - BASE) % 7
        folder = (datetime(1970, 1, 1) + timedelta(saturday)).strftime('%Y-%m-%d')
        self.plan[folder] = folder + 'T06:30:00Z'
        return folder

    def put(self, folder, name, octets):
        os.makedirs(os.path.join(self.out, folder), exist_ok=True)
        with open(os.path.join(self.out, folder, name), 'wb') as file:
            file.write(octets)

    def close(self):
        with open(os.path.join(self.out, 'plan'), 'w') as file:
            for folder, when in sorted(self.plan.items(), key=lambda item: item[1]):
                file.write('%s %s\n' % (when, folder))


def write(reference, out):
    key, box, saved, resent = Key(), Mailbox(out), 0, 0
    everything = list(reports_of(reference))
    for report in everything:
        archived = report.reporter in ARCHIVED and report.first in range(BASE, BASE + 6) and saved < ARCHIVED_MOST
        saved += archived
        if archived or report.first not in WINDOW:
            name, _, octets = packed(report)
            box.put('archive', name, octets)
            continue
        box.put(box.week(report), report.name + '.eml', mail(report, key))
        if report.reporter == 'yahoo.com' and resent < RESENT and report.first > BASE + 20:
            resent += 1
            box.put(box.week(report), report.name + '.again.eml', mail(report, key, 1))
    # Not in the reference: somebody else, who says that everything of yours fails, or that all is well.
    for i in range(STRANGERS):
        cell = dict(everything[0].cells[0][0], ip='198.51.100.25', spf_r='fail' if i else 'pass', spf_d=DOMAIN, dkim=[],
                    frm=DOMAIN, ovr=None)
        day = BASE + 30 + i
        report = Report('google.com', day, day, [(cell, 40000)])
        report.id, report.name = 'stranger-%d' % day, 'stranger-%d' % day
        box.put(box.week(report), report.name + '.eml', mail(report, None))
    box.close()
    with open(os.path.join(out, 'zone.txt'), 'w') as file:
        file.write(zone(key, [cell for report in everything for cell, _ in report.cells]))


write(sys.argv[1], sys.argv[2])
