# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# bash completion of nspin. Quoting and what readline keeps of a word are as nstree's
# completion has them, a command in a pin as nsattach's; both are installed beside it.
# shellcheck source-path=SCRIPTDIR source=nsattach.bash disable=SC2154 # its variables

declare -F _nsattach_command >/dev/null || . "${BASH_SOURCE[0]%/*}/nsattach.bash"

# Where the command line stands: which command of nspin's it is, how many operands that has
# so far, and at which of `words` what is run in the pin begins, 0: not yet.
_nspin_stage() {
	local i word
	verb='' operands=0 command=0
	for ((i = 1; i < ${#words[@]} - 1; i++)); do
		word=${words[i]}
		case $word in
		--)
			case $verb in
			exec | create | new)
				command=$((i + 1))
				return 0
				;;
			esac
			;;
		-?*)
			_nstree_option "$word"
			[[ -z $arg || $arg == '['* || $head != "$word" ]] || i=$((i + 1))
			;;
		*)
			if [[ -z $verb ]]; then
				verb=$word
			elif [[ $verb == exec && $operands -eq 1 ]]; then
				command=$i
				return 0
			else
				operands=$((operands + 1))
			fi
			;;
		esac
	done
	[[ $verb != exec || $operands -ne 1 || $cur == -* ]] || command=$((${#words[@]} - 1))
}

_nspin_verbs() {
	local verb
	while IFS=$'\t' read -r verb _; do
		found+=("$verb")
	done < <("$pin" --list-commands 2>/dev/null)
}

# With "ours" without those that other programs made, whose words are no names.
_nspin_names() {
	local name
	while IFS= read -r name; do
		[[ ${1-} == ours && $name == *[/:]* ]] || found+=("$name")
	done < <("$pin" -q 2>/dev/null)
}

_nspin_operands() {
	case $verb,$operands in
	'',*) _nspin_verbs ;;
	add,1) _nstree_find TARGET ;;
	add,* | create,* | new,*) ;;
	rename,0 | mv,0 | repair,* | prune,*) _nspin_names ours ;;
	rename,* | mv,*) ;;
	apply,*) compopt -o default 2>/dev/null ;;
	*) _nspin_names ;;
	esac
}

# By the name of an option's argument; of HOSTNAME and OFFSET nothing is known.
_nspin_find() {
	case $1 in
	INNER:OUTER:COUNT) found=(auto) ;;
	HOW) found=(slave private shared unchanged) ;;
	'[WHEN]') found=(auto always never) ;;
	esac
}

_nspin() {
	local pin=${1:-nspin} cur value head='' arg='' quote='' row verb operands command
	local words=() rows=() found=()
	local tool=${pin%nspin}nstree
	COMPREPLY=()
	compopt +o default 2>/dev/null
	mapfile -t rows < <("$pin" --list-options 2>/dev/null)
	_nstree_words
	cur=${words[-1]}
	_nspin_stage
	head='' arg=''
	case $cur in
	[\"\']*) quote=${cur:0:1} ;;
	*[\"\']*) return 0 ;;
	esac
	value=${cur#"$quote"}
	if ((command > 0)); then
		_nsattach_command
		return 0
	fi
	[[ ${words[-2]} != -* ]] || _nstree_option "${words[-2]}"
	if [[ -n $arg && $arg != '['* && $head == "${words[-2]}" ]]; then
		head=''
		_nspin_find "$arg"
		_nstree_reply
		return 0
	fi
	head='' arg=''
	[[ $value != --*=* ]] || _nstree_option "$value"
	if [[ -n $arg ]]; then
		value=${value#"$head"}
		_nspin_find "$arg"
	elif [[ $value == -* ]]; then
		head=''
		[[ $value == --* || $value == - ]] || found=("$value")
		for row in "${rows[@]}"; do
			found+=("--${row%%$'\t'*}")
		done
	else
		_nspin_operands
	fi
	_nstree_reply
}

complete -o default -F _nspin nspin
