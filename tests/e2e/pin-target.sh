# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# pin:NAME as a target word of nstree and nsattach.
# shellcheck source-path=SCRIPTDIR disable=SC2154
. "$(dirname "$0")/lib.sh"

[ "$(id -u)" -eq 0 ] || skip_all "needs root"
# In a pid namespace of its own, so that what stays behind ends with it; and no host's /run.
private "$@"
mount -t tmpfs -o mode=755 tmpfs /run || exit 99

# inode TYPE [PIN]: of what is pinned
inode() {
	local place=/run/nsutil/pins/${2:-web}/$1
	stat -L -c %i "$place"
}

json() {
	jq -r "$@" "$tmp/stdout"
}

test_make() {
	run nspin create -m -u -i -n -p --hostname inside web
	is "a pin of five types: status" "$rc" 0
	run nspin create -n one
	is "of one" "$rc" 0
	run nspin create -U -n -p --map-root user
	is "with a user namespace" "$rc" 0
}

test_card() {
	run nstree pin:web
	is "card: status" "$rc" 0
	like "card: heading" "$out" '^pin:web  ok'
	like "card: who and when" "$out" 'made .* ago, [0-9-]* [0-9:]*, by '
	like "card: how" "$out" 'command  *nspin create -m -u -i -n -p --hostname inside web'
	like "card: a type" "$out" "net  *net:\\[$(inode net)\\]"
	like "card: mnt, which is elsewhere" "$out" "mnt  *mnt:\\[$(inode mnt)\\]"
	like "card: where to go on" "$out" 'nstree -a pin:web'
	run nstree -a pin:web
	like "card of all: the net's" "$out" 'links  *lo  down'
	like "card of all: the host name" "$out" inside
	run nstree -t net pin:web
	like "card of a type: its name" "$out" "named  */run/nsutil/pins/web/net \\(pin:web\\)"
	unlike "card of a type: no other" "$out" 'uts:'
	run nstree pin:web/uts
	like "one of them" "$out" "^pin:web  ok.*uts:\\[$(inode uts)\\]  of nspin-init"
	run nstree pin:one
	like "a pin of one: the pin" "$out" '^pin:one  ok'
	like "a pin of one: the card" "$out" "net:\\[$(inode net one)\\]  no process"
	run nstree web
	like "by its name alone" "$out" '^pin:web  ok'
	run nstree 1@pin:web
	like "its process 1" "$out" 'nspin-init'
}

test_views() {
	local init
	run nstree --json pin:web
	is "JSON: selection" "$(json '.selection | join(" ")')" pin:web
	is "JSON: namespaces" "$(json '[.namespaces[].inode] | sort | map(tostring) | join(" ")')" \
		"$(for type in mnt uts ipc net pid; do inode $type; done | sort -n | paste -sd ' ')"
	init=$(json '.tasks[0].pid')
	run nstree -x pin:web
	like "-x: its init" "$out" "nspin-init \\($init/1\\)"
	is "-x: and no other" "$(wc -l <"$tmp/stdout")" 2
	run nstree -n -r -o PID -l pin:web
	is "-l: each process once" "$out" "$init"
	run nstree -l -t net pin:web
	is "-l: those of a type" "$rc" 0
	run nstree -l -t cgroup pin:web
	like "-l: a type that it lacks" "$rc $err" '^1 .*pin:web: has none of the types of --type'
	run nstree --may self pin:web
	is "--may: yes" "$rc" 0
	like "--may: each type" "$out" "uts:\\[$(inode uts)\\] yes"
	run nstree --diff pin:web self
	is "--diff: differs" "$rc" 4
	like "--diff: by type" "$out" "net  *other  *net:\\[$(inode net)\\]"
	like "--diff: what is in them" "$out" 'hostname  *other  *inside'
	run nstree --diff pin:web pin:web
	is "--diff: the same" "$rc" 0
	run nstree --diff pin:web pin:web/net
	is "--diff with one of them" "$rc" 0
	run nstree --diff pin:web pin:user/user
	like "--diff with one that it lacks" "$rc $err" '^1 .*pin:web: has no user'
	run nstree --path / pin:web
	like "--path: its mounts alone" "$rc $out" "^0 .*mnt:\\[$(inode mnt)\\]"
	run nstree --path / pin:one
	is "--path: it has none" "$rc" 1
	run nstree --uid 0 pin:user
	like "--uid: of its user namespace" "$rc $out" '^0 .*0 here'
	run nstree --orphans
	like "--orphans: by name" "$out" "net:\\[$(inode net one)\\]  *pin:one/net"
	like "--orphans: held by it" "$out" "pin:one/net .*pin:one"
	run nstree -t net
	like "-t: by name" "$out" "net:\\[$(inode net one)\\] .*pin:one/net"
}

