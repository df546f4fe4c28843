#!/bin/sh
# What domains publish: lint and record on the samples, against golden files, and with a real name server on loopback (nsd)
# behind a proxy that notes every question and keeps some from being answered. TAP; `tests/lint.t --write` takes over what
# is printed now: look at `git diff` behind it.
set -u
srcdir=${srcdir:-$(dirname "$0")/..}
golden=$(cd "$srcdir/tests/golden" && pwd)
samples=$(cd "$srcdir/samples" && pwd)
tests=$(cd "$srcdir/tests" && pwd)
program=${DMARCGATE:-$PWD/dmarcgate}
work=$(mktemp -d) || exit 99
running=
end() {
	# shellcheck disable=SC2086 # a list of numbers
	[ -z "$running" ] || kill $running 2> /dev/null
	wait
	rm -rf "$work"
}
trap end EXIT
. "$srcdir/tests/tap.sh"
write=${1:-}
DMARCGATE_DATA=$(cd "$srcdir/data" && pwd)
export DMARCGATE_DATA LC_ALL=C.UTF-8 HOME="$work/home" DMARCGATE_DB="$work/db"
unset COLUMNS XDG_STATE_HOME XDG_CONFIG_HOME NO_COLOR 2> /dev/null
PATH=$PATH:/usr/sbin
zone=$samples/lint.txt
cd "$work" || exit 99
: > conf

reads() { # WORDS NAME: in what was just printed, wherever its lines break
	tr -s ' \n' ' ' < out | grep -qF -- "$1"
	ok $? "$2"
}
lint() {
	"$program" -c "$work/conf" --now 2026-11-21T12:00:00Z --dns-file "$zone" "$@" < /dev/null
}

# ---- each sample has its fault, and nothing else

command -v python3 > /dev/null || { echo "1..0 # SKIP no python3"; exit 0; }
# shellcheck disable=SC2046 # a list of names
ends 2 "every sample" lint --json lint $(sed -n 's/^;= \([^:]*\):.*/\1/p' "$zone")
python3 "$tests/lint-expect.py" "$zone" < out > differences
[ ! -s differences ]
ok $? "each has its fault, and nothing else"
sed 's/^/# /' differences

# ---- how it ends

ends 0 "only notes" lint lint sound.example trial.example watching.example
reads 'This is a trial' "the trial that this program recommends is a note"
ends 1 "a warning" lint lint sound.example sp-weaker.example
ends 2 "an error" lint lint sp-weaker.example spf-pass-all.example sound.example
ends 64 "no domain at all" lint lint
ends 64 "no domain name" lint lint 'not a name'
ends 64 "no such form" lint --format csv record no-record.example
ends 75 "offline without a snapshot" "$program" -c conf --offline lint sound.example
grep -q 'no snapshot' err && [ "$(wc -l < err)" -eq 1 ]
ok $? "and it says so, and nothing of a DNS that was not asked"
printf '[dkim]\ndomains = sound.example, trial.example\n' > own
ends 0 "one's own domains" "$program" -c own --dns-file "$zone" lint
[ "$(grep -c 'HOW RECEIVERS' out)" -eq 2 ]
ok $? "both of them"

# ---- what it looks like

for domain in sound no-record two-records apex rua-foreign news.sound a.b.differ trial pct-half spf-target-all spf-eleven \
	spf-border parked; do
	lint lint "$domain.example" > out 2> err
	same "lint-$domain.txt" "lint $domain.example"
done
lint --json lint rua-foreign.example spf-below.example > out 2> err
same lint.json "lint --json"

# ---- against what was seen

