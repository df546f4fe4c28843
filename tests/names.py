"""Harmful names into every output.  Called by tests/names.t; `names.py -k` keeps the folder and names it.

VALUES is what strangers write, FIELDS where they may, COMMANDS every command with its forms. Values are written into mails
that the program ingests; nothing is stored by other ways. Each output is then read by a parser of its form."""
import csv
import email
import email.policy
import gzip
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from xml.sax.saxutils import escape

try:
    import html5lib
except ImportError:
    html5lib = None

PROGRAM = os.environ['DMARCGATE']
TESTS = os.path.dirname(os.path.abspath(__file__))
LEARN = os.path.abspath('tests/store-learn')  # puts a zone file into a database as if the DNS had said so
DOMAIN = 'harborlight.example'
NOW = '2026-11-21T12:00:00Z'
DAY = 86400
TODAY = 1795219200  # 2026-11-21

VALUES = [
    '\x1b[31mred\x1b]0;title\x07\x1b[2J',
    '\x9b31mC1 \x85\x00NUL\x7f',
    '</script></title></style><script>alert(1)</script>',
    '"\'><img src=x onerror=alert(1)><a href="javascript:alert(1)">',
    '<!--]]><![CDATA[&lt;&amp;amp;',
    '=cmd|\' /C calc\'!A0',
    '+1+1',
    '-1+cmd',
    '@SUM(A1)',
    '\t=1+1',
    '\r=1+1',
    '\uff1d1+1',
    '"=1+1",",=2"',
    'a\nBcc: x@evil.example\n\nbody',
    'a\r\nX-Evil: yes\r\n.\r\n',
    '\u202emoc.elpmaxe\u202c\u2066x\u2069',
    'a\u200bb\u2060\ufeff\u00ad\u2028\u2029\u061c',
    '%s%n%1000000d',
    '$(reboot)`reboot`;reboot|reboot&&reboot',
    '-rf',
    '../../../etc/passwd',
    '\\x1b\\u{202e}\\"',
    'xn--\u00fc.\u4f8b\u3048',
    '\U0001f469\u200d\U0001f4bb' * 3,
    ' ',
    '.',
    'L' * 65536,
    '\u6f22' * 20000,
    'o' + '\u0301\u0334\u0342' * 100,
]
INVALID = b'\xff\xfe\x80 \xc0\xaf \xed\xa0\x80 \xf5\x90'  # never UTF-8: raw, where octets are

UNSAFE = re.compile('[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]'
                    '|[\u0300-\u036f]{5}')
COLOUR = re.compile('\x1b\\[[0-9;]*m')


# ---- what is sent

def xml_text(value):
    """As XML has it; what no XML may hold is left to the recovering pass, and to the fields of failure reports."""
    return escape(''.join(c for c in value if c in '\t\n\r' or c >= ' ' and c not in '\ufffe\uffff'))


def record(fields, value, source, number):
    """One record per place, so that a value that is refused in one of them costs no other."""
    f = dict(ip=source, header_from=DOMAIN, envelope_from=DOMAIN, envelope_to='x.example', reason='other', comment='c', disposition='none',
             dkim_d='mill.example', dkim_s='s1', dkim_r='pass', human='h', spf_d='bounce.example', spf_r='pass', scope='mfrom', count='%d' % (3 + number))
    f.update({name: value for name in fields})
    f = {name: xml_text(text) for name, text in f.items()}
    return ('<record><row><source_ip>{ip}</source_ip><count>{count}</count><policy_evaluated><disposition>{disposition}</disposition>'
            '<dkim>fail</dkim><spf>fail</spf><reason><type>{reason}</type><comment>{comment}</comment></reason></policy_evaluated></row>'
            '<identifiers><header_from>{header_from}</header_from><envelope_from>{envelope_from}</envelope_from><envelope_to>{envelope_to}'
            '</envelope_to></identifiers><auth_results><dkim><domain>{dkim_d}</domain><selector>{dkim_s}</selector><result>{dkim_r}</result>'
            '<human_result>{human}</human_result></dkim><spf><domain>{spf_d}</domain><scope>{scope}</scope><result>{spf_r}</result></spf>'
            '</auth_results></record>').format(**f)


RECORDS = [['ip'], ['header_from'], ['envelope_from', 'envelope_to'], ['reason', 'comment'], ['disposition'], ['dkim_d'], ['dkim_s'],
           ['dkim_d', 'dkim_s', 'spf_d'], ['dkim_r', 'human'], ['spf_d'], ['spf_r', 'scope'], []]


