//! The report as SARIF 2.1.0, for code scanning: a result for each violated intent, its run as a code flow whose steps
//! point at the objects they stem from, and everything undecided or not modelled as a notification.

use super::document::{Document, IntentDocument, Outcome, ViolationDocument};
use super::format::{Format, Style, Writing, pretty};
use super::human;
use super::narrate::ToldStep;
use super::origin::OriginDocument;
use super::places::uri;
use super::repairs::{EditDocument, RepairDocument};
use crate::explain;
use crate::limits::report::MOST_FLOW;
use crate::text::neutralise;
use serde_json::{Value, json};
use std::path::Path;

/// The format.
pub const FORMAT: Format = Format {
    name: "sarif",
    summary: "SARIF 2.1.0, for code scanning and editors",
    takes_several: true,
    writing: Writing::Whole(render),
};

/// The schema that a report follows.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

fn render(documents: &[Document], style: &Style) -> serde_json::Result<String> {
    let writer = Writer { style, root: style.root.as_deref() };
    let runs: Vec<Value> = documents.iter().map(|document| writer.run(document)).collect();
    let log = json!({ "$schema": SCHEMA, "version": "2.1.0", "runs": runs });
    pretty(&log)
}

struct Writer<'a> {
    style: &'a Style,
    root: Option<&'a Path>,
}

