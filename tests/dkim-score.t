#!/bin/sh
# The collection of DKIM cases, where it is at hand: verdicts, reasons, hash facts and diagnoses as its score.py demands.
set -u
program=${DKIM_VERIFY:-tests/dkim-verify}
collection=${DMARCGATE_SHARED:-}/dkim
if [ ! -f "$collection/score.py" ] || ! command -v python3 > /dev/null; then
	echo "1..0 # SKIP no DKIM cases at $collection, or no python3"
	exit 0
fi
echo 1..1
PYTHONDONTWRITEBYTECODE=1 python3 "$collection/score.py" "$collection/cases" "$program" > dkim-score.out 2>&1
status=$?
sed 's/^/# /' dkim-score.out | tail -n 40
passed=$(tail -n 1 dkim-score.out)
rm -f dkim-score.out
[ $status -eq 0 ] && echo "ok 1 - $passed" || echo "not ok 1 - $passed"
