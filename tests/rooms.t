#!/bin/sh
# The plan of the house, held against the code: which line of code lives in which room, who may include whom, where each
# foreign library is at home, and the habits that a machine can see. Runs from `make check` and by itself.
#
#   the line of code ...                                            lives in
#   talks to a mailbox or to DNS, or reads a file the user named    ingest/
#   looks inside bytes that a stranger wrote                        parse/
#   knows what a DKIM tag, canonical form or key is                 parse/dkim/
#   knows what a DMARC, SPF, DomainKeys or ADSP record is           parse/dns/
#   contains SQL                                                    store/
#   decides what the facts mean                                     report/assess/
#   decides how something looks                                     report/
#   reads options or settings, prints a message, chooses an exit
#   code, connects rooms                                            cli/
#   would be as useful in a program about weather                   base/
#   checks any of it                                                tests/
set -u
built=$PWD
cd "${srcdir:-$(dirname "$0")/..}" || exit 99

# Nouns flow one way, ingest -> parse -> store -> report. A room includes base, its own headers, and the nouns upstream;
# cli and tests include everything. A header that is not listed here is verbs.
nouns='ingest/mail.h parse/feedback.h parse/limits.h parse/dkim/verdict.h parse/dns/finding.h parse/dns/dmarcrecord.h
parse/dns/dmarcpolicy.h parse/dns/spfrecord.h parse/dns/spftree.h parse/dns/spfuse.h parse/dns/lintdomain.h store/answer.h
store/observed.h'
# The organisational domain: one narrow question that every room may ask.
shared_verbs='parse/dns/orgdomain.h'

# A foreign library's header (a prefix of what stands between < and >), and its homes.
homes='
libxml/            parse/
archive            parse/
gmime/             parse/
iconv.h            parse/
glib               parse/
jansson.h          parse/ ingest/tokenanswer.c
zlib.h             parse/ store/ base/inflate.c base/deflate.c
openssl/ssl.h      ingest/carrier.c
openssl/err.h      ingest/carrier.c parse/dkim/ parse/signeddata.c base/digest.c
openssl/cms.h      parse/signeddata.c
openssl/           parse/dkim/ base/digest.c
libpsl.h           parse/dns/
libdeflate.h       base/deflate.c
sanitizer/         parse/
sqlite3.h          store/
libsmartcols       report/
ini.h              cli/
seccomp.h          base/
linux/             base/
mailutils/         ingest/carrier.c ingest/imap_private.h ingest/pop3.c ingest/smtp.c ingest/poller_process.c
unbound            ingest/resolver_process.c
event2/            ingest/resolver_process.c
curl/              ingest/tokenserver.c
maxminddb.h        ingest/netnames.c
cmocka.h           tests/
dlfcn.h            cli/reader.c tests/
link.h             tests/
'
# What every C program on this system has.
system='assert complex ctype dirent endian errno fcntl fenv fnmatch ftw getopt glob grp inttypes langinfo libgen limits locale
malloc math netdb poll pthread pwd sched setjmp signal stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib string
strings sysexits syslog termios threads time uchar unistd wchar wctype byteswap'

work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
n=0
# check WHAT: the findings are in $work/found, one a line; none is what we want.
check() {
	n=$((n + 1))
	if [ -s "$work/found" ]; then
		echo "not ok $n - $1"
		sed 's/^/#   /' "$work/found"
	else
		echo "ok $n - $1"
	fi
}

rooms='base ingest parse store report cli'
present=
for room in $rooms; do [ -d "$room" ] && present="$present $room"; done
find $present -name '*.[ch]' | sort > "$work/product"
find tests -name '*.[ch]' | sort > "$work/tests"
cat "$work/product" "$work/tests" > "$work/all"

