#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Completion in bash, zsh and fish: the words come from the tool, and none is expanded.

# The functions are called by names that are put together.
# shellcheck disable=SC2317
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

completions=$(cd "${abs_top_srcdir:-$(dirname "$0")/../..}/completions" && pwd) || exit 99
# shellcheck disable=SC2154 # from lib.sh
mkdir "$tmp/bin" "$tmp/empty" "$tmp/here" || exit 99
ln -s "$NSTREE" "$tmp/bin/nstree"
ln -s "$NSATTACH" "$tmp/bin/nsattach"
ln -s "$NSPIN" "$tmp/bin/nspin"
export PATH=$tmp/bin:$PATH
# No settings of whoever runs the tests.
export HOME=$tmp/empty XDG_CONFIG_HOME=$tmp/empty XDG_DATA_HOME=$tmp/empty TERM=dumb
# shellcheck disable=SC2016 # this must not be expanded
hostile='$(touch x)'

# Each prints what completes the words of a line, one a line.
cat >"$tmp/bash" <<'END'
. "$1/${2%% *}.bash"
COMP_LINE=$2 COMP_POINT=${#2} COMP_WORDS=() word=
# As readline splits it, but for quotes: at blanks, and before and behind each break.
for ((i = 0; i < ${#2}; i++)); do
	c=${2:i:1}
	case $c in
	\\) word+=${2:i:2} i=$((i + 1)) ;;
	' ' | [:=@])
		[ -z "$word" ] || COMP_WORDS+=("$word")
		[ "$c" = ' ' ] || COMP_WORDS+=("$c")
		word=
		;;
	*) word+=$c ;;
	esac
done
[[ -z $word && $2 != *' ' ]] || COMP_WORDS+=("$word")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
"_${2%% *}" "${2%% *}"
[ ${#COMPREPLY[@]} -eq 0 ] || printf '%s\n' "${COMPREPLY[@]}"
END

# A real shell on a terminal of its own; its line editor says when it is ready for a line,
# and a widget that it has completed one.
cat >"$tmp/zsh" <<'END'
zmodload zsh/zpty
zpty z "zsh -f -i"
zpty -w z "source $TMP_Q/zshrc ${(q)1}"
zpty -r -m z log '*READY*' || exit 1
zpty -w -n z "$2"$'\t'$'\C-x'
zpty -r -m z log '*COMPLETED*' || exit 1
zpty -d z
END
cat >"$tmp/zshrc" <<'END'
PS1= fpath=($1 $fpath)
autoload -Uz compinit
compinit -u -C -d $TMP_Q/dump
setopt no_always_last_prompt no_list_beep
zstyle ':completion:*' list-max 0
LISTMAX=10000
compadd() {
	local -a found
	if [[ -z ${(M)@:#-[OAD]*} ]]; then
		builtin compadd -O found "$@"
		print -rl -- $found >>$TMP_Q/matches
	fi
	builtin compadd "$@"
}
line-ready() { print READY }
line-complete() { print -r -- "$BUFFER" >$TMP_Q/buffer; print COMPLETED }
zle -N zle-line-init line-ready
zle -N line-complete
bindkey '\t' complete-word
bindkey '^X' line-complete
END
sed -i "s|\$TMP_Q|$tmp|g" "$tmp/zsh" "$tmp/zshrc"

# A shell on a terminal that zsh gives it: the line is completed and run.
cat >"$tmp/typed" <<'END'
zmodload zsh/zpty || exit 1
export PS1=READY
unset HISTFILE
zpty s "$1"
zpty -r -m s log '*READY*'
zpty -w s "$2"
zpty -r -m s log '*READY*'
zpty -w s "$3"$'\t'
zpty -r -m s log '*'$'\n''*READY*'
print -r -- "$log"
zpty -d s
END

complete_bash() {
	run timeout 60 bash --norc "$tmp/bash" "$completions" "$1"
}

complete_zsh() {
	: >"$tmp/matches"
	run timeout 60 zsh -f "$tmp/zsh" "$completions" "$1"
	out+=$'\n'$(<"$tmp/matches")
}

complete_fish() {
	# shellcheck disable=SC2016 # fish's variables
	run timeout 60 fish --no-config -c 'source $argv[1]/(string split -f 1 " " -- $argv[2]).fish
		complete -C $argv[2] | string replace -r "\t.*" ""' "$completions" "$1"
}

hostile_bash() {
	complete_bash "$@"
}
hostile_zsh() {
	complete_zsh "$@"
}
hostile_fish() {
	complete_fish "$@"
}

# The completed line is run.
hostile_bash_run() {
	run timeout 60 zsh -f "$tmp/typed" "bash --norc -i" \
		"source ${completions@Q}/${1%% *}.bash" "$1"
}
hostile_zsh_run() {
	run timeout 60 zsh -f "$tmp/typed" "zsh -f -i" \
		"fpath=(${completions@Q} \$fpath); autoload compinit; compinit -u -D" "$1"
}

# What the shell cannot do here; nothing if it can.
lacks() {
	if ! command -v "$1" >/dev/null; then
		echo "no $1"
	elif [ "$1" = zsh ] && ! zsh -f -c 'zmodload zsh/zpty' 2>/dev/null; then
		echo "zsh has no zpty"
	fi
}

# has SHELL LINE WORD...: these complete it.
has() {
	local shell=$1 line=$2 word
	shift 2
	"complete_$shell" "$line"
	for word; do
		ok "$shell: ${line@Q}: $word" grep -qxF -e "$word" <<<"$out"
	done
}

# test_options SHELL TOOL
test_options() {
	local name names=()
	while IFS= read -r name; do
		[[ $name == $'\t'* ]] || names+=("--${name%%$'\t'*}")
	done < <("$2" --list-options)
	"complete_$1" "$2 --"
	for name in "${names[@]}"; do
		case $name in
		# zsh marks what takes an optional argument after =.
		*) like "$1: $2 $name" $'\n'"$out"$'\n' $'\n'"$name"=?$'\n' ;;
		esac
	done
}

test_arguments() {
	local shell=$1 columns
	has "$shell" "nstree -T" "$(glued "$shell" -T)owner" "$(glued "$shell" -T)parent" \
		"$(glued "$shell" -T)process"
	mapfile -t columns < <(nstree -H -r -n | cut -d' ' -f1)
	has "$shell" "nstree -l -o " "${columns[@]}"
	has "$shell" "nstree -l -o NS,TY" "$(listed "$shell" NS,)TYPE"
	has "$shell" "nstree -l -o +I" "$(listed "$shell" +)ID"
	has "$shell" "nstree -t " mnt net user
	has "$shell" "nstree -t net,us" "$(listed "$shell" net,)user"
	has "$shell" "nstree -p " "$(nstree -l -n -r -t net -o PID | head -n 1)"
	has "$shell" "nstree -p $$" "$$"
}

# zsh keeps what is before a list's last word out of the match, the others put it in.
listed() {
	[ "$1" = zsh ] || printf '%s' "$2"
}
glued() {
	listed "$@"
}

# bash completes behind the last break, so behind the colon.
word_of() {
	if [ "$1" = bash ]; then
		printf '%s' "${2##*[:@]}"
	else
		printf '%s' "$2"
	fi
}

# test_targets SHELL TOOL
test_targets() {
	local shell=$1 tool=$2 line inode
	inode=$(readlink /proc/self/ns/net | tr -dc 0-9)
	has "$shell" "$tool " host self "net:$inode"
	line="$tool net:${inode:0:5}"
	has "$shell" "$line" "$(word_of "$shell" "net:$inode")"
	has "$shell" "$tool 7@hos" "$(word_of "$shell" "$(listed "$shell" 7@)host")"
}

# hasnt SHELL LINE WORD: this does not complete it.
hasnt() {
	"complete_$1" "$2"
	is "$1: ${2@Q}: not $3" "$(grep -xF -e "$3" <<<"$out")" ""
}

# The target ends where the command begins, and what is the command's is not ours.
test_stages() {
	local shell=$1 line lines PATH=$tmp/here:$PATH
	mkdir -p "$tmp/here/within" && : >"$tmp/here/some-command"
	chmod +x "$tmp/here/some-command"
	lines=('self -n' '-t self' '--net=/proc/self/ns/net' '--each self host --')
	# A zsh with its completions takes half a second.
	[ "$shell" = zsh ] || lines+=('self' '-n self' '--target=self' '-S root self' '-N 3'
		'-n/proc/self/ns/net' 'self --' '-r self' '-W / self')
	for line in "${lines[@]}"; do
		has "$shell" "nsattach $line some-co" some-command
	done
	lines=('-S root' '--each self')
	[ "$shell" = zsh ] || lines+=('-n' '-W /' '--env' '--json')
	for line in "${lines[@]}"; do
		has "$shell" "nsattach $line sel" self
	done
	hasnt "$shell" "nsattach self some-command --ex" --explain
	has "$shell" "nsattach self --ex" --explain
	has "$shell" "nsattach --each self sandb" sandbox:
	# All of it is typed, and nothing is left to put in.
	"complete_$shell" 'nsattach --each sandbox:'
	is "$shell: a whole word: errors" "$err" ""
	has "$shell" 'nstree --net l' lo
	hasnt "$shell" 'nstree l' lo
	hasnt "$shell" "nsattach sandb" sandbox:
}

test_values() {
	local shell=$1
	has "$shell" "nsattach -S ro" root
	has "$shell" "nsattach -S fol" follow
	has "$shell" "nsattach -G ro" root
	has "$shell" "nsattach --seccomp " copy none require
	has "$shell" "nsattach --confine " all none cgroup -label
	has "$shell" "nsattach --confine cgroup,-la" "$(listed "$shell" cgroup,)-label"
}

# What is behind "=": bash puts in the value alone.
test_glued() {
	local shell=$1 head=
	[ "$shell" != fish ] || head=--env=
	has "$shell" "nsattach --env=" "$head"clean "$head"target "$head"host
}

# The name as the tool was given it: it says that there is none.
given="netns:$hostile: "

# In a mount namespace of its own there are two pins, and one of another program's.
if [ "${1-}" = pins ]; then
	# shellcheck disable=SC2034 # lib.sh's
	tap_planned=1
	mount -t tmpfs tmpfs /run || exit 77
	nspin create blue -n && nspin create green -u && : >"/run/netns-$hostile" &&
		mount --bind /proc/self/ns/net "/run/netns-$hostile" || exit 77
	cd "$tmp/here" || exit 99
	"complete_$2" "$3"
	printf '%s\n' "$out"
	[ -z "$(ls -A)" ] || echo EXPANDED
	exit 0
fi

# test_nspin SHELL: its commands, and which words follow which.
test_nspin() {
	local shell=$1 inode line names
	inode=$(readlink /proc/self/ns/net | tr -dc 0-9)
	has "$shell" 'nspin ' list add create remove rename show exec check repair prune apply
	has "$shell" 'nspin add new ' host self "net:$inode"
	has "$shell" 'nspin create new -m --propagation ' slave private shared unchanged
	has "$shell" 'nspin exec blue hea' head
	has "$shell" 'nspin create new -n -- hea' head
	hasnt "$shell" 'nspin exec blue head --ex' --help
	need_root "$shell: names of pins" || return 0
	for line in remove show list rename repair; do
		run unshare -m -- bash "$0" pins "$shell" "nspin $line "
		[ "$rc" -ne 77 ] || {
			skip "$shell: names of pins" 'no pins here'
			return 0
		}
		names=$out
		ok "$shell: nspin $line: blue" grep -qx blue <<<"$names"
		ok "$shell: nspin $line: green" grep -qx green <<<"$names"
		unlike "$shell: nspin $line: nothing is expanded" "$names" EXPANDED
		case $line in
		rename | repair) unlike "$shell: nspin $line: ours only" "$names" touch ;;
		*) like "$shell: nspin $line: others, too" "$names" touch ;;
		esac
	done
	run unshare -m -- bash "$0" pins "$shell" 'nspin rename blue '
	unlike "$shell: a new name is anyone's guess" "$out" 'blue$|green'
}

# In a mount namespace of its own a network namespace has the hostile name.
if [ "${1-}" = hostile ]; then
	# shellcheck disable=SC2034 # lib.sh's
	tap_planned=1
	mount -t tmpfs tmpfs /run && mkdir /run/netns && : >"/run/netns/$hostile" || exit 77
	mkdir -p /run/nsutil/pins/blue /run/nsutil/pins/green "/run/nsutil/pins/$hostile"
	touch /run/nsutil/pins/blue/{net,uts,record.json}
	cd "$tmp/here" || exit 99
	"hostile_$2" "$3"
	printf '%s\n' "$out" "$err"
	[ -z "$(ls -A)" ] || echo EXPANDED
	exit 0
fi

hostile_in() {
	local shell=$1 what=$2
	shift 2
	run unshare -m -- bash "$0" hostile "$@"
	if [ "$rc" -eq 77 ]; then
		skip "$shell: hostile name, $what" "no mount of a tmpfs here: $err"
		return 1
	fi
	unlike "$*: hostile name, $what: not expanded" "$out" EXPANDED
}

# test_hostile SHELL TOOL
test_hostile() {
	local shell=$1 tool=$2 typed
	need_root "$shell: hostile name" || return 0
	for typed in 'netns:' 'netns:\$\(to' '7@netns:'; do
		hostile_in "$shell" "$typed" "$shell" "$tool $typed" || return 0
		like "$shell: $tool, hostile name, $typed: found" "$out" 'touch'
		if [ "$shell" = fish ] || [ -n "$(lacks zsh)" ]; then
			continue
		fi
		hostile_in "$shell" "$typed, run" "${shell}_run" "$tool $typed" || return 0
		like "$shell: $tool, hostile name, $typed, run: as it is" "$out" "${given//[\$()]/.}"
	done
}

# test_pins SHELL TOOL
test_pins() {
	local shell=$1 tool=$2
	need_root "$shell: pins" || return 0
	hostile_in "$shell" pins "$shell" "$tool pin:" || return 0
	like "$shell: $tool, pins: found" "$out" 'blue.*green'
	unlike "$shell: $tool, pins: no name that is none" "$out" touch
	hostile_in "$shell" "types of a pin" "$shell" "$tool pin:blue/" || return 0
	like "$shell: $tool, types of a pin: found" "$out" 'blue/net.*blue/uts'
	unlike "$shell: $tool, types of a pin: no record" "$out" record
}

# test_live SHELL TOOL: containers, pods and units, as the tool says that they are there.
test_live() {
	local shell=$1 tool=$2 PATH=$tmp/live:$PATH LIVE=$NSTREE
	export LIVE
	mkdir -p "$tmp/live"
	cat >"$tmp/live/nstree" <<-'END'
		#!/bin/sh
		[ "$1" = --list-names ] || exec "$LIVE" "$@"
		cat <<-'NAMES'
			docker:$(touch x)
			docker:web
			pod:shop/cart
			unit:a\x2db.service
		NAMES
	END
	chmod +x "$tmp/live/nstree"
	has "$shell" "$tool doc" docker:web
	has "$shell" "$tool docker:w" "$(word_of "$shell" docker:web)"
	has "$shell" "$tool pod:shop/ca" "$(word_of "$shell" pod:shop/cart)"
	has "$shell" "$tool 7@docker:w" "$(word_of "$shell" "$(listed "$shell" 7@)docker:web")"
	[ "$shell" = zsh ] || unlike "$shell: $tool, what was not begun" "$out" cart
	(
		cd "$tmp/here" && "complete_$shell" "$tool docker:"
		printf '%s\n' "$out" >"$tmp/found"
	)
	like "$shell: $tool, a hostile container: found" "$(<"$tmp/found")" touch
	ok "$shell: $tool, a hostile container: not expanded" test ! -e "$tmp/here/x"
	if [ "$shell" != fish ] && [ -z "$(lacks zsh)" ]; then
		(
			cd "$tmp/here" && "hostile_${shell}_run" "$tool docker:\\\$\\(to"
			printf '%s\n' "$out" >"$tmp/found"
		)
		like "$shell: $tool, a hostile container, run: as it is" "$(<"$tmp/found")" \
			'docker:.\(touch x\): no such container'
		ok "$shell: $tool, a hostile container, run: not expanded" \
			test ! -e "$tmp/here/x"
	fi
}

test_main() {
	local shell tool reason
	for shell in bash zsh fish; do
		reason=$(lacks "$shell")
		if [ -n "$reason" ]; then
			skip "$shell" "$reason"
			continue
		fi
		test_options "$shell" nspin
		test_nspin "$shell"
		for tool in nstree nsattach; do
			test_options "$shell" "$tool"
			test_targets "$shell" "$tool"
			test_hostile "$shell" "$tool"
			test_pins "$shell" "$tool"
			test_live "$shell" "$tool"
		done
		test_live "$shell" 'nspin add new'
		test_arguments "$shell"
		test_stages "$shell"
		test_values "$shell"
		test_glued "$shell"
	done
}

test_main
done_testing
