#!/usr/bin/env python3
"""Holds `dmarcgate show --json` against samples/EXPECT.tsv; speaks TAP.

usage: samples-expect.py SAMPLES PROGRAM [ARG...]
outcome may be `a|b`: either is right. problem: yes, no or any. `box.mbox#2` is the second mail of a mailbox; the row
of a whole mailbox has the sums, and `report` when any of its mails is one."""
import csv, json, os, subprocess, sys

samples, program = sys.argv[1], sys.argv[2:]
rows = list(csv.DictReader(open(os.path.join(samples, 'EXPECT.tsv')), delimiter='\t'))
names = sorted({'outcome', 'reports', 'records', 'messages', 'failures', 'problem'})
print('1..%d' % len(rows))
bad = 0
for number, row in enumerate(rows, 1):
    name, _, item = row['file'].partition('#')
    path = os.path.join(samples, name)
    done = subprocess.run(program + ['show', '--json', path], capture_output=True, timeout=60)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if item:
        answers = answers[int(item) - 1:int(item)]
    reports = [r for a in answers for r in a['reports']]
    have = {
        'outcome': next((a['outcome'] for a in answers if a['outcome'] == 'report'), answers[0]['outcome'] if answers else 'nothing'),
        'reports': str(len(reports)),
        'records': str(sum(len(r['records']) for r in reports)),
        'messages': str(min(2 ** 64 - 1, sum(x['count'] for r in reports for x in r['records']))),
        'failures': str(sum(len(a['failures']) for a in answers)),
        'problem': 'yes' if any(a['problems'] for a in answers) else 'no',
    }
    wrong = []
    for name in names:
        want = row[name].split('|')
        if 'any' not in want and '-' not in want and have[name] not in want:
            wrong.append('%s %s instead of %s' % (name, have[name], row[name]))
    if done.returncode not in (0, 1):
        wrong.append('exit code %d' % done.returncode)
    bad += bool(wrong)
    print('%s %d - %s%s' % ('not ok' if wrong else 'ok', number, row['file'], ': ' + '; '.join(wrong) if wrong else ''))
    if wrong:
        for a in answers[:3]:
            for p in a['problems'][:5]:
                print('#   %s: %s' % (p['where'], p['what']))
sys.exit(bad != 0)
