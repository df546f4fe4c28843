#!/bin/sh
# The command line as users meet it: every command on the demonstration's samples, what it prints and how it ends, against
# tests/golden/cli-NAME.txt. TAP; `tests/cli.t --write` takes over what is printed now: look at `git diff` behind it.
set -u
srcdir=${srcdir:-$(dirname "$0")/..}
golden=$(cd "$srcdir/tests/golden" && pwd)
program=${DMARCGATE:-$PWD/dmarcgate}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
. "$srcdir/tests/tap.sh"
cp -R "$srcdir/samples" "$work/samples" && cd "$work" || exit 99
chmod -R u+w samples
mv samples/demo demo
export LC_ALL=C.UTF-8 HOME="$work/home" DMARCGATE_DB="$work/cli.db"
unset COLUMNS XDG_STATE_HOME XDG_CONFIG_HOME DMARCGATE_CONF 2> err
write=${1:-}

# Keys come from a file: what the DNS of this machine says is no part of the test.
run() {
	case " $* " in
	*" ingest "* | *" reprocess "*) set -- --dns-file "$work/samples/zone.txt" "$@" ;;
	esac
	"$program" --now 2026-11-21T12:00:00Z "$@"
}

# is NAME ARGUMENT...: output, then what was said to the user, then how it ended. Durations and paths of this run differ.
is() {
	name=$1
	shift
	run "$@" > out 2> err < input
	status=$?
	{
		echo "\$ dmarcgate $*"
		cat out
		sed 's/^/2> /' err
		echo "exit $status"
	} | sed -E "s|$work|WORK|g; s/[0-9]+\.[0-9]+ s\b/N.N s/; s/[0-9]+ seconds?/N seconds/; s/(\"milliseconds\":)[0-9]+/\1N/; s/^(db = .* ; default: ).*/\1WHERE/" > have
	[ "$write" != --write ] || cp have "$golden/cli-$name.txt"
	diff -u "$golden/cli-$name.txt" have > diff 2>&1
	status=$?
	ok $status "$name"
	[ $status -eq 0 ] || sed 's/^/# /' diff | head -n 40
}

ends() { # STATUS NAME ARGUMENT...
	wanted=$1 name=$2
	shift 2
	run "$@" > out 2> err < input
	status=$?
	[ $status -eq "$wanted" ]
	ok $? "$name: exit $wanted"
	[ $status -eq "$wanted" ] || sed "s/^/# $status: /" err
}

: > input
mkdir folder home
# `ingest` without an argument would poll the mailboxes of whoever tests where the program is in use.
run config 2>&1 | grep -q '^# no configuration file' || { echo "1..0 # SKIP this machine has a configuration, which is not for tests"; exit 0; }
printf 'no report at all\n' > folder/note.txt
: > folder/empty
cp demo/guild-shop-1118.eml folder/

# Nothing there yet
is first-steps
is reports-none reports
is reports-not-counted-none reports --not-counted
is senders-none senders
is reporters-none reporters
is export-none export --csv

# Looking at files
is show-aggregate show demo/bigmail-shop-1111.eml
is show-small show demo/guild-shop-1118.eml
is show-mended show demo/yonder-shop-1111.eml
is show-failure-forged show demo/failure-forged.eml
is show-failure-list show demo/failure-list.eml
is show-failure-notice show demo/failure-notice.eml
is show-cut show demo/yonder-shop-1113-cut.eml
is show-out-of-office show demo/out-of-office.eml
is show-not-a-report show folder/note.txt
is show-empty show folder/empty
is show-folder show folder
is show-missing show nowhere.xml
is show-nothing show
is show-json show --json demo/failure-notice.eml
cp demo/mailhaus-shop-1112.eml input
is show-stdin show -
: > input
is show-stdin-empty show -

# Storing them
is ingest ingest demo
is ingest-again -v ingest demo/bigmail-shop-1111.eml demo/out-of-office.eml
is ingest-quiet --quiet ingest demo
is ingest-json ingest --json demo/guild-shop-1118.eml
is ingest-missing ingest nowhere.xml
is ingest-nothing ingest

