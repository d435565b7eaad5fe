//! Operations, and intents that compare where the cluster rests with where another one does.

use kubound::engines::{Cancel, explicit};
use kubound::limits::Stop;
use kubound::manifest::{Loaded, Text, load, load_with};
use kubound::search::{Decision, EngineChoice, Observer, Options, Silent, Verdict, references, verify};
use kubound::trace::simulate;
use kubound_encodings::assemble::{assemble, assemble_with_columns};
use kubound_encodings::cluster::{Cluster, Comparison, Granularity, Start, Timing};
use kubound_encodings::explanation::EXAMPLE_WORKLOAD;
use kubound_encodings::term::Term;
use kubound_encodings::term::eval::{Assignment, evaluate};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

fn read(scenario: &str) -> Result<Loaded, String> {
    read_on("1..2", 3, scenario)
}

/// The example with a scenario, on so many nodes that take so many pods each.
fn read_on(nodes: &str, pods: usize, scenario: &str) -> Result<Loaded, String> {
    let text = format!(
        "{EXAMPLE_WORKLOAD}---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{{name: worker, count: {nodes}, \
         template: {{allocatable: {{cpu: \"{pods}\", memory: 64Gi, pods: \"110\"}}}}}}]\n{scenario}"
    );
    load_with(&[], &[Text { name: "input".into(), text }]).map_err(|error| error.to_string())
}

fn input(scenario: &str) -> Loaded {
    read(scenario).unwrap_or_else(|error| panic!("{error}"))
}

fn explicitly(both: bool) -> Options {
    Options { engine: EngineChoice::Only(&explicit::REGISTRATION), both, ..Options::default() }
}

fn verdicts(cluster: &Cluster, options: &Options) -> Vec<Verdict> {
    let findings = verify(cluster, options, &Cancel::default(), &Silent).expect("it can be modelled");
    findings.expect("no fault of ours").results.into_iter().map(|result| result.verdict).collect()
}

fn words(scenario: &str) -> Vec<&'static str> {
    verdicts(&input(scenario).cluster, &explicitly(true)).iter().map(Verdict::word).collect()
}

/// How many pods have started before somebody scales, in random runs in which every order is possible.
fn started_before_scaling(when: &str) -> BTreeSet<usize> {
    let mut loaded = input(&format!("  operations: [{{scale: {{target: web, replicas: 1}}, when: {when}}}]\n"));
    loaded.cluster.timing = Timing::Interleaved;
    let system = assemble(&loaded.cluster, Granularity::Fine).expect("it can be modelled");
    let mut found = BTreeSet::new();
    for seed in 0..60 {
        let mut random = fastrand::Rng::with_seed(seed);
        let initial = simulate::initial(&system, &mut random).expect("an initial state");
        let run = simulate::run(&system, initial, 60, &mut random).expect("no fault of ours");
        let reason = |step: &kubound::trace::Step| system.rule(&step.rule).map_or("", |rule| rule.reason);
        let steps: Vec<&str> = run.trace.steps.iter().map(reason).collect();
        if let Some(scaled) = steps.iter().position(|reason| *reason == "Scaled") {
            found.insert(steps[..scaled].iter().filter(|reason| **reason == "Started").count());
        }
    }
    found
}

#[test]
fn an_operation_waits_until_the_cluster_has_settled_unless_it_need_not() {
    assert_eq!(started_before_scaling("settled"), BTreeSet::from([2]));
    assert!(started_before_scaling("any").len() > 1);
}

#[test]
fn the_way_is_compared_with_where_it_leads() {
    let all = |operations: &str| {
        words(&format!("  operations: [{operations}]\n  intents: [sameAsFresh, rollbackRestores, recovers]\n"))
    };
    let (holds, violated) = ("holds", "violated");
    assert_eq!(all("{scale: {target: web, replicas: 1..3}}"), [holds, violated, holds]);
    assert_eq!(all("{scale: {target: web, replicas: 1..3}, when: any}, {restore: {}}"), [holds; 3]);
    assert_eq!(all("{scale: {target: web, replicas: 4}}, {scale: {target: web, replicas: 2}}"), [holds; 3]);
    // A node takes three pods; of two nodes one is left.
    assert_eq!(all("{cordon: {}}, {scale: {target: web, replicas: 5}}"), [violated; 3]);
    assert_eq!(all("{drain: {node: worker-0}}, {uncordon: {node: worker-0}}"), [holds; 3]);
    assert_eq!(all("{rollout: {target: web}}, {rollback: {target: web}}"), [holds; 3]);
}

