//! Runs on several machines: the parts are all of the whole and nothing twice, and put together they say what the whole says.

#[path = "shards/pipelines.rs"]
mod pipelines;

use kubound::manifest::load_embedded;
use kubound::shards::Plan;
use kubound_encodings::cluster::workload::Usage;
use kubound_encodings::cluster::{Cluster, Span, Start};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const KUBOUND: &str = env!("CARGO_BIN_EXE_kubound");

const DEPLOYMENTS: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, resources: {requests: {cpu: 100m}}}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api}
spec:
  replicas: 1
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec: {containers: [{name: app, resources: {requests: {cpu: 100m}}}]}
";

/// A cluster with these ranges: nodes of two pools, replicas of two Deployments, CPU that pods of the first use.
fn cluster(nodes: [Span; 2], replicas: [Span; 2], usage: Span, most_pods: i64) -> Cluster {
    let scenario = format!(
        "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes:\n  - {{name: a, count: {}}}\n  \
         - {{name: b, count: {}}}\n  bounds: {{pods: {most_pods}}}\n  workloads:\n  \
         - {{target: Deployment/default/web, replicas: {}, cpuUsage: {}m..{}m/50m}}\n  \
         - {{target: Deployment/default/api, replicas: {}}}\n  intents:\n  - noOscillation: {{}}\n  - schedulable: {{}}\n",
        nodes[0], nodes[1], replicas[0], usage.lo, usage.hi, replicas[1]
    );
    let files = [("scenario.yaml".to_owned(), scenario), ("all.yaml".to_owned(), DEPLOYMENTS.to_owned())];
    load_embedded("test", &files).unwrap_or_else(|error| panic!("{error:?}\n{}", files[0].1)).cluster
}

fn usage(cluster: &Cluster) -> Span {
    match cluster.workloads.iter().find(|workload| workload.reference.name == "web").map(|web| web.cpu_usage) {
        Some(Usage::PerPod(span) | Usage::Shared(span)) => span,
        _ => panic!("there is a usage"),
    }
}

/// Everything that is a range in [`cluster`].
fn ranges(cluster: &Cluster) -> [Span; 5] {
    let count = |index: usize| cluster.pools[index].count;
    let replicas = |index: usize| cluster.workloads[index].replicas;
    [count(0), count(1), replicas(0), replicas(1), usage(cluster)]
}

fn combinations(spans: &[Span]) -> Vec<Vec<i64>> {
    spans.iter().fold(vec![Vec::new()], |known, span| {
        known.iter().flat_map(|one| span.values().map(|value| [one.as_slice(), &[value]].concat())).collect()
    })
}

fn has(span: Span, value: i64) -> bool {
    span.values().any(|one| one == value)
}

fn span(lo: i64, more: i64, step: i64) -> Span {
    Span::new(lo, lo + more * step, step).expect("not empty")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_size_and_value_is_in_one_piece_of_each_intent_and_each_piece_in_one_shard(
        nodes in [(0i64..3, 0i64..5), (1i64..3, 0i64..3)],
        replicas in [(1i64..3, 0i64..6), (1i64..3, 0i64..3)],
        values in 0i64..4,
        most_pods in 5i64..40,
        shards in 1usize..12,
    ) {
        let spans = |ranges: [(i64, i64); 2]| ranges.map(|(lo, more)| span(lo, more, 1));
        let cluster = cluster(spans(nodes), spans(replicas), span(50, values, 50), most_pods);
        let plan = Plan::new(&cluster, shards);
        let pieces: Vec<(String, [Span; 5])> = plan
            .pieces
            .iter()
            .map(|piece| (piece.intent.clone(), ranges(&plan.narrowed(&cluster, piece))))
            .collect();
        for point in combinations(&ranges(&plan.whole(&cluster))) {
            for intent in ["noOscillation", "schedulable"] {
                let covers = |(own, spans): &&(String, [Span; 5])| {
                    own == intent && spans.iter().zip(&point).all(|(span, &value)| has(*span, value))
                };
                prop_assert_eq!(pieces.iter().filter(covers).count(), 1, "{} {:?}", intent, point);
            }
        }
        let mut numbers: Vec<usize> = (0..shards).flat_map(|shard| plan.of(shard)).map(|piece| piece.number).collect();
        numbers.sort_unstable();
        prop_assert_eq!(numbers, (1..=plan.pieces.len()).collect::<Vec<_>>());
        prop_assert_eq!(&plan, &Plan::new(&cluster, shards));
        // Sizes that the scenario's bound leaves out stay left out: a sum of numbers would not be bounded.
        let whole = ranges(&plan.whole(&cluster));
        let is_bounded = whole[2].hi + whole[3].hi > most_pods && whole[2..4].iter().any(|span| span.len() > 1);
        let is_sum = |(_, spans): &(String, [Span; 5])| spans[2..4].iter().all(|span| span.constant().is_some());
        prop_assert!(!is_bounded || !pieces.iter().any(is_sum));
        // Nobody asks about clusters without nodes alone.
        prop_assert!(pieces.iter().all(|(_, spans)| spans[0].hi + spans[1].hi > 0));
    }
}

