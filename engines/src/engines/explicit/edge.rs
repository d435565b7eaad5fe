//! Steps, as they are computed and as they are stored: eight bytes an edge.

use kubound_encodings::term::ChoiceId;

const PROGRESS: u32 = 1 << 31;
const KEEP: u32 = 1 << 30;

/// One step from a state.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Successor {
    /// Index of the rule.
    pub rule: usize,
    /// Its picks, sorted by choice.
    pub picks: Vec<(ChoiceId, i64)>,
    /// The state after the step.
    pub row: Vec<u8>,
    /// Whether the step satisfies `keep`.
    pub keep: bool,
    /// Whether the step satisfies `progress`.
    pub progress: bool,
}

/// An edge that a loop may use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Edge {
    /// The state it leads to.
    pub target: u32,
    info: u32,
}

impl Edge {
    /// The edge of a step.
    pub fn new(target: u32, rule: usize, keep: bool, progress: bool) -> Self {
        let flag = |set: bool, bit: u32| if set { bit } else { 0 };
        Self { target, info: rule as u32 | flag(progress, PROGRESS) | flag(keep, KEEP) }
    }

    /// Index of the rule.
    pub fn rule(self) -> usize {
        (self.info & !(PROGRESS | KEEP)) as usize
    }

    /// Whether the step satisfies `progress`.
    pub fn progress(self) -> bool {
        self.info & PROGRESS != 0
    }

    /// Whether the step satisfies `keep`; always true unless the search keeps everything.
    pub fn keep(self) -> bool {
        self.info & KEEP != 0
    }
}
