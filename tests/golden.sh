#!/bin/sh
# Writes tests/golden/report-* anew after showing what would change: tests/golden.sh BUILD-FOLDER [--yes]
build=${1:?build folder}
golden=$(cd "$(dirname "$0")" && pwd)/golden
new=$(mktemp -d) || exit 1
trap 'rm -rf "$new"' EXIT
make -C "$build" tests/print-report >/dev/null || exit 1
for name in $("$build/tests/print-report"); do
	"$build/tests/print-report" "$name" >"$new/report-$name" || exit 1
done
mkdir -p "$golden"
diff -u --text "$golden" "$new" | cut -c1-200 | cat -v && [ -z "$(diff -rq "$golden" "$new")" ] && { echo "nothing changes"; exit 0; }
if [ "$2" != --yes ]; then
	printf 'Take this over? [y/N] '
	read -r answer
	[ "$answer" = y ] || exit 1
fi
rm -f "$golden"/report-*
cp "$new"/report-* "$golden"/
