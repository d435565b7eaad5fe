//! Vertical autoscalers as manifests say them: which act, and what they recommend.

use kubound::manifest::{InputError, Loaded, Severity, load};
use kubound_encodings::cluster::pod::QosClass;

const REST: &str = "apiVersion: v1
kind: Node
metadata: {name: n1}
status: {allocatable: {cpu: 2, memory: 1Gi}}
---
apiVersion: kubound.dev/v1alpha1
kind: Scenario
spec:
  workloads: [{target: web, cpuUsage: USAGE, memoryUsage: 400Mi}]
";

/// A Deployment of one container with these fields, an autoscaler with this specification beside its target, and more.
fn read(container: &str, usage: &str, spec: &str, more: &str) -> Result<Loaded, InputError> {
    let web = format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  replicas: 3\n  selector: \
         {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    spec:\n      \
         containers: [{{name: web, image: web, {container}}}]\n"
    );
    let vpa = format!(
        "apiVersion: autoscaling.k8s.io/v1\nkind: VerticalPodAutoscaler\nmetadata: {{name: web}}\nspec:\n  targetRef: \
         {{apiVersion: apps/v1, kind: Deployment, name: web}}\n{spec}"
    );
    load(&[], Some(&format!("{web}---\n{vpa}\n---\n{}{more}", REST.replace("USAGE", usage))))
}

const REQUESTS: &str = "resources: {requests: {cpu: 200m, memory: 200Mi}, limits: {cpu: 400m, memory: 200Mi}}";

fn notes(loaded: &Loaded, field: &str, text: &str) -> bool {
    loaded
        .notes
        .iter()
        .any(|note| note.severity == Severity::Risky && note.field == field && note.message.contains(text))
}

#[test]
fn requests_and_limits_follow_the_recommendation() {
    let loaded = read(REQUESTS, "300m", "", "").expect("valid");
    let (vpa, web) = (&loaded.cluster.vpas[0], &loaded.cluster.workloads[0]);
    assert_eq!((vpa.evicts, vpa.min_replicas, web.recommended.len()), (true, 2, 1));
    let template = &web.recommended[0];
    assert_eq!((template.requests["cpu"], template.requests["memory"]), (345, 460 << 20));
    assert_eq!((template.limits["cpu"], template.limits["memory"]), (690, 460 << 20), "the ratios stay");
    assert_eq!(template.nonzero_cpu, 345);
    assert!(template.refused_by.is_none());
    assert_eq!((web.template.qos, template.qos), (QosClass::Burstable, QosClass::Burstable));
}