cat > seen << 'END'
_dmarc.harborlight.example TXT "v=DMARC1; p=none; rua=mailto:dmarc@harborlight.example"
harborlight.example TXT "v=spf1 ip4:203.0.113.0/28 ip4:192.0.2.200 include:_spf.google.com include:spf.newsmill.example ~all"
harborlight.example MX 10 mx.harborlight.example
mx.harborlight.example A 203.0.113.10
_spf.google.com TXT "v=spf1 ip4:198.51.100.0/24 ip6:2001:db8:1::/48 ~all"
spf.newsmill.example TXT "v=spf1 include:more.newsmill.example ~all"
more.newsmill.example TXT "v=spf1 ip4:198.51.100.31 ~all"
END
grep '^aaisp' "$samples/zone.txt" >> seen
ends 1 "the demonstration" "$program" -c conf --quiet --dns-file "$samples/zone.txt" ingest "$samples/demo"
"$program" -c conf --now 2026-11-21T12:00:00Z --dns-file seen lint harborlight.example > out 2> err
same lint-seen.txt "SPF against the mail that was seen"
"$program" -c conf --now 2026-11-21T12:00:00Z --dns-file seen --json lint harborlight.example > out 2> err
same lint-seen.json "the same as JSON"
"$program" -c conf --now 2026-11-21T12:00:00Z --dns-file seen --csv lint harborlight.example > out 2> err
same lint-seen.csv "its findings as CSV"
"$program" -c conf --now 2026-11-21T12:00:00Z --dns-file seen --format csv lint > out 2> err
"$program" -c conf --now 2026-11-21T12:00:00Z --dns-file seen --json lint > lint.json 2> err
python3 -c '
import csv, json, sys
rows = list(csv.DictReader(open("out", newline="")))
wanted = [(d["domain"], f) for d in json.load(sys.stdin)["domains"] for f in d["findings"]]
assert len(rows) == len(wanted) > 5
for row, (domain, finding) in zip(rows, wanted):
    assert row.pop("domain") == domain
    assert set(row) == set(finding), row
    for key, value in finding.items():
        if value is None or isinstance(value, int) or value[:1] not in "=+-@":
            assert row[key] == ("" if value is None else str(value)), (key, row[key], value)
' < lint.json
ok $? "the same findings as in JSON"
ends 2 "the domains of the reports" "$program" -c conf --now 2026-11-21T12:00:00Z --dns-file seen lint
[ "$(grep -c 'HOW RECEIVERS' out)" -eq 2 ]
ok $? "both of them"

# ---- records

lint record no-record.example --rua dmarc@no-record.example --ruf forensic@collector.example > out 2> err
same record-first.txt "the record of a first deployment"
reads 'v=DMARC1; p=none; rua=mailto:dmarc@no-record.example; ruf=mailto:forensic@collector.example; fo=1' "word for word"
lint record no-record.example > out 2> err
same record-proposed.txt "an address is proposed where none is named"
lint record watching.example --policy next > out 2> err
same record-next.txt "the next stage is a trial"
lint record trial.example --policy next --json > out 2> err
same record-next.json "behind a trial comes the policy"
lint record version-case.example > out 2> err
reads 'what is published there counts for no receiver' "a text that counts for nobody is not nothing"
lint record news.sound.example > out 2> err
same record-inherited.txt "a record for a name that the one above covers says what it takes away"
reads 'no longer covers it' "and warns of it"
lint record news.sound.example --policy reject --trial > out 2> err
reads 'no longer covers it' "a trial is milder, too"
lint record news.sound.example --policy reject > out 2> err
! grep -q 'longer covers' out
ok $? "nothing is taken away by the same policy"
lint record news.sound.example --json > out 2> err
grep -q '"inherited_from":"sound.example","inherited_policy":"reject"' out
ok $? "the same for programs"
lint record pct-half.example > out 2> err
same record-pct.txt "a retired part of the mail is left out, with a warning"
lint record two-records.example --policy none --rua a@two-records.example > out 2> err
reads 'delete all of them but this one' "several records"
lint record rua-agreed.example > out 2> err
reads 'has agreed to receive the reports' "consent that is given"
reads 'this very record is published already' "nothing to change"
ends 75 "what is next is not known without an answer" lint record silent.example --policy next
ends 64 "no such policy" lint record --offline watching.example --policy rejekt
grep -q -- '--policy rejekt: write none, quarantine, reject or next' err
ok $? "and which there are"
ends 0 "a record without a domain" "$program" -c conf record --policy none --rua a@b.example --ruf c@d.example --fo 1
reads 'v=DMARC1; p=none; rua=mailto:a@b.example; ruf=mailto:c@d.example; fo=1' "as asked for"
ends 0 "every choice" "$program" -c conf record --offline shop.example --policy reject --trial --sp quarantine --np reject \
	--rua a@shop.example --rua 'b!c@shop.example' --ruf '' --adkim s --aspf s --psd n --ttl 60
