//! What an answer means for whoever waits for it.

use super::IntentDocument;

/// What an answer means for whoever waits for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// As it should be.
    Passed,
    /// Violated, as the scenario expects.
    Expected,
    /// Violated, and accepted for a time.
    Excepted,
    /// Violated, or not what the scenario expects.
    Failed,
    /// Violated only by a late controller, for a while.
    Race,
    /// Not answered, or an answer worth nothing.
    Open,
    /// As bad as it was before the change that is looked at.
    Known,
}

impl IntentDocument {
    /// What the answer means, given what the scenario expects; beside an old side, what became of it.
    pub fn outcome(&self) -> Outcome {
        match self.before.as_ref().map(|before| before.change) {
            Some("broken") => return Outcome::Failed,
            Some("fixed") => return Outcome::Passed,
            Some("same") if !matches!(self.verdict, "holds" | "bounded") => return Outcome::Known,
            _ => {}
        }
        let is_expected = self.expected.is_some_and(|expected| {
            expected == self.verdict || (expected == "holds" && self.verdict == "bounded" && self.decided)
        });
        match (self.verdict, self.expected) {
            ("violated" | "race", _) if is_expected => Outcome::Expected,
            ("violated" | "race", None) if self.excepted.is_some() => Outcome::Excepted,
            _ if is_expected => Outcome::Passed,
            _ if !self.decided => Outcome::Open,
            (_, Some(_)) | ("violated", None) => Outcome::Failed,
            ("race", None) => Outcome::Race,
            ("vacuous", None) => Outcome::Open,
            _ => Outcome::Passed,
        }
    }
}
