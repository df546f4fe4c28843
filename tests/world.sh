# The made-up organisation for the shell scripts here: `. "$srcdir/tests/world.sh"`, behind tap.sh and with $work.
# What it needs lies in the reference directory and is skipped visibly where that is not.
world_reference=${DMARCGATE_SHARED:-$srcdir/../shared}/readiness/ref
world_now=2026-11-21T06:30:00Z

world_or_skip() {
	command -v python3 > /dev/null || { echo "1..0 # SKIP no python3"; exit 0; }
	[ -e "$world_reference/world.json" ] || { echo "1..0 # SKIP no $world_reference"; exit 0; }
}

world_write() { # FOLDER
	mkdir -p "$1" && python3 "$srcdir/tests/world-mails.py" "$world_reference" "$1"
}

world_ingest() { # FOLDER DATABASE: week by week, as a timer would
	while read -r world_time world_folder; do
		(cd "$1" && "$program" --now "$world_time" --db "$2" --dns-file zone.txt --quiet ingest "$world_folder") || return
	done < "$1/plan"
}
