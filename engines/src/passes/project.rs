//! A system seen through a few of its variables, with whatever the others may do: every run of the original, seen through
//! these variables, is a run of it, and it may have more.
//!
//! Conjuncts of guards and constraints that read something else are left out. In updates the smallest condition or number that
//! reads something else becomes a pick of any value. Nobody has to act, since what is enabled here need not be enabled in the
//! original.
//!
//! In the original every step stays within the ranges of variables; so steps that would leave them are left out as well. A
//! rule may then have no pick in some state, or one that changes nothing that is seen. A further variable, which stands for
//! all that is not seen, changes in every step, and each rule may change it alone.

use super::{any_value, conjuncts, specialise};
use kubound_encodings::subject::{Part, Subject};
use kubound_encodings::system::{Choice, Initial, Monitor, Property, Role, Rule, StateVar, TransitionSystem};
use kubound_encodings::term::{
    Bool, Dag, Int, Node, Sort, Term, TermId, VarId, all, any, bool_choice, bool_var, choice_of, choose, variable,
    within,
};
use rustc_hash::FxHashMap;

/// A system seen through the variables `kept` (by `VarId`), with a property over them.
pub fn projected(system: &TransitionSystem, kept: &[bool], property: impl FnOnce() -> Property) -> TransitionSystem {
    let inside = inside(&system.dag, kept);
    let mut copy = system.clone();
    let rules = std::mem::take(&mut copy.rules);
    let ((rules, property, elsewhere), dag) = within(std::mem::take(&mut copy.dag), || {
        let (elsewhere, _) = bool_var("elsewhere");
        let project = |rule: Rule| {
            Projector { from: system, inside: &inside, kept, picks: Vec::new(), known: FxHashMap::default() }
                .rule(rule, elsewhere)
        };
        (rules.into_iter().filter_map(project).collect(), property(), elsewhere)
    });
    copy.dag = dag;
    copy.rules = rules;
    copy.properties = vec![property];
    copy.fairness.clear();
    copy.monitors.retain(|monitor: &Monitor| kept[monitor.var.index()]);
    copy.constraints.retain(|constraint| inside[constraint.holds.id().index()]);
    copy.symmetry.retain(|class| inside[class.active.index()]);
    let no = copy.dag.make(Node::Bool(false));
    let none = copy.dag.make(Node::Int(0));
    for (index, var) in copy.vars.iter_mut().enumerate() {
        if !kept[index] {
            let sort = copy.dag.vars()[index].sort;
            let value = if sort == Sort::Bool { no } else { copy.dag.make(Node::Int(sort.range().lo)) };
            *var = StateVar { role: Role::Frozen, initial: Initial::Term(value) };
        } else if matches!(var.initial, Initial::Term(term) if !inside[term.index()]) {
            var.initial = Initial::Free;
        }
    }
    debug_assert_eq!(elsewhere.index(), copy.vars.len());
    copy.vars.push(StateVar { role: Role::Cluster, initial: Initial::Term(no) });
    for size in [&mut copy.nodes, &mut copy.pods] {
        if !inside[size.index()] {
            *size = none;
        }
    }
    specialise(&copy, &[]).system
}

/// For each term whether it reads nothing but `kept` variables; choices of rules are nobody's variables.
fn inside(dag: &Dag, kept: &[bool]) -> Vec<bool> {
    let mut inside: Vec<bool> = Vec::with_capacity(dag.len());
    for index in 0..dag.len() {
        let node = dag.node(TermId(index as u32));
        let mut all = match node {
            Node::Var(var) | Node::Primed(var) => kept[var.index()],
            _ => true,
        };
        node.for_each_operand(|operand| all = all && inside[operand.index()]);
        inside.push(all);
    }
    inside
}

/// What becomes of one rule.
struct Projector<'a> {
    from: &'a TransitionSystem,
    inside: &'a [bool],
    kept: &'a [bool],
    /// What it picks in place of what is not seen.
    picks: Vec<Choice>,
    known: FxHashMap<TermId, TermId>,
}

