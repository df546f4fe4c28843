#!/bin/sh
# The lists that are drawn from a verdict (senders, reporters, simulate), against tests/golden/: of the made-up organisation,
# and of names that somebody chose to do harm. TAP; `tests/lists.t --write` takes over what is printed now: look at
# `git diff` behind it.
set -u
srcdir=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
golden=$srcdir/tests/golden
print=$PWD/tests/print-lists
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
write=${1:-}
. "$srcdir/tests/tap.sh"
. "$srcdir/tests/world.sh"

lines=$work/lines
python3 "$srcdir/tests/assess-world.py" "$world_reference" > "$lines" 2> "$work/err" || rm -f "$lines"
for name in $("$print"); do
	if [ ! -e "$lines" ] && [ "${name#world}" != "$name" ]; then
		n=$((n + 1))
		echo "ok $n - $name # SKIP no $world_reference"
		continue
	fi
	"$print" "$name" "$lines" > "$work/out" 2> "$work/err"
	ok $? "$name is printed"
	case $name in
	*-rows.*) ;; # too large for a golden file: check.t adds them up, and python3 reads them below
	*) same "lists-$name" "$name is as it was" ;;
	esac
	LC_ALL=C TZ=Asia/Tokyo "$print" "$name" "$lines" > "$work/again" && cmp -s "$work/out" "$work/again"
	ok $? "$name is the same in another locale and zone"
	case $name in
	*color*) ;;
	*ascii* | *letter*)
		! LC_ALL=C grep -q '[^ -~]' "$work/out"
		ok $? "$name is ASCII" ;;
	*)
		! LC_ALL=C grep -q '[[:cntrl:]]' "$work/out"
		ok $? "$name holds no control character but newlines" ;;
	esac
	case $name in
	*.json | *.csv)
		command -v python3 > "$work/null" && python3 "$srcdir/tests/lists-readback.py" "$work/out" "${name##*.}" > "$work/err" 2>&1
		ok $? "python3 reads $name"
		sed 's/^/# /' "$work/err" ;;
	esac
done
echo "1..$n"
