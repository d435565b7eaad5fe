//! The state of custom resources, of what their controllers remember, and of the objects that they own.

use super::{BoolVar, IntVar, Model};
use crate::cluster::custom::{self, CustomController, CustomField, Part, PartKind, Values};
use crate::subject::{Object, ObjectId, Subject};
use crate::system::Role;
use crate::term::{Bool, Int};

/// The objects of a custom controller, by part.
#[derive(Clone, Debug)]
pub struct CustomState {
    /// The objects of each part: one, or those of its list.
    pub parts: Vec<Vec<CustomObject>>,
}

/// An object, or what is remembered.
#[derive(Clone, Debug)]
pub struct CustomObject {
    /// What names call it; of what is remembered the resource.
    pub id: ObjectId,
    /// Whether it is there; nothing where it always is.
    pub exists: Option<BoolVar>,
    /// Its fields.
    pub fields: Vec<FieldState>,
}

/// A field.
#[derive(Clone, Copy, Debug)]
pub enum FieldState {
    /// True or false.
    Bool(BoolVar),
    /// A number.
    Number(IntVar),
    /// How many pods of the workload of a group are ready, which nobody writes.
    Ready(usize),
}

/// The value of a field.
#[derive(Clone, Copy, Debug)]
pub enum FieldValue {
    /// True or false.
    Bool(Bool),
    /// A number.
    Number(Int),
}

impl CustomObject {
    /// Whether it is there.
    pub fn is_there(&self) -> Bool {
        self.exists.map_or(true.into(), |exists| exists.value)
    }
}

impl FieldState {
    /// Its value.
    pub fn value(self, model: &Model) -> FieldValue {
        match self {
            Self::Bool(var) => FieldValue::Bool(var.value),
            Self::Number(var) => FieldValue::Number(var.value),
            Self::Ready(group) => FieldValue::Number(model.ready(group)),
        }
    }
}

impl Model<'_> {
    /// Declares the state of a custom controller.
    pub(crate) fn declare_custom(&mut self, number: usize, own: &CustomController) {
        let mut parts: Vec<Vec<CustomObject>> = Vec::new();
        for (index, part) in own.parts.iter().enumerate() {
            let resource = parts.first().map(|objects: &Vec<CustomObject>| objects[0].id);
            let objects = (0..part.count.unwrap_or(1)).map(|ordinal| {
                let id = self.identify_custom(part, ordinal, resource);
                self.declare_custom_object((number, index), part, id)
            });
            parts.push(objects.collect());
        }
        self.remember(number, CustomState { parts });
    }

    /// What names call an object.
    fn identify_custom(&mut self, part: &Part, ordinal: usize, resource: Option<ObjectId>) -> ObjectId {
        match &part.kind {
            PartKind::Memory => resource.expect("the resource comes first"),
            PartKind::Workload(target) => {
                self.ids.workloads[self.cluster.workload(target).expect("the reader has found it")]
            }
            PartKind::Object { kind, namespace, name } => {
                let name = if part.count.is_some() { format!("{name}-{ordinal}") } else { name.clone() };
                self.names.add(Object { says_kind: true, ..Object::new(kind, namespace, name) })
            }
        }
    }

    fn declare_custom_object(&mut self, at: (usize, usize), part: &Part, id: ObjectId) -> CustomObject {
        let group = match &part.kind {
            PartKind::Workload(target) => self.cluster.workload(target),
            _ => None,
        };
        if let Some(group) = group {
            let state = &self.groups[group];
            let field = |field: &CustomField| match field.values {
                Values::Replicas(_) => FieldState::Number(state.spec),
                _ => FieldState::Ready(group),
            };
            return CustomObject { id, exists: state.exists, fields: part.fields.iter().map(field).collect() };
        }
        let is_memory = part.kind == PartKind::Memory;
        let is_lasting = is_memory || at.1 == custom::RESOURCE;
        let exists =
            (!is_lasting).then(|| self.bool_var(Subject::new("exists").of(id), Role::Cluster, part.exists.into()));
        // What is only remembered is no part of the cluster.
        let role = if is_memory { Role::Clock } else { Role::Cluster };
        let fields = part.fields.iter().enumerate().map(|(index, field)| {
            let word = if is_memory { format!("memory.{}", field.name) } else { field.name.clone() };
            let initially = Subject::new(format!("initial {word}")).of(id);
            let subject = Subject::new(word).of(id);
            match field.values {
                Values::Bool(initial) => {
                    let initial = match initial {
                        Some(initial) => initial.into(),
                        None => self.free_int(initially, Role::Frozen, 0, 1).value.is(1),
                    };
                    FieldState::Bool(self.bool_var(subject, role, initial))
                }
                Values::Number(span, initial) => {
                    let initial = initial.map_or_else(|| self.frozen(initially, span), Int::from);
                    let all = custom::span(self.cluster, at.0, at.1, index).unwrap_or(span);
                    FieldState::Number(self.int_var(subject, role, all.lo, all.hi, initial))
                }
                Values::Replicas(_) | Values::ReadyReplicas => unreachable!("only workloads have such fields"),
            }
        });
        CustomObject { id, exists, fields: fields.collect() }
    }
}
