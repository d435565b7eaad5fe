//! A rule that stands for several requests, cut off after some of them.
//!
//! Alike requests: fewer than all, at least one. Requests that differ: those of earlier places of the sync before those of
//! later ones, of one place any. What the controller remembers once all are answered it does not remember.

use crate::state::{Divisible, Model, RuleBuilder, text};
use crate::subject::{Part, Subject};
use crate::system::{Choice, Effect, Pace, Phrase, Rule, Verb, Write};
use crate::term::{
    Bool, ChoiceId, Int, Node, Substitution, Term, TermId, VarId, all, any, bool_choice, choice_of, choose, count,
    current, differ, int_choice, sum, variable,
};

/// The word that tells a rule of a fault from the one it is made of, and the reason of its steps.
pub(super) type Mark = (&'static str, &'static str);

/// The word that tells a rule whose last answer is lost.
pub(super) const UNANSWERED: &str = "answer";

/// What is left of a rule of several requests that is cut off; nothing where how many requests there are is not known
/// before it picks.
pub(super) fn partly(model: &Model, index: usize, mark: Mark) -> Option<RuleBuilder> {
    let rule = marked(&model.draft.rules[index], mark);
    match model.draft.division(index)? {
        Divisible::Alike(requests) => fewer(rule, Int::from_id(requests)),
        Divisible::Chosen => less_chosen(rule),
        Divisible::Stages => earlier_stages(rule),
    }
}

/// The rule as an event, without what it remembers when it is done. On a late view it still expects to see what it has asked
/// for so far.
fn marked(rule: &Rule, mark: Mark) -> Rule {
    let first = rule.writes.iter().position(|write| write.verb.is_request()).unwrap_or(0);
    let expects = rule.fault.map(|_| rule.writes.len() - 1);
    as_event(rule, mark, |place, write| {
        write.verb.is_request() || (write.verb == Verb::Memory && (place < first || Some(place) == expects))
    })
}

/// The rule as an event after the first of its alike requests, without what is remembered then; nothing for rules of another
/// kind.
pub(super) fn after_the_first(model: &Model, index: usize, mark: Mark) -> Option<RuleBuilder> {
    let Divisible::Alike(requests) = model.draft.division(index)? else { return None };
    let rule = as_event(&model.draft.rules[index], mark, |_, write| write.verb.is_request());
    let requests = Int::from_id(requests);
    let mut cut = of_so_many(rule, requests, 1.into())?;
    cut.subject = cut.subject.word(UNANSWERED);
    Some(RuleBuilder::from(cut).when(requests.above(0)))
}

/// The rule as an event that nothing waits for, with some of its writes only.
pub(super) fn as_event(rule: &Rule, (word, reason): Mark, stays: impl Fn(usize, &Write) -> bool) -> Rule {
    let writes = rule.writes.iter().enumerate().filter(|&(place, write)| stays(place, write));
    Rule {
        subject: rule.subject.clone().word(word),
        reason,
        pace: Pace::Event,
        fairness: None,
        waits: None,
        expansion: Vec::new(),
        writes: writes.map(|(_, write)| write.clone()).collect(),
        ..rule.clone()
    }
}

fn part(rule: &Rule, what: &'static str, number: usize) -> Subject {
    rule.subject.clone().word(what).with(Part::Number(number as i64))
}

fn has_choices(term: TermId) -> bool {
    current(|dag| {
        let cone = dag.cone([term]);
        (0..dag.len()).any(|index| cone[index] && matches!(dag.node(TermId(index as u32)), Node::Choice(_)))
    })
}

/// At least one of so many alike requests, and not all.
fn fewer(mut cut: Rule, requests: Int) -> Option<RuleBuilder> {
    let most = requests.range().hi;
    if most < 2 || has_choices(requests.id()) {
        return None;
    }
    let (choice, done) = int_choice(part(&cut, "done", 0), 1, most - 1);
    cut = of_so_many(cut, requests, done)?;
    cut.choices.push(Choice::Value(choice));
    let rule = RuleBuilder::from(cut).when(requests.at_least(2)).such_that(done.below(requests));
    Some(rule.also_says([text("of "), Phrase::Value { term: requests.id(), scale: 1, unit: "" }]))
}

/// The rule with so many of its alike requests; nothing where amounts do not show how many requests they come from.
fn of_so_many(rule: Rule, requests: Int, done: Int) -> Option<Rule> {
    let mut instead = Substitution::new([(requests.id(), done.id())]);
    let writes: Vec<Write> = rule.writes.iter().map(|write| write.map(|term| instead.apply(term))).collect();
    let effects = |writes: &[Write]| writes.iter().flat_map(|write| write.effects.clone()).collect::<Vec<_>>();
    let is_hidden =
        |(before, after): ((VarId, Effect), (VarId, Effect))| !matches!(after.1, Effect::Set(_)) && before.1 == after.1;
    if requests.id() != done.id() && effects(&rule.writes).into_iter().zip(effects(&writes)).any(is_hidden) {
        return None;
    }
    let sentence = rule.sentence.iter().map(|phrase| phrase.map(|term| instead.apply(term))).collect();
    Some(Rule { writes, sentence, ..rule })
}

