# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# For scripts about pins: a /run of their own, and nothing left of it at the end.
# shellcheck disable=SC2154 # of lib.sh

# What the script goes on in.
pin_in=(unshare -m --)

# pin_private "$@": the script goes on in a mount namespace whose /run is empty, so that
# the host's is never touched.
pin_private() {
	[ "${NSU_PIN_PRIVATE:-}" != yes ] || {
		mount -t tmpfs tmpfs /run || exit 99
		return 0
	}
	[ "$(id -u)" -eq 0 ] || skip_all 'needs root'
	"${pin_in[@]}" true 2>/dev/null || skip_all 'needs a mount namespace'
	rm -rf -- "$tmp"
	export NSU_PIN_PRIVATE=yes
	exec "${pin_in[@]}" bash "$0" "$@"
}

# The processes that stay for the sake of pins, of this /run: by pid.
pin_dwellers() {
	nspin list --json 2>/dev/null | jq -r '.pins[] | .init, .keeper | numbers'
}

# Ends what the script made; and says if anything stays.
pin_leaves_nothing() {
	local pids pid left=
	pids=$(pin_dwellers)
	nspin list -q 2>/dev/null | while IFS= read -r pid; do
		nspin remove -q --force -- "$pid"
	done
	for pid in $pids; do
		if [ -e "/proc/$pid" ] && ! grep -q '^State:.Z' "/proc/$pid/status" 2>/dev/null; then
			left+="$pid "
		fi
	done
	is 'no process is left' "$left" ''
	is 'nor a mount' "$(awk '$9 == "nsfs" || $8 == "nsfs"' /proc/self/mountinfo |
		grep ' /run/' | cut -d' ' -f5)" ''
	is 'nor a pin' "$(find /run/nsutil/pins /run/nsutil/mnt -mindepth 1 2>/dev/null)" ''
}
