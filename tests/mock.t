#!/bin/sh
# The made-up organisation all the way: report mails that are ingested, enriched and asked for give the page, the mail and the
# list that the reference drew, number by number; and as they are printed they stand in tests/golden/mock-* (the page to look
# at: golden/readiness-world.html). TAP;
# `tests/mock.t --write` takes over what is printed now: look at `git diff` behind it.
set -u
srcdir=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
golden=$srcdir/tests/golden
program=${DMARCGATE:-$PWD/dmarcgate}
learn=${DMARCGATE_LEARN:-$PWD/tests/store-learn}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
write=${1:-}
. "$srcdir/tests/tap.sh"
. "$srcdir/tests/world.sh"
world_or_skip
cd "$work" || exit 99
export LC_ALL=C.UTF-8 HOME="$work/home" DMARCGATE_DATA="$srcdir/data"
unset COLUMNS XDG_STATE_HOME XDG_CONFIG_HOME DMARCGATE_DB DMARCGATE_CONF 2> err
mock=$world_reference/../mock

world_write mails && world_ingest mails "$work/db" > out 2>&1
# Somebody was asked about what is sent every quarter, as the drawing takes for granted.
printf '2026-09-20 attest quarterly by=anna\n' > marks
printf '[readiness]\nmarks = %s/marks\n[digest]\nto = postmaster@harborlight.example\n' "$work" > conf
run() { "$program" -c conf --now "$world_now" --db db --dns-file mails/zone.txt "$@"; }
run --quiet enrich > out 2>&1

numbers() { # KIND FILE NAME
	python3 "$srcdir/tests/mock-numbers.py" "$1" "$mock/$2" out > said 2>&1
	ok $? "$3"
	sed 's/^/# /' said
}
ends 0 "the page" run summary harborlight.example
numbers summary summary.txt "has the numbers of the drawing, section by section"
same mock-summary.txt "the page is as it was"
ends 0 "the week's list" run senders --week harborlight.example
numbers senders senders.txt "has the numbers of the drawing"
same mock-senders.txt "the list is as it was"
ends 0 "the mail" run digest --print harborlight.example
cp out mail
python3 "$srcdir/tests/digest-readback.py" mail text > out 2> err
numbers digest digest.txt "has the numbers of the drawing, section by section"
same mock-digest.txt "its text is as it was"
python3 "$srcdir/tests/digest-readback.py" mail html > out 2> err
same mock-digest.html "its HTML is as it was"

# The verdict as a machine reads it: by records that are there, and by records that a look at the DNS left
ends 2 "by a zone file" run check --json harborlight.example
cp out file.json
python3 "$srcdir/tests/world-verdict.py" "$world_reference" file.json > said 2>&1
ok $? "the verdict has the numbers of the reference, the next record and the way back"
sed 's/^/# /' said
"$learn" db 2026-11-21T06:00:00Z mails/zone.txt
ends 2 "by what was seen that morning" "$program" -c conf --now "$world_now" --db db check --json harborlight.example
cmp out file.json
ok $? "it is the same, octet for octet"

# What changed, in the words of the page: what identifies a sender may be an address or a whole hoster
cp db before
ends 2 "a week before" "$program" -c conf --now 2026-11-14T06:30:00Z --db before --dns-file mails/zone.txt check harborlight.example
ends 2 "what changed since" "$program" -c conf --now "$world_now" --db before --dns-file mails/zone.txt check --diff harborlight.example
says "decide whose mail it is, static-77.regional-isp.example" "a host of a hoster is called by its own name"
says "signed less than before, tickets.harborlight.example: high" "a host of one's own is no address"
cp marks more
printf '2026-11-21 notours 203.0.113.77\n2026-11-21 accept zendesk until=2027-05-20\n' >> more
sed "s,/marks,/more," conf > more.conf
ends 2 "the next day" "$program" -c more.conf --now 2026-11-22T06:30:00Z --db before --dns-file mails/zone.txt check --diff harborlight.example
says "no longer to do: decide whose mail it is, static-77.regional-isp.example" "nor is what was settled called otherwise"
says "exception: accepted loss, Zendesk" "a known service has its name"
echo "1..$n"
