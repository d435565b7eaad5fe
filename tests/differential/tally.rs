//! What came out, counted: by comparison, and by letter of the alphabet.

use crate::compare::Comparison;
use crate::letters::{Letters, alphabet};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

/// How often two ways of deciding an intent were compared.
#[derive(Clone, Copy, Default, Debug)]
pub struct Count {
    /// Intents looked at.
    pub compared: u64,
    /// Both ways gave an answer, and the same one.
    pub agreed: u64,
    /// One way gave up.
    pub cut_off: u64,
    /// Time.
    pub spent: Duration,
}

/// How often a letter occurred.
#[derive(Clone, Copy, Default, Debug)]
pub struct Seen {
    /// Clusters with it.
    pub clusters: u64,
    /// Those of them of which some intent was decided.
    pub decided: u64,
}

/// Everything counted.
#[derive(Clone, Default, Debug)]
pub struct Tally {
    pub clusters: u64,
    /// Draws that the reader refused.
    pub refused: u64,
    /// Clusters of which some intent was decided.
    pub decided: u64,
    pub violated: u64,
    pub holds: u64,
    pub vacuous: u64,
    pub undecided: u64,
    pub comparisons: BTreeMap<Comparison, Count>,
    pub letters: BTreeMap<&'static str, Seen>,
}

impl Tally {
    /// Adds what came out of other clusters.
    pub fn add(&mut self, other: &Tally) {
        self.clusters += other.clusters;
        self.refused += other.refused;
        self.decided += other.decided;
        self.violated += other.violated;
        self.holds += other.holds;
        self.vacuous += other.vacuous;
        self.undecided += other.undecided;
        for (comparison, count) in &other.comparisons {
            let sum = self.comparisons.entry(*comparison).or_default();
            sum.compared += count.compared;
            sum.agreed += count.agreed;
            sum.cut_off += count.cut_off;
            sum.spent += count.spent;
        }
        for (letter, seen) in &other.letters {
            let sum = self.letters.entry(letter).or_default();
            sum.clusters += seen.clusters;
            sum.decided += seen.decided;
        }
    }

    /// Counts the letters of a cluster.
    pub fn count_letters(&mut self, letters: &Letters, is_decided: bool) {
        for letter in letters {
            let seen = self.letters.entry(letter).or_default();
            seen.clusters += 1;
            seen.decided += u64::from(is_decided);
        }
    }

    /// Intents looked at.
    pub fn intents(&self) -> u64 {
        self.violated + self.holds + self.vacuous + self.undecided
    }

    /// One line about clusters and intents, and one about each comparison.
    pub fn summary(&self) -> String {
        let mut text = format!(
            "{} clusters, {} with a decided intent ({} draws refused); {} intents: {} violated, {} hold, {} vacuous, {} cut off\n",
            self.clusters,
            self.decided,
            self.refused,
            self.intents(),
            self.violated,
            self.holds,
            self.vacuous,
            self.undecided
        );
        for (comparison, Count { compared, agreed, cut_off, spent }) in &self.comparisons {
            let name = format!("{comparison:?}");
            let seconds = spent.as_secs_f64();
            let _ = writeln!(
                text,
                "  {name:<14} {compared:>7} compared {agreed:>7} agreed {cut_off:>7} cut off {seconds:>8.1} s"
            );
        }
        text
    }

    /// How many clusters had each letter, and how many of them were decided.
    pub fn table(&self) -> String {
        let mut text = String::from("letter, clusters with it, decided ones\n");
        for letter in alphabet() {
            let Seen { clusters, decided } = self.letters.get(letter).copied().unwrap_or_default();
            let _ = writeln!(text, "  {letter:<48} {clusters:>7} {decided:>7}");
        }
        text
    }
}
