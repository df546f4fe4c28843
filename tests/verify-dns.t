#!/bin/sh
# Signatures checked with keys from a real name server on loopback (nsd): right verdicts, what the archive remembers when the
# server is gone, and a bounded wait for one that never answers. TAP.
set -u
srcdir=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
samples=$(cd "$srcdir/samples" && pwd)
program=${DMARCGATE:-$PWD/dmarcgate}
PATH=$PATH:/usr/sbin
for tool in nsd python3; do
	command -v "$tool" > /dev/null || { echo "1..0 # SKIP no $tool"; exit 0; }
done
work=$(mktemp -d) || exit 99
end() {
	server_end
	rm -rf "$work"
}
cd "$work" || exit 99
n=0
ok() { # STATUS NAME
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; sed 's/^/# /' out err; fi
}
. "$srcdir/tests/nsd.sh"
trap end EXIT
run() {
	"$program" -c "$work/conf" --db "$work/db" "$@" > out 2> err
}

grep -E '^[^;]*\.example\. ' "$samples/zone.txt" | zone_write
printf '[dns]\nresolver = 127.0.0.1@%s\n' "$port" > conf
server_start run verify "$samples/demo/bigmail-shop-1112.eml" ||
	{ echo "1..0 # SKIP nsd does not start here: $(tail -n 1 nsd.log)"; exit 0; }

run --now 2026-11-21T12:00:00Z verify "$samples/demo/bigmail-shop-1112.eml"
ok $? "a signature passes with the key that the server publishes"
sed 's/s=rep2026/s=nosuch/' "$samples/demo/bigmail-shop-1112.eml" > nosuch.eml
run --now 2026-11-21T12:00:00Z verify --json nosuch.eml
[ $? -eq 1 ] && grep -q '"result":"permerror".*"reason":"no-key"' out
ok $? "a selector that is not published is no-key, not a temporary error"
run --now 2026-11-21T12:00:00Z ingest --quiet "$samples/demo"
[ $? -eq 1 ]
ok $? "ingest with the server"
run reports --csv
[ "$(grep -c ',3,' out)" -ge 30 ]
ok $? "report mails prove their sender"

server_end
run --now 2026-11-21T13:00:00Z verify "$samples/demo/bigmail-shop-1113.eml"
ok $? "within its TTL an archived key answers, though the server is gone"
run --now 2026-11-24T12:00:00Z verify "$samples/demo/bigmail-shop-1113.eml"
[ $? -eq 0 ] && grep -q 'as of 2026-11-21\|2026-11-21' out
ok $? "later it still does, and says of which day it is"

python3 -c '
import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
time.sleep(60)' > silent.port &
server=$!
tries=0
until [ -s silent.port ] || [ $((tries += 1)) -gt 600 ]; do sleep 0.1; done
printf '[dns]\nresolver = 127.0.0.1@%s\n' "$(cat silent.port)" > conf
before=$(date +%s)
run verify --json nosuch.eml
status=$?
took=$(($(date +%s) - before))
[ $status -eq 2 ] && grep -q '"result":"temperror"' out
ok $? "a server that never answers is a temporary error"
[ $took -le 20 ]
ok $? "and is not waited for longer than its bound ($took s)"
echo "1..$n"
