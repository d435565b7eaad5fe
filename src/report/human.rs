//! The report for people: what is wrong, where it is written, the smallest cluster that shows it, step by step.

pub mod applications;
mod changes;
mod film;
mod repairs;
mod run;

use super::cause;
use super::diagnostic::{Diagnostic, Label, Severity, headline, snippets};
use super::document::{Document, IntentDocument, NoteDocument, Outcome};
use super::format::{Format, Writing};
use super::origin::{OriginDocument, region};
use crate::limits::report::{MOST_MENDED, MOST_NOTES};
use crate::manifest::edit::last_key;
use crate::manifest::{Note, NoteKind};
use crate::text::{Kind, Paint, neutralise, plural, wrap, wrap_after};
use indexmap::IndexMap;
use itertools::Itertools;
use std::fmt::Write as _;

pub use film::Film;
pub use run::run;
use run::{ending, scene, smallest, steps};

/// The format.
pub const FORMAT: Format = Format {
    name: "human",
    summary: "for people",
    takes_several: true,
    writing: Writing::AsTheyCome {
        some: |_, results, style| Ok(several(results, &style.human)),
        rest: |document, style| {
            Ok(changes::rest(document, &style.human).unwrap_or_else(|| rest(document, &style.human)))
        },
    },
};

/// How to print.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// Whether to colour.
    pub paint: Paint,
    /// Print every step, with what was compared, and every ignored field.
    pub verbose: bool,
    /// Print verdicts only.
    pub quiet: bool,
    /// Print proofs.
    pub show_proof: bool,
}

impl Options {
    /// Without colours, neither short nor long.
    pub const fn plain() -> Self {
        Self { paint: Paint { colours: false }, verbose: false, quiet: false, show_proof: false }
    }

    /// The same for other formats: without colours, never only the verdict.
    pub fn without_colours(&self) -> Self {
        Self { paint: Paint { colours: false }, quiet: false, ..*self }
    }
}

/// The text of the answer to one intent.
pub fn one(result: &IntentDocument, options: &Options) -> String {
    let mut out = String::new();
    intent(&mut out, result, &[], options);
    out
}

/// The text of answers that are told together: those of one cause are told with the first of them.
fn several(results: &[&IntentDocument], options: &Options) -> String {
    let mut out = String::new();
    let is_told_with = |other: &IntentDocument, result: &IntentDocument| {
        result.ends_like.is_none() && is_folded(other, options) && cause::is_alike(result, other)
    };
    for (place, result) in results.iter().enumerate() {
        if let Some(change) = changes::one(result, options) {
            out += &change;
        } else if !results[..place].iter().any(|earlier| is_told_with(result, earlier)) {
            let later = results[place + 1..].iter().filter(|other| is_told_with(other, result));
            intent(&mut out, result, &later.map(|other| other.title()).collect::<Vec<_>>(), options);
        }
    }
    out
}

/// Whether a violation is only named, by the one whose cause it has: not where it says more than that.
fn is_folded(result: &IntentDocument, options: &Options) -> bool {
    let says_more = result.before.is_some() || result.expected.is_some() || result.excepted.is_some();
    result.ends_like.is_some() && !says_more && !options.verbose && !options.quiet
}

/// The text of a report.
pub fn render(document: &Document, options: &Options) -> String {
    several(&cause::in_order(&document.results), options) + &rest(document, options)
}

/// What comes after the answers.
fn rest(document: &Document, options: &Options) -> String {
    let mut out = String::new();
    if document.interrupted {
        let label = options.paint.paint(Kind::Warning, "interrupted");
        let _ = writeln!(out, "{label}: intents that are not listed were not decided");
    }
    if document.results.is_empty() && !document.interrupted && document.shard.is_none() {
        let _ = writeln!(out, "{}: no intent applied to anything", options.paint.paint(Kind::Warning, "warning"));
    }
    if !options.quiet {
        let repairs = repairs::texts(&cause::in_order(&document.results), options);
        if !repairs.is_empty() {
            let _ = writeln!(out, "{repairs}");
        }
        covered(&mut out, document, options);
        notes(&mut out, &document.notes, options);
        if !document.results.is_empty() {
            let _ = writeln!(out, "{}, {:.1} s", counted(&document.results), document.seconds);
        }
    }
    out
}

