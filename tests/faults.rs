//! Faults: where they have sites, what comes of them on small clusters whose answers follow from the released code, and
//! that every case can be run under every kind of fault.

use kubound::engines::explicit::stepper::Stepper;
use kubound::engines::{Cancel, explicit, symbolic};
use kubound::manifest::{Loaded, Text, load, load_with};
use kubound::report::document::Document;
use kubound::report::human;
use kubound::search::{EngineChoice, Options, Silent, Verdict, verify};
use kubound::trace::Step;
use kubound::trace::simulate::{self, Simulation};
use kubound_encodings::assemble::assemble;
use kubound_encodings::cluster::fault::Fault;
use kubound_encodings::cluster::{FaultKind, Granularity};
use kubound_encodings::explanation::EXAMPLE_WORKLOAD;
use kubound_encodings::system::{Role, TransitionSystem};
use kubound_encodings::term::VarId;
use std::path::{Path, PathBuf};

/// The workload of the examples on one node, with what else the scenario says.
fn input(scenario: &str) -> Loaded {
    let text = format!(
        "{EXAMPLE_WORKLOAD}---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{{name: worker, count: 1, \
         template: {{allocatable: {{cpu: \"16\", memory: 64Gi, pods: \"110\"}}}}}}]\n{scenario}"
    );
    load_with(&[], &[Text { name: "input".into(), text }]).unwrap_or_else(|error| panic!("{error}"))
}

fn decided(loaded: &Loaded, options: Options) -> (Vec<Verdict>, Document) {
    let findings = verify(&loaded.cluster, &options, &Cancel::default(), &Silent).expect("it can be modelled");
    let findings = findings.expect("no fault of ours");
    let verdicts = findings.results.iter().map(|result| result.verdict.clone()).collect();
    (verdicts, Document::new(loaded, &findings, 1, "none".into()))
}

fn explicitly() -> Options {
    Options { engine: EngineChoice::Only(&explicit::REGISTRATION), both: false, ..Options::default() }
}

fn words(loaded: &Loaded) -> Vec<&'static str> {
    decided(loaded, explicitly()).0.iter().map(Verdict::word).collect()
}

fn with(mut loaded: Loaded, kind: FaultKind, times: i64) -> Loaded {
    loaded.cluster.faults = vec![Fault::new(kind, Vec::new(), times)];
    loaded
}

fn fine(loaded: &Loaded) -> TransitionSystem {
    assemble(&loaded.cluster, Granularity::Fine).expect("it can be modelled")
}

fn walk(system: &TransitionSystem, seed: u64) -> Simulation {
    let mut random = fastrand::Rng::with_seed(seed);
    let initial = simulate::initial(system, &mut random).expect("an initial state");
    simulate::run(system, initial, 60, &mut random).expect("no fault of ours")
}

fn cases() -> impl Iterator<Item = PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("cases").map(|one| one.expect("one").path()).collect();
    folders.sort();
    folders.into_iter().map(|folder| folder.join("broken"))
}

#[test]
fn without_faults_the_system_is_the_same() {
    let plain = input("  intents: [{schedulable: {target: web}}]\n");
    let none = with(plain.clone(), FaultKind::Crash, 0);
    for granularity in [Granularity::Fine, Granularity::Fused] {
        let text =
            |loaded: &Loaded| format!("{:?}", assemble(&loaded.cluster, granularity).expect("it can be modelled"));
        assert_eq!(text(&plain), text(&none));
    }
}

#[test]
fn only_what_happens_is_marked_and_it_has_a_budget() {
    let loaded = with(input("  intents: [{schedulable: {target: web}}]\n"), FaultKind::Stall, 1);
    let system = fine(&loaded);
    let marked: Vec<_> = system.rules.iter().filter(|rule| rule.fault.is_some_and(|mark| mark.happens)).collect();
    assert_eq!(marked.len(), 1, "the watch of one controller");
    let budgets = |role: Role| role == Role::Budget;
    assert!(marked[0].updates.iter().any(|&(var, _)| budgets(system.vars[var.index()].role)));
    assert_eq!(marked[0].reason, "WatchStalled");
}

