#!/bin/sh
# `enrich` with a real name server on loopback (nsd): host names, what domains publish, and the author domains below them
# that reports name; each once a day, within bounds, and nothing of it from a file in the place of the DNS. TAP.
set -u
srcdir=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
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
export LC_ALL=C.UTF-8 DMARCGATE_DATA="$srcdir/data"
zones='example=zone 2.0.192.in-addr.arpa=reverse'
. "$srcdir/tests/tap.sh"
. "$srcdir/tests/nsd.sh"
trap end EXIT
cat > zone << 'END'
example. 60 IN SOA ns.example. admin.example. 1 3600 900 86400 60
example. 60 IN NS ns.example.
ns.example. 60 IN A 127.0.0.1
harborlight.example. 60 IN TXT "v=spf1 ip4:192.0.2.7 -all"
harborlight.example. 60 IN MX 10 mail.harborlight.example.
mail.harborlight.example. 60 IN A 192.0.2.7
_dmarc.harborlight.example. 60 IN TXT "v=DMARC1; p=none"
shop.harborlight.example. 60 IN A 192.0.2.8
_dmarc.shop.harborlight.example. 60 IN TXT "v=DMARC1; p=reject"
_dmarc.other.example. 60 IN TXT "v=DMARC1; p=none"
_dmarc.spoofed.example. 60 IN TXT "v=DMARC1; p=none"
mail._domainkey.spoofed.example. 60 IN TXT "v=DKIM1; k=ed25519; p=p5zZnqBYmfPPy3Df6xRneFk9oAzWN8s8WYVDkMWWGgs="
zz._domainkey.spoofed.example. 60 IN TXT "v=DKIM1; k=ed25519; p=p5zZnqBYmfPPy3Df6xRneFk9oAzWN8s8WYVDkMWWGgs="
END
cat > reverse << 'END'
2.0.192.in-addr.arpa. 60 IN SOA ns.example. admin.example. 1 3600 900 86400 60
2.0.192.in-addr.arpa. 60 IN NS ns.example.
7.2.0.192.in-addr.arpa. 60 IN PTR mail.harborlight.example.
END
report() { # DOMAIN AUTHOR...
	domain=$1
	shift
	echo '<feedback><report_metadata><org_name>google.com</org_name><email>noreply-dmarc-support@google.com</email>'
	echo "<report_id>$domain</report_id><date_range><begin>1794528000</begin><end>1794614399</end></date_range></report_metadata>"
	echo "<policy_published><domain>$domain</domain><p>none</p></policy_published>"
	for author; do
		echo '<record><row><source_ip>192.0.2.7</source_ip><count>3</count><policy_evaluated><disposition>none</disposition>'
		echo '<dkim>fail</dkim><spf>pass</spf></policy_evaluated></row><identifiers>'
		echo "<header_from>$author</header_from></identifiers><auth_results><spf><domain>$author</domain><result>pass</result></spf>"
		echo '</auth_results></record>'
	done
	echo '</feedback>'
}
report harborlight.example harborlight.example shop.harborlight.example gone.harborlight.example elsewhere.example \
	SHOP.harborlight.example. 'no name' > one.xml
# shellcheck disable=SC2046 # names without blanks
report other.example $(python3 -c 'print(*("n%d.other.example" % i for i in range(120)))') > two.xml

run() { # TIME ARGUMENT...
	now=$1
	shift
	"$program" -c conf --db db --now "$now" "$@"
}
printf '[dns]\nresolver = 127.0.0.1@%s\n' "$port" > conf
answers() { # anything but "later"
	run 2026-01-01 lint harborlight.example > out 2>&1
	[ $? -ne 75 ]
}
server_start answers || { echo "1..0 # SKIP nsd does not start here: $(tail -n 1 nsd.log)"; exit 0; }