/// How many answers there are of each kind: `3 violated, 12 hold, 1 unknown`.
fn counted(results: &[IntentDocument]) -> String {
    const KINDS: [(&str, [&str; 2]); 6] = [
        ("violated", ["violated", "violated"]),
        ("race", ["race", "races"]),
        ("unknown", ["unknown", "unknown"]),
        ("vacuous", ["vacuous", "vacuous"]),
        ("bounded", ["clean up to a depth", "clean up to a depth"]),
        ("holds", ["holds", "hold"]),
    ];
    let of = |verdict: &'static str| results.iter().filter(move |result| result.verdict == verdict);
    let told = KINDS.iter().filter_map(|(verdict, [one, many])| {
        let count = of(verdict).count();
        let alike = of(verdict).filter(|result| result.ends_like.is_some()).count();
        let expected = of(verdict).filter(|result| result.outcome() == Outcome::Expected).count();
        let word = if count == 1 { one } else { many };
        let more = match (alike, expected) {
            (0, 0) => String::new(),
            (0, _) if expected == count => " as expected".to_owned(),
            (0, _) => format!(" ({expected} of them as expected)"),
            (_, 0) => format!(" ({alike} of them like another)"),
            _ => format!(" ({alike} of them like another, {expected} as expected)"),
        };
        (count > 0).then(|| format!("{count} {word}{more}"))
    });
    told.collect::<Vec<_>>().join(", ")
}

/// An answer, and the titles of further violations of its cause.
fn intent(out: &mut String, result: &IntentDocument, alike: &[String], options: &Options) {
    let (kind, label) = label(result);
    let target = match &result.target {
        Some(target) if result.violation.is_none() => format!("{target}: "),
        _ => String::new(),
    };
    let message = format!("{target}{}", result.told());
    let _ = writeln!(out, "{}", headline(kind, label, &result.intent, &message, options.paint));
    if let Some(expected) = result.expected
        && !agrees(result.verdict, expected)
    {
        let _ = writeln!(out, "  {}", options.paint.paint(Kind::Warning, &format!("expected: {expected}")));
    }
    if let Some(why) = &result.excepted {
        let label = options.paint.paint(Kind::Warning, "excepted:");
        let _ = writeln!(out, "  {label} {}", wrap_after(&neutralise(why), 12, 4));
    }
    if result.same_as.is_some() {
        return;
    }
    if options.quiet {
        return;
    }
    if let Some(like) = result.ends_like.as_ref().filter(|_| !options.verbose) {
        let label = options.paint.paint(Kind::Label, "as in      ");
        let _ = writeln!(out, "  {label} {}", wrap(&neutralise(&format!("{like}; -v shows its run")), 14));
        return;
    }
    if let Some(violation) = &result.violation {
        // Where repairs are looked for, the fields are told with them.
        if options.verbose || !result.repairs_follow {
            origins(out, result, options);
        }
        smallest(out, violation);
        steps(out, violation, options);
        ending(out, violation, options);
        scene(out, violation, options);
        also(out, alike, options);
    } else {
        seen(out, result, options);
        if result.unmodelled > 0 {
            let label = options.paint.paint(Kind::Label, "but       ");
            let told = format!("fields that may change this and are not modelled: {}", result.unmodelled);
            let _ = writeln!(out, "  {label}  {}", wrap(&told, 14));
        }
    }
    details(out, result, options);
    let _ = writeln!(out, "  {}", cost(result));
    if result.violation.is_some() && !result.rule.is_empty() {
        let _ = writeln!(out, "  more: kubound explain {}", result.rule);
    }
    out.push('\n');
}

/// The first word about a result, and its colour.
fn label(result: &IntentDocument) -> (Kind, &'static str) {
    match result.verdict {
        "violated" if result.excepted.is_some() => (Kind::Warning, "excepted"),
        "violated" => (Kind::Error, "error"),
        "race" if result.excepted.is_some() => (Kind::Warning, "excepted"),
        "race" => (Kind::Warning, "race"),
        "holds" => (Kind::Good, "holds"),
        "bounded" => (Kind::Good, "clean"),
        "vacuous" => (Kind::Warning, "vacuous"),
        _ => (Kind::Warning, "unknown"),
    }
}