reads 'shop.example. 60 IN TXT "v=DMARC1; p=reject; sp=quarantine; np=reject; t=y; pct=0; rua=mailto:a@shop.example,mailto:b%21c@shop.example; adkim=s; aspf=s; psd=n"' \
	"every tag"
for wrong in '--policy maybe' '--rua nobody' '--fo 2 --ruf a@b.example' '--fo 0:1 --ruf a@b.example' '--adkim x' '--psd x' \
	'--ttl x' '--sp x' '--policy none --trial' '--fo 1'; do
	# shellcheck disable=SC2086 # options
	ends 64 "record $wrong" "$program" -c conf record --offline shop.example $wrong
done
ends 64 "record of nothing" "$program" -c conf record < /dev/null

check() { # CODE NAME TEXT
	ends "$1" "$2" "$program" -c conf record --check "$3"
}
check 0 "a sound record" 'v=DMARC1; p=reject; rua=mailto:a@shop.example'
check 0 "a trial is a note" 'v=DMARC1; p=quarantine; t=y; pct=0; rua=mailto:a@shop.example'
check 1 "a warning" 'v=DMARC1; p=quarantine; t=y; rua=mailto:a@shop.example'
check 2 "an error" 'v=DMARC1; p=quarentine'
check 2 "SPF is recognised" 'v=spf1 +all'
check 2 "a text of neither kind" 'hello world'
check 0 "a zone line" '_dmarc.shop.example. 3600 IN TXT ( "v=DMARC1; p=reject; " "rua=mailto:a@shop.example" )'
printf 'v=spf1 include=a.example all' | "$program" -c conf record --check - > out 2> err
same record-check.txt "a text from standard input"
"$program" -c conf record --json --check 'v=spf1 include=a.example all' > out 2> err
same record-check.json "the same as JSON"

# The wizard, on a terminal of its own: DOMAIN, then the answers.
cat > terminal.py << 'END'
import os, pty, sys, termios
answers, command = sys.argv[1].encode().decode("unicode_escape").encode(), sys.argv[2:]
child, terminal = pty.fork()
if child == 0:
    mode = termios.tcgetattr(0)
    mode[3] &= ~termios.ECHO
    termios.tcsetattr(0, termios.TCSANOW, mode)
    os.environ.update(TERM="dumb")
    os.execv(command[0], command)
shown = b""
while not shown:
    shown = os.read(terminal, 65536)
os.write(terminal, answers)
while True:
    try:
        part = os.read(terminal, 65536)
    except OSError:
        break
    if not part:
        break
    shown += part
sys.stdout.buffer.write(shown.replace(b"\r\n", b"\n"))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
END
if python3 -c 'import pty; pty.openpty()' 2> /dev/null; then
	ends 0 "the wizard" python3 terminal.py 'watching.example\nmaybe\nquarantine\n\n\nnone\n' \
		"$program" -c conf --color never --dns-file "$zone" record
	same record-wizard.txt "its questions"
	reads 'v=DMARC1; p=quarantine; t=y; pct=0; rua=mailto:dmarc@watching.example' "what was answered"
	ends 64 "a wizard without answers" python3 terminal.py '\4' "$program" -c conf --color never --dns-file "$zone" record shop.example
else
	ok 0 "the wizard # SKIP no terminals here (/dev/pts)"
