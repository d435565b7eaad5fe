//! The rules of a system as text, for people who want to know what the model does: who acts when, on whom, what is picked
//! and what is written. Subjects and writes are shown as they are; conditions only by their size.

use crate::engines::proof::words::words;
use kubound_encodings::system::{Choice, Effect, Pace, Rule, TransitionSystem, Write};
use kubound_encodings::term::{ChoiceId, Term, TermId, VarId};
use std::fmt::Write as _;

/// Most terms of an amount that is spelt out.
const SPELT_OUT: usize = 12;

/// All rules, in their order.
pub fn text(system: &TransitionSystem) -> String {
    let mut out = String::new();
    for rule in &system.rules {
        write_rule(&mut out, system, rule);
    }
    out
}

fn write_rule(out: &mut String, system: &TransitionSystem, rule: &Rule) {
    let pace = match rule.pace {
        Pace::Fast => "at once",
        Pace::Periodic => "once a period",
        Pace::Clock => "in its time",
        Pace::Event => "an event",
    };
    let _ = writeln!(out, "{}", rule.name);
    let _ = writeln!(out, "  by      {}, {}, {pace}", rule.actor, rule.reason);
    let _ = writeln!(out, "  about   {}", about(system, rule));
    let _ = writeln!(out, "  guard   {}", counted(size(system, [rule.enabled.id(), rule.constraint.id()]), "term"));
    if let Some(unit) = rule.fairness {
        let _ = writeln!(out, "  fair    {}", system.fairness[unit].name);
    }
    for choice in &rule.choices {
        let picks: Vec<String> = choice.ids().iter().map(|&id| pick(system, id)).collect();
        let _ = match choice {
            Choice::Value(_) => writeln!(out, "  picks   {}", picks.join("; ")),
            Choice::Split { total, .. } => {
                writeln!(out, "  splits  {} into {}", amount(system, *total), picks.join("; "))
            }
        };
    }
    if !rule.expansion.is_empty() {
        let _ = writeln!(out, "  is      {}", system.fine_names(rule).join("; "));
    }
    if rule.over_approximates.is_some() {
        let _ = writeln!(out, "  wider   than the real controller");
    }
    for write in &rule.writes {
        let _ = writeln!(out, "  {}", request(system, write));
        for &(var, effect) in &write.effects {
            let _ = writeln!(out, "    {}", shown(system, var, effect));
        }
    }
    out.push('\n');
}

/// What a rule is about, part by part.
fn about(system: &TransitionSystem, rule: &Rule) -> String {
    let subject = &rule.subject;
    let word = Some(subject.aspect.word.to_string()).filter(|word| !word.is_empty());
    let objects = subject.objects().map(|id| system.names.object(id).to_string());
    let slots = subject.slots().map(|slot| format!("node {}", node(system, slot.index())));
    word.into_iter().chain(objects).chain(slots).collect::<Vec<_>>().join(", ")
}

fn node(system: &TransitionSystem, slot: usize) -> String {
    system.names.slots.get(slot).map_or_else(|| slot.to_string(), |slot| slot.name.clone())
}

fn pick(system: &TransitionSystem, id: ChoiceId) -> String {
    let choice = &system.dag.choices()[id.index()];
    let range = choice.sort.range();
    format!("{} in {}..{}", choice.name, range.lo, range.hi)
}

/// `evict 2 * Deployment/default/web on spot-0`.
fn request(system: &TransitionSystem, write: &Write) -> String {
    let mut text = write.verb.to_string();
    if let Some(times) = write.times {
        let _ = write!(text, " {} *", amount(system, times));
    }
    if let Some(object) = write.object {
        let _ = write!(text, " {}", system.names.object(object));
    }
    if let Some(slot) = write.slot {
        let _ = write!(text, "{} {}", if write.object.is_some() { " on" } else { " node" }, node(system, slot.index()));
    }
    text
}

fn shown(system: &TransitionSystem, var: VarId, effect: Effect) -> String {
    let name = &system.dag.vars()[var.index()].name;
    match effect {
        Effect::Set(value) => format!("{name} := {}", amount(system, value)),
        Effect::Add(more) => format!("{name} += {}", amount(system, more)),
        Effect::Saturate(more) => format!("{name} += {}, within its range", amount(system, more)),
    }
}

/// A term in words, or its size if it is large.
fn amount(system: &TransitionSystem, term: TermId) -> String {
    let size = size(system, [term]);
    if size <= SPELT_OUT { words(&system.dag, term) } else { format!("({})", counted(size, "term")) }
}

fn size(system: &TransitionSystem, terms: impl IntoIterator<Item = TermId>) -> usize {
    system.dag.cone(terms).into_iter().filter(|&inside| inside).count()
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