impl Writer<'_> {
    fn run(&self, document: &Document) -> Value {
        let mut ids: Vec<&str> = Vec::new();
        for result in &document.results {
            if !ids.contains(&rule_id(result)) {
                ids.push(rule_id(result));
            }
        }
        let results: Vec<Value> = document
            .results
            .iter()
            .filter_map(|result| {
                let rule = ids.iter().position(|id| *id == rule_id(result))?;
                Some(self.result(document, result, result.violation.as_ref()?, rule))
            })
            .collect();
        json!({
            "tool": { "driver": {
                "name": "Kubound",
                "semanticVersion": document.kubound,
                "rules": ids.iter().map(|id| rule(id)).collect::<Vec<_>>(),
            } },
            "automationDetails": { "id": format!("kubound/{}/", clean(&document.name)) },
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": { "%SRCROOT%": { "description": message("The folder in which Kubound ran.") } },
            "invocations": [{
                "executionSuccessful": !document.interrupted,
                "exitCode": document.exit_code,
                "toolExecutionNotifications": self.notifications(document),
            }],
            "results": results,
            "properties": {
                "solver": document.solver,
                "scope": document.covered().into_iter().map(|(name, value)| json!([clean(&name), clean(&value)])).collect::<Vec<_>>(),
            },
        })
    }

    fn result(
        &self,
        document: &Document,
        result: &IntentDocument,
        violation: &ViolationDocument,
        rule: usize,
    ) -> Value {
        let expected = result.outcome() == Outcome::Expected;
        let level = match result.outcome() {
            Outcome::Expected => "note",
            _ if result.verdict == "race" => "warning",
            _ => "error",
        };
        let suppressions: Vec<Value> =
            result.excepted.iter().map(|why| json!({ "kind": "inSource", "justification": clean(why) })).collect();
        let first = result.origins.first();
        let related: Vec<Value> = result
            .origins
            .iter()
            .skip(1)
            .enumerate()
            .map(|(id, origin)| {
                let mut location = self.location(origin);
                location["id"] = json!(id + 1);
                location["message"] =
                    message(&origin.told().map_or_else(|| field(origin), |told| format!("{}: {told}", field(origin))));
                location
            })
            .collect();
        let told = human::one(result, &self.style.human.without_colours());
        let note = if expected { " (expected by the scenario)" } else { "" };
        let mut told_result = json!({
            "ruleId": clean(rule_id(result)),
            "ruleIndex": rule,
            "kind": "fail",
            "level": level,
            "message": {
                "text": format!("{}{note}", text(&result.message)),
                "markdown": format!("{}{note}\n\n```text\n{}\n```", text(&result.message), told.trim_end().replace("```", "'''")),
            },
            "locations": first.map(|origin| self.location(origin)).into_iter().collect::<Vec<_>>(),
            "relatedLocations": related,
            "suppressions": suppressions,
            "fixes": self.fixes(result),
            "codeFlows": [self.flow(violation, first)],
            "partialFingerprints": {
                "primaryLocationLineHash": format!("{:016x}:1", fingerprint(document, result)),
                "kuboundIdentity/v1": identity(document, result),
            },
            "properties": {
                "nodes": violation.nodes,
                "pods": violation.pods,
                "minimised": violation.minimised,
                "ending": violation.ending,
                "loop": violation.repeats,
                "inevitability": violation.inevitability,
            },
        });
        if let Some(before) = &result.before {
            let state = match before.change {
                "broken" => "new",
                "same" => "unchanged",
                _ => "updated",
            };
            told_result["baselineState"] = json!(state);
        }
        told_result
    }

    /// What repairs it, as replacements.
    fn fixes(&self, result: &IntentDocument) -> Vec<Value> {
        let found = result.repairs.iter().flat_map(|repairs| &repairs.found);
        found
            .map(|repair| json!({ "description": message(&repair.told()), "artifactChanges": self.changes(repair) }))
            .collect()
    }

    fn changes(&self, repair: &RepairDocument) -> Vec<Value> {
        let edits = repair.changes.iter().flat_map(|change| &change.edits);
        let change = |edit: &EditDocument| {
            let at = Region { line: Some(edit.line), column: Some(edit.column), end: Some(edit.end_column) };
            let mut place = self.place(&edit.file, at);
            place["region"]["endLine"] = json!(edit.end_line);
            json!({
                "artifactLocation": place["artifactLocation"],
                "replacements": [{ "deletedRegion": place["region"], "insertedContent": { "text": inserted(&edit.text) } }],
            })
        };
        edits.map(change).collect()
    }

    /// The run, a location each step.
    fn flow(&self, violation: &ViolationDocument, fallback: Option<&OriginDocument>) -> Value {
        let first_of_loop = violation.repeats.map(|(first, _)| first);
        let locations: Vec<Value> = violation
            .steps
            .iter()
            .take(MOST_FLOW)
            .map(|step| {
                let origin = step.origins.iter().find(|origin| origin.file.is_some()).or(fallback);
                let mut location = origin.map_or_else(|| json!({}), |origin| self.location(origin));
                location["message"] = message(&told(step, first_of_loop));
                let state: serde_json::Map<String, Value> = step
                    .changes
                    .iter()
                    .map(|change| (clean(&change.variable), json!({ "text": change.after.to_string() })))
                    .collect();
                json!({
                    "location": location,
                    "executionOrder": step.number,
                    "importance": if first_of_loop.is_some_and(|first| step.number >= first) { "essential" } else { "important" },
                    "module": clean(&step.actor),
                    "state": state,
                })
            })
            .collect();
        let ending = match violation.repeats {
            Some((first, last)) => format!("Steps {first} to {last} repeat forever."),
            None if violation.ending == "stays" => "The cluster stays like this forever.".to_owned(),
            None => "The last state violates the intent.".to_owned(),
        };
        json!({ "message": message(&ending), "threadFlows": [{ "locations": locations }] })
    }

    fn location(&self, origin: &OriginDocument) -> Value {
        let name = json!([{ "fullyQualifiedName": field(origin), "kind": "object" }]);
        match &origin.file {
            Some(file) => {
                json!({ "physicalLocation": self.place(file, Region { line: origin.line, column: origin.column, end: origin.end_column }), "logicalLocations": name })
            }
            None => json!({ "logicalLocations": name }),
        }
    }

    fn place(&self, file: &str, at: Region) -> Value {
        let uri = uri(file, self.root);
        let artifact =
            if uri.contains(':') { json!({ "uri": uri }) } else { json!({ "uri": uri, "uriBaseId": "%SRCROOT%" }) };
        let mut region = json!({ "startLine": at.line.unwrap_or(1).max(1) });
        for (name, column) in [("startColumn", at.column), ("endColumn", at.end)] {
            if let Some(column) = column {
                region[name] = json!(column);
            }
        }
        json!({ "artifactLocation": artifact, "region": region })
    }

    /// What was not decided, and what may matter and is not modelled.
    fn notifications(&self, document: &Document) -> Vec<Value> {
        let open = document.results.iter().filter(|result| result.outcome() == Outcome::Open).map(|result| {
            let what = format!("{}: {}", result.title(), result.told());
            json!({ "level": "warning", "message": message(&what), "associatedRule": { "id": clean(rule_id(result)) } })
        });
        let notes = document.notes.iter().map(|note| {
            let what = format!("{} {}: {}", note.object, note.field, note.message);
            json!({
                "level": if note.severity == "harmless" { "note" } else { "warning" },
                "descriptor": { "id": note.id },
                "message": message(&what),
                "locations": [{ "physicalLocation": self.place(&note.file, Region { line: note.line, column: note.column, end: None }) }],
            })
        });
        open.chain(notes).collect()
    }
}

