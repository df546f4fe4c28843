"""Inputs that nobody honest sends, and what must become of them. Called by tests/hostile.t; `hostile.py NAME...` runs those alone.

Each case is a row of CASES: a function that writes the input, the outcome, a pattern that one problem must match, and the
settings it needs. Inputs are written as streams by a child, so that no memory of this process is taken for the program's."""
import base64
import bz2
import gzip
import io
import json
import lzma
import os
import random
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib

PROGRAM = os.environ['DMARCGATE']
SANITIZED = os.path.exists('config.h') and 'define WITH_SANITIZERS' in open('config.h').read()
SECONDS = 20 if SANITIZED else 10  # of processor time, all processes together: a net; what it takes stands in each line
MEGABYTES = 256                   # resident, in every process

HEAD = '''<?xml version="1.0" encoding="UTF-8"?>
<feedback><report_metadata><org_name>Example</org_name><email>a@example.net</email><report_id>%s</report_id>
<date_range><begin>1793923200</begin><end>1794009599</end></date_range></report_metadata>
<policy_published><domain>example.com</domain><p>none</p></policy_published>
'''
RECORD = '''<record><row><source_ip>%s</source_ip><count>1</count><policy_evaluated><disposition>none</disposition>
<dkim>fail</dkim><spf>fail</spf></policy_evaluated></row><identifiers><header_from>example.com</header_from></identifiers>
<auth_results><spf><domain>example.com</domain><result>fail</result></spf></auth_results></record>
'''
TAIL = '</feedback>\n'
GOOD = HEAD % 'good' + RECORD % '192.0.2.1' + TAIL
MAIL = '''From: reporter@example.net
To: reports@example.com
Subject: Report Domain: example.com Submitter: example.net Report-ID: %s
Date: Sat, 21 Nov 2026 12:00:00 +0000
MIME-Version: 1.0
'''
NOTICE = '''Content-Type: text/plain

This message failed the published policy.
Sender Domain: example.com
Sender IP Address: 192.0.2.1
This is a copy of the headers

'''


def octets(chunks):
    for chunk in chunks:
        yield chunk.encode() if isinstance(chunk, str) else chunk


def plain(chunks):
    def write(path):
        with open(path, 'wb') as f:
            for chunk in octets(chunks()):
                f.write(chunk)
    return write


def packed(chunks, level=9):
    def write(path):
        with open(path, 'wb') as f, gzip.GzipFile(fileobj=f, mode='wb', compresslevel=level, mtime=0) as z:
            for chunk in octets(chunks()):
                z.write(chunk)
    return write


def sparse(front, length):
    def write(path):
        with open(path, 'wb') as f:
            f.write(front.encode())
            f.truncate(length)
    return write


def zipped(*entries):
    data = io.BytesIO()
    with zipfile.ZipFile(data, 'w', zipfile.ZIP_DEFLATED) as z:
        for name, content in entries:
            z.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return data.getvalue()


def tarred(*entries):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode='w') as t:
        for name, content in entries:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            t.addfile(info, io.BytesIO(content))
    return data.getvalue()


def report(inside='', records=RECORD % '192.0.2.1', name='r'):
    """A good report with something between its policy and its records."""
    def chunks():
        yield HEAD % name
        yield from [inside] if isinstance(inside, (str, bytes)) else inside()
        yield from [records] if isinstance(records, str) else records()
        yield TAIL
    return chunks


