#!/usr/bin/env python3
"""What lists and relays do to mail: each change is undone, proven by the signature. Of what they decode and encode again the mail as
it was signed is rebuilt, octet for octet; of a From that they rewrite it is said what it was. The mails are signed here, with a
key of this run. TAP."""
import base64, hashlib, json, os, quopri, re, shutil, subprocess, sys, tempfile, urllib.parse

program = os.environ.get('DMARCGATE', os.path.abspath('dmarcgate'))
if not shutil.which('openssl'):
    print('1..0 # SKIP no openssl')
    sys.exit()
work = tempfile.mkdtemp()
key = os.path.join(work, 'key.pem')
count = 0


def ok(good, name, why=''):
    global count
    count += 1
    print('%sok %d - %s' % ('' if good else 'not ', count, name))
    if not good:
        print('# %s' % why)


def openssl(*arguments, data=b''):
    return subprocess.run(['openssl'] + list(arguments), input=data, capture_output=True, check=True).stdout


def relaxed_body(body):
    lines = [re.sub(r'[ \t]+', ' ', line).rstrip(' ') for line in body.split('\r\n')]
    while lines and not lines[-1]:
        lines.pop()
    return ''.join(line + '\r\n' for line in lines)


def simple_body(body):
    return re.sub('(\r\n)*$', '', body) + '\r\n'


def signed(fields, body, form):
    """RFC 6376 3.7; the transfer encoding's field is not among those that are signed."""
    names = ['From', 'Subject', 'Date']
    canonical = (relaxed_body if form == 'relaxed' else simple_body)(body)
    head = 'DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/%s; d=shop.example; s=s1; h=%s; bh=%s; b=' % (
        form, ':'.join(names), base64.b64encode(hashlib.sha256(canonical.encode()).digest()).decode())
    text = ''.join('%s:%s\r\n' % (name.lower(), dict(fields)[name]) for name in names) + head.replace('DKIM-Signature: ', 'dkim-signature:')
    return head + base64.b64encode(openssl('dgst', '-sha256', '-sign', key, data=text.encode())).decode()


def mail(signature, fields, body):
    return '\r\n'.join([signature] + ['%s: %s' % field for field in fields] + ['', body])


def lf(text):
    return text.replace('\r\n', '\n')


def b64(text, width=76):
    digits = base64.b64encode(text.encode()).decode()
    return ''.join(digits[at:at + width] + '\r\n' for at in range(0, len(digits), width))


def qp(text):
    return quopri.encodestring(lf(text).encode()).decode().replace('\n', '\r\n')


def plain(text):
    return text


ENCODERS = {'base64': lambda text: b64(lf(text)), 'quoted-printable': qp, '8bit': plain}
TEXT = ('Grüße aus München,\r\n\r\nhier ist die Rechnung für März. Sie können sie im Kundenbereich herunterladen und überweisen, '
        'wann immer es Ihnen passt.\r\n\r\nMit freundlichen Grüßen\r\nDer Händler\r\n')
FOOTER = '_______________________________________________\r\nGilde mailing list\r\ngilde@lists.example\r\nhttps://lists.example/gilde\r\n'
MARKUP = '<html><body><p>Grüße aus München, hier ist die Rechnung.</p>\r\n<p>Mit freundlichen Grüßen</p>\r\n</body></html>\r\n'
NOTICE = '\r\n-- \r\nSie erhalten diese Nachricht, weil Sie Mitglied sind.\r\n'
LINES = '<br>\r\n-- <br>\r\nSie erhalten diese Nachricht, weil Sie Mitglied sind.<br>\r\n'
FILE = 'Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n' + b64('%PDF-1.4 ' + 'Rechnung' * 40000)


def fields(kind, encoding):
    some = [('From', 'Shop <news@shop.example>'), ('Subject', 'Rechnung'), ('Date', 'Fri, 20 Nov 2026 09:59:00 +0000'),
            ('List-Id', '<gilde.lists.example>'), ('MIME-Version', '1.0'), ('Content-Type', kind)]
    return some + ([('Content-Transfer-Encoding', encoding)] if encoding else [])