#[test]
fn what_an_intent_speaks_of_can_be_narrowed() {
    let text = "  operations: [{scale: {target: web, replicas: 3}}]\n  intents: [{sameAsFresh: {target: web}}]\n";
    assert_eq!(words(text), ["holds"]);
}

#[test]
fn faults_of_controllers_that_look_again_change_nothing_in_the_end() {
    for fault in ["crash", "stall", "stale", "conflict", "apiFault"] {
        let text = format!(
            "  operations: [{{scale: {{target: web, replicas: 1..3}}}}]\n  faults: {{{fault}: 1}}\n  intents: [sameAsWithoutFaults]\n"
        );
        let loaded = input(&text);
        let found = verdicts(&loaded.cluster, &explicitly(false));
        assert_eq!(found.iter().map(Verdict::word).collect::<Vec<_>>(), ["holds"], "{fault}");
    }
}

/// The outcomes that are found for the first intent of a cluster, under paced timing.
fn outcomes(cluster: &Cluster) -> Vec<BTreeMap<String, i64>> {
    let mut known = cluster.clone();
    let open = references::resolve(&mut known, &explicitly(false), &Stop::default()).expect("it can be modelled");
    assert!(open.is_empty());
    let outcomes = Comparison::of(&known.intents[0]).and_then(|one| one.outcomes.clone()).expect("resolved");
    outcomes.rows[&Timing::Paced].clone()
}

#[test]
fn outcomes_are_those_in_which_random_runs_end() {
    // One node takes three pods, so that where a fresh cluster rests depends on its nodes.
    let text = "  workloads: [{target: web, replicas: 5..7}]\n  operations: [{scale: {target: web, replicas: 5..7}}]\n  intents: [sameAsFresh]\n";
    let cluster = input(text).cluster;
    let rows: BTreeSet<_> = outcomes(&cluster).into_iter().collect();
    let comparison = Comparison::of(&cluster.intents[0]).expect("one that compares");
    let reference = Cluster { intents: Vec::new(), ..cluster.reference(comparison) };
    let (system, columns) =
        assemble_with_columns(&reference, Granularity::Fine, comparison).expect("it can be modelled");
    let mut seen = BTreeSet::new();
    for seed in 0..200 {
        let mut random = fastrand::Rng::with_seed(seed);
        let initial = simulate::initial(&system, &mut random).expect("an initial state");
        let run = simulate::run(&system, initial, 200, &mut random).expect("no fault of ours");
        let terms: Vec<_> = columns.columns.iter().map(|column| column.value).collect();
        let state = run.trace.state(run.trace.steps.len());
        let values = evaluate(&system.dag, &terms, Assignment { vars: state, primed: &[], choices: &[] });
        let names = columns.columns.iter().map(|column| column.name.clone());
        seen.insert(names.zip(values).collect::<BTreeMap<_, _>>());
    }
    assert_eq!(seen, rows);
    let ready: BTreeSet<i64> = rows.iter().map(|row| row["ready pods of Deployment/default/web"]).collect();
    assert_eq!(ready, BTreeSet::from([3, 5, 6]));
}

#[test]
fn a_case_that_nobody_touches_rests_where_a_fresh_one_does() {
    for case in ["c2", "c10", "c12", "c22", "c31", "c45", "c53", "c80"] {
        let path = Path::new("cases").join(case).join("fixed");
        let mut cluster = load(&[path], None).expect("a readable case").cluster;
        let intent = input("  intents: [sameAsFresh]\n").cluster.intents.remove(0);
        cluster.events.clear();
        cluster.intents = vec![intent];
        let options = Options { timeout: Duration::from_secs(60), ..explicitly(false) };
        let found = verdicts(&cluster, &options).remove(0);
        // Some never come to rest.
        assert!(matches!(found, Verdict::Holds { .. } | Verdict::Vacuous { .. }), "{case}: {found:?}");
    }
}

