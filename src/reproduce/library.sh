
pause=${PAUSE:-1}         # seconds between two looks
interval=${INTERVAL:-}     # time between two passes of the descheduler; that of the run, if empty
tied=
usage=()
drains=()
programs=()
bound=()
held=()
performed=
part=run
missing=
size_before=
changed=0

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)

kube() {
    kubectl --context "$context" "$@"
}

finish() {
    local code=$?
    kill "${programs[@]+"${programs[@]}"}" "${drains[@]+"${drains[@]}"}" 2>/dev/null || true
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

# Nodes that are alike have no names of their own in a run: `@NODE` is a node of the run, and becomes a node of the cluster
# when something is seen of it, or done with it, for the first time.

# candidates NODE: the nodes of the cluster that a node of the run may be.
candidates() {
    local one group node
    for one in "${bound[@]+"${bound[@]}"}"; do
        if [ "${one%%=*}" = "$1" ]; then
            echo "${one#*=}"
            return
        fi
    done
    for group in "${alike[@]}"; do
        case " $group " in *" $1 "*) ;; *) continue ;; esac
        for node in $group; do
            case " ${bound[*]+"${bound[*]}"} " in *"=$node "*) ;; *) echo "$node" ;; esac
        done
    done
}

# name_nodes CHOICE WORD...: sets `words`, with the node of the run in them replaced by its candidate of this number, and
# `pair` to what is bound thereby. Fails where there are fewer candidates.
name_nodes() {
    local choice=$1 word node have
    shift
    words=() pair=
    for word in "$@"; do
        case $word in
        @* | *' '@*)
            node=${word#*@}
            node=${node%% *}
            have=$(candidates "$node" | sed -n "${choice}p")
            if [ -z "$have" ]; then
                return 1
            fi
            pair=$node=$have
            word=${word%%@*}$have${word#*@"$node"}
            ;;
        esac
        words+=("$word")
    done
    [ "$choice" -eq 1 ] || [ -n "$pair" ]
}

# keep_names: from now on the node of the run is that of the cluster.
keep_names() {
    if [ -n "$pair" ]; then
        case " ${bound[*]+"${bound[*]}"} " in *" $pair "*) ;; *) bound+=("$pair") ;; esac
    fi
}

# look RELATION EXPECTED COMMAND...: whether the number that the command prints is as expected; `seen` is that number.
look() {
    local relation=$1 expected=$2 choice=1 first=
    shift 2
    while name_nodes "$choice" "$@"; do
        seen=$("${words[@]}" 2>/dev/null) || seen=unknown
        if holds "$relation" "$seen" "$expected"; then
            keep_names
            return
        fi
        first=${first:-$seen}
        choice=$((choice + 1))
    done
    seen=$first
    return 1
}

# see must|could STEP TEXT RELATION EXPECTED COMMAND...: waits until the number that the command prints is as expected.
# Another number is an error, unless the step was a tie or an earlier tie went another way; then it is looked at once only.
see() {
    local firmness=$1 step=$2 text=$3 relation=$4 expected=$5 seen='' end=$((SECONDS + deadline))
    shift 5
    while :; do
        keep_usage
        if look "$relation" "$expected" "$@"; then
            case "$relation $*" in at-least*@*) held+=("$(join "$relation" "$expected" "$@")") ;; esac
            printf 'step %-4s ok        %s (%s: expected %s %s, seen %s)\n' "$step" "$text" "$1" "$relation" "$expected" "$seen"
            return
        fi
        if [ "$SECONDS" -ge "$end" ] || [ -n "$tied" ] || is_over "$firmness" "$@"; then
            if rename "$relation" "$expected" "$@"; then
                continue
            fi
            break
        fi
        sleep "$pause"
    done
    if [ -n "$instead" ]; then
        printf 'step %-4s not seen  %s (%s: expected %s %s, seen %s)\n' "$step" "$text" "$1" "$relation" "$expected" "$seen"
        differs "$step"
        return
    fi
    if [ "$firmness" = must ] && [ -z "$tied" ]; then
        printf 'step %-4s DIFFERS   %s (%s: expected %s %s, seen %s)\n' "$step" "$text" "$1" "$relation" "$expected" "$seen"
        exit 1
    fi
    tied=${tied:-$step}
    printf 'step %-4s could be  %s (%s: expected %s %s, seen %s; the tie at step %s may go another way)\n' \
        "$step" "$text" "$1" "$relation" "$expected" "$seen" "$tied"
}

# differs STEP: the cluster did something else with other manifests.
differs() {
    if [ "$part" = failure ]; then
        missing=${missing:-$1}
    fi
}

