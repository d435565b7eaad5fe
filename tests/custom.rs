//! Operators of rules files, decided by engines that know nothing of each other.

use kubound::engines::{Cancel, explicit, symbolic};
use kubound::manifest::load_embedded;
use kubound::search::{EngineChoice, Findings, Options, Silent, Systems, Verdict, check};
use std::time::Duration;

/// The operator of zookeeper-operator issue 513; it scales up whether the volumes of a former size are gone or not.
const ZOOKEEPER: &str = "apiVersion: kubound.dev/v1alpha1
kind: CustomController
metadata: {name: zookeeper-operator}
spec:
  resource: {kind: ZookeeperCluster, name: zookeeper, spec: {replicas: 1}}
  owns:
    sts: {kind: StatefulSet, fields: {replicas: 0..2}}
    pod: {kind: Pod, count: 2, fields: {ready: bool}}
    pvc: {kind: PersistentVolumeClaim, count: 2, fields: {stale: bool}}
  reconcile:
  - do: {create: sts, set: {replicas: cr.spec.replicas}}
  - when: \"true\"
    do: {update: sts, set: {replicas: cr.spec.replicas}}
  - when: \"pod.filter(p, p.ready).size() == cr.spec.replicas\"
    do: {delete: pvc, which: each.ordinal >= cr.spec.replicas}
  others:
  - {by: statefulset-controller, do: {create: pvc, which: each.ordinal < sts.replicas}}
  - {by: statefulset-controller, do: {create: pod, which: \"pvc.exists(p, p.ordinal == each.ordinal) && each.ordinal < sts.replicas\"}}
  - {by: statefulset-controller, do: {delete: pod, which: each.ordinal >= sts.replicas}}
  - {by: zookeeper, do: {update: pvc, which: each.ordinal >= sts.replicas, set: {stale: true}}}
  - {by: kubelet, do: {update: pod, which: \"pvc.exists(p, p.ordinal == each.ordinal && !p.stale)\", set: {ready: true}}}
";

const SCALED: &str = "
  events:
  - {edit: {target: zookeeper, set: {replicas: 2}}, id: up}
  - {edit: {target: zookeeper, set: {replicas: 1}}, id: down, after: up}
  - {edit: {target: zookeeper, set: {replicas: 2}}, id: again, after: down}
  intents: [{eventuallyAlways: \"custom['zookeeper'].owns.pod.filter(p, p.ready).size() == custom['zookeeper'].spec.replicas\"}]
";

fn decide(rules: &str, spec: &str, engine: EngineChoice) -> Findings {
    let scenario = format!("apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  timing: delayed{spec}");
    let files = [("rules.yaml".to_owned(), rules.to_owned()), ("scenario.yaml".to_owned(), scenario)];
    let loaded = load_embedded("operator", &files).expect("readable");
    let time = Duration::from_secs(300);
    let options = Options { engine, timeout: time, minimise: time, beside: time, both: false, ..Options::default() };
    let systems = Systems::new(&loaded.cluster, options.granularity).expect("a system");
    check(&loaded.cluster, systems, &options, &Cancel::default(), &Silent).expect("no fault")
}

fn verdict(rules: &str, spec: &str) -> Verdict {
    decide(rules, spec, EngineChoice::Only(&explicit::REGISTRATION)).results.remove(0).verdict
}

/// A small operator with these entries.
fn small(reconcile: &str, others: &str) -> String {
    format!(
        "apiVersion: kubound.dev/v1alpha1\nkind: CustomController\nmetadata: {{name: operator}}\nspec:\n  resource: {{kind: App, name: app, spec: {{size: 1}}}}\n  owns: {{map: {{kind: ConfigMap, fields: {{size: 0..2}}}}}}\n  memory: {{done: bool}}\n  reconcile: [{reconcile}]\n  others: [{others}]\n"
    )
}

fn always(condition: &str) -> String {
    format!("\n  events: [{{edit: {{target: app, set: {{size: 1..3}}}}}}]\n  intents: [{{always: \"{condition}\"}}]\n")
}

fn ends(condition: &str) -> String {
    always(condition).replace("always", "eventuallyAlways")
}

#[test]
fn an_operator_that_scales_up_too_early_is_stuck_and_one_that_waits_is_not() {
    for engine in [&explicit::REGISTRATION, &symbolic::REGISTRATION] {
        let found = decide(ZOOKEEPER, SCALED, EngineChoice::Only(engine)).results.remove(0).verdict;
        assert!(matches!(found, Verdict::Violated(_)), "{found:?}");
    }
    let waits = "when: \"!pvc.exists(p, p.ordinal >= sts.replicas)\"";
    let fixed = ZOOKEEPER.replace("when: \"true\"", waits).replace(
        "delete: pvc, which: each.ordinal >= cr.spec.replicas",
        "delete: pvc, which: each.ordinal >= sts.replicas",
    );
    let fixed = fixed.replace("p.ready).size() == cr.spec.replicas", "p.ready).size() == sts.replicas");
    let found = verdict(&fixed, SCALED);
    assert!(matches!(found, Verdict::Holds { .. }), "{found:?}");
}

#[test]
fn the_first_entry_that_applies_acts_and_what_changes_nothing_does_not_apply() {
    let rules =
        small("{do: {create: map, set: {size: 1}}}, {do: {update: map, set: {size: 1}}}, {remember: {done: true}}", "");
    let size = "custom['app'].owns.map.size";
    assert!(matches!(
        verdict(&rules, &ends(&format!("custom['app'].memory.done && {size} == 1"))),
        Verdict::Holds { .. }
    ));
    // The last entry waits for the first.
    let done = "!custom['app'].memory.done || custom['app'].owns.map.exists";
    assert!(matches!(verdict(&rules, &always(done)), Verdict::Holds { .. }));
    // One that stops keeps those behind it from acting.
    let stopped = small("{stop: broken}, {do: {create: map}}", "");
    assert!(matches!(
        verdict(&stopped, &always("!custom['app'].owns.map.exists")),
        Verdict::Holds { .. } | Verdict::Vacuous { .. }
    ));
    let other = small("{when: cr.spec.size == 1, stop: broken}, {do: {create: map}}", "");
    assert!(matches!(verdict(&other, &always("!custom['app'].owns.map.exists")), Verdict::Violated(_)));
}

#[test]
fn a_value_outside_of_its_field_is_refused() {
    // The map takes 2 at most, and users ask for 3.
    let rules = small("{do: {create: map}}, {do: {update: map, set: {size: cr.spec.size}}}", "");
    let asked = ends("custom['app'].owns.map.size == custom['app'].spec.size");
    assert!(matches!(verdict(&rules, &asked), Verdict::Violated(_)));
    let two = asked.replace("1..3", "1..2");
    assert!(matches!(verdict(&rules, &two), Verdict::Holds { .. }));
}

#[test]
fn two_who_undo_each_others_work_oscillate() {
    let rules = small("{do: {create: map}}", "{by: cleaner, do: {delete: map}}");
    let quiet = "\n  intents: [noOscillation]\n";
    assert!(matches!(verdict(&rules, quiet), Verdict::Violated(_)));
    // What is only remembered is no part of the cluster.
    let forgetful = small("{do: {create: map}}, {remember: {done: \"!memory.done\"}}", "");
    assert!(matches!(verdict(&forgetful, quiet), Verdict::Holds { .. }));
}

#[test]
fn a_crash_loses_what_is_remembered_and_nothing_else_does() {
    let rules = include_str!("../cases/c82/broken/operator.yaml");
    let spec = "
  start: settled
  events: [{edit: {target: rabbit, set: {storage: 2}}}]
  intents: [{eventuallyAlways: \"custom['rabbit'].owns.pvc.size == custom['rabbit'].spec.storage\"}]
";
    assert!(matches!(verdict(rules, spec), Verdict::Holds { .. }));
    let crashes = format!("\n  faults: {{crash: 1}}{spec}");
    assert!(matches!(verdict(rules, &crashes), Verdict::Violated(_)));
}
