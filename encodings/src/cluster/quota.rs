//! ResourceQuotas (section 8.5), as far as they refuse pods.

use super::pod::QosClass;
use super::{PodTemplate, Resources};
use crate::system::Origin;

/// The key of `spec.hard` for the number of pods.
pub const PODS: &str = "pods";

/// What the keys of limits begin with.
pub const LIMITS: &str = "limits.";

/// Which pods a quota counts, of `spec.scopes`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// Of quality of service BestEffort.
    BestEffort,
    /// Of any other.
    NotBestEffort,
}

/// A ResourceQuota: pods of its namespace that would exceed it are not created.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ResourceQuota {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// `spec.hard`: requests by resource (milli-cores, bytes, pieces), `limits.cpu`, `limits.memory` and `pods`.
    pub hard: Resources<i64>,
    /// `spec.scopes`; a pod counts that all of them mean.
    pub scopes: Vec<Scope>,
    /// Where it is written.
    pub origin: Origin,
}

impl ResourceQuota {
    /// Whether pods of a template in a namespace count.
    pub fn counts(&self, namespace: &str, template: &PodTemplate) -> bool {
        let is_meant = |scope: &Scope| (template.qos == QosClass::BestEffort) == matches!(scope, Scope::BestEffort);
        self.namespace == namespace && self.scopes.iter().all(is_meant)
    }
}
