# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The options that a tool has, its page describes and the completions know.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/../e2e/lib.sh"

top=${abs_top_srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
hidden='--list-options'

# --long and -l, one a line, of the tool; hidden options are no row of its list.
of_tool() {
	awk -F'\t' '$1 != "" { print "--" $1 } $2 != "" { print "-" $2 }' "$tmp/rows" | sort -u
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
	local man=$top/man/$1.1
	is "each option is described in $1(1)" \
		"$(comm -23 <(of_tool) <(of_page '^.It'))" ""
	is "and each that $1(1) describes exists" \
		"$(comm -13 <({ of_tool; echo "$hidden"; [ "$1" != nspin ] || echo --list-commands; } | sort) <(of_page '^.It'))" ""
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

# Arguments are completed by their names; of these nothing is known beforehand.
check_arguments() {
	local file=$top/completions/$1 missing='' arg
	while read -r arg; do
		case $arg in
		EXPRESSION | FD | N) continue ;;
		esac
		grep -qF -e "${arg%%|*}" "$file" || missing+="$arg "
	done < <(cut -f3 "$tmp/rows" | grep . | sort -u)
	is "completions/$1 knows each kind of argument" "$missing" ""
}

check_help() {
	run "$1" --help
	is "$1 --help exits with" "$rc" 0
	is "$1 --help says nothing else" "$err" ""
	ok "$1 --help has at most 24 lines" test "$(wc -l <"$tmp/stdout")" -le 24
	is "of at most 80 columns" "$(expand "$tmp/stdout" | grep -E '^.{81}')" ""
	is "$1 --help names what there is" "$(grep -oE '(^| )--?[A-Za-z][-a-z]*' "$tmp/stdout" |
		tr -d ' ' | sort -u | while read -r option; do
			of_tool | grep -qxF -e "$option" || echo "$option"
		done | grep -vxF -e "$foreign")" ""
	run "$1" --help-all
	is "$1 --help-all names each option" "$(of_tool | while read -r option; do
		grep -qwF -e "$option" "$tmp/stdout" || echo "$option"
	done)" ""
	is "$1 --help-all: lines of at most 100 columns" \
		"$(expand "$tmp/stdout" | grep -E '^.{101}')" ""
}

# Of the examples in its help: options of other programs.
declare -A others=([nstree]=$'-Tsvg\n-no' [nsattach]='-ltn' [nspin]='-ltn')

check() {
	local tool=$1 shell foreign=${others[$1]}
	run "$tool" --list-options
	is "$tool lists its options" "$rc" 0
	cp "$tmp/stdout" "$tmp/rows"
	ok "there are some" test -s "$tmp/rows"
	is "none is there twice" "$(cut -f1 "$tmp/rows" | grep . | sort | uniq -d)" ""
	is "no letter is there twice" "$(cut -f2 "$tmp/rows" | grep . | sort | uniq -d)" ""
	is "each has four fields" "$(awk -F'\t' 'NF != 4' "$tmp/rows")" ""
	check_page "$tool"
	for shell in "$tool.bash" "_$tool" "$tool.fish"; do
		check_completion "$shell"
		check_arguments "$shell"
	done
	check_help "$tool"
}

check nstree
check nsattach
check nspin
done_testing
