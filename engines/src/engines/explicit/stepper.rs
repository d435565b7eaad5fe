//! Initial states and single steps of a system, for those who walk through it by rules of their own.

use super::initial::{Starts, Stopped};
use super::machine::Machine;
use crate::engines::EngineError;
use crate::limits::explicit::MOST_TRIES;
use kubound_encodings::stop::tick;
use kubound_encodings::system::{Claim, Property, TransitionSystem};
use kubound_encodings::term::program::Registers;
use kubound_encodings::term::{ChoiceId, within};

/// One way to go on from a state.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Move {
    /// Index of the rule.
    pub rule: usize,
    /// What it picks, sorted by choice.
    pub picks: Vec<(ChoiceId, i64)>,
    /// Values of all variables afterwards, by `VarId`.
    pub state: Vec<i64>,
}

/// A compiled system to step through. Properties and monitors play no part, unless a property is watched.
pub struct Stepper {
    system: TransitionSystem,
    machine: Machine,
    registers: Registers,
    picks: Vec<Vec<ChoiceId>>,
}

/// Small steps of work in one move, for whoever waits.
const WORK: usize = 32;

impl Stepper {
    /// Compiles a system; `None` if it has too many terms.
    pub fn new(system: &TransitionSystem) -> Option<Self> {
        let mut system = system.clone();
        let always = || Property::of_nobody(Claim::Invariant(true.into()));
        let (always, dag) = within(std::mem::take(&mut system.dag), always);
        system.dag = dag;
        system.monitors.clear();
        system.properties = vec![always];
        Self::compiled(system)
    }

    /// Compiles a system with its monitors and one of its properties.
    pub fn watching(system: &TransitionSystem, property: usize) -> Option<Self> {
        let properties = vec![system.properties[property].clone()];
        Self::compiled(TransitionSystem { properties, ..system.clone() })
    }

    fn compiled(system: TransitionSystem) -> Option<Self> {
        let machine = Machine::new(&system, &vec![true; system.rules.len()], &[]).ok()?;
        let picks = system.rules.iter().map(|rule| {
            let mut ids: Vec<ChoiceId> = rule.choices.iter().flat_map(|choice| choice.ids()).copied().collect();
            ids.sort_unstable();
            ids
        });
        let picks = picks.collect();
        let registers = machine.registers();
        Some(Self { system, machine, registers, picks })
    }

    /// The system, with what plays a part.
    pub fn system(&self) -> &TransitionSystem {
        &self.system
    }

    /// All initial states; `None` if there are more than `most`, or too many assignments to try.
    pub fn initial(&self, most: usize) -> Option<Vec<Vec<i64>>> {
        let mut found = Vec::new();
        let (kept, given) = (vec![true; self.system.vars.len()], vec![None; self.system.vars.len()]);
        let result = Starts::new(&self.system, MOST_TRIES).each(&kept, &given, &mut |state| {
            found.push(state.to_vec());
            found.len() <= most
        });
        match result {
            Err(Stopped::Enough | Stopped::TooMany) => None,
            Ok(()) => Some(found),
        }
    }

    /// All ways to go on from a state, in the order of the rules.
    ///
    /// # Errors
    /// A rule that cannot do what it says, which is a fault of the model.
    pub fn moves(&mut self, state: &[i64]) -> Result<Vec<Move>, EngineError> {
        self.enter(state);
        let mut moves = Vec::new();
        for (rule, ids) in self.picks.iter().enumerate() {
            let machine = &self.machine;
            tick(WORK);
            machine.fire(rule, &mut self.registers, &|_, _| false, &mut |registers| {
                tick(WORK);
                moves.push(Move {
                    rule,
                    picks: ids.iter().map(|&choice| (choice, machine.pick(choice, registers))).collect(),
                    state: machine.vars.iter().map(|&(_, after)| registers.get(after)).collect(),
                });
                Ok(true)
            })?;
        }
        Ok(moves)
    }

    /// Whether a state is one that the property watched forbids; never, if it is about loops.
    pub fn is_bad(&mut self, state: &[i64]) -> bool {
        self.enter(state);
        let is_invariant = matches!(self.system.properties[0].claim, Claim::Invariant(_));
        is_invariant && !self.machine.observe(&mut self.registers).holds
    }

    fn enter(&mut self, state: &[i64]) {
        for (&(before, after), &value) in self.machine.vars.iter().zip(state) {
            self.registers.set(before, value);
            self.registers.set(after, value);
        }
        self.machine.enter(&mut self.registers);
    }
}
