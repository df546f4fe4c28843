"""A second reading of the design: random worlds of traffic through a model of their own, whose classes and verdicts are those of
the reference (readiness_ref.py), and through assess-world. Naming, paths, homes, features, scatter, measures, window and gates
must agree. Not modelled: alerts, samples, marks, reports that are not signed or longer than a day.
Usage: assess-model.py REFERENCE-DIRECTORY ASSESS-WORLD COUNT SEED"""
import datetime
import os
import random
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict, namedtuple

sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import readiness_ref as ref

DOMAIN, TODAY, WEEK = 'harborlight.example', 20778, 7
EPOCH = datetime.date(1970, 1, 1)
FAILING = ('broken', 'third', 'bare')
# What tests/world.c and assess-world.c know: reporters, services by host, and those that the SPF record reaches.
KNOWN = {'google.com', 'microsoft.com', 'yahoo.com', 'gmx.net', 'mail.ru'}
SERVICES = [('google', 'mailbox', 'google.com'), ('mailchimp', 'sender', 'mcsv.net'), ('zendesk', 'sender', 'zdsys.com'),
            ('amazonses', 'sender', 'amazonses.com'), ('ionosfwd', 'forwarder', 'mout-xforward.kundenserver.de'),
            ('groupsio', 'list', 'groups.io'), ('mimecast', 'gateway', 'mimecast.com')]
REACHED = {'google', 'zendesk'}
Row = namedtuple('Row', 'day reporter ip ptr frm spf_d spf_r dkim n reason')
Source = namedtuple('Source', 'id kind own')            # kind: of the service, or None; own: a host of one's own
Path = namedtuple('Path', 'frm source kind relayed')

# ---- worlds: address, host (`-` none, `?` not confirmed), author, SPF, DKIM, reason, how often it is part of a world
FLOWS = [
    ('192.0.2.10', 'mail.' + DOMAIN, DOMAIN, DOMAIN, 'pass', DOMAIN + '/k1/pass', '-', .9),
    ('192.0.2.10', 'mail.' + DOMAIN, DOMAIN, DOMAIN, 'pass', DOMAIN + '/k1/fail', '-', .1),
    ('192.0.2.11', 'mail2.' + DOMAIN, DOMAIN, 'x.example', 'fail', '-', '-', .15),
    ('192.0.2.25', 'billing.' + DOMAIN, 'billing.' + DOMAIN, 'b.' + DOMAIN, 'pass', '-', '-', .3),
    ('192.0.2.26', '-', DOMAIN, DOMAIN, 'pass', DOMAIN + '/k5/pass', '-', .15),
    ('192.0.2.27', '-', DOMAIN, '-', '-', '-', '-', .15),
    ('198.2.128.77', 'mail77.mcsv.net', 'news.' + DOMAIN, 'mail77.mcsv.net', 'pass', DOMAIN + '/k2/pass,mcsv.net/m/pass', '-', .5),
    ('198.2.128.78', 'mail78.mcsv.net', DOMAIN, 'mail78.mcsv.net', 'pass', 'mcsv.net/m/pass', '-', .15),
    ('198.2.128.78', 'mail78.mcsv.net', DOMAIN, 'mail78.mcsv.net', 'pass', DOMAIN + '/k2/fail', '-', .1),
    ('192.161.144.9', 'out9.zdsys.com', DOMAIN, 'zendesk.com', 'pass', 'zendesk.com/z1/pass', '-', .25),
    ('52.9.9.9', 'a9.amazonses.com', DOMAIN, 'amazonses.com', 'pass', 'amazonses.com/x/pass', '-', .15),
    ('209.85.128.41', 'mail-ej1.google.com', DOMAIN, DOMAIN, 'pass', DOMAIN + '/google/pass', '-', .5),
    ('209.85.220.69', 'mail-sor.google.com', DOMAIN, 'alumni.example', 'pass', DOMAIN + '/google/pass', '-', .3),
    ('209.85.220.69', 'mail-sor.google.com', DOMAIN, 'alumni.example', 'pass', DOMAIN + '/k1/fail', '-', .2),
    ('66.175.222.12', 'web01.groups.io', DOMAIN, 'groups.io', 'pass', DOMAIN + '/k1/fail,groups.io/g/pass', 'mailing_list', .4),
    ('66.175.222.13', 'web02.groups.io', DOMAIN, 'groups.io', 'pass', DOMAIN + '/k1/pass', '-', .2),
    ('205.139.110.61', 'us.mimecast.com', DOMAIN, 'customer.example', 'pass', DOMAIN + '/k1/fail', '-', .3),
    ('212.227.1.1', 'x1.mout-xforward.kundenserver.de', DOMAIN, '-', '-', '-', '-', .2),
    ('203.0.113.77', 'static-77.isp.example', DOMAIN, '-', '-', '-', '-', .25),
    ('198.51.100.210', 'web210.hostco.example', DOMAIN, 'web210.hostco.example', 'pass', '-', '-', .3),
    ('198.51.100.211', '?web211.hostco.example', DOMAIN, 'web211.hostco.example', 'pass', '-', '-', .15),
    ('198.51.100.31', 'pay.example', DOMAIN, 'pay.example', 'pass', '-', '-', .3),
    ('66.66.66.66', 'cust-66.dyn.example', 'ghost.' + DOMAIN, '-', '-', '-', '-', .25),
    ('185.220.10.8', '-', DOMAIN, 'cheap-vps.example', 'pass', '-', '-', .25),
    ('62.1.2.3', 'relay.unlisted.example', DOMAIN, 'unlisted.example', 'pass', DOMAIN + '/k1/fail', '-', .2),
    ('62.1.2.3', 'relay.unlisted.example', DOMAIN, 'unlisted.example', 'pass', DOMAIN + '/k1/pass', '-', .15),
    ('62.1.2.9', 'h9.other.example', DOMAIN, '-', '-', DOMAIN + '/never/fail', '-', .15),
]


