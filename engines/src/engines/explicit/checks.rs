//! Checks of the search by itself, on a sample of its states: a fault of a pass, of the compiler or of the model is found
//! where it does harm, and ends the search as a fault.
//!
//! * Slots and objects that are sorted because they are interchangeable are exchanged in a state: what is observed must be
//!   the same, and the successors those of the state, exchanged.
//! * Guards and steps are computed again by the plain evaluator.
//! * Where a rule waits until no fast rule can act, some fast rule must be enabled. Else time would stand still, and all
//!   that would have come would be lost without a word.
//!
//! That merged rules lose nothing is looked at beside the search, from states that it came by (`search/merged.rs`).
//!
//! Every check costs more than a look at a state, so that only one of many states is checked, unless all shall be.

use super::edge::Successor;
use super::layout::Field;
use super::model::Model;
use crate::engines::EngineError;
use crate::trace::execute;
use kubound_encodings::system::Pace;
use kubound_encodings::term::Term;
use kubound_encodings::term::program::Registers;

/// One of so many states is checked for the exchange of slots and objects, and one of so many against the evaluator.
const EXCHANGED: u32 = if cfg!(debug_assertions) { 16 } else { 128 };
const EVALUATED: u32 = if cfg!(debug_assertions) { 256 } else { 4096 };

/// The latter where all states are checked: the evaluator takes a hundred times as long as the search.
const EVALUATED_OF_ALL: u32 = 16;

/// See the module.
pub struct Checks {
    registers: Registers,
    all: bool,
}

impl Checks {
    /// Checks some states, or all.
    pub fn new(model: &Model, all: bool) -> Self {
        Self { registers: model.machine.registers(), all }
    }

    /// Checks a state, if its number says so.
    pub fn state(&mut self, model: &Model, number: u32, row: &[u8]) -> Result<(), EngineError> {
        if self.all || number.is_multiple_of(EXCHANGED) {
            self.exchange(model, number, row)?;
            self.wait(model, row)?;
        }
        let evaluated = if self.all { EVALUATED_OF_ALL } else { EVALUATED };
        if number.is_multiple_of(evaluated) {
            self.evaluate(model, row)?;
        }
        Ok(())
    }

    /// Exchanges two neighbours of each class.
    fn exchange(&mut self, model: &Model, number: u32, row: &[u8]) -> Result<(), EngineError> {
        let mut given: Option<Seen> = None;
        for exchange in model.layout.exchanges(number as usize / EXCHANGED as usize) {
            let exchanged = |row: &[u8]| {
                let mut row = row.to_vec();
                exchange(&model.layout, &mut row);
                row
            };
            let other = exchanged(row);
            if other == row {
                continue;
            }
            let given = match &mut given {
                Some(given) => &*given,
                none => none.insert(self.seen(model, row)?),
            };
            let there = self.seen(model, &other)?;
            let mut expected: Vec<Step> =
                given.steps.iter().map(|step| Step { row: exchanged(&step.row), ..*step }).collect();
            expected.sort_unstable();
            if given.observed != there.observed || expected != there.steps {
                let what = "a state in which two interchangeable slots or objects are exchanged behaves otherwise";
                return Err(EngineError::Internal(format!("self-check: {what}")));
            }
        }
        Ok(())
    }

    /// Looks for a fast rule where some rule waits for fast ones.
    fn wait(&mut self, model: &Model, row: &[u8]) -> Result<(), EngineError> {
        let (machine, registers) = (&model.machine, &mut self.registers);
        model.layout.unpack(row, registers);
        machine.enter(registers);
        let rules = &model.system.rules;
        let waits = |index: usize, registers: &mut Registers| {
            rules[index].waits.is_some() && machine.is_due(index, registers) && !machine.is_enabled(index, registers)
        };
        let Some(waiting) = (0..rules.len()).find(|&index| waits(index, registers)) else { return Ok(()) };
        let fast = |index: usize| rules[index].pace == Pace::Fast;
        if (0..rules.len()).any(|index| fast(index) && machine.is_enabled(index, registers)) {
            return Ok(());
        }
        let value = |field: &Field| {
            let name = &model.system.dag.vars()[field.var.index()].name;
            format!("{name} = {}", model.layout.value(field, row))
        };
        let state: Vec<String> = model.layout.fields.iter().map(value).collect();
        let what = format!("{} waits for fast rules, but none is enabled", rules[waiting].name);
        Err(EngineError::Internal(format!("self-check: {what}; in {{{}}}", state.join(", "))))
    }

    /// Everything that a search sees of a state.
    fn seen(&mut self, model: &Model, row: &[u8]) -> Result<Seen, EngineError> {
        let registers = &mut self.registers;
        model.layout.unpack(row, registers);
        model.machine.enter(registers);
        let observed = model.machine.observe(registers);
        let step = |step: Successor| Step { row: step.row, keep: step.keep, progress: step.progress };
        let mut steps: Vec<Step> = model.all_successors(row, registers)?.into_iter().map(step).collect();
        steps.sort_unstable();
        Ok(Seen { observed: (observed.holds, observed.within, observed.stay, observed.premise, observed.pods), steps })
    }

