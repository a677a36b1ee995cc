#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What README tells to read, to type and to make is there.

# shellcheck source-path=SCRIPTDIR source=../e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"

top=${abs_top_srcdir:-$(dirname "$0")/../..}
readme=$top/README

test_paths() {
	local path
	while read -r path; do
		ok "there is $path" [ -e "$top/$path" ]
	done < <(grep -oE '\b(lib|tools|tests|man|completions|bench)/[A-Za-z0-9_./-]*[A-Za-z0-9_]' \
		"$readme" | sort -u)
}

# Indented lines are commands, but for their remarks and for output.
test_commands() {
	local line word target
	while read -r word target _; do
		case $word in
		./* | .ci/* | tests/* | bench/*) ok "$word can be run" [ -x "$top/$word" ] ;;
		make)
			case $target in
			'' | as | check | install | distcheck) ;;
			*) ok "make $target" grep -q "^$target:" "$top/Makefile.am" ;;
			esac
			;;
		esac
	done < <(sed -n 's/^    \([^ ]\)/\1/p' "$readme")
	while IFS= read -r line; do
		# shellcheck disable=SC2086 # words
		run nstree $line
		is "nstree $line" "$rc" 0
	done < <(sed -n 's/^    \$ nstree *//p' "$readme")
}

# What is a container here stands for the picture's, and the host's tools are any.
test_attach() {
	local line tool PATH=$tmp/bin:$PATH
	need_root 'nsattach' && fixture inside ns=muinpC drop=19 || return 0
	mkdir "$tmp/bin"
	for tool in ss strace; do
		printf '#!/bin/sh\nexec true\n' >"$tmp/bin/$tool"
		chmod +x "$tmp/bin/$tool"
	done
	while IFS= read -r line; do
		# shellcheck disable=SC2086 # words
		run timeout 20 "$NSATTACH" ${line//docker:web/$(fix '.tasks[0].proc_pid')}
		is "nsattach $line" "$rc:$err" 0:
	done < <(sed -n 's/^    # nsattach \(.*\)/\1/p' "$readme" | sed 's/   .*//')
	fixture_close
}

test_options() {
	local tool option known
	for tool in nstree nsattach nspin; do
		known=$("$tool" --list-options |
			awk -F '\t' '$1 { print "--" $1 } $2 { print "-" $2 }')
		while read -r option; do
			ok "$tool $option" grep -qxF -e "$option" <<<"$known"
		done < <(grep -oE "$tool( [0-9a-z:]+)? -[-A-Za-z]+" "$readme" | grep -oE -e '-[-A-Za-z]+$' |
			sort -u)
	done
}

test_screen() {
	local lines
	lines=$(grep -n '^Building by hand' "$readme" | cut -d: -f1)
	ok "the first screen fits" [ "$lines" -le 40 ]
	is "lines of 90 columns at most" "$(LC_ALL=C.UTF-8 awk 'length > 90' "$readme")" ""
}

test_paths
test_commands
test_attach
test_options
test_screen
done_testing
