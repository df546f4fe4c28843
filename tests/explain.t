#!/bin/sh
# `dmarcgate samples`, `explain` and `reports` on what the demonstration brings: the reporter's word, ours, and no addresses.
# TAP. `tests/explain.t --write` writes the golden files anew.
set -u
srcdir=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
program=${DMARCGATE:-$PWD/dmarcgate}
samples=$(cd "$srcdir/samples" && pwd)
golden=$(cd "$srcdir/tests/golden" && pwd)
write=${1:-}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
. "$srcdir/tests/tap.sh"

run() { # with a fixed clock
	"$program" --db "$work/demo.db" --now 2026-11-21T12:00:00Z --color never "$@"
}

cd "$samples" || exit 99
export LC_ALL=C.UTF-8
ends 0 "samples without a database" run samples
says "No failure report" "and says that there is none"
ends 1 "explain without a database" run explain sample:3f9c21
run ingest --quiet --dns-file zone.txt demo > "$work/ingest" 2>&1
[ -s "$work/demo.db" ]
ok $? "the demonstration is stored"

ends 0 "samples" run samples
same explain-samples.txt "the list"
changed=$(sed -n '/changed:/s/.*\(sample:[0-9a-f]*\).*/\1/p' "$work/out")
bare=$(sed -n '/no sample/s/.*\(sample:[0-9a-f]*\).*/\1/p' "$work/out")
unsigned=$(sed -n '/unsigned/s/.*\(sample:[0-9a-f]*\).*/\1/p' "$work/out")
ends 0 "samples of one domain" run samples harborlight.example
same explain-samples.txt "are the same here"
ends 0 "samples of another domain" run samples lighthouse-cafe.example
says "No failure report" "there are none"
ends 0 "samples of one day" run samples --since 2026-11-16 --until 2026-11-16
says "1 failure report." "there is one"
"$program" --db "$work/demo.db" backup "$work/named.db" && "$program" --db "$work/named.db" --now 2026-11-21T12:00:00Z --quiet \
	enrich --dns-file zone.txt
ends 0 "samples of one sender, by its name" run --db "$work/named.db" samples --sender lists.guild.example
says "sample:" "its own"
says "1 failure report." "and no other"
ends 0 "samples of an address that no other report knows" run samples --sender 192.0.2.78
says "No failure report" "there are none"
ends 0 "samples of a network" run samples harborlight.example --sender 192.0.2.0/24
says "2 failure reports." "those of its addresses"
ends 1 "samples of a sender that is none" run samples --sender nobody.example
grep -q 'no such sender' "$work/err"
ok $? "and it is said"
ends 64 "samples of two domains" run samples a.example b.example
ends 0 "samples as JSON" run samples --json
same explain-samples.json "the list as JSON"
ends 0 "samples as CSV" run samples --csv
same explain-samples.csv "the list as CSV"

ends 0 "explain what a list changed" run explain "$changed"
same explain-changed.txt "the page"
! grep -q 'mara@\|bounce@' "$work/out"
ok $? "no local part is on it"
ends 0 "the same with addresses" run explain "$changed" --show-addresses
says "mara@harborlight.example" "they are on it"
ends 0 "explain as JSON" run explain "$changed" --json
same explain-changed.json "the page as JSON"
ends 0 "explain what nobody signed" run explain "$unsigned"
same explain-unsigned.txt "the page"
ends 0 "explain a notice without a sample" run explain "$bare"
same explain-bare.txt "the page"
ends 1 "explain what is not there" run explain sample:00000000000000000000
ends 1 "explain what cannot be" run explain sample:%n
ends 64 "explain nothing" run explain
ends 64 "explain something else" run explain harborlight.example
ends 64 "explain has no --days" run explain "$bare" --days 3

# a sample that begins with blank lines is read from its header on
mkdir "$work/blank"
sed 's/^Content-Type: message\/rfc822$/&\n\n/' demo/failure-list.eml > "$work/blank/mail.eml"
"$program" --db "$work/blank.db" ingest --quiet --dns-file zone.txt "$work/blank/mail.eml" > "$work/null" 2>&1
ends 0 "samples of a mail whose sample begins with blank lines" \
	"$program" --db "$work/blank.db" --now 2026-11-21T12:00:00Z --color never samples
says "subject tag" "what was changed is found"

# what a verdict rests on
report=$(run reports --json | sed 's/.*"report_id":"\(efdb6b97[0-9a-f]*\)".*/\1/;q')
for id in newsmill.example G6 E53 "report:$report"; do
	page=$(echo "$id" | sed 's/:.*//' | tr '[:upper:]' '[:lower:]')
	ends 0 "explain $id as JSON" run explain "$id" --domain harborlight.example --json
	same "explain-$page.json" "the page as JSON"
	undocumented=$(grep -o '"[a-z0-9_]*":' "$work/out" | tr -d '":' | sort -u | while read -r member; do
		grep -qE -- "^\\.(It )?Li .*\b$member\b" "$srcdir/man/dmarcgate-json.5" || echo "$member"
	done | tr '\n' ' ')
	[ -z "$undocumented" ]
	ok $? "its members are in the manual"
	[ -z "$undocumented" ] || echo "# $undocumented"
done
number=$(run reports domain=harborlight.example --json | sed 's/.*"id":\([0-9]*\),.*"report_id":"'"$report"'".*/\1/;q')
run explain "report:$report" --domain harborlight.example > "$work/by-id" 2>&1
ends 0 "explain a report by the number that the list has" run explain "report:$number" --domain harborlight.example
cmp -s "$work/by-id" "$work/out"
ok $? "it is that report"
ends 0 "an item of evidence without a domain" run explain E53 --json
says '"domain":null' "says so"
ends 1 "what is not there, as JSON" run explain nobody.example --domain harborlight.example --json
[ ! -s "$work/out" ]
ok $? "prints nothing"

ends 0 "reports" run reports
[ "$(grep -c ' signed$' "$work/out")" -gt 30 ]
ok $? "whose signatures hold is shown"
ends 0 "reports as JSON" run reports --json
says '"trust":3,"signer":"bigmail.example","repaired":false' "trust and signer"
sed -n '/^.\{81\}/p' "$golden"/explain-*.txt > "$work/out"
[ ! -s "$work/out" ]
ok $? "no line is longer than 80 columns"
echo "1..$n"
