use super::*;
use crate::engines::Statistics;
use crate::engines::explicit::inevitable::Inevitability;
use crate::manifest::{ExpectedVerdict, Loaded};
use crate::report::document::Document;
use crate::report::format::{Format, Style};
use crate::report::formats::{self, REGISTRY};
use crate::report::nodes::ScoreDocument;
use crate::report::origin::OriginDocument;
use crate::report::repairs::{EditDocument, FieldChangeDocument, RepairDocument, RepairsDocument};
use crate::report::scene::{SceneDocument, WaitDocument};
use crate::report::{json, markdown, sarif};
use crate::search::scope::Scope;
use crate::search::{Findings, IntentResult, Systems, Verdict, Violation};
use crate::testing::tiny;
use crate::trace::Ending;
use crate::trace::testing::tiny_run;
use kubound_encodings::cluster::Timing;

const PLAIN: Options = Options::plain();

fn document(verdict: Verdict, target: &str) -> Document {
    let (fine, _) = tiny();
    let result = IntentResult {
        property: 0,
        intent: "noOscillation".into(),
        target: Some(target.into()),
        headline: fine.properties[0].headline.clone(),
        origins: fine.properties[0].origins.clone(),
        verdict,
        engine: "explicit".into(),
        statistics: Statistics { states: 12, ..Statistics::default() },
        fired: Vec::new(),
        same_as: None,
        rechecks: Vec::new(),
        rests: false,
        timing: Timing::Interleaved,
        beside: Vec::new(),
        unpaced: None,
        undrained: false,
        seconds: 0.25,
    };
    let systems = Systems::of(fine, None);
    let findings = Findings {
        systems,
        others: Vec::new(),
        scope: Scope::default(),
        results: vec![result],
        interrupted: false,
        seconds: 0.25,
    };
    let mut loaded = Loaded::default();
    loaded.expect.insert("noOscillation".into(), ExpectedVerdict::Holds);
    Document::new(&loaded, &findings, 1, "solver".into())
}

fn violated(steps: i64, ending: Ending) -> Verdict {
    Verdict::Violated(Box::new(Violation {
        trace: tiny_run(steps, ending),
        inevitability: Inevitability::Possible { step: 1 },
        nodes: 2,
        pods: 4,
        minimised: true,
        late: None,
    }))
}

