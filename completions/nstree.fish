# SPDX-License-Identifier: GPL-2.0-or-later
#
# fish completion of nstree. The words come from the tool; fish quotes what it inserts, and
# the output of a function is never expanded.

function __nstree_say
    command nstree -l -n -r $argv 2>/dev/null
end

# The value being typed, without the option before it: what "--output=" has after it.
function __nstree_value
    commandline -ct | string replace -r -- '^(--[^=]*=|-[a-zA-Z])' ''
end

# The arguments as they continue a list: each behind what is before the last comma.
function __nstree_list
    set -l head (__nstree_value | string match -r -- '^(?:.*,|\+)')
    test -n "$head"; or set head ''
    printf '%s\n' $head$argv
end

function __nstree_types
    __nstree_list (__nstree_say -o TYPE | sort -u)
end

function __nstree_columns
    __nstree_list (command nstree -H -r -n 2>/dev/null | string replace -r ' .*' '')
end

function __nstree_pids
    __nstree_say -o PID,COMMAND | string match -r -- '^[0-9]+ .*' |
        string replace ' ' \t | string replace -a '\x20' ' '
    if string match -qr -- '^[0-9]' (__nstree_value)
        string match -r -- '[0-9]+$' /proc/*
    end
end

# Of a pin's name no letter is one that a shell knows; behind a slash stand the types.
function __nstree_pins
    set -l typed (string match -r -- 'pin:([A-Za-z0-9._+-]+)/' $argv[1])[2]
    set -l runtime /run/user/(id -u)
    set -q XDG_RUNTIME_DIR; and set runtime $XDG_RUNTIME_DIR
    test -z "$typed"; or set typed $typed/
    test -n "$typed"; or set typed ''
    for path in /run/nsutil/pins/$typed* $runtime/nsutil/pins/$typed*
        set -l name (string replace -r '.*/' '' -- $path | string collect)
        if string match -qr -- '^[A-Za-z0-9._+-]+$' $name; and test $name != record.json
            echo pin:$typed$name
        end
    end
end

function __nstree_targets
    set -l value (commandline -ct)
    set -l head (string match -r -- '^(?:[0-9]+@)+' $value)
    set -l names host self (__nstree_say -o NS,TYPE | string replace -r '^(\S+) (\S+)$' '$2:$1')
    for path in /run/netns/*
        set -a names netns:(string replace -r '.*/' '' -- $path | string collect)
    end
    set -a names (command nstree --list-names 2>/dev/null | string match -rv -- '^(netns|pin):')
    set -a names (__nstree_pins $value)
    # Of this network namespace.
    if contains -- --net (commandline -opc)
        set -a names (string replace -r '.*/' '' -- /sys/class/net/*)
    end
    if string match -q -- ':*' $value
        set -a names :(__nstree_say -o ID | string match -r -- '^[0-9]+$')
    end
    test -n "$head"; or set head ''
    printf '%s\n' $head$names
    test -n "$head"; or __nstree_pids
    if string match -q -- '*/*' $value
        __fish_complete_path $value
    end
end

complete -c nstree -f -a '(__nstree_targets)'

command nstree --list-options 2>/dev/null | while read -d \t -l name letter arg help
    set -l row -c nstree -l $name -d $help
    test -z "$letter"; or set -a row -s $letter
    switch $arg
        case TYPE
            set -a row -x -a '(__nstree_types)'
        case COLUMNS
            set -a row -x -a '(__nstree_columns)'
        case PID
            set -a row -x -a '(__nstree_pids)'
        case DIRECTORY
            set -a row -x -a '(__fish_complete_directories)'
        case FILE
            set -a row -r -F
        case UID
            set -a row -x -a '(__fish_complete_users)'
        case GID
            set -a row -x -a '(__fish_complete_groups)'
        case PORT
            set -a row -x
        case TARGET
            set -a row -x -a '(__nstree_targets)'
        case '[TREE]'
            set -a row -f -a 'owner parent process'
        case '[WHEN]'
            set -a row -f -a 'auto always never'
        case '?*'
            set -a row -x
    end
    complete $row
end
