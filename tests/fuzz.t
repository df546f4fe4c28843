#!/bin/sh
# What the fuzzers have found out: every input that reached something new in one of them, or broke it, is given to it once
# more (tests/fuzz/NAME.tar.xz). With libFuzzer where that is built in, else with tests/fuzz-main.c. TAP.
set -u
srcdir=${srcdir:-$(dirname "$0")/..}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
. "$srcdir/tests/tap.sh"

if ! command -v xz > /dev/null; then
	echo "1..0 # SKIP no xz"
	exit 0
fi
for source in "$srcdir"/tests/fuzz-*.c; do
	name=${source##*/fuzz-}
	name=${name%.c}
	[ "$name" != main ] || continue
	mkdir "$work/$name"
	xz -dc "$srcdir/tests/fuzz/$name.tar.xz" | tar -xf - -C "$work/$name"
	inputs=$(find "$work/$name" -type f | wc -l)
	"tests/fuzz-$name" "$work/$name"/* > "$work/log" 2>&1
	result=$?
	[ "$inputs" -gt 0 ] || result=1
	ok "$result" "$name: $inputs inputs"
	[ "$result" -eq 0 ] || tail -n 30 "$work/log" | sed 's/^/# /'
done
if command -v python3 > /dev/null; then
	python3 -B "$srcdir/tests/fuzz/seeds.py" "$srcdir/samples" "$work/seeds" > "$work/log" 2>&1 &&
		[ -n "$(find "$work/seeds/mail" -type f)" ]
	ok $? "the samples give seeds"
	sed 's/^/# /' "$work/log"
fi
echo "1..$n"