ends 0 "nothing is stored" run 2026-11-14T06:00:00Z enrich
! grep -q "domains\? looked at" "$work/out"
ok $? "and nothing is asked"
run 2026-11-14T06:00:00Z --quiet --offline ingest one.xml
ends 0 "a file in the place of the DNS" run 2026-11-14T06:00:00Z --dns-file zone enrich
! grep -q "domains\? looked at" "$work/out"
ok $? "is no sight of what is published"
ends 0 "one domain" run 2026-11-14T07:00:00Z enrich
says "1 domain looked at, and 2 author domains below them" "it, and those below it that are names, each once"
run 2026-11-14T08:00:00Z dns harborlight.example > out
says 'shop.harborlight.example' "what they publish is remembered"
run 2026-11-14T08:00:00Z dns harborlight.example --json > out
says '"name":"gone.harborlight.example","type":"MX","states":[{"first_seen":"2026-11-14T07:00:00Z","last_seen":"2026-11-14T07:00:00Z","status":"nxdomain"' \
	"a name that does not exist, too"
run 2026-11-14T08:00:00Z html harborlight.example > out
says 'a record of its own' "the verdict knows the record below"
says 'inherits; does not exist' "and the name that is none"
run 2026-11-14T08:00:00Z check --json harborlight.example > out
says '"records_checked":true' "and that records were looked at"
ends 0 "later that day" run 2026-11-14T16:00:00Z enrich
! grep -q "domains\? looked at" "$work/out"
ok $? "nothing is asked again"
ends 0 "the next day" run 2026-11-15T07:00:00Z enrich
says "1 domain looked at, and 2 author domains below them" "everything is"
run 2026-11-15T07:00:00Z --quiet --offline ingest two.xml
ends 0 "many author domains" run 2026-11-15T08:00:00Z enrich
says "1 domain looked at, and 50 author domains below them" "not all at once"
run 2026-11-15T08:00:00Z enrich > out
says "0 domains looked at, and 50 author domains below them" "the next run goes on"
run 2026-11-15T08:00:00Z enrich > out
says "0 domains looked at, and 20 author domains below them" "until all are known"
{ # one key that signs, and the inventions of a forger, which come first by name and by number of records
	report spoofed.example | sed '$d'
	for i in $(seq 100 160) $(seq 100 160) $(seq 200 260) mail; do
		echo '<record><row><source_ip>192.0.2.9</source_ip><count>1</count><policy_evaluated><disposition>none</disposition>'
		result=fail
		[ "$i" != mail ] && [ "$i" -lt 200 ] || result=pass
		echo "<dkim>$result</dkim><spf>fail</spf></policy_evaluated></row><identifiers><header_from>spoofed.example</header_from>"
		echo "</identifiers><auth_results><dkim><domain>spoofed.example</domain><selector>$i</selector><result>$result</result></dkim>"
		echo '<spf><domain>elsewhere.example</domain><result>none</result></spf></auth_results></record>'
	done
	echo '</feedback>'
} > three.xml
printf '[dns]\nresolver = 127.0.0.1@%s\n[dkim]\ndomains = spoofed.example\nselectors = zz@spoofed.example\n' "$port" > conf
run 2026-11-15T09:00:00Z --quiet --offline ingest three.xml
ends 0 "a domain with more selectors than are looked at" run 2026-11-15T09:00:00Z enrich
run 2026-11-15T10:00:00Z selectors spoofed.example --csv > keys
grep -c ',published,' keys > out
says 1 "the one that is listed is looked at"
run 2026-11-16T09:00:00Z enrich > out
run 2026-11-16T10:00:00Z selectors spoofed.example --csv > keys
grep -c ',published,' keys > out
says 2 "and the one that signs, a day later, whatever other keys a report calls valid"
printf '[dns]\nresolver = 127.0.0.1@%s\n[dkim]\ndomains = harborlight.example\n' "$port" > conf
ends 0 "one's own domains, where they are named" run 2026-11-16T08:00:00Z enrich
says "1 domain looked at, and 2 author domains below them" "those alone"
server_end
printf '[dns]\nresolver = 127.0.0.1@%s\n[names]\ntime = 2\n' "$port" > conf
began=$(date +%s)
ends 0 "nobody answers" run 2026-11-25T08:00:00Z enrich
[ $(($(date +%s) - began)) -le 20 ]
ok $? "which takes no longer than is allowed"
run 2026-11-25T08:00:00Z dns harborlight.example > out
says '16 Nov 2026' "and changes nothing"
echo "1..$n"
