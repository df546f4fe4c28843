#!/bin/sh
# The manual pages: well-formed, and at one with what the program says of itself and with the shells' completion.
set -u
built=$PWD
cd "${srcdir:-$(dirname "$0")/..}" || exit 99
program=${DMARCGATE_PROGRAM:-$built/dmarcgate}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
n=0
# check WHAT: the findings are in $work/found, one a line; none is what we want.
check() {
	n=$((n + 1))
	if [ -s "$work/found" ]; then
		echo "not ok $n - $1"
		sed 's/^/#   /' "$work/found"
	else
		echo "ok $n - $1"
	fi
}
skip() {
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

# Options and commands that a page has items for: `.It Fl -db Ar path`, `.It Cm show`.
sed -nE 's/^\.It Fl ([^ ]+).*/-\1/p' man/dmarcgate.1 | sort -u > "$work/page_options"
sed -nE 's/^\.It Cm ([a-z]+)$/\1/p' man/dmarcgate.1 | grep -vxE 'broken|duplicate|conflict' | # conditions of reports
	sort -u > "$work/page_commands"
awk -F '\t' '$1 == "option" { print $2 }' dist/completion/words | sort -u > "$work/list_options"
awk -F '\t' '$1 == "command" { print $2 }' dist/completion/words | sort -u > "$work/list_commands"

if command -v mandoc > "$work/found"; then
	# Whether the pages they refer to are installed here is no matter of ours.
	mandoc -Tlint man/*.[15] | grep -v 'referenced manual not found' > "$work/found"
	check "mandoc finds nothing to complain of"
else
	skip "mandoc finds nothing to complain of" "no mandoc"
fi

# A command in the synopsis begins a line of its own, behind the program's name or as another word for the one before.
awk '/^\.Sh DESCRIPTION/ { exit } /^\.Cm / && before !~ /^\.(Nm|Cm)/ { print $2 }
	{ before = $0 }' man/dmarcgate.1 | grep -xFf "$work/list_commands" > "$work/found"
check "the synopsis has a line for each command"

sed -nE 's/^\.Xr (dmarcgate[a-z.-]*) ([0-9]).*/man\/\1.\2/p' man/*.[15] | sort -u |
	while read -r page; do [ -e "$page" ] || echo "$page"; done > "$work/found"
if [ "$(cat "$work/found")" = man/dmarcgate-json.5 ]; then
	skip "every page of ours that is referred to exists" "dmarcgate-json.5 is not written yet"
else
	check "every page of ours that is referred to exists"
fi

diff "$work/list_options" "$work/page_options" > "$work/found"
check "completion and manual know the same options"
diff "$work/list_commands" "$work/page_commands" > "$work/found"
check "completion and manual know the same commands"

"$program" --help < /dev/null > "$work/help" 2> "$work/complaint"
if [ -s "$work/help" ]; then
	grep -oE '(^|[ ,|[])--?[a-z][a-z-]*' "$work/help" | sed 's/^[^-]*//' | sort -u > "$work/help_options"
	diff "$work/help_options" "$work/page_options" > "$work/found"
	check "--help and manual know the same options"
	while read -r command; do
		grep -qE "(^|[^a-z-])$command([^a-z-]|\$)" "$work/help" || echo "$command"
	done < "$work/page_commands" > "$work/found"
	check "--help names every command"
else
	skip "--help and manual know the same options" "the program has no --help yet"
	skip "--help names every command" "the program has no --help yet"
fi

for shell in bash zsh fish; do
	dist/completion/generate "$shell" dist/completion/words > "$work/completion"
	if command -v "$shell" > /dev/null; then
		"$shell" -n "$work/completion" > "$work/found" 2>&1
		check "$shell accepts its completion"
	else
		skip "$shell accepts its completion" "no $shell"
	fi
done
# What a spreadsheet is given has the columns that the manual lists, in that order.
sed -n '/^\.Sh CSV/,/^\.Sh EXAMPLES/s/^\.Li //p' man/dmarcgate-json.5 | tr -d ' \n' | tr '.' '\n' > "$work/columns"
for table in cli-export-csv.txt cli-export-failures.txt cli-export-days.txt cli-export-rows-domain.txt cli-summary-csv.txt \
	cli-reports-csv.txt check-csv.txt published-selectors.csv report-snapshots.csv explain-samples.csv cli-senders-csv.txt \
	cli-reporters-csv.txt lists-world-simulation.csv lint-seen.csv; do
	grep -v '^[$]' "tests/golden/$table" | head -n 1 | tr -d '\r' > "$work/heading"
	grep -qxFf "$work/heading" "$work/columns" || echo "$table"
done > "$work/found"
check "the columns of CSV are in the manual, in their order"

echo "1..$n"
