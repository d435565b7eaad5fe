//! Custom controllers: operators as their rules files tell them. One reconcile makes at most one request: of the entries of
//! `reconcile`, in order, the first that applies acts, and sees the outcome when it is called again. An entry applies
//! where its condition holds and what it writes would change something; one that stops applies where its condition
//! holds, and does nothing.
//!
//! A value outside the numbers of its field is refused, as the API server refuses what is below `minimum` or above
//! `maximum` of a schema: the controller tries again and comes to no later entry.

use super::Controller;
use crate::cluster::custom::{
    self, Act, CustomController, EACH, Entry, MEMORY, PartKind, RESOURCE, Request, Values, numbers, of,
};
use crate::cluster::formula::{Formula, Object};
use crate::cluster::{Cluster, Span, WorkloadRef};
use crate::footprint::Footprint;
use crate::needs::Needs;
use crate::scene::Wait;
use crate::state::{
    CustomObject, CustomState, FieldState, FieldValue, Item, Model, Phrases, RuleBuilder, Value, text, value, value_of,
};
use crate::subject::{Part as SubjectPart, Subject};
use crate::system::{Pace, Phrase, Verb};
use crate::term::{Bool, Int, any};

/// What faults and lists call all of them, and the process in which they restart together.
const NAME: &str = "custom-controller";

/// See the module.
pub struct Custom;

impl Controller for Custom {
    fn name(&self) -> &'static str {
        NAME
    }

    fn summary(&self) -> &'static str {
        "acts as a rules file (CustomController) says, under the name that this gives it"
    }

    fn needs(&self, cluster: &Cluster, _: &Needs) -> Needs {
        let written = of(cluster).into_iter().enumerate().flat_map(|(number, own)| {
            let entries = own.reconcile.iter().chain(&own.others);
            entries.filter_map(move |entry| replicas_written(cluster, (number, own), entry))
        });
        Needs { replicas: written.collect(), ..Needs::default() }
    }

    fn footprint(&self) -> Footprint {
        Footprint { runs_in: NAME, watches: &["its resource", "what it owns"], reads_live: &[], forgets: &["memory"] }
    }

    fn prepare(&self, model: &mut Model) {
        for (number, own) in of(model.cluster).into_iter().enumerate() {
            model.declare_custom(number, own);
            forget(model, number, own);
        }
    }

    fn add_rules(&self, model: &mut Model) {
        for (number, own) in of(model.cluster).into_iter().enumerate() {
            let mut earlier = Bool::from(false);
            for (index, entry) in own.reconcile.iter().enumerate() {
                let steps = steps(model, (number, own), entry);
                for step in &steps {
                    let rule = rule(model, (number, own), (entry, "reconcile", index), step);
                    model.add_rule(rule.when(!earlier));
                }
                earlier = earlier | applies(model, entry, &steps);
            }
            for (index, entry) in own.others.iter().enumerate() {
                for step in steps(model, (number, own), entry) {
                    let rule = rule(model, (number, own), (entry, "others", index), &step);
                    model.add_rule(rule);
                }
            }
        }
    }

    fn waits(&self, model: &mut Model) -> Vec<Wait> {
        let controllers = of(model.cluster);
        controllers.into_iter().enumerate().flat_map(|(number, own)| waits_of(model, (number, own))).collect()
    }
}

/// A custom controller with its place among them.
type Own<'c> = (usize, &'c CustomController);

/// What an entry writes to `spec.replicas` of a workload.
fn replicas_written(cluster: &Cluster, (number, own): Own, entry: &Entry) -> Option<(WorkloadRef, Span)> {
    let Act::Write { part, set, .. } = &entry.act else { return None };
    let PartKind::Workload(target) = &own.parts[*part].kind else { return None };
    let (field, to) = set.first()?;
    let Values::Replicas(said) = own.parts[*part].fields[*field].values else { return None };
    let may_be = |object: &Object, field: usize| match object {
        Object::Custom(_, part) => custom::span(cluster, number, *part, field),
        _ => None,
    };
    // A number below 0 is refused.
    let span = said.or_else(|| numbers(to, &may_be))?;
    Some((target.clone(), Span { lo: span.lo.max(0), hi: span.hi.max(0), step: 1 }))
}