/// kubernetes#129795: up to 1.35 expectations end after five minutes, and pods that are there are created once more.
#[test]
fn a_watch_that_stalls_doubles_pods_up_to_1_35_and_not_from_1_36_on() {
    let with_release = |release: &str, gates: &str| {
        let intents = "  intents: [{always: \"pods.size() <= 2\"}, {schedulable: {target: web}}, noOscillation]\n";
        let scenario = format!(
            "  kubernetesVersion: \"{release}\"\n  featureGates: {{{gates}}}\n  faults: {{stall: 1}}\n{intents}"
        );
        words(&input(&scenario))
    };
    assert_eq!(with_release("1.35", ""), ["violated", "holds", "holds"]);
    assert_eq!(with_release("1.36", ""), ["holds", "holds", "holds"]);
    let off = with_release("1.36", "StaleControllerConsistencyReplicaSet: false");
    assert_eq!(off, ["violated", "holds", "holds"]);
    let merely_late = "  faults: {stale: 2}\n  intents: [{always: \"pods.size() <= 2\"}]\n";
    assert_eq!(words(&input(merely_late)), ["holds"], "expectations end after five minutes only");
}

/// kubernetes#130103: a Job that is complete is not seen to be, its pod no longer counts, and another one is created, once.
#[test]
fn a_job_that_is_seen_late_runs_again_once_up_to_1_35() {
    let decide = |release: &str, fault: &str, most: usize| {
        let scenario = format!(
            "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  kubernetesVersion: \"{release}\"\n  nodes: [{{name: worker, count: 1, \
             template: {{allocatable: {{cpu: \"4\", memory: 8Gi}}}}}}]\n  timing: interleaved\n  faults: {{{fault}}}\n  intents:\n  - always: \
             \"workloads['once'].status.succeeded < 2 || pods.size() <= {most}\"\n"
        );
        let job = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: once}\nspec:\n  completions: 2\n  parallelism: 2\n  template:\n    \
                   metadata: {labels: {app: once}}\n    spec:\n      restartPolicy: Never\n      containers: [{name: c, image: c, \
                   resources: {requests: {cpu: 100m}}}]\n";
        let text = Text { name: "input".into(), text: format!("{job}---\n{scenario}") };
        words(&load_with(&[], &[text]).expect("readable"))
    };
    assert_eq!(decide("1.35", "stall: 1", 0), ["violated"]);
    assert_eq!(decide("1.35", "stale: 1", 0), ["violated"], "no duration passes for it");
    assert_eq!(decide("1.35", "stall: 1", 1), ["violated"], "both are created once more");
    assert_eq!(decide("1.35", "stall: 1", 2), ["holds"], "and no more than the Job wants at a time");
    assert_eq!(decide("1.36", "stall: 1", 0), ["holds"]);
    assert_eq!(decide("1.35", "", 0), ["holds"]);
}

#[test]
fn a_run_says_which_step_is_a_fault_and_as_of_which_step_pods_are_read() {
    let loaded = input("  faults: {stall: 1}\n  intents: [{always: \"pods.size() <= 2\"}]\n");
    let (_, document) = decided(&loaded, explicitly());
    let violation = document.results[0].violation.as_ref().expect("a violation");
    let faults: Vec<&str> = violation.steps.iter().filter_map(|step| step.fault.as_deref()).collect();
    assert_eq!(faults, ["stall"]);
    let stalled = violation.steps.iter().position(|step| step.fault.is_some()).expect("a fault");
    let last = violation.steps.iter().rfind(|step| step.reason == "SuccessfulCreate").expect("pods are created");
    assert_eq!(last.reads_as_of, Some(stalled), "the state before the watch stalled");
    let text = human::render(&document, &human::Options::plain());
    assert!(text.contains("[fault: stall]"), "{text}");
    let words: Vec<&str> = text.split_whitespace().collect();
    let expected = format!("(reads pods as of step {stalled})");
    assert!(words.join(" ").contains(&expected), "{text}");
}

/// What is seen of pods while a watch delivers nothing is what they were, and nothing is kept when it goes on.
#[test]
fn a_view_is_the_state_in_which_the_watch_stalled() {
    let loaded = with(
        input("  events: [{scale: {target: web, replicas: 3}}]\n  intents: [{schedulable: {target: web}}]\n"),
        FaultKind::Stall,
        1,
    );
    let system = fine(&loaded);
    let by_name = |name: &str| {
        let found = system.dag.vars().iter().position(|var| var.name == name);
        VarId(found.unwrap_or_else(|| panic!("no {name}")) as u32).index()
    };
    let views: Vec<(usize, usize)> = system
        .dag
        .vars()
        .iter()
        .enumerate()
        .filter(|(_, var)| var.name.contains(" seen stall["))
        .map(|(view, var)| (view, by_name(&var.name.replace(" seen stall", ""))))
        .collect();
    assert!(views.len() >= 3, "pending, bound and running pods");
    let halted = by_name("watch stall replicaset-controller");
    let (mut stalls, mut differing) = (0, 0);
    for seed in 0..60 {
        let run = walk(&system, seed).trace;
        for (index, step) in run.steps.iter().enumerate() {
            let (before, after) = (run.state(index), &step.state);
            if before[halted] == 0 && after[halted] == 1 {
                stalls += 1;
                assert!(views.iter().all(|&(view, truth)| after[view] == before[truth]), "{}", step.rule);
            } else if after[halted] == 1 {
                assert!(views.iter().all(|&(view, _)| after[view] == before[view]), "{}", step.rule);
                differing += usize::from(views.iter().any(|&(view, truth)| after[view] != after[truth]));
            } else {
                assert!(views.iter().all(|&(view, _)| after[view] == 0), "{}", step.rule);
            }
        }
    }
    assert!(stalls > 10 && differing > 10, "{stalls} stalls, {differing} states in which the view differs");
}

