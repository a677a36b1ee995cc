# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# nspin apply: a file that declares pins; the unit that applies one at boot.
# shellcheck source-path=SCRIPTDIR disable=SC2154,SC1003
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/pins.sh"

conf=

# declare_pins LINE...: the file
declare_pins() {
	conf=$tmp/pins.conf
	printf '%s\n' "$@" >"$conf"
}

inodes() {
	stat -c '%n %i' "$store"/*/[nu]*
}

test_apply() {
	local before
	declare_pins '# remark' 'create blue -n --up	# behind' '' \
		'create "red" \' "  -u --hostname 'h'"
	run nspin apply --dry-run "$conf"
	is 'dry run' "$rc" 0
	like 'dry run: tells' "$out$err" 'blue'
	ok 'dry run: makes nothing' test ! -e "$store/blue"
	run nspin apply "$conf"
	is 'apply' "$rc $err" '0 '
	before=$(inodes)
	run nspin check blue red
	is 'they are there' "$rc" 0
	run nspin apply "$conf"
	is 'again' "$rc $err" '0 '
	is 'again: nothing has changed' "$(inodes)" "$before"
	run bash -c '"$1" apply - <"$2"' - "$NSPIN" "$conf"
	is 'from standard input' "$rc $err" '0 '
	nspin remove blue
	nspin create blue -n
	run nspin apply "$conf"
	is 'other words' "$rc" 1
	like 'other words: both are told' "$err" \
		"pins.conf:2: blue .*nspin create blue -n\".*nspin create blue -n --up\""
	umount "$store/red/uts"
	run nspin apply "$conf"
	like 'unmounted: made again, and says so' "$err" 'red .*made again'
	run nspin check
	is 'unmounted: all is well' "$rc" 0
	nspin remove red blue
	nothing_left apply
}

# wrong DESCRIPTION MESSAGE LINE: told with its place; the next line is made
wrong() {
	declare_pins "$3" 'create z -u'
	run nspin apply "$conf"
	is "$1: status" "$rc" 1
	like "$1: told" "$err" "^nspin: [^ ]*pins.conf:1: .*$2"
	ok "$1: the next one is made" test -e "$store/z/uts"
	nspin remove z
}

test_wrong() {
	wrong 'another command' 'only "create"' 'remove z'
	wrong 'a command to run' 'nothing is run' 'create x -n -- true'
	wrong 'half a quotation' 'quotation' 'create "x -n'
	wrong 'no such option' 'nosuch' 'create x --nosuch'
	wrong 'a name that is none' '\.\.' 'create .. -n'
	declare_pins 'create x -n' 'create x -u'
	run nspin apply "$conf"
	is 'declared twice' "$rc" 1
	like 'declared twice: told' "$err" 'pins.conf:2: x .*line 1'
	nspin remove x
	nothing_left wrong
}

test_trust() {
	declare_pins 'create x -n'
	chmod 666 "$conf"
	run nspin apply "$conf"
	is 'writable by others' "$rc" 1
	chmod 644 "$conf"
	chown 65534 "$conf"
	run nspin apply "$conf"
	is "another user's" "$rc" 1
	mkfifo "$tmp/fifo"
	run timeout 20 "$NSPIN" apply "$tmp/fifo"
	is 'a FIFO' "$rc" 1
	run nspin apply "$tmp/none"
	is 'none' "$rc" 1
	nothing_left trust
}

test_unit() {
	local unit=${abs_top_builddir:-.}/tools/systemd/nspin.service
	if ! command -v systemd-analyze >/dev/null || [ ! -e "$unit" ]; then
		skip 'the unit' 'no systemd-analyze(1)'
		return
	fi
	mkdir "$tmp/units"
	sed -e "s,^\(Exec[A-Za-z]*=\)[^ ]*,\1$NSPIN," -e '/^Documentation/d' \
		"$unit" >"$tmp/units/nspin.service"
	run systemd-analyze verify "$tmp/units/nspin.service"
	is 'the unit: systemd-analyze verify' "$rc $err" '0 '
	unlike 'the unit: no mount namespace of its own' "$(grep -v '^#' "$unit")" \
		'Private|Protect|ReadOnly|ReadWrite|Inaccessible|RootDir'
}

own_host "$@"
test_apply
test_wrong
test_trust
test_unit
done_testing