/// One object that an entry may write: or none, where it only remembers.
struct Step {
    /// Part and place in its list.
    at: Option<(usize, usize)>,
    /// Whether the entry applies, and to this object.
    applies: Bool,
    /// Whether what is written is admitted.
    admitted: Bool,
    /// New values of fields of the object.
    set: Vec<(FieldState, FieldValue)>,
    /// New values of what is remembered.
    remember: Vec<(FieldState, FieldValue)>,
}

/// Says what a restart makes of what is remembered.
fn forget(model: &mut Model, number: usize, own: &CustomController) {
    let Some(state) = model.side::<CustomState>(number) else { return };
    for (field, becomes) in forgotten(&own.parts[MEMORY].fields, &state.parts[MEMORY][0].clone()) {
        match (field, becomes) {
            (FieldState::Bool(var), FieldValue::Bool(to)) => model.forgets_flag(NAME, var, to),
            (FieldState::Number(var), FieldValue::Number(to)) => model.forgets(NAME, var, to),
            _ => {}
        }
    }
}

/// Whether an entry applies to anything.
fn applies(model: &Model, entry: &Entry, steps: &[Step]) -> Bool {
    match entry.act {
        Act::Stop(_) => condition(model, &entry.when, Vec::new()),
        _ => any(steps.iter().map(|step| step.applies)),
    }
}

fn condition(model: &Model, formula: &Formula, bound: Vec<(String, Item)>) -> Bool {
    match value_of(model, formula, bound) {
        Value::Bool(value) => value,
        _ => panic!("{formula:?} is no condition"),
    }
}

/// The objects that an entry may write, those first that it takes first. Lists grow at their end and shrink there.
fn steps(model: &Model, (number, own): Own, entry: &Entry) -> Vec<Step> {
    let Some(state) = model.side::<CustomState>(number) else { return Vec::new() };
    let when = condition(model, &entry.when, Vec::new());
    match &entry.act {
        Act::Stop(_) => Vec::new(),
        Act::Remember => {
            let remember = assigned(model, &state.parts[MEMORY][0], &entry.remember, &[]);
            let applies = when & changes(&remember);
            let admitted = admitted(&remember);
            vec![Step { at: None, applies, admitted, set: Vec::new(), remember }]
        }
        Act::Write { request, part, which, set } => {
            let mut taken = Bool::from(false);
            let count = state.parts[*part].len();
            let places: Vec<usize> = match request {
                Request::Delete => (0..count).rev().collect(),
                Request::Create | Request::Update => (0..count).collect(),
            };
            let step = |place: usize| {
                let object = &state.parts[*part][place];
                let bound = [(EACH.to_owned(), Item::Custom(number, *part, place))];
                let set = match request {
                    Request::Delete => forgotten(&own.parts[*part].fields, object),
                    _ => assigned(model, object, set, &bound),
                };
                let changes = match request {
                    Request::Create => !object.is_there(),
                    Request::Update => object.is_there() & changes(&set),
                    Request::Delete => object.is_there(),
                };
                let remember = assigned(model, &state.parts[MEMORY][0], &entry.remember, &bound);
                let meant = when & changes & condition(model, which, bound.to_vec());
                let applies = meant & !taken;
                taken = taken | meant;
                let admitted = admitted(&set) & admitted(&remember);
                Step { at: Some((*part, place)), applies, admitted, set, remember }
            };
            places.into_iter().map(step).collect()
        }
    }
}

/// New values of fields.
fn assigned(
    model: &Model,
    object: &CustomObject,
    set: &[(usize, Formula)],
    bound: &[(String, Item)],
) -> Vec<(FieldState, FieldValue)> {
    let one = |(field, to): &(usize, Formula)| {
        let to = match value_of(model, to, bound.to_vec()) {
            Value::Bool(value) => FieldValue::Bool(value),
            Value::Int(value) => FieldValue::Number(value),
            Value::Text(text) => panic!("the text {text} is no value of a field"),
        };
        (object.fields[*field], to)
    };
    set.iter().map(one).collect()
}

/// What the fields of an object are once it is gone: as when it comes into being.
fn forgotten(fields: &[custom::CustomField], object: &CustomObject) -> Vec<(FieldState, FieldValue)> {
    let initial = |(field, state): (&custom::CustomField, &FieldState)| match field.values {
        Values::Bool(initial) => Some((*state, FieldValue::Bool(initial.unwrap_or(false).into()))),
        Values::Number(span, initial) => Some((*state, FieldValue::Number(initial.unwrap_or(span.lo).into()))),
        Values::Replicas(_) | Values::ReadyReplicas => None,
    };
    fields.iter().zip(&object.fields).filter_map(initial).collect()
}

