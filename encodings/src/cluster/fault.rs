//! Faults: what may go wrong around controllers, each so many times. Without any, every controller sees the present, every
//! request is answered, and no process restarts.

use crate::system::Origin;

/// What goes wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum FaultKind {
    /// A process stops, perhaps between two requests, and starts again without what it kept in memory.
    Crash,
    /// A controller acts on pods as they were, for less than any duration of the cluster.
    Stale,
    /// The watch of a controller delivers nothing, for as long as it takes, and goes on.
    Stall,
    /// A request is refused because its object has changed meanwhile; what would follow it is not asked for.
    Conflict,
    /// A request is lost on its way, or its answer is.
    ApiFault,
}

impl FaultKind {
    /// All of them.
    pub const ALL: [FaultKind; 5] = [Self::Crash, Self::Stale, Self::Stall, Self::Conflict, Self::ApiFault];

    /// The name in scenario files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Crash => "crash",
            Self::Stale => "stale",
            Self::Stall => "stall",
            Self::Conflict => "conflict",
            Self::ApiFault => "apiFault",
        }
    }

    /// The kind of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What happens, in a line.
    pub fn summary(self) -> &'static str {
        match self {
            Self::Crash => "a process restarts, also between two of its requests, and has lost what it kept in memory",
            Self::Stale => "a controller sees pods as they were, for less than any duration",
            Self::Stall => "a controller sees pods as they were, for as long as it takes",
            Self::Conflict => {
                "a request is refused because the object has changed, and the rest of the sync is not done"
            }
            Self::ApiFault => "a request is lost before it takes effect, or its answer after",
        }
    }
}

/// A fault that may happen.
#[derive(Clone, PartialEq, Debug)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// To which controllers or processes, by name; none: to any.
    pub controllers: Vec<String>,
    /// How often, over all of them.
    pub times: i64,
    /// Where it is written.
    pub origin: Origin,
}

impl Fault {
    /// One that no line of a scenario asks for.
    pub fn new(kind: FaultKind, controllers: Vec<String>, times: i64) -> Self {
        let origin = Origin { object: "Scenario".into(), field: "spec.faults".into() };
        Self { kind, controllers, times, origin }
    }

    /// Whether it may happen to a controller that runs in a process.
    pub fn concerns(&self, controller: &str, process: &str) -> bool {
        self.controllers.is_empty() || self.controllers.iter().any(|name| name == controller || name == process)
    }

    /// As verdicts repeat it: `faults: crash at most once, of kube-controller-manager`.
    pub fn told(&self) -> String {
        let of = if self.controllers.is_empty() { "any controller".to_owned() } else { self.controllers.join(", ") };
        let times = if self.times == 1 { "once".to_owned() } else { format!("{} times", self.times) };
        format!("faults: {} at most {times}, of {of}", self.kind.name())
    }
}
