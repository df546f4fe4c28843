#!/bin/sh
# Whoever asks one database in every way is told of the same messages, to the last one: verdict, page, lists, exports,
# simulation and explanations; of all samples and, where the reference is, of its made-up organisation. TAP.
set -u
srcdir=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
program=${DMARCGATE:-$PWD/dmarcgate}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
. "$srcdir/tests/tap.sh"
. "$srcdir/tests/world.sh"
command -v python3 > "$work/out" || { echo "1..0 # SKIP no python3"; exit 0; }
export LC_ALL=C.UTF-8 HOME="$work/home" DMARCGATE_DATA="$srcdir/data"
unset COLUMNS XDG_STATE_HOME XDG_CONFIG_HOME DMARCGATE_DB DMARCGATE_CONF
cd "$work" || exit 99
: > conf # whose marks are nobody's

agree() { # NAME ARGUMENT...
	name=$1
	shift
	python3 "$srcdir/tests/agree.py" "$program" -c conf "$@" > out 2>&1
	ok $? "$name"
	sed 's/^/# /' out | head -n 20
}
"$program" --now 2026-11-21T12:00:00Z --db samples.db --dns-file "$srcdir/samples/zone.txt" --quiet ingest "$srcdir/samples" > out 2>&1
agree "all samples" --now 2026-11-21T12:00:00Z --db samples.db
agree "of another day" --now 2026-11-14T12:00:00Z --db samples.db
# A record that reaches a service makes its mail one's own: in every output, or in none.
agree "by the records in a file" --now 2026-11-21T12:00:00Z --db samples.db --dns-file "$srcdir/samples/zone.txt"
# Of the three days of the second the window has one: 4 of its 10 messages.
for begin in 1791936000 1794960000; do
	cat > $begin.xml <<- END
	<feedback><report_metadata><org_name>google.com</org_name><report_id>$begin</report_id><date_range><begin>$begin</begin>
	<end>$((begin + 3 * 86400 - 1))</end></date_range></report_metadata><policy_published><domain>edge.example</domain><p>none</p>
	</policy_published><record><row><source_ip>192.0.2.1</source_ip><count>10</count><policy_evaluated><disposition>none</disposition>
	<dkim>fail</dkim><spf>pass</spf></policy_evaluated></row><identifiers><header_from>edge.example</header_from></identifiers>
	<auth_results><spf><domain>edge.example</domain><result>pass</result></spf></auth_results></record></feedback>
	END
done
"$program" --now 2026-11-23T12:00:00Z --db edge.db --quiet ingest *.xml > out 2>&1
agree "reports that reach beyond the window" --now 2026-11-19T12:00:00Z --db edge.db
if [ -e "$world_reference/world.json" ]; then
	world_write mails && world_ingest mails "$work/world.db" > out 2>&1
	agree "the made-up organisation" --now "$world_now" --db world.db --dns-file mails/zone.txt
else
	echo "ok $((n += 1)) - the made-up organisation # SKIP no $world_reference"
fi
echo "1..$n"
