//! Writing rules: a builder that reads like the sentence it describes.

use super::{BoolVar, Divisible, Group, IntVar, Model};
use crate::subject::{ObjectId, Subject};
use crate::system::{
    Choice, Detail, DetailKind, Effect, FaultMark, Origin, Pace, Phrase, Rule, Setting, Signature, Verb, Write, lowered,
};
use crate::term::{Bool, Int, Term, TermId, VarId, all, ite};

/// The pieces of a sentence.
pub type Phrases = Vec<Phrase>;

/// Literal text of a sentence.
pub fn text(words: impl Into<String>) -> Phrase {
    Phrase::Text(words.into())
}

/// A number of a sentence.
pub fn value(term: Int) -> Phrase {
    Phrase::Value { term: term.id(), scale: 1, unit: "" }
}

/// A number of things of a sentence, with what stands behind 1 and behind any other number.
pub fn counted(term: Int, one: impl Into<String>, many: impl Into<String>) -> Phrase {
    Phrase::Count { term: term.id(), one: one.into(), many: many.into() }
}

/// A rule under construction.
#[derive(Clone, Debug)]
pub struct RuleBuilder {
    rule: Rule,
    /// The write that effects belong to.
    open: Option<usize>,
    /// The stage of writes that are begun.
    stage: u8,
    /// How its requests come one after the other, where they are several.
    divisible: Option<Divisible>,
    /// Whether it happens at any moment, so that no time has to pass for it.
    at_any_moment: bool,
}

/// A rule that is made of another one.
impl From<Rule> for RuleBuilder {
    fn from(rule: Rule) -> Self {
        Self { rule, open: None, stage: 0, divisible: None, at_any_moment: false }
    }
}

impl RuleBuilder {
    /// A rule that is always enabled and does nothing yet.
    pub fn new(subject: impl Into<Subject>, actor: impl Into<String>, reason: &'static str, pace: Pace) -> Self {
        let rule = Rule {
            name: String::new(),
            actor: actor.into(),
            subject: subject.into(),
            reason,
            pace,
            enabled: true.into(),
            waits: None,
            choices: Vec::new(),
            constraint: true.into(),
            writes: Vec::new(),
            updates: Vec::new(),
            fairness: None,
            fault: None,
            over_approximates: None,
            expansion: Vec::new(),
            sentence: Vec::new(),
            details: Vec::new(),
            origins: Vec::new(),
            settings: Vec::new(),
        };
        Self::from(rule)
    }

    /// Adds a conjunct to the guard.
    pub fn when(mut self, condition: Bool) -> Self {
        self.rule.enabled = self.rule.enabled & condition;
        self
    }

    /// Picks one value of a choice.
    pub fn pick(mut self, choice: crate::term::ChoiceId) -> Self {
        self.rule.choices.push(Choice::Value(choice));
        self
    }

    /// Picks a vector with bounds and a sum.
    pub fn split(mut self, parts: Vec<crate::term::ChoiceId>, low: &[Int], high: &[Int], total: Int) -> Self {
        let ids = |terms: &[Int]| terms.iter().map(|term| term.id()).collect();
        self.rule.choices.push(Choice::Split { parts, low: ids(low), high: ids(high), total: total.id() });
        self
    }

    /// Adds a condition on the picks.
    pub fn such_that(mut self, condition: Bool) -> Self {
        self.rule.constraint = all([self.rule.constraint, condition]);
        self
    }

    /// Begins a request about an object: what is added and set from here on is what it does.
    pub fn writes(self, verb: Verb, object: ObjectId) -> Self {
        self.begins(Write { object: Some(object), ..Write::new(verb) })
    }

    /// Begins a request about a node.
    pub fn writes_node(self, verb: Verb, slot: usize) -> Self {
        self.begins(Write { slot: Some(slot.into()), ..Write::new(verb) })
    }

    /// Says that it stands for so many alike requests, one after the other.
    pub(crate) fn alike(mut self, requests: Int) -> Self {
        self.divisible = Some(Divisible::Alike(requests.id()));
        self
    }

    /// Says how its requests come one after the other.
    pub(crate) fn divided(mut self, how: Divisible) -> Self {
        self.divisible = Some(how);
        self
    }

    /// Says that each of what it picks by its split is a request of its own.
    pub(crate) fn chosen_one_by_one(mut self) -> Self {
        self.divisible = Some(Divisible::Chosen);
        self
    }

    /// Says that requests that are begun from here on come in this place of the sync, from 1; those of one place come in
    /// any order.
    pub fn stage(mut self, stage: u8) -> Self {
        self.stage = stage;
        self.divisible = Some(Divisible::Stages);
        self
    }

    /// Says that it is a fault of a kind.
    pub(crate) fn breaks(mut self, kind: &'static str) -> Self {
        self.rule.fault = Some(FaultMark { kind, happens: true, of: None });
        self
    }