/// Pods and their controller on one node or two, from any state.
fn from_any_state(kind: &str) -> Vec<&'static str> {
    let replicas = match kind {
        "DaemonSet" => "",
        "StatefulSet" => "  replicas: 2\n  serviceName: app\n",
        _ => "  replicas: 2\n",
    };
    let text = format!(
        "apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: app}}\nspec:\n{replicas}  selector: {{matchLabels: {{app: app}}}}\n  \
         template:\n    metadata: {{labels: {{app: app}}}}\n    spec: {{containers: [{{name: app, image: app, resources: {{requests: {{cpu: \
         500m}}}}}}]}}\n---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{{name: worker, count: 1..2, template: \
         {{allocatable: {{cpu: \"2\", memory: 64Gi, pods: \"110\"}}}}}}]\n  start: arbitrary\n  intents: [converges, recovers]\n"
    );
    let cluster = load_with(&[], &[Text { name: "input".into(), text }]).expect("readable").cluster;
    verdicts(&cluster, &explicitly(false)).iter().map(Verdict::word).collect()
}

#[test]
fn from_any_state_controllers_come_to_where_a_fresh_cluster_is() {
    for kind in ["Deployment", "StatefulSet"] {
        assert_eq!(from_any_state(kind), ["holds", "holds"], "{kind}");
    }
    // `converges` does not speak of DaemonSets.
    assert_eq!(from_any_state("DaemonSet"), ["holds"]);
}

/// Nobody makes another bare pod while the former one is deleted, so the scheduler can evict but one.
#[test]
fn a_bare_pod_is_there_once_in_any_state() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: c}]}\n---\n\
        apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: high}\nvalue: 1\n---\n\
        apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\nspec:\n  selector: {matchLabels: {app: api}}\n  \
        template: {metadata: {labels: {app: api}}, spec: {containers: [{name: c}], priorityClassName: high}}\n---\n\
        apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1}]\n  \
        start: arbitrary\n";
    let loaded = load_with(&[], &[Text { name: "input".into(), text: text.into() }]).expect("a valid input");
    let options = explicitly(true);
    let findings = verify(&loaded.cluster, &options, &Cancel::default(), &Silent).expect("it can be modelled");
    assert!(findings.is_ok(), "{:?}", findings.err().map(|fault| fault.to_string()));
}

#[test]
fn what_is_left_of_any_state_holds_in_every_state_that_is_reached() {
    for case in ["c2", "c5", "c9", "c11", "c12", "c15", "c31", "c41", "c45", "c52", "c53", "c60"] {
        let path = Path::new("cases").join(case).join("broken");
        let cluster = load(&[path], None).expect("a readable case").cluster;
        let started = |start: Start| {
            let cluster =
                Cluster { start, placed: Vec::new(), assumptions: Vec::new(), intents: Vec::new(), ..cluster.clone() };
            assemble(&cluster, Granularity::Fine).expect("it can be modelled")
        };
        let (empty, arbitrary) = (started(Start::Empty), started(Start::Arbitrary));
        let conditions: Vec<_> = arbitrary.constraints.iter().map(|constraint| constraint.holds.id()).collect();
        assert!(conditions.len() > empty.constraints.len());
        let place = |name: &str| empty.dag.vars().iter().position(|var| var.name == name);
        let places: Vec<Option<usize>> = arbitrary.dag.vars().iter().map(|var| place(&var.name)).collect();
        for seed in 0..20 {
            let mut random = fastrand::Rng::with_seed(seed);
            let initial = simulate::initial(&empty, &mut random).expect("an initial state");
            let run = simulate::run(&empty, initial, 60, &mut random).expect("no fault of ours");
            for index in 0..=run.trace.steps.len() {
                let state = run.trace.state(index);
                let same: Vec<i64> = places.iter().map(|place| place.map_or(0, |place| state[place])).collect();
                let held = evaluate(&arbitrary.dag, &conditions, Assignment { vars: &same, primed: &[], choices: &[] });
                for (constraint, held) in arbitrary.constraints.iter().zip(held) {
                    assert_eq!(held, 1, "{case}, seed {seed}, step {index}: {}", constraint.text);
                }
            }
        }
    }
}

