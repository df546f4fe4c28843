#!/bin/sh
# The corpus of real report files, where it is at hand: every file as its EXPECT.jsonl says.
set -u
program=${DMARCGATE:-./dmarcgate}
corpus=${DMARCGATE_SHARED:-}/corpus
if [ ! -f "$corpus/score.py" ] || ! command -v python3 > /dev/null; then
	echo "1..0 # SKIP no report corpus at $corpus, or no python3"
	exit 0
fi
echo 1..4
PYTHONDONTWRITEBYTECODE=1 python3 "$corpus/score.py" "$corpus" "$program" > corpus.out 2>&1
status=$?
sed 's/^/# /' corpus.out | tail -n 40
passed=$(tail -n 1 corpus.out)
rm -f corpus.out
[ $status -eq 0 ] && echo "ok 1 - $passed" || echo "not ok 1 - $passed"
answers() {
	find "$corpus/aggregate" "$corpus/failure" "$corpus/tlsrpt" "$corpus/hostile" "$corpus/mailbox" -type f -print0 |
		LC_ALL=C sort -z | xargs -0 "$program" "$@" show --json | sha256sum
}
one=$(answers --jobs 1)
[ "$one" = "$(answers --jobs 8)" ] && echo "ok 2 - one worker and eight give the same octets" ||
	echo "not ok 2 - one worker and eight give the same octets"
[ "$one" = "$(answers --no-sandbox)" ] && echo "ok 3 - locked and unlocked give the same octets" ||
	echo "not ok 3 - locked and unlocked give the same octets"

"$program" --db corpus.db --quiet --offline ingest "$corpus/aggregate" "$corpus/failure" "$corpus/tlsrpt" "$corpus/hostile" "$corpus/mailbox" \
	> corpus.out 2>&1
"$program" --db corpus.db doctor > corpus.out 2>&1
grep -q '^good  integrity' corpus.out && grep -q '^good  orphans' corpus.out &&
	echo "ok 4 - the doctor finds nothing in a database of all of it" ||
	{ echo "not ok 4 - the doctor finds nothing in a database of all of it"; sed 's/^/# /' corpus.out; }
rm -f corpus.out corpus.db corpus.db-*
