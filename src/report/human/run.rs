//! A run in its shortest form: the cluster, the steps and how it ends.

use super::Options;
use crate::report::document::{IntentDocument, ViolationDocument};
use crate::report::fold::{Line, fold, told_together};
use crate::report::narrate::ToldStep;
use crate::report::nodes::ScoreDocument;
use crate::text::{Kind, columns, neutralise, plural, wrap};
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

/// The steps of a violation, in their shortest form or all of them.
pub(super) fn steps(out: &mut String, violation: &ViolationDocument, options: &Options) {
    let steps = &violation.steps;
    let layout = Layout::of(steps);
    for line in lines(steps, violation.repeats, options) {
        let (Line::One(next) | Line::Many([next, ..])) = line else { continue };
        if let Some(rule) = begins(next, violation.repeats) {
            let _ = writeln!(out, "{}", options.paint.paint(Kind::Label, &rule));
        }
        step_line(out, &line, layout, violation.repeats, options);
    }
    if let Some(rule) = goes_back(violation.repeats) {
        let _ = writeln!(out, "{}", options.paint.paint(Kind::Label, &rule));
    }
}

/// The lines that steps are told in: all of them, or alike ones together.
pub(super) fn lines<'a>(steps: &'a [ToldStep], repeats: Repeats, options: &Options) -> Vec<Line<'a>> {
    match options.verbose {
        true => steps.iter().map(Line::One).collect(),
        false => fold(steps, repeats.map(|(first, _)| first - 1)),
    }
}

/// First and last step of the loop, counted from 1.
pub(super) type Repeats = Option<(usize, usize)>;

/// The rule above the first step of the loop.
pub(super) fn begins(step: &ToldStep, repeats: Repeats) -> Option<String> {
    repeats.filter(|(first, _)| *first == step.number).map(|_| format!("{:-<RULE$}", "+-- loop "))
}

/// The rule below its last step.
pub(super) fn goes_back(repeats: Repeats) -> Option<String> {
    repeats.map(|(first, _)| format!("+-- back to step {first}"))
}

/// Columns of the line where a loop begins.
const RULE: usize = 40;

/// Where the words of the steps of a run begin: all of them in the same column.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Layout {
    /// Width of the actors.
    actor: usize,
    /// Width of the reasons.
    reason: usize,
    /// Whether what happens stands below actor and reason, because beside them there is no room.
    is_below: bool,
}

impl Layout {
    /// That of a run.
    pub(super) fn of(steps: &[ToldStep]) -> Self {
        let widest = |text: fn(&ToldStep) -> &str| {
            let widths = steps.iter().map(|step| neutralise(text(step)).chars().count());
            widths.filter(|width| *width <= WIDEST).max().unwrap_or(0)
        };
        let (actor, reason) = (widest(|step| &step.actor), widest(|step| &step.reason));
        Self { actor, reason, is_below: columns() < LABEL + actor + 2 + reason + 2 + ROOM }
    }
}

/// Widest actor or reason that all others make room for.
const WIDEST: usize = 28;
/// Columns before the actor of a step.
const LABEL: usize = 16;
/// Fewest columns in which what happens can be read.
const ROOM: usize = 30;

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

/// A step, or several in one line.
pub(super) fn step_line(out: &mut String, line: &Line, layout: Layout, repeats: Repeats, options: &Options) {
    let (step, label, what) = match line {
        Line::One(step) => (*step, format!("step {}", step.number), step.told() + &compared(step, options)),
        Line::Many(run) => {
            let (first, last) = (&run[0], &run[run.len() - 1]);
            (first, format!("steps {}-{}", first.number, last.number), told_together(run))
        }
    };
    let (actor, reason) = (neutralise(&step.actor), neutralise(&step.reason));
    let Layout { actor: actor_width, reason: reason_width, is_below } = layout;
    let label = format!("{label:<12}");
    let who = format!("  {actor:<actor_width$}  {reason:<reason_width$}  ");
    let taken = 2 + label.chars().count() + who.chars().count();
    let approximate = if step.over_approximates.is_some() { " [*]" } else { "" };
    let what = format!("{}{approximate}{}", neutralise(&what), neutralise(&step.told_late()));
    let longest = what.split(' ').map(|word| word.chars().count()).max().unwrap_or(0);
    let fits = |taken: usize| columns() >= taken + longest;
    let (who, what) = match is_below || columns() < taken + ROOM || (!fits(taken) && fits(LABEL)) {
        true => (who.trim_end(), format!("\n{:LABEL$}{}", "", wrap(&what, LABEL))),
        false => (who.as_str(), wrap(&what, taken)),
    };
    let mut text = format!("  {}{who}{what}\n", options.paint.paint(Kind::Label, &label));
    if options.verbose && matches!(line, Line::One(_)) {
        details(&mut text, step);
    }
    let is_in_loop = repeats.is_some_and(|(first, _)| step.number >= first);
    let margin = if is_in_loop { "|" } else { " " };
    for line in text.lines() {
        let _ = writeln!(out, "{margin}{}", &line[1..]);
    }
}

fn details(out: &mut String, step: &ToldStep) {
    let worth = |one: &ScoreDocument| Some(format!("{} {}", one.node, one.score?));
    let scores: Vec<String> = step.scores.iter().filter_map(worth).collect();
    let mut list: Vec<String> = step.facts.iter().map(|(name, value)| format!("{name} {value}")).collect();
    if !scores.is_empty() {
        list.insert(0, format!("scores: {}", scores.join(", ")));
    }
    if !list.is_empty() {
        let _ = writeln!(out, "{:LABEL$}{}", "", wrap(&neutralise(&list.join("; ")), LABEL));
    }
    if let Some(why) = &step.over_approximates {
        let _ = writeln!(out, "{:LABEL$}{}", "", wrap(&format!("[*] {why}"), LABEL));
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