def parts(*texts, more=''):
    body = ''.join('--=-=x\r\nContent-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n\r\n%s\r\n' % part for part in texts)
    return body + ('--=-=x\r\n%s\r\n' % more if more else '') + '--=-=x--\r\n'


def undone(name, before, after, edits, octets=None):
    """Both: what stands in the fields of kind and encoding, and the body."""
    for form in 'relaxed', 'simple':
        signature = signed(fields(*before[0]), before[1], form)
        original = mail(signature, fields(*before[0]), before[1])
        path = os.path.join(work, 'mail.eml')
        with open(path, 'w', newline='') as out:
            out.write(mail(signature, fields(*after[0]), after[1]))
        said = subprocess.run([program, '--db', os.path.join(work, 'none'), 'verify', '--explain', '--json', '--keys', os.path.join(work, 'keys'),
                               '--at', '2026-11-20T10:00:00Z', path], capture_output=True, text=True)
        found = (json.loads(said.stdout)['signatures'][0] if said.stdout else {}).get('diagnosis') or {}
        steps = [step['edit'] for step in found.get('steps', [])]
        good = (found.get('undone') and steps == edits and octets in (None, found.get('added_octets')) and
                found.get('reconstruction_sha256') == hashlib.sha256(original.encode()).hexdigest())
        ok(good, '%s (%s)' % (name, form), said.stdout[-900:] + said.stderr)


def whole(encoding, body):
    return ('text/plain; charset=utf-8', encoding), body


def several(*texts, more=''):
    return ('multipart/alternative; boundary="=-=x"', ''), parts(*texts, more=more)


def munged(name, form, instead, *more):
    """A From that a list puts its own address into, and what else it leaves of the author."""
    head = [('From', form)] + fields('text/plain; charset=utf-8', '8bit')[1:]
    signature = signed(head, TEXT, 'relaxed')
    path = os.path.join(work, 'mail.eml')
    with open(path, 'w', newline='') as out:
        out.write(mail(signature, [('From', instead)] + head[1:] + list(more), TEXT))
    said = subprocess.run([program, '--db', os.path.join(work, 'none'), 'verify', '--explain', '--json', '--keys', os.path.join(work, 'keys'),
                           '--at', '2026-11-20T10:00:00Z', path], capture_output=True, text=True)
    found = (json.loads(said.stdout)['signatures'][0] if said.stdout else {}).get('diagnosis') or {}
    ok(found.get('undone') and [step['edit'] for step in found['steps']] == ['from-rewritten'], 'From: ' + name, said.stdout[-900:] + said.stderr)


openssl('genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048', '-out', key)
with open(os.path.join(work, 'keys'), 'w') as out:
    out.write('s1._domainkey.shop.example v=DKIM1; p=%s\n' % base64.b64encode(openssl('pkey', '-in', key, '-pubout', '-outform', 'DER')).decode())

undone('base64, words added, base64 again', whole('base64', b64(lf(TEXT))), whole('base64', b64(lf(TEXT + FOOTER))), ['footer-appended'], len(lf(FOOTER)))
undone('... with CRLF in it', whole('base64', b64(TEXT)), whole('base64', b64(TEXT + FOOTER)), ['footer-appended'], len(FOOTER))
undone('... which the list makes LF', whole('base64', b64(TEXT)), whole('base64', b64(lf(TEXT + FOOTER))), ['footer-appended'])
undone('... of which the last line had no end', whole('base64', b64(lf(TEXT)[:-1])), whole('base64', b64(lf(TEXT + FOOTER))), ['footer-appended'])
undone('... in lines of 72', whole('base64', b64(lf(TEXT), 72)), whole('base64', b64(lf(TEXT + FOOTER))), ['footer-appended'])
undone('base64 is decoded', whole('base64', b64(lf(TEXT))), whole('8bit', TEXT), ['base64-to-8bit'])
undone('... and words are added', whole('base64', b64(lf(TEXT))), whole('8bit', TEXT + FOOTER), ['base64-to-8bit', 'footer-appended'])
undone('plain text becomes base64 with words added', whole('8bit', TEXT), whole('base64', b64(lf(TEXT + FOOTER))), ['8bit-to-base64', 'footer-appended'])
undone('quoted-printable becomes base64', whole('quoted-printable', qp(TEXT)), whole('base64', b64(lf(TEXT))), ['8bit-to-base64', 'quoted-printable-to-8bit'])
undone('... with words added', whole('quoted-printable', qp(TEXT)), whole('base64', b64(lf(TEXT + FOOTER))),
       ['8bit-to-base64', 'quoted-printable-to-8bit', 'footer-appended'])