/// Under which timing it was shown, who confirms it, its proof, and what was left out.
fn details(out: &mut String, result: &IntentDocument, options: &Options) {
    let unpaced = result.unpaced.as_ref().map(|why| format!("{}, because {why}", result.timing));
    if let Some(told) = unpaced.or_else(|| result.told_beside()) {
        let label = options.paint.paint(Kind::Label, "timing    ");
        let _ = writeln!(out, "  {label}  {}", wrap(&neutralise(&told), 14));
    }
    for recheck in &result.rechecks {
        let word = if recheck.confirms { "confirmed" } else { "open" };
        let label = options.paint.paint(Kind::Label, &format!("{word:<12}"));
        let told = format!("by {}: {}", recheck.by, neutralise(&recheck.outcome));
        let _ = writeln!(out, "  {label}  {}", wrap(&told, 16));
    }
    if options.show_proof {
        for line in &result.proof {
            let _ = writeln!(out, "  {}", wrap(&neutralise(line), 6));
        }
    }
    if options.verbose && !result.reductions.is_empty() {
        let label = options.paint.paint(Kind::Label, "left out  ");
        let _ = writeln!(out, "  {label}  {}", wrap(&neutralise(&result.reductions.join("; ")), 14));
    }
}

/// What could happen in the runs that a clean verdict covers; so that nobody trusts one in which nothing did.
fn seen(out: &mut String, result: &IntentDocument, options: &Options) {
    let mut line = |label: &str, text: &str| {
        let label = options.paint.paint(Kind::Label, &format!("{label:<10}"));
        let _ = writeln!(out, "  {label}  {}", wrap(&neutralise(text), 14));
    };
    if !result.acted.is_empty() {
        let acted: Vec<String> =
            result.acted.iter().map(|actor| format!("{} {}", actor.name, actor.reasons.join(", "))).collect();
        line("happened", &acted.join("; "));
    }
    if !result.did_not_act.is_empty() {
        line("did not", &format!("{} (cannot, or cannot matter here)", result.did_not_act.join(", ")));
    }
    if result.verdict == "vacuous" {
        let advice = "it holds for want of anything to go wrong; check counts, labels, resources and events";
        line("beware", advice);
    }
}

fn agrees(verdict: &str, expected: &str) -> bool {
    verdict == expected || (verdict == "bounded" && expected == "holds")
}

/// The lines of the input that a violation stems from: those of the fields to blame, if somebody looked for them, or those
/// that its actors read, which are told of all with `-v`.
fn origins(out: &mut String, result: &IntentDocument, options: &Options) {
    let label = |origin: &OriginDocument| {
        let region = region(origin.line, origin.column, origin.end_column);
        let mut text = origin.told().unwrap_or("the intent").to_owned();
        if !origin.written && !origin.field.is_empty() {
            let field = last_key(&origin.field);
            text = format!("no {field} written here; {text}");
        }
        let place = format!("{} {}", origin.object, origin.field).trim_end().to_owned();
        // What is not in a file is told by its name.
        let file = origin.file.clone().unwrap_or(place);
        Label { file, source: origin.source.clone(), region, text }
    };
    // Where nobody looked for repairs, nobody knows more than what the actors read.
    let is_searched = result.repairs.is_some();
    let shown = if options.verbose || !is_searched { &result.origins } else { result.to_blame() };
    let labels: Vec<Label> = shown.iter().map(label).collect();
    let fields = result.origins.iter().map(|origin| format!("{} {}", origin.object, origin.field));
    let mut notes = Vec::new();
    if options.verbose {
        notes.push(format!("fields: {}", fields.map(|field| field.trim_end().to_owned()).join(", ")));
    }
    out.push_str(&snippets(Severity::Error, &labels, &mut notes, "", options.paint));
}

/// The violations that end in the same way, by name as far as there is room.
fn also(out: &mut String, alike: &[String], options: &Options) {
    if alike.is_empty() {
        return;
    }
    let told = format!("violated as well, for this cause: {}; -v shows their runs", first_few(alike));
    let label = options.paint.paint(Kind::Label, &format!("{:<12}", "also"));
    let _ = writeln!(out, "  {label}  {}", wrap(&neutralise(&told), 16));
}

