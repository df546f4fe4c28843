"""Compares a page of ours with the reference's drawing of it, section by section: every number of the drawing must stand in
the same section of ours, in the row of the same name where there are rows; what ours says beyond it must be known here.
Usage: mock-numbers.py summary|digest|senders MOCK OURS"""
import re
import sys
from collections import Counter

kind, mock, ours = sys.argv[1], open(sys.argv[2], encoding='utf-8').read(), open(sys.argv[3], encoding='utf-8').read()
wrong = 0

# How a section begins, and what it is called here; the head is what stands above the first.
SECTIONS = {
    'summary': (r'(your own mail) ', r'(DO FIRST)', r'(DECIDE)', r'(BEFORE p=reject)', r'(CHANGED)', r'(IF PUBLISHED)',
                r'(NEXT)', r'(BASIS)'),
    'digest': (r'(FIX)', r'(DECIDE)', r'(NEW THIS WEEK)', r'This (week):', r'(Rests on)'),
    'senders': (r'(Unsigned) this week'),
}[kind]
if isinstance(SECTIONS, str):
    SECTIONS = (SECTIONS,)

# What the drawing has and our page does not, each for its reason.
DRAWN_ONLY = {
    # The page ends with 0 whenever it could answer; exit codes are `check`'s, and no reader of it needs them.
    ('summary', 'head'): ['2'],
    # The model is given `quiet_days=30` by hand (synth.py). No sender of one's own begins within the window, so no reports of
    # this organisation can say 30: everything unsigned of its own was there before the first days of the store were over.
    ('summary', 'CHANGED'): ['30'],
    ('digest', 'NEW THIS WEEK'): ['30'],
}
# And the reverse.
OURS_ONLY = {
    # Undecided mail is part of what a move could cost; the first ten lines must say so.
    ('summary', 'head'): ['459'],
    # ... and its verdict line says what the subject says.
    ('digest', 'head'): ['459', '1', '3'],
    # The list says of which week it is.
    ('senders', 'head'): ['47', '14', '20', '2026'],
    ('summary', 'CHANGED'): ['57'],
    ('digest', 'NEW THIS WEEK'): ['57', '100', '0'],
    # The other runs of the payroll, as on the page.
    ('digest', 'DECIDE'): ['25', '25'],
    # The same basis as on the page.
    ('digest', 'Rests on'): ['35', '35', '44', '30', '2', '7'],
}


def numbers(text):
    """In the order they stand. Ordinals of lists, list marks and names are no figures: a digit within a word is left out."""
    found = re.findall(r'(?<![\w.,/@-])\d[\d,]*(?:\.\d+)*(?![\w@])', re.sub(r'(?<=\d)[\u2013-](?=\d)', ' ', text))
    return ['%g' % float(n.replace(',', '')) if n.count('.') < 2 else n for n in found]


def sections(text):
    found, name = {'head': ''}, 'head'
    for line in text.splitlines():
        for start in SECTIONS:
            if re.match(r'\s*' + start, line):
                name = re.match(r'\s*' + start, line).group(1)
                found[name] = ''
        found[name] += line + '\n'
    return found


def expect(what, got, want):
    global wrong
    if got != want:
        print('%s: %s instead of %s' % (what, got, want))
        wrong += 1


def less(all_of_them, some):
    left = list(all_of_them)
    for one in some:
        if one in left:
            left.remove(one)
    return left


if kind == 'digest':
    mock = mock.split('\n\n', 1)[1]  # the head of the mail is another matter
drawn, found = sections(mock), sections(ours)
expect('sections', list(found), list(drawn))
for name in drawn:
    want = less(numbers(drawn[name]), DRAWN_ONLY.get((kind, name), []))
    got = less(numbers(found.get(name, '')), OURS_ONLY.get((kind, name), []))
    missing, more = Counter(want) - Counter(got), Counter(got) - Counter(want)
    expect('%s, only drawn' % name, list(missing.elements()), [])
    expect('%s, only ours' % name, list(more.elements()), [])

# Rows: their figures in their order. A name may be cut in the middle.
ROWS = {
    'summary': ('your own mail', 'yours, forwarded', 'not decided', 'forged', 'p=quarantine ', 'p=reject ', 'p=reject; aspf=s',
                'p=reject after'),
    'digest': (),
    'senders': ('billing.', 'tickets.', 'Zendesk', 'web210.', 'static-77.', 'paywise.', 'Mailchimp', 'Google Wor', 'Amazon',
                'HubSpot'),
}[kind]
for row in ROWS:
    want, got = [[numbers(line) for line in text.splitlines() if line.strip().startswith(row)][:1] for text in (mock, ours)]
    expect('row %s' % row.strip(), got, want)
sys.exit(wrong > 0)
