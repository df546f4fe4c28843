#!/bin/sh
# `dmarcgate check`: how it looks, how it ends, and that its JSON is what the shipped schema says; on the demonstration's
# samples and, where the reference is, on its made-up organisation. TAP; `tests/check.t --write` takes over what is printed
# now into tests/golden/check-*.
set -u
srcdir=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
golden=$srcdir/tests/golden
program=${DMARCGATE:-$PWD/dmarcgate}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
. "$srcdir/tests/tap.sh"
. "$srcdir/tests/world.sh"
export LC_ALL=C.UTF-8 HOME="$work/home" DMARCGATE_DATA="$srcdir/data"
unset COLUMNS XDG_STATE_HOME XDG_CONFIG_HOME DMARCGATE_DB
write=${1:-}
cd "$work" || exit 99

run() { "$program" --now 2026-11-21T12:00:00Z --db "$work/demo.db" "$@"; }
run --dns-file "$srcdir/samples/zone.txt" --quiet ingest "$srcdir/samples/demo" > out 2>&1

# is STATUS NAME ARGUMENT...: ends so, and prints the golden file check-NAME
is() {
	what=$2 status=$1
	shift 2
	ends "$status" "$what ends with $status" run check "$@"
	sed 's/^/2> /' err >> out
	same "check-$what.txt" "$what"
}
is 2 text harborlight.example
is 2 two lighthouse-cafe.example harborlight.example
is 3 nothing nobody.example
is 2 quiet --quiet harborlight.example lighthouse-cafe.example HarborLight.Example.
is 2 reject --quiet --target reject harborlight.example
is 2 csv --csv harborlight.example
is 2 json --json harborlight.example lighthouse-cafe.example

# A fault is never a verdict
ends 64 "no domain" run check
ends 64 "not a name" run check 'a b'
ends 64 "not a target" run check --target none harborlight.example
ends 78 "no tables" env DMARCGATE_DATA="$work" "$program" --db demo.db check harborlight.example
printf 'id\tsender\n' > senders.tsv
ends 78 "a damaged table" env DMARCGATE_DATA="$work" "$program" --db demo.db check harborlight.example
grep -q "$work/senders.tsv: line 1: 12 fields are wanted" err
ok $? "is named with its line"
printf 'no database' > other.db
ends 78 "no database of ours" run --db other.db check harborlight.example
ends 3 "no database yet" run --db none.db check harborlight.example
[ ! -e none.db ]
ok $? "and none is made"

# Settings
printf '[readiness]\nquarantine.undecided_share = 100%%\nundecided_source = 100000\nreject.own_loss = 5%%\n' > loose.conf
run -c loose.conf check --json harborlight.example > loose.json 2> err
grep -q '"looser_limits":\[{"name":"reject.own_loss","value":0.05,"default":0.002},{"name":"quarantine.undecided_share","value":1,"default":0.02},{"name":"undecided_source","value":100000,"default":20}\]' loose.json
ok $? "looser limits are named"
printf '[readiness]\nown_nets = 192.0.2.0/24\n' > nets.conf
run -c nets.conf check --json harborlight.example > nets.json 2> err
grep -q '"subject":"192.0.2.[0-9]*"' nets.json
ok $? "hosts of one's own networks stand for themselves"