def days_back(R, ip, history):
    """Days on which a flow runs: once, monthly, on workdays or always, from and until some day."""
    how = R.random()
    if ip == '198.51.100.31' and how < .6:
        return list(range(R.randrange(3, 28), history + 1, 30)), 1
    if how < .12:
        return [R.randrange(1, history + 1)], 1
    first = R.choice([history] * 3 + [R.randrange(1, history + 1)])
    last = R.choice([0] * 4 + [R.randrange(first)])
    days = [b for b in range(first, last, -1) if how < .8 or (TODAY - b + 3) % WEEK < 5]
    return days, R.choice([.1, .4, .9])


def world(R):
    reporters = R.sample(sorted(KNOWN) + ['small.example', 'tiny.example'], R.randrange(1, 7))
    history, tidy, rows = R.choice([20, 30, 36, 50, 70, 100, 200, 260]), R.random() < .5, []
    rare = [R.randrange(1, 20) for _ in range(3)]       # tiny.example reports too seldom to count
    for ip, ptr, frm, spf_d, spf_r, dkim, reason, part in FLOWS:
        if R.random() > (part * .25 if tidy and part <= .4 else part):
            continue
        frm = frm if frm == DOMAIN or R.random() < .5 else DOMAIN
        most = R.choice([1, 2, 4, 10, 60, 300])
        days, chance = days_back(R, ip, history)
        for back in days:
            for reporter in reporters:
                if R.random() < chance and (reporter != 'tiny.example' or back in rare):
                    rows.append(Row(TODAY - back, reporter, ip, ptr, frm, spf_d, spf_r, dkim, R.randrange(1, most + 1), reason))
    for i in range(R.choice([0, 0, 5, 25, 80])):
        rows.append(Row(TODAY - 1 - R.randrange(min(30, history)), R.choice(reporters), '%d.%d.7.9' % (41 + i, i),
                        R.choice(['-', '-', 'host%d.far.example' % i]), R.choice([DOMAIN, DOMAIN, 'ghost.' + DOMAIN]), DOMAIN,
                        'fail', '-', R.randrange(1, 7), '-'))
    return rows


