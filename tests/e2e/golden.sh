# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Whole views compared with what they must be, in a pid namespace where nothing else is.
# Each file in views/ names a fixture and has what a user would see, command by command:
# what is printed, then what is remarked. Numbers are names there: PIDs those of the
# fixture's tasks, namespaces n1, n2, ... as they appear, ages AGE; several blanks are one.
#
# golden.sh FILE: prints that file as it would be now; with commands added, it is how one
# is made.
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2119,SC2317
. "$(dirname "$0")/lib.sh"

private "$@" || skip_all 'needs root'
file=${1-}

# names: in $tmp/names, a line for each task of the fixture, its number here and what it is called.
names() {
	fix '(.tasks // [] | to_entries[] | "\(.value.proc_tid) T\(.key)"),
		({thread, pause, member, init, a, c} | to_entries[] | select(.value) |
			"\(.value.proc_tid) \(.key | ascii_upcase)"),
		"\(.self.proc_pid) FIX"'
}

normalize() {
	awk -v nstree="$NSTREE" -v nsfix="$NSFIX" '
		BEGIN {
			called[nstree] = "nstree"
			called[nsfix] = "nsfix"
		}
		NR == FNR { name[$1] = $2; next }
		{
			line = ""
			rest = $0
			sub(/bash [^ ]*golden.sh.*/, "bash", rest)
			sub(/nstree \([0-9]+\)/, "nstree (N)", rest)
			if (rest ~ /^  (cgroup|used there|command) /) next
			if (rest ~ /^  [0-9]+ zombies /) gsub(/ [0-9]+ nsfix/, " Z nsfix", rest)
			for (path in called)
				while (at = index(rest, path))
					rest = substr(rest, 1, at - 1) called[path] \
						substr(rest, at + length(path))
			while (match(rest, /[0-9]+/)) {
				word = substr(rest, RSTART, RLENGTH)
				after = substr(rest, RSTART + RLENGTH, 1)
				before = RSTART > 1 ? substr(rest, RSTART - 1, 1) : " "
				if (length(word) == 10 && word + 0 >= 4026531832) {
					if (!(word in ns)) ns[word] = "n" ++count
					word = ns[word]
				} else if (before == " " && after ~ /[smhd]/ &&
					 substr(rest, RSTART + RLENGTH + 1, 1) ~ /^$|[ ]/) {
					word = "AGE"
					RLENGTH++
				} else if (word in name && (before ~ /[ (\/]/ ||
					   rest ~ ("^ *[a-z0-9>-]* ?-?>? ?box" word))) {
					word = name[word]
				}
				line = line substr(rest, 1, RSTART - 1) word
				rest = substr(rest, RSTART + RLENGTH)
			}
			line = line rest
			# The branches of a tree stay as they are.
			match(line, /^[ |`-]*/)
			tree = substr(line, 1, RLENGTH)
			line = substr(line, RLENGTH + 1)
			gsub(/ +/, " ", line)
			sub(/ $/, "", line)
			print tree line
		}' "$tmp/names" -
}

# In options %T4 is the PID of a task, and %T4/net its namespace.
options() {
	local word inode
	for word in $1; do
		case $word in
		%*/*)
			inode=$(fix ".tasks[${word//[^0-9]/}].ns.${word#*/}")
			printf '%s ' "${inode//[][]/}"
			;;
		%*) printf '%s ' "$(awk -v n="${word#%}" '$2 == n { print $1 }' "$tmp/names")" ;;
		*) printf '%s ' "$word" ;;
		esac
	done
}

# shown OPTIONS: the view by them, in $tmp/shown. In no subshell, which would be seen.
shown() {
	# shellcheck disable=SC2046
	run env NSUTIL_DISABLE=ns-id,mntns-id "$NSTREE" $(options "$1")
	cat "$tmp/stdout" "$tmp/stderr" | normalize >"$tmp/shown"
	[ "$rc" -eq 0 ] || printf '[%s]\n' "$rc" >>"$tmp/shown"
}

# each FILE FUNCTION: calls it with the options of each command and what is to be seen.
each() {
	local line lines options="" want="" begun=""
	mapfile -t lines <"$1"
	for line in "${lines[@]:1}"; do
		if [[ $line == '$ nstree'* ]]; then
			[ -z "$begun" ] || "$2" "$options" "$want"
			options=${line#'$ nstree'}
			options=${options# }
			want="" begun=yes
		else
			want+=$line$'\n'
		fi
	done
	[ -z "$begun" ] || "$2" "$options" "$want"
}

print() {
	shown "$1"
	printf '$ nstree%s\n' "${1:+ $1}"
	cat "$tmp/shown"
}

compare() {
	shown "$1"
	is "$(fix .situation): nstree $1" "$(<"$tmp/shown")" "${2%$'\n'}"
}

# of FILE FUNCTION: with its fixture.
of() {
	local situation
	read -r _ situation <"$1"
	# shellcheck disable=SC2086
	fixture $situation || return 0
	names >"$tmp/names"
	each "$1" "$2"
	fixture_close
}

if [ -n "$file" ]; then
	head -n 1 "$file"
	of "$file" print
	tap_planned=1
	exit
fi
# What differs from kernel to kernel, where time is dear.
quick=' nested5 thread-ns dead-leader time-children '
for file in "$(dirname "$0")"/views/*; do
	[ -z "${TEST_QUICK:-}" ] || [[ $quick == *" ${file##*/} "* ]] || continue
	of "$file" compare
done
done_testing
