//! Volumes and claims.

use super::{has_note, with_manifest};
use kubound::manifest::Severity;
use kubound_encodings::cluster::workload::Access;

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

#[test]
fn access_modes_say_who_may_use_a_claim_at_once() {
    let claimed = |claim: &str, rest: &str| {
        let wiki = super::DEPLOYMENT.replace("metadata: {name: web}", "metadata: {name: wiki}");
        let volume = "      volumes: [{name: v, persistentVolumeClaim: {claimName: c}}]";
        let claim = format!("apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: c}}\nspec: {claim}\n");
        let loaded = with_manifest(&format!("{wiki}{volume}\n---\n{claim}---\n{rest}")).expect("valid");
        let of = |name: &str| loaded.cluster.workloads.iter().find(|one| one.reference.name == name).expect("it");
        let access = of("wiki").exclusive_claims.iter().map(|one| one.access).collect::<Vec<_>>();
        (access, has_note(&loaded, Severity::Risky, "spec.accessModes", "attached to one node"))
    };
    let class = |provisioner: &str| {
        format!(
            "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {{name: fast}}\nprovisioner: {provisioner}\n"
        )
    };
    let once = "{accessModes: [ReadWriteOnce], storageClassName: fast}";
    assert_eq!(claimed("{accessModes: [ReadWriteMany]}", ""), (vec![], false));
    assert_eq!(claimed("{accessModes: [ReadWriteOncePod]}", ""), (vec![Access::OnePod], false));
    assert_eq!(claimed(once, ""), (vec![Access::OneNode], true), "nobody says");
    assert_eq!(claimed(once, &class("ebs.csi.aws.com")), (vec![Access::OneNode], false));
    assert_eq!(claimed(once, &class("nfs.csi.k8s.io")), (vec![], false));
    let driver =
        "---\napiVersion: storage.k8s.io/v1\nkind: CSIDriver\nmetadata: {name: x}\nspec: {attachRequired: false}\n";
    assert_eq!(claimed(once, &format!("{}{driver}", class("x"))), (vec![], false));
    let volume = |source: &str| {
        format!(
            "apiVersion: v1\nkind: PersistentVolume\nmetadata: {{name: pv}}\nspec: {{accessModes: [ReadWriteOnce], claimRef: \
             {{namespace: default, name: c}}, {source}}}\n"
        )
    };
    assert_eq!(claimed(once, &volume("nfs: {server: s, path: /}")), (vec![], false));
    assert_eq!(claimed(once, &volume("awsElasticBlockStore: {volumeID: v}")), (vec![Access::OneNode], false));
}
