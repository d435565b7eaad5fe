//! What is too much of something never grows again: how far a sum exceeds a value.
//!
//! Pods of a workload are deleted where there are more than it wants, and created where there are fewer, but never more than
//! it wants. An eviction takes the sum away from what is wanted, so that it comes to rest at no value; its excess is raised by
//! nobody.

use super::ask::Question;
use super::form::Form;
use super::steps::Loops;
use crate::engines::proof::obligations::Obligation;
use crate::smt::Stop;
use kubound_encodings::system::Pace;
use kubound_encodings::term::{Node, TermId};

impl Question<'_> {
    /// The number, or 0 if that is more.
    fn excess(&mut self, number: TermId) -> TermId {
        let zero = self.dag.make(Node::Int(0));
        self.dag.make(Node::Max(number, zero))
    }

    /// The excess of a form before a step of a rule and after it.
    fn excesses(&mut self, rule: usize, form: &Form) -> Option<[TermId; 2]> {
        let (before, after) = self.step(1, rule, form)?;
        Some([before, after].map(|value| self.excess(value)))
    }
}

/// Takes the rules out of the loops that always decrease the excess of a sum over 0, if no rule increases it; whether there are any.
pub fn exclude(
    loops: &mut Loops,
    form: &Form,
    rules: &[usize],
    obligations: &mut Vec<Obligation>,
    stop: &Stop,
) -> bool {
    // Clocks go up and down.
    if rules.iter().any(|&rule| loops.system.rules[rule].pace != Pace::Fast) {
        return false;
    }
    let constant = loops.constant();
    let mut falls = Vec::new();
    let mut shown = Vec::new();
    for &rule in rules {
        let Some(change) = loops.change(rule, form) else { return false };
        let most = loops.facts(rule, &[]).form(&change).1;
        let name = |what: &str| format!("{}: {what}", loops.system.rules[rule].name);
        if most < 0 {
            let mut question = Question::new(loops, &constant);
            let Some([before, after]) = question.excesses(rule, form) else { continue };
            let stays = question.dag.make(Node::Le(before, after));
            question.demand(stays);
            if let Some(one) = question.refuted(|| name("always less in excess"), stop) {
                falls.push((rule, one));
            }
        }
        if most > 0 {
            let mut question = Question::new(loops, &constant);
            let Some([before, after]) = question.excesses(rule, form) else { return false };
            let kept = question.dag.make(Node::Le(after, before));
            let rises = question.not(kept);
            question.demand(rises);
            let Some(one) = question.refuted(|| name("never more in excess"), stop) else { return false };
            shown.push(one);
        }
    }
    if falls.is_empty() {
        return false;
    }
    obligations.append(&mut shown);
    for (rule, one) in falls {
        obligations.push(one);
        loops.alive[rule] = false;
    }
    true
}
