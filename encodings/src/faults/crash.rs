//! `crash`: a process stops and starts again. All of its controllers lose what they kept in memory; a sync that stands for
//! several requests may be cut off between two of them.
//!
//! A restart while nothing is remembered that differs from what a new process begins with, and no sync is under way, changes
//! nothing: it is no step. How long it takes until another process leads is not modelled; what waits for controllers waits
//! under delayed and interleaved timing as long as it likes.

use super::interrupted::partly;
use super::{FaultModel, Injection};
use crate::cluster::FaultKind;
use crate::state::{Model, RuleBuilder, text};
use crate::subject::Subject;
use crate::system::{Effect, Pace, Verb, Write};
use crate::term::{TermId, VarId, any, differ, variable};

/// See the module.
pub(super) struct Crash;

impl FaultModel for Crash {
    fn kind(&self) -> FaultKind {
        FaultKind::Crash
    }

    fn add_rules(&self, model: &mut Model, injection: &Injection) {
        let mut processes: Vec<&'static str> = injection.concerned.iter().map(|one| one.footprint().runs_in).collect();
        processes.sort_unstable();
        processes.dedup();
        let memories: Vec<_> =
            processes.into_iter().map(|process| (process, memory_of(model, injection, process))).collect();
        for (process, memory) in &memories {
            restart(model, injection, process, memory);
        }
        for index in injection.divisible(model) {
            let process = injection.process_of(&model.draft.rules[index].actor);
            let Some((process, memory)) = memories.iter().find(|(known, _)| process == Some(known)) else { continue };
            let Some(rule) = partly(model, index, (self.kind().name(), "Crashed")) else { continue };
            let rule = forgetting(injection.happens(model, rule), memory);
            let rule = rule.also_says([text(format!("then {process} crashes and restarts"))]);
            model.add_rule(rule);
        }
    }
}

/// What the controllers of a process keep in memory, with what it is after a restart.
fn memory_of(model: &Model, injection: &Injection, process: &str) -> Vec<(VarId, TermId)> {
    let memory = model.draft.memory.iter();
    let own = memory.filter(|one| injection.process_of(one.controller) == Some(process));
    own.map(|one| (one.var, one.becomes)).collect()
}

/// Everything forgotten.
fn forgetting(rule: RuleBuilder, memory: &[(VarId, TermId)]) -> RuleBuilder {
    let effects = memory.iter().map(|&(var, becomes)| (var, Effect::Set(becomes))).collect();
    rule.also_writes(Write { effects, ..Write::new(Verb::Memory) })
}

/// A restart between two syncs.
fn restart(model: &mut Model, injection: &Injection, process: &'static str, memory: &[(VarId, TermId)]) {
    let differs = any(memory.iter().map(|&(var, becomes)| differ(variable(var), becomes)).collect::<Vec<_>>());
    let rule = RuleBuilder::new(Subject::new("crash").word(process), process, "Restarted", Pace::Event)
        .when(differs)
        .says([text(format!("{process} crashes and restarts: what it kept in memory is lost"))]);
    let rule = forgetting(injection.happens(model, rule), memory);
    model.add_rule(rule);
}
