#!/usr/bin/env bash
# A real control plane on loopback, without containers: up.sh STATE FIRST-PORT. Writes STATE/kubeconfig and STATE/pids.
# BIN: folder of the control plane's programs.
# METRICS: program that serves metrics.k8s.io, if pods are measured.
# BACKOFF: longest time that pods wait after they failed, seconds (1, so that quiet is quick).
# SCHEDULER: a KubeSchedulerConfiguration in JSON, without the fields that are set here.
# MANAGER_ARGS: more flags of the controller manager.
set -euo pipefail
bin=$(cd "${BIN:?}" && pwd)
port=$2
mkdir -p "$1"
cd "$1"
state=$PWD
: >pids
etcd=$port peer=$((port + 1)) api=$((port + 2)) manager=$((port + 3)) scheduler=$((port + 4)) proxy=$((port + 6)) metrics=$((port + 7))

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
start apiserver "$bin/kube-apiserver" --etcd-servers "http://127.0.0.1:$etcd" --bind-address 127.0.0.1 \
    --advertise-address 127.0.0.1 --secure-port "$api" --tls-cert-file server.crt --tls-private-key-file server.key \
    --client-ca-file ca.crt --service-cluster-ip-range 10.96.0.0/16 --service-account-key-file accounts.key \
    --service-account-signing-key-file accounts.key --service-account-issuer https://kubernetes.default.svc \
    --authorization-mode Node,RBAC --endpoint-reconciler-type none --event-ttl 24h
until_it_answers "$bin/kubectl" --kubeconfig kubeconfig get --raw /readyz
# shellcheck disable=SC2086 # several flags
start manager "$bin/kube-controller-manager" --kubeconfig kubeconfig --authentication-kubeconfig kubeconfig \
    --authorization-kubeconfig kubeconfig --bind-address 127.0.0.1 --secure-port "$manager" --leader-elect=false \
    --service-account-private-key-file accounts.key --root-ca-file ca.crt --kube-api-qps 500 --kube-api-burst 1000 \
    ${MANAGER_ARGS:-}
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
