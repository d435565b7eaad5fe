//! Which terms to compute once for several rules.
//!
//! A term in the guards of two rules or more is computed once a state: at once if it is small, on demand if it is
//! large or only read behind guards. A term inside another is not named when it is used by the same rules only.

use crate::limits::explicit::SMALL_TERM;
use kubound_encodings::stop::tick;
use kubound_encodings::system::{Choice, Rule, TransitionSystem};
use kubound_encodings::term::{Dag, Node, Term, TermId};

/// What the rules share: terms to compute always, and terms to compute on demand.
pub fn shared_terms(system: &TransitionSystem) -> (Vec<TermId>, Vec<TermId>) {
    let dag = &system.dag;
    let (tainted, sizes) = taint_and_sizes(dag);
    let guards = uses(dag, system.rules.iter().map(|rule| vec![rule.enabled.id()]));
    let all = uses(dag, system.rules.iter().map(everything));
    let mut frontier = vec![false; dag.len()];
    let mut mark = |id: TermId| frontier[id.index()] = true;
    for rule in &system.rules {
        everything(rule).into_iter().for_each(&mut mark);
    }
    for index in 0..dag.len() {
        let id = TermId(index as u32);
        dag.node(id).for_each_operand(|operand| {
            if all[operand.index()] != all[index] || guards[operand.index()] != guards[index] || tainted[index] {
                mark(operand);
            }
        });
    }
    let (mut eager, mut lazy) = (Vec::new(), Vec::new());
    for index in 0..dag.len() {
        if !frontier[index] || tainted[index] || all[index] < 2 {
            continue;
        }
        let id = TermId(index as u32);
        if guards[index] >= 2 && sizes[index] <= SMALL_TERM {
            eager.push(id);
        } else if sizes[index] > 8 {
            lazy.push(id);
        }
    }
    (eager, lazy)
}

fn everything(rule: &Rule) -> Vec<TermId> {
    let mut terms = vec![rule.enabled.id(), rule.constraint.id()];
    terms.extend(rule.updates.iter().map(|&(_, term)| term));
    for choice in &rule.choices {
        if let Choice::Split { low, high, total, .. } = choice {
            terms.extend(low.iter().chain(high).chain([total]));
        }
    }
    terms
}

/// In how many of the lists each term occurs.
fn uses(dag: &Dag, lists: impl Iterator<Item = Vec<TermId>>) -> Vec<u32> {
    let mut counts = vec![0; dag.len()];
    let mut last = vec![u32::MAX; dag.len()];
    for (number, mut stack) in lists.enumerate() {
        while let Some(id) = stack.pop() {
            if std::mem::replace(&mut last[id.index()], number as u32) != number as u32 {
                tick(1);
                counts[id.index()] += 1;
                dag.node(id).for_each_operand(|operand| stack.push(operand));
            }
        }
    }
    counts
}

/// Which terms read choices or primed variables, and about how many nodes each has.
fn taint_and_sizes(dag: &Dag) -> (Vec<bool>, Vec<u32>) {
    let mut tainted = vec![false; dag.len()];
    let mut sizes = vec![1_u32; dag.len()];
    for index in 0..dag.len() {
        let node = dag.node(TermId(index as u32));
        let (mut taint, mut size) = (matches!(node, Node::Choice(_) | Node::Primed(_)), 1_u32);
        node.for_each_operand(|operand| {
            taint |= tainted[operand.index()];
            size = size.saturating_add(sizes[operand.index()]);
        });
        (tainted[index], sizes[index]) = (taint, size);
    }
    (tainted, sizes)
}

/// The largest terms under `roots` that do not depend on choices.
pub fn choice_free(dag: &Dag, roots: impl Iterator<Item = TermId>) -> Vec<TermId> {
    let mut stack: Vec<TermId> = roots.collect();
    let cone = dag.cone(stack.iter().copied());
    let mut tainted = vec![false; dag.len()];
    for index in (0..dag.len()).filter(|&index| cone[index]) {
        let node = dag.node(TermId(index as u32));
        let mut taint = matches!(node, Node::Choice(_));
        node.for_each_operand(|operand| taint |= tainted[operand.index()]);
        tainted[index] = taint;
    }
    let mut seen = vec![false; dag.len()];
    let mut found = Vec::new();
    while let Some(id) = stack.pop() {
        if std::mem::replace(&mut seen[id.index()], true) {
            continue;
        }
        if tainted[id.index()] {
            dag.node(id).for_each_operand(|operand| stack.push(operand));
        } else {
            found.push(id);
        }
    }
    found
}
