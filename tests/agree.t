#!/bin/sh
# Whoever asks one database in every way is told of the same messages, to the last one: verdict, page, lists, exports,
# simulation and explanations; of all samples and, where the reference is, of its made-up organisation. TAP.
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
: > conf # whose marks are nobody's

agree() { # NAME ARGUMENT...
	name=$1
	shift
	python3 "$srcdir/tests/agree.py" "$program" -c conf "$@" > out 2>&1
	ok $? "$name"
	sed 's/^/# /' out | head -n 20
}
"$program" --now 2026-11-21T12:00:00Z --db samples.db --dns-file "$srcdir/samples/zone.txt" --quiet ingest "$srcdir/samples" > out 2>&1
agree "all samples" --now 2026-11-21T12:00:00Z --db samples.db
agree "of another day" --now 2026-11-14T12:00:00Z --db samples.db
# A record that reaches a service makes its mail one's own: in every output, or in none.
agree "by the records in a file" --now 2026-11-21T12:00:00Z --db samples.db --dns-file "$srcdir/samples/zone.txt"
if [ -e "$world_reference/world.json" ]; then
	world_write mails && world_ingest mails "$work/world.db" > out 2>&1
	agree "the made-up organisation" --now "$world_now" --db world.db --dns-file mails/zone.txt
else
	echo "ok $((n += 1)) - the made-up organisation # SKIP no $world_reference"
fi
echo "1..$n"
