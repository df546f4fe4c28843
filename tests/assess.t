#!/bin/sh
# The verdict against the reference: acceptance vectors, 10,000 random inputs through the executable model, 200 random worlds
# through a second reading of the design, and the made-up organisation. Skips what is not there. Usage: tests/assess.t (srcdir, DMARCGATE_SHARED as in tests/README)
srcdir=${srcdir:-.}
shared=${DMARCGATE_SHARED:-$srcdir/../shared}
ref=$shared/readiness/ref
here=$(mktemp -d) || exit 99
trap 'rm -rf "$here"' EXIT

n=0
try() { # name, needed file, command ...
	n=$((n + 1))
	name=$1 needed=$2
	shift 2
	if [ ! -e "$needed" ]; then
		echo "ok $n - $name # SKIP no $needed"
	elif "$@" >"$here/out" 2>&1; then
		echo "ok $n - $name"
	else
		sed 's/^/# /' "$here/out"
		echo "not ok $n - $name"
	fi
}
random() {
	python3 "$srcdir/tests/assess-random.py" "$ref" 10000 6 >"$here/random.json" && tests/assess-vectors "$here/random.json"
}
world() {
	python3 "$srcdir/tests/assess-world.py" "$ref" >"$here/lines" && tests/assess-world "$here/lines" "$shared/readiness/mock/verdict.json"
}
worlds() {
	python3 "$srcdir/tests/assess-model.py" "$ref" tests/assess-world 200 1
}
model=$ref/readiness_ref.py
command -v python3 >/dev/null || model=python3

echo 1..4
try "acceptance vectors" "$ref/vectors.json" tests/assess-vectors "$ref/vectors.json"
try "10,000 random inputs agree with the model" "$model" random
try "200 random worlds, from traffic to gates" "$model" worlds
try "the made-up organisation gives its numbers" "$model" world
