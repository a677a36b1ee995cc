# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The list of pins: ours and others', each state, on a terminal and as JSON; check, repair
# and prune; what remove says lives on. In a /run of its own.
# shellcheck source-path=SCRIPTDIR disable=SC2317
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/pin.sh"

top=${abs_top_srcdir:-$(dirname "$0")/../..}

# on COLUMNS COMMAND...: its output on a terminal that is so wide, in $out.
on() {
	local columns=$1 command
	shift
	printf -v command '%q ' "$@"
	script -qec "stty cols $columns rows 24 -opost; $command" "$tmp/typescript" \
		</dev/null >"$tmp/stdout" 2>&1
	out=$(sed $'s/\r//; s/\033\\[[0-9;]*m//g; /^nspin: /d' "$tmp/stdout")
}

# The line of a pin, blanks squeezed; ages are what they are.
row() {
	awk -v name="$1" '$1 == name { $1 = $1; print }' <<<"$out" | sed -E 's/ [0-9]+s / AGE /'
}

state() {
	nspin list --json "$1" 2>/dev/null | jq -r '.pins[0] | "\(.state) \(.reason)"'
}

# Each makes a pin of that state, of its name.
make_ok() {
	nspin create ok -n -u --up --hostname inside
}

make_empty() {
	nspin create empty -n && umount -n /run/nsutil/pins/empty/net
}

make_stale() {
	nspin create stale -n -u && umount -n /run/nsutil/pins/stale/net &&
		mount -n --bind /proc/self/ns/net /run/nsutil/pins/stale/net
}

make_dead() {
	local init
	nspin create dead -p || return 1
	init=$(nspin list --json dead | jq '.pins[0].init')
	[ "$init" -gt 1 ] && kill -9 "$init" || return 1
	# Until it has ended and was reaped, by whoever took it over.
	SECONDS=0
	while [ -e "/proc/$init" ] && [ "$SECONDS" -lt 20 ]; do
		:
	done
}

make_record() {
	nspin create record -n && rm /run/nsutil/pins/record/record.json
}

# As of another program: a file without a namespace in ip's directory, a mount anywhere.
make_foreign() {
	mkdir -p /run/netns && : >/run/netns/plain && : >/run/odd &&
		unshare -n mount -n --bind /proc/self/ns/net /run/odd
}

test_states() {
	local name
	for name in ok empty stale dead record foreign; do
		ok "a pin for $name" "make_$name"
	done
	is 'ok' "$(state ok)" 'ok null'
	is 'empty' "$(state empty)" 'empty unmounted'
	is 'stale' "$(state stale)" 'stale replaced'
	is 'dead' "$(state dead)" 'dead init-ended'
	is 'a record that is lost' "$(state record)" 'empty no-record'
	is 'a plain file' "$(state netns:plain)" 'empty plain-file'
	is 'the mount of another' "$(state /run/odd)" 'ok null'
}

test_table() {
	local me columns
	me=$(id -un)
	run nspin
	is 'list: status' "$rc" 0
	is 'the heading' "$(head -n 1 <<<"$out" | tr -s ' ')" \
		'NAME muinpCUT STATE PROCS HOLDERS AGE BY ABOUT'
	like 'ok, to a pipe' "$(row ok)" \
		"^ok \.u\.n\.\.\.\. ok 0 [1-9][0-9]* AGE $me nspin create ok -n -u --up --hostname inside\$"
	command -v script >/dev/null || {
		skip 'the table on a terminal' 'no script(1)'
		return 0
	}
	for columns in 80 120; do
		on "$columns" env LC_ALL=C.UTF-8 TERM=xterm "$NSPIN"
		ok "$columns columns: no wider" test "$(LC_ALL=C.UTF-8 wc -L <<<"$out")" -le "$columns"
	done
	is '120 columns: dead' "$(row dead)" \
		"dead ....p... dead 0 1 AGE $me its init has ended: nothing can be started in it"
	like '120 columns: the plain file' "$(row netns:plain)" \
		'^netns:plain \.\.\.n\.\.\.\. empty - - .* a plain file, no namespace behind it$'
	on 80 env LC_ALL=C.UTF-8 TERM=xterm "$NSPIN"
	is '80 columns: the heading' "$(head -n 1 <<<"$out" | tr -s ' ')" \
		'NAME muinpCUT STATE PROCS AGE BY ABOUT'
	is '80 columns: ok' "$(row ok)" "ok .u.n.... ok 0 AGE $me create -n -u --up --hostname inside"
}

