#!/bin/sh
# The way from files to facts: everything once, whatever interrupts it. TAP.
#
# ROUNDS: how often an ingest is killed (10; check-long: 200). What is ingested are our samples, and the corpus of real
# reports where it is at hand.
set -u
srcdir=${srcdir:-$(dirname "$0")/..}
program=${DMARCGATE:-$PWD/dmarcgate}
dump=$PWD/tests/store-dump
samples=$(cd "$srcdir/samples" && pwd)
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
. "$srcdir/tests/tap.sh"
rounds=${ROUNDS:-10}

# The program with a fixed clock and without the DNS.
run() { # DATABASE ARGUMENT...
	db=$1
	shift
	case " $* " in
	*" ingest "* | *" reprocess "*) set -- --offline "$@" ;;
	esac
	"$program" --db "$db" --now 2026-11-21T12:00:00Z "$@"
}

same() { # FILE FILE: equal, and there is something in it
	[ -s "$1" ] && cmp "$1" "$2"
}

# The inputs, in a folder of our own, so that their names are the same in every run.
mkdir "$work/in"
cp -R "$samples" "$work/in/samples"
[ ! -d "${DMARCGATE_SHARED:-}/corpus" ] || for folder in aggregate failure hostile mailbox tlsrpt; do
	cp -R "$DMARCGATE_SHARED/corpus/$folder" "$work/in/$folder"
done
chmod -R u+w "$work/in"
cd "$work" || exit 99

run whole.db ingest --quiet in > whole.out 2> whole.err
[ $? -eq 1 ]
ok $? "an ingest with broken inputs ends with 1"
"$dump" whole.db > whole.txt
[ -s whole.txt ]
ok $? "the database can be dumped"
grep -q yonder-shop-1113-cut.eml whole.err
ok $? "a broken input is named"

run whole.db ingest --quiet in > again.out 2> again.err
"$dump" whole.db > again.txt
same whole.txt again.txt
ok $? "twice gives the same content as once"

run again.db ingest --quiet in > /dev/null 2>&1
cp -R in elsewhere
run again.db ingest --json elsewhere > elsewhere.out 2> /dev/null
"$dump" again.db | grep -v '^file|' > copy.txt
grep -v '^file|' whole.txt > named.txt
same named.txt copy.txt
ok $? "the same octets under other names change nothing"

# A mail whose readers give up, or die, is kept for a version, or a ceiling, that can read it.
awk 'BEGIN {
	print "<feedback><report_metadata><org_name>a.example</org_name><email>d@a.example</email><report_id>1</report_id>" \
		"<date_range><begin>1763510400</begin><end>1763596799</end></date_range></report_metadata>" \
		"<policy_published><domain>example.org</domain><p>none</p></policy_published>"
	for (i = 0; i < 3000; i++)
		printf "<record><row><source_ip>10.0.%d.%d</source_ip><count>1</count><policy_evaluated><disposition>none</disposition>" \
			"<dkim>fail</dkim><spf>fail</spf></policy_evaluated></row><identifiers><header_from>example.org</header_from>" \
			"</identifiers><auth_results/></record>\n", i / 250, i % 250
	print "</feedback>"
}' | gzip -n9 > many.xml.gz
for how in "--jobs 2" "--no-sandbox"; do
	rm -f died.db* lived.db*
	printf '[limits]\nfeedback = 40k\n' > tight.conf
	# shellcheck disable=SC2086
	run died.db -c tight.conf $how ingest --quiet many.xml.gz > out 2> err
	[ $? -eq 1 ] && grep -q 'many.xml.gz: mail: .*`feedback`' err
	ok $? "$how: a mail that cannot be read is broken"
	run died.db reports --json > out 2>> err
	! grep -q a.example out
	ok $? "... and none of it is stored"
	# shellcheck disable=SC2086
	run died.db -c tight.conf $how reprocess > out 2> err
	[ $? -eq 75 ] && grep -q 'many.xml.gz: could not be read again' err
	ok $? "... nor by reading it again in the same way"
	# shellcheck disable=SC2086
	run died.db $how reprocess > out 2> err && grep -q '^1 mail read again: 1 report,' out
	ok $? "... but by a version that can"
	run lived.db ingest --quiet many.xml.gz > out 2> err
	run died.db export --json > died.txt 2> err && run lived.db export --json > lived.txt 2> err && same died.txt lived.txt
	ok $? "... whole"
done

for how in "--jobs 1" "--jobs 8" "--no-sandbox"; do
	rm -f how.db*
	# shellcheck disable=SC2086
	run how.db $how ingest --quiet in > /dev/null 2>&1
	"$dump" how.db > how.txt
	same whole.txt how.txt
	ok $? "$how gives the same content"
done

cp whole.db re.db
run re.db reprocess > re.out 2> re.err
ok $? "what was kept can be read again"
"$dump" re.db > re.txt
# The names of attachments are not kept, so a problem's place may be shorter.
shorter() { sed -E 's/^(problem\|[^|]*\|[^|]*\|[^|]*\|)[^|]*/\1/' "$1" | LC_ALL=C sort; }
shorter whole.txt > whole.short
shorter re.txt > re.short
same whole.short re.short
ok $? "reading it again gives the same content"

