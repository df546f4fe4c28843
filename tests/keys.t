#!/bin/sh
# Keys and old policies under lint: each sample has its fault, what that looks like, and the key that a server signs with
# held against the published one. TAP; `tests/keys.t --write` takes over what is printed now.
set -u
built=$PWD
srcdir=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
golden=$srcdir/tests/golden
program=${DMARCGATE:-$built/dmarcgate}
learn=${DMARCGATE_LEARN:-$built/tests/store-learn}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
. "$srcdir/tests/tap.sh"
write=${1:-}
zone=$srcdir/samples/keys.txt
export LC_ALL=C.UTF-8 DMARCGATE_DATA="$srcdir/data" DMARCGATE_DB="$work/db"
unset COLUMNS NO_COLOR 2> /dev/null
cd "$work" || exit 99
command -v python3 > /dev/null || { echo "1..0 # SKIP no python3"; exit 0; }
printf '[dkim]\nselectors = UE2024MAY@may.example\n' > conf

lint() {
	"$program" -c conf --now 2026-11-21T12:00:00Z --dns-file "$zone" lint "$@"
}
looks() { # GOLDEN ARGUMENT...
	name=$1
	shift
	"$program" -c conf --now 2026-11-21T12:00:00Z --dns-file "$zone" lint "$@" > out 2> err
	same "$name" "lint $*"
}

# ---- each sample has its fault, and nothing else

# shellcheck disable=SC2046 # a list of names
ends 2 "every sample" lint --selector s1 --json $(sed -n 's/^;= \([^:]*\):.*/\1/p' "$zone")
python3 "$srcdir/tests/lint-expect.py" "$zone" < out > differences
[ ! -s differences ]
ok $? "each has its fault, and nothing else"
sed 's/^/# /' differences
for domain in relay semicolon several wildcard policy-all cut; do
	looks "keys-$domain.txt" "$domain.example" --selector s1
done
looks keys-may.txt may.example
looks keys-wrapped.json wrapped.example --selector s1 --json

# ---- records by themselves

check() { # CODE NAME TEXT
	ends "$1" "$2" "$program" -c conf record --check "$3"
}
record=$(sed -n 's/^s1\._domainkey\.testing\.example\.[^"]*"\(.*\)"$/\1/p' "$zone")
check 1 "a key on trial" "$record"
says 'DKIM key' "is recognised as a key"
same keys-check.txt "what is said of it"
long=$(sed -n 's/^s1\._domainkey\.sound\.example\.[^"]*"\(.*\)"$/\1/p' "$zone" | sed 's/" "//g')
check 0 "a long key" "$long"
same keys-divided.txt "is divided into strings"
check 0 "an old policy is a note" 'o=~; r=postmaster@example.org'
check 1 "one that looks like protection is a warning" 'o=-'
check 1 "ADSP is a warning" 'dkim=discardable'
check 2 "a zone line with a fault" 's1._domainkey.shop.example. IN TXT ( "v=DKIM1; k=rsa" )'

# ---- the key that signs

sed -n 's/.*"v=DKIM1; k=rsa; p=\(.*\)"$/\1/p' "$zone" | sed 's/" "//g' | head -n 1 > p
{ echo '-----BEGIN PUBLIC KEY-----'; fold -w 64 p; echo '-----END PUBLIC KEY-----'; } > public.pem
sed -n '/define PEM1024_PKCS8/,/^$/s/.*"\(.*\)\\n".*/\1/p' "$srcdir/tests/keytexts.h" > private.pem
sed -n 's/^\(s1\._domainkey\)\.relay\.example\.\(.*\)/\1 \2/p' "$zone" > mail.txt
ends 0 "the public key is the published one" lint --selector s1 sound.example --expect-key public.pem
says 'The key published is the one in the file: RSA, 2048 bits.' "and it is said"
ends 2 "another key" lint --selector s1 sound.example --expect-key private.pem
same keys-differs.txt "what tells them apart"
grep -qF "$(sed -n 3p private.pem)" out err
[ $? -eq 1 ]
ok $? "nothing of the private key is shown"
ends 1 "the private key of the published one" lint --selector s1 flag.example --expect-key private.pem
says 'The key published is the one in the file: RSA, 1024 bits.' "and it is said"
ends 1 "a zone line without the domain" lint relay.example --expect-key mail.txt
says 'The key published is the one in the file' "finds its place"
ends 2 "withdrawn" lint --selector s1 revoked.example --expect-key public.pem
says 'is withdrawn' "and it is said"
ends 2 "not published" lint may.example --expect-key public.pem
ends 78 "no key" lint sound.example --expect-key conf
says_err='neither a key nor the record of one'
grep -q "$says_err" err
ok $? "and it is said"
ends 78 "no file" lint sound.example --expect-key nowhere
ends 64 "for several domains" lint sound.example relay.example --expect-key public.pem

# ---- several keys, and more than are looked at

ends 2 "the last of several names" lint --selector other,s1 revoked.example
says 's1._domainkey.revoked.example' "is looked at, too"
ends 2 "the first of several names" lint --selector s1,other revoked.example
says 's1._domainkey.revoked.example' "is looked at, too"
{ echo '[dkim]'; seq -f 'selectors = key%03.0f@revoked.example' 1 103; } > many
"$program" -c many --dns-file "$zone" lint --selector s1 revoked.example > out 2> err
[ "$(cat err)" = 'dmarcgate: revoked.example: 3 more keys are known, and were not looked at' ]
ok $? "more keys than are looked at: it is said"
says 's1._domainkey.revoked.example' "one that was named is looked at"
"$program" -c many --quiet --dns-file "$zone" lint revoked.example > out 2> err
[ ! -s err ]
ok $? "and not, when nothing is to be said"

# ---- what reports name; and offline, with a date

"$program" -c conf --quiet --dns-file "$srcdir/samples/zone.txt" ingest "$srcdir/samples/demo" > out 2> err
"$program" -c conf --now 2026-11-21T12:00:00Z --dns-file "$srcdir/samples/published-winter.txt" lint harborlight.example > out 2> err
same keys-reported.txt "a key that reports name"
"$program" -c conf --now 2027-04-21T12:00:00Z --dns-file "$srcdir/samples/published-winter.txt" lint harborlight.example > out 2> err
grep -q 'no mail signed with it was seen' out
ok $? "and half a year later it is out of use"
ends 75 "offline without a snapshot" "$program" -c conf --offline lint harborlight.example
"$learn" "$DMARCGATE_DB" 2026-11-03 "$srcdir/samples/published-autumn.txt"
"$learn" "$DMARCGATE_DB" 2026-11-20 "$srcdir/samples/published-winter.txt"
"$program" -c conf --now 2026-11-21T12:00:00Z --offline lint harborlight.example > out 2> err
same keys-offline.txt "offline, as it was seen last"
grep -q 'offline: as it was seen on 2026-11-20' err
ok $? "with its date"
echo "1..$n"
