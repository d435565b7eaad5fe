//! When operations may happen. An event is one or several operations; each kind says what they are, and only this file
//! knows budgets, `after`, `must`, `when` and `start: settled`.

use crate::cluster::{Event, Moment};
use crate::state::{BoolVar, IntVar, Model, RuleBuilder, words};
use crate::subject::Subject;
use crate::system::{Pace, Role};
use crate::term::{Bool, Int, any};

/// What an event consists of.
#[derive(Clone, Debug)]
pub enum Operation {
    /// It happens, as often as its plan lets it.
    Begins(RuleBuilder),
    /// What has begun goes on.
    GoesOn(RuleBuilder),
}

/// How far an event has come.
#[derive(Clone, Debug)]
pub(crate) struct Course {
    /// How often it may still happen.
    pub(crate) left: IntVar,
    /// What tells that it has begun somewhere and not ended, by slot; nothing where it ends at once.
    pub(crate) underway: Vec<(usize, BoolVar)>,
}

impl Course {
    /// How often it has happened.
    fn times(&self) -> Int {
        Int::from(self.left.value.range().hi) - self.left.value
    }

    /// Whether it has happened and is over.
    pub(super) fn is_over(&self) -> Bool {
        let goes_on = any(self.underway.iter().map(|(_, flag)| flag.value));
        self.left.value.below(self.left.value.range().hi) & !goes_on
    }
}

/// A rule of an event, without its plan; the subject becomes one of the event.
pub fn rule(
    model: &Model,
    event: &Event,
    subject: impl Into<Subject>,
    actor: &str,
    reason: &'static str,
    pace: Pace,
) -> RuleBuilder {
    let subject = subject.into().of(model.event_id(event));
    RuleBuilder::new(subject, actor, reason, pace).because_of(event.origin.clone())
}

/// Declares the course of an event.
pub(super) fn declare(model: &mut Model, number: usize, underway: Vec<(usize, BoolVar)>) {
    let event = &model.cluster.events[number];
    let times = event.times.max(0);
    let left = model.int_var(Subject::new(words::LEFT).of(model.event_id(event)), Role::Budget, 0, times, times);
    model.remember(number, Course { left, underway });
}

/// The course of an event.
pub(super) fn course<'m>(model: &'m Model, event: &Event) -> &'m Course {
    model.cluster.event(event).and_then(|number| model.side(number)).expect("declared for every event of the cluster")
}

/// How often an event has happened.
pub(super) fn times(model: &Model, event: &Event) -> Int {
    course(model, event).times()
}

/// Adds the rule of an operation, held back by the plan of its event.
pub(super) fn schedule(model: &mut Model, event: &Event, operation: Operation) {
    let rule = match operation {
        Operation::GoesOn(rule) => rule,
        Operation::Begins(rule) => {
            if event.operation == Some(Moment::Settled) {
                model.draft.gated.push(model.draft.rules.len());
            }
            begins(model, event, rule)
        }
    };
    model.add_rule(rule);
}

/// Within its budget, after the event it waits for has ended, not before the first settled state where the scenario
/// says so, and eventually where it must.
fn begins(model: &mut Model, event: &Event, rule: RuleBuilder) -> RuleBuilder {
    let left = course(model, event).left;
    let mut rule = rule.when(left.value.above(0)).happens().add(left, -1);
    if let Some(other) = event.after.as_ref().and_then(|id| model.cluster.events.iter().find(|other| other.id == *id)) {
        rule = rule.when(course(model, other).is_over());
    }
    if let Some(settled) = model.settled_once {
        rule = rule.when(settled.value);
    }
    if event.must {
        let unit = model.fairness_unit(Subject::new("event").of(model.event_id(event)));
        rule = rule.fair(unit);
    }
    rule
}
