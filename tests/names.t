#!/bin/sh
# Names that do harm, in every field that a stranger fills in, driven into every output of every command; each output is read
# back by a parser. TAP; the tables are in tests/names.py.
if ! command -v python3 > /dev/null; then
	echo "1..0 # SKIP no python3"
	exit 0
fi
srcdir=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
PYTHONDONTWRITEBYTECODE=1 DMARCGATE="${DMARCGATE:-$PWD/dmarcgate}" DMARCGATE_DATA="$srcdir/data" exec python3 "$srcdir/tests/names.py" "$@"
