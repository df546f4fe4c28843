"""Writes random inputs with the answers of the executable model (readiness_ref.py of the reference directory) as vectors
for assess-vectors.  Usage: assess-random.py REFERENCE-DIRECTORY COUNT SEED > vectors.json"""
import json
import random
import sys

sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import readiness_ref as ref

COUNT, R = int(sys.argv[2]), random.Random(int(sys.argv[3]))
SHARES = [0, 0, .1, .19, .2, .21, .8, 1]


def maybe(chance=.3):
    return R.random() < chance


def size():
    return R.choice([0, 1, 2, 3, 5, 9, 10, 11, 19, 20, 60, 299, 300, 600, 5000, R.randrange(1, 200000), R.randrange(1, 2000)])


def path():
    p = dict(kind=R.choice(['broken', 'third', 'bare']), n=size(), org='a', weeks=R.randrange(1, 27))
    p['weeks_seen'] = R.randrange(0, p['weeks'] + 1)
    p['table'] = R.choice([None, None, 'sender', 'mailbox', 'forwarder', 'list', 'gateway'])
    p['selector_home'] = R.choice([None, 'a', 'b'])
    if maybe(.05):
        p['mark'] = R.choice(['own', 'forwarder', 'notours'])
    if maybe():
        p['tenant'] = R.choice(['own', 'other'])
    p.update(ovr_list=R.choice(SHARES), ovr_arc=R.choice(SHARES), weekday_share=R.choice([.5, .94, .95, .96, 1]),
             ips=R.choice([1, 2, 3, 4, 50]))
    p['signed_sibling'] = p['signed_sibling_foreign_home'] = maybe(.2)
    for key in ('ptr_own ip_has_direct shared_ip near_direct customer spf_includes bounce_is_host own_unsigned monthly burst '
                'scatter ptr_bad phantom_sub bounce_unrelated s_undo s_own_hop s_list s_header_ok s_foreign').split():
        p[key] = maybe(.15)
    return p


def measures():
    streams = []
    for i in range(R.randrange(0, 6)):
        n = size()
        bad = R.choice([0, 0, 0, 1, 2, 3, n // 100, n // 50, n // 20, n])
        streams.append(dict(name='s%d' % R.randrange(8), n=n, fail=min(n, bad), dkim=R.choice([n, n, n * 9 // 10, n // 2, 0]),
                            accepted=maybe(.1), critical=maybe(.1)))
    own = sum(s['n'] for s in streams)
    unknown = [dict(name='u%d' % i, n=size(), reviewed=maybe()) for i in range(R.choice([0, 0, 0, 1, 3]))]
    fwd = size()
    m = dict(window=R.choice([35, 35, 35, 90, 180]), history=R.choice([10, 27, 28, 34, 35, 63, 200]),
             days=R.choice([5, 17, 18, 19, 20, 21, 22, 25, 40]), age=R.choice([1, 1, 1, 3, 4]), month_edge=not maybe(.05),
             reporters=R.choice([1, 2, 10]), own=own, own_ev=R.choice([own, own, own // 2, min(own, 700)]),
             own_fail=sum(s['fail'] for s in streams), own_dkim=sum(s['dkim'] for s in streams), fwd=fwd,
             fwd_fail=R.choice([0, 0, fwd // 100, fwd // 10, fwd]), unknown=sum(u['n'] for u in unknown),
             unknown_streams=unknown, stage_days=R.choice([0, 29, 30, 60]), quiet_days=R.choice([5, 13, 14, 27, 28, 60]),
             streams=streams, critical_alerts=maybe(.05), trusted_share=R.choice([1, 1, .8, .79, .1]))
    if maybe(.05):
        m['dns_block'] = ['two records', 'key k1 missing'][:R.randrange(1, 3)]
    if maybe(.1):
        m['dns_warn'] = ['s=k2 1024-bit']
    if maybe(.05):
        m['sub_bad'] = ['shop', 'news'][:R.randrange(1, 3)]
    if maybe(.02):
        m['parked'] = True
    if maybe(.1):           # the design gives this profile a stricter G7 than the model has
        m.update(transactional=True, fwd_fail=0)
    return m


def record():
    words = ['none', 'quarantine', 'reject']
    r = dict(p=R.choice(words))
    for tag in ('sp', 'np'):
        if maybe():
            r[tag] = R.choice(words)
    if maybe():
        r['t'] = 'y'
    if maybe():
        r['pct'] = R.randrange(0, 101)
    return r


V = {k: [] for k in ('upper95', 'wilson', 'regression', 'classify', 'verdict', 'policy')}
for i in range(COUNT // 20):
    n = R.choice([R.randrange(1, 100), R.randrange(1, 5000), R.randrange(1, 10 ** 7)])
    x = min(n, R.choice([0, 1, 2, R.randrange(0, 30), R.randrange(0, 201), R.randrange(0, n + 1)]))
    V['upper95'].append(dict(x=x, n=n, upper=ref.upper95(x, n)))
    lo, hi = ref.wilson(x, n)
    V['wilson'].append(dict(x=x, n=n, lo=lo, hi=hi))
for i in range(COUNT // 10):
    n1, n0 = size(), size()
    a = (R.randrange(0, n1 + 1), n1, R.randrange(0, n0 // 5 + 1), n0)
    V['regression'].append(dict(x1=a[0], n1=a[1], x0=a[2], n0=a[3], alert=ref.regression(*a)))
for i in range(COUNT * 4 // 10):
    p = path()
    c = ref.classify(p)
    V['classify'].append(dict(path=p, cls=c[0], confidence=c[1], own=c[2][0], fwd=c[2][1], spoof=c[2][2], evidence=c[3]))
for i in range(COUNT * 3 // 10):
    m, target = measures(), R.choice(['quarantine', 'reject'])
    v, g, e = ref.verdict(m, target)
    V['verdict'].append(dict(target=target, measures=m, verdict=v, exit=ref.EXIT[v], gates=g, exceptions=e))
for i in range(COUNT // 10):
    r, name, old = record(), R.choice(['d.example', 'sub.d.example', 'ghost.d.example']), maybe(.5)
    exists = name != 'ghost.d.example'
    V['policy'].append(dict(record=r, header_from=name, exists=exists, rfc7489_receiver=old,
                            result=ref.apply_policy(r, name, 'd.example', True, exists, old)))
json.dump(V, sys.stdout)
