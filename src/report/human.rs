//! The report for people: what is wrong, where it is written, the smallest cluster that shows it, step by step.

use super::document::{Document, IntentDocument, NoteDocument, OriginDocument, ViolationDocument};
use super::narrate::{Line, ToldStep, fold};
use super::text::{Kind, Paint, neutralise, plural, wrap};
use std::fmt::Write as _;

/// How to print.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// Whether to colour.
    pub paint: Paint,
    /// Print every step, with what was compared, and every ignored field.
    pub verbose: bool,
    /// Print verdicts only.
    pub quiet: bool,
}

/// The text of a report.
pub fn render(document: &Document, options: &Options) -> String {
    let mut out = String::new();
    for result in &document.results {
        intent(&mut out, result, options);
    }
    if document.interrupted {
        let label = options.paint.paint(Kind::Warning, "interrupted");
        let _ = writeln!(out, "{label}: intents that are not listed were not decided");
    }
    if document.results.is_empty() && !document.interrupted {
        let _ = writeln!(out, "{}: no intent applied to anything", options.paint.paint(Kind::Warning, "warning"));
    }
    if !options.quiet {
        covered(&mut out, document, options);
        notes(&mut out, &document.notes, options);
    }
    out
}

fn intent(out: &mut String, result: &IntentDocument, options: &Options) {
    let (kind, label) = match result.verdict {
        "violated" => (Kind::Error, "error"),
        "holds" => (Kind::Good, "holds"),
        "bounded" => (Kind::Good, "clean"),
        "vacuous" => (Kind::Warning, "vacuous"),
        _ => (Kind::Warning, "unknown"),
    };
    let label = options.paint.paint(kind, &format!("{label}[{}]", neutralise(&result.intent)));
    let target = match &result.target {
        Some(target) if result.violation.is_none() => format!("{target}: "),
        _ => String::new(),
    };
    let message = neutralise(&format!("{target}{}", explained(result)));
    let _ = writeln!(out, "{label}: {}", options.paint.paint(Kind::Strong, &wrap(&message, 2)));
    if let Some(expected) = result.expected
        && !agrees(result.verdict, expected)
    {
        let _ = writeln!(out, "  {}", options.paint.paint(Kind::Warning, &format!("expected: {expected}")));
    }
    if options.quiet {
        return;
    }
    if let Some(violation) = &result.violation {
        origins(out, &result.origins, options);
        smallest(out, violation);
        steps(out, violation, options);
        ending(out, violation, options);
    }
    let _ = writeln!(out, "  {}\n", cost(result));
}

fn explained(result: &IntentDocument) -> String {
    match result.verdict {
        "holds" => format!("no run violates it, at any depth ({})", result.message),
        "bounded" => format!("{}; longer runs were not looked at", result.message),
        _ => result.message.clone(),
    }
}

fn agrees(verdict: &str, expected: &str) -> bool {
    verdict == expected || (verdict == "bounded" && expected == "holds")
}

fn origins(out: &mut String, origins: &[OriginDocument], options: &Options) {
    for (index, origin) in origins.iter().enumerate() {
        let arrow = options.paint.paint(Kind::Label, if index == 0 { "-->" } else { ":::" });
        let line = origin.line.map(|line| format!(":{line}")).unwrap_or_default();
        let file = origin.file.as_ref().map(|file| format!("{file}{line}: ")).unwrap_or_default();
        let _ =
            writeln!(out, "  {arrow} {}", neutralise(format!("{file}{} {}", origin.object, origin.field).trim_end()));
    }
}

fn smallest(out: &mut String, violation: &ViolationDocument) {
    let pools: Vec<String> = violation
        .pools
        .iter()
        .filter(|pool| pool.count != "0")
        .map(|pool| format!("{} {}", pool.count, pool.name))
        .collect();
    let pools = if pools.is_empty() { String::new() } else { format!(" ({})", pools.join(", ")) };
    let label = if violation.minimised { "smallest cluster" } else { "a cluster (not minimised)" };
    let size = format!("{label}: {}{pools}, {}", plural(violation.nodes, "node"), plural(violation.pods, "pod"));
    let _ = writeln!(out, "  {}", wrap(&neutralise(&size), 4));
    if !violation.values.is_empty() {
        let values: Vec<String> = violation.values.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        let _ = writeln!(out, "  {}", wrap(&neutralise(&format!("with {}", values.join(", "))), 4));
    }
}

fn steps(out: &mut String, violation: &ViolationDocument, options: &Options) {
    let steps = &violation.steps;
    let widest = |text: fn(&ToldStep) -> &str| steps.iter().map(|step| text(step).chars().count()).max().unwrap_or(0);
    let widths = (widest(|step| &step.actor).min(28), widest(|step| &step.reason).min(28));
    let lines = if options.verbose {
        steps.iter().map(Line::One).collect()
    } else {
        fold(steps, violation.repeats.map(|(first, _)| first - 1))
    };
    for line in lines {
        match line {
            Line::One(step) => {
                let label = format!("step {}", step.number);
                step_line(out, &label, step, &step.text, widths, options);
                if options.verbose {
                    details(out, step);
                }
            }
            Line::Many(run) => {
                let (first, last) = (&run[0], &run[run.len() - 1]);
                let label = format!("steps {}-{}", first.number, last.number);
                step_line(out, &label, first, &told_together(run), widths, options);
            }
        }
    }
}

