# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154
#
# What the tools must say of containers that run. Read after host.sh.

# look: keeps the picture as it is now, for the checks that follow.
look() {
	nstree --json >"$tmp/picture" 2>"$tmp/picture.err" || diag "$(<"$tmp/picture.err")"
}

# told WORD KEY...: a line for each key of the container that is called so, in the picture.
told() {
	jq -r --arg word "$1" '[.containers[] | select(.word == $word)] as $found
		| if ($found | length) != 1 then "\($found | length) of \($word)"
		else $found[0][$ARGS.positional[]] | tostring end' \
		"$tmp/picture" --args -- "${@:2}"
}

words() {
	jq -r '[.containers[].word] | join(" ")' "$tmp/picture"
}

# is_told WHAT WORD [KEY=VALUE]...
is_told() {
	local what=$1 word=$2 pair keys=()
	shift 2
	for pair; do
		keys+=("${pair%%=*}")
	done
	is "$what: $word" "$(paste -d = <(printf '%s\n' "${keys[@]}") \
		<(told "$word" "${keys[@]}"))" "$(printf '%s\n' "$@")"
}

# gone WHAT WORD: the picture has none that is called so.
gone() {
	unlike "$1" " $(words) " " $2 "
}

# entered WHAT WORD PID: nsattach goes where that process is; the command is the container's.
entered() {
	run nsattach "$2" -- readlink /proc/self/ns/mnt
	is "$1" "${out:-$err}" "$(readlink "/proc/$3/ns/mnt")"
}

# line_of WORD OPTION...: its line in a view, as words between single blanks.
line_of() {
	local word=$1
	shift
	nstree "$@" 2>/dev/null | sed 's/^[^[:alnum:]/]*//; s/  */ /g' |
		grep -m 1 -E "^${word//./\\.}( |\$)"
}

# known ENGINE WORD PID ID NAME [IMAGE]: by every view and tool, as a container of its own;
# NAME and IMAGE "null": it has none.
known() {
	local engine=$1 word=$2 pid=$3 id=$4 name=$5 image=${6:-null}
	look
	is_told "$engine" "$word" "engine=$engine" "id=$id" "name=$name" "image=$image" \
		kind=container claim=false "init=$pid"
	like "$engine: $word in the default view" "$(line_of "$word")" \
		"^$word .*[ .^a-zA-Z]{8} $pid(/[0-9/]+)? "
	[ "$image" = null ] ||
		like "$engine: $word with its image" "$(line_of "$word")" "^$word \\($image\\) "
	like "$engine: $word and what it uses" "$(line_of "$word" --containers)" \
		"^$word ([^ ]+ )?$pid(/[0-9/]+)? [1-9]"
	run nstree "$word"
	like "$engine: $word: its card" "${out%%$'\n'*}" "^$word "
	entered "$engine: $word is entered" "$word" "$pid"
}
