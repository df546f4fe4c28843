#!/bin/sh
# Failure reports whose sample is checked again: what counts as a key, as the body, and as the time of arrival. TAP.
set -u
srcdir=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
program=${DMARCGATE:-$PWD/dmarcgate}
samples=$(cd "$srcdir/samples" && pwd)
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
. "$srcdir/tests/tap.sh"
export LC_ALL=C.UTF-8

# A list's mail as its reporter shows it, and the same as it was signed; its key, and one of somebody else.
changed=$samples/demo/failure-list.eml
sed -e 's/^Subject: \[Guild\] /Subject: /' -e '/^_____$/,/^--sep--/{/^--sep--/!d}' "$changed" > "$work/signed.eml"
name=aaisp._domainkey.harborlight.example
key=$(sed -n "s/^$name\. .* TXT //p" "$samples/zone.txt" | sed -e 's/" *"//g' -e 's/"//g')
other='v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB'

judged() { # MAIL KEYS...: the list of samples, in JSON
	mail=$1
	shift
	rm -f "$work/db"*
	printf '%s\n' "$@" > "$work/keys"
	"$program" --db "$work/db" ingest --quiet --keys "$work/keys" "$mail" > "$work/null" 2>&1
	"$program" --db "$work/db" --now 2026-11-21T12:00:00Z samples --json > "$work/out" 2> "$work/err"
}

field() { # FIELD...: the report with these put at the end of its fields
	sed "s|^DKIM-Selector: aaisp\$|&\\n$1|"
}

judged "$work/signed.eml" "$name $key"
says '"verdict":"passes"' "what was signed passes by the key that is published"
says '"counted":true' "and counts: the receiver says that it failed"
sed 's/dmarc=fail/dmarc=pass/' "$work/signed.eml" > "$work/told.eml"
judged "$work/told.eml" "$name $key"
says '"passed":true,"counted":false' "not where it says that it passed"
sed '/^Authentication-Results/d' "$work/signed.eml" > "$work/told.eml"
judged "$work/told.eml" "$name $key"
says '"passed":true,"counted":false' "nor where it says nothing"
judged "$changed" "$name $key"
says '"undone":true' "what a list did to it is undone"

# A key that stands in the report alone is nobody's key: whoever wrote the report may have made it.
field "DKIM-Selector-DNS: \"$key\"" < "$work/signed.eml" > "$work/told.eml"
judged "$work/told.eml" "$name NXDOMAIN"
says '"result":"permerror"' "by a key that only the report shows nothing passes"
says '"passed":false,"counted":true' "and the failure counts"
says 'by the key that the report shows, which nobody proves, the signature is valid' "but what it would be is said"
id=$(sed -n 's/.*"id":"\(sample:[0-9a-f]*\)".*/\1/p' "$work/out")
"$program" --db "$work/db" --now 2026-11-21T12:00:00Z --color never explain "$id" > "$work/out"
says 'none that can be used; the failure report shows one, which nobody' "the page says where the key stood"
judged "$work/told.eml" "$name TEMPFAIL"
says '"result":"temperror"' "a key that cannot be had now is asked for again"
says 'by the key that the report shows' "and what it would be is said"
judged "$work/told.eml" "$name v=DKIM1; p="
says 'the key was revoked; the body fits the signature; by the key that the report shows' "a revoked key stays revoked"
judged "$work/told.eml" "$name $key"
says '"verdict":"passes"' "the same key, published, proves it"
! grep -q 'the report shows' "$work/out"
ok $? "and the copy is not spoken of"
field "DKIM-Selector-DNS: \"$key\"" < "$changed" > "$work/told.eml"
judged "$work/told.eml" "$name NXDOMAIN"
says '"undone":false' "nor is anything undone by it that counts"
says 'the signature is valid once the subject tag' "and what would be undone is said"
field "DKIM-Selector-DNS: \"$other\"" < "$work/signed.eml" > "$work/told.eml"
judged "$work/told.eml" "$name $key"
says '"verdict":"passes"' "another key in the report takes nothing away"
field "DKIM-Selector-DNS: \"$key\"" < "$work/signed.eml" > "$work/told.eml"
judged "$work/told.eml" "$name $other"
says '"verdict":"broken"' "a key that does not fit is not replaced"
says 'by the key that the report shows, which nobody proves, the signature is valid' "but the reporter saw one that does"

# as RFC 6591 and its writers have it: comments, another case, the root's dot, a record in several strings
sed -e 's|^DKIM-Domain: .*|DKIM-Domain: (x) <Harborlight.EXAMPLE.> (y)|' -e 's|^DKIM-Selector: .*|DKIM-Selector: AAISP (z)|' \
	-e "/^DKIM-Selector:/a DKIM-Selector-DNS: (seen) \"$(echo "$key" | cut -c 1-90)\" (and)\\n \"$(echo "$key" | cut -c 91-)\"" \
	"$work/signed.eml" > "$work/told.eml"
judged "$work/told.eml" "$name NXDOMAIN"
says 'by the key that the report shows, which nobody proves, the signature is valid' "however the report writes it down"

# The body.
sed '/^Dear all,/,/^--sep--/{/^--sep--/!d}' "$work/signed.eml" > "$work/bare.eml"
judged "$work/bare.eml" "$name $key"
says '"verdict":"undecided"' "a whole mail without its body (RFC 9991, A) is not decided"
says '"headers_only":true' "and said to be a header"
says 'headers only; the header is proven original' "which is proven"
sed 's|^Content-Type: message/rfc822$|Content-Type: text/rfc822-headers|' "$work/signed.eml" > "$work/headers.eml"
judged "$work/headers.eml" "$name $key"
says '"verdict":"passes"' "a header that has the body that was signed behind it passes"
sed 's/^we open at nine/we open at ten/' "$work/headers.eml" > "$work/edited.eml"
judged "$work/edited.eml" "$name $key"
says '"verdict":"undecided"' "with another one it is not decided: nobody said that this is the body"

# The time: Arrival-Date, and Received-Date, its old name.
sed 's/ t=1794475600;$/ t=1794475600; x=1794475700;/' "$work/signed.eml" > "$work/expires.eml"
judged "$work/expires.eml" "$name $key"
says '"result":"fail"' "a signature that had not expired when the mail arrived is judged by its hashes"
sed 's/^Arrival-Date: .*/Arrival-Date: Thu, 12 Nov 2026 09:29:20 +0000/' "$work/expires.eml" > "$work/late.eml"
judged "$work/late.eml" "$name $key"
says '"result":"permerror"' "one that had is not"
sed 's/^Arrival-Date:/Received-Date:/' "$work/late.eml" > "$work/named.eml"
judged "$work/named.eml" "$name $key"
says '"result":"permerror"' "and by the old name of the field neither"
echo "1..$n"
