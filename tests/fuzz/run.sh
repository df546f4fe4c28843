#!/bin/sh
# run.sh SECONDS|corpus FUZZER...: drives the fuzzers of a build with --enable-fuzz; called by make in the build folder.
#
# SECONDS: each for so long, beginning with its corpus, with what the samples and seeds.py give, with what it found here
# before, and with the folders in SEEDS. Ends with 1 where one has a finding, after all have run; it lies in fuzz/NAME-*.
# corpus: writes tests/fuzz/NAME.tar.xz anew, the fewest inputs that reach as much as all of those but SEEDS do. Only for
# folders fuzz/NAME that never were in the company of SEEDS: what the project keeps must come from its own samples.
set -u
srcdir=${srcdir:?}
fuzz=$srcdir/tests/fuzz
what=$1
shift
mkdir -p fuzz || exit 99
python3 -B "$fuzz/seeds.py" "$srcdir/samples" fuzz/seeds || exit 99
result=0

unpack() { # NAME
	rm -rf "fuzz/corpus/$1"
	mkdir -p "fuzz/corpus/$1" "fuzz/$1" "fuzz/seeds/$1"
	[ ! -f "$fuzz/$1.tar.xz" ] || xz -dc "$fuzz/$1.tar.xz" | tar -xf - -C "fuzz/corpus/$1"
}

run() { # NAME FUZZER
	set -- "$1" "$2" "fuzz/$1" "fuzz/corpus/$1" "fuzz/seeds/$1" "$srcdir/samples"
	name=$1 fuzzer=$2
	shift 2
	[ ! -f "$fuzz/$name.dict" ] || set -- "-dict=$fuzz/$name.dict" "$@"
	# shellcheck disable=SC2086 # folders
	"$fuzzer" -max_len=65536 -timeout=20 -rss_limit_mb=2048 -max_total_time="$what" -print_final_stats=1 \
		-artifact_prefix="fuzz/$name-" "$@" ${SEEDS-} || result=1
}

corpus() { # NAME FUZZER
	rm -rf fuzz/merged
	mkdir fuzz/merged || exit 99
	"$2" -merge=1 -max_len="${CORPUS_OCTETS:-8192}" fuzz/merged "fuzz/corpus/$1" "fuzz/seeds/$1" "fuzz/$1" || exit 1
	(cd fuzz/merged && tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=0644 --format=ustar -cf - -- *) |
		xz -9e > "$fuzz/$1.tar.xz"
}

for fuzzer; do
	name=${fuzzer##*/fuzz-}
	unpack "$name"
	if [ "$what" = corpus ]; then
		corpus "$name" "$fuzzer"
	else
		run "$name" "$fuzzer"
	fi
done
exit "$result"