    /// Says that it is what comes of a fault of a kind.
    pub(crate) fn after_fault(mut self, kind: &'static str) -> Self {
        self.rule.fault = Some(FaultMark { kind, happens: false, of: None });
        self
    }

    /// Says of which kind are the objects that are seen late.
    pub(crate) fn sees_late(mut self, of: &'static str) -> Self {
        if let Some(mark) = &mut self.rule.fault {
            mark.of = Some(of);
        }
        self
    }

    /// Adds a write as it is.
    pub(crate) fn also_writes(mut self, write: Write) -> Self {
        self.open = None;
        self.rule.writes.push(write);
        self
    }

    /// Begins what the actor remembers.
    pub fn remembers(self) -> Self {
        self.begins(Write::new(Verb::Memory))
    }

    /// Begins what happens outside of the API.
    pub fn happens(self) -> Self {
        self.begins(Write::new(Verb::Environment))
    }

    fn begins(mut self, write: Write) -> Self {
        self.open = Some(self.rule.writes.len());
        let stage = if write.verb.is_request() { self.stage } else { 0 };
        self.rule.writes.push(Write { stage, ..write });
        self
    }

    /// Says on which node the pods are that the request is about.
    pub fn at(mut self, slot: usize) -> Self {
        if let Some(write) = self.open.and_then(|open| self.rule.writes.get_mut(open)) {
            write.slot = Some(slot.into());
        }
        self
    }

    /// Says how many alike requests there are.
    pub fn times(mut self, number: impl Into<Int>) -> Self {
        if let Some(write) = self.open.and_then(|open| self.rule.writes.get_mut(open)) {
            write.times = Some(number.into().id());
        }
        self
    }

    /// Sets an integer variable.
    pub fn set(self, var: IntVar, to: impl Into<Int>) -> Self {
        self.effect(var.id, Effect::Set(to.into().id()))
    }

    /// Sets a boolean variable.
    pub fn set_bool(self, var: BoolVar, to: impl Into<Bool>) -> Self {
        self.effect(var.id, Effect::Set(to.into().id()))
    }

    /// Adds to an integer variable, on top of what this rule already does to it.
    pub fn add(self, var: IntVar, amount: impl Into<Int>) -> Self {
        self.effect(var.id, Effect::Add(amount.into().id()))
    }

    /// Adds to a count that stays at the end of its range.
    pub fn saturate(self, var: IntVar, amount: impl Into<Int>) -> Self {
        self.effect(var.id, Effect::Saturate(amount.into().id()))
    }

    /// Winds a clock, whatever request is begun.
    pub fn winds(mut self, var: IntVar, to: impl Into<Int>) -> Self {
        self.aside(Verb::Clock, var.id, Effect::Set(to.into().id()));
        self
    }

    /// Sets a flag of a clock, whatever request is begun.
    pub fn winds_flag(mut self, var: BoolVar, to: impl Into<Bool>) -> Self {
        self.aside(Verb::Clock, var.id, Effect::Set(to.into().id()));
        self
    }

    /// An effect on what is no object, in the write for it.
    fn aside(&mut self, verb: Verb, var: VarId, effect: Effect) {
        let known = self.rule.writes.iter().position(|write| write.verb == verb && write.object.is_none());
        let index = known.unwrap_or_else(|| {
            self.rule.writes.push(Write::new(verb));
            self.rule.writes.len() - 1
        });
        self.rule.writes[index].effects.push((var, effect));
    }

    fn effect(mut self, var: VarId, effect: Effect) -> Self {
        let open = self.open.unwrap_or_else(|| {
            // Found by `Model::undeclared`.
            self.rule.writes.push(Write::new(Verb::Update));
            self.rule.writes.len() - 1
        });
        self.open = Some(open);
        self.rule.writes[open].effects.push((var, effect));
        self
    }

    /// Begins the deletion of pods of a group on a slot, or its eviction: they terminate. What they leave is for the
    /// caller to say.
    pub(crate) fn removes(self, verb: Verb, group: &Group, slot: usize, pods: Int) -> Self {
        self.writes(verb, group.id).at(slot).times(pods).add_terminating(group, slot, pods)
    }

    /// Adds to the terminating pods of a group. They saturate where pods pile up on a node: nothing bounds them.
    pub(crate) fn add_terminating(self, group: &Group, slot: usize, amount: Int) -> Self {
        let var = group.terminating[slot];
        if group.piles_up { self.saturate(var, amount) } else { self.add(var, amount) }
    }

    /// Deletes all pods of a group, wherever they are: those with a node terminate.
    pub(crate) fn delete_all(self, group: &Group) -> Self {
        self.delete_all_if(group, true.into())
    }