test_attach() {
	local type
	run nsattach pin:web -- sh -c 'readlink /proc/self/ns/*; hostname; pwd; echo $$'
	is "attach: status" "$rc" 0
	for type in mnt uts ipc net pid; do
		like "attach: in its $type" "$out" "$type:\\[$(inode $type)\\]"
	done
	like "attach: its host name" "$out" '
inside
'
	like "attach: in its root" "$out" '
/
'
	run nsattach pin:web -p -- sh -c 'ls /proc | grep -c "^[0-9]*$"'
	ok "attach: /proc of its pids" test "$out" -lt 6
	run nsattach -n pin:web readlink /proc/self/ns/net /proc/self/ns/uts
	is "attach: a type of it" "$out" "net:[$(inode net)]
$(readlink /proc/self/ns/uts)"
	run nsattach --net=pin:web readlink /proc/self/ns/net
	is "attach: --net=pin:NAME" "$out" "net:[$(inode net)]"
	run nsattach --net=pin:web/net readlink /proc/self/ns/net
	is "attach: --net=pin:NAME/TYPE" "$out" "net:[$(inode net)]"
	run nsattach -t pin:web -a --net=pin:one readlink /proc/self/ns/net /proc/self/ns/uts
	is "attach: -a and another's" "$out" "net:[$(inode net one)]
uts:[$(inode uts)]"
	run nsattach pin:user id -u
	is "attach: as root of its user namespace" "$rc $out" '0 0'
	run nsattach -S 5 pin:user true
	like "attach: not as one whom its init could reach" "$rc $err" '^125 .*could reach'
	run nsattach --explain pin:web
	like "explain: yes" "$rc $out" '^0 .*Would enter .*uts ipc net pid'
	# shellcheck disable=SC2016 # expanded inside
	run nsattach --each --jobs 1 pin: -- sh -c 'echo $(hostname)'
	like "each: all pins" "$rc $out" '^0 .*pin:one: '
	like "each: the host name of one" "$out" 'pin:web: *inside'
}

# shellcheck disable=SC2016 # expanded inside
# Who the command is: root where there is one inside, else who the caller is there.
test_maps() {
	local name args want
	while IFS='|' read -r name args want; do
		# shellcheck disable=SC2086 # options
		run nspin create "$name" $args
		is "$args: made" "$rc" 0
		run nsattach "pin:$name" sh -c 'echo $(id -u) $(id -g)'
		is "$args: entered" "$rc $out" "0 $want"
		run nspin remove "$name"
	done <<-'EOT'
		map1|-U|65534 65534
		map2|-U -u|65534 65534
		map3|-U -p -n|65534 65534
		map4|-U --map-root|0 0
		map5|-U --map-users 5:1000:10 --map-groups 5:1000:10|65534 65534
		map6|-U --map-users 5:0:10 --map-groups 7:0:10|5 7
		map7|-U --map-users 0:1000:10 --map-groups 0:1000:10|0 0
		map8|-U --map-users 0:1000:10 --map-groups 5:0:10|65534 5
	EOT
	run nspin create map0 -U
	like "without a map: said" "$rc $err" '^0 .*map0: no id is mapped .*--map-root'
	run nspin -q create map -U
	is "without a map: -q" "$rc $err" '0 '
	run nspin remove map0 map
	printf 'root:100000:65536\n' >"$tmp/subid"
	if mount --bind "$tmp/subid" /etc/subuid && mount --bind "$tmp/subid" /etc/subgid; then
		run nspin create map9 -U --map-auto
		run nsattach pin:map9 sh -c 'echo $(id -u) $(id -g); cat /proc/self/uid_map'
		like "--map-auto: entered" "$rc $out" '^0 0 0
 *0 '
		run nspin remove map9
	else
		skip "--map-auto" "no /etc/subuid"
	fi
	umount /etc/subuid /etc/subgid
}

# shellcheck disable=SC2016 # expanded inside
# What holds capabilities in the pin's user namespace could trace a command with our files.
test_powers() {
	local kid
	mkfifo "$tmp/in" "$tmp/out"
	unshare -U -r -p -f --kill-child sh -c 'echo >"$1"; read -r _ <"$2"; :' - \
		"$tmp/out" "$tmp/in" &
	read -r _ <"$tmp/out"
	read -r kid <"/proc/$!/task/$!/children"
	run nspin add held "$kid" -p -U
	like "add: with a task in it" "$rc $err" '^0 .*once the init there ends'
	run nsattach pin:held id -u
	like "a task with powers: refused" "$rc $err" '^125 .*could reach.*nsattach -U -t pin:held,'
	run nsattach --force pin:held id -u
	is "a task with powers: --force" "$rc $out" '0 0'
	echo >"$tmp/in"
	wait $!
	run nspin remove held
	is "removed" "$rc" 0
}

