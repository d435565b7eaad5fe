//! Custom controllers: what a rules file says of an operator, its resource and the objects that it owns. Names are resolved and
//! conditions are checked by the reader.

use super::event::EventKind;
use super::formula::{Field, Formula, Object};
use super::other::Other;
use super::span::Span;
use super::workload::WorkloadRef;
use super::{Cluster, Origin};

/// The kind of the input object.
pub const CUSTOM_CONTROLLER: &str = "CustomController";

/// The event that writes the specification of a custom resource.
pub const EDIT: &str = "edit";

/// The place of the custom resource among the parts.
pub const RESOURCE: usize = 0;

/// The place of what is remembered among the parts.
pub const MEMORY: usize = 1;

/// What an operator acts on, and how.
#[derive(Clone, PartialEq, Debug)]
pub struct CustomController {
    /// Its name: who acts.
    pub name: String,
    /// The custom resource, what is remembered, then what is owned.
    pub parts: Vec<Part>,
    /// What it does: of these the first that applies acts.
    pub reconcile: Vec<Entry>,
    /// What others do to the same objects, in no order.
    pub others: Vec<Entry>,
    /// Where it is written.
    pub origin: Origin,
}

/// What conditions call by one word.
#[derive(Clone, PartialEq, Debug)]
pub struct Part {
    /// The word.
    pub word: String,
    /// What it is.
    pub kind: PartKind,
    /// How many alike objects, where it is a list of them.
    pub count: Option<usize>,
    /// Whether it is there initially.
    pub exists: bool,
    /// Its fields.
    pub fields: Vec<CustomField>,
}

/// What a part is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PartKind {
    /// What the controller remembers; a restart loses it.
    Memory,
    /// An object of which only its existence and its fields are known.
    Object {
        /// Its kind.
        kind: String,
        /// Its namespace.
        namespace: String,
        /// Its name; with `-0` and so on behind it in a list.
        name: String,
    },
    /// A workload of the cluster, which its own controllers act on.
    Workload(WorkloadRef),
}

/// A field.
#[derive(Clone, PartialEq, Debug)]
pub struct CustomField {
    /// Its name, such as `spec.replicas` of a resource.
    pub name: String,
    /// Its values.
    pub values: Values,
    /// Whether it is of the status of the resource.
    pub is_status: bool,
    /// Whether users may only make it larger.
    pub only_grows: bool,
}

/// The values of a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Values {
    /// True or false; initially either where nothing is said.
    Bool(Option<bool>),
    /// Numbers; initially any of them where nothing is said.
    Number(Span, Option<i64>),
    /// `spec.replicas` of a workload; the values that are written, where they are said.
    Replicas(Option<Span>),
    /// Ready pods of a workload.
    ReadyReplicas,
}

/// Something that is done.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// Who does it, if not the controller.
    pub by: Option<String>,
    /// When.
    pub when: Formula,
    /// What.
    pub act: Act,
    /// What is remembered with it: a field each.
    pub remember: Vec<(usize, Formula)>,
    /// Where it is written.
    pub origin: Origin,
}

/// What is done.
#[derive(Clone, PartialEq, Debug)]
pub enum Act {
    /// A request.
    Write {
        /// Which.
        request: Request,
        /// The part.
        part: usize,
        /// Which of a list; it is called [`EACH`].
        which: Formula,
        /// New values of fields.
        set: Vec<(usize, Formula)>,
    },
    /// Nothing but to remember something.
    Remember,
    /// Nothing: it stops with an error, and tries again later.
    Stop(String),
}

/// The requests of custom controllers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Request {
    /// An object comes into being.
    Create,
    /// Fields of an object that is there are written.
    Update,
    /// An object that is there goes.
    Delete,
}

/// What conditions call the object of a list that is written.
pub const EACH: &str = "each";

/// A change of the specification of a custom resource.
#[derive(Clone, PartialEq, Debug)]
pub struct Edit {
    /// The place of its controller among the custom controllers.
    pub controller: usize,
    /// The fields of the resource, with the values that each may get.
    pub set: Vec<(usize, Assigned)>,
}

/// What a field becomes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Assigned {
    /// True or false.
    Bool(bool),
    /// One of some numbers.
    Number(Span),
}

/// The custom controllers of a cluster.
pub fn of(cluster: &Cluster) -> Vec<&CustomController> {
    among(&cluster.others).collect()
}

/// The custom controllers among objects.
pub fn among(others: &[Other]) -> impl Iterator<Item = &CustomController> {
    others.iter().filter_map(Other::get)
}

impl CustomController {
    /// `Kind/namespace/name` of the custom resource.
    pub fn resource(&self) -> String {
        self.parts[RESOURCE].label()
    }
}

impl Part {
    /// `Kind/namespace/name`, or the word.
    pub fn label(&self) -> String {
        match &self.kind {
            PartKind::Memory => self.word.clone(),
            PartKind::Object { kind, namespace, name } => format!("{kind}/{namespace}/{name}"),
            PartKind::Workload(target) => target.to_string(),
        }
    }

    /// The field of a name.
    pub fn field(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }
}

/// The numbers that a field may ever be: those of the file, and those that events write.
pub fn span(cluster: &Cluster, controller: usize, part: usize, field: usize) -> Option<Span> {
    let Values::Number(own, _) = of(cluster).get(controller)?.parts.get(part)?.fields.get(field)?.values else {
        return None;
    };
    let edits = cluster.events.iter().filter_map(|event| match &event.kind {
        EventKind::Other(other) if part == RESOURCE => other.get::<Edit>().filter(|one| one.controller == controller),
        _ => None,
    });
    let written = edits.flat_map(|edit| &edit.set).filter_map(|(one, to)| match to {
        Assigned::Number(to) if *one == field => Some(*to),
        _ => None,
    });
    let all = written.fold(own, |all, to| Span { lo: all.lo.min(to.lo), hi: all.hi.max(to.hi), step: 1 });
    Some(Span { step: 1, ..all })
}

/// The numbers that a number of a rules file may come to, where `of` says what a field may be; `None` if that is not known.
pub fn numbers(formula: &Formula, of: &dyn Fn(&Object, usize) -> Option<Span>) -> Option<Span> {
    let both = |a: &Formula, b: &Formula| Some((numbers(a, of)?, numbers(b, of)?));
    let span = |lo: i64, hi: i64| Some(Span { lo, hi, step: 1 });
    match formula {
        Formula::Number(value) => span(*value, *value),
        Formula::Field(object, Field::Custom(field)) => of(object, *field),
        Formula::Add(a, b) => both(a, b).and_then(|(a, b)| span(a.lo + b.lo, a.hi + b.hi)),
        Formula::Subtract(a, b) => both(a, b).and_then(|(a, b)| span(a.lo - b.hi, a.hi - b.lo)),
        Formula::Multiply(a, b) => both(a, b).and_then(|(a, b)| {
            let products = [a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi];
            span(products.into_iter().min()?, products.into_iter().max()?)
        }),
        Formula::If(_, a, b) => both(a, b).and_then(|(a, b)| span(a.lo.min(b.lo), a.hi.max(b.hi))),
        _ => None,
    }
}
