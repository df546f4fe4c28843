#!/usr/bin/env python3
"""Writes what the fuzzers begin with: seeds.py SAMPLES FOLDER fills FOLDER/NAME for each fuzzer tests/fuzz-NAME.c, from
the samples of this project and from what is written down here, and from nothing else."""
import bz2
import email
import gzip
import io
import lzma
import pathlib
import re
import struct
import sys
import tarfile
import zipfile
import zlib

samples = pathlib.Path(sys.argv[1])
folder = pathlib.Path(sys.argv[2])


def put(fuzzer, name, octets):
    place = folder / fuzzer
    place.mkdir(parents=True, exist_ok=True)
    (place / name).write_bytes(octets)


def zone_records(path, kind):
    """[(owner, value)] of one type; the texts of a TXT record are joined."""
    records = []
    for line in path.read_text().splitlines():
        found = re.match(rf'(\S+?)\.? (?:\d+ )?IN {kind} (.*)', line)
        if found:
            value = found[2]
            if kind == 'TXT':
                value = ''.join(re.findall(r'"((?:[^"\\]|\\.)*)"', value))
            records.append((found[1], value))
    return records


mails = sorted(samples.glob('**/*.eml'))
zone = zone_records(samples / 'zone.txt', 'TXT') + zone_records(samples / 'keys.txt', 'TXT')

# A message, the line KEYS, and one key record a line.
for mail in mails:
    octets = mail.read_bytes()
    names = set()
    for text in (octets, octets.replace(b'\n ', b'').replace(b'\n\t', b'')):
        selectors = re.findall(rb'[; \t]s=\s*([^;\s]+)', text)
        domains = re.findall(rb'[; \t]d=\s*([^;\s]+)', text)
        names |= {f'{s.decode("latin-1")}._domainkey.{d.decode("latin-1")}' for s in selectors for d in domains}
    keys = ''.join(f'{owner} {value}\n' for owner, value in zone if owner in names)
    if names:
        for fuzzer in 'dkim', 'diagnosis':
            put(fuzzer, mail.name, octets + b'\nKEYS\n' + keys.encode())
        # A failure report's sample, for itself
        inner = re.search(rb'message/rfc822.*?\r?\n\r?\n(.*?)\r?\n--', octets, re.S)
        if inner:
            for fuzzer in 'dkim', 'diagnosis':
                put(fuzzer, mail.stem + '-sample.eml', inner[1] + b'\nKEYS\n' + keys.encode())

# Records of DNS, one a file; zone files whole.
for at, (owner, value) in enumerate(zone):
    if '_domainkey' in owner:
        put('keyrecord', f'key-{at}', value.encode())
    put('dnsrecord', f'record-{at}', value.encode())
for path in sorted(samples.glob('*.txt')):
    put('dnsrecord', path.name, path.read_bytes())


def dns_name(name):
    return b''.join(bytes([len(label)]) + label.encode() for label in name.split('.') if label) + b'\0'


TYPES = {'TXT': (0, 16), 'A': (1, 1), 'AAAA': (2, 28), 'MX': (3, 15), 'PTR': (4, 12), 'SOA': (5, 6), 'CNAME': (6, 5), 'NS': (7, 2)}


def packet(kind, rdatas, flags=0x81a0, rcode=0, alias=None):
    """An answer to a question for n.example; an alias stands before the rest."""
    question = dns_name('n.example') + struct.pack('>HH', TYPES[kind][1], 1)
    owner = b'\xc0\x0c'
    answers = b''
    if alias:
        data = dns_name(alias)
        answers += owner + struct.pack('>HHIH', 5, 1, 300, len(data)) + data
        owner = dns_name(alias)
    for data in rdatas:
        answers += owner + struct.pack('>HHIH', TYPES[kind][1], 1, 300, len(data)) + data
    n = len(rdatas) + (alias is not None)
    return struct.pack('>HHHHHH', 1, flags | rcode, 1, n, 0, 0) + question + answers


