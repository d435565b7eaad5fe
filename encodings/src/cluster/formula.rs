//! Conditions over a state of the cluster, as intents in words have them: checked for sorts, names resolved.

use super::expression::Comparison;

/// When the condition must be met.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Word {
    /// In every state.
    Always,
    /// In some state of every fair run.
    Eventually,
    /// From some state of every fair run on.
    EventuallyAlways,
    /// Again and again in every fair run.
    InfinitelyOften,
    /// After every state that satisfies the first condition, in some state that satisfies the second.
    LeadsTo,
}

impl Word {
    /// All of them.
    pub const ALL: [Word; 5] =
        [Self::Always, Self::Eventually, Self::EventuallyAlways, Self::InfinitelyOften, Self::LeadsTo];

    /// The name in scenario files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Eventually => "eventually",
            Self::EventuallyAlways => "eventuallyAlways",
            Self::InfinitelyOften => "infinitelyOften",
            Self::LeadsTo => "leadsTo",
        }
    }
}

/// What quantifiers range over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Collection {
    /// Pods of workloads, terminating ones included, failed ones not.
    Pods,
    /// Nodes that exist.
    Nodes,
    /// Workloads, whether they exist yet or not.
    Workloads,
    /// Autoscalers.
    Hpas,
    /// Objects of a part of a custom controller: its place among those, and that of the part.
    Custom(usize, usize),
}

/// Members of a collection.
#[derive(Clone, PartialEq, Debug)]
pub enum Members {
    /// All of them.
    All(Collection),
    /// Those that satisfy a condition, which calls each by the name.
    Filter(Box<Members>, String, Box<Formula>),
}

/// An object.
#[derive(Clone, PartialEq, Debug)]
pub enum Object {
    /// What a quantifier calls by this name.
    Bound(String),
    /// A workload, by index.
    Workload(usize),
    /// An autoscaler, by `namespace/name`.
    Hpa(String),
    /// The only object of a part of a custom controller: its place among those, and that of the part.
    Custom(usize, usize),
}

/// A field of an object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Field {
    /// Name of a node, a workload or an autoscaler.
    Name,
    /// Namespace of a pod, a workload or an autoscaler.
    Namespace,
    /// Kind of a workload.
    Kind,
    /// Name of the workload of a pod.
    Owner,
    /// Node of a pod, empty if it has none.
    Node,
    /// Pool of a node, or of the node of a pod.
    Pool,
    /// Phase of a pod: one of [`PHASES`].
    Phase,
    /// Whether a pod or a node is ready.
    Ready,
    /// Whether a node is not cordoned.
    Schedulable,
    /// `spec.replicas`.
    SpecReplicas,
    /// Active pods: pending or assigned, not terminating.
    StatusReplicas,
    /// Ready pods.
    ReadyReplicas,
    /// Pods of a Job that have succeeded, up to its `spec.completions`; 0 of other workloads.
    Succeeded,
    /// `spec.minReplicas`.
    MinReplicas,
    /// `spec.maxReplicas`.
    MaxReplicas,
    /// `spec.replicas` of the target.
    DesiredReplicas,
    /// A field of an object of a custom controller, by its place.
    Custom(usize),
    /// Whether an object of a custom controller is there.
    Exists,
    /// The number of an object in a list of a custom controller.
    Ordinal,
}

/// How far pods may have come, in the words of expressions.
pub const PHASES: [&str; 6] = ["pending", "scheduled", "starting", "running", "crashed", "terminating"];

/// A condition, a number or a text.
#[derive(Clone, PartialEq, Debug)]
pub enum Formula {
    /// A truth value.
    Bool(bool),
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
    /// Whether nothing but clocks can change.
    Settled,
    /// Negation.
    Not(Box<Formula>),
    /// Conjunction.
    And(Box<Formula>, Box<Formula>),
    /// Disjunction.
    Or(Box<Formula>, Box<Formula>),
    /// One of two conditions or numbers.
    If(Box<Formula>, Box<Formula>, Box<Formula>),
    /// Comparison of numbers.
    Compare(Comparison, Box<Formula>, Box<Formula>),
    /// Equality of conditions.
    Iff(Box<Formula>, Box<Formula>),
    /// Equality of texts.
    Same(Box<Formula>, Box<Formula>),
    /// Sum.
    Add(Box<Formula>, Box<Formula>),
    /// Difference.
    Subtract(Box<Formula>, Box<Formula>),
    /// Product.
    Multiply(Box<Formula>, Box<Formula>),
    /// How many members there are.
    Size(Members),
    /// Whether every member satisfies a condition, which calls it by the name.
    Every(Members, String, Box<Formula>),
    /// A field of an object.
    Field(Object, Field),
}

impl Formula {
    /// The texts that it holds.
    pub fn texts(&self) -> Vec<&str> {
        match self {
            Self::Text(text) => vec![text],
            Self::Bool(_) | Self::Number(_) | Self::Settled | Self::Field(..) => Vec::new(),
            Self::Not(one) => one.texts(),
            Self::And(a, b)
            | Self::Or(a, b)
            | Self::Compare(_, a, b)
            | Self::Iff(a, b)
            | Self::Same(a, b)
            | Self::Add(a, b)
            | Self::Subtract(a, b)
            | Self::Multiply(a, b) => [a.texts(), b.texts()].concat(),
            Self::If(condition, a, b) => [condition.texts(), a.texts(), b.texts()].concat(),
            Self::Size(members) => members.texts(),
            Self::Every(members, _, body) => [members.texts(), body.texts()].concat(),
        }
    }
}

impl Members {
    fn texts(&self) -> Vec<&str> {
        match self {
            Self::All(_) => Vec::new(),
            Self::Filter(members, _, condition) => [members.texts(), condition.texts()].concat(),
        }
    }
}