fn changes(set: &[(FieldState, FieldValue)]) -> Bool {
    any(set.iter().map(|&(field, to)| match (field, to) {
        (FieldState::Bool(var), FieldValue::Bool(to)) => !var.value.iff(to),
        (FieldState::Number(var), FieldValue::Number(to)) => var.value.is_not(to),
        _ => false.into(),
    }))
}

/// Whether all values are among those of their fields.
fn admitted(set: &[(FieldState, FieldValue)]) -> Bool {
    let outside = set.iter().filter_map(|&(field, to)| match (field, to) {
        (FieldState::Number(var), FieldValue::Number(to)) => {
            let range = var.value.range();
            Some(to.below(range.lo) | to.above(range.hi))
        }
        _ => None,
    });
    !any(outside.collect::<Vec<_>>())
}

/// The rule of a step.
fn rule(
    model: &mut Model,
    (number, own): Own,
    (entry, list, index): (&Entry, &'static str, usize),
    step: &Step,
) -> RuleBuilder {
    let resource = model.side::<CustomState>(number).map(|state| state.parts[RESOURCE][0].id);
    let resource = resource.expect("declared for every custom controller");
    let actor = entry.by.as_ref().unwrap_or(&own.name).clone();
    let place = SubjectPart::Number(index as i64 + 1);
    let unit = model.fairness_unit(Subject::new(own.name.clone()).word(list).with(place.clone()).of(resource));
    let (verb, reason, subject, does) = match (&entry.act, step.at) {
        (Act::Write { request, .. }, Some((part, at))) => {
            let (verb, reason, word, does) = words_of(*request);
            let is_status = part == RESOURCE
                && matches!(&entry.act, Act::Write { set, .. } if set.iter().all(|(field, _)| {
                    own.parts[RESOURCE].fields[*field].is_status
                }));
            let id = model.side::<CustomState>(number).map_or(resource, |state| state.parts[part][at].id);
            let object = model.names.object(id).to_string();
            let verb = if is_status { Verb::Status } else { verb };
            (Some((verb, id)), reason, Subject::new(word).with(place).of(id), format!("{does} {object}"))
        }
        _ => (None, "Remembered", Subject::new("remember").with(place).of(resource), "remembers".to_owned()),
    };
    // What others do has its own numbers.
    let subject = if list == "others" { subject.word("others") } else { subject };
    let mut rule = RuleBuilder::new(subject, actor, reason, Pace::Fast)
        .when(step.applies)
        .when(step.admitted)
        .fair(unit)
        .because_of(entry.origin.clone());
    let mut sentence = vec![text(does)];
    if let (Some((verb, id)), Some((part, _))) = (verb, step.at) {
        rule = write(rule.writes(verb, id), &step.set);
        let there = step.at.and_then(|(part, at)| model.side::<CustomState>(number)?.parts[part].get(at));
        match (verb, there.and_then(|object| object.exists)) {
            (Verb::Create, Some(exists)) => rule = rule.set_bool(exists, true),
            (Verb::Delete, Some(exists)) => rule = rule.set_bool(exists, false),
            _ => {}
        }
        if let PartKind::Workload(target) = &own.parts[part].kind
            && let Some(group) = model.cluster.workload(target)
        {
            rule = model.take_over(group, rule, changes(&step.set));
        }
        if verb != Verb::Delete {
            sentence.extend(told(&own.parts[part], &entry.act, &step.set));
        }
    }
    if !step.remember.is_empty() {
        rule = write(rule.remembers(), &step.remember);
        if verb.is_some() {
            sentence.push(text("; remembers"));
        }
        sentence.extend(told_fields(&own.parts[MEMORY], &entry.remember, &step.remember));
    }
    rule.says(sentence)
}

fn words_of(request: Request) -> (Verb, &'static str, &'static str, &'static str) {
    match request {
        Request::Create => (Verb::Create, "Created", "create", "creates"),
        Request::Update => (Verb::Update, "Updated", "update", "updates"),
        Request::Delete => (Verb::Delete, "Deleted", "delete", "deletes"),
    }
}

fn write(mut rule: RuleBuilder, set: &[(FieldState, FieldValue)]) -> RuleBuilder {
    for &(field, to) in set {
        rule = match (field, to) {
            (FieldState::Bool(var), FieldValue::Bool(to)) => rule.set_bool(var, to),
            (FieldState::Number(var), FieldValue::Number(to)) => {
                // Others are refused.
                let range = var.value.range();
                rule.set(var, to.max(range.lo).min(range.hi))
            }
            _ => rule,
        };
    }
    rule
}

/// The new values of a request in words.
fn told(part: &custom::Part, act: &Act, set: &[(FieldState, FieldValue)]) -> Phrases {
    match act {
        Act::Write { set: fields, .. } => told_fields(part, fields, set),
        _ => Vec::new(),
    }
}

fn told_fields(part: &custom::Part, fields: &[(usize, Formula)], set: &[(FieldState, FieldValue)]) -> Phrases {
    let mut phrases = Vec::new();
    for (index, ((field, _), (state, to))) in fields.iter().zip(set).enumerate() {
        let before = if index == 0 { ": " } else { ", " };
        phrases.push(text(format!("{before}{} ", part.fields[*field].name)));
        match (state, to) {
            (FieldState::Number(var), _) => {
                phrases.extend([value(var.value), text(" -> "), Phrase::After(var.id)]);
            }
            (FieldState::Bool(var), _) => phrases.push(Phrase::After(var.id)),
            (FieldState::Ready(_), _) => {}
        }
    }
    phrases
}

/// What keeps a controller from going on: it stops, is refused, or has nothing to do.
fn waits_of(model: &Model, (number, own): Own) -> Vec<Wait> {
    let Some(state) = model.side::<CustomState>(number) else { return Vec::new() };
    let resource = state.parts[RESOURCE][0].id;
    let wait = |reason: &'static str, when: Bool| Wait::new(own.name.clone(), reason, when).of(own.resource());
    let mut waits = Vec::new();
    let mut earlier = Bool::from(false);
    for entry in &own.reconcile {
        let steps = steps(model, (number, own), entry);
        let applies = applies(model, entry, &steps);
        if let Act::Stop(why) = &entry.act {
            let stops = wait("ReconcileError", applies & !earlier).says([text(format!("{why}; "))]);
            waits.push(stops.says(shown(model, (number, own))).because_of(entry.origin.clone()));
        }
        let refused = any(steps.iter().map(|step| step.applies & !step.admitted));
        let words = [text("the API server refuses the value, which is outside of the field's range; ")];
        let refused = wait("Invalid", refused & !earlier).says(words).says(shown(model, (number, own)));
        waits.push(refused.because_of(entry.origin.clone()));
        earlier = earlier | applies;
    }
    let idle = wait("NothingToDo", !earlier).says([text("no entry of reconcile applies; ")]);
    waits.push(idle.says(shown(model, (number, own))).because_of(own.origin.clone()).follows());
    waits.into_iter().map(|wait| wait.about(resource)).collect()
}

/// The fields of the resource and of what it owns in words.
fn shown(model: &Model, (number, own): Own) -> Phrases {
    let mut phrases: Phrases = Vec::new();
    let Some(state) = model.side::<CustomState>(number) else { return phrases };
    let mut add = |name: String, number: Int| {
        let before = if phrases.is_empty() { "" } else { ", " };
        phrases.extend([text(format!("{before}{name} ")), value(number)]);
    };
    for (part, objects) in own.parts.iter().zip(&state.parts) {
        let prefix = if part.word == own.parts[RESOURCE].word { String::new() } else { format!("{}.", part.word) };
        if part.count.is_some() {
            add(format!("{prefix}size()"), crate::term::count(objects.iter().map(CustomObject::is_there)));
            continue;
        }
        if let Some(exists) = objects[0].exists {
            add(format!("{prefix}exists"), exists.value.as_int());
        }
        for (field, state) in part.fields.iter().zip(&objects[0].fields) {
            let number = match state.value(model) {
                FieldValue::Bool(value) => value.as_int(),
                FieldValue::Number(value) => value,
            };
            add(format!("{prefix}{}", field.name), number);
        }
    }
    phrases
}