/// The names for which there is room, and how many more there are.
fn first_few(names: &[String]) -> String {
    let (first, rest) = names.split_at(names.len().min(MOST_MENDED));
    let more = if rest.is_empty() { String::new() } else { format!(", and {} more", rest.len()) };
    format!("{}{more}", first.join(", "))
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
    match &document.shard {
        Some(shard) => {
            line("shard", &shard.told());
            line("checked", &format!("by piece: {}", scope.sizes()));
        }
        None => line("checked", &format!("all at once: {}", scope.sizes())),
    }
    if !scope.values.is_empty() {
        let values: Vec<String> = scope.values.iter().map(|value| format!("{} {}", value.name, value.count)).collect();
        line("values", &values.join(", "));
    }
    if !scope.assumptions.is_empty() {
        line("assuming", &scope.assumptions.join("; "));
    }
    if !scope.controllers.is_empty() {
        line("acting", &scope.controllers.join(", "));
    }
    if !scope.events.is_empty() {
        line("events", &scope.events.join(", "));
    }
    if let Some(told) = document.told_exceptions() {
        line("exceptions", &told);
    }
    for unused in document.exceptions.iter().filter(|exception| exception.state == "unused") {
        let target = unused.target.as_ref().map(|target| format!(" of {target}")).unwrap_or_default();
        line("unused", &format!("{}{target} is not violated; remove the exception ({})", unused.intent, unused.reason));
    }
    let (start, timing, granularity) = (&scope.start, &scope.timing, &scope.granularity);
    line(
        "model",
        &format!("start {start}, timing {timing}, granularity {granularity}, Kubernetes {}", scope.kubernetes),
    );
}

/// What the reader has to say, where there is no report.
pub fn told_notes(of: &[Note], options: &Options) -> String {
    let mut out = String::new();
    notes(&mut out, &of.iter().map(NoteDocument::from).collect::<Vec<_>>(), options);
    out
}

/// What the reader has to say: messages of the same kind together.
fn notes(out: &mut String, notes: &[NoteDocument], options: &Options) {
    let mut groups: IndexMap<(&str, &str, &str), Vec<&NoteDocument>> = IndexMap::new();
    for note in notes.iter().filter(|note| note.severity != "harmless") {
        groups.entry((note.severity, note.id, &note.message)).or_default().push(note);
    }
    let shown = if options.verbose { groups.len() } else { MOST_NOTES };
    if !groups.is_empty() {
        out.push('\n');
    }
    for ((severity, id, message), notes) in groups.iter().take(shown) {
        let label = |note: &&NoteDocument| Label {
            file: note.file.clone(),
            source: note.source.clone(),
            region: region(note.line, note.column, note.end_column),
            text: format!("{} {}", note.field, note.object).trim().to_owned(),
        };
        let mut labels: Vec<Label> = notes.iter().map(label).collect();
        let more = labels.len().saturating_sub(if options.verbose { usize::MAX } else { MOST_NOTES });
        labels.truncate(labels.len() - more);
        let diagnostic = Diagnostic {
            severity: Severity::Warning,
            id: (*id).to_owned(),
            message: (*message).to_owned(),
            labels,
            notes: [
                (*severity == "risky").then(|| "not modelled, and it may change a verdict".to_owned()),
                (more > 0).then(|| format!("and {more} more; -v shows all")),
            ]
            .into_iter()
            .flatten()
            .collect(),
            help: String::new(),
        };
        out.push_str(&diagnostic.render(options.paint));
    }
    if groups.len() > shown {
        let _ = writeln!(out, "  and {}; -v shows all", plural((groups.len() - shown) as i64, "more warning"));
    }
    let harmless: Vec<&NoteDocument> = notes.iter().filter(|note| note.severity == "harmless").collect();
    if options.verbose {
        for note in harmless {
            let line = note.line.zip(note.column);
            let line = line.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default();
            let text = format!("{}{line}: {} {}: {}", note.file, note.object, note.field, note.message);
            let label = format!("note[{}]", note.id);
            let text = wrap_after(&neutralise(&text), label.len() + 2, 2);
            let _ = writeln!(out, "{}: {text}", options.paint.paint(Kind::Label, &label));
        }
    } else if !harmless.is_empty() {
        let _ = writeln!(out, "  {}", wrap(&format!("ignored: {}; -v lists them", ignored(&harmless)), 4));
    }
}

/// How much was ignored that cannot change a verdict.
fn ignored(harmless: &[&NoteDocument]) -> String {
    let skipped = harmless.iter().filter(|note| note.id == NoteKind::SkippedDocument.id()).count();
    let fields = harmless.len() - skipped;
    let counted = [(fields, "field", "that cannot change a verdict"), (skipped, "text", "without Kubernetes objects")];
    let told = counted.iter().filter(|(count, ..)| *count > 0);
    told.map(|(count, noun, what)| format!("{} {what}", plural(*count as i64, noun))).join(", ")
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod width_tests;
