#!/usr/bin/env bash
# Ends a part of a control plane that up.sh started, at once and without a word, as a crash does; or starts it again:
# part.sh STATE end|begin NAME
set -euo pipefail
cd "$1"
state=$PWD
verb=$2
name=$3
case $verb in
end)
    pid=$(awk -v name="$name" '$2 == name { pid = $1 } END { print pid }' pids)
    kill -s KILL "$pid"
    while [ "$(readlink "/proc/$pid/cwd")" = "$state" ]; do
        sleep 0.05
    done
    ;;
begin)
    # Words of the command are quoted there.
    eval "set -- $(cat "$name.command")"
    setsid "$@" >>"$name.log" 2>&1 </dev/null &
    echo "$! $name" >>pids
    ;;
*)
    sed -n 's/^# //p' "$0" >&2
    exit 2
    ;;
esac
