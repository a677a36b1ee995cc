# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Whatever keeps a namespace: it is found, its holder named, nothing changed, nothing hangs.
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2119,SC2317
. "$(dirname "$0")/lib.sh"

[ "$(id -u)" -eq 0 ] || skip_all 'needs root'
# What is pinned here is pinned for nobody else. The pid namespace stays the host's: there
# the kernel shows most.
if [ "${NSU_OWN_MOUNTS:-}" != yes ]; then
	rm -rf -- "$tmp"
	export NSU_OWN_MOUNTS=yes
	exec unshare -m bash "$0" "$@"
fi

# All stand at the same time, so that one scan is asked for all. The last one's mounts would
# be copied into the mount namespaces of those that came after it.
all=(held-tasks held-zombie held-children held-fd held-thread-fd held-dead-leader-fd
	held-socket held-shared-socket held-tun held-message held-second-message
	held-mount-other held-mount-nested 'held-mount-nested 4' held-mntns-fd held-orphan-pin
	held-opened held-detached held-child held-owned held-cred held-mount)
# Interfaces that another way stands in for.
replaced=('ns-id,nsfs-handle' listns mnt-next statmount 'mnt-next,statmount' kcmp netns-cookie
	'listns,nsfs-handle,mnt-next,statmount,kcmp,netns-cookie')
refused=(pidfd-getfd socket-ns)
# On other kernels, where time is dear: what they may do in another way.
if [ -n "${TEST_QUICK:-}" ]; then
	all=(held-fd held-thread-fd held-dead-leader-fd held-socket held-message held-mount-other
		'held-mount-nested 3' held-mntns-fd held-orphan-pin held-detached held-cred
		held-mount)
	replaced=("${replaced[-1]}")
	refused=(socket-ns)
fi

open_all() {
	local situation
	: >"$tmp/fixtures"
	for situation in "${all[@]}"; do
		# shellcheck disable=SC2086 # words
		fixture $situation || continue
		printf '%s\n' "$FIX" >>"$tmp/fixtures"
	done
}

# held FILTER: of all fixtures, as one list of holders
held() {
	jq -rs '[.[].holders[]] | '"$1" "$tmp/fixtures"
}

# What a fixture says of a namespace beside what the snapshot says, a line where they
# differ. Nothing shows what is in a later message or below a detached mount but the
# kernel's own list; whoever has no kind is beyond that, too.
read -r -d '' differences <<'EOQ'
def plain: {kind, pid, tid, fd, socket, path, in, ns} | with_entries(select(.value != null))
	| tojson;
($snap[0].namespaces | map({key: "\(.type):[\(.inode)]", value: .}) | from_entries) as $seen
| ($snap[0].sources | any(.name == "listns" and .error == null)) as $listed
| [$fix[].holders[]] | group_by(.of)[]
| .[0].of as $of | map(del(.of))
| (map(select(.kind == "kernel" or .kind == "message?" or .kind == null)) != []) as $hidden
| $seen[$of] as $ns
| if $ns == null then
	(if $hidden and ($listed | not) or .[0].kind == null then empty
	 else "\($of): is missing" end)
  elif $hidden then
	($ns.holders[] | select(.kind != "kernel" and .kind != "message")
	 | "\($of): is not held by \(plain)")
  else
	(map(plain) | unique) as $want
	| ($ns.holders | map(plain) | unique) as $got
	| ($want - $got)[] as $h | "\($of): \($h) is missing",
	  ($got - $want)[] as $h | "\($of): is not held by \($h)"
  end
EOQ

# compare DESCRIPTION [JQ-FILTER OF FIXTURES]: the snapshot in $out beside the fixtures
compare() {
	printf '%s\n' "$out" >"$tmp/snap"
	is "$1" "$(jq -c "${2:-.}" "$tmp/fixtures" | jq -rn --slurpfile snap "$tmp/snap" \
		--slurpfile fix /dev/stdin "$differences" 2>&1)" ''
}

with_process='([.[] | select(.kind | IN("process", "thread", "zombie")) | .of] | unique)'
# Those that can be found on every kernel.
without_process="(([.[] | select(.kind // \"kernel\" | IN(\"kernel\", \"message?\") | not) |
	.of] | unique) - $with_process)"

test_found() {
	run nstree --json --deep
	is 'json: status' "$rc" 0
	compare 'json: every holder, and no other'
	ok 'json: something is compared' test "$(held 'map(.of) | unique | length')" -gt 12
}

# The same without what a newer kernel has. Sockets have one way only.
test_replaced() {
	local words
	for words in "${replaced[@]}"; do
		run env NSUTIL_DISABLE="$words" "$NSTREE" --json --deep
		is "without $words: status" "$rc" 0
		compare "without $words: the same holders"
	done
	for words in "${refused[@]}"; do
		run env NSUTIL_DISABLE="$words" "$NSTREE" --json --deep
		compare "without $words: all but sockets" \
			'.holders |= map(select(.kind | IN("socket", "tun", "message") | not))'
		is "without $words: that is said" "$(jq -r '.sources[] |
			select(.name == "sockets") | .error != null' <<<"$out")" true
		is "without $words: not complete" "$(jq .complete <<<"$out")" false
		like "without $words: and in words" "$err" \
			$'(^|\n)nstree: sockets cannot be asked here: Function not implemented'
	done
}