/// At least one of what the split would pick, and not all: what is left undone is one part more.
fn less_chosen(mut cut: Rule) -> Option<RuleBuilder> {
    let [Choice::Split { parts, low, high, total }] = cut.choices.as_slice() else { return None };
    let total = Int::from_id(*total);
    if total.range().hi < 2 {
        return None;
    }
    let (choice, undone) = int_choice(part(&cut, "undone", 0), 1, total.range().hi - 1);
    // What must be picked if all is done is picked after the restart if not before.
    let value = |one: &ChoiceId| Int::from_id(choice_of(*one));
    let whole = sum(parts.iter().zip(low).map(|(one, &low)| value(one).max(Int::from_id(low))).collect::<Vec<_>>());
    let parts = parts.iter().copied().chain([choice]).collect();
    let zeros = low.iter().map(|_| Int::from(0).id()).chain([Int::from(1).id()]).collect();
    let high = high.iter().copied().chain([(total - 1).max(0).id()]).collect();
    cut.choices = vec![Choice::Split { parts, low: zeros, high, total: total.id() }];
    let rule = RuleBuilder::from(cut).when(total.at_least(2)).such_that(whole.at_most(total));
    Some(rule.also_says([text("left undone: "), Phrase::Value { term: undone.id(), scale: 1, unit: "" }]))
}

/// Requests that are asked for together: about one object, or about one place.
struct Unit {
    stage: u8,
    writes: Vec<usize>,
    /// Whether it changes anything.
    matters: Bool,
    /// Whether it is done.
    done: Bool,
    choice: ChoiceId,
}

/// Some of the requests, in the order of their stages.
fn earlier_stages(mut cut: Rule) -> Option<RuleBuilder> {
    let mut units: Vec<Unit> = Vec::new();
    for (place, write) in cut.writes.iter().enumerate().filter(|(_, write)| write.stage > 0) {
        if write.effects.iter().any(|(_, effect)| has_choices(effect.term())) {
            return None;
        }
        let matters = any(write.effects.iter().map(|&(var, effect)| changes(var, effect)).collect::<Vec<_>>());
        let last = units.last_mut().filter(|unit| {
            let other = &cut.writes[unit.writes[0]];
            (other.stage, other.object, other.slot) == (write.stage, write.object, write.slot)
        });
        match last {
            Some(unit) => {
                unit.writes.push(place);
                unit.matters = unit.matters | matters;
            }
            None => {
                let (choice, done) = bool_choice(part(&cut, "done", units.len()));
                units.push(Unit { stage: write.stage, writes: vec![place], matters, done, choice });
            }
        }
    }
    let requests = count(units.iter().map(|unit| unit.matters).collect::<Vec<_>>());
    let several = requests.at_least(2);
    if several.constant() == Some(false) {
        return None;
    }
    let idle = all(units.iter().map(|unit| unit.matters | !unit.done).collect::<Vec<_>>());
    let some = any(units.iter().map(|unit| unit.done).collect::<Vec<_>>());
    let open = any(units.iter().map(|unit| unit.matters & !unit.done).collect::<Vec<_>>());
    let in_order = all(units
        .iter()
        .flat_map(|later| {
            let earlier = units.iter().filter(|earlier| earlier.stage < later.stage);
            earlier.map(|earlier| !later.done | earlier.done | !earlier.matters).collect::<Vec<_>>()
        })
        .collect::<Vec<_>>());
    for unit in &units {
        for &place in &unit.writes {
            for (var, effect) in &mut cut.writes[place].effects {
                *effect = if_done(*var, *effect, unit.done);
            }
        }
        cut.choices.push(Choice::Value(unit.choice));
    }
    // What does not matter is not done.
    let done = count(units.iter().map(|unit| unit.done).collect::<Vec<_>>());
    let told = |number: Int| Phrase::Value { term: number.id(), scale: 1, unit: "" };
    let rule = RuleBuilder::from(cut).when(several).such_that(all([idle, some, open, in_order]));
    Some(rule.also_says([text("of its requests only "), told(done), text(" of "), told(requests)]))
}

/// Whether an effect changes its variable.
fn changes(var: VarId, effect: Effect) -> Bool {
    match effect {
        Effect::Add(amount) | Effect::Saturate(amount) => Int::from_id(amount).is_not(0),
        Effect::Set(value) => differ(value, variable(var)),
    }
}

/// The effect of a request that is made only where it is done.
fn if_done(var: VarId, effect: Effect, done: Bool) -> Effect {
    let unchanged = match effect {
        Effect::Add(_) | Effect::Saturate(_) => Int::from(0).id(),
        Effect::Set(_) => variable(var),
    };
    effect.map(|term| choose(done, term, unchanged))
}
