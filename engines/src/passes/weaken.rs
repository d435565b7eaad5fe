//! A system with more runs and simpler terms: whatever is invariant in it is invariant in the original.
//!
//! Guards and constraints keep their simple conjuncts, simple meaning: without products and tables, and without
//! quotients other than equal shares ([`simple_terms`]). Splits
//! become plain picks with their simple bounds. Updates that are not simple become picks of any value.

use super::any_value;
use crate::limits::passes::CASES;
use crate::limits::passes::MOST_SHARED;
use kubound_encodings::system::{Choice, Rule, TransitionSystem};
use kubound_encodings::term::{Bool, Dag, Int, Node, Term, TermId, all, sum, within};

/// For each term whether it needs neither product nor table, nor a quotient other than an equal share (of at most some
/// thousand things over a few).
pub fn simple_terms(dag: &Dag) -> Vec<bool> {
    let mut simple: Vec<bool> = Vec::with_capacity(dag.len());
    for index in 0..dag.len() {
        let node = dag.node(TermId(index as u32));
        let mut all = match node {
            Node::Mul(..) | Node::Rem(..) | Node::Table(..) => false,
            Node::Div(whole, parts) => {
                let is_few = (2..=CASES).contains(&dag.range(*parts).size());
                is_few && dag.range(*whole).size() <= MOST_SHARED
            }
            _ => true,
        };
        node.for_each_operand(|operand| all = all && simple[operand.index()]);
        simple.push(all);
    }
    simple
}

/// A condition and whether it is negated.
pub type Literal = (TermId, bool);

/// The conjuncts of a condition, or of its negation, in order.
pub fn conjuncts(dag: &Dag, condition: Literal) -> Vec<Literal> {
    let (mut found, mut left) = (Vec::new(), vec![condition]);
    while let Some((term, negated)) = left.pop() {
        match (dag.node(term), negated) {
            (Node::And(ids), false) | (Node::Or(ids), true) => left.extend(ids.iter().rev().map(|&id| (id, negated))),
            (Node::Not(a), _) => left.push((*a, !negated)),
            _ => found.push((term, negated)),
        }
    }
    found
}

/// See the module.
pub fn weakened(system: &TransitionSystem) -> TransitionSystem {
    let simple = simple_terms(&system.dag);
    let mut weak = system.clone();
    let mut rules = std::mem::take(&mut weak.rules);
    let dag = std::mem::take(&mut weak.dag);
    let ((), dag) = within(dag, || {
        rules.iter_mut().for_each(|rule| weaken(&system.dag, &simple, rule));
    });
    weak.dag = dag;
    weak.rules = rules;
    weak
}

fn weaken(dag: &Dag, simple: &[bool], rule: &mut Rule) {
    let keep = |condition: Bool| {
        let kept = conjuncts(dag, (condition.id(), false)).into_iter().filter(|(term, _)| simple[term.index()]);
        all(kept.map(|(term, negated)| if negated { !Bool::from_id(term) } else { Bool::from_id(term) }))
    };
    rule.enabled = keep(rule.enabled);
    rule.constraint = keep(rule.constraint);
    let mut choices = Vec::new();
    for choice in std::mem::take(&mut rule.choices) {
        let Choice::Split { parts, low, high, total } = choice else {
            choices.push(choice);
            continue;
        };
        let term = |id: kubound_encodings::term::ChoiceId| {
            let position = (0..dag.len() as u32).map(TermId).find(|&term| *dag.node(term) == Node::Choice(id));
            position.map(Int::from_id)
        };
        let picks: Vec<Option<Int>> = parts.iter().map(|&part| term(part)).collect();
        let mut facts = vec![rule.constraint];
        for (pick, (low, high)) in picks.iter().zip(low.iter().zip(&high)) {
            if let Some(pick) = *pick {
                facts.extend(simple[low.index()].then(|| pick.at_least(Int::from_id(*low))));
                facts.extend(simple[high.index()].then(|| pick.at_most(Int::from_id(*high))));
            }
        }
        if let (true, Some(picks)) = (simple[total.index()], picks.into_iter().collect::<Option<Vec<Int>>>()) {
            facts.push(sum(picks).is(Int::from_id(total)));
        }
        rule.constraint = all(facts);
        choices.extend(parts.into_iter().map(Choice::Value));
    }
    for (index, (var, update)) in rule.updates.iter_mut().enumerate() {
        if !simple[update.index()] {
            let name = format!("{} any {index}", rule.name);
            let (id, any) = any_value(name, dag.vars()[var.index()].sort);
            choices.push(Choice::Value(id));
            *update = any;
        }
    }
    rule.choices = choices;
}
