//! What the real controller behind a model sees late, sees as it is, and forgets. Data about it, for reports and for
//! whoever injects faults; the rules of the model act on an up-to-date view.

/// The process of most controllers.
pub(crate) const CONTROLLER_MANAGER: &str = "kube-controller-manager";

/// The footprint of a controller. Kinds are those of Kubernetes' API.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Footprint {
    /// The process that it is a part of: all of its controllers restart together.
    pub runs_in: &'static str,
    /// Kinds that it knows by watching them: what it knows of them may be late.
    pub watches: &'static [&'static str],
    /// What it reads as it is at the moment it acts.
    pub reads_live: &'static [&'static str],
    /// What it keeps in memory only: a restart loses it.
    pub forgets: &'static [&'static str],
}

impl Footprint {
    /// Whether pods that it sees may be those of before.
    pub fn watches_pods(&self) -> bool {
        self.watches.contains(&"Pod")
    }
}
