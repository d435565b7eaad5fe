//! Measures that are sums of variables with weights, from a linear program with a row for each class of rules.
//!
//! In a loop every variable comes back to its value. So if weights are such that no step of a loop increases the weighted
//! sum, no step changes it, and a rule that always decreases it is part of no loop. With these rules gone the rest may
//! have other weights: measures are found one after the other.
//!
//! Variables that differ only by the node, or only by object and node, share a weight at first. Rules that then have the
//! same row are one question, so that the program does not grow with the cluster. Only where that is too coarse
//! each variable has its own weight.

use super::steps::{Loops, Row};
use crate::limits::proof::{LARGEST_WEIGHT, MOST_WEIGHTS};
use crate::smt::{Check, Encoding, Stop, open};
use kubound_encodings::subject::{Names, Object, ObjectId, Part, SlotId, Subject};
use kubound_encodings::term::{Bool, Dag, Int, Term, VarDecl, VarId, any, int_var, within};
use std::collections::{BTreeMap, BTreeSet};

/// A weighted sum of variables that no step of a loop increases, and the rules that decrease it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Weighted {
    /// The weights that are not 0.
    pub weights: Vec<(VarId, i64)>,
    /// The rules that always decrease the sum.
    pub rules: Vec<usize>,
}

/// Which variables share a weight.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sharing {
    /// All that differ by objects of one kind, or by nodes.
    Kinds,
    /// Those of one object that differ by nodes.
    Objects,
    /// None.
    Nothing,
}

/// Removes from the loops every rule that some measure excludes, and returns the measures in their order.
pub fn exclude(loops: &mut Loops, stop: &Stop) -> Result<Vec<Weighted>, String> {
    let mut found = Vec::new();
    let rows: BTreeMap<usize, Row> = loops.rules().map(|rule| (rule, loops.row(rule))).collect();
    for sharing in [Sharing::Kinds, Sharing::Objects, Sharing::Nothing] {
        let classes = classes(loops, sharing);
        while let Some(measure) = next(loops, &rows, &classes, stop)? {
            measure.rules.iter().for_each(|&rule| loops.alive[rule] = false);
            found.push(measure);
        }
    }
    Ok(found)
}

/// The class of each variable, numbered from 0.
fn classes(loops: &Loops, sharing: Sharing) -> Vec<usize> {
    let mut known: BTreeMap<Subject, usize> = BTreeMap::new();
    let names = &loops.system.names;
    let mut class = |decl: &VarDecl| {
        let subject = match sharing {
            Sharing::Kinds => decl.subject.map(|object| representative(names, object), |_| SlotId(0)),
            Sharing::Objects => decl.subject.map(|object| object, |_| SlotId(0)),
            Sharing::Nothing => decl.subject.clone(),
        };
        let next = known.len();
        *known.entry(without_numbers(subject, sharing)).or_insert(next)
    };
    loops.system.dag.vars().iter().map(&mut class).collect()
}

fn without_numbers(mut subject: Subject, sharing: Sharing) -> Subject {
    if sharing == Sharing::Kinds {
        subject.aspect.parts.retain(|part| !matches!(part, Part::Number(_)));
    }
    subject
}

/// The first object of the same kind, revision and level.
fn representative(names: &Names, object: ObjectId) -> ObjectId {
    let alike = |one: &Object| (one.kind.clone(), one.revision, one.level, one.ordinal.is_some());
    let Some(wanted) = names.objects.get(object.index()).map(alike) else { return object };
    let first = names.objects.iter().position(|one| alike(one) == wanted);
    first.map_or(object, |index| ObjectId(index as u32))
}

/// The row of a rule over classes.
fn shared(row: &Row, classes: &[usize]) -> Row {
    let share = |weights: &[(VarId, i64)]| {
        let mut sums: BTreeMap<usize, i64> = BTreeMap::new();
        for &(var, factor) in weights {
            *sums.entry(classes[var.index()]).or_default() += factor;
        }
        let sums = sums.into_iter().filter(|&(_, factor)| factor != 0);
        sums.map(|(class, factor)| (VarId(class as u32), factor)).collect::<Vec<_>>()
    };
    let mut amounts: Vec<_> = row.amounts.iter().map(|(range, weights)| (*range, share(weights))).collect();
    for (total, parts) in &row.splits {
        let parts: Vec<_> = parts.iter().map(|(range, weights)| (*range, share(weights))).collect();
        match parts.first() {
            // What the parts add up to counts, wherever they are.
            Some((_, first)) if parts.iter().all(|(_, weights)| weights == first) => {
                amounts.push((*total, first.clone()))
            }
            _ => amounts.extend(parts),
        }
    }
    amounts.retain(|(_, weights)| !weights.is_empty());
    amounts.sort();
    Row { constant: share(&row.constant), amounts, splits: Vec::new() }
}

