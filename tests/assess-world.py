"""Writes the made-up organisation as lines of traffic for assess-world.  Usage: assess-world.py REFERENCE-DIRECTORY > lines.tsv"""
import sys

sys.dont_write_bytecode = True
from world_traffic import traffic

for day, c in traffic(sys.argv[1]):
    dkim = ','.join('/'.join(d) for d in c['dkim'])
    print('\t'.join(str(x) for x in (day, c['rep'], c['ip'], c['ptr'] or '-', c['frm'], c['spf_d'], c['spf_r'], dkim or '-',
                                     c['n'], c['ovr'] or '-')))
