//! The report for people: what is wrong, where it is written, the smallest cluster that shows it, step by step.

pub mod applications;
mod changes;
mod repairs;
mod run;

use super::cause;
use super::diagnostic::{Diagnostic, Label, Severity, headline, snippets};
use super::document::{Document, IntentDocument, NoteDocument, Outcome, ViolationDocument};
use super::format::{Format, Writing};
use super::narrate::{Line, ScoreDocument, ToldStep, fold, told_together};
use super::origin::{OriginDocument, region};
use crate::limits::report::{MOST_MENDED, MOST_NOTES};
use crate::manifest::edit::last_key;
use crate::manifest::{Note, NoteKind};
use crate::text::{Kind, Paint, neutralise, plural, wrap};
use indexmap::IndexMap;
use itertools::Itertools;
use std::fmt::Write as _;

pub use run::run;

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
        let told = cause::in_order(&document.results);
        let repairs: String = told.into_iter().map(|result| repairs::text(result, options)).collect();
        if !repairs.is_empty() {
            let _ = writeln!(out, "{repairs}");
        }
        covered(&mut out, document, options);
        notes(&mut out, &document.notes, options);
        if document.results.len() > 1 {
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
    let (kind, label) = match result.verdict {
        "violated" if result.excepted.is_some() => (Kind::Warning, "excepted"),
        "violated" => (Kind::Error, "error"),
        "race" if result.excepted.is_some() => (Kind::Warning, "excepted"),
        "race" => (Kind::Warning, "race"),
        "holds" => (Kind::Good, "holds"),
        "bounded" => (Kind::Good, "clean"),
        "vacuous" => (Kind::Warning, "vacuous"),
        _ => (Kind::Warning, "unknown"),
    };
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
        let _ = writeln!(out, "  {label} {}", wrap(&neutralise(why), 4));
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
    let _ = writeln!(out, "  {}", cost(result));
    if result.violation.is_some() && !result.rule.is_empty() {
        let _ = writeln!(out, "  more: kubound explain {}", result.rule);
    }
    out.push('\n');
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

/// The lines of the input that a violation stems from: those of the fields to blame, if somebody found out, and those
/// that its actors read.
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
    let is_blamed = result.origins.iter().any(|origin| origin.why.is_some());
    let shown = |origin: &&OriginDocument| options.verbose || !is_blamed || origin.why.is_some();
    let labels: Vec<Label> = result.origins.iter().filter(shown).map(label).collect();
    let fields = result.origins.iter().map(|origin| format!("{} {}", origin.object, origin.field));
    let mut notes = Vec::new();
    if options.verbose {
        notes.push(format!("fields: {}", fields.map(|field| field.trim_end().to_owned()).join(", ")));
    }
    out.push_str(&snippets(Severity::Error, &labels, &mut notes, "", options.paint));
}

