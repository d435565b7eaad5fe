//! Settings that do nothing: they are told where every state was seen, and no run of the model ever contradicts it.

use kubound::engines::Cancel;
use kubound::manifest::{Loaded, Text, load, load_with};
use kubound::report::document::Document;
use kubound::search::dormant::{Dormant, settings};
use kubound::search::{Findings, Options, Silent, Systems, check};
use kubound::trace::simulate;
use kubound_encodings::assemble::assemble;
use kubound_encodings::cluster::{Cluster, Granularity};
use kubound_encodings::explanation::EXAMPLE_WORKLOAD;
use std::path::Path;

/// The workload of the examples on two nodes, with other objects and what else the scenario says.
fn input(objects: &str, scenario: &str) -> Loaded {
    let text = format!(
        "{EXAMPLE_WORKLOAD}---\n{objects}---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{{name: worker, \
         count: 2, template: {{allocatable: {{cpu: \"16\", memory: 64Gi, pods: \"110\"}}}}}}]\n  timing: paced\n{scenario}"
    );
    load_with(&[], &[Text { name: "input".into(), text }]).unwrap_or_else(|error| panic!("{error}"))
}

fn searched(loaded: &Loaded) -> Findings {
    let options = Options { both: loaded.timing == Default::default(), ..Options::default() };
    let systems = Systems::new(&loaded.cluster, options.granularity).expect("it can be modelled");
    check(&loaded.cluster, systems, &options, &Cancel::default(), &Silent).expect("no fault of ours")
}

/// The fields that are told to do nothing, with why.
fn told(loaded: &Loaded) -> Vec<(String, String)> {
    let document = Document::new(loaded, &searched(loaded), 0, "none".into());
    let dormant = document.notes.into_iter().filter(|note| note.id == "dormant-setting");
    dormant.map(|note| (format!("{} {}", note.object, note.field), note.message)).collect()
}

fn autoscaler(utilization: i64) -> String {
    format!(
        "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {{name: web}}\nspec:\n  scaleTargetRef: {{apiVersion: \
         apps/v1, kind: Deployment, name: web}}\n  maxReplicas: 3\n  metrics: [{{type: Resource, resource: {{name: cpu, target: \
         {{type: Utilization, averageUtilization: {utilization}}}}}}}]\n"
    )
}

const BOTH: &str = "  intents: [{schedulable: {target: web}}, {converges: {target: web}}]\n";

#[test]
fn an_autoscaler_that_never_scales_is_told() {
    let idle = told(&input(&autoscaler(100), BOTH));
    let [(place, why)] = idle.as_slice() else { panic!("{idle:?}") };
    assert_eq!(place, "HorizontalPodAutoscaler/default/web ");
    assert!(why.starts_with("it never changes the replicas of its target in any run"), "{why}");
    assert!(why.ends_with("as long as controllers act at once"), "{why}");
    assert_eq!(told(&input(&autoscaler(40), BOTH)), []);
    // Some load makes it scale.
    let loads = format!("  workloads: [{{target: web, cpuUsage: 900m..1500m/300m}}]\n{BOTH}");
    assert_eq!(told(&input(&autoscaler(100), &loads)), []);
}

/// The input with a toleration of nodes that stop.
fn tolerant(seconds: i64, recovers: bool) -> Loaded {
    let toleration = format!(
        "    spec:\n      tolerations: [{{key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, \
         tolerationSeconds: {seconds}}}]\n"
    );
    let nodes =
        "  nodes: [{name: worker, count: 2, template: {allocatable: {cpu: \"16\", memory: 64Gi, pods: \"110\"}}}]\n";
    let event = if recovers { "cordon: {}" } else { "nodeFailure: {recovers: false}" };
    let text = format!(
        "{}---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n{nodes}  timing: paced\n  events: [{event}]\n  intents: \
         [{{schedulable: {{target: web}}}}]\n",
        EXAMPLE_WORKLOAD.replace("    spec:\n", &toleration)
    );
    load_with(&[], &[Text { name: "input".into(), text }]).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn times_that_run_out_are_not_told() {
    let field = "Deployment/default/web spec.template.spec.tolerations[0].tolerationSeconds";
    let idle = told(&tolerant(30, false));
    assert!(idle.iter().all(|(place, _)| place != field), "{idle:?}");
    // Without nodes that stop there is no rule that could fire, and nothing is guessed.
    assert_eq!(told(&tolerant(30, true)), []);
}

#[test]
fn nothing_is_told_where_some_search_has_not_seen_all_states() {
    let never = "  intents: [{schedulable: {target: web}}, {always: \"pods.size() < 1\"}]\n";
    let loaded = input(&autoscaler(100), never);
    let findings = searched(&loaded);
    assert!(findings.results.iter().any(|result| result.verdict.violation().is_some()));
    assert_eq!(settings(&findings), []);
}

/// Whether a random run of the fine system carries a setting out.
fn is_contradicted(cluster: &Cluster, one: &Dormant) -> bool {
    let cluster = Cluster { timing: one.timing, ..cluster.clone() };
    let system = assemble(&cluster, Granularity::Fine).expect("it can be modelled");
    assert!(system.rules.iter().any(|rule| rule.settings.contains(&one.setting)), "{one:?}");
    (0..12).any(|seed| {
        let mut random = fastrand::Rng::with_seed(seed);
        let initial = simulate::initial(&system, &mut random).expect("an initial state");
        let run = simulate::run(&system, initial, 150, &mut random).expect("no fault of ours");
        let carries_out = |name: &str| system.rule(name).is_some_and(|rule| rule.settings.contains(&one.setting));
        run.trace.steps.iter().any(|step| carries_out(&step.rule))
    })
}

#[test]
fn no_random_run_carries_out_what_is_told_to_do_nothing() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let mut tried = 0;
    for case in ["c2", "c20", "c33", "c45", "c54", "c60", "c64"] {
        let loaded = load(&[folder.join(case).join("fixed")], None).expect("a case");
        for one in settings(&searched(&loaded)) {
            assert!(!is_contradicted(&loaded.cluster, &one), "{case}: {one:?}");
            tried += 1;
        }
    }
    assert!(tried >= 5, "{tried}");
    // The same runs do carry out a setting that acts.
    let busy = input(&autoscaler(40), BOTH);
    let system = assemble(&busy.cluster, Granularity::Fine).expect("it can be modelled");
    let setting = system.rules.iter().find_map(|rule| rule.settings.first()).expect("the autoscaler").clone();
    assert!(is_contradicted(&busy.cluster, &Dormant { setting, timing: busy.cluster.timing }));
}
