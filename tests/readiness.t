#!/bin/sh
# Verdicts in every look, against tests/golden/readiness-NAME; what must hold for all of them. TAP; `tests/readiness.t --write`
# takes over what is printed now: look at `git diff` behind it.
set -u
srcdir=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
golden=$srcdir/tests/golden
print=$PWD/tests/print-readiness
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
write=${1:-}
. "$srcdir/tests/tap.sh"
. "$srcdir/tests/world.sh"
[ -x "$print" ] || { echo "Bail out! $print is not built"; exit 99; }
lines=$work/lines
python3 "$srcdir/tests/assess-world.py" "$world_reference" > "$lines" 2> /dev/null || rm -f "$lines"

# html NAME: as strict readers see it; what one says, a line each. Some of Debian's tools may not be there.
for python in python3 /usr/bin/python3; do
	"$python" -c 'import html5lib' 2> /dev/null && break
	python=
done
html() {
	case $1 in *hostile*) harm=--harm ;; *) harm= ;; esac
	if [ -n "$python" ]; then
		# shellcheck disable=SC2086 # no word when there is no harm
		"$python" "$srcdir/tests/page-check.py" $harm "$work/out" > "$work/said"
		while read -r line; do
			n=$((n + 1))
			echo "$line" | sed "s/ok /ok $n - $1 /"
		done < "$work/said"
	else
		n=$((n + 1))
		echo "ok $n - $1 is HTML # SKIP no python3-html5lib"
	fi
	if command -v tidy > "$work/said"; then
		tidy -quiet -errors "$work/out" 2> "$work/said"
		[ ! -s "$work/said" ]
		ok $? "tidy has nothing to mend in $1"
		sed 's/^/# /' "$work/said" | head -n 5
	else
		n=$((n + 1))
		echo "ok $n - tidy has nothing to mend in $1 # SKIP no tidy"
	fi
}

# Columns of the widest line; lines that are there to be copied are as long as they are.
widest() {
	sed "s/$(printf '\033')\[[0-9;]*m//g" "$work/out" | grep -vE ' IN (TXT "|MX 0)' | LC_ALL=C.UTF-8 wc -L
}

for name in $("$print"); do
	"$print" "$name" "$lines" > "$work/out" 2> "$work/err"
	code=$?
	if [ $code -eq 77 ]; then
		n=$((n + 1))
		echo "ok $n - $name # SKIP no $world_reference"
		continue
	fi
	[ $code -eq 0 ] && [ ! -s "$work/err" ]
	ok $? "$name is printed"
	case $name in
	hostile*.html | manifold.html | parked.html | old.html | enforced.html | hostile-explain-ascii.txt) ;; # long, and read by parsers below
	*) same "readiness-$name" "$name is as it was" ;;
	esac
	LC_ALL=C TZ=Asia/Tokyo "$print" "$name" "$lines" | cmp - "$work/out"
	ok $? "$name is the same in another locale and zone"
	case $name in
	*-ascii.txt | *-80.txt) width=80 ;;
	*-color.txt) width=100 ;;
	*) width=94 ;;
	esac
	case $name in
	*.txt)
		[ "$(widest)" -le $width ]
		ok $? "$name fits $width columns"
		;;
	esac
	case $name in
	*-color.txt) ;;
	*)
		! LC_ALL=C grep -q '[[:cntrl:]]' "$work/out"
		ok $? "$name holds no control character but newlines"
		;;
	esac
	case $name in *.html) html "$name" ;; esac
	case $name in *-ascii.txt)
		! LC_ALL=C grep -q '[^ -~]' "$work/out"
		ok $? "$name is ASCII"
		;;
	esac
done
for file in "$golden"/readiness-*; do
	"$print" | grep -qx "$(basename "$file" | sed 's/^readiness-//')"
	ok $? "$(basename "$file") has a case"
done
echo "1..$n"
