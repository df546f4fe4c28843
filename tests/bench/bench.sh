#!/bin/bash
# make bench [BENCH=dkim]: figures as ratios taken in one run on one machine; no test depends on them. Writes bench.json.
#
#   dkim   messages verified per CPU second (3 kB, relaxed/relaxed, key known), against what openssl speed verifies
set -eu
srcdir=${srcdir:-$(dirname "$0")/../..}
rounds=${ROUNDS:-3}
what=${BENCH:-dkim}
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

case $what in
dkim)
	printf '%-8s %-10s %12s %12s %8s\n' bench key messages/s openssl/s ratio
	bench_dkim rsa rsa2048 20000
	bench_dkim ed25519 ed25519 10000
	;;
*)
	echo "bench: no such part: $what; there is dkim" >&2
	exit 64
	;;
esac
cp "$work/json" bench.json