fi

# ---- hostile texts

python3 -c '
import sys
print("evil.example TXT \"v=spf1 " + "".join("\\%03d" % i for i in range(256)) + "\"")
print("_dmarc.evil.example TXT \"v=DMARC1; p=none; " + "\\027]0;title\\007\\226\\128\\174" * 20 + "\"")
print("_dmarc.long.example TXT " + " ".join("\"" + "v=DMARC1; p=none; "[:18 * (i == 0)] + "x=" + "y" * 230 + "; \"" for i in range(270)))
print("long.example TXT " + " ".join("\"" + "v=spf1 " * (i == 0) + "include:h%d.example " % i + "z" * 200 + " \"" for i in range(280)))
' > evil
"$program" -c conf --dns-file evil lint evil.example long.example > out 2> err
status=$?
[ $status -eq 2 ] && ! LC_ALL=C grep -q "$(printf '[\001-\010\013-\037\177]')" out
ok $? "no octet of a record reaches the terminal as it stands"
LC_ALL=C.UTF-8 awk 'length($0) > 100 && !/v=DMARC1|v=spf1/ { found = 1 } END { exit found }' out
ok $? "64 kB are shown in part"
"$program" -c conf --dns-file evil --json lint evil.example long.example > out 2> err
python3 -c '
import json, sys
text = sys.stdin.buffer.read()
assert not any(c < 32 and c != 10 for c in text) and b"\xe2\x80\xae" not in text
json.loads(text)' < out
ok $? "nor is JSON broken by it"

# ---- a name server

for tool in nsd ldns-keygen ldns-signzone ldns-key2ds; do
	if ! command -v "$tool" > /dev/null; then
		ok 0 "answers of a name server # SKIP no $tool (packages nsd, ldnsutils)"
		echo "1..$n"
		exit 0
	fi
done
soa='3600 IN SOA ns. admin. 1 3600 900 86400 120'
cat > root << END
. $soa
. 600 IN NS ns.
ns. 600 IN A 127.0.0.1
example. 600 IN NS ns.
signed.example.net. 600 IN NS ns.
bogus.example.net. 600 IN NS ns.
failing.example. 600 IN NS ns.
END
cat > example << END
example. $soa
example. 600 IN NS ns.
_dmarc.deep.example. 600 IN TXT "v=DMARC1; p=reject; rua=mailto:a@deep.example"
a.b.c.d.e.f.g.h.i.j.mail.deep.example. 600 IN TXT "v=spf1 -all"
_dmarc.mail.stop.example. 600 IN TXT "v=DMARC1; p=quarantine; psd=n; rua=mailto:a@stop.example"
x.mail.stop.example. 600 IN TXT "v=spf1 -all"
_dmarc.chain.example. 600 IN CNAME one.chain.example.
one.chain.example. 600 IN CNAME two.chain.example.
two.chain.example. 600 IN TXT "v=DMARC1; p=reject; rua=mailto:a@chain.example"
chain.example. 600 IN TXT "v=spf1 redirect=three.chain.example"
three.chain.example. 600 IN CNAME four.chain.example.
four.chain.example. 600 IN TXT "v=spf1 ip4:192.0.2.1 -all"
_dmarc.ring.example. 600 IN CNAME ring.ring.example.
ring.ring.example. 600 IN CNAME _dmarc.ring.example.
ring.example. 600 IN TXT "v=spf1 -all"
_dmarc.nodata.example. 600 IN A 192.0.2.1
nodata.example. 600 IN TXT "v=spf1 -all"
_dmarc.quiet.example. 600 IN TXT "v=DMARC1; p=reject; rua=mailto:a@quiet.example"
quiet.example. 600 IN TXT "v=spf1 include:a.silent.example include:x.failing.example ~all"
_dmarc.ten.example. 600 IN TXT "v=DMARC1; p=reject; rua=mailto:a@ten.example"
ten.example. 600 IN TXT "v=spf1 a:h1.ten.example a:h2.ten.example a:h3.ten.example a:h4.ten.example a:h5.ten.example a:h6.ten.example a:h7.ten.example a:h8.ten.example a:h9.ten.example include:h10.ten.example ~all"
*.ten.example. 600 IN A 192.0.2.1
h10.ten.example. 600 IN TXT "v=spf1 ip4:192.0.2.2 ~all"
_dmarc.eleven.example. 600 IN TXT "v=DMARC1; p=reject; rua=mailto:a@eleven.example"
eleven.example. 600 IN TXT "v=spf1 include:ten.example ~all"
_dmarc.wheel.example. 600 IN TXT "v=DMARC1; p=reject; rua=mailto:a@wheel.example"
wheel.example. 600 IN TXT "v=spf1 include:b.wheel.example ~all"
b.wheel.example. 600 IN TXT "v=spf1 include:wheel.example ~all"
_dmarc.many.example. 600 IN TXT "v=DMARC1; p=reject; rua=mailto:a@many.example"
END
python3 -c '
print("many.example. 600 IN TXT " + " ".join("\"" + "v=spf1 " * (i == 0) + "include:i%d.many.example \"" % i for i in range(300)) + " \"~all\"")
for i in range(300):
    print("i%d.many.example. 600 IN TXT \"v=spf1 a:one.many.example a:two.many.example a:three.many.example mx:four.many.example ~all\"" % i)