#[test]
fn a_crash_between_two_requests_leaves_some_undone() {
    let loaded = with(input("  intents: [{schedulable: {target: web}}]\n"), FaultKind::Crash, 1);
    let system = fine(&loaded);
    let cut = system.rules.iter().find(|rule| rule.reason == "Crashed").expect("pods are created one by one");
    assert_eq!(cut.actor, "replicaset-controller");
    let pending = system.dag.vars().iter().position(|var| var.name == "pending[default/web]").expect("a count");
    let mut stepper = Stepper::new(&system).expect("small enough");
    let mut states = stepper.initial(16).expect("few states");
    let mut left: Vec<i64> = Vec::new();
    for _ in 0..3 {
        let moves: Vec<_> = states.iter().flat_map(|state| stepper.moves(state).expect("moves")).collect();
        left.extend(moves.iter().filter(|one| system.rules[one.rule].name == cut.name).map(|one| one.state[pending]));
        states = moves.into_iter().map(|one| one.state).collect();
    }
    assert_eq!(left, [1], "one of two");
}

/// kubernetes#135205: what is to be done again is kept in memory; an error is retried, a restart is not.
#[test]
fn pods_of_a_dead_node_stay_ready_after_a_restart_only() {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/c71/broken");
    let mut loaded = load(&[case], None).expect("a valid case");
    assert_eq!(words(&loaded), ["violated"]);
    loaded.cluster.faults[0].kind = FaultKind::ApiFault;
    assert_eq!(words(&loaded), ["holds"]);
    loaded.cluster.faults.clear();
    assert_eq!(words(&loaded), ["holds"]);
}

/// What a restart makes of what is kept in memory is what a new process begins with.
#[test]
fn a_restart_begins_countdowns_anew() {
    let failing = "      tolerations: [{key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, \
                   tolerationSeconds: 60}, {key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute}]\n";
    let web = EXAMPLE_WORKLOAD.replace("      containers:", &format!("{failing}      containers:"));
    let scenario = "---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 2, template: \
                    {allocatable: {cpu: \"16\", memory: 64Gi}}}]\n  workloads: [{target: web, startup: {seconds: 20}}]\n  events: \
                    [{nodeFailure: {}}]\n  faults: {crash: 1}\n  intents: [{schedulable: {target: web}}]\n";
    let text = Text { name: "input".into(), text: format!("{web}{scenario}") };
    let loaded = load_with(&[], &[text]).unwrap_or_else(|error| panic!("{error}"));
    let system = fine(&loaded);
    let timers: Vec<usize> = (0..system.dag.vars().len())
        .filter(|&var| system.dag.vars()[var].name.starts_with("toleration timer"))
        .collect();
    assert!(!timers.is_empty(), "countdowns are kept");
    let full = |var: usize| system.dag.vars()[var].sort.range().hi;
    let is_restart = |step: &Step| system.rule(&step.rule).is_some_and(|rule| rule.reason == "Restarted");
    let (mut restarts, mut begun) = (0, 0);
    for seed in 0..400 {
        let run = walk(&system, seed).trace;
        for (index, step) in run.steps.iter().enumerate().filter(|(_, step)| is_restart(step)) {
            restarts += 1;
            begun += usize::from(timers.iter().any(|&var| run.state(index)[var] < full(var)));
            assert!(timers.iter().all(|&var| step.state[var] == full(var)), "{}", step.rule);
        }
    }
    assert!(restarts > 5 && begun > 2, "{restarts} restarts, {begun} while a countdown ran");
}