#[test]
fn each_container_gets_what_it_uses() {
    let of = |policies: &str| {
        let text = format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  selector: {{matchLabels: {{app: \
             web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    spec:\n      containers:\n      - {{name: web, \
             {REQUESTS}}}\n      - {{name: side, resources: {{requests: {{cpu: 100m, memory: 100Mi}}}}}}\n---\napiVersion: \
             autoscaling.k8s.io/v1\nkind: VerticalPodAutoscaler\nmetadata: {{name: web}}\nspec:\n  targetRef: {{apiVersion: \
             apps/v1, kind: Deployment, name: web}}\n  resourcePolicy: {{containerPolicies: \
             [{policies}]}}\n---\napiVersion: v1\nkind: Node\nmetadata: {{name: n1}}\nstatus: {{allocatable: {{cpu: 2, \
             memory: 1Gi}}}}\n---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  workloads:\n  - target: web\n    \
             containers: [{{name: web, cpuUsage: 100m..300m/200m}}, {{name: side, cpuUsage: 4m}}]\n"
        );
        load(&[], Some(&text)).expect("valid").cluster
    };
    let requests = |policies: &str| -> Vec<i64> {
        of(policies).workloads[0].recommended.iter().map(|template| template.requests["cpu"]).collect()
    };
    let cpu = "controlledResources: [cpu]";
    assert_eq!(requests(&format!("{{containerName: '*', {cpu}}}")), [115 + 12, 345 + 12], "half of 25m for the other");
    let off = format!("{{containerName: '*', {cpu}}}, {{containerName: side, mode: 'Off'}}");
    assert_eq!(requests(&off), [115 + 100, 345 + 100], "the manifest's request stays");
    let capped = format!("{{containerName: '*', {cpu}}}, {{containerName: side, {cpu}, minAllowed: {{cpu: 50m}}}}");
    assert_eq!(requests(&capped), [115 + 50, 345 + 50]);
    assert_eq!(of(&off).vpas[0].written.keys().collect::<Vec<_>>(), ["side", "web"]);
}

#[test]
fn requests_alone_may_not_exceed_limits() {
    let policy = |rest: &str| format!("  resourcePolicy:\n    containerPolicies: [{{containerName: web, {rest}}}]");
    let of = |usage: &str, rest: &str| read(REQUESTS, usage, &policy(rest), "").expect("valid").cluster;
    let only = "controlledResources: [cpu], controlledValues: RequestsOnly";
    let within = of("300m", only);
    assert_eq!(within.workloads[0].recommended[0].limits["cpu"], 400);
    assert!(within.workloads[0].recommended[0].refused_by.is_none());
    assert!(of("360m", only).workloads[0].recommended[0].refused_by.is_some(), "414m is above 400m");
    let capped = of("360m", "controlledResources: [cpu], maxAllowed: {cpu: 250m}");
    assert_eq!(capped.workloads[0].recommended[0].requests["cpu"], 250);
    let raised = of("10m", "controlledResources: [cpu], minAllowed: {cpu: 150m}");
    assert_eq!(raised.workloads[0].recommended[0].requests["cpu"], 150);
    assert!(of("300m", "mode: 'Off'").vpas.is_empty());
}

#[test]
fn modes_and_replicas_are_read() {
    let of = |policy: &str| read(REQUESTS, "300m", &format!("  updatePolicy: {{{policy}}}"), "");
    assert!(of("updateMode: 'Off'").expect("valid").cluster.vpas.is_empty());
    assert!(!of("updateMode: Initial").expect("valid").cluster.vpas[0].evicts);
    assert_eq!(of("updateMode: Auto, minReplicas: 1").expect("valid").cluster.vpas[0].min_replicas, 1);
    let in_place = of("updateMode: InPlaceOrRecreate").expect("valid");
    assert!(in_place.cluster.vpas[0].evicts);
    assert!(notes(&in_place, "spec.updatePolicy.updateMode", "in place"));
    assert!(of("updateMode: Sometimes").is_err());
}

#[test]
fn what_is_not_modelled_is_said_and_left_out() {
    let two = read(&format!("{REQUESTS}}}, {{name: side, image: side"), "300m", "", "").expect("valid");
    assert!(two.cluster.vpas.is_empty() && notes(&two, "spec.resourcePolicy", "give `containers`"));
    let limited = "---\napiVersion: v1\nkind: LimitRange\nmetadata: {name: a}\nspec: {limits: [{type: Container, max: \
                   {cpu: 1}}]}\n";
    let limited = read(REQUESTS, "300m", "", limited).expect("valid");
    assert!(limited.cluster.vpas.is_empty() && notes(&limited, "spec.targetRef", "LimitRange"));
    let restarted = read(REQUESTS, "300m", "", "  events: [{rollout: {target: web}}]\n").expect("valid");
    assert!(restarted.cluster.vpas.is_empty() && notes(&restarted, "spec.targetRef", "events change the template"));
    let second = "---\napiVersion: autoscaling.k8s.io/v1\nkind: VerticalPodAutoscaler\nmetadata: {name: other}\nspec: \
                  {targetRef: {kind: Deployment, name: web}}\n";
    let second = read(REQUESTS, "300m", "", second).expect("valid");
    assert_eq!(second.cluster.vpas.len(), 1);
    assert!(notes(&second, "spec.targetRef", "a second vertical autoscaler"));
}

#[test]
fn without_usage_nothing_is_recommended() {
    let web = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: \
               web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec: {containers: [{name: web}]}\n";
    let vpa = "apiVersion: autoscaling.k8s.io/v1\nkind: VerticalPodAutoscaler\nmetadata: {name: web}\nspec: \
               {targetRef: {kind: Deployment, name: web}}\n";
    let node = "apiVersion: v1\nkind: Node\nmetadata: {name: n1}\nstatus: {allocatable: {cpu: 2, memory: 1Gi}}\n";
    let loaded = load(&[], Some(&format!("{web}---\n{vpa}---\n{node}"))).expect("valid");
    assert!(loaded.cluster.vpas.is_empty());
    assert!(notes(&loaded, "spec.resourcePolicy", "cpuUsage or load.cpu"));
    assert!(notes(&loaded, "spec.resourcePolicy", "memoryUsage or load.memory"));
}