def aggregate(value, number, day, strange, domain=DOMAIN):
    """`strange`: the fields of the report itself are harmful, too."""
    name = value if strange else 'google.com'
    rows = ''.join(record(fields, value, '192.0.2.%d' % (1 + (number * 7 + i) % 200), number + i) for i, fields in enumerate(RECORDS))
    own = record([], '', '198.51.100.%d' % (number + 1), number).replace('mill.example', DOMAIN).replace('<dkim>fail', '<dkim>pass')
    own = own.replace('<selector>s1', '<selector>' + xml_text(value))
    policy = '<p>none</p>' if not strange else '<p>{0}</p><sp>{0}</sp><pct>{0}</pct><fo>{0}</fo><adkim>{0}</adkim>'.format(xml_text(value))
    return ('<?xml version="1.0" encoding="UTF-8"?><feedback><version>{v}</version><report_metadata><org_name>{n}</org_name><email>{e}</email>'
            '<extra_contact_info>{v}</extra_contact_info><report_id>{i}</report_id><date_range><begin>{b}</begin><end>{t}</end></date_range>'
            '<error>{v}</error><generator>{v}</generator></report_metadata><policy_published><domain>{d}</domain>{p}</policy_published>{r}'
            '<odd>{v}</odd></feedback>').format(
                v=xml_text(value), n=xml_text(name), e='noreply-dmarc-support@google.com' if not strange else xml_text(value),
                i='%d.%d' % (number, day) if not strange else xml_text(value) + str(number), b=TODAY - day * DAY,
                t=TODAY - (day - 1) * DAY - 1, d=xml_text(domain), p=policy, r=rows + own).encode('utf-8', 'surrogatepass')


def header(value):
    """A field's value as octets on one line; line ends as a sender would smuggle them in."""
    return value.encode('utf-8').replace(b'\r', b'%0D').replace(b'\n', b'\n\t')


def failure(value, number):
    """Raw octets: what XML may not hold comes in here."""
    v = value if isinstance(value, bytes) else header(value)
    v = v.replace(b'\x00', b'')[:60000]
    return (b'From: ' + v + b' <reports@mailhaus.example>\nTo: ' + v + b'\nSubject: ' + v + b'\nMessage-ID: <f%d@mailhaus.example>\n'
            b'Date: Fri, 20 Nov 2026 09:00:00 +0000\nMIME-Version: 1.0\n'
            b'Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\nContent-Type: text/plain\n\n' % number + v +
            b'\n--b\nContent-Type: message/feedback-report\n\nFeedback-Type: auth-failure\nVersion: 1\nUser-Agent: ' + v +
            b'\nAuth-Failure: dmarc\nAuthentication-Results: ' + v + b'\nOriginal-Envelope-Id: ' + v + b'\nOriginal-Mail-From: <' + v + b'>\n'
            b'Original-Rcpt-To: ' + v + b'\nArrival-Date: Fri, 20 Nov 2026 08:59:00 +0000\nMessage-ID: ' + v + b'\nReported-Domain: ' +
            DOMAIN.encode() + b'\nSource-IP: 203.0.113.%d\nDelivery-Result: ' % (number + 1) + v + b'\nDKIM-Domain: ' + v + b'\nDKIM-Selector: ' + v +
            b'\nIdentity-Alignment: ' + v + b'\nX-Odd: ' + v + b'\n\n--b\nContent-Type: message/rfc822\n\nFrom: ' + v + b' <a@' + DOMAIN.encode() +
            b'>\nTo: ' + v + b'\nSubject: ' + v + b'\nList-Id: ' + v + b'\nReceived: from ' + v + b' (' + v + b' [192.0.2.1]) by ' + v +
            b'; Fri, 20 Nov 2026 08:58:00 +0000\nDKIM-Signature: v=1; a=rsa-sha256; d=' + DOMAIN.encode() + b'; s=' + v + b'; h=from; bh=AAAA; b=AAAA\n'
            b'DKIM-Signature: ' + v + b'\nMessage-ID: ' + v + b'\n\nbody ' + v + b'\n--b--\n')


