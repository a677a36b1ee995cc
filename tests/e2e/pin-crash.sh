# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# nspin killed at a system call from the first that changes something, or a child of
# its: all is well, or `check` names what is not and `repair` mends it.
# At every third call, with TEST_QUICK at every eighth. NSU_FAULTS=all: at every one, also
# at those that change nothing.
# shellcheck source-path=SCRIPTDIR disable=SC2154,SC2317
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/inside.sh"
. "$(dirname "$0")/pins.sh"

every=() step=3 least=3
if [ -n "${TEST_QUICK:-}" ]; then
	step=8 least=2
fi
if [ "${NSU_FAULTS:-}" = all ]; then
	every=(-a) step=1 least=10
fi

# mended NAME...: sets $why where it is not
mended() {
	local name
	why=
	settle || return 0
	nspin check >"$tmp/check" 2>&1
	case $? in
	0) ;;
	4)
		like_any "$tmp/check" "$@" || why="check names none of $*: $(<"$tmp/check")"
		nspin repair >"$tmp/repair" 2>&1 || why="repair: $(<"$tmp/repair")"
		# A pin of which the init was killed has to go.
		nspin check >/dev/null 2>&1 || nspin prune >"$tmp/repair" 2>&1
		nspin check >"$tmp/check" 2>&1 ||
			why="check after repair: $(<"$tmp/check") $(<"$tmp/repair")"
		;;
	*) why="check: $(<"$tmp/check")" ;;
	esac
	[ -z "$why" ] || return 0
	for name; do
		[ ! -e "$store/$name" ] || nspin remove "$name" >"$tmp/check" 2>&1 ||
			why="remove: $(<"$tmp/check")"
	done
	[ -n "$why" ] || nothing
}

like_any() {
	local file=$1 name
	shift
	for name; do
		grep -qw -- "$name" "$file" && return 0
	done
	return 1
}

# crash WHAT PREPARE NAMES ARG...: of `nspin ARG...`
crash() {
	local what="$who, $1" prepare=$2 names=$3 mode n status bad='' tried=0
	shift 3
	for mode in kill main; do
		for ((n = 1; n < 5000; n += step)); do
			if ! $prepare >"$tmp/check" 2>&1; then
				bad+="prepare: $(<"$tmp/check")"
				break 2
			fi
			"$FAULTS" "${every[@]}" "$mode" "$n" "$tmp/told" "${as[@]}" "$NSPIN" \
				"$@" </dev/null >"$tmp/stdout" 2>"$tmp/stderr"
			status=$?
			# shellcheck disable=SC2086 # some names
			mended $names
			[ -z "$why" ] || bad+="$mode $(<"$tmp/told"): $why"$'\n'
			[[ $status -eq 0 && ${#bad} -lt 2000 ]] || break
			tried=$((tried + 1))
		done
		[ "$status" -le 1 ] || bad+="faults: $(<"$tmp/stderr")"
	done
	is "$what: killed, all is well or is mended" "$bad" ''
	ok "$what: killed often ($tried)" test "$tried" -ge "$least"
}

make_x() {
	nspin create x "${few[@]}"
}

# As if who made it had been killed shortly before its end.
make_half() {
	make_x || return 1
	sed -i 's/"made"\(,\{0,1\}\)$/"making"\1/' "$store/x/record.json"
	[ "$who" = root ] || chown 65534:65534 "$store/x/record.json"
	! nspin check
}

test_all() {
	crash create true x create x "${all_types[@]}"
	crash remove make_x x remove x
	crash repair make_half x repair
	[ "$who" = root ] || return 0
	crash rename make_x 'x z' rename x z
	crash apply true 'x z' apply "$tmp/pins.conf"
}

test_add() {
	fixture inside ns=muipnC || return 0
	crash add true x add x "$(fix '.tasks[0].proc_pid')" "$@"
	fixture_close
}

own_host "$@"
if ! why=$("$FAULTS" can 2>&1); then
	skip_all "$why"
fi
few=(-u -n -p)
all_types=(-a --map-root --hostname h --boottime 5 --up --netns)
printf '%s\n' 'create x -u' 'create z -n' >"$tmp/pins.conf"
test_all
test_add -a --netns
nothing_left root
as_nobody
few=(-U -u -p)
all_types=(-a --map-root --hostname h --up)
test_all
nothing_left user
done_testing
