"""Compares what is stored of the made-up organisation with the reference: messages by week and by passing or failing, reporters,
days, what counts.  Usage: world-expect.py REFERENCE-DIRECTORY reports.json export.json"""
import json
import os
import re
import sys
from collections import Counter
from datetime import date

FIRST = date(2026, 10, 17)
wrong = 0


def expect(what, found, wanted):
    global wrong
    if found != wanted:
        print('%s: %s instead of %s' % (what, found, wanted))
        wrong += 1


def day_of(report):
    return (date.fromisoformat(report['begin_date'][:10]) - FIRST).days


def number(pattern, text):
    return int(re.search(pattern, text).group(1).replace(',', ''))


reference = sys.argv[1]
world = json.load(open(os.path.join(reference, 'world.json')))
summary = open(os.path.join(reference, '../mock/summary.txt'), encoding='utf-8').read()
reports = [r for r in json.load(open(sys.argv[2]))['reports'] if day_of(r) >= 0]
strangers = [r for r in reports if r['report_id'].startswith('stranger')]
counted = [r for r in reports if r['state'] == 'counts' and r not in strangers]

expect('reports', len(counted), number(r'([\d,]+) reports', summary))
expect('receivers', len({r['org_name'] for r in counted}), number(r'from (\d+) receivers', summary))
expect('unsigned, not counted', len(strangers), number(r'(\d+) unsigned', summary))
expect('repeats', sum(r['state'] == 'duplicate' for r in reports), number(r'(\d+) repeats', summary))
expect('trust of the strangers', {r['trust'] for r in strangers}, {1})
signed = [r['trust'] == 3 for r in counted]
expect('signed, in percent', round(100 * sum(signed) / len(signed)), number(r'receivers, (\d+) % signed', summary))
expect('days covered', len({day_of(r) for r in counted}), number(r'(\d+) of 35 days', summary))

whole = sum(r['messages'] for r in counted)
largest = Counter()
for r in counted:
    largest[r['org_name']] += r['messages']
for name, said in (('google.com', 'google.com'), ('Outlook.com', 'microsoft.com')):
    expect(name, round(100 * largest[name] / whole), number(re.escape(said) + r' (\d+) %', summary))

weeks = Counter()
for line in open(sys.argv[3]):
    for report in json.loads(line)['reports']:
        meta = report['report_metadata']
        if day_of(meta) >= 0 and not meta['report_id'].startswith('stranger'):
            for record in report['records']:
                weeks[day_of(meta) // 7, record['alignment']['dmarc']] += record['count']
wanted = Counter()
for day, kinds in world['byday'].items():
    for kind, messages in kinds.items():
        wanted[int(day) // 7, not kind.endswith('-fail')] += messages
expect('messages by week, passing and failing', weeks, wanted)
expect('all messages', whole, sum(r['n'] for r in world['rows']))
sys.exit(wrong > 0)