print("big.example. 600 IN TXT " + " ".join("\"" + "v=spf1 " * (i == 0) + "ip4:192.0.2.%d \"" % (i % 250) for i in range(3000)) + " \"~all\"")
print("_dmarc.big.example. 600 IN TXT \"v=DMARC1; p=reject; rua=mailto:a@big.example\"")
' >> example
cat > signed.example.net << END
signed.example.net. $soa
signed.example.net. 600 IN NS ns.
_dmarc.signed.example.net. 600 IN TXT "v=DMARC1; p=reject; rua=mailto:a@signed.example.net"
signed.example.net. 600 IN TXT "v=spf1 ip4:192.0.2.1 -all"
END
sed 's/signed/bogus/g' signed.example.net > bogus.example.net
key() {
	ldns-keygen -a ECDSAP256SHA256 -k "$1"
}
root_key=$(key .) signed_key=$(key signed.example.net) bogus_key=$(key bogus.example.net)
{
	cat root
	ldns-key2ds -n -2 "$signed_key.key"
	ldns-key2ds -n -2 "$(key bogus.example.net).key" # of another key than the zone is signed with
} > root.all
{
	ldns-signzone -o signed.example.net signed.example.net "$signed_key"
	ldns-signzone -o bogus.example.net bogus.example.net "$bogus_key"
	ldns-signzone -o . -f root.signed root.all "$root_key"
} > signing 2>&1 || { sed 's/^/# /' signing; exit 99; }
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat > nsd.conf << END
server:
	ip-address: 127.0.0.1@$port
	server-count: 1
	username: ""
	chroot: ""
	zonesdir: "$work"
	database: ""
	pidfile: "$work/nsd.pid"
	zonelistfile: "$work/nsd.zones"
	xfrdfile: "$work/nsd.xfrd"
	logfile: "$work/nsd.log"
	rrl-ratelimit: 0
remote-control:
	control-enable: no
zone:
	name: "."
	zonefile: "root.signed"
zone:
	name: "example"
	zonefile: "example"
zone:
	name: "signed.example.net"
	zonefile: "signed.example.net.signed"
zone:
	name: "bogus.example.net"
	zonefile: "bogus.example.net.signed"
zone:
	name: "failing.example"
	zonefile: "not-there"
