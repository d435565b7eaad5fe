//! DefaultPreemption: pods of lower priority make room for a pod that fits nowhere (section 1.11).
//!
//! ## One step
//! `preempt`: a pod without a feasible node gets the best node where the loss of pods of lower priority helps. The
//! victims become terminating, whatever budgets say; the node is nominated for the pod, and nominations of lower
//! priority there are gone. `bind-nominated`: the pod goes to its node; `bind-elsewhere`: another one became feasible
//! before. `clear-nomination`: the node does not fit any more and nothing on it is terminating, so that the pod starts
//! anew.
//!
//! ## Nominated pods
//! A count by workload and node, part of the pending ones. Pods of the same or a lower priority have to leave room for
//! them: filters must pass with and without them.
//!
//! ## Which node
//! Of a pod of a DaemonSet its own. Else:
//! Fewest victims against budgets, then the lowest priority of the most important victim, the smallest sum of
//! priorities, the fewest victims. Start times and the order of a map, which come last, are free.
//!
//! ## Over-approximation
//! Where pods of equal priority that differ share a node, any needed ones among them are taken, from any node where that
//! helps (`preempt-any`, tagged).
//!
//! ## Not modelled
//! Candidates beyond 100 nodes. A pod waits for all terminating pods of lower priority on its node, not only for those
//! that it preempted.

mod victims;

use super::counted::Counts;
use super::{feasible_nodes, filter};
use crate::state::{Model, RuleBuilder, text};
use crate::subject::{Part, Subject};
use crate::system::{Pace, Phrase, Verb};
use crate::term::{Bool, ChoiceId, Int, Term, all, any, int_choice, ite, max_of, min_of, sum};
use victims::{Candidate, Class};

/// Why a step takes victims that the real scheduler might not.
const UNORDERED: &str = "ages of pods of equal priority decide which of them are preempted, and where";

/// What every priority gets added, so that none is negative.
const OFFSET: i64 = 1 << 31;

/// What a group whose pods preempt others can do.
pub(super) struct Preemptor {
    group: usize,
    /// By slot: pods that may go there, are pending and not nominated.
    pub unnominated: Vec<Int>,
    /// By slot: whether some node is feasible for the pods that may go there.
    some_feasible: Vec<Bool>,
    /// Whether each pod may go to one node only.
    is_per_node: bool,
    /// By slot: whether the node is feasible for a pod that is nominated to it.
    feasible_own: Vec<Bool>,
    /// By slot: whether a pod that is nominated to it waits for pods that are terminating there.
    waits: Vec<Bool>,
    /// By slot: what preemption would do there.
    candidates: Vec<Candidate>,
}

impl Preemptor {
    /// What a group can do, if its pods preempt others; the feasible nodes of all groups are known.
    pub fn new(model: &Model, group: usize) -> Option<Self> {
        let nominated = model.groups[group].nominated.as_ref()?;
        let slots = 0..model.slots.len();
        let priority = model.template(group).priority;
        let waits = |slot: usize| {
            let lower = (0..model.groups.len()).filter(|&other| model.template(other).priority < priority);
            let terminating = any(lower.map(|other| model.groups[other].terminating[slot].value.above(0)));
            terminating & !filter::is_hopeless(model, group, slot)
        };
        let state = &model.groups[group];
        let (is_per_node, feasible) = (state.waiting.is_some(), feasible_nodes(model, group));
        let unnominated = |slot: usize| match is_per_node {
            true => state.unplaced_for(slot).value.monus(nominated[slot].value),
            false => state.pending.value.monus(sum(nominated.iter().map(|count| count.value))),
        };
        let some_feasible = |slot: usize| match is_per_node {
            true => feasible.get(slot).copied().unwrap_or(false.into()),
            false => any(feasible.iter().copied()),
        };
        Some(Self {
            group,
            unnominated: slots.clone().map(unnominated).collect(),
            some_feasible: slots.clone().map(some_feasible).collect(),
            is_per_node,
            feasible_own: slots
                .clone()
                .map(|slot| filter::fits(model, group, &Counts::there(model, slot), 1))
                .collect(),
            waits: slots.clone().map(waits).collect(),
            candidates: slots.map(|slot| Candidate::new(model, group, slot)).collect(),
        })
    }

    /// Whether some pod of the group has something to do: to go to a node, to preempt, to give a nomination up.
    pub fn acts(&self, model: &Model) -> Bool {
        let nominated = model.groups[self.group].nominated.iter().flatten().enumerate();
        let moves = nominated.map(|(slot, count)| {
            count.value.above(0) & (self.feasible_own[slot] | self.some_feasible[slot] | !self.waits[slot])
        });
        let begins = (0..model.slots.len())
            .map(|slot| self.unnominated[slot].above(0) & (self.some_feasible[slot] | self.candidates[slot].helps));
        any(begins.collect::<Vec<_>>()) | any(moves.collect::<Vec<_>>())
    }

