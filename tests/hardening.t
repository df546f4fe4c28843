#!/bin/sh
# What the linker and the compiler were asked for is in the program: PIE, full relro, no executable stack, stack protector,
# checked string functions. TAP.
program=${DMARCGATE:-./dmarcgate}
if ! command -v readelf > /dev/null || readelf -sW "$program" | grep -q __asan_init; then
	echo "1..0 # SKIP no readelf, or a build with sanitizers"
	exit 0
fi
readelf -hlWd "$program" > hardening.out
readelf -sW "$program" >> hardening.out
n=0
has() { # PATTERN NAME
	n=$((n + 1))
	if grep -qE "$1" hardening.out; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}
echo 1..9
has 'Type: *DYN \(Position-Independent' 'position-independent executable'
has 'GNU_RELRO' 'relocations are read-only'
has '\(FLAGS_1\).*NOW' 'everything is bound at the start'
has 'GNU_STACK.* RW ' 'the stack is not executable'
has '__stack_chk_fail' 'stack protector'
has '__(memcpy|snprintf|vsnprintf|fprintf)_chk' 'checked string functions'
readelf -lWd "$(dirname "$program")/dmarcgate-reader.so" > hardening.out
has 'GNU_RELRO' 'reader: relocations are read-only'
has '\(FLAGS_1\).*NOW' 'reader: everything is bound at the start'
has 'GNU_STACK.* RW ' 'reader: the stack is not executable'
rm -f hardening.out
