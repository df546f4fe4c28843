#!/bin/sh
# Mails built plainly are read without GMime (parse/plain.h), and must come out as they do there. A blank before a field's
# colon, which RFC 5322 4.5 tolerates, leaves a mail to GMime: every sample is read as it is and with such a field in front.
set -u
srcdir=${srcdir:-$(dirname "$0")/..}
program=${DMARCGATE:-./dmarcgate}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
. "$srcdir/tests/tap.sh"

case $program in
/*) ;;
*) program=$PWD/$program ;;
esac

twins() { # FOLDER: its mails into $work/as-is and, with the field, into $work/by-gmime, under equal names
	rm -rf "$work/as-is" "$work/by-gmime"
	mkdir "$work/as-is" "$work/by-gmime"
	find "$1" -name '*.eml' | LC_ALL=C sort | while read -r file; do
		grep -q '^[A-Za-z-]*:' "$file" && [ "$(tr -dc '\n' < "$file" | wc -c)" -gt 3 ] || continue
		head -n 1 "$file" | grep -q '^[A-Za-z-]*:' || continue
		twin=$(echo "${file#"$1"/}" | tr / _)
		cp "$file" "$work/as-is/$twin"
		end='\n'
		head -n 1 "$file" | grep -q "$(printf '\r')" && end='\r\n'
		{ printf 'X-Twin : 1%b' "$end"; cat "$file"; } > "$work/by-gmime/$twin"
	done
}

compare() { # FOLDER NAME
	twins "$1"
	for way in as-is by-gmime; do
		(cd "$work/$way" && "$program" show --json .) > "$work/$way.json" 2> "$work/$way.err"
	done
	[ "$(wc -l < "$work/as-is.json")" -gt 10 ] && diff "$work/by-gmime.json" "$work/as-is.json" > "$work/diff"
	ok $? "$2"
	cut -c1-300 "$work/diff" | sed 's/^/# /' | head -n 10
}

compare "$srcdir/samples" "every sample says the same to both"
corpus=${DMARCGATE_SHARED:-$srcdir/../shared}/corpus
if [ -d "$corpus" ]; then
	compare "$corpus" "so does every mail of the corpus"
else
	n=$((n + 1))
	echo "ok $n - every mail of the corpus # SKIP no report corpus at $corpus"
fi
echo "1..$n"
