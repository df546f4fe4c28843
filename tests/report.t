#!/bin/sh
# What the report room prints, against tests/golden/, and read back by others: python3's json and csv, jq.
# TAP; regenerate with tests/golden.sh, which shows the difference first.
: "${srcdir:=.}"
print=tests/print-report
golden=$srcdir/tests/golden
out=$(mktemp -d) || exit 99
trap 'rm -rf "$out"' EXIT
n=0 failed=0

ok() { n=$((n + 1)); echo "ok $n - $1"; }
not_ok() { n=$((n + 1)); failed=1; echo "not ok $n - $1"; }
skip() { n=$((n + 1)); echo "ok $n - $1 # SKIP $2"; }
is() { if "$@" >"$out/said" 2>&1; then ok "$what"; else not_ok "$what"; sed 's/^/# /' "$out/said" | head -20; fi; }

[ -x $print ] || { echo "Bail out! $print is not built"; exit 99; }

for name in $($print); do
	what="$name is as it was"
	if $print "$name" >"$out/$name" 2>"$out/said"; then
		is diff -u "$golden/report-$name" "$out/$name"
	else
		not_ok "$what: $print says $?"
		sed 's/^/# /' "$out/said" | head -20
	fi
	what="$name is the same in another locale and zone"
	LC_ALL=C TZ=Asia/Tokyo $print "$name" >"$out/again" 2>/dev/null
	is cmp "$out/$name" "$out/again"
	case $name in
	*color*) continue ;;
	reports.txt | ingested.txt | summary-none.txt) continue ;; # hold a coloured part
	*)
		what="$name holds no control character but newlines"
		is sh -c "! LC_ALL=C grep -q '[[:cntrl:]]' '$out/$name'" ;;
	esac
	case $name in *ascii*)
		what="$name is ASCII"
		is sh -c "! LC_ALL=C grep -q '[^ -~]' '$out/$name'" ;;
	esac
done
for file in "$golden"/report-*; do
	what="$(basename "$file") has a case"
	is test -f "$out/$(basename "$file" | sed 's/^report-//')"
done

if command -v python3 >/dev/null; then
	for check in show export summary reports samples verify ingested csv man; do
		what="python3 reads back: $check"
		is python3 "$srcdir/tests/report-readback.py" "$out" $check
	done
else
	skip "python3 reads back" "no python3"
fi
if command -v jq >/dev/null; then
	for name in $($print | grep 'json$'); do
		what="jq reads $name"
		is jq -e . "$out/$name"
	done
	what="one jq script for show and export"
	jq -c '.reports[].records[].source.ip_address' "$out/show.json" | head -5 >"$out/a"
	jq -c '.reports[].records[].source.ip_address' "$out/export.json" | head -5 >"$out/b"
	is cmp "$out/a" "$out/b"
else
	skip "jq reads the JSON" "no jq"
fi
echo "1..$n"
exit $failed
