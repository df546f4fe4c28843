#!/bin/bash
# make bench [BENCH='ingest growth signed dkim poll start query']: figures taken in one run on one machine, as ratios where there is
# something to compare with; no test depends on them. Writes bench.json. ROUNDS says how often each is taken; loads are made
# once, in bench-loads, which needs a gigabyte.
#
#   ingest  20,000 and 300,000 records in mails and 500,000 in one report, against a floor (tests/bench/ingest.py)
#   growth  1,000 to 20,000 mails and 5,000 to 500,000 records: does the time grow faster than they do, does the memory?
#   signed  what a DKIM signature costs, when every mail has one and the keys are known
#   start   --version, and a run that finds nothing new
#   poll   mails per second from an IMAP and a POP3 server on loopback into the database, moved or deleted (20 records each)
#   query  questions on RECORDS=10000000 records, a year of 500 domains, in the folder BENCH_FOLDER=bench-data, where the
#          database is made once (1 GB, two minutes) and stays
#   dkim   messages verified per CPU second (3 kB, relaxed/relaxed, key known), against what openssl speed verifies
set -eu
srcdir=${srcdir:-$(dirname "$0")/../..}
rounds=${ROUNDS:-3}
what=${BENCH:-ingest growth signed start dkim poll}
loads=${LOADS:-bench-loads}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C
TIMEFORMAT='%U %S'

median() {
	sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# cpu COMMAND...: seconds of user and system time
cpu() {
	{ time "$@" > /dev/null 2>&1; } 2>&1 | awk '{ print $1 + $2 }'
}

bench_dkim() { # KIND OPENSSL-NAME REPEATS
	python3 "$srcdir/tests/bench/sign.py" "$1" "$work/$1"
	tests/dkim-verify verify --keys "$work/$1/keys.txt" "$work/$1/message.eml" | grep -q '"result":"pass"' ||
		{ echo "bench: the $1 message does not verify" >&2; exit 1; }
	for _ in $(seq "$rounds"); do
		openssl speed -seconds 1 "$2" 2> /dev/null | awk -v name="$2" 'END { print $NF }' >> "$work/$1.openssl"
		DKIM_REPEAT=$3 cpu tests/dkim-verify verify --keys "$work/$1/keys.txt" "$work/$1/message.eml" |
			awk -v n="$3" '{ print n / $1 }' >> "$work/$1.ours"
	done
	ours=$(median < "$work/$1.ours") openssl=$(median < "$work/$1.openssl")
	ratio=$(awk -v a="$ours" -v b="$openssl" 'BEGIN { printf "%.2f", a / b }')
	printf '%-8s %-10s %12.0f %12.0f %8s   goal: at least 0.50\n' dkim "$1" "$ours" "$openssl" "$ratio"
	printf '{"bench":"dkim","kind":"%s","messages_per_cpu_second":%.0f,"openssl_verify_per_second":%.0f,"ratio":%s}\n' \
		"$1" "$ours" "$openssl" "$ratio" >> "$work/json"
}

bench_poll() {
	python3 "$srcdir/tests/bench/poll.py" "$rounds" | tee -a "$work/json" |
		sed -E 's/.*"kind": "([^"]*)".*"mails_per_second": ([0-9]+), "poller_kilobytes": ([0-9]+), "cores": ([0-9]+).*/\1 \2 \3 \4/' |
		while read -r kind speed kilobytes cores; do
			printf '%-8s %-10s %12s %12s %8s   goal: at least 500 mails/s, less than 20480 kB\n' poll "$kind" "$speed" \
				"$kilobytes" "$cores"
		done
	[ -s "$work/json" ]
}

bench_query() {
	python3 "$srcdir/tests/bench/query.py" "$rounds" "${RECORDS:-10000000}" "${BENCH_FOLDER:-bench-data}" |
		tee -a "$work/json" |
		python3 -c '
import json, sys
for line in sys.stdin:
	r = json.loads(line)
	rest = "ratio %s" % r["ratio"] if "ratio" in r else "wait %s s" % r["longest_wait"] if "longest_wait" in r else ""
	print("%-8s %-14s %12.3f %12d %12s   goal: %s" % (r["bench"], r["kind"], r["cpu_seconds"], r["kilobytes"], rest,
		r["goal"]), flush=True)'
	[ -s "$work/json" ]
}

bench_ingest() { # PART
	python3 "$srcdir/tests/bench/ingest.py" "$1" "$rounds" "$loads" | tee -a "$work/json" | python3 "$srcdir/tests/bench/table.py"
}

for part in $what; do
	case $part in
	ingest | growth | signed | start)
		bench_ingest "$part"
		;;
	dkim)
		printf '%-8s %-10s %12s %12s %8s\n' bench key messages/s openssl/s ratio
		bench_dkim rsa rsa2048 20000
		bench_dkim ed25519 ed25519 10000
		;;
	poll)
		printf '%-8s %-10s %12s %12s %8s\n' bench protocol mails/s poller-kB cores
		bench_poll
		;;
	query)
		printf '%-8s %-14s %12s %12s\n' bench question 'CPU s' kB
		bench_query
		;;
	*)
		echo "bench: no such part: $part; there are ingest, growth, signed, start, dkim, poll and query" >&2
		exit 64
		;;
	esac
done
cp "$work/json" bench.json
