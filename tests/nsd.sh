# A name server on loopback for the shell scripts here: `. "$srcdir/tests/nsd.sh"` in a folder of their own, $work, with nsd in
# the PATH. It serves the zone `example` of the file `zone`; $port is set at once.
server=

port=$(python3 -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat > nsd.conf << END
server:
	ip-address: 127.0.0.1@$port
	username: ""
	chroot: ""
	zonesdir: "$work"
	pidfile: "$work/nsd.pid"
	database: ""
	xfrdfile: "$work/xfrd"
	logfile: "$work/nsd.log"
	zonelistfile: "$work/zone.list"
remote-control:
	control-enable: no
zone:
	name: example
	zonefile: zone
END

zone_write() { # records below `example.` on standard input
	echo 'example. 3600 IN SOA ns.example. admin.example. 1 3600 900 86400 60'
	echo 'example. 3600 IN NS ns.example.'
	echo 'ns.example. 3600 IN A 127.0.0.1'
	cat
} > zone

server_start() { # COMMAND...: which succeeds when the server answers
	nsd -d -c nsd.conf > nsd.out 2>&1 &
	server=$!
	waited=0
	until "$@" || [ $waited -ge 50 ]; do
		waited=$((waited + 1))
		sleep 0.1
	done
	kill -0 "$server" 2> /dev/null
}

server_end() {
	[ -z "$server" ] || kill "$server" 2> /dev/null
	wait
	server=
}