RDATA = {
    'TXT': [b'\x0bv=spf1 -all', b'\x05v=DKI\x04M1; '], 'A': [bytes([192, 0, 2, 1])], 'AAAA': [bytes.fromhex('20010db8') + bytes(12)],
    'MX': [b'\0\x0a' + dns_name('mx.n.example'), b'\0\0\0'], 'PTR': [dns_name('host.n.example')],
    'SOA': [dns_name('ns.n.example') + dns_name('post.n.example') + struct.pack('>IIIII', 1, 2, 3, 4, 5)],
    'CNAME': [dns_name('other.example')], 'NS': [dns_name('ns.n.example'), b'\x02ns\xc0\x0c'],
}
for kind, (which, _) in TYPES.items():
    put('dns', f'{kind}', bytes([which]) + packet(kind, RDATA[kind]))
    put('dns', f'{kind}-alias', bytes([which]) + packet(kind, RDATA[kind], alias='a.example'))
    put('dns', f'{kind}-none', bytes([which]) + packet(kind, [], rcode=3))
    put('dns', f'{kind}-frame', bytes([which | 0x80]) + packet(kind, RDATA[kind]))


# Attachments: what is in a mail's parts, and what is in that.
def unpacked(octets):
    try:
        if octets[:2] == b'\x1f\x8b':
            return [gzip.decompress(octets)]
        if octets[:2] == b'PK':
            with zipfile.ZipFile(io.BytesIO(octets)) as archive:
                return [archive.read(name) for name in archive.namelist()]
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError):
        pass
    return []


def leaves(path):
    octets = path.read_bytes()
    if path.suffix != '.eml':
        return [octets]
    mail = email.message_from_bytes(octets)
    return [part.get_payload(decode=True) or b'' for part in mail.walk() if not part.is_multipart()]


for path in sorted(samples.glob('**/*.*')):
    if path.suffix not in ('.eml', '.xml', '.json', '.gz', '.zip'):
        continue
    if path.suffix == '.json' and b'policies' not in path.read_bytes()[:2000]:
        continue
    put('mail', path.name, path.read_bytes())
    for at, leaf in enumerate(leaves(path)):
        name = f'{path.name}-{at}'
        inner = unpacked(leaf)
        if inner or leaf[:2] in (b'\x1f\x8b', b'PK', b'BZ', b'\x78\x9c', b'\x78\xda'):
            put('container', name, leaf)
        for text in [leaf, *inner]:
            if b'feedback' in text and b'<' in text[:200] and not text[:2] in (b'\x1f\x8b', b'PK'):
                put('xml', name, text)
            if text.lstrip()[:1] == b'{':
                put('json', name, text)

small = samples.joinpath('plain/rfc7489.xml').read_bytes()


