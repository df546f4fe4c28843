#!/bin/sh
# From two files to what counts: one value of a report is another one in the second file. Is that the same report once more,
# another content of it (a conflict: both are kept, one counts), or another report? TAP.
set -u
srcdir=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
program=${DMARCGATE:-$PWD/dmarcgate}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
. "$srcdir/tests/tap.sh"
export LC_ALL=C.UTF-8 HOME="$work/home"
unset COLUMNS XDG_STATE_HOME XDG_CONFIG_HOME DMARCGATE_DB DMARCGATE_CONF
cd "$work" && mkdir files || exit 99

cat > base <<'END'
<feedback><version>1.0</version><report_metadata><org_name>Receiver</org_name><email>a@receiver.example</email>
<extra_contact_info>page</extra_contact_info><report_id>@ID@</report_id><error>none</error><generator>gen</generator>
<date_range><begin>1793923200</begin><end>1794009599</end></date_range></report_metadata>
<policy_published><domain>example.com</domain><adkim>r</adkim><aspf>r</aspf><p>none</p><sp>none</sp><np>none</np><pct>100</pct>
<fo>0</fo><testing>n</testing><discovery_method>psl</discovery_method></policy_published>
<record><row><source_ip>192.0.2.1</source_ip><count>4</count><policy_evaluated><disposition>none</disposition><dkim>pass</dkim>
<spf>fail</spf><reason><type>forwarded</type><comment>word</comment></reason></policy_evaluated></row>
<identifiers><header_from>a.example.com</header_from><envelope_from>b.example.com</envelope_from><envelope_to>c.example</envelope_to>
</identifiers><auth_results><dkim><domain>d.example.com</domain><selector>one</selector><result>fail</result>
<human_result>why</human_result></dkim><spf><domain>s.example.com</domain><scope>mfrom</scope><result>softfail</result>
<human_result>because</human_result></spf></auth_results></record>
<record><row><source_ip>nowhere</source_ip><count>1</count><policy_evaluated><disposition>none</disposition><dkim>fail</dkim>
<spf>fail</spf></policy_evaluated></row><identifiers><header_from>example.com</header_from></identifiers></record>
</feedback>
END

# NAME, what becomes of the second, how sed makes it from the first
cat > rows <<'END'
blanks duplicate s|<record>|\n  <record>|
order duplicate s|<adkim>r</adkim><aspf>r</aspf>|<aspf>r</aspf><adkim>r</adkim>|
contact duplicate s/>page</>other</
generator duplicate s/>gen</>other</
version duplicate s|<version>1\.0|<version>1.1|
error duplicate s/<error>none/<error>some/
method duplicate s/>psl</>treewalk</
address-form duplicate s/>192.0.2.1</> ::ffff:192.0.2.1 </
case-of-domain duplicate s/>a.example.com</>A.Example.com.</
begin counts s/1793923200/1793923201/
end counts s/1794009599/1794009598/
org counts s/>Receiver</>Receiver Two</
domain counts s/<domain>example.com</<domain>example.net</
org-case conflict s/>Receiver</>RECEIVER</
email conflict s/a@receiver/b@receiver/
adkim conflict s/<adkim>r/<adkim>s/
aspf conflict s/<aspf>r/<aspf>s/
p conflict s/<p>none/<p>reject/
sp conflict s/<sp>none/<sp>reject/
np conflict s/<np>none/<np>reject/
pct conflict s/>100</>50</
fo conflict s/<fo>0/<fo>1/
testing conflict s/<testing>n/<testing>y/
address conflict s/>192.0.2.1</>192.0.2.2</
no-address conflict s/>nowhere</>elsewhere</
address-lost conflict s/>192.0.2.1</>192.0.2.1.1</
count conflict s/<count>4/<count>5/
disposition conflict s/<disposition>none/<disposition>reject/
dkim conflict s/<dkim>pass/<dkim>fail/
spf conflict s/^<spf>fail/<spf>pass/
reason conflict s/>forwarded</>mailing_list</
comment conflict s/>word</>words</
no-reason conflict s|<reason>.*</reason>||
header-from conflict s/>a.example.com</>x.example.com</
envelope-from conflict s/>b.example.com</>x.example.com</
envelope-to conflict s/>c.example</>x.example</
dkim-domain conflict s/>d.example.com</>x.example.com</
selector conflict s/>one</>two</
dkim-result conflict s/<result>fail/<result>neutral/
dkim-why conflict s/>why</>why not</
spf-domain conflict s/>s.example.com</>x.example.com</
scope conflict s/>mfrom</>helo</
spf-result conflict s/>softfail</>neutral</
spf-why conflict s/>because</>therefore</
END

# One run takes both in either order: what came first decides nothing.
while read -r name state how; do
	sed "s/@ID@/$name/" base > "files/$name-1.xml"
	sed "$how" "files/$name-1.xml" > "files/$name-2.xml"
done < rows
ends 0 "all are stored" "$program" --db "$work/one.db" --offline --quiet ingest files
"$program" --db "$work/one.db" reports --csv > one.csv
for file in $(ls -r files); do printf 'files/%s\0' "$file"; done |
	xargs -0 "$program" --db "$work/two.db" --offline --quiet ingest > out 2>&1
"$program" --db "$work/two.db" reports --csv > two.csv

states() { # NAME CSV: of the reports with that id
	awk -F, -v name="$1" '$4 == name { print $10 }' "$2" | sort | tr '\n' ' '
}
while read -r name state how; do
	want=$(printf 'counts\n%s\n' "$state" | sort | tr '\n' ' ')
	cmp -s "files/$name-1.xml" "files/$name-2.xml" && want=unchanged
	one=$(states "$name" one.csv) two=$(states "$name" two.csv)
	[ "$one" = "$want" ] && [ "$two" = "$want" ]
	ok $? "$name: counts and $state"
	[ "$one$two" = "$want$want" ] || echo "# $one/ $two"
done < rows

# Which of the two counts is the same one, too.
counts() { # CSV
	awk -F, '$10 == "counts" { sub(".*/", "", $12); print $4, $12 }' "$1" | sort
}
awk '$2 == "conflict" { print $1 }' rows | sort > conflicts
counts one.csv | join - conflicts > one && counts two.csv | join - conflicts > two && [ -s one ] && cmp one two
ok $? "and of contents in conflict the same one counts, whatever came first"
echo "1..$n"