fn smallest(out: &mut String, violation: &ViolationDocument) {
    let pools: Vec<String> = violation.pools.iter().map(|pool| format!("{} {}", pool.count, pool.name)).collect();
    let pools = if pools.is_empty() { String::new() } else { format!(" ({})", pools.join(", ")) };
    let label = if violation.minimised { "smallest cluster" } else { "a cluster (not minimised)" };
    let size = format!("{label}: {}{pools}, {}", plural(violation.nodes, "node"), plural(violation.pods, "pod"));
    let _ = writeln!(out, "  {}", wrap(&neutralise(&size), 4));
    if !violation.values.is_empty() {
        let values: Vec<String> =
            violation.values.iter().map(|value| format!("{} {}", value.name, value.count)).collect();
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
    let in_loop = |step: &ToldStep| violation.repeats.is_some_and(|(first, _)| step.number >= first);
    for line in lines {
        let (Line::One(next) | Line::Many([next, ..])) = line else { continue };
        if violation.repeats.is_some_and(|(first, _)| next.number == first) {
            let _ = writeln!(out, "{}", options.paint.paint(Kind::Label, &format!("{:-<RULE$}", "+-- loop ")));
        }
        match line {
            Line::One(step) => {
                let label = Steps { text: format!("step {}", step.number), in_loop: in_loop(step) };
                step_line(out, &label, step, &format!("{}{}", step.told(), compared(step, options)), widths, options);
                if options.verbose {
                    details(out, step);
                }
            }
            Line::Many(run) => {
                let (first, last) = (&run[0], &run[run.len() - 1]);
                let label = Steps { text: format!("steps {}-{}", first.number, last.number), in_loop: in_loop(first) };
                step_line(out, &label, first, &told_together(run), widths, options);
            }
        }
    }
    if let Some((first, _)) = violation.repeats {
        let _ = writeln!(out, "{}", options.paint.paint(Kind::Label, &format!("+-- back to step {first}")));
    }
}

/// Columns of the line where a loop begins.
const RULE: usize = 40;

/// Number of a step or steps, and whether they repeat.
struct Steps {
    text: String,
    in_loop: bool,
}

/// The scores behind a step: that of the node it chose is the highest.
fn compared(step: &ToldStep, options: &Options) -> String {
    let worth = |one: &ScoreDocument| Some((one.node.clone(), one.score?));
    let Some((_, score)) = step.scores.iter().find(|one| one.chosen).and_then(worth) else { return String::new() };
    // They come best first.
    match step.scores.iter().filter(|one| !one.chosen).find_map(worth) {
        Some((node, other)) if !options.verbose => format!(" (score {score}; {node} {other})"),
        _ => String::new(),
    }
}

fn step_line(
    out: &mut String,
    label: &Steps,
    step: &ToldStep,
    text: &str,
    (actor_width, reason_width): (usize, usize),
    options: &Options,
) {
    let (actor, reason) = (neutralise(&step.actor), neutralise(&step.reason));
    let (margin, label) = (if label.in_loop { "| " } else { "  " }, &label.text);
    let head = format!("  {label:<12}  {actor:<actor_width$}  {reason:<reason_width$}  ");
    let indent = head.chars().count().min(60);
    let approximate = if step.over_approximates.is_some() { " [*]" } else { "" };
    let label = options.paint.paint(Kind::Label, &format!("{label:<12}"));
    let text = wrap(&format!("{}{approximate}{}", neutralise(text), neutralise(&step.told_late())), indent);
    let _ = writeln!(out, "{margin}{label}  {actor:<actor_width$}  {reason:<reason_width$}  {text}");
}

fn details(out: &mut String, step: &ToldStep) {
    let worth = |one: &ScoreDocument| Some(format!("{} {}", one.node, one.score?));
    let scores: Vec<String> = step.scores.iter().filter_map(worth).collect();
    let mut list: Vec<String> = step.facts.iter().map(|(name, value)| format!("{name} {value}")).collect();
    if !scores.is_empty() {
        list.insert(0, format!("scores: {}", scores.join(", ")));
    }
    if !list.is_empty() {
        let _ = writeln!(out, "                {}", wrap(&neutralise(&list.join("; ")), 16));
    }
    if let Some(why) = &step.over_approximates {
        let _ = writeln!(out, "                {}", wrap(&format!("[*] {why}"), 16));
    }
}

fn ending(out: &mut String, violation: &ViolationDocument, options: &Options) {
    let (label, what) = match (violation.ending, violation.repeats) {
        (_, Some((first, last))) => {
            ("loop", format!("steps {first} to {last} repeat forever; fair to every controller"))
        }
        ("stays", _) => ("end", "no controller has anything left to do: the cluster stays like this".to_owned()),
        _ => ("end", "this state violates the intent".to_owned()),
    };
    let certainty = match (violation.inevitability, violation.needs_choice_at) {
        _ if violation.late.is_some() => "only if somebody is late".to_owned(),
        ("inevitable", _) => "always happens".to_owned(),
        (_, Some(step)) => format!("depends on the choice made at step {step}"),
        _ => "not known whether it always happens".to_owned(),
    };
    let label = options.paint.paint(Kind::Label, &format!("{label:<12}"));
    let _ = writeln!(out, "  {label}  {}", wrap(&format!("{what}; {certainty}"), 16));
    if let Some(late) = &violation.late {
        let label = options.paint.paint(Kind::Label, &format!("{:<12}", "late"));
        let after = if late.lasts {
            "this lasts, however fast everybody is from then on"
        } else {
            "this passes, once everybody has acted"
        };
        let told = format!("{} could have acted before step {}; {after}", late.who, late.step);
        let _ = writeln!(out, "  {label}  {}", wrap(&neutralise(&told), 16));
    }
    if !options.verbose && violation.steps.iter().any(|step| step.over_approximates.is_some()) {
        let _ = writeln!(out, "  [*] the model allows more here than the real controller does; -v tells why");
    }
}

/// Where the pods are when a run ends, the numbers that the intent is about, and what everybody waits for. Of a loop only
/// what waits in all of it: the pods move.
fn scene(out: &mut String, violation: &ViolationDocument, options: &Options) {
    let Some(scene) = &violation.scene else { return };
    let mut lines = |label: &str, lines: &[String]| {
        for (index, line) in lines.iter().enumerate() {
            let label = if index == 0 { label } else { "" };
            let label = options.paint.paint(Kind::Label, &format!("{label:<12}"));
            let _ = writeln!(out, "  {label}  {}", wrap(&neutralise(line), 16));
        }
    };
    lines("number", &scene.numbers);
    if violation.repeats.is_none() || options.verbose {
        lines("cluster", &scene.lines());
    }
    lines("waits", &scene.told_waits());
}

/// The violations that end in the same way, by name as far as there is room.
fn also(out: &mut String, alike: &[String], options: &Options) {
    if alike.is_empty() {
        return;
    }
    let (first, rest) = alike.split_at(alike.len().min(MOST_MENDED));
    let more = if rest.is_empty() { String::new() } else { format!(", and {} more", rest.len()) };
    let told = format!("violated as well, for this cause: {}{more}; -v shows their runs", first.join(", "));
    let label = options.paint.paint(Kind::Label, &format!("{:<12}", "also"));
    let _ = writeln!(out, "  {label}  {}", wrap(&neutralise(&told), 16));
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
            let label = options.paint.paint(Kind::Label, &format!("note[{}]", note.id));
            let _ = writeln!(out, "{label}: {}", wrap(&neutralise(&text), 2));
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