# is_over must|could COMMAND...: whether nothing more will happen, since pods have not changed for long. Only other manifests
# may keep a step away, or a pod that went to another node.
is_over() {
    local size limit=$quiet
    case "$*" in
    could*' Scheduled '*) limit=15 ;;
    *) if [ -z "$instead" ]; then return 1; fi ;;
    esac
    size=$(wc -c <"$work/pods")
    if [ "$size" != "$size_before" ]; then
        size_before=$size
        changed=$SECONDS
    fi
    [ $((SECONDS - changed)) -ge "$limit" ]
}

# join WORD...: the words as one.
join() {
    local IFS=$'\037'
    echo "$*"
}

# hold_still: whether what was seen on nodes is seen with the names that they have now.
hold_still() {
    local one parts
    for one in "${held[@]+"${held[@]}"}"; do
        IFS=$'\037' read -r -a parts <<<"$one"
        look "${parts[@]}" || return 1
    done
}

# rename RELATION EXPECTED COMMAND...: lets two nodes that are alike change names, if the number is as expected then, and all
# that was seen before as well: names are given to nodes before it is known which of them is which.
rename() {
    local before=("${bound[@]+"${bound[@]}"}") word node='' own='' other one group
    for word in "$@"; do
        case $word in @* | *' '@*) node=${word#*@} node=${node%% *} ;; esac
    done
    for one in "${before[@]+"${before[@]}"}"; do
        if [ "${one%%=*}" = "$node" ]; then own=${one#*=}; fi
    done
    case "$performed" in *" $node="*) own= ;; esac
    for other in "${before[@]+"${before[@]}"}"; do
        if [ -z "$own" ] || [ "${other%%=*}" = "$node" ]; then continue; fi
        case "$performed" in *" ${other%%=*}="*) continue ;; esac
        for group in "${alike[@]}"; do
            case " $group " in *" $own "*) case " $group " in *" ${other#*=} "*) ;; *) continue 2 ;; esac ;; esac
        done
        bound=("$node=${other#*=}" "${other%%=*}=$own")
        for one in "${before[@]}"; do
            case "${one%%=*}" in "$node" | "${other%%=*}") ;; *) bound+=("$one") ;; esac
        done
        if look "$@" && hold_still; then return; fi
    done
    bound=("${before[@]+"${before[@]}"}")
    return 1
}

# the_failure: what follows is the failure that the run is about.
the_failure() {
    part=failure
}

# conclude: says what was seen, in the end.
conclude() {
    if [ -n "$instead" ] && [ -n "$missing" ]; then
        echo "the failure stays away: step $missing was not seen"
        if [ -z "${KEEP:-}" ]; then
            delete_cluster
        fi
        trap - EXIT
        rm -rf "$work"
        exit 1
    elif [ -n "$instead" ]; then
        echo 'the failure is seen with these manifests, too'
    elif [ -n "$tied" ]; then
        echo "a tie went another way at step $tied: run this again"
    else
        echo 'everything was seen'
    fi
}

# perform STEP TEXT COMMAND...: does what a user or a machine does in this run.
perform() {
    printf 'step %-4s do        %s\n' "$1" "$2"
    shift 2
    name_nodes 1 "$@"
    keep_names
    performed+=" ${pair:-=} "
    "${words[@]}"
}

# watch_pods: notes every state of every pod, since some are over soon.
watch_pods() {
    # Where kubectl watches, it turns tabs into spaces.
    local every='{.metadata.uid}|{.metadata.namespace}|{.metadata.name}|{.spec.nodeName}|{.status.phase}{"\n"}'
    : >"$work/pods"
    kubectl --context "$context" get pods --all-namespaces --watch -o jsonpath="$every" >>"$work/pods" 2>/dev/null &
    programs+=($!)
}

# Whether a name is that of `object`, with so many generated parts behind it.
is_named='
    function is_named(name, rest) {
        if (parts == 0) return name == object
        if (index(name, object "-") != 1) return 0
        rest = substr(name, length(object) + 2)
        return split(rest, pieces, "-") == parts
    }
'

# started NAMESPACE NAME PARTS NODE: how many pods have ever run there.
started() {
    awk -F '|' -v namespace="$1" -v object="$2" -v parts="$3" -v node="$4" "$is_named"'
        $2 == namespace && is_named($3) && $4 == node && $5 == "Running" && !($1 in known) { known[$1]; total++ }
        END { print total + 0 }' "$work/pods"
}