for encoding, encode in ENCODERS.items():
    before = several(('plain', encoding, encode(TEXT)), ('html', encoding, encode(MARKUP)))
    undone('%s: words added to the text' % encoding, before,
           several(('plain', encoding, encode(TEXT + NOTICE)), ('html', encoding, encode(MARKUP))), ['footer-appended'])
    undone('%s: to the markup' % encoding, before,
           several(('plain', encoding, encode(TEXT)), ('html', encoding, encode(MARKUP + LINES))), ['footer-appended'])
    undone('%s: to both' % encoding, before,
           several(('plain', encoding, encode(TEXT + NOTICE)), ('html', encoding, encode(MARKUP + LINES))), ['footer-appended'] * 2)
    before = several(('plain', encoding, encode(TEXT)), ('html', encoding, encode(MARKUP)), more=FILE)
    undone('%s: to the text, before a large file' % encoding, before,
           several(('plain', encoding, encode(TEXT + NOTICE)), ('html', encoding, encode(MARKUP)), more=FILE), ['footer-appended'])
    undone('%s: to the markup, before a large file' % encoding, before,
           several(('plain', encoding, encode(TEXT)), ('html', encoding, encode(MARKUP + LINES)), more=FILE), ['footer-appended'])
added = ('plain', '8bit', FOOTER)
before = several(('plain', '8bit', TEXT), more=FILE)
undone('words right behind the text, before a large file', before, several(('plain', '8bit', TEXT + FOOTER), more=FILE), ['footer-appended'])
undone('a part behind a large file', before, (before[0], before[1].replace('--=-=x--\r\n', parts(added))), ['mime-part-added'])
before = several(('plain', '8bit', TEXT), ('html', '8bit', MARKUP))
undone('all parts become base64', before, several(('plain', 'base64', b64(TEXT)), ('html', 'base64', b64(MARKUP))), ['8bit-to-base64'])
undone('... with words added to one', before, several(('plain', 'base64', b64(TEXT + NOTICE)), ('html', 'base64', b64(MARKUP))), ['8bit-to-base64', 'footer-appended'])
undone('all parts become quoted-printable', before, several(('plain', 'quoted-printable', qp(TEXT)), ('html', 'quoted-printable', qp(MARKUP))), ['8bit-to-quoted-printable'])
before = several(('plain', 'base64', b64(lf(TEXT))), ('html', 'base64', b64(lf(MARKUP))))
undone('all parts become plain', before, several(('plain', '8bit', TEXT), ('html', '8bit', MARKUP)), ['base64-to-8bit'])
undone('base64 becomes quoted-printable', before, several(('plain', 'quoted-printable', qp(TEXT)), ('html', 'base64', b64(lf(MARKUP)))),
       ['8bit-to-quoted-printable', 'base64-to-8bit'])
def checked(link, slash=''):
    """As a gateway has it that looks at links when they are followed."""
    return 'https://eur01.safelinks.protection.outlook.com/?url=%s%s&data=05%%7C01&reserved=0' % (urllib.parse.quote(link, safe=''), slash)


