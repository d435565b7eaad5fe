//! Security contexts, as far as kubelets refuse pods because of them, and what Pod Security asks of a namespace.

use super::super::Severity::{Harmless, Risky};
use super::super::error::InputError;
use super::super::judgements::{Table, depends, harmless, table};
use super::super::value::{Value, child};
use super::super::view::Fields;
use kubound_encodings::cluster::Labels;

/// Sysctls that every kubelet allows (`safeSysctls` without a minimum kernel).
pub(super) const SAFE_SYSCTLS: &[&str] = &[
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_unprivileged_port_start",
];

/// Annotations that say what `appArmorProfile` says.
pub(super) const APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";

const APP_ARMOR_RISK: &str = "a kubelet without AppArmor, or without the profile, refuses the pod, again and again; here it is admitted everywhere";

const PROCESS: &str = "only the kubelet reads it: it changes what processes may do, and not where pods run";
const RUNTIME: &str = "pkg/kubelet/kuberuntime/security_context.go";
const ON_SELINUX: &str = "only volumes of ReadWriteOncePod are mounted with a label; these are told at their claims";

/// `securityContext` of a pod.
pub(super) static POD_SECURITY: Table = table(
    "io.k8s.api.core.v1.PodSecurityContext",
    &[
        depends("appArmorProfile", "all but Unconfined: a kubelet without AppArmor or the profile refuses the pod"),
        harmless("fsGroup", PROCESS, "pkg/volume/volume_linux.go"),
        harmless("fsGroupChangePolicy", PROCESS, "pkg/volume/volume_linux.go"),
        harmless("runAsGroup", PROCESS, RUNTIME),
        harmless("runAsNonRoot", PROCESS, RUNTIME),
        harmless("runAsUser", PROCESS, RUNTIME),
        harmless("seLinuxChangePolicy", ON_SELINUX, "pkg/volume/util/selinux.go"),
        harmless("seLinuxOptions", ON_SELINUX, "pkg/volume/util/selinux.go"),
        harmless("seccompProfile", PROCESS, RUNTIME),
        harmless("supplementalGroups", PROCESS, RUNTIME),
        depends("supplementalGroupsPolicy", "`Strict`: a kubelet without the feature refuses the pod"),
        depends("sysctls", "those that not every kubelet allows: kubelets refuse the pod, again and again"),
        harmless("windowsOptions", "pods of Windows are told at `os`", "pkg/securitycontext/util_windows.go"),
    ],
);

/// `securityContext` of a container.
pub(super) static SECURITY: Table = table(
    "io.k8s.api.core.v1.SecurityContext",
    &[
        harmless("allowPrivilegeEscalation", PROCESS, RUNTIME),
        depends("appArmorProfile", "all but Unconfined: a kubelet without AppArmor or the profile refuses the pod"),
        harmless("capabilities", PROCESS, RUNTIME),
        harmless("privileged", PROCESS, RUNTIME),
        harmless("procMount", PROCESS, RUNTIME),
        harmless("readOnlyRootFilesystem", PROCESS, RUNTIME),
        harmless("runAsGroup", PROCESS, RUNTIME),
        harmless("runAsNonRoot", PROCESS, RUNTIME),
        harmless("runAsUser", PROCESS, RUNTIME),
        harmless("seLinuxOptions", ON_SELINUX, "pkg/volume/util/selinux.go"),
        harmless("seccompProfile", PROCESS, RUNTIME),
        harmless("windowsOptions", "pods of Windows are told at `os`", "pkg/securitycontext/util_windows.go"),
    ],
);

/// Notes what the security context of a pod asks of its node, and its annotations.
pub(super) fn note_pod(spec: &Fields, annotations: &Labels, at: &str) -> Result<(), InputError> {
    for key in annotations.keys().filter(|key| key.starts_with(APP_ARMOR)) {
        let context = spec.view.context;
        context.note(Risky, &child(&format!("{at}metadata.annotations"), key), APP_ARMOR_RISK);
    }
    for (key, why) in [
        ("hostUsers", "a node without user namespaces never starts the pod; here all nodes do"),
        ("setHostnameAsFQDN", "a pod whose full name is longer than 64 bytes never starts; here it does"),
    ] {
        let Some(view) = spec.get(key) else { continue };
        if view.boolean()? == (key == "setHostnameAsFQDN") {
            view.note(Risky, why);
        } else {
            view.note(Harmless, "that is the default");
        }
    }
    let Some(context) = spec.below("securityContext")? else { return Ok(()) };
    for item in context.items("sysctls")? {
        let name = item.value.below(&["name"]).and_then(Value::as_text).unwrap_or_default();
        if SAFE_SYSCTLS.contains(&name) {
            item.note(Harmless, "every kubelet allows this sysctl");
        } else {
            let message = format!(
                "a kubelet that does not allow {name} refuses the pod, and its owner makes a new one, again and again"
            );
            item.note(Risky, message);
        }
    }
    if let Some(policy) = context.get("supplementalGroupsPolicy").filter(|view| view.value.as_text() == Some("Strict"))
    {
        policy.note(Risky, "a kubelet without the feature refuses the pod, again and again; here all nodes admit it");
    }
    note_app_armor(&context);
    context.judge_rest(&POD_SECURITY);
    Ok(())
}

/// Notes what the security context of a container asks of its node.
pub(super) fn note_container(fields: &Fields) -> Result<(), InputError> {
    let Some(context) = fields.below("securityContext")? else { return Ok(()) };
    note_app_armor(&context);
    context.judge_rest(&SECURITY);
    Ok(())
}

fn note_app_armor(context: &Fields) {
    let Some(view) = context.get("appArmorProfile") else { return };
    let kind = view.value.below(&["type"]).and_then(Value::as_text);
    if kind == Some("Unconfined") {
        view.note(Harmless, "no kubelet refuses a pod that is not confined");
    } else {
        view.note(Risky, APP_ARMOR_RISK);
    }
}