# Asking
is summary
is summary-all summary --all
is summary-one summary lighthouse-cafe.example
is summary-shop summary harborlight.example
is summary-shop-v -v harborlight.example
is summary-weeks summary harborlight.example --weeks 13
is summary-unknown summary nobody.example
is summary-misspelt summary harborlihgt.example
is samples-misspelt samples harborlihgt.example
is summary-long-ago summary --now 2030-01-01
is summary-no-domain summary no_domain..example
is summary-weeks-bad summary --weeks 1000
is summary-weeks-days summary --weeks 3 --days 3
is summary-all-one summary --all harborlight.example
is counts summary --counts
is counts-one summary --counts lighthouse-cafe.example
is counts-shop summary --counts harborlight.example
is counts-unknown summary --counts nobody.example
is summary-days summary --days 7
is summary-range summary harborlight.example --since 2026-11-10 --until 2026-11-12
is summary-json summary --format json lighthouse-cafe.example
is summary-csv summary --format csv
is summary-two summary a.example b.example
is summary-days-bad summary --days many
is summary-backwards summary --since 2026-11-12 --until 2026-11-10
is summary-both summary --days 3 --since 2026-11-12
is explain-source explain newsmill.example --domain harborlight.example
is explain-reports -v explain 203.0.113.66 --domain harborlight.example
is explain-address explain 203.0.113.66 --domain harborlight.example
is explain-gate explain G6 --domain harborlight.example
is explain-evidence explain e50
is explain-report explain report:257980051358559307 --domain harborlight.example
is explain-report-alone explain report:257980051358559307
is explain-report-none explain report:257980051358559308
is explain-which explain G6
is explain-long-ago explain G6 --now 2030-01-01
is explain-unknown explain nobody --domain harborlight.example
is explain-nothing explain
is explain-json explain G6 --json --domain harborlight.example
is export-days export days --csv
is export-days-json export days --json lighthouse-cafe.example
is export-rows-json export rows --json lighthouse-cafe.example
is export-rows-domain export rows --csv 'no domain'
is export-failures export failures --csv
is export-failures-json export failures --json
is export-table-text export rows
is reports reports
is reports-domain reports domain=lighthouse-cafe.example
is reports-not-domain reports '!domain=harborlight.example'
is reports-reporter reports reporter=Bigmail
is reports-since reports since=2026-11-18
is reports-until reports until=2026-11-09
is reports-broken reports broken
is reports-not-broken reports '!broken' since=2026-11-18
is reports-duplicate reports duplicate
is reports-not-duplicate reports '!duplicate' until=2026-11-09
is reports-bad reports colour=red
is reports-not-counted reports --not-counted
is reports-not-counted-one reports --not-counted domain=lighthouse-cafe.example reporter=bigmail
is reports-not-counted-unknown reports --not-counted domain=nobody.example
is reports-not-counted-no-name reports --not-counted 'domain=no name'
is reports-not-counted-csv reports --not-counted --csv since=2026-11-17
is reports-json reports --json since=2026-11-19
is reports-csv reports --csv since=2026-11-19
is export-json export --json domain=lighthouse-cafe.example until=2026-11-09
is export-csv export --csv domain=lighthouse-cafe.example until=2026-11-09
is export-how export
DMARCGATE_DATA=$(cd "$srcdir/data" && pwd)
export DMARCGATE_DATA
is senders senders harborlight.example
is senders-week senders --week
is senders-unsigned senders harborlight.example --unsigned --undecided
is senders-new senders harborlight.example --new
is senders-class senders harborlight.example --class all
is senders-class-bad senders --class strange
is senders-unknown senders nobody.example
is senders-no-name senders 'no name'
is senders-two senders a.example b.example
is senders-json senders harborlight.example --json
is senders-csv senders --csv
is reporters reporters
is reporters-one reporters lighthouse-cafe.example
is reporters-letter reporters harborlight.example Mailhaus
is reporters-letter-nobody reporters harborlight.example nobody.example
is reporters-letter-json reporters harborlight.example Mailhaus --json
is reporters-json reporters lighthouse-cafe.example --json
is reporters-csv reporters --csv
is simulate simulate harborlight.example 'v=DMARC1; p=reject'
is simulate-strict simulate lighthouse-cafe.example 'v=DMARC1; p=reject; t=y; pct=40; aspf=s' --days 7
is simulate-fixed simulate harborlight.example 'v=DMARC1; p=reject' --fixed ',203.0.113.66,,203.0.113.66,NewsMill.example'
is simulate-fixed-bad simulate harborlight.example 'v=DMARC1; p=reject' --fixed nobody.example
is simulate-no-record simulate harborlight.example 'p=reject'
is simulate-bad-record simulate harborlight.example 'v=DMARC1; p=refuse'
is simulate-bad-days simulate harborlight.example 'v=DMARC1; p=reject' --days none
is simulate-nothing simulate harborlight.example
is simulate-json simulate lighthouse-cafe.example 'v=DMARC1; p=reject' --json
is simulate-csv simulate lighthouse-cafe.example 'v=DMARC1; p=reject' --csv
unset DMARCGATE_DATA
is reprocess reprocess
is expire expire --older-than 400d
is expire-bad expire --older-than soon
is expire-minutes expire --older-than 12m

