//! Metrics of type Pods, Object and External: what scenarios say of them, and which are then modelled.

use kubound::engines::Cancel;
use kubound::manifest::{InputError, Loaded, Severity, load};
use kubound::search::{Options, Silent, verify};
use kubound_encodings::cluster::Span;
use kubound_encodings::cluster::hpa::{Comparison, NamedMetric, OtherMetric};
use kubound_encodings::cluster::workload::MetricValue;

/// A Deployment with an autoscaler by this metric, and what the scenario says of its pods.
fn read(metric: &str, workload: &str) -> Result<Loaded, InputError> {
    let manifests = format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  selector: {{matchLabels: {{app: \
         web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    spec: {{containers: [{{name: \
         app}}]}}\n---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {{name: web}}\nspec:\n  \
         scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: web}}\n  maxReplicas: 3\n  metrics: [{metric}]\n---\napiVersion: \
         v1\nkind: Node\nmetadata: {{name: n1}}\nstatus: {{allocatable: {{cpu: 2, memory: 1Gi}}}}\n---\napiVersion: \
         kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  workloads: [{{target: web{workload}}}]\n"
    );
    load(&[], Some(&manifests))
}

fn external(target: &str) -> String {
    format!("{{type: External, external: {{metric: {{name: queue, selector: {{}}}}, target: {target}}}}}")
}

const VALUE: &str = "{type: Value, value: 30}";

#[test]
fn values_and_targets_are_read_in_thousandths() {
    let is_read = |metric: &str, comparison: Comparison, target: i64| {
        let loaded = read(metric, ", metrics: [{name: queue, value: 0..2/500m}]").expect("valid");
        let expected = NamedMetric { name: "queue".into(), comparison, target };
        assert_eq!(loaded.cluster.hpas[0].other_metrics, [OtherMetric::Named(expected)]);
        let value = Span { lo: 0, hi: 2000, step: 500 };
        assert_eq!(
            loaded.cluster.workloads[0].metrics,
            [MetricValue { name: "queue".into(), value, is_shared: false }]
        );
        assert!(loaded.notes.iter().all(|note| note.severity == Severity::Harmless || note.field != "spec.metrics[0]"));
    };
    is_read(&external(VALUE), Comparison::Value, 30_000);
    is_read(&external("{type: AverageValue, averageValue: 1500m}"), Comparison::AverageValue, 1500);
    is_read(
        "{type: Pods, pods: {metric: {name: queue}, target: {type: AverageValue, averageValue: 1k}}}",
        Comparison::PerPod,
        1_000_000,
    );
    is_read(
        "{type: Object, object: {describedObject: {kind: Ingress, name: a}, metric: {name: queue}, target: {type: Value, \
         value: 2}}}",
        Comparison::Value,
        2000,
    );
    let loaded = read(&external(VALUE), ", metrics: [{name: queue, load: 5}]").expect("valid");
    assert!(loaded.cluster.workloads[0].metrics[0].is_shared);
}

#[test]
fn what_is_wrong_is_refused() {
    let refused = |metric: &str, workload: &str, text: &str| {
        let error = read(metric, workload).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(text), "{error}");
    };
    let metric = external(VALUE);
    refused(&metric, ", metrics: [{name: queu, value: 1}]", "no autoscaler in default has a metric `queu`");
    refused(&metric, ", metrics: [{name: queue}]", "no value of queue");
    refused(&metric, ", metrics: [{name: queue, value: 1, load: 1}]", "both value and load");
    refused(&metric, ", metrics: [{name: queue, value: 1}, {name: queue, value: 1}]", "occurs twice");
    refused(&metric, ", metrics: [{name: queue, value: -1}]", "negative");
    refused(&external("{type: Value, value: 3, averageValue: 3}"), "", "value and averageValue");
    refused(&external("{type: Value}"), "", "no target");
    refused(&external("{type: Value, value: 0}"), "", "0 is no target");
    refused("{type: Pods, pods: {metric: {name: queue}, target: {type: Value, value: 3}}}", "", "averageValue");
    refused("{type: Object, external: {}}", "", "object");
}

