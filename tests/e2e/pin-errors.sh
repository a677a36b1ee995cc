# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# nspin when a system call of its, or of a child of its, fails; two at once; no room. It
# says so and leaves nothing, or does without.
# NSU_FAULTS=all tries each of the errors at each of the calls, else one at every ninth
# or, with TEST_QUICK, 25th.
# shellcheck source-path=SCRIPTDIR disable=SC2154,SC2317
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/inside.sh"
. "$(dirname "$0")/pins.sh"

# What a removal does last is to look who else holds the namespaces: at all processes.
step=9 least=3
upto=350
[ -z "${TEST_QUICK:-}" ] || step=25 least=1
if [ "${NSU_FAULTS:-}" = all ]; then
	step=1
	upto=5000
fi
errors=(ENOSPC EMFILE ENOMEM EPERM)

# refused: after a fault in making x. Sets $why where not all is as it was.
refused() {
	local call status
	read -r _ call _ status <"$tmp/told"
	why=
	case $status in
	'exit 0')
		settle || return 0
		nspin check >"$tmp/check" 2>&1 || why="done, but check: $(<"$tmp/check")"
		nspin remove x >"$tmp/check" 2>&1 || why="remove: $(<"$tmp/check")"
		;;
	'exit 1')
		[ -s "$tmp/stderr" ] || why='says nothing'
		# What could not be taken away again is named, and goes later.
		case $call in
		unlink* | umount2 | rmdir | openat | *stat*)
			nspin check >/dev/null 2>&1 || nspin repair >"$tmp/check" 2>&1 ||
				why="repair: $(<"$tmp/check")"
			;;
		esac
		;;
	*) why="ends with $status: $(<"$tmp/stderr")" ;;
	esac
	[ -n "$why" ] || nothing
}

# kept: the same where x is there before, and the call is to change or remove it.
kept() {
	local status
	read -r _ _ _ status <"$tmp/told"
	why=
	[[ $status != 'exit 1' || -s $tmp/stderr ]] || why='says nothing'
	[[ $status == 'exit '[01] ]] || why="ends with $status: $(<"$tmp/stderr")"
	settle || return 0
	nspin check >"$tmp/check" 2>&1 || nspin repair >"$tmp/check" 2>&1 ||
		why="repair: $(<"$tmp/check")"
	nspin check >"$tmp/check" 2>&1 || why="check: $(<"$tmp/check")"
	for name in x z; do
		[ ! -e "$store/$name" ] || nspin remove "$name" >"$tmp/check" 2>&1 ||
			why="remove: $(<"$tmp/check")"
	done
	[ -n "$why" ] || nothing
}

# What was found does not spoil what comes.
end_strays() {
	local word
	find_strays
	for word in $strays; do
		[[ $word == nspin* ]] || kill -9 "$word"
	done
}

# fail_each WHAT PREPARE JUDGE ARG...: of `nspin ARG...`
fail_each() {
	local what="$who, $1" prepare=$2 judge=$3 n status=0 error bad='' tried=0 some
	shift 3
	for ((n = 1; n < upto && status == 0; n += step)); do
		some=("${errors[n % 4]}")
		[ "$step" -ne 1 ] || some=("${errors[@]}")
		for error in "${some[@]}"; do
			if ! $prepare >"$tmp/check" 2>&1; then
				bad+="prepare: $(<"$tmp/check")"
				break 2
			fi
			"$FAULTS" "$error" "$n" "$tmp/told" "${as[@]}" "$NSPIN" "$@" \
				</dev/null >"$tmp/stdout" 2>"$tmp/stderr"
			status=$?
			$judge
			if [ -n "$why" ]; then
				bad+="$error $(<"$tmp/told"): $why"$'\n'
				nspin repair >/dev/null 2>&1
				nspin remove x >/dev/null 2>&1
				end_strays
			fi
			[[ $status -eq 0 && ${#bad} -lt 600 ]] || break 2
			tried=$((tried + 1))
		done
	done
	[ "$status" -le 1 ] || bad+="faults: $(<"$tmp/stderr")"
	is "$what: whatever fails, it says so and leaves nothing" "$bad" ''
	ok "$what: failed often ($tried)" test "$tried" -ge "$least"
}

make_x() {
	nspin create x "${few[@]}"
}

test_errors() {
	fail_each create true refused create x "${all_types[@]}"
	fail_each remove make_x kept remove x
	fail_each rename make_x kept rename x z
}

test_add() {
	fixture inside ns=muipnC || return 0
	fail_each add true refused add x "$(fix '.tasks[0].proc_pid')" -a
	fixture_close
}

# One wins, the others say so.
test_race() {
	local i pids won said
	for i in 1 2 3 4; do
		nspin create x "${few[@]}" >/dev/null 2>"$tmp/race$i" &
		pids[i]=$!
	done
	won=0
	said=0
	for i in 1 2 3 4; do
		if wait "${pids[i]}"; then
			won=$((won + 1))
		elif grep -q already "$tmp/race$i"; then
			said=$((said + 1))
		fi
	done
	is "$who, four at once: who made it, who says there is one" "$won $said" '1 3'
	run nspin check
	is "$who, four at once: check" "$rc" 0
	for i in 1 2 3 4; do
		nspin remove x >/dev/null 2>"$tmp/race$i" &
		pids[i]=$!
	done
	won=0
	for i in 1 2 3 4; do
		! wait "${pids[i]}" || won=$((won + 1))
	done
	is "$who, four at once: one removed it" "$won" 1
	nothing_left "$who, four at once"
}

# Without room nothing is made, but what is there can be removed.
test_full() {
	local dir=/run i=0
	[ "$who" = root ] || dir=$runtime
	mount -t tmpfs -o "size=64k,mode=700,uid=$1,gid=$1" tmpfs "$dir"
	nspin create x "${few[@]}" >/dev/null
	cat /dev/zero >"$dir/full" 2>/dev/null
	run nspin create y "${few[@]}"
	is "$who, no room: create" "$rc" 1
	like "$who, no room: says why" "$err" '[Ss]pace|room|full'
	run nspin remove x
	is "$who, no room: remove $err" "$rc" 0
	nothing_left "$who, no room"
	rm "$dir/full"
	mount -t tmpfs -o "remount,nr_inodes=12" tmpfs "$dir"
	while : >"$dir/full$i"; do
		i=$((i + 1))
	done 2>/dev/null
	run nspin create y "${few[@]}"
	is "$who, no inodes: create" "$rc" 1
	nothing_left "$who, no inodes"
	umount -R "$dir"
}

own_host "$@"
few=(-u -n -p)
all_types=(-a --map-root --hostname h --boottime 5 --up --netns)
test_race
test_full 0
if why=$("$FAULTS" can 2>&1); then
	test_errors
	test_add
else
	skip 'failing calls' "$why"
fi
as_nobody
few=(-U -u -p)
all_types=(-a --map-root --hostname h --up)
test_race
test_full 65534
[ -n "$why" ] || test_errors
done_testing