#[test]
fn a_violation_tells_where_how_small_and_how_it_ends() {
    let text = render(&document(violated(6, Ending::Loop { start: 4 }), "Deployment/default/web"), &PLAIN);
    let expected = "\
error[noOscillation]: pods come and go forever
  expected: holds
--> Deployment/default/web spec.replicas
 = note: the intent
  smallest cluster: 2 nodes, 4 pods
  steps 1-4     default-scheduler  Scheduled  4 pods of web scheduled: 4 on spot-0
+-- loop -------------------------------
| step 5        default-scheduler  Scheduled  web to spot-0, 4 before, 5 after
| step 6        default-scheduler  Scheduled  web to spot-0, 5 before, 6 after
+-- back to step 5
  loop          steps 5 to 6 repeat forever; fair to every controller; depends on the choice made
                at step 2
  engine explicit, 12 states, 0.25 s
";
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn verbose_tells_every_step_with_its_scores() {
    let options = Options { verbose: true, ..PLAIN };
    let scored = |steps: usize| {
        let mut document = document(violated(steps as i64, Ending::Bad), "x");
        let violation = document.results[0].violation.as_mut().expect("it is violated");
        let score = |node: &str, score, chosen| ScoreDocument {
            node: node.into(),
            score,
            chosen,
            refused: Vec::new(),
            shares: Vec::new(),
        };
        violation.steps[steps - 1].scores =
            vec![score("spot-0", Some(8), true), score("spot-1", Some(3), false), score("spot-2", None, false)];
        document
    };
    let text = render(&scored(6), &options);
    assert!(!text.contains("steps 1-"), "{text}");
    assert!(text.contains("scores: spot-0 8, spot-1 3\n"), "{text}");
    assert!(render(&scored(3), &PLAIN).contains("(score 8; spot-1"));
}

#[test]
fn quiet_is_one_line_an_intent() {
    let options = Options { quiet: true, ..PLAIN };
    let text =
        render(&document(Verdict::Holds { method: "search", proof: Vec::new() }, "Deployment/default/web"), &options);
    assert_eq!(
        text,
        "holds[noOscillation]: Deployment/default/web: no run violates it, at any depth, under any timing\n  (search)\n"
    );
}

#[test]
fn names_from_the_input_cannot_steer_the_terminal() {
    let text = render(&document(Verdict::Unknown { why: "a\u{1b}[2Jb".into() }, "web\u{7}\nfake: holds"), &PLAIN);
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
    assert!(!text.lines().any(|line| line.starts_with("fake")), "{text}");
}

#[test]
fn a_bounded_answer_says_what_it_leaves_out() {
    let text = render(&document(Verdict::BoundedClean { depth: 9, asked: false }, "x"), &PLAIN);
    assert!(text.contains("no violation up to depth 9, under any timing; longer"), "{text}");
}

#[test]
fn json_is_versioned_and_starts_with_it() {
    let text =
        json::FORMAT.render(&[document(violated(2, Ending::Stays), "x")], &Style::plain()).expect("serialisable");
    assert!(text.starts_with("{\n  \"apiVersion\": \"kubound.dev/v1alpha1\",\n  \"kind\": \"Report\""), "{text}");
    let value: serde_json::Value = serde_json::from_str(&text).expect("valid");
    assert_eq!(value["results"][0]["violation"]["steps"][1]["reason"], "Scheduled");
    assert_eq!(value["results"][0]["violation"]["needsChoiceAt"], 2);
}

#[test]
fn the_last_line_counts_answers() {
    let mut document = document(violated(2, Ending::Stays), "x");
    assert!(render(&document, &PLAIN).ends_with("1 violated, 0.2 s\n"), "{}", render(&document, &PLAIN));
    document.results[0].expected = Some("violated");
    assert!(render(&document, &PLAIN).ends_with("1 violated as expected, 0.2 s\n"), "{}", render(&document, &PLAIN));
    document.results[0].expected = None;
    let (violated, mut holds) = (document.results[0].clone(), document.results[0].clone());
    (holds.verdict, holds.violation) = ("holds", None);
    let unknown = IntentDocument { verdict: "unknown", ..holds.clone() };
    document.results = vec![holds.clone(), violated, unknown, holds];
    let text = render(&document, &PLAIN);
    assert_eq!(text.lines().last(), Some("1 violated, 1 unknown, 2 hold, 0.2 s"), "{text}");
    let quiet = render(&document, &Options { quiet: true, ..PLAIN });
    assert!(!quiet.contains("2 hold"), "{quiet}");
}

#[test]
fn formats_that_are_written_as_answers_come_in_are_whole_in_the_end() {
    let document = document(violated(2, Ending::Stays), "x");
    for format in REGISTRY {
        let whole = format.render(std::slice::from_ref(&document), &Style::plain()).expect("JSON");
        let mut pieces = String::new();
        for result in &document.results {
            pieces += &format.some(&document.name, &[result], &Style::plain()).expect("JSON").unwrap_or_default();
        }
        pieces += &format.rest(std::slice::from_ref(&document), &Style::plain()).expect("JSON");
        assert_eq!(whole, pieces, "{}", format.name);
    }
    let comes =
        |name: &str| formats::named(name).expect("a format").some("x", &[&document.results[0]], &Style::plain());
    for (name, expected) in [("human", true), ("jsonl", true), ("github", true), ("json", false), ("sarif", false)] {
        assert_eq!(comes(name).expect("JSON").is_some(), expected, "{name}");
    }
}

fn change(field: &str, before: &str, after: &str) -> FieldChangeDocument {
    FieldChangeDocument {
        object: "PodDisruptionBudget/default/web".into(),
        field: format!("spec.{field}"),
        way: "moved",
        before: before.into(),
        after: after.into(),
        why: "so many pods must stay".into(),
        file: "pdb.yaml".into(),
        line: 2,
        column: 3,
        end_column: Some(4),
        edits: vec![EditDocument {
            file: "pdb.yaml".into(),
            line: 2,
            column: 3,
            end_line: 2,
            end_column: 4,
            text: after.into(),
        }],
        source: Some("spec:\n  2\n".into()),
    }
}

fn repaired(found: Vec<RepairDocument>) -> IntentDocument {
    let mut result = document(violated(2, Ending::Stays), "x").results.remove(0);
    result.repairs_follow = true;
    result.blame(RepairsDocument { found, known: 9, tried: 9, ..RepairsDocument::default() });
    result
}

#[test]
fn the_best_repair_is_to_blame_and_others_are_listed() {
    let repair = |changes, also, mends| RepairDocument { changes, also, instead: Vec::new(), mends };
    let first =
        repair(vec![change("minAvailable", "2", "1")], vec![0], vec!["a".into(), "b".into(), "c".into(), "d".into()]);
    let second = repair(vec![change("a", "", "a: 1"), change("b", "b: 2", "")], Vec::new(), Vec::new());
    let result = repaired(vec![first, second]);
    assert_eq!(result.origins[0].why.as_deref(), Some("so many pods must stay"));
    let text = repairs::texts(&[&result], &PLAIN);
    assert!(text.starts_with("help[noOscillation x]: any one of 2 changes repairs it"), "{text}");
    assert_eq!(text.matches("so many pods must stay\n").count(), 3, "{text}");
    assert!(text.contains('^') && !text.contains("the intent"), "{text}");
    assert!(text.contains("pdb.yaml:2  minAvailable: 2 -> 1 (or 0)\n"), "{text}");
    assert!(text.contains("repairs as well: a, b, c, and 1 more\n"), "{text}");
    assert!(text.contains("or      pdb.yaml:2, pdb.yaml:2  "), "{text}");
    assert!(
        !one(&result, &PLAIN).contains("the intent")
            && one(&result, &Options { verbose: true, ..PLAIN }).contains("the intent")
    );
}

#[test]
fn where_nothing_repairs_it_what_the_end_waits_for_is_to_blame() {
    let field = OriginDocument { why: None, ..OriginDocument::from(&change("minAvailable", "2", "1")) };
    let wait = |text: &str, follows| WaitDocument {
        actor: "kubectl".into(),
        reason: "DisruptionBudget".into(),
        text: text.into(),
        origins: vec![field.clone()],
        follows,
        object: None,
        what: String::new(),
    };
    let mut result = document(violated(2, Ending::Stays), "x").results.remove(0);
    let waits = vec![wait("who goes after others", true), wait("the budget allows nobody", false)];
    result.violation.as_mut().expect("it is violated").scene =
        Some(SceneDocument { waits, ..SceneDocument::default() });
    result.blame(RepairsDocument { known: 9, tried: 9, ..RepairsDocument::default() });
    assert_eq!(result.origins[0].acts.as_deref(), Some("the budget allows nobody"));
    let text = one(&result, &PLAIN);
    assert!(text.contains("^ the budget allows nobody"), "{text}");
    assert!(!text.contains("the intent"), "{text}");
}

#[test]
fn where_nothing_repairs_it_says_so_and_what_the_actors_read_stays_behind_a_flag() {
    let result = repaired(Vec::new());
    let text = repairs::texts(&[&result], &PLAIN);
    assert!(text.starts_with("help[noOscillation x]: no single change helps, of 9 known\n"), "{text}");
    assert!(!text.contains("the intent"), "{text}");
    assert!(repairs::texts(&[&result], &Options { verbose: true, ..PLAIN }).contains("the intent"));
    assert_eq!(result.origins, document(violated(2, Ending::Stays), "x").results[0].origins);
}

#[test]
fn one_help_is_enough_for_what_is_alike() {
    let repair = |after: &str| RepairDocument {
        changes: vec![change("minAvailable", "2", after)],
        also: Vec::new(),
        instead: Vec::new(),
        mends: Vec::new(),
    };
    let named = |target: &str, after: &str| {
        let mut one = document(violated(2, Ending::Loop { start: 0 }), target).results.remove(0);
        one.blame(RepairsDocument { found: vec![repair(after)], known: 9, tried: 9, ..RepairsDocument::default() });
        one
    };
    let first = named("x", "1");
    let (same, different) = (named("y", "1"), named("z", "0"));
    assert!(cause::is_alike(&first, &same), "one cause");
    let text = repairs::texts(&[&first, &same, &different], &PLAIN);
    assert_eq!(text.matches("help[").count(), 2, "{text}");
    assert!(text.contains("also    the same for noOscillation y (pdb.yaml:2)\n"), "{text}");
}

#[test]
fn other_formats_have_repairs_as_well() {
    let repair = RepairDocument {
        changes: vec![change("minAvailable", "2", "1")],
        also: Vec::new(),
        instead: Vec::new(),
        mends: Vec::new(),
    };
    let mut report = document(violated(2, Ending::Stays), "x");
    report.results = vec![repaired(vec![repair])];
    let text = |format: &Format| format.render(std::slice::from_ref(&report), &Style::plain()).expect("serialisable");
    let sarif: serde_json::Value = serde_json::from_str(&text(&sarif::FORMAT)).expect("JSON");
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["locations"][0]["physicalLocation"]["region"]["startLine"], 2);
    let replacement = &result["fixes"][0]["artifactChanges"][0]["replacements"][0];
    assert_eq!(replacement["insertedContent"]["text"], "1");
    assert_eq!(replacement["deletedRegion"]["endColumn"], 4);
    assert!(text(&markdown::FORMAT).contains("- pdb.yaml:2: minAvailable: 2 -&gt; 1\n"), "{}", text(&markdown::FORMAT));
}