LINK = 'https://shop.example/rechnung?nummer=17&jahr=2026'
LETTER = '<html><head><title>Grüße</title></head><body class="x"><div><p>Grüße aus München, <a href="%s">hier ist die Rechnung</a>, auch für das vergangene Jahr.</p></div>\r\n<p>Mit freundlichen Grüßen</p>\r\n</body></html>\r\n'
CAUTION = '<div style="border:1px solid">Achtung: Diese Nachricht kommt von außen.</div>'
for encoding in 'quoted-printable', 'base64':
    encode = ENCODERS[encoding]
    for name, link, there in (('a link is led through a checker', LINK, checked(LINK)),
                              ('... which markup writes with &amp;', LINK.replace('&', '&amp;'), checked(LINK).replace('&', '&amp;')),
                              ('... and an empty path gets its slash', 'https://shop.example', checked('https://shop.example', '%2F'))):
        undone('%s: %s' % (encoding, name), several(('plain', encoding, encode(TEXT)), ('html', encoding, encode(LETTER % link))),
               several(('plain', encoding, encode(TEXT)), ('html', encoding, encode(LETTER % there))), ['url-rewritten'])
    undone('%s: a banner before the text' % encoding, whole(encoding, encode(TEXT)),
           whole(encoding, encode('ACHTUNG: von außen.\r\n\r\n' + TEXT)), ['banner-prepended'])
for encoding, encode in ENCODERS.items():
    undone('%s: a banner behind <body>' % encoding, several(('plain', encoding, encode(TEXT)), ('html', encoding, encode(LETTER % LINK))),
           several(('plain', encoding, encode(TEXT)), ('html', encoding, encode((LETTER % LINK).replace('"x">', '"x">' + CAUTION)))), ['banner-prepended'])
LINE = '<p>Grüße aus München, hier ist die Rechnung für März und alles, was dazu gehört.</p>\r\n'
NOTE = '\r\n\r\nDiese Nachricht ist vertraulich.\r\nWer sie irrtümlich erhält, lösche sie.\r\n'
NOTE_MARKUP = '<p>Diese Nachricht ist vertraulich. <b>Wer sie irrtümlich erhält, lösche sie.</b></p>'
for lines in 1, 30, 600:
    page = '<html><head><title>Grüße</title></head><body>\r\n' + LINE * lines + '</body></html>\r\n'
    for encoding, encode in ENCODERS.items():
        before = several(('plain', encoding, encode(TEXT)), ('html', encoding, encode(page)))
        for name, words, markup, edits in (
                ('a notice before </body>', TEXT, page.replace('</body>', NOTE_MARKUP + '</body>'), ['footer-appended']),
                ('a notice in text and markup', TEXT + NOTE, page.replace('</body>', NOTE_MARKUP + '</body>'), ['footer-appended'] * 2),
                ('words behind text and markup', TEXT + NOTICE, page + LINES, ['footer-appended'] * 2),
                ('a banner in text and markup', 'ACHTUNG: von außen.\r\n\r\n' + TEXT, page.replace('<body>', '<body>' + CAUTION), ['banner-prepended'] * 2)):
            undone('%s: %s of %d lines' % (encoding, name, lines), before, several(('plain', encoding, encode(words)), ('html', encoding, encode(markup))), edits)
before = several(('plain', '8bit', TEXT), ('html', 'quoted-printable', qp(page)))
undone('a notice in plain text and encoded markup', before,
       several(('plain', '8bit', TEXT + NOTE), ('html', 'quoted-printable', qp(page.replace('</body>', NOTE_MARKUP + '</body>')))), ['footer-appended'] * 2)
page = '<html><head><title>Grüße</title></head><body>\r\n' + LINE * 30 + '</body></html>\r\n'
WARNING = 'CAUTION: This mail came from outside. Do not follow its links.\r\n\r\n'
WARNING_MARKUP = ('<div style="border:1px solid"><table><tr><td><b>CAUTION:</b> This mail came from outside. Do not follow its links.</td></tr>'
                  '</table></div>\r\n<br>\r\n')
