//! What came of replaying vectors.

use serde_json::Value;
use std::collections::BTreeSet;
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

    /// Counts one comparison of outcomes in both directions; `may_be_wider` says whether the model may allow more.
    pub fn both_ways<T: Ord + fmt::Debug>(
        &mut self,
        vector: &Value,
        real: &BTreeSet<T>,
        allowed: &BTreeSet<T>,
        may_be_wider: bool,
    ) {
        let impossible: Vec<_> = real.difference(allowed).collect();
        let invented: Vec<_> = allowed.difference(real).collect();
        let is_wider = impossible.is_empty() && !invented.is_empty() && may_be_wider;
        self.over_approximated += usize::from(is_wider);
        let deviates = !impossible.is_empty() || (!invented.is_empty() && !is_wider);
        self.count(deviates.then(|| format!("{vector}\n  not allowed: {impossible:?}\n  never happens: {invented:?}")));
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