# ---- a row
def within(name, domain):
    return name == domain or name.endswith('.' + domain)


def host(x):
    return x.ptr if x.ptr[0] not in '-?' else None


def signatures(x):
    return [tuple(s.split('/')) for s in x.dkim.split(',')] if x.dkim != '-' else []


def as_reference(x):
    return {'from': x.frm, 'dkim': signatures(x), 'spf_d': x.spf_d if x.spf_d != '-' else '', 'spf_r': x.spf_r}


def signed(x):
    return ref.evaluate(as_reference(x))[0]


def own_key(x, passed):
    return next(((d, s) for d, s, r in signatures(x) if within(d, DOMAIN) and (r == 'pass') == passed), None)


def bounce(x):
    return x.spf_d if x.spf_r == 'pass' and not within(x.spf_d, DOMAIN) else None


def signer(x):
    return next((d for d, s, r in signatures(x) if r == 'pass' and not within(d, DOMAIN)), None)


def prefix(ip):
    return ip.rsplit('.', 1)[0]


def bad_host(x):
    name = x.ptr.lstrip('?')
    numbers = re.findall(r'\d+', name)
    return x.ptr == '-' or (len(numbers) >= 3 and sum(o in numbers for o in x.ip.split('.')) >= 3) or \
        bool({'dyn', 'dynamic', 'dsl', 'adsl', 'pool', 'cust', 'dialup', 'ppp'} & set(re.findall('[a-z]+', name)))


def total(xs):
    return sum(x.n for x in xs)


def part_of(xs, holds):
    return total([x for x in xs if holds(x)]) / total(xs) if xs else 0


