#!/usr/bin/env python3
"""Mails to measure with, the same ones for the same arguments.

    loads.py mails COUNT RECORDS FOLDER [KEY]   a Maildir of COUNT report mails with RECORDS records together; with KEY (RSA, PEM)
                                                every mail is signed by it: selector bench, domain of its From
    loads.py day COUNT RECORDS DAY FOLDER       the same about one day (since 1970-01-01), about the 500 domains of tests/bench/year
    loads.py report RECORDS FOLDER              one report of RECORDS records: report.xml.gz and report.eml

Four reports of five hold 1 to 5 records, some have thousands, as large receivers send; headers are 2 to 4 kB of Received, ARC and
DKIM fields; zip alone, gzip beside a text, gzip in multipart/related beside HTML; six dialects of XML."""
import base64, gzip, hashlib, io, os, random, re, subprocess, sys, zipfile

R = random.Random(7489)
WORDS = 'acorn birch cliff dune elm fern gale heath isle juniper knoll lark moor north oak pebble quay ridge shore tarn'.split()
DOMAINS = ['%s-%s.example' % (R.choice(WORDS), R.choice(WORDS)) for _ in range(40)]
SIGNERS = ['relay.example', 'news.example', 'shop.example', 'desk.example']
ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
# reporter, organisation, declaration, root's attributes, indent, line end, packing
DIALECTS = [('bigmail.example', 'bigmail.example', '<?xml version="1.0" encoding="UTF-8" ?>', '', '  ', '\n', 'zip', 34),
            ('office.example', 'Enterprise Office', '<?xml version="1.0"?>', ' xmlns:xsd="http://www.w3.org/2001/XMLSchema"', '  ', '\r\n',
             'related', 28),
            ('portal.example', 'Portal', '<?xml version="1.0"?>', '', '  ', '\t\n', 'gz', 14),
            ('oneline.example', 'Oneline', "<?xml version='1.0' encoding='utf-8'?>", '', '', '', 'gz', 4),
            ('modern.example', 'modern.example', '<?xml version="1.0" encoding="UTF-8"?>', ' xmlns="urn:ietf:params:xml:ns:dmarc-2.0"', '   ',
             '\n', 'gz', 11),
            ('mx.small.example', 'small', '<?xml version="1.0" encoding="utf-8" ?>', '', '\t', '\r\n', 'zip', 9)]


def letters(n):
    return ''.join(R.choices(ALPHABET, k=n))


def folded(n):
    text = letters(n)
    return '\n\t '.join(text[i:i + 70] for i in range(0, n, 70))


def address():
    if R.random() < 0.2:
        return '2001:db8:%x::%x' % (R.randint(1, 65535), R.randint(1, 65535))
    return '%d.%d.%d.%d' % (R.randint(1, 223), R.randint(0, 255), R.randint(0, 255), R.randint(1, 254))


