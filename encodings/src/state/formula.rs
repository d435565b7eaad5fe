//! The meaning of conditions of intents in words. Pods are counted, so a quantifier over pods ranges over the counts:
//! pods of one revision on one node in one phase are alike in all that an expression can ask of them.

use super::{CustomObject, CustomState, FieldValue, Model, Phase};
use crate::cluster::formula::{Collection, Field, Formula, Members, Object};
use crate::cluster::workload::Readiness;
use crate::term::{Bool, Int, all, ite, ite_bool, sum};

/// What a quantifier calls by a name.
#[derive(Clone, Debug)]
pub(crate) enum Item {
    /// Pods that are alike.
    Pods { group: usize, slot: Option<usize>, phase: &'static str },
    /// A node.
    Node(usize),
    /// A workload.
    Workload(usize),
    /// An autoscaler.
    Hpa(usize),
    /// An object of a custom controller: the places of the controller, of the part and in its list.
    Custom(usize, usize, usize),
}

/// A value of an expression.
pub(crate) enum Value {
    /// A truth value.
    Bool(Bool),
    /// A number.
    Int(Int),
    /// A text.
    Text(String),
}

/// A state with what is called by names.
struct Scope<'m, 'c> {
    model: &'m Model<'c>,
    bound: Vec<(String, Item)>,
}

/// The value of a condition in the state; panics on a number: the reader has checked sorts.
pub fn holds(model: &Model, formula: &Formula) -> Bool {
    Scope { model, bound: Vec::new() }.bool(formula)
}

/// The value of an expression in the state, in which some things have names.
pub(crate) fn value(model: &Model, formula: &Formula, bound: Vec<(String, Item)>) -> Value {
    Scope { model, bound }.value(formula)
}

impl Scope<'_, '_> {
    fn bool(&mut self, formula: &Formula) -> Bool {
        match self.value(formula) {
            Value::Bool(value) => value,
            _ => panic!("{formula:?} is no condition"),
        }
    }

    fn int(&mut self, formula: &Formula) -> Int {
        match self.value(formula) {
            Value::Int(value) => value,
            _ => panic!("{formula:?} is no number"),
        }
    }

    fn text(&mut self, formula: &Formula) -> String {
        match self.value(formula) {
            Value::Text(text) => text,
            _ => panic!("{formula:?} is no text"),
        }
    }

    fn value(&mut self, formula: &Formula) -> Value {
        match formula {
            Formula::Bool(value) => Value::Bool((*value).into()),
            Formula::Number(value) => Value::Int((*value).into()),
            Formula::Text(text) => Value::Text(text.clone()),
            Formula::Settled => Value::Bool(self.model.settled),
            Formula::Not(one) => Value::Bool(!self.bool(one)),
            Formula::And(a, b) => Value::Bool(self.bool(a) & self.bool(b)),
            Formula::Or(a, b) => Value::Bool(self.bool(a) | self.bool(b)),
            Formula::Iff(a, b) => Value::Bool(self.bool(a).iff(self.bool(b))),
            Formula::Same(a, b) => Value::Bool((self.text(a) == self.text(b)).into()),
            Formula::If(condition, a, b) => {
                let condition = self.bool(condition);
                match (self.value(a), self.value(b)) {
                    (Value::Int(a), Value::Int(b)) => Value::Int(ite(condition, a, b)),
                    (Value::Bool(a), Value::Bool(b)) => Value::Bool(ite_bool(condition, a, b)),
                    _ => panic!("{formula:?} has texts"),
                }
            }
            Formula::Compare(comparison, a, b) => Value::Bool(comparison.of(self.int(a), self.int(b))),
            Formula::Add(a, b) => Value::Int(self.int(a) + self.int(b)),
            Formula::Subtract(a, b) => Value::Int(self.int(a) - self.int(b)),
            Formula::Multiply(a, b) => Value::Int(self.int(a) * self.int(b)),
            Formula::Size(members) => Value::Int(sum(self.members(members).into_iter().map(|(_, count)| count))),
            Formula::Every(members, name, body) => {
                let members = self.members(members);
                let each = members.into_iter().map(|(item, count)| count.is(0) | self.with(name, item, body));
                Value::Bool(all(each.collect::<Vec<_>>()))
            }
            Formula::Field(object, field) => {
                let item = self.item(object);
                self.field(&item, *field)
            }
        }
    }