# Ended processes are no longer there, or zombies that nobody has asked for; one that was killed may take a moment to go.
ended() { # PID: 0 once it has ended
	tries=0
	while still=$(cat "/proc/$1/stat" 2> /dev/null) && [ -n "$still" ]; do
		case $still in *") Z "* | *") X "*) break ;; esac
		[ $((tries += 1)) -le 50 ] || return 1
		sleep 0.1
	done
}

# Killed: at points spread over the whole run, from before the first commit to its end.
start=$(date +%s%N)
run time.db ingest --quiet in > /dev/null 2>&1
took=$((($(date +%s%N) - start) / 1000000))
bad=0 left=0 round=0 struck=0
while [ $round -lt "$rounds" ]; do
	round=$((round + 1))
	rm -f killed.db*
	delay=$((took * (round * 7919 % 1000) / 1000))
	"$program" --db killed.db --now 2026-11-21T12:00:00Z --offline ingest --quiet in > /dev/null 2>&1 &
	pid=$! # of the program itself: a function would run in a shell of its own
	sleep "$(printf '%d.%03d' $((delay / 1000)) $((delay % 1000)))"
	children=$(pgrep -P $pid)
	kill -9 $pid 2> /dev/null
	wait $pid 2> /dev/null
	if [ $? -eq 137 ]; then struck=$((struck + 1)); else took=$delay; fi # it was through: the machine has become faster
	if [ -f killed.db ]; then # killed in the middle of its making it has no tables yet, and must still be a database
		check=$(sqlite3 killed.db 'PRAGMA integrity_check' 2>&1)
		[ "$check" = ok ] || { echo "# round $round: after $delay ms: $check"; bad=1; }
	fi
	run killed.db ingest --quiet in > /dev/null 2>&1
	"$dump" killed.db > killed.txt
	same whole.txt killed.txt || { echo "# round $round: killed after $delay ms"; bad=1; }
	for child in $children; do
		ended "$child" || { echo "# round $round: killed after $delay ms, and left: $still"; left=1; }
	done
done
ok $bad "killed $rounds times and run again: the same content as undisturbed"
[ $struck -ge $((rounds / 3)) ]
ok $? "at least a third of the kills ($struck) struck before the end"
ok $left "no process outlives its supervisor"

# Two at once: one waits for the other, or says who holds the lock.
run two.db ingest --quiet in > /dev/null 2>&1 &
first=$!
run two.db ingest --quiet in > /dev/null 2> two.err
second=$?
wait $first
"$dump" two.db > two.txt
same whole.txt two.txt
ok $? "two ingests at once: the same content"
[ $second -eq 0 ] || [ $second -eq 1 ] || { [ $second -eq 75 ] && [ -s two.err ]; }
ok $? "the second one waited, or said that it could not"

echo garbage > not.db
run not.db summary > /dev/null 2> not.err
[ $? -eq 78 ] && [ "$(wc -l < not.err)" -eq 1 ]
ok $? "a file that is no database is named in one line, exit 78"
run nowhere.db ingest missing-folder > /dev/null 2> missing.err
[ $? -eq 78 ] && grep -q missing-folder missing.err
ok $? "a folder that does not exist is named, exit 78"
[ "$(stat -c %a whole.db)" = 600 ]
ok $? "the database is readable by its owner only"

for name in xn--bcher-kva.example BÜCHER.Example.; do
	{
		run whole.db reports "domain=$name"
		run whole.db summary --counts "$name"
		run whole.db export --json "domain=$name"
	} > "asked-${name%%.*}.out"
done
grep -q '4 of 5 messages pass' asked-BÜCHER.out && same asked-xn--bcher-kva.out asked-BÜCHER.out
ok $? "a domain is found however its reporter and whoever asks wrote it"

mkdir -p packed/cur packed/new packed/tmp plain/cur plain/new plain/tmp
for file in in/samples/demo/*.eml; do
	name=${file##*/}
	cp "$file" "plain/cur/${name%.eml}:2,S"
	gzip -nc "$file" > "packed/cur/${name%.eml}:2,SZ"
done
for folder in plain packed; do
	"$program" --db $folder.db --dns-file in/samples/zone.txt ingest --quiet $folder > /dev/null 2>&1
	run $folder.db reports | grep -c ' signed$' > $folder.out
done
[ "$(cat plain.out)" -gt 30 ] && same plain.out packed.out
ok $? "reports in a Maildir that compresses its mails are as signed as in any other"

cp whole.db old.db
run old.db expire --older-than 1d > expire.out
ok $? "expire ends with 0"
run old.db summary --days 10000 --format csv > old.csv
[ "$(wc -l < old.csv)" -le "$(run whole.db summary --days 10000 --format csv | wc -l)" ]
ok $? "expire removes days from the summary"
run old.db ingest --quiet in > /dev/null 2>&1
run old.db summary --days 10000 --format csv > old2.csv
same old.csv old2.csv
ok $? "what expired is not counted again when it comes again"
echo "1..$n"