# Names from files of the user's
printf 'base_reverse_dns,name,type\nbroken\n' > map.csv
printf '[names]\nmap_parsedmarc = %s/map.csv\n' "$work" > map.conf
ends 78 "a damaged map" run -c map.conf check harborlight.example
grep -q "map.csv:2: base, name and type are wanted" err
ok $? "is named with its line"
printf '[names]\nmmdb = %s/map.csv\n' "$work" > mmdb.conf
ends 78 "no database of networks" run -c mmdb.conf check harborlight.example
if command -v python3 > err && ! grep -q 'without libmaxminddb' err; then
	python3 "$srcdir/tests/mkmmdb.py" "$work/nets.mmdb" 203.0.113.0/24 as_name "Wires & Sons" 2> err
	printf '[names]\nmmdb = %s/nets.mmdb\n' "$work" > mmdb.conf
	run -c mmdb.conf check --json harborlight.example > named.json 2> err
	grep -q '"subject":"Wires & Sons"' named.json || grep -q 'built without libmaxminddb' err
	ok $? "a network's name, where there is no better one"
	python3 "$srcdir/tests/mkmmdb.py" "$work/nets.mmdb" 203.0.113.0/24 autonomous_system_organization "$(printf 'A\033[31m%0200d' 0)" 2> err
	run -c mmdb.conf check harborlight.example > out 2> err
	! grep -q "$(printf '\033')\[31m0" out
	ok $? "is escaped like everything from outside"
	run -c mmdb.conf senders --class all harborlight.example > out 2> err
	! grep -q country out && [ ! -s err ]
	ok $? "no country that nobody asked for"
	run senders --country harborlight.example > out 2> err
	[ "$(wc -l < err)" -eq 1 ] && grep -q 'mmdb in section \[names\]' err && grep -q 'newsmill' out && ! grep -q country out
	ok $? "--country without such a file: one line says so, and the list is there"
	countries() { # NAME FIELD...
		name=$1
		shift
		python3 "$srcdir/tests/mkmmdb.py" "$work/nets.mmdb" 203.0.113.0/24 "$@" 2> err
		run -c mmdb.conf senders --country --csv --class all harborlight.example > out 2> err
		head -n 1 out | grep -q ',countries$' && grep -q '^harborlight.example,harborlight.example,203.0.113.0/24,.*,SE$' out && [ ! -s err ]
		ok $? "countries as $name has them"
	}
	countries IPinfo country_code SE country Sweden
	run -c mmdb.conf senders --country harborlight.example > out 2> err
	grep -q ' country$' out && grep -Eq '^ *203.0.113.66 .* SE$' out
	ok $? "in the list"
	run -c mmdb.conf senders --country --json harborlight.example > senders.json 2> err
	grep -q '"countries":\["SE"\]' senders.json && grep -q '"countries":\[\]' senders.json
	ok $? "in JSON"
	run -c mmdb.conf explain --country 203.0.113.66 --domain harborlight.example > out 2> err
	grep -q 'Country of its address: SE' out
	ok $? "of a sender's one address"
	run -c mmdb.conf explain --country --json 203.0.113.66 --domain harborlight.example > out 2> err
	grep -q '"country":"SE"' out
	ok $? "and for programs"
	run senders --csv --class all harborlight.example > without 2> err
	run -c mmdb.conf senders --country --csv --class all harborlight.example | sed 's/,[^,]*$//' > out 2> err
	[ -s without ] && cmp -s without out
	ok $? "nobody is judged by them"
	countries "IPinfo once" country SE
	countries MaxMind country.iso_code SE
	python3 "$srcdir/tests/mkmmdb.py" "$work/nets.mmdb" 203.0.113.0/24 country_code "$(printf '\033[')" country sE 2> err
	run -c mmdb.conf senders --country --csv harborlight.example > out 2> err
	grep -q '^harborlight.example,harborlight.example,203.0.113.0/24,.*,$' out
	ok $? "what is no country is none"
	python3 "$srcdir/tests/mkmmdb.py" "$work/nets.mmdb" 203.0.113.0/24 as_name "Wires & Sons" 2> err
	ends 0 "a file with names alone" run -c mmdb.conf senders --country harborlight.example
	grep -q "no country is shown: $work/nets.mmdb knows none of these" err
	ok $? "is said to know no country"
	python3 "$srcdir/tests/mkmmdb.py" "$work/lands.mmdb" 203.0.113.0/24 country.iso_code SE 2> err
	printf 'mmdb_country = %s/lands.mmdb\n' "$work" >> mmdb.conf
	run -c mmdb.conf senders --country harborlight.example > out 2> err
	grep -Eq '^ *Wires & Sons .* SE$' out && [ ! -s err ]
	ok $? "names from one file, countries from another"
	printf '[names]\nmmdb_country = %s/none.mmdb\n' "$work" > mmdb.conf
	ends 0 "a file that nobody asks for is not opened" run -c mmdb.conf senders harborlight.example
	ends 78 "one that is not there is named when it is asked for" run -c mmdb.conf senders --country harborlight.example
else
	echo "ok $((n += 1)) - countries of addresses # SKIP no python3"
	echo "ok $((n += 1)) - a network's name, where there is no better one # SKIP no python3"
	echo "ok $((n += 1)) - is escaped like everything from outside # SKIP no python3"
fi

# What changed
ends 2 "the first verdict" run check --diff harborlight.example
says "No earlier verdict is stored." "has nothing to be held against"
ends 2 "the next day" "$program" --now 2026-11-22T12:00:00Z --db demo.db check --diff --target quarantine harborlight.example
says "No earlier verdict is stored." "another question is another verdict"
printf '2026-11-22 own newsmill.example\n' > dmarcgate.marks
printf '[readiness]\nprofile = transactional\nmarks = %s\n' "$work/dmarcgate.marks" > marks.conf
later() { "$program" -c marks.conf --now 2026-11-22T12:00:00Z --db demo.db check --diff "$@" harborlight.example; }
ends 2 "after a mark" later
sed -n '/^  Since/,$p' out > since && mv since out
same check-diff.txt "what changed"
ends 2 "the same again" later --json
cp out diff.json
ends 2 "a day without news" "$program" -c marks.conf --now 2026-11-23T12:00:00Z --db demo.db check --diff harborlight.example
says "Since 22 Nov nothing changed." "nothing changed"
chmod 400 demo.db && ends 2 "a database that cannot be written" run check --quiet harborlight.example
chmod 600 demo.db

