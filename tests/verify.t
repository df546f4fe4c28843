#!/bin/sh
# `dmarcgate verify` on mails of ours: what it says, how it ends, where keys come from, and what it makes of broken inputs.
# TAP. `tests/verify.t --write` writes the golden files anew.
set -u
srcdir=${srcdir:-$(dirname "$0")/..}
program=${DMARCGATE:-$PWD/dmarcgate}
samples=$(cd "$srcdir/samples" && pwd)
golden=$(cd "$srcdir/tests/golden" && pwd)
write=${1:-}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
. "$srcdir/tests/tap.sh"

verify() { # without an archive, and the same everywhere
	"$program" --db "$work/none.db" --color never verify "$@"
}

cd "$samples" || exit 99
export LC_ALL=C.UTF-8

# The mail that a failure report shows, as a list sent it on; and the same as it left its server.
sed -e '1,/^Content-Type: message\/rfc822/d' -e '/^--sep--/,$d' demo/failure-list.eml |
	sed 1d > "$work/list.eml"
printf '%s' "$(cat "$work/list.eml")" > "$work/cut" && mv "$work/cut" "$work/list.eml"
sed -e 's/^Subject: \[Guild\] /Subject: /' -e '/^_____$/,$d' "$work/list.eml" > "$work/signed.eml"
printf 'From: a@harborlight.example\nSubject: x\n\nNo signature here.\n' > "$work/unsigned.eml"

