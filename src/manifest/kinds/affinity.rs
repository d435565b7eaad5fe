//! Affinity and topology spread constraints.

use super::super::ErrorKind;
use super::super::error::InputError;
use super::super::judgements::{Table, read as is_read, table, within};
use super::super::view::{Fields, View};
use super::pod_affinity;
use super::selector::{
    LABEL_SELECTOR, NODE_SELECTOR, NODE_TERM, read_label_selector, read_node_term, read_preferred_term,
};
use super::syntax::check_key;
use kubound_encodings::cluster::pod::{PreferredTerm, TopologySpreadConstraint, WhenUnsatisfiable};
use kubound_encodings::cluster::selector::Operator;
use kubound_encodings::cluster::{Labels, PodTemplate, Requirement};

/// `affinity` of a pod.
pub(super) static AFFINITY: Table = table(
    "io.k8s.api.core.v1.Affinity",
    &[
        within("nodeAffinity", &NODE_AFFINITY),
        within("podAffinity", &pod_affinity::AFFINITY),
        within("podAntiAffinity", &pod_affinity::ANTI_AFFINITY),
    ],
);

/// Affinity to nodes.
pub(super) static NODE_AFFINITY: Table = table(
    "io.k8s.api.core.v1.NodeAffinity",
    &[
        within("requiredDuringSchedulingIgnoredDuringExecution", &NODE_SELECTOR),
        within("preferredDuringSchedulingIgnoredDuringExecution", &PREFERENCE),
    ],
);

static PREFERENCE: Table =
    table("io.k8s.api.core.v1.PreferredSchedulingTerm", &[is_read("weight"), within("preference", &NODE_TERM)]);

/// A topology spread constraint.
pub(super) static SPREAD: Table = table(
    "io.k8s.api.core.v1.TopologySpreadConstraint",
    &[
        within("labelSelector", &LABEL_SELECTOR),
        is_read("matchLabelKeys"),
        is_read("maxSkew"),
        is_read("minDomains"),
        is_read("nodeAffinityPolicy"),
        is_read("nodeTaintsPolicy"),
        is_read("topologyKey"),
        is_read("whenUnsatisfiable"),
    ],
);

/// Reads `affinity` of a pod into its template, whose labels are known.
pub(super) fn read(affinity: &View, template: &mut PodTemplate) -> Result<(), InputError> {
    let fields = affinity.fields()?;
    if let Some(node) = fields.below("nodeAffinity")? {
        read_node_affinity(&node, template)?;
    }
    if let Some(pods) = fields.below("podAffinity")? {
        template.pod_affinity = pod_affinity::read(&pods, &template.labels, &pod_affinity::AFFINITY)?;
    }
    if let Some(pods) = fields.below("podAntiAffinity")? {
        template.pod_anti_affinity = pod_affinity::read(&pods, &template.labels, &pod_affinity::ANTI_AFFINITY)?;
    }
    fields.judge_rest(&AFFINITY);
    Ok(())
}

/// Reads `nodeAffinity` into a template.
pub(super) fn read_node_affinity(fields: &Fields, template: &mut PodTemplate) -> Result<(), InputError> {
    template.required_affinity = match fields.below("requiredDuringSchedulingIgnoredDuringExecution")? {
        Some(required) => {
            let view = required.require("nodeSelectorTerms", "at least one term")?;
            let terms = view.list()?.iter().map(read_node_term).collect::<Result<Vec<_>, _>>()?;
            required.judge_rest(&NODE_SELECTOR);
            if terms.is_empty() {
                return Err(view.error("no terms").expected("at least one term"));
            }
            Some(terms)
        }
        None => None,
    };
    for item in fields.items("preferredDuringSchedulingIgnoredDuringExecution")? {
        let item = item.fields()?;
        let weight = item.require("weight", "an integer from 1 to 100")?.integer(1..=100)?;
        let term = item.read("preference", |view| read_preferred_term(&view))?.unwrap_or_default();
        item.judge_rest(&PREFERENCE);
        template.preferred_affinity.push(PreferredTerm { weight, term });
    }
    fields.judge_rest(&NODE_AFFINITY);
    Ok(())
}