def repeat(piece, octets_wanted):
    """`piece` again and again, in chunks of about a megabyte."""
    many = max(1, 1000000 // len(piece))

    def chunks():
        left = octets_wanted // len(piece)
        while left > 0:
            yield piece * min(many, left)
            left -= many
    return chunks


def between(front, middle, end):
    def chunks():
        yield front
        yield from middle()
        yield end
    return chunks


def mail(body, name='r', header=''):
    def chunks():
        yield MAIL % name + header
        yield from [body] if isinstance(body, str) else body()
    return chunks


def attachment(data, kind='application/gzip', name='example.net!example.com!1793923200!1794009599.xml.gz', encoding='base64'):
    if encoding == 'base64':
        data = base64.encodebytes(data).decode()
    return 'Content-Type: %s; name="%s"\nContent-Transfer-Encoding: %s\n\n%s' % (kind, name, encoding, data)


WINMAIL = b'\x78\x9f\x3e\x22\1\0'
# CMS signed data up to where its content begins, in pieces without a length.
SIGNED = (b'\x30\x80\6\x09\x2a\x86\x48\x86\xf7\x0d\1\7\2\xa0\x80\x30\x80\2\1\1\x31\0'
    b'\x30\x80\6\x09\x2a\x86\x48\x86\xf7\x0d\1\7\1\xa0\x80')


def winmail_deep(depth):
    data = WINMAIL
    for _ in range(depth):
        data = WINMAIL + b'\2\5\x90\6\0' + len(data).to_bytes(4, 'little') + data + b'\0\0'
    return data


def nested_gzip(depth):
    data = GOOD.encode()
    for _ in range(depth):
        data = gzip.compress(data, mtime=0)
    return data


def nested_zip_tree(width, depth):
    """Like 42.zip: every entry is an archive of archives."""
    data = GOOD.encode()
    for level in range(depth):
        data = zipped(*(('%d-%d.zip' % (level, i), data) for i in range(width)))
    return data


def nested_multiparts(n):
    def chunks():
        for i in range(n):
            yield 'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (i, i)
        yield 'Content-Type: text/plain\n\nhello\n'
    return chunks


def flat_parts(n):
    def chunks():
        yield 'Content-Type: multipart/mixed; boundary="b"\n\n'
        for i in range(n):
            yield '--b\nContent-Type: text/plain\n\nx\n'
        yield '--b--\n'
    return chunks


def zlib_parts(n):
    """Each unpacks to four megabytes, and tells what it is by its first octets."""
    part = attachment(zlib.compress(bytes(4000000))[:4090])

    def chunks():
        yield 'Content-Type: multipart/mixed; boundary="b"\n\n'
        for i in range(n):
            yield '--b\n' + part
        yield '--b--\n'
    return chunks


def nested_mails(n):
    def chunks():
        for _ in range(n):
            yield 'Content-Type: message/rfc822\n\n' + MAIL % 'inner'
        yield 'Content-Type: text/xml; name="a!b!1!2.xml"\n\n' + GOOD
    return chunks


def encrypted_zip():
    data = bytearray(zipped(('r.xml', GOOD.encode())))
    data[6] |= 1
    data[data.index(b'PK\1\2') + 8] |= 1
    return bytes(data)


def wrong_crc_zip():
    data = bytearray(zipped(('r.xml', GOOD.encode())))
    data[14] ^= 0xff
    data[data.index(b'PK\1\2') + 16] ^= 0xff
    return bytes(data)


def noise(n, seed=1):
    return random.Random(seed).randbytes(n)


def attributes(n, value='1', names='a%d'):
    return lambda: (' ' + names % i + '="' + value + '"' for i in range(n))


def sources(n):
    return lambda: (RECORD % ('10.%d.%d.%d' % (i >> 16, i >> 8 & 255, i & 255)) for i in range(n))


def utf16(chunks):
    def write(path):
        with open(path, 'wb') as f:
            f.write(b'\xff\xfe')
            for chunk in octets(chunks()):
                f.write(chunk.decode().replace('encoding="UTF-8"', 'encoding="UTF-16"').encode('utf-16-le'))
    return write


def once(data):
    return lambda: iter([data])


BROKEN, REPORT, OTHER = 'broken', 'report', 'not-a-report'
# The rule that must be named, by outcome and settings
CASES = [
    # Containers
    ('gzip-bomb-of-brackets', packed(repeat('<', 100000000)), BROKEN, 'ceiling `ratio`'),
    ('gzip-bomb-of-brackets-in-a-report', packed(report(repeat('<', 100000000))), BROKEN, 'ceiling `(ratio|text)`'),
    ('gzip-bomb-of-spaces', packed(report(repeat(' ', 100000000))), BROKEN, 'ceiling `(ratio|text)`'),
    ('gzip-bomb-of-nothing', packed(repeat('\0', 100000000)), BROKEN, 'ceiling `ratio`'),
    # Nobody can tell 250,000 equal records from an honest report: they are read, in little memory.
    ('gzip-bomb-of-records', packed(report(records=repeat(RECORD % '192.0.2.1', 100000000))), REPORT, None),
    ('gzip-bomb-below-the-ratio', packed(repeat('<abc>' * 13 + '\n', 200000000), 1), BROKEN, 'ceiling `inflated`', {'inflated': '100M'}),
    ('gzip-in-gzip', plain(lambda: [nested_gzip(4)]), REPORT, None),
    ('gzip-five-deep', plain(lambda: [nested_gzip(5)]), BROKEN, 'gzip nested deeper than the ceiling `depth`'),
    ('gzip-two-hundred-deep', plain(lambda: [nested_gzip(200)]), BROKEN, 'ceiling `depth`'),
    ('gzip-bomb-in-gzip', plain(lambda: [gzip.compress(gzip.compress(bytes(100000000), mtime=0), mtime=0)]), BROKEN,
        'ceiling `ratio`'),
    ('zip-tree', plain(lambda: [nested_zip_tree(16, 4)]), BROKEN, 'ceiling `entries`'),
    ('zip-many-entries', plain(lambda: [zipped(*(('%d' % i, b'x') for i in range(100000)))]), BROKEN, 'ceiling `entries`'),
    ('zip-many-mails', plain(lambda: [zipped(('a.mbox', b'From x Thu Jan  1 00:00:00 2026\nFrom: a\nDate: b\nTo: c\n\n\n' * 100000))]),
        BROKEN, 'ceiling `parts`'),
    ('zip-many-empty-entries', plain(lambda: [zipped(*(('%d' % i, b'') for i in range(100000)))]), BROKEN, 'ceiling `entries`'),
    ('zip-bomb', plain(lambda: [zipped(('r.xml', GOOD[:-12].encode() + b'<count>1</count>' * 2000000))]), BROKEN, 'ceiling `(ratio|inflated)`', {'inflated': '30M'}),
    ('zip-encrypted', plain(lambda: [encrypted_zip()]), BROKEN, 'encrypted'),
    ('zip-wrong-crc', plain(lambda: [wrong_crc_zip()]), BROKEN, 'damaged'),
    ('tar-many-entries', plain(lambda: [gzip.compress(tarred(*(('%d' % i, b'x') for i in range(5000))), mtime=0)]), BROKEN,
        'ceiling `entries`'),
    ('xz-bomb', plain(lambda: [lzma.compress(GOOD[:-12].encode() + b'<count>1</count>' * 2000000)]), BROKEN, 'ceiling `(ratio|inflated)`', {'inflated': '30M'}),
    ('bzip2-bomb', plain(lambda: [bz2.compress(GOOD[:-12].encode() + b'<count>1</count>' * 2000000)]), BROKEN, 'ceiling `(ratio|inflated)`', {'inflated': '30M'}),
    ('winmail-many-files', plain(lambda: [WINMAIL, b'\2\x0f\x80\6\0\1\0\0\0xx\0' * 500000]), BROKEN, 'ceiling `parts`'),
    ('winmail-empty-files', plain(lambda: [WINMAIL, (b'\2\x0f\x80\6\0' + bytes(6)) * 2000000]), OTHER, None),
    ('winmail-length', plain(lambda: [WINMAIL, b'\2\x0f\x80\6\0' + b'\xff' * 4 + b'x' * 1000]), BROKEN, 'cut short'),
    ('winmail-deep', plain(lambda: [winmail_deep(20)]), BROKEN, 'ceiling `depth`'),
    ('uuencode-many-files', plain(mail(repeat('begin 644 a\n#0V%T\n`\nend\n', 10000000), header='\n')), BROKEN, 'ceiling `parts`'),
    ('uuencode-beginnings', plain(mail(between('begin 644 a\n#0V%T\n', repeat('begin 644 a\n', 40000000), ''), header='\n')), OTHER, None),
    ('signed-deep', plain(lambda: [SIGNED, b'\x24\x80' * 500000]), OTHER, None),
    ('signed-many-algorithms', plain(lambda: [SIGNED[:20], b'\x31\x80' + b'\x30\5\6\3\1\2\3' * 1000000]), OTHER, None),
    ('notice-page-paragraphs', plain(mail(between('Content-Type: text/html\n\nSender Address: ', repeat('<p>x', 250000), ''))), OTHER, None),
    ('notice-page-comments', plain(mail(between('Content-Type: text/html\n\nSender Address: ', repeat('<!--', 250000), ''))), OTHER, None),
    # Mails
    ('mime-many-parts', plain(mail(flat_parts(100000))), BROKEN, 'ceiling `parts`'),
    ('mime-most-parts', plain(mail(flat_parts(9990))), OTHER, None),
    ('mime-nested-multiparts', plain(mail(nested_multiparts(5000))), BROKEN, 'multiparts'),
    ('mime-nested-mails', plain(mail(nested_mails(50))), OTHER, 'ceiling `messages`'),
    ('mime-nested-mails-7', plain(mail(nested_mails(7))), REPORT, None),
    ('mail-of-a-gigabyte', sparse(MAIL % 'big' + '\n', 1000000000), BROKEN, 'ceiling `mail`'),
    ('mail-of-one-line', plain(mail(repeat('x', 49000000), header='Content-Type: text/plain\n\n')), OTHER, None),
    ('mail-header-of-10-MB', plain(mail(repeat('X-Filler: y\n', 10000000))), BROKEN, 'ceiling `header`'),
    ('mail-header-of-one-line', plain(mail(between('Subject: ', repeat('x', 10000000), '\n\n'))), BROKEN, 'ceiling `header`'),
    ('mail-header-most', plain(mail(between('', repeat('Received: y\n', 900000), '\n\n'))), OTHER, None),
    ('part-header-of-10-MB', plain(mail(between('Content-Type: multipart/mixed; boundary=b\n\n--b\n', repeat('X-Filler: y\n', 10000000),
        '\n\n--b--\n'))), BROKEN, 'header of a part'),
    ('attached-header-of-10-MB', plain(mail(between('Content-Type: message/rfc822\n\nSubject: x\n', repeat('X-Filler: y\n', 10000000), '\n'))),
        BROKEN, 'ceiling `header`'),
    ('sample-header-of-10-MB', plain(mail(between('Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/feedback-report\n\n'
        'Feedback-Type: auth-failure\n\n--b\nContent-Type: message/rfc822\n\nSubject: x\n', repeat('X-Filler: y\n', 10000000), '\n--b--\n'))),
        REPORT, None),
    ('mail-parameters', plain(mail(between('Content-Type: text/plain', repeat('; a*0*=x', 900000), '\n\nx\n'))), OTHER, None),
    ('mail-encoded-words', plain(mail(between('Content-Type: text/plain\nComments:', repeat(' =?utf-8?q?=00?=', 900000), '\n\nx\n'))),
        OTHER, None),
    ('mail-comments', plain(mail(between('Content-Type: text/plain ', repeat('(', 900000), '\n\nx\n'))), OTHER, None),
    ('mail-addresses', plain(mail(between('Cc: ', repeat('a@b,<', 900000), '\n\nx\n'))), OTHER, None),
    ('base64-garbage', plain(mail(lambda: ['Content-Type: application/gzip; name="a!b!1!2.gz"\n'
        'Content-Transfer-Encoding: base64\n\n', noise(30000000)])), BROKEN, 'holds no report'),
    ('base64-gzip-bomb', plain(mail(lambda: [attachment(gzip.compress(bytes(100000000), mtime=0))])), BROKEN, 'ceiling `ratio`'),
    ('quoted-printable-bomb', plain(mail(between('Content-Type: text/xml\nContent-Transfer-Encoding: quoted-printable\n\n',
        repeat('=3C', 45000000), '\n'))), OTHER, None),
    ('quoted-printable-soft-ends', plain(mail(between('Content-Type: text/xml\nContent-Transfer-Encoding: quoted-printable\n\n',
        repeat('=\n', 45000000), GOOD))), REPORT, None),
    ('failure-of-fields', plain(mail(between('Content-Type: message/feedback-report\n\nFeedback-Type: auth-failure\n',
        repeat('X-Field: y\n', 900000), '\n'))), REPORT, 'ceiling `fields`'),
    ('failure-of-one-value', plain(mail(between('Content-Type: message/feedback-report\n\nFeedback-Type: auth-failure\nX: ',
        repeat('(', 20000000), '\n'))), REPORT, None),
    ('failure-of-folds', plain(mail(between('Content-Type: message/feedback-report\n\nFeedback-Type: auth-failure\nSource-IP:',
        repeat('\n (', 900000), '\n'))), REPORT, None),
    # XML
    ('xml-one-line', sparse(HEAD % 'x', 900000000), BROKEN, 'ceiling `text`'),
    ('xml-one-line-packed', packed(report(repeat('x' * 60 + '&#65;', 300000000)), 1), BROKEN, 'ceiling `text`'),
    ('xml-deep', plain(report(repeat('<a>', 3000000))), BROKEN, 'ceiling `elements`'),
    ('xml-attributes', plain(report(between('<a', attributes(100000), '/>'))), BROKEN, 'ceiling `(text|attributes)`'),
    ('xml-attributes-short', plain(report(between('<a', attributes(10000), '/>'))), BROKEN, 'ceiling `attributes`'),
    ('xml-attributes-of-root', plain(between('<?xml version="1.0"?>\n<feedback', attributes(10000), '><version>1.0</version></feedback>')),
        BROKEN, '^feedback: .*ceiling `attributes`'),
    ('xml-long-value', plain(report(records=RECORD % '192.0.2.1' + '<record><identifiers><header_from>' + 'x' * 300000 +
        '</header_from></identifiers></record>')), BROKEN, '^header_from: .*ceiling `text`'),
    ('xml-attributes-with-brackets', plain(report(between('<a', attributes(500000, '>'), '/>'))), BROKEN, 'ceiling `text`'),
    ('xml-attributes-in-many', plain(report(between('', repeat('<a ' + ' '.join('a%d="1"' % i for i in range(99)) + '/>', 50000000), ''))),
        REPORT, 'unknown element'),
    ('xml-attribute-long', plain(report(between('<a b="', repeat('>', 50000000), '"/>'))), BROKEN, 'ceiling `text`'),
    ('xml-attributes-utf16', utf16(report(between('<a', attributes(500000, '\u3e22'), '/>'))), BROKEN, 'ceiling `text`'),
    ('xml-namespaces', plain(report(between('<a', attributes(5000, 'u', 'xmlns:n%d'), '/>'))), BROKEN, 'ceiling `attributes`'),
    ('xml-namespaces-deep', plain(report(lambda: (''.join('<a%s>' % ''.join(' xmlns:n%d="u%d"' % (i, level) for i in range(90))
        for level in range(60)) + '<b/>' * 1000000, '</a>' * 60))), BROKEN, 'more namespaces in force'),
    ('xml-namespaces-everywhere', plain(report(records=repeat((RECORD % '192.0.2.1').replace('<record>',
        '<record xmlns="" xmlns:a="b">'), 4000000))), REPORT, None),
    ('xml-doctype', plain(lambda: ['<!DOCTYPE feedback [<!ENTITY a "b">]>' + GOOD[39:]]), BROKEN, 'DOCTYPE is refused'),
    ('xml-laughs', plain(lambda: ['<?xml version="1.0"?><!DOCTYPE feedback [<!ENTITY a0 "ha">' + ''.join('<!ENTITY a%d "%s">' %
        (i, '&a%d;' % (i - 1) * 10) for i in range(1, 10)) + ']>' + (HEAD % '&a9;')[39:] + TAIL]), BROKEN, 'DOCTYPE is refused'),
    ('xml-outside', plain(lambda: ['<?xml version="1.0"?><!DOCTYPE feedback [<!ENTITY a SYSTEM "file:///etc/passwd">]>' +
        (HEAD % '&a;')[39:] + TAIL]), BROKEN, 'DOCTYPE is refused'),
    ('xml-comment', packed(report(between('<!--', repeat('comment\n', 300000000), '-->')), 1), BROKEN, 'ceiling `text`'),
    ('xml-comment-with-brackets', packed(report(between('<!--', repeat('> > abcdef\n', 300000000), '-->')), 1), BROKEN, 'ceiling `text`'),
    ('xml-comments', packed(report(repeat('<!-- > -->\n', 100000000)), 1), REPORT, None),
    ('xml-instruction', packed(report(between('<?a ', repeat('> > abcdef\n', 300000000), '?>')), 1), BROKEN, 'ceiling `text`'),
    ('xml-cdata', packed(report(between('<org_name><![CDATA[', repeat('> > abcdef\n', 300000000), ']]></org_name>')), 1), BROKEN,
        'ceiling `text`'),
    ('xml-long-name', plain(report(between('<', repeat('n', 1000000), '/>'))), BROKEN, 'ceiling `text`'),
    ('xml-long-names', plain(report(lambda: ('<%s%d/>' % ('n' * 40000, i) for i in range(200)))), REPORT, 'unknown element'),
    ('xml-many-names', plain(report(lambda: ('<n%d/>' % i for i in range(200000)))), BROKEN, 'ceiling `names`'),
    ('xml-names-just-fit', plain(report(lambda: ('<n%d/>' % i for i in range(9900)))), REPORT, 'unknown element'),
    ('xml-many-attribute-names', plain(report(lambda: ('<a name-of-nothing-%d=""/>' % i for i in range(200000)))), BROKEN, 'ceiling `names`'),
    ('xml-repeats', plain(report(repeat('<report_metadata/>', 20000000))), REPORT, 'stands twice'),
    ('xml-references', plain(report(between('<error>', repeat('&#x41;', 100000), '</error>'))), REPORT, None),
    ('xml-text-too-long', plain(report(records=(RECORD % '192.0.2.1').replace('example.com', 'x' * 140000))), BROKEN, 'ceiling `text`'),
    ('xml-text-just-fits', plain(report(records=(RECORD % '192.0.2.1').replace('<header_from>example.com', '<header_from>' + 'x' * 131072))),
        REPORT, None),
    ('xml-many-results', plain(report(records=(RECORD % '192.0.2.1').replace('<auth_results>', '<auth_results>' +
        '<dkim><domain>a</domain><result>pass</result></dkim>' * 1001))), BROKEN, 'ceiling `results`'),
    ('xml-many-reasons', plain(report(records=(RECORD % '192.0.2.1').replace('<policy_evaluated>', '<policy_evaluated>' +
        '<reason><type>other</type></reason>' * 1001))), BROKEN, 'ceiling `results`'),
    ('xml-many-problems', plain(report(records=lambda: ((RECORD % '192.0.2.300').replace('<count>1', '<count>x') for _ in range(50000)))),
        REPORT, 'is not an IP address'),
    ('xml-many-sources', plain(report(records=sources(200000))), REPORT, None),
    ('xml-records-over', plain(report(records=sources(1001))), BROKEN, 'ceiling `records`', {'records': '1k'}),
    ('xml-records-just-fit', plain(report(records=sources(1000))), REPORT, None, {'records': '1k'}),
    ('xml-mended-comments', plain(report(repeat('<error>& <!-- </error>\n', 10000000))), REPORT, 'was read as text'),
    ('xml-mended-instructions', plain(report(repeat('<error>& <? </error>\n', 10000000))), REPORT, 'was read as text'),
    ('xml-mended-cdata', plain(report(repeat('<error>& <![CDATA[ </error>\n', 10000000))), REPORT, 'was read as text'),
    ('xml-mended-tags', plain(report(repeat('& <record ', 10000000))), (REPORT, BROKEN), None),
    ('xml-mended-cut-character', plain(report('<error>&<![CDATA[\xe9]]></error>'.encode('latin-1'))), REPORT, 'windows-1252'),
    ('xml-encodings', plain(lambda: [GOOD.replace('UTF-8', 'UCS-2')]), REPORT, 'encoding that is not known'),
    ('xml-ucs4', plain(lambda: [GOOD.encode('utf-32-be')]), BROKEN, 'encoding that is not read'),
    ('xml-mended-floods', plain(report(repeat('<error>& < </error>\n', 10000000))), REPORT, 'was read as text'),
    ('xml-open-tags', plain(report(repeat('<record', 20000000))), BROKEN, None),
    ('xml-zeros', plain(report(repeat('\0', 100000))), REPORT, 'control characters'),
    ('json-deep', plain(between('{"organization-name":"a","policies":', repeat('[', 10000000), '')), (OTHER, BROKEN), None),
    ('json-long', plain(between('{"organization-name":"', repeat('x', 49000000), '","policies":[]}')), (OTHER, BROKEN, 'tls-report'), None),
    ('mail-zlib-parts', plain(mail(zlib_parts(1800))), BROKEN, 'holds no report'),
    ('mail-notice-of-many-paragraphs', plain(mail(between(NOTICE, repeat('\nFrom x\n', 1000000), ''))), REPORT, None),
    ('mail-may-have-40-M', plain(between('', repeat('x', 50000001), '')), BROKEN, 'ceiling `mail`'),
]
# Inputs that take longer to make than to refuse (check-long)
LONG_CASES = [
    ('tar-ten-million-entries', packed(lambda: tiny_entries(10000000)()), BROKEN, 'ceiling `(entries|ratio)`'),
    ('xml-line-of-a-gigabyte', packed(report(repeat('x' * 60 + '&#65;', 990000000)), 1), BROKEN, 'ceiling `text`'),
    ('xml-line-of-a-gigabyte-1000-to-1', packed(report(repeat('x', 1000000000))), BROKEN, 'ceiling `(ratio|text)`'),
]
EXIT = {BROKEN: 1, REPORT: 0, OTHER: 0, 'tls-report': 0}


class Tap:
    def __init__(self):
        self.n = self.failed = 0

    def ok(self, good, name, *said):
        self.n += 1
        self.failed += not good
        print('%s %d - %s' % ('ok' if good else 'not ok', self.n, name), flush=True)
        for line in said if not good else ():
            print('#   ' + str(line)[:500].replace('\n', '\n#   '), flush=True)


def made(maker, path):
    """Writes the input in a process of its own."""
    pid = os.fork()
    if pid == 0:
        try:
            maker(path)
            os._exit(0)
        except BaseException as e:
            print('# %s: %r' % (path, e), flush=True)
            os._exit(1)
    return os.waitpid(pid, 0)[1] == 0


def ends(f):
    """Beginning and end of what was written: an answer of 200 MB is not for this process, whose memory the next child inherits."""
    size = f.seek(0, os.SEEK_END)
    f.seek(0)
    text = f.read(100000)
    if size > 400000:
        f.seek(-200000, os.SEEK_END)
    return (text + f.read()).decode(errors='replace')


def run(*arguments, limits=None, folder='.'):
    """(exit code, output, errors, processor seconds, megabytes of the largest process). wait4 gives the sum of the times,
    and the largest peak, over the program and every process of its that it waited for."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        if limits:
            with open(folder + '/limits.conf', 'w') as f:
                f.write('[limits]\n' + ''.join('%s = %s\n' % item for item in limits.items()))
            arguments = ('-c', folder + '/limits.conf') + arguments
        child = subprocess.Popen((PROGRAM,) + arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        return (child.returncode, ends(out), ends(err), used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def summary_of(said):
    """The outcome and the problems, which end the line."""
    outcome = re.search(r'"outcome":"([a-z-]+)"', said)
    at = said.rfind('"problems":')
    try:
        return outcome and outcome.group(1), json.loads(said[at + 11:].rstrip()[:-1])
    except ValueError:
        return outcome and outcome.group(1), []


def case(tap, work, name, maker, outcomes, pattern, limits=None):
    path = work + '/' + name
    outcomes = outcomes if isinstance(outcomes, tuple) else (outcomes,)
    if not made(maker, path):
        tap.ok(False, name + ': the input could be made')
        return
    code, said, errors, seconds, megabytes = run('--jobs', '1', 'show', '--json', path, limits=limits, folder=work)
    os.unlink(path)
    outcome, problems = summary_of(said)
    figures = '%.2f s, %.0f MB' % (seconds, megabytes)
    texts = ['%s: %s' % (p.get('where'), p.get('what')) for p in problems]
    tap.ok(outcome in outcomes and code == EXIT[outcome] and not errors, '%s: %s' % (name, outcome), 'exit %d' % code, errors,
        *texts[:3])
    if pattern:
        tap.ok(any(re.search(pattern, text) for text in texts), '%s: names the rule' % name, pattern, *texts[:5])
    tap.ok(seconds < SECONDS and (SANITIZED or megabytes < MEGABYTES), '%s: %s' % (name, figures))


def cuts(tap, work):
    """A good mail, zip and gzip cut at every tenth: never a crash, never half a report."""
    data = {'gz': gzip.compress(GOOD.encode() * 1, mtime=0), 'zip': zipped(('r.xml', GOOD.encode())),
            'eml': ''.join(mail(attachment(gzip.compress(noise(20000).hex().encode() + GOOD.encode(), mtime=0)))()).encode()}
    data['eml'] = ''.join(mail('Content-Type: multipart/mixed; boundary=b\n\n--b\n' + attachment(data['gz']) + '\n--b--\n')()).encode()
    for kind, whole in data.items():
        bad, names = [], []
        for tenth in range(1, 10):
            names.append('%s/cut-%d.%s' % (work, tenth, kind))
            with open(names[-1], 'wb') as f:
                f.write(whole[:len(whole) * tenth // 10])
        code, said, errors, seconds, megabytes = run('--jobs', '1', 'show', '--json', *names)
        answers = [json.loads(line) for line in said.splitlines()]
        for answer in answers:
            if answer['outcome'] == REPORT or answer['reports'] or (answer['outcome'] == BROKEN and not answer['problems']):
                bad.append((answer['file'], answer['outcome'], answer['problems']))
        tap.ok(not bad and len(answers) == 9 and code in (0, 1) and not errors, 'a %s cut at every tenth is no report' % kind, *bad, errors)


def poisoned(tap, work, name, poison, limits, pattern):
    """One mail among a thousand is beyond a ceiling: it is named, and the others are stored."""
    folder = work + '/' + name
    os.mkdir(folder)
    for i in range(999):
        data = (HEAD % ('r%d' % i) + RECORD % '192.0.2.1' + TAIL).encode()
        with open('%s/%03d.eml' % (folder, i), 'wb') as f:
            f.write(''.join(mail(attachment(gzip.compress(data, mtime=0)))()).encode())
    made(plain(poison), folder + '/500-poison.eml')
    code, said, errors, seconds, megabytes = run('--db', folder + '.db', 'ingest', '--json', folder, limits=limits, folder=work)
    totals = json.loads(said.splitlines()[-1])
    lines = [line for line in errors.splitlines() if '500-poison.eml' in line] + [line for line in said.splitlines() if 'poison' in line]
    tap.ok(code == 1 and totals.get('new') == 999 and totals.get('broken') == 1, '%s: one poisoned mail among 1,000 costs one mail' % name,
        totals, errors)
    tap.ok(any(re.search(pattern, line) for line in lines), '%s: it is named with its reason' % name, pattern, *lines, errors)


def tiny_entries(n):
    """A tar of so many files of one octet: 1,024 octets each, and nearly none of them packed."""
    with tempfile.TemporaryFile() as f:
        with tarfile.open(fileobj=f, mode='w') as t:
            info = tarfile.TarInfo('x')
            info.size = 1
            t.addfile(info, io.BytesIO(b'x'))
        f.seek(0)
        return repeat(f.read(1024), 1024 * n)


def small_records(n):
    """As short as a record can be, each of another source."""
    return lambda: ('<record><row><source_ip>10.%d.%d.%d</source_ip><count>1</count></row><identifiers><header_from>example.com'
                    '</header_from></identifiers></record>\n' % (i >> 16, i >> 8 & 255, i & 255) for i in range(n))


def asked(tap, work, name, records, sources, seconds_most, megabytes_most):
    """One reporter, so many records of so many sources: stored, and then asked for in every way."""
    path, db = work + '/' + name + '.xml.gz', work + '/' + name + '.db'
    made(packed(report(records=small_records(records) if records > 1000000 else lambda: (
        (RECORD % ('10.%d.%d.%d' % (i >> 16, i >> 8 & 255, i & 255))) for i in range(sources))), 1), path)
    for arguments in (('--offline', 'ingest', '--quiet', path), ('summary',), ('summary', 'example.com'), ('senders', 'example.com'),
                      ('check', 'example.com'), ('html', 'example.com', '-o', path + '.html'), ('digest', '--print', 'example.com'),
                      ('doctor',), ('expire',)):
        code, said, errors, seconds, megabytes = run('--db', db, '--now', '2026-11-21T12:00:00Z', *arguments)
        what = '%s: %s: %.2f s, %.0f MB' % (name, ' '.join(arguments[:2]).replace(path, ''), seconds, megabytes)
        tap.ok(code in (0, 1, 2, 3) and not errors and seconds < seconds_most and (SANITIZED or megabytes < megabytes_most), what,
               'exit %d' % code, errors)


def whole_runs(tap, work):
    cuts(tap, work)
    asked(tap, work, 'sources', 60000, 60000, SECONDS, MEGABYTES)
    poisoned(tap, work, 'parts', mail(flat_parts(20000)), None, 'ceiling `parts`')
    if not SANITIZED:  # which drops the ceiling on memory
        poisoned(tap, work, 'memory', mail(lambda: ['Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n',
            base64.encodebytes(noise(30000000)).decode()]), {'memory': '20M'}, 'memory|parser')


def main():
    tap = Tap()
    work = tempfile.mkdtemp()
    wanted = sys.argv[1:]
    long = os.environ.get('LONG')
    try:
        if long:
            for row in LONG_CASES:
                case(tap, work, *row)
            asked(tap, work, 'sources-200000', 200000, 200000, 30, 512)
            asked(tap, work, 'records-5000000', 5000000, 16000000, 300, 512)
        for row in CASES:
            if not wanted or row[0] in wanted:
                case(tap, work, *row)
        if not wanted or 'runs' in wanted:
            whole_runs(tap, work)
    finally:
        shutil.rmtree(work)
    print('1..%d' % tap.n)
    return tap.failed > 0


if __name__ == '__main__':
    sys.exit(main())
