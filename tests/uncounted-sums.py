"""Reports that a verdict leaves out: `reports --not-counted` lists as many of each reason as the basis of the verdict on the
same domain names, asked for one domain and for all.  Usage: uncounted-sums.py REASONS PROGRAM ARGUMENT...
Fails, too, where one of REASONS, separated by commas, does not occur: then nothing was tried."""
import collections
import json
import subprocess
import sys


def ask(*arguments):
    return json.loads(subprocess.run([*sys.argv[2:], *arguments], stdout=subprocess.PIPE).stdout)


def count(*conditions):
    found = collections.defaultdict(collections.Counter)
    ids = set()
    for row in ask('reports', '--not-counted', '--json', *conditions)['reports']:
        found[row['domain']][row['not_counted']] += 1
        assert row['id'] not in ids, row
        ids.add(row['id'])
    return found


everywhere, reasons, wrong = count(), set(), 0
domains = {row['domain'] for row in ask('reports', '--json', '!broken')['reports'] if row['domain']}
for domain in sorted(domains):
    basis = {reason: n for reason, n in ask('check', '--json', domain)['basis']['not_counted'].items() if n}
    alone = count('domain=' + domain)
    reasons |= set(basis)
    if basis != everywhere.get(domain, {}) or basis != alone.get(domain, {}) or set(alone) - {domain}:
        print(domain, 'basis', basis, 'listed', dict(everywhere.get(domain, {})), 'alone', dict(alone))
        wrong += 1
missing = set(sys.argv[1].split(',')) - reasons
if missing:
    print('does not occur:', ', '.join(sorted(missing)))
sys.exit(wrong > 0 or bool(missing) or not domains)