# Of one line the number may be another meanwhile, of none the words.
test_brief() {
	local me
	me=$(id -un)
	command -v script >/dev/null || {
		skip 'brief words on a terminal' 'no script(1)'
		return 0
	}
	on 80 env LC_ALL=C.UTF-8 TERM=xterm "$NSPIN"
	is 'empty: in yellow words' "$(row empty)" "empty ...n.... empty - AGE $me nothing is mounted there"
	is 'stale' "$(row stale | sed 's/ [0-9]* AGE/ N AGE/')" \
		"stale .u.n.... stale N AGE $me another namespace is there now"
	like 'that of another' "$(row /run/odd)" '^/run/odd \.\.\.n\.\.\.\. ok 0 .* \? no process$'
	on 80 env LC_ALL=C.UTF-8 TERM=xterm "$NSPIN" list ok dead --noheadings
	is 'two by name, without headings' "$(awk '{ print $1 }' <<<"$out" | sort | xargs)" 'dead ok'
	run nspin -q
	is '-q: names' "$(sort <<<"$out" | xargs)" \
		'/run/odd dead empty netns:plain ok record stale'
}

test_json() {
	run nspin list --json
	is '--json: status' "$rc" 0
	is '--json: complete' "$(jq .complete <<<"$out")" true
	is '--json: the words of the record' "$(jq -c '.pins[] | select(.name == "ok").args' <<<"$out")" \
		'["nspin","create","ok","-n","-u","--up","--hostname","inside"]'
	is '--json: the namespace is the one' \
		"$(jq '.pins[] | select(.name == "ok").namespaces[] | select(.type == "net").inode' <<<"$out")" \
		"$(stat -c %i /run/nsutil/pins/ok/net)"
	if /usr/bin/python3 -c 'import jsonschema' 2>/dev/null; then
		is '--json: the schema' "$(/usr/bin/python3 -W ignore -c '
import json, sys, jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft7Validator.check_schema(schema)
for e in list(jsonschema.Draft7Validator(schema).iter_errors(json.load(sys.stdin)))[:5]:
    print("/".join(map(str, e.absolute_path)), e.message[:200])' \
			"$top/tools/nspin.schema.json" <<<"$out" 2>&1)" ''
	else
		skip '--json: the schema' 'no python3-jsonschema'
	fi
	is '--json: twice the same' "$(nspin list --json)" "$out"
}

test_check() {
	run nspin check
	is 'check: status' "$rc" 4
	unlike 'check: nothing of those that are ok' "$out" '(^|$)ok:|/run/odd'
	like 'check: empty' "$out" 'empty: net: empty: nothing is mounted or linked where the record says'
	like 'check: its cure' "$out" 'cure: nspin repair empty'
	like 'check: stale, of one type' "$out" 'stale: net: stale: another namespace is mounted'
	like 'check: its cure' "$out" 'cure: nspin prune stale'
	like 'check: dead' "$out" 'dead: pid: dead: its init has ended'
	like 'check: of another' "$out" 'cure: nspin remove --force netns:plain'
	run nspin check ok
	is 'check ok: status, and no word' "$rc:$out:$err" 0::
	run nspin check dead
	is 'check dead: status' "$rc" 4
}

test_mend() {
	local before
	before=$(nspin list --json)
	run nspin repair --dry-run
	is 'repair --dry-run: status' "$rc" 0
	like 'repair --dry-run: what it would do' "$out" 'empty: would remove what is left of it'
	run nspin prune --dry-run
	like 'prune --dry-run: dead' "$out" 'dead: would remove it, it is dead'
	like 'prune --dry-run: stale' "$out" 'stale: would remove it, it is stale'
	is 'neither changes anything' "$(nspin list --json)" "$before"
	run nspin repair
	is 'repair: status' "$rc" 0
	like 'repair: empty' "$out" 'empty: removed what was left of it'
	like 'repair: without a record' "$out" 'record: wrote its record again'
	run nspin repair dead
	is 'repair dead: status' "$rc" 1
	like 'repair dead: what to do' "$err" 'nspin prune dead'
	run nspin prune
	is 'prune: status' "$rc" 0
	like 'prune: dead' "$out" 'dead: removed, it was dead'
	like 'prune: stale' "$out" 'stale: removed, it was stale'
	run nspin -q
	is 'those that are left' "$(sort <<<"$out" | xargs)" '/run/odd netns:plain ok record'
}