test_errors() {
	local words want
	while IFS='|' read -r words want; do
		# shellcheck disable=SC2086
		run $words
		like "$words" "$err" "$want"
		unlike "$words: fails" "$rc" '^0$'
	done <<-'EOT'
		nstree pin:nope|pin:nope: no such pin, or nothing is left of it.*nspin
		nstree pin:web/user|pin:web: has no user
		nstree pin:web/x|pin:web/x: not a pin
		nstree pin:a/../b|not a pin
		nstree pin:|pin:: not a pin
		nstree pin:-x|not a pin
		nstree 1@pin:one|what stands behind the @
		nstree 1@pin:nope|pin:nope: no such pin
		nstree --may pin:web self|several namespaces: name one, as in pin:web/mnt
		nsattach pin:nope true|pin:nope: no such pin
		nsattach -n pin:nope|pin:nope: no such pin
		nsattach -U pin:web true|pin:web: has no user
		nsattach --user=pin:web true|pin:web: has no user
		nsattach -m pin:one true|pin:one: has no mnt
		nsattach -H pin:web true|needs a process
	EOT
}

# A bare name is a pin or one of /run/netns.
test_both() {
	mkdir -p /run/netns
	: >/run/netns/web
	: >/run/netns/one
	mount --bind /run/nsutil/pins/web/net /run/netns/web
	mount --bind /proc/self/ns/net /run/netns/one
	run nsattach web readlink /proc/self/ns/uts
	is "a name of both, the same" "$out" "uts:[$(inode uts)]"
	run nsattach one true
	like "a name of both, and not the same" "$rc $err" '^125 .*one: 2 targets match.*netns:one .*pin:one '
	run nsattach netns:one readlink /proc/self/ns/net
	is "netns:NAME is none of it" "$out" "$(readlink /proc/self/ns/net)"
	umount /run/netns/web /run/netns/one
}

test_states() {
	local record=/run/nsutil/pins/one/record.json
	sed -i -E 's/("inode": *)[0-9]+/\11/' "$record"
	run nsattach pin:one true
	like "stale" "$rc $err" '^125 .*pin:one: stale: another namespace .*nspin check'
	umount /run/nsutil/pins/one/net
	run nstree pin:one
	like "empty" "$rc $err" '^1 .*pin:one: no such pin, or nothing is left'
	run nstree --json pin:web
	kill -9 "$(json '.tasks[0].pid')"
	# It is gone once its namespace is.
	run nsattach pin:web true
	like "dead" "$rc $err" '^125 .*its init has ended, nothing can start in it'
	run nsattach -n pin:web readlink /proc/self/ns/net
	is "dead: the others" "$out" "net:[$(inode net)]"
	run nstree pin:web
	like "dead: card" "$out" '^pin:web  dead'
	like "dead: which" "$out" 'pid  *pid:.*its init has ended'
}

# An ordinary user's, whose runtime directory is not root's.
test_user() {
	local dir=$tmp/runtime wrapper=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	if ! "${wrapper[@]}" unshare -U true 2>/dev/null; then
		skip "a user's pins" "users may make no user namespaces here"
		return
	fi
	chmod 711 "$tmp"
	mkdir -m 700 "$dir"
	chown 65534:65534 "$dir"
	wrapper=(env "XDG_RUNTIME_DIR=$dir" "${wrapper[@]}")
	run wrapped nspin create -u -n --map-root mine
	is "a user's pin: status" "$rc" 0
	run wrapped nsattach pin:mine id -u
	is "a user's pin: entered" "$rc $out" "0 0"
	run wrapped nstree pin:mine
	like "a user's pin: card" "$rc $out" '^0 pin:mine  ok.*keeper'
	run wrapped nsattach pin:user id
	like "root's is not the user's" "$rc $err" '^125 .*no such pin.*sudo nspin'
	run nstree pin:mine
	is "nor the user's root's" "$rc" 1
	rm -rf "$dir/nsutil"
	run wrapped nsattach pin:mine id -u
	is "a user's pin: found by its keeper" "$rc $out" "0 0"
	mkdir -p "$dir/nsutil"
}

test_make
test_card
test_views
test_attach
test_maps
test_powers
test_errors
test_both
test_user
test_states
done_testing
