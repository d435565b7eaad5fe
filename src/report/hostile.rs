//! Names come from anywhere: no format may let them steer a terminal, become markup, or give orders to a CI system.

use super::document::Document;
use super::format::Style;
use super::formats::{self, REGISTRY};
use crate::engines::Statistics;
use crate::engines::explicit::inevitable::Inevitability;
use crate::manifest::{Loaded, Note, Severity};
use crate::search::scope::{Scope, Size};
use crate::search::{Findings, IntentResult, Systems, Verdict, Violation};
use crate::testing::tiny;
use crate::trace::testing::tiny_run;
use crate::trace::{Ending, Step};
use kubound_encodings::system::{Origin, Phrase};
use serde_json::Value;

/// Everything at once: colours and a title for the terminal, text that is reordered, a script, an annotation, a
/// second line that looks like one, the end of a fence, of a comment, of a CDATA section, of a table cell and of a
/// JSON string.
const NAME: &str = "a\u{1b}[31m\u{1b}]0;t\u{7}\u{9b}1m\u{202e}\u{fffe}</script><script>alert(1)</script><img src=x onerror=y>\n\
    ::error file=x::pwned\r\n##[error]pwned %0A``` --> ]]> | [x](javascript:y) \"'\\ %%{init}%% ; end";

fn document() -> Document {
    let (mut fine, _) = tiny();
    let hostile = || NAME.to_owned();
    let origin = Origin { object: hostile(), field: hostile() };
    fine.names.slots[0].name = hostile();
    fine.names.objects[0].name = hostile();
    let rule = &mut fine.rules[0];
    rule.name = format!("default-scheduler/bind/{NAME}/{NAME}");
    rule.actor = hostile();
    rule.sentence = vec![Phrase::Text(hostile())];
    rule.origins = vec![origin.clone()];
    let step = |step: &Step| Step { rule: fine.rules[0].name.clone(), ..step.clone() };
    let mut trace = tiny_run(5, Ending::Loop { start: 3 });
    trace.steps = trace.steps.iter().map(step).collect();
    let violation =
        Violation { trace, inevitability: Inevitability::Inevitable, nodes: 2, pods: 4, minimised: true, late: None };
    let result = |verdict| IntentResult {
        property: 0,
        intent: hostile(),
        target: Some(hostile()),
        headline: hostile(),
        origins: vec![origin.clone()],
        verdict,
        engine: "explicit".into(),
        statistics: Statistics::default(),
        fired: Vec::new(),
        rechecks: Vec::new(),
        rests: false,
        timing: kubound_encodings::cluster::Timing::Paced,
        beside: Vec::new(),
        unpaced: None,
        undrained: false,
        same_as: None,
        seconds: 0.25,
    };
    let verdicts = [Verdict::Violated(Box::new(violation)), Verdict::Unknown { why: hostile() }];
    let size = || Size { name: hostile(), count: hostile() };
    let scope = Scope { pools: vec![size()], assumptions: vec![hostile()], ..Scope::default() };
    let mut loaded = Loaded::default();
    loaded.cluster.name = hostile();
    loaded.notes.push(Note {
        severity: Severity::Risky,
        file: NAME.into(),
        document: 1,
        kind: crate::manifest::NoteKind::ALL[0],
        source: None,
        region: None,
        object: hostile(),
        field: hostile(),
        message: hostile(),
    });
    let findings = Findings {
        systems: Systems::of(fine.clone(), None),
        others: Vec::new(),
        scope,
        results: verdicts.into_iter().map(result).collect(),
        interrupted: false,
        seconds: 0.5,
    };
    Document::new(&loaded, &findings, 1, "solver".into())
}

fn render(name: &str) -> String {
    let format = formats::named(name).expect("a format");
    format.render(&[document()], &Style::plain()).expect("JSON")
}

#[test]
fn no_format_passes_on_characters_that_steer() {
    for format in REGISTRY {
        let text = render(format.name);
        let steering = |c: &char| (c.is_control() && *c != '\n') || ['\u{202e}', '\u{9b}'].contains(c);
        assert_eq!(text.chars().find(steering), None, "{}", format.name);
        assert!(text.contains("pwned"), "{}: the names are there", format.name);
    }
}

#[test]
fn json_keeps_names_as_they_are() {
    let report: Value = serde_json::from_str(&render("json")).expect("JSON");
    assert_eq!(report["results"][0]["target"], NAME);
    let lines: Vec<Value> = render("jsonl").lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.iter().map(|line| &line["type"]).collect::<Vec<_>>(), ["intent", "intent", "note", "summary"]);
}

#[test]
fn markup_is_never_made_of_names() {
    for name in ["junit", "markdown"] {
        let text = render(name);
        // Within a fence of Markdown, and nowhere else, markup is text.
        let outside: String = text.split("````").step_by(2).collect();
        for tag in ["<script", "<img", "</script"] {
            assert!(!outside.contains(tag), "{name}: {tag}");
        }
    }
}

#[test]
fn runners_obey_only_our_commands() {
    let text = render("github");
    let levels: Vec<&str> = text.lines().map(|line| line.split(' ').next().unwrap_or_default()).collect();
    assert_eq!(levels, ["::error", "::warning", "::warning"]);
    // Properties end at the first `::` behind them.
    for line in text.lines() {
        let (properties, _) = line[2..].split_once("::").expect("a command");
        assert!(properties.contains("title=Kubound%3A "), "{properties}");
    }
}

#[test]
fn sarif_messages_hold_no_links() {
    let log: Value = serde_json::from_str(&render("sarif")).expect("JSON");
    let text = log["runs"][0]["results"][0]["message"]["text"].as_str().expect("a text");
    assert!(text.contains("\\[x\\](javascript:y)"), "{text}");
}

#[test]
fn names_stay_inside_of_the_data_of_the_page() {
    let page = render("html");
    let (head, rest) = page.split_once("<script type=\"application/json\" id=\"data\">").expect("the data begins");
    let (data, tail) = rest.split_once("</script>").expect("the data ends");
    let report: Value = serde_json::from_str(data).expect("JSON");
    assert_eq!(report["results"][0]["target"], NAME);
    assert!(!data.contains('<') && !tail.contains("pwned"));
    let (title, _) = head.split_once("</title>").expect("a title");
    assert!(title.contains("&lt;script&gt;") && !head.contains("<script"));
}