# Settings
is config -c nowhere.conf config
printf '[limits]\nmail = 80M\nmale = 3\n' > wrong.conf
is config-wrong -c wrong.conf config
printf 'db = reports.db\n' > relative.conf
is config-relative -c relative.conf config
printf '[limits]\nmail = 80M ; our largest reporter\n\n[store]\nwait = 1\n' > right.conf
is config-right -c right.conf config

# Mistakes
is help --help
is help-command dns --help
is help-mark mark --help
is unknown-command sumary
is unknown-command-option sumary --days 3
is unknown-option summary --fast
is misspelt-option summary --cuonts
is option-of-another expire --days 3
is option-without-argument summary --days
is now-bad --now yesterday summary
is jobs-bad --jobs many summary

# Where the database is
mkdir here
(cd here && run --db relative.db ingest --quiet ../demo/guild-shop-1118.eml)
[ -f here/relative.db ]
ok $? "--db begins where the user is"
# Never as root, whose database lies in the system and may be somebody's own.
[ "$(id -u)" -eq 0 ] || (unset DMARCGATE_DB && run ingest --quiet demo/guild-shop-1118.eml > out 2> err)
[ -f home/.local/state/dmarcgate/dmarcgate.db ] || [ "$(id -u)" -eq 0 ]
ok $? "without --db and DMARCGATE_DB it lies below the home directory"

# How it ends
ends 0 "a report" show demo/guild-shop-1118.eml
ends 1 "a broken one" show demo/yonder-shop-1113-cut.eml
ends 64 "wrong usage" summary --fast
ends 64 "an option that is no number" --jobs many summary
ends 64 "an option that is none of its words" --color perhaps summary
for wrong in "-xv;-x: no such option" "--quiet=3;--quiet: takes no argument" "--quite;--quite: no such option; did you mean --quiet?"; do
	run summary "${wrong%%;*}" 2> err
	[ $? -eq 64 ] && [ "$(cat err)" = "dmarcgate: ${wrong#*;}" ]
	ok $? "${wrong%%;*}: what is wrong is named"
done
ends 78 "a wrong setting" -c wrong.conf summary
mkfifo hold
: > cli.db-lock # whoever holds it writes its number into it
run ingest - < hold > holder 2>&1 &
exec 9> hold
await cli.db-lock
ends 75 "a lock that is held longer than [store] wait" -c right.conf ingest demo/guild-shop-1118.eml
grep -q 'cli.db' err && [ "$(wc -l < err)" -eq 1 ]
ok $? "the lock is named in one line"
exec 9>&-
wait
run --version > out
for library in libxml2 libarchive GMime libdeflate libpsl "GNU mailutils" libunbound libevent libcurl OpenSSL SQLite inih libsmartcols; do
	grep -q "$library [0-9]" out
	ok $? "--version names $library"
done
for command in --help --version "export --csv" "export --json" summary "show demo/guild-shop-1118.eml" reports config; do
	# shellcheck disable=SC2086
	run $command > /dev/full 2> err
	[ $? -eq 75 ] && [ "$(wc -l < err)" -eq 1 ]
	ok $? "$command to a full disk: one line, exit 75"
done
for command in "show demo/guild-shop-1118.eml" "ingest demo/guild-shop-1118.eml" summary; do
	# shellcheck disable=SC2086
	run $command <&- >&- 2> err
	[ $? -eq 75 ] && grep -q 'standard output' err && [ "$(wc -l < err)" -eq 1 ]
	ok $? "$command without standard input and output: one line, exit 75"
done
run --quiet ingest demo/guild-shop-1118.eml <&- >&- 2>&-
ok $? "who has nothing to say needs none of them"
run export --csv 2> err | head -n 1 > out
[ "$(wc -l < out)" -eq 1 ] && [ ! -s err ]
ok $? "a reader that went away is no reason to complain"
echo "1..$n"
