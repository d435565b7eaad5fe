//! A run in its shortest form: the cluster, the steps and how it ends.

use super::Options;
use crate::report::document::{IntentDocument, ViolationDocument};
use crate::report::narrate::{Line, ToldStep, fold, told_together};
use crate::report::nodes::ScoreDocument;
use crate::text::{Kind, neutralise, plural, wrap};
use std::fmt::Write as _;

/// The run that violates an intent; nothing where none does.
pub fn run(result: &IntentDocument, options: &Options) -> String {
    let mut out = String::new();
    if let Some(violation) = &result.violation {
        smallest(&mut out, violation);
        steps(&mut out, violation, options);
        ending(&mut out, violation, options);
    }
    out
}

pub(super) fn smallest(out: &mut String, violation: &ViolationDocument) {
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

pub(super) fn steps(out: &mut String, violation: &ViolationDocument, options: &Options) {
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

pub(super) fn ending(out: &mut String, violation: &ViolationDocument, options: &Options) {
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
pub(super) fn scene(out: &mut String, violation: &ViolationDocument, options: &Options) {
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
