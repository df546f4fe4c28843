#!/bin/sh
# What is known of published records, without asking anybody: `dns` and `selectors` on the demonstration's reports and two
# sights of its zone, against tests/golden/published-NAME.txt. TAP; `tests/published.t --write` takes over what is printed.
set -u
built=$PWD
srcdir=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
golden=$srcdir/tests/golden
program=${DMARCGATE:-$built/dmarcgate}
learn=${DMARCGATE_LEARN:-$built/tests/store-learn}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
. "$srcdir/tests/tap.sh"
cd "$srcdir/samples" || exit 99
export LC_ALL=C.UTF-8 DMARCGATE_DB="$work/db" DMARCGATE_DATA="$srcdir/data"
unset COLUMNS
write=${1:-}

run() {
	"$program" -c "$work/conf" --now 2026-11-21T12:00:00Z "$@"
}

# is NAME.EXT ARGUMENT...
is() {
	name=$1
	shift
	run "$@" > "$work/have" 2>&1
	status=$?
	echo "exit $status" >> "$work/have"
	[ "$write" != --write ] || cp "$work/have" "$golden/published-$name"
	diff -u "$golden/published-$name" "$work/have" > "$work/diff" 2>&1
	status=$?
	ok $status "$name"
	[ $status -eq 0 ] || sed 's/^/# /' "$work/diff" | head -n 40
}

printf '[dkim]\nselectors = UE2024MAY@harborlight.example, news@news.harborlight.example, x@other.example\n' > "$work/conf"
is dns-no-database.txt dns harborlight.example
is selectors-no-database.txt selectors harborlight.example
run --dns-file zone.txt ingest --quiet demo > "$work/out" 2>&1
[ $? -eq 1 ]
ok $? "the demonstration's reports"
is selectors-unlooked.txt selectors harborlight.example
for sight in 2026-09-01:autumn 2026-11-02:autumn 2026-11-03:winter 2026-11-20:winter; do
	"$learn" "$DMARCGATE_DB" "${sight%:*}" "published-${sight#*:}.txt" || echo "# $sight"
done
is dns.txt dns harborlight.example
is dns-history.txt dns harborlight.example --history
is dns-history.json dns Harborlight.example. --history --json
is dns-below.txt dns _domainkey.harborlight.example --history
is dns-nothing.txt dns other.example
is dns-misspelt.txt dns harborlihgt.example
is dns-usage.txt dns
is dns-no-domain.txt dns 'not a name'
is selectors.txt selectors harborlight.example
is selectors.json selectors --json harborlight.example
is selectors.csv selectors --csv harborlight.example
is selectors-cafe.txt selectors lighthouse-cafe.example
is selectors-nobody.txt selectors nobody.example
is selectors-usage.txt selectors
run expire --older-than 10d > "$work/out" 2>&1
run dns harborlight.example --history > "$work/out"
grep -q 'p=quarantine' "$work/out" && ! grep -q 'p=none' "$work/out"
ok $? "expire forgets what was seen before, and keeps what stands"
echo "1..$n"