    /// Deletes all pods of a group where a condition holds.
    pub(crate) fn delete_all_if(self, group: &Group, due: Bool) -> Self {
        let emptied = |count: IntVar| ite(due, 0, count.value);
        let without_node = [group.pending].into_iter().chain(group.nominated.iter().flatten().copied());
        let rule = self.writes(Verb::Delete, group.id).times(ite(due, group.pending.value, 0));
        let mut rule = without_node.fold(rule, |rule, count| rule.set(count, emptied(count)));
        for slot in group.slots() {
            let here = group.active_on(slot);
            if here.range().hi == 0 {
                continue;
            }
            let gone = ite(due, here, 0);
            rule = rule.writes(Verb::Delete, group.id).at(slot).times(gone).saturate(group.terminating[slot], gone);
            rule = group.phases().fold(rule, |rule, (_, counts)| rule.set(counts[slot], emptied(counts[slot])));
        }
        rule
    }

    /// The rule, with what its writes come to.
    fn finished(mut self) -> Rule {
        let is_nothing = |amount: TermId| Int::from_id(amount).constant() == Some(0);
        for write in &mut self.rule.writes {
            write.effects.retain(|&(_, effect)| match effect {
                Effect::Add(amount) | Effect::Saturate(amount) => !is_nothing(amount),
                Effect::Set(_) => true,
            });
        }
        self.rule.writes.retain(|write| !write.effects.is_empty());
        Rule { updates: lowered(&self.rule.writes), ..self.rule }
    }

    /// Says that it waits for no countdown: it happens at any moment, and no time has to pass for it.
    pub(crate) fn at_any_moment(mut self) -> Self {
        self.at_any_moment = true;
        self
    }

    /// Names the fairness unit.
    pub fn fair(mut self, unit: usize) -> Self {
        self.rule.fairness = Some(unit);
        self
    }

    /// Tells it from a rule that does the same under another condition.
    pub fn called_also(mut self, word: &'static str) -> Self {
        self.rule.subject = self.rule.subject.word(word);
        self
    }

    /// What it is about.
    pub fn subject(&self) -> &Subject {
        &self.rule.subject
    }

    /// Says why it allows more than the real controller.
    pub fn over_approximates(mut self, why: &'static str) -> Self {
        self.rule.over_approximates = Some(why);
        self
    }

    /// Names the fine rules it stands for.
    pub fn expands_to<A: Into<String>>(mut self, rules: impl IntoIterator<Item = (A, Subject)>) -> Self {
        let signature = |(actor, subject): (A, Subject)| Signature { actor: actor.into(), subject };
        self.rule.expansion = rules.into_iter().map(signature).collect();
        self
    }

    /// Tells what happened.
    pub fn says(mut self, phrases: impl IntoIterator<Item = Phrase>) -> Self {
        self.rule.sentence = phrases.into_iter().collect();
        self
    }

    /// Tells more of what happened.
    pub fn also_says(mut self, phrases: impl IntoIterator<Item = Phrase>) -> Self {
        if !self.rule.sentence.is_empty() {
            self.rule.sentence.push(text("; "));
        }
        self.rule.sentence.extend(phrases);
        self
    }

    /// Adds a piece to what it says.
    pub fn and_says(mut self, phrase: Phrase) -> Self {
        self.rule.sentence.push(phrase);
        self
    }

    /// Says that it is about something else.
    pub fn about(mut self, subject: Subject) -> Self {
        self.rule.subject = subject;
        self
    }

    /// Adds a number for verbose traces.
    pub fn detail(self, subject: Subject, term: TermId) -> Self {
        self.tells(DetailKind::Fact, subject, term)
    }

    /// Adds a number.
    pub fn tells(mut self, kind: DetailKind, subject: Subject, term: TermId) -> Self {
        self.rule.details.push(Detail { kind, subject, term });
        self
    }

    /// Names a setting that has no effect but through this rule and others that name it, and what is true where none of them
    /// ever fires.
    pub fn carries_out(mut self, origin: Origin, idle: &'static str) -> Self {
        self.rule.settings.push(Setting { origin, idle });
        self
    }

    /// Names a field it stems from.
    pub fn because_of(mut self, origin: Origin) -> Self {
        self.rule.origins.push(origin);
        self
    }
}

impl Model<'_> {
    /// Adds a rule; one that can never be enabled is left out.
    pub fn add_rule(&mut self, rule: RuleBuilder) {
        if rule.rule.enabled.constant() != Some(false) {
            if let Some(divisible) = rule.divisible {
                self.draft.divisible.push((self.draft.rules.len(), divisible));
            }
            if rule.at_any_moment {
                self.draft.at_any_moment.push(self.draft.rules.len());
            }
            self.draft.rules.push(rule.finished());
        }
    }

    /// Adds one of several fast rules for which the caller gives the condition that one of them is enabled in
    /// `busy`, which is cheaper than the disjunction of their guards.
    pub(crate) fn add_covered_rule(&mut self, rule: RuleBuilder) {
        if rule.rule.enabled.constant() != Some(false) {
            self.draft.covered.push(self.draft.rules.len());
            self.draft.rules.push(rule.finished());
        }
    }
}
