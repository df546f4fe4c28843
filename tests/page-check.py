"""Reads pages back with a parser that takes no error for granted, and looks for what must not be in them.

page-check.py [--harm] FILE...   `ok WHAT` or `not ok WHAT: WHY`; exit 1 when anything is wrong, 77 without html5lib.
--harm: the page shows names that would do harm; they must be there, and as text."""
import base64
import hashlib
import re
import sys

try:
    import html5lib
except ImportError:
    sys.exit(77)

HTML = '{http://www.w3.org/1999/xhtml}'
SVG = '{http://www.w3.org/2000/svg}'
ELEMENTS = {HTML + name for name in (
    'html head meta title style body main header h1 h2 h3 p span strong b br small section nav a ul ol li div code pre table '
    'caption thead tbody tr th td details summary').split()} | {SVG + name for name in 'svg rect line text title'.split()}
ATTRIBUTES = set('open lang charset http-equiv content name class id href scope role tabindex aria-label aria-labelledby aria-hidden '
                 'width height x y x1 x2 y1 y2 rx'.split())
UNSAFE = re.compile('[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]')
HARM = '</script></title></style><script>alert(1)</script>'
LIMIT = 6 * 1024 * 1024


def texts(root):
    for element in root.iter():
        if element.tag == HTML + 'style':
            continue
        yield element.text or ''
        yield element.tail or ''
        for value in element.attrib.values():
            yield value


def findings(octets, harm):
    found = {'is HTML': '', 'holds only what it should': '', 'shows nothing unsafe': '', 'is framed by its policy': '',
             'is for readers of screens too': '', 'is not too large': ''}
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder('etree'), namespaceHTMLElements=True)
    root = parser.parse(octets)
    found['is HTML'] = '; '.join('%s at line %d' % (error[1], error[0][0]) for error in parser.errors[:3])

    elements = [e for e in root.iter() if not callable(e.tag)]
    strange = {e.tag for e in elements} - ELEMENTS
    strange |= {name for e in elements for name in e.attrib} - ATTRIBUTES
    found['holds only what it should'] = ' '.join(sorted(map(str, strange)))[:200]

    shown = list(texts(root))
    unsafe = next((text for text in shown if UNSAFE.search(text.replace('\n', ' ').replace('\t', ' '))), None)
    if unsafe is not None:
        found['shows nothing unsafe'] = repr(unsafe)[:200]
    if harm and not any(HARM in text for text in shown):
        found['shows nothing unsafe'] = 'the harmful name is not shown'

    style = ''.join(root.find('.//' + HTML + 'style').itertext())
    wanted = "style-src 'sha256-%s'" % base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = next(e.get('content') for e in elements if e.get('http-equiv') == 'Content-Security-Policy')
    if not policy.startswith("default-src 'none'; ") or wanted not in policy:
        found['is framed by its policy'] = policy

    ids = [e.get('id') for e in elements if e.get('id')]
    for e in elements:
        if e.tag == HTML + 'th' and not e.get('scope'):
            found['is for readers of screens too'] = 'a heading without scope'
        if e.tag == SVG + 'svg' and e.get('aria-hidden') != 'true' and not e.get('aria-label'):
            found['is for readers of screens too'] = 'a picture without a name'
        if e.get('aria-labelledby') and e.get('aria-labelledby') not in ids:
            found['is for readers of screens too'] = 'a label that is not there'
        if e.tag == HTML + 'a' and e.get('href', '').startswith('#') and e.get('href')[1:] not in ids:
            found['is for readers of screens too'] = 'a link to nothing: ' + e.get('href')
        if e.tag == HTML + 'details' and (not len(e) or e[0].tag != HTML + 'summary'):
            found['is for readers of screens too'] = 'details without a summary'
    if len(ids) != len(set(ids)):
        found['is for readers of screens too'] = 'an id twice'
    if len(octets) > LIMIT:
        found['is not too large'] = '%d octets' % len(octets)
    return found


def main(arguments):
    harm, good = '--harm' in arguments, True
    for path in arguments:
        if path == '--harm':
            continue
        with open(path, 'rb') as file:
            octets = file.read()
        for what, why in findings(octets, harm).items():
            print('%s %s%s' % ('not ok' if why else 'ok', what, ': ' + why if why else ''))
            good = good and not why
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