#[test]
fn without_time_for_the_other_cluster_the_intent_is_open() {
    let loaded =
        input("  operations: [{scale: {target: web, replicas: 3}}]\n  intents: [sameAsFresh, noOscillation]\n");
    let none = Stop::default().at_most(Duration::ZERO);
    let mut known = loaded.cluster.clone();
    match references::resolve(&mut known, &explicitly(false), &none) {
        Ok(open) => assert_eq!((open.len(), known.intents.len()), (1, 1)),
        Err(stopped) => assert!(stopped.to_string().contains("out of time"), "{stopped}"),
    }
}

/// Counts the answers that are told.
#[derive(Default)]
struct Told(Mutex<Vec<&'static str>>);

impl Observer for Told {
    fn phase(&self, _: &fmt::Arguments) {}

    fn decided(&self, decision: &Decision) {
        self.0.lock().expect("nobody panics").push(decision.result.verdict.word());
    }
}

#[test]
fn an_intent_that_is_open_is_told_like_the_others() {
    // Under interleaved timing the reference has more states than anybody looks at in a second.
    let scenario = "  events: [{nodeFailure: {times: 2}}, {drain: {}}, {scale: {target: web, replicas: 30}}]\n  \
                    faults: {crash: 1}\n  intents: [noOscillation, sameAsWithoutFaults]\n";
    let mut loaded = read_on("6", 12, scenario).expect("a valid input");
    loaded.cluster.timing = Timing::Interleaved;
    let options = Options { timeout: Duration::from_secs(1), ..explicitly(false) };
    let told = Told::default();
    let findings = verify(&loaded.cluster, &options, &Cancel::default(), &told).expect("it can be modelled");
    let results = findings.expect("no fault of ours").results;
    let Verdict::Unknown { why } = &results[1].verdict else { panic!("{}", results[1].verdict.word()) };
    assert!(why.contains("cluster rests is not known"), "{why}");
    let told = told.0.into_inner().expect("nobody panics");
    assert_eq!(told, results.iter().map(|result| result.verdict.word()).collect::<Vec<_>>());
}

#[test]
fn files_of_operations_are_not_read_as_manifests_and_count_in_the_digest() {
    let loaded = load(&[Path::new("cases/c83/broken").to_owned()], None).expect("a readable case");
    let file = loaded.event_file(&loaded.cluster.events[0]).expect("the file that it applies");
    assert!(file.ends_with("typo.yaml"));
    assert_eq!(loaded.event_file(&loaded.cluster.events[1]), None);
    let folder = tempfile("c83");
    for name in ["db.yaml", "typo.yaml", "scenario.yaml"] {
        let text = std::fs::read_to_string(Path::new("cases/c83/broken").join(name)).expect("a file of the case");
        // Without `resources` every other file of the folder is a manifest.
        std::fs::write(folder.join(name), text.replace("  resources: [db.yaml]\n", "")).expect("written");
    }
    let digest = || load(std::slice::from_ref(&folder), None).expect("no workload twice").digest().expect("readable");
    let before = digest();
    let typo = folder.join("typo.yaml");
    let text = std::fs::read_to_string(&typo).expect("just written");
    std::fs::write(&typo, text.replace("256Mi", "128Mi")).expect("written");
    assert_ne!(before, digest());
    std::fs::remove_dir_all(folder).expect("removed");
}

/// A new folder.
fn tempfile(name: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("kubound-operations-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

#[test]
fn what_is_no_operation_is_told() {
    for (operations, told) in [
        ("{restore: {}}", "nothing to restore"),
        ("{scale: {target: web, replicas: 3}, when: later}", "settled"),
        ("{scale: {target: web, replicas: 3}, times: 2}", "times"),
        ("{selfHeal: {target: web}}", "unknown event `selfHeal`"),
    ] {
        let error = read(&format!("  operations: [{operations}]\n")).err().unwrap_or_default();
        assert!(error.contains(told), "{operations}: {error}");
    }
    let error =
        read("  start: arbitrary\n  placed: [{target: web, pool: worker, pods: 1}]\n").err().unwrap_or_default();
    assert!(error.contains("arbitrary"), "{error}");
    let error = read("  events: [{scale: {target: web, replicas: 3}, when: any}]\n").err().unwrap_or_default();
    assert!(error.contains("when"), "{error}");
}