#[test]
fn what_is_set_counts_whatever_the_type_says() {
    let comparison = |target: &str| {
        let loaded = read(&external(target), ", metrics: [{name: queue, value: 1}]").expect("valid");
        format!("{:?}", loaded.cluster.hpas[0].other_metrics)
    };
    assert_eq!(comparison("{type: Value, averageValue: 3}"), comparison("{type: AverageValue, averageValue: 3}"));
    assert_eq!(comparison("{type: AverageValue, value: 3}"), comparison("{type: Value, value: 3}"));
    assert_ne!(comparison("{type: Value, value: 3}"), comparison("{type: Value, averageValue: 3}"));
}

#[test]
fn those_without_a_value_are_left_out_and_reported() {
    let said = |metric: &str, workload: &str, text: &str| {
        let loaded = read(metric, workload).expect("valid");
        let is_said = loaded.notes.iter().any(|note| note.severity == Severity::Risky && note.message.contains(text));
        (is_said, loaded.cluster.hpas[0].other_metrics.len())
    };
    assert_eq!(said(&external(VALUE), "", "no value of queue"), (true, 0));
    let twice = format!("{}, {}", external(VALUE), external("{type: AverageValue, averageValue: 3}"));
    assert_eq!(said(&twice, ", metrics: [{name: queue, value: 1}]", "another metric is called queue"), (true, 2));
}

/// What becomes of an autoscaler at two pods by a metric of 60, with 30 for each, where an event changes the metric.
fn after(to: &str, intent: &str) -> String {
    let manifests = format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  replicas: 2\n  selector: {{matchLabels: {{app: \
         web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    spec: {{containers: [{{name: \
         app}}]}}\n---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {{name: web}}\nspec:\n  \
         scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: web}}\n  maxReplicas: 5\n  metrics: [{}]\n---\napiVersion: \
         kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{{name: worker, count: 1, template: {{allocatable: {{cpu: \"4\", \
         memory: 8Gi}}}}}}]\n  start: settled\n  workloads: [{{target: web, metrics: [{{name: queue, value: 60}}]}}]\n  events:\n{to}\n  \
         intents: [{{id: asked, {intent}}}]\n",
        external("{type: AverageValue, averageValue: 30}")
    );
    let loaded = load(&[], Some(&manifests)).expect("readable");
    let searched = verify(&loaded.cluster, &Options::default(), &Cancel::default(), &Silent);
    let searched = searched.expect("it can be modelled").expect("no fault");
    searched.results[0].verdict.word().to_string()
}

#[test]
fn a_metric_that_changes_scales_and_one_without_a_value_does_not_scale_down() {
    let event = |to: &str| format!("  - metricChange: {{target: web, metric: queue, to: {to}}}");
    let replicas = |least: i64, most: i64| {
        format!("always: \"workloads['web'].spec.replicas >= {least} && workloads['web'].spec.replicas <= {most}\"")
    };
    assert_eq!(after(&event("90"), &replicas(2, 3)), "holds");
    assert_eq!(after(&event("90"), &replicas(2, 2)), "violated");
    assert_eq!(after(&event("0"), &replicas(1, 2)), "holds", "minReplicas is 1");
    assert_eq!(after(&event("0"), &replicas(2, 2)), "violated");
    assert_eq!(after(&event("30..90/30"), &replicas(1, 3)), "holds");
    assert_eq!(after(&event("unavailable"), &replicas(2, 2)), "holds");
    let both = format!("{}\n{}", event("unavailable"), event("120"));
    assert_eq!(after(&both, &replicas(2, 3)), "violated", "what has no value comes back with one");
}

#[test]
fn a_change_of_a_metric_that_nobody_knows_is_refused() {
    let scenario = |to: &str| {
        format!(", metrics: [{{name: queue, value: 1}}]}}]\n  events: [{{metricChange: {{target: web, {to}}}")
    };
    let refused = |to: &str, text: &str| {
        let error = read(&external(VALUE), &scenario(to)).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(text), "{error}");
    };
    refused("metric: queu, to: 1", "has no metric `queu`");
    refused("metric: queue, to: gone", "gone");
    refused("metric: queue", "to");
}
