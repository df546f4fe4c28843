#!/bin/sh
# What one's own border found when a report mail came in counts where it is believed, and nowhere else. TAP.
set -u
srcdir=${srcdir:-$(dirname "$0")/..}
program=${DMARCGATE:-$PWD/dmarcgate}
samples=$(cd "$srcdir/samples" && pwd)
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
. "$srcdir/tests/tap.sh"
cd "$work" || exit 99
printf '[trust]\nauthserv_id = mx.harborlight.example, mx2.harborlight.example\n' > conf

run() {
	"$program" -c conf --db "$work/$db" --now 2026-11-21T12:00:00Z "$@"
}

# A report mail whose key nobody knows, with FIELD on top; then what the list of reports says of it.
proven() { # FIELD TRUST SIGNER NAME
	db=$n.db
	{
		printf '%s' "$1"
		cat "$samples/demo/bigmail-shop-1107.eml"
	} > "$n.eml"
	run --offline ingest --quiet "$n.eml"
	run reports --format json > out
	grep -qF "\"trust\":$2,\"signer\":$3," out
	ok $? "$4"
}

ours='Authentication-Results: MX2.harborlight.example; dkim=pass header.d=bigmail.example;
	dmarc=pass (p=reject dis=none) header.from=bigmail.example
Received: from out.bigmail.example by mx2.harborlight.example; Sun, 08 Nov 2026 03:48:39 +0000
'
proven '' 1 null "without a field nothing is proven"
proven "$ours" 3 '"bigmail.example"' "a signature that passed at the border proves the reporter"
proven 'Authentication-Results: mx.harborlight.example; spf=pass smtp.mailfrom=x@bigmail.example
' 2 '"bigmail.example"' "SPF proves who wrote the mail"
proven 'Authentication-Results: mx.harborlight.example; dkim=fail; dmarc=fail (p=quarantine dis=none)
' 0 null "a mail that the border would have refused has no trust"
proven "Authentication-Results: mx.other.example; none
$ours" 1 null "a field below another one may have come with the mail"
proven 'Authentication-Results: mx.other.example; dkim=pass header.d=bigmail.example
' 1 null "another server is not believed"

# A key that is there, and a border that says no: strict alignment, or a policy we cannot see.
db=key.db
{
	echo 'Authentication-Results: mx.harborlight.example; dmarc=fail (p=reject)'
	cat "$samples/demo/bigmail-shop-1107.eml"
} > key.eml
run ingest --quiet --dns-file "$samples/zone.txt" key.eml
run reports --format json > out
grep -qF '"trust":0,"signer":null,' out
ok $? "what the border refused stays refused"

# Believed afterwards: what is stored is judged anew.
db=later.db
printf '%s' "$ours" | cat - "$samples/demo/bigmail-shop-1107.eml" > later.eml
mv conf believed && : > conf
run --offline ingest --quiet later.eml
run reports --format json > before
mv believed conf
run --offline reprocess > again 2>&1
run reports --format json > out
grep -qF '"trust":1,' before && grep -qF '"trust":3,' out
ok $? "reprocess judges what is stored by the servers that are believed now"
[ "$(run reports --format json | grep -c '"records":2,"messages":11,')" -eq 1 ]
ok $? "and the report is whole"
echo "1..$n"
