//! What is risky and what is harmless.

use super::{DEPLOYMENT, has_note, with_manifest, with_pod};
use kubound::manifest::Severity;

#[test]
fn fields_that_could_change_a_verdict_are_risky() {
    let pod = |field: &str, at: &str, about: &str| {
        let loaded = with_pod(field).expect(field);
        let at = format!("spec.template.spec.{at}");
        assert!(has_note(&loaded, Severity::Risky, &at, about), "{field}: {:?}", loaded.notes);
    };
    let context = "securityContext";
    pod(
        "securityContext: {sysctls: [{name: net.core.somaxconn, value: \"1\"}]}",
        &format!("{context}.sysctls[0]"),
        "net.core.somaxconn",
    );
    pod(
        "securityContext: {supplementalGroupsPolicy: Strict}",
        &format!("{context}.supplementalGroupsPolicy"),
        "refuses",
    );
    pod(
        "securityContext: {appArmorProfile: {type: RuntimeDefault}}",
        &format!("{context}.appArmorProfile"),
        "AppArmor",
    );

    let object = |text: &str, at: &str, about: &str| {
        let loaded = with_manifest(text).expect(text);
        assert!(has_note(&loaded, Severity::Risky, at, about), "{text}: {:?}", loaded.notes);
    };
    let quota = |key: &str| {
        format!("apiVersion: v1\nkind: ResourceQuota\nmetadata: {{name: q}}\nspec: {{hard: {{{key}: \"1\"}}}}")
    };
    for key in ["count/replicasets.apps", "count/jobs.batch", "persistentvolumeclaims", "requests.storage"] {
        let child = if key.contains('/') || key.contains('.') { format!("[{key:?}]") } else { format!(".{key}") };
        object(&quota(key), &format!("spec.hard{child}"), "are not counted");
    }
    object(
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: default, labels: {pod-security.kubernetes.io/enforce: strict}}",
        "metadata.labels[\"pod-security.kubernetes.io/enforce\"]",
        "no level `strict`",
    );
    object(
        "apiVersion: v1\nkind: LimitRange\nmetadata: {name: l}\nspec: {limits: [{type: PersistentVolumeClaim, max: {storage: 1Gi}}]}",
        "spec.limits[0].type",
        "claims outside of these bounds are refused",
    );
    object(
        "apiVersion: storage.k8s.io/v1\nkind: CSINode\nmetadata: {name: n1}\nspec: {drivers: [{name: d, nodeID: n, allocatable: {count: 2}}]}",
        "",
        "number of volumes",
    );
    object("apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g}", "", "Deployment");
    let stateful_set = DEPLOYMENT.replace("Deployment", "StatefulSet").replace("name: web}", "name: db}");
    let stateful_set = stateful_set.replace(
        "spec:\n  selector",
        "spec:\n  persistentVolumeClaimRetentionPolicy: {whenScaled: Delete}\n  selector",
    );
    object(&stateful_set, "spec.persistentVolumeClaimRetentionPolicy.whenScaled", "are deleted");
}

#[test]
fn what_changes_nothing_beside_risky_fields_stays_harmless() {
    let harmless = |text: &str, at: &str| {
        let loaded = with_manifest(text).expect(text);
        assert!(has_note(&loaded, Severity::Harmless, at, ""), "{text}: {:?}", loaded.notes);
        assert!(!loaded.notes.iter().any(|note| note.severity == Severity::Risky), "{text}: {:?}", loaded.notes);
    };
    harmless(
        "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: q}\nspec: {hard: {secrets: 1}}",
        "spec.hard.secrets",
    );
    harmless("apiVersion: storage.k8s.io/v1\nkind: CSINode\nmetadata: {name: n1}\nspec: {drivers: []}", "");
}
