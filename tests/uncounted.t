#!/bin/sh
# `dmarcgate reports --not-counted`: what a verdict leaves out is what its basis names, report by report, on all samples and,
# where the reference is, on its made-up organisation. TAP.
set -u
srcdir=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
program=${DMARCGATE:-$PWD/dmarcgate}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
. "$srcdir/tests/tap.sh"
. "$srcdir/tests/world.sh"
command -v python3 > "$work/out" || { echo "1..0 # SKIP no python3"; exit 0; }
export LC_ALL=C.UTF-8 HOME="$work/home" DMARCGATE_DATA="$srcdir/data"
unset COLUMNS XDG_STATE_HOME XDG_CONFIG_HOME DMARCGATE_DB DMARCGATE_CONF
cd "$work" || exit 99

sums() { # NAME REASONS PROGRAM ARGUMENT...
	name=$1
	shift
	python3 "$srcdir/tests/uncounted-sums.py" "$@" > out 2>&1
	ok $? "$name"
	sed 's/^/# /' out
}
run() { "$program" --now 2026-11-21T12:00:00Z --db samples.db "$@"; }
run --dns-file "$srcdir/samples/zone.txt" --quiet ingest "$srcdir/samples" > out 2>&1
sums "as many of each reason as the basis names" new-reporter,repeat,conflict,resent,impossible \
	"$program" --now 2026-11-21T12:00:00Z --db samples.db
printf '[readiness]\ntrust = strict\n' > strict.conf
sums "and where only authenticated reports count" unauthenticated,new-reporter \
	"$program" --now 2026-11-21T12:00:00Z --db samples.db -c strict.conf
sums "and of another day, which looks at other days" impossible \
	"$program" --now 2026-11-14T12:00:00Z --db samples.db
if [ -e "$world_reference/world.json" ]; then
	world_write mails && world_ingest mails "$work/world.db" > out 2>&1
	sums "of the made-up organisation" unauthenticated,repeat "$program" --now "$world_now" --db world.db
else
	echo "ok $((n += 1)) - the made-up organisation # SKIP no $world_reference"
fi
echo "1..$n"
