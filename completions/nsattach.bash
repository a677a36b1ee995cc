# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# bash completion of nsattach. Target words, quoting and what readline keeps of a word are
# as nstree's completion has them, which is installed beside it.
# shellcheck source-path=SCRIPTDIR source=nstree.bash disable=SC2154 # its variables

declare -F _nstree_targets >/dev/null || . "${BASH_SOURCE[0]%/*}/nstree.bash"

# Where the command line stands: whether a target is given, whether there are several, and
# at which of `words` the command begins, 0: not yet.
_nsattach_stage() {
	local i word
	target='' each='' command=0
	for ((i = 1; i < ${#words[@]} - 1; i++)); do
		word=${words[i]}
		case $word in
		--)
			command=$((i + 1))
			return 0
			;;
		-?*)
			_nstree_option "$word"
			[[ $word != --each ]] || each=1
			case $head in
			--target | --target= | --net-socket | --net-socket=) target=1 ;;
			--*) ;;
			-*t | -*N) target=1 ;;
			esac
			case $arg,$head in
			# Of a FILE, but not of the letter alone.
			\[FILE*) [[ $head == "$word" ]] || target=1 ;;
			\[*,* | ,*) ;;
			*) [[ $head != "$word" ]] || i=$((i + 1)) ;;
			esac
			;;
		*)
			if [[ -n $target && -z $each ]]; then
				command=$i
				return 0
			fi
			target=1
			;;
		esac
	done
}

# Files, or with -d directories only, whose names begin with `value`: read from a shell of
# its own, since readline would quote the words a second time.
_nsattach_files() {
	local path
	while IFS= read -r path; do
		if [[ -d $path ]]; then
			found+=("$path/")
		elif [[ ${1-} != -d ]]; then
			found+=("$path")
		fi
	done < <(compgen -f -- "$value")
	compopt -o nospace 2>/dev/null
}

# The names in a file of the form of passwd(5).
_nsattach_names() {
	local name
	found+=(follow)
	while IFS=: read -r name _; do
		[[ -z $name ]] || found+=("$name")
	done <"$1"
}

# The namespaces of one type by file and by id.
_nsattach_ns() {
	local id
	if [[ $value == :* ]]; then
		while read -r id; do
			[[ $id == [0-9]* ]] && found+=(":$id")
		done < <(_nstree_say -o ID)
	elif [[ -n $value ]]; then
		_nsattach_files
	elif [[ $head == --net= ]] && (compgen -G '/run/netns/*' >/dev/null); then
		found+=(/run/netns/*)
	else
		_nsattach_files
	fi
}

_nsattach_items() {
	local item items=(cgroup rlimits oom sched umask personality label caps nnp seccomp)
	if [[ $value == *,* ]]; then
		head+=${value%,*},
		value=${value##*,}
	fi
	found+=(all none)
	for item in "${items[@]}"; do
		found+=("$item" "-$item")
	done
	# Another may follow behind a comma.
	compopt -o nospace 2>/dev/null
}

_nsattach_find() {
	case $1 in
	TARGET)
		_nstree_find TARGET
		[[ -z $each ]] || found+=(sandbox: pin: netns: {docker,podman,containerd,cri,lxc,incus,machine,pod,unit,image}: {mnt,uts,ipc,net,pid,cgroup,user,time}:)
		;;
	'[FILE|:ID]') _nsattach_ns ;;
	DIR | '[DIR]') _nsattach_files -d ;;
	USER) _nsattach_names /etc/passwd ;;
	GROUP) _nsattach_names /etc/group ;;
	LIST) _nsattach_items ;;
	WHAT) found=(copy none require) ;;
	'[WHICH]') found=(clean target host) ;;
	'[WHEN]') found=(auto always never) ;;
	NAME=VALUE)
		local name
		while read -r name; do
			found+=("$name=")
		done < <(compgen -e)
		compopt -o nospace 2>/dev/null
		;;
	esac
}

# What follows is the command's own: its completion, if bash-completion is there to ask.
_nsattach_command() {
	local i=0 at=0 joined=''
	if ((${#words[@]} - 1 == command)); then
		while IFS= read -r word; do
			found+=("$word")
		done < <(compgen -c -- "$value"; compgen -f -- "$value" | grep /)
		_nstree_reply
		return 0
	fi
	compopt -o default 2>/dev/null
	declare -F _command_offset >/dev/null || return 0
	# The same word in COMP_WORDS, where bash has split it.
	for ((i = 0; at < command; i++)); do
		joined+=${COMP_WORDS[i]}
		[[ $joined != "${words[at]}" ]] || at=$((at + 1)) joined=''
	done
	_command_offset "$i"
}

_nsattach_options() {
	local row
	_nstree_option "$value"
	if [[ -n $arg && ($head == *= || ($head != "$value" && $head != --*)) ]]; then
		value=${value#"$head"}
		if [[ $head != --* && $value == =* ]]; then
			head+='='
			value=${value#=}
		fi
		_nsattach_find "$arg"
		_nstree_reply
		return 0
	fi
	head=''
	[[ $value == --* || $value == - ]] || found=("$value")
	for row in "${rows[@]}"; do
		[[ $row == $'\t'* ]] || found+=("--${row%%$'\t'*}")
	done
	_nstree_reply
}

_nsattach() {
	local attach=${1:-nsattach} cur value head='' arg='' quote='' word target each command
	local words=() rows=() found=()
	local tool=${attach%nsattach}nstree
	COMPREPLY=()
	compopt +o default 2>/dev/null
	mapfile -t rows < <("$attach" --list-options 2>/dev/null)
	_nstree_words
	_nsattach_stage
	cur=${words[-1]} head='' arg=''
	if ((command > 0 && command < ${#words[@]} - 1)); then
		_nsattach_command
		return 0
	fi
	case $cur in
	[\"\']*) quote=${cur:0:1} ;;
	*[\"\']*) return 0 ;;
	esac
	value=${cur#"$quote"}
	if ((command > 0)); then
		_nsattach_command
		return 0
	fi
	word=${words[-2]}
	[[ $word != -* ]] || _nstree_option "$word"
	if [[ -n $arg && $arg != '['* && $head == "$word" ]]; then
		head=''
		_nsattach_find "$arg"
		_nstree_reply
		return 0
	fi
	head='' arg=''
	if [[ $value == -* ]]; then
		_nsattach_options
	elif [[ -n $target && -z $each ]]; then
		command=$((${#words[@]} - 1))
		_nsattach_command
	else
		_nsattach_find TARGET
		_nstree_reply
	fi
}

complete -o default -F _nsattach nsattach
