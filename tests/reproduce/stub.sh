#!/usr/bin/env bash
# Stands for kubectl, kind, kwokctl, docker and descheduler: records how it was called and answers from files.
set -euo pipefail
name=$(basename "$0")
printf '%s %s\n' "$name" "$*" >>"$RECORD"
case "$name $*" in
*'get events'*) cat "$ANSWERS/events" ;;
*'get pods'*--watch*) cat "$ANSWERS/watched" ;;
*'get pods'*usage-cpu*) awk '{ print $1 "\tRunning\t\t\t\t" }' "$ANSWERS/pods" ;;
*'get pods'*) cat "$ANSWERS/pods" ;;
*'get deployment'*) cat "$ANSWERS/replicas" ;;
*'get node'*conditions*) cat "$ANSWERS/ready" ;;
*'get node'*allocatable.cpu*) echo 4 ;;
*'get node'*allocatable.memory*) echo 8Gi ;;
*'get --raw /version'*) printf '{\n  "minor": "33"\n}\n' ;;
'docker info'*NCPU*) echo 16 ;;
'docker info'*MemTotal*) echo 34359738368 ;;
# As long as the script lives, which ends it.
'descheduler '*) exec sleep 600 ;;
'docker stop'*) echo False >"$ANSWERS/ready" ;;
'kind create'*) cp "${6:?}" "$ANSWERS/kind.yaml" ;;
*' drain '* | *usage-cpu=120m*) cp "$ANSWERS"/after/* "$ANSWERS" ;;
esac