# What a sample's own header tells (sqlite3 looks into the database)
if command -v sqlite3 > err; then
	sed 's/^From: Mara/List-Id: <guild.lists.guild.example>\n&/' "$srcdir/samples/demo/failure-list.eml" > list.eml
	sed 's/192.0.2.140\]/192.0.2.141]/' "$srcdir/samples/demo/failure-list.eml" > elsewhere.eml
	run --db traits.db --offline --quiet ingest list.eml elsewhere.eml "$srcdir/samples/demo/failure-forged.eml" > out 2>&1
	sqlite3 traits.db 'SELECT m.name,f.traits FROM failure f JOIN mail m ON m.id=f.mail ORDER BY 1' > out
	printf 'elsewhere.eml|0\nfailure-forged.eml|2\nlist.eml|3\n' | cmp - out
	ok $? "fields of lists, and where a sample began"
	# Below the source's own line: a relay, one that only calls itself so, and two lines of which the lower one is signed
	sed 's/^DKIM-Signature: v=1; a=rsa-sha256; c=relaxed.relaxed; d=harborlight/Received: from [192.0.2.9] (relay [203.0.113.10])\
 by lists.guild.example; Thu, 12 Nov 2026 09:27:10 +0000\
Received: from a ([192.0.2.11]) by b; Thu, 12 Nov 2026 09:27:10 +0000\
Received: from c ([IPv6:2001:db8::7]) by d; Thu, 12 Nov 2026 09:27:10 +0000\
&/; s/^ h=from:to:subject:date/&:received/' "$srcdir/samples/demo/failure-list.eml" > hops.eml
	run --db hops.db --offline --quiet ingest hops.eml > out 2>&1
	sqlite3 hops.db 'SELECT hops FROM failure' > out
	echo '203.0.113.10! 2001:db8::7;0' | cmp - out
	ok $? "and the hosts it came through, as far as somebody may stand for them"
	run --db hops.db explain "$(run --db hops.db samples | grep -Eo 'sample:[0-9a-f]{6,}')" > out 2>&1
	grep -Eq '^  before +2001:db8::7, so says' out && grep -Eq '^ +203.0.113.10, so says' out
	ok $? "which explain names, the first one first"
	! grep -q 'WHAT COMES THIS WAY' out
	ok $? "and nothing of the way where no report tells of it"
	run --db list.db --offline --quiet ingest list.eml > out 2>&1
	run --db list.db explain "$(run --db list.db samples | grep -Eo 'sample:[0-9a-f]{6,}')" > out 2>&1
	grep -q '^  fields  *of a mailing list or forwarder' out
	ok $? "and that it carries fields of lists"
else
	echo "ok $((n += 1)) - and the hosts it came through # SKIP no sqlite3"
	echo "ok $((n += 1)) - fields of lists, and where a sample began # SKIP no sqlite3"
fi

# The schema
schema() { # NAME FILE...
	name=$1
	shift
	if python3 -c 'import jsonschema' 2> err; then
		python3 "$srcdir/tests/check-schema.py" --optional 'gates/values/*' "$srcdir/data/dmarcgate-verdict-1.schema.json" "$@" > out 2>&1
		ok $? "$name"
		sed 's/^/# /' out | head -n 20
	else
		n=$((n + 1))
		echo "ok $n - $name # SKIP no python3-jsonschema"
	fi
}
run check --json harborlight.example lighthouse-cafe.example nobody.example > demo.json
run check --json --target reject harborlight.example > reject.json
schema "the JSON is what the schema says, and nothing more" demo.json reject.json loose.json diff.json

# The made-up organisation
if [ -e "$world_reference/world.json" ] && command -v python3 > err; then
	world_write mails && world_ingest mails "$work/world.db" > out 2>&1
	world() { "$program" --now "$world_now" --db "$work/world.db" "$@"; }
	ends 0 "host names are looked up" world --dns-file mails/zone.txt enrich
	says "907 addresses looked up, 344 named, 0 not confirmed, 563 without a name, 0 silent; 0 left" "all of them"
	ends 0 "and not again within a week" world --dns-file mails/zone.txt enrich
	says "0 addresses looked up" "none"
	ends 0 "nor offline" world --offline enrich
	world check --json harborlight.example > world.json
	schema "its JSON is what the schema says" world.json
	python3 "$srcdir/tests/world-verdict.py" "$world_reference" world.json --unchecked > out 2>&1
	ok $? "the verdict has the numbers of the reference"
	sed 's/^/# /' out
	for format in csv json; do
		world export rows --$format harborlight.example > rows.$format
		world export days --$format harborlight.example > days.$format
	done
	python3 "$srcdir/tests/world-tables.py" world.json > out 2>&1
	ok $? "days and rows add up to the verdict"
	sed 's/^/# /' out
	# Backwards, mail by mail, and everything twice
	while read -r time folder; do
		for _ in 1 2; do
			find "mails/$folder" -type f | LC_ALL=C sort -r | tr '\n' '\0' |
				xargs -0 "$program" --now "$time" --db back.db --dns-file mails/zone.txt --quiet ingest > out 2>&1
		done
	done < mails/plan
	"$program" --now "$world_now" --db back.db --dns-file mails/zone.txt --quiet enrich
	"$program" --now "$world_now" --db back.db check --json harborlight.example > back.json
	cmp world.json back.json
	ok $? "the same mails in another order, and twice, give the same octets"
	"$program" --now "$world_now" --db back.db export rows --csv harborlight.example > back.csv
	cmp rows.csv back.csv
	ok $? "the same rows, too"
else
	echo "ok $((n += 1)) - the made-up organisation # SKIP no $world_reference"
fi
echo "1..$n"
