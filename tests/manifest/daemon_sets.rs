//! DaemonSets.

use super::{assert_says, with_manifest};
use kubound_encodings::cluster::rollout::Amount;
use kubound_encodings::cluster::workload::DaemonSet;

#[test]
fn daemon_sets_are_read_with_the_tolerations_of_their_controller() {
    let set = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: agent}\nspec:\n  selector: {matchLabels: {app: \
               agent}}\n  updateStrategy: {type: OnDelete}\n  template:\n    metadata: {labels: {app: agent}}\n    spec: \
               {containers: [{name: a, image: a}]}\n";
    let loaded = with_manifest(set).expect("valid");
    let agent = &loaded.cluster.workloads[1];
    assert!(agent.is_daemon());
    let tolerations = &agent.template.tolerations;
    assert!(tolerations.iter().all(|one| one.exists && one.seconds.is_none()), "{tolerations:?}");
    assert_eq!(tolerations.len(), 6, "network-unavailable only on the network of the node");
    let asked = loaded.cluster.intents.iter().filter(|intent| format!("{:?}", intent.kind).contains("agent"));
    assert_eq!(asked.map(|intent| intent.kind.name()).collect::<Vec<_>>(), ["schedulable"]);
    let scenario = |line: &str| {
        with_manifest(&format!("{set}---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  {line}\n"))
    };
    let started = scenario("workloads: [{target: agent, startup: {seconds: 30}}]").expect("valid");
    assert!(started.cluster.workloads[1].startup.is_some());
    for line in [
        "intents: [{converges: {target: agent}}]",
        "events: [{cpuChange: {target: agent, to: 100m}}]",
        "workloads: [{target: agent, replicas: 2}]",
    ] {
        assert_says(scenario(line), &["DaemonSet"]);
    }
}

#[test]
fn daemon_sets_say_how_their_pods_are_replaced() {
    let daemon = |spec: &str, scenario: &str| {
        with_manifest(&format!(
            "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {{name: agent}}\nspec:\n  selector: {{matchLabels: {{app: \
             agent}}}}\n  template: {{metadata: {{labels: {{app: agent}}}}, spec: {{containers: [{{name: a, image: \
             a}}]}}}}\n{spec}---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  {scenario}\n"
        ))
    };
    let found = |spec: &str| {
        let workload = daemon(spec, "start: empty").expect("valid").cluster.workloads.remove(1);
        (workload.daemon_set().expect("a DaemonSet"), workload.rollout.min_ready_seconds)
    };
    assert_eq!(found(""), (DaemonSet::default(), 0));
    let rolling = |body: &str| format!("  updateStrategy: {{rollingUpdate: {{{body}}}}}\n");
    let (surging, _) = found(&rolling("maxSurge: 10%, maxUnavailable: 0"));
    assert_eq!((surging.max_surge, surging.max_unavailable), (Amount::Percent(10), Amount::Pods(0)));
    let (deleted, seconds) = found("  minReadySeconds: 5\n  updateStrategy: {type: OnDelete}\n");
    assert_eq!((deleted.updates_on_delete, seconds), (true, 5));
    for (body, words) in [
        ("maxSurge: 1", "both above 0"),
        ("maxUnavailable: 0", "both 0"),
        ("maxUnavailable: 101%", "a number of pods, or 25%"),
    ] {
        assert_says(daemon(&rolling(body), "start: empty"), &[words]);
    }
    let restarted = "events: [{rollout: {target: agent}}]\n  intents: [{rolloutCompletes: {target: agent}}, {available: \
                     {target: agent, min: 1}}]";
    let restarted = daemon("", restarted);
    assert_eq!(restarted.expect("valid").cluster.events.len(), 1);
    assert_says(daemon("", "events: [{rollback: {target: agent}}]"), &["rolling DaemonSet/default/agent back"]);
    assert_says(daemon("", "events: [{scale: {target: agent, replicas: 2}}]"), &["is a DaemonSet"]);
}
