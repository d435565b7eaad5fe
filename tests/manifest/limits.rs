//! Quotas and LimitRanges.

use super::{has_note, with_manifest};
use kubound::manifest::{Loaded, Severity};

#[test]
fn quotas_are_read_as_far_as_they_refuse_pods() {
    let quota = |spec: &str| {
        let head = "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: team}\nspec: ";
        with_manifest(&format!("{head}{spec}\n"))
    };
    let loaded =
        quota("{hard: {pods: 5, cpu: 2, requests.cpu: 1500m, requests.memory: 1Gi, limits.cpu: 4, services: 3}}");
    let loaded = loaded.expect("valid");
    let hard = &loaded.cluster.quotas[0].hard;
    assert_eq!((hard["pods"], hard["cpu"], hard["memory"]), (5, 1500, 1 << 30), "the lower of two names of a resource");
    assert_eq!((hard.len(), hard["limits.cpu"]), (4, 4000));
    assert!(has_note(&loaded, Severity::Harmless, "spec.hard.services", "creates such objects"));
    let loaded = quota("{hard: {pods: 5}, scopes: [BestEffort, NotTerminating]}").expect("valid");
    assert_eq!(loaded.cluster.quotas[0].scopes.len(), 1);
    let loaded = quota("{hard: {pods: 5}, scopes: [Terminating]}").expect("valid");
    assert!(loaded.cluster.quotas.is_empty());
    assert!(has_note(&loaded, Severity::Risky, "spec.scopes[0]", "it refuses nothing"));
    assert!(quota("{hard: {pods: -1}}").is_err());
}

#[test]
fn limit_ranges_change_and_refuse_pods_of_their_namespace() {
    let range = |limits: &str| {
        let text = "apiVersion: v1\nkind: LimitRange\nmetadata: {name: sizes}\nspec: {limits: [";
        with_manifest(&format!("{text}{limits}]}}\n"))
    };
    let web = |loaded: &Loaded| loaded.cluster.workloads[0].template.clone();
    let before = web(&with_manifest("").expect("valid"));
    let memory = |requests: &std::collections::BTreeMap<String, i64>| requests.get("memory").copied();
    assert_eq!(memory(&before.limits), None);
    let loaded = range("{type: Container, default: {memory: 1Gi}}, {type: PersistentVolumeClaim, max: {storage: 1Gi}}");
    let loaded = loaded.expect("valid");
    assert_eq!(memory(&web(&loaded).limits), Some(1 << 30));
    assert!(web(&loaded).memory_limited_everywhere && web(&loaded).refused_by.is_none());
    let refused = range("{type: Pod, min: {memory: 100Gi}}").expect("valid");
    assert!(web(&refused).refused_by.is_some());
    assert!(has_note(
        &refused,
        Severity::Warning,
        "spec.template.spec.containers",
        "LimitRange sizes refuses the pods"
    ));
    // The container requests more than the limit that it gets, which the API server refuses.
    let requests = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: big}\nspec: {selector: {matchLabels: {app: big}}, \
                    template: {metadata: {labels: {app: big}}, spec: {containers: [{name: a, resources: {requests: {cpu: 500m}}}]}}}\n";
    let limits = |limit: &str| {
        let kind = "apiVersion: v1\nkind: LimitRange\nmetadata: {name: sizes}\n";
        with_manifest(&format!(
            "{requests}---\n{kind}spec: {{limits: [{{type: Container, default: {{cpu: {limit}}}}}]}}\n"
        ))
        .expect("valid")
    };
    let big = |loaded: &Loaded| {
        let mut workloads = loaded.cluster.workloads.iter();
        workloads.find(|one| one.reference.name == "big").expect("read").template.clone()
    };
    assert!(big(&limits("500m")).refused_by.is_none());
    let refused = limits("499m");
    assert!(big(&refused).refused_by.is_some() && web(&refused).refused_by.is_none());
    assert!(has_note(&refused, Severity::Warning, "spec.template.spec.containers", "than the limit that it gets"));
    let elsewhere = "apiVersion: v1\nkind: LimitRange\nmetadata: {name: sizes, namespace: other}\nspec: {limits: [{type: \
                     Pod, min: {memory: 100Gi}}]}\n";
    assert!(web(&with_manifest(elsewhere).expect("valid")).refused_by.is_none());
    assert!(range("{type: Container, min: {memory: much}}").is_err());
}
