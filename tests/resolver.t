#!/bin/sh
# The resolver against a real name server on loopback (nsd), with zones made here: a signed root, a signed and an unsigned
# zone below it, one whose signatures are of another key, one that fails; then the same root without signatures; then
# nobody at home; then a file in the place of the DNS.
set -u
built=$PWD
cd "${srcdir:-$(dirname "$0")/..}" || exit 99
resolve=${DMARCGATE_RESOLVE:-$built/tests/resolve}
work=$(mktemp -d) || exit 99
servers=
end() {
	# shellcheck disable=SC2086 # a list of numbers
	[ -z "$servers" ] || kill $servers 2> /dev/null
	wait
	rm -rf "$work"
}
trap end EXIT
n=0
# asks WHAT OPTION... NAME TYPE... : the answers must be what stands on standard input.
asks() {
	what=$1
	shift
	cat > "$work/want"
	"$resolve" "$@" > "$work/got" 2>&1
	n=$((n + 1))
	if diff "$work/want" "$work/got" > "$work/difference"; then
		echo "ok $n - $what"
	else
		echo "not ok $n - $what"
		sed 's/^/#   /' "$work/difference"
	fi
}

# The file, and the ends of a run, need no server.
cat > "$work/file" << 'END'
$ORIGIN example.
a._domainkey.one TXT "v=DKIM1; p=AB" "CD"
two CNAME one
one MX 10 mail.one
slow TXT TIMEOUT
forged TXT BOGUS
END
asks "a file in the place of the DNS" -f "$work/file" a._domainkey.one.example TXT two.example MX slow.example TXT \
	forged.example TXT none.example TXT bad..name TXT << 'END'
a._domainkey.one.example TXT ok unsigned 0 a._domainkey.one.example
	15 octets, 2 strings: v=DKIM1; p=ABCD
two.example MX ok unsigned 1 one.example
	10 mail.one.example
slow.example TXT timeout unsigned 0 slow.example
forged.example TXT bogus unsigned 0 forged.example
none.example TXT nxdomain unsigned 0 none.example
bad..name TXT servfail unvalidated 0 
DNS from a file; 0 asked
END
asks "offline nothing is asked" -o one.example TXT << 'END'
one.example TXT unasked unvalidated 0 
DNS: offline; 0 asked
END
asks "a server that is no address is a fault" -s ns.example one.example TXT << 'END'
fault 3: resolver ns.example: neither `system` nor ADDRESS[@PORT]
END
asks "an anchor that cannot be read is a fault" -s 127.0.0.1 -a "$work/none" one.example TXT << END
fault 3: trust anchor $work/none: No such file or directory
END

for tool in nsd ldns-keygen ldns-signzone ldns-key2ds; do
	if ! PATH=$PATH:/usr/sbin command -v "$tool" > /dev/null; then
		echo "ok $((n + 1)) - answers of a name server # SKIP no $tool (packages nsd, ldnsutils)"
		echo "1..$((n + 1))"
		exit 0
	fi
done
PATH=$PATH:/usr/sbin

# ---- zones

soa='3600 IN SOA ns. admin. 1 3600 900 86400 120'
cd "$work" || exit 99
long=$(printf '"%0250d" ' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36)
cat > signed.example << END
signed.example. $soa
signed.example. 600 IN NS ns.
key._domainkey.signed.example. 600 IN TXT "v=DKIM1; k=rsa; p=AAAA" "BBBB"
two._domainkey.signed.example. 600 IN TXT "second"
two._domainkey.signed.example. 600 IN TXT "first"
long._domainkey.signed.example. 600 IN TXT $long
here.signed.example. 600 IN A 192.0.2.1
here.signed.example. 600 IN AAAA 2001:db8::1
signed.example. 600 IN MX 20 b.signed.example.
signed.example. 600 IN MX 10 a.signed.example.
one.signed.example. 600 IN CNAME two.signed.example.
two.signed.example. 600 IN CNAME three.signed.example.
three.signed.example. 600 IN CNAME key._domainkey.signed.example.
across.signed.example. 600 IN CNAME key._domainkey.plain.example.
ring.signed.example. 600 IN CNAME ring2.signed.example.
ring2.signed.example. 600 IN CNAME ring.signed.example.
odd.signed.example. 600 IN PTR a\\032b\\.c.signed.example.
bin.signed.example. 600 IN TXT "a\\000\\027b"
END
cat > plain.example << END
plain.example. $soa
plain.example. 600 IN NS ns.
key._domainkey.plain.example. 600 IN TXT "v=DKIM1; p=PLAIN"
END
cat > bogus.example << END
bogus.example. $soa
bogus.example. 600 IN NS ns.
key._domainkey.bogus.example. 600 IN TXT "v=DKIM1; p=FORGED"
END
cat > root << END
. $soa
. 600 IN NS ns.
ns. 600 IN A 127.0.0.1
signed.example. 600 IN NS ns.
plain.example. 600 IN NS ns.
bogus.example. 600 IN NS ns.
failing.example. 600 IN NS ns.
END
key() {
	ldns-keygen -a ECDSAP256SHA256 -k "$1"
}
root_key=$(key .)
signed_key=$(key signed.example)
bogus_key=$(key bogus.example)
ldns-key2ds -n -2 "$signed_key.key" > ds
ldns-key2ds -n -2 "$(key bogus.example).key" >> ds
cat root ds > root.all
{
	ldns-signzone -o signed.example -f signed.example.signed signed.example "$signed_key"
	ldns-signzone -o bogus.example -f bogus.example.signed bogus.example "$bogus_key"
	ldns-signzone -o . -f root.signed root.all "$root_key"
} > signing 2>&1 || { sed 's/^/# /' signing; exit 99; }
cp "$root_key.ds" anchor

