//! Karpenter's preferences (`pkg/controllers/provisioning/scheduling/preferences.go` of sigs.k8s.io/karpenter 1.15).
//!
//! Where Karpenter seeks a node for a pod it takes all that the pod prefers for required, and gives it up step by step until
//! a node is found (`trySchedule`): at each step it looks at the nodes that are there, and then at new ones (`add`). So a pod
//! may get a new node although others would take it; and a node stays whose pods would get a new one in place of one that
//! is there: a new node is no cheaper than the same one (`computeConsolidation`).
//!
//! What is given up, in this order (`Relax`): the first of several terms of required node affinity; preferred affinity to
//! pods, then anti-affinity, then affinity to nodes, each by weight; spread constraints with `ScheduleAnyway`; that no
//! taint of effect PreferNoSchedule is there. Of the preferred node affinity only the heaviest term is required at a time
//! (`newPodRequirements`).
//!
//! With `--preference-policy=Ignore` nothing of that counts.

use crate::cluster::pod::{PodTemplate, PreferredTerm, WhenUnsatisfiable};
use crate::cluster::{NodePool, NodeSelectorTerm, TaintEffect};
use crate::state::{Model, Pose};

/// A pod of a group as Karpenter seeks a node for it, step by step; nothing where it prefers nothing.
pub(super) fn steps(model: &Model, group: usize) -> Vec<Pose> {
    let template = model.template(group);
    let minds_taints = model.cluster.pools.iter().any(has_soft_taints);
    let prefers = !template.preferred_affinity.is_empty()
        || !template.pod_affinity.preferred.is_empty()
        || !template.pod_anti_affinity.preferred.is_empty()
        || template.spread.iter().any(|one| one.when_unsatisfiable == WhenUnsatisfiable::ScheduleAnyway)
        || minds_taints;
    if !prefers {
        return Vec::new();
    }
    let mut left = Pose { group, template: template.clone(), minds_soft_taints: minds_taints };
    // The heaviest first, and of the same weight in the order of the manifest.
    left.template.preferred_affinity.sort_by_key(|one| -one.weight);
    left.template.pod_affinity.preferred.sort_by_key(|one| -one.weight);
    left.template.pod_anti_affinity.preferred.sort_by_key(|one| -one.weight);
    let mut steps = vec![required(&left)];
    while relax(&mut left) {
        steps.push(required(&left));
    }
    steps
}

/// Whether a pool that Karpenter scales has a taint that only asks (`NewScheduler`).
fn has_soft_taints(pool: &NodePool) -> bool {
    pool.autoscaling.is_some() && pool.taints.iter().any(|taint| taint.effect == TaintEffect::PreferNoSchedule)
}

/// Gives up the next thing (`Relax`).
fn relax(left: &mut Pose) -> bool {
    let template = &mut left.template;
    if let Some(terms) = template.required_affinity.as_mut().filter(|terms| terms.len() > 1) {
        terms.remove(0);
        return true;
    }
    for preferred in [&mut template.pod_affinity.preferred, &mut template.pod_anti_affinity.preferred] {
        if !preferred.is_empty() {
            preferred.remove(0);
            return true;
        }
    }
    if !template.preferred_affinity.is_empty() {
        template.preferred_affinity.remove(0);
        return true;
    }
    let is_soft = |one: &crate::cluster::pod::TopologySpreadConstraint| {
        one.when_unsatisfiable == WhenUnsatisfiable::ScheduleAnyway
    };
    if let Some(first) = template.spread.iter().position(is_soft) {
        template.spread.swap_remove(first);
        return true;
    }
    std::mem::take(&mut left.minds_soft_taints)
}

/// All that is left to prefer as required.
fn required(left: &Pose) -> Pose {
    let mut pose = left.clone();
    let template: &mut PodTemplate = &mut pose.template;
    template.required_affinity = required_of_nodes(template);
    for affinity in [&mut template.pod_affinity, &mut template.pod_anti_affinity] {
        let preferred = std::mem::take(&mut affinity.preferred);
        affinity.required.extend(preferred.into_iter().map(|one| one.term));
    }
    template.preferred_affinity.clear();
    for constraint in &mut template.spread {
        constraint.when_unsatisfiable = WhenUnsatisfiable::DoNotSchedule;
    }
    pose
}