/// The sentences of similar steps: each once, with how often, if they are few; else the first and the last.
fn told_together(run: &[ToldStep]) -> String {
    let mut distinct: Vec<(&str, usize)> = Vec::new();
    for step in run {
        match distinct.iter_mut().find(|(text, _)| *text == step.text) {
            Some((_, count)) => *count += 1,
            None => distinct.push((&step.text, 1)),
        }
    }
    if distinct.len() <= 4 {
        let told = distinct.iter().map(|&(text, count)| match count {
            1 => text.to_owned(),
            _ => format!("{text} ({count} times)"),
        });
        return told.collect::<Vec<_>>().join("; ");
    }
    format!("{} times, from {} to {}", run.len(), run[0].text, run[run.len() - 1].text)
}

fn step_line(
    out: &mut String,
    label: &str,
    step: &ToldStep,
    text: &str,
    (actor_width, reason_width): (usize, usize),
    options: &Options,
) {
    let (actor, reason) = (neutralise(&step.actor), neutralise(&step.reason));
    let head = format!("  {label:<12}  {actor:<actor_width$}  {reason:<reason_width$}  ");
    let indent = head.chars().count().min(60);
    let approximate = if step.over_approximates.is_some() { " [*]" } else { "" };
    let label = options.paint.paint(Kind::Label, &format!("{label:<12}"));
    let text = wrap(&format!("{}{approximate}", neutralise(text)), indent);
    let _ = writeln!(out, "  {label}  {actor:<actor_width$}  {reason:<reason_width$}  {text}");
}

fn details(out: &mut String, step: &ToldStep) {
    if !step.details.is_empty() {
        let list: Vec<String> = step.details.iter().map(|(name, value)| format!("{name} {value}")).collect();
        let _ = writeln!(out, "                {}", wrap(&neutralise(&list.join(", ")), 16));
    }
    if let Some(why) = step.over_approximates {
        let _ = writeln!(out, "                {}", wrap(&format!("[*] {why}"), 16));
    }
}

fn ending(out: &mut String, violation: &ViolationDocument, options: &Options) {
    let (label, what) = match (violation.ending, violation.repeats) {
        (_, Some((first, last))) => {
            ("loop", format!("step {first} -> step {last} repeats for ever; every controller had its turn"))
        }
        ("stays", _) => ("end", "nothing that must happen is left: the cluster stays like this for ever".to_owned()),
        _ => ("end", "this state violates the intent".to_owned()),
    };
    let certainty = match (violation.inevitability, violation.needs_choice_at) {
        ("inevitable", _) => "inevitable (no tie decides it)".to_owned(),
        (_, Some(step)) => format!("possible (needs the choice made at step {step})"),
        _ => "not known whether it is inevitable".to_owned(),
    };
    let label = options.paint.paint(Kind::Label, &format!("{label:<12}"));
    let _ = writeln!(out, "  {label}  {}", wrap(&format!("{what}; {certainty}"), 16));
    if !options.verbose && violation.steps.iter().any(|step| step.over_approximates.is_some()) {
        let _ = writeln!(out, "  [*] the model allows more here than the real controller does; -v tells why");
    }
}

fn cost(result: &IntentDocument) -> String {
    let statistics = &result.statistics;
    let mut parts = vec![format!("engine {}", result.engine)];
    for (count, noun) in [(statistics.states, "state"), (statistics.clauses, "clause")] {
        if count > 0 {
            parts.push(plural(count.try_into().unwrap_or(i64::MAX), noun));
        }
    }
    if statistics.depth > 0 {
        parts.push(format!("depth {}", statistics.depth));
    }
    parts.push(format!("{:.2} s", result.seconds));
    parts.join(", ")
}

fn covered(out: &mut String, document: &Document, options: &Options) {
    let scope = &document.scope;
    let mut line = |label: &str, text: &str| {
        let label = options.paint.paint(Kind::Label, &format!("{label:<10}"));
        let _ = writeln!(out, "  {label}  {}", wrap(&neutralise(text), 14));
    };
    line("checked", &format!("all at once: {}", scope.sizes()));
    if !scope.values.is_empty() {
        let values: Vec<String> = scope.values.iter().map(|value| format!("{} {}", value.name, value.count)).collect();
        line("values", &values.join(", "));
    }
    if !scope.assumptions.is_empty() {
        line("assuming", &scope.assumptions.join("; "));
    }
    if !scope.events.is_empty() {
        line("events", &scope.events.join(", "));
    }
    let (start, timing, granularity) = (scope.start, scope.timing, scope.granularity);
    line(
        "model",
        &format!("start {start}, timing {timing}, granularity {granularity}, Kubernetes {}", scope.kubernetes),
    );
}

fn notes(out: &mut String, notes: &[NoteDocument], options: &Options) {
    let harmless = notes.iter().filter(|note| note.severity == "harmless").count();
    for note in notes.iter().filter(|note| options.verbose || note.severity != "harmless") {
        let kind = if note.severity == "harmless" { Kind::Label } else { Kind::Warning };
        let label = options.paint.paint(kind, if note.severity == "warning" { "warning" } else { "ignored" });
        let line = note.line.map(|line| format!(":{line}")).unwrap_or_default();
        let text = format!("{}{line}: {} {}: {}", note.file, note.object, note.field, note.message);
        let severity = if note.severity == "risky" { " (may change a verdict)" } else { "" };
        let _ = writeln!(out, "  {label}{severity}: {}", wrap(&neutralise(&text), 4));
    }
    if harmless > 0 && !options.verbose {
        let fields = plural(harmless as i64, "field");
        let _ = writeln!(out, "  ignored: {fields} that cannot change a verdict; -v lists them");
    }
}

#[cfg(test)]
mod tests;
