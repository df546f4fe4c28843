"""One database, asked in every way: the same messages, to the last one.  Usage: agree.py PROGRAM ARGUMENT...
The arguments stand before every question.  Prints what differs, and ends with 1 then, or where no domain has mail."""
import collections
import csv
import io
import json
import re
import subprocess
import sys

CLASSES = 'own', 'forwarded', 'undecided', 'forged'
DAYS = {'own': ('own_pass', 'own_fail'), 'forwarded': ('fwd_pass', 'fwd_fail'), 'undecided': ('undecided',), 'forged': ('forged',)}
LINES = {'own': 'your own mail', 'forwarded': 'yours, forwarded', 'undecided': 'not decided', 'forged': 'forged'}
wrong = 0


def ask(*arguments):
    return subprocess.run([*sys.argv[1:], *arguments], stdout=subprocess.PIPE).stdout.decode()


def table(*arguments):
    return list(csv.DictReader(io.StringIO(ask(*arguments))))


def same(what, found, expected):
    global wrong
    if found != expected:
        wrong += 1
        print(what, found, 'instead of', expected)


def by_class(rows, count):
    sums = collections.Counter({name: 0 for name in CLASSES})
    for row in rows:
        sums[row['class']] += count(row)
    return dict(sums)


def lists(domain, window, total, week, own_fail):
    within = lambda row: window['first_day'] <= row['day'] <= window['last_day']
    rows = table('export', 'rows', '--csv-raw', domain)
    same('rows', sum(int(r['in_window']) for r in rows), sum(total.values()))
    same('rows as JSON', [r['in_window'] for r in json.loads(ask('export', 'rows', '--json', domain))['rows']],
         [int(r['in_window']) for r in rows])
    days = [r for r in table('export', 'days', '--csv', domain) if within(r)]
    same('days', {k: sum(int(r[c]) for r in days for c in DAYS[k]) for k in CLASSES}, total)
    same('failing days', sum(int(r['own_fail']) for r in days), own_fail)
    senders = table('senders', '--csv-raw', '--class', 'all', domain)
    same('senders as CSV', by_class(senders, lambda s: int(s['messages'])), total)
    same('their week', by_class(senders, lambda s: int(s['week'])), week)
    reporters = json.loads(ask('reporters', '--json', domain))['domains'][0]['reporters']
    same('reporters', sum(r['messages'] for r in reporters), sum(total.values()))
    simulated = json.loads(ask('simulate', '--json', domain, 'v=DMARC1; p=reject'))
    for receivers in 'rfc9989', 'rfc7489', 'present':
        same(receivers, {k: sum(f[k] for f in simulated[receivers].values()) for k in CLASSES}, total)


def pages(domain, total, week):
    text = ask('summary', domain)
    for name, line in LINES.items():
        found = re.search('^  %s +([0-9,]+) +([0-9,]+)' % line, text, re.M)
        same(line, found and [int(n.replace(',', '')) for n in found.groups()], [total[name], week[name]])
    page = re.sub('<[^>]+>', ' ', ask('html', domain))
    for name in CLASSES:
        same('page, ' + name, '{:,}'.format(total[name]) in page, True)


def explained(domain, senders):
    for source in sorted({s['source_id'] for s in senders}):
        own = [s for s in senders if s['source_id'] == source]
        told = [s for s in json.loads(ask('explain', '--json', source, '--domain', domain))['sources']
                if s['source_id'] == source]
        for member in 'messages', 'fail':
            expected = sum(s['window'][member] for s in own)
            same('%s, %s' % (source, member), sum(s[member] for s in told), expected)
            same('%s, %s by address' % (source, member), sum(a[member] for s in told for a in s['addresses']), expected)
            same('%s, %s by report' % (source, member),
                 sum(r[member] for s in told for r in s['reports'] if r['use'] == 'counted'), expected)


def agree(domain):
    verdict = json.loads(ask('check', '--json', domain))
    measures = verdict['measures']
    total = {k: measures[k]['messages'] for k in CLASSES}
    if not sum(total.values()):
        return 0
    senders = json.loads(ask('senders', '--json', '--class', 'all', domain))['domains'][0]['senders']
    same('senders', by_class(senders, lambda s: s['window']['messages']), total)
    same('failing', sum(s['window']['fail'] for s in senders if s['class'] == 'own'), measures['own']['fail'])
    week = by_class(senders, lambda s: s['week']['messages'])
    lists(domain, verdict['window'], total, week, measures['own']['fail'])
    pages(domain, total, week)
    explained(domain, senders)
    return sum(total.values())


domains = sorted({r['domain'] for r in json.loads(ask('reports', '--json', '!broken'))['reports'] if r['domain']})
messages = sum(agree(domain) for domain in domains)
print(messages, 'messages of', len(domains), 'domains')
sys.exit(wrong > 0 or not messages)