#[test]
fn there_is_work_for_every_shard_and_none_has_much_more() {
    let cluster = cluster([span(1, 5, 1), span(1, 0, 1)], [span(1, 5, 1), span(1, 0, 1)], span(50, 9, 50), 40);
    for shards in [1, 2, 3, 5, 8, 13] {
        let plan = Plan::new(&cluster, shards);
        let load = |shard: usize| plan.of(shard).iter().map(|piece| piece.cost()).sum::<f64>();
        let loads: Vec<f64> = (0..shards).map(load).collect();
        let (least, most) = (loads.iter().copied().fold(f64::MAX, f64::min), loads.iter().copied().fold(0.0, f64::max));
        assert!(least > 0.0 && most <= 1.6 * least, "{shards}: {loads:?}");
    }
    assert_eq!(Plan::new(&cluster, 1).pieces.len(), 2, "one for each intent");
}

#[test]
fn a_range_that_is_a_value_for_each_node_is_not_divided() {
    let of = |count: &str| {
        let scenario = format!(
            "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes:\n  - name: a\n    count: {count}\n    \
             template: {{allocatable: {{cpu: \"1..8\"}}}}\n  intents:\n  - noOscillation: {{}}\n"
        );
        let files = [("scenario.yaml".to_owned(), scenario), ("all.yaml".to_owned(), DEPLOYMENTS.to_owned())];
        Plan::new(&load_embedded("test", &files).expect("a valid input").cluster, 4).pieces.len()
    };
    assert_eq!(of("2"), 1);
    assert!(of("1") >= 4);
}