def mail(octets, name, number):
    import base64
    return (b'From: ' + header(name)[:20000] + b' <noreply-dmarc-support@google.com>\nSubject: ' + header(name)[:20000] + b'\nMessage-ID: <%d@google.com>\n'
            b'MIME-Version: 1.0\nContent-Type: application/gzip; name="' % number + header(name)[:20000].replace(b'"', b'') +
            b'"\nContent-Transfer-Encoding: base64\n\n' + base64.encodebytes(gzip.compress(octets, mtime=0)))


def file_name(value):
    """As much of it as a file system takes."""
    name = value.encode('utf-8').replace(b'/', b'_').replace(b'\x00', b'')[:120]
    return name if name.strip(b'. ') else b'_' + name


def world(folder):
    os.makedirs(os.path.join(folder, 'in'))
    number = 0
    for i, value in enumerate(VALUES):
        for strange in (False, True):
            for day in (30, 22, 15, 9, 5, 3, 2, 1):
                number += 1
                octets = aggregate(value, i, day, strange)
                with open(os.path.join(os.fsencode(folder), b'in', b'%d-' % number + file_name(value)), 'wb') as out:
                    out.write(mail(octets, value, number) if day % 2 else octets)
        with open(os.path.join(os.fsencode(folder), b'in', b'about%d' % i), 'wb') as out:
            out.write(aggregate(value, i, 4, False, domain=value))
        with open(os.path.join(os.fsencode(folder), b'in', b'f%d' % i), 'wb') as out:
            out.write(failure(value, i))
    for i, raw in enumerate((INVALID, INVALID * 3000)):
        with open(os.path.join(os.fsencode(folder), b'in', b'raw%d-\xff\xfe\x80' % i), 'wb') as out:
            out.write(failure(raw, len(VALUES) + i))
        with open(os.path.join(folder, 'in', 'broken%d.xml' % i), 'wb') as out:
            out.write(aggregate('RAW', 90 + i, 4, True).replace(b'RAW', raw))
    zone = ['%s. IN TXT "%s"' % (name, ''.join(c if ' ' <= c < '\x7f' and c not in '"\\' else ''.join('\\%03d' % o for o in c.encode('utf-8'))
                                                for c in text[:120]))
            for name, text in [('_dmarc.' + DOMAIN, 'v=DMARC1; p=none; rua=mailto:' + VALUES[0] + '@' + VALUES[2] + '; x=' + VALUES[15]),
                               (DOMAIN, 'v=spf1 include:' + VALUES[2] + ' exp=' + VALUES[0] + ' -all'),
                               ('s1._domainkey.' + DOMAIN, 'v=DKIM1; n=' + VALUES[0] + VALUES[2] + '; p=AAAA')]]
    for i in range(1, 200):
        host = 'h' + ''.join('\\%03d' % o for o in (VALUES[i % len(VALUES)].replace('.', '') or 'x').encode('utf-8')[:40]) + '.evil.example'
        zone.append('%d.2.0.192.in-addr.arpa. IN PTR %s.' % (i, host))
        zone.append('%s. IN A 192.0.2.%d' % (host, i))
    with open(os.path.join(folder, 'zone'), 'w') as out:
        out.write('\n'.join(zone) + '\n')


# ---- how outputs are read

def fit_text(octets):
    text = octets.decode('utf-8')
    found = UNSAFE.search(text.replace('\n', ''))
    assert not found, 'unsafe: %r' % text[max(0, found.start() - 40):found.end() + 20]
    for line in text.split('\n'):
        assert len(line) < 200000, 'a line of %d characters' % len(line)


def fit_colour(octets):
    fit_text(COLOUR.sub('', octets.decode('utf-8')).encode())


def fit_json(octets):
    text = octets.decode('utf-8')
    assert not UNSAFE.search(text.replace('\n', '')), 'unsafe characters are escaped in JSON, too'
    for line in text.splitlines():
        json.loads(line)


def fit_csv(octets):
    text = octets.decode('utf-8')
    assert not UNSAFE.search(text.replace('\n', '')), 'unsafe'
    rows = list(csv.reader(io.StringIO(text, newline='')))
    assert rows and all(len(row) == len(rows[0]) for row in rows), 'rows of one length'
    assert not any('\n' in cell or '\r' in cell for row in rows for cell in row), 'a row is a line'
    for row in rows:
        for cell in row:
            assert cell[:1] not in ('=', '+', '@', '\t', '\r', '\uff1d'), 'a formula: %r' % cell[:60]
            assert cell[:1] != '-' or re.fullmatch(r'-[0-9.]+', cell), 'a formula: %r' % cell[:60]


