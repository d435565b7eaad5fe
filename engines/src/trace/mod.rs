//! Runs of a transition system, as engines find them and reports show them.

pub mod execute;
pub mod expand;
pub mod places;
pub mod replay;
pub mod simulate;
pub mod testing;

use kubound_encodings::term::ChoiceId;

/// One step of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// Name of the rule that fired.
    pub rule: String,
    /// What it picked, sorted by choice.
    pub picks: Vec<(ChoiceId, i64)>,
    /// Values of all variables after the step, by `VarId`.
    pub state: Vec<i64>,
}

/// How a run goes on after its last step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// It does not matter: the last state is bad.
    Bad,
    /// It stays in the last state forever, because nothing that must happen is enabled there.
    Stays,
    /// It repeats the steps from this index on forever: the state before step `start` equals the last state on
    /// every variable that matters.
    Loop {
        /// Index into the steps.
        start: usize,
    },
}

/// A run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trace {
    /// Values of all variables initially, by `VarId`.
    pub initial: Vec<i64>,
    /// The steps.
    pub steps: Vec<Step>,
    /// How it goes on.
    pub ending: Ending,
}

impl Trace {
    /// The state before step `index` (or after the last step, for `index == steps.len()`).
    pub fn state(&self, index: usize) -> &[i64] {
        match index.checked_sub(1) {
            None => &self.initial,
            Some(previous) => &self.steps[previous].state,
        }
    }
}
