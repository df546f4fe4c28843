# TAP for the shell scripts here: `. "$srcdir/tests/tap.sh"` behind a folder of their own, $work, and for `same` also $golden
# and $write. The plan is the script's last line: echo "1..$n".
n=0

ok() { # STATUS NAME
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}

ends() { # CODE NAME COMMAND...: standard output to $work/out, the other to $work/err
	wanted=$1 name=$2
	shift 2
	"$@" > "$work/out" 2> "$work/err"
	code=$?
	[ $code -eq "$wanted" ]
	ok $? "$name"
	[ $code -eq "$wanted" ] || { echo "# ended with $code instead of $wanted"; sed 's/^/# /' "$work/err" | head -n 5; }
}

says() { # WORDS NAME: in what was just printed
	grep -qF -- "$1" "$work/out"
	ok $? "$2"
}

await() { # FILE: until something stands in it, a minute at most
	tries=0
	until [ -s "$1" ] || [ $((tries += 1)) -gt 600 ]; do sleep 0.1; done
}

same() { # GOLDEN NAME: what was just printed is that file; `--write` writes the file
	[ "$write" = --write ] && cp "$work/out" "$golden/$1"
	diff -u "$golden/$1" "$work/out" > "$work/diff" 2>&1
	ok $? "$2"
	sed 's/^/# /' "$work/diff" | cut -c1-300 | head -n 30
}
