
context=kwok-$cluster
need kubectl kwokctl

create_cluster() {
    local one
    kwokctl create cluster --name "$cluster" --config "$here/kwok.yaml" --wait "${deadline}s" "$@"
    kube apply --filename "$here/nodes.json"
    for one in "${alone[@]+"${alone[@]}"}"; do
        need kwok
        start_node "$one"
    done
}

# A node stops when the program that plays it ends.
start_node() {
    kubectl config view --raw --minify --context "$context" >"$work/kubeconfig"
    kwok --kubeconfig "$work/kubeconfig" --manage-all-nodes=false --manage-single-node "$1" >"$here/$1.log" 2>&1 &
    programs+=($!)
    echo "$!" >"$work/$1.pid"
}

stop_node() {
    kill "$(cat "$work/$1.pid")"
}

delete_cluster() {
    kwokctl delete cluster --name "$cluster"
}
