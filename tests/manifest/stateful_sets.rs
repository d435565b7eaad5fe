//! StatefulSets.

use super::{has_note, with_manifest};
use kubound::manifest::{Loaded, Severity};
use kubound_encodings::cluster::rollout::Amount;
use kubound_encodings::cluster::workload::StatefulSet;
use kubound_encodings::cluster::{FeatureGate, Span};

#[test]
fn stateful_sets_are_read_with_their_ordinals() {
    let set = |spec: &str| {
        with_manifest(&format!(
            "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: db}}\nspec:\n  serviceName: db\n  selector: \
             {{matchLabels: {{app: db}}}}\n  template:\n    metadata: {{labels: {{app: db}}}}\n    spec: {{containers: \
             [{{name: a, image: a}}]}}\n{spec}"
        ))
    };
    let ordinals = |loaded: &Loaded| *loaded.cluster.workloads[1].ordinals().expect("a StatefulSet");
    let plain = set("").expect("valid");
    assert_eq!(ordinals(&plain), StatefulSet::default());
    assert_eq!(plain.cluster.workloads[1].replicas, Span::exactly(1));
    let spec = "  podManagementPolicy: Parallel\n  ordinals: {start: 3}\n  updateStrategy: {rollingUpdate: {partition: 2, \
                maxUnavailable: 2}}\n  volumeClaimTemplates: [{metadata: {name: data}}]\n";
    let loaded = set(spec).expect("valid");
    let expected = |max_unavailable: Amount| StatefulSet {
        is_ordered: false,
        updates_on_delete: false,
        partition: 2,
        max_unavailable,
        start: 3,
    };
    assert_eq!(ordinals(&loaded), expected(Amount::Pods(1)), "without its gate the API server drops the field");
    assert!(loaded.cluster.workloads[1].template.has_claims);
    assert!(has_note(&loaded, Severity::Risky, "spec.template.spec.volumes", "no volume is bound to the claim data"));
    assert!(has_note(&loaded, Severity::Warning, "spec.updateStrategy.rollingUpdate.maxUnavailable", "several pods"));
    let gate = "---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec: {featureGates: {MaxUnavailableStatefulSet: \
                true}}\n";
    let gated = set(&format!("{spec}{gate}")).expect("valid");
    assert!(gated.cluster.has(FeatureGate::MaxUnavailableStatefulSet));
    assert_eq!(ordinals(&gated), expected(Amount::Pods(2)));
    let at = "spec.updateStrategy.rollingUpdate.maxUnavailable";
    assert!(!has_note(&gated, Severity::Warning, at, "gate"));
    let none = set("  updateStrategy: {rollingUpdate: {maxUnavailable: 0}}\n").expect("dropped without the gate");
    assert!(has_note(&none, Severity::Warning, at, "not from 1 to 100%"));
    assert!(set("  podManagementPolicy: Any\n").is_err());
    assert!(set("  updateStrategy: {type: OnDelete, rollingUpdate: {partition: 1}}\n").is_err());
    let rolled_back =
        "---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  events: [{rollback: {target: db}}]\n";
    assert!(set(rolled_back).is_err());
}