END
nsd -d -c nsd.conf > nsd.out 2>&1 &
running=$!
python3 "$tests/dnsproxy.py" "$port" questions > proxy.port &
running="$running $!"
await proxy.port
printf '[dns]\nresolver = 127.0.0.1@%s\ntrust_anchor = %s\n' "$(cat proxy.port)" "$work/$root_key.ds" > conf
ask() {
	: > questions.before
	cp questions questions.before
	"$program" -c conf --color never lint "$@"
}
asked() { # TYPE-NUMBER: names asked for since, each once
	tail -n "+$(($(wc -l < questions.before) + 1))" questions | sed -n "s/ $1\$//p" | sort -u
}
waited=0
until ask signed.example.net > out 2> err || [ $waited -ge 50 ]; do
	waited=$((waited + 1))
	sleep 0.1
done
if ! kill -0 "${running%% *}" 2> /dev/null; then
	ok 0 "answers of a name server # SKIP nsd does not start here: $(tail -n 1 nsd.log)"
	echo "1..$n"
	exit 0
fi

ends 0 "a signed domain" ask signed.example.net
reads 'the signatures hold (DNSSEC)' "DNSSEC is checked"
ends 2 "a forged one" ask bogus.example.net
reads 'fails its DNSSEC check' "its records are not believed"
ends 1 "13 labels" ask a.b.c.d.e.f.g.h.i.j.mail.deep.example
asked 16 | grep '^_dmarc' > out
cat > wanted << 'END'
_dmarc.a.b.c.d.e.f.g.h.i.j.mail.deep.example
_dmarc.deep.example
_dmarc.example
_dmarc.g.h.i.j.mail.deep.example
_dmarc.h.i.j.mail.deep.example
_dmarc.i.j.mail.deep.example
_dmarc.j.mail.deep.example
_dmarc.mail.deep.example
END
cmp -s wanted out
ok $? "the walk asks eight names, those of RFC 9989 4.10"
ends 1 "a record that says psd=n" ask x.mail.stop.example
asked 16 | grep '^_dmarc' > out
printf '_dmarc.%s\n' mail.stop.example stop.example x.mail.stop.example > wanted
cmp -s wanted out
ok $? "ends the walk; older receivers ask the registered domain"
ends 0 "aliases" ask chain.example
reads 'kept at two.chain.example' "are followed"
ends 1 "aliases in a ring" ask ring.example
reads 'name servers give no usable answer' "end as a failure"
ends 2 "a name without such a record" ask nodata.example
reads 'There is no DMARC record' "is no record"
ends 2 "a name that does not exist" ask nowhere.example
reads 'does not exist in the DNS' "is told from it"
ends 1 "servers that fail" ask failing.example
reads 'Whether there is a record is not known' "are no missing record"
ends 1 "an include without an answer" ask quiet.example
reads 'could not be read: no answer in time' "is not known"
reads 'could not be read: its name servers give no usable answer' "nor is one whose servers fail"
ends 1 "ten look-ups" ask ten.example
reads '10 of 10 look-ups' "are counted"
ends 2 "eleven" ask eleven.example
reads '11 of 10 look-ups: too many' "are too many"
ends 2 "a circle" ask wheel.example
reads 'that leads in a circle' "is seen"
ends 2 "300 includes" ask many.example
questions=$(($(wc -l < questions) - $(wc -l < questions.before)))
[ "$questions" -gt 150 ] && [ "$questions" -lt 2100 ]
ok $? "are bounded ($questions questions)"
reads 'more records than could be read here' "and it says so"
ends 2 "a record of 46 kB" ask big.example
reads 'more parts than anybody will read' "is read in part, and it says so"

# ---- nobody answers

kill "${running%% *}"
python3 -c '
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
time.sleep(120)' > silent.port &
running="$running $!"
await silent.port
printf '[dns]\nresolver = 127.0.0.1@%s\n' "$(cat silent.port)" > conf
before=$(date +%s)
ends 75 "a name server that never answers" "$program" -c conf lint signed.example.net chain.example
took=$(($(date +%s) - before))
[ $took -le 40 ]
ok $? "is not waited for longer than its bound ($took s)"
[ ! -s out ]
ok $? "nothing is judged without an answer"
echo "1..$n"