def zipped(*entries, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w', method) as archive:
        for name, octets in entries:
            archive.writestr(zipfile.ZipInfo(name), octets, method)
    return out.getvalue()


def tarred(*entries, compression=''):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w:' + compression) as archive:
        for name, octets in entries:
            info = tarfile.TarInfo(name)
            info.size = len(octets)
            archive.addfile(info, io.BytesIO(octets))
    return out.getvalue()


packed = gzip.compress(small, mtime=0)
for name, octets in {
        'gzip': packed, 'gzip-two': packed + packed, 'gzip-trailing': packed + b'\0' * 20, 'zlib': zlib.compress(small),
        'gzip-in-gzip': gzip.compress(packed, mtime=0), 'zip': zipped(('a.xml', small)), 'bzip2': bz2.compress(small),
        'zip-stored': zipped(('a.xml', small), method=zipfile.ZIP_STORED), 'zip-two': zipped(('a.xml', small), ('b.xml', small[:400])),
        'zip-in-zip': zipped(('a.zip', zipped(('a.xml', small)))), 'zip-of-gzip': zipped(('a.xml.gz', packed)),
        'zip-macosx': zipped(('__MACOSX/._a.xml', b'x'), ('a.xml', small)), 'zip-empty': zipped(), 'tar': tarred(('a.xml', small)),
        'tar-gz': tarred(('a.xml', small), ('b.xml.gz', packed), compression='gz'), 'tar-bz2': tarred(('a.xml', small), compression='bz2'),
        'tar-xz': tarred(('a.xml', small), compression='xz'), 'xz': lzma.compress(small), 'zeros': gzip.compress(bytes(1200000), mtime=0),
        'zip-many': zipped(*((f'{i}', b'x') for i in range(20))), 'zip-lzma': zipped(('a.xml', small), method=zipfile.ZIP_LZMA)}.items():
    put('container', name, octets)

put('json', 'token', b'{"access_token":"ya29.a","token_type":"Bearer","expires_in":3599,"refresh_token":"1//r","scope":"s"}')
put('json', 'device', b'{"device_code":"d","user_code":"A-B","verification_uri":"https://a.example/","expires_in":"1800","interval":5}')
put('json', 'error', b'{"error":"invalid_grant","error_description":"Token has been revoked\\n\\u0007."}')
put('json', 'refusal', b'+ eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIiwic2NvcGUiOiJodHRwczovL21haWwuZ29vZ2xlLmNvbS8ifQ==')
put('json', 'tls', b'{"organization-name":"A","date-range":{"start-datetime":"2026-11-20T00:00:00Z"},"report-id":"1","policies":[{"policy":{}}]}')

# Failure reports: the fields, a line SAMPLE, the sample.
for mail in mails:
    octets = mail.read_bytes()
    found = re.search(rb'feedback-report[^\n]*\n(?:[^\n]+\n)*\r?\n(.*?)\r?\n--.*?\n\r?\n(.*?)\r?\n--', octets, re.S)
    if found:
        put('arf', mail.name, found[1] + b'\nSAMPLE\n' + found[2])
    elif b'failed the published' in octets:
        put('arf', mail.name, octets.partition(b'\n\n')[2])


# The wire (parse/wire.h): what a worker says, and, behind an octet from 128 on, what a supervisor says.
def frame(kind, payload=b''):
    return struct.pack('<IB', len(payload), kind) + payload


def span(text):
    return b'\xff' if text is None else bytes([len(text)]) + text


REPORT_OPEN, RECORD, REPORT, FAILURE, VERIFICATION, OCTETS, PROBLEM, END, REWIND, REFUSED, QUESTION, ANSWER, MAIL = range(13)
no_date = struct.pack('<q', -2**63)
end = frame(END, b'\x01' + span(b'a@b.example') + span(b'Subject') + span(None) + no_date)
problem = frame(PROBLEM, span(b'report.xml') + span(b'is odd'))
result = span(b'example.org') + span(b's1') + span(b'pass') + span(None) + b'\x01'
record = frame(RECORD, span(b'192.0.2.1') + b'\x01' + bytes(10) + b'\xff\xff' + bytes([192, 0, 2, 1]) + struct.pack('<Q', 7) +
               span(b'none') + span(b'pass') + span(b'fail') + b'\x01\x01\x00\x01' + b'\x01' + span(b'other') + span(None) +
               span(b'example.org') + span(None) + span(None) + b'\x01' + result + b'\x01' + result)
report = frame(REPORT, b''.join(span(b'text') for _ in range(17)) + no_date * 2 + b'\x01' + span(b'error') +
               struct.pack('<QQQ', 1, 7, 0) + b'\x00' + bytes(32))
octets = frame(OCTETS, b'\x01' + struct.pack('<II', 0, 0) + span(b'raw octets'))
for name, said in {'end': end, 'problem': problem + end, 'octets': octets + end,
                   'report': frame(REPORT_OPEN) + record + report + problem + end,
                   'rewind': problem + frame(REWIND, struct.pack('<QQQQQ', 0, 0, 0, 0, 0)) + end}.items():
    put('wire', name, b'\0' + said)
    put('wire', name + '-cut', b'\x05' + said)
asked = frame(MAIL, b'\x01' + struct.pack('<q', 0) + b'\x01' + b'\0' + struct.pack('<QQ', 0, 100))
asked_twice = frame(MAIL, b'\x01' + struct.pack('<q', 0) + b'\x02' + b'\x01' + struct.pack('<QQ', 0, 10) + b'\x02' + struct.pack('<QQ', 10, 90))
known = frame(ANSWER, b'\x01' + b'\0\0' + no_date + b'\0' + b'\x01' + span(b'v=DKIM1; p='))
unknown = frame(ANSWER, b'\0')
for at in range(0, 1200, 20):  # one octet of an honest mail is another
    put('wire', f'altered-{at}', b'\x7f' + struct.pack('<HB', at, at % 7))
put('wire', 'honest', b'\x40')
for name, said in {'asked': asked + known + asked + unknown, 'early': asked_twice + asked + known + unknown + known,
                   'refuse': frame(MAIL, b'\x02' + struct.pack('<q', 0) + b'\x01\0' + bytes(16)) + known}.items():
    put('wire', 'supervisor-' + name, b'\x80' + said)
    put('wire', 'supervisor-' + name + '-descriptor', b'\x82' + said)


# Frames of the helpers (ingest/frame.h): numbers of eight octets, texts with their length before and a NUL behind.
def number(value):
    return struct.pack('<Q', value)


def text(value):
    return b'\xff\xff\xff\xff' if value is None else struct.pack('<I', len(value)) + value + b'\0'


def played(*frames):
    return b''.join(struct.pack('<BBH', kind, how, len(octets)) + octets for kind, how, octets in frames)


OPENED, FOLDER_IS, LISTED, MAIL, REFUSED, FOLDER_REFUSED, LAST, FAULT, SETTLED, NOT_SETTLED, CLOSED, NOT_CLOSED, NEWS, LEAVING, SUBMITTED = range(64, 79)
TOKEN_IS, TOKEN_CODE, TOKEN_STORED, TOKEN_FAULT = range(64, 68)
keep = number(0) + text(None)
mailbox = (text(b'box') + number(0) + number(1) + text(b'mail.example.org') + number(993) + text(b'u') + number(0) + number(1) +
           text(b'INBOX') + number(3) + text(b'Done') + keep + keep + number(0) + number(0) + number(5000) + number(60) + number(600) +
           number(180) + text(None) + number(0) + number(0) * 32)
oauth = number(0) + b''.join(map(text, (b'box', b'https://a.example/t', b'https://a.example/d', b'id', None, b'scope', b'/file', None)))
place = text(b'INBOX') + number(7) + number(3) + text(b'')
uidl = text(b'') + number(0) + number(0) + text(b'uid-1')
fault = number(3) + text(b'the server says no')
for name, octets in {'mailbox': mailbox, 'oauth': oauth, 'place': place, 'fault': fault, 'fate': number(3) + text(b'Done'),
                     'code': text(b'A-B') + text(b'https://a.example/') + text(b'') + number(1800)}.items():
    put('frame', name, b'\0' + octets)
opened_folder = (FOLDER_IS, 0, text(b'INBOX') + number(7) + number(2))
listed = (LISTED, 0, text(b'INBOX') + number(7) + number(2) + number(3) + number(5) + text(None) + number(4) + number(5) + text(b''))
mail = (MAIL, 1, place + number(5))
rounds = [(OPENED, 0, b''), opened_folder, listed, mail, mail, (REFUSED, 0, place + fault), (FOLDER_REFUSED, 0, fault), (LAST, 0, b'')]
for name, frames in {'whole': [*rounds, (SETTLED, 0, number(0)), (CLOSED, 0, number(0))],
                     'watched': [*rounds, (NEWS, 0, b''), opened_folder, listed, mail, (LAST, 0, b''), (FAULT, 0, fault)],
                     'refused': [(FAULT, 0, fault)], 'unsealed': [(OPENED, 0, b''), (MAIL, 2, place + number(5))],
                     'two': [(OPENED, 0, b''), (MAIL, 5, place + number(5))],
                     'not-settled': [*rounds, (NOT_SETTLED, 0, fault), (NOT_CLOSED, 0, number(1) + fault)]}.items():
    put('frame', 'imap-' + name, b'\x04' + played(*frames))
    put('frame', 'imap-watching-' + name, b'\x06' + played(*frames))
    put('frame', 'pop3-' + name, b'\x05' + played(*frames).replace(place, uidl))
put('frame', 'token', b'\x01' + played((TOKEN_IS, 0, text(b'ya29.token'))))
put('frame', 'token-fault', b'\x01' + played((TOKEN_FAULT, 0, fault)))
put('frame', 'login', b'\x02' + played((TOKEN_CODE, 0, text(b'A-B') + text(b'https://a.example/') + text(b'') + number(1800)), (TOKEN_STORED, 0, b'')))
put('frame', 'submitted', b'\x03' + played((LEAVING, 0, b''), (SUBMITTED, 0, number(0) + number(0) + text(b'') + number(1) + text(b'unknown user'))))
put('frame', 'not-submitted', b'\x03' + played((SUBMITTED, 0, number(1) + (number(0) + text(None)) * 2 + fault)))


# What mail servers say (tests/fuzz-poller.c): two octets that choose, then the script.
UPGRADE = b'* OK ready\r\n\x02\x01 OK begin TLS\r\n\x02'
LOGIN = b'* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN%s\r\n\x01 OK\r\n\x02\x01 OK in\r\n\x02* CAPABILITY IMAP4rev1 %s\r\n\x01 OK\r\n\x02'
NAMES = b'* NAMESPACE (("" ".")) NIL NIL\r\n\x01 OK\r\n\x02'
ROOT = b'* LIST (\\Noselect) "/" ""\r\n\x01 OK\r\n\x02'
LISTS = b'* LIST (\\HasNoChildren) "/" "Reports/2026"\r\n* LIST () "/" {9}\r\nReports/x\r\n\x01 OK\r\n\x02'
OPEN = b'* 3 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* FLAGS (\\Seen)\r\n\x01 OK [READ-WRITE] selected\r\n\x02'
SEARCH = b'* SEARCH 3 4 9\r\n\x01 OK\r\n\x02'
SIZES = b''.join(b'* %d FETCH (UID %d RFC822.SIZE 12)\r\n' % (i, uid) for i, uid in ((1, 3), (2, 4), (3, 9))) + b'\x01 OK\r\n\x02'
BODIES = b''.join(b'* %d FETCH (UID %d BODY[] {12}\r\nSubject: a\r\n)\r\n' % (i, uid) for i, uid in ((1, 3), (2, 4), (3, 9))) + b'\x01 OK\r\n\x02'
SETTLED = b'\x01 OK\r\n\x02\x01 OK\r\n\x02'
IDLE = b'+ idling\r\n\x02* 4 EXISTS\r\n\x03\x02\x01 OK\r\n\x02'
LOGOUT = b'* BYE\r\n\x01 OK\r\n'
READ = OPEN + SEARCH + SIZES + BODIES
for at in range(5):  # keep, flag, seen, move, delete
    put('poller', f'imap-{at}', bytes([at << 5, 5]) + UPGRADE + LOGIN % (b'', b'MOVE UIDPLUS NAMESPACE') + NAMES + READ + SETTLED + LOGOUT)
put('poller', 'imap-lists', bytes([2 | 16, 4]) + b'* OK\r\n\x02' + LOGIN % (b'', b'') + ROOT + LISTS + READ * 3 + LOGOUT)
put('poller', 'imap-idle', bytes([2, 7]) + b'* OK\r\n\x02' + LOGIN % (b'', b'IDLE') + ROOT + READ + SETTLED + OPEN + SEARCH + IDLE + READ + LOGOUT)
put('poller', 'imap-noop', bytes([2, 6]) + b'* OK\r\n\x02' + LOGIN % (b'', b'') + ROOT + READ + OPEN + SEARCH + b'\x03\x01 OK\r\n\x02\x04')
put('poller', 'imap-called', bytes([2, 7]) + b'* OK\r\n\x02' + LOGIN % (b'', b'IDLE') + ROOT + READ + OPEN + SEARCH + b'+ idling\r\n\x04\x01 OK\r\n' + READ)
put('poller', 'imap-invited', bytes([2 | 4, 4]) + b'* OK\r\n\x02* CAPABILITY IMAP4rev1\r\n\x01 OK\r\n\x02+\r\n\x02\x01 OK\r\n\x02\x01 OK\r\n\x02' + ROOT + READ)
put('poller', 'imap-token-refused', bytes([2 | 8, 4]) + b'* OK\r\n\x02* CAPABILITY IMAP4rev2\r\n\x01 OK\r\n\x02+ eyJzdGF0dXMiOiI0MDEifQ==\r\n\x02\x01 NO\r\n')
put('poller', 'imap-preauth', bytes([2, 4]) + b'* PREAUTH hello\r\n\x02* CAPABILITY IMAP4rev1\r\n\x01 OK\r\n\x02' + ROOT + READ)
put('poller', 'imap-injected', bytes([0, 4]) + b'* OK\r\n\x02\x01 OK\r\n* CAPABILITY X\r\n')
put('poller', 'imap-refused', bytes([2, 4]) + b'* OK\r\n\x02' + b'* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n\x01 OK\r\n\x02\x01 NO [AUTHENTICATIONFAILED] no\r\n')
put('poller', 'imap-bye', bytes([2, 4]) + b'* BYE overloaded\r\n')
put('poller', 'imap-silent', bytes([2, 4]) + b'* OK\r\n\x03')
for at, line in enumerate((b'* OK [X \\ ] a', b'* LIST a\\ (b)', b'+ \\ (', b'* LIST "a\\\\ b" c')):
    put('poller', f'imap-backslash-{at}', bytes([2, 4]) + b'* OK\r\n\x02' + line + b'\r\n\x01 OK\r\n')
put('poller', 'imap-plus', bytes([2, 4]) + b'* OK\r\n\x02+OK \r\n\x01 OK\r\n')
put('poller', 'imap-delimiter', bytes([2 | 16, 4]) + b'* OK\r\n\x02' + LOGIN % (b'', b'') + ROOT.replace(b'"/"', b'"\xba"') + LISTS)
POP_LOGIN = b'+OK <1@example>\r\n\x02+OK begin\r\n\x02+OK\r\n\x02+OK in\r\n\x02'
POP_LISTS = b'+OK\r\n1 uid-1\r\n2 uid-2\r\n.\r\n\x02+OK 2 messages\r\n1 120\r\n2 300\r\n.\r\n\x02'
POP_READ = b'+OK 120 octets\r\nSubject: a\r\n\r\n..\r\n.\r\n\x02+OK\r\n\x02' * 2
put('poller', 'pop3', bytes([1, 5]) + POP_LOGIN + POP_LISTS + POP_READ + b'+OK bye\r\n')
put('poller', 'pop3-tls', bytes([3, 4]) + b'+OK\r\n\x02+OK\r\n\x02+OK\r\n\x02' + POP_LISTS + POP_READ + b'-ERR not deleted\r\n')
put('poller', 'pop3-token', bytes([3 | 4, 4]) + b'+OK\r\n\x02+ \r\n\x02+OK\r\n\x02' + POP_LISTS + b'-ERR no such mail\r\n\x02' + POP_READ)
put('poller', 'pop3-token-refused', bytes([3 | 8, 4]) + b'+OK\r\n\x02+ \r\n\x02+ eyJzdGF0dXMiOiI0MDEifQ==\r\n')
put('poller', 'pop3-refused', bytes([3, 4]) + b'+OK\r\n\x02+OK\r\n\x02-ERR [AUTH] no\r\n')

# What servers say that are sent a mail (tests/fuzz-smtp.c): two octets that choose, then the script.
HELLO = b'250-mail.example\r\n250-AUTH PLAIN LOGIN XOAUTH2 OAUTHBEARER\r\n250%sSTARTTLS\r\n%s\x02'
GREETED = b'220 ready\r\n\x02' + HELLO % (b' ', b'')
TO_TLS = b'220 ready\r\n\x02' + HELLO % (b' ', b'') + b'220 go\r\n\x02' + HELLO % (b'-', b'250 SIZE 1000\r\n')
ADMITTED = b'235 2.7.0 in\r\n\x02'
TAKEN = b'250 ok\r\n\x02' * 2
GIVEN = b'354 go on\r\n\x02250 queued as 1\r\n\x02221 bye\r\n'
put('smtp', 'plain', bytes([1 | 2, 0]) + GREETED + ADMITTED + TAKEN + GIVEN)
put('smtp', 'starttls', bytes([2, 2]) + TO_TLS + ADMITTED + TAKEN + b'550 5.1.1 nobody\r\n\x02450 later\r\n\x02' + GIVEN)
put('smtp', 'nobody', bytes([1, 0]) + GREETED + TAKEN + GIVEN)
put('smtp', 'xoauth2', bytes([1 | 2 | 4, 0]) + GREETED + ADMITTED + TAKEN + GIVEN)
put('smtp', 'token-refused', bytes([1 | 2 | 8, 0]) + GREETED + b'334 eyJzdGF0dXMiOiI0MDEifQ==\r\n\x02535 5.7.8 no\r\n')
put('smtp', 'login', bytes([1 | 2, 0]) + b'220 a\r\n\x02250-b\r\n250 AUTH LOGIN\r\n\x02334 VXNlcm5hbWU6\r\n\x02334 UGFzc3dvcmQ6\r\n\x02' + ADMITTED + TAKEN + GIVEN)
put('smtp', 'login-repeated', bytes([1 | 2, 0]) + b'220 a\r\n\x02250-b\r\n250 AUTH LOGIN\r\n\x02334 VXNlcm5hbWU6\r\n\x02334 \r\n\x02535 \x01\r\n')
put('smtp', 'repeated', bytes([1 | 2, 0]) + GREETED + b'535 5.7.8 \x01 no\r\n\x02')
put('smtp', 'injected', bytes([2, 0]) + b'220 ready\r\n\x02' + HELLO % (b' ', b'') + b'220 go\r\n250-x\r\n250 AUTH PLAIN\r\n\x02')
put('smtp', 'no-tls', bytes([2, 0]) + b'220 ready\r\n\x02250 plain\r\n\x02221 bye\r\n')
put('smtp', 'refused', bytes([1, 0]) + GREETED + b'250 ok\r\n\x02554-no\r\n554 \xc3\xa9\x1b[2J never\r\n\x02221 bye\r\n')
put('smtp', 'mail-refused', bytes([1, 0]) + GREETED + TAKEN + b'354 go on\r\n\x02552 too much\r\n\x02221 bye\r\n')
put('smtp', 'unheard', bytes([1, 0]) + GREETED + TAKEN + b'354 go on\r\n\x02\x03')
put('smtp', 'data-refused', bytes([1, 0]) + GREETED + TAKEN + b'451 later\r\n\x02221 bye\r\n')
put('smtp', 'silent', bytes([1, 0]) + b'\x03')
put('smtp', 'greeting-refused', bytes([1, 0]) + b'554 go away\r\n\x02221\r\n')
put('smtp', 'cut', bytes([1, 0]) + GREETED + b'250 ok\r\n\x02550 ' + b'x' * 195 + b'\xe2\x82\xac\r\n\x02221 bye\r\n')
put('smtp', 'code', bytes([1, 0]) + b'\x1bc 554 go away\r\n')

# What the resolver process is asked, and what happens meanwhile (tests/fuzz-resolver.c): how it was started, then actions.
def question(kind, how, name, longer=0):
    return bytes([0, kind, how, len(name)]) + name + bytes([longer])


def looked_up(which, code, security, packet):
    return bytes([2, which, code, security]) + struct.pack('>H', len(packet)) + packet


def packet(name, octets):
    name = b''.join(bytes([len(label)]) + label for label in name.split(b'.')) + b'\0'
    return (struct.pack('>HHHHHH', 0, 0x8180, 1, 1, 0, 0) + name + b'\0\x10\0\1'
            + b'\xc0\x0c\0\x10\0\1\0\1\0\0' + struct.pack('>H', len(octets)) + octets)


KEY = b's._domainkey.example.org'
TXT = packet(KEY, b'\x05hello')
put('resolver', 'answered', bytes([32]) + question(0, 0, KEY) + looked_up(0, 0, 2, TXT))
put('resolver', 'probed', bytes([16]) + question(0, 0, KEY) + question(1, 0, b'a.example') + looked_up(0, 0, 2, b'') + looked_up(1, 0, 1, TXT) + looked_up(2, 3, 0, b''))
put('resolver', 'late', bytes([0]) + question(0, 0, KEY) + b'\3\0' + looked_up(0, 0, 0, TXT) + question(0, 0, KEY))
put('resolver', 'file', bytes([1]) + question(0, 0, b'file.example.') + question(1, 0, b'FILE.example') + question(0, 0, b'x.example'))
put('resolver', 'offline', bytes([2]) + question(0, 0, KEY))
put('resolver', 'few', bytes([4]) + b''.join(question(0, 1, b'n%d.example' % i) for i in range(6)))
put('resolver', 'silent', bytes([8]) + b''.join(question(0, 0, b'n%d.example' % i) + b'\3\0' for i in range(4)))
put('resolver', 'names', bytes([32]) + b''.join(question(0, 0, name) for name in (b'', b'.', b'a..b', b'x' * 64, b'a\xffb')) + question(8, 0, KEY) + question(0, 0, KEY, 255))
put('resolver', 'packet', bytes([0]) + question(0, 0, KEY) + b'\1\5hello')
put('resolver', 'refused', bytes([0]) + question(0, 2, KEY) + question(3, 1, KEY))


# What the poller process is asked (tests/fuzz-requests.c): its mailbox, what the server says, requests.
def requests(name, how, server, asked):
    put('requests', name, bytes([how]) + struct.pack('>H', len(server)) + server + asked)


SESSION = b'* OK\r\n\x02' + LOGIN % (b'', b'IDLE MOVE UIDPLUS') + ROOT
FOLDER = OPEN + SEARCH + SIZES
SETTLE = b'\1\1\3\3\4\x09'
WATCH_IDLE = OPEN + SEARCH + b'+ idling\r\n\x02* 4 EXISTS\r\n\x02\x01 OK\r\n\x02' + FOLDER + BODIES
requests('next', 2, SESSION + FOLDER + BODIES + LOGOUT, b'\0\1\0\0\0\0\2')
requests('settle', 2 | 16, SESSION + FOLDER + BODIES + OPEN + SETTLED + LOGOUT, b'\0\1\0\0\0\0' + SETTLE + b'\2')
requests('watch', 2, SESSION + FOLDER + BODIES + WATCH_IDLE, b'\0\1\0\0\0\0\3\0\2')
requests('watch-lost', 2, SESSION + FOLDER + b'\x03' + b'* BYE\r\n', b'\0\1\0\3' + SETTLE + b'\0')
IDLED = SESSION + FOLDER + OPEN + b'* SEARCH 12\r\n\x01 OK\r\n\x02* 4 FETCH (UID 12 RFC822.SIZE 12)\r\n\x01 OK\r\n\x02+ idling\r\n\x02\x03\x01 OK\r\n\x02'
requests('rest', 2, IDLED + FOLDER + BODIES, b'\0\1\1\3\0\1\0\2')
requests('rest-lost', 2, IDLED, b'\0\1\1\3' + SETTLE + b'\0')
requests('unwanted', 2, SESSION + FOLDER, b'\0\1\1\2')
requests('wrong', 2, SESSION + FOLDER, b'\4\1')
requests('raw', 2, SESSION, b'\5\6\0\5\2\1x\5\7\0')
requests('pop3', 1 | 2, b'+OK\r\n\x02+OK\r\n\x02+OK\r\n\x02' + POP_LISTS + POP_READ + b'+OK\r\n', b'\0\0\0\0\1\2\1\5uid-1\2')
requests('most', 2 | 8, SESSION + FOLDER + BODIES, b'\0\1\0\0\0\0\2')
requests('patterns', 2 | 4, b'* OK\r\n\x02' + LOGIN % (b'', b'') + ROOT + LISTS + (FOLDER + BODIES) * 3 + LOGOUT, b'\0' * 20 + b'\2')
