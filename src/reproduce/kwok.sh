
context=kwok-$cluster
need kubectl kwokctl

create_cluster() {
    kwokctl create cluster --name "$cluster" --config "$here/kwok.yaml" --wait "${deadline}s" "$@"
    kube apply --filename "$here/nodes.json"
}

delete_cluster() {
    kwokctl delete cluster --name "$cluster"
}