# ---- servers

# serve NAME SUFFIX PORT: nsd with the zones, signed (SUFFIX .signed) or not.
serve() {
	mkdir "$1.run"
	cat > "$1.conf" << END
server:
	ip-address: 127.0.0.1
	port: $3
	server-count: 1
	username: ""
	chroot: ""
	zonesdir: "$work"
	database: ""
	pidfile: "$work/$1.run/pid"
	zonelistfile: "$work/$1.run/zones"
	xfrdfile: "$work/$1.run/xfrd"
	cookie-secret-file: ""
	hide-version: yes
remote-control:
	control-enable: no
zone:
	name: "."
	zonefile: "root$2"
zone:
	name: "plain.example"
	zonefile: "plain.example"
zone:
	name: "signed.example"
	zonefile: "signed.example$2"
zone:
	name: "bogus.example"
	zonefile: "bogus.example$2"
zone:
	name: "failing.example"
	zonefile: "not-there"
END
	nsd -d -c "$work/$1.conf" > "$1.log" 2>&1 &
	servers="$servers $!"
	for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		kill -0 $! 2> /dev/null || return 1
		"$resolve" -s "127.0.0.1@$3" -a "$work/anchor" -t 400 ns A | grep -q 127.0.0.1 && return
		sleep 0.1
	done
	return 1
}
# started NAME SUFFIX: on some free port.
started() {
	for try in 1 2 3 4 5; do
		port=$((20000 + ($$ * 7 + try * 1009 + $(date +%N | sed 's/^0*//;s/......$//') + 0) % 12000))
		serve "$1$try" "$2" "$port" && return
	done
	sed 's/^/# /' "$1"*.log
	exit 99
}
started signed .signed
signed="-s 127.0.0.1@$port -a $work/anchor"
signed_port=$port
started naked ""
naked="-s 127.0.0.1@$port -a $work/anchor"
naked_port=$port

# ---- answers
# shellcheck disable=SC2086 # lists of options

asks "keys: strings joined, several records sorted, 9 kB by TCP" $signed key._domainkey.signed.example TXT \
	two._domainkey.signed.example TXT Long._DomainKey.Signed.Example. TXT bin.signed.example TXT << END
key._domainkey.signed.example TXT ok secure 0 key._domainkey.signed.example
	26 octets, 2 strings: v=DKIM1; k=rsa; p=AAAABBBB
two._domainkey.signed.example TXT ok secure 0 two._domainkey.signed.example
	5 octets, 1 strings: first
	6 octets, 1 strings: second
Long._DomainKey.Signed.Example. TXT ok secure 0 long._domainkey.signed.example
	9000 octets, 36 strings: 000000000000000000000000000000000000000000000000000000000000
bin.signed.example TXT ok secure 0 bin.signed.example
	4 octets, 1 strings: a\\x00\\x1Bb
DNS through 127.0.0.1@$signed_port: answers are validated (DNSSEC); 4 asked
END
asks "every type" $signed here.signed.example A here.signed.example AAAA signed.example MX signed.example NS \
	signed.example SOA one.signed.example CNAME odd.signed.example PTR << END
here.signed.example A ok secure 0 here.signed.example
	192.0.2.1
here.signed.example AAAA ok secure 0 here.signed.example
	2001:db8::1
signed.example MX ok secure 0 signed.example
	10 a.signed.example
	20 b.signed.example
signed.example NS ok secure 0 signed.example
	ns
signed.example SOA ok secure 0 signed.example
	ns
one.signed.example CNAME ok secure 0 one.signed.example
	two.signed.example
