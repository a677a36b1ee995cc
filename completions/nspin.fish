# SPDX-License-Identifier: GPL-2.0-or-later
#
# fish completion of nspin. Target words are those of nstree's completion, a command in a
# pin is completed as nsattach's completion does; both files are installed beside this one.

functions -q __nstree_targets; or source (status dirname)/nstree.fish

# The operands so far, nspin's command first; options and their arguments are left out.
function __nspin_operands
    set -l needed (command nspin --list-options 2>/dev/null | while read -d \t -l name letter arg help
        string match -qr -- '^[^[]' $arg; and echo -- --$name
    end)
    set -l tokens (commandline -opc)[2..-1]
    while set -q tokens[1]
        set -l token $tokens[1]
        set -e tokens[1]
        switch $token
            case '-?*'
                contains -- $token $needed; and set -e tokens[1]
            case '*'
                echo -- $token
        end
    end
end

# The command line of what is run in the pin, if it has begun: nothing else.
function __nspin_command
    set -l tokens (commandline -opc)[2..-1]
    set -l operands (__nspin_operands)
    switch "$operands[1]"
        case exec
            set -q operands[2]; or return 1
            if not set -q operands[3]; and string match -q -- '-*' (commandline -ct)
                return 1
            end
            test -z "$operands[3..-1]"; or string escape -- $operands[3..-1]
        case create new
            set -l at (contains -i -- -- $tokens); or return 1
            set -l rest $tokens[(math $at + 1)..-1]
            test $at -lt (count $tokens); and string escape -- $rest
        case '*'
            return 1
    end
    commandline -ct
    return 0
end

function __nspin_names
    command nspin -q 2>/dev/null
end

function __nspin_run
    set -l line (__nspin_command)
    if set -q line[2]
        complete -C "$line"
    else
        __fish_complete_command
        __fish_complete_path "$line"
    end
end

function __nspin_words
    set -l operands (__nspin_operands)
    switch "$operands[1]"
        case ''
            command nspin --list-commands 2>/dev/null | while read -d \t -l name aliases words help
                printf '%s\t%s\n' $name $help
            end
        case add
            test (count $operands) -eq 2; and __nstree_targets
        case create new
        case rename mv
            test (count $operands) -eq 1; and __nspin_names | string match -rv '[/:]'
        case repair prune
            __nspin_names | string match -rv '[/:]'
        case apply
            __fish_complete_path (commandline -ct)
        case '*'
            __nspin_names
    end
end

complete -c nspin -f
complete -c nspin -n 'not __nspin_command >/dev/null' -a '(__nspin_words)'
complete -c nspin -n '__nspin_command >/dev/null' -a '(__nspin_run)'

command nspin --list-options 2>/dev/null | while read -d \t -l name letter arg help
    set -l row -c nspin -n 'not __nspin_command >/dev/null' -l $name -d $help
    test -z "$letter"; or set -a row -s $letter
    switch $arg
        case INNER:OUTER:COUNT
            set -a row -x -a auto
        case HOW
            set -a row -x -a 'slave private shared unchanged'
        case HOSTNAME OFFSET
            set -a row -x
        case '[WHEN]'
            set -a row -f -a 'auto always never'
    end
    complete $row
end
