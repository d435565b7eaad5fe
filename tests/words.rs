//! Intents in words: what each word means, and where errors point. Violations are replayed by the search itself.

use kubound::engines::Cancel;
use kubound::engines::explicit;
use kubound::engines::symbolic;
use kubound::manifest::load_embedded;
use kubound::search::{EngineChoice, Options, Silent, Systems, check};
use kubound_encodings::explanation::EXAMPLE_WORKLOAD;
use std::process::Command;

fn files(spec: &str) -> [(String, String); 2] {
    let scenario = format!("apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n{spec}\n");
    [("web.yaml".into(), EXAMPLE_WORKLOAD.into()), ("scenario.yaml".into(), scenario)]
}

/// Verdicts about two pods of one CPU on a node of so many.
fn verdict(cpu: u32, more: &str, intent: &str) -> &'static str {
    let nodes =
        format!("  nodes: [{{name: worker, count: 1, template: {{allocatable: {{cpu: '{cpu}', memory: 8Gi}}}}}}]");
    let spec = format!("{nodes}\n{more}\n  intents:\n  - {intent}");
    let loaded = load_embedded("words", &files(&spec)).unwrap_or_else(|error| panic!("{intent}: {error}"));
    let options = Options::default();
    let systems = Systems::new(&loaded.cluster, options.granularity).expect("supported");
    let findings = check(&loaded.cluster, systems, &options, &Cancel::default(), &Silent).expect("no fault");
    assert_eq!(findings.results.len(), 1);
    findings.results[0].verdict.word()
}

#[test]
fn words_mean_what_they_say() {
    let two_ready = "workloads['web'].status.readyReplicas == 2";
    for (word, roomy, tight) in [
        ("eventually", "holds", "violated"),
        ("eventuallyAlways", "holds", "violated"),
        ("infinitelyOften", "holds", "violated"),
        ("always", "violated", "violated"),
    ] {
        let intent = format!("{word}: \"{two_ready}\"");
        assert_eq!((verdict(2, "", &intent), verdict(1, "", &intent)), (roomy, tight), "{intent}");
    }
}

#[test]
fn words_differ_where_they_should() {
    // A pod is pending at first and never again.
    let pending = "pods.exists(p, p.phase == 'pending')";
    assert_eq!(verdict(2, "", &format!("eventually: \"{pending}\"")), "holds");
    assert_eq!(verdict(2, "", &format!("infinitelyOften: \"{pending}\"")), "violated");
    assert_eq!(verdict(2, "", &format!("eventuallyAlways: \"!{pending}\"")), "holds");
    assert_eq!(verdict(2, "", &format!("always: \"!{pending}\"")), "violated");
    assert_eq!(verdict(2, "", &format!("always: \"!settled || !{pending}\"")), "holds");
    assert_eq!(verdict(1, "", &format!("always: \"!settled || !{pending}\"")), "violated");
}

#[test]
fn one_thing_leads_to_another() {
    let lead = |from: &str, to: &str| format!("leadsTo: [\"{from}\", \"{to}\"]");
    let pending = "pods.exists(p, p.phase == 'pending')";
    assert_eq!(verdict(2, "", &lead(pending, "pods.filter(p, p.ready).size() == 2")), "holds");
    assert_eq!(verdict(1, "", &lead(pending, "pods.filter(p, p.ready).size() == 2")), "violated");
    // What held before does not count: once both are ready, nobody is pending again.
    assert_eq!(verdict(2, "", &lead("pods.filter(p, p.ready).size() == 2", pending)), "violated");
    // At once is soon enough.
    assert_eq!(verdict(2, "", &lead("pods.size() == 2", "pods.size() == 2")), "holds");
}

#[test]
fn collections_range_over_what_is_there() {
    for (condition, word) in [
        ("pods.filter(p, p.node == 'worker-0').size() <= 2", "holds"),
        ("pods.filter(p, p.node == 'worker-0').size() <= 1", "violated"),
        ("nodes.all(n, pods.filter(p, p.node == n.name).size() <= 2)", "holds"),
        ("nodes.exists_one(n, n.ready && n.schedulable && n.pool == 'worker')", "holds"),
        ("nodes.size() == 1 && workloads.size() == 1 && hpas.size() == 0", "holds"),
        ("pods.all(p, p.owner == 'web' && p.namespace == 'default' && p.pool in ['', 'worker'])", "holds"),
        (
            "workloads.all(w, w.status.readyReplicas <= w.status.replicas && w.status.replicas <= w.spec.replicas)",
            "holds",
        ),
        ("!pods.exists_one(p, p.ready)", "violated"),
        ("(pods.size() > 0 ? workloads['web'].spec.replicas : 2) + 1 == 3 * 1", "holds"),
    ] {
        assert_eq!(verdict(2, "", &format!("always: \"{condition}\"")), word, "{condition}");
    }
}

