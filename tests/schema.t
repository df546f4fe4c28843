#!/bin/sh
# The JSON Schemas that are installed, and what the program prints: on the golden files, harmful names among them, and on the
# demonstration. tests/check.t does the same for the verdict. TAP.
set -u
srcdir=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
program=${DMARCGATE:-$PWD/dmarcgate}
golden=$srcdir/tests/golden
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
. "$srcdir/tests/tap.sh"
python3 -c 'import jsonschema' 2> "$work/err" || { echo "1..0 # SKIP no python3-jsonschema"; exit 0; }
cd "$work" || exit 99
export LC_ALL=C.UTF-8 HOME="$work/home" DMARCGATE_DATA="$srcdir/data"
unset XDG_STATE_HOME XDG_CONFIG_HOME DMARCGATE_DB DMARCGATE_CONF 2> err

run() {
	"$program" -c conf --db db --now 2026-11-21T12:00:00Z "$@"
}
fits() { # SCHEMA NAME FILE...
	schema=$srcdir/data/dmarcgate-$1-1.schema.json name=$2
	shift 2
	python3 "$srcdir/tests/check-schema.py" --optional mailboxes --optional 'domains/by_*' --optional reports/not_counted --optional 'domains/senders/countries' "$schema" "$@" > out 2>&1
	ok $? "$name"
	sed 's/^/# /' out | head -n 20
}

fits senders "lists of senders" "$golden"/lists-*-senders.json
fits reports "lists of reports" "$golden/report-reports.json"
fits summary "figures" "$golden/report-summary.json" "$golden/report-summary-all.json"
fits ingest "what an ingest did" "$golden/report-ingested.json"

mkdir -p box/cur box/new box/tmp home
cp "$srcdir"/samples/demo/*.eml box/new
printf '[mailbox here]\nurl = maildir://%s/box\n[mailbox there]\nurl = maildir://%s/none\n' "$work" "$work" > conf
run reports --json > none.json
run senders --json >> none-senders.json
run summary --json >> none-summary.json
run --dns-file "$srcdir/samples/zone.txt" ingest --json > ingest.json 2> err
run --dns-file "$srcdir/samples/zone.txt" ingest --json "$srcdir/samples" > files.json 2> err
fits ingest "mailboxes, one of which is not there, and broken files" ingest.json files.json
grep -q '"fault":"' ingest.json && grep -q '"reason":"' files.json
ok $? "... with what was wrong"
run reports --json > reports.json
fits reports "reports, and mails that gave none" reports.json none.json
run reports --not-counted --json > left.json
fits reports "reports that do not count" left.json
grep -q '"not_counted":"new-reporter"' left.json && grep -q '"not_counted":"repeat"' left.json
ok $? "each with its reason"
grep -q '"state":"broken"' reports.json && grep -q '"state":"counts"' reports.json
ok $? "... both of them"
run senders --json > senders.json
run senders --json --class all > all.json
fits senders "senders of all classes" senders.json all.json none-senders.json
run summary --json > summary.json
run summary --json harborlight.example --days 60 > one.json
fits summary "all domains, one of them, and none" summary.json one.json none-summary.json

# What is wrong is found
sed 's/"state":"counts"/"state":"fine"/' reports.json > wrong.json
! python3 "$srcdir/tests/check-schema.py" "$srcdir/data/dmarcgate-reports-1.schema.json" wrong.json > out
ok $? "another word is none of the schema's"
sed 's/"messages":/"letters":/' senders.json > wrong.json
! python3 "$srcdir/tests/check-schema.py" "$srcdir/data/dmarcgate-senders-1.schema.json" wrong.json > out
ok $? "nor another member"
echo "1..$n"
