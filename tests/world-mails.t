#!/bin/sh
# The made-up organisation of the reference as report mails: written the same every time, proven by their signatures, and
# stored in the numbers that the reference has. TAP.
set -u
srcdir=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
program=${DMARCGATE:-$PWD/dmarcgate}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
. "$srcdir/tests/tap.sh"
. "$srcdir/tests/world.sh"
world_or_skip
cd "$work" || exit 99

octets() { # FOLDER
	(cd "$1" && find . -type f -exec sha256sum {} + | LC_ALL=C sort)
}
world_write mails && world_write again
octets mails > first && octets again > second && [ -s first ] && cmp first second
ok $? "the same octets every time"

world_ingest mails "$work/db" > out 2>&1 && [ ! -s out ]
ok $? "every mail is read"
"$program" --db "$work/db" reports --json > reports && "$program" --db "$work/db" export --json '!duplicate' > records
python3 "$srcdir/tests/world-expect.py" "$world_reference" reports records > out 2>&1
ok $? "what is stored has the numbers of the reference"
sed 's/^/# /' out

world_ingest mails "$work/db" && "$program" --db "$work/db" reports --json > after && cmp reports after
ok $? "ingested again, nothing changes"
echo "1..$n"
