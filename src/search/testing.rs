//! Helpers of unit tests: a tiny system, and an engine that answers from a script.

use crate::engines::{Answer, Cancel, Engine, EngineError, Limits, Outcome, Statistics};
use crate::trace::{Ending, Step, Trace};
use kubound_encodings::system::{
    Claim, Initial, Origin, Pace, Phrase, Property, Role, Rule, StateVar, TransitionSystem,
};
use kubound_encodings::term::{Bool, Dag, Int, Term, TermId, VarId, int_var, within};
use std::sync::Mutex;

/// An engine that gives the answers of a list, one a question.
pub struct Scripted {
    name: &'static str,
    answers: Mutex<Vec<Answer>>,
    asked: Mutex<Vec<Limits>>,
}

impl Scripted {
    /// With these answers.
    pub fn new(answers: Vec<Answer>) -> Self {
        Self::called("scripted", answers)
    }

    /// With a name of its own.
    pub fn called(name: &'static str, mut answers: Vec<Answer>) -> Self {
        answers.reverse();
        Self { name, answers: Mutex::new(answers), asked: Mutex::default() }
    }

    /// The limits of the questions so far.
    pub fn asked(&self) -> Vec<Limits> {
        self.asked.lock().expect("not poisoned").clone()
    }
}

impl Engine for Scripted {
    fn name(&self) -> &'static str {
        self.name
    }

    fn decide(&self, _: &TransitionSystem, _: usize, limits: &Limits, _: &Cancel) -> Result<Outcome, EngineError> {
        self.asked.lock().expect("not poisoned").push(*limits);
        let answer = self.answers.lock().expect("not poisoned").pop().expect("one more answer");
        Ok(Outcome { answer, statistics: Statistics::default(), fired: Vec::new() })
    }
}

/// A system that binds pods one by one to `spot-0`, with one property; and the index of the property.
pub fn tiny() -> (TransitionSystem, usize) {
    let ((bound, var, zero), dag) = within(Dag::default(), || {
        let (id, bound) = int_var("bound", 0, 9);
        (bind_rule(id, bound), bound.id(), Int::from(0).id())
    });
    let (rule, never) = bound;
    let property = Property {
        intent: "noOscillation".into(),
        target: Some("Deployment/default/web".into()),
        headline: "pods come and go for ever".into(),
        claim: Claim::Invariant(never),
        premise: never,
        origins: vec![Origin { object: "Deployment/default/web".into(), field: "spec.replicas".into() }],
    };
    let system = TransitionSystem {
        dag,
        vars: vec![StateVar { role: Role::Cluster, initial: Initial::Term(zero) }],
        constraints: Vec::new(),
        rules: vec![rule],
        monitors: Vec::new(),
        fairness: Vec::new(),
        properties: vec![property],
        symmetry: Vec::new(),
        objects: Vec::new(),
        nodes: TermId(zero.0),
        pods: var,
    };
    (system, 0)
}

fn bind_rule(id: VarId, bound: Int) -> (Rule, Bool) {
    let room = bound.below(9);
    let rule = Rule {
        name: "default-scheduler/bind/web/spot-0".into(),
        actor: "default-scheduler".into(),
        reason: "Scheduled",
        pace: Pace::Fast,
        enabled: room,
        choices: Vec::new(),
        constraint: Bool::from(true),
        updates: vec![(id, (bound + 1).id())],
        fairness: None,
        slot: None,
        over_approximates: None,
        expansion: Vec::new(),
        sentence: vec![
            Phrase::Text("web to spot-0, ".into()),
            Phrase::Value { term: bound.id(), scale: 1, unit: " before" },
            Phrase::Text(", ".into()),
            Phrase::After(id),
            Phrase::Text(" after".into()),
        ],
        details: vec![("score spot-0".into(), (bound + 3).id())],
        origins: Vec::new(),
    };
    (rule, bound.at_least(0))
}

/// A run of [`tiny`] with this many steps.
pub fn tiny_run(steps: i64, ending: Ending) -> Trace {
    let step = |count| Step { rule: "default-scheduler/bind/web/spot-0".into(), picks: Vec::new(), state: vec![count] };
    Trace { initial: vec![0], steps: (1..=steps).map(step).collect(), ending }
}