# What a card says of each holder: namespace, kind, regular expression.
read -r -d '' card_lines <<'EOQ'
def plain: gsub("(?<c>[][\\\\.*+?(){}^$|])"; "\\\(.c)");
def of: "\(.fd) of \(if .tid != .pid then "thread \(.tid) of " else "" end)\(.pid) ";
def line:
	if .kind == "process" or .kind == "zombie" then "(process|zombie)e?s? .*\(.pid) "
	elif .kind == "thread" then "thread.*\(.tid) of \(.pid) "
	elif .kind == "children" then "children of .*\(.pid) "
	elif .kind == "fd" or .kind == "tun" then of
	elif .kind == "socket" or .kind == "message" then
		"socket:\\[\(.socket)\\].*, descriptor [0-9]+ of "
	# Up to what is escaped in it.
	elif .kind == "mount" then "\(.path | split("\n")[0] | plain).* in mnt:\\[\(.in)\\]"
	else ":\\[\(.ns)\\]" end;
map(select(.kind // "kernel" | IN("kernel", "message?") | not)) | sort_by(.of, (.kind | IN("process", "thread", "zombie") | not))[] |
	[.of, .kind, line] | join("\t")
EOQ

test_cards() {
	local of kind regex last=
	while IFS=$'\t' read -r of kind regex; do
		if [ "$of" != "$last" ]; then
			run nstree -a "$of"
			is "card of $of: status" "$rc" 0
			like "card of $of: ends with what keeps it" "$out" \
				$'\nKept alive by\n'
			case $kind in
			process | thread | zombie) ;;
			*) like "card of $of: and what then" "$out" 'It goes when these are gone' ;;
			esac
		fi
		last=$of
		like "card of $of: names $kind" "${out#*Kept alive by}" "$regex"
	done < <(held "$card_lines")
}

test_orphans() {
	local listed
	run nstree --orphans
	is 'orphans: status' "$rc" 0
	# Once each, of those that are not nstree's own doing.
	listed=$(grep -oE '^[a-z]+:\[[0-9]+\]' <<<"$out" | sort)
	is 'orphans: each namespace without a process' "$(comm -13 <(sort -u <<<"$listed") \
		<(held "$without_process | .[]" | sort))" ''
	is 'orphans: none that has one' \
		"$(comm -12 <(sort <<<"$listed") <(held "$with_process | .[]" | sort))" ''
	is 'orphans: none twice' "$(uniq -d <<<"$listed")" ''
	unlike 'orphans: nothing that a terminal obeys' "$out" $'\033'
}

# ---- as others say it ------------------------------------------------------------------

# mountinfo(5) of every mount namespace that a fixture's process is in, and of ours; octal
# is undone there as here.
pins_of() {
	local root ns path
	while read -r _ _ _ root path _; do
		ns=$root
		printf -v path '%b' "${path//\\/\\0}"
		jq -nc --arg ns "$ns" --arg path "$path" '[$ns, $path]'
	done < <(grep ' - nsfs ' "/proc/$1/mountinfo") | sort
}

test_mountinfo() {
	local pid mnt seen=' '
	for pid in $$ $(jq -r '.tasks[0].proc_pid' "$tmp/fixtures"); do
		mnt=$(readlink "/proc/$pid/ns/mnt" | tr -dc 0-9)
		[[ -n $mnt && $seen != *" $mnt "* ]] || continue
		seen+="$mnt "
		is "pins in mnt:[$mnt]: those of mountinfo" \
			"$(jq -r --argjson mnt "$mnt" '.namespaces[] | "\(.type):[\(.inode)]" as $ns |
				.holders[] | select(.in == $mnt) | [$ns, .path] | @json' \
				"$tmp/snap" | sort)" "$(pins_of "$pid")"
		[ -z "${TEST_QUICK:-}" ] || break
	done
}

test_ip_netns() {
	local net
	if ! command -v ip >/dev/null || ! mount -t tmpfs run /run 2>/dev/null ||
	   ! ip netns add nsutil-test 2>/dev/null; then
		skip 'ip netns' 'ip(8) makes no network namespace here'
		umount -l /run 2>/dev/null
		return
	fi
	net=$(stat -c %i /run/netns/nsutil-test)
	run nstree --json --deep "net:$net"
	is 'ip netns: kept by its mount alone' "$(jq -c --argjson i "$net" '.namespaces[] |
		select(.inode == $i) | [.holders[] | [.kind, .path]]' <<<"$out")" \
		'[["mount","/run/netns/nsutil-test"]]'
	run nstree netns:nsutil-test
	like 'ip netns: its card' "$out" '1 mount +/run/netns/nsutil-test'
	run nstree --orphans
	like 'ip netns: no process is in it' "$out" "net:\[$net\] +netns:nsutil-test"
	ip netns del nsutil-test
	run nstree --orphans
	unlike 'ip netns: and then it is gone' "$out" 'nsutil-test'
	umount -l /run
}

