//! A helper of unit tests: a tiny system. Its runs are in `trace::testing`.

use kubound_encodings::subject::{Names, Object, ObjectId, SlotId, SlotName, Subject};
use kubound_encodings::system::{
    Claim, Detail, DetailKind, Effect, Initial, Origin, Pace, Phrase, Property, Role, Rule, StateVar, TransitionSystem,
    Verb, Write,
};
use kubound_encodings::term::{Bool, Dag, Int, Term, TermId, VarId, int_var, within};

/// The workload of the system.
const WEB: ObjectId = ObjectId(0);

/// A system that binds pods one by one to `spot-0`, with one property; and the index of the property.
pub fn tiny() -> (TransitionSystem, usize) {
    let ((bound, var, zero), dag) = within(Dag::default(), || {
        let (id, bound) = int_var("bound", 0, 9);
        (bind_rule(id, bound), bound.id(), Int::from(0).id())
    });
    let (rule, never) = bound;
    let property = Property {
        intent: "noOscillation".into(),
        object: None,
        target: Some("Deployment/default/web".into()),
        headline: "pods come and go forever".into(),
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
        alike: Vec::new(),
        names: Names {
            objects: vec![Object::new("Deployment", "", "web")],
            slots: vec![SlotName { name: "spot-0".into(), pool: 0 }],
        },
        nodes: TermId(zero.0),
        pods: var,
    };
    (system, 0)
}

fn bind_rule(id: VarId, bound: Int) -> (Rule, Bool) {
    let room = bound.below(9);
    let effects = vec![(id, Effect::Add(Int::from(1).id()))];
    let bind = Write { object: Some(WEB), slot: Some(SlotId(0)), effects, ..Write::new(Verb::Bind) };
    let rule = Rule {
        name: "default-scheduler/bind/web/spot-0".into(),
        actor: "default-scheduler".into(),
        subject: Subject::new("bind").of(WEB).on(0),
        reason: "Scheduled",
        pace: Pace::Fast,
        enabled: room,
        waits: None,
        choices: Vec::new(),
        constraint: Bool::from(true),
        writes: vec![bind],
        updates: vec![(id, (bound + 1).id())],
        fairness: None,
        fault: None,
        over_approximates: None,
        settings: Vec::new(),
        expansion: Vec::new(),
        sentence: vec![
            Phrase::Text("web to spot-0, ".into()),
            Phrase::Value { term: bound.id(), scale: 1, unit: " before" },
            Phrase::Text(", ".into()),
            Phrase::After(id),
            Phrase::Text(" after".into()),
        ],
        details: vec![Detail {
            kind: DetailKind::Score,
            subject: Subject::new("score of").on(0),
            term: (bound + 3).id(),
        }],
        origins: Vec::new(),
    };
    (rule, bound.at_least(0))
}