RULED = '\r\n________________________________\r\n\r\nDiese Nachricht ist vertraulich.\r\n\r\nWer sie irrtümlich erhält, lösche sie.\r\n'
RULED_MARKUP = '<br><hr><font size="1">Diese Nachricht ist vertraulich.<br>Wer sie irrtümlich erhält, lösche sie.</font>'
for times, encodings in (1, ENCODERS), (3, ['quoted-printable']):
    more = FILE + (FILE.split('\r\n\r\n')[1] * (times - 1))
    for encoding in encodings:
        encode = ENCODERS[encoding]
        before = several(('plain', encoding, encode(TEXT)), ('html', encoding, encode(page)), more=more)
        for name, words, markup, edits in (
                ('a notice', TEXT + NOTE, page.replace('</body>', NOTE_MARKUP + '</body>'), ['footer-appended'] * 2),
                ('a notice behind a line', TEXT + RULED, page.replace('</body>', RULED_MARKUP + '</body>'), ['footer-appended'] * 2),
                ('words of a list', TEXT + NOTICE, page + LINES, ['footer-appended'] * 2),
                ('a banner', WARNING + TEXT, page.replace('<body>', '<body>' + WARNING_MARKUP), ['banner-prepended'] * 2),
                ('a banner before <html>', WARNING + TEXT, WARNING_MARKUP + page, ['banner-prepended'] * 2),
                ('a banner of other words', 'Achtung!\r\n\r\n' + TEXT, page.replace('<body>', '<body>' + WARNING_MARKUP), ['banner-prepended'] * 2)):
            if name.endswith('other words') and times > 1:
                continue  # more guesses than are allowed of so long a mail
            undone('%s: %s in both, before %d kB' % (encoding, name, len(more) // 1000), before,
                   several(('plain', encoding, encode(words)), ('html', encoding, encode(markup)), more=more), edits)
long_page = '<html><head><title>Grüße</title></head><body>\r\n' + LINE * 600 + '</body></html>\r\n'
for first, then, edits_first in (('8bit', 'quoted-printable', ['8bit-to-quoted-printable']), ('8bit', 'base64', ['8bit-to-base64']),
                                 ('quoted-printable', '8bit', ['quoted-printable-to-8bit']),
                                 ('quoted-printable', 'base64', ['8bit-to-base64', 'quoted-printable-to-8bit']),
                                 ('base64', '8bit', ['base64-to-8bit']),
                                 ('base64', 'quoted-printable', ['8bit-to-quoted-printable', 'base64-to-8bit'])):
    encode, again = ENCODERS[first], ENCODERS[then]
    for name, text, markup, old, more, edits in (
            ('a notice in both', TEXT + NOTE, page.replace('</body>', NOTE_MARKUP + '</body>'), page, '', ['footer-appended'] * 2),
            ('... of 600 lines', TEXT + NOTE, long_page.replace('</body>', NOTE_MARKUP + '</body>'), long_page, '', ['footer-appended'] * 2),
            ('... before a large file', TEXT + NOTE, page.replace('</body>', NOTE_MARKUP + '</body>'), page, FILE, ['footer-appended'] * 2),
            ('a banner in both', WARNING + TEXT, page.replace('<body>', '<body>' + WARNING_MARKUP), page, '', ['banner-prepended'] * 2),
            ('a notice in the markup', TEXT, page.replace('</body>', NOTE_MARKUP + '</body>'), page, '', ['footer-appended'])):
        undone('%s becomes %s: %s' % (first, then, name), several(('plain', first, encode(TEXT)), ('html', first, encode(old)), more=more),
               several(('plain', then, again(text)), ('html', then, again(markup)), more=more), edits_first + edits)
for first, then, edits in (('base64', '8bit', ['base64-to-8bit']), ('base64', 'quoted-printable', ['8bit-to-quoted-printable', 'base64-to-8bit']),
                           ('8bit', 'base64', ['8bit-to-base64'])):
    undone('%s becomes %s: a banner before the text' % (first, then), whole(first, ENCODERS[first](TEXT)), whole(then, ENCODERS[then](WARNING + TEXT)),
           edits + ['banner-prepended'])
undone('plain text and encoded markup become base64, with a notice in both', several(('plain', '8bit', TEXT), ('html', 'quoted-printable', qp(page))),
       several(('plain', 'base64', b64(TEXT + NOTE)), ('html', 'base64', b64(page.replace('</body>', NOTE_MARKUP + '</body>')))),
       ['8bit-to-base64', 'quoted-printable-to-8bit'] + ['footer-appended'] * 2)


def quoted(link):
    return urllib.parse.quote(link, safe='')


def defended(link):
    """Proofpoint's third way: some characters are stars, and stand behind the link."""
    stars = ''.join(c for c in link if c in '?=&')
    return 'https://urldefense.com/v3/__%s__;%s!!AbC!dEf-_g$' % (re.sub('[?=&]', '*', link), base64.urlsafe_b64encode(stars.encode()).decode().rstrip('='))


CHECKERS = {
    'url=': checked,
    'a=': lambda link: 'https://linkprotect.cudasvc.com/url?a=%s&c=E,1,abc&typo=1' % quoted(link),
    'o=': lambda link: 'https://avanan.url-protection.com/v1/url?o=%s&g=abc' % quoted(link),
    'u=, with dashes': lambda link: 'https://urldefense.proofpoint.com/v2/url?u=%s&d=DwMFaQ&e=' % quoted(link).replace('%', '-').replace('-2F', '_'),
    'u=, in base64': lambda link: 'https://eu-west-1.protection.sophos.com?d=shop.example&u=%s&p=m' % base64.b64encode(link.encode()).decode(),
    'v3/__': defended,
    'v3/__, a run': lambda link: 'https://urldefense.com/v3/__%s__;Pz8!!A!b$' % link.replace('??', '**A'),
    'in the path': lambda link: 'https://secure-web.cisco.com/1Abc-_d/%s' % quoted(link),
    'between ___': lambda link: 'https://protect.checkpoint.com/v2/r01/___%s___.YXAzOmFjbWU6YTpvOg' % link,
}
ACCOUNT, ASKED = 'https://shop.example/konto', 'https://shop.example/rechnung??nummer=17'
linked = TEXT + 'Konto: %s.\r\nRechnung (%s), heute!\r\n'
linked_page = page.replace('</body>', '<p><a href="%s">Konto</a> <a class="b" href="%s">Rechnung</a></p>\r\n</body>')


def links(check, encode, banner=False, link=LINK):
    def fill(text, form):
        return text % (form(check(ACCOUNT)), form(check(link)))
    text, markup = fill(linked, str), fill(linked_page, lambda link: link.replace('&', '&amp;'))
    if banner:
        text, markup = WARNING + text, markup.replace('<body>', '<body>' + WARNING_MARKUP)
    return [encode(text), encode(markup)]


def both(encoding, texts):
    return several(('plain', encoding, texts[0]), ('html', encoding, texts[1]))


for name, check in CHECKERS.items():
    link = ASKED if 'run' in name else LINK
    before = both('quoted-printable', links(str, qp, link=link))
    undone('links led through a checker, %s' % name, before, both('quoted-printable', links(check, qp, link=link)), ['url-rewritten'])
    undone('... and a banner', before, both('quoted-printable', links(check, qp, True, link)), ['url-rewritten'] + ['banner-prepended'] * 2)
for first, encode in ENCODERS.items():
    before = both(first, links(str, encode))
    undone('%s: links led through a checker, and a banner' % first, before, both(first, links(checked, encode, True)),
           ['url-rewritten'] + ['banner-prepended'] * 2)
    if first != 'base64':
        undone('... and base64 instead', before, both('base64', links(checked, b64, True)),
               ['url-rewritten', '8bit-to-base64'] + ['quoted-printable-to-8bit'] * (first != '8bit') + ['banner-prepended'] * 2)
for encoding, encode in ENCODERS.items():
    undone('%s: links in a text, and a banner before it' % encoding, whole(encoding, encode(linked % (ACCOUNT, LINK))),
           whole(encoding, encode(WARNING + linked % (checked(ACCOUNT), checked(LINK)))), ['url-rewritten', 'banner-prepended'])
# What lists and gateways put into a text, and into its markup: (name, is before the words, text, markup, where in it)
ADDED = (
    ('a group\'s words behind </html>', False, '\r\n-- \r\nYou received this message as a member of the group "x".\r\n',
     '\r\n\r\n<p></p>\r\n\r\n-- <br />\r\nYou received this message as a member of the group &quot;x&quot;.<br />\r\n', '$'),
    ('a group\'s words and empty elements', False, '\r\n\r\n-=-=-=-=-=-=-\r\nGroup Links: You receive all messages.\r\nView (#123): https://x.example/123\r\n-=-=-=-=-=-=-\r\n\r\n\r\n',
     '\r\n\r\n <div width="1" style="color:white;clear:both">_._,_._,_</div>\r\n <hr>\r\n Group Links:<p>\r\n You receive all messages.\r\n<p>\r\n'
     '<a href="https://x.example/123">View (#123)</a><br>\r\n <div width="1">_._,_._,_</div>\r\n', '$'),
    ('a warning and a drawn line', True, 'CAUTION: This mail came from outside.\r\n________________________________\r\n',
     '<div style="width:100%"><p><span>CAUTION:</span> This mail came from outside.</p></div><hr>', '<body>'),
    ('a warning and an empty line of markup', True, '[EXTERNAL] DO NOT CLICK links.\r\n\r\n\r\n',
     '<div><font color="red">[EXTERNAL] DO NOT CLICK links.</font></div>\r\n<div><br></div>\r\n', '<body>\r\n'),
    ('a warning between comments', True, 'ZBannerStart\r\nThis Message Is From an External Sender\r\nZBannerEnd\r\n',
     '<!-- BoDy-start -->\r\n<div style="display:none">ZBannerStart</div>\r\n<table><tr><td>This Message Is From an External Sender</td></tr></table>\r\n'
     '<div style="display:none">ZBannerEnd</div>\r\n<!-- BoDy-end -->\r\n', '<body>\r\n'),
    ('a scanner\'s words behind a picture', False, '\r\n\r\n-- \r\nVirenfrei.www.scan.example\r\n',
     '<div id="D"><br /><table><tr><td><a href="https://www.scan.example"><img src="https://scan.example/x.png" /></a></td><td>Virenfrei.'
     '<a href="https://www.scan.example">www.scan.example</a></td></tr></table><a href="#D" width="1"> </a></div>', '</body>'),
)
for name, first, words, markup, at in ADDED:
    for before, after, edits in (('8bit', 'base64', ['8bit-to-base64']), ('quoted-printable', 'quoted-printable', [])):
        text, there = (words + TEXT if first else TEXT + words), page + markup if at == '$' else page.replace(at, markup + at if at == '</body>' else at + markup)
        undone('%s, %s to %s' % (name, before, after), both(before, [ENCODERS[before](TEXT), ENCODERS[before](page)]),
               both(after, [ENCODERS[after](text), ENCODERS[after](there)]), edits + ['banner-prepended' if first else 'footer-appended'] * 2)
NAME, ADDRESS = 'Mara Quill', 'mara.quill@shop.example'
for author in '%s <%s>' % (NAME, ADDRESS), '"Quill, Mara" <%s>' % ADDRESS, ADDRESS:
    shown = author.split(' <')[0].strip('"')
    for name, instead, more in (
            ('the author in Reply-To', '"%s via Gilde" <gilde@lists.example>' % shown, [('Reply-To', author)]),
            ('in Cc', '"%s via Gilde" <gilde@lists.example>' % shown, [('Reply-To', 'gilde@lists.example'), ('Cc', author)]),
            ('in X-Original-From', '"\'%s\' via Gilde" <gilde@groups.example>' % shown, [('X-Original-From', author)]),
            ('its address in X-MailFrom', '"%s via Gilde" <gilde@lists.example>' % shown, [('X-MailFrom', ADDRESS)]),
            ('in the address, =', '"%s" <mara.quill=shop.example@lists.example>' % shown, []),
            ('in the address, =40', '"%s" <mara.quill=40shop.example@dmarc.lists.example>' % shown, []),
            ('behind it .invalid', '"%s" <%s.INVALID>' % (shown, ADDRESS), []),
            ('behind it .dmarc.invalid', '"%s" <%s.dmarc.invalid>' % (shown, ADDRESS), [])):
        munged('%s (%s)' % (name, author), author, instead, *more)
shutil.rmtree(work)
print('1..%d' % count)
