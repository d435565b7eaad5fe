//! Selectors that match pods of others, as manifests say them.

use kubound::manifest::{Loaded, Severity, load};

fn workload(kind: &str, name: &str, selector: &str, labels: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n  selector: {{matchLabels: \
         {{{selector}}}}}\n  template:\n    metadata: {{labels: {{{labels}}}}}\n    spec: {{containers: [{{name: a}}]}}\n---\n"
    )
}

const REST: &str = "apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, maxReplicas: 3}
---
apiVersion: v1
kind: Node
metadata: {name: n1}
status: {allocatable: {cpu: 2, memory: 1Gi}}
---
apiVersion: v1
kind: Pod
metadata: {name: lone, labels: {app: lone}}
spec: {containers: [{name: a}]}
";

fn read(workloads: &[String]) -> Loaded {
    load(&[], Some(&format!("{}{REST}", workloads.concat()))).expect("valid")
}

fn said(loaded: &Loaded, object: &str, severity: Severity, text: &str) -> bool {
    loaded
        .notes
        .iter()
        .any(|note| note.object.starts_with(object) && note.severity == severity && note.message.contains(text))
}

#[test]
fn an_autoscaler_takes_what_the_selector_of_its_target_matches() {
    let web = workload("Deployment", "web", "app: shop", "app: shop, tier: web");
    let worker = workload("Deployment", "worker", "tier: worker", "app: shop, tier: worker");
    let loaded = read(&[web.clone(), worker]);
    let (hpa, workloads) = (&loaded.cluster.hpas[0], &loaded.cluster.workloads);
    assert!(workloads[..2].iter().all(|one| hpa.takes(one, &one.template)));
    assert!(!hpa.takes(&workloads[2], &workloads[2].template), "another label");
    assert!(said(&loaded, "HorizontalPodAutoscaler", Severity::Warning, "pods of Deployment/default/worker"));
    assert!(said(&loaded, "Deployment/default/web", Severity::Harmless, "owner references keep them apart"));
    let alone = read(&[web, workload("Deployment", "worker", "app: worker", "app: worker")]);
    assert!(!said(&alone, "HorizontalPodAutoscaler", Severity::Warning, "also matches"));
}

#[test]
fn a_replica_set_would_adopt_a_pod_without_an_owner() {
    let web = workload("Deployment", "web", "app: web", "app: web");
    let lone = |kind: &str| read(&[web.clone(), workload(kind, "all", "app: lone", "app: lone")]);
    for kind in ["ReplicaSet", "DaemonSet"] {
        assert!(said(&lone(kind), kind, Severity::Risky, "Pod/default/lone, which a real one would adopt"), "{kind}");
    }
    let hashed = lone("Deployment");
    assert!(said(&hashed, "Deployment/default/all", Severity::Harmless, "also matches pods of Pod/default/lone"));
}
