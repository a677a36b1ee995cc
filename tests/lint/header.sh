# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What nsutil.h declares, nsutil.map exports, the library defines and libnsutil(3) names.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/../e2e/lib.sh"

top=${abs_top_srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
so=${abs_top_builddir:-$PWD}/lib/.libs/libnsutil.so
man=$top/man/libnsutil.3

# Macros are no functions. Without comments, with one declaration a line: what stands before a bracket.
declared() {
	sed ':a; /\\$/ { N; ba }; s/^#define.*//' "$top/lib/nsutil.h" | tr '\n' ' ' | sed 's,/\*,\x01,g; s,\*/,\x02,g' |
		sed 's/\x01[^\x02]*\x02//g' | tr ';{}' '\n' |
		grep -oE 'nsu_[a-z0-9_]+\(' | tr -d '(' | sort -u
}

mapped() {
	sed -n 's/^[[:blank:]]*\(nsu_[a-z0-9_]*\);.*/\1/p' "$top/lib/nsutil.map" | sort
}

named() {
	grep -oE '\<F[no] nsu_[a-z0-9_]+' "$man" | cut -d' ' -f2 |
		grep -v '^nsu_foreach_' | sort -u
}

declared >"$tmp/declared"
mapped >"$tmp/mapped"
ok "nsutil.h declares functions" test -s "$tmp/declared"
is "each is in nsutil.map, and nothing else" \
	"$(diff "$tmp/declared" "$tmp/mapped")" ""
is "nothing is in the map twice" "$(uniq -d "$tmp/mapped")" ""

if [ -e "$so" ]; then
	nm -D --defined-only "$so" | awk '$2 ~ /[A-Z]/ { sub(/@.*/, "", $3); print $3 }' |
		grep -v '^NSUTIL_' | sort >"$tmp/exported"
	is "each is exported, and nothing else" "$(diff "$tmp/declared" "$tmp/exported")" ""
else
	skip "each is exported, and nothing else" "no shared library was built"
fi

# example N: the Nth program in the manual, as its source would be
example() {
	awk -v want="$1" '/^\.Bd -literal$/ { n++; on = n == want; next }
		/^\.Ed$/ { on = 0 } on' "$man" | sed 's/\\e/\\/g; s/^\\&//'
}
n=0
for program in members pidmap inside holders pins containers; do
	n=$((n + 1))
	is "the manual's example $n is tests/examples/$program.c" \
		"$(diff <(example $n) "$top/tests/examples/$program.c")" ""
done

if [ -e "$man" ]; then
	named >"$tmp/named"
	is "each is in libnsutil(3), and nothing else" \
		"$(diff "$tmp/declared" "$tmp/named")" ""
else
	skip "each is in libnsutil(3), and nothing else" "no such page"
fi
done_testing