# ---- runs on about the same day of the month
def month_before(day, back):
    when = EPOCH + datetime.timedelta(days=day)
    months = when.year * 12 + when.month - 1 - back
    first = datetime.date(months // 12, months % 12 + 1, 1)
    last = datetime.date((months + 1) // 12, (months + 1) % 12 + 1, 1) - datetime.timedelta(days=1)
    return (first.replace(day=min(when.day, last.day)) - EPOCH).days


def monthly(xs):
    counts, runs = Counter(), []
    for x in xs:
        counts[x.day] += x.n
    for day in sorted(counts, reverse=True):
        if runs and runs[-1][-1] - day <= 4:
            runs[-1].append(day)
        else:
            runs.append([day])
    peaks = [min(run, key=lambda d: (-counts[d], d)) for run in runs]
    sums = [sum(counts[d] for d in run) for run in runs]
    for start in range(min(3, len(runs) - 2)):
        chosen = [start]
        for i in range(start + 1, len(runs)):
            off = peaks[i] - month_before(peaks[start], len(chosen))
            if abs(off) <= 4 and len(chosen) < 4:
                chosen.append(i)
            elif off < -4:
                break
        between = sum(sums[chosen[0]:chosen[-1] + 1])
        if len(chosen) >= 3 and between - sum(sums[i] for i in chosen) <= .05 * between:
            return True
    return False


class Model:
    """What does not depend on the window; `over` does the rest."""

    def __init__(self, rows, target):
        days = defaultdict(set)
        for x in rows:
            days[x.reporter].add(x.day)
        self.strangers = {r for r in days if r not in KNOWN}
        fresh = {r for r in self.strangers if len(days[r]) < 4 or max(days[r]) - min(days[r]) < 13}
        self.rows, self.target = [x for x in rows if x.reporter not in fresh], target
        if self.rows:
            self.first, self.last = min(x.day for x in self.rows), max(x.day for x in self.rows)
            self.covered = {x.day for x in self.rows}
            self.kinds = {x: ref.kind(as_reference(x)) for x in self.rows}
            self.direct = {x.ip for x in self.rows if self.kinds[x] == 'direct'}
            self.name_sources()
            self.find_homes()
            self.paths = defaultdict(list)
            for x in self.rows:
                kind = self.kinds[x]
                self.paths[Path(x.frm, self.sources[x.ip], kind, kind == 'signed' and self.relayed(x))].append(x)

    def name_sources(self):
        self.sources, gist = {}, defaultdict(Counter)
        for x in self.rows:
            gist[x.ip][bounce(x), signer(x)] += x.n
        for x in self.rows:
            name = host(x)
            service = next(((i, k) for i, k, suffix in SERVICES if name and within(name, suffix)), None)
            said = [max(((n, k[i]) for k, n in gist[x.ip].items() if k[i]), default=(0, None))[1] for i in (0, 1)]
            if (name and within(name, DOMAIN)) or (x.ip in self.direct and not service):
                self.sources[x.ip] = Source(x.ip, None, True)
            elif service:
                self.sources[x.ip] = Source(*service, False)
            elif name and not bad_host(x):
                self.sources[x.ip] = Source(ref.org(name), None, False)
            else:
                self.sources[x.ip] = Source(ref.org(said[0] or said[1]) or prefix(x.ip) + '.0/24', None, False)

    def group(self, source):
        return 'own' if source.own else source.id

    def find_homes(self):
        uses = defaultdict(lambda: defaultdict(list))
        for x in self.rows:
            if own_key(x, True) and signed(x):
                uses[own_key(x, True)][self.group(self.sources[x.ip])].append(x)
        self.homes = {}
        for key, groups in uses.items():
            by_direct = any(self.kinds[x] == 'direct' for xs in groups.values() for x in xs)
            counts = {g: total([x for x in xs if (self.kinds[x] == 'direct') == by_direct]) for g, xs in groups.items()}
            span = {g: (min(x.day for x in xs), max(x.day for x in xs)) for g, xs in groups.items() if counts[g]}
            oldest = min(f for f, l in span.values())
            settled = [g for g, (f, l) in span.items() if f == oldest or l - f >= 13]
            self.homes[key] = max(settled, key=lambda g: (counts[g], -span[g][0])), by_direct

    def relayed(self, x):
        source, (home, by_direct) = self.sources[x.ip], self.homes[own_key(x, True)]
        return home != self.group(source) or (source.kind == 'mailbox' and by_direct and not within(x.spf_d, DOMAIN))

    # ---- a window
    def in_window(self, xs):
        return [x for x in xs if x.day > self.last - self.window]

    def features(self, path, xs):
        w, n = self.in_window(xs), total(self.in_window(xs))
        source = path.source
        first, last = min(x.day for x in xs), max(x.day for x in xs)
        here = [(p, self.in_window(ys)) for p, ys in self.paths.items() if p.source == source]
        relayed = [x for p, ys in here if p.relayed for x in ys]
        relays = len({x.day for x in relayed}) >= 3 and total(relayed) >= .1 * sum(total(ys) for p, ys in here)
        keys = Counter()
        for x in w:
            keys[own_key(x, True) or own_key(x, False)] += x.n
        del keys[None]
        home = self.homes.get(min(keys, key=lambda k: (-keys[k], k)), (None,))[0] if keys else None
        same = lambda x: host(x) and ref.org(host(x)) == ref.org(bounce(x))
        unsigned = any(not signed(x) for p, ys in self.paths.items() if p.kind == 'direct' for x in self.in_window(ys))
        near = {prefix(ip) for ip in self.direct if self.sources[ip].kind is None}
        sends = {p.frm for p in self.paths if p.kind not in FAILING}
        return dict(
            kind=path.kind, n=n, org='here', table=source.kind, ips=len({x.ip for x in w}),
            selector_home=home and ('here' if home == self.group(source) else 'elsewhere'),
            weeks=min(self.window // WEEK, max(5, (self.last - first) // WEEK + 1)),
            weeks_seen=len({(self.last - x.day) // WEEK for x in w if (self.last - x.day) // WEEK < self.window // WEEK}),
            weekday_share=part_of(w, lambda x: (x.day + 3) % WEEK < 5), monthly=monthly(xs),
            ptr_own=any(host(x) and within(host(x), DOMAIN) for x in w), shared_ip=source.kind is not None,
            ip_has_direct=any(x.ip in self.direct for x in w), near_direct=any(prefix(x.ip) in near for x in w),
            signed_sibling=relays, signed_sibling_foreign_home=relays, spf_includes=source.id in REACHED,
            customer=source.kind is not None and any(p.kind not in FAILING and not p.relayed for p, ys in here),
            ovr_list=part_of(w, lambda x: x.reason == 'mailing_list'), own_unsigned=unsigned,
            bounce_is_host=path.kind == 'third' and part_of(w, lambda x: bounce(x) and same(x)) > .5,
            bounce_unrelated=path.kind == 'third' and source.kind is None and part_of(w, lambda x: bounce(x) and not same(x)) > .5,
            burst=last - first < 2 and first - self.first >= 28 and sum(d in self.covered for d in range(last + 1, self.last + 1)) >= 3,
            ptr_bad=part_of(w, bad_host) > .8, phantom_sub=path.frm != DOMAIN and path.frm not in sends)

    def weeks(self, rows):
        """Messages of the last week, and of the four before it."""
        back = lambda x: (self.last - x.day) // WEEK
        return total([x for x in rows if back(x) == 0]), total([x for x in rows if 1 <= back(x) <= 4])

    def rose(self, path):
        """A relay by its name alone, with more of what passes and of its own than in the four weeks before."""
        passing = [x for p, xs in self.paths.items() if p.kind not in FAILING for x in xs]
        (now, before), (passing, passed) = self.weeks(self.paths[path]), self.weeks(passing)
        return ref.regression(now, now + passing, before, before + passed)

    def classify(self):
        """Path -> fate, rows of the window, points, evidence. Small paths without any trace of one's own are pooled."""
        fates = dict(own='own', fwd='forwarded', spoof='forged', unknown='undecided')
        features = {p: self.features(p, xs) for p, xs in self.paths.items() if p.kind in FAILING}
        judged, pools = {}, defaultdict(list)
        traces = {'E10', 'E11', 'E12', 'E20', 'E22', 'E23', 'E30', 'E31', 'E32', 'E34', 'E35', 'E40'}
        for p, f in features.items():
            if 0 < f['n'] < 5 and not p.source.own and not traces & set(ref.classify(f)[3]):
                pools[p.frm, p.kind].append(p)
        for (frm, kind), members in pools.items():
            xs = [x for p in members for x in self.in_window(self.paths[p])]
            if len(members) < 20:       # sources stand for prefixes here
                continue
            scatter = Path(frm, Source('scatter', None, False), kind, False)
            features[scatter] = dict(kind=kind, n=total(xs), org='here', ips=99, scatter=True, ptr_bad=part_of(xs, bad_host) > .8,
                                     phantom_sub=features[members[0]]['phantom_sub'],
                                     selector_home=features[members[0]]['selector_home'])
            judged[scatter] = xs
            judged.update((p, []) for p in members)
        for p in self.paths:
            judged.setdefault(p, self.in_window(self.paths[p]))
        for p, xs in judged.items():
            if xs and p.kind in FAILING:
                cls, confidence, points, evidence = ref.classify(features[p])
                rose = cls == 'fwd' and confidence == 'medium' and self.rose(p)
                yield p, 'undecided' if confidence == 'low' or rose else fates[cls], xs, points, evidence
            elif xs:
                yield p, 'forwarded' if p.relayed else 'own', xs, (0, 0, 0), []

    def corroborated(self, xs):
        days = defaultdict(set)
        for x in xs:
            days[x.reporter].add(x.day)
        return any(r in KNOWN for r in days) or len(days) >= 2 or any(len(d) >= 3 for d in days.values())

    def subject(self, path):
        named = {host(x) for x in self.rows if x.ip == path.source.id}
        alone = path.frm in (DOMAIN, path.source.id) or (path.source.own and path.frm in named)
        return path.source.id if alone else path.source.id + '@' + path.frm

    def evidence(self, judged):
        by_reporter, cells = Counter(), Counter()
        for p, fate, xs, _, _ in judged:
            for x in xs if fate == 'own' else []:
                cells[p, x.reporter, x.ip, x.day] += x.n
        for (p, reporter, ip, day), n in cells.items():
            by_reporter[reporter] += min(200, n)
        whole = sum(by_reporter.values())
        most = {r: int(.25 * (whole - n)) if n < whole else int(.2 * whole) for r, n in by_reporter.items()}
        return whole - sum(max(0, by_reporter[r] - most[r]) for r in self.strangers if r in most)

    def quiet(self, judged):
        """Days since an own sender turned up unsigned; whether none ever did. Only senders of the window are known here."""
        learnt = sorted(self.covered)[:WEEK][-1] if len(self.covered) >= WEEK else self.last
        quiet, calm = self.last - learnt, True
        own = defaultdict(list)
        for p, fate, xs, _, _ in judged:
            if fate == 'own':
                own[p.source, p.frm] += self.paths.get(p, [])
        for xs in own.values():
            first = min((x.day for x in xs), default=0)
            early = [x for x in xs if x.day < first + WEEK]
            if first > learnt and part_of(early, signed) < .9:
                quiet, calm = min(quiet, self.last - first), False
        return quiet, calm and quiet < ref.CFG[self.target]['quiet']

    def over(self, window):
        self.window = window
        judged = list(self.classify())
        limits, m = ref.CFG[self.target], Counter()
        streams, unknown = defaultdict(list), defaultdict(list)
        for p, fate, xs, _, _ in judged:
            name = {'forwarded': 'fwd', 'undecided': 'unknown'}.get(fate, fate)
            m[name] += total(xs)
            m[name + '_fail'] += total(xs) if p.kind in FAILING else 0
            m['own_dkim'] += total([x for x in xs if signed(x)]) if fate == 'own' else 0
            if fate == 'own':
                streams[p.source, p.frm].append((p, xs))
            elif fate == 'undecided' and p.source.id != 'scatter':
                unknown[p.source, p.frm] += xs
        m = {k: m[k] for k in ('own', 'own_fail', 'own_dkim', 'fwd', 'fwd_fail', 'unknown', 'forged')}
        begin, found, bad = max(self.last - window + 1, self.first), [], set()
        own, lost = Counter(), Counter()
        for (source, frm), members in streams.items():
            failing = [x for p, xs in members if p.kind in FAILING for x in xs]
            n = sum(total(xs) for p, xs in members)
            fails = total(failing) if self.corroborated(failing) else 0
            found.append(dict(name=self.subject(members[0][0]), n=n, fail=fails,
                              dkim=sum(total([x for x in xs if signed(x)]) for p, xs in members)))
            own[frm] += n
            lost[frm] += total(failing)
            if n >= 10 and fails > limits['stream'] * n:
                bad.add(frm)
        bad |= {f for f in own if lost[f] > limits['own_pt'] * own[f] and lost[f] >= 3}
        m['quiet_days'], m['calm'] = self.quiet(judged)
        m.update(
            window=window, history=self.last - self.first + 1, age=TODAY - self.last, own_ev=self.evidence(judged), streams=found,
            days=len([d for d in self.covered if d >= begin and (window > 35 or (d + 3) % WEEK < 5)]),
            month_edge=any((EPOCH + datetime.timedelta(days=d + 1)).day == 1 for d in range(begin, self.last + 1)),
            reporters=len({x.reporter for p, fate, xs, _, _ in judged if fate != 'forged' for x in xs}),
            stage_days=self.last - self.first + 1 if self.target == 'reject' else 0, sub_bad=sorted(bad - {DOMAIN}),
            unknown_streams=[dict(name=self.subject(Path(f, s, '', False)), n=total(xs)) for (s, f), xs in unknown.items()
                             if self.corroborated(xs)])
        return judged, m

    def verdict(self, m):
        """The reference's, where quiet days that never were disturbed are too few to say anything, not bad news."""
        word, gates, exceptions = ref.verdict(dict(m, quiet_days=99 if m['calm'] else m['quiet_days']), self.target)
        if word in ('ready', 'ready-with-exceptions'):
            attest = m['history'] < 100 or self.target == 'reject'      # quarterly mail; posts to lists
            word = 'not-enough-data' if m['calm'] else 'ready-with-exceptions' if exceptions or attest else 'ready'
        return word, gates

    def judge(self):
        """Widens the window while more days would help."""
        judged, m = self.over(35)
        for window, least in ((90, 36), (180, 180)):
            if m['history'] >= least and self.verdict(m)[0] == 'not-enough-data':
                judged, m = self.over(window)
        return judged, m


# ---- the comparison
def read(text):
    paths, figures, gates, states = {}, {}, set(), set()
    for words in (line.split() for line in text.splitlines()):
        if words[:1] == ['path']:
            paths[tuple(words[1:4])] = words[4], int(words[6][2:]), words[9], sorted(w for w in words[11:] if w[0] == 'E')
        elif words[:1] == ['gate']:
            states.add((words[1], words[2]))
            if words[2] == 'fails':
                gates.add(words[1] + (':' + words[3] if words[3] != '-' else ''))
        elif words[:1] == ['verdict']:
            figures['word'] = words[1]
        elif words[:1] in (['own'], ['forwarded'], ['history']):
            figures.update(zip(words[::2], words[1::2]) if words[0] != 'own' else
                           [('own', words[1]), ('own fails', words[3]), ('evidence', words[5])])
    return paths, figures, gates, states


def differences(model, text):
    judged, m = model.judge()
    paths, figures, gates, states = read(text)
    mine = {(p.frm, p.source.id, p.kind + ('-relayed' if p.relayed else '')): (fate, total(xs), '%d/%d/%d' % points, sorted(evidence))
            for p, fate, xs, points, evidence in judged}
    for key in sorted(set(mine) | set(paths)):
        if mine.get(key) != paths.get(key):
            yield 'path %s: %s, not %s' % (' '.join(key), paths.get(key), mine.get(key))
    for name, key in (('own', 'own'), ('own_fail', 'own fails'), ('own_ev', 'evidence'), ('fwd', 'forwarded'), ('fwd_fail', 'fails'),
                      ('unknown', 'undecided'), ('forged', 'forged'), ('history', 'history'), ('days', 'days'), ('age', 'age'),
                      ('window', 'window')):
        if m[name] != int(figures[key]):
            yield '%s: %s, not %s' % (key, figures[key], m[name])
    if ('G9', 'holds') not in states or m['quiet_days'] != int(figures['quiet']):
        return              # alerts and older senders: not modelled
    word, wanted = model.verdict(m)
    if word != figures['word'] or (word == 'not-ready' and set(wanted) != gates):
        yield '%s %s, not %s %s' % (figures['word'], sorted(gates), word, wanted)


def main():
    program, count, seed, wrong = sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), 0
    for number in range(seed, seed + count):
        target = ('quarantine', 'reject')[number % 2]
        rows = world(random.Random(number))
        model = Model(rows, target)
        if not model.rows:
            continue
        with tempfile.NamedTemporaryFile('w', suffix='.tsv', delete=False) as lines:
            lines.writelines('\t'.join(map(str, x)) + '\n' for x in rows)
        found = subprocess.run([program, lines.name] + ['quarantine'] * (target == 'reject'), capture_output=True, text=True)
        os.unlink(lines.name)
        for line in differences(model, found.stdout):
            print('world %d: %s' % (number, line))
            wrong += 1
    sys.exit(wrong > 0)


main()
