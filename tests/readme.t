#!/bin/sh
# The README shows what `./bootstrap demo` prints; `tests/readme.t --write` takes over what it prints now.
set -u
built=$PWD
cd "${srcdir:-$(dirname "$0")/..}" || exit 99
DMARCGATE_PROGRAM=${DMARCGATE_PROGRAM:-$built/dmarcgate}
export DMARCGATE_PROGRAM LC_ALL=C.UTF-8
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT

# How long it took differs from run to run.
steady() {
	sed -E 's/[0-9]+(\.[0-9]+)? s(econds?)?\b/N s/' "$1"
}

./bootstrap demo > "$work/now" 2>&1 < /dev/null
if [ "$(grep -vc '^\$ ' "$work/now")" -eq 0 ]; then
	echo "1..0 # SKIP the program prints nothing yet"
	exit 0
fi
if [ "${1-}" = --write ]; then
	awk -v now="$work/now" '
	/^<!-- demo -->$/ {
		print; print "```"; while ((getline line < now) > 0) print line; print "```"; inside = 1
	}
	/^<!-- end of demo -->$/ { inside = 0 }
	!inside' README.md > "$work/readme" || exit 99
	diff README.md "$work/readme" && exit 0
	printf 'Take this over? [y/N] '
	read -r answer && [ "$answer" = y ] && cat "$work/readme" > README.md
	exit
fi
sed -n '/^<!-- demo -->$/,/^<!-- end of demo -->$/{/^<!--/d;/^```/d;p;}' README.md > "$work/readme"
steady "$work/readme" > "$work/shown"
steady "$work/now" > "$work/printed"
echo "1..1"
if diff "$work/shown" "$work/printed" > "$work/found"; then
	echo "ok 1 - the README shows what the demo prints"
else
	echo "not ok 1 - the README shows what the demo prints"
	sed 's/^/#   /' "$work/found"
fi