/// The controller takes the error for a pod that is not there, and its late view shows none: seen on a control plane, too
/// (`docs/src/reproduced-faults.md`).
#[test]
fn an_answer_lost_on_a_late_view_makes_one_pod_too_many() {
    let asked = |release: &str, faults: &str, most: i64| {
        let scenario = format!(
            "  kubernetesVersion: \"{release}\"\n  faults: {{{faults}}}\n  intents: [{{always: \"pods.size() <= {most}\"}}]\n"
        );
        words(&input(&scenario)).remove(0)
    };
    for release in ["1.33", "1.36"] {
        assert_eq!(asked(release, "stale: 1, apiFault: 1", 2), "violated");
        assert_eq!(asked(release, "stale: 1, apiFault: 1", 3), "holds");
        assert_eq!(asked(release, "stale: 1, apiFault: 2", 3), "violated");
        assert_eq!(asked(release, "stale: 2", 2), "holds");
        assert_eq!(asked(release, "apiFault: 2", 2), "holds");
        assert_eq!(asked(release, "stale: 1, crash: 2, conflict: 2", 2), "holds");
    }
}

#[test]
fn whose_late_views_no_model_has_is_said() {
    let (_, document) = decided(&input("  faults: {stale: 1}\n  intents: [noOscillation]\n"), explicitly());
    let told = document.scope.assumptions.join("; ");
    assert!(told.contains("not modelled is what these do on pods that they see late: deployment-controller"), "{told}");
    assert!(!told.contains("replicaset-controller"), "{told}");
}

/// Without a restart the period counts what was added in it: what comes when it ends has a whole period before it.
#[test]
fn a_period_of_a_policy_begins_anew_with_the_next_rescale() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/c89/broken");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect(name);
    let busy =
        read("scenario.yaml").replace("load: {cpu: 200m}", "load: {cpu: 300m}").replace("count: 1..2", "count: 1");
    let busy = busy.replace("resources: [deploy.yaml, hpa.yaml]", "resources: []");
    let texts = [read("deploy.yaml"), read("hpa.yaml"), busy].map(|text| Text { name: "input".into(), text });
    let mut loaded = load_with(&[], &texts).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(words(&loaded), ["violated"]);
    loaded.cluster.faults.clear();
    assert_eq!(words(&loaded), ["holds"]);
}

/// Faults move the state and are gone: what is never reached without them is repaired after them.
#[test]
fn engines_agree_about_faults() {
    for kind in FaultKind::ALL {
        let scenario = "  events: [{scale: {target: web, replicas: 1}}]\n  intents: [{always: \"pods.size() <= 2\"}, {schedulable: {target: web}}]\n";
        let loaded = with(input(scenario), kind, 1);
        let clean = |verdicts: &[Verdict]| verdicts.iter().map(Verdict::is_clean).collect::<Vec<_>>();
        let (explicit, _) = decided(&loaded, explicitly());
        assert!(explicit.iter().all(|verdict| !verdict.is_undecided()), "{kind:?}");
        let symbolic = Options { engine: EngineChoice::Only(&symbolic::REGISTRATION), depth: Some(13), ..explicitly() };
        assert_eq!(clean(&explicit), clean(&decided(&loaded, symbolic).0), "{kind:?}");
    }
}

/// Every value stays within its range and every enabled rule changes something, whatever goes wrong.
#[test]
fn every_case_runs_under_every_kind_of_fault() {
    for folder in cases() {
        let loaded = load(std::slice::from_ref(&folder), None).expect("a valid case");
        // What is merely late cannot be asked for beside what stalls.
        for late in [FaultKind::Stale, FaultKind::Stall] {
            let mut faulty = with(loaded.clone(), late, 2);
            for kind in [FaultKind::Crash, FaultKind::Conflict, FaultKind::ApiFault] {
                faulty.cluster.faults.extend(with(loaded.clone(), kind, 2).cluster.faults);
            }
            let system = fine(&faulty);
            for seed in 0..2 {
                let run = walk(&system, seed);
                assert!(!run.trace.steps.is_empty(), "{} {late:?}", folder.display());
            }
        }
    }
}

#[test]
fn what_is_asked_for_is_checked() {
    let refused = |faults: &str| {
        let text = format!(
            "{EXAMPLE_WORKLOAD}---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{{name: n, count: 1}}]\n  faults: {faults}\n"
        );
        load_with(&[], &[Text { name: "input".into(), text }]).expect_err("it is refused").to_string()
    };
    assert!(refused("{crashes: 1}").contains("crashes"));
    assert!(refused("{crash: 17}").contains("16"));
    assert!(
        refused("{crash: {controllers: [kube-controller]}}")
            .contains("no controller or process is called `kube-controller`")
    );
    assert!(refused("{stale: 1, stall: 1}").contains("both `stale` and `stall`"));
}
