//! Reports of the command line against the published schemas of their formats.

use boon::{Compiler, Schemas};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

const VIOLATED: &str = "tests/fixtures/clock";
const HOLDS: &str = "cases/c8/fixed";

/// A folder that is emptied when the tests begin.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("reports");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder for the tests");
    folder
});

fn kubound(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubound"));
    command.args(arguments).env_remove("GITHUB_ACTIONS").env_remove("GITHUB_STEP_SUMMARY");
    command
}

/// What `verify` of `input` prints in a format.
fn report(input: &str, format: &str) -> String {
    let output = kubound(&["verify", "-q", input, "-o", format]).output().expect("kubound runs");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn validate(schema: &Path, report: &Value) {
    let text = std::fs::read_to_string(schema).expect("the schema is there");
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("https://test/schema", serde_json::from_str(&text).expect("JSON")).expect("a resource");
    let index = compiler.compile("https://test/schema", &mut schemas).expect("a schema");
    if let Err(error) = schemas.validate(report, index) {
        panic!("{error:#}");
    }
}

#[test]
fn the_published_schema_is_that_of_the_code() {
    let output = kubound(&["schema", "report"]).output().expect("kubound runs");
    let published = std::fs::read_to_string("schemas/report.schema.json").expect("the schema is there");
    let made = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(made == published, "run: kubound schema report > schemas/report.schema.json");
}

#[test]
fn json_follows_our_schema() {
    for input in [VIOLATED, HOLDS] {
        let report: Value = serde_json::from_str(&report(input, "json")).expect("JSON");
        validate(Path::new("schemas/report.schema.json"), &report);
    }
}

#[test]
fn scores_are_what_plugins_add_up_to_and_refusals_have_reasons() {
    let (mut scored, mut refused) = (0, 0);
    for input in ["cases/c8/broken", "cases/c44/broken", "tests/fixtures/html/many"] {
        let output = kubound(&["verify", "--no-repairs", "-q", input, "-o", "json"]).output().expect("kubound runs");
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let lists = |value: &'_ Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
        let steps = lists(&report, "results").into_iter().flat_map(|result| lists(&result["violation"], "steps"));
        for score in steps.flat_map(|step| lists(&step, "scores")) {
            let shares = lists(&score, "shares");
            match score["score"].as_i64() {
                None => assert!(!lists(&score, "refused").is_empty(), "{input}: {score}"),
                Some(total) if !shares.is_empty() => {
                    let sum: i64 = shares.iter().filter_map(|share| share["score"].as_i64()).sum();
                    assert_eq!(sum, total, "{input}: {score}");
                    scored += 1;
                }
                Some(_) => {}
            }
            refused += i64::from(score["score"].is_null());
        }
    }
    assert!(scored > 10 && refused > 0, "{scored} scores, {refused} refusals");
}

#[test]
fn variables_of_a_run_differ_in_their_words() {
    for input in ["cases/c8/broken", "cases/c44/broken", "cases/c70/broken", VIOLATED] {
        let output = kubound(&["verify", "--no-repairs", "-q", input, "-o", "json"]).output().expect("kubound runs");
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let variables = report["results"][0]["violation"]["variables"].as_array().expect("variables").clone();
        let words: Vec<&str> = variables.iter().filter_map(|one| one["words"].as_str()).collect();
        let distinct: std::collections::BTreeSet<&&str> = words.iter().collect();
        assert!(words.len() == variables.len() && distinct.len() == words.len(), "{input}: {words:?}");
        assert!(words.iter().all(|one| !one.contains('[') && !one.is_empty()), "{input}: {words:?}");
    }
}

#[test]
fn the_schema_refuses_what_is_no_report() {
    let mut report: Value = serde_json::from_str(&report(VIOLATED, "json")).expect("JSON");
    report["results"][0]["verdict"] = "perhaps".into();
    let refused = std::panic::catch_unwind(|| validate(Path::new("schemas/report.schema.json"), &report));
    assert!(refused.is_err());
}

#[test]
fn sarif_follows_the_schema_of_oasis() {
    for (input, results) in [(VIOLATED, true), (HOLDS, false)] {
        let log: Value = serde_json::from_str(&report(input, "sarif")).expect("JSON");
        validate(Path::new("tests/fixtures/schemas/sarif-2.1.0.json"), &log);
        assert_eq!(log["runs"][0]["results"][0].is_object(), results, "{input}");
    }
}

#[test]
fn a_result_of_sarif_has_a_rule_a_place_and_its_run() {
    let log: Value = serde_json::from_str(&report(VIOLATED, "sarif")).expect("JSON");
    let run = &log["runs"][0];
    let result = &run["results"][0];
    let rule = &run["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().expect("an index") as usize];
    assert_eq!((&rule["id"], rule["help"]["text"].is_string()), (&result["ruleId"], true));
    let uri = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert!(uri.as_str().is_some_and(|uri| uri.starts_with("tests/fixtures/clock/")), "{uri}");
    let steps = result["codeFlows"][0]["threadFlows"][0]["locations"].as_array().expect("steps");
    let json: Value = serde_json::from_str(&report(VIOLATED, "json")).expect("JSON");
    assert_eq!(Some(steps.len()), json["results"][0]["violation"]["steps"].as_array().map(Vec::len));
    assert!(steps.iter().all(|step| step["location"]["physicalLocation"]["region"]["startLine"].is_u64()));
}

#[test]
fn fingerprints_of_sarif_do_not_depend_on_lines_and_folders() {
    let moved = FOLDER.join("moved");
    std::fs::create_dir_all(&moved).expect("a folder");
    for file in std::fs::read_dir(VIOLATED).expect("the fixture is there") {
        let path = file.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("a text");
        std::fs::write(moved.join(path.file_name().expect("a name")), format!("# one more line\n\n{text}"))
            .expect("written");
    }
    let fingerprints = |input: &str| {
        let log: Value = serde_json::from_str(&report(input, "sarif")).expect("JSON");
        log["runs"][0]["results"][0]["partialFingerprints"].clone()
    };
    let here = fingerprints(VIOLATED);
    assert!(here["primaryLocationLineHash"].is_string());
    assert_eq!(here, fingerprints(&moved.to_string_lossy()));
}

#[test]
fn junit_follows_the_schema_of_jenkins() {
    for input in [VIOLATED, HOLDS] {
        let name = if input == VIOLATED { "violated.xml" } else { "holds.xml" };
        let file = FOLDER.join(name);
        std::fs::write(&file, report(input, "junit")).expect("written");
        let schema = "tests/fixtures/schemas/junit-10.xsd";
        let lint = Command::new("xmllint").args(["--noout", "--schema", schema]).arg(&file).output();
        let lint = lint.expect("xmllint runs; scripts/test installs it");
        assert!(lint.status.success(), "{}", String::from_utf8_lossy(&lint.stderr));
    }
}

#[test]
fn itf_traces_repeat_from_their_loop_on() {
    let trace: Value = serde_json::from_str(&report(VIOLATED, "itf")).expect("JSON");
    let vars: Vec<&str> = trace["vars"].as_array().expect("names").iter().filter_map(Value::as_str).collect();
    let states = trace["states"].as_array().expect("states");
    let start = trace["loop"].as_u64().expect("a lasso") as usize;
    for state in states {
        let named = state.as_object().expect("a record").keys().filter(|key| *key != "#meta").count();
        assert!(vars.iter().all(|var| state.get(var).is_some()) && named == vars.len());
    }
    // The state before the loop is the last one, but for how it was reached.
    let cluster = |index: usize| vars.iter().skip(4).map(|var| states[index][var].clone()).collect::<Vec<_>>();
    assert_eq!(cluster(start - 1), cluster(states.len() - 1));
}

#[test]
fn runners_of_github_get_annotations_and_a_summary() {
    let summary = FOLDER.join("summary.md");
    let mut command = kubound(&["verify", VIOLATED]);
    let output = command.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", &summary).output().expect("runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    // What people read is quoted, first the clean answer and then the violations with their annotations.
    let (_, rest) = text.split_once("error[boundedPods]").expect("a violation");
    let token = text[..text.len() - rest.len()].rsplit_once("::stop-commands::").expect("a quotation").1;
    let token = token.lines().next().expect("a line");
    let (told, commands) = rest.split_once(&format!("\n::{token}::\n")).expect("the quotation ends");
    assert!(text.starts_with("::stop-commands::") && told.contains("error[noOscillation]"));
    assert!(commands.starts_with("::error file=tests/fixtures/clock/"), "{commands}");
    let summary = std::fs::read_to_string(summary).expect("a summary");
    let diagram = summary.split("```mermaid\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a diagram");
    assert!(diagram.starts_with("sequenceDiagram\n") && diagram.chars().count() <= 5000);
    assert!(summary.contains("repeat forever"));
}

#[test]
fn several_reports_are_written_at_once() {
    let formats = ["json", "jsonl", "sarif", "junit", "github", "markdown", "itf", "html"];
    let file = |format: &str| FOLDER.join(format!("at-once.{format}"));
    let outputs: Vec<String> = formats.iter().map(|format| format!("{format}={}", file(format).display())).collect();
    let mut arguments = vec!["cases", "run", "c8/broken"];
    arguments.extend(outputs.iter().flat_map(|output| ["-o", output]));
    let output = kubound(&arguments).output().expect("kubound runs");
    assert!(String::from_utf8_lossy(&output.stdout).contains("violated: 2 nodes"));
    for format in formats {
        let text = std::fs::read_to_string(file(format)).expect("a report");
        assert!(text.contains("noOscillation"), "{format}");
    }
}

#[test]
fn reports_are_the_same_every_time_but_for_times() {
    // Threads search clusters of several sizes at once.
    let without_times = || {
        let arguments = ["cases", "run", "c8/broken", "--engine", "explicit", "-o", "json"];
        let output = kubound(&arguments).output().expect("kubound runs");
        let mut report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        report["seconds"] = 0.into();
        for result in report["results"].as_array_mut().expect("results") {
            assert!(result["statistics"]["states"].as_u64() > Some(0));
            result["seconds"] = 0.into();
        }
        report
    };
    assert!(without_times() == without_times());
}