odd.signed.example PTR ok secure 0 odd.signed.example
	a\\032b\\046c.signed.example
DNS through 127.0.0.1@$signed_port: answers are validated (DNSSEC); 7 asked
END
asks "aliases; a chain is as secure as its weakest link" $signed one.signed.example TXT across.signed.example TXT \
	ring.signed.example TXT << END
one.signed.example TXT ok secure 3 key._domainkey.signed.example
	26 octets, 2 strings: v=DKIM1; k=rsa; p=AAAABBBB
across.signed.example TXT ok unsigned 1 key._domainkey.plain.example
	16 octets, 1 strings: v=DKIM1; p=PLAIN
ring.signed.example TXT servfail unvalidated 0 
DNS through 127.0.0.1@$signed_port: answers are validated (DNSSEC); 3 asked
END
asks "nothing there, proven and not; failure; forgery" $signed none.signed.example TXT here.signed.example TXT \
	none.plain.example TXT plain.example TXT key._domainkey.plain.example TXT a.failing.example TXT \
	key._domainkey.bogus.example TXT none.bogus.example TXT << END
none.signed.example TXT nxdomain secure 0 none.signed.example
here.signed.example TXT nodata secure 0 here.signed.example
none.plain.example TXT nxdomain unsigned 0 none.plain.example
plain.example TXT nodata unsigned 0 plain.example
key._domainkey.plain.example TXT ok unsigned 0 key._domainkey.plain.example
	16 octets, 1 strings: v=DKIM1; p=PLAIN
a.failing.example TXT servfail unvalidated 0 
key._domainkey.bogus.example TXT bogus unvalidated 0 
none.bogus.example TXT bogus unvalidated 0 
DNS through 127.0.0.1@$signed_port: answers are validated (DNSSEC); 8 asked
END
asks "a name server without DNSSEC: not validated, and said so" $naked key._domainkey.signed.example TXT \
	none.signed.example TXT key._domainkey.bogus.example TXT << END
key._domainkey.signed.example TXT ok unvalidated 0 key._domainkey.signed.example
	26 octets, 2 strings: v=DKIM1; k=rsa; p=AAAABBBB
none.signed.example TXT nxdomain unvalidated 0 none.signed.example
key._domainkey.bogus.example TXT ok unvalidated 0 key._domainkey.bogus.example
	17 octets, 1 strings: v=DKIM1; p=FORGED
DNS through 127.0.0.1@$naked_port: answers are not validated, because the name server gave no DNSSEC proof; 3 asked
END
asks "all at once" -p $signed key._domainkey.signed.example TXT none.signed.example TXT here.signed.example A \
	key._domainkey.bogus.example TXT key._domainkey.signed.example TXT no..name TXT signed.example MX << END
key._domainkey.signed.example TXT ok secure 0 key._domainkey.signed.example
	26 octets, 2 strings: v=DKIM1; k=rsa; p=AAAABBBB
none.signed.example TXT nxdomain secure 0 none.signed.example
here.signed.example A ok secure 0 here.signed.example
	192.0.2.1
key._domainkey.bogus.example TXT bogus unvalidated 0 
key._domainkey.signed.example TXT ok secure 0 key._domainkey.signed.example
	26 octets, 2 strings: v=DKIM1; k=rsa; p=AAAABBBB
no..name TXT servfail unvalidated 0 
signed.example MX ok secure 0 signed.example
	10 a.signed.example
	20 b.signed.example
DNS through 127.0.0.1@$signed_port: answers are validated (DNSSEC); 6 asked
END
asks "the allowance of a run" -n 2 $signed here.signed.example A none.signed.example A here.signed.example AAAA << END
here.signed.example A ok secure 0 here.signed.example
	192.0.2.1
none.signed.example A nxdomain secure 0 none.signed.example
here.signed.example AAAA unasked unvalidated 0 
DNS through 127.0.0.1@$signed_port: answers are validated (DNSSEC); 2 asked
END

# shellcheck disable=SC2086
kill $servers
wait
servers=
asks "the server is gone: three silent domains in a row, then offline" -t 300 $signed a._domainkey.one.example TXT \
	b._domainkey.one.example TXT a._domainkey.one.example TXT two.example TXT three.example TXT four.example TXT << END
a._domainkey.one.example TXT timeout unvalidated 0 
b._domainkey.one.example TXT timeout unvalidated 0 
a._domainkey.one.example TXT timeout unvalidated 0 
two.example TXT timeout unvalidated 0 
three.example TXT timeout unvalidated 0 
four.example TXT unasked unvalidated 0 
DNS through 127.0.0.1@$signed_port: no answer to 3 questions in a row; offline for this run; 4 asked
END

echo "1..$n"