    /// Turns a rule that binds a pod into one that binds a pod nominated to some other node, which does not fit it.
    pub fn bind_elsewhere(&self, model: &Model, slot: usize, rule: RuleBuilder) -> RuleBuilder {
        let state = &model.groups[self.group];
        let nominated = state.nominated.as_ref().expect("made for groups with nominations");
        let (mut parts, mut low, mut high) = (Vec::<ChoiceId>::new(), Vec::<Int>::new(), Vec::<Int>::new());
        let mut rule = rule;
        for (other, &count) in nominated.iter().enumerate().filter(|&(other, _)| other != slot) {
            let subject = Subject::new("nominated, to").with(Part::Slot(slot.into())).of(state.id).on(other);
            let (choice, gone) = int_choice(subject, 0, 1);
            parts.push(choice);
            low.push(0.into());
            high.push((count.value.above(0) & !self.feasible_own[other]).as_int());
            rule = rule.writes(Verb::Status, state.id).at(other).times(gone).add(count, -gone);
        }
        let some = any(high.iter().map(|most| most.above(0)));
        rule.when(some).split(parts, &low, &high, 1.into())
    }

    /// The rules besides those that bind pods that are not nominated, or not to their node.
    pub fn rules(&self, model: &Model, unit: usize) -> Vec<RuleBuilder> {
        let all_ordered = all(self.candidates.iter().map(|one| !one.helps | one.is_ordered).collect::<Vec<_>>());
        let best = if self.is_per_node { vec![true.into(); model.slots.len()] } else { self.best() };
        let mut rules = Vec::new();
        for (slot, best) in best.into_iter().enumerate() {
            let is_ordered = if self.is_per_node { self.candidates[slot].is_ordered } else { all_ordered };
            rules.push(self.bind_nominated(model, slot));
            rules.push(self.clear_nomination(model, slot));
            rules.push(self.preempt(model, slot, true).when(is_ordered & best));
            if is_ordered.constant() != Some(true) {
                rules.push(self.preempt(model, slot, false).when(!is_ordered).over_approximates(UNORDERED));
            }
        }
        rules.into_iter().map(|rule| rule.fair(unit)).collect()
    }

    fn rule(&self, model: &Model, verb: &'static str, reason: &'static str, slot: usize) -> RuleBuilder {
        let subject = Subject::new(verb).of(model.groups[self.group].id).on(slot);
        RuleBuilder::new(subject, "default-scheduler", reason, Pace::Fast)
            .because_of(model.origin(self.group, "spec.template.spec.priorityClassName"))
    }

    fn bind_nominated(&self, model: &Model, slot: usize) -> RuleBuilder {
        let state = &model.groups[self.group];
        let nominated = state.nominated.as_ref().expect("made for groups with nominations")[slot];
        let goes_to = state.bound.as_ref().map_or_else(|| state.first_running_phase(slot), |bound| bound[slot]);
        self.rule(model, "bind-nominated", "Scheduled", slot)
            .when(nominated.value.above(0))
            .when(self.feasible_own[slot])
            .writes(Verb::Bind, state.id)
            .at(slot)
            .add(nominated, -1)
            .add(state.unplaced_for(slot), -1)
            .add(goes_to, 1)
            .says([text(format!("a pod of {} to {}, which was nominated for it", state.name, model.slots[slot].name))])
    }

    fn clear_nomination(&self, model: &Model, slot: usize) -> RuleBuilder {
        let state = &model.groups[self.group];
        let nominated = state.nominated.as_ref().expect("made for groups with nominations")[slot];
        self.rule(model, "clear-nomination", "FailedScheduling", slot)
            .when(nominated.value.above(0))
            .when(!(self.feasible_own[slot] | self.some_feasible[slot] | self.waits[slot]))
            .writes(Verb::Status, state.id)
            .at(slot)
            .add(nominated, -1)
            .says([text(format!(
                "{} no longer fits the pod of {} it was nominated for",
                model.slots[slot].name, state.name
            ))])
    }

    /// Without the condition that the node is the best.
    fn preempt(&self, model: &Model, slot: usize, is_ordered: bool) -> RuleBuilder {
        let state = &model.groups[self.group];
        let nominated = state.nominated.as_ref().expect("made for groups with nominations")[slot];
        let mut rule = self
            .rule(model, if is_ordered { "preempt" } else { "preempt-any" }, "Preempted", slot)
            .carries_out(
                model.origin(self.group, "spec.template.spec.priorityClassName"),
                "pods of this priority never preempt others",
            )
            .when(self.unnominated[slot].above(0))
            .when(!self.some_feasible[slot])
            .when(self.candidates[slot].helps)
            .writes(Verb::Status, state.id)
            .at(slot)
            .add(nominated, 1);
        for (other, of) in model.groups.iter().enumerate() {
            let is_lower = model.template(other).priority < model.template(self.group).priority;
            if let (true, Some(nominated)) = (is_lower, &of.nominated) {
                rule = rule.writes(Verb::Status, of.id).at(slot).set(nominated[slot], 0);
            }
        }
        self.take(model, slot, is_ordered, rule)
    }

