#!/bin/sh
# The weekly mail as users meet it: read back by python3's email, through a sendmail command, once and never twice, whatever
# kills it in between. TAP; `tests/digest.t --write` takes over the golden file: look at `git diff` behind it.
set -u
srcdir=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
program=${DMARCGATE:-$PWD/dmarcgate}
golden=$srcdir/tests/golden
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
write=${1:-}
. "$srcdir/tests/tap.sh"
command -v python3 > /dev/null || { echo "1..0 # SKIP no python3"; exit 0; }
cd "$work" || exit 99
export LC_ALL=C.UTF-8 HOME="$work/home" DMARCGATE_DATA="$srcdir/data"
unset XDG_STATE_HOME XDG_CONFIG_HOME DMARCGATE_DB DMARCGATE_CONF 2> err
now=2026-11-21T12:00:00Z

run() {
	"$program" -c conf --db "$work/db" --now "$now" "$@"
}
is_sent() { # COUNT NAME: so many mails were taken since the last time
	[ "$(ls taken | wc -l)" -eq "$1" ]
	ok $? "$2"
	[ "$(ls taken | wc -l)" -eq "$1" ] || { echo "# $(ls taken | wc -l) mails"; sed 's/^/# /' out err; }
	rm -f taken/*
}

# A sendmail that keeps what it is given; what it is called with follows the mails' rules.
mkdir taken home
cat > sendmail << 'END'
#!/bin/sh
[ "$*" = "-t -i" ] || exit 64
case $(cat how) in
later) cat > given; echo 'queue is full' >&2; exit 75 ;;
never) cat > given; echo 'no such user' >&2; exit 67 ;;
die) kill -9 "$(cat pid)"; exit 1 ;;
esac
cat > "taken/$$"
END
chmod +x sendmail
settings() {
	printf '[digest]\nto = boss@harborlight.example, dns@harborlight.example\nsendmail = %s/sendmail -t -i\n' "$work" > conf
}
settings
echo well > how

# Nothing stored at all
ends 0 "without a database: printed" run digest --print
python3 "$srcdir/tests/digest-readback.py" out text > text 2> err
grep -q 'Nothing arrived' text
ok $? "without a database nothing arrived"

"$program" --db "$work/db" --now "$now" --dns-file "$srcdir/samples/zone.txt" --quiet ingest "$srcdir/samples/demo" 2> err

# Reports whose senders are new: no silence, and nothing to boast of
ends 0 "reports that do not count yet" run digest --print lighthouse-cafe.example
grep -q '^Subject: lighthouse-cafe.example: no report counts yet' out
ok $? "the subject does not say that none arrived"
python3 "$srcdir/tests/digest-readback.py" out text > text 2> err
grep -q '^5 reports have come, and none of them counts yet' text && ! grep -q 'Nothing arrived' text
ok $? "nor does the mail"
printf '[readiness]\nknown_reporters = bigmail.example\n' > known
"$program" -c known --db "$work/early.db" --now 2026-11-13 --dns-file "$srcdir/samples/zone.txt" --quiet ingest \
	"$srcdir"/samples/demo/bigmail-shop-110* "$srcdir"/samples/demo/bigmail-shop-111[0-2]* 2> err
ends 0 "six days of history" "$program" -c known --db "$work/early.db" --now 2026-11-13 digest --print harborlight.example
python3 "$srcdir/tests/digest-readback.py" out text > text 2> err
grep -q '^This week: 273 of your own' text && ! grep -qE 'NEW THIS WEEK|new unsigned sender' text
ok $? "are no week without a surprise, and what is empty has no heading"

# What it is
ends 0 "printed" run digest --print harborlight.example
cp out printed
same digest.eml "the mail is as it was"
python3 "$srcdir/tests/digest-readback.py" printed check > text 2> err
ok $? "python3's email reads it, and every line is fit for a mail"
sed 's/^/# /' err
run digest --print harborlight.example > twice && cmp -s printed twice
ok $? "the same octets every time"
LC_ALL=C TZ=Asia/Tokyo run digest --print harborlight.example > twice && cmp -s printed twice
ok $? "in another locale and zone too"
ends 0 "--attach" run digest --print --attach harborlight.example
cp out attached
python3 "$srcdir/tests/digest-readback.py" attached check > text 2> err
ok $? "with a report it is fit for a mail too"
sed 's/^/# /' err
python3 "$srcdir/tests/digest-readback.py" attached report > report 2> err && run html harborlight.example > page && cmp page report
ok $? "the report is the page that html makes"
python3 "$srcdir/tests/digest-readback.py" attached names > names
echo report.html | cmp - names
ok $? "... called report.html"
ends 0 "--attach about several domains" run digest --print --attach lighthouse-cafe.example harborlight.example
cp out attached
python3 "$srcdir/tests/digest-readback.py" attached check > text 2> err && ! grep -q '^Attached' text
ok $? "is fit for a mail"
sed 's/^/# /' err
python3 "$srcdir/tests/digest-readback.py" attached names > names
printf '%s\n' harborlight.example.html lighthouse-cafe.example.html | cmp - names
ok $? "... with a page of each, the worst first"
for domain in harborlight.example lighthouse-cafe.example; do
	python3 "$srcdir/tests/digest-readback.py" attached report $domain.html > report && run html $domain > page && cmp page report
	ok $? "... the one that html makes of $domain"
done
run digest --print --attach harborlight.example lighthouse-cafe.example > out
grep -vE '^(From|To|Message-ID|Content-Type|--)|^ boundary=' out > backwards
grep -vE '^(From|To|Message-ID|Content-Type|--)|^ boundary=' attached | cmp - backwards
ok $? "... whatever the order they are named in"

# As far as a mail server takes it: by number, by octets
too_many() { # DOMAIN...: a mail about them
	run digest --print --attach "$@" > out 2> err
	python3 "$srcdir/tests/digest-readback.py" out names > names 2> err
	python3 "$srcdir/tests/digest-readback.py" out check 2>> err | sed -n '/^Attached/,/^$/p' | tr '\n' ' ' > said
	[ "$(wc -c < out)" -lt 10240000 ]
	ok $? "$# domains fit in a mail that servers take"
	sed 's/^/# /' err
}
# shellcheck disable=SC2046 # names without blanks
too_many $(seq -f 'a%03g.example' 205) lighthouse-cafe.example harborlight.example
[ "$(sed 1q names) $(wc -l < names) $(sort -u names | wc -l)" = "harborlight.example.html 200 200" ]
ok $? "... with the pages of 200"
[ "$(cat said)" = 'Attached: the pages of the worst 200 domains. With 7 more this mail would be too large for many servers. One page: dmarcgate html DOMAIN; all in a folder: dmarcgate html --all -o FOLDER  ' ]
ok $? "... and one sentence on the others"
python3 "$srcdir/tests/digest-readback.py" out html | grep -q 'Attached: the pages of the worst 200 domains. With 7 more '
ok $? "... in the HTML too"
# shellcheck disable=SC2046 # the same large page, time and again
too_many $(yes harborlight.example | head -n 190) lighthouse-cafe.example
[ "$(wc -c < out)" -gt 9300000 ] && [ "$(sort -u names)" = harborlight.example.html ] && [ "$(wc -l < names)" -lt 190 ]
ok $? "... full of the worst"
grep -q "^Attached: the pages of the worst $(wc -l < names) domains. With $((191 - $(wc -l < names))) more " said
ok $? "... and one sentence on the others"
ends 0 "about all domains" run digest --print
python3 "$srcdir/tests/digest-readback.py" out check > text 2> err && grep -q '2 domains' text
ok $? "one mail for all of them"
run digest --print lighthouse-cafe.example harborlight.example > out 2> err
python3 "$srcdir/tests/digest-readback.py" out text > text 2>> err
[ "$(grep -o '^  [a-z-]*\.example: [a-z ]*' text | head -n 2 | tr '\n' ' ')" = "  harborlight.example: not ready for p   lighthouse-cafe.example: no report counts yet " ]
ok $? "... the worst first, whatever the order they are named in"
message_id() { # DOMAIN...: of a mail about them, without the domain it comes from
	run digest --print "$@" 2> err | sed -n 's/^Message-ID: <\(.*\)@.*/\1/p'
}
[ -n "$(message_id lighthouse-cafe.example harborlight.example)" ] &&
	[ "$(message_id lighthouse-cafe.example harborlight.example)" = "$(message_id harborlight.example lighthouse-cafe.example)" ]
