//! What containers use, as scenarios say it, and which metrics of containers are then modelled.

use kubound::manifest::{InputError, Loaded, Severity, load};
use kubound_encodings::cluster::Span;
use kubound_encodings::cluster::workload::{Share, Usage};

fn read(workload: &str, more: &str) -> Result<Loaded, InputError> {
    let manifests = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: \
                     web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n      initContainers:\n      - \
                     {name: prepare}\n      - {name: proxy, restartPolicy: Always, resources: {requests: {cpu: 100m}}}\n      \
                     containers:\n      - {name: app, resources: {requests: {cpu: 400m}}}\n---\napiVersion: \
                     autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec:\n  scaleTargetRef: \
                     {apiVersion: apps/v1, kind: Deployment, name: web}\n  maxReplicas: 3\n  metrics: [{type: ContainerResource, \
                     containerResource: {container: app, name: cpu, target: {type: Utilization, averageUtilization: \
                     50}}}]\n---\napiVersion: v1\nkind: Node\nmetadata: {name: n1}\nstatus: {allocatable: {cpu: 2, \
                     memory: 1Gi}}\n---\n";
    let scenario = format!(
        "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  workloads: [{{target: web{workload}}}]\n{more}"
    );
    load(&[], Some(&format!("{manifests}{scenario}")))
}

fn refused(workload: &str, text: &str) {
    let error = read(workload, "").err().map(|error| error.to_string()).unwrap_or_default();
    assert!(error.contains(text), "{error}");
}

#[test]
fn usage_of_containers_adds_up() {
    let both = ", containers: [{name: app, cpuUsage: 100m..300m/100m}, {name: proxy, cpuUsage: 20m}]";
    let loaded = read(both, "").expect("valid");
    let web = &loaded.cluster.workloads[0];
    assert_eq!(web.cpu_usage, Usage::PerPod(Span { lo: 120, hi: 320, step: 100 }));
    let shares: Vec<Option<Share>> = web.container_usage.iter().map(|one| one.cpu).collect();
    assert_eq!(shares, [Some(Share::Rest(20)), Some(Share::Exactly(20))]);
    assert_eq!((web.memory_usage, loaded.cluster.hpas[0].other_metrics.len()), (Usage::Request, 1));
}

#[test]
fn what_is_missing_or_said_twice_is_refused() {
    refused(", containers: [{name: app, cpuUsage: 1}]", "no cpuUsage of container proxy");
    refused(", containers: [{name: prepare, cpuUsage: 1}]", "no container `prepare`");
    refused(", containers: [{name: app}, {name: app}]", "occurs twice");
    let both = "[{name: app, cpuUsage: 1..2}, {name: proxy, cpuUsage: 1..2}]";
    refused(&format!(", containers: {both}"), "a second range");
    let both = "[{name: app, cpuUsage: 1}, {name: proxy, cpuUsage: 1}]";
    refused(&format!(", cpuUsage: 2, containers: {both}"), "what whole pods use");
}

#[test]
fn metrics_are_left_out_where_it_is_not_known_what_a_container_uses() {
    let is_left_out = |workload: &str, more: &str| {
        let loaded = read(workload, more).expect("valid");
        let said = |text: &str| {
            loaded.notes.iter().any(|note| note.severity == Severity::Risky && note.message.contains(text))
        };
        assert_eq!(loaded.cluster.hpas[0].other_metrics.is_empty(), said("what container app"));
        said("what container app")
    };
    assert!(!is_left_out("", ""), "each uses what it requests");
    assert!(is_left_out(", cpuUsage: 300m", ""));
    assert!(is_left_out(", load: {cpu: 300m}", ""));
    let exact = ", containers: [{name: app, cpuUsage: 300m}, {name: proxy, cpuUsage: 20m}]";
    let change = "  events: [{cpuChange: {target: web, to: 500m}}]\n";
    assert!(!is_left_out(exact, ""));
    assert!(is_left_out(exact, change), "whose usage changes?");
    let range = exact.replace("300m", "100m..300m/100m");
    assert!(!is_left_out(&range, change));
    assert!(is_left_out(&format!("{range}, startup: {{seconds: 60s, ready: at-once}}"), ""));
}
