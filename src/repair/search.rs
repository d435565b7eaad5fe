//! Which changes make violations go away: each is decided anew, with everything else that was decided.

use super::candidates::{Clues, candidates};
use super::kinds::REGISTRY;
use super::{Change, Repair, Repairs};
use crate::limits::repair::{MOST_PAIRED, MOST_REPAIRS, MOST_TRIES};
use crate::manifest::edit::{Edit, Texts, edited, sheets};
use kubound_encodings::system::Origin;
use std::collections::BTreeMap;

/// What the input says of one intent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Judged {
    /// It holds, and not for want of anything to go wrong.
    Holds,
    /// Nothing that it speaks of can happen.
    Vacuous,
    /// Some run violates it.
    Violated,
    /// Nobody knows.
    Open,
}

/// An intent with its object.
pub type Claim = (String, Option<String>);

/// What was decided of an input with other texts.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Judgement {
    /// What became of each intent.
    pub verdicts: BTreeMap<Claim, Judged>,
    /// Sizes that were looked at in the place of others, because the change moves them.
    pub instead: Vec<String>,
}

/// What edits do besides repairing a violation.
struct Mended {
    /// Other violations that they make go away.
    mends: Vec<usize>,
    /// Sizes that they move.
    instead: Vec<String>,
}

/// Decides an input with other texts.
pub trait Judge {
    /// What becomes of all intents, or of those with the id of one; nothing where the input cannot be read, is not
    /// about the same sizes and values, or where the time is over.
    fn judge(&self, changed: &Texts, about: Option<&str>) -> Option<Judgement>;

    /// Whether it is time to stop.
    fn is_over(&self) -> bool;
}

/// A violation to repair.
#[derive(Clone, Debug)]
pub struct Violated {
    /// The intent, and the object it speaks of.
    pub claim: Claim,
    /// The kind of the intent.
    pub rule: String,
    /// The fields that it stems from.
    pub origins: Vec<Origin>,
}

/// Searches repairs for violations, given what was decided of all intents.
pub fn repairs(
    texts: &Texts,
    violated: &[Violated],
    before: &BTreeMap<Claim, Judged>,
    judge: &dyn Judge,
) -> Vec<Repairs> {
    let mut all: Vec<Repairs> = Vec::new();
    for (index, one) in violated.iter().enumerate() {
        let told = all.iter().position(|other: &Repairs| other.found.iter().any(|found| found.mends.contains(&index)));
        if let Some(told) = told {
            all.push(Repairs { same_as: Some(told), ..Repairs::default() });
            continue;
        }
        let search = Search { texts, one, violated, before, judge };
        all.push(search.run());
    }
    all
}

struct Search<'a> {
    texts: &'a Texts,
    one: &'a Violated,
    violated: &'a [Violated],
    before: &'a BTreeMap<Claim, Judged>,
    judge: &'a dyn Judge,
}

impl Search<'_> {
    fn run(&self) -> Repairs {
        let clues = Clues { rule: &self.one.rule, origins: &self.one.origins };
        let changes = candidates(&sheets(self.texts), REGISTRY, clues);
        let mut repairs = Repairs { known: changes.len(), ..Repairs::default() };
        let mut tried: Vec<&Change> = Vec::new();
        for change in &changes {
            let is_enough = repairs.found.len() >= MOST_REPAIRS || repairs.tried >= MOST_TRIES;
            if is_enough || self.judge.is_over() {
                break;
            }
            if repairs.found.iter().any(|found| is_same_field(&found.changes[0], change)) {
                continue;
            }
            repairs.tried += 1;
            match self.mended(&change.edits) {
                Some(Mended { mends, instead }) => {
                    let also = self.also(change, &changes, &mut repairs.tried);
                    repairs.found.push(Repair { changes: vec![change.clone()], also, mends, instead });
                }
                None => tried.push(change),
            }
        }
        if repairs.found.is_empty() && !self.judge.is_over() {
            self.pairs(&tried, &mut repairs);
        }
        repairs
    }

    /// Two changes at once, of the most promising ones.
    fn pairs(&self, tried: &[&Change], repairs: &mut Repairs) {
        let few = &tried[..tried.len().min(MOST_PAIRED)];
        for (index, first) in few.iter().enumerate() {
            for second in &few[..index] {
                if self.judge.is_over() {
                    return;
                }
                if is_same_field(first, second) {
                    continue;
                }
                repairs.pairs += 1;
                let edits = [first.edits.clone(), second.edits.clone()].concat();
                if let Some(Mended { mends, instead }) = self.mended(&edits) {
                    let changes = vec![(*second).clone(), (*first).clone()];
                    repairs.found.push(Repair { changes, also: Vec::new(), mends, instead });
                    return;
                }
            }
        }
    }

    /// Other numbers next to one that repairs, which do as well: from it on as far as they do.
    fn also(&self, change: &Change, changes: &[Change], tried: &mut usize) -> Vec<i64> {
        let Some(number) = change.number else { return Vec::new() };
        // Those before it do not repair.
        let later = changes.iter().skip_while(|other| *other != change);
        let is_it = |other: &&Change| is_same_field(other, change) && other.number.is_some_and(|one| one != number);
        let mut others: Vec<&Change> = later.filter(is_it).collect();
        others.sort_by_key(|other| other.number.map(|one| one.abs_diff(number)));
        let mut also = Vec::new();
        for other in others {
            let Some(next) = other.number.filter(|_| *tried < MOST_TRIES && !self.judge.is_over()) else { break };
            let is_next = [number].iter().chain(&also).any(|one: &i64| one.abs_diff(next) == 1);
            if is_next {
                *tried += 1;
                also.extend(self.mended(&other.edits).map(|_| next));
            }
        }
        also.sort_unstable();
        also
    }

    /// What edits do that make the violation go away; nothing where they do not, or violate what held.
    fn mended(&self, edits: &[Edit]) -> Option<Mended> {
        let changed = edited(self.texts, edits)?;
        let about = Some(self.one.claim.0.as_str());
        let own = self.judge.judge(&changed, about)?;
        if own.verdicts.get(&self.one.claim) != Some(&Judged::Holds) || !self.keeps(&own.verdicts, false) {
            return None;
        }
        let is_alone = self.before.keys().all(|(intent, _)| *intent == self.one.claim.0);
        let all = if is_alone { own } else { self.judge.judge(&changed, None)? };
        if all.verdicts.get(&self.one.claim) != Some(&Judged::Holds) || !self.keeps(&all.verdicts, true) {
            return None;
        }
        let is_mended = |(_, other): &(usize, &Violated)| {
            other.claim != self.one.claim && all.verdicts.get(&other.claim) == Some(&Judged::Holds)
        };
        let mends = self.violated.iter().enumerate().filter(is_mended).map(|(index, _)| index).collect();
        Some(Mended { mends, instead: all.instead })
    }

    /// Whether everything that held still does.
    fn keeps(&self, after: &BTreeMap<Claim, Judged>, is_all: bool) -> bool {
        self.before.iter().filter(|(_, before)| **before == Judged::Holds).all(|(claim, _)| match after.get(claim) {
            Some(Judged::Holds) => true,
            Some(_) => false,
            None => !is_all,
        })
    }
}

fn is_same_field(one: &Change, other: &Change) -> bool {
    one.object == other.object && one.field == other.field
}

#[cfg(test)]
mod tests;
