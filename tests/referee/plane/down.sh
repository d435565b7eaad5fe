#!/usr/bin/env bash
# Ends what up.sh started: down.sh STATE
state=$(cd "$1" && pwd) || exit
end() { # SIGNAL
    # A number may belong to another process by now, which works in another folder.
    while read -r pid _; do
        [ "$(readlink "/proc/$pid/cwd")" != "$state" ] || kill -s "$1" "$pid" 2>/dev/null
    done < <(tac "$state/pids")
}
end TERM
sleep 3
end KILL
rm -rf "$state"