# Without comments, and with string literals emptied: `file:line:code`.
xargs awk '
FNR == 1 { inside = 0 }
{
	rest = $0; code = ""
	while (rest != "") {
		if (inside) {
			if (!(at = index(rest, "*/"))) break
			rest = substr(rest, at + 2); inside = 0; continue
		}
		if (!match(rest, /"([^"\\]|\\.)*"|\047([^\047\\]|\\.)+\047|\/\*|\/\//)) { code = code rest; break }
		token = substr(rest, RSTART, RLENGTH); before = substr(rest, 1, RSTART - 1)
		rest = substr(rest, RSTART + RLENGTH); code = code before
		if (token == "//") break
		if (token == "/*") { inside = 1; code = code " " }
		else if (before ~ /^[ \t]*#[ \t]*include[ \t]*$/) code = code token
		else code = code substr(token, 1, 1) substr(token, 1, 1)
	}
	print FILENAME ":" FNR ":" code
}' < "$work/all" > "$work/code"
grep -vE '^tests/' "$work/code" > "$work/product_code"

# words FILE WORD...: calls of these functions.
calls() {
	file=$1
	shift
	grep -E "(^|[^A-Za-z0-9_])($(echo "$*" | tr ' ' '|'))[[:space:]]*\(" "$file"
}

sed -nE 's/^([^:]+:[0-9]+):[[:space:]]*#[[:space:]]*include[[:space:]]*["<]([^">]*)([">]).*/\1 \2 \3/p' "$work/code" |
	awk -v nouns="$nouns" -v shared="$shared_verbs" -v homes="$homes" -v system_list="$system" '
	BEGIN {
		split("base 0 ingest 1 parse 2 store 3 report 4 cli 9 tests 9", pair, " ")
		for (i = 1; i in pair; i += 2) level[pair[i]] = pair[i + 1]
		count = split(nouns, list, /[ \n]+/); for (i = 1; i <= count; i++) noun[list[i]] = 1
		count = split(shared, list, " "); for (i = 1; i <= count; i++) anyone[list[i]] = 1
		count = split(system_list, list, /[ \n]+/); for (i = 1; i <= count; i++) known[list[i] ".h"] = 1
		lines = split(homes, line, "\n")
	}
	function stray(why) { print $1 ": " $2 ": " why }
	function foreign(    i, j, count, word) {
		for (i = 1; i <= lines; i++) {
			count = split(line[i], word, " ")
			if (count == 0 || index($2, word[1]) != 1) continue
			if (from == "tests") return
			for (j = 2; j <= count; j++) if (index($1, word[j]) == 1) return
			stray("the home of this library is elsewhere"); return
		}
		if (!($2 in known) && $2 !~ /^(sys|netinet|arpa|net)\//) stray("a library without a home in tests/rooms.t")
	}
	{
		split($1, place, "/"); from = place[1]; split($2, place, "/"); to = place[1]
		if ($3 == ">") { foreign(); next }
		if (index($2, "/") == 0) { stray("is named with its room"); next }
		if (!(to in level)) { stray("not a room"); next }
		if (to == from || from == "cli" || from == "tests" || to == "base") next
		if ($2 in anyone) next
		if (from == "base") { stray("base stands on nothing"); next }
		if (level[to] > level[from]) { stray("downstream"); next }
		if (!($2 in noun)) stray("verbs of another room")
	}' > "$work/stray"
grep -vE 'home' "$work/stray" > "$work/found"
check "includes: base, own room, nouns upstream; only cli connects rooms"
grep -E 'home' "$work/stray" > "$work/found"
check "foreign libraries: each in its home"

folders='base|ingest|parse|parse/dkim|parse/dns|store|report|report/assess|cli|tests|tests/bench|tests/fuzz|tests/lib'
find . -name '*.[ch]' ! -path './build*' ! -path './dmarcgate-*' ! -path './.*' ! -name config.h |
	sed 's|^\./||' | grep -vE "^($folders)/[^/]*\$" > "$work/found"
check "every file lies in a room"

sql='SELECT|INSERT INTO|INSERT OR|DELETE FROM|CREATE TABLE|ALTER TABLE|PRAGMA'
# IMAP has a SELECT of its own.
xargs grep -nE "\"[^\"]*\\<($sql)\\>" < "$work/product" | grep -vE '^(store/|ingest/imap_folder.c)' > "$work/found"
check "SQL only in store/"

# tests/unit-store-file looks at the plan of every text in sql_texts and of every filter: so nothing else may be prepared.
# The others ask for pragmas; `doctor` (examine.c) is there to go through everything.
grep -E 'sqlite3_(prepare|exec|get_table)|sql_prepare' "$work/product_code" |
	grep -vE '^store/(sql|schema|backup|examine|room)\.c:|^store/store\.c:.*sqlite3_exec\(s->db, pragmas|^store/(store_private\.h|ask_reports\.c):.*sql_prepare' \
		> "$work/found"
check "no statement but those whose plans are tested"

find $present tests bootstrap dist -type f \
	\( -name '*.[ch]' -o -name '*.t' -o -name '*.sh' -o -name '*.py' -o -name bootstrap \) -exec wc -l {} + |
	awk '$2 != "total" && $1 > 900 { print $2 ": " $1 " lines" }' > "$work/found"
check "no file over 900 lines"

# Linux braces: a function's body is between { and } in the first column.
xargs awk '
FNR == 1 { start = 0 }
/^[a-zA-Z].*\(/ { name = $0 }
/^\{/ { start = FNR }
/^\}/ { if (start && FNR - start - 1 > 90) print FILENAME ":" start ": " FNR - start - 1 " lines: " name; start = 0 }
' < "$work/all" > "$work/found"
check "no function over 90 lines"

banned='strcpy strcat strncpy strncat sprintf vsprintf gets system popen alloca strtok atoi atol atoll atof'
# shellcheck disable=SC2086 # a list of words
calls "$work/product_code" $banned > "$work/found"
check "no banned function"

# Built from two halves, so that this file passes its own check.
marks="TO""DO|FIX""ME|X""XX"
find $present tests man dist bootstrap configure.ac Makefile.am README.md NEWS.md CONTRIBUTING.md -type f \
	! -path 'tests/golden/*' -exec grep -nIE "(^|[^A-Za-z0-9_])($marks)([^A-Za-z0-9_]|\$)" /dev/null {} + > "$work/found"
check "nothing is left for later in a remark"

# `format(printf, 2, 3)` is no speech.
speech='(^|[^A-Za-z0-9_])(stdout|stderr|printf|puts|putchar|perror|vprintf)([^A-Za-z0-9_]|$)'
sed -E 's/__attribute__.*//' "$work/product_code" | grep -E "$speech" | grep -v '^cli/' > "$work/found"
check "only cli/ speaks to people; the others write to the FILE they are given"

grep -vE '^(cli|ingest)/' "$work/product_code" > "$work/pure"
{
	calls "$work/pure" time gettimeofday localtime localtime_r mktime setlocale rand random srand getrandom
	grep -E '(^|[^A-Za-z0-9_])CLOCK_REALTIME' "$work/pure"
} > "$work/found"
check "no clock, locale or dice: time is an argument"

grep -E 'typedef[[:space:]]+(struct|union|enum)' "$work/product_code" > "$work/found"
check "no typedef'd structs"

while read -r header; do
	case $header in *.h) head -n 1 "$header" | grep -q '^/\*' || echo "$header" ;; esac
done < "$work/product" > "$work/found"
check "every header begins by saying what it is"

for test in tests/unit-*.c tests/*.t; do
	[ -e "$test" ] || continue
	grep -qF "${test%.c}" Makefile.am || echo "$test: not in Makefile.am, so it never runs"
done > "$work/found"
check "every test is run"

# The headers with the flags of the build, where there is one: each must be enough for itself.
flags='-std=gnu11 -I. -Wall -Wextra -Wno-unused-function'
if [ -e "$built/config.h" ]; then flags="$flags -include $built/config.h"; else flags="$flags -D_GNU_SOURCE"; fi
for library in gmime-3.0 libxml-2.0 libseccomp smartcols; do
	flags="$flags $(pkg-config --cflags "$library" 2> /dev/null)"
done
# A compiler that is given a header alone makes a precompiled one.
mkdir -p "$work/alone"
grep '\.h$' "$work/product" | while read -r header; do
	echo "#include \"$header\"" > "$work/alone/$(echo "$header" | tr / _).c"
done
if ! ${CC:-cc} $flags -fsyntax-only "$work"/alone/*.c > "$work/said" 2>&1 || [ -s "$work/said" ]; then
	grep -E ' (error|warning): ' "$work/said" || cat "$work/said"
fi > "$work/found"
check "every header compiles alone"

[ -r man/dmarcgate.conf.5 ] && awk '
FNR == NR { if (/^\t?X\(/ || /^[ \t]+X\([a-z]+,/) { split($0, part, /[(,]/); limit[part[2]] = 1 } next }
/^\.Ss / { section = $3 }
/^\.It Ic / { if (section == "limits") delete limit[$3] }
END { for (name in limit) print "[limits] " name ": not in man/dmarcgate.conf.5" }
' parse/limits.h man/dmarcgate.conf.5 > "$work/found" || echo "cannot read the page" > "$work/found"
check "every limit is in the manual"

echo "1..$n"