/// Reads `topologySpreadConstraints`; `labels` are those of the pod, into which `matchLabelKeys` look.
pub(super) fn read_spread(views: &[View], labels: &Labels) -> Result<Vec<TopologySpreadConstraint>, InputError> {
    let mut constraints: Vec<TopologySpreadConstraint> = Vec::new();
    for view in views {
        let constraint = read_constraint(view, labels)?;
        let is_same = |other: &TopologySpreadConstraint| {
            other.topology_key == constraint.topology_key && other.when_unsatisfiable == constraint.when_unsatisfiable
        };
        if constraints.iter().any(is_same) {
            return Err(view
                .error("a second constraint with the same topologyKey and whenUnsatisfiable")
                .kind(ErrorKind::Duplicate)
                .expected("each pair at most once in a pod"));
        }
        constraints.push(constraint);
    }
    Ok(constraints)
}

fn read_constraint(view: &View, labels: &Labels) -> Result<TopologySpreadConstraint, InputError> {
    let fields = view.fields()?;
    let max_skew = fields.require("maxSkew", "an integer of at least 1")?.integer(1..=i64::from(i32::MAX))?;
    let topology_key = fields.require("topologyKey", "a label key")?.name()?.to_owned();
    let when_unsatisfiable = fields.require("whenUnsatisfiable", "DoNotSchedule or ScheduleAnyway")?.one_of(WHEN)?;
    let mut own_revision = false;
    let mut selector = fields.read("labelSelector", |view| read_label_selector(&view))?;
    if let Some(keys) = fields.get("matchLabelKeys") {
        let Some(selector) = &mut selector else {
            return Err(keys.error("matchLabelKeys without labelSelector").expected("a labelSelector beside it"));
        };
        for key in keys.list()? {
            own_revision |= fold_label_key(&key, labels, &mut selector.requirements, Operator::In)?;
        }
    }
    let min_domains = match fields.get("minDomains") {
        Some(view) if when_unsatisfiable == WhenUnsatisfiable::ScheduleAnyway => {
            return Err(view.error("minDomains with ScheduleAnyway").expected("whenUnsatisfiable: DoNotSchedule"));
        }
        Some(view) => view.integer(1..=i64::from(i32::MAX))?,
        None => 1,
    };
    let policy: &[(&str, bool)] = &[("Honor", true), ("Ignore", false)];
    let honors_affinity = fields.read("nodeAffinityPolicy", |view| view.one_of(policy))?.unwrap_or(true);
    let honors_taints = fields.read("nodeTaintsPolicy", |view| view.one_of(policy))?.unwrap_or(false);
    fields.judge_rest(&SPREAD);
    Ok(TopologySpreadConstraint {
        max_skew,
        topology_key,
        when_unsatisfiable,
        selector,
        min_domains,
        honors_affinity,
        honors_taints,
        own_revision,
    })
}

/// Adds `key in (value of the pod)`, or its opposite; keys that the pod does not have are ignored, as the API says. Whether it is the key
/// that tells revisions apart, which is not in the template.
pub(super) fn fold_label_key(
    key: &View,
    labels: &Labels,
    requirements: &mut Vec<Requirement>,
    operator: fn(Vec<String>) -> Operator,
) -> Result<bool, InputError> {
    let name = key.name()?;
    check_key(key, name)?;
    // Keys that must not match may be in the selector as well (`ValidateMatchLabelKeysAndMismatchLabelKeys`).
    let is_matched = matches!(operator(Vec::new()), Operator::In(_));
    if is_matched && requirements.iter().any(|requirement| requirement.key == name) {
        return Err(key
            .error(format!("`{name}` is also in labelSelector"))
            .kind(ErrorKind::Duplicate)
            .expected("a key in one of the two only"));
    }
    if name == "pod-template-hash" {
        return Ok(true);
    }
    if let Some(value) = labels.get(name) {
        requirements.push(Requirement { key: name.to_owned(), operator: operator(vec![value.clone()]) });
    }
    Ok(false)
}

/// Values of `whenUnsatisfiable`.
pub(super) const WHEN: &[(&str, WhenUnsatisfiable)] =
    &[("DoNotSchedule", WhenUnsatisfiable::DoNotSchedule), ("ScheduleAnyway", WhenUnsatisfiable::ScheduleAnyway)];
