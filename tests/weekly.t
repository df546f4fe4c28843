#!/bin/sh
# The looks of the weekly mail, against tests/golden/weekly-NAME, and as a reader meets them in Chromium. TAP;
# `tests/weekly.t --write` takes over what is printed now: look at `git diff` behind it.
set -u
srcdir=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
golden=$srcdir/tests/golden
print=$PWD/tests/print-weekly
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
write=${1:-}
. "$srcdir/tests/tap.sh"
. "$srcdir/tests/world.sh"
cd "$work" || exit 99
lines=$work/lines
python3 "$srcdir/tests/assess-world.py" "$world_reference" > "$lines" 2> err || rm -f "$lines"

# Columns of the widest line; lines that are there to be copied are as long as they are.
widest() {
	sed 1,3d out | grep -vE ' IN (TXT "|MX 0)' | wc -L
}

mkdir pages
for name in $("$print"); do
	"$print" "$name" "$lines" > out 2> err
	code=$?
	if [ $code -eq 77 ]; then
		n=$((n + 1))
		echo "ok $n - $name # SKIP no $world_reference"
		continue
	fi
	[ $code -eq 0 ] && [ ! -s err ]
	ok $? "$name is printed"
	same "weekly-$name" "$name is as it was"
	LC_ALL=C TZ=Asia/Tokyo "$print" "$name" "$lines" | cmp - out
	ok $? "$name is the same in another locale and zone"
	case $name in
	*.txt)
		! LC_ALL=C grep -q '[^ -~]' out
		ok $? "$name is ASCII"
		[ "$(widest)" -le 78 ]
		ok $? "$name fits 78 columns"
		;;
	*.html)
		! LC_ALL=C grep -q '[[:cntrl:]]' out
		ok $? "$name holds no control character but newlines"
		cp out "pages/$name"
		;;
	esac
done
for file in "$golden"/weekly-*; do
	"$print" | grep -qx "$(basename "$file" | sed 's/^weekly-//')"
	ok $? "$(basename "$file") has a case"
done

if command -v python3 > err && command -v chromium > err; then
	# shellcheck disable=SC2046,SC2086 # names without blanks
	python3 "$srcdir/tests/chromium.py" ${SHOTS:+--shots "$SHOTS"} \
		$(find pages -name '*.html' ! -name '*-unchanged.html' | sort) > said 2> err
	code=$?
	while read -r line; do
		n=$((n + 1))
		echo "$line" | sed "s/ok /ok $n - /"
	done < said
	[ $code -eq 0 ]
	ok $? "Chromium has looked at all of them"
	[ $code -eq 0 ] || sed 's/^/# /' err | tail -n 5
else
	n=$((n + 1))
	echo "ok $n - mails in Chromium # SKIP no python3 or no Chromium"
fi
echo "1..$n"