# events NAMESPACE OBJECT PARTS REASON MESSAGE: how many Events there were about objects of this name, with so many
# generated parts behind it, of this reason (any, if empty), with this text in their message.
events() {
    kube get events --namespace "$1" -o jsonpath='{range .items[*]}{.reason}{"\t"}{.involvedObject.name}{"\t"}{.count}{"\t"}{.series.count}{"\t"}{.message}{"\n"}{end}' |
        awk -F '\t' -v object="$2" -v parts="$3" -v reason="$4" -v message="$5" "$is_named"'
            (reason == "" || $1 == reason) && is_named($2) && index($5 " ", message) {
                times = $3 > $4 ? $3 : $4
                total += times < 1 ? 1 : times
            }
            END { print total + 0 }'
}

# pods NAMESPACE NAME PARTS NODE running|active|terminating|failed|pending: how many pods there are.
pods() {
    kube get pods --namespace "$1" -o jsonpath='{range .items[*]}{.metadata.name}{"\t"}{.spec.nodeName}{"\t"}{.status.phase}{"\t"}{.metadata.deletionTimestamp}{"\n"}{end}' |
        awk -F '\t' -v object="$2" -v parts="$3" -v node="$4" -v what="$5" "$is_named"'
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

# rollout NAMESPACE KIND NAME: 1 if the rollout is complete, 0 otherwise.
rollout() {
    kube rollout status "$2/$3" --namespace "$1" --watch=false 2>/dev/null |
        awk '/successfully rolled out|roll out complete|rolling update complete/ { total++ } END { print total + 0 }'
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

# start_drain NODE: begins to drain it, in the background. What it prints goes to a file: it may go on for long.
start_drain() {
    kubectl --context "$context" drain "$1" --ignore-daemonsets --delete-emptydir-data --timeout "${deadline}s" >>"$here/drain.log" 2>&1 &
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
    if [ -z "${descheduler:-}" ]; then
        kubectl config view --raw --minify --context "$context" >"$work/kubeconfig"
        descheduler --kubeconfig "$work/kubeconfig" --policy-config-file "$here/policy.json" --secure-port 0 \
            --descheduling-interval "${interval:-$1}" >"$here/descheduler.log" 2>&1 &
        descheduler=$!
        programs+=("$descheduler")
    elif ! kill -0 "$descheduler" 2>/dev/null; then
        echo "the descheduler has ended; see $here/descheduler.log" >&2
        exit 2
    fi
}

# keep_usage: pods use what they used, whenever they came. Where they share a load, each has its part of it.
keep_usage() {
    local one namespace selector mode cpu memory burst seconds pod since
    for one in "${usage[@]+"${usage[@]}"}"; do
        IFS='|' read -r namespace selector mode cpu memory burst seconds <<<"$one"
        since=$(($(date +%s) - seconds))
        since=$(date -u -d "@$since" +%Y-%m-%dT%H:%M:%SZ 2>/dev/null || date -u -r "$since" +%Y-%m-%dT%H:%M:%SZ)
        kube get pods --namespace "$namespace" --selector "$selector" -o jsonpath='{range .items[*]}{.metadata.name}{"\t"}{.status.phase}{"\t"}{.metadata.deletionTimestamp}{"\t"}{.status.startTime}{"\t"}{.metadata.annotations.kwok\.x-k8s\.io/usage-cpu}{"\t"}{.metadata.annotations.kwok\.x-k8s\.io/usage-memory}{"\n"}{end}' 2>/dev/null |
            awk -F '\t' -v mode="$mode" -v cpu="$cpu" -v memory="$memory" -v burst="$burst" -v since="$since" '
                $2 == "Running" && $3 == "" { ready++ }
                { name[NR] = $1; start[NR] = $4; now[NR] = $5; held[NR] = $6 }
                END {
                    if (mode == "shared" && ready > 1) cpu = int(cpu / ready)
                    for (i = 1; i <= NR; i++) {
                        want = (burst == "" || start[i] != "" && start[i] <= since ? cpu : burst) "m"
                        if (cpu != "" && now[i] != want || memory != "" && held[i] != memory) print name[i], want
                    }
                }' |
            while read -r pod cpu; do
                kube annotate pod "$pod" --namespace "$namespace" --overwrite "kwok.x-k8s.io/usage-cpu=$cpu" \
                    ${memory:+"kwok.x-k8s.io/usage-memory=$memory"} >/dev/null 2>&1 || true
            done
    done
}

# set_usage NAMESPACE SELECTOR each|shared CPU MEMORY BURST SECONDS: what the pods of a workload use from now on, in
# milli-cores and bytes; and CPU in the first few seconds of each.
set_usage() {
    local one others=()
    for one in "${usage[@]+"${usage[@]}"}"; do
        case $one in "$1|$2|"*) ;; *) others+=("$one") ;; esac
    done
    usage=("${others[@]+"${others[@]}"}" "$1|$2|$3|$4|${5:-}|${6:-}|${7:-0}")
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