    /// Compares guards and steps with what the plain evaluator says.
    fn evaluate(&mut self, model: &Model, row: &[u8]) -> Result<(), EngineError> {
        let system = &model.system;
        let mut values: Vec<i64> = system.dag.vars().iter().map(|var| var.sort.range().lo).collect();
        for field in &model.layout.fields {
            values[field.var.index()] = model.layout.value(field, row);
        }
        let guards: Vec<_> = system.rules.iter().map(|rule| rule.enabled.id()).collect();
        let enabled = execute::values(system, &guards, &values, &[]);
        let steps = model.all_successors(row, &mut self.registers)?;
        for (index, rule) in system.rules.iter().enumerate() {
            if (enabled[index] != 0) != steps.iter().any(|step| step.rule == index) {
                let what = format!("self-check: the guard of {} has two values", rule.name);
                return Err(EngineError::Internal(what));
            }
        }
        for step in steps {
            let rule = &system.rules[step.rule];
            let after = execute::fire(system, rule, &step.picks, &values)
                .map_err(|(var, value)| EngineError::OutOfRange { rule: rule.name.clone(), var, value })?;
            let mut expected = vec![0; model.layout.stride];
            model.layout.pack_values(&after, &mut expected);
            if expected != step.row {
                let what = format!("self-check: a step of {} leads to two states", rule.name);
                return Err(EngineError::Internal(what));
            }
        }
        Ok(())
    }
}

/// What is observed in a state, and its steps in order.
struct Seen {
    observed: (bool, bool, bool, bool, i64),
    steps: Vec<Step>,
}

/// A step, without the name of the rule.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Step {
    row: Vec<u8>,
    keep: bool,
    progress: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engines::explicit::search::Search;
    use crate::passes::SlotClass;
    use crate::testing::tiny;
    use kubound_encodings::subject::SlotId;
    use kubound_encodings::system::{Initial, Role, Rule, StateVar, TransitionSystem};
    use kubound_encodings::term::{Int, VarId, int_var, within};

    /// The tiny system with a second variable like the one that it binds pods to, which nothing ever changes.
    fn lopsided() -> TransitionSystem {
        let (mut system, _) = tiny();
        let (zero, dag) = within(std::mem::take(&mut system.dag), || {
            int_var("idle", 0, 9);
            Int::from(0).id()
        });
        system.dag = dag;
        system.vars.push(StateVar { role: Role::Cluster, initial: Initial::Term(zero) });
        system
    }

    fn run(model: &Model, second: u8) -> Result<(), EngineError> {
        let mut search = Search::new(model, &crate::limits::Limits::default());
        search.check_all = true;
        search.add_initial(&[0, second]);
        search.run(&mut |_| None).map(|_| ())
    }

    fn fault(result: Result<(), EngineError>) -> String {
        let Err(EngineError::Internal(what)) = result else { panic!("{result:?}") };
        what
    }

    #[test]
    fn slots_that_are_not_alike_are_a_fault() {
        let system = lopsided();
        let complete = vec![true; system.rules.len()];
        let plain = Model::new(system.clone(), &[true; 2], &complete, &[], &[]).expect("small");
        assert!(run(&plain, 3).is_ok());
        let wrong = SlotClass { slots: vec![SlotId(0), SlotId(1)], vars: vec![vec![VarId(0)], vec![VarId(1)]] };
        let model = Model::new(system, &[true; 2], &complete, &[wrong], &[]).expect("small");
        assert!(fault(run(&model, 3)).contains("exchanged"));
    }

    #[test]
    fn a_guard_or_a_step_with_two_values_is_a_fault() {
        let system = lopsided();
        let complete = vec![true; system.rules.len()];
        let compiled = |change: &dyn Fn(&mut TransitionSystem)| {
            let mut model = Model::new(system.clone(), &[true; 2], &complete, &[], &[]).expect("small");
            change(&mut model.system);
            fault(run(&model, 0))
        };
        let guard = compiled(&|system| {
            let (never, dag) = within(std::mem::take(&mut system.dag), || false.into());
            system.dag = dag;
            system.rules[0].enabled = never;
        });
        assert!(guard.contains("guard"), "{guard}");
        let step = compiled(&|system| {
            let (other, dag) = within(std::mem::take(&mut system.dag), || Int::from(7).id());
            system.dag = dag;
            system.rules[0].updates[0].1 = other;
        });
        assert!(step.contains("leads to two states"), "{step}");
    }

    #[test]
    fn a_rule_that_waits_for_nothing_is_a_fault() {
        let mut system = lopsided();
        let (never, dag) = within(std::mem::take(&mut system.dag), || false.into());
        system.dag = dag;
        let fast = system.rules[0].clone();
        let clock = Rule { name: "clock".into(), pace: Pace::Clock, waits: Some(fast.enabled), enabled: never, ..fast };
        let of = |rules: Vec<Rule>| {
            let system = TransitionSystem { rules, ..system.clone() };
            let complete = vec![true; system.rules.len()];
            Model::new(system, &[true; 2], &complete, &[], &[]).expect("small")
        };
        // There is a fast rule to wait for until nothing waits any more.
        assert!(run(&of(vec![system.rules[0].clone(), clock.clone()]), 0).is_ok());
        let what = fault(run(&of(vec![clock]), 0));
        assert!(what.contains("clock waits for fast rules") && what.contains("bound = 0"), "{what}");
    }
}
