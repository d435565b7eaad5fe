
pause=${PAUSE:-1}         # seconds between two looks
tied=
usage=()
drains=()
descheduler=

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)

kube() {
    kubectl --context "$context" "$@"
}

finish() {
    local code=$?
    if [ -n "$descheduler" ]; then
        kill "$descheduler" 2>/dev/null || true
    fi
    rm -rf "$work"
    if [ "$code" -eq 0 ] && [ -z "${KEEP:-}" ]; then
        delete_cluster
    else
        echo "the cluster is kept; look at it with: kubectl --context $context"
    fi
}

# holds RELATION SEEN EXPECTED
holds() {
    case $2 in
    '' | *[!0-9]*) return 1 ;;
    esac
    case $1 in
    at-least) [ "$2" -ge "$3" ] ;;
    at-most) [ "$2" -le "$3" ] ;;
    *) [ "$2" -eq "$3" ] ;;
    esac
}

# see must|could STEP TEXT RELATION EXPECTED COMMAND...: waits until the number that the command prints is as expected.
# Another number is an error, unless the step was a tie or an earlier tie went another way.
see() {
    local firmness=$1 step=$2 text=$3 relation=$4 expected=$5 seen='' end=$((SECONDS + deadline))
    shift 5
    while :; do
        keep_usage
        seen=$("$@" 2>/dev/null) || seen=unknown
        if holds "$relation" "$seen" "$expected"; then
            printf 'step %-4s ok        %s (%s: expected %s %s, seen %s)\n' "$step" "$text" "$1" "$relation" "$expected" "$seen"
            return
        fi
        if [ "$SECONDS" -ge "$end" ]; then
            break
        fi
        sleep "$pause"
    done
    if [ "$firmness" = must ] && [ -z "$tied" ]; then
        printf 'step %-4s DIFFERS   %s (%s: expected %s %s, seen %s)\n' "$step" "$text" "$1" "$relation" "$expected" "$seen"
        exit 1
    fi
    tied=${tied:-$step}
    printf 'step %-4s could be  %s (%s: expected %s %s, seen %s; the tie at step %s may go another way)\n' \
        "$step" "$text" "$1" "$relation" "$expected" "$seen" "$tied"
}

# perform STEP TEXT COMMAND...: does what a user or a machine does in this run.
perform() {
    printf 'step %-4s do        %s\n' "$1" "$2"
    shift 2
    "$@"
}

# events NAMESPACE OBJECT PARTS REASON MESSAGE: how many Events there were about objects of this name, with so many
# generated parts behind it, of this reason (any, if empty), with this text in their message.
events() {
    kube get events --namespace "$1" -o jsonpath='{range .items[*]}{.reason}{"\t"}{.involvedObject.name}{"\t"}{.count}{"\t"}{.series.count}{"\t"}{.message}{"\n"}{end}' |
        awk -F '\t' -v object="$2" -v parts="$3" -v reason="$4" -v message="$5" '
            function is_named(name, rest) {
                if (parts == 0) return name == object
                if (index(name, object "-") != 1) return 0
                rest = substr(name, length(object) + 2)
                return split(rest, pieces, "-") == parts
            }
            (reason == "" || $1 == reason) && is_named($2) && index($5 " ", message) {
                times = $3 > $4 ? $3 : $4
                total += times < 1 ? 1 : times
            }
            END { print total + 0 }'
}

# pods NAMESPACE NAME PARTS NODE running|active|terminating|failed|pending: how many pods there are.
pods() {
    kube get pods --namespace "$1" -o jsonpath='{range .items[*]}{.metadata.name}{"\t"}{.spec.nodeName}{"\t"}{.status.phase}{"\t"}{.metadata.deletionTimestamp}{"\n"}{end}' |
        awk -F '\t' -v object="$2" -v parts="$3" -v node="$4" -v what="$5" '
            function is_named(name, rest) {
                if (index(name, object "-") != 1) return 0
                rest = substr(name, length(object) + 2)
                return split(rest, pieces, "-") == parts
            }
            !is_named($1) || $2 != node { next }
            { over = $3 == "Failed" || $3 == "Succeeded" }
            what == "running" && $3 == "Running" && $4 == "" { total++ }
            what == "active" && !over && $4 == "" { total++ }
            what == "pending" && !over && $4 == "" { total++ }
            what == "terminating" && $4 != "" { total++ }
            what == "failed" && $3 == "Failed" { total++ }
            END { print total + 0 }'
}

