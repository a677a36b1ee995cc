#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# nstree's views under valgrind: neither a bad access nor a byte lost.

# shellcheck source-path=SCRIPTDIR source=../e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"

read -ra valgrind <<<"${NSU_VALGRIND:-valgrind -q --error-exitcode=99 --leak-check=full}"
command -v "${valgrind[0]}" >/dev/null || skip_all "no ${valgrind[0]} here"

# A gap is no fault of the tool's: only valgrind's own status is.
clean() {
	run "${valgrind[@]}" "$NSTREE" "$@"
	if [ "$rc" -ge 99 ]; then
		fail "nstree $*" "status $rc" "$(tail -n 40 <<<"$err")"
	else
		pass "nstree $*"
	fi
}

fixture host-and-two || skip_all "no fixture"
clean
clean -a
clean -x
clean --threads
clean -l
clean -l -J --output-all
clean -t user
clean -t net -T owner
clean --json
clean --dot
clean -p "$$"
clean "$$"
clean "$(fix .sandboxes[0].tasks[0].ns.net)"
clean --help
clean --help-all
clean --no-such-option
fixture_close

# nspin, with the pins of a user: valgrind does not know open_tree(2), which root's need.
NSPIN=${NSPIN:-$(built tests/bin/nspin nspin)}
# shellcheck disable=SC2016 # for the inner shell
clean_pin() {
	mkdir -m 700 "$tmp/runtime"
	run env XDG_RUNTIME_DIR="$tmp/runtime" unshare -U -m -r bash -c '
		mount -t tmpfs -o ro tmpfs /run || exit 77
		worst=0
		for words in "create x -Uun --map-root --up" "create x -u" "" "--json" "check" \
			"rename x y" "add z $$" "remove y" "remove -f z" "--help" "--none"; do
			read -ra words <<<"$words"
			"$@" "${words[@]}"
			status=$?
			[ "$status" -le "$worst" ] || worst=$status
		done
		exit "$worst"' pins "${valgrind[@]}" "$NSPIN"
	if [ "$rc" -eq 77 ]; then
		skip "nspin" "no /run of its own"
	elif [ "$rc" -ge 99 ]; then
		fail "nspin" "status $rc" "$(tail -n 40 <<<"$err")"
	else
		pass "nspin"
	fi
}
clean_pin
done_testing
