//! What expressions may name: types with their fields.

use kubound_encodings::cluster::custom::{MEMORY, RESOURCE};
use kubound_encodings::cluster::formula::{Collection, Field};

/// The type of an expression.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in super::super) enum Type {
    /// A truth value.
    Bool,
    /// A number.
    Int,
    /// A text.
    Text,
    /// A member of a collection.
    Object(Collection),
    /// A collection.
    Members(Collection),
}

impl Type {
    /// Its name in messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Bool => "a condition",
            Self::Int => "a number",
            Self::Text => "a text",
            Self::Object(collection) => singular(collection),
            Self::Members(collection) => plural(collection),
        }
    }
}

/// Collections by their names in expressions.
pub(super) const KINDS: &[(&str, Collection)] = &[
    ("pods", Collection::Pods),
    ("nodes", Collection::Nodes),
    ("workloads", Collection::Workloads),
    ("hpas", Collection::Hpas),
];

fn plural(collection: Collection) -> &'static str {
    if let Collection::Custom(..) = collection {
        return "owned objects";
    }
    KINDS.iter().find(|(_, other)| *other == collection).map_or("", |(name, _)| name)
}

fn singular(collection: Collection) -> &'static str {
    match collection {
        Collection::Pods => "a pod",
        Collection::Nodes => "a node",
        Collection::Workloads => "a workload",
        Collection::Hpas => "an autoscaler",
        Collection::Custom(_, MEMORY) => "what is remembered",
        Collection::Custom(_, RESOURCE) => "a custom resource",
        Collection::Custom(..) => "an owned object",
    }
}

/// The fields of the members of a collection, with what they mean.
pub(super) fn fields(collection: Collection) -> &'static [(&'static str, Field, Type, &'static str)] {
    match collection {
        Collection::Pods => &[
            ("owner", Field::Owner, Type::Text, "name of its workload, or of its CronJob"),
            ("namespace", Field::Namespace, Type::Text, "its namespace"),
            ("node", Field::Node, Type::Text, "name of its node; empty if it has none"),
            ("pool", Field::Pool, Type::Text, "pool of its node; empty if it has none"),
            ("phase", Field::Phase, Type::Text, "`pending`, `scheduled`, `starting`, `running` or `terminating`"),
            ("ready", Field::Ready, Type::Bool, "whether it is ready, on a node that counts as ready"),
        ],
        Collection::Nodes => &[
            ("name", Field::Name, Type::Text, "its name"),
            ("pool", Field::Pool, Type::Text, "its pool; a Node manifest is a pool of its own"),
            ("ready", Field::Ready, Type::Bool, "whether the node controller takes it for ready"),
            ("schedulable", Field::Schedulable, Type::Bool, "whether it is not cordoned"),
        ],
        Collection::Workloads => &[
            ("name", Field::Name, Type::Text, "its name"),
            ("namespace", Field::Namespace, Type::Text, "its namespace"),
            ("kind", Field::Kind, Type::Text, "`Deployment`, `ReplicaSet`, `StatefulSet`, `Job` or `Pod`"),
            ("spec.replicas", Field::SpecReplicas, Type::Int, "pods that are wanted"),
            ("status.replicas", Field::StatusReplicas, Type::Int, "pods that are there and not terminating"),
            ("status.readyReplicas", Field::ReadyReplicas, Type::Int, "ready pods on ready nodes"),
            (
                "status.succeeded",
                Field::Succeeded,
                Type::Int,
                "pods of a Job that have succeeded, up to its `spec.completions`; 0 of other workloads",
            ),
        ],
        Collection::Hpas => &[
            ("name", Field::Name, Type::Text, "its name"),
            ("namespace", Field::Namespace, Type::Text, "its namespace"),
            ("spec.minReplicas", Field::MinReplicas, Type::Int, "lower limit"),
            ("spec.maxReplicas", Field::MaxReplicas, Type::Int, "upper limit"),
            ("status.desiredReplicas", Field::DesiredReplicas, Type::Int, "`spec.replicas` of its target"),
        ],
        // Their rules files say.
        Collection::Custom(..) => &[],
    }
}