# replicas NAMESPACE KIND NAME: spec.replicas.
replicas() {
    kube get "$2" "$3" --namespace "$1" -o jsonpath='{.spec.replicas}'
}

# ready NODE: 1 if the node is ready, 0 otherwise.
ready() {
    kube get node "$1" -o jsonpath='{range .status.conditions[?(@.type=="Ready")]}{.status}{end}' |
        awk '{ found = $0 == "True" } END { print found + 0 }'
}

# tainted NODE KEY: how many taints with this key the node has.
tainted() {
    kube get node "$1" -o jsonpath='{range .spec.taints[*]}{.key}{"\n"}{end}' |
        awk -v key="$2" '$0 == key { total++ } END { print total + 0 }'
}

# amount NODE RESOURCE: what of a resource the node offers, in milli-cores or bytes.
amount() {
    kube get node "$1" -o jsonpath="{.status.allocatable.$2}" | awk '
        /m$/ { print $0 + 0; next }
        /Ki$/ { printf "%.0f\n", $0 * 1024; next }
        /Mi$/ { printf "%.0f\n", $0 * 1048576; next }
        /Gi$/ { printf "%.0f\n", $0 * 1073741824; next }
        { printf "%.0f\n", resource == "cpu" ? $0 * 1000 : $0 }' resource="$2"
}

# offers NODE RESOURCE WANTED: tells where a node is not as large as in the run.
offers() {
    local seen
    seen=$(amount "$1" "$2") || seen=unknown
    if [ "$seen" != "$3" ]; then
        echo "note: $1 offers $2 $seen, in the run $3"
    fi
}

# release MINOR: tells when the cluster is of another release than the run.
release() {
    local seen
    seen=$(kube get --raw /version | awk -F '"' '$2 == "minor" { print $4 }') || seen=unknown
    if [ "$seen" != "$1" ]; then
        echo "note: the cluster is of Kubernetes 1.$seen, the run of 1.$1"
    fi
}

# start_drain NODE: begins to drain it, in the background.
start_drain() {
    kube drain "$1" --ignore-daemonsets --delete-emptydir-data --force --timeout "${deadline}s" &
    drains+=($!)
}

# finish_drain NODE yes|no: waits until drains have ended; uncordons the node if so.
finish_drain() {
    wait "${drains[@]}"
    drains=()
    if [ "$2" = yes ]; then
        kube uncordon "$1"
    fi
}

# start_descheduler INTERVAL: starts it, if it does not run yet; its first pass is at once.
start_descheduler() {
    if [ -z "$descheduler" ]; then
        kubectl config view --raw --minify --context "$context" >"$work/kubeconfig"
        descheduler --kubeconfig "$work/kubeconfig" --policy-config-file "$here/policy.json" \
            --descheduling-interval "$1" >"$here/descheduler.log" 2>&1 &
        descheduler=$!
    fi
}

# keep_usage: pods that came later use what the workload's pods use now.
keep_usage() {
    local one namespace selector
    for one in "${usage[@]+"${usage[@]}"}"; do
        IFS='|' read -r namespace selector one <<<"$one"
        kube annotate pods --namespace "$namespace" --selector "$selector" --overwrite \
            "kwok.x-k8s.io/usage-cpu=$one" >/dev/null 2>&1 || true
    done
}

# set_usage NAMESPACE SELECTOR CPU: what each pod of a workload uses from now on.
set_usage() {
    usage+=("$1|$2|$3")
    keep_usage
}

need() {
    local one
    for one in "$@"; do
        if ! command -v "$one" >/dev/null; then
            echo "$one is needed and was not found" >&2
            exit 2
        fi
    done
}
