"""Reads a mail of ours with python's own email.  Usage: FILE text|html|report [NAME]|names|check.  The first three print that part, of
several reports the one of that name, and `names` what all are called; `check`
prints the text too, and fails unless every line is fit for a mail and both parts say the same."""
import email
import email.policy
import html.parser
import re
import sys

with open(sys.argv[1], 'rb') as file:
    octets = file.read()
message = email.message_from_bytes(octets, policy=email.policy.default)
reports = [part for part in message.walk() if part.get_content_disposition() == 'attachment']
parts = {part.get_content_type(): part for part in message.walk() if not part.is_multipart() and part not in reports}
text = parts['text/plain'].get_payload(decode=True).decode('ascii').replace('\r\n', '\n')


class Page(html.parser.HTMLParser):
    """The words of a page; what may not be in one."""

    def __init__(self):
        super().__init__()
        self.words, self.open = [], []

    def handle_starttag(self, tag, attrs):
        assert tag not in ('script', 'img', 'a', 'link', 'form', 'iframe', 'object', 'embed', 'base', 'svg'), tag
        for name, value in attrs:
            assert not name.startswith('on') and name not in ('src', 'href', 'background'), name
            assert 'url(' not in (value or ''), value
        if tag not in ('br', 'meta'):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        if 'style' not in self.open:
            self.words.append(data)


def check():
    head = octets.split(b'\n\n', 1)[0]
    assert b'\r' not in octets and all(32 <= c < 127 or c == 10 for c in octets), 'ASCII, LF'
    for line in octets.split(b'\n'):
        assert len(line) <= 998, line
    for line in head.split(b'\n'):
        assert len(line) <= 78 or line.strip().count(b' ') <= 1, line
    assert not message.defects and not any(part.defects for part in parts.values()), 'defects'
    for name in ('From', 'To', 'Subject', 'Date', 'Message-ID', 'Auto-Submitted', 'X-DMARC-Verdict', 'MIME-Version'):
        assert len(message.get_all(name, [])) == 1, name
    known = {'from', 'to', 'subject', 'date', 'message-id', 'in-reply-to', 'references', 'auto-submitted', 'x-dmarc-verdict',
             'mime-version', 'content-type'}
    assert {name.lower() for name in message.keys()} <= known, message.keys()
    assert message['Auto-Submitted'] == 'auto-generated'
    two_ways = message.get_payload(0) if reports else message
    assert message.get_content_type() == ('multipart/mixed' if reports else 'multipart/alternative')
    assert two_ways.get_content_type() == 'multipart/alternative' and list(parts) == ['text/plain', 'text/html']
    assert all(re.fullmatch(r'[a-z0-9_-][a-z0-9._-]*\.html', part.get_filename()) for part in reports)
    for part in list(parts.values()) + reports:
        assert part['Content-Transfer-Encoding'] == 'base64' and part.get_content_charset() == 'utf-8'
        assert b'\n' not in part.get_payload(decode=True).replace(b'\r\n', b''), 'CRLF within the encoding'
    for line in text.split('\n'):
        assert len(line) <= 78 or ' IN TXT "' in line or '\\x' in line, line
    page = Page()
    page.feed(parts['text/html'].get_payload(decode=True).decode('utf-8'))
    page.close()
    assert not page.open, page.open
    # Whatever number the text tells, the page tells too.
    words = ' '.join(page.words).replace('\u00a0', ' ')
    for number in set(re.findall(r'\d+(?:\.\d+)? %|\d+(?:,\d{3})+', text)):
        assert number in words, number


if sys.argv[2] == 'check':
    check()
if sys.argv[2] == 'names':
    text = ''.join(part.get_filename() + '\n' for part in reports)
if sys.argv[2] in ('html', 'report'):
    wanted = [part for part in reports if part.get_filename() in sys.argv[3:4] or len(sys.argv) < 4]
    part = parts['text/html'] if sys.argv[2] == 'html' else wanted[0]
    text = part.get_payload(decode=True).decode('utf-8').replace('\r\n', '\n')
print(text, end='')