ends 1 "an unsigned mail among signed ones makes 1" verify --dns-file zone.txt demo/*.eml
same verify-demo.txt "what is said of every mail of the demonstration"
ends 1 "the same in JSON" verify --json --dns-file zone.txt demo/*.eml
same verify-demo.json "what is said of every mail of the demonstration, in JSON"
[ "$(wc -l < "$work/out")" -eq "$(ls demo/*.eml | wc -l)" ]
ok $? "a line of JSON per mail"

ends 0 "an aligned signature that passes makes 0" verify --dns-file zone.txt - < "$work/signed.eml"
says "aligned signature passes" "and the closing line says so"
gzip -nc "$work/signed.eml" > "$work/signed.eml.gz"
ends 0 "and so does the mail as a store compressed it" verify --dns-file zone.txt "$work/signed.eml.gz"
ends 1 "what a list made of it makes 1" verify --dns-file zone.txt --explain - < "$work/list.eml"
same verify-list.txt "what was changed, in words"
ends 1 "the same in JSON" verify --dns-file zone.txt --json --explain - < "$work/list.eml"
same verify-list.json "what was changed, in JSON"
if command -v python3 > /dev/null; then
	python3 - "$work/out" "$work/signed.eml" > "$work/said" 2>&1 << 'EOF'
import hashlib, json, sys
diagnosis = json.loads(open(sys.argv[1]).readline())['signatures'][0]['diagnosis']
mail = open(sys.argv[2], 'rb').read().replace(b'\n', b'\r\n')
assert diagnosis['undone'] is True and [step['edit'] for step in diagnosis['steps']] == ['subject-prefix', 'footer-appended']
wanted = [hashlib.sha256(mail + end).hexdigest() for end in (b'', b'\r\n')] + [hashlib.sha256(mail[:-2]).hexdigest()]
assert diagnosis['reconstruction_sha256'] in wanted, diagnosis['reconstruction_sha256']
EOF
	ok $? "what was rebuilt is the mail as it was signed"
	sed 's/^/# /' "$work/said"
else
	n=$((n + 1))
	echo "ok $n - what was rebuilt # SKIP no python3"
fi
ends 1 "without --explain the verdict is the same" verify --dns-file zone.txt - < "$work/list.eml"
! grep -q 'undone' "$work/out"
ok $? "and nothing is explained"
ends 1 "an unsigned mail makes 1" verify --dns-file zone.txt "$work/unsigned.eml"
says "Not signed" "and it is said that it is unsigned"

printf 'From : a@harborlight.example\nSubject: x\n\nNo signature here.\n' > "$work/colon.eml"
ends 1 "a mail that begins with \"From :\"" verify --json --dns-file zone.txt "$work/colon.eml"
says '"from_domain":"harborlight.example"' "begins with a field, not with the line of an mbox"

# where keys come from
awk '/_domainkey/ { name = tolower($1); sub(/\.$/, "", name); value = ""
	while (match($0, /"[^"]*"/)) { value = value substr($0, RSTART + 1, RLENGTH - 2); $0 = substr($0, RSTART + RLENGTH) }
	print name " " value }' zone.txt > "$work/keys.txt"
ends 0 "keys from a file of names and records" verify --keys "$work/keys.txt" "$work/signed.eml"
printf 'aaisp._domainkey.harborlight.example TEMPFAIL\n' > "$work/silent.txt"
ends 2 "a key that cannot be looked up makes 2" verify --keys "$work/silent.txt" "$work/signed.eml"
says "cannot be decided now" "and the closing line says so"
ends 2 "the worst of several mails decides" verify --keys "$work/silent.txt" "$work/unsigned.eml" "$work/signed.eml"
ends 1 "a name that the file lacks does not exist" verify --keys /dev/null "$work/signed.eml"
says "no key is published" "and it is said that there is no key"
ends 2 "offline without an archive nothing is known" verify --offline "$work/signed.eml"
[ ! -e "$work/none.db" ]
ok $? "verify makes no database"

# the clock
ends 0 "--at" verify --dns-file zone.txt --json --at 2020-01-01 "$work/signed.eml"
says '"t_in_future":true' "a signature newer than the clock is remarked"
ends 64 "--at with something else" verify --dns-file zone.txt --at yesterday "$work/signed.eml"

# inputs
ends 64 "no input" verify
ends 78 "a file that does not exist" verify --dns-file zone.txt "$work/missing.eml"
ends 78 "a zone file that does not exist" verify --dns-file "$work/missing.txt" "$work/signed.eml"
: > "$work/empty.eml"
ends 1 "an empty input" verify --dns-file zone.txt "$work/empty.eml"
head -c 300000 /dev/zero > "$work/zero.eml"
ends 1 "nothing but NUL" verify --dns-file zone.txt "$work/zero.eml"
head -c 700 "$work/signed.eml" > "$work/half.eml"
ends 1 "half a mail" verify --dns-file zone.txt --explain "$work/half.eml"
{ printf 'DKIM-Signature: v=1; d=\033]0;owned\007\033[31m; s=\302\233\n\nx\n'; } > "$work/hostile.eml"
ends 1 "a hostile signature" verify --dns-file zone.txt "$work/hostile.eml"
! LC_ALL=C grep -q "$(printf '[\001-\011\013-\037\177]')" "$work/out"
ok $? "reaches the terminal escaped"
sed 's/$/\r/' "$work/signed.eml" > "$work/crlf.eml"
ends 0 "CRLF or LF does not matter" verify --dns-file zone.txt "$work/crlf.eml"
verify --dns-file zone.txt --json --explain --jobs 1 demo/*.eml "$work/list.eml" > "$work/one" 2> "$work/err"
verify --dns-file zone.txt --json --explain --jobs 8 demo/*.eml "$work/list.eml" > "$work/eight" 2> "$work/err"
verify --dns-file zone.txt --json --explain --no-sandbox demo/*.eml "$work/list.eml" > "$work/unlocked" 2> "$work/err"
[ -s "$work/one" ] && cmp "$work/one" "$work/eight"
ok $? "one worker and eight give the same octets"
cmp "$work/one" "$work/unlocked"
ok $? "locked and unlocked give the same octets"
printf '[limits]\nguesses = 1\n' > "$work/few.conf"
ends 1 "a diagnosis with one guess" "$program" -c "$work/few.conf" --db "$work/none.db" --color never verify --explain \
	--dns-file zone.txt "$work/list.eml"
says "more changes were possible than were tried" "says that it ended early"
echo "1..$n"
