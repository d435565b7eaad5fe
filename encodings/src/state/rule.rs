//! Writing rules: a builder that reads like the sentence it describes.

use super::{BoolVar, Group, IntVar, Model};
use crate::subject::Subject;
use crate::system::{Choice, Detail, Origin, Pace, Phrase, Rule, Signature};
use crate::term::{Bool, Int, Term, VarId, all};

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

/// A rule under construction.
#[derive(Clone, Debug)]
pub struct RuleBuilder(Rule);

impl RuleBuilder {
    /// A rule that is always enabled and does nothing yet.
    pub fn new(subject: impl Into<Subject>, actor: impl Into<String>, reason: &'static str, pace: Pace) -> Self {
        Self(Rule {
            name: String::new(),
            actor: actor.into(),
            subject: subject.into(),
            reason,
            pace,
            enabled: true.into(),
            choices: Vec::new(),
            constraint: true.into(),
            updates: Vec::new(),
            fairness: None,
            over_approximates: None,
            expansion: Vec::new(),
            sentence: Vec::new(),
            details: Vec::new(),
            origins: Vec::new(),
        })
    }

    /// Adds a conjunct to the guard.
    pub fn when(mut self, condition: Bool) -> Self {
        self.0.enabled = self.0.enabled & condition;
        self
    }

    /// Picks one value of a choice.
    pub fn pick(mut self, choice: crate::term::ChoiceId) -> Self {
        self.0.choices.push(Choice::Value(choice));
        self
    }

    /// Picks a vector with bounds and a sum.
    pub fn split(mut self, parts: Vec<crate::term::ChoiceId>, low: &[Int], high: &[Int], total: Int) -> Self {
        let ids = |terms: &[Int]| terms.iter().map(|term| term.id()).collect();
        self.0.choices.push(Choice::Split { parts, low: ids(low), high: ids(high), total: total.id() });
        self
    }

    /// Adds a condition on the picks.
    pub fn such_that(mut self, condition: Bool) -> Self {
        self.0.constraint = all([self.0.constraint, condition]);
        self
    }

    /// Sets an integer variable.
    pub fn set(mut self, var: IntVar, to: impl Into<Int>) -> Self {
        self.update(var.id, to.into().id());
        self
    }

    /// Sets a boolean variable.
    pub fn set_bool(mut self, var: BoolVar, to: impl Into<Bool>) -> Self {
        self.update(var.id, to.into().id());
        self
    }

    /// Adds to an integer variable, on top of what this rule already does to it.
    pub fn add(mut self, var: IntVar, amount: impl Into<Int>) -> Self {
        let current =
            self.0.updates.iter().find(|(id, _)| *id == var.id).map_or(var.value, |&(_, term)| Int::from_id(term));
        let to = current + amount.into();
        self.update(var.id, to.id());
        self
    }

    /// Adds to the terminating pods of a group. Those of pods with a nodeName saturate: nothing bounds them.
    pub(crate) fn add_terminating(self, group: &Group, slot: usize, amount: Int) -> Self {
        let var = group.terminating[slot];
        if group.pinned.is_none() {
            return self.add(var, amount);
        }
        let mut rule = self.add(var, amount);
        if let Some((_, term)) = rule.0.updates.iter_mut().find(|(id, _)| *id == var.id) {
            *term = Int::from_id(*term).min(var.value.range().hi).id();
        }
        rule
    }

    /// Deletes all pods of a group, wherever they are: those with a node terminate.
    pub(crate) fn delete_all(self, group: &Group) -> Self {
        let without_node = [group.pending].into_iter().chain(group.nominated.iter().flatten().copied());
        let mut rule = without_node.fold(self, |rule, count| rule.set(count, 0));
        for slot in group.slots() {
            let here = group.active_on(slot);
            if here.range().hi == 0 {
                continue;
            }
            let terminating = group.terminating[slot];
            rule = rule.set(terminating, (terminating.value + here).min(terminating.value.range().hi));
            rule = group.phases().fold(rule, |rule, (_, counts)| rule.set(counts[slot], 0));
        }
        rule
    }

    fn update(&mut self, var: VarId, term: crate::term::TermId) {
        match self.0.updates.iter_mut().find(|(id, _)| *id == var) {
            Some(update) => update.1 = term,
            None => self.0.updates.push((var, term)),
        }
    }

    /// Names the fairness unit.
    pub fn fair(mut self, unit: usize) -> Self {
        self.0.fairness = Some(unit);
        self
    }

    /// Tells it from a rule that does the same under another condition.
    pub fn called_also(mut self, word: &'static str) -> Self {
        self.0.subject = self.0.subject.word(word);
        self
    }

    /// What it is about.
    pub fn subject(&self) -> &Subject {
        &self.0.subject
    }

    /// Says why it allows more than the real controller.
    pub fn over_approximates(mut self, why: &'static str) -> Self {
        self.0.over_approximates = Some(why);
        self
    }

    /// Names the fine rules it stands for.
    pub fn expands_to<A: Into<String>>(mut self, rules: impl IntoIterator<Item = (A, Subject)>) -> Self {
        let signature = |(actor, subject): (A, Subject)| Signature { actor: actor.into(), subject };
        self.0.expansion = rules.into_iter().map(signature).collect();
        self
    }

    /// Tells what happened.
    pub fn says(mut self, phrases: impl IntoIterator<Item = Phrase>) -> Self {
        self.0.sentence = phrases.into_iter().collect();
        self
    }

    /// Tells more of what happened.
    pub fn also_says(mut self, phrases: impl IntoIterator<Item = Phrase>) -> Self {
        if !self.0.sentence.is_empty() {
            self.0.sentence.push(text("; "));
        }
        self.0.sentence.extend(phrases);
        self
    }

    /// Adds a piece to what it says.
    pub fn and_says(mut self, phrase: Phrase) -> Self {
        self.0.sentence.push(phrase);
        self
    }

    /// Says that it is about something else.
    pub fn about(mut self, subject: Subject) -> Self {
        self.0.subject = subject;
        self
    }

    /// Adds a number for verbose traces.
    pub fn detail(mut self, subject: Subject, term: crate::term::TermId) -> Self {
        self.0.details.push(Detail { subject, term });
        self
    }

    /// Names a field it stems from.
    pub fn because_of(mut self, origin: Origin) -> Self {
        self.0.origins.push(origin);
        self
    }
}

impl Model<'_> {
    /// Adds a rule; one that can never be enabled is left out.
    pub fn add_rule(&mut self, rule: RuleBuilder) {
        if rule.0.enabled.constant() != Some(false) {
            self.rules.push(rule.0);
        }
    }

    /// Adds one of several fast rules for which the caller gives the condition that one of them is enabled in
    /// `busy`, which is cheaper than the disjunction of their guards.
    pub(crate) fn add_covered_rule(&mut self, rule: RuleBuilder) {
        if rule.0.enabled.constant() != Some(false) {
            self.covered.push(self.rules.len());
            self.rules.push(rule.0);
        }
    }
}