/// A stretch of a line; columns count characters from 1.
struct Region {
    line: Option<usize>,
    column: Option<usize>,
    end: Option<usize>,
}

/// The stable id of what an intent demands.
fn rule_id(result: &IntentDocument) -> &str {
    if result.rule.is_empty() { &result.intent } else { result.rule }
}

fn rule(id: &str) -> Value {
    let entry = explain::find(id);
    let summary = entry.map_or("An intent of the scenario", |entry| entry.summary);
    let meaning = entry.map_or(summary, |entry| entry.explanation.meaning);
    let page = entry.map_or_else(|| meaning.to_owned(), |entry| explain::page(&entry));
    json!({
        "id": clean(id),
        "name": clean(id),
        "shortDescription": message(summary),
        "fullDescription": message(meaning),
        "help": { "text": format!("{meaning}\n\nMore: kubound explain {}", clean(id)), "markdown": page },
        "defaultConfiguration": { "level": "error" },
        "properties": { "tags": ["kubernetes", "correctness"], "precision": "very-high", "problem.severity": "error" },
    })
}

fn told(step: &ToldStep, first_of_loop: Option<usize>) -> String {
    let mark = if first_of_loop == Some(step.number) { "loop starts: " } else { "" };
    format!("{mark}{} {}: {}{}", step.actor, step.reason, step.told(), step.told_late())
}

fn field(origin: &OriginDocument) -> String {
    clean(format!("{} {}", origin.object, origin.field).trim_end())
}

fn message(what: &str) -> Value {
    json!({ "text": text(what) })
}

fn clean(text: &str) -> String {
    neutralise(text)
}

/// Lines to write.
fn inserted(lines: &str) -> String {
    lines.split('\n').map(clean).collect::<Vec<_>>().join("\n")
}

/// Text of a message, in which brackets would be links.
fn text(what: &str) -> String {
    neutralise(what).replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]")
}

/// What makes this result the same one in the next run, wherever its lines move to.
fn identity(document: &Document, result: &IntentDocument) -> String {
    let mut parts = vec![result.intent.clone(), result.target.clone().unwrap_or_default(), document.name.clone()];
    // Those to blame depend on whether repairs were looked for.
    let origins = result.origins.iter().filter(|origin| origin.why.is_none());
    parts.extend(origins.map(|origin| format!("{} {}", origin.object, origin.field)));
    clean(&parts.join("|"))
}

/// FNV-1a: the same in every version of every program.
fn fingerprint(document: &Document, result: &IntentDocument) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    identity(document, result).bytes().fold(0xcbf2_9ce4_8422_2325, step)
}