def fit_raw_csv(octets):
    text = octets.decode('utf-8')
    rows = list(csv.reader(io.StringIO(text, newline='')))
    assert all(len(row) == len(rows[0]) for row in rows) and not UNSAFE.search(text.replace('\n', ''))


def fit_html(octets):
    octets.decode('utf-8')
    assert len(octets) <= 6 * 1024 * 1024, 'too large'
    if html5lib is None:
        return
    import importlib.util
    spec = importlib.util.spec_from_file_location('page_check', os.path.join(TESTS, 'page-check.py'))
    page = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(page)
    wrong = ['%s: %s' % item for item in page.findings(octets, False).items() if item[1]]
    assert not wrong, wrong


def fit_mail(octets):
    message = email.message_from_bytes(octets, policy=email.policy.default)
    known = {'from', 'to', 'subject', 'date', 'message-id', 'in-reply-to', 'references', 'auto-submitted', 'x-dmarc-verdict', 'mime-version',
             'content-type'}
    assert {name.lower() for name in message.keys()} <= known and not message.defects, (message.keys(), message.defects)
    assert all(32 <= c < 127 or c == 10 for c in octets) and max(map(len, octets.split(b'\n'))) <= 998
    parts = {part.get_content_type(): part.get_payload(decode=True) for part in message.walk() if not part.is_multipart()}
    assert sorted(parts) == ['text/html', 'text/plain']
    fit_text(parts['text/plain'].replace(b'\r\n', b'\n'))
    page = parts['text/html'].decode('utf-8')
    assert not UNSAFE.search(page.replace('\r\n', '').replace('\n', '')), 'unsafe'
    if html5lib is not None:
        parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder('etree'))
        root = parser.parse(page)
        assert not parser.errors, parser.errors[:3]
        for element in root.iter():
            name = str(element.tag).split('}')[-1]
            assert name not in ('script', 'img', 'a', 'iframe', 'object', 'embed', 'form', 'svg', 'link', 'base'), name
            assert not any(key.startswith('on') or key in ('src', 'href') for key in element.attrib), element.attrib


def fit_shell(octets):
    """What may be pasted into a shell: behind `dmarcgate mark` and `dmarcgate explain` stands one plain word."""
    fit_text(octets)
    for subject in re.findall(r'dmarcgate (?:mark|explain) ([^\n]*?)(?:$| own\b| notours\b| forwarder\b| tells\b|\n)', octets.decode('utf-8'), re.M):
        for word in subject.split():
            assert not re.search(r'[$`;|&<>()\\"\'*?!]', word) and not word.startswith('-'), 'not fit for a shell: %r' % subject[:80]


FORMS = {'text': ((), fit_shell), 'colour': (('--color', 'always'), fit_colour), 'json': (('--json',), fit_json), 'csv': (('--csv',), fit_csv),
         'raw': (('--csv-raw',), fit_raw_csv), 'html': ((), fit_html), 'mail': ((), fit_mail)}
LIST = ('text', 'colour', 'json', 'csv', 'raw')
TABLE = ('json', 'csv', 'raw')
PLAIN = ('text', 'colour')
BOTH = ('text', 'colour', 'json')

