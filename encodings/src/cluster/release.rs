//! Releases of Kubernetes, and the feature gates that change what the models do.

use std::collections::BTreeMap;

/// The minor release of Kubernetes whose rules apply; 29 to 36. The rules of a release are those of its newest patch: 1.33.4,
/// 1.34.4, 1.35.4 and 1.36.3, of those before the ones that were newest when 1.33 was read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct KubernetesVersion(pub u32);

impl Default for KubernetesVersion {
    fn default() -> Self {
        Self(33)
    }
}

/// A feature gate that changes a rule of the models.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum FeatureGate {
    /// `tolerance` of an autoscaler's behavior counts.
    HpaConfigurableTolerance,
    /// `matchLabelKeys` and `mismatchLabelKeys` of affinity between pods count.
    MatchLabelKeysInPodAffinity,
    /// `maxUnavailable` of a StatefulSet's update counts, and updates wait for all pods together.
    MaxUnavailableStatefulSet,
    /// The Job controller waits until it has seen its own writes, however long that takes.
    StaleControllerConsistencyJob,
    /// The ReplicaSet controller waits until it has seen its own writes, however long that takes.
    StaleControllerConsistencyReplicaSet,
}

/// What a gate is in a release.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GateState {
    /// The release does not know it.
    Missing,
    /// It can be set, and is this unless it is.
    Default(bool),
    /// It can no longer be set (`LockToDefault`).
    Locked(bool),
}

/// Since which release a gate is what; before the first row the release does not know it.
type Row = (u32, GateState);

use GateState::{Default as By, Locked};

/// What is known of a gate.
struct Known {
    gate: FeatureGate,
    name: &'static str,
    what: &'static str,
    rows: &'static [Row],
}

/// All gates, by name: `defaultVersionedKubernetesFeatureGates` in `pkg/features/kube_features.go`.
const GATES: &[Known] = &[
    Known {
        gate: FeatureGate::HpaConfigurableTolerance,
        name: "HPAConfigurableTolerance",
        what: "`tolerance` of an autoscaler's behavior counts",
        rows: &[(33, By(false)), (35, By(true))],
    },
    Known {
        gate: FeatureGate::MatchLabelKeysInPodAffinity,
        name: "MatchLabelKeysInPodAffinity",
        what: "`matchLabelKeys` and `mismatchLabelKeys` of affinity between pods count",
        rows: &[(29, By(false)), (31, By(true)), (33, Locked(true))],
    },
    // 1.35.3 has it on by default, 1.35.4 no longer.
    Known {
        gate: FeatureGate::MaxUnavailableStatefulSet,
        name: "MaxUnavailableStatefulSet",
        what: "`maxUnavailable` of a StatefulSet's update counts",
        rows: &[(24, By(false))],
    },
    Known {
        gate: FeatureGate::StaleControllerConsistencyJob,
        name: "StaleControllerConsistencyJob",
        what: "the Job controller waits until it has seen its own writes, however long that takes",
        rows: &[(36, By(true))],
    },
    Known {
        gate: FeatureGate::StaleControllerConsistencyReplicaSet,
        name: "StaleControllerConsistencyReplicaSet",
        what: "the ReplicaSet controller waits until it has seen its own writes, however long that takes",
        rows: &[(36, By(true))],
    },
];

impl FeatureGate {
    /// All of them, in the order of their names.
    pub fn all() -> impl Iterator<Item = Self> {
        GATES.iter().map(|known| known.gate)
    }

    /// The gate of a name.
    pub fn named(name: &str) -> Option<Self> {
        GATES.iter().find(|known| known.name == name).map(|known| known.gate)
    }

    /// Its name on command lines.
    pub fn name(self) -> &'static str {
        self.known().map_or("", |known| known.name)
    }

    /// What it does where it is on.
    pub fn what(self) -> &'static str {
        self.known().map_or("", |known| known.what)
    }

    /// What it is in a release.
    pub fn state(self, version: KubernetesVersion) -> GateState {
        let rows = self.known().map_or(&[][..], |known| known.rows);
        rows.iter().rev().find(|(since, _)| *since <= version.0).map_or(GateState::Missing, |(_, state)| *state)
    }

    fn known(self) -> Option<&'static Known> {
        GATES.iter().find(|known| known.gate == self)
    }
}

/// Gates that are set, whatever the release has them by default.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FeatureGates(pub BTreeMap<FeatureGate, bool>);

impl FeatureGates {
    /// Whether a gate is on in a release.
    pub fn is_on(&self, gate: FeatureGate, version: KubernetesVersion) -> bool {
        match gate.state(version) {
            GateState::Missing => false,
            GateState::Default(default) => self.0.get(&gate).copied().unwrap_or(default),
            GateState::Locked(value) => value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates_are_known_by_name_and_in_order() {
        let names: Vec<&str> = FeatureGate::all().map(FeatureGate::name).collect();
        assert!(names.is_sorted());
        for gate in FeatureGate::all() {
            assert_eq!(FeatureGate::named(gate.name()), Some(gate));
        }
        assert_eq!(FeatureGate::named("SidecarContainers"), None);
    }

    #[test]
    fn what_is_set_counts_where_a_gate_can_be_set() {
        let keys = FeatureGate::MatchLabelKeysInPodAffinity;
        let off = FeatureGates([(keys, false)].into());
        let by_release = |gates: &FeatureGates| [30, 31, 33].map(|minor| gates.is_on(keys, KubernetesVersion(minor)));
        assert_eq!(by_release(&FeatureGates::default()), [false, true, true]);
        assert_eq!(by_release(&off), [false, false, true], "locked from 1.33 on");
        let tolerance = FeatureGate::HpaConfigurableTolerance;
        let on = FeatureGates([(tolerance, true)].into());
        assert!(!on.is_on(tolerance, KubernetesVersion(32)), "1.32 does not know it");
        assert!(on.is_on(tolerance, KubernetesVersion(33)));
        assert!(FeatureGates::default().is_on(tolerance, KubernetesVersion(35)));
    }
}