/// The first term of required node affinity, together with the heaviest one of those that are preferred.
fn required_of_nodes(template: &PodTemplate) -> Option<Vec<NodeSelectorTerm>> {
    let required = template.required_affinity.as_ref().and_then(|terms| terms.first());
    let preferred = template.preferred_affinity.first();
    let term = match (required, preferred) {
        (Some(required), Some(PreferredTerm { term, .. })) => {
            let expressions = required.expressions.iter().chain(&term.expressions).cloned().collect();
            NodeSelectorTerm { expressions, fields: required.fields.clone() }
        }
        (Some(term), None) | (None, Some(PreferredTerm { term, .. })) => term.clone(),
        (None, None) => return template.required_affinity.clone(),
    };
    Some(vec![term])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::pod::TopologySpreadConstraint;
    use crate::cluster::pod_affinity::WeightedPodAffinityTerm;
    use crate::cluster::selector::{Operator, Requirement};
    use crate::cluster::{LabelSelector, PodAffinityTerm};

    fn term(key: &str) -> NodeSelectorTerm {
        let requirement = Requirement { key: key.into(), operator: Operator::Exists };
        NodeSelectorTerm { expressions: vec![requirement], fields: vec![] }
    }

    fn preferred(weight: i64, key: &str) -> PreferredTerm {
        PreferredTerm { weight, term: term(key) }
    }

    fn apart(weight: i64, key: &str) -> WeightedPodAffinityTerm {
        let term = PodAffinityTerm {
            topology_key: key.into(),
            selector: Some(LabelSelector::default()),
            ..PodAffinityTerm::default()
        };
        WeightedPodAffinityTerm { weight, term }
    }

    /// What is required at each step: keys of node affinity, keys of anti-affinity, and keys of spread.
    fn told(left: &Pose) -> (Vec<String>, Vec<String>, Vec<String>) {
        let template = required(left).template;
        let nodes = template.required_affinity.iter().flatten().flat_map(|term| &term.expressions);
        let nodes = nodes.map(|one| one.key.clone()).collect();
        let apart = template.pod_anti_affinity.required.iter().map(|one| one.topology_key.clone()).collect();
        (nodes, apart, template.spread.iter().map(|one| one.topology_key.clone()).collect())
    }

    #[test]
    fn preferences_are_given_up_in_karpenters_order() {
        let spread = |key: &str, when_unsatisfiable: WhenUnsatisfiable| TopologySpreadConstraint {
            max_skew: 1,
            topology_key: key.into(),
            when_unsatisfiable,
            selector: None,
            min_domains: 1,
            honors_affinity: true,
            honors_taints: false,
            own_revision: false,
        };
        let mut template = PodTemplate {
            required_affinity: Some(vec![term("a"), term("b")]),
            preferred_affinity: vec![preferred(50, "y"), preferred(10, "z")],
            spread: vec![
                spread("soft", WhenUnsatisfiable::ScheduleAnyway),
                spread("middle", WhenUnsatisfiable::DoNotSchedule),
                spread("hard", WhenUnsatisfiable::DoNotSchedule),
            ],
            ..PodTemplate::default()
        };
        template.pod_anti_affinity.preferred = vec![apart(9, "heavy"), apart(1, "light")];
        let mut left = Pose { group: 0, template, minds_soft_taints: true };
        let mut seen = vec![told(&left)];
        let mut minds = vec![left.minds_soft_taints];
        while relax(&mut left) {
            seen.push(told(&left));
            minds.push(left.minds_soft_taints);
        }
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let all = "soft middle hard";
        let expected = [
            ("a y", "heavy light", all),
            ("b y", "heavy light", all),
            ("b y", "light", all),
            ("b y", "", all),
            ("b z", "", all),
            ("b", "", all),
            // The last one takes the place of the one that goes.
            ("b", "", "hard middle"),
            ("b", "", "hard middle"),
        ];
        let expected = expected.map(|(nodes, apart, spread)| (words(nodes), words(apart), words(spread)));
        assert_eq!(seen, expected);
        assert_eq!(minds.iter().filter(|minds| !**minds).count(), 1, "taints are the last");
    }
}