COMMANDS = [
    (['summary'], PLAIN), (['summary', '--all'], PLAIN), (['summary', DOMAIN], PLAIN), (['-v', 'summary', DOMAIN], PLAIN),
    (['summary', '--counts', DOMAIN], LIST), (['summary', '--counts', '--days', '60'], LIST),
    (['reports'], LIST), (['reports', 'broken'], LIST), (['reports', '--not-counted'], LIST), (['reports', 'reporter=<'], LIST),
    (['senders'], LIST), (['reporters'], LIST), (['export', 'rows'], TABLE), (['digest', '--print', '--to', 'you@example.org'], ('mail',)),
    (['senders', DOMAIN], LIST), (['senders', DOMAIN, '--class', 'all'], LIST), (['senders', DOMAIN, '--week'], LIST),
    (['reporters', DOMAIN], LIST), (['reporters', DOMAIN, 'google.com'], ('text',)),
    (['simulate', DOMAIN, 'v=DMARC1; p=reject; aspf=s'], LIST), (['simulate', DOMAIN, 'v=DMARC1; p=none', '--fixed', VALUES[2]], LIST),
    (['digest', DOMAIN, '--print', '--to', 'you@example.org'], ('mail',)), (['digest', '--print', '--if-alert', '--to', 'you@example.org'], ('mail',)),
    (['export'], TABLE), (['export', 'failures'], ('csv', 'raw')), (['export', 'days', DOMAIN], TABLE), (['export', 'rows', DOMAIN], TABLE),
    (['check', DOMAIN], LIST), (['check', DOMAIN, '--target', 'reject'], LIST), (['check', DOMAIN, '--diff'], LIST), (['--quiet', 'check', DOMAIN], ('text',)),
    (['samples', '--days', '60'], LIST), (['samples', '--days', '60', '--show-addresses'], LIST),
    (['html', DOMAIN], ('html',)), (['html', DOMAIN, '--show-addresses'], ('html',)),
    (['--dns-file', 'zone', 'lint', DOMAIN], LIST), (['--dns-file', 'zone', 'record', DOMAIN, '--policy', 'next'], BOTH),
    (['selectors', DOMAIN], LIST), (['dns', DOMAIN, '--history'], LIST), (['config'], PLAIN), (['--version'], ('text',)),
    (['--dns-file', 'zone', 'show', 'in'], BOTH), (['-v', '--dns-file', 'zone', 'ingest', 'in'], BOTH), (['reprocess'], ('text',)),
    (['--dns-file', 'zone', 'verify', '--explain', 'in'], BOTH), (['doctor'], BOTH),
]
TWO = ('text', 'json')
GIVEN = [  # what a person pastes: each with every value as its argument
    (['explain', '--domain', DOMAIN], TWO), (['-v', 'explain', '--domain', DOMAIN], ('text',)), (['record', '--check'], TWO), (['reporters', DOMAIN], ('text',)), (['lint'], TWO), (['summary'], ('colour',)),
    (['html'], ('html',)), (['dns'], TWO), (['selectors'], ('json',)), (['senders'], ('csv',)), (['check'], TWO), (['simulate', DOMAIN], ('csv',)),
    (['export', 'rows'], ('raw',)), (['reports'], ('csv',)), (['mark'], ('text',)),
]


# ---- the run

