#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The manual's containers.c on containers that no engine started.
# shellcheck source-path=SCRIPTDIR

. "$(dirname "$0")/../e2e/lib.sh"
# shellcheck source=../e2e/lib-containers.sh
. "$(dirname "$0")/../e2e/lib-containers.sh"
own_engines "$@"

examples=${EXAMPLES_DIR:-${abs_top_builddir:-$PWD}/tests/examples}

test_words() {
	docker web nginx:1.25
	docker db postgres:16
	run "$examples/containers"
	is 'containers: status' "$rc" 0
	is 'containers: by their words' "$(grep -o '^docker:[^ ]* ([^ ]*)' <<<"$out")" \
		$'docker:db (postgres:16)\ndocker:web (nginx:1.25)'
	is 'containers: says nothing else' "$err" ''
	run "$examples/containers" docker:web
	is 'containers: one' "$(cut -d' ' -f1 <<<"$out" | grep docker)" docker:web
	run "$examples/containers" docker:
	is 'containers: a selection' "$(grep -c ^docker <<<"$out")" 2
	run "$examples/containers" image:nginx
	is 'containers: of an image' "$(cut -d' ' -f1 <<<"$out")" docker:web
	run "$examples/containers" docker:nosuch
	is 'containers: nothing' "$rc:$err" '1:containers: No such file or directory'
}

test_wires() {
	local inode
	docker wired busybox
	if ! ip link add exa0 type veth peer name eth0 netns "$pid" 2>/dev/null; then
		skip 'containers: where a veth leads' 'no veth pair can be made here'
		return 0
	fi
	inode=$(readlink /proc/self/ns/net | tr -dc 0-9)
	run "$examples/containers" docker:wired
	ip link del exa0
	is 'containers: where a veth leads' "$(tail -n 1 <<<"$out")" \
		$'\t'"eth0 -> exa0 in net:[$inode]"
}

test_words
test_wires
done_testing