DAYS = [1753228800 // 86400 + i for i in range(120)]
if sys.argv[1] == 'day':
    NAMES = ('acme blue cedar delta ember fjord grove harbor indigo jasper kestrel lumen maple nimbus orchid pine quartz river sable tundra '
             'umber violet willow xenon yarrow').split()
    DOMAINS = ['%s-%d.example' % (NAMES[i % len(NAMES)], i + 1) for i in range(500)]
    DAYS = [int(sys.argv[4])]
    R.seed(DAYS[0])
SENDERS = {domain: [(address(), R.choice(SIGNERS), R.choice(['s1', 'k1', 'selector1', 'mail'])) for _ in range(150)] for domain in DOMAINS}


def record_of(domain, pad, end):
    """One record as lines of XML: own mail, forwarded mail, forged mail."""
    source, signer, selector = SENDERS[domain][min(int(150 * R.random() ** 2), 149)] if R.random() < 0.6 else (address(), R.choice(SIGNERS), 's1')
    kind = R.random()
    dkim, spf = ('pass', 'pass') if kind < 0.6 else ('pass', 'fail') if kind < 0.8 else ('fail', 'fail')
    results = [(domain if dkim == 'pass' else R.choice(WORDS) + '.example', selector, dkim)] if kind < 0.95 else []
    if R.random() < 0.3:
        results.append((signer, 's1', 'pass'))
    lines = [(1, '<record>'), (2, '<row>'), (3, '<source_ip>%s</source_ip>' % source), (3, '<count>%d</count>' % min(int(R.paretovariate(0.9)), 50000)),
             (3, '<policy_evaluated>'), (4, '<disposition>none</disposition>'), (4, '<dkim>%s</dkim>' % dkim), (4, '<spf>%s</spf>' % spf)]
    if R.random() < 0.06:
        lines += [(4, '<reason>'), (5, '<type>forwarded</type>'), (5, '<comment>looks forwarded</comment>'), (4, '</reason>')]
    lines += [(3, '</policy_evaluated>'), (2, '</row>'), (2, '<identifiers>'), (3, '<header_from>%s</header_from>' % domain), (2, '</identifiers>'),
              (2, '<auth_results>')]
    for name, key, result in results:
        lines += [(3, '<dkim>'), (4, '<domain>%s</domain>' % name), (4, '<selector>%s</selector>' % key), (4, '<result>%s</result>' % result), (3, '</dkim>')]
    lines += [(3, '<spf>'), (4, '<domain>%s</domain>' % (domain if spf == 'pass' else signer)), (4, '<result>%s</result>' % spf), (3, '</spf>'),
              (2, '</auth_results>'), (1, '</record>')]
    return ''.join(pad * depth + text + end for depth, text in lines)


def report_of(dialect, domain, number, records):
    """Pieces of a report."""
    reporter, organisation, declaration, root, pad, end = dialect[:6]
    begin = 86400 * DAYS[number % len(DAYS)]
    head = [(0, declaration), (0, '<feedback%s>' % root), (1, '<report_metadata>'), (2, '<org_name>%s</org_name>' % organisation),
            (2, '<email>noreply@%s</email>' % reporter), (2, '<report_id>%d.%s</report_id>' % (number, letters(12))),
            (2, '<date_range>'), (3, '<begin>%d</begin>' % begin), (3, '<end>%d</end>' % (begin + 86399)), (2, '</date_range>'),
            (1, '</report_metadata>'), (1, '<policy_published>'), (2, '<domain>%s</domain>' % domain), (2, '<adkim>r</adkim>'), (2, '<aspf>r</aspf>'),
            (2, '<p>none</p>'), (2, '<sp>none</sp>'), (2, '<pct>100</pct>'), (1, '</policy_published>')]
    yield ''.join(pad * depth + text + end for depth, text in head)
    for _ in range(records):
        yield record_of(domain, pad, end)
    yield '</feedback>' + end


def sizes(count, records):
    """Records of each report: the few large ones take what the many small ones leave."""
    found = []
    for _ in range(count):
        kind = R.random()
        found.append(R.randint(1, 5) if kind < 0.8 else R.randint(6, 25) if kind < 0.95 else R.randint(26, 100))
    large = max(1, count // 200)
    left, weights = records - sum(found), [R.paretovariate(1.2) for _ in range(large)]
    for weight in weights:
        found[R.randrange(count)] += max(0, int(left * weight / sum(weights)))
    found[0] += max(0, records - sum(found))
    return found


def received(host):
    return ('Received: from out-%d.%s (out.%s [192.0.2.%d])\n\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\n'
            '\t key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256)\n\t(No client certificate requested)\n'
            '\tby mx.receiver.example (Postfix) with ESMTPS id %s\n\tfor <dmarc@receiver.example>; Tue, 26 Aug 2025 02:00:51 +0000\n'
            % (R.randint(1, 50), host, host, R.randint(1, 254), letters(10)))


def body_of(dialect, name, xml):
    """Content fields and body of the mail."""
    packed = io.BytesIO()
    if dialect[6] == 'zip':
        with zipfile.ZipFile(packed, 'w', zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo(name + '.xml', (2025, 8, 26, 2, 0, 0)), xml, zipfile.ZIP_DEFLATED)
        name, kind = name + '.zip', 'application/zip'
    else:
        with gzip.GzipFile('', 'wb', fileobj=packed, mtime=0) as out:
            out.write(xml)
        name, kind = name + '.xml.gz', 'application/gzip'
    content = base64.encodebytes(packed.getvalue()).decode()
    file = ('Content-Type: %s;\n\tname="%s"\nContent-Disposition: attachment;\n\tfilename="%s"\nContent-Transfer-Encoding: base64\n' % (kind, name, name))
    if dialect[6] == 'zip':
        return file, content
    mark = '_part_' + letters(20).replace('+', 'x').replace('/', 'y')
    if dialect[6] == 'gz':
        text = 'Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 7bit\n\nThis is a report about your domain.\n'
        return ('Content-Type: multipart/mixed; boundary="%s"\n' % mark,
                '--%s\n%s\n--%s\n%s\n%s\n--%s--\n' % (mark, text, mark, file, content, mark))
    text = ('Content-Type: multipart/related; boundary="%s_2"\n\n--%s_2\nContent-Type: text/html; charset=us-ascii\n'
            'Content-Transfer-Encoding: quoted-printable\n\n<div style=3D"font-family:system-ui;">A report=20<br>\nabout you.</div>\n--%s_2--\n' % ((mark,) * 3))
    return ('Content-Type: multipart/mixed; boundary="%s"\n' % mark, '--%s\n%s\n--%s\n%s\n%s\n--%s--\n' % (mark, text, mark, file, content, mark))


class Signer:
    """relaxed/relaxed, rsa-sha256 (RFC 6376 3.4, 3.5, 3.7; RFC 8017 8.2.1)."""

    def __init__(self, path):
        text = subprocess.run(['openssl', 'rsa', '-in', path, '-noout', '-text'], check=True, capture_output=True, text=True).stdout
        number = lambda name: int(re.sub(r'[\s:]', '', re.search(r'^%s:((?:\n +[0-9a-f:]+)+)' % name, text, re.M).group(1)), 16)
        self.n, self.p, self.q = number('modulus'), number('prime1'), number('prime2')
        self.dp, self.dq, self.inverse = number('exponent1'), number('exponent2'), number('coefficient')

    def power(self, m):
        a, b = pow(m, self.dp, self.p), pow(m, self.dq, self.q)
        return b + (a - b) * self.inverse % self.p * self.q

    def field(self, fields, body, domain):
        relaxed = lambda name, value: name.lower() + ':' + re.sub(r'[ \t]+', ' ', value.replace('\n', '')).strip()
        lines = [re.sub(r'[ \t]+', ' ', line).rstrip(' ') for line in body.split('\n')]
        while lines and not lines[-1]:
            lines.pop()
        bh = base64.b64encode(hashlib.sha256(''.join(line + '\r\n' for line in lines).encode()).digest()).decode()
        chosen = [field for field in fields if field[0] in ('From', 'To', 'Subject', 'Date', 'Message-ID')]
        tags = 'v=1; a=rsa-sha256; c=relaxed/relaxed; d=%s; s=bench;\n\th=%s;\n\tbh=%s;\n\tb=' % (domain, ':'.join(n for n, _ in chosen), bh)
        data = ''.join(relaxed(n, v) + '\r\n' for n, v in chosen) + relaxed('DKIM-Signature', tags)
        octets = (self.n.bit_length() + 7) // 8
        digest = bytes.fromhex('3031300d060960864801650304020105000420') + hashlib.sha256(data.encode()).digest()
        block = b'\x00\x01' + b'\xff' * (octets - len(digest) - 3) + b'\x00' + digest
        b = base64.b64encode(self.power(int.from_bytes(block, 'big')).to_bytes(octets, 'big')).decode()
        return 'DKIM-Signature: ' + tags + '\n\t '.join(b[i:i + 70] for i in range(0, len(b), 70)) + '\n'


def mail_of(dialect, domain, number, xml, signer):
    reporter = dialect[0]
    begin = 86400 * DAYS[number % len(DAYS)]
    name = '%s!%s!%d!%d' % (reporter, domain, begin, begin + 86399)
    content, body = body_of(dialect, name, xml)
    fields = [('From', 'noreply@' + reporter), ('To', 'dmarc@receiver.example'), ('Date', 'Tue, 26 Aug 2025 02:00:51 +0000'),
              ('Subject', 'Report domain: %s Submitter: %s Report-ID: %d' % (domain, reporter, number)),
              ('Message-ID', '<%d.%s@%s>' % (number, letters(8), reporter)), ('MIME-Version', '1.0')]
    arc = ('ARC-Seal: i=1; a=rsa-sha256; d=receiver.example; s=arc; cv=none;\n\t b=%s\nARC-Message-Signature: i=1; a=rsa-sha256; c=relaxed/relaxed;\n'
           '\t d=receiver.example; s=arc; h=from:subject:date;\n\t bh=%s;\n\t b=%s\n' % (folded(342), letters(43) + '=', folded(342)))
    dkim = (signer.field(fields, body, reporter) if signer else
            'DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=%s; s=bench;\n\t h=from:subject:date;\n\t bh=%s;\n\t b=%s\n'
            % (reporter, letters(43) + '=', folded(342)))
    head = ('Return-Path: <noreply@%s>\nDelivered-To: dmarc@receiver.example\n' % reporter + received('receiver.example') + received(reporter)
            + 'Authentication-Results: mx.receiver.example;\n\tdkim=pass header.d=%s header.s=bench;\n\tspf=pass smtp.mailfrom=noreply@%s\n' % (reporter, reporter)
            + arc + dkim)
    return head + ''.join('%s: %s\n' % field for field in fields) + content + '\n' + body


def mails_write(count, records, folder, signer):
    for sub in ('cur', 'new', 'tmp'):
        os.makedirs(os.path.join(folder, sub), exist_ok=True)
    for number, n in enumerate(sizes(count, records)):
        dialect = R.choices(DIALECTS, weights=[d[7] for d in DIALECTS])[0]
        domain = DOMAINS[min(int(len(DOMAINS) * R.random() ** 2), len(DOMAINS) - 1)]
        xml = ''.join(report_of(dialect, domain, number, n)).encode()
        with open(os.path.join(folder, 'cur', '%010d.M%dP1.bench:2,S' % (1753228800 + number, number)), 'w') as out:
            out.write(mail_of(dialect, domain, number, xml, signer))


def report_write(records, folder):
    os.makedirs(folder, exist_ok=True)
    packed = os.path.join(folder, 'report.xml.gz')
    with open(packed, 'wb') as file, gzip.GzipFile('', 'wb', fileobj=file, mtime=0) as out:
        for piece in report_of(DIALECTS[0], DOMAINS[0], 1, records):
            out.write(piece.encode())
    with open(packed, 'rb') as file, open(os.path.join(folder, 'report.eml'), 'wb') as out:
        out.write(b'From: noreply@bigmail.example\nTo: dmarc@receiver.example\nSubject: Report domain: %s\nDate: Tue, 26 Aug 2025 02:00:51 +0000\n'
                  b'MIME-Version: 1.0\nContent-Type: application/gzip; name="report.xml.gz"\nContent-Transfer-Encoding: base64\n\n' % DOMAINS[0].encode())
        out.write(base64.encodebytes(file.read()))


if sys.argv[1] == 'mails':
    mails_write(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], Signer(sys.argv[5]) if len(sys.argv) > 5 else None)
elif sys.argv[1] == 'day':
    mails_write(int(sys.argv[2]), int(sys.argv[3]), sys.argv[5], None)
else:
    report_write(int(sys.argv[2]), sys.argv[3])
