#!/usr/bin/env python3
"""table.py < bench.json lines: one line a figure, with its goal."""
import json, sys

# member of a row: what it is, its goal
GOALS = {'ratio': ('CPU / floor', 2.0), 'unlocked_ratio': ('CPU / floor, --no-sandbox', 1.7), 'wall_ratio': ('wall clock / floor', 1.0),
         'again_percent': ('second run, % of the first', 5.0), 'supervisor_kilobytes': ('kB in the supervisor', 40960), 'worker_kilobytes': ('kB in a worker', 40960),
         'exponent': ('CPU grows with n to the power', 1.05), 'milliseconds_a_mail': ('ms CPU a mail for its signature', 0.03),
         'best': ('ms wall clock, best', 25.0), 'milliseconds': ('ms wall clock, median', None), 'libraries': ('libraries loaded', None), 'syscalls': ('system calls', None), 'allocations': ('allocations', None)}

for line in sys.stdin:
    row = json.loads(line)
    for member, (what, goal) in GOALS.items():
        value = row.get(member)
        if value is None or row.get('bench') == 'dkim':
            continue
        text = ', '.join(map(str, value)) if isinstance(value, list) else str(value)
        if row.get('counted'):
            text, what = '%.0f' % (value / row['mails']), what + ' a mail'
        met = '' if goal is None or isinstance(value, list) else '  goal: at most %g%s' % (goal, '' if value <= goal else ', not met')
        print('%-8s %-10s %-34s %22s%s' % (row['bench'], row['load'], what, text, met), flush=True)