/// One more measure, if there is one.
fn next(
    loops: &Loops,
    each: &BTreeMap<usize, Row>,
    classes: &[usize],
    stop: &Stop,
) -> Result<Option<Weighted>, String> {
    let mut rows: BTreeMap<Row, Vec<usize>> = BTreeMap::new();
    for rule in loops.rules() {
        rows.entry(shared(&each[&rule], classes)).or_default().push(rule);
    }
    rows.remove(&Row::default());
    let used: BTreeSet<VarId> = rows.keys().flat_map(Row::weights).collect();
    if rows.is_empty() || used.len() > MOST_WEIGHTS || rows.len() > MOST_WEIGHTS {
        return Ok(None);
    }
    let (question, dag) = within(Dag::default(), || Program::new(&used, rows.keys()));
    if dag.overflow().is_some() {
        return Ok(None);
    }
    let mut view = open(Encoding::Integers);
    question.facts.iter().for_each(|fact| view.assert(&dag, fact.id()));
    match view.check(&dag, &[], stop) {
        // Without an answer in time there may still be coarser or other measures.
        Check::Unsat | Check::Unknown(_) => return Ok(None),
        Check::Sat => {}
    }
    let chosen: BTreeMap<VarId, i64> =
        question.weights.iter().map(|(&class, &(var, _))| (class, view.value(&dag, var))).collect();
    // What the solver says is only a guess until exact numbers agree.
    let falls = |row: &Row| row.most(&chosen) < 0;
    if rows.keys().any(|row| row.most(&chosen) > 0) {
        return Err("the solver's weights do not satisfy the linear program".to_owned());
    }
    let rules = rows.iter().filter(|(row, _)| falls(row)).flat_map(|(_, rules)| rules.iter().copied()).collect();
    let weight = |(index, &class): (usize, &usize)| {
        let weight = chosen.get(&VarId(class as u32)).copied().unwrap_or(0);
        (weight != 0).then_some((VarId(index as u32), weight))
    };
    let constant = loops.constant();
    let weights = classes.iter().enumerate().filter_map(weight).filter(|(var, _)| !constant[var.index()]).collect();
    Ok(Some(Weighted { weights, rules }))
}

impl Row {
    /// The weights that it reads.
    fn weights(&self) -> impl Iterator<Item = VarId> + '_ {
        let amounts = self.amounts.iter().flat_map(|(_, weights)| weights);
        self.constant.iter().chain(amounts).map(|&(var, _)| var)
    }

    /// The most that it adds with these weights.
    fn most(&self, weights: &BTreeMap<VarId, i64>) -> i128 {
        let value = |sum: &[(VarId, i64)]| -> i128 {
            sum.iter()
                .map(|(var, factor)| i128::from(weights.get(var).copied().unwrap_or(0)) * i128::from(*factor))
                .sum()
        };
        let mut most = value(&self.constant);
        for (range, sum) in &self.amounts {
            let factor = value(sum);
            most += factor * i128::from(if factor > 0 { range.hi } else { range.lo });
        }
        most
    }
}

/// The linear program in terms.
struct Program {
    weights: BTreeMap<VarId, (VarId, Int)>,
    facts: Vec<Bool>,
}

impl Program {
    /// No row increases the sum, and some row decreases it.
    fn new<'r>(used: &BTreeSet<VarId>, rows: impl Iterator<Item = &'r Row>) -> Self {
        let weight = |class: &VarId| (*class, int_var(format!("weight {}", class.0), -LARGEST_WEIGHT, LARGEST_WEIGHT));
        let weights: BTreeMap<VarId, (VarId, Int)> = used.iter().map(weight).collect();
        let (mut facts, mut falls) = (Vec::new(), Vec::new());
        for row in rows {
            let value = |sum: &[(VarId, i64)]| {
                sum.iter().fold(Int::from(0), |total, (class, factor)| total + weights[class].1 * *factor)
            };
            // An amount of unknown size counts by its sign: whatever it is, it must not increase the sum.
            let mut most = value(&row.constant);
            for (range, sum) in &row.amounts {
                let factor = value(sum);
                most = match *range {
                    range if range.lo == range.hi => most + factor * range.lo,
                    range if range.lo >= 0 => {
                        facts.push(factor.at_most(0));
                        most + factor * range.lo
                    }
                    range if range.hi <= 0 => {
                        facts.push(factor.at_least(0));
                        most + factor * range.hi
                    }
                    _ => {
                        facts.push(factor.is(0));
                        most
                    }
                };
            }
            facts.push(most.at_most(0));
            falls.push(most.below(0));
        }
        facts.push(any(falls));
        Self { weights, facts }
    }
}
