#!/bin/sh
# The pages as readers meet them: in Chromium at desk and phone width, by day and by night, closed and with all opened. No
# console message, no request, nothing wider than the screen, no text too faint, no picture without a name. And how they are
# written: whole or not at all. TAP; SHOTS=FOLDER keeps pictures to look at.
set -u
srcdir=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
print=$PWD/tests/print-readiness
program=${DMARCGATE:-$PWD/dmarcgate}
work=$(mktemp -d) || exit 99
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
. "$srcdir/tests/tap.sh"
now=2026-11-21T12:00:00Z
export LC_ALL=C.UTF-8 HOME="$work" DMARCGATE_DB="$work/page.db"
unset XDG_CONFIG_HOME DMARCGATE_CONF 2> "$work/err"

# ---- how pages are written
cp -R "$srcdir/samples" "$work/samples" && cd "$work" || exit 99
"$program" --now $now --dns-file samples/zone.txt --quiet ingest samples/demo > out 2>&1
run() {
	"$program" --now $now "$@"
}
ends 0 "one page to standard output" run html harborlight.example
says '<!doctype html>' "it is a page"
cp out first
ends 0 "the same into a file" run html harborlight.example -o one.html
cmp first one.html
ok $? "octet for octet"
[ "$(stat -c %a one.html)" = 600 ]
ok $? "a new page is for its owner"
chmod 644 one.html
ends 0 "once more" run html harborlight.example -o one.html
[ "$(stat -c %a one.html)" = 644 ] && [ "$(find . -maxdepth 1 -name '.dmarcgate-*' | wc -l)" -eq 0 ]
ok $? "it keeps its permissions, and leaves nothing beside it"
ends 75 "onto a full disk" run html harborlight.example -o /dev/full
ends 78 "into a folder that is not there" run html harborlight.example -o nowhere/one.html
if [ "$(id -u)" -ne 0 ]; then
	mkdir closed && cp one.html closed && chmod 500 closed
	ends 78 "into a folder that is closed" run html harborlight.example -o closed/one.html
	cmp one.html closed/one.html
	ok $? "the page that was there is there"
fi
ends 0 "all of them into a folder" run html --all -o pages
[ -s pages/index.html ] && [ -s pages/harborlight.example.html ] && [ -s pages/lighthouse-cafe.example.html ]
ok $? "an index and a page for each"
grep -q 'href="harborlight.example.html"' pages/index.html
ok $? "the index leads to them"
ends 0 "a page for each sender" run html harborlight.example --pages senders
[ "$(find senders -name '*.html' | wc -l)" -eq 7 ] && [ "$(stat -c %a senders)" = 700 ]
ok $? "six of them and an index"
ls -i senders/newsmill* > before
ends 0 "again" run html harborlight.example --pages senders
[ "$(find senders -name '*.html' | wc -l)" -eq 7 ] && ls senders/newsmill* > after && [ "$(sed 's/^[0-9]* //' before)" = "$(cat after)" ]
ok $? "under the same names"
ends 0 "and so for all domains" run html --all --pages folders
[ -s folders/harborlight.example/index.html ] && [ -s folders/lighthouse-cafe.example/index.html ]
ok $? "a folder for each"
lost=0
for page in senders/*.html folders/*.html folders/*/*.html pages/index.html; do
	grep -o 'href="[^"]*"' "$page" | sed 's/^href="//; s/"$//' > links
	while IFS='#' read -r file place; do
		target=$(dirname "$page")/$file
		[ -n "$file" ] || target=$page
		{ [ -s "$target" ] && { [ -z "$place" ] || grep -qF "id=\"$place\"" "$target"; }; } || { lost=1; echo "# $page: $file#$place"; }
	done < links
done
ok $lost "every link leads to something"
ends 64 "-o or --pages" run html harborlight.example -o one.html --pages senders
ends 78 "into a folder that cannot be" run html harborlight.example --pages /dev/null/x
ends 78 "into a file" run html --all --pages /dev/full
ends 64 "all of them need a folder" run html --all
ends 64 "one domain, or all" run html
ends 64 "not both" run html --all harborlight.example -o pages
ends 64 "no domain" run html 'no domain' -o one.html
ends 64 "-o belongs to html" run reports -o one.html

# ---- how they look
lines=$work/lines
. "$srcdir/tests/world.sh"
python3 "$srcdir/tests/assess-world.py" "$world_reference" > "$lines" 2> err || rm -f "$lines"
for name in world manifold hostile silent; do
	"$print" $name.html "$lines" > $name.html 2> err || rm -f $name.html
done
look() { # OPTION... FILE...
	python3 "$srcdir/tests/chromium.py" ${SHOTS:+--shots "$SHOTS"} "$@" > said 2> err
	code=$?
	if [ $code -eq 77 ]; then
		n=$((n + 1))
		echo "ok $n - pages in Chromium # SKIP there is no Chromium"
		return
	fi
	while read -r line; do
		n=$((n + 1))
		echo "$line" | sed "s/ok /ok $n - /"
	done < said
	[ $code -eq 0 ]
	ok $? "Chromium has looked at $*"
	[ $code -eq 0 ] || sed 's/^/# /' err | tail -n 5
}
if command -v python3 > err; then
	# shellcheck disable=SC2046 # names without blanks
	look $(find . -maxdepth 1 -name '*.html' ! -name hostile.html ! -name one.html | sort) pages/index.html senders/newsmill* senders/index.html
	# shellcheck disable=SC2046
	look --open $(find . -maxdepth 1 \( -name hostile.html -o -name world.html \) | sort)
else
	n=$((n + 1))
	echo "ok $n - pages in Chromium # SKIP no python3"
fi
echo "1..$n"
