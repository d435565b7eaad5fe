//! Which changes make violations go away: each is decided anew, with everything else that was decided.

use super::candidates::{Clues, candidates};
use super::kinds::REGISTRY;
use super::{Change, Repair, Repairs, Trade};
use crate::limits::repair::{MOST_PAIRED, MOST_REPAIRS, MOST_TRADES, MOST_TRIES};
use crate::manifest::edit::{Edit, Texts, edited, sheets};
use kubound_encodings::system::Origin;
use std::collections::BTreeMap;
use std::time::Duration;

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

/// What edits make of a violation.
enum Came {
    /// It is gone, and everything that held still does.
    Repaired(Mended),
    /// It is gone, but these intents, which held, are violated.
    Traded(Vec<Claim>),
    /// It is still there, cannot happen for want of anything to go wrong, or something else is not known to hold any more.
    Useless,
    /// Nobody knows.
    Open,
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

    /// How long it may take in all.
    fn time(&self) -> Duration;
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
    /// Those of them that somebody waits for at its end.
    pub waits: Vec<Origin>,
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
        let clues = Clues { rule: &self.one.rule, origins: &self.one.origins, waits: &self.one.waits };
        let changes = candidates(&sheets(self.texts), REGISTRY, clues);
        let mut repairs = Repairs { known: changes.len(), ..Repairs::default() };
        let mut tried: Vec<&Change> = Vec::new();
        for change in &changes {
            if repairs.found.len() >= MOST_REPAIRS || repairs.tried >= MOST_TRIES {
                break;
            }
            if repairs.found.iter().any(|found| found.changes[0].is_beside(change)) {
                continue;
            }
            if self.judge.is_over() {
                repairs.ran_out = Some(self.judge.time());
                break;
            }
            repairs.tried += 1;
            match self.came(&change.edits) {
                Came::Repaired(Mended { mends, instead }) => {
                    let also = self.also(change, &changes, &mut repairs.tried);
                    repairs.found.push(Repair { changes: vec![change.clone()], also, mends, instead });
                    continue;
                }
                Came::Traded(breaks) => {
                    let is_new = !repairs.trades.iter().any(|trade| trade.change.is_beside(change));
                    if is_new && repairs.trades.len() < MOST_TRADES {
                        repairs.trades.push(Trade { change: change.clone(), breaks });
                    }
                }
                Came::Open => repairs.open += 1,
                Came::Useless => {}
            }
            tried.push(change);
        }
        // A field of which another value repairs without breaking anything is told with that one.
        let Repairs { found, trades, .. } = &mut repairs;
        trades.retain(|trade| !found.iter().any(|found| found.changes[0].is_beside(&trade.change)));
        if repairs.found.is_empty() && repairs.ran_out.is_none() {
            self.pairs(&tried, &mut repairs);
        }
        repairs
    }

    /// Two changes at once, of the most promising ones.
    fn pairs(&self, tried: &[&Change], repairs: &mut Repairs) {
        let few = &tried[..tried.len().min(MOST_PAIRED)];
        for (index, first) in few.iter().enumerate() {
            for second in few[..index].iter().filter(|second| !is_same_field(first, second)) {
                if self.judge.is_over() {
                    repairs.ran_out = Some(self.judge.time());
                    return;
                }
                repairs.pairs += 1;
                let edits = [first.edits.clone(), second.edits.clone()].concat();
                match self.came(&edits) {
                    Came::Repaired(Mended { mends, instead }) => {
                        let changes = vec![(*second).clone(), (*first).clone()];
                        repairs.found.push(Repair { changes, also: Vec::new(), mends, instead });
                        return;
                    }
                    Came::Open => repairs.open += 1,
                    Came::Traded(_) | Came::Useless => {}
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
                also.extend(matches!(self.came(&other.edits), Came::Repaired(_)).then_some(next));
            }
        }
        also.sort_unstable();
        also
    }

    /// What edits make of the violation: first of its intent alone, which most changes fail, then of all.
    fn came(&self, edits: &[Edit]) -> Came {
        let Some(changed) = edited(self.texts, edits) else { return Came::Useless };
        let about = Some(self.one.claim.0.as_str());
        let Some(own) = self.judge.judge(&changed, about) else { return Came::Useless };
        let is_alone = self.before.keys().all(|(intent, _)| *intent == self.one.claim.0);
        if let Some(came) = self.fails(&own.verdicts, is_alone) {
            return came;
        }
        let all = if is_alone { Some(own) } else { self.judge.judge(&changed, None) };
        let Some(all) = all else { return Came::Useless };
        if let Some(came) = self.fails(&all.verdicts, true) {
            return came;
        }
        let is_mended = |(_, other): &(usize, &Violated)| {
            other.claim != self.one.claim && all.verdicts.get(&other.claim) == Some(&Judged::Holds)
        };
        let mends = self.violated.iter().enumerate().filter(is_mended).map(|(index, _)| index).collect();
        Came::Repaired(Mended { mends, instead: all.instead })
    }

    /// Why verdicts are no repair; nothing where they are one as far as they go. All intents have to be among them if
    /// `is_all`.
    fn fails(&self, after: &BTreeMap<Claim, Judged>, is_all: bool) -> Option<Came> {
        match after.get(&self.one.claim) {
            Some(Judged::Holds) => {}
            Some(Judged::Open) => return Some(Came::Open),
            _ => return Some(Came::Useless),
        }
        let held = || self.before.iter().filter(|(_, before)| **before == Judged::Holds).map(|(claim, _)| claim);
        let breaks: Vec<Claim> = held().filter(|one| after.get(one) == Some(&Judged::Violated)).cloned().collect();
        let is_kept = held().all(|one| after.get(one).map_or(!is_all, |after| *after == Judged::Holds));
        match breaks.is_empty() {
            false => Some(Came::Traded(breaks)),
            true => (!is_kept).then_some(Came::Useless),
        }
    }
}

fn is_same_field(one: &Change, other: &Change) -> bool {
    one.object == other.object && one.field == other.field
}

#[cfg(test)]
mod tests;