    /// The value of a condition about an item.
    fn with(&mut self, name: &str, item: Item, body: &Formula) -> Bool {
        self.bound.push((name.to_owned(), item));
        let value = self.bool(body);
        self.bound.pop();
        value
    }

    fn item(&self, object: &Object) -> Item {
        match object {
            Object::Workload(index) => Item::Workload(*index),
            Object::Custom(controller, part) => Item::Custom(*controller, *part, 0),
            Object::Hpa(name) => {
                let index = self.model.cluster.hpas.iter().position(|hpa| hpa.label() == *name);
                Item::Hpa(index.expect("the reader has found it"))
            }
            Object::Bound(name) => {
                let bound = self.bound.iter().rev().find(|(other, _)| other == name);
                bound.map(|(_, item)| item.clone()).expect("the reader has found it")
            }
        }
    }

    /// Items with how many of each there are.
    fn members(&mut self, members: &Members) -> Vec<(Item, Int)> {
        match members {
            Members::All(collection) => self.everything(*collection),
            Members::Filter(inner, name, condition) => {
                let inner = self.members(inner);
                let kept = inner
                    .into_iter()
                    .map(|(item, count)| (item.clone(), ite(self.with(name, item, condition), count, 0)));
                kept.filter(|(_, count)| count.constant() != Some(0)).collect()
            }
        }
    }

    fn everything(&self, collection: Collection) -> Vec<(Item, Int)> {
        let model = self.model;
        match collection {
            Collection::Nodes => {
                let node = |slot: usize| (Item::Node(slot), model.slots[slot].present.as_int());
                (0..model.slots.len()).map(node).collect()
            }
            Collection::Workloads => {
                (0..model.cluster.workloads.len()).map(|index| (Item::Workload(index), 1.into())).collect()
            }
            Collection::Custom(controller, part) => {
                let objects = self.custom(controller).parts[part].iter().enumerate();
                objects.map(|(at, one)| (Item::Custom(controller, part, at), one.is_there().as_int())).collect()
            }
            Collection::Hpas => (0..model.cluster.hpas.len()).map(|index| (Item::Hpa(index), 1.into())).collect(),
            Collection::Pods => {
                let mut pods = Vec::new();
                for (group, state) in model.groups.iter().enumerate() {
                    pods.push((Item::Pods { group, slot: None, phase: "pending" }, state.unplaced()));
                    for slot in state.slots() {
                        let mut add = |phase, count| pods.push((Item::Pods { group, slot: Some(slot), phase }, count));
                        for (phase, counts) in state.phases() {
                            let name = match phase {
                                Phase::Bound => "scheduled",
                                Phase::Starting(_) => "starting",
                                Phase::Fresh(_) | Phase::Running => "running",
                                Phase::Crashed => "crashed",
                            };
                            add(name, counts[slot].value);
                        }
                        add("terminating", state.terminating[slot].value);
                    }
                }
                pods.retain(|(_, count)| count.constant() != Some(0));
                pods
            }
        }
    }

    /// The state of a custom controller.
    fn custom(&self, controller: usize) -> &CustomState {
        self.model.side(controller).expect("declared for every custom controller")
    }

    fn custom_field(&self, object: &CustomObject, field: Field, ordinal: usize) -> Value {
        match field {
            Field::Custom(index) => match object.fields[index].value(self.model) {
                FieldValue::Bool(value) => Value::Bool(value),
                FieldValue::Number(value) => Value::Int(value),
            },
            Field::Exists => Value::Bool(object.is_there()),
            Field::Ordinal => Value::Int((ordinal as i64).into()),
            _ => panic!("an object of a custom controller has no field {field:?}"),
        }
    }

