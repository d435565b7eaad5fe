
context=kind-$cluster
need kubectl kind docker

# reserve HAVE WANTED WHAT: what a node has to keep for itself, so that it offers no more than wanted.
reserve() {
    if [ "$1" -lt "$2" ]; then
        echo "this machine has $3 $1, and a node of the run has $2" >&2
        exit 2
    fi
    echo $(($1 - $2))
}

create_cluster() {
    local cpu memory image=()
    cpu=$(($(docker info --format '{{.NCPU}}') * 1000))
    memory=$(docker info --format '{{.MemTotal}}')
    configure "$cpu" "$memory" >"$work/kind.yaml"
    if [ -n "${KIND_IMAGE:-}" ]; then
        image=(--image "$KIND_IMAGE")
    fi
    kind create cluster --name "$cluster" --config "$work/kind.yaml" --wait "${deadline}s" "${image[@]+"${image[@]}"}"
}

delete_cluster() {
    kind delete cluster --name "$cluster"
}

stop_node() {
    docker stop "$1"
}

start_node() {
    docker start "$1"
}
