#!/bin/sh
# Every sample of ours: its outcome and sums as samples/EXPECT.tsv says, and its whole answer as in tests/golden/samples/.
# The answers must not depend on the number of workers, nor on being locked.
set -u
srcdir=${srcdir:-$(dirname "$0")/..}
program=${DMARCGATE:-./dmarcgate}
samples=$srcdir/samples
golden=$srcdir/tests/golden/samples
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
. "$srcdir/tests/tap.sh"

answer() { # FILE OPTION...: the answer about one file, named as seen from samples/
	file=$1
	shift
	(cd "$samples" && "$program" "$@" show --json "$file")
}

case $program in
/*) ;;
*) program=$PWD/$program ;;
esac

if command -v python3 > "$work/null"; then
	python3 "$srcdir/tests/samples-expect.py" "$samples" "$program" > "$work/expect" 2>&1
	ok $? "outcome and sums of every sample are those of EXPECT.tsv"
	grep -A5 '^not ok' "$work/expect" | sed 's/^/# /'
else
	n=$((n + 1))
	echo "ok $n - outcome and sums of every sample # SKIP no python3"
fi

(cd "$samples" && find demo identity mailboxes plain quirks -type f | LC_ALL=C sort) > "$work/files"
bad=0
while read -r file; do
	answer "$file" > "$work/have"
	if [ "${1:-}" = --write ]; then
		mkdir -p "$(dirname "$golden/$file")" && cp "$work/have" "$golden/$file.json"
	fi
	diff -u "$golden/$file.json" "$work/have" > "$work/diff" 2>&1 || { bad=1; sed 's/^/# /' "$work/diff" | cut -c1-400 | head -n 20; }
done < "$work/files"
ok $bad "the answer to every sample is the one in tests/golden/samples"

all() {
	(cd "$samples" && tr '\n' '\0' < "$work/files" | xargs -0 "$program" "$@" show --json)
}
all --jobs 1 > "$work/one"
all --jobs 8 > "$work/eight"
all --no-sandbox > "$work/unlocked"
cmp "$work/one" "$work/eight"
ok $? "one worker and eight give the same octets"
cmp "$work/one" "$work/unlocked"
ok $? "locked and unlocked give the same octets"
echo "1..$n"
