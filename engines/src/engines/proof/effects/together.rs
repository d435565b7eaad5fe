//! Sums that follow from what rules do at once: a node that is being drained is cordoned, and no more nodes are cordoned than
//! drains have begun.

use super::form::Form;
use super::steps::Loops;
use kubound_encodings::subject::{SlotId, Subject};
use kubound_encodings::term::{Range, VarId};
use std::collections::{BTreeMap, BTreeSet};

/// Forms that may be at most 0 in every reachable state, to be shown.
pub fn candidates(every: &Loops) -> Vec<Form> {
    let raised: Vec<Vec<VarId>> = (0..every.changes.len()).map(|rule| raised(every, rule)).collect();
    implied(every, &raised).into_iter().chain(spent(every, &raised)).collect()
}

/// The flags that are set after each step of a rule.
fn raised(every: &Loops, rule: usize) -> Vec<VarId> {
    let is_flag = |var: VarId| {
        let range = every.system.dag.sort(every.vars[var.index()]).range();
        range == Range { lo: 0, hi: 1 } && !every.is_monitor(var)
    };
    let is_set = |(var, change): &&(VarId, Form)| {
        let mut after = change.clone();
        is_flag(*var) && after.add_atom(every.vars[var.index()], 1).is_some() && after.parts.is_empty()
    };
    let set = every.changes[rule].iter().filter(is_set).filter(|(_, change)| change.constant == 1);
    set.map(|(var, _)| *var).collect()
}

/// One flag is set only where the other one is: some rule sets both.
fn implied(every: &Loops, raised: &[Vec<VarId>]) -> Vec<Form> {
    let pairs = raised.iter().flat_map(|flags| {
        let others = |&one: &VarId| flags.iter().filter(move |&&other| other != one).map(move |&other| (one, other));
        flags.iter().flat_map(others).collect::<Vec<_>>()
    });
    let difference = |(one, other): (VarId, VarId)| {
        let mut form = Form::default();
        form.add_atom(every.vars[one.index()], 1)?;
        form.add_atom(every.vars[other.index()], -1)?;
        Some(form)
    };
    pairs.collect::<BTreeSet<_>>().into_iter().filter_map(difference).collect()
}

/// What rules take from a stock to set a flag: together there are never more flags and stock than at first.
fn spent(every: &Loops, raised: &[Vec<VarId>]) -> Vec<Form> {
    let mut stocks: BTreeMap<(VarId, Subject), BTreeSet<VarId>> = BTreeMap::new();
    for (rule, flags) in raised.iter().enumerate() {
        let takes = |(_, change): &&(VarId, Form)| change.parts.is_empty() && change.constant == -1;
        for (stock, _) in every.changes[rule].iter().filter(takes) {
            for &flag in flags {
                let subject = every.system.dag.vars()[flag.index()].subject.map(|object| object, |_| SlotId(0));
                stocks.entry((*stock, subject)).or_default().insert(flag);
            }
        }
    }
    let sum = |((stock, _), flags): ((VarId, Subject), BTreeSet<VarId>)| {
        let mut form = Form::default();
        flags.into_iter().chain([stock]).try_for_each(|var| form.add_atom(every.vars[var.index()], 1))?;
        let first = super::bounds::initially(&every.system, &form)?;
        Some(Form { constant: i64::try_from(first).ok()?.checked_neg()?, ..form })
    };
    stocks.into_iter().filter_map(sum).collect()
}
