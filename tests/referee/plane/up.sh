#!/usr/bin/env bash
# A real control plane on loopback, without containers: up.sh STATE FIRST-PORT. Writes STATE/kubeconfig and STATE/pids.
# BIN: folder of the control plane's programs.
# METRICS: program that serves metrics.k8s.io, if pods are measured.
# BACKOFF: longest time that pods wait after they failed, seconds (1, so that quiet is quick).
# SCHEDULER: a KubeSchedulerConfiguration in JSON, without the fields that are set here.
# MANAGER_ARGS: more flags of the controller manager.
# PROXY: tests/referee/proxy, if faults are to happen; then part.sh can end and start each part of the control plane, and
# ALONE: controllers that run in a process of their own, named `alone`, which sees the API server by way of the proxy
# LAGGING: if not empty, there is a second API server, named `lagging`, which sees etcd by way of another proxy
set -euo pipefail
bin=$(cd "${BIN:?}" && pwd)
port=$2
mkdir -p "$1"
cd "$1"
state=$PWD
: >pids
etcd=$port peer=$((port + 1)) api=$((port + 2)) manager=$((port + 3)) scheduler=$((port + 4)) proxy=$((port + 6)) metrics=$((port + 7))
through=$((port + 8)) through_control=$((port + 9)) alone=$((port + 10))
lagging=$((port + 11)) late=$((port + 12)) late_control=$((port + 13))

openssl req -x509 -newkey rsa:2048 -nodes -days 30 -keyout ca.key -out ca.crt -subj /CN=ca 2>/dev/null
certify() { # NAME SUBJECT
    openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "$2" 2>/dev/null
    openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -out "$1.crt" \
        -extfile <(printf 'subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n') 2>/dev/null
}
certify server /CN=kube-apiserver
certify admin /O=system:masters/CN=admin
openssl genrsa -out accounts.key 2048 2>/dev/null
cat >kubeconfig <<END
apiVersion: v1
kind: Config
clusters: [{name: referee, cluster: {server: "https://127.0.0.1:$api", certificate-authority: $state/ca.crt}}]
users: [{name: admin, user: {client-certificate: $state/admin.crt, client-key: $state/admin.key}}]
contexts: [{name: referee, context: {cluster: referee, user: admin}}]
current-context: referee
END
start() { # NAME COMMAND...
    local name=$1
    shift
    printf '%q ' "$@" >"$name.command"
    setsid "$@" >"$name.log" 2>&1 </dev/null &
    echo "$! $name" >>pids
}
until_it_answers() { # COMMAND...
    for _ in $(seq 600); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.5
    done
    echo "up.sh: no answer from $*" >&2
    exit 1
}
start etcd "$bin/etcd" --data-dir "$state/etcd" --listen-client-urls "http://127.0.0.1:$etcd" \
    --advertise-client-urls "http://127.0.0.1:$etcd" --listen-peer-urls "http://127.0.0.1:$peer" \
    --initial-advertise-peer-urls "http://127.0.0.1:$peer" --initial-cluster "default=http://127.0.0.1:$peer" \
    --unsafe-no-fsync --log-level warn
start_api_server() { # NAME PORT ETCD-PORT
    start "$1" "$bin/kube-apiserver" --etcd-servers "http://127.0.0.1:$3" --bind-address 127.0.0.1 \
        --advertise-address 127.0.0.1 --secure-port "$2" --tls-cert-file server.crt --tls-private-key-file server.key \
        --client-ca-file ca.crt --service-cluster-ip-range 10.96.0.0/16 --service-account-key-file accounts.key \
        --service-account-signing-key-file accounts.key --service-account-issuer https://kubernetes.default.svc \
        --authorization-mode Node,RBAC --endpoint-reconciler-type none --event-ttl 24h
}
start_api_server apiserver "$api" "$etcd"
until_it_answers "$bin/kubectl" --kubeconfig kubeconfig get --raw /readyz
start_manager() { # NAME PORT KUBECONFIG CONTROLLERS
    # shellcheck disable=SC2086 # several flags
    start "$1" "$bin/kube-controller-manager" --kubeconfig "$3" --authentication-kubeconfig kubeconfig \
        --authorization-kubeconfig kubeconfig --bind-address 127.0.0.1 --secure-port "$2" --leader-elect=false \
        --service-account-private-key-file accounts.key --root-ca-file ca.crt --kube-api-qps 500 --kube-api-burst 1000 \
        --controllers "$4" ${MANAGER_ARGS:-}
}
controllers='*'
if [ -n "${PROXY:-}" ]; then
    start through "$PROXY" --listen "$through" --control "$through_control" --upstream "https://127.0.0.1:$api" \
        --ca ca.crt --certificate admin.crt --key admin.key
fi
if [ -n "${LAGGING:-}" ]; then
    start late "$PROXY" --listen "$late" --control "$late_control" --upstream "http://127.0.0.1:$etcd"
    start_api_server lagging "$lagging" "$late"
    until_it_answers "$bin/kubectl" --kubeconfig kubeconfig --server "https://127.0.0.1:$lagging" get --raw /readyz
fi
if [ -n "${ALONE:-}" ]; then
    controllers="*,-${ALONE//,/,-}"
    cat >through.kubeconfig <<END
apiVersion: v1
kind: Config
clusters: [{name: through, cluster: {server: "http://127.0.0.1:$through"}}]
contexts: [{name: through, context: {cluster: through, user: ""}}]
current-context: through
END
    start_manager alone "$alone" through.kubeconfig "$ALONE"
fi
start_manager manager "$manager" kubeconfig "$controllers"
own="\"clientConnection\": {\"kubeconfig\": \"$state/kubeconfig\", \"qps\": 500, \"burst\": 1000},
\"leaderElection\": {\"leaderElect\": false}, \"podInitialBackoffSeconds\": 1, \"podMaxBackoffSeconds\": ${BACKOFF:-1}"
if [ -n "${SCHEDULER:-}" ]; then
    { echo "{$own," && tail -n +2 "$SCHEDULER"; } >scheduler.yaml
else
    echo "{\"apiVersion\": \"kubescheduler.config.k8s.io/v1\", \"kind\": \"KubeSchedulerConfiguration\", $own}" >scheduler.yaml
fi
start scheduler "$bin/kube-scheduler" --config scheduler.yaml --authentication-kubeconfig kubeconfig \
    --authorization-kubeconfig kubeconfig --bind-address 127.0.0.1 --secure-port "$scheduler"
start proxy "$bin/kubectl" --kubeconfig kubeconfig proxy --port "$proxy"
if [ -n "${METRICS:-}" ]; then
    start metrics "$METRICS" "$proxy" "$metrics" server.crt server.key
    "$bin/kubectl" --kubeconfig kubeconfig apply -f - >/dev/null <<END
apiVersion: v1
kind: Service
metadata: {name: metrics, namespace: kube-system}
spec: {type: ExternalName, externalName: localhost, ports: [{port: $metrics}]}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1beta1.metrics.k8s.io}
spec:
  group: metrics.k8s.io
  version: v1beta1
  groupPriorityMinimum: 100
  versionPriority: 100
  insecureSkipTLSVerify: true
  service: {name: metrics, namespace: kube-system, port: $metrics}
END
    until_it_answers "$bin/kubectl" --kubeconfig kubeconfig get --raw /apis/metrics.k8s.io/v1beta1
fi
until_it_answers "$bin/kubectl" --kubeconfig kubeconfig get serviceaccount default
