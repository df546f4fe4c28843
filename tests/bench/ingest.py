#!/usr/bin/env python3
"""ingest.py ingest|growth|signed|start ROUNDS FOLDER: measures ./dmarcgate, one JSON object a line.

CPU seconds are those of all processes of a run together. The measuring stick is a reader without checks, store of originals, lock or
DKIM, which decodes, inflates, reads XML and inserts into SQLite in batches: the program that $FLOOR names, else
$DMARCGATE_SHARED/perf/floor/floor.c, built in FOLDER. Without either there are seconds and no ratios. Loads are kept in FOLDER."""
import json, math, os, re, resource, shutil, statistics, subprocess, sys, threading, time

part, rounds, folder = sys.argv[1], int(sys.argv[2]), os.path.abspath(sys.argv[3])
here = os.path.dirname(os.path.abspath(__file__))
shared = os.environ.get('DMARCGATE_SHARED', os.path.join(here, '../../../shared'))
program = os.path.abspath('dmarcgate')
db = os.path.join(folder, 'bench.db')
empty = os.path.join(folder, 'zone.txt') # nobody's keys: what is measured does not depend on a name server
os.makedirs(folder, exist_ok=True)
open(empty, 'w').close()


def floor_find():
    source, built = os.path.join(shared, 'perf/floor/floor.c'), os.path.join(folder, 'floor')
    if os.environ.get('FLOOR'):
        return os.environ['FLOOR']
    if os.path.exists(source) and not os.path.exists(built):
        flags = subprocess.run(['pkg-config', '--cflags', '--libs', 'libxml-2.0', 'libarchive', 'zlib', 'sqlite3', 'expat'], capture_output=True, text=True)
        subprocess.run(['cc', '-O2', '-w', '-o', built, source] + flags.stdout.split() + ['-ldeflate', '-lpthread'], capture_output=True)
    if os.path.exists(built):
        return built
    print('bench: no floor to compare with: set FLOOR', file=sys.stderr)
    return None


def load(kind, *arguments):
    """A folder of mails or a report, made once."""
    path = os.path.join(folder, '-'.join([kind] + [str(a) for a in arguments if '/' not in str(a)]) + ('-signed' if '/' in str(arguments[-1]) else ''))
    if not os.path.exists(path):
        print('bench: making %s' % os.path.basename(path), file=sys.stderr)
        before = [str(a) for a in arguments if '/' not in str(a)]
        after = [str(a) for a in arguments if '/' in str(a)]
        subprocess.run([sys.executable, os.path.join(here, 'loads.py'), kind] + before + [path + '.part'] + after, check=True)
        os.rename(path + '.part', path)
    return path


def forget():
    for end in ('', '-wal', '-shm'):
        if os.path.exists(db + end):
            os.remove(db + end)


