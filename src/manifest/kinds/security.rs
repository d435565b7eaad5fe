//! Security contexts, as far as kubelets refuse pods because of them, and what Pod Security asks of a namespace.

use super::super::Severity::{Harmless, Risky};
use super::super::error::InputError;
use super::super::value::{Value, child};
use super::super::view::{Context, Fields, View};
use kubound_encodings::cluster::Labels;

/// Sysctls that every kubelet allows (`safeSysctls` without a minimum kernel).
const SAFE_SYSCTLS: &[&str] = &[
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_unprivileged_port_start",
];

/// Annotations that say what `appArmorProfile` says.
const APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";

const APP_ARMOR_RISK: &str = "a kubelet without AppArmor, or without the profile, refuses the pod, again and again; here it is admitted everywhere";

/// Notes what the security context of a pod asks of its node, and its annotations.
pub(super) fn note_pod(spec: &Fields, annotations: &Labels, at: &str) -> Result<(), InputError> {
    for key in annotations.keys().filter(|key| key.starts_with(APP_ARMOR)) {
        let context = spec.view.context;
        context.note(Risky, &child(&format!("{at}metadata.annotations"), key), APP_ARMOR_RISK);
    }
    if let Some(view) = spec.get("os") {
        view.note(
            Risky,
            "a kubelet of another operating system refuses the pod, and its owner makes a new one, again and again; \
             here all nodes admit it",
        );
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
    spec.get("securityContext").iter().for_each(note_rest);
    Ok(())
}

/// Notes what the security context of a container asks of its node.
pub(super) fn note_container(fields: &Fields) -> Result<(), InputError> {
    let Some(context) = fields.below("securityContext")? else { return Ok(()) };
    note_app_armor(&context);
    note_rest(&context.view);
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

fn note_rest(view: &View) {
    view.note(Harmless, "the rest of it changes what processes may do, and not where pods run");
}

/// Labels by which Pod Security refuses pods of a namespace, unless they allow all.
const ENFORCE: &str = "pod-security.kubernetes.io/enforce";

/// Notes what the labels of a namespace refuse.
pub(super) fn note_namespace(labels: &Labels, context: &Context) {
    if let Some(level) = labels.get(ENFORCE).filter(|level| *level != "privileged") {
        let message = format!(
            "Pod Security refuses pods of this namespace that break the level {level}, so that their owners try \
             forever; here they are created"
        );
        context.note(Risky, &child("metadata.labels", ENFORCE), message);
    }
}
