//! The choices of one rule: what has to be computed for them, and random picks.

use super::graph::{Slot, Step};
use super::values::Values;
use crate::limits::walks::ATTEMPTS;
use fastrand::Rng;
use kubound_encodings::system::{Choice, Rule};
use kubound_encodings::term::{ChoiceId, Dag, Range, Term, TermId, VarId};

/// What one rule picks.
#[derive(Clone, Debug)]
enum Pick {
    Value(ChoiceId, Range),
    Split { parts: Vec<ChoiceId>, low: Vec<Slot>, high: Vec<Slot>, total: Slot },
}

/// How a rule fires.
#[derive(Clone, Debug)]
pub struct Plan {
    free: Vec<Slot>,
    picked: Vec<Slot>,
    picks: Vec<Pick>,
    constraint: Slot,
    /// The new values.
    pub updates: Vec<(VarId, Slot)>,
    /// Its choices, sorted.
    pub choices: Vec<ChoiceId>,
}

impl Plan {
    /// For a rule of a graph.
    pub fn new(dag: &Dag, rule: &Rule, values: &mut Values) -> Self {
        let mut terms: Vec<TermId> = vec![rule.constraint.id()];
        terms.extend(rule.updates.iter().map(|&(_, term)| term));
        for choice in &rule.choices {
            if let Choice::Split { low, high, total, .. } = choice {
                terms.extend(low.iter().chain(high).chain([total]));
            }
        }
        let plan = values.plan(dag, terms);
        let (free, picked) = values.split(plan);
        let mut place = |term: TermId| values.place(dag, term);
        let pick = |choice: &Choice| match choice {
            Choice::Value(id) => Pick::Value(*id, dag.choices()[id.index()].sort.range()),
            Choice::Split { parts, low, high, total } => Pick::Split {
                parts: parts.clone(),
                low: low.iter().map(|&term| place(term)).collect(),
                high: high.iter().map(|&term| place(term)).collect(),
                total: place(*total),
            },
        };
        let picks = rule.choices.iter().map(pick).collect();
        let constraint = place(rule.constraint.id());
        let updates = rule.updates.iter().map(|&(var, term)| (var, place(term))).collect();
        let mut choices: Vec<ChoiceId> = rule.choices.iter().flat_map(Choice::ids).copied().collect();
        choices.sort_unstable();
        Self { free, picked, picks, constraint, updates, choices }
    }

    /// Picks at random, as the constraint allows; false if no attempt finds picks.
    pub fn pick(&self, values: &mut Values, choices: &mut [i64], random: &mut Rng) -> bool {
        values.follow(&self.free, Step::default());
        if let [Pick::Value(id, range)] = self.picks[..] {
            // All of them, from anywhere on.
            let size = i64::try_from(range.size()).unwrap_or(i64::MAX).min(ATTEMPTS as i64);
            let first = random.i64(range.lo..=range.hi);
            return (0..size).any(|offset| {
                choices[id.index()] = range.lo + (first - range.lo + offset) % (range.hi - range.lo + 1);
                self.allows(values, choices)
            });
        }
        let attempts = if self.picks.is_empty() { 1 } else { ATTEMPTS };
        (0..attempts).any(|_| {
            self.picks.iter().all(|pick| pick.at_random(values, choices, random)) && self.allows(values, choices)
        })
    }

    /// Whether the picks are some that the rule may make.
    pub fn accepts(&self, values: &mut Values, choices: &[i64]) -> bool {
        values.follow(&self.free, Step::default());
        self.picks.iter().all(|pick| pick.is_within(values, choices)) && self.allows(values, choices)
    }

    fn allows(&self, values: &mut Values, choices: &[i64]) -> bool {
        values.follow(&self.picked, Step { primed: &[], choices });
        values.get(self.constraint) != 0
    }
}

impl Pick {
    fn is_within(&self, values: &Values, choices: &[i64]) -> bool {
        match self {
            Pick::Value(id, range) => range.contains(choices[id.index()]),
            Pick::Split { parts, low, high, total } => {
                let value = |part: &ChoiceId| choices[part.index()];
                let fits = |((part, &low), &high): ((&ChoiceId, &Slot), &Slot)| {
                    values.get(low) <= value(part) && value(part) <= values.get(high)
                };
                parts.iter().zip(low).zip(high).all(fits) && parts.iter().map(value).sum::<i64>() == values.get(*total)
            }
        }
    }

    /// Picks at random; false if nothing is within the bounds.
    fn at_random(&self, values: &Values, choices: &mut [i64], random: &mut Rng) -> bool {
        let (parts, low, high, total) = match self {
            Pick::Value(id, range) => {
                choices[id.index()] = random.i64(range.lo..=range.hi);
                return true;
            }
            Pick::Split { parts, low, high, total } => (parts, low, high, total),
        };
        let mut left = values.get(*total) - low.iter().map(|&low| values.get(low)).sum::<i64>();
        let mut order: Vec<usize> = (0..parts.len()).collect();
        random.shuffle(&mut order);
        // A few parts take all, or everybody a little.
        let is_greedy = random.bool();
        parts.iter().zip(low).for_each(|(part, &low)| choices[part.index()] = values.get(low));
        let mut room: i64 = low.iter().zip(high).map(|(&low, &high)| values.get(high) - values.get(low)).sum();
        if left < 0 || left > room {
            return false;
        }
        for index in order {
            let most = values.get(high[index]) - values.get(low[index]);
            if most < 0 {
                return false;
            }
            room -= most;
            let (least, most) = ((left - room).max(0), most.min(left));
            let more = if is_greedy { most } else { random.i64(least..=most) };
            choices[parts[index].index()] += more;
            left -= more;
        }
        left == 0
    }
}