#[test]
fn conditions_see_events() {
    let drain = "  events: [{drain: {}}]";
    assert_eq!(verdict(2, drain, "always: \"nodes.all(n, n.schedulable)\""), "violated");
    assert_eq!(verdict(2, drain, "always: \"pods.all(p, p.phase != 'terminating')\""), "violated");
    let failure = "  events: [{nodeFailure: {}}]";
    assert_eq!(verdict(2, failure, "always: \"nodes.all(n, n.ready)\""), "violated");
    assert_eq!(verdict(2, failure, "always: \"pods.all(p, p.phase != 'running' || p.ready)\""), "violated");
    let scale = "  events: [{scale: {target: web, replicas: 1}}]";
    assert_eq!(verdict(2, scale, "eventuallyAlways: \"workloads['web'].spec.replicas == 2\""), "violated");
}

/// Engines that know nothing of each other agree.
#[test]
fn engines_agree() {
    for intent in [
        "leadsTo: [\"pods.size() == 2\", \"pods.all(p, p.ready)\"]",
        "eventually: \"pods.filter(p, p.ready).size() == 2\"",
        "always: \"pods.filter(p, p.phase == 'scheduled').size() <= 1\"",
    ] {
        let spec = format!(
            "  nodes: [{{name: worker, count: 1, template: {{allocatable: {{cpu: '1', memory: 8Gi}}}}}}]\n  intents:\n  - {intent}"
        );
        let loaded = load_embedded("words", &files(&spec)).expect("read");
        let answer = |engine: EngineChoice| {
            let options = Options { engine, ..Options::default() };
            let systems = Systems::new(&loaded.cluster, options.granularity).expect("supported");
            let findings = check(&loaded.cluster, systems, &options, &Cancel::default(), &Silent).expect("no fault");
            findings.results[0].verdict.word()
        };
        let explicit = answer(EngineChoice::Only(&explicit::REGISTRATION));
        let symbolic = answer(EngineChoice::Only(&symbolic::REGISTRATION));
        assert!(
            explicit == symbolic || (explicit == "holds" && symbolic.starts_with("no violation")),
            "{intent}: {explicit}, {symbolic}"
        );
    }
}

#[test]
fn errors_point_into_the_expression() {
    for (line, place, message) in [
        ("- always: \"pods.all(p, p.redy)\"", "scenario.yaml:5:", "a pod has no field `redy`"),
        ("- id: x\n    eventually: nodes.size() > true", "scenario.yaml:6:", "this is a condition"),
        ("- always", "scenario.yaml:5:", "`always` without a condition"),
        ("- leadsTo: [\"true\"]", "scenario.yaml:5:", "1 condition"),
        ("- always: [\"true\"]", "scenario.yaml:5:", "found a list"),
    ] {
        let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("words");
        std::fs::create_dir_all(&folder).expect("a folder");
        let spec = format!(
            "  nodes: [{{name: worker, count: 1, template: {{allocatable: {{cpu: '2', memory: 8Gi}}}}}}]\n  intents: \n  {line}"
        );
        let spec = spec.replace("  intents: \n", "  intents:\n");
        for (name, text) in files(&spec) {
            std::fs::write(folder.join(name), text.replace("spec:\n  nodes", "spec: \n  nodes")).expect("written");
        }
        let output = Command::new(env!("CARGO_BIN_EXE_kubound"))
            .args(["verify", "."])
            .current_dir(&folder)
            .output()
            .expect("runs");
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(message), "{line}: {text}");
        let line_of =
            |text: &str| text.lines().find(|line| line.contains("-->")).map(str::to_owned).unwrap_or_default();
        assert!(line_of(&text).contains(".yaml:"), "{place} {text}");
    }
    let error = load_embedded("words", &files("  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: '2', memory: 8Gi}}}]\n  intents:\n  - always: \"pods.all(p, p.phase == 'runing')\"")).expect_err("a typing error");
    let region = error.region.expect("a place");
    // The line of the expression, and in it the text that no phase is called.
    assert_eq!((region.line, region.column, region.length), (6, 37, 8), "{error}");
}