ok $? "... and the same mail to whoever counts them"
silent=$(seq -f 'silent%02g.example' 30)
# shellcheck disable=SC2046,SC2086 # names without blanks
{
	run digest --print $silent lighthouse-cafe.example harborlight.example > out 2> err
	run digest --print harborlight.example $(echo "$silent" | tac) lighthouse-cafe.example > backwards 2>> err
}
sed -E '/^(From|To|Message-ID):/d; s/@[a-z0-9-]+\.example/@/; /^(Content-Type:|--)/d; /^ boundary=/d' out > one
sed -E '/^(From|To|Message-ID):/d; s/@[a-z0-9-]+\.example/@/; /^(Content-Type:|--)/d; /^ boundary=/d' backwards | cmp - one
ok $? "... also among many that are silent"
python3 "$srcdir/tests/digest-readback.py" out check > text 2> err
[ "$(grep -c '^  silent.*: no report arrived$' text) $(grep -c '^silent.*, week 47' text) $(grep -c 'and 11 more without a report' text)" = "19 2 1" ]
ok $? "... of which some have a line and three a section"
sed 's/^/# /' err
is_sent 0 "printing sends nothing"

# Once
ends 0 "sent" run digest harborlight.example
cat taken/* > sent 2> err
is_sent 1 "one mail"
cmp -s printed sent
ok $? "what leaves is what is printed"
ends 0 "a second run" run digest harborlight.example
is_sent 0 "is not sent twice"
ends 0 "--again" run digest --again harborlight.example
is_sent 1 "unless one says so"
ends 0 "--to" run digest --to other@harborlight.example harborlight.example
is_sent 1 "other recipients have their own"
now=2026-11-28T12:00:00Z
ends 0 "the week after" run digest harborlight.example
cat taken/* > sent
is_sent 1 "has its own"
grep -q '^In-Reply-To: <dmarc-week.2026-W47.harborlight.example@harborlight.example>$' sent
ok $? "... which is an answer to the one before"
python3 "$srcdir/tests/digest-readback.py" sent text | grep -q 'Nothing arrived'
ok $? "a week without any report is told"
ends 0 "an earlier week" run digest --print --week 47 harborlight.example
grep -q '^Message-ID: <dmarc-week.2026-W47' out
ok $? "--week names it"
now=2026-11-21T12:00:00Z

# Nothing changed: three lines
sqlite3 db "UPDATE sending SET message_id=replace(message_id,'W47','W46'),day=day-7 WHERE thread LIKE 'week %'" 2> err
ends 0 "nothing changed" run digest --print harborlight.example
python3 "$srcdir/tests/digest-readback.py" out text > text
grep -q '^Subject: harborlight.example: unchanged, ' out && grep -q '^Unchanged since the week before: ' text && [ "$(wc -l < text)" -le 5 ]
ok $? "is said in three lines"
sed 's/^/# /' text

# Refused
echo later > how
ends 75 "sendmail says later" run digest --to a@harborlight.example harborlight.example
grep -q 'queue is full' err
ok $? "and why"
echo never > how
ends 78 "sendmail says never" run digest --to a@harborlight.example harborlight.example
echo well > how
ends 0 "what did not leave" run digest --to a@harborlight.example harborlight.example
is_sent 1 "is sent later"
sed -i "s|= $work/sendmail|= /nowhere/sendmail|" conf
ends 78 "no such program" run digest --to b@harborlight.example harborlight.example
settings

# Killed between the row and the sending
echo die > how
(echo $$ > "$work/sh"; exec sh -c 'echo $$ > pid; exec "$@"' sh "$program" -c conf --db "$work/db" --now "$now" digest --to c@harborlight.example harborlight.example) > out 2> err
echo well > how
ends 1 "after a kill" run digest --to c@harborlight.example harborlight.example
grep -q 'nobody knows whether it arrived' err
ok $? "it is said that nobody knows"
is_sent 0 "and not sent again"
ends 0 "--again" run digest --to c@harborlight.example --again harborlight.example
is_sent 1 "sends it"

# Alerts, each once
sqlite3 db 'DELETE FROM told' 2> err
ends 0 "--if-alert" run digest --if-alert harborlight.example
cat taken/* > sent 2> err
is_sent 1 "a new alert is told"
python3 "$srcdir/tests/digest-readback.py" sent check > text 2> err && grep -q '^! ' text
ok $? "as a mail of its own"
ends 0 "--if-alert" run digest --if-alert harborlight.example
is_sent 0 "and not twice"
now=2026-11-22T12:00:00Z
ends 0 "--if-alert" run digest --if-alert harborlight.example
is_sent 0 "nor on the day after"
now=2026-12-10T12:00:00Z
sqlite3 db 'UPDATE told SET last_open=1' 2> err
ends 0 "--if-alert" run digest --if-alert lighthouse-cafe.example
ends 0 "--if-alert" run digest --if-alert harborlight.example
is_sent 1 "an alert that was closed for a week is new when it opens again"

# What is over is told once, by the next weekly mail; silence ends nothing
closed() { # DATE: what the weekly mail of that day says is closed
	now=$1T12:00:00Z
	run digest --print harborlight.example > out 2> err
	python3 "$srcdir/tests/digest-readback.py" out text > text 2>> err
	sed -n '/^CLOSED ALERTS$/,/^$/p' text
}
sqlite3 db "DELETE FROM told; INSERT INTO told VALUES('harborlight.example', 'dkim-lost' || char(9) || 'crm.example' || char(9),
	unixepoch('2026-11-10 12:00:00'), '<1@x>', ''),
	('harborlight.example', 'key-weak' || char(9) || 'x' || char(9) || 'old1', unixepoch('2026-11-14 12:00:00'), '<1@x>', ''),
	('harborlight.example', 'key-weak' || char(9) || 'x' || char(9) || 'told', unixepoch('2026-11-05 12:00:00'), '<1@x>', '')" 2> err
closed 2026-11-21 > got
cat > want << 'END'
CLOSED ALERTS
- crm.example: signed no less than in the weeks before; open until Tue 10 Nov.
  What is left to do about these is unchanged, too.
END
cmp -s got want
ok $? "a closed alert is told"
cmp -s got want || sed 's/^/# /' got
closed 2026-11-15 > got
[ ! -s got ]
ok $? "... not before eight days are over"
closed 2026-11-24 > got
grep -q '^- key old1: weak, and no longer seen so' got && ! grep -q crm.example got
ok $? "... and in one mail only, the first after"
sqlite3 db "UPDATE told SET last_open=unixepoch('2026-11-22 12:00:00')" 2> err
closed 2026-12-02 > got
[ ! -s got ]
ok $? "... but in none of a week without a report"
sqlite3 db 'DELETE FROM told' 2> err
now=2026-11-21T12:00:00Z
run digest --if-alert --again harborlight.example > out 2> err
sqlite3 db "UPDATE told SET last_open=unixepoch('2026-11-10 12:00:00')" 2> err
closed 2026-11-21 > got
[ "$(sqlite3 db 'SELECT count(*)>0 FROM told')" = 1 ] && [ ! -s got ]
ok $? "what is open is not closed, however long nobody looked"
rm -f taken/*
sqlite3 db "UPDATE told SET last_open=unixepoch('2026-11-25 12:00:00')" 2> err
now=2026-12-02T12:00:00Z
ends 0 "a week without a report" run digest --if-alert harborlight.example
[ "$(sqlite3 db "SELECT min(last_open)=unixepoch('2026-12-02 12:00:00') FROM told")" = 1 ]
ok $? "keeps open what was open"
rm -f taken/*
now=2026-11-21T12:00:00Z
ends 64 "--if-alert is about now" run digest --if-alert --week 46
ends 0 "--only-trouble" run digest --only-trouble --to t@harborlight.example harborlight.example
is_sent 1 "trouble is sent"
sqlite3 db "DELETE FROM told" 2> err
ends 0 "--if-alert" run digest --if-alert --again harborlight.example lighthouse-cafe.example
cat taken/* > sent 2> err
python3 "$srcdir/tests/digest-readback.py" sent text > text 2> err
grep -q '^harborlight.example' text && ! grep -q '^lighthouse-cafe.example' text
ok $? "a mail about alerts is about the domains that have one"
rm -f taken/*

# Whom to
printf '[digest]\nsendmail = %s/sendmail -t -i\n' "$work" > conf
ends 78 "nobody to send to" run digest harborlight.example
grep -q 'set \[digest\] to' err
ok $? "is said"
settings
ends 64 "no address" run digest --to 'not an address' harborlight.example
ends 64 "an address that would begin a field" run digest --to 'a@b.example
Bcc: c@d.example' harborlight.example
ends 64 "an address that would be an option" run digest --to '-oQ/tmp@b.example' harborlight.example
ends 64 "no domain" run digest 'x
Bcc: c@d.example'
ends 64 "no week" run digest --week 60
is_sent 0 "none of these is sent"
printf '[digest]\nto = a@b.example\nfrom = "x" <a@b.example>\n' > conf
ends 78 "a sender that is no plain address" run digest harborlight.example
printf '[digest]\nto = a@b.example\nsendmail = /bin/true\nserver = smtps://localhost\n' > conf
ends 78 "two ways to leave" run digest harborlight.example
echo "1..$n"
