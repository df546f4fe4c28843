#!/bin/sh
# The tables of data/: form, size, references, and that no key is a public suffix or stands twice.
senders=${srcdir:-.}/data/senders.tsv
reporters=${srcdir:-.}/data/reporters.tsv
psl=/usr/share/publicsuffix/public_suffix_list.dat
here=$(mktemp -d) || exit 99
trap 'rm -rf "$here"' EXIT

n=0
check() { # findings are in $here/found, one a line; none is what we want
	n=$((n + 1))
	if [ -s "$here/found" ]; then
		sed 's/^/# /' "$here/found"
		echo "not ok $n - $1"
	else
		echo "ok $n - $1"
	fi
}
rows() { grep -v '^#' "$1"; }

tests/assess-tables "$senders" "$reporters" >"$here/hosts" || mv "$here/hosts" "$here/found"
[ -e "$here/found" ] || : >"$here/found"
check "both tables are read by the program"

{
	rows "$senders" | awk -F'\t' 'END { if (NR < 150) print NR " senders, at least 150 are wanted" }'
	rows "$reporters" | awk -F'\t' 'END { if (NR < 40) print NR " reporters, at least 40 are wanted" }'
} >"$here/found"
check "enough rows"

rows "$senders" | awk -F'\t' '
NF != 12 { print $1 ": " NF " fields" }
$1 !~ /^[a-z0-9]+$/ { print $1 ": an id is lower-case letters and digits" }
seen[$1]++ { print $1 ": stands twice" }
$2 !~ /^(sender|mailbox|forwarder|gateway|list)$/ { print $1 ": kind " $2 }
$4 == "" { print $1 ": no host suffix" }
($4 "," $5 "," $6 "," $7) !~ /^[a-z0-9_.,-]*$/ { print $1 ": a domain with other characters" }
($4 "," $5 "," $6 "," $7) ~ /(^|,)[^.,]+(,|$)/ { print $1 ": a domain of one label" }
$8 !~ /^(yes|no|[?])?$/ || $9 !~ /^(yes|no|[?])?$/ { print $1 ": yes, no or ?" }
$11 !~ /^https:\/\/[a-z0-9.-]+\// { print $1 ": no reference" }
$12 !~ /^20[0-9][0-9]-[01][0-9]-[0-3][0-9]$/ { print $1 ": no date" }
' >"$here/found"
check "senders: form, reference and date of every row"

rows "$reporters" | awk -F'\t' '
NF != 5 { print $1 ": " NF " fields" }
$2 !~ /^[a-z0-9-]+(\.[a-z0-9-]+)+$/ { print $1 ": domain " $2 }
seen[$2]++ { print $2 ": stands twice" }
$3 ~ /(^|,)[*]?(,|$)/ && $3 != "" { print $1 ": a pattern that matches anything" }
$4 !~ /^https:\/\/[a-z0-9.-]+\// { print $1 ": no reference" }
$5 !~ /^20[0-9][0-9]-[01][0-9]-[0-3][0-9]$/ { print $1 ": no date" }
' >"$here/found"
check "reporters: form, reference and date of every row"

# A suffix below another row's is allowed only where the kinds differ: that is the reason to have both.
rows "$senders" | awk -F'\t' '
{
	count = split($4, host, ",")
	for (i = 1; i <= count; i++) {
		if (host[i] in owner) print host[i] ": in " owner[host[i]] " and " $1
		owner[host[i]] = $1; kind[host[i]] = $2
	}
}
END {
	for (name in owner) {
		rest = name
		while (sub(/^[^.]*\./, "", rest))
			if (rest in owner && kind[rest] == kind[name]) print name " (" owner[name] ") lies below " rest " (" owner[rest] ")"
	}
}' | sort >"$here/found"
check "no host suffix stands twice"

if [ -r "$psl" ]; then
	{ cut -d' ' -f2 "$here/hosts" 2>/dev/null; rows "$reporters" | cut -f2; } | sort -u >"$here/keys"
	sed -n 's/^\([^!\/ 	][^ 	]*\).*$/\1/p' "$psl" | sort -u >"$here/suffixes"
	comm -12 "$here/keys" "$here/suffixes" >"$here/found"
	# A rule `*.name` makes every name one label below it a suffix.
	sed -n 's/^\*\.//p' "$here/suffixes" | sort -u >"$here/stars"
	while read -r key; do grep -qxF "${key#*.}" "$here/stars" && echo "$key"; done <"$here/keys" >>"$here/found"
	check "no key is a public suffix"
else
	n=$((n + 1))
	echo "ok $n - no key is a public suffix # SKIP no $psl"
fi
echo "1..$n"
