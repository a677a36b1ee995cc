# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The options that nstree has, its page describes and the completions know.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/../e2e/lib.sh"

top=${abs_top_srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
man=$top/man/nstree.1
hidden='--list-options'

# --long and -l, one a line, of the tool; hidden options are no row of its list.
of_tool() {
	awk -F'\t' '{ print "--" $1 } $2 != "" { print "-" $2 }' "$tmp/rows" | sort -u
}

# Of the page: "Fl l", "Fl Fl long", "Fl \-long" on lines of lists and of text. With an
# argument the lists only: lsns' options are spoken of in the text.
of_page() {
	sed -n 's/\\-/-/g; /^\.\(It \)\{0,1\}Fl /p' "$man" | grep "${1:-.}" | awk '{
		for (i = 1; i < NF; i++) {
			if ($i != "Fl")
				continue
			if ($(i + 1) == "Fl")
				print "--" $(i + 2)
			else if (i == 1 || $(i - 1) != "Fl")
				print "-" $(i + 1)
		}
	}' | sed 's/[=,\[].*//' | grep -E '^(-[A-Za-z0-9]|--[a-z].*)$' | sort -u
}

check_page() {
	if [ ! -e "$man" ]; then
		skip "nstree(1)" "no such page"
		return
	fi
	is "each option is described in nstree(1)" \
		"$(comm -23 <(of_tool) <(of_page '^.It'))" ""
	is "and each that it describes exists" \
		"$(comm -13 <({ of_tool; echo "$hidden"; } | sort) <(of_page '^.It'))" ""
}

# A completion that asks the tool knows what the tool knows; another names each.
check_completion() {
	local file=$top/completions/$1 missing=
	if [ ! -e "$file" ]; then
		fail "completions/$1 is there"
		return
	fi
	grep -q -e "$hidden" "$file" ||
		missing=$(of_tool | while read -r option; do
			grep -qF -e "$option" "$file" || echo "$option"
		done)
	is "completions/$1 knows each option" "$missing" ""
}

run nstree --list-options
is "nstree lists its options" "$rc" 0
cp "$tmp/stdout" "$tmp/rows"
ok "there are some" test -s "$tmp/rows"
is "none is there twice" "$(cut -f1 "$tmp/rows" | sort | uniq -d)" ""
is "no letter is there twice" "$(cut -f2 "$tmp/rows" | grep . | sort | uniq -d)" ""
is "each has four fields" "$(awk -F'\t' 'NF != 4' "$tmp/rows")" ""
check_page
for shell in nstree.bash _nstree nstree.fish; do
	check_completion "$shell"
done
run nstree --help
is "--help exits with" "$rc" 0
ok "--help has at most 24 lines" test "$(wc -l <"$tmp/stdout")" -le 24
is "of at most 80 columns" "$(expand "$tmp/stdout" | grep -E '^.{81}')" ""
run nstree --help-all
is "--help-all names each option" "$(of_tool | while read -r option; do
	grep -qwF -e "$option" "$tmp/stdout" || echo "$option"
done)" ""
done_testing