# What is wrong is told where the pin is used, and its cure.
test_words() {
	run nspin
	like 'list: how many are not ok' "$err" '[1-9] are not ok; why, and what cures it: nspin check$'
	for verb in show exec; do
		run nspin "$verb" empty
		is "$verb: empty: nothing is printed" "$out" ''
		like "$verb: empty: why" "$err" \
			"^nspin: $verb empty: empty: nothing is mounted or linked where the record says"
		like "$verb: empty: the cure" "$err" 'cure: nspin repair empty$'
	done
	nspin create gone -u -n -p
	kill -9 "$(nspin list --json gone | jq '.pins[0].init')"
	run nspin exec gone true
	is 'exec: dead: status' "$rc" 125
	like 'exec: dead: how to the rest' "$err" 'without it: nsattach -u -n -t pin:gone$'
	nspin remove gone
	nspin create quoted --netns --hostname "it's b"
	like 'words are quoted' "$(nspin list quoted 2>/dev/null)" "--hostname 'it'\\\\''s b'\$"
	umount /run/netns/quoted
	run nspin check quoted
	like 'check: not in /run/netns' "$out" 'empty: it is no longer in /run/netns, only here'
	run nspin show quoted
	like 'show: the pin is told of' "$out" '^pin:quoted  empty'
	nspin repair quoted >/dev/null
	run nspin rename quoted quoted
	is 'rename: to itself' "$rc:$err" '1:nspin: rename quoted: that is its name already'
	nspin remove quoted
}

# Who may not remove it leaves it as it was.
test_no_right() {
	local init less
	less=(setpriv --bounding-set -sys_admin --inh-caps -sys_admin --)
	"${less[@]}" true 2>/dev/null || {
		skip 'without CAP_SYS_ADMIN' 'it cannot be given up here'
		return 0
	}
	init=$(nspin create kept -n -p && nspin list --json kept | jq '.pins[0].init')
	run "${less[@]}" "$NSPIN" remove kept
	is 'remove without the right: status' "$rc" 1
	like 'remove without the right: why' "$err" \
		'^nspin: remove kept: unmount.*: Operation not permitted.*CAP_SYS_ADMIN.*as root$'
	is 'it is as it was' "$(state kept)" 'ok null'
	ok 'and so is its init' kill -0 "$init"
	run nspin remove kept
	is 'with it: removed' "$rc:$err" 0:
}

# By the name alone, as where it is removed.
test_foreign_name() {
	: >/run/netns/theirs
	unshare -n mount -n --bind /proc/self/ns/net /run/netns/theirs
	run nspin show theirs
	like 'show: of another program' "$rc:$out" '^0:net:\[[0-9]+\]'
	run nspin exec theirs true
	is 'exec: of another program' "$rc:$err" 0:
	run nspin rename theirs ours
	is 'rename: status' "$rc" 1
	like 'rename: whose it is' "$err" 'rename theirs: not made by nspin \(ip\)'
	nspin remove -f theirs
}

test_foreign() {
	run nspin remove netns:plain
	is "another's: status" "$rc" 1
	like "another's: whose, and how" "$err" \
		'^nspin: remove netns:plain: not made by nspin \(ip\); --force removes it$'
	ok 'it is still there' test -e /run/netns/plain
	run nspin remove -f netns:plain /run/odd
	is 'with --force: status' "$rc" 0
	ok 'it is gone' test ! -e /run/netns/plain
	ok 'so is the other' test ! -e /run/odd
	run nspin check
	is 'check: all is well' "$rc:$out" 0:
}

# What keeps a namespace is told, with its process; of what is gone nothing is.
test_lives_on() {
	run nspin remove ok
	is 'what is gone: no word' "$rc:$out:$err" 0::
	nspin create held -n
	coproc holder { exec nsenter --net=/run/nsutil/pins/held/net sh -c 'echo up; read -r _'; }
	# shellcheck disable=SC2154 # coproc's
	IFS= read -r _ <&"${holder[0]}"
	run nspin remove held
	is 'what is held: status' "$rc:$out" 0:
	like 'what is held: by whom' "$err" 'net:[0-9]+ lives on: 1 process \([0-9]+ sh\)'
	# shellcheck disable=SC2154 # coproc's
	kill "$holder_PID" 2>/dev/null
	wait "$holder_PID" 2>/dev/null
	nspin create held -n -u
	coproc both { exec nsenter --net=/run/nsutil/pins/held/net --uts=/run/nsutil/pins/held/uts \
		sh -c 'echo up; read -r _'; }
	# shellcheck disable=SC2154 # coproc's
	IFS= read -r _ <&"${both[0]}"
	run nspin remove held
	like 'two that the same holds: one line' "$err" \
		'^nspin: uts:[0-9]+ net:[0-9]+ live on: 1 process \([0-9]+ sh\)$'
	# shellcheck disable=SC2154 # coproc's
	kill "$both_PID" 2>/dev/null
	wait "$both_PID" 2>/dev/null
	nspin create held -n
	run nspin remove -q held
	is '-q: no word' "$rc:$err" 0:
}

# Where the shell reaps what ends, and nothing else is.
pin_in=(unshare -m -p -f --mount-proc --)
pin_private "$@"
test_states
test_table
test_brief
test_json
test_check
test_words
test_mend
test_no_right
test_foreign_name
test_foreign
test_lives_on
pin_leaves_nothing
done_testing