class Watch(threading.Thread):
    """The most memory that any process of a run had, in kB, by whether it is the first one."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.first, self.others, self.done = pid, 0, 0, False

    def run(self):
        while not self.done:
            parents, memory = {}, {}
            for name in os.listdir('/proc'):
                try:
                    text = open('/proc/%d/status' % int(name)).read()
                    parents[int(name)] = int(re.search(r'PPid:\s+(\d+)', text).group(1))
                    memory[int(name)] = int(re.search(r'VmHWM:\s+(\d+)', text).group(1))
                except (OSError, ValueError, AttributeError):
                    continue
            self.first = max(self.first, memory.get(self.pid, 0))
            for pid in memory:
                above = parents.get(pid, 0)
                while above > 1 and above != self.pid:
                    above = parents.get(above, 0)
                if above == self.pid:
                    self.others = max(self.others, memory[pid])
            time.sleep(0.02)


def run(command, watched=False):
    """(CPU seconds, wall seconds, watch)"""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
    watch = Watch(child.pid) if watched else None
    if watch:
        watch.start()
    said = child.communicate()[1]
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if watch:
        watch.done = True
    if child.returncode not in (0, 1):
        sys.exit('bench: %s: exit %d: %s' % (' '.join(command), child.returncode, said.decode()[-300:]))
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall, watch


def ours(source, *options):
    forget()
    return run([program, '--db', db, '--dns-file', empty, '--quiet'] + list(options) + ['ingest', source])


def stick(source):
    forget()
    return run([floor, 'db', source, '-d', db] + '-s a -i before -f -I -r d -L'.split())


def middle(values):
    return statistics.median(values)


def say(**row):
    print(json.dumps(dict(bench=part, **row)), flush=True)


def ratio(rows, base, at=0):
    return round(middle([a[at] / b[at] for a, b in zip(rows, base)]), 2) if base else None


def syscalls(source):
    """Calls per process group of one run, by strace where it is."""
    if not shutil.which('strace'):
        return None
    forget()
    counts = os.path.join(folder, 'calls')
    subprocess.run(['strace', '-f', '-c', '-o', counts, program, '--db', db, '--dns-file', empty, '--quiet', 'ingest', source], capture_output=True)
    total = re.search(r'^100\.00\s+[\d.]+\s+\d*\s+(\d+)', open(counts).read(), re.M)
    return int(total.group(1)) if total else None


def allocations(source):
    """In one process, by valgrind where it is."""
    if not shutil.which('valgrind'):
        return None
    forget()
    said = subprocess.run(['valgrind', program, '--db', db, '--dns-file', empty, '--quiet', '--no-sandbox', 'ingest', source], capture_output=True, text=True).stderr
    found = re.findall(r'total heap usage: ([\d,]+) allocs', said) # of every process; the one that reads has the most
    return max(int(n.replace(',', '')) for n in found) if found else None


def bench_mails(name, count, records):
    source, full, plain, base, again = load('mails', count, records), [], [], [], []
    for _ in range(rounds):
        if floor:
            base.append(stick(source))
        plain.append(ours(source, '--no-sandbox'))
        full.append(ours(source))
        again.append(run([program, '--db', db, '--dns-file', empty, '--quiet', 'ingest', source]))
    say(load=name, mails=count, records=records, cpu=round(middle([r[0] for r in full]), 3), floor_cpu=round(middle([r[0] for r in base]), 3) if base else None,
        ratio=ratio(full, base), unlocked_ratio=ratio(plain, base), wall_ratio=ratio(full, base, 1),
        again_percent=round(100 * middle([a[0] / f[0] for a, f in zip(again, full)]), 1), octets=os.path.getsize(db))


def bench_report(kind):
    source = os.path.join(load('report', 500000), kind)
    full, base, first, others = [], [], 0, 0
    for _ in range(max(1, rounds - 1)):
        if floor:
            base.append(stick(source))
        forget()
        full.append(run([program, '--db', db, '--dns-file', empty, '--quiet', 'ingest', source], True))
        first, others = max(first, full[-1][2].first), max(others, full[-1][2].others)
    say(load='L ' + kind.split('.', 1)[1], mails=1, records=500000, cpu=round(middle([r[0] for r in full]), 3), ratio=ratio(full, base), wall_ratio=ratio(full, base, 1),
        supervisor_kilobytes=first, worker_kilobytes=others)


def exponent(points):
    """The slope of a line through the logarithms."""
    xs, ys = [math.log(x) for x, _ in points], [math.log(y) for _, y in points]
    x, y = statistics.mean(xs), statistics.mean(ys)
    return round(sum((a - x) * (b - y) for a, b in zip(xs, ys)) / sum((a - x) ** 2 for a in xs), 3)


def bench_growth():
    start = middle([ours(load('mails', 10, 10))[0] for _ in range(3)])
    for what, sizes in (('mails', (1000, 5000, 20000)), ('records', (5000, 50000, 500000))):
        points, memory = [], []
        for n in sizes:
            source = load('mails', n, 5 * n) if what == 'mails' else os.path.join(load('report', n), 'report.xml.gz')
            points.append((n, max(0.001, middle([ours(source)[0] for _ in range(rounds)]) - start)))
            forget()
            memory.append(run([program, '--db', db, '--dns-file', empty, '--quiet', 'ingest', source], True)[2])
        say(load=what, sizes=list(sizes), cpu=[round(y, 3) for _, y in points], exponent=exponent(points), supervisor_kilobytes=[m.first for m in memory],
            worker_kilobytes=[m.others for m in memory])


def bench_signed():
    key, zone = os.path.join(folder, 'key.pem'), os.path.join(folder, 'keys.txt')
    if not os.path.exists(key):
        subprocess.run(['openssl', 'genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048', '-out', key], check=True, capture_output=True)
    public = subprocess.run(['openssl', 'pkey', '-in', key, '-pubout', '-outform', 'DER'], check=True, capture_output=True).stdout
    text = 'v=DKIM1; k=rsa; p=' + __import__('base64').b64encode(public).decode()
    with open(zone, 'w') as out:
        for host in ('bigmail.example', 'office.example', 'portal.example', 'oneline.example', 'modern.example', 'mx.small.example'):
            out.write('bench._domainkey.%s. 3600 IN TXT %s\n' % (host, ' '.join('"%s"' % text[i:i + 200] for i in range(0, len(text), 200))))
    count = 2000
    unsigned, signed, costs = load('mails', count, 10 * count), load('mails', count, 10 * count, key), []
    for _ in range(rounds):
        plain = ours(unsigned)
        forget()
        verified = run([program, '--db', db, '--dns-file', zone, '--quiet', 'ingest', signed])
        costs.append(1000 * (verified[0] - plain[0]) / count)
    good = subprocess.run([program, '--dns-file', zone, 'verify', os.path.join(signed, 'cur', sorted(os.listdir(os.path.join(signed, 'cur')))[0])], capture_output=True)
    say(load='signed', mails=count, milliseconds_a_mail=round(middle(costs), 3), verifies=good.returncode == 0)


def bench_start():
    maildir = os.path.join(folder, 'empty')
    for sub in ('cur', 'new', 'tmp'):
        os.makedirs(os.path.join(maildir, sub), exist_ok=True)
    forget()
    news = [program, '--db', db, '--quiet', 'ingest', maildir]
    run(news)
    for name, command in (('--version', [program, '--version']), ('no news', news), ('question', [program, '--db', db, 'reports'])):
        libraries = subprocess.run(command, env=dict(os.environ, LD_DEBUG='libs'), capture_output=True, text=True).stderr
        walls = [run(command)[1] for _ in range(10 * rounds)]
        say(load=name, milliseconds=round(1000 * middle(walls), 1), best=round(1000 * min(walls), 1), libraries=len(re.findall('calling init', libraries)))


floor = floor_find() if part == 'ingest' else None
if part == 'ingest':
    bench_mails('S', 2000, 20000)
    bench_mails('M', 20000, 300000)
    bench_report('report.xml.gz')
    bench_report('report.eml')
    say(load='S', counted=True, syscalls=syscalls(load('mails', 2000, 20000)), allocations=allocations(load('mails', 2000, 20000)), mails=2000)
elif part == 'growth':
    bench_growth()
elif part == 'signed':
    bench_signed()
else:
    bench_start()
forget()
