"""Writes the made-up organisation of the reference directory (synth.py) as lines of traffic for assess-world, with the weeks
before the window that its store is said to know.  Usage: assess-world.py REFERENCE-DIRECTORY > lines.tsv"""
import sys

sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import synth

BASE = 20743            # 2026-10-17


def line(c, shift=0):
    dkim = ','.join('/'.join(d) for d in c['dkim'])
    print('\t'.join(str(x) for x in (BASE + c['day'] + shift, c['rep'], c['ip'], c['ptr'] or '-', c['frm'], c['spf_d'],
                                     c['spf_r'], dkim or '-', c['n'], c['ovr'] or '-')))


for c in synth.cells:
    line(c)
for c in synth.cells:
    if c['org'] == 'paywise':
        line(c, -28)     # 25 September
        line(c, -59)     # 25 August
    elif c['day'] < 28 and not c['org'].startswith('scatter'):
        line(c, -28)
