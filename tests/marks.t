#!/bin/sh
# mark, accept, critical, attest: the file they write, and what `check` makes of it. TAP.
set -u
srcdir=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
here=$PWD
program=${DMARCGATE:-$PWD/dmarcgate}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
. "$srcdir/tests/tap.sh"
export LC_ALL=C.UTF-8 HOME="$work/home" LOGNAME=anna DMARCGATE_DATA="$srcdir/data"
unset COLUMNS XDG_STATE_HOME XDG_CONFIG_HOME DMARCGATE_DB DMARCGATE_CONF
cd "$work" || exit 99
mkdir home
printf '[readiness]\nmarks = %s/team/marks\n' "$work" > dmarcgate.conf
run() { "$program" -c dmarcgate.conf --now 2026-11-21T12:00:00Z --db "$work/demo.db" "$@"; }
run --dns-file "$srcdir/samples/zone.txt" --quiet ingest "$srcdir/samples/demo" > out 2>&1

ends 0 "a mark" run mark newsmill.example own --why 'our newsletters, says "sales"'
says "$work/team/marks: 2026-11-21 own newsmill.example by=anna # our newsletters, says \"sales\"" "is shown as it was written"
[ "$(cat team/marks)" = '2026-11-21 own newsmill.example by=anna # our newsletters, says "sales"' ]
ok $? "and stands in the file"
run check --json harborlight.example > verdict
grep -q '"subject":"newsmill.example","messages":624,"fail":624.*"class":"own-third-party-signature","evidence":{"confidence":"operator"' verdict
ok $? "from then on it is ours"
ends 0 "a mark for one domain" run --quiet mark 192.0.2.0/24 notours --domain Example.NET --until 2027-01-31
ends 0 "accept ends by itself" run --quiet accept 203.0.113.5
ends 0 "critical" run --quiet critical newsmill.example
ends 0 "attest" run --quiet attest quarterly
[ ! -s out ]
ok $? "--quiet says nothing"
cat > want <<'EOF'
2026-11-21 own newsmill.example by=anna # our newsletters, says "sales"
2026-11-21 notours 192.0.2.0/24 domain=example.net until=2027-01-31 by=anna
2026-11-21 accept 203.0.113.5 until=2027-05-20 by=anna
2026-11-21 critical newsmill.example by=anna
2026-11-21 attest quarterly by=anna
EOF
diff want team/marks > out
ok $? "the file has a line for each"
run check --json harborlight.example > verdict
! grep -q 'attest: quarterly' verdict
ok $? "what was attested is no exception any more"

printf '# a remark without its line feed' >> team/marks
LOGNAME='two words' run --quiet mark zendesk forwarder
tail -n 2 team/marks > out
printf '# a remark without its line feed\n2026-11-21 forwarder zendesk\n' | cmp - out
ok $? "a last line without its end is ended first; a name that is no word is left out"
for i in 1 2 3 4 5 6 7 8; do run --quiet mark "192.0.2.$i" notours & done
wait
[ "$(grep -c '^2026-11-21 notours 192.0.2.[1-8] by=anna$' team/marks)" -eq 8 ]
ok $? "eight at once lose nothing"

# Without a setting: beside the configuration file, else where it would be looked for first
printf '\n' > plain.conf
chmod 640 plain.conf
"$program" -c "$work/plain.conf" --quiet mark a.example own && [ -s dmarcgate.marks ]
ok $? "the file lies beside the configuration"
"$program" --config "$work/plain.conf" --verbose mark b.example own > out && [ -s out ] && grep -q "own b.example" dmarcgate.marks
ok $? "--config and --verbose are -c and -v"
[ "$(stat -c '%a %g' dmarcgate.marks)" = "640 $(stat -c %g plain.conf)" ]
ok $? "and can be read by whoever can read that, such as the user of the service"
if [ "$(id -u)" -ne 0 ]; then
	"$program" --quiet mark a.example own && [ -s home/.config/dmarcgate/dmarcgate.marks ]
	ok $? "or in the home directory"
else
	ok 0 "or in the home directory # SKIP root"