impl Projector<'_> {
    /// `None` if it changes nothing that is seen.
    fn rule(mut self, rule: Rule, elsewhere: VarId) -> Option<Rule> {
        let (updates, dag) = (rule.updates.iter().filter(|(var, _)| self.kept[var.index()]), &self.from.dag);
        let updates: Vec<(VarId, TermId)> = updates.map(|&(var, term)| (var, self.term(term))).collect();
        if updates.is_empty() {
            return None;
        }
        let stays = |&(var, term): &(VarId, TermId)| match dag.vars()[var.index()].sort {
            Sort::Bool => Bool::from(true),
            Sort::Int(range) => Int::from_id(term).at_least(range.lo) & Int::from_id(term).at_most(range.hi),
        };
        let (mut choices, mut facts): (Vec<Choice>, Vec<Bool>) = (Vec::new(), updates.iter().map(stays).collect());
        facts.push(self.seen(rule.constraint));
        for choice in &rule.choices {
            choices.extend(self.choice(choice, &mut facts));
        }
        choices.append(&mut self.picks);
        let (skip, skips) = bool_choice("does something else");
        choices.push(Choice::Value(skip));
        let update = |(var, term)| (var, choose(skips, variable(var), term));
        let mut updates: Vec<(VarId, TermId)> = updates.into_iter().map(update).collect();
        updates.push((elsewhere, (!Bool::from_id(variable(elsewhere))).id()));
        Some(Rule {
            enabled: self.seen(rule.enabled),
            waits: None,
            constraint: any([skips, all(facts)]),
            choices,
            updates,
            fairness: None,
            writes: Vec::new(),
            sentence: Vec::new(),
            details: Vec::new(),
            ..rule
        })
    }

    /// The conjuncts of a condition that read nothing else.
    fn seen(&self, condition: Bool) -> Bool {
        let dag = &self.from.dag;
        let kept = conjuncts(dag, (condition.id(), false)).into_iter().filter(|(term, _)| self.inside[term.index()]);
        all(kept.map(|(term, negated)| if negated { !Bool::from_id(term) } else { Bool::from_id(term) }))
    }

    /// A choice; a split of what is not seen becomes picks, with facts that are left of it.
    fn choice(&self, choice: &Choice, facts: &mut Vec<Bool>) -> Vec<Choice> {
        let Choice::Split { parts, low, high, total } = choice else { return vec![choice.clone()] };
        if low.iter().chain(high).chain([total]).all(|term| self.inside[term.index()]) {
            return vec![choice.clone()];
        }
        for (index, part) in parts.iter().enumerate() {
            let pick = Int::from_id(choice_of(*part));
            facts.extend(self.inside[low[index].index()].then(|| pick.at_least(Int::from_id(low[index]))));
            facts.extend(self.inside[high[index].index()].then(|| pick.at_most(Int::from_id(high[index]))));
        }
        parts.iter().copied().map(Choice::Value).collect()
    }

    /// A term with picks in place of what is not seen.
    fn term(&mut self, term: TermId) -> TermId {
        if self.inside[term.index()] {
            return term;
        }
        if let Some(&known) = self.known.get(&term) {
            return known;
        }
        let dag = &self.from.dag;
        let bool = Bool::from_id;
        let found = match dag.node(term) {
            Node::Not(a) => (!bool(self.term(*a))).id(),
            Node::And(list) if self.sees_some(list) => {
                all(list.iter().map(|&one| bool(self.term(one))).collect::<Vec<_>>()).id()
            }
            Node::Or(list) if self.sees_some(list) => {
                any(list.iter().map(|&one| bool(self.term(one))).collect::<Vec<_>>()).id()
            }
            Node::Ite(condition, a, b) if self.sees_some(&[*condition, *a, *b]) => {
                let [condition, a, b] = [*condition, *a, *b].map(|one| self.term(one));
                choose(bool(condition), a, b)
            }
            _ => self.pick(dag.sort(term)),
        };
        self.known.insert(term, found);
        found
    }

    fn sees_some(&self, list: &[TermId]) -> bool {
        list.iter().any(|one| self.inside[one.index()])
    }

    fn pick(&mut self, sort: Sort) -> TermId {
        let subject = Subject::new("anything").with(Part::Number(self.picks.len() as i64));
        let (id, term) = any_value(subject, sort);
        self.picks.push(Choice::Value(id));
        term
    }
}
