//! Volumes and claims.

use super::{has_note, with_manifest};
use kubound::manifest::Severity;

#[test]
fn volumes_tie_pods_to_nodes() {
    let volume = |name: &str, claim: &str, rest: &str| {
        format!(
            "apiVersion: v1\nkind: PersistentVolume\nmetadata: {{name: {name}{rest}}}\nspec:\n  capacity: {{storage: 1Gi}}\n  \
             local: {{path: /data}}\n  claimRef: {{namespace: default, name: {claim}}}\n  nodeAffinity: {{required: \
             {{nodeSelectorTerms: [{{matchExpressions: [{{key: kubernetes.io/hostname, operator: In, values: \
             [n1]}}]}}]}}}}\n---\n"
        )
    };
    let set = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec:\n  replicas: 2\n  selector: {matchLabels: \
               {app: db}}\n  template:\n    metadata: {labels: {app: db}}\n    spec:\n      containers: [{name: a, image: \
               a}]\n      volumes: [{name: shared, persistentVolumeClaim: {claimName: shared}}]\n  volumeClaimTemplates: \
               [{metadata: {name: data}}]\n";
    let zone = ", labels: {topology.kubernetes.io/zone: a__b}";
    let (first, second) = (volume("one", "data-db-0", ""), volume("two", "shared", zone));
    let loaded = with_manifest(&format!("{first}{second}{set}")).expect("valid");
    let tied = &loaded.cluster.workloads[1].volume_nodes;
    let ordinals: Vec<Option<i64>> = tied.iter().map(|one| one.ordinal).collect();
    assert_eq!(ordinals, [None, None, Some(0)], "affinity and zone of the shared one, and that of db-0");
    assert!(has_note(&loaded, Severity::Risky, "spec.template.spec.volumes", "claim data"), "db-1 has none yet");
    let bound =
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data-db-1}\nspec: {volumeName: one}\n---\n";
    let loaded = with_manifest(&format!("{first}{second}{bound}{set}")).expect("valid");
    assert_eq!(loaded.cluster.workloads[1].volume_nodes.len(), 4);
    assert!(!has_note(&loaded, Severity::Risky, "spec.template.spec.volumes", "claim data"));
}