fi

ends 0 "a mark of who sends" run mark newsmill.example own
[ ! -s err ]
ok $? "says nothing on the side"
ends 0 "of a network that somebody sends from" run mark 203.0.113.0/24 notours
[ ! -s err ]
ok $? "says nothing either"
ends 0 "of a signer" run mark d=newsmill.example own
[ ! -s err ]
ok $? "nor that"
ends 0 "a host name with a slip" run mark newsmil.example own
grep -q "mark: newsmil.example: no mail in the database comes from there; the mark is kept for mail to come" err
ok $? "is said to match nothing"
tail -n 1 team/marks | grep -q ' own newsmil.example '
ok $? "and kept"
ends 0 "a sender of another domain" run accept newsmill.example --domain other.example
grep -q "comes from there for other.example;" err
ok $? "is said to be none of this one"

ends 64 "no source" run mark
ends 64 "no word" run mark a.example
ends 64 "another word" run mark a.example mine
ends 64 "a typing error" run mark zendsk own
grep -q "zendsk: no address, network" err
ok $? "is named"
ends 64 "a typing error in an address" run mark 192.0.2.300 own
ends 64 "and in a network" run mark 192.0.2.0/33 notours
ends 0 "an address" run --quiet mark 2001:db8:5::1 notours
ends 0 "and a network" run --quiet mark 2001:db8:5::/48 notours
ends 64 "a day that is over" run mark a.example own --until 2026-11-21
ends 64 "a line feed" run mark a.example own --why 'two
lines'
ends 64 "no domain" run mark a.example own --domain 'a b'
ends 64 "attest of something else" run attest everything
ends 64 "an option of another" run attest lists --until 2027-01-01
printf '2026-11-21 own\n' > team/marks
ends 78 "a damaged file" run check harborlight.example
grep -q "$work/team/marks:1: a day, a word and what it is about are wanted" err
ok $? "is named with its line"
ends 78 "and nothing is added to it" run mark a.example own
[ "$(wc -l < team/marks)" -eq 1 ]
ok $? "nothing"
awk 'BEGIN { for (i = 0; i < 20000; i++) printf "2026-11-21 own 10.%d.%d.1\n", i / 250, i % 250 }' > team/marks
cp team/marks full
ends 2 "as many statements as are read" run check --quiet harborlight.example
ends 78 "one more" run mark 203.0.113.9 own
grep -q "team/marks:20001: more than 20000 statements" err
ok $? "is refused in one line"
cmp -s team/marks full
ok $? "and nothing is written"
awk 'BEGIN { for (i = 0; i < 2110; i++) { printf "# "; for (k = 0; k < 1940; k++) printf "x"; print "" } }' > team/marks
cp team/marks full
while run --quiet mark 203.0.113.9 own --why "$(head -c 1900 full | tr -d '#\n')" 2> err; do :; done
ends 78 "a file too large for another line" run mark 203.0.113.9 own --why "$(head -c 1900 full | tr -d '#\n')"
[ "$(wc -l < err)" -eq 1 ] && grep -q "team/marks: full: at most 4194304 octets are read" err
ok $? "is named in one line"
run check --quiet harborlight.example > out 2> err
[ $? -eq 2 ]
ok $? "what was written before is still read"
printf '2026-11-21 own a.example\n' > team/marks
if grep -q __asan_init "$program"; then
	echo "ok $((n += 1)) - a disk that does not keep # SKIP nothing is loaded before the sanitizer"
else
	LD_PRELOAD=$here/tests/fault.so FAULT=fsync:1 FAULT_PROGRAM=dmarcgate "$program" -c dmarcgate.conf \
		--now 2026-11-21T12:00:00Z --db "$work/demo.db" mark b.example own 2> err
	[ "$(cat team/marks)" = '2026-11-21 own a.example' ] && grep -q "team/marks: Input/output error" err
	ok $? "a disk that does not keep what it took is no full one, and the file is as it was"
fi
rm team/marks && mkdir team/marks
ends 78 "a folder in its place" run mark a.example own
echo "1..$n"
