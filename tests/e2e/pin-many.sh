# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Many pins made and removed, and nothing of them left. NSU_MANY is their number.
# shellcheck source-path=SCRIPTDIR disable=SC2154,SC2317
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/pins.sh"

many=${NSU_MANY:-100}

# In a user namespace of its own the kernel counts each kind, and refuses one too many.
# room_for_one KIND OPTION THERE: by that no more than THERE are left. Those that are
# being destroyed still count, which takes the kernel a while.
room_for_one() {
	local kind=$1 option=$2 there=$3 deadline=$((SECONDS + 20))
	echo $((there + 1)) >"/proc/sys/user/max_${kind}_namespaces" || return 1
	until unshare "$option" true 2>/dev/null; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
	done
}

in_own_userns() {
	[ "${NSU_OWN_USERNS:-}" != yes ] || return 0
	unshare -U -r -m -p -f true 2>/dev/null || skip_all 'no user namespace can be made'
	rm -rf -- "$tmp"
	export NSU_OWN_USERNS=yes NSU_PRIVATE=yes
	exec unshare -U -r -m -p -f --mount-proc bash "$0" "$@"
}

# The numbers are those that this script has of its own: see in_own_userns.
kinds=(net:-n:0 uts:-u:0 ipc:-i:0 pid:-p:1 cgroup:-C:0 mnt:-m:1 user:-U:0 time:-T:0)

test_many() {
	local i bad=0 pins mounts
	mounts=$(grep -c '' /proc/self/mountinfo)
	for ((i = 0; i < many; i++)); do
		nspin create "x$i" "$@" >"$tmp/out" 2>&1 || bad=$((bad + 1))
	done
	is "$*: $many made" "$bad" 0
	[ "$bad" -eq 0 ] || diag "$(<"$tmp/out")"
	pins=("$store"/x*)
	is "$*: and there" "${#pins[@]}" "$many"
	run nspin check
	is "$*: check $err" "$rc" 0
	bad=0
	nspin remove "${pins[@]##*/}" >"$tmp/out" 2>&1 || bad=1
	is "$*: removed $(<"$tmp/out")" "$bad" 0
	nothing_left "$*"
	mounts=$(($(grep -c '' /proc/self/mountinfo) - mounts))
	# The store's own two come with the first pin.
	ok "$*: no mount is left" test "$mounts" -le "$more"
	more=0
}

test_counts() {
	local kind option there old
	for kind in "${kinds[@]}"; do
		IFS=: read -r kind option there <<<"$kind"
		old=$(<"/proc/sys/user/max_${kind}_namespaces") 2>/dev/null || continue
		ok "no $kind namespace is left" room_for_one "$kind" "$option" "$there"
		echo "$old" >"/proc/sys/user/max_${kind}_namespaces"
	done
}

in_own_userns "$@"
mount -t tmpfs -o mode=755 tmpfs /run || skip_all 'no tmpfs can be mounted'
runtime=$tmp/none
as_root
test_counts
more=2
test_many -n
test_many -u -p
test_many -a
test_counts
# That what is there does count.
nspin create x -n >/dev/null
echo 1 >/proc/sys/user/max_net_namespaces
run unshare -n true
isnt 'one that is there is counted' "$rc" 0
nspin remove x
done_testing
