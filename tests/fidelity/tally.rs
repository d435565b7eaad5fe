//! What came of replaying vectors.

use std::fmt;

/// Counts and deviations of a component.
#[derive(Default)]
pub struct Tally {
    /// Comparisons made.
    pub replayed: usize,
    /// Comparisons that came out equal, or differed only where a rule is tagged.
    pub matched: usize,
    /// Comparisons in which a tagged rule allowed more than the real code does.
    pub over_approximated: usize,
    /// Vectors that no rule models yet.
    pub not_modelled: usize,
    /// The rest, in words.
    pub deviations: Vec<String>,
}

impl Tally {
    /// Counts one comparison; `deviation` says what differs, if something does.
    pub fn count(&mut self, deviation: Option<String>) {
        self.replayed += 1;
        match deviation {
            None => self.matched += 1,
            Some(what) => self.deviations.push(what),
        }
    }

    /// Matched of all comparisons, in percent.
    pub fn rate(&self) -> f64 {
        100.0 * self.matched as f64 / self.replayed.max(1) as f64
    }

    /// The first few deviations, a line each.
    pub fn first_deviations(&self) -> String {
        self.deviations.iter().take(5).cloned().collect::<Vec<_>>().join("\n")
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(
            f,
            "{} replayed, {} matched ({:.2} %), {} over-approximated, {} not modelled",
            self.replayed,
            self.matched,
            self.rate(),
            self.over_approximated,
            self.not_modelled
        )
    }
}
