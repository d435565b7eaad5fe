//! What becomes of each field of containers.

use super::super::judgements::{Table, depends, harmless, read, risky, table, within};
use super::security::SECURITY;

const RUNTIME: &str = "pkg/kubelet/kuberuntime/kuberuntime_container.go";
const PROBER: &str = "pkg/kubelet/prober/prober_manager.go";
const INSIDE: &str = "only the kubelet reads it; what a container does is not modelled: the scenario says what it uses";

/// A container.
pub(super) static CONTAINER: Table = table(
    "io.k8s.api.core.v1.Container",
    &[
        harmless("args", INSIDE, RUNTIME),
        harmless("command", INSIDE, RUNTIME),
        harmless("env", INSIDE, "pkg/kubelet/kubelet_pods.go"),
        harmless("envFrom", INSIDE, "pkg/kubelet/kubelet_pods.go"),
        read("image"),
        harmless("imagePullPolicy", "images are taken to be there", "pkg/kubelet/images/image_manager.go"),
        harmless("lifecycle", "hooks are part of starting and terminating, which take any time", RUNTIME),
        harmless("livenessProbe", "containers stay alive unless `crashLoop` says otherwise", PROBER),
        read("name"),
        within("ports", &PORT),
        harmless("readinessProbe", "readiness comes from `startup` of the scenario", PROBER),
        harmless("resizePolicy", "requests of a pod do not change in place", "pkg/kubelet/allocation/handlers.go"),
        within("resources", &RESOURCES),
        depends("restartPolicy", "`Always` of an init container makes a sidecar; others: containers stay alive"),
        harmless("restartPolicyRules", "containers stay alive unless `crashLoop` says otherwise", RUNTIME),
        within("securityContext", &SECURITY),
        harmless("startupProbe", "readiness comes from `startup` of the scenario", PROBER),
        harmless("stdin", INSIDE, RUNTIME),
        harmless("stdinOnce", INSIDE, RUNTIME),
        harmless("terminationMessagePath", INSIDE, RUNTIME),
        harmless("terminationMessagePolicy", INSIDE, RUNTIME),
        harmless("tty", INSIDE, RUNTIME),
        harmless("volumeDevices", "the volumes of the pod count", RUNTIME),
        harmless("volumeMounts", "the volumes of the pod count", RUNTIME),
        harmless("workingDir", INSIDE, RUNTIME),
    ],
);

/// A port of a container.
pub(super) static PORT: Table = table(
    "io.k8s.api.core.v1.ContainerPort",
    &[
        read("containerPort"),
        read("hostIP"),
        read("hostPort"),
        harmless("name", "only Services and probes name ports", "pkg/apis/core/validation/validation.go"),
        read("protocol"),
    ],
);

/// What a container asks for.
pub(super) static RESOURCES: Table = table(
    "io.k8s.api.core.v1.ResourceRequirements",
    &[risky("claims", "claims of devices are not modelled"), read("limits"), read("requests")],
);