# ---- nothing changes ------------------------------------------------------------------------

# Descriptors with their offsets and what waits in sockets, and mounts, of every process of
# the fixtures; mounts of ours.
picture() {
	local dirs=()
	mapfile -t dirs < <(jq -r '.. | objects | .proc_tid? // empty | "/proc/\(.)"' \
		"$tmp/fixtures" | sort -u)
	cat /proc/$$/mountinfo "${dirs[@]/%//mountinfo}"
	find "${dirs[@]/%//fd/}" -printf '%p %l\n'
	find "${dirs[@]/%//fdinfo/}" -type f -exec grep -H . {} +
} 2>/dev/null

test_unchanged() {
	picture >"$tmp/before"
	run nstree --json --deep
	run nstree --orphans
	picture >"$tmp/after"
	is 'nothing is changed by a scan' "$(diff "$tmp/before" "$tmp/after" | head -n 20)" ''
	ok 'and something was compared' test "$(wc -l <"$tmp/before")" -gt 200
}

# ---- nothing hangs ---------------------------------------------------------------------------

# marked COMMAND...: what it leaves behind can be found by `left`.
marked() {
	NSU_MARK=holders-$$ timeout -k 5 60 "$@"
}

left() {
	grep -lsz "^NSU_MARK=holders-$$\$" /proc/[0-9]*/environ | tr -dc '0-9\n'
}

# A scan waits for it once, for about a second.
test_dead_fuse() {
	local began=$SECONDS of
	fixture dead-fuse-pin || return 0
	of=$(fix '.holders[0].of')
	printf '%s\n' "$FIX" >"$tmp/fuse"
	run marked "$NSTREE" --json --deep
	is 'dead FUSE: a scan ends' "$rc" 0
	printf '%s\n' "$out" >"$tmp/snap"
	is 'dead FUSE: what is pinned there is named' "$(jq -rn --slurpfile snap "$tmp/snap" \
		--slurpfile fix "$tmp/fuse" "$differences")" ''
	# What the kernel lists can be opened without its path.
	is 'dead FUSE: and that it was not opened' "$(jq -r --arg of "$of" '.gaps[] |
		select("\(.type):[\(.inode)]" == $of) | .step' <<<"$out")" \
		"$(jq -r 'if .sources | any(.name == "listns" and .error == null) then empty
			else "open pin" end' <<<"$out")"
	run marked "$NSTREE" --orphans
	is 'dead FUSE: so do the orphans' "$rc" 0
	run marked "$NSTREE" "$of"
	is 'dead FUSE: and its card' "$rc" 0
	ok 'dead FUSE: in time' test $((SECONDS - began)) -lt 30
	fixture_close
}

# A hostile process: a child that asks it may hang until the server is gone, nstree must not.
test_swap() {
	local i
	fixture fuse-swap || return 0
	for i in 1 2 3; do
		run marked "$NSTREE" --json --deep
		is "swapped descriptor: scan $i ends" "$rc" 0
	done
	run marked "$NSTREE" -p "$(fix '.tasks[1].proc_pid')"
	is 'swapped descriptor: the card of its process' "$rc" 0
	# Who reads the output waits for nobody but nstree.
	# shellcheck disable=SC2034 # the loop
	for i in 1 2 3; do
		ok 'swapped descriptor: so does a pipe' timeout -k 5 60 bash -c \
			'NSU_MARK=holders-$2 "$1" --json --deep | cat >/dev/null' - "$NSTREE" $$
	done
	fixture_close
}

# What was stuck ends with who held it up, be that another test's process.
test_left() {
	local stuck
	mapfile -t stuck < <(left)
	ok 'what was stuck has ended with the server' timeout 30 "$NSFIX" wait "${stuck[@]}"
	is 'no process is left' "$(left)" ''
}

# ---- who may not see all -----------------------------------------------------------------------

test_incomplete() {
	if ! as_user true 2>/dev/null; then
		skip 'an ordinary user' 'no other user can be taken on here'
		return
	fi
	run as_user "$NSTREE" --json --deep
	is 'user: status' "$rc" 0
	is 'user: not complete' "$(jq .complete <<<"$out")" false
	ok 'user: unread descriptors are counted' \
		test "$(jq .totals.fds_unread <<<"$out")" -gt 0
	is 'user: nobody is said to be held by the kernel' \
		"$(jq '[.namespaces[].holders[] | select(.kind == "kernel")] | length' <<<"$out")" 0
	run as_user "$NSTREE" --orphans --strict
	is 'user: --strict' "$rc" 3
}

open_all
test_found
test_mountinfo
test_replaced
test_unchanged
test_dead_fuse
if [ -z "${TEST_QUICK:-}" ]; then
	test_cards
	test_orphans
	test_swap
fi
test_ip_netns
test_incomplete
while [ ${#fix_pids[@]} -gt 0 ]; do
	fixture_close
done
test_left
done_testing