class Run:
    def __init__(self, folder):
        self.folder, self.n = folder, 0
        self.environment = dict(os.environ, LC_ALL='C.UTF-8', HOME=folder, DMARCGATE_DB=os.path.join(folder, 'db'),
                                DMARCGATE_CONF=os.path.join(folder, 'conf'), COLUMNS='80')
        with open(os.path.join(folder, 'conf'), 'w') as out:
            out.write('[digest]\nfrom = us@example.org\n')

    def program(self, *arguments):
        done = subprocess.run([PROGRAM, '--now', NOW] + list(arguments), cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
        return done.returncode, done.stdout, done.stderr

    def say(self, name, wrong):
        self.n += 1
        print('%s %d - %s' % ('not ok' if wrong else 'ok', self.n, name))
        for line in wrong[:5]:
            print('# ' + repr(line)[:400])
        sys.stdout.flush()

    def wrong(self, arguments, form):
        extra, fit = FORMS[form]
        code, out, err = self.program(*extra, *arguments)
        try:
            fit_text(err)
            if out or code in (0, 1, 2, 3):
                if out or form not in ('html', 'mail', 'csv'):
                    fit(out)
            assert 0 <= code < 70 or code in (75, 78), 'ended with %d: %r' % (code, err[:200])
        except (AssertionError, ValueError) as fault:
            return ['%s: %s' % (' '.join(arguments)[:80], fault)]
        return []

    def each(self, arguments, forms):
        for form in forms:
            self.say('%s as %s' % (' '.join(arguments).replace('#', ''), form), self.wrong(arguments, form))

    def given(self, arguments, forms):
        for form in forms:
            wrong = []
            for value in VALUES:
                value = value.replace('\x00', '')[:100000]
                for prefix in ('', 'report:', 'sample:') if arguments[0] == 'explain' else ('',):
                    more = [prefix + value] + (['own'] if arguments[0] == 'mark' else [])
                    wrong += self.wrong(arguments + ['--'] + more, form)
            self.say('%s with each value as %s' % (' '.join(arguments), form), wrong)

    def json(self, *arguments):
        return json.loads(self.program(*arguments)[1].decode('utf-8').split('\n')[0])


def explain_all(run):
    """Whatever has a name in an output can be asked for."""
    ids = ['G%d' % gate for gate in range(1, 13)] + ['E21', 'E43']
    senders = run.json('senders', DOMAIN, '--class', 'all', '--json')['domains'][0]['senders']
    ids += sorted({sender['source_id'] for sender in senders})[:60]
    ids += ['report:' + row['report_id'] for row in run.json('reports', '--json')['reports'] if row['report_id'] and len(row['report_id']) < 100][::40]
    ids += [row['id'] for row in run.json('samples', '--days', '60', '--json')['samples']]
    for form in BOTH:
        wrong = []
        for one in ids:
            if one and '\x00' not in one and len(one) < 100000:
                wrong += run.wrong(['explain', '--domain', DOMAIN, '--', one], form)
        run.say('explain of %d things as %s' % (len(ids), form), wrong)


def pages(run):
    code, _, err = run.program('html', '--all', '--pages', 'pages')
    wrong = [] if code == 0 else [err]
    files = [os.path.join(root, name) for root, _, names in os.walk(os.path.join(run.folder, 'pages')) for name in names]
    for path in files:
        try:
            with open(path, 'rb') as page:
                fit_html(page.read())
            assert re.fullmatch(r'[A-Za-z0-9._-]+', os.path.basename(path)) and os.path.dirname(path).startswith(run.folder), path
        except (AssertionError, ValueError) as fault:
            wrong.append('%s: %s' % (path, fault))
    run.say('%d pages of their own' % len(files), wrong)


def marks(run):
    """What a person says about a harmful name is read back."""
    code, _, err = run.program('mark', '192.0.2.1', 'own', '--why', VALUES[13] + VALUES[0])
    wrong = [] if code in (0, 64) else [err]
    code, _, err = run.program('check', DOMAIN)
    run.say('a mark with a harmful reason does not spoil the file', wrong + ([] if code < 64 else [err]))


def browser(run):
    """The page, a sender's page, and the mail's page, where Chromium is."""
    folder = os.path.join(run.folder, 'pages', DOMAIN)
    senders = sorted(name for name in os.listdir(folder) if name != 'index.html')[:2]
    message = email.message_from_bytes(run.program('digest', DOMAIN, '--print', '--to', 'you@example.org')[1], policy=email.policy.default)
    with open(os.path.join(folder, 'mail.html'), 'wb') as out:
        out.write(next(part.get_payload(decode=True) for part in message.walk() if part.get_content_type() == 'text/html'))
    done = subprocess.run([sys.executable, os.path.join(TESTS, 'chromium.py'), '--open', 'index.html', 'mail.html'] + senders, cwd=folder, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode == 77:
        run.n += 1
        print('ok %d - pages in Chromium # SKIP there is no Chromium' % run.n)
        return
    run.say('pages in Chromium', [line for line in done.stdout.split(b'\n') if not line.startswith(b'ok')][:5] if done.returncode else [])


def raw_is_noticed(run):
    """The checks can fail: the raw form holds formulas."""
    try:
        fit_csv(run.program('senders', DOMAIN, '--class', 'all', '--csv-raw')[1])
    except AssertionError as fault:
        run.say('a formula would be noticed', [] if 'formula' in str(fault) else [fault])
    else:
        run.say('a formula would be noticed', ['it was not'])


def main():
    folder = tempfile.mkdtemp(prefix='names.')
    try:
        world(folder)
        run = Run(folder)
        code, out, err = run.program('--dns-file', 'zone', 'ingest', 'in')
        run.say('all of it is taken in', [] if code in (0, 1) and b' new,' in out else [out[-200:], err[-200:]])
        code, out, err = run.program('--dns-file', 'zone', 'enrich')
        run.say('host names are looked up', [] if code == 0 else [err])
        if os.path.exists(LEARN):
            subprocess.run([LEARN, 'db', '2026-11-20', 'zone'], cwd=folder, stdout=subprocess.DEVNULL)
        known = run.json('check', DOMAIN, '--json')
        run.say('the verdict rests on some of it', [] if known['basis']['reports'] > 100 else [known['basis']])
        for arguments, forms in COMMANDS:
            run.each(arguments, forms)
        explain_all(run)
        pages(run)
        browser(run)
        raw_is_noticed(run)
        marks(run)
        for arguments, forms in GIVEN:
            run.given(arguments, forms)
        code, _, err = run.program('check', DOMAIN)
        run.say('what was marked so is read', [] if code < 64 else [err])
        print('1..%d' % run.n)
    finally:
        if '-k' in sys.argv:
            print('# ' + folder)
        else:
            shutil.rmtree(folder)


main()