    /// Takes the victims.
    fn take(&self, model: &Model, slot: usize, is_ordered: bool, mut rule: RuleBuilder) -> RuleBuilder {
        let candidate = &self.candidates[slot];
        let parts = candidate.parts(model, slot);
        let mut gone = vec![Int::from(0); candidate.classes.len()];
        let mut picks: Vec<(Vec<ChoiceId>, Vec<Int>)> = vec![Default::default(); candidate.classes.len()];
        let mut shown = Vec::new();
        let verb = if is_ordered { "preempt" } else { "preempt any" };
        let about = |subject: Subject| subject.of(model.groups[self.group].id).on(slot);
        for part in &parts {
            let is_alone = parts.iter().filter(|other| other.class == part.class).count() == 1;
            let taken = if is_ordered && is_alone {
                candidate.victims[part.class]
            } else {
                let subject = Subject::new(verb).and(model.groups[part.group].id);
                let subject = match part.phase {
                    Some(phase) => phase.tell(subject),
                    None => subject.word("terminating"),
                };
                let (choice, taken) = int_choice(about(subject), 0, part.pods.value.range().hi);
                picks[part.class].0.push(choice);
                picks[part.class].1.push(part.pods.value);
                taken
            };
            gone[part.class] = gone[part.class] + taken;
            if part.phase.is_some() {
                rule = rule.removes(Verb::Delete, &model.groups[part.group], slot, taken).add(part.pods, -taken);
                shown.push((taken.id(), part.label.clone()));
            }
        }
        for (class, (choices, most)) in picks.into_iter().enumerate().filter(|(_, (choices, _))| !choices.is_empty()) {
            let low = vec![Int::from(0); most.len()];
            if is_ordered {
                rule = rule.split(choices, &low, &most, candidate.victims[class]);
            } else {
                // What is left besides takes the rest of the sum.
                let pods = candidate.classes[class].pods;
                let (rest, _) = int_choice(
                    about(Subject::new("not preempted").with(Part::Number(class as i64))),
                    0,
                    pods.range().hi,
                );
                let parts = choices.into_iter().chain([rest]).collect();
                rule = rule.split(parts, &[low, vec![0.into()]].concat(), &[most, vec![pods]].concat(), pods);
            }
        }
        if !is_ordered {
            rule = rule.such_that(candidate.are_minimal(model, self.group, slot, &gone));
        }
        let node = &model.slots[slot].name;
        rule.says([
            text(format!("no node fits a pod of {}, {node} is nominated; preempted: ", model.groups[self.group].name)),
            Phrase::Parts(shown),
        ])
    }

    /// By slot: whether no other node is better, where victims follow from counts.
    fn best(&self) -> Vec<Bool> {
        let mut chosen: Vec<Bool> = self.candidates.iter().map(|one| one.helps).collect();
        let mut narrow = |measure: &dyn Fn(&Candidate) -> Int| {
            let measures: Vec<Int> = self.candidates.iter().map(measure).collect();
            let beyond = measures.iter().map(|one| one.range().hi).max().unwrap_or(0);
            let of_chosen: Vec<Int> =
                measures.iter().zip(&chosen).map(|(&one, &chosen)| ite(chosen, one, beyond)).collect();
            let least = if of_chosen.is_empty() { 0.into() } else { min_of(&of_chosen) };
            for (chosen, measure) in chosen.iter_mut().zip(measures) {
                *chosen = *chosen & measure.is(least);
            }
        };
        let mut priorities: Vec<i64> =
            self.candidates.iter().flat_map(|one| &one.classes).map(|class| class.priority).collect();
        priorities.sort_unstable();
        priorities.dedup();
        let rank = |class: &Class| priorities.iter().position(|&one| one == class.priority).unwrap_or(0) as i64;
        let highest = |(class, &gone): (&Class, &Int)| ite(gone.above(0), rank(class), 0);
        narrow(&|one| one.violations);
        if priorities.len() > 1 {
            let of = |one: &Candidate| one.classes.iter().zip(&one.victims).map(highest).collect::<Vec<_>>();
            narrow(&|one| if one.classes.is_empty() { 0.into() } else { max_of(&of(one)) });
            let total = |(class, &gone): (&Class, &Int)| gone * (class.priority + OFFSET);
            narrow(&|one| sum(one.classes.iter().zip(&one.victims).map(total)));
        }
        narrow(&|one| sum(one.victims.iter().copied()));
        chosen
    }
}
