#!/bin/sh
# A report of 500,000 records, as .gz and as .eml: shown and stored with less than 64 MB resident in every process; a verdict,
# which has all sources at hand, takes less than 256 MB. TAP.
# Part of `make check-long`: it takes minutes.
set -u
srcdir=${srcdir:-$(dirname "$0")/..}
program=${DMARCGATE:-$PWD/dmarcgate}
records=${RECORDS:-500000}
ceiling=65536
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
. "$srcdir/tests/tap.sh"

big_report() {
	awk -v n="$records" 'BEGIN {
		print "<?xml version=\"1.0\"?><feedback><report_metadata><org_name>Example</org_name><email>a@example.net</email>"
		print "<report_id>long</report_id><date_range><begin>1793923200</begin><end>1794009599</end></date_range></report_metadata>"
		print "<policy_published><domain>example.com</domain><p>none</p></policy_published>"
		for (i = 0; i < n; i++) {
			printf "  <record><row><source_ip>10.%d.%d.%d</source_ip>", i / 65536 % 256, i / 256 % 256, i % 256
			printf "<count>%d</count><policy_evaluated><disposition>none</disposition><dkim>fail</dkim>", i % 7 + 1
			printf "<spf>pass</spf></policy_evaluated></row>\n    <identifiers><header_from>example.com</header_from>"
			printf "</identifiers>\n    <auth_results><dkim><domain>host%d.example.com</domain><selector>s%d</selector>", i % 5000, i % 17
			print "<result>fail</result></dkim><spf><domain>example.com</domain><result>pass</result></spf></auth_results></record>"
		}
		print "</feedback>"
	}'
}

# Peak of every process below this one while it runs: the largest VmHWM seen, in kB.
peak() { # PID
	most=0
	while grep -q VmHWM "/proc/$1/status" 2> /dev/null; do # a process that ended and was not waited for has none
		for pid in "$1" $(pgrep -P "$1") $(pgrep -P "$(pgrep -d , -P "$1" || echo 999999999)"); do
			now=$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status" 2> /dev/null)
			[ "${now:-0}" -le "$most" ] || most=$now
		done
		sleep 0.2
	done
	echo "$most"
}

measured() { # NAME WANTED-IN-OUTPUT ARGUMENT...
	name=$1 wanted=$2
	shift 2
	start=$(date +%s)
	"$program" --now 2026-11-21T12:00:00Z --db "$work/long.db" "$@" > "$work/out" 2> "$work/err" &
	pid=$!
	most=$(peak $pid)
	wait $pid
	status=$?
	[ $status -eq 0 ] && tail -c 4000 "$work/out" | grep -q "$wanted"
	ok $? "$name: done in $(($(date +%s) - start)) s"
	if grep -q 'define WITH_SANITIZERS' config.h 2> /dev/null; then
		echo "# $name: $most kB with sanitizers, not judged"
	else
		[ "$most" -gt 0 ] && [ "$most" -lt $ceiling ]
		ok $? "$name: $most kB in the largest process"
	fi
	sed 's/^/# /' "$work/err" | head -n 5
}

big_report | tee "$work/report.xml" | gzip -6 > "$work/report.xml.gz"
{
	printf 'From: a@example.net\nSubject: Report Domain: example.com\nMIME-Version: 1.0\nContent-Type: application/gzip\n'
	printf 'Content-Transfer-Encoding: base64\n\n'
	base64 "$work/report.xml.gz"
} > "$work/report.eml"
echo "# $(wc -c < "$work/report.xml") octets of XML, $(wc -c < "$work/report.xml.gz") packed"
measured "show .gz" '"problems":' show --json "$work/report.xml.gz"
measured "show .eml" '"problems":' show --json "$work/report.eml"
measured "show .xml" 'pass DKIM or SPF' show "$work/report.xml"
measured "ingest .gz" '1 new' ingest "$work/report.xml.gz"
measured "ingest .eml, the same report" '1 duplicate\|1 new' ingest "$work/report.eml"
ceiling=262144
measured "summary" 'example.com' summary example.com
ceiling=65536
measured "export" ',' export --csv '!duplicate'
lines=$(wc -l < "$work/out")
[ "$lines" -eq $((records + 1)) ]
ok $? "every record is exported once: $lines lines"
measured "reprocess" 'read again' reprocess
echo "1..$n"
