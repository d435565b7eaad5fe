//! The rules that bind a pod of one group: to any feasible node of the best score.

use super::preemption::Preemptor;
use super::{Scheduler, feasible_nodes, score};
use crate::controllers::{Controller, kept_elsewhere};
use crate::state::{Model, RuleBuilder, text, words};
use crate::subject::Subject;
use crate::system::{DetailKind, Pace, Phrase, Verb};
use crate::term::{Bool, Int, Term, ite, max_of};

/// Why a rule may take a node that is not the best.
const UNKNOWN_SCORES: &str = "the scores of this profile need constant allocatable; any feasible node is taken";

/// Why a rule may take a node that is not the best of all.
const SAMPLED: &str = "of more than 100 nodes only a part is scored; any feasible node is taken";

/// What a scheduling cycle knows of the pods of one group; vectors are by slot.
pub(super) struct Cycle {
    group: usize,
    feasible: Vec<Bool>,
    /// The scores of feasible nodes; -1 elsewhere.
    ranked: Vec<Int>,
    best: Int,
    scores: score::Totals,
    /// Whether scores count: where a pod may go to one node only, none does.
    may_choose: bool,
    samples: bool,
}

impl Cycle {
    pub(super) fn new(model: &Model, group: usize) -> Self {
        let feasible = feasible_nodes(model, group).to_vec();
        let may_choose = model.groups[group].waiting.is_none();
        let samples = model.profile(group).samples(feasible.len()) && may_choose;
        let scores = score::totals(model, group, &feasible);
        let ranked: Vec<Int> = feasible.iter().zip(&scores.terms).map(|(&ok, &score)| ite(ok, score, -1)).collect();
        let best = if ranked.is_empty() { Int::from(-1) } else { max_of(&ranked) };
        Cycle { group, feasible, ranked, best, scores, may_choose, samples }
    }

    /// The rules that bind a pod to the node of a slot.
    pub(super) fn rules(
        &self,
        model: &Model,
        slot: usize,
        unit: usize,
        preemptor: Option<&Preemptor>,
    ) -> Vec<RuleBuilder> {
        let state = &model.groups[self.group];
        let waiting = preemptor.map_or(state.unplaced_for(slot).value, |one| one.unnominated[slot]).above(0);
        let rule = |verb| self.rule(model, slot, verb).fair(unit);
        if let Some(bound) = &state.bound {
            let mut rules = vec![rule(words::BIND).when(waiting).add(bound[slot], 1)];
            if let Some(preemptor) = preemptor.filter(|_| self.may_choose) {
                let rule = rule("bind-elsewhere").add(bound[slot], 1);
                rules.push(preemptor.bind_elsewhere(model, slot, rule));
            }
            return rules;
        }
        let expansion = [(Scheduler.name(), words::BIND), ("kubelet", words::START)];
        let expansion = expansion.map(|(actor, verb)| (actor, Subject::new(verb).of(state.id).on(slot)));
        let rule = rule("bind-and-start")
            .when(waiting)
            .when(model.slots[slot].is_alive())
            .writes(Verb::Status, state.id)
            .at(slot)
            .add(state.first_running_phase(slot), 1)
            .expands_to(expansion);
        vec![rule]
    }

    /// A binding to the node of a slot, whatever it is called and whichever pod it takes.
    fn rule(&self, model: &Model, slot: usize, verb: &'static str) -> RuleBuilder {
        let state = &model.groups[self.group];
        let waits = Phrase::IfAny {
            before: ", where it waits for a volume that is attached to another node: pods there ".to_owned(),
            term: kept_elsewhere(model, self.group, slot).id(),
            after: String::new(),
        };
        let is_scored = self.may_choose && self.scores.is_exact && !self.samples;
        let is_best = if is_scored { self.scores.terms[slot].is(self.best) } else { true.into() };
        let mut rule =
            RuleBuilder::new(Subject::new(verb).of(state.id).on(slot), Scheduler.name(), "Scheduled", Pace::Fast)
                .when(self.feasible[slot])
                .when(is_best)
                .writes(Verb::Bind, state.id)
                .at(slot)
                .add(state.unplaced_for(slot), -1)
                .says([text(format!("a pod of {} to {}", state.name, model.slots[slot].name)), waits])
                .because_of(model.origin(self.group, "spec.template.spec"));
        for (there, &score) in self.ranked.iter().enumerate().filter(|_| self.may_choose) {
            let shown = ite(score.at_least(0), score + self.scores.common, -1);
            rule = rule.tells(DetailKind::Score, Subject::new("score of").on(there), shown.id());
        }
        match (self.scores.is_exact || !self.may_choose, self.samples) {
            (_, true) => rule.over_approximates(SAMPLED),
            (false, false) => rule.over_approximates(UNKNOWN_SCORES),
            (true, false) => rule,
        }
    }
}