/// From any state, controllers may have asked for other numbers of the range before.
#[test]
fn replicas_are_not_divided_where_runs_start_anywhere() {
    let mut cluster = cluster([Span::exactly(1); 2], [span(1, 7, 1), Span::exactly(1)], Span::exactly(100), 20);
    assert!(Plan::new(&cluster, 4).pieces.len() > 2);
    cluster.start = Start::Arbitrary;
    assert_eq!(Plan::new(&cluster, 4).pieces.len(), 2);
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// An empty folder.
fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("shards").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn kubound(arguments: &[&str]) -> Output {
    Command::new(KUBOUND)
        .args(arguments)
        .env_remove("GITHUB_ACTIONS")
        .env_remove("GITHUB_STEP_SUMMARY")
        .env("NO_COLOR", "1")
        .output()
        .expect("kubound runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Decides all shards of an input; the folder with their reports.
fn decided(name: &str, input: &str, shards: usize) -> PathBuf {
    let folder = scratch(name);
    for index in 1..=shards {
        let (part, file) = (format!("{index}/{shards}"), format!("json={}/{index}.json", folder.display()));
        let output = kubound(&["verify", input, "-q", "--shard", &part, "-o", &file]);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{}", said(&output));
    }
    folder
}

fn merge(folder: &Path, more: &[&str]) -> Output {
    kubound(&[&["merge", &folder.display().to_string()], more].concat())
}

/// What a report says, without what searches cost.
fn without_costs(output: &Output) -> String {
    let text = said(output);
    let lines = text.lines().filter(|line| !line.starts_with("  engine ") && !line.ends_with(" s"));
    lines.flat_map(|line| [line, "\n"]).collect()
}

#[test]
fn parts_put_together_say_what_the_whole_says() {
    // Violated at small sizes, holding, several intents without ranges, vacuous events, more than one pool.
    for input in ["cases/c2/broken", "cases/c8/fixed", "tests/fixtures/clock", "cases/c16/fixed", "cases/c12/broken"] {
        // Nobody looks for repairs of a part.
        let whole = kubound(&["verify", input, "--no-repairs"]);
        for shards in [1, 2, 3, 5] {
            let folder = decided("together", input, shards);
            let merged = merge(&folder, &[]);
            assert_eq!(merged.status.code(), whole.status.code(), "{input} in {shards}: {}", said(&merged));
            assert_eq!(verdicts(&merged), verdicts(&whole), "{input} in {shards}");
            if shards == 1 {
                assert_eq!(without_costs(&merged), without_costs(&whole), "{input}");
            }
        }
    }
}

/// The lines with verdicts, sizes of violations and what was checked.
fn verdicts(output: &Output) -> Vec<String> {
    const KEPT: [&str; 7] = ["error[", "race[", "holds[", "vacuous[", "unknown[", "  smallest cluster", "  checked"];
    let text = said(output);
    text.lines().filter(|line| KEPT.iter().any(|kept| line.starts_with(kept))).map(str::to_owned).collect()
}

/// Changes the reports in a folder: `change` is given the file and the report.
fn edit(folder: &Path, mut change: impl FnMut(&str, &mut Value)) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let file = entry.expect("an entry").path();
        let mut report: Value = serde_json::from_str(&fs::read_to_string(&file).expect("a report")).expect("JSON");
        change(&file.file_name().expect("a name").to_string_lossy(), &mut report);
        fs::write(&file, report.to_string()).expect("it can be written");
    }
}

/// What a merge says of the only intent when the answers about some pieces are changed, with its exit code.
fn told(name: &str, changes: &[(usize, &[(&str, Value)])]) -> (Option<i32>, Value) {
    let folder = decided(name, "cases/c8/fixed", 3);
    edit(&folder, |_, report| {
        for result in report["results"].as_array_mut().expect("results") {
            let number = result["piece"]["number"].as_u64().expect("a number") as usize;
            for (key, value) in changes.iter().filter(|(piece, _)| *piece == number).flat_map(|(_, keys)| *keys) {
                result[*key] = value.clone();
            }
            result["expected"] = Value::Null;
        }
    });
    let merged = merge(&folder, &["-o", "json"]);
    let report: Value = serde_json::from_slice(&merged.stdout).unwrap_or_else(|_| panic!("{}", said(&merged)));
    (merged.status.code(), report["results"][0].clone())
}

#[test]
fn one_piece_without_an_answer_leaves_the_intent_open() {
    let unknown = [("verdict", "unknown".into()), ("decided", false.into()), ("message", "out of time".into())];
    let (code, result) = told("unknown", &[(2, &unknown)]);
    assert_eq!((code, &result["verdict"]), (Some(3), &Value::from("unknown")));
    assert!(result["message"].as_str().expect("a message").starts_with("out of time (piece 2"), "{result}");
}

#[test]
fn a_bounded_answer_bounds_the_whole_and_a_narrow_timing_is_that_of_the_whole() {
    let bounded = |depth: i64| [("verdict", "bounded".into()), ("depth", depth.into())];
    let (code, result) = told("bounded", &[(1, &bounded(9)), (2, &bounded(4))]);
    assert_eq!((code, &result["verdict"], &result["depth"]), (Some(0), &"bounded".into(), &4.into()));
    let paced = [("timing", Value::from("paced")), ("beside", serde_json::json!([]))];
    let (_, result) = told("paced", &[(3, &paced)]);
    assert_eq!((&result["verdict"], &result["timing"]), (&"holds".into(), &"paced".into()));
    let answers: BTreeMap<&str, &str> = result["beside"]
        .as_array()
        .expect("an array")
        .iter()
        .map(|one| (one["timing"].as_str().expect("a word"), one["answer"].as_str().expect("a word")))
        .collect();
    assert_eq!(answers.get("interleaved"), Some(&"unknown"), "one piece does not know: {result}");
}

#[test]
fn only_what_is_vacuous_in_every_piece_is_vacuous() {
    let vacuous = [("verdict", Value::from("vacuous"))];
    assert_eq!(told("vacuous-one", &[(1, &vacuous)]).1["verdict"], "holds");
    let pieces = decided("count", "cases/c8/fixed", 3);
    let report: Value =
        serde_json::from_str(&fs::read_to_string(pieces.join("1.json")).expect("a report")).expect("JSON");
    let all: Vec<(usize, &[(&str, Value)])> = (1..=report["shard"]["pieces"].as_u64().expect("a number") as usize)
        .map(|piece| (piece, &vacuous[..]))
        .collect();
    assert_eq!(told("vacuous-all", &all).1["verdict"], "vacuous");
}

#[test]
fn what_does_not_fit_together_is_refused() {
    type Change = fn(&Path);
    let cases: [(&str, Change, &str); 9] = [
        ("gap", |folder| fs::remove_file(folder.join("2.json")).expect("removed"), "missing: shard 2 of 3"),
        ("twice", |folder| assert!(fs::copy(folder.join("2.json"), folder.join("4.json")).is_ok()), "both shard 2/3"),
        ("input", |folder| set(folder, "/shard/input", "0".into()), "the digest of the input"),
        ("flags", |folder| set(folder, "/shard/flags/0", "sizes other".into()), "sizes other"),
        ("number", |folder| set(folder, "/shard/shards", 4.into()), "the number of shards is 4"),
        ("version", |folder| set(folder, "/kubound", "0.0.1".into()), "was written by Kubound 0.0.1"),
        ("interrupted", |folder| set(folder, "/interrupted", true.into()), "shard 2/3 was interrupted"),
        ("piece", |folder| set(folder, "/shard/own/0/number", 1000.into()), "there is no piece 1000"),
        ("word", |folder| set(folder, "/results/0/verdict", "fine".into()), "`fine` is no word of a report"),
    ];
    let good = decided("good", "cases/c8/fixed", 3);
    for (name, change, expected) in cases {
        let folder = scratch(name);
        for index in 1..=3 {
            let file = format!("{index}.json");
            fs::copy(good.join(&file), folder.join(&file)).expect("copied");
        }
        assert_eq!(merge(&folder, &[]).status.code(), Some(0));
        change(&folder);
        let output = merge(&folder, &[]);
        assert_eq!(output.status.code(), Some(2), "{name}: {}", said(&output));
        let told = said(&output).replace('\n', " ");
        assert!(told.contains(expected) && told.contains("help: "), "{name}: {told}");
    }
    let output = merge(&scratch("empty"), &[]);
    assert!(output.status.code() == Some(2) && said(&output).contains("there is no report"), "{}", said(&output));
    let folder = scratch("whole");
    let file = format!("json={}/whole.json", folder.display());
    kubound(&["verify", "cases/c8/fixed", "-q", "-o", &file]);
    assert!(said(&merge(&folder, &[])).contains("a run without --shard"));
}

/// Sets a value of the report of the second shard.
fn set(folder: &Path, pointer: &str, value: Value) {
    edit(folder, |file, report| {
        if file == "2.json" {
            *report.pointer_mut(pointer).expect(pointer) = value.clone();
        }
    });
}

#[test]
fn pieces_without_clusters_are_no_answers_and_a_run_of_them_alone_is_refused() {
    let folder = scratch("assumed");
    let write = |least: &str| {
        let scenario = format!(
            "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  resources: [all.yaml]\n  nodes:\n  \
             - {{name: a, count: 1..4, template: {{allocatable: {{cpu: \"4\", memory: 8Gi}}}}}}\n  assume: [\"nodes.present >= {least}\"]\n  intents:\n  - schedulable: {{}}\n"
        );
        fs::write(folder.join("scenario.yaml"), scenario).expect("written");
        fs::write(folder.join("all.yaml"), DEPLOYMENTS).expect("written");
        decided("assumed-parts", &folder.display().to_string(), 3)
    };
    let merged = merge(&write("3"), &[]);
    assert_eq!(merged.status.code(), Some(0), "{}", said(&merged));
    assert!(said(&merged).contains("nodes.present >= 3") && said(&merged).contains("1..4 a"), "{}", said(&merged));
    let merged = merge(&write("5"), &[]);
    assert!(merged.status.code() == Some(2) && said(&merged).contains("nothing to check"), "{}", said(&merged));
}
