//! Intents, built-in ones and those in words.

use super::{Letters, kinds};
use kubound_encodings::cluster::Expression;
use kubound_encodings::cluster::formula::{Collection, Field, Formula, Members, Object, Word};
use kubound_encodings::cluster::intent::{Intent, IntentKind, SchedulableMode, When};

pub const ALL: &[&[&str]] = &[INTENT, NARROW, WHEN, MODE, WORD, FORMULA, COLLECTION, OBJECT, FIELD, EXPRESSION];

kinds! { INTENT, of_intent: IntentKind, {
    IntentKind::NoOscillation { target: _ } => "intent noOscillation",
    IntentKind::NoOvershoot { target: _ } => "intent noOvershoot",
    IntentKind::Schedulable { target: _, mode: _ } => "intent schedulable",
    IntentKind::Replicas { target: _, min: _, max: _, when: _ } => "intent replicas",
    IntentKind::Spread { target: _, topology_key: _, max_skew: _, when: _ } => "intent spread",
    IntentKind::Available { target: _, min: _ } => "intent available",
    IntentKind::RolloutCompletes { target: _ } => "intent rolloutCompletes",
    IntentKind::DrainCompletes => "intent drainCompletes",
    IntentKind::Converges { target: _ } => "intent converges",
    IntentKind::BoundedPods { target: _, max: _ } => "intent boundedPods",
    IntentKind::NoNodePanicLoop => "intent noNodePanicLoop",
    IntentKind::Formula { word: _, text: _, conditions: _ } => "intent in words",
    IntentKind::Placement { target: _, pools: _ } => "intent placement",
} beyond { IntentKind::Other(_) } }

const NARROW: &[&str] = &["intent of a target", "intent of all"];

kinds! { WHEN, of_when: When, {
    When::Always => "when: always",
    When::Settled => "when: settled",
    When::AfterReached => "when: afterReached",
} }

kinds! { MODE, of_mode: SchedulableMode, {
    SchedulableMode::Settled => "schedulable: settled",
    SchedulableMode::Immediate => "schedulable: immediate",
} }

kinds! { WORD, of_word: Word, {
    Word::Always => "always",
    Word::Eventually => "eventually",
    Word::EventuallyAlways => "eventuallyAlways",
    Word::InfinitelyOften => "infinitelyOften",
    Word::LeadsTo => "leadsTo",
} }

/// The letters of an intent.
pub fn letters(intent: &Intent, found: &mut Letters) {
    of_intent(&intent.kind, found);
    found.insert(if intent.kind.target().is_some() { "intent of a target" } else { "intent of all" });
    match &intent.kind {
        IntentKind::Schedulable { mode, .. } => of_mode(mode, found),
        IntentKind::Replicas { min, max, when, .. } => {
            of_when(when, found);
            min.iter().chain(max).for_each(|limit| expression_letters(limit, found));
        }
        IntentKind::Spread { when, .. } => of_when(when, found),
        IntentKind::Available { min, .. } => expression_letters(min, found),
        IntentKind::Formula { word, conditions, .. } => {
            of_word(word, found);
            conditions.iter().for_each(|condition| formula_letters(condition, found));
        }
        _ => {}
    }
}

// Limits of intents; assumptions have their own tests.
const EXPRESSION: &[&str] = &["limit: a number", "limit: nodes.present", "limit: spec.replicas", "limit: min"];

fn expression_letters(limit: &Expression, found: &mut Letters) {
    match limit {
        Expression::Number(_) => drop(found.insert("limit: a number")),
        Expression::NodesPresent => drop(found.insert("limit: nodes.present")),
        Expression::SpecReplicas => drop(found.insert("limit: spec.replicas")),
        Expression::Min(..) => drop(found.insert("limit: min")),
        _ => {}
    }
}

kinds! { FORMULA, of_formula: Formula, {
    Formula::Bool(_) => "formula: true",
    Formula::Number(_) => "formula: number",
    Formula::Text(_) => "formula: text",
    Formula::Settled => "formula: settled",
    Formula::Not(_) => "formula: !",
    Formula::And(..) => "formula: &&",
    Formula::Or(..) => "formula: ||",
    Formula::If(..) => "formula: ?",
    Formula::Compare(..) => "formula: comparison",
    Formula::Iff(..) => "formula: equal conditions",
    Formula::Same(..) => "formula: equal texts",
    Formula::Add(..) => "formula: +",
    Formula::Subtract(..) => "formula: -",
    Formula::Multiply(..) => "formula: *",
    Formula::Size(_) => "formula: size",
    Formula::Every(..) => "formula: all",
    Formula::Field(..) => "formula: field",
} }

kinds! { COLLECTION, of_collection: Collection, {
    Collection::Pods => "pods",
    Collection::Nodes => "nodes",
    Collection::Workloads => "workloads",
    Collection::Hpas => "hpas",
} beyond { Collection::Custom(..) } }

kinds! { OBJECT, of_object: Object, {
    Object::Bound(_) => "one of a collection",
    Object::Workload(_) => "workloads[]",
    Object::Hpa(_) => "hpas[]",
} beyond { Object::Custom(..) } }

kinds! { FIELD, of_field: Field, {
    Field::Name => "field name",
    Field::Namespace => "field namespace",
    Field::Kind => "field kind",
    Field::Owner => "field owner",
    Field::Node => "field node",
    Field::Pool => "field pool",
    Field::Phase => "field phase",
    Field::Ready => "field ready",
    Field::Schedulable => "field schedulable",
    Field::SpecReplicas => "field spec.replicas",
    Field::StatusReplicas => "field status.replicas",
    Field::ReadyReplicas => "field status.readyReplicas",
    Field::Succeeded => "field status.succeeded",
    Field::MinReplicas => "field spec.minReplicas",
    Field::MaxReplicas => "field spec.maxReplicas",
    Field::DesiredReplicas => "field status.desiredReplicas",
} beyond { Field::Custom(_) | Field::Exists | Field::Ordinal } }

fn formula_letters(formula: &Formula, found: &mut Letters) {
    of_formula(formula, found);
    match formula {
        Formula::Bool(_) | Formula::Number(_) | Formula::Text(_) | Formula::Settled => {}
        Formula::Not(one) => formula_letters(one, found),
        Formula::And(a, b)
        | Formula::Or(a, b)
        | Formula::Compare(_, a, b)
        | Formula::Iff(a, b)
        | Formula::Same(a, b)
        | Formula::Add(a, b)
        | Formula::Subtract(a, b)
        | Formula::Multiply(a, b) => [a, b].into_iter().for_each(|one| formula_letters(one, found)),
        Formula::If(a, b, c) => [a, b, c].into_iter().for_each(|one| formula_letters(one, found)),
        Formula::Size(members) => member_letters(members, found),
        Formula::Every(members, _, body) => {
            member_letters(members, found);
            formula_letters(body, found);
        }
        Formula::Field(object, field) => {
            of_object(object, found);
            of_field(field, found);
        }
    }
}

fn member_letters(members: &Members, found: &mut Letters) {
    match members {
        Members::All(collection) => of_collection(collection, found),
        Members::Filter(members, _, condition) => {
            member_letters(members, found);
            formula_letters(condition, found);
        }
    }
}
