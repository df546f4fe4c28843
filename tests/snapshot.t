#!/bin/sh
# What an ingest remembers of the operator's own domains, with a real name server on loopback (nsd): once a day, what
# changed, and nothing when nobody answers. TAP.
set -u
srcdir=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
samples=$srcdir/samples
program=${DMARCGATE:-$PWD/dmarcgate}
PATH=$PATH:/usr/sbin
for tool in nsd python3; do
	command -v "$tool" > /dev/null || { echo "1..0 # SKIP no $tool"; exit 0; }
done
work=$(mktemp -d) || exit 99
end() {
	server_end
	rm -rf "$work"
}
cd "$work" || exit 99
export LC_ALL=C.UTF-8
. "$srcdir/tests/tap.sh"
. "$srcdir/tests/nsd.sh"
trap end EXIT
printf '[dns]\nresolver = 127.0.0.1@%s\n[dkim]\ndomains = harborlight.example\nselectors = UE2024MAY@harborlight.example\n' "$port" > conf

run() { # TIME ARGUMENT...
	now=$1
	shift
	"$program" -c "$work/conf" --db "$work/db" --now "$now" "$@" > out 2> err
}

answers() { # anything but "later"
	run 2026-01-01 verify "$samples/demo/bigmail-shop-1112.eml"
	[ $? -ne 75 ]
}
serve() { # ZONE: in the place of what was served before
	server_end
	grep -E ' IN ' "$samples/published-$1.txt" | grep -v NXDOMAIN | zone_write
	server_start answers
}

shows() { # WORDS... : each in what was printed
	for words; do grep -qF -- "$words" out || { sed 's/^/# /' out err; return 1; }; done
}

serve autumn || { echo "1..0 # SKIP nsd does not start here: $(tail -n 1 nsd.log)"; exit 0; }
run 2026-11-21T06:00:00Z ingest --quiet "$samples/demo/guild-shop-1118.eml"
ok $? "an ingest"
run 2026-11-21T07:00:00Z dns harborlight.example
shows 'p=none' '10 mx1.harborlight.example' 'o=~; r=postmaster@harborlight.example' 't=y; k=rsa' 'ue2024may._domainkey'
ok $? "what the domain publishes, keys of reports and keys that are listed"
run 2026-11-21T07:00:00Z dns harborlight.example --history --json
shows '"name":"_mta-sts.harborlight.example","type":"TXT","states":[{"first_seen":"2026-11-21T06:00:00Z","last_seen":"2026-11-21T06:00:00Z","status":"nx'
ok $? "what is not there is remembered too"
run 2026-11-21T12:00:00Z ingest --quiet "$samples/demo/guild-shop-1118.eml"
run 2026-11-21T13:00:00Z dns harborlight.example --json
shows '"last_seen":"2026-11-21T06:00:00Z"' && ! grep -q 'T12:00:00Z' out
ok $? "another ingest on the same day asks nothing again"
run 2026-11-22T06:00:00Z ingest --quiet "$samples/demo/guild-shop-1118.eml"
run 2026-11-22T07:00:00Z dns harborlight.example
shows '21 – 22 Nov 2026'
ok $? "the next day does"

serve winter
run 2026-11-23T06:00:00Z ingest --quiet "$samples/demo/guild-shop-1118.eml"
run 2026-11-23T07:00:00Z dns harborlight.example --history
shows 'p=none' 'p=quarantine; t=y; pct=0' '20 mx1.harborlight.example' 'no such record' '4 changes'
ok $? "what changed is a new state"


DMARCGATE_DATA="$srcdir/data" run 2026-11-24T06:00:00Z lint harborlight.example
run 2026-11-24T07:00:00Z dns harborlight.example
shows '23 – 24 Nov 2026'
ok $? "lint remembers what it saw"
DMARCGATE_DATA="$srcdir/data" run 2026-11-24T08:00:00Z --db "$work/none" lint harborlight.example
[ ! -e none ]
ok $? "but makes no database for that"
run 2026-11-24T07:00:00Z dns harborlight.example --history

server_end
cp out before
run 2026-11-29T06:00:00Z ingest --quiet "$samples/demo/guild-shop-1118.eml"
run 2026-11-29T07:00:00Z dns harborlight.example --history
diff before out > difference
ok $? "silence changes nothing"
DMARCGATE_DATA="$srcdir/data" run 2026-11-29T08:00:00Z selectors harborlight.example
shows 'RSA 2048' 'RSA 1024'
ok $? "the keys stand as they were last seen"

serve winter
run 2031-01-01T06:00:00Z ingest --quiet "$samples/demo/guild-shop-1118.eml"
serve autumn
run 2026-11-30T06:00:00Z ingest --quiet "$samples/demo/guild-shop-1118.eml"
run 2026-11-30T07:00:00Z dns harborlight.example
shows 'p=none' '30 Nov 2026' && ! grep -q 2031 out
ok $? "a clock that went ahead does not stand for the present for years"
run 2026-11-30T07:00:00Z dns harborlight.example --history
cp out before
serve winter
run 1970-01-01T00:01:00Z ingest --quiet "$samples/demo/guild-shop-1118.eml"
run 2026-11-30T07:00:00Z dns harborlight.example --history
diff before out > difference
ok $? "and one that is not set yet does not change what was seen"
echo "1..$n"
