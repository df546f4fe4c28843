#!/usr/bin/env python3
"""query.py ROUNDS RECORDS FOLDER: what questions cost on a large database, one JSON object a line.

Run in the build folder. The database is made by tests/bench/year in FOLDER, once: a year of reports about 500 domains,
without the kept originals. Seconds are CPU seconds of all processes of a command and medians of ROUNDS runs with warm caches;
kB is the largest resident size. Goals are for ten million records."""
import json, os, resource, shutil, statistics, subprocess, sys, time

rounds, records, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
srcdir = os.environ.get("srcdir", ".")
LAST_DAY = 20777                                # 2026-11-20
LARGEST, MIDDLE = "acme-1.example", "yarrow-250.example"
YEAR, WEEKS = "2026-11-21T12:00:00Z", "2025-12-26T12:00:00Z"   # after all days; after the first 35
database = os.path.join(folder, f"year-{records}.db")
environment = dict(os.environ, DMARCGATE_DATA=os.path.join(srcdir, "data"), DMARCGATE_CONF="/dev/null",
                   XDG_CONFIG_HOME=os.path.join(folder, "none"), LC_ALL="C")


def run(command, good=(0, 1, 2, 3)):
    """CPU seconds and kB of one run."""
    read, write = os.pipe()
    if not (child := os.fork()):
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 1), os.dup2(null, 2)
        code = subprocess.call(command, env=environment)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        os.write(write, f"{code} {used.ru_utime + used.ru_stime} {used.ru_maxrss}".encode())
        os._exit(0)
    os.close(write)
    code, seconds, size = os.read(read, 100).decode().split()
    os.close(read), os.waitpid(child, 0)
    if int(code) not in good:
        sys.exit(f"query.py: {' '.join(command)}: ended with {code}")
    return float(seconds), int(size)


def year(path, n, day, days):
    return run(["tests/bench/year", path, str(n), str(day), str(days)], good=(0,))


def tell(kind, seconds, size, goal, **more):
    print(json.dumps({"bench": "query", "kind": kind, "records": records, "cpu_seconds": round(seconds, 3),
                      "kilobytes": size, "goal": goal, **more}), flush=True)


def ask(kind, goal, now, *words, less=0.0, shares=1):
    runs = [run(["./dmarcgate", "--db", database, "--now", now, *words]) for _ in range(rounds + 1)][1:]
    seconds = max(statistics.median(r[0] for r in runs) - less, 0) / shares
    tell(kind, seconds, max(r[1] for r in runs), goal)


def drop(path):
    for end in ("", "-wal", "-shm", "-lock"):
        if os.path.exists(path + end):
            os.unlink(path + end)


def ratios_tell(kind, goal, alone, there):
    tell(kind, statistics.median(r[0] for r in there), max(r[1] for r in there), goal,
         ratio=round(statistics.median(b[0] / a[0] for a, b in zip(alone, there)), 2))


def warm(path):
    os.sync()
    with open(path, "rb") as file:
        while file.read(1 << 20):
            pass


def one_more_day(copy):
    """50,000 records more: in 3,400 mails that an ingest reads, and then as facts for the store alone."""
    empty, mails = os.path.join(folder, "empty.db"), os.path.join(folder, "mails")
    ingest = lambda path: run(["./dmarcgate", "--db", path, "--dns-file", os.devnull, "--quiet", "ingest", mails], good=(0,))
    alone, there, stored, stored_there = [], [], [], []
    for i in range(rounds):
        drop(empty), shutil.rmtree(mails, ignore_errors=True)
        subprocess.run([sys.executable, os.path.join(srcdir, "tests/bench/loads.py"), "day", "3400", "50000", str(LAST_DAY + 1 + i), mails],
                       check=True)
        alone.append(ingest(empty)), warm(copy), there.append(ingest(copy))
        drop(empty), warm(copy)
        stored.append(year(empty, 50000, LAST_DAY + 1 + i, 1)), stored_there.append(year(copy, 50000, LAST_DAY + 1 + i, 1))
    drop(empty), shutil.rmtree(mails)
    ratios_tell("another day", "1.3 x an empty database", alone, there)
    ratios_tell("... stored only", "none", stored, stored_there)


def expire_beside_ingest(copy):
    """The longest that a small ingest waits for an expiry of a sixth of the year."""
    expiry = subprocess.Popen(["./dmarcgate", "--db", copy, "--now", YEAR, "--quiet", "expire", "--older-than", "300d"],
                              env=environment, stdout=subprocess.DEVNULL)
    longest, n, ended = 0.0, 0, 0
    while not ended:
        began = time.monotonic()
        year(copy, 1, LAST_DAY + 20, 1)
        longest, n = max(longest, time.monotonic() - began), n + 1
        ended, status, used = os.wait4(expiry.pid, os.WNOHANG)
    if status:
        sys.exit("query.py: expire did not end well")
    tell("expire", used.ru_utime + used.ru_stime, used.ru_maxrss, "an ingest waits 1 s", ingests=n,
         longest_wait=round(longest, 3))


def main():
    os.makedirs(folder, exist_ok=True)
    if not os.path.exists(database):
        drop(database + ".part")
        year(database + ".part", records, LAST_DAY, 365)
        os.rename(database + ".part", database)
    year(database, 0, LAST_DAY, 1)      # brings an older schema up to date
    start = statistics.median(run(["./dmarcgate", "--version"])[0] for _ in range(rounds))
    ask("counts/domain", "0.005 s", YEAR, "summary", "--counts", "--days", "400", less=start, shares=500)
    ask("check 35 days", "0.3 s, 64 MB", WEEKS, "check", LARGEST)
    ask("check 400 days", "1.5 s", YEAR, "check", LARGEST)
    ask("senders week", "0.2 s", YEAR, "senders", "--week", LARGEST)
    ask("... 250th", "0.2 s", YEAR, "senders", "--week", MIDDLE)
    ask("... 35 days", "0.2 s", WEEKS, "senders", "--week", LARGEST)
    ask("html", "2 s", YEAR, "html", "-o", os.path.join(folder, "page.html"), LARGEST)
    ask("summary --all", "3 s", YEAR, "summary", "--all")
    ask("... of 35 days", "3 s", WEEKS, "summary", "--all")
    copy = os.path.join(folder, "copy.db")
    drop(copy)
    shutil.copy(database, copy)
    one_more_day(copy)
    expire_beside_ingest(copy)
    drop(copy)


main()
