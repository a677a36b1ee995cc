# SPDX-License-Identifier: GPL-2.0-or-later
#
# fish completion of nsattach. Target words are those of nstree's completion, whose file
# is installed beside this one.

functions -q __nstree_targets; or source (status dirname)/nstree.fish

# The command line of the command, if it has begun: nothing else.
function __nsattach_command
    set -l target ''
    set -l each ''
    set -l needed (__nsattach_needing)
    set -l tokens (commandline -opc)[2..-1]
    while set -q tokens[1]
        set -l token $tokens[1]
        set -e tokens[1]
        switch $token
            case --
                break
            case '-?*'
                test $token = --each; and set each 1
                if string match -qr -- '^(-[a-zA-Z]*[tN]|--(target|net-socket)|--(mount|uts|ipc|net|pid|cgroup|user|time)=|-[muinpCUT][=/:])' $token
                    set target 1
                end
                if contains -- $token $needed
                    set -q tokens[1]; or return 1
                    set -e tokens[1]
                end
            case '*'
                if test -n "$target" -a -z "$each"
                    string escape -- $token $tokens
                    commandline -ct
                    return 0
                end
                set target 1
        end
    end
    # What is typed now is its first word, or, of operands, still the target.
    set -l began (commandline -opc | string match -- --)
    set -l option (commandline -ct | string match -- '-*')
    if test -n "$began" -o \( -n "$target" -a -z "$each$option" \)
        test -z "$tokens"; or string escape -- $tokens
        commandline -ct
        return 0
    end
    return 1
end

# Options whose argument is a word of its own.
function __nsattach_needing
    command nsattach --list-options 2>/dev/null | while read -d \t -l name letter arg help
        if string match -qr -- '^[^[]' $arg
            test -z "$name"; or echo -- --$name
            test -z "$letter"; or echo -- -$letter
        end
    end
end

function __nsattach_targets
    __nstree_targets
    if contains -- --each (commandline -opc)
        printf '%s\n' sandbox: pin: netns: {docker,podman,containerd,cri,lxc,incus,machine,pod,unit,image}: {mnt,uts,ipc,net,pid,cgroup,user,time}:
    end
end

function __nsattach_run
    set -l line (__nsattach_command)
    if set -q line[2]
        complete -C "$line"
    else
        __fish_complete_command
        __fish_complete_path "$line"
    end
end

function __nsattach_ns
    set -l value (__nstree_value)
    if string match -q -- ':*' $value
        printf ':%s\n' (__nstree_say -o ID | string match -r -- '^[0-9]+$')
    else
        for path in /run/netns/*
            string collect -- $path
        end
        __fish_complete_path $value
    end
end

# The names in a file of the form of passwd(5).
function __nsattach_names
    echo follow
    string replace -r ':.*' '' <$argv[1]
end

function __nsattach_items
    set -l items cgroup rlimits oom sched umask personality label caps nnp seccomp
    __nstree_list all none $items -$items
end

complete -c nsattach -f
complete -c nsattach -n 'not __nsattach_command >/dev/null' -a '(__nsattach_targets)'
complete -c nsattach -n '__nsattach_command >/dev/null' -a '(__nsattach_run)'

command nsattach --list-options 2>/dev/null | while read -d \t -l name letter arg help
    set -l row -c nsattach -n 'not __nsattach_command >/dev/null' -d $help
    test -z "$name"; or set -a row -l $name
    test -z "$letter"; or set -a row -s $letter
    switch $arg
        case TARGET
            set -a row -x -a '(__nsattach_targets)'
        case '[FILE*'
            set -a row -a '(__nsattach_ns)'
        case DIR
            set -a row -x -a '(__fish_complete_directories)'
        case '[DIR]'
            set -a row -a '(__fish_complete_directories)'
        case USER
            set -a row -x -a '(__nsattach_names /etc/passwd)'
        case GROUP
            set -a row -x -a '(__nsattach_names /etc/group)'
        case LIST
            set -a row -x -a '(__nsattach_items)'
        case WHAT
            set -a row -x -a 'copy none require'
        case '[WHICH]'
            set -a row -a 'clean target host'
        case '[WHEN]'
            set -a row -a 'auto always never'
        case NAME=VALUE
            set -a row -x -a '(set -n -x | string replace -r \$ =)'
        case '?*'
            set -a row -x
    end
    complete $row
end
