# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# bash completion of nstree. It stands alone: bash-completion's helpers are not needed.
# Whatever is completed is data of strangers: it never becomes a word list that the shell
# expands (compgen -W), and it is quoted before it is put on the command line.

# The argument that an option takes. `word` is split into `head`, the part that names the
# option, and the value behind it; `arg` is the argument's name, "" if there is none.
_nstree_option() {
	local word=$1 row name letter rest i
	arg='' head=''
	for row in "${rows[@]}"; do
		name=${row%%$'\t'*} rest=${row#*$'\t'}
		letter=${rest%%$'\t'*} rest=${rest#*$'\t'}
		rest=${rest%%$'\t'*}
		case $word in
		"--$name="*) head=--$name= arg=$rest ;;
		"--$name") head=$word arg=$rest ;;
		--*) continue ;;
		*)
			[[ -n $letter && -n $rest && $word == -*"$letter"* ]] || continue
			i=${word%%"$letter"*}
			# The first letter that takes an argument has all that follows.
			[[ -z $head || ${#i} -lt ${#head} ]] && head=$i$letter arg=$rest
			;;
		esac
	done
}

_nstree_say() {
	"$tool" -l -n -r "$@" 2>/dev/null
}

# Each of these adds to `found`.
_nstree_pids() {
	local pid
	while read -r pid; do
		[[ $pid != [0-9]* ]] || found+=("$pid")
	done < <(_nstree_say -o PID | sort -nu)
	[[ $value == [0-9]* ]] || return 0
	while IFS= read -r pid; do
		found+=("${pid##*/}")
	done < <(compgen -G "/proc/${value%%[!0-9]*}*" | grep '/[0-9]*$')
}

_nstree_types() {
	local type
	while read -r type; do
		found+=("$type")
	done < <(_nstree_say -o TYPE | sort -u)
}

# Of users or groups.
_nstree_names() {
	local name
	while IFS=: read -r name _; do
		found+=("$name")
	done < <(getent "$1" 2>/dev/null)
}

_nstree_columns() {
	local column
	while read -r column _; do
		found+=("$column")
	done < <("$tool" -H -r -n 2>/dev/null)
}

# By names alone, of which a pin's has no letter that a shell knows: pin:NAME, and behind a
# slash the types of that one.
_nstree_pins() {
	local dir name typed=
	[[ $value != pin:*/* ]] || typed=${value#pin:} typed=${typed%%/*}
	[[ $typed != *[!A-Za-z0-9._+-]* ]] || return 0
	for dir in /run/nsutil/pins "${XDG_RUNTIME_DIR:-/run/user/$UID}/nsutil/pins"; do
		while IFS= read -r name; do
			[[ $name == *[!A-Za-z0-9._+-]* || $name == record.json* ]] ||
				found+=("pin:${typed:+$typed/}$name")
		done < <(cd -- "$dir/$typed" 2>/dev/null && compgen -G '*')
	done
}

_nstree_targets() {
	local inode type path
	found+=(host self)
	while read -r inode type; do
		found+=("$type:$inode")
	done < <(_nstree_say -o NS,TYPE)
	if [[ $value == :* ]]; then
		while read -r inode; do
			[[ $inode == [0-9]* ]] && found+=(":$inode")
		done < <(_nstree_say -o ID)
	fi
	# Not by compgen alone: a name may have a newline in it. And never outside a subshell:
	# readline would take the words for file names, and quote them a second time.
	if (compgen -G '/run/netns/*' >/dev/null); then
		for path in /run/netns/*; do
			[[ -e $path ]] && found+=("netns:${path##*/}")
		done
	fi
	# Those of containers, pods and units.
	while IFS= read -r path; do
		[[ $path == netns:* || $path == pin:* ]] || found+=("$path")
	done < <("$tool" --list-names 2>/dev/null)
	_nstree_pins
	_nstree_pids
}

# What was typed so far: `words` as they are between blanks, although bash splits them at
# each of COMP_WORDBREAKS, and the last one only up to the cursor.
_nstree_words() {
	local line=${COMP_LINE:0:COMP_POINT} rest i
	words=()
	for ((i = 0; i <= COMP_CWORD; i++)); do
		rest=${line#"${line%%[![:space:]]*}"}
		local word=${COMP_WORDS[i]}
		((i < COMP_CWORD)) || word=$rest
		if [[ $i -gt 0 && $rest == "$line" ]]; then
			words[-1]+=$word
		else
			words+=("$word")
		fi
		line=${rest#"$word"}
	done
}

# The part of the current word that readline keeps: up to the last break that is not quoted.
_nstree_kept() {
	local i c
	kept=''
	for ((i = 0; i < ${#cur}; i++)); do
		c=${cur:i:1}
		case $c in
		\\) i=$((i + 1)) ;;
		[:=@]) [[ $COMP_WORDBREAKS == *"$c"* ]] && kept=${cur:0:i + 1} ;;
		esac
	done
}

_nstree_reply() {
	local word quoted kept
	local -A seen=()
	_nstree_kept
	for word in "${found[@]}"; do
		printf -v quoted %q "$word"
		if [[ -n $quote ]]; then
			[[ $quoted == "$word" && $word == "$value"* ]] || continue
		else
			[[ $quoted == "$value"* || $word == "$value"* ]] || continue
			quoted=$head$quoted
			# Typed in another way of quoting: readline would replace the wrong part.
			[[ $quoted == "$kept"* ]] || continue
			quoted=${quoted#"$kept"}
		fi
		# All of it is there: "docker:", which is a word itself.
		[[ -n $quoted ]] || continue
		[[ -n ${seen[$quoted]-} ]] || COMPREPLY+=("$quoted")
		seen[$quoted]=1
	done
}

# The candidates for `value`, by the name of the argument.
_nstree_find() {
	case $1 in
	TYPE | COLUMNS)
		if [[ $value == *,* ]]; then
			head+=${value%,*},
			value=${value##*,}
		fi
		;;
	esac
	case $1 in
	TYPE) _nstree_types ;;
	COLUMNS)
		[[ $value != +* ]] || head+=+ value=${value#+}
		value=${value^^}
		_nstree_columns
		# Another may follow behind a comma.
		compopt -o nospace 2>/dev/null
		;;
	PID) _nstree_pids ;;
	'[TREE]') found=(owner parent process) ;;
	'[WHEN]') found=(auto always never) ;;
	DIRECTORY | FILE) compopt -o default 2>/dev/null ;;
	UID) _nstree_names passwd ;;
	GID) _nstree_names group ;;
	PORT) ;;
	TARGET)
		while [[ $value == [0-9]*@* ]]; do
			head+=${value%%@*}@
			value=${value#*@}
		done
		[[ $value != */* ]] || compopt -o default 2>/dev/null
		_nstree_targets
		;;
	esac
}

_nstree() {
	local tool=${1:-nstree} cur value head='' arg='' quote='' row word operands=''
	local words=() rows=() found=()
	COMPREPLY=()
	compopt +o default 2>/dev/null
	mapfile -t rows < <("$tool" --list-options 2>/dev/null)
	_nstree_words
	cur=${words[-1]}
	for word in "${words[@]:1:${#words[@]}-2}"; do
		[[ $word != -- ]] || operands=1
	done
	case $cur in
	[\"\']*) quote=${cur:0:1} ;;
	*[\"\']*) return 0 ;;
	esac
	value=${cur#"$quote"}
	if [[ -z $operands ]]; then
		_nstree_option "${words[-2]}"
		if [[ ${words[-2]} == -* && -n $arg && $arg != '['* && $head == "${words[-2]}" ]]; then
			head=''
			_nstree_find "$arg"
			_nstree_reply
			return 0
		fi
		head=''
		if [[ $value == -* ]]; then
			_nstree_option "$value"
			if [[ -n $arg && ($head == *= || $head != "$value" || $arg == '['*) &&
				($head == *= || $head != --*) ]]; then
				value=${value#"$head"}
				_nstree_find "$arg"
				_nstree_reply
				return 0
			fi
			head=''
			[[ $value == --* || $value == - ]] || found=("$value")
			for row in "${rows[@]}"; do
				found+=("--${row%%$'\t'*}")
			done
			_nstree_reply
			return 0
		fi
	fi
	_nstree_find TARGET
	# Of this network namespace.
	if [[ " ${words[*]} " == *' --net '* ]]; then
		for word in /sys/class/net/*; do
			found+=("${word##*/}")
		done
	fi
	_nstree_reply
}

complete -o default -F _nstree nstree
