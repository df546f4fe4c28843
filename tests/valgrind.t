#!/bin/sh
# The way of the samples under valgrind (make check-valgrind): nothing undefined is looked at, nothing is lost. TAP.
set -u
srcdir=${srcdir:-$(dirname "$0")/..}
valgrind=${VALGRIND:-valgrind --quiet --leak-check=full --suppressions=$srcdir/tests/valgrind.supp}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
n=0

# Every finding of valgrind goes to a log; the program's own exit code is no matter here.
clean() { # NAME COMMAND...
	name=$1
	shift
	$valgrind --log-file="$work/log.%p" "$@" > /dev/null 2> "$work/said"
	n=$((n + 1))
	if cat "$work"/log.* 2> /dev/null | grep -q .; then
		echo "not ok $n - $name"
		cat "$work"/log.* | head -n 40 | sed 's/^/# /'
	else
		echo "ok $n - $name"
	fi
	rm -f "$work"/log.*
}

program() {
	name=$1
	shift
	clean "$name" ./dmarcgate --no-sandbox --db "$work/db" --now 2026-11-21T12:00:00Z "$@"
}

find "$srcdir/samples" -type f -print | LC_ALL=C sort > "$work/files"
set --
while read -r file; do set -- "$@" "$file"; done < "$work/files"
program "show --json of every sample" show --json "$@"
program "show of the demo" show "$srcdir/samples/demo"
program "ingest" --dns-file "$srcdir/samples/zone.txt" ingest "$srcdir/samples"
program "summary" summary harborlight.example
program "summary of all as JSON" summary --format json
program "reports" reports
program "export" export --json
program "reprocess" --offline reprocess
program "verify" --dns-file "$srcdir/samples/zone.txt" verify --explain "$srcdir/samples/demo/failure-list.eml"
program "lint" --dns-file "$srcdir/samples/lint.txt" lint sound.example rua-foreign.example spf-below.example spf-eleven.example
program "record" --dns-file "$srcdir/samples/lint.txt" record watching.example --policy next
program "expire" expire --older-than 1d
echo "1..$n"
