# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154
#
# For scripts about nsattach: containers with a root of their own, and commands in them
# that go on until told. Read after lib.sh.

# new_root: the beginnings of a container's root in $root, and in ${inside[@]} what the
# situation "inside" needs to live there: the host's programs and libraries, not its /etc.
root_count=0
new_root() {
	local dir
	root_count=$((root_count + 1))
	root=$tmp/root$root_count
	mkdir -p "$root"/{etc,proc,tmp,usr}
	: >"$root/nsfix"
	printf '%s\n' root:x:0:0:root:/root:/bin/sh alice:x:1234:1235::/home/alice:/bin/sh \
		>"$root/etc/passwd"
	printf '%s\n' root:x:0: wheel:x:10:root alice:x:1235: staff:x:1236:bob,alice \
		>"$root/etc/group"
	inside=("root=$root" bind=/usr:usr "bind=$NSFIX:nsfix")
	for dir in bin sbin lib lib32 lib64 libx32; do
		if [ -L "/$dir" ]; then
			cp -P "/$dir" "$root/$dir"
		elif [ -d "/$dir" ]; then
			mkdir "$root/$dir"
			inside+=("bind=/$dir:$dir")
		fi
	done
	inside+=(proc pivot)
}

# container [NAME=VALUE...] || return 0: with such a root
container() {
	new_root
	fixture inside "${inside[@]}" "$@"
}

# at ARG...: runs nsattach; see run
at() {
	run timeout -k 5 60 "$NSATTACH" "$@"
}

# got NAME: the value on that line of what was printed
got() {
	sed -n "s/^$1=//p" <<<"$out"
}

target() {
	fix '.tasks[0].proc_pid'
}

# begin ARG...: nsattach with a command that reads its input to the end, in the background.
# Its pid as seen here is in $begun, once it runs; nsattach's in $begun_by.
begin() {
	begun=
	rm -f "$tmp/status" "$tmp/hold"
	mkfifo "$tmp/status" "$tmp/hold" || exit 99
	exec {status_end}<>"$tmp/status" {hold_end}<>"$tmp/hold"
	"$NSATTACH" --status-fd 9 "$@" <"$tmp/hold" >"$tmp/begun.out" 2>"$tmp/begun.err" \
		9>"$tmp/status" {status_end}>&- {hold_end}>&- &
	begun_by=$!
	heard=
	# A line, whatever it says: that it runs, or why not.
	read -r -t 60 heard <&"$status_end" || heard='nothing'
	[[ $heard != started* ]] || begun=${heard#started }
}

# Ends what begin began, by the end of its input; its status is in $rc.
finish() {
	exec {hold_end}>&-
	rc=0
	{ wait "$begun_by"; } 2>/dev/null || rc=$?
	exec {status_end}>&-
	out=$(<"$tmp/begun.out")
	err=$(<"$tmp/begun.err")
}
