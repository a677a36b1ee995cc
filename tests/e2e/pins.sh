# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154
#
# For scripts about what nspin leaves behind: a host of their own, and what is left there.
# Read after lib.sh.

NSPIN=${NSPIN:-$(built tests/bin/nspin nspin)}
FAULTS=${FAULTS:-$(built tests/nsfix/faults)}
shopt -s nullglob dotglob

# own_host "$@": the script goes on alone, with an empty /run and a user's runtime
# directory in ${runtime}.
own_host() {
	private "$@" || skip_all 'needs root'
	mount -t tmpfs -o mode=755 tmpfs /run 2>/dev/null || skip_all 'no tmpfs can be mounted'
	runtime=$tmp/runtime
	mkdir -m 700 "$runtime"
	chmod 711 "$tmp"
	chown 65534:65534 "$runtime"
	as_root
}

# Who nspin is run as from here on, and where the pins are then.
as_root() {
	who=root
	as=()
	store=/run/nsutil/pins
}

as_nobody() {
	who=user
	as=(setpriv --reuid 65534 --regid 65534 --clear-groups --
		env "XDG_RUNTIME_DIR=$runtime")
	store=$runtime/nsutil/pins
}

nspin() {
	"${as[@]}" "$NSPIN" "$@"
}

# Processes of nspin that no record knows: in $strays. Who died and was not waited for
# yet is nobody.
find_strays() {
	local file text known=' ' dir comm
	strays=
	for file in "$store"/*/record.json; do
		text=$(<"$file") 2>/dev/null
		while [[ $text =~ \"pid\":\ *([0-9]+)(.*) ]]; do
			known+="${BASH_REMATCH[1]} "
			text=${BASH_REMATCH[2]}
		done
	done
	for dir in /proc/[0-9]*; do
		comm=
		{ read -r comm <"$dir/comm"; } 2>/dev/null
		[[ $comm == nspin* && $known != *" ${dir#/proc/} "* ]] || continue
		text=
		{ read -r text <"$dir/stat"; } 2>/dev/null
		[[ -z $text || $text == *') Z '* || $text == *') X '* ]] ||
			strays+="$comm ${dir#/proc/} "
	done
}

# Until there are none; what dies does so at once, but in its own time.
settle() {
	local deadline=$((SECONDS + 10))
	find_strays
	while [ -n "$strays" ]; do
		if [ "$SECONDS" -ge "$deadline" ]; then
			why="still run: $strays"
			return 1
		fi
		find_strays
	done
}

# What there is of pins: in $left. Directories that every pin needs are no pins.
find_left() {
	local file line
	left=
	for file in /run/nsutil/pins/* /run/nsutil/mnt/* /run/netns/* \
		"$runtime"/nsutil/pins/*; do
		left+="$file "
	done
	while read -r line; do
		[[ $line != *' - nsfs '* ]] || left+="mount: $line "
	done </proc/self/mountinfo
	find_strays
	left+=$strays
}

# Nothing is left, or $why tells what.
nothing() {
	settle || return 1
	find_left
	[ -z "$left" ] && return 0
	why="left: $left"
	return 1
}

nothing_left() {
	why=
	nothing
	is "$1: nothing is left" "$why" ''
}
