#!/bin/sh
# What strangers can send: bombs, floods, nests and cuts. Each has its outcome, one problem that names the rule, its exit
# code, and little time and memory in every process. TAP; the inputs are made by tests/hostile.py.
if ! command -v python3 > /dev/null; then
	echo "1..0 # SKIP no python3"
	exit 0
fi
PYTHONDONTWRITEBYTECODE=1 DMARCGATE="${DMARCGATE:-$PWD/dmarcgate}" exec python3 "${srcdir:-$(dirname "$0")/..}/tests/hostile.py" "$@"