    fn field(&self, item: &Item, field: Field) -> Value {
        let model = self.model;
        let cluster = model.cluster;
        match (item, field) {
            (Item::Pods { slot, .. }, Field::Node) => {
                Value::Text(slot.map_or(String::new(), |slot| model.slots[slot].name.clone()))
            }
            (Item::Pods { slot, .. }, Field::Pool) => {
                Value::Text(slot.map_or(String::new(), |slot| cluster.pools[model.slots[slot].pool].name.clone()))
            }
            (Item::Pods { phase, .. }, Field::Phase) => Value::Text((*phase).to_owned()),
            (Item::Pods { group, slot, phase }, Field::Ready) => {
                let at_once = model.startup(*group).is_some_and(|one| one.readiness == Readiness::AtOnce);
                let is_up = *phase == "running" || (*phase == "starting" && at_once);
                let node = slot.filter(|_| is_up).map(|slot| &model.slots[slot]);
                Value::Bool(node.map_or(false.into(), |node| match node.pods_not_ready {
                    Some(not_ready) => !not_ready.value,
                    None => true.into(),
                }))
            }
            (Item::Pods { group, .. }, Field::Owner) => {
                let owner = &model.workload(*group).reference;
                // Whoever writes the intent knows the CronJob, and not the places of its Jobs.
                let owner = cluster.cron_job_of(owner).map_or(owner, |cron| &cron.reference);
                Value::Text(owner.name.clone())
            }
            (Item::Pods { group, .. }, Field::Namespace) => {
                Value::Text(model.workload(*group).reference.namespace.clone())
            }
            (Item::Custom(controller, part, at), field) => {
                self.custom_field(&self.custom(*controller).parts[*part][*at], field, *at)
            }
            (Item::Node(slot), Field::Name) => Value::Text(model.slots[*slot].name.clone()),
            (Item::Node(slot), Field::Pool) => Value::Text(cluster.pools[model.slots[*slot].pool].name.clone()),
            (Item::Node(slot), Field::Ready) => Value::Bool(model.slots[*slot].is_ready()),
            (Item::Node(slot), Field::Schedulable) => Value::Bool(!model.slots[*slot].is_cordoned),
            (Item::Workload(index), Field::Name) => Value::Text(cluster.workloads[*index].reference.name.clone()),
            (Item::Workload(index), Field::Namespace) => {
                Value::Text(cluster.workloads[*index].reference.namespace.clone())
            }
            (Item::Workload(index), Field::Kind) => Value::Text(cluster.workloads[*index].reference.kind.clone()),
            (Item::Workload(index), Field::SpecReplicas) => Value::Int(model.groups[*index].spec.value),
            (Item::Workload(index), Field::StatusReplicas) => Value::Int(model.active(*index)),
            (Item::Workload(index), Field::ReadyReplicas) => Value::Int(model.ready(*index)),
            (Item::Workload(index), Field::Succeeded) => {
                Value::Int(model.job_state(*index).map_or(0.into(), |job| job.succeeded.value))
            }
            (Item::Hpa(index), Field::Name) => Value::Text(cluster.hpas[*index].name.clone()),
            (Item::Hpa(index), Field::Namespace) => Value::Text(cluster.hpas[*index].target.namespace.clone()),
            (Item::Hpa(index), Field::MinReplicas) => Value::Int(cluster.hpas[*index].min.into()),
            (Item::Hpa(index), Field::MaxReplicas) => Value::Int(cluster.hpas[*index].max.into()),
            (Item::Hpa(index), Field::DesiredReplicas) => {
                let target = cluster.workload(&cluster.hpas[*index].target);
                Value::Int(model.groups[target.expect("autoscalers have targets")].spec.value)
            }
            _ => panic!("{item:?} has no field {field:?}"),
        }
    }
}
